"""Watches that meet at one filing, at one question, at one daily cap: nobody's alert is swallowed."""

from __future__ import annotations

import datetime as dt
from pathlib import Path
from typing import Any

import pytest
import time_machine

from tests.records import owner, record, sight
from tests.test_whole_way import ENV, JD, OWN, PAGE, SERIAL, House, answer, house, row
from tmwatch.alerts.compose import reactor
from tmwatch.config import Config, load_config
from tmwatch.config.reading import parse_config
from tmwatch.http import Door
from tmwatch.store import Database, Outbox, React, observe
from tmwatch.sweep import sweep

__all__ = ["house"]  # the fixture
COMPANY, SEARCH = "/services/open/ipr/tm/2.0", "/services/open/ipr/tm/search"
NAMES = """
[[watch]]
name = "names"
marks = ["Joyrobotaxi", "JD Auto"]
offices = ["CN"]
notify = ["legal"]
"""
DEAD = {"status_code": "900", "status_text": "Expired."}
OTHER = {"owners": (owner("Other Gadgets, Inc."),)}


def by_name(filings: dict[str, list[dict[str, Any]]]) -> Any:
    return lambda params: answer(filings[params["keyword"]])(params)


# -- one filing, two watches ---------------------------------------------------------------------------


@pytest.mark.parametrize("first", [NAMES + JD, JD + NAMES], ids=["names first", "owner first"])
def test_a_new_filing_that_one_watch_finds_is_told_to_the_other_too(house: House, first: str) -> None:
    company: list[dict[str, Any]] = [row(1, "JD Auto", 12)]
    names: dict[str, list[dict[str, Any]]] = {"JD Auto": [row(1, "JD Auto", 12)], "Joyrobotaxi": []}
    house.register.pages |= {COMPANY: answer(company), SEARCH: by_name(names)}
    config = house.configure(first)
    house.check(config)
    assert house.hook.events() == []
    filing = row(2, "Joyrobotaxi", 12)
    company.append(filing)
    names["Joyrobotaxi"].append(filing)
    for _ in range(2):
        house.check(config)
    told = sorted(event["data"]["watch"] for event in house.hook.events())
    assert told == ["JD cars", "names"]


def test_what_a_new_watch_meets_before_its_own_first_look_is_no_news(house: House) -> None:
    names = {"JD Auto": [row(1, "JD Auto", 12)], "Joyrobotaxi": [row(2, "Joyrobotaxi", 9)]}
    company = [row(1, "JD Auto", 12)]
    house.register.pages |= {COMPANY: answer(company), SEARCH: by_name(names)}
    house.check(house.configure(NAMES))
    company.append(row(3, "JD Auto", 39))
    names["JD Auto"].append(company[-1])
    house.check(house.configure(NAMES + JD))
    assert [event["data"]["watch"] for event in house.hook.events()] == ["names"]


def test_what_a_wider_watch_finds_among_what_was_there_is_no_news(house: House) -> None:
    names = {"JD Auto": [row(1, "JD Auto", 12), row(2, "JD Autos", 12)], "Joyrobotaxi": []}
    house.register.pages |= {SEARCH: by_name(names)}
    house.check(house.configure(NAMES + "level = 0\n"))
    wider = house.configure(NAMES)
    house.check(wider)
    assert house.hook.events() == []
    names["JD Auto"].append(row(3, "JD Autoz", 12))
    house.check(wider)
    assert [event["data"]["cards"][0]["mark"] for event in house.hook.events()] == ["JD Autoz"]


def watching(folder: Path, *watches: tuple[str, str]) -> React:
    text = '[operator]\ncontact = "ip-watch@example.com"\n' + "".join(
        f'[[watch]]\nname = "{name}"\n{rule}\nnotify = []\n' for name, rule in watches
    )
    config: Config = parse_config(text, folder / "tmwatch.toml")
    return reactor(config, {}, lambda watch, one, found, held: True)


NUMBER = ("number", 'numbers = ["US 99000001"]')
OWNER = ("owner", 'owners = ["Sample Widgets"]')


def story(folder: Path, *looks: tuple[dict[str, Any], React | None]) -> list[tuple[str, str]]:
    """(watch, kind) of the alerts of the last look."""
    base = Database(folder / "tmwatch.db")
    before = 0
    for day, (state, react) in enumerate(looks, 1):
        before = len(Outbox(base).alerts())
        instant = dt.datetime(2026, 3, day, tzinfo=dt.UTC)
        observe(base, [sight(record(**state), live=True, looked_at=instant)], react=react)
    made = Outbox(base).alerts()
    return sorted((one["watch"], one["kind"]) for one in made[: len(made) - before])


def test_a_mark_that_a_watched_owner_buys_is_told(tmp_path: Path) -> None:
    both = watching(tmp_path, NUMBER, OWNER)
    told = story(tmp_path, (OTHER, both), ({}, both))
    assert told == [("number", "filing.changed"), ("owner", "filing.changed")]


def test_a_mark_that_leaves_a_watched_owner_is_told_and_followed(tmp_path: Path) -> None:
    both = watching(tmp_path, NUMBER, OWNER)
    told = story(tmp_path, ({}, both), (OTHER, both), ({**OTHER, **DEAD}, both))
    assert told == [("number", "filing.changed"), ("owner", "filing.changed")]


def test_a_watch_renamed_or_added_misses_no_change_of_a_filing_that_was_watched(tmp_path: Path) -> None:
    old, new = watching(tmp_path, NUMBER), watching(tmp_path, ("renamed", NUMBER[1]), OWNER)
    told = story(tmp_path, ({}, old), ({**DEAD, **OTHER}, new))
    assert told == [("owner", "filing.changed"), ("renamed", "filing.changed")]


def test_what_was_stored_and_never_watched_is_a_baseline_for_who_watches_an_owner(tmp_path: Path) -> None:
    assert story(tmp_path, ({}, None), (DEAD, watching(tmp_path, OWNER))) == []


def test_a_number_is_compared_with_what_was_stored_of_it_before_it_was_watched(tmp_path: Path) -> None:
    assert story(tmp_path, ({}, None), (DEAD, watching(tmp_path, NUMBER))) == [("number", "filing.changed")]


# -- one question ------------------------------------------------------------------------------------------


def test_a_name_that_nobody_has_filed_is_not_suspicious_because_another_name_has_filings(
    house: House,
) -> None:
    names = {"JD Auto": [row(1, "JD Auto", 12)], "Joyrobotaxi": []}
    house.register.pages |= {COMPANY: answer([row(1, "JD Auto", 12)]), SEARCH: by_name(names)}
    config = house.configure(NAMES)
    for _ in range(5):
        report = house.check(config)
        assert [one.outcome.value for one in report.asked] == ["ok", "ok"]
    assert house.hook.events() == []
    names["JD Auto"].clear()
    outcomes = {one.query: one.outcome.value for one in house.check(config).asked}
    assert outcomes == {"mark Joyrobotaxi": "ok", "mark JD Auto": "incomplete"}


def test_where_the_daily_cap_ends_a_pass_the_next_one_goes_on_from_there(house: House) -> None:
    numbers = [f"9999010{n}" for n in range(1, 6)]
    listed = ", ".join(f'"US {number}"' for number in numbers)
    path = house.configure(OWN.replace(f'"US {SERIAL}"', listed)).path
    text = path.read_text(encoding="utf-8").replace("enabled = true", "enabled = true\nmax_per_day = 2")
    path.write_text(text, encoding="utf-8")
    for number in numbers:
        page = PAGE.replace(SERIAL.encode(), number.encode())
        house.register.pages[f"/statusview/sn{number}"] = page
    seen = set()
    for day in (1, 2, 3):
        with time_machine.travel(dt.datetime(2026, 12, day, 6, tzinfo=dt.UTC)):
            report = house.check(load_config(path))
            seen |= {one.query for one in report.asked if one.outcome.value == "ok"}
    assert sorted(seen) == numbers


def test_a_filing_that_stays_away_is_told_once_after_some_looks_over_some_days(house: House) -> None:
    config = house.configure(OWN)
    told = []
    for day in range(1, 8):
        with time_machine.travel(dt.datetime(2026, 12, day, 6, tzinfo=dt.UTC)):
            house.check(config)
            house.check(config)
            told.append([event["data"]["headline"] for event in house.hook.events()])
        house.register.pages[f"/statusview/sn{SERIAL}"] = (404, b"none")
    gone = [f"US {SERIAL} is no longer listed by us.tsdr"]
    assert told == [[], [], [], gone, gone, gone, gone]


def test_asking_only_the_watch_that_works_is_no_recovery_of_its_source(
    house: House,
) -> None:
    broken = OWN.replace('name = "own"', 'name = "broken"').replace(SERIAL, "99990102")
    config = house.configure(OWN + broken)
    redesigned = b"<html><body>%s</body></html>" % (b"redesigned " * 900)
    house.register.pages["/statusview/sn99990102"] = redesigned
    base, door = Database(config.store.path), Door(config.operator.contact)
    for only in ((), ("own",), (), ("own",), ()):
        sweep(config, base, door, ENV, only=only)
    heads = [alert["headline"] for alert in Outbox(base).alerts()]
    assert heads == ["us.tsdr can no longer be read in full"]
    house.register.pages["/statusview/sn99990102"] = PAGE.replace(SERIAL.encode(), b"99990102")
    for _ in range(2):
        sweep(config, base, door, ENV)
    assert Outbox(base).alerts()[0]["headline"] == "us.tsdr can be read again"


REDESIGNED = b"<html><body>%s</body></html>" % (b"redesigned " * 900)
SECOND = "99990102"


def two_people(house: House) -> Config:
    """A second watch on another number of the same register, for somebody else."""
    second = OWN.replace('"own"', '"second"', 1).replace(SERIAL, SECOND).replace('"legal"', '"other"')
    other = '[[recipient]]\nname = "other"\nemail = ["other@example.com"]\n'
    house.register.pages[f"/statusview/sn{SECOND}"] = PAGE.replace(SERIAL.encode(), SECOND.encode())
    return house.configure(OWN + other + second)


def told_of_sources(base: Database) -> list[tuple[str, str, list[str]]]:
    """(headline, watch, recipients), oldest first."""
    return [
        (alert["headline"], alert["watch"], sorted({one["recipient"] for one in alert["deliveries"]}))
        for alert in reversed(Outbox(base).alerts())
    ]


@pytest.mark.parametrize("only", [(), ("own",)], ids=["both asked", "own asked alone"])
def test_a_watch_that_comes_to_fail_while_its_source_fails_for_another_is_told_once(
    house: House, only: tuple[str, ...]
) -> None:
    config = two_people(house)
    base, door = Database(config.store.path), Door(config.operator.contact)
    sweep(config, base, door, ENV)
    house.register.pages[f"/statusview/sn{SERIAL}"] = REDESIGNED
    sweep(config, base, door, ENV, only=only)
    house.register.pages[f"/statusview/sn{SECOND}"] = REDESIGNED
    for _ in range(3):
        sweep(config, base, door, ENV)
    first, *further = told_of_sources(base)
    assert first[:2] == ("us.tsdr can no longer be read in full", "own")
    assert further == [("us.tsdr can no longer be read in full for second", "second", ["other"])]


def test_who_was_told_of_a_failure_is_told_of_the_recovery_though_nothing_is_due(house: House) -> None:
    config = two_people(house)
    base, door = Database(config.store.path), Door(config.operator.contact)
    sweep(config, base, door, ENV)
    for number in (SERIAL, SECOND):
        house.register.pages[f"/statusview/sn{number}"] = REDESIGNED
    sweep(config, base, door, ENV)
    for number in (SERIAL, SECOND):
        house.register.pages[f"/statusview/sn{number}"] = PAGE.replace(SERIAL.encode(), number.encode())
    sweep(config, base, door, ENV)
    sweep(config, base, door, ENV, only=("own",))
    assert told_of_sources(base)[-1] == ("us.tsdr can be read again", "own, second", ["legal", "other"])


# -- one number, two watches ---------------------------------------------------------------------------


def both_on_one_number(house: House) -> Config:
    """Two watches on one number, which are asked at different times."""
    other = '[[recipient]]\nname = "other"\nemail = ["other@example.com"]\n'
    return house.configure(OWN + other + OWN.replace('"own"', '"second"', 1).replace('"legal"', '"other"'))


def days(house: House, config: Config, *passes: tuple[int, bool, str]) -> list[tuple[str, str, list[str]]]:
    """Passes: (day, whether the register has the record, the watch that is asked)."""
    base, door = Database(config.store.path), Door(config.operator.contact)
    for day, there, only in passes:
        house.register.pages[f"/statusview/sn{SERIAL}"] = PAGE if there else (404, b"none")
        with time_machine.travel(dt.datetime(2026, 12, day, 6, tzinfo=dt.UTC)):
            sweep(config, base, door, ENV, only=(only,))
    return told_of_sources(base)


def test_a_filing_that_another_watch_found_meanwhile_is_not_gone(house: House) -> None:
    told = days(
        house,
        both_on_one_number(house),
        *((1, True, "own"), (1, True, "second"), (2, False, "own"), (3, True, "own"), (5, False, "own")),
        (6, False, "second"),
    )
    assert told == []


def test_a_filing_that_is_gone_is_told_to_every_watch_that_waits_for_it(house: House) -> None:
    told = days(
        house,
        both_on_one_number(house),
        *((1, True, "own"), (1, True, "second"), (2, False, "own"), (3, False, "own"), (5, False, "own")),
        *((6, False, "second"), (7, False, "own")),
    )
    gone = f"US {SERIAL} is no longer listed by us.tsdr"
    assert told == [(gone, "own", ["legal"]), (gone, "second", ["other"])]
