"""`source compare`: two sources of one office side by side, for one filing."""

from __future__ import annotations

from pathlib import Path

import click

from tmwatch.cli import render
from tmwatch.cli.options import json_option, office_option
from tmwatch.cli.output import complain, facts_grid, plain, say, say_json
from tmwatch.cli.records import find_one
from tmwatch.cli.session import Session, pass_session
from tmwatch.cli.sources import source_group
from tmwatch.errors import UsageError
from tmwatch.http import Door
from tmwatch.numbers import MarkNumber, parse_number, show_number
from tmwatch.source_compare import Comparison, Field, Item, Side, compare
from tmwatch.source_sides import choose, file_sides, live_sides, of_two_files, stored_sides

DIFFERENT = 10  # the exit code where the two differ, as of `check --exit-code`
VALUE = 160  # characters of a value; `--json` has all of it
TERMS = 8
ITEMS = 12


@source_group.command("compare", short_help="Lay two sources side by side for a filing.")
@click.argument("what", nargs=-1, required=True, metavar="NUMBER | FILE [FILE] [NUMBER]")
@click.option("--source", "sources", multiple=True, metavar="ID", help="Which sources; twice for two.")
@click.option("--live", "ask_live", is_flag=True, help="Ask the sources that may be asked, once each.")
@office_option
@json_option
@pass_session
def compare_(
    session: Session,
    what: tuple[str, ...],
    sources: tuple[str, ...],
    ask_live: bool,
    office: str | None,
    as_json: bool,
) -> int:
    """Lay two sources of one office side by side for a filing, field by field.

    With a NUMBER the latest word of each source in the database; with a FILE a saved page or daily file
    against the database; with two FILES no database is needed. Differences between two days are told apart
    from those of one day. Ends with 0 where the two agree, with 10 where they differ. Nothing is stored.
    """
    files = [Path(word) for word in what if Path(word).is_file()]
    words = " ".join(word for word in what if not Path(word).is_file())
    if len(files) > 2 or len(sources) > 2:
        raise UsageError("two sources are compared, not more", do="Name two files or two sources.")
    if ask_live and files:
        raise UsageError("--live asks for a number, not for files", do="Name the number alone.")
    number = _number(words, office, files) if words else None
    if len(files) == 2:
        a, b, rest = *of_two_files(files, number), list[Side]()
    else:
        a, b, rest = _with_store(session, files, number, sources, ask_live=ask_live)
    found = compare(a, b)
    if as_json:
        say_json(found.as_json())
    else:
        _print(found, rest)
    return 0 if found.agree else DIFFERENT


def _number(words: str, office: str | None, files: list[Path]) -> MarkNumber:
    try:
        return parse_number(words, office)
    except UsageError as error:
        if Path(words).suffix or "/" in words:
            raise UsageError(
                f"there is no file `{plain(words, 80)}`",
                do="Name a saved file, or a number such as US 76044902.",
            ) from None
        raise error


def _with_store(
    session: Session,
    files: list[Path],
    number: MarkNumber | None,
    sources: tuple[str, ...],
    *,
    ask_live: bool,
) -> tuple[Side, Side, list[Side]]:
    sides: list[Side] = []
    if files:
        sides = file_sides(files[0], number)
        if len({side.record.st13 for side in sides}) != 1:
            raise UsageError(
                "the file does not hold that filing" if not sides else f"the file holds {len(sides)} filings",
                where=str(files[0]),
                do="Name the filing too: tmwatch source compare FILE NUMBER.",
            )
        number = number or parse_number(sides[0].record.st13)
    assert number is not None
    silent: list[str] = []
    if ask_live:
        asking = session.config()
        sides, silent = live_sides(number, sources, Door(asking.operator.contact), asking, session.env)
    database = session.database_if_any(session.config_if_any())
    there = {side.source for side in sides}
    if database is not None and (len(sides) < 2 or sources):
        st13 = sides[0].record.st13 if sides else find_one(database, number)
        sides += [side for side in stored_sides(database, st13) if side.source not in there]
    for line in silent:
        complain(f"Not asked: {plain(line)}")
    wanted = sources or ((sides[0].source,) if files else ())
    return choose(sides, wanted, show_number(sides[0].record) if sides else show_number(number))


# -- on the screen -----------------------------------------------------------------------------------------


def _print(found: Comparison, rest: list[Side]) -> None:
    say(render.record_name(found.a.record), style="bold")
    facts_grid([(letter, _side(side)) for letter, side in (("A", found.a), ("B", found.b))], indent=2)
    if rest:
        say(f"Also known from {', '.join(side.source for side in rest)}: --source ID chooses.", indent=2)
    _differing(found, "differs", "They differ in")
    _differing(found, "explained by time", _between(found))
    _differing(found, "written differently", "They agree in other words in")
    _only(found)
    alike = [one for one in found.fields if one.verdict == "agrees" and not one.empty]
    if alike:
        empty = found.count("agrees") - len(alike)
        also = f", and in {empty} that both show empty" if empty else ""
        _heading(f"They agree in {render.counted(len(alike), 'field')}{also}")
        facts_grid([(_label(one), plain(one.a or one.b, VALUE)) for one in alike], indent=2)
    say()
    say(f"Verdict: {found.sentence}.", style="bold")


def _heading(text: str) -> None:
    say()
    say(text, style="bold")


def _side(side: Side) -> str:
    day = render.WORDS.as_of(side.day, side.as_of.kind if side.as_of else None)
    fields = render.counted(len(side.record.covers), "field")
    return f"{side.source}, {day}; {fields}; {plain(side.found, 80)}"


def _between(found: Comparison) -> str:
    days = sorted(str(side.day) for side in (found.a, found.b))
    events = render.counted(found.newer_events, "newer event")
    return f"Moved between {days[0]} and {days[1]} ({events}; {found.newer.upper()} is younger)"


def _label(one: Field) -> str:
    return render.WORDS.field(one.name)


def _differing(found: Comparison, verdict: str, heading: str) -> None:
    fields = [one for one in found.fields if one.verdict == verdict]
    if not fields:
        return
    _heading(heading)
    for one in fields:
        # Of a list only the items that differ; what is cosmetic beside a true difference is left out.
        items = [item for item in one.items if not item.cosmetic or verdict == "written differently"]
        _items(one, items)


def _item(one: Field, item: Item) -> None:
    label = render.WORDS.field(f"{one.name}.{item.part}") if item.part else _label(one)
    if one.name == "classes":
        label = render.WORDS.say("in_class", label=label, name=plain(item.key, 10))
    say(label, indent=2)
    if item.terms_a or item.terms_b:
        rows = [
            (f"{letter} only", "; ".join(plain(term, VALUE) for term in terms[:TERMS]) + _more(terms))
            for letter, terms in (("A", item.terms_a), ("B", item.terms_b))
            if terms
        ]
    else:
        nothing = render.WORDS.label("was_empty")
        rows = [("A", plain(item.a, VALUE) or nothing), ("B", plain(item.b, VALUE) or nothing)]
    facts_grid(rows, indent=4)


def _items(one: Field, items: list[Item]) -> None:
    """Of a list: what one side alone has under one label, then what both have and say differently."""
    lone = [item for item in items if item.key and (item.a is None or item.b is None)]
    if lone and one.name != "classes":
        say(_label(one), indent=2)
        facts_grid(
            [
                ("B only" if item.a is None else "A only", plain(item.b or item.a, VALUE))
                for item in lone[:ITEMS]
            ],
            indent=4,
        )
        items = [item for item in items if item not in lone]
    for item in items[:ITEMS]:
        _item(one, item)
    left = max(0, len(lone) - ITEMS) + max(0, len(items) - ITEMS)
    if left:
        say(f"and {left} more (all with --json)", indent=4)


def _more(terms: tuple[str, ...]) -> str:
    return f"; and {len(terms) - TERMS} more" if len(terms) > TERMS else ""


def _only(found: Comparison) -> None:
    rows: list[tuple[str, str]] = []
    for letter, verdict in (("A", "only a"), ("B", "only b")):
        rows += [
            (_label(one), f"{letter}: {plain(one.a or one.b, VALUE)}")
            for one in found.fields
            if one.verdict == verdict and not one.empty
        ]
    for one in found.fields:
        for letter, parts in (("A", one.parts_a), ("B", one.parts_b)):
            if parts:
                rows.append((_label(one), f"{letter} gives also: {', '.join(parts).replace('_', ' ')}"))
    if rows:
        _heading("Given by one only")
        facts_grid(rows, indent=2)
