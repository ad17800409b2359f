"""Thirty filings of one watch at a register on loopback, and what of them is held or told."""

from __future__ import annotations

import datetime as dt
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
import time_machine

from tests.cli.conftest import SECRET, folder, run
from tests.cli.conftest import House as OneHouse
from tests.faults.registers import status_page
from tests.loopback import Loopback, Mailbox

__all__ = ["folder", "run"]  # fixtures of the command line
START = dt.datetime(2026, 12, 1, 6, tzinfo=dt.UTC)
HOUR = dt.timedelta(hours=1)
MANY = 30
SERIALS = [f"999901{number:02}" for number in range(1, MANY + 1)]


class House(OneHouse):
    """Thirty filings of one watch at a register on loopback, and what each page says."""

    def __init__(self, folder: Path, register: Loopback, hook: Loopback, mailbox: Mailbox) -> None:
        super().__init__(folder, register, hook, mailbox)
        self.serve_all()

    def configure(self, more: str = "", *, hook: str | None = None, recipient: str = "") -> None:
        super().configure(more, hook=hook)
        numbers = ", ".join(f'"US {serial}"' for serial in SERIALS)
        text = self.path.read_text(encoding="utf-8").replace(
            'numbers = ["US 99990101"]', f"numbers = [{numbers}]"
        )
        text = text.replace('name = "legal"\n', f'name = "legal"\n{recipient}\n', 1)
        self.path.write_text(text, encoding="utf-8")

    def serve_all(self, *, attorney: str = "", owner: str = "", serials: list[str] = SERIALS) -> None:
        """The pages as they are, or with something else in them; each attorney is another."""
        for serial in serials:
            page = status_page(serial, owner=owner)
            if attorney:
                page = page.replace(b"Sample Attorney", f"{attorney} {serial}".encode())
            self.register.pages[f"/statusview/sn{serial}"] = page

    def vanish(self, serials: list[str] = SERIALS) -> None:
        for serial in serials:
            self.register.pages[f"/statusview/sn{serial}"] = 404, b"not found"

    def subjects(self) -> list[str]:
        """Of the mails since it was last asked."""
        found = [str(mail["Subject"]) for mail in self.mailbox.mails]
        self.mailbox.mails.clear()
        return found

    def rows(self, query: str) -> list[dict[str, Any]]:
        with closing(sqlite3.connect(self.folder / "tmwatch.db", timeout=20)) as base:
            base.row_factory = sqlite3.Row
            return [dict(row) for row in base.execute(query)]

    def states(self) -> dict[str, int]:
        found = self.rows("select state, count(*) as n from delivery group by 1")
        return {row["state"]: row["n"] for row in found}


@pytest.fixture
def clock() -> Iterator[time_machine.Traveller]:
    with time_machine.travel(START, tick=True) as traveller:
        yield traveller


@pytest.fixture
def house(folder: Path, clock: object, monkeypatch: pytest.MonkeyPatch) -> Iterator[House]:
    monkeypatch.setenv("HOOK_SECRET", SECRET)
    with Loopback() as register, Loopback() as hook, Mailbox() as mailbox:
        house = House(folder, register, hook, mailbox)
        house.configure()
        yield house


def few(house: House, more: str = "", *, recipient: str = "") -> list[str]:
    """Six filings are enough to be a mass: the same rule with a smaller number."""
    house.configure("[health]\nmass_least = 5\n", recipient=recipient)
    text = house.path.read_text(encoding="utf-8")
    for serial in SERIALS[6:]:
        text = text.replace(f', "US {serial}"', "")
    house.path.write_text(text + more, encoding="utf-8")
    return SERIALS[:6]


TOLD = "own · {} of {} filings of us.tsdr changed in one pass; most likely the register"
