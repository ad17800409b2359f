"""Pure: the history of one filing, folded from everything ever seen of it, in the register's own order.

Importing an old page today fills the past; importing the same pages in another order gives the same
history (design law 18). So nothing here depends on when *we* saw a page.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import json
from collections.abc import Iterable
from contextlib import suppress
from typing import Any, NamedTuple

try:
    import orjson
except ImportError:  # not made for every Python; the standard library writes the same, slower
    orjson = None  # type: ignore[assignment]

from tmwatch.changes import diff, merge
from tmwatch.changes.compare import same
from tmwatch.changes.merge import STATUS, news_of
from tmwatch.model import (
    FIELDS,
    LATER,
    Change,
    GoodsServices,
    MarkEvent,
    Phase,
    TradeMark,
)
from tmwatch.sources.base import AsOf

_KIND_RANK = {"printed": 1, "given": 2, "looked": 3, "not_earlier_than": 4}


def order_key(as_of: AsOf, given: dt.date | None = None) -> str:
    """Sortable place in the register's time: day, time of day where known, then how well it is known.

    "Not earlier than" sorts behind a page printed on that very day: it may well be younger. Between two
    pages that print the same stamp, the day the user gives (`import --as-of`) says which is the later.
    """
    time = as_of.time.isoformat(timespec="microseconds") if as_of.time else "00:00:00.000000"
    rank = str(_KIND_RANK[as_of.kind])
    if as_of.kind == "printed" and given is not None and given != as_of.day:
        rank = f"{'0' if given < as_of.day else rank}~{given.isoformat()}"
    return f"{as_of.day.isoformat()}T{time}/{rank}"


class Sighting(NamedTuple):
    """What one source said, unchanged from `first_order` to `last_order`."""

    id: int
    source: str
    authority: int
    record: TradeMark
    record_hash: str
    parser_version: str
    first_order: str
    last_order: str
    as_of: str
    as_of_kind: str
    observation: int
    technical: bool = False
    live: int = 0  # the observation's number for a live look, 0 for an import
    facts: str = "register"

    @property
    def place(self) -> tuple[str, int, int, int, str, str]:
        """Sort key. On a tie the later live look is the later word, else the longer history; then authority,
        the later status, and content, so that imports in any order end the same."""
        said = self.record
        history = len(said.events) + sum(len(one.docket or ()) for one in said.proceedings)
        status = said.status_date.isoformat() if said.status_date else ""
        return (self.first_order, self.live, history, self.authority, status, self.record_hash)


class Step(NamedTuple):
    """One version of the record: who opened it, what is then known, what changed by it."""

    sighting: Sighting
    record: TradeMark
    changes: tuple[Change, ...]
    position: str  # sortable, unique within the filing


_encode = json.JSONEncoder(ensure_ascii=False, sort_keys=True, separators=(",", ":")).encode


def canonical(record: TradeMark) -> tuple[str, str]:
    """The record's canonical JSON without provenance, and the SHA-256 of it: the identity of what it says."""
    body = b""
    if orjson is not None:
        with suppress(TypeError):  # a number of more than 64 bits
            body = orjson.dumps(_without_provenance(record), _plain, orjson.OPT_SORT_KEYS)
    if not body:
        data = record.model_dump(mode="json", exclude={"provenance"})
        data |= {name: sorted(data[name]) for name in ("covers", "adds") if name in data}
        body = _encode(data).encode()
    return body.decode(), hashlib.sha256(body).hexdigest()


def _without_provenance(record: TradeMark) -> dict[str, Any]:
    said = dict(record.__dict__)
    del said["provenance"]
    for name in LATER[TradeMark]:
        if not said[name]:
            del said[name]
    return said


def _plain(value: Any) -> Any:
    """What orjson does not know: our models, and `covers` and `adds`, which have no order of their own."""
    if isinstance(value, frozenset):
        return sorted(value)
    kind = type(value)
    if kind is MarkEvent and value.details is None:  # nearly everything that comes here
        said = dict(value.__dict__)
        del said["details"]
        return said
    if kind is GoodsServices:
        return {**_said(value), "nice_class": value.nice_class}
    return _said(value) if kind in LATER else value.__dict__


def _said(value: Any) -> dict[str, Any]:
    """The values of a model, without the fields of `LATER` that say nothing."""
    said = dict(value.__dict__)
    for name in LATER[type(value)]:
        if said[name] is None:
            del said[name]
    return said


def content_hash(record: TradeMark) -> str:
    """Identity of what a record says: SHA-256 of its canonical JSON without provenance."""
    return canonical(record)[1]


def beginnings(sightings: Iterable[Sighting]) -> list[tuple[object, ...]]:
    """All that `fold` and the versions go by: not until when a run goes on."""
    return sorted(
        (
            *(one.id, one.source, one.authority, one.facts, one.record_hash, one.parser_version),
            *(one.first_order, one.observation, one.technical, one.live),
        )
        for one in sightings
    )


def fold(sightings: Iterable[Sighting]) -> list[Step]:
    """The versions of one filing, oldest first."""
    sightings = sorted(sightings, key=lambda item: item.place)
    if len(sightings) == 1:  # nearly every filing of a register: nobody has said anything else
        (only,) = sightings
        return [Step(only, merge(None, only.record), (), _position(only, 0))]
    steps: list[Step] = []
    known: TradeMark | None = None
    said: dict[str, TradeMark] = {}  # source -> its latest own words
    set_by: dict[str, tuple[int, str]] = {}  # field -> (authority, day) of who set it
    for number, (sighting, word) in enumerate(_first_together(sightings)):
        given = word
        if known is not None:
            given = _believed(sighting, known, said.get(sighting.source), set_by)
        before = said.get(sighting.source)
        # Of a source that tells of single items, all that it ever said of each counts as its last words.
        said[sighting.source] = merge(before, word) if word.adds else word
        merged = merge(known, given)
        day = sighting.first_order[:10]
        for name in given.covers:
            set_by[name] = (sighting.authority, day)
        if known is None:
            changes: list[Change] = []
        else:
            changes = diff(known, given, merged)
            if not changes and merged == known:
                continue
        known = merged
        steps.append(Step(sighting, merged, tuple(changes), _position(sighting, number)))
    return steps


def _first_together(sightings: list[Sighting]) -> list[tuple[Sighting, TradeMark]]:
    """Each with what it says. A filing that is first met in a feed with two things on one day is met once:
    neither is news to the other."""
    first = sightings[0]
    place, whole = 1, first.record
    if first.record.adds:
        while place < len(sightings) and _same_issue(first, sightings[place]):
            whole = merge(whole, sightings[place].record)
            place += 1
    return [(sightings[place - 1], whole), *((one, one.record) for one in sightings[place:])]


def _same_issue(one: Sighting, other: Sighting) -> bool:
    return bool(other.record.adds) and (one.source, one.first_order) == (other.source, other.first_order)


def _position(sighting: Sighting, number: int) -> str:
    return f"{sighting.first_order}#{number:06d}"


def _believed(
    sighting: Sighting, known: TradeMark, before: TradeMark | None, set_by: dict[str, tuple[int, str]]
) -> TradeMark:
    """What of a weaker source's words counts against a more authoritative one.

    Its words count where the stronger source has not spoken of the field; where they are news from
    itself (it says something else than last time) and younger than the stronger word. A lasting
    disagreement between two sources is thereby no endless A → B → A. Another word for the phase that is known
    is no news from a weaker source, nor is a coarser one in its first word (`_says_no_more`).
    """
    day = sighting.first_order[:10]
    in_passing = _in_passing(sighting.record)
    kept = set()
    items: dict[str, Any] = {}
    for name in FIELDS:
        if not sighting.record.gives(name):
            continue
        authority, set_on = set_by.get(name, (0, ""))
        if in_passing and name not in sighting.record.adds and getattr(known, name):
            continue
        if authority > sighting.authority and name in sighting.record.adds:
            items[name] = news_of(name, sighting.record, known, before, older=day <= set_on)
            kept.add(name)
            continue
        if authority > sighting.authority:
            group = STATUS if name in STATUS else (name,)
            repeated = before is not None and all(
                same(getattr(before, part), getattr(sighting.record, part)) for part in group
            )
            if repeated or day <= set_on:
                continue
            if name in STATUS and _says_no_more(known, sighting.record, first=before is None):
                continue
        kept.add(name)
    return sighting.record.model_copy(update={"covers": frozenset(kept), **items})


# What a file of proceedings repeats of a filing, in the words of whoever wrote the entry ("JD AND DESIGN").
_NAMES = frozenset(("application_number", "registration_number", "verbal_element"))


def _in_passing(record: TradeMark) -> bool:
    """Whether the record tells of something else and only names the filing: such names fill a gap."""
    return bool(record.adds) and record.covers - record.adds <= _NAMES


def _says_no_more(known: TradeMark, given: TradeMark, *, first: bool) -> bool:
    """Whether the status of a weaker source is what is known, in its own, maybe coarser words.

    TMview says "Filed" of all that the EUIPO calls under examination, appealable or pending registration: the
    first time that it is heard this is no step back. Codes of the office decide where both give one.
    """
    if known.status_code and given.status_code:
        return False
    was, now = known.status_phase, given.status_phase
    if Phase.UNKNOWN in (was, now):
        return now is Phase.UNKNOWN and was is not Phase.UNKNOWN  # a word that nobody knows
    if known.status_live is not given.status_live:
        return False
    # Phases stand in the order of a filing's life.
    return now is was or (first and _LIFE.index(now) < _LIFE.index(was))


_LIFE = list(Phase)


def disagreements(sightings: Iterable[Sighting]) -> list[tuple[str, str, str]]:
    """(field, stronger source, weaker source) where their latest words differ; shown, never alerted."""
    latest: dict[str, Sighting] = {}
    for sighting in sorted(sightings, key=lambda item: item.place):
        latest[sighting.source] = sighting
    found = []
    ranked = sorted(latest.values(), key=lambda item: -item.authority)
    for place, strong in enumerate(ranked):
        for weak in ranked[place + 1 :]:
            if weak.last_order < strong.first_order:
                continue  # merely older: the stronger source has moved on since
            probe = diff(strong.record, weak.record, merge(strong.record, weak.record))
            partial = strong.record.adds | weak.record.adds
            found += [
                (change.field, strong.source, weak.source)
                for change in probe
                # Who tells of single items does not deny the others.
                if change.significance.rank > 0 and not (change.kind == "added" and change.field in partial)
            ]
    return list(dict.fromkeys(found))
