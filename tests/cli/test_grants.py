"""Client id and secret: exchanged for a token once, renewed when it ends, shown nowhere (a real server)."""

from __future__ import annotations

import datetime as dt
import json
import sqlite3
from pathlib import Path
from urllib.parse import parse_qs

import pytest
from pytest_httpserver import HTTPServer
from werkzeug import Request, Response

from tests.cli.conftest import FIXTURES as ALL
from tests.cli.conftest import SECRET as HOOK_SECRET
from tests.cli.conftest import Run
from tmwatch.errors import LayoutChanged
from tmwatch.http.grants import Client, Tokens
from tmwatch.sources.base import Page

FIXTURES = ALL / "em.euipo"
CLIENT, SECRET, TOKEN = "sample-client-4711", "s3cret-of-the-sample", "tok3n-sample"
NUMBER = "099900105"


class Office:
    """A stand-in for the EUIPO: an address that gives tokens and one that wants them."""

    def __init__(self, server: HTTPServer, folder: Path) -> None:
        self.server, self.folder = server, folder
        self.tokens = 0
        self.asked: list[Request] = []
        self.valid: set[str] = set()
        self.token_answer: Response | None = None
        self.answer: Response | None = None
        self.lifetime = 3600
        self.record = json.loads((FIXTURES / "published-for-opposition/page.json").read_bytes())
        self.rows = json.loads((FIXTURES / "search-page/page.json").read_bytes())
        server.expect_request("/oidc/accessToken", method="POST").respond_with_handler(self.give)
        server.expect_request("/api/trademarks").respond_with_handler(self.search)
        server.expect_request(f"/api/trademarks/{NUMBER}").respond_with_handler(self.show)
        server.expect_request("/api/trademarks/018228224").respond_with_handler(self.known)

    def give(self, request: Request) -> Response:
        form = parse_qs(request.get_data(as_text=True))
        if self.token_answer is not None:
            return self.token_answer
        if form.get("client_id") != [CLIENT] or form.get("client_secret") != [SECRET]:
            return Response(json.dumps({"error": "invalid_client"}), 401, content_type="application/json")
        assert form["grant_type"] == ["client_credentials"]
        assert form["scope"] == ["uid"]
        self.tokens += 1
        token = f"{TOKEN}-{self.tokens}"
        self.valid.add(token)
        said = {"access_token": token, "token_type": "bearer", "expires_in": self.lifetime}
        return Response(json.dumps(said), content_type="application/json")

    def _let_in(self, request: Request) -> bool:
        self.asked.append(request)
        known = request.headers.get("Authorization", "").removeprefix("Bearer ") in self.valid
        return known and request.headers.get("X-IBM-Client-Id") == CLIENT

    def _say(self, request: Request, said: object) -> Response:
        if not self._let_in(request):
            return Response('{"title":"Unauthorized"}', 401, content_type="application/json")
        return self.answer or Response(json.dumps(said), content_type="application/json")

    def show(self, request: Request) -> Response:
        return self._say(request, self.record)

    def search(self, request: Request) -> Response:
        return self._say(request, self.rows)

    def known(self, request: Request) -> Response:
        return self._say(request, dict(self.record, applicationNumber="018228224"))

    def configure(self, watch: str) -> None:
        url = self.server.url_for("/")
        (self.folder / "tmwatch.toml").write_text(
            f"""
[operator]
contact = "ip-watch@firm.test"
[source."em.euipo"]
base_url = "{url}api"
token_url = "{url}oidc/accessToken"
min_interval = 0
[[recipient]]
name = "legal"
webhook = {{ url = "{url}hook", secret_env = "HOOK_SECRET", allow_private = true }}
[[watch]]
name = "EU"
{watch}
notify = ["legal"]
"""
        )


@pytest.fixture
def office(
    httpserver: HTTPServer,
    folder: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> Office:
    monkeypatch.setenv("EUIPO_CLIENT_ID", CLIENT)
    monkeypatch.setenv("EUIPO_CLIENT_SECRET", SECRET)
    monkeypatch.setenv("HOOK_SECRET", HOOK_SECRET)
    httpserver.expect_request("/hook", method="POST").respond_with_data("", 204)
    made = Office(httpserver, folder)
    made.configure(f'numbers = ["EM {NUMBER}"]\nrole = "own"')
    return made


def hooks(office: Office) -> list[dict[str, object]]:
    return [json.loads(one.get_data()) for one, _ in office.server.log if one.path == "/hook"]


def test_one_token_serves_a_whole_run_and_a_change_is_told(office: Office, run: Run) -> None:
    office.configure(f'numbers = ["EM {NUMBER}", "EM 018228224"]\nrole = "own"')
    assert run("check").code == 0
    assert office.tokens == 1
    assert len(office.asked) == 2
    office.record |= {"status": "OPPOSITION_PENDING", "statusDate": "2026-11-20"}
    office.record["oppositions"] = [
        {"oppositionNumber": "009990077", "oppositionDate": "2026-11-20", "status": "RECEIVED"}
    ]
    ran = run("check")
    assert ran.code == 0
    told = json.dumps(hooks(office))
    assert "OPPOSITION_PENDING" in told
    assert "009990077" in told


def test_an_owner_is_searched_and_found_with_classes_asked_of_the_office(office: Office, run: Run) -> None:
    office.configure('owners = ["Sample Harbour Works"]\nclasses = [12]\noffices = ["EM"]')
    assert run("check").code == 0
    (search,) = [one for one in office.asked if one.path == "/api/trademarks"]
    assert search.args["query"] == 'applicants.name=="*Sample*Harbour*Works*" and niceClasses=in=(12)'
    assert run("show", "EM 099900101", "--json").json["verbal_element"] == "SAMPLE HARBOUR"


def test_a_token_that_is_no_longer_taken_is_renewed_once(office: Office, run: Run) -> None:
    office.configure(f'numbers = ["EM {NUMBER}", "EM 018228224"]\nrole = "own"')
    first = office.show

    def revoke(request: Request) -> Response:
        said = first(request)
        office.valid.clear()
        return said

    office.show = revoke  # type: ignore[method-assign]  # of this office only
    office.server.clear_all_handlers()
    for path, handler in (
        ("/oidc/accessToken", office.give),
        (f"/api/trademarks/{NUMBER}", revoke),
        ("/api/trademarks/018228224", office.known),
    ):
        office.server.expect_request(path).respond_with_handler(handler)
    assert run("check").code == 0
    assert office.tokens == 2


@pytest.mark.parametrize(
    ("status", "body", "outcome", "said"),
    [
        (401, '{"error":"invalid_client"}', "login_required", "does not accept the client id and secret"),
        (400, '{"error":"invalid_client"}', "login_required", "EUIPO_CLIENT_SECRET"),
        (403, "{}", "login_required", "subscribed to this service"),
        (429, "{}", "throttled", "fewer questions"),
        (503, "busy", "server_error", "error of its own"),
        (200, "{}", "layout_changed", "no `access_token`"),
        (200, "<html>login</html>", "layout_changed", ""),
    ],
)
def test_where_no_token_is_given_it_is_said_what_to_do(
    office: Office,
    run: Run,
    status: int,
    body: str,
    outcome: str,
    said: str,
) -> None:
    office.token_answer = Response(body, status, content_type="application/json")
    ran = run("check", "--json")
    (asked,) = ran.json["asked"]
    if outcome != "layout_changed":
        assert asked["outcome"] == outcome
    else:
        assert asked["outcome"] in ("layout_changed", "login_required")
    assert said in asked["error"]
    assert not office.asked
    assert ran.code == (1 if outcome in ("login_required", "layout_changed") else 0)


@pytest.mark.parametrize(
    ("status", "outcome"), [(429, "throttled"), (401, "login_required"), (404, "not_found")]
)
def test_an_answer_of_the_register_itself_ends_in_its_outcome(
    office: Office,
    run: Run,
    status: int,
    outcome: str,
) -> None:
    headers = {"Retry-After": "30", "X-RateLimit-Remaining": "0"} if status == 429 else {}
    office.answer = Response('{"title":"no"}', status, headers, content_type="application/json")
    (asked,) = run("check", "--json").json["asked"]
    assert asked["outcome"] == outcome
    assert office.tokens <= 2


@pytest.mark.parametrize("missing", ["EUIPO_CLIENT_ID", "EUIPO_CLIENT_SECRET"])
def test_without_id_or_secret_nobody_is_asked_and_the_missing_one_is_named(
    office: Office,
    run: Run,
    monkeypatch: pytest.MonkeyPatch,
    missing: str,
) -> None:
    monkeypatch.delenv(missing)
    ran = run("check", "--json")
    assert office.tokens == 0
    assert ran.json["asked"] == []
    assert f"no key: set {missing}" in json.dumps(ran.json["coverage"])


def test_a_test_s_address_without_its_own_token_address_asks_nobody_for_a_token(
    office: Office, run: Run, folder: Path
) -> None:
    path = folder / "tmwatch.toml"
    lines = [line for line in path.read_text().splitlines() if not line.startswith("token_url")]
    path.write_text("\n".join(lines))
    ran = run("check", "--json")
    assert ran.json["asked"] == []
    assert "say where tokens are: token_url in" in json.dumps(ran.json["coverage"])


@pytest.mark.parametrize(
    ("headers", "waited"),
    [({"X-RateLimit-Reset": "120"}, True), ({"X-RateLimit-Reset": "1795650000"}, False), ({}, False)],
)
def test_over_quota_it_waits_as_long_as_the_office_says(
    office: Office, run: Run, headers: dict[str, str], waited: bool
) -> None:
    office.answer = Response('{"title":"no"}', 429, headers, content_type="application/json")
    assert run("check", "--json").json["asked"][0]["outcome"] == "throttled"
    asked = len(office.asked)
    again = run("check", "--json", "--all").json
    assert bool(again["left_for_later"]) is waited
    assert (len(office.asked) == asked) is waited


def test_neither_secret_nor_token_stands_anywhere(office: Office, run: Run, folder: Path) -> None:
    echo = f"echo of {TOKEN}-1, {CLIENT} and {SECRET}"
    office.record["description"] = [{"language": "en", "text": echo}]
    said = run("check", "--json")
    office.token_answer = Response(json.dumps({"error": SECRET}), 401, content_type="application/json")
    said2 = run("check", "--json", "--all")
    written = b"".join(path.read_bytes() for path in folder.parent.rglob("*") if path.is_file())
    dump = "\n".join(sqlite3.connect(folder / "tmwatch.db").iterdump())
    for secret in (SECRET, CLIENT, f"{TOKEN}-1"):
        assert secret.encode() not in written
        assert secret not in dump
        for ran in (said, said2):
            assert secret not in ran.out + ran.err


@pytest.mark.parametrize(
    ("said", "holds"),
    [("NaN", 20), ("1" + "0" * 400, 80_000), ('"3600"', 3000), ("-5", 20), ('"soon"', 20), ("null", 20)],
)
def test_whatever_is_said_of_its_term_a_token_holds_for_a_while(said: str, holds: int) -> None:
    now = [dt.datetime(2026, 11, 25, tzinfo=dt.UTC)]
    tokens, client = Tokens(lambda: now[0]), Client(CLIENT)
    tokens.keep("u", client, Page(b'{"access_token":"x","expires_in":' + said.encode() + b"}"))
    now[0] += dt.timedelta(seconds=holds if "0000" not in said else 20)
    assert tokens.held("u", client) == "x"


@pytest.mark.parametrize(
    "body", [b"[" * 200_000, b"[]", b"null", b'{"access_token":"a\\nb"}', b'{"access_token":1}']
)
def test_an_answer_without_a_token_is_no_crash(body: bytes) -> None:
    with pytest.raises(LayoutChanged):
        Tokens(lambda: dt.datetime.now(dt.UTC)).keep("u", Client(CLIENT), Page(body))


def test_a_token_that_ends_is_asked_for_again(office: Office, run: Run) -> None:

    now = [dt.datetime(2026, 11, 25, tzinfo=dt.UTC)]
    tokens = Tokens(lambda: now[0])
    client = Client(CLIENT)
    tokens.keep("u", client, Page(b'{"access_token":"x","expires_in":100}'))
    assert tokens.held("u", client) == "x"
    now[0] += dt.timedelta(seconds=75)  # it would end while the question is under way
    assert tokens.held("u", client) is None
