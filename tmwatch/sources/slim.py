"""What a store of a whole register keeps of a record, and how a source cuts it out fast.

A register has millions of records, of which a file of one day moves some ten thousand. For the store of the
whole register (`store.register`) a record is told by the hash of its bytes; only one whose hash is new is
looked at, and then for a few fields only. What concerns a watch is read whole, by `Source.read`.
"""

from __future__ import annotations

import datetime as dt
from typing import NamedTuple, Protocol, runtime_checkable

from tmwatch.model import Phase
from tmwatch.sources.base import Piece


class Essence(NamedTuple):
    """What tells a record and its state without reading it: filing (ST.13), day, 16 bytes of a hash.

    The hash is over the record's bytes without what differs from day to day by itself (the day they were
    told on). The day is ISO 8601.
    """

    st13: str
    day: str
    digest: bytes


class Slim(NamedTuple):
    """The few fields of a record by which it is found, each as `Source.read` would give it.

    `other_names` are pairs of (kind, text), of the kinds "pseudo", "translation", "transliteration".
    `owners` are those of today; `agents` attorney and domestic representative, by name. `goods` are not kept
    in the store: they are there for whoever decides which records concern a watch.
    """

    st13: str
    application_number: str
    name: str | None
    classes: tuple[str, ...]
    owners: tuple[str, ...]
    agents: tuple[str, ...]
    status_code: str | None
    status_live: str
    filing_date: dt.date | None
    as_of: dt.date
    registration_number: str | None = None
    international_number: str | None = None
    other_names: tuple[tuple[str, str], ...] = ()
    goods: tuple[str, ...] = ()
    unknown_words: tuple[str, ...] = ()

    @property
    def names(self) -> tuple[str, ...]:
        """Every spelling under which the mark can be found."""
        own = (self.name,) if self.name else ()
        if not self.other_names:
            return own
        return tuple(dict.fromkeys([*own, *(text for _, text in self.other_names)]))


@runtime_checkable
class Slims(Protocol):
    """A source of files of many records, of which a whole register can be kept."""

    @property
    def slim_version(self) -> int:
        """Raise it when the same bytes give other slim fields."""
        ...

    def essence(self, piece: Piece) -> Essence | None:
        """Told from the bytes; None where number or day are not where they always stand: `slim` says why."""
        ...

    def st13(self, piece: Piece) -> str:
        """The filing of a record of which `essence` told something."""
        ...

    def slim(self, piece: Piece, where: str) -> Slim:
        """The few fields. Raises errors of the family of `read`."""
        ...


@runtime_checkable
class TellsStatus(Protocol):
    """A source whose status codes say by themselves where a filing stands."""

    def phase_of(self, status_code: str) -> Phase:
        """`Phase.UNKNOWN` for a code that is not in the office's table."""
        ...
