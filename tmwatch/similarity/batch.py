"""Many names made ready at once, and which of them could be near a mark at all. Pure.

`may_be_near` is the rule; `Batch.near` finds by look-up the same names that the rule would let through one
by one (a test holds them against each other), so no hit is lost: what the rule stops has no score.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Sequence

from rapidfuzz import process
from rapidfuzz.distance import Indel

from tmwatch.similarity.name import Name

LETTERS = 0.5
SOUND = 0.55
_LONGEST = 24
_indel = Indel.normalized_similarity


def may_be_near(one: Name, other: Name) -> bool:
    """Whether two names share enough to be compared in full: letters, sound, a word, a meaning."""
    if not one.compact or not other.compact:
        return False
    return (
        _indel(one.compact, other.compact) >= LETTERS
        or _indel(one.key, other.key) >= SOUND
        or _indel(one.reading_key, other.reading_key) >= SOUND
        or not one.texts.isdisjoint(other.texts)
        or not one.keys.isdisjoint(other.keys)
        or not one.senses.isdisjoint(other.senses)
        or any(text in other.compact for text in one.parts)
        or any(text in one.compact for text in other.parts)
    )


class Batch:
    """Candidates, with look-ups by word, sound and meaning. Memory: about 3 kB a name."""

    def __init__(self, names: Sequence[Name]) -> None:
        self.names = names
        self._by: dict[tuple[str, str], list[int]] = {}
        self._parts: dict[str, list[int]] = {}
        self._starts: list[int] = []
        at = 0
        for number, name in enumerate(names):
            self._starts.append(at)
            at += len(name.compact) + 1
            if not name.compact:
                continue
            for kind, values in (("t", name.texts), ("k", name.keys), ("s", name.senses)):
                for value in values:
                    self._by.setdefault((kind, value), []).append(number)
            for part in name.parts:
                self._parts.setdefault(part, []).append(number)
        self._text = "\n".join(name.compact for name in names)
        self._compact = [name.compact for name in names]
        self._keys = [name.key for name in names]
        self._odd = [number for number, name in enumerate(names) if name.reading_key != name.key]
        self._readings = [names[number].reading_key for number in self._odd]

    def near(self, one: Name) -> list[int]:
        """The places of the names that `may_be_near` lets through, in order."""
        if not one.compact:
            return []
        found: set[int] = set()
        for kind, values in (("t", one.texts), ("k", one.keys), ("s", one.senses)):
            for value in values:
                found.update(self._by.get((kind, value), ()))
        for text in one.parts:
            at = self._text.find(text)
            while at >= 0:
                found.add(bisect_right(self._starts, at) - 1)
                at = self._text.find(text, at + 1)
        found.update(self._held_in(one.compact))
        found.update(_closest(one.compact, self._compact, LETTERS))
        found.update(_closest(one.key, self._keys, SOUND))
        if one.reading_key != one.key:
            found.update(
                number
                for number in _closest(one.reading_key, [name.reading_key for name in self.names], SOUND)
            )
        else:
            found.update(self._odd[at] for at in _closest(one.reading_key, self._readings, SOUND))
        return sorted(number for number in found if self._compact[number])

    def _held_in(self, text: str) -> Iterable[int]:
        for start in range(len(text)):
            for end in range(start + 2, min(len(text), start + _LONGEST) + 1):
                yield from self._parts.get(text[start:end], ())


def _closest(text: str, among: Sequence[str], least: float) -> Iterable[int]:
    if not among:
        return ()
    found = process.extract(
        text, among, scorer=Indel.normalized_similarity, score_cutoff=least, limit=None, processor=None
    )
    return [place for _text, _likeness, place in found]
