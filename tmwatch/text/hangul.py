"""Korean hangul in Latin letters, after the Revised Romanisation of 2000. Pure.

As spoken: what a final consonant becomes before the next syllable is in the rules (종로 Jongno, 신라 Silla,
한국어 hangugeo). A spelling of a company's own (삼성 Samsung, by the rules Samseong) follows no rule.
"""

from __future__ import annotations

import re

HANGUL = re.compile("[\uac00-\ud7a3]+")
# In the order of Unicode (chapter 3.12 of the standard); "-" is no sound, and no final.
_INITIALS = "g kk n d tt r m b pp s ss - j jj ch k t p h".split()  # noqa: SIM905
_VOWELS = "a ae ya yae eo e yeo ye o wa wae oe yo u wo we wi yu eu ui i".split()  # noqa: SIM905
_FINALS = "- g kk gs n nj nh d l lg lm lb ls lt lp lh m b bs s ss ng j ch k t p h".split()  # noqa: SIM905
# How a final consonant sounds where no vowel follows.
_STOPS = {
    **{"-": "", "g": "k", "kk": "k", "gs": "k", "lg": "k", "nj": "n", "nh": "n", "lm": "m"},
    **{"lb": "l", "ls": "l", "lt": "l", "lh": "l", "lp": "p", "b": "p", "bs": "p"},
    **{"d": "t", "s": "t", "ss": "t", "j": "t", "ch": "t", "h": "t"},
}
# A final of two letters before a vowel: what stays, and what goes over to the next syllable.
_PARTED = {
    **{"gs": ("k", "s"), "bs": ("p", "s"), "nj": ("n", "j"), "nh": ("", "n"), "lh": ("", "r")},
    **{"lg": ("l", "g"), "lm": ("l", "m"), "lb": ("l", "b"), "ls": ("l", "s")},
    **{"lt": ("l", "t"), "lp": ("l", "p")},
}
_HARD = {"g": "k", "d": "t", "b": "p", "j": "ch"}
_NASAL = {"k": "ng", "t": "n", "p": "m"}


def revised(text: str) -> tuple[str, ...]:
    """A run of hangul in Latin letters: as it sounds, and syllable by syllable where that differs."""
    parts = [_parts(char) for char in text if HANGUL.match(char)]
    apart = "".join(_initial(first) + vowel + _STOPS.get(last, last) for first, vowel, last in parts)
    return tuple(dict.fromkeys((_spoken(parts), apart)))


def _parts(char: str) -> tuple[str, str, str]:
    code = ord(char) - 0xAC00
    return _INITIALS[code // 588], _VOWELS[code % 588 // 28], _FINALS[code % 28]


def _initial(first: str) -> str:
    return "" if first == "-" else first


def _spoken(parts: list[tuple[str, str, str]]) -> str:
    made: list[str] = []
    carried: str | None = None  # the initial of this syllable, where the one before has changed it
    for place, (first, vowel, last) in enumerate(parts):
        made += [_initial(first) if carried is None else carried, vowel]
        carried = None
        if place + 1 == len(parts):
            made.append(_STOPS.get(last, last))
        else:
            ended, carried = _meeting(last, *parts[place + 1][:2])
            made.append(ended)
    return "".join(made)


def _meeting(last: str, first: str, vowel: str) -> tuple[str, str]:
    """A final consonant and the initial behind it, as they sound together."""
    if first == "-":
        if last in ("d", "t") and vowel == "i":
            return "", "j" if last == "d" else "ch"  # 같이 gachi
        if last in _PARTED:
            return _PARTED[last]
        return ("ng", "") if last == "ng" else ("", {"-": "", "l": "r", "h": ""}.get(last, last))
    if last in ("h", "nh", "lh") and first in _HARD:
        return {"h": "", "nh": "n", "lh": "l"}[last], _HARD[first]  # 좋고 joko
    ended = _STOPS.get(last, last)
    if first == "r":
        if ended in ("n", "l"):
            return "l", "l"  # 신라 Silla
        if ended:
            return _NASAL.get(ended, ended), "n"  # 종로 Jongno
    if first == "n" and ended == "l":
        return "l", "l"  # 별내 Byeollae
    if first in ("n", "m"):
        return _NASAL.get(ended, ended), first  # 백마 Baengma
    return ended, _initial(first)
