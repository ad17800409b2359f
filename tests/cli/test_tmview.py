"""What a user sees of TMview: whose word a change is, and one question for several offices."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from pytest_httpserver import HTTPServer
from werkzeug import Request, Response

from tests.cli.conftest import FIXTURES, SECRET, Run
from tests.conftest import registers_off
from tmwatch.config import load_config
from tmwatch.http import Door
from tmwatch.numbers import parse_number
from tmwatch.source_sides import live_sides


class Tmview:
    """A stand-in for its search."""

    def __init__(self, server: HTTPServer, folder: Path) -> None:
        body = (FIXTURES / "tmview/search-four-offices/page.json").read_bytes()
        self.answer: dict[str, Any] = json.loads(body)
        self.forms: list[dict[str, Any]] = []
        self.server = server
        server.expect_request("/tmview/api/search/results", method="POST").respond_with_handler(self.search)
        server.expect_request("/hook", method="POST").respond_with_data("", 204)
        url = server.url_for("")
        (folder / "tmwatch.toml").write_text(
            f"""
[operator]
contact = "ip-watch@firm.test"
{registers_off()}
[source.tmview]
base_url = "{url}"
min_interval = 0
enabled = true
[[recipient]]
name = "legal"
webhook = {{ url = "{url.rstrip("/")}/hook", secret_env = "HOOK_SECRET", allow_private = true }}
[[watch]]
name = "harbour"
marks = ["SAMPLE HARBOUR"]
offices = ["CN", "CH", "EM", "IT"]
notify = ["legal"]
"""
        )

    def search(self, request: Request) -> Response:
        self.forms.append(request.get_json())
        return Response(json.dumps(self.answer), content_type="application/json")

    @property
    def told(self) -> str:
        return "\n".join(one.get_data(as_text=True) for one, _ in self.server.log if one.path == "/hook")


@pytest.fixture
def tmview(httpserver: HTTPServer, folder: Path, monkeypatch: pytest.MonkeyPatch) -> Tmview:
    monkeypatch.setenv("HOOK_SECRET", SECRET)
    return Tmview(httpserver, folder)


def test_a_change_is_told_as_what_tmview_reports_and_not_as_the_register_s_word(
    tmview: Tmview, run: Run
) -> None:
    assert run("check").code == 0
    tmview.answer["tradeMarks"][0]["tradeMarkStatus"] = "Registration cancelled"
    assert run("check").code == 0
    assert "Registration cancelled" in tmview.told
    assert "TMview reports" in tmview.told
    assert "tmview reports" not in tmview.told


def test_lookup_puts_one_question_for_several_offices(tmview: Tmview, run: Run) -> None:
    ran = run("lookup", "--mark", "SAMPLE HARBOUR", "--office", "CN,EM,IT", "--json")
    assert ran.code == 0
    (form,) = tmview.forms
    assert form["fOffices"] == ["CN", "EM", "IT"]
    assert '"aggregator"' in ran.out


def test_a_number_that_does_not_tell_its_st13_is_answered_with_what_to_write(
    tmview: Tmview, run: Run
) -> None:
    ran = run("lookup", "US reg 2824281")
    assert "ST.13" in ran.out + ran.err
    assert tmview.forms == []


def test_a_comparison_asks_it_for_filings_of_the_offices_it_speaks_for(tmview: Tmview, folder: Path) -> None:
    detail = json.loads((FIXTURES / "tmview/detail-registered/page.json").read_bytes())
    detail["tradeMark"]["tmName"] = "SAMPLE HARBOUR"
    tmview.server.expect_request("/tmview/").respond_with_data("<html></html>", content_type="text/html")
    tmview.server.expect_request(f"/tmview/api/trademark/detail/{detail['ST13']}").respond_with_json(detail)
    config, door = load_config(folder / "tmwatch.toml"), Door("ip-watch@firm.test")
    (side,), silent = live_sides(parse_number(detail["ST13"]), ["tmview"], door, config, {})
    assert side.record.verbal_element == "SAMPLE HARBOUR"
    assert silent == []
