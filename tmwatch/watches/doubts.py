"""What of a watch can find nothing, as things stand: for whoever writes it, and for `doctor`. Pure.

What can never mean anything (goods or owners without a letter) is a mistake of the configuration
(`config.checks`). Here is what holds, and finds less than its author may think, or nothing now.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Iterator, Mapping
from typing import TYPE_CHECKING

from tmwatch.alerts.payload import CoverageLine
from tmwatch.text import clean_line, fold_party, has_letter
from tmwatch.watches.coverage import coverage

if TYPE_CHECKING:
    from tmwatch.config import Config
    from tmwatch.config.models import Watch


def doubts(
    watch: Watch,
    config: Config,
    env: Mapping[str, str],
    today: dt.date,
    lines: Iterable[CoverageLine] | None = None,
) -> list[str]:
    """In sentences; `lines`: its coverage, where somebody has it."""
    return list(_doubts(watch, tuple(lines) if lines is not None else coverage(watch, config, env), today))


def _doubts(watch: Watch, lines: tuple[CoverageLine, ...], today: dt.date) -> Iterator[str]:
    dead = list(dict.fromkeys(line.office for line in lines if line.state == "not watched"))
    if lines and all(line.state == "not watched" for line in lines):
        yield (
            f"it can find nothing now: {'; '.join(dict.fromkeys(line.why for line in lines))}. "
            "`tmwatch source list` shows what is read."
        )
    elif dead and watch.offices:
        seen = {line.office for line in lines if line.state != "not watched"}
        alone = [one for one in dead if one not in seen]
        if alone:
            yield f"nothing is found at {', '.join(alone)}: `tmwatch watch list` says why."
    if watch.since is not None and watch.since > today:
        yield f"`since` is {watch.since}: nothing that is filed before that day is found."
    for mark in watch.marks:
        if not has_letter(mark) and watch.level:
            yield (
                f'the mark "{clean_line(mark)}" has no letter or digit: nothing comes near it, and only '
                "a mark of these very signs is found."
            )
    for key in ("owners", "agents"):
        for name in getattr(watch, key):
            if fold_party(f"x {name}") == "x":
                yield (
                    f'"{clean_line(name)}" in `{key}` is a company form alone: only who has no other name '
                    "is found."
                )
