"""Goods and services as terms, so that an added or removed term can be named."""

from __future__ import annotations

import re
from dataclasses import dataclass

from tmwatch.changes.compare import folded, squeeze

# USPTO amendment marks (note on every TSDR page): [..] deleted, ((..)) not claimed under Section 15,
# *..* additional wording. They tell of an amendment, they are not goods.
_DELETED = re.compile(r"\[[^\[\]]*\]")
_MARKS = re.compile(r"\(\(|\)\)|\*")


@dataclass(frozen=True)
class TermDiff:
    """Terms that came and went, as written; `marks_only` when just amendment marks differ."""

    added: tuple[str, ...]
    removed: tuple[str, ...]
    marks_only: bool


def effective(text: str) -> str:
    """The text as it stands in force: deleted parts gone, the other marks taken off."""
    if "[" in text:  # most have no mark at all
        text = _DELETED.sub(" ", text)
    if "*" in text or "((" in text or "))" in text:
        text = _MARKS.sub(" ", text)
    return squeeze(text)


def terms(text: str) -> list[str]:
    """The single terms of a goods text.

    Split at semicolons outside parentheses; where there is none, at commas and at the Chinese
    enumeration comma. "CLOTHING, NAMELY, SHIRTS, HATS" thus names an added "PANTS".
    """
    for separators in (";；", ",，、"):
        parts = _split(effective(text), separators)
        if len(parts) > 1:
            return parts
    return _split(effective(text), "")


def _split(text: str, separators: str) -> list[str]:
    depth, start, parts = 0, 0, []
    for place, char in enumerate(text):
        if char in "(（":
            depth += 1
        elif char in ")）":
            depth = max(0, depth - 1)
        elif depth == 0 and char in separators:
            parts.append(text[start:place])
            start = place + 1
    parts.append(text[start:])
    return [part for part in (piece.strip(" .,;，；、。") for piece in parts) if part]


def compare_terms(old: str, new: str) -> TermDiff:
    """What came and went between two texts of one class, in the order of the texts."""
    before, after = terms(old), terms(new)
    known, now = {folded(term) for term in before}, {folded(term) for term in after}
    added = tuple(dict.fromkeys(term for term in after if folded(term) not in known))
    removed = tuple(dict.fromkeys(term for term in before if folded(term) not in now))
    marks = not added and not removed and _marks_of(old) != _marks_of(new)
    return TermDiff(added, removed, marks)


def _marks_of(text: str) -> tuple[int, ...]:
    return tuple(text.count(mark) for mark in ("[", "((", "*"))
