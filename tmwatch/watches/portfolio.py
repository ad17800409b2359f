"""All watches of a configuration against many filings at once. Pure.

Whoever has more than one filing in hand asks here which watches each may concern, and how near its names
come, and then asks `match` of those alone: with a thousand watches `match` of every pair takes a thousand
times as long. The answers are those of `match` of every pair (a test holds them against each other).
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from tmwatch.model import TradeMark
from tmwatch.numbers import MarkNumber
from tmwatch.text import fold, party_keys
from tmwatch.watches import owners
from tmwatch.watches.commonness import watched
from tmwatch.watches.docket import bare
from tmwatch.watches.filing import Filing, filing_of, number_keys
from tmwatch.watches.filters import Gate, gate_of, may_pass
from tmwatch.watches.rules import Match, match, triggers_of

if TYPE_CHECKING:
    from tmwatch.config.models import Watch
    from tmwatch.similarity import Near, WatchedMark

# Where watches have more sets of filters than this, their marks are compared with all filings at once: to
# compare them set by set would take longer.
_MOST_GATES = 100
_Index = dict[str, list[int]]  # key → places of the watches that ask for it


class Portfolio:
    """The watches made ready once.

    `level` has marks looked for as far off as that, whatever the watches ask for; without `filtering` what
    their filters do not let through is looked at too. Both are for showing what just falls short.
    """

    def __init__(self, watches: Sequence[Watch], level: int | None = None, *, filtering: bool = True) -> None:
        self.watches = tuple(watches)
        self._level = level
        self._filtering = filtering
        self._numbers: _Index = {}
        self._owners: _Index = {}
        self._agents: _Index = {}
        self._alike: _Index = {}
        self._names: _Index = {}
        self._all: list[int] = []  # watches without triggers
        self._marks: dict[tuple[int, Gate | None], dict[WatchedMark, list[tuple[int, int]]]] | None = None
        for place, watch in enumerate(self.watches):
            _put(self._numbers, place, (key for number in watch.numbers for key in _keys_of(number)))
            _put(self._owners, place, (key for name in watch.owners for key in party_keys(name)))
            _put(self._agents, place, (key for name in watch.agents for key in party_keys(name)))
            _put(self._names, place, filter(None, map(fold, watch.marks)))
            if watch.owners_like:
                _put(self._alike, place, (key for name in watch.owners for key in owners.like_keys(name)))
            if not triggers_of(watch):
                self._all.append(place)

    def near(self, records: Sequence[TradeMark]) -> dict[tuple[str, str], Near]:
        """(watch name, ST.13) → the nearest of the watch's marks; `mark` is its place in `watch.marks`."""
        found = self._nearest([filing_of(record) for record in records])
        return {
            (self.watches[watch].name, records[place].st13): near for (watch, place), near in found.items()
        }

    def pairs(self, filings: Sequence[Filing]) -> dict[int, set[int]]:
        """Place of a filing → places of the watches that it may concern: those of all hits, and few more."""
        return self._pairs(filings, self._nearest(filings))

    def asked(
        self, filings: Sequence[Filing], far: Sequence[Collection[str]] = ()
    ) -> list[tuple[int, Near | None]]:
        """(place of a filing, its nearest mark) for those that may concern the first watch, in order.

        `far`: of each filing the names that are known to be near no mark as they are written.
        """
        near = self._nearest(filings, far)
        return [(place, near.get((0, place))) for place in self._pairs(filings, near)]

    def concerning(self, filings: Sequence[Filing]) -> set[int]:
        """The places of the filings that may concern any watch: what need not be read is not among them."""
        return set(self.pairs(filings))

    def matches(self, records: Sequence[TradeMark]) -> dict[tuple[str, str], Match]:
        """(watch name, ST.13) → the answer of `match`, for every hit; whoever is not in it is none."""
        filings = [filing_of(record) for record in records]
        near = self._nearest(filings)
        found: dict[tuple[str, str], Match] = {}
        for place, watches in self._pairs(filings, near).items():
            for at in sorted(watches):
                answer = match(self.watches[at], records[place], near.get((at, place)))
                if answer.hit:
                    found[self.watches[at].name, records[place].st13] = answer
        return found

    def _pairs(self, filings: Sequence[Filing], near: Mapping[tuple[int, int], Near]) -> dict[int, set[int]]:
        found: dict[int, set[int]] = {}
        for place, filing in enumerate(filings):
            asked = set(self._all)
            for key in number_keys(filing) if self._numbers else ():
                asked.update(self._numbers.get(key, ()))
            for name in filing.owners if self._owners or self._alike else ():
                for key in party_keys(name) if self._owners else ():
                    asked.update(self._owners.get(key, ()))
                for key in owners.like_keys(name) if self._alike else ():
                    asked.update(self._alike.get(key, ()))
            for name in filing.names if self._names else ():
                asked.update(self._names.get(fold(name), ()))
            for name in filing.agents if self._agents else ():
                for key in party_keys(name):
                    asked.update(self._agents.get(key, ()))
            if asked:
                found[place] = asked
        for watch, place in near:
            found.setdefault(place, set()).add(watch)
        if not self._filtering:
            return dict(sorted(found.items()))
        passing = {
            place: {at for at in asked if may_pass(self.watches[at], filings[place])}
            for place, asked in found.items()
        }
        return {place: passing[place] for place in sorted(passing) if passing[place]}

    def _nearest(
        self, filings: Sequence[Filing], far: Sequence[Collection[str]] = ()
    ) -> dict[tuple[int, int], Near]:
        """(watch, filing) → the nearest mark of that watch, for those that look for marks.

        Marks of one gate are compared with the filings that pass it, all in one call.
        """
        best: dict[tuple[int, int], Near] = {}
        if not any(watch.marks for watch in self.watches):
            return best
        from tmwatch.similarity import nearest  # late: its tables are large, and most watches have numbers

        for (level, gate), marks in self._prepared().items():
            passing = [at for at, one in enumerate(filings) if one.names and (gate is None or gate.lets(one))]
            asked = list(marks) if passing else []
            names, known = [filings[at].names for at in passing], [far[at] for at in passing] if far else ()
            for near in nearest(asked, names, level, far=known) if passing else ():
                for watch, place in marks[asked[near.mark]]:
                    at = (watch, passing[near.candidate])
                    one = replace(near, mark=place, candidate=at[1])
                    if at not in best or _rank(one) < _rank(best[at]):
                        best[at] = one
        return best

    def _prepared(self) -> dict[tuple[int, Gate | None], dict[WatchedMark, list[tuple[int, int]]]]:
        """Level and gate → each mark once → the watches that have it, and where in their lists it stands."""
        if self._marks is None:
            gates = [gate_of(watch) for watch in self.watches]
            parted = self._filtering and len({*gates}) <= _MOST_GATES
            self._marks = {}
            for at, watch in enumerate(self.watches):
                level = watch.level if self._level is None else self._level
                if not level:
                    continue  # the same name only: `match` sees that by itself
                marks = self._marks.setdefault((level, gates[at] if parted else None), {})
                for place, text in enumerate(watch.marks):
                    marks.setdefault(watched(watch, text), []).append((at, place))
        return self._marks


def _put(index: _Index, place: int, keys: Iterable[str]) -> None:
    for key in dict.fromkeys(keys):
        index.setdefault(key, []).append(place)


def _keys_of(number: MarkNumber) -> Iterable[str]:
    if number.st13 is not None:
        yield number.st13
    office = "" if number.kind == "international" else f"{number.office}:"
    if number.kind != "application" or number.st13 is None:
        yield f"{office}{number.kind}:{bare(number.number)}"


def _rank(near: Near) -> tuple[int, float]:
    return near.likeness.level, -near.likeness.score
