"""Opening the file: one transaction helper, migrations with a backup, refusal of what is not ours."""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import UTC, datetime
from pathlib import Path

import sqlite_utils

from tmwatch.errors import StoreError
from tmwatch.files import whole
from tmwatch.store.schema import APPLICATION_ID, MIGRATIONS, SCHEMA_VERSION

BUSY_SECONDS = 60.0
# Rights, space or another process: nothing is wrong with the file itself.
_OUTSIDE = frozenset(
    {
        *(sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED, sqlite3.SQLITE_READONLY, sqlite3.SQLITE_PERM),
        *(sqlite3.SQLITE_IOERR, sqlite3.SQLITE_FULL, sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_NOMEM),
    }
)


class Database:
    """A connection to the one SQLite file; the only place that begins transactions.

    sqlite-utils' own `atomic()` begins a *deferred* transaction, under which two processes that read
    and then write lose updates or fail; inside `write()` it nests as a savepoint instead.
    """

    def __init__(self, path: Path, *, create: bool = True) -> None:
        self.path = path
        existed = path.exists() and path.stat().st_size > 0
        if not existed and not create:
            raise StoreError(
                "there is no database yet",
                where=str(path),
                do="Run `tmwatch check` or `tmwatch import FILE` first, or name another file with --db.",
            )
        if not path.parent.is_dir():
            raise StoreError(
                "the folder of the database does not exist",
                where=str(path.parent),
                do="Create it, or name another file with --db or [store] path.",
            )
        try:
            self._open()
            self._check(existed)
        except sqlite3.OperationalError as error:
            if error.sqlite_errorcode & 0xFF not in _OUTSIDE:
                raise _unusable(path, error) from None
            raise StoreError(
                f"the database cannot be used now: {error}",
                where=str(path),
                kept="It was left untouched.",
                do="tmwatch needs to write to the file and to its folder: check rights, free space and "
                "whether another tmwatch is at work.",
            ) from None
        except sqlite3.DatabaseError as error:
            raise _unusable(path, error) from None
        self._lock = threading.RLock()

    def _open(self) -> None:
        self.conn = sqlite3.connect(
            self.path, timeout=BUSY_SECONDS, isolation_level=None, check_same_thread=False
        )
        self.conn.row_factory = sqlite3.Row
        self.db = sqlite_utils.Database(self.conn)

    def _check(self, existed: bool) -> None:
        if existed:
            application = self.conn.execute("pragma application_id").fetchone()[0]
            tables = self.conn.execute("select count(*) from sqlite_master").fetchone()[0]
            if application != APPLICATION_ID and tables:
                self.conn.close()
                raise StoreError(
                    "this SQLite file was not made by tmwatch",
                    where=str(self.path),
                    kept="It was left untouched.",
                    do="Name another file with --db.",
                )
            if self.conn.execute("pragma quick_check(1)").fetchone()[0] != "ok":
                self.conn.close()
                raise _unusable(self.path, "quick_check found damage")
        version = self.conn.execute("pragma user_version").fetchone()[0]
        if version > SCHEMA_VERSION:
            self.conn.close()
            raise StoreError(
                f"the database has schema {version}, this tmwatch knows {SCHEMA_VERSION}",
                where=str(self.path),
                kept="It was left untouched.",
                do="Install the tmwatch that wrote it (or a newer one), or restore the backup "
                f"{self.path.name}.before-{version}.bak made when it was upgraded.",
            )
        self.conn.execute("pragma journal_mode = wal")
        self.conn.execute("pragma synchronous = full")
        self.conn.execute("pragma foreign_keys = on")
        if version < SCHEMA_VERSION:
            self._migrate(version)

    def _migrate(self, version: int) -> None:
        if version:
            backup(self.path, self.path.with_name(f"{self.path.name}.before-{version + 1}.bak"))
        self.conn.execute("begin immediate")
        try:
            # Another process may have migrated while we waited for the lock.
            version = self.conn.execute("pragma user_version").fetchone()[0]
            for step in MIGRATIONS[version:]:
                step(self.db)
            self.conn.execute(f"pragma application_id = {APPLICATION_ID}")
            self.conn.execute(f"pragma user_version = {SCHEMA_VERSION}")
            self.conn.execute("commit")
        except BaseException:
            if self.conn.in_transaction:
                self.conn.execute("rollback")
            raise

    @contextmanager
    def write(self) -> Iterator[sqlite_utils.Database]:
        """One `BEGIN IMMEDIATE` transaction; nested calls join it. Raises `StoreError` when the disk
        is full or another process holds the lock too long; nothing of the block is kept then."""
        with self._lock:
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
                    do="Free space or wait for the other tmwatch to finish, then run the command again.",
                ) from error
            except BaseException:
                self._rollback()
                raise

    def _rollback(self) -> None:
        if self.conn.in_transaction:
            self.conn.execute("rollback")

    def close(self) -> None:
        """Close the file; the WAL is folded into it by the last process to leave."""
        self.conn.close()


def backup(source: Path, target: Path) -> Path:
    """A consistent copy of a live database, made beside and moved into place when whole.

    Raises `StoreError` when the source is no database or the target cannot be written.
    """
    if not source.exists():
        raise StoreError("there is no database to back up", where=str(source))
    try:
        # Opened first: what is no database leaves nothing beside the target.
        with closing(sqlite3.connect(source, timeout=BUSY_SECONDS)) as live:
            live.execute("select count(*) from sqlite_master")
            with (
                whole(target, mode=0o600, family=source.name) as part,
                closing(sqlite3.connect(part)) as copy,
            ):
                live.backup(copy)
                if copy.execute("pragma integrity_check(1)").fetchone()[0] != "ok":
                    raise StoreError("the copy failed its integrity check", where=str(part))
    except (sqlite3.Error, OSError) as error:
        raise StoreError(
            f"the backup could not be written: {error}", where=str(target), kept="The database is untouched."
        ) from None
    return target


def now() -> datetime:
    """The present instant in UTC, to the second-fraction; tests move it with time-machine."""
    return datetime.now(UTC)


def iso(instant: datetime) -> str:
    """An instant as the store writes it: UTC, ISO 8601, sortable as text."""
    return instant.astimezone(UTC).isoformat(timespec="microseconds")


def _unusable(path: Path, error: object) -> StoreError:
    beside = sorted(path.parent.glob(f"{path.name}*.bak"))
    do = f"Restore a backup: {beside[-1].name} lies beside it." if beside else "Restore a backup of it."
    return StoreError(
        f"the database is damaged or is no SQLite file ({error})",
        where=str(path),
        kept="It was left untouched.",
        do=do,
    )
