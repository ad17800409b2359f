"""`restore`: a backup takes the place of the database, in one step, and nothing goes out twice for it.

The replaced database is kept aside. Where it can be read, what left since the backup was made is carried
over; what waits in the backup is held until somebody releases it. What the next looks find again is
judged by `store.held`.
"""

from __future__ import annotations

import json
import os
import sqlite3
import uuid
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from tmwatch.alerts.payload import AlertPayload
from tmwatch.errors import StoreError, UsageError
from tmwatch.files import whole
from tmwatch.store import held, opening
from tmwatch.store.copies import PRIVATE, SIDECARS, beside, copy_into, need_room, stamp
from tmwatch.store.database import connect, iso, migrate, now
from tmwatch.store.schema import SCHEMA_VERSION

_WAIT_SECONDS = 10.0  # for another process that is just about to leave
_BY_DIGEST = "or d.state = 'digested' and g.state = 'sent'"
_NOTHING = "Neither the backup nor the database was touched."


@dataclass(frozen=True)
class Restored:
    """What a restore did."""

    database: Path
    backup: Path
    kept_aside: Path | None  # the replaced database; None where there was none
    last_look: str | None  # the latest look that stands in the backup (UTC)
    schema: int  # of the backup, before it was upgraded
    known: bool  # whether the replaced database could tell what went out since
    sent_before: int  # deliveries that left since the backup was made
    held: int  # deliveries that wait until they are released

    def as_json(self) -> dict[str, Any]:
        """For `restore --json`."""
        return {
            "database": str(self.database),
            "backup": str(self.backup),
            "kept_aside": str(self.kept_aside) if self.kept_aside else None,
            "last_look": self.last_look,
            "schema": self.schema,
            "known": self.known,
            "sent_before": self.sent_before,
            "held": self.held,
        }


def examine(path: Path, file: Path) -> str | None:
    """Refuse what cannot be restored, touching nothing; returns the latest look in the backup.

    Raises `UsageError` where there is no `file`, and `StoreError`: `file` is no whole database of ours, is
    newer, is `path` itself or in use; or another process has `path` open.
    """
    if not file.exists():
        raise UsageError("there is no such file", where=str(file), kept=_NOTHING, do=_other(path, file))
    if path.exists() and opening.key(path) == opening.key(file):
        raise StoreError("this is the database itself", where=str(file), kept=_NOTHING, do=_other(path, file))
    if opening.in_use(file):
        do = "Close what has it open, or restore a copy of it."
        raise StoreError("another process has this file open", where=str(file), kept=_NOTHING, do=do)
    try:
        seen = opening.look(file, thorough=True)
    except StoreError as error:
        newer = "Install" in error.do
        do = f"Install the tmwatch that wrote it, or a newer one. {_other(path, file)}" if newer else ""
        said = error.message.replace("the database", "this file")
        raise StoreError(said, where=str(file), kept=_NOTHING, do=do or _other(path, file)) from None
    if not seen.version:
        raise StoreError(
            "there is nothing in this file", where=str(file), kept=_NOTHING, do=_other(path, file)
        )
    if path.exists() and opening.in_use(path):
        raise _busy(path)
    with opening.reading(file) as conn:
        return _last_look(conn)


def restore(path: Path, file: Path) -> Restored:
    """Put the backup `file` in the place of the database `path`. Raises `StoreError` as `examine` does,
    and where there is no room; the database is as it was then."""
    last_look = examine(path, file)
    need_room(file, path.parent, "the restored database", times=2)
    name = str(uuid.uuid4().hex[:12])
    aside: Path | None = None
    try:
        with (
            _alone(path) as old,
            whole(path.resolve(), mode=PRIVATE, family=path.name) as part,
        ):
            with opening.reading(file) as source:
                copy_into(source, part)
            with closing(connect(part)) as new:
                new.execute("begin immediate")
                version = new.execute("pragma user_version").fetchone()[0]
                if version < SCHEMA_VERSION:
                    migrate(new, version)
                aside = _free_name(path) if path.exists() else None
                known, sent_before, waiting = _prepare(new, old, name, file, aside)
                new.execute("commit")
            if aside is not None:
                _keep_aside(path, aside)
    except (sqlite3.Error, OSError) as error:
        if aside is not None and path.exists():
            with suppress(OSError):
                if aside.exists() and opening.key(aside) == opening.key(path):
                    aside.unlink()
        raise StoreError(
            f"the backup could not be put in place: {error}",
            where=str(path),
            kept="The database is as it was.",
            do="Check rights and free space, then run the command again.",
        ) from None
    return Restored(path, file, aside, last_look, version, known, sent_before, waiting)


def _other(path: Path, file: Path) -> str:
    found = [one for one in beside(path) if not file.exists() or opening.key(one) != opening.key(file)]
    if not found:
        return "Name another backup."
    return f"Name another backup: {found[0]} is the latest beside the database."


def _busy(path: Path) -> StoreError:
    return StoreError(
        "another process has the database open",
        where=str(path),
        kept=_NOTHING,
        do="End the other tmwatch (or whatever else reads the file), then run the command again.",
    )


def _last_look(conn: sqlite3.Connection) -> str | None:
    row = conn.execute("select looked_at from observation order by id desc limit 1").fetchone()
    return row[0] if row else None


# -- the replaced database -----------------------------------------------------------------------------------


@contextmanager
def _alone(path: Path) -> Iterator[sqlite3.Connection | None]:
    """The database to be replaced, for us alone; None where there is none or it cannot be read.

    Who opens it meanwhile waits for the lock, then sees that another file has its name, and opens that
    (`Database._open`).
    """
    if not path.exists():
        yield None
        return
    try:
        opening.look(path)
    except StoreError:
        yield None  # damaged, newer or foreign: it is kept aside as it is
        return
    with closing(connect(path)) as conn:
        conn.execute(f"pragma busy_timeout = {int(_WAIT_SECONDS * 1000)}")
        try:
            # Needs to be alone, and folds the -wal into the file: what is kept aside is one file.
            mode = conn.execute("pragma journal_mode = delete").fetchone()[0]
            if mode != "delete":
                raise _busy(path)
            conn.execute("begin exclusive")
        except sqlite3.OperationalError as error:
            if error.sqlite_errorcode & 0xFF in (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED):
                raise _busy(path) from None
            raise
        yield conn
        conn.execute("rollback")


def _free_name(path: Path) -> Path:
    stem, count = f"{path.name}.replaced-{stamp()}", 1
    aside = path.with_name(stem)
    while aside.exists():
        count += 1
        aside = path.with_name(f"{stem}-{count}")
    return aside


def _keep_aside(path: Path, aside: Path) -> None:
    """A second name for the file that is about to lose its first; what lies beside it goes with it."""
    target = path.resolve()
    try:
        os.link(target, aside)
    except OSError:  # a disk that knows no second names
        aside.write_bytes(target.read_bytes())
    with suppress(OSError):
        aside.chmod(PRIVATE)
    for end in SIDECARS:
        with suppress(FileNotFoundError):
            target.with_name(f"{target.name}{end}").replace(aside.with_name(f"{aside.name}{end}"))


# -- the restored database -----------------------------------------------------------------------------------


def _prepare(
    new: sqlite3.Connection, old: sqlite3.Connection | None, name: str, file: Path, aside: Path | None
) -> tuple[bool, int, int]:
    """All that the restored database must know, in its open transaction."""
    last = new.execute("select id from restored order by restored_at desc, id desc limit 1").fetchone()
    known = old is not None and _continues(new, old)
    new.execute(
        "insert into restored (id, restored_at, backup, backup_run_at, kept_aside, known)"
        " values (?,?,?,?,?,?)",
        (name, iso(now()), str(file), _last_look(new), str(aside) if aside else None, int(known)),
    )
    _unsettle(new, name, last["id"] if last else "")
    new.execute("update alert set open = 0 where open = 1")  # it may have gone out since
    new.execute(
        "update delivery set state = 'held', held_for = ?, lease_until = null, next_try_at = null,"
        " pass = null, mass = null where state = 'pending' or (state = 'held' and mass is not null)",
        (held.RESTORE,),
    )
    # What was held for a mass may have gone out since, by its time; from now on somebody has to say so.
    for table in ("pass_look", "source_pass", "mass_mark"):
        new.execute(f"delete from {table}")
    new.execute("update mass set closed_at = ? where closed_at is null", (iso(now()),))
    sent = _carry_over(new, old) if old is not None else 0
    waiting = new.execute("select count(*) from delivery where state = 'held'").fetchone()[0]
    return known, sent, int(waiting)


def _continues(new: sqlite3.Connection, old: sqlite3.Connection) -> bool:
    """Whether the replaced database is what became of the backup: the backup's latest look stands in it."""
    last = new.execute("select id, hash from observation order by id desc limit 1").fetchone()
    if last is None:
        return False
    if old.execute("select 1 from observation where id = ? and hash = ?", tuple(last)).fetchone():
        return True
    if not old.execute("select 1 from sqlite_master where name = 'pruned_looks'").fetchone():
        return False
    first = "select hash from observation order by id limit 1"
    return (
        tuple(old.execute(first).fetchone() or ()) == tuple(new.execute(first).fetchone())
        and old.execute(
            "select 1 from pruned_looks where ? between first_look and last_look", (last["id"],)
        ).fetchone()
        is not None
    )


def _unsettle(new: sqlite3.Connection, name: str, salt: str) -> None:
    """From here on everything is unsettled. What still was from an earlier restore keeps its salt, and
    that restore too where it knew nothing."""
    new.execute(
        "update unsettled set restore = ? where restore in (select id from restored where known = 1)", (name,)
    )
    for what in (
        "select 'mark ' || st13, :salt, :name from mark where true",
        "select 'ask ' || watch || '|' || ask, :salt, :name from watch where last_ok_at is not null",
        f"select '{held.HEALTH}', :salt, :name where true",
    ):
        new.execute(
            f"insert or ignore into unsettled (what, salt, restore) {what}", {"salt": salt, "name": name}
        )


def _carry_over(new: sqlite3.Connection, old: sqlite3.Connection) -> int:
    """What left since the backup was made: its ids, and the last word each address had."""
    left = {row[0] for row in new.execute("select message_id from delivery where state = 'sent'")}
    columns = {row["name"] for row in old.execute("pragma table_info(alert)")}
    about = "a.about" if "about" in columns else "null"
    tables = {row[0] for row in old.execute("select name from sqlite_master where type = 'table'")}
    # What a digest took in left with it, under the digest's id.
    digests = "left join delivery g on g.id = d.digest" if "digest" in tables else ""
    if digests:  # no second one for the time that was lost
        rows = old.execute("select recipient, told_at from digest").fetchall()
        new.executemany("insert or replace into digest (recipient, told_at) values (?, ?)", map(tuple, rows))
    for table in ("sent_before", "told_before"):  # of restores of its own
        if table in tables:
            rows = old.execute(f"select * from {table}").fetchall()
            for row in rows:
                marks = ", ".join("?" for _ in tuple(row))
                new.execute(f"insert or ignore into {table} values ({marks})", tuple(row))
    count = 0
    for row in old.execute(
        f"select a.payload, {about} as about, d.message_id, d.recipient, d.channel, d.address,"
        f" {'coalesce(g.sent_at, d.sent_at)' if digests else 'd.sent_at'} as sent_at"
        f" from alert a join delivery d on d.alert = a.id {digests} where d.state = 'sent'"
        f" {_BY_DIGEST if digests else ''} order by a.id, d.id"
    ):
        if row["message_id"] in left:
            continue
        count += 1
        new.execute("insert or ignore into sent_before values (?, ?)", (row["message_id"], row["sent_at"]))
        new.execute(
            "update delivery set state = 'sent', sent_at = ?, answer = ?, held_for = null, error = null,"
            " next_try_at = null where message_id = ?",
            (row["sent_at"], held.SENT_BEFORE, row["message_id"]),
        )
        try:
            payload = AlertPayload.model_validate(json.loads(row["payload"]))
        except (ValueError, ValidationError):
            continue
        to = (row["recipient"], row["channel"], row["address"])
        new.executemany(
            "insert or ignore into sent_before values (?, ?)",
            ((one, row["sent_at"]) for one in held.ids_alone(payload, to)),
        )
        for word in held.words(payload, row["about"] or ""):
            new.execute(
                "insert or replace into told_before (recipient, channel, address, watch, what, field, key,"
                " word, as_of) values (?,?,?,?,?,?,?,?,?)",
                (
                    *to,
                    payload.watch,
                    word.what,
                    word.field,
                    word.key,
                    word.word,
                    word.as_of,
                ),
            )
    return count
