"""Word beside word, for whole vocabularies at once: what `features.match_words` says, as a table. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray
from rapidfuzz import process
from rapidfuzz.distance import Indel

from tmwatch.similarity.arrays import Floats, Ints, Lists, Vocabulary, inside, join
from tmwatch.similarity.features import SENSE, match_words

_TILE = 8_000_000


def distances(one: Sequence[str], other: Sequence[str], cores: int) -> NDArray[Any]:
    """The Indel distance of each text of one with each of the other: letters to put in and take out."""
    longest = max(map(len, one), default=0) + max(map(len, other), default=0)
    kind: Any = np.uint8 if longest < 256 else np.uint16 if longest < 65536 else np.uint32
    if not one or not other:
        return np.zeros((len(one), len(other)), kind)
    found: NDArray[Any] = process.cdist(one, other, scorer=Indel.distance, dtype=kind, workers=cores)
    return found


def alike(distance: NDArray[Any], total: NDArray[Any]) -> Floats:
    """The normalised likeness of two texts from their distance and the sum of their lengths, as in C."""
    with np.errstate(invalid="ignore"):
        return 1.0 - np.where(total == 0, 0.0, distance / total)


def shape(likeness: Floats) -> Floats:
    """`features._shape` of many."""
    part = (likeness - 0.6) / (1.0 - 0.6)
    return np.where(likeness <= 0.6, 0.0, part * (0.35 + 0.65 * part))


class WordTable:
    """For words of marks (rows) the words of names (columns) that say something beside them.

    `bits` are those that the two share, negative where only their meaning is alike.
    """

    def __init__(self, vocabulary: Vocabulary, one: Ints, other: Ints, cores: int) -> None:
        """`one` and `other`: the numbers of different words, ascending."""
        self.one, self.other = one, other
        row, column, bits = _spelled(vocabulary, one, other, cores)
        rare_row, rare_column = _said(vocabulary, one, other)
        words, counts = vocabulary.words, vocabulary.counts
        said = np.array(
            [
                _signed(match_words(words[a], words[b], counts))
                for a, b in zip(one[rare_row].tolist(), other[rare_column].tolist(), strict=True)
            ],
            np.float64,
        )
        place = np.concatenate((row * len(other) + column, rare_row * len(other) + rare_column))
        value = np.concatenate((bits, said))
        # The later says what holds: `_said` was compared in full.
        place, last = np.unique(place[::-1], return_index=True)
        value = value[::-1][last]
        kept = value != 0.0
        place, value = place[kept], value[kept]
        self._start = np.searchsorted(place, np.arange(len(one) + 1) * max(1, len(other)))
        self._column, self._value = place % max(1, len(other)), value

    def block(self, rows: Ints) -> Floats:
        """The rows as a full table, 0 where two words share nothing."""
        out = np.zeros((len(rows), len(self.other)))
        for at, row in enumerate(rows.tolist()):
            part = slice(self._start[row], self._start[row + 1])
            out[at, self._column[part]] = self._value[part]
        return out


def _signed(match: Any) -> float:
    if match is None:
        return 0.0
    return -float(match.bits) if match.how == SENSE else float(match.bits)


def _spelled(vocabulary: Vocabulary, one: Ints, other: Ints, cores: int) -> tuple[Ints, Ints, Floats]:
    """(row, column, bits) of words alike in letters or sound key."""
    texts, keys = vocabulary.texts, vocabulary.keys
    bits, key_of = vocabulary.bits(), vocabulary.key_of()
    sizes = np.array([len(text) for text in texts], np.int64)
    key_sizes = np.array([len(key) for key in keys], np.int64)
    other_texts, other_keys = [texts[at] for at in other], [keys[at] for at in other]
    found: list[tuple[Ints, Ints, Floats]] = []
    step = max(1, _TILE // max(1, len(other)))
    for start in range(0, len(one), step):
        part = one[start : start + step]
        total = sizes[part][:, None] + sizes[other][None, :]
        key_total = key_sizes[part][:, None] + key_sizes[other][None, :]
        by_text = distances([texts[at] for at in part], other_texts, cores)
        by_key = distances([keys[at] for at in part], other_keys, cores)
        # 1 − d/n > 0.6, a little generous; the exact number is taken below.
        near = (5 * by_text.astype(np.int32) <= 2 * total) | (5 * by_key.astype(np.int32) <= 2 * key_total)
        row, column = np.nonzero(near)
        a, b = part[row], other[column]
        low = np.minimum(bits[a], bits[b])
        seen = shape(alike(by_text[row, column], total[row, column]))
        heard = 0.93 * shape(alike(by_key[row, column], key_total[row, column]))
        value = np.maximum(seen, heard) * low
        same_key = (key_of[a] == key_of[b]) & (key_sizes[a] > 0)
        value = np.where(same_key, low * 0.93, value)
        value = np.where(a == b, bits[a], value)
        found.append((row + start, column, value))
    if not found:
        nothing = np.zeros(0, np.int64)
        return nothing, nothing, np.zeros(0)
    return (
        np.concatenate([row for row, _, _ in found]),
        np.concatenate([column for _, column, _ in found]),
        np.concatenate([value for _, _, value in found]),
    )


def _said(vocabulary: Vocabulary, one: Ints, other: Ints) -> tuple[Ints, Ints]:
    """Pairs of words where a meaning or a part is in common: compared one by one, by the rule itself."""
    words = vocabulary.words
    left, right = [words[at] for at in one], [words[at] for at in other]
    places: list[Ints] = []

    def add(row: Ints, column: Ints) -> None:
        places.append(row * len(other) + column)

    senses: dict[str, int] = {}
    parts: dict[str, int] = {}
    for column_of, table in ((_senses, senses), (_parts, parts)):
        a = Lists.of([[table.setdefault(text, len(table)) for text in column_of(word)] for word in left])
        b = Lists.of([[table.setdefault(text, len(table)) for text in column_of(word)] for word in right])
        add(*join(a, b.turned(len(table))))
    left_texts, right_texts = [word.text for word in left], [word.text for word in right]
    add(*inside(left_texts, right_texts))
    column, row = inside(right_texts, left_texts)
    add(row, column)
    place = np.unique(np.concatenate(places)) if places else np.zeros(0, np.int64)
    row, column = place // max(1, len(other)), place % max(1, len(other))
    # Equal words and words of one sound are told by `_spelled`.
    key_of = vocabulary.key_of()
    different = (key_of[one[row]] != key_of[other[column]]) | (key_of[one[row]] == vocabulary.key(""))
    return row[different], column[different]


def _senses(word: Any) -> frozenset[str]:
    return frozenset(word.senses.union(*(senses for _part, senses, _rest in word.split)))


def _parts(word: Any) -> frozenset[str]:
    return frozenset(part for part, _senses, _rest in word.split)
