"""`tmview`: what is asked, what is read, and every value of what the site really sent."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import ROOT
from tmwatch.errors import Incomplete, LayoutChanged, NotThisSource, UsageError
from tmwatch.model import FactKind, Live, Phase
from tmwatch.numbers import parse_number
from tmwatch.sources.asking import record_query
from tmwatch.sources.base import Page, RecordQuery, SearchQuery
from tmwatch.sources.registry import all_sources, tell_source
from tmwatch.sources.tmview.tmview import DECLARATION, SOURCE
from tmwatch.sources.tmview.tmview_rows import LEFT_OUT
from tmwatch.watches.plan import source_for_number


def page(case: str) -> dict[str, Any]:
    loaded: dict[str, Any] = json.loads((ROOT / "fixtures/tmview" / case / "page.json").read_bytes())
    return loaded


def read(answer: dict[str, Any], query: SearchQuery | RecordQuery | None = None, **more: Any) -> Any:
    return SOURCE.read(Page(json.dumps(answer).encode(), name="answer.json", query=query, **more))


MARK = SearchQuery(mark="sample")


# -- what is asked --------------------------------------------------------------------------------------


def test_a_search_is_the_form_of_the_site_with_classes_and_offices() -> None:
    (request,) = SOURCE.requests(SearchQuery(mark="JD  Auto", classes=(9, 12), offices=("CN", "US")))
    assert request.path == "/tmview/api/search/results"
    form = json.loads(request.body or b"")
    assert (form["basicSearch"], form["criteria"], form["page"]) == ("JD Auto", "C", "1")
    assert (form["fNiceClass"], form["fOffices"]) == (["9", "12"], ["CN", "US"])


def test_a_record_is_asked_by_st13_after_a_visit_that_hands_out_a_session() -> None:
    (request,) = SOURCE.requests(RecordQuery(("CN500000099900012",)))
    assert request.path == "/tmview/api/trademark/detail/CN500000099900012"
    assert request.opening is not None
    assert request.opening.path == "/tmview/"
    assert "User-Agent" not in request.headers  # the door says tmwatch


@pytest.mark.parametrize(
    "query",
    [
        SearchQuery(owner="Sample"),
        SearchQuery(mark="Sample", agent="Firm"),
        SearchQuery(mark="Sample", offices=("TW",)),
        SearchQuery(changed_since=dt.date(2026, 1, 1)),
        RecordQuery(("018228224",)),
        RecordQuery(("TW500000000000001",)),
        RecordQuery(("../../x",)),
    ],
)
def test_what_it_was_never_seen_to_answer_is_refused_before_it_is_asked(
    query: SearchQuery | RecordQuery,
) -> None:
    with pytest.raises(UsageError) as caught:
        SOURCE.requests(query)
    assert caught.value.message


def test_a_number_is_asked_with_its_office_and_below_every_register() -> None:
    number = parse_number("IT 2013999000590", None)
    assert number.st13 is None or record_query(DECLARATION, number).numbers == (number.st13,)
    chinese = parse_number("CN 99900012")
    assert record_query(DECLARATION, chinese).numbers == ("CN500000099900012",)
    with pytest.raises(UsageError, match=r"ST\.13"):
        record_query(DECLARATION, parse_number("US reg 2824281"))
    others = [one for one in all_sources().values() if one.declaration.id != "tmview"]
    assert all(one.declaration.authority > DECLARATION.authority for one in others)
    asked = source_for_number(parse_number("EM 018228224"), all_sources().values())
    assert asked is not None
    assert asked.declaration.id == "em.euipo"


def test_its_facts_are_an_aggregator_s_and_it_is_asked_seldom() -> None:
    assert DECLARATION.facts is FactKind.AGGREGATOR
    assert DECLARATION.live_default == "opt-in"
    assert DECLARATION.pace.min_interval >= 3
    assert (DECLARATION.pace.per_day or 0) <= 50
    assert {"CN", "EM", "WO", "US", "IT", "CH", "GB"} <= DECLARATION.offices
    assert "TW" not in DECLARATION.offices


# -- what is read ---------------------------------------------------------------------------------------


def test_each_hit_is_a_filing_of_the_office_in_its_identifier() -> None:
    found = {one.record.st13: one.record for one in read(page("search-four-offices")).readings}
    assert [one.office for one in found.values()] == ["IT", "CH", "CN", "WO"]
    chinese = found["CN500000099900012"]
    assert chinese.class_numbers == ("12",)
    assert chinese.application_date == dt.date(2026, 3, 2)
    assert chinese.opposition_period.end == dt.date(2027, 1, 6)
    assert [one.name for one in chinese.owners] == ["样品港口工程有限公司", "Example Harbour Works Co., Ltd."]
    assert found["CH502024000099249"].application_number == "99249/2024"
    assert found["WO500000009990001"].international_registration_number == "9990001"


def test_ended_is_dead_for_a_cause_that_nobody_states() -> None:
    ended = read(page("search-four-offices")).readings[-1]
    assert (ended.record.status_phase, ended.record.status_live) == (Phase.UNKNOWN, Live.DEAD)
    assert ended.unknown_words == ()


def test_a_status_word_that_is_in_no_table_is_unknown_and_reported() -> None:
    answer = page("search-four-offices")
    answer["tradeMarks"][0]["tradeMarkStatus"] = "Half registered"
    reading = read(answer).readings[0]
    assert reading.record.status_live is Live.UNKNOWN
    assert reading.unknown_words == ("Half registered",)


def test_a_hit_takes_nothing_from_what_a_detail_said() -> None:
    for reading in read(page("search-four-offices")).readings:
        for field in ("representatives", "publications", "proceedings", "priorities", "status_date"):
            assert not reading.record.gives(field)


def test_a_hit_and_a_detail_name_the_same_picture() -> None:
    """Or looks by turns would be changes of it."""
    st13 = page("detail-registered")["ST13"]
    hit = {**page("search-four-offices")["tradeMarks"][0], "ST13": st13}
    pictures = "https://www.tmdn.org/tmview/api/trademark"
    hit |= {"markImageURI": f"{pictures}/thumbnail/{st13}", "detailImageURI": f"{pictures}/image/{st13}"}
    record = read({"tradeMarks": [hit], "page": 1, "totalPages": 1, "totalResults": 1}).readings[0].record
    assert record.image == f"{pictures}/image/{st13}"


def test_a_saved_detail_is_of_the_day_of_the_office_s_last_delivery_and_a_live_one_of_its_look() -> None:
    saved = read(page("detail-registered")).readings[0]
    assert (saved.as_of.day, saved.as_of.kind) == (dt.date(2026, 8, 22), "printed")
    now = dt.datetime(2026, 11, 25, tzinfo=dt.UTC)
    assert read(page("detail-registered"), fetched_at=now).readings[0].as_of is None


def test_a_detail_of_another_mark_is_no_answer() -> None:
    asked = RecordQuery(("IT502013999000591",))
    assert read(page("detail-registered"), asked).missing == asked.numbers


@pytest.mark.parametrize(
    ("change", "error"),
    [
        ({"totalResults": 9}, Incomplete),
        ({"page": 2}, Incomplete),
        ({"totalResults": 3}, LayoutChanged),
        ({"totalResults": 10_001}, Incomplete),
        ({"totalResults": None}, LayoutChanged),
    ],
    ids=["fewer than counted", "another page", "more than counted", "more than it ever gives", "no count"],
)
def test_hits_that_do_not_fit_the_count_are_not_believed(
    change: dict[str, Any], error: type[Exception]
) -> None:
    with pytest.raises(error):
        read({**page("search-four-offices"), **change}, MARK)


def test_the_next_page_is_asked_for_until_all_are_there() -> None:
    row = page("search-four-offices")["tradeMarks"][2]
    rows = [
        {**row, "ST13": f"CN50000009990{n:04}", "applicationNumber": f"9990{n:04}"} for n in range(1, 101)
    ]
    answer = read({"tradeMarks": rows, "page": 1, "totalPages": 2, "totalResults": 104}, MARK)
    assert (answer.rows, answer.total) == (100, 104)
    assert json.loads(answer.more.body)["page"] == "2"


@pytest.mark.parametrize("body", [{}, {"tradeMark": None}, {"ST13": "IT502013999000590"}])
def test_an_answer_without_its_landmark_is_refused(body: dict[str, Any]) -> None:
    with pytest.raises((NotThisSource, LayoutChanged)):
        read(body)


# -- odd hits ------------------------------------------------------------------------------------------------


def test_a_hit_whose_identifier_is_none_costs_itself_only() -> None:
    answer = page("search-four-offices")
    answer["tradeMarks"][1] |= {"ST13": "CH-99249/2024"}
    found = read(answer, MARK)
    assert [one.record.office for one in found.readings] == ["IT", "CN", "WO"]
    assert found.unread[0].startswith("row 2: `ST13` is no ST.13 number")


@pytest.mark.parametrize(
    ("key", "field"),
    [("applicantName", "owners"), ("niceClass", "classes"), ("tradeMarkStatus", "status_phase")],
)
@pytest.mark.parametrize("nothing", [None, [], ""])
def test_what_every_filing_has_and_a_hit_left_empty_takes_nothing_away(
    key: str, field: str, nothing: Any
) -> None:
    if key == "tradeMarkStatus" and nothing == []:
        return
    answer = page("search-four-offices")
    answer["tradeMarks"][0][key] = nothing
    assert not read(answer).readings[0].record.gives(field)


@pytest.mark.parametrize("said", [["nine"], [True], ["9; twelve"]])
def test_a_word_among_the_classes_is_no_class(said: list[Any]) -> None:
    answer = page("search-four-offices")
    answer["tradeMarks"][0]["niceClass"] = said
    with pytest.raises(LayoutChanged):
        read(answer)


def test_hits_of_one_filing_that_contradict_each_other_are_not_believed() -> None:
    answer = page("search-four-offices")
    twin = {**answer["tradeMarks"][0], "applicantName": ["Somebody Else Ltd"]}
    answer["tradeMarks"].append(twin)
    found = read(answer)
    assert answer["tradeMarks"][0]["ST13"] not in {one.record.st13 for one in found.readings}
    assert "rows 1 and 5" in found.unread[0]


def test_an_owner_is_no_question_but_narrows_the_answer_to_one() -> None:
    assert "owners" not in DECLARATION.answers
    assert DECLARATION.search["owner"] == "afterwards"


# -- real answers ----------------------------------------------------------------------------------------


def values(value: Any, key: str = "") -> Iterator[tuple[str, str]]:
    if key in LEFT_OUT or value in (None, "", [], {}, False):
        return
    if isinstance(value, dict):
        for name, inner in value.items():
            yield from values(inner, name)
    elif isinstance(value, list):
        for inner in value:
            yield from values(inner, key)
    else:
        yield key, " ".join(str(value).split())


def said(value: Any) -> Iterator[str]:
    if isinstance(value, dict):
        for inner in value.values():
            yield from said(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from said(inner)
    elif value is not None:
        yield str(value)


@pytest.mark.recorded
def test_every_value_of_every_real_answer_stands_in_its_record_or_is_left_out_on_purpose(
    recorded: Path,
) -> None:
    paths = sorted((recorded / "tmview").glob("*.json"))
    assert paths, "nothing was tried"
    for path in paths:
        body = path.read_bytes()
        assert tell_source(Page(body, name=path.name)).declaration.id == "tmview"
        raw = json.loads(body)
        readings = SOURCE.read(Page(body, name=path.name)).readings
        rows = raw.get("tradeMarks", [raw])
        assert len(readings) == len(rows)
        for row, reading in zip(rows, readings, strict=True):
            assert reading.unclaimed == ()
            assert reading.unknown_words == ()
            record = reading.record.model_dump(mode="json")
            there = {*said(record), str(reading.as_of.day if reading.as_of else "")}
            lost = [
                (key, value)
                for key, value in values(row)
                # An instant is its day; classes come in one text too.
                if value not in there
                and value[:10] not in there
                and not all(part in there for part in value.split(", "))
            ]
            assert lost == []


@pytest.mark.recorded
def test_the_known_query_has_more_marks_of_its_name_than_it_needs(recorded: Path) -> None:
    name = DECLARATION.known_query.text
    found = {
        one.record.st13: one.record
        for path in (recorded / "tmview").glob("*.json")
        for one in SOURCE.read(Page(path.read_bytes(), name=path.name)).readings
        if one.record.verbal_element == name and one.record.status_phase is Phase.REGISTERED
    }
    assert len(found) >= 3 * DECLARATION.known_query.least, "one may lapse, and another"
    assert any(one.application_date and one.application_date.year < 2000 for one in found.values())


@pytest.mark.parametrize(
    ("key", "value", "field"),
    [
        ("applicantName", ["Sample Harbour Ltd", None], "owners"),
        ("niceClass", [9, ""], "classes"),
        ("viennaCodes", ["27.05.01", None], "design_codes"),
    ],
)
def test_a_list_of_a_hit_with_a_gap_takes_nothing_from_what_is_known(
    key: str, value: list[Any], field: str
) -> None:
    answer = page("search-four-offices")
    answer["tradeMarks"][0][key] = value
    first = read(answer).readings[0]
    assert not first.record.gives(field)
    assert f"{field} = (an entry is empty)" in first.unclaimed
