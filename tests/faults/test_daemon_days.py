"""The daemon through days of trouble: registers and receivers fail by turns, the process is killed by times.

Every change is told once, none that is not true; what is called fresh was looked at; the memory stays flat.
The clock is the house's own: three days pass in a minute.
"""

from __future__ import annotations

import datetime as dt
import json
import random
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.faults.hostile import BEHAVIOURS, Asked, HostileServer
from tests.faults.registers import Clock, Register, RegisterHouse
from tests.test_whole_way import ENV
from tmwatch.config import load_config
from tmwatch.daemon import Daemon
from tmwatch.status import status
from tmwatch.store import Database
from tmwatch.store.database import now

TROUBLES = (
    "reset", "truncate", "garbage", "empty", "blank", "429-six-hours", "429", "503-later", "cloudflare",
    "cloudflare-200", "login", "gzip-cut", "403", "503", "521", "round",
)  # fmt: skip
SCHEDULE = """
[schedule]
look = "every hour"
deliver = "every 20 minutes"
jitter = "1 second"
"""
MIB = 2**20


@pytest.fixture(autouse=True)
def environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in ENV.items():
        monkeypatch.setenv(name, value)


class Witness(Register):
    """It writes down which number it answered well, and when."""

    def __init__(self) -> None:
        super().__init__()
        self.answered: list[tuple[str, dt.datetime]] = []

    def well_behaved(self, server: HostileServer, conn: Any, asked: Asked) -> None:
        super().well_behaved(server, conn, asked)
        self.answered.append((asked.path.rsplit("/sn", 1)[-1][:8], now()))


@pytest.fixture
def house(tmp_path: Path) -> Iterator[RegisterHouse]:
    with Clock() as clock, RegisterHouse(tmp_path, clock, Witness()) as made:
        made.configure(SCHEDULE)
        yield made


def memory() -> int:
    """Bytes of this process."""
    status = Path("/proc/self/status").read_text(encoding="ascii")
    return int(status.partition("VmRSS:")[2].split()[0]) * 1024


class Days:
    """The house's register, receivers and daemon, an hour at a time."""

    def __init__(self, house: RegisterHouse, seed: int) -> None:
        self.house, self.rng = house, random.Random(seed)
        self.true: dict[str, list[str]] = {serial: [] for serial in house.serials}
        self.said: list[str] = []
        self.database = Database(house.config.store.path)
        self.daemon = self._begun()

    def _begun(self) -> Daemon:
        path = self.house.folder / "tmwatch.toml"
        return Daemon(
            lambda: load_config(path),
            self.house.config.store.path,
            ENV,
            self.said.append,
            door=lambda _: self.house.door(),
        )

    def killed(self) -> None:
        """All that the process knew is gone; the files are there."""
        self.database.close()
        self.database = Database(self.house.config.store.path)
        self.daemon = self._begun()

    def hour(self, trouble: str | None, *, deaf: bool = False) -> None:
        register = self.house.register
        register.always = BEHAVIOURS[trouble] if trouble else None
        self.house.hook.post_status = 503 if deaf else 204
        for _ in range(3):
            self.house.clock.passes(minutes=20)
            self.daemon.step(self.database)
        self.fresh_is_true()

    def sold(self) -> None:
        serial = self.rng.choice(self.house.serials)
        owner = f"OWNER {len(self.true[serial]) + 1} OF {serial}, INC."
        self.true[serial].append(owner)
        self.house.register.owners[serial] = owner

    def fresh_is_true(self) -> None:
        """What `status` calls the last full look of the watch, the register itself has answered by then."""
        found = next(
            one for one in status(self.daemon.config, self.database, ENV).watches if one.watch == "own"
        )
        if found.oldest_look is None:
            return
        assert isinstance(self.house.register, Witness)
        last = {serial: at for serial, at in self.house.register.answered}  # noqa: C416 - the last of each
        early = dt.timedelta(minutes=1)
        for serial in self.house.serials:
            assert last[serial] >= found.oldest_look - early, (
                f"{serial} was not answered at {found.oldest_look}"
            )
        assert found.state != "fresh" or now() - found.oldest_look <= dt.timedelta(days=2)


def through(house: RegisterHouse, hours: int, after: int, seed: int) -> None:
    days = Days(house, seed)
    rng = days.rng
    days.hour(None)
    warm = 0
    for number in range(hours):
        if number % 5 == 0:
            days.sold()
        if number % 11 == 7:
            days.killed()
        days.hour(rng.choice(TROUBLES) if rng.random() < 0.6 else None, deaf=rng.random() < 0.4)
        if number == hours // 2:
            warm = memory()
    for _ in range(after):
        days.hour(None)
    assert memory() - warm < 12 * MIB
    told = [event["data"] for event in house.hook.events() if event["type"] == "filing.changed"]
    said = json.dumps(told)
    for serial, owners in days.true.items():
        if owners:
            assert owners[-1] in said, f"what became of {serial} was told nobody"
    changes = [change for one in told for card in one["cards"] for change in card["changes"]]
    assert {change["field"].split(".")[0] for change in changes} <= {"owners", "assignments"}, (
        "told of what never happened"
    )
    mails = [mail["Message-ID"] for mail in house.mailbox.mails]
    assert len(mails) == len(set(mails)), "told twice"
    posts = {headers["webhook-id"] for headers, _ in house.hook.posts}
    assert len(posts) == house.query("select count(*) from alert")[0][0]
    assert house.query("select count(*) from delivery where state = 'pending'") == [(0,)]
    assert house.query("select count(*) from schedule_run where ended_at is null") == [(0,)]
    days.database.close()


def test_a_day_of_trouble(house: RegisterHouse) -> None:
    through(house, 9, 8, seed=1)


@pytest.mark.soak
@pytest.mark.parametrize("seed", [2, 3])
def test_seventy_two_hours_of_trouble(house: RegisterHouse, seed: int) -> None:
    through(house, 72, 30, seed)
