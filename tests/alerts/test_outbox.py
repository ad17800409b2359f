"""What waits is sent once, retried for two days, and one broken receiver holds up nobody else."""

from __future__ import annotations

import datetime as dt
import random
import time

import pytest

from tests.alerts import samples
from tests.alerts.samples import CREATED, MemoryOutbox, delivery
from tmwatch.alerts.channels.base import EndpointDown, EndpointGone, OperatorNeeded, TryLater
from tmwatch.alerts.delivery import Delivery
from tmwatch.alerts.outbox import LEASE_SECONDS, SCHEDULE, DeliveryReport, deliver_due, next_try
from tmwatch.config import Config, Recipient
from tmwatch.errors import DeliveryError, PermanentDeliveryError

MINUTE = dt.timedelta(minutes=1)


class Scripted:
    """A way out that fails where it is told to, and keeps what it sent."""

    def __init__(self, **errors: Exception) -> None:
        self.errors = errors
        self.sent: list[tuple[str, str]] = []
        self.asked: list[str] = []

    def endpoint(self, delivery: Delivery, recipient: Recipient) -> str:
        return delivery.address

    def send(self, delivery: Delivery, recipient: Recipient) -> str:
        name = delivery.address.partition("@")[0]
        self.asked.append(name)
        if name in self.errors:
            raise self.errors[name]
        self.sent.append((delivery.address, delivery.message_id))
        return "250 OK"


THREE = ("a@example.com", "b@example.com", "c@example.com")


def three() -> tuple[Config, MemoryOutbox]:
    rows = [delivery(number, address=address) for number, address in enumerate(THREE, 1)]
    return samples.config(email=THREE), MemoryOutbox(*rows)


def run(store: MemoryOutbox, config: Config, channel: Scripted, now: dt.datetime = CREATED) -> DeliveryReport:
    return deliver_due(store, config, now, {"email": channel}, rng=random.Random(1))


def test_each_address_gets_its_own_message_once() -> None:
    config, store = three()
    channel = Scripted()
    report = run(store, config, channel)
    assert (report.sent, report.remaining, report.operator_needed) == (3, 0, False)
    assert store.answers == {1: "250 OK", 2: "250 OK", 3: "250 OK"}
    run(store, config, channel)
    assert channel.sent == [(address, f"msg-{n}") for n, address in enumerate(THREE, 1)]


def test_one_that_fails_does_not_stop_the_others_and_alone_is_tried_again() -> None:
    config, store = three()
    report = run(store, config, Scripted(b=DeliveryError("452 full")))
    assert (report.sent, report.failed_passing, report.dead, report.remaining) == (2, 1, 0, 1)
    assert not report.operator_needed
    assert store.rows[2].tries == 1
    channel = Scripted()
    assert run(store, config, channel, CREATED + 2 * MINUTE).sent == 1
    assert channel.sent == [("b@example.com", "msg-2")]


def test_a_refusal_for_good_is_a_dead_letter_at_once() -> None:
    config, store = three()
    report = run(store, config, Scripted(b=PermanentDeliveryError("550 no such user")))
    assert (report.sent, report.dead) == (2, 1)
    assert report.operator_needed
    assert store.rows[2].state == "dead"
    assert "550 no such user" in store.errors[2]


def test_tries_grow_over_about_two_days_and_then_end() -> None:
    rng = random.Random(3)
    waits = [next_try(tries, CREATED, rng) for tries in range(1, len(SCHEDULE) + 2)]
    assert waits[-1] is None
    spans = [when - CREATED for when in waits if when]
    assert spans == sorted(spans)
    assert dt.timedelta(hours=40) < sum(spans, dt.timedelta()) < dt.timedelta(hours=56)
    assert next_try(1, CREATED, random.Random(1)) != next_try(1, CREATED, random.Random(2))

    config, store = three()
    now, tries = CREATED, 0
    while store.rows[1].state == "pending":
        run(store, config, Scripted(a=DeliveryError("500")), now)
        now, tries = max(store.due[1], now) + MINUTE, tries + 1
    assert tries == len(SCHEDULE) + 1


def test_killed_between_claim_and_answer_it_is_sent_again_under_the_same_id() -> None:
    config, store = three()

    class Killed(Scripted):
        def send(self, delivery: Delivery, recipient: Recipient) -> str:
            super().send(delivery, recipient)
            raise KeyboardInterrupt

    first, later = Killed(), Scripted()
    with pytest.raises(KeyboardInterrupt):
        run(store, config, first)
    assert run(store, config, later, CREATED + MINUTE).sent == 2  # the lease holds the first one
    assert run(store, config, later, CREATED + dt.timedelta(seconds=LEASE_SECONDS + 5)).sent == 1
    assert later.sent[-1] == first.sent[0]


def test_two_processes_do_not_send_the_same_thing_twice(monkeypatch: pytest.MonkeyPatch) -> None:
    config, store = three()
    channel = Scripted()

    class Greedy(Scripted):
        """While the first process sends, the second runs."""

        def send(self, delivery: Delivery, recipient: Recipient) -> str:
            run(store, config, channel)
            return super().send(delivery, recipient)

    first = Greedy()
    stale = store.due_deliveries(CREATED)
    monkeypatch.setattr(store, "due_deliveries", lambda now, leave: stale)  # both saw the same list
    report = run(store, config, first)
    assert sorted(first.sent + channel.sent) == [(address, f"msg-{n}") for n, address in enumerate(THREE, 1)]
    assert report.remaining == 2


def test_an_endpoint_that_is_down_is_asked_once_a_run() -> None:
    rows = [delivery(number, address="a@example.com") for number in range(1, 5)]
    store = MemoryOutbox(*rows, delivery(9, address="b@example.com"))
    channel = Scripted(a=EndpointDown("no connection"))
    report = run(store, samples.config(email=THREE), channel)
    assert channel.asked == ["a", "b"]
    assert (report.sent, report.failed_passing) == (1, 4)


def test_what_waits_for_the_operator_is_never_given_up() -> None:
    config, store = three()
    store.rows[1] = delivery(1, address=THREE[0], tries=50)
    report = run(store, config, Scripted(a=OperatorNeeded("the environment variable X is not set")))
    assert report.operator_needed
    assert report.dead == 0
    assert CREATED < store.due[1] <= CREATED + dt.timedelta(hours=1, minutes=1)
    assert [failure.error for failure in report.failures] == ["the environment variable X is not set"]


def test_a_receiver_that_says_when_is_not_asked_before_and_cannot_freeze_us() -> None:
    config, store = three()
    run(store, config, Scripted(a=TryLater("429", after=1800), b=TryLater("429", after=10**7)))
    assert store.due[1] >= CREATED + dt.timedelta(minutes=30)
    assert store.due[2] <= CREATED + dt.timedelta(days=1, minutes=1)


def test_a_receiver_that_is_gone_is_switched_off_and_what_comes_for_it_waits() -> None:
    config, store = three()
    report = run(store, config, Scripted(a=EndpointGone("410")))
    assert {name: waiting for name, (_, waiting, _) in report.off.items()} == {"a@example.com": 1}
    assert report.operator_needed
    assert (store.rows[1].state, store.rows[1].tries) == ("pending", 0)


def test_who_left_the_configuration_gets_nothing_more_and_the_reason_is_kept() -> None:
    rows = (
        delivery(1, recipient="former"),
        delivery(2, address="old@example.com"),
        delivery(3, channel="webhook", address="legal"),
    )
    store = MemoryOutbox(*rows)
    channel = Scripted()
    report = deliver_due(store, samples.config(email=THREE), CREATED, {"email": channel, "webhook": channel})
    assert report.dead == 3
    assert channel.asked == []
    assert 'recipient "former" is not in the configuration any more' in store.errors[1]
    assert "old@example.com is not an address" in store.errors[2]
    assert "has no webhook any more" in store.errors[3]


def test_a_message_that_cannot_be_made_stops_only_itself() -> None:
    config, store = three()
    report = run(store, config, Scripted(a=RuntimeError("bug\x1b[31m")))
    assert (report.sent, report.failed_passing) == (2, 1)
    assert "RuntimeError: bug" in store.errors[1]
    assert "\x1b" not in store.errors[1]


def test_an_instant_without_zone_is_refused() -> None:
    with pytest.raises(ValueError, match="aware"):
        deliver_due(MemoryOutbox(), samples.config(), dt.datetime(2025, 10, 16), {})


def test_a_slow_receiver_does_not_hold_up_the_quick_ones() -> None:
    rows = [delivery(number, address=THREE[0] if number <= 3 else THREE[1]) for number in range(1, 7)]
    store = MemoryOutbox(*rows)

    class Slow(Scripted):
        def send(self, delivery: Delivery, recipient: Recipient) -> str:
            if delivery.address == THREE[0]:
                time.sleep(0.5)
            return super().send(delivery, recipient)

    channel = Slow()
    run(store, samples.config(email=THREE), channel)
    assert channel.asked == ["a", "b", "b", "b", "a", "a"]
