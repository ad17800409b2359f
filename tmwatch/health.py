"""Is it still watching? The state of configuration, secrets, database, sources, watches and outbox.

What is not looked at is never called fresh (design law 17). Nothing here asks a register, a mail server
or a webhook: `source check` proves sources, a delivery proves a receiver.
"""

from __future__ import annotations

import datetime as dt
import os
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from importlib.util import find_spec
from pathlib import Path
from typing import Any, Literal

from tmwatch.alerts.muting import Standing, standings
from tmwatch.alerts.waiting import waiting_since
from tmwatch.alerts.webhook import SecretError, key_of
from tmwatch.blind_spots import marks_left_behind, missing_files
from tmwatch.config import SECOND_SECRETS, Config, SourceConfig, Watch
from tmwatch.errors import ConfigError, what_and_advice
from tmwatch.following import with_relevant
from tmwatch.freshness import WatchHealth, first_line, watch_health
from tmwatch.holding import held_after_restore, mass_sentences
from tmwatch.inbox import WHY, not_read
from tmwatch.receiver_state import receivers_in_trouble, unfit_addresses
from tmwatch.register_health import register_health
from tmwatch.sources.registry import all_sources
from tmwatch.store import Database, books, growth, queries, upkeep
from tmwatch.store.copies import not_private
from tmwatch.store.database import now
from tmwatch.text import clean_line
from tmwatch.watches import live_state
from tmwatch.watches.doubts import doubts
from tmwatch.watches.live import key_variables, refused, shown_variable
from tmwatch.worklist import said

Level = Literal["ok", "note", "act"]

_WAITS_LONG = dt.timedelta(days=1)
_SOON, _VERY_SOON = 365, 30  # days until the disk is full
_LARGE_WAL = 256 * 2**20
_ROWS_LISTED = 20  # of a docket; `watch list` and `check` name every one
# How `watches.docket` speaks of a row whose number is watched all the same.
_TWICE = re.compile(r" stands in line \d+ already, (?:the same row|with other entries; the first row holds)$")


@dataclass(frozen=True)
class Finding:
    """One thing examined. `act` is for the operator, `note` may surprise, `ok` is as it should be."""

    level: Level
    about: str
    what: str
    do: str = ""

    def as_json(self) -> dict[str, str]:
        """For `doctor --json`."""
        return {"level": self.level, "about": self.about, "what": self.what, "do": self.do}


@dataclass
class Health:
    """Everything `doctor` found."""

    findings: list[Finding] = field(default_factory=list)
    watches: list[WatchHealth] = field(default_factory=list)
    secrets: list[dict[str, Any]] = field(default_factory=list)
    sources: list[dict[str, Any]] = field(default_factory=list)
    outbox: dict[str, Any] = field(default_factory=dict)
    store: dict[str, Any] = field(default_factory=dict)
    register: dict[str, Any] | None = None  # the store of a whole register; None: none is configured
    mutes: list[Standing] = field(default_factory=list)

    @property
    def operator_must_act(self) -> bool:
        """Something will not mend itself."""
        return any(one.level == "act" for one in self.findings)

    def add(self, level: Level, about: str, what: str, do: str = "") -> None:
        """One more finding."""
        self.findings.append(Finding(level, about, what, do))

    def as_json(self) -> dict[str, Any]:
        """One document."""
        return {
            "ok": not self.operator_must_act,
            "findings": [one.as_json() for one in self.findings],
            "watches": [one.as_json() for one in self.watches],
            "secrets": self.secrets,
            "sources": self.sources,
            "outbox": self.outbox,
            "store": self.store,
            "register": self.register,
            "mutes": [one.as_json() for one in self.mutes],
        }


def examine(
    config: Config | None, database: Database | None, env: Mapping[str, str], path: Path | None = None
) -> Health:
    """Everything that can be known without asking anybody outside; `path` is the database's, if known.
    Raises what the store raises."""
    health = Health()
    if config is None:
        health.add("note", "configuration", "there is none: nothing is watched", "`tmwatch init` writes one.")
    else:
        _configuration(health, config, env)
        health.secrets = list(secrets(config, env))
    if path is not None:
        _folder(health, path)
    if database is None:
        health.add(
            "note", "database", "there is none yet", "`tmwatch check` or `tmwatch import FILE` makes it."
        )
    else:
        _database(health, database)
        _outbox(health, database, config)
        for about, said, do in [*missing_files(database), *marks_left_behind(database, config)]:
            health.add("note", about, said, do)
        for level, said, do in receivers_in_trouble(database, config):
            health.add(level, "receiver", said, do)
        for row in books.unknown_words(database):
            what = f"says “{clean_line(row['word'], 200)}”, which tmwatch does not know: recorded as unknown"
            health.add("note", row["source"], what, "Look at the register for what it means, and report it.")
    health.sources = list(source_states(config, database, env))
    for source in health.sources:
        if source["state"] == "failing":
            what, advice = what_and_advice(source["last_error"] or "")
            again = f"`tmwatch source check {source['id']}` shows whether it can be read again."
            health.add(
                "act",
                source["id"],
                f"failing since {str(source['since'])[:16].replace('T', ' ')} UTC: {clean_line(what, 160)}",
                f"{clean_line(advice, 300)} {again}".lstrip(),
            )
    if config is not None and config.store.inbox is not None:
        unread = not_read(config.store.inbox)
        if unread:
            health.add(
                "act",
                "inbox",
                f"{_counted(len(unread), 'file')} could not be read: "
                f"{clean_line(', '.join(unread[:5]), 200)}",
                f"The reason stands beside each in *{WHY}, in {config.store.inbox}.",
            )
    if config is not None and config.store.register is not None:
        looked = register_health(config.store.register)
        health.register = looked.facts
        for one_level, what, do in looked.findings:
            health.add(one_level, "register", what, do)
    if config is not None:
        watches = with_relevant(config, database).watches
        health.watches = [watch_health(watch, config, database, env) for watch in watches]
        for watch, one in zip(watches, health.watches, strict=True):
            _watch(health, one)
            for doubt in doubts(watch, config, env, now().date(), one.coverage):
                health.add("note", f'watch "{watch.name}"', doubt)
    return health


def _configuration(health: Health, config: Config, env: Mapping[str, str]) -> None:
    for problem in [*config.problems(env), *refused(config, all_sources().values())]:
        said = f"{problem.where}: {problem.message}" if problem.where else problem.message
        health.add("act", "configuration", said, problem.do)
    for said, do in _unfit_secrets(config, env):
        health.add("act", "configuration", said, do)
    for said, do in unfit_addresses(config, env):
        health.add("act", "configuration", said, do)
    # The rows of dockets are told below, those not watched apart from those that stand there twice.
    dockets = {
        f'Watch "{watch.name}": {problem}' for watch in config.watches for problem in watch.docket_problems
    }
    for note in config.notes():
        if note not in dockets:
            health.add("note", "configuration", note)
    for watch in config.watches:
        _docket(health, watch)
    if not health.findings:
        watches = _counted(len(config.watches), "watch", "watches")
        health.add("ok", "configuration", f"{config.path} holds {watches}, no mistakes")
    _mutes(health, config)
    if any(watch.marks for watch in config.watches) and not find_spec("tmwatch.similarity._pairs"):
        health.add(
            "note",
            "names",
            "are compared in Python alone, tens of times slower: tmwatch was installed without a C compiler",
            "Install one with Python's headers (Debian: apt install gcc python3-dev), then tmwatch again.",
        )


def _mutes(health: Health, config: Config) -> None:
    """What is not told now, and mutes that can go."""
    health.mutes = standings(config, now())
    for one in health.mutes:
        about = f"mute of {one.mute.scope}"
        reason = f" ({one.mute.reason})" if one.mute.reason else ""
        if not one.holds:
            do = (
                "Take it out of the file, or give it another `until`; `tmwatch changes --muted` has the rest."
            )
            health.add("note", about, f"is over since {one.over:%Y-%m-%d %H:%M} UTC{reason}", do)
        elif one.state == "ends soon":
            health.add("note", about, f"ends after {one.mute.last}{reason}", "Then it is told again.")
        else:
            health.add("note", about, f"holds until {one.mute.last}{reason}")


def _unfit_secrets(config: Config, env: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    """Signing secrets that no webhook can be signed with. What they are is never said (design law 13)."""
    for one in config.recipients:
        try:
            secret = config.webhook_secret(one, env)
            if secret is not None:
                key_of(secret)
        except ConfigError:
            continue  # it cannot be had at all, which is told already
        except SecretError as error:
            yield (
                f'recipient "{one.name}", webhook: {error}',
                "Take it from the receiver as it is, whsec_ included, or make one of your own: "
                "whsec_ and 32 random bytes in base64.",
            )


def _docket(health: Health, watch: Watch) -> None:
    """A row that is not watched is for the operator; one that stands there twice loses nothing."""
    lost = [one for one in watch.docket_problems if not _TWICE.search(one.what)]
    about = f'watch "{watch.name}"'
    for one in watch.docket_problems:
        if one not in lost:
            health.add("note", about, f"{one.file.name}, line {one.line}: {one.what}")
    if not lost:
        return
    file = lost[0].file.name
    if not watch.docket and len(watch.docket_problems) == 1:  # such as an empty file
        health.add("act", about, f"{file}, line {lost[0].line}: {lost[0].what}")
        return
    rows = _counted(len(watch.docket) + len(watch.docket_problems), "row")
    lines = [f"line {one.line}: {one.what}" for one in lost[:_ROWS_LISTED]]
    if len(lost) > _ROWS_LISTED:
        lines.append(f"and {len(lost) - _ROWS_LISTED} more")
    said = f"{file}: {len(lost)} of {rows} {'is' if len(lost) == 1 else 'are'} not watched"
    health.add("act", about, "\n".join([said, *lines]))


def _folder(health: Health, path: Path) -> None:
    """SQLite writes beside the file too: the folder must be there and let us."""
    folder = path.absolute().parent
    if not folder.is_dir():
        health.add(
            "act",
            "database",
            f"its folder {folder} does not exist",
            "Create it, or name another file with --db or [store] path.",
        )
        return
    for one, name in ((folder, f"its folder {folder}"), (path, str(path))):
        if one.exists() and not os.access(one, os.W_OK):
            health.add("act", "database", f"{name} cannot be written to", "Correct its rights.")


def _counted(number: int, one: str, many: str = "") -> str:
    return f"{number} {one if number == 1 else many or one + 's'}"


def secrets(config: Config, env: Mapping[str, str]) -> Iterator[dict[str, Any]]:
    """Which secrets are pointed at and whether they can be had; never a value (design law 13)."""
    pointed: list[tuple[str, str | None, str | None, str]] = []
    if config.smtp is not None:
        pointed.append(("[smtp]", config.smtp.password_env, config.smtp.password_file, "password"))
    for one in config.recipients:
        if one.webhook is not None:
            hook = one.webhook
            pointed.append((f'recipient "{one.name}"', hook.secret_env, hook.secret_file, "webhook.secret"))
        for name, bot in one.bots.items():
            for key in ("url", *SECOND_SECRETS.get(name, "").split()):
                variable, path = getattr(bot, f"{key}_env"), getattr(bot, f"{key}_file")
                pointed.append((f'recipient "{one.name}"', variable, path, f"{name}.{key}"))
    for source in all_sources().values():
        declaration = source.declaration
        own = config.source(declaration.id)
        table, names = f'[source."{declaration.id}"]', key_variables(declaration, own)
        pointed.append((table, names.get("client_id"), None, "client_id"))
        pointed.append((table, names.get("key"), own.key_file, "key"))
    missing = {(problem.where, problem.message) for problem in config.secret_problems(env)}
    for table, variable, file, key in pointed:
        if not variable and not file:
            continue
        present = bool(env.get(variable, "").strip()) if variable else True
        if file:
            present = not any(str(file) in message for _, message in missing)
        shown = variable and shown_variable(variable)
        yield {"where": table, "what": key, "variable": shown, "file": file, "present": present}


def _database(health: Health, database: Database) -> None:
    damage = upkeep.integrity(database)
    for one in damage:
        health.add("act", "database", one, "Restore a backup; `tmwatch backup` makes them.")
    health.store = {"path": str(database.path), "rows": queries.counts(database), **upkeep.size(database)}
    if not damage:
        health.add("ok", "database", f"{database.path} is whole")
    _growth(health, growth.growth(database))
    for file in not_private(database.path):
        health.add("act", "database", f"{file} can be read by others", f"chmod 600 {file}")
    if health.store["wal"] > _LARGE_WAL:
        health.add(
            "note",
            "database",
            "its -wal file is large: some program keeps the database open for reading",
            "Close whatever else has it open.",
        )


def _growth(health: Health, found: growth.Growth) -> None:
    """When the disk is full at the rate of the last weeks."""
    health.store["growth"] = found.as_json()
    left = found.days_left
    if left is not None and left < _SOON:
        health.add(
            "act" if left < _VERY_SOON else "note",
            "database",
            f"at the rate of the last {found.measured_days:.0f} days the disk is full in {left:.0f} days",
            "Free space; `tmwatch prune --dry-run` says what the database could do without.",
        )


def _outbox(health: Health, database: Database, config: Config | None) -> None:
    health.outbox = upkeep.outbox_standing(database)
    dead, waiting = health.outbox["dead"], health.outbox["waiting"]
    if dead:
        health.add(
            "act",
            "outbox",
            f"{_counted(dead, 'delivery was', 'deliveries were')} given up",
            "`tmwatch alerts list --undelivered` shows why; `tmwatch alerts retry --all` sends them again, "
            "`tmwatch alerts drop --given-up` never.",
        )
    for what, do in mass_sentences(health.outbox):
        health.add("act", "outbox", what, do)
    if held := held_after_restore(health.outbox):
        health.add(
            "act",
            "outbox",
            f"{_counted(held, 'delivery is', 'deliveries are')} held since a restore: they may have gone out",
            "`tmwatch alerts list` shows them; `tmwatch alerts release` sends them, `alerts drop` does not.",
        )
    if waiting:
        since = dt.datetime.fromisoformat(health.outbox["oldest_waiting_since"])
        long = now() - (waiting_since(upkeep.waiting(database), config) or since) > _WAITS_LONG
        wait = _counted(waiting, "delivery waits", "deliveries wait")
        what = f"{wait}, the oldest since {since:%Y-%m-%d %H:%M} UTC"
        error = first_line(health.outbox["oldest_waiting_error"])
        health.add("act" if long else "note", "outbox", f"{what}{': ' + error if error else ''}")
    if not dead and not waiting and not health.outbox["held"]:
        health.add("ok", "outbox", "nothing waits")


def source_states(
    config: Config | None, database: Database | None, env: Mapping[str, str]
) -> Iterator[dict[str, Any]]:
    """Each source: whether it is asked live, why, and how it went."""
    booked = {row["source"]: row for row in books.source_states(database)} if database is not None else {}
    for source_id, source in all_sources().items():
        live, why = live_state(source.declaration, config, env) if config is not None else (None, "")
        setting = config.source(source_id) if config is not None else SourceConfig()
        row = booked.get(source_id, {})
        yield {
            "id": source_id,
            "office": source.declaration.office,
            "live": live,
            "why": why,
            "variables": [shown_variable(one) for one in key_variables(source.declaration, setting).values()],
            "state": row.get("state", "never asked"),
            "since": row.get("since"),
            "last_ok_at": row.get("last_ok_at"),
            "last_error": row.get("last_error"),
            "last_outcome": row.get("last_outcome"),
        }


def _watch(health: Health, one: WatchHealth) -> None:
    about = f'watch "{one.watch}"'
    if one.state == "failing":
        health.add(
            "act",
            about,
            f"{one.lasting} of {_counted(one.questions, 'question')} fail{'s' * (one.lasting == 1)}: "
            f"{one.failing[0]}",
        )
    elif one.state == "stale":
        assert one.oldest_look is not None
        health.add(
            "act",
            about,
            f"not looked at in full since {one.oldest_look:%Y-%m-%d %H:%M} UTC",
            "Does `tmwatch check` still run? See your crontab.",
        )
    elif one.state == "never looked":
        were = "was" if one.never == 1 else "were"
        what = f"{one.never} of {_counted(one.questions, 'question')} {were} never answered"
        if one.failing:
            more = f" (and {len(one.failing) - 1} more)" if len(one.failing) > 1 else ""
            health.add(
                "note", about, f"{what}; asked in vain: {one.failing[0]}{more}", "The next check asks again."
            )
        else:
            health.add("note", about, what, "`tmwatch check` asks them.")
    elif one.state == "fresh":
        health.add("ok", about, "every question was answered in time")
    for line in one.coverage:
        if line.state != "live":
            health.add("note", about, f"{line.office}, {line.trigger}: {line.state}: {line.why}")
        if line.by_hand is not None and line.by_hand.pages:
            health.add(
                "note", about, f"{line.office}: {said(line.by_hand)}", "`tmwatch worklist` lists them."
            )
