"""On which days an office is closed, as far as that is known, and for which years.

The days come from the `holidays` library, put right by `data/closing_days.csv` where an office differs. A
day that may be one is not taken for one: the date is then too early, never too late. Outside the years of
the table only Saturdays and Sundays count, and the date says so.
"""

from __future__ import annotations

import csv
import datetime as dt
import functools
import re
from collections.abc import Mapping
from dataclasses import dataclass
from importlib.resources import files
from typing import Any

_DAY = dt.timedelta(days=1)
_FIXED = re.compile(r"(\d\d)-(\d\d)")
_NTH_MONDAY = re.compile(r"(\d\d)-monday-(\d)")
_AFTER = re.compile(r"(.+)\+(\d+)")


@dataclass(frozen=True, slots=True)
class Rolled:
    """The first open day on or after `day`, and what is to be said of the calendar used."""

    day: dt.date
    note: str = ""


@dataclass(frozen=True)
class OfficeCalendar:
    """The closing days of one office; `years` are those for which they are known."""

    office: str
    country: str = ""
    subdivision: str = ""
    categories: tuple[str, ...] = ()
    plus: tuple[str, ...] = ()
    minus: tuple[str, ...] = ()
    years: range = range(0)
    provisional_from: int = 9999
    zone: str = "UTC"
    source: str = ""

    def closed(self, day: dt.date) -> bool:
        """Whether a deadline on this day moves on."""
        if day.year not in self.years or not self.country:
            return day.weekday() >= 5
        closed, worked = _year_of(self, day.year)
        return day in closed or (day.weekday() >= 5 and day not in worked)

    def roll(self, day: dt.date) -> Rolled:
        """The first open day on or after `day`; `note` is "" where the days of the year are known."""
        last = day
        while self.closed(last):
            last += _DAY
        return Rolled(last, self.note(last) or self.note(day))

    def note(self, day: dt.date) -> str:
        """What a reader must know of how well the days of this year are known."""
        if not self.country:
            return "weekends only: no table of closing days"
        if day.year not in self.years:
            return f"closing days of {day.year} not known, weekends only"
        if day.year >= self.provisional_from:
            return f"closing days of {day.year} as fixed by law; the year's notice may add or exchange some"
        return ""


@functools.lru_cache(maxsize=1024)
def _year_of(office: OfficeCalendar, year: int) -> tuple[frozenset[dt.date], frozenset[dt.date]]:
    """(holidays, weekend days that are worked) of one year."""
    import holidays  # a tenth of a second that only a date needs

    more: dict[str, Any] = {"categories": office.categories} if office.categories else {}
    found: Any = holidays.country_holidays(
        office.country, subdiv=office.subdivision or None, years=year, language="en_US", **more
    )
    days = {day for day, name in found.items() if not any(one in name for one in office.minus)}
    for rule in office.plus:
        days |= _plus(rule, year, found)
    worked = {day for day in getattr(found, "weekend_workdays", ()) if day.year == year}
    return frozenset(days), frozenset(worked)


def _plus(rule: str, year: int, named: Mapping[dt.date, str]) -> set[dt.date]:
    """The days of one rule of the table: "12-29", "08-monday-1", "Good Friday+3", "inauguration"."""
    if rule == "inauguration":
        day = dt.date(year, 1, 20)
        return set() if year % 4 != 1 else {day + _DAY if day.weekday() == 6 else day}
    if found := _FIXED.fullmatch(rule):
        return {dt.date(year, int(found[1]), int(found[2]))}
    if found := _NTH_MONDAY.fullmatch(rule):
        first = dt.date(year, int(found[1]), 1)
        return {first + dt.timedelta(days=-first.weekday() % 7 + 7 * (int(found[2]) - 1))}
    if found := _AFTER.fullmatch(rule):
        return {day + int(found[2]) * _DAY for day, name in named.items() if name == found[1]}
    raise ValueError(f"closing_days.csv: `{rule}` is no rule for a day")


@functools.cache
def _table() -> dict[str, OfficeCalendar]:
    text = files("tmwatch").joinpath("data/closing_days.csv").read_text(encoding="utf-8")
    return {row["office"]: _calendar(row) for row in csv.DictReader(text.splitlines())}


def _calendar(row: dict[str, str]) -> OfficeCalendar:
    years = range(int(row["years_from"]), int(row["years_to"]) + 1) if row["years_from"] else range(0)
    return OfficeCalendar(
        office=row["office"],
        country=row["country"],
        subdivision=row["subdivision"],
        categories=tuple(filter(None, row["categories"].split("+"))),
        plus=tuple(filter(None, row["plus"].split(";"))),
        minus=tuple(filter(None, row["minus"].split(";"))),
        years=years,
        provisional_from=int(row["provisional_from"] or 9999),
        zone=row["zone"],
        source=row["source"],
    )


def calendar_of(office: str) -> OfficeCalendar:
    """The calendar of an office; one without a table closes at weekends only, and says so."""
    return _table().get(office) or OfficeCalendar(office)
