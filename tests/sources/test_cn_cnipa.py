"""Saved pages of the CNIPA: detail, flow, gazette rows; and what its script shell is called."""

from __future__ import annotations

import datetime as dt
import json
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import ROOT
from tmwatch.errors import Declined, Incomplete, LayoutChanged, LookError, Outcome, UsageError
from tmwatch.http.challenge import detect
from tmwatch.importing import import_files
from tmwatch.model import Live, Phase, TradeMark
from tmwatch.sources.base import Page, Reading, RecordQuery, SearchQuery
from tmwatch.sources.cn.cnipa import DECLARATION, SOURCE
from tmwatch.sources.cn.cnipa_gazette import kinds
from tmwatch.sources.cn.cnipa_page import _labels
from tmwatch.sources.cn.tianyancha import DECLARATION as TIANYANCHA
from tmwatch.sources.registry import tell_source
from tmwatch.store import Database, queries

CASES = ROOT / "fixtures/cn.cnipa"
DETAIL = (CASES / "detail-registered/page.html").read_text(encoding="utf-8")
FLOW = (CASES / "flow-newest-first/page.html").read_text(encoding="utf-8")
STEPS = FLOW[FLOW.index('<div class="lcbg">') : FLOW.index('<div class="right_side">')]
ROW: dict[str, Any] = {
    "page_no": 12,
    "tm_name": "样品港",
    "ann_type_code": "TMZCSQ",
    "tmname": "样品港",
    "reg_name": "样品港口工程有限公司",
    "ann_type": "商标初步审定公告",
    "ann_num": "1625",
    "reg_num": "99990201",
    "id": "SAMPLE",
    "rn": 1,
    "ann_date": "2018-11-27",
    "regname": "样品港口工程有限公司",
}


def reading(text: str | bytes) -> Reading:
    (one,) = SOURCE.read(Page(text if isinstance(text, bytes) else text.encode(), name="page.html")).readings
    return one


def rows(*changed: dict[str, Any]) -> tuple[Reading, ...]:
    listed = [{**ROW, **change} for change in changed]
    return SOURCE.read(Page(json.dumps({"total": len(listed), "rows": listed}).encode())).readings


def announced(code: str, date: str = "2018-11-27", **more: Any) -> dict[str, Any]:
    return {"ann_type_code": code, "ann_type": kinds()[code].announcement, "ann_date": date, **more}


def swapped(old: str, new: str, text: str = DETAIL) -> str:
    assert old in text
    return text.replace(old, new)


# -- the register declines programs ----------------------------------------------------------------------


@pytest.mark.recorded
@pytest.mark.parametrize("name", ["wcjs-search-page-2020.html", "wcjs-status-query-page-2020.html"])
def test_the_real_pages_with_a_script_shell_are_declined_on_every_road(recorded: Path, name: str) -> None:
    page = Page((recorded / "cn" / name).read_bytes(), name=name)
    assert tell_source(page) is SOURCE
    with pytest.raises(Declined) as caught:
        SOURCE.read(page)
    for error in (caught.value, detect(page)):
        assert error is not None
        assert error.outcome is Outcome.DECLINED
        assert "Rui-Shu" in error.message
        assert "save" in error.do
        assert "tmwatch import" in error.do


@pytest.mark.recorded
def test_the_list_of_kinds_of_the_gazette_is_no_record_and_each_kind_is_in_our_table(recorded: Path) -> None:
    body = (recorded / "cn/gazette_ann_types.json").read_bytes()
    with pytest.raises(LookError):
        tell_source(Page(body))
    listed = {one["ann_type_code"]: one["ann_type"] for one in json.loads(body)}
    assert len(listed) == 55
    assert {code: kind.announcement for code, kind in kinds().items()} == listed


def test_a_saved_record_that_still_carries_the_shell_is_read() -> None:
    shell = "<script r='m'>window.$_ts = {};</script></head>"
    page = Page(swapped("</head>", shell).encode())
    assert detect(page) is None
    assert reading(page.body) == reading(DETAIL)


def test_a_page_saved_before_its_record_stood_there_is_declined_with_what_to_do() -> None:
    empty = DETAIL[: DETAIL.index("<table")] + DETAIL[DETAIL.rindex("</table>") + 8 :]
    with pytest.raises(Declined, match="no record") as caught:
        reading(empty.replace("</head>", "<script r='m'>window.$_ts = {};</script></head>"))
    assert "wait until its record stands there" in caught.value.do


@pytest.mark.parametrize("query", [RecordQuery(("29009507",)), SearchQuery(mark="京东")])
def test_it_is_never_asked(query: RecordQuery | SearchQuery) -> None:
    with pytest.raises(UsageError, match="declines programs") as caught:
        SOURCE.requests(query)
    assert "tmwatch import" in caught.value.do


def test_the_register_is_believed_before_the_aggregator() -> None:
    assert DECLARATION.authority > TIANYANCHA.authority


# -- the detail page -------------------------------------------------------------------------------------


def test_each_label_of_the_documented_page_ends_in_the_record() -> None:
    one = reading(DETAIL)
    record = one.record
    assert (one.unclaimed, one.unknown_words) == ((), ())
    assert record.registration_date == dt.date(2019, 2, 28)
    assert record.expiry_date == dt.date(2029, 2, 27)
    assert [(item.issue, item.section) for item in record.publications] == [
        ("1625", "初审公告"),
        ("1637", "注册公告"),
    ]
    assert record.classes[0].national_classes == ("0901", "0907")
    assert record.owners[0].aliases == ("SAMPLE HARBOUR WORKS CO., LTD.",)
    assert record.representatives[0].name == "样品商标代理有限公司"
    assert (record.status_phase, record.status_live) == (Phase.REGISTERED, Live.LIVE)
    assert one.as_of is not None
    assert (one.as_of.day, one.as_of.kind) == (dt.date(2026, 11, 20), "printed")


@pytest.mark.parametrize("charset", ["utf-8", "utf-8-sig", "gb18030", "gbk"])
@pytest.mark.parametrize("says", ["UTF-8", "GB2312", "iso-8859-1"])
def test_every_character_set_of_this_office_reads_right_whatever_the_page_says(
    charset: str, says: str
) -> None:
    assert reading(swapped("charset=UTF-8", f"charset={says}").encode(charset)) == reading(DETAIL)


@pytest.mark.parametrize("number", ["99990201A", "9990201AH", "G990203", "1234567"])
def test_numbers_of_every_form_this_register_has_are_read(number: str) -> None:
    record = reading(swapped("99990201", number)).record
    assert record.application_number == number
    assert record.international_registration_number == (number[1:] if number[0] == "G" else None)
    assert record.filing_route == ("madrid_designation" if number[0] == "G" else None)


def test_goods_go_to_the_class_of_their_similar_group() -> None:
    text = (CASES / "detail-two-classes/page.html").read_text(encoding="utf-8")
    first, second = reading(text).record.classes
    assert (first.class_number, first.text) == ("9", "无人驾驶软件")
    assert set(str(second.text).split("；")) == {"无人驾驶汽车", "电动汽车"}
    with pytest.raises(LayoutChanged, match="none of the classes"):
        reading(text.replace(">0901<", ">3503<"))


def test_a_status_that_is_in_no_table_is_unknown_and_told() -> None:
    one = reading(swapped(">商标已注册<", ">样品状态<"))
    assert (one.record.status_text, one.record.status_phase, one.record.status_live) == (
        "样品状态",
        Phase.UNKNOWN,
        Live.UNKNOWN,
    )
    assert one.unknown_words == ("样品状态",)


def test_a_status_that_is_a_picture_is_read_from_its_title_or_reported() -> None:
    assert (
        reading(swapped(">商标已注册<", '><img src="a.png" title="商标已注册"><')).record
        == reading(DETAIL).record
    )
    one = reading(swapped(">商标已注册<", '><img src="a.png"><'))
    assert one.record.status_phase is Phase.UNKNOWN
    assert "a.png" in one.unclaimed[0]


def test_a_mark_that_others_share_says_so() -> None:
    shared = swapped("<td>否</td>", "<td>是</td>")
    assert reading(shared).unclaimed == ("label `是否共有商标` = 是",)
    listed = shared.replace(
        '<td class="label">商标流程',
        '<td class="label">共有商标人列表</td><td>样品二公司；样品三公司</td></tr>'
        '<tr><td class="label">商标流程',
    )
    one = reading(listed)
    assert [owner.name for owner in one.record.owners] == ["样品港口工程有限公司", "样品二公司", "样品三公司"]
    assert one.unclaimed == ()


def test_what_has_no_place_in_the_record_is_named() -> None:
    text = swapped("2019年02月28日 至", "2019年05月01日 至")
    text = text.replace(
        '<td class="label">商标流程',
        '<td class="label">样品标签</td><td>甲</td></tr><tr><td class="label">商标流程',
    )
    assert reading(text).unclaimed == (
        "label `专用权期限` = the right runs from 2019-05-01",
        "label `样品标签` = 甲",
    )


@pytest.mark.parametrize(
    "label", ["申请/注册号", "申请日期", "国际分类", "申请人名称（中文）", "商标状态图标", "初审公告日期"]
)
def test_a_label_under_another_name_refuses_the_page(label: str) -> None:
    with pytest.raises(LayoutChanged, match=label):
        reading(swapped(f'label">{label}<', 'label">样品标签<'))


# -- the flow page ---------------------------------------------------------------------------------------


def test_the_steps_come_oldest_first_whichever_way_the_page_lists_them() -> None:
    lines = [line for line in STEPS.splitlines(keepends=True) if line.startswith("<tr><td>")]
    turned = FLOW.replace("".join(lines), "".join(reversed(lines)))
    assert turned != FLOW
    record = reading(FLOW).record
    assert reading(turned).record == record
    assert record.covers == {"application_number", "events"}
    assert record.events[0].text == "商标注册申请---申请收文"  # as Tianyancha writes the same step
    assert record.events[3].details is not None
    assert record.events[3].details.facts[0].text == "初步审定"


def test_a_page_with_both_is_one_record_and_two_numbers_are_none() -> None:
    both = swapped('<div class="right_side">', f'{STEPS}<div class="right_side">')
    assert reading(both).record.events == reading(FLOW).record.events
    with pytest.raises(LayoutChanged, match="several numbers"):
        reading(
            both.replace(
                "<td>99990201</td><td>商标注册申请</td><td>申请收文",
                "<td>99990299</td><td>商标注册申请</td><td>申请收文",
            )
        )


def test_a_flow_page_without_steps_is_incomplete() -> None:
    with pytest.raises(Incomplete, match="no step"):
        reading("\n".join(line for line in FLOW.splitlines() if not line.startswith("<tr><td>")))


# -- gazette rows ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("code", sorted(kinds()))
def test_each_of_the_55_kinds_becomes_an_event_and_a_status_where_it_decides_one(code: str) -> None:
    kind = kinds()[code]
    (one,) = rows(announced(code))
    (event,) = one.record.events
    assert (event.code, event.text) == (code, kind.announcement)
    assert one.record.adds >= {"events"}
    assert one.record.gives("status_phase") == (kind.phase is not None)
    if kind.phase is not None:
        assert (one.record.status_phase, one.record.status_live) == (kind.phase, kind.live)
    assert bool(one.record.publications) == bool(kind.publication)
    assert "classes" not in one.record.covers


def test_the_last_announcement_that_decides_a_status_decides_it() -> None:
    (one,) = rows(
        announced("TMXZZX", "2029-09-20"),
        announced("TMZCZC", "2019-02-28"),
        announced("TMXKSQ", "2030-01-06"),
        announced("TMZCSQ", "2018-11-27"),
    )
    assert (one.record.status_phase, one.record.status_live) == (Phase.EXPIRED, Live.DEAD)
    assert [event.date.year for event in one.record.events] == [2018, 2019, 2029, 2030]
    assert one.as_of is not None
    assert one.as_of.day == dt.date(2030, 1, 6)


def test_a_kind_that_nobody_knows_is_kept_and_named() -> None:
    (one,) = rows({"ann_type_code": "TMXXXX", "ann_type": "样品公告"})
    assert one.record.events[0].text == "样品公告"
    assert not one.record.gives("status_phase")
    assert "TMXXXX" in one.unclaimed[0]


def test_a_mark_without_words_gets_none() -> None:
    (one,) = rows({"tm_name": "图形", "tmname": "图形"})
    assert (one.record.verbal_element, one.record.mark_feature) == (None, "figurative")


@pytest.mark.parametrize(
    "change", [{"reg_num": "样品"}, {"reg_num": None}, {"ann_date": "2018-13-01"}, {"ann_date": None}]
)
def test_a_row_of_which_nobody_knows_whose_it_is_or_of_what_day_costs_itself_only(
    change: dict[str, Any],
) -> None:
    listed = [{**ROW, **one} for one in ({}, change)]
    answer = SOURCE.read(Page(json.dumps({"total": 2, "rows": listed}).encode()))
    assert [one.record.application_number for one in answer.readings] == ["99990201"]
    assert answer.unread[0].startswith("row 2: `")
    with pytest.raises(LayoutChanged):
        rows(change, change)


def test_a_day_with_an_empty_time_is_that_day() -> None:
    (one,) = rows({"ann_date": "2018-11-27 00:00:00"})
    assert one.record.events[0].date == dt.date(2018, 11, 27)


@pytest.mark.parametrize("order", [1, -1])
def test_announcements_of_one_day_that_decide_two_things_leave_the_status_unknown(order: int) -> None:
    (one,) = rows(*[announced("TMCXSQ"), announced("TMXZSQ")][::order])
    assert (one.record.status_phase, one.record.status_live) == (Phase.UNKNOWN, Live.UNKNOWN)


def test_a_renewal_after_a_revocation_says_not_what_stands() -> None:
    (one,) = rows(announced("TMCXSQ"), announced("TMXZSQ", "2019-02-06"))
    assert one.record.status_phase is Phase.UNKNOWN
    (one,) = rows(announced("TMZCZC"), announced("TMXZSQ", "2028-02-06"))
    assert one.record.status_phase is Phase.REGISTERED


def test_a_code_beside_the_words_of_another_kind_decides_nothing_and_is_reported() -> None:
    (one,) = rows({"ann_type": "注册商标撤销公告"})
    assert not one.record.gives("status_phase")
    assert not one.record.gives("publications")
    assert "TMZCSQ is known as" in one.unclaimed[0]


def test_two_first_publications_with_two_owners_name_none() -> None:
    (one,) = rows({}, {"reg_name": "另一样品公司", "regname": "另一样品公司"})
    assert not one.record.gives("owners")


@pytest.mark.parametrize("change", [{"ann_type_code": None}, {"tmname": "别的"}])
def test_a_row_that_cannot_be_read_refuses_them_all(change: dict[str, Any]) -> None:
    with pytest.raises(LayoutChanged, match="row 2"):
        rows({}, change)


# -- together ----------------------------------------------------------------------------------------------


def test_detail_flow_and_gazette_make_one_record_in_any_order_and_none_takes_from_another(
    tmp_path: Path,
) -> None:
    pages = {
        "a.html": DETAIL.encode(),
        "b.html": FLOW.encode(),
        "c.json": json.dumps({"rows": [{**ROW, **announced("TMXKSQ", "2020-06-20")}]}).encode(),
    }
    for name, body in pages.items():
        (tmp_path / name).write_bytes(body)

    def stored(order: str) -> TradeMark:
        base = Database(tmp_path / f"{order}.db")
        for letter in order:
            found, _ = import_files(
                base, [path for path in tmp_path.iterdir() if path.name.startswith(f"{letter}.")]
            )
            assert {one.outcome for one in found} == {Outcome.OK}
        (record,) = queries.all_marks(base)
        return record

    one = stored("abc")
    assert one.status_text == "商标已注册"
    assert one.verbal_element == "样品港"  # the detail page shows a picture only
    assert len(one.classes) == 1
    assert {event.text for event in one.events} > {"商标注册申请---申请收文", "商标使用许可备案公告"}
    assert len(one.events) == 6
    assert len(one.publications) == 2
    for order in ("acb", "cab", "bca"):
        other = stored(order)
        assert {event.text for event in other.events} == {event.text for event in one.events}, order
        assert (other.status_text, other.publications) == (one.status_text, one.publications), order


def test_the_labels_are_those_that_client_code_looks_for() -> None:
    assert len(_labels()) > 25
