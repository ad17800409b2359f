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

from tmwatch.model.base import FactKind, Frozen, Live, PartialDate, Phase, Significance
from tmwatch.model.parts import (
    Assignment,
    BasicMark,
    Designation,
    DesignCode,
    EventDetails,
    EventFact,
    GoodsServices,
    GoodsText,
    MaintenanceFiling,
    MarkEvent,
    Party,
    Period,
    Priority,
    Proceeding,
    ProceedingEntry,
    ProceedingMark,
    ProceedingParty,
    Publication,
    RelatedMark,
    Seniority,
)
from tmwatch.model.record import (
    ADDABLE,
    FIELDS,
    LATER,
    NOT_FIELDS,
    Change,
    Provenance,
    TradeMark,
    make_record,
    trusted,
)

SCHEMA_VERSION = "1"

__all__ = [
    "ADDABLE",
    "Assignment",
    "BasicMark",
    "Change",
    "DesignCode",
    "Designation",
    "EventDetails",
    "EventFact",
    "FIELDS",
    "FactKind",
    "Frozen",
    "GoodsServices",
    "GoodsText",
    "LATER",
    "Live",
    "MaintenanceFiling",
    "MarkEvent",
    "NOT_FIELDS",
    "PartialDate",
    "Party",
    "Period",
    "Phase",
    "Priority",
    "Proceeding",
    "ProceedingEntry",
    "ProceedingMark",
    "ProceedingParty",
    "Provenance",
    "Publication",
    "RelatedMark",
    "SCHEMA_VERSION",
    "Seniority",
    "Significance",
    "TradeMark",
    "make_record",
    "trusted",
]
