"""Copies of the database: made with SQLite's own backup, verified, for the owner's eyes only.

A copy is written beside its target and moved into place when it is whole and on the disk; what carries
the name of a backup is one.
"""

from __future__ import annotations

import os
import shutil
import sqlite3
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

from tmwatch.errors import StoreError
from tmwatch.files import whole

BUSY_SECONDS = 60.0
PRIVATE = 0o600
SIDECARS = ("-wal", "-shm", "-journal")
_SPARE = 8 * 2**20  # bytes that a copy must leave free: a full disk harms others too


def backup(source: Path, target: Path) -> Path:
    """A consistent copy of a live database at `target`, which is replaced where it is there.

    Raises `StoreError` when the source is no database, there is no room, or the target cannot be written;
    nothing is left behind then and `target` is as it was.
    """
    if not source.exists():
        raise StoreError(
            "there is no database to back up",
            where=str(source),
            do="Name the database with --db, or the configuration with --config.",
        )
    need_room(source, target.parent, "the backup")
    try:
        # All backups of a database are one family: what a killed one left goes with the next.
        with whole(target, mode=PRIVATE, family=source.name) as part:
            write_copy(source, part)
    except (sqlite3.Error, OSError) as error:
        said = error.strerror if isinstance(error, OSError) else error
        raise StoreError(
            f"the backup could not be written: {said}",
            where=str(target),
            kept="The database is untouched, and so is a backup that was there before.",
            do="Check rights and free space, or name a file elsewhere.",
        ) from None
    return target


def write_copy(source: Path, part: Path) -> None:
    """Copy a database that may be in use into the empty file `part`, and verify the copy."""
    with closing(sqlite3.connect(source, timeout=BUSY_SECONDS)) as live:
        copy_into(live, part)


def copy_into(live: sqlite3.Connection, part: Path) -> None:
    """Copy the whole database into the empty file `part` and verify it. Raises what SQLite raises,
    `OSError`, and `StoreError` where the copy is not whole."""
    part.chmod(PRIVATE)
    with closing(sqlite3.connect(part)) as copy:
        live.backup(copy)
        copy.execute("pragma journal_mode = delete")
        if copy.execute("pragma integrity_check(1)").fetchone()[0] != "ok":
            raise StoreError(
                "the copy failed its integrity check",
                where=str(part),
                kept="The database is untouched.",
                do="`tmwatch doctor` says what is wrong with it.",
            )


def before_upgrade(path: Path, version: int) -> Path:
    """The copy that is made by itself before an upgrade to schema `version`; never over another file.

    Raises `StoreError` when it cannot be made; the database is untouched then.
    """
    stem = f"{path.name}.before-upgrade-to-schema-{version}.{stamp()}"
    target, count = path.with_name(f"{stem}.bak"), 1
    while target.exists():
        count += 1
        target = path.with_name(f"{stem}-{count}.bak")
    # The upgrade itself may write as much again.
    need_room(path, path.parent, "the upgrade and the backup before it", times=2)
    return backup(path, target)


def need_room(source: Path, folder: Path, what: str, times: int = 1) -> None:
    """Raise `StoreError` where the disk has no room for `times` copies of `source`."""
    size = source.stat().st_size
    wal = source.with_name(f"{source.name}-wal")
    if wal.exists():
        size += wal.stat().st_size
    try:
        free = shutil.disk_usage(folder).free
    except OSError:
        return  # the folder cannot be asked, or is not there: writing will say so
    need = times * size + _SPARE
    if free < need:
        raise StoreError(
            f"the disk has no room for {what}: {_mib(need)} are needed, {_mib(free)} are free",
            where=str(folder),
            kept="The database is untouched.",
            do="Free space, then run the command again.",
        )


def beside(path: Path) -> list[Path]:
    """The backups that lie beside a database, the latest first."""
    try:
        found = [one for one in path.parent.glob(f"{path.name}.*bak") if one.is_file()]
        return sorted(found, key=lambda one: (one.stat().st_mtime, one.name), reverse=True)
    except OSError:
        return []


def way_out(path: Path) -> str:
    """What to do where the database cannot be used: the latest backup beside it, by its name."""
    found = beside(path)
    if not found:
        return "Restore a backup of it: `tmwatch restore FILE`."
    return f"Restore a backup: `tmwatch restore {found[0]}` ({found[0].name} is the latest beside it)."


def stamp() -> str:
    """The instant as it stands in the names of backups (UTC)."""
    return datetime.now(UTC).strftime("%Y%m%dT%H%M%SZ")


def make_private(path: Path) -> list[Path]:
    """Take the rights of others from the database and what lies beside it; returns what cannot be mended.

    The marks a firm watches and the alerts about them are nobody else's business (files made by
    0.1.0 under the usual umask 022 could be read by all).
    """
    left = []
    for one in (path, *(path.with_name(f"{path.name}{end}") for end in SIDECARS)):
        try:
            mode = one.stat().st_mode & 0o777
            if mode & 0o077:
                one.chmod(mode & 0o700)
        except FileNotFoundError:
            continue
        except OSError:
            left.append(one)
    return left


def not_private(path: Path) -> list[Path]:
    """What of the database and its backups others can read: what could not be mended, and old backups."""
    files = [path, *(path.with_name(f"{path.name}{end}") for end in SIDECARS), *beside(path)]
    files += path.parent.glob(f"{path.name}.replaced-*")
    found = []
    for one in files:
        try:
            if os.name == "posix" and one.stat().st_mode & 0o077:
                found.append(one)
        except OSError:
            continue
    return found


def _mib(size: int) -> str:
    return f"{size / 2**20:.0f} MiB"
