"""Rows of one filing: its sightings, versions, changes and current state. Used inside `observe()`."""

from __future__ import annotations

import datetime as dt
import json
import sqlite3
from collections.abc import Sequence
from dataclasses import dataclass

from tmwatch import archive
from tmwatch.changes.compare import show, show_party
from tmwatch.changes.diff import show_status
from tmwatch.model import FactKind, Provenance, TradeMark
from tmwatch.sources.base import AsOf, Page
from tmwatch.store.database import Database, iso, now
from tmwatch.store.timeline import Sighting, Step, content_hash, order_key

Place = tuple[str, int, int, int, str]


@dataclass(frozen=True)
class Head:
    """The present state of a filing before a batch: its record and the latest word's place in time."""

    record: TradeMark
    place: Place
    count: int


def head(database: Database, st13: str) -> Head | None:
    """What is known now, or None for a filing never seen."""
    row = database.conn.execute(
        "select r.json from mark m join record r on r.hash = m.content_hash where m.st13 = ?", (st13,)
    ).fetchone()
    if row is None:
        return None
    rows = sightings(database, st13)
    latest = max((item.last_order, *item.place[1:]) for item in rows)
    return Head(load_record(row["json"]), latest, len(rows))


def load_record(text: str) -> TradeMark:
    """A record from the store's JSON."""
    return TradeMark.model_validate_json(text)


def dump_record(record: TradeMark) -> str:
    """Canonical JSON of a record without provenance."""
    data = record.model_dump(mode="json", exclude={"provenance"})
    data["covers"] = sorted(data["covers"])
    return json.dumps(data, ensure_ascii=False, sort_keys=True)


def sightings(database: Database, st13: str) -> list[Sighting]:
    """Everything ever said of this filing, in runs."""
    rows = database.conn.execute(
        "select s.*, r.json from sighting s join record r on r.hash = s.record where s.st13 = ?", (st13,)
    )
    return [
        Sighting(
            id=row["id"],
            source=row["source"],
            authority=row["authority"],
            record=load_record(row["json"]),
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


def keep_record(database: Database, record: TradeMark, record_hash: str) -> None:
    """The given record by its content hash; a daily look at an unchanged page adds nothing."""
    database.db.table("record").insert(
        {"hash": record_hash, "st13": record.st13, "json": dump_record(record)}, ignore=True
    )


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


def pull_back(database: Database, st13: str, looked_at: dt.datetime) -> None:
    """A live look that lies in the future was dated by a clock that has been set right since.

    It is brought to this look's instant, before which it was made; else it would be the last word on the
    filing until that future comes, and every change until then would pass for the past.
    """
    instant = looked_at.astimezone(dt.UTC)
    order = order_key(AsOf(instant.date(), "looked", instant.time()))
    later = instant + _CLOCK_WRONG
    database.conn.execute(
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


def extend_sighting(
    database: Database, row: sqlite3.Row, order: str, as_of: AsOf, observation: int, snapshot: str | None
) -> None:
    """The source says what it said: the run grows, and of its raw pages only first and last are kept."""
    change: dict[str, object] = {}
    if order < row["first_order"]:
        change = {"first_order": order, "as_of": as_of.day.isoformat(), "as_of_kind": as_of.kind}
    elif order > row["last_order"]:
        change = {
            "last_order": order,
            "last_as_of": as_of.day.isoformat(),
            "as_of_kind": as_of.kind,
            "last_observation": observation,
            "last_snapshot": snapshot,
        }
    if not change:
        return
    database.db.table("sighting").update(row["id"], change)
    drop_unused(database, row["last_snapshot"])
    if order < row["first_order"]:
        return
    # The page in the middle of the run says nothing that first and last do not say.


def drop_unused(database: Database, sha256: str | None) -> None:
    """Remove a raw page that is neither the first nor the last of any run. Its hash stays in the books."""
    database.conn.execute(
        "delete from snapshot where sha256 = :hash and not exists"
        " (select 1 from sighting where first_snapshot = :hash or last_snapshot = :hash)",
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
    record_hash = content_hash(record)
    keep_record(database, record, record_hash)
    old = database.conn.execute("select record from sighting where id = ?", (sighting,)).fetchone()
    change: dict[str, object] = {"parser_version": parser_version}
    if old["record"] != record_hash:
        change |= {"record": record_hash, "technical": 1}
    database.db.table("sighting").update(sighting, change)


def write_steps(database: Database, st13: str, steps: Sequence[Step]) -> None:
    """Make the stored versions equal `steps`: keep equal rows, add new ones, mark the rest superseded.

    Nothing is deleted: a version that a page from the past has overtaken stays, with the instant.
    """
    instant = iso(now())
    stored = {
        (row["observation"], row["content_hash"], row["previous"]): row
        for row in database.conn.execute(
            "select id, observation, content_hash, position,"
            " coalesce(lag(content_hash) over (order by position), '') as previous"
            " from mark_version where st13 = ? and superseded_at is null",
            (st13,),
        )
    }
    kept = set()
    previous = ""
    for step in steps:
        content = content_hash(step.record)
        key = (step.sighting.observation, content, previous)
        previous = content
        if key in stored:
            kept.add(stored[key]["id"])
            if stored[key]["position"] != step.position:
                moved = {"position": step.position, "as_of": step.sighting.first_order[:10]}
                database.db.table("mark_version").update(stored[key]["id"], moved)
            continue
        version = _insert_version(database, st13, step, content, instant)
        for change in step.changes:
            database.db.table("change").insert(
                {
                    "st13": st13,
                    "version": version,
                    "field": change.field,
                    "kind": change.kind,
                    "key": change.key,
                    "old": change.old,
                    "new": change.new,
                    "significance": change.significance.value,
                    "date": change.date.isoformat() if change.date else None,
                    "terms_added": json.dumps(change.terms_added, ensure_ascii=False),
                    "terms_removed": json.dumps(change.terms_removed, ensure_ascii=False),
                    "seen_at": instant,
                    "superseded_at": None,
                }
            )
    for row in stored.values():
        if row["id"] not in kept:
            database.db.table("mark_version").update(row["id"], {"superseded_at": instant})
            database.conn.execute(
                "update change set superseded_at = ? where version = ?", (instant, row["id"])
            )


def _insert_version(database: Database, st13: str, step: Step, content: str, instant: str) -> int:
    keep_record(database, step.record, content)
    cursor = database.conn.execute(
        "insert into mark_version (st13, observation, source, facts, position, as_of, as_of_kind,"
        " content_hash, technical, parser_version, created_at) values (?,?,?,?,?,?,?,?,?,?,?)",
        (
            st13,
            step.sighting.observation,
            step.sighting.source,
            step.sighting.facts,
            step.position,
            step.sighting.first_order[:10],
            step.sighting.as_of_kind,
            content,
            int(step.sighting.technical),
            step.sighting.parser_version,
            instant,
        ),
    )
    return int(cursor.lastrowid or 0)


def first_seen(database: Database, st13: str) -> dt.datetime:
    """When tmwatch first read this filing (UTC)."""
    row = database.conn.execute(
        "select min(looked_at) as at from observation where st13 = ? and outcome = 'ok'", (st13,)
    ).fetchone()
    return dt.datetime.fromisoformat(row["at"])


def write_current(database: Database, st13: str, last: Step, rows: Sequence[Sighting]) -> Provenance:
    """The row of the filing as it stands, and its lists as tables of their own for people who query."""
    record = last.record
    latest = max(rows, key=lambda item: (item.last_order, item.place))
    look = database.conn.execute(
        "select o.url, o.looked_at, o.snapshot, s.facts from sighting s"
        " join observation o on o.id = s.last_observation where s.id = ?",
        (latest.id,),
    ).fetchone()
    provenance = Provenance(
        source=latest.source,
        kind=FactKind(look["facts"]),
        url=look["url"] or None,
        as_of=dt.date.fromisoformat(latest.last_order[:10]),
        as_of_kind=latest.as_of_kind,
        fetched_at=look["looked_at"],
        sha256=look["snapshot"],
        parser_version=latest.parser_version,
    )
    version = database.conn.execute(
        "select max(id) as id, max(created_at) as at from mark_version where st13 = ?"
        " and superseded_at is null",
        (st13,),
    ).fetchone()
    database.db.table("mark").upsert(
        {
            "st13": st13,
            "office": record.office,
            "application_number": record.application_number,
            "registration_number": record.registration_number,
            "mark": record.verbal_element,
            "owners": "; ".join(party.name for party in record.owners),
            "classes": ", ".join(record.class_numbers),
            "status": show_status(record),
            "status_code": record.status_code,
            "status_date": show(record.status_date),
            "phase": record.status_phase.value,
            "live": record.status_live.value,
            "application_date": show(record.application_date),
            "registration_date": show(record.registration_date),
            "source": provenance.source,
            "facts": provenance.kind.value,
            "as_of": show(provenance.as_of),
            "as_of_kind": provenance.as_of_kind,
            "first_seen_at": iso(first_seen(database, st13)),
            "last_ok_at": iso(now()),
            "changed_at": version["at"],
            "version": version["id"],
            "content_hash": content_hash(record),
        },
        pk="st13",
    )
    _write_lists(database, record)
    return provenance


def _write_lists(database: Database, record: TradeMark) -> None:
    st13 = record.st13
    for table in ("event", "goods", "party"):
        database.conn.execute(f"delete from {table} where st13 = ?", (st13,))
    database.db.table("event").insert_all(
        {
            "st13": st13,
            "number": event.number,
            "date": event.date.isoformat(),
            "code": event.code,
            "type": event.type,
            "text": event.text,
            "proceeding": event.proceeding,
        }
        for event in record.events
    )
    database.db.table("goods").insert_all(
        {
            "st13": st13,
            "class": item.class_number,
            "status": item.status_text,
            "first_use": item.first_use,
            "first_use_in_commerce": item.first_use_in_commerce,
            "text": item.text,
        }
        for item in record.classes
    )
    database.db.table("party").insert_all(
        {
            "st13": st13,
            "as": kind,
            "name": party.name,
            "role": party.role,
            "address": show_party(party),
            "country": party.country,
        }
        for kind, parties in (
            ("owner", record.owners),
            ("owner history", record.owner_history),
            ("representative", record.representatives),
        )
        for party in parties
    )
