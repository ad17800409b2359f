"""Whether Chinese characters write the sound of a foreign name: 加德纳 is GARDNER, 明尼苏达 MINNESOTA. Pure.

A foreign name is cut into Chinese syllables, so that much of it is lost or put in: r that no vowel follows
is left out (伯纳德 Bernard) or written 尔 as l is; s, t, k become syllables (斯, 特, 克); v is w (沃, 维), ga
and ka are jia (加), hi is xi (希), soft c, z, th, sh all kinds of s. `likeness` lays the sound key of a word
beside the readings of characters and counts what does not fit, in consonants; vowels say less, they are
written freely.

`echoes_of_key` and `echoes_of_han` are what two such names are found by: their consonants in eight classes.
Who holds an echo can be looked up, so no name is compared with each.
"""

from __future__ import annotations

import functools
import re

from tmwatch.similarity.keys import pinyin

VOWELS = "aio"
_SYLLABLE = re.compile("(zh|ch|sh|[bpmfdtnlgkhjqxrzcsyw]?)([aeiouv]*)(ng|n|r)?")
# What the start of a syllable stands for in a sound key, and what that is out of the way, in consonants.
# "N" is -n and -ng, "er" the syllable, "hw" the start of 华, 惠, 霍.
_STANDS_FOR: dict[str, dict[str, float]] = {
    "b": {"b": 0, "p": 0.15, "f": 0.6},
    "p": {"p": 0, "b": 0.15},
    "m": {"m": 0},
    "f": {"f": 0, "p": 0.5, "h": 0.6},
    "d": {"d": 0, "t": 0.15},
    "t": {"t": 0, "d": 0.15},
    "n": {"n": 0, "l": 0.7},
    "l": {"l": 0, "r": 0},
    "g": {"g": 0, "k": 0.15},
    "k": {"k": 0, "g": 0.15},
    "h": {"h": 0, "k": 0.4, "f": 0.4, "g": 0.5},
    "hw": {"h": 0, "f": 0.2, "o": 0, "g": 0.4},
    "j": {"j": 0, "k": 0.1, "g": 0.1, "C": 0.15, "s": 0.3, "d": 0.4},
    "q": {"C": 0, "j": 0.15, "k": 0.2, "s": 0.4, "t": 0.5},
    "x": {"s": 0, "S": 0, "h": 0.15, "C": 0.3, "k": 0.6},
    "zh": {"j": 0, "C": 0.1, "s": 0.3, "g": 0.3, "d": 0.5},
    "ch": {"C": 0, "S": 0.3, "s": 0.4, "t": 0.4, "k": 0.6},
    "sh": {"S": 0, "s": 0.1, "C": 0.2},
    "r": {"r": 0.1, "l": 0.2, "j": 0.2, "s": 0.4},
    "z": {"s": 0, "j": 0.2, "C": 0.3, "t": 0.5},
    "c": {"s": 0, "C": 0.3, "t": 0.4},
    "s": {"s": 0, "S": 0.1, "t": 0.35},
    "y": {"i": 0, "j": 0.3},
    "w": {"f": 0, "o": 0, "g": 0.4, "b": 0.5},
    "N": {"n": 0, "m": 0.15},
    "er": {"r": 0, "l": 0},
}
# What the vowels of a syllable may be in a sound key, which knows a, i (e, y) and o (u).
_VOWELS_OF = {
    "a": "a", "o": "oa", "e": "ioa", "i": "i", "u": "o", "v": "oi", "ai": "ia", "ei": "i", "ao": "oa",
    "ou": "o", "ia": "a", "ie": "i", "iao": "oa", "iu": "o", "ua": "a", "uo": "oa", "uai": "ai", "ui": "i",
    "ue": "oi", "ve": "oi",
}  # fmt: skip
_BUZZING = frozenset({"z", "c", "s", "zh", "ch", "sh", "r"})  # their i is no vowel of the name
# Syllables that stand for a consonant alone.
_BARE = frozenset(
    {
        "si", "te", "ke", "de", "ge", "fu", "bu", "pu", "ci", "zi", "shi", "le", "mu", "chi", "zhi", "e",
        "wu", "tu", "ku", "du", "xi", "li", "lu", "lv", "se", "hu",
    }
)  # fmt: skip
_OTHER_VOWEL = 0.25
_VOWEL, _LAST_VOWEL, _SYLLABLE_VOWEL, _BARE_VOWEL = 0.28, 0.15, 0.27, 0.03
# What it costs that a consonant of the characters, or of the key, has no other side.
_PUT_IN = {"y": 0.02, "w": 0.05, "er": 0.25, "h": 0.35, "hw": 0.35, "N": 0.45, "s": 0.7, "z": 0.7}
_N_TWICE = 0.05  # 安娜 Anna
_LEFT_OUT = {"r": 0.2, "h": 0.2, "l": 0.7, "n": 0.7}  # where no vowel follows
_LAST_LEFT_OUT = 0.55

Part = tuple[str, str, float]  # ("consonant" or "vowel", which, what it costs to leave it out)


@functools.lru_cache(65536)
def _parts(run: str) -> tuple[Part, ...]:
    """The consonants and vowels of characters, in order."""
    out: list[Part] = []
    for reading in pinyin(run):
        found = _SYLLABLE.fullmatch(reading)
        if reading == "er" or found is None:
            out.append(("consonant", "er", _PUT_IN["er"]))
            continue
        start, vowels, end = found.groups()
        if start == "h" and vowels in ("ua", "uai", "ui", "uo"):
            start = "hw"
        if start:
            out.append(("consonant", start, _PUT_IN.get(start, 1.0)))
        if vowels:
            out.append(
                ("vowel", _vowels(start, vowels, end), _BARE_VOWEL if reading in _BARE else _SYLLABLE_VOWEL)
            )
        if end:
            what = "er" if end == "r" else "N"
            out.append(("consonant", what, _PUT_IN[what]))
    for at, (kind, which, _) in enumerate(out[1:]):
        if out[at][1] == "N" and kind == "consonant" and which in "nm":
            out[at] = ("consonant", "N", _N_TWICE)
    return tuple(out)


def _vowels(start: str, vowels: str, end: str | None) -> str:
    if vowels == "i" and start in _BUZZING:
        return "ioa"
    found = _VOWELS_OF.get(vowels, VOWELS)
    if end and vowels == "a":
        return found + "o"
    return found


def _left_out(key: str) -> list[float]:
    """What it costs that each letter of a sound key has no character."""
    out = []
    for at, letter in enumerate(key):
        last = at == len(key) - 1
        if letter in VOWELS:
            out.append(_LAST_VOWEL if last else _VOWEL)
        elif letter in _LEFT_OUT and (last or key[at + 1] not in VOWELS):
            out.append(_LEFT_OUT[letter])
        else:
            out.append(_LAST_LEFT_OUT if last else _LEFT_OUT["h"] if letter == "h" else 1.0)
    return out


def _distance(key: str, run: str) -> float:
    """What does not fit, in consonants: the cheapest way to lay the key beside the characters."""
    parts, gone = _parts(run), _left_out(key)
    before = [0.0]
    for _kind, _which, cost in parts:
        before.append(before[-1] + cost)
    for letter, lost in zip(key, gone, strict=True):
        now = [before[0] + lost]
        vowel = letter in VOWELS
        for at, (kind, which, cost) in enumerate(parts):
            best = min(before[at + 1] + lost, now[at] + cost)
            away: float | None = None
            if kind == "consonant":
                away = _STANDS_FOR[which].get(letter)
            elif vowel:
                away = 0.0 if letter in which else _OTHER_VOWEL
            if away is not None and before[at] + away < best:
                best = before[at] + away
            now.append(best)
        before = now
    return before[-1]


# The odds that it is a transliteration, learned from the names that are known by a Chinese name: of so many
# consonants, and so much that does not fit, in all and for each of them.
_CONSTANT, _CONSONANT, _MOST_CONSONANTS, _AWAY, _AWAY_OF_EACH = 0.75, 1.0, 6.0, 2.3, 8.0
# Odds from which on characters are alike at all, and how many more make a likeness of one.
_FROM, _WIDE = -2.0, 6.0
LEAST_KEY, LONGEST_KEY, LEAST_RUN, LONGEST_RUN = 3, 24, 2, 8


@functools.lru_cache(65536)
def likeness(key: str, run: str) -> float:
    """How likely the characters write the sound, 0 to 1: long names that fit are likely, short ones less."""
    consonants = sum(
        kind == "consonant" and which not in ("y", "w") and cost != _N_TWICE
        for kind, which, cost in _parts(run)
    )
    each = max(1.0, (consonants + sum(letter not in VOWELS for letter in key)) / 2)
    away = _distance(key, run)
    odds = _CONSTANT + _CONSONANT * min(each, _MOST_CONSONANTS) - _AWAY * away - _AWAY_OF_EACH * away / each
    return min(1.0, max(0.0, (odds - _FROM) / _WIDE))


# In a sound key: r, l, and the g of -ng that no vowel follows are often not written, and -mb- is -nb-.
_NOT_WRITTEN = re.compile("[rl](?![aio])|(?<=n)[gk](?![aio])")
_NASAL = re.compile("m(?=[bp])")
_CLASSES = str.maketrans("bpfdtkgsSCjlrmn", "PPFTTKKSSSSLLMN", "aioh")
# "?" is left out where enough stays without it.
_HAN_CLASSES = {
    "b": ("P",), "p": ("P",), "m": ("M",), "f": ("F",), "d": ("T",), "t": ("T",), "n": ("N",), "l": ("L",),
    "g": ("K",), "k": ("K",), "h": ("",), "hw": ("", "F"), "j": ("S", "K"), "q": ("S", "K"), "x": ("S", "?"),
    "zh": ("S",), "ch": ("S",), "sh": ("S",), "r": ("L",), "z": ("S",), "c": ("S",), "s": ("S",), "y": ("",),
    "w": ("", "F"), "N": ("N", "?"), "er": ("",),
}  # fmt: skip
_MOST_WAYS = 8
_ONE_LESS_FROM, _LAST_LESS_FROM, _LEAST, _MOST_CLASSES = 5, 4, 2, 6
_TWICE = re.compile(r"(.)\1+")


def _without_twice(classes: str) -> str:
    return _TWICE.sub(r"\1", classes)


def _echoes(ways: list[str], from_vowel: bool) -> frozenset[str]:
    """What is asked for: two consonants with whether a vowel stands before them, more as they are, and from
    five on without each one; no more than six."""
    out = set()
    for long in ways:
        way = long[:_MOST_CLASSES]
        if len(way) > _LEAST:
            out.add(way)
        elif len(way) == _LEAST:
            out.add(f"{way}{'a' if from_vowel else ''}")
        if len(way) >= _ONE_LESS_FROM:
            for at in range(len(way)):
                twice = 0 < at < len(way) - 1 and way[at - 1] == way[at + 1]
                out.add(way[:at] + way[at + 1 + twice :])
    return frozenset(out)


@functools.lru_cache(65536)
def echoes_of_key(key: str) -> frozenset[str]:
    """What Chinese names of a sound key are found by; nothing where it holds other signs."""
    if not LEAST_KEY <= len(key) <= LONGEST_KEY:
        return frozenset()
    classes = _NASAL.sub("n", _NOT_WRITTEN.sub("", key)).translate(_CLASSES)
    if not (classes.isalpha() and classes.isupper() and classes.isascii()):
        return frozenset()
    ways = [_without_twice(classes)]
    if len(ways[0]) >= _LAST_LESS_FROM and key[-1].translate(_CLASSES) == ways[0][-1]:
        ways.append(ways[0][:-1])
    return _echoes(ways, key[0] in "aioh")


@functools.lru_cache(65536)
def echoes_of_han(run: str) -> frozenset[str]:
    """The same of Chinese characters."""
    if not LEAST_RUN <= len(run) <= LONGEST_RUN:
        return frozenset()
    parts = _parts(run)
    ways = [""]
    for kind, which, cost in parts:
        if kind == "consonant":
            classes = _HAN_CLASSES[which] if cost != _N_TWICE else ("",)
            if len(ways) * len(classes) > _MOST_WAYS:
                classes = classes[-1:]
            ways = [way + one for way in ways for one in classes]
    found = [_without_twice(way) for way in ways]
    kept = [_without_twice(way.replace("?", "")) for way in found if "?" not in way or len(way) > 4]
    return _echoes(kept, not parts or parts[0][0] == "vowel" or parts[0][1] in ("y", "h", "hw"))
