"""Whether goods and services touch: same class, related classes, shared terms. Pure; apart from the names.

A label for people and a factor for sorting; never mixed into the score of the names. No office publishes
one binding list of related classes: `data/related_classes.csv` is ours, with its reasons, and a watch may
bring its own.
"""

from __future__ import annotations

import csv
import functools
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from importlib.resources import files

from tmwatch.text import fold

SAME, RELATED, TERMS, APART, UNKNOWN = "same class", "related classes", "shared terms", "apart", "not known"
_FACTORS = {SAME: 1.0, RELATED: 0.7, TERMS: 0.7, APART: 0.3, UNKNOWN: 0.8}
# Words of goods lists that tell nothing about the goods.
_EMPTY = frozenset(
    [
        "and",
        "or",
        "of",
        "for",
        "in",
        "the",
        "with",
        "to",
        "by",
        "on",
        "as",
        "from",
        "namely",
        "including",
        "not",
        "other",
        "than",
        "all",
        "any",
        "such",
        "services",
        "goods",
        "products",
        "use",
        "used",
        "being",
        "made",
        "via",
        "their",
        "its",
        "therefor",
        "therewith",
    ]
)


@dataclass(frozen=True)
class Touch:
    """How goods touch: `label` is one of the constants, `factor` runs from 0 to 1, `reason` is in words."""

    label: str
    factor: float
    reason: str


@functools.cache
def related_classes() -> Mapping[int, frozenset[int]]:
    """For a class of the watched mark, the other classes to look at."""
    text = files("tmwatch").joinpath("data/related_classes.csv").read_text(encoding="utf-8")
    return {
        int(row["class"]): frozenset(int(one) for one in row["related"].split())
        for row in csv.DictReader(text.splitlines())
    }


def touch(
    watched: Collection[int],
    candidate: Collection[int],
    watched_terms: str = "",
    candidate_terms: str = "",
    related: Mapping[int, Collection[int]] | None = None,
) -> Touch:
    """How the goods of a candidate touch those of the watched mark.

    Classes are Nice numbers, terms the goods as text. No class on one side is "not known", never "apart".
    """
    mine, theirs = set(watched), set(candidate)
    both = sorted(mine & theirs)
    if both:
        return _touch(SAME, f"same class: {_list(both)}")
    table = related_classes() if related is None else related
    found = [(one, other) for one in sorted(mine) for other in sorted(theirs) if other in table.get(one, ())]
    shared = sorted(_words(watched_terms) & _words(candidate_terms))
    if found:
        return _touch(RELATED, "related classes: " + ", ".join(f"{a} and {b}" for a, b in found[:4]))
    if shared:
        return _touch(TERMS, f"shared words in the goods: {', '.join(shared[:5])}")
    if not mine or not theirs:
        return _touch(UNKNOWN, "classes not known on one side")
    return _touch(APART, f"other classes: {_list(sorted(mine))} beside {_list(sorted(theirs))}")


def _touch(label: str, reason: str) -> Touch:
    return Touch(label, _FACTORS[label], reason)


def _list(classes: Collection[int]) -> str:
    return ", ".join(str(one) for one in classes)


def _words(terms: str) -> set[str]:
    return {word for word in fold(terms).split() if len(word) > 2 and word not in _EMPTY}
