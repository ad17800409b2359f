"""The first hits of a watch on a day go at once; what is found after them is one message, when it is over."""

from __future__ import annotations

import datetime as dt
import itertools
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import time_machine

from tests.records import record, sight
from tmwatch.alerts.compose import reactor
from tmwatch.alerts.outbox import DeliveryReport, deliver_due
from tmwatch.alerts.waiting import Patience, waiting_since
from tmwatch.config import Config
from tmwatch.config.reading import parse_config
from tmwatch.digests import make_digests
from tmwatch.model import TradeMark
from tmwatch.store import Database, Outbox, backup, joining, observe, upkeep
from tmwatch.store.database import now
from tmwatch.store.digests import told_at
from tmwatch.store.restore import restore

MIDNIGHT = dt.datetime(2026, 6, 2, tzinfo=dt.UTC)


class Sink:
    """Keeps which filings each address was told of by each message."""

    def __init__(self) -> None:
        self.took: list[tuple[str, str, list[str]]] = []  # time, recipient, numbers

    def endpoint(self, delivery: Any, recipient: Any) -> str:
        return str(delivery.address)

    def send(self, delivery: Any, recipient: Any) -> str:
        digest = delivery.payload.digest
        cards = [card for item in digest.items for card in item.cards] if digest else delivery.payload.cards
        self.took.append((f"{now():%d %H:%M}", recipient.name, sorted(card.st13[-1] for card in cards)))
        return "taken"


class Desk:
    """One watch, told to whom the configuration says."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.sink = folder, Sink()
        self.base = Database(folder / "tmwatch.db")
        self._days = (dt.date(2026, 1, 1) + dt.timedelta(days=n) for n in itertools.count())
        self._clock: time_machine.Traveller
        self.configure()

    def configure(
        self, recipient: str = "", watch: str = "", more: str = "", notify: str = '"legal"'
    ) -> None:
        self.config: Config = parse_config(
            '[operator]\ncontact = "x@example.com"\n[smtp]\nhost = "127.0.0.1"\nsender = "x@example.com"\n'
            f'[[recipient]]\nname = "legal"\nemail = ["legal@example.com"]\n{recipient}\n{more}\n'
            f'[[watch]]\nname = "widgets"\nowners = ["Sample Widgets"]\nnotify = [{notify}]\n{watch}\n',
            self.folder / "tmwatch.toml",
        )

    def find(self, *numbers: int, run: str = "one", **more: Any) -> None:
        react = reactor(self.config, {}, lambda watch, one, found, held: False)
        filings = [filing(one) for one in numbers]
        day = next(self._days).isoformat()
        observe(self.base, [sight(one, day) for one in filings], run=run, react=react, **more)

    def send(self) -> DeliveryReport:
        make_digests(self.config, self.base, {})
        return deliver_due(Outbox(self.base), self.config, now(), {"email": self.sink})

    def waits(self) -> list[tuple[str, dt.datetime]]:
        patience = Patience(self.config, told_at(self.base), now())
        found = (patience.with_(one) for one in upkeep.waiting(self.base))
        return [(one.reason, one.until) for one in found if one is not None]


def filing(number: int) -> TradeMark:
    return record(f"US5{number:014}", verbal_element=f"MARK {number}")


At = Callable[[str], None]


@pytest.fixture
def at() -> Iterator[At]:
    """It is that hour of the first or, from 24:00 on, of the next day."""
    with time_machine.travel(dt.datetime(2026, 6, 1, tzinfo=dt.UTC), tick=False) as clock:

        def moved(text: str) -> None:
            hour, minute = map(int, text.split(":"))
            clock.move_to(MIDNIGHT + dt.timedelta(hours=hour - 24, minutes=minute))

        yield moved


@pytest.fixture
def desk(tmp_path: Path, at: At) -> Desk:
    return Desk(tmp_path)


def four_registers(desk: Desk, at: At) -> None:
    for number, hour in enumerate(("06:00", "10:00", "14:00", "18:00"), 1):
        at(hour)
        desk.find(number, run=hour)
        desk.send()


def test_four_registers_at_four_hours_are_two_messages(desk: Desk, at: At) -> None:
    four_registers(desk, at)
    assert desk.sink.took == [("01 06:00", "legal", ["1"])]
    at("23:59")
    desk.send()
    assert len(desk.sink.took) == 1
    at("24:00")
    desk.send()
    assert desk.sink.took[1:] == [("02 00:00", "legal", ["2", "3", "4"])]


def test_the_first_hits_of_the_next_day_go_at_once_and_what_still_waits_goes_with_them(
    desk: Desk, at: At
) -> None:
    four_registers(desk, at)
    at("30:00")
    desk.find(5, run="next day")  # nobody has delivered since midnight
    desk.send()
    assert desk.sink.took[1:] == [("02 06:00", "legal", ["2", "3", "4", "5"])]
    at("31:00")
    desk.find(6)
    desk.send()
    assert len(desk.sink.took) == 2
    at("48:00")
    desk.send()
    assert desk.sink.took[2:] == [("03 00:00", "legal", ["6"])]


def test_what_midnight_has_sent_is_no_first_message_of_the_new_day(desk: Desk, at: At) -> None:
    four_registers(desk, at)
    at("24:00")
    desk.send()
    at("25:00")
    desk.find(5)
    desk.send()
    assert [took for took, _, _ in desk.sink.took] == ["01 06:00", "02 00:00", "02 01:00"]


def test_it_is_said_that_it_waits_and_until_when_and_it_is_not_overdue(desk: Desk, at: At) -> None:
    four_registers(desk, at)
    report = desk.send()
    assert (report.sent, report.remaining, report.days) == (0, 1, {"legal": (MIDNIGHT, 1)})
    assert (report.quiet, report.digests, report.operator_needed) == ({}, {}, False)
    assert desk.waits() == [("day", MIDNIGHT)]
    assert waiting_since(upkeep.waiting(desk.base), desk.config) == MIDNIGHT
    at("24:00")
    assert desk.waits() == []


def test_a_watch_may_ask_for_each_at_once_even_of_what_waits_already(desk: Desk, at: At) -> None:
    desk.find(1)
    desk.send()
    desk.find(2)
    assert desk.send().sent == 0
    desk.configure(watch='gather = "off"')
    assert desk.send().sent == 1
    desk.find(3)
    assert desk.send().sent == 1
    assert [numbers for _, _, numbers in desk.sink.took] == [["1"], ["2"], ["3"]]


def test_whoever_has_a_digest_is_told_by_that_and_the_others_twice(desk: Desk, at: At) -> None:
    desk.configure(
        more='[[recipient]]\nname = "boss"\nemail = ["boss@example.com"]\n'
        'digest = "daily"\ndigest_at = "12:00"',
        notify='"legal", "boss"',
    )
    desk.send()  # from now on there is a digest
    four_registers(desk, at)
    at("24:00")
    desk.send()
    at("36:00")
    desk.send()
    assert [one for one in desk.sink.took if one[1] == "legal"] == [
        ("01 06:00", "legal", ["1"]),
        ("02 00:00", "legal", ["2", "3", "4"]),
    ]
    assert [one for one in desk.sink.took if one[1] == "boss"] == [
        ("01 14:00", "boss", ["1", "2", "3"]),
        ("02 12:00", "boss", ["4"]),
    ]


def test_on_a_watch_of_ones_own_whose_hits_no_digest_takes_in_it_gathers_too(desk: Desk, at: At) -> None:
    desk.configure(recipient='digest = "weekly"', watch='role = "own"')
    four_registers(desk, at)
    at("24:00")
    desk.send()
    told = [numbers for _, _, numbers in desk.sink.took]
    assert [one for one in told if one] == [["1"], ["2", "3", "4"]]  # the digest itself has none of them


def test_a_digest_that_is_switched_on_takes_in_what_waits_for_the_day(desk: Desk, at: At) -> None:
    four_registers(desk, at)
    desk.configure(recipient='digest = "daily"\ndigest_at = "20:00"')
    desk.send()
    at("20:00")
    desk.send()
    at("24:00")
    desk.send()
    assert desk.sink.took[1:] == [("01 20:00", "legal", ["2", "3", "4"])]


def test_of_two_receivers_each_gets_two_messages_though_one_is_left_alone_in_the_morning(
    desk: Desk, at: At
) -> None:
    desk.configure(
        more='[[recipient]]\nname = "boss"\nemail = ["boss@example.com"]\nquiet = ["00:00-12:00"]',
        notify='"legal", "boss"',
    )
    four_registers(desk, at)
    assert desk.sink.took == [("01 06:00", "legal", ["1"]), ("01 14:00", "boss", ["1"])]
    at("24:00")
    desk.send()
    at("36:00")
    desk.send()
    assert desk.sink.took[2:] == [
        ("02 00:00", "legal", ["2", "3", "4"]),
        ("02 12:00", "boss", ["2", "3", "4"]),
    ]


def test_the_quiet_that_holds_midnight_is_waited_for_too(desk: Desk, at: At) -> None:
    desk.configure(recipient='quiet = ["22:00-07:00"]')
    at("08:00")
    desk.find(1)
    desk.send()
    desk.find(2)
    assert desk.waits() == [("day", MIDNIGHT + dt.timedelta(hours=7))]
    at("29:00")
    desk.find(3, run="night")
    desk.send()
    at("31:00")
    desk.send()
    assert desk.sink.took[1:] == [("02 07:00", "legal", ["2", "3"])]


def test_who_is_added_at_noon_gets_the_next_hits_at_once_and_nobody_gets_a_third_message(
    desk: Desk, at: At
) -> None:
    desk.find(1)
    desk.send()
    desk.find(2)
    desk.configure(
        more='[[recipient]]\nname = "boss"\nemail = ["boss@example.com"]', notify='"legal", "boss"'
    )
    at("12:00")
    desk.find(3)
    desk.send()
    at("13:00")
    desk.find(4)
    desk.send()
    at("24:00")
    desk.send()
    assert desk.sink.took[1:] == [
        ("01 12:00", "boss", ["3"]),
        ("02 00:00", "legal", ["2", "3", "4"]),
        ("02 00:00", "boss", ["4"]),
    ]


def test_one_alert_that_is_named_is_sent_now_and_all_others_wait(desk: Desk, at: At) -> None:
    desk.find(1)
    desk.send()
    desk.find(2)
    outbox = Outbox(desk.base)
    assert (outbox.retry(), desk.send().sent) == (1, 0)
    assert (outbox.retry(2), desk.send().sent) == (1, 1)


def test_a_date_that_is_near_waits_for_no_midnight(desk: Desk, at: At) -> None:
    desk.find(1)
    desk.send()
    desk.find(2)
    with desk.base.write():
        desk.base.conn.execute("update delivery set first_due = '2026-06-06' where alert = 2")
    assert desk.send().sent == 0
    with desk.base.write():
        desk.base.conn.execute("update delivery set first_due = '2026-06-05' where alert = 2")
    assert desk.send().sent == 1


def test_the_end_of_a_day_that_a_wrong_clock_wrote_keeps_nothing_back(desk: Desk, at: At) -> None:
    at("240:00")
    desk.find(1)
    desk.send()
    desk.find(2)
    at("06:00")
    assert desk.waits() == []


def test_killed_while_it_is_written_or_sent_nothing_is_lost_and_nothing_told_twice(
    desk: Desk, at: At
) -> None:
    desk.find(1)
    desk.send()

    def killed(database: Database) -> None:
        assert len(Outbox(database).alerts()) == 2
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        desk.find(2, also=killed)
    assert len(Outbox(desk.base).alerts()) == 1
    desk.find(2, run="again")
    desk.find(2, run="and again")
    desk.find(3)
    outbox = Outbox(desk.base)
    at("24:00")
    (gathered,) = outbox.due_deliveries(now())
    assert outbox.claim(gathered.id, now(), 900)  # and its process dies
    desk.find(4)  # it may be in the receiver's books: nothing joins it
    desk.send()
    at("24:30")
    desk.send()
    told = [numbers for _, _, numbers in desk.sink.took]
    assert sorted(told) == [["1"], ["2", "3"], ["4"]]


def test_after_a_restore_what_waited_is_held_and_released_it_goes_at_once(
    desk: Desk, at: At, tmp_path: Path
) -> None:
    desk.find(1)
    desk.send()
    desk.find(2)
    kept = backup(desk.base.path, tmp_path / "kept.bak")
    desk.base.close()
    restore(tmp_path / "tmwatch.db", kept)
    desk.base = Database(tmp_path / "tmwatch.db")
    assert desk.send().sent == 0
    assert Outbox(desk.base).release() == 1
    assert desk.send().sent == 1


def test_more_than_a_message_holds_is_another(desk: Desk, at: At, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(joining, "MOST", 2)
    desk.find(1)
    desk.send()
    for number in (2, 3, 4):
        desk.find(number)
    at("24:00")
    desk.send()
    assert [numbers for _, _, numbers in desk.sink.took[1:]] == [["2", "3"], ["4"]]
