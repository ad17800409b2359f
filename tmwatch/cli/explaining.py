"""`alerts why-not`: what was seen of a filing, and why a watch has told nothing of it."""

from __future__ import annotations

import click

from tmwatch.cli import render
from tmwatch.cli.alerts import alerts_group
from tmwatch.cli.options import json_option, office_option
from tmwatch.cli.output import facts_grid, plain, say, say_json
from tmwatch.cli.session import Session, pass_session
from tmwatch.cli.watching import need_watch
from tmwatch.numbers import parse_number
from tmwatch.why_not import Beside, WhyNot, why_not


@alerts_group.command("why-not")
@click.argument("number", nargs=-1, required=True)
@click.option("--watch", "name", required=True, metavar="NAME", help="The watch that told nothing.")
@office_option
@json_option
@pass_session
def why_not_(session: Session, number: tuple[str, ...], name: str, office: str | None, as_json: bool) -> None:
    """Show why a watch told nothing of a filing: what was seen when, and what it fell short of."""
    wanted = parse_number(" ".join(number), office)
    config = session.config()
    watch = need_watch(config, name)
    found = why_not(config, session.database_if_any(config), session.env, watch, wanted)
    if as_json:
        say_json([one.as_json() for one in found])
        return
    for one in found:
        _print(one)


def _print(one: WhyNot) -> None:
    say(f'{_name(one)} under the watch "{plain(one.watch)}"', style="bold")
    for reason in one.reasons:
        say(f"- {plain(reason)}")
    if not one.reasons:
        say("Everything that the watch asks for was told.")
    rows = []
    if one.record is not None:
        origin = render.provenance_line(one.record.provenance) if one.record.provenance else ""
        kept = "the database" if one.kept_in == "database" else "the store of the register"
        filed = str(one.record.application_date or "")
        rows += [
            ("Stored in", f"{kept}; {origin}"),
            ("Filed", filed),
            ("Owner", plain("; ".join(party.name for party in one.record.owners), 200)),
            ("Classes", plain(", ".join(one.record.class_numbers))),
            ("Goods", plain(one.goods)),
        ]
    rows += [("Seen by", _look(look)) for look in one.looks]
    rows += [("Beside", _beside(mark)) for mark in one.beside]
    if one.hit is not None:
        level = f", level {one.hit['level']}" if one.hit["level"] is not None else ""
        rows.append(("Hit", f"{one.hit['id']}, {render.local(one.hit['first_at'])}{level}"))
    rows += [
        ("Alert", f"{alert['id']}, {render.local(alert['created_at'])}: {plain(alert['headline'], 120)}")
        for alert in one.alerts
    ]
    rows += [("Looked at by", text) for text in render.coverage_texts(one.coverage)]
    facts_grid(rows, indent=2)


def _name(one: WhyNot) -> str:
    return render.record_name(one.record) if one.record is not None else plain(one.number)


def _look(look: object) -> str:
    assert isinstance(look, dict)
    looks = f", {render.counted(look['looks'], 'look')}" if look["looks"] else ""
    failed = f", {look['failed']} failed ({plain(look['last_error'], 120)})" if look["failed"] else ""
    first, last = render.local(look["first_at"]), render.local(look["last_at"])
    span = f"first {first}, last {last}" if first != last else first
    return f"{plain(look['source'])}: {span}{looks}{failed}"


def _beside(one: Beside) -> str:
    if one.level is None or one.score is None:
        return f"{plain(one.mark)}: nothing in common"
    return f"{plain(one.mark)}: level {one.level} ({one.score:.1f}): {plain('; '.join(one.reasons), 200)}"
