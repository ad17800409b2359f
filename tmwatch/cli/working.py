"""`worklist`: what only a person can do: pages to save by hand, searches to make, files to import."""

from __future__ import annotations

import csv
import sys

import click
from rich.table import Table
from rich.text import Text

from tmwatch.cli import render
from tmwatch.cli.app import cli
from tmwatch.cli.options import json_option, office_codes
from tmwatch.cli.output import on_terminal, plain, say, say_json, say_link, show_table
from tmwatch.cli.session import Session, pass_session
from tmwatch.errors import UsageError
from tmwatch.exporting import cell
from tmwatch.numbers import show_number
from tmwatch.worklist import ToImport, ToSave, ToSearch, Worklist, said, summed, worklist

_CSV = (
    *("due", "office", "number", "mark", "docket_ref", "age_days", "as_of", "as_of_kind", "read_at"),
    *("every_days", "watches", "source", "link"),
)
_NAMES = {"owners": "owner", "agents": "representative", "marks": "mark"}


@cli.command("worklist")
@click.option("--watch", "only", multiple=True, metavar="NAME", help="Only this watch; may be repeated.")
@click.option(
    "--office", "offices", multiple=True, callback=office_codes, metavar="XX,…", help="Only these offices."
)
@click.option("--all", "everything", is_flag=True, help="Also the pages that are young enough yet.")
@click.option("--csv", "as_csv", is_flag=True, help="The pages as a table for spreadsheets and programs.")
@json_option
@pass_session
def worklist_(
    session: Session,
    only: tuple[str, ...],
    offices: tuple[str, ...],
    everything: bool,
    as_csv: bool,
    as_json: bool,
) -> int:
    """List the pages to save by hand, the oldest first, the searches to make, and the files to import.

    They belong to offices whose registers are not asked by tmwatch. A page is on the list until one was
    imported that is younger than the watch's `every` (30 days without it). Save it into the inbox, or
    import it.
    """
    if as_csv and as_json:
        raise UsageError("--csv and --json are two forms of one answer", do="Choose one of them.")
    config = session.config()
    for name in only:
        if config.watch(name) is None:
            known = ", ".join(watch.name for watch in config.watches) or "none"
            raise UsageError(f'there is no watch "{name}"', where=str(config.path), do=f"Watches: {known}.")
    found = worklist(config, session.database_if_any(config), session.env, only=only, offices=offices)
    shown = found if everything else Worklist(found.due, found.searches, found.files)
    if as_json:
        say_json({**found.as_json(), "pages": [one.as_json() for one in shown.pages]})
    elif as_csv:
        writer = csv.writer(sys.stdout, lineterminator="\n")
        writer.writerow(_CSV)
        for one in shown.pages:
            row = one.as_json()
            writer.writerow([cell(row[column]) for column in _CSV])
    else:
        _print(found, shown)
        if shown.pages and config.store.inbox is not None:
            say(f"Save them into {plain(str(config.store.inbox))}: the next `tmwatch check` reads them.")
    return 0


def _print(found: Worklist, shown: Worklist) -> None:
    if shown.pages:
        _table(shown.pages)
        say()
        for one in shown.pages:
            if one.link:
                say_link(show_number(one.number), plain(one.link))
        say()
    for search in shown.searches:
        _print_search(search)
    for file in shown.files:
        _print_file(file)
    due = summed(found.due)
    later = len(found.pages) - due.pages
    yet = f"{render.counted(later, 'page')} young enough yet (--all lists them)" if later else ""
    if due.pages:
        say(f"{said(due)}{f'; {yet}' if yet else ''}.")
    elif on_terminal() or found.pages:
        say(f"No page to save by hand{f': {yet}' if yet else ''}.")


def _table(pages: tuple[ToSave, ...]) -> None:
    table = Table(box=None, pad_edge=False, padding=(0, 1, 0, 0), header_style="dim")
    for name, ratio in (("Number", 0), ("Mark", 3), ("Known until", 3), ("Age", 0), ("Watch", 3)):
        table.add_column(name, ratio=ratio or None, overflow="fold")
    for one in pages:
        ref = f" (ref {plain(one.docket_ref, 30)})" if one.docket_ref else ""
        table.add_row(
            Text(show_number(one.number)),
            Text(plain(one.mark, 40) + ref),
            Text(_known(one)),
            Text("never read" if one.age_days is None else render.counted(one.age_days, "day")),
            Text(plain(", ".join(one.watches), 60)),
        )
    show_table(table)


def _known(one: ToSave) -> str:
    if one.as_of is None or one.read_at is None:
        return ""
    if one.as_of_kind == "not_earlier_than":
        return f"read {one.read_at:%Y-%m-%d}, prints no day"
    return f"{one.as_of}"


def _print_search(one: ToSearch) -> None:
    names = " or ".join(f"“{plain(name, 60)}”" for name in one.names)
    classes = f" in class {', '.join(map(str, one.classes))}" if one.classes else ""
    last = (
        f"pages last imported {one.last_import:%Y-%m-%d}"
        if one.last_import
        else "no page of it was imported yet"
    )
    link = f" ({plain(one.link)})" if one.link else ""
    say(
        f"{one.office}: search for the {_NAMES[one.trigger]} {names}{classes} by hand{link}, and save what "
        f"is found: watch “{plain(one.watch)}”, {last}."
    )


def _print_file(one: ToImport) -> None:
    last = f"last imported {one.last_import:%Y-%m-%d}" if one.last_import else "none was imported yet"
    watches = ", ".join(f"“{plain(name)}”" for name in one.watches)
    say(f"{one.office}: import {plain(one.what)}: watch {watches}, {last}.")
