"""Rows for a spreadsheet or a program: the filings, their changes, their events. Nothing is decided twice:
what is sample says so in every row, and no cell is a formula to a spreadsheet."""

from __future__ import annotations

import contextlib
import csv
import datetime as dt
import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, Literal, TextIO

from tmwatch.config import Config
from tmwatch.files import whole
from tmwatch.model import FactKind, Significance, TradeMark
from tmwatch.store import Database, queries
from tmwatch.text import csv_safe

What = Literal["marks", "changes", "events"]
Format = Literal["csv", "jsonl"]
SAMPLE = "[SAMPLE]"

_BEGINNING = dt.datetime(1970, 1, 1, tzinfo=dt.UTC)
_MARK = ("note", "st13", "office", "application_number", "registration_number", "mark", "owners", "classes")
COLUMNS: dict[What, tuple[str, ...]] = {
    "marks": (
        *_MARK,
        *("status_text", "status_code", "status_date", "phase", "live", "tm5", "application_date"),
        *("registration_date", "expiry_date", "representatives", "docket_ref", "facts", "source"),
        *("as_of", "as_of_kind"),
    ),
    "changes": (
        *("note", "st13", "office", "number", "mark", "docket_ref", "field", "key", "kind", "old", "new"),
        *("terms_added", "terms_removed", "significance", "date", "facts", "source", "as_of", "as_of_kind"),
        *("technical", "seen_at"),
    ),
    "events": (
        *("note", "st13", "office", "number", "mark", "docket_ref", "date", "event_number", "code", "type"),
        *("text", "proceeding", "facts", "source", "as_of", "as_of_kind"),
    ),
}


def rows(database: Database, what: What, config: Config | None = None) -> Iterator[dict[str, Any]]:
    """The rows, plain JSON values; lists stay lists."""
    if what == "marks":
        for record in queries.all_marks(database):
            yield _mark_row(record, config)
    elif what == "changes":
        refs: dict[str, str | None] = {}
        for change in queries.changes_since(database, _BEGINNING, least=Significance.COSMETIC):
            st13 = change["st13"]
            if st13 not in refs:
                stands = queries.get(database, st13)
                refs[st13] = _docket_ref(stands, config) if stands else None
            yield {"note": _note(change["facts"]), "docket_ref": refs[st13], **change}
    else:
        for record in queries.all_marks(database):
            yield from _event_rows(record, config)


def full_records(database: Database) -> Iterator[dict[str, Any]]:
    """Every filing as its JSON Schema says; what JSON Lines of `marks` hold."""
    for record in queries.all_marks(database):
        yield record_json(record)


def record_json(record: TradeMark) -> dict[str, Any]:
    """The record as `trademark.schema.json` says it, always in the same order."""
    data = record.model_dump(mode="json")
    data["covers"] = sorted(data["covers"])
    return data


@contextlib.contextmanager
def writing(target: Path, encoding: str = "utf-8") -> Iterator[TextIO]:
    """A file that appears under its name only when it is whole; until then the old one stays.

    A link stays a link: what it points at is replaced. What is no file (a pipe, /dev/stderr) is written to.
    """
    target = target.resolve()
    if target.exists() and not target.is_file():
        with target.open("w", encoding=encoding, errors="replace", newline="") as file:
            yield file
        return
    with whole(target) as part, part.open("w", encoding=encoding, errors="replace", newline="") as file:
        yield file


def write_csv(out: TextIO, what: What, found: Iterator[dict[str, Any]]) -> int:
    """A header and a row each; returns how many. Text cells pass `csv_safe` (design law 12)."""
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(COLUMNS[what])
    count = 0
    for row in found:
        writer.writerow([cell(row.get(column)) for column in COLUMNS[what]])
        count += 1
    return count


def write_jsonl(
    out: TextIO, found: Iterator[dict[str, Any]], dump: Callable[[Any], str] | None = None
) -> int:
    """One JSON object a line; returns how many."""
    count = 0
    for row in found:
        out.write((dump or _dump)(row) + "\n")
        count += 1
    return count


def _dump(row: Any) -> str:
    return json.dumps(row, ensure_ascii=False)


def cell(value: Any) -> str:
    """A cell of a CSV table: nothing as nothing, a list in one cell, no formula."""
    if value is None:
        return ""
    if isinstance(value, int | float):
        return str(value)  # -0.4 is a number to a spreadsheet, and is one
    if isinstance(value, list):
        return csv_safe("; ".join(str(one) for one in value))
    return csv_safe(str(value))


def _note(facts: str) -> str:
    return SAMPLE if facts == FactKind.SAMPLE.value else ""


def _docket_ref(record: TradeMark, config: Config | None) -> str | None:
    found = [watch.docket_row(record) for watch in config.watches] if config is not None else []
    refs = [row.docket_ref for row in found if row is not None and row.docket_ref]
    return "; ".join(dict.fromkeys(refs)) or None


def _origin(record: TradeMark) -> dict[str, Any]:
    origin = record.provenance
    if origin is None:
        return {}
    return {
        "note": _note(origin.kind.value),
        "facts": origin.kind.value,
        "source": origin.source,
        "as_of": origin.as_of.isoformat() if origin.as_of else None,
        "as_of_kind": origin.as_of_kind,
    }


def _day(value: dt.date | None) -> str | None:
    return value.isoformat() if value else None


def _mark_row(record: TradeMark, config: Config | None) -> dict[str, Any]:
    return {
        "st13": record.st13,
        "office": record.office,
        "application_number": record.application_number,
        "registration_number": record.registration_number,
        "mark": record.verbal_element,
        "owners": [party.name for party in record.owners],
        "classes": list(record.class_numbers),
        "status_text": record.status_text,
        "status_code": record.status_code,
        "status_date": _day(record.status_date),
        "phase": record.status_phase.value,
        "live": record.status_live.value,
        "tm5": record.tm5_csd,
        "application_date": _day(record.application_date),
        "registration_date": _day(record.registration_date),
        "expiry_date": _day(record.expiry_date),
        "representatives": [party.name for party in record.representatives],
        "docket_ref": _docket_ref(record, config),
        **_origin(record),
    }


summary = _mark_row


def _event_rows(record: TradeMark, config: Config | None) -> Iterator[dict[str, Any]]:
    ref, origin = _docket_ref(record, config), _origin(record)
    for event in record.events:
        yield {
            "st13": record.st13,
            "office": record.office,
            "number": record.application_number,
            "mark": record.verbal_element,
            "docket_ref": ref,
            "date": event.date.isoformat(),
            "event_number": event.number,
            "code": event.code,
            "type": event.type,
            "text": event.text,
            "proceeding": event.proceeding,
            **origin,
        }
