"""Until when a filing can be opposed, by what the record shows of its publications."""

from __future__ import annotations

from tests.deadlines.test_engine import day, foreign
from tests.records import event, record
from tmwatch.deadlines import opposition_window
from tmwatch.model import (
    Phase,
    Publication,
)


def test_a_hit_says_until_when_it_can_be_opposed_by_whom_extended_and_what_follows() -> None:
    mark = record(
        status_phase=Phase.PUBLISHED,
        publications=(Publication(date=day("2026-11-17")),),
        registration_date=None,
    )
    window = opposition_window(mark, today=day("2026-11-26"))
    assert window is not None
    assert window.last_day == day("2026-12-17")
    assert "Can be opposed until 2026-12-17; extendable: to 2027-01-19 30 days of right" in window.sentence
    assert "15 USC 1063(a)" in window.sentence
    assert "notice of allowance" in window.deadline.follows
    assert opposition_window(record(), today=day("2026-11-26")) is None


def test_an_extension_asked_for_by_somebody_does_not_move_the_public_date() -> None:
    asked = event(3, "2026-12-01", "EXTENSION OF TIME TO OPPOSE RECEIVED")
    mark = record(
        status_phase=Phase.PUBLISHED, publications=(Publication(date=day("2026-11-17")),), events=(asked,)
    )
    window = opposition_window(mark, today=day("2026-12-02"))
    assert window is not None
    assert window.last_day == day("2026-12-17")
    assert any("for them only" in note for note in window.deadline.notes)


def test_the_publication_of_the_grant_opens_no_second_window_before_grant() -> None:
    """IP Viet Nam prints both: A of the application, B of the certificate."""
    both = (
        Publication(date=day("2026-04-27"), section="A"),
        Publication(date=day("2026-10-26"), section="B"),
    )
    window = opposition_window(foreign("VN", publications=both), today=day("2026-11-26"))
    assert window is not None
    assert window.last_day == day("2026-07-27")


def test_after_a_second_publication_the_latest_counts_and_that_of_the_registration_does_not() -> None:
    published = tuple(
        Publication(date=day(at), section=section)
        for at, section in (("2026-10-01", None), ("2026-11-02", None), ("2026-11-20", "Registration"))
    )
    window = opposition_window(foreign("KR", publications=published), today=day("2026-11-26"))
    assert window is not None
    assert (window.opens, window.last_day) == (day("2026-11-02"), day("2026-12-02"))


def test_after_registration_the_german_window_runs_and_before_it_none() -> None:
    publication = Publication(date=day("2026-11-06"))
    mark = foreign(
        "DE",
        status_phase=Phase.REGISTERED_OPPOSABLE,
        registration_date=day("2026-10-20"),
        publications=(publication,),
    )
    window = opposition_window(mark, today=day("2026-11-26"))
    assert window is not None
    assert window.last_day == day("2027-02-08")
    assert "registered already" in window.deadline.follows
