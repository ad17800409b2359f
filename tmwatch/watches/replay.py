"""`watch replay`: how many filings a week a watch would have brought, level by level. Pure."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from tmwatch.watches.trial import Found, Trial, monday

LEVELS = (1, 2, 3)


@dataclass(frozen=True)
class Week:
    """The filings of a week (by its Monday): all that are stored, and the hits by level.

    `other`: hits that no name brought near, by number, owner, agent or filters; of every level.
    """

    monday: dt.date
    filings: int
    by_level: dict[int, int]
    other: int

    def hits(self, level: int) -> int:
        """As near as `level` or nearer, and all others."""
        return self.other + sum(count for one, count in self.by_level.items() if one <= level)


@dataclass(frozen=True)
class Replay:
    """Weeks from the one of `since` to the last, also those without filings."""

    since: dt.date
    until: dt.date
    weeks: tuple[Week, ...]
    days: dict[int, int]  # level → days on which something was filed that is a hit at it

    @property
    def with_data(self) -> tuple[Week, ...]:
        """Those of which any filing is stored: of the others nothing can be said."""
        return tuple(week for week in self.weeks if week.filings)

    def hits(self, level: int) -> int:
        """In all weeks."""
        return sum(week.hits(level) for week in self.weeks)

    def a_week(self, level: int) -> float | None:
        """Filings a week, over the weeks with data; None where there is none."""
        return self.hits(level) / len(self.with_data) if self.with_data else None

    def alerts_a_week(self, level: int) -> float | None:
        """Alerts a week: what is filed on one day comes in one."""
        return self.days.get(level, 0) / len(self.with_data) if self.with_data else None

    def as_json(self) -> dict[str, Any]:
        """For `--json`."""
        return {
            "since": self.since.isoformat(),
            "until": self.until.isoformat(),
            "weeks_with_data": len(self.with_data),
            "levels": {
                str(level): {
                    "hits": self.hits(level),
                    "hits_a_week": _rounded(self.a_week(level)),
                    "alerts_a_week": _rounded(self.alerts_a_week(level)),
                }
                for level in LEVELS
            },
            "weeks": [
                {
                    "monday": week.monday.isoformat(),
                    "filings": week.filings,
                    **{f"level_{level}": week.by_level.get(level, 0) for level in LEVELS},
                    "other": week.other,
                }
                for week in self.weeks
            ],
        }


def _rounded(value: float | None) -> float | None:
    return None if value is None else round(value, 2)


def replay(found: Trial, since: dt.date, until: dt.date) -> Replay:
    """The hits of a trial by the weeks of their filing dates, from `since` to `until`, both included."""
    inside = [one for one in found.hits if one.filed is not None and since <= one.filed <= until]
    first, last = monday(since), monday(until)
    mondays = [first + dt.timedelta(weeks=number) for number in range((last - first).days // 7 + 1)]
    of_week: dict[dt.date, list[Found]] = {day: [] for day in mondays}
    for one in inside:
        assert one.filed is not None
        of_week[monday(one.filed)].append(one)
    weeks = tuple(_week(day, found.weeks[day], of_week[day]) for day in mondays)
    days = {level: len({one.filed for one in _at(inside, level)}) for level in LEVELS}
    return Replay(since, until, weeks, days)


def _week(day: dt.date, filings: int, hits: Sequence[Found]) -> Week:
    by_level = {level: sum(one.answer.level == level for one in hits) for level in (1, 2, 3, 4)}
    return Week(day, filings, by_level, sum(one.answer.level is None for one in hits))


def _at(hits: Iterable[Found], level: int) -> list[Found]:
    return [one for one in hits if one.answer.level is None or one.answer.level <= level]


def about(a_week: float | None, one: str, many: str) -> str:
    """ "about 3 filings a week", "about one filing in 4 weeks", "no filing"."""
    if not a_week:
        return f"no {one}"
    if a_week >= 0.75:
        number = round(a_week)
        return f"about {number} {one if number == 1 else many} a week"
    return f"about one {one} in {round(1 / a_week)} weeks"
