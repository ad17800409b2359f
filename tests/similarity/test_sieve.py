"""What is left out before it is compared could not have reached the score: the bounds hold."""

from __future__ import annotations

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from rapidfuzz.distance import LCSseq

from tests.similarity.test_engine import NAME, generated
from tmwatch.similarity import scorer
from tmwatch.similarity.arrays import Columns
from tmwatch.similarity.features import ALL_NAMES, NAMES, match_all
from tmwatch.similarity.formula import AT, Formula
from tmwatch.similarity.strings import Bags, Found, Strings, hashes
from tmwatch.similarity.words import JOINED, MEANT, SHARED, Beside

TEXT = st.text("abcSC019!", max_size=12)


@settings(deadline=None)
@given(st.lists(TEXT, min_size=1, max_size=6), st.lists(TEXT, min_size=1, max_size=6))
def test_no_two_texts_have_more_letters_in_common_than_their_bags(left: list[str], right: list[str]) -> None:
    one, other = (Bags.of(Strings.of(texts)) for texts in (left, right))
    for a, text in enumerate(left):
        for b, against in enumerate(right):
            most = one.common(np.array([a]), other, np.array([b]))[0]
            assert LCSseq.similarity(text, against) <= most <= min(len(text), len(against))


@settings(deadline=None)
@given(st.lists(st.tuples(st.text("ab", max_size=4), st.text("abc", max_size=9)), max_size=8))
def test_where_a_text_stands_in_another_is_what_find_says(pairs: list[tuple[str, str]]) -> None:
    short, long = ([pair[at] for pair in pairs] for at in (0, 1))
    rows = np.arange(len(pairs))
    found = Found(Strings.of(short), rows, Strings.of(long), rows)
    assert found.at.tolist() == [text.find(part) for part, text in pairs]
    ends = np.array([len(text) for text in long], np.int64)
    assert (found.code(rows, 0 * ends, ends) == hashes(long)).all()


def test_no_weights_make_a_pair_reach_more_than_its_bound_from_below_and_above() -> None:
    rng = np.random.default_rng(7)
    every = (*NAMES, "strongest")
    for _ in range(40):
        formula = Formula(tuple(rng.normal(0, 4, len(ALL_NAMES))), 0.0)
        numbers = rng.random((len(NAMES), 300))
        numbers[:, :40] = rng.integers(0, 2, (len(NAMES), 40))
        strongest = numbers[[AT[name] for name in ("cover_both", "letters", "key_letters", "reading")]].max(
            axis=0
        )
        rows = dict(zip(every, [*numbers, strongest], strict=True))
        high = {
            name: np.minimum(1.0, row + rng.random(300) * 0.3).astype(np.float32)
            for name, row in rows.items()
        }
        low = {
            name: np.maximum(0.0, rows[name] - rng.random(300) * 0.3).astype(np.float32)
            for name in rng.choice(every, 12, replace=False)
        }
        for name in rng.choice(every, 5, replace=False):
            low[name] = high[name] = rows[name].astype(np.float32)
        assert (formula.reach(low, high) >= formula.joined(numbers)).all()


def test_a_number_that_helps_most_between_its_ends_is_taken_there() -> None:
    weight = {"letters": 4.0, "letters*letters": -4.0}
    formula = Formula(tuple(weight.get(name, 0.0) for name in ALL_NAMES), 0.0)
    ends = {"letters": np.zeros(1, np.float32)}, {"letters": np.ones(1, np.float32)}
    assert formula.reach(*ends)[0] >= 1.0
    assert formula.reach({}, ends[1])[0] >= 1.0


@settings(deadline=None)
@given(st.lists(NAME, min_size=1, max_size=4), st.lists(NAME, min_size=1, max_size=6))
def test_no_two_names_share_more_bits_than_their_words_could(marks: list[str], names: list[str]) -> None:
    _bits_hold(marks, names)


def test_made_up_names_and_their_look_alikes_share_no_more_bits_than_their_words_could() -> None:
    _bits_hold(*generated(25, seed=3))


def _bits_hold(marks: list[str], names: list[str]) -> None:
    one = scorer()
    mine, theirs = (Columns([one.name(text) for text in texts]) for texts in (marks, names))
    pairs = [
        (a, b) for a in range(len(mine)) for b in range(len(theirs)) if mine.plain[a] and theirs.plain[b]
    ]
    if not pairs:
        return
    mark, name = np.array(pairs, np.int64).T
    kind = np.full(len(pairs), SHARED | MEANT, np.uint8)
    for at, (a, b) in enumerate(pairs):
        one_word, two_words = mine.name(a), theirs.name(b)
        if one_word.joined.keys() & two_words.keys or two_words.joined.keys() & one_word.keys:
            kind[at] |= JOINED
    found = Beside(mine, theirs, mark, name).at_most(kind)
    for at, (a, b) in enumerate(pairs):
        matches = match_all(mine.name(a), theirs.name(b), one.counts)
        bits = [match.bits for match in matches]
        assert found["low"][at] <= sum(bits) + 1e-4
        assert sum(bits) <= found["bits"][at] + 1e-4
        assert max(bits, default=0.0) <= found["top"][at] + 1e-4
        assert sum(match.bits for match in matches if match.how == "sense") <= found["sense"][at] + 1e-4
