"""The versions of one filing, their changes, and the filing as it stands. Used inside `observe()`."""

from __future__ import annotations

import datetime as dt
import functools
import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from tmwatch.changes.compare import show, show_party
from tmwatch.changes.diff import show_status
from tmwatch.model import FactKind, Provenance, TradeMark
from tmwatch.store import marks, rows
from tmwatch.store.database import Database, iso
from tmwatch.store.timeline import Sighting, Step, canonical
from tmwatch.text import fold_party


@dataclass(frozen=True)
class Written:
    """The last version as it stands in the books."""

    content: str  # hash of its record
    newest: int  # number of the version that was written last, which an older page can have brought
    newest_at: str


def write_steps(database: Database, st13: str, steps: Sequence[Step], instant: str) -> Written:
    """Make the stored versions equal `steps`: keep equal rows, add new ones, mark the rest superseded.

    Nothing is deleted: a version that a page from the past has overtaken stays, with the instant.
    `instant` is that of the batch.
    """
    stored = _stored(database, st13)
    previous = ""
    for step in steps:
        text, content = content_of(step)
        key = (step.sighting.observation, content, previous)
        previous = content
        if stored.get(key):
            number, position = stored[key].pop(0)
            if position != step.position:
                database.conn.execute(
                    "update mark_version set position = ?, as_of = ? where id = ?",
                    (step.position, step.sighting.first_order[:10], number),
                )
            continue
        if text:
            marks.keep_records(database, [(content, st13, text)])
        row = version_row(None, st13, step, content, instant)
        version = int(database.conn.execute(_INSERT_VERSION, row).lastrowid or 0)
        if step.changes:
            _insert_changes(database, st13, step, version, instant)
    for number, _ in (left for rest in stored.values() for left in rest):
        database.conn.execute("update mark_version set superseded_at = ? where id = ?", (instant, number))
        database.conn.execute("update change set superseded_at = ? where version = ?", (instant, number))
    return standing(database, st13, previous)


def standing(database: Database, st13: str, content: str) -> Written:
    """The last version as the books have it; `content` is the hash of its record."""
    row = database.conn.execute(
        "select max(id) as id, max(created_at) as at from mark_version where st13 = ?"
        " and superseded_at is null",
        (st13,),
    ).fetchone()
    return Written(content, row["id"], row["at"])


def content_of(step: Step) -> tuple[str, str]:
    """(canonical JSON, or "" where the store has it, content hash)."""
    if step.record is step.sighting.record:
        return "", step.sighting.record_hash
    return canonical(step.record)


def _stored(database: Database, st13: str) -> dict[tuple[int, str, str], list[tuple[int, str]]]:
    """The versions that stand, oldest first. A look in the middle of a run splits it, and both of its parts
    go by the run's one observation: several versions may answer to one key."""
    found: dict[tuple[int, str, str], list[tuple[int, str]]] = {}
    rows = database.conn.execute(
        "select id, observation, content_hash, position,"
        " coalesce(lag(content_hash) over (order by position), '') as previous"
        " from mark_version where st13 = ? and superseded_at is null order by position",
        (st13,),
    )
    for row in rows:
        key = (row["observation"], row["content_hash"], row["previous"])
        found.setdefault(key, []).append((row["id"], row["position"]))
    return found


_INSERT_VERSION = (
    "insert into mark_version (id, st13, observation, source, facts, position, as_of, as_of_kind,"
    " content_hash, technical, parser_version, created_at) values (?,?,?,?,?,?,?,?,?,?,?,?)"
)


def insert_versions(database: Database, made: Iterable[tuple[object, ...]]) -> None:
    """Rows of versions (`version_row`)."""
    database.conn.executemany(_INSERT_VERSION, made)


def version_row(number: int | None, st13: str, step: Step, content: str, instant: str) -> tuple[object, ...]:
    """The row of a version; without a number it gets the next one."""
    sighting = step.sighting
    return (
        *(number, st13, sighting.observation, sighting.source, sighting.facts, step.position),
        *(sighting.first_order[:10], sighting.as_of_kind, content, int(sighting.technical)),
        *(sighting.parser_version, instant),
    )


def _insert_changes(database: Database, st13: str, step: Step, version: int, instant: str) -> None:
    database.conn.executemany(
        "insert into change (st13, version, field, kind, key, old, new, significance, date, terms_added,"
        " terms_removed, seen_at, superseded_at) values (?,?,?,?,?,?,?,?,?,?,?,?,null)",
        [
            (
                *(st13, version, change.field, change.kind, change.key, change.old, change.new),
                change.significance.value,
                change.date.isoformat() if change.date else None,
                json.dumps(change.terms_added, ensure_ascii=False),
                json.dumps(change.terms_removed, ensure_ascii=False),
                instant,
            )
            for change in step.changes
        ],
    )


_MARK = (
    *("st13", "office", "application_number", "registration_number", "mark", "owners", "classes", "status"),
    *("status_code", "status_date", "phase", "live", "application_date", "registration_date", "source"),
    *("facts", "as_of", "as_of_kind", "first_seen_at", "last_ok_at", "changed_at", "version", "content_hash"),
)
_WRITE_MARK = (
    f"insert into mark ({', '.join(_MARK)}) values ({', '.join('?' for _ in _MARK)})"
    f" on conflict (st13) do update set {', '.join(f'{name} = excluded.{name}' for name in _MARK[1:])}"
)


def write_current(
    database: Database,
    record: TradeMark,
    runs: Sequence[Sighting],
    *,
    written: Written,
    before: str | None,
    first_seen: dt.datetime,
    instant: str,
) -> Provenance:
    """The row of the filing as it stands, and its lists as tables of their own for people who query.

    `before` is the content hash of the filing before the batch (None: new), `instant` the batch's.
    """
    latest = max(runs, key=lambda item: (item.last_order, item.place))
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
    database.conn.execute(
        _WRITE_MARK,
        mark_row(
            record,
            (
                *(provenance.source, provenance.kind.value, latest.last_order[:10], provenance.as_of_kind),
                *(iso(first_seen), instant, written.newest_at, written.newest, written.content),
            ),
        ),
    )
    if written.content != before:
        write_lists(database, [record], again=before is not None)
    return provenance


def mark_row(record: TradeMark, standing: tuple[object, ...]) -> tuple[object, ...]:
    """The row of a filing as it stands; `standing` are its columns from `source` on."""
    return (
        *(record.st13, record.office, record.application_number, record.registration_number),
        record.verbal_element,
        "; ".join(party.name for party in record.owners),
        ", ".join(record.class_numbers),
        show_status(record),
        *(record.status_code, show(record.status_date)),
        *(record.status_phase.value, record.status_live.value),
        *(show(record.application_date), show(record.registration_date)),
        *standing,
    )


def insert_marks(database: Database, made: Iterable[tuple[object, ...]]) -> None:
    """Rows of filings as they stand (`mark_row`)."""
    database.conn.executemany(_WRITE_MARK, made)


def write_lists(database: Database, records: Sequence[TradeMark], *, again: bool) -> None:
    """The lists of records as tables of their own; `again`: in place of what stands there."""
    conn = database.conn
    if again:
        for table in ("event", "goods", "party"):
            conn.executemany(f"delete from {table} where st13 = ?", [(record.st13,) for record in records])
    rows.insert(
        *(conn, "event", ("st13", "number", "date", "code", "type", "text", "proceeding")),
        (
            (record.st13, one.number, one.date.isoformat(), one.code, one.type, one.text, one.proceeding)
            for record in records
            for one in record.events
        ),
    )
    rows.insert(
        *(conn, "goods", ("st13", "class", "status", "first_use", "first_use_in_commerce", "text")),
        (
            (
                *(record.st13, one.class_number, one.status_text),
                *(one.first_use, one.first_use_in_commerce, one.text),
            )
            for record in records
            for one in record.classes
        ),
    )
    rows.insert(
        *(conn, "party", ("st13", "as", "name", "role", "address", "country", "key")),
        (
            (
                *(record.st13, kind, party.name, party.role, show_party(party), party.country),
                owner_key(party.name) if kind == "owner" else None,
            )
            for record in records
            for kind, parties in (
                ("owner", record.owners),
                ("owner history", record.owner_history),
                ("representative", record.representatives),
            )
            for party in parties
        ),
    )


@functools.lru_cache(maxsize=4096)
def owner_key(name: str) -> str:
    """An owner's name as owners are compared: `party.key`."""
    return fold_party(name).replace(" ", "")
