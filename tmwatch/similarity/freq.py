"""How much a word says: rare words weigh more than common ones. Pure.

`Frequencies` holds counts of names, from the shipped table or from the user's own store (`learned`), and how
common words are in each class of a register of the user's own (`ClassCounts`).
The unit of weight is the bit: a word that one name in 1,024 holds weighs ten bits.

Words that name goods (`data/class_words.csv`: AUTO for class 12, 汽车, TECH for 9 and 42) weigh no more than
`TRADE_BITS`, and next to nothing beside a mark of that class (`Frequencies.in_classes`).
"""

from __future__ import annotations

import csv
import functools
import itertools
import math
import operator
from collections import Counter
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field, replace
from importlib.resources import files
from typing import Any

from tmwatch.similarity.han import known_words, segment
from tmwatch.similarity.keys import is_han, pieces
from tmwatch.text.lookalike import normal

MOST_BITS = 16.0
# A word that names goods of some class, and one that names goods of a class that is asked for.
TRADE_BITS = 10.0
_CLASS_BITS = 5.0
# So many owners of a class must use a word before their number says that it is common there.
LEAST_OWNERS = 8
# In `data/class_words.csv`: words of no class in particular (GROUP, PREMIUM).
ANY_CLASS = 0
# What a known part in common is worth; a word at an end of a compound whose rest so many names hold.
PART_WORTH = 0.6
COMPOUND_NAMES = 3
COMPOUND_WORTH = 0.85
# A name has about twelve letters (2 to the 3.6) where a part may begin.
_PLACES = 3.6


@dataclass(frozen=True, eq=False)
class ClassCounts:
    """From a register of the user's own, by Nice class: how many owners have names there, and how many of
    these have a name that holds each word. Hashed by identity: read it once."""

    by_class: Mapping[int, tuple[int, Mapping[str, int]]]


@dataclass(slots=True)
class Frequencies:
    """Of `latin_names` and `han_names`, how many hold a word, a group of letters, a character.

    `by_class` is that of `ClassCounts`; `classes` are those that weights are asked for.
    """

    latin_names: int
    han_names: int
    words: dict[str, int]
    letters: dict[str, int]
    han: dict[str, int]
    hanwords: dict[str, int]
    by_class: Mapping[int, tuple[int, Mapping[str, int]]] = field(default_factory=dict)
    classes: frozenset[int] = frozenset()
    _starts: dict[str, int] = field(default_factory=dict, init=False)
    _bits: dict[str, float] = field(default_factory=dict, init=False)
    _inside: dict[str, float] = field(default_factory=dict, init=False)
    _followed: dict[str, float] = field(default_factory=dict, init=False)
    _groups: int = field(default=0, init=False)
    # Made of the counts elsewhere, for many words at once.
    kept: dict[str, Any] = field(default_factory=dict, compare=False, repr=False)

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

    def in_classes(self, classes: Collection[int]) -> Frequencies:
        """The same counts, for names of these Nice classes: what is common in one of them weighs little."""
        return self if self.classes == set(classes) else replace(self, classes=frozenset(classes))

    def with_classes(self, counts: ClassCounts) -> Frequencies:
        """The same counts, and what is common in each class of that register."""
        return replace(self, by_class=counts.by_class)

    def telling(self, words: Iterable[str], classes: Collection[int]) -> frozenset[int]:
        """Those of `classes` in which one of the words weighs less than it does elsewhere."""
        found = list(words)
        return frozenset(
            one for one in classes if any(self._in_class(word, one) < self._weigh_all(word) for word in found)
        )

    def may_tell(self, words: Iterable[str]) -> bool:
        """Whether one of the words may weigh less in `classes` than without any; False: none does."""
        held = [self.by_class[one][1] for one in self.classes if one in self.by_class]
        named = class_words()
        return any(
            not self.classes.isdisjoint(named.get(word, ())) or any(word in seen for seen in held)
            for word in words
        )

    def weak_in(self, word: str) -> int | None:
        """The class of `classes` in which a word says little, the first of them; None where there is none."""
        return next((one for one in sorted(self.classes) if self._in_class(word, one) <= _CLASS_BITS), None)

    def _weigh(self, word: str) -> float:
        return max(0.5, min([self._weigh_all(word), *(self._in_class(word, one) for one in self.classes)]))

    def _in_class(self, word: str, one: int) -> float:
        bits = _CLASS_BITS if one in class_words().get(word, ()) else MOST_BITS
        owners, words = self.by_class.get(one, (0, {}))
        if (seen := words.get(word, 0)) >= LEAST_OWNERS:
            bits = min(bits, math.log2((owners + 2) / (seen + 1)))
        return bits

    def _weigh_all(self, word: str) -> float:
        most = TRADE_BITS if word in class_words() else MOST_BITS
        if is_han(word):
            if word in known_words() and word not in known_words("name"):
                most = TRADE_BITS  # a place, a direction, an affix
            return min(most, self._han_bits(word))
        seen = self.words.get(word, 0)
        by_count = math.log2((self.latin_names + 2) / (seen + 1))
        return min(by_count, self.letter_bits(f"^^{word}$"), most)

    def _han_bits(self, word: str) -> float:
        # The second of two characters is half told by the first.
        singles = [math.log2((self.han_names + 2) / (self.han.get(char, 0) + 1)) for char in word]
        if word in self.hanwords:  # a known pair of characters: 世纪, 科技
            return math.log2((self.han_names + 2) / (self.hanwords[word] + 1))
        return max(singles) + 0.5 * (sum(singles) - max(singles)) if singles else 0.5

    def letter_bits(self, text: str) -> float:
        """−log2 of the chance that letters follow each other so, from groups of three."""
        total, known = 0.0, self._followed
        for at in range(len(text) - 2):
            group = text[at : at + 3]
            follows = known.get(group)
            if follows is None:
                before = self._starts.get(group[:2], 0)
                follows = math.log2((self.letters.get(group, 0) + 0.3) / (before + 8.0))
                if group in self.letters:
                    known[group] = follows
            total -= follows
        return total

    def inside_bits(self, part: str) -> float:
        """The weight of letters found anywhere inside a word: by the letters alone, never above `bits`."""
        known = self._inside.get(part)
        if known is None:
            known = self._inside[part] = self.inside_bits_of(part)
        return known

    def inside_bits_of(self, part: str) -> float:
        """The same without remembering it: of whole names, which seldom come again."""
        known = self._bits.get(part)
        bits = self._weigh(part) if known is None else known
        if is_han(part):
            return bits
        start = self._starts.get(part[:2], 0) + 0.5
        by_letters = math.log2((self._groups + 1) / start) + self.letter_bits(part) - _PLACES
        return max(0.5, min(bits, by_letters))


def _table() -> Iterable[dict[str, str]]:
    text = files("tmwatch").joinpath("data/name_words.csv").read_text(encoding="utf-8")
    return csv.DictReader(text.splitlines())


@functools.cache
def class_words() -> Mapping[str, frozenset[int]]:
    """Words that name goods or services, with the Nice classes of these (`data/class_words.csv`)."""
    text = files("tmwatch").joinpath("data/class_words.csv").read_text(encoding="utf-8")
    found: dict[str, set[int]] = {}
    for row in csv.DictReader(text.splitlines()):
        number = ANY_CLASS if row["classes"] == "*" else int(row["classes"])
        for word in row["words"].split():
            found.setdefault(normal(word), set()).add(number)
    return {word: frozenset(classes) for word, classes in found.items()}


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
    """The counts of names of the user's own added to those of `on` (the shipped ones)."""
    base = on or shipped()
    words, han = Counter(base.words), Counter(base.han)
    latin_names, han_names = base.latin_names, base.han_names
    for given in names:
        found = _words(given)
        signs = {char for word in found if is_han(word) for char in word}
        latin = {word for word in found if not is_han(word)}
        latin_names += bool(latin)
        han_names += bool(signs)
        words.update(latin)
        han.update(signs)
    return replace(base, kept={}, latin_names=latin_names, han_names=han_names, words=words, han=han)


def count_classes(filings: Iterable[tuple[str, str, Collection[int]]]) -> ClassCounts:
    """How common words are in each Nice class: of (owner, name, classes), those of an owner in a row.

    An owner counts once for a word: who files a mark fifty times makes no common word of it. Kept is what
    tells anything: words of `LEAST_OWNERS` owners and of one in a thousand. Memory: the words of a class.
    """
    owners: Counter[int] = Counter()
    held: dict[int, Counter[str]] = {}
    for _, group in itertools.groupby(filings, key=operator.itemgetter(0)):
        own: dict[int, set[str]] = {}
        for _, name, classes in group:
            found = _words(name)
            for one in classes:
                own.setdefault(one, set()).update(found)
        owners.update(own.keys())
        for one, words in own.items():
            held.setdefault(one, Counter()).update(words)
    return ClassCounts(
        {
            one: (
                owners[one],
                {
                    word: seen
                    for word, seen in sorted(words.items())
                    if seen >= LEAST_OWNERS and seen * 2**TRADE_BITS >= owners[one]
                },
            )
            for one, words in sorted(held.items())
        }
    )


def _words(name: str) -> set[str]:
    return {word for piece in pieces(name) for word in (segment(piece) if is_han(piece) else (piece,))}
