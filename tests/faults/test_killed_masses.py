"""kill -9 while a register changes much at once: the single alerts are held or sent once, none for ever."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest

from tests.faults.killer import Killer, Step
from tests.faults.ledger import LedgerHook, Ledgers
from tests.faults.registers import status_page
from tests.faults.victim import CONFIG, HOUR, Victim

SERIALS = ("99990101", "99990102", "99990103", "99990104")
ALL = ", ".join(f'"US {serial}"' for serial in SERIALS)


class MassVictim(Victim):
    """Four filings, of which three that change are a mass; the fourth has a new owner, which is critical."""

    config = (
        CONFIG[: CONFIG.index('[[watch]]\nname = "JD cars"')].replace('"US 99990101"', ALL)
        + "[health]\nmass_least = 3\n"
    )

    def change(self, changed: bool) -> None:
        for serial in SERIALS:
            page = status_page(
                serial, owner="EXAMPLE HOLDINGS, INC." if changed and serial == SERIALS[3] else ""
            )
            if changed and serial != SERIALS[3]:
                page = page.replace(b"Sample Attorney", b"Garbled " + serial.encode())
            self.register.pages[f"/statusview/sn{serial}"] = page


@pytest.fixture(scope="module")
def _house() -> Iterator[MassVictim]:
    memory = Path("/dev/shm")
    with tempfile.TemporaryDirectory(dir=memory if os.access(memory, os.W_OK) else None) as place:
        folder = Path(place) / "house"
        with Killer(folder) as killer, LedgerHook() as register, Ledgers() as ledgers:
            made = MassVictim(folder, killer, register, ledgers)
            made.set_up()
            yield made


@pytest.fixture
def victim(_house: MassVictim) -> MassVictim:
    _house.reset()
    return _house


# What is at work when a transaction begins to be written: a look, the verdict on the pass, a release.
LOOK, VERDICT, LET_GO = "insert into snapshot", "insert into mass ", "held_for = null"


def around(steps: Sequence[Step], *words: str) -> list[tuple[int, bool]]:
    """In the midst of the last commit of each kind, and after it; when a mail is sent and not answered."""
    found = []
    for word in words:
        mine = [step.number for step in steps if word in step.statement]
        assert mine, (word, {step.statement for step in steps})
        found += [(mine[0], True), (mine[-1] + 1, False)]
    return [*found, next((step.number, False) for step in steps if step.place == "receive From")]


def everywhere(steps: Sequence[Step]) -> list[tuple[int, bool]]:
    counted = [step for step in steps if step.number]
    torn = [(step.number, True) for step in counted if step.kind in ("write", "send")]
    return [(step.number, False) for step in counted] + torn


def die(
    victim: MassVictim, deaths: Sequence[tuple[int, bool]], *words: str, clock: int = 0, again: bool = False
) -> int:
    """Kill that command at each of the steps; after the next check (and, `again`, the command once more) all
    is as if nobody had died. Returns how many died."""
    victim.reset()
    assert victim.killer.run(*words, clock=clock, log=False).code in (0, 1)
    victim.killer.run("check", clock=clock + HOUR, log=False)
    victim.ledgers.quiet()
    told, facts = victim.told(), victim.facts()
    died = 0
    for step, tear in deaths:
        victim.reset()
        ended = victim.killer.run(*words, kill=step, tear=tear, clock=clock)
        victim.ledgers.quiet()
        died += ended.killed
        where = f"killed {'in the midst of' if tear else 'before'} step {step}, after {ended.steps[-1:]}"
        if again:
            victim.killer.run(*words, clock=clock, log=False)
        after = victim.killer.run("check", clock=clock + HOUR, log=False)
        victim.ledgers.quiet()
        assert after.code in (0, 1), f"{where}: {after}"
        assert victim.told() == told, where
        assert victim.facts() == facts, where
        assert victim.left_behind() == set(), where
    return died


def held(victim: MassVictim) -> MassVictim:
    """The eve is now the state in which the three alerts are held."""
    assert victim.killer.run("check", log=False).code == 1
    states = [row[-1] for row in victim.facts()["deliveries"]]
    assert (states.count("held"), states.count("sent")) == (12, 8)
    victim.now_is_eve()
    return victim


def test_killed_in_the_midst_of_a_mass_it_is_told_once_and_the_rest_held(victim: MassVictim) -> None:
    deaths = around(victim.killer.run("check").steps, LOOK, VERDICT)
    assert die(victim, deaths, "check") >= len(deaths) - 1
    victim.reset()
    victim.killer.run("check", log=False)
    victim.ledgers.quiet()
    for said in victim.told().values():
        assert sum("of 4 filings" in one for one in said) == 1, "one announcement, and what is critical"
        assert len(said) == 2


@pytest.mark.soak
def test_killed_at_every_step_of_a_mass(victim: MassVictim) -> None:
    deaths = everywhere(victim.killer.run("check").steps)
    assert die(victim, deaths, "check") >= len(deaths) * 0.95


# -- what is held already; last, since the house is another from here on ----------------------------------


@pytest.fixture(scope="module")
def _holding(_house: MassVictim) -> MassVictim:
    _house.reset()
    return held(_house)


@pytest.fixture
def holding(_holding: MassVictim) -> MassVictim:
    _holding.reset()
    return _holding


def each_has_three_and_the_end(house: MassVictim) -> bool:
    return [len(said) for said in house.told().values()] == [4] * 4


def test_killed_while_they_are_released_each_arrives_once(holding: MassVictim) -> None:
    deaths = around(holding.killer.run("alerts", "release").steps, LET_GO)
    assert die(holding, deaths, "alerts", "release", again=True) >= len(deaths) - 1
    assert each_has_three_and_the_end(holding)


def test_killed_when_their_day_is_over_each_arrives_once(holding: MassVictim) -> None:
    steps = holding.killer.run("check", "--no-look", clock=25 * HOUR).steps
    deaths = around(steps, LET_GO)
    assert die(holding, deaths, "check", "--no-look", clock=25 * HOUR) >= len(deaths) - 1
    assert each_has_three_and_the_end(holding)


@pytest.mark.soak
def test_killed_at_every_step_of_their_end(holding: MassVictim) -> None:
    for words, clock, again in ((("alerts", "release"), 0, True), (("check", "--no-look"), 25 * HOUR, False)):
        holding.reset()
        deaths = everywhere(holding.killer.run(*words, clock=clock).steps)
        assert die(holding, deaths, *words, clock=clock, again=again) >= len(deaths) * 0.95
