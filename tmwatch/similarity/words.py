"""Word beside word, by the hundred thousand: what `features.match_words` says of each pair. Pure."""

from __future__ import annotations

from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tmwatch.similarity.arrays import Columns, Words
from tmwatch.similarity.features import SENSE, match_words
from tmwatch.similarity.freq import COMPOUND_NAMES, COMPOUND_WORTH, Frequencies
from tmwatch.similarity.strings import (
    Bags,
    Bools,
    Codes,
    Floats,
    Found,
    Ints,
    Patterns,
    alike,
    hashes,
    spread,
)

# A known part of a compound has so many letters at least (`meaning.Meanings.split`).
_LEAST_PART = 4
# Where the sizes of keys begin in `Words.sizes`.
_KEY = 16
# Beside a shared meaning, and a sound.
_SENSE_WORTH = 0.75
_HEARD = 0.93


# What two names may have in common: a word, a sound, a part; a meaning; a word that the other writes as two.
SHARED, MEANT, JOINED = 1, 2, 4


def shape(likeness: NDArray[Any]) -> NDArray[Any]:
    """`features._shape` of many."""
    part = (likeness - 0.6) / (1.0 - 0.6)
    return np.where(likeness <= 0.6, 0.0, part * (0.35 + 0.65 * part))


# So many pairs of words are remembered.
_MOST_SAID = 500_000
Said = dict[tuple[str, str], float]


class Asked:
    """What `match_words` says of a word of the marks beside one of the names, each pair asked once.

    `said` outlives the batch: it is of one set of counts and meanings.
    """

    def __init__(self, mine: Words, theirs: Words, counts: Frequencies, said: Said) -> None:
        self.mine, self.theirs, self.counts, self._said = mine, theirs, counts, said

    def bits(self, one: Ints, other: Ints) -> Floats:
        """The bits in common, negative where only the meaning is."""
        if len(self._said) > _MOST_SAID:
            self._said.clear()
        texts, others = self.mine.text.of_rows(one), self.theirs.text.of_rows(other)
        out = np.zeros(len(one))
        for at, pair in enumerate(zip(texts, others, strict=True)):
            said = self._said.get(pair)
            if said is None:
                match = match_words(
                    self.mine.word(int(one[at])), self.theirs.word(int(other[at])), self.counts
                )
                said = 0.0 if match is None else -match.bits if match.how == SENSE else match.bits
                self._said[pair] = said
            out[at] = said
        return out

    @cached_property
    def places(self) -> Ints:
        """The pairs of words with a meaning or a part in common, by their numbers among all, ascending."""
        found = []
        for (word, code), holders in (
            (self.mine.senses, self.theirs.meaning),
            (self.mine.parts, self.theirs.part),
        ):
            one, other = holders.join(word, code)
            found.append(one * len(self.theirs) + other)
        return np.unique(np.concatenate(found))

    def related(self, one: Ints, other: Ints) -> Bools:
        """Whether two words have a meaning or a part in common, for many."""
        out = self.mine.meant[one] & self.theirs.meant[other]
        some = np.flatnonzero(out)
        if not len(some):
            return out
        place = one[some] * len(self.theirs) + other[some]
        at = np.minimum(np.searchsorted(self.places, place), len(self.places) - 1)
        out[some] = self.places[at] == place if len(self.places) else False
        return out


class Beside:
    """Each word of a mark beside each word of a name, for many pairs of the two.

    Row by row for each word of each mark, pair by pair, and in it, `one` beside `other`, for each word of
    the name. `first_row` and `start` say where the rows of a pair, and the words of a row, begin.
    """

    def __init__(self, marks: Columns, names: Columns, mark: Ints, name: Ints) -> None:
        self.marks, self.names, self.mark, self.name = marks, names, mark, name
        first = marks.word.start.take(mark)
        self.rows = (marks.word.start.take(mark + 1) - first).astype(np.int64)
        self.first = names.word.start.take(name).astype(np.int64)
        self.many = names.word.start.take(name + 1) - self.first
        self.first_row = np.cumsum(self.rows) - self.rows
        self.item = spread(first.astype(np.int64), self.rows)
        self.count = np.repeat(self.many, self.rows)
        self.start = np.cumsum(self.count) - self.count
        self.other_item = spread(np.repeat(self.first, self.rows), self.count)
        self.one = np.repeat(marks.word.item.take(self.item).astype(np.int64), self.count)
        self.other = names.word.item.take(self.other_item).astype(np.int64)

    def at_most(self, kind: NDArray[np.uint8]) -> dict[str, NDArray[Any]]:
        """Bounds of the bits in common: `low` and `bits` (from, to), `top`, `own`, `their` and `sense` (to).

        `kind` of pairs of names: `SHARED`, `MEANT`, `JOINED`. What is told: in all, of the word with most, of
        the mark's and of the name's own words, by meaning.
        """
        mine, theirs = self.marks.words, self.names.words
        one, other = self.one, self.other
        sizes, other_sizes = mine.sizes.take(one), theirs.sizes.take(other)
        common, size, other_size = _common(mine.text_bag, one, sizes, theirs.text_bag, other, other_sizes)
        sizes >>= np.uint32(_KEY)
        other_sizes >>= np.uint32(_KEY)
        key_common, key_size, other_key_size = _common(
            mine.key_bag, one, sizes, theirs.key_bag, other, other_sizes
        )
        low = np.minimum(mine.bits32.take(one), theirs.bits32.take(other))
        total, key_total = size + other_size, key_size + other_key_size
        two = np.float32(2.0)
        seen, heard = two * common / total, two * key_common / np.maximum(key_total, 1)
        high = np.maximum(shape(seen), np.float32(_HEARD) * shape(heard)) * low
        kinds = np.repeat(kind, self.rows * self.many)
        small = np.minimum(size, other_size)
        # A word that stands in the other.
        held = np.flatnonzero(
            (common >= small) & (size != other_size) & ((kinds & SHARED > 0) | (small == 1))
        )
        inside = np.where(
            size[held] < other_size[held],
            mine.most_inside.take(one[held]),
            theirs.most_inside.take(other[held]),
        )
        high[held] = np.maximum(high[held], inside)
        # A known part in common.
        some = np.flatnonzero(mine.split.take(one) & theirs.split.take(other) & (common >= _LEAST_PART))
        apart = np.minimum(mine.apart.take(one[some]), theirs.apart.take(other[some]))
        high[some] = np.maximum(high[some], apart)
        # A meaning in common.
        some = np.flatnonzero(kinds & MEANT)
        by_sense = np.zeros(len(self.rows), np.float32)
        if len(some):
            sense = np.zeros(len(one), np.float32)
            mean = (mine.bits32.take(one[some]) + theirs.bits32.take(other[some])) / two
            sense[some] = np.float32(_SENSE_WORTH) * mean  # as much as it may be: `features._sense_bits`
            high = np.maximum(high, sense)
            by_sense = np.add.reduceat(np.maximum.reduceat(sense, self.start), self.first_row)
        # The same word, the same sound: known at once.
        least = np.zeros(len(one), np.float32)
        same = np.flatnonzero((kinds & SHARED > 0) & (heard >= 1.0))
        same = same[mine.key_code[one[same]] == theirs.key_code[other[same]]]
        least[same] = np.float32(_HEARD) * low[same]
        same_text = same[mine.text_code[one[same]] == theirs.text_code[other[same]]]
        least[same_text] = mine.bits32[one[same_text]]
        high[same] = least[same]
        best = np.maximum.reduceat(high, self.start)
        high *= self.names.strong.take(self.other_item)
        # Rows and words of a pair follow each other.
        each = self.start.take(self.first_row)
        out = {
            "low": np.maximum.reduceat(least, each),
            "bits": np.add.reduceat(best, self.first_row),
            "top": np.maximum.reduceat(best, self.first_row),
            "own": np.maximum.reduceat(best * self.marks.strong.take(self.item), self.first_row),
            "their": np.maximum.reduceat(high, each),
            "sense": by_sense,
        }
        joined = np.flatnonzero(kind & JOINED)
        if len(joined):  # it may take the place of any match
            most = np.minimum(self.marks.most[self.mark[joined]], self.names.most[self.name[joined]])
            most *= _HEARD
            out["low"][joined] = 0.0
            out["bits"][joined] += most * self.rows[joined]
            for what in ("top", "own", "their"):
                out[what][joined] = np.maximum(out[what][joined], most)
        return out

    def same_text(self) -> Bools:
        """Row by row, whether the word of the mark is a word of the name."""
        mine, theirs = self.marks.words.text_code, self.names.words.text_code
        out: Bools = np.logical_or.reduceat(mine.take(self.one) == theirs.take(self.other), self.start)
        return out

    def shared(self, rule: Asked) -> dict[str, Floats]:
        """The bits in common, each word of the mark beside the word that says most.

        Keys as of `at_most`, and `covered`, of the name's words.
        """
        value = shared_bits(self.marks.words, self.names.words, self.one, self.other, rule)
        said = np.abs(value)
        best = np.maximum.reduceat(said, self.start)
        # The first of the words that say most.
        place = np.where(said == np.repeat(best, self.count), np.arange(len(said)), len(said))
        which = np.minimum.reduceat(place, self.start)
        meant = np.where(value[which] < 0, best, 0.0)
        # What each word of the name meets at most: a row of words for each pair.
        start = np.cumsum(self.many) - self.many
        met = np.zeros(int(self.many.sum()))
        np.maximum.at(met, np.repeat(start, self.rows) + (which - self.start), best)
        strong = self.names.strong.take(spread(self.first, self.many))
        return {
            "bits": np.add.reduceat(best, self.first_row),
            "top": np.maximum.reduceat(best, self.first_row),
            "own": np.maximum.reduceat(best * self.marks.strong.take(self.item), self.first_row),
            "their": np.maximum.reduceat(met * strong, start),
            "sense": np.add.reduceat(meant, self.first_row),
            "covered": np.add.reduceat(met, start),
        }


def _common(
    mine: Bags, one: Ints, sizes: NDArray[Any], theirs: Bags, other: Ints, other_sizes: NDArray[Any]
) -> tuple[NDArray[np.uint8], NDArray[np.uint8], NDArray[np.uint8]]:
    """(`Bags.common`, the size of the one, of the other), from sizes as `Words.sizes` has them."""
    out = np.bitwise_count(mine.held.take(one) & theirs.held.take(other))
    small, other_small = sizes.astype(np.uint8), other_sizes.astype(np.uint8)
    out += np.minimum(
        (sizes >> np.uint32(8)).astype(np.uint8), (other_sizes >> np.uint32(8)).astype(np.uint8)
    )
    return out, small, other_small


def shared_bits(mine: Words, theirs: Words, one: Ints, other: Ints, rule: Asked) -> Floats:
    """The bits that word `one` of mine shares with word `other` of theirs, for all pairs.

    Negative where only the meaning is alike; 0 where nothing is.
    """
    out = np.zeros(len(one))
    asked = rule.related(one, other)
    may = []
    for bag, their_bag in ((mine.text_bag, theirs.text_bag), (mine.key_bag, theirs.key_bag)):
        size, other_size = bag.size.take(one), their_bag.size.take(other)
        common = bag.common(one, their_bag, other).astype(np.int64)
        total = size.astype(np.int64) + other_size
        may.append((10 * common > 3 * total) | (common >= np.minimum(size, other_size)))
    some = np.flatnonzero(may[0] | may[1] | asked)
    if len(some):
        out[some] = _compared(
            mine, theirs, one[some], other[some], (may[0][some], may[1][some]), asked[some], rule
        )
    return out


def _compared(
    mine: Words, theirs: Words, one: Ints, other: Ints, may: tuple[Bools, Bools], asked: Bools, rule: Asked
) -> Floats:
    """The same for pairs that may have something in common: letters, a key, what the rule itself is asked."""
    used, row = np.unique(one, return_inverse=True)
    text, key = (Patterns(strings.of_rows(used)) for strings in (mine.text, mine.key))
    size, other_size = (
        words.text_bag.size[at].astype(np.int64) for words, at in ((mine, one), (theirs, other))
    )
    key_size = mine.key_bag.size[one].astype(np.int64)
    total, key_total = size + other_size, key_size + theirs.key_bag.size[other]
    common, key_common = (np.zeros(len(row), np.int64) for _ in range(2))
    for pattern, strings, into, there in (
        (text, theirs.text, common, may[0]),
        (key, theirs.key, key_common, may[1]),
    ):
        pairs = np.flatnonzero(there)
        into[pairs] = pattern.common(row[pairs], strings, other[pairs])
    seen = shape(alike(total - 2 * common, total))
    heard = _HEARD * shape(alike(key_total - 2 * key_common, key_total))
    low = np.minimum(mine.bits[one], theirs.bits[other])
    out: Floats = np.maximum(seen, heard) * low
    same_key = (mine.key_code[one] == theirs.key_code[other]) & (key_size > 0)
    # One letter that stands in the other word.
    small = np.minimum(size, other_size)
    letter = np.flatnonzero((small == 1) & (common == 1) & (total > 2) & ~same_key)
    for side, numbers, those in ((mine, one, size == 1), (theirs, other, size > 1)):
        pairs = letter[those[letter]]
        out[pairs] = np.maximum(out[pairs], side.most_inside[numbers[pairs]])
    # A word that stands in the other; where a meaning or a part may be in common, the rule itself is asked.
    held = np.flatnonzero((common == small) & (small > 1) & (size != other_size) & ~asked)
    for side, a, their_side, b, those in (
        (mine, one, theirs, other, size < other_size),
        (theirs, other, mine, one, size > other_size),
    ):
        pairs = held[those[held]]
        out[pairs] = np.maximum(out[pairs], _inside(side, a[pairs], their_side, b[pairs], rule.counts))
    these = np.flatnonzero(asked & ~same_key)
    out[these] = rule.bits(one[these], other[these])
    out = np.where(same_key, low * _HEARD, out)
    return np.where(mine.text_code[one] == theirs.text_code[other], mine.bits[one], out)


def _inside(short: Words, row: Ints, long: Words, other: Ints, counts: Frequencies) -> Floats:
    """`features.part_bits` of words of two letters or more in longer ones, 0 where not in them."""
    found = Found(short.text, row, long.text, other)
    at, size, end = found.at, found.small, found.at + found.small
    there = at >= 0
    bits = short.inside.take(row)
    first, last = at == 0, end == found.size
    pair = np.arange(len(row))
    rest = np.where(first, found.code(pair, size, found.size), found.code(pair, 0 * at, np.maximum(at, 0)))
    known = _known(counts)
    place = np.minimum(np.searchsorted(known, rest), len(known) - 1)
    compound = (size > 2) & (found.size - size > 1) & (known[place] == rest if len(known) else False)
    edge = np.where(compound, np.maximum(bits, COMPOUND_WORTH * short.bits.take(row)), 0.8 * bits)
    out: Floats = np.where(there, np.where(first | last, edge, 0.5 * bits), 0.0)
    return out


def _known(counts: Frequencies) -> Codes:
    """The hashes of the words that make a compound of a word they stand beside, ascending."""
    if "known" not in counts.kept:
        often = [word for word, names in counts.words.items() if names >= COMPOUND_NAMES]
        counts.kept["known"] = np.sort(hashes(often))
    known: Codes = counts.kept["known"]
    return known
