"""From a page of a source to what is to be stored of it."""

from __future__ import annotations

import functools
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

from tmwatch.config import Config
from tmwatch.errors import Outcome
from tmwatch.importing.results import Imported, One
from tmwatch.looking import facts_of, read_alone
from tmwatch.sources.base import Answer, AsOf, Glance, Page, Reading, Source
from tmwatch.sources.glance import stands_alone
from tmwatch.store import Database, Sight
from tmwatch.store.repeats import on_file
from tmwatch.store.sights import as_of_for


def known(database: Database, path: Path, source: Source, base: Sight) -> One | None:
    """A page that says what is known already is not read again, unless it turns out to be from the past."""
    found = on_file(database, base.source, base.glance) if base.glance is not None else None
    if found is None or base.page is None:
        return None
    day = as_of_for(base, found.as_of)
    already = Imported(
        *(str(path), base.source, found.st13, Outcome.OK),
        mark=found.mark,
        as_of=day.day.isoformat(),
        as_of_kind=day.kind,
    )
    return path, replace(base, read=functools.partial(read_alone, source, base.page)), already


def read_sights(path: Path, base: Sight, answer: Answer, readings: Sequence[Reading]) -> Iterator[One]:
    """What there is to be stored of an answer: a sight for each reading."""
    mark = base.glance if stands_alone(answer) else None
    for reading in readings:
        yield path, replace(base, reading=reading, glance=mark), None


def sight(
    source: Source, page: Page, given: AsOf | None, config: Config | None, seen: Glance | None
) -> Sight:
    """The sight of a page that has not been read yet."""
    declaration = source.declaration
    return Sight(
        declaration.id,
        declaration.authority,
        facts_of(source, config),
        declaration.parser_version,
        Outcome.OK,
        page=page,
        asked=page.name,
        as_of=given,
        glance=seen,
    )
