"""The deadlines of everything that is watched: which filing, for which watch, how many days are left.

A watch's role decides which deadlines of a filing matter to it. The law and the arithmetic are in
`deadlines/`; here the stored records and the watches are put beside them.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tmwatch.alerts.payload import DueLine
from tmwatch.deadlines import (
    DISCLAIMER,
    Deadline,
    End,
    RuleBook,
    day_at,
    deadlines,
    priority_deadline,
    shipped,
    with_own,
)
from tmwatch.deadlines.opposition import extensions_in_words
from tmwatch.model import FactKind, TradeMark
from tmwatch.numbers import show_number
from tmwatch.store import Database, hits, queries
from tmwatch.store.database import now
from tmwatch.store.deadlines import Shown
from tmwatch.text import clean_line
from tmwatch.watches.docket import bare
from tmwatch.watches.portfolio import Portfolio

if TYPE_CHECKING:
    from tmwatch.config import Config, Watch

_AT_ONCE = 10  # filings: one with a long history is a third of a megabyte
_NEAR = 2  # level of likeness from which on a hit is near
_YEAR, _IN_A_MAIL = 366, 3
_PRIORITY = dt.timedelta(days=400)  # since the filing; what ended before that is no news
PAST = dt.timedelta(days=180)  # how long what has passed stays on the list
NOT_SHOWN = frozenset({"met", "moot"})


@dataclass(frozen=True)
class Due:
    """One deadline of one stored filing. `today` is the day at its office."""

    deadline: Deadline
    number: str
    mark: str
    sample: bool
    watches: tuple[str, ...]
    quiet: frozenset[str]  # of these, those that list it and tell nobody: a distant likeness nobody judged
    docket_ref: str | None
    as_of: dt.date | None
    today: dt.date

    @property
    def key(self) -> str:
        return self.deadline.key

    @property
    def day(self) -> dt.date:
        """The day to work to; that of the opening for what opens and does not close."""
        assert self.deadline.day is not None
        return self.deadline.day

    @property
    def days_left(self) -> int:
        """Negative once it has passed."""
        return (self.day - self.today).days

    @property
    def state(self) -> str:
        """What a calendar makes of it: "live", "met" or "cancelled"."""
        return {"met": "met", "moot": "cancelled"}.get(self.deadline.status, "live")

    @property
    def title(self) -> str:
        """ "US 76044902 PYTHON: renewal"."""
        name = f" {self.mark}" if self.mark else ""
        return clean_line(
            f"{'[SAMPLE] ' if self.sample else ''}{self.number}{name}: {self.deadline.what}", 200
        )

    def shown(self) -> Shown:
        """For the books."""
        return Shown(self.key, self.deadline.st13, self.title, self.day, self.state)

    def within(self, span: dt.timedelta) -> bool:
        """Whether it falls in the coming `span`, or passed lately and was not met."""
        if self.deadline.status in NOT_SHOWN:
            return False
        return -PAST <= self.day - self.today <= span

    def as_json(self) -> dict[str, Any]:
        """One object; dates as ISO text."""
        one = self.deadline
        return {
            "key": one.key,
            "office": one.office,
            "st13": one.st13,
            "number": self.number,
            "mark": self.mark,
            "docket_ref": self.docket_ref,
            "watches": list(self.watches),
            "sample": self.sample,
            "what": one.what,
            "act": one.act,
            "day": self.day.isoformat(),
            "days_left": self.days_left,
            "opens": _iso(one.opens),
            "statutory_date": _iso(one.statutory),
            "last_safe_day": _iso(one.last_safe),
            "extendable_to": [_end(end) for end in one.extendable],
            "extensions": list(one.extension_words),
            "grace": _end(one.grace) if one.grace else None,
            "other_dates": [{"rule": rule, **_end(end)} for rule, end in one.others],
            "status": one.status,
            "status_words": one.status_words,
            "source": one.source,
            "mismatch": one.mismatch or None,
            "trigger": one.trigger,
            "trigger_day": one.trigger_day.isoformat(),
            "rule": one.rule,
            "legal_basis": one.basis,
            "link": one.link or None,
            "confidence": one.confidence,
            "follows": one.follows or None,
            "notes": list(one.notes),
            "as_of": _iso(self.as_of),
            "disclaimer": DISCLAIMER,
        }

    def line(self) -> DueLine:
        """As an alert carries it."""
        return due_line(self.deadline)

    def details(self) -> list[str]:
        """What stands below the title, line by line; clean of what a terminal would obey."""
        one = self.deadline
        lines = [f"{one.rule}: {one.basis}; {_source(one)}"]
        if one.status_words:
            lines.append(f"{one.status}: {one.status_words}")
        if one.statutory and one.statutory != one.last_safe:
            lines.append(f"statutory date {one.statutory}, a closed day: last safe day {one.last_safe}")
        lines += [f"until {end.last_safe} under {end.words}" for _, end in one.others]
        if one.mismatch:
            lines.append(f"check: {one.mismatch}")
        if one.extendable or one.extension_words:
            lines.append(f"extendable {extensions_in_words(one)}")
        if one.grace:
            lines.append(f"in grace until {one.grace.last_safe}, {one.grace.words}")
        lines += list(one.notes)
        if one.follows:
            lines.append(f"then: {one.follows}")
        return [clean_line(line) for line in lines]


def due_list(
    config: Config | None,
    database: Database,
    *,
    only: Sequence[str] = (),
    instant: dt.datetime | None = None,
) -> list[Due]:
    """Every deadline of every stored filing under a watch, soonest first, whatever its status.

    Where nothing is watched, or there is no configuration: of all stored filings, whatever the role. What was
    marked noise is left out.
    Raises `ConfigError` for a bad file of rules.
    """
    rules = rules_of(config)
    at = instant or now()
    watched_only = config is not None and bool(config.watches)
    watches = [watch for watch in config.watches if not only or watch.name in only] if config else []
    # The same names only: what came under a watch by likeness stands among its hits.
    portfolio = Portfolio(watches, level=0)
    claims: dict[str, list[TradeMark]] = {}  # filings that claim priority, by the number they claim
    first: list[_Watched] = []  # filings whose own priority may run
    found: list[Due] = []
    for batch in batched(queries.all_marks(database), _AT_ONCE):
        states = hits.states(database, [record.st13 for record in batch])
        matched = portfolio.matches(batch)
        for record in batch:
            for claim in record.priorities:
                if number := bare(claim.number or claim.registration_number or ""):
                    claims.setdefault(number, []).append(record)
            known = states.get(record.st13, {})
            under = [
                watch
                for watch in watches
                if (watch.name in known or (watch.name, record.st13) in matched)
                and (watch.name not in known or known[watch.name].triage != "noise")
            ]
            if watched_only and not under:
                continue
            quiet = frozenset(name for name, state in known.items() if _is_distant(state))
            one = _Watched(record, tuple(under), quiet, day_at(record.office, at))
            own = deadlines(record, today=one.today, as_of=one.as_of, rules=rules)
            found += one.dues(own, everybody=not watched_only)
            if record.application_date and one.today - record.application_date <= _PRIORITY:
                first.append(one)
    for one in first:
        priority = one.priority(claims, rules)
        found += one.dues([priority] if priority else [], everybody=not watched_only)
    return sorted(found, key=lambda one: (one.day, one.key))


def _is_distant(state: hits.HitState) -> bool:
    """A hit by likeness alone, not a near one, that nobody has called relevant."""
    return not state.sure and state.triage != "relevant" and (state.level or _NEAR + 1) > _NEAR


def rules_of(config: Config | None) -> RuleBook:
    """The shipped rules, with the user's file over them. Raises `ConfigError` for a bad one."""
    own = config.deadlines.rules if config else None
    if own is None:
        return shipped()
    try:
        changed = own.stat().st_mtime_ns
    except OSError:
        changed = 0  # `with_own` says what is wrong
    return _own_rules(own, changed)


@lru_cache(maxsize=4)
def _own_rules(path: Path, changed: int) -> RuleBook:
    return with_own(path)


def batched(records: Iterable[TradeMark], size: int) -> Iterable[list[TradeMark]]:
    """Lists of so many."""
    found: list[TradeMark] = []
    for record in records:
        found.append(record)
        if len(found) == size:
            yield found
            found = []
    if found:
        yield found


@dataclass(frozen=True)
class _Watched:
    """A stored filing and the watches it is under."""

    record: TradeMark
    under: tuple[Watch, ...]
    quiet: frozenset[str]
    today: dt.date

    @property
    def as_of(self) -> dt.date | None:
        return self.record.provenance.as_of if self.record.provenance else None

    def priority(self, claims: Mapping[str, list[TradeMark]], rules: RuleBook) -> Deadline | None:
        """The end of its priority, with what is stored of filings elsewhere that claim it."""
        return priority_deadline(
            self.record,
            today=self.today,
            as_of=self.as_of,
            elsewhere=claims.get(bare(self.record.application_number or ""), ()),
            offices=tuple(dict.fromkeys(office for watch in self.under for office in watch.offices)),
            rules=rules,
        )

    def dues(self, found: Iterable[Deadline], *, everybody: bool) -> Iterable[Due]:
        """Those that matter to the role of one of its watches; all of them to `everybody`."""
        record, origin = self.record, self.record.provenance
        rows = [row for watch in self.under if (row := watch.docket_row(record)) and row.docket_ref]
        for one in found:
            mine = tuple(watch.name for watch in self.under if watch.role in one.roles)
            if one.day is None or not (mine or everybody):
                continue
            yield Due(
                deadline=one,
                number=show_number(record),
                mark=clean_line(record.verbal_element or "", 60),
                sample=origin is not None and origin.kind is FactKind.SAMPLE,
                watches=mine,
                quiet=self.quiet,
                docket_ref="; ".join(dict.fromkeys(row.docket_ref for row in rows if row.docket_ref)) or None,
                as_of=self.as_of,
                today=self.today,
            )


def _source(one: Deadline) -> str:
    return "as printed by the office" if one.source == "office" else "computed"


def _iso(day: dt.date | None) -> str | None:
    return day.isoformat() if day else None


def _end(end: End) -> dict[str, Any]:
    return {
        "statutory_date": end.statutory.isoformat(),
        "last_safe_day": end.last_safe.isoformat(),
        "words": end.words,
    }


def due_line(one: Deadline) -> DueLine:
    """A deadline as an alert carries it: complete in itself."""
    assert one.day is not None
    notes = [f"until {end.last_safe} under {end.words}" for _, end in one.others]
    if one.statutory and one.statutory != one.last_safe:
        notes.append(f"statutory date {one.statutory}, a closed day")
    if one.mismatch:
        notes.append(one.mismatch)
    if one.extendable or one.extension_words:
        notes.append(f"extendable {extensions_in_words(one)}")
    return DueLine(
        day=one.day,
        what=one.what,
        rule=one.rule,
        basis=one.basis,
        source=one.source,
        link=one.link or None,
        notes=(*notes, *one.notes),
    )


def next_lines(
    record: TradeMark, role: str, *, as_of: dt.date | None, rules: RuleBook, instant: dt.datetime
) -> tuple[DueLine, ...]:
    """The next deadlines of a filing for a watch of that role, for an alert about it: at most three, of the
    coming year, and none that stands open for good."""
    today = day_at(record.office, instant)
    found = [
        due_line(one).model_copy(update={"what": f"{one.what}{_whose(one, role)}"})
        for one in deadlines(record, today=today, as_of=as_of, rules=rules)
        if role in one.roles or one.act in _OTHERS
        if one.status == "open" and one.last_safe and one.day and (one.day - today).days <= _YEAR
    ]
    return tuple(found[:_IN_A_MAIL])


# What follows from a publication or an action is said in a mail about it, whoever has to act.
_OTHERS = {"opposition": " (of others)", "response": " (of its owner)"}


def _whose(one: Deadline, role: str) -> str:
    return "" if role in one.roles else _OTHERS[one.act]
