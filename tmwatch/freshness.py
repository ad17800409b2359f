"""How fresh a watch is: as fresh as the question of it that was answered longest ago.

What is not looked at is never called fresh (design law 17). Nothing here asks a register.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

from tmwatch.alerts.payload import CoverageLine
from tmwatch.config import Config, Watch
from tmwatch.errors import PASSING, what_and_advice
from tmwatch.lateness import overdue
from tmwatch.looking import describe
from tmwatch.store import Database, books
from tmwatch.text import clean_line
from tmwatch.watches import asks, coverage
from tmwatch.watches.feeds import feed_key, feeds_of
from tmwatch.worklist import with_hand_work

State = Literal["fresh", "stale", "failing", "never looked", "import only", "not watched"]

_FAILING = 3  # failed looks in a row: then even what usually passes by itself has not passed


@dataclass(frozen=True)
class WatchHealth:
    """What a watch is looked at by, and since when it was not."""

    watch: str
    state: State
    coverage: tuple[CoverageLine, ...]
    questions: int = 0  # asked live
    never: int = 0  # of these, never answered
    failing: tuple[str, ...] = ()  # "99990109 at us.tsdr: throttled, 4 times in a row", the worst first
    lasting: int = 0  # of these, such as will not pass by themselves
    oldest_look: dt.datetime | None = None  # of all answered questions, the one answered longest ago
    latest_look: dt.datetime | None = None
    hits: int = 0
    asked_at: tuple[str, ...] = ()  # the sources that its questions go to

    def as_json(self) -> dict[str, Any]:
        """For `watch list --json` and `doctor --json`."""
        return {
            "watch": self.watch,
            "state": self.state,
            "coverage": [line.model_dump(mode="json") for line in self.coverage],
            "questions": self.questions,
            "never_answered": self.never,
            "failing": list(self.failing),
            "lasting_failures": self.lasting,
            "oldest_look": self.oldest_look.isoformat() if self.oldest_look else None,
            "latest_look": self.latest_look.isoformat() if self.latest_look else None,
            "hits": self.hits,
        }


def watch_health(
    watch: Watch, config: Config, database: Database | None, env: Mapping[str, str]
) -> WatchHealth:
    """How fresh a watch is: as fresh as the question that was answered longest ago."""
    lines = with_hand_work(watch, coverage(watch, config, env), database)
    questions = [(one.key, one.source_id, describe(one.query), one.every) for one in asks(watch, config, env)]
    for source in feeds_of(watch, config, env):
        source_id = source.declaration.id
        questions.append((feed_key(source_id), source_id, "the latest files", None))
    found = books.hits(database, watch.name) if database is not None else frozenset()
    looks: list[dt.datetime] = []
    never = 0
    failing: list[tuple[bool, str]] = []
    is_late = False
    for key, source_id, asked, every in questions:
        state = books.ask_state(database, watch.name, key) if database is not None else books.AskState()
        if state.last_ok_at is None:
            never += 1
        else:
            looks.append(state.last_ok_at)
            is_late = is_late or overdue(watch, state.last_ok_at, every)
        if state.failures:
            times = "once" if state.failures == 1 else f"{state.failures} times in a row"
            said = f"{asked} at {source_id}: {state.last_outcome}, {times}"
            why = first_line(state.last_error)
            failing.append((lasts(state), f"{said}: {why}" if why else said))
    failing.sort(key=lambda item: not item[0])
    lasting = sum(one for one, _ in failing)
    oldest = min(looks, default=None)
    state_word: State
    if not questions:
        importable = any(line.state == "import only" for line in lines)
        state_word = "import only" if importable else "not watched"
    elif lasting:
        state_word = "failing"
    elif never:
        state_word = "never looked"
    else:
        state_word = "stale" if is_late else "fresh"
    return WatchHealth(
        watch.name,
        state_word,
        lines,
        len(questions),
        never,
        tuple(text for _, text in failing),
        lasting,
        oldest,
        max(looks, default=None),
        len(found),
        tuple(dict.fromkeys(source_id for _, source_id, _, _ in questions)),
    )


def lasts(state: books.AskState) -> bool:
    """Whether a failed question will not mend itself: of a kind that does not pass, or for too long."""
    return state.last_outcome not in {outcome.value for outcome in PASSING} or state.failures >= _FAILING


def first_line(text: str | None) -> str:
    """The first of what an error said, for a line of a table."""
    return clean_line(what_and_advice(text or "")[0], 160)
