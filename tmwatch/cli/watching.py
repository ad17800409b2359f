"""`watch list`, `watch add`: what is watched, and what that means."""

from __future__ import annotations

from collections.abc import Sequence

import click

from tmwatch.alerts.muting import Standing, standings
from tmwatch.cli import render
from tmwatch.cli.app import Group, cli
from tmwatch.cli.options import nice_classes, office_codes, two_sides
from tmwatch.cli.output import facts_grid, plain, say, say_json
from tmwatch.cli.records import json_option
from tmwatch.cli.session import Session, pass_session
from tmwatch.config import Config, Watch
from tmwatch.errors import UsageError
from tmwatch.following import with_relevant
from tmwatch.freshness import WatchHealth, watch_health
from tmwatch.numbers import MarkNumber, parse_number, show_number
from tmwatch.store import Database, queries
from tmwatch.store.database import now
from tmwatch.watches import Portfolio, asks, sentence
from tmwatch.watches.append import add_number, add_watch
from tmwatch.watches.doubts import doubts


@cli.group("watch", cls=Group)
def watch_group() -> None:
    """What is watched: list, add, rename, test, replay, mute, unmute."""


@watch_group.command("list")
@json_option
@pass_session
def list_(session: Session, as_json: bool) -> None:
    """Show each watch: its rule, what is live, import only or not watched, and how fresh it is."""
    config = session.config()
    database = session.database_if_any(config)
    followed = with_relevant(config, database).watches
    found = [
        (one, watch_health(asked, config, database, session.env))
        for one, asked in zip(config.watches, followed, strict=True)
    ]
    mutes = {one.name: standings(config, now(), one.name) for one in config.watches}
    if as_json:
        say_json(
            [
                {
                    "name": one.name,
                    "rule": sentence(one),
                    **health.as_json(),
                    "mutes": [mute.as_json() for mute in mutes[one.name]],
                }
                for one, health in found
            ]
        )
        return
    for one, health in found:
        _print_watch(one, health, mutes[one.name])
    if not found:
        say("Nothing is watched yet: `tmwatch watch add` adds a watch.")


def _print_watch(watch: Watch, health: WatchHealth, mutes: Sequence[Standing]) -> None:
    say(plain(watch.name), style="bold")
    say(sentence(watch), indent=2)
    lines = [(f"{'Looked at by' if not place else ''}", text) for place, text in enumerate(_coverage(health))]
    facts_grid(
        [
            *lines,
            ("State", _state(health)),
            *(("Muted" if not place else "", plain(one.words)) for place, one in enumerate(mutes)),
            *(("Failing", plain(text)) for text in health.failing),
            ("Hits so far", render.counted(health.hits, "filing")),
            *(("Docket", plain(str(problem))) for problem in watch.docket_problems),
        ],
        indent=2,
    )


def _coverage(health: WatchHealth) -> list[str]:
    return render.coverage_texts(health.coverage)


def _state(health: WatchHealth) -> str:
    if health.state in ("import only", "not watched"):
        return health.state
    text = f"{health.state}; {render.counted(health.questions, 'question')}"
    if health.never:
        text += f", {health.never} never answered"
    if health.oldest_look is not None:
        text += f", each looked at since {render.local(health.oldest_look.isoformat())}"
        text += f" ({render.ago(health.oldest_look, now())})"
    return text


def need_watch(config: Config, name: str) -> Watch:
    """The watch of that name. Raises `UsageError` with those that there are."""
    watch = config.watch(name)
    if watch is None:
        known = ", ".join(one.name for one in config.watches) or "none"
        raise UsageError(f'there is no watch "{name}"', where=str(config.path), do=f"Watches: {known}.")
    return watch


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
        _add_numbers(session, to_watch, [parse_number(one, only) for one in numbers])
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
    say(f'Added to {plain(str(session.config_path))}: watch "{plain(watch.name)}".')
    say(sentence(watch))
    for flag, given in (("--level", level is not None), ("--twin", bool(twins))):
        if given and not marks:
            say(f"{flag} does nothing here: it is about names of marks, and --mark gives none.")
    _say_twice(config, watch.name, parsed)
    _say_stored(database, watch, parsed)
    _say_asked(session, config, watch)
    for text in doubts(watch, config, session.env, now().date()):
        say(f"Note: {plain(text, 400)}")
    if not notify:
        say("Nobody is told: `tmwatch alerts list` shows its alerts, --notify NAME names a recipient.")


def _add_numbers(session: Session, name: str, numbers: Sequence[MarkNumber]) -> None:
    """Each into the watch; all were understood before any is written."""
    config = session.config()
    watch = need_watch(config, name)
    file, shown = plain(str(session.config_path)), plain(watch.name)
    database = session.database_if_any(config)
    for number in dict.fromkeys(numbers):
        if number in watch.numbers:
            say(f'Watch "{shown}": {show_number(number)} is already in it; nothing changed.')
            continue
        config = add_number(session.config_path, name, show_number(number))
        say(f'Added to {file}: {show_number(number)} in watch "{shown}".')
        _say_twice(config, name, [number])
        _say_stored(database, need_watch(config, name), [number])
    _say_asked(session, config, need_watch(config, name))


def _say_asked(session: Session, config: Config, watch: Watch) -> None:
    """Which registers hear of this watch from now on: some are asked without a key."""
    asked = list(dict.fromkeys(one.source_id for one in asks(watch, config, session.env)))
    if not asked:
        say("No register is asked live for it: `tmwatch watch list` says why.")
        return
    names = watch.owners or watch.agents or watch.marks
    wide = " (`offices` would narrow it)" if names and not watch.offices else ""
    say(f"`tmwatch check` asks live: {', '.join(asked)}{wide}.")


def _say_stored(database: Database | None, watch: Watch, numbers: Sequence[MarkNumber]) -> None:
    """What is stored of these numbers already is what the next page is compared with."""
    if database is None:
        return
    for st13 in (one for number in numbers for one in queries.find(database, number)):
        record = queries.get(database, st13)
        if record is None or not Portfolio([watch]).matches([record]):
            continue
        day = record.provenance.as_of if record.provenance else None
        known = f"{record.office} {plain(record.application_number)} is stored already"
        say(f"{known}{f', as of {day}' if day else ''}: what differs from that is told.")


def _say_twice(config: Config, name: str, numbers: Sequence[MarkNumber]) -> None:
    """What stands in another watch too is alerted by both."""
    for number in numbers:
        for other in config.watches:
            if other.name != name and number in other.numbers:
                shown = f'{show_number(number)} is in watch "{plain(other.name)}" already'
                say(f"{shown}: its alerts will come twice.")
