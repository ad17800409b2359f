"""The disk is full at each write in turn: a clear error, nothing half done, and all is caught up later."""

from __future__ import annotations

import shutil
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.faults.conftest import Undisturbed
from tests.faults.killer import Ended, Step, places
from tests.faults.victim import Victim, page
from tmwatch.config import load_config

NEVER = 1_000_000  # a write that does not come: the run shows where it needs space
# For good, once, and with half a write still taken.
HOW: tuple[dict[str, Any], ...] = ({}, {"once": True}, {"short": True})


def needs_space(ended: Ended) -> list[Step]:
    """The steps of a run for which a full disk is a failure."""
    return [step for step in ended.steps if step.number]


def first_of_each(steps: Iterable[Step]) -> Iterator[int]:
    """One write of each place in the program; the index of the WAL, which is memory, with the soak."""
    for these in places(list(steps)).values():
        if not these[0].path.endswith("-shm"):
            yield these[0].number


def is_clear(ended: Ended) -> bool:
    """What a person can act on. A failure to tidy up at the very end is none: the next run does it."""
    if ended.code == 0:
        return ended.stderr == ""
    said = ended.stderr
    return ended.code == 1 and said.startswith("Error: ") and "space" in said and "bug" not in said


def fails_and_recovers(
    victim: Victim, undisturbed: Undisturbed, writes: Iterable[int], how: dict[str, Any]
) -> int:
    """`check` with no space at each of the writes; with space the next run leaves nothing undone."""
    _, facts, told = undisturbed
    failed = 0
    for write in writes:
        victim.reset()
        ended = victim.killer.run("check", full=write, **how)
        victim.ledgers.quiet()
        assert is_clear(ended), f"{write} {how}: {ended.code} {ended.stderr}"
        failed += ended.code
        victim.facts()  # the database is whole, also now
        after = victim.recover()
        assert after.code == 0, f"{write} {how}: {after.stderr}"
        assert (victim.told(), victim.facts()) == (told, facts), f"{write} {how}"
        assert victim.left_behind() == set(), f"{write} {how}"
    return failed


def test_no_space_for_a_check_is_said_and_caught_up(victim: Victim, undisturbed: Undisturbed) -> None:
    """The sample is a write of each third place in the program; `make soak` takes every single write."""
    steps = needs_space(victim.killer.run("check", full=NEVER))
    victim.ledgers.quiet()
    some = list(first_of_each(steps))[::3]
    assert fails_and_recovers(victim, undisturbed, some, {}) > 2


@pytest.mark.soak
@pytest.mark.parametrize("how", HOW, ids=("for good", "once", "half a write"))
def test_no_space_at_every_single_write_of_a_check(
    victim: Victim, undisturbed: Undisturbed, how: dict[str, Any]
) -> None:
    writes = [step.number for step in needs_space(victim.killer.run("check", full=NEVER))]
    failed = fails_and_recovers(victim, undisturbed, writes, how)
    print(f"\nno space at {len(writes)} writes {how}: {failed} runs failed with a clear error, all caught up")


COMMANDS: dict[str, tuple[str, ...]] = {
    "import": ("import", "page.html"),
    "export": ("export", "-o", "table.csv"),
    "backup": ("backup", "copy.db"),
    "backup with a new name": ("backup",),
    "init": ("--config", "fresh.toml", "--db", "fresh.db", "init"),
    "watch add": ("watch", "add", "more", "--number", "US 99990109"),
    "first check": ("--db", "first.db", "check", "--no-deliver"),
}
# These hold the old content or the new one, whole.
WRITTEN = ("table.csv", "copy.db", "fresh.toml", "tmwatch.toml")


def prepare(folder: Path) -> None:
    (folder / "page.html").write_bytes(page(changed=True))
    (folder / "table.csv").write_text("the table of yesterday\n")
    shutil.copy(folder / "tmwatch.db", folder / "copy.db")


def contents(folder: Path) -> dict[str, bytes | None]:
    return {name: (folder / name).read_bytes() if (folder / name).exists() else None for name in WRITTEN}


@pytest.mark.parametrize(
    "command",
    [pytest.param(name, marks=[pytest.mark.soak] if name == "first check" else []) for name in COMMANDS],
)
def test_no_space_leaves_no_half_file_in_place_of_a_good_one(victim: Victim, command: str) -> None:
    argv = COMMANDS[command]
    prepare(victim.folder)
    before = contents(victim.folder)
    plain = victim.killer.run(*argv, full=NEVER)
    assert plain.code == 0, plain.stderr
    after = contents(victim.folder)
    there = {path.name for path in victim.folder.iterdir()}
    tried = [
        (write, how)
        for write in first_of_each(step for step in needs_space(plain) if "application_id" not in step.place)
        for how in (HOW if command.startswith(("export", "watch")) else HOW[:1])
    ]
    assert tried
    for write, how in tried:
        victim.reset()
        prepare(victim.folder)
        ended = victim.killer.run(*argv, full=write, **how)
        where = f"{command}, write {write} {how}: {ended.stderr}"
        assert is_clear(ended), where
        for name, content in contents(victim.folder).items():
            assert content in (before[name], after[name]), f"{where}: {name} is neither the old nor the new"
        left = {path.name for path in victim.folder.iterdir()} - there
        assert not {name for name in left if name.endswith(".part") or ".part-" in name}, where
        if command == "init":
            (victim.folder / "fresh.toml").unlink(missing_ok=True)
        again = victim.killer.run(*argv)
        assert again.code == 0, f"{where}; then, with space: {again.stderr}"
        victim.facts()


def test_a_configuration_that_was_added_to_on_a_full_disk_still_loads(victim: Victim) -> None:
    victim.killer.run(*COMMANDS["watch add"], full=1)
    assert [watch.name for watch in load_config(victim.folder / "tmwatch.toml").watches] == ["own", "JD cars"]


def test_a_full_disk_under_the_output_or_the_log_is_no_bug(victim: Victim, undisturbed: Undisturbed) -> None:
    printed = victim.killer.run("export", stdout=Path("/dev/full"))
    assert printed.code == 1
    assert "space" in printed.stderr
    assert "bug" not in printed.stderr
    logged = victim.killer.run("-vv", "check", stderr=Path("/dev/full"))
    victim.ledgers.quiet()
    assert logged.code == 0
    assert victim.told() == undisturbed[2]


def test_a_file_that_may_grow_no_further_is_no_bug(victim: Victim, undisturbed: Undisturbed) -> None:
    """RLIMIT_FSIZE, as a hoster or an administrator sets it."""
    ended = victim.killer.run("check", largest=200_000)
    victim.ledgers.quiet()
    assert (ended.code, "bug" in ended.stderr, "Traceback" in ended.stderr) == (1, False, False), ended.stderr
    victim.recover()
    assert (victim.told(), victim.facts()) == (undisturbed[2], undisturbed[1])
