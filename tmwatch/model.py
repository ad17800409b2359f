"""The vocabulary: what a register says about one trade mark, as frozen values.

Names follow WIPO ST.96; the INID code of each field (WIPO ST.60) stands beside it. Nothing here
knows a source, a store or a watch.

Three kinds of "nothing" are told apart, because confusing them raises false alerts:

* a field whose name is **not in `TradeMark.covers`** was not given by this source at all;
* a field that is in `covers` and is `None`, `""` or `()` was given, and is empty on the register;
* inside a `Party`, `GoodsServices`, `MarkEvent` … `None` means "not given", `""` or `()` "given, empty".

A list page that shows five fields therefore never removes the other twenty.

A feed says of a list what is new in it, not the whole list: one proceeding of a mark, the movements of one
week. The names of such lists stand in `TradeMark.adds` too: what is given is added to what is known, or
replaces its twin there, and nothing is ever removed by it.
"""

from __future__ import annotations

import datetime as dt
import functools
from collections.abc import Iterable
from enum import StrEnum
from typing import Annotated, Any, Literal, TypeVar

from pydantic import BaseModel, ConfigDict, Field, computed_field, model_validator

SCHEMA_VERSION = "1"


class Frozen(BaseModel):
    """Immutable, comparable by value, refuses fields it does not know."""

    model_config = ConfigDict(frozen=True, extra="forbid")


_Kind = TypeVar("_Kind", bound=Frozen)


def _is_none(value: Any) -> bool:
    return value is None


def _is_empty(value: Any) -> bool:
    return value in ((), frozenset())


def _later() -> Any:
    """A field that came after records had been stored, or that most have not: None stands in no JSON.

    A record of before keeps its JSON and its hash, so that no filing gets a version by an upgrade alone;
    `LATER` names these fields for whoever writes JSON without pydantic (`store.timeline`).
    """
    return Field(default=None, exclude_if=_is_none)


def _later_items() -> Any:
    """The same for a list of the record itself."""
    return Field(default=(), exclude_if=_is_empty)


def _later_names() -> Any:
    """The same for names of fields."""
    return Field(default=frozenset(), exclude_if=_is_empty)


class Live(StrEnum):
    """Does the right or the application still exist? An empty or unknown status is never `dead`."""

    LIVE = "live"
    DEAD = "dead"
    UNKNOWN = "unknown"


class Phase(StrEnum):
    """Where the filing stands, in one vocabulary for all offices (the office's own word stays beside it)."""

    FILED = "filed"
    EXAMINATION = "examination"
    ACTION_PENDING = "action_pending"
    SUSPENDED = "suspended"
    APPEAL = "appeal"
    ACCEPTED = "accepted"
    PUBLISHED = "published"
    OPPOSED = "opposed"
    ALLOWED = "allowed"
    REGISTERED = "registered"
    REGISTERED_OPPOSABLE = "registered_opposable"
    REGISTERED_OPPOSED = "registered_opposed"
    CANCELLATION_PENDING = "cancellation_pending"
    RENEWAL_DUE = "renewal_due"
    TRANSFORMATION_PENDING = "transformation_pending"
    REFUSED = "refused"
    WITHDRAWN = "withdrawn"
    ABANDONED = "abandoned"
    SURRENDERED = "surrendered"
    CANCELLED = "cancelled"
    INVALIDATED = "invalidated"
    EXPIRED = "expired"
    MERGED = "merged"
    UNKNOWN = "unknown"


class Significance(StrEnum):
    """How much a change matters, from `cosmetic` (kept, never alerted) to `critical`."""

    COSMETIC = "cosmetic"
    LOW = "low"
    MEDIUM = "medium"
    HIGH = "high"
    CRITICAL = "critical"

    @property
    def rank(self) -> int:
        """0 (cosmetic) … 4 (critical)."""
        return list(Significance).index(self)


class FactKind(StrEnum):
    """How we come to know a fact; shown wherever the fact is (design law 19)."""

    REGISTER = "register"
    AGGREGATOR = "aggregator"
    REPORTED = "reported"
    SAMPLE = "sample"


# A register date that may lack its day or month: "2013-05", "1995" (US first-use dates are yyyymm00).
PartialDate = Annotated[str, Field(pattern=r"^(\d{4}(-\d{2}(-\d{2})?)?)?$")]


class Party(Frozen):
    """An owner, applicant, representative or correspondent, verbatim as the source shows it.

    Two parties are compared by `changes.party_key` (folded), never by `==`: offices respell and
    re-wrap addresses without anything having changed.
    """

    name: str
    name_local: str | None = None
    aliases: tuple[str, ...] | None = None  # "DBA …", "formerly …"
    organisation: str | None = None  # firm of an attorney or correspondent
    role: str | None = None  # the office's words: "ORIGINAL REGISTRANT", "Attorney of Record"
    role_code: str | None = None  # the office's code: US party type "30"
    sequence: int | None = None  # place among entries of the same role, from 1
    identifier: str | None = None  # the office's own number for the party
    legal_form: str | None = None
    organised_in_country: str | None = None  # ST.3
    organised_in_state: str | None = None  # full name, upper case
    address_lines: tuple[str, ...] | None = None
    city: str | None = None
    state: str | None = None  # full name, upper case
    postcode: str | None = None
    country: str | None = None  # ST.3
    phones: tuple[str, ...] | None = None
    emails: tuple[str, ...] | None = None
    note: str | None = None  # "BY CHANGE OF NAME", "composed of …"


class GoodsText(Frozen):
    """The specification of one class in one language. `original`: the language of the application."""

    language: str  # ISO 639-1, lower case: "fr"
    text: str
    original: bool = False


class GoodsServices(Frozen):
    """One class of the specification (INID 511)."""

    class_number: str  # "9" … "45"; US also "A", "B", "200" (certification and collective marks)
    edition: str | None = None  # e.g. "10-2015"; records keep the edition of their filing
    text: str | None = None  # verbatim, marks such as [..] ((..)) *..* included
    status_code: str | None = None
    status_text: str | None = None
    status_date: dt.date | None = None
    first_use: PartialDate | None = None
    first_use_in_commerce: PartialDate | None = None
    basis: tuple[str, ...] | None = None  # "1(a)", "1(b)", "44(d)", "44(e)", "66(a)", "no basis"
    national_classes: tuple[str, ...] | None = None
    other_classes: tuple[str, ...] | None = None  # further international classes of the same text
    language: str | None = _later()  # of `text`, where the source gives several: "en"
    # The same goods in the source's further languages; () is "in no other", None "not given".
    other_texts: tuple[GoodsText, ...] | None = _later()

    @model_validator(mode="before")
    @classmethod
    def _computed_is_recomputed(cls, data: Any) -> Any:
        """Our own JSON carries `nice_class`; reading it back must not stumble over it."""
        if isinstance(data, dict) and "nice_class" in data:
            return {name: value for name, value in data.items() if name != "nice_class"}
        return data

    @computed_field  # type: ignore[prop-decorator]
    @property
    def nice_class(self) -> int | None:
        """The class as a Nice number 1–45, or None for a national class such as US "A"."""
        number = int(self.class_number) if self.class_number.isdigit() else 0
        return number if 1 <= number <= 45 else None


class EventFact(Frozen):
    """One labelled thing that an entry of the history holds: a day, offices, a text, goods of a class.

    `kind` is our word for a label that we know ("notified", "received", "limited to"), else the office's
    label itself. Just one of `date`, `offices` and `text` is given.
    """

    kind: str
    inid: str | None = _later()  # WIPO ST.60
    date: dt.date | None = _later()
    offices: tuple[str, ...] | None = _later()  # ST.3
    text: str | None = _later()  # "" is "shown empty"
    class_number: str | None = _later()  # of goods
    language: str | None = _later()  # of the text, lower case


class EventDetails(Frozen):
    """What an entry of the history says besides its words and its day."""

    offices: tuple[str, ...] | None = _later()  # the designated offices that it names, ST.3
    gazette: str | None = _later()  # "2015/38 Gaz"
    document: str | None = _later()  # the office's number of the paper behind it
    undated: bool | None = _later()  # the source gives no day: that of the entry before it stands in `date`
    facts: tuple[EventFact, ...] = ()
    parties: tuple[Party, ...] = ()


class MarkEvent(Frozen):
    """One entry of the prosecution history. `number` is the office's entry number, oldest = 1."""

    date: dt.date
    text: str
    code: str | None = None  # without the office's type letter
    type: str | None = None  # US one-letter event type
    number: int | None = None
    proceeding: str | None = None  # number in the "proceeding" column; "" when shown empty
    details: EventDetails | None = _later()


class Publication(Frozen):
    """INID 441/442/450."""

    date: dt.date | None = None
    gazette: str | None = None
    issue: str | None = None
    section: str | None = None


class Period(Frozen):
    """An opposition period as the office prints it, or as computed."""

    start: dt.date | None = None
    end: dt.date | None = None
    source: Literal["office", "computed"] = "office"


class Priority(Frozen):
    """Paris priority or the foreign registration relied on (INID 300)."""

    country: str | None = None  # ST.3
    number: str | None = None
    date: dt.date | None = None
    registration_number: str | None = None
    registration_date: dt.date | None = None
    expiry_date: dt.date | None = None
    status: str | None = None  # "Claimed"
    partial: bool | None = _later()  # for a part of the goods only


class Seniority(Frozen):
    """An older national right in a member state that an EU trade mark takes over (INID 350)."""

    country: str | None = None  # ST.3
    kind: str | None = None  # the office's words: national or international registration
    number: str | None = None
    date: dt.date | None = None
    registration_number: str | None = None
    registration_date: dt.date | None = None
    priority_date: dt.date | None = None
    status: str | None = None
    partial: bool | None = None  # for a part of the goods only


class RelatedMark(Frozen):
    """Another filing this one points at: division parent or child, claimed prior registration …"""

    kind: str
    number: str
    office: str | None = None


class BasicMark(Frozen):
    """The national filing that an international registration rests on (INID 821, 822)."""

    kind: Literal["application", "registration"]
    office: str | None = None  # ST.3
    number: str | None = None
    date: dt.date | None = None


class Designation(Frozen):
    """One office for which an international registration asks protection, and how it stands there.

    The register prints no such word: `standing` is ours, from the last entry of the history that decides
    it for this office (`standing_event`, `standing_date`). It says what the record shows, not what the law
    concludes: "no_refusal_in_time" is "the time limit has passed, and no refusal is in the record".
    """

    office: str  # ST.3
    listed: bool = True  # among the designations of today; False: it was designated once
    treaty: Literal["agreement", "protocol", "protocol_9sexies"] | None = None  # 831, 832, 834
    date: dt.date | None = None  # effect: the registration (151) or the subsequent designation (891)
    notified: dt.date | None = None  # 581: the time limit to notify a refusal starts here
    refusal_months: int | None = None  # 12 or 18, as the office has declared
    refusal_deadline: dt.date | None = None  # computed from the two
    use_declared: bool | None = None  # 527: a declaration of the intention to use
    standing: str = "unknown"
    phase: Phase = Phase.UNKNOWN
    live: Live = Live.UNKNOWN
    standing_event: str | None = None  # the words of the entry it follows from
    standing_date: dt.date | None = None


class DesignCode(Frozen):
    """A figurative code: US design search code or Vienna class (INID 531)."""

    code: str
    descriptions: tuple[str, ...] | None = None


class Assignment(Frozen):
    """A recorded conveyance of title."""

    reel_frame: str  # "2849/0875": identity of the recordation at the USPTO
    conveyance: str | None = None
    executed: dt.date | None = None
    recorded: dt.date | None = None
    received: dt.date | None = None
    pages: int | None = None
    assignors: tuple[Party, ...] = ()
    assignees: tuple[Party, ...] = ()
    correspondent: Party | None = None
    group: str | None = None  # "Ownership and Name Change", "Others"
    document: str | None = None


class ProceedingMark(Frozen):
    """A mark that a side of a proceeding relies on or defends: words alone where the law needs no number."""

    mark: str | None = None
    application_number: str | None = None
    registration_number: str | None = None
    identifier: str | None = None  # the office's own number of the entry
    related: tuple[str, ...] | None = None  # other proceedings named with it: "2022-100123 expungement"


class ProceedingParty(Frozen):
    """A side of an opposition or cancellation."""

    role: str
    name: str
    role_code: str | None = _later()  # TTAB: P, D
    organisation: str | None = _later()
    identifier: str | None = _later()  # the office's own number of the party
    marks: tuple[ProceedingMark, ...] | None = _later()
    correspondents: tuple[Party, ...] | None = _later()


class ProceedingEntry(Frozen):
    """One entry of a proceeding's docket. `number` is the office's, oldest = 1."""

    date: dt.date | None
    text: str
    number: int | None = None
    code: str | None = None
    type: str | None = None
    due: dt.date | None = None  # what is due by it, where the entry starts a term


class Proceeding(Frozen):
    """Opposition, cancellation, extension or appeal (at the TTAB for US marks)."""

    kind: str
    number: str
    filed: dt.date | None = None
    status: str | None = None
    status_date: dt.date | None = None
    parties: tuple[ProceedingParty, ...] = ()
    kind_code: str | None = _later()  # TTAB: OPP, CAN, EXT …
    status_code: str | None = _later()
    attorney: str | None = _later()  # the board's own, who handles it
    attorney_number: str | None = _later()
    location: str | None = _later()
    location_date: dt.date | None = _later()
    charged_to: str | None = _later()
    docket: tuple[ProceedingEntry, ...] | None = _later()  # oldest first


class MaintenanceFiling(Frozen):
    """A post-registration filing and what became of it: section "8", "Accepted"."""

    section: str
    text: str | None = None
    decision: str | None = None


class Change(Frozen):
    """One thing that differs between two states of a record, in words a reader can act on.

    `key` tells items of a list apart: the class ("9"), the event ("2014-02-10#2"), the reel/frame.
    `old` and `new` are display text; None means "there was nothing" or "nothing is left".
    `terms_added` and `terms_removed` name the goods of one class that came or went.
    """

    field: str
    kind: Literal["added", "removed", "changed", "reworded"]
    significance: Significance
    key: str = ""
    old: str | None = None
    new: str | None = None
    date: dt.date | None = None  # the office's date of the change, where it gives one
    terms_added: tuple[str, ...] = ()
    terms_removed: tuple[str, ...] = ()


class Provenance(Frozen):
    """Where a record comes from. Stands beside the record, never takes part in comparisons."""

    source: str
    kind: FactKind = FactKind.REGISTER
    url: str | None = None
    as_of: dt.date | None = None
    as_of_kind: Literal["printed", "looked", "given", "not_earlier_than"] | None = None
    fetched_at: str | None = None  # UTC instant, ISO 8601
    sha256: str | None = None
    parser_version: str | None = None


class TradeMark(Frozen):
    """What one register says about one filing. Identity is `st13` (office + number), nothing else."""

    # -- identity: always given ------------------------------------------------------------------
    office: str  # WIPO ST.3
    st13: str = Field(pattern=r"^[A-Z]{2}[0-9A-Z]{2}\d{4}[0-9A-Z]{9}$")  # WIPO ST.13, 17 characters
    covers: frozenset[str] = frozenset()  # the names of the fields below that this source gives
    adds: frozenset[str] = _later_names()  # … and of those, lists of which it gives single items only

    # -- numbers ---------------------------------------------------------------------------------
    application_number: str | None = None  # 210
    registration_number: str | None = None  # 111
    international_registration_number: str | None = None  # 111/116
    filing_route: str | None = None  # direct / madrid_designation / …

    # -- dates -----------------------------------------------------------------------------------
    application_date: dt.date | None = None  # 220
    registration_date: dt.date | None = None  # 151
    publications: tuple[Publication, ...] = ()  # 441/442/450
    opposition_period: Period | None = None
    allowance_date: dt.date | None = None  # US notice of allowance
    expiry_date: dt.date | None = None  # 180
    renewal_dates: tuple[dt.date, ...] = ()  # 156
    termination_date: dt.date | None = None  # 141
    termination_kind: str | None = None  # abandoned / cancelled / …
    register_amended_date: dt.date | None = None

    # -- status: the office's own words, then ours -------------------------------------------------
    status_code: str | None = None
    status_text: str | None = None
    status_date: dt.date | None = None
    status_phase: Phase = Phase.UNKNOWN
    status_live: Live = Live.UNKNOWN
    tm5_csd: str | None = None  # TM5 common status descriptor
    tm5_source: Literal["office", "computed"] | None = None

    # -- the mark --------------------------------------------------------------------------------
    verbal_element: str | None = None  # 540/541
    mark_feature: str | None = None  # 550/554–558, ST.96 MarkFeatureCategory in lower case
    mark_feature_code: str | None = None  # the office's code: US drawing code
    mark_category: tuple[str, ...] = ()  # ST.96 MarkCategory: "Trademark", "Service mark" …
    standard_characters: bool | None = None  # 541
    transliteration: str | None = None  # 561
    translation: str | None = None  # 566
    pseudo_mark: str | None = None
    description: str | None = None  # 571
    disclaimer: str | None = None  # 526
    colour_claim: str | None = None  # 591
    lining_stippling: str | None = None
    acquired_distinctiveness: str | None = None  # 521: "in whole", "in part", ""
    design_codes: tuple[DesignCode, ...] = ()  # 531 or the office's own
    image: str | None = None  # file name or address as the source gives it
    register_kind: str | None = None  # "Principal", "Supplemental"

    # -- goods and services ------------------------------------------------------------------------
    classes: tuple[GoodsServices, ...] = ()  # 511
    filing_basis: tuple[str, ...] = ()
    current_basis: tuple[str, ...] = ()
    amended_basis: tuple[str, ...] = ()

    # -- people ----------------------------------------------------------------------------------
    owners: tuple[Party, ...] = ()  # 730: who owns it now
    owner_history: tuple[Party, ...] = ()  # every entry, the current one included, oldest first
    representatives: tuple[Party, ...] = ()  # 740
    docket_number: str | None = None  # the representative's own reference
    domestic_representative: Party | None = None
    correspondence: Party | None = None  # 750

    # -- links -----------------------------------------------------------------------------------
    priorities: tuple[Priority, ...] = ()  # 300
    seniorities: tuple[Seniority, ...] = _later_items()  # 350
    related_marks: tuple[RelatedMark, ...] = ()
    basic_marks: tuple[BasicMark, ...] = _later_items()  # 821/822
    designations: tuple[Designation, ...] = _later_items()  # 831/832/834, with the standing at each office
    assignments: tuple[Assignment, ...] = ()
    proceedings: tuple[Proceeding, ...] = ()
    maintenance_filings: tuple[MaintenanceFiling, ...] = ()
    registration_changed: bool | None = None  # "Change in Registration: Yes"
    registration_correction: str | None = None
    registration_amendment: str | None = None

    # -- history and the office's housekeeping -------------------------------------------------------
    events: tuple[MarkEvent, ...] = ()  # 580, oldest first
    latest_step: str | None = None  # the one step a list source shows, without the whole history
    latest_step_date: dt.date | None = None
    examiner: str | None = None
    law_office: str | None = None
    location: str | None = None
    location_date: dt.date | None = None

    provenance: Provenance | None = None

    def gives(self, field: str) -> bool:
        """Whether the source says anything about `field`, be it that it is empty."""
        return field in self.covers

    @property
    def class_numbers(self) -> tuple[str, ...]:
        """The classes in which the filing stands, in order, each once."""
        return tuple(dict.fromkeys(item.class_number for item in self.classes))


# The fields made by `_later`, by the model they belong to; all models of this file are gone through, so that
# none is forgotten.
LATER: dict[type[Frozen], tuple[str, ...]] = {
    kind: names
    for kind in Frozen.__subclasses__()
    if (names := tuple(name for name, field in kind.model_fields.items() if field.exclude_if is not None))
}


@functools.cache
def _defaults(kind: type[Frozen]) -> dict[str, Any]:
    return {name: field.default for name, field in kind.model_fields.items()}


def trusted(kind: type[_Kind], all_values: Iterable[dict[str, Any]]) -> tuple[_Kind, ...]:
    """The same as `kind(**values)` of each, without the check: for values that a reader has just made.

    Every value must have its field's own type already, and every field without a default must be there.
    """
    new, put, defaults = kind.__new__, object.__setattr__, _defaults(kind)
    found = []
    for values in all_values:
        one = new(kind)
        put(one, "__dict__", {**defaults, **values})
        put(one, "__pydantic_fields_set__", set(values))
        put(one, "__pydantic_extra__", None)
        put(one, "__pydantic_private__", None)
        found.append(one)
    return tuple(found)


# Fields of TradeMark that describe the record itself; all others can be in `covers`.
NOT_FIELDS = frozenset({"office", "st13", "covers", "adds", "provenance"})
FIELDS: tuple[str, ...] = tuple(name for name in TradeMark.model_fields if name not in NOT_FIELDS)

_FIELDS = frozenset(FIELDS)
# Lists whose items have an identity of their own, so that one can be added without naming the others.
ADDABLE = frozenset({"events", "proceedings", "publications"})


def make_record(office: str, st13: str, *, adds: Iterable[str] = (), **given: Any) -> TradeMark:
    """A record that covers exactly the fields passed, `None` and empty ones included.

    A reader passes every field its page shows, so that "shown empty" and "not shown" stay apart:
    `make_record("US", st13, disclaimer=None)` says the register shows no disclaimer. `adds` names those
    of the lists given that are a part of what the register has.

    Raises `pydantic.ValidationError` on a wrong type and `ValueError` on a name that is no field.
    """
    if unknown := given.keys() - _FIELDS:
        raise ValueError(f"not fields of a trade mark record: {sorted(unknown)}")
    added = frozenset(adds)
    if not added <= ADDABLE & given.keys():
        raise ValueError(f"not lists that are given and can be added to: {sorted(added)}")
    values = {name: value for name, value in given.items() if value is not None}
    return TradeMark(office=office, st13=st13, covers=frozenset(given), adds=added, **values)
