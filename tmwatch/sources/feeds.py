"""A source whose register publishes files: which there are, and how one is asked for.

A feed describes requests and reads the list; `http.download` brings a file to the disk, `feeding` imports it
and keeps the books.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import Protocol, runtime_checkable

from tmwatch.errors import LookError
from tmwatch.sources.base import Page, Request


@dataclass(frozen=True)
class FeedFile:
    """One file of a feed, as its list tells it. `size` in bytes; `sha256` where the list has one.

    `modified` is what the list says of its last change: a file that was issued again has another.
    """

    name: str
    day: dt.date  # the last day that it speaks of: files are taken in this order
    size: int | None = None
    modified: str = ""
    sha256: str | None = None


@dataclass(frozen=True)
class Product:
    """What is published: the day by day files, or all that was before them (`back`)."""

    id: str
    title: str
    back: bool = False


@dataclass(frozen=True)
class Feed:
    """The declaration: a file may be asked for `a_year` times a year, and is never larger than `largest`."""

    products: tuple[Product, ...]
    a_year: int
    largest: int = 4 << 30
    filings: bool = True  # whether each new filing of the office stands in it, and not proceedings alone

    def product(self, *, back: bool) -> Product | None:
        """The daily files, or the back file."""
        return next((one for one in self.products if one.back is back), None)


@runtime_checkable
class Feeds(Protocol):
    """A source that offers a feed."""

    @property
    def feed(self) -> Feed:
        """What is published."""
        ...

    def files_request(self, product: Product, since: dt.date | None) -> Request:
        """Asks for the list of files, of a day or later."""
        ...

    def files(self, page: Page) -> list[FeedFile]:
        """The data files of the list, the oldest first. Raises errors of the family of `read`."""
        ...

    def file_request(self, product: Product, file: FeedFile) -> Request:
        """Asks for one of them. The answer may lead to an address on another server, for a few seconds."""
        ...

    def no_file(self, head: bytes, where: str) -> LookError | None:
        """What the first bytes say if they are no file: the error to tell; None for a file."""
        ...


@runtime_checkable
class Daily(Protocol):
    """A feed whose files of each day can also be saved by hand, and are known by their names."""

    def daily_file(self, name: str) -> FeedFile | None:
        """The daily file that a file saved under this name is; None for any other."""
        ...
