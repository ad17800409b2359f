"""Opening the file: one transaction helper, migrations with a backup, refusal of what is not ours."""

from __future__ import annotations

import functools
import sqlite3
import threading
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import sqlite_utils

from tmwatch.errors import StoreError
from tmwatch.files import whole
from tmwatch.store import opening
from tmwatch.store.copies import (
    BUSY_SECONDS,
    PRIVATE,
    backup,
    before_upgrade,
    make_private,
    way_out,
)
from tmwatch.store.copies import beside as backup_files
from tmwatch.store.outside import is_outside, what_to_do
from tmwatch.store.schema import APPLICATION_ID, MIGRATIONS, SCHEMA_VERSION

WAL_KEPT = 16 * 2**20


class Database:
    """A connection to the one SQLite file; the only place that begins transactions.

    sqlite-utils' own `atomic()` begins a *deferred* transaction, under which two processes that read
    and then write lose updates or fail; inside `write()` it nests as a savepoint instead.
    """

    def __init__(self, path: Path, *, create: bool = True) -> None:
        self.path = path
        self._file: tuple[int, int] | None = None
        self.upgraded: Upgrade | None = None  # by this very opening
        there = _is_there(path)
        if not there and not create:
            raise StoreError(
                "there is no database yet",
                where=str(path),
                do="`tmwatch init` makes it, with a configuration; `tmwatch import FILE` makes it of a saved "
                "page. One that lies elsewhere is named with --db.",
            )
        if not path.parent.is_dir():
            raise StoreError(
                "the folder of the database does not exist",
                where=str(path.parent),
                do="Create it, or name another file with --db or [store] path.",
            )
        try:
            if not there:
                _make(path)
            self._open()
        except sqlite3.OperationalError as error:
            if not is_outside(error):
                raise opening.damaged(path, error) from None
            raise StoreError(
                f"the database cannot be used now: {error}",
                where=str(path),
                kept="It was left untouched.",
                do="tmwatch needs to write to the file and to its folder: check rights, free space and "
                "whether another tmwatch is at work.",
            ) from None
        except sqlite3.DatabaseError as error:
            raise opening.damaged(path, error) from None
        except OSError as error:
            raise StoreError(
                f"the database cannot be used now: {error.strerror or error}",
                where=str(path),
                kept="It was left untouched.",
                do="tmwatch needs to write to the file and to its folder: check rights and free space.",
            ) from None
        self._reader: sqlite3.Connection | None = None
        self._reading = threading.Lock()

    def _open(self) -> None:
        """Look first, then open; again where a restore put another file in its place in between."""
        while True:
            file = opening.key(self.path)
            looked = not opening.in_use(self.path)
            if looked:
                opening.look(self.path)
            self.conn = connect(self.path)
            try:
                self._check(looked)
            except sqlite3.OperationalError:
                self.conn.close()
                if opening.key(self.path) == file:
                    raise
                continue  # SQLite says so itself: it will not write to a file that was moved away
            except BaseException:
                self.conn.close()
                raise
            if opening.key(self.path) == file:
                break
            self.conn.close()
        self.db = sqlite_utils.Database(self.conn)
        self._file = file
        opening.open_here[file] += 1
        make_private(self.path)

    def _check(self, looked: bool) -> None:
        if not looked:  # another process has it open: what was not looked at before is now
            application = self.conn.execute("pragma application_id").fetchone()[0]
            tables = self.conn.execute("select count(*) from sqlite_master").fetchone()[0]
            if application != APPLICATION_ID and tables:
                raise StoreError(
                    "this SQLite file was not made by tmwatch",
                    where=str(self.path),
                    kept="It was left untouched.",
                    do="Name another file with --db.",
                )
            if self.conn.execute("pragma quick_check(1)").fetchone()[0] != "ok":
                raise opening.damaged(self.path, "quick_check found damage")
        version = self.conn.execute("pragma user_version").fetchone()[0]
        opening.refuse_newer(self.path, version)
        self.conn.execute("pragma journal_mode = wal")
        self.conn.execute("pragma synchronous = full")
        self.conn.execute(
            "pragma cache_size = -16384"
        )  # KiB: a batch of new filings writes all over the file
        self.conn.execute("pragma foreign_keys = on")
        # A long reader may make the -wal grow; when it is done, the file shrinks to this again.
        self.conn.execute(f"pragma journal_size_limit = {WAL_KEPT}")
        if version < SCHEMA_VERSION:
            self._migrate()

    def _migrate(self) -> None:
        """All steps in one transaction, after a backup that nobody can write past: the lock is ours."""
        self.conn.execute("begin immediate")
        try:
            # Another process may have migrated while we waited for the lock.
            version = self.conn.execute("pragma user_version").fetchone()[0]
            if version < SCHEMA_VERSION:
                kept = before_upgrade(self.path, SCHEMA_VERSION) if version else None
                migrate(self.conn, version)
                if kept is not None:
                    self.upgraded = Upgrade(version, SCHEMA_VERSION, kept)
            self.conn.execute("commit")
        except sqlite3.DatabaseError as error:
            self._rollback()
            raise StoreError(
                f"the database could not be upgraded to schema {SCHEMA_VERSION}: {error}",
                where=str(self.path),
                kept="It is as it was before.",
                do="Free space where the disk is full, then run the command again.",
            ) from error
        except BaseException:
            self._rollback()
            raise

    @contextmanager
    def write(self) -> Iterator[sqlite_utils.Database]:
        """One `BEGIN IMMEDIATE` transaction; nested calls join it. Raises `StoreError` when the disk
        is full or another process holds the lock too long; nothing of the block is kept then."""
        if self.conn.in_transaction:
            yield self.db
            return
        try:
            self.conn.execute("begin immediate")
            yield self.db
            self.conn.execute("commit")
        except sqlite3.DatabaseError as error:
            self._rollback()
            raise StoreError(
                f"the database could not be written: {error}",
                where=str(self.path),
                kept="Nothing of this step was kept; what was stored before is whole.",
                do=what_to_do(error),
            ) from error
        except BaseException:
            self._rollback()
            raise

    @contextmanager
    def reading(self) -> Iterator[sqlite3.Connection]:
        """For threads beside the one that opened the database, whose connection is its own alone (two on one
        connection may wait for each other for ever): another, which sees what was committed last and can
        write nothing. One thread at a time. Raises `sqlite3.Error`."""
        with self._reading:
            if self._reader is None:
                self._reader = opening.connect_reading(self.path, "mode=ro", own_thread=False)
            yield self._reader

    def _rollback(self) -> None:
        if self.conn.in_transaction:
            self.conn.execute("rollback")

    def close(self) -> None:
        """Close the file; the WAL is folded into it by the last process to leave."""
        if self._file is not None:
            opening.open_here[self._file] -= 1
            self._file = None
        with self._reading:
            if self._reader is not None:
                self._reader.close()
                self._reader = None
        self.conn.close()


@dataclass(frozen=True)
class Upgrade:
    """The schema was raised, and where the database as it was before lies."""

    old: int
    new: int
    backup: Path

    def __str__(self) -> str:
        return (
            f"The database was upgraded from schema {self.old} to {self.new}. "
            f"As it was before, it lies in {self.backup}"
        )


def connect(path: Path) -> sqlite3.Connection:
    """A plain connection, without a transaction of its own."""
    conn = sqlite3.connect(path, timeout=BUSY_SECONDS, isolation_level=None)
    conn.row_factory = sqlite3.Row
    return conn


def migrate(conn: sqlite3.Connection, version: int) -> None:
    """The steps from `version` to today's schema, in the transaction that is open."""
    db = sqlite_utils.Database(conn)
    for step in MIGRATIONS[version:]:
        step(db)
    conn.execute(f"pragma application_id = {APPLICATION_ID}")
    conn.execute(f"pragma user_version = {SCHEMA_VERSION}")


def _is_there(path: Path) -> bool:
    try:
        return path.exists()
    except OSError as error:  # a folder that may not be entered
        raise StoreError(
            f"the database cannot be used now: {error.strerror or error}",
            where=str(path),
            kept="It was left untouched.",
            do="tmwatch needs to read and write the file and its folder: check their rights.",
        ) from None


def _make(path: Path) -> None:
    """A new database, made whole under another name: a process killed here leaves no half of one."""
    lost = backup_files(path)
    wal = path.with_name(f"{path.name}-wal")
    if lost or (wal.exists() and wal.stat().st_size):
        what = f"{lost[0].name} lies" if lost else f"{wal.name} lies"
        raise StoreError(
            f"the database is gone ({what} beside where it was); a new one would know nothing of it",
            where=str(path),
            kept="Nothing was made.",
            do=way_out(path) + f" To begin anew, move {'the backups' if lost else wal.name} away.",
        )
    try:
        # `resolve`: of a link that points at nothing yet.
        with (
            whole(path.resolve(), mode=PRIVATE, replace=False) as part,
            closing(connect(part)) as conn,
        ):
            conn.execute("begin immediate")
            migrate(conn, 0)
            conn.execute("commit")
            conn.execute("pragma journal_mode = wal")
    except FileExistsError:
        return  # another process was faster


def now() -> datetime:
    """The present instant in UTC, to the second-fraction; tests move it with time-machine."""
    return datetime.now(UTC)


@functools.lru_cache(maxsize=4096)
def iso(instant: datetime) -> str:
    """An instant as the store writes it: UTC, ISO 8601, sortable as text."""
    return instant.astimezone(UTC).isoformat(timespec="microseconds")


__all__ = ["BUSY_SECONDS", "Database", "Upgrade", "backup", "iso", "migrate", "now"]
