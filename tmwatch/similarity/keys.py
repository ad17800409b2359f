"""What of a name is compared: its words, its sound beyond English, how its other scripts are read.

Pure. The sound key is our own small set of rules over Latin letters. It is made for marks, which are read
by speakers of several languages at once, so it joins spellings that any of English, German, French or
Spanish reads alike: c/k/q/ck, ph/f/v, y/i/e, z/s/soft c, x/ks, doubled letters, silent h, w/v, the
endings -eau/-eaux/-o, -que/-k, -er/-re, -ie/-y/-ee. It is coarse on purpose: alone it proves nothing.
"""

from __future__ import annotations

import functools
import re
import unicodedata

from tmwatch.text.alphabets import transliterated
from tmwatch.text.hangul import HANGUL, revised
from tmwatch.text.lookalike import normal

HAN = r"\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0003fffd"
HAN_RUN = rf"[{HAN}]+"
KANA = r"\u3040-\u30ff"
# Runs of one script: JDのカフェ parts into JD, の, カフェ; a letter next to a digit stays (3M, L8R).
_PIECE = re.compile(rf"[{HAN}]+|[{KANA}]+|[^\W{HAN}{KANA}_]+|[^\w\s]+")
_PICTURES = frozenset({"So", "Cn", "Co", "Cs", "Mn", "Me"})  # with what is written over them
_INITIALS = re.compile(r"(?<=\b\w) and (?=\w\b)")
_HAN_ONLY = re.compile(rf"[{HAN}]+\Z")
_KANA_ONLY = re.compile(rf"[{KANA}]+\Z")


@functools.lru_cache(65536)
def pieces(name: str) -> tuple[str, ...]:
    """The words of a name in its normal form, parted where the script changes."""
    text = _INITIALS.sub(" ", normal(name))  # S & W is S W, not S AND W
    if text.isascii() and "+" not in text:
        return tuple(text.split())
    found = _PIECE.findall(text)
    return tuple([one for one in found if not _is_picture(one)] or found)


def _is_picture(piece: str) -> bool:
    """Whether it is pictures alone (★, an emoji): beside words they are decoration."""
    return not piece[0].isalnum() and all(unicodedata.category(char) in _PICTURES for char in piece)


def is_han(word: str) -> bool:
    return _HAN_ONLY.match(word) is not None


def is_kana(word: str) -> bool:
    return _KANA_ONLY.match(word) is not None


def latin_words(name: str) -> tuple[str, ...]:
    """The words of a name that are neither Chinese characters nor kana."""
    return tuple(word for word in pieces(name) if not is_han(word) and not is_kana(word))


# In order. Applied to a word of a-z; each is (pattern, what it sounds like, letters without which it
# need not be tried).
_SOUNDS = [
    (re.compile(pattern), sound, needed)
    for pattern, sound, needed in (
        (r"^(?:kn|gn|pn)", "n", "n"),
        (r"^wr", "r", "wr"),
        (r"^ps", "s", "ps"),
        (r"^x", "s", "x"),
        (r"^wh", "w", "wh"),
        (r"eaux?$", "o", "eau"),
        (r"(?<=[aeiou])ques?$", "k", "que"),
        (r"(?:tion|sion|cion|zion)", "Sn", "ion"),
        (r"tsch|tch", "C", "ch"),
        (r"(?<=.)cz", "C", "cz"),
        (r"mb$", "m", "mb"),
        (r"sch|sh|ch(?=ic\b|ique)", "S", "h"),
        (r"cc(?=[eiy])|xc(?=[eiy])", "ks", "c"),
        (r"ch(?=[rlnst])|ck|cqu|q(?:u(?=[aeiou]))?|cu(?=[aeio])", "k", ""),
        (r"ch", "C", "ch"),
        (r"ph|v", "f", ""),
        (r"(?<=[aeiou])gh(?=t|$|[bcdfklmnps])", "", "gh"),
        (r"gh", "g", "gh"),
        (r"dg(?=[eiy])", "j", "dg"),
        (r"(?<=[eiou])ll(?=[aeo])", "l", "ll"),
        (r"ç|c(?=[eiy])|z|tz", "s", ""),
        (r"c", "k", "c"),
        (r"x", "ks", "x"),
        (r"w", "f", "w"),
        (r"th|dt", "t", "t"),
        (r"(?<=.)h", "", "h"),
        (r"(?<=[^aeiou])(?:er|re|or|ar)(s?)$", r"r\1", ""),
        (r"(?<=[a-zSC]{2})(?:ie|ee|ey|y|i)$", "i", ""),
        (r"(?<=[a-zSC][^aeiou])es?$", "", "e"),
        (r"ae|ai|ay|ei|ey|ea|ee|ie|oe|y", "i", ""),
        (r"ou|oo|ue|au|ow|u", "o", ""),
        (r"e", "i", "e"),
        (r"(.)\1+", r"\1", ""),
    )
]


@functools.lru_cache(262144)
def sound(word: str) -> str:
    """The sound key of one folded word; digits stand for themselves, other scripts are left as they are."""
    if not word.isascii():
        return word
    for pattern, to, needed in _SOUNDS:
        if needed in word:
            word = pattern.sub(to, word)
    return word


_VOWELS = str.maketrans("", "", "aeiou")
_SOFT = str.maketrans({"b": "p", "d": "t", "g": "k", "j": "C", "S": "C", "z": "s"})


@functools.lru_cache(262144)
def skeleton(key: str) -> str:
    """The consonants of a sound key, voiced as unvoiced; a leading vowel stays as a mark."""
    if not key:
        return ""
    bare = key[1:].translate(_VOWELS).translate(_SOFT)
    first = key[0]
    return ("a" if first in "aeiou" else first.translate(_SOFT)) + bare


# Syllables that many speakers of Chinese say alike, and that marks are told apart by badly.
_NEAR_SOUNDS = tuple(
    (re.compile(pattern), to) for pattern, to in (("^([zcs])h", r"\1"), ("^l", "n"), ("([aei]n)g$", r"\1"))
)
_FREELY = str.maketrans({"b": "p", "d": "t", "g": "k", "j": "C", "S": "s", "z": "s", "r": "l"})


def foreign_sound(key: str) -> str:
    """A sound key as a free transliteration keeps it: voiced as unvoiced, l and r as one (Daliya, Talia)."""
    return key.translate(_FREELY)


@functools.lru_cache(65536)
def mandarin(run: str) -> str:
    """How Chinese characters sound where z and zh, n and l, in and ing are one."""
    return " ".join(_near_sound(syllable) for syllable in pinyin(run))


@functools.lru_cache(2048)
def _near_sound(syllable: str) -> str:
    for pattern, to in _NEAR_SOUNDS:
        syllable = pattern.sub(to, syllable)
    return syllable


@functools.lru_cache(65536)
def pinyin(run: str) -> tuple[str, ...]:
    """The Mandarin reading of each character of a run of Chinese characters, without tones."""
    from pypinyin import lazy_pinyin  # its tables take a tenth of a second; a Latin watch never needs them

    return tuple(_ascii(part) for part in lazy_pinyin(run))


def _ascii(text: str) -> str:
    flat = unicodedata.normalize("NFKD", text.replace("ü", "v"))
    return "".join(char for char in flat if char.isascii() and char.isalnum())


_KANA_ROWS = (
    ("", "アイウエオ"), ("k", "カキクケコ"), ("g", "ガギグゲゴ"), ("s", "サシスセソ"), ("z", "ザジズゼゾ"),
    ("t", "タチツテト"), ("d", "ダヂヅデド"), ("n", "ナニヌネノ"), ("h", "ハヒフヘホ"), ("b", "バビブベボ"),
    ("p", "パピプペポ"), ("m", "マミムメモ"), ("r", "ラリルレロ"),
)  # fmt: skip
_KANA = {
    char: consonant + vowel
    for consonant, row in _KANA_ROWS
    for char, vowel in zip(row, "aiueo", strict=True)
} | {
    "シ": "shi", "チ": "chi", "ツ": "tsu", "フ": "fu", "ジ": "ji", "ヂ": "ji", "ヅ": "zu", "ヤ": "ya",
    "ユ": "yu", "ヨ": "yo", "ワ": "wa", "ヲ": "o", "ン": "n", "ヴ": "vu", "ー": "",
}  # fmt: skip
_SMALL = {"ャ": "ya", "ュ": "yu", "ョ": "yo", "ァ": "a", "ィ": "i", "ゥ": "u", "ェ": "e", "ォ": "o"}


@functools.lru_cache(65536)
def in_latin(word: str) -> str:
    """A word of one script, other than Chinese, as it is read in Latin letters; a Latin one as it is."""
    if word.isascii():
        return word
    if is_kana(word):
        return romaji(word)
    if HANGUL.fullmatch(word):
        return revised(word)[0]
    return transliterated(word)[0]


@functools.lru_cache(65536)
def romaji(run: str) -> str:
    """Kana in Latin letters (Hepburn, long vowels as one)."""
    out = ""
    double = False
    for char in run:
        if "ぁ" <= char <= "ゖ":
            char = chr(ord(char) + 0x60)  # hiragana to katakana
        if char == "ッ":
            double = True
            continue
        if char in _SMALL:
            small = _SMALL[char]
            # シャ is sha, キャ kya; ファ is fa, ティ ti.
            if small[0] == "y" and out.endswith("i"):
                out = out[:-1] + (small[1:] if out[-3:-1] in ("sh", "ch") or out[-2:-1] == "j" else small)
            else:
                out = out[:-1] + small if out[-1:] in "aiueo" else out + small
            continue
        part = _KANA.get(char, "")
        if double and part:
            part, double = part[0] + part, False
        out += part
    return out
