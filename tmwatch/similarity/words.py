"""Word beside word, by the hundred thousand: what `features.match_words` says of each pair. Pure."""

from __future__ import annotations

import numpy as np

from tmwatch.similarity.arrays import Words
from tmwatch.similarity.features import SENSE, match_words, part_bits
from tmwatch.similarity.freq import Frequencies
from tmwatch.similarity.strings import Bools, Floats, Ints, Patterns, alike, may_share


def shape(likeness: Floats) -> Floats:
    """`features._shape` of many."""
    part = (likeness - 0.6) / (1.0 - 0.6)
    return np.where(likeness <= 0.6, 0.0, part * (0.35 + 0.65 * part))


class Asked:
    """What `match_words` says of a word of the marks beside one of the names, each pair asked once."""

    def __init__(self, mine: Words, theirs: Words, counts: Frequencies) -> None:
        self.mine, self.theirs, self.counts = mine, theirs, counts
        self._said: dict[tuple[int, int], float] = {}
        self._held: dict[tuple[int, int], float] = {}

    def bits(self, one: int, other: int) -> float:
        """The bits in common, negative where only the meaning is."""
        said = self._said.get((one, other))
        if said is None:
            match = match_words(self.mine.word(one), self.theirs.word(other), self.counts)
            said = 0.0 if match is None else -match.bits if match.how == SENSE else match.bits
            self._said[one, other] = said
        return said

    def part(self, one: int, other: int, mine: str, theirs: str) -> float:
        """The bits of a word that stands in the other, 0 where neither does."""
        if mine not in theirs and theirs not in mine:
            return 0.0
        held = self._held.get((one, other))
        if held is None:
            held = part_bits(self.mine.word(one), self.theirs.word(other), self.counts)
            self._held[one, other] = held
        return held


def shared_bits(mine: Words, theirs: Words, used: Ints, row: Ints, other: Ints, rule: Asked) -> Floats:
    """The bits that word `used[row]` of mine shares with word `other` of theirs, for all pairs.

    Negative where only the meaning is alike; 0 where nothing is. The pairs ascend by row, then other.
    """
    if not len(row):
        return np.zeros(0)
    word = used[row]
    may_text, may_key = (
        may_share(held, word, their_held, other)
        for held, their_held in zip(mine.letters, theirs.letters, strict=True)
    )
    asked = np.zeros(len(row), bool)
    place = row * len(theirs) + other
    for (held_by, code), holders in ((mine.senses, theirs.meaning), (mine.parts, theirs.part)):
        local = np.searchsorted(used, held_by)
        local[local == len(used)] = 0
        there = used[local] == held_by
        related_row, related_other = holders.join(local[there], code[there])
        related = np.unique(related_row * len(theirs) + related_other)
        at = np.minimum(np.searchsorted(place, related), max(0, len(place) - 1))
        asked[at[place[at] == related]] = True
    out = np.zeros(len(row))
    some = np.flatnonzero(may_text | may_key | asked)
    may = may_text[some], may_key[some]
    out[some] = _compared(mine, theirs, used, row[some], other[some], may, asked[some], rule)
    return out


def _compared(
    mine: Words,
    theirs: Words,
    used: Ints,
    row: Ints,
    other: Ints,
    may: tuple[Bools, Bools],
    asked: Bools,
    rule: Asked,
) -> Floats:
    """The same for pairs that may have something in common: letters, a key, what the rule itself is asked."""
    text, key = (Patterns(strings.of_rows(used)) for strings in (mine.text, mine.key))
    word = used[row]
    size, other_size = text.size[row], np.diff(theirs.text.start)[other]
    key_size, other_key_size = key.size[row], np.diff(theirs.key.start)[other]
    total, key_total = size + other_size, key_size + other_key_size
    common, key_common = (np.zeros(len(row), np.int64) for _ in range(2))
    for pattern, strings, into, there in (
        (text, theirs.text, common, may[0]),
        (key, theirs.key, key_common, may[1]),
    ):
        pairs = np.flatnonzero(there)
        into[pairs] = pattern.common(row[pairs], strings, other[pairs])
    seen = shape(alike(total - 2 * common, total))
    heard = 0.93 * shape(alike(key_total - 2 * key_common, key_total))
    low = np.minimum(mine.bits[word], theirs.bits[other])
    out: Floats = np.maximum(seen, heard) * low
    same_key = (mine.key_code[word] == theirs.key_code[other]) & (key_size > 0)
    # One letter that stands in the other word.
    small = np.minimum(size, other_size)
    letter = np.flatnonzero((small == 1) & (common == 1) & (total > 2) & ~same_key)
    for side, numbers, those in ((mine, word, size == 1), (theirs, other, size > 1)):
        pairs = letter[those[letter]]
        different, which = np.unique(numbers[pairs], return_inverse=True)
        inside = np.array(
            [rule.counts.inside_bits(text) for text in side.text.of_rows(different)], np.float64
        )
        out[pairs] = np.maximum(out[pairs], 0.5 * inside[which])
    # A word that stands in the other; where a meaning or a part may be in common, the rule itself is asked.
    held = np.flatnonzero((common == small) & (small > 1) & (size != other_size))
    for pair, a, b in zip(
        held.tolist(), mine.text.of_rows(word[held]), theirs.text.of_rows(other[held]), strict=True
    ):
        out[pair] = max(out[pair], rule.part(int(word[pair]), int(other[pair]), a, b))
    these = np.flatnonzero(asked & ~same_key)
    out[these] = [
        rule.bits(one, two) for one, two in zip(word[these].tolist(), other[these].tolist(), strict=True)
    ]
    out = np.where(same_key, low * 0.93, out)
    return np.where(mine.text_code[word] == theirs.text_code[other], mine.bits[word], out)
