"""How much a word says: rare words weigh more than common ones. Pure.

`Frequencies` holds counts of names, from the shipped table or from the user's own store (`learned`).
The unit of weight is the bit: a word that one name in 1,024 holds weighs ten bits.
"""

from __future__ import annotations

import csv
import functools
import math
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from importlib.resources import files

from tmwatch.similarity.keys import is_han, pieces

_MOST_BITS = 16.0
# A name has about twelve letters (2 to the 3.6) where a part may begin.
_PLACES = 3.6


@dataclass(slots=True)
class Frequencies:
    """Of `latin_names` and `han_names`, how many hold a word, a group of letters, a character."""

    latin_names: int
    han_names: int
    words: dict[str, int]
    letters: dict[str, int]
    han: dict[str, int]
    hanwords: dict[str, int]
    _starts: dict[str, int] = field(default_factory=dict)
    _bits: dict[str, float] = field(default_factory=dict)
    _inside: dict[str, float] = field(default_factory=dict)
    _groups: int = 0

    def __post_init__(self) -> None:
        for group, number in self.letters.items():
            self._starts[group[:2]] = self._starts.get(group[:2], 0) + number
        self._groups = sum(self._starts.values())

    def bits(self, word: str) -> float:
        """The weight of a word, 0.5 to 16 bits: −log2 of the share of names that hold it.

        A word never seen is weighed by how likely its letters are: KFQ says less than KFQUARZ.
        """
        known = self._bits.get(word)
        if known is None:
            known = self._bits[word] = self._weigh(word)
        return known

    def _weigh(self, word: str) -> float:
        if is_han(word):
            return min(_MOST_BITS, self._han_bits(word))
        seen = self.words.get(word, 0)
        by_count = math.log2((self.latin_names + 2) / (seen + 1))
        return max(0.5, min(by_count, self.letter_bits(f"^^{word}$"), _MOST_BITS))

    def _han_bits(self, word: str) -> float:
        # The second of two characters is half told by the first.
        singles = [math.log2((self.han_names + 2) / (self.han.get(char, 0) + 1)) for char in word]
        if word in self.hanwords:  # a known pair of characters: 世纪, 科技
            return math.log2((self.han_names + 2) / (self.hanwords[word] + 1))
        return max(singles) + 0.5 * (sum(singles) - max(singles)) if singles else 0.5

    def letter_bits(self, text: str) -> float:
        """−log2 of the chance that letters follow each other so, from groups of three."""
        total = 0.0
        for at in range(len(text) - 2):
            group = text[at : at + 3]
            before = self._starts.get(group[:2], 0)
            total -= math.log2((self.letters.get(group, 0) + 0.3) / (before + 8.0))
        return total

    def inside_bits(self, part: str) -> float:
        """The weight of letters found anywhere inside a word: by the letters alone, never above `bits`."""
        known = self._inside.get(part)
        if known is None:
            if is_han(part):
                found = self.bits(part)
            else:
                start = self._starts.get(part[:2], 0) + 0.5
                by_letters = math.log2((self._groups + 1) / start) + self.letter_bits(part) - _PLACES
                found = max(0.5, min(self.bits(part), by_letters))
            known = self._inside[part] = found
        return known


def _table() -> Iterable[dict[str, str]]:
    text = files("tmwatch").joinpath("data/name_words.csv").read_text(encoding="utf-8")
    return csv.DictReader(text.splitlines())


@functools.cache
def shipped() -> Frequencies:
    """The counts that come with tmwatch (`data/name_words.csv`, made by tests/quality/build_words.py)."""
    parts: dict[str, dict[str, int]] = {kind: {} for kind in ("total", "word", "letters", "han", "hanword")}
    for row in _table():
        parts[row["kind"]][row["text"]] = int(row["names"])
    total = parts["total"]
    return Frequencies(
        total["latin"], total["han"], parts["word"], parts["letters"], parts["han"], parts["hanword"]
    )


def learned(names: Iterable[str], on: Frequencies | None = None) -> Frequencies:
    """The counts of `names` (a register's own, from the store) added to those of `on` (the shipped ones)."""
    base = on or shipped()
    words, han = Counter(base.words), Counter(base.han)
    latin_names, han_names = base.latin_names, base.han_names
    for name in names:
        found = set(pieces(name))
        signs = {char for word in found if is_han(word) for char in word}
        latin = {word for word in found if not is_han(word)}
        latin_names += bool(latin)
        han_names += bool(signs)
        words.update(latin)
        han.update(signs)
    return Frequencies(latin_names, han_names, words, base.letters, han, base.hanwords)
