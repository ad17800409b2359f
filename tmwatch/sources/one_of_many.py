"""One record cut out of a file of many: a case for the tests is one filing or proceeding, not a day of them.

A whole day (680 proceedings, 3,500 persons) would have each person looked for in megabytes, in every way in
which a page can write a name: hours, for a case that nobody could review.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator
from itertools import islice
from typing import IO

from tmwatch.errors import LookError, UsageError
from tmwatch.model import TradeMark
from tmwatch.numbers import MarkNumber, parse_number
from tmwatch.sources.base import Bulk, Page, Piece, Source
from tmwatch.sources.streamed import ZIP
from tmwatch.text import clean_line

MOST = 20  # records that are still one case: a made-up day, a handful of cases
_SHOWN = 5
_NTH = re.compile(r"(.*)#(\d{1,4})")


def whole_or_one(source: Source, file: IO[bytes], where: str, number: str | None) -> Page | None:
    """The record that `number` names, as a page that the source reads by itself; None where the whole file is
    the case: it holds few records or none, or the source's files are not of many. Of a zip of one record it
    is that record.

    `number` is the record's own (a proceeding's, a process's), with `#2` for the second of that number, or
    that of a filing in it.

    Raises `UsageError` for a file of many without a number, for a number that it does not hold, and for one
    that several records hold.
    """
    if not isinstance(source, Bulk):
        return None
    first = list(islice(_pieces(source, file, where), MOST + 1))
    file.seek(0)
    packed = file.read(len(ZIP)) == ZIP  # in packed bytes nobody can be found, so the record is taken out
    if number is None and len(first) == 1 and packed:
        return _as_page(first[0], where, first[0].number)
    if number is None and (len(first) <= MOST and not (packed and first)):
        return None
    if number is None:
        numbers = list(dict.fromkeys(one.number for one in first if one.number))
        shown = f" It begins with {', '.join(numbers[:_SHOWN])}." if numbers else ""
        raise UsageError(
            f"the file holds many records, more than {MOST}: one of them is a case, not all"
            if len(first) > MOST
            else f"the zip holds {len(first)} records, and whom its packed bytes name cannot be seen",
            where=where,
            kept="Nothing was written.",
            do=f"Name one with --number, its own or that of a filing in it.{shown}",
        )
    text, nth = number.strip(), 0
    if found := _NTH.fullmatch(text):
        text, nth = found[1].strip(), int(found[2])
    wanted = _plain(text)
    own = [
        (name, one)
        for name, one in _named(source, file, where)
        if one.number and _plain(one.number) == wanted
    ]
    if len(first) <= MOST and not own:
        return None  # the number is that of the stored filing, as for any page
    own = own or list(_with_filing(source, file, where, text))
    if not own:
        raise UsageError(
            f"no record of the file has the number {clean_line(text, 40)} or names such a filing",
            where=where,
            kept="Nothing was written.",
            do="Give the record's own number (of a proceeding without its type), or that of a filing in it.",
        )
    if nth > len(own) or (not nth and len(own) > 1):
        raise UsageError(
            f"{len(own)} records of the file have or name {clean_line(text, 40)}",
            where=where,
            kept="Nothing was written.",
            do=f"Name one of them with --number: {', '.join(name for name, _ in own[:MOST])}.",
        )
    name, one = own[max(nth, 1) - 1]
    return _as_page(one, where, name or text)


def _as_page(one: Piece, where: str, name: str) -> Page:
    return Page(one.body, name=f"{where}, {name}" if name else where, content_type="application/xml")


def _pieces(source: Bulk, file: IO[bytes], where: str) -> Iterator[Piece]:
    """As far as the file can be cut: what is wrong with it the reader says."""
    file.seek(0)
    try:
        yield from source.pieces(file, where)
    except LookError:
        return


def _named(source: Bulk, file: IO[bytes], where: str) -> Iterator[tuple[str, Piece]]:
    """Each record with what names it alone: its number, "79990001#2" for the second of one number."""
    all_of = Counter(one.number for one in _pieces(source, file, where))
    so_far: Counter[str] = Counter()
    for one in _pieces(source, file, where):
        so_far[one.number] += 1
        several = one.number and all_of[one.number] > 1
        yield f"{one.number}#{so_far[one.number]}" if several else one.number, one


def _with_filing(source: Bulk, file: IO[bytes], where: str, text: str) -> Iterator[tuple[str, Piece]]:
    assert isinstance(source, Source)
    try:
        wanted = parse_number(text, source.declaration.office)
    except UsageError:
        return
    digits = re.sub(r"\D", "", wanted.number).lstrip("0").encode()
    for name, one in _named(source, file, where):
        if digits in one.body and any(_is(record, wanted) for record in _records(source, one, where)):
            yield name, one


def _records(source: Source, piece: Piece, where: str) -> Iterable[TradeMark]:
    try:
        return [reading.record for reading in source.read(Page(piece.body, name=where)).readings]
    except LookError:
        return ()


def _is(record: TradeMark, wanted: MarkNumber) -> bool:
    if wanted.kind == "application":
        return wanted.st13 == record.st13 if wanted.st13 else wanted.number == record.application_number
    known = (
        record.registration_number
        if wanted.kind == "registration"
        else record.international_registration_number
    )
    return wanted.number == known


def _plain(number: str) -> str:
    return re.sub(r"[^0-9A-Z]", "", number.upper())
