"""Whether goods touch is said apart from the names."""

from __future__ import annotations

import pytest

from tmwatch.similarity import touch
from tmwatch.similarity.goods import related_classes


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


def test_every_class_has_related_ones_and_none_is_related_to_itself() -> None:
    table = related_classes()
    assert set(table) == set(range(1, 46))
    assert all(
        related and one not in related and related <= set(range(1, 46)) for one, related in table.items()
    )


@pytest.mark.parametrize(
    ("mine", "theirs"), [(12, 39), (9, 42), (3, 5), (18, 25), (32, 33), (43, 30), (5, 44)]
)
def test_goods_that_one_trade_makes_are_related_both_ways(mine: int, theirs: int) -> None:
    assert touch({mine}, {theirs}).label == touch({theirs}, {mine}).label == "related classes"


@pytest.mark.parametrize(("mine", "theirs"), [(12, 3), (25, 30), (9, 33), (36, 29), (44, 13)])
def test_goods_of_different_trades_are_apart(mine: int, theirs: int) -> None:
    assert touch({mine}, {theirs}).label == "apart"


def test_same_class_counts_before_related_ones_and_these_before_words() -> None:
    assert touch({9, 12}, {12, 39}, "cars", "cars").label == "same class"
    assert touch({12}, {39}, "cars", "cars").label == "related classes"
