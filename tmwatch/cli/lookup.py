"""`lookup`: what is stored, and what registers that may be asked say now."""

from __future__ import annotations

from typing import Any

import click

from tmwatch.alerts.compose import register_link
from tmwatch.cli import render
from tmwatch.cli.app import cli
from tmwatch.cli.output import Bar, complain, facts_grid, on_terminal, plain, say, say_json
from tmwatch.cli.records import json_option
from tmwatch.cli.session import Session, pass_session
from tmwatch.errors import UsageError
from tmwatch.exporting import summary
from tmwatch.http import Door
from tmwatch.lookup import LiveAnswer, bare_number, live, stored
from tmwatch.model import TradeMark
from tmwatch.numbers import parse_office

LISTED = 30


@cli.command()
@click.argument("text", nargs=-1, required=True)
@click.option("--office", help="Only this office, such as US or CN.")
@click.option(
    "--class", "classes", type=click.IntRange(1, 45), multiple=True, help="Only this class; may be repeated."
)
@click.option(
    "--live/--stored",
    "ask_live",
    default=None,
    help="Ask the registers too, or look at what is stored only. Default: ask if there is a configuration.",
)
@json_option
@pass_session
def lookup(
    session: Session,
    text: tuple[str, ...],
    office: str | None,
    classes: tuple[int, ...],
    ask_live: bool | None,
    as_json: bool,
) -> int:
    """Find filings by mark, owner or number. Nothing is stored or alerted."""
    wanted = " ".join(text).strip()
    if not wanted:
        raise UsageError("there is nothing to look for", do="Give a mark, an owner or a number.")
    inside = parse_office(office) if office else None
    if ask_live and not session.has_config:
        raise UsageError(
            "registers are asked with a configuration only: it says who asks, and which may be asked",
            do="`tmwatch init` writes one; --stored looks at what is stored.",
        )
    config = session.config() if session.has_config and ask_live is not False else None
    database = session.database_if_any(config)
    known = stored(database, wanted, office=inside, classes=classes) if database is not None else []
    answer = LiveAnswer()
    if config is not None:
        with Bar("asking") as bar:
            door = Door(config.operator.contact)
            answer = live(config, door, session.env, wanted, office=inside, classes=classes, progress=bar.to)
    if as_json:
        say_json([_json(one, "stored") for one in known] + [_json(one, "live") for one in answer.records])
    else:
        _print(known, answer, asked=config is not None)
        if inside is None and bare_number(wanted):
            say("If this is a number, add --office US.")
    if as_json or not on_terminal():
        for one in answer.not_asked:
            complain(f"Not asked: {one.source}: {one.why}" if not one.failed else f"Failed: {one.why}")
    return 0


def _json(record: TradeMark, found: str) -> dict[str, Any]:
    origin = record.provenance
    link = register_link(origin.source, record.application_number) if origin else None
    return {"found": found, **summary(record, None), "link": link}


def _print(known: list[TradeMark], answer: LiveAnswer, *, asked: bool) -> None:
    say(f"Stored: {render.counted(len(known), 'filing')}", style="bold")
    _list(known)
    if not asked:
        return
    if answer.asked:
        said = f"At the registers now: {render.counted(len(answer.records), 'filing')}"
    elif any(one.failed for one in answer.not_asked):
        said = "At the registers: nobody answered"
    else:
        said = "At the registers: nobody was asked"
    say(said, style="bold")
    _list(answer.records)
    for line in answer.asked:
        say(f"asked {plain(line)}", indent=2, style="dim")
    if on_terminal():
        for one in answer.not_asked:
            say(f"{'failed' if one.failed else 'not asked'}: {one.source}: {plain(one.why)}", indent=2)
    if answer.records:
        say("What the registers said now was not stored: watch it, or import its page.", style="dim")


def _list(records: list[TradeMark]) -> None:
    for record in records[:LISTED]:
        say(render.record_name(record), indent=2)
        classes = ", ".join(plain(number) for number in record.class_numbers)
        filed = str(record.application_date) if record.application_date else ""
        facts_grid(
            [
                ("Owner", "; ".join(plain(party.name) for party in record.owners)),
                ("Classes", classes),
                ("Status", render.status_line(record)),
                ("Filed", filed),
                ("Source", render.provenance_line(record.provenance) if record.provenance else ""),
            ],
            indent=4,
        )
    if len(records) > LISTED:
        say(f"and {len(records) - LISTED} more (all with --json)", indent=2)
