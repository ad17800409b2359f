"""`export`: filings, changes or events for a spreadsheet or a program."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TextIO

import click

from tmwatch.cli.app import cli
from tmwatch.cli.output import json_text, plain, tell
from tmwatch.cli.render import counted
from tmwatch.cli.session import Session, pass_session
from tmwatch.config import Config
from tmwatch.errors import ConfigError, TmwatchError, UsageError
from tmwatch.exporting import Format, What, full_records, rows, write_csv, write_jsonl, writing
from tmwatch.files import is_full
from tmwatch.store import Database


@cli.command()
@click.option("--format", "given", type=click.Choice(["csv", "jsonl"]), help="Default: csv.")
@click.option("--what", type=click.Choice(["marks", "changes", "events"]), default="marks", show_default=True)
@click.option("-o", "--output", type=click.Path(dir_okay=False, path_type=Path), help="A file, not stdout.")
@click.option(
    "--excel", is_flag=True, help="Begin the CSV with the mark by which Excel knows Chinese text for UTF-8."
)
@click.option("--csv", "as_csv", is_flag=True, help="The same as --format csv.")
@click.option("--json", "as_json", is_flag=True, help="The same as --format jsonl.")
@click.option("--atom", "as_atom", is_flag=True, help="The latest alerts as an Atom feed.")
@click.option("--watch", metavar="NAME", help="With --atom: the alerts of this watch only.")
@pass_session
def export(
    session: Session,
    given: Format | None,
    what: What,
    output: Path | None,
    excel: bool,
    as_csv: bool,
    as_json: bool,
    as_atom: bool,
    watch: str | None,
) -> None:
    """Write everything stored as CSV or JSON Lines, or the latest alerts as an Atom feed.

    JSON Lines of marks hold whole records. A CSV cell that a spreadsheet would take for a formula gets
    an apostrophe in front; what is sample says [SAMPLE] in the first column. A file that is there is
    replaced, as each day by cron, and that is said.
    """
    asked = {"csv": as_csv or given == "csv", "jsonl": as_json or given == "jsonl"}
    if all(asked.values()):
        raise UsageError("one export has one form, CSV or JSON Lines", do="Choose one of them.")
    if as_atom and (any(asked.values()) or excel or what != "marks"):
        raise UsageError(
            "a feed has the alerts, in a form of its own", do="Leave --what, --format and --excel out."
        )
    if watch is not None and not as_atom:
        raise UsageError("--watch is for a feed", do="Add --atom, or leave --watch out.")
    form: Format = "jsonl" if asked["jsonl"] else "csv"
    if output is not None:
        session.refuse_own_file(output, "export")
    database = session.database()
    config = _config(session)
    if as_atom:
        _atom(database, config, watch or "", output)
        return
    if output is None:
        if excel and form == "csv":
            sys.stdout.write("\ufeff")
        _write(sys.stdout, database, config, form, what)
        return
    replaced = output.exists()
    try:
        encoding = "utf-8-sig" if excel and form == "csv" else "utf-8"
        with writing(output, encoding) as file:
            count = _write(file, database, config, form, what)
    except OSError as error:
        raise _unwritten(output, error) from None
    tell(f"{counted(count, 'row')} in {output}{', which replaced the file of that name' if replaced else ''}")


def _atom(database: Database, config: Config | None, watch: str, output: Path | None) -> None:
    from tmwatch.feeds import atom

    if watch and (config is None or config.watch(watch) is None):
        raise UsageError(f'there is no watch "{plain(watch, 60)}"', do="`tmwatch watch list` shows them.")
    feed = atom(database, config, watch).decode("utf-8")
    if output is None:
        sys.stdout.write(feed + "\n")
        return
    try:
        with writing(output) as file:
            file.write(feed)
    except OSError as error:
        raise _unwritten(output, error) from None
    tell(f"The feed is in {output}")


def _unwritten(output: Path, error: OSError) -> TmwatchError:
    return TmwatchError(
        f"the file cannot be written: {error.strerror}",
        where=str(output),
        kept="What was there before is untouched.",
        do="Free space, or name another with -o." if is_full(error) else "Name another with -o.",
    )


def _config(session: Session) -> Config | None:
    """For the docket references only: without them the export is as good as it can be."""
    try:
        return session.config_if_any()
    except ConfigError:
        return None


def _write(out: TextIO, database: Database, config: Config | None, form: Format, what: What) -> int:
    if form == "csv":
        return write_csv(out, what, rows(database, what, config))
    found = full_records(database) if what == "marks" else rows(database, what, config)
    return write_jsonl(out, found, json_text)
