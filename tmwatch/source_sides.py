"""Where the two statements of a comparison come from: the store, saved files, or the register itself.

The store keeps what each source said last; a file may hold many records, of which one is meant. Nothing is
written.
"""

from __future__ import annotations

import datetime as dt
import itertools
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import get_args

from tmwatch.config import Config
from tmwatch.errors import Outcome, TmwatchError, UsageError
from tmwatch.http import Door
from tmwatch.importing import bulk_source, pieces_of, read_file
from tmwatch.looking import ask, read_page
from tmwatch.model import TradeMark
from tmwatch.numbers import MarkNumber, show_number
from tmwatch.source_compare import Side
from tmwatch.sources.asking import record_query
from tmwatch.sources.base import AsOf, AsOfKind, Page, Source
from tmwatch.sources.registry import all_sources, get_source
from tmwatch.store import Database, marks
from tmwatch.watches import live_state

STORED = "stored"
ASKED = "asked now"


def is_meant(record: TradeMark, number: MarkNumber) -> bool:
    """Whether this record is the filing of that number."""
    if number.st13 is not None:
        return record.st13 == number.st13
    said = {
        "application": record.application_number,
        "registration": record.registration_number,
        "international": record.international_registration_number,
    }.get(number.kind)
    return record.office == number.office and (said or "").lstrip("0") == number.number.lstrip("0")


# -- the store -----------------------------------------------------------------------------------------


def stored_sides(database: Database, st13: str) -> list[Side]:
    """The latest word of each source that ever spoke of the filing, the most believed source first."""
    latest = {}
    for one in sorted(marks.sightings(database, st13), key=lambda one: (one.last_order, one.place)):
        latest[one.source] = one
    found = sorted(latest.values(), key=lambda one: (-one.authority, one.source))
    return [
        Side(one.source, one.record, AsOf(_day(one.as_of), _kind(one.as_of_kind)), STORED) for one in found
    ]


# -- saved files -----------------------------------------------------------------------------------------


def file_sides(path: Path, number: MarkNumber | None = None, st13: str | None = None) -> list[Side]:
    """The records of a saved file, or those meant of it. Raises `LookError` for a file of no source."""
    return [
        side
        for side in _all_of(path, number, st13)
        if (number is None or is_meant(side.record, number)) and st13 in (None, side.record.st13)
    ]


def holds_many(path: Path) -> bool:
    """Whether it is a file of many records and holds more than one, so that one must be named."""
    source = bulk_source(path)
    return source is not None and len(list(itertools.islice(pieces_of(path, source), 2))) > 1


def _all_of(path: Path, number: MarkNumber | None, st13: str | None) -> Iterator[Side]:
    source = bulk_source(path)
    if source is None:
        told, _, answer = read_file(path)
        for reading in answer.readings:
            yield Side(told.declaration.id, reading.record, reading.as_of, path.name)
        return
    wanted = st13 or (number.st13 if number else None)
    for piece in pieces_of(path, source):
        if wanted and piece.number and not wanted.endswith(piece.number.zfill(9)):
            continue
        page = Page(piece.body, name=f"{path.name}#{piece.number}")
        for reading in read_page(source, page).readings:
            yield Side(source.declaration.id, reading.record, reading.as_of, path.name)


def of_two_files(paths: Sequence[Path], number: MarkNumber | None) -> tuple[Side, Side]:
    """The filing that both files hold. Raises `UsageError` where that is none or more than one."""
    # A file of many is read last, when it is known which of its records is meant.
    order = sorted(paths, key=holds_many)
    if number is None and holds_many(order[0]):
        raise UsageError(
            "both files hold many records",
            where=" and ".join(path.name for path in paths),
            do="Name the filing too: tmwatch source compare FILE FILE NUMBER.",
        )
    first = file_sides(order[0], number)
    _some(first, order[0], number)
    only = first[0].record.st13 if len({side.record.st13 for side in first}) == 1 else None
    second = file_sides(order[1], number, only)
    if only is not None and not second:
        # Tell two filings from two offices, and both from a file without the number that was asked for.
        second = file_sides(order[1], number) if not holds_many(order[1]) else []
    _some(second, order[1], number, first[0].record if only else None)
    both = {side.record.st13 for side in first} & {side.record.st13 for side in second}
    if len(both) > 1:
        raise UsageError(
            f"both files hold {len(both)} filings: {', '.join(sorted(both)[:5])}",
            do="Name the filing too: tmwatch source compare FILE FILE NUMBER.",
        )
    if both:
        (st13,) = both
        first = [side for side in first if side.record.st13 == st13]
        second = [side for side in second if side.record.st13 == st13]
    found = {order[0]: first[0], order[1]: second[0]}
    return (found[paths[0]], found[paths[1]]) if paths[0] != paths[1] else (first[0], second[0])


def _some(
    sides: Sequence[Side], path: Path, number: MarkNumber | None, other: TradeMark | None = None
) -> None:
    if sides:
        return
    meant = show_number(number) if number else show_number(other) if other else "record"
    raise UsageError(
        f"the file holds no {meant}" if meant == "record" else f"the file does not hold {meant}",
        where=str(path),
        do="Name two files of one filing.",
    )


# -- the register ------------------------------------------------------------------------------------------


def live_sides(
    number: MarkNumber, sources: Sequence[str], door: Door, config: Config, env: Mapping[str, str]
) -> tuple[list[Side], list[str]]:
    """(what the sources say now, why others were not asked or did not answer).

    Only sources that may be asked are, each once, at its pace. Those named in `sources` must be askable:
    raises `UsageError` otherwise.
    """
    found: list[Side] = []
    silent: list[str] = []
    named = [get_source(one) for one in sources]
    for source in named or list(all_sources().values()):
        declaration = source.declaration
        if not declaration.speaks_for(number.office) or "record" not in declaration.channels:
            if named:
                silent.append(f"{declaration.id}: it is not asked by number for {number.office}")
            continue
        may, why = live_state(declaration, config, env)
        if not may and named:
            raise UsageError(f"{declaration.id} may not be asked: {why}", do="Leave out --live, or allow it.")
        if not may:
            silent.append(f"{declaration.id}: {why}")
            continue
        side, why = _ask(source, number, door, config, env)
        found += [side] if side else []
        silent += [f"{declaration.id}: {why}"] if why else []
    return found, silent


def _ask(
    source: Source, number: MarkNumber, door: Door, config: Config, env: Mapping[str, str]
) -> tuple[Side | None, str]:
    try:
        looked = ask(source, record_query(source.declaration, number), door, config, env)
    except TmwatchError as error:
        return None, error.message
    if looked.outcome is not Outcome.OK:
        return None, looked.error.message if looked.error else looked.outcome.value
    for reading in looked.readings:
        if is_meant(reading.record, number):
            as_of = reading.as_of or AsOf(looked.looked_at.date(), "looked")
            return Side(source.declaration.id, reading.record, as_of, ASKED), ""
    return None, "it answered nothing about this number"


# -- which two ----------------------------------------------------------------------------------------------


def choose(sides: Sequence[Side], wanted: Sequence[str], what: str) -> tuple[Side, Side, list[Side]]:
    """(two sides, the rest): those named, else the two most believed sources. `what` is the filing in words.

    Raises `UsageError` where a named source has said nothing of it, or fewer than two sources have.
    """
    by_source = {side.source: side for side in sides}
    for one in wanted:
        get_source(one)
        if one not in by_source:
            raise UsageError(
                f"{one} has said nothing of {what} yet",
                do=f"It is known from {', '.join(by_source) or 'nobody'}. "
                f"Import a page of {one}, or add --live.",
            )
    if len(by_source) < 2:
        raise UsageError(
            f"only {next(iter(by_source))} has said anything of {what}"
            if by_source
            else f"nobody knows {what}",
            do="Import a page of another source of the office, name two files, or add --live.",
        )
    believed = sorted(by_source.values(), key=lambda side: -_authority(side.source))
    first = [by_source[one] for one in wanted]
    chosen = [*first, *(side for side in believed if side not in first)][:2]
    return chosen[0], chosen[1], [side for side in believed if side not in chosen]


def _authority(source_id: str) -> int:
    source = all_sources().get(source_id)
    return source.declaration.authority if source else 0


def _day(text: str) -> dt.date:
    return dt.date.fromisoformat(text[:10])


def _kind(text: str) -> AsOfKind:
    kinds: dict[str, AsOfKind] = {one: one for one in get_args(AsOfKind)}
    return kinds.get(text, "not_earlier_than")
