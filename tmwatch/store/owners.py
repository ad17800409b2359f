"""What is stored of an owner's earlier filings."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence

from tmwatch.alerts.campaigns import Filing, Known
from tmwatch.store.database import Database
from tmwatch.store.versions import owner_key

MOST = 10_000  # filings of one owner that are read, the newest; it takes about 30 ms


def earlier_filings(
    database: Database, names: Sequence[str], before: dt.date | None, without: frozenset[str] = frozenset()
) -> Known:
    """The filings of an owner with one of these names that were filed before that day; without a day,
    all. One that bears no date counts as earlier. `without`: ST.13 of filings that are no part of it.
    """
    keys = sorted({key for key in map(owner_key, names) if key})
    if not keys:
        return Known()
    day = before.isoformat() if before is not None else None
    rows = database.conn.execute(
        "select st13, office, mark, classes, application_date from mark where st13 in"
        f' (select st13 from party where "key" in ({", ".join("?" for _ in keys)}))'
        " and (? is null or application_date is null or application_date < ?)"
        " order by application_date desc, st13 limit ?",
        (*keys, day, day, MOST + len(without) + 1),
    )
    found = [_filing(row) for row in rows if row["st13"] not in without]
    return Known(tuple(found[:MOST]), complete=len(found) <= MOST)


def _filing(row: Sequence[str | None]) -> Filing:
    _, office, mark, classes, filed = row
    return Filing(
        office or "",
        mark or "",
        tuple(one for one in (classes or "").split(", ") if one),
        dt.date.fromisoformat(filed) if filed else None,
    )
