"""Japanese kana in Latin letters, after Hepburn. Pure. Kanji are not guessed: their sound is not in them."""

from __future__ import annotations

import re

KANA = re.compile("[\u3041-\u3096\u309d\u309e\u30a1-\u30fa\u30fc-\u30fe]+")
_ROWS = {
    "": "アイウエオ", "k": "カキクケコ", "g": "ガギグゲゴ", "s": "サ スセソ", "z": "ザ ズゼゾ",
    "t": "タ  テト", "d": "ダ  デド", "n": "ナニヌネノ", "h": "ハヒ ヘホ", "b": "バビブベボ",
    "p": "パピプペポ", "m": "マミムメモ", "y": "ヤ ユ ヨ", "r": "ラリルレロ", "w": "ワヰ ヱヲ",
    "v": "ヷヸヴヹヺ",
}  # fmt: skip
_ONE = {
    **{kana: head + vowel for head, row in _ROWS.items() for kana, vowel in zip(row, "aiueo", strict=True)},
    **{"シ": "shi", "ジ": "ji", "チ": "chi", "ツ": "tsu", "ヂ": "ji", "ヅ": "zu", "フ": "fu", "ン": "n"},
    **{"ァ": "a", "ィ": "i", "ゥ": "u", "ェ": "e", "ォ": "o", "ャ": "ya", "ュ": "yu", "ョ": "yo", "ヮ": "wa"},
    **{"ヵ": "ka", "ヶ": "ke", "ヲ": "o", "ヰ": "i", "ヱ": "e"},
}
_ONE.pop(" ", None)
_SMALL = {"ァ": "a", "ィ": "i", "ゥ": "u", "ェ": "e", "ォ": "o", "ャ": "ya", "ュ": "yu", "ョ": "yo"}
# What a small letter behind a large one makes that is not the sound of the two put together.
_TWO = {
    **{f"{kana}ェ": head + "e" for kana, head in (("シ", "sh"), ("ジ", "j"), ("チ", "ch"))},
    **{f"フ{small}": "f" + _SMALL[small] for small in "ァィェォュ"},
    **{f"ツ{small}": "ts" + _SMALL[small] for small in "ァィェォ"},
    **{f"ウ{small}": "w" + _SMALL[small] for small in "ィェォ"},
    **{f"ヴ{small}": "v" + _SMALL[small] for small in "ァィェォュ"},
    **{f"ク{small}": "kw" + _SMALL[small] for small in "ァィェォ"},
    **{f"グ{small}": "gw" + _SMALL[small] for small in "ァィェォ"},
    **{"ティ": "ti", "ディ": "di", "トゥ": "tu", "ドゥ": "du", "テュ": "tyu", "デュ": "dyu", "イェ": "ye"},
}
_HISSED = ("sh", "ch", "j")
_LONG = re.compile("ou|oo|uu|aa|ee")


def hepburn(text: str) -> tuple[str, ...]:
    """A run of kana in Latin letters: as names are printed (Tokyo), and as it is written (toukyou).

    ン before b, m and p also as m (Shimbun). At most four, no two the same.
    """
    katakana = _katakana(text)
    written = _romanised(katakana)
    short = _LONG.sub(lambda found: found.group()[0], _romanised(katakana.replace("ー", "")))
    forms = [form for one in (short, written) for form in (one, re.sub("n(?=[bmp])", "m", one))]
    return tuple(dict.fromkeys(forms))


def _katakana(text: str) -> str:
    return "".join(chr(ord(char) + 96) if "\u3041" <= char <= "\u3096" else char for char in text)


def _romanised(text: str) -> str:
    made: list[str] = []
    place = 0
    double = False
    while place < len(text):
        pair = text[place : place + 2]
        sound, used = _sound(pair, made[-1] if made else "")
        place += used
        if text[place - used] == "ッ":
            double = True
            continue
        if double and sound and sound[0] not in "aiueon":
            sound = ("t" if sound.startswith("ch") else sound[0]) + sound
        double = False
        if sound:
            made.append(sound)
    return "".join(made)


def _sound(pair: str, before: str) -> tuple[str, int]:
    """The sound at the beginning of two kana, and how many of them make it."""
    if pair in _TWO:
        return _TWO[pair], 2
    first = pair[0]
    if first == "ー":
        return (before[-1] if before[-1:] in tuple("aiueo") else ""), 1
    if first in "ヽヾゝゞ":
        return before, 1
    sound = _ONE.get(first, "")
    small = pair[1:]
    if small in tuple("ャュョ") and sound.endswith("i") and len(sound) > 1:
        head = sound[:-1]
        return head + (_SMALL[small][1:] if head in _HISSED else _SMALL[small]), 2
    return sound, 1
