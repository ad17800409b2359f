"""When something is to be done, and when a register is left alone. Pure; instants are UTC, always aware.

    parse_schedule("every 6 hours", zone)       Every: counted in UTC from the last run
    parse_schedule("30 2 * * 1-5", zone)        Cron: wall clock of the zone, its nights of change included
    parse_closed("Mon-Fri 08:00-18:00", zone)   Closed: hours in which a register is not asked

A time of the wall clock that a night of change skips (02:30 in spring) is kept at the same distance from
midnight: 03:30 by the new clock. One that comes twice (02:30 in autumn) is done at its first coming, unless
the hour is left open (`*`): then the hour that is repeated is an hour like any other.
"""

from __future__ import annotations

from tmwatch.schedules.closed import Closed, closed_until, parse_closed
from tmwatch.schedules.when import Cron, Every, Schedule, missed, parse_schedule

__all__ = [
    "Closed",
    "Cron",
    "Every",
    "Schedule",
    "closed_until",
    "missed",
    "parse_closed",
    "parse_schedule",
]
