"""The outbox: what waits is claimed, sent, and marked with the answer.

Deliveries are written in the transaction of the change they tell of (design law 5); here they leave,
at least once, with ids that never change. A claim is a lease: a process killed between claim and
answer leaves the delivery to the next run, which sends it again under the same id.

One endpoint that fails never stops the others, nor costs them much time:

* whoever failed when last asked comes last, and of the others always that endpoint is next which has
  used the least time of this run, so that a slow one does not hold up the quick ones;
* an endpoint that cannot be reached at all is asked once a run: what else waits for it is put off with
  the same error, instead of waiting for a time-out each. Next time another of these is asked first
  (`asked_at`), so that one message that a receiver chokes on does not keep the rest from it for ever.
"""

from __future__ import annotations

import datetime as dt
import os
import random
import time
from collections import deque
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from tmwatch.alerts.channels.base import BrokeOff, Channel, EndpointGone, OperatorNeeded, TryLater
from tmwatch.alerts.channels.table import Channels
from tmwatch.alerts.delivery import Delivery
from tmwatch.alerts.receivers import EndpointStore, Notice, Receivers, switch_on
from tmwatch.alerts.waiting import Patience, Wait, Waiting
from tmwatch.config import Config, Recipient
from tmwatch.errors import DeliveryError, PermanentDeliveryError
from tmwatch.masking import mask
from tmwatch.text import clean_line

# Waits after the first, second … failed try: nine tries over about two days, then the dead letters.
_MINUTES = (1, 5, 20, 60, 180, 360, 720, 1440)
SCHEDULE = tuple(dt.timedelta(minutes=minutes) for minutes in _MINUTES)
JITTER = 0.1  # ± this part of the wait, so that many deliveries do not come back as one
# Longer than any single try may take: connect, login and answer time out well before.
LEASE_SECONDS = 900.0
_LONGEST_RETRY_AFTER = dt.timedelta(days=1)
# A server that broke off in the middle of so many messages of one run is not asked again in it: one may
# have been the message's fault.
_BREAKS = 2


class OutboxStore(EndpointStore, Protocol):
    """What the outbox needs of the store."""

    unreadable: list[tuple[int, str, str, str]]
    """(id, recipient, channel, error) of what `due_deliveries` gave up since it cannot be read."""

    def due_deliveries(self, now: dt.datetime, leave: Callable[[Waiting], bool], /) -> Sequence[Delivery]:
        """Those whose time has come, that nobody holds and that are not to be left; oldest first."""
        ...

    def digests_told(self) -> Mapping[str, dt.datetime]:
        """When each recipient's last digest was made."""
        ...

    def claim(self, delivery_id: int, now: dt.datetime, lease_seconds: float, /) -> bool:
        """Take it for this process; False when another was faster. Atomic across processes."""
        ...

    def fresh(self, delivery: Delivery, /) -> Delivery:
        """As it stands now that it is claimed: filings may have joined its alert since it was read."""
        ...

    def mark_sent(self, delivery_id: int, now: dt.datetime, answer: str, /) -> None:
        """Done; the receiver's answer is kept."""
        ...

    def mark_failed(
        self,
        delivery_id: int,
        now: dt.datetime,
        error: str,
        next_try: dt.datetime | None,
        /,
        *,
        asked: bool = True,
        counted: bool = True,
    ) -> None:
        """When the next try is due; None makes it a dead letter. `asked`: the receiver was, just now;
        `counted`: it is one of the tries after which it is given up."""
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
    notices: list[Notice] = field(default_factory=list)  # what was told of receivers
    # Receivers that are switched off and for which something waits: why, how many deliveries, what to do.
    off: dict[str, tuple[str, int, str]] = field(default_factory=dict)

    # Recipients who are left alone now, and until when: what is not urgent waits.
    quiet: dict[str, dt.datetime] = field(default_factory=dict)
    # Recipients for whose next digest something waits: when it comes, and how many deliveries.
    digests: dict[str, tuple[dt.datetime, int]] = field(default_factory=dict)
    # Likewise for the end of the day in which a watch found more after its first message.
    days: dict[str, tuple[dt.datetime, int]] = field(default_factory=dict)

    @property
    def untold(self) -> list[Notice]:
        """What could be told by no other road: for stderr."""
        return [one for one in self.notices if not one.to]

    @property
    def operator_needed(self) -> bool:
        """Something will not pass by itself: a dead letter, a receiver switched off, a secret or login to
        mend (exit code 1)."""
        needed = any(failure.operator_needed for failure in self.failures)
        return self.dead > 0 or bool(self.off) or bool(self.untold) or needed


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
    # `now` counts from here: what is told of a receiver meanwhile would else seem to be due after the run.
    started = time.monotonic()
    channels = channels if channels is not None else default_channels(config)
    run = _Run(store, config, now, channels, rng, started)
    run.all()
    return run.report


def default_channels(config: Config, env: Mapping[str, str] | None = None) -> Mapping[str, Channel]:
    """Every way out as configured; secrets are read from `env` at the moment of sending."""
    return Channels(config, env)


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
        started: float,
    ) -> None:
        self.store = store
        self.config = config
        self.channels = channels
        self.report = DeliveryReport()
        self.rng = rng or random.Random()  # noqa: S311  spreads tries, guards nothing
        self.down: dict[str, DeliveryError] = {}
        self.broke: dict[str, int] = {}
        self.used: dict[str, float] = {}  # seconds by endpoint
        self.waits: dict[int, tuple[str, Wait]] = {}  # delivery → its recipient, and for what it waits
        self.receivers = Receivers(store, config)
        # Receivers repeat in their answers what they were sent; answers and errors are kept (law 13).
        self.secrets = config.secrets(os.environ)
        self._start = now
        self._started = started

    @property
    def now(self) -> dt.datetime:
        return self._start + dt.timedelta(seconds=time.monotonic() - self._started)

    def all(self) -> None:
        """Everything that is due, each once; what is told of receivers meanwhile leaves in the same run."""
        seen: set[int] = set()
        while fresh := [one for one in self._due() if one.id not in seen]:
            seen.update(one.id for one in fresh)
            self._fairly(fresh)
        self._report_waits()
        for number, recipient, channel, error in self.store.unreadable:
            self.report.dead += 1
            self.report.failures.append(Failure(number, recipient, channel, error, None))
        self.store.unreadable.clear()
        self.report.notices = self.receivers.notices
        for one in self.receivers.off():
            if waiting := self.store.waiting_for(one.key):
                self.report.off[one.name] = (one.why, waiting, switch_on(one.recipient))

    def _fairly(self, deliveries: Iterable[Delivery]) -> None:
        queues: dict[str, deque[Delivery]] = {}
        longest_ago = dt.datetime.min.replace(tzinfo=dt.UTC)
        for one in sorted(deliveries, key=lambda one: (one.asked_at or longest_ago, one.id)):
            queues.setdefault(self._endpoint(one), deque()).append(one)

        def turn(endpoint: str) -> tuple[bool, float, int]:
            first = queues[endpoint][0]
            return self.receivers.is_failing(first), self.used.get(endpoint, 0.0), first.id

        while queues:
            endpoint = min(queues, key=turn)
            started = time.monotonic()
            self.one(queues[endpoint].popleft(), endpoint)
            self.used[endpoint] = self.used.get(endpoint, 0.0) + time.monotonic() - started
            if not queues[endpoint]:
                del queues[endpoint]

    def _endpoint(self, delivery: Delivery) -> str:
        """What stands or falls together; a delivery that can go nowhere stands alone."""
        channel = self.channels.get(delivery.channel)
        try:
            recipient = self._recipient(delivery)
        except PermanentDeliveryError:
            return f"nowhere {delivery.id}"
        return channel.endpoint(delivery, recipient) if channel else f"nowhere {delivery.id}"

    def one(self, delivery: Delivery, endpoint: str) -> None:
        """Claim, send, mark; what is for a receiver that is switched off stays as it is."""
        if self.receivers.is_off(delivery):
            self.report.remaining += 1
            return
        if not self.store.claim(delivery.id, self.now, LEASE_SECONDS):
            self.report.remaining += 1  # another process has it
            return
        if endpoint in self.down:
            self._failed(delivery, self.down[endpoint], asked=False)
            return
        try:
            delivery = self.store.fresh(delivery)
            recipient = self._recipient(delivery)
            answer = mask(self._channel(delivery).send(delivery, recipient), self.secrets)
        except _Nowhere as error:
            self._failed(delivery, error, asked=False, about_receiver=False)
        except DeliveryError as error:
            self._hush(error)
            self._note(endpoint, error)
            self._failed(delivery, error)
        # A message that cannot be made must not stop the others; it is tried, reported and kept.
        except Exception as error:  # noqa: BLE001
            what = mask(clean_line(str(error), 200), self.secrets)
            said = f"the message could not be made: {type(error).__name__}: {what}"
            wrong = DeliveryError(said, do="Please report this; the alert itself is kept.")
            self._failed(delivery, wrong, asked=False, about_receiver=False)
        else:
            self.broke.pop(endpoint, None)
            with self.store.together():
                self.store.mark_sent(delivery.id, self.now, answer)
                self.receivers.took(delivery, self.now)
            self.report.sent += 1

    def _due(self) -> Sequence[Delivery]:
        """What is to be sent now; what waits for a digest, or the end of a quiet or a day, stays as it is."""
        patience = Patience(self.config, self.store.digests_told(), self.now)

        def leave(one: Waiting) -> bool:
            wait = patience.with_(one)
            if wait is not None:
                self.waits[one.id] = one.recipient, wait
            return wait is not None

        return self.store.due_deliveries(self.now, leave)

    def _report_waits(self) -> None:
        self.report.remaining += len(self.waits)
        for recipient, wait in self.waits.values():
            if wait.reason == "quiet":
                self.report.quiet[recipient] = wait.until
            else:
                waits = self.report.days if wait.reason == "day" else self.report.digests
                until, count = waits.get(recipient, (wait.until, 0))
                waits[recipient] = min(until, wait.until), count + 1

    def _hush(self, error: DeliveryError) -> None:
        """No secret in its text, whatever the receiver repeated."""
        for name in ("message", "where", "kept", "do"):
            setattr(error, name, mask(getattr(error, name), self.secrets))

    def _channel(self, delivery: Delivery) -> Channel:
        channel = self.channels.get(delivery.channel)
        if channel is None:
            raise _Nowhere(f"there is no channel {clean_line(delivery.channel, 40)!r}")
        return channel

    def _note(self, endpoint: str, error: DeliveryError) -> None:
        """Whether the endpoint is asked again in this run."""
        if isinstance(error, BrokeOff):
            self.broke[endpoint] = self.broke.get(endpoint, 0) + 1
        if getattr(error, "endpoint_down", False) or self.broke.get(endpoint, 0) >= _BREAKS:
            self.down[endpoint] = error

    def _recipient(self, delivery: Delivery) -> Recipient:
        """The recipient as configured now. Whoever was taken out of the configuration gets nothing more."""
        recipient = next((one for one in self.config.recipients if one.name == delivery.recipient), None)
        again = "Put it back and use `tmwatch alerts retry`, or `tmwatch alerts drop --given-up`."
        if recipient is None:
            raise _Nowhere(f'recipient "{delivery.recipient}" is not in the configuration any more', do=again)
        if delivery.channel == "email" and delivery.address not in recipient.email:
            raise _Nowhere(
                f'{delivery.address} is not an address of recipient "{recipient.name}" any more', do=again
            )
        if delivery.channel not in dict(recipient.ways):
            raise _Nowhere(f'recipient "{recipient.name}" has no {delivery.channel} any more', do=again)
        return recipient

    def _failed(
        self, delivery: Delivery, error: DeliveryError, *, asked: bool = True, about_receiver: bool = True
    ) -> None:
        now = self.now
        when = self._when(delivery, error, now)
        # What waits for a person uses up no try: the schedule starts when the person has done it. Nor does
        # what was not asked because the receiver had enough for now: twenty a minute, say some.
        counted = not isinstance(error, OperatorNeeded | EndpointGone)
        counted = counted and (asked or not isinstance(error, TryLater))
        with self.store.together():
            self.store.mark_failed(delivery.id, now, str(error), when, asked=asked, counted=counted)
            if about_receiver:
                self.receivers.failed(delivery, error, now, asked=asked, dead=when is None)
        if when is None:
            self.report.dead += 1
        else:
            self.report.failed_passing += 1
            self.report.remaining += 1
        if isinstance(error, EndpointGone):
            return  # told as a receiver that is switched off
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
        if isinstance(error, EndpointGone):
            return now  # as soon as it is switched on again
        if isinstance(error, OperatorNeeded):
            return next_try(1, now, self.rng)  # never given up; looked at again by the next run
        when = next_try(delivery.tries + 1, now, self.rng)
        if isinstance(error, TryLater) and when:
            return max(when, now + min(dt.timedelta(seconds=error.after), _LONGEST_RETRY_AFTER))
        return when


class _Nowhere(PermanentDeliveryError):
    """There is nobody to ask: the configuration names the receiver no more."""
