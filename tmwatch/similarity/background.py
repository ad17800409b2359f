"""Names made up from counts, against which the noise of a mark is measured where nobody gave names. Pure."""

from __future__ import annotations

import functools
import random
from collections.abc import Callable, Iterable
from itertools import accumulate

from tmwatch.similarity.freq import Frequencies

_NAMES = 6000
_Counts = tuple[tuple[str, int], ...]


def _drawn(rng: random.Random, counts: Iterable[tuple[str, int]]) -> Callable[[], str]:
    """Draws one of the texts as often as its count says; the counts are added up once, not at each draw."""
    pairs = tuple(counts)
    texts, upto = [text for text, _ in pairs], list(accumulate(count for _, count in pairs))
    return lambda: rng.choices(texts, cum_weights=upto)[0]


@functools.lru_cache(4)
def _made(words: _Counts, letters: _Counts) -> tuple[str, ...]:
    rng = random.Random(1)  # noqa: S311 – the same made-up names every time, nothing secret
    known = _drawn(rng, words)
    after: dict[str, list[tuple[str, int]]] = {}
    for group, count in letters:
        after.setdefault(group[:2], []).append((group[2], count))
    following = {before: _drawn(rng, ends) for before, ends in after.items()}
    end = _drawn(rng, [("$", 1)])

    def coined() -> str:
        word = "^^"
        while len(word) < 16:
            sign = following.get(word[-2:], end)()
            if sign == "$":
                break
            word += sign
        return word[2:] or coined()

    names = []
    for _ in range(_NAMES):
        # As in registers: two of five names are one word, and two of five words stand in few other names.
        size = rng.choices((1, 2, 3, 4), (42, 32, 16, 10))[0]
        names.append(" ".join(coined() if rng.random() < 0.45 else known() for _ in range(size)))
    return tuple(names)


def made_names(counts: Frequencies) -> tuple[str, ...]:
    """Names made up from the counts of words and letters, always the same: a background without names."""
    return _made(tuple(counts.words.items()), tuple(counts.letters.items()))


def made_han_names(counts: Frequencies) -> tuple[str, ...]:
    """The same in Chinese, from the counts of characters and known words: names of two to four characters."""
    rng = random.Random(1)  # noqa: S311 – the same made-up names every time, nothing secret
    sign, word = _drawn(rng, counts.han.items()), _drawn(rng, counts.hanwords.items())
    names = []
    for _ in range(_NAMES):
        name = "".join(sign() for _ in range(rng.choices((1, 2, 3), (15, 50, 35))[0]))
        if len(name) == 1 or rng.random() < 0.3:
            name = name[:2] + word()
        names.append(name)
    return tuple(names)
