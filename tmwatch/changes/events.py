"""Events as a set: which entry of an older list is which entry of a newer one.

Same event, after design.md: when both lists number their entries, the number; else the date and the
place among that day's events. Wording may differ: offices reword old entries. What says the same on the
same day is paired first, so that an entry put in or taken out moves no other.
"""

from __future__ import annotations

import operator
from collections import Counter
from collections.abc import Hashable, Sequence

from tmwatch.changes.compare import align, filled, folded
from tmwatch.model import MarkEvent


def keys(events: Sequence[MarkEvent], *, by_number: bool) -> list[str]:
    """One key per event: "#31", or "2010-09-08/2" for the second of that day."""
    if by_number:
        return [f"#{event.number}" for event in events]
    seen: Counter[str] = Counter()
    result = []
    for event in events:
        day = event.date.isoformat()
        seen[day] += 1
        result.append(f"{day}/{seen[day]}")
    return result


def numbered(events: Sequence[MarkEvent]) -> bool:
    """Every entry has a number, and no number stands twice."""
    numbers = [event.number for event in events]
    return all(number is not None for number in numbers) and len(set(numbers)) == len(numbers)


def in_order(events: Sequence[MarkEvent]) -> tuple[MarkEvent, ...]:
    """Oldest first: by number where there is one, else as the source lists them."""
    numbers = [event.number for event in events]
    if None not in numbers and all(map(operator.lt, numbers, numbers[1:])):  # type: ignore[arg-type]
        return tuple(events)  # as nearly all lists come
    if numbered(events):
        return tuple(sorted(events, key=lambda event: event.number or 0))
    return tuple(events)


def pair(
    old: Sequence[MarkEvent], new: Sequence[MarkEvent]
) -> tuple[list[tuple[MarkEvent, MarkEvent]], list[MarkEvent], list[MarkEvent]]:
    """(same in both as (old, new), only in new, only in old), each oldest first."""
    old, new = in_order(old), in_order(new)

    def day(event: MarkEvent) -> Hashable:
        return event.date

    def said(event: MarkEvent) -> Hashable:
        return event.date, folded(event.text)

    def number(event: MarkEvent) -> Hashable:
        return event.number

    # The same words on the same day come before the place in the list: an office that takes an entry out
    # or puts one in between moves the places (and may move the numbers) of all behind it.
    if numbered(old) and numbered(new):
        whole = align(
            old, new, lambda one: (number(one), said(one)), said, lambda one: (number(one), day(one)), number
        )
    else:
        whole = align(old, new, said, day)
    before, after = {place for place, _ in whole}, {place for _, place in whole}
    both = [(old[was], new[now]) for was, now in whole]
    added = [event for place, event in enumerate(new) if place not in after]
    gone = [event for place, event in enumerate(old) if place not in before]
    return both, added, gone


def added_to(old: Sequence[MarkEvent], new: Sequence[MarkEvent]) -> tuple[MarkEvent, ...]:
    """All of `old` and `new`, those that are the same once, in the order of their days.

    For a feed that tells of an event once, on the day of its issue: the same day, code, words and place
    among its likes is the same event. Within a day the order is that of code and words, so that it does
    not matter which of two issues came first.
    """
    found: dict[Hashable, MarkEvent] = {}
    for events in (old, new):
        seen: Counter[Hashable] = Counter()
        for event in events:
            said = (event.date, event.code or "", folded(event.text), event.proceeding or "")
            seen[said] += 1
            key = (*said, seen[said])
            found[key] = filled(event, found.get(key))
    return tuple(found[key] for key in sorted(found))  # type: ignore[type-var]
