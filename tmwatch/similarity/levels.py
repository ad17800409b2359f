"""The nearest level that two names may have by what their words are worth, whatever the score says. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from tmwatch.similarity.features import PART, Match
from tmwatch.similarity.freq import TRADE_BITS
from tmwatch.similarity.name import Name

# Words that are less alike than this share no more than some letters.
_LITTLE = 0.3
# A word of so many bits or fewer says little: one name in a thousand holds it, or it names goods.
_WEAK = TRADE_BITS


def nearest_level(one: Name, other: Name, value: Mapping[str, float], matches: Sequence[Match]) -> int:
    """The nearest level, 1 to 4, that the mark `one` and `other` may have.

    AUTO is no more than a part of JD AUTO that says little: the mark's own part is missing, and the two are
    distant. JDEX AUTO has it changed: not near identical. KRAFTSMAN and SPORTSMAN share letters alone: not
    near. `value` are the numbers of `features.measure` by name.
    """
    shared = [match for match in matches if match.alike > _LITTLE]
    weak = all(min(match.one.bits, match.other.bits) <= _WEAK for match in shared)
    if shared and weak and value["cover_one"] < 0.7 and one.compact not in other.compact:
        by_part = any(match.how == PART for match in shared)
        lost = value["own_word"] < 0.5 or (by_part and one.most > _WEAK)
        if lost and (other.most <= _WEAK or not _near_letters(value, 0.85)):
            return 3 if by_part and value["letters"] >= 0.8 else 4
        return 3
    if not (shared or _near_letters(value, 0.74) or value["short_near"] or value["reading"] > _LITTLE):
        return 1 if value["whole_start"] or value["whole_end"] or value["whole_inside"] else 3
    changed = value["own_word"] < 0.6 or any(
        match.how == PART and not match.one.han and match.one.bits >= one.most for match in matches
    )
    return 2 if len(one.words) > 1 and changed and not one.texts <= other.texts else 1


def _near_letters(value: Mapping[str, float], least: float) -> bool:
    return value["letters"] >= least or value["key_letters"] >= least
