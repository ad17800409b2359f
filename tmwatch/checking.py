"""One `tmwatch check`: sweep what is due, deliver what waits, and say how it went.

A dry run is the real run minus the sink (design law 15): the registers are asked as always, but what
comes of it is written to a copy of the database that is thrown away, and nothing is delivered.
"""

from __future__ import annotations

import contextlib
import datetime as dt
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tmwatch.alerts.muting import Standing, standings
from tmwatch.alerts.outbox import DeliveryReport, deliver_due
from tmwatch.config import Config
from tmwatch.due_alerts import tell_due
from tmwatch.errors import StoreError, TmwatchError, UsageError
from tmwatch.http import Door
from tmwatch.lateness import tell_late
from tmwatch.sources.registry import all_sources
from tmwatch.store import Database, Observed, Outbox, backup, books, growth, muted, opening, upkeep
from tmwatch.store.database import now
from tmwatch.store.locks import BeingChecked, Shared, checking
from tmwatch.store.outbox import told_at as digests_told
from tmwatch.sweep import SweepReport, sweep
from tmwatch.watches import noises
from tmwatch.watches.live import live_state, refused

if TYPE_CHECKING:
    from tmwatch.feeding import FeedReport
    from tmwatch.inbox import InboxReport

Progress = Callable[[int, int, str], None]
_KEPT = "What waits for it stays in the outbox, and goes by itself where this lasts for two days."
_LATEST = 1000  # alerts; what waits longer than these is told by `tmwatch alerts list`
_OF_AN_ALERT = ("id", "kind", "watch", "significance", "headline", "sample", "st13")


@dataclass
class CheckReport:
    """What one check did."""

    run: str
    sweep: SweepReport
    problems: list[TmwatchError] = field(default_factory=list)  # what the run needed and lacked
    docket_problems: list[str] = field(default_factory=list)  # rows that are not watched as they stand
    alerts: list[dict[str, Any]] = field(default_factory=list)  # made in this run
    delivery: DeliveryReport | None = None  # None: nothing was to be delivered
    outbox: dict[str, Any] = field(default_factory=dict)
    next_try: dt.datetime | None = None  # of what waits, the first
    # (recipient, channel, error) → the addresses it happened to
    failed_at: dict[tuple[str, str, str], list[str]] = field(default_factory=dict)
    being_checked: list[BeingChecked] = field(default_factory=list)  # left to another process
    inbox: InboxReport | None = None  # None: there is none
    feeds: list[FeedReport] = field(default_factory=list)  # of those that are switched on
    told_nobody: list[str] = field(default_factory=list)  # metrics, heartbeat or feeds that failed
    mutes: list[Standing] = field(default_factory=list)
    silenced: dict[str, int] = field(default_factory=dict)  # how much each mute silenced in this run
    mutes_ended: list[muted.Ended] = field(default_factory=list)  # of which it is to be said now
    dry: bool = False

    @property
    def changes_found(self) -> bool:
        """Some filing changed or newly appeared; a first look is neither."""
        came = self.inbox is not None and self.inbox.changes_found
        return bool(self.sweep.changed or self.sweep.appeared) or came

    @property
    def operator_must_act(self) -> bool:
        """Something of this run will not pass by itself."""
        undelivered = self.delivery is not None and self.delivery.operator_needed
        held = bool(self.outbox.get("held") or self.outbox.get("masses"))
        unread = self.inbox is not None and self.inbox.operator_must_act
        fed = any(one.operator_must_act for one in self.feeds)
        return self.sweep.operator_must_act or bool(self.problems) or undelivered or held or unread or fed

    def as_json(self) -> dict[str, Any]:
        """One document."""
        delivery = self.delivery
        return {
            "run": self.run,
            "dry_run": self.dry,
            "operator_must_act": self.operator_must_act,
            "changes_found": self.changes_found,
            "asked": [one.as_json() for one in self.sweep.asked],
            "left_for_later": [one.as_json() for one in self.sweep.left],
            "inbox": self.inbox.as_json() if self.inbox is not None else None,
            "feeds": [one.as_json() for one in self.feeds],
            "being_checked": [one.as_json() for one in self.being_checked],
            "not_due": self.sweep.not_due,
            "closed": {
                source: {"until": one.until.isoformat(), "questions": one.questions}
                for source, one in self.sweep.closed.items()
            },
            "changed": [_observed(one) for one in self.sweep.changed],
            "appeared": [_observed(one) for one in self.sweep.appeared],
            "baseline": [_observed(one) for one in self.sweep.baseline],
            "alerts": [{key: one[key] for key in _OF_AN_ALERT} for one in self.alerts],
            "coverage": {
                name: [line.model_dump(mode="json") for line in lines]
                for name, lines in self.sweep.coverage.items()
            },
            "mutes": [one.as_json() for one in self.mutes],
            "silenced": self.silenced,
            "mutes_ended": [one.as_json() for one in self.mutes_ended],
            "problems": [str(one) for one in self.problems],
            "docket_problems": self.docket_problems,
            "deliveries": {
                "sent": delivery.sent if delivery else 0,
                "failed": delivery.failed_passing if delivery else 0,
                "given_up": delivery.dead if delivery else 0,
                "waiting": self.outbox.get("waiting", 0),
                "dead": self.outbox.get("dead", 0),
                "held": self.outbox.get("held", 0),
                "masses": self.outbox.get("masses", []),
                "next_try": self.next_try.isoformat() if self.next_try else None,
                "digests": {
                    name: {"at": at.isoformat(), "waiting": waiting}
                    for name, (at, waiting) in (delivery.digests if delivery else {}).items()
                },
                "gathered": {
                    name: {"until": until.isoformat(), "waiting": waiting}
                    for name, (until, waiting) in (delivery.days if delivery else {}).items()
                },
                "switched_off": [
                    {"receiver": name, "why": why, "waiting": waiting}
                    for name, (why, waiting, _) in (delivery.off if delivery else {}).items()
                ],
                "quiet": {
                    name: until.isoformat() for name, until in (delivery.quiet if delivery else {}).items()
                },
                "told_of_receivers": [
                    {
                        "receiver": one.about,
                        "headline": one.headline,
                        "to": [f"{recipient} ({channel})" for recipient, channel, _ in one.to],
                    }
                    for one in (delivery.notices if delivery else [])
                ],
                "failures": [
                    {
                        "recipient": one.recipient,
                        "channel": one.channel,
                        "error": one.error,
                        "next_try": one.next_try.isoformat() if one.next_try else None,
                    }
                    for one in (delivery.failures if delivery else [])
                ],
            },
        }


def _observed(one: Observed) -> dict[str, Any]:
    record = one.record
    return {
        "st13": one.st13,
        "office": record.office,
        "number": record.application_number,
        "mark": record.verbal_element,
        "facts": one.provenance.kind.value,
        "source": one.provenance.source,
        "as_of": one.provenance.as_of.isoformat() if one.provenance.as_of else None,
        "as_of_kind": one.provenance.as_of_kind,
        "changes": [change.model_dump(mode="json") for change in one.changes],
    }


def check(
    config: Config,
    database: Database,
    door: Door,
    env: Mapping[str, str],
    *,
    everything: bool = False,
    only: Sequence[str] = (),
    look: bool = True,
    deliver: bool = True,
    dry: bool = False,
    inbox: bool = True,
    sources: Sequence[str] = (),
    planned: dt.datetime | None = None,
    stop: Callable[[], bool] = lambda: False,
    shared: Shared | None = None,
    progress: Progress = lambda done, total, text: None,
    started: Callable[[str], None] = lambda run: None,
) -> CheckReport:
    """Import the inbox, sweep (unless not to `look`) and `deliver`. `started` is told the run's id.

    `dry` expects `database` to be a copy (`dry_copy`). What the daemon gives: no `inbox`, `sources` to ask
    those alone, `planned`, `stop` (see `sweep`), and the locks that its threads hold together (`shared`).

    A watch that another process is checking is left to it (`store/locks.py`); the others are checked, and
    what waits is delivered. A dry run keeps nothing, so it needs no lock and heeds none: only the pace of
    the registers binds it.

    Raises `UsageError` for a watch that does not exist and what the store raises; nothing for a register
    or a receiver, nor for the store of a whole register: what needs none is looked at, and all is delivered.
    """
    _known(config, only)
    run = books.start_run(database, "check" if look else "deliver")
    started(run)
    taken = None
    aside: list[StoreError] = []
    whole = inbox and not only and not sources
    if inbox and config.store.inbox is not None:
        from tmwatch.inbox import take  # with it comes all that reads files: nothing that a look needs

        with _register_aside(config, aside):
            taken = take(config, database, env, run=run, again=everything, dry=dry)
    fed = _feeds(config, database, door, env, run, stop, aside) if whole and look and not dry else []
    mine = [watch.name for watch in config.watches if look and (not only or watch.name in only)]
    with checking(database.path, [] if dry else mine, shared) as busy:
        swept = sweep(
            _without_register(config) if dry else config,
            database,
            door,
            env,
            run=run,
            everything=everything,
            only=only,
            leave=[one.watch for one in busy] if look else [watch.name for watch in config.watches],
            sources=sources,
            planned=planned,
            stop=stop,
            progress=progress,
        )
    if look and not dry:
        tell_late(config, database, env, swept.coverage, run)
    if not stop():
        tell_due(config, database, run)
    wrong = gather(config, database, env, run) if deliver and not dry else []
    outbox = Outbox(database)
    made = [outbox.alert(number) for number in upkeep.alerts_of_run(database, run)]
    report = CheckReport(
        run,
        swept,
        problems=[
            *config.problems(env),
            *refused(config, all_sources().values()),
            *aside,
            *(one for one in swept.problems.values() if str(one) not in map(str, aside)),
            *(TmwatchError(text, kept=_KEPT) for text in wrong),
        ],
        docket_problems=[str(one) for watch in config.watches for one in watch.docket_problems],
        alerts=[one for one in made if one is not None],
        being_checked=list(busy),
        inbox=taken,
        feeds=fed,
        mutes=standings(config, now()),
        silenced=muted.counts(database, run),
        dry=dry,
    )
    if not dry:
        holding = {one.mute.scope for one in report.mutes if one.holds}
        report.mutes_ended = muted.ended(database, holding)
    if deliver and not dry:
        report.delivery = deliver_due(outbox, config, now())
    report.outbox = upkeep.outbox_standing(database)
    _undelivered(report, outbox)
    books.end_run(database, run, {**_summary(report), "bytes": growth.used(database)})
    if deliver and not dry:
        from tmwatch.status import report_out

        report.told_nobody = report_out(config, database, env)
    if config.store.feeds is not None and not dry:
        from tmwatch.feeds import write_feeds

        report.told_nobody += write_feeds(database, config)
    return report


def gather(config: Config, database: Database, env: Mapping[str, str], run: str = "") -> list[str]:
    """Make the digests that are due; most configurations have none, and nothing of it is imported then.
    Returns what went wrong, in sentences."""
    if not any(one.digest != "off" for one in config.recipients) and not digests_told(database):
        return []
    from tmwatch.digests import make_digests

    return make_digests(config, database, env, run)


def _without_register(config: Config) -> Config:
    """A dry run has a copy of the database, and none of that file: it leaves it alone."""
    return config.model_copy(update={"store": config.store.model_copy(update={"register": None})})


def _feeds(
    config: Config,
    database: Database,
    door: Door,
    env: Mapping[str, str],
    run: str,
    stop: Callable[[], bool],
    aside: list[StoreError],
) -> list[FeedReport]:
    """Take the feeds that are switched on; nearly always none is, and nothing of it is imported then."""
    from tmwatch.sources.feeds import Feeds

    on = [
        one
        for one in all_sources().values()
        if isinstance(one, Feeds)
        and live_state(one.declaration, config, env)[0]
        and config.closed_until(one.declaration.id, now()) is None
    ]
    if not on:
        return []
    from tmwatch.feeding import take as take_feed

    told = []
    for one in on:
        with _register_aside(config, aside):
            told.append(take_feed(one, config, database, door, env, run=run, stop=stop))
    return told


@contextlib.contextmanager
def _register_aside(config: Config, aside: list[StoreError]) -> Iterator[None]:
    """The store of a whole register may be damaged or in use: that ends an import, and nothing else."""
    try:
        yield
    except StoreError as error:
        if error.where != str(config.store.register):
            raise
        if str(error) not in map(str, aside):
            aside.append(error)


def _undelivered(report: CheckReport, outbox: Outbox) -> None:
    """When the first of what waits is tried again, and which addresses have which error."""
    if not report.outbox["waiting"] and not (report.delivery and report.delivery.failures):
        return
    tries = []
    for alert in outbox.alerts(_LATEST):
        for one in alert["deliveries"]:
            if one["state"] == "pending" and one["next_try_at"]:
                tries.append(dt.datetime.fromisoformat(one["next_try_at"]))
            if one["state"] != "sent" and one["error"]:
                found = report.failed_at.setdefault((one["recipient"], one["channel"], one["error"]), [])
                if one["address"] not in found:
                    found.append(one["address"])
    report.next_try = min(tries, default=None)


def _known(config: Config, only: Sequence[str]) -> None:
    for name in only:
        if config.watch(name) is None:
            known = ", ".join(watch.name for watch in config.watches) or "none"
            raise UsageError(f'there is no watch "{name}"', where=str(config.path), do=f"Watches: {known}.")


def _summary(report: CheckReport) -> dict[str, int]:
    return {
        "asked": len(report.sweep.asked),
        "failed": len(report.sweep.failures),
        "changed": len(report.sweep.changed),
        "appeared": len(report.sweep.appeared),
        "alerts": len(report.alerts),
        "imported": len(report.inbox.imported) if report.inbox else 0,
        "sent": report.delivery.sent if report.delivery else 0,
    }


@contextlib.contextmanager
def dry_copy(path: Path) -> Iterator[Database]:
    """A copy of the database (or an empty one, where there is none yet) for a run that leaves no trace."""
    with tempfile.TemporaryDirectory(prefix="tmwatch-dry-") as folder, noises.unkept():
        copy = Path(folder) / "dry.db"
        if path.exists():
            opening.refuse_unusable(path)
            backup(path, copy)
        database = Database(copy)
        try:
            yield database
        finally:
            database.close()
