"""The history: one `div.transaction` an entry, with all that stands in it.

The page lists the register's own entries in their order, and behind them those that come from a second
system (`div.loadFromMrs`: representatives, addresses, ownership), whose details a browser loads when somebody
opens them. Each of the latter is put where its day belongs, so that the list is in the order of events.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from bs4 import Tag

from tmwatch.errors import LayoutChanged
from tmwatch.model import EventDetails, EventFact, MarkEvent, Party, RelatedMark
from tmwatch.sources.wo.madrid_goods import day_of, goods_facts, holds_goods, parties_in
from tmwatch.sources.wo.madrid_page import (
    Claims,
    Value,
    attr,
    classes_of,
    places,
    tags_in,
    text_of,
    values_in,
)
from tmwatch.sources.wo.tables import Transaction, squeeze, title_and_offices, transaction

_PUBLISHED = re.compile(r"(?:(\d{2}\.\d{2}\.\d{4}))?\s*,?\s*(\d{4}/\d+\s+[A-Za-z]+)?")
_CORRECTED = re.compile(r":?\s*After correction of\s*", re.IGNORECASE)
_CHILD = re.compile(r"(\d{1,7}[A-Z]?)(\d{8})?(\d{8})?")
_DESIGNATED = {
    "designated under the Agreement": "agreement",
    "designated under the Protocol": "protocol",
    "designated under the Protocol by Article 9sexies": "protocol_9sexies",
}
_OFFICES = frozenset({*_DESIGNATED, "office concerned", "intention to use declared"})
_PEOPLE = frozenset({"holder", "previous holder", "representative", "correspondence"})
# The page writes no entry under this name: it is how it passes the family of a registration to its scripts.
LINKS = "INITIAL_LINKS"


@dataclass(frozen=True)
class Entry:
    """One entry: what is stored of it, and what the standings are computed from."""

    event: MarkEvent
    title: str
    does: Transaction
    second: bool = False  # from the second system
    own_day: dt.date | None = None  # of what happened, not of its publication
    listed_day: dt.date | None = None

    @property
    def offices(self) -> tuple[str, ...]:
        """The offices that it names."""
        return (self.event.details.offices if self.event.details else None) or ()

    def day(self, kind: str) -> dt.date | None:
        """The day of a fact of this kind."""
        return next((one.date for one in self.facts if one.kind == kind and one.date), None)

    def treaty_of(self, office: str) -> str | None:
        """Under which treaty the entry designates the office, where it says so."""
        return next(
            (
                _DESIGNATED[one.kind]
                for one in self.facts
                if one.kind in _DESIGNATED and office in (one.offices or ())
            ),
            None,
        )

    @property
    def facts(self) -> tuple[EventFact, ...]:
        """Its labelled values."""
        return self.event.details.facts if self.event.details else ()


@dataclass(frozen=True)
class History:
    """All entries in the order of events, the family of the registration, and titles in no table."""

    entries: tuple[Entry, ...]
    related: tuple[RelatedMark, ...]
    unknown: tuple[str, ...]


def read_history(box: Tag, claims: Claims) -> History:
    """The history in `#fragment-history`. Raises `LayoutChanged` where an entry has no title."""
    entries: list[Entry] = []
    related: list[RelatedMark] = []
    unknown: list[str] = []
    for tag in tags_in(box):
        if "transaction" not in classes_of(tag):
            continue
        if any("transaction" in classes_of(inner) for inner in tags_in(tag)):
            raise LayoutChanged("an entry of the history stands inside another one")
        if attr(tag, "tag") == LINKS:
            related += _links(tag, claims)
            continue
        entry = _entry(tag, claims)
        if not entry.does.known:
            word = f"transaction `{entry.title}` ({entry.event.code or 'no code'}) is not in the table"
            unknown.append(word)
        entries.append(entry)
    if not entries:
        raise LayoutChanged("the history has no entries")
    return History(tuple(_in_order(_dated(entries))), tuple(related), tuple(dict.fromkeys(unknown)))


# -- one entry -------------------------------------------------------------------------------------------


def _entry(tag: Tag, claims: Claims) -> Entry:
    spans = [one for one in tags_in(tag) if one.name != "a" and "transactionListItem" in classes_of(one)]
    titles = [one for one in spans if "transactionListTransaction" in classes_of(one)]
    dates = [one for one in spans if "transactionListDate" in classes_of(one)]
    if len(titles) != 1 or len(dates) > 1 or not text_of(titles[0]):
        raise LayoutChanged("an entry of the history has no title", where=attr(tag, "id"))
    claims.take(*titles, *dates)
    line = text_of(titles[0])
    title, offices = title_and_offices(line)
    code = attr(tag, "tag")
    day, gazette, corrected = _listed(text_of(dates[0]) if dates else "", line, claims)
    facts, people = _contents(tag, code, title, gazette, claims)
    link = next((one for one in tags_in(tag) if "pdfDocLink" in classes_of(one)), None)
    paper = re.search(r"docid=(\d+)", attr(link, "href"))
    details = EventDetails(
        offices=offices,
        gazette=gazette,
        document=paper[1] if paper else None,
        undated=True if day is None else None,
        facts=(*corrected, *facts),
        parties=people,
    )
    event = MarkEvent(date=day or dt.date.min, text=line, code=code or None, details=details)
    return Entry(
        event,
        title,
        transaction(code, title),
        second="loadFromMrs" in classes_of(tag),
        own_day=_own_day(facts),
        listed_day=day,
    )


def _listed(text: str, line: str, claims: Claims) -> tuple[dt.date | None, str | None, list[EventFact]]:
    """ ": 01.10.2015, 2015/38 Gaz", ": 12.03.1985", "": the day, the gazette, and what was corrected."""
    said, *before = _CORRECTED.split(text)
    found = _PUBLISHED.fullmatch(said.strip(" :,"))
    corrected = [EventFact(kind="after correction of", text=squeeze(one).strip(" :,")) for one in before]
    if found is None:
        claims.odd(f"date of `{line[:80]}` = {text[:80]}")
        return None, None, corrected
    return (day_of(found[1]) if found[1] else None), squeeze(found[2]) or None, corrected


def _contents(
    tag: Tag, code: str, title: str, gazette: str | None, claims: Claims
) -> tuple[list[EventFact], tuple[Party, ...]]:
    facts: list[EventFact] = []
    people: list[Party] = []
    for box in tags_in(tag):
        if "description" in classes_of(box):
            for value in values_in(box, claims):
                if value.kind in _PEOPLE:
                    people += parties_in(value, value.kind)
                elif value.text or value.tag != code:
                    # Else the heading of a refusal (861, 862), which repeats the title of the entry.
                    facts += _facts(value, title, gazette)
    return facts, tuple(people)


def _facts(value: Value, title: str, gazette: str | None) -> list[EventFact]:
    """One labelled value as facts. A label that is in no table stands in the office's own words."""
    kind = value.kind or value.label or value.tag
    inid = value.inid or None
    if holds_goods(value):
        return goods_facts(value, kind or "goods")
    text = value.text
    if not text and (not kind or value.label == title):
        return []
    if value.kind in _OFFICES or (not kind and _only_offices(value)):
        return [EventFact(kind=kind or "offices", inid=inid, offices=places(value.value))]
    if value.kind == "published":
        found = re.fullmatch(r"(\d{4}/\d+\s+[A-Za-z]+)\s*,?\s*(\d{2}\.\d{2}\.\d{4})?", text)
        if found is not None:
            same = squeeze(found[1]) == gazette
            day = day_of(found[2]) if found[2] else None
            return [EventFact(kind=kind, inid=inid, date=day, text=None if same else squeeze(found[1]))]
    if (day := day_of(text)) is not None:
        return [EventFact(kind=kind, inid=inid, date=day)]
    language = re.fullmatch(r"GS(?:HEAD|FOOT)([A-Z]{2})", value.tag)
    return [
        EventFact(
            kind=kind or "note", inid=inid, text=text, language=language[1].lower() if language else None
        )
    ]


def _only_offices(value: Value) -> bool:
    return re.fullmatch(r"[A-Z]{2}(\s*-\s*[A-Z]{2})*", value.text) is not None


def _own_day(facts: Iterable[EventFact]) -> dt.date | None:
    """When it happened: received, recorded, registered, notified; None where it only was published."""
    by_kind = {one.kind: one.date for one in facts if one.date}
    kinds = ("received", "designated on", "recorded", "registered", "notified", "notified to the offices")
    return next((by_kind[kind] for kind in kinds if kind in by_kind), None)


# -- the family ------------------------------------------------------------------------------------------


def _links(tag: Tag, claims: Claims) -> list[RelatedMark]:
    """Registrations split off from this one, or this one from: "295028A2024061120240617"."""
    claims.take(*(one for one in tags_in(tag) if "ligneBox" in classes_of(one)))
    found = []
    for box in tags_in(tag):
        name = attr(box, "tag") if "p" in classes_of(box) else ""
        for value in (one for one in tags_in(box) if name and "text" in classes_of(one)):
            if name == "IRN":
                claims.take(value)  # the registration itself
            elif name in ("CHILDREN", "PARENTS", "CHILD", "PARENT"):
                claims.take(value)
                for text in re.split(r"[\s,;]+", _spaced(value)):
                    if not text:
                        continue
                    if one := _related(name, text):
                        found.append(one)
                    else:
                        claims.odd(f"{name.lower()} of the registration = {text[:60]}")
    return list({one.number: one for one in found}.values())


def _spaced(value: Tag) -> str:
    """The texts of the value, one blank between them."""
    return squeeze(value.get_text(" "))


def _related(name: str, text: str) -> RelatedMark | None:
    found = _CHILD.fullmatch(text)
    if found is None:
        return None
    days = [f"{day[:4]}-{day[4:6]}-{day[6:]}" for day in found.groups()[1:] if day]
    kind = "registration split off" if name.startswith("CHILD") else "registration it was split from"
    return RelatedMark(
        kind=f"{kind} ({', '.join(days)})" if days else kind, number=found[1].lstrip("0"), office="WO"
    )


# -- the order -------------------------------------------------------------------------------------------


def _dated(entries: Sequence[Entry]) -> list[Entry]:
    """Each entry with a day: one without takes that of the entry before it, whose sequel it is.

    Raises `LayoutChanged` where no entry has one.
    """
    first = next((one.listed_day or one.own_day for one in entries if one.listed_day or one.own_day), None)
    if first is None:
        raise LayoutChanged("no entry of the history has a date")
    found, before = [], first
    for one in entries:
        before = one.listed_day or one.own_day or before
        found.append(replace(one, event=one.event.model_copy(update={"date": before})))
    return found


def _in_order(entries: Sequence[Entry]) -> list[Entry]:
    """The register's own entries as it lists them, each of the second system where its day belongs.

    An entry that shows no day of its own happened before it was published, and not after those behind it.
    """
    own = [one for one in entries if not one.second]
    second = sorted((one for one in entries if one.second), key=lambda one: one.event.date)
    latest, days = dt.date.max, []
    for one in reversed(own):
        latest = min(latest, one.own_day or latest)
        days.append(one.own_day or min(latest, one.event.date))
    found: list[Entry] = []
    reached = dt.date.min
    for one, day in zip(own, reversed(days), strict=True):
        reached = max(reached, day)
        while second and second[0].event.date < reached:
            found.append(second.pop(0))
        found.append(one)
    return found + second
