"""Many marks against many names at once: the scores of `Scorer.score`, in columns. Pure.

What happens to a block of marks and a batch of names:

1. `_near`: which pairs could be near at all, by the rule of `batch.may_be_near`, from who holds which groups
   of three letters, words, sounds and meanings.
2. The numbers of `features.measure` that cost little (letters, sounds, words), for those.
3. The highest score that a pair could still reach with whatever its other numbers are (`Formula.at_most`):
   what stays below the level that was asked for is left there. No hit is lost so, whatever the weights are.
4. The other numbers, for the rest, and the score.

Pairs with a name in another script than Latin, with very many words, or with two words written as one go
through `features.measure` itself, one by one.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np
from numpy.typing import NDArray
from rapidfuzz import process
from rapidfuzz.distance import JaroWinkler

from tmwatch.similarity.arrays import HELD, PART_SIZES, Columns, Holders
from tmwatch.similarity.batch import HEARING, SHARE, SIGHT, may_be_near, near_identical
from tmwatch.similarity.features import (
    NAMES,
    RUN_TOGETHER,
    SHORT,
    WEAK_INSIDE,
    measure,
)
from tmwatch.similarity.formula import AT, Formula, Scores
from tmwatch.similarity.freq import Frequencies
from tmwatch.similarity.sieve import Left, Sieve, counted
from tmwatch.similarity.strings import (
    Bools,
    Codes,
    Floats,
    Found,
    Ints,
    Patterns,
    alike,
    hashes,
    spread,
    windows,
)
from tmwatch.similarity.words import Asked, Beside, Said

# Pairs of a block, and blocks whose pairs are scored together.
_BLOCK = 1_000_000
_BLOCKS = 2
# What is not known yet when a pair is judged by the score that it could reach.
_LAST = ("opening", "key_opening")
_LATER = (*_LAST, "bones", "first_word")


class Engine:
    """Marks against a batch of names."""

    def __init__(
        self,
        counts: Frequencies,
        formula: Formula,
        marks: Columns,
        names: Columns,
        cores: int = 1,
        said: Said | None = None,
    ) -> None:
        self.counts, self.formula, self.cores = counts, formula, cores
        self.marks, self.names = marks, names
        self._held = {what: getattr(marks, what) for what in HELD}
        texts = [marks.name(at).compact for at in range(len(marks))]
        self._held["inside"] = _by_row(*windows(texts, PART_SIZES, names.by["texts"].code))
        # Whose letters hold which words of the marks, by the number of the word.
        parts = [part for at in range(len(marks)) for part in marks.name(at).parts]
        row = np.repeat(np.arange(len(marks)), [len(marks.name(at).parts) for at in range(len(marks))])
        code = hashes(parts)
        self._held["parts"] = row, code
        different, first = np.unique(code, return_index=True)
        self._part_holders = Holders.of(*names.with_part([parts[at] for at in first.tolist()], different))
        # What the rule itself said of two words.
        self._asked = Asked(marks.words, names.words, counts, {} if said is None else said)
        self._start = {
            what: np.searchsorted(row, np.arange(len(marks) + 1)) for what, (row, _) in self._held.items()
        }
        self._sieve = Sieve(formula, marks, names, self._of, self._part_holders)
        self._size, self._key_size, self._bones_size = (
            (np.diff(getattr(marks, what).start), np.diff(getattr(names, what).start))
            for what in ("compact", "key", "bones")
        )

    def scores(self, least: Floats) -> Iterator[Scores]:
        """Block by block of marks the near pairs whose score is at least `least` of their mark.

        Pairs of the same letters are always among them. In no particular order.
        """
        if not len(self.names):
            return
        step = max(1, _BLOCK // len(self.names))
        work: list[tuple[Callable[..., Any], Any]] = []
        for plain in (True, False):
            these = np.flatnonzero((self.marks.plain == plain) & self.marks.full)
            these = these[np.argsort(self._size[0][these], kind="stable")]
            blocks = [these[start : start + step] for start in range(0, len(these), step)]
            if plain:
                groups = [blocks[at : at + _BLOCKS] for at in range(0, len(blocks), _BLOCKS)]
                work += [(self._plain, group) for group in groups]
            else:
                work += [(lambda block, least: [self._apart(block, least)], block) for block in blocks]
        if self.cores == 1 or len(work) < 2:
            for do, what in work:
                yield from do(what, least)
            return
        # numpy and rapidfuzz compute outside the interpreter's lock.
        with ThreadPoolExecutor(self.cores) as pool:
            for found in pool.map(lambda one: list(one[0](one[1], least)), work):
                yield from found

    def _of(self, what: str, block: Ints) -> tuple[Ints, Codes]:
        """(row in the block, code) of what its marks hold."""
        start = self._start[what]
        row, at = _slices(start[block], start[block + 1])
        return row, self._held[what][1][at]

    def _apart(self, block: Ints, least: Floats) -> Scores:
        """Of marks in other scripts, and of slogans."""
        near = self._near(block) & self.names.full
        place = np.flatnonzero(near)
        return self._measured(block[place // len(self.names)], place % len(self.names), least)

    def _plain(self, blocks: list[Ints], least: Floats) -> Iterator[Scores]:
        left = []
        for block in blocks:
            some, mark, name = self._sieve.pairs(block, least)
            left.append(some)
            yield self._measured(mark, name, least)
        yield self._scored(Left.together(left), least)

    def _scored(self, left: Left, least: Floats) -> Scores:
        """The scores of pairs of the plain kind, of those that reach what is asked for."""
        numbers = np.zeros((len(NAMES), len(left)))
        weak = self._run_together(numbers, left)
        beside = Beside(self.marks, self.names, left.mark, left.name)
        self._by_words(numbers, left, beside)
        for later, fill in ((_LATER, self._sounds_and_first), (_LAST, self._openings)):
            reach = self.formula.at_most(numbers, later) >= least[left.mark]
            kept = np.flatnonzero(reach | (left.letters == 0))
            left, numbers, weak = left.of(kept), numbers[:, kept], weak[kept]
            fill(numbers, left, weak)
        raw = self.formula.joined(numbers)
        same = left.letters == 0
        kept = np.flatnonzero((raw >= least[left.mark]) | same)
        left, numbers = left.of(kept), numbers[:, kept]
        identical = (numbers[AT["letters"]] >= SIGHT) | (numbers[AT["key_letters"]] >= HEARING)
        identical |= self._all_words(left)
        return Scores(left.mark, left.name, raw[kept], same[kept], identical)

    def _near(self, block: Ints) -> Bools:
        """Of all pairs: whether enough groups are shared, or anything else is."""
        marks, names, by = self.marks, self.names, self.names.by
        shape = (len(block), len(names))

        def enough(what: str, holders: str, mine: NDArray[Any], theirs: NDArray[Any]) -> Bools:
            shared = np.zeros(shape, np.uint16)
            counted(by[holders], *self._of(what, block), shared)
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
        for what in ("texts", "keys", "senses", "bags", "inside"):
            near[by["texts" if what == "inside" else what].join(*self._of(what, block))] = True
        near[self._part_holders.join(*self._of("parts", block))] = True
        return near

    def _run_together(self, numbers: Floats, left: Left) -> Bools:
        """Fills in the numbers of the names run together; True for pairs where these are weak."""
        marks, names = self.marks, self.names
        mark, name = left.mark, left.name
        size, other_size = self._size[0][mark], self._size[1][name]
        small, large = np.minimum(size, other_size), np.maximum(size, other_size)
        out = {what: numbers[at] for what, at in AT.items() if what != "strongest"}
        groups = marks.group_count[mark] + names.group_count[name]
        out["trigrams"][:] = left.shared / (groups - left.shared)
        out["letters"][:] = alike(left.letters, size + other_size)
        key_total = self._key_size[0][mark] + self._key_size[1][name]
        out["key_letters"][:] = alike(left.key, key_total)
        out["same_letters"][:] = left.letters == 0
        out["same_key"][:] = left.key == 0
        first = marks.compact.sign[marks.compact.start[mark]] == names.compact.sign[names.compact.start[name]]
        out["first_letter"][:] = first
        out["shortness"][:] = 1.0 / np.maximum(1, small)
        out["length"][:] = np.minimum(1.0, size / 32.0)
        out["own_bits"][:] = np.minimum(1.0, marks.most[mark] / 16.0)
        weak = np.zeros(len(mark), bool)
        # The shorter stands in the longer only if nothing but the difference has to be put in, and all of its
        # groups are there but the three at its ends.
        of_short = np.where(size <= other_size, marks.group_count[mark], names.group_count[name])
        may = (left.letters == large - small) & (small < large) & (small > 1) & (left.shared >= of_short - 3)
        for short, row, long, other, those in (
            (marks, mark, names, name, size < other_size),
            (names, name, marks, mark, size > other_size),
        ):
            these = np.flatnonzero(may & those)
            found = Found(short.compact, row[these], long.compact, other[these])
            start, there = found.at == 0, found.at >= 0
            end = there & ~start & self._ends(found)
            share = found.small / np.maximum(found.size, 1)
            for where, held in (("start", start), ("end", end), ("inside", there & ~start & ~end)):
                out[f"whole_{where}"][these[held]] = share[held]
            these = these[there]
            own, which = np.unique(row[these], return_inverse=True)
            inside = np.array([self.counts.inside_bits(text) for text in short.compact.of_rows(own)])
            out["whole_bits"][these] = inside[which] / 16.0 if len(own) else 0.0
            weak[these] = small[these] <= 2
        short_ones = np.flatnonzero(weak)
        if len(short_ones):
            beside = Beside(marks, names, mark[short_ones], name[short_ones])
            weak[short_ones[np.logical_or.reduceat(beside.same_text(), beside.first_row)]] = False
            for one in RUN_TOGETHER:
                numbers[one, weak] *= WEAK_INSIDE
        out["short_near"][:] = self._short_near(mark, name, left.letters)
        return weak

    def _short_near(self, mark: Ints, name: Ints, letters: Ints) -> Bools:
        """`features.short_near` of many; `letters`: how many differ."""
        marks, names = self.marks, self.names
        size, other_size = self._size[0][mark], self._size[1][name]
        out: Bools = (
            (size > 1) & (size <= SHORT) & (other_size > 1) & (other_size <= size + 1) & (letters > 0)
        )
        some = np.flatnonzero(out)
        mark, name, size, other_size = mark[some], name[some], size[some], other_size[some]
        # One letter more, one less, another one; or the same letters in another order, with one more at most.
        near = (letters[some] == 1) | (marks.compact_bag.common(mark, names.compact_bag, name) == size)
        apart = np.zeros(len(some), np.int64)
        for at in range(int(size.max(initial=0))):
            there = np.flatnonzero((size == other_size) & (size > at))
            mine, theirs = (
                side.compact.sign[side.compact.start[rows[there]] + at]
                for side, rows in ((marks, mark), (names, name))
            )
            apart[there] += mine != theirs
        out[some] = near | ((size == other_size) & (apart == 1))
        return out

    @staticmethod
    def _ends(found: Found) -> Bools:
        """Whether the longer texts end with the shorter ones."""
        pair = np.arange(len(found.at))
        own = found.code(pair, np.maximum(found.at, 0), np.maximum(found.at, 0) + found.small)
        out: Bools = own == found.code(pair, found.size - found.small, found.size)
        return out

    def _all_words(self, left: Left) -> Bools:
        """Whether each word of the mark is a word of the name."""
        if not len(left):
            return np.zeros(0, bool)
        beside = Beside(self.marks, self.names, left.mark, left.name)
        out: Bools = np.logical_and.reduceat(beside.same_text(), beside.first_row)
        return out

    def _by_words(self, numbers: Floats, left: Left, beside: Beside) -> None:
        """Fills in what the words share, each word of the mark beside the word that says most."""
        if not len(left):
            return
        marks, names = self.marks, self.names
        own, other_bits = marks.bits[left.mark], names.bits[left.name]
        shared = beside.shared(self._asked)
        cover_one = np.minimum(1.0, shared["bits"] / own)
        cover_other = np.minimum(1.0, shared["covered"] / other_bits)
        for what, number in (
            ("cover_one", cover_one),
            ("cover_other", cover_other),
            ("cover_both", cover_one * cover_other),
            ("bits", np.minimum(1.0, shared["bits"] / 32.0)),
            ("top_bits", np.minimum(1.0, shared["top"] / 16.0)),
            ("sense", np.minimum(1.0, shared["sense"] / own)),
            ("own_word", np.minimum(1.0, shared["own"] / marks.most[left.mark])),
            ("their_word", np.minimum(1.0, shared["their"] / names.most[left.name])),
        ):
            numbers[AT[what]] = number

    def _openings(self, numbers: Floats, left: Left, weak: Bools) -> None:
        """Fills in the numbers of `_LAST`."""
        marks, names = self.marks, self.names
        own, row = np.unique(left.mark, return_inverse=True)
        for what, mine, theirs in (
            ("opening", marks.compact, names.compact),
            ("key_opening", marks.key, names.key),
        ):
            texts = mine.of_rows(own)
            numbers[AT[what]] = process.cpdist(
                [texts[at] for at in row.tolist()],
                theirs.of_rows(left.name),
                scorer=JaroWinkler.normalized_similarity,
                dtype=np.float64,
            )
            numbers[AT[what], weak] *= WEAK_INSIDE

    def _sounds_and_first(self, numbers: Floats, left: Left, weak: Bools) -> None:
        """Fills in the consonants and the first word."""
        marks, names = self.marks, self.names
        mark, name = left.mark, left.name
        own, row = np.unique(mark, return_inverse=True)
        total = self._bones_size[0][mark] + self._bones_size[1][name]
        common = Patterns(marks.bones.of_rows(own)).common(row, names.bones, name)
        numbers[AT["bones"]] = alike(total - 2 * common, total)
        one, other = marks.word.item[marks.word.start[mark]], names.word.item[names.word.start[name]]
        share = np.minimum(1.0, marks.words.bits[one] / 16.0)
        same_key = marks.words.key_code[one] == names.words.key_code[other]
        same_text = marks.words.text_code[one] == names.words.text_code[other]
        numbers[AT["first_word"]] = np.where(same_text, share, np.where(same_key, 0.9 * share, 0.0))
        numbers[AT["bones"], weak] *= WEAK_INSIDE

    def _measured(self, mark: Ints, name: Ints, least: Floats) -> Scores:
        """The same one by one, for names that the columns do not suit."""
        pairs: list[tuple[int, bool, bool]] = []
        rows: list[list[float]] = []
        for number, (one, other) in enumerate(zip(mark.tolist(), name.tolist(), strict=True)):
            mine, theirs = self.marks.name(one), self.names.name(other)
            if may_be_near(mine, theirs):
                rows.append(measure(mine, theirs, self.counts)[0])
                alike_in = rows[-1][AT["letters"]], rows[-1][AT["key_letters"]]
                identical = near_identical(mine, theirs, *alike_in)
                pairs.append((number, mine.compact == theirs.compact, identical))
        raw = self.formula.joined(np.array(rows, np.float64).reshape(len(rows), len(NAMES)).T)
        at = np.array([number for number, _, _ in pairs], np.int64)
        same, identical_at = (np.array([pair[which] for pair in pairs], bool) for which in (1, 2))
        kept = (raw >= least[mark[at]]) | same
        return Scores(mark[at[kept]], name[at[kept]], raw[kept], same[kept], identical_at[kept])


def _by_row(row: Ints, code: Codes) -> tuple[Ints, Codes]:
    order = np.argsort(row, kind="stable")
    return row[order], code[order]


def _slices(start: Ints, end: Ints) -> tuple[Ints, Ints]:
    """(which slice, place) of all places of slices."""
    count = end - start
    return np.repeat(np.arange(len(start)), count), spread(start, count)
