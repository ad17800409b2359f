"""What is killed, once a session: one nursery, one register, one set of receivers."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.faults.killer import Killer
from tests.faults.ledger import Ledgers
from tests.faults.victim import Victim
from tests.loopback import Loopback


@pytest.fixture(scope="session")
def _house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Victim]:
    folder: Path = tmp_path_factory.mktemp("victim") / "house"
    with Killer(folder) as killer, Loopback() as register, Ledgers() as ledgers:
        made = Victim(folder, killer, register, ledgers)
        made.set_up()
        yield made


@pytest.fixture
def victim(_house: Victim) -> Victim:
    """The house on the eve of the change."""
    _house.reset()
    return _house
