"""Real parts on this machine's loopback: a register, a mail server, a webhook receiver."""

from __future__ import annotations

import email
import email.policy
import http.server
import json
import socket
import threading
from collections.abc import Callable
from email.message import EmailMessage
from typing import Any, Self
from urllib.parse import parse_qs, urlsplit

from aiosmtpd.controller import Controller

SOON = 0.01  # seconds after which a server that is told to stop does: it is waited for in hundreds of tests

Answer = bytes | tuple[int, bytes] | Callable[[dict[str, str]], bytes]


def text_of(mail: EmailMessage, kind: str = "plain") -> str:
    """What its plain part says, or the part of another kind."""
    body = mail.get_body((kind,))
    assert body is not None
    return str(body.get_content())


class Loopback:
    """An HTTP server: answers GET from `pages` (by path), keeps what is POSTed in `posts`."""

    def __init__(self) -> None:
        self.pages: dict[str, Answer] = {}
        self.asked: list[str] = []
        self.agents: set[str] = set()
        self.posts: list[tuple[dict[str, str], bytes]] = []
        self.answers: dict[str, Callable[[bytes], bytes]] = {}  # to what is POSTed, by path
        self.post_status = 204
        self.content_type = ""  # of what is answered, for a browser
        outer = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                parts = urlsplit(self.path)
                outer.asked.append(self.path)
                outer.agents.add(self.headers.get("User-Agent", ""))
                answer = outer.pages.get(parts.path, (404, b"no such page"))
                if callable(answer):
                    answer = answer({key: value[0] for key, value in parse_qs(parts.query).items()})
                status, body = answer if isinstance(answer, tuple) else (200, answer)
                self._send(status, body)

            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                outer.posts.append(({key.lower(): value for key, value in self.headers.items()}, body))
                answer = outer.answers.get(urlsplit(self.path).path)
                self._send(200 if answer else outer.post_status, answer(body) if answer else b"")

            def _send(self, status: int, body: bytes) -> None:
                self.send_response(status)
                self.send_header("Content-Length", str(len(body)))
                if outer.content_type:
                    self.send_header("Content-Type", outer.content_type)
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, format: str, *args: Any) -> None:
                """Quiet."""

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}"
        self.thread = threading.Thread(target=self.server.serve_forever, args=(SOON,), daemon=True)

    def __enter__(self) -> Self:
        self.thread.start()
        return self

    def __exit__(self, *ended: object) -> None:
        self.server.shutdown()
        self.server.server_close()

    def events(self) -> list[dict[str, Any]]:
        """The bodies of the webhooks received."""
        return [json.loads(body) for _, body in self.posts]


class Mailbox:
    """A real SMTP server that keeps every mail it is given."""

    def __init__(self) -> None:
        self.mails: list[EmailMessage] = []
        self.to: list[str] = []
        self.refuse = ""  # what every address is answered with
        self._up = False
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = probe.getsockname()[1]
        self.controller = Controller(self, hostname="127.0.0.1", port=self.port)

    async def handle_RCPT(self, server: Any, session: Any, envelope: Any, address: str, options: Any) -> str:
        if self.refuse:
            return self.refuse
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server: Any, session: Any, envelope: Any) -> str:
        message = email.message_from_bytes(envelope.content, policy=email.policy.default)
        assert isinstance(message, EmailMessage)
        self.mails.append(message)
        self.to += envelope.rcpt_tos
        return "250 OK kept"

    def __enter__(self) -> Self:
        self.controller.start()
        self._up = True
        return self

    def __exit__(self, *ended: object) -> None:
        self.stop()

    def stop(self) -> None:
        """The server is down from here on."""
        if self._up:
            self._up = False
            self.controller.stop()

    def texts(self) -> list[str]:
        """The plain parts."""
        return [text_of(mail) for mail in self.mails if mail.get_body(("plain",)) is not None]
