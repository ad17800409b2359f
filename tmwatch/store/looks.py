"""The books of looks: one row each, chained by hash to the one before; the raw page by its own hash.

The chain. `hash` is SHA-256 of the JSON (sorted keys, UTF-8) of all other columns but `id`; `records` is
one of them only where it is not empty. A row that speaks for several filings at once (the unchanged
records of a bulk file) names no filing: `records` says of how many it speaks, `snapshot` is the hash of the
file, and `sighting.last_observation` of each of those filings points at it until their next look.
"""

from __future__ import annotations

import hashlib
import json
import operator
import sqlite3
from collections.abc import Mapping
from json.encoder import encode_basestring

from tmwatch import archive
from tmwatch.errors import Outcome
from tmwatch.sources.base import AsOf
from tmwatch.store.database import Database, iso
from tmwatch.store.sights import BulkFile, Sight

_COLUMNS = (
    *("run", "source", "st13", "asked", "url", "looked_at", "live", "outcome", "error", "snapshot"),
    *("parser_version", "record", "as_of", "as_of_kind", "previous_hash"),
)
_ROW = ("id", *_COLUMNS, "records", "hash")
_INSERT = f"insert into observation ({', '.join(_ROW)}) values ({', '.join('?' for _ in _ROW)})"


def storable(text: str) -> str:
    """The text with bytes that are no UTF-8 written as `\\udcfc`: a file's name may hold anything."""
    return text if text.isascii() else text.encode("utf-8", "backslashreplace").decode()


class _Hashed:
    """`json.dumps(row, ensure_ascii=False, sort_keys=True)` of texts, numbers and nothings, put together
    by hand: a register has a row of this for each filing."""

    def __init__(self, *names: str) -> None:
        self._values = operator.itemgetter(*sorted(names))
        self._shape = "{" + ", ".join(f"{json.dumps(name)}: %s" for name in sorted(names)) + "}"

    def encode(self, row: Mapping[str, object]) -> bytes:
        """The bytes that are hashed."""
        return (self._shape % tuple(map(_value, self._values(row)))).encode()


def _value(value: object) -> str:
    if isinstance(value, str):
        return encode_basestring(value)
    return "null" if value is None else repr(value)


_OF_ONE, _OF_MANY = _Hashed(*_COLUMNS), _Hashed(*_COLUMNS, "records")
_STORED = operator.itemgetter(*_COLUMNS)


class Looks:
    """Writes the looks of one transaction, in order."""

    def __init__(self, database: Database, run: str) -> None:
        self._conn = database.conn
        self._run = run
        last = self._conn.execute("select id, hash from observation order by id desc limit 1").fetchone()
        self._number: int = last["id"] if last else 0
        self._previous: str = last["hash"] if last else ""
        self._waiting: list[tuple[object, ...]] = []

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
        number = self.add(sight, st13=st13, record_hash=record_hash, as_of=as_of, snapshot=snapshot)
        self.flush()
        return number

    def add(
        self,
        sight: Sight,
        *,
        st13: str | None,
        record_hash: str | None = None,
        as_of: AsOf | None = None,
        snapshot: str | None = None,
    ) -> int:
        """The same, but in the file only after `flush`: many rows are written quicker at once."""
        page = sight.page
        return self._add(
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
        number = self._add(
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
        self.flush()
        return number

    def _add(self, row: dict[str, object]) -> int:
        for name in ("asked", "url", "error"):
            row[name] = storable(str(row[name]))
        row["previous_hash"] = self._previous
        said = (_OF_MANY if "records" in row else _OF_ONE).encode(row)
        self._previous = hashlib.sha256(said).hexdigest()
        self._number += 1
        self._waiting.append((self._number, *_STORED(row), row.get("records"), self._previous))
        return self._number

    def flush(self) -> None:
        """Write down what was added."""
        self._conn.executemany(_INSERT, self._waiting)
        self._waiting.clear()


def keep_page(
    database: Database, sight: Sight, sha256: str | None = None, *, quick: bool = False
) -> str | None:
    """The hash of the raw page (`sha256`, where it is at hand); the page itself is kept if the look was good
    (`archive.pack`: quick)."""
    page = sight.page
    if page is None or not page.body:
        return None
    sha256 = sha256 or archive.digest(page.body)
    if sight.outcome is Outcome.OK and not _kept(database.conn, sha256):
        database.conn.execute(_KEEP, _packed(sha256, sight, quick=quick))
    return sha256


def keep_pages(database: Database, sights: Mapping[str, Sight]) -> None:
    """The raw pages of good looks, each by its hash."""
    rows = database.conn.execute(
        "select value from json_each(?) where value in (select sha256 from snapshot)",
        (json.dumps(list(sights)),),
    )
    kept = {row["value"] for row in rows}
    database.conn.executemany(
        _KEEP, [_packed(sha256, sight) for sha256, sight in sights.items() if sha256 not in kept]
    )


_KEEP = "insert into snapshot (sha256, body, size, stored_at) values (?,?,?,?)"


def _packed(sha256: str, sight: Sight, *, quick: bool = False) -> tuple[object, ...]:
    assert sight.page is not None
    body = sight.page.body
    return sha256, archive.pack(body, quick=quick), len(body), iso(sight.looked_at)


def _kept(conn: sqlite3.Connection, sha256: str) -> bool:
    return conn.execute("select 1 from snapshot where sha256 = ?", (sha256,)).fetchone() is not None
