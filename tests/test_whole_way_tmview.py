"""The whole way with TMview, played on loopback with its session and its wall. All parts real."""

from __future__ import annotations

import copy
import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from pytest_httpserver import HTTPServer
from werkzeug import Request, Response

from tests.conftest import ROOT
from tmwatch.config import Config, load_config
from tmwatch.http import Door
from tmwatch.looking import ask
from tmwatch.lookup import Question, live
from tmwatch.sources.base import SearchQuery
from tmwatch.sources.registry import all_sources, get_source
from tmwatch.store import Database, queries
from tmwatch.sweep import SweepReport, sweep
from tmwatch.watches import coverage

SESSION, XSRF = "session-sample", "xsrf-sample"


def fixture(name: str) -> Any:
    return json.loads((ROOT / "fixtures/tmview" / name / "page.json").read_bytes())


class Site:
    """TMview: a first page that hands out a session, a search, details for who has one."""

    def __init__(self, server: HTTPServer) -> None:
        self.hits = fixture("search-four-offices")["tradeMarks"]
        known = {"tmName": "FUORICORSO", "applicantName": ["Sample Corso Srl"]}
        self.known = [
            {**self.hits[0], **known, "ST13": f"IT50199899900010{n}", "applicationNumber": f"199899900010{n}"}
            for n in range(1, 4)
        ]
        self.details = {one["ST13"]: one for one in (fixture("detail-registered"), fixture("detail-opposed"))}
        self.asked: list[tuple[str, str]] = []
        self.forms: list[dict[str, Any]] = []
        self.wall: Callable[[], Response] | None = None
        server.expect_request("/tmview/").respond_with_handler(self.home)
        server.expect_request("/tmview/api/search/results", method="POST").respond_with_handler(self.search)
        for st13 in self.details:
            server.expect_request(f"/tmview/api/trademark/detail/{st13}").respond_with_handler(self.detail)
        server.expect_request("/error/revise.html").respond_with_data("<html>revise</html>")

    def _heard(self, request: Request) -> Response | None:
        assert request.headers["User-Agent"].startswith("tmwatch/")
        assert "Mozilla" not in request.headers["User-Agent"]
        self.asked.append((request.method, request.path))
        return self.wall() if self.wall is not None else None

    def home(self, request: Request) -> Response:
        self.asked.append((request.method, request.path))
        made = Response(
            "<!doctype html><html><title>TMview</title><div id=root></div></html>", content_type="text/html"
        )
        made.set_cookie("JSESSIONID", SESSION)
        made.set_cookie("XSRF-TOKEN", XSRF)
        return made

    def search(self, request: Request) -> Response:
        if (walled := self._heard(request)) is not None:
            return walled
        form = request.get_json()
        self.forms.append(form)
        hits = [
            one
            for one in (*self.hits, *self.known)
            if form["basicSearch"].lower() in one["tmName"].lower()
            and one["tmOffice"] in form.get("fOffices", [one["tmOffice"]])
        ]
        return _json(
            {"tradeMarks": hits, "page": int(form["page"]), "totalPages": 1, "totalResults": len(hits)}
        )

    def detail(self, request: Request) -> Response:
        if (walled := self._heard(request)) is not None:
            return walled
        mine = request.cookies.get("JSESSIONID") == SESSION and request.headers.get("X-XSRF-TOKEN") == XSRF
        return _json(self.details[request.path.rpartition("/")[2]]) if mine else Response("no", 403)


def _json(answer: Any) -> Response:
    return Response(json.dumps(answer, ensure_ascii=False), content_type="application/json")


class House:
    def __init__(self, folder: Path, server: HTTPServer) -> None:
        self.folder, self.server = folder, server
        self.base = Database(folder / "tmwatch.db")
        self.config = self.written(
            '[[watch]]\nname = "none"\nmarks = ["nobody"]\noffices = ["XX"]\nnotify = []'
        )

    def written(self, watches: str, enabled: str = "enabled = true") -> Config:
        path = self.folder / "tmwatch.toml"
        # Those that are live without a word would be asked for real.
        off = "".join(
            f'[source."{one}"]\nenabled = false\n' for one in sorted(all_sources()) if one != "tmview"
        )
        path.write_text(
            f"""
[operator]
contact = "ip-watch@firm.test"
[source.tmview]
{enabled}
base_url = "{self.server.url_for("")}"
min_interval = 0
{off}
{watches}
""",
            encoding="utf-8",
        )
        self.config = load_config(path)
        return self.config

    def door(self) -> Door:
        return Door("ip-watch@firm.test", state_dir=self.folder / "pace")

    def check(self) -> SweepReport:
        return sweep(self.config, self.base, self.door(), {})


@pytest.fixture
def site(httpserver: HTTPServer) -> Site:
    return Site(httpserver)


@pytest.fixture
def house(tmp_path: Path, httpserver: HTTPServer) -> Iterator[House]:
    made = House(tmp_path, httpserver)
    yield made
    made.base.close()


def watch(what: str) -> str:
    return f'[[watch]]\nname = "W"\nnotify = []\n{what}'


def test_a_mark_is_found_at_the_offices_asked_and_a_change_of_it_is_stored(site: Site, house: House) -> None:
    house.written(watch('marks = ["SAMPLE HARBOUR"]\noffices = ["CN", "CH"]'))
    (asked,) = house.check().asked
    assert asked.outcome == "ok"
    assert site.forms[0]["fOffices"] == ["CH", "CN"]
    found = queries.get(house.base, "CN500000099900012")
    assert found is not None
    assert found.provenance is not None
    assert found.provenance.kind == "aggregator"
    site.hits[2] = {**site.hits[2], "tradeMarkStatus": "Registered"}
    house.check()
    found = queries.get(house.base, "CN500000099900012")
    assert found is not None
    assert found.status_phase == "registered"


def test_a_number_is_looked_up_with_a_session_of_one_question(site: Site, house: House) -> None:
    house.written(watch('numbers = ["EM 099900107", "IT502013999000590"]'))
    report = house.check()
    assert [one.outcome for one in report.asked] == ["ok", "ok"]
    visits = [path for _, path in site.asked if path == "/tmview/"]
    assert len(visits) == 2  # the cookies of one question are no other one's
    found = queries.get(house.base, "EM500000099900107")
    assert found is not None
    assert found.proceedings[0].number == "009990077"


WALLS: dict[str, tuple[Callable[[], Response], str]] = {
    "a challenge instead of data": (
        lambda: Response("<html><body><script>window.x=1</script></body></html>", content_type="text/html"),
        "blocked",
    ),
    "sent to /error/revise.html": (lambda: Response("", 302, {"Location": "/error/revise.html"}), "blocked"),
    "403": (lambda: Response("no", 403), "declined"),
    "499": (lambda: Response("", 499), "declined"),
    "406": (lambda: Response("", 406), "declined"),
}


@pytest.mark.parametrize("wall", WALLS)
def test_a_challenge_or_a_refusal_ends_the_run_and_nothing_is_lost(
    site: Site, house: House, wall: str
) -> None:
    house.written(watch('marks = ["SAMPLE HARBOUR", "Sample Lantern"]\nnumbers = ["EM 099900107"]'))
    assert [one.outcome for one in house.check().asked] == ["ok"] * 3
    before = copy.deepcopy(queries.get(house.base, "CN500000099900012"))
    site.wall, outcome = WALLS[wall]
    site.asked.clear()
    report = house.check()
    # The one question of the run, perhaps after the visit that a detail needs.
    assert [path for _, path in site.asked if "/api/" in path].__len__() == 1
    assert "/error/revise.html" not in [path for _, path in site.asked]
    assert [one.outcome for one in report.asked] == [outcome]
    assert "In this run nobody asks there again" in report.asked[0].error
    assert len(report.left) == 2
    assert queries.get(house.base, "CN500000099900012") == before


def test_after_a_refusal_other_commands_leave_the_site_alone_too(site: Site, house: House) -> None:
    site.wall = WALLS["403"][0]
    source = get_source("tmview")
    assert ask(source, SearchQuery(mark="sample"), house.door(), house.config, {}).outcome == "declined"
    site.wall = None
    again = ask(source, SearchQuery(mark="sample"), house.door(), house.config, {})
    assert again.held_until is not None
    assert again.error is not None
    assert "closed door (declined)" in again.error.message
    assert len(site.asked) == 1


def test_it_is_asked_only_where_the_operator_has_opted_in(site: Site, house: House) -> None:
    config = house.written(watch('marks = ["SAMPLE HARBOUR"]\noffices = ["CH"]'), enabled="")
    assert house.check().asked == []
    (line,) = coverage(config.watches[0], config, {})
    assert line.state == "import only"
    assert "tmview is opt-in" in line.why
    assert site.asked == []


def test_the_daily_cap_holds(site: Site, house: House) -> None:
    house.written(
        watch('marks = ["SAMPLE HARBOUR", "Sample Lantern", "FUORICORSO"]'),
        enabled="enabled = true\nmax_per_day = 2",
    )
    report = house.check()
    assert len(site.asked) == 2
    assert any("daily cap of 2" in one.why for one in report.left)


def test_lookup_filters_by_owner_what_the_site_finds_by_name(site: Site, house: House) -> None:
    question = Question(mark="sample harbour", owner="Example Ledger", offices=("CH", "CN", "IT"))
    answer = live(house.config, house.door(), {}, question)
    assert [one.st13 for one in answer.records] == ["CH502024000099249"]
    (asked,) = [one for one in answer.asked if one.source == "tmview"]
    assert "owner" in asked.filtered
