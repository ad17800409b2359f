"""Does a record concern a watch? Pure: record and watch in, answer with its reasons out.

Triggers (`numbers`, `owners`, `agents`, `marks`): any of them fires, or with `require = "all"` every
kind that the watch gives. Filters (`classes`, `goods`, `offices`, `since`): all must hold. A watch without
any trigger is hit by every filing that passes its filters.

Four decisions, each with its reason:

* **A former owner does not fire.** Whoever sold a mark has no more to do with what becomes of it. That
  a watched company sells or buys one is seen all the same if the caller asks `match` for the record
  before and after the change, and treats either hit as a hit.
* **What a source does not give cannot fail a filter** (`filters.py`).
* **How near a name comes is not found here** but for many filings at once by `Portfolio.near`, and handed in.
  The same name after folding (case, width, blanks, signs) is seen without.
* **Allowed owners and own numbers are never hits by a name**, be it the same, nor by likeness of the owner,
  nor of a watch without triggers. Whoever is named as a trigger is told of all the same.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from tmwatch.model import TradeMark
from tmwatch.numbers import MarkNumber, show_number
from tmwatch.text import clean_line, fold
from tmwatch.watches import owners
from tmwatch.watches.docket import bare
from tmwatch.watches.filing import agent_names, party_names
from tmwatch.watches.filters import UNCHECKED, filters

if TYPE_CHECKING:
    from tmwatch.config.models import Watch
    from tmwatch.similarity import Near

TRIGGERS = ("numbers", "owners", "agents", "marks")


@dataclass(frozen=True)
class Match:
    """The answer. `why` is one English sentence for a hit, "" otherwise; `failed` says what did not hold.

    `near` is the nearest mark of the watch (`near.mark`: its place in `watch.marks`), where likeness was
    looked for and found, whether or not it was near enough. `sure`: a trigger names the filing itself (its
    number, owner, agent or very name); otherwise it is a hit by likeness, or by filters alone.
    """

    hit: bool
    why: str = ""
    triggers: tuple[str, ...] = ()  # which fired, of "numbers", "owners", "agents", "marks"
    failed: tuple[str, ...] = ()  # also filled for a hit: with `any`, the triggers that did not fire
    near: Near | None = None
    sure: bool = True

    @property
    def named(self) -> bool:
        """Whether it is a hit, and by what names the filing itself: what has left a watch is neither."""
        return self.hit and self.sure

    @property
    def level(self) -> int | None:
        """How near: 1 (near identical) to 4 (distant); None where no name came near."""
        return self.near.likeness.level if self.near is not None else None

    @property
    def score(self) -> float | None:
        """The score of the nearest name, comparable over marks: higher is nearer."""
        return self.near.likeness.score if self.near is not None else None

    @property
    def reasons(self) -> tuple[str, ...]:
        """Why the names are near, in words."""
        return self.near.likeness.reasons if self.near is not None else ()


def triggers_of(watch: Watch) -> tuple[str, ...]:
    """The kinds of triggers that the watch has. One whose docket file holds nothing that can be read has no
    number, and must not take all that is filed for its own. What is followed because it was marked relevant
    is none of them."""
    return tuple(trigger for trigger in TRIGGERS if _has(watch, trigger))


def _has(watch: Watch, trigger: str) -> bool:
    if trigger != "numbers":
        return bool(getattr(watch, trigger))
    own = (number for number in watch.numbers if number.st13 not in watch.followed)
    return watch.numbers_file is not None or next(own, None) is not None


@dataclass(frozen=True)
class _Fired:
    why: str
    sure: bool = True


def match(watch: Watch, record: TradeMark, near: Near | None = None) -> Match:
    """Whether the record as it stands is one this watch is about, and why (or why not).

    `near` is what `Portfolio.near` found for this watch and this record. Without it marks are compared for
    the same name only.
    """
    fired: dict[str, _Fired] = {}
    failed: list[str] = []
    excluded = _excluded(watch, record)
    wanted = triggers_of(watch)
    follows = record.st13 in watch.followed
    for trigger in dict.fromkeys(("numbers", *wanted)) if follows else wanted:
        found = _TESTS[trigger](watch, record, near)
        if found is not None and excluded and (trigger == "marks" or not found.sure):
            failed.append(f"{found.why}, but {excluded}")
        elif found is not None:
            fired[trigger] = found
        else:
            failed.append(_not_fired(trigger, watch, record, near))
    enough = bool(fired) and (watch.require == "any" or follows or len(fired) == len(wanted))
    if not wanted and not follows:
        enough = not excluded
        failed += [excluded] if excluded else []
    held: list[str] = []
    filters_hold = True
    for holds, sentence in filters(watch, record):
        if not wanted and not follows and UNCHECKED in sentence:
            # Without a trigger the filter is the only ground there is: what is not known is none.
            filters_hold = False
            failed.append(sentence)
        elif holds:
            held.append(sentence)
        else:
            filters_hold = False
            failed.append(sentence)
    hit = enough and filters_hold
    why = "; ".join([*(one.why for one in fired.values()), *held]) if hit else ""
    sure = any(one.sure for one in fired.values())
    return Match(hit, why, tuple(fired), tuple(failed), near, sure)


def _excluded(watch: Watch, record: TradeMark) -> str:
    """Why it is never a hit by its name; "" where it may be one."""
    for number in watch.except_numbers:
        if is_number(number, record):
            return f"{show_number(number)} is excepted (except_numbers)"
    same = owners.first_same(watch.except_owners, party_names(record.owners)) if watch.except_owners else None
    return f'owner "{clean_line(same[1])}" is excepted (except_owners)' if same else ""


# -- triggers: the reason why it fires, or None ----------------------------------------------------


def _by_number(watch: Watch, record: TradeMark, _: Near | None) -> _Fired | None:
    for number in watch.numbers:
        if is_number(number, record):
            return _Fired(f"number {show_number(number)} is watched")
    return None


def is_number(number: MarkNumber, record: TradeMark) -> bool:
    """By ST.13; else by the number of its kind, as the record carries it."""
    if number.st13 is not None and number.st13 == record.st13:
        return True
    wanted = bare(number.number)
    if number.kind == "international":  # it names the designations in every office too
        return bare(record.international_registration_number or "") == wanted
    if number.office != record.office:
        return False
    if number.kind == "registration":
        return bare(record.registration_number or "") == wanted
    return number.st13 is None and bare(record.application_number or "") == wanted


def _by_owner(watch: Watch, record: TradeMark, _: Near | None) -> _Fired | None:
    names = party_names(record.owners)
    same = owners.first_same(watch.owners, names)
    if same is not None:
        alias, name = same
        return _Fired(owners.same_name("owner", name, alias))
    if watch.owners_like:
        for alias in watch.owners:
            for name in names:
                if how := owners.looks_like(alias, name):
                    shown = f'owner "{clean_line(name)}" looks like the watched "{clean_line(alias)}"'
                    return _Fired(f"{shown} ({how})", sure=False)
    return None


def _by_agent(watch: Watch, record: TradeMark, _: Near | None) -> _Fired | None:
    same = owners.first_same(watch.agents, agent_names(record))
    return _Fired(owners.same_name("representative", same[1], same[0])) if same is not None else None


def _by_mark(watch: Watch, record: TradeMark, near: Near | None) -> _Fired | None:
    name = record.verbal_element or ""
    for wanted in watch.marks:
        if fold(wanted) and fold(wanted) == fold(name):
            return _Fired(f'mark "{clean_line(name)}" is the watched name "{clean_line(wanted)}"')
    if near is not None and near.likeness.level <= watch.level:
        return _Fired(f"{said(watch, near)}: {'; '.join(near.likeness.reasons)}", sure=False)
    return None


def said(watch: Watch, near: Near) -> str:
    """What came near what, and how near."""
    name, mark = clean_line(near.name), clean_line(watch.marks[near.mark])
    return f'mark "{name}" is near the watched "{mark}" (level {near.likeness.level})'


_TESTS: dict[str, Callable[[Watch, TradeMark, Near | None], _Fired | None]] = {
    "numbers": _by_number,
    "owners": _by_owner,
    "agents": _by_agent,
    "marks": _by_mark,
}
# trigger → the field it needs, what the watch asks for
_NEEDS = {
    "owners": ("owners", "owner"),
    "agents": ("representatives", "representative"),
    "marks": ("verbal_element", "mark name"),
}


def _not_fired(trigger: str, watch: Watch, record: TradeMark, near: Near | None) -> str:
    if trigger == "numbers":
        return f"{show_number(record)} is not among the watched numbers"
    if trigger == "marks" and near is not None:
        least = f"level {watch.level} or nearer" if watch.level else "the same name only"
        return f"{said(watch, near)}, and the watch asks for {least}"
    field, word = _NEEDS[trigger]
    if not record.gives(field):
        return f"this source does not give the {word}"
    if trigger == "marks":
        has = [record.verbal_element] if record.verbal_element else []
    else:
        has = [party.name for party in getattr(record, field)]
    if not has:
        return f"the record shows no {word}"
    names = ", ".join(f'"{clean_line(name)}"' for name in has[:3])
    if trigger == "marks":
        return f"{word} {names} {'comes near no watched one' if watch.level else _NOT_THE_SAME}"
    return f"{word} {names} is not watched"


_NOT_THE_SAME = "is not the same name as any watched"
