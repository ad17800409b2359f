"""The books of looks: one row each, chained by hash to the one before; the raw page by its own hash.

The chain. `hash` is SHA-256 of the JSON (sorted keys, UTF-8) of all other columns but `id`; `records` is
one of them only where it is not empty. A row that speaks for several filings at once (the unchanged
records of a bulk file) names no filing: `records` says of how many it speaks, `snapshot` is the hash of the
file, and `sighting.last_observation` of each of those filings points at it until their next look.
"""

from __future__ import annotations

import hashlib
import json
import sqlite3

from tmwatch import archive
from tmwatch.errors import Outcome
from tmwatch.sources.base import AsOf
from tmwatch.store.database import Database, iso
from tmwatch.store.sights import BulkFile, Sight

_COLUMNS = (
    *("run", "source", "st13", "asked", "url", "looked_at", "live", "outcome", "error", "snapshot"),
    *("parser_version", "record", "as_of", "as_of_kind", "previous_hash"),
)
_ROW = ", ".join((*_COLUMNS, "records", "hash"))
_INSERT = f"insert into observation ({_ROW}) values ({', '.join('?' for _ in (*_COLUMNS, 1, 1))})"
_encode = json.JSONEncoder(ensure_ascii=False, sort_keys=True).encode


class Looks:
    """Writes the looks of one transaction, in order."""

    def __init__(self, database: Database, run: str) -> None:
        self._conn = database.conn
        self._run = run
        last = self._conn.execute("select hash from observation order by id desc limit 1").fetchone()
        self._previous: str = last["hash"] if last else ""

    def write(
        self,
        sight: Sight,
        *,
        st13: str | None,
        record_hash: str | None = None,
        as_of: AsOf | None = None,
        snapshot: str | None = None,
    ) -> int:
        """The row of a look; returns its number."""
        page = sight.page
        return self._insert(
            {
                "run": self._run,
                "source": sight.source,
                "st13": st13,
                "asked": sight.asked,
                "url": (page.url or page.name) if page is not None else "",
                "looked_at": iso(sight.looked_at),
                "live": int(sight.live),
                "outcome": sight.outcome.value,
                "error": sight.error,
                "snapshot": snapshot,
                "parser_version": sight.parser_version,
                "record": record_hash,
                "as_of": as_of.day.isoformat() if as_of else None,
                "as_of_kind": as_of.kind if as_of else None,
            }
        )

    def write_bulk(self, bulk: BulkFile, sight: Sight, as_of: AsOf, records: int) -> int:
        """One row for all records of a file that say nothing new; `sight` is one of them."""
        return self._insert(
            {
                "run": self._run,
                "source": sight.source,
                "st13": None,
                "asked": bulk.asked,
                "url": bulk.url or bulk.asked,
                "looked_at": iso(sight.looked_at),
                "live": int(sight.live),
                "outcome": Outcome.OK.value,
                "error": "",
                "snapshot": bulk.sha256,
                "parser_version": sight.parser_version,
                "record": None,
                "as_of": as_of.day.isoformat(),
                "as_of_kind": as_of.kind,
                "records": records,
            }
        )

    def _insert(self, row: dict[str, object]) -> int:
        row["previous_hash"] = self._previous
        self._previous = hashlib.sha256(_encode(row).encode()).hexdigest()
        values = [row[name] for name in _COLUMNS]
        cursor = self._conn.execute(_INSERT, (*values, row.get("records"), self._previous))
        return int(cursor.lastrowid or 0)


def keep_page(database: Database, sight: Sight, *, quick: bool = False) -> str | None:
    """The hash of the raw page; the page itself is kept if the look was good (`archive.pack`: quick)."""
    page = sight.page
    if page is None or not page.body:
        return None
    sha256 = archive.digest(page.body)
    if sight.outcome is Outcome.OK and not _kept(database.conn, sha256):
        database.conn.execute(
            "insert into snapshot (sha256, body, size, stored_at) values (?,?,?,?)",
            (sha256, archive.pack(page.body, quick=quick), len(page.body), iso(sight.looked_at)),
        )
    return sha256


def _kept(conn: sqlite3.Connection, sha256: str) -> bool:
    return conn.execute("select 1 from snapshot where sha256 = ?", (sha256,)).fetchone() is not None
