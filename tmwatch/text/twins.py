"""Declared twins: names that the user says are one, such as JD and 京东. Pure.

Initials count only so. Undeclared, 88 of 10,000 Chinese company names have the initials JD, and none of them
is meant: nothing in this package makes initials of a name.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence

MOST = 24


def exchanged(name: str, twins: Iterable[Sequence[str]], form: Callable[[str], str]) -> tuple[str, ...]:
    """The name with each twin in it in the place of the other: "JD AUTO" is also "京东 auto".

    `form` brings names and twins into one normal form. A twin in letters counts as a whole word (JD in JDEX
    is none), or beside Chinese characters (京东JD). One in characters counts where it begins a run of them:
    南京东路 holds 京东 by accident. At most 24.
    """
    given = form(name)
    made = {given: None}
    for group in twins:
        members = [one for one in dict.fromkeys(form(member) for member in group) if one]
        for start in list(made):
            for member in members:
                found = re.compile(_as_a_word(member))
                if not found.search(start):
                    continue
                for other in members:
                    if other != member and len(made) <= MOST:
                        made[form(found.sub(lambda _, other=other: f" {other} ", start))] = None  # type: ignore[misc]
    del made[given]
    return tuple(made)[:MOST]


def _as_a_word(member: str) -> str:
    """A pattern that finds the twin where it is meant, not where its letters happen to stand."""
    pattern = re.escape(member)
    if _is_lettered(member[0]):
        pattern = rf"(?<![^\W{_UNSPACED}])" + pattern
    else:
        pattern = rf"(?<![{_UNSPACED}])" + pattern
    if _is_lettered(member[-1]):
        pattern += rf"(?![^\W{_UNSPACED}])"
    return pattern


_UNSPACED = r"\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0003fffd"


def _is_lettered(char: str) -> bool:
    return char.isalnum() and not re.match(f"[{_UNSPACED}]", char)
