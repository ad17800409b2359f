"""`watch test`, `watch replay`: what a watch would find in what is stored, before it is switched on."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
from rich.table import Table

from tmwatch.cli import render
from tmwatch.cli.nearby import made_ready
from tmwatch.cli.options import a_day, json_option
from tmwatch.cli.output import Bar, complain, plain, say, say_json, show_table
from tmwatch.cli.session import Session, pass_session
from tmwatch.cli.watching import need_watch, watch_group
from tmwatch.config import Config, Watch
from tmwatch.errors import StoreError, UsageError
from tmwatch.following import with_relevant
from tmwatch.store.database import now
from tmwatch.store.register import Register
from tmwatch.stored import batches, count, has_register
from tmwatch.watches import asks, coverage, sentence
from tmwatch.watches.commonness import watched
from tmwatch.watches.doubts import doubts
from tmwatch.watches.filters import UNCHECKED
from tmwatch.watches.replay import LEVELS, Replay, about, replay
from tmwatch.watches.trial import FARTHEST, Found, Trial, trial
from tmwatch.worklist import with_hand_work

if TYPE_CHECKING:
    from tmwatch.similarity.index import Index

HITS_LISTED, MISSES_LISTED = 20, 5
_KEPT_IN = {"database": "the database", "register": "the store of the register"}


@watch_group.command("test")
@click.argument("name")
@click.option(
    "--level", type=click.IntRange(0, 4), help="As if the watch asked for this level (1 near identical)."
)
@json_option
@pass_session
def test(session: Session, name: str, level: int | None, as_json: bool) -> None:
    """Show a watch's rule as one sentence, and which stored filings it hits and why, nearest first."""
    config = session.config()
    need_watch(config, name)
    watch, found = _tried(session, config, name, level)
    lines = with_hand_work(watch, coverage(watch, config, session.env), session.database_if_any(config))
    doubtful = doubts(watch, config, session.env, now().date(), lines)
    if as_json:
        say_json(
            {
                "watch": watch.name,
                "rule": sentence(watch),
                "level": watch.level if watch.marks else None,
                "doubts": doubtful,
                "coverage": [line.model_dump(mode="json") for line in lines],
                **_looked_through(found),
                "hits": [one.as_json() for one in found.hits],
                "near_misses": [one.as_json() for one in found.misses],
            }
        )
        return
    say(sentence(watch))
    say()
    for text in render.coverage_texts(lines):
        say(text, style="dim")
    for text in doubtful:
        say(f"Note: {plain(text, 400)}")
    say()
    stored = render.counted(found.looked_through, "stored filing")
    come = "comes" if len(found.hits) == 1 else "come"
    say(f"{len(found.hits)} of {stored} {come} under it.", style="bold")
    if found.goods_unknown:
        say(f"{_goods_unknown(len(found.goods_unknown))} They may come under it.", style="bold")
    for one in found.hits[:HITS_LISTED]:
        _print(one, one.answer.why)
    if len(found.hits) > HITS_LISTED:
        say(f"and {len(found.hits) - HITS_LISTED} more (all with --json)", indent=2)
    if found.misses:
        say("Nearest misses:", style="bold")
    for one in found.misses[:MISSES_LISTED]:
        _print(one, "; ".join(one.answer.failed))
    for text in _honestly(config, watch, found, session.env):
        say(text, style="dim")


def _tried(session: Session, config: Config, name: str, level: int | None) -> tuple[Watch, Trial]:
    """The watch as it is tried, and what it found in all that is stored."""
    database = session.database_if_any(config)
    watch = need_watch(with_relevant(config, database), name)
    if level is not None:
        if not watch.marks:
            raise UsageError(
                f'watch "{plain(watch.name)}" watches no names, so it has no level', do="Leave --level out."
            )
        watch = watch.model_copy(update={"level": level})
    marks = [watched(watch, text) for text in watch.marks]
    index = _index(config.store.register) if marks and has_register(config) else None
    total = count(config, database)
    with Bar("Comparing", total) as bar:
        every = batches(config, database, marks, index)
        return watch, trial(watch, every, lambda done: bar.to(done, total))


def _index(path: Path | None) -> Index | None:
    """The index of the register's names; None where it cannot be kept: then all names are compared."""
    assert path is not None
    with Register(path, create=False) as register:
        try:
            return made_ready(register)
        except StoreError as error:
            complain(
                f"Note: {error}\nEvery name of the register is compared instead: of a million in minutes."
            )
            return None


def _print(one: Found, why: str) -> None:
    name = render.mark_name(one.mark, one.facts)
    number = render.short_number(one.office, one.number, one.st13)
    near = f", level {one.answer.level} ({one.answer.score:.1f})" if one.answer.score is not None else ""
    say(f"{name} ({number}){near}: {plain(why)}", indent=2)
    if one.goods and one.answer.near is not None:
        say(plain(one.goods), indent=4, style="dim")


def _looked_through(found: Trial) -> dict[str, Any]:
    return {
        "looked_through": found.looked_through,
        "offices": dict(sorted(found.offices.items())),
        "kept_in": dict(found.kept_in),
        "without_filing_date": found.undated,
        "goods_not_kept": len(found.goods_unknown),
    }


def _honestly(config: Config, watch: Watch, found: Trial, env: Mapping[str, str]) -> list[str]:
    """What was looked through, and what was not."""
    where = [f"{number} of {_KEPT_IN[kept]}" for kept, number in found.kept_in.items()]
    offices = [f"{office} {number}" for office, number in _most(found.offices)]
    said = []
    bare = sum(UNCHECKED in one.answer.why for one in found.hits) if watch.goods else 0
    if bare:
        counted = "is counted without its" if bare == 1 else "are counted without their"
        said.append(f"{bare} of these hits {counted} goods, which are not stored; of new filings they count.")
    if found.looked_through:
        said.append(f"Looked through: {' and '.join(where)}; offices: {', '.join(offices)}.")
    absent = [office for office in watch.offices if not found.offices[office]]
    if absent:
        said.append(f"Of {', '.join(absent)} nothing is stored.")
    read = dict.fromkeys(one.source_id for one in asks(watch, config, env) if one.every)
    if read and not has_register(config):
        said.append(
            f"{', '.join(read)}: what was new there and came under no watch when it was read is not kept."
        )
    if not found.kept_in["register"]:
        why = "" if has_register(config) else " (a whole register: [store] register)"
        said.append(
            f"The database holds what was watched or imported, no whole register{why}: there is more outside."
        )
    return said


def _goods_unknown(number: int) -> str:
    of = f"Of {number} filing that passes" if number == 1 else f"Of {number} filings that pass"
    return f"{of} the other filters the goods are not stored: the store of a register keeps none."


def _most(offices: Counter[str]) -> list[tuple[str, int]]:
    return sorted(offices.items(), key=lambda item: (-item[1], item[0]))


@watch_group.command("replay")
@click.argument("name")
@click.option(
    "--since",
    required=True,
    callback=a_day,
    metavar="DAY",
    help="Filed on or after this day: 2026-01-01.",
)
@json_option
@pass_session
def replay_(session: Session, name: str, since: dt.date, as_json: bool) -> None:
    """Count what a watch would have brought, by level and week, from what is stored.

    Every filing counts in the week of its filing date. Weeks of which nothing is stored say nothing, and are
    left out of the average.
    """
    config = session.config()
    asked = need_watch(config, name)
    today = dt.datetime.now(dt.UTC).date()
    if since > today:
        raise UsageError(f"{since} lies in the future", do="Give a day in the past.")
    level = max(asked.level, FARTHEST) if asked.marks and asked.level else None
    watch, found = _tried(session, config, name, level)
    told = replay(found, since, today)
    if as_json:
        mine = asked.level if asked.marks else None
        say_json({"watch": asked.name, "level": mine, **told.as_json(), **_looked_through(found)})
        return
    say(sentence(asked))
    say()
    unknown = sum(day is not None and since <= day <= today for day in found.goods_unknown)
    _print_rates(asked, told, unknown)
    say()
    _print_weeks(asked, told)
    weeks = f"{len(told.with_data)} of {len(told.weeks)} weeks since {told.since}"
    say(
        f"{weeks} have filings that are stored, and the averages are over these; a week counts by filing "
        "date, and begins on Monday.",
        style="dim",
    )
    if found.undated:
        say(f"{render.counted(found.undated, 'filing')} without a filing date: not counted.", style="dim")
    for text in _honestly(config, watch, found, session.env):
        say(text, style="dim")


def _print_rates(watch: Watch, told: Replay, unknown: int) -> None:
    """`unknown`: filings of those weeks that may be hits by goods which are not stored."""
    if not told.with_data:
        say("Nothing that is stored was filed since then: nothing can be said.", style="bold")
        return
    if not watch.marks or not watch.level:
        said = _goods_unknown(unknown)
        if unknown and not told.hits(LEVELS[-1]):
            say(f"Nothing can be said: o{said[1:]}", style="bold")
            return
        rate = _rate(told, LEVELS[-1]).removesuffix(",")
        say(f"{rate}: {told.hits(LEVELS[-1])} in all.", style="bold")
        if unknown:
            say(f"It may be many more. {said}", style="bold")
        return
    for level in LEVELS:
        mine = ", the level of this watch" if level == watch.level else ""
        style = "bold" if level == watch.level else ""
        say(f"{_rate(told, level)} at level {level}{mine}: {told.hits(level)} in all.", style=style)


def _rate(told: Replay, level: int) -> str:
    filings = about(told.a_week(level), "filing", "filings")
    if not told.hits(level):
        return filings[0].upper() + filings[1:]
    return f"{filings[0].upper()}{filings[1:]}, in {about(told.alerts_a_week(level), 'alert', 'alerts')},"


def _print_weeks(watch: Watch, told: Replay) -> None:
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), header_style="dim")
    table.add_column("week of")
    table.add_column("stored", justify="right")
    levels = [level for level in LEVELS if watch.marks and watch.level]
    for level in levels:
        table.add_column(f"level {level}", justify="right")
    table.add_column("other hits", justify="right")
    for week in told.weeks:
        if week.filings:
            counts = [str(week.by_level.get(level, 0)) for level in levels]
            table.add_row(str(week.monday), str(week.filings), *counts, str(week.other))
    if told.with_data:
        show_table(table)
