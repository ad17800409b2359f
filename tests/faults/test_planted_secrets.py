"""Secrets are planted everywhere a user may keep one, the other sides repeat them as loudly as they can,
and afterwards nothing that tmwatch wrote or said holds any of them (design law 13).

A real register that answers with the very headers it was asked with, a mail server that repeats
the password in its refusal, a webhook receiver that repeats its own address and the signature's secret.
"""

from __future__ import annotations

import base64
import http.server
import json
import socket
import sqlite3
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any, ClassVar
from urllib.parse import quote, quote_plus, unquote

import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import AuthResult

from tests.conftest import ROOT, registers_off
from tests.test_whole_way import row
from tmwatch import archive
from tmwatch.cli import main

API_KEY = "Kx9-api-KEY+planted/one=="
TOKEN = "7f3a-token-planted-two"
PASSWORD = "p@ss wörd planted three"
HOOK_KEY = base64.b64encode(b"planted four, the signing key").decode()
HOOK_PATH = "T04planted5/B05hidden/xoxb-six"
CLIENT_ID = "planted-client-id-seven7"
CLIENT_SECRET = "eight/planted+Secret=="
ACCESS = "eyJhbGci.planted-access-nine.x9"
BOT_TOKEN = "xoxb-planted-ten/of+the.bot"
BOT_SECRET = "SECplanted+eleven=="
NTFY_TOKEN = "tk_planted_twelve"
USER = "ip-watch@firm.test"
SECRETS = {
    "bot's address": BOT_TOKEN,
    "bot's secret": BOT_SECRET,
    "ntfy's token": NTFY_TOKEN,
    "API key": API_KEY,
    "token": TOKEN,
    "password": PASSWORD,
    "signing secret": f"whsec_{HOOK_KEY}",
    "webhook's path": HOOK_PATH,
    "client id": CLIENT_ID,
    "client secret": CLIENT_SECRET,
    "access token": ACCESS,
}
RECORD = ROOT / "fixtures/us.tsdr-api/st96-madrid-with-opposition/sn79990301-ST96.xml"
SERIAL = "79990301"
EUIPO = ROOT / "fixtures/em.euipo/published-for-opposition/page.json"
EUIPO_NUMBER = json.loads(EUIPO.read_bytes())["applicationNumber"]


def disguises(secret: str) -> Iterator[bytes]:
    """A secret as it may be written by somebody who did not mean to."""
    plain = secret.encode()
    yield from {
        plain,
        base64.b64encode(plain),
        quote(secret).encode(),
        quote(secret, safe="").encode(),
        quote_plus(secret).encode(),
        json.dumps(secret)[1:-1].encode(),
        plain.hex().encode(),
        base64.b64encode(f"\0{USER}\0{secret}".encode()),
        plain.removeprefix(b"whsec_"),
    }


class Blabbing(http.server.BaseHTTPRequestHandler):
    """Answers as `mode` says, and repeats what it was asked with wherever it can."""

    mode: ClassVar[str] = "good"

    def do_GET(self) -> None:
        said = "; ".join(f"{name}: {value}" for name, value in self.headers.items())
        if self.mode == "good":
            self._send(200, self._record(said))
        elif self.mode == "redirect":
            self._send(302, b"", Location=f"http://elsewhere.example/{quote(said)}")
        elif self.mode == "login":
            self._send(302, b"", Location=f"/login?return={quote(said)}")
        else:
            page = f"<html><title>{said}</title><body><h1>{said}</h1>{self.path}</body></html>"
            self._send(int(self.mode), page.encode())

    def _record(self, said: str) -> bytes:
        if "/trademarks/" in self.path:
            told = [{"language": "en", "text": f"heard {said}"}]
            return json.dumps({**json.loads(EUIPO.read_bytes()), "description": told}).encode()
        if "casestatus" in self.path:
            record = RECORD.read_bytes()
            # What an office's debugging build might do: the request as a comment, and in a text that is read.
            heard = f"<!-- {said.replace('--', '- -')} -->".encode()
            words = f"heard {self.headers.get('USPTO-API-KEY', '')} ".encode()
            return record.replace(b"</", heard + b"</", 1).replace(b"SAMPLE", words + b"SAMPLE")
        items = [row(1, "JD Auto", 12, uni=said, tmFlow=self.headers.get("Authorization"))]
        return json.dumps({"error_code": 0, "reason": said, "result": {"total": 1, "items": items}}).encode()

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        if self.path == "/oidc/accessToken":
            heard = {"error": "invalid_client", "error_description": f"no: {body.decode()}"}
            good = {"access_token": ACCESS, "token_type": "Bearer", "expires_in": 3600, "heard": str(heard)}
            refused = self.mode == "403"
            self._send(401 if refused else 200, json.dumps(heard if refused else good).encode())
            return
        said = f"Cannot POST {self.path} {HOOK_KEY} whsec_{HOOK_KEY} {self.headers['webhook-signature']}"
        said += f" {BOT_SECRET} {unquote(self.path)} {self.headers['Authorization']}"
        self._send(500, said.encode(), **{"X-Echo": self.path})

    def _send(self, status: int, body: bytes, **headers: str) -> None:
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.send_header("ETag", f'"{self.headers.get("USPTO-API-KEY", "")}"')
        self.send_header("Set-Cookie", f"key={quote(self.headers.get('Authorization', ''))}")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: Any) -> None:
        """Quiet."""


def refuse(server: Any, session: Any, envelope: Any, mechanism: str, data: Any) -> AuthResult:
    """Repeats the password it was given."""
    heard = data.password.decode("utf-8", "replace").encode("ascii", "replace").decode()
    again = base64.b64encode(data.password).decode()
    return AuthResult(success=False, handled=False, message=f"535 5.7.8 no: {heard} {again} {PASSWORD[:5]}")


class Place:
    """A folder with all the secrets in it, and everything that is said there."""

    def __init__(self, folder: Path, register: int, smtp: int, capture: pytest.CaptureFixture[str]) -> None:
        self.folder, self.capture = folder, capture
        self.said: list[str] = []
        self.own = {folder / name for name in ("tmwatch.toml", "token.txt", "password.txt", "page.xml")}
        self.own.add(folder / "slack.txt")
        slack = f"http://127.0.0.1:{register}/services/T0/{quote(BOT_TOKEN, safe='')}"
        (folder / "slack.txt").write_text(slack + "\n", encoding="utf-8")
        (folder / "token.txt").write_text(TOKEN + "\n", encoding="utf-8")
        (folder / "password.txt").write_text(PASSWORD + "\n", encoding="utf-8")
        (folder / "tmwatch.toml").write_text(
            f"""
[operator]
contact = "{USER}"
[smtp]
host = "127.0.0.1"
port = {smtp}
security = "none"
sender = "{USER}"
username = "{USER}"
password_file = "password.txt"
[source."us.tsdr-api"]
base_url = "http://127.0.0.1:{register}"
min_interval = 0
[source."cn.tianyancha"]
base_url = "http://127.0.0.1:{register}"
key_file = "token.txt"
min_interval = 0
[source."em.euipo"]
base_url = "http://127.0.0.1:{register}"
token_url = "http://127.0.0.1:{register}/oidc/accessToken"
min_interval = 0
{registers_off()}
[[recipient]]
name = "legal"
email = ["legal@firm.test"]
slack = {{ url_file = "slack.txt", allow_private = true }}
dingtalk = {{ url_env = "DING_URL", secret_env = "DING_SECRET", allow_private = true }}
ntfy = {{ url_env = "NTFY_URL", token_env = "NTFY_TOKEN", allow_private = true }}
[recipient.webhook]
url = "http://127.0.0.1:{register}/{HOOK_PATH}"
secret_env = "HOOK_SECRET"
allow_private = true
[[watch]]
name = "own"
numbers = ["US {SERIAL}", "EM {EUIPO_NUMBER}"]
notify = ["legal"]
[[watch]]
name = "JD"
owners = ["北京京东叁佰陆拾度电子商务有限公司"]
offices = ["CN"]
notify = ["legal"]
""",
            encoding="utf-8",
        )

    def run(self, *words: str) -> str:
        self.capture.readouterr()
        main(list(words))
        seen = self.capture.readouterr()
        assert "a bug in tmwatch" not in seen.err
        self.said.append(f"$ {words}\n{seen.out}\n{seen.err}")
        return seen.out

    def written(self) -> Iterator[tuple[str, bytes]]:
        """Everything that is there now and was not put there by the user, databases row by row as well."""
        yield "the screen", "\n".join(self.said).encode()
        for path in sorted(self.folder.rglob("*")):
            if not path.is_file() or path in self.own:
                continue
            yield str(path), path.read_bytes()
            if path.suffix == ".db":
                with sqlite3.connect(path) as base:
                    yield f"the dump of {path}", "\n".join(base.iterdump()).encode()
                    for sha256, body in base.execute("select sha256, body from snapshot"):
                        yield f"raw page {sha256} of {path}", archive.unpack(body, sha256)
                base.close()


@pytest.fixture
def place(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Iterator[Place]:
    monkeypatch.setenv("USPTO_API_KEY", API_KEY)
    monkeypatch.setenv("EUIPO_CLIENT_ID", CLIENT_ID)
    monkeypatch.setenv("EUIPO_CLIENT_SECRET", CLIENT_SECRET)
    monkeypatch.setenv("HOOK_SECRET", f"whsec_{HOOK_KEY}")
    monkeypatch.setenv("DING_SECRET", BOT_SECRET)
    monkeypatch.setenv("NTFY_TOKEN", NTFY_TOKEN)
    monkeypatch.setenv("TMWATCH_STATE_DIR", str(tmp_path / "state"))
    monkeypatch.chdir(tmp_path)
    register = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Blabbing)
    threading.Thread(target=register.serve_forever, daemon=True).start()
    address = f"http://127.0.0.1:{register.server_port}"
    monkeypatch.setenv("DING_URL", f"{address}/robot/send?access_token={quote(BOT_TOKEN, safe='')}")
    monkeypatch.setenv("NTFY_URL", f"{address}/{quote(BOT_TOKEN, safe='')}")
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    refusing: dict[str, Any] = {"auth_require_tls": False, "auth_required": True, "authenticator": refuse}
    mail = Controller(object(), hostname="127.0.0.1", port=port, **refusing)
    mail.start()
    try:
        yield Place(tmp_path, register.server_port, port, capsys)
    finally:
        mail.stop()
        register.shutdown()
        register.server_close()


def test_no_secret_is_in_any_log_error_database_row_dump_backup_or_export(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    for mode in ("good", "401", "403", "429", "500", "redirect", "login", "404", "good"):
        monkeypatch.setattr(Blabbing, "mode", mode)
        # A fresh pace each time: after an error it would make us wait, as it should.
        monkeypatch.setenv("TMWATCH_STATE_DIR", str(place.folder / f"state-{mode}"))
        place.run("-vv", "check", "--all", "--json")
    place.run("lookup", "JD Auto", "--json")
    place.run("source", "check", "--debug")
    place.run("source", "list", "--json")
    place.run("watch", "list", "--json")
    place.run("alerts", "list", "--json")
    place.run("alerts", "retry")
    place.run("notify", "test", "legal")
    place.run("notify", "test", "legal", "--json", "--debug")
    place.run("alerts", "preview", "--channel", "dingtalk", "--json")
    place.run("-vv", "check")
    place.run("doctor", "--json")
    place.run("doctor")
    for what in ("marks", "changes", "events"):
        place.run("export", "--what", what, "-o", f"{what}.csv")
        place.run("export", "--what", what, "--format", "jsonl", "-o", f"{what}.jsonl")
    place.run("backup", "copy.db")
    place.run("show", f"US {SERIAL}", "--json", "--events", "--goods")
    place.run("history", f"US {SERIAL}", "--json")
    assert "heard" in place.run("show", f"EM {EUIPO_NUMBER}", "--json")
    # The looks truly were made, and failed in each of the ways.
    with sqlite3.connect(place.folder / "tmwatch.db") as base:
        outcomes = {row[0] for row in base.execute("select distinct outcome from observation")}
        assert {"ok", "login_required", "throttled", "server_error", "not_found", "declined"} <= outcomes
        tried = dict(base.execute("select channel, max(tries) from delivery group by channel"))
    base.close()
    assert set(tried) == {"email", "webhook", "slack", "dingtalk", "ntfy"}
    assert min(tried.values()) > 0
    found = [
        (name, where)
        for where, text in place.written()
        for name, secret in SECRETS.items()
        for form in disguises(secret)
        if form in text
    ]
    assert found == []


def test_a_page_that_repeats_the_key_is_read_and_kept_without_it(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Blabbing, "mode", "good")
    place.run("check", "--all")
    shown = place.run("show", f"US {SERIAL}", "--json")
    assert json.loads(shown)["application_number"] == SERIAL
    assert f"heard {'*' * len(API_KEY)}" in shown
