"""Events as a set: which entry of an older list is which entry of a newer one.

Same event, after design.md: when both lists number their entries, the number decides; else the date
and the place among that day's events. Wording may differ: offices reword old entries.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

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
    if events and numbered(events):
        return tuple(sorted(events, key=lambda event: event.number or 0))
    return tuple(events)


def pair(
    old: Sequence[MarkEvent], new: Sequence[MarkEvent]
) -> tuple[list[tuple[MarkEvent, MarkEvent]], list[MarkEvent], list[MarkEvent]]:
    """(same in both as (old, new), only in new, only in old), each oldest first."""
    old, new = in_order(old), in_order(new)
    by_number = numbered(old) and numbered(new) and bool(old) and bool(new)
    before = dict(zip(keys(old, by_number=by_number), old, strict=True))
    after = dict(zip(keys(new, by_number=by_number), new, strict=True))
    both = [(before[key], event) for key, event in after.items() if key in before]
    added = [event for key, event in after.items() if key not in before]
    gone = [event for key, event in before.items() if key not in after]
    return both, added, gone
