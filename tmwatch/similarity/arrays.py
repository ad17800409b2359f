"""Names as flat arrays: converted once, compared by the million. Pure.

`Columns` holds a batch of names: their letters, sound keys and words, and for whatever two names can have in
common (a word, its sound, its meaning, three letters) who holds it (`Holders`). Things are joined by a number
of 64 bits made from their text, so that columns that were made apart, or loaded from a file, fit together.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from tmwatch.similarity.batch import bags
from tmwatch.similarity.freq import COMPOUND_WORTH
from tmwatch.similarity.name import Name, Word
from tmwatch.similarity.strings import (
    Bags,
    Bools,
    Codes,
    Found,
    Ints,
    Strings,
    groups,
    hashes,
    lengths,
    spread,
    windows,
)

# Names with more words or letters than this are slogans: few, and compared one by one.
MOST_WORDS = 8
MOST_LETTERS = 64
# The sizes of the words that are looked for inside other names (`name.make`).
LONGEST_PART = 24
# Where so few letters are searched for a part, all that stands in them is looked up instead.
_LETTERS_A_PART = 800
PART_SIZES = range(2, LONGEST_PART + 1)


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

    def found(self, code: Codes) -> tuple[Ints, Bools]:
        """(the place of each, whether it is here at all)."""
        if not len(self.code):
            return np.zeros(len(code), np.int64), np.zeros(len(code), bool)
        at = np.searchsorted(self.code, code)
        at[at == len(self.code)] = 0
        return at, self.code[at] == code

    def join(self, row: Ints, code: Codes) -> tuple[Ints, Ints]:
        """(row that was given, row here) wherever something that was given is held here."""
        at, known = self.found(code)
        at, row = at[known], row[known]
        if not len(at):
            return np.zeros(0, np.int64), np.zeros(0, np.int64)
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

    BAGS = ("text_bag", "key_bag")
    _make: Callable[[str], Word]

    def __init__(self, words: Sequence[Word]) -> None:
        self._words: dict[int, Word] = dict(enumerate(words))
        self.text = Strings.of([word.text for word in words])
        self.key = Strings.of([word.key for word in words])
        self.bits = np.array([word.bits for word in words], np.float64)
        self.text_code = hashes([word.text for word in words])
        self.key_code = hashes([word.key for word in words])
        self.text_bag, self.key_bag = Bags.of(self.text), Bags.of(self.key)
        # What they share at most as parts of others, and whether they mean anything (`name.Word`).
        self.bits32 = self.bits.astype(np.float32)
        self.inside = np.array([word.inside for word in words], np.float64)
        self.most_inside = np.maximum(self.inside, COMPOUND_WORTH * self.bits)
        short = self.text_bag.size < 2
        self.most_inside[short] = 0.5 * self.inside[short]
        self.split: Bools = np.array([bool(word.split) for word in words], bool)
        self.apart = np.array([word.part for word in words], np.float32)
        self.meant: Bools = np.array([bool(word.senses or word.split) for word in words], bool)
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
    def sizes(self) -> NDArray[np.uint32]:
        """How many letters a word and its key have, and have beyond their bags: one byte for each."""
        parts = (self.text_bag.size, self.text_bag.again, self.key_bag.size, self.key_bag.again)
        return np.stack(parts, axis=1).view("<u4").ravel()

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

    BAGS = ("compact_bag", "key_bag")
    _make: Callable[[str], Name]

    def __init__(self, names: Sequence[Name]) -> None:
        self._names = names
        self.raw = Strings.of([name.raw for name in names])
        self.compact = Strings.of([name.compact for name in names])
        self.key = Strings.of([name.key for name in names])
        self.bones = Strings.of([name.bones for name in names])
        self.compact_bag, self.key_bag = Bags.of(self.compact), Bags.of(self.key)
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
    def strong(self) -> Bools:
        """Of each word of each name (`word.item`): whether none of the name weighs more."""
        out: Bools = self.words.bits[self.word.item] >= self.most[self.word.rows()]
        return out

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

    def with_part(self, parts: Sequence[str], code: Codes) -> tuple[Ints, Codes]:
        """(row, code of the part) wherever a part of 2 to 24 signs stands in the letters of a name.

        `code`: the hashes of the parts, ascending.
        """
        if len(parts) * _LETTERS_A_PART > len(self.compact.sign):
            return windows(self.compact.of_rows(np.arange(len(self))), PART_SIZES, code)
        found = [self._with_part(part) for part in parts]
        part = np.repeat(np.arange(len(parts)), [len(rows) for rows in found])
        row = np.concatenate([np.zeros(0, np.int64), *found])
        # Who holds all groups of a part need not hold them in a row.
        asked = np.flatnonzero(lengths(parts)[part] > 3)
        there = np.ones(len(row), bool)
        there[asked] = Found(Strings.of(parts), part[asked], self.compact, row[asked]).at >= 0
        return row[there], code[part[there]]

    def _with_part(self, part: str) -> Ints:
        """The rows that have the groups of three of a part."""
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
            if len(rows) and len(more) < 50 * len(rows):  # what is left is asked for the part itself
                at = np.minimum(np.searchsorted(more, rows), len(more) - 1)
                rows = rows[more[at] == rows]
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
        and all(len(word.text) <= LONGEST_PART and len(word.key) <= MOST_LETTERS for word in name.words)
    )
