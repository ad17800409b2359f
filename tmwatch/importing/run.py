"""Pages saved by hand into the store: the same road as a live look, marked as imported."""

from __future__ import annotations

import contextlib
import datetime as dt
from collections.abc import Callable, Generator, Iterable, Sequence
from pathlib import Path

from tmwatch.config import Config
from tmwatch.errors import LayoutChanged, TmwatchError
from tmwatch.importing.finding import File, files_in
from tmwatch.importing.many import digest, sights_in, unpacked
from tmwatch.importing.pages import Opened, made_of, open_one
from tmwatch.importing.results import Found, Imported, failed, result
from tmwatch.looking import read_page
from tmwatch.reading import read_in_order
from tmwatch.sources.base import Page, Reading
from tmwatch.sources.combine import lone
from tmwatch.sources.registry import get_source
from tmwatch.store import BulkFile, Database, Observed, React, observe
from tmwatch.text import clean_line

BATCH = 200  # files a transaction: small enough to keep, large enough that a campaign is one alert
BULK_BATCH = 1000  # records a transaction of a file of many: each is small, and there are thousands


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
) -> tuple[list[Imported], list[Observed]]:
    """Read and store files in batches; a bad file stops itself only.

    Many pages are read by several processes (see `reading`), one a core unless `processes` says otherwise.

    `progress` is told of each file and of each record of a file of many, `more` of how many records such a
    file has when that is known. What was observed of those is not returned: it would fill the memory.
    """
    results: list[Imported] = []
    observed: list[Observed] = []
    files = [one for what in paths for one in ([what] if isinstance(what, File) else files_in([what]))]
    batches = _batches(database, files, as_of, source_id, config, progress, more, processes)
    with contextlib.closing(batches):  # whatever stops us, the processes that read for us end
        for found, bulk in batches:
            stored, found = _store(database, found, run, react, also, bulk)
            observed += [] if bulk else stored
            done = {one.st13: one for one in stored}
            results += [result(path, sight, made, done) for path, sight, made in found]
    return results, observed


def _batches(
    database: Database,
    files: Iterable[File],
    as_of: dt.date | None,
    source_id: str | None,
    config: Config | None,
    progress: Callable[[Path], None],
    more: Callable[[int], None],
    processes: int | None,
) -> Generator[tuple[Found, BulkFile | None], None, None]:
    """What the files say, a transaction at a time: so many files, or so many records of a file of many."""
    waiting: Found = []
    opened = (open_one(database, file, as_of, source_id, config) for file in unpacked(files, source_id, more))
    for one, said in read_in_order(opened, Opened.job, processes=processes):
        path, bulk = one.file.path, one.bulk
        if bulk is not None:
            many: Found = []
            whole_file = BulkFile(path.name, sha256=digest(one.file))
            for found in sights_in(database, one.file, bulk, as_of, config, more):
                many.append(found)
                progress(path)
                if len(many) >= BULK_BATCH:
                    yield many, whole_file
                    many = []
            if many:
                yield many, whole_file
            continue
        waiting += one.made if one.base is None else made_of(path, one.base, said, source_id)
        progress(path)
        if len(waiting) >= BATCH:
            yield waiting, None
            waiting = []
    if waiting:
        yield waiting, None


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
            parts = [_store(database, [one], run, react, also, bulk) for one in found]
            return [one for part, _ in parts for one in part], [one for _, part in parts for one in part]
        path, sight, _ = found[0]
        unkept = LayoutChanged(
            f"what it says could not be stored ({type(fault).__name__}: {clean_line(str(fault), 200)})",
            where=str(path),
            do="Please report this with the file.",
        )
        lost = failed(path, sight.source, unkept)
        return observe(database, [lost[1]], run=run), [lost]


def reread(source_id: str, page: Page) -> Sequence[Reading]:
    """An archived page read again by today's reader."""
    return lone(read_page(get_source(source_id), page))
