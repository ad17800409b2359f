"""Chinese characters: whether those inside a longer name are meant, and which look alike. Pure.

北京东方 and 南京东路 hold 京东 only because Chinese puts no spaces: the words are 北京 and 东方, 南京 and
东路. 京东派 and 京东之家 mean 京东. What decides is whether a known word crosses the border of what was
found (`data/han_words.csv`: place names, directions, affixes of company names), or a well-known name is
longer than what was found: 京东方 is a name of its own.
"""

from __future__ import annotations

import csv
import functools
from importlib.resources import files


@functools.cache
def known_words(kind: str | None = None) -> frozenset[str]:
    """The known words, or those of one kind (`place`, `name` …)."""
    text = files("tmwatch").joinpath("data/han_words.csv").read_text(encoding="utf-8")
    return frozenset(row["word"] for row in csv.DictReader(text.splitlines()) if kind in (None, row["kind"]))


@functools.lru_cache(65536)
def look(text: str) -> str:
    """The text with characters that pass for each other at a glance as one: 未来 and 末来, 金士顿 and 金土顿.

    `data/han_alike.csv` holds groups of them.
    """
    return text.translate(_alike())


@functools.cache
def _alike() -> dict[int, str]:
    text = files("tmwatch").joinpath("data/han_alike.csv").read_text(encoding="utf-8")
    groups = [row["characters"] for row in csv.DictReader(text.splitlines())]
    return {ord(char): group[0] for group in groups for char in group}


@functools.lru_cache(65536)
def segment(run: str) -> tuple[str, ...]:
    """The words of a run of Chinese characters: known words come off at both ends, the rest is one word.

    上海西门子 is 上海 and 西门子, 京东之家 is 京东 and 之家, 北京东方 is 北京 and 东方. What is left is never
    empty: a run of nothing but known words keeps them all.
    """
    known = known_words()
    ends = known - known_words("name")  # 北京东方 ends in 东方, not in 京东方
    left: list[str] = []
    right: list[str] = []
    rest = run
    while len(rest) > 2:
        for length in (4, 3, 2):
            if length < len(rest) and rest[:length] in known:
                left.append(rest[:length])
                rest = rest[length:]
                break
            if length < len(rest) and rest[-length:] in ends:
                right.insert(0, rest[-length:])
                rest = rest[:-length]
                break
        else:
            break
    return (*left, rest, *right)


@functools.lru_cache(65536)
def meant(part: str, whole: str) -> bool:
    """Whether `part` stands in `whole` between words, at one of its places at least.

    At the very start it is meant: who reads 京东派 reads 京东 first, whatever words it is made of; but not
    where a longer name that everybody knows begins there (京东方, 格力高).
    """
    at = whole.find(part)
    while at >= 0:
        end = at + len(part)
        if not in_longer_name(whole, at, end) and (at == 0 or not _crossed(whole, at, end)):
            return True
        at = whole.find(part, at + 1)
    return False


def in_longer_name(whole: str, start: int, end: int) -> bool:
    """Whether a well-known name holds these characters and more."""
    return any(
        len(name) > end - start and 0 <= whole.find(name, max(0, end - len(name))) <= start
        for name in known_words("name")
    )


def _crossed(whole: str, start: int, end: int) -> bool:
    """Whether a known word begins or ends within these characters and goes beyond them."""
    known = known_words()
    for border in (start, end):
        for left in range(max(0, border - 3), border):
            for right in range(border + 1, min(len(whole), border + 3) + 1):
                within = start <= left and right <= end
                # A word that holds the whole part crosses no border of it.
                around = left <= start and right >= end
                if not within and not around and whole[left:right] in known:
                    return True
    return False
