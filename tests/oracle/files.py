"""The files of the fifteen days in the order in which they are imported: stories among strangers."""

from __future__ import annotations

import datetime as dt
import itertools
import random
import tomllib
from collections.abc import Collection, Iterator
from dataclasses import dataclass, field, replace

from tests.oracle.filings import Filing, case, strangers, zipped
from tests.oracle.promises import Under
from tests.oracle.stories import DAYS, LATER, WATCHES, Step, stories
from tmwatch.similarity import WatchedMark, nearest

NOON, LATE, EVENING = dt.time(9), dt.time(14), dt.time(18)
MISSING, TOLD_AGAIN = 7, 5  # the day whose file comes two days late; the day whose file is imported twice
Cases = tuple[tuple[Filing, tuple[Under, ...]], ...]


@dataclass(frozen=True)
class Imported:
    """One file: on which day and when it is imported, of which day it is, and what stands in it."""

    on: int
    at: dt.time
    name: str
    of: int
    cases: Cases
    broken: tuple[Filing, ...] = ()  # whose case cannot be read
    strangers: dict[str, str] = field(default_factory=dict)  # ST.13 -> what becomes of it


class Strangers:
    """All who are nobody's business: some new each day, some told again, some amended."""

    def __init__(self, by: random.Random, a_day: int) -> None:
        self._by, self._a_day = by, a_day
        self._new = _far_off(strangers(99_200_000, by))
        self._known: dict[int, Filing] = {}

    def of_a_day(self, *, late: bool = False) -> dict[str, tuple[Filing, str]]:
        """Each with what the import says of it; in a `late` or second file of a day only new ones."""
        first = not self._known
        found = [(next(self._new), "new") for _ in range(self._a_day if first else self._a_day // 2)]
        if not late and not first:
            some = self._by.sample(sorted(self._known), min(len(self._known), self._a_day // 2))
            again, amended = some[::2], some[1::2]
            found += [(self._known[one], "unchanged") for one in again]
            found += [(self._amended(self._known[one]), "changed") for one in amended]
        self._known |= {one.serial: one for one, _ in found}
        return {one.st13: (one, what) for one, what in found}

    def _amended(self, one: Filing) -> Filing:
        pick = self._by.choice(("status", "owner", "agent"))
        if pick == "owner":
            return replace(one, owner=f"{one.owner.split()[0]}heirs LLC")
        if pick == "agent":
            return replace(one, attorney=f"{one.attorney} Junior")
        return replace(one, status="638" if one.status == "641" else "641")


def _far_off(filings: Iterator[Filing]) -> Iterator[Filing]:
    """Those whose names are near no watched one: the rule of likeness is asked, a hundred at a time."""
    rules = [tomllib.loads(text) for text, _ in {**WATCHES, **LATER}.values()]
    marks = [WatchedMark(name) for rule in rules for name in rule.get("marks", ())]
    while True:
        some = list(itertools.islice(filings, 100))
        near = {one.candidate for one in nearest(marks, [[one.mark] for one in some], 3)}
        yield from (one for place, one in enumerate(some) if place not in near)


def files(a_day: int, seed: int = 5, left_out: Collection[str] = ()) -> Iterator[Imported]:
    """All files in the order in which they are imported, without the stories that are about that."""
    by = random.Random(seed)
    others = Strangers(by, a_day)
    steps = [step for story in stories() if story.about not in left_out for step in story.steps]
    for day in range(len(DAYS)):
        if day == MISSING:
            continue  # nobody saved that day's file
        main = _file(day, NOON, _name(day), day, "", steps, others, by)
        yield main
        if day == 4:
            yield _file(4, LATE, "from a colleague.zip", 4, "second", steps, others, by)
            yield _file(4, EVENING, "from another.zip", 4, "third", steps, others, by)
        if day == TOLD_AGAIN:
            again = dict.fromkeys(main.strangers, "unchanged")
            yield replace(main, at=LATE, strangers=again)
        if day == 9:
            yield _file(9, LATE, _name(MISSING), MISSING, "late", steps, others, by)


def _name(day: int) -> str:
    return f"apc{DAYS[day]:%y%m%d}.zip"


def _file(
    on: int,
    at: dt.time,
    name: str,
    of: int,
    file: str,
    steps: list[Step],
    others: Strangers,
    by: random.Random,
) -> Imported:
    mine = [(one.filing, one.under) for one in steps if (one.day, one.file) == (of, file)]
    broken = tuple(one.filing for one in steps if (one.day, one.file) == (of, "broken" if not file else "-"))
    theirs = others.of_a_day(late=bool(file))
    cases: list[tuple[Filing, tuple[Under, ...]]] = [(one, ()) for one, _ in theirs.values()]
    by.shuffle(cases)
    places = sorted(by.randint(0, len(cases)) for _ in mine)
    for place, one in reversed(list(zip(places, mine, strict=True))):  # those of one filing in their order
        cases.insert(place, one)
    return Imported(
        on, at, name, of, tuple(cases), broken, {st13: what for st13, (_, what) in theirs.items()}
    )


def zip_of(one: Imported) -> bytes:
    """The file itself. Events and statements stand in another order in each."""
    day = DAYS[one.of]
    bodies = [case(filing, day, random.Random(filing.serial + one.of)) for filing, _ in one.cases]
    for filing in one.broken:
        whole = case(filing, day)
        bodies.insert(len(bodies) // 2, whole.replace(b"<status-code>630<", b"<status-code>new<"))
    return zipped(f"{day:%y%m%d}", bodies)
