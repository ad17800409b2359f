"""Lists of new filings over many passes and at other offices: what was ended or killed goes on where it was,
nobody is asked too much, and up to which day all was read is said."""

from __future__ import annotations

import datetime as dt
import json
import os
import re
import signal
import threading

from tests.conftest import ROOT
from tests.daily_lists import ENV, FAR, HARBOUR, TODAY, House, ago, house, outcomes
from tests.faults.preloaded import Preloaded
from tmwatch.cli.render import coverage_texts
from tmwatch.freshness import watch_health
from tmwatch.lateness import tell_late
from tmwatch.numbers import parse_number
from tmwatch.store.database import iso, now
from tmwatch.store.new_books import new_state
from tmwatch.watches import asks
from tmwatch.why_not import why_not

__all__ = ["house"]  # the fixture


def test_a_pass_that_is_ended_goes_on_where_it_was(house: House) -> None:
    register, config = house.registers, house.configure(HARBOUR)
    for day in range(1, 110, 9):
        register.finland(f"{FAR} {day}", ago(day))
    register.most = 3
    parts = [0]

    def soon() -> bool:
        parts[0] += 1
        return parts[0] > 6

    report = house.check(config, stop=soon)
    assert (report.stopped, report.left) == (1, []), "the daemon takes it up again when it begins anew"
    (state,) = house.books(config)
    assert state.last_ok_at is None
    base = house.base(config)
    (one,) = [one for one in asks(config.watches[0], config, ENV) if "|new|" in one.key]
    going = new_state(base, "w1", one.key).going
    base.close()
    assert going is not None
    register.spans.clear()
    assert outcomes(house.check(config)) == ["ok"]
    assert register.spans[0][0] == (going.reached + dt.timedelta(1)).isoformat()
    (state,) = house.books(config)
    assert state.last_ok_at is not None


def test_a_name_that_comes_in_the_middle_of_a_reading_is_looked_for_from_its_beginning(house: House) -> None:
    register = house.registers
    for day in range(1, 118, 9):
        register.finland(f"{FAR} {day}", ago(day))
    register.finland("OTTER LAGOONS", ago(110))
    register.most = 3
    parts = [0]

    def soon() -> bool:
        parts[0] += 1
        return parts[0] > 9

    assert house.check(house.configure(HARBOUR), stop=soon).stopped == 1
    register.spans.clear()
    config = house.configure('marks = ["Sample Harbour", "Otter Lagoon"]')
    assert outcomes(house.check(config)) == ["ok"]
    assert register.spans[0][0] == ago(120).isoformat()
    assert house.stored(config) == {"OTTER LAGOONS"}
    house.check(config)
    assert house.told() == ""


def test_books_of_a_clock_that_ran_ahead_leave_no_day_unread(house: House) -> None:
    register, config = house.registers, house.configure(HARBOUR)
    register.finland(FAR, ago(5))
    house.check(config)
    base = house.base(config)
    with base.write():
        base.conn.execute("update new_list set read_to = ?", (ago(-400).isoformat(),))
    house.check(config)
    assert register.spans[-1][0] == ago(120).isoformat()
    with base.write():
        base.conn.execute(
            "update new_list set begun_at = ?, since = ?, reached = ?, going = names",
            (iso(now() + dt.timedelta(days=400)), ago(-300).isoformat(), ago(-300).isoformat()),
        )
    house.check(config)
    assert register.spans[-1][0] == ago(120).isoformat()
    base.close()


def test_a_check_that_is_killed_in_the_middle_goes_on_and_tells_each_filing_once(house: House) -> None:
    register, config = house.registers, house.configure(HARBOUR)
    for day in range(1, 118, 9):
        register.finland(f"{FAR} {day}", ago(day))
    register.most = 3
    house.check(config)
    register.finland("SAMPEL HARBOUR", ago(101))
    asked, killed = threading.Event(), threading.Event()

    def hold(since: str) -> None:
        if since > ago(60).isoformat():
            asked.set()
            killed.wait(120)

    register.hold = hold
    with Preloaded(["--config", str(config.path), "check", "--all"], ROOT, os.environ) as process:
        assert asked.wait(120)
        process.kill()
        assert process.wait() == -signal.SIGKILL
    register.hold = lambda since: None
    killed.set()
    assert house.stored(config) == {"SAMPEL HARBOUR"}
    register.spans.clear()
    register.finland("SAMPLE HARBOR", ago(2))
    assert outcomes(house.check(config)) == ["ok"]
    assert min(since for since, _ in register.spans) > ago(101).isoformat(), "what is read is not read again"
    (told,) = house.mailbox.texts()
    assert "SAMPEL HARBOUR" in told
    assert "SAMPLE HARBOR" in told
    house.told()
    house.check(config)
    assert house.told() == ""


def test_ukraine_is_asked_by_day_of_filing_page_by_page_for_names_it_cannot_search(house: House) -> None:
    register, config = house.registers, house.configure(HARBOUR + '\noffices = ["UA"]')
    for place in range(24):
        register.ukraine(f"{FAR} {place}", ago(1 + place))
    house.check(config)
    assert [one.get("page", "1") for one in register.pages] == ["1", "2", "3"]
    register.ukraine("SAMPLE HARBOR", ago(25))
    register.pages.clear()
    assert [one.record.verbal_element for one in house.check(config).appeared] == ["SAMPLE HARBOR"]
    assert register.pages[0]["app_date_from"] == ago(30).strftime("%d.%m.%Y")


def test_what_another_watch_meets_of_days_long_past_is_no_news_to_who_never_looked_there(
    house: House,
) -> None:
    register = house.registers
    register.ukraine(FAR, ago(3))
    house.check(house.configure(HARBOUR + '\noffices = ["UA"]'))
    register.ukraine("SAMPLE HARBOR", ago(900))
    owner = register.ukrainian[-1]["data"]["ApplicantDetails"]["Applicant"]
    name = re.search(r'"FreeFormatNameLine": "([^"]+)"', json.dumps(owner, ensure_ascii=False))
    assert name is not None
    other = f'owners = ["{name[1]}"]\noffices = ["UA"]'
    house.check(house.configure(HARBOUR + '\noffices = ["UA"]', other))
    assert "SAMPLE HARBOR" in house.stored(house.configure(HARBOUR))
    assert house.told() == ""


def test_no_check_asks_for_more_than_its_share_and_the_next_goes_on(house: House) -> None:
    register = house.registers
    config = house.configure(HARBOUR + '\noffices = ["UA"]', settings="max_per_day = 60")
    for place in range(29):
        for _ in range(11):
            register.ukraine(FAR, ago(1 + place))
    first = house.check(config)
    assert len(first.left) == 1
    assert "enough for one check; read up to" in first.left[0].why
    assert 15 <= len(register.pages) <= 25
    register.pages.clear()
    assert outcomes(house.check(config, everything=False)) == ["ok"]
    assert len(register.pages) < 25


def test_the_euipo_is_asked_in_the_classes_of_all_watches_at_once(house: House) -> None:
    register = house.registers
    register.europe(FAR, ago(3))
    register.europe(FAR, ago(200), designated=True)
    office = '\noffices = ["EM"]'
    config = house.configure(
        HARBOUR + office + "\nclasses = [12]", f'marks = ["Otter"]{office}\nclasses = [9]'
    )
    assert outcomes(house.check(config)) == ["ok", "ok"]
    new = [asked for asked, _ in register.rsql if "Date>=" in asked]
    assert len(new) == 2
    assert new[0].startswith(f"applicationDate>={ago(45)} and applicationDate<=")
    assert new[1].startswith(f"designationDate>={ago(300)} and designationDate<=")
    assert all(asked.endswith(" and niceClasses=in=(9,12)") for asked in new)
    register.rsql.clear()
    config = house.configure(HARBOUR + office + "\nclasses = [12]", f'marks = ["Otter"]{office}')
    house.check(config)
    assert not any("niceClasses" in asked for asked, _ in register.rsql if "Date>=" in asked)


def test_a_near_filing_and_a_near_designation_of_the_eu_are_told(house: House) -> None:
    register = house.registers
    register.europe(FAR, ago(3))
    register.europe(FAR, ago(200), designated=True)
    config = house.configure(HARBOUR + '\noffices = ["EM"]')
    house.check(config)
    register.europe("SAMPLE HARBOR", ago(2))
    register.europe("SAMPEL HARBOUR", ago(150), designated=True)
    house.check(config)
    told = house.told()
    assert "SAMPLE HARBOR" in told
    assert "SAMPEL HARBOUR" in told


def test_where_and_up_to_which_day_it_is_read_is_said(house: House) -> None:
    register, config = house.registers, house.configure(HARBOUR + '\noffices = ["FI", "SE", "UA"]')
    register.finland(FAR, ago(3))
    register.hides = 1
    house.check(config)
    base = house.base(config)
    said = {one.office: one for one in watch_health(config.watches[0], config, base, ENV).coverage}
    assert said["FI"].read_to is None
    assert "filings of the last 120 days" in said["FI"].why
    assert (said["UA"].state, said["UA"].source) == ("live", "ua.nipo")
    assert "it is asked for the very name" in said["SE"].why
    register.hides = 0
    house.check(config)
    health = watch_health(config.watches[0], config, base, ENV)
    assert {one.office: one.read_to for one in health.coverage}["FI"] == TODAY
    assert any(f"new filings read up to {TODAY}" in text for text in coverage_texts(health.coverage))
    (told,) = why_not(config, base, ENV, config.watches[0], parse_number("FI T202680000"))
    assert any(f"fi.prh was read for all that is new up to {TODAY}" in reason for reason in told.reasons)
    base.close()


def test_who_is_not_read_in_time_is_told_once_and_a_weekly_list_has_its_week(house: House) -> None:
    register, config = house.registers, house.configure(HARBOUR + '\noffices = ["EM"]')
    register.europe(FAR, ago(3))
    register.europe(FAR, ago(200), designated=True)
    house.check(config)
    base = house.base(config)

    def late(of: str, days: int) -> int:
        with base.write():
            instant = iso(now() - dt.timedelta(days=days))
            base.conn.execute("update watch set last_ok_at = ? where ask like ?", (instant, f"%|new|{of}|%"))
        tell_late(config, base, ENV, {}, "")
        tell_late(config, base, ENV, {}, "")
        return int(base.conn.execute("select count(*) from alert").fetchone()[0])

    assert (late("designations", 6), late("filings", 3)) == (0, 1)
    base.close()


def test_a_list_that_is_read_weekly_is_not_late_after_two_days(house: House) -> None:
    register, config = house.registers, house.configure(HARBOUR + '\noffices = ["EM"]')
    register.europe(FAR, ago(3))
    register.europe(FAR, ago(200), designated=True)
    house.check(config)
    base = house.base(config)
    with base.write():
        base.conn.execute(
            "update watch set last_ok_at = ? where ask like '%|new|designations|%'",
            (iso(now() - dt.timedelta(days=6)),),
        )
    assert watch_health(config.watches[0], config, base, ENV).state == "fresh"
    with base.write():
        base.conn.execute("update watch set last_ok_at = ?", (iso(now() - dt.timedelta(days=3)),))
    assert watch_health(config.watches[0], config, base, ENV).state == "stale"
    base.close()
