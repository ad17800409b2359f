"""Cyrillic and Greek in Latin letters, letter by letter, in the two ways that names are met. Pure.

First as English papers print a Russian, Ukrainian or Greek name (Romashka, Nikolaos), then as others do
(х as h, ц as c, я as ia; β as b, η as e). Both are readings: they are not what the letters look like.
"""

from __future__ import annotations

import re

LETTERS = re.compile("[\u0370-\u03ff\u0400-\u052f]")
_CYRILLIC = {
    **dict(zip("абвгґдезийіклмнопрстуфыэј", "abvggdeziyiklmnoprstufyej", strict=True)),
    **{"ё": "e", "ж": "zh", "х": "kh", "ц": "ts", "ч": "ch", "ш": "sh", "щ": "shch", "ъ": "", "ь": ""},
    **{"ю": "yu", "я": "ya", "є": "ye", "ї": "yi", "ў": "u", "ђ": "dj", "љ": "lj", "њ": "nj"},
    **{"ћ": "c", "џ": "dz"},
}
_GREEK = {
    **dict(zip("αβγδεζηικλμνξοπρστυφω", "avgdeziiklmnxoprstyfo", strict=True)),
    **{"θ": "th", "χ": "ch", "ψ": "ps", "ς": "s"},
}
_OTHERWISE = {
    **{"г": "h", "и": "y", "й": "i", "ы": "i", "х": "h", "ц": "c", "щ": "sht", "ю": "iu", "я": "ia"},
    **{"є": "ie", "ї": "i", "ё": "yo", "в": "w", "ъ": "a", "β": "b", "η": "e", "υ": "u", "χ": "h", "φ": "ph"},
}
_TABLES = tuple(str.maketrans(one) for one in (_CYRILLIC | _GREEK, _CYRILLIC | _GREEK | _OTHERWISE))


def transliterated(text: str) -> tuple[str, ...]:
    """A folded text with its Cyrillic and Greek letters as Latin ones; at most two, no two the same."""
    return tuple(dict.fromkeys(text.translate(table) for table in _TABLES))
