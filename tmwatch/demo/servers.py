"""The other side, real and on loopback: registers, a mail server, a webhook receiver.

Each register has a server of its own, as each host has a pace of its own, and answers at the register's
own paths. What arrives is kept in the folder of the demonstration.
"""

from __future__ import annotations

import asyncio
import contextlib
import datetime as dt
import email
import email.policy
import http.server
import socketserver
import threading
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from email.message import EmailMessage
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

from aiosmtpd.smtp import SMTP

from tmwatch.alerts.webhook import verify
from tmwatch.demo import story

LOOPBACK = "127.0.0.1"
Answer = tuple[int, str, bytes]
_NONE: Answer = (404, "text/plain", b"no such page")


class _Server(http.server.ThreadingHTTPServer):
    daemon_threads = True

    def server_bind(self) -> None:
        # HTTPServer's own asks the name service who 127.0.0.1 is; nothing here leaves the machine.
        socketserver.TCPServer.server_bind(self)
        self.server_name, self.server_port = LOOPBACK, self.server_address[1]


@contextlib.contextmanager
def serving(
    get: Callable[[str, Mapping[str, str], Mapping[str, str]], Answer] | None = None,
    post: Callable[[Mapping[str, str], bytes], int] | None = None,
) -> Iterator[str]:
    """A server on loopback; yields its address. `get(path, parameters, headers)`, `post(headers, body)`."""

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            parts = urlsplit(self.path)
            parameters = {key: values[0] for key, values in parse_qs(parts.query).items()}
            self._send(*(get(parts.path, parameters, self._headers()) if get else _NONE))

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length", "0")))
            self._send(post(self._headers(), body) if post else 404, "text/plain", b"")

        def _headers(self) -> dict[str, str]:
            return {name.lower(): value for name, value in self.headers.items()}

        def _send(self, status: int, kind: str, body: bytes) -> None:
            self.send_response(status)
            self.send_header("Content-Type", kind)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: Any) -> None:
            """Quiet: the demonstration tells its story itself."""

    server = _Server((LOOPBACK, 0), Handler)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
    thread.start()
    try:
        yield f"http://{LOOPBACK}:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


@dataclass
class Registers:
    """The three registers; `look` is what they show now."""

    token: str
    today: dt.date = field(default_factory=lambda: dt.datetime.now(dt.UTC).date())
    look: story.Look = "one"

    def tsdr(self, path: str, parameters: Mapping[str, str], headers: Mapping[str, str]) -> Answer:
        """The USPTO's status page."""
        if path != f"/statusview/sn{story.SERIAL}":
            return _NONE
        return 200, "text/html;charset=UTF-8", story.tsdr_page(self.look)

    def tianyancha(self, path: str, parameters: Mapping[str, str], headers: Mapping[str, str]) -> Answer:
        """The filings of a company, for whoever brings the token."""
        if path != "/services/open/ipr/tm/2.0":
            return _NONE
        kind = "application/json;charset=UTF-8"
        if headers.get("authorization") != self.token:
            return 200, kind, story.tianyancha_error(300002, "账号失效")
        page, size = int(parameters.get("pageNum", "1")), int(parameters.get("pageSize", "20"))
        keyword = parameters.get("keyword", "")
        return 200, kind, story.tianyancha_answer(self.look, self.today, keyword, page, size)

    def office_xx(self, path: str, parameters: Mapping[str, str], headers: Mapping[str, str]) -> Answer:
        """The one filing of an office that does not exist."""
        if path != f"/marks/{story.XX_NUMBER}":
            return _NONE
        return 200, "application/json", story.xx_page(self.look)


# -- where the alerts arrive -------------------------------------------------------------------------


@dataclass(frozen=True)
class Posted:
    """One webhook as it arrived. `error` says why its signature was not believed."""

    headers: Mapping[str, str]
    body: bytes
    event: dict[str, Any]
    path: Path
    error: str = ""


class WebhookReceiver:
    """Checks the signature of what is posted, as a receiver should, and keeps it."""

    def __init__(self, folder: Path, secret: str) -> None:
        self.posts: list[Posted] = []
        self._folder, self._secret = folder, secret

    def post(self, headers: Mapping[str, str], body: bytes) -> int:
        """204 for what was signed with the secret, else 401."""
        event: dict[str, Any] = {}
        error = ""
        try:
            event = verify(body, headers, self._secret)
        except ValueError as wrong:
            error = str(wrong)
        place = len(self.posts) + 1
        path = self._folder / f"{place}-{event.get('type', 'refused')}.json"
        path.write_bytes(body)
        kept = [f"{name}: {value}" for name, value in headers.items() if name.startswith("webhook-")]
        path.with_suffix(".headers.txt").write_text("\n".join(kept) + "\n", encoding="utf-8")
        self.posts.append(Posted(dict(headers), body, event, path, error))
        return 401 if error else 204


@dataclass(frozen=True)
class Received:
    """One mail as it arrived."""

    to: str
    mail: EmailMessage
    path: Path

    def part(self, kind: str) -> str:
        """The "plain" or "html" part."""
        found = self.mail.get_body((kind,))
        return str(found.get_content()) if isinstance(found, EmailMessage) else ""


class Mailbox:
    """Keeps every mail as .eml, and its HTML part beside it for a browser."""

    def __init__(self, folder: Path) -> None:
        self.mails: list[Received] = []
        self._folder = folder

    async def handle_DATA(self, server: Any, session: Any, envelope: Any) -> str:  # noqa: N802 - aiosmtpd's name
        """Called by the mail server with each message."""
        mail = email.message_from_bytes(envelope.content, policy=email.policy.default)
        assert isinstance(mail, EmailMessage)
        to = str(envelope.rcpt_tos[0])
        path = self._folder / f"{len(self.mails) + 1}-to-{to.partition('@')[0]}.eml"
        path.write_bytes(envelope.content)
        received = Received(to, mail, path)
        path.with_suffix(".html").write_text(received.part("html"), encoding="utf-8")
        self.mails.append(received)
        return "250 OK kept"


@contextlib.contextmanager
def mail_server(mailbox: Mailbox) -> Iterator[int]:
    """An SMTP server on loopback; yields its port."""
    loop = asyncio.new_event_loop()
    # Without a hostname aiosmtpd asks the name service for one.
    opening = loop.create_server(lambda: SMTP(mailbox, hostname="localhost", loop=loop), LOOPBACK, 0)
    server = loop.run_until_complete(opening)
    thread = threading.Thread(target=loop.run_forever, daemon=True)
    thread.start()
    try:
        yield int(server.sockets[0].getsockname()[1])
    finally:
        loop.call_soon_threadsafe(loop.stop)
        thread.join()
        server.close()
        loop.run_until_complete(server.wait_closed())
        loop.close()
