"""`prune`: what the file can do without, and nothing that anybody could ask for.

Never touched: a version, a change, the first and the last raw page of each run of equal answers, an alert
or a delivery, the look that opened or last confirmed a run or a version, the first and the latest look at
each filing by each source, the looks behind an alert.

What may go, where it is older than asked:

* **looks** in between, which say "asked again, the same" (or "failed, as the day before"). Their rows go;
  in `pruned_looks` one row stands for each stretch of them: how many of which kind, from when to when, and
  the hashes at both of its ends. The chain can be followed across it: the row before ends in
  `previous_hash`, the row after begins with `hash`, and as each hash is made over the one before, the hash
  at the end of the stretch still commits to every row in it (a backup from before can be held against it);
* **raw pages** that are neither first nor last of a run nor the page of a version (left behind where a
  history was put together anew);
* **runs** in the books that no look and no alert came from.
"""

from __future__ import annotations

import datetime as dt
import json
import sqlite3
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from tmwatch.errors import StoreError
from tmwatch.store.copies import need_room
from tmwatch.store.database import Database, iso, now

LEAST = dt.timedelta(days=30)  # "what changed lately" and "not found since" look back less far


@dataclass
class Pruned:
    """What went, or (`dry`) would go."""

    before: str  # instant: what is older
    dry: bool
    looks: int = 0
    stretches: int = 0  # rows of `pruned_looks` that stand for them
    pages: int = 0
    page_bytes: int = 0
    runs: int = 0
    file_before: int = 0
    file_after: int = 0
    note: str = ""  # why the file is as large as before

    def as_json(self) -> dict[str, Any]:
        """For `prune --json`."""
        return dict(self.__dict__)


@dataclass
class _Stretch:
    first: int
    previous_hash: str
    last: int = 0
    hash: str = ""
    rows: int = 0
    since: str = ""
    until: str = ""
    kinds: Counter[str] = field(default_factory=Counter)
    merged: list[int] = field(default_factory=list)  # rows of `pruned_looks` that it takes in


def prune(database: Database, older_than: dt.timedelta, *, dry: bool = False) -> Pruned:
    """Remove what the file can do without. Raises `StoreError` where it cannot be written; nothing is
    removed then. `dry` says what would go."""
    cutoff = iso(now() - max(older_than, LEAST))
    done = Pruned(cutoff, dry, file_before=_size(database), file_after=_size(database))
    with database.write():
        conn = database.conn
        _doom(conn, cutoff)
        for one in _stretches(conn):
            done.stretches += 1
            if not dry:
                _condense(conn, one)
        done.looks = conn.execute("select count(*) from temp.doomed").fetchone()[0]
        _doom_pages(conn, cutoff)
        row = conn.execute(
            "select count(*) as n, coalesce(sum(length(s.body)), 0) as size from temp.doomed_page d"
            " join snapshot s using (sha256)"
        ).fetchone()
        done.pages, done.page_bytes = row["n"], row["size"]
        unused = (
            "from run where ended_at < ? and id not in (select run from observation where run is not null"
            " and id not in (select id from temp.doomed)) and id not in (select run from alert"
            " where run is not null)"
        )
        done.runs = conn.execute(f"select count(*) {unused}", (cutoff,)).fetchone()[0]
        if not dry:
            conn.execute(f"delete {unused}", (cutoff,))
            conn.execute("delete from observation where id in (select id from temp.doomed)")
            conn.execute("delete from snapshot where sha256 in (select sha256 from temp.doomed_page)")
    database.conn.execute("drop table temp.doomed")
    database.conn.execute("drop table temp.doomed_page")
    if not dry:
        done.note = _give_back(database)
        done.file_after = _size(database)
    return done


def _doom(conn: sqlite3.Connection, cutoff: str) -> None:
    """The looks that may go, in a table of this connection's own."""
    conn.execute("create temp table doomed (id integer primary key)")
    conn.execute(
        "insert into temp.doomed select id from observation where looked_at < ?"
        " and id <> (select min(id) from observation) and id <> (select max(id) from observation)",
        (cutoff,),
    )
    for kept in (
        "select observation from sighting union select last_observation from sighting",
        "select observation from mark_version",
        "select min(id) from observation where outcome = 'ok' group by st13, source, live",
        # As `queries.get` takes the latest: by the day it speaks for, then by number.
        "select id from (select id, row_number() over"
        " (partition by st13, source order by as_of desc, id desc) as place"
        " from observation where outcome = 'ok') where place = 1",
        "select o.id from alert a join alert_mark m on m.alert = a.id join observation o on o.st13 = m.st13"
        " and o.run = coalesce(m.run, a.run)",
        # "No longer listed" counts the looks since the last good one.
        "select o.id from observation o left join (select source, asked, max(id) as id from observation"
        " where outcome = 'ok' group by source, asked) good"
        " on good.source = o.source and good.asked = o.asked"
        " where o.outcome = 'not_found' and o.id > coalesce(good.id, 0)",
    ):
        conn.execute(f"delete from temp.doomed where id in ({kept})")


def _doom_pages(conn: sqlite3.Connection, cutoff: str) -> None:
    conn.execute("create temp table doomed_page (sha256 text primary key)")
    conn.execute(
        "insert into temp.doomed_page select sha256 from snapshot where stored_at < ? and sha256 not in"
        " (select first_snapshot from sighting where first_snapshot is not null"
        " union select last_snapshot from sighting where last_snapshot is not null"
        " union select o.snapshot from mark_version v join observation o on o.id = v.observation"
        " where o.snapshot is not null)",
        (cutoff,),
    )


def _stretches(conn: sqlite3.Connection) -> Iterator[_Stretch]:
    """Neighbouring looks that may go, with the stretches of earlier times between and beside them."""
    known = {row["previous_hash"]: row for row in conn.execute("select * from pruned_looks")}
    current: _Stretch | None = None
    fresh = False  # whether a look of today's is among them
    end = ""
    rows = conn.execute(
        "select o.id, o.previous_hash, o.hash, o.looked_at, o.source, o.outcome, d.id is not null as doomed"
        " from observation o left join temp.doomed d on d.id = o.id order by o.id"
    ).fetchall()
    for row in rows:
        if row["previous_hash"] != end and (gap := known.get(end)) is not None:
            current = current or _Stretch(gap["first_look"], gap["previous_hash"])
            _take_in(current, gap)
        end = row["hash"]
        if not row["doomed"]:
            if current is not None and fresh:
                yield current
            current, fresh = None, False
            continue
        current = current or _Stretch(row["id"], row["previous_hash"])
        fresh = True
        current.last, current.hash, current.rows = row["id"], row["hash"], current.rows + 1
        current.since = min(current.since or row["looked_at"], row["looked_at"])
        current.until = max(current.until, row["looked_at"])
        current.kinds[f"{row['source']} {row['outcome']}"] += 1
    # The last look of all is never doomed: no stretch is open here.


def _take_in(current: _Stretch, gap: sqlite3.Row) -> None:
    current.last, current.hash, current.rows = gap["last_look"], gap["hash"], current.rows + gap["looks"]
    current.since = min(current.since or gap["since"], gap["since"])
    current.until = max(current.until, gap["until"])
    current.kinds.update(json.loads(gap["kinds"]))
    current.merged.append(gap["id"])


def _condense(conn: sqlite3.Connection, one: _Stretch) -> None:
    conn.executemany("delete from pruned_looks where id = ?", [(number,) for number in one.merged])
    conn.execute(
        "insert into pruned_looks (first_look, last_look, looks, since, until, kinds, previous_hash, hash,"
        " pruned_at) values (?,?,?,?,?,?,?,?,?)",
        (
            *(one.first, one.last, one.rows, one.since, one.until),
            *(json.dumps(one.kinds, sort_keys=True), one.previous_hash, one.hash, iso(now())),
        ),
    )


def broken_links(conn: sqlite3.Connection) -> list[int]:
    """Numbers of looks that do not follow from the one before, across what was pruned too."""
    gaps = {(row["previous_hash"], row["hash"]) for row in conn.execute("select * from pruned_looks")}
    found, end = [], ""
    for row in conn.execute("select id, previous_hash, hash from observation order by id"):
        if row["previous_hash"] != end and (end, row["previous_hash"]) not in gaps:
            found.append(row["id"])
        end = row["hash"]
    return found


def _give_back(database: Database) -> str:
    """Give the free space back to the disk; returns why not, where it cannot be done now."""
    conn = database.conn
    if not conn.execute("pragma freelist_count").fetchone()[0]:
        return ""
    try:
        need_room(database.path, database.path.parent, "giving space back", times=2)
        conn.execute("vacuum")
        conn.execute("pragma wal_checkpoint(truncate)")
    except StoreError as error:
        return f"{error.message}; the space is used again by what comes"
    except sqlite3.OperationalError as error:
        return f"the file was not made smaller ({error}); the space is used again by what comes"
    return ""


def _size(database: Database) -> int:
    return database.path.stat().st_size
