"""`vn.ipvn`: the record page of IP Viet Nam, which runs WIPO Publish; one filing a page.

History. The page is what the register's own result list loads into itself
(`/wopublish-search/public/ajax/detail/trademarks?id=VN4202600774`, a recording of 2026). At times half of the
requests fail, with status 500 or, worse, with status 200 and a page on which `${sta}` and the like stand in
place of the values (a recording, too). Where the status should stand, some pages print a bare code: 1904.
The host leaves the intermediate certificate out: see the README beside this file.
"""

from __future__ import annotations

import datetime as dt
import re

from tmwatch.sources.base import Automation, Declaration, KnownQuery, Pace, Source, Terms
from tmwatch.sources.wipo_publish.site import PATH, Site, WipoPublish

SITE = Site(
    office="VN",
    host="wipopublish.ipvietnam.gov.vn",
    tables=__package__ or "tmwatch.sources.vn",
    # `VN -4-2026-00774` on the page, VN4202600774 in addresses, 4-2026-00774 among people; 4: trade mark.
    number=re.compile(r"(?:VN[ -]*)?4[ -]?(?P<year>(?:19|20)\d{2})[ -]?(?P<serial>\d{5})"),
    bare="4-{year}-{serial}",
    page_id="VN4{year}{serial}",
    understood="VN 4-2026-00774",
)

DECLARATION = Declaration(
    id="vn.ipvn",
    title="IP Viet Nam record page (WIPO Publish)",
    office=SITE.office,
    channels=frozenset({"record", "import"}),
    base_url=f"https://{SITE.host}",
    terms=Terms(
        Automation.NOT_STATED,
        "No terms of use that forbid or allow programs were found, which is no permission. The register is "
        "open without login or captcha; its page asks search engines not to index it (noindex). It is often "
        "out of service, so it is asked seldom: one page in ten seconds. enabled = false switches it off.",
        f"https://{SITE.host}/wopublish-search/public/trademarks",
        dt.date(2026, 11, 25),
    ),
    pace=Pace(min_interval=10.0, per_minute=6, per_day=500),
    parser_version="1",
    covers=frozenset(
        {
            *("application_number", "application_date", "registration_number", "registration_date"),
            *("publications", "expiry_date", "status_code", "status_text", "status_phase", "status_live"),
            *("tm5_csd", "tm5_source", "verbal_element", "mark_feature", "mark_feature_code"),
            *("mark_category", "translation", "description", "disclaimer", "colour_claim", "design_codes"),
            *("image", "classes", "owners", "representatives", "priorities", "events"),
        }
    ),
    authority=80,
    known_query=KnownQuery("record", "4-2026-00774"),
    live_default="on",
    landmarks=(
        "labels `(200) Số đơn và Ngày nộp đơn`, `Trạng thái`, `(511) Nhóm sản phẩm/dịch vụ` and "
        "`(730) Chủ đơn/Chủ bằng`, each followed by its value",
        "a table of steps headed `Tiến trình`, `Ngày`, `Trạng thái`",
    ),
    answers=frozenset({"numbers"}),
    search_url=f"https://{SITE.host}/wopublish-search/public/trademarks",
    record_url=f"https://{SITE.host}{PATH}?id=VN{{digits}}",
    volatile=("ids that the program gives to boxes anew (`id1`, `ide`)",),
    search={},
)

SOURCE: Source = WipoPublish(SITE, DECLARATION)
