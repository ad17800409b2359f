"""The headers that go out, and what the headers that come back mean."""

from __future__ import annotations

import datetime as dt
import email.utils
import functools
import re
from collections.abc import Mapping
from http.cookiejar import CookieJar
from importlib import metadata

from tmwatch.errors import ConfigError
from tmwatch.http.pace import LONGEST
from tmwatch.sources.base import Declaration, Opening, Request

# What the door itself decides; a source that set these could disguise itself or break the framing.
_OURS = {
    "user-agent", "accept-encoding", "host", "connection", "cookie",
    "content-length", "content-type", "transfer-encoding", "proxy-authorization",
}  # fmt: skip


def headers_for(
    declaration: Declaration, request: Request, agent: str, key: str | None, validators: Mapping[str, str]
) -> dict[str, str]:
    """All headers of a request. Raises `ConfigError`, without showing the key, for what cannot be sent."""
    headers = {"User-Agent": agent, "Accept": request.accept, "Accept-Encoding": "gzip, deflate"}
    for name, value in request.headers.items():
        if name.lower() in _OURS:
            raise ConfigError(f"a source may not set the header `{name}`", where=declaration.id)
        headers[name] = value
    if request.body is not None:
        headers["Content-Type"] = request.content_type
    for name, header in (("etag", "If-None-Match"), ("last_modified", "If-Modified-Since")):
        if _printable(validators.get(name, "")):
            headers[header] = validators[name]
    if request.credential_header and key:
        if request.credential_header.lower() in _OURS or not _printable(key) or key != key.strip():
            raise ConfigError(
                "the key holds characters that cannot stand in a header (a line break or a blank?)",
                where=declaration.credential_env or declaration.id,
                kept="Nothing was asked.",
                do="Put in the key exactly as the office gave it, and nothing else.",
            )
        headers[request.credential_header] = key
    for name, value in headers.items():
        if not re.fullmatch(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+", name) or not _printable(value):
            raise ConfigError(f"the header {name!r} cannot be sent", where=declaration.id)
    return headers


def session_header(opening: Opening, cookies: CookieJar) -> dict[str, str]:
    """The header in which a site wants one of its own cookies back; nothing where it gave none."""
    if not opening.header or opening.header.lower() in _OURS:
        return {}
    values = [one.value or "" for one in cookies if one.name == opening.cookie]
    return {opening.header: values[-1]} if values and _printable(values[-1]) else {}


def retry_after_seconds(value: str | None, now: dt.datetime) -> float | None:
    """Seconds to wait after a `Retry-After` (RFC 9110 §10.2.3: seconds or a date), at most 15 minutes.

    None for garbage and for what lies in the past. A server that says six hours, or 2099, may not
    freeze a daemon.
    """
    text = (value or "").strip()
    if re.fullmatch(r"[0-9]+", text):
        seconds = LONGEST if len(text) > 9 else float(text)
        return min(seconds, LONGEST) or None
    if not re.match(r"[A-Za-z]{3}", text):
        return None
    try:
        then = email.utils.parsedate_to_datetime(text)
        ahead = ((then if then.tzinfo else then.replace(tzinfo=dt.UTC)) - now).total_seconds()
    except (ValueError, TypeError, IndexError, OverflowError):
        return None
    return min(ahead, LONGEST) if ahead > 0 else None


def rate_limit_reset(headers: Mapping[str, str]) -> float | None:
    """Seconds until the allowance is full again, at most 15 minutes: `X-RateLimit-Reset`, which the EUIPO
    counts from now (its OpenAPI document). Larger numbers are instants of somebody else's clock."""
    said = headers.get("x-ratelimit-reset", "").strip()
    if not re.fullmatch(r"[0-9]{1,6}", said):
        return None
    return min(float(said), LONGEST) or None


@functools.cache
def user_agent(contact: str) -> str:
    """`tmwatch/0.1.0 (+ip-watch@example.com)`. Raises `ConfigError` where contact is missing or unusable."""
    contact = contact.strip(" ")
    if not contact or not _printable(contact) or set(contact) & set("()\\"):
        raise ConfigError(
            "no register is asked without a contact"
            if not contact
            else "the contact holds characters that cannot stand in a User-Agent",
            where="[operator] contact",
            kept="Nothing was asked.",
            do='Set e.g. contact = "ip-watch@example.com": the offices see it and can reach you.',
        )
    try:
        version = metadata.version("tmwatch")
    except metadata.PackageNotFoundError:
        version = "0"  # a checkout on PYTHONPATH
    return f"tmwatch/{version} (+{contact})"


def _printable(text: str) -> bool:
    """Printable ASCII only: what a header can carry without changing another one."""
    return bool(text) and text.isascii() and text.isprintable()


def validators_in(headers: Mapping[str, str]) -> dict[str, str]:
    """`etag` and `last_modified` of an answer, as far as they can be sent back."""
    given = {"etag": headers.get("etag", ""), "last_modified": headers.get("last-modified", "")}
    return {name: value for name, value in given.items() if _printable(value) and len(value) < 500}
