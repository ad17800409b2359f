"""`import`: pages saved by hand, and answers kept from elsewhere, into the store."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from pathlib import Path
from typing import Any

import click

from tmwatch.cli import render
from tmwatch.cli.app import cli
from tmwatch.cli.options import a_day
from tmwatch.cli.output import Bar, complain, complain_of_many, on_terminal, plain, say, say_json_line
from tmwatch.cli.session import Session, pass_session
from tmwatch.config import Config
from tmwatch.errors import Outcome, UsageError
from tmwatch.import_reaction import ImportReaction
from tmwatch.importing import File, Imported, files_in, import_files
from tmwatch.keeping import keeping
from tmwatch.logs import set_run
from tmwatch.numbers import show_number
from tmwatch.sources.registry import get_source
from tmwatch.store import Database, books, muted, upkeep
from tmwatch.store.database import now

LISTED = 40  # so many records are listed on a terminal; a file of thousands is summed up
FEW = 10  # of more than that: so many of those that no watch is about
WATCHED = 20  # … and so many of those that one is about

_WHOLE = "`tmwatch import --json`"
WHAT = {
    "new": "new",
    "changed": "CHANGED",
    "unchanged": "as it was",
    "past": "fills the past",
    "technical": "read anew",
}


def as_date(context: click.Context, option: click.Parameter, value: str | None) -> dt.date | None:
    """A day as 2026-11-01 that has come."""
    day = a_day(context, option, value)
    if day is not None and day > now().date() + dt.timedelta(days=1):  # somewhere it is tomorrow already
        raise click.BadParameter(f"{day} lies in the future; a page cannot speak for a day to come")
    return day


class _Named(click.Path):
    """A path. An empty one, of a script's variable that is not set, would be the folder one is in."""

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        if value == "":
            raise UsageError(
                "an empty name is given where a file is to be named",
                kept="Nothing was read and nothing was stored.",
                do="Name a file, a folder or a pattern; `.` is the folder you are in.",
            )
        return super().convert(value, param, ctx)


@cli.command("import")
@click.argument("files", nargs=-1, required=True, type=_Named(path_type=Path))
@click.option(
    "--as-of",
    callback=as_date,
    metavar="DATE",
    help="The day the pages speak for, where they do not print one (2026-11-01).",
)
@click.option("--source", "source_id", metavar="ID", help="Whose pages they are, where that cannot be told.")
@click.option(
    "--processes",
    type=click.IntRange(1, 256),
    metavar="N",
    help="How many processes read a large folder; as many as there are cores by default.",
)
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object a record, one a line.")
@pass_session
def import_(
    session: Session,
    files: tuple[Path, ...],
    as_of: dt.date | None,
    source_id: str | None,
    processes: int | None,
    as_json: bool,
) -> int:
    """Read saved pages and answers, and daily files with their zip: files, folders, zips of pages,
    patterns in quotes ("pages/**/*.html"). The source is told from the bytes, and so is the form in
    which a browser saved them: complete page, HTML only, single file (MHTML, SingleFile), web archive.

    A page takes its place by the day it speaks for: an older one fills the past and alerts nobody, a
    newer one alerts as a live look would. A bad file stops itself only.
    """
    if source_id is not None:
        get_source(source_id)
    config = session.config_if_any()
    if not any(path.exists() or "*" in str(path) or "?" in str(path) or "[" in str(path) for path in files):
        one = len(files) == 1
        raise UsageError(
            f"there is no such file{'' if one else 's'}",
            where=plain(", ".join(map(str, files)), 300),
            kept="Nothing was stored.",
            do=f"Check the name; the working folder is {plain(str(Path.cwd()))}.",
        )
    paths = list(files_in(files))
    if not paths:
        raise UsageError(
            "no file is in what was named", do="Name the saved pages, or the folder they are in."
        )
    database = session.database(config, create=True)
    run = books.start_run(database, "import")
    set_run(run)
    reaction = ImportReaction(config, database, session.env) if config is not None else None
    watches = [watch.name for watch in config.watches] if config is not None else []
    if as_json and reaction is not None:
        reaction.note_each()
    told = _Told(as_json, database, watches if on_terminal() and not as_json else [], reaction)
    with keeping(config, database, reaction) as keep, Bar("reading", len(paths)) as bar:
        import_files(
            database,
            paths,
            run=run,
            as_of=as_of,
            source_id=source_id,
            config=config,
            react=reaction,
            progress=lambda path: bar.step(path.name),
            more=bar.grow,
            processes=processes,
            tell=told.take,
            keep=keep,
        )
    if reaction is not None:
        reaction.book()
    alerts = len(upkeep.alerts_of_run(database, run))
    books.end_run(
        database, run, {"records": told.records, "failed": sum(told.failed.values()), "alerts": alerts}
    )
    if not as_json and on_terminal():
        _list(told, watched=bool(watches))
        _say_next(alerts, config)
        for text in render.first_looks(reaction.kept_quiet) if reaction is not None else ():
            say(text)
        for mute, count in muted.counts(database, run).items():
            say(render.silenced(mute, count))
        _say_passed_over(files, paths)
    elif not as_json and reaction is not None:
        for text in render.first_looks(reaction.kept_quiet):
            complain(f"Note: {text}")
    if as_of is not None:
        for file, day in told.printed:
            if day != as_of.isoformat():
                complain(f"Note: {file} prints {day}; --as-of was not used.")
    else:
        _say_saved(told.saved)
    complain_of_many(
        [render.unknown_word(file, word, count) for (file, _, word), count in told.words.items()],
        "unknown words",
        _WHOLE,
    )
    for _, source, word in told.words:
        books.note_words(database, source, (word,))
    complain_of_many(
        [f"Error: {error}{render.times(count)}" for error, count in told.failed.items()], "errors", _WHOLE
    )
    return 1 if told.failed else 0


class _Told:
    """What became of the records, kept as far as it is shown: a register has millions of them."""

    def __init__(
        self, as_json: bool, database: Database, watches: list[str], reaction: ImportReaction | None
    ) -> None:
        self._as_json, self._reaction = as_json, reaction
        self._database = database
        self._watches = watches
        self.under = 0  # records that a watch is about
        self.watched: dict[str, tuple[Imported, list[str]]] = {}  # by ST.13, with the watches
        self.records = 0
        self.what: Counter[str] = Counter()
        self.failed: Counter[str] = Counter()
        self.words: Counter[tuple[str, str, str]] = Counter()
        self.printed: dict[tuple[str, str], None] = {}
        self.saved: list[Imported] = []
        self.in_order: list[Imported] = []  # the first of them, as they came
        self.changed: list[Imported] = []
        self.others: list[Imported] = []

    def take(self, one: Imported) -> None:
        """One result, as soon as it is stored."""
        self.records += 1
        if self._as_json:
            quiet = self._reaction.quiet_about(one.st13 or "") if self._reaction is not None else []
            say_json_line({**one.as_json(), "first_look": quiet})
        for word in one.unknown_words:
            self.words[one.file, one.source or "", word] += 1
        if one.outcome is not Outcome.OK:
            self.failed[one.error] += 1
            return
        self.what[one.what] += 1
        if one.as_of_kind == "printed" and one.as_of:
            self.printed.setdefault((one.file, one.as_of))
        if one.saved_at is not None and one.as_of_kind == "not_earlier_than" and len(self.saved) < LISTED:
            self.saved.append(one)
        if len(self.in_order) < LISTED:
            self.in_order.append(one)
        if self._is_watched(one):
            self.under += 1
            return
        kept = self.changed if one.what == "changed" else self.others
        if len(kept) < FEW:
            kept.append(one)

    def _is_watched(self, one: Imported) -> bool:
        """Whether a watch is about it: those must not be among what is only counted."""
        names = books.watches_of(self._database, one.st13 or "", self._watches) if self._watches else []
        if not names:
            return False
        known = self.watched.get(one.st13 or "")
        if known is None or _RANK[one.what] < _RANK[known[0].what]:
            self.watched[one.st13 or ""] = one, names
        return True


# What is worth most to the reader comes first.
_RANK = {what: place for place, what in enumerate(("changed", "new", "past", "technical", "unchanged"))}


def _list(told: _Told, *, watched: bool) -> None:
    good = sum(told.what.values())
    if good > LISTED:
        _list_some(told, good, watched=watched)
    else:
        for one in told.in_order:
            say(_line(one))
    counts = ", ".join(f"{told.what[key]} {word}" for key, word in WHAT.items() if told.what[key])
    say(
        f"{render.counted(good, 'record')}{f': {counts}' if counts else ''}; "
        f"{told.records - good} could not be read."
    )


def _list_some(told: _Told, good: int, *, watched: bool) -> None:
    """A file of thousands: what the watches are about, a few of the others, how many there are."""
    under = sorted(told.watched.values(), key=lambda one: _RANK[one[0].what])
    if watched:
        say(
            f"Under a watch: {render.counted(len(under), 'filing') if under else 'none'}",
            style="bold",
        )
    for one, names in under[:WATCHED]:
        say(f"{_line(one)}: watch {', '.join(f'“{plain(name, 60)}”' for name in names)}", indent=2)
    if len(under) > WATCHED:
        say(f"and {len(under) - WATCHED} more: `tmwatch changes` says what changed in them", indent=2)
    # What changed must not be among those that are only counted.
    others = [*told.changed, *told.others][: min(FEW, LISTED)]
    if watched and others:
        say(f"The first of the {'others' if under else 'records'}", style="bold")
    for one in others:
        say(_line(one), indent=2 if watched else 0)
    left = good - told.under - len(others)
    if left:
        say(f"and {left} more (with --json each record is a line)", indent=2 if watched else 0)


def _line(one: Imported) -> str:
    name = f"{plain(one.mark, 40) or render.WORDS.say('no_words')} ({show_number(one.st13 or '')})"
    day = render.WORDS.as_of(dt.date.fromisoformat(one.as_of) if one.as_of else None, one.as_of_kind)
    return f"{WHAT.get(one.what, one.what)}: {name}, {day} ({one.source})"


def _say_next(alerts: int, config: Config | None) -> None:
    made = f"{render.counted(alerts, 'alert')} made; "
    if alerts and config is not None and any(watch.notify for watch in config.watches):
        say(f"{made}the next `tmwatch check` sends {'it' if alerts == 1 else 'them'}.")
    elif alerts:
        say(f"{made}nobody is told (notify is empty): see `tmwatch alerts list`.")
    elif config is None:
        say("No configuration here, so nothing was compared with a watch.")


def _say_saved(results: list[Imported]) -> None:
    """A page that prints no day, saved in a form that tells when: the operator may vouch for that day."""
    for one in results:
        assert one.saved_at is not None
        complain(
            f"Note: {one.file} prints no day; the browser says that it saved it on {one.saved_at:%Y-%m-%d} "
            f"(UTC). If it was loaded then, `--as-of {one.saved_at:%Y-%m-%d}` says what day it speaks for."
        )


def _say_passed_over(named: tuple[Path, ...], taken: list[File]) -> None:
    """What lay in a folder and is no page: a saved page's pictures and scripts, our own files."""
    there = sum(1 for folder in named if folder.is_dir() for item in folder.rglob("*") if item.is_file())
    within = sum(1 for one in taken if any(folder in one.path.parents for folder in named if folder.is_dir()))
    if there > within:
        say(f"{render.counted(there - within, 'other file')} passed over.")
