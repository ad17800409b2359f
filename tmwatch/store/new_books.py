"""The books of the lists of new filings: how far each watch has read them (`newly`)."""

from __future__ import annotations

import datetime as dt
import json
import sqlite3
from dataclasses import dataclass

from tmwatch.store.database import Database, iso


@dataclass(frozen=True)
class Going:
    """A reading that is not at its end: the days from `since` to `reached` are done. `gap` says which part of
    them was not whole."""

    begun_at: dt.datetime  # UTC
    since: dt.date
    reached: dt.date
    names: frozenset[str]
    gap: str = ""


@dataclass(frozen=True)
class NewState:
    """How far a watch has read a list.

    Filings that bear the day `floor` or a later one were there to be seen by its first reading. What was
    entered by the day `read_to` it has seen. `names` are those by which it has had a first reading.
    """

    floor: dt.date | None = None
    read_to: dt.date | None = None
    names: frozenset[str] = frozenset()
    going: Going | None = None


def new_state(database: Database, watch: str, ask: str) -> NewState:
    """The books of one question; empty if it was never put."""
    row = database.conn.execute("select * from new_list where watch = ? and ask = ?", (watch, ask)).fetchone()
    return _state(row) if row is not None else NewState()


def read_to(database: Database, watch: str, source: str) -> dt.date | None:
    """By which day all that was entered at the source has been seen, of its lists the one that is furthest
    behind; None where one was never read in full."""
    rows = database.conn.execute(
        "select ask, read_to from new_list where watch = ? and ask like ? || '|new|%'", (watch, source)
    )
    days: dict[str, str] = {}  # by list, under whatever rule
    for row in rows:
        of = row["ask"].split("|")[2]
        days[of] = max(days.get(of, ""), row["read_to"] or "")
    first = min(days.values(), default="")
    return dt.date.fromisoformat(first) if first else None


def _state(row: sqlite3.Row) -> NewState:
    going = None
    if row["begun_at"]:
        going = Going(
            dt.datetime.fromisoformat(row["begun_at"]),
            dt.date.fromisoformat(row["since"]),
            dt.date.fromisoformat(row["reached"]),
            frozenset(json.loads(row["going"])),
            row["gap"] or "",
        )
    return NewState(
        dt.date.fromisoformat(row["floor"]) if row["floor"] else None,
        dt.date.fromisoformat(row["read_to"]) if row["read_to"] else None,
        frozenset(json.loads(row["names"] or "[]")),
        going,
    )


def book_going(database: Database, watch: str, ask: str, going: Going) -> None:
    """So far the reading has come."""
    with database.write():
        database.conn.execute(
            "insert into new_list (watch, ask, begun_at, since, reached, going, gap)"
            " values (:watch, :ask, :begun, :since, :reached, :names, :gap)"
            " on conflict (watch, ask) do update set begun_at = excluded.begun_at, since = excluded.since,"
            " reached = excluded.reached, going = excluded.going, gap = excluded.gap",
            {
                "watch": watch,
                "ask": ask,
                "begun": iso(going.begun_at),
                "since": going.since.isoformat(),
                "reached": going.reached.isoformat(),
                "names": _listed(going.names),
                "gap": going.gap or None,
            },
        )


def book_read(database: Database, watch: str, ask: str, done: Going) -> None:
    """The reading has come to its end. One with a gap is a first reading, and leaves `read_to` as it was."""
    with database.write():
        database.conn.execute(
            "insert into new_list (watch, ask, floor, read_to, names)"
            " values (:watch, :ask, :floor, :to, :names)"
            " on conflict (watch, ask) do update set"
            " floor = min(coalesce(floor, excluded.floor), excluded.floor),"
            " read_to = coalesce(excluded.read_to, read_to), names = excluded.names,"
            " begun_at = null, since = null, reached = null, going = null, gap = null",
            {
                "watch": watch,
                "ask": ask,
                "floor": done.since.isoformat(),
                "to": None if done.gap else done.begun_at.date().isoformat(),
                "names": _listed(done.names),
            },
        )


def _listed(names: frozenset[str]) -> str:
    return json.dumps(sorted(names), ensure_ascii=False)
