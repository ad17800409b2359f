"""Addresses of requests: put together, checked, and where a redirect may lead. Opens no connection."""

from __future__ import annotations

import functools
import ipaddress
import re
from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import quote, urljoin, urlsplit

import requests

from tmwatch.errors import ConfigError, Outcome
from tmwatch.http.challenge import CHALLENGE_PATH, LOGIN_PATH
from tmwatch.masking import mask
from tmwatch.sources.base import Declaration, Request

_REFUSED_PATH = re.compile(r"denied|forbidden|block(ed)?\b|reject", re.IGNORECASE)


@dataclass(frozen=True)
class NoHop:
    """Why a redirect is not followed."""

    outcome: Outcome
    what: str


# What every path of a register is made of; of these nothing is quoted, and no dots lead out of the base.
_PLAIN_PATH = re.compile(r"[A-Za-z0-9_/-]+(\.[A-Za-z0-9_-]+)?")


def is_loopback(url: str) -> bool:
    """Does this address lead to this very machine: 127.0.0.0/8, ::1 or localhost?"""
    try:
        return _is_this_machine((urlsplit(url).hostname or "").rstrip("."))
    except ValueError:
        return False


@functools.lru_cache(maxsize=256)
def _is_this_machine(host: str) -> bool:
    return host == "localhost" or ipaddress.ip_address(host).is_loopback


def build(declaration: Declaration, request: Request, base_url: str | None) -> str:
    """The whole address of a request. Raises `ConfigError` for a base that may not be used."""
    base = base_url or declaration.base_url
    where = f'[source."{declaration.id}"] base_url' if base_url else declaration.id
    path = request.path.lstrip("/")
    if not request.params and _PLAIN_PATH.fullmatch(path):
        return _start(base, where, declaration.plain_http) + path
    return _whole(base, where, declaration.plain_http, path, request.params)


@functools.lru_cache(maxsize=64)
def _start(base: str, where: str, plain_http: bool) -> str:
    """What stands before the path of each request there, checked once."""
    return _whole(base, where, plain_http, "", {})


def _whole(base: str, where: str, plain_http: bool, path: str, params: Mapping[str, str]) -> str:
    try:
        parts = urlsplit(base)
        host, _ = parts.hostname, parts.port
    except ValueError:
        parts, host = urlsplit(""), None
    if parts.scheme not in {"http", "https"} or not host or re.search(r"[\s\\\x00-\x1f\x7f]", base):
        raise ConfigError(
            "the base address is no address of a web server",
            where=where,
            do='Write it whole, such as "https://register.example.org" or "http://127.0.0.1:8080".',
        )
    if parts.username is not None or parts.query or parts.fragment:
        raise ConfigError(
            "the base address carries a login, a query or a fragment",
            where=where,
            do="Give scheme, host and path only. Keys belong into an environment variable or a file.",
        )
    if parts.scheme == "http" and not plain_http and not is_loopback(base):
        raise ConfigError(
            f"{host} would be asked without encryption (plain http)",
            where=where,
            kept="Nothing was asked.",
            do="Use https. Plain http is for servers on this machine (127.0.0.1) only.",
        )
    path = quote(path, safe="/%:@!$&'()*+,;=?~._-")
    try:
        asked = requests.Request("GET", f"{base.rstrip('/')}/{path}", params=dict(params))
        url = asked.prepare().url or ""
        same = urlsplit(url).hostname == host.lower() or not host.isascii()
    except ValueError:
        same, url = False, ""
    if not same:
        raise ConfigError("the address of the request cannot be meant", where=where)
    return url


def without_secret(url: str, key: str | None) -> str:
    """The address as it may be shown and stored, even if a source put the key into it by mistake."""
    start, slash, rest = url.partition("://")
    host, cut, path = rest.partition("/")
    path = mask(path, [key])
    return start + slash + host + cut + path


def pace_key(url: str) -> str:
    """What a pace is kept for: the host; on loopback host and port, since each port plays another host."""
    parts = urlsplit(url)
    host = (parts.hostname or "").rstrip(".")
    return f"{host}_{parts.port or 80}" if is_loopback(url) else host


def next_hop(url: str, location: str) -> str | NoHop:
    """Where a redirect leads if it stays on its host and leads to no login or captcha; else why not."""
    try:
        # http.client reads headers as Latin-1; addresses come in UTF-8
        location = location.encode("latin-1", "ignore").decode("utf-8", "replace")
        target = urljoin(url, location.strip())
        here, there = urlsplit(url), urlsplit(target)
        same = (there.hostname or "").rstrip(".") == (here.hostname or "").rstrip(".")
        ports = _port(here.scheme, here.port), _port(there.scheme, there.port)
    except ValueError:
        return NoHop(Outcome.SERVER_ERROR, "the site sent the question to an address that cannot be meant")
    if not location.strip() or there.scheme not in {"http", "https"} or not there.hostname:
        return NoHop(Outcome.SERVER_ERROR, "the site sent the question to an address that cannot be meant")
    place = f"/{there.hostname.replace('.', '/')}{there.path}" if not same else there.path
    if LOGIN_PATH.search(place) and not LOGIN_PATH.search(here.path):
        return NoHop(Outcome.LOGIN_REQUIRED, "the site sends the question to a login page")
    if CHALLENGE_PATH.search(place) and not CHALLENGE_PATH.search(here.path):
        return NoHop(Outcome.BLOCKED, "the site sends the question to a challenge")
    if _REFUSED_PATH.search(there.path) and not _REFUSED_PATH.search(here.path):
        return NoHop(Outcome.DECLINED, "the site sends the question to a refusal page")
    upgrade = ports == (80, 443) and here.scheme == "http" and there.scheme == "https"
    if not same or (ports[0] != ports[1] and not upgrade) or there.username is not None:
        host = re.sub(r"[^A-Za-z0-9.:-]", "?", there.hostname)[:80]
        return NoHop(
            Outcome.DECLINED, f"the site sends the question to another server ({host}), and tmwatch stays"
        )
    if here.scheme == "https" and there.scheme == "http":
        return NoHop(Outcome.DECLINED, "the site sends the question to an unencrypted address")
    return target.split("#", 1)[0]


def _port(scheme: str, port: int | None) -> int:
    return port or (443 if scheme == "https" else 80)
