"""Names as flat arrays: converted once, compared by the million. Pure.

`Vocabulary` numbers what recurs in names (words, sound keys, meanings), so that whatever is equal has one
number. `Columns` holds a batch of names in those numbers: words as lists in one array (`Lists`), letters and
sound keys as strings beside their lengths, groups of three letters.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from tmwatch.similarity.freq import Frequencies
from tmwatch.similarity.name import Name, Word

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]

# Names with more words than this are slogans: few, and compared one by one.
MOST_WORDS = 8
MOST_SIGNS = 64
_HASH = np.uint64(0x9E3779B97F4A7C15)


@dataclass(slots=True, frozen=True)
class Lists:
    """Lists of numbers, one for each row, in one array."""

    start: Ints  # one more than there are rows
    item: Ints

    @classmethod
    def of(cls, rows: Sequence[Sequence[int]]) -> Lists:
        start = np.zeros(len(rows) + 1, np.int64)
        np.cumsum([len(row) for row in rows], out=start[1:])
        return cls(start, np.fromiter((item for row in rows for item in row), np.int64, start[-1]))

    @classmethod
    def by(cls, row: Ints, item: Ints, rows: int) -> Lists:
        """From pairs in any order; the items of a row stay in the order given."""
        order = np.argsort(row, kind="stable")
        start = np.zeros(rows + 1, np.int64)
        np.cumsum(np.bincount(row, minlength=rows), out=start[1:])
        return cls(start, item[order])

    def rows(self) -> Ints:
        """The row of each item."""
        return np.repeat(np.arange(len(self.start) - 1), np.diff(self.start))

    def turned(self, rows: int) -> Lists:
        """For each number its rows: an index of who holds it."""
        return Lists.by(self.item, self.rows(), rows)

    def of_rows(self, rows: Ints) -> tuple[Ints, Ints]:
        """(which of `rows`, item) for all their items."""
        count = self.start[rows + 1] - self.start[rows]
        return np.repeat(np.arange(len(rows)), count), self.item[spread(self.start[rows], count)]

    def part(self, rows: Ints) -> Lists:
        """The lists of `rows` alone."""
        count = self.start[rows + 1] - self.start[rows]
        start = np.zeros(len(rows) + 1, np.int64)
        np.cumsum(count, out=start[1:])
        return Lists(start, self.item[spread(self.start[rows], count)])


def spread(start: Ints, count: Ints) -> Ints:
    """start[0], start[0] + 1, … (count[0] of them), start[1], …"""
    before: Ints = np.cumsum(count) - count
    out: Ints = np.arange(int(count.sum())) + np.repeat(start - before, count)
    return out


def join(left: Lists, right: Lists) -> tuple[Ints, Ints]:
    """(row of left, item of right) wherever an item of `left` is a row of `right`."""
    count = right.start[left.item + 1] - right.start[left.item]
    return np.repeat(left.rows(), count), right.item[spread(right.start[left.item], count)]


class Vocabulary:
    """Numbers for words, sound keys and meanings: equal things, equal numbers."""

    def __init__(self, counts: Frequencies) -> None:
        self.counts = counts
        self.words: list[Word] = []
        self.texts: list[str] = []
        self.keys: list[str] = []  # of words: the key of each
        self._word: dict[str, int] = {}
        self._key: dict[str, int] = {}
        self._sense: dict[str, int] = {}
        self._bits: list[float] = []
        self._key_of: list[int] = []

    def word(self, word: Word) -> int:
        number = self._word.get(word.text)
        if number is None:
            number = self._word[word.text] = len(self.words)
            self.words.append(word)
            self.texts.append(word.text)
            self.keys.append(word.key)
            self._bits.append(word.bits)
            self._key_of.append(self.key(word.key))
        return number

    @contextmanager
    def passing(self) -> Iterator[None]:
        """What is added within is forgotten afterwards."""
        sizes = self.size()
        try:
            yield
        finally:
            for column in (self.words, self.texts, self.keys, self._bits, self._key_of):
                del column[sizes[0] :]
            for table, size in zip((self._word, self._key, self._sense), sizes, strict=True):
                while len(table) > size:
                    table.popitem()

    def number(self, text: str) -> int:
        """The number of a word that is there."""
        return self._word[text]

    def key(self, key: str) -> int:
        return self._key.setdefault(key, len(self._key))

    def sense(self, sense: str) -> int:
        return self._sense.setdefault(sense, len(self._sense))

    def size(self) -> tuple[int, int, int]:
        """How many words, keys and meanings there are."""
        return len(self.words), len(self._key), len(self._sense)

    def bits(self) -> Floats:
        """The weight of each word."""
        return np.array(self._bits)

    def key_of(self) -> Ints:
        """The number of the sound key of each word."""
        return np.array(self._key_of, np.int64)


class Columns:
    """A batch of names in columns. `plain` are those in Latin letters and digits of an ordinary length:
    the others are compared one by one."""

    def __init__(self, names: Sequence[Name], vocabulary: Vocabulary) -> None:
        self.names = names
        self.vocabulary = vocabulary
        self.compact = [name.compact for name in names]
        self.key = [name.key for name in names]
        self.bones = [name.bones for name in names]
        self.size = _lengths(self.compact)
        self.key_size = _lengths(self.key)
        self.bits = np.array([name.bits for name in names], np.float64)
        self.most = np.array([name.most for name in names], np.float64)
        self.plain: Bools = np.array(
            [
                name.compact.isascii()
                and len(name.compact) <= MOST_SIGNS
                and 0 < len(name.words) <= MOST_WORDS
                for name in names
            ],
            bool,
        )
        word, key, sense = vocabulary.word, vocabulary.key, vocabulary.sense
        self.words = Lists.of([[word(one) for one in name.words] for name in names])
        self.keys = Lists.of([[key(one) for one in name.keys] for name in names])
        self.senses = Lists.of([[sense(one) for one in name.senses] for name in names])
        self.joined = Lists.of([[key(one) for one in name.joined] for name in names])
        self.parts = Lists.of([[vocabulary.number(part) for part in name.parts] for name in names])
        self.first = np.array([word(name.words[0]) if name.words else 0 for name in names], np.int64)
        self.trigrams = trigrams(self.compact)

    def __len__(self) -> int:
        return len(self.names)


def _lengths(texts: Iterable[str]) -> Ints:
    return np.array([len(text) for text in texts], np.int64)


def codes(texts: Sequence[str], before: str = "", after: str = "\n") -> tuple[NDArray[np.uint64], Ints]:
    """(the characters of all texts in one array, where each text starts)."""
    text = "".join(f"{before}{one}{after}" for one in texts)
    signs = np.frombuffer(text.encode("utf-32-le", "surrogatepass"), np.uint32).astype(np.uint64)
    start = np.zeros(len(texts) + 1, np.int64)
    np.cumsum(_lengths(texts) + len(before) + len(after), out=start[1:])
    return signs, start


def trigrams(texts: Sequence[str]) -> Lists:
    """The different groups of three letters of each text, with two spaces before and one after it.

    A group is one number: three characters of 21 bits. A text without letters has its one group of spaces.
    """
    signs, start = codes(texts, "  ", " \n")
    if len(signs) < 3:
        return Lists(np.zeros(len(texts) + 1, np.int64), np.zeros(0, np.int64))
    group = (signs[:-2] << np.uint64(42) | signs[1:-1] << np.uint64(21) | signs[2:]).astype(np.int64)
    row = np.repeat(np.arange(len(texts)), np.diff(start))[: len(group)]
    # Groups that reach over the end of a text are none.
    inside = np.arange(len(group)) + 3 < start[1:][row]
    group, row = group[inside], row[inside]
    order = np.lexsort((group, row))
    group, row = group[order], row[order]
    new = np.ones(len(group), bool)
    new[1:] = (group[1:] != group[:-1]) | (row[1:] != row[:-1])
    return Lists.by(row[new], group[new], len(texts))


def hashes(texts: Sequence[str]) -> NDArray[np.uint64]:
    """A number of 64 bits for each text, the same as `windows` gives it inside another."""
    signs, start = codes(texts, after="")
    out = np.zeros(len(texts), np.uint64)
    size = np.diff(start)
    for at in range(int(size.max(initial=0))):
        longer = size > at
        out[longer] = out[longer] * _HASH + signs[start[:-1][longer] + at] + np.uint64(1)
    return out


def inside(parts: Sequence[str], texts: Sequence[str]) -> tuple[Ints, Ints]:
    """(which part, which text) wherever a part stands in a text, each pair once."""
    if not parts or not texts:
        return np.zeros(0, np.int64), np.zeros(0, np.int64)
    wanted = hashes(parts)
    order = np.argsort(wanted, kind="stable")
    wanted = wanted[order]
    size = _lengths(parts)
    signs, start = codes(texts)
    row = np.repeat(np.arange(len(texts)), np.diff(start))
    rolled = np.zeros(len(signs), np.uint64)
    found: list[tuple[Ints, Ints]] = []
    lengths = set(size.tolist())
    for length in range(1, min(int(size.max()), len(signs)) + 1):
        rolled = rolled[: len(signs) - length + 1] * _HASH + signs[length - 1 :] + np.uint64(1)
        if length not in lengths:
            continue
        at = np.searchsorted(wanted, rolled)
        at[at == len(wanted)] = 0
        # A window over the end of a text holds the sign of its end, and no part does.
        place = np.flatnonzero(wanted[at] == rolled)
        part = order[at[place]]
        good = size[part] == length
        found.append((part[good], row[place[good]]))
    part = np.concatenate([one for one, _ in found]) if found else np.zeros(0, np.int64)
    text = np.concatenate([one for _, one in found]) if found else np.zeros(0, np.int64)
    both = np.unique(part * len(texts) + text)
    return both // len(texts), both % len(texts)
