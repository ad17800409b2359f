"""Every way a register was seen to misbehave, the whole way: configuration, check, store, alerts, mailbox.

One row of `TABLE` is one behaviour. For each: the look has its one outcome; what is stored of the filings
does not move by a byte; the register is asked no faster for it; the register next door is heard in the
very same run; and its people are told once that it fails, if that does not pass, and once that it is back.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.faults.hostile import BEHAVIOURS, Behaviour
from tests.faults.registers import (
    DISTANCE,
    Clock,
    RegisterHouse,
    gaps,
    true_page,
)
from tests.test_whole_way import ENV
from tmwatch.errors import PASSING, Outcome
from tmwatch.http import Timeouts
from tmwatch.sweep_report import PATIENCE

FAILING, WELL = "us.tsdr can no longer be read in full", "us.tsdr can be read again"
SHORT = Timeouts(connect=1, read=0.3, total=0.6)  # where the register stalls
LONG = Timeouts(connect=5, read=20, total=40)  # elsewhere a busy machine shall not matter


@dataclass(frozen=True)
class Row:
    """What a register does, and how a look ends that meets it."""

    does: str
    outcome: Outcome
    behaviour: Behaviour | None = None  # else the one of that name in hostile.py
    stalls: bool = False
    told: bool = True  # whether a source that stays like this is told to be failing


def half(page: bytes) -> int:
    return len(page) // 2


def of_another(page: bytes) -> bytes:
    """What a cache gives that mixes two filings up."""
    return page.replace(b"99990101", b"99990177").replace(b"99990102", b"99990177")


def shell(page: bytes) -> bytes:
    return b"<html><head></head><body></body></html>".ljust(474)


def login(page: bytes) -> bytes:
    return b"<html><title>Sign in</title><form><input type=password name=p></form>%s</html>" % (b" " * 4000)


O = Outcome  # noqa: E741
TABLE = (
    # slow, or broken on the way
    Row("slow", O.UNREACHABLE, stalls=True),
    Row("drip", O.UNREACHABLE, stalls=True),
    Row("drip-head", O.UNREACHABLE, stalls=True),
    Row("reset", O.UNREACHABLE),
    Row("garbage", O.UNREACHABLE),
    Row("many-headers", O.UNREACHABLE),
    # cut short
    Row("chunk-cut", O.UNREACHABLE),
    Row("says the page is longer than it is", O.UNREACHABLE, true_page(length=lambda page: len(page) + 1)),
    Row("says the page is a hundred bytes long", O.THROTTLED, true_page(length=100)),
    Row("says the page is half as long", O.INCOMPLETE, true_page(length=half)),
    Row("ends in the middle, without a length", O.INCOMPLETE, true_page(length=-1, cut=12_000)),
    Row("gzip-cut", O.UNREACHABLE),
    Row("gzip-not", O.UNREACHABLE),
    # nothing, or too much
    Row("empty", O.INCOMPLETE),
    Row("blank", O.INCOMPLETE),
    Row("no-content", O.INCOMPLETE),
    Row("a shell of 474 bytes (TSDR when it throttles)", O.THROTTLED, true_page(body=shell)),
    Row("bomb", O.LAYOUT_CHANGED),
    Row("brotli", O.LAYOUT_CHANGED),
    # refusals
    Row("429", O.THROTTLED),
    Row("429-garbage", O.THROTTLED),
    Row("429-six-hours", O.THROTTLED),
    Row("429-2099", O.THROTTLED),
    Row("503-later", O.THROTTLED),
    Row("401", O.LOGIN_REQUIRED),
    Row("403", O.DECLINED),
    Row("404", O.NOT_FOUND, told=False),
    Row("410", O.NOT_FOUND, told=False),
    Row("400", O.LAYOUT_CHANGED),
    Row("500", O.SERVER_ERROR),
    Row("502", O.SERVER_ERROR),
    Row("503", O.SERVER_ERROR),
    Row("521", O.SERVER_ERROR),
    Row("304", O.SERVER_ERROR),
    Row("a whole page with status 500", O.SERVER_ERROR, true_page("500 Internal Server Error")),
    Row("a whole page with status 404", O.NOT_FOUND, true_page("404 Not Found"), told=False),
    # elsewhere
    Row("circle", O.SERVER_ERROR),
    Row("round", O.SERVER_ERROR),
    Row("other-host", O.DECLINED),
    Row("other-port", O.DECLINED),
    Row("members-only", O.LOGIN_REQUIRED),
    Row("to-sso", O.LOGIN_REQUIRED),
    Row("proof", O.BLOCKED),
    Row("to-file", O.SERVER_ERROR),
    # something else than the page
    Row("cloudflare", O.BLOCKED),
    Row("cloudflare-200", O.BLOCKED),
    Row("waf-202", O.BLOCKED),
    Row("waf-405", O.BLOCKED),
    Row("a login page with status 200", O.LOGIN_REQUIRED, true_page(body=login)),
    Row("the page of another filing", O.INCOMPLETE, true_page(body=of_another)),
    Row("page", O.LAYOUT_CHANGED, true_page(body=lambda page: b"<html>%s</html>" % (b"redesigned " * 900))),
)


@pytest.fixture(autouse=True)
def environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in ENV.items():
        monkeypatch.setenv(name, value)


@pytest.fixture
def house(tmp_path: Path) -> Iterator[RegisterHouse]:
    with Clock() as clock, RegisterHouse(tmp_path, clock) as made:
        yield made


def befalls(house: RegisterHouse, row: Row) -> None:
    house.register.always = row.behaviour or BEHAVIOURS[row.does]
    house.timeouts = SHORT if row.stalls else LONG


def test_one_house_meets_them_all_day_after_day(house: RegisterHouse) -> None:
    """Each ends in its outcome, no row moves, the neighbour is heard; one alert for the whole bad time."""
    house.check()
    before = house.record()
    for day, row in enumerate(TABLE):
        befalls(house, row)
        house.clock.passes(days=1)
        news = [f"{10 + day:08}"] if day % 5 == 0 else []
        for number in news:
            house.neighbour_files(int(number))
        first = len(house.register.asked)
        report, outcomes = house.look(deliver=bool(news))
        assert set(outcomes) == {row.outcome}, row.does
        assert house.record() == before, f"{row.does}: a failed look moved the record"
        assert [one.record.application_number for one in report.sweep.appeared] == news, row.does
        assert all(gap > DISTANCE - 0.5 for gap in gaps(house.register.instants(first))), row.does
    house.register.always = None
    for _ in range(3):
        house.clock.passes(hours=1)
        assert house.look()[1] == ["ok", "ok"]
    assert house.health() == [FAILING, WELL]
    assert (house.told("filing.changed"), len(house.told("filing.new"))) == ([], len(TABLE[::5]))


@pytest.mark.parametrize(
    "row",
    [pytest.param(row, marks=[] if row.does == "reset" else [pytest.mark.soak]) for row in TABLE],
    ids=lambda row: row.does,
)
def test_a_register_that_stays_like_that_and_recovers(house: RegisterHouse, row: Row) -> None:
    house.check()
    before = house.record()
    befalls(house, row)
    for run in range(PATIENCE + 1):
        house.clock.passes(hours=1)
        first = len(house.register.asked)
        report, outcomes = house.look()
        assert set(outcomes) == {row.outcome}
        assert house.record() == before, "a failed look moved the record"
        passes = row.outcome in PASSING and run + 1 < PATIENCE or row.outcome is O.NOT_FOUND
        assert report.operator_must_act is not passes
        ill = gaps(house.register.instants(first))
        assert all(gap > DISTANCE - 0.5 for gap in ill), "it was asked faster"
        waits = [round(one, 1) for one in ill]  # of a busy machine one may be a millisecond shorter
        assert waits == sorted(waits) or max(ill) - min(ill) < 0.5, "an error made us faster"
        told = row.told and (row.outcome not in PASSING or run + 1 >= PATIENCE)
        assert house.health() == ([FAILING] if told else [])
    house.register.always = None
    for _ in range(3):
        house.clock.passes(hours=1)
        assert house.look()[1] == ["ok", "ok"]
    assert house.health() == ([FAILING, WELL] if row.told else [])
    assert house.told("filing.changed") == []
