"""One pass over what is due: ask, store, react. The command line and the daemon both call it.

Delivery is not its business: alerts lie in the outbox when it returns, written in the same
transaction as the change they tell of.
"""

from __future__ import annotations

import contextlib
import datetime as dt
import sqlite3
import time
from collections.abc import Callable, Collection, Mapping, Sequence
from functools import partial

from tmwatch.config import Config, Watch
from tmwatch.errors import (
    Incomplete,
    Outcome,
    StoreError,
)
from tmwatch.following import with_relevant
from tmwatch.http import Door
from tmwatch.lanes import Lane, side_by_side
from tmwatch.logs import Log
from tmwatch.looking import Looked, ask, describe, prove
from tmwatch.new_filings import Pass, read_new
from tmwatch.passes import SourcePass
from tmwatch.questions import Job, due_jobs
from tmwatch.source_health import tell_turns
from tmwatch.sources.base import Glance, SearchQuery
from tmwatch.sources.registry import get_source
from tmwatch.store import Database, books, queries
from tmwatch.store.database import now
from tmwatch.store.repeats import answered
from tmwatch.sweep_report import Asked, Closed, Left, SweepReport
from tmwatch.sweep_storing import failed, store, store_same
from tmwatch.watches import Ask, Portfolio, coverage, match
from tmwatch.worklist import with_hand_work

log = Log()

# Looks that say nothing new are stored together where the register answers quicker than this (seconds), and
# so many of them at most: to sync the disk for each costs more than all else that is done. What a kill loses
# of them is asked again by the next pass, for which they are still due.
_QUICK, _TOGETHER = 0.05, 32


def sweep(
    config: Config,
    database: Database,
    door: Door,
    env: Mapping[str, str],
    *,
    run: str = "",
    everything: bool = False,
    only: Sequence[str] = (),
    leave: Collection[str] = (),
    sources: Collection[str] = (),
    planned: dt.datetime | None = None,
    stop: Callable[[], bool] = lambda: False,
    progress: Callable[[int, int, str], None] = lambda done, total, text: None,
) -> SweepReport:
    """Ask all that is due (`everything`: whether due or not), store the answers, fill the outbox.

    `only` and `leave` are names of watches: those alone (empty: all), and not those; `sources` likewise those
    sources alone. What was answered since `planned` is not due: a pass that was broken off goes on where it
    was. Where `stop` says so nothing more is asked; what is not asked remains due. A source is not asked in
    hours that the operator has closed it for. The sources are asked
    side by side, each at its own pace: one that is slow or has to be waited for holds up no other. A
    failure stops itself only. Raises `StoreError` when the database cannot be written and
    `ConfigError` when a key that the configuration points at cannot be had.
    """
    config = with_relevant(config, database)
    report = SweepReport(
        coverage={
            watch.name: with_hand_work(watch, coverage(watch, config, env), database)
            for watch in config.watches
        }
    )
    due, report.not_due = due_jobs(
        config,
        database,
        env,
        everything=everything,
        only=only,
        leave=leave,
        sources=sources,
        planned=planned,
    )
    portfolio = Portfolio(config.watches)
    lanes: dict[str, list[Job]] = {}
    for job in due:
        lanes.setdefault(job.source_id, []).append(job)

    def told(source_id: str, text: str) -> None:
        done = min(len(report.asked) + len(report.left), len(due))
        progress(done, len(due), f"{source_id} {text}")

    under = {name: _begin(name, mine, config, database, run) for name, mine in lanes.items()}
    try:
        with door.keeping():
            side_by_side(
                _lane(mine, config, database, door, env, run, report, told, stop, portfolio, under[name])
                for name, mine in lanes.items()
            )
    except (Exception, KeyboardInterrupt):
        with contextlib.suppress(StoreError):  # else whoever comes next does it
            for one in under.values():
                one.end()
        raise
    progress(len(due), len(due), "")
    tell_turns(config, database, env, report, run)
    return report


def _begin(source_id: str, jobs: Sequence[Job], config: Config, database: Database, run: str) -> SourcePass:
    return SourcePass.begin(
        *(config, database, source_id, run),
        list(dict.fromkeys(watch.name for job in jobs for watch, _ in job.wanted)),
        numbers=sum(not job.searching for job in jobs),
        searching=any(job.searching for job in jobs),
    )


def _lane(
    jobs: Sequence[Job],
    config: Config,
    database: Database,
    door: Door,
    env: Mapping[str, str],
    run: str,
    report: SweepReport,
    told: Callable[[str, str], None],
    stop: Callable[[], bool],
    portfolio: Portfolio,
    under: SourcePass,
) -> Lane[Looked]:
    """One source's questions, one after another. It yields what waits for the network (`lanes.py`)."""
    filings: dict[str, str] = {}  # the last question that was found answered, and the filing
    same: dict[str, tuple[Job, Looked]] = {}  # looks that say nothing new of a filing, not stored yet

    def seen(source_id: str, glance: Glance, asked: str) -> bool:
        try:
            with database.reading() as conn:  # this is the lane's own thread
                st13 = answered(conn, source_id, glance, asked)
        except sqlite3.Error:
            st13 = None  # the page is read then; if the database is ill, whoever writes will say so
        filings.clear()
        if st13 is not None:
            filings[asked] = st13
        return st13 is not None

    def keep(items: Sequence[Asked]) -> None:
        for item in items:
            log.info("look", **item.as_json())
            report.asked.append(item)

    def later(left: Left | None) -> None:
        if left is not None:
            log.info("left for later", **left.as_json())
            report.left.append(left)

    def trouble(error: StoreError) -> None:
        report.problems.setdefault(str(error), error)

    def heard(text: str) -> None:
        told(jobs[0].source_id, text)

    def keep_same() -> None:
        waiting = dict(same)
        same.clear()
        if waiting:
            keep(store_same(waiting, config, database, env, run, report.coverage, portfolio, under))

    try:
        for place, job in enumerate(jobs):
            if (until := config.closed_until(job.source_id, now())) is not None:
                report.closed[job.source_id] = Closed(until, len(jobs) - place)
                break
            if stop():
                report.stopped += len(jobs) - place
                break
            told(job.source_id, describe(job.query))
            if isinstance(job.query, SearchQuery) and job.query.new:
                keep_same()
                asked, rest = yield from read_new(
                    Pass(
                        *(config, database, door, env, run, report.coverage, portfolio, under),
                        *(trouble, stop, heard),
                    ),
                    job,
                )
                keep([asked] if asked is not None else [])
                if rest is not None and (until := config.closed_until(job.source_id, now())) is not None:
                    report.closed[job.source_id] = Closed(until, len(jobs) - place)
                    break
                if rest is not None and stop():
                    report.stopped += len(jobs) - place
                    break
                later(rest)
                continue
            source = get_source(job.source_id)
            # A page that says "not modified" is no first look: a watch without one needs the page itself.
            known = job.states[0].validators if all(state.baseline_at for state in job.states) else {}
            begun = time.monotonic()
            looked = yield partial(ask, source, job.query, door, config, env, known, seen)
            quick = time.monotonic() - begun < _QUICK
            st13 = filings.get(describe(job.query)) if looked.glance is not None else None
            if st13 is not None and not looked.readings and not job.searching:
                if st13 in same:  # two questions about one filing: one look after the other
                    keep_same()
                same[st13] = job, looked
                if not quick or len(same) >= _TOGETHER:
                    keep_same()
                continue
            keep_same()
            if looked.held_until is not None:
                later(_left(job, looked, looked.held_until))
                continue
            # Nothing found is believed only if nothing was known before and the known query still works
            # (law 3).
            if job.searching and looked.outcome is Outcome.OK and not looked.readings:
                if any(_found_before(database, watch, one) for watch, one in job.wanted):
                    looked = failed(looked, _suspicious_zero(job))
                else:
                    proof = yield partial(prove, source, door, config, env)
                    if proof.error is not None:
                        looked = failed(looked, proof.error)
            keep([store(job, looked, config, database, env, run, report.coverage, portfolio, under)])
        keep_same()
        under.end()
    except (Exception, KeyboardInterrupt):
        with contextlib.suppress(StoreError):  # what was seen is kept, if the disk lets us
            keep_same()
        raise


def _left(job: Job, looked: Looked, until: dt.datetime) -> Left:
    names = tuple(dict.fromkeys(watch.name for watch, _ in job.wanted))
    why = looked.error.message if looked.error is not None else ""
    return Left(names, job.source_id, describe(job.query), looked.outcome, why, until)


def _suspicious_zero(job: Job) -> Incomplete:
    return Incomplete(
        "the search came back empty although it had filings before",
        where=f"{job.source_id} {describe(job.query)}",
        do="Look at the register by hand; `tmwatch source check` proves whether it still answers.",
    )


def _found_before(database: Database, watch: Watch, one: Ask) -> bool:
    """Whether this very question once gave a filing that it would still find as far as we know.

    The other names of the watch have filings of their own: a name that nobody has filed yet finds none.
    """
    if not books.baselined(database, watch.name, one.key) or not isinstance(one.query, SearchQuery):
        return False
    name = one.query.owner or one.query.mark or one.query.agent or ""
    nobody: dict[str, object] = {"numbers": (), "owners": (), "agents": (), "marks": ()}
    # By the same name: what only comes near may have been found otherwise.
    alone = watch.model_copy(update={**nobody, one.trigger: (name,)})
    return any(
        books.answered_live(database, st13, one.source_id)
        and (record := queries.get(database, st13)) is not None
        and match(alone, record).hit
        for st13 in books.hits(database, watch.name)
    )


__all__ = ["Asked", "Left", "SweepReport", "sweep"]
