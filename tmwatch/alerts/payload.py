"""What an alert says, complete in itself: the mail, the webhook body and every screen render this.

It is written in the same transaction as the change it tells of (design law 5) and never recomputed,
so that a delivery tried two days later says what was true when the change was seen. Its JSON Schema
ships as `tmwatch/data/alert.schema.json`.
"""

from __future__ import annotations

import datetime as dt
from typing import Literal

from tmwatch.model import Change, FactKind, Frozen, Live, Phase, Significance

VERIFY = "Verify with the office before acting on this."

AlertKind = Literal[
    "filing.changed",
    "filing.new",
    "watch.baseline",
    "source.health",
    "delivery.health",
    "deadline.due",
    "digest",
    "test",
]

# Three things that are never mixed (design law 19).
Newness = Literal["newly filed", "newly listed", "new to your watch"]


class HandPage(Frozen):
    """A page of a register that somebody has to save, because no program may ask for it."""

    number: str  # as people write it: "US 76044902"
    mark: str = ""
    link: str | None = None  # the register's own page
    read_on: dt.date | None = None  # the day up to which it is known; None: it was never read


class HandWork(Frozen):
    """What is to be saved by hand now for a watch at an office; `first` only where it is little."""

    pages: int
    never: int = 0  # of these, how many were never read
    oldest_days: int | None = None  # of those that were read
    first: tuple[HandPage, ...] = ()


class HandSearch(Frozen):
    """A search that only a person can make at an office for a watch."""

    names: tuple[str, ...]
    link: str | None = None  # where the register's own search begins; its address holds no name


class CoverageLine(Frozen):
    """For one watch and office: is it looked at, and if not, why (design law 17)."""

    office: str  # ST.3
    trigger: Literal["numbers", "owners", "agents", "marks", "filings"]
    state: Literal["live", "import only", "not watched"]
    source: str | None = None
    why: str = ""
    by_hand: HandWork | None = None  # where pages are to be saved by hand: how many, and how old they are
    search: HandSearch | None = None  # where names are to be searched by hand
    # Where the register is read for all that is new: what was entered by that day has been seen.
    read_to: dt.date | None = None


class Near(Frozen):
    """How near the mark of a filing comes to a watched name. Of likeness, never of what follows in law."""

    to: str  # the watched name
    level: int  # 1 (near identical) to 4 (distant)
    score: float = 0.0  # 0 to 1; orders the filings of a level
    reasons: tuple[str, ...] = ()  # "same sound: SEIKO / SEYCOS"


class DueLine(Frozen):
    """A deadline of a filing: computed, or printed by the office; to be verified there either way."""

    day: dt.date  # the one to work to
    what: str  # "opposition"
    rule: str  # "US opposition"
    basis: str  # the law
    source: Literal["computed", "office"] = "computed"
    link: str | None = None  # an address of the law
    notes: tuple[str, ...] = ()  # other dates, extensions, what the calendar does not know


class MutedPart(Frozen):
    """A field that changed too, and that a mute keeps out of what is told."""

    field: str
    until: str  # as the configuration says it: "2026-12-31", "2026-12-31 18:00+01:00"
    reason: str = ""


class MarkCard(Frozen):
    """One filing within an alert: enough to act without opening tmwatch."""

    st13: str
    office: str
    application_number: str | None = None
    registration_number: str | None = None
    mark: str = ""  # "" for a mark without words
    owners: tuple[str, ...] = ()
    classes: tuple[str, ...] = ()
    status_code: str | None = None
    status_text: str | None = None
    status_date: dt.date | None = None
    phase: Phase = Phase.UNKNOWN
    live: Live = Live.UNKNOWN
    tm5_csd: str | None = None
    application_date: dt.date | None = None
    registration_date: dt.date | None = None
    first_seen: dt.datetime | None = None  # UTC, by us
    newness: Newness | None = None
    why: str = ""  # which trigger fired for it, and which filters held
    near: Near | None = None  # where a watched name found it
    docket_ref: str | None = None
    client: str | None = None
    responsible: str | None = None
    link: str | None = None  # the register's own page
    source: str = ""
    facts: FactKind = FactKind.REGISTER
    as_of: dt.date | None = None
    as_of_kind: str | None = None
    changes: tuple[Change, ...] = ()
    muted: tuple[MutedPart, ...] = ()  # what changed too and is muted; it raises no alert by itself
    dues: tuple[DueLine, ...] = ()  # the next deadlines that matter to the watch's role, soonest first


class ClassMark(Frozen):
    """One mark in a class of a campaign, with the filings that claim it there."""

    mark: str = ""  # "" for a mark without words
    numbers: tuple[str, ...] = ()  # as people write them: "CN 00000021"


class ClassLine(Frozen):
    """One class of a campaign."""

    number: str = ""  # Nice class; "" for filings whose source gives no class
    name: str = ""  # short title in English
    name_zh: str = ""  # the customary one in Chinese
    marks: tuple[ClassMark, ...] = ()
    new: bool = False  # the owner never filed in it before, as far as its earlier filings are stored


class LookedInto(Frozen):
    """One of the stores in which an owner's earlier filings were looked for."""

    store: Literal["database", "register"]  # the latter is the optional store of a whole register
    filings: int = 0  # that stand in it, whoever filed them, besides those of the campaign
    offices: tuple[str, ...] = ()  # of which they are
    since: dt.date | None = None  # day (UTC) on which its first filing was stored
    found: int = 0  # earlier filings of the owner
    readable: bool = True  # False: it could not be asked


class Earlier(Frozen):
    """What is new against the owner's earlier filings. They are those that are stored, not the register's:
    of `stored` = 0 nothing follows about the register, and nothing is called new."""

    stored: int = 0
    looked: tuple[LookedInto, ...] = ()  # empty in alerts of older versions, which knew the database only
    complete: bool = True  # False: more are stored, and only the newest were compared
    first: dt.date | None = None  # filing dates of the earlier filings
    last: dt.date | None = None
    new_classes: tuple[str, ...] = ()
    new_names: tuple[str, ...] = ()  # marks of a name that none of them bears
    new_words: tuple[str, ...] = ()  # and words in them that stand in none of them
    new_offices: tuple[str, ...] = ()
    unknown_offices: tuple[str, ...] = ()  # of which nothing else is stored, so that nothing is said of them
    quiet_months: int | None = None  # whole months since the last of them, where they are many


class Campaign(Frozen):
    """Filings of one owner within some weeks; each has its own card in the alert too."""

    owners: tuple[str, ...] = ()
    filings: int
    first_filed: dt.date | None = None
    last_filed: dt.date | None = None
    offices: tuple[str, ...] = ()
    marks: tuple[str, ...] = ()
    st13: tuple[str, ...] = ()
    classes: tuple[ClassLine, ...] = ()
    earlier: Earlier = Earlier()


class FieldCount(Frozen):
    """A field of the record, and in how many filings of a mass it changed."""

    field: str
    filings: int


class MassExample(Frozen):
    """One filing of a mass; `field` is empty where it was not found."""

    number: str  # as people write it: "US 76044902"
    mark: str = ""
    field: str = ""
    old: str = ""
    new: str = ""


class Mass(Frozen):
    """So many filings of one source changed or were not found in one pass that it is rather the register."""

    source: str
    state: Literal["open", "released", "dropped", "time", "back"] = "open"  # what became of it
    changed: int = 0
    gone: int = 0  # not found where they had been found
    looked: int = 0  # known filings of that source that the pass looked at
    back: int = 0  # of those, how many are as they were before
    fields: tuple[FieldCount, ...] = ()  # what changed most
    examples: tuple[MassExample, ...] = ()
    held: int = 0  # alerts that are held for it
    until: dt.datetime | None = None  # when they go by themselves (UTC)


class HeldNote(Frozen):
    """Why a message comes late: it was held for a mass."""

    source: str
    since: dt.datetime  # UTC
    changed: int = 0
    gone: int = 0
    looked: int = 0


class DigestItem(Frozen):
    """An alert that a digest takes in."""

    alert: int  # its number
    kind: AlertKind
    watch: str
    role: str = "observed"
    significance: Significance
    sample: bool = False
    headline: str = ""  # empty where it quotes an address that is left out
    detail: str = ""
    made_at: dt.datetime  # UTC
    filings: int = 0  # all that it tells of
    cards: tuple[MarkCard, ...] = ()  # the first of them; those with dates always
    held: HeldNote | None = None  # it was held before


class DigestDue(Frozen):
    """A deadline that comes until some days after the next digest, or is told here for the first time."""

    st13: str
    number: str  # as people write it: "US 76044902"
    mark: str = ""
    sample: bool = False
    docket_ref: str | None = None
    watches: tuple[str, ...] = ()
    line: DueLine
    days_left: int  # at the office, on the day of the digest
    link: str | None = None  # the register's own page


class DigestLook(Frozen):
    """What one register was asked for one watch, and how that stands."""

    watch: str
    source: str
    state: Literal["fresh", "late", "failing", "never looked"]
    asked: int  # questions: filings, names, or the files of a register
    seen: int  # of these, answered in time
    oldest: dt.datetime | None = None  # when that was answered that was answered longest ago; UTC
    latest: dt.datetime | None = None
    since: dt.datetime | None = None  # since when the register fails
    unseen: tuple[str, ...] = ()  # the first questions that were not answered, and why


class DigestGap(Frozen):
    """What a watch does not ask of an office by itself."""

    watch: str
    line: CoverageLine


class Digest(Frozen):
    """What a recipient's digest holds. "Looked at" is what was answered in time, never what was asked."""

    recipient: str
    every: Literal["daily", "weekly"]
    since: dt.datetime  # the one before, or since when there is to be one; UTC
    until: dt.datetime
    next: dt.datetime  # when the next one is to come
    timezone: str = "UTC"  # the recipient's, by which days are counted
    items: tuple[DigestItem, ...] = ()  # by watch, in the order of the configuration
    changes: int = 0  # what befell `changed` filings
    changed: int = 0
    new: int = 0  # new filings
    dues: tuple[DigestDue, ...] = ()  # soonest first
    dues_until: dt.date
    questions: int = 0  # asked of registers for the recipient's watches, each once
    seen: int = 0
    by_number: bool = True  # each question is a filing
    looks: tuple[DigestLook, ...] = ()  # what is not as it should be first
    gaps: tuple[DigestGap, ...] = ()
    by_hand: tuple[str, ...] = ()  # offices (ST.3) of which only a person can bring anything
    at_once: int = 0  # alerts that could not wait, sent since the one before
    held: int = 0  # deliveries that wait until somebody releases them
    silenced: int = 0  # changes and new filings that a mute kept back since the one before
    muted: tuple[str, ...] = ()  # what is muted until when, a sentence each


class AlertPayload(Frozen):
    """One alert: what happened to one filing, to a group changed together, or a day's new filings."""

    kind: AlertKind
    watch: str
    role: str = "observed"  # own / adverse / observed
    significance: Significance
    sample: bool = False  # any fact in it is sample: `[SAMPLE]` stands wherever it shows
    headline: str = ""  # English, one line, no control characters: "PYTHON (US 76044902): status …"
    why: str = ""  # which trigger fired, and which filters held
    cards: tuple[MarkCard, ...] = ()  # of new filings the nearest first
    campaigns: tuple[Campaign, ...] = ()  # of those cards: what one owner filed within some weeks
    coverage: tuple[CoverageLine, ...] = ()
    detail: str = ""  # for health and watch.baseline: what happened, what to do
    mass: Mass | None = None  # for source.health: many filings of a source at once
    held: HeldNote | None = None  # it was held before it was sent; no part of what it tells
    note: str = VERIFY
    digest: Digest | None = None  # of a digest, which has nothing else
