"""The counting: worked examples, and what holds for every rule and every day."""

from __future__ import annotations

import datetime as dt
import time
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.conftest import examples
from tests.deadlines.examples import Example, found, read_examples, shared_examples
from tmwatch.deadlines import day_at
from tmwatch.deadlines.arithmetic import Period, add_months, parse_period
from tmwatch.deadlines.calendars import calendar_of
from tmwatch.deadlines.rules import Rule, shipped
from tmwatch.deadlines.span import span_of

OWN = read_examples(Path(__file__).with_name("facts.csv"))
RULES = shipped().rules
days = st.dates(dt.date(1995, 1, 1), dt.date(2060, 12, 31))


@pytest.mark.parametrize("example", OWN, ids=str)
def test_a_worked_example_comes_out_as_printed(example: Example) -> None:
    assert found(example) == (example.opens, example.closes)


@pytest.mark.recorded
def test_every_worked_example_beside_the_project_comes_out() -> None:
    path = shared_examples()
    if path is None:
        pytest.skip("no facts beside the project (TMWATCH_SHARED): the examples were NOT tried")
    examples = read_examples(path)
    wrong = [f"{one}: {found(one)}" for one in examples if found(one) != (one.opens, one.closes)]
    assert len(examples) >= 60
    assert not wrong, wrong


def test_half_years_are_counted_from_the_first_day_and_not_from_a_clamped_one() -> None:
    rule = shipped().get("US", "statement_of_use")
    assert rule is not None
    span = span_of(rule, dt.date(1996, 12, 31))
    assert span.end is not None
    assert span.end.statutory == dt.date(1997, 6, 30)
    assert [str(one.statutory) for one in span.extensions] == [
        *("1997-12-31", "1998-06-30", "1998-12-31", "1999-06-30", "1999-12-31"),
    ]


@pytest.mark.parametrize(
    ("text", "period"),
    [
        ("3 months", Period(3)),
        ("5 years 3 months", Period(63)),
        ("60 days", Period(0, 60)),
        ("3 months -1 day", Period(3, -1)),
        ("2 weeks", Period(0, 14)),
    ],
)
def test_a_period_is_read_as_the_law_writes_it(text: str, period: Period) -> None:
    assert parse_period(text) == period
    assert parse_period(str(period)) == period


@pytest.mark.parametrize("text", ["", "soon", "3", "3 moons", "3 months and", "months 3"])
def test_what_is_no_period_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="is no period"):
        parse_period(text)


@given(day=days, months=st.integers(0, 480))
@settings(max_examples=examples(60), deadline=None)
def test_months_keep_the_day_number_or_end_with_the_month(day: dt.date, months: int) -> None:
    later = add_months(day, months)
    assert later.day == day.day or (later + dt.timedelta(days=1)).day == 1
    assert (later.year - day.year) * 12 + later.month - day.month == months


@given(rule=st.sampled_from(RULES), day=days, more=st.integers(0, 400), term=st.integers(0, 3))
@settings(max_examples=examples(100), deadline=None)
def test_a_later_trigger_never_ends_earlier(rule: Rule, day: dt.date, more: int, term: int) -> None:
    early = span_of(rule, day, term=term)
    late = span_of(rule, day + dt.timedelta(days=more), term=term)
    for first, second in zip(
        [early.end, early.grace, *early.extensions], [late.end, late.grace, *late.extensions], strict=True
    ):
        if first and second:
            assert first.statutory <= second.statutory
            assert first.last_safe <= second.last_safe
    if early.opens and late.opens:
        assert early.opens <= late.opens


@given(rule=st.sampled_from(RULES), day=days)
@settings(max_examples=examples(100), deadline=None)
def test_a_rule_that_rolls_never_ends_on_a_closed_day(rule: Rule, day: dt.date) -> None:
    calendar = calendar_of(rule.office)
    span = span_of(rule, day)
    for end in filter(None, (span.end, span.grace, *span.extensions)):
        if not rule.rolls:
            assert end.last_safe == end.statutory
            continue
        assert not calendar.closed(end.last_safe)
        assert calendar.roll(end.last_safe).day == end.last_safe
        passed = (end.last_safe - end.statutory).days
        assert all(calendar.closed(end.statutory + dt.timedelta(days=one)) for one in range(passed))


@given(rule=st.sampled_from(RULES), day=days)
@settings(max_examples=examples(30), deadline=None)
def test_the_same_rule_and_day_give_the_same_span_again(rule: Rule, day: dt.date) -> None:
    assert span_of(rule, day) == span_of(rule, day)


def test_every_office_with_a_rule_that_rolls_has_a_calendar_or_says_that_it_has_none() -> None:
    for rule in RULES:
        note = calendar_of(rule.office).note(dt.date(2026, 11, 26))
        assert not rule.rolls or not note or rule.office in ("PARIS", "*"), rule.key


@pytest.mark.parametrize(
    ("office", "day", "closed"),
    [
        ("US", "2025-01-20", True),  # Inauguration Day
        ("US", "2026-04-16", False),  # a holiday of the District, not of the federation
        ("EM", "2020-10-09", True),  # Valencian day: seen in EUTM 018228224
        ("GB", "2026-12-28", True),  # Boxing Day on a Saturday
        ("CN", "2026-02-14", False),  # a Saturday worked for the Spring Festival
        ("CN", "2026-10-07", True),
        ("JP", "2026-12-30", True),
        ("KR", "2025-05-01", True),
        ("CA", "2026-04-06", True),  # Easter Monday
        ("CA", "2026-08-03", True),  # first Monday of August
        ("BX", "2026-04-03", False),  # Good Friday is none in The Hague
    ],
)
def test_the_closing_days_that_the_library_lacks_or_has_too_many_are_put_right(
    office: str, day: str, closed: bool
) -> None:
    assert calendar_of(office).closed(dt.date.fromisoformat(day)) is closed


def test_outside_the_years_of_its_table_a_date_says_so_and_rolls_over_weekends_only() -> None:
    easter_monday = calendar_of("EM").roll(dt.date(2030, 4, 22))
    assert easter_monday.day == dt.date(2030, 4, 22)
    assert "2030 not known" in easter_monday.note
    assert calendar_of("EM").roll(dt.date(2026, 4, 6)).day == dt.date(2026, 4, 7)
    assert "may add or exchange" in calendar_of("CN").roll(dt.date(2027, 3, 8)).note


def test_the_day_at_the_office_is_its_own_through_a_year_of_midnights() -> None:
    instant = dt.datetime(2026, 1, 1, 0, 30, tzinfo=dt.UTC)
    for _ in range(365):
        utc = instant.date()
        assert day_at("JP", instant) == utc
        assert day_at("US", instant) == utc - dt.timedelta(days=1)
        assert (day_at("NZ", instant.replace(hour=23)) - utc).days == 1
        instant += dt.timedelta(days=1)


def test_no_date_moves_with_the_zone_of_the_machine(monkeypatch: pytest.MonkeyPatch) -> None:
    rule = shipped().get("EM", "opposition")
    assert rule is not None
    year = [dt.date(2026, 1, 1) + dt.timedelta(days=one) for one in range(365)]
    spans = []
    for zone in ("Pacific/Kiritimati", "America/Los_Angeles", "UTC"):
        monkeypatch.setenv("TZ", zone)
        time.tzset()
        spans.append([span_of(rule, day) for day in year])
    monkeypatch.undo()
    time.tzset()
    assert spans[0] == spans[1] == spans[2]
