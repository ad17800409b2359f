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

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np
from numpy.typing import NDArray
from rapidfuzz import process
from rapidfuzz.distance import JaroWinkler

from tmwatch.similarity.arrays import HELD, PART_SIZES, Columns, Holders, spread
from tmwatch.similarity.batch import HEARING, LETTERS, SHARE, SIGHT, SOUND, may_be_near, near_identical
from tmwatch.similarity.features import (
    NAMES,
    RUN_TOGETHER,
    SHORT,
    WEAK_INSIDE,
    measure,
    short_near,
)
from tmwatch.similarity.formula import AT, Formula, Scores
from tmwatch.similarity.freq import Frequencies
from tmwatch.similarity.strings import Bools, Codes, Floats, Ints, Patterns, alike, windows
from tmwatch.similarity.words import Asked, shared_bits

# Pairs of a block, and pairs of a word of its marks with a word of the names: what its tables hold.
_BLOCK = 1_000_000
_WORDS = 4_000_000
# What is not known yet when a pair is judged by the score that it could reach.
_LAST = ("opening", "key_opening")
_LATER = (*_LAST, "bones", "first_word")


class Engine:
    """Marks against a batch of names."""

    def __init__(
        self, counts: Frequencies, formula: Formula, marks: Columns, names: Columns, cores: int = 1
    ) -> None:
        self.counts, self.formula, self.cores = counts, formula, cores
        self.marks, self.names = marks, names
        self._held = {what: getattr(marks, what) for what in HELD}
        texts = [marks.name(at).compact for at in range(len(marks))]
        self._held["inside"] = _by_row(*windows(texts, PART_SIZES, names.by["texts"].code))
        # Whose letters hold which words of the marks, by the number of the word.
        parts = sorted({part for at in range(len(marks)) for part in marks.name(at).parts})
        self._part_holders = Holders.of(*_turned(names.with_part(parts)))
        number = {part: at for at, part in enumerate(parts)}
        held = [(at, number[part]) for at in range(len(marks)) for part in marks.name(at).parts]
        self._held["parts"] = (
            np.array([row for row, _ in held], np.int64),
            np.array([part for _, part in held], np.uint64),
        )
        # What the rule itself said of two words.
        self._asked = Asked(marks.words, names.words, counts)
        self._start = {
            what: np.searchsorted(row, np.arange(len(marks) + 1)) for what, (row, _) in self._held.items()
        }
        self._padded = marks.word.padded()
        self._word_count = marks.word.count(), names.word.count()
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
        step = max(1, min(_BLOCK // len(self.names), _WORDS // (2 * len(self.names.words) + 1)))
        blocks = []
        for plain in (True, False):
            these = np.flatnonzero((self.marks.plain == plain) & self.marks.full)
            these = these[np.argsort(self._size[0][these], kind="stable")]
            blocks += [these[start : start + step] for start in range(0, len(these), step)]
        if self.cores == 1 or len(blocks) < 2:
            for block in blocks:
                yield from self._block(block, least)
            return
        # numpy and rapidfuzz compute outside the interpreter's lock.
        with ThreadPoolExecutor(self.cores) as pool:
            for found in pool.map(lambda block: list(self._block(block, least)), blocks):
                yield from found

    def _of(self, what: str, block: Ints) -> tuple[Ints, Codes]:
        """(row in the block, code) of what its marks hold."""
        start = self._start[what]
        row, at = _slices(start[block], start[block + 1])
        return row, self._held[what][1][at]

    def _block(self, block: Ints, least: Floats) -> Iterator[Scores]:
        marks, names = self.marks, self.names
        close, related, shared = self._near(block)
        plain = bool(marks.plain[block[0]])
        near = close | related
        near &= names.full
        apart = np.zeros(near.shape, bool) if plain else np.ones(near.shape, bool)
        if plain:
            apart[:, ~names.plain] = True
            for what, holders in (("joined", "keys"), ("keys", "joined")):
                apart[names.by[holders].join(*self._of(what, block))] = True
        apart &= near
        near &= ~apart
        place = np.flatnonzero(apart)
        yield self._measured(block[place // len(names)], place % len(names), least)
        place = np.flatnonzero(near)
        if not len(place):
            return
        row, name = place // len(names), place % len(names)
        size, key_size = self._size, self._key_size
        mark = block[row]
        letters = (size[0][mark] + size[1][name]) - 2 * Patterns(marks.compact.of_rows(block)).common(
            row, names.compact, name
        )
        key = (key_size[0][mark] + key_size[1][name]) - 2 * Patterns(marks.key.of_rows(block)).common(
            row, names.key, name
        )
        kept = np.flatnonzero(
            related.ravel()[place]
            | (alike(letters, size[0][mark] + size[1][name]) >= LETTERS)
            | (alike(key, key_size[0][mark] + key_size[1][name]) >= SOUND)
        )
        row, mark, name, letters, key = row[kept], mark[kept], name[kept], letters[kept], key[kept]
        numbers = np.zeros((len(NAMES), len(row)))
        weak = self._run_together(numbers, mark, name, letters, key, shared.ravel()[place[kept]])
        self._by_words(numbers, block, row, name)
        kept = np.flatnonzero((self.formula.at_most(numbers, _LATER) >= least[mark]) | (letters == 0))
        row, mark, name, numbers, letters = row[kept], mark[kept], name[kept], numbers[:, kept], letters[kept]
        self._sounds_and_first(numbers, block, row, name, weak[kept])
        kept2 = np.flatnonzero((self.formula.at_most(numbers, _LAST) >= least[mark]) | (letters == 0))
        row, mark, name, numbers, letters = (
            row[kept2],
            mark[kept2],
            name[kept2],
            numbers[:, kept2],
            letters[kept2],
        )
        self._openings(numbers, block, row, name, weak[kept[kept2]])
        raw = self.formula.joined(numbers)
        kept = np.flatnonzero((raw >= least[mark]) | (letters == 0))
        mark, name, letters, numbers = mark[kept], name[kept], letters[kept], numbers[:, kept]
        identical = (numbers[AT["letters"]] >= SIGHT) | (numbers[AT["key_letters"]] >= HEARING)
        identical |= self._all_words(mark, name)
        yield Scores(mark, name, raw[kept], letters == 0, identical)

    def _near(self, block: Ints) -> tuple[Bools, Bools, NDArray[Any]]:
        """Of all pairs: whether enough groups are shared, whether anything else is, how many of letters."""
        marks, names, by = self.marks, self.names, self.names.by
        shape = (len(block), len(names))

        def count(what: str, holders: str) -> NDArray[Any]:
            row, name = by[holders].join(*self._of(what, block))
            row *= shape[1]
            row += name
            return np.bincount(row, minlength=shape[0] * shape[1]).reshape(shape)

        def enough(shared: NDArray[Any], mine: NDArray[Any], theirs: NDArray[Any]) -> Bools:
            out: Bools = (SHARE + 1) * shared >= mine[block][:, None] + theirs
            return out

        shared = count("groups", "groups")
        close = enough(shared, marks.group_count, names.group_count)
        close |= enough(count("key_groups", "key_groups"), marks.key_group_count, names.key_group_count)
        # How other scripts are read, beside how the rest sounds.
        if names.foreign.any():
            close |= names.foreign & enough(
                count("key_groups", "reading_groups"), marks.key_group_count, names.reading_count
            )
        foreign = marks.foreign[block][:, None]
        if foreign.any():
            for holders, theirs, where in (
                ("key_groups", names.key_group_count, ~names.foreign),
                ("reading_groups", names.reading_count, names.foreign),
            ):
                shared_reading = count("reading_groups", holders)
                close |= foreign & where & enough(shared_reading, marks.reading_count, theirs)
        related = np.zeros(shape, bool)
        for what in ("texts", "keys", "senses", "bags", "inside"):
            related[by["texts" if what == "inside" else what].join(*self._of(what, block))] = True
        related[self._part_holders.join(*self._of("parts", block))] = True
        return close, related, shared

    def _run_together(
        self, numbers: Floats, mark: Ints, name: Ints, letters: Ints, key: Ints, shared: Ints
    ) -> Bools:
        """Fills in the numbers of the names run together; True for pairs where these are weak."""
        marks, names = self.marks, self.names
        size, other_size = self._size[0][mark], self._size[1][name]
        small, large = np.minimum(size, other_size), np.maximum(size, other_size)
        out = {what: numbers[at] for what, at in AT.items() if what != "strongest"}
        out["trigrams"][:] = shared / (marks.group_count[mark] + names.group_count[name] - shared)
        out["letters"][:] = alike(letters, size + other_size)
        key_total = self._key_size[0][mark] + self._key_size[1][name]
        out["key_letters"][:] = alike(key, key_total)
        out["same_letters"][:] = letters == 0
        out["same_key"][:] = key == 0
        first = marks.compact.sign[marks.compact.start[mark]] == names.compact.sign[names.compact.start[name]]
        out["first_letter"][:] = first
        out["shortness"][:] = 1.0 / np.maximum(1, small)
        out["length"][:] = np.minimum(1.0, size / 32.0)
        out["own_bits"][:] = np.minimum(1.0, marks.most[mark] / 16.0)
        weak = np.zeros(len(mark), bool)
        # The shorter stands in the longer only if nothing but the difference has to be put in, and all of its
        # groups are there but the three at its ends.
        of_short = np.where(size <= other_size, marks.group_count[mark], names.group_count[name])
        may = (letters == large - small) & (small < large) & (small > 1) & (shared >= of_short - 3)
        these = np.flatnonzero(may)
        for at, a, b in zip(
            these.tolist(),
            marks.compact.of_rows(mark[these]),
            names.compact.of_rows(name[these]),
            strict=True,
        ):
            short, long = (a, b) if len(a) <= len(b) else (b, a)
            if short not in long:
                continue
            where = "start" if long.startswith(short) else "end" if long.endswith(short) else "inside"
            out[f"whole_{where}"][at] = len(short) / len(long)
            out["whole_bits"][at] = self.counts.inside_bits(short) / 16.0
            weak[at] = len(short) <= 2 and not self._same_word(mark[at], name[at])
        if weak.any():
            for one in RUN_TOGETHER:
                numbers[one, weak] *= WEAK_INSIDE
        for at in np.flatnonzero((size <= SHORT) & (other_size <= size + 1)).tolist():
            out["short_near"][at] = short_near(marks.compact[mark[at]], names.compact[name[at]])
        return weak

    def _all_words(self, mark: Ints, name: Ints) -> Bools:
        """Whether each word of the mark is a word of the name."""
        codes = [side.words.text_code[side.word.item] for side in (self.marks, self.names)]
        starts = self.marks.word.start[mark], self.names.word.start[name]
        counts = self._word_count[0][mark], self._word_count[1][name]
        every = np.ones(len(mark), bool)
        for at in range(int(counts[0].max(initial=0))):
            found = counts[0] <= at
            for other in range(int(counts[1].max(initial=0))):
                there = np.flatnonzero(~found & (counts[1] > other))
                found[there] = codes[0][starts[0][there] + at] == codes[1][starts[1][there] + other]
            every &= found
        return every

    def _same_word(self, mark: int, name: int) -> bool:
        mine, theirs = (
            set(side.words.text_code[side.word.item[side.word.start[at] : side.word.start[at + 1]]].tolist())
            for side, at in ((self.marks, mark), (self.names, name))
        )
        return not mine.isdisjoint(theirs)

    def _by_words(self, numbers: Floats, block: Ints, row: Ints, name: Ints) -> None:
        """Fills in what the words share, each word of the mark beside the word that says most."""
        marks, names = self.marks, self.names
        used, local = np.unique(self._padded[block], return_inverse=True)
        local = local.reshape(len(block), -1) * len(names.words)
        count, other_count = self._word_count[0][block][row], self._word_count[1][name]
        first = names.word.start[name]
        most_words = int(other_count.max(initial=0))
        # Which word of the mark beside which of the name, for which pairs: its place in the table.
        steps = []
        asked = np.zeros(len(used) * len(names.words), bool)
        for at in range(int(count.max(initial=0))):
            pairs = np.flatnonzero(count > at)
            mine, held, many = local[row[pairs], at], first[pairs], other_count[pairs]
            beside = []
            for other in range(int(many.max())):
                there = np.flatnonzero(many > other)
                place = mine[there] + names.word.item[held[there] + other]
                asked[place] = True
                beside.append((there, place))
            steps.append((pairs, beside))
        place = np.flatnonzero(asked)
        table = np.zeros(len(asked))
        table[place] = shared_bits(
            marks.words, names.words, used, place // len(names.words), place % len(names.words), self._asked
        )
        bits, top, sense, mine_top = (np.zeros(len(row)) for _ in range(4))
        most = marks.most[block][row]
        by_other = np.zeros((most_words, len(row)))
        for at, (pairs, beside) in enumerate(steps):
            best, which = np.zeros(len(pairs)), np.zeros(len(pairs), np.int64)
            meant = np.zeros(len(pairs), bool)
            for other, (there, place) in enumerate(beside):
                value = table[place]
                said = np.abs(value)
                more = np.flatnonzero(said > best[there])
                there = there[more]
                best[there], which[there], meant[there] = said[more], other, value[more] < 0
            bits[pairs] += best
            top[pairs] = np.maximum(top[pairs], best)
            strong = marks.words.bits[self._padded[block][row[pairs], at]] >= most[pairs]
            mine_top[pairs] = np.maximum(mine_top[pairs], best * strong)
            sense[pairs] += np.where(meant, best, 0.0)
            by_other[which, pairs] = np.maximum(by_other[which, pairs], best)
        their_top, their_most = np.zeros(len(row)), names.most[name]
        for other in range(most_words):
            there = np.flatnonzero(other_count > other)
            strong = names.words.bits[names.word.item[first[there] + other]] >= their_most[there]
            their_top[there] = np.maximum(their_top[there], by_other[other, there] * strong)
        own, other_bits = marks.bits[block][row], names.bits[name]
        cover_one = np.minimum(1.0, bits / own)
        cover_other = np.minimum(1.0, by_other.sum(axis=0) / other_bits)
        for what, number in (
            ("cover_one", cover_one),
            ("cover_other", cover_other),
            ("cover_both", cover_one * cover_other),
            ("bits", np.minimum(1.0, bits / 32.0)),
            ("top_bits", np.minimum(1.0, top / 16.0)),
            ("sense", np.minimum(1.0, sense / own)),
            ("own_word", np.minimum(1.0, mine_top / most)),
            ("their_word", np.minimum(1.0, their_top / their_most)),
        ):
            numbers[AT[what]] = number

    def _openings(self, numbers: Floats, block: Ints, row: Ints, name: Ints, weak: Bools) -> None:
        """Fills in the numbers of `_LAST`."""
        marks, names = self.marks, self.names
        for what, mine, theirs in (
            ("opening", marks.compact, names.compact),
            ("key_opening", marks.key, names.key),
        ):
            texts = mine.of_rows(block)
            numbers[AT[what]] = process.cpdist(
                [texts[at] for at in row.tolist()],
                theirs.of_rows(name),
                scorer=JaroWinkler.normalized_similarity,
                dtype=np.float64,
            )
            numbers[AT[what], weak] *= WEAK_INSIDE

    def _sounds_and_first(self, numbers: Floats, block: Ints, row: Ints, name: Ints, weak: Bools) -> None:
        """Fills in the consonants and the first word."""
        marks, names = self.marks, self.names
        mark = block[row]
        total = self._bones_size[0][mark] + self._bones_size[1][name]
        common = Patterns(marks.bones.of_rows(block)).common(row, names.bones, name)
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


def _turned(found: tuple[Ints, Ints]) -> tuple[Ints, Codes]:
    part, row = found
    return row, part.astype(np.uint64)


def _slices(start: Ints, end: Ints) -> tuple[Ints, Ints]:
    """(which slice, place) of all places of slices."""
    count = end - start
    return np.repeat(np.arange(len(start)), count), spread(start, count)
