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

from tmwatch.alerts.compose import reactor
from tmwatch.alerts.payload import CoverageLine
from tmwatch.config import Config, Watch
from tmwatch.errors import (
    PASSING,
    Incomplete,
    LayoutChanged,
    LookError,
    Outcome,
    StoreError,
    TmwatchError,
)
from tmwatch.following import with_relevant
from tmwatch.http import Door
from tmwatch.import_reaction import searched_before
from tmwatch.lanes import Lane, side_by_side
from tmwatch.logs import Log
from tmwatch.looking import Looked, ask, describe, prove, reread, sights
from tmwatch.new_filings import Pass, read_new
from tmwatch.passes import SourcePass
from tmwatch.questions import Job, due_jobs
from tmwatch.source_health import is_gone, tell_gone, tell_new_words, tell_turns
from tmwatch.sources.base import Glance, SearchQuery
from tmwatch.sources.registry import get_source
from tmwatch.store import Database, Observed, books, observe, queries
from tmwatch.store.database import now
from tmwatch.store.repeats import answered
from tmwatch.sweep_report import PATIENCE, Asked, Closed, Left, SweepReport, lightly
from tmwatch.text import clean_line
from tmwatch.watches import Ask, Match, Portfolio, asks, coverage, match
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
            keep(_store_same(waiting, config, database, env, run, report.coverage, portfolio, under))

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
                    looked = _failed(looked, _suspicious_zero(job))
                else:
                    proof = yield partial(prove, source, door, config, env)
                    if proof.error is not None:
                        looked = _failed(looked, proof.error)
            keep([_store(job, looked, config, database, env, run, report.coverage, portfolio, under)])
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


def _failed(looked: Looked, error: LookError) -> Looked:
    return Looked(looked.source, looked.query, error.outcome, error=error, looked_at=looked.looked_at)


def _suspicious_zero(job: Job) -> Incomplete:
    return Incomplete(
        "the search came back empty although it had filings before",
        where=f"{job.source_id} {describe(job.query)}",
        do="Look at the register by hand; `tmwatch source check` proves whether it still answers.",
    )


def _store(
    job: Job,
    looked: Looked,
    config: Config,
    database: Database,
    env: Mapping[str, str],
    run: str,
    lines: dict[str, tuple[CoverageLine, ...]],
    portfolio: Portfolio,
    under: SourcePass,
) -> Asked:
    """Keep what a question brought, or that it failed, with everything that follows from it."""
    states = job.states
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
        office, filed = one.record.office, one.record.application_date
        return one.what != "new" or not searched_before(watch, office, config, database, env, filed=filed)

    error = str(looked.error or "")
    passing = looked.outcome in PASSING and all(state.failures + 1 < PATIENCE for state in states)

    watches = list({watch.name: watch for watch, _ in job.wanted}.values())
    words = [word for reading in looked.readings for word in reading.unknown_words]

    def book(base: Database) -> None:
        for watch, one in job.wanted:
            books.book_ask(
                *(base, watch.name, one.key, looked.outcome, error, looked.validators),
                partly=bool(looked.unread),
            )
        tell_new_words(config, base, job.source_id, words, watches, lines, run)

    last_ok = max((state.last_ok_at for state in states if state.last_ok_at), default=None)
    lost: list[dt.datetime] = []

    def book_lost(base: Database) -> None:
        book(base)
        if looked.outcome is Outcome.NOT_FOUND and last_ok is not None:
            lost.extend(books.not_found_since(base, job.source_id, describe(job.query), last_ok))
            turned = is_gone(lost) and not is_gone(lost[:-1])
            under.seen(base, _filing(job, base), "gone" if turned or len(lost) == 1 else "missing")
            if turned:
                # Told once, and so to every watch that asks for it, whether due in this pass or not.
                waiting = [
                    watch
                    for watch in config.watches
                    if any(
                        (one.source_id, one.query) == (job.source_id, job.query)
                        for one in asks(watch, config, env)
                    )
                ]
                asked = describe(job.query)
                tell_gone(config, base, job.source_id, asked, waiting, lost, lines, run, under.waits)
        elif looked.outcome is Outcome.NOT_MODIFIED:
            under.seen(base, _filing(job, base), "same")
        elif job.searching and looked.outcome is Outcome.OK:
            found = {reading.record.st13 for reading in looked.readings}
            under.searched(base, job.wanted[0][1].key, found)

    try:
        stored = observe(
            database,
            sights(looked, config),
            run=run,
            react=under.waiting(reactor(config, lines, is_baseline, portfolio)),
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
        looked = _failed(looked, unkept)
        error, passing = str(unkept), False
        stored = observe(database, sights(looked, config), run=run, also=book)
    # Not there once is nothing yet; after some looks over some days somebody has to know (law 4).
    gone_before = bool(lost) and not is_gone(lost)
    return Asked(
        tuple(watch.name for watch, _ in job.wanted),
        job.source_id,
        describe(job.query),
        looked.outcome,
        tuple(lightly(one) for one in stored),
        error,
        passing or gone_before,
        baseline=all(first.values()) if job.searching else True,
    )


def _filing(job: Job, database: Database) -> str:
    """ST.13 of the filing that is asked for by number; where that is not known, what is asked."""
    number = next((one.number for _, one in job.wanted if one.number is not None), None)
    found = queries.find(database, number) if number is not None else []
    office = f"{number.office} " if number is not None else ""
    return found[0] if len(found) == 1 else f"{office}{describe(job.query)}"


def _store_same(
    waiting: Mapping[str, tuple[Job, Looked]],
    config: Config,
    database: Database,
    env: Mapping[str, str],
    run: str,
    lines: dict[str, tuple[CoverageLine, ...]],
    portfolio: Portfolio,
    under: SourcePass,
) -> list[Asked]:
    """Keep answers (by ST.13) that say what they said last time, all in one transaction."""
    if len(waiting) == 1:
        ((job, looked),) = waiting.values()
        return [_store(job, looked, config, database, env, run, lines, portfolio, under)]

    def is_baseline(watch: Watch, one: Observed, found: Match) -> bool:
        return "numbers" in found.triggers or not (
            one.what == "new"
            and searched_before(
                *(watch, one.record.office, config, database, env), filed=one.record.application_date
            )
        )

    def book(base: Database) -> None:
        for job, looked in waiting.values():
            for watch, one in job.wanted:
                books.book_ask(base, watch.name, one.key, looked.outcome, "", looked.validators)

    try:
        stored = observe(
            database,
            [sight for _, looked in waiting.values() for sight in sights(looked, config)],
            run=run,
            react=under.waiting(reactor(config, lines, is_baseline, portfolio)),
            reread=reread,
            also=book,
        )
    except TmwatchError:
        raise
    except Exception:  # noqa: BLE001 - which of them it is will be seen when each is stored by itself
        log.info("looks not stored together", count=len(waiting), exc_info=True)
        return [
            _store(job, looked, config, database, env, run, lines, portfolio, under)
            for job, looked in waiting.values()
        ]
    of = {one.st13: lightly(one) for one in stored}
    return [
        Asked(
            tuple(watch.name for watch, _ in job.wanted),
            job.source_id,
            describe(job.query),
            looked.outcome,
            (of[st13],) if st13 in of else (),
            baseline=True,
        )
        for st13, (job, looked) in waiting.items()
    ]


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
