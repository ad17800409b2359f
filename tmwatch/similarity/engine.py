"""Many marks against many names at once: the scores of `Scorer.score`, in columns. Pure.

Who could be near at all (`batch.may_be_near`) is looked up: who holds which groups of three letters, words,
sounds and meanings of a mark. Those are measured by the compiled rule (`compiled.py`), which leaves a pair
as soon as it cannot reach the score asked for. Names in another script than Latin, slogans, and everything
where nothing was compiled go through `features.measure`, one by one.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray
from rapidfuzz.distance import Indel
from rapidfuzz.process import cdist

from tmwatch.similarity import compiled
from tmwatch.similarity.arrays import Columns, Holders
from tmwatch.similarity.batch import LETTERS, SHARE, SOUND, may_be_near
from tmwatch.similarity.features import NAMES, measure
from tmwatch.similarity.formula import Formula, Scores
from tmwatch.similarity.freq import Frequencies
from tmwatch.similarity.levels import nearest
from tmwatch.similarity.name import Name
from tmwatch.similarity.strings import Bools, Codes, Floats, Ints, spread

# Pairs of a block that is measured one by one.
_BLOCK = 1_000_000
# Marks that one thread takes at a time.
_MARKS = 64
# What a mark holds, who of the names is asked for it, and what it says of the two.
_LISTS = (
    ("groups", "groups", 0),
    ("key_groups", "key_groups", 0),
    ("texts", "texts", compiled.SHARED),
    ("keys", "keys", compiled.SHARED),
    ("bags", "bags", compiled.SHARED),
    ("inside", "texts", compiled.SHARED),
    ("echoes", "han_echoes", compiled.SHARED),
    ("senses", "senses", compiled.MEANT),
    ("phrases", "senses", compiled.PHRASED),
    ("senses", "phrases", compiled.PHRASED),
    ("joined", "keys", compiled.JOINED),
    ("keys", "joined", compiled.JOINED),
)


_Looked = tuple[Scores, Ints, Ints]  # and the pairs that the rule itself has to be asked about


def _call(look: Callable[[], _Looked]) -> _Looked:
    return look()


class Engine:
    """Marks against a batch of names."""

    def __init__(
        self, counts: Frequencies, formula: Formula, marks: Columns, names: Columns, cores: int = 1
    ) -> None:
        self.counts, self.formula, self.cores = counts, formula, cores
        self.marks, self.names = marks, names
        self._held, parts, code = marks.asked
        # Whose letters hold which words of the marks.
        self._part_holders = Holders.of(*names.with_part(parts, code))

    def scores(self, least: Floats, level: int = 4) -> Iterator[Scores]:
        """Block by block of marks the near pairs whose score is at least `least` of their mark, and that may
        be of `level` or nearer.

        Pairs of the same letters are always among them. In no particular order.
        """
        if not len(self.names):
            return
        fast = self.marks.plain & self.marks.full & compiled.READY
        step = max(1, _BLOCK // len(self.names))
        slow = np.flatnonzero(self.marks.full & ~fast)
        for at in range(0, len(slow), step):
            yield self._apart(slow[at : at + step], least, level)
        looks = self._looks(least, level)
        with ExitStack() as stack:
            found: Iterator[_Looked] = (look() for look in looks)
            if self.cores > 1 and len(looks) > 1:
                found = stack.enter_context(ThreadPoolExecutor(self.cores)).map(_call, looks)
            for scores, mark, name in found:
                yield scores
                if len(mark):
                    yield self._measured(mark, name, least, level)

    def _looks(self, least: Floats, level: int) -> list[Callable[[], _Looked]]:
        """What is computed outside the interpreter's lock, by blocks of marks; what is left for the rule
        itself is done by who asked."""
        quick = np.flatnonzero(self.marks.plain & self.marks.full & compiled.READY)
        if not len(quick):
            return []
        rule, lists = self.formula.compiled(self.counts), self._lists()

        def look(rows: Ints) -> _Looked:
            mark, name, raw, flags, apart, beside = compiled.near(
                rule, self.marks, self.names, lists, rows, least, level
            )
            return Scores(mark, name, raw, flags & 1 > 0, (flags >> 1).astype(np.int64)), apart, beside

        return [partial(look, quick[at : at + _MARKS]) for at in range(0, len(quick), _MARKS)]

    def _lists(self) -> tuple[compiled.Held, ...]:
        """Who of the names holds what the marks hold, as `compiled.near` takes it."""
        by, kind = self.names.by, compiled.COUNTED
        lists = [(what, by[holders], kind.get(what, compiled.RELATED), bit) for what, holders, bit in _LISTS]
        lists.append(("parts", self._part_holders, compiled.RELATED, compiled.SHARED))
        if self.names.foreign.any():  # how other scripts are read, beside how the rest sounds
            lists.append(("key_groups", by["reading_groups"], kind["reading_groups"], 0))
        edges = self.marks.edges
        return tuple(
            (number, bit, edges[what], self._held[what][1], who.code, who.start, who.row)
            for what, who, number, bit in lists
        )

    def _of(self, what: str, block: Ints) -> tuple[Ints, Codes]:
        """(row in the block, code) of what its marks hold."""
        row, code = self._held[what]
        first, end = np.searchsorted(row, block), np.searchsorted(row, block, side="right")
        return np.repeat(np.arange(len(block)), end - first), code[spread(first, end - first)]

    def _apart(self, block: Ints, least: Floats, level: int) -> Scores:
        """Of marks in other scripts, of slogans, and of all where nothing was compiled."""
        related, near = self._near(block)
        for at, mark in enumerate(block.tolist()):
            rows = np.flatnonzero(near[at] & ~related[at])
            near[at, rows] = self._alike(self.marks.name(mark), rows)
        place = np.flatnonzero((related | near) & self.names.full)
        return self._measured(
            block[place // len(self.names)], place % len(self.names), least, level, near=True
        )

    def _alike(self, mark: Name, rows: Ints) -> Bools:
        """Which names have enough letters or sounds of a mark (`batch.may_be_near`)."""
        if not len(rows):
            return np.zeros(0, bool)
        letters, sounds = self.names.compact.of_rows(rows), self.names.key.of_rows(rows)
        foreign, read = self.names.foreign[rows].tolist(), self.names.reading.of_rows(rows)
        readings = [one if other else sound for one, other, sound in zip(read, foreign, sounds, strict=True)]
        enough = np.zeros(len(rows), bool)
        for mine, theirs, least in (
            (mark.compact, letters, LETTERS),
            (mark.key, sounds, SOUND),
            (mark.reading_key, readings, SOUND),
        ):
            alike = cdist([mine], theirs, scorer=Indel.normalized_similarity, score_cutoff=least)
            enough |= alike[0] > 0
        return enough

    def _near(self, block: Ints) -> tuple[Bools, Bools]:
        """Of all pairs: whether a word, a sound, a meaning is shared; whether enough groups are."""
        marks, names, by = self.marks, self.names, self.names.by
        shape = (len(block), len(names))

        def enough(what: str, holders: str, mine: NDArray[Any], theirs: NDArray[Any]) -> Bools:
            shared = np.zeros(shape, np.uint16)
            row, name = by[holders].join(*self._of(what, block))
            np.add.at(shared, (row, name), np.uint16(1))
            out: Bools = (SHARE + 1) * shared.astype(np.int32) >= mine[block][:, None] + theirs
            return out

        near = enough("groups", "groups", marks.group_count, names.group_count)
        near |= enough("key_groups", "key_groups", marks.key_group_count, names.key_group_count)
        # How other scripts are read, beside how the rest sounds.
        if names.foreign.any():
            near |= names.foreign & enough(
                "key_groups", "reading_groups", marks.key_group_count, names.reading_count
            )
        foreign = marks.foreign[block][:, None]
        if foreign.any():
            for holders, theirs, where in (
                ("key_groups", names.key_group_count, ~names.foreign),
                ("reading_groups", names.reading_count, names.foreign),
            ):
                near |= foreign & where & enough("reading_groups", holders, marks.reading_count, theirs)
        related = np.zeros(shape, bool)
        for what in ("texts", "keys", "senses", "bags", "inside"):
            related[by["texts" if what == "inside" else what].join(*self._of(what, block))] = True
        for mine, holders in (("echoes", "han_echoes"), ("han_echoes", "echoes")):
            related[by[holders].join(*self._of(mine, block))] = True
        related[self._part_holders.join(*self._of("parts", block))] = True
        return related, near

    def _measured(self, mark: Ints, name: Ints, least: Floats, level: int, *, near: bool = False) -> Scores:
        """The scores by the rule itself, pair by pair, of those that reach what is asked for. `near`: all of
        them may be near (`batch.may_be_near`), which takes as long to ask as half of the rule."""
        pairs: list[tuple[int, bool]] = []
        rows: list[list[float]] = []
        for number, (one, other) in enumerate(zip(mark.tolist(), name.tolist(), strict=True)):
            mine, theirs = self.marks.name(one), self.names.name(other)
            if near or may_be_near(mine, theirs):
                rows.append(measure(mine, theirs, self.counts)[0])
                pairs.append((number, mine.compact == theirs.compact))
        raw = self.formula.joined(np.array(rows, np.float64).reshape(len(rows), len(NAMES)).T)
        at = np.array([number for number, _ in pairs], np.int64)
        same = np.array([equal for _, equal in pairs], bool)
        enough = np.flatnonzero((raw >= least[mark[at]]) | same)
        at, raw, same = at[enough], raw[enough], same[enough]
        # Few reach it: what their matches are is looked for once more.
        levels = np.array(
            [
                self._nearest(one, other)
                for one, other in zip(mark[at].tolist(), name[at].tolist(), strict=True)
            ],
            np.int64,
        )
        kept = levels <= level
        return Scores(mark[at[kept]], name[at[kept]], raw[kept], same[kept], levels[kept])

    def _nearest(self, mark: int, name: int) -> int:
        mine, theirs = self.marks.name(mark), self.names.name(name)
        numbers, matches = measure(mine, theirs, self.counts)
        return nearest(mine, theirs, dict(zip(NAMES, numbers, strict=True)), matches)
