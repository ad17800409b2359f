"""A desk with recipients who have digests: real mail, webhook and database, and a clock of its own."""

from __future__ import annotations

import contextlib
import datetime as dt
import json
from collections.abc import Iterator, Sequence
from email.message import EmailMessage
from pathlib import Path
from typing import Any

import pytest
import time_machine

from tests.alerts import samples
from tests.conftest import registers_off
from tests.loopback import Loopback, Mailbox
from tests.records import record, sight
from tmwatch.alerts.compose import addresses
from tmwatch.alerts.payload import AlertPayload, DueLine, MarkCard
from tmwatch.checking import CheckReport, check
from tmwatch.config import Config, load_config
from tmwatch.errors import Outcome
from tmwatch.http import Door
from tmwatch.model import Phase, Publication
from tmwatch.store import Database, Outbox, books, observe
from tmwatch.store.writing import write_alert
from tmwatch.watches import asks

ENV = {"HOOK_SECRET": samples.SECRET}
THURSDAY, FRIDAY, SUNDAY = "2026-11-26 06:15", "2026-11-27 06:15", "2026-11-29 06:15"
MONDAY, TUESDAY = "2026-11-30 06:45", "2026-12-01 06:15"
WATCHES = """
[[watch]]
name = "rivals"
numbers = ["US 76044902", "US 99000002"]
role = "adverse"
notify = ["legal"]
[[watch]]
name = "ours"
numbers = ["US 99000003"]
role = "own"
notify = ["legal"]
"""


def instant(text: str) -> dt.datetime:
    return dt.datetime.fromisoformat(f"{text}+00:00")


@contextlib.contextmanager
def on(text: str) -> Iterator[None]:
    with time_machine.travel(instant(text), tick=False):
        yield


def changed(st13: str = "US500000076044902", watch: str = "rivals", **more: Any) -> AlertPayload:
    """An alert of one filing that changed; `due`: with a date."""
    due = more.pop("due", None)
    dues = (DueLine(day=dt.date.fromisoformat(due), what="opposition", rule="r", basis="law"),) if due else ()
    card = samples.python_card(st13=st13, application_number=st13[-8:], dues=dues)
    role = "own" if watch == "ours" else "adverse"
    return samples.python_payload(watch=watch, role=role, cards=(card,), headline=f"{st13} changed", **more)


class Desk:
    """`desk.tell(payload)` makes an alert, `desk.check("2026-11-30 06:45")` is a check at that time."""

    def __init__(self, folder: Path, mailbox: Mailbox, hook: Loopback) -> None:
        self.folder, self.mailbox, self.hook = folder, mailbox, hook
        self.path = folder / "tmwatch.toml"
        self.configure()
        self.database = Database(folder / "tmwatch.db")

    def configure(
        self, digest: str = 'digest = "weekly"', more: str = "", watches: str = WATCHES, hook: bool = False
    ) -> Config:
        url = f'webhook = {{ url = "{self.hook.url}/tm", secret_env = "HOOK_SECRET", allow_private = true }}'
        self.path.write_text(
            f"""
[operator]
contact = "ops@firm.test"
[smtp]
host = "127.0.0.1"
port = {self.mailbox.port}
security = "none"
sender = "tmwatch@firm.test"
{registers_off()}
[source."us.tsdr"]
enabled = true
[[recipient]]
name = "legal"
email = ["a@firm.test", "b@firm.test"]
timezone = "Europe/Berlin"
{url if hook else ""}
{digest}
{more}
{watches}
""",
            encoding="utf-8",
        )
        self.config = load_config(self.path)
        return self.config

    def tell(self, payload: AlertPayload, to: Sequence[str] = ("legal",)) -> int:
        st13s = [card.st13 for card in payload.cards]
        return write_alert(self.database, payload, st13s, addresses(self.config, to), "run")

    def check(self, text: str, *, deliver: bool = True) -> CheckReport:
        with on(text):
            door = Door(self.config.operator.contact)
            return check(self.config, self.database, door, ENV, look=False, deliver=deliver)

    def sent(self, text: str) -> int:
        """How many messages a check at that time sends."""
        report = self.check(text).delivery
        assert report is not None
        return report.sent

    def looked(self, text: str, *, failing: Sequence[str] = ()) -> None:
        """Every question was answered then, but those that name one of these numbers: they failed."""
        with on(text):
            for watch in self.config.watches:
                for one in asks(watch, self.config, ENV):
                    bad = any(number in one.key for number in failing)
                    outcome = Outcome.DECLINED if bad else Outcome.OK
                    error = "the site declines programs" if bad else ""
                    books.book_ask(self.database, watch.name, one.key, outcome, error)

    @property
    def mails(self) -> list[EmailMessage]:
        return self.mailbox.mails

    def subjects(self, address: str = "a@firm.test") -> list[str]:
        return [str(one["Subject"]) for one in self.mails if address in str(one["To"])]

    def states(self) -> dict[int, list[str]]:
        """Of each alert the states of its deliveries."""
        found = Outbox(self.database).alerts(1000)
        return {one["id"]: [delivery["state"] for delivery in one["deliveries"]] for one in reversed(found)}

    def digests(self) -> list[AlertPayload]:
        rows = self.database.conn.execute("select payload from alert where kind = 'digest' order by id")
        return [AlertPayload.model_validate(json.loads(row[0])) for row in rows]


def cards_of(payload: AlertPayload) -> list[MarkCard]:
    assert payload.digest is not None
    return [card for item in payload.digest.items for card in item.cards]


@pytest.fixture
def desk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Desk]:
    monkeypatch.setenv("HOOK_SECRET", samples.SECRET)
    with Mailbox() as mailbox, Loopback() as hook:
        found = Desk(tmp_path, mailbox, hook)
        found.check(THURSDAY)
        yield found
        found.database.close()


def told_thursday(desk: Desk, *payloads: AlertPayload) -> list[int]:
    with on(THURSDAY):
        return [desk.tell(one) for one in payloads]


def published(desk: Desk, *marks: tuple[str, str]) -> None:
    """Filings that may be opposed for thirty days from these days on."""
    for st13, day in marks:
        publication = Publication(date=dt.date.fromisoformat(day))
        one = record(st13, status_phase=Phase.PUBLISHED, publications=(publication,))
        observe(desk.database, [sight(one, day, looked_at=instant(f"{day} 06:00"))])
