"""Receivers that behave as badly as real ones: a mail server and a webhook, raw sockets on loopback.

    with HostileHook("500") as hook, HostileMail("drop-after-data") as mail:
        hook.url, mail.port             # where they listen
        hook.behave = "ok"              # from the next connection on
        hook.books, mail.books          # what a receiver that goes by id holds: id → times it came

HOOKS and MAILS name every behaviour. Raw sockets, because no well-kept server library can lie about its
length, stop in the middle of its greeting, or take a message and leave before it says so. `authority`
makes certificates; an expired one is `tls(authority, "localhost", expired=True)`.
"""

from __future__ import annotations

import contextlib
import datetime as dt
import gzip
import re
import socket
import ssl
import struct
import threading
import time
from collections import Counter
from collections.abc import Callable
from typing import Self

import trustme


def tls(authority: trustme.CA, *names: str, expired: bool = False) -> ssl.SSLContext:
    """What a server needs to speak TLS under these names."""
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    then = dt.datetime.now(dt.UTC) - dt.timedelta(days=30) if expired else None
    authority.issue_cert(*names, not_after=then).configure_cert(context)
    return context


class _Machine:
    """Listens on a free port of 127.0.0.1, one thread a connection, until the block ends."""

    def __init__(self, behave: str, tls: ssl.SSLContext | None = None) -> None:
        self.behave = behave
        self.tls = tls
        self.books: Counter[str] = Counter()
        self.at: list[float] = []  # when each connection came, on the monotonic clock
        self.slow = 3.0  # seconds, for the behaviours that are late
        self.open = True
        self._held: list[socket.socket] = []
        self._listener = socket.create_server(("127.0.0.1", 0), backlog=50)
        self.port: int = self._listener.getsockname()[1]

    @property
    def connections(self) -> int:
        """How often it was called."""
        return len(self.at)

    def __enter__(self) -> Self:
        threading.Thread(target=self._serve, daemon=True).start()
        return self

    def __exit__(self, *ended: object) -> None:
        self.open = False
        with contextlib.suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)  # or the thread in accept() would take one more
        self._listener.close()
        for conn in self._held:
            conn.close()

    def _serve(self) -> None:
        while self.open:
            try:
                conn, _ = self._listener.accept()
            except OSError:
                return
            self.at.append(time.monotonic())
            self._held.append(conn)
            threading.Thread(target=self._safely, args=(conn, self.behave), daemon=True).start()

    def _safely(self, conn: socket.socket, behave: str) -> None:
        conn.settimeout(20)
        with contextlib.suppress(OSError, ValueError), conn:
            self.meet(conn, behave)

    def meet(self, conn: socket.socket, behave: str) -> None:
        """One connection."""
        raise NotImplementedError

    def silence(self) -> None:
        """Says nothing for as long as anybody waits."""
        while self.open:
            time.sleep(0.02)

    def drip(self, conn: socket.socket, piece: bytes = b"a") -> None:
        """A little now and then, for ever: no time-out of silence ever ends it."""
        while self.open:
            conn.sendall(piece)
            time.sleep(0.02)

    def drip_fast(self, conn: socket.socket, piece: bytes) -> None:
        """All that the other side takes, for ever."""
        while self.open:
            conn.sendall(piece)


def reset(conn: socket.socket) -> None:
    """Leaves without a goodbye."""
    conn.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    conn.close()


# -- webhooks ----------------------------------------------------------------------------------------------


class HostileHook(_Machine):
    """An HTTP endpoint. Whatever was posted whole is in its books, by webhook-id."""

    retry_after = "1800"

    def __init__(self, behave: str = "ok", tls: ssl.SSLContext | None = None) -> None:
        super().__init__(behave, tls)
        self.paths: list[str] = []

    @property
    def base(self) -> str:
        """Scheme, host and port."""
        return f"{'https://localhost' if self.tls else 'http://127.0.0.1'}:{self.port}"

    @property
    def url(self) -> str:
        """Its address, with a path."""
        return f"{self.base}/tm"

    def meet(self, conn: socket.socket, behave: str) -> None:
        """Read the request, note its id, answer as told."""
        if behave == "tls-never-finishes":
            self.silence()
        if behave == "tls-drips":
            self.drip(conn, b"\x16")
        if behave == "silent-before-reading":
            self.silence()
        if behave == "reset":
            reset(conn)
            return
        if self.tls:
            conn = self.tls.wrap_socket(conn, server_side=True)
        head, _, body = self._until(conn, b"\r\n\r\n").partition(b"\r\n\r\n")
        found = re.search(rb"(?i)content-length: *(\d+)", head)
        while found and len(body) < int(found[1]):
            body += conn.recv(65536)
        name = re.search(rb"(?i)\r\nwebhook-id: *(\S+)", head)
        self.paths.append(head.split(b" ")[1].decode())
        if name:
            self.books[name[1].decode()] += 1
        HOOKS[behave](self, conn)

    def _until(self, conn: socket.socket, end: bytes) -> bytes:
        got = b""
        while end not in got:
            piece = conn.recv(65536)
            if not piece:
                raise OSError("the client left")
            got += piece
        return got


def _answer(
    status: str, body: bytes = b"", headers: str = "", length: int | None = None
) -> Callable[..., None]:
    size = len(body) if length is None else length
    head = f"HTTP/1.1 {status}\r\nConnection: close\r\n{headers}"
    head += f"Content-Length: {size}\r\n\r\n" if size >= 0 else "\r\n"
    return lambda hook, conn: conn.sendall(head.encode() + body)


def _late(hook: HostileHook, conn: socket.socket) -> None:
    until = time.monotonic() + hook.slow
    while hook.open and time.monotonic() < until:
        time.sleep(0.02)
    _answer("200 OK", b"taken")(hook, conn)


def _then(first: bytes, more: bytes) -> Callable[..., None]:
    def answer(hook: HostileHook, conn: socket.socket) -> None:
        conn.sendall(first)
        while hook.open:
            conn.sendall(more)

    return answer


def _then_drip(first: bytes, piece: bytes = b"a") -> Callable[..., None]:
    def answer(hook: HostileHook, conn: socket.socket) -> None:
        conn.sendall(first)
        hook.drip(conn, piece)

    return answer


def _redirect(to: str, status: str = "307 Temporary Redirect", more: bytes = b"") -> Callable[..., None]:
    def answer(hook: HostileHook, conn: socket.socket) -> None:
        place = to or hook.url
        if more:
            _then(f"HTTP/1.1 {status}\r\nLocation: {place}\r\n\r\n".encode(), more)(hook, conn)
        else:
            _answer(status, headers=f"Location: {place}\r\n")(hook, conn)

    return answer


HOOKS: dict[str, Callable[[HostileHook, socket.socket], None]] = {
    "ok": _answer("204 No Content"),
    "200": _answer("200 OK", b"thanks"),
    **{str(code): _answer(f"{code} Status", b"no") for code in (400, 401, 404, 410, 500, 502, 503, 504)},
    "429": lambda hook, conn: _answer("429 Slow", headers=f"Retry-After: {hook.retry_after}\r\n")(hook, conn),
    "redirect-elsewhere": _redirect("https://elsewhere.example/tm"),
    "redirect-to-itself": _redirect(""),
    "redirect-to-http": _redirect("http://hooks.example.com/tm", "301 Moved Permanently"),
    "redirect-inside": _redirect("http://169.254.169.254/latest/meta-data/", "302 Found"),
    "redirect-without-end": _redirect("https://elsewhere.example/", "302 Found", b"x" * 65536),
    "late": _late,
    "silent": lambda hook, conn: hook.silence(),
    "hangs-up": lambda hook, conn: None,
    "half-a-head": lambda hook, conn: conn.sendall(b"HTTP/1.1 200 OK\r\nContent-Le"),
    "half-a-body": _answer("200 OK", b"half", length=1000),
    "half-a-body-500": _answer("500 Oops", b"half", length=1000),
    "body-without-end": _then(b"HTTP/1.1 200 OK\r\n\r\n", b"x" * 65536),
    "body-that-drips": _then_drip(b"HTTP/1.1 200 OK\r\n\r\n"),
    "head-that-drips": _then_drip(b"HTTP/1.1 200 OK\r\nX-Slow: "),
    "head-without-end": _then(b"HTTP/1.1 200 OK\r\n", b"X-More: 1\r\n" * 1000),
    # In pieces with pauses: it is the time that ends it, and all of that would be spent on reading it.
    "continue-without-end": _then_drip(b"", b"HTTP/1.1 100 Continue\r\n\r\n" * 100),
    "bomb": _answer("200 OK", gzip.compress(bytes(50 << 20)), "Content-Encoding: gzip\r\n"),
    "garbage": lambda hook, conn: conn.sendall(b"\x00\xff SSH-2.0-what\r\n\r\n"),
    "not-ascii": _answer("200 OK", "已收到 \x1b[31m".encode("gb18030")),
}


# -- mail -------------------------------------------------------------------------------------------------


class HostileMail(_Machine):
    """An SMTP server. A message that came whole is in its books, by Message-ID, answered or not.

    `answers` gives single addresses an answer of their own to RCPT.
    """

    def __init__(self, behave: str = "ok", tls: ssl.SSLContext | None = None) -> None:
        super().__init__(behave, tls)
        self.answers: dict[str, str] = {}
        self.taken: list[tuple[str, str]] = []  # (address, Message-ID), as they came
        self.fatal = ""  # a message with this text in it makes the server leave

    def meet(self, conn: socket.socket, behave: str) -> None:
        """Greet, and go on by SMTP as far as the behaviour lets it."""
        greeting = MAILS[behave]
        if greeting is not None:
            greeting(self, conn)
            return
        if behave == "late-greeting":
            time.sleep(self.slow)
        if behave == "tls-at-once" and self.tls:
            conn = self.tls.wrap_socket(conn, server_side=True)
        conn.sendall("220 邮件服务\r\n".encode("gb18030") if behave == "not-ascii" else b"220 here\r\n")
        to, file = "", conn.makefile("rb")
        while line := file.readline():
            verb, text = line[:4].upper().strip(), line.decode("utf-8", "replace")
            if verb == b"RCPT":
                to = text.partition("<")[2].partition(">")[0]
            stop = self._step(conn, behave, verb, to)
            if stop:
                return
            if verb == b"STAR" and self.tls:
                conn = self.tls.wrap_socket(conn, server_side=True)
                file = conn.makefile("rb")
            if verb == b"DATA":
                message = b""
                while not message.endswith(b"\r\n.\r\n"):
                    message += file.readline()
                if self._take(conn, behave, message, to):
                    return

    def _step(self, conn: socket.socket, behave: str, verb: bytes, to: str) -> bool:
        """Answer one command; True to leave."""
        if behave == f"421-at-{verb.decode().lower()}":
            conn.sendall(b"421 closing\r\n")
            return True
        if behave == f"drops-at-{verb.decode().lower()}":
            return True
        if verb == b"STAR" and behave.startswith("starttls-"):
            return self._starttls(conn, behave)
        offer = b"250-here\r\n250 STARTTLS\r\n" if self.tls or "starttls" in behave else b"250 here\r\n"
        answers = {b"EHLO": offer, b"STAR": b"220 go\r\n", b"DATA": b"354 go on\r\n", b"QUIT": b"221 bye\r\n"}
        if verb == b"RCPT" and to in self.answers:
            conn.sendall(self.answers[to].encode("utf-8") + b"\r\n")
            return False
        if verb == b"QUIT" and behave == "silent-at-quit":
            self.silence()
        conn.sendall(answers.get(verb, b"250 fine\r\n"))
        return verb == b"QUIT"

    def _starttls(self, conn: socket.socket, behave: str) -> bool:
        if behave == "starttls-refused":
            conn.sendall(b"454 not today\r\n")
            return False
        conn.sendall(b"220 go\r\n")
        if behave == "starttls-silent":
            self.silence()
        if behave == "starttls-garbage":
            conn.sendall(b"250 I speak no TLS\r\n" * 50)
        return True

    def _take(self, conn: socket.socket, behave: str, message: bytes, to: str) -> bool:
        found = re.search(rb"(?im)^Message-ID: *<(\S+)>", message)
        name = found[1].decode() if found else ""
        self.books[name] += 1
        self.taken.append((to, name))
        if behave == "drops-after-data" or (self.fatal and self.fatal in to):
            return True
        if behave == "silent-after-data":
            self.silence()
        said = {
            "421-after-data": b"421 closing\r\n",
            "450-after-data": b"450 try later\r\n",
            "554-after-data": b"554 looks like spam\r\n",
            "not-ascii": "250 已排队\x1b[31m\r\n".encode("gb18030"),
        }
        conn.sendall(said.get(behave, b"250 queued\r\n"))
        return behave == "421-after-data"


def _says(text: bytes) -> Callable[..., None]:
    return lambda mail, conn: conn.sendall(text)


# None: it greets as it should and errs later (see `HostileMail`).
MAILS: dict[str, Callable[[HostileMail, socket.socket], None] | None] = {
    **dict.fromkeys(("ok", "late-greeting", "not-ascii", "tls-at-once", "silent-at-quit")),
    **dict.fromkeys(("421-at-mail", "421-at-rcpt", "421-after-data", "450-after-data", "554-after-data")),
    **dict.fromkeys(("drops-at-mail", "drops-at-rcpt", "drops-after-data", "silent-after-data")),
    **dict.fromkeys(("starttls-refused", "starttls-garbage", "starttls-closes", "starttls-silent")),
    "silent": lambda mail, conn: mail.silence(),
    "drips": lambda mail, conn: mail.drip(conn),
    "hangs-up": lambda mail, conn: None,
    "closes-in-greeting": _says(b"220 he"),
    "554-greeting": _says(b"554 not you\r\n"),
    "421-greeting": _says(b"421 too busy\r\n"),
    "huge-banner": _says(b"220 " + b"x" * (1 << 20) + b"\r\n"),
    "banner-without-end": lambda mail, conn: mail.drip_fast(conn, b"220-and another thing\r\n" * 1000),
    "garbage": _says(b"\x00\xff\xfe\r\n" * 100),
    "reset": lambda mail, conn: reset(conn),
}
