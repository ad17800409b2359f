"""The record page of IP Viet Nam, and the reader for every office that runs WIPO Publish."""

from __future__ import annotations

import dataclasses
import datetime as dt
import json
import re
import sys
from pathlib import Path

import pytest
from lxml import html

from tests.conftest import ROOT
from tmwatch.errors import Incomplete, LayoutChanged, NotThisSource, Outcome, ServerFault, UsageError
from tmwatch.model import Live, Phase
from tmwatch.sources.base import Page, Reading, RecordQuery, SearchQuery
from tmwatch.sources.expectation import record_facts
from tmwatch.sources.registry import tell_source
from tmwatch.sources.vn.ipvn import DECLARATION, SITE, SOURCE
from tmwatch.sources.wipo_publish.site import WipoPublish

GRANTED = (ROOT / "fixtures/vn.ipvn/granted-two-classes/page.html").read_text(encoding="utf-8")
REAL, TWIN = "vn/VN4202600774.html", "vn/VN4202448776_unrendered.html"


def reading(text: str) -> Reading:
    (one,) = SOURCE.read(Page(text.encode())).readings
    return one


def swapped(old: str, new: str) -> str:
    assert old in GRANTED
    return GRANTED.replace(old, new)


# -- real pages ----------------------------------------------------------------------------------------


@pytest.mark.recorded
def test_the_real_page_is_read_whole(recorded: Path) -> None:
    page = Page((recorded / REAL).read_bytes(), name=REAL)
    assert tell_source(page) is SOURCE
    (one,) = SOURCE.read(page).readings
    record = one.record
    assert record.st13 == "VN502026000000774"
    assert record.application_date == dt.date(2026, 1, 8)
    assert (record.status_code, record.status_phase, record.status_live) == (
        "1904",
        Phase.UNKNOWN,
        Live.UNKNOWN,
    )
    assert record.verbal_element == "VTRAVEL"
    assert record.class_numbers == ("39",)
    assert [code.code for code in record.design_codes] == ["03.07.07", "03.07.16", "03.07.24"]
    assert [event.date.isoformat() for event in record.events] == ["2026-01-08", "2026-01-23"]
    assert record.publications[0].issue == "209693"
    assert len(record.owners) == len(record.representatives) == 1
    assert (one.unclaimed, one.unknown_words) == ((), ())


@pytest.mark.recorded
def test_each_value_of_the_real_page_stands_in_the_record(recorded: Path) -> None:
    body = (recorded / REAL).read_bytes()
    (one,) = SOURCE.read(Page(body)).readings
    said = json.dumps([record_facts(one.record), one.unclaimed], ensure_ascii=False)
    tree = html.document_fromstring(body, parser=html.HTMLParser(encoding="utf-8"))
    cells = [
        cell
        for cell in tree.iter("div", "td")
        if cell.tag == "td"
        or ((kind := cell.get("class", "")).startswith("col-md") and "product-form-details" in kind)
    ]
    texts = [piece for cell in cells for piece in map(str, cell.itertext()) if piece.strip()]
    assert len(texts) > 20
    for text in texts:
        for part in filter(None, (part.strip() for part in re.split(r"\s{2,}: ", text))):
            if day := re.fullmatch(r"(\d\d)\.(\d\d)\.(\d{4})", part):
                assert f"{day[3]}-{day[2]}-{day[1]}" in said, part
            elif part not in ("(VI)", "Nhãn hiệu", "Thông thường"):  # language; Trademark, an ordinary one
                assert re.sub(r"^VN -| \(7\)$", "", part) in said, part


@pytest.mark.recorded
def test_its_twin_without_values_is_a_failure_of_the_server(recorded: Path) -> None:
    page = Page((recorded / TWIN).read_bytes(), name=TWIN)
    assert tell_source(page) is SOURCE
    with pytest.raises(ServerFault, match=r"not filled in.*\$\{") as caught:
        SOURCE.read(page)
    assert caught.value.outcome is Outcome.SERVER_ERROR
    assert "asks again" in caught.value.do


# -- what a page may say ---------------------------------------------------------------------------------


def test_scripts_may_hold_what_a_value_may_not() -> None:
    assert '"${"' in GRANTED
    assert reading(GRANTED).record.status_phase is Phase.REGISTERED


def test_a_status_that_is_in_no_table_is_unknown_and_told() -> None:
    one = reading(swapped(">Cấp bằng<", ">Trạng thái mẫu<"))
    assert (one.record.status_text, one.record.status_phase) == ("Trạng thái mẫu", Phase.UNKNOWN)
    assert one.unknown_words == ("Trạng thái mẫu",)


def test_a_step_that_is_in_no_table_is_kept_as_it_stands_and_named() -> None:
    one = reading(swapped("4157 Bổ sung giấy ủy quyền", "4999 Bước mẫu"))
    assert [(event.code, event.text) for event in one.record.events][-1] == ("4999", "4999 Bước mẫu")
    assert "4999 Bước mẫu" in one.unclaimed[0]
    assert one.unknown_words == ()  # a status it is not: nobody is to be told "recorded as unknown"


def test_documents_and_unknown_labels_are_named_as_unread() -> None:
    text = swapped(
        "<th>Hoạt động</th></tr></thead>",
        "<th>Hoạt động</th></tr></thead><tbody><tr><td>Đơn mẫu</td><td>15.08.2019</td><td>Xem</td></tr>"
        "</tbody>",
    )
    text = text.replace(
        '<div class="col-md-2 product-form-label">(526)',
        '<div class="col-md-2 product-form-label">(999) Mới</div><div class="col-md-4 product-form-details">'
        'giá trị</div><div class="col-md-2 product-form-label">(526)',
    )
    one = reading(text)
    assert one.unclaimed == ("label `(999) Mới` = giá trị", "document = Đơn mẫu | 15.08.2019 | Xem")


def test_the_code_before_a_label_tells_what_it_is_whatever_the_words() -> None:
    assert reading(swapped("(541) Nhãn hiệu", "(541) Tên gọi")).record == reading(GRANTED).record


def test_owners_have_their_names_in_both_languages() -> None:
    first, second = reading(GRANTED).record.owners
    assert (first.name, first.aliases, first.country) == (
        "Công ty cổ phần Cảng Mẫu",
        ("Sample Harbour Joint Stock Company",),
        "VN",
    )
    assert (second.name, second.aliases) == ("Công ty TNHH Kho Mẫu", None)


def test_a_name_with_a_colon_ends_where_the_page_says_that_it_ends() -> None:
    one = reading(GRANTED.replace("Công ty TNHH Kho Mẫu", "Kho : Mẫu")).record.owners[1]
    assert (one.name, one.address_lines) == ("Kho : Mẫu", ("Số 2 đường Mẫu, thành phố Mẫu",))


def test_a_page_saved_with_its_pictures_gives_the_same_record() -> None:
    saved = re.sub(r"src='https://[^']*'", 'src="./trang_files/logo"', GRANTED)
    saved = saved.replace('id="accordion-3a"', 'id="accordion-3a" style="display: block;"')
    assert reading(saved.replace('id="id1"', 'id="ide"')).record == reading(GRANTED).record


# -- what is no record -----------------------------------------------------------------------------------


def test_a_page_that_mixes_two_filings_is_refused() -> None:
    with pytest.raises(LayoutChanged, match="VN4201990199"):
        reading(swapped("application/VN4201990101/logo", "application/VN4201990199/logo"))


@pytest.mark.parametrize("label", ["Trạng thái", "(200) Số đơn và Ngày nộp đơn", "(730) Chủ đơn/Chủ bằng"])
def test_a_page_without_a_label_that_each_has_is_refused(label: str) -> None:
    with pytest.raises(LayoutChanged, match=re.escape(label)):
        reading(swapped(f'product-form-label">{label}', 'product-form-label">Nhãn mới'))


def test_labels_without_any_value_are_no_record() -> None:
    empty = re.sub(
        r'(product-form-details?">).*?(?=</div>\s*<div class="(?:row|col-md-2)|</div></div>\s*<)',
        r"\1",
        GRANTED,
    )
    with pytest.raises((Incomplete, LayoutChanged)):
        reading(empty)


def test_another_office_on_the_same_software_is_not_taken_for_viet_nam() -> None:
    page = Page(GRANTED.replace(SITE.host, "wopublish.example.org").encode(), name="page.html")
    with pytest.raises(NotThisSource, match="WIPO Publish software of another office"):
        tell_source(page)


# -- asking ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("number", ["4-2026-00774", "VN4202600774", "VN -4-2026-00774"])
def test_a_number_becomes_the_address_of_its_page(number: str) -> None:
    (request,) = SOURCE.requests(RecordQuery((number,)))
    assert request.params == {"id": "VN4202600774"}


@pytest.mark.parametrize(
    "query",
    [RecordQuery(("76044902",)), RecordQuery(("4-2026-00774",), "registration"), SearchQuery(mark="A")],
)
def test_what_the_page_cannot_be_asked_is_refused_with_the_form_of_its_numbers(
    query: RecordQuery | SearchQuery,
) -> None:
    with pytest.raises(UsageError, match="VN 4-2026-00774"):
        SOURCE.requests(query)


def test_a_page_of_another_number_answers_nothing_that_was_asked() -> None:
    page = Page(GRANTED.encode(), query=RecordQuery(("4-2019-90199",)))
    assert SOURCE.read(page).missing == ("4-2019-90199",)


# -- the next office -------------------------------------------------------------------------------------


def test_another_office_is_configuration_only(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    tables = tmp_path / "tables_of_office_xx"
    tables.mkdir()
    (tables / "__init__.py").touch()
    (tables / "labels.csv").write_text(
        "label,means,reference\n(210) Number,filing,made up\n(220) Date,filing,made up\n"
        "Status,status,made up\n(511) Goods,goods,made up\n(730) Owner,owners,made up\n"
        "Step,step,made up\nDay,date,made up\n"
    )
    (tables / "status.csv").write_text(
        "word,means,phase,live,reference\nGranted,granted,registered,live,made up\n"
    )
    (tables / "words.csv").write_text("label,word,value,reference\n")
    (tables / "steps.csv").write_text("step,means,reference\nFiled,filed,made up\n")
    monkeypatch.syspath_prepend(str(tmp_path))
    site = dataclasses.replace(
        SITE,
        office="XX",
        host="register.example.org",
        tables="tables_of_office_xx",
        number=re.compile(r"(?P<serial>\d{6})"),
        bare="{serial}",
        page_id="XX{serial}",
        understood="XX 123456",
    )
    source = WipoPublish(site, dataclasses.replace(DECLARATION, id="xx.register", office="XX"))
    pairs = {
        "(210) Number": "123456",
        "(220) Date": "01.02.2020",
        "Status": "Granted",
        "(511) Goods": '<div class="row"><span>12</span><div>Sample cars</div></div>',
        "(730) Owner": '<div><div class="row"><b>(EN)</b> Sample Ltd   : 1 Sample Street</div></div>',
    }
    cells = "".join(
        f'<div class="product-form-label">{label}</div><div class="product-form-details">{value}</div>'
        for label, value in pairs.items()
    )
    steps = (
        "<tr><th>Step</th><th>Day</th><th>Status</th></tr><tr><td>Filed</td><td>01.02.2020</td><td></td></tr>"
    )
    page = f"<html><body>register.example.org {cells}<table>{steps}</table></body></html>"
    assert source.sniff(Page(page.encode())) > SOURCE.sniff(Page(page.encode())) == 0
    (one,) = source.read(Page(page.encode())).readings
    assert one.record.st13 == "XX500000000123456"
    assert (one.record.status_phase, one.record.owners[0].name) == (Phase.REGISTERED, "Sample Ltd")
    assert one.unclaimed == ("outside of all labels: register.example.org",)
    sys.modules.pop("tables_of_office_xx", None)
