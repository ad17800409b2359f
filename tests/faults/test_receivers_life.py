"""The life of a delivery whose receiver fails, under a set clock: tried, given up, told of, revived."""

from __future__ import annotations

import datetime as dt
import itertools
import random
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
import time_machine
from hypothesis import given
from hypothesis import strategies as st

from tests.conftest import ROOT
from tests.faults.receivers import HostileHook, HostileMail
from tests.faults.test_receivers import Post, authority, post
from tests.loopback import Mailbox
from tmwatch.alerts import outbox
from tmwatch.alerts.channels.base import Channel
from tmwatch.alerts.outbox import JITTER, SCHEDULE, deliver_due, next_try
from tmwatch.alerts.receivers import Receivers
from tmwatch.config import Config
from tmwatch.errors import DeliveryError
from tmwatch.store import Database, Outbox
from tmwatch.store.database import now
from tmwatch.store.endpoints import endpoints

__all__ = ["authority", "post"]  # fixtures

START = dt.datetime(2026, 3, 2, 6, 15, tzinfo=dt.UTC)
HOUR, DAY = dt.timedelta(hours=1), dt.timedelta(days=1)
DOCUMENTED = "nine tries, with 1, 5 and 20 minutes, 1, 3, 6, 12 and 24 hours between them (± 10 %)"


# -- the schedule --------------------------------------------------------------------------------------------


def life(rng: random.Random, late: st.DataObject | None = None) -> list[dt.datetime]:
    """The instants of all tries of one delivery, each made when it is due."""
    instants, tries = [START], 0
    while (when := next_try(tries := tries + 1, instants[-1], rng)) is not None:
        instants.append(when)
    return instants


@given(st.integers())
def test_nine_tries_over_about_two_days_each_wait_longer_than_the_one_before(seed: int) -> None:
    tries = life(random.Random(seed))
    waits = [later - earlier for earlier, later in itertools.pairwise(tries)]
    assert len(tries) == 9
    assert all(longer > shorter for shorter, longer in itertools.pairwise(waits))
    assert 1.7 * DAY < tries[-1] - tries[0] < 2.2 * DAY
    assert all(abs(wait / planned - 1) <= JITTER for wait, planned in zip(waits, SCHEDULE, strict=True))


@given(st.integers(), st.integers(2, 40))
def test_deliveries_that_failed_together_do_not_come_back_together(seed: int, many: int) -> None:
    rng = random.Random(seed)
    for tries in range(1, len(SCHEDULE) + 1):
        assert len({next_try(tries, START, rng) for _ in range(many)}) == many


def test_the_schedule_is_the_documented_one() -> None:
    assert DOCUMENTED in (ROOT / "README.md").read_text(encoding="utf-8")
    minutes = [wait / dt.timedelta(minutes=1) for wait in SCHEDULE]
    assert minutes == [1, 5, 20, 60, 180, 360, 720, 1440]


# -- two days of an outage -----------------------------------------------------------------------------------


@pytest.fixture
def clock() -> Iterator[time_machine.Traveller]:
    with time_machine.travel(START, tick=False) as clock:
        yield clock


def walk(post: Post, clock: time_machine.Traveller, span: dt.timedelta, step: dt.timedelta) -> None:
    """`check` in cron: what is due is delivered every `step`."""
    until = dt.datetime.now(dt.UTC) + span
    while dt.datetime.now(dt.UTC) < until:
        clock.shift(step)
        post.deliver()


def told(box: Mailbox) -> list[str]:
    """The subjects of what was told of receivers, in order."""
    return [str(mail["Subject"]).partition(" · ")[2] for mail in box.mails if "delivery.health" in str(mail)]


def test_every_delivery_walks_the_whole_schedule_in_the_database_and_ends_as_a_dead_letter(
    post: Post, clock: time_machine.Traveller
) -> None:
    with HostileHook("500") as hook:
        post.hook("legal", hook.url)
        for _ in range(3):
            post.alert()
        ids = {row["message_id"] for alert in post.outbox.alerts() for row in alert["deliveries"]}
        seen: dict[str, list[str]] = {one: [] for one in ids}
        while any(row["state"] == "pending" for row in rows(post)):
            due = min(row["next_try_at"] for row in rows(post) if row["state"] == "pending")
            clock.move_to(max(dt.datetime.fromisoformat(due), dt.datetime.now(dt.UTC)))
            before = dict(hook.books)
            post.deliver()
            for one in ids:
                if hook.books[one] > before.get(one, 0):
                    seen[one].append(dt.datetime.now(dt.UTC).isoformat())
        assert set(hook.books) == ids
        assert {len(instants) for instants in seen.values()} == {9}
        assert len({tuple(instants) for instants in seen.values()}) == 3
        for instants in seen.values():
            first, *_, last = map(dt.datetime.fromisoformat, instants)
            assert 1.7 * DAY < last - first < 2.3 * DAY
        assert {row["state"] for row in rows(post)} == {"dead"}


def rows(post: Post) -> list[dict[str, Any]]:
    return [
        row
        for alert in post.outbox.alerts()
        if alert["kind"] != "delivery.health"
        for row in alert["deliveries"]
    ]


def test_an_outage_is_told_once_its_first_dead_letter_once_its_end_once_whatever_waits_behind_it(
    post: Post, clock: time_machine.Traveller
) -> None:
    with HostileHook("500") as hook, Mailbox() as box:
        post.server(box.port)
        post.hook("legal", hook.url, 'email = ["legal@firm.test"]')
        for _ in range(6):
            post.alert()
            walk(post, clock, 2 * HOUR, HOUR)
        assert told(box) == ['the webhook of "legal" has taken nothing since 2026-03-02 07:15 UTC']
        walk(post, clock, 4 * DAY, 3 * HOUR)
        assert told(box)[1:] == ['alerts to the webhook of "legal" were given up']
        assert len([row for row in rows(post) if row["state"] == "dead"]) == 6
        hook.behave = "ok"
        post.alert()
        post.deliver()
        assert told(box)[2:] == ['the webhook of "legal" takes alerts again']
        # The dead letters come back by hand, with their ids; a second outage is told anew.
        taken = set(hook.books)
        post.outbox.retry()
        post.deliver()
        assert set(hook.books) == taken
        assert {row["state"] for row in rows(post)} == {"sent"}
        hook.behave = "500"
        post.alert()
        walk(post, clock, 10 * HOUR, HOUR)
        assert len(told(box)) == 4


def test_a_short_trouble_is_told_to_nobody(post: Post, clock: time_machine.Traveller) -> None:
    with HostileHook("503") as hook, Mailbox() as box:
        post.server(box.port)
        post.hook("legal", hook.url, 'email = ["legal@firm.test"]')
        post.alert()
        walk(post, clock, 3 * HOUR, HOUR)
        hook.behave = "ok"
        walk(post, clock, 6 * HOUR, HOUR)
        assert post.row("legal", "legal")["state"] == "sent"
        assert told(box) == []
        assert endpoints(post.base) == {}


def test_a_mail_server_that_is_down_is_told_by_webhook_once_for_all_its_addresses(
    post: Post, clock: time_machine.Traveller
) -> None:
    with HostileHook() as hook, HostileMail("421-greeting") as mail:
        post.server(mail.port)
        post.mail("legal", "a@firm.test", "b@firm.test")
        post.mail("partner", "c@firm.test")
        post.hook("ops", hook.url)
        post.alert()
        walk(post, clock, 5 * DAY, 3 * HOUR)
        told = [alert["headline"] for alert in post.outbox.alerts() if alert["kind"] == "delivery.health"]
        assert told[::-1] == [
            f"the mail server 127.0.0.1:{mail.port} has taken nothing since 2026-03-02 09:15 UTC",
            f"alerts to the mail server 127.0.0.1:{mail.port} were given up",
        ]
        assert len(hook.books) == 3


def test_a_secret_that_was_missing_for_days_has_used_up_no_try(
    post: Post, clock: time_machine.Traveller, monkeypatch: pytest.MonkeyPatch
) -> None:
    with HostileHook("500") as hook:
        post.hook("legal", hook.url)
        post.alert()
        monkeypatch.delenv("HOOK_SECRET")
        walk(post, clock, 5 * DAY, 6 * HOUR)
        assert (post.row("legal")["state"], hook.connections) == ("pending", 0)
        monkeypatch.setenv("HOOK_SECRET", "whsec_c2FtcGxlLXNlY3JldC1mb3ItdGVzdHMtb25seQ==")
        walk(post, clock, HOUR, HOUR)
        assert (post.row("legal")["state"], post.row("legal")["tries"]) == ("pending", 1)
        hook.behave = "ok"
        walk(post, clock, HOUR, HOUR)
        assert post.row("legal")["state"] == "sent"


# -- 410 -----------------------------------------------------------------------------------------------------


def test_410_switches_off_says_so_by_mail_and_everything_waits(post: Post) -> None:
    with HostileHook("410") as hook, Mailbox() as box:
        post.server(box.port)
        post.hook("legal", hook.url, 'email = ["legal@firm.test"]')
        for _ in range(3):
            post.alert()
        report = post.deliver()
        assert hook.connections == 1  # the other two were not even tried
        (off,) = report.off.values()
        assert off[1] == 3
        assert told(box) == ['the webhook of "legal" was switched off']
        post.alert()
        for _ in range(3):
            assert post.deliver().operator_needed
        assert (hook.connections, len(told(box))) == (1, 1)
        hook.behave = "ok"
        assert post.outbox.retry(recipient="legal") == 4
        post.deliver()
        assert len(hook.books) == 4
        assert {row["state"] for row in rows(post)} == {"sent"}


def test_a_corrected_url_switches_itself_on_and_the_database_never_held_either(
    post: Post, tmp_path: Path
) -> None:
    with HostileHook("410") as gone, HostileHook() as new:
        post.hook("legal", f"{gone.base}/T0K3N-0LD")
        post.alert()
        post.deliver()
        post.deliver()
        assert gone.connections == 1
        post.hook("legal", f"{new.base}/T0K3N-NEW")
        report = post.deliver()
        assert (report.sent, report.off) == (1, {})
        assert set(new.books) == set(gone.books)
        post.base.conn.execute("pragma wal_checkpoint(truncate)")
        for file in tmp_path.glob("tmwatch.db*"):
            assert b"T0K3N" not in file.read_bytes()


def test_a_webhook_that_left_the_configuration_is_no_longer_off(post: Post) -> None:
    with HostileHook("410") as hook, Mailbox() as box:
        post.server(box.port)
        post.hook("legal", hook.url, 'email = ["legal@firm.test"]')
        post.alert()
        post.deliver()
        post.mail("legal", "legal@firm.test")
        report = post.deliver()
        assert (report.dead, report.off) == (1, {})
        assert endpoints(post.base) == {}


@pytest.mark.parametrize("others", [True, False])
def test_without_a_way_of_its_own_others_of_the_watch_are_told_else_the_operator(
    others: bool, post: Post
) -> None:
    with HostileHook("410") as hook, HostileHook() as partner:
        post.hook("legal", hook.url)
        if others:
            post.hook("partner", partner.url)
        post.alert("legal")
        report = post.deliver()
        assert report.operator_needed
        assert len(partner.books) == others
        assert len(report.untold) == (not others)


def test_two_receivers_in_trouble_do_not_tell_each_other_of_each_other_for_ever(
    post: Post, clock: time_machine.Traveller
) -> None:
    with HostileHook("410") as one, HostileHook("410") as two:
        post.hook("one", one.url)
        post.hook("two", two.url)
        post.alert()
        untold = [len(post.deliver().untold) for _ in range(5)]
        assert untold == [1, 0, 0, 0, 0]  # the second found no road that is open: the operator has it
        assert len([alert for alert in post.outbox.alerts() if alert["kind"] == "delivery.health"]) == 2
        assert (one.connections, two.connections) == (1, 1)


def test_an_alert_that_cannot_be_read_any_more_is_given_up_and_the_operator_knows(post: Post) -> None:
    with HostileHook() as hook:
        post.hook("legal", hook.url)
        post.alert()
        post.alert()
        post.base.conn.execute("update alert set payload = '{}' where id = 1")
        report = post.deliver()
        assert (report.sent, report.dead, report.operator_needed) == (1, 1, True)
        assert "cannot be read" in report.failures[0].error
        assert post.deliver().dead == 0


def test_what_another_process_met_meanwhile_holds_and_is_told_once(post: Post) -> None:
    with HostileHook("410") as hook, Mailbox() as box:
        post.server(box.port)
        post.hook("legal", hook.url, 'email = ["legal@firm.test"]')
        mine = Receivers(post.outbox, post.config)
        post.alert()
        other = Outbox(Database(post.path.with_name("tmwatch.db")))
        deliver_due(other, post.config, now())
        other.database.close()
        (waits,) = [one for one in post.outbox.due_deliveries(now()) if one.channel == "webhook"]
        assert mine.is_off(waits)
        mine.failed(waits, DeliveryError("500"), now(), asked=True, dead=False)
        assert [one.state for one in endpoints(post.base).values()] == ["disabled"]
        assert len(told(box)) == 1


def test_who_left_the_configuration_is_in_no_trouble_any_more(post: Post) -> None:
    with HostileHook("500") as hook:
        post.hook("legal", hook.url)
        post.alert()
        post.deliver()
        assert len(endpoints(post.base)) == 1
        del post.recipients["legal"]
        post.hook("other", hook.url)
        post.deliver()
        assert endpoints(post.base) == {}


def test_what_is_told_of_a_receiver_leaves_in_the_same_run_on_a_slow_machine(
    post: Post, monkeypatch: pytest.MonkeyPatch
) -> None:
    usual = outbox.default_channels

    def slowly(config: Config) -> Mapping[str, Channel]:
        time.sleep(0.1)
        return usual(config)

    monkeypatch.setattr(outbox, "default_channels", slowly)
    with HostileHook("410") as hook, Mailbox() as box:
        post.server(box.port)
        post.hook("legal", hook.url, 'email = ["legal@firm.test"]')
        post.alert()
        deliver_due(post.outbox, post.config, now())
        assert len(told(box)) == 1
