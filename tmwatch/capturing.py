"""A page of a register as a case of the tests: bytes, what came with them, and a first expectation.

Two ways in: asked live by number, through the same door and at the same pace as every look; or a file
saved before. Two kinds of case: a page that was read, with the record that it gave, for somebody to review;
and one that was not (`--broken`), with the record that it should have given as far as it is known, so that
a test fails until the reader is mended. Private persons are taken out by the rules of the source, or nothing
is written.
"""

from __future__ import annotations

import datetime as dt
import io
import json
import re
import zipfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from tmwatch.config import Config
from tmwatch.errors import LookError, NotFound, Outcome, UsageError
from tmwatch.files import whole
from tmwatch.http import Door
from tmwatch.looking import fetch
from tmwatch.model import TradeMark
from tmwatch.numbers import MarkNumber, show_number
from tmwatch.reading import read_page
from tmwatch.saved import unwrap
from tmwatch.sources.asking import record_query
from tmwatch.sources.base import Answer, Page, Reading, RecordQuery, Source
from tmwatch.sources.expectation import EXPECT, META, dump, facts, load_case, meta_text
from tmwatch.sources.scrubbing import left_over, scrubbed
from tmwatch.sources.skeleton import Difference, difference
from tmwatch.store.database import now
from tmwatch.watches import live_state

# Of an answer's headers: what says which bytes these are.
_HEADERS = ("content-type", "content-language", "last-modified", "etag", "retry-after")
_SUFFIX = {"html": ".html", "json": ".json", "xml": ".xml", "plain": ".txt"}


@dataclass(frozen=True)
class Captured:
    """What was written. `replaced` counts the places where a person stood."""

    folder: Path
    source: str
    outcome: Outcome
    records: tuple[str, ...]
    replaced: int
    unclaimed: tuple[str, ...] = ()
    unknown_words: tuple[str, ...] = ()
    error: str = ""
    difference: Difference | None = None
    compared_with: str = ""  # the page that the difference is to


def ask_page(source: Source, number: MarkNumber, door: Door, config: Config, env: Mapping[str, str]) -> Page:
    """The page of a filing, asked live once. Raises `UsageError` where that may not be, `LookError`s."""
    declaration = source.declaration
    may, why = live_state(declaration, config, env)
    if not may:
        raise UsageError(
            f"{declaration.id} cannot be asked live: {why}",
            kept="Nothing was asked.",
            do="Save the page in a browser and capture the file: tmwatch source capture ID FILE.",
        )
    if not declaration.speaks_for(number.office):
        raise UsageError(
            f"{show_number(number)} is no filing of {declaration.office}, for which {declaration.id} speaks",
            kept="Nothing was asked.",
            do="`tmwatch source list` shows which source speaks for which office.",
        )
    query = record_query(declaration, number)
    request = next(iter(source.requests(query)), None)
    while request is not None:
        look = fetch(source, request, door, config, env)
        if look.outcome is Outcome.NOT_FOUND and request.instead is not None:
            request = request.instead
            continue
        if look.page is None:
            raise look.error or NotFound("there is no page", where=look.url)
        return replace(look.page, query=request.query or query)
    raise UsageError(
        f"{declaration.id} cannot be asked for {show_number(number)}",
        kept="Nothing was asked.",
        do="Give another number of the filing, or save its page and capture the file.",
    )


def capture(
    source: Source,
    page: Page,
    into: Path,
    *,
    case: str = "",
    broken: bool = False,
    known: TradeMark | None = None,
    good: Sequence[Page] = (),
    no_persons: bool = False,
) -> Captured:
    """Write the page as a case below `into`/<source id>/.

    `known` is the record of the filing as it stands; `good` are pages of the source that were read before,
    the best to compare with first. `no_persons` is the user's word that the page names no private person: it
    is needed where neither the page nor an earlier record says who is on it. A page that was saved as MHTML
    or the like is written as the page inside.

    Raises `UsageError` where there is nothing to capture (a page that is read, with `broken`; a packed file),
    where the case is there already, where nothing is known of the persons, and where they could not be taken
    out; `LookError` for a page that cannot be read, without `broken`. Nothing is written then.
    """
    declaration = source.declaration
    _refuse_packed(page)
    page = unwrap(page)
    _refuse_packed(page)
    answer, error = _read(source, page)
    if error is not None and not broken:
        raise error
    if error is None and broken:
        raise UsageError(
            "the page is read in full: it is not broken",
            where=page.name or page.url,
            kept="Nothing was written.",
            do="Leave out --broken to keep it as a case.",
        )
    records = [reading.record for reading in answer.readings] if answer else []
    records += [known] if known else []
    if answer is None and not records and not no_persons:
        raise UsageError(
            "the page is not read and no record of the filing is stored: nobody knows whom it names",
            where=page.name or page.url,
            kept="Nothing was written.",
            do="Name the stored filing with --number; or read the page, and say with --no-persons that it "
            "names no private person.",
        )
    body, count = scrubbed(page.body, declaration, records)
    clean = replace(page, body=body)
    expected = _expected(source, clean, answer) if answer else None
    folder = _folder(into / declaration.id, case or _name(records, page, broken))
    name = f"page{_suffix(page)}"
    day = (page.fetched_at or now()).astimezone(dt.UTC)
    broken_now = f"; not read: {error.outcome.value}" if error else ""
    meta = {
        "source": declaration.id,
        "page": name,
        "origin": f"recorded {day.date()} by `tmwatch source capture`"
        f"{', from a saved page' if page.fetched_at is None else ''}{broken_now}",
        "url": page.url,
        "content_type": page.content_type,
        "status": page.status if page.status != 200 else None,
        "asked": list(page.query.numbers) if isinstance(page.query, RecordQuery) else [],
        "asked_kind": page.query.kind if isinstance(page.query, RecordQuery) else "",
        "fetched_at": page.fetched_at.isoformat() if page.fetched_at else "",
        "headers": {key: page.headers[key] for key in _HEADERS if key in page.headers},
        "reviewed": False,
    }
    wanted = dump(expected) if expected else _wanted(known)
    if known and not expected:
        wanted = scrubbed(wanted.encode(), declaration, records)[0].decode()
    contents = {name: body, META: meta_text(meta).encode(), EXPECT: wanted.encode()}
    for title, content in contents.items():
        kind = page.content_type if title == name else ""
        if left := left_over(content, declaration, records, kind):
            said = (
                "1 personal text still stands"
                if len(left) == 1
                else f"{len(left)} personal texts still stand"
            )
            raise _not_clean(f"{said} in {title}, in a form that is not replaced, or as ordinary words of it")
    folder.mkdir(parents=True)
    for title, content in contents.items():
        with whole(folder / title) as part:
            part.write_bytes(content)
    load_case(folder)
    return _told(folder, source, answer, error, count, clean, good)


def _told(
    folder: Path,
    source: Source,
    answer: Answer | None,
    error: LookError | None,
    count: int,
    page: Page,
    good: Sequence[Page],
) -> Captured:
    readings = answer.readings if answer else ()
    best = good[0] if error is not None and good else None
    return Captured(
        folder,
        source.declaration.id,
        error.outcome if error else Outcome.OK,
        tuple(show_number(reading.record) for reading in readings),
        count,
        tuple(dict.fromkeys(part for reading in readings for part in reading.unclaimed)),
        tuple(dict.fromkeys(word for reading in readings for word in reading.unknown_words)),
        str(error) if error else "",
        difference(page.body, best.body) if best else None,
        (best.name or best.url) if best else "",
    )


_PACKED = {
    b"PK\x03\x04": "zip",
    b"PK\x05\x06": "zip",
    b"\x1f\x8b": "gzip",
    b"%PDF": "PDF",
    b"7z\xbc\xaf": "7z",
}


def _refuse_packed(page: Page) -> None:
    """In compressed bytes no person can be found, or taken out."""
    kind = next((kind for magic, kind in _PACKED.items() if page.body.startswith(magic)), "")
    if not kind and zipfile.is_zipfile(io.BytesIO(page.body)):
        kind = "zip"
    if kind:
        raise UsageError(
            f"this is a {kind} file: whom its packed bytes name cannot be seen",
            where=page.name or page.url,
            kept="Nothing was written.",
            do="Unpack it first, and capture the file inside.",
        )


def _read(source: Source, page: Page) -> tuple[Answer | None, LookError | None]:
    try:
        return read_page(source, page), None
    except LookError as error:
        return None, error


def _expected(source: Source, page: Page, before: Answer) -> Answer:
    """What the page gives without its persons: the same filings, with the same fields, dates and events."""
    after, error = _read(source, page)
    if after is None:
        raise _not_clean(f"it cannot be read any more without them ({error.message if error else ''})")
    for was, now_is in zip(before.readings, after.readings, strict=False):
        one, other = facts(Answer((was,)))["readings"][0], facts(Answer((now_is,)))["readings"][0]
        gone = [key for key in ("as_of", "unknown_words") if one[key] != other[key]]
        record, left = one["record"], other["record"]
        gone += [
            name
            for name in record
            if (record[name] in (None, [], "")) != (left.get(name) in (None, [], ""))
            or (_size(record[name]) != _size(left.get(name)))
        ]
        if gone:
            raise _not_clean(f"without them it says something else of {', '.join(gone[:5])}")
    if len(before.readings) != len(after.readings):
        raise _not_clean("without them it gives other filings")
    return after


def _size(value: object) -> int:
    return len(value) if isinstance(value, list) else 1


def _not_clean(why: str) -> UsageError:
    return UsageError(
        f"the page names private persons that could not be taken out: {why}",
        kept="Nothing was written.",
        do="Make a case by hand after its structure (fixtures/README.md), or capture a company's filing.",
    )


def _wanted(known: TradeMark | None) -> str:
    """The expectation of a page that is not read: the record as it was known, or a note in its place."""
    if known is not None:
        return dump(Answer((_reading(known),)))
    return (
        json.dumps({"to do": "the record that this page must give; no earlier one is stored"}, indent=2)
        + "\n"
    )


def _reading(record: TradeMark) -> Reading:
    return Reading(record.model_copy(update={"provenance": None}))


def _name(records: Sequence[TradeMark], page: Page, broken: bool) -> str:
    asked = page.query.numbers[0] if isinstance(page.query, RecordQuery) else ""
    number = records[0].application_number if records else asked
    day = (page.fetched_at or now()).date().isoformat()
    name = re.sub(r"[^a-z0-9]+", "-", f"{'broken-' if broken else ''}{number or 'page'}-{day}".lower())
    return name.strip("-")


def _folder(parent: Path, name: str) -> Path:
    if not re.fullmatch(r"[a-z0-9][a-z0-9-]*", name):
        raise UsageError(
            f"`{name[:60]}` is no name for a case", do="Use small letters, digits and dashes: --case NAME."
        )
    folder = parent / name
    if folder.exists():
        raise UsageError(
            "there is a case of this name already",
            where=str(folder),
            kept="It was left as it is; nothing was written.",
            do="Give another name with --case.",
        )
    return folder


def _suffix(page: Page) -> str:
    for kind, suffix in _SUFFIX.items():
        if kind in page.content_type.lower():
            return suffix
    start = page.body.lstrip(b"\xef\xbb\xbf \t\r\n")[:200].lower()
    if start[:1] in (b"{", b"["):
        return ".json"
    return ".xml" if start.startswith(b"<?xml") and b"<html" not in start else ".html"
