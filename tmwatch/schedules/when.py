"""Schedules: a span ("every 6 hours") or the five fields of a crontab line.

APScheduler's own cron trigger counts the week from Monday (cron: from Sunday), asks for day *and* weekday
where cron asks for one of them, and fires twice or never on nights of change. So it is used on a clock
without such nights, the wall clock taken for UTC, and what it says is brought back into the zone here.
"""

from __future__ import annotations

import datetime as dt
import re
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

if TYPE_CHECKING:
    from apscheduler.triggers.cron import CronTrigger

_SPAN = re.compile(r"every\s+(?:(\d{1,5})\s*)?(minute|hour|day|week)s?", re.IGNORECASE)
_LEAST, _MOST = dt.timedelta(minutes=1), dt.timedelta(days=366)
_NIGHT = dt.timedelta(hours=3)  # no clock is changed by more
_DAYS = ("sun", "mon", "tue", "wed", "thu", "fri", "sat")
_COUNTED = 10_000  # missed runs; more than these are as good as so many
FORMS = 'such as "every 6 hours", or the five fields of a crontab line such as "30 6 * * 1-5"'


@dataclass(frozen=True)
class Every:
    """A span, counted in UTC from the time that was planned last."""

    text: str
    span: dt.timedelta

    def after(self, instant: dt.datetime) -> dt.datetime:
        """One span later."""
        return instant.astimezone(dt.UTC) + self.span


@dataclass(frozen=True)
class Cron:
    """The five fields of a crontab line (minute, hour, day, month, weekday), by the wall clock of a zone."""

    text: str
    zone: ZoneInfo

    @cached_property
    def _triggers(self) -> tuple[CronTrigger, ...]:
        from apscheduler.triggers.cron import CronTrigger  # late: most commands need none

        minute, hour, day, month, weekday = self.text.split()
        fields: dict[str, Any] = {"minute": minute, "hour": hour, "month": month, "timezone": dt.UTC}
        days: list[dict[str, Any]] = [{"day": day}] if day != "*" or weekday == "*" else []
        if weekday != "*":
            days.append({"day_of_week": _weekdays(weekday)})
        return tuple(CronTrigger(**fields, **one) for one in days)

    @property
    def _every_hour(self) -> bool:
        return self.text.split()[1].startswith("*")

    def after(self, instant: dt.datetime) -> dt.datetime | None:
        """The first time after `instant`."""
        here = instant.astimezone(self.zone).replace(tzinfo=dt.UTC, fold=0)
        best: dt.datetime | None = None
        for trigger in self._triggers:
            wall = here - _NIGHT
            while (found := trigger.get_next_fire_time(None, wall)) is not None:
                for time in self._instants(found):
                    if time > instant and (best is None or time < best):
                        best = time
                if best is not None and found > here + _NIGHT:
                    break
                wall = found + dt.timedelta(seconds=1)
        return best

    def _instants(self, wall: dt.datetime) -> list[dt.datetime]:
        local = wall.replace(tzinfo=self.zone)
        both = (local, local.replace(fold=1)) if self._every_hour else (local,)
        return [one.astimezone(dt.UTC) for one in both]


Schedule = Every | Cron


def _weekdays(field: str) -> str:
    """Cron's weekdays (0 and 7 are Sunday, ranges may run over it) as names. ValueError for what is none."""
    found: set[int] = set()
    for part in field.lower().split(","):
        span, _, step = part.partition("/")
        if step and not (step.isdigit() and int(step)):
            raise ValueError(f"no weekday: {part}")
        if span == "*":
            first, last = 0, 6
        else:
            one, _, other = span.partition("-")
            first, last = _weekday(one), _weekday(other or ("6" if step else one))
            last += 7 if last < first else 0
        found.update(day % 7 for day in range(first, last + 1, int(step or 1)))
    return ",".join(_DAYS[day] for day in sorted(found))


def _weekday(text: str) -> int:
    if text in _DAYS:
        return _DAYS.index(text)
    if text.isdigit() and int(text) <= 7:
        return int(text)
    raise ValueError(f"no weekday: {text}")


def parse_schedule(text: str, zone: ZoneInfo) -> Schedule:
    """What the operator wrote. ValueError, in words, for what is no schedule."""
    tidy = " ".join(text.split())
    if span := _SPAN.fullmatch(tidy):
        length = dt.timedelta(**{f"{span[2].lower()}s": int(span[1] or 1)})
        if not _LEAST <= length <= _MOST:
            raise ValueError("at least every minute's distance, and at most a year")
        return Every(tidy, length)
    if len(tidy.split()) != 5:
        raise ValueError(FORMS)
    made = Cron(tidy, zone)
    try:
        never = made.after(dt.datetime(2024, 1, 1, tzinfo=dt.UTC)) is None  # a year with a 29 February
    except (ValueError, TypeError) as error:
        raise ValueError(f"{FORMS} ({error})") from None
    if never:
        raise ValueError("a day that comes: this one never does")
    return made


def missed(schedule: Schedule, last: dt.datetime, now: dt.datetime) -> list[dt.datetime]:
    """The times after `last`, up to `now`; the first ten thousand of more."""
    found: list[dt.datetime] = []
    at = last
    while len(found) < _COUNTED and (following := schedule.after(at)) is not None and following <= now:
        found.append(at := following)
    return found
