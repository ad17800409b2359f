"""Two sources of one office side by side: what differs is shown, and nothing else is called a difference."""

from __future__ import annotations

import datetime as dt
import itertools
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import ROOT
from tmwatch.errors import UsageError
from tmwatch.model import GoodsServices, MarkEvent, Party, Phase, RelatedMark, make_record
from tmwatch.source_compare import Comparison, Field, Side, compare
from tmwatch.sources.base import AsOf, Page
from tmwatch.sources.registry import get_source, tell_source
from tmwatch.sources.us import common

DAY = dt.date(2026, 5, 4)
OWNER = Party(
    name="Example Harbour Works, Inc.",
    address_lines=("1 Example Quay",),
    city="Portland",
    state="OREGON",
    postcode="97201",
    country="US",
)
GIVEN: dict[str, Any] = {
    "application_number": "99990101",
    "application_date": dt.date(2024, 3, 9),
    "status_code": "630",
    "status_text": "New application. Not yet assigned.",
    "status_date": dt.date(2024, 3, 12),
    "status_phase": Phase.FILED,
    "status_live": "live",
    "verbal_element": "SAMPLE HARBOUR",
    "classes": (GoodsServices(class_number="9", text="Software; Charts", status_code="6"),),
    "owners": (OWNER,),
    "events": (
        MarkEvent(date=dt.date(2024, 3, 12), text="NEW APPLICATION ENTERED", code="NWAP", number=1),
        MarkEvent(date=dt.date(2024, 9, 2), text="ASSIGNED TO EXAMINER", code="DOCK", number=2),
    ),
    "docket_number": None,
}


def side(
    source: str = "us.tsdr", day: dt.date | None = DAY, without: tuple[str, ...] = (), **other: Any
) -> Side:
    given = {name: value for name, value in {**GIVEN, **other}.items() if name not in without}
    record = make_record("US", "US500000099990101", **given)
    return Side(source, record, AsOf(day, "printed") if day else None)


def field(found: Comparison, name: str) -> Field:
    return next(one for one in found.fields if one.name == name)


def verdicts(found: Comparison) -> dict[str, str]:
    return {one.name: one.verdict for one in found.fields if one.verdict != "agrees"}


def test_two_sources_that_say_the_same_agree_in_every_field() -> None:
    found = compare(side(), side("us.daily"))
    assert (found.agree, verdicts(found), found.newer) == (True, {}, "")
    assert found.sentence == f"{len(found.fields)} fields agree, 0 differ, 0 given by one only"


def test_another_value_differs_and_is_shown_on_both_sides() -> None:
    found = compare(side(), side("us.daily", application_date=dt.date(2024, 3, 10)))
    assert (found.agree, verdicts(found)) == (False, {"application_date": "differs"})
    (item,) = field(found, "application_date").items
    assert (item.a, item.b) == ("2024-03-09", "2024-03-10")
    assert "1 differ," in found.sentence


def test_what_one_source_does_not_cover_is_no_difference() -> None:
    found = compare(side(docket_number="SH-1"), side("us.daily", without=("docket_number", "owners")))
    assert found.agree
    assert verdicts(found) == {"docket_number": "only a", "owners": "only a"}
    assert found.sentence.endswith("2 given by one only")


def test_a_field_that_one_source_covers_and_shows_empty_is_not_counted_as_given() -> None:
    found = compare(side(), side("us.daily", without=("docket_number",)))
    assert verdicts(found) == {"docket_number": "only a"}
    assert found.sentence.endswith("0 given by one only")


def test_wording_case_and_layout_are_no_difference_and_shown_as_such() -> None:
    other = Party(
        name="EXAMPLE HARBOUR  Works, INC.",
        address_lines=("1 Example Quay, Portland, Oregon 97201", "US"),
    )
    found = compare(side(), side("us.daily", owners=(other,), verbal_element="Sample  Harbour"))
    assert found.agree
    assert verdicts(found)["verbal_element"] == "written differently"
    assert "written differently)" in found.sentence


def test_an_address_in_another_order_is_the_same_address() -> None:
    lines = {"address_lines": ("1 Example Quay", "97201 Portland OREGON")}
    other = OWNER.model_copy(update={**lines, "city": None, "state": None, "postcode": None})
    assert compare(side(), side("us.daily", owners=(other,))).agree
    moved = OWNER.model_copy(update={"address_lines": ("2 Example Quay",)})
    found = compare(side(), side("us.daily", owners=(moved,)))
    assert verdicts(found) == {"owners": "differs"}
    assert field(found, "owners").items[0].part == "address"


def test_of_goods_only_the_terms_that_differ_are_shown_on_their_side() -> None:
    goods = (GoodsServices(class_number="9", text="Charts; Sextants", status_code="6"),)
    (item,) = field(compare(side(), side("us.daily", classes=goods)), "classes").items
    assert (item.key, item.terms_a, item.terms_b) == ("9", ("Software",), ("Sextants",))


def test_parts_that_one_source_never_gives_are_named() -> None:
    bare = tuple(MarkEvent(date=one.date, text=one.text) for one in GIVEN["events"])
    found = compare(side(), side("us.daily", events=bare))
    assert found.agree
    assert field(found, "events").parts_a == ("code", "number")


# -- time ----------------------------------------------------------------------------------------------

LATER = dt.date(2026, 6, 9)
ANSWERED = MarkEvent(date=dt.date(2026, 6, 1), text="RESPONSE ENTERED", code="TROA", number=3)


def later(**other: Any) -> Side:
    return side("us.daily", LATER, events=(*GIVEN["events"], ANSWERED), **other)


def test_what_happened_between_two_days_is_explained_by_time() -> None:
    found = compare(
        side(), later(status_code="661", status_text="Response entered", status_phase=Phase.EXAMINATION)
    )
    assert found.agree
    assert (found.newer, found.newer_events) == ("b", 1)
    assert verdicts(found) == {"status": "explained by time", "events": "explained by time"}
    assert found.sentence.endswith("2 explained by time (newer events: 1)")


def test_the_younger_side_may_stand_first() -> None:
    found = compare(later(), side())
    assert (found.newer, found.newer_events, found.agree) == ("a", 1, True)
    (item,) = field(found, "events").items
    assert (item.a is not None, item.b) == (True, None)


def test_on_one_day_nothing_is_explained_by_time() -> None:
    found = compare(side(), side("us.daily", events=(*GIVEN["events"], ANSWERED)))
    assert not found.agree
    assert verdicts(found) == {"events": "differs"}


def test_a_later_day_without_any_sign_of_it_explains_nothing() -> None:
    found = compare(side(), side("us.daily", LATER, docket_number="SH-1"))
    assert verdicts(found) == {"docket_number": "differs"}


def test_a_filing_date_does_not_change_with_time() -> None:
    found = compare(side(), later(application_date=dt.date(2024, 3, 10)))
    assert verdicts(found)["application_date"] == "differs"


def test_a_registration_number_may_come_with_time_but_not_become_another() -> None:
    came = compare(side(registration_number=None), later(registration_number="9990101"))
    assert verdicts(came)["registration_number"] == "explained by time"
    other = compare(side(registration_number="9990100"), later(registration_number="9990101"))
    assert verdicts(other)["registration_number"] == "differs"


def test_an_old_entry_that_the_younger_record_lacks_is_a_difference() -> None:
    found = compare(side(), side("us.daily", LATER, events=(GIVEN["events"][1], ANSWERED)))
    assert verdicts(found) == {"events": "differs"}


def test_an_old_entry_that_only_the_younger_record_has_is_a_difference() -> None:
    early = MarkEvent(date=dt.date(2024, 4, 1), text="FORGOTTEN", code="XXXX")
    plain = tuple(one.model_copy(update={"number": None}) for one in (GIVEN["events"]))
    found = compare(side(events=plain), side("us.daily", LATER, events=(plain[0], early, plain[1], ANSWERED)))
    assert verdicts(found) == {"events": "differs"}


def test_a_day_that_both_records_show_is_no_sign_of_later_news() -> None:
    older, younger = side(day=dt.date(2024, 9, 2)), side("us.daily", docket_number="SH-1")
    day = dt.date(2024, 9, 2)
    found = compare(
        side(day=day, location_date=day), side("us.daily", docket_number="SH-1", location_date=day)
    )
    assert verdicts(found) == {"docket_number": "differs"}
    assert verdicts(compare(older, younger)) == {"docket_number": "differs"}


def test_which_side_stands_first_does_not_matter() -> None:
    mark = RelatedMark(kind="Claimed prior registration", number="9990042", office="US")
    one, two = side(related_marks=(mark,)), side("us.daily", related_marks=())
    assert verdicts(compare(one, two)) == verdicts(compare(two, one)) == {"related_marks": "differs"}
    reworded = side("us.daily", related_marks=(mark.model_copy(update={"kind": "Prior"}),))
    assert verdicts(compare(one, reworded)) == {"related_marks": "written differently"}


def test_a_telephone_number_is_its_digits() -> None:
    one, two, three = (
        side("us.daily", correspondence=OWNER.model_copy(update={"phones": (phone,)}))
        for phone in ("(000) 000-0001", "000-000-0001", "000-000-0002")
    )
    assert compare(one, two).agree
    assert not compare(one, three).agree


# -- two that cannot be compared ---------------------------------------------------------------------------


def test_two_offices_and_two_filings_are_refused_by_name() -> None:
    other = Side("us.daily", make_record("US", "US500000099990102"), None)
    with pytest.raises(UsageError, match="two filings"):
        compare(side(), other)
    chinese = Side("cn.tianyancha", make_record("CN", "CN500000099990101"), None)
    with pytest.raises(UsageError, match="CNIPA"):
        compare(side(), chinese)


# -- one channel against another, made of the same facts ---------------------------------------------------


def test_a_page_that_knows_no_code_and_a_file_that_knows_no_words_may_still_agree() -> None:
    words = side(status_code=None, status_text="A sentence in no table", status_phase=Phase.UNKNOWN)
    code = side("us.daily", without=("status_text",))
    assert compare(words, code).agree
    assert not compare(
        words, side("us.daily", without=("status_text",), status_date=dt.date(2024, 5, 1))
    ).agree


def test_a_domestic_representative_of_whom_one_source_gives_the_name_only_is_the_same() -> None:
    whole = OWNER.model_copy(update={"name": "Specimen & Sample LLP"})
    name = Party(name="Specimen & Sample LLP")
    for one, two in ((whole, name), (name, whole)):
        found = compare(side(domestic_representative=one), side("us.daily", domestic_representative=two))
        assert found.agree


@pytest.mark.parametrize(
    ("primary", "nice", "national", "number"),
    [
        ("021", [], ["021"], "US 021"),
        ("21", ["21"], ["002", "013"], "21"),
        ("009", ["9"], ["021", "038"], "9"),
        ("200", [], ["200"], "200"),
        ("A", [], ["A"], "A"),
        (None, ["42"], ["100"], "42"),
    ],
)
def test_a_us_class_is_never_taken_for_a_nice_class(
    primary: str | None, nice: list[str], national: list[str], number: str
) -> None:
    assert common.own_class(primary, nice, national) == number


def test_one_sample_case_reads_the_same_in_json_and_in_the_daily_file() -> None:
    """The daily case was made of the JSON fixture's facts: codes for words, another layout, another order."""
    sides: list[Side] = []
    for name in (
        "us.tsdr-api/json-registered/casestatus-sn99990101.json",
        "us.daily/same-as-json/99990101.xml",
    ):
        page = Page((ROOT / "fixtures" / name).read_bytes(), name=name)
        source = tell_source(page)
        (reading,) = source.read(page).readings
        sides.append(Side(source.declaration.id, reading.record, reading.as_of, name))
    for a, b in itertools.permutations(sides):
        found = compare(a, b)
        assert [one.name for one in found.fields if one.verdict == "differs"] == []
        assert found.count("agrees", "written differently") == 42
        only = {one.name for one in found.fields if one.verdict.startswith("only") and not one.empty}
        assert only == {"law_office"}  # words there, a code here


# -- real recordings -----------------------------------------------------------------------------------


CASES = (
    "us/tsdr_html/*",
    "us/tsdr_xml/*",
    "us/tsdr_json/case*",
    "us/daily_xml/re*.xml",
    "us/daily_xml/*.zip",
)


def recorded_pairs(folder: Path) -> list[tuple[Side, Side]]:
    """Every two recordings of one case, in both orders."""
    found: dict[str, list[Side]] = {}
    for path in sorted(path for pattern in CASES for path in folder.glob(pattern)):
        page = Page(path.read_bytes(), name=path.name)
        source = tell_source(page)
        for reading in source.read(page).readings:
            one = Side(source.declaration.id, reading.record, reading.as_of, path.name)
            found.setdefault(one.record.st13, []).append(one)
    return [pair for sides in found.values() for pair in itertools.permutations(sides, 2)]


# Newer events and fields that moved between two recordings of different days; else nothing may differ.
MOVED = {
    ("sn76044902-ST66.xml", "sn76044902-ST96.xml"): (6, 8),
    ("sn76044902-2013-11-17.html", "sn76044902-ST96.xml"): (6, 8),
    ("rn2713476-ST66.xml", "rn2713476-ST96.xml"): (2, 2),  # the owner's new address and its two events
    ("revival-before-98186103.xml", "revival-after-98186103.xml"): (6, 10),
}


@pytest.mark.recorded
def test_real_recordings_of_one_case_differ_in_days_and_coverage_only(recorded: Path) -> None:
    pairs = recorded_pairs(recorded)
    assert len(pairs) >= 16
    for a, b in pairs:
        found = compare(a, b)
        said = f"{a.found} | {b.found}: {found.sentence}"
        assert [one.name for one in found.fields if one.verdict == "differs"] == [], said
        moved = MOVED.get((a.found, b.found), MOVED.get((b.found, a.found), (0, 0)))
        assert (found.newer_events, found.count("explained by time")) == moved, said
        assert found.count("agrees", "written differently") >= 36, said


def test_the_pair_of_sample_files_is_explained_by_the_history_between_them() -> None:
    folder = ROOT / "fixtures" / "us.daily"
    sides: list[Side] = []
    for name in ("before", "after"):
        page = Page((folder / f"{name}-revival" / f"99990501-{name}.xml").read_bytes())
        (reading,) = get_source("us.daily").read(page).readings
        sides.append(Side("us.daily", reading.record, reading.as_of, name))
    found = compare(sides[0], sides[1])
    assert (found.newer_events, found.agree) == (4, True)


def test_a_comparison_is_one_json_object() -> None:
    said = compare(side(), later()).as_json()
    assert said["a"] == {
        "source": "us.tsdr", "found": None, "as_of": "2026-05-04", "as_of_kind": "printed",
        "fields": len(side().record.covers),
    }  # fmt: skip
    assert said["newer"] == "b"
    assert {one["field"] for one in said["fields"] if one["verdict"] == "explained by time"} == {"events"}
