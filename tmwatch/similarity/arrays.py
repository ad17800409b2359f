"""Names as flat arrays: converted once, compared by the million. Pure.

`Columns` holds a batch of names: their letters, sound keys and words, and for whatever two names can have in
common (a word, its sound, its meaning, three letters) who holds it (`Holders`). Things are joined by a number
of 64 bits made from their text, so that columns that were made apart, or loaded from a file, fit together.
"""

from __future__ import annotations

import copy
import mmap
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tmwatch.similarity import compiled
from tmwatch.similarity.batch import bags
from tmwatch.similarity.name import Name, Word
from tmwatch.similarity.strings import (
    Bools,
    Codes,
    Ints,
    Strings,
    groups,
    hashes,
    spread,
    windows,
)

# Names with more words or letters than this are slogans: few, and compared one by one.
MOST_WORDS = 16
MOST_LETTERS = 64
# The sizes of the words that are looked for inside other names (`name.make`).
LONGEST_PART = 24
# Where so few letters are searched for a part, all that stands in them is looked up instead.
_LETTERS_A_PART, _LETTERS_A_PART_IN_C = 800, 20_000
PART_SIZES = range(2, LONGEST_PART + 1)


# Names that are remembered once they were made again, of a part of an index: some megabytes.
_MOST_KNOWN = 2_000

# What names can have in common, each looked up by a number.
HELD = (
    "texts", "keys", "senses", "phrases", "joined", "bags", "groups", "key_groups", "reading_groups",
    "echoes", "han_echoes",
)  # fmt: skip
# Of each name its neighbours written as one word, of each word what it may mean (`compiled.py`).
NAME_LISTS = ("joined.start", "joined.key", "joined.text", "joined.bits")
WORD_LISTS = (
    "sense.start", "sense.item", "split.start", "split.part", "split.rest", "split.bits", "split.sense.start",
    "split.sense.item",
)  # fmt: skip


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


def _edges(rows: Iterable[Sequence[object]]) -> NDArray[np.int32]:
    """Where the items of each row begin, all rows in one array, and where the last ones end."""
    return np.cumsum([0, *map(len, rows)], dtype=np.int32)


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

    def __init__(self, words: Sequence[Word]) -> None:
        self.text = Strings.of([word.text for word in words])
        self.key = Strings.of([word.key for word in words])
        self.text_code = hashes([word.text for word in words])
        self.key_code = hashes([word.key for word in words])
        self.lists = _meanings(words)
        self._take_weights(words)

    def _take_weights(self, words: Sequence[Word]) -> None:
        self.bits = np.array([word.bits for word in words], np.float64)
        self.inside = np.array([word.inside for word in words], np.float64)
        split = np.array([bits for word in words for bits in word.split_bits], np.float64)
        self.lists = {**self.lists, "split.bits": split}

    def weighed(self, words: Sequence[Word]) -> Words:
        """The same words, of which some weigh otherwise."""
        made = copy.copy(self)
        made._take_weights(words)
        return made

    def __len__(self) -> int:
        return len(self.bits)


def _meanings(words: Sequence[Word]) -> dict[str, NDArray[Any]]:
    """The meanings of each word, in the order of their texts, and its known parts with theirs."""
    splits = [part for word in words for part in word.split]
    own = [sorted(word.senses) for word in words]
    theirs = [sorted(senses) for _part, senses, _rest in splits]
    return {
        "sense.start": _edges(own),
        "sense.item": hashes([sense for senses in own for sense in senses]),
        "split.start": _edges([word.split for word in words]),
        "split.part": hashes([part for part, _senses, _rest in splits]),
        "split.rest": hashes([rest for _part, _senses, rest in splits]),
        "split.sense.start": _edges(theirs),
        "split.sense.item": hashes([sense for senses in theirs for sense in senses]),
    }


def _pairs(pairs: Sequence[tuple[int, str]]) -> tuple[Ints, Codes]:
    return np.array([row for row, _ in pairs], np.int64), hashes([text for _, text in pairs])


class Columns:
    """A batch of names in columns. `plain` are those in Latin letters and digits of an ordinary length:
    the others are compared one by one."""

    _make: Callable[[str], Name]

    def __init__(self, names: Sequence[Name]) -> None:
        self.mapped: mmap.mmap | None = None  # the file that the arrays lie in (`kept.py`)
        self._known: dict[int, Name] = {}
        self.raw = Strings.of([name.raw for name in names])
        self.compact = Strings.of([name.compact for name in names])
        self.key = Strings.of([name.key for name in names])
        self.bones = Strings.of([name.bones for name in names])
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
        phrases = [(at, phrase) for at, name in enumerate(names) for phrase, _words in name.phrases]
        self.phrases = _pairs([(at, sense) for at, phrase in phrases for sense in phrase.senses])
        self.phrased: Bools = np.array([bool(name.phrases) for name in names], bool)
        self.joined = _pairs([(at, key) for at, name in enumerate(names) for key in name.joined])
        joined = [word for name in names for word in name.joined.values()]
        self.lists: dict[str, NDArray[Any]] = {
            "joined.start": _edges([tuple(name.joined) for name in names]),
            "joined.key": hashes([word.key for word in joined]),
            "joined.text": hashes([word.text for word in joined]),
        }
        self.bags = _pairs([(at, bag) for at, name in enumerate(names) for bag in bags(name.compact)])
        self.echoes = _pairs([(at, echo) for at, name in enumerate(names) for echo in name.echoes])
        self.han_echoes = _pairs([(at, echo) for at, name in enumerate(names) for echo in name.han_echoes])
        self.groups = groups([name.compact for name in names])
        self.key_groups = groups([name.key for name in names])
        self.foreign: Bools = np.array([name.reading_key != name.key for name in names], bool)
        # How names in other scripts are read, in sounds; of the rest nothing.
        readings = zip(self.foreign.tolist(), names, strict=True)
        self.reading = Strings.of([name.reading_key if foreign else "" for foreign, name in readings])
        foreign = np.flatnonzero(self.foreign)
        at_foreign, code = groups([names[at].reading_key for at in foreign.tolist()])
        self.reading_groups = foreign[at_foreign], code
        self.group_count, self.key_group_count, self.reading_count = (
            np.bincount(row, minlength=len(names)).astype(np.int32)
            for row, _ in (self.groups, self.key_groups, self.reading_groups)
        )
        self._take_weights(names)

    def _take_weights(self, names: Sequence[Name]) -> None:
        self._names = names
        self.bits = np.array([name.bits for name in names], np.float64)
        self.most = np.array([name.most for name in names], np.float64)
        self.inside = np.array([name.inside for name in names], np.float64)
        joined = np.array([word.bits for name in names for word in name.joined.values()], np.float64)
        self.lists = {**self.lists, "joined.bits": joined}

    def weighed(self, names: Sequence[Name]) -> Columns:
        """The same names, of which some weigh otherwise: whatever else is in the columns is shared."""
        made = copy.copy(self)
        made.__dict__.pop("side", None)
        made._known = {}
        made._take_weights(names)
        words = {word.text: word for name in names for word in name.words}
        made.words = self.words.weighed(
            [words[text] for text in self.words.text.of_rows(np.arange(len(self.words)))]
        )
        return made

    def __len__(self) -> int:
        return len(self.bits)

    def name(self, row: int) -> Name:
        if len(self._names):
            return self._names[row]
        found = self._known.get(row)
        if found is None:
            found = self._make(self.raw[row])
            # Those that are compared one by one come again with every mark of their script.
            if not self.plain[row] and len(self._known) < _MOST_KNOWN:
                self._known[row] = found
        return found

    @cached_property
    def side(self) -> object:
        """The columns as the compiled rule takes them. ValueError where they are damaged."""
        return compiled.side(self)

    @cached_property
    def by(self) -> dict[str, Holders]:
        """Who holds what."""
        return {what: Holders.of(*getattr(self, what)) for what in HELD}

    def let_go(self, make: Callable[[str], Name]) -> None:
        """Forgets the names it was made from; one that is asked for is made again."""
        self.by  # noqa: B018 – made while what it is made of is here
        for what in HELD:
            delattr(self, what)
        self._names, self._make = (), make

    @cached_property
    def asked(self) -> tuple[dict[str, tuple[Ints, Codes]], list[str], Codes]:
        """(what these names hold, as (row, code); the different parts of them; the codes of these): as marks,
        what others are asked for. What stands in their letters is in it as "inside"."""
        names = [self.name(at) for at in range(len(self))]
        held = {what: getattr(self, what) for what in HELD}
        held["inside"] = windows([name.compact for name in names], PART_SIZES)
        parts = [part for name in names for part in name.parts]
        code = hashes(parts)
        held["parts"] = np.repeat(np.arange(len(names)), [len(name.parts) for name in names]), code
        different, first = np.unique(code, return_index=True)
        return held, [parts[at] for at in first.tolist()], different

    @cached_property
    def edges(self) -> dict[str, Ints]:
        """Where in `asked` that of each name begins, and where that of the last one ends."""
        every = np.arange(len(self) + 1)
        return {what: np.searchsorted(row, every) for what, (row, _code) in self.asked[0].items()}

    def with_part(self, parts: Sequence[str], code: Codes) -> tuple[Ints, Codes]:
        """(row, code of the part) wherever a part of 2 to 24 signs stands in the letters of a name.

        The rows of each part ascend.

        `code`: the hashes of the parts, ascending.
        """
        if not len(parts):
            return np.zeros(0, np.int64), code
        few = _LETTERS_A_PART_IN_C if compiled.READY else _LETTERS_A_PART
        if len(parts) * few > len(self.compact.sign):
            return self._parts_in(code)
        found_in = [self._with_part(part) for part in parts]
        part = np.repeat(np.arange(len(parts)), [len(rows) for rows in found_in])
        row = np.concatenate([np.zeros(0, np.int64), *found_in])
        return row, code[part]

    def _parts_in(self, code: Codes) -> tuple[Ints, Codes]:
        """The same by looking up all that stands in the letters of the names."""
        slow = np.flatnonzero(~self.plain) if compiled.READY else np.arange(len(self))
        at, found = windows(self.compact.of_rows(slow), PART_SIZES)
        place = np.minimum(np.searchsorted(code, found), len(code) - 1)
        known = np.flatnonzero(code[place] == found)
        row, found = slow[at[known]], found[known]
        if compiled.READY:
            there, held = compiled.parts(self, self.plain, code, PART_SIZES)
            row, found = np.concatenate([row, there]), np.concatenate([found, held])
            order = np.argsort(row, kind="stable")
            row, found = row[order], found[order]
        return row, found

    def _with_part(self, part: str) -> Ints:
        """The rows whose letters hold a part."""
        if compiled.READY and part.isascii():
            return compiled.standing(self, part)
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
        if len(codes) == 1:
            return rows.astype(np.int64)
        # Who holds all groups of a part need not hold them in a row.
        texts = self.compact.of_rows(rows.astype(np.int64))
        return rows[[part in text for text in texts]].astype(np.int64)


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
        and all(len(word.text) <= MOST_LETTERS and len(word.key) <= MOST_LETTERS for word in name.words)
    )
