"""What a question of a pass brought, or that it failed, kept with everything that follows from it."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping

from tmwatch.alerts.compose import reactor
from tmwatch.alerts.payload import CoverageLine
from tmwatch.config import Config, Watch
from tmwatch.errors import PASSING, LayoutChanged, LookError, Outcome, TmwatchError
from tmwatch.import_reaction import searched_before
from tmwatch.logs import Log
from tmwatch.looking import Looked, describe, reread, sights
from tmwatch.passes import SourcePass
from tmwatch.questions import Job
from tmwatch.source_health import is_gone, tell_gone, tell_new_words
from tmwatch.store import Database, Observed, books, observe, queries
from tmwatch.sweep_report import PATIENCE, Asked, lightly
from tmwatch.text import clean_line
from tmwatch.watches import Match, Portfolio, asks

log = Log()


def store(
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

    def is_baseline(watch: Watch, one: Observed, found: Match, _: bool | None) -> bool:
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
    except Exception as fault:  # noqa: BLE001 - told, with its traceback in the log
        # A record that cannot be kept (nothing of it was) stops itself only, not every look after it.
        log.info("look not stored", source=job.source_id, asked=describe(job.query), exc_info=True)
        unkept = LayoutChanged(
            f"the answer could not be stored ({type(fault).__name__}: {clean_line(str(fault), 200)})",
            where=f"{job.source_id} {describe(job.query)}",
            do="Please report this; the other filings are looked at all the same.",
        )
        looked = failed(looked, unkept)
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


def store_same(
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
        return [store(job, looked, config, database, env, run, lines, portfolio, under)]

    def is_baseline(watch: Watch, one: Observed, found: Match, _: bool | None) -> bool:
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
            store(job, looked, config, database, env, run, lines, portfolio, under)
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


def failed(looked: Looked, error: LookError) -> Looked:
    """The look as one that came to this."""
    return Looked(looked.source, looked.query, error.outcome, error=error, looked_at=looked.looked_at)


def _filing(job: Job, database: Database) -> str:
    """ST.13 of the filing that is asked for by number; where that is not known, what is asked."""
    number = next((one.number for _, one in job.wanted if one.number is not None), None)
    found = queries.find(database, number) if number is not None else []
    office = f"{number.office} " if number is not None else ""
    return found[0] if len(found) == 1 else f"{office}{describe(job.query)}"
