"""What can be asked of the store. Everything comes back as records or as plain JSON-able dicts."""

from __future__ import annotations

import datetime as dt
import json
import unicodedata
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from typing import Any

from tmwatch import archive
from tmwatch.model import FactKind, Provenance, Significance, TradeMark
from tmwatch.numbers import MarkNumber
from tmwatch.sources.base import Page
from tmwatch.store.database import Database, iso
from tmwatch.store.marks import load_record, sightings
from tmwatch.store.timeline import disagreements
from tmwatch.text import fold


def find(database: Database, number: MarkNumber) -> list[str]:
    """ST.13 of the stored filings with that number, by the kind of number it is."""
    if number.st13 and number.kind == "application":
        rows = database.conn.execute("select st13 from mark where st13 = ?", (number.st13,)).fetchall()
        if rows:
            return [row["st13"] for row in rows]
    column = {"application": "application_number", "registration": "registration_number"}.get(number.kind)
    if column is None:
        rows = database.conn.execute("select st13 from mark where office = ?", (number.office,)).fetchall()
        return [
            row["st13"]
            for row in rows
            if (record := get(database, row["st13"]))
            and record.international_registration_number == number.number
        ]
    rows = database.conn.execute(
        f"select st13 from mark where office = ? and {column} = ?",
        (number.office, number.number),
    ).fetchall()
    return [row["st13"] for row in rows]


def get(database: Database, st13: str) -> TradeMark | None:
    """The filing as it stands, with its provenance."""
    row = database.conn.execute(
        "select m.*, r.json, o.url, o.looked_at, o.snapshot, o.parser_version from mark m"
        " join record r on r.hash = m.content_hash join observation o"
        # The look that confirmed it last may speak for a whole file of filings, and name none of them.
        " on o.id = (select last_observation from sighting where st13 = m.st13 and source = m.source"
        " order by last_order desc, first_order desc, live desc, id desc limit 1) where m.st13 = ?",
        (st13,),
    ).fetchone()
    if row is None:
        return None
    provenance = Provenance(
        source=row["source"],
        kind=FactKind(row["facts"]),
        url=row["url"] or None,
        as_of=dt.date.fromisoformat(row["as_of"]),
        as_of_kind=row["as_of_kind"],
        fetched_at=row["looked_at"],
        sha256=row["snapshot"],
        parser_version=row["parser_version"],
    )
    return load_record(row["json"]).model_copy(update={"provenance": provenance})


@dataclass(frozen=True)
class LastRead:
    """Up to when a filing is known: the newest statement, and when anything of it was read last (UTC)."""

    mark: str | None
    number: str | None
    as_of: dt.date
    as_of_kind: str
    read_at: dt.datetime


def last_read(database: Database, st13: str, without: Collection[str] = ()) -> LastRead | None:
    """Up to when the filing is known, whoever said it but these sources; None where nobody did."""
    others = f"not in ({', '.join(f':s{place}' for place in range(len(without)))})"
    row = database.conn.execute(
        "select m.mark, m.application_number, s.last_as_of, s.as_of_kind,"
        # A page that says what is known already has a look of its own, and no sighting points at it.
        " (select max(looked_at) from (select o.looked_at from sighting t"
        f" join observation o on o.id = t.last_observation where t.st13 = m.st13 and t.source {others}"
        " union all select o.looked_at from observation o where o.st13 = m.st13 and o.outcome = 'ok'"
        f" and o.source {others} and o.as_of >= s.last_as_of)) as read_at"
        " from mark m join sighting s on s.st13 = m.st13"
        f" where m.st13 = :st13 and s.source {others} order by s.last_order desc, s.id desc limit 1",
        {"st13": st13, **{f"s{place}": source for place, source in enumerate(without)}},
    ).fetchone()
    if row is None or row["read_at"] is None:
        return None
    return LastRead(
        row["mark"],
        row["application_number"],
        dt.date.fromisoformat(row["last_as_of"]),
        row["as_of_kind"],
        dt.datetime.fromisoformat(row["read_at"]),
    )


def all_marks(database: Database) -> Iterator[TradeMark]:
    """Every stored filing as it stands."""
    for row in database.conn.execute("select st13 from mark order by st13").fetchall():
        record = get(database, row["st13"])
        if record is not None:
            yield record


def search(database: Database, text: str) -> list[str]:
    """ST.13 of stored filings whose mark or owner contains `text` (any case, any length; "" finds all), or
    whose mark is the same name but for blanks and signs (`text.fold`)."""
    # SQLite itself knows the cases of A to Z only, and takes % and _ for wildcards.
    database.conn.create_function("tmwatch_any_case", 1, _any_case, deterministic=True)
    database.conn.create_function("tmwatch_fold", 1, _folded, deterministic=True)
    rows = database.conn.execute(
        "select st13 from mark where instr(tmwatch_any_case(mark), :n) or instr(tmwatch_any_case(owners), :n)"
        " or :n = '' or tmwatch_fold(mark) = :folded order by office, st13",
        {"n": _any_case(text), "folded": fold(text) or None},
    )
    return [row["st13"] for row in rows]


def _folded(text: str | None) -> str:
    return fold(text or "")


def _any_case(text: str | None) -> str:
    return unicodedata.normalize("NFKC", text or "").casefold()


def kept_pages(database: Database, source_id: str, most: int = 5, st13: str | None = None) -> list[Page]:
    """The raw pages of a source (of one filing) that were kept last, newest first; without their question."""
    rows = database.conn.execute(
        "select s.sha256, s.body, max(o.id) as last, o.url from observation o"
        " join snapshot s on s.sha256 = o.snapshot"
        " where o.source = ? and o.outcome = 'ok' and o.records is null and (? is null or o.st13 = ?)"
        " group by s.sha256 order by last desc limit ?",
        (source_id, st13, st13, most),
    )
    return [Page(archive.unpack(row["body"], row["sha256"]), name=row["url"]) for row in rows]


def history(database: Database, st13: str) -> dict[str, Any]:
    """Versions and changes, oldest first, and where two sources disagree today."""
    versions = database.conn.execute(
        "select v.*, r.json, o.looked_at, o.url, o.snapshot from mark_version v join observation o"
        " on o.id = v.observation join record r on r.hash = v.content_hash"
        " where v.st13 = ? and v.superseded_at is null order by v.position",
        (st13,),
    ).fetchall()
    numbers = {row["id"]: place for place, row in enumerate(versions, 1)}
    changes = database.conn.execute(
        "select c.*, v.as_of, v.as_of_kind, v.source, v.position, v.technical from change c"
        " join mark_version v on v.id = c.version where c.st13 = ? and c.superseded_at is null"
        " order by v.position, c.id",
        (st13,),
    ).fetchall()
    return {
        "st13": st13,
        "versions": [
            {
                "version": numbers[row["id"]],
                "as_of": row["as_of"],
                "as_of_kind": row["as_of_kind"],
                "source": row["source"],
                "facts": row["facts"],
                "looked_at": row["looked_at"],
                "url": row["url"],
                "sha256": row["snapshot"],
                "parser_version": row["parser_version"],
                "technical": bool(row["technical"]),
                **_brief(load_record(row["json"])),
            }
            for row in versions
        ],
        "changes": [{"version": numbers[row["version"]], **_change(row)} for row in changes],
        "disagreements": [
            {"field": field, "believed": strong, "other": weak}
            for field, strong, weak in disagreements(sightings(database, st13))
        ],
    }


def _brief(record: TradeMark) -> dict[str, Any]:
    return {
        "status_code": record.status_code,
        "status_text": record.status_text,
        "status_date": record.status_date.isoformat() if record.status_date else None,
        "status_phase": record.status_phase.value,
        "status_live": record.status_live.value,
        "events": len(record.events),
        "owners": [party.name for party in record.owners],
        "classes": list(record.class_numbers),
    }


def _change(row: Any) -> dict[str, Any]:
    return {
        "as_of": row["as_of"],
        "as_of_kind": row["as_of_kind"],
        "source": row["source"],
        "field": row["field"],
        "key": row["key"],
        "kind": row["kind"],
        "significance": row["significance"],
        "old": row["old"],
        "new": row["new"],
        "date": row["date"],
        "terms_added": json.loads(row["terms_added"] or "[]"),
        "terms_removed": json.loads(row["terms_removed"] or "[]"),
        "technical": bool(row["technical"]),
        "seen_at": row["seen_at"],
    }


def changes_since(
    database: Database, since: dt.datetime, *, least: Significance = Significance.LOW
) -> list[dict[str, Any]]:
    """Changes that we saw since that instant, newest last, from `least` significance up."""
    wanted = [item.value for item in Significance if item.rank >= least.rank]
    rows = database.conn.execute(
        "select c.*, v.as_of, v.as_of_kind, v.source, v.technical, m.mark, m.application_number, m.office,"
        " v.facts from change c join mark_version v on v.id = c.version join mark m on m.st13 = c.st13"
        " where c.superseded_at is null and c.seen_at >= ?"
        f" and c.significance in ({','.join('?' for _ in wanted)})"
        " order by c.id",
        (iso(since), *wanted),
    )
    return [
        {
            "st13": row["st13"],
            "office": row["office"],
            "number": row["application_number"],
            "mark": row["mark"],
            "facts": row["facts"],
            **_change(row),
        }
        for row in rows
    ]


def filings_since(database: Database, since: dt.datetime) -> list[dict[str, Any]]:
    """Filings that newly came under a watch since that instant, no first contents of one; in the shape of
    `changes_since`: "filing" "added", of high significance."""
    rows = database.conn.execute(
        "select m.st13, m.office, m.application_number, m.mark, m.application_date, m.first_seen_at,"
        " v.as_of, v.as_of_kind, v.source, v.facts from mark m join mark_version v"
        " on v.id = (select min(id) from mark_version where st13 = m.st13) where m.first_seen_at >= ? and"
        " (exists (select 1 from hit where st13 = m.st13 and baseline = 0) or exists (select 1 from"
        " alert_mark k join alert a on a.id = k.alert where k.st13 = m.st13 and a.kind = 'filing.new'))"
        " order by m.first_seen_at, m.st13",
        (iso(since),),
    )
    return [
        {
            **{key: row[key] for key in ("st13", "office", "mark", "facts", "as_of", "as_of_kind", "source")},
            "number": row["application_number"],
            "field": "filing",
            "key": None,
            "kind": "added",
            "significance": Significance.HIGH.value,
            "old": None,
            "new": row["mark"],
            "date": row["application_date"],
            "terms_added": [],
            "terms_removed": [],
            "technical": False,
            "seen_at": row["first_seen_at"],
        }
        for row in rows
    ]


def last_run(database: Database) -> dict[str, Any] | None:
    """The run before this one."""
    row = database.conn.execute(
        "select * from run where ended_at is not null order by started_at desc limit 1"
    )
    found = row.fetchone()
    return dict(found) if found else None


def counts(database: Database) -> dict[str, int]:
    """Rows per table, for `doctor`."""
    tables = ("mark", "mark_version", "change", "observation", "snapshot", "alert", "delivery", "hit")
    return {
        table: database.conn.execute(f"select count(*) as n from {table}").fetchone()["n"] for table in tables
    }
