"""What waits, and for what: the end of a recipient's quiet, or its next digest. Looked at anew by each run.

What somebody has begun to send goes on by itself: it may be in the receiver's books, and would be told twice
if a digest took it in.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Literal

from tmwatch.alerts.digest_times import cannot_wait, last_day, next_digest
from tmwatch.alerts.quiet import waits_until
from tmwatch.alerts.urgency import Urgency
from tmwatch.config import Config


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


@dataclass(frozen=True)
class Wait:
    """Until when something is left alone, and why."""

    reason: Literal["digest", "quiet"]
    until: dt.datetime  # UTC

    def as_json(self) -> dict[str, str]:
        """For `alerts list --json`."""
        return {"for": self.reason, "until": self.until.isoformat()}


class Patience:
    """Of one moment. `told_at`: when each recipient's last digest was made."""

    def __init__(self, config: Config, told_at: Mapping[str, dt.datetime], instant: dt.datetime) -> None:
        self._config, self._told_at, self._instant = config, told_at, instant
        self._landings: dict[str, tuple[dt.datetime, dt.date]] = {}

    def with_(self, one: Waiting) -> Wait | None:
        """Whether the delivery waits now; None: it goes."""
        recipient = self._config.recipient(one.recipient)
        if recipient is None:
            return None
        if recipient.digest != "off" and self._can_wait(one) and (one.channel, one.address) in recipient.ways:
            landing, last = self._landing(one.recipient)
            if one.alert.first_due is None or one.alert.first_due > last:
                return Wait("digest", landing)
        until = waits_until(recipient, one.alert, self._instant)
        return Wait("quiet", until) if until is not None else None

    def _can_wait(self, one: Waiting) -> bool:
        return not one.begun and not cannot_wait(self._config, one.alert)

    def _landing(self, name: str) -> tuple[dt.datetime, dt.date]:
        if name not in self._landings:
            recipient = self._config.recipient(name)
            assert recipient is not None
            landing = next_digest(recipient, self._told_at.get(name), self._instant)
            self._landings[name] = landing, last_day(recipient, landing)
        return self._landings[name]


def waiting_since(waiting: Iterable[Waiting], config: Config | None) -> dt.datetime | None:
    """Since when the oldest of what waits ought to have been sent.

    What waits for the end of a quiet, or for a digest, is no trouble: it counts from then.
    """
    found = []
    for one in waiting:
        wait = Patience(config, {}, one.made).with_(one) if config is not None else None
        found.append(wait.until if wait is not None else one.made)
    return min(found, default=None)
