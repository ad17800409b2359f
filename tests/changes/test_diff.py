"""What counts as a change, and what never does."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest

from tests.records import event, goods, owner, record
from tmwatch.changes import diff, merge
from tmwatch.model import Change, Live, Party, Phase, Significance, TradeMark, make_record


def changes(old: TradeMark, new: TradeMark) -> list[Change]:
    return diff(old, new, merge(old, new))


def told(old: TradeMark, new: TradeMark) -> list[tuple[str, str, str]]:
    """Field, kind and significance of what would be alerted."""
    return [(c.field, c.kind, c.significance.value) for c in changes(old, new) if c.significance.rank]


def test_the_same_record_twice_is_no_change() -> None:
    assert changes(record(), record()) == []


def test_a_mark_that_dies_is_critical_and_says_old_and_new() -> None:
    dead = record(
        status_code="710",
        status_text="Cancelled under Section 8.",
        status_phase=Phase.CANCELLED,
        status_live=Live.DEAD,
        status_date=dt.date(2026, 2, 1),
    )
    (change,) = changes(record(), dead)
    assert (change.field, change.significance) == ("status", Significance.CRITICAL)
    assert change.old == "Registered. (700)"
    assert change.new == "Cancelled under Section 8. (710)"
    assert change.date == dt.date(2026, 2, 1)


def test_publication_starts_a_clock_and_is_critical() -> None:
    old = record(status_code="681", status_text="Reviewed", status_phase=Phase.ACCEPTED)
    new = record(status_code="686", status_text="Published", status_phase=Phase.PUBLISHED)
    assert told(old, new)[0] == ("status", "changed", "critical")


def test_a_renewal_within_the_same_phase_is_medium() -> None:
    new = record(status_code="800", status_text="The registration has been renewed.")
    assert told(record(), new) == [("status", "changed", "medium")]


def test_a_status_date_that_moves_alone_is_low() -> None:
    assert told(record(), record(status_date=dt.date(2026, 1, 1))) == [("status_date", "changed", "low")]


def test_the_same_code_in_other_words_is_cosmetic() -> None:
    assert told(record(), record(status_text="Registered: see the registration date.")) == []


def test_a_sentence_without_a_code_never_keeps_the_code_before_it() -> None:
    page = record(status_code=None, status_text="Something new happened.", status_phase=Phase.UNKNOWN)
    merged = merge(record(), page)
    assert merged.status_code is None
    assert merged.status_text == "Something new happened."


def test_an_empty_status_is_unknown_and_never_dead() -> None:
    merged = merge(
        record(),
        record(status_code=None, status_text=None, status_phase=Phase.UNKNOWN, status_live=Live.UNKNOWN),
    )
    assert merged.status_live is not Live.DEAD


def test_a_field_the_source_does_not_give_is_left_alone() -> None:
    list_row = make_record("US", record().st13, verbal_element="SAMPLEMARK")
    assert changes(record(), list_row) == []
    assert merge(record(), list_row).owners == record().owners


def test_a_field_shown_empty_is_removed_and_reported() -> None:
    old = record(disclaimer="WIDGETS")
    new = record(disclaimer=None)
    assert told(old, new) == [("disclaimer", "removed", "medium")]
    assert merge(old, new).disclaimer is None


def test_a_field_seen_for_the_first_time_is_no_change() -> None:
    assert changes(record(), record(disclaimer="WIDGETS")) == []


def test_added_and_removed_goods_are_named() -> None:
    new = record(classes=(goods("9", "Downloadable software; robots"),))
    (change,) = changes(record(), new)
    assert (change.field, change.key, change.significance) == ("classes.text", "9", Significance.HIGH)
    assert change.terms_added == ("robots",)
    assert change.terms_removed == ("computer mice",)


def test_goods_in_another_order_are_cosmetic() -> None:
    new = record(classes=(goods("9", "computer mice;  Downloadable software"),))
    assert told(record(), new) == []


def test_a_bracketed_term_is_a_deleted_term() -> None:
    new = record(classes=(goods("9", "Downloadable software; [computer mice]"),))
    (change,) = changes(record(), new)
    assert change.terms_removed == ("computer mice",)


def test_asterisks_around_new_wording_are_not_goods() -> None:
    new = record(classes=(goods("9", "Downloadable software; computer mice; *robots*"),))
    assert changes(record(), new)[0].terms_added == ("robots",)


def test_double_parentheses_tell_of_an_amendment() -> None:
    new = record(classes=(goods("9", "Downloadable software; ((computer mice))"),))
    assert told(record(), new) == [("classes.text", "changed", "medium")]


@pytest.mark.parametrize(("old", "new"), [("9", "9"), ("25", "25")], ids=["class 9", "class 25"])
def test_an_added_class_is_high(old: str, new: str) -> None:
    wider = record(classes=(*record().classes, goods("35", "Advertising")))
    (change,) = changes(record(), wider)
    assert (change.field, change.kind, change.key, change.new) == ("classes", "added", "35", "Advertising")
    assert change.significance is Significance.HIGH


def test_a_new_owner_is_critical() -> None:
    new = record(owners=(owner("Other Holdings LLC"),))
    assert told(record(), new) == [("owners", "changed", "critical")]


@pytest.mark.parametrize(
    "name",
    ["SAMPLE WIDGETS, INC.", "Sample  Widgets, Inc.", "Ｓample Widgets, Inc."],
    ids=["case", "blanks", "width"],
)
def test_case_blanks_and_width_of_an_owner_are_cosmetic(name: str) -> None:
    assert told(record(), record(owners=(owner(name),))) == []


@pytest.mark.parametrize(
    ("name", "weight"), [("Sample Widgets LLC", "high"), ("Sample Widgets Inc", "medium")]
)
def test_another_company_form_is_more_than_another_spelling(name: str, weight: str) -> None:
    assert told(record(), record(owners=(owner(name),))) == [("owners.name", "changed", weight)]


def test_a_moved_owner_is_medium_and_a_rewrapped_address_is_nothing() -> None:
    assert told(record(), record(owners=(owner("Sample Widgets, Inc.", city="Shelbyville"),))) == [
        ("owners.address", "changed", "medium")
    ]
    rewrapped = Party(name="Sample Widgets, Inc.", address_lines=("1 Sample Road Springfield",), country="US")
    assert told(record(), record(owners=(rewrapped,))) == []


def test_events_are_a_set_and_shuffled_lines_are_nothing() -> None:
    events = tuple(event(n, f"20{n // 28:02}-01-{n % 28 + 1:02}", f"STEP {n}") for n in range(1, 150))
    assert changes(record(events=events), record(events=tuple(reversed(events)))) == []


def test_a_new_event_is_named_with_its_day_and_code() -> None:
    more = (*record().events, event(2, "2026-02-03", "PUBLISHED FOR OPPOSITION", code="PUBO"))
    (change,) = changes(record(), record(events=more))
    assert change.new == "2026-02-03 PUBLISHED FOR OPPOSITION [PUBO]"
    assert change.significance is Significance.CRITICAL


def test_the_same_event_in_other_words_or_with_a_type_letter_is_never_alerted() -> None:
    old = record(events=(event(1, "2010-08-03", "ATTORNEY REVOKED AND/OR APPOINTED", code="ARAA"),))
    new = record(
        events=(event(1, "2010-08-03", "ATTORNEY/DOM.REP.REVOKED AND/OR APPOINTED", code="ARAA", type="I"),)
    )
    assert told(old, new) == []
    assert changes(old, new)[0].kind == "reworded"


def test_events_without_numbers_match_by_day_and_place_and_gain_what_was_missing() -> None:
    page = record(events=(event(None, "2019-01-05", "NEW APPLICATION"), event(None, "2019-01-05", "PAPER")))
    api = record(
        events=(
            event(1, "2019-01-05", "NEW APPLICATION ENTERED", code="NWAP"),
            event(2, "2019-01-05", "PAPER RECEIVED", code="MAIL"),
        )
    )
    assert told(page, api) == []
    assert [item.code for item in merge(api, page).events] == ["NWAP", "MAIL"]


def test_a_new_examiner_or_location_is_low() -> None:
    old = record(examiner="EXAMINER A", location="LAW OFFICE 1", law_office="LAW OFFICE 1")
    new = record(examiner="EXAMINER B", location="LAW OFFICE 2", law_office="LAW OFFICE 2")
    assert {weight for _, _, weight in told(old, new)} == {"low"}


def test_what_is_not_given_inside_a_class_is_left_alone() -> None:
    old = record(classes=(goods("9", "Software", basis=("1(a)",)),))
    new = record(classes=(goods("9", "Software"),))
    assert changes(old, new) == []
    assert merge(old, new).classes[0].basis == ("1(a)",)


def test_two_filings_are_never_merged() -> None:
    other: Any = record("US500000099000002")
    with pytest.raises(ValueError, match="is not"):
        merge(record(), other)


def test_a_numbered_event_whose_day_was_corrected_is_the_same_event() -> None:
    old = record(events=(event(1, "2019-01-05", "NEW APPLICATION"), event(2, "2019-02-01", "ASSIGNED")))
    new = record(events=(event(1, "2019-01-06", "NEW APPLICATION"), event(2, "2019-02-01", "ASSIGNED")))
    assert told(old, new) == [("events", "changed", "medium")]


def test_two_blocks_of_one_class_in_another_order_are_no_change() -> None:
    software, phones = goods("9", "Software"), goods("9", "Telephones", first_use="1999")
    # The second source gives no first use: it must not be filled in from the wrong block.
    bare = goods("9", "Telephones")
    assert changes(record(classes=(software, phones)), record(classes=(bare, software))) == []


def test_of_two_blocks_of_one_class_the_one_that_went_is_named() -> None:
    software, phones = goods("9", "Software"), goods("9", "Telephones")
    (change,) = changes(record(classes=(software, phones)), record(classes=(phones,)))
    assert (change.kind, change.old) == ("removed", "Software")


def test_an_event_put_in_before_another_of_its_day_is_the_one_that_is_new() -> None:
    before = event(None, "2024-01-01", "FILE TRANSFERRED")
    opposed = event(None, "2024-01-01", "OPPOSITION INSTITUTED NO. 999999")
    (change,) = changes(record(events=(before,)), record(events=(opposed, before)))
    assert "OPPOSITION" in (change.new or "")
    assert change.significance.value == "critical"


def test_an_entry_taken_out_or_put_in_renumbers_the_rest_and_is_one_change() -> None:
    days = [(f"2024-01-{day:02}", f"STEP {day}") for day in range(1, 10)]
    whole = record(events=tuple(event(n, day, text) for n, (day, text) in enumerate(days, 1)))
    del days[2]
    less = record(events=tuple(event(n, day, text) for n, (day, text) in enumerate(days, 1)))
    assert [(one.kind, one.old) for one in changes(whole, less)] == [("removed", "2024-01-03 STEP 3")]
    assert [(one.kind, one.new) for one in changes(less, whole)] == [("added", "2024-01-03 STEP 3")]
