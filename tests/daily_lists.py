"""Registers that say what is new since a day, played by one HTTP server on loopback, and a house that asks
them: PRH (Finland), the Ukrainian open data and the EUIPO, each heeding the days that it is asked for."""

from __future__ import annotations

import copy
import datetime as dt
import json
import re
from collections.abc import Callable, Iterator
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
from tmwatch.store import Database, Outbox, books, queries
from tmwatch.sweep import SweepReport, sweep
from tmwatch.watches import asks

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
            answer: dict[str, Any] = {"count": len(rows), "next": None, "previous": None, "results": rows}
            return Response(json.dumps(answer), content_type="application/json")
        since, until = (
            dt.datetime.strptime(asked[key], "%d.%m.%Y").date().isoformat()
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
