"""Foreign names and what they are called in Chinese by sound.

`tests/quality/transliterations.csv` is a list of facts that was written down before anybody looked what the
tables or the rule knew of it: surnames, places, brands, and names as Hong Kong writes them. Known names are
taken out of the scorer here, so that it has nothing but the sound.
"""

from __future__ import annotations

import csv
from pathlib import Path

import numpy as np
import pytest

from tmwatch.similarity import compare
from tmwatch.similarity.batch import may_be_near
from tmwatch.similarity.index import Index
from tmwatch.similarity.meaning import NAME, Meanings, rows
from tmwatch.similarity.score import Scorer
from tmwatch.similarity.transliteration import echoes_of_han, echoes_of_key, likeness

FACTS = Path(__file__).resolve().parents[1] / "quality" / "transliterations.csv"
OTHERS = [
    "华夏银行", "上海机场", "中国石油", "小米科技", "东方航空", "星辰", "明月轩", "老湘亲",
    "NORTHWIND BAKERY", "BLUE HARBOR", "QUICKSTEP", "VELORA", "TANDEM", "MOONSTONE",
]  # fmt: skip


@pytest.fixture(scope="module")
def by_sound() -> Scorer:
    known = [row for row in rows() if not row[0].startswith(NAME)]
    return Scorer(meanings=Meanings(known))


@pytest.fixture(scope="module")
def facts() -> list[tuple[str, str, str]]:
    with FACTS.open(encoding="utf-8", newline="") as stream:
        return [(row["kind"], row["latin"], row["chinese"]) for row in csv.DictReader(stream)]


@pytest.mark.parametrize(
    ("kind", "reach", "level_2", "level_3"),
    [("person", 0.90, 0.75, 0.84), ("place", 0.90, 0.75, 0.86), ("brand", 0.63, 0.35, 0.45)],
)
def test_facts_are_found_by_sound_from_either_side(
    by_sound: Scorer,
    facts: list[tuple[str, str, str]],
    kind: str,
    reach: float,
    level_2: float,
    level_3: float,
) -> None:
    pairs = [(latin, chinese) for what, latin, chinese in facts if what == kind]
    pairs += [(chinese, latin) for latin, chinese in pairs]
    near = [may_be_near(by_sound.name(one), by_sound.name(other)) for one, other in pairs]
    levels = np.array([by_sound.compare(one, other).level for one, other in pairs])
    assert np.mean(near) >= reach
    assert np.mean(levels <= 2) >= level_2
    assert np.mean(levels <= 3) >= level_3


def test_a_name_that_is_written_for_its_sound_is_told_so(by_sound: Scorer) -> None:
    for one, other in (("GARDNER", "加德纳"), ("加德纳", "GARDNER"), ("GARDNER", "加德納")):
        found = compare(one, other)
        assert found.level == 2
        assert any("may be written for the sound" in why for why in found.reasons), found


def test_a_word_of_a_longer_name_is_found_by_its_sound() -> None:
    for one, other in (
        ("GARDNER FOODS", "加德纳食品"),
        ("PATTERSON", "上海帕特森"),
        ("PATTERSON", "帕特森科技"),
    ):
        assert compare(one, other).level <= 3, (one, other)


def test_other_names_are_not_near(by_sound: Scorer, facts: list[tuple[str, str, str]]) -> None:
    marks = [name for _kind, latin, chinese in facts for name in (latin, chinese)]
    pairs = [(mark, name) for mark in marks for name in OTHERS if mark.isascii() != name.isascii()]
    near = [pair for pair in pairs if by_sound.compare(*pair).level <= 3]
    assert len(near) <= 2, near


def test_the_look_up_loses_none(by_sound: Scorer, facts: list[tuple[str, str, str]], tmp_path: Path) -> None:
    """By the compiled rule, by the slow one, and from a file."""
    chosen = facts[::3]
    names = [name for _kind, latin, chinese in chosen for name in (latin, chinese)]
    made = [by_sound.name(name) for name in names]
    Index.build(names, using=by_sound).save(tmp_path)
    index = Index.load(tmp_path, using=by_sound)
    batch = by_sound.batch(names)
    for mark in made:
        expected = [at for at, name in enumerate(made) if may_be_near(mark, name)]
        assert sorted(by_sound.many(mark.raw, batch)) == expected, mark.raw
    kept = [(hit.watched, hit.candidate) for hit in index.search_many(names, level=3)]
    found = [
        (one, other)
        for one, mark in enumerate(names)
        for other, name in enumerate(names)
        if by_sound.compare(mark, name).level <= 3
    ]
    assert sorted(kept) == found


@pytest.mark.parametrize(
    ("nearer", "further", "chinese"),
    [
        ("minisota", "minisoka", "明尼苏达"),
        ("gardnr", "gaskrt", "加德纳"),
        ("patirson", "patirmok", "帕特森"),
        ("birnard", "birnalo", "伯纳德"),  # r is left out, l is not
        ("faSington", "kaSington", "华盛顿"),
    ],
)
def test_what_fits_is_likelier_than_what_does_not(nearer: str, further: str, chinese: str) -> None:
    assert likeness(nearer, chinese) > likeness(further, chinese)
    assert likeness(nearer, chinese) > 0.4


def test_what_holds_no_sounds_is_not_looked_up() -> None:
    assert not echoes_of_key("l8r2go")
    assert not echoes_of_key("ab")
    assert not echoes_of_key("a" * 30)
    assert not echoes_of_han("茅")
    assert not echoes_of_han("加" * 9)
    assert likeness("gardnr", "〇〇") < 0.2
