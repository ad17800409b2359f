"""The file of the store of a whole register (`register`): what it is told by, its tables, how it is made and
brought up to date."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

from tmwatch.errors import StoreError
from tmwatch.files import whole
from tmwatch.store import register_names, register_owners
from tmwatch.store.copies import BUSY_SECONDS, PRIVATE

APPLICATION_ID = 0x746D7772  # "tmwr"
_MAGIC = b"SQLite format 3\0"
_SCHEMA = (
    """
    create table filing (
      id integer primary key, st13 text not null unique, office text not null,
      application_number text not null, registration_number text, international_number text,
      name text, other_names text not null, classes text not null, owners text not null, agents text not null,
      status_code text, status_live text, filing_date text,
      as_of text not null, source text not null, slim_version integer not null,
      hash blob not null, first_seen text not null, last_moved text not null
    );
    create index filing_registration on filing (registration_number) where registration_number is not null;
    create index filing_international on filing (international_number) where international_number is not null;
    create table filing_change (
      id integer primary key, filing integer not null references filing (id), as_of text not null,
      field text not null, old text, new text, file text not null, seen_at text not null
    );
    create index filing_change_filing on filing_change (filing);
    create view changes as
      select c.as_of, f.st13, f.name, c.field, c.old, c.new, c.file, c.seen_at
      from filing_change c join filing f on f.id = c.filing order by c.id desc;
    """,
    # Where each name stands in the index of names beside the file (`nearby`), and how far that is made. The
    # place of a name that a filing has no more is nobody's.
    """
    create table indexed_name (place integer primary key, filing integer references filing (id));
    create index indexed_name_filing on indexed_name (filing);
    create table indexed (
      id integer primary key check (id = 1), filing integer not null, change integer not null
    );
    insert into indexed values (1, 0, 0);
    """,
    # Under which keys an owner's filings are found (`register_owners`), by which rule they were made,
    # and up to which filing.
    """
    create table filing_owner (
      key text not null, filing integer not null references filing (id), primary key (key, filing)
    ) without rowid;
    create table keyed (
      id integer primary key check (id = 1), rule text not null, filing integer not null
    );
    insert into keyed values (1, '', 0);
    """,
    # The same of its names (`register_names`).
    """
    create table filing_name (
      key integer not null, filing integer not null references filing (id), primary key (key, filing)
    ) without rowid;
    create table named (
      id integer primary key check (id = 1), rule text not null, filing integer not null
    );
    insert into named values (1, '', 0);
    """,
)
SCHEMA_VERSION = len(_SCHEMA)


def connect(path: Path) -> sqlite3.Connection:
    """A connection whose rows have names."""
    conn = sqlite3.connect(path, timeout=BUSY_SECONDS, isolation_level=None)
    conn.row_factory = sqlite3.Row
    return conn


def refuse_no_database(path: Path) -> None:
    """Raises `StoreError` for a file of any other kind, which is not touched."""
    if path.is_dir():
        what = "a folder has its name"
    else:
        with path.open("rb") as file:
            head = file.read(len(_MAGIC))
        what = "" if head == _MAGIC else "it is no SQLite file, or was cut off"
    if what:
        raise StoreError(
            f"the store of the register cannot be used: {what}",
            where=str(path),
            kept="It was left untouched.",
            do="Name another file in [store] register, or move this one away and import the files again.",
        )


def make(path: Path) -> None:
    """A new store, made whole under another name: a process killed here leaves no half of one."""
    if not path.parent.is_dir():
        raise StoreError(
            "the folder of the store of the register does not exist",
            where=str(path.parent),
            do="Create it, or name another file in [store] register.",
        )
    try:
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


def migrate(conn: sqlite3.Connection, version: int) -> None:
    """The steps from `version` to today's schema, in the transaction that is open; a process killed in it has
    done nothing. The keys of owners and names are part of them."""
    for step in _SCHEMA[version:]:
        for statement in filter(str.strip, step.split(";")):
            conn.execute(statement)
    catch_up(conn)
    conn.execute(f"pragma application_id = {APPLICATION_ID}")
    conn.execute(f"pragma user_version = {SCHEMA_VERSION}")


def keyed(conn: sqlite3.Connection) -> int:
    """Up to which row the filings are found by owner and by name; -1 where the keys are those of another
    rule."""
    return min(register_owners.keyed(conn), register_names.keyed(conn))


def catch_up(conn: sqlite3.Connection) -> None:
    """Make the keys that are not made yet, in the transaction that is open."""
    register_owners.catch_up(conn)
    register_names.catch_up(conn)


def is_behind(path: Path) -> bool:
    """Whether a store is of an older tmwatch, or its keys are: who opens it for writing brings it up to date.

    False for a file that is not there or cannot be read: whoever opens it says why.
    """
    try:
        with closing(sqlite3.connect(f"{path.resolve().as_uri()}?mode=ro", uri=True)) as conn:
            conn.row_factory = sqlite3.Row
            if conn.execute("pragma application_id").fetchone()[0] != APPLICATION_ID:
                return False
            version = conn.execute("pragma user_version").fetchone()[0]
            return bool(version < SCHEMA_VERSION or (version == SCHEMA_VERSION and keyed(conn) < 0))
    except sqlite3.Error:
        return False


def to_be_keyed(path: Path) -> int:
    """How many filings of a store get their keys when it is opened next: some 20,000 a second.

    0 where all have them, and for a file that is not there or cannot be read: whoever opens it says why.
    """
    try:
        with closing(sqlite3.connect(f"{path.resolve().as_uri()}?mode=ro", uri=True)) as conn:
            conn.row_factory = sqlite3.Row
            if conn.execute("pragma application_id").fetchone()[0] != APPLICATION_ID:
                return 0
            old = conn.execute("pragma user_version").fetchone()[0] < SCHEMA_VERSION
            done = 0 if old else max(0, keyed(conn))
            return int(conn.execute("select coalesce(max(id), 0) from filing").fetchone()[0]) - done
    except sqlite3.Error:
        return 0
