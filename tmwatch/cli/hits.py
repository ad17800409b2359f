"""`hits list`, `hits mark`: what came under the watches, and what people think of it."""

from __future__ import annotations

import csv
import sys
from collections.abc import Sequence
from typing import Any

import click

from tmwatch.cli import render
from tmwatch.cli.app import Group, cli
from tmwatch.cli.options import json_option
from tmwatch.cli.output import facts_grid, plain, say, say_json
from tmwatch.cli.session import Session, pass_session
from tmwatch.config import Config
from tmwatch.errors import ConfigError, UsageError
from tmwatch.exporting import cell
from tmwatch.following import number_of
from tmwatch.store import Database, hits, queries
from tmwatch.watches.live import live_state
from tmwatch.watches.plan import known_sources, source_for_number
from tmwatch.watches.triage import basis

VERDICTS: dict[str, hits.Triage | None] = {"relevant": "relevant", "noise": "noise", "open": None}
COLUMNS = (
    *("id", "watch", "level", "score", "triage", "triaged_at", "office", "number", "mark", "owners"),
    *("classes", "filed", "status", "reasons", "why", "first_at", "baseline", "st13", "facts", "stood"),
)


@cli.group("hits", cls=Group)
def hits_group() -> None:
    """What came under the watches: list it, mark it relevant or noise."""


@hits_group.command("list")
@click.option("--watch", metavar="NAME", help="Of this watch only.")
@click.option("--level", type=click.IntRange(1, 4), help="As near as this or nearer (1 near identical).")
@click.option("--untriaged", is_flag=True, help="Only what nobody has marked yet.")
@click.option(
    "--limit", type=click.IntRange(1), default=20, show_default=True, help="How many on the screen."
)
@click.option("--csv", "as_csv", is_flag=True, help="All of them as CSV.")
@json_option
@pass_session
def list_(
    session: Session,
    watch: str | None,
    level: int | None,
    untriaged: bool,
    limit: int,
    as_csv: bool,
    as_json: bool,
) -> None:
    """Show hits, the latest first, and for each level how many were marked relevant and noise."""
    if as_csv and as_json:
        raise UsageError("one list has one form, CSV or JSON", do="Choose one of them.")
    database = session.database()
    rows = [_row(row) for row in hits.listed(database, watch, level, untriaged=untriaged)]
    tally = hits.tally(database, watch)
    if watch is not None and not tally:
        _need_watch(session, database, watch)
    if as_csv:
        writer = csv.writer(sys.stdout, lineterminator="\n")
        writer.writerow(COLUMNS)
        writer.writerows([cell(row[column]) for column in COLUMNS] for row in rows)
        return
    if as_json:
        say_json({"hits": rows, "levels": tally})
        return
    for row in rows[:limit]:
        _print(row)
    if len(rows) > limit:
        say(f"and {len(rows) - limit} more (all with --json or --csv; --limit shows more)")
    if not rows:
        say("No hit is like that." if tally else "Nothing has come under a watch yet.")
    for one in tally:
        say(f"{plain(one['watch'])}, {level_words(one['level'])}: {counts(one)}", style="dim")


def _need_watch(session: Session, database: Database, name: str) -> None:
    """A watch without hits is none to complain of; one that nobody knows is."""
    try:
        config = session.config_if_any()
    except ConfigError:
        config = None
    known = {one["watch"] for one in hits.tally(database)}
    known |= {one.name for one in config.watches} if config is not None else set()
    if name not in known:
        raise UsageError(
            f'there is no watch "{plain(name, 60)}"', do=f"Watches: {', '.join(sorted(known)) or 'none'}."
        )


def level_words(level: int | None) -> str:
    """ "level 2"; what else brought it under the watch where no name came near."""
    return f"level {level}" if level is not None else "by number, owner, agent or filters"


def counts(one: dict[str, Any]) -> str:
    """ "14 relevant, 40 noise, 6 open"."""
    return f"{one['relevant']} relevant, {one['noise']} noise, {one['open']} open"


def _row(row: dict[str, Any]) -> dict[str, Any]:
    """A hit for `--json` and `--csv`."""
    return {
        **{name: row[name] for name in COLUMNS if name in row},
        "number": row["application_number"],
        "filed": row["application_date"],
    }


def _print(row: dict[str, Any]) -> None:
    name = render.mark_name(row["mark"], row["facts"])
    number = render.short_number(row["office"], row["number"], row["st13"])
    near = f", level {row['level']} ({row['score']:.1f})" if row["level"] is not None else ""
    say(f"{row['id']}  {name} ({number}){near}", style="bold")
    marked = f"{row['triage']}, on {render.local(row['triaged_at'])}" if row["triage"] else "not yet"
    first = ", there before the watch" if row["stood"] else ", with its first look" if row["baseline"] else ""
    facts_grid(
        [
            ("Watch", f'"{plain(row["watch"])}", {render.local(row["first_at"])}{first}'),
            ("Why", plain(row["why"], 300)),
            ("Owner", plain(row["owners"], 200)),
            ("Classes", plain(row["classes"])),
            ("Marked", marked),
        ],
        indent=2,
    )


@hits_group.command("mark")
@click.argument("numbers", metavar="ID...", nargs=-1, required=True)
@click.argument("verdict", metavar="relevant|noise|open")
@json_option
@pass_session
def mark(session: Session, numbers: tuple[str, ...], verdict: str, as_json: bool) -> None:
    """Mark hits as relevant or noise; `open` takes it back.

    Relevant: the filing is watched by its number from then on, and its publication is told with the
    opposition date. Noise: nothing is told of it until its owner, classes or goods change.
    """
    ids = _ids(numbers, verdict)
    database = session.database()
    found = hits.by_id(database, ids)
    unknown = [str(number) for number in ids if number not in found]
    if unknown:
        raise UsageError(
            f"there is no hit {', '.join(unknown)}",
            where=str(database.path),
            kept="Nothing was marked.",
            do="`tmwatch hits list` shows them with their numbers.",
        )
    judged = {}
    for number, row in found.items():
        record = queries.get(database, row["st13"])
        judged[number] = basis(record) if record is not None else {}
    hits.mark(database, VERDICTS[verdict], judged)
    rows = [_row(row) for row in hits.by_id(database, ids).values()]
    watches = list(dict.fromkeys(row["watch"] for row in rows))
    tally = [one for name in watches for one in hits.tally(database, name)]
    if as_json:
        say_json({"hits": rows, "levels": tally})
        return
    for row in rows:
        name = render.mark_name(row["mark"], row["facts"])
        shown = render.short_number(row["office"], row["number"], row["st13"])
        say(f"{row['id']}  {name} ({shown}): {verdict}", style="bold")
        say(_then(session, row), indent=2)
    for one in tally:
        say(f"{plain(one['watch'])}, {level_words(one['level'])}: {counts(one)}", style="dim")


def _ids(numbers: Sequence[str], verdict: str) -> list[int]:
    """The numbers of hits. Raises `UsageError`."""
    if verdict not in VERDICTS:
        raise UsageError(
            f'"{plain(verdict, 40)}" is neither relevant, noise nor open',
            do="Like this: tmwatch hits mark 12 15 noise",
        )
    for text in numbers:
        if not text.isdecimal() or len(text) > 18 or int(text) < 1:
            raise UsageError(
                f'"{plain(text, 40)}" is not the number of a hit',
                kept="Nothing was marked.",
                do="`tmwatch hits list` shows them.",
            )
    return list(dict.fromkeys(int(text) for text in numbers))


def _then(session: Session, row: dict[str, Any]) -> str:
    """What follows from the mark, in words."""
    if row["triage"] == "noise":
        return "Nothing is told of it until its owner, classes or goods change; that is told once."
    if row["triage"] is None:
        return "As if it had never been marked."
    config = _config(session)
    if config is not None and config.watch(row["watch"]) is None:
        gone = f'the configuration has no watch "{plain(row["watch"])}"'
        return f"Its changes are told under that watch, but {gone} any more."
    asked = _asked_at(session, config, row["st13"])
    if asked:
        return f"Its number is asked for ({asked}); its publication is told with the opposition date."
    return (
        "No source can be asked for its number here: `tmwatch worklist` has its page. What is imported of it "
        "is told, its publication with the opposition date."
    )


def _asked_at(session: Session, config: Config | None, st13: str) -> str:
    number = number_of(st13)
    if config is None or number is None:
        return ""
    live = [one for one in known_sources().values() if live_state(one.declaration, config, session.env)[0]]
    source = source_for_number(number, live)
    return source.declaration.id if source is not None else ""


def _config(session: Session) -> Config | None:
    """Only for what is said beside: a mistake in the file keeps nobody from marking a hit."""
    try:
        return session.config_if_any()
    except ConfigError:
        return None
