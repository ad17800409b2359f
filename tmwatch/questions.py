"""What is to be asked in a pass: each question once, however many watches want its answer."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace

from tmwatch.config import Config, Watch
from tmwatch.sources.base import Query, SearchQuery
from tmwatch.store import Database, books
from tmwatch.store.database import now
from tmwatch.watches import Ask, asks

# A daily cron job does not start at the same second each day; a look this much early is on time.
SLACK = 0.05
_NEVER = dt.datetime.min.replace(tzinfo=dt.UTC)


@dataclass(frozen=True)
class Job:
    """One question, however many watches want its answer."""

    source_id: str
    query: Query
    wanted: tuple[tuple[Watch, Ask], ...]
    # The books of those questions: whoever checks a watch holds its lock, so nobody else writes in them.
    states: tuple[books.AskState, ...]

    @property
    def searching(self) -> bool:
        """Whether it looks for filings, and is about none by its number."""
        return isinstance(self.query, SearchQuery)

    @property
    def watches(self) -> tuple[str, ...]:
        """The names of the watches that want the answer."""
        return tuple(dict.fromkeys(watch.name for watch, _ in self.wanted))


def due_jobs(
    config: Config,
    database: Database,
    env: Mapping[str, str],
    *,
    everything: bool = False,
    only: Sequence[str] = (),
    leave: Collection[str] = (),
    sources: Collection[str] = (),
    planned: dt.datetime | None = None,
) -> tuple[list[Job], int]:
    """The questions, and how many are not due. The parameters are those of `sweep`."""
    not_due = 0
    wanted: dict[tuple[str, Query], list[tuple[Watch, Ask, books.AskState]]] = {}
    for watch in config.watches:
        if (only and watch.name not in only) or watch.name in leave:
            continue
        states = books.ask_states(database, watch.name)
        for one in asks(watch, config, env):
            if sources and one.source_id not in sources:
                continue
            state = states.get(one.key, books.AskState())
            if not everything and not _is_due(watch, one, state, planned):
                not_due += 1
                continue
            wanted.setdefault((one.source_id, _shared(one.query)), []).append((watch, one, state))
    found = [
        Job(
            source,
            _for_all(query, [one for _, one, _ in who]),
            tuple((watch, one) for watch, one, _ in who),
            tuple(state for *_, state in who),
        )
        for (source, query), who in wanted.items()
    ]
    # Who has waited longest comes first: where the daily cap ends a pass, the next one goes on from there
    # and does not ask the same first numbers for ever. A list of all that is new takes long, and what is
    # asked by name waits for it no longer than it must.
    found.sort(key=lambda job: (_lists(job.query), min(state.last_ok_at or _NEVER for state in job.states)))
    return found, not_due


def _lists(query: Query) -> bool:
    return isinstance(query, SearchQuery) and bool(query.new)


def _shared(query: Query) -> Query:
    """Watches of different classes share one list of new filings: it is read once."""
    return replace(query, classes=()) if isinstance(query, SearchQuery) and query.new else query


def _for_all(query: Query, mine: Sequence[Ask]) -> Query:
    """That list in the classes of all of them; in all classes, where one wants so."""
    if not isinstance(query, SearchQuery) or not query.new:
        return query
    sets = [one.query.classes for one in mine if isinstance(one.query, SearchQuery)]
    classes = {number for one in sets for number in one} if all(sets) else set()
    return replace(query, classes=tuple(sorted(classes)))


def _is_due(watch: Watch, one: Ask, state: books.AskState, planned: dt.datetime | None) -> bool:
    """A watch without `every` is due at each check, once for each time that was planned; after a failure the
    next check tries again. A list of new filings is read no oftener than its source says."""
    last = state.last_ok_at
    if last is None or state.failures:
        return True
    if one.every is not None and last <= now() and now() - last < one.every * (1 - SLACK):
        return False
    if watch.every is None:
        return planned is None or not planned <= last <= now()
    if last > now():
        return True  # by a clock that has been set back since
    return now() - last >= watch.every * (1 - SLACK)
