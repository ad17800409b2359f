"""What many transactions bring one watch on one day is one message, whoever dies or sends in between."""

from __future__ import annotations

import datetime as dt
import itertools
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import time_machine

from tests.records import owner, record, sight
from tmwatch.alerts.compose import reactor
from tmwatch.config.reading import parse_config
from tmwatch.model import TradeMark
from tmwatch.store import Database, Outbox, React, backup, joining, observe, upkeep
from tmwatch.store.restore import restore

DAY = dt.datetime(2026, 6, 1, 6, tzinfo=dt.UTC)
DEAD = {"status_code": "710", "status_text": "Cancelled."}


def watching(folder: Path, *, to: str = '"legal@example.com", "para@example.com"', more: str = "") -> React:
    text = (
        '[operator]\ncontact = "x@example.com"\n[smtp]\nhost = "127.0.0.1"\nsender = "x@example.com"\n'
        f'[[recipient]]\nname = "legal"\nemail = [{to}]\n'
        '[[watch]]\nname = "widgets"\nowners = ["Sample Widgets", "Other Co"]\nnotify = ["legal"]\n' + more
    )
    return reactor(parse_config(text, folder / "tmwatch.toml"), {}, lambda watch, one, found, held: False)


def filing(number: int, **more: Any) -> TradeMark:
    return record(f"US5{number:014}", verbal_element=f"MARK {number}", **more)


@pytest.fixture
def clock() -> Iterator[time_machine.Traveller]:
    with time_machine.travel(DAY, tick=False) as traveller:
        yield traveller


@pytest.fixture
def base(tmp_path: Path, clock: object) -> Database:
    return Database(tmp_path / "tmwatch.db")


Look = Callable[..., None]


@pytest.fixture
def look(base: Database, tmp_path: Path) -> Look:
    """One transaction with these filings."""
    react = watching(tmp_path)
    days = (dt.date(2026, 1, 1) + dt.timedelta(days=n) for n in itertools.count())

    def stored(*filings: TradeMark, run: str = "one", react: React = react, **more: Any) -> None:
        day = next(days).isoformat()
        observe(base, [sight(one, day) for one in filings], run=run, react=react, **more)

    return stored


def told(base: Database) -> list[tuple[str, list[str]]]:
    """The alerts, oldest first: headline, and the numbers of their filings."""
    return [
        (one["headline"], [card["st13"][-2:].lstrip("0") for card in one["payload"]["cards"]])
        for one in reversed(Outbox(base).alerts())
    ]


def ids(base: Database) -> list[str]:
    return [one["message_id"] for alert in Outbox(base).alerts() for one in alert["deliveries"]]


def test_a_later_transaction_of_the_run_joins_under_the_same_ids(base: Database, look: Look) -> None:
    look(filing(1), filing(2))
    before = ids(base)
    look(filing(3, owners=(owner("Other Co"),)))
    (alert,) = Outbox(base).alerts()
    assert alert["headline"].startswith("widgets: 3 filings of 2 owners")
    assert sorted(alert["st13"]) == sorted(card["st13"] for card in alert["payload"]["cards"])
    assert len(alert["st13"]) == 3
    assert ids(base) == before
    assert len(before) == 2
    assert [one["filings"] for one in alert["payload"]["campaigns"]] == [2]


def test_so_does_another_run_of_the_same_day_and_one_of_the_next_day_does_not(
    base: Database, look: Look, clock: time_machine.Traveller
) -> None:
    look(filing(1))
    clock.move_to(DAY + dt.timedelta(hours=17))
    look(filing(2), run="two")
    clock.move_to(DAY + dt.timedelta(hours=19))
    look(filing(3), run="two")
    look(filing(4), run="three")
    assert [numbers for _, numbers in told(base)] == [["1", "2", "3"], ["4"]]
    assert upkeep.alerts_of_run(base, "two") == [1]


def test_a_run_that_goes_on_after_midnight_joins_what_it_began(
    base: Database, look: Look, clock: time_machine.Traveller
) -> None:
    look(filing(1))
    clock.move_to(DAY + dt.timedelta(hours=19))
    look(filing(2))
    assert len(told(base)) == 1


@pytest.mark.parametrize("ended", ["taken", "failed", "retried", "sent", "given up"])
def test_once_somebody_began_to_send_it_nothing_joins(base: Database, look: Look, ended: str) -> None:
    look(filing(1))
    outbox = Outbox(base)
    at = DAY + dt.timedelta(seconds=1)
    (first, _) = outbox.due_deliveries(at)
    assert outbox.claim(first.id, at, 60)
    if ended == "sent":
        outbox.mark_sent(first.id, at, "250")
    elif ended != "taken":
        outbox.mark_failed(
            first.id, at, "no", None if ended == "given up" else at, counted=ended != "retried"
        )
    if ended == "retried":  # whose tries are none again
        assert outbox.retry() == 2
    look(filing(2))
    assert [numbers for _, numbers in told(base)] == [["1"], ["2"]]


def test_whoever_takes_a_delivery_sends_what_had_joined_until_then(base: Database, look: Look) -> None:
    look(filing(1))
    outbox = Outbox(base)
    at = DAY + dt.timedelta(seconds=1)
    (first, _) = outbox.due_deliveries(at)
    look(filing(2))
    assert len(first.payload.cards) == 1
    assert outbox.claim(first.id, at, 60)
    whole = outbox.fresh(first)
    assert len(whole.payload.cards) == 2
    assert whole.message_id == first.message_id
    assert outbox.fresh(whole) is whole


def test_a_transaction_that_dies_leaves_the_alert_as_it_was_and_joins_when_it_is_made_again(
    base: Database, look: Look
) -> None:
    look(filing(1))
    before = Outbox(base).alerts()

    def killed(database: Database) -> None:
        assert len(Outbox(database).alerts()[0]["payload"]["cards"]) == 2
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        look(filing(2), also=killed)
    assert Outbox(base).alerts() == before
    look(filing(2), run="again")
    look(filing(2), run="and again")
    assert [numbers for _, numbers in told(base)] == [["1", "2"]]


def test_who_is_told_decides_and_how_many_filings_there_are(
    base: Database, look: Look, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    look(filing(1))
    look(filing(2), react=watching(tmp_path, to='"new@example.com"'))
    look(filing(3))
    assert [numbers for _, numbers in told(base)] == [["1", "3"], ["2"]]
    monkeypatch.setattr(joining, "MOST", 4)
    look(filing(4), filing(5))
    look(filing(6))
    assert [sorted(numbers) for _, numbers in told(base)] == [["1", "3", "4", "5"], ["2"], ["6"]]


def test_the_looks_behind_a_filing_that_joined_are_those_of_its_run(base: Database, look: Look) -> None:
    look(filing(1))
    look(filing(2), run="two")
    assert {(one["st13"][-1], one["run"]) for one in upkeep.looks_behind(base, 1)} == {
        ("1", "one"),
        ("2", "two"),
    }


# -- one cause -----------------------------------------------------------------------------------------------


def agent(number: int, name: str) -> TradeMark:
    return filing(number, representatives=(owner(name),), application_date=dt.date(2010 + number, 1, 2))


def test_another_agent_for_forty_marks_is_one_message_over_many_transactions(
    base: Database, look: Look
) -> None:
    forty = range(1, 41)
    look(*(agent(n, "Old Firm LLP") for n in forty), react=None)
    with base.write():
        base.conn.execute("insert into hit (watch, st13, baseline) select 'widgets', st13, 1 from mark")
    for n in forty:
        look(agent(n, "New Firm LLP"))
    look(filing(41, owners=(owner("Other Co"),)))
    ((headline, numbers), (_, other)) = told(base)
    assert len(numbers) == 40
    assert "40 filings" in headline
    assert "epresentative" in headline
    assert other == ["41"]


def test_there_and_back_before_anybody_was_told_is_two_messages_in_order(base: Database, look: Look) -> None:
    look(filing(1), react=None)
    with base.write():
        base.conn.execute("insert into hit (watch, st13, baseline) select 'widgets', st13, 1 from mark")
    for state in (DEAD, {}, DEAD):
        look(filing(1, **state))
    assert [numbers for _, numbers in told(base)] == [["1"], ["1"], ["1"]]
    assert len(set(ids(base))) == 6


# -- a restore -----------------------------------------------------------------------------------------------


def test_nothing_joins_what_a_restore_brought_back(
    base: Database, look: Look, tmp_path: Path, clock: time_machine.Traveller
) -> None:
    look(filing(1))
    kept = backup(base.path, tmp_path / "kept.bak")
    look(filing(2))
    base.close()
    restore(base.path, kept)
    again = Database(base.path)
    assert Outbox(again).release() == 2
    observe(again, [sight(filing(3), "2026-02-01")], run="after", react=watching(tmp_path))
    assert [numbers for _, numbers in told(again)] == [["1"], ["3"]]


def test_of_filings_found_again_those_that_were_told_are_not_told_with_the_others(
    base: Database, look: Look, tmp_path: Path
) -> None:
    kept = backup(base.path, tmp_path / "kept.bak")
    look(filing(1))
    look(filing(2))
    outbox = Outbox(base)
    at = DAY + dt.timedelta(seconds=1)
    for one in outbox.due_deliveries(at):
        assert outbox.claim(one.id, at, 60)
        outbox.mark_sent(one.id, at, "250")
    base.close()
    assert restore(base.path, kept).sent_before == 2
    again = Database(base.path)
    observe(again, [sight(filing(n), "2026-02-01") for n in (1, 2, 3)], run="after", react=watching(tmp_path))
    states = {
        tuple(card["st13"][-1] for card in one["payload"]["cards"]): {d["state"] for d in one["deliveries"]}
        for one in Outbox(again).alerts()
    }
    assert states == {("1", "2"): {"sent"}, ("3",): {"pending"}}


def test_a_step_told_with_others_in_the_lost_time_and_found_again_alone_is_no_news(
    base: Database, look: Look, tmp_path: Path
) -> None:
    look(filing(1), filing(2), react=None)
    with base.write():
        base.conn.execute("insert into hit (watch, st13, baseline) select 'widgets', st13, 1 from mark")
    kept = backup(base.path, tmp_path / "kept.bak")
    outbox, at = Outbox(base), DAY + dt.timedelta(seconds=1)
    for state in (DEAD, {"status_code": "800", "status_text": "Revived."}):
        look(filing(1, **state))
        look(filing(2, **state))
        for one in outbox.due_deliveries(at):
            assert outbox.claim(one.id, at, 60)
            outbox.mark_sent(one.id, at, "250")
    assert [len(numbers) for _, numbers in told(base)] == [2, 2]
    base.close()
    restore(base.path, kept)
    again = Database(base.path)
    observe(again, [sight(filing(2, **DEAD), "2026-01-02")], run="after", react=watching(tmp_path))
    assert [one["deliveries"][0]["state"] for one in Outbox(again).alerts()] == ["sent"]
