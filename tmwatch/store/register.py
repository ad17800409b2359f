"""The store of a whole register: a few fields of every filing, in an SQLite file of its own.

It is optional, and apart from the watched marks: it can be deleted and loaded again from the register's
files. A filing is one row with the hash of its bytes as they came; one whose hash is the same is not read.
What differs in its fields is a row of `filing_change`, with the day the register's file speaks for.

The register's clock orders it: what is told as of an earlier day than what is stored is passed over.
"""

from __future__ import annotations

import functools
import json
import sqlite3
from array import array
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any, Literal, NamedTuple

from tmwatch.errors import StoreError
from tmwatch.files import whole
from tmwatch.sources.slim import Essence, Slim
from tmwatch.store.copies import BUSY_SECONDS, PRIVATE, make_private
from tmwatch.store.database import WAL_KEPT, iso, now

APPLICATION_ID = 0x746D7772  # "tmwr"
Became = Literal["new", "changed", "unchanged", "past"]

_MAGIC = b"SQLite format 3\0"
_AGAIN = "It can be made again: move the file away and import the register's files once more."
_AT_ONCE = 500  # filings a question: SQLite takes 999 values at least
_PLAIN = None  # rows as tuples: where thousands are asked for, and a few columns by their order
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
)
SCHEMA_VERSION = len(_SCHEMA)

# What is compared, and shown where it changed; lists stand in the file as JSON.
FIELDS = (
    *("name", "other_names", "classes", "owners", "agents"),
    *("status_code", "filing_date", "registration_number", "international_number"),
)
_LISTS = frozenset({"other_names", "classes", "owners", "agents"})
_COLUMNS = ("st13", "office", "application_number", *FIELDS, "status_live", "as_of", "source")
_ALL = (*_COLUMNS, "slim_version", "hash", "first_seen", "last_moved")
_INSERT = f"insert into filing ({', '.join(_ALL)}) values ({', '.join('?' * len(_ALL))})"
_SET = (*FIELDS, "status_live", "as_of", "slim_version", "hash", "last_moved")
_UPDATE = f"update filing set {', '.join(f'{name} = ?' for name in _SET)} where id = ?"


class Kept(NamedTuple):
    """What tells the state of a filing that is stored, and its row."""

    st13: str
    id: int
    hash: bytes
    slim_version: int


_kept: Callable[[Iterable[object]], Kept] = functools.partial(tuple.__new__, Kept)


class Told(NamedTuple):
    """One filing of a file that is to be stored: its hash and its fields."""

    essence: Essence
    slim: Slim


class Register:
    """A connection to the file. Raises `StoreError` for what is damaged, foreign, newer, or in the way."""

    def __init__(self, path: Path, *, create: bool = True) -> None:
        self.path = path
        try:
            if not path.exists():
                if not create:
                    raise self._error("there is no store of the register yet", do=_FIRST)
                _make(path)
            _refuse_no_database(path)
            make_private(path)
            self.conn = _connect(path)
            try:
                self._open()
            except BaseException:
                self.conn.close()
                raise
        except sqlite3.DatabaseError as error:
            raise self._error(f"the store of the register cannot be used: {error}", do=_AGAIN) from None
        except OSError as error:
            raise self._error(
                f"the store of the register cannot be used: {error.strerror or error}",
                do="tmwatch needs to read and write the file and its folder: check their rights.",
            ) from None

    def _error(self, message: str, *, kept: str = "It was left untouched.", do: str) -> StoreError:
        return StoreError(message, where=str(self.path), kept=kept, do=do)

    def _open(self) -> None:
        conn = self.conn
        tables = conn.execute("select count(*) from sqlite_master").fetchone()[0]
        if conn.execute("pragma application_id").fetchone()[0] != APPLICATION_ID and tables:
            raise self._error(
                "this SQLite file is no store of a register of tmwatch",
                do="Name another file in [store] register.",
            )
        version = conn.execute("pragma user_version").fetchone()[0]
        if version > SCHEMA_VERSION:
            raise self._error(
                f"the store of the register has schema {version}, this tmwatch knows {SCHEMA_VERSION}",
                do="Install the tmwatch that wrote it, or a newer one.",
            )
        conn.execute("pragma journal_mode = wal")
        conn.execute("pragma synchronous = full")
        conn.execute("pragma cache_size = -4096")  # KiB
        conn.execute(f"pragma journal_size_limit = {WAL_KEPT}")
        if version < SCHEMA_VERSION:
            with self.write():
                _migrate(conn, conn.execute("pragma user_version").fetchone()[0])

    def close(self) -> None:
        """Close the file."""
        self.conn.close()

    @contextmanager
    def write(self) -> Iterator[None]:
        """One transaction; nothing of it is kept where the block raises. Raises `StoreError`."""
        try:
            self.conn.execute("begin immediate")
            yield
            self.conn.execute("commit")
        except sqlite3.DatabaseError as error:
            self._rollback()
            raise self._error(
                f"the store of the register could not be written: {error}",
                kept="Nothing of this step was kept; what was stored before is whole.",
                do="Free space or wait for the other tmwatch to finish, then run the command again.",
            ) from error
        except BaseException:
            self._rollback()
            raise

    def _rollback(self) -> None:
        if self.conn.in_transaction:
            self.conn.execute("rollback")

    # -- what is there -----------------------------------------------------------------------------------

    def kept(self, st13s: Sequence[str]) -> dict[str, Kept]:
        """What is stored of these filings."""
        rows = self._of("st13, id, hash, slim_version", st13s, _PLAIN)
        return {row[0]: _kept(row) for row in rows}

    def rows(self, st13s: Sequence[str]) -> dict[str, dict[str, Any]]:
        """All that is stored of these filings, lists as lists."""
        return {row["st13"]: _readable(row) for row in self._of("*", st13s)}

    def _of(self, columns: str, st13s: Sequence[str], rows: Any = sqlite3.Row) -> Iterator[Any]:
        cursor = self.conn.cursor()
        cursor.row_factory = rows
        for start in range(0, len(st13s), _AT_ONCE):
            some = st13s[start : start + _AT_ONCE]
            marks = ",".join("?" * len(some))
            yield from cursor.execute(
                f"select {columns} from filing where st13 in ({marks})", some
            ).fetchall()

    def named(self, ids: Iterable[int]) -> Iterator[list[tuple[str, str | None, str]]]:
        """(ST.13, name, day it was last told on) of filings by their row, in the order of the rows, so many
        at a time."""
        cursor = self.conn.cursor()
        cursor.row_factory = _PLAIN
        wanted = sorted(ids)
        for start in range(0, len(wanted), _AT_ONCE):
            some = wanted[start : start + _AT_ONCE]
            marks = ",".join("?" * len(some))
            yield cursor.execute(
                f"select st13, name, as_of from filing where id in ({marks}) order by id", some
            ).fetchall()

    def by_number(self, column: Literal["registration", "international"], numbers: Iterable[str]) -> set[str]:
        """The filings (ST.13) under these registration or international numbers."""
        found: set[str] = set()
        for number in numbers:
            rows = self.conn.execute(f"select st13 from filing where {column}_number = ?", (number,))
            found.update(row[0] for row in rows)
        return found

    def changes(self, st13: str) -> list[dict[str, Any]]:
        """What changed in a filing, oldest first: as_of, field, old, new (lists as lists), file."""
        rows = self.conn.execute(
            "select c.as_of, c.field, c.old, c.new, c.file from filing_change c"
            " join filing f on f.id = c.filing where f.st13 = ? order by c.id",
            (st13,),
        )
        return [_readable_change(row) for row in rows]

    def filings(self) -> Iterator[dict[str, Any]]:
        """All that is stored of every filing, lists as lists, in the order in which they came."""
        for row in self.conn.execute("select * from filing order by id"):
            yield _readable(row)

    def count(self) -> int:
        """How many filings are stored."""
        return int(self.conn.execute("select count(*) from filing").fetchone()[0])

    def rows_so_far(self) -> int:
        """About how many filings are stored, at once."""
        return int(self.conn.execute("select coalesce(max(id), 0) from filing").fetchone()[0])

    def by_owner(self, most: int) -> Iterator[tuple[str, str, list[int]]]:
        """(owners, name, Nice classes) of at most so many filings with a name, spread evenly over all, those
        of the same owners in a row. The owners are JSON, as they stand in the file."""
        every = max(1, -(-self.rows_so_far() // most))
        rows = self.conn.execute(
            "select owners, name, classes from filing where id % ? = 0 and name <> '' order by owners",
            (every,),
        )
        for owners, name, classes in rows:
            yield owners, name, [int(one) for one in json.loads(classes) if one.isdigit()]

    # -- the index of names beside it ------------------------------------------------------------------------

    def names_to_index(self) -> Iterator[tuple[int, str]]:
        """(filing by its row, name) of all that came, or was named anew, since the index was made."""
        last = self.conn.execute("select filing, change from indexed").fetchone()
        rows = self.conn.execute(
            "select id, name, other_names from filing where id > ? or id in (select filing from filing_change"
            " where id > ? and field in ('name', 'other_names')) order by id",
            (last["filing"], last["change"]),
        )
        for row in rows:
            for name in _names(row):
                yield row["id"], name

    def indexed(self) -> int:
        """How many names the index must hold."""
        return int(self.conn.execute("select count(*) from indexed_name").fetchone()[0])

    def index_these(self, filings: Iterable[int]) -> None:
        """The names of these filings (by their rows) stand in the index, in this order, behind the others."""
        these = list(filings)
        with self.write():
            start = self.indexed()
            self.conn.executemany(
                "update indexed_name set filing = null where filing = ?", ((one,) for one in set(these))
            )
            self.conn.executemany("insert into indexed_name values (?, ?)", enumerate(these, start))

    def index_done(self) -> None:
        """All that is stored now stands in the index."""
        with self.write():
            self.conn.execute(
                "update indexed set filing = (select coalesce(max(id), 0) from filing),"
                " change = (select coalesce(max(id), 0) from filing_change)"
            )

    def forget_index(self) -> None:
        """Nothing is in the index: it is made anew."""
        with self.write():
            self.conn.execute("delete from indexed_name")
            self.conn.execute("update indexed set filing = 0, change = 0")

    def at_places(self, places: Sequence[int]) -> dict[int, dict[str, Any]]:
        """The filing at each of these places of the index, as `rows` gives it."""
        found: dict[int, dict[str, Any]] = {}
        for start in range(0, len(places), _AT_ONCE):
            some = list(places[start : start + _AT_ONCE])
            marks = ",".join("?" * len(some))
            for row in self.conn.execute(
                f"select n.place, f.* from indexed_name n join filing f on f.id = n.filing"
                f" where n.place in ({marks})",
                some,
            ):
                found[row["place"]] = _readable(row)
        return found

    # -- what comes --------------------------------------------------------------------------------------

    def take(self, many: Sequence[Told], *, source: str, slim_version: int, file: str) -> list[Became]:
        """Store filings, of which each stands once in `many`, in the transaction that is open."""
        before = {row["st13"]: row for row in self._of("*", [one.essence.st13 for one in many])}
        instant = iso(now())
        new: list[tuple[Any, ...]] = []
        moved: list[tuple[Any, ...]] = []
        changes: list[tuple[Any, ...]] = []
        became: list[Became] = []
        for one in many:
            old = before.get(one.essence.st13)
            values = _values(one.slim)
            day, live = one.essence.day, one.slim.status_live
            if old is None:
                became.append("new")
                st13 = one.essence.st13
                head = (st13, st13[:2], one.slim.application_number, *values, live, day, source)
                new.append((*head, slim_version, one.essence.digest, instant, instant))
                continue
            if day < old["as_of"]:
                became.append("past")
                continue
            differs = [
                (old["id"], day, field, old[field], value, file, instant)
                for field, value in zip(FIELDS, values, strict=True)
                if old[field] != value
            ]
            # A better reader makes no news: of the same bytes it only knows more.
            told = bool(differs) and old["hash"] != one.essence.digest
            changes += differs if told else []
            last = instant if told else old["last_moved"]
            moved.append((*values, live, day, slim_version, one.essence.digest, last, old["id"]))
            became.append("changed" if told else "unchanged")
        self.conn.executemany(_INSERT, new)
        self.conn.executemany(_UPDATE, moved)
        self.conn.executemany(
            "insert into filing_change (filing, as_of, field, old, new, file, seen_at)"
            " values (?,?,?,?,?,?,?)",
            changes,
        )
        return became

    def told_again(self, days: dict[str, array[int]]) -> None:
        """Filings (by their row) that a file of that day tells as they are stored."""
        for day, ids in days.items():
            self.conn.execute(
                "update filing set as_of = ?1 where id in (select value from json_each(?2)) and as_of < ?1",
                (day, json.dumps(ids.tolist())),
            )


_FIRST = "It is made by the first `tmwatch import` of a register's file, where [store] names `register`."


def _connect(path: Path) -> sqlite3.Connection:
    conn = sqlite3.connect(path, timeout=BUSY_SECONDS, isolation_level=None)
    conn.row_factory = sqlite3.Row
    return conn


def _refuse_no_database(path: Path) -> None:
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


def _make(path: Path) -> None:
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
            closing(_connect(part)) as conn,
        ):
            conn.execute("begin immediate")
            _migrate(conn, 0)
            conn.execute("commit")
            conn.execute("pragma journal_mode = wal")
    except FileExistsError:
        return  # another process was faster


def _migrate(conn: sqlite3.Connection, version: int) -> None:
    """The steps from `version` to today's schema, in the transaction that is open."""
    for step in _SCHEMA[version:]:
        for statement in filter(str.strip, step.split(";")):
            conn.execute(statement)
    conn.execute(f"pragma application_id = {APPLICATION_ID}")
    conn.execute(f"pragma user_version = {SCHEMA_VERSION}")


def _values(slim: Slim) -> tuple[str | None, ...]:
    """The fields as they stand in the file, in the order of `FIELDS`."""
    return (
        slim.name,
        _json(slim.other_names),
        _listed(slim.classes),
        _listed(slim.owners),
        _listed(slim.agents),
        slim.status_code,
        slim.filing_date.isoformat() if slim.filing_date else None,
        slim.registration_number,
        slim.international_number,
    )


_ENCODE = json.JSONEncoder(ensure_ascii=False, separators=(",", ":")).encode  # made once: it costs as much


def _json(values: Sequence[Any]) -> str:
    return _ENCODE(values) if values else "[]"


def _listed(values: Sequence[str]) -> str:
    """The same of texts; where nothing in them is spelled otherwise in JSON, in a tenth of the time."""
    if not values:
        return "[]"
    joined = '","'.join(values)
    if joined.isprintable() and "\\" not in joined and joined.count('"') == 2 * len(values) - 2:
        return f'["{joined}"]'
    return _ENCODE(values)


def _names(row: sqlite3.Row) -> list[str]:
    others = [text for kind, text in json.loads(row["other_names"]) if kind != "translation"]
    return list(dict.fromkeys(filter(None, [row["name"], *others])))


def _readable(row: sqlite3.Row) -> dict[str, Any]:
    found = dict(row)
    for name in _LISTS:
        found[name] = json.loads(found[name])
    return found


def _readable_change(row: sqlite3.Row) -> dict[str, Any]:
    found = dict(row)
    if found["field"] in _LISTS:
        found["old"], found["new"] = json.loads(found["old"]), json.loads(found["new"])
    return found
