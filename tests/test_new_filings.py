"""The whole way of what is new: registers asked by day, and of their lists what comes near."""

from __future__ import annotations

import datetime as dt
from contextlib import closing

from tests.daily_lists import ENV, FAR, HARBOUR, TODAY, House, ago, house, outcomes
from tmwatch.numbers import parse_number
from tmwatch.store.register import Register
from tmwatch.stored import batches
from tmwatch.why_not import why_not

__all__ = ["house"]  # the fixture


def test_the_first_look_is_silent_and_the_next_brings_the_near_new_filing_and_only_that(house: House) -> None:
    register, config = house.registers, house.configure(HARBOUR)
    register.finland("SAMPLE HARBOR", ago(20))
    register.finland(FAR, ago(19))
    first = house.check(config)
    assert [one.record.verbal_element for one in first.baseline] == ["SAMPLE HARBOR"]
    assert house.told() == ""
    assert house.stored(config) == {"SAMPLE HARBOR"}, "what concerns nobody is not kept"

    register.finland("SAMPEL HARBOUR", ago(1))
    register.finland("ANOTHER " + FAR, ago(1))
    second = house.check(config)
    assert [one.record.verbal_element for one in second.appeared] == ["SAMPEL HARBOUR"]
    told = house.told()
    assert "SAMPEL HARBOUR" in told
    assert "WINDMILL" not in told
    third = house.check(config)
    assert (third.appeared, third.changed, house.told()) == ([], [], "")


def test_what_is_entered_late_under_a_day_long_past_is_found(house: House) -> None:
    register, config = house.registers, house.configure(HARBOUR)
    register.finland(FAR, ago(5))
    house.check(config)
    register.finland("SAMPLE HARBOR", ago(100))
    assert [one.record.verbal_element for one in house.check(config).appeared] == ["SAMPLE HARBOR"]
    assert "SAMPLE HARBOR" in house.told()


def test_what_leaves_the_span_of_days_is_not_called_gone(house: House) -> None:
    register, config = house.registers, house.configure(HARBOUR)
    register.finland("SAMPLE HARBOR", ago(20))
    register.finland(FAR, ago(2))
    house.check(config)
    del register.finnish[0]
    for _ in range(4):
        assert outcomes(house.check(config)) == ["ok"]
    assert house.told() == ""
    assert house.stored(config) == {"SAMPLE HARBOR"}


def test_a_list_is_read_no_oftener_than_its_source_says(house: House) -> None:
    config = house.configure(HARBOUR)
    house.registers.finland(FAR, ago(2))
    house.check(config)
    asked = len(house.registers.spans)
    report = house.check(config, everything=False)
    assert (report.not_due, len(house.registers.spans)) == (1, asked)
    (state,) = house.books(config)
    assert state.last_ok_at is not None


def test_an_answer_of_too_much_is_asked_for_in_parts_that_miss_no_day(house: House) -> None:
    register, config = house.registers, house.configure(HARBOUR)
    for day in range(1, 110, 9):
        register.finland(f"{FAR} {day}", ago(day))
    register.finland("SAMPLE HARBOR", ago(60))
    register.most = 3
    report = house.check(config)
    assert outcomes(report) == ["ok"]
    assert [one.record.verbal_element for one in report.baseline] == ["SAMPLE HARBOR"]
    narrow = [
        (since, until)
        for since, until in register.spans
        if sum(since <= row["applicationDate"] <= until for row in register.finnish) <= register.most
    ]
    days = [dt.date.fromisoformat(day) for span in narrow for day in span]
    assert days == sorted(days)
    assert {after - before for before, after in zip(days[1:-1:2], days[2::2], strict=True)} == {
        dt.timedelta(1)
    }
    assert days[0] <= ago(120)
    assert days[-1] >= TODAY


def test_one_day_that_holds_too_much_is_said_and_the_other_days_are_read(house: House) -> None:
    register, config = house.registers, house.configure(HARBOUR)
    register.most = 3
    for day in range(10, 120, 10):
        register.finland(FAR, ago(day))
    for _ in range(4):
        register.finland(FAR, ago(7))
    register.finland("SAMPLE HARBOR", ago(3))
    report = house.check(config)
    assert outcomes(report) == ["incomplete"]
    assert f"{ago(7)}" in report.failures[0].error
    assert [one.record.verbal_element for one in report.baseline] == ["SAMPLE HARBOR"]
    (state,) = house.books(config)
    assert (state.last_ok_at, state.failures) == (None, 1), "not everything was seen"
    register.finland("SAMPEL HARBOUR", ago(1))
    assert [one.record.verbal_element for one in house.check(config).appeared] == ["SAMPEL HARBOUR"]
    assert "SAMPEL HARBOUR" in house.told(), "its first look lies behind it all the same"


def test_an_answer_that_is_not_whole_is_no_look(house: House) -> None:
    register, config = house.registers, house.configure(HARBOUR)
    register.finland("SAMPLE HARBOR", ago(3))
    register.finland(FAR, ago(2))
    register.hides = 1
    assert outcomes(house.check(config)) == ["incomplete"]
    (state,) = house.books(config)
    assert (state.last_ok_at, state.baseline_at, state.failures) == (None, None, 1)
    assert house.stored(config) == set()
    register.hides = 0
    report = house.check(config)
    assert (outcomes(report), house.told()) == (["ok"], "")


def test_a_row_nobody_can_read_is_said_and_the_filings_beside_it_are_found(house: House) -> None:
    register, config = house.registers, house.configure(HARBOUR)
    register.finland(FAR, ago(3))
    register.finland("SAMPLE HARBOR", ago(2))
    register.finland("ODD", ago(2))
    register.finnish[-1]["applicationNumber"] = "T2026-1/A"
    report = house.check(config)
    assert outcomes(report) == ["incomplete"]
    assert "T2026-1/A" in report.failures[-1].error
    assert "SAMPLE HARBOR" in house.stored(config)
    register.finland("SAMPEL HARBOUR", ago(1))
    house.check(config)
    assert "SAMPEL HARBOUR" in house.told(), "news, and no second first look"
    (state,) = house.books(config)
    assert (state.last_ok_at, state.failures) == (None, 2)
    del register.finnish[2]
    assert outcomes(house.check(config)) == ["ok"]


def test_the_store_of_the_register_has_what_concerned_nobody_and_replay_knows_it(house: House) -> None:
    register = house.registers
    register.finland("SAMPLE HARBOR", ago(9))
    register.finland(FAR, ago(9))
    config = house.configure(HARBOUR, store='[store]\nregister = "register.db"')
    house.check(config)
    assert house.stored(config) == {"SAMPLE HARBOR"}
    base = house.base(config)
    kept = {one.record().verbal_element: one.kept_in for some in batches(config, base) for one in some}
    assert kept == {"SAMPLE HARBOR": "database", FAR: "register"}
    with closing(Register(house.folder / "register.db", reading=True)) as whole:
        assert len(whole.of_owner(["Malli"], None, 9)) == 2
    (told,) = why_not(config, base, ENV, config.watches[0], parse_number("FI T202680001"))
    base.close()
    assert told.kept_in == "register"
    assert told.reasons
    register.finnish[1]["applicants"] = [{"name": "Toinen Oy", "ordinal": 1}]
    house.check(config)
    with closing(Register(house.folder / "register.db", reading=True)) as whole:
        assert [len(whole.of_owner([name], None, 9)) for name in ("Toinen", "Malli")] == [1, 1]
        assert [one["field"] for one in whole.changes("FI502026000T80001")] == ["owners"]


def test_a_store_of_the_register_that_cannot_be_used_keeps_no_alert_back(house: House) -> None:
    register = house.registers
    (house.folder / "register.db").write_text("no database")
    config = house.configure(HARBOUR, store='[store]\nregister = "register.db"')
    register.finland(FAR, ago(9))
    house.check(config)
    register.finland("SAMPLE HARBOR", ago(2))
    report = house.check(config)
    assert "SAMPLE HARBOR" in house.told()
    (problem,) = report.problems.values()
    assert "no SQLite file" in str(problem)


def test_a_register_that_passes_over_the_days_is_not_believed(house: House) -> None:
    register, config = house.registers, house.configure(HARBOUR)
    register.finland("SAMPLE HARBOR", ago(900))
    register.deaf = True
    report = house.check(config)
    assert outcomes(report) == ["layout_changed"]
    assert "the days were not heeded" in report.failures[0].error
    assert house.stored(config) == set()


def test_that_nothing_at_all_was_filed_for_weeks_is_not_believed(house: House) -> None:
    config = house.configure(HARBOUR)
    report = house.check(config)
    assert outcomes(report) == ["incomplete"]
    assert "no office stands still so long" in report.failures[0].error


def test_two_watches_are_one_question_and_a_later_one_has_a_first_look_of_its_own(house: House) -> None:
    register = house.registers
    register.finland("SAMPLE HARBOR", ago(20))
    register.finland("OTTER LAGOON", ago(20))
    house.check(house.configure(HARBOUR))
    config = house.configure(HARBOUR, 'marks = ["Otter Lagoon"]\nclasses = [9]')
    register.spans.clear()
    register.finland("SAMPEL HARBOUR", ago(1))
    report = house.check(config)
    assert len(register.spans) == 1
    told = house.told()
    assert "SAMPEL HARBOUR" in told
    assert "OTTER" not in told
    assert {one.record.verbal_element for one in report.asked[-1].observed} >= {"OTTER LAGOON"}
    register.finland("OTTER LAGOONS", ago(0))
    house.check(config)
    assert "OTTER LAGOONS" in house.told()


def test_a_name_that_is_added_finds_what_was_there_silently_and_the_others_go_on(house: House) -> None:
    register = house.registers
    register.finland("SAMPLE HARBOR", ago(20))
    register.finland("OTTER LAGOONS", ago(20))
    house.check(house.configure(HARBOUR))
    register.finland("SAMPEL HARBOUR", ago(1))
    config = house.configure('marks = ["Sample Harbour", "Otter Lagoon"]\ngather = "off"')
    house.check(config)
    told = house.told()
    assert "SAMPEL HARBOUR" in told
    assert "OTTER" not in told
    assert "OTTER LAGOONS" in house.stored(config)
    register.finland("OTTER LAGOON II", ago(1))
    house.check(config)
    assert "OTTER LAGOON II" in house.told()


def test_filters_alone_and_owners_whose_names_look_alike_are_looked_for_so_too(house: House) -> None:
    register = house.registers
    register.finland(FAR, ago(9))
    config = house.configure(
        "classes = [33]", 'owners = ["Esimerkki Satama Oy"]\nowners_like = true\noffices = ["FI"]'
    )
    house.check(config)
    register.finland("WHATEVER", ago(1), classes=(33,))
    register.finland("NO MATTER", ago(1), owner="Esimerkki Satarna Oy")
    found = {one.record.verbal_element for one in house.check(config).appeared}
    assert found == {"WHATEVER", "NO MATTER"}


def test_a_longer_reach_makes_no_news_of_what_was_there(house: House) -> None:
    register = house.registers
    register.finland("SAMPLE HARBOR", ago(60))
    register.finland(FAR, ago(6))
    house.check(house.configure(HARBOUR, settings='reach_back = "30 days"'))
    assert register.spans[-1][0] == ago(30).isoformat()
    config = house.configure(HARBOUR, settings='reach_back = "90 days"')
    house.check(config)
    assert (house.told(), house.stored(config)) == ("", {"SAMPLE HARBOR"})
    register.finland("SAMPEL HARBOUR", ago(61))
    house.check(config)
    assert "SAMPEL HARBOUR" in house.told()


def test_whoever_does_not_want_the_lists_asks_for_none(house: House) -> None:
    house.check(house.configure(HARBOUR, settings="new_filings = false"))
    assert house.registers.spans == []
