"""The transport below the network door: one GET, bounded in time and in size. Used by `http.py` only.

    ask(session, prepared, …) -> Reply, or Broken

What `requests` leaves open is closed here:
* its time-outs count silence only: a server that drips a byte a second holds a reader for days.
  A watchdog shuts the connection down when the total time is over, in whatever phase it is.
* its decompression is unbounded: a kilobyte can become a gigabyte. Here bytes are decoded as they
  arrive, and the first byte too many ends the transfer.
"""

from __future__ import annotations

import contextlib
import http.client
import io
import os
import socket
import time
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import requests
import urllib3
from requests.adapters import HTTPAdapter
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.connectionpool import HTTPConnectionPool, HTTPSConnectionPool

from tmwatch.http.address import is_loopback
from tmwatch.http.causes import causes
from tmwatch.http.watchdog import Watchdog, opened, used_again

_CHUNK = 1 << 16
# What the layers below raise of themselves, or let through from garbage that a server sent.
_TROUBLE = (
    requests.RequestException,
    urllib3.exceptions.HTTPError,
    http.client.HTTPException,
    OSError,
    ValueError,
    AttributeError,
    EOFError,
)
_RATIO_FROM = 8 << 20  # bytes: below that even a page of blanks is no danger


@dataclass(frozen=True)
class Timeouts:
    """Seconds: to connect, between two pieces of an answer, and for the whole of it."""

    connect: float = 10.0
    read: float = 30.0
    total: float = 120.0


@dataclass(frozen=True)
class Limits:
    """Bytes as they come and decoded, and how many times larger decoding may make them."""

    raw: int = 32 << 20
    decoded: int = 64 << 20
    ratio: int = 200


class Broken(Exception):
    """The transfer failed: `what` in our words, never the other side's; `again` if it may pass at once;
    `stale` where a connection that was kept open had been closed meanwhile: then nothing was asked yet."""

    def __init__(self, what: str, *, do: str = "", again: bool = False, stale: bool = False) -> None:
        super().__init__(what)
        self.what = what
        self.do = do
        self.again = again
        self.stale = stale


class TooMuch(Exception):
    """The body is larger than a page may be, or in a coding that was not asked for."""

    def __init__(self, what: str) -> None:
        super().__init__(what)
        self.what = what


@dataclass(frozen=True)
class Reply:
    """Status, headers (names in lower case) and body as far as it could be read; `flaw` if not whole."""

    status: int
    headers: dict[str, str]
    body: bytes
    flaw: Broken | TooMuch | None


class _Plain(HTTPConnection):
    def _new_conn(self) -> socket.socket:
        return opened(super()._new_conn)

    def request(self, *args: Any, **kwargs: Any) -> None:
        used_again(self.sock)
        super().request(*args, **kwargs)


class _Secure(HTTPSConnection):
    def _new_conn(self) -> socket.socket:
        return opened(super()._new_conn)

    def request(self, *args: Any, **kwargs: Any) -> None:
        used_again(self.sock)
        super().request(*args, **kwargs)


class _PlainPool(HTTPConnectionPool):
    ConnectionCls = _Plain


class _SecurePool(HTTPSConnectionPool):
    ConnectionCls = _Secure


_POOLS = {"http": _PlainPool, "https": _SecurePool}


class _Adapter(HTTPAdapter):
    def init_poolmanager(self, *args: Any, **kwargs: Any) -> None:
        self._own_pools: dict[tuple[str, object], Any] = {}
        super().init_poolmanager(*args, **kwargs)
        self.poolmanager.pool_classes_by_scheme = _POOLS

    def get_connection_with_tls_context(
        self, request: Any, verify: Any, proxies: Any = None, cert: Any = None
    ) -> Any:
        """A session asks one server a thousand times: which pool is its own is found out once."""
        if proxies or cert:
            return super().get_connection_with_tls_context(request, verify, proxies=proxies, cert=cert)
        server = request.url[: request.url.find("/", len("https://"))], verify
        if server not in self._own_pools:
            self._own_pools[server] = super().get_connection_with_tls_context(request, verify)
        return self._own_pools[server]

    def proxy_manager_for(self, proxy: str, **kwargs: Any) -> Any:
        manager = super().proxy_manager_for(proxy, **kwargs)
        if not proxy.lower().startswith("socks"):  # those pools connect in their own way
            manager.pool_classes_by_scheme = _POOLS
        return manager


def new_session() -> requests.Session:
    """A session that takes nothing from the environment by itself.

    `trust_env` would also read ~/.netrc and put somebody's password over the key of the source.
    """
    session = requests.Session()
    session.trust_env = False
    session.headers.clear()
    adapter = _Adapter(max_retries=0, pool_connections=1, pool_maxsize=1)
    session.mount("https://", adapter)
    session.mount("http://", adapter)
    return session


def prepared(
    session: requests.Session, url: str, headers: dict[str, str], *, ours: bool, body: bytes | None = None
) -> requests.PreparedRequest:
    """The question, with the cookies of the session and nothing else of it. Raises `ValueError`.

    A question with a body is a POST.

    An address that is `ours` was put together by requests before, and is not taken apart again.
    """
    made = requests.PreparedRequest()
    if ours and not session.cookies and body is None:
        made.method, made.url = "GET", url
        made.headers = requests.structures.CaseInsensitiveDict(headers)
        return made
    method = "GET" if body is None else "POST"
    made.prepare(method, url, headers=headers, data=body, cookies=session.cookies or None)
    return made


def ask(
    session: requests.Session,
    question: requests.PreparedRequest,
    *,
    timeouts: Timeouts,
    limits: Limits,
    use_proxies: bool,
) -> Reply:
    """Send one request, follow nothing, and read the answer within all bounds. Raises `Broken`."""
    url = question.url or ""
    proxies = requests.utils.get_environ_proxies(url, no_proxy=None) if use_proxies else {}
    authorities = os.environ.get("REQUESTS_CA_BUNDLE") or os.environ.get("CURL_CA_BUNDLE") or True
    with Watchdog(timeouts.total) as watchdog:
        try:
            # Not session.send(): even without following it reads the whole body of a redirect, unbounded.
            response = session.get_adapter(url).send(
                question,
                stream=True,
                timeout=(timeouts.connect, timeouts.read),
                verify=authorities,
                proxies=proxies,
            )
            if response.cookies:
                session.cookies.update(response.cookies)
        except _TROUBLE as error:
            broken = _broken(error, watchdog, timeouts)
            # The other side closes what has been idle for too long; that may cross our next question.
            closed = any(isinstance(cause, ConnectionError) for cause in causes(error))
            broken.stale = watchdog.reused and closed and not watchdog.fired
            raise broken from None
        with response:
            headers = {name.lower(): value for name, value in response.headers.items()}
            body, flaw = _read(response, headers, limits, watchdog, timeouts)
    return Reply(response.status_code, headers, body, flaw)


@contextlib.contextmanager
def streaming(
    session: requests.Session, url: str, headers: dict[str, str], *, total: float
) -> Iterator[requests.Response]:
    """An answer whose body its user reads, in `pieces`; nothing is followed. Raises `Broken`."""
    timeouts = Timeouts(total=total)
    proxies = {} if is_loopback(url) else requests.utils.get_environ_proxies(url, no_proxy=None)
    authorities = os.environ.get("REQUESTS_CA_BUNDLE") or os.environ.get("CURL_CA_BUNDLE") or True
    with Watchdog(total) as watchdog:
        try:
            made = prepared(session, url, headers, ours=False)
            response = session.get_adapter(url).send(
                made,
                stream=True,
                timeout=(timeouts.connect, timeouts.read),
                verify=authorities,
                proxies=proxies,
            )
        except _TROUBLE as error:
            raise _broken(error, watchdog, timeouts) from None
        with response:
            response.watched = watchdog, timeouts  # type: ignore[attr-defined]
            yield response


def pieces(response: requests.Response, size: int) -> Iterator[bytes]:
    """The body of a streamed answer as it comes, undecoded. Raises `Broken`."""
    watchdog, timeouts = response.watched  # type: ignore[attr-defined]
    while True:
        try:
            piece = response.raw.read(size, decode_content=False)
        except _TROUBLE as error:
            raise _broken(error, watchdog, timeouts) from None
        if watchdog.fired:
            raise _too_slow(timeouts)
        if not piece:
            return
        yield piece


def _read(
    response: requests.Response,
    headers: dict[str, str],
    limits: Limits,
    watchdog: Watchdog,
    timeouts: Timeouts,
) -> tuple[bytes, Broken | TooMuch | None]:
    until = time.monotonic() + timeouts.total
    whole = io.BytesIO()
    try:
        decoder = _Decoder(headers.get("content-encoding", ""), limits)
        while piece := response.raw.read(_CHUNK, decode_content=False):
            decoder.feed(piece, whole)
            if time.monotonic() > until:
                watchdog.fired = True
                break
        if watchdog.fired:
            return whole.getvalue(), _too_slow(timeouts)
        decoder.end()
    except (Broken, TooMuch) as flaw:
        return whole.getvalue(), flaw
    except zlib.error:
        return whole.getvalue(), Broken("the compressed answer is damaged", again=True)
    except _TROUBLE as error:
        return whole.getvalue(), _broken(error, watchdog, timeouts)
    return whole.getvalue(), None


class _Decoder:
    """Decodes gzip and deflate piece by piece; refuses the first byte beyond the limits."""

    def __init__(self, coding: str, limits: Limits) -> None:
        coding = coding.strip().lower()
        if coding not in {"", "identity", "gzip", "x-gzip", "deflate"}:
            raise TooMuch("the answer is in a coding that was not asked for")
        self._kind = {"": "", "identity": "", "deflate": "deflate"}.get(coding, "gzip")
        self._limits = limits
        self._raw = 0
        self._decoded = 0
        self._start = b""
        self._engine: Any = None  # zlib's decompressor has no public type

    def feed(self, piece: bytes, into: io.BytesIO) -> None:
        self._raw += len(piece)
        if self._raw > self._limits.raw:
            raise TooMuch(f"the answer is larger than {self._limits.raw >> 20} MiB")
        if not self._kind:
            self._take(piece, into)
            return
        if self._engine is None:
            self._start += piece
            if len(self._start) < 2:
                return
            piece, self._start = self._start, b""
            self._engine = zlib.decompressobj(self._window(piece))
        while True:
            if self._engine.eof:
                # Several members one after another are one gzip file; anything else behind it is padding.
                if self._kind != "gzip" or not piece.startswith(b"\x1f\x8b"):
                    return
                self._engine = zlib.decompressobj(31)
            room = min(_CHUNK, self._limits.decoded - self._decoded + 1)
            out = self._engine.decompress(piece, room)
            self._take(out, into)
            piece = self._engine.unused_data if self._engine.eof else self._engine.unconsumed_tail
            if not piece and len(out) < room:
                return

    def _window(self, start: bytes) -> int:
        if self._kind == "gzip":
            return 31
        # "deflate" means zlib's frame, but some servers send the bare stream.
        framed = start[0] & 0x0F == 8 and (start[0] << 8 | start[1]) % 31 == 0
        return 15 if framed else -15

    def _take(self, out: bytes, into: io.BytesIO) -> None:
        self._decoded += len(out)
        if self._decoded > self._limits.decoded:
            raise TooMuch(f"the answer unpacks to more than {self._limits.decoded >> 20} MiB")
        if self._kind and self._decoded > max(_RATIO_FROM, self._raw * self._limits.ratio):
            raise TooMuch(f"the answer unpacks to more than {self._limits.ratio} times its size")
        into.write(out)

    def end(self) -> None:
        if self._start or (self._engine is not None and not self._engine.eof):
            raise Broken("the compressed answer ends too early", again=True)


def _too_slow(timeouts: Timeouts) -> Broken:
    return Broken(f"the answer took longer than {timeouts.total:g} seconds in all")


def _broken(error: Exception, watchdog: Watchdog, timeouts: Timeouts) -> Broken:
    """In our own words: texts of exceptions may hold proxy passwords or what a server sent."""
    if watchdog.fired:
        return _too_slow(timeouts)
    behind = causes(error)

    def of(*kinds: type[BaseException]) -> bool:
        return any(isinstance(cause, kinds) for cause in behind)

    if of(requests.exceptions.ProxyError, urllib3.exceptions.ProxyError):
        return Broken(
            "the proxy did not let the connection through", do="Check the proxy settings (HTTPS_PROXY)."
        )
    if of(requests.exceptions.SSLError, urllib3.exceptions.SSLError):
        return Broken(
            "no safe connection: the server's TLS certificate or protocol was not accepted",
            do="Check this machine's clock and, behind a company proxy, REQUESTS_CA_BUNDLE. A server that "
            "leaves out a certificate of its chain (IP Viet Nam does) is reached once that certificate is in "
            "the bundle; until then, import pages saved by hand. tmwatch never goes on without the check.",
        )
    if of(requests.exceptions.InvalidSchema):
        return Broken("the proxy is of a kind that is not supported", do="Use an http proxy, or none.")
    if of(requests.ConnectTimeout):
        return Broken(f"no connection within {timeouts.connect:g} seconds")
    if of(requests.ReadTimeout, urllib3.exceptions.ReadTimeoutError):
        return Broken(f"no answer within {timeouts.read:g} seconds")
    if of(urllib3.exceptions.NameResolutionError):
        return Broken("the name of the host could not be resolved")
    if of(urllib3.exceptions.NewConnectionError):
        return Broken("no connection", again=True)
    return Broken("the connection broke before the answer was complete", again=True)
