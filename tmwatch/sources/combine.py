"""Rows of one filing are one record, also when they stand on two pages of an answer.

A list source gives a row for each class (Tianyancha: several rows of one `regNo`), and a page ends
after so many rows, wherever that falls. Observing the second page alone would "remove" the classes
of the first; so pages are gathered and combined first, and only then observed.

The status of a filing whose classes differ, without guessing:

* it is live while any class is live, for the right or application still exists there; its phase is
  that of the class which has come furthest. A refusal in one class does not hide a registration in
  another;
* with no class live, it is unknown if any class is; otherwise dead;
* several phases among dead (or among unknown) classes give the phase `unknown`: there is no one cause;
* each class keeps its own words, and the words of the filing name the classes they stand for.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from tmwatch.model import GoodsServices, Live, Party, Phase, TradeMark
from tmwatch.sources.base import Answer, Reading
from tmwatch.sources.phases import tm5_for

# How far a filing has come; the order of the vocabulary.
_COURSE = {phase: place for place, phase in enumerate(Phase)}

# What cannot be said of a filing when some of its rows may stand on a page that is not at hand.
_NEEDS_ALL_ROWS = frozenset(
    {
        *("classes", "owners", "latest_step", "latest_step_date"),
        *("status_code", "status_text", "status_date", "status_phase", "status_live"),
        *("tm5_csd", "tm5_source"),
    }
)


def combine(readings: Iterable[Reading]) -> tuple[Reading, ...]:
    """One reading per filing, in the order of first appearance; a lone reading stays as it is.

    Readings of one filing must come from one source and one look.
    """
    groups: dict[str, list[Reading]] = {}
    for reading in readings:
        group = groups.setdefault(reading.record.st13, [])
        if reading not in group:  # a row that stands twice says nothing twice
            group.append(reading)
    return tuple(group[0] if len(group) == 1 else _join(group) for group in groups.values())


def lone(answer: Answer) -> tuple[Reading, ...]:
    """The readings of one page that may be a part of a longer answer, as far as they can be believed.

    When the site counts more rows than this page holds, the filings at its two edges may go on
    overleaf: what needs all their rows (classes, status, owners) is taken as not given, so that the
    record keeps what other pages said. Rows of one filing are assumed to stand together.
    """
    readings = combine(answer.readings)
    if answer.total is None or answer.rows is None or answer.rows >= answer.total:
        return readings
    edges = {reading.record.st13 for reading in (*readings[:1], *readings[-1:])}
    return tuple(_without(reading) if reading.record.st13 in edges else reading for reading in readings)


def _without(reading: Reading) -> Reading:
    record = reading.record
    defaults = {name: TradeMark.model_fields[name].default for name in _NEEDS_ALL_ROWS & record.covers}
    return Reading(
        record.model_copy(update={**defaults, "covers": record.covers - _NEEDS_ALL_ROWS}),
        reading.as_of,
        reading.unclaimed,
        reading.unknown_words,
    )


def overall(standings: Iterable[tuple[Phase, Live]]) -> tuple[Phase, Live]:
    """Phase and liveness of a filing from those of its classes; the rule stands at the top."""
    pairs = list(standings)
    for live in (Live.LIVE, Live.UNKNOWN, Live.DEAD):
        phases = {phase for phase, alive in pairs if alive is live}
        if phases:
            break
    else:
        return Phase.UNKNOWN, Live.UNKNOWN
    if live is Live.LIVE:
        return max(phases, key=_course), live
    return (phases.pop() if len(phases) == 1 else Phase.UNKNOWN), live


def _course(phase: Phase) -> int:
    # "unknown" stands last in the vocabulary, but has not come far.
    return -1 if phase is Phase.UNKNOWN else _COURSE[phase]


def _join(group: Sequence[Reading]) -> Reading:
    # Row order means nothing (law 8): the lowest class speaks first, whichever page it came on.
    ordered = sorted(group, key=lambda one: _class_order(one.record))
    records = [one.record for one in ordered]
    values: dict[str, Any] = dict(_first_given(records))
    words = _words_by_class(records)
    differ = len({" / ".join(texts) for texts in words.values()}) > 1
    values["classes"] = _classes(records, words if differ else {})
    values["owners"] = _owners(records)
    values |= _status(records, words if differ else {})
    values |= _latest(records)
    covers = frozenset().union(*(record.covers for record in records))
    if not values.get("latest_step_date") and len({record.latest_step for record in records}) > 1:
        covers -= {"latest_step"}  # without dates nobody can say which of them is the latest
    return Reading(
        TradeMark(
            office=records[0].office,
            st13=records[0].st13,
            covers=covers,
            **{name: value for name, value in values.items() if name in covers and value is not None},
        ),
        max((one.as_of for one in ordered if one.as_of), key=lambda as_of: as_of.day, default=None),
        (*dict.fromkeys(text for one in ordered for text in one.unclaimed), *_contradictions(records)),
        tuple(dict.fromkeys(word for one in ordered for word in one.unknown_words)),
    )


def _class_order(record: TradeMark) -> tuple[int, str]:
    numbers = [item.nice_class or 99 for item in record.classes]
    return min(numbers, default=99), record.status_text or ""


def _first_given(records: Sequence[TradeMark]) -> Iterable[tuple[str, Any]]:
    for record in reversed(records):
        for name in record.covers:
            if getattr(record, name) not in (None, ""):
                yield name, getattr(record, name)


_MAY_DIFFER = _NEEDS_ALL_ROWS | {"image", "registration_number"}


def _contradictions(records: Sequence[TradeMark]) -> Iterable[str]:
    """Rows of one number should agree on everything but class, owner, status and step."""
    for name in sorted(frozenset().union(*(record.covers for record in records)) - _MAY_DIFFER):
        said = dict.fromkeys(str(getattr(record, name)) for record in records if record.gives(name))
        if len(said) > 1:
            yield f"rows of one number differ in {name}: {' / '.join(said)}"


def _words_by_class(records: Sequence[TradeMark]) -> dict[str, tuple[str, ...]]:
    """The status words of each class; two rows of one class may differ, then both are kept."""
    words: dict[str, dict[str, None]] = {}
    for record in records:
        for item in record.classes:
            word = item.status_text or record.status_text or "?"
            words.setdefault(item.class_number, {}).setdefault(word)
    ordered = sorted(words.items(), key=lambda pair: (int(pair[0]) if pair[0].isdigit() else 99, pair[0]))
    return {number: tuple(sorted(texts)) for number, texts in ordered}


def _classes(
    records: Sequence[TradeMark], differing: dict[str, tuple[str, ...]]
) -> tuple[GoodsServices, ...]:
    found: dict[str, GoodsServices] = {}
    for record in records:
        for item in record.classes:
            found.setdefault(item.class_number, item)
    ordered = sorted(found.values(), key=lambda item: (item.nice_class or 99, item.class_number))
    # "" says that the class has no status of its own; None would leave an outlived one standing.
    return tuple(
        item.model_copy(update={"status_text": " / ".join(differing.get(item.class_number, ()))})
        for item in ordered
    )


def _owners(records: Sequence[TradeMark]) -> tuple[Party, ...]:
    return tuple(dict.fromkeys(owner for record in records for owner in record.owners))


def _status(records: Sequence[TradeMark], differing: dict[str, tuple[str, ...]]) -> dict[str, Any]:
    phase, live = overall((record.status_phase, record.status_live) for record in records)
    values: dict[str, Any] = {"status_phase": phase, "status_live": live, "tm5_csd": tm5_for(phase)}
    values["tm5_source"] = "computed" if values["tm5_csd"] else None
    if differing:
        by_word: dict[str, list[str]] = {}
        for number, texts in differing.items():
            by_word.setdefault(" / ".join(texts), []).append(number)
        parts = (f"{word} ({', '.join(numbers)})" for word, numbers in by_word.items())
        values["status_text"] = "; ".join(parts)
        values["status_code"] = None
    return values


def _latest(records: Sequence[TradeMark]) -> dict[str, Any]:
    dated = [record for record in records if record.latest_step_date]
    if not dated:
        return {}
    last = max(dated, key=lambda record: (record.latest_step_date, record.latest_step or ""))
    return {"latest_step": last.latest_step, "latest_step_date": last.latest_step_date}


__all__ = ["combine", "lone", "overall"]
