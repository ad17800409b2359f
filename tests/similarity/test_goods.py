"""Whether goods touch is said apart from the names."""

from __future__ import annotations

import pytest

from tmwatch.similarity import touch


@pytest.mark.parametrize(
    ("mine", "theirs", "my_terms", "their_terms", "label", "reason"),
    [
        ({12, 9}, {9, 35}, "", "", "same class", "same class: 9"),
        ({12}, {39}, "", "", "related classes", "related classes: 12 and 39"),
        ({25}, {30}, "Bread; clothing", "bread and buns", "shared terms", "shared words in the goods: bread"),
        ({25}, {30}, "goods", "other goods", "apart", "other classes: 25 beside 30"),
        (set(), {30}, "", "", "not known", "classes not known on one side"),
    ],
)
def test_goods_touch_by_class_relation_or_words(
    mine: set[int], theirs: set[int], my_terms: str, their_terms: str, label: str, reason: str
) -> None:
    found = touch(mine, theirs, my_terms, their_terms)
    assert (found.label, found.reason) == (label, reason)


def test_nearer_goods_have_a_larger_factor() -> None:
    assert touch({9}, {9}).factor > touch({12}, {9}).factor > touch({25}, {30}).factor


def test_a_watch_brings_related_classes_of_its_own() -> None:
    assert touch({25}, {30}, related={25: [30]}).label == "related classes"
