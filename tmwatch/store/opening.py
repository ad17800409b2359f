"""What a file is, found out without touching it: ours and whole, or refused with the way out named.

Opening an SQLite file for writing may already change it: a `-wal` left by a killed process is folded in
by whoever closes the file last, and a `-wal` of another file would be folded in just so. So a file that
nobody has open is looked at first through a connection that can write nothing: `immutable` where nothing
lies beside it, else through a second name (hard link) in a folder of its own with a copy of the `-wal`.
"""

from __future__ import annotations

import os
import shutil
import sqlite3
import struct
import sys
import tempfile
from collections import Counter
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from urllib.parse import quote

from tmwatch.errors import StoreError

if sys.platform != "win32":
    import fcntl
from tmwatch.store.copies import PRIVATE, way_out
from tmwatch.store.schema import APPLICATION_ID, SCHEMA_VERSION

_MAGIC = b"SQLite format 3\0"
_UNTOUCHED = "It was left untouched."
# SQLite's unix VFS: every connection in WAL mode holds a shared lock on this byte of the -shm file
# (UNIX_SHM_DMS, os_unix.c), as long as it is open.
_DMS = 128

# (device, inode) of what this process has open. POSIX forgets *all* locks of a process on a file when it
# closes *any* handle on it (sqlite.org/howtocorrupt.html §2.2): such a file is never opened beside SQLite.
open_here: Counter[tuple[int, int]] = Counter()


@dataclass(frozen=True)
class Seen:
    """What a file says of itself."""

    version: int
    first: str  # hash of the first look in it; "" where there is none
    last: tuple[int, str]  # number and hash of the latest look


def key(path: Path) -> tuple[int, int]:
    """What the file is, whatever its name."""
    stat = path.stat()
    return stat.st_dev, stat.st_ino


def in_use(path: Path) -> bool:
    """Whether any process, this one too, has the database open. False where it cannot be known."""
    with suppress(OSError):
        if open_here[key(path)]:
            return True
    if sys.platform == "win32":
        return False
    # struct flock: start and length first on macOS and the BSDs, type and whence first on Linux.
    layout = "qqihh" if sys.platform == "darwin" or "bsd" in sys.platform else "hhqqi"
    ask = (_DMS, 1, 0, fcntl.F_WRLCK, 0) if layout == "qqihh" else (fcntl.F_WRLCK, 0, _DMS, 1, 0)
    try:
        handle = os.open(path.with_name(f"{path.name}-shm"), os.O_RDWR)
    except OSError:
        return False
    try:
        answer = struct.unpack(layout, fcntl.fcntl(handle, fcntl.F_GETLK, struct.pack(layout, *ask)))
    except OSError:
        return False
    finally:
        os.close(handle)
    return bool(answer[3 if layout == "qqihh" else 0] != fcntl.F_UNLCK)


def refuse_what_is_no_file(path: Path) -> None:
    """Raise `StoreError` for a folder, an empty file, no right to read, or what is not SQLite at all."""
    if path.is_dir():
        raise StoreError(
            "the database cannot be used now: a folder has its name",
            where=str(path),
            kept=_UNTOUCHED,
            do="Name the file in it with --db or [store] path.",
        )
    try:
        with path.open("rb") as file:
            head = file.read(len(_MAGIC))
    except OSError as error:
        raise StoreError(
            f"the database cannot be used now: {error.strerror or error}",
            where=str(path),
            kept=_UNTOUCHED,
            do="tmwatch needs to read and write the file and its folder: check their rights.",
        ) from None
    if not head:
        raise StoreError(
            "the file is empty: a database was cut off here, or none was ever made",
            where=str(path),
            kept=_UNTOUCHED,
            do=f"{way_out(path)} If there never was one, delete the empty file.",
        )
    if head != _MAGIC:
        raise damaged(path, "it does not begin as one")


def look(path: Path, *, thorough: bool = False) -> Seen:
    """What the file is; it must not be open in any process. Nothing is written, nor left beside it.

    `thorough` checks every index as well, not only every page. Raises `StoreError` for what is damaged,
    of another program, or of a newer tmwatch, with the way out.
    """
    refuse_what_is_no_file(path)
    if not _has_wal(path) and (cut := _cut_off(path)):
        raise damaged(path, cut)
    try:
        with reading(path) as conn:
            seen = _examine(conn, path, thorough or _has_wal(path))
            stray = _wal_of_another(path, seen)
    except sqlite3.DatabaseError as error:
        if _whole_without_wal(path):
            raise _bad_wal(path) from None
        raise damaged(path, error) from None
    except Damaged:
        if _whole_without_wal(path):
            raise _bad_wal(path) from None
        raise
    if stray:
        raise _bad_wal(path)
    return seen


def refuse_unusable(path: Path) -> None:
    """Raise `StoreError` for a file that is no whole database of ours; one that is open was looked at."""
    if not in_use(path):
        look(path)


def _examine(conn: sqlite3.Connection, path: Path, thorough: bool) -> Seen:
    application = conn.execute("pragma application_id").fetchone()[0]
    tables = conn.execute("select count(*) from sqlite_master").fetchone()[0]
    check = "integrity_check" if thorough else "quick_check"
    damage = conn.execute(f"pragma {check}(1)").fetchone()[0]
    if application != APPLICATION_ID and tables and damage == "ok":
        raise StoreError(
            "this SQLite file was not made by tmwatch",
            where=str(path),
            kept=_UNTOUCHED,
            do="Name another file with --db.",
        )
    if damage != "ok":
        raise damaged(path, f"{check} found damage")
    version = conn.execute("pragma user_version").fetchone()[0]
    refuse_newer(path, version)
    if not tables and not version:
        return Seen(0, "", (0, ""))  # killed while it was made: nothing is in it yet
    if not version or not tables:
        raise damaged(path, "it holds no tables of tmwatch")
    chain = conn.execute("select previous_hash, hash from observation order by id desc limit 200").fetchall()
    gaps = [(earlier[1], later[0]) for later, earlier in pairwise(chain) if later[0] != earlier[1]]
    if gaps and not _pruned(conn, gaps):
        raise damaged(path, "the chain of its looks is broken")
    first = conn.execute("select hash from observation order by id limit 1").fetchone()
    last = conn.execute("select id, hash from observation order by id desc limit 1").fetchone()
    return Seen(version, first[0] if first else "", (last[0], last[1]) if last else (0, ""))


def refuse_newer(path: Path, version: int) -> None:
    """Raise `StoreError` for a schema that this tmwatch does not know."""
    if version > SCHEMA_VERSION:
        raise StoreError(
            f"the database has schema {version}, this tmwatch knows {SCHEMA_VERSION}",
            where=str(path),
            kept=_UNTOUCHED,
            do=f"Install the tmwatch that wrote it, or a newer one. {way_out(path)}",
        )


def _pruned(conn: sqlite3.Connection, gaps: list[tuple[str, str]]) -> bool:
    """Whether `prune` left each of these gaps in the chain."""
    if not conn.execute("select 1 from sqlite_master where name = 'pruned_looks'").fetchone():
        return False
    known = {tuple(row) for row in conn.execute("select previous_hash, hash from pruned_looks")}
    return known.issuperset(gaps)


class Damaged(StoreError):
    """The file is no whole database."""


def damaged(path: Path, why: object) -> Damaged:
    """It is no whole database: why, and what to do."""
    return Damaged(
        f"the database is damaged or is no SQLite file ({why})",
        where=str(path),
        kept=_UNTOUCHED,
        do=way_out(path),
    )


def _bad_wal(path: Path) -> StoreError:
    wal = f"{path.name}-wal"
    return StoreError(
        f"{wal} does not belong to the database beside it, or is damaged; the database itself is whole",
        where=str(path),
        kept="Both were left untouched.",
        do=f"Move {wal} away to use the database without it, or restore a backup. {way_out(path)}",
    )


# -- connections that can write nothing ----------------------------------------------------------------------


def connect_reading(path: Path, options: str, *, own_thread: bool = True) -> sqlite3.Connection:
    """A connection by URI, with `mode=ro` or `immutable=1`; for its thread alone, or for one at a time."""
    name = quote(os.fsencode(path.absolute()))
    target = f"file:{name}?{options}"
    conn = sqlite3.connect(target, uri=True, isolation_level=None, check_same_thread=own_thread)
    conn.row_factory = sqlite3.Row
    return conn


@contextmanager
def reading(path: Path) -> Iterator[sqlite3.Connection]:
    """A connection to a file that nobody has open, -wal and all; leaves it and its folder as they are."""
    if not _has_wal(path) and not path.with_name(f"{path.name}-journal").exists():
        with closing(connect_reading(path, "mode=ro&immutable=1")) as conn:
            yield conn
        return
    # A -journal that a killed process left is rolled back, which writes: into the copy that was made of it.
    mode = "mode=rw" if path.with_name(f"{path.name}-journal").exists() else "mode=ro"
    with second_name(path) as other, closing(connect_reading(other, mode)) as conn:
        yield conn


@contextmanager
def second_name(path: Path) -> Iterator[Path]:
    """The database under another name, with a copy of what lies beside it, in a folder that goes again."""
    with tempfile.TemporaryDirectory(prefix=".tmwatch-look-", dir=path.parent) as folder:
        other = Path(folder) / path.name
        journal = path.with_name(f"{path.name}-journal")
        try:
            if journal.exists():  # reading rolls it back, which writes
                raise OSError
            os.link(path.resolve(), other)
        except OSError:
            shutil.copyfile(path, other)  # a disk that knows no second names
            other.chmod(PRIVATE)
        for end in ("-wal", "-journal"):
            with suppress(FileNotFoundError):
                shutil.copyfile(path.with_name(f"{path.name}{end}"), other.with_name(f"{other.name}{end}"))
        yield other


def _wal_of_another(path: Path, seen: Seen) -> bool:
    """Whether the -wal tells another history than the file: another first look, or fewer looks."""
    if not _has_wal(path):
        return False
    alone = _alone(path)
    if alone is None or not alone.first or not seen.first:
        return False
    return alone.first != seen.first or alone.last[0] > seen.last[0]


def _whole_without_wal(path: Path) -> bool:
    return _has_wal(path) and _alone(path) is not None


def _has_wal(path: Path) -> bool:
    wal = path.with_name(f"{path.name}-wal")
    return wal.exists() and wal.stat().st_size > 0


def _cut_off(path: Path) -> str:
    """Why the file is shorter than its header says; SQLite itself reads what is missing as zeros."""
    with path.open("rb") as file:
        head = file.read(100)
    page = int.from_bytes(head[16:18], "big")
    page = 65536 if page == 1 else page
    pages, size = int.from_bytes(head[28:32], "big"), path.stat().st_size
    known = head[24:28] == head[92:96]  # else an old SQLite wrote it, and the count is not to be trusted
    if page and (size % page or (known and size < page * pages)):
        return f"it is cut off: {size} bytes of {page * pages}"
    return ""


def _alone(path: Path) -> Seen | None:
    """What the file says without its -wal; None where it says nothing whole."""
    try:
        with closing(connect_reading(path, "mode=ro&immutable=1")) as conn:
            return _examine(conn, path, thorough=False)
    except (StoreError, sqlite3.DatabaseError):
        return None
