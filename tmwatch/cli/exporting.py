"""`export`: filings, changes or events for a spreadsheet or a program."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TextIO

import click

from tmwatch.cli.app import cli
from tmwatch.cli.output import json_text, tell
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
@pass_session
def export(
    session: Session,
    given: Format | None,
    what: What,
    output: Path | None,
    excel: bool,
    as_csv: bool,
    as_json: bool,
) -> None:
    """Write everything stored as CSV or JSON Lines.

    JSON Lines of marks hold whole records. A CSV cell that a spreadsheet would take for a formula gets
    an apostrophe in front; what is sample says [SAMPLE] in the first column. A file that is there is
    replaced, as each day by cron, and that is said.
    """
    asked = {"csv": as_csv or given == "csv", "jsonl": as_json or given == "jsonl"}
    if all(asked.values()):
        raise UsageError("one export has one form, CSV or JSON Lines", do="Choose one of them.")
    form: Format = "jsonl" if asked["jsonl"] else "csv"
    if output is not None:
        session.refuse_own_file(output, "export")
    database = session.database()
    config = _config(session)
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
        raise TmwatchError(
            f"the file cannot be written: {error.strerror}",
            where=str(output),
            kept="What was there before is untouched.",
            do="Free space, or name another with -o." if is_full(error) else "Name another with -o.",
        ) from None
    tell(f"{counted(count, 'row')} in {output}{', which replaced the file of that name' if replaced else ''}")


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
