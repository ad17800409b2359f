"""What the watches make of imported pages: which are a first look, and which are news.

A watch that has seen an office's filings before (by a live search, or by an earlier import) is told of
what a newer page brings. Before that, everything a search trigger finds is its baseline. Numbers are
their own baseline: the first sight of one is never news. What was stored before the watch was there is no
news either, and the baseline of what changes in it.
"""

from __future__ import annotations

import datetime as dt
import json
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from tmwatch.alerts.compose import reactor
from tmwatch.config import Config, Watch
from tmwatch.errors import Outcome
from tmwatch.following import with_relevant
from tmwatch.numbers import st13_office
from tmwatch.sources.base import SearchQuery
from tmwatch.sources.registry import get_source
from tmwatch.store import Database, Observed, Reaction, books, hits
from tmwatch.store.database import now
from tmwatch.store.new_books import new_state
from tmwatch.store.sights import AtHand
from tmwatch.stored import changes_of, record_of
from tmwatch.watches import Ask, Match, Portfolio, asks, coverage

# Who imports so many filings of an office in one go has a file of the register, not pages of his own: it is a
# first look also for the watches that find nothing in it.
MANY = 100


def ask_key(office: str) -> str:
    """The standing question "what do imported pages of this office say", in the watch's books."""
    return f"import/{office}"


def searched_before(
    watch: Watch,
    office: str,
    config: Config,
    database: Database,
    env: Mapping[str, str],
    *,
    filed: dt.date | None = None,
) -> bool:
    """Whether this watch has seen the office's filings before, by an import or by a live search; of one filed
    on that day, if it was its list of new filings alone: whether its first reading reached so far back."""
    if books.baselined(database, watch.name, ask_key(office)):
        return True
    return any(
        isinstance(one.query, SearchQuery)
        and get_source(one.source_id).declaration.speaks_for(office)
        and books.baselined(database, watch.name, one.key)
        and (not one.query.new or _reached(database, watch, one, filed))
        for one in asks(watch, config, env)
    )


def _reached(database: Database, watch: Watch, one: Ask, filed: dt.date | None) -> bool:
    floor = new_state(database, watch.name, one.key).floor
    return floor is None or filed is None or filed >= floor


class ImportReaction:
    """The reaction to one run of `import`; `book()` closes it.

    Nothing is booked before the end: a thousand pages are stored in batches, and the second batch of a
    first import is not news either.
    """

    def __init__(self, config: Config, database: Database, env: Mapping[str, str]) -> None:
        self.config = config = with_relevant(config, database)
        self.database = database
        self._env = env
        self._found: set[tuple[str, str]] = set()
        self._seen: Counter[str] = Counter()  # looks by office
        self.summed_up: Counter[str] = Counter()  # filings by watch that its first look is quiet about
        self._quiet: dict[str, list[str]] | None = None  # the same by filing, where somebody asks for it
        self._first: set[tuple[str, str]] = set()  # of this batch: what first looks find, (watch, filing)
        # How that which comes next stood in the store of the register, and how it will stand there.
        self._stood: dict[str, tuple[Mapping[str, Any], Mapping[str, Any]]] = {}
        self._same: set[str] = set()  # those of which not a byte has changed
        self._new: set[str] = set()  # filings that this run brought
        self._began = now()
        self._since: dt.datetime | None = None  # when the import began that this one goes on with
        lines = {watch.name: coverage(watch, config, env) for watch in config.watches}
        self._portfolio = Portfolio(config.watches)
        self._react = reactor(config, lines, self._is_baseline, self._portfolio, stored=True)

    def __call__(self, observed: Sequence[Observed], database: Database) -> Reaction:
        # An archive of hundreds of pages of one filing comes in several batches; what was new a moment ago
        # has not changed since, whichever page a batch ends with.
        settled = [
            replace(one, what="past", changes=()) if one.what == "changed" and self._brought(one) else one
            for one in observed
        ]
        self._new.update(one.st13 for one in observed if one.what == "new")
        self._seen.update(st13_office(one.st13) for one in observed)
        self._make_good(observed, database)
        self._first.clear()
        reaction = self._react([self._as_it_stood(one) for one in settled], database)
        for hit in reaction.hits:
            # What a change has brought under the watch is told all the same, and is no baseline.
            if hit.baseline and not hit.stood and (hit.watch, hit.st13) in self._first:
                self.summed_up[hit.watch] += 1
                if self._quiet is not None:
                    self._quiet.setdefault(hit.st13, []).append(hit.watch)
        return reaction

    def _brought(self, one: Observed) -> bool:
        """Whether this import brought the filing. Told by the clock only where an import that was broken off
        goes on: a clock that was ahead at the first sight would hide what changed since."""
        return one.st13 in self._new or (self._since is not None and one.first_seen >= self._since)

    def _as_it_stood(self, one: Observed) -> Observed:
        """New to the database only, where the store of the register had it before."""
        if one.what != "new" or one.st13 not in self._stood:
            return one
        before, after = self._stood[one.st13]
        since = dt.datetime.fromisoformat(before["first_seen"])
        return replace(
            one,
            what="changed",
            changes=() if one.st13 in self._same else changes_of(before, after, one.record.status_date),
            known=AtHand(one.record, record_of(before), one.provenance, since),
        )

    def _make_good(self, observed: Sequence[Observed], database: Database) -> None:
        """What came under a watch in a run that was killed before `book()`: this is its first look then."""
        under = hits.states(database, [one.st13 for one in observed])
        unsaid = [
            one.record
            for one in observed
            if any((name, st13_office(one.st13)) not in self._found for name in under.get(one.st13, ()))
        ]
        for (name, st13), found in self._portfolio.matches(unsaid).items() if unsaid else ():
            if name in under[st13] and "numbers" not in found.triggers:
                self._found.add((name, st13_office(st13)))

    def _is_baseline(self, watch: Watch, one: Observed, found: Match, held: bool | None) -> bool:
        if "numbers" in found.triggers:
            return True
        office = one.record.office
        self._found.add((watch.name, office))
        if one.what not in ("new", "changed") or held or one.st13 in self._same:
            return True  # stored before this page came: the watch is new, not the filing
        filed = one.record.application_date
        first = not searched_before(watch, office, self.config, self.database, self._env, filed=filed)
        if first and found.hit and watch.first_look == "quiet":
            self._first.add((watch.name, one.st13))
        return first

    @property
    def kept_quiet(self) -> dict[str, int]:
        """How many filings the first look of each watch kept quiet about."""
        return dict(sorted((+self.summed_up).items()))

    def note_each(self) -> None:
        """From now on `quiet_about` can be asked."""
        self._quiet = {}

    def quiet_about(self, st13: str) -> list[str]:
        """The watches whose first look kept quiet about the filing that was just stored; told once."""
        return self._quiet.pop(st13, []) if self._quiet else []

    def known(self, moved: Iterable[tuple[Mapping[str, Any], Mapping[str, Any]]], same: set[str]) -> None:
        """For a store of the whole register (`importing.registered.News`)."""
        self._stood = {before["st13"]: (before, after) for before, after in moved}
        self._same = same

    def saw_all(self, office: str) -> None:
        """The same."""
        self._found |= {(watch.name, office) for watch in self.config.watches}

    def memory(self) -> str:
        """What the rest of a file must know that is stored in part, should this run not come to its end."""
        return json.dumps({"since": (self._since or self._began).isoformat(), "found": sorted(self._found)})

    def recall(self, memory: str) -> None:
        """Go on with such a file."""
        said = json.loads(memory)
        since = dt.datetime.fromisoformat(said["since"])
        self._since = min(self._since or since, since)
        self._found |= {(watch, office) for watch, office in said["found"]}

    def book(self) -> None:
        """The first look at what these pages hold lies behind the watches that found something."""
        for office, looks in self._seen.items():
            if looks >= MANY:
                self.saw_all(office)
        for watch, office in sorted(self._found):
            books.book_ask(self.database, watch, ask_key(office), Outcome.OK)
