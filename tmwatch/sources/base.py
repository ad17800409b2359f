"""The contract of a source: what it may be asked, how to ask it, how to read the answer.

A source is an object with a `Declaration` and three functions. It never opens a connection, never
touches the store or the watch list: it turns questions into `Request`s and bytes into an `Answer`.

    declaration        who, where, on what terms, how fast, what it covers
    requests(query)    -> the requests that answer a query                       (network-free)
    sniff(page)        -> 0…100, how surely these bytes are a page of this source (cheap, never raises)
    read(page)         -> Answer, or an error of `errors.LookError`'s family

It may offer one more, which saves reading pages that differ in their stamp only:

    glance(page)       -> the page without its stamp, and the stamp; or None

Adding an office means one folder, one page with its expected record, one entry point in the group
`tmwatch.sources`: see the README beside this file.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import IO, Literal, NamedTuple, Protocol, get_args, runtime_checkable

from tmwatch.model import FactKind, TradeMark
from tmwatch.sources.since import NewSince


class Automation(StrEnum):
    """What the source's terms say of programs."""

    ALLOWED = "allowed"
    WITH_KEY = "with key"
    # Neither offered nor forbidden in anything that was found, which is no permission: the pace is low, and
    # whether it is asked is for `Declaration.live_default` and the operator to say.
    NOT_STATED = "not stated"
    FORBIDDEN = "forbidden"


@dataclass(frozen=True)
class Terms:
    """The terms of use as read on `read_on`, in one sentence, with their address."""

    automation: Automation
    note: str
    link: str
    read_on: dt.date


@dataclass(frozen=True)
class Pace:
    """How often a host may be asked. Times in seconds. The slowest of all rules wins."""

    min_interval: float
    per_minute: int | None = None
    per_day: int | None = None
    # Some offices allow more at night: (zone, first hour, last hour, requests a minute).
    night: tuple[str, int, int, int] | None = None


@dataclass(frozen=True)
class KnownQuery:
    """A question whose answer is known to hold at least `least` records; proves that we still see."""

    kind: Literal["record", "search"]
    text: str
    least: int = 1
    part: Literal["owner", "mark", "agent"] = "owner"  # of a search

    @property
    def query(self) -> Query:
        """The question itself."""
        if self.kind == "record":
            return RecordQuery((self.text,))
        return replace(SearchQuery(), **{self.part: self.text})  # type: ignore[arg-type]


@dataclass(frozen=True)
class Grant:
    """OAuth 2.0 client credentials (RFC 6749 section 4.4): how a source lets its holder of a key in.

    The secret is the source's key (`Declaration.credential_env`); `id_env` holds the client id beside it. The
    network door asks `token_url` for a token, keeps it in memory until it ends, and sends it as
    `Authorization: Bearer`; `id_header`, if named, carries the client id with every request.
    """

    token_url: str
    id_env: str
    scope: str = ""
    id_header: str = ""


@dataclass(frozen=True)
class Personal:
    """Where a source names private persons: what `source capture` takes out of a page (`scrubbing.py`).

    Everybody in `fields` (fields of the record) counts as one, and every other party whose legal form is one
    of `individuals` (upper case, the office's words) or who has no legal form and no company's name.
    `patterns` are regular expressions of what the record does not hold; the whole match goes.
    """

    fields: frozenset[str] = frozenset(
        {"representatives", "domestic_representative", "correspondence", "examiner"}
    )
    individuals: frozenset[str] = frozenset({"INDIVIDUAL"})
    patterns: tuple[str, ...] = ()


# The parts of a search, and what a source can do with each: ask its register for it, or have the answer
# narrowed afterwards (`sources.narrowing`). A part that a source does not name it cannot be asked for at all.
Part = Literal["mark", "owner", "agent", "classes", "filed_since", "changed_since", "offices"]
Able = Literal["itself", "afterwards"]


@dataclass(frozen=True)
class Declaration:
    """Everything about a source that is not code. Shown by `tmwatch source list`."""

    id: str  # "us.tsdr"
    title: str
    office: str  # WIPO ST.3
    channels: frozenset[str]  # of: "record", "search", "feed", "import"
    base_url: str
    terms: Terms
    pace: Pace
    parser_version: str  # raise it when the same bytes give another record
    covers: frozenset[str]  # the most that this source can give, in names of model.FIELDS
    authority: int  # where two sources of one office disagree, the higher number is believed
    known_query: KnownQuery
    facts: FactKind = FactKind.REGISTER
    credential_env: str | None = None  # environment variable that holds the key or token
    live_default: Literal["on", "opt-in", "with key", "off"] = "off"
    landmarks: tuple[str, ...] = ()  # in words: what a page of this source always has
    max_per_request: int = 1  # records by number that one request can ask for
    # Which triggers of a watch this source can answer live: of "numbers", "owners", "agents", "marks".
    answers: frozenset[str] = frozenset()
    plain_http: bool = False  # the register itself has nothing better
    record_url: str = ""  # for people, with {number} or its {digits}: the register's own page about a filing
    volatile: tuple[str, ...] = ()  # in words: what differs between two looks without meaning
    search: Mapping[Part, Able] = field(default_factory=dict)  # what a search may hold, and who narrows it
    # A source of many registers (TMview): the offices that it speaks for, ST.3. Empty: its own office only.
    offices: frozenset[str] = frozenset()
    # A wall stands before the site: a web page where data was asked for is a challenge, and after a challenge
    # or a refusal nobody asks there for a quarter of an hour, which ends the run for this source.
    guarded: bool = False
    by_hand: bool = (
        True  # what it reads a person can save from a browser; else files, or answers for programs
    )
    stamp_of_change: bool = False  # the day it prints is that of the last change, not that of the page
    # For people: where the register's own search begins. Its front page: none of those seen takes a name or a
    # number in its address, which is therefore the same whatever is looked for.
    search_url: str = ""
    file_from: str = (
        ""  # for people: which file to import, and where it lies ("the day's x.zip from https://…")
    )
    # The lists of new filings that it gives without a name (`since.py`); none: it cannot say what is new.
    new_since: tuple[NewSince, ...] = ()
    grant: Grant | None = None  # where the key is exchanged for a token first
    personal: Personal = Personal()  # whom `source capture` takes out of a page

    def speaks_for(self, office: str) -> bool:
        """Whether filings of this office (ST.3) are to be had here."""
        return office in self.offices or office == self.office

    def new(self, of: str) -> NewSince:
        """The list of new filings of that name."""
        return next(one for one in self.new_since if one.of == of)

    @property
    def asks_itself(self) -> frozenset[str]:
        """The parts of a search that the register itself narrows its answer by."""
        return frozenset(part for part, able in self.search.items() if able == "itself")


@dataclass(frozen=True)
class RecordQuery:
    """Ask for filings by number, as this office writes it (8 digits for a US serial).

    `kind` is "application", "registration" or "international".
    """

    numbers: tuple[str, ...]
    kind: Literal["application", "registration", "international"] = "application"


@dataclass(frozen=True)
class SearchQuery:
    """Ask for filings by owner, agent or mark; classes, dates and offices narrow the answer.

    The one question of every search: a source puts into its request what `Declaration.search` says it does
    `itself`, and leaves the rest, which is filtered afterwards. What changed since a day (`changed_since`) is
    asked by look-ups alone, by no sweep (README.md beside this file says why).
    `offices` (ST.3) is for sources that speak for many; empty means all.

    With `new` (the `of` of one of `Declaration.new_since`) it asks for all filings of a span of days, from
    `filed_since` to `filed_until`, both included. Without days it is the standing question of a watch, which
    is put span by span.
    """

    owner: str | None = None
    mark: str | None = None
    agent: str | None = None
    classes: tuple[int, ...] = ()
    filed_since: dt.date | None = None
    changed_since: dt.date | None = None
    offices: tuple[str, ...] = ()
    page: int = 1
    filed_until: dt.date | None = None
    new: str = ""

    @property
    def parts(self) -> tuple[Part, ...]:
        """The parts that this question holds, in the order in which people say them."""
        return tuple(part for part in get_args(Part) if getattr(self, part))


Query = RecordQuery | SearchQuery


@dataclass(frozen=True)
class Opening:
    """A page that is visited before a request, as anybody's browser would: it hands out a session.

    Its cookies live for this one request. Where the site wants the value of a cookie in a header too (a guard
    against forged forms), `cookie` and `header` name them.
    """

    path: str
    cookie: str = ""
    header: str = ""


@dataclass(frozen=True)
class Request:
    """One HTTP request: GET, or POST where there is a `body`, whose form `content_type` names.

    `path` is appended to the base URL (which configuration may point at loopback).

    Secrets never stand in `path` or `params`: `credential_header` names the header into which the
    network door puts the key of `Declaration.credential_env`.
    """

    path: str
    params: Mapping[str, str] = field(default_factory=dict)
    headers: Mapping[str, str] = field(default_factory=dict)
    credential_header: str | None = None
    accept: str = "*/*"
    body: bytes | None = None
    content_type: str = "application/json"
    query: Query | None = None  # what is being asked, so that `read` can tell what is missing
    opening: Opening | None = None  # visited first, for a session
    instead: Request | None = None  # asked when this one is not found: another form of the same record


@dataclass(frozen=True)
class Page:
    """Bytes as received, and what came with them. Never decoded before the parser."""

    body: bytes
    url: str = ""
    content_type: str = ""
    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)
    name: str = ""  # file name, for imports
    query: Query | None = None  # what was asked, if known
    fetched_at: dt.datetime | None = None  # UTC; None for an imported file


AsOfKind = Literal["printed", "looked", "given", "not_earlier_than"]


@dataclass(frozen=True)
class AsOf:
    """The instant the register's statement holds for (design law 18), as a day of the office's calendar.

    printed            the page says so ("Generated on …")
    looked             a live look: the day of the look
    given              the user said so (`import --as-of`)
    not_earlier_than   the latest past fact that stands in the record
    """

    day: dt.date
    kind: AsOfKind
    time: dt.time | None = None  # printed time of day, where there is one


@dataclass(frozen=True)
class Glance:
    """What tells, without reading a page, whether it says what an earlier page said.

    Two pages of one source with the same `digest` give the same reading but for `as_of`: the digest is
    over everything on the page that is not volatile, and over the reader (`sources.glance`). `as_of` is
    the printed stamp that was left out of it; None where nothing was left out: the pages are equal to the
    byte, and what the reader said of the day of the first holds for the second.
    """

    digest: str
    as_of: AsOf | None = None


@dataclass(frozen=True)
class Reading:
    """One record as read from one page.

    `as_of` is what the page prints, else the latest *past* fact in it (status, events, recordals,
    location; never a term such as a renewal or expiry, which may lie ahead), else None.
    `unclaimed` names what the page carries and the reader does not understand ("label `Foo:` = bar").
    `unknown_words` are status words or codes missing from our tables: the record says `unknown`.
    """

    record: TradeMark
    as_of: AsOf | None = None
    unclaimed: tuple[str, ...] = ()
    unknown_words: tuple[str, ...] = ()


@dataclass(frozen=True)
class Answer:
    """What one page answers.

    `missing` are numbers that were asked for and not answered: each becomes an `incomplete` look.
    `unread` names rows that were left out because nobody can tell whose they are: the others are stored, and
    the look as a whole is `incomplete`.
    `total` is the site's own count of a search, `rows` what this page held; `more` asks for the next page.
    """

    readings: tuple[Reading, ...]
    missing: tuple[str, ...] = ()
    total: int | None = None
    rows: int | None = None
    more: Request | None = None
    unread: tuple[str, ...] = ()


class Piece(NamedTuple):
    """One record of a file of many, as bytes that the source's `read` understands by themselves.

    `number` is the filing as the office writes it, or "" where a glance does not tell. The bytes are those
    of the file, so that their hash says whether the record has changed, without reading it.
    """

    number: str
    body: bytes


@runtime_checkable
class Bulk(Protocol):
    """A source whose files hold many records, too many to read at once (daily and annual files)."""

    def pieces(self, file: IO[bytes], where: str) -> Iterator[Piece]:
        """Cut the file into its records, in its order, with the memory of a few of them.

        Raises errors of the family of `read`; `Incomplete` for a file that does not reach its end comes
        last, after the records before it. Who must not act on half a file runs through it once before.
        """
        ...


@runtime_checkable
class Source(Protocol):
    """What every source object offers; modules name theirs `SOURCE`."""

    @property
    def declaration(self) -> Declaration:
        """Who, where, on what terms, how fast, what it covers."""
        ...

    def requests(self, query: Query) -> Sequence[Request]:
        """The first requests that answer `query`. Raises `UsageError` if this source cannot answer it."""
        ...

    def sniff(self, page: Page) -> int:
        """0…100: how surely this is a page of this source. Cheap; never raises."""
        ...

    def read(self, page: Page) -> Answer:
        """Read the page to its last row, or refuse it.

        Raises `NotThisSource`, `LayoutChanged`, `Incomplete`, `NotFound`, `Throttled`, `Blocked`,
        `Declined`, `LoginRequired` or `ServerFault`, and nothing else.
        """
        ...


@runtime_checkable
class Glances(Protocol):
    """What a source may offer besides: to tell cheaply that a page differs from another in its stamp only."""

    def glance(self, page: Page) -> tuple[bytes, AsOf | None] | None:
        """The page without its volatile parts, and the printed stamp that was among them; None for
        anything odd: no landmark, a stamp missing, doubled or unreadable. Never raises; a look costs it.

        The reader must give the same reading, but for the day, for any two pages of which this is equal.
        The day given here must be the one that the reader gives: where it is not, the page is read.
        """
        ...
