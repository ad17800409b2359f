"""What words mean: a table of equivalents in several languages, which the user can extend. Pure.

`data/name_senses.csv`: a row is one meaning; `words` holds its words in any language, divided by spaces
(`_` for a space inside one). `data/known_names.csv`: names that everybody knows by another name too, mostly
in another script (Michelin is 米其林, Venezia Venice). Both are written in the normal form (`text.normal`),
which is tested, so that nothing needs converting when they are read. No network, no model: what the tables
do not hold is not known.
"""

from __future__ import annotations

import csv
import functools
import re
from collections.abc import Iterable, Mapping
from importlib.resources import files

from tmwatch.similarity.keys import is_han, is_kana, romaji
from tmwatch.text.lookalike import normal

# A part shorter than this at the end of a word is more often an accident (PIK, TEX) than a word.
_LEAST_PART = 4
_COMMON = 12
# So is a name that everybody knows by another one, if it is shorter than this.
_LEAST_NAME = 6
# So are fewer kana than these; a word of its own may be shorter than a part by one.
_LEAST_KANA = 3
# A phrase of more words is a slogan, and a run of more characters no word.
MOST_WORDS = 4
_MOST_SIGNS = 6
# An article that French and Italian write with an apostrophe, which the normal form leaves out. Before a
# shorter word it is more often an accident (LOVER, DANGLE).
_ARTICLE = re.compile(r"(?:dell|nell|all|[dl])(?=[aeiouh].{4})")
_KATAKANA = {code: code + 0x60 for code in range(ord("ぁ"), ord("ゖ") + 1)}
# What the meanings of `data/known_names.csv` begin with.
NAME = "name "

_Table = dict[str, frozenset[str]]


class Meanings:
    """Which meanings a word has, and which known words a compound is made of."""

    def __init__(self, rows: Iterable[tuple[str, Iterable[str]]]) -> None:
        """`rows` of (name of the meaning, its words). Every error in them is the caller's to report."""
        self._take(_joined({}, ((sense, map(normal, words)) for sense, words in rows)))

    def _take(self, table: _Table) -> None:
        self._table = table
        self._han = {word for word in table if is_han(word)}
        self._begin = {word.split(" ", 1)[0] for word in table if " " in word}

    @classmethod
    def of_table(cls, table: _Table) -> Meanings:
        """From a table whose words are in the normal form already."""
        made = cls.__new__(cls)
        made._take(table)
        return made

    def extended(self, rows: Iterable[tuple[str, Iterable[str]]]) -> Meanings:
        """The same with more rows; words that are known already get one meaning more."""
        return Meanings.of_table(_joined(self._table, ((sense, map(normal, words)) for sense, words in rows)))

    def table(self) -> dict[str, list[str]]:
        """Each word with its meanings, in order."""
        return {word: sorted(senses) for word, senses in self._table.items()}

    def senses(self, word: str) -> frozenset[str]:
        """The meanings of a folded word; a plural or a possessive has those of its singular.

        So has a word with an article run together with it: L'ÉTOILE is read as LETOILE. Hiragana mean what
        katakana mean.
        """
        if not word.isascii():
            return self._table.get(word) or self._table.get(word.translate(_KATAKANA)) or self._read(word)
        bare = _without_article(word)
        found = self._of_word(word) or self._table.get(bare) or self._table.get(bare.removesuffix("s"))
        return found or frozenset()

    def _read(self, word: str) -> frozenset[str]:
        """Of a name in kana what it means in Latin letters: タカラズカ is TAKARAZUKA."""
        if len(word) < _LEAST_KANA or not is_kana(word):
            return frozenset()
        found = self._table.get(romaji(word)) or frozenset()
        return found if all(sense.startswith(NAME) for sense in found) else frozenset()

    def _of_part(self, part: str) -> frozenset[str]:
        """Of a part of a compound: a short name (PORTS in SPORTS) and a plural in -n are mostly accidents."""
        found = self._of_word(part, ("es", "s")) or self._read(part if len(part) > _LEAST_KANA else "")
        short = part.isascii() and len(part) < _LEAST_NAME and all(sense.startswith(NAME) for sense in found)
        return frozenset() if short else found

    def _of_word(self, word: str, plurals: tuple[str, ...] = ("es", "s", "n", "en")) -> frozenset[str]:
        found = self._table.get(word)
        if found is None and len(word) > 3:
            for end in plurals:
                if word.endswith(end):
                    found = self._table.get(word[: -len(end)])
                    if found is not None:
                        break
        return found or frozenset()

    def phrases(self, words: tuple[str, ...]) -> tuple[tuple[int, int, frozenset[str]], ...]:
        """(first word, the word after the last, meanings) of what is known of several words: LAND ROVER."""
        if len(words) < 2 or self._begin.isdisjoint(words):
            return ()
        out = []
        for start, first in enumerate(words):
            if first in self._begin:
                for end in range(start + 2, min(len(words), start + MOST_WORDS) + 1):
                    if senses := self.senses(" ".join(words[start:end])):
                        out.append((start, end, senses))
        return tuple(out)

    def split(self, word: str, counts: Mapping[str, int]) -> tuple[tuple[str, frozenset[str], str], ...]:
        """(known part, its meanings, the rest) of a compound: HYDROPIK is HYDRO and PIK.

        A part is known if it has a meaning in the table or is a common word of the register; one of four
        letters that no few names hold as a word stands there by accident, whatever it means somewhere.
        """
        size = len(word)
        out: list[tuple[str, frozenset[str], str]] = []
        if is_han(word):
            for length in range(min(_MOST_SIGNS, size - 1), 1, -1):
                for part, rest in (
                    (word[:length], word[length:]),
                    (word[-length:], word[:-length]),
                ):
                    if part in self._han:
                        out.append((part, self._table[part], rest))
            return tuple(out)
        for length in range(size - 2, _LEAST_PART - 1, -1):
            for part, rest in ((word[:length], word[length:]), (word[-length:], word[:-length])):
                often = counts.get(part, 0)
                known = length > _LEAST_PART or often or (not part.isascii() and is_kana(part))
                senses = self._of_part(part) if known else frozenset()
                if senses or often >= _COMMON:
                    out.append((part, senses, rest))
        return tuple(out[:4])


def _without_article(word: str) -> str:
    """The rest of a word that begins with an article and may be another; else nothing."""
    return _ARTICLE.sub("", word, count=1) if _ARTICLE.match(word) else ""


def _joined(table: Mapping[str, frozenset[str]], rows: Iterable[tuple[str, Iterable[str]]]) -> _Table:
    made = dict(table)
    for sense, words in rows:
        one = frozenset((sense,))
        for word in words:
            known = made.get(word)
            made[word] = one if known is None else known | one
    return made


@functools.cache
def shipped() -> Meanings:
    """The tables that come with tmwatch."""
    return Meanings.of_table(_joined({}, rows()))


def extended(rows: Iterable[tuple[str, Iterable[str]]]) -> Meanings:
    """The shipped tables and the user's own rows (name of the meaning, words)."""
    return shipped().extended(rows)


def rows() -> list[tuple[str, list[str]]]:
    """(meaning, its words) of the shipped tables."""
    senses = [(row["sense"], row["words"]) for row in _read("name_senses.csv")]
    known = [(NAME + row["name"], f"{row['name']} {row['also']}") for row in _read("known_names.csv")]
    return [(sense, [word.replace("_", " ") for word in words.split()]) for sense, words in senses + known]


def _read(name: str) -> Iterable[dict[str, str]]:
    text = files("tmwatch").joinpath("data", name).read_text(encoding="utf-8")
    return csv.DictReader(text.splitlines())
