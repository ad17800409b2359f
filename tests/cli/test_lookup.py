"""`lookup`: one question to every register that can answer it, one table, and who could not be asked."""

from __future__ import annotations

import csv
import datetime as dt
import io
import json
import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.cli.conftest import FIXTURES, PAGE, SERIAL, House, Run
from tests.conftest import registers_off
from tmwatch.cli.columns import widths
from tmwatch.errors import Outcome
from tmwatch.http.address import pace_key
from tmwatch.http.pace import Pacer, state_folder
from tmwatch.model import GoodsServices, Party, make_record
from tmwatch.sources.base import (
    Answer,
    Automation,
    Declaration,
    KnownQuery,
    Pace,
    Page,
    Query,
    Reading,
    RecordQuery,
    Request,
    SearchQuery,
    Terms,
)
from tmwatch.sources.registry import extra_sources, get_source

OWNER = "北京京东叁佰陆拾度电子商务有限公司"
JD = json.loads((FIXTURES / "cn.tianyancha/jd-auto-day-one/page.json").read_bytes())


class Wide:
    """A register that searches all its text at once, two rows a page, and knows marks of two offices."""

    def __init__(self) -> None:
        self.declaration = Declaration(
            id="xx.wide",
            title="Wide register",
            office="EM",
            channels=frozenset({"search"}),
            base_url="https://wide.test",
            terms=Terms(
                Automation.ALLOWED,
                "made up",
                "https://wide.test",
                get_source("us.tsdr").declaration.terms.read_on,
            ),
            pace=Pace(min_interval=0),
            parser_version="1",
            covers=frozenset(
                {"application_number", "verbal_element", "owners", "classes", "representatives"}
            ),
            authority=1,
            known_query=KnownQuery("search", "all"),
            live_default="on",
            answers=frozenset({"marks", "owners", "agents"}),
            search={"mark": "afterwards", "owner": "afterwards", "agent": "afterwards", "offices": "itself"},
            offices=frozenset({"EM", "FR"}),
        )

    def requests(self, query: Query) -> list[Request]:
        if isinstance(query, RecordQuery):
            return []
        return [self._page(query, 1)]

    def _page(self, query: SearchQuery, page: int) -> Request:
        text = query.mark or query.owner or query.agent or ""
        asked = json.dumps({"text": text, "page": page, "offices": list(query.offices)})
        return Request(
            "/search", body=asked.encode(), query=SearchQuery(mark=text, offices=query.offices, page=page)
        )

    def sniff(self, page: Page) -> int:
        return 0

    def read(self, page: Page) -> Answer:
        answer = json.loads(page.body)
        readings = tuple(
            Reading(
                make_record(
                    row["office"],
                    f"{row['office']}500000{row['number']:0>11}"[:2] + f"500000{row['number']:0>9}",
                    application_number=row["number"],
                    verbal_element=row["mark"],
                    owners=(Party(name=row["owner"]),),
                    representatives=(Party(name=row["agent"]),),
                    classes=tuple(GoodsServices(class_number=one) for one in row["classes"]),
                )
            )
            for row in answer["rows"]
        )
        query = page.query
        assert isinstance(query, SearchQuery)
        more = self._page(query, query.page + 1) if query.page * 2 < answer["total"] else None
        return Answer(readings, total=answer["total"], rows=len(readings), more=more)


ROWS = [
    {
        "office": "EM",
        "number": "018000001",
        "mark": "JD AUTO",
        "owner": "Sample Cars",
        "agent": "Firm A",
        "classes": ["12"],
    },
    {
        "office": "FR",
        "number": "018000002",
        "mark": "JD AUTO",
        "owner": "Sample Cars",
        "agent": "Firm B",
        "classes": ["35"],
    },
    {
        "office": "EM",
        "number": "018000003",
        "mark": "OTHER",
        "owner": "JD Auto Sales",
        "agent": "Firm A",
        "classes": ["12"],
    },
    {
        "office": "EM",
        "number": "018000004",
        "mark": "NOTHING",
        "owner": "Nobody",
        "agent": "JD Auto",
        "classes": ["12"],
    },
]


@pytest.fixture
def registers(house: House, monkeypatch: pytest.MonkeyPatch) -> Iterator[House]:
    """Tianyancha and the wide register, both played by the house's server; no key for the rest."""
    monkeypatch.setenv("TIANYANCHA_TOKEN", "sample-token")
    wide = f'[source."xx.wide"]\nbase_url = "{house.register.url}"\nmin_interval = 0\n'
    house.configure(wide + registers_off())
    house.register.pages["/services/open/ipr/tm/search"] = lambda _: json.dumps(JD).encode()
    house.register.pages["/services/open/ipr/tm/2.0"] = lambda _: json.dumps(JD).encode()

    def search(body: bytes) -> bytes:
        asked = json.loads(body)
        rows = [row for row in ROWS if not asked["offices"] or row["office"] in asked["offices"]]
        start = (asked["page"] - 1) * 2
        return json.dumps({"total": len(rows), "rows": rows[start : start + 2]}).encode()

    house.register.answers["/search"] = search
    with extra_sources(Wide()):
        yield house


def test_all_able_sources_are_asked_and_stand_in_one_table(registers: House, run: Run) -> None:
    ran = run("lookup", "JD Auto", "--office", "CN,US,EM", terminal=True)
    assert ran.code == 0
    head = next(line for line in ran.out.splitlines() if line.startswith("Mark"))
    assert head.split() == ["Mark", "Office", "Number", "Class", "Owner", "Status", "Filed", "Source"]
    assert "xx.wide" in ran.out
    assert "cn.tianyan" in ran.out
    assert all(len(line) <= 80 for line in ran.out.splitlines())
    assert "not asked: us.tsdr-api: the TSDR API answers by number only" in " ".join(ran.out.split())


def test_what_could_not_be_asked_and_why_stands_in_the_json(registers: House, run: Run) -> None:
    answer = run("lookup", "JD Auto", "--office", "CN,US,EM,ZW", "--json").json
    why = {one["source"]: one["why"] for one in answer["not_asked"]}
    assert "no source for" in why["ZW"]
    assert "us.tsdr-api" in why
    assert {one["source"] for one in answer["asked"]} == {"cn.tianyancha", "xx.wide"}
    assert {one["office"] for one in answer["filings"]} == {"CN", "EM"}


def test_classes_narrow_what_a_register_cannot_narrow_and_the_answer_says_so(
    registers: House, run: Run
) -> None:
    answer = run("lookup", "JD Auto", "--class", "12", "--office", "CN", "--json").json
    assert answer["filings"]
    assert all("12" in one["classes"] for one in answer["filings"])
    assert all("classes" in one["filtered_afterwards"] for one in answer["asked"])
    everything = run("lookup", "JD Auto", "--office", "CN", "--json").json
    assert len(everything["filings"]) > len(answer["filings"])


def test_a_register_that_searches_all_its_text_is_asked_once_for_mark_and_owner(
    registers: House, run: Run
) -> None:
    answer = run("lookup", "JD Auto", "--office", "EM", "--json").json
    assert [one["application_number"] for one in answer["filings"]] == ["018000001", "018000003"]
    (asked,) = answer["asked"]
    assert asked["found"] == 2
    assert asked["total"] == 3  # the one that merely has the name as its agent is counted by the register
    assert asked["filtered_afterwards"] == ["mark", "owner"]
    assert len(registers.register.posts) == 2  # two pages, once


def test_an_agent_is_looked_for_where_a_register_can(registers: House, run: Run) -> None:
    answer = run("lookup", "--agent", "Firm A", "--json").json
    assert {one["application_number"] for one in answer["filings"]} == {"018000001", "018000003"}
    assert "agents" in {one["source"]: one["why"] for one in answer["not_asked"]}["cn.tianyancha"]


def test_an_owner_and_a_mark_must_both_hold_even_where_a_register_takes_one_at_a_time(
    registers: House, run: Run
) -> None:
    answer = run("lookup", "--owner", OWNER, "--mark", "Joyrobotaxi", "--office", "CN", "--json").json
    both = answer["asked"][0]
    assert both["question"] == f"owner {OWNER}"
    assert both["filtered_afterwards"] == ["mark"]
    assert both["found"] == len(answer["filings"])
    assert all("joyrobotaxi" in (one["mark"] or "").lower() for one in answer["filings"])


def test_an_answer_that_is_cut_is_called_incomplete(registers: House, run: Run) -> None:
    ran = run("lookup", "JD Auto", "--office", "EM,FR", "--pages", "1", "--json")
    (asked,) = ran.json["asked"]
    assert "2 of 4 filings were read" in asked["incomplete"]
    assert len(ran.json["filings"]) == 2
    assert "Not complete: xx.wide" in ran.err


def test_a_spreadsheet_gets_one_row_a_filing(registers: House, run: Run) -> None:
    ran = run("lookup", "JD Auto", "--office", "EM,FR", "--csv")
    rows = list(csv.DictReader(io.StringIO(ran.out)))
    assert {row["application_number"] for row in rows} == {"018000001", "018000002", "018000003"}
    assert {row["found"] for row in rows} == {"live"}


def test_a_filing_stored_and_answered_by_one_source_is_one_row_on_the_screen(
    registers: House, run: Run
) -> None:
    run("check")
    ran = run("lookup", f"US {SERIAL}", terminal=True)
    assert ran.out.count(SERIAL) == 2  # the row, and the question
    assert len(run("lookup", f"US {SERIAL}", "--json").json["filings"]) == 2


def test_since_leaves_out_what_was_filed_before(registers: House, run: Run) -> None:
    filed = {
        one["application_date"] for one in run("lookup", "JD", "--office", "CN", "--json").json["filings"]
    }
    last = max(filed)
    later = run("lookup", "JD", "--office", "CN", "--since", last, "--json").json["filings"]
    assert {one["application_date"] for one in later} == {last}


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--class", "46", "x"], "there is no class 46"),
        (["--class", "9,,12", "x"], "there is no class"),
        (["--office", "CN,Atlantis", "x"], "Atlantis"),
        (["--json", "--csv", "x"], "Choose one"),
        (["US 76044902", "--owner", "x"], "a number names one filing"),
        (["x", "--mark", "y", "--owner", "z"], "can be neither"),
        ([], "there is nothing to look for"),
        (["x", "--since", "yesterday"], '"yesterday" is no day\nWrite a day like 2026-06-01.'),
    ],
)
def test_a_question_that_cannot_be_meant_is_refused(run: Run, words: list[str], said: str) -> None:
    ran = run("lookup", *words)
    assert ran.code == 2
    assert said in ran.err


def test_what_is_stored_is_narrowed_like_the_answers_of_the_registers(run: Run) -> None:
    run("import", str(FIXTURES / "cn.tianyancha/jd-auto-day-one/page.json"), "--as-of", "2026-11-20")

    def found(*words: str) -> int:
        return len(run("lookup", "--stored", "--json", *words).json["filings"])

    assert found("JD Auto") == 9
    assert found("JD Auto", "--owner", OWNER) == 9
    assert found("JD Auto", "--owner", "Somebody Else") == 0
    assert found("--owner", OWNER, "--class", "12") == 3
    assert found("--mark", "CAR.JD.COM") == 3
    assert found("--agent", "nobody") == 0  # a list that names no agents is no answer to that
    assert found("JD Auto", "--office", "US") == 0


def test_a_name_is_found_as_it_is_written_in_any_case_of_any_alphabet(run: Run, folder: Path) -> None:
    page = json.loads((FIXTURES / "cn.tianyancha/by-number/page.json").read_bytes())
    for name in ("ÉLAN 50%_OFF", "АВТОМАРКА"):
        for item in page["result"]["items"]:
            item["tmName"] = name
        (folder / "page.json").write_text(json.dumps(page), encoding="utf-8")
        run("import", "page.json", "--as-of", "2026-11-20" if "50" in name else "2026-11-21")
        for text in (name.lower(), name[2:7]):
            assert run("lookup", "--stored", text, "--json").json["filings"], text
        for text in ("%", "_x", "é%n"):
            found = run("lookup", "--stored", text, "--json").json["filings"]
            assert bool(found) is (text in name.lower()), text


def test_a_file_whose_name_is_no_text_is_imported_like_any_other(run: Run, folder: Path) -> None:
    odd = folder / os.fsdecode(b"M\xfcller.html")
    odd.write_bytes((FIXTURES / "us.tsdr/registered-word-mark/page.html").read_bytes())
    ran = run("import", str(folder), "--json")
    assert ran.code == 0
    assert "bug" not in ran.err
    assert run("show", f"US {SERIAL}").code == 0


def test_without_a_configuration_it_is_said_that_no_register_was_asked_and_what_to_do(run: Run) -> None:
    said = "No register was asked: there is no configuration"
    shown = run("lookup", "JD Auto", terminal=True)
    assert said in " ".join(shown.out.split())
    assert "tmwatch init" in shown.out
    for form in ((), ("--json",), ("--csv",)):
        ran = run("lookup", "JD Auto", *form)
        assert (ran.code, said in ran.err, said in ran.out) == (0, True, False)
    assert said not in run("lookup", "JD Auto", "--stored").err  # that is what was asked for


def test_it_is_a_failure_where_every_register_that_was_asked_failed(registers: House, run: Run) -> None:
    registers.register.answers["/search"] = lambda _: b"{"
    ran = run("lookup", "JD Auto", "--office", "EM")
    assert ran.code == 1
    assert "At the registers: nobody answered" in ran.out
    assert run("lookup", "JD Auto", "--office", "EM,CN").code == 0  # one answered
    for path in ("/services/open/ipr/tm/search", "/services/open/ipr/tm/2.0"):
        registers.register.pages[path] = (503, b"down for maintenance")
    assert run("lookup", "JD Auto", "--office", "EM,CN").code == 1
    assert run("lookup", "JD Auto", "--office", "BR").code == 0  # nobody could be asked


def test_a_source_that_fails_as_mark_and_as_owner_is_told_once(registers: House, run: Run) -> None:
    for path in ("/services/open/ipr/tm/search", "/services/open/ipr/tm/2.0"):
        registers.register.pages[path] = b'{"error_code": 300005, "reason": "no permission"}'
    ran = run("lookup", "JD Auto", "--office", "CN")
    failed = [line for line in ran.err.splitlines() if line.startswith("Failed: ")]
    assert len(failed) == 1
    assert failed[0].startswith("Failed: cn.tianyancha: ")


def test_a_register_held_by_its_pace_was_not_asked_and_has_not_failed(registers: House, run: Run) -> None:
    text = registers.path.read_text(encoding="utf-8")
    wide = '[source."xx.wide"]\n'
    registers.path.write_text(text.replace(wide, f"{wide}max_per_day = 2\n"), encoding="utf-8")
    assert run("lookup", "JD Auto", "--office", "EM").code == 0
    ran = run("lookup", "JD Auto", "--office", "EM", "--json")
    assert ran.code == 0
    (held,) = [one for one in ran.json["not_asked"] if one["source"] == "xx.wide"]
    assert held["why"].startswith("held until 20")
    assert held["failed"] is False


def test_a_bare_number_is_answered_with_the_office_to_give(registers: House, run: Run) -> None:
    why = {one["source"]: one["why"] for one in run("lookup", "1266721", "--json").json["not_asked"]}
    assert why["us.tsdr"] == "a number is asked for with its office: give --office US"
    assert not any("by number only" in one for one in why.values())
    why = {one["source"]: one["why"] for one in run("lookup", "a name", "--json").json["not_asked"]}
    assert "can only be asked for" in why["us.tsdr"]


def test_a_filing_whose_classes_nobody_knows_stays_and_says_so(registers: House, run: Run) -> None:
    rows = [{**ROWS[0], "classes": []}, ROWS[2]]
    registers.register.answers["/search"] = lambda _: json.dumps({"total": 2, "rows": rows}).encode()
    question = ("lookup", "JD Auto", "--office", "EM")
    shown = " ".join(run(*question, "--class", "12", terminal=True).out.split())
    assert "1 filing whose classes the source does not give" in shown
    assert "018000001 not Sample Cars xx.wide known" in shown  # in the column of classes, on two lines
    assert "018000003 12" in shown
    everything = " ".join(run(*question, terminal=True).out.split())
    assert "018000001 Sample Cars" in everything
    assert "whose classes" not in everything
    left = run(*question, "--class", "9", "--json").json["filings"]
    assert [one["application_number"] for one in left] == ["018000001"]


def test_the_table_breaks_no_word_and_speaks_of_the_status_in_our_words(registers: House, run: Run) -> None:
    rows = [
        {**ROWS[0], "mark": "SAMPLE MEADOW", "owner": "Sample Aktiengesellschaft", "classes": ["9", "35"]}
    ]
    registers.register.answers["/search"] = lambda _: json.dumps({"total": 1, "rows": rows}).encode()
    run("import", str(PAGE))
    for words, whole in (
        (("lookup", "SAMPLE", "--office", "EM"), ("Aktiengesellschaft", "018000001")),
        (("lookup", f"US {SERIAL}", "--stored"), ("registered", SERIAL, "us.tsdr")),
    ):
        ran = run(*words, terminal=True)
        for word in whole:
            assert word in ran.out
        assert all(len(line) <= 80 for line in ran.out.splitlines())
    (row,) = run("lookup", f"US {SERIAL}", "--stored", "--json").json["filings"]
    assert row["status_text"] not in (None, "registered")


@pytest.mark.parametrize(
    ("texts", "room", "least"),
    [
        (("SAMPLE MEADOW", "Aktiengesellschaft"), 73, (6, 18)),
        (("A" * 40, "short"), 20, (12, 5)),
        (("北京京东叁佰陆拾度电子商务有限公司", "x"), 20, (8, 5)),
        (("x" * 90, "y" * 90), 20, (4, 5)),
    ],
)
def test_a_column_is_as_wide_as_its_longest_word_where_there_is_room(
    texts: tuple[str, str], room: int, least: tuple[int, int]
) -> None:
    given = widths(("Mark", "Owner"), [texts], (False, False), room)
    assert sum(given) <= room
    assert all(one >= wanted for one, wanted in zip(given, least, strict=True))


def rest(registers: House) -> None:
    """The register's server has failed and wants to be left alone for a while."""
    pacer = Pacer(state_folder(), clock=lambda: dt.datetime.now(dt.UTC), sleep=lambda _: None)
    pacer.note(pace_key(registers.register.url), Outcome.SERVER_ERROR, 600)


def test_who_rests_after_failures_has_not_answered_either(registers: House, run: Run) -> None:
    rest(registers)
    ran = run("lookup", "JD Auto", "--office", "EM")
    assert ran.code == 1
    assert "who could be rests, because its last answers were failures" in " ".join(ran.out.split())
    assert "Not asked: xx.wide: held until 20" in ran.err


def test_a_source_that_failed_and_then_rests_is_told_once_as_failed(registers: House, run: Run) -> None:
    def fails(_: object) -> bytes:
        rest(registers)
        return b"{"

    for path in ("/services/open/ipr/tm/search", "/services/open/ipr/tm/2.0"):
        registers.register.pages[path] = fails
    ran = run("lookup", "JD Auto", "--office", "CN")
    assert ran.code == 1
    said = [line.split(":")[0] for line in ran.err.splitlines() if " cn.tianyancha: " in line]
    assert said == ["Failed"]
