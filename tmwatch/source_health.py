"""Health alerts: a source turns bad or recovers, a record is no longer listed, a word is not in our tables.

Each is told once, when it turns, through the same outbox as changes; never at every run.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence

from tmwatch.alerts.compose import addresses
from tmwatch.alerts.payload import AlertPayload, CoverageLine
from tmwatch.config import Config, Watch
from tmwatch.errors import Outcome
from tmwatch.looking import describe, facts_of
from tmwatch.model import FactKind, Significance
from tmwatch.sources.registry import get_source
from tmwatch.store import Database, books
from tmwatch.store.writing import write_alert
from tmwatch.sweep_report import Asked, SweepReport
from tmwatch.watches import asks

# A record that was there is believed gone after this many looks in a row over this much time (law 4).
GONE_LOOKS, GONE_TIME = 3, dt.timedelta(days=2)


def tell_turns(
    config: Config, database: Database, env: Mapping[str, str], report: SweepReport, run: str
) -> None:
    """One alert when a source turns bad, one when it recovers; never one per run (trap: urlwatch #191).

    Where a watch comes to fail while its source fails already (for other numbers, other people), its own
    people are told then, once: what they were told of others is no word on theirs.
    """
    for source_id in dict.fromkeys(item.source for item in report.asked):
        mine = [item for item in report.asked if item.source == source_id]
        bad = [item for item in mine if item.failed and item.outcome is not Outcome.NOT_FOUND]
        lasting = [item for item in bad if not item.passing]
        if bad and len(bad) == len(mine) and not lasting:
            if not books.is_failing(database, source_id):
                continue  # may pass by itself: no turn yet
            lasting = bad  # but while it fails already, it is one more bad pass
        if not lasting and _fails_elsewhere(config, database, env, source_id, mine):
            continue  # `--watch` asked those that work: that is no recovery
        with database.write():
            worst = lasting[0] if lasting else None
            outcome = worst.outcome if worst else Outcome.OK
            turn = books.book_source(database, source_id, outcome, worst.error if worst else "")
            if turn is not None:
                _tell_turn(config, database, report, turn, mine, run)
            elif failing := [item for item in bad if not item.passing]:
                _tell_spread(config, database, report, source_id, failing, run)


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
    """A failing source is told to all whose questions were put in this pass, in the name of the watches
    that failed; a recovery also to whoever was told of the failure and has nothing due now."""
    names = _watches_of(asked)
    failing = turn.now == "failing"
    lasting = [item for item in asked if item.failed]
    if not failing and turn.since is not None:
        told = books.told_failing(database, turn.source, turn.since)
        names += [watch.name for watch in config.watches if told(watch.name) and watch.name not in names]
    what = "can no longer be read in full" if failing else "can be read again"
    why = f"the state of {turn.source} turned from {turn.was} to {turn.now}"
    about = (_watches_of(lasting) or names) if failing else names
    _tell(
        config,
        database,
        report,
        turn.source,
        turn.now,
        f"{turn.source} {what}",
        why,
        lasting,
        about,
        names,
        run,
    )


def _tell_spread(
    config: Config,
    database: Database,
    report: SweepReport,
    source_id: str,
    failing: Sequence[Asked],
    run: str,
) -> None:
    """The watches that fail now and did not when their source turned."""
    since = books.failing_since(database, source_id)
    if since is None:
        return
    told = books.told_failing(database, source_id, since)
    for name in _watches_of(failing):
        if not told(name):
            mine = [item for item in failing if name in item.watches]
            headline = f"{source_id} can no longer be read in full for {name}"
            why = f"{source_id} fails since {since.date()}, and now for this watch too"
            _tell(config, database, report, source_id, "failing", headline, why, mine, [name], [name], run)


def _watches_of(asked: Sequence[Asked]) -> list[str]:
    return list(dict.fromkeys(name for item in asked for name in item.watches))


def _tell(
    config: Config,
    database: Database,
    report: SweepReport,
    source_id: str,
    state: str,
    headline: str,
    why: str,
    failures: Sequence[Asked],
    about: Sequence[str],
    whom: Sequence[str],
    run: str,
) -> None:
    """`about`: the watches it is about; `whom`: those whose people are told."""
    watches = [watch for watch in config.watches if watch.name in whom]
    listed = [f"{item.query}: {item.outcome.value}: {item.error}" for item in failures]
    payload = AlertPayload(
        kind="source.health",
        watch=", ".join(about),
        significance=Significance.HIGH if state == "failing" else Significance.MEDIUM,
        sample=_is_sample(source_id, config),
        headline=headline,
        why=why,
        detail="\n".join(listed) or f"{source_id} answers again.",
        coverage=tuple(line for watch in watches for line in report.coverage.get(watch.name, ())),
    )
    to = addresses(config, dict.fromkeys(name for watch in watches for name in watch.notify))
    write_alert(database, payload, (), to, run, about=(f"source {source_id}", state))


def is_gone(looks: Sequence[dt.datetime]) -> bool:
    """Whether so many looks over so long a time say that a record is no longer there."""
    return len(looks) >= GONE_LOOKS and looks[-1] - looks[0] >= GONE_TIME


def tell_gone(
    config: Config,
    database: Database,
    source_id: str,
    asked: str,
    watches: Sequence[Watch],
    lost: Sequence[dt.datetime],
    lines: dict[str, tuple[CoverageLine, ...]],
    run: str,
    waits: int | None = None,
) -> None:
    """One alert that a watched filing is no longer listed; the record stays as it was. `waits`: it goes when
    that pass is over (`store.passes`)."""
    office = get_source(source_id).declaration.office
    for watch in watches:
        payload = AlertPayload(
            kind="source.health",
            watch=watch.name,
            significance=Significance.HIGH,
            sample=_is_sample(source_id, config),
            headline=f"{office} {asked} is no longer listed by {source_id}",
            why=f"{len(lost)} looks since {lost[0].date()} did not find it",
            detail=f"{office} {asked} was there before and has not been found since {lost[0].date()}. "
            "The stored record was left as it is. Look at the register by hand.",
            coverage=lines.get(watch.name, ()),
        )
        about = (f"listing {source_id} {asked}", "gone")
        write_alert(database, payload, (), addresses(config, watch.notify), run, about=about, waits=waits)


def _is_sample(source_id: str, config: Config) -> bool:
    return facts_of(get_source(source_id), config) is FactKind.SAMPLE


def tell_new_words(
    config: Config,
    database: Database,
    source_id: str,
    words: Sequence[str],
    watches: Sequence[Watch],
    lines: Mapping[str, tuple[CoverageLine, ...]],
    run: str,
) -> None:
    """One alert per status word that our tables do not know. The record says `unknown`, never a guess."""
    new = books.note_words(database, source_id, words)
    if not new:
        return
    listed = ", ".join(f"“{word}”" for word in new)
    payload = AlertPayload(
        kind="source.health",
        watch=", ".join(watch.name for watch in watches),
        significance=Significance.HIGH,
        sample=_is_sample(source_id, config),
        headline=f"{source_id} uses a word that tmwatch does not know: {listed}",
        why="a status that is not in the tables is recorded as unknown, and somebody has to look",
        detail=f"Recorded as unknown: {listed}. Everything else of the record was read. Look at the register "
        "for what it means, and report it, so that the next version knows it.",
        coverage=tuple(line for watch in watches for line in lines.get(watch.name, ())),
    )
    to = addresses(config, dict.fromkeys(name for watch in watches for name in watch.notify))
    write_alert(database, payload, (), to, run, about=(f"words of {source_id}: {listed}", "unknown"))
