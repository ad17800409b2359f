"""The power goes: only what was synced is sure to be there. After the next run nothing is lost or told twice.

A commit that could be lost after its mail went out would be worse than any death of a process: the machine
of `power.py` builds what a disk may hold, the receivers keep what they were sent.
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pytest

from tests.faults.conftest import Undisturbed
from tests.faults.killer import Step, places
from tests.faults.power import Disk
from tests.faults.test_disk_full import COMMANDS, WRITTEN, contents, prepare
from tests.faults.victim import Victim

# What may be left of all that was not synced.
NOTHING: dict[str, Any] = {"names": False, "content": "none"}
NAMES_ONLY: dict[str, Any] = {"names": True, "content": "none"}  # an empty file under a good name
PARTS: dict[str, Any] = {"names": True, "content": "some"}
CONTENT_ONLY: dict[str, Any] = {"names": False, "content": "all"}
LOSSES = (NOTHING, NAMES_ONLY, PARTS, CONTENT_ONLY)


def loses_power_and_recovers(
    victim: Victim, undisturbed: Undisturbed, cases: Iterable[tuple[int, tuple[dict[str, Any], ...]]]
) -> int:
    """The power goes at each of the steps and leaves each of these; then the next run. Returns how many."""
    _, facts, told = undisturbed
    count = 0
    for step, losses in cases:
        ended = victim.dies(step)
        disk = Disk(victim.eve)
        disk.run(ended.steps)
        heard = victim.ledgers.kept()
        for seed, loss in enumerate(losses):
            disk.lose_power(victim.folder, **loss, seed=step + seed)
            victim.ledgers.restore(heard)
            after = victim.recover()
            where = f"power lost before step {step} (after {ended.steps[-1:]}), left {loss}"
            assert after.code == 0, f"{where}: {after.stderr}"
            assert victim.told() == told, where
            assert victim.facts() == facts, where
            assert victim.left_behind() == set(), where
            count += 1
    return count


def syncs(steps: Iterable[Step]) -> list[Step]:
    return [step for step in steps if step.kind == "sync"]


def test_power_lost_around_each_kind_of_sync_loses_nothing(victim: Victim, undisturbed: Undisturbed) -> None:
    """The sample is the first sync of each place: before and after it where a look or a delivery is written,
    else the one or the other, and what may be left by turns. `make soak` loses the power before and after
    every sync, and leaves all that may be left."""
    firsts = {place: these[0].number for place, these in places(syncs(undisturbed[0].steps)).items()}
    assert len(firsts) >= 6
    cases: list[tuple[int, tuple[dict[str, Any], ...]]] = []
    for turn, (place, number) in enumerate(firsts.items()):
        both = "snapshot" in place or "delivery" in place
        if both or turn % 2:
            cases.append((number + 1, (NOTHING,)))  # all of this commit is sure
        if both or not turn % 2:
            cases.append((number, (LOSSES[1 + turn % 3],)))  # nothing of it is yet
    told = next(s for s in undisturbed[0].steps if s.kind == "receive" and s.statement == "From")
    cases.append((told.number + 1, (NOTHING,)))  # the receiver has it, and nothing says so yet
    assert loses_power_and_recovers(victim, undisturbed, cases) == len(cases)


@pytest.mark.soak
def test_power_lost_at_every_sync_and_every_word_to_a_receiver(
    victim: Victim, undisturbed: Undisturbed
) -> None:
    steps = undisturbed[0].steps
    at = {step.number for step in syncs(steps)} | {step.number + 1 for step in syncs(steps)}
    at |= {step.number for step in steps if step.path == "network"}
    at |= {step.number for step in steps if step.kind in ("create", "rename", "unlink", "truncate")}
    cases = [(number, (*LOSSES, PARTS, PARTS)) for number in sorted(at)]
    count = loses_power_and_recovers(victim, undisturbed, cases)
    print(f"\npower lost at {len(at)} of {len(steps)} steps, {count} states of the disk")


@pytest.mark.parametrize("command", [name for name in COMMANDS if name not in ("import", "first check")])
def test_power_lost_at_any_step_leaves_the_old_file_or_the_new_one(
    victim: Victim, command: str, tmp_path: Path
) -> None:
    prepare(victim.folder)
    before, eve = contents(victim.folder), tmp_path / "eve"
    Disk(victim.folder).lose_power(eve, names=True, content="all")
    ended = victim.killer.run(*COMMANDS[command])
    assert ended.code == 0, ended.stderr
    after = contents(victim.folder)
    tried = 0
    for much in range(len(ended.steps) + 1):
        disk = Disk(eve)
        disk.run(ended.steps[:much])
        for loss in LOSSES if disk.unsure() else LOSSES[:1]:
            left = disk.left(**loss, seed=much, only=WRITTEN)
            for name in WRITTEN:
                content = left.get(name)
                assert content in (before[name], after[name]), (
                    f"{name} after {ended.steps[:much][-1:]}, {loss}"
                )
            tried += 1
    disk = Disk(eve)
    disk.run(ended.steps)
    disk.lose_power(tmp_path / "left", **NOTHING)
    assert contents(tmp_path / "left") == after, "a command that has ended has lasted"
    assert tried > len(ended.steps)


def test_the_machine_shows_what_a_rename_without_a_sync_leaves(tmp_path: Path) -> None:
    """The teeth of these tests: an empty file under a good name, and a torn write."""

    def step(kind: str, path: str, other: str = "", data: bytes = b"", at: int = 0) -> Step:
        return Step(1, kind, path, other, at, 0, data, "")

    before = tmp_path / "before"
    before.mkdir()
    (before / "good").write_bytes(b"old")
    disk = Disk(before)
    body = bytes(range(256)) * 8
    disk.run([step("create", "part"), step("write", "part", data=body), step("rename", "part", "good")])
    left = tmp_path / "left"
    disk.lose_power(left, **NOTHING)
    assert (left / "good").read_bytes() == b"old"
    disk.lose_power(left, **NAMES_ONLY)
    assert (left / "good").read_bytes() == b""
    torn = set()
    for seed in range(20):
        disk.lose_power(left, **PARTS, seed=seed)
        torn.add((left / "good").read_bytes())
    assert len(torn) > 5
    disk.run([step("sync", "good"), step("sync", ".")])
    disk.lose_power(left, **NOTHING)
    assert (left / "good").read_bytes() == body
    assert not disk.unsure()
