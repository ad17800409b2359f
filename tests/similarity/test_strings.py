"""Strings as arrays: what is asked of many at once is what Python says of each."""

from __future__ import annotations

import time

from hypothesis import given, settings
from hypothesis import strategies as st

from tests.conftest import examples
from tmwatch.similarity import scorer
from tmwatch.similarity.arrays import Columns
from tmwatch.similarity.strings import hashes, windows


@settings(deadline=None)
@given(st.lists(st.text("abc京", max_size=9), max_size=8))
def test_what_stands_in_a_text_is_every_part_of_it(texts: list[str]) -> None:
    row, code = windows(texts, range(2, 5))
    parts = [
        (at, text[first:end])
        for at, text in enumerate(texts)
        for first in range(len(text))
        for end in range(first + 2, min(first + 5, len(text) + 1))
    ]
    expected = zip((at for at, _ in parts), hashes([part for _, part in parts]).tolist(), strict=True)
    assert sorted(zip(row.tolist(), code.tolist(), strict=True)) == sorted(expected)
    assert row.tolist() == sorted(row.tolist())


@settings(deadline=None, max_examples=examples(50))
@given(st.lists(st.text("abS9京", min_size=60, max_size=70) | st.text("abS9京", max_size=9), max_size=4))
def test_a_long_text_has_the_number_that_its_signs_make_one_by_one(texts: list[str]) -> None:
    number = []
    for text in texts:
        made = 0
        for sign in text:
            made = (made * 0x9E3779B97F4A7C15 + ord(sign) + 1) % 2**64
        number.append(made)
    assert hashes(texts).tolist() == number


def test_a_name_of_a_hundred_thousand_letters_among_many_costs_little() -> None:
    texts = ["acme rocket"] * 2000 + ["ab" * 50_000]
    began = time.process_time()
    hashes(texts)
    assert time.process_time() - began < 1, "it took five seconds, sign by sign"


@settings(deadline=None)
@given(
    parts=st.sets(st.text("ab", min_size=2, max_size=5)),
    names=st.lists(st.text("ab 京", max_size=9), max_size=9),
)
def test_who_holds_a_part_is_who_has_it_in_his_letters(parts: set[str], names: list[str]) -> None:
    made = [scorer().make(name) for name in names]
    columns, asked = Columns(made), sorted(parts, key=lambda part: int(hashes([part])[0]))
    expected = {(at, part) for at, name in enumerate(made) for part in asked if part in name.compact}
    for few in (columns._with_part, None):
        if few is None:
            row, code = columns.with_part(asked, hashes(asked))
            by_code = dict(zip(hashes(asked).tolist(), asked, strict=True))
            pairs = [(by_code[one], at) for at, one in zip(row.tolist(), code.tolist(), strict=True)]
            assert sorted(pairs, key=lambda pair: pair[0]) == sorted(pairs), "the rows of each part ascend"
            found = {(at, part) for part, at in pairs}
        else:
            found = {(at, part) for part in asked for at in few(part).tolist()}
        assert found == expected
