"""What goes into `observe()` and what comes out: looks, what they did, what the watches make of it."""

from __future__ import annotations

import datetime as dt
import functools
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal, Protocol

from tmwatch.alerts.payload import AlertKind, AlertPayload, Campaign, MarkCard
from tmwatch.errors import Outcome
from tmwatch.model import Change, FactKind, Provenance, TradeMark
from tmwatch.sources.base import AsOf, Glance, Page, Reading
from tmwatch.store.database import Database, now


@dataclass(frozen=True)
class Sight:
    """One look at one filing (or one failed look), ready to be stored.

    A look whose page may say what an earlier one said carries `glance` and `read` in place of a
    `reading`: the store reads it only where the glance is not that of the filing's last word. `read` may
    raise `LookError`s; the look ends in the outcome of the error then.
    """

    source: str
    authority: int
    facts: FactKind
    parser_version: str
    outcome: Outcome
    page: Page | None = None
    reading: Reading | None = None
    asked: str = ""  # what was asked for, in words
    st13: str | None = None
    error: str = ""
    live: bool = False
    looked_at: dt.datetime = field(default_factory=now)
    as_of: AsOf | None = None  # overrides the reading's (`import --as-of`)
    glance: Glance | None = None
    read: Callable[[], Reading] | None = None

    def with_reading(self, reading: Reading) -> Sight:
        """The look whose page has been read."""
        twin = object.__new__(Sight)
        twin.__dict__.update(self.__dict__, reading=reading)  # `replace` takes seven times as long
        return twin

    @property
    def good(self) -> bool:
        """Only such a look says something of a filing (design law 2)."""
        return self.outcome is Outcome.OK


@dataclass(frozen=True)
class BulkFile:
    """The file that a batch of looks comes from: what in it says nothing new is one row among the looks."""

    asked: str  # its name, for people
    url: str = ""
    sha256: str | None = None  # of the file as received


What = Literal["new", "changed", "unchanged", "past", "technical"]


class Known(Protocol):
    """What is known of a filing after a look, at hand or read from the file when somebody asks."""

    @property
    def record(self) -> TradeMark:
        """As it stands, with its provenance."""
        ...

    @property
    def previous(self) -> TradeMark | None:
        """As it stood before; None for a filing never seen."""
        ...

    @property
    def provenance(self) -> Provenance:
        """Whose word it is, and of what day."""
        ...

    @property
    def first_seen(self) -> dt.datetime:
        """When tmwatch first read the filing (UTC)."""
        ...


@dataclass(frozen=True)
class AtHand:
    """`Known` of a filing whose history was just folded."""

    stands: TradeMark
    previous: TradeMark | None
    provenance: Provenance
    first_seen: dt.datetime

    @functools.cached_property
    def record(self) -> TradeMark:
        """As it stands, with its provenance."""
        return self.stands.model_copy(update={"provenance": self.provenance})


@dataclass(frozen=True)
class Observed:
    """What a batch of looks did to one filing.

    `changes` are only those that move the present, in the register's order; a page that fills the
    past has none (law 18), nor has a mere upgrade of a reader (law 6).
    """

    st13: str
    what: What
    changes: tuple[Change, ...]
    live: bool
    known: Known = field(repr=False, compare=False)

    @classmethod
    def unchanged(cls, st13: str, live: bool, known: Known) -> Observed:
        """Of a look that says what was said before: a register has thousands of them, and the constructor
        of a frozen dataclass sets each field by a call."""
        one = object.__new__(cls)
        one.__dict__.update(st13=st13, what="unchanged", changes=(), live=live, known=known)
        return one

    @property
    def record(self) -> TradeMark:
        """As it stands after the look, with its provenance."""
        return self.known.record

    @property
    def previous(self) -> TradeMark | None:
        """As it stood before the look; None for a filing never seen."""
        return self.known.previous

    @property
    def provenance(self) -> Provenance:
        """Whose word the record is, and of what day."""
        return self.known.provenance

    @property
    def first_seen(self) -> dt.datetime:
        """When tmwatch first read the filing (UTC)."""
        return self.known.first_seen


class Make(Protocol):
    """What is told of these filings; `before` are the campaigns of the alert that they join."""

    def __call__(self, cards: Sequence[MarkCard], before: Sequence[Campaign] = (), /) -> AlertPayload: ...


@dataclass(frozen=True)
class AlertDraft:
    """An alert to be written with the change it tells of, and whom it goes to.

    Drafts of one watch and kind with the same word in `joins` may become one alert (`store.joining`), which
    `make` is asked for: of these filings, of theirs and earlier ones, or of some of them.
    """

    kind: AlertKind
    watch: str
    cards: tuple[MarkCard, ...]
    make: Make
    to: tuple[tuple[str, str, str], ...]  # (recipient, channel, address)
    joins: str = ""
    waits: int | None = None  # for the end of that pass (`store.passes`)
    # Those of `to` who get one message a day of what is found after the day's first (`store.joining`).
    gathers: frozenset[tuple[str, str, str]] = frozenset()

    @property
    def st13s(self) -> tuple[str, ...]:
        """The filings that it tells of."""
        return tuple(card.st13 for card in self.cards)


@dataclass(frozen=True)
class HitDraft:
    """A filing has come under a watch.

    `level` (1 near identical, to 4), `score` and `reasons` where a name came near. `sure`: a trigger names
    the filing itself; otherwise it came by likeness, or by filters alone. `stood`: it is baseline
    because it was stored before the watch asked for it, and not because a first look found it.
    """

    watch: str
    st13: str
    why: str
    baseline: bool
    level: int | None = None
    score: float | None = None
    reasons: tuple[str, ...] = ()
    sure: bool = True
    stood: bool = False


@dataclass(frozen=True)
class MutedDraft:
    """Something of a filing that a mute kept from the `recipients` of a watch (none: it tells nobody).

    `change` is None of a filing that is new. `mute` says in words what the mute silences, `until` as the
    configuration has it, `over` is the instant.
    """

    watch: str
    st13: str
    change: Change | None
    recipients: tuple[str, ...]
    mute: str
    until: str
    over: dt.datetime
    reason: str = ""


@dataclass(frozen=True)
class Reaction:
    """What the watches make of a batch."""

    alerts: tuple[AlertDraft, ...] = ()
    hits: tuple[HitDraft, ...] = ()
    judged: tuple[tuple[int, Mapping[str, str]], ...] = ()  # (hit, by what noise is judged from now on)
    muted: tuple[MutedDraft, ...] = ()


class React(Protocol):
    """Called inside the transaction with what changed; pure but for reads through `database`."""

    def __call__(self, observed: Sequence[Observed], database: Database) -> Reaction: ...


Reread = Callable[[str, Page], Sequence[Reading]]


# Somewhere it is tomorrow already.
_AHEAD = dt.timedelta(days=1)


def as_of_for(sight: Sight, read: AsOf | None = None) -> AsOf:
    """Which day the look speaks for: as given, as printed, the instant of a live look, or at least
    the latest fact in the record (design: as-of date). `read`: what the page says of its day, where the
    sight has no reading.

    No page speaks for a day to come: one that claims it would be the last word until that day, and
    every change in between would pass for the past. It counts for the instant of the look.
    """
    as_of = _as_of_said(sight, sight.reading.as_of if sight.reading is not None else read)
    latest = max(now(), sight.looked_at).astimezone(dt.UTC)
    if as_of.day > latest.date() + _AHEAD:
        instant = sight.looked_at.astimezone(dt.UTC)
        return AsOf(instant.date(), "looked", instant.time())
    return as_of


def _as_of_said(sight: Sight, printed: AsOf | None) -> AsOf:
    if printed is not None and printed.kind == "printed":
        return printed  # the office's own word beats what somebody says of the page
    if sight.as_of is not None:
        return sight.as_of
    if sight.live or printed is None:
        # Nothing dated stands in the record at all: the day of the import is all that is known.
        instant = sight.looked_at.astimezone(dt.UTC)
        return AsOf(instant.date(), "looked", instant.time())
    return printed
