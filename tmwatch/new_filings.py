"""What is new at a register, read without a name: all filings of the last days, and of them what concerns a
watch.

A list is asked for in spans of days, the oldest first. A span that holds more than the source gives at once
is halved; what one day alone holds too much of is `incomplete`. After each span the books say how far the
reading has come, so that a pass that ends (by a kill, the cap of the day, a failure) is gone on with by the
next. Only what came under a watch, or is stored already, goes into the database: a list holds thousands of
filings that concern nobody. Those have a place in the store of the whole register, as filings of a file do.

**Each look asks for the same days again.** A filing bears a day that lies before the day on which it is
entered; so a look begins `reach` before the last one that was whole, and finds what was entered meanwhile.
The first look reaches as far back as every later one: what it finds is what was there. What was filed before
that (a longer reach, another watch's wider span) is no news, since nobody looked there.

**No filing is missed for not standing in a list.** A span moves on; whoever is not in it has gone nowhere.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Generator, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property, partial
from itertools import compress

from tmwatch.alerts.compose import reactor
from tmwatch.alerts.payload import CoverageLine
from tmwatch.config import Config, Watch
from tmwatch.errors import (
    PASSING,
    Incomplete,
    LayoutChanged,
    LookError,
    Outcome,
    StoreError,
    TmwatchError,
    TooMany,
)
from tmwatch.http import Door
from tmwatch.import_reaction import searched_before
from tmwatch.logs import Log
from tmwatch.looking import Looked, ask, describe, facts_of, prove, reread, sights
from tmwatch.model import FactKind
from tmwatch.passes import SourcePass
from tmwatch.questions import Job
from tmwatch.source_health import tell_new_words
from tmwatch.sources.base import SearchQuery, Source
from tmwatch.sources.registry import get_source
from tmwatch.sources.since import NewSince
from tmwatch.store import Database, Observed, books, observe
from tmwatch.store.database import now
from tmwatch.store.marks import stored_among
from tmwatch.store.new_books import Going, NewState, book_going, book_read, new_state
from tmwatch.sweep_report import PATIENCE, Asked, Left, lightly
from tmwatch.text import clean_line
from tmwatch.watches import Ask, Match, Portfolio
from tmwatch.watches.newly import names, reach, with_names

log = Log()

_DAY = dt.timedelta(days=1)
# No office files nothing at all for so long: an empty list of so many days is no answer (law 3).
_NEVER_EMPTY = 14
# Of the requests that the operator allows in a day, a list takes so many at a check: others are asked too.
_SHARE = 4

Reading = Generator[Callable[[], Looked], Looked, tuple[Asked | None, Left | None]]


@dataclass(frozen=True)
class Pass:
    """What a pass works with; `lines` are the coverage lines by watch."""

    config: Config
    database: Database
    door: Door
    env: Mapping[str, str]
    run: str
    lines: dict[str, tuple[CoverageLine, ...]]
    portfolio: Portfolio
    under: SourcePass
    trouble: Callable[[StoreError], None]  # the store of the register could not be used
    stop: Callable[[], bool]
    progress: Callable[[str], None]


@dataclass
class _Mine:
    """One watch's books of the list, and how far its reading has come."""

    watch: Watch
    ask: Ask
    state: books.AskState
    books: NewState
    going: Going


@dataclass
class _Reader:
    """One list of one source, read for all watches that want it."""

    at: Pass
    job: Job
    source: Source
    query: SearchQuery
    new: NewSince
    mine: list[_Mine]
    observed: list[Observed] = field(default_factory=list)
    error: str = ""
    outcome: Outcome = Outcome.OK

    @cached_property
    def _by_watch(self) -> dict[str, _Mine]:
        return {one.watch.name: one for one in self.mine}

    # -- asking ------------------------------------------------------------------------------------------

    def read(self) -> Reading:
        """Span by span, to the end or as far as it goes today."""
        end = now().date() + _DAY  # some offices are ahead of UTC
        first = min(one.going.reached for one in self.mine) + _DAY
        spans = [(min(first, end), end)]
        put = 0
        while spans:
            if put and put >= self._most():
                done = spans[-1][0] - _DAY
                why = f"{put} requests for what is new are enough for one check; read up to {done}"
                return self._asked(), self._left(Outcome.THROTTLED, why, now())
            if put and (self.at.stop() or self.at.config.closed_until(self.job.source_id, now())):
                return self._asked(), self._left(Outcome.THROTTLED, "the pass was ended", now())
            since, until = spans.pop()
            query = replace(self.query, filed_since=since, filed_until=until)
            self.at.progress(describe(query))
            looked = yield partial(
                ask,
                self.source,
                query,
                self.at.door,
                self.at.config,
                self.at.env,
                most_rows=self.new.most if since == until else self.new.at_once,
            )
            put += self._requests(looked)
            if looked.held_until is not None:
                why = looked.error.message if looked.error is not None else ""
                return self._asked(), self._left(looked.outcome, why, looked.held_until)
            if isinstance(looked.error, TooMany) and since < until:
                middle = since + (until - since) // 2
                spans += [(middle + _DAY, until), (since, middle)]
                continue
            looked = self._heeded(looked, since, until)
            if not looked.readings and looked.outcome is Outcome.OK and (until - since).days >= _NEVER_EMPTY:
                proof = yield partial(prove, self.source, self.at.door, self.at.config, self.at.env)
                looked = self._believed_empty(looked, proof, since, until)
            if not self._store(looked, until, last=not spans):
                break
        return self._asked(), None

    def _most(self) -> int:
        setting = self.at.config.source(self.job.source_id)
        cap = setting.max_per_day or setting.max_calls_per_day
        return min(self.new.requests, max(1, cap // _SHARE)) if cap else self.new.requests

    def _requests(self, looked: Looked) -> int:
        rows = looked.total or len(looked.readings)
        return max(1, -(-rows // self.new.page)) if self.new.page and looked.error is None else 1

    def _heeded(self, looked: Looked, since: dt.date, until: dt.date) -> Looked:
        """A server that does not know a parameter passes over it: then this is some other list."""
        for one in looked.readings:
            filed = one.record.application_date
            if filed is not None and not since - _DAY <= filed <= until + _DAY:
                error = LayoutChanged(
                    f"what was filed from {since} to {until} was asked for, and "
                    f"{one.record.application_number} came, filed {filed}: the days were not heeded",
                    where=f"{self.job.source_id} {describe(looked.query)}",
                    kept="Nothing was stored of this look.",
                    do="Please report it.",
                )
                return _failed(looked, error)
        return looked

    def _believed_empty(self, looked: Looked, proof: Looked, since: dt.date, until: dt.date) -> Looked:
        """Nothing in so many days is believed of a few classes and of a test server, of no whole office."""
        if proof.error is not None:
            return _failed(looked, proof.error)
        if self.query.classes or facts_of(self.source, self.at.config) is FactKind.SAMPLE:
            return looked
        error = Incomplete(
            f"the list of what is new is empty from {since} to {until}: no office stands still so long",
            where=f"{self.job.source_id} {describe(looked.query)}",
            kept="Nothing was stored of this look; no filing counts as gone.",
            do="Look at the register by hand; `tmwatch source check` proves whether it still answers.",
        )
        return _failed(looked, error)

    # -- storing -----------------------------------------------------------------------------------------

    def _store(self, looked: Looked, until: dt.date, *, last: bool) -> bool:
        """Keep what a span brought, with the books. False where the reading stops here."""
        gap = ""
        if looked.unread:
            gap = str(looked.error)  # the days after it are read all the same
        elif isinstance(looked.error, TooMany):
            gap = f"one day alone, {until}, holds too much to be read in full.\n{looked.error}"
        elif looked.error is not None:
            self._fail(looked)
            return False
        words = [word for reading in looked.readings for word in reading.unknown_words]
        kept = self._concerning(looked)

        def book(base: Database) -> None:
            watches = list({one.watch.name: one.watch for one in self.mine}.values())
            for one in self.mine:
                self._book(base, one, until, gap, last=last)
            tell_new_words(
                self.at.config, base, self.job.source_id, words, watches, self.at.lines, self.at.run
            )

        try:
            stored = observe(
                self.at.database,
                sights(kept, self.at.config) if kept.readings or kept.error is not None else [],
                run=self.at.run,
                react=self.at.under.waiting(
                    reactor(self.at.config, self.at.lines, self._is_baseline, self.at.portfolio)
                ),
                reread=reread,
                also=book,
            )
        except TmwatchError:
            raise
        except Exception as fault:  # noqa: BLE001
            log.info(
                "look not stored", source=self.job.source_id, asked=describe(looked.query), exc_info=True
            )
            error = LayoutChanged(
                f"the answer could not be stored ({type(fault).__name__}: {clean_line(str(fault), 200)})",
                where=f"{self.job.source_id} {describe(looked.query)}",
                do="Please report this; the next check asks again.",
            )
            self._fail(_failed(looked, error))
            return False
        self.observed += [lightly(one) for one in stored]
        self._keep_all(looked)
        return True

    def _keep_all(self, looked: Looked) -> None:
        """What concerns nobody goes into the store of the whole register, where there is one. The watches
        have seen it all the same where that file is in trouble."""
        path = self.at.config.store.register
        if path is None:
            return
        from tmwatch.importing.listed import keep_listed  # late: with it comes all that reads files

        try:
            keep_listed(path, sights(looked, self.at.config), self.job.source_id)
        except StoreError as error:
            self.at.trouble(error)

    def _book(self, base: Database, one: _Mine, until: dt.date, gap: str, *, last: bool) -> None:
        going = one.going
        if until >= going.since:
            going = replace(going, reached=max(going.reached, until), gap=going.gap or gap)
        one.going = going
        if not last:
            book_going(base, one.watch.name, one.ask.key, going)
            return
        book_read(base, one.watch.name, one.ask.key, going)
        self.outcome = Outcome.INCOMPLETE if going.gap else self.outcome
        self.error = going.gap or self.error
        mine = Outcome.INCOMPLETE if going.gap else Outcome.OK
        books.book_ask(base, one.watch.name, one.ask.key, mine, going.gap, partly=bool(going.gap))

    def _fail(self, looked: Looked) -> None:
        self.error, self.outcome = str(looked.error or ""), looked.outcome

        def book(base: Database) -> None:
            for one in self.mine:
                books.book_ask(base, one.watch.name, one.ask.key, looked.outcome, self.error)

        observe(self.at.database, sights(looked, self.at.config), run=self.at.run, also=book)

    def _concerning(self, looked: Looked) -> Looked:
        """The answer without the filings that concern nobody."""
        if not looked.readings:
            return looked
        records = [reading.record for reading in looked.readings]
        wanted = {st13 for _, st13 in self.at.portfolio.matches(records)}
        wanted |= stored_among(self.at.database, [record.st13 for record in records])
        keep = [record.st13 in wanted for record in records]
        return replace(
            looked,
            readings=tuple(compress(looked.readings, keep)),
            pages=tuple(compress(looked.pages, keep)),
        )

    # -- news or not -------------------------------------------------------------------------------------

    def _is_baseline(self, watch: Watch, one: Observed, found: Match, _: bool | None) -> bool:
        if "numbers" in found.triggers:
            return True  # the first sight of a number is its baseline
        filed = one.record.application_date
        mine = self._by_watch.get(watch.name)
        if mine is None:
            # Met by the way, while another watch asked: see `sweep`.
            at = self.at
            office = one.record.office
            return one.what != "new" or not searched_before(
                watch, office, at.config, at.database, at.env, filed=filed
            )
        if mine.state.baseline_at is None:
            return True
        floor = mine.books.floor
        if floor is not None and filed is not None and filed < floor:
            return True
        added = frozenset(names(watch)) - mine.books.names
        if not added:
            return False
        before = with_names(watch, mine.books.names)
        return not Portfolio([before]).matches([one.record])

    # -- what is told of it ------------------------------------------------------------------------------

    def _asked(self) -> Asked | None:
        failed = self.outcome is not Outcome.OK
        if not failed and not self.observed and any(one.going.reached < now().date() for one in self.mine):
            return None  # left before anything was read to its end
        passing = self.outcome in PASSING and all(one.state.failures + 1 < PATIENCE for one in self.mine)
        return Asked(
            self.job.watches,
            self.job.source_id,
            describe(self.query),
            self.outcome,
            tuple(self.observed),
            self.error,
            passing if failed else False,
            baseline=all(one.state.baseline_at is None for one in self.mine),
        )

    def _left(self, outcome: Outcome, why: str, until: dt.datetime) -> Left:
        return Left(self.job.watches, self.job.source_id, describe(self.query), outcome, why, until)


def _failed(looked: Looked, error: LookError) -> Looked:
    return Looked(looked.source, looked.query, error.outcome, error=error, looked_at=looked.looked_at)


def read_new(at: Pass, job: Job) -> Reading:
    """Read the list of what is new as far as this check goes.

    Yields what waits for the network; returns what became of it, and what was left for later. Raises what
    `ask` and the store raise.
    """
    source = get_source(job.source_id)
    assert isinstance(job.query, SearchQuery)
    new = source.declaration.new(job.query.new)
    back = reach(new, job.source_id, at.config)
    mine = [
        _mine(at.database, watch, one, state, back)
        for (watch, one), state in zip(job.wanted, job.states, strict=True)
    ]
    return (yield from _Reader(at, job, source, job.query, new, mine).read())


def _mine(database: Database, watch: Watch, one: Ask, state: books.AskState, back: dt.timedelta) -> _Mine:
    known, current = new_state(database, watch.name, one.key), frozenset(names(watch))
    going, at = known.going, now()
    # From the beginning where a name came while it was read: it was not looked for in what is read. Days that
    # lie ahead are those of a clock that has been set back since.
    if going is None or not current <= going.names or going.begun_at > at:
        since = min(known.read_to or at.date(), at.date()) - back
        going = Going(at, since, since - _DAY, current)
    return _Mine(watch, one, state, known, going)


__all__ = ["Pass", "read_new"]
