"""The rule in C says what the rule in Python says, number by number, and leaves nothing out that it finds."""

from __future__ import annotations

from dataclasses import replace
from itertools import product

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from rapidfuzz.distance import JaroWinkler

from tests.conftest import examples
from tests.similarity.test_engine import NAME, ODD, QUICK, generated, one_by_one, told_apart
from tests.similarity.test_levels import PEOPLE
from tmwatch.similarity import Scorer, compiled, hits, levels, scorer
from tmwatch.similarity.arrays import Columns
from tmwatch.similarity.engine import Engine
from tmwatch.similarity.features import ALL_NAMES, NAMES, measure
from tmwatch.similarity.formula import Formula
from tmwatch.similarity.strings import Floats, Ints

needs_it = pytest.mark.skipif(not compiled.READY, reason="tmwatch was installed without a C compiler")


def told_alike(marks: list[str], names: list[str], one: Scorer) -> int:
    """Every plain mark beside every plain name, in C and in Python; how many pairs that were."""
    mine, theirs = [one.make(mark) for mark in marks], [one.make(name) for name in names]
    left, right = Columns(mine), Columns(theirs)
    quick = (np.flatnonzero(side.plain & ~side.phrased) for side in (left, right))
    pairs = list(product(*quick))
    mark, name = (np.array([pair[at] for pair in pairs], np.int64) for at in (0, 1))
    found = compiled.measured(one.formula.compiled(one.counts), left, right, mark, name)
    for (a, b), (numbers, told) in zip(pairs, found, strict=True):
        matches = [compiled.match(mine[a], theirs[b], match) for match in told]
        expected, expected_matches = measure(mine[a], theirs[b], one.counts)
        shown = f"{mine[a].raw} / {theirs[b].raw}"
        assert numbers == dict(zip(NAMES, expected, strict=True)), shown
        assert matches == expected_matches, shown
    return len(pairs)


@needs_it
def test_the_rule_in_c_measures_what_the_rule_in_python_measures_to_the_last_bit() -> None:
    marks, names = generated(30, seed=3)
    assert told_alike(marks, names, scorer()) > 3000


# Words that the rule treats apart, and letters few enough to meet in every way.
APART = st.sampled_from(
    ["vapour", "rub", "vaporub", "water", "pik", "waterpik", "hydropik", "sun", "flower", "sunflower", "the"]
    + ["vaporubwaterpikhydropiksunflower", "vaporubwaterpikhydropiksunflowers"]
)
WORD = st.one_of(APART, st.text("abcde", min_size=1, max_size=9))
CLOSE = st.lists(WORD, min_size=1, max_size=5).map(" ".join)


@needs_it
@settings(max_examples=examples(60), deadline=None)
@given(marks=st.lists(CLOSE, min_size=1, max_size=3), names=st.lists(CLOSE, min_size=1, max_size=6))
def test_and_so_it_does_for_whatever_names_there_are(marks: list[str], names: list[str]) -> None:
    told_alike(marks, names, scorer())


@needs_it
@settings(max_examples=examples(80), deadline=None)
@given(one=st.text("abcd", min_size=1, max_size=64), other=st.text("abcd", min_size=1, max_size=64))
def test_the_opening_of_two_names_is_as_rapidfuzz_has_it(one: str, other: str) -> None:
    mine, theirs = (Columns([scorer().make(text)]) for text in (one, other))
    if not (mine.plain.all() and theirs.plain.all()):
        return
    first = np.zeros(1, np.int64)
    found = compiled.measured(scorer().formula.compiled(scorer().counts), mine, theirs, first, first)
    ((numbers, _matches),) = found
    opening = JaroWinkler.normalized_similarity(mine.name(0).compact, theirs.name(0).compact)
    assert numbers["opening"] in (opening, 0.6 * opening)


def near_pairs(
    formula: Formula, left: Columns, right: Columns, least: float = -np.inf, level: int = 4
) -> tuple[Ints, Ints, Floats, Ints, Ints]:
    """(mark, name, score, same letters, nearest level) of the plain pairs, as the C has them."""
    engine = Engine(scorer().counts, formula, left, right)
    rows = np.flatnonzero(left.plain & left.full)
    asked = formula.compiled(scorer().counts), left, right, engine._lists(), rows
    mark, name, score, flags, *_ = compiled.near(*asked, np.full(len(left), least), level)
    return mark, name, score, (flags & 1).astype(np.int64), (flags >> 1).astype(np.int64)


@needs_it
def test_whatever_the_weights_are_no_pair_that_reaches_the_score_is_left_out_early() -> None:
    """Weights by chance, as `fit.py` may learn them: what is asked for is found as where all is asked for."""
    rng = np.random.default_rng(7)
    one = scorer()
    marks, names = ([one.make(name) for name in some] for some in generated(30, seed=8))
    left, right = Columns(marks), Columns(names)
    for level in (1, 2, 3, 4, 4, 4):
        formula = Formula(tuple(rng.normal(0, 4, len(ALL_NAMES))), 0.0)
        every = near_pairs(formula, left, right)
        least = float(np.quantile(every[2], rng.uniform(0.3, 0.99)))
        kept = ((every[2] >= least) | (every[3] > 0)) & (every[4] <= level)
        assert kept.sum() > 10
        for all_of_them, some in zip(every, near_pairs(formula, left, right, least, level), strict=True):
            assert (all_of_them[kept] == some).all()


def levels_alike(marks: list[str], names: list[str]) -> list[int]:
    """Asserts that the C and `levels.nearest` say the same of every pair; gives what they say."""
    one = scorer()
    mine, theirs = [one.make(mark) for mark in marks], [one.make(name) for name in names]
    mark, name, _score, _same, found = near_pairs(one.formula, Columns(mine), Columns(theirs))
    for a, b, level in zip(mark.tolist(), name.tolist(), found.tolist(), strict=True):
        numbers, matches = measure(mine[a], theirs[b], one.counts)
        expected = levels.nearest(mine[a], theirs[b], dict(zip(NAMES, numbers, strict=True)), matches)
        assert level == expected, f"{mine[a].raw} / {theirs[b].raw}"
    said: list[int] = found.tolist()
    return said


@needs_it
def test_the_nearest_level_in_c_is_that_in_python() -> None:
    marks, names = generated(60, seed=11)
    found = levels_alike(marks, names)
    assert all(found.count(level) > 20 for level in (1, 2, 3, 4))


@needs_it
def test_of_what_people_would_say_too() -> None:
    said = [[part.strip() for part in line.split("|")] for line in PEOPLE.strip().splitlines()]
    levels_alike(sorted({one for one, _, _ in said}), sorted({other for _, other, _ in said}))


@needs_it
@settings(max_examples=60, deadline=None)
@given(marks=st.lists(CLOSE, min_size=1, max_size=3), names=st.lists(CLOSE, min_size=1, max_size=6))
def test_and_so_it_is_for_whatever_names_there_are(marks: list[str], names: list[str]) -> None:
    levels_alike(marks, names)


@needs_it
def test_names_are_looked_at_in_tiles_and_none_of_a_tile_before_is_looked_at_again() -> None:
    one = scorer()
    names = Columns([one.make("JOYROBOTAXI")] * (4096 + 3))  # the last tile is of three
    _mark, name, _score, _same, _level = near_pairs(one.formula, Columns([one.make("JOYROBOTAXI")]), names)
    assert name.tolist() == list(range(4099))


@needs_it
def test_a_mark_that_stands_whole_in_a_much_longer_name_is_found_at_level_1() -> None:
    """Its letters are few of all; the words are what counts."""
    longer = ["SEIKO WATCH SERVICE", "ZORVAX INTERNATIONAL TRADING", "SEIKOSHA HOLDINGS"]
    found = list(hits(["SEIKO", "ZORVAX"], longer, 1))
    assert [(hit.watched, hit.candidate) for hit in found] == [(0, 0), (1, 1)]


@needs_it
@pytest.mark.parametrize("part", ["co", "jd", "sun", "auto", "seiko", "sunflower", "qqq", "zx"])
def test_the_names_in_whose_letters_a_word_stands_are_all_found(part: str) -> None:
    marks, names = generated(120, seed=12)
    columns = Columns(
        [scorer().make(name) for name in (*ODD, *marks, *names, "Sun Flower", "Seikoauto", "jdé 京东")]
    )
    expected = [at for at in range(len(columns)) if part in columns.name(at).compact]
    assert compiled.standing(columns, part).tolist() == expected
    assert expected or part in ("qqq", "zx")


@needs_it
def test_without_a_compiler_the_same_hits_are_found(monkeypatch: pytest.MonkeyPatch) -> None:
    marks, names = generated(25, seed=4)
    quick = list(hits(marks, names, 4, using=QUICK))
    monkeypatch.setattr(compiled, "READY", False)
    told_apart(quick, list(hits(marks, names, 4, using=QUICK)))
    assert len(quick) > 300


@settings(max_examples=8, deadline=None)
@given(marks=st.lists(NAME, min_size=1, max_size=5), names=st.lists(NAME, min_size=1, max_size=8))
def test_without_a_compiler_hits_are_those_of_each_pair_alone(marks: list[str], names: list[str]) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(compiled, "READY", False)
        told_apart(list(hits(marks, names, 4, using=QUICK)), one_by_one(QUICK, marks, names, 4))


@needs_it
@pytest.mark.parametrize("cores", [1, 2, 5])
def test_however_many_cores_share_the_work_the_hits_are_the_same(cores: int) -> None:
    marks, names = generated(150, seed=6)
    whole = list(hits(marks, names, 2, using=QUICK, cores=1))
    told_apart(sorted(hits(marks, names, 2, using=QUICK, cores=cores)), sorted(whole))


# What a file holds is known to be what was written; what is handed to the C is looked through all the same.
@needs_it
@pytest.mark.parametrize("what", ["compact.start", "word.item", "joined.start", "words.split.sense.start"])
def test_columns_that_reach_beyond_their_end_are_refused(what: str) -> None:
    from tmwatch.similarity import _pairs

    columns = Columns([scorer().make(name) for name in (*ODD, "WATERPIK SUN FLOWER", "VAPOUR RUB")])
    arrays = compiled.arrays(columns)
    wrong = arrays[what].copy()
    wrong[len(wrong) // 2 :] = 2**31 - 5
    with pytest.raises(ValueError, match="damaged"):
        _pairs.side({**arrays, what: wrong})


@needs_it
def test_an_array_that_lies_askew_is_refused() -> None:
    from tmwatch.similarity import _pairs

    arrays = compiled.arrays(Columns([scorer().make("SEIKO")]))
    bits = arrays["bits"]
    askew = np.frombuffer(b"  " + bits.tobytes(), np.uint8)[2:].view(bits.dtype)
    with pytest.raises(ValueError, match="multiple of 8"):
        _pairs.side({**arrays, "bits": askew})


@needs_it
def test_a_mark_of_another_length_than_the_columns_say_is_refused() -> None:
    from tmwatch.similarity import _pairs

    long = replace(scorer().make("SEIKO"), compact="s" * 65)
    wrong = Columns([long])
    wrong.plain = np.ones(1, bool)
    with pytest.raises(ValueError, match="damaged"):
        _pairs.side(compiled.arrays(wrong))
