"""Rows of one filing: what each source said when, in runs. Used inside `observe()`."""

from __future__ import annotations

import datetime as dt
import sqlite3
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from tmwatch import archive
from tmwatch.model import ADDABLE, TradeMark
from tmwatch.sources.base import AsOf, Page
from tmwatch.store.database import Database
from tmwatch.store.timeline import Sighting, canonical, order_key

Place = tuple[str, int, int, int, str, str]
Records = dict[str, TradeMark]  # by content hash: what this batch has read from the file already


@dataclass(frozen=True)
class Head:
    """The present state of a filing before a batch: its record and the latest word's place in time."""

    record: TradeMark
    content_hash: str
    first_seen_at: str
    place: Place
    count: int
    told: frozenset[tuple[str, str, str]]  # (source, hash, place in time) of both ends of each run
    spoke: dict[str, str]  # list that can be added to -> place in time of the last who gave it


def head(database: Database, st13: str, rows: Sequence[Sighting], records: Records) -> Head | None:
    """What is known now, or None for a filing never seen. `rows` are its sightings."""
    row = database.conn.execute(
        "select content_hash, first_seen_at from mark where st13 = ?", (st13,)
    ).fetchone()
    if row is None:
        return None
    latest = max((item.last_order, *item.place[1:]) for item in rows)
    record = stored_record(database, row["content_hash"], records)
    told = frozenset(
        (one.source, one.record_hash, end) for one in rows for end in (one.first_order, one.last_order)
    )
    return Head(record, row["content_hash"], row["first_seen_at"], latest, len(rows), told, _spoke(rows))


def _spoke(rows: Sequence[Sighting]) -> dict[str, str]:
    spoke: dict[str, str] = {}
    for one in rows:
        for name in one.record.covers & ADDABLE:
            spoke[name] = max(spoke.get(name, ""), one.last_order)
    return spoke


def load_record(text: str) -> TradeMark:
    """A record from the store's JSON."""
    return TradeMark.model_validate_json(text)


def dump_record(record: TradeMark) -> str:
    """Canonical JSON of a record without provenance."""
    return canonical(record)[0]


def stored_record(database: Database, record_hash: str, records: Records) -> TradeMark:
    """A kept record by its content hash."""
    if record_hash not in records:
        row = database.conn.execute("select json from record where hash = ?", (record_hash,)).fetchone()
        records[record_hash] = load_record(row["json"])
    return records[record_hash]


def sightings(database: Database, st13: str, records: Records | None = None) -> list[Sighting]:
    """Everything ever said of this filing, in runs."""
    known = {} if records is None else records
    rows = database.conn.execute("select * from sighting where st13 = ?", (st13,)).fetchall()
    return [
        Sighting(
            id=row["id"],
            source=row["source"],
            authority=row["authority"],
            record=stored_record(database, row["record"], known),
            record_hash=row["record"],
            parser_version=row["parser_version"],
            first_order=row["first_order"],
            last_order=row["last_order"],
            as_of=row["last_as_of"],
            as_of_kind=row["as_of_kind"],
            observation=row["observation"],
            technical=bool(row["technical"]),
            live=row["live"],
            facts=row["facts"],
        )
        for row in rows
    ]


def grew(rows: Sequence[Sighting], before: Head) -> bool:
    """Something was said that had not been said before."""
    return len(rows) > before.count


def keep_records(database: Database, rows: Iterable[tuple[str, str, str]]) -> None:
    """Records as (content hash, ST.13, JSON); a daily look at an unchanged page adds nothing."""
    database.conn.executemany("insert or ignore into record (hash, st13, json) values (?,?,?)", rows)


def next_number(database: Database, table: str) -> int:
    """The number that SQLite would give the next row."""
    row = database.conn.execute(f"select coalesce(max(id), 0) + 1 as next from {table}").fetchone()
    return int(row["next"])


def neighbours(database: Database, st13: str, order: str) -> list[sqlite3.Row]:
    """The runs a look at `order` may belong to: the one before it (or around it) and the one after."""
    before = database.conn.execute(
        "select * from sighting where st13 = ? and first_order <= ?"
        " order by first_order desc, live desc, id desc limit 1",
        (st13, order),
    ).fetchall()
    after = database.conn.execute(
        "select * from sighting where st13 = ? and first_order > ? order by first_order, live, id limit 1",
        (st13, order),
    ).fetchall()
    around = database.conn.execute(
        "select * from sighting where st13 = ? and live = 0 and first_order <= ? and last_order >= ?",
        (st13, order, order),
    ).fetchall()
    return [*before, *after, *around]


# Two looks at once may be stored in the wrong order; a clock that was wrong is wrong by more.
_CLOCK_WRONG = dt.timedelta(days=1)


def pull_back(database: Database, st13: str, looked_at: dt.datetime) -> bool:
    """A live look that lies in the future was dated by a clock that has been set right since.

    It is brought to this look's instant, before which it was made; else it would be the last word on the
    filing until that future comes, and every change until then would pass for the past. Returns whether
    there was one.
    """
    instant = looked_at.astimezone(dt.UTC)
    order = order_key(AsOf(instant.date(), "looked", instant.time()))
    later = instant + _CLOCK_WRONG
    cursor = database.conn.execute(
        "update sighting set first_order = min(first_order, :order), last_order = min(last_order, :order),"
        " as_of = min(as_of, :day), last_as_of = min(last_as_of, :day)"
        " where st13 = :st13 and as_of_kind = 'looked' and last_order > :later",
        {
            "order": order,
            "day": instant.date().isoformat(),
            "st13": st13,
            "later": order_key(AsOf(later.date(), "looked", later.time())),
        },
    )
    return cursor.rowcount > 0


class Word(NamedTuple):
    """What a look adds to a run: when, which look and page, and the glance that knows the page again."""

    order: str
    as_of: AsOf
    observation: int
    snapshot: str | None
    glance: str | None = None
    glance_as_of: str | None = None


_OPEN = (
    *("id", "st13", "source", "authority", "facts", "record", "parser_version", "first_order", "last_order"),
    *("as_of", "last_as_of", "as_of_kind", "observation", "last_observation", "first_snapshot"),
    *("last_snapshot", "technical", "live", "glance", "glance_as_of"),
)


def open_sightings(database: Database, rows: Iterable[tuple[object, ...]]) -> None:
    """Runs begin (`sighting_row`)."""
    database.conn.executemany(
        f"insert into sighting ({', '.join(_OPEN)}) values ({', '.join('?' for _ in _OPEN)})", rows
    )


def sighting_row(st13: str, one: Sighting, word: Word) -> tuple[object, ...]:
    """The row of a run that a look has opened."""
    return (
        *(one.id, st13, one.source, one.authority, one.facts, one.record_hash, one.parser_version),
        *(one.first_order, one.last_order, one.as_of, one.as_of, one.as_of_kind),
        *(one.observation, one.observation, word.snapshot, word.snapshot, int(one.technical), one.live),
        *(word.glance, word.glance_as_of),
    )


def extend_sighting(database: Database, row: sqlite3.Row, word: Word) -> None:
    """The source says what it said: the run grows, and of its raw pages only first and last are kept."""
    day = word.as_of.day.isoformat()
    if word.order < row["first_order"]:
        database.conn.execute(
            "update sighting set first_order = ?, as_of = ?, as_of_kind = ? where id = ?",
            (word.order, day, word.as_of.kind, row["id"]),
        )
    elif word.order > row["last_order"]:
        database.conn.execute(
            "update sighting set last_order = ?, last_as_of = ?, as_of_kind = ?, last_observation = ?,"
            " last_snapshot = ?, glance = ?, glance_as_of = ? where id = ?",
            (
                *(word.order, day, word.as_of.kind, word.observation, word.snapshot),
                *(word.glance, word.glance_as_of, row["id"]),
            ),
        )
    else:
        return
    # The page in the middle of the run says nothing that first and last do not say.
    if row["last_snapshot"] != word.snapshot:
        drop_unused(database, row["last_snapshot"])


def drop_unused(database: Database, sha256: str | None) -> None:
    """Remove a raw page that is neither the first nor the last of any run. Its hash stays in the books."""
    database.conn.execute(
        "delete from snapshot where sha256 = :hash and not exists"
        " (select 1 from sighting where last_snapshot = :hash) and not exists"
        " (select 1 from sighting where first_snapshot = :hash and first_snapshot <> last_snapshot)",
        {"hash": sha256},
    )


def split_at(database: Database, st13: str, order: str) -> None:
    """Another word inside a run ends the run before it and begins it again after it."""
    rows = database.conn.execute(
        "select * from sighting where st13 = ? and first_order < ? and last_order > ?", (st13, order, order)
    ).fetchall()
    for row in rows:
        data = dict(row)
        database.db.table("sighting").update(
            row["id"],
            {
                "last_order": row["first_order"],
                "last_as_of": row["as_of"],
                "last_observation": row["observation"],
                "last_snapshot": row["first_snapshot"],
                "glance": None,
                "glance_as_of": None,
            },
        )
        del data["id"]
        data.update(
            first_order=row["last_order"],
            as_of=row["last_as_of"],
            observation=row["last_observation"],
            first_snapshot=row["last_snapshot"],
        )
        database.db.table("sighting").insert(data)


def archived_page(database: Database, sighting: int) -> Page | None:
    """The raw page of a run's latest look, as received; None if it was not kept."""
    row = database.conn.execute(
        "select s.last_snapshot as hash, p.body, o.url, o.asked from sighting s"
        " join snapshot p on p.sha256 = s.last_snapshot join observation o on o.id = s.last_observation"
        " where s.id = ?",
        (sighting,),
    ).fetchone()
    if row is None:
        return None
    return Page(body=archive.unpack(row["body"], row["hash"]), url=row["url"] or "", name=row["url"] or "")


def replace_record(database: Database, sighting: int, record: TradeMark, parser_version: str) -> None:
    """What an upgraded reader makes of the same bytes."""
    text, record_hash = canonical(record)
    keep_records(database, [(record_hash, record.st13, text)])
    old = database.conn.execute("select record from sighting where id = ?", (sighting,)).fetchone()
    change: dict[str, object] = {"parser_version": parser_version, "glance": None, "glance_as_of": None}
    if old["record"] != record_hash:
        change |= {"record": record_hash, "technical": 1}
    database.db.table("sighting").update(sighting, change)


def stored_among(database: Database, st13s: Sequence[str]) -> set[str]:
    """Those of these filings of which a record is stored."""
    found: set[str] = set()
    for start in range(0, len(st13s), 500):
        some = st13s[start : start + 500]
        rows = database.conn.execute(
            f"select st13 from mark where st13 in ({','.join('?' * len(some))})", list(some)
        )
        found.update(row[0] for row in rows)
    return found
