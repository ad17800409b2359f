"""Which daily files of a feed were imported from the disk: so a day that is missing among them is seen."""

from __future__ import annotations

from pathlib import Path

from tmwatch.errors import Outcome
from tmwatch.importing.results import Imported
from tmwatch.sources.feeds import Daily, Feeds
from tmwatch.sources.registry import get_source
from tmwatch.store import Database, feed_books


class ByHand:
    """The files of an import that were read; `book()` writes them down."""

    def __init__(self) -> None:
        self._read: set[tuple[str, str]] = set()  # (file, source)

    def add(self, one: Imported) -> None:
        """What became of a record. A file that says that it holds none was read too."""
        if one.source is not None and one.outcome in (Outcome.OK, Outcome.NOT_FOUND):
            self._read.add((one.file, one.source))

    def book(self, database: Database) -> None:
        """Keep those that are daily files."""
        for path, source_id in sorted(self._read):
            source = get_source(source_id)
            if not isinstance(source, Daily) or not isinstance(source, Feeds):
                continue
            file, product = source.daily_file(Path(path).name), source.feed.product(back=False)
            if file is not None and product is not None:
                feed_books.book_by_hand(database, source_id, product.id, file.name, file.day)
