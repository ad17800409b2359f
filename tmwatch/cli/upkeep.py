"""`doctor` and `backup`: is everything well, and a copy for the day when it is not."""

from __future__ import annotations

import datetime as dt
import re
from pathlib import Path
from typing import Any

import click

from tmwatch.cli import render
from tmwatch.cli.app import cli
from tmwatch.cli.options import json_option
from tmwatch.cli.output import complain, complain_of, facts_grid, plain, say, say_json, tell
from tmwatch.cli.session import Session, pass_session
from tmwatch.config import Config
from tmwatch.errors import ConfigError, StoreError, UsageError
from tmwatch.health import Finding, Health, examine
from tmwatch.store import Database, backup, books, opening
from tmwatch.store.prune import LEAST, prune
from tmwatch.store.schema import APPLICATION_ID

MARKS = {"act": "✗", "note": "•", "ok": "✓"}
_HEADER = 100  # bytes of an SQLite file that say what it is
STYLES = {"act": "bold red", "note": "", "ok": "green"}


@cli.command(short_help="Say what is wrong or missing, and how fresh it all is.")
@json_option
@pass_session
def doctor(session: Session, as_json: bool) -> int:
    """Say what is wrong or missing: configuration, secrets, database, sources, freshness, outbox.

    Asks nobody outside. Exit code 2 for a mistake in the configuration, 1 where you must act.
    """
    config, config_error = _config(session)
    database, store_error = _database(session, config)
    path = None if config_error or store_error else session.database_path(config)
    health = examine(config, database, session.env, path)
    health.findings = [one for one in health.findings if not _explained(one, config_error, store_error)]
    for error, about in ((config_error, "configuration"), (store_error, "database")):
        if error is not None:
            health.add("act", about, str(error), error.do)
    if as_json:
        say_json(health.as_json())
        for error in (config_error, store_error):
            if error is not None:
                complain_of(error)
    else:
        _print(health)
    if config_error is not None:
        return config_error.exit_code
    return 1 if health.operator_must_act else 0


def _config(session: Session) -> tuple[Config | None, ConfigError | None]:
    try:
        return session.config_if_any(), None
    except ConfigError as error:
        return None, error


def _database(session: Session, config: Config | None) -> tuple[Database | None, StoreError | None]:
    try:
        return session.database_if_any(config), None
    except StoreError as error:
        return None, error
    except ConfigError:
        return None, None  # where the database lies cannot be known; the mistake is reported already


def _explained(finding: Finding, config_error: object, store_error: object) -> bool:
    """ "There is none" is not what is wrong where a broken one lies."""
    return finding.level == "note" and (
        (finding.about == "configuration" and config_error is not None)
        or (finding.about == "database" and (store_error is not None or config_error is not None))
    )


def _print(health: Health) -> None:
    for level in ("act", "note", "ok"):
        for one in (one for one in health.findings if one.level == level):
            lines = one.what.splitlines()
            say(f"{MARKS[level]} {one.about}: {plain(lines[0])}", style=STYLES[level])
            for line in lines[1:]:
                say(plain(line), indent=4)
            if one.do and one.do not in one.what:
                say(plain(one.do), indent=4)
    say()
    if health.secrets:
        say("Secrets", style="bold")
        for secret in health.secrets:
            what = secret["variable"] or f"file {secret['file']}"
            there = "present" if secret["present"] else "not set"
            say(f"{plain(secret['where'])} {secret['what']}: {plain(str(what))}, {there}", indent=2)
    if health.watches:
        say("Freshness", style="bold")
        for watch in health.watches:
            since = watch.oldest_look.isoformat() if watch.oldest_look else None
            looked = f", all looked at since {render.local(since)}" if since and not watch.never else ""
            say(f"{plain(watch.watch)}: {watch.state}{looked}", indent=2)
    if health.store:
        _print_store(health)
    bad = sum(one.level == "act" for one in health.findings)
    notes = sum(one.level == "note" for one in health.findings)
    above = f"; {render.counted(notes, 'note')} above" if notes else ""
    say(f"Verdict: {render.counted(bad, 'thing')} to mend." if bad else f"Verdict: nothing to mend{above}.")


def _print_store(health: Health) -> None:
    store, rows = health.store, health.store["rows"]
    say("Database", style="bold")
    facts_grid(
        [
            ("File", f"{plain(store['path'])}, {_size(store['file'])}"),
            (
                "Filings",
                f"{rows['mark']}, in {render.counted(rows['mark_version'], 'version')},"
                f" {render.counted(rows['change'], 'change')}",
            ),
            ("Raw pages", f"{rows['snapshot']}, {_size(store['pages'])}"),
            ("Growth", _forecast(store["growth"])),
            ("Outbox", f"{health.outbox['waiting']} waiting, {health.outbox['dead']} given up"),
        ],
        indent=2,
    )


def _forecast(growth: dict[str, Any]) -> str:
    """ "0.1 MiB a day; at this rate 40 MiB more in a year; the disk has room for 12 GiB"."""
    free = growth["free_on_disk"]
    room = f"the disk has room for {_size(free)}" if free is not None else ""
    if not growth["basis"]:
        return f"not known before a day has passed; {room}"
    rate = f"{_size(growth['per_day'])} a day, {_size(growth['per_month'])} a month"
    return f"{rate}: at this rate {_size(growth['in_a_year'])} more in a year; {room}"


def _refuse_other_file(target: Path) -> None:
    """Somebody's letter or table must not become a database by a slip of the hand."""
    if not target.exists():
        return
    try:
        with target.open("rb") as file:
            head = file.read(_HEADER)
    except OSError as error:
        raise StoreError(
            f"the file cannot be read: {error.strerror}",
            where=str(target),
            kept="Nothing was written.",
            do="Correct its rights, or name another file.",
        ) from None
    if target.with_name(f"{target.name}-wal").exists():
        why = "is a database that is in use"
    elif head and not (head[:16] == b"SQLite format 3\0" and head[68:72] == APPLICATION_ID.to_bytes(4)):
        why = "is there already and is no database of tmwatch"
    else:
        return
    raise UsageError(
        f"this file {why}",
        where=str(target),
        kept="Nothing was written.",
        do="Name another file, or add --force to replace it.",
    )


def _size(count: int) -> str:
    size = float(count)
    for unit in ("bytes", "KiB", "MiB"):
        if size < 1024:
            return f"{size:.0f} {unit}" if unit == "bytes" else f"{size:.1f} {unit}"
        size /= 1024
    return f"{size:.1f} GiB"


@cli.command("backup", short_help="Make a consistent copy of the database.")
@click.argument("file", required=False, type=click.Path(dir_okay=False, path_type=Path))
@click.option("--force", is_flag=True, help="Replace FILE even where it is no backup of tmwatch.")
@json_option
@pass_session
def backup_command(session: Session, file: Path | None, force: bool, as_json: bool) -> None:
    """Make a consistent copy of the database, also while tmwatch runs (default: dated, beside it).

    A file that is there already is replaced only where it is a tmwatch database that nobody has open.
    """
    source = session.database_path()
    stamp = dt.datetime.now(dt.UTC).strftime("%Y%m%dT%H%M%SZ")
    target = file or source.with_name(f"{source.name}.{stamp}.bak")
    if target.exists() and target.resolve() == source.resolve():
        raise StoreError(
            "the backup would replace the database itself",
            where=str(target),
            kept="Nothing was written.",
            do="Name another file, or none: then it is dated and lies beside the database.",
        )
    session.refuse_own_file(target, "backup")
    if not force:
        _refuse_other_file(target)
    if source.exists():
        opening.refuse_unusable(source)
    backup(source, target)
    books.note_backup(source)
    if as_json:
        say_json({"database": str(source), "backup": str(target), "size": target.stat().st_size})
    else:
        tell(f"Copied {source} to {target} ({_size(target.stat().st_size)})")


def _days(_: click.Context, __: click.Parameter, value: str) -> dt.timedelta:
    found = re.fullmatch(r"(\d{1,5})\s*(?:d|days?)", value.strip())
    if found is None:
        raise UsageError(
            f'"{plain(value, 40)}" is no number of days', do='Write it as "365d", of five digits at most.'
        )
    span = dt.timedelta(days=int(found.group(1)))
    if span < LEAST:
        raise UsageError(f"the last {LEAST.days} days are never pruned", do=f"Give {LEAST.days}d or more.")
    return span


@cli.command("prune", short_help="Remove old looks that said nothing new.")
@click.option(
    "--older-than",
    default="365d",
    show_default=True,
    callback=_days,
    help="Only what is older, in days; 30d at least.",
)
@click.option("--dry-run", is_flag=True, help="Say what would go, and remove nothing.")
@json_option
@pass_session
def prune_command(session: Session, older_than: dt.timedelta, dry_run: bool, as_json: bool) -> None:
    """Remove old looks that said nothing new, and raw pages that no version needs.

    Versions, changes, alerts, and the first and last page and look of each state are never removed. The
    chain of looks stays verifiable: one row stands for each stretch that went.
    """
    done = prune(session.database(), older_than, dry=dry_run)
    if as_json:
        say_json(done.as_json())
        return
    would = "would go" if dry_run else "went"
    print_ = say if dry_run else tell  # a dry run is for what it says, on a terminal or not
    print_(
        f"Older than {older_than.days} days: {render.counted(done.looks, 'look')} {would}"
        f" ({render.counted(done.stretches, 'row')} in their place), {render.counted(done.pages, 'raw page')}"
        f" ({_size(done.page_bytes)}), {render.counted(done.runs, 'run')}."
    )
    if not dry_run:
        tell(f"The file had {_size(done.file_before)} and has {_size(done.file_after)}.")
        if done.note:
            complain(f"Note: {done.note}")
