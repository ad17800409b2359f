"""`cn.cnipa`: pages of the Chinese register and its gazette, saved by hand.

Never asked live: the register shuts programs out by a script (Rui-Shu; two pages of 2020 were seen) and,
since 2025, asks for a login with a Chinese telephone and a real name. What a person saves is read:

    the detail page   `#tmContent`, a table of labels and values, and `#list_box`, the goods by similar group
    the flow page     `.lcbg table`: the steps, each with the number, its business, its name and its day
    gazette rows      the JSON that the gazette's search answers: one announcement a row, of 55 kinds

**Nobody who wrote this has seen a record page.** Labels and names are those of public client code of 2016
to 2020, and the reader takes nothing else for them: see the README beside this file.

A detail page is the register's statement of one day; a flow page is its whole history; a gazette row is one
announcement, added to what is known and removing nothing.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Sequence
from urllib.parse import urlsplit

from tmwatch.errors import UsageError
from tmwatch.sources.base import (
    Answer,
    Automation,
    Declaration,
    KnownQuery,
    Pace,
    Page,
    Query,
    Request,
    Source,
    Terms,
)

DECLARATION = Declaration(
    id="cn.cnipa",
    title="CNIPA register and gazette pages saved by hand (国家知识产权局商标局)",
    office="CN",
    channels=frozenset({"import"}),
    base_url="https://wcjs.sbj.cnipa.gov.cn",
    terms=Terms(
        Automation.FORBIDDEN,
        "The register declines programs: a script shuts them out, and since 2025 it asks for a login with a "
        "Chinese telephone number and a real name (reports of 2026). It says itself that its data lag and "
        "have no legal effect. Pages that a person opened and saved are read.",
        "https://sbj.cnipa.gov.cn/sbj/sbcx/",
        dt.date(2026, 11, 25),
    ),
    pace=Pace(min_interval=60.0, per_day=1),
    parser_version="2",
    covers=frozenset(
        {
            *("application_number", "registration_number", "international_registration_number"),
            *("filing_route", "application_date", "registration_date", "expiry_date", "publications"),
            *("status_code", "status_text", "status_phase", "status_live", "tm5_csd", "tm5_source"),
            *("verbal_element", "mark_feature", "mark_feature_code", "mark_category", "classes"),
            *("owners", "representatives", "priorities", "events"),
        }
    ),
    authority=90,
    known_query=KnownQuery("record", "29009507"),
    live_default="off",
    landmarks=(
        "the detail page: `#tmContent` with 申请/注册号, 申请日期, 国际分类 and 商标状态图标",
        "the flow page: `.lcbg` with a table headed 申请/注册号, 业务名称, 环节名称, 日期",
        "gazette rows: JSON whose rows hold `reg_num`, `ann_type_code`, `ann_type`, `ann_num` and `ann_date`",
    ),
    search_url="https://wcjs.sbj.cnipa.gov.cn/",
    record_url="https://wcjs.sbj.cnipa.gov.cn/home",
    volatile=(
        "the stamp 当前数据截至",
        "`id`, `rn` and the order of gazette rows",
        "the script shell of each load",
    ),
    search={},
)

# Titles of two pages of 2020; hosts of the register and of its gazette since 2016.
_TITLE = re.compile("商标网上检索系统|商标状态检索|商标网上查询|商标详细信息|商标流程")
_HOSTS = re.compile(rb"(?:wcjs|wsjs|sbgg|wsgg|pub)\.(?:sbj\.cnipa|saic)\.gov\.cn")
_BOXES = re.compile(rb"""(?:\bid\s*=\s*["']?(?:tmContent|list_box)\b|\bclass\s*=\s*["']?[^"'<>]*\blcbg\b)""")


class Cnipa:
    """See the top of this module."""

    declaration = DECLARATION

    def requests(self, query: Query) -> Sequence[Request]:
        """Raises `UsageError`: the register declines programs."""
        raise UsageError(
            "the CNIPA's register declines programs: it is never asked",
            where=DECLARATION.id,
            do="Open the filing in a browser, save its detail or flow page, and `tmwatch import` the file.",
        )

    def sniff(self, page: Page) -> int:
        """By the boxes of its pages, the names of gazette rows, or the title of its search."""
        body = page.body
        if body.lstrip(b"\xef\xbb\xbf \t\r\n")[:1] in (b"{", b"["):
            return 95 if b'"ann_type_code"' in body and b'"reg_num"' in body else 0
        if b"<" not in body[:4096]:
            return 0
        if _BOXES.search(body):
            return 90 if b"tmContent" in body or b"lcbg" in body else 50
        host = (urlsplit(page.url).hostname or "").encode()
        return 60 if _HOSTS.search(body) or _HOSTS.match(host) or _TITLE.search(_title(body)) else 0

    def read(self, page: Page) -> Answer:
        """The record or records of the page, or the error that says what the page is instead."""
        if page.body.lstrip(b"\xef\xbb\xbf \t\r\n")[:1] in (b"{", b"["):
            from tmwatch.sources.cn.cnipa_gazette import read as read_rows

            return read_rows(page)
        from tmwatch.sources.cn.cnipa_record import read as read_page  # with lxml: few runs meet such a page

        return read_page(page)


def _title(body: bytes) -> str:
    found = re.search(rb"<title\b[^<>]*>([^<]{0,300})", body[:20_000], re.IGNORECASE)
    if found is None:
        return ""
    try:
        return found[1].decode("utf-8")
    except UnicodeDecodeError:
        return found[1].decode("gb18030", "replace")


SOURCE: Source = Cnipa()
