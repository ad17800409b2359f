"""What words mean: a small table of equivalents in several languages, which the user can extend. Pure.

`data/name_senses.csv`: a row is one meaning; `words` holds its words in any language, divided by spaces
(`_` for a space inside one). No network, no model: what the table does not hold is not known.
"""

from __future__ import annotations

import csv
import functools
from collections.abc import Iterable, Mapping
from importlib.resources import files

from tmwatch.similarity.keys import is_han
from tmwatch.text.lookalike import normal

# A part shorter than this at the end of a word is more often an accident (PIK, TEX) than a word.
_LEAST_PART = 4
_COMMON = 12


class Meanings:
    """Which meanings a word has, and which known words a compound is made of."""

    def __init__(self, rows: Iterable[tuple[str, Iterable[str]]]) -> None:
        """`rows` of (name of the meaning, its words). Every error in them is the caller's to report."""
        table: dict[str, set[str]] = {}
        for sense, words in rows:
            for word in words:
                table.setdefault(normal(word), set()).add(sense)
        self._table = {word: frozenset(senses) for word, senses in table.items()}
        self._han = {word for word in self._table if is_han(word)}

    def extended(self, rows: Iterable[tuple[str, Iterable[str]]]) -> Meanings:
        """The same with more rows; words that are known already get one meaning more."""
        return Meanings([*((sense, (word,)) for word, some in self._table.items() for sense in some), *rows])

    def table(self) -> dict[str, list[str]]:
        """Each word with its meanings, in order."""
        return {word: sorted(senses) for word, senses in self._table.items()}

    def senses(self, word: str) -> frozenset[str]:
        """The meanings of a folded word; a plural or a possessive has those of its singular."""
        found = self._table.get(word)
        if found is None and len(word) > 3 and word.isascii():
            for end in ("es", "s", "n", "en"):
                if word.endswith(end):
                    found = self._table.get(word[: -len(end)])
                    if found is not None:
                        break
        return found or frozenset()

    def split(self, word: str, counts: Mapping[str, int]) -> tuple[tuple[str, frozenset[str], str], ...]:
        """(known part, its meanings, the rest) of a compound: HYDROPIK is HYDRO and PIK.

        A part is known if it has a meaning in the table or is a common word of the register.
        """
        size = len(word)
        out: list[tuple[str, frozenset[str], str]] = []
        if is_han(word):
            for length in range(min(4, size - 1), 1, -1):
                for part, rest in (
                    (word[:length], word[length:]),
                    (word[-length:], word[:-length]),
                ):
                    if part in self._han:
                        out.append((part, self._table[part], rest))
            return tuple(out)
        for length in range(size - 2, _LEAST_PART - 1, -1):
            for part, rest in ((word[:length], word[length:]), (word[-length:], word[:-length])):
                senses = self.senses(part)
                if senses or counts.get(part, 0) >= _COMMON:
                    out.append((part, senses, rest))
        return tuple(out[:4])


@functools.cache
def shipped() -> Meanings:
    """The table that comes with tmwatch."""
    return Meanings(_rows())


def extended(rows: Iterable[tuple[str, Iterable[str]]]) -> Meanings:
    """The shipped table and the user's own rows (name of the meaning, words)."""
    return shipped().extended(rows)


def _rows() -> list[tuple[str, list[str]]]:
    text = files("tmwatch").joinpath("data/name_senses.csv").read_text(encoding="utf-8")
    return [
        (row["sense"], [word.replace("_", " ") for word in row["words"].split()])
        for row in csv.DictReader(text.splitlines())
    ]
