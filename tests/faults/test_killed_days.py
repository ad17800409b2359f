"""kill -9 while what a watch finds after the first message of a day is written, and while it is sent."""

from __future__ import annotations

import datetime as dt
import os
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest

from tests.faults.killer import Killer, Step
from tests.faults.ledger import LedgerHook, Ledgers
from tests.faults.victim import HOUR, Victim, listed
from tests.loopback import Answer
from tests.test_whole_way import answer, row


class DayVictim(Victim):
    """At six in the morning the owner's second filing was found and told; at ten there is a third."""

    def change(self, changed: bool) -> None:
        super().change(False)
        third: Answer = answer([row(1, "JD Auto", 12), row(2, "Joyrobotaxi", 12), row(3, "JD Bus", 12)])
        pages = {False: listed(changed=False), True: third}
        self.register.pages["/services/open/ipr/tm/2.0"] = pages[changed]

    def morning(self) -> None:
        self.six = _until_six()
        self.register.pages["/services/open/ipr/tm/2.0"] = answer(
            [row(1, "JD Auto", 12), row(2, "Joyrobotaxi", 12)]
        )
        assert self.killer.run("check", "--all", clock=self.six, log=False).code == 0
        self.now_is_eve()
        self.change(True)

    def later(self, hours: int, *words: str, kill: int | None = None, tear: bool = False) -> list[Step]:
        """A check so many hours after six; what was to be sent has arrived."""
        clock = self.six + hours * HOUR
        ended = self.killer.run("check", *words, clock=clock, kill=kill, tear=tear)
        self.ledgers.quiet()
        assert ended.killed == (kill is not None), ended
        return list(ended.steps)

    def brand(self) -> int:
        """How many messages the recipient of the watch has."""
        return sum(len(said) for address, said in self.told().items() if "@" not in address)


def _until_six() -> int:
    """Seconds until the next six in the morning, so that no test lies across a midnight of its own."""
    now = dt.datetime.now(dt.UTC)
    six = now.replace(hour=6, minute=0, second=0, microsecond=0)
    return round((six + dt.timedelta(days=six < now) - now).total_seconds())


@pytest.fixture(scope="module")
def house() -> Iterator[DayVictim]:
    memory = Path("/dev/shm")
    with tempfile.TemporaryDirectory(dir=memory if os.access(memory, os.W_OK) else None) as place:
        folder = Path(place) / "house"
        with Killer(folder) as killer, LedgerHook() as register, Ledgers() as ledgers:
            made = DayVictim(folder, killer, register, ledgers)
            made.set_up()
            made.morning()
            yield made


def around(steps: Sequence[Step], word: str) -> list[tuple[int, bool]]:
    """Before each step at which that is at work, in the midst of the last of its writes, and after it."""
    mine = [step.number for step in steps if word in step.statement]
    writes = [step.number for step in steps if word in step.statement and step.kind == "write"]
    return [(mine[0], False), (writes[-1], True), (mine[-1] + 1, False)]


def test_killed_while_it_is_gathered_it_is_told_once_when_the_day_is_over(house: DayVictim) -> None:
    house.reset()
    deaths = around(house.later(4, "--all"), "insert into observation")
    assert house.brand() == 0, "it waits"
    house.later(19)
    told, facts = house.told(), house.facts()
    assert house.brand() == 1
    for step, tear in deaths:
        house.reset()
        house.later(4, "--all", kill=step, tear=tear)
        house.later(5, "--all")
        assert house.brand() == 0
        house.later(19)
        assert (house.told(), house.facts()) == (told, facts), step


def test_killed_while_it_is_sent_in_the_night_it_is_sent_once(house: DayVictim) -> None:
    house.reset()
    house.later(4, "--all")
    house.now_is_eve()
    steps = house.later(19)
    told, facts = house.told(), house.facts()
    assert house.brand() == 1
    for step in (
        step.number for step in steps if "delivery" in step.statement or step.place.endswith("POST")
    ):
        house.reset()
        house.later(19, kill=step)
        house.later(20)
        assert (house.told(), house.facts()) == (told, facts), step
