"""`status`: is it watching, in one screen."""

from __future__ import annotations

import datetime as dt

import click
from rich.table import Table

from tmwatch.cli import render
from tmwatch.cli.app import cli
from tmwatch.cli.options import json_option
from tmwatch.cli.output import plain, say, say_json, say_whole, show_table
from tmwatch.cli.session import Session, pass_session
from tmwatch.errors import UsageError
from tmwatch.status import Status, metrics, status
from tmwatch.store import timetable

_LISTED = 12  # one screen
_MUTES = 5
_GATHERED = 5


@cli.command("status")
@click.option("--prometheus", is_flag=True, help="In the text format that Prometheus reads.")
@click.option("--journal", is_flag=True, help="What the daemon did, missed and merged, newest first.")
@json_option
@pass_session
def status_command(session: Session, prometheus: bool, journal: bool, as_json: bool) -> int:
    """Is it watching: daemon, registers, watches, what waits, disk and backup, in one screen.

    Exit code 1 where something will not mend itself, for whoever monitors it. `doctor` says what to do.
    """
    if prometheus + journal + as_json > 1:
        raise UsageError("--prometheus, --journal and --json exclude each other", do="Leave out all but one.")
    config = session.config()
    found = status(config, session.database(config), session.env)
    if as_json:
        say_json(found.as_json())
    elif prometheus:
        say_whole(metrics(found).rstrip("\n"))
    elif journal:
        _print_journal(found)
    else:
        _print(found)
    return 1 if found.bad else 0


def _print(found: Status) -> None:
    for text in found.bad:
        say(f"✗ {plain(text)}", style="bold red")
    for name in found.unseen:
        say(f'• watch "{plain(name)}" was not looked at in full yet')
    if not found.watches:
        say("• nothing is watched yet: `tmwatch watch add` adds a watch")
    elif found.well:
        say("✓ All is well.", style="green")
    say()
    by = f"process {found.daemon.pid}" if found.daemon and found.daemon.pid else "yes"
    since = f" since {found.daemon.since:%Y-%m-%d %H:%M} UTC" if found.daemon and found.daemon.since else ""
    say(f"Daemon     {by}{since}" if found.daemon else "Daemon     none runs (cron may call `tmwatch check`)")
    coming = sorted((at, job) for job, (_, at) in found.next_runs.items() if at and job.startswith("look"))
    if found.daemon and coming:
        at, job = coming[0]
        say(f"Next       {plain(job)}, {_in(at, found.at)}")
    outbox = found.outbox
    waits = f"{outbox['waiting']} waiting, {outbox['dead']} given up, {outbox['held']} held"
    say(f"Outbox     {waits}")
    for digest in found.digests:
        count = render.counted(digest.waiting, "delivery waits", "deliveries wait")
        say(f"Digest     {plain(digest.recipient, 40)}: {count} until {digest.next:%Y-%m-%d %H:%M} UTC")
    for place, day in enumerate(found.gathered[:_GATHERED]):
        count = render.counted(day.waiting, "delivery waits", "deliveries wait")
        text = f"{plain(day.watch, 40)}: {count} for the end of the day, {day.until:%Y-%m-%d %H:%M} UTC"
        say(f"{'' if place else 'Gathered':<11}{text}")
    if len(found.gathered) > _GATHERED:
        say(f"           and {len(found.gathered) - _GATHERED} more (--json has all)")
    for place, one in enumerate(found.mutes[:_MUTES]):
        say(f"{'' if place else 'Muted':<11}{plain(one.words)}")
    if len(found.mutes) > _MUTES:
        say(f"           and {len(found.mutes) - _MUTES} more (--json has all)")
    backup = f"{found.last_backup:%Y-%m-%d %H:%M} UTC" if found.last_backup else "none booked"
    say(f"Disk       {found.disk_free / 2**30:.1f} GiB free; last backup {backup}")
    _table(
        "register",
        [
            (one.id, one.state, render.ago(one.last_ok, found.at) if one.last_ok else "never")
            for one in found.sources
        ],
    )
    _table(
        "watch",
        [
            (one.watch, one.state, render.ago(one.oldest_look, found.at) if one.oldest_look else "never")
            for one in found.watches
        ],
    )
    merged = [one for one in found.journal if one.merged or one.outcome not in (timetable.DONE, None)]
    if merged:
        say()
        last = merged[0]
        note = f": {plain(last.note)}" if last.note else ""
        say(f"Last irregular run: {last.planned_at:%Y-%m-%d %H:%M} UTC, {plain(last.job)}{note} (--journal).")


def _table(what: str, rows: list[tuple[str, str, str]]) -> None:
    if not rows:
        return
    say()
    table = Table(what, "state", "last full look", box=None, pad_edge=False)
    rows.sort(key=lambda row: row[1] in ("fresh", "import only"))
    for name, state, looked in rows[:_LISTED]:
        table.add_row(plain(name, 40), state, looked)
    show_table(table)
    if len(rows) > _LISTED:
        say(f"and {len(rows) - _LISTED} more (--json has all)")


def _in(at: dt.datetime, now: dt.datetime) -> str:
    if at <= now:
        return "now"
    minutes = (at - now).total_seconds() / 60
    return f"in {minutes:.0f} minutes" if minutes < 120 else f"in {minutes / 60:.0f} hours"


def _print_journal(found: Status) -> None:
    if not found.journal:
        say("The daemon has not run yet: `tmwatch run` starts it.")
    for one in found.journal:
        said = one.note or ""
        end = one.outcome or "under way"
        say(f"{one.planned_at:%Y-%m-%d %H:%M:%S} {plain(one.job)}: {end}{'; ' + plain(said) if said else ''}")
