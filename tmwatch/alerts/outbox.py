"""The outbox: what waits is claimed, sent, and marked with the answer.

Deliveries are written in the transaction of the change they tell of (design law 5); here they leave,
at least once, with ids that never change. A claim is a lease: a process killed between claim and
answer leaves the delivery to the next run, which sends it again under the same id.

One endpoint that fails never stops the others. An endpoint that cannot be reached at all is asked once
a run: what else waits for it is put off with the same error, instead of waiting for a time-out each.
"""

from __future__ import annotations

import datetime as dt
import random
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from tmwatch.alerts.channels.base import Channel, EndpointGone, OperatorNeeded, TryLater
from tmwatch.alerts.channels.email import EmailChannel
from tmwatch.alerts.channels.webhook import WebhookChannel
from tmwatch.alerts.delivery import Delivery
from tmwatch.config import Config, Recipient
from tmwatch.errors import DeliveryError, PermanentDeliveryError
from tmwatch.text import clean_line

# Waits after the first, second … failed try: nine tries over about two days, then the dead letters.
_MINUTES = (1, 5, 20, 60, 180, 360, 720, 1440)
SCHEDULE = tuple(dt.timedelta(minutes=minutes) for minutes in _MINUTES)
JITTER = 0.1  # ± this part of the wait, so that many deliveries do not come back as one
# Longer than any single try may take: connect, login and answer time out well before.
LEASE_SECONDS = 900.0
# While the operator is needed, nothing is given up; it is looked at again this often at least.
_LONGEST_WAIT_FOR_OPERATOR = dt.timedelta(hours=1)
_LONGEST_RETRY_AFTER = dt.timedelta(days=1)


class OutboxStore(Protocol):
    """What the outbox needs of the store."""

    def due_deliveries(self, now: dt.datetime, /) -> Sequence[Delivery]:
        """Those whose time has come and that nobody holds, oldest first."""
        ...

    def claim(self, delivery_id: int, now: dt.datetime, lease_seconds: float, /) -> bool:
        """Take it for this process; False when another was faster. Atomic across processes."""
        ...

    def mark_sent(self, delivery_id: int, now: dt.datetime, answer: str, /) -> None:
        """Done; the receiver's answer is kept."""
        ...

    def mark_failed(
        self, delivery_id: int, now: dt.datetime, error: str, next_try: dt.datetime | None, /
    ) -> None:
        """One try more, and when the next is due; None makes it a dead letter."""
        ...


@dataclass(frozen=True)
class Failure:
    """A try that failed, as an operator needs to know it."""

    delivery_id: int
    recipient: str
    channel: str
    error: str
    next_try: dt.datetime | None  # None: dead letter
    operator_needed: bool = False


@dataclass
class DeliveryReport:
    """What one pass did. `remaining` still waits: for its next try, or in another process' hands."""

    sent: int = 0
    failed_passing: int = 0
    dead: int = 0
    remaining: int = 0
    failures: list[Failure] = field(default_factory=list)
    gone: list[str] = field(default_factory=list)  # recipients whose webhook answered 410

    @property
    def operator_needed(self) -> bool:
        """Something will not pass by itself: a dead letter, or a secret or login to mend (exit code 1)."""
        return self.dead > 0 or any(failure.operator_needed for failure in self.failures)


def deliver_due(
    store: OutboxStore,
    config: Config,
    now: dt.datetime,
    channels: Mapping[str, Channel] | None = None,
    *,
    rng: random.Random | None = None,
) -> DeliveryReport:
    """Send everything that is due. Raises only what the store raises.

    `now` is an aware instant; time that passes during the run is added to it.
    """
    if now.tzinfo is None:
        raise ValueError("now must be an aware instant (UTC)")
    run = _Run(store, config, now, channels if channels is not None else default_channels(config), rng)
    for delivery in store.due_deliveries(now):
        run.one(delivery)
    return run.report


def default_channels(config: Config, env: Mapping[str, str] | None = None) -> dict[str, Channel]:
    """E-mail and webhook as configured; secrets are read from `env` at the moment of sending."""
    return {"email": EmailChannel(config, env=env), "webhook": WebhookChannel(config, env=env)}


def next_try(tries: int, now: dt.datetime, rng: random.Random) -> dt.datetime | None:
    """When to try again after `tries` failed ones (1 = the first has just failed); None: give up."""
    if tries > len(SCHEDULE):
        return None
    return now + SCHEDULE[tries - 1] * (1 + rng.uniform(-JITTER, JITTER))


class _Run:
    """One pass over what is due."""

    def __init__(
        self,
        store: OutboxStore,
        config: Config,
        now: dt.datetime,
        channels: Mapping[str, Channel],
        rng: random.Random | None,
    ) -> None:
        self.store = store
        self.config = config
        self.channels = channels
        self.report = DeliveryReport()
        self.rng = rng or random.Random()  # noqa: S311  spreads tries, guards nothing
        self.down: dict[str, DeliveryError] = {}
        self._start = now
        self._started = time.monotonic()

    @property
    def now(self) -> dt.datetime:
        return self._start + dt.timedelta(seconds=time.monotonic() - self._started)

    def one(self, delivery: Delivery) -> None:
        """Claim, send, mark."""
        if not self.store.claim(delivery.id, self.now, LEASE_SECONDS):
            self.report.remaining += 1  # another process has it
            return
        try:
            answer = self._send(delivery)
        except DeliveryError as error:
            self._failed(delivery, error)
        # A message that cannot be made must not stop the others; it is tried, reported and kept.
        except Exception as error:  # noqa: BLE001
            said = f"the message could not be made: {type(error).__name__}: {clean_line(str(error), 200)}"
            self._failed(delivery, DeliveryError(said, do="Please report this; the alert itself is kept."))
        else:
            self.store.mark_sent(delivery.id, self.now, answer)
            self.report.sent += 1

    def _send(self, delivery: Delivery) -> str:
        recipient = self._recipient(delivery)
        channel = self.channels.get(delivery.channel)
        if channel is None:
            raise PermanentDeliveryError(f"there is no channel {clean_line(delivery.channel, 40)!r}")
        endpoint = channel.endpoint(delivery, recipient)
        if endpoint in self.down:
            raise self.down[endpoint]
        try:
            return channel.send(delivery, recipient)
        except DeliveryError as error:
            if getattr(error, "endpoint_down", False):
                self.down[endpoint] = error
            raise

    def _recipient(self, delivery: Delivery) -> Recipient:
        """The recipient as configured now. Whoever was taken out of the configuration gets nothing more."""
        recipient = next((one for one in self.config.recipients if one.name == delivery.recipient), None)
        again = "Put it back and use `tmwatch alerts retry`, or leave it."
        if recipient is None:
            raise PermanentDeliveryError(
                f'recipient "{delivery.recipient}" is not in the configuration any more', do=again
            )
        if delivery.channel == "email" and delivery.address not in recipient.email:
            raise PermanentDeliveryError(
                f'{delivery.address} is not an address of recipient "{recipient.name}" any more', do=again
            )
        if delivery.channel == "webhook" and recipient.webhook is None:
            raise PermanentDeliveryError(f'recipient "{recipient.name}" has no webhook any more', do=again)
        return recipient

    def _failed(self, delivery: Delivery, error: DeliveryError) -> None:
        now = self.now
        when = self._when(delivery, error, now)
        self.store.mark_failed(delivery.id, now, str(error), when)
        if when is None:
            self.report.dead += 1
        else:
            self.report.failed_passing += 1
            self.report.remaining += 1
        if isinstance(error, EndpointGone) and delivery.recipient not in self.report.gone:
            self.report.gone.append(delivery.recipient)
        self.report.failures.append(
            Failure(
                delivery_id=delivery.id,
                recipient=delivery.recipient,
                channel=delivery.channel,
                error=str(error),
                next_try=when,
                operator_needed=isinstance(error, OperatorNeeded),
            )
        )

    def _when(self, delivery: Delivery, error: DeliveryError, now: dt.datetime) -> dt.datetime | None:
        if isinstance(error, PermanentDeliveryError):
            return None
        when = next_try(delivery.tries + 1, now, self.rng)
        if isinstance(error, OperatorNeeded):
            latest = now + _LONGEST_WAIT_FOR_OPERATOR
            return min(when, latest) if when else latest
        if isinstance(error, TryLater) and when:
            return max(when, now + min(dt.timedelta(seconds=error.after), _LONGEST_RETRY_AFTER))
        return when
