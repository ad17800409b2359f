"""One page: what it says, as what is to be stored."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from pathlib import Path

from tmwatch.config import Config
from tmwatch.errors import Incomplete, LookError
from tmwatch.importing.finding import File
from tmwatch.importing.many import bulk_source
from tmwatch.importing.opening import at, open_page
from tmwatch.importing.results import One, failed
from tmwatch.importing.sights import known, read_sights, sight
from tmwatch.saved import unwrap
from tmwatch.sources.base import Answer, AsOf, Page, Source
from tmwatch.sources.combine import lone
from tmwatch.sources.glance import glance
from tmwatch.store import Database, Sight


@dataclass(frozen=True)
class Opened:
    """A file as far as it is known before its page is read: a file of many, what it gives unread (`made`:
    it is known already, or cannot be told), or a page to be read (`base`)."""

    file: File
    bulk: Source | None = None
    made: tuple[One, ...] = ()
    base: Sight | None = None

    def job(self) -> tuple[str, Page] | None:
        """What there is to be read."""
        if self.base is None or self.base.page is None:
            return None
        return self.base.source, self.base.page


def open_one(
    database: Database, file: File, as_of: dt.date | None, source_id: str | None, config: Config | None
) -> Opened:
    """The file, opened: nothing of it is read yet but whose it is."""
    bulk = bulk_source(file, source_id)
    if bulk is not None:
        return Opened(file, bulk)
    given = AsOf(as_of, "given") if as_of is not None else None
    try:
        source, page = open_page(file, source_id)
        base = sight(source, page, given, config, glance(source, unwrap(page)))
        if (already := known(database, file.path, source, base)) is not None:
            return Opened(file, made=(already,))
    except LookError as error:
        return Opened(file, made=(failed(file.path, source_id, error),))
    return Opened(file, base=base)


def made_of(path: Path, base: Sight, said: Answer | LookError | None, source_id: str | None) -> list[One]:
    """What a page gives that has been read."""
    if not isinstance(said, Answer):
        assert said is not None
        return [failed(path, source_id, at(said, path))]
    made = list(read_sights(path, base, said, lone(said)))
    for number in said.missing:
        unanswered = Incomplete(f"{number} was asked for and not answered", where=str(path))
        made.append(failed(path, base.source, unanswered, number))
    for row in said.unread:
        odd = Incomplete(
            row,
            where=str(path),
            kept="That row was left out; the other rows of the page were read.",
            do="Look it up at the register. If its number is right, please report it with the page.",
        )
        made.append(failed(path, base.source, odd))
    if not made:
        nothing = Incomplete("the page holds no record", where=str(path), do="Save the page again.")
        made.append(failed(path, base.source, nothing))
    return made
