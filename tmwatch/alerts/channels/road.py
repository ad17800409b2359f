"""The road to a webhook: one POST, to an address that was checked, bounded in time.

The name is resolved once, every address it has is checked, and the connection is made to one of exactly
those. Looking first and letting the library resolve again would leave a name the time to move in between
(DNS rebinding). TLS and the Host header keep the name.

A proxy of the environment (HTTPS_PROXY, NO_PROXY) is used as `requests` uses it, never for this machine.
The proxy then resolves the name itself and decides what it reaches; here the name is checked as it
resolves here, if it does.
"""

from __future__ import annotations

import http.client
import logging
import os
import queue
import socket
import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

import requests
import urllib3
from requests.adapters import HTTPAdapter
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.connectionpool import HTTPConnectionPool, HTTPSConnectionPool
from urllib3.exceptions import NameResolutionError, NewConnectionError

from tmwatch.alerts.channels.addresses import Special, refused, special
from tmwatch.config import is_loopback
from tmwatch.http.causes import causes
from tmwatch.http.watchdog import Watchdog, watched

# What the layers below raise of themselves, or let through from garbage that a server sent.
TROUBLE = (
    requests.RequestException,
    urllib3.exceptions.HTTPError,
    http.client.HTTPException,
    OSError,
    ValueError,
    AttributeError,
    EOFError,
)
EXCERPT_BYTES = 1000
EXCERPT_SECONDS = 2.0  # the status line has said it all by then


@dataclass(frozen=True)
class Timeouts:
    """Seconds: to find and reach the receiver, for a silence, and for the whole try."""

    connect: float = 10.0
    answer: float = 20.0

    @property
    def total(self) -> float:
        """No try takes longer, whatever the receiver sends meanwhile."""
        return self.connect + self.answer


class AddressRefused(Exception):
    """The receiver's name leads to an address that may not be posted to."""

    def __init__(self, address: str, found: Special) -> None:
        super().__init__(address)
        self.address = address
        self.special = found


@dataclass(frozen=True)
class Answer:
    """Status, `Retry-After`, and the beginning of the body as it came."""

    status: int
    retry_after: str
    excerpt: bytes


class Broken(Exception):
    """No answer: the exception below, and whether the time was over."""

    def __init__(self, error: BaseException, *, late: bool) -> None:
        super().__init__()
        self.late = late
        self.causes = tuple(causes(error))

    def of(self, *kinds: type[BaseException]) -> BaseException | None:
        """The first of these kinds among the causes."""
        return next((cause for cause in self.causes if isinstance(cause, kinds)), None)


def post(
    url: str,
    body: bytes,
    headers: Mapping[str, str],
    *,
    allow_private: bool,
    timeouts: Timeouts,
    verify: bool | str = True,
    env: Mapping[str, str] | None = None,
    most: int = EXCERPT_BYTES,
) -> Answer:
    """Send once, follow nothing; `most` bytes of the answer's body are read.

    Raises `AddressRefused` or `Broken`, whose texts are not for showing."""
    env = os.environ if env is None else env
    host = urlsplit(url).hostname or ""
    if verify is True:
        verify = env.get("REQUESTS_CA_BUNDLE") or env.get("CURL_CA_BUNDLE") or True
    proxies = {} if is_loopback(host) else requests.utils.get_environ_proxies(url, no_proxy=None)
    rule = _Rule(allow_private, only_this_machine=url.lower().startswith("http:"), seconds=timeouts.connect)
    prepared = requests.Request("POST", url, data=body, headers=dict(headers)).prepare()
    if requests.utils.select_proxy(url, proxies):
        rule.check_if_known(host)
    adapter = _Adapter(rule)
    _here.posting = True
    try:
        return _post(adapter, prepared, timeouts, verify, proxies, most)
    finally:
        _here.posting = False


def _post(
    adapter: _Adapter,
    prepared: requests.PreparedRequest,
    timeouts: Timeouts,
    verify: bool | str,
    proxies: dict[str, str],
    most: int,
) -> Answer:
    with Watchdog(timeouts.total) as watchdog:
        try:
            # Not requests.Session: it reads the whole body of a redirect even where none is followed, and
            # takes logins from ~/.netrc.
            answer = adapter.send(
                prepared,
                stream=True,
                timeout=(timeouts.connect, timeouts.answer),
                verify=verify,
                proxies=proxies,
            )
        except TROUBLE as error:
            raise Broken(error, late=watchdog.fired) from None
        finally:
            late = watchdog.fired
        with answer:
            if late:
                raise Broken(TimeoutError(), late=True)
            watchdog.restart(min(EXCERPT_SECONDS, timeouts.answer))
            retry_after = answer.headers.get("Retry-After", "")
            return Answer(answer.status_code, retry_after, _beginning(answer, most))


class _Quiet(logging.Filter):
    """urllib3 logs whole addresses, and one of a webhook may hold a token (law 13)."""

    def filter(self, record: logging.LogRecord) -> bool:
        return not getattr(_here, "posting", False)


_here = threading.local()
for _name in ("urllib3.connection", "urllib3.connectionpool"):
    logging.getLogger(_name).addFilter(_Quiet())


def _beginning(answer: requests.Response, most: int) -> bytes:
    """What the body begins with, undecoded: it is for a person's eyes, and a bomb must not go off."""
    try:
        return bytes(answer.raw.read(most, decode_content=False))
    except TROUBLE:
        return b""


class _Rule:
    """Which addresses may be reached."""

    def __init__(self, allow_private: bool, *, only_this_machine: bool, seconds: float) -> None:
        self.allow_private = allow_private
        self.only_this_machine = only_this_machine
        self.seconds = seconds

    def resolved(self, host: str, port: int) -> list[str]:
        """Every address of the name, each once. Raises `OSError`, `AddressRefused`."""
        found = list(dict.fromkeys(_resolved(host, port, self.seconds)))
        if bad := refused(found, allow_private=self.allow_private):
            raise AddressRefused(*bad)
        if self.only_this_machine:
            for one in found:
                if not _is_this_machine(one):
                    raise AddressRefused(one, Special("another machine, by plain http", opens=False))
        return found

    def check_if_known(self, host: str) -> None:
        """The same for a name that a proxy will resolve; a name unknown here may be known there."""
        try:
            self.resolved(host, 443)
        except OSError:
            return


def check_host(host: str, *, allow_private: bool, seconds: float) -> None:
    """Raises `AddressRefused` where a name leads, as seen from here, to what may not be posted to."""
    if host:
        _Rule(allow_private, only_this_machine=False, seconds=seconds).check_if_known(host)


def _is_this_machine(address: str) -> bool:
    found = special(address)
    return found is not None and found.what == "this machine"


def _resolved(host: str, port: int, seconds: float) -> Sequence[str]:
    """`getaddrinfo` knows no time-out: a name server that is silent would hold up everybody else."""
    answers: queue.Queue[Sequence[str] | OSError] = queue.Queue()

    def ask() -> None:
        try:
            rows = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
            answers.put([str(row[4][0]) for row in rows])
        except OSError as error:
            answers.put(error)
        except UnicodeError:  # a label of more than 63 letters
            answers.put(socket.gaierror(socket.EAI_NONAME, "no name of a machine"))

    threading.Thread(target=ask, daemon=True).start()
    try:
        found = answers.get(timeout=seconds)
    except queue.Empty:
        raise TimeoutError("the name could not be resolved in time") from None
    if isinstance(found, OSError):
        raise found
    return found


# -- urllib3's parts, with our way of connecting -------------------------------------------------------------


class _Adapter(HTTPAdapter):
    """Connects by the rule; what goes to a proxy is only watched."""

    def __init__(self, rule: _Rule) -> None:
        self._rule = rule
        super().__init__(max_retries=0, pool_connections=1, pool_maxsize=1)

    def init_poolmanager(self, *args: Any, **kwargs: Any) -> None:
        super().init_poolmanager(*args, **kwargs)
        self.poolmanager.pool_classes_by_scheme = _pools(self._rule)

    def proxy_manager_for(self, proxy: str, **kwargs: Any) -> Any:
        manager = super().proxy_manager_for(proxy, **kwargs)
        if not proxy.lower().startswith("socks"):  # those pools connect in their own way
            manager.pool_classes_by_scheme = _pools(None)
        return manager


def _pools(rule: _Rule | None) -> dict[str, type[HTTPConnectionPool]]:
    def connected(connection: HTTPConnection, usual: Any) -> socket.socket:
        return watched(usual() if rule is None else _connect(connection, rule))

    class Plain(HTTPConnection):
        def _new_conn(self) -> socket.socket:
            return connected(self, super()._new_conn)

    class Secure(HTTPSConnection):
        def _new_conn(self) -> socket.socket:
            return connected(self, super()._new_conn)

    class PlainPool(HTTPConnectionPool):
        ConnectionCls = Plain

    class SecurePool(HTTPSConnectionPool):
        ConnectionCls = Secure

    return {"http": PlainPool, "https": SecurePool}


def _connect(connection: HTTPConnection, rule: _Rule) -> socket.socket:
    """To the first address that takes the connection, of those that were checked."""
    try:
        found = rule.resolved(connection.host, connection.port)
    except socket.gaierror as error:
        raise NameResolutionError(connection.host, connection, error) from error
    last: OSError = OSError("no address")
    for address in found:
        try:
            return urllib3.util.connection.create_connection(
                (address, connection.port),
                connection.timeout,
                source_address=connection.source_address,
                socket_options=connection.socket_options,
            )
        except OSError as error:
            last = error
    raise NewConnectionError(connection, "no connection") from last
