"""Batches of marks against batches of names give the hits of the whole, however they are parted."""

from __future__ import annotations

import pytest

from tmwatch.similarity import Hit, Scorer, compare, hits, hits_on_cores

MARKS = ["SEIKO", "GORILLA", "JD", "京东", "KRAFT"]
NAMES = [
    "SEYKO", "SEIKO WATCHES", "GORILLA BOARD", "GORRILA", "JD AUTO", "JDEX", "京东派", "北京东方", "KRAFTS",
    "MOON",
]  # fmt: skip


def test_parts_give_the_same_hits_as_the_whole() -> None:
    whole = sorted(hits(MARKS, NAMES))
    assert len(whole) > 5
    for size in (1, 3, 7):
        assert sorted(hits(MARKS, NAMES, batch=size)) == whole
    parted = [
        Hit(one.watched + at, one.candidate, one.level, one.score, one.reasons)
        for at in range(len(MARKS))
        for one in hits(MARKS[at : at + 1], NAMES)
    ]
    assert sorted(parted) == whole


def test_all_cores_give_the_same_hits_as_one() -> None:
    assert hits_on_cores(MARKS, NAMES, cores=2) == sorted(hits(MARKS, NAMES))


def test_a_hit_is_what_comparing_the_two_names_says() -> None:
    for hit in hits(MARKS, NAMES):
        alone = compare(MARKS[hit.watched], NAMES[hit.candidate])
        assert (hit.level, hit.score, hit.reasons) == (alone.level, alone.score, alone.reasons)


def test_the_level_bounds_the_hits() -> None:
    near, wide = list(hits(MARKS, NAMES, level=1)), list(hits(MARKS, NAMES, level=4))
    assert {hit.level for hit in near} == {1}
    assert len(near) < len(wide)


def test_a_level_that_does_not_exist_is_refused() -> None:
    with pytest.raises(ValueError, match="a level is 1 to 4"):
        list(hits(MARKS, NAMES, level=0))


def test_a_mark_that_nothing_comes_near_to_needs_no_background() -> None:
    quick = Scorer()
    assert list(hits(["REAWAKE", "SEIKO"], ["MOON", "TIMBERLAND"], using=quick)) == []
    assert not quick._beside
    found = list(hits(["REAWAKE", "SEIKO"], ["MOON", "SEYCOS"], using=quick))
    assert [(hit.watched, hit.candidate) for hit in found] == [(1, 1)]
    assert found == list(hits(["REAWAKE", "SEIKO"], ["MOON", "SEYCOS"]))
