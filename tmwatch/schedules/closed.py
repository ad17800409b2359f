"""Hours in which a register is not asked: maintenance, or its busiest hours."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterable
from dataclasses import dataclass
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

_DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_FORM = re.compile(
    r"(?:(?P<days>[A-Za-z]{3}(?:[-,][A-Za-z]{3})*)\s+)?(?P<from>\d{1,2}:\d{2})\s*-\s*(?P<to>\d{1,2}:\d{2})"
    r"(?:\s+(?P<zone>\S+))?"
)
FORM = 'hours such as "Mon-Fri 08:00-18:00", "22:00-04:30" or "Sun 01:00-05:00 America/New_York"'


@dataclass(frozen=True)
class Closed:
    """From `start` to `end` by the wall clock of `zone`, on days (0 is Monday) that begin them; an `end` that
    is not after `start` lies on the next day."""

    text: str
    days: frozenset[int]
    start: dt.time
    end: dt.time
    zone: ZoneInfo

    def until(self, instant: dt.datetime) -> dt.datetime | None:
        """When these hours end (UTC), where `instant` lies in them; else None."""
        here = instant.astimezone(self.zone)
        for back in (0, 1):
            day = here.date() - dt.timedelta(days=back)
            if day.weekday() not in self.days:
                continue
            over = dt.timedelta(days=1 if self.end <= self.start else 0)
            begin = dt.datetime.combine(day, self.start, self.zone).astimezone(dt.UTC)
            end = dt.datetime.combine(day + over, self.end, self.zone).astimezone(dt.UTC)
            if begin <= instant < end:
                return end
        return None


def closed_until(hours: Iterable[Closed], instant: dt.datetime) -> dt.datetime | None:
    """When the hours that hold `instant`, and those that follow without a gap, are over; None: none does."""
    every = list(hours)
    at, found = instant, None
    for _ in range(4 * len(every)):
        ends = [end for one in every if (end := one.until(at)) is not None]
        if not ends:
            break
        found = at = max(ends)
    return found


def parse_closed(text: str, zone: ZoneInfo) -> Closed:
    """What the operator wrote; `zone` holds where the text names none. ValueError, in words."""
    match = _FORM.fullmatch(" ".join(text.split()))
    if not match:
        raise ValueError(FORM)
    try:
        start, end = (dt.time.fromisoformat(match[name].zfill(5)) for name in ("from", "to"))
    except ValueError:
        raise ValueError(FORM) from None
    if match["zone"]:
        try:
            zone = ZoneInfo(match["zone"])
        except (ZoneInfoNotFoundError, ValueError, OSError):
            raise ValueError(f"{FORM}; {match['zone']} is no time zone") from None
    return Closed(text, _days(match["days"]), start, end, zone)


def _days(text: str | None) -> frozenset[int]:
    if not text:
        return frozenset(range(7))
    found: set[int] = set()
    for part in text.lower().split(","):
        first, _, last = part.partition("-")
        if first not in _DAYS or (last or first) not in _DAYS:
            raise ValueError(FORM)
        one, other = _DAYS.index(first), _DAYS.index(last or first)
        found.update(day % 7 for day in range(one, other + (7 if other < one else 0) + 1))
    return frozenset(found)
