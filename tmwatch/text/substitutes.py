"""Digits and signs that stand in a letter's place: L8R, 4EVER, JD0, P!NK. Pure.

A digit is taken for a letter only in a word that has Latin letters too; alone beside words (4 EVER) it is
only spoken; a name of digits alone is a number.
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterator

# What each looks like, and what it is spoken as inside a word; the likeliest first.
_LOOKS = {
    **{"0": ("o",), "1": ("i", "l"), "2": ("z",), "3": ("e",), "4": ("a",), "5": ("s",), "6": ("g", "b")},
    **{"7": ("t",), "8": ("b",), "9": ("g", "q"), "$": ("s",), "€": ("e",), "£": ("l",), "¥": ("y",)},
}
_SPOKEN = {
    **{"0": ("zero",), "1": ("one",), "2": ("to", "two", "too"), "3": ("three",)},
    **{"4": ("for", "four", "fore"), "5": ("five",), "6": ("six",), "7": ("seven",)},
    **{"8": ("ate", "eat", "eight"), "9": ("nine",)},
}
_SIGNS = {"@": "a", "!": "i", "|": "l", "$": "s", "€": "e", "£": "l"}
_IN_A_WORD = re.compile(r"(?<=[^\W\d_])[!|](?=[^\W\d_])|@(?=[^\W\d_])|(?<=[^\W\d_])@")
_LATIN = re.compile("[a-z]")
_RUN = re.compile(r"([0-9$€£¥]+|(?<=[0-9])u$)")
_LONGEST_RUN = 3  # digits; 2024 in a name is a year
_UMLAUTS = str.maketrans({"ä": "ae", "ö": "oe", "ü": "ue", "å": "aa", "ø": "oe"})


def with_signs_read(text: str) -> str:
    """`@` and `!` inside a word as the letters they stand for: P!NK, C@FE."""
    return _IN_A_WORD.sub(lambda found: _SIGNS[found.group()], text)


def spelled_out(text: str) -> str:
    """A lower-case text with ä, ö, ü as ae, oe, ue: Müller is also written Mueller."""
    return text.translate(_UMLAUTS)


def replaced(text: str, most: int) -> list[str]:
    """A folded name with letters for its digits, the likeliest first; at most `most`, the name itself not.

    First every digit by its look, then every digit by its sound, then the rest of what there is.
    """
    parts = [part for word in text.split() for part in (*_parts(word), (" ",))][:-1]
    if not _LATIN.search(text):
        return []
    looks, sounds = ["".join(part[0] for part in parts)], ["".join(_sound(part) for part in parts)]
    rest = map("".join, itertools.product(*parts))
    made: dict[str, None] = {}
    # What differs from all others is soon found: the options of a slot never repeat, though whole names may.
    for form in itertools.islice(itertools.chain(looks, sounds, rest), 2 * most + 2):
        if form != text:
            made[form] = None
    return list(made)[:most]


def _parts(word: str) -> Iterator[tuple[str, ...]]:
    """What each piece of a word may be: one thing, or the options of a digit."""
    mixed = bool(_LATIN.search(word))
    for piece in filter(None, _RUN.split(word)):
        if mixed and piece[0] in _LOOKS and len(piece) <= _LONGEST_RUN:
            for sign in piece:
                yield (*_LOOKS[sign], *_SPOKEN.get(sign, ()))
        elif piece == "u" and word != "u":
            yield ("u", "you")  # 4U
        elif not mixed and len(word) == 1 and piece in _SPOKEN:
            yield _SPOKEN[piece]
        else:
            yield (piece,)


def _sound(options: tuple[str, ...]) -> str:
    """The first option that is spoken, else the first."""
    return next((one for one in options if len(one) > 1), options[0]) if len(options) > 1 else options[0]
