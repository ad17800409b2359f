"""What only a person can do: pages to be saved by hand, the oldest first, searches to be made, and files to
be imported of an office that offers nothing else.

Some registers decline programs, some are switched off. What a watch asks of those is not forgotten: it stands
here until a page of it was imported that is young enough.

**Age.** A page that prints its day (or for which somebody gave one) is as old as that day. One that does not
says only "not earlier than …", which may be years ago, and so may the day of the last change, which is all
that Madrid Monitor prints: such a page is as old as its import. **Due** is what was never read, and what is
older than the watch's `every`; without it, older than 30 days: nobody saves pages daily.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from tmwatch.alerts.payload import CoverageLine, HandPage, HandSearch, HandWork
from tmwatch.following import with_relevant
from tmwatch.numbers import MarkNumber, show_number
from tmwatch.sources.registry import all_sources, register_link
from tmwatch.store import Database, books, queries
from tmwatch.store.database import now
from tmwatch.store.new_books import read_to
from tmwatch.watches.coverage import coverage
from tmwatch.watches.docket import number_key
from tmwatch.watches.plan import search_names

if TYPE_CHECKING:
    from tmwatch.config import Config, Watch

USUAL = dt.timedelta(days=30)  # how old a page may be where the watch says nothing
FEW = 5  # so many links still fit into a mail
_NEVER = 10**6  # days; older than anything
_SAID = frozenset({"given", "looked"})


@dataclass(frozen=True)
class ToSave:
    """One page of a register. Days are of UTC; `age_days` is None for one that was never read."""

    number: MarkNumber
    source: str
    watches: tuple[str, ...]
    mark: str | None = None
    docket_ref: str | None = None
    as_of: dt.date | None = None
    as_of_kind: str | None = None
    read_at: dt.datetime | None = None
    age_days: int | None = None
    every_days: float = USUAL.days
    due: bool = True
    link: str | None = None

    @property
    def office(self) -> str:
        """ST.3."""
        return self.number.office

    def as_json(self) -> dict[str, Any]:
        """One row, also of the CSV."""
        return {
            "due": self.due,
            "office": self.office,
            "number": show_number(self.number),
            "mark": self.mark,
            "docket_ref": self.docket_ref,
            "as_of": self.as_of.isoformat() if self.as_of else None,
            "as_of_kind": self.as_of_kind,
            "read_at": self.read_at.isoformat() if self.read_at else None,
            "age_days": self.age_days,
            "every_days": round(self.every_days, 2),
            "watches": list(self.watches),
            "source": self.source,
            "link": self.link,
        }


@dataclass(frozen=True)
class ToSearch:
    """A search that no program makes: which names, where, and when pages of it last said something."""

    watch: str
    office: str
    trigger: str  # "owners", "agents", "marks"
    names: tuple[str, ...]
    classes: tuple[int, ...]
    source: str
    link: str | None
    last_import: dt.datetime | None

    def as_json(self) -> dict[str, Any]:
        """One object."""
        return {
            "watch": self.watch,
            "office": self.office,
            "trigger": self.trigger,
            "names": list(self.names),
            "classes": list(self.classes),
            "source": self.source,
            "link": self.link,
            "last_import": self.last_import.isoformat() if self.last_import else None,
        }


@dataclass(frozen=True)
class ToImport:
    """A file of an office of which no page can be saved: the weekly gazette of Brazil.

    `last_import` is when one last said something of what the watches are about.
    """

    office: str
    source: str
    what: str  # "this week's RM….zip from https://…"
    watches: tuple[str, ...]
    last_import: dt.datetime | None

    def as_json(self) -> dict[str, Any]:
        """One object."""
        return {
            "office": self.office,
            "source": self.source,
            "what": self.what,
            "watches": list(self.watches),
            "last_import": self.last_import.isoformat() if self.last_import else None,
        }


@dataclass(frozen=True)
class Worklist:
    """Pages, the oldest first (never read before all), searches, and files."""

    pages: tuple[ToSave, ...]
    searches: tuple[ToSearch, ...]
    files: tuple[ToImport, ...] = ()

    @property
    def due(self) -> tuple[ToSave, ...]:
        """The pages to be saved now."""
        return tuple(one for one in self.pages if one.due)

    def as_json(self) -> dict[str, Any]:
        """One document."""
        work = summed(self.due)
        return {
            "summary": {
                "due": work.pages,
                "never_read": work.never,
                "oldest_days": work.oldest_days,
                "not_due": len(self.pages) - work.pages,
                "searches": len(self.searches),
                "files": len(self.files),
            },
            "pages": [one.as_json() for one in self.pages],
            "searches": [one.as_json() for one in self.searches],
            "files": [one.as_json() for one in self.files],
        }


def worklist(
    config: Config,
    database: Database | None,
    env: Mapping[str, str],
    *,
    only: Sequence[str] = (),
    offices: Sequence[str] = (),
    at: dt.datetime | None = None,
) -> Worklist:
    """The work of all watches, or of those named, at all offices or at those (ST.3)."""
    pages: dict[MarkNumber, ToSave] = {}
    searches: list[ToSearch] = []
    files: dict[str, ToImport] = {}
    for watch in with_relevant(config, database).watches:
        if only and watch.name not in only:
            continue
        lines = coverage(watch, config, env)
        for one in _pages(watch, lines, database, at or now()):
            one = replace(one, docket_ref=_docket_ref(watch, one.number, database))
            known = pages.get(one.number)
            pages[one.number] = one if known is None else _joined(known, one)
        searches += _searches(watch, lines, database)
        for file in _files(watch, lines, database):
            also = files.get(file.office)
            files[file.office] = file if also is None else _both(also, file)
    return Worklist(
        tuple(sorted((one for one in pages.values() if not offices or one.office in offices), key=_order)),
        tuple(one for one in searches if not offices or one.office in offices),
        tuple(one for one in files.values() if not offices or one.office in offices),
    )


_BY_NAME = ("owners", "agents", "marks")  # what people can search a register for


def with_hand_work(
    watch: Watch, lines: Sequence[CoverageLine], database: Database | None, at: dt.datetime | None = None
) -> tuple[CoverageLine, ...]:
    """The lines of a watch, those of import-only offices with what is to be saved and searched by hand, those
    of registers that are read for all that is new with the day to which that was done."""
    found = []
    for line in lines:
        if line.state == "import only" and line.trigger == "numbers":
            due = sorted((one for one in _pages(watch, [line], database, at or now()) if one.due), key=_order)
            line = line.model_copy(update={"by_hand": summed(due)})
        elif line.state == "import only" and line.trigger in _BY_NAME and _by_hand(line.source):
            assert line.source is not None
            names = tuple(search_names(watch, line.trigger, line.office))
            line = line.model_copy(update={"search": HandSearch(names=names, link=_front_page(line.source))})
        elif line.state == "live" and line.trigger != "numbers" and database is not None and line.source:
            line = line.model_copy(update={"read_to": read_to(database, watch.name, line.source)})
        found.append(line)
    return tuple(found)


def summed(due: Sequence[ToSave]) -> HandWork:
    """How much it is and how old, with the pages themselves where they are few."""
    ages = [one.age_days for one in due if one.age_days is not None]
    few = due if len(due) <= FEW else ()
    return HandWork(
        pages=len(due),
        never=len(due) - len(ages),
        oldest_days=max(ages, default=None),
        first=tuple(
            HandPage(
                number=show_number(one.number), mark=one.mark or "", link=one.link, read_on=_known_until(one)
            )
            for one in few
        ),
    )


def said(work: HandWork) -> str:
    """ "12 pages to save by hand, 3 never read, oldest 41 days"; "" for nothing to do."""
    if not work.pages:
        return ""
    parts = [f"{work.pages} {'page' if work.pages == 1 else 'pages'} to save by hand"]
    if work.never:
        parts.append("never read" if work.never == work.pages else f"{work.never} never read")
    if work.oldest_days is not None:
        parts.append(f"oldest {work.oldest_days} {'day' if work.oldest_days == 1 else 'days'}")
    return ", ".join(parts)


def _order(one: ToSave) -> tuple[bool, int, str, str]:
    return not one.due, -(_NEVER if one.age_days is None else one.age_days), one.office, one.number.number


def _joined(one: ToSave, other: ToSave) -> ToSave:
    """A number of two watches is one page, due when the more impatient of them wants it."""
    every = min(one.every_days, other.every_days)
    return replace(
        one,
        watches=(*one.watches, *other.watches),
        docket_ref=one.docket_ref or other.docket_ref,
        every_days=every,
        due=one.due or other.due,
    )


def _pages(
    watch: Watch, lines: Iterable[CoverageLine], database: Database | None, at: dt.datetime
) -> Iterator[ToSave]:
    for line in lines:
        if line.state != "import only" or line.trigger != "numbers" or not _by_hand(line.source):
            continue
        assert line.source is not None
        for number in watch.numbers:
            if number.office == line.office:
                yield _page(watch, number, line.source, database, at)


def _page(
    watch: Watch, number: MarkNumber, source: str, database: Database | None, at: dt.datetime
) -> ToSave:
    every = watch.every or USUAL
    known = _last_read(database, number) if database is not None else None
    last = _last_read(database, number, _statusless()) if database is not None and known else None
    plain = ToSave(
        number,
        source,
        (watch.name,),
        every_days=every / dt.timedelta(days=1),
        mark=known.mark if known else None,
        link=register_link(source, _asked_as(number, known)),
    )
    if last is None:
        return plain
    until = last.as_of if _says_its_day(source, last.as_of_kind) else last.read_at.date()
    age = max(0, (at.date() - until).days)  # a day of the office's calendar may be ahead of ours
    return replace(
        plain,
        as_of=last.as_of,
        as_of_kind=last.as_of_kind,
        read_at=last.read_at,
        age_days=age,
        due=age >= max(1.0, plain.every_days),
    )


def _known_until(one: ToSave) -> dt.date | None:
    if one.as_of is None or one.read_at is None:
        return None
    return one.as_of if _says_its_day(one.source, one.as_of_kind) else one.read_at.date()


def _statusless() -> tuple[str, ...]:
    """Sources that do not say how a filing stands (us.ttab): what they say stands for no page of it."""
    return tuple(
        name
        for name, one in all_sources().items()
        if not {"status_code", "status_text"} & one.declaration.covers
    )


def _last_read(
    database: Database, number: MarkNumber, without: Sequence[str] = ()
) -> queries.LastRead | None:
    found = [queries.last_read(database, st13, without) for st13 in queries.find(database, number)]
    return max((one for one in found if one is not None), key=lambda one: one.read_at, default=None)


def _asked_as(number: MarkNumber, last: queries.LastRead | None) -> str | None:
    """The number that the register's address takes: that of the application, or the international one."""
    if number.kind == "application" or number.office == "WO":
        return number.number
    return last.number if last is not None else None


def _docket_ref(watch: Watch, number: MarkNumber, database: Database | None) -> str | None:
    if not watch.docket:
        return None
    row = watch.docket.get(number_key(number))
    if row is None and database is not None:  # the docket may hold another number of the same filing
        records = (queries.get(database, st13) for st13 in queries.find(database, number))
        row = next((found for one in records if one and (found := watch.docket_row(one))), None)
    return row.docket_ref if row is not None else None


def _searches(watch: Watch, lines: Iterable[CoverageLine], database: Database | None) -> Iterator[ToSearch]:
    from tmwatch.import_reaction import ask_key  # late: it is above us, and this is all we need of it

    for line in lines:
        if line.state != "import only" or line.trigger not in _BY_NAME or not _by_hand(line.source):
            continue
        assert line.source is not None
        state = (
            books.ask_state(database, watch.name, ask_key(line.office))
            if database is not None
            else books.AskState()
        )
        yield ToSearch(
            watch.name,
            line.office,
            line.trigger,
            tuple(search_names(watch, line.trigger, line.office)),
            watch.classes,
            line.source,
            _front_page(line.source),
            state.last_ok_at,
        )


def _files(watch: Watch, lines: Iterable[CoverageLine], database: Database | None) -> Iterator[ToImport]:
    """The files of offices that offer people nothing else."""
    from tmwatch.import_reaction import ask_key  # late, see `_searches`

    for line in lines:
        source = all_sources().get(line.source or "") if line.state == "import only" else None
        if source is None or source.declaration.by_hand or not source.declaration.file_from:
            continue
        last = None
        if database is not None and line.trigger == "numbers":
            numbers = (number for number in watch.numbers if number.office == line.office)
            read = (_last_read(database, number) for number in numbers)
            last = max((one.read_at for one in read if one is not None), default=None)
        elif database is not None:
            last = books.ask_state(database, watch.name, ask_key(line.office)).last_ok_at
        yield ToImport(line.office, source.declaration.id, source.declaration.file_from, (watch.name,), last)


def _both(one: ToImport, other: ToImport) -> ToImport:
    days = [day for day in (one.last_import, other.last_import) if day is not None]
    return replace(
        one,
        watches=tuple(dict.fromkeys((*one.watches, *other.watches))),
        last_import=max(days, default=None),
    )


def _front_page(source_id: str) -> str | None:
    """Where people begin to search, where that is known."""
    source = all_sources().get(source_id)
    return source.declaration.search_url or None if source else None


def _by_hand(source_id: str | None) -> bool:
    """Whether a person can save from a browser what this source reads."""
    source = all_sources().get(source_id or "")
    return source is not None and source.declaration.by_hand


def _says_its_day(source_id: str, as_of_kind: str | None) -> bool:
    """Whether it is known for which day the page speaks. Madrid Monitor prints that of the last change: a
    page of today may say a day of years ago."""
    source = all_sources().get(source_id)
    if as_of_kind == "printed":
        return not (source is not None and source.declaration.stamp_of_change)
    return as_of_kind in _SAID
