"""Files of many records: told from their first bytes, cut into records, read one at a time. Zips of pages."""

from __future__ import annotations

import datetime as dt
import hashlib
import threading
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from tmwatch.config import Config
from tmwatch.errors import Incomplete, LookError, NotFound, NotThisSource
from tmwatch.importing import zips
from tmwatch.importing.finding import File, as_file
from tmwatch.importing.opening import LARGEST, at
from tmwatch.importing.results import One, failed
from tmwatch.importing.sights import known, read_sights, sight
from tmwatch.looking import read_page
from tmwatch.sources.base import AsOf, Bulk, Page, Piece, Source
from tmwatch.sources.glance import whole
from tmwatch.sources.registry import all_sources, get_source
from tmwatch.sources.streamed import ZIP
from tmwatch.store import Database

SNIFF = 64_000  # bytes from which a file of many records is told


def bulk_source(what: Path | File, source_id: str | None = None) -> Source | None:
    """The source whose file of many records this is, told from its first bytes; None for a single page."""
    file = as_file(what)
    if file.trouble is not None:
        return None
    try:
        with file.open() as stream:
            page = Page(stream.read(SNIFF), name=file.name)
            asked = [get_source(source_id)] if source_id else list(all_sources().values())
            best, name = _best(asked, page)
            if not best and page.body.startswith(ZIP) and file.size() > SNIFF:
                stream.seek(0)  # what a zip holds is told at its end; those of whole registers begin with it
                best, name = _best(asked, Page(stream.read(LARGEST), name=file.name))
    except OSError:
        return None
    source = all_sources().get(name)
    return source if best > 0 and isinstance(source, Bulk) else None


def _best(asked: Sequence[Source], page: Page) -> tuple[int, str]:
    return max(((one.sniff(page), one.declaration.id) for one in asked), default=(0, ""))


def unpacked(
    files: Iterable[File], source_id: str | None = None, more: Callable[[int], None] = lambda count: None
) -> Iterator[File]:
    """The files, with the pages in a zip in its place; a zip that is a source's own file stays as it is.

    `more` is told how many more they are than was known.
    """
    for file in files:
        if file.trouble is None and zips.is_zip(file) and bulk_source(file, source_id) is None:
            more(max(0, zips.count_of(file) - 1))
            yield from zips.pages_in(file)
        else:
            yield file


def pieces_of(what: Path | File, source: Source) -> Iterator[Piece]:
    """The records of a file of many, as their bytes. Raises `LookError`s only."""
    assert isinstance(source, Bulk)
    file = as_file(what)
    path = file.path
    try:
        with file.open() as stream:
            yield from source.pieces(stream, path.name)
    except OSError as error:
        raise NotThisSource(
            f"the file cannot be read: {error.strerror or error}",
            where=str(path),
            do="Check its name and rights.",
        ) from None
    except LookError as error:
        raise at(error, path) from None


@dataclass(frozen=True)
class Part:
    """What one record of a file of many gives; `done` of `count` are read with it (0 of 0: all failed)."""

    found: list[One]
    done: int = 0
    count: int = 0


def parts_of(
    database: Database,
    file: File,
    source: Source,
    as_of: dt.date | None,
    config: Config | None,
    more: Callable[[int], None],
    stored: int = 0,
) -> Iterator[Part]:
    """The records of a file of many, one after the other; one that cannot be read stops itself only.

    The file is run through to its end first: of one that is cut off nothing is stored. The first `stored`
    were stored by an import that did not come to its end.
    """
    path = file.path
    try:
        count = sum(1 for _ in pieces_of(file, source))
    except LookError as error:
        yield Part([failed(path, source.declaration.id, error)])
        return
    if not count:
        nothing = NotFound("the file says that it holds no record", where=str(path), do="Nothing to import.")
        yield Part([failed(path, source.declaration.id, nothing)])
        return
    more(max(count - stored - 1, 0))
    given = AsOf(as_of, "given") if as_of is not None else None
    for done, piece in enumerate(pieces_of(file, source), 1):
        if done > stored:
            yield Part(one_piece(database, path, source, piece, given, config), done, count)


def one_piece(
    database: Database, path: Path, source: Source, piece: Piece, given: AsOf | None, config: Config | None
) -> list[One]:
    """One record of a file of many, read whole; an error in it is what it gives."""
    page = Page(piece.body, name=f"{path.name}#{piece.number}")
    base = sight(source, page, given, config, whole(source, piece.body))
    if (already := known(database, path, source, base)) is not None:
        return [already]
    try:
        answer = read_page(source, page)
    except LookError as error:
        error.kept = "Nothing of it was stored; the other records of the file were."
        if path.name not in error.where:  # a reader knows the record alone
            error.where = f"{path.name}, {error.where}" if error.where else path.name
        return [failed(path, source.declaration.id, error, piece.number)]
    made = list(read_sights(path, base, answer, answer.readings))
    for number in answer.missing:
        unknown = Incomplete(
            f"{number} belongs to no filing that can be told",
            where=f"{path}, record {piece.number}",
            kept="Nothing of it was stored; the other records of the file were.",
            do="Look it up at the register by that number.",
        )
        made.append(failed(path, source.declaration.id, unknown, number))
    return made


def digest(file: File, go_on: Callable[[], bool] = lambda: True) -> str | None:
    """SHA-256 of a whole file; None where it cannot be read, which is told when its records are.

    Nothing more is read once `go_on` says no: what is returned then is for nobody.
    """
    try:
        made = hashlib.sha256()
        with file.open() as stream:
            while go_on() and (piece := stream.read(1 << 20)):
                made.update(piece)
        return made.hexdigest()
    except OSError:
        return None


class Digest:
    """`digest`, reckoned by a thread from when it is known to be wanted: hashing lets go of Python.

    A context manager: nothing goes on when it is left.
    """

    def __init__(self, file: File) -> None:
        self._file = file
        self._found: str | None = None
        self._left = False
        self._thread: threading.Thread | None = None

    def __enter__(self) -> Digest:
        return self

    def __exit__(self, *_: object) -> None:
        self._left = True
        if self._thread is not None:
            self._thread.join()

    def begin(self) -> None:
        """It will be wanted; said once or many times."""
        if self._thread is None:
            self._thread = threading.Thread(target=self._reckon, name="hashing", daemon=True)
            self._thread.start()

    def _reckon(self) -> None:
        self._found = digest(self._file, lambda: not self._left)

    def result(self) -> str | None:
        """As `digest`, when that is done."""
        self.begin()
        assert self._thread is not None
        self._thread.join()
        return self._found
