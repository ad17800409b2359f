"""`source list`: whom tmwatch can ask or read, and on what terms."""

from __future__ import annotations

from typing import Any

import click
from rich.table import Table
from rich.text import Text

from tmwatch.cli import render
from tmwatch.cli.app import Group, cli
from tmwatch.cli.options import json_option
from tmwatch.cli.output import facts_grid, plain, say, say_json, show_table
from tmwatch.cli.session import Session, pass_session
from tmwatch.health import source_states
from tmwatch.numbers import forms_of
from tmwatch.offices import office_label
from tmwatch.sources.base import Declaration, Pace
from tmwatch.sources.registry import all_sources, get_source
from tmwatch.sources.since import NewSince


@cli.group("source", cls=Group)
def source_group() -> None:
    """Sources: list, check, capture, compare."""


@source_group.command("list")
@click.argument("source_id", metavar="[ID]", required=False)
@json_option
@pass_session
def list_(session: Session, source_id: str | None, as_json: bool) -> None:
    """Show every source as a table, or all that one declares: terms, pace, coverage, search, landmarks."""
    config = session.config_if_any()
    states = {one["id"]: one for one in source_states(config, session.database_if_any(config), session.env)}
    sources = {source_id: get_source(source_id)} if source_id else all_sources()
    found = [(source.declaration, states[name]) for name, source in sources.items()]
    if as_json:
        say_json([_json(declaration, state) for declaration, state in found])
    elif source_id:
        _print(*found[0])
    else:
        _table(found)


# Of the table: column and width (0: what it needs). The longest name of a key is 19 wide and stays whole; on
# a screen of 80 that leaves twelve for what is asked by.
_COLUMNS = (("Source", 0), ("Office", 0), ("Terms", 0), ("Asked", 0), ("Read", 11), ("Live", 19))


def _table(found: list[tuple[Declaration, dict[str, Any]]]) -> None:
    table = Table(box=None, pad_edge=False, padding=(0, 1, 0, 0), header_style="dim")
    for name, width in _COLUMNS:
        table.add_column(name, width=width or None, overflow="fold")
    for declaration, state in found:
        offices = len(declaration.offices)
        by_hand = "saved pages" if declaration.by_hand else "files"
        read = [kind for kind in ("import", "feed") if kind in declaration.channels]
        row = (
            declaration.id,
            f"{offices} offices" if offices else declaration.office,
            declaration.terms.automation.value,
            f"by {', '.join(_ASKED[one] for one in _ASKED if one in declaration.answers)}"
            if declaration.answers
            else "not",
            ", ".join(kind if kind == "feed" else by_hand for kind in read),
            _live_words(declaration, state),
        )
        table.add_row(*(Text(plain(cell)) for cell in row))
    show_table(table)
    say("All that one declares: tmwatch source list ID", style="dim")


_ASKED = {"numbers": "number", "marks": "mark", "owners": "owner", "agents": "agent"}


def _live_words(declaration: Declaration, state: dict[str, Any]) -> str:
    """In a word or two whether it is asked live here."""
    if not declaration.answers:
        return "import only"
    if state["live"] is None:
        if declaration.live_default == "with key" and state["variables"]:
            return f"with key: {' and '.join(state['variables'])}"
        return f"default: {declaration.live_default}"
    if state["live"]:
        failing = state["state"] == "failing"
        return "yes, but it fails" if failing else "yes"
    why = state["why"].removeprefix(f"{declaration.id} is ")
    if why.startswith("no key: "):
        return plain(f"no: {why.removeprefix('no key: ')}", 60)
    return f"no: {plain(why.split(': ')[0].split(' (')[0], 40)}"


def _json(declaration: Declaration, state: dict[str, Any]) -> dict[str, Any]:
    terms, pace = declaration.terms, declaration.pace
    return {
        "id": declaration.id,
        "title": declaration.title,
        "office": declaration.office,
        "channels": sorted(declaration.channels),
        "answers": sorted(declaration.answers),
        "live": state["live"],
        "why": state["why"] or None,
        "live_default": declaration.live_default,
        "credential_env": declaration.credential_env,
        "variables": state["variables"],
        "facts": declaration.facts.value,
        "authority": declaration.authority,
        "offices": sorted(declaration.offices or {declaration.office}),
        "numbers": list(forms_of(declaration.office)) if not declaration.offices else ["ST.13"],
        "covers": sorted(declaration.covers),
        "search": dict(declaration.search),
        "new_since": [
            {
                "of": one.of,
                "by": one.by,
                "reach_days": one.reach.days,
                "why": one.why,
                "every_days": one.every.days,
                "rows_a_page": one.page,
                "most_rows": one.most,
                "requests_a_check": one.requests,
                "narrows_by": ["classes"] if one.classes else [],
                "goods": one.goods,
            }
            for one in declaration.new_since
        ],
        "known_query": {
            "kind": declaration.known_query.kind,
            "text": declaration.known_query.text,
            "least": declaration.known_query.least,
        },
        "landmarks": list(declaration.landmarks),
        "volatile": list(declaration.volatile),
        "base_url": declaration.base_url,
        "parser_version": declaration.parser_version,
        "terms": {
            "automation": terms.automation.value,
            "note": terms.note,
            "link": terms.link,
            "read_on": terms.read_on.isoformat(),
        },
        "pace": {
            "min_interval": pace.min_interval,
            "per_minute": pace.per_minute,
            "per_day": pace.per_day,
            "night": list(pace.night) if pace.night else None,
        },
        "state": state["state"],
        "last_ok_at": state["last_ok_at"],
        "last_error": state["last_error"],
    }


def _print(declaration: Declaration, state: dict[str, Any]) -> None:
    say(f"{declaration.id} · {declaration.title}", style="bold")
    live, names = state["live"], state["variables"]
    known = declaration.known_query if declaration.answers else None  # else nothing is ever asked of it
    asked = f"{'yes' if live else 'no'}: {state['why']}" if live is not None else ""
    terms = declaration.terms
    facts_grid(
        [
            ("Office", f"{declaration.office} ({office_label(declaration.office)})"),
            ("Channels", ", ".join(sorted(declaration.channels))),
            ("Answers", ", ".join(sorted(declaration.answers)) or "nothing: for import only"),
            ("Live", asked or f"needs a configuration; default: {declaration.live_default}"),
            ("Let in by", f"{' and '.join(names)} in the environment" if names else ""),
            ("Terms", f"{terms.automation.value}: {terms.note} {terms.link} (read {terms.read_on})"),
            ("Pace", pace_words(declaration.pace) if known else ""),
            ("Numbers", "; ".join(forms_of(declaration.office)) if not declaration.offices else "ST.13"),
            ("Search", _search_words(declaration)),
            ("What is new", "; ".join(map(_new_words, declaration.new_since)) or (_NOT_NEW if known else "")),
            ("Known query", f"{known.kind} {known.text}: at least {known.least}" if known else ""),
            ("Landmarks", "; ".join(declaration.landmarks)),
            ("Left out", "; ".join(declaration.volatile)),
            ("Gives", ", ".join(sorted(name.replace("_", " ") for name in declaration.covers))),
            ("Believed", f"{declaration.authority} (of two sources of one office, the higher number)"),
            ("Facts", render.WORDS.facts(declaration.facts, declaration.id)),
            ("State", plain(f"{state['state']} {state['last_error'] or ''}", 300)),
        ],
        indent=2,
    )


def _search_words(declaration: Declaration) -> str:
    """Which parts of a search the register narrows itself, and which are filtered afterwards."""
    said = []
    for able in ("itself", "afterwards"):
        parts = [part.replace("_", " ") for part, how in declaration.search.items() if how == able]
        if parts:
            said.append(f"by {', '.join(parts)} {'itself' if able == 'itself' else 'filtered afterwards'}")
    return "; ".join(said)


_NOT_NEW = "it cannot be asked for that"


def _new_words(one: NewSince) -> str:
    """ "filings by day of filing, 45 days back, every day …"."""
    every = "every day" if one.every.days == 1 else f"every {one.every.days} days"
    narrowed = ", in the classes of the watches" if one.classes else ""
    return (
        f"{one.of} by {one.by}{narrowed}, {one.reach.days} days back ({one.why}), {every}, "
        f"at most {one.requests} requests a check"
    )


def pace_words(pace: Pace) -> str:
    """ "at least 2 s apart, at most 30 a minute"."""
    parts = [f"at least {pace.min_interval:g} s apart"]
    if pace.per_minute:
        parts.append(f"at most {pace.per_minute} a minute")
    if pace.night:
        zone, start, end, rate = pace.night
        parts.append(f"{rate} a minute from {start}:00 to {end}:00 {zone}")
    if pace.per_day:
        parts.append(f"at most {pace.per_day} a day")
    return ", ".join(parts)
