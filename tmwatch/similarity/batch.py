"""Which names could be near a mark at all. Pure.

`may_be_near` is the rule for two names; `engine.py` finds by who holds what the same names among very many.
What the rule stops has no score.
"""

from __future__ import annotations

import functools

from rapidfuzz.distance import Indel

from tmwatch.similarity.han import look, meant
from tmwatch.similarity.name import Name

# Letters or sounds that have so much in common, and at least one of so many groups of three, are looked at.
LETTERS = 0.5
SOUND = 0.55
SHARE = 16
# From here on two names are near identical to the eye, to the ear.
SIGHT = 0.8
HEARING = 0.85
_indel = Indel.normalized_similarity


def may_be_near(one: Name, other: Name) -> bool:
    """Whether two names share enough to be compared in full: letters, sound, a word, a meaning."""
    if not one.compact or not other.compact:
        return False
    return (
        not one.texts.isdisjoint(other.texts)
        or not one.keys.isdisjoint(other.keys)
        or not one.senses.isdisjoint(other.senses)
        or any(text in other.compact for text in one.parts)
        or any(text in one.compact for text in other.parts)
        or may_be_transliterated(one, other)
        or not bags(one.compact).isdisjoint(bags(other.compact))
        or (_in_groups(one, other) and _in_letters(one, other))
    )


def may_be_transliterated(one: Name, other: Name) -> bool:
    """Whether Chinese of one could write the sound of the other."""
    return not one.han_echoes.isdisjoint(other.echoes) or not one.echoes.isdisjoint(other.han_echoes)


@functools.lru_cache(65536)
def bags(compact: str) -> frozenset[str]:
    """The letters of a very short name, sorted, all and without each: BMW and MBWL share one.

    Such names may be near in one letter, and have no group of three in common.
    """
    if len(compact) > 4:
        return frozenset()
    if not compact.isascii():
        compact = look(compact)
    return frozenset("".join(sorted(part)) for part in (compact, *_without_one(compact)) if part)


def _without_one(text: str) -> list[str]:
    return [text[:at] + text[at + 1 :] for at in range(len(text))]


def near_identical(one: Name, other: Name, letters: float, key_letters: float) -> bool:
    """What level 1 asks beside the score: a translation or a part of a word is near, never near identical."""
    return (
        letters >= SIGHT
        or key_letters >= HEARING
        or one.texts <= other.texts
        or (bool(one.han) and one.han in other.han and meant(one.han, other.han))
    )


def _in_letters(one: Name, other: Name) -> bool:
    return (
        _indel(one.compact, other.compact) >= LETTERS
        or _indel(one.key, other.key) >= SOUND
        or _indel(one.reading_key, other.reading_key) >= SOUND
    )


def _in_groups(one: Name, other: Name) -> bool:
    """Whether groups of three letters or sounds are shared: one of `SHARE` at least.

    Who holds a group can be looked up, which finds the names near a mark among millions without comparing it
    with each. It costs hits: of 2,386 of 150 marks among 8,000 real names, cut-offs a little laxer and a
    little stricter than this one left out 11 and 43; those that were looked at were of level 3.
    """
    return (
        _shared(one.trigrams, other.trigrams)
        or _shared(trigrams(one.key), trigrams(other.key))
        or _shared(trigrams(one.reading_key), trigrams(other.reading_key))
    )


def _shared(one: frozenset[str], other: frozenset[str]) -> bool:
    return (SHARE + 1) * len(one & other) >= len(one) + len(other)


@functools.lru_cache(65536)
def trigrams(text: str) -> frozenset[str]:
    """The different groups of three letters, with two spaces before and one after."""
    padded = f"  {text} "
    return frozenset(padded[at : at + 3] for at in range(len(padded) - 2))
