"""What is killed, once a session: one nursery, one register, one set of receivers."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.faults.killer import Ended, Killer
from tests.faults.ledger import LedgerHook, Ledgers
from tests.faults.victim import Victim

Told = dict[str, list[str]]
# How the run went, what the books say after it, and who was told what.
Undisturbed = tuple[Ended, dict[str, Any], Told]


@pytest.fixture(scope="session")
def _house() -> Iterator[Victim]:
    # In memory where that can be: the shim sees each sync, the disk need not turn for all of them.
    memory = Path("/dev/shm")
    with tempfile.TemporaryDirectory(dir=memory if os.access(memory, os.W_OK) else None) as place:
        folder = Path(place) / "house"
        with Killer(folder) as killer, LedgerHook() as register, Ledgers() as ledgers:
            made = Victim(folder, killer, register, ledgers)
            made.set_up()
            yield made


@pytest.fixture
def victim(_house: Victim) -> Victim:
    """The house on the eve of the change."""
    _house.reset()
    return _house


@pytest.fixture(scope="session")
def undisturbed(_house: Victim) -> Undisturbed:
    """The same change with nobody dying: which steps there are, what is true then, and who was told what."""
    _house.reset()
    ended = _house.killer.run("check")
    _house.ledgers.quiet()
    assert ended.code == 0, ended.stderr
    facts, told = _house.facts(), _house.told()
    assert sorted(len(said) for said in told.values()) == [1, 1, 1, 3], "as many alerts to each address"
    again = _house.recover()
    assert (again.code, _house.told()) == (0, told), "a run with nothing new tells nobody anything"
    return ended, facts, told
