"""A register server that behaves as badly as the real ones: raw sockets, one thread a connection, loopback.

    with HostileServer() as server:
        get(server.url + "/drip")       # the first part of the path names the behaviour, see BEHAVIOURS
        server.asked                    # what came in: path, headers, time
        server.plan("/sn76044902", "reset", "page")   # first call resets, all later ones give the page

Raw sockets, because no well-behaved server can lie about its length or cut a chunk.
"""

from __future__ import annotations

import contextlib
import functools
import gzip
import socket
import ssl
import struct
import threading
import time
import zlib
from collections.abc import Callable
from dataclasses import dataclass
from types import TracebackType
from typing import Self

PAGE = (
    b"<!doctype html><html><head><title>Record</title></head>"
    b"<body><div id='summary'>a record</div></body></html>"
)
CLOUDFLARE = (
    b"<!DOCTYPE html><html><head><title>Just a moment...</title></head><body><noscript>Enable JavaScript and "
    b"cookies to continue</noscript><script>window._cf_chl_opt={cvId:'3'};</script></body></html>"
)
LOGIN = (
    b"<html><head><title>Sign in</title></head><body><form><input name=u>"
    b"<input type='password' name=p></form></body></html>"
)


@dataclass(frozen=True)
class Asked:
    """One request as it came in; header names in lower case."""

    path: str
    headers: dict[str, str]
    at: float  # wall time


class HostileServer:
    """Listens on a free port of 127.0.0.1 until the block ends."""

    def __init__(self, tls: ssl.SSLContext | None = None, host: str = "127.0.0.1") -> None:
        self.asked: list[Asked] = []
        self.always: Behaviour | None = None  # whatever is asked
        self._tls = tls
        self._host = host
        self._plans: dict[str, list[str]] = {}
        self._lock = threading.Lock()
        self._open = True
        family = socket.AF_INET6 if ":" in host else socket.AF_INET
        self._listener = socket.create_server((host, 0), family=family, backlog=50)
        self.port: int = self._listener.getsockname()[1]

    @property
    def url(self) -> str:
        host = f"[{self._host}]" if ":" in self._host else self._host
        return f"{'https' if self._tls else 'http'}://{host}:{self.port}"

    def plan(self, path: str, *behaviours: str) -> None:
        """Let `path` behave like this in turn; the last one stays."""
        self._plans[path] = list(behaviours)

    def __enter__(self) -> Self:
        threading.Thread(target=self._serve, daemon=True).start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._open = False
        with contextlib.suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)  # or the thread in accept() would take one more
        self._listener.close()

    def well_behaved(self, server: HostileServer, conn: socket.socket, asked: Asked) -> None:
        """What it does where nothing else is planned."""
        _page(server, conn, asked)

    @property
    def open(self) -> bool:
        return self._open

    def _serve(self) -> None:
        while self._open:
            try:
                conn, _ = self._listener.accept()
            except OSError:
                return
            threading.Thread(target=self._answer, args=(conn,), daemon=True).start()

    def _answer(self, conn: socket.socket) -> None:
        try:
            if self._tls:
                conn = self._tls.wrap_socket(conn, server_side=True)
            with conn:
                conn.settimeout(20)
                raw = b""
                while b"\r\n\r\n" not in raw:
                    piece = conn.recv(65536)
                    if not piece:
                        return
                    raw += piece
                first, *lines = raw.split(b"\r\n\r\n")[0].decode("latin-1").split("\r\n")
                path = first.split(" ")[1]
                headers = {k.lower(): v.strip() for k, _, v in (line.partition(":") for line in lines)}
                asked = Asked(path, headers, time.time())
                with self._lock:
                    self.asked.append(asked)
                    plan = self._plans.get(path.split("?")[0])
                    name = path.strip("/").split("/")[0].split("?")[0]
                    if plan:
                        name = plan.pop(0) if len(plan) > 1 else plan[0]
                (self.always or BEHAVIOURS.get(name, self.well_behaved))(self, conn, asked)
        except OSError:
            conn.close()  # the client went away, as it should


Behaviour = Callable[[HostileServer, socket.socket, Asked], None]


def answer(
    conn: socket.socket, status: str, body: bytes = b"", headers: str = "", length: int | None = None
) -> None:
    """Send a whole answer; `length` lies about its size, -1 leaves it out."""
    size = len(body) if length is None else length
    head = f"HTTP/1.1 {status}\r\nConnection: close\r\n{headers}"
    if size >= 0:
        head += f"Content-Length: {size}\r\n"
    conn.sendall(head.encode("latin-1") + b"\r\n" + body)


def _page(_: HostileServer, conn: socket.socket, asked: Asked) -> None:
    answer(conn, "200 OK", PAGE, "Content-Type: text/html\r\nSet-Cookie: session=secret\r\n")


def _drip(server: HostileServer, conn: socket.socket, asked: Asked) -> None:
    answer(conn, "200 OK", b"<html>", length=100_000)
    _trickle(server, conn)


def _drip_head(server: HostileServer, conn: socket.socket, asked: Asked) -> None:
    conn.sendall(b"HTTP/1.1 200 OK\r\nX-Slow: ")
    _trickle(server, conn)


def _trickle(server: HostileServer, conn: socket.socket) -> None:
    while server.open:
        conn.sendall(b"a")
        time.sleep(0.05)


def _slow(server: HostileServer, conn: socket.socket, asked: Asked) -> None:
    until = time.monotonic() + 20
    while server.open and time.monotonic() < until:
        time.sleep(0.05)


def _reset(_: HostileServer, conn: socket.socket, asked: Asked) -> None:
    conn.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    conn.close()


def _chunk_cut(_: HostileServer, conn: socket.socket, asked: Asked) -> None:
    conn.sendall(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n40\r\n<html>short")


def _garbage(_: HostileServer, conn: socket.socket, asked: Asked) -> None:
    conn.sendall(b"\x00\xff\xfe SSH-2.0-what\r\n\r\n")


def _many_headers(_: HostileServer, conn: socket.socket, asked: Asked) -> None:
    answer(conn, "200 OK", PAGE, "".join(f"X-{n}: 1\r\n" for n in range(500)))


@functools.cache
def _packed_zeros() -> bytes:
    """200 MB of zeros in 200 kB of gzip."""
    engine = zlib.compressobj(9, wbits=31)
    return b"".join(engine.compress(bytes(1 << 20)) for _ in range(200)) + engine.flush()


def _bomb(_: HostileServer, conn: socket.socket, asked: Asked) -> None:
    answer(conn, "200 OK", _packed_zeros(), "Content-Encoding: gzip\r\nContent-Type: text/html\r\n")


def _redirect_bomb(_: HostileServer, conn: socket.socket, asked: Asked) -> None:
    answer(conn, "302 Found", _packed_zeros(), "Content-Encoding: gzip\r\nLocation: /page\r\n")


def _flood(_: HostileServer, conn: socket.socket, asked: Asked) -> None:
    conn.sendall(b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\n\r\n")
    for _number in range(200):
        conn.sendall(b"<p>" * 100_000)


def _etag(_: HostileServer, conn: socket.socket, asked: Asked) -> None:
    headers = 'ETag: "v1"\r\nLast-Modified: Tue, 24 Nov 2026 10:00:00 GMT\r\n'
    if asked.headers.get("if-none-match") == '"v1"':
        answer(conn, "304 Not Modified", headers=headers)
    else:
        answer(conn, "200 OK", PAGE, headers)


def _cookie_gate(_: HostileServer, conn: socket.socket, asked: Asked) -> None:
    if "seen=1" in asked.headers.get("cookie", ""):
        _page(_, conn, asked)
    else:
        answer(conn, "302 Found", headers=f"Location: {asked.path}\r\nSet-Cookie: seen=1; Path=/\r\n")


def _chain(_: HostileServer, conn: socket.socket, asked: Asked) -> None:
    left = int(asked.path.rsplit("/", 1)[1])
    answer(conn, "302 Found", headers=f"Location: /chain/{left - 1}\r\n") if left else _page(_, conn, asked)


def _gzipped(coding: str, body: bytes) -> Behaviour:
    return _fixed("200 OK", body, f"Content-Encoding: {coding}\r\nContent-Type: text/html\r\n")


def _fixed(status: str, body: bytes = b"", headers: str = "", length: int | None = None) -> Behaviour:
    return lambda _server, conn, _asked: answer(conn, status, body, headers, length)


def _to(location: str) -> Behaviour:
    return _fixed("302 Found", headers=f"Location: {location}\r\n")


_BARE = zlib.compressobj(wbits=-15)
BEHAVIOURS: dict[str, Behaviour] = {
    "page": _page,
    "slow": _slow,
    "drip": _drip,
    "drip-head": _drip_head,
    "reset": _reset,
    "truncate": _fixed("200 OK", PAGE[:40], length=5000),
    "chunk-cut": _chunk_cut,
    "garbage": _garbage,
    "many-headers": _many_headers,
    "empty": _fixed("200 OK"),
    "blank": _fixed("200 OK", b" \r\n\t "),
    "no-content": _fixed("204 No Content"),
    "429-six-hours": _fixed("429 Too Many Requests", b"slow", "Retry-After: 21600\r\n"),
    "429-2099": _fixed("429 Too Many Requests", b"slow", "Retry-After: Thu, 01 Jan 2099 00:00:00 GMT\r\n"),
    "429-garbage": _fixed("429 Too Many Requests", b"slow", "Retry-After: soon\r\n"),
    "429": _fixed("429 Too Many Requests", b"slow"),
    "503-later": _fixed("503 Service Unavailable", b"later", "Retry-After: 120\r\n"),
    **{
        str(code): _fixed(f"{code} Status", b"<html><title>Sorry</title>sorry</html>")
        for code in (400, 401, 403, 404, 405, 406, 410, 412, 500, 502, 503, 521)
    },
    "circle": _to("/circle"),
    "round": _to("/round-2"),
    "round-2": _to("/round"),
    "chain": _chain,
    "cookie-gate": _cookie_gate,
    "other-host": _to("http://localhost:9/page"),
    "other-port": _to("http://127.0.0.1:9/page"),
    "members-only": _to("/account/login?next=%2F"),
    "to-sso": _to("https://sso.example.org/oauth2/authorize"),
    "proof": _to("/captcha/check"),
    "to-file": _to("file:///etc/passwd"),
    "to-nowhere": _to("http://[::bad/"),
    "bomb": _bomb,
    "redirect-bomb": _redirect_bomb,
    "flood": _flood,
    "gzip": _gzipped("gzip", gzip.compress(PAGE)),
    "gzip-twice": _gzipped("gzip", gzip.compress(PAGE[:50]) + gzip.compress(PAGE[50:])),
    "gzip-cut": _gzipped("gzip", gzip.compress(PAGE)[:-12]),
    "gzip-not": _gzipped("gzip", PAGE),
    "deflate": _gzipped("deflate", zlib.compress(PAGE)),
    "deflate-bare": _gzipped("deflate", _BARE.compress(PAGE) + _BARE.flush()),
    "brotli": _gzipped("br", PAGE),
    "etag": _etag,
    "304": _fixed("304 Not Modified"),
    "cloudflare": _fixed("503 Service Unavailable", CLOUDFLARE, "Content-Type: text/html\r\n"),
    "cloudflare-200": _fixed("200 OK", CLOUDFLARE, "Content-Type: text/html\r\n"),
    "waf-202": _fixed("202 Accepted", headers="x-amzn-waf-action: challenge\r\n"),
    "waf-405": _fixed("405 Method Not Allowed", b"<html></html>", "x-amzn-waf-action: captcha\r\n"),
    "login": _fixed("200 OK", LOGIN, "Content-Type: text/html\r\n"),
}
