"""What is left on a disk when the power goes: only what was synced is sure, the rest may be there or not.

The shim's log says which file was made, written, cut, renamed and synced, in which order. From it the folder
is built anew as a disk may hold it after the last of these steps:

* what was written to a file and not synced since: nothing of it is there, or any part of it, whole sectors
  in any order (a write may be torn at a sector's border, and a later one survive without an earlier one);
* what was made, renamed or removed in a folder that was not synced since: it never happened, or it did, be
  the content there or not. (POSIX promises no more. Real file systems do; they differ in what.)
"""

from __future__ import annotations

import random
import shutil
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath

from tests.faults.killer import Step

SECTOR = 512


@dataclass
class _File:
    """What is sure of a file's bytes, and what happened to them since: (offset, data) or (length, None)."""

    sure: bytes
    since: list[tuple[int, bytes | None]] = field(default_factory=list)

    def sync(self) -> None:
        self.sure = _apply(self.sure, self.since)
        self.since = []


def _apply(content: bytes, changes: Sequence[tuple[int, bytes | None]]) -> bytes:
    made = bytearray(content)
    for at, data in changes:
        if data is None:
            del made[at:]
            made.extend(bytes(at - len(made)))
        else:
            made.extend(bytes(max(0, at - len(made))))
            made[at : at + len(data)] = data
    return bytes(made)


def _any_part(
    changes: Sequence[tuple[int, bytes | None]], dice: random.Random
) -> list[tuple[int, bytes | None]]:
    """Some sectors of what was written, as chance has it; an order of truncation that holds."""
    kept: list[tuple[int, bytes | None]] = []
    for at, data in changes:
        if data is None:
            if dice.random() < 0.5:
                kept.append((at, None))
            continue
        start = 0
        while start < len(data):
            end = min(len(data), start + SECTOR - (at + start) % SECTOR)
            if dice.random() < 0.5:
                kept.append((at + start, data[start:end]))
            start = end
    return kept


class Disk:
    """The folder as it was before the run, all of it sure; then the steps of the run."""

    def __init__(self, before: Path) -> None:
        self.folders = {""} | {str(path.relative_to(before)) for path in before.rglob("*") if path.is_dir()}
        self.names = {
            str(path.relative_to(before)): _File(path.read_bytes())
            for path in before.rglob("*")
            if path.is_file()
        }
        self.sure_names = dict(self.names)

    def run(self, steps: Sequence[Step]) -> None:
        """Let the steps happen. Those that failed did nothing."""
        for step in steps:
            if step.result >= 0 and step.path != "network":
                self._one(step)

    def _one(self, step: Step) -> None:
        name = step.path
        if step.kind == "create":
            self.names[name] = _File(b"")
        elif step.kind == "cut":
            self.names[name].since.append((0, None))
        elif step.kind == "write":
            self.names[name].since.append((step.at, step.data))
        elif step.kind == "truncate":
            self.names[name].since.append((step.at, None))
        elif step.kind in ("rename", "link"):
            file = self.names[name] if step.kind == "link" else self.names.pop(name)
            self.names[step.other] = file
        elif step.kind == "unlink":
            del self.names[name]
        elif step.kind == "mkdir":
            self.folders.add(name)
        elif step.kind == "sync":
            if name in self.names:
                self.names[name].sync()
            else:
                self._sync_folder("" if name == "." else name)
        else:
            raise AssertionError(f"what does a power loss make of this? {step}")

    def _sync_folder(self, folder: str) -> None:
        for name in {*self.names, *self.sure_names}:
            if _folder(name) != folder:
                continue
            if name in self.names:
                self.sure_names[name] = self.names[name]
            else:
                del self.sure_names[name]

    def unsure(self) -> bool:
        """Whether anything hangs in the air."""
        return self.names != self.sure_names or any(file.since for file in self.names.values())

    def left(
        self, *, names: bool, content: str, seed: int = 0, only: Collection[str] = ()
    ) -> dict[str, bytes]:
        """What a disk may hold now, by name (`only` these).

        `names`: whether what was made, renamed and removed since the last sync of its folder happened.
        `content`: of what was written and not synced "none", "all" or "some".
        """
        dice = random.Random(seed)
        found = {}
        for name, file in (self.names if names else self.sure_names).items():
            if only and name not in only:
                continue
            kept: Sequence[tuple[int, bytes | None]] = []
            if content == "all":
                kept = file.since
            elif content == "some":
                kept = _any_part(file.since, dice)
            found[name] = _apply(file.sure, kept)
        return found

    def lose_power(self, target: Path, *, names: bool, content: str, seed: int = 0) -> None:
        """Write that into `target`, in place of all that it held."""
        shutil.rmtree(target, ignore_errors=True)
        for folder in self.folders:
            (target / folder).mkdir(parents=True, exist_ok=True)
        for name, body in self.left(names=names, content=content, seed=seed).items():
            (target / name).write_bytes(body)


def _folder(name: str) -> str:
    parent = str(PurePosixPath(name).parent)
    return "" if parent == "." else parent
