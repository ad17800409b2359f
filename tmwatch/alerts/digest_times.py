"""When a recipient's digest is sent, and which alerts wait for it. Pure.

A digest that was missed (the machine slept, cron comes once a day) is one digest, by the next run. In quiet
hours and on quiet days none is made: it comes when they are over, or with the next one where that is near.

A digest that should have come two days ago and did not, since it cannot be made, holds nothing up any more.

Whatever has a date never waits too long: at once goes what has one until a fortnight after the next digest.
Which alerts wait is looked at anew by each run, so a change of the configuration counts at once.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from typing import get_args
from zoneinfo import ZoneInfo

from tmwatch.alerts.quiet import quiet_until
from tmwatch.alerts.urgency import Urgency
from tmwatch.config import Config, Recipient
from tmwatch.config.models import Weekday
from tmwatch.model import Significance

DATES = dt.timedelta(days=14)
_NEAR = dt.timedelta(hours=12)  # so soon after the quiet the next digest tells it all
_QUIETS = 10  # so many in a row are a quiet that never ends
_STUCK = dt.timedelta(days=2)  # cron comes once a day
_WRONG = dt.timedelta(days=1)  # a clock that was further ahead than this was wrong
_DAYS: tuple[str, ...] = get_args(Weekday)
_HEALTH = frozenset({"source.health", "delivery.health"})
_NEVER = frozenset({"digest", "test"})


def slot_after(recipient: Recipient, instant: dt.datetime) -> dt.datetime:
    """The first time after `instant` that the settings name, by the wall clock of the recipient's zone.

    In a night of change a time that is skipped comes an hour later by the new clock, and one that comes
    twice counts at its first coming.
    """
    return next(slot for slot in _slots(recipient, instant) if slot > instant)


def _slots(recipient: Recipient, instant: dt.datetime) -> Iterator[dt.datetime]:
    zone, at = ZoneInfo(recipient.timezone), dt.time.fromisoformat(recipient.digest_at)
    day = instant.astimezone(zone).date() - dt.timedelta(days=1)
    while True:
        if recipient.digest == "daily" or _DAYS[day.weekday()] == recipient.digest_day:
            yield dt.datetime.combine(day, at, zone).astimezone(dt.UTC)
        day += dt.timedelta(days=1)


def lands(recipient: Recipient, slot: dt.datetime) -> dt.datetime:
    """When the digest of that time comes: after the quiet, if it lies in one."""
    over = quiet_until(recipient, slot)
    for _ in range(_QUIETS):
        if over is None:
            return slot
        slot = slot_after(recipient, over - dt.timedelta(microseconds=1))
        if slot - over > _NEAR:
            return over
        over = quiet_until(recipient, slot)
    return slot


def is_due(recipient: Recipient, told_at: dt.datetime, instant: dt.datetime) -> bool:
    """Whether a digest is to be made now; `told_at`: when the last one was."""
    return next_digest(recipient, told_at, instant) <= instant


def next_digest(recipient: Recipient, told_at: dt.datetime | None, instant: dt.datetime) -> dt.datetime:
    """When the next one comes: now, where it ought to have come already; but never in the quiet."""
    if told_at is None or was_ahead(told_at, instant):
        told_at = instant
    landing = lands(recipient, slot_after(recipient, told_at))
    return max(landing, quiet_until(recipient, instant) or instant)


def was_ahead(told_at: dt.datetime, instant: dt.datetime) -> bool:
    """Whether the last digest was made by a clock that was wrong."""
    return told_at > instant + _WRONG


def is_stuck(recipient: Recipient, told_at: dt.datetime | None, instant: dt.datetime) -> bool:
    """Whether a digest ought to have been made long ago: then what waits for it goes by itself."""
    if told_at is None or not is_due(recipient, told_at, instant):
        return False
    return instant - lands(recipient, slot_after(recipient, told_at)) > _STUCK


def last_day(recipient: Recipient, landing: dt.datetime) -> dt.date:
    """The day until which a date is told before the digest that lands then."""
    return (landing + DATES).astimezone(ZoneInfo(recipient.timezone)).date()


def cannot_wait(config: Config, alert: Urgency) -> bool:
    """What goes at once whenever the next digest is: what is critical, what is high on a watch of one's own
    filings, and that something fails. Of a watch that is configured no more it is not known whose it was."""
    if alert.kind in _NEVER or alert.significance is Significance.CRITICAL:
        return True
    if alert.significance is not Significance.HIGH:
        return False
    watch = config.watch(alert.watch)
    return alert.kind in _HEALTH or watch is None or watch.role == "own"
