"""`restore` dies at any step, or the power goes: the old database is there or the backup, whole; nothing that
went out since the backup goes out again."""

from __future__ import annotations

import shutil
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pytest

from tests.faults.conftest import Undisturbed
from tests.faults.killer import Step, sample
from tests.faults.power import Disk
from tests.faults.test_power_loss import NAMES_ONLY, NOTHING, PARTS
from tests.faults.victim import HOUR, Victim

RESTORE = ("restore", "copy.db", "--yes")


class Day:
    """The day after the change: everybody was told; the backup in `copy.db` is of the eve."""

    def __init__(self, victim: Victim, kept: Path) -> None:
        self.victim, self.folder = victim, kept
        shutil.copy(victim.folder / "tmwatch.db", victim.folder / "copy.db")
        assert victim.killer.run("check").code == 0
        victim.ledgers.quiet()
        self.heard, self.told = victim.ledgers.kept(), victim.told()
        shutil.copytree(victim.folder, kept)

    def restores(self, kill: int | None = None) -> tuple[Step, ...]:
        shutil.rmtree(self.victim.folder)
        shutil.copytree(self.folder, self.victim.folder)
        self.victim.ledgers.restore(self.heard)
        return self.victim.killer.run(*RESTORE, kill=kill).steps

    def goes_on(self, where: str) -> None:
        """Whole at once; a second restore succeeds; looks and deliveries after it tell nobody twice."""
        victim = self.victim
        looked = victim.killer.run("alerts", "list", log=False)
        assert looked.code == 0, f"{where}: {looked.stderr}"
        victim.facts()
        # An hour later: an empty file younger than a minute might be somebody's who is at work, and stays.
        again = victim.killer.run(*RESTORE, clock=HOUR, log=False)
        assert again.code == 0, f"{where}: {again.stderr}"
        after = victim.killer.run("check", clock=2 * HOUR, log=False)
        victim.ledgers.quiet()
        assert after.code == 0, f"{where}: {after.stderr}"
        assert victim.told() == self.told, where
        victim.facts()
        left = {path.name for path in victim.folder.iterdir() if ".part" in path.name}
        assert left == set(), where


@pytest.fixture
def day(victim: Victim, undisturbed: Undisturbed, tmp_path: Path) -> Day:
    return Day(victim, tmp_path / "day")


def dies(day: Day, steps: Iterable[int], losses: tuple[dict[str, Any], ...]) -> int:
    count = 0
    for number in steps:
        done = day.restores(kill=number)
        where = f"restore died before step {number} (after {done[-1:]})"
        day.goes_on(where)
        for seed, loss in enumerate(losses):
            disk = Disk(day.folder)
            disk.run(done)
            disk.lose_power(day.victim.folder, **loss, seed=number + seed)
            day.victim.ledgers.restore(day.heard)
            day.goes_on(f"{where}, power lost, left {loss}")
            count += 1
    return count


def test_restore_killed_around_its_rename_loses_nothing(day: Day) -> None:
    """The sample: before the first change of a name and after the last; `make soak` has each kind of step."""
    steps = day.restores()
    renames = [step.number for step in steps if step.kind in ("rename", "link")]
    assert renames
    dies(day, renames[:1], (NOTHING,))
    dies(day, [renames[-1] + 1], (NAMES_ONLY,))


@pytest.mark.soak
def test_restore_killed_at_each_kind_of_step_loses_nothing(day: Day) -> None:
    chosen = sample(day.restores())
    count = dies(day, chosen, (NOTHING, NAMES_ONLY, PARTS))
    print(f"\nrestore killed at {len(chosen)} steps, {count} states of the disk")
