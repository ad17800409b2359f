"""What must come of a mutated page, decided from what the mutation means.

A reading is *the same* when it says the same facts, whatever their order: then the store moves nothing.
It is *emptier* when some facts are gone and no fact became another one. A fact that is gone although the
page still shows it under another name is the accident that all of this is about: never right. A row that
is gone with its label is what an honest page looks like that has nothing to say there: right, unless the
fact is one that every filing has.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal

from tmwatch.changes import diff, merge
from tmwatch.errors import LookError, Outcome
from tmwatch.http.challenge import detect
from tmwatch.looking import read_page
from tmwatch.model import TradeMark
from tmwatch.sources.base import Answer, Page, Source
from tmwatch.sources.expectation import record_facts

End = Answer | LookError
How = Literal["same", "refused", "empty", "reported", "wrong"]


@dataclass(frozen=True)
class Verdict:
    """How a mutated page ended, and, where that is wrong, why."""

    how: How
    why: str = ""

    @property
    def right(self) -> bool:
        return self.how != "wrong"


Judge = Callable[[End, End], Verdict]


@dataclass(frozen=True)
class Mutation:
    """One mutated page. `judge(before, after)` takes what the good page gave and what this one gave."""

    kind: str  # "label renamed": a row of the table
    what: str  # "`Owner Name:`": which one
    page: Page
    judge: Judge

    def __str__(self) -> str:
        return f"{self.kind}: {self.what}"


def production(source: Source, page: Page) -> End:
    """The road of a live look, from the answer to the reading: pages in the way first, then the reader.

    Any exception that is no `LookError` is a bug and goes through.
    """
    in_the_way = detect(page)
    if in_the_way is not None:
        return in_the_way
    try:
        return read_page(source, page)
    except LookError as error:
        return error


# -- judges ----------------------------------------------------------------------------------------------

# What a page that is broken, empty or not ours may be called; a challenge or a login has its own name.
BROKEN = frozenset({Outcome.LAYOUT_CHANGED, Outcome.INCOMPLETE})
EMPTY = BROKEN | {Outcome.THROTTLED}


def refused(*outcomes: Outcome) -> Judge:
    """It must end in one of these outcomes."""

    def judge(before: End, after: End) -> Verdict:
        if isinstance(after, LookError) and after.outcome in outcomes:
            return Verdict("refused")
        return Verdict("wrong", f"ended in {_end(after)}, not in {', '.join(sorted(outcomes))}")

    return judge


def same(before: End, after: End) -> Verdict:
    """The meaning did not change: the very same answer, a failed page its very outcome."""
    if isinstance(before, LookError):
        # How surely a failed answer is told from another one may depend on its bytes; a record never.
        return Verdict("refused") if isinstance(after, LookError) else Verdict("wrong", "became a record")
    why = difference(before, after)
    return Verdict("wrong", why) if why else Verdict("same")


def same_or_refused(before: End, after: End) -> Verdict:
    """The page still shows the fact, but not where it was: read right all the same, or refused."""
    if isinstance(after, LookError):
        if after.outcome in BROKEN | {Outcome.SERVER_ERROR}:
            return Verdict("refused")
        return Verdict("wrong", f"ended in {_end(after)}")
    return same(before, after)


def gone(before: End, after: End) -> Verdict:
    """The row is not on the page any more: as `same_or_refused`, or the record without just that fact."""
    found = same_or_refused(before, after)
    if found.right or isinstance(after, LookError) or isinstance(before, LookError):
        return found
    for old, new in zip(_by_number(before), _by_number(after), strict=False):
        if why := not_merely_emptier(old, new):
            return Verdict("wrong", why)
    if len(before.readings) != len(after.readings) and not after.missing:
        return Verdict("wrong", "a record is gone and not called missing")
    return Verdict("empty")


def _end(after: End) -> str:
    return after.outcome.value if isinstance(after, LookError) else f"{len(after.readings)} record(s)"


def _by_number(answer: Answer) -> list[TradeMark]:
    return sorted((one.record for one in answer.readings), key=lambda record: record.st13)


# -- comparing -------------------------------------------------------------------------------------------


def difference(before: Answer, after: End) -> str:
    """In what two answers differ, "" if in nothing. The order of events, goods and people says nothing."""
    if isinstance(after, LookError):
        return f"refused ({after.outcome.value}: {after.message[:90]})"
    old, new = _by_number(before), _by_number(after)
    if [one.st13 for one in old] != [one.st13 for one in new]:
        return f"other filings: {[one.st13 for one in new]}"
    for was, now in zip(old, new, strict=True):
        facts, others = unordered(record_facts(was)), unordered(record_facts(now))
        # A field that was empty and is not given now has lost no fact, and is no change.
        lost = {name for name in was.covers - now.covers if facts.get(name) not in _EMPTY}
        if lost:
            return f"not given any more: {', '.join(sorted(lost))}"
        for name in was.covers - now.covers:
            facts.pop(name, None)
        facts["covers"] = others["covers"]
        if facts != others:
            names = [name for name in facts.keys() | others.keys() if facts.get(name) != others.get(name)]
            return f"differs in {', '.join(sorted(names))}"
        if found := diff(was, now, merge(was, now)):
            return f"a change: {found[0].field} {found[0].old} → {found[0].new}"
    return ""


# Lists of words whose order says nothing (`changes.diff` compares them as sets).
_SETS = frozenset({"national_classes", "other_classes", "basis", "phones", "emails", "covers"})


def unordered(value: Any) -> Any:
    """The facts without the order of what is no text: lists of objects become sorted lists."""
    if isinstance(value, dict):
        # The place of an owner among those of its group is the order of the list once more.
        return {
            key: sorted(inner) if key in _SETS and inner else unordered(inner)
            for key, inner in value.items()
            # Empty and not given inside a party or a class are no fact and no change (`compare.same`).
            if inner not in (None, "", [])
            if key != "sequence"
        }
    if isinstance(value, list):
        inner = [unordered(one) for one in value]
        if any(isinstance(one, dict) for one in inner):
            return sorted(inner, key=lambda one: json.dumps(one, sort_keys=True))
        return inner
    return value


_EMPTY: tuple[Any, ...] = (None, "", [], False)
# What every filing has, or what all of watching is about: never gone without a refusal.
_ALWAYS = ("application_number", "application_date", "status_text", "status_phase", "status_live")
_ITEMS = {
    "owners": ("name",),
    "classes": ("class_number", "text"),
    "events": ("date", "text", "code", "number"),
}


def not_merely_emptier(was: TradeMark, now: TradeMark) -> str:
    """Why `now` is more than `was` without some optional facts; "" where it is just that."""
    if was.st13 != now.st13:
        return f"other filing: {now.st13}"
    old, new = record_facts(was), record_facts(now)
    for name in _ALWAYS:
        # Not given is not empty: the store keeps what it knows, and nothing changes.
        if old.get(name) not in _EMPTY and name in now.covers and new.get(name) != old[name]:
            return f"{name} is gone"
    for name, parts in _ITEMS.items():
        if name not in now.covers:
            continue
        # None inside a list of things is "not given": the store keeps what it knows.
        silent = {part for part in parts if all(row.get(part) is None for row in new.get(name) or ())}
        asked = [part for part in parts if part not in silent - {"date", "code", "number"}]
        rows = [
            sorted(json.dumps([row.get(part) for part in asked]) for row in side.get(name) or ())
            for side in (old, new)
        ]
        if rows[0] != rows[1]:
            return f"{name} lost one of {', '.join(parts)}"
    # An office that stops printing the TM5 descriptor leaves us to compute it from the same status.
    ours = {"covers", *(("tm5_csd", "tm5_source") if new.get("tm5_source") == "computed" else ())}
    for name, value in old.items():
        if name not in ours and not _emptier(value, new.get(name)):
            return f"{name} became another: {str(value)[:60]} → {str(new.get(name))[:60]}"
    return ""


def _emptier(old: Any, new: Any) -> bool:
    if new in _EMPTY or old == new:
        return True
    if isinstance(old, dict) and isinstance(new, dict):
        # A correspondent whose person is not named is the firm.
        if new.get("name") and new.get("name") == old.get("organisation") and not new.get("organisation"):
            old = {**old, "name": old["organisation"], "organisation": None}
        return all(_emptier(value, new.get(name)) for name, value in old.items() if name != "sequence")
    if isinstance(old, list) and isinstance(new, list):
        left = list(old)
        for item in new:
            fitting = next((one for one in left if _emptier(one, item)), None)
            if fitting is None:
                return False
            left.remove(fitting)
        return True
    return False
