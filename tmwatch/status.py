"""Is it watching, in one screen: the daemon, each register, each watch, what waits, disk and backup.

From what was truly looked at and stored, never from a process being alive: a daemon that runs and is answered
by nobody is late. What `doctor` finds in the configuration is not repeated here.

`metrics` writes the same as a Prometheus text file; `may_beat` says whether the heartbeat address may be
called: broken mail cannot report itself, so silence at that address has to.
"""

from __future__ import annotations

import datetime as dt
import shutil
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

from tmwatch.alerts.channels.road import AddressRefused, Broken, Timeouts, post
from tmwatch.alerts.digest_times import next_digest
from tmwatch.alerts.muting import Standing, standings
from tmwatch.alerts.waiting import Patience, Waiting, waiting_since
from tmwatch.config import Config
from tmwatch.errors import ConfigError
from tmwatch.files import whole
from tmwatch.freshness import WatchHealth, watch_health
from tmwatch.health import source_states
from tmwatch.holding import held_after_restore, mass_sentences
from tmwatch.store import Database, books, timetable, upkeep
from tmwatch.store.database import now
from tmwatch.store.locks import BeingChecked, who_holds
from tmwatch.store.outbox import told_at

DAEMON_LOCK = "\0daemon"  # no watch can have this name
SourceState = Literal["fresh", "late", "failing", "declined", "disabled", "never asked", "import only"]
_JOURNAL = 200


@dataclass(frozen=True)
class SourceStatus:
    """A source: `why` for what is not asked, `since` for what fails; `last_ok` its last good answer (UTC)."""

    id: str
    state: SourceState
    why: str
    since: dt.datetime | None
    last_ok: dt.datetime | None
    closed_until: dt.datetime | None


@dataclass(frozen=True)
class DigestStatus:
    """A recipient's digest: when the next one comes and the last was made (UTC), and what waits for it."""

    recipient: str
    next: dt.datetime
    last: dt.datetime | None
    waiting: int  # deliveries

    def as_json(self) -> dict[str, Any]:
        """For `status --json`."""
        return {"next": self.next.isoformat(), "last": _iso(self.last), "waiting": self.waiting}


@dataclass(frozen=True)
class GatheredStatus:
    """What a watch found after its first message of a day: it waits for the end of that day (UTC)."""

    watch: str
    until: dt.datetime
    waiting: int  # deliveries

    def as_json(self) -> dict[str, Any]:
        """For `status --json`."""
        return {"watch": self.watch, "until": self.until.isoformat(), "waiting": self.waiting}


@dataclass(frozen=True)
class Status:
    """What `tmwatch status` shows. `bad` are sentences: what does not mend itself (exit code 1)."""

    at: dt.datetime
    daemon: BeingChecked | None  # None: none runs
    sources: tuple[SourceStatus, ...]
    watches: tuple[WatchHealth, ...]
    outbox: dict[str, Any]
    oldest_alert: dt.timedelta | None  # how long the oldest undelivered one has waited
    disk_free: int  # bytes
    last_backup: dt.datetime | None
    next_runs: dict[str, tuple[str, dt.datetime | None]]
    journal: tuple[timetable.Entry, ...]
    mutes: tuple[Standing, ...]
    digests: tuple[DigestStatus, ...] = ()
    gathered: tuple[GatheredStatus, ...] = ()
    bad: tuple[str, ...] = field(default=())

    @property
    def unseen(self) -> tuple[str, ...]:
        """Watches that have questions and were never answered in full: not well yet, and nobody's fault."""
        return tuple(one.watch for one in self.watches if one.state == "never looked")

    @property
    def well(self) -> bool:
        """Everything that is to be looked at was, in time, and what there is to tell left in time."""
        return not self.bad and not self.unseen

    def as_json(self) -> dict[str, Any]:
        """One document."""
        return {
            "at": self.at.isoformat(),
            "ok": self.well,
            "bad": list(self.bad),
            "daemon": self.daemon.as_json() if self.daemon else None,
            "sources": [
                {
                    "id": one.id,
                    "state": one.state,
                    "why": one.why or None,
                    "since": _iso(one.since),
                    "last_ok": _iso(one.last_ok),
                    "closed_until": _iso(one.closed_until),
                }
                for one in self.sources
            ],
            "watches": [one.as_json() for one in self.watches],
            "outbox": self.outbox,
            "oldest_undelivered_seconds": self.oldest_alert.total_seconds() if self.oldest_alert else None,
            "disk_free": self.disk_free,
            "last_backup": _iso(self.last_backup),
            "next_runs": {
                job: {"schedule": text, "at": _iso(at)} for job, (text, at) in self.next_runs.items()
            },
            "digests": {one.recipient: one.as_json() for one in self.digests},
            "gathered": [one.as_json() for one in self.gathered],
            "journal": [one.as_json() for one in self.journal],
            "mutes": [one.as_json() for one in self.mutes],
        }


def _iso(instant: dt.datetime | None) -> str | None:
    return instant.isoformat() if instant else None


def status(config: Config, database: Database, env: Mapping[str, str]) -> Status:
    """How things stand. Asks nobody outside. Raises what the store raises."""
    watches = tuple(watch_health(watch, config, database, env) for watch in config.watches)
    sources = tuple(_sources(config, database, env, watches))
    standing = upkeep.outbox_standing(database)
    waiting = upkeep.waiting(database)
    since = waiting_since(waiting, config)
    oldest = max(now() - since, dt.timedelta()) if since else None
    free = shutil.disk_usage(database.path.absolute().parent).free
    backed_up = books.last_run(database, "backup")
    bad = tuple(_bad(config, sources, watches, standing, oldest, free, backed_up))
    return Status(
        now(),
        who_holds(database.path, DAEMON_LOCK),
        sources,
        watches,
        standing,
        oldest,
        free,
        backed_up,
        timetable.next_times(database),
        tuple(timetable.journal(database, _JOURNAL)),
        tuple(standings(config, now())),
        *_gathered(config, database, waiting),
        bad,
    )


def _gathered(
    config: Config, database: Database, waiting: Sequence[Waiting]
) -> tuple[tuple[DigestStatus, ...], tuple[GatheredStatus, ...]]:
    """What waits for a digest, by recipient, and for the end of a day, by watch."""
    told, at = told_at(database), now()
    patience = Patience(config, told, at)
    waits = [(one, wait) for one in waiting if (wait := patience.with_(one))]
    digests: list[DigestStatus] = []
    for recipient in config.recipients:
        if recipient.digest != "off":
            last = told.get(recipient.name)
            count = sum(one.recipient == recipient.name and wait.reason == "digest" for one, wait in waits)
            digests.append(DigestStatus(recipient.name, next_digest(recipient, last, at), last, count))
    days = Counter((one.alert.watch, wait.until) for one, wait in waits if wait.reason == "day")
    return tuple(digests), tuple(GatheredStatus(*key, count) for key, count in sorted(days.items()))


def _sources(
    config: Config, database: Database, env: Mapping[str, str], watches: tuple[WatchHealth, ...]
) -> Iterator[SourceStatus]:
    late = {source for one in watches if one.state == "stale" for source in one.asked_at}
    wanted = {source for one in watches for source in one.asked_at}
    for row in source_states(config, database, env):
        since, last_ok = (
            dt.datetime.fromisoformat(row[key]) if row[key] else None for key in ("since", "last_ok_at")
        )
        state: SourceState
        if row["state"] == "failing":
            state = "declined" if row["last_outcome"] in ("declined", "blocked") else "failing"
        elif not row["live"]:
            state = "import only" if "import" in row["why"] else "disabled"
        elif row["id"] in late:
            state = "late"
        else:
            state = "fresh" if last_ok is not None else "never asked"
        if state in ("import only", "disabled", "never asked") and row["id"] not in wanted:
            continue  # nobody waits for it
        yield SourceStatus(
            row["id"],
            state,
            row["why"] if not row["live"] else row["last_error"] or "",
            since if state in ("failing", "declined") else None,
            last_ok,
            config.closed_until(row["id"], now()),
        )


def _bad(
    config: Config,
    sources: tuple[SourceStatus, ...],
    watches: tuple[WatchHealth, ...],
    standing: Mapping[str, Any],
    oldest: dt.timedelta | None,
    free: int,
    backed_up: dt.datetime | None,
) -> Iterator[str]:
    limits = config.health
    for source in sources:
        if source.state in ("failing", "declined"):
            yield f"{source.id} is {source.state} since {source.since:%Y-%m-%d %H:%M} UTC"
    for one in watches:
        if one.state in ("failing", "stale"):
            said = "is late" if one.state == "stale" else "is failing"
            yield f'watch "{one.watch}" {said}: last looked at in full {_when(one.oldest_look)}'
    if standing["dead"]:
        yield f"{standing['dead']} {'delivery was' if standing['dead'] == 1 else 'deliveries were'} given up"
    for said, _ in mass_sentences(standing):
        yield said
    if held := held_after_restore(standing):
        yield f"{held} {'delivery is' if held == 1 else 'deliveries are'} held since a restore"
    if oldest is not None and oldest > limits.oldest_alert:
        yield f"an alert has waited for {_span(oldest)}; the limit is {_span(limits.oldest_alert)}"
    if free < limits.disk_floor * 2**20:
        yield f"the disk has {free // 2**20} MiB left; the floor is {limits.disk_floor} MiB"
    if limits.backup is not None and (backed_up is None or now() - backed_up > limits.backup):
        yield f"the last backup is of {_when(backed_up)}; one is due every {_span(limits.backup)}"


def _when(instant: dt.datetime | None) -> str:
    return f"{instant:%Y-%m-%d %H:%M} UTC" if instant else "never"


def _span(span: dt.timedelta) -> str:
    hours = span.total_seconds() / 3600
    return (
        f"{hours / 24:.0f} days"
        if hours >= 48
        else f"{hours:.1f} hours"
        if hours >= 1
        else f"{hours * 60:.0f} minutes"
    )


# -- for machines --------------------------------------------------------------------------------------------


def metrics(found: Status) -> str:
    """The Prometheus text format, for node_exporter's textfile collector."""
    lines: list[str] = []

    def gauge(name: str, words: str, values: Iterator[tuple[Mapping[str, str], float]]) -> None:
        lines.append(f"# HELP tmwatch_{name} {words}")
        lines.append(f"# TYPE tmwatch_{name} gauge")
        for labels, value in values:
            inside = ",".join(f'{key}="{_label(text)}"' for key, text in labels.items())
            lines.append(f"tmwatch_{name}{'{' + inside + '}' if inside else ''} {value:.10g}")

    def one(value: float) -> Iterator[tuple[Mapping[str, str], float]]:
        yield {}, value

    gauge("up", "Whether all is well.", one(found.well))
    gauge("daemon", "Whether a daemon serves the database.", one(found.daemon is not None))
    gauge("written_timestamp_seconds", "When this was written.", one(found.at.timestamp()))
    gauge(
        "source_failing",
        "Whether a source can no longer be read in full.",
        (({"source": each.id}, each.state in ("failing", "declined")) for each in found.sources),
    )
    gauge(
        "source_last_ok_timestamp_seconds",
        "When a source last answered well.",
        (({"source": each.id}, each.last_ok.timestamp()) for each in found.sources if each.last_ok),
    )
    gauge(
        "watch_last_full_look_timestamp_seconds",
        "When every question of a watch had last been answered.",
        (({"watch": each.watch}, each.oldest_look.timestamp()) for each in found.watches if each.oldest_look),
    )
    gauge(
        "watch_late",
        "Whether a watch is late or failing.",
        (({"watch": each.watch}, each.state in ("stale", "failing")) for each in found.watches),
    )
    gauge(
        "deliveries",
        "Deliveries by state.",
        (({"state": state}, found.outbox[state]) for state in ("waiting", "dead", "held")),
    )
    waited = found.oldest_alert.total_seconds() if found.oldest_alert else 0
    gauge("oldest_undelivered_seconds", "How long the oldest undelivered alert waits.", one(waited))
    gauge("disk_free_bytes", "Bytes left on the disk of the database.", one(found.disk_free))
    if found.last_backup:
        gauge(
            "last_backup_timestamp_seconds",
            "When the last backup was made.",
            one(found.last_backup.timestamp()),
        )
    return "\n".join(lines) + "\n"


def _label(text: str) -> str:
    return text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", " ")


def report_out(config: Config, database: Database, env: Mapping[str, str]) -> list[str]:
    """After a pass: write the metrics file and call the heartbeat address, where these are set.

    Returns what went wrong, in sentences; nothing of it stops a pass.
    """
    limits = config.health
    if limits.metrics is None and not (limits.heartbeat_env or limits.heartbeat_file):
        return []
    found = status(config, database, env)
    wrong: list[str] = []
    if limits.metrics is not None:
        try:
            with whole(limits.metrics, mode=0o644, durable=False) as part:
                part.write_text(metrics(found), encoding="utf-8")
        except OSError as error:
            wrong.append(f"the metrics file {limits.metrics} cannot be written: {error.strerror or error}")
    if limits.heartbeat_env or limits.heartbeat_file:
        wrong += _beat(config, found, env)
    return wrong


def _beat(config: Config, found: Status, env: Mapping[str, str]) -> list[str]:
    if not found.well:
        return []  # its silence says so
    limits = config.health
    try:
        url = config.secret(
            env, limits.heartbeat_env, limits.heartbeat_file, table="[health]", key="heartbeat"
        )
        assert url is not None
        answer = post(
            url,
            b"",
            {"User-Agent": "tmwatch"},
            allow_private=limits.allow_private,
            timeouts=Timeouts(5.0, 10.0),
            env=env,
        )
    except ConfigError as error:
        return [f"the heartbeat address: {error.message}"]
    except (AddressRefused, Broken, ValueError) as error:
        # The address holds a token: neither it nor what the layers below say of it is shown.
        return [f"the heartbeat address did not take the call ({type(error).__name__})"]
    return [] if answer.status < 400 else [f"the heartbeat address answered HTTP {answer.status}"]
