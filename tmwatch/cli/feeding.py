"""`feed`: the files that registers publish, listed and taken."""

from __future__ import annotations

import datetime as dt

import click

from tmwatch.cli import render
from tmwatch.cli.app import Group, cli
from tmwatch.cli.importing import as_date
from tmwatch.cli.options import json_option
from tmwatch.cli.output import Bar, complain, complain_of, on_terminal, plain, say, say_json
from tmwatch.cli.session import Session, pass_session
from tmwatch.errors import PASSING, LookError
from tmwatch.feeding import FeedReport, booked, feed_of, listed, no_key, take
from tmwatch.http import Door
from tmwatch.logs import set_run
from tmwatch.store import books

_FIRST = "us.daily"
_WHAT = {
    "taken": "taken",
    "imported": "imported by hand",
    "absent": "MISSING: nobody has seen what is new in it",
    "missing": "listed, and not there",
    "due": "due",
    "before": "before the first that was taken",
}


@cli.group("feed", cls=Group)
def feed_group() -> None:
    """The files that a register publishes: what there is, and to take what is new.

    A feed that is switched on (enabled = true in its [source] table) is taken at each `tmwatch check`.
    """


_since = click.option(
    "--since", callback=as_date, metavar="DAY", help="Files of this day (2026-11-01) and later."
)
_back = click.option("--back-file", "back", is_flag=True, help="The back file, instead of the daily files.")


@feed_group.command("list")
@click.argument("source_id", metavar="[ID]", default=_FIRST)
@_since
@_back
@json_option
@pass_session
def list_(session: Session, source_id: str, since: dt.date | None, back: bool, as_json: bool) -> int:
    """Ask the register which files there are, and say which were taken and which are due.

    ID is us.daily (the default) or us.ttab. This counts as no download. Without a key it shows what was taken
    or imported so far, and the days that are missing in between (exit code 1).
    """
    source, config = feed_of(source_id), session.config()
    database = session.database(config, create=True)
    locked = no_key(source, config, session.env)
    if locked is not None:
        found = [one for one in booked(source, database, back=back) if since is None or one.file.day >= since]
    else:
        door = Door(config.operator.contact)
        found = listed(source, config, database, door, session.env, since=since, back=back)
    if as_json:
        rows = [
            {
                "name": one.file.name or None,
                "day": one.file.day.isoformat(),
                "size": one.file.size,
                "modified": one.file.modified or None,
                "state": one.state,
                "downloads_this_year": one.tries,
            }
            for one in found
        ]
        say_json(rows)
        return _locked(locked)
    for one in found:
        if one.state == "absent":
            say(f"{one.file.day}  {_WHAT[one.state]}")
            continue
        size = f"{one.file.size / 1e6:.1f} MB" if one.file.size else "size not told"
        say(f"{one.file.day}  {plain(one.file.name, 40)}  {size}  {_WHAT[one.state]}")
    if locked is not None:
        taken = sum(one.state == "taken" for one in found)
        imported = sum(one.state == "imported" for one in found)
        by_hand = f", {imported} imported by hand" if imported else ""
        say(f"{render.counted(taken, 'file')} of {source_id} taken so far{by_hand}.")
        return _locked(locked)
    due = sum(1 for one in found if one.state == "due")
    say(f"{render.counted(len(found), 'file')}, {due} due: `tmwatch feed take {source_id}` takes them.")
    return 0


def _locked(error: LookError | None) -> int:
    """Why the register was not asked, and the exit code."""
    if error is None:
        return 0
    complain_of(error)
    return 1


@feed_group.command("take")
@click.argument("source_id", metavar="[ID]", default=_FIRST)
@_since
@_back
@json_option
@pass_session
def take_(session: Session, source_id: str, since: dt.date | None, back: bool, as_json: bool) -> int:
    """Download what is new since the last file taken, and import it, one file after the other.

    ID is us.daily (the default) or us.ttab. Each file is taken once; the first time it is the latest alone,
    with --since those from that day on, with --back-file all that was before (many files, and hours). What
    was received of a file that broke off is kept, and the next run asks for the rest.
    """
    source, config = feed_of(source_id), session.config()
    database = session.database(config, create=True)
    run = books.start_run(database, "feed")
    set_run(run)
    with Bar("taking") as bar:
        report = take(
            source,
            config,
            database,
            Door(config.operator.contact),
            session.env,
            run=run,
            since=since,
            back=back,
            progress=bar.step,
        )
    books.end_run(database, run, {"files": len(report.files), "alerts": report.alerts})
    if as_json:
        say_json(report.as_json())
    elif on_terminal():
        print_feed(report)
    complain_of_feed(report, passing=True)
    return 1 if report.error or report.operator_must_act else 0


def print_feed(report: FeedReport) -> None:
    """What was taken, on a terminal."""
    for one in report.files:
        if one.what == "taken":
            more = f"; {one.failed} could not be read" if one.failed else ""
            on = f", gone on with after {one.resumed / 1e6:.1f} MB" if one.resumed else ""
            say(f"{plain(one.name, 60)} taken: {render.counted(one.records, 'record')}{more}{on}")
    if not report.files and not report.error:
        say(f"{report.source}: nothing new.")
    if report.alerts:
        say(f"{render.counted(report.alerts, 'alert')} made; `tmwatch check` sends them.")


def complain_of_feed(report: FeedReport, *, passing: bool = False) -> None:
    """What went wrong. What may pass by itself is said where somebody waits for it (`passing`). And what a
    first look kept quiet about: that is said once in the life of a watch."""
    for text in render.first_looks(report.first_look):
        complain(f"Note: {report.source}: {text}")
    for one in report.files:
        if one.what == "missing":
            complain(f"Error: {one.name} is listed and could not be had; it was passed over.\n{one.error}")
        elif one.what == "taken" and one.failed:
            complain(f"Error: {one.failed} of {one.records} records of {one.name}: {one.error}")
    if report.error and (passing or report.outcome not in PASSING):
        left = f"\n{render.counted(report.due, 'file')} left for a later run." if report.due else ""
        complain(f"Error: {report.error}{left}")
