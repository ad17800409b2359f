"""The whole way with the registers that answer in lists of JSON: asked, stored, told. All parts real.

One HTTP server on loopback plays PRH (Finland), PRV (Sweden) and the Ukrainian open data.
"""

from __future__ import annotations

import copy
import datetime as dt
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from pytest_httpserver import HTTPServer
from werkzeug import Request, Response

from tests.conftest import ROOT
from tests.loopback import Mailbox
from tmwatch.alerts.outbox import deliver_due
from tmwatch.config import Config, load_config
from tmwatch.http import Door
from tmwatch.store import Database, Outbox, queries
from tmwatch.sweep import Asked, SweepReport, sweep


def fixture(name: str) -> Any:
    return json.loads((ROOT / "fixtures" / name / "page.json").read_text(encoding="utf-8"))


class Registers:
    """Three registers with filings of their own, answering as the real ones do."""

    def __init__(self, server: HTTPServer) -> None:
        self.finnish: list[dict[str, Any]] = fixture("fi.prh/three-marks")["results"]
        self.swedish: list[dict[str, Any]] = fixture("se.prv/three-marks")["trademarks"]
        self.ukrainian: list[dict[str, Any]] = fixture("ua.nipo/changed-since")["results"]
        # What answers the known queries, so that finding nothing else is believed.
        seen = {"trademarkWord": "AUDI", "applicants": [{"name": "Sample Motors", "ordinal": 1}]}
        self.finnish += [
            {**self.finnish[0], **seen, "applicationNumber": f"T19990000{n}"} for n in range(1, 6)
        ]
        seen = {"applicants": [{"name": "IKEA (sample)", "address": "SE"}], "markSpecification": "SAMPLE"}
        self.swedish += [
            {**self.swedish[0], **seen, "applicationNumber": f"2001-{n:05}"} for n in range(1, 11)
        ]
        known = copy.deepcopy(self.ukrainian[1]) | {"app_number": "m202011127"}
        known["data"]["ApplicationNumber"] = "m202011127"
        self.ukrainian.append(known)
        self.asked: list[tuple[str, str, Any]] = []
        self.broken = self.loose = False  # loose: a number is found wherever it begins so
        server.expect_request("/nis-api-gateway/trademark", method="POST").respond_with_handler(self.prh)
        server.expect_request("/searchtrademark/tmsimplesearch/", method="POST").respond_with_handler(
            self.prv
        )
        server.expect_request("/api/v1/open-data/", method="GET").respond_with_handler(self.nipo_list)
        for one in self.ukrainian:
            path = f"/api/v1/open-data/{one['app_number']}/"
            server.expect_request(path, method="GET").respond_with_handler(self.nipo)

    def _json(self, request: Request, asked: Any, answer: Any) -> Response:
        assert request.headers["User-Agent"].startswith("tmwatch/")
        self.asked.append((request.method, request.path, asked))
        if self.broken:
            return Response("<html><body>Service break</body></html>", content_type="text/html")
        return Response(json.dumps(answer, ensure_ascii=False), content_type="application/json")

    def prh(self, request: Request) -> Response:
        form = request.get_json()
        assert len(form) == 21
        wanted = form["applicantName"].lower()
        rows = [
            row
            for row in self.finnish
            if (not wanted or any(wanted in one["name"].lower() for one in row["applicants"]))
            and form["trademarkWord"] in (row["trademarkWord"] or "")
            and form["applicationNumber"]
            in ("", row["applicationNumber"], *([form["applicationNumber"]] if self.loose else ()))
        ]
        return self._json(request, form, {"totalResults": len(rows), "results": rows})

    def prv(self, request: Request) -> Response:
        body = request.get_json()
        text = body["simpleSearchText"].lower()
        rows = [row for row in self.swedish if text in json.dumps(row, ensure_ascii=False).lower()]
        # A server that gives two rows at once, whatever is asked for.
        size = min(body["pageSize"], 2)
        part = rows[body["page"] * size : (body["page"] + 1) * size]
        answer = {"totalHits": len(rows), "totalPages": len(rows) // size, "hits": len(part)}
        return self._json(request, body, {**answer, "page": body["page"], "trademarks": part})

    def nipo_list(self, request: Request) -> Response:
        wanted = request.args.get("subject_name", "").lower()
        rows = [one for one in self.ukrainian if wanted in json.dumps(one, ensure_ascii=False).lower()]
        number = int(request.args.get("page", "1"))
        part = rows[number - 1 : number]  # one a page
        more = f"http://elsewhere.invalid/?page={number + 1}" if number < len(rows) else None
        answer = {"count": len(rows), "next": more, "previous": "x" if number > 1 else None, "results": part}
        return self._json(request, dict(request.args), answer)

    def nipo(self, request: Request) -> Response:
        (found,) = [one for one in self.ukrainian if one["app_number"] in request.path]
        return self._json(request, dict(request.args), found)


class House:
    def __init__(self, folder: Path, server: HTTPServer, mailbox: Mailbox) -> None:
        self.folder, self.mailbox, self.registers = folder, mailbox, Registers(server)
        self.url = server.url_for("").rstrip("/")

    def configure(self, watch: str) -> Config:
        sources = "".join(
            f'[source."{name}"]\nbase_url = "{self.url}"\nmin_interval = 0\n'
            for name in ("fi.prh", "se.prv", "ua.nipo")
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
{sources}
[[recipient]]
name = "legal"
email = ["legal@example.com"]
[[watch]]
name = "harbour"
offices = ["FI", "SE", "UA"]
notify = ["legal"]
{watch}
""",
            encoding="utf-8",
        )
        return load_config(path)

    def check(self, config: Config) -> SweepReport:
        base = Database(config.store.path)
        report = sweep(config, base, Door(config.operator.contact), {})
        deliver_due(Outbox(base), config, dt.datetime.now(dt.UTC))
        base.close()
        return report


@pytest.fixture
def house(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, httpserver: HTTPServer) -> Iterator[House]:
    monkeypatch.setenv("TMWATCH_STATE_DIR", str(tmp_path / "state"))
    with Mailbox() as mailbox:
        yield House(tmp_path, httpserver, mailbox)


OWNERS = 'owners = ["Esimerkki Satama", "Exempel Hamn", "Приклад Гавань"]'


def test_an_owners_filings_are_found_their_changes_told_and_a_new_one_too(house: House) -> None:
    config = house.configure(OWNERS)
    first = house.check(config)
    assert {item.outcome.value for item in first.asked} == {"ok"}
    found = {one.st13 for one in first.baseline}
    assert {"FI501999000T99901", "SE502025000099903", "SE502019000099902", "UA502023000M99901"} <= found
    assert "FI502002000W99903" not in found, "somebody else's"
    assert (house.check(config).changed, house.mailbox.mails) == ([], [])

    registers = house.registers
    registers.finnish[0]["dossierStatus"] = "Expired"
    registers.swedish[1] |= {
        "statusSv": "Registrerad",
        "statusEn": "Registered",
        "registrationNumber": "999378",
    }
    registers.ukrainian[0]["data"]["application_status"] = "stopped"
    registers.finnish.append(
        {**registers.finnish[1], "applicationNumber": "T202699904", "trademarkWord": "NEW PIER"}
    )
    report = house.check(config)
    assert {one.st13 for one in report.changed} == {
        "FI501999000T99901",
        "SE502019000099902",
        "UA502023000M99901",
    }
    assert [one.st13 for one in report.appeared] == ["FI502026000T99904"]
    told = "\n".join(house.mailbox.texts())
    for words in ("T199999901", "2019-99902", "m202399901", "NEW PIER"):
        assert words in told
    house.mailbox.mails.clear()
    assert (house.check(config).changed, house.mailbox.mails) == ([], [])


def test_numbers_are_watched_each_in_its_own_register(house: House) -> None:
    config = house.configure('numbers = ["FI T199999901", "SE 2025-99903", "UA m202399901"]')
    first = house.check(config)
    assert {one.st13 for one in first.baseline} == {
        "FI501999000T99901",
        "SE502025000099903",
        "UA502023000M99901",
    }
    house.registers.ukrainian[0]["obj_state"] = 2
    house.registers.ukrainian[0] |= {
        "registration_number": "999777",
        "registration_date": "2026-11-20T00:00:00+02:00",
    }
    house.registers.ukrainian[0]["data"] |= {
        "registration_status_color": "green",
        "HolderDetails": fixture("ua.nipo/registration-renewed")["data"]["HolderDetails"],
    }
    (one,) = house.check(config).changed
    assert one.st13 == "UA502023000M99901"
    fields = {change.field for change in one.changes}
    assert {"status", "registration_number", "owners"} <= fields
    assert any("m202399901" in text for text in house.mailbox.texts())


def test_the_pages_of_an_answer_are_all_turned_on_the_registers_own_host(house: House) -> None:
    report = house.check(house.configure('owners = ["Exempel"]'))
    swedish = [asked for _, path, asked in house.registers.asked if path.startswith("/searchtrademark")]
    pages = [(one["page"], one["pageSize"]) for one in swedish]
    # Its text search finds the agent of that name too: six pages of two and one of a single row.
    assert pages == [(0, 50), *((number, 2) for number in range(1, 7))]
    assert {one.record.owners[0].name for one in report.baseline if one.record.office == "SE"} == {
        "Exempel Hamn AB"
    }
    ukrainian = house.check(house.configure('owners = ["Приклад Гавань"]'))
    assert {item.outcome.value for item in ukrainian.asked if item.source == "ua.nipo"} == {"ok"}
    turned = [
        asked.get("page", "1") for _, path, asked in house.registers.asked if path.startswith("/api/v1")
    ]
    assert turned[-3:] == ["1", "2", "3"], "by number, never at the address that the answer names"


def test_a_page_instead_of_data_changes_nothing_and_is_named(house: House) -> None:
    config = house.configure(OWNERS)
    house.check(config)
    house.registers.broken = True
    report = house.check(config)
    assert {item.outcome.value for item in report.asked} == {"layout_changed"}
    base = Database(config.store.path)
    record = queries.get(base, "FI501999000T99901")
    base.close()
    assert record is not None
    assert record.status_text == "Registered"


def hamn(report: SweepReport) -> Asked:
    """How the question for the Swedish owner ended."""
    (item,) = [one for one in report.asked if (one.source, one.query) == ("se.prv", "owner Exempel Hamn")]
    return item


def test_a_row_nobody_can_read_is_named_and_the_filings_beside_it_are_watched_all_the_same(
    house: House,
) -> None:
    config = house.configure(OWNERS)
    swedish = house.registers.swedish
    odd = {**swedish[1], "applicationNumber": "2025-99903/A", "markSpecification": "ODD"}
    swedish.append(odd)
    first = house.check(config)
    item = hamn(first)
    assert (item.outcome.value, item.passing) == ("incomplete", True)
    assert "2025-99903/A" in item.error
    assert "No filing counts as gone" in item.error
    found = {one.st13 for one in first.baseline}
    assert {"SE502025000099903", "SE502019000099902"} <= found

    swedish.append({**swedish[1], "applicationNumber": "2026-99905", "markSpecification": "NEW QUAY"})
    report = house.check(config)
    assert [one.st13 for one in report.appeared] == ["SE502026000099905"], "news, and no second baseline"
    assert "NEW QUAY" in "\n".join(house.mailbox.texts())

    house.mailbox.mails.clear()
    third = house.check(config)
    item = hamn(third)
    assert not item.passing, "somebody has to look"
    assert any("se.prv" in text for text in house.mailbox.texts())
    assert third.changed == []

    swedish.remove(odd)
    assert hamn(house.check(config)).outcome.value == "ok"


def test_a_filing_whose_number_takes_an_odd_form_is_not_called_gone(house: House) -> None:
    config = house.configure('numbers = ["FI T199999901"]')
    house.check(config)
    row = next(one for one in house.registers.finnish if one["applicationNumber"] == "T199999901")
    row["applicationNumber"] = "T199999901-1"
    base = Database(config.store.path)
    before = queries.get(base, "FI501999000T99901")
    # PRH finds it by its number all the same, beside another.
    house.registers.loose = True
    for _ in range(4):
        report = house.check(config)
        assert {item.outcome.value for item in report.asked} == {"incomplete"}
    assert queries.get(base, "FI501999000T99901") == before
    base.close()
    assert not any("no longer listed" in text for text in house.mailbox.texts())
