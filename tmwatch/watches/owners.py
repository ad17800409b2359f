"""When an owner or a representative is the watched one, and when the name only looks like it. Pure.

*The same* is the same name but for company form, case, width, accents and spaces, also in letters that only
look Latin and in the other form of Chinese characters. *Looks like it* (`owners_like`) is what may also
join two companies: letters and digits that pass for each other, the reading of Chinese in Latin letters, one
letter off in a name that is long enough.
"""

from __future__ import annotations

import functools
from collections.abc import Iterable

from tmwatch.text import clean_line, fold, fold_party, fold_space, party_keys

# One letter tells short names apart: BYD is not BYE. A Chinese character says more than a letter.
_LONG_ENOUGH, _LONG_IN_HAN = 7, 5


def is_same(alias: str, name: str) -> bool:
    """Whether the name is the watched one."""
    return not party_keys(alias).isdisjoint(party_keys(name))


def same_name(what: str, name: str, alias: str) -> str:
    """The reason in words."""
    shown = clean_line(name)
    if fold_space(name) == fold_space(alias):
        return f'{what} "{shown}" is watched'
    if fold(name).replace(" ", "") == fold(alias).replace(" ", ""):
        folded = "spelling folded"
    elif fold_party(name).replace(" ", "") == fold_party(alias).replace(" ", ""):
        folded = "company form folded"
    else:
        folded = "in letters that look the same"
    return f'{what} "{shown}" is the watched "{clean_line(alias)}" ({folded})'


def first_same(watched: Iterable[str], names: Iterable[str]) -> tuple[str, str] | None:
    """(alias, name) of the first watched name that is among these."""
    theirs = [(name, party_keys(name)) for name in names]
    for alias in watched:
        mine = party_keys(alias)
        for name, there in theirs:
            if not mine.isdisjoint(there):
                return alias, name
    return None


# -- look-alikes -------------------------------------------------------------------------------------------


def looks_like(alias: str, name: str) -> str:
    """In words how the name looks like the watched one; "" where it does not."""
    from rapidfuzz.distance import OSA  # late, as all below: only watches with `owners_like` need it

    mine, theirs = _bare(alias), _bare(name)
    if not mine or not theirs or mine == theirs:
        return ""
    if _shape(alias) == _shape(name):
        return "letters that pass for each other"
    read = _readings(alias)
    if theirs in read or mine in _readings(name):
        return "the same in Latin letters"
    least = _LONG_IN_HAN if _is_han(mine) else _LONG_ENOUGH
    if min(len(mine), len(theirs)) >= least and OSA.distance(mine, theirs, score_cutoff=1) <= 1:
        return "one letter differs"
    return ""


def like_keys(name: str) -> frozenset[str]:
    """Keys of which two names that look alike share at least one; they may share one without."""
    bare = _bare(name)
    if not bare:
        return frozenset()
    found = {f"s{_shape(name)}", f"r{bare}", *(f"r{text}" for text in _readings(name)), f"d{bare}"}
    if len(bare) >= _LONG_IN_HAN - 1:
        found.update(f"d{bare[:at]}{bare[at + 1 :]}" for at in range(len(bare)))
    return frozenset(found)


@functools.lru_cache(16384)
def _bare(name: str) -> str:
    from tmwatch.text.lookalike import normal_owner

    return normal_owner(name).replace(" ", "")


@functools.lru_cache(16384)
def _shape(name: str) -> str:
    from tmwatch.text.lookalike import shape

    return shape(_bare(name))


@functools.lru_cache(16384)
def _readings(name: str) -> frozenset[str]:
    from tmwatch.text.lookalike import readings

    return frozenset(text.replace(" ", "") for text in readings(_bare(name)))


def _is_han(text: str) -> bool:
    return not text.isascii() and any("\u3400" <= char <= "\u9fff" for char in text)
