"""Registers that misbehave for a while, in turns, or only in what they say: over hours and days.

The tables of single behaviours are in test_registers.py; here it counts what follows from their order.
"""

from __future__ import annotations

import datetime as dt
import re
import socket
import ssl
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import trustme

from tests.faults.hostile import BEHAVIOURS, PAGE, Asked, HostileServer, answer
from tests.faults.registers import (
    DISTANCE,
    HTML,
    SERIALS,
    START,
    Clock,
    Register,
    RegisterHouse,
    gaps,
    true_page,
)
from tests.test_whole_way import ENV
from tmwatch.http import Timeouts

FAILING, WELL = "us.tsdr can no longer be read in full", "us.tsdr can be read again"
REDESIGNED = true_page(body=lambda page: b"<html>%s</html>" % (b"redesigned " * 900))


@pytest.fixture(autouse=True)
def environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in ENV.items():
        monkeypatch.setenv(name, value)


@pytest.fixture
def house(tmp_path: Path) -> Iterator[RegisterHouse]:
    with Clock() as clock, RegisterHouse(tmp_path, clock) as made:
        yield made


# -- how long, and in what order ---------------------------------------------------------------------------


def test_down_for_a_day_with_a_check_each_hour_is_two_alerts_and_no_change(house: RegisterHouse) -> None:
    house.check()
    before = house.record()
    house.register.always = BEHAVIOURS["reset"]
    for _ in range(24):
        house.clock.passes(hours=1)
        house.check()
    assert house.record() == before
    assert house.health() == [FAILING]
    house.register.always = None
    house.register.owners[SERIALS[0]] = "EXAMPLE HARBOUR HOLDINGS, INC."
    for _ in range(3):
        house.clock.passes(hours=1)
        house.check()
    assert house.health() == [FAILING, WELL]
    assert len(house.told("filing.changed")) == 1, "what changed in the dark is told once"


def test_a_trouble_that_turns_into_another_is_told_once(house: RegisterHouse) -> None:
    house.check()
    for kind in ("403", "503", "reset", "429-six-hours", "403", "empty", "cloudflare", "521"):
        house.register.always = BEHAVIOURS[kind]
        house.clock.passes(hours=1)
        house.check()
    assert house.health() == [FAILING]
    house.register.always = None
    for _ in range(2):
        house.clock.passes(hours=1)
        house.check()
    assert house.health() == [FAILING, WELL]


def test_an_unknown_layout_at_every_second_look_alerts_once_until_it_has_been_good_twice(
    house: RegisterHouse,
) -> None:
    house.check()
    before = house.record()
    for number in range(8):
        house.register.always = None if number % 2 else REDESIGNED
        house.clock.passes(hours=1)
        house.check()
        assert house.health() == [FAILING]
    house.clock.passes(hours=1)
    house.check()
    assert house.health() == [FAILING, WELL]
    assert house.told("filing.changed") == []
    assert [len(rows) for rows in house.record().values()] == [len(rows) for rows in before.values()]


@pytest.mark.soak
def test_an_unsteady_register_has_to_be_good_for_a_day(house: RegisterHouse) -> None:
    house.check()
    for bad in (True, False, False, *[True, False, False] * 4):
        house.register.always = REDESIGNED if bad else None
        house.clock.passes(hours=1)
        house.check()
    assert house.health() == [FAILING, WELL, FAILING], "three alerts, and not one at each turn"
    house.register.always = None
    for _ in range(25):
        house.clock.passes(hours=1)
        house.check()
    assert house.health() == [FAILING, WELL, FAILING, WELL]


def in_another_layout(page: bytes) -> bytes:
    """The same facts: tags in capitals, attributes in single quotes, and other blanks between them."""
    page = re.sub(rb"<(/?)(div|span|table|tr|td)\b", lambda tag: b"<" + tag[1] + tag[2].upper(), page)
    page = re.sub(rb'class="([^"]*)"', rb"class='\1'", page)
    return page.replace(b"\n", b"\r\n   ")


def test_two_layouts_with_the_same_facts_in_turn_are_no_change(house: RegisterHouse) -> None:
    house.check()
    for number in range(4):
        house.register.always = None if number % 2 else true_page(body=in_another_layout)
        house.clock.passes(hours=1)
        assert house.look()[1] == ["ok", "ok"]
    assert (house.health(), house.told("filing.changed"), house.query("select count(*) from change")) == (
        [],
        [],
        [(0,)],
    )


# -- 200, and yet not what was asked for -------------------------------------------------------------------


@pytest.mark.parametrize("charset", ["utf-16", "gb18030", "windows-1251", "no-such-charset", '"'])
def test_a_charset_that_lies_garbles_nothing(house: RegisterHouse, charset: str) -> None:
    lying = f"Content-Type: text/html; charset={charset}\r\n"
    house.check()
    # Another byte, or the page would be known by its glance and not be read.
    house.register.always = true_page(headers=lying, body=lambda page: page + b"<!-- read me -->")
    house.clock.passes(hours=1)
    assert house.look()[1] == ["ok", "ok"]
    assert house.told("filing.changed") == []
    assert house.query("select count(*) from change") == [(0,)]


def test_yesterdays_page_from_a_stale_cache_moves_nothing_and_alerts_nobody(house: RegisterHouse) -> None:
    house.check()
    house.clock.passes(days=1)
    house.register.owners[SERIALS[0]] = "EXAMPLE HARBOUR HOLDINGS, INC."
    house.check()
    assert len(house.told("filing.changed")) == 1
    mark = house.query("select owners, as_of, version from mark where st13 like 'US%' order by st13")
    house.clock.passes(hours=1)
    del house.register.owners[SERIALS[0]]
    house.register.stamps = dict.fromkeys(SERIALS, START)  # the page of the day before
    for _ in range(3):
        house.clock.passes(hours=1)
        house.check()
    assert house.query("select owners, as_of, version from mark where st13 like 'US%' order by st13") == mark
    house.register.stamps.clear()
    house.register.owners[SERIALS[0]] = "EXAMPLE HARBOUR HOLDINGS, INC."
    house.clock.passes(hours=1)
    house.check()
    assert len(house.told("filing.changed")) == 1, "nothing but the one change was ever told"


def test_a_page_of_another_filing_is_no_look_at_the_one_that_was_asked_for(house: RegisterHouse) -> None:
    house.check()
    fresh = house.query("select last_ok_at from watch where watch = 'own' order by ask")

    def mixed_up(server: HostileServer, conn: Any, asked: Asked) -> None:
        assert isinstance(server, Register)
        other = SERIALS[1] if SERIALS[0] in asked.path else SERIALS[0]
        server.owners = dict.fromkeys(SERIALS, "SOMEBODY ELSE, INC.")
        answer(conn, "200 OK", server.page(Asked(f"/sn{other}", {}, 0)), HTML)

    house.register.always = mixed_up
    house.clock.passes(hours=1)
    assert house.look()[1] == ["incomplete", "incomplete"]
    assert house.query("select last_ok_at from watch where watch = 'own' order by ask") == fresh
    assert house.told("filing.changed") == []


# -- pace, and the others ----------------------------------------------------------------------------------


def test_a_pause_of_six_hours_is_not_slept_through_and_the_rest_is_left_for_later(tmp_path: Path) -> None:
    serials = tuple(f"9999010{number}" for number in range(1, 9))
    with Clock() as clock, RegisterHouse(tmp_path, clock, serials=serials) as house:
        house.check()
        first = len(house.register.asked)
        house.register.always = BEHAVIOURS["429-six-hours"]
        clock.passes(hours=1)
        began = dt.datetime.now(dt.UTC)
        report, outcomes = house.look()
        assert dt.datetime.now(dt.UTC) - began < dt.timedelta(minutes=2), "the check slept"
        assert (outcomes, len(report.sweep.left)) == (["throttled"], 7)
        assert len(house.register.asked) == first + 1, "told to wait, it asked on"
        (why,) = {one.why for one in report.sweep.left}
        assert "Retry-After" in why
        assert all(began < one.until < began + dt.timedelta(minutes=17) for one in report.sweep.left)
        assert not report.operator_must_act
        clock.passes(minutes=5)
        assert house.look()[1] == [], "the next process waits too"
        # What was left is no failed look: of seven that nobody asked for nobody is told.
        assert house.query("select count(*) from watch where failures > 0") == [(1,)]
        house.register.always = None
        clock.passes(minutes=20)
        assert house.look()[1] == ["ok"] * 8


def test_the_cap_of_the_day_is_no_failure_of_the_register(house: RegisterHouse) -> None:
    path = house.configure()
    path.write_text(path.read_text("utf-8").replace("enabled = true", "enabled = true\nmax_per_day = 2"))
    house.check()
    for _ in range(5):
        house.clock.passes(hours=1)
        report = house.check()
        assert len(report.sweep.left) == 2
        assert not report.operator_must_act
    assert house.health() == []


def test_errors_make_the_register_asked_ever_more_rarely_and_good_answers_no_faster_than_agreed(
    tmp_path: Path,
) -> None:
    serials = tuple(f"9999010{number}" for number in range(1, 9))
    with Clock() as clock, RegisterHouse(tmp_path, clock, serials=serials) as house:
        house.check()
        assert min(gaps(house.register.instants())) > DISTANCE - 0.5
        first = len(house.register.asked)
        house.register.always = BEHAVIOURS["503"]
        house.check()
        ill = gaps(house.register.instants(first))
        assert len(ill) >= 3
        assert all(later > earlier * 1.5 for earlier, later in zip(ill, ill[1:], strict=False))
        house.register.always = None
        clock.passes(hours=1)
        first = len(house.register.asked)
        assert house.look()[1] == ["ok"] * 8
        well = gaps(house.register.instants(first))
        assert min(well) > DISTANCE - 0.5
        assert well[0] > DISTANCE + 1, "it comes back step by step"


def test_a_register_that_never_answers_holds_up_no_other(house: RegisterHouse) -> None:
    """The neighbour has answered, and its news is stored, before the first look at the slow one is over."""
    house.check()
    let_go = threading.Event()
    heard: list[bool] = []

    def hang(server: HostileServer, conn: Any, asked: Asked) -> None:
        until = time.perf_counter() + 60
        while not heard and time.perf_counter() < until:
            if house.query("select count(*) from mark where st13 like 'CN%'") == [(2,)]:
                heard.append(True)
            let_go.wait(0.05)
        answer(conn, "503 Too Late")

    house.register.always = hang
    house.timeouts = Timeouts(connect=5, read=90, total=90)
    house.neighbour_files(10)
    house.clock.passes(hours=1)
    report = house.check()
    assert heard, "the neighbour was not stored while the slow one was waited for"
    assert len(report.sweep.appeared) == 1


# -- roads that lead nowhere -------------------------------------------------------------------------------


def tls(authority: trustme.CA, name: str, **more: Any) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert(name, **more).configure_cert(context)
    return context


@pytest.mark.parametrize(
    ("name", "more", "works"),
    [
        ("127.0.0.1", {}, True),
        ("127.0.0.1", {"not_after": dt.datetime(2026, 1, 1, tzinfo=dt.UTC)}, False),
        ("register.example.org", {}, False),
    ],
    ids=["good", "expired", "of another host"],
)
def test_a_certificate_counts(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str, more: dict[str, Any], works: bool
) -> None:
    authority, bundle = trustme.CA(), tmp_path / "ca.pem"
    authority.cert_pem.write_to_path(str(bundle))
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(bundle))
    with (
        Clock(dt.datetime.now(dt.UTC)) as clock,
        RegisterHouse(tmp_path, clock, Register(tls=tls(authority, name, **more))) as house,
    ):
        report, outcomes = house.look()
        assert outcomes == ["ok" if works else "unreachable"] * 2
        assert (house.register.asked == []) is not works, "it was told what we look for"
        assert len(report.sweep.baseline) == (3 if works else 1), "the neighbour is heard all the same"


def test_a_register_with_ipv6_only_is_asked(tmp_path: Path) -> None:
    try:
        register = Register(host="::1")
    except OSError:
        pytest.skip("no IPv6 on this machine")
    with Clock() as clock, RegisterHouse(tmp_path, clock, register) as house:
        assert house.look()[1] == ["ok", "ok"]
        house.clock.passes(hours=1)
        house.register.always = BEHAVIOURS["403"]
        assert house.look()[1] == ["declined", "declined"]


def test_a_name_server_that_does_not_answer_is_given_up_in_time(
    house: RegisterHouse, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The one part played by the test: no test may ask a name server, and none could be made to hang."""
    silence, resolve = threading.Event(), socket.getaddrinfo

    def hang(host: Any, *words: Any, **more: Any) -> Any:
        if host == "register.invalid":
            silence.wait(60)
            raise socket.gaierror(socket.EAI_AGAIN, "no answer")
        return resolve(host, *words, **more)

    house.check()
    before = house.record()
    house.configure(base_url="https://register.invalid")
    monkeypatch.setattr(socket, "getaddrinfo", hang)
    house.timeouts = Timeouts(connect=0.2, read=0.2, total=0.5)
    house.neighbour_files(10)
    house.clock.passes(hours=1)
    began = time.perf_counter()
    try:
        report, outcomes = house.look()
    finally:
        silence.set()
    assert time.perf_counter() - began < 30
    assert set(outcomes) == {"unreachable"}
    assert house.record() == before
    assert len(report.sweep.appeared) == 1


def test_the_page_of_a_made_up_register_is_no_status_page(house: RegisterHouse) -> None:
    house.check()
    house.register.always = lambda server, conn, asked: answer(conn, "200 OK", PAGE, HTML)
    house.clock.passes(hours=1)
    assert "ok" not in house.look()[1]
