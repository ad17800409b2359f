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

AlertKind = Literal["filing.changed", "filing.new", "watch.baseline", "source.health", "delivery.health"]

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
    trigger: Literal["numbers", "owners", "agents", "marks"]
    state: Literal["live", "import only", "not watched"]
    source: str | None = None
    why: str = ""
    by_hand: HandWork | None = None  # where pages are to be saved by hand: how many, and how old they are
    search: HandSearch | None = None  # where names are to be searched by hand


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
    docket_ref: str | None = None
    client: str | None = None
    responsible: str | None = None
    link: str | None = None  # the register's own page
    source: str = ""
    facts: FactKind = FactKind.REGISTER
    as_of: dt.date | None = None
    as_of_kind: str | None = None
    changes: tuple[Change, ...] = ()


class AlertPayload(Frozen):
    """One alert: one thing that happened, to one filing or to a group filed or changed together."""

    kind: AlertKind
    watch: str
    role: str = "observed"  # own / adverse / observed
    significance: Significance
    sample: bool = False  # any fact in it is sample: `[SAMPLE]` stands wherever it shows
    headline: str = ""  # English, one line, no control characters: "PYTHON (US 76044902): status …"
    why: str = ""  # which trigger fired, and which filters held
    cards: tuple[MarkCard, ...] = ()
    coverage: tuple[CoverageLine, ...] = ()
    detail: str = ""  # for health and watch.baseline: what happened, what to do
    note: str = VERIFY
