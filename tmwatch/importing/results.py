"""What became of each file that was imported, and of each record in it."""

from __future__ import annotations

import datetime as dt
from pathlib import Path
from typing import Any, NamedTuple

from tmwatch.errors import LayoutChanged, LookError, Outcome
from tmwatch.model import FactKind
from tmwatch.saved import saved_at
from tmwatch.sources.registry import all_sources
from tmwatch.store import Observed, Sight
from tmwatch.store.sights import What, as_of_for


class Imported(NamedTuple):
    """What became of one record of one file."""

    file: str
    source: str | None
    st13: str | None
    outcome: Outcome
    what: str = ""  # new, changed, unchanged, past, technical
    error: str = ""
    mark: str | None = None
    as_of: str | None = None
    as_of_kind: str | None = None
    saved_at: dt.datetime | None = None  # by the browser that saved it, UTC; a hint, never the as-of day
    unknown_words: tuple[str, ...] = ()  # status words in none of our tables; recorded as unknown
    kept_in: str = "database"  # or "register": the store of the whole register alone

    def as_json(self) -> dict[str, Any]:
        """One object a file and record: file, source, st13, outcome, then what it did."""
        return {
            "file": self.file,
            "source": self.source,
            "st13": self.st13,
            "outcome": self.outcome.value,
            "what": self.what or None,
            "mark": self.mark,
            "as_of": self.as_of,
            "as_of_kind": self.as_of_kind,
            "saved_at": self.saved_at.isoformat() if self.saved_at else None,
            "unknown_words": list(self.unknown_words),
            "kept_in": self.kept_in,
            "error": self.error or None,
        }


# One record of one file: where it stands, what is to be stored, and what became of it where that is known
# before anything is stored (it could not be read, or it is known already).
One = tuple[Path, Sight, Imported | None]
Found = list[One]


def failed(path: Path, source_id: str | None, error: LookError, asked: str = "") -> One:
    """A file, or a record of it (`asked`), that gave nothing, and why."""
    declaration = all_sources()[source_id].declaration if source_id in all_sources() else None
    sight = Sight(
        source_id or "unknown",
        declaration.authority if declaration else 0,
        declaration.facts if declaration else FactKind.REGISTER,
        declaration.parser_version if declaration else "",
        error.outcome,
        asked=asked or path.name,
        error=str(error),
    )
    return path, sight, Imported(str(path), source_id, None, error.outcome, error=str(error))


def result(path: Path, sight: Sight, made: Imported | None, done: dict[str, Observed]) -> Imported:
    """What became of a record, now that everything is stored: `done` by ST.13."""
    if made is not None and made.outcome is Outcome.OK:
        return _repeated(made, done)
    if made is not None or sight.reading is None:
        assert made is not None
        return made
    record, day = sight.reading.record, as_of_for(sight)
    return Imported(
        str(path),
        sight.source,
        record.st13,
        Outcome.OK,
        _what(done[record.st13], day.day),
        mark=record.verbal_element,
        as_of=day.day.isoformat(),
        as_of_kind=day.kind,
        saved_at=saved_at(sight.page) if sight.page else None,
        unknown_words=sight.reading.unknown_words,
    )


def _what(one: Observed, day: dt.date) -> What:
    """Of several pages of one filing in one import only those of the latest day can have changed it."""
    latest = one.record.provenance.as_of if one.record.provenance else None
    return "past" if one.what == "changed" and latest is not None and day < latest else one.what


def _repeated(known: Imported, done: dict[str, Observed]) -> Imported:
    """What became of a page that was known by its glance."""
    one = done.get(known.st13 or "")
    if one is None:
        error = LayoutChanged("the page was known and can be read no more", where=known.file)
        return Imported(known.file, known.source, None, error.outcome, error=str(error))
    what = _what(one, dt.date.fromisoformat(known.as_of)) if known.as_of else one.what
    return known._replace(what=what)
