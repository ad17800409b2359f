"""Pure: what two sources of one office say of one filing, side by side.

    compare(a, b) -> Comparison

What counts as a difference is what would count as a change if one source spoke after the other, by the
rules of `changes/`: folded names, goods term by term, events as a set, addresses in whatever layout. What
differs in wording, case or order only is shown as *written differently* and counts as agreeing. A field
that only one source covers is no difference.

**Time.** Two statements of one day must say the same. Of two days, the younger may know more: a difference
counts as *explained by time* when the younger record shows that something happened since (an entry of the
history, a status, a recordal or a change of place later than the day of the older one) and the field is one
that can change in the life of a filing. A different filing date is never explained by time, nor is an entry
of the history that the older record has and the younger has not.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from pydantic import BaseModel

from tmwatch.changes import diff, merge
from tmwatch.changes.compare import show
from tmwatch.changes.diff import show_status
from tmwatch.changes.events import numbered
from tmwatch.errors import UsageError
from tmwatch.model import FIELDS, Change, MarkEvent, Significance, TradeMark
from tmwatch.numbers import show_number
from tmwatch.offices import office_label
from tmwatch.sources.base import AsOf

Verdict = Literal["agrees", "written differently", "explained by time", "differs", "only a", "only b"]

# The status is one statement in several fields; parts that are ours or repeat another are not counted.
_STATUS = ("status_code", "status_text")
_NOT_COUNTED = frozenset(
    {*_STATUS, "status_phase", "status_live", "tm5_csd", "tm5_source", "mark_feature_code"}
)
_COUNTED = ("status", *(name for name in FIELDS if name not in _NOT_COUNTED))
# What is fixed with the filing. A later day does not explain a difference in these.
_FIXED = frozenset({"application_number", "application_date", "filing_route", "filing_basis"})
# What may come once and then stays: time explains that it came, not that it is another.
_ONCE = frozenset({"registration_number", "registration_date", "international_registration_number"})


@dataclass(frozen=True)
class Side:
    """One source's statement: the record, the day it speaks for, and where it was found."""

    source: str
    record: TradeMark
    as_of: AsOf | None
    found: str = ""  # "stored", "asked now", or the name of the file

    @property
    def day(self) -> dt.date | None:
        return self.as_of.day if self.as_of else None


@dataclass(frozen=True)
class Item:
    """One thing that differs inside a field: a class, an event, an owner. `a` and `b` are display text."""

    key: str
    a: str | None
    b: str | None
    terms_a: tuple[str, ...] = ()  # goods that only a has
    terms_b: tuple[str, ...] = ()
    part: str = ""  # "text", "address" … where one part of the item differs
    cosmetic: bool = False
    by_time: bool = False


@dataclass(frozen=True)
class Field:
    """One field of the record on both sides. A side that does not cover it has None."""

    name: str
    verdict: Verdict
    a: str | None
    b: str | None
    items: tuple[Item, ...] = ()
    # Parts of a list's items that one side gives throughout and the other nowhere ("code", "type").
    parts_a: tuple[str, ...] = ()
    parts_b: tuple[str, ...] = ()

    @property
    def empty(self) -> bool:
        """Neither side shows anything there."""
        return self.a is None and self.b is None


@dataclass(frozen=True)
class Comparison:
    """Two statements of one filing, field by field."""

    a: Side
    b: Side
    fields: tuple[Field, ...]
    newer: Literal["a", "b", ""]  # "" for one day, or where a day is not known
    newer_events: int

    @property
    def st13(self) -> str:
        return self.a.record.st13

    def count(self, *verdicts: Verdict) -> int:
        """How many fields ended so. Of those that one side alone covers only those with something in them."""
        return sum(
            one.verdict in verdicts and not (one.verdict in ("only a", "only b") and one.empty)
            for one in self.fields
        )

    @property
    def agree(self) -> bool:
        """Nothing differs but wording, coverage and what time explains."""
        return not self.count("differs")

    @property
    def sentence(self) -> str:
        """The verdict: "31 fields agree, 0 differ, 9 given by one only"."""
        alike = self.count("agrees", "written differently")
        written = self.count("written differently")
        parts = [
            f"{alike} {'field agrees' if alike == 1 else 'fields agree'}"
            + (f" ({written} written differently)" if written else ""),
            f"{self.count('differs')} differ",
            f"{self.count('only a', 'only b')} given by one only",
        ]
        if self.newer:
            events = f"newer events: {self.newer_events}"
            moved = self.count("explained by time")
            parts.append(f"{moved} explained by time ({events})" if moved else events)
        return ", ".join(parts)

    def as_json(self) -> dict[str, Any]:
        """For `source compare --json`."""
        return {
            "st13": self.st13,
            "a": _side_json(self.a),
            "b": _side_json(self.b),
            "newer": self.newer or None,
            "newer_events": self.newer_events,
            "fields": [_field_json(one) for one in self.fields],
            "agree": self.count("agrees", "written differently"),
            "written_differently": self.count("written differently"),
            "explained_by_time": self.count("explained by time"),
            "differ": self.count("differs"),
            "only_a": self.count("only a"),
            "only_b": self.count("only b"),
            "verdict": self.sentence,
        }


def _side_json(side: Side) -> dict[str, Any]:
    return {
        "source": side.source,
        "found": side.found or None,
        "as_of": side.day.isoformat() if side.day else None,
        "as_of_kind": side.as_of.kind if side.as_of else None,
        "fields": len(side.record.covers),
    }


def _field_json(one: Field) -> dict[str, Any]:
    return {
        "field": one.name,
        "verdict": one.verdict,
        "a": one.a,
        "b": one.b,
        "items": [
            {
                "key": item.key,
                "part": item.part or None,
                "a": item.a,
                "b": item.b,
                "terms_a": list(item.terms_a),
                "terms_b": list(item.terms_b),
                "cosmetic": item.cosmetic,
                "by_time": item.by_time,
            }
            for item in one.items
        ],
        "parts_a": list(one.parts_a),
        "parts_b": list(one.parts_b),
    }


# -- comparing -----------------------------------------------------------------------------------------


def compare(a: Side, b: Side) -> Comparison:
    """Lay two statements of one filing side by side. Raises `UsageError` for two filings or two offices."""
    one, two = a.record, b.record
    if one.office != two.office:
        raise UsageError(
            f"{a.source} speaks for {office_label(one.office)}, {b.source} for {office_label(two.office)}",
            do="Compare two sources of one office: filings of two offices are two rights.",
        )
    if one.st13 != two.st13:
        raise UsageError(
            f"{show_number(one)} and {show_number(two)} are two filings",
            do="Compare what two sources say of one filing.",
        )
    newer: Literal["a", "b", ""] = ""
    if a.day and b.day and a.day != b.day:
        newer = "a" if a.day > b.day else "b"
    old, new = (b, a) if newer == "a" else (a, b)
    known = merge(None, old.record)
    by_field: dict[str, list[Change]] = {}
    for change in diff(known, new.record, merge(known, new.record)):
        by_field.setdefault(_field_of(change), []).append(change)
    _with_its_day(by_field, known, new.record)
    later = _later_events(old, new, by_field.get("events", ())) if newer else []
    moved = bool(newer) and (bool(later) or _moved(old, new))
    fields = []
    for name in _COUNTED:
        covered_a, covered_b = _covers(one, name), _covers(two, name)
        if not covered_a and not covered_b:
            continue
        shown = [
            _shown(record, name) if covered else None
            for record, covered in ((one, covered_a), (two, covered_b))
        ]
        if not (covered_a and covered_b):
            fields.append(Field(name, "only a" if covered_a else "only b", shown[0], shown[1]))
            continue
        items = tuple(
            _item(change, flipped=newer == "a", by_time=moved and _by_time(change, later))
            for change in sorted(by_field.get(name, ()), key=_place)
        )
        parts = _parts(getattr(one, name, ()), getattr(two, name, ()))
        fields.append(Field(name, _verdict(items), shown[0], shown[1], items, *parts))
    return Comparison(a, b, tuple(fields), newer, len(later))


def _with_its_day(by_field: dict[str, list[Change]], old: TradeMark, new: TradeMark) -> None:
    """A change of status carries its day and tells none of its own; side by side the two days are shown."""
    if "status" in by_field and "status_date" not in by_field and old.status_date != new.status_date:
        days = {"old": show(old.status_date), "new": show(new.status_date)}
        told = by_field["status"][0].model_copy(update={"field": "status_date", **days})
        by_field["status_date"] = [told]


def _field_of(change: Change) -> str:
    name = change.field.partition(".")[0]
    return "status" if name in _NOT_COUNTED else name


def _covers(record: TradeMark, name: str) -> bool:
    return any(record.gives(part) for part in _STATUS) if name == "status" else record.gives(name)


def _shown(record: TradeMark, name: str) -> str | None:
    if name == "status":
        return show_status(record)
    value = getattr(record, name)
    if name == "classes" and value:
        return f"{len(value)}: {', '.join(record.class_numbers)}"
    if name == "events" and value:
        return f"{len(value)}, the last of {max(event.date for event in value)}"
    return show(value)


def _item(change: Change, *, flipped: bool, by_time: bool) -> Item:
    old, new, gone, come = change.old, change.new, change.terms_removed, change.terms_added
    if flipped:
        old, new, gone, come = new, old, come, gone
    # A thing that one side lacks is no matter of wording, though a watch may not be alerted of it.
    cosmetic = change.significance is Significance.COSMETIC and change.kind not in ("added", "removed")
    part = change.field.partition(".")[2] or ("" if change.field in _COUNTED else change.field)
    return Item(change.key, old, new, gone, come, part, cosmetic, by_time and not cosmetic)


def _place(change: Change) -> tuple[int, str]:
    """Items in the order of their numbers: #9 before #10, class 9 before class 35."""
    digits = "".join(char for char in change.key if char.isdigit())
    return (int(digits) if digits and len(digits) < 9 else 0, change.key)


def _verdict(items: Sequence[Item]) -> Verdict:
    if not items:
        return "agrees"
    if all(item.cosmetic for item in items):
        return "written differently"
    if all(item.cosmetic or item.by_time for item in items):
        return "explained by time"
    return "differs"


# -- time ----------------------------------------------------------------------------------------------


def _later_events(old: Side, new: Side, changes: Iterable[Change]) -> list[Change]:
    """The entries of the younger record that came after the older one: dated since, or numbered behind its
    last entry (an office may enter today what happened last month)."""
    before = old.record.events
    last = max((event.number or 0 for event in before), default=0) if numbered(before) else 0
    latest = max((event.date for event in before), default=dt.date.min)
    found = []
    for change in changes:
        if change.kind != "added" or change.date is None:
            continue
        number = int(change.key[1:]) if change.key[:1] == "#" and change.key[1:].isdigit() else 0
        since = change.date >= (old.day or dt.date.max) or change.date > latest
        if since or (last and number > last):
            found.append(change)
    return found


def _moved(old: Side, new: Side) -> bool:
    """Whether the younger record shows something, other than its history, that happened after the older."""
    day = old.day or dt.date.max
    before = set(_days(old.record))
    # A day that both records show is no news, though it may be the very day that the older speaks for.
    return any(one >= day and one not in before for one in _days(new.record))


def _days(record: TradeMark) -> list[dt.date]:
    days: list[dt.date | None] = [record.status_date, record.location_date, record.registration_date]
    days += [one.recorded for one in record.assignments]
    days += [one.status_date for one in record.classes]
    days += [one.status_date or one.filed for one in record.proceedings]
    return [day for day in days if day is not None]


def _by_time(change: Change, later: Sequence[Change]) -> bool:
    name = change.field.partition(".")[0]
    if name == "events":
        return change in later
    if name in _FIXED:
        return False
    return change.kind == "added" if name in _ONCE else True


# -- coverage inside lists -------------------------------------------------------------------------------


def _parts(one: Any, two: Any) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Parts of the items that one side gives somewhere and the other nowhere: a page has no event codes."""
    if not (isinstance(one, tuple) and isinstance(two, tuple) and one and two):
        return (), ()
    if not (isinstance(one[0], BaseModel) and isinstance(two[0], BaseModel)):
        return (), ()
    names = type(one[0]).model_fields
    given = [
        {name for name in names if any(getattr(item, name) not in (None, "", ()) for item in side)}
        for side in (one, two)
    ]
    absent = [
        {name for name in names if all(getattr(item, name) is None for item in side)} for side in (one, two)
    ]
    return (
        tuple(name for name in names if name in given[0] and name in absent[1]),
        tuple(name for name in names if name in given[1] and name in absent[0]),
    )


__all__ = ["Comparison", "Field", "Item", "MarkEvent", "Side", "compare"]
