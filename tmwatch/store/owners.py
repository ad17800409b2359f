"""What is stored of an owner's earlier filings: in the database, and in the store of a whole register where
there is one."""

from __future__ import annotations

import contextlib
import datetime as dt
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from tmwatch.alerts.campaigns import Filing, Known
from tmwatch.alerts.payload import LookedInto
from tmwatch.errors import StoreError
from tmwatch.store import rows
from tmwatch.store.database import Database
from tmwatch.store.marks import stored_among
from tmwatch.store.register import Register
from tmwatch.store.register_owners import keys

MOST = 10_000  # filings of one owner that are read, the newest; it takes about 30 ms


def make_ready(register: Path | None) -> None:
    """Bring the store of the register up to date, so that it can be asked within a transaction of the
    database. One that cannot be used is told of when it is asked."""
    if register is not None and register.exists():
        with contextlib.suppress(StoreError):
            Register(register, create=False).close()


def earlier_filings(
    database: Database,
    names: Sequence[str],
    before: dt.date | None,
    without: frozenset[str] = frozenset(),
    *,
    register: Path | None = None,
) -> Known:
    """The filings of an owner with one of these names that were filed before that day; without a day,
    all. One that bears no date counts as earlier. `without`: ST.13 of filings that are no part of it.

    `register` is the store of a whole register; what the database has of a filing goes before what that has.
    """
    mine = _in_database(database, names, before, without)
    looked = [_database_holds(database, without)]
    theirs: list[Filing] = []
    complete = len(mine) <= MOST
    if register is not None and register.exists():
        try:
            theirs, holds = _in_register(register, database, names, before, without)
            looked.append(holds)
            complete = complete and len(theirs) <= MOST
        except StoreError:
            looked.append(LookedInto(store="register", readable=False))
    newest = sorted([*mine[:MOST], *theirs[:MOST]], key=lambda one: one.filed or dt.date.min, reverse=True)
    kept = newest[:MOST]
    complete = complete and len(newest) <= MOST
    ours = len({id(one) for one in mine} & {id(one) for one in kept})
    counts = {"database": ours, "register": len(kept) - ours}
    told = tuple(one.model_copy(update={"found": counts[one.store]}) for one in looked)
    return Known(tuple(kept), complete, told)


# -- the database --------------------------------------------------------------------------------------------


def _in_database(
    database: Database, names: Sequence[str], before: dt.date | None, without: frozenset[str]
) -> list[Filing]:
    """The newest of them, one more than `MOST` where there are more."""
    wanted = sorted(keys(names))
    if not wanted:
        return []
    day = before.isoformat() if before is not None else None
    found = database.conn.execute(
        "select st13, office, mark, classes, application_date from mark where st13 in"
        f' (select st13 from party where "key" in ({", ".join("?" for _ in wanted)}))'
        " and (? is null or application_date is null or application_date < ?)"
        " order by application_date desc, st13 limit ?",
        (*wanted, day, day, MOST + len(without) + 1),
    )
    return [_filing(row) for row in found if row["st13"] not in without][: MOST + 1]


def _filing(row: Sequence[str | None]) -> Filing:
    _, office, mark, classes, filed = row
    return Filing(
        office or "",
        mark or "",
        tuple(one for one in (classes or "").split(", ") if one),
        dt.date.fromisoformat(filed) if filed else None,
    )


def _database_holds(database: Database, without: frozenset[str]) -> LookedInto:
    count = int(database.conn.execute("select count(*) from mark").fetchone()[0])
    # The first row is the one that was written first; to ask for the least day reads every filing.
    first = database.conn.execute("select first_seen_at from mark order by rowid limit 1").fetchone()
    left = count - len(stored_among(database, sorted(without)))
    return LookedInto(
        store="database",
        filings=left,
        offices=rows.offices(database.conn, "mark", without),
        since=dt.date.fromisoformat(first[0][:10]) if left and first and first[0] else None,
    )


# -- the store of a whole register ---------------------------------------------------------------------------


def _in_register(
    path: Path, database: Database, names: Sequence[str], before: dt.date | None, without: frozenset[str]
) -> tuple[list[Filing], LookedInto]:
    with Register(path, reading=True) as register:
        theirs = register.of_owner(names, before, MOST + len(without) + 1)
        holds = register.holds(without)
    known = stored_among(database, [row["st13"] for row in theirs]) | without
    found = [_of_row(row) for row in theirs if row["st13"] not in known]
    return found, LookedInto(store="register", **holds._asdict())


def _of_row(row: dict[str, Any]) -> Filing:
    filed = dt.date.fromisoformat(row["filing_date"]) if row["filing_date"] else None
    return Filing(row["office"], row["name"] or "", tuple(row["classes"]), filed)
