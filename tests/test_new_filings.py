"""The whole way of what is new: registers asked by day, and of their lists what comes near. All parts real.

One HTTP server on loopback plays PRH (Finland), the Ukrainian open data and the EUIPO, each heeding the days
that it is asked for.
"""

from __future__ import annotations

import copy
import datetime as dt
import json
import re
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from pytest_httpserver import HTTPServer
from werkzeug import Request, Response

from tests.conftest import ROOT
from tests.loopback import Mailbox
from tmwatch.alerts.outbox import deliver_due
from tmwatch.cli.render import coverage_texts
from tmwatch.config import Config, load_config
from tmwatch.health import watch_health
from tmwatch.http import Door
from tmwatch.lateness import tell_late
from tmwatch.numbers import parse_number
from tmwatch.store import Database, Outbox, books, queries
from tmwatch.store.database import iso, now
from tmwatch.store.new_books import new_state
from tmwatch.store.register import Register
from tmwatch.stored import batches
from tmwatch.sweep import SweepReport, sweep
from tmwatch.watches import asks
from tmwatch.why_not import why_not

TODAY = dt.datetime.now(dt.UTC).date()
ENV = {"EUIPO_CLIENT_ID": "sample", "EUIPO_CLIENT_SECRET": "sample-secret"}
FAR = "ZEBRA WINDMILL"


def ago(days: int) -> dt.date:
    return TODAY - dt.timedelta(days=days)


def fixture(name: str) -> Any:
    return json.loads((ROOT / "fixtures" / name / "page.json").read_text(encoding="utf-8"))


class Registers:
    """Filings as (number, name, filed, owner, classes), shown in the form of the register that is asked."""

    def __init__(self, server: HTTPServer) -> None:
        self.finnish: list[dict[str, Any]] = []
        self.ukrainian: list[dict[str, Any]] = []
        self.european: list[dict[str, Any]] = []
        self.spans: list[tuple[str, str]] = []  # of days, as PRH was asked for them
        self.rsql: list[tuple[str, str]] = []  # (question, page)
        self.pages: list[dict[str, str]] = []  # as the Ukrainian office was asked
        self.most = 1000  # rows that PRH gives; of more it says how many thousand it has
        self.hides = 0  # rows that it counts and does not give
        self.deaf = False  # passes over the days
        self.hold: Callable[[str], None] = lambda since: None
        self._row = fixture("fi.prh/three-marks")["results"][0]
        self._case = fixture("ua.nipo/application")
        self._mark = fixture("em.euipo/search-page")["trademarks"][0]
        server.expect_request("/nis-api-gateway/trademark", method="POST").respond_with_handler(self.prh)
        server.expect_request("/api/v1/open-data/", method="GET").respond_with_handler(self.nipo)
        server.expect_request("/trademarks", method="GET").respond_with_handler(self.euipo)
        known = fixture("em.euipo/published-for-opposition") | {"applicationNumber": "018228224"}
        server.expect_request("/trademarks/018228224").respond_with_json(known)
        server.expect_request("/token", method="POST").respond_with_json(
            {"access_token": "t", "token_type": "bearer", "expires_in": 3600}
        )

    def finland(
        self,
        name: str,
        filed: dt.date,
        classes: tuple[int, ...] = (9,),
        owner: str = "Malli Oy",
        number: int = 0,
    ) -> None:
        serial = number or 80000 + len(self.finnish)
        self.finnish.append(
            {
                **self._row,
                "dossierId": serial,
                "applicationNumber": f"T2026{serial:05}",
                "registrationNumber": None,
                "registrationDate": None,
                "expirationDate": None,
                "applicationDate": filed.isoformat(),
                "trademarkWord": name,
                "applicants": [{"name": owner, "ordinal": 1}],
                "goodsAndServices": [{"classNumber": one, "ordinal": 1} for one in classes],
            }
        )

    def prh(self, request: Request) -> Response:
        form = request.get_json()
        since, until = form["applicationStartDate"], form["applicationEndDate"]
        rows = self.finnish
        if form["trademarkWord"]:  # a search by the very name, or the known query
            seen = [{**self._row, "applicationNumber": f"T19990000{n}"} for n in range(1, 6)]
            rows = seen if form["trademarkWord"] == "AUDI" else []
            return self._answer(len(rows), rows)
        if not self.deaf:
            self.hold(since)
            self.spans.append((since, until))
            rows = [row for row in rows if since <= row["applicationDate"] <= until]
        total, rows = len(rows), rows[: len(rows) - self.hides]
        if total > self.most:
            total, rows = total + 3000, rows[: self.most]
        return self._answer(total, rows)

    def _answer(self, total: int, rows: list[dict[str, Any]]) -> Response:
        answer = {"totalResults": total, "results": rows}
        return Response(json.dumps(answer), content_type="application/json")

    def ukraine(self, name: str, filed: dt.date) -> None:
        one = copy.deepcopy(self._case)
        one["app_number"] = one["data"]["ApplicationNumber"] = f"m2026{len(self.ukrainian):05}"
        one["app_date"] = f"{filed.isoformat()}T00:00:00+02:00"
        one["last_update"] = f"{TODAY.isoformat()}T00:00:00+02:00"
        one["data"]["ApplicationDate"] = filed.isoformat()
        parts = one["data"]["WordMarkSpecification"]["MarkSignificantVerbalElement"]
        one["data"]["WordMarkSpecification"]["MarkSignificantVerbalElement"] = [{**parts[0], "#text": name}]
        self.ukrainian.append(one)

    def nipo(self, request: Request) -> Response:
        asked = dict(request.args)
        self.pages.append(asked)
        if owner := asked.get("subject_name"):
            rows = [one for one in self.ukrainian if owner in json.dumps(one, ensure_ascii=False)]
            answer = {"count": len(rows), "next": None, "previous": None, "results": rows}
            return Response(json.dumps(answer), content_type="application/json")
        since, until = (
            dt.datetime.strptime(asked[key], "%d.%m.%Y").date().isoformat()  # noqa: DTZ007
            for key in ("app_date_from", "app_date_to")
        )
        rows = [one for one in self.ukrainian if since <= one["app_date"][:10] <= until]
        number = int(asked.get("page", "1"))
        part = rows[(number - 1) * 10 : number * 10]
        more = f"http://elsewhere.invalid/?page={number + 1}" if number * 10 < len(rows) else None
        answer = {"count": len(rows), "next": more, "previous": "x" if number > 1 else None, "results": part}
        return Response(json.dumps(answer), content_type="application/json")

    def europe(self, name: str, filed: dt.date, *, designated: bool = False) -> None:
        number = f"W{10000000 + len(self.european)}" if designated else f"{99000000 + len(self.european):09}"
        row = {**self._mark, "applicationNumber": number, "wordMarkSpecification": {"verbalElement": name}}
        for key in ("applicationDate", "designationDate", "registrationDate", "expiryDate"):
            row.pop(key, None)
        row["designationDate" if designated else "applicationDate"] = filed.isoformat()
        row["status"] = "UNDER_EXAMINATION"
        self.european.append(row)

    def euipo(self, request: Request) -> Response:
        asked, page = request.args["query"], int(request.args["page"])
        self.rsql.append((asked, str(page)))
        rows: list[dict[str, Any]] = []
        if found := re.match(r"(applicationDate|designationDate)>=(\S+) and \S+<=(\S+)", asked):
            day, since, until = found.groups()
            rows = [row for row in self.european if since <= row.get(day, "") <= until]
        part = rows[page * 100 : page * 100 + 100]
        answer = {"trademarks": part, "totalElements": len(rows), "totalPages": 1, "size": 100, "page": page}
        return Response(json.dumps(answer), content_type="application/json")


class House:
    def __init__(self, folder: Path, server: HTTPServer, mailbox: Mailbox) -> None:
        self.folder, self.mailbox, self.registers = folder, mailbox, Registers(server)
        self.url = server.url_for("").rstrip("/")

    def configure(self, *watches: str, store: str = "", settings: str = "") -> Config:
        """Watches of Finland but for what they say themselves."""
        tables = "".join(
            f'[source."{name}"]\nbase_url = "{self.url}"\nmin_interval = 0\n{settings}\n'
            for name in ("fi.prh", "se.prv", "ua.nipo")
        )
        watched = "".join(
            f'[[watch]]\nname = "w{place}"\nnotify = ["legal"]\n{text}\n'
            + ("" if "offices" in text else 'offices = ["FI"]\n')
            for place, text in enumerate(watches, 1)
        )
        path = self.folder / "tmwatch.toml"
        path.write_text(
            f"""
[operator]
contact = "ip-watch@example.com"
[smtp]
host = "127.0.0.1"
port = {self.mailbox.port}
security = "none"
sender = "tmwatch@example.com"
{tables}
[source."em.euipo"]
base_url = "{self.url}"
token_url = "{self.url}/token"
min_interval = 0
{store}
[[recipient]]
name = "legal"
email = ["legal@example.com"]
{watched}
""",
            encoding="utf-8",
        )
        return load_config(path)

    def check(
        self, config: Config, *, everything: bool = True, stop: Callable[[], bool] = lambda: False
    ) -> SweepReport:
        base = self.base(config)
        report = sweep(config, base, Door(config.operator.contact), ENV, everything=everything, stop=stop)
        deliver_due(Outbox(base), config, dt.datetime.now(dt.UTC))
        base.close()
        return report

    def base(self, config: Config) -> Database:
        return Database(config.store.path)

    def stored(self, config: Config) -> set[str | None]:
        base = self.base(config)
        rows = [row["st13"] for row in base.conn.execute("select st13 from mark")]
        found = {record.verbal_element for st13 in rows if (record := queries.get(base, st13)) is not None}
        base.close()
        return found

    def told(self) -> str:
        """What was mailed since somebody asked last."""
        text = "\n".join(self.mailbox.texts())
        self.mailbox.mails.clear()
        return text

    def books(self, config: Config, watch: str = "w1") -> list[books.AskState]:
        """Of the lists of new filings."""
        base = self.base(config)
        (mine,) = [one for one in config.watches if one.name == watch]
        found = [
            books.ask_state(base, watch, one.key) for one in asks(mine, config, ENV) if "|new|" in one.key
        ]
        base.close()
        return found


@pytest.fixture
def house(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, httpserver: HTTPServer) -> Iterator[House]:
    monkeypatch.setenv("TMWATCH_STATE_DIR", str(tmp_path / "state"))
    with Mailbox() as mailbox:
        yield House(tmp_path, httpserver, mailbox)


HARBOUR = 'marks = ["Sample Harbour"]'


def outcomes(report: SweepReport) -> list[str]:
    return [item.outcome.value for item in report.asked if item.query.startswith("new ")]


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
    (told,) = why_not(config, base, ENV, config.watches[0], parse_number("FI T202680001"))
    base.close()
    assert told.kept_in == "register"
    assert told.reasons
    register.finnish[1]["applicants"] = [{"name": "Toinen Oy", "ordinal": 1}]
    house.check(config)
    with closing(Register(house.folder / "register.db")) as whole:
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
    config = house.configure('marks = ["Sample Harbour", "Otter Lagoon"]')
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
    command = [sys.executable, "-m", "tmwatch", "--config", str(config.path), "check", "--all"]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    assert asked.wait(120)
    process.kill()
    process.wait()
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
