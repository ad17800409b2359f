"""A name for comparing: never shown to anyone. Pure; knows nobody.

The steps of `fold`, in order, each for a case seen in registers (domain.md §1.4 no. 11):

1. ™ ℠ ® © go: NFKC would turn ™ into the letters "TM".
2. Invisible characters (zero width, bidi controls, soft hyphen) go; control characters part words.
3. NFKC and casefold: full-width ＭＴＪ = MTJ, ß = ss.
4. Digits of all scripts become 0-9.
5. Accents, and what is drawn around a letter, go from Latin letters only (US pages print `SOCIETE`); in
   Japanese and Cyrillic they are letters of their own (ガ/カ, й/и).
6. `&` is "and"; apostrophes join (`L'Oréal` = `LOREAL`); dots within an acronym join (`S.p.A.` = `spa`).
7. All other punctuation and white space part words; between two Han or kana characters they mean nothing.

What goes further, because it may also join names that differ, is `lookalike`'s: letters of other scripts
that look alike, traditional and simplified characters, transliteration, Chinese numerals (叁佰陆拾 = 360).
"""

from __future__ import annotations

import re
import unicodedata

SIGNS = str.maketrans("", "", "™℠®©")
_APOSTROPHES = str.maketrans("", "", "'’‘ʼ`´′")
_ACRONYM = re.compile(r"(?<!\w)(?:[^\W\d_]\.){1,}[^\W\d_]?(?![^\W_])")
_CJK = r"\u3005-\u3007\u3040-\u30ff\u31f0-\u31ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0003fffd"
_CJK_GAP = re.compile(rf"(?<=[{_CJK}]) (?=[{_CJK}])")

# The same for ASCII in whole texts at once, as bytes, which takes a quarter of the time of `str.translate`:
# controls and case (apostrophes go), then the other punctuation.
_ASCII_CONTROLS = bytes(32 if c < 32 or c == 127 else c for c in range(256))
_ASCII_PLAIN = _ASCII_CONTROLS.lower()
_ASCII_WORDS = bytes(
    32 if 32 < c < 127 and not chr(c).isalnum() and chr(c) not in "+$" else c for c in range(256)
)


def fold_space(text: str) -> str:
    """One space for every run of white space, none at the ends; nothing else touched."""
    # Of white space only the space itself is printable: a text that is in one line already stays whole.
    if text.isprintable() and "  " not in text and text == text.strip():
        return text
    return " ".join(text.split())


def fold(text: str) -> str:
    """A name for comparing; the steps stand at the top of this module. Folding twice changes nothing.

    A text that has nothing but punctuation (a mark `!!`) keeps it: two such marks are not the same.
    """
    if text.isascii():
        return _fold_ascii(text)
    bare = _plain(text)
    return words_of(bare) or fold_space(bare)


def _fold_ascii(text: str) -> str:
    """What the long way says of a text without anything but ASCII, in a twentieth of the time."""
    raw = text.encode()
    plain = raw.translate(_ASCII_PLAIN, b"'`")
    if b"&" in plain:
        plain = plain.replace(b"&", b" and ")
    if b"." in plain:
        dotted = _ACRONYM.sub(lambda found: found.group().replace(".", "") + " ", plain.decode())
        plain = dotted.encode()
    words = b" ".join(plain.translate(_ASCII_WORDS).split()) or b" ".join(
        raw.translate(_ASCII_CONTROLS).lower().split()
    )
    return words.decode()


def _plain(text: str) -> str:
    """Steps 1–5."""
    return without_accents(one_case(without_signs(text)))


def without_signs(text: str) -> str:
    """Steps 1 and 2: ™ and what is invisible are gone, control characters are spaces."""
    return "".join(
        " " if unicodedata.category(char) == "Cc" else char
        for char in text.translate(SIGNS)
        if unicodedata.category(char) != "Cf"
    )


def one_case(text: str) -> str:
    """Step 3: one form of Unicode, one width, one case."""
    return unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", text).casefold())


def without_accents(text: str) -> str:
    """Step 5: no accents on Latin letters."""
    return unicodedata.normalize("NFKC", _bare_letters(text).casefold())


def has_letter(text: str) -> bool:
    """Whether there is anything in it that names can be compared by: a letter of any script, or a digit."""
    return any(char.isalnum() for char in text)


def words_of(text: str) -> str:
    """Steps 4, 6 and 7: the words alone; empty where there is none."""
    return _CJK_GAP.sub("", fold_space("".join(_letter(char) for char in _join_acronyms(text))))


def _bare_letters(text: str) -> str:
    kept: list[str] = []
    latin = False
    for char in unicodedata.normalize("NFD", text):
        if unicodedata.category(char) in ("Mn", "Me"):
            if latin:
                continue
        else:
            latin = char.isascii() or unicodedata.name(char, "").startswith("LATIN ")
        kept.append(char)
    return unicodedata.normalize("NFC", "".join(kept))


def _join_acronyms(text: str) -> str:
    joined = text.translate(_APOSTROPHES).replace("&", " and ")
    return _ACRONYM.sub(lambda found: found.group().replace(".", "") + " ", joined)


def _letter(char: str) -> str:
    """The character if it carries meaning, else a space."""
    kind = unicodedata.category(char)
    if kind == "Nd":
        return str(unicodedata.decimal(char))
    # `+`, currency signs and pictures tell marks apart (Disney, Disney+); other signs are decoration.
    return char if kind[0] in "LMN" or kind in ("So", "Sc", "Co", "Cn", "Cs") or char == "+" else " "
