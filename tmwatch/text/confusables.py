"""Letters that look like Latin ones: Cyrillic А in JDАUTO, Greek Ο, the ø of MØLLER. Pure.

The pairs are facts of the printed letters, put down by us; the code points are those of Unicode. A letter and
its other case stand here together or not at all, so that the case a name is written in decides nothing.

When a letter is taken for Latin:

* in a word that has Latin letters too (JDАUTO): always, a word is written in one script;
* in a word without any (СОСА, ТОР): only where every letter of it has a Latin look, since the whole word then
  looks Latin on the page. ШКОДА stays Cyrillic: its Ш looks like nothing Latin.
"""

from __future__ import annotations

import re
import unicodedata
from string import ascii_lowercase

# Each Latin letter, and what looks like it in its own case.
_LIKE = {
    "A": "АΑ", "B": "ВΒ", "C": "СϹ", "E": "ЕΕЁЀ", "F": "Ϝ", "G": "Ԍ", "H": "НΗҺ", "I": "ІΙЇӀ", "J": "ЈͿ",
    "K": "КΚҚ", "L": "Լ", "M": "МΜϺ", "N": "Ν", "O": "ОΟՕ", "P": "РΡ", "Q": "Ԛ", "S": "ЅՏ", "T": "ТΤ",
    "U": "Ս", "W": "Ԝ", "X": "ХΧҲ", "Y": "УΥҮЎ", "Z": "Ζ",
    "a": "аα", "b": "вβ", "c": "сϲ", "e": "еεёѐ", "f": "ϝ", "g": "ԍ", "h": "нηһ", "i": "іιїӏ", "j": "јϳ",
    "k": "кκқ", "l": "լ", "m": "мμϻ", "n": "ν", "o": "оοօ", "p": "рρ", "q": "ԛ", "s": "ѕտ", "t": "тτ",
    "u": "ս", "w": "ԝ", "x": "хχҳ", "y": "уυүў", "z": "ζ",
}  # fmt: skip
_LOOKS = {ord(like): latin for latin, all_like in _LIKE.items() for like in all_like}
# Latin letters that Unicode takes for letters of their own, without an accent to take off.
_LATIN = str.maketrans(
    {
        **dict(zip("øđðłħŧıɨƒɡɑɩƶɓƀƙȼɇɍɏ", "oddlhtiifgaizbbkcery", strict=True)),
        **dict(zip("ᴀʙᴄᴅᴇꜰɢʜɪᴊᴋʟᴍɴᴏᴘʀꜱᴛᴜᴠᴡʏᴢ", "abcdefghijklmnoprstuvwyz", strict=True)),
        **{"æ": "ae", "œ": "oe", "þ": "th", "ŋ": "ng", "ĳ": "ij"},
        # White letters in black circles and squares: NFKC knows the black ones in white (Ⓙ, 🄹) alone.
        **{chr(0x1F150 + at): letter for at, letter in enumerate(ascii_lowercase)},
        **{chr(0x1F170 + at): letter for at, letter in enumerate(ascii_lowercase)},
    }
)
_OTHER_SCRIPTS = re.compile("[\u0370-\u058f]")  # Greek, Cyrillic, Armenian
_WORD = re.compile(r"[^\W\d_]+(?:[\u0300-\u036f]+[^\W\d_]*)*")


def as_latin(text: str) -> str:
    """The text with letters that look Latin as Latin ones, word by word; the case stays."""
    return _WORD.sub(_resolved, text) if _OTHER_SCRIPTS.search(text) else text


def looks_latin(char: str) -> bool:
    """Whether a letter of another script looks like a Latin one."""
    return ord(char) in _LOOKS


def plain_latin(text: str) -> str:
    """A folded text with ø, ł, æ … as o, l, ae; the accents of Greek letters gone."""
    plain = text.translate(_LATIN)
    return _without_greek_accents(plain) if _OTHER_SCRIPTS.search(plain) else plain


def _resolved(found: re.Match[str]) -> str:
    word = found.group()
    if not _OTHER_SCRIPTS.search(word):
        return word
    bare = _without_greek_accents(word)
    letters = [char for char in bare if not unicodedata.combining(char)]
    if any(_is_latin(char) for char in letters) or all(ord(char) in _LOOKS for char in letters):
        return bare.translate(_LOOKS)
    return word


def _is_latin(char: str) -> bool:
    return char.isascii() or unicodedata.name(char, "").startswith("LATIN ")


def _without_greek_accents(text: str) -> str:
    kept: list[str] = []
    greek = False
    for char in unicodedata.normalize("NFD", text):
        if not unicodedata.combining(char):
            greek = "\u0370" <= char <= "\u03ff"
        elif greek:
            continue
        kept.append(char)
    return unicodedata.normalize("NFC", "".join(kept))
