"""`name`: what a name is compared as, step by step."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING

import click
from rich.table import Table
from rich.text import Text

from tmwatch.cli.app import cli
from tmwatch.cli.options import json_option, two_sides
from tmwatch.cli.output import plain, say, say_json, show_table
from tmwatch.cli.session import Session, pass_session
from tmwatch.errors import UsageError
from tmwatch.watches.commonness import watched

if TYPE_CHECKING:
    from tmwatch.similarity import Likeness

_STEP = 24  # cells; no step is called longer
_SHOWN = 6
_LEVELS = {1: "near identical", 2: "near", 3: "alike in part", 4: "distant"}
_LONGEST_SHOWN = 200  # characters of one form on the screen; --json has it whole


@cli.command()
@click.argument("text", nargs=-1)
@click.option(
    "--watch",
    metavar="NAME",
    help="As this watch compares it: its twins and classes. Without it, with the twins of all.",
)
@click.option("--twin", "twins", multiple=True, metavar="A=B", help="Two names that count as one: JD=京东.")
@click.option("--beside", metavar="NAME", help="How near this other name is to it, with the reasons.")
@click.option("--owner", is_flag=True, help="It is a company's name: also without its form (Inc., 有限公司).")
@json_option
@pass_session
def name(
    session: Session,
    text: tuple[str, ...],
    watch: str | None,
    twins: tuple[str, ...],
    beside: str | None,
    owner: bool,
    as_json: bool,
) -> None:
    """Show what a name is compared as, step by step: look, readings, other spellings.

    TEXT is a mark or an owner. Needs neither configuration nor database; where there is a configuration,
    its declared twins count.
    """
    from tmwatch.text import lookalike

    given = " ".join(text).strip()
    if not given:
        raise UsageError("there is no name to show", do="Give a mark or an owner: tmwatch name JD-AUTO.")
    declared = (*_declared(session, watch), *(two_sides(one) for one in twins))
    steps = lookalike.steps(given, declared, owner=owner)
    compared = lookalike.normal_owner(given) if owner else lookalike.normal(given)
    other = (beside or "").strip()
    if beside is not None and not other:
        raise UsageError("the name to lay beside it is empty", do="Write it: --beside SEYCOS.")
    near = _nearness(session, given, other, declared, watch) if other else None
    if as_json:
        say_json(
            {
                "name": given,
                "steps": [
                    {"step": one.name, "made": list(one.made), "note": one.note or None} for one in steps
                ],
                "normal": compared,
                "compact": lookalike.compact(compared),
                "shape": lookalike.shape(compared),
                "readings": list(lookalike.readings(compared if owner else given)),
                "variants": list(lookalike.variants(compared if owner else given)),
                "twins": list(lookalike.twin_forms(compared, declared)),
                "beside": {"name": other, **near._asdict()} if near is not None else None,
            }
        )
        return
    table = Table(box=None, pad_edge=False, padding=(0, 1, 0, 0), header_style="dim")
    table.add_column("Step", width=_STEP)
    table.add_column("What it made", overflow="fold")
    table.add_row("as given", Text(plain(given, _LONGEST_SHOWN)))
    for one in steps:
        table.add_row(one.name, Text(_forms(one.made) + (f" ({one.note})" if one.note else "")))
    show_table(table)
    say(f"Compared as: {plain(compared, _LONGEST_SHOWN)}", style="bold")
    if near is not None:
        say(
            f"Beside {plain(other, _LONGEST_SHOWN)}: level {near.level} of 4 ({_LEVELS[near.level]})",
            style="bold",
        )
        say(f"sight {near.sight:.2f}, sound {near.sound:.2f}, sense {near.sense:.2f}", indent=2)
        for reason in near.reasons:
            say(plain(reason, _LONGEST_SHOWN), indent=2)
    if len(given) > lookalike.LONGEST:
        say(f"Longer than {lookalike.LONGEST} characters: not read, and not spelled otherwise.", style="dim")


def _nearness(
    session: Session, mark: str, other: str, twins: tuple[tuple[str, ...], ...], watch: str | None
) -> Likeness:
    """As the watch would say it: by the nearest of all forms of the two, declared twins among them, and what
    is common in the classes of the watch."""
    from tmwatch.similarity import WatchedMark, compare, nearest  # its tables are large, and few ask for it

    asked = session.config().watch(watch) if watch is not None else None
    made = watched(asked, mark) if asked is not None else WatchedMark(mark)
    found = nearest([dataclasses.replace(made, twins=twins)], [(other,)], 4)
    return found[0].likeness if found else compare(mark, other)


def _forms(made: tuple[str, ...]) -> str:
    """The likeliest on the screen, and how many there are."""
    shown = "; ".join(plain(one, _LONGEST_SHOWN) for one in made[:_SHOWN])
    more = len(made) - _SHOWN
    return f"{shown}; and {more} more (--json has all)" if more > 0 else shown


def _declared(session: Session, watch: str | None) -> tuple[tuple[str, ...], ...]:
    """The twins of the configuration, each group once. Raises `UsageError` for a watch that is not there."""
    if watch is None:
        config = session.config_if_any()
        groups = [*config.twins, *(group for one in config.watches for group in one.twins)] if config else []
        return tuple(dict.fromkeys(groups))
    config = session.config()
    found = config.watch(watch)
    if found is None:
        names = ", ".join(f'"{plain(one.name)}"' for one in config.watches)
        raise UsageError(
            f'there is no watch "{plain(watch)}"',
            where=str(config.path),
            do=f"Watches: {names}." if names else "Nothing is watched yet.",
        )
    return found.twins
