"""Periods of law, and how they are counted. Pure: days in, days out.

A month ends on the day of the same number, or on the last day of a month that lacks it. Periods in several
steps are counted from the first trigger, never from a day that was clamped or rolled on the way: allowed on
1996-12-31, the second half year ends on 1997-12-31 although the first ended on 1997-06-30.
"""

from __future__ import annotations

import calendar
import datetime as dt
import re
from dataclasses import dataclass

_PART = re.compile(r"([+-]?)\s*(\d+)\s*(day|week|month|year)s?", re.IGNORECASE)
_WHOLE = re.compile(rf"\s*{_PART.pattern}(\s*{_PART.pattern})*\s*", re.IGNORECASE)


def add_months(day: dt.date, months: int) -> dt.date:
    """The same day number `months` later (or earlier), clamped to the end of the month.

    Raises `OverflowError` outside the years 1 to 9999.
    """
    year, month = divmod(day.year * 12 + day.month - 1 + months, 12)
    if not dt.MINYEAR <= year <= dt.MAXYEAR:
        raise OverflowError(f"{months} months from {day} is no date")
    return dt.date(year, month + 1, min(day.day, calendar.monthrange(year, month + 1)[1]))


@dataclass(frozen=True, slots=True)
class Period:
    """A length of time: months first, then days. "3 months", "5 years 3 months", "3 months -1 day"."""

    months: int = 0
    days: int = 0

    def after(self, day: dt.date) -> dt.date:
        return add_months(day, self.months) + dt.timedelta(days=self.days)

    def before(self, day: dt.date) -> dt.date:
        return add_months(day, -self.months) - dt.timedelta(days=self.days)

    def times(self, count: int) -> Period:
        return Period(self.months * count, self.days * count)

    def __add__(self, other: Period) -> Period:
        return Period(self.months + other.months, self.days + other.days)

    def __str__(self) -> str:
        years, months = divmod(self.months, 12)
        parts = [
            f"{count} {unit}{'' if abs(count) == 1 else 's'}"
            for count, unit in ((years, "year"), (months, "month"), (self.days, "day"))
            if count
        ]
        return " ".join(parts) or "0 days"


def parse_period(text: str) -> Period:
    """ "5 years 3 months" → Period(63, 0). Raises `ValueError` for what is no period."""
    if not _WHOLE.fullmatch(text):
        raise ValueError(f"`{text}` is no period; write it like `3 months`, `60 days` or `10 years`")
    months = days = 0
    for sign, number, unit in _PART.findall(text):
        count = -int(number) if sign == "-" else int(number)
        match unit.lower():
            case "year":
                months += 12 * count
            case "month":
                months += count
            case "week":
                days += 7 * count
            case _:
                days += count
    return Period(months, days)
