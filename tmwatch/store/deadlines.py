"""What has been shown of each deadline: its day, how often that moved, and what has been told of it.

A calendar must know what it said before: a new number (`sequence`) when a day moved, and a cancellation for
an entry whose filing ended or whose reason left the record.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from tmwatch.store.database import Database, iso


@dataclass(frozen=True, slots=True)
class Shown:
    """One deadline as it stands in the books. `state`: "live", "met" or "cancelled"."""

    key: str
    st13: str
    what: str
    day: dt.date
    state: str
    sequence: int = 0
    changed_at: str = ""  # UTC instant


def shown(database: Database) -> dict[str, Shown]:
    """Everything in the books, by key."""
    return {
        row["key"]: Shown(
            row["key"],
            row["st13"],
            row["what"],
            dt.date.fromisoformat(row["day"]),
            row["state"],
            row["sequence"],
            row["changed_at"],
        )
        for row in database.conn.execute(
            "select key, st13, what, day, state, sequence, changed_at from deadline order by key"
        )
    }


def book(database: Database, now_shown: Iterable[Shown], at: dt.datetime) -> Mapping[str, Shown]:
    """Write down what is shown now, one transaction; what is there no more is cancelled, never removed.

    `sequence` and `changed_at` of what comes in do not matter: they rise where day, words or state differ
    from what was shown last. Returns everything in the books.
    """
    with database.write():
        known, wanted = shown(database), {one.key: one for one in now_shown}
        for key, was in known.items():
            if key not in wanted and was.state != "cancelled":
                wanted[key] = Shown(key, was.st13, was.what, was.day, "cancelled")
        rows = []
        for key, one in wanted.items():
            before = known.get(key)
            if before and (before.day, before.what, before.state) == (one.day, one.what, one.state):
                continue
            sequence = before.sequence + 1 if before else 0
            rows.append((key, one.st13, one.what, one.day.isoformat(), one.state, sequence, iso(at)))
        database.conn.executemany(
            "insert or replace into deadline (key, st13, what, day, state, sequence, changed_at)"
            " values (?, ?, ?, ?, ?, ?, ?)",
            rows,
        )
        return shown(database)


# -- what was told -------------------------------------------------------------------------------------------

_ALL = ""  # the key of the row that says when all of a watch were gone through


def told(database: Database, watch: str) -> dict[str, tuple[dt.date, int]]:
    """Key → for which day it was told to the watch, and from how many days before at least."""
    rows = database.conn.execute("select key, day, days from deadline_told where watch = ?", (watch,))
    return {row["key"]: (dt.date.fromisoformat(row["day"]), row["days"]) for row in rows if row["key"]}


def note_told(database: Database, watch: str, of: Iterable[tuple[str, dt.date, int]]) -> None:
    """In the open transaction of the alert: (key, day, days before)."""
    database.conn.executemany(
        "insert or replace into deadline_told (watch, key, day, days) values (?, ?, ?, ?)",
        [(watch, key, day.isoformat(), days) for key, day, days in of],
    )


def gone_through(database: Database, watch: str, day: dt.date) -> bool:
    """Whether all deadlines of the watch were gone through on this day (UTC) already."""
    row = database.conn.execute(
        "select day from deadline_told where watch = ? and key = ?", (watch, _ALL)
    ).fetchone()
    return row is not None and row["day"] == day.isoformat()


def note_gone_through(database: Database, watch: str, day: dt.date) -> None:
    """That they were, in the open transaction."""
    note_told(database, watch, [(_ALL, day, 0)])
