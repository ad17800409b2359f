"""Which pairs of a block of marks and a batch of names could reach the score that is asked for. Pure.

For names in Latin letters of an ordinary length, cheapest first, so that few pairs are left for each step:

1. Who shares a group of three letters or sounds, a word, a meaning: looked up, by the rule of `may_be_near`.
2. How many letters the two could have in common at most, in any order (`Bags`): for names run together, and
   word by word. From these the score that the pair could reach (`Formula.reach`).
3. The letters and sounds in common in their order, and once more the score that could be reached.

Whatever is left out could not reach it: nothing is lost.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tmwatch.similarity.arrays import Columns, Holders
from tmwatch.similarity.batch import LETTERS, SHARE, SOUND
from tmwatch.similarity.features import SHORT, WEAK_INSIDE
from tmwatch.similarity.formula import Formula
from tmwatch.similarity.strings import Bools, Codes, Floats, Ints, Patterns, alike, spread
from tmwatch.similarity.words import JOINED, MEANT, SHARED, Beside

_MOST_BITS = 16.0
# Pairs that are bounded in one go, so that what is computed stays near the processor.
_AT_ONCE = 32_768
Held = Callable[[str, Ints], tuple[Ints, Codes]]


@dataclass(slots=True)
class Left:
    """Pairs by the places of mark and name; groups of letters shared; letters and sounds that differ."""

    mark: Ints
    name: Ints
    shared: Ints
    letters: Ints
    key: Ints

    @classmethod
    def together(cls, parts: list[Left]) -> Left:
        return cls(*(np.concatenate([getattr(part, what) for part in parts]) for what in cls.__slots__))

    def __len__(self) -> int:
        return len(self.mark)

    def of(self, kept: Ints) -> Left:
        """Some of them."""
        return Left(*(getattr(self, what)[kept] for what in self.__slots__))


def counted(holders: Holders, row: Ints, code: Codes, out: NDArray[Any]) -> None:
    """Counts in `out` (rows given, rows of the batch) how much of what was given each holds."""
    one: Any = out.dtype.type(1)
    at, known = holders.found(code)
    at, row = at[known], row[known]
    start = holders.start[at]
    count = holders.start[at + 1] - start
    if len(at) and int(count.sum()) > 100 * len(at):  # long lists: taken whole, row by row
        edges = np.searchsorted(row, np.arange(len(out) + 1)).tolist()
        ends = (start + count).tolist()
        begins = start.tolist()
        for line, (first, last) in enumerate(zip(edges, edges[1:], strict=False)):
            if first < last:
                held = [holders.row[begins[n] : ends[n]] for n in range(first, last)]
                np.add.at(out[line], np.concatenate(held), one)
        return
    place = np.repeat(row * out.shape[1], count)
    place += holders.row[spread(start, count)]
    np.add.at(out.reshape(-1), place, one)


class Sieve:
    """For marks and names of the plain kind; `held` says what a block of marks holds (`Engine`)."""

    def __init__(self, formula: Formula, marks: Columns, names: Columns, held: Held, parts: Holders) -> None:
        self.formula, self.marks, self.names = formula, marks, names
        self._held, self._parts = held, parts
        self._plain = names.plain & names.full
        # Of a number of groups of a mark: how many have to be shared with each name.
        self._need: dict[tuple[str, int], NDArray[np.uint8]] = {}

    def pairs(self, block: Ints, least: Floats) -> tuple[Left, Ints, Ints]:
        """(what is left, and mark and name of what is to be compared one by one)."""
        marks, names, by = self.marks, self.names, self.names.by
        shape = (len(block), len(names))
        shared, sounds = np.zeros(shape, np.uint8), np.zeros(shape, np.uint8)
        counted(by["groups"], *self._held("groups", block), shared)
        counted(by["key_groups"], *self._held("key_groups", block), sounds)
        near = shared >= self._needed("group_count", block)
        near |= sounds >= self._needed("key_group_count", block)
        related = np.zeros(shape, np.uint8)
        for what in ("texts", "keys", "bags", "inside"):
            related[by["texts" if what == "inside" else what].join(*self._held(what, block))] = SHARED
        related[self._parts.join(*self._held("parts", block))] = SHARED
        row, name = by["senses"].join(*self._held("senses", block))
        related[row, name] |= MEANT
        near |= related > 0
        for what, holders in (("joined", "keys"), ("keys", "joined")):
            row, name = by[holders].join(*self._held(what, block))
            related[row, name] |= JOINED
        apart = np.zeros(0, np.int64)
        if not self._plain.all():
            if names.foreign.any():
                readings = np.zeros(shape, np.uint8)
                counted(by["reading_groups"], *self._held("key_groups", block), readings)
                need = marks.key_group_count[block][:, None] + names.reading_count
                near |= names.foreign & ((SHARE + 1) * readings.astype(np.int64) >= need)
            apart = np.flatnonzero(near & (names.full & ~self._plain))
            near &= self._plain
        place = np.flatnonzero(near)
        bounds = [
            self._some(block, place[at : at + _AT_ONCE], shared, sounds, related, least)
            for at in range(0, len(place), _AT_ONCE)
        ]
        mark, name = block[apart // shape[1]], apart % shape[1]
        if not bounds:
            return Left(*([np.zeros(0, np.int64)] * 5)), mark, name
        left, joined = self._in_order(_Bound.together(bounds), least)
        alone = left.of(np.flatnonzero(joined))
        mark, name = np.concatenate([mark, alone.mark]), np.concatenate([name, alone.name])
        return left.of(np.flatnonzero(~joined)), mark, name

    def _needed(self, what: str, block: Ints) -> NDArray[np.uint8]:
        """How many groups each mark of a block has to share with each name, by the rule of `may_be_near`."""
        mine, theirs = getattr(self.marks, what), getattr(self.names, what)
        rows = []
        for count in mine[block].tolist():
            if (what, count) not in self._need:
                need = -(-(count + theirs.astype(np.int64)) // (SHARE + 1))
                self._need[what, count] = np.minimum(need, 255).astype(np.uint8)
            rows.append(self._need[what, count])
        return np.stack(rows)

    def _some(
        self,
        block: Ints,
        place: Ints,
        shared: NDArray[np.uint8],
        sounds: NDArray[np.uint8],
        related: NDArray[np.uint8],
        least: Floats,
    ) -> _Bound:
        marks, names = self.marks, self.names
        row = place // len(names)
        name = place - row * len(names)
        mark = block[row]
        kind = related.reshape(-1).take(place)
        size, other_size = marks.compact_bag.size.take(mark), names.compact_bag.size.take(name)
        key_size, other_key = marks.key_bag.size.take(mark), names.key_bag.size.take(name)
        total, key_total = size + other_size, key_size + other_key
        common = marks.compact_bag.common(mark, names.compact_bag, name)
        key_common = marks.key_bag.common(mark, names.key_bag, name)
        two = np.float32(2.0)
        letters = np.minimum(two * common / total, np.float32(1.0))
        key = np.minimum(two * key_common / np.maximum(key_total, 1), np.float32(1.0))
        key[key_total == 0] = 1.0
        kept = np.flatnonzero((kind > 0) | (letters >= LETTERS - 1e-6) | (key >= SOUND - 1e-6))
        mark, name, kind = mark[kept], name[kept], kind[kept]
        letters, key = letters[kept], key[kept]
        size, other_size = size[kept], other_size[kept]
        groups = shared.reshape(-1).take(place[kept])
        bound = _Bound(self, mark, name, groups, (size, other_size, common[kept]), kind)
        return bound.of(np.flatnonzero((bound.score(letters, key) >= least[mark]) | bound.same))

    def _in_order(self, bound: _Bound, least: Floats) -> tuple[Left, Bools]:
        """Those that could still reach it when the letters and sounds in common stand in the same order.

        And of each, whether the one writes as one word what are two in the other.
        """
        marks, names, mark, name = self.marks, self.names, bound.mark, bound.name
        own, local = np.unique(mark, return_inverse=True)
        apart, likeness = [], []
        for mine, theirs in ((marks.compact, names.compact), (marks.key, names.key)):
            total = np.diff(mine.start)[mark].astype(np.int64)
            total += theirs.start.take(name + 1) - theirs.start.take(name)
            apart.append(total - 2 * Patterns(mine.of_rows(own)).common(local, theirs, name))
            likeness.append(alike(apart[-1], total))
        near = (bound.kind > 0) | (likeness[0] >= LETTERS) | (likeness[1] >= SOUND)
        score = bound.score(*(numbers.astype(np.float32) for numbers in likeness))
        kept = np.flatnonzero(near & ((score >= least[mark]) | (apart[0] == 0)))
        shared = bound.shared[kept].astype(np.int64)
        left = Left(mark[kept], name[kept], shared, apart[0][kept], apart[1][kept])
        return left, bound.kind[kept] & JOINED > 0


class _Bound:
    """The score that pairs could reach, from what is known of their words and groups."""

    def __init__(
        self,
        sieve: Sieve,
        mark: Ints,
        name: Ints,
        shared: NDArray[np.uint8],
        letters: tuple[NDArray[np.uint8], ...],
        kind: NDArray[np.uint8],
    ) -> None:
        marks, names = sieve.marks, sieve.names
        size, other_size, common = letters
        self.formula = sieve.formula
        self.mark, self.name, self.shared, self.kind = mark, name, shared, kind
        one = np.float32(1.0)
        small = np.minimum(size, other_size)
        words = Beside(marks, names, mark, name).at_most(kind)
        bits, other_bits = marks.bits.take(mark), names.bits.take(name)
        most, other_most = marks.most.take(mark), names.most.take(name)
        share = np.float32
        low: dict[str, Any] = {
            "cover_one": np.minimum(one, words["low"] / bits),
            "bits": np.minimum(one, words["low"] / share(32.0)),
        }
        high: dict[str, Any] = {
            "cover_one": np.minimum(one, words["bits"] / bits),
            "cover_other": np.minimum(one, words["bits"] / other_bits),
            "bits": np.minimum(one, words["bits"] / share(32.0)),
            "top_bits": np.minimum(one, words["top"] / share(_MOST_BITS)),
            "own_word": np.minimum(one, words["own"] / most),
            "their_word": np.minimum(one, words["their"] / other_most),
            "sense": np.minimum(one, words["sense"] / bits),
        }
        high["cover_both"] = high["cover_one"] * high["cover_other"]
        groups = marks.group_count.take(mark).astype(np.int64) + names.group_count.take(name)
        high["trigrams"] = shared / (groups - shared)
        weak = small <= 2  # what stands in a word and is so short may count less
        low["trigrams"] = np.where(weak, high["trigrams"] * WEAK_INSIDE, high["trigrams"])
        exact = {
            "shortness": one / np.maximum(small, 1),
            "length": np.minimum(one, size / share(32.0)),
            "own_bits": np.minimum(one, most / share(_MOST_BITS)),
        }
        low |= exact
        high |= exact
        whole = (common >= small) & (size != other_size) & (small > 1)
        fewer = np.where(size <= other_size, marks.group_count.take(mark), names.group_count.take(name))
        whole &= shared.astype(np.int64) >= fewer - 3
        part = np.where(whole, small / np.maximum(np.maximum(size, other_size), 1), 0.0)
        high |= {f"whole_{where}": part for where in ("start", "end", "inside")}
        high["whole_bits"] = whole
        near = (size <= SHORT) & (other_size <= size + 1) & (common + 1 >= size)
        high |= {"short_near": near, "first_letter": one, "first_word": exact["own_bits"], "bones": one}
        self.same = (size == other_size) & (common == size)
        high["same_letters"] = self.same
        high["opening"] = high["key_opening"] = one
        for table in (low, high):
            for what, numbers in table.items():
                table[what] = np.asarray(numbers, np.float32)
        for what in exact:
            low[what] = high[what]
        self.kept = frozenset(high)
        self.low, self.high = low, high

    def of(self, kept: Ints) -> _Bound:
        """The same of some of the pairs."""
        return self._each([self], lambda arrays: arrays[0][kept])

    @classmethod
    def together(cls, parts: list[_Bound]) -> _Bound:
        """All of them as one."""
        return cls._each(parts, np.concatenate) if len(parts) > 1 else parts[0]

    @staticmethod
    def _each(parts: list[_Bound], do: Callable[[list[NDArray[Any]]], NDArray[Any]]) -> _Bound:
        out, first = object.__new__(_Bound), parts[0]
        out.formula = first.formula
        for what in ("mark", "name", "shared", "kind", "same"):
            setattr(out, what, do([getattr(part, what) for part in parts]))
        out.high, out.low = (
            {
                what: do([table[what] for table in tables]) if first.high.get(what, numbers).ndim else numbers
                for what, numbers in tables[0].items()
                if what in first.kept
            }
            for tables in ([part.high for part in parts], [part.low for part in parts])
        )
        for what in ("shortness", "length", "own_bits"):
            out.low[what] = out.high[what]
        out.kept = first.kept
        return out

    def score(self, letters: NDArray[np.float32], key: NDArray[np.float32]) -> NDArray[np.float32]:
        """The score, with so much of letters and sounds in common at most."""
        self.high["letters"], self.high["key_letters"] = letters, key
        self.high["same_key"] = (key >= 1.0).astype(np.float32)
        strongest = np.maximum(np.maximum(letters, key), self.high["cover_both"])
        self.high["strongest"] = strongest
        return self.formula.reach(self.low, self.high)
