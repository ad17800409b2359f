"""`show` and `history`: one filing as it stands, and how it came to that."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import click

from tmwatch.alerts.compose import register_link
from tmwatch.alerts.payload import VERIFY
from tmwatch.changes.designations import show_standing
from tmwatch.cli import proceedings, render
from tmwatch.cli.app import cli
from tmwatch.cli.options import json_option, office_option
from tmwatch.cli.output import LABEL_WIDTH, complain, facts_grid, plain, say, say_json, say_link
from tmwatch.cli.session import Session, pass_session
from tmwatch.config import Config
from tmwatch.errors import ConfigError, StoreError, UsageError
from tmwatch.exporting import record_json
from tmwatch.model import Assignment, Designation, GoodsServices, Live, TradeMark
from tmwatch.numbers import MarkNumber, parse_number, show_number
from tmwatch.register_history import InRegister, Moved, history_of
from tmwatch.store import Database, queries
from tmwatch.stored import numbered, record_of

LATEST_EVENTS = 8
GOODS_LIMIT = 400  # characters of one class; `--goods` shows all of it

number_argument = click.argument("number", nargs=-1, required=True)


def find_one(database: Database, number: MarkNumber) -> str:
    """ST.13 of the one stored filing meant."""
    found = queries.find(database, number)
    if not found:
        raise UsageError(
            f"no filing {show_number(number)} is stored",
            where=str(database.path),
            do="Import a page of it (`tmwatch import FILE`), or watch it and run `tmwatch check`. What the "
            "store of a whole register has of it is shown by `tmwatch lookup`.",
        )
    if len(found) > 1:
        raise UsageError(
            f"{len(found)} stored filings have the number {show_number(number)}: {', '.join(found)}",
            do="Name one of them by its 17 characters.",
        )
    return found[0]


@cli.command(short_help="Show a filing as it stands.")
@number_argument
@office_option
@click.option("--events", is_flag=True, help="All events and docket entries, not only the latest.")
@click.option("--goods", is_flag=True, help="The whole text of the goods and services.")
@json_option
@pass_session
def show(
    session: Session, number: tuple[str, ...], office: str | None, events: bool, goods: bool, as_json: bool
) -> None:
    """Show the record of a filing as it stands: US 76044902, 'reg 2824281', US500000076044902."""
    wanted = parse_number(" ".join(number), office)  # in several words too: reg 2824281
    database = session.database()
    record = queries.get(database, find_one(database, wanted))
    assert record is not None
    if as_json:
        say_json(record_json(record))
        return
    _show(record, all_events=events, all_goods=goods)


def _show(record: TradeMark, *, all_events: bool, all_goods: bool) -> None:
    origin = record.provenance
    say(render.record_name(record), style="bold")
    facts_grid(_facts(record))
    if record.gives("classes"):
        say()
        say("Goods and services", style="bold")
        for item in record.classes:
            _goods(item, whole=all_goods)
    if record.designations:
        _designations(record.designations)
    if record.events:
        _events(record, all_events=all_events)
    proceedings.details(record, whole=all_events)
    say()
    link = register_link(origin.source, record.application_number) if origin else None
    facts_grid([("Source", render.provenance_line(origin) if origin else "")])
    for label, address in (("Page", plain(origin.url) if origin else ""), ("Register", link)):
        if address:
            say_link(f"{label:<{LABEL_WIDTH}}", address)
    say(VERIFY)


def _facts(record: TradeMark) -> list[tuple[str, str]]:
    day = [
        ("Filed", record.application_date),
        ("Registered", record.registration_date),
        ("Allowed", record.allowance_date),
        ("Expires", record.expiry_date),
        (f"{plain(record.termination_kind) or 'Ended'}".capitalize(), record.termination_date),
    ]
    published = ", ".join(str(one.date) for one in record.publications if one.date)
    step = plain(record.latest_step)
    return [
        ("Number", show_number(record)),
        ("Registration", plain(record.registration_number)),
        ("International", plain(record.international_registration_number)),
        ("ST.13", record.st13),
        ("Status", render.status_line(record)),
        ("Phase", render.phase_line(record)),
        ("Latest step", f"{step}, {record.latest_step_date}" if record.latest_step_date else step),
        *((label, value.isoformat() if value else "") for label, value in day),
        ("Published", published),
        ("Form", plain(record.mark_feature)),
        ("Kind", ", ".join(plain(one) for one in record.mark_category)),
        ("Translation", plain(record.translation, 300)),
        ("Description", plain(record.description, 300)),
        ("Colours", plain(record.colour_claim, 300)),
        ("Disclaimer", plain(record.disclaimer, 300)),
        ("Figurative", ", ".join(plain(one.code) for one in record.design_codes)),
        *(("Owner", render.party_line(party)) for party in record.owners),
        *(("Representative", render.party_line(party)) for party in record.representatives),
        ("Their reference", plain(record.docket_number)),
        ("Basis", ", ".join(plain(one) for one in record.current_basis or record.filing_basis)),
        *(
            (
                "Priority",
                _line(one.country, one.registration_number or one.number, one.date or one.registration_date),
            )
            for one in record.priorities
        ),
        *(
            (
                "Seniority",
                _line(one.country, one.registration_number or one.number, one.registration_date or one.date),
            )
            for one in record.seniorities
        ),
        *(("Basic mark", _line(one.office, one.kind, one.number, one.date)) for one in record.basic_marks),
        *(("Related", _line(one.kind, one.office, one.number)) for one in record.related_marks),
        *(
            ("Maintenance", _line(_section(one.section), one.text, one.decision))
            for one in record.maintenance_filings
        ),
        *(("Assignment", _assignment(one)) for one in record.assignments),
        *(("Proceeding", proceedings.line(one)) for one in record.proceedings),
    ]


def _line(*parts: object) -> str:
    return plain(" ".join(str(part) for part in parts if part))


def _assignment(one: Assignment) -> str:
    sides = " → ".join(
        ", ".join(party.name for party in side) for side in (one.assignors, one.assignees) if side
    )
    return plain(
        "; ".join(str(part) for part in (one.reel_frame, one.conveyance, sides, one.recorded) if part)
    )


def _goods(item: GoodsServices, *, whole: bool) -> None:
    state = ", ".join(plain(part) for part in (item.status_text, str(item.status_date or "")) if part)
    text = plain(item.text, None if whole else GOODS_LIMIT)
    used = f"first use {item.first_use}" if item.first_use else ""
    more = "; ".join(part for part in (state, used) if part)
    facts_grid([(f"Class {plain(item.class_number)}", f"{text} [{more}]" if more else text or "(no text)")])


def _section(name: str) -> str:
    return f"Section {name}" if name[:1].isdigit() else name


def _designations(found: tuple[Designation, ...]) -> None:
    """How the registration stands at each office: ours, from the entries of the history."""
    say()
    alive = sum(1 for one in found if one.listed and one.live is Live.LIVE)
    today = sum(1 for one in found if one.listed)
    say(f"Designations ({today} today, {alive} of them live; computed from the events)", style="bold")
    facts_grid([(plain(one.office), _standing(one)) for one in found])


def _standing(one: Designation) -> str:
    said = show_standing(one, event=False).partition(": ")[2]
    if one.standing == "pending" and one.refusal_deadline:
        said += f"; a refusal can be notified until {one.refusal_deadline}"
    return plain(said if one.listed else f"{said}; not among the designations of today")


def _events(record: TradeMark, *, all_events: bool) -> None:
    shown = record.events if all_events else record.events[-LATEST_EVENTS:]
    left = len(record.events) - len(shown)
    say()
    say(
        f"Events, newest first{f' (the latest {len(shown)} of {len(record.events)})' if left else ''}",
        style="bold",
    )
    facts_grid([(event.date.isoformat(), plain(event.text)) for event in reversed(shown)])
    if left:
        say("All of them: --events")


@cli.command(short_help="Show versions and changes, oldest first.")
@number_argument
@office_option
@json_option
@pass_session
def history(session: Session, number: tuple[str, ...], office: str | None, as_json: bool) -> None:
    """Show versions and changes of a filing, oldest first, in the register's own order.

    Before its first version, or of a filing that the database does not have, what the store of the register
    saw change in it.
    """
    wanted = parse_number(" ".join(number), office)
    database = session.database()
    config = _config(session)
    alone = _in_register_alone(config, database, wanted)
    told = queries.history(database, alone.row["st13"] if alone else find_one(database, wanted))
    known = alone or _beside(config, told["st13"])
    first = told["versions"][0]["as_of"] if told["versions"] else None
    before = [one for one in known.moved if first is None or one.as_of <= first] if known else []
    if as_json:
        say_json({**told, "register_changes": [change for one in before for change in one.as_json()]})
        return
    record = queries.get(database, told["st13"]) or (record_of(known.row) if known else None)
    assert record is not None
    say(render.record_name(record), style="bold")
    if known is not None and (before or alone):
        _of_register(known, before)
    for version in told["versions"]:
        mine = [one for one in told["changes"] if one["version"] == version["version"]]
        _version(version, mine)
    for one in told["disagreements"]:
        field = render.WORDS.field(one["field"])
        say(f"{field}: {one['other']} says otherwise; {one['believed']} is believed.")
    say(VERIFY)


def _config(session: Session) -> Config | None:
    """None where it has mistakes, which keep nobody from reading what the database has."""
    try:
        return session.config_if_any()
    except ConfigError:
        complain(
            "Note: the configuration has mistakes (`tmwatch doctor` names them), so no store of a register is"
            " looked at."
        )
        return None


def _beside(config: Config | None, st13: str) -> InRegister | None:
    """What the store of the register has of it; where that is damaged the database is whole all the same."""
    try:
        return history_of(config, st13) if config is not None else None
    except StoreError as error:
        complain(f"Note: {error}")
        return None


def _in_register_alone(config: Config | None, database: Database, number: MarkNumber) -> InRegister | None:
    """The one filing that is meant, where the store of the register has it and the database has not."""
    if config is None or queries.find(database, number):
        return None
    found = numbered(config, number)
    return history_of(config, found[0]) if len(found) == 1 else None


def _of_register(known: InRegister, moved: Sequence[Moved]) -> None:
    say()
    say(f"In the store of the register since {known.since[:10]}", style="bold")
    if not moved:
        say("nothing changed since", indent=2)
    for one in moved:
        say(f"{one.as_of}  {plain(one.file, 80)}", indent=2, style="dim")
        for change in one.changes:
            for line in render.change_lines(change.model_dump(mode="json")):
                say(line, indent=4)


def _version(version: dict[str, Any], changes: list[dict[str, Any]]) -> None:
    say()
    origin = render.where_from(version["source"], version["facts"], version["as_of"], version["as_of_kind"])
    say(f"{version['as_of']}  version {version['version']}", style="bold")
    say(origin, indent=2, style="dim")
    if version["version"] == 1:
        code = f"code {plain(version['status_code'])}" if version["status_code"] else ""
        said = plain(version["status_text"]) or code or render.WORDS.label("was_empty")
        say(f"Status: {said}", indent=2)
    if version["technical"]:
        say("read again by a newer version of tmwatch; the register did not change", indent=2)
    elif version["version"] > 1 and not changes:
        say("nothing changed; this page gives more or other fields", indent=2)
    for change in changes:
        for line in render.change_lines(change):
            say(line, indent=2)
