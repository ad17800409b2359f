"""What a record is put together from: people, goods, events, dates, links, proceedings."""

from __future__ import annotations

import datetime as dt
from typing import Any, Literal

from pydantic import computed_field, model_validator

from tmwatch.model.base import Frozen, Live, PartialDate, Phase, later


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
    language: str | None = later()  # of `text`, where the source gives several: "en"
    # The same goods in the source's further languages; () is "in no other", None "not given".
    other_texts: tuple[GoodsText, ...] | None = later()

    @model_validator(mode="before")
    @classmethod
    def _computed_is_recomputed(cls, data: Any) -> Any:
        """Our own JSON carries `nice_class`; reading it back must not stumble over it."""
        if isinstance(data, dict) and "nice_class" in data:
            return {name: value for name, value in data.items() if name != "nice_class"}
        return data

    @computed_field  # type: ignore[prop-decorator]  # mypy knows no decorator above a property
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
    inid: str | None = later()  # WIPO ST.60
    date: dt.date | None = later()
    offices: tuple[str, ...] | None = later()  # ST.3
    text: str | None = later()  # "" is "shown empty"
    class_number: str | None = later()  # of goods
    language: str | None = later()  # of the text, lower case


class EventDetails(Frozen):
    """What an entry of the history says besides its words and its day."""

    offices: tuple[str, ...] | None = later()  # the designated offices that it names, ST.3
    gazette: str | None = later()  # "2015/38 Gaz"
    document: str | None = later()  # the office's number of the paper behind it
    undated: bool | None = later()  # the source gives no day: that of the entry before it stands in `date`
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
    details: EventDetails | None = later()


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
    partial: bool | None = later()  # for a part of the goods only


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
    role_code: str | None = later()  # TTAB: P, D
    organisation: str | None = later()
    identifier: str | None = later()  # the office's own number of the party
    marks: tuple[ProceedingMark, ...] | None = later()
    correspondents: tuple[Party, ...] | None = later()


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
    kind_code: str | None = later()  # TTAB: OPP, CAN, EXT …
    status_code: str | None = later()
    attorney: str | None = later()  # the board's own, who handles it
    attorney_number: str | None = later()
    location: str | None = later()
    location_date: dt.date | None = later()
    charged_to: str | None = later()
    docket: tuple[ProceedingEntry, ...] | None = later()  # oldest first


class MaintenanceFiling(Frozen):
    """A post-registration filing and what became of it: section "8", "Accepted"."""

    section: str
    text: str | None = None
    decision: str | None = None
