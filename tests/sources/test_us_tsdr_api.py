"""What a TSDR record says: the same facts in JSON, ST.96 and ST.66, and what is given, empty or not given."""

from __future__ import annotations

import datetime as dt
import json

import pytest

from tests.sources.tsdr_api_pages import changed, fixture, one, registered, xml
from tmwatch.errors import LayoutChanged
from tmwatch.model import Live, Phase

# -- what the record says ------------------------------------------------------------------------------


def test_a_day_in_washington_is_not_the_day_in_greenwich() -> None:
    data = registered()
    data["trademarks"][0]["prosecutionHistory"][0]["entryDate"] = "2024-05-29T03:59:00.000+0000"
    assert one(json.dumps(data).encode()).record.events[-1].date == dt.date(2024, 5, 28)


def test_an_event_has_the_same_code_in_json_and_in_xml_which_appends_the_type() -> None:
    json_event = one(fixture("json-registered")).record.events[0]
    xml_event = one(fixture("st96-older-with-root-transaction")).record.events[0]
    assert (json_event.code, json_event.type) == (xml_event.code, xml_event.type) == ("NWAP", "I")


def test_events_are_oldest_first_whatever_the_order_of_the_file() -> None:
    for case in ("json-registered", "st96-madrid-with-opposition", "st66-renewed-with-assignment"):
        events = one(fixture(case)).record.events
        assert [event.number for event in events] == list(range(1, len(events) + 1))
    data = registered()
    data["trademarks"][0]["prosecutionHistory"].reverse()
    assert one(json.dumps(data).encode()) == one(fixture("json-registered"))


def test_no_proceeding_is_shown_as_zero_and_stored_as_empty() -> None:
    proceedings = {event.proceeding for event in one(fixture("json-registered")).record.events}
    assert proceedings == {"", "99999"}


def test_the_owners_are_all_of_the_newest_party_type_and_the_others_stay_in_the_history() -> None:
    record = one(fixture("json-registered")).record
    assert [(owner.name, owner.sequence) for owner in record.owners] == [
        ("Sample Harbour Works, Inc.", 1),
        ("Beispiel Hafen GmbH", 2),
    ]
    assert [owner.role_code for owner in record.owner_history] == ["10", "20", "30", "30"]
    newer = xml("st96-madrid-with-opposition", ('sequenceNumber="31"', 'sequenceNumber="41"'))
    assert [owner.role_code for owner in one(newer).record.owners] == ["41"]


def test_another_name_of_the_owner_is_an_alias_not_a_second_owner() -> None:
    (owner,) = one(fixture("st96-madrid-with-opposition")).record.owners
    assert (owner.name, owner.aliases) == ("Sample Harbour Works, Inc.", ("DBA Sample Quay",))


def test_a_name_that_stands_twice_is_one_name() -> None:
    older = one(fixture("st96-madrid-with-opposition")).record.owner_history[0]
    assert (older.name, older.aliases) == ("Beispiel Hafen GmbH", ())


def test_a_first_use_of_which_only_the_month_is_known_keeps_its_month() -> None:
    assert one(fixture("st66-renewed-with-assignment")).record.classes[0].first_use == "1996-01"
    assert one(fixture("json-registered")).record.classes[0].first_use == "2020-04"


def test_both_names_of_the_main_register_are_one_register() -> None:
    kinds = {
        one(fixture(case)).record.register_kind
        for case in ("json-registered", "st96-madrid-with-opposition", "st66-renewed-with-assignment")
    }
    assert kinds == {"Principal"}


def test_a_madrid_case_carries_its_international_number_and_a_direct_case_none() -> None:
    record = one(fixture("st96-madrid-with-opposition")).record
    assert (record.filing_route, record.international_registration_number) == (
        "madrid_designation",
        "9990301",
    )
    assert one(fixture("json-registered")).record.filing_route == "direct"


def test_a_prior_registration_a_parent_and_a_foreign_filing_are_linked() -> None:
    record = one(fixture("json-registered")).record
    assert {(mark.kind, mark.number) for mark in record.related_marks} == {
        ("Claimed prior registration", "9990042"),
        ("Child of division", "99990100"),
    }
    assert record.priorities[0].country == "DE"
    assert record.priorities[0].date == dt.date(2022, 7, 13)


def test_an_opposition_is_read_with_both_sides() -> None:
    (proceeding,) = one(fixture("st96-madrid-with-opposition")).record.proceedings
    assert proceeding.kind == "opposition"
    assert [side.role for side in proceeding.parties] == ["plaintiff", "defendant"]


def test_a_certification_mark_keeps_its_letter_for_a_class() -> None:
    data = registered()
    data["trademarks"][0]["gsList"][0].update(primeClassCode="A", internationalClasses=[{"code": "A"}])
    item = one(json.dumps(data).encode()).record.classes[0]
    assert (item.class_number, item.nice_class) == ("A", None)


def test_a_pure_design_has_no_words_and_says_so() -> None:
    record = changed(markElement=None, markDrawingCd="2").record
    assert record.gives("verbal_element")
    assert record.verbal_element is None
    assert record.mark_feature == "figurative"


# -- status --------------------------------------------------------------------------------------------


def test_the_tm5_descriptor_is_the_office_s_own_in_json_and_ours_in_xml() -> None:
    assert one(fixture("json-registered")).record.tm5_source == "office"
    record = one(fixture("st96-madrid-with-opposition")).record
    assert (record.tm5_csd, record.tm5_source) == ("LIVE/REGISTRATION/Issued and Active", "computed")


def test_a_status_code_nobody_knows_is_unknown_and_reported_never_guessed() -> None:
    for reading in (
        changed(status=498, tm5StatusDesc=None),
        one(xml("st96-madrid-with-opposition", ("StatusCode>700<", "StatusCode>498<"))),
        one(xml("st66-renewed-with-assignment", ("StatusCode>800<", "StatusCode>498<"))),
    ):
        assert (reading.record.status_phase, reading.record.status_live) == (Phase.UNKNOWN, Live.UNKNOWN)
        assert reading.record.status_code == "498"
        assert reading.unknown_words == ("status code 498",)


def test_a_tm5_descriptor_nobody_knows_is_kept_and_reported() -> None:
    reading = changed(tm5StatusDesc="LIVE/REGISTRATION/Something New")
    assert reading.record.tm5_csd == "LIVE/REGISTRATION/Something New"
    assert reading.unknown_words == ("TM5 descriptor LIVE/REGISTRATION/Something New",)


@pytest.mark.parametrize(
    ("case", "old", "new"),
    [
        ("st96-madrid-with-opposition", "StatusCode>700<", "StatusCode><"),
        ("st66-renewed-with-assignment", "StatusCode>800<", "StatusCode><"),
        ("st96-madrid-with-opposition", "ApplicationNumberText>79990301<", "ApplicationNumberText><"),
        ("st66-renewed-with-assignment", "ApplicationNumber>99990401<", "ApplicationNumber><"),
    ],
)
def test_a_record_without_serial_number_or_status_is_refused(case: str, old: str, new: str) -> None:
    with pytest.raises(LayoutChanged):
        one(xml(case, (old, new)))


# -- given, empty, and not given -------------------------------------------------------------------------


def test_no_class_basis_in_st96_is_not_given_because_the_office_never_fills_it() -> None:
    assert one(fixture("st96-madrid-with-opposition")).record.classes[0].basis is None
    assert one(fixture("st66-renewed-with-assignment")).record.classes[0].basis == ("1(a)",)


def test_zero_assignments_and_an_empty_proceedings_box_mean_not_loaded() -> None:
    record = one(fixture("st96-madrid-with-opposition")).record
    assert not record.gives("assignments")
    assert one(fixture("st66-renewed-with-assignment")).record.assignments[0].reel_frame == "2849/0001"
    assert not one(fixture("st96-older-with-root-transaction")).record.gives("proceedings")


def test_an_answer_for_several_numbers_leaves_people_out_and_never_empties_them() -> None:
    record = one(fixture("json-two-asked-one-missing")).record
    people = {"owners", "owner_history", "representatives", "correspondence"}
    assert not people & record.covers
    assert people <= one(fixture("json-registered")).record.covers


def test_apart_from_people_an_answer_for_several_numbers_says_the_same() -> None:
    several, single = (
        one(fixture("json-two-asked-one-missing")).record,
        one(fixture("json-registered")).record,
    )
    assert [name for name in several.covers if getattr(several, name) != getattr(single, name)] == []


def test_no_priority_in_st96_is_empty_and_in_st66_not_given() -> None:
    record = one(fixture("st96-older-with-root-transaction")).record
    assert record.gives("priorities")
    assert record.priorities == ()
    assert not one(fixture("st66-renewed-with-assignment")).record.gives("priorities")


def test_the_day_of_a_record_is_its_latest_past_fact_never_a_term_that_lies_ahead() -> None:
    reading = one(fixture("st66-renewed-with-assignment"))
    assert reading.as_of is not None
    assert (reading.as_of.day, reading.as_of.kind) == (dt.date(2013, 3, 23), "not_earlier_than")
    assert reading.record.renewal_dates == (dt.date(2013, 5, 6),)


def test_a_publication_that_is_only_planned_dates_nothing() -> None:
    data = registered()
    data["trademarks"][0]["status"]["status"] = 681
    data["trademarks"][0]["publication"]["datePublished"] = "2031-01-07"
    reading = one(json.dumps(data).encode())
    assert reading.as_of is not None
    assert reading.as_of.day == dt.date(2024, 5, 28)


# -- what is not understood ------------------------------------------------------------------------------


def test_an_element_nobody_reads_is_shown() -> None:
    new = "<ns2:MarkNovelty>42</ns2:MarkNovelty><ns2:FilingPlace>"
    reading = one(xml("st96-madrid-with-opposition", ("<ns2:FilingPlace>", new)))
    assert [line.partition("Trademark/")[2] for line in reading.unclaimed] == ["MarkNovelty = 42"]


def test_an_attribute_nobody_reads_is_shown() -> None:
    assert (
        "@note = new"
        in one(
            xml("st96-older-with-root-transaction", ("<ns2:MarkCategory>", '<ns2:MarkCategory note="new">'))
        ).unclaimed[0]
    )


def test_a_key_nobody_reads_is_shown_and_an_empty_one_is_not() -> None:
    assert changed(novelty={"answer": 42}, other=None, flag=False).unclaimed == (
        "status.novelty.answer = 42",
    )


def test_a_kind_of_drawing_nobody_knows_is_shown() -> None:
    reading = changed(markDrawingCd="9")
    assert reading.record.mark_feature is None
    assert reading.unclaimed == ("mark drawing code 9 is not in the table",)
