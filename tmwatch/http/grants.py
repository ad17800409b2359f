"""Tokens for client id and secret (OAuth 2.0, RFC 6749 section 4.4), kept in memory until they end.

A token is a secret like the key it was given for: it stands in no error, no log, no page that is kept, and is
gone with the process.
"""

from __future__ import annotations

import datetime as dt
import json
import math
import threading
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING
from urllib.parse import urlencode, urlsplit

from tmwatch.errors import Declined, LayoutChanged, LoginRequired, LookError, Outcome
from tmwatch.sources.base import Declaration, Grant, Page, Request

if TYPE_CHECKING:
    from tmwatch.http import Look

_EARLY = 30.0  # seconds: a token that ends while the question is under way is no token
_SHORTEST, _LONGEST = 60.0, 86_400.0


@dataclass(frozen=True)
class Client:
    """The client id, and where the configuration wants its tokens from (default: the source's address)."""

    id: str
    token_url: str | None = None


class Tokens:
    """The tokens of this process. Thread-safe."""

    def __init__(self, clock: Callable[[], dt.datetime]) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._held: dict[tuple[str, str], tuple[str, dt.datetime]] = {}

    def held(self, url: str, client: Client) -> str | None:
        """The token that still holds, or None."""
        with self._lock:
            token, until = self._held.get((url, client.id), ("", dt.datetime.min.replace(tzinfo=dt.UTC)))
        return token if token and self._clock() < until else None

    def drop(self, url: str, client: Client) -> None:
        """Forget a token that the service no longer takes."""
        with self._lock:
            self._held.pop((url, client.id), None)

    def keep(self, url: str, client: Client, page: Page) -> str:
        """Take the token out of the answer. Raises `LayoutChanged` for one without, never quoting it."""
        try:
            answer = json.loads(page.body)
        except (ValueError, RecursionError):
            answer = None
        token = answer.get("access_token") if isinstance(answer, dict) else None
        if not isinstance(token, str) or not token.isascii() or not token.isprintable() or not token.strip():
            raise LayoutChanged(
                "the answer to the client id and secret holds no `access_token`",
                do="Look whether `token_url` in the configuration is right.",
            )
        seconds = _seconds(answer.get("expires_in") if isinstance(answer, dict) else None) - _EARLY
        with self._lock:
            self._held[(url, client.id)] = (token, self._clock() + dt.timedelta(seconds=seconds))
        return token


def _seconds(said: object) -> float:
    """How long a token holds: a number, or one in a text; the shortest where that cannot be told."""
    try:
        seconds = float(said) if isinstance(said, int | float | str) and not isinstance(said, bool) else 0.0
    except (ValueError, OverflowError):
        seconds = 0.0
    return min(max(seconds, _SHORTEST), _LONGEST) if math.isfinite(seconds) else _SHORTEST


def with_token(
    ask: Callable[..., Look],
    ask_for_token: Callable[..., Look],
    tokens: Tokens,
    declaration: Declaration,
    request: Request,
    client: Client,
    secret: str,
) -> Look:
    """The look of a source that wants a token. One that it does not take any more is replaced once.

    `ask` and `ask_for_token` are the door's `fetch`, at the address of the source and wherever it is told.
    """
    grant = declaration.grant
    assert grant is not None
    plain = replace(declaration, grant=None)  # the same pace; what goes out is put together here
    url = client.token_url or grant.token_url
    headers = {**request.headers, **({grant.id_header: client.id} if grant.id_header else {})}
    for tries_left in (1, 0):
        token = tokens.held(url, client)
        renewed = token is None
        if token is None:
            given = _given(ask_for_token, plain, declaration, grant, client, secret, url)
            if given.page is None:
                return given
            try:
                token = tokens.keep(url, client, given.page)
            except LookError as error:
                error.where = f"{declaration.id}: {given.url}"
                return replace(given, page=None, error=error, outcome=error.outcome, validators={})
        # What the site may repeat of the rest is unheard too: the id goes out in a header.
        asked = replace(request, headers=headers)
        look = ask(plain, asked, key=f"Bearer {token}", unheard=(client.id, secret))
        if look.outcome is not Outcome.LOGIN_REQUIRED or not look.asked:
            return look
        tokens.drop(url, client)
        if renewed or not tries_left:
            break
    return look


def _given(
    ask: Callable[..., Look],
    plain: Declaration,
    declaration: Declaration,
    grant: Grant,
    client: Client,
    secret: str,
    url: str,
) -> Look:
    """The look at the place that gives tokens. The secret stands in the body: in no address and no log."""
    form = {"grant_type": "client_credentials", "client_id": client.id, "client_secret": secret}
    if grant.scope:
        form["scope"] = grant.scope
    parts = urlsplit(url)
    request = Request(
        parts.path,
        accept="application/json",
        body=urlencode(form).encode(),
        content_type="application/x-www-form-urlencoded",
    )
    look = ask(plain, request, base_url=f"{parts.scheme}://{parts.netloc}", key=secret, unheard=(client.id,))
    if look.error is None:
        return look
    error = _refused(declaration, look.error)
    return replace(look, error=error, outcome=error.outcome)


def _refused(declaration: Declaration, error: LookError) -> LookError:
    """What it means that no token was given: 400, 401 and 403 are about id and secret, the rest passes."""
    grant = declaration.grant
    assert grant is not None
    if not isinstance(error, (LayoutChanged, LoginRequired, Declined)):
        return error
    return LoginRequired(
        f"the office does not accept the client id and secret: {error.message}",
        where=error.where,
        do=f"Check {grant.id_env} and {declaration.credential_env}: both of one application, not expired, "
        "subscribed to this service, and of the same environment (sandbox or production) as `token_url`.",
    )
