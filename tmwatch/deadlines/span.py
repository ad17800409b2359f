"""One rule and one trigger make a span: when it opens, the statutory end, the last safe day.

The statutory end is what the law says, the last safe day the first open day of the office on or after it.
Where the two differ the earlier is the better one to work to.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

from tmwatch.deadlines.arithmetic import Period, add_months
from tmwatch.deadlines.calendars import OfficeCalendar, calendar_of
from tmwatch.deadlines.rules import Rule

_DAY = dt.timedelta(days=1)
AS_PRINTED = "as printed by the office"


@dataclass(frozen=True, slots=True)
class End:
    """An end of a period: the statutory day, the last safe day, and what it is (`words`)."""

    statutory: dt.date
    last_safe: dt.date
    words: str = ""
    note: str = ""


@dataclass(frozen=True, slots=True)
class Span:
    """`end` is None for what opens and never closes. `grace` follows the end, with a surcharge."""

    opens: dt.date | None
    end: End | None
    extensions: tuple[End, ...] = ()
    grace_opens: dt.date | None = None
    grace: End | None = None
    term: int = 0  # which repetition, from 0


def span_of(rule: Rule, trigger: dt.date, *, term: int = 0, calendar: OfficeCalendar | None = None) -> Span:
    """The span of `rule` for a trigger of this day; `term` 1 is the next repetition (the second renewal).

    All steps count from the trigger. Raises `OverflowError` where that leaves the years 1 to 9999.
    """
    office = calendar or calendar_of(rule.office)
    more = rule.repeats.times(term) if rule.repeats else Period()
    end = _end(rule, trigger, rule.closes + more, office) if rule.closes else None
    if rule.opens is None:
        opens = None
    elif rule.before:
        opens = rule.opens.before(end.statutory) if end else None
    else:
        opens = (rule.opens + more).after(_begins(rule, trigger))
    grace = None
    if rule.grace and end:
        grace = _at(rule, rule.grace.after(end.statutory), office, "with a surcharge")
    return Span(
        opens=opens,
        end=end,
        extensions=tuple(
            _end(rule, trigger, one.period, office, one.words) for one in rule.extensions if one.period
        ),
        grace_opens=end.statutory + _DAY if grace and end else None,
        grace=grace,
        term=term,
    )


def printed_end(rule: Rule, day: dt.date, *, calendar: OfficeCalendar | None = None) -> End:
    """The end that the office prints; it is rolled like ours, since offices print days they are closed on."""
    return _at(rule, day, calendar or calendar_of(rule.office), AS_PRINTED)


def _begins(rule: Rule, trigger: dt.date) -> dt.date:
    """The day from which the period is counted."""
    return add_months(trigger.replace(day=1), 1) if rule.counts == "next_month" else trigger


def _end(rule: Rule, trigger: dt.date, period: Period, office: OfficeCalendar, words: str = "") -> End:
    start = _begins(rule, trigger)
    if rule.counts == "first_open_day":
        start = office.roll(trigger + _DAY).day - _DAY
    day = period.after(start)
    return _at(rule, day - _DAY if rule.counts == "with" else day, office, words)


def _at(rule: Rule, day: dt.date, office: OfficeCalendar, words: str) -> End:
    if not rule.rolls:
        return End(day, day, words)
    rolled = office.roll(day)
    return End(day, rolled.day, words, rolled.note)
