"""`source list` and `source check`: what a source declares, whether it may be asked, whether it still can."""

from __future__ import annotations

import json
import socket
from dataclasses import replace
from pathlib import Path

import pytest

from tests.cli.conftest import FIXTURES, PAGE, SERIAL, House, Run
from tests.conftest import registers_off
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
    for name, file in (
        ("us.ttab", "the day's ttYYMMDD.zip from https://data.uspto.gov/bulkdata/datasets/ttabtdxf"),
        ("us.daily", "the day's apcYYMMDD.zip from https://data.uspto.gov/bulkdata/datasets/trtdxfap"),
        ("br.inpi", "this week's RM….zip from https://revistas.inpi.gov.br/rpi/"),
    ):
        said = " ".join((run("init"), run("source", "list", name))[1].out.split())
        assert f"import its file, {file}" in said
        assert "save its" not in said


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


def _verdict(out: str) -> str:
    return " ".join(out[out.index("Verdict:") :].split())


def _closed_port() -> int:
    with socket.socket() as held:
        held.bind(("127.0.0.1", 0))
        return int(held.getsockname()[1])


def test_nobody_answered_where_no_connection_came_and_there_is_nothing_to_report(
    house: House, run: Run
) -> None:
    text = house.path.read_text(encoding="utf-8")
    text = text.replace(house.register.url, f"http://127.0.0.1:{_closed_port()}")
    house.path.write_text(text, encoding="utf-8")
    ran = run("source", "check", "us.tsdr")
    said = " ".join(ran.out.split())
    assert ran.code == 1
    assert "Reach no answer after" in said
    assert "answered in" not in said
    assert "nothing is proved, and nothing to report: nobody answered" in _verdict(ran.out)
    assert "report it" not in said
    (checked,) = run("source", "check", "us.tsdr", "--json").json
    assert checked["answered"] is not True


def test_a_source_that_the_pace_holds_was_not_asked_and_says_until_when(house: House, run: Run) -> None:
    text = house.path.read_text(encoding="utf-8")
    house.path.write_text(text.replace("min_interval = 0", "min_interval = 0\nmax_per_day = 1", 1))
    house.register.pages["/statusview/sn76044902"] = (429, b"Too many requests")
    assert "the register wants a pause" in _verdict(run("source", "check", "us.tsdr").out)
    asked = len(house.register.asked)
    said = " ".join(run("source", "check", "us.tsdr").out.split())
    assert len(house.register.asked) == asked
    assert "Not asked held until 20" in said
    assert "Reach" not in said
    assert "nothing was asked, so nothing is proved" in said


CHALLENGE = b"<html><title>Just a moment...</title><div id='cf-challenge'></div></html>"
PORTAL = b"<html><title>Guests</title><p>Welcome. Accept the terms of this network.</p></html>"


@pytest.mark.parametrize(
    ("name", "body", "verdict"),
    [
        ("config.yaml", b"interactions:\n- request:\n    method: GET\n", "no page of a register"),
        (
            "gazette.xsd",
            b'<?xml version="1.0"?><schema><element/></schema>',
            "no page of a register",
        ),
        ("portal.html", PORTAL, "no page of a register"),
        (
            "openapi.json",
            b'{"openapi": "3.0.1", "x": ["applicationNumber", "niceClasses", "markFeature"]}',
            "no page of a register",
        ),
        ("challenge.html", CHALLENGE, "a challenge came, which tmwatch never solves"),
    ],
)
def test_a_file_that_is_no_page_is_called_so_and_is_not_to_be_reported(
    run: Run, folder: Path, name: str, body: bytes, verdict: str
) -> None:
    (folder / name).write_bytes(body)
    ran = run("source", "check", f"./{name}")
    assert ran.code == 1
    assert verdict in _verdict(ran.out)
    assert "nothing to report" in _verdict(ran.out)
    assert "report it" not in ran.out


def test_a_challenge_that_came_live_proves_nothing(house: House, run: Run) -> None:
    house.register.pages["/statusview/sn76044902"] = CHALLENGE
    ran = run("source", "check", "us.tsdr")
    assert "Reach answered in" in " ".join(ran.out.split())
    assert "nothing is proved, and nothing to report: a challenge came" in _verdict(ran.out)


def test_what_a_reader_does_not_know_is_to_be_reported(run: Run, folder: Path) -> None:
    page = json.loads((FIXTURES / "fi.prh/three-marks/page.json").read_bytes())
    page["results"][0]["somethingNew"] = "a value"
    (folder / "new.json").write_text(json.dumps(page), encoding="utf-8")
    assert "1 of 1 file not as it should be; report it." in _verdict(run("source", "check", "./new.json").out)
    (folder / "challenge.html").write_bytes(CHALLENGE)
    both = _verdict(run("source", "check", "./new.json", "./challenge.html").out)
    assert "2 of 2 files not as it should be: 1: report it. 1: nothing is proved" in both


def test_a_check_of_all_sources_has_a_line_for_each_and_says_why_one_was_not_asked(
    house: House, run: Run
) -> None:
    house.configure(registers_off())
    run("check")  # keeps a page of us.tsdr
    house.path.write_text(house.path.read_text().replace("enabled = true", "enabled = false"))
    ran = run("source", "check")
    lines = " ".join(ran.out.split())
    for source in all_sources():
        assert f"{source}: not asked: " in lines
    assert "us.tsdr: not asked: switched off" in lines
    assert "1 kept page read in full" in lines
    assert ran.code == 0
    assert _verdict(ran.out).endswith("1 kept page read in full; the registers themselves were not asked.")
    only = _verdict(run("source", "check", "us.tsdr").out)
    assert only == "Verdict: 1 kept page read in full; the register itself was not asked."


def test_several_sources_can_be_checked_at_once(house: House, run: Run) -> None:
    house.configure(registers_off())
    found = run("source", "check", "se.prv", "ua.nipo", "--json").json
    assert [one["source"] for one in found] == ["se.prv", "ua.nipo"]
    (house.folder / "page.html").write_bytes(PAGE.read_bytes())
    ran = run("source", "check", "se.prv", "ua.nipo", "page.html")
    assert ran.code == 2
    assert "as those of 2 sources" in ran.err


@pytest.mark.parametrize(
    ("office", "sources"), [("FI", "fi.prh, tmview"), ("em", "em.euipo, tmview"), ("UA", "ua.nipo")]
)
def test_an_office_in_place_of_a_source_is_answered_with_its_sources(
    run: Run, office: str, sources: str
) -> None:
    ran = run("source", "check", office)
    assert ran.code == 2
    assert f": {sources}" in ran.err.splitlines()[1]
