"""`watch add`: a watch, or numbers of one, into the configuration file."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import click

from tmwatch.cli.options import json_option, nice_classes, office_codes, two_sides
from tmwatch.cli.output import plain, say, say_json
from tmwatch.cli.session import Session, pass_session
from tmwatch.cli.watching import need_watch, watch_group
from tmwatch.config import Config, Watch
from tmwatch.errors import UsageError
from tmwatch.numbers import MarkNumber, parse_number, show_number
from tmwatch.store import Database, queries
from tmwatch.store.database import now
from tmwatch.watches import Portfolio, asks, sentence
from tmwatch.watches.append import add_number, add_watch
from tmwatch.watches.doubts import doubts


@watch_group.command("add")
@click.argument("name", required=False)
@click.option("--number", "numbers", multiple=True, help="A filing, such as 'US 76044902'; may be repeated.")
@click.option("--owner", "owners", multiple=True, help="Whoever files; give each way the name is written.")
@click.option("--agent", "agents", multiple=True, help="A representative or firm.")
@click.option("--mark", "marks", multiple=True, help="The name of a mark, and what comes near it.")
@click.option(
    "--level", type=click.IntRange(0, 4), help="How near a mark must come: 1 near identical, 0 the same only."
)
@click.option("--twin", "twins", multiple=True, metavar="A=B", help="Names that count as one: JD=京东.")
@click.option("--owners-like", is_flag=True, help="Also owners whose names only look like those.")
@click.option("--except-owner", "except_owners", multiple=True, help="Never a hit by likeness: your own.")
@click.option("--except-number", "except_numbers", multiple=True, help="Likewise: an earlier filing.")
@click.option("--goods", multiple=True, metavar="WORDS", help="Only where the goods hold these words.")
@click.option("--related", is_flag=True, help="Also classes related to those of --class.")
@click.option(
    "--class", "classes", multiple=True, callback=nice_classes, metavar="N,…", help="Only these Nice classes."
)
@click.option(
    "--office",
    "offices",
    multiple=True,
    callback=office_codes,
    metavar="XX,…",
    help="Only these offices, such as CN,US,EM.",
)
@click.option(
    "--notify", multiple=True, metavar="RECIPIENT", help="Who is told; none: the alerts are listed."
)
@click.option("--role", type=click.Choice(["own", "adverse", "observed"]), help="Whose filings they are.")
@click.option("--to-watch", metavar="EXISTING", help="Add the numbers to this watch instead of a new one.")
@json_option
@pass_session
def add(
    session: Session,
    name: str | None,
    numbers: tuple[str, ...],
    owners: tuple[str, ...],
    agents: tuple[str, ...],
    marks: tuple[str, ...],
    level: int | None,
    twins: tuple[str, ...],
    owners_like: bool,
    except_owners: tuple[str, ...],
    except_numbers: tuple[str, ...],
    goods: tuple[str, ...],
    related: bool,
    classes: tuple[int, ...],
    offices: tuple[str, ...],
    notify: tuple[str, ...],
    role: str | None,
    to_watch: str | None,
    as_json: bool,
) -> None:
    """Append a watch, or numbers to one, to the configuration file; comments stay."""
    only = offices[0] if len(offices) == 1 else None
    names = (owners, agents, marks, level is not None, twins, owners_like, except_owners, except_numbers)
    rest = (*names, goods, related, classes, notify, role)
    if to_watch is not None:
        if name is not None or any(rest) or not numbers:
            raise UsageError(
                "--to-watch adds numbers to a watch that is there",
                do="Like this: tmwatch watch add --to-watch 'my marks' --number 'US 76044902'",
            )
        _add_numbers(session, to_watch, [parse_number(one, only) for one in numbers], as_json=as_json)
        return
    if name is None:
        raise UsageError(
            "the new watch needs a name", do="Like this: tmwatch watch add 'my marks' --number …"
        )
    parsed = list(dict.fromkeys(parse_number(one, only) for one in numbers))
    settings = {
        "name": name,
        "numbers": [show_number(one) for one in parsed] or None,
        "owners": list(owners) or None,
        "agents": list(agents) or None,
        "owners_like": owners_like or None,
        "marks": list(marks) or None,
        "level": level,
        "twins": [two_sides(one) for one in twins] or None,
        "except_owners": list(except_owners) or None,
        "except_numbers": [show_number(parse_number(one, only)) for one in except_numbers] or None,
        "classes": list(classes) or None,
        "related": related or None,
        "goods": list(goods) or None,
        "offices": list(offices) or None,
        "role": role,
        "notify": list(notify),
    }
    # Before the file is written: with a database that cannot be opened nothing of this is half done.
    database = session.database_if_any(session.config())
    config = add_watch(session.config_path, settings)
    watch = need_watch(config, name.strip())
    unused = [
        f"{flag} does nothing here: it is about names of marks, and --mark gives none."
        for flag, given in (("--level", level is not None), ("--twin", bool(twins)))
        if given and not marks
    ]
    doubtful = doubts(watch, config, session.env, now().date())
    if as_json:
        more = {"added": [show_number(one) for one in parsed], "already_there": []}
        say_json(_document(session, config, watch, database, parsed, more, [*unused, *doubtful]))
        return
    say(f'Added to {plain(str(session.config_path))}: watch "{plain(watch.name)}".')
    say(sentence(watch))
    for text in unused:
        say(text)
    _say_twice(_twice(config, watch.name, parsed))
    _say_stored(_stored(database, watch, parsed))
    _say_asked(session, config, watch)
    for text in doubtful:
        say(f"Note: {plain(text, 400)}")
    if not notify:
        say("Nobody is told: `tmwatch alerts list` shows its alerts, --notify NAME names a recipient.")


def _add_numbers(session: Session, name: str, numbers: Sequence[MarkNumber], *, as_json: bool) -> None:
    """Each into the watch; all were understood before any is written."""
    config = session.config()
    watch = need_watch(config, name)
    file, shown = plain(str(session.config_path)), plain(watch.name)
    database = session.database_if_any(config)
    added: list[MarkNumber] = []
    there: list[MarkNumber] = []
    for number in dict.fromkeys(numbers):
        if number in watch.numbers:
            there.append(number)
            if not as_json:
                say(f'Watch "{shown}": {show_number(number)} is already in it; nothing changed.')
            continue
        config = add_number(session.config_path, name, show_number(number))
        added.append(number)
        if not as_json:
            say(f'Added to {file}: {show_number(number)} in watch "{shown}".')
            _say_twice(_twice(config, name, [number]))
            _say_stored(_stored(database, need_watch(config, name), [number]))
    watch = need_watch(config, name)
    if as_json:
        more = {
            "added": [show_number(one) for one in added],
            "already_there": [show_number(one) for one in there],
        }
        doubtful = doubts(watch, config, session.env, now().date())
        say_json(_document(session, config, watch, database, added, more, doubtful))
        return
    _say_asked(session, config, watch)


def _document(
    session: Session,
    config: Config,
    watch: Watch,
    database: Database | None,
    added: Sequence[MarkNumber],
    more: dict[str, Any],
    doubtful: Sequence[str],
) -> dict[str, Any]:
    """What was done, and what is known of the watch now."""
    return {
        "configuration": str(session.config_path),
        "watch": watch.name,
        "rule": sentence(watch),
        **more,
        "in_other_watches": _twice(config, watch.name, added),
        "stored": _stored(database, watch, added),
        "asked": _asked(session, config, watch),
        "doubts": list(doubtful),
        "notify": list(watch.notify),
    }


def _asked(session: Session, config: Config, watch: Watch) -> list[str]:
    """Which registers hear of this watch from now on: some are asked without a key."""
    return list(dict.fromkeys(one.source_id for one in asks(watch, config, session.env)))


def _say_asked(session: Session, config: Config, watch: Watch) -> None:
    asked = _asked(session, config, watch)
    if not asked:
        say("No register is asked live for it: `tmwatch watch list` says why.")
        return
    names = watch.owners or watch.agents or watch.marks
    wide = " (`offices` would narrow it)" if names and not watch.offices else ""
    say(f"`tmwatch check` asks live: {', '.join(asked)}{wide}.")


def _stored(database: Database | None, watch: Watch, numbers: Sequence[MarkNumber]) -> list[dict[str, Any]]:
    """What is stored of these numbers already is what the next page is compared with."""
    found: list[dict[str, Any]] = []
    if database is None:
        return found
    for st13 in (one for number in numbers for one in queries.find(database, number)):
        record = queries.get(database, st13)
        if record is None or not Portfolio([watch]).matches([record]):
            continue
        day = record.provenance.as_of if record.provenance else None
        found.append(
            {
                "st13": st13,
                "office": record.office,
                "application_number": record.application_number,
                "as_of": day.isoformat() if day else None,
            }
        )
    return found


def _say_stored(found: Sequence[dict[str, Any]]) -> None:
    for one in found:
        known = f"{one['office']} {plain(one['application_number'])} is stored already"
        day = f", as of {one['as_of']}" if one["as_of"] else ""
        say(f"{known}{day}: what differs from that is told.")


def _twice(config: Config, name: str, numbers: Sequence[MarkNumber]) -> list[dict[str, str]]:
    """What stands in another watch too is alerted by both."""
    return [
        {"number": show_number(number), "watch": other.name}
        for number in numbers
        for other in config.watches
        if other.name != name and number in other.numbers
    ]


def _say_twice(found: Sequence[dict[str, str]]) -> None:
    for one in found:
        shown = f'{one["number"]} is in watch "{plain(one["watch"])}" already'
        say(f"{shown}: its alerts will come twice.")
