"""Many names at once score as one by one: what the columns find is what the rule says, to the last hit."""

from __future__ import annotations

import random
from collections.abc import Mapping, Sequence

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.conftest import examples
from tmwatch.similarity import NOTHING, Hit, Scorer, compare, hits, scorer
from tmwatch.similarity.background import made_han_names, made_names
from tmwatch.similarity.batch import trigrams
from tmwatch.similarity.features import expand, measure
from tmwatch.similarity.strings import groups

# Spellings that the rule treats apart: two words as one, parts, meanings, scripts, slogans, nothing at all.
ODD = [
    "", "!!", "a" * 300, "VAPOUR RUB", "VAPORUB BALM", "WATERPIK", "HYDROPIK", "JD", "JDEX", "JD AUTO", "O",
    "LION", "LÖWE", "LÖWENBRÄU LION", "京东", "京东派", "北京东方", "JD京东", "カフェ", "CAFE", "SIEMENS",
    "西门子", "ПРАВДА", "PRAVDA", "THE BEST OF THE BEST OF THE BEST IN THE WORLD", "GHT", "ER", "O O", "𠀀京",
    "SUNFLOWER", "SUN FLOWER OIL", "\ud83d", "LAND ROVER", "路虎", "GOOD MORNING SUN", "BUENOS DIAS", "未来",
    "末来", "珠明", "明珠", "ЗВЕЗДА", "ZVEZDA STAR", "CENTURY", "SECOLO",
    "SNOW WHITE", "SCHNEEWITTCHEN", "GOLD MOUNTAIN", "MOUNTAIN GOLD CAFE", "SCHIFFFAHRTS",
    "DONAUDAMPFSCHIFFFAHRTSGESELLSCHAFT", "ELBEDAMPFSCHIFFFAHRTSGESELLSCHAFTEN HAMBURG",
]  # fmt: skip


def variant(name: str, rng: random.Random) -> str:
    """A name changed as look-alikes are: a letter, a sound, a word more or less, another order."""
    words = name.split()
    at = rng.randrange(len(name))
    return rng.choice(
        (
            name[:at] + rng.choice("aeiousk") + name[at + 1 :],
            name[:at] + name[at + 1 :],
            name.replace("c", "k").replace("ph", "f").replace("y", "i"),
            f"{name} {rng.choice(('group', 'auto', 'lion', 'best'))}",
            "".join(words),
            " ".join(reversed(words)),
            words[-1],
            name + "s",
        )
    )


def generated(number: int, seed: int) -> tuple[list[str], list[str]]:
    """(marks, names): made-up names, Latin and Chinese, and look-alikes of the marks."""
    rng = random.Random(seed)
    latin, han = made_names(scorer().counts), made_han_names(scorer().counts)
    marks = rng.sample(latin, number) + rng.sample(han, number // 10) + ODD
    names = rng.sample(latin, number) + rng.sample(han, number // 5) + ODD
    names += [variant(mark, rng) for mark in marks[:number] for _ in range(2)]
    return marks, names


def one_by_one(one: Scorer, marks: Sequence[str], names: Sequence[str], level: int) -> list[Hit]:
    """The hits by the rule itself."""
    one.noises([one.name(mark) for mark in marks])
    found = []
    for a, mark in enumerate(marks):
        for b, name in enumerate(names):
            if one.score(mark, name) == NOTHING:
                continue
            likeness = one.compare(mark, name)
            if likeness.level <= level:
                found.append(Hit(a, b, likeness.level, likeness.score, likeness.reasons))
    return found


def told_apart(one: list[Hit], other: list[Hit]) -> None:
    assert [(hit.watched, hit.candidate) for hit in one] == [(hit.watched, hit.candidate) for hit in other]
    for left, right in zip(one, other, strict=True):
        assert (left.level, left.reasons) == (right.level, right.reasons)
        assert left.score == pytest.approx(right.score, abs=1e-6)


@pytest.mark.parametrize("level", [3, 4])
def test_a_batch_gives_the_hits_of_each_pair_alone(level: int) -> None:
    """Thousands of pairs, with whatever is odd among them."""
    marks, names = generated(40, seed=level)
    one = Scorer(background=made_names(scorer().counts)[:300])
    expected = one_by_one(one, marks, names, level)
    assert len(expected) > 150
    told_apart(list(hits(marks, names, level, using=one)), expected)


WORD = st.one_of(
    st.sampled_from(
        ["lion", "löwe", "auto", "jd", "京东", "东方", "the", "of", "group", "seiko", "seycos", "sun"]
        + ["flower", "sunflower", "water", "pik", "waterpik", "hydropik"]
    ),
    st.text("abcehikorsty", min_size=1, max_size=7),
)
NAME = st.lists(WORD, min_size=0, max_size=4).map(" ".join)


@settings(max_examples=examples(60), deadline=None)
@given(marks=st.lists(NAME, min_size=1, max_size=5), names=st.lists(NAME, min_size=1, max_size=8))
def test_whatever_the_names_are_the_hits_are_those_of_each_pair_alone(
    marks: list[str], names: list[str]
) -> None:
    one = QUICK
    told_apart(list(hits(marks, names, 4, using=one)), one_by_one(one, marks, names, 4))
    told_apart(sorted(hits(marks, names, 3, using=one, batch=3)), sorted(one_by_one(one, marks, names, 3)))


QUICK = Scorer(background=("SEIKO WATCHES", "SUN CITY", "LIONS", "AUTO"))


def test_the_noise_of_many_marks_is_the_tenth_score_of_ten_thousand_of_each() -> None:
    beside = made_names(scorer().counts)[:1000]
    one = Scorer(background=beside)
    marks, _ = generated(20, seed=9)
    for mark, found in zip(marks, one.noises([one.name(mark) for mark in marks]), strict=True):
        mine = one.name(mark)
        scores = sorted(
            (one.raw(mine, one.name(name)) for name in beside if one.name(name).compact != mine.compact),
            reverse=True,
        )
        assert found == pytest.approx(max(scores[1], -9.0), abs=1e-9), mark


class Memory:
    """What was asked for and learned, by what made it."""

    def __init__(self) -> None:
        self.kept: dict[str, dict[str, float]] = {}
        self.learned: list[str] = []

    def known(self, made_by: str) -> dict[str, float]:
        return self.kept.get(made_by, {})

    def learn(self, made_by: str, found: Mapping[str, float]) -> None:
        self.kept.setdefault(made_by, {}).update(found)
        self.learned += found


def test_noise_is_kept_between_runs_and_found_anew_where_something_else_made_it() -> None:
    beside, memory = made_names(scorer().counts)[:300], Memory()

    def noise(size: int, *marks: str) -> list[float]:
        one = Scorer(background=beside[:size])
        one.remember(memory)
        return [float(found) for found in one.noises([one.name(mark) for mark in marks])]

    first = noise(300, "SEIKO")
    assert noise(300, "SEIKO", "ROLEX")[0] == first[0]
    assert memory.learned == ["seiko", "rolex"], "what was known is not looked for again"
    noise(200, "SEIKO")
    assert memory.learned == ["seiko", "rolex", "seiko"]


def test_the_joined_score_of_columns_is_that_of_one_pair() -> None:
    one = scorer()
    numbers = measure(one.name("SEIKO"), one.name("SEYCOS"), one.counts)[0]
    alone = one.weights.constant + sum(
        weight * number for weight, number in zip(one.weights.by_name, expand(numbers), strict=True)
    )
    assert one.formula.joined(np.array([numbers]).T)[0] == pytest.approx(alone)


def test_groups_of_three_are_those_of_the_texts() -> None:
    texts = ["", "a", "aaaa", "seiko", "京东派", "s"]
    row, _group = groups(texts)
    for at, text in enumerate(texts):
        assert np.count_nonzero(row == at) == len(trigrams(text))


def test_nothing_beside_nothing_is_no_hit() -> None:
    assert list(hits([], ["SEIKO"])) == list(hits(["SEIKO"], [])) == list(hits([""], ["", "!!"])) == []
    assert compare("", "").level == 4
