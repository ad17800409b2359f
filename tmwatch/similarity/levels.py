"""The nearest level that two names may have by what they share, whatever the score says. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from tmwatch.similarity.batch import near_identical
from tmwatch.similarity.features import LITTLE, PART, Match
from tmwatch.similarity.freq import TRADE_BITS
from tmwatch.similarity.name import Name

# A word of so many bits or fewer says little: one name in a thousand holds it, or it names goods.
WEAK = TRADE_BITS
# So few letters stand in many a longer word.
FEW_LETTERS = 2
# So much of the mark has to be met where all that is met says little.
COVERED = 0.7
# Of the mark's own word less than this is met: it is missing, or another one.
LOST, CHANGED = 0.5, 0.6
# From here on the letters or sounds of the whole names are near: although a word is lost; although only a
# part is met; although no word is met.
LETTERS_IN_SPITE, LETTERS_BESIDE_PART, LETTERS_ALONE = 0.85, 0.8, 0.74


def nearest(one: Name, other: Name, value: Mapping[str, float], matches: Sequence[Match]) -> int:
    """The nearest level, 1 to 4, that the mark `one` and `other` may have.

    Level 1 is for names near identical to eye or ear and for those that hold the whole mark, and both
    `by_words` and that have to be met. `value` are the numbers of `features.measure` by name.
    """
    if one.compact and one.compact == other.compact:
        return 1
    identical = near_identical(one, other, value["letters"], value["key_letters"])
    return max(1 if identical else 2, by_words(one, other, value, matches))


def by_words(one: Name, other: Name, value: Mapping[str, float], matches: Sequence[Match]) -> int:
    """The nearest level by what the words in common are worth.

    AUTO is no more than a part of JD AUTO that says little: the mark's own part is missing, and the two are
    distant. JDEX AUTO has it changed: not near identical. UOQJD has nothing of it but two letters in a word,
    KRAFTSMAN and SPORTSMAN share letters alone: not near. FAKE BOOK is no farther from FACEBOOK, which is
    one word, than FAKEBOOK is, though BOOK says little; nor KIDSWORLD from KIDZ WORLD, which sounds the same.
    """
    shared = [match for match in matches if match.alike > LITTLE]
    weak = all(min(match.one.bits, match.other.bits) <= WEAK for match in shared)
    met = value["cover_one"] >= COVERED or one.compact in other.compact or _met_whole(one, value)
    if shared and weak and not met:
        by_part = any(match.how == PART for match in shared)
        lost = value["own_word"] < LOST or (by_part and one.most > WEAK)
        if lost and (other.most <= WEAK or not _near_letters(value, LETTERS_IN_SPITE)):
            return 3 if by_part and value["letters"] >= LETTERS_BESIDE_PART else 4
        return 3
    few = bool(shared) and len(one.words) > 1 and all(map(_by_few_letters, shared))
    if few and one.compact not in other.compact:  # JD AI stands whole in JDAIRO
        return 3
    if not (
        shared or _near_letters(value, LETTERS_ALONE) or value["short_near"] or value["reading"] > LITTLE
    ):
        return 1 if value["whole_start"] or value["whole_end"] or value["whole_inside"] else 3
    changed = value["own_word"] < CHANGED or any(
        match.how == PART and not match.one.han and match.one.bits >= one.most for match in matches
    )
    return 2 if len(one.words) > 1 and changed and not one.texts <= other.texts else 1


def _by_few_letters(match: Match) -> bool:
    few = min(len(match.one.text), len(match.other.text)) <= FEW_LETTERS
    return match.how == PART and few and not match.one.han


def _met_whole(one: Name, value: Mapping[str, float]) -> bool:
    """Whether a mark sounds the same, or is one word and met nearly letter by letter; blanks do not count."""
    alike = value["key_letters"] >= 1 or (len(one.words) == 1 and value["letters"] >= LETTERS_IN_SPITE)
    return alike and not one.han


def _near_letters(value: Mapping[str, float], least: float) -> bool:
    return value["letters"] >= least or value["key_letters"] >= least
