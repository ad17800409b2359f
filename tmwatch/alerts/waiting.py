"""What waits, and for what: the end of a recipient's quiet, its next digest, or the end of the day in which a
watch found more after its first message (`store.joining`). Looked at anew by each run.

What somebody has begun to send goes on by itself: it may be in the receiver's books, and would be told twice
if a digest took it in.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Literal

from tmwatch.alerts.digest_times import cannot_wait, is_stuck, last_day, next_digest
from tmwatch.alerts.quiet import waits_until
from tmwatch.alerts.urgency import Urgency
from tmwatch.config import Config, Recipient
from tmwatch.model import Significance

_DAY = dt.timedelta(days=1)
_DATES = dt.timedelta(days=3)  # what has a date until then does not wait for the end of a day


@dataclass(frozen=True)
class Waiting:
    """A delivery that is not sent, without its message. `begun`: its receiver was asked to take it once."""

    id: int
    recipient: str
    channel: str
    address: str
    alert: Urgency
    made: dt.datetime  # UTC
    begun: bool = False
    gathers_until: dt.datetime | None = None  # UTC; the end of the day whose hits it gathers


@dataclass(frozen=True)
class Wait:
    """Until when something is left alone, and why."""

    reason: Literal["digest", "quiet", "day"]
    until: dt.datetime  # UTC
    dates: dt.date | None = None  # for a digest: the day until which it has no date, or it would not wait

    def as_json(self) -> dict[str, str | None]:
        """For `alerts list --json`."""
        day = self.dates.isoformat() if self.dates else None
        return {"for": self.reason, "until": self.until.isoformat(), "no_date_until": day}


class Patience:
    """Of one moment. `told_at`: when each recipient's last digest was made. `making`: a digest is being made,
    so it takes in what waits however long it ought to have come."""

    def __init__(
        self,
        config: Config,
        told_at: Mapping[str, dt.datetime],
        instant: dt.datetime,
        *,
        making: bool = False,
    ) -> None:
        self._config, self._told_at, self._instant, self._making = config, told_at, instant, making
        self._landings: dict[str, Wait | None] = {}

    def with_(self, one: Waiting) -> Wait | None:
        """Whether the delivery waits now; None: it goes."""
        recipient = self._config.recipient(one.recipient)
        if recipient is None:
            return None
        if self._can_wait(one) and (one.channel, one.address) in recipient.ways:
            digest = self._digest(recipient)
            if digest is not None and _later(one.alert.first_due, digest.dates):
                return digest
        day = self._day(one, recipient)
        if day is not None:
            return day
        until = waits_until(recipient, one.alert, self._instant)
        return Wait("quiet", until) if until is not None else None

    def _can_wait(self, one: Waiting) -> bool:
        return not one.begun and not cannot_wait(self._config, one.alert)

    def _day(self, one: Waiting, recipient: Recipient) -> Wait | None:
        """The wait for what else its day brings; None where that is over, or it goes at once."""
        until, alert = one.gathers_until, one.alert
        if until is None or one.begun or not self._instant < until <= self._instant + _DAY:
            return None  # an end further ahead was written by a clock that was wrong
        watch = self._config.watch(alert.watch)
        if watch is None or watch.gather == "off" or alert.significance is Significance.CRITICAL:
            return None
        if not _later(alert.first_due, (until + _DATES).date()):
            return None
        return Wait("day", waits_until(recipient, alert, until) or until)

    def _digest(self, recipient: Recipient) -> Wait | None:
        """The wait for the recipient's next digest; None where it has none, or none can be made."""
        name = recipient.name
        if name not in self._landings:
            told_at, wait = self._told_at.get(name), None
            stuck = not self._making and is_stuck(recipient, told_at, self._instant)
            if recipient.digest != "off" and not stuck:
                landing = next_digest(recipient, told_at, self._instant)
                wait = Wait("digest", landing, last_day(recipient, landing))
            self._landings[name] = wait
        return self._landings[name]


def _later(day: dt.date | None, than: dt.date | None) -> bool:
    return day is None or than is None or day > than


def waiting_since(waiting: Iterable[Waiting], config: Config | None) -> dt.datetime | None:
    """Since when the oldest of what waits ought to have been sent.

    What waits for the end of a quiet or of a day, or for a digest, is no trouble: it counts from then.
    """
    found = []
    for one in waiting:
        wait = Patience(config, {}, one.made).with_(one) if config is not None else None
        found.append(wait.until if wait is not None else one.made)
    return min(found, default=None)
