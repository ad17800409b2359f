"""`watch test` and `watch replay`: what a watch would have found among many filings. Pure."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from tmwatch.garbage import one_sweep
from tmwatch.model import TradeMark
from tmwatch.watches.filing import Filing, filing_of, goods_texts, nice_classes
from tmwatch.watches.filters import UNCHECKED
from tmwatch.watches.portfolio import Portfolio
from tmwatch.watches.rules import Match, match

if TYPE_CHECKING:
    from tmwatch.config.models import Watch

FARTHEST = 3  # how far off marks are looked for, so that what just falls short is seen


@dataclass(frozen=True)
class Candidate:
    """A stored filing; its record is made only where somebody asks for it."""

    filing: Filing
    record: Callable[[], TradeMark]
    kept_in: str = "database"  # or "register"
    far: tuple[str, ...] = ()  # names of it that are known to be near none of the marks as they are written


def candidate(record: TradeMark) -> Candidate:
    """Of a record that is at hand."""
    return Candidate(filing_of(record), lambda: record)


@dataclass(frozen=True)
class Found:
    """A filing as a trial found it, and what the rule says of it."""

    st13: str
    office: str
    number: str | None
    mark: str | None
    owners: tuple[str, ...]
    classes: tuple[str, ...]
    filed: dt.date | None
    facts: str | None
    kept_in: str
    answer: Match
    goods: str  # how the goods touch, in words; "" where the watch says nothing of goods

    def as_json(self) -> dict[str, Any]:
        """For `--json`."""
        answer = self.answer
        return {
            "st13": self.st13,
            "office": self.office,
            "number": self.number,
            "mark": self.mark,
            "owners": list(self.owners),
            "classes": list(self.classes),
            "filed": self.filed.isoformat() if self.filed else None,
            "facts": self.facts,
            "kept_in": self.kept_in,
            "level": answer.level,
            "score": answer.score,
            "reasons": list(answer.reasons),
            "goods": self.goods or None,
            "why": answer.why,
            "triggers": list(answer.triggers),
            "failed": list(answer.failed),
        }


@dataclass
class Trial:
    """The outcome, nearest first. `misses`: a trigger fired, or a name came near, and something did not hold.

    `offices` and `kept_in` count what was looked through; `weeks` what of it was filed in the week of each
    Monday, at the offices of the watch; `undated` what of it has no filing date. `goods_unknown` are the
    filing dates of those that only goods which are not stored keep from being hits: they may be some.
    """

    looked_through: int = 0
    hits: list[Found] = field(default_factory=list)
    misses: list[Found] = field(default_factory=list)
    offices: Counter[str] = field(default_factory=Counter)
    kept_in: Counter[str] = field(default_factory=Counter)
    weeks: Counter[dt.date] = field(default_factory=Counter)
    undated: int = 0
    goods_unknown: list[dt.date | None] = field(default_factory=list)


def trial(
    watch: Watch, batches: Iterable[Sequence[Candidate]], done: Callable[[int], None] = lambda number: None
) -> Trial:
    """Hold the rule against each filing. `done` is told after each batch how many were looked through."""
    portfolio = Portfolio([watch], max(watch.level, FARTHEST) if watch.marks else None, filtering=False)
    found = Trial()
    with one_sweep():
        for batch in batches:
            _look_through(found, watch, portfolio, batch)
            done(found.looked_through)
    found.hits.sort(key=_nearest)
    found.misses.sort(key=lambda one: (len(one.answer.failed), *_nearest(one)))
    return found


def _look_through(found: Trial, watch: Watch, portfolio: Portfolio, batch: Sequence[Candidate]) -> None:
    filings = [one.filing for one in batch]
    for place, near in portfolio.asked(filings, [one.far for one in batch]):
        one = batch[place]
        record = one.record()
        answer = match(watch, record, near)
        if answer.hit or answer.triggers or near is not None:
            (found.hits if answer.hit else found.misses).append(_found(watch, record, one, answer))
        elif _only_goods_unknown(watch, record, answer):
            found.goods_unknown.append(record.application_date)
    found.looked_through += len(batch)
    for one in batch:
        _count(found, watch, one)


def _count(found: Trial, watch: Watch, one: Candidate) -> None:
    found.offices[one.filing.office] += 1
    found.kept_in[one.kept_in] += 1
    if watch.offices and one.filing.office not in watch.offices:
        return
    if one.filing.filed is None:
        found.undated += 1
    else:
        found.weeks[monday(one.filing.filed)] += 1


def _only_goods_unknown(watch: Watch, record: TradeMark, answer: Match) -> bool:
    """Whether nothing but goods that are not stored keeps it from being a hit."""
    unchecked = all(UNCHECKED in sentence for sentence in answer.failed)
    return bool(watch.goods and answer.failed) and unchecked and goods_texts(record) is None


def _nearest(one: Found) -> tuple[int, float, str]:
    return one.answer.level or 0, -(one.answer.score or 0.0), one.st13


def _found(watch: Watch, record: TradeMark, one: Candidate, answer: Match) -> Found:
    provenance = record.provenance
    return Found(
        record.st13,
        record.office,
        record.application_number,
        record.verbal_element,
        tuple(party.name for party in record.owners),
        record.class_numbers,
        record.application_date,
        provenance.kind.value if provenance is not None else None,
        one.kept_in,
        answer,
        goods_touch(watch, record),
    )


def goods_touch(watch: Watch, record: TradeMark) -> str:
    """How the goods touch those of the watch, in words; "" where the watch says nothing of goods."""
    if not watch.classes and not watch.goods:
        return ""
    from tmwatch.similarity.goods import touch  # late: it is only for showing

    terms = "; ".join(goods_texts(record) or ())
    return touch(watch.classes, nice_classes(record), " ".join(watch.goods), terms).reason


def monday(day: dt.date) -> dt.date:
    """The first day of its week."""
    return day - dt.timedelta(days=day.weekday())
