"""Pairs of names of one meaning, made up from the shipped meanings, to learn what a translation weighs.

The public pairs hold a handful of translations: too few to say how near WOLF and LOBO are. Here are some
hundred: one word (ADLER, EAGLE), with an article (THE CAVE, LA CUEVA), two words in either order, in Chinese.
No word of a public pair stands in them, so that a cross-validated figure stays one of names never seen.
Deterministic: no random numbers.
"""

from __future__ import annotations

import zlib
from collections.abc import Collection

from rapidfuzz.distance import Indel

from tmwatch.similarity import meaning
from tmwatch.similarity.keys import is_han
from tmwatch.similarity.score import Scorer

NUMBER = 300
_ARTICLES = ("la", "el", "le", "les", "der", "the")
# A word that so many names of the register hold is one that marks are made of.
_KNOWN = 5
# Words that share more of their letters are near to the eye, whatever they mean.
_OTHER_LETTERS = 0.55


def translations(scorer: Scorer, without: Collection[str]) -> list[tuple[str, str]]:
    """`NUMBER` pairs (mark, other), from meanings none of whose words is one of `without`."""
    table = []
    for sense, words in meaning.rows():
        if sense.startswith(meaning.NAME) or not set(words).isdisjoint(without):
            continue
        latin = [word for word in words if word.isascii() and word.isalpha() and len(word) > 2]
        known = [word for word in latin if scorer.counts.words.get(word, 0) >= _KNOWN]
        if known and len(latin) > 1:
            table.append((sense, known, latin, [word for word in words if is_han(word) and len(word) > 1]))
    table.sort(key=lambda row: _number(row[0]))
    found: list[tuple[str, str]] = []
    for at, (sense, known, latin, han) in enumerate(table):
        word = _pick(known, sense + "a")
        other = _pick(_unlike(word, latin), sense + "b")
        kind = at % 10
        if kind < 4 and other:
            pair = (word, other)
        elif kind < 6 and other:
            article = _pick(_ARTICLES, sense + "d")
            pair = (f"{article} {word}", other)
        elif kind < 8 and other:
            second, known, latin, _ = table[(at + 7) % len(table)]
            beside = _pick(known, second + "a")
            theirs = _pick(_unlike(beside, latin), second + "b")
            if not theirs:
                continue
            swapped = _number(sense + "e") % 2
            pair = (f"{word} {beside}", f"{theirs} {other}" if swapped else f"{other} {theirs}")
        elif han:
            pair = (word, _pick(han, sense + "b"))
        else:
            continue
        found.append(pair if _number(sense + "c") % 2 else pair[::-1])
    return found[:NUMBER]


def _number(text: str) -> int:
    return zlib.crc32(text.encode())


def _pick(words: Collection[str], by: str) -> str:
    return sorted(words)[_number(by) % len(words)] if words else ""


def _unlike(word: str, words: Collection[str]) -> list[str]:
    return [other for other in words if Indel.normalized_similarity(word, other) < _OTHER_LETTERS]
