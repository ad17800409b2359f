"""`restore`: a backup in the place of the database."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from tmwatch.cli import render
from tmwatch.cli.app import cli
from tmwatch.cli.options import json_option
from tmwatch.cli.output import complain, plain, say_json, tell
from tmwatch.cli.session import Session, pass_session
from tmwatch.errors import UsageError
from tmwatch.store import restore


@cli.command("restore", short_help="Put a backup in the place of the database.")
@click.argument("file", type=click.Path(dir_okay=False, path_type=Path))
@click.option("--yes", is_flag=True, help="Do not ask; needed off a terminal.")
@json_option
@pass_session
def restore_command(session: Session, file: Path, yes: bool, as_json: bool) -> None:
    """Put a backup in the place of the database; the replaced one is kept aside.

    Nothing that went out since the backup was made is sent again, and what waits in the backup is held
    until `tmwatch alerts release`. Refuses a file that is no whole database of tmwatch, and a database
    that another process has open.
    """
    path = session.database_path()
    last_look = restore.examine(path, file)
    said = f"Its latest look is of {render.local(last_look)}." if last_look else "No look stands in it."
    if not yes:
        if not sys.stdin.isatty() or as_json:
            raise UsageError(
                f"restoring would replace {path}",
                where=str(file),
                kept="Nothing was done.",
                do="Add --yes to say that this is meant.",
            )
        there = f"It takes the place of {path}, which is kept aside." if path.exists() else ""
        click.confirm(
            f"{plain(str(file))} is whole. {said} {plain(there)}\nRestore it?", abort=True, err=True
        )
    done = restore.restore(path, file)
    if as_json:
        say_json(done.as_json())
        return
    tell(f"Restored {plain(str(done.backup))} to {plain(str(done.database))}. {said}")
    if done.kept_aside is not None:
        tell(f"The database that was replaced lies in {plain(str(done.kept_aside))}")
    if done.known:
        left = render.counted(done.sent_before, "delivery", "deliveries")
        tell(f"What went out since the backup ({left}) will not be sent again.")
    else:
        complain(
            "Note: what went out since the backup is not known. What the next look finds again is held "
            "until you release it: `tmwatch alerts list`."
        )
    if done.held:
        are = render.counted(done.held, "delivery that waits is", "deliveries that wait are")
        complain(f"Note: {are} held: `tmwatch alerts list` shows them, `tmwatch alerts release` sends them.")
