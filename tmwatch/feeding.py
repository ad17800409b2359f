"""The feeds: what is new since the last file taken is downloaded, imported and booked, file by file.

A file is taken once, in the order of its days; one that was issued again is taken again. A file that cannot
be had ends the run, and the next one goes on with it: what it tells would be news no more after a later file.
One that the register lists and does not have is passed over after `PATIENCE`, and that is said.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import filelock

from tmwatch.config import Config
from tmwatch.errors import PASSING, LoginRequired, LookError, Outcome, UsageError
from tmwatch.http import Door
from tmwatch.http.download import Wanted, download
from tmwatch.import_reaction import ImportReaction
from tmwatch.importing import Imported, import_files
from tmwatch.keeping import keeping
from tmwatch.source_health import tell_turns
from tmwatch.sources.base import Source
from tmwatch.sources.feeds import FeedFile, Feeds, Product
from tmwatch.sources.registry import all_sources, get_source
from tmwatch.store import Database, books, feed_books, upkeep
from tmwatch.store.database import now
from tmwatch.sweep_report import Asked, SweepReport
from tmwatch.watches import coverage
from tmwatch.watches.feeds import feed_key, feeds_of

SEVERAL = 3  # failed looks in a row, of a kind that passes, after which it no longer passes by itself
PATIENCE = dt.timedelta(days=3)  # with a file that is listed and not there
_OVERLAP = dt.timedelta(days=14)  # before the last file taken: what was issued again, or came late


@dataclass
class Taken:
    """What became of one file."""

    name: str
    day: dt.date
    what: str  # "taken", "missing", "failed"
    error: str = ""
    records: int = 0
    failed: int = 0  # records that could not be read
    resumed: int = 0  # bytes that were there from an earlier run
    outcome: Outcome = Outcome.OK  # of a failure

    def as_json(self) -> dict[str, Any]:
        """For `--json`."""
        return {
            "name": self.name,
            "day": self.day.isoformat(),
            "what": self.what,
            "records": self.records,
            "unread": self.failed,
            "resumed": self.resumed,
            "error": self.error or None,
        }


@dataclass
class FeedReport:
    """What became of one feed."""

    source: str
    files: list[Taken] = field(default_factory=list)
    due: int = 0  # files that are left for a later run
    alerts: int = 0
    error: str = ""
    outcome: Outcome = Outcome.OK
    first_look: dict[str, int] = field(default_factory=dict)  # filings by watch that it kept quiet about

    @property
    def operator_must_act(self) -> bool:
        """An error that will not pass by itself, or a file that is missing for good."""
        bad = self.outcome is not Outcome.OK and self.outcome not in PASSING
        return bad or any(one.what == "missing" or one.failed for one in self.files)

    def as_json(self) -> dict[str, Any]:
        """For `--json`."""
        return {
            "source": self.source,
            "files": [one.as_json() for one in self.files],
            "left_for_later": self.due,
            "alerts": self.alerts,
            "first_look": self.first_look,
            "outcome": self.outcome.value,
            "error": self.error or None,
        }


def feeds() -> dict[str, Source]:
    """Every source that has one, by id."""
    return {name: one for name, one in all_sources().items() if isinstance(one, Feeds)}


def feed_of(source_id: str) -> Source:
    """The source. Raises `UsageError` where it has no feed."""
    source = get_source(source_id)
    if not isinstance(source, Feeds):
        known = ", ".join(sorted(feeds()))
        raise UsageError(f"{source_id} publishes no files that tmwatch downloads", do=f"These do: {known}.")
    return source


@dataclass(frozen=True)
class Listed:
    """A file of the list, and what the books say of it."""

    file: FeedFile
    state: str  # "taken", "imported" (by hand), "missing", "due", "before" (the first file taken), "absent"
    tries: int


def listed(
    source: Source,
    config: Config,
    database: Database,
    door: Door,
    env: Mapping[str, str],
    *,
    since: dt.date | None = None,
    back: bool = False,
) -> list[Listed]:
    """The files that the register lists, the oldest first. Raises `LookError` where it gives no list."""
    assert isinstance(source, Feeds)
    product = _product(source, back=back)
    known = feed_books.files(database, source.declaration.id)
    last = _last(known, product)
    asked_since = None if back else since or (last or now().date()) - _OVERLAP
    if (locked := no_key(source, config, env)) is not None:
        raise locked
    setting = config.source(source.declaration.id)
    look = door.fetch(
        source.declaration,
        source.files_request(product, asked_since),
        base_url=setting.base_url,
        key=config.source_key(source.declaration.id, env, source.declaration.credential_env),
        min_interval=setting.min_interval,
        max_per_day=setting.max_per_day,
    )
    if look.error is not None:
        raise look.error
    assert look.page is not None
    files = source.files(look.page)
    first = since if since is not None or back else last
    if first is None and not back:  # nothing was ever taken: it begins with the latest
        first = max((one.day for one in files), default=None)
    return [_standing(one, known.get(one.name), first) for one in files]


def no_key(source: Source, config: Config, env: Mapping[str, str]) -> LookError | None:
    """What is to be said where the files need a key and there is none; None where there is one.

    Raises `ConfigError` where the configuration points at a key that cannot be had.
    """
    declared = source.declaration
    if declared.credential_env is None or config.source_key(declared.id, env, declared.credential_env):
        return None
    where = f'`key_file` in [source."{declared.id}"]'
    by_hand = (
        f" Without a key: save {declared.file_from}, and `tmwatch import` it." if declared.file_from else ""
    )
    return LoginRequired(
        "the register gives its files to the holder of a key, and none is set",
        where=declared.id,
        kept="Nothing was asked.",
        do=f"Set the environment variable {declared.credential_env}, or {where}.{by_hand}",
    )


def booked(source: Source, database: Database, *, back: bool = False) -> list[Listed]:
    """The files that the books know, the oldest first: what was taken, imported or tried; of daily files also
    the days in between of which there is none ("absent")."""
    assert isinstance(source, Feeds)
    product = _product(source, back=back)
    known = [
        Listed(
            FeedFile(name, dt.date.fromisoformat(one.day), modified=one.modified),
            one.state or "due",
            one.tries,
        )
        for name, one in feed_books.files(database, source.declaration.id).items()
        if one.product == product.id
    ]
    days = [] if back else feed_books.missing_days(database, source.declaration.id, product.id)
    absent = [Listed(FeedFile("", day), "absent", 0) for day in days]
    return sorted([*known, *absent], key=lambda one: (one.file.day, one.file.name))


def _standing(file: FeedFile, booked: feed_books.Booked | None, first: dt.date | None) -> Listed:
    tries = booked.tries if booked is not None else 0
    if booked is not None and booked.state and booked.modified == file.modified:
        return Listed(file, booked.state, tries)
    late = booked is None and first is not None and file.day < first
    return Listed(file, "before" if late else "due", tries)


def _last(known: Mapping[str, feed_books.Booked], product: Product) -> dt.date | None:
    # What was imported by hand says nothing of the days before it: those that were not taken are due.
    days = [
        one.day
        for one in known.values()
        if one.product == product.id and one.state not in ("", feed_books.IMPORTED)
    ]
    return dt.date.fromisoformat(max(days)) if days else None


def _product(source: Feeds, *, back: bool) -> Product:
    product = source.feed.product(back=back)
    if product is None:
        raise UsageError("this feed has no back file", do="Take its daily files: `tmwatch feed take ID`.")
    return product


def take(
    source: Source,
    config: Config,
    database: Database,
    door: Door,
    env: Mapping[str, str],
    *,
    run: str = "",
    since: dt.date | None = None,
    back: bool = False,
    progress: Callable[[str], None] = lambda name: None,
    stop: Callable[[], bool] = lambda: False,
) -> FeedReport:
    """Take what is due. Raises `StoreError`, `UsageError` and `ConfigError`; nothing for the register."""
    assert isinstance(source, Feeds)
    report = FeedReport(source.declaration.id)
    folder = database.path.resolve().with_name(f"{database.path.name}.feeds") / source.declaration.id
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    try:
        with filelock.FileLock(folder / ".lock", timeout=0, mode=0o600):
            _take(report, source, config, database, door, env, folder, run, since, back, progress, stop)
    except filelock.Timeout:
        report.error = f"{source.declaration.id}: another process takes this feed; it was left to it"
        report.outcome = Outcome.THROTTLED
        return report
    except LookError as error:
        report.error, report.outcome = str(error), error.outcome
    _book(report, config, database, env, run)
    return report


def _book(report: FeedReport, config: Config, database: Database, env: Mapping[str, str], run: str) -> None:
    """How it went, in the books of the watches that it looks for; who has to know of a turn is told."""
    key = feed_key(report.source)
    mine = [
        watch
        for watch in config.watches
        if any(one.declaration.id == report.source for one in feeds_of(watch, config, env))
    ]
    if not mine or (report.outcome is Outcome.OK and report.due):
        return  # stopped in the middle: neither a full look nor a failure
    outcome, error = _in_full(report)
    failures = max(books.ask_state(database, watch.name, key).failures for watch in mine)
    for watch in mine:
        books.book_ask(database, watch.name, key, outcome, error)
    asked = Asked(
        tuple(watch.name for watch in mine),
        report.source,
        "the latest files",
        outcome,
        error=error,
        passing=outcome in PASSING and failures + 1 < SEVERAL,
    )
    lines = {watch.name: coverage(watch, config, env) for watch in mine}
    tell_turns(config, database, env, SweepReport(asked=[asked], coverage=lines), run)


def _in_full(report: FeedReport) -> tuple[Outcome, str]:
    """Whether all was seen: a file that is missing, or of which nothing could be read, is a gap."""
    for one in report.files:
        if one.what == "missing":
            return Outcome.INCOMPLETE, one.error
        if one.failed and one.failed == one.records:
            return Outcome.LAYOUT_CHANGED, f"{one.name}: nothing of it could be read"
    return report.outcome, report.error


def _take(
    report: FeedReport,
    source: Source,
    config: Config,
    database: Database,
    door: Door,
    env: Mapping[str, str],
    folder: Path,
    run: str,
    since: dt.date | None,
    back: bool,
    progress: Callable[[str], None],
    stop: Callable[[], bool],
) -> None:
    assert isinstance(source, Feeds)
    product = _product(source, back=back)
    there = listed(source, config, database, door, env, since=since, back=back)
    due = [one for one in there if one.state == "due"]
    report.due = len(due)
    reaction = ImportReaction(config, database, env)
    for one in due:
        if stop():
            break
        progress(one.file.name)
        made = _one(source, product, one, config, database, door, env, folder, run, reaction)
        report.files.append(made)
        if made.what == "failed":
            report.error, report.outcome = made.error, made.outcome
            break
        report.due -= 1
    reaction.book()
    report.first_look = reaction.kept_quiet
    report.alerts = len(upkeep.alerts_of_run(database, run)) if run else 0


def _one(
    source: Source,
    product: Product,
    one: Listed,
    config: Config,
    database: Database,
    door: Door,
    env: Mapping[str, str],
    folder: Path,
    run: str,
    reaction: ImportReaction,
) -> Taken:
    assert isinstance(source, Feeds)
    file, source_id = one.file, source.declaration.id
    made = Taken(file.name, file.day, "failed")
    target = folder / file.name
    digest = ""
    if not (target.is_file() and file.size is not None and target.stat().st_size == file.size):
        if one.tries >= source.feed.a_year:
            made.error = (
                f"{file.name} was asked for {one.tries} times in a year, and is given no more often.\n"
                "Save it by hand and `tmwatch import` it."
            )
            made.outcome = Outcome.DECLINED
            return made
        setting = config.source(source_id)
        got = download(
            door,
            source.declaration,
            source.file_request(product, file),
            target,
            Wanted(source.feed.largest, file.size, file.sha256, file.modified, source.no_file),
            base_url=setting.base_url,
            key=config.source_key(source_id, env, source.declaration.credential_env),
            min_interval=setting.min_interval,
            max_per_day=setting.max_per_day,
            most=min(3, source.feed.a_year - one.tries),
            tell=lambda: feed_books.book_try(database, source_id, product, file),
        )
        made.resumed, digest = got.resumed, got.sha256
        if got.error is not None:
            made.error = str(got.error)
            gone = got.outcome is Outcome.NOT_FOUND and now().date() - file.day > PATIENCE
            made.what = "missing" if gone else "failed"
            made.outcome = Outcome.INCOMPLETE if got.outcome is Outcome.NOT_FOUND else got.outcome
            feed_books.book_end(
                database, source_id, product, file, "missing" if gone else "", error=made.error
            )
            return made
    results: list[Imported] = []

    def tell(told: Imported) -> None:
        made.records += 1
        if told.outcome is not Outcome.OK:
            made.failed += 1
            results.append(told)
        books.note_words(database, told.source or "", told.unknown_words) if told.unknown_words else None

    with keeping(config, database, reaction) as keep:
        import_files(
            database,
            [target],
            run=run,
            source_id=source_id,
            config=config,
            react=reaction,
            keep=keep,
            tell=tell,
            processes=1,
        )
    if results and made.records == made.failed:
        made.error = results[0].error
        made.outcome = results[0].outcome
        feed_books.book_end(database, source_id, product, file, "", error=made.error)
        return made
    made.what = "taken"
    made.error = results[0].error if results else ""
    feed_books.book_end(database, source_id, product, file, "taken", error=made.error, sha256=digest)
    target.unlink(missing_ok=True)
    return made
