"""Tianyancha: rows become records, those of one number become one, and nothing is guessed."""

from __future__ import annotations

import csv
import datetime as dt
from importlib.resources import files
from typing import Any

import pytest

from tests.sources.tianyancha_answers import OWNER, beijing, only, read, row
from tmwatch.errors import LayoutChanged
from tmwatch.model import Live, Phase
from tmwatch.sources.cn.tianyancha_rows import meaning
from tmwatch.sources.combine import combine, lone, overall
from tmwatch.sources.phases import tm5_for

# -- one row ---------------------------------------------------------------------------------------------


def test_a_row_is_a_record() -> None:
    record = only(read([row()]))
    assert record.st13 == "CN500000000000001"
    assert record.application_number == "00000001"
    assert not record.gives("registration_number")
    assert record.verbal_element == "JD Auto"
    assert record.class_numbers == ("12",)
    assert [owner.name for owner in record.owners] == [OWNER]
    assert (record.status_text, record.status_phase, record.status_live) == (
        "等待实质审查",
        Phase.EXAMINATION,
        Live.LIVE,
    )
    assert (record.tm5_csd, record.tm5_source) == ("LIVE/APPLICATION/Under Examination", "computed")
    assert record.latest_step == "商标注册申请---申请收文"
    assert not record.gives("events")


@pytest.mark.parametrize(
    "written",
    [
        beijing(2025, 6, 3),
        str(beijing(2025, 6, 3)),
        beijing(2025, 6, 3) + 86_399_000,  # the last second of the day in Beijing
        "2025-06-03",
        "2025-06-03 00:00:00",
    ],
)
def test_a_date_is_the_day_in_beijing(written: Any) -> None:
    assert only(read([row(appDate=written)])).application_date == dt.date(2025, 6, 3)


def test_beijing_midnight_is_still_yesterday_in_utc_and_must_not_be_taken_for_it() -> None:
    assert dt.datetime.fromtimestamp(beijing(2025, 6, 3) / 1000, dt.UTC).day == 2
    assert only(read([row()])).application_date == dt.date(2025, 6, 3)


def test_once_registered_the_number_is_the_registration_number_too() -> None:
    assert only(read([row(status="已注册")])).registration_number == "00000001"


@pytest.mark.parametrize("name", ["longCls", "intCls"])
@pytest.mark.parametrize("written", ["9-科学仪器", "09-科学仪器", "第9类", "9"])
def test_a_class_is_read_however_it_is_written(name: str, written: str) -> None:
    item = row(nice=9)
    del item["longCls"]
    assert only(read([item | {name: written}])).class_numbers == ("9",)


def test_a_number_for_a_status_is_read_as_its_word() -> None:
    record = only(read([row(status=4)]))
    assert (record.status_code, record.status_text) == ("4", "等待实质审查")
    assert record.status_phase is Phase.EXAMINATION


def test_an_unknown_status_word_is_unknown_and_reported() -> None:
    (reading,) = read([row(status="等待火星审查")]).readings
    assert (reading.record.status_phase, reading.record.status_live) == (Phase.UNKNOWN, Live.UNKNOWN)
    assert reading.record.status_text == "等待火星审查"
    assert reading.unknown_words == ("等待火星审查",)
    assert reading.record.tm5_csd is None


@pytest.mark.parametrize("empty", ["", None])
def test_an_empty_status_is_unknown_never_dead(empty: Any) -> None:
    record = only(read([row(status=empty)]))
    assert (record.status_phase, record.status_live) == (Phase.UNKNOWN, Live.UNKNOWN)


def test_what_no_reader_knows_is_reported() -> None:
    flow = '[{"cat":1,"time":"2025-06-03 00:00:00"},{"cat":2,"time":"2025-08-01 00:00:00"}]'
    links = [f"<a href='https://example.com'>{OWNER}</a>", "另一家有限公司"]
    (reading,) = read([row(agent="某代理机构", tmFlow=flow, connList=links)]).readings
    assert [line.split(" = ")[0] for line in reading.unclaimed] == ["agent", "tmFlow", "connList"]
    assert "另一家有限公司" in reading.unclaimed[2]


def test_a_step_the_row_does_not_give_is_not_given_rather_than_empty() -> None:
    item = row()
    del item["category"], item["eventTime"]
    record = only(read([item]))
    assert not record.gives("latest_step")
    assert not record.gives("latest_step_date")


def test_the_highlight_of_a_search_is_no_part_of_the_mark() -> None:
    assert only(read([row(tmName="<em>JD</em> Auto")])).verbal_element == "JD Auto"
    assert only(read([row(tmName="<em>")])).verbal_element == "<em>"


BROKEN: dict[str, list[Any]] = {
    "regNo": [None, "", "abc", "123456789", 1.5, True, ["1"], "00000000"],
    "appDate": ["yesterday", [], 1.5, True, 10**30],
    "tmName": [1, {}],
    "applicantCn": [1],
    "status": [["等待实质审查"], {}],
    "tmClass": ["46", "0", "zwölf", "13"],
    "eventTime": ["soon"],
}


@pytest.mark.parametrize(("name", "value"), [(name, value) for name in BROKEN for value in BROKEN[name]])
def test_a_row_that_cannot_be_read_is_refused_and_named(name: str, value: Any) -> None:
    with pytest.raises(LayoutChanged, match=r"row 2\b"):
        read([row("00000007"), row(**{name: value})])


@pytest.mark.parametrize("name", ["regNo", "tmName", "appDate", "applicantCn", "status"])
def test_a_row_that_lacks_a_field_is_refused(name: str) -> None:
    item = row()
    del item[name]
    with pytest.raises(LayoutChanged, match=name):
        read([item])


@pytest.mark.parametrize("item", [None, [], "row", 7])
def test_a_row_that_is_no_object_is_refused(item: Any) -> None:
    with pytest.raises(LayoutChanged):
        read([item])


def test_every_phase_has_its_row_in_the_table_of_descriptors() -> None:
    assert tm5_for(Phase.PUBLISHED) == "LIVE/APPLICATION/Published for Opposition"
    for phase in Phase:
        descriptor = tm5_for(phase)
        assert descriptor is None or descriptor.split("/")[0] in ("LIVE", "DEAD")
    assert tm5_for(Phase.UNKNOWN) is None


def test_every_status_word_is_in_the_table_once() -> None:
    text = files("tmwatch.sources.cn").joinpath("status_cnipa.csv").read_text(encoding="utf-8")
    table = list(csv.DictReader(text.splitlines()))
    assert len({entry["word"] for entry in table}) == len(table)
    for entry in table:
        assert (meaning(entry["word"]).phase, meaning(entry["word"]).live) == (entry["phase"], entry["live"])
        assert entry["reference"]


# -- rows of one number ----------------------------------------------------------------------------------


def test_rows_of_one_number_are_one_record_in_whatever_order() -> None:
    items = [row(nice=35), row(nice=9), row(nice=12)]
    record = only(read(items))
    assert record.class_numbers == ("9", "12", "35")
    assert record.status_text == "等待实质审查"
    assert only(read(items[::-1])) == record


def test_classes_that_stand_differently_keep_their_own_status() -> None:
    record = only(
        read([row(nice=9, status="已注册"), row(nice=12, status="驳回复审中"), row(nice=35, status="已注册")])
    )
    assert [(item.class_number, item.status_text) for item in record.classes] == [
        ("9", "已注册"),
        ("12", "驳回复审中"),
        ("35", "已注册"),
    ]
    assert record.status_text == "已注册 (9, 35); 驳回复审中 (12)"
    assert (record.status_phase, record.status_live) == (Phase.REGISTERED, Live.LIVE)


@pytest.mark.parametrize(
    ("standings", "phase", "live"),
    [
        ([(Phase.REFUSED, Live.DEAD), (Phase.FILED, Live.LIVE)], Phase.FILED, Live.LIVE),
        ([(Phase.PUBLISHED, Live.LIVE), (Phase.REGISTERED, Live.LIVE)], Phase.REGISTERED, Live.LIVE),
        ([(Phase.UNKNOWN, Live.UNKNOWN), (Phase.FILED, Live.LIVE)], Phase.FILED, Live.LIVE),
        ([(Phase.UNKNOWN, Live.UNKNOWN), (Phase.REFUSED, Live.DEAD)], Phase.UNKNOWN, Live.UNKNOWN),
        ([(Phase.REFUSED, Live.DEAD), (Phase.REFUSED, Live.DEAD)], Phase.REFUSED, Live.DEAD),
        ([(Phase.REFUSED, Live.DEAD), (Phase.WITHDRAWN, Live.DEAD)], Phase.UNKNOWN, Live.DEAD),
        ([], Phase.UNKNOWN, Live.UNKNOWN),
    ],
)
def test_a_right_lives_while_it_lives_in_any_class(standings: Any, phase: Phase, live: Live) -> None:
    assert overall(standings) == (phase, live)


def test_a_number_that_straddles_two_pages_is_one_record_with_all_its_classes() -> None:
    first = read([row("00000001", 9), row("00000002", 9)], total=4)
    second = read([row("00000002", 12, "已驳回"), row("00000003", 9)], total=4)
    joined = {one.record.st13: one.record for one in combine([*first.readings, *second.readings])}
    both = only(read([row("00000002", 9), row("00000002", 12, "已驳回")]))
    assert len(joined) == 3
    assert joined["CN500000000000002"] == both
    assert both.class_numbers == ("9", "12")
    assert [item.status_text for item in both.classes] == ["等待实质审查", "已驳回"]


def test_three_pages_join_the_same_way_in_any_order() -> None:
    items = [row(nice=9, status="已注册"), row(nice=12, status="已驳回"), row(nice=35, status="已驳回")]
    whole = only(read(items))
    singles = [read([item]).readings[0] for item in items]
    assert combine([*combine(singles[:2]), singles[2]])[0].record == whole
    assert combine([singles[2], *combine(singles[:2][::-1])])[0].record == whole


def test_a_page_alone_says_nothing_of_classes_that_may_stand_overleaf() -> None:
    answer = read([row("00000001", 9), row("00000002", 9), row("00000003", 9)], total=5)
    first, middle, last = (one.record for one in lone(answer))
    for edge in (first, last):
        assert not edge.covers & {"classes", "status_text", "status_live", "owners"}
        assert edge.gives("verbal_element")
    assert middle.class_numbers == ("9",)
    assert all(one.record.gives("classes") for one in lone(read([row()])))


def test_rows_of_one_number_that_contradict_each_other_are_reported() -> None:
    items = [row(nice=9), row(nice=12, tmName="JD Car")]
    (reading,) = read(items).readings
    assert any("verbal_element" in line for line in reading.unclaimed)
    assert read(items[::-1]).readings == (reading,)
