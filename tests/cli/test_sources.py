"""`source list` and `source check`: what a source declares, whether it may be asked, whether it still can."""

from __future__ import annotations

from dataclasses import replace

from tests.cli.conftest import PAGE, SERIAL, House, Run
from tmwatch.sources.base import Answer, Automation, Declaration, Page, Query, RecordQuery, Request
from tmwatch.sources.registry import all_sources, extra_sources, get_source


class Forbidden:
    """A source whose terms have come to forbid what it does."""

    def __init__(self) -> None:
        us = get_source("us.tsdr").declaration
        terms = replace(us.terms, automation=Automation.FORBIDDEN)
        self.declaration: Declaration = replace(us, id="xx.forbidden", office="WO", terms=terms)

    def requests(self, query: Query) -> list[Request]:
        return [Request("/never")] if isinstance(query, RecordQuery) else []

    def sniff(self, page: Page) -> int:
        return 0

    def read(self, page: Page) -> Answer:
        raise AssertionError("never asked")


def test_source_list_of_one_shows_all_that_it_declares(run: Run) -> None:
    shown = " ".join(run("source", "list", "cn.tianyancha").out.split())
    for said in (
        "CN 12345678",
        "by owner, mark, filed since itself; by classes filtered afterwards",
        "Known query search 北京京东叁佰陆拾度电子商务有限公司",
        "the order of rows",
        "read 2026-",
    ):
        assert said in shown
    (declared,) = run("source", "list", "cn.tianyancha", "--json").json
    assert declared["search"]["classes"] == "afterwards"
    assert declared["known_query"]["least"] == 1
    assert "verbal_element" in declared["covers"]
    assert run("source", "list", "nowhere.at-all").code == 2


def test_what_is_imported_only_shows_no_pace_and_no_known_query(run: Run) -> None:
    for name, source in all_sources().items():
        shown = run("source", "list", name).out
        for row in ("  Pace  ", "  Known query  "):
            assert (row in shown) is bool(source.declaration.answers), name
    assert "save its file by hand" in " ".join((run("init"), run("source", "list", "us.ttab"))[1].out.split())


def test_terms_of_which_nothing_was_found_are_called_that_and_live_stays_as_it_is(run: Run) -> None:
    run("init")
    listed = {one["id"]: one for one in run("source", "list", "--json").json}
    stated = {name: one["terms"]["automation"] for name, one in listed.items()}
    unstated = {"us.tsdr": False, "tmview": False, "fi.prh": True, "se.prv": True, "vn.ipvn": True}
    assert {name for name, said in stated.items() if said == "not stated"} == set(unstated)
    assert {name: listed[name]["live"] for name in unstated} == unstated
    assert "opt-in" not in run("source", "list", "vn.ipvn").out


def test_a_source_switched_on_against_its_terms_is_refused_and_said(house: House, run: Run) -> None:
    with extra_sources(Forbidden()):
        for more, code in (("", 1), ('permission = "letter of 2026-10-01"', 0)):
            house.configure(f'[source."xx.forbidden"]\nenabled = true\n{more}')
            ran = run("check")
            assert ran.code == code
            assert ("xx.forbidden is switched on, but its terms forbid" in ran.err) is bool(code)
            assert ("xx.forbidden is switched on" in run("doctor").out) is bool(code)
            (listed,) = run("source", "list", "xx.forbidden", "--json").json
            assert listed["live"] is (code == 0)


def test_source_check_says_reach_terms_landmark_and_known_query(house: House, run: Run) -> None:
    house.register.pages["/statusview/sn76044902"] = PAGE.read_bytes()
    said = " ".join(run("source", "check", "us.tsdr").out.split())
    for part in ("Reach answered in", "Terms not stated", "Must have"):
        assert part in said
    assert "Verdict: 1 of 1 source not as it should be" in said  # the page is of another filing


def test_a_source_that_may_not_be_asked_is_proved_on_the_pages_that_were_kept(house: House, run: Run) -> None:
    run("check")
    house.configure()
    house.path.write_text(house.path.read_text().replace("enabled = true", "enabled = false"))
    ran = run("source", "check", "us.tsdr", "--json")
    (checked,) = ran.json
    assert checked["skipped"].startswith("switched off")
    assert checked["records"] == [f"US {SERIAL}"]
    assert checked["verdict"] == "read in full"
    assert run("source", "check", "us.tsdr").code == 0
