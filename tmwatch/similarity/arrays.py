"""Names as flat arrays: converted once, compared by the million. Pure.

`Columns` holds a batch of names: their letters, sound keys and words, and for whatever two names can have in
common (a word, its sound, its meaning, three letters) who holds it (`Holders`). Things are joined by a number
of 64 bits made from their text, so that columns that were made apart, or loaded from a file, fit together.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tmwatch.similarity.batch import bags
from tmwatch.similarity.name import Name, Word
from tmwatch.similarity.strings import Bools, Codes, Ints, Letters, Strings, groups, hashes, inside

# Names with more words or letters than this are slogans: few, and compared one by one.
MOST_WORDS = 8
MOST_LETTERS = 64
# The sizes of the words that are looked for inside other names (`name.make`).
PART_SIZES = range(2, 25)


# What names can have in common, each looked up by a number.
HELD = ("texts", "keys", "senses", "joined", "bags", "groups", "key_groups", "reading_groups")


@dataclass(slots=True, frozen=True)
class Lists:
    """Lists of numbers, one for each row, in one array."""

    start: NDArray[np.int32]  # one more than there are rows
    item: NDArray[np.int32]

    @classmethod
    def of(cls, rows: Sequence[Sequence[int]]) -> Lists:
        start = np.zeros(len(rows) + 1, np.int32)
        np.cumsum([len(row) for row in rows], out=start[1:])
        return cls(start, np.array([item for row in rows for item in row], np.int32))

    def count(self) -> Ints:
        return np.diff(self.start).astype(np.int64)

    def rows(self) -> Ints:
        """The row of each item."""
        return np.repeat(np.arange(len(self.start) - 1), self.count())

    def padded(self) -> NDArray[Any]:
        """The items side by side, `MOST_WORDS` at most; the last again where there are fewer."""
        count = self.count()
        if not len(self.item):
            return np.zeros((len(count), 1), np.int64)
        places = self.start[:-1, None] + np.arange(min(MOST_WORDS, int(count.max())))
        out: NDArray[Any] = self.item[np.minimum(places, np.maximum(self.start[1:] - 1, 0)[:, None])]
        return out


def spread(start: Ints, count: Ints) -> Ints:
    """start[0], start[0] + 1, … (count[0] of them), start[1], …"""
    before: Ints = np.cumsum(count) - count
    out: Ints = np.arange(int(count.sum())) + np.repeat(start - before, count)
    return out


@dataclass(slots=True, frozen=True)
class Holders:
    """For each of many things (by its number of 64 bits, ascending) the rows that hold it, ascending."""

    code: Codes
    start: Ints
    row: NDArray[np.int32]

    @classmethod
    def of(cls, row: Ints, code: Codes) -> Holders:
        order = np.argsort(code, kind="stable")
        ordered, row = code[order], row[order]
        new = np.ones(len(ordered), bool)
        new[1:] = ordered[1:] != ordered[:-1]
        first = np.flatnonzero(new)
        return cls(ordered[first], np.append(first, len(ordered)), row.astype(np.int32))

    def join(self, row: Ints, code: Codes) -> tuple[Ints, Ints]:
        """(row that was given, row here) wherever something that was given is held here."""
        if not len(self.code):
            return np.zeros(0, np.int64), np.zeros(0, np.int64)
        at = np.searchsorted(self.code, code)
        at[at == len(self.code)] = 0
        known = self.code[at] == code
        at, row = at[known], row[known]
        start = self.start[at]
        count = self.start[at + 1] - start
        if len(at) and int(count.sum()) > 100 * len(at):  # a few long lists: taken whole
            pieces = [self.row[a : a + many] for a, many in zip(start.tolist(), count.tolist(), strict=True)]
            return np.repeat(row, count), np.concatenate(pieces).astype(np.int64)
        return np.repeat(row, count), self.row[spread(start, count)].astype(np.int64)

    def among(self, least: int, below: int) -> NDArray[np.int32]:
        """The rows that hold anything from one number to below another."""
        first, last = np.searchsorted(self.code, np.array([least, below], np.uint64))
        return self.row[self.start[first] : self.start[last]]


class Words:
    """The different words of a batch, by number."""

    _make: Callable[[str], Word]

    def __init__(self, words: Sequence[Word]) -> None:
        self._words: dict[int, Word] = dict(enumerate(words))
        self.text = Strings.of([word.text for word in words])
        self.key = Strings.of([word.key for word in words])
        self.bits = np.array([word.bits for word in words], np.float64)
        self.text_code = hashes([word.text for word in words])
        self.key_code = hashes([word.key for word in words])
        senses = [
            (number, sense)
            for number, word in enumerate(words)
            for sense in word.senses.union(*(senses for _part, senses, _rest in word.split))
        ]
        parts = [(number, part) for number, word in enumerate(words) for part, _senses, _rest in word.split]
        self.senses, self.parts = _pairs(senses), _pairs(parts)

    def __len__(self) -> int:
        return len(self.bits)

    def word(self, number: int) -> Word:
        found = self._words.get(number)
        if found is None:
            found = self._words[number] = self._make(self.text[number])
        return found

    @cached_property
    def letters(self) -> tuple[Letters, Letters]:
        """Which letters the words hold, and which their keys."""
        return Letters(self.text), Letters(self.key)

    @cached_property
    def meaning(self) -> Holders:
        return Holders.of(*self.senses)

    @cached_property
    def part(self) -> Holders:
        return Holders.of(*self.parts)


def _pairs(pairs: Sequence[tuple[int, str]]) -> tuple[Ints, Codes]:
    return np.array([row for row, _ in pairs], np.int64), hashes([text for _, text in pairs])


class Columns:
    """A batch of names in columns. `plain` are those in Latin letters and digits of an ordinary length:
    the others are compared one by one."""

    _make: Callable[[str], Name]

    def __init__(self, names: Sequence[Name]) -> None:
        self._names = names
        self.raw = Strings.of([name.raw for name in names])
        self.compact = Strings.of([name.compact for name in names])
        self.key = Strings.of([name.key for name in names])
        self.bones = Strings.of([name.bones for name in names])
        self.bits = np.array([name.bits for name in names], np.float64)
        self.most = np.array([name.most for name in names], np.float64)
        self.plain: Bools = np.array([_plain(name) for name in names], bool)
        self.full: Bools = np.array([bool(name.compact) for name in names], bool)
        number: dict[str, int] = {}
        different: list[Word] = []
        held: list[list[int]] = []
        for name in names:
            mine = []
            for word in name.words:
                at = number.setdefault(word.text, len(different))
                if at == len(different):
                    different.append(word)
                mine.append(at)
            held.append(mine)
        self.words = Words(different)
        self.word = Lists.of(held)
        row = self.word.rows()
        self.texts = _once(row, self.words.text_code[self.word.item])
        self.keys = _once(row, self.words.key_code[self.word.item])
        self.senses = _pairs([(at, sense) for at, name in enumerate(names) for sense in name.senses])
        self.joined = _pairs([(at, key) for at, name in enumerate(names) for key in name.joined])
        self.bags = _pairs([(at, bag) for at, name in enumerate(names) for bag in bags(name.compact)])
        self.groups = groups([name.compact for name in names])
        self.key_groups = groups([name.key for name in names])
        self.foreign: Bools = np.array([name.reading_key != name.key for name in names], bool)
        foreign = np.flatnonzero(self.foreign)
        at_foreign, code = groups([names[at].reading_key for at in foreign.tolist()])
        self.reading_groups = foreign[at_foreign], code
        self.group_count, self.key_group_count, self.reading_count = (
            np.bincount(row, minlength=len(names)).astype(np.int32)
            for row, _ in (self.groups, self.key_groups, self.reading_groups)
        )

    def __len__(self) -> int:
        return len(self.bits)

    def name(self, row: int) -> Name:
        return self._names[row] if len(self._names) else self._make(self.raw[row])

    @cached_property
    def by(self) -> dict[str, Holders]:
        """Who holds what."""
        return {what: Holders.of(*getattr(self, what)) for what in HELD}

    def let_go(self, make: Callable[[str], Name], make_word: Callable[[str], Word]) -> None:
        """Forgets the names and words it was made from; one that is asked for is made again."""
        self.by, self.words.meaning, self.words.part  # noqa: B018 – made while what they are made of is here
        for what in HELD:
            delattr(self, what)
        self._names, self._make = (), make
        self.words._words, self.words._make = {}, make_word

    def with_part(self, parts: Sequence[str]) -> tuple[Ints, Ints]:
        """(which part, which row) wherever a part of two signs or more stands in the letters of a name."""
        if len(parts) > 50 and len(self._names):
            return inside(parts, [name.compact for name in self._names])
        found = [self._with_part(part) for part in parts]
        return (
            np.repeat(np.arange(len(parts)), [len(rows) for rows in found]),
            np.concatenate(found) if found else np.zeros(0, np.int64),
        )

    def _with_part(self, part: str) -> Ints:
        by = self.by["groups"]
        if len(part) == 2:
            first = ord(part[0]) << 42 | ord(part[1]) << 21
            return np.unique(by.among(first, first + (1 << 21))).astype(np.int64)
        codes = [
            ord(part[at]) << 42 | ord(part[at + 1]) << 21 | ord(part[at + 2]) for at in range(len(part) - 2)
        ]
        held = sorted((by.among(code, code + 1) for code in codes), key=len)
        rows = held[0]
        for more in held[1:]:
            if len(rows):
                at = np.minimum(np.searchsorted(more, rows), len(more) - 1)
                rows = rows[more[at] == rows]
        if len(part) > 3:
            rows = np.array([row for row in rows.tolist() if part in self.compact[row]], np.int64)
        return rows.astype(np.int64)


def _once(row: Ints, code: Codes) -> tuple[Ints, Codes]:
    """Each thing of a row once."""
    order = np.lexsort((code, row))
    row, code = row[order], code[order]
    new = np.ones(len(row), bool)
    new[1:] = (row[1:] != row[:-1]) | (code[1:] != code[:-1])
    return row[new], code[new]


def _plain(name: Name) -> bool:
    return (
        name.compact.isascii()
        and len(name.compact) <= MOST_LETTERS
        and len(name.key) <= MOST_LETTERS
        and 0 < len(name.words) <= MOST_WORDS
        and not name.phrases
    )
