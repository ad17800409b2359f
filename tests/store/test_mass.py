"""What waits for the end of a pass over a source: whoever dies, sleeps or takes long, it goes or is held."""

from __future__ import annotations

import datetime as dt
import itertools
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import time_machine

from tests.records import record, sight
from tmwatch.alerts.compose import reactor
from tmwatch.config import Config
from tmwatch.config.reading import parse_config
from tmwatch.model import TradeMark
from tmwatch.passes import SourcePass
from tmwatch.store import Database, Outbox, backup, mass, observe, passes
from tmwatch.store.restore import restore

DAY = dt.datetime(2026, 6, 1, 6, tzinfo=dt.UTC)
SOURCE = "us.tsdr-api"
SIX = tuple(range(1, 7))


def configuration(folder: Path) -> Config:
    text = (
        '[operator]\ncontact = "x@example.com"\n[smtp]\nhost = "127.0.0.1"\nsender = "x@example.com"\n'
        '[[recipient]]\nname = "legal"\nemail = ["legal@example.com"]\n[health]\nmass_least = 5\n'
        '[[watch]]\nname = "own"\nowners = ["Sample Widgets"]\nrole = "own"\nnotify = ["legal"]\n'
    )
    return parse_config(text, folder / "tmwatch.toml")


def filing(number: int, text: str = "") -> TradeMark:
    return record(
        f"US5{number:014}", verbal_element=f"MARK {number}", disclaimer=f"{text} {number}" if text else ""
    )


class Bench:
    """A database with thirty filings, a clock, and passes over them."""

    def __init__(self, folder: Path, clock: Any) -> None:
        self.config, self.clock = configuration(folder), clock
        self.path = folder / "tmwatch.db"
        self.base = Database(self.path)
        self.days = (dt.date(2026, 1, 1) + dt.timedelta(days=n) for n in itertools.count())
        self.react = reactor(self.config, {}, lambda watch, one, found, held: True)
        self.look(None, *(filing(number) for number in range(1, 31)))

    def begin(self, run: str = "one", watches: tuple[str, ...] = ("own",)) -> SourcePass:
        return SourcePass.begin(self.config, self.base, SOURCE, run, watches, numbers=30, searching=False)

    def look(self, under: SourcePass | None, *filings: TradeMark, run: str = "one") -> None:
        """One transaction each."""
        react = under.waiting(self.react) if under is not None else self.react
        day = next(self.days).isoformat()
        for one in filings:
            observe(self.base, [sight(one, day)], run=run, react=react)

    def due(self) -> list[str]:
        """Headlines of what would be sent now."""
        return [one.payload.headline for one in Outbox(self.base).due_deliveries(dt.datetime.now(dt.UTC))]

    def states(self) -> dict[str, int]:
        rows = self.base.conn.execute("select state, count(*) as n from delivery group by 1")
        return {row["state"]: row["n"] for row in rows}


@pytest.fixture
def bench(tmp_path: Path) -> Iterator[Bench]:
    with time_machine.travel(DAY, tick=False) as clock:
        yield Bench(tmp_path, clock)


ANNOUNCED = "{} of {} filings of us.tsdr-api changed in one pass; most likely the register"


def changed(*numbers: int, text: str = "garbled") -> list[TradeMark]:
    return [filing(number, text) for number in numbers]


def test_nothing_leaves_before_the_pass_is_over(bench: Bench) -> None:
    under = bench.begin()
    bench.look(under, *changed(1, 2))
    assert bench.due() == []
    under.end()
    assert len(bench.due()) == 2, "two are no mass"


def test_a_source_with_few_filings_never_waits(bench: Bench) -> None:
    under = SourcePass.begin(bench.config, bench.base, SOURCE, "one", ["own"], numbers=4, searching=False)
    bench.look(under, *changed(1))
    assert len(bench.due()) == 1
    health = bench.config.health.model_copy(update={"mass_share": 100})
    never = bench.config.model_copy(update={"health": health})
    under = SourcePass.begin(never, bench.base, SOURCE, "one", ["own"], numbers=30, searching=False)
    assert under.waits is None, "the operator wants none of it"
    other = SourcePass.begin(bench.config, bench.base, "us.tsdr", "one", ["own"], numbers=30, searching=False)
    assert other.waits is None, "nothing of that source is known yet"


@pytest.mark.parametrize(("moved", "of", "held"), [(4, 4, 0), (5, 25, 0), (6, 30, 0), (7, 30, 7), (5, 24, 5)])
def test_a_mass_is_more_than_a_fifth_and_not_a_few(bench: Bench, moved: int, of: int, held: int) -> None:
    """Of what the pass looked at: at least five here, and more than 20 %."""
    under = bench.begin()
    bench.look(
        under, *changed(*range(1, moved + 1)), *(filing(number) for number in range(moved + 1, of + 1))
    )
    under.end()
    assert bench.states() == ({"held": held, "pending": 1} if held else {"pending": moved})


def test_the_rule_is_a_fifth_and_twenty_five_where_nobody_says_otherwise(bench: Bench) -> None:
    rule = Config.model_fields["health"].get_default(call_default_factory=True)
    assert (rule.mass_share, rule.mass_least, rule.mass_hold) == (20, 25, dt.timedelta(hours=24))


def test_who_goes_on_with_a_killed_pass_judges_what_it_had_seen_too(bench: Bench) -> None:
    bench.look(bench.begin(), *changed(1, 2, 3))  # and is killed
    under = bench.begin("two")
    assert bench.due() == []
    bench.look(under, *changed(4, 5, 6), run="two")
    under.end()
    assert bench.due() == [ANNOUNCED.format(6, 6)]
    assert bench.states() == {"held": 6, "pending": 1}


def test_a_pass_over_other_watches_is_left_alone(bench: Bench) -> None:
    """Another process holds their locks and is at work."""
    theirs = bench.begin()
    bench.look(theirs, *changed(1, 2, 3))
    bench.begin("two", ("another",)).end()
    assert bench.due() == []
    theirs.end()
    assert len(bench.due()) == 3


@pytest.mark.parametrize(("numbers", "told"), [(SIX[:3], 3), (SIX, 1)])
def test_a_pass_without_a_process_is_judged_by_whoever_delivers(
    bench: Bench, numbers: tuple[int, ...], told: int
) -> None:
    under = bench.begin()
    bench.look(under, *changed(*numbers))
    bench.clock.shift(passes.ALIVE - dt.timedelta(seconds=1))
    assert bench.due() == []
    bench.clock.shift(1)
    assert len(bench.due()) == told
    assert bench.states().get("held", 0) == (6 if told == 1 else 0)
    # It was not dead, only asleep: what it finds from now on does not wait for anybody.
    bench.look(under, *changed(7))
    assert len(bench.due()) == told + 1
    under.end()
    assert len(bench.due()) == told + 1


def test_a_pass_that_takes_hours_is_judged_by_what_it_has_seen(bench: Bench) -> None:
    under = bench.begin()
    bench.look(under, *changed(1, 2))
    for _ in range(3):
        bench.clock.shift(dt.timedelta(minutes=20))
        bench.look(under, filing(20))
    assert len(bench.due()) == 2, "an hour is enough"
    bench.look(under, *changed(3, 4, 5, 6))
    assert len(bench.due()) == 2
    under.end()
    assert bench.due()[2:] == [ANNOUNCED.format(6, 7)], "all that it saw counts"
    assert bench.states()["held"] == 4, "what had left has left"


def test_a_clock_that_ran_ahead_holds_up_nobody(bench: Bench) -> None:
    with time_machine.travel(DAY + dt.timedelta(days=400), tick=False):
        bench.look(bench.begin(), *changed(1))
    assert len(bench.due()) == 1
    with time_machine.travel(DAY + dt.timedelta(days=800), tick=False):
        under = bench.begin("two")
        bench.look(under, *changed(*SIX, text="again"))
        under.end()
    assert sum("MARK" in one for one in bench.due()) == 7


def test_new_filings_are_neither_changed_nor_looked_at(bench: Bench) -> None:
    """Six of six known ones are a mass, however many new ones the same pass brought."""
    under = bench.begin()
    bench.look(under, *(filing(number) for number in range(100, 130)), *changed(*SIX))
    under.end()
    assert bench.due() == [ANNOUNCED.format(6, 6)]


def test_what_waits_is_joined_only_by_what_waits_for_the_same(bench: Bench) -> None:
    """The same thing befalls two filings of one owner: one alert, unless one of them may come to be held."""
    alike = {"status_text": "Registered. Examiner assigned.", "status_code": "701"}
    one, two, three = (
        record(f"US5{number:014}", verbal_element=f"MARK {number}", **alike) for number in SIX[:3]
    )
    under = bench.begin()
    bench.look(under, one)
    bench.look(under, two)
    bench.look(None, three)
    assert [len(alert["st13"]) for alert in reversed(Outbox(bench.base).alerts())] == [2, 1]


def test_what_a_restore_brings_back_has_no_end_by_itself(bench: Bench) -> None:
    """It may have gone out since the backup, by its time: somebody has to say that it is to be sent."""
    under = bench.begin()
    bench.look(under, *changed(*SIX))
    under.end()
    bench.base.close()
    kept = backup(bench.path, bench.path.with_name("kept.db"))
    restore(bench.path, kept if isinstance(kept, Path) else bench.path.with_name("kept.db"))
    bench.base = Database(bench.path)
    bench.clock.shift(dt.timedelta(days=3))
    assert bench.due() == []
    outbox = Outbox(bench.base)
    assert outbox.reasons() == {"restore": 7}
    assert mass.standing(bench.base) == []
    assert outbox.release() == 7
    assert len(bench.due()) == 7


def test_released_one_by_one_it_ends_with_the_last(bench: Bench) -> None:
    under = bench.begin()
    bench.look(under, *changed(*SIX))
    under.end()
    outbox = Outbox(bench.base)
    held = [one["id"] for one in outbox.alerts() if one["deliveries"][0]["state"] == "held"]
    outbox.release(held[:5])
    assert mass.is_open(bench.base, SOURCE)
    outbox.drop(held[5:])
    assert not mass.is_open(bench.base, SOURCE)
    ends = [one for one in bench.due() if "was" in one]
    assert ends == ["what was held for us.tsdr-api was dropped"]
