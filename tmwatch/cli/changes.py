"""`changes`: what changed since a day, a span of time, or the last run."""

from __future__ import annotations

import datetime as dt
import itertools
from typing import Any

import click

from tmwatch.cli import render
from tmwatch.cli.app import cli
from tmwatch.cli.options import EXAMPLE_DAY, json_option
from tmwatch.cli.output import plain, say, say_json
from tmwatch.cli.session import Session, pass_session
from tmwatch.config.values import parse_interval
from tmwatch.errors import UsageError
from tmwatch.model import Significance
from tmwatch.store import Database, muted, queries
from tmwatch.store.database import now

LEVELS = [item.value for item in Significance]


def since_when(text: str, database: Database) -> dt.datetime:
    """ "2026-11-01" (midnight on this machine), an instant, "7 days", or "last-run"."""
    if text == "last-run":
        run = queries.last_run(database)
        return dt.datetime.fromisoformat(run["started_at"]) if run else _BEGINNING
    try:
        instant = dt.datetime.fromisoformat(text)
        return instant.astimezone()  # a naive one is in the zone of this machine
    except (ValueError, OverflowError):
        pass
    try:
        span = parse_interval(text)
        assert isinstance(span, dt.timedelta)
        return now() - span
    except ValueError:
        raise UsageError(
            f'"{plain(text, 40)}" is neither a day nor a span',
            where="--since",
            do=f'Write a day like {EXAMPLE_DAY}, a span like "7 days", or last-run.',
        ) from None


_BEGINNING = dt.datetime(1970, 1, 1, tzinfo=dt.UTC)


@cli.command()
@click.option(
    "--since",
    default="7 days",
    show_default=True,
    help='A day (2026-11-01), a span ("7 days"), or last-run: what tmwatch saw change since then.',
)
@click.option(
    "--least",
    type=click.Choice(LEVELS),
    default="low",
    show_default=True,
    help="Least significance to show.",
)
@click.option("--muted", "only_muted", is_flag=True, help="Only what mutes kept from somebody.")
@json_option
@pass_session
def changes(session: Session, since: str, least: str, only_muted: bool, as_json: bool) -> None:
    """Show what changed, newest last, and which filings newly came under a watch.

    A new filing is a row of its own, in JSON {"field": "filing", "kind": "added", "significance": "high"}
    with its day of filing as "date". What a watch found at its first look is not new. With --muted each row
    says which mute of which watch silenced it.
    """
    database = session.database()
    start = since_when(since, database)
    if only_muted:
        found = muted.silenced(database, start, least=Significance(least))
    else:
        found = queries.changes_since(database, start, least=Significance(least))
    if not only_muted and Significance(least).rank <= Significance.HIGH.rank:
        found = sorted([*queries.filings_since(database, start), *found], key=lambda one: one["seen_at"])
    if as_json:
        say_json(found)
        return
    if not found:
        what = "was silenced" if only_muted else "changed"
        say(f"Nothing {what} since {start.astimezone():%Y-%m-%d %H:%M}.")
        return
    for _, group in itertools.groupby(found, key=_together):
        print_changes(list(group))
    if only_muted:
        say(f"In all {render.counted(len(found), 'change')} silenced; nothing of it is sent later.")


def _together(one: dict[str, Any]) -> tuple[Any, ...]:
    """What stands under one heading."""
    mute = one.get("muted", {})
    return (one["st13"], one["seen_at"], one["as_of"], mute.get("mute"), mute.get("watch"))


def print_changes(group: list[dict[str, Any]]) -> None:
    """The changes of one filing that came together."""
    first = group[0]
    name = render.mark_name(first["mark"], first["facts"])
    number = render.short_number(first["office"], first["number"], first["st13"])
    say(f"{name} ({number})", style="bold")
    origin = render.where_from(first["source"], first["facts"], first["as_of"], first["as_of_kind"])
    say(f"{origin}; seen {render.local(first['seen_at'])}", indent=2, style="dim")
    if "muted" in first:
        say(_mute_line(first["muted"]), indent=2)
    for change in group:
        for line in render.change_lines(change):
            say(line, indent=2)


def _mute_line(mute: dict[str, Any]) -> str:
    reason = f" ({plain(mute['reason'])})" if mute["reason"] else ""
    said = f"muted until {plain(mute['until'])} by the mute of {plain(mute['mute'])}{reason}"
    return said if f'"{mute["watch"]}"' in said else f'{said}, in watch "{plain(mute["watch"])}"'
