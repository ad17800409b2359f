"""Pure: from a record to its deadlines, with the law beside each.

`deadlines(record, today=…, as_of=…)` gives all of them, `opposition_window(record, today=…)` until when a
published filing can be opposed, `priority_deadline(record, …)` the end of its priority. The rules are
`data/deadline_rules.csv`, the closing days of offices `data/closing_days.csv`. Every date is computed (or
printed by the office, and then says so): verify it with the office; it is no legal advice.
"""

from __future__ import annotations

import datetime as dt
from zoneinfo import ZoneInfo

from tmwatch.deadlines.calendars import calendar_of
from tmwatch.deadlines.engine import DISCLAIMER, Deadline, deadlines
from tmwatch.deadlines.opposition import OppositionWindow, opposition_window
from tmwatch.deadlines.priority import priority_deadline
from tmwatch.deadlines.rules import RuleBook, shipped, with_own
from tmwatch.deadlines.span import End, Span, span_of

__all__ = (
    "DISCLAIMER",
    "Deadline",
    "End",
    "OppositionWindow",
    "RuleBook",
    "Span",
    "day_at",
    "deadlines",
    "opposition_window",
    "priority_deadline",
    "shipped",
    "span_of",
    "with_own",
)


def day_at(office: str, instant: dt.datetime) -> dt.date:
    """The calendar day at an office at this (aware) instant: its deadlines end with its own midnight."""
    return instant.astimezone(ZoneInfo(calendar_of(office).zone)).date()
