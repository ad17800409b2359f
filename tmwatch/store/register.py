"""The store of a whole register: a few fields of every filing, in an SQLite file of its own.

It is optional, and apart from the watched marks: it can be deleted and loaded again from the register's
files. A filing is one row with the hash of its bytes as they came; one whose hash is the same is not read.
What differs in its fields is a row of `filing_change`, with the day the register's file speaks for.

The register's clock orders it: what is told as of an earlier day than what is stored is passed over.
"""

from __future__ import annotations

import datetime as dt
import functools
import json
import sqlite3
from array import array
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Literal, NamedTuple, Self

from tmwatch.errors import StoreError
from tmwatch.sources.slim import Essence, Slim
from tmwatch.store import register_names, register_owners, rows
from tmwatch.store.copies import make_private
from tmwatch.store.database import WAL_KEPT, iso, now
from tmwatch.store.outside import is_outside, what_to_do
from tmwatch.store.register_file import (
    APPLICATION_ID,
    SCHEMA_VERSION,
    catch_up,
    connect,
    keyed,
    make,
    migrate,
    refuse_no_database,
)
from tmwatch.store.register_rows import (
    FIELDS,
    INSERT,
    NAMES,
    OWNERS,
    UPDATE,
    readable,
    readable_change,
    saw_fewer,
    stored_values,
)

Became = Literal["new", "changed", "unchanged", "past"]

_AGAIN = "It can be made again: move the file away and import the register's files once more."
_AT_ONCE = 500  # filings a question: SQLite takes 999 values at least
_PLAIN = None  # rows as tuples: where thousands are asked for, and a few columns by their order


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


class Holds(NamedTuple):
    """How many filings a store has, of which offices, and since which day (UTC) it has had any."""

    filings: int
    offices: tuple[str, ...]
    since: dt.date | None


class Register:
    """A connection to the file. Raises `StoreError` for what is damaged, foreign, newer, or in the way.

    `reading`: nothing is written, and so a store that must first be brought up to date is refused: that may
    take a minute, which is too long for whoever holds the database meanwhile.
    """

    def __init__(self, path: Path, *, create: bool = True, reading: bool = False) -> None:
        self.path = path
        create = create and not reading
        try:
            if not path.exists():
                if not create:
                    raise self._error("there is no store of the register yet", do=_FIRST)
                make(path)
            refuse_no_database(path)
            make_private(path)
            self.conn = connect(path)
            try:
                self._open(reading)
            except BaseException:
                self.conn.close()
                raise
        except sqlite3.DatabaseError as error:
            do = what_to_do(error) if is_outside(error) else _AGAIN
            raise self._error(f"the store of the register cannot be used: {error}", do=do) from None
        except OSError as error:
            raise self._error(
                f"the store of the register cannot be used: {error.strerror or error}",
                do="tmwatch needs to read and write the file and its folder: check their rights.",
            ) from None

    def _error(self, message: str, *, kept: str = "It was left untouched.", do: str) -> StoreError:
        return StoreError(message, where=str(self.path), kept=kept, do=do)

    def _open(self, reading: bool) -> None:
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
        conn.execute("pragma cache_size = -4096")  # KiB
        if not reading:
            conn.execute("pragma journal_mode = wal")
            conn.execute("pragma synchronous = full")
            conn.execute(f"pragma journal_size_limit = {WAL_KEPT}")
        behind = version < SCHEMA_VERSION or (done := keyed(conn)) < 0
        if reading:
            if behind:
                raise self._error(
                    "the store of the register is of an older tmwatch",
                    do="`tmwatch import` brings it up to date.",
                )
            conn.execute("pragma query_only = on")
        elif behind or done < self.rows_so_far():
            with self.write():
                migrate(conn, conn.execute("pragma user_version").fetchone()[0])

    def close(self) -> None:
        """Close the file."""
        self.conn.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, *_: object) -> None:
        """Close the file. Damage is met when a page of it is read, wherever that is: `StoreError` then."""
        try:
            if isinstance(error, sqlite3.DatabaseError) and not is_outside(error) and self._is_damaged():
                raise self._damaged(error) from error
        finally:
            self.close()

    def _is_damaged(self) -> bool:
        try:
            return bool(self.conn.execute("pragma quick_check(1)").fetchone()[0] != "ok")
        except sqlite3.DatabaseError:
            return True

    def _damaged(self, error: sqlite3.DatabaseError) -> StoreError:
        return self._error(
            f"the store of the register cannot be used: {error}",
            kept="It was left as it is; the database is another file.",
            do=_AGAIN,
        )

    @contextmanager
    def write(self) -> Iterator[None]:
        """One transaction; nothing of it is kept where the block raises. Raises `StoreError`."""
        try:
            self.conn.execute("begin immediate")
            yield
            self.conn.execute("commit")
        except sqlite3.DatabaseError as error:
            self._rollback()
            if not is_outside(error) and self._is_damaged():
                raise self._damaged(error) from error
            raise self._error(
                f"the store of the register could not be written: {error}",
                kept="Nothing of this step was kept; what was stored before is whole.",
                do=what_to_do(error),
            ) from error
        except BaseException:
            self._rollback()
            raise

    @contextmanager
    def still(self) -> Iterator[None]:
        """All that is read in the block is of one instant, whatever others write meanwhile."""
        self.conn.execute("begin")
        try:
            yield
        finally:
            self._rollback()

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
        return {row["st13"]: readable(row) for row in self._of("*", st13s)}

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
        return [readable_change(row) for row in rows]

    def of_owner(self, names: Sequence[str], before: dt.date | None, most: int) -> list[dict[str, Any]]:
        """The filings of an owner with one of these names, however they are written (`text.party_keys`), as
        `rows` gives them: the latest filed first, at most so many. With a day those filed before it, and
        those that bear no date. What a file brings is found when it is through (`keys_done`)."""
        day = before.isoformat() if before is not None else None
        return [readable(row) for row in register_owners.of_owner(self.conn, names, day, most)]

    def of_name(self, name: str) -> list[dict[str, Any]]:
        """The filings that go by this very name as names are compared (`text.fold`), as `rows` gives them:
        the latest filed first. What a file brings is found when it is through (`keys_done`)."""
        return [readable(row) for row in register_names.of_name(self.conn, name)]

    def holds(self, without: Collection[str] = ()) -> Holds:
        """What there is to find an owner's filings in, besides these (ST.13)."""
        done = register_owners.keyed(self.conn)
        among = sum(one.id <= done for one in self.kept(list(without)).values())
        first = self.conn.execute("select first_seen from filing order by id limit 1").fetchone()
        return Holds(
            done - among,
            rows.offices(self.conn, "filing", without),
            dt.date.fromisoformat(first[0][:10]) if first else None,
        )

    def filings(self) -> Iterator[dict[str, Any]]:
        """All that is stored of every filing, lists as lists, in the order in which they came."""
        for row in self.conn.execute("select * from filing order by id"):
            yield readable(row)

    def count(self) -> int:
        """How many filings are stored."""
        return int(self.conn.execute("select count(*) from filing").fetchone()[0])

    def rows_so_far(self) -> int:
        """How many filings are stored, at once: none is ever taken out, so the last row is their number."""
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
            for name in register_names.names_of(row["name"], row["other_names"]):
                yield row["id"], name

    def filings_to_index(self) -> int:
        """How many filings came since the index of names was made."""
        last = self.conn.execute("select filing from indexed").fetchone()[0]
        return int(self.conn.execute("select count(*) from filing where id > ?", (last,)).fetchone()[0])

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

    def filings_at(self, places: Iterable[int]) -> set[int]:
        """The filings (by their rows) that have names at these places of the index."""
        rows = self.conn.execute(
            "select filing from indexed_name where filing is not null"
            " and place in (select value from json_each(?))",
            (json.dumps(list(places)),),
        )
        return {row[0] for row in rows}

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
                found[row["place"]] = readable(row)
        return found

    # -- what comes --------------------------------------------------------------------------------------

    def take(self, many: Sequence[Told], *, source: str, slim_version: int, file: str) -> list[Became]:
        """Store filings, of which each stands once in `many`, in the transaction that is open."""
        before = {row["st13"]: row for row in self._of("*", [one.essence.st13 for one in many])}
        instant = iso(now())
        new: list[tuple[Any, ...]] = []
        sold: list[tuple[int, str, Sequence[str]]] = []
        renamed: list[tuple[int, list[str], list[str]]] = []
        moved: list[tuple[Any, ...]] = []
        changes: list[tuple[Any, ...]] = []
        became: list[Became] = []
        for one in many:
            old = before.get(one.essence.st13)
            values = stored_values(one.slim)
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
                and not (
                    field == "agents" and old["slim_version"] != slim_version and saw_fewer(old, one.slim)
                )
            ]
            if old["owners"] != values[OWNERS]:
                sold.append((old["id"], old["owners"], one.slim.owners))
            if (old["name"], old["other_names"]) != values[:NAMES]:
                before_it = register_names.names_of(old["name"], old["other_names"])
                renamed.append((old["id"], before_it, register_names.names_of(values[0], values[1] or "[]")))
            # A better reader makes no news: of the same bytes it only knows more.
            told = bool(differs) and old["hash"] != one.essence.digest
            changes += differs if told else []
            last = instant if told else old["last_moved"]
            moved.append((*values, live, day, slim_version, one.essence.digest, last, old["id"]))
            became.append("changed" if told else "unchanged")
        self.conn.executemany(INSERT, new)
        self.conn.executemany(UPDATE, moved)
        if sold:
            register_owners.move(self.conn, sold)
        if renamed:
            register_names.move(self.conn, renamed)
        self.conn.executemany(
            "insert into filing_change (filing, as_of, field, old, new, file, seen_at)"
            " values (?,?,?,?,?,?,?)",
            changes,
        )
        return became

    def keys_done(self) -> None:
        """The owners and names of all that was taken can be asked for, in the transaction that is open."""
        catch_up(self.conn)

    def told_again(self, days: dict[str, array[int]]) -> None:
        """Filings (by their row) that a file of that day tells as they are stored."""
        for day, ids in days.items():
            self.conn.execute(
                "update filing set as_of = ?1 where id in (select value from json_each(?2)) and as_of < ?1",
                (day, json.dumps(ids.tolist())),
            )


_FIRST = "It is made by the first `tmwatch import` of a register's file, where [store] names `register`."
