"""What nobody would notice by himself: days whose file was not read, marks under a watch that is gone.

Each as (about what, what is so, what to do), for `doctor`.
"""

from __future__ import annotations

from collections.abc import Iterator

from tmwatch.config import Config
from tmwatch.sources.feeds import Feeds
from tmwatch.sources.registry import all_sources
from tmwatch.store import Database, feed_books
from tmwatch.store.renaming import left_behind

_SHOWN = 5


def missing_files(database: Database) -> Iterator[tuple[str, str, str]]:
    """Daily files between others that nobody imported: what was new in them was not seen."""
    for source_id, source in all_sources().items():
        product = source.feed.product(back=False) if isinstance(source, Feeds) else None
        if product is None or not isinstance(source, Feeds) or not source.feed.filings:
            continue
        days = [str(day) for day in feed_books.missing_days(database, source_id, product.id)]
        if days:
            more = f" and {len(days) - _SHOWN} more" if len(days) > _SHOWN else ""
            yield (
                source_id,
                f"of {', '.join(days[:_SHOWN])}{more} no daily file was read, but of days before and after",
                f"What was new in it was not seen: import it too. `tmwatch feed list {source_id}` has all.",
            )


def marks_left_behind(database: Database, config: Config | None) -> Iterator[tuple[str, str, str]]:
    """What was marked under a watch that is gone: it counts for no other."""
    names = [watch.name for watch in config.watches] if config is not None else None
    for one in left_behind(database, names) if names is not None else ():
        yield (
            f'watch "{one["watch"]}"',
            f"it is not in the configuration; what was marked under it ({one['relevant']} relevant, "
            f"{one['noise']} noise) counts no more",
            "If it has another name now: `tmwatch watch rename OLD NEW`.",
        )
