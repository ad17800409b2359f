"""`watch mute`, `watch unmute`: what is not told for a while."""

from __future__ import annotations

import datetime as dt
from contextlib import suppress

import click

from tmwatch.alerts.muting import standings
from tmwatch.cli import render
from tmwatch.cli.options import json_option
from tmwatch.cli.output import plain, say, say_json
from tmwatch.cli.session import Session, pass_session
from tmwatch.cli.watching import need_watch, watch_group
from tmwatch.config import Config, Mute
from tmwatch.config.mistakes import Expected
from tmwatch.config.values import parse_interval, parse_until
from tmwatch.errors import UsageError
from tmwatch.store import muted
from tmwatch.store.database import now
from tmwatch.watches.mutes import add_mute, remove_mutes

_EXAMPLE = "Like this: tmwatch watch mute 'JD cars' --field goods --until 2026-12-31"


def _last(text: str, config: Config) -> dt.date:
    """The day or instant that `--until` means: also a span from now, "30 days"."""
    with suppress(Expected):
        span = parse_interval(text)
        assert isinstance(span, dt.timedelta)
        return (now() + span).astimezone(config.schedule.zone).date()
    try:
        found = parse_until(text)
    except Expected:
        raise UsageError(
            f'"{plain(text, 40)}" is neither a day nor a span',
            where="--until",
            do='Write 2026-12-31, 2026-12-31T18:00:00+01:00 or "30 days".',
        ) from None
    assert isinstance(found, dt.date)
    if Mute(until=found).over(config.schedule.zone) <= now():
        raise UsageError(f"{plain(text, 40)} is over already", where="--until", do="Give a day to come.")
    return found


@watch_group.command("mute")
@click.argument("name", required=False)
@click.option("--field", "fields", multiple=True, metavar="FIELD", help="Only this field; may be repeated.")
@click.option("--until", required=True, metavar="DAY", help="To the end of this day; or '30 days'.")
@click.option("--recipient", "recipients", multiple=True, metavar="RECIPIENT", help="Only for this one.")
@click.option("--reason", metavar="TEXT", help="Shown wherever the mute is.")
@click.option("--critical", is_flag=True, help="What is critical is silenced too.")
@json_option
@pass_session
def mute_(
    session: Session,
    name: str | None,
    fields: tuple[str, ...],
    until: str,
    recipients: tuple[str, ...],
    reason: str | None,
    critical: bool,
    as_json: bool,
) -> None:
    """Tell nothing of a watch, or of a field, until a day: appends a mute to the configuration file.

    Everything is stored and shown as ever. Deadlines, and what is told of tmwatch itself, are never muted.
    """
    if name is None and not fields:
        raise UsageError("what is to be muted: a watch, a field of it, or a field of all?", do=_EXAMPLE)
    config = session.config()
    if name is not None:
        need_watch(config, name)
    last = _last(until, config)
    settings = {
        "watch": name,
        "field": (list(fields) if len(fields) > 1 else fields[0]) if fields else None,
        "until": last,
        "recipients": list(recipients) or None,
        "reason": reason,
        "critical": critical or None,
    }
    new = add_mute(session.config_path, settings)
    added = new.mutes[-1]
    if as_json:
        standing = next(one for one in standings(new, now()) if one.mute is added)
        say_json({"configuration": str(session.config_path), "mute": standing.as_json()})
        return
    say(f"Added to {plain(str(session.config_path))}: muted until {added.last}: {plain(added.scope)}.")
    if critical:
        say("What is critical is silenced too; deadlines are told as ever.")
    else:
        say("What is critical is told all the same (--critical silences it too), and so are deadlines.")
    say("What it silences is stored: `tmwatch changes --muted` lists it. It is not sent later.")
    say("A daemon that runs takes it up with SIGHUP; an alert that was made before is sent.")


@watch_group.command("unmute")
@click.argument("name", required=False)
@click.option("--field", "fields", multiple=True, metavar="FIELD", help="Only the mute of this field.")
@json_option
@pass_session
def unmute(session: Session, name: str | None, fields: tuple[str, ...], as_json: bool) -> None:
    """End the mutes of a watch: takes them out of the configuration file. Nothing is sent later.

    Without NAME: of the mutes that hold for all watches, that of --field.
    """
    if name is None and not fields:
        raise UsageError(
            "which mute is to end?", do="Give a watch, or --field F for a mute that holds for all watches."
        )
    config = session.config()
    if name is not None:
        need_watch(config, name)
    wanted = frozenset(fields)

    def these(mute: Mute) -> bool:
        return mute.watch == name and (not wanted or wanted == frozenset(mute.field))

    # Before the file is written: with a database that cannot be opened nothing of this is half done.
    database = session.database_if_any(config)
    new, gone = remove_mutes(session.config_path, these)
    if not gone:
        of = f' of watch "{plain(name, 60)}"' if name is not None else ""
        raise UsageError(
            f"there is no such mute{of}",
            where=str(session.config_path),
            kept="The file was left as it was.",
            do=_there_are(config),
        )
    holding = {one.mute.scope for one in standings(new, now()) if one.holds}
    ended = muted.ended(database, holding) if database is not None else []
    if as_json:
        say_json(
            {
                "configuration": str(session.config_path),
                "taken_out": [one.as_json() for one in standings(config, now()) if one.mute in gone],
                "mutes_ended": [one.as_json() for one in ended],
            }
        )
        return
    for mute in gone:
        say(f"Taken out of {plain(str(session.config_path))}: {plain(mute.scope)}, until {mute.last}.")
    for one in ended:
        said = plain(render.mute_ended(one))
        say(said[:1].upper() + said[1:])


def _there_are(config: Config) -> str:
    found = "; ".join(plain(one.words, 200) for one in standings(config, now()))
    return f"Mutes: {found}." if found else "The file has no [[mute]]."
