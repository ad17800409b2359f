"""Pages saved by hand into the store: the same road as a live look, marked as imported."""

from __future__ import annotations

import contextlib
import datetime as dt
from collections.abc import Callable, Generator, Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol, runtime_checkable

from tmwatch.config import Config
from tmwatch.errors import LayoutChanged, TmwatchError
from tmwatch.importing import registered
from tmwatch.importing.by_hand import ByHand
from tmwatch.importing.finding import File, files_in
from tmwatch.importing.many import Digest, digest, one_piece, parts_of, unpacked
from tmwatch.importing.pages import Opened, made_of, open_one
from tmwatch.importing.results import Found, Imported, One, failed, result
from tmwatch.looking import reread as reread
from tmwatch.reading import read_in_order
from tmwatch.sources.base import AsOf, Piece, Source
from tmwatch.sources.slim import Slims
from tmwatch.store import BulkFile, Database, Observed, React, observe
from tmwatch.store.half_stored import Half, any_half
from tmwatch.text import clean_line

BATCH = 200  # files a transaction: small enough to keep, large enough that a campaign is one alert
BULK_BATCH = 1000  # records a transaction of a file of many: each is small, and there are thousands
BULK_BYTES = 4 * 2**20  # … and so much of the file at most, counted once for each filing that it speaks of


def import_files(
    database: Database,
    paths: Iterable[Path | File],
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
    tell: Callable[[Imported], None] | None = None,
    keep: registered.Keeping | None = None,
) -> tuple[list[Imported], list[Observed]]:
    """Read and store files in batches; a bad file stops itself only.

    With `tell` each result is told when it is stored, and none is kept: a register has millions. A file of
    many records that an earlier import stored in part is gone on with where that ended (`half_stored`).

    With `keep` the files of a register go into the store of the whole register (`registered`).

    Many pages are read by several processes (see `reading`), one a core unless `processes` says otherwise.

    `progress` is told of each file and of each record of a file of many, `more` of how many records such a
    file has when that is known. What was observed of those is not returned: it would fill the memory.
    """
    results: list[Imported] = []
    observed: list[Observed] = []
    by_hand = ByHand()

    def take(one: Imported) -> None:
        by_hand.add(one)
        (tell or results.append)(one)

    files = [one for what in paths for one in ([what] if isinstance(what, File) else files_in([what]))]
    recall = react.recall if isinstance(react, Remembers) else None
    batches = _batches(database, files, as_of, source_id, config, progress, more, processes, recall, keep)
    with contextlib.closing(batches):  # whatever stops us, the processes that read for us end
        for batch in batches:
            for one in batch.told:
                take(one)
            if batch.empty:
                continue
            stored, found = _store(database, batch.found, run, react, batch.also(also, react), batch.bulk)
            observed += [] if batch.bulk else stored
            done = {one.st13: one for one in stored}
            for path, sight, made in found:
                take(result(path, sight, made, done))
    by_hand.book(database)
    return results, observed


@runtime_checkable
class Remembers(Protocol):
    """A reaction that must know, when a half-stored file is gone on with, what it made of the first half."""

    def memory(self) -> str:
        """What there is to be remembered."""
        ...

    def recall(self, memory: str) -> None:
        """Go on from there."""
        ...


@dataclass(frozen=True)
class _Batch:
    """What one transaction stores; of a file of many, how far it is stored with it (0: to its end)."""

    found: Found
    bulk: BulkFile | None = None
    half: Half | None = None
    done: int = 0
    told: list[Imported] = field(default_factory=list)  # of the store of the whole register

    @property
    def empty(self) -> bool:
        """Whether there is nothing for the database in it."""
        return not self.found and self.half is None

    def also(
        self, also: Callable[[Database], None] | None, react: React | None
    ) -> Callable[[Database], None] | None:
        half = self.half
        if half is None:
            return also

        def both(database: Database) -> None:
            if also is not None:
                also(database)
            if not self.done:
                half.close(database)
            else:
                half.keep(database, self.done, react.memory() if isinstance(react, Remembers) else "")

        return both


def _batches(
    database: Database,
    files: Iterable[File],
    as_of: dt.date | None,
    source_id: str | None,
    config: Config | None,
    progress: Callable[[Path], None],
    more: Callable[[int], None],
    processes: int | None,
    recall: Callable[[str], None] | None,
    keep: registered.Keeping | None,
) -> Generator[_Batch, None, None]:
    """What the files say, a transaction at a time: so many files, or so many records of a file of many."""
    waiting: Found = []
    opened = (open_one(database, file, as_of, source_id, config) for file in unpacked(files, source_id, more))
    for one, said in read_in_order(opened, Opened.job, processes=processes):
        path, bulk = one.file.path, one.bulk
        if bulk is not None and keep is not None and isinstance(bulk, Slims):
            yield from _of_a_register(database, one.file, bulk, as_of, config, progress, more, recall, keep)
            continue
        if bulk is not None:
            yield from _of_many(database, one.file, bulk, as_of, config, progress, more, recall)
            continue
        waiting += one.made if one.base is None else made_of(path, one.base, said, source_id)
        progress(path)
        if len(waiting) >= BATCH:
            yield _Batch(waiting)
            waiting = []
    if waiting:
        yield _Batch(waiting)


def _of_many(
    database: Database,
    what: File,
    source: Source,
    as_of: dt.date | None,
    config: Config | None,
    progress: Callable[[Path], None],
    more: Callable[[int], None],
    recall: Callable[[str], None] | None,
) -> Generator[_Batch, None, None]:
    """A file of many records, so many of them at a time. A transaction ends with a record of the file."""
    path = what.path
    file, half = _half_of(what, digest(what), source, as_of, "")
    stored, memory = half.stored(database) if half is not None else (0, "")
    if memory and recall is not None:
        recall(memory)
    many: Found = []
    size = 0
    for part in parts_of(database, what, source, as_of, config, more, stored):
        many += part.found
        size += sum(len(one.page.body) for _, one, _ in part.found if one.page is not None)
        progress(path)
        if part.done == part.count:
            yield _Batch(many, file, half)
            return
        if len(many) >= BULK_BATCH or size >= BULK_BYTES:
            yield _Batch(many, file, half, part.done)
            many, size = [], 0


def _half_of(
    what: File, sha256: str | None, source: Source, as_of: dt.date | None, road: str
) -> tuple[BulkFile, Half | None]:
    file = BulkFile(what.path.name, sha256=sha256)
    declaration = source.declaration
    given = as_of.isoformat() if as_of else ""
    name = f"{declaration.id}{road}"
    return file, Half(file.sha256, name, declaration.parser_version, given) if file.sha256 else None


def _of_a_register(
    database: Database,
    what: File,
    source: Source,
    as_of: dt.date | None,
    config: Config | None,
    progress: Callable[[Path], None],
    more: Callable[[int], None],
    recall: Callable[[str], None] | None,
    keep: registered.Keeping,
) -> Generator[_Batch, None, None]:
    """A file of many records for the store of the whole register. Which of them are stored tells their hash;
    what is kept of an import that did not come to its end is what the watches made of the first part."""
    half: Half | None = None
    begun, memory = 0, ""
    given = AsOf(as_of, "given") if as_of is not None else None
    file = BulkFile(what.path.name)

    def whole(piece: Piece) -> list[One]:
        return one_piece(database, what.path, source, piece, given, config)

    with Digest(what) as reckoned:
        if any_half(database, f"{source.declaration.id}{_REGISTER}"):  # else it may be that nobody wants it
            _, half = _half_of(what, reckoned.result(), source, as_of, _REGISTER)
            begun, memory = half.stored(database) if half is not None else (0, "")
        if memory and recall is not None:
            recall(memory)
        for step in registered.steps(database, what, source, keep, whole, more, reckoned.begin):
            if step.found:
                if not file.sha256:
                    file, half = _half_of(what, reckoned.result(), source, as_of, _REGISTER)
                begun += 1
                yield _Batch(step.found, file, half, begun)
            if step.told:
                yield _Batch([], told=step.told)
            for _ in range(len(step.found) + len(step.told)):
                progress(what.path)
    if half is not None and begun:
        yield _Batch([], file, half)  # its row goes


_REGISTER = "/register"  # behind the source's id: how far a file is stored on this road


def _store(
    database: Database,
    found: Found,
    run: str,
    react: React | None,
    also: Callable[[Database], None] | None,
    bulk: BulkFile | None,
) -> tuple[list[Observed], Found]:
    """One transaction; where a record in it cannot be kept, one for each, so that it fails alone."""
    try:
        sights = [sight for _, sight, _ in found]
        stored = observe(database, sights, run=run, react=react, reread=reread, also=also, bulk=bulk)
        return stored, found
    except TmwatchError:
        raise
    except Exception as fault:  # noqa: BLE001
        if len(found) > 1:
            parts = [_store(database, [one], run, react, None, bulk) for one in found]
            if also is not None:
                with database.write():
                    also(database)
            return [one for part, _ in parts for one in part], [one for _, part in parts for one in part]
        path, sight, _ = found[0]
        unkept = LayoutChanged(
            f"what it says could not be stored ({type(fault).__name__}: {clean_line(str(fault), 200)})",
            where=str(path),
            do="Please report this with the file.",
        )
        lost = failed(path, sight.source, unkept)
        return observe(database, [lost[1]], run=run, also=also), [lost]
