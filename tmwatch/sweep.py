"""One pass over what is due: ask, store, react. The command line and the daemon both call it.

Delivery is not its business: alerts lie in the outbox when it returns, written in the same
transaction as the change they tell of.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import structlog

from tmwatch.alerts.compose import addresses, reactor
from tmwatch.alerts.payload import AlertPayload, CoverageLine
from tmwatch.config import Config, Watch
from tmwatch.errors import PASSING, Incomplete, LayoutChanged, Outcome, TmwatchError
from tmwatch.http import Door
from tmwatch.import_reaction import searched_before
from tmwatch.importing import reread
from tmwatch.looking import Looked, ask, describe, facts_of, prove, sights
from tmwatch.model import FactKind, Significance
from tmwatch.sources.base import Query, SearchQuery
from tmwatch.sources.registry import get_source
from tmwatch.store import Database, Observed, books, observe, queries
from tmwatch.store.database import now
from tmwatch.store.outbox import write_alert
from tmwatch.text import clean_line
from tmwatch.watches import Ask, Match, asks, coverage, match

log = structlog.get_logger()

# This many failed looks of a passing kind in a row are no longer passing: somebody should know.
PATIENCE = 3
# A daily cron job does not start at the same second each day; a look this much early is on time.
SLACK = 0.05
# A record that was there is believed gone after this many looks in a row over this much time (law 4).
GONE_LOOKS, GONE_TIME = 3, dt.timedelta(days=2)
_NEVER = dt.datetime.min.replace(tzinfo=dt.UTC)


@dataclass(frozen=True)
class Asked:
    """One question of the sweep and how it ended."""

    watches: tuple[str, ...]
    source: str
    query: str
    outcome: Outcome
    observed: tuple[Observed, ...] = ()
    error: str = ""
    passing: bool = False  # a failure that the next run may well mend
    baseline: bool = False

    def as_json(self) -> dict[str, Any]:
        """For `check --json` and the log."""
        return {
            "watches": list(self.watches),
            "source": self.source,
            "asked": self.query,
            "outcome": self.outcome.value,
            "error": self.error or None,
            "baseline": self.baseline,
            "filings": [{"st13": one.st13, "what": one.what} for one in self.observed],
        }


@dataclass
class SweepReport:
    """What one pass did."""

    asked: list[Asked] = field(default_factory=list)
    not_due: int = 0
    coverage: dict[str, tuple[CoverageLine, ...]] = field(default_factory=dict)

    @property
    def changed(self) -> list[Observed]:
        """Filings whose record changed in this pass."""
        return [one for item in self.asked for one in item.observed if one.what == "changed"]

    @property
    def appeared(self) -> list[Observed]:
        """Filings new to the store that were not part of a first look."""
        return [one for item in self.asked if not item.baseline for one in item.observed if one.what == "new"]

    @property
    def baseline(self) -> list[Observed]:
        """Filings of first looks."""
        return [one for item in self.asked if item.baseline for one in item.observed if one.what == "new"]

    @property
    def failures(self) -> list[Asked]:
        """Questions that did not end well."""
        return [item for item in self.asked if item.outcome not in (Outcome.OK, Outcome.NOT_MODIFIED)]

    @property
    def operator_must_act(self) -> bool:
        """Some failure will not pass by itself."""
        return any(not item.passing for item in self.failures)


@dataclass(frozen=True)
class _Job:
    """One question, however many watches want its answer."""

    source_id: str
    query: Query
    wanted: tuple[tuple[Watch, Ask], ...]

    @property
    def searching(self) -> bool:
        return isinstance(self.query, SearchQuery)


def sweep(
    config: Config,
    database: Database,
    door: Door,
    env: Mapping[str, str],
    *,
    run: str = "",
    everything: bool = False,
    only: Sequence[str] = (),
    progress: Callable[[int, int, str], None] = lambda done, total, text: None,
) -> SweepReport:
    """Ask all that is due (`everything`: whether due or not), store the answers, fill the outbox.

    A failure stops itself only. Raises `StoreError` when the database cannot be written and
    `ConfigError` when a key that the configuration points at cannot be had.
    """
    report = SweepReport(coverage={watch.name: coverage(watch, config, env) for watch in config.watches})
    jobs = _jobs(config, database, env, report, everything, only)
    for place, job in enumerate(jobs):
        progress(place, len(jobs), f"{job.source_id} {describe(job.query)}")
        item = _do(job, config, database, door, env, run, report.coverage)
        log.info("look", **item.as_json())
        report.asked.append(item)
    progress(len(jobs), len(jobs), "")
    _health(config, database, env, report, run)
    return report


def _jobs(
    config: Config,
    database: Database,
    env: Mapping[str, str],
    report: SweepReport,
    everything: bool,
    only: Sequence[str],
) -> list[_Job]:
    wanted: dict[tuple[str, Query], list[tuple[Watch, Ask]]] = {}
    for watch in config.watches:
        if only and watch.name not in only:
            continue
        for one in asks(watch, config, env):
            if not everything and not _is_due(database, watch, one):
                report.not_due += 1
                continue
            wanted.setdefault((one.source_id, one.query), []).append((watch, one))
    jobs = [_Job(source, query, tuple(who)) for (source, query), who in wanted.items()]
    # Who has waited longest comes first: where the daily cap ends a pass, the next one goes on from there
    # and does not ask the same first numbers for ever.
    return sorted(jobs, key=lambda job: _waiting_since(database, job))


def _waiting_since(database: Database, job: _Job) -> dt.datetime:
    looks = [books.ask_state(database, watch.name, one.key).last_ok_at for watch, one in job.wanted]
    return min(look or _NEVER for look in looks)


def _is_due(database: Database, watch: Watch, one: Ask) -> bool:
    """A watch without `every` is due at each check; after a failure the next check tries again."""
    if watch.every is None:
        return True
    state = books.ask_state(database, watch.name, one.key)
    if state.last_ok_at is None or state.failures or state.last_ok_at > now():
        return True  # the last: by a clock that has been set back since
    return now() - state.last_ok_at >= watch.every * (1 - SLACK)


def _do(
    job: _Job,
    config: Config,
    database: Database,
    door: Door,
    env: Mapping[str, str],
    run: str,
    lines: dict[str, tuple[CoverageLine, ...]],
) -> Asked:
    source = get_source(job.source_id)
    states = [books.ask_state(database, watch.name, one.key) for watch, one in job.wanted]
    # A page that says "not modified" is no first look: a watch without one needs the page itself.
    known = states[0].validators if all(state.baseline_at for state in states) else {}
    looked = ask(source, job.query, door, config, env, known)
    if job.searching:
        looked = _suspicious_zero(looked, job, database, door, config, env)
    first = {
        watch.name: state.baseline_at is None for (watch, _), state in zip(job.wanted, states, strict=True)
    }

    def is_baseline(watch: Watch, one: Observed, found: Match) -> bool:
        if "numbers" in found.triggers:
            return True  # the first sight of a number is its baseline
        if watch.name in first and job.searching:
            return first[watch.name]
        # Met by the way, while another watch asked. News if this watch has had its own first look at the
        # office: its next one would find the filing known, and nobody would ever be told.
        return one.what != "new" or not searched_before(watch, one.record.office, config, database, env)

    error = str(looked.error or "")
    passing = looked.outcome in PASSING and all(state.failures + 1 < PATIENCE for state in states)

    def book(base: Database) -> None:
        for watch, one in job.wanted:
            books.book_ask(base, watch.name, one.key, looked.outcome, error, looked.validators)

    last_ok = max((state.last_ok_at for state in states if state.last_ok_at), default=None)
    lost: list[dt.datetime] = []

    def book_lost(base: Database) -> None:
        book(base)
        if looked.outcome is Outcome.NOT_FOUND and last_ok is not None:
            lost.extend(books.not_found_since(base, job.source_id, describe(job.query), last_ok))
            if _is_gone(lost) and not _is_gone(lost[:-1]):
                _tell_gone(config, base, job, lost, lines, run)

    try:
        stored = observe(
            database,
            sights(looked, config),
            run=run,
            react=reactor(config, lines, is_baseline),
            reread=reread,
            also=book_lost,
        )
    except TmwatchError:
        raise
    except Exception as fault:  # noqa: BLE001
        # A record that cannot be kept (nothing of it was) stops itself only, not every look after it.
        log.info("look not stored", source=job.source_id, asked=describe(job.query), exc_info=True)
        unkept = LayoutChanged(
            f"the answer could not be stored ({type(fault).__name__}: {clean_line(str(fault), 200)})",
            where=f"{job.source_id} {describe(job.query)}",
            do="Please report this; the other filings are looked at all the same.",
        )
        looked = Looked(looked.source, looked.query, unkept.outcome, error=unkept, looked_at=looked.looked_at)
        error, passing = str(unkept), False
        stored = observe(database, sights(looked, config), run=run, also=book)
    # Not there once is nothing yet; after some looks over some days somebody has to know (law 4).
    gone_before = bool(lost) and not _is_gone(lost)
    return Asked(
        tuple(watch.name for watch, _ in job.wanted),
        job.source_id,
        describe(job.query),
        looked.outcome,
        tuple(stored),
        error,
        passing or gone_before,
        baseline=all(first.values()) if job.searching else True,
    )


def _is_gone(looks: Sequence[dt.datetime]) -> bool:
    """Whether so many looks over so long a time say that a record is no longer there."""
    return len(looks) >= GONE_LOOKS and looks[-1] - looks[0] >= GONE_TIME


def _tell_gone(
    config: Config,
    database: Database,
    job: _Job,
    lost: Sequence[dt.datetime],
    lines: dict[str, tuple[CoverageLine, ...]],
    run: str,
) -> None:
    """One alert that a watched filing is no longer listed; the record stays as it was."""
    office, number = get_source(job.source_id).declaration.office, describe(job.query)
    for watch in dict.fromkeys(watch.name for watch, _ in job.wanted):
        notify = next(one.notify for one, _ in job.wanted if one.name == watch)
        payload = AlertPayload(
            kind="source.health",
            watch=watch,
            significance=Significance.HIGH,
            sample=_is_sample(job.source_id, config),
            headline=f"{office} {number} is no longer listed by {job.source_id}",
            why=f"{len(lost)} looks since {lost[0].date()} did not find it",
            detail=f"{office} {number} was there before and has not been found since {lost[0].date()}. "
            "The stored record was left as it is. Look at the register by hand.",
            coverage=lines.get(watch, ()),
        )
        write_alert(database, payload, (), addresses(config, notify), run)


def _is_sample(source_id: str, config: Config) -> bool:
    return facts_of(get_source(source_id), config) is FactKind.SAMPLE


def _suspicious_zero(
    looked: Looked, job: _Job, database: Database, door: Door, config: Config, env: Mapping[str, str]
) -> Looked:
    """Nothing found is believed only if nothing was known before and the known query still works."""
    if looked.outcome is not Outcome.OK or looked.readings:
        return looked
    asked_before = any(_found_before(database, watch, one) for watch, one in job.wanted)
    if asked_before:
        error = Incomplete(
            "the search came back empty although it had filings before",
            where=f"{job.source_id} {describe(job.query)}",
            do="Look at the register by hand; `tmwatch source check` proves whether it still answers.",
        )
        return Looked(looked.source, looked.query, error.outcome, error=error, looked_at=looked.looked_at)
    proof = prove(looked.source, door, config, env)
    if proof.outcome is not Outcome.OK:
        return Looked(
            looked.source, looked.query, proof.outcome, error=proof.error, looked_at=looked.looked_at
        )
    return looked


def _found_before(database: Database, watch: Watch, one: Ask) -> bool:
    """Whether this very question once gave a filing that it would still find as far as we know.

    The other names of the watch have filings of their own: a name that nobody has filed yet finds none.
    """
    if not books.baselined(database, watch.name, one.key) or not isinstance(one.query, SearchQuery):
        return False
    name = one.query.owner or one.query.mark or one.query.agent or ""
    nobody: dict[str, object] = {"numbers": (), "owners": (), "agents": (), "marks": ()}
    alone = watch.model_copy(update={**nobody, one.trigger: (name,)})
    return any(
        books.answered_live(database, st13, one.source_id)
        and (record := queries.get(database, st13)) is not None
        and match(alone, record).hit
        for st13 in books.hits(database, watch.name)
    )


# -- health ----------------------------------------------------------------------------------------------


def _health(
    config: Config, database: Database, env: Mapping[str, str], report: SweepReport, run: str
) -> None:
    """One alert when a source turns bad, one when it recovers; never one per run (trap: urlwatch #191)."""
    for source_id in dict.fromkeys(item.source for item in report.asked):
        mine = [item for item in report.asked if item.source == source_id]
        bad = [item for item in mine if item in report.failures and item.outcome is not Outcome.NOT_FOUND]
        lasting = [item for item in bad if not item.passing]
        if bad and len(bad) == len(mine) and not lasting:
            continue  # may pass by itself: no turn yet
        if not lasting and _fails_elsewhere(config, database, env, source_id, mine):
            continue  # `--watch` asked those that work: that is no recovery
        with database.write():
            worst = lasting[0] if lasting else None
            outcome = worst.outcome if worst else Outcome.OK
            turn = books.book_source(database, source_id, outcome, worst.error if worst else "")
            if turn is not None:
                _tell_turn(config, database, report, turn, mine, run)


def _fails_elsewhere(
    config: Config, database: Database, env: Mapping[str, str], source_id: str, asked: Sequence[Asked]
) -> bool:
    """Whether a question to the source that was not asked in this pass ended badly when it last was."""
    now_asked = {(name, item.query) for item in asked for name in item.watches}
    left = (
        books.ask_state(database, watch.name, one.key)
        for watch in config.watches
        for one in asks(watch, config, env)
        if one.source_id == source_id and (watch.name, describe(one.query)) not in now_asked
    )
    return any(state.failures and state.last_outcome != Outcome.NOT_FOUND for state in left)


def _tell_turn(
    config: Config,
    database: Database,
    report: SweepReport,
    turn: books.Turn,
    asked: Sequence[Asked],
    run: str,
) -> None:
    names = tuple(dict.fromkeys(name for item in asked for name in item.watches))
    watches = [watch for watch in config.watches if watch.name in names]
    failing = turn.now == "failing"
    what = "can no longer be read in full" if failing else "can be read again"
    listed = [
        f"{item.query}: {item.outcome.value}: {item.error}" for item in asked if item in report.failures
    ]
    payload = AlertPayload(
        kind="source.health",
        watch=", ".join(names),
        significance=Significance.HIGH if failing else Significance.MEDIUM,
        sample=_is_sample(turn.source, config),
        headline=f"{turn.source} {what}",
        why=f"the state of {turn.source} turned from {turn.was} to {turn.now}",
        detail="\n".join(listed) or f"{turn.source} answers again.",
        coverage=tuple(line for watch in watches for line in report.coverage.get(watch.name, ())),
    )
    to = addresses(config, dict.fromkeys(name for watch in watches for name in watch.notify))
    write_alert(database, payload, (), to, run)


__all__ = ["Asked", "SweepReport", "sweep"]
