"""What people marked relevant is watched by its number from then on, beside what the watch itself goes by.

It is asked for like a number of the file, and is no trigger of the watch: one of filters alone goes on to be
hit by all that passes them, and one whose kinds of triggers must all fire has no kind more.
"""

from __future__ import annotations

from collections.abc import Iterable

from tmwatch.config import Config, Watch
from tmwatch.errors import UsageError
from tmwatch.numbers import MarkNumber, parse_number
from tmwatch.store import Database, hits


def with_relevant(config: Config, database: Database | None) -> Config:
    """The configuration, each watch with the numbers of the filings marked relevant under it."""
    found = hits.relevant(database) if database is not None else {}
    if not found:
        return config
    watches = tuple(followed(watch, found.get(watch.name, ())) for watch in config.watches)
    return config.model_copy(update={"watches": watches})


def followed(watch: Watch, st13s: Iterable[str]) -> Watch:
    """The watch, and the numbers of these filings beside its own."""
    known = {number.st13 for number in watch.numbers}
    more = [number for st13 in st13s if st13 not in known and (number := number_of(st13)) is not None]
    if not more:
        return watch
    follows = watch.followed | {number.st13 for number in more if number.st13 is not None}
    return watch.model_copy(update={"numbers": (*watch.numbers, *more), "followed": follows})


def number_of(st13: str) -> MarkNumber | None:
    """The number by which a register can be asked; None where the identifier tells none."""
    try:
        return parse_number(st13)
    except UsageError:
        return None
