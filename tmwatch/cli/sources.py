"""`source list` and `source check`: whom tmwatch can ask or read, on what terms, and whether it still can."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import click
from rich.table import Table
from rich.text import Text

from tmwatch.cli import render
from tmwatch.cli.app import Group, cli
from tmwatch.cli.output import Bar, facts_grid, plain, say, say_json, show_table
from tmwatch.cli.records import json_option
from tmwatch.cli.session import Session, pass_session
from tmwatch.errors import Outcome, UsageError
from tmwatch.health import source_states
from tmwatch.http import Door
from tmwatch.numbers import forms_of
from tmwatch.offices import office_label
from tmwatch.source_check import Checked, check_file, check_kept, check_live, pages_in
from tmwatch.sources.base import Declaration, Pace
from tmwatch.sources.registry import all_sources, get_source
from tmwatch.store.queries import kept_pages

LISTED = 12


@cli.group("source", cls=Group)
def source_group() -> None:
    """Sources: list, check, compare."""


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


@source_group.command("check")
@click.argument("what", nargs=-1, metavar="[ID] [FILES]...")
@json_option
@pass_session
def check(session: Session, what: tuple[str, ...], as_json: bool) -> int:
    """Prove that a source can be read: on saved pages, or live by its known query.

    With FILES (or folders of them) it says what no reader claims, which status words are unknown, and
    whether the page was read to its last row; the source is told from the bytes, or named by ID. Without
    FILES the sources that may be asked are asked, which needs a configuration; of those that may not, the
    pages kept last are read again. Nothing is stored.
    """
    source_id = what[0] if what and what[0] in all_sources() else None
    files = [Path(one) for one in what[1 if source_id else 0 :]]
    if len(files) == 1 and source_id is None and not files[0].exists() and "/" not in what[0]:
        if Path(what[0]).suffix in (".html", ".htm", ".json", ".xml", ".zip"):
            raise UsageError(f"{plain(what[0], 200)}: there is no such file", do="Check its name.")
        get_source(what[0])  # neither a file nor a source: says which sources there are
    found = _files(files, source_id) if files else _live(session, source_id)
    if as_json:
        say_json([one.as_json() for one in found])
    else:
        for one in found:
            _print_checked(one, many=len(found) > LISTED)
        _verdict(found, saved=bool(files))
    return 0 if all(one.good for one in found) else 1


def _files(paths: list[Path], source_id: str | None) -> list[Checked]:
    pages = list(pages_in(paths))
    if not pages:
        raise UsageError("no page is in what was named", do="Name saved pages, or the folder they are in.")
    found = []
    with Bar("reading", len(pages)) as bar:
        for file in pages:
            found.append(check_file(file, source_id))
            bar.step(file.name)
    return found


def _live(session: Session, source_id: str | None) -> list[Checked]:
    if not session.has_config:
        raise UsageError(
            "registers are asked with a configuration only",
            do="Give saved pages to check (tmwatch source check FILES), or write one with `tmwatch init`.",
        )
    config = session.config()
    door = Door(config.operator.contact)
    sources = [get_source(source_id)] if source_id else list(all_sources().values())
    found = []
    database = session.database_if_any(config)
    with Bar("asking", len(sources)) as bar:
        for source in sources:
            checked = check_live(source, door, config, session.env)
            if checked.skipped and database is not None:
                kept = check_kept(source, kept_pages(database, source.declaration.id))
                checked = replace(kept, skipped=checked.skipped, terms=checked.terms) if kept else checked
            found.append(checked)
            bar.step(source.declaration.id)
    return found


def _print_checked(one: Checked, *, many: bool) -> None:
    if many and one.good:
        return  # a folder of thousands: only what is not as it should be
    say(f"{plain(one.what)}: {one.verdict}", style="bold")
    facts_grid(
        [
            ("Source", one.source or ""),
            ("Not asked", plain(one.skipped)),
            ("Terms", plain(one.terms)),
            ("Reach", f"answered in {one.seconds:g} s" if one.seconds is not None else ""),
            ("Landmarks", "seen" if one.seconds is not None and one.outcome is Outcome.OK else ""),
            ("Known query", plain(one.known)),
            ("Records", render.listed([plain(text) for text in one.records])),
            ("As of", ", ".join(one.as_of[:5])),
            (
                "Fields",
                f"{one.fields} of the {one.fields_possible} this source can give" if one.fields else "",
            ),
            ("Not answered", render.listed([plain(text) for text in one.missing])),
            ("Words", "all in the tables" if _read(one) and not one.unknown_words else ""),
            *(("Unknown word", plain(text)) for text in one.unknown_words[:LISTED]),
            ("Parts", "all claimed" if _read(one) and not one.unclaimed else ""),
            *(("Unclaimed", plain(text, 200)) for text in one.unclaimed[:LISTED]),
            ("", f"and {len(one.unclaimed) - LISTED} more" if len(one.unclaimed) > LISTED else ""),
            *(("Error", plain(text)) for text in one.error.splitlines()),
            *(("Must have", text) for text in (one.landmarks if not one.good else ())),
        ],
        indent=2,
    )


def _read(one: Checked) -> bool:
    return bool(one.records) and one.outcome is Outcome.OK


def _verdict(found: list[Checked], *, saved: bool) -> None:
    bad = [one for one in found if not one.good]
    what = "page" if saved else "source"
    if bad:
        say(f"Verdict: {len(bad)} of {render.counted(len(found), what)} not as it should be; report it.")
        return
    asked = [one for one in found if not one.skipped]
    if not asked:
        say("Verdict: nothing was asked, so nothing is proved. Why is said above.")
    elif saved:
        say(f"Verdict: good; {render.counted(len(found), 'page')} read to the last row or rightly refused.")
    else:
        left = len(found) - len(asked)
        say(f"Verdict: good; {render.counted(len(asked), 'source')} answered, {left} not asked.")
