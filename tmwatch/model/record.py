"""The record itself, what differs between two of its states, and where it comes from."""

from __future__ import annotations

import datetime as dt
import functools
from collections.abc import Iterable
from typing import Any, Literal, TypeVar

from pydantic import Field

from tmwatch.model.base import FactKind, Frozen, Live, Phase, Significance, later_items, later_names
from tmwatch.model.parts import (
    Assignment,
    BasicMark,
    Designation,
    DesignCode,
    GoodsServices,
    MaintenanceFiling,
    MarkEvent,
    Party,
    Period,
    Priority,
    Proceeding,
    Publication,
    RelatedMark,
    Seniority,
)


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
    adds: frozenset[str] = later_names()  # … and of those, lists of which it gives single items only

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
    seniorities: tuple[Seniority, ...] = later_items()  # 350
    related_marks: tuple[RelatedMark, ...] = ()
    basic_marks: tuple[BasicMark, ...] = later_items()  # 821/822
    designations: tuple[Designation, ...] = later_items()  # 831/832/834, with the standing at each office
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


# The fields made by `later`, by the model they belong to; all models of this folder are gone through, so that
# none is forgotten.
LATER: dict[type[Frozen], tuple[str, ...]] = {
    kind: names
    for kind in Frozen.__subclasses__()
    if (names := tuple(name for name, field in kind.model_fields.items() if field.exclude_if is not None))
}


_Kind = TypeVar("_Kind", bound=Frozen)


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
