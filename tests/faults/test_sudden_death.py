"""kill -9 at the two moments where others lost alerts or sent them twice (urlwatch, changedetection.io)."""

from __future__ import annotations

import datetime as dt
import multiprocessing
import os
import signal
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.loopback import Mailbox
from tests.records import record, sight
from tmwatch.alerts.compose import reactor
from tmwatch.alerts.outbox import DeliveryReport, deliver_due
from tmwatch.config import Config
from tmwatch.config.reading import parse_config
from tmwatch.store import Database, Outbox, observe, queries
from tmwatch.store.database import now

DEAD = {"status_code": "710", "status_text": "Cancelled."}


def configured(folder: Path, port: int) -> Config:
    text = f"""
[operator]
contact = "ip-watch@example.com"
[smtp]
host = "127.0.0.1"
port = {port}
security = "none"
sender = "tmwatch@example.com"
[[recipient]]
name = "legal"
email = ["legal@example.com"]
[[watch]]
name = "own"
numbers = ["US 99000001"]
role = "own"
notify = ["legal"]
"""
    return parse_config(text, folder / "tmwatch.toml")


def look(folder: Path, port: int, what: dict[str, Any], die: bool) -> None:
    config = configured(folder, port)
    base = Database(folder / "tmwatch.db")
    react = reactor(config, {}, lambda watch, one, found: True)
    observe(base, [sight(record(**what), live=True, looked_at=now())], react=react)
    if die:
        os.kill(os.getpid(), signal.SIGKILL)
    base.close()  # a connection left open would be inherited by the next child of this process


def deliver(folder: Path, port: int) -> DeliveryReport:
    base = Database(folder / "tmwatch.db")
    try:
        return deliver_due(Outbox(base), configured(folder, port), now())
    finally:
        base.close()


def run(target: Any, *args: Any) -> int | None:
    process = multiprocessing.get_context("fork").Process(target=target, args=args)
    process.start()
    process.join(30)
    return process.exitcode


@pytest.fixture
def mailbox() -> Iterator[Mailbox]:
    with Mailbox() as box:
        yield box


def test_killed_between_commit_and_send_the_alert_still_leaves_exactly_once(
    tmp_path: Path, mailbox: Mailbox
) -> None:
    look(tmp_path, mailbox.port, {}, die=False)
    assert run(look, tmp_path, mailbox.port, DEAD, True) == -signal.SIGKILL
    assert mailbox.mails == []
    first, second = deliver(tmp_path, mailbox.port), deliver(tmp_path, mailbox.port)
    assert (first.sent, second.sent, len(mailbox.mails)) == (1, 0, 1), first


def test_killed_before_the_receivers_answer_it_goes_again_with_the_same_id(tmp_path: Path) -> None:
    victims: list[multiprocessing.process.BaseProcess] = []

    class Murderous(Mailbox):
        """Takes the mail into its books, then kills the sender before it can answer."""

        async def handle_DATA(self, server: Any, session: Any, envelope: Any) -> str:
            answer = await super().handle_DATA(server, session, envelope)
            for victim in victims:
                if victim.pid:
                    os.kill(victim.pid, signal.SIGKILL)
            victims.clear()
            return answer

    with Murderous() as box:
        look(tmp_path, box.port, {}, die=False)
        look(tmp_path, box.port, DEAD, die=False)
        sender = multiprocessing.get_context("fork").Process(target=deliver, args=(tmp_path, box.port))
        victims.append(sender)
        sender.start()
        sender.join(30)
        assert sender.exitcode == -signal.SIGKILL
        base = Database(tmp_path / "tmwatch.db")
        config = configured(tmp_path, box.port)
        deliver_due(Outbox(base), config, now())  # the lease of the dead still holds
        assert len(box.mails) == 1
        deliver_due(Outbox(base), config, now() + dt.timedelta(hours=1))
        ids = [mail["Message-ID"] for mail in box.mails]
        assert len(ids) == 2
        assert len(set(ids)) == 1


def test_after_a_kill_the_file_is_whole(tmp_path: Path, mailbox: Mailbox) -> None:
    for number in range(5):
        what = {"status_code": str(700 + number), "status_text": f"Status {number}."}
        run(look, tmp_path, mailbox.port, what, True)
    base = Database(tmp_path / "tmwatch.db")
    assert base.conn.execute("pragma integrity_check").fetchone()[0] == "ok"
    assert len(queries.history(base, "US500000099000001")["versions"]) == 5
