"""Strings as arrays: what is asked of many at once is what Python says of each."""

from __future__ import annotations

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from tmwatch.similarity.strings import Found, Strings


@settings(deadline=None)
@given(st.lists(st.tuples(st.text("ab", max_size=4), st.text("abc", max_size=9)), max_size=8))
def test_where_a_text_stands_in_another_is_what_find_says(pairs: list[tuple[str, str]]) -> None:
    short, long = ([pair[at] for pair in pairs] for at in (0, 1))
    rows = np.arange(len(pairs))
    found = Found(Strings.of(short), rows, Strings.of(long), rows)
    assert found.at.tolist() == [text.find(part) for part, text in pairs]
