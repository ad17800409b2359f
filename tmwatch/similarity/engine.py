"""Many marks against many names at once: the scores of `Scorer.score`, in columns. Pure.

What happens to a block of marks and a batch of names:

1. `_near`: which pairs could be near at all, by the rule of `batch.may_be_near`: distances of the letters and
   sound keys of all pairs in C, and an index for words, sounds, meanings and parts.
2. The numbers of `features.measure` that cost little (words, letters, groups of three letters), for those.
3. The highest score that a pair could still reach with whatever its other numbers are (`Formula.at_most`):
   what stays below the level that was asked for is left there. No hit is lost so, whatever the weights are.
4. The other numbers, for the rest, and the score.

Pairs with a name in another script than Latin, with very many words, or with two words written as one go
through `features.measure` itself, one by one.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from rapidfuzz import process
from rapidfuzz.distance import Indel, JaroWinkler

from tmwatch.similarity.arrays import MOST_WORDS, Bools, Columns, Floats, Ints, Lists, inside, join
from tmwatch.similarity.batch import LETTERS, SOUND, Batch
from tmwatch.similarity.features import (
    NAMES,
    RUN_TOGETHER,
    SHORT,
    TOGETHER,
    WEAK_INSIDE,
    measure,
    short_near,
)
from tmwatch.similarity.freq import Frequencies
from tmwatch.similarity.words import WordTable, alike, distances

# Pairs of a block: its tables of distances stay in the cache of the processor.
_BLOCK = 1_000_000
_AT = {name: at for at, name in enumerate((*NAMES, "strongest"))}
_PAIRS = tuple((_AT[one], _AT[other]) for one, other in TOGETHER)
_STRONGEST_OF = ("cover_both", "letters", "key_letters", "reading")
# What is not known yet when a pair is judged by the score that it could reach.
_LATER = ("opening", "key_opening", "bones", "first_word")


@dataclass(frozen=True, slots=True)
class Scores:
    """Pairs by the places of mark and name, and their scores before the noise of the mark is taken off."""

    mark: Ints
    name: Ints
    raw: Floats


class Formula:
    """The joined score, and the highest that it could be. `numbers`: a row for each of `features.NAMES`."""

    def __init__(self, by_name: tuple[float, ...], constant: float) -> None:
        self.single = by_name[: len(NAMES) + 1]
        self.pairs = list(zip(_PAIRS, by_name[len(NAMES) + 1 :], strict=True))
        self.constant = constant

    def joined(self, numbers: Floats) -> Floats:
        """The score of each pair, before the noise of the mark is taken off."""
        strongest = numbers[_AT[_STRONGEST_OF[0]]]
        for name in _STRONGEST_OF[1:]:
            strongest = np.maximum(strongest, numbers[_AT[name]])
        rows = [*numbers, strongest]
        total = np.full(numbers.shape[1], self.constant)
        for row, weight in zip(rows, self.single, strict=True):
            total += row * weight
        for (one, other), weight in self.pairs:
            total += rows[one] * rows[other] * weight
        return total

    def at_most(self, numbers: Floats, later: tuple[str, ...]) -> Floats:
        """A bound of `joined` where the numbers named in `later`, 0 in the rows, may be anything from 0 to 1.

        Exact in each of them alone; where two of them meet, their product is taken as it helps most.
        """
        total = self.joined(numbers)
        unknown = {_AT[name] for name in later}
        for at in unknown:
            slope: Any = self.single[at]
            square = 0.0
            for (one, other), weight in self.pairs:
                if one == other == at:
                    square += weight
                elif at in (one, other):
                    partner = other if one == at else one
                    if partner in unknown or partner == _AT["strongest"]:
                        total += max(0.0, weight)
                    else:
                        slope = slope + weight * numbers[partner]
            best = np.maximum(0.0, slope + square)
            if square < 0.0:
                top = np.clip(-slope / (2 * square), 0.0, 1.0)
                best = np.maximum(best, slope * top + square * top * top)
            total += best
        return total


class Engine:
    """Marks against a batch of names, both as columns of one vocabulary."""

    def __init__(
        self, counts: Frequencies, formula: Formula, marks: Columns, names: Columns, cores: int = 2
    ) -> None:
        self.counts, self.formula, self.cores = counts, formula, cores
        self.marks, self.names = marks, names
        self._near_by = self._indexed()
        keys = marks.vocabulary.size()[1]
        self._two_as_one = [
            (marks.joined, names.keys.turned(keys)),
            (marks.keys, names.joined.turned(keys)),
        ]
        groups = np.unique(names.trigrams.item)
        at = np.minimum(np.searchsorted(groups, marks.trigrams.item), max(0, len(groups) - 1))
        known = groups[at] == marks.trigrams.item if len(groups) else np.zeros(0, bool)
        self._groups = (
            Lists.by(marks.trigrams.rows()[known], at[known], len(marks)),
            Lists(names.trigrams.start, np.searchsorted(groups, names.trigrams.item)).turned(len(groups)),
        )
        self._group_count = [np.diff(marks.trigrams.start), np.diff(names.trigrams.start)]
        self._words_of = [_padded(side.words) for side in (marks, names)]
        self._word_count = [np.diff(side.words.start) for side in (marks, names)]
        self._used = [np.unique(side.words.part(np.flatnonzero(side.plain)).item) for side in (marks, names)]
        self._table = WordTable(marks.vocabulary, self._used[0], self._used[1], cores)
        self._initial = [
            np.array([ord(text[0]) if text else 0 for text in side.compact]) for side in (marks, names)
        ]
        # Names that are not compared here stand as empty texts.
        plain = names.plain.tolist()
        self._compact, self._key = (
            [text if one else "" for text, one in zip(column, plain, strict=True)]
            for column in (names.compact, names.key)
        )
        self._size, self._key_size = names.size * names.plain, names.key_size * names.plain
        most, most_key = (
            int((size * marks.plain).max(initial=0) + other.max(initial=0))
            for size, other in ((marks.size, self._size), (marks.key_size, self._key_size))
        )
        self._letters_within, self._sound_within = _within(LETTERS, most), _within(SOUND, most_key)

    def _indexed(self) -> list[tuple[Lists, Lists]]:
        """(what marks hold, which names hold it): words, sounds, meanings, parts."""
        marks, names = self.marks, self.names
        words, keys, senses = marks.vocabulary.size()
        texts = marks.vocabulary.texts
        own = np.unique(marks.parts.item)
        part, name = inside([texts[at] for at in own.tolist()], names.compact)
        their = np.unique(names.parts.item)
        other, mark = inside([texts[at] for at in their.tolist()], marks.compact)
        return [
            (marks.words, names.words.turned(words)),
            (marks.keys, names.keys.turned(keys)),
            (marks.senses, names.senses.turned(senses)),
            (marks.parts, Lists.by(own[part], name, words)),
            (Lists.by(mark, their[other], len(marks)), names.parts.turned(words)),
        ]

    def scores(self, least: Floats) -> Iterator[Scores]:
        """Block by block of marks the near pairs whose score is at least `least` of their mark.

        Pairs of the same letters are always among them. In no particular order.
        """
        plain = np.flatnonzero(self.marks.plain)
        plain = plain[np.argsort(self.marks.size[plain], kind="stable")]
        step = max(1, _BLOCK // max(1, len(self.names)))
        if self.names.plain.any():
            for start in range(0, len(plain), step):
                yield from self._block(plain[start : start + step], least)
        odd = np.flatnonzero(~self.names.plain)
        yield self._alone(plain, odd, least)
        yield self._alone(np.flatnonzero(~self.marks.plain), np.arange(len(self.names)), least)

    def _block(self, block: Ints, least: Floats) -> Iterator[Scores]:
        marks, names = self.marks, self.names
        by_letters = distances([marks.compact[at] for at in block], self._compact, self.cores)
        by_key = distances([marks.key[at] for at in block], self._key, self.cores)
        near = by_letters <= self._letters_within[marks.size[block][:, None] + self._size]
        near |= by_key <= self._sound_within[marks.key_size[block][:, None] + self._key_size]
        for held, holders in self._near_by:
            near[join(held.part(block), holders)] = True
        near[:, ~names.plain] = False
        apart = np.zeros(near.shape, bool)
        for held, holders in self._two_as_one:
            apart[join(held.part(block), holders)] = True
        apart &= near
        near &= ~apart
        row, name = np.nonzero(near)
        mark = block[row]
        letters, key = by_letters[row, name].astype(np.int64), by_key[row, name].astype(np.int64)
        numbers = np.zeros((len(NAMES), len(row)))
        shared = self._shared(block, near.shape)[row, name]
        weak = self._run_together(numbers, mark, name, letters, key, shared)
        self._by_words(numbers, block, row, name)
        kept = np.flatnonzero((self.formula.at_most(numbers, _LATER) >= least[mark]) | (letters == 0))
        mark, name, numbers, letters = mark[kept], name[kept], numbers[:, kept], letters[kept]
        self._rest(numbers, mark, name, weak[kept])
        raw = self.formula.joined(numbers)
        kept = np.flatnonzero((raw >= least[mark]) | (letters == 0))
        yield Scores(mark[kept], name[kept], raw[kept])
        row, name = np.nonzero(apart)
        yield self._measured(block[row], name, least)

    def _shared(self, block: Ints, shape: tuple[int, int]) -> NDArray[Any]:
        """How many groups of three letters each mark of the block shares with each name."""
        row, name = join(self._groups[0].part(block), self._groups[1])
        count: NDArray[Any] = np.bincount(row * shape[1] + name, minlength=shape[0] * shape[1])
        return count.reshape(shape)

    def _run_together(
        self, numbers: Floats, mark: Ints, name: Ints, letters: Ints, key: Ints, shared: Ints
    ) -> Bools:
        """Fills in the numbers of the names run together; True for pairs where these are weak."""
        marks, names = self.marks, self.names
        size, other_size = marks.size[mark], names.size[name]
        small, large = np.minimum(size, other_size), np.maximum(size, other_size)
        out = {what: numbers[at] for what, at in _AT.items() if what != "strongest"}
        out["trigrams"][:] = shared / (self._group_count[0][mark] + self._group_count[1][name] - shared)
        out["letters"][:] = alike(letters, size + other_size)
        out["key_letters"][:] = alike(key, marks.key_size[mark] + names.key_size[name])
        out["same_letters"][:] = letters == 0
        out["same_key"][:] = key == 0
        out["first_letter"][:] = self._initial[0][mark] == self._initial[1][name]
        out["shortness"][:] = 1.0 / np.maximum(1, small)
        out["length"][:] = np.minimum(1.0, size / 32.0)
        out["own_bits"][:] = np.minimum(1.0, marks.most[mark] / 16.0)
        weak = np.zeros(len(mark), bool)
        # The shorter stands in the longer only if nothing but the difference has to be put in.
        for at in np.flatnonzero((letters == large - small) & (small < large) & (small > 1)).tolist():
            a, b = marks.compact[mark[at]], names.compact[name[at]]
            short, long = (a, b) if len(a) <= len(b) else (b, a)
            if short not in long:
                continue
            share = len(short) / len(long)
            where = "start" if long.startswith(short) else "end" if long.endswith(short) else "inside"
            out[f"whole_{where}"][at] = share
            out["whole_bits"][at] = self.counts.inside_bits(short) / 16.0
            if len(short) <= 2 and not marks.names[mark[at]].texts & names.names[name[at]].texts:
                weak[at] = True
        if weak.any():
            for one in RUN_TOGETHER:
                numbers[one, weak] *= WEAK_INSIDE
        for at in np.flatnonzero((size <= SHORT) & (other_size <= size + 1)).tolist():
            out["short_near"][at] = short_near(marks.compact[mark[at]], names.compact[name[at]])
        return weak

    def _by_words(self, numbers: Floats, block: Ints, row: Ints, name: Ints) -> None:
        """Fills in what the words share, each word of the mark beside the word that says most."""
        marks, names = self.marks, self.names
        words, other_words = self._words_of[0][block], self._words_of[1]
        used, local = np.unique(words, return_inverse=True)
        local = local.reshape(words.shape)
        table = self._table.block(np.searchsorted(self._used[0], used))
        place = np.searchsorted(self._used[1], other_words)
        count, other_count = self._word_count[0][block][row], self._word_count[1][name]
        size = len(row)
        bits, top, sense, mine_top = (np.zeros(size) for _ in range(4))
        weight = marks.vocabulary.bits()
        by_other = np.zeros((other_words.shape[1], size))
        for at in range(words.shape[1]):
            pairs = np.flatnonzero(count > at)
            if not len(pairs):
                break
            best, which = np.zeros(len(pairs)), np.zeros(len(pairs), np.int64)
            signed = np.zeros(len(pairs))
            mine, theirs = local[row[pairs], at], name[pairs]
            for other in range(other_words.shape[1]):
                there = np.flatnonzero(other_count[pairs] > other)
                if not len(there):
                    break
                value = table[mine[there], place[theirs[there], other]]
                more = np.abs(value) > best[there]
                there, value = there[more], value[more]
                best[there], which[there], signed[there] = np.abs(value), other, value
            bits[pairs] += best
            top[pairs] = np.maximum(top[pairs], best)
            strong = weight[words[row[pairs], at]] >= marks.most[block][row[pairs]]
            mine_top[pairs] = np.maximum(mine_top[pairs], best * strong)
            sense[pairs] += np.where(signed < 0, best, 0.0)
            by_other[which, pairs] = np.maximum(by_other[which, pairs], best)
        strong = weight[other_words[name]] >= names.most[name][:, None]
        their_top = (by_other * strong.T).max(axis=0, initial=0.0)
        own, other_bits = marks.bits[block][row], names.bits[name]
        cover_one = np.minimum(1.0, bits / own)
        cover_other = np.minimum(1.0, by_other.sum(axis=0) / other_bits)
        for what, value in (
            ("cover_one", cover_one),
            ("cover_other", cover_other),
            ("cover_both", cover_one * cover_other),
            ("bits", np.minimum(1.0, bits / 32.0)),
            ("top_bits", np.minimum(1.0, top / 16.0)),
            ("sense", np.minimum(1.0, sense / own)),
            ("own_word", np.minimum(1.0, mine_top / marks.most[block][row])),
            ("their_word", np.minimum(1.0, their_top / names.most[name])),
        ):
            numbers[_AT[what]] = value

    def _rest(self, numbers: Floats, mark: Ints, name: Ints, weak: Bools) -> None:
        """Fills in the numbers of `_LATER`."""
        marks, names = self.marks, self.names
        for what, mine, theirs, scorer in (
            ("opening", marks.compact, names.compact, JaroWinkler.normalized_similarity),
            ("key_opening", marks.key, names.key, JaroWinkler.normalized_similarity),
            ("bones", marks.bones, names.bones, Indel.normalized_similarity),
        ):
            numbers[_AT[what]] = process.cpdist(
                _strings(mine, mark),
                _strings(theirs, name),
                scorer=scorer,
                dtype=np.float64,
                workers=self.cores,
            )
        bits = marks.vocabulary.bits()[marks.first[mark]]
        key_of = marks.vocabulary.key_of()
        one, other = marks.first[mark], names.first[name]
        share = np.minimum(1.0, bits / 16.0)
        numbers[_AT["first_word"]] = np.where(
            one == other, share, np.where(key_of[one] == key_of[other], 0.9 * share, 0.0)
        )
        for at in RUN_TOGETHER:
            if NAMES[at] in _LATER:
                numbers[at, weak] *= WEAK_INSIDE

    def _alone(self, mark: Ints, name: Ints, least: Floats) -> Scores:
        """The same one by one, for names that the columns do not suit."""
        found_mark: list[int] = []
        found_name: list[int] = []
        if len(mark) and len(name):
            batch = Batch([self.names.names[at] for at in name.tolist()])
            for one in mark.tolist():
                near = batch.near(self.marks.names[one])
                found_mark += [one] * len(near)
                found_name += name[near].tolist()
        return self._measured(np.array(found_mark, np.int64), np.array(found_name, np.int64), least)

    def _measured(self, mark: Ints, name: Ints, least: Floats) -> Scores:
        marks, names = self.marks.names, self.names.names
        rows = [
            measure(marks[one], names[other], self.counts)[0]
            for one, other in zip(mark.tolist(), name.tolist(), strict=True)
        ]
        raw = self.formula.joined(np.array(rows, np.float64).reshape(len(rows), len(NAMES)).T)
        same = np.array(
            [
                marks[one].compact == names[other].compact
                for one, other in zip(mark.tolist(), name.tolist(), strict=True)
            ],
            bool,
        )
        kept = (raw >= least[mark]) | same
        return Scores(mark[kept], name[kept], raw[kept])


def _padded(words: Lists) -> Ints:
    """The words of each name side by side; the last again where there are fewer, `MOST_WORDS` at most."""
    count = np.diff(words.start)
    if not len(words.item):
        return np.zeros((len(count), 1), np.int64)
    last = np.maximum(words.start[1:] - 1, 0)
    places = words.start[:-1, None] + np.arange(min(MOST_WORDS, int(count.max())))
    out: Ints = words.item[np.minimum(places, last[:, None])]
    return out


def _strings(column: Sequence[str], rows: Ints) -> list[str]:
    return [column[at] for at in rows.tolist()]


def _within(least: float, longest: int) -> Ints:
    """For each sum of lengths the largest distance at which two texts are `least` alike or more."""
    return np.array(
        [
            sum(alike(np.arange(total + 1), np.full(total + 1, total)) >= least) - 1
            for total in range(longest + 1)
        ],
        np.int64,
    )
