"""Pages saved by hand into the store: the same road as a live look, marked as imported.

A page takes its place by the day it speaks for: an older one fills the past, moves nothing current and
alerts nobody; a newer one alerts as a live look would (design law 18).
"""

from __future__ import annotations

import contextlib
import datetime as dt
import functools
import hashlib
import re
from collections.abc import Callable, Generator, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from tmwatch.config import Config
from tmwatch.errors import (
    Incomplete,
    LayoutChanged,
    LookError,
    NotFound,
    NotThisSource,
    Outcome,
    TmwatchError,
)
from tmwatch.http.challenge import detect
from tmwatch.looking import facts_of, read_alone, read_page
from tmwatch.model import FactKind
from tmwatch.reading import read_in_order
from tmwatch.sources.base import Answer, AsOf, Bulk, Glance, Page, Piece, Reading, Source
from tmwatch.sources.combine import lone
from tmwatch.sources.glance import glance, stands_alone, whole
from tmwatch.sources.registry import all_sources, get_source, tell_source
from tmwatch.store import BulkFile, Database, Observed, React, Sight, observe
from tmwatch.store.repeats import on_file
from tmwatch.store.sights import as_of_for
from tmwatch.text import clean_line

SNIFF = 64_000  # bytes from which a file of many records is told
BATCH = 200  # files a transaction: small enough to keep, large enough that a campaign is one alert
BULK_BATCH = 1000  # records a transaction of a file of many: each is small, and there are thousands
PAGES = frozenset({".html", ".htm", ".xhtml", ".xml", ".json"})
BULK_ZIP = re.compile(r"apc\d{6}.*\.zip", re.IGNORECASE)  # of the zips in a folder only those of a source
LARGEST = 64 * 1024 * 1024


@dataclass(frozen=True)
class Imported:
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
    unknown_words: tuple[str, ...] = ()  # status words in none of our tables; recorded as unknown

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
            "unknown_words": list(self.unknown_words),
            "error": self.error or None,
        }


def files_in(paths: Iterable[Path]) -> Iterator[Path]:
    """The files named, and the pages in folders named.

    A folder may hold what a browser saves beside a page (`page_files/`), hidden files and our own: only
    what can be a page is taken from it. A file named by itself is always taken.
    """
    for path in paths:
        if path.is_dir():
            yield from sorted(item for item in path.rglob("*") if item.is_file() and _may_be_page(item, path))
        else:
            yield path


def _may_be_page(path: Path, folder: Path) -> bool:
    within = path.relative_to(folder).parts
    hidden = any(part.startswith(".") or part.endswith("_files") for part in within)
    return not hidden and (path.suffix.lower() in PAGES or BULK_ZIP.fullmatch(path.name) is not None)


def read_file(path: Path, source_id: str | None = None) -> tuple[Source, Page, Answer]:
    """Tell the source from the bytes and read them.

    Raises `LookError`s only; a file that cannot be opened is `NotThisSource` too, because for the
    reader of the report it is the same: this file gave nothing, and the others go on.
    """
    source, page = _open(path, source_id)
    return source, page, _read(source, page, path)


def _open(path: Path, source_id: str | None) -> tuple[Source, Page]:
    try:
        if path.stat().st_size > LARGEST:
            raise NotThisSource(f"the file is larger than {LARGEST // 2**20} MiB", where=str(path))
        body = path.read_bytes()
    except OSError as error:
        raise NotThisSource(
            f"the file cannot be read: {error.strerror or error}",
            where=str(path),
            do="Check its name and rights.",
        ) from None
    page = Page(body=body, name=path.name)
    if not body.strip():
        raise Incomplete(
            "the file is empty", where=str(path), do="Save the page again, then import it again."
        )
    try:
        return (get_source(source_id) if source_id else tell_source(page)), page
    except NotThisSource as error:
        raise _better_reason(page, path) or _at(error, path) from None


def _read(source: Source, page: Page, path: Path) -> Answer:
    try:
        return read_page(source, page)
    except LookError as error:
        raise _at(error, path) from None


def _better_reason(page: Page, path: Path) -> LookError | None:
    """A challenge, login or refusal page says more than "no page of a register"."""
    found = detect(page)
    return _at(found, path) if found is not None else None


def _at(error: LookError, path: Path) -> LookError:
    error.where = str(path)
    error.kept = "Nothing of it was stored."
    if error.outcome is Outcome.THROTTLED:
        error.do = "Wait a while, open the page again in your browser, save it and import that."
    elif "asks again" in error.do:  # written for a look; nobody asks again for a saved page
        error.do = "Fetch or save it again, and import that."
    return error


def import_files(
    database: Database,
    paths: Sequence[Path],
    *,
    run: str = "",
    as_of: dt.date | None = None,
    source_id: str | None = None,
    config: Config | None = None,
    react: React | None = None,
    progress: Callable[[Path], None] = lambda path: None,
    more: Callable[[int], None] = lambda count: None,
    also: Callable[[Database], None] | None = None,
    processes: int | None = None,
) -> tuple[list[Imported], list[Observed]]:
    """Read and store files in batches; a bad file stops itself only.

    Many pages are read by several processes (see `reading`), one a core unless `processes` says otherwise.

    `progress` is told of each file and of each record of a file of many, `more` of how many records such a
    file has when that is known. What was observed of those is not returned: it would fill the memory.
    """
    results: list[Imported] = []
    observed: list[Observed] = []
    files = list(files_in(paths))
    batches = _batches(database, files, as_of, source_id, config, progress, more, processes)
    with contextlib.closing(batches):  # whatever stops us, the processes that read for us end
        for found, bulk in batches:
            stored, found = _store(database, found, run, react, also, bulk)
            observed += [] if bulk else stored
            done = {one.st13: one for one in stored}
            results += [_result(path, sight, made, done) for path, sight, made in found]
    return results, observed


_Found = list[tuple[Path, Sight, "Imported | None"]]


def _batches(
    database: Database,
    files: Sequence[Path],
    as_of: dt.date | None,
    source_id: str | None,
    config: Config | None,
    progress: Callable[[Path], None],
    more: Callable[[int], None],
    processes: int | None,
) -> Generator[tuple[_Found, BulkFile | None], None, None]:
    """What the files say, a transaction at a time: so many files, or so many records of a file of many."""
    waiting: _Found = []
    opened = (_open_one(database, path, as_of, source_id, config) for path in files)
    for one, said in read_in_order(opened, _Opened.job, processes=processes):
        path, bulk = one.path, one.bulk
        if bulk is not None:
            many: _Found = []
            whole_file = BulkFile(path.name, sha256=_digest(path))
            for found in _sights_in(database, path, bulk, as_of, config, more):
                many.append(found)
                progress(path)
                if len(many) >= BULK_BATCH:
                    yield many, whole_file
                    many = []
            if many:
                yield many, whole_file
            continue
        waiting += one.made if one.base is None else _made(path, one.base, said, source_id)
        progress(path)
        if len(waiting) >= BATCH:
            yield waiting, None
            waiting = []
    if waiting:
        yield waiting, None


def _digest(path: Path) -> str | None:
    """SHA-256 of a whole file; None where it cannot be read, which is told when its records are."""
    try:
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except OSError:
        return None


def bulk_source(path: Path, source_id: str | None = None) -> Source | None:
    """The source whose file of many records this is, told from its first bytes; None for a single page."""
    try:
        with path.open("rb") as file:
            page = Page(file.read(SNIFF), name=path.name)
            if page.body.startswith(b"PK\x03\x04") and path.stat().st_size > SNIFF:
                file.seek(0)
                page = Page(file.read(LARGEST), name=path.name)  # a zip shows what it holds at its end
    except OSError:
        return None
    known = [get_source(source_id)] if source_id else list(all_sources().values())
    scored = [(one.sniff(page), one.declaration.id) for one in known]
    best, name = max(scored, default=(0, ""))
    source = all_sources().get(name)
    return source if best > 0 and isinstance(source, Bulk) else None


def pieces_of(path: Path, source: Source) -> Iterator[Piece]:
    """The records of a file of many, as their bytes. Raises `LookError`s only."""
    assert isinstance(source, Bulk)
    try:
        with path.open("rb") as file:
            yield from source.pieces(file, path.name)
    except OSError as error:
        raise NotThisSource(
            f"the file cannot be read: {error.strerror or error}",
            where=str(path),
            do="Check its name and rights.",
        ) from None
    except LookError as error:
        raise _at(error, path) from None


def _sights_in(
    database: Database,
    path: Path,
    source: Source,
    as_of: dt.date | None,
    config: Config | None,
    more: Callable[[int], None],
) -> Iterator[_One]:
    """The records of a file of many, one after the other; one that cannot be read stops itself only.

    The file is run through to its end first: of one that is cut off nothing is stored.
    """
    try:
        count = sum(1 for _ in pieces_of(path, source))
    except LookError as error:
        yield _failed(path, source.declaration.id, error)
        return
    if not count:
        nothing = NotFound("the file says that it holds no record", where=str(path), do="Nothing to import.")
        yield _failed(path, source.declaration.id, nothing)
        return
    more(count - 1)
    given = AsOf(as_of, "given") if as_of is not None else None
    for piece in pieces_of(path, source):
        page = Page(piece.body, name=f"{path.name}#{piece.number}")
        base = _sight(source, page, given, config, whole(source, piece.body))
        if (known := _known(database, path, source, base)) is not None:
            yield known
            continue
        try:
            answer = read_page(source, page)
        except LookError as error:
            error.kept = "Nothing of it was stored; the other records of the file were."
            yield _failed(path, source.declaration.id, error, piece.number)
            continue
        yield from _read_sights(path, base, answer, answer.readings)


_One = tuple[Path, Sight, "Imported | None"]


def _known(database: Database, path: Path, source: Source, base: Sight) -> _One | None:
    """A page that says what is known already is not read again, unless it turns out to be from the past."""
    found = on_file(database, base.source, base.glance) if base.glance is not None else None
    if found is None or base.page is None:
        return None
    day = as_of_for(base, found.as_of)
    known = Imported(
        *(str(path), base.source, found.st13, Outcome.OK),
        mark=found.mark,
        as_of=day.day.isoformat(),
        as_of_kind=day.kind,
    )
    return path, replace(base, read=functools.partial(read_alone, source, base.page)), known


def _read_sights(path: Path, base: Sight, answer: Answer, readings: Sequence[Reading]) -> Iterator[_One]:
    mark = base.glance if stands_alone(answer) else None
    for reading in readings:
        yield path, replace(base, reading=reading, glance=mark), None


def _sight(
    source: Source, page: Page, given: AsOf | None, config: Config | None, seen: Glance | None
) -> Sight:
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


def _store(
    database: Database,
    found: _Found,
    run: str,
    react: React | None,
    also: Callable[[Database], None] | None,
    bulk: BulkFile | None,
) -> tuple[list[Observed], _Found]:
    """One transaction; where a record in it cannot be kept, one for each, so that it fails alone."""
    try:
        sights = [sight for _, sight, _ in found]
        stored = observe(database, sights, run=run, react=react, reread=reread, also=also, bulk=bulk)
        return stored, found
    except TmwatchError:
        raise
    except Exception as fault:  # noqa: BLE001
        if len(found) > 1:
            parts = [_store(database, [one], run, react, also, bulk) for one in found]
            return [one for part, _ in parts for one in part], [one for _, part in parts for one in part]
        path, sight, _ = found[0]
        unkept = LayoutChanged(
            f"what it says could not be stored ({type(fault).__name__}: {clean_line(str(fault), 200)})",
            where=str(path),
            do="Please report this with the file.",
        )
        failed = _failed(path, sight.source, unkept)
        return observe(database, [failed[1]], run=run), [failed]


@dataclass(frozen=True)
class _Opened:
    """A file as far as it is known before its page is read: a file of many, what it gives unread (`made`:
    it is known already, or cannot be told), or a page to be read (`base`)."""

    path: Path
    bulk: Source | None = None
    made: tuple[_One, ...] = ()
    base: Sight | None = None

    def job(self) -> tuple[str, Page] | None:
        """What there is to be read."""
        if self.base is None or self.base.page is None:
            return None
        return self.base.source, self.base.page


def _open_one(
    database: Database, path: Path, as_of: dt.date | None, source_id: str | None, config: Config | None
) -> _Opened:
    bulk = bulk_source(path, source_id)
    if bulk is not None:
        return _Opened(path, bulk)
    given = AsOf(as_of, "given") if as_of is not None else None
    try:
        source, page = _open(path, source_id)
        base = _sight(source, page, given, config, glance(source, page))
        if (known := _known(database, path, source, base)) is not None:
            return _Opened(path, made=(known,))
    except LookError as error:
        return _Opened(path, made=(_failed(path, source_id, error),))
    return _Opened(path, base=base)


def _made(path: Path, base: Sight, said: Answer | LookError | None, source_id: str | None) -> list[_One]:
    """What a page gives that has been read."""
    if not isinstance(said, Answer):
        assert said is not None
        return [_failed(path, source_id, _at(said, path))]
    made = list(_read_sights(path, base, said, lone(said)))
    for number in said.missing:
        unanswered = Incomplete(f"{number} was asked for and not answered", where=str(path))
        made.append(_failed(path, base.source, unanswered, number))
    if not made:
        nothing = Incomplete("the page holds no record", where=str(path), do="Save the page again.")
        made.append(_failed(path, base.source, nothing))
    return made


def _failed(
    path: Path, source_id: str | None, error: LookError, asked: str = ""
) -> tuple[Path, Sight, Imported | None]:
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


def reread(source_id: str, page: Page) -> Sequence[Reading]:
    """An archived page read again by today's reader."""
    return lone(read_page(get_source(source_id), page))


def _result(path: Path, sight: Sight, made: Imported | None, done: dict[str, Observed]) -> Imported:
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
        done[record.st13].what,
        mark=record.verbal_element,
        as_of=day.day.isoformat(),
        as_of_kind=day.kind,
        unknown_words=sight.reading.unknown_words,
    )


def _repeated(known: Imported, done: dict[str, Observed]) -> Imported:
    """What became of a page that was known by its glance."""
    one = done.get(known.st13 or "")
    if one is None:
        error = LayoutChanged("the page was known and can be read no more", where=known.file)
        return Imported(known.file, known.source, None, error.outcome, error=str(error))
    return replace(known, what=one.what)


__all__ = ["Imported", "files_in", "import_files", "read_file", "reread"]
