"""A number that is put under a watch although its filing is stored already.

What stands then is what the next page is compared with: whoever imports a page, adds the watch and imports
next month's page expects to hear of the difference. Without this, that page would be the first sight of
the filing for the watch, and the change in it be lost on the way.
"""

from __future__ import annotations

from collections.abc import Iterable

from tmwatch.config import Watch
from tmwatch.model import TradeMark
from tmwatch.numbers import MarkNumber
from tmwatch.store import Database, books, queries
from tmwatch.watches.rules import match


def take_over(database: Database, watch: Watch, numbers: Iterable[MarkNumber]) -> list[TradeMark]:
    """Make the stored filings of these numbers the watch's baseline, each as it stands; returns them."""
    found = []
    for number in numbers:
        for st13 in queries.find(database, number):
            record = queries.get(database, st13)
            if record is not None and match(watch, record).hit:
                found.append(record)
    books.take_over(database, watch.name, [record.st13 for record in found], "it was stored before")
    return found
