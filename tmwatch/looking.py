"""One question to one source, asked to the end: requests, pages, readings, or a typed failure.

Shared by the sweep, `lookup` and `source check`. Nothing here touches the store.
"""

from __future__ import annotations

import datetime as dt
import functools
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import compress

from tmwatch.config import Config
from tmwatch.errors import (
    ConfigError,
    Incomplete,
    LayoutChanged,
    LoginRequired,
    LookError,
    NotFound,
    Outcome,
    TmwatchError,
    TooMany,
)
from tmwatch.http import Client, Door, Look
from tmwatch.model import FactKind, TradeMark
from tmwatch.reading import read_page as read_page
from tmwatch.sources.base import (
    Glance,
    Page,
    Part,
    Query,
    Reading,
    RecordQuery,
    Request,
    SearchQuery,
    Source,
)
from tmwatch.sources.combine import combine, lone
from tmwatch.sources.glance import glance, stands_alone
from tmwatch.sources.narrowing import WHOSE, filtered, keeps
from tmwatch.sources.registry import get_source
from tmwatch.store import Sight
from tmwatch.store.database import now

# A search that never ends is cut here and called incomplete, not complete (20 rows a page at Tianyancha).
MOST_PAGES = 500
_FEW_ROWS = 5  # rows that a message names


# (source, glance, question in words) -> whether that is the last word on a filing that we have already
Seen = Callable[[str, Glance, str], bool]


@dataclass(frozen=True)
class Looked:
    """How a question ended. `pages[i]` is where `readings[i]` came from.

    A page that says what is known already is not read: there is a page then, its `glance`, and no reading.
    `held_until` is set where the question was not put at all, because the pace lets its host rest until
    then: that is no failure, it is left for later.
    """

    source: Source
    query: Query
    outcome: Outcome
    readings: tuple[Reading, ...] = ()
    pages: tuple[Page, ...] = ()
    missing: tuple[str, ...] = ()
    unread: tuple[str, ...] = ()  # rows that nobody can tell whose they are; then it is incomplete
    total: int | None = None
    error: LookError | None = None
    looked_at: dt.datetime = field(default_factory=now)
    validators: Mapping[str, str] = field(default_factory=dict)
    glance: Glance | None = None  # of the one page of the answer, where it may stand for it
    held_until: dt.datetime | None = None
    narrowed: tuple[Part, ...] = ()  # what the register searched more widely for, and was narrowed here


def facts_of(source: Source, config: Config | None) -> FactKind:
    """How the facts of a source are marked; configuration may say that a test server's are sample."""
    if config is not None and config.source(source.declaration.id).facts is not None:
        return config.source(source.declaration.id).facts or source.declaration.facts
    return source.declaration.facts


def ask(
    source: Source,
    query: Query,
    door: Door,
    config: Config,
    env: Mapping[str, str],
    validators: Mapping[str, str] | None = None,
    seen: Seen | None = None,
    *,
    narrow: bool = True,
    most_pages: int | None = None,
    most_rows: int | None = None,
) -> Looked:
    """Ask until the answer is complete. Never raises for what the register or the network does.

    With `seen`, a page that says what it said last time (but for its stamp) is not read again. Where the
    register searches more widely than it was asked, `narrow` leaves out what is no answer. With `most_pages`
    a longer answer is cut there: the outcome is `incomplete`, and what was read stands in `readings`, for
    people to see; otherwise an answer that is not whole has none. One that counts more than `most_rows` is
    not read on: the error is `TooMany`.

    Raises `ConfigError` and `UsageError` for what the operator has to mend.
    """
    looked_at = now()
    try:
        bounds = _Bounds(narrow, most_pages, most_rows)
        return _ask(source, query, door, config, env, validators or {}, looked_at, seen, bounds)
    except LookError as error:
        return Looked(source, query, error.outcome, error=error, looked_at=looked_at)


@dataclass(frozen=True)
class _Bounds:
    """How wide and how long an answer may be (`ask`)."""

    narrow: bool
    most_pages: int | None
    most_rows: int | None


def _ask(
    source: Source,
    query: Query,
    door: Door,
    config: Config,
    env: Mapping[str, str],
    validators: Mapping[str, str],
    looked_at: dt.datetime,
    seen: Seen | None,
    bounds: _Bounds,
) -> Looked:
    declaration = source.declaration
    waiting = list(source.requests(query))
    readings: list[Reading] = []
    pages: list[Page] = []
    missing: list[str] = []
    unread: list[str] = []
    total: int | None = None
    rows = asked = put = doubled = 0
    earlier: dict[str, list[TradeMark]] = {}  # what the pages before this one held
    cut: Incomplete | None = None
    fresh: Mapping[str, str] = {}
    glanced: Glance | None = None
    known = False
    single = len(waiting) == 1 and isinstance(query, RecordQuery)

    def familiar(page: Page) -> bool:
        nonlocal glanced, known
        glanced = glance(source, page if page.query is not None else replace(page, query=query))
        known = glanced is not None and seen is not None and seen(declaration.id, glanced, describe(query))
        return known

    while waiting:
        glanced, known = None, False
        request = waiting.pop(0)
        look = fetch(
            source,
            request,
            door,
            config,
            env,
            validators if single else None,
            familiar if single and seen is not None and not readings else None,
        )
        if look.outcome is Outcome.NOT_FOUND and request.instead is not None:
            waiting.insert(0, request.instead)
            put += 1
            continue
        if look.outcome is Outcome.NOT_MODIFIED:
            return Looked(source, query, Outcome.NOT_MODIFIED, looked_at=looked_at, validators=validators)
        if look.held_until is not None and not put:
            # Held in the midst of an answer of many pages it is an incomplete look instead.
            return Looked(
                source, query, look.outcome, error=look.error, looked_at=looked_at, held_until=look.held_until
            )
        put += 1
        if look.error is not None or look.page is None:
            raise look.error or Incomplete("the answer has no page", where=look.url)
        page = replace(look.page, query=request.query or query)
        if known:
            return Looked(
                source,
                query,
                Outcome.OK,
                pages=(page,),
                looked_at=looked_at,
                validators=look.validators,
                glance=glanced,
            )
        try:
            answer = read_page(source, page)
        except LookError as error:
            # TSDR throttles with a 200 and an empty shell: only the reader can tell the pace.
            door.report(look, error.outcome)
            raise
        glanced = glanced if stands_alone(answer) else None
        moved = _moved(source, query, total, answer.total)
        if moved is not None:
            if bounds.most_pages is None:
                raise moved
            cut = moved
            break
        if bounds.most_rows is not None and (answer.total or 0) > bounds.most_rows:
            raise TooMany(
                f"the source counts {answer.total} filings, and {bounds.most_rows} are asked for at once",
                where=f"{declaration.id} {describe(query)}",
                kept=_KEPT,
                do="tmwatch asks for fewer days at once.",
            )
        doubled += sum(one.record in earlier.get(one.record.st13, ()) for one in answer.readings)
        for one in answer.readings:
            earlier.setdefault(one.record.st13, []).append(one.record)
        readings += answer.readings
        pages += [page] * len(answer.readings)
        missing += answer.missing
        unread += answer.unread
        rows += answer.rows or 0
        total = answer.total if answer.total is not None else total
        fresh = look.validators
        if answer.more is not None:
            asked += 1
            if asked == bounds.most_pages:
                cut = _cut(source, rows, total, asked)
                break
            if asked > MOST_PAGES:
                raise Incomplete(f"the search has not ended after {MOST_PAGES} pages", where=look.url)
            waiting.append(answer.more)
    if total is not None and rows - doubled < total and cut is None:
        # A row that comes again on a later page: the list has shifted meanwhile, and one fell in between.
        twice = f", {doubled} of them twice" if doubled else ""
        raise Incomplete(
            f"the source says {total} filings and gave {rows}{twice}",
            where=declaration.id,
            kept=_KEPT,
            do="The next run asks again.",
        )
    if 2 * len(unread) > rows:
        raise LayoutChanged(
            f"most rows of the answer cannot be read: {unread[0]}",
            where=f"{declaration.id} {describe(query)}",
            do="tmwatch believes nothing of such an answer. Please report it.",
        )
    readings, pages = _joined(readings, pages)
    narrowed: tuple[Part, ...] = ()
    if isinstance(query, SearchQuery) and bounds.narrow:
        narrowed = tuple(part for part in filtered(declaration, query) if part in WHOSE)
        kept = [keeps(reading.record, query, narrowed) for reading in readings]
        readings, pages = list(compress(readings, kept)), list(compress(pages, kept))
    if isinstance(query, RecordQuery) and readings and set(query.numbers) <= set(missing):
        # A cache or a session that mixes two visitors up: true of another filing, no answer to ours.
        raise Incomplete(
            f"the answer is about {', '.join(reading.record.st13 for reading in readings)[:200]}, "
            "which was not asked for",
            where=f"{declaration.id} {describe(query)}",
            kept="Nothing of it was stored.",
            do="The next run asks again.",
        )
    if isinstance(query, RecordQuery) and not readings and not missing:
        raise NotFound("the register has no such record", where=f"{declaration.id} {describe(query)}")
    partly = cut or (_unread(source, query, unread) if unread else None)
    return Looked(
        source,
        query,
        Outcome.OK if partly is None else partly.outcome,
        tuple(readings),
        tuple(pages),
        tuple(missing),
        tuple(unread),
        total,
        partly,
        looked_at=looked_at,
        validators=fresh,
        glance=glanced,
        narrowed=narrowed,
    )


def fetch(
    source: Source,
    request: Request,
    door: Door,
    config: Config,
    env: Mapping[str, str],
    validators: Mapping[str, str] | None = None,
    familiar: Callable[[Page], bool] | None = None,
) -> Look:
    """One request as the configuration says. Raises `LoginRequired` where the key cannot be had."""
    declaration = source.declaration
    settings, grant = config.source(declaration.id), declaration.grant
    client = config.client_id(declaration.id, env, grant.id_env) if grant is not None else None
    return door.fetch(
        declaration,
        request,
        base_url=settings.base_url,
        key=_key(source, config, env),
        client=Client(client, settings.token_url) if client is not None else None,
        validators=validators,
        min_interval=settings.min_interval,
        max_per_day=settings.max_per_day or settings.max_calls_per_day,
        familiar=familiar,
    )


_KEPT = "Nothing was stored of this look; no filing counts as gone."


def _moved(source: Source, query: Query, total: int | None, now: int | None) -> Incomplete | None:
    """The error where a list has grown or shrunk while it was turned over: which filings stand on no page
    that was seen, nobody can tell."""
    if not isinstance(query, SearchQuery) or total is None or now is None or total == now:
        return None
    return Incomplete(
        f"the list moved while it was read: the source said {total} filings, and {now} on a later page",
        where=source.declaration.id,
        kept=_KEPT,
        do="The next run asks again.",
    )


def _cut(source: Source, rows: int, total: int | None, pages: int) -> Incomplete:
    counted = f"{rows} of {total} filings" if total is not None else f"{rows} filings"
    return Incomplete(
        f"the answer is longer: {counted} were read, on {pages} page{'s' if pages > 1 else ''}",
        where=source.declaration.id,
        do="Ask more narrowly, or for more pages.",
    )


def _unread(source: Source, query: Query, unread: Sequence[str]) -> Incomplete:
    few = "; ".join(unread[:_FEW_ROWS])
    more = f"; and {len(unread) - _FEW_ROWS} more" if len(unread) > _FEW_ROWS else ""
    return Incomplete(
        f"nobody can tell whose some rows are, and they were left out: {few}{more}",
        where=f"{source.declaration.id} {describe(query)}",
        kept="The other rows were read. No filing counts as gone.",
        do="Look these up at the register. If they stay so, please report them.",
    )


def reread(source_id: str, page: Page) -> Sequence[Reading]:
    """An archived page read again by today's reader."""
    return lone(read_page(get_source(source_id), page))


def read_alone(source: Source, page: Page) -> Reading:
    """The one reading of a page that was not read because of its glance. Raises `LookError`s only."""
    answer = read_page(source, page)
    if not stands_alone(answer):
        raise LayoutChanged("the page does not hold the one record that it held", where=page.name or page.url)
    return answer.readings[0]


def _key(source: Source, config: Config, env: Mapping[str, str]) -> str | None:
    """The source's key. One that cannot be had fails this look; the other sources are asked all the same."""
    declaration = source.declaration
    try:
        return config.source_key(declaration.id, env, declaration.credential_env)
    except ConfigError as error:
        raise LoginRequired(error.message, where=error.where, do=error.do) from None


def _joined(readings: Sequence[Reading], pages: Sequence[Page]) -> tuple[list[Reading], list[Page]]:
    """Rows of one number are one record, even when they straddle two pages of the answer."""
    origin: dict[str, Page] = {}
    for reading, page in zip(readings, pages, strict=True):
        origin.setdefault(reading.record.st13, page)
    joined = list(combine(readings))
    return joined, [origin[reading.record.st13] for reading in joined]


def prove(source: Source, door: Door, config: Config, env: Mapping[str, str]) -> Looked:
    """Ask the known query: a source that answers it with fewer than it must is not seeing.

    Used where a search comes back empty (law 3) and by `source check`.
    """
    known = source.declaration.known_query
    looked = ask(source, known.query, door, config, env)
    if looked.unread and len(looked.readings) >= known.least:
        return replace(looked, outcome=Outcome.OK, error=None)  # it sees; an odd row beside is no blindness
    if looked.outcome is Outcome.OK and len(looked.readings) < known.least:
        error = LayoutChanged(
            f"the known query `{known.text}` gave {len(looked.readings)} filings; {known.least} are sure",
            where=source.declaration.id,
            do="Nothing this source says is believed until it answers its known query.",
        )
        return replace(looked, outcome=error.outcome, error=error)
    return looked


def describe(query: Query) -> str:
    """A question in words, for logs and messages."""
    if isinstance(query, RecordQuery):
        kind = "" if query.kind == "application" else f"{query.kind} "
        return kind + ", ".join(query.numbers)
    if query.new:
        days = f" of {query.filed_since} to {query.filed_until}" if query.filed_since else ""
        return f"new {query.new}{days}"
    parts = [f"{name} {value}" for name in ("owner", "mark", "agent") if (value := getattr(query, name))]
    changed = f" changed since {query.changed_since}" if query.changed_since else ""
    return (" and ".join(parts) or "everything") + changed


def sights(looked: Looked, config: Config | None, *, asked: str = "", st13: str | None = None) -> list[Sight]:
    """What a question brought, as rows for the store: one per reading, one per missing number, or
    one for a failed look; of an answer with rows that could not be read, both."""
    declaration = looked.source.declaration
    base = Sight(
        source=declaration.id,
        authority=declaration.authority,
        facts=facts_of(looked.source, config),
        parser_version=declaration.parser_version,
        outcome=looked.outcome,
        asked=asked or describe(looked.query),
        live=True,
        looked_at=looked.looked_at,
        st13=st13,
    )
    failed = replace(base, error=str(looked.error or ""))
    if looked.outcome is not Outcome.OK and not looked.unread:
        return [failed]
    base = replace(base, outcome=Outcome.OK)
    if looked.glance is not None and not looked.readings:
        (page,) = looked.pages
        read = functools.partial(read_alone, looked.source, page)
        return [replace(base, page=page, glance=looked.glance, read=read)]
    found = [
        replace(base, page=page, reading=reading, glance=looked.glance)
        for page, reading in zip(looked.pages, looked.readings, strict=True)
    ]
    for number in looked.missing:
        text = f"{number} was asked for and not answered"
        found.append(replace(base, outcome=Outcome.INCOMPLETE, asked=number, st13=None, error=text))
    # Last: whoever asks how the question ended is told that it was not answered in full.
    return [*found, failed] if looked.unread else found


def one_line(error: TmwatchError | None) -> str:
    """An error's first line, for tables and logs."""
    return str(error).splitlines()[0] if error is not None else ""
