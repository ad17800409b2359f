"""`lookup`: what is stored, and what the registers that may be asked say now. Nothing is written.

Number first: a text that is a number is asked for as one, everything else as a mark and as an owner.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from tmwatch.config import Config
from tmwatch.errors import ConfigError, LookError, Outcome, UsageError
from tmwatch.http import Door
from tmwatch.looking import ask, describe, facts_of
from tmwatch.model import Provenance, TradeMark
from tmwatch.numbers import MarkNumber, parse_number
from tmwatch.offices import office_label, offices
from tmwatch.sources.base import Query, RecordQuery, SearchQuery, Source
from tmwatch.sources.registry import all_sources
from tmwatch.store import Database, queries
from tmwatch.watches import live_state

LEAST_DIGITS = 4  # of a bare number; no register's numbers that anybody looks for are shorter


@dataclass(frozen=True)
class NotAsked:
    """A source (or an office without one) that could not be asked, or whose answer failed."""

    source: str
    why: str
    failed: bool = False


@dataclass
class LiveAnswer:
    """What the registers said."""

    records: list[TradeMark] = field(default_factory=list)
    asked: list[str] = field(default_factory=list)
    not_asked: list[NotAsked] = field(default_factory=list)


def as_number(text: str, office: str | None = None) -> MarkNumber | None:
    """The number that the text is, or None for a name."""
    try:
        return parse_number(text, office)
    except UsageError:
        return None


def bare_number(text: str) -> bool:
    """Whether the text is digits only, as numbers are written (76/044,902), and names no office."""
    return sum(char.isdigit() for char in text) >= LEAST_DIGITS and not re.search(r"[^\d\s/.,-]", text)


def stored(
    database: Database, text: str, *, office: str | None = None, classes: Sequence[int] = ()
) -> list[TradeMark]:
    """Stored filings by number, else by mark or owner, as they stand.

    A bare number is tried as one of every office, and may be the name of a mark as well.
    """
    if office is None and bare_number(text):
        digits = re.sub(r"\D", "", text)
        written = [f"{kind}{one}" for kind in ("", "reg ") for one in dict.fromkeys((text, digits))]
        meant = [as_number(one, code) for code in sorted(offices()) for one in written]
        found = [st13 for one in dict.fromkeys(meant) if one for st13 in queries.find(database, one)]
        found = list(dict.fromkeys([*found, *queries.search(database, text)]))
    else:
        number = as_number(text, office)
        found = queries.find(database, number) if number is not None else []
        found = found or queries.search(database, text)
    records = [record for st13 in found if (record := queries.get(database, st13)) is not None]
    return [one for one in records if (office is None or one.office == office) and _in_classes(one, classes)]


def _in_classes(record: TradeMark, classes: Sequence[int]) -> bool:
    """What a source does not give cannot fail a filter."""
    if not classes or not record.gives("classes"):
        return True
    return any(item.nice_class in classes for item in record.classes)


def live(
    config: Config,
    door: Door,
    env: Mapping[str, str],
    text: str,
    *,
    office: str | None = None,
    classes: Sequence[int] = (),
    progress: Callable[[int, int, str], None] = lambda done, total, text: None,
) -> LiveAnswer:
    """Ask every source that may and can be asked, at its pace; say of every other why not."""
    answer = LiveAnswer()
    number = as_number(text, office)
    inside = number.office if number is not None else office
    plan: list[tuple[Source, Query]] = []
    here = [one for one in all_sources().values() if inside in (None, one.declaration.office)]
    if not here and inside is not None:
        answer.not_asked.append(NotAsked(inside, f"there is no source for {office_label(inside)} yet"))
    for source in here:
        questions, why = _questions(source, number, text, classes)
        may, reason = live_state(source.declaration, config, env)
        if not questions or not may:
            answer.not_asked.append(NotAsked(source.declaration.id, reason if questions else why))
            continue
        plan += [(source, one) for one in questions]
    found: dict[tuple[str, str], TradeMark] = {}
    for place, (source, query) in enumerate(plan):
        source_id = source.declaration.id
        progress(place, len(plan), f"{source_id} {describe(query)}")
        _one(answer, found, source, query, door, config, env)
    progress(len(plan), len(plan), "")
    answer.records = [one for one in found.values() if _in_classes(one, classes)]
    return answer


def _questions(
    source: Source, number: MarkNumber | None, text: str, classes: Sequence[int]
) -> tuple[list[Query], str]:
    """What this source can be asked about the text, or why nothing."""
    declaration = source.declaration
    wanted: list[Query] = []
    if number is not None:
        wanted = [RecordQuery((number.number,), number.kind)]
        why = f"it cannot be asked for this kind of number ({number.kind})"
    else:
        if "marks" in declaration.answers:
            wanted.append(SearchQuery(mark=text, classes=tuple(classes)))
        if "owners" in declaration.answers:
            wanted.append(SearchQuery(owner=text, classes=tuple(classes)))
        why = "it answers by number only, not by mark or owner"
    if not declaration.answers:
        return [], "it is for import only"
    possible = []
    for one in wanted:
        try:
            if source.requests(one):
                possible.append(one)
        except UsageError as error:
            why = error.message
    return possible, why


def _one(
    answer: LiveAnswer,
    found: dict[tuple[str, str], TradeMark],
    source: Source,
    query: Query,
    door: Door,
    config: Config,
    env: Mapping[str, str],
) -> None:
    source_id = source.declaration.id
    try:
        looked = ask(source, query, door, config, env)
    except (ConfigError, UsageError) as error:
        answer.not_asked.append(NotAsked(source_id, str(error), failed=True))
        return
    asked = f"{source_id}: {describe(query)}"
    if looked.outcome is Outcome.NOT_FOUND:
        answer.asked.append(f"{asked}: nothing found")
        return
    if looked.outcome is not Outcome.OK:
        answer.not_asked.append(NotAsked(source_id, _said(looked.error, looked.outcome), failed=True))
        return
    answer.asked.append(asked)
    for reading in looked.readings:
        provenance = Provenance(
            source=source_id,
            kind=facts_of(source, config),
            as_of=reading.as_of.day if reading.as_of else looked.looked_at.date(),
            as_of_kind=reading.as_of.kind if reading.as_of else "looked",
            fetched_at=looked.looked_at.isoformat(),
            parser_version=source.declaration.parser_version,
        )
        record = reading.record.model_copy(update={"provenance": provenance})
        found.setdefault((source_id, record.st13), record)


def _said(error: LookError | None, outcome: Outcome) -> str:
    return f"{outcome.value}: {error.message}" if error is not None else outcome.value
