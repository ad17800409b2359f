"""The one door to the network: every look at a register goes through `Door.fetch`.

    door = Door(contact="ip-watch@example.com")
    look = door.fetch(source.declaration, request, key=key)      # a Look with exactly one outcome

It never raises for anything the network does (design law 2). It is polite by construction (law 11):
one pace per host and machine (`pace.py`), `Retry-After` honoured up to 15 minutes, one extra try and no
faster for it, a User-Agent that says tmwatch and how to reach the operator. It follows no redirect to
another host, solves no challenge (`challenge.py`), always verifies TLS, and is bounded in time and in
bytes (`wire.py`); `judging.py` says what an answer amounts to. Keys go into the one header that the request
names, and into nothing else.

Answers and outcomes: 200 ok · 304 not_modified · 404, 410 not_found · 429, and 503 with Retry-After
throttled · 401, and 403 to a key login_required · 403, 405, 406, 412, 451 declined · challenge pages of any
status blocked · 5xx server_error · no connection, time-outs and short bodies unreachable · an empty 200
and other 2xx incomplete · other 4xx, decompression bombs and HTML where data was asked layout_changed.
"""

from __future__ import annotations

import datetime as dt
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path

import requests

from tmwatch.errors import LookError, Outcome, ServerFault, Throttled, Unreachable
from tmwatch.http import address, challenge, grants, pace, wire
from tmwatch.http.address import is_loopback
from tmwatch.http.connections import Connections
from tmwatch.http.grants import Client
from tmwatch.http.headers import (
    headers_for,
    rate_limit_reset,
    retry_after_seconds,
    session_header,
    user_agent,
    validators_in,
)
from tmwatch.http.judging import BY_HAND, ERRORS, LATER, NO_MORE, Asking, by_status, held_back, no_key, walled
from tmwatch.masking import mask, mask_bytes
from tmwatch.sources.base import Declaration, Opening, Page, Request

__all__ = ["Client", "Door", "Limits", "Look", "Timeouts", "is_loopback", "user_agent"]

Timeouts = wire.Timeouts
Limits = wire.Limits

_MOST_HOPS = 5
_REDIRECTS = {301, 302, 303, 307, 308}
_AS_GET = {301, 302, 303}  # sent on by these, a POST goes on as a GET
# Only these headers of an answer are kept: cookies and whatever echoes a key stay out of the archive.
_KEPT_HEADERS = {
    "age", "content-language", "content-type", "date", "etag", "last-modified", "retry-after",
}  # fmt: skip


@dataclass(frozen=True)
class Look:
    """How one look ended. `page` is there for `ok` only; `error` for all but `ok` and `not_modified`.

    `validators` ("etag", "last_modified") belong into the next look of the same request, if and only
    if the reader could read the page: a throttling shell with an ETag would be "not modified" for ever.
    `asked` is False where no request went out (held by the pace, or no key); `held_until` says from when
    on the pace lets the host be asked again: such a look is no failure, it has not been made.
    """

    outcome: Outcome
    page: Page | None
    url: str
    error: LookError | None
    started_at: dt.datetime
    seconds: float
    validators: Mapping[str, str] = field(default_factory=dict)
    asked: bool = True
    held_until: dt.datetime | None = None


class Door:
    """Asks registers, one request at a time per call. Thread-safe; keeps no connection open but `keeping`."""

    def __init__(
        self,
        contact: str,
        *,
        state_dir: Path | None = None,
        clock: pace.Clock = lambda: dt.datetime.now(dt.UTC),
        sleep: pace.Sleep = time.sleep,
        timeouts: Timeouts = Timeouts(),  # noqa: B008 - frozen
        limits: Limits = Limits(),  # noqa: B008 - frozen
        extra_tries: int = 1,
        patience: float = 60.0,
    ) -> None:
        """`patience`: seconds worth sleeping for a turn; a host held for longer is not asked at all.

        Raises `ConfigError` if `contact` is empty or cannot stand in a header.
        """
        self._agent = user_agent(contact)
        self._clock = clock
        self._timeouts = timeouts
        self._limits = limits
        self._extra_tries = extra_tries
        self._connections = Connections()
        self._tokens = grants.Tokens(clock)
        folder = state_dir if state_dir is not None else pace.state_folder()
        self._pacer = pace.Pacer(folder, clock=clock, sleep=sleep, patience=patience)

    def fetch(
        self,
        declaration: Declaration,
        request: Request,
        *,
        base_url: str | None = None,
        key: str | None = None,
        validators: Mapping[str, str] | None = None,
        min_interval: float | None = None,
        max_per_day: int | None = None,
        client: Client | None = None,
        familiar: Callable[[Page], bool] | None = None,
        unheard: Sequence[str] = (),
    ) -> Look:
        """Ask once and say how it ended. `base_url`, `min_interval`, `max_per_day` come from configuration.

        A source with a `grant` is asked with a token, for which `client` and the key are exchanged first.
        `familiar` says whether a page is, but for its stamp, one that was read as a record before: such a
        page is none that stands in the way, and its text is not searched for the words of those. `unheard`
        are secrets besides the key that the site may repeat.

        Raises `ConfigError` for what configuration or a source may not say; nothing for the network.
        """
        if declaration.grant is not None and request.credential_header:
            if not key or client is None:
                asking = Asking(declaration, request, key, {}, address.build(declaration, request, base_url))
                return self._look(asking, no_key(asking), asked=False)
            ask = partial(self.fetch, min_interval=min_interval, max_per_day=max_per_day)
            ours = {"base_url": base_url, "validators": validators, "familiar": familiar}
            return grants.with_token(
                partial(ask, **ours), ask, self._tokens, declaration, request, client, key
            )
        url = address.build(declaration, request, base_url)
        headers = headers_for(declaration, request, self._agent, key, validators or {})
        asking = Asking(
            declaration,
            request,
            key,
            validators or {},
            address.without_secret(url, key),
            familiar,
            tuple(unheard),
        )
        if request.credential_header and not key:
            return self._look(asking, no_key(asking), asked=False)
        law = pace.rules(
            declaration.pace, loopback=is_loopback(url), min_interval=min_interval, max_per_day=max_per_day
        )
        with self._connections.to(url) as line:
            if request.opening is not None:
                first = self._open(line.session, declaration, request.opening, base_url, law)
                if first.error is not None:
                    return first
                headers |= session_header(request.opening, line.session.cookies)
            look = self._hops(line.session, asking, url, headers, law)
            line.well = look.error is None
        return look

    def _open(
        self,
        session: requests.Session,
        declaration: Declaration,
        opening: Opening,
        base_url: str | None,
        law: pace.Rules,
    ) -> Look:
        """Visit the page that hands out a session, in a turn of its own. Of the page nothing is kept."""
        visit = Request(opening.path, accept="text/html")
        url = address.build(declaration, visit, base_url)
        headers = headers_for(declaration, visit, self._agent, None, {})
        return self._hops(session, Asking(declaration, visit, None, {}, url), url, headers, law)

    @property
    def agent(self) -> str:
        """The User-Agent."""
        return self._agent

    @property
    def pacer(self) -> pace.Pacer:
        """The pace of all hosts."""
        return self._pacer

    def keeping(self) -> AbstractContextManager[None]:
        """While the block lasts, a connection whose answer was whole waits for the next question there."""
        return self._connections.kept()

    def report(self, look: Look, outcome: Outcome) -> None:
        """Tell the pace what the *reader* made of a page (TSDR throttles with a 200 and an empty shell)."""
        if outcome is not Outcome.OK:
            self._pacer.note(address.pace_key(look.url), outcome)

    def _hops(
        self,
        session: requests.Session,
        asking: Asking,
        url: str,
        headers: dict[str, str],
        law: pace.Rules,
    ) -> Look:
        """One request after another while the same host sends us on; each waits for its own turn."""
        host = address.pace_key(url)
        tries = self._extra_tries
        body = asking.request.body
        seen: set[tuple[str, str]] = set()
        broken: wire.Broken | None = None
        for _ in range(_MOST_HOPS + 1 + tries):
            held = self._pacer.wait_turn(host, law)
            if held is not None and broken is not None:
                return self._look(asking, asking.error(Unreachable, broken.what, broken.do or LATER))
            if held is not None and asking.started_at is not None:
                return self._look(asking, held_back(asking, held, self._clock()))
            if held is not None:
                error = held_back(asking, held, self._clock())
                return self._look(asking, error, asked=False, held_until=held.until)
            asking.started()
            asking.started_at = self._clock()
            result = self._once(session, asking, url, headers, ours=not seen, body=body)
            broken = result if isinstance(result, wire.Broken) else None
            if isinstance(result, wire.Broken) and result.stale:
                continue  # nobody was asked yet: asked now, in a turn of its own
            if isinstance(result, wire.Broken) and result.again and tries > 0:
                tries -= 1
                self._pacer.note(host, Outcome.UNREACHABLE)
                continue
            if isinstance(result, wire.Broken):
                return self._close(host, asking, asking.error(Unreachable, result.what, result.do or LATER))
            if result.status not in _REDIRECTS:
                return self._judge(host, asking, result)
            target = address.next_hop(url, result.headers.get("location", ""))
            if isinstance(target, address.NoHop):
                return self._close(host, asking, asking.error(ERRORS[target.outcome], target.what, BY_HAND))
            # The same address may come again with a new cookie (a cookie gate), but not without one.
            step = (target, repr(sorted((c.name, c.value) for c in session.cookies)))
            if step in seen or len(seen) == _MOST_HOPS:
                break
            seen.add(step)
            url = target
            if result.status in _AS_GET and body is not None:
                body = (
                    None  # RFC 9110 §15.4: what comes then is an answer of its own, for the reader to judge
                )
                headers = {name: value for name, value in headers.items() if name != "Content-Type"}
        what = "the site sends the question round in circles"
        return self._close(host, asking, asking.error(ServerFault, what, LATER))

    def _once(
        self,
        session: requests.Session,
        asking: Asking,
        url: str,
        headers: dict[str, str],
        *,
        ours: bool,
        body: bytes | None,
    ) -> wire.Reply | wire.Broken:
        try:
            reply = wire.ask(
                session,
                wire.prepared(session, url, headers, ours=ours, body=body),
                timeouts=self._timeouts,
                limits=self._limits,
                use_proxies=not is_loopback(url),
            )
        except wire.Broken as broken:
            return broken
        except ValueError:
            # Only a redirect can lead here: our own address was prepared before.
            return wire.Broken("the site sent the question to an address that cannot be meant")
        if reply.status == requests.codes.ok and isinstance(reply.flaw, wire.Broken):
            return reply.flaw
        return _unheard(reply, asking)

    def _judge(self, host: str, asking: Asking, reply: wire.Reply) -> Look:
        page = Page(
            body=reply.body,
            url=asking.url,
            content_type=reply.headers.get("content-type", ""),
            status=reply.status,
            headers={name: value for name, value in reply.headers.items() if name in _KEPT_HEADERS},
            query=asking.request.query,
            fetched_at=asking.started_at,
        )
        whole = Page(page.body, page.url, page.content_type, page.status, reply.headers)
        if reply.status == requests.codes.ok and asking.familiar is not None and asking.familiar(page):
            error = challenge.by_headers(whole) or walled(asking, reply) or by_status(asking, reply)
        else:
            error = challenge.detect(whole) or walled(asking, reply) or by_status(asking, reply)
        if error is not None:
            error.where = asking.where
            wait = retry_after_seconds(reply.headers.get("retry-after"), self._clock())
            if wait is None and reply.status == requests.codes.too_many_requests:
                wait = rate_limit_reset(reply.headers)
            retry_after = wait if reply.status >= requests.codes.bad_request else None
            if isinstance(error, Throttled):
                error.retry_after = retry_after
            return self._close(host, asking, error, retry_after)
        if reply.status == requests.codes.not_modified:
            self._pacer.note(host, Outcome.NOT_MODIFIED)
            kept = {**asking.validators, **validators_in(reply.headers)}
            return self._look(asking, None, outcome=Outcome.NOT_MODIFIED, validators=kept)
        self._pacer.note(host, Outcome.OK)
        return self._look(asking, None, page=page, validators=validators_in(reply.headers))

    def _close(self, host: str, asking: Asking, error: LookError, retry_after: float | None = None) -> Look:
        if asking.declaration.guarded and error.outcome in {Outcome.BLOCKED, Outcome.DECLINED}:
            retry_after = pace.LONGEST
            error.do = f"{NO_MORE} {error.do}".strip()
        self._pacer.note(host, error.outcome, retry_after)
        return self._look(asking, error)

    def _look(
        self,
        asking: Asking,
        error: LookError | None,
        *,
        outcome: Outcome = Outcome.OK,
        page: Page | None = None,
        validators: Mapping[str, str] | None = None,
        asked: bool = True,
        held_until: dt.datetime | None = None,
    ) -> Look:
        return Look(
            outcome=error.outcome if error else outcome,
            page=page,
            url=asking.url,
            error=error,
            started_at=asking.started_at or self._clock(),
            seconds=round(time.monotonic() - asking.tick, 3) if asked else 0.0,
            validators=validators or {},
            asked=asked,
            held_until=held_until,
        )


def _unheard(reply: wire.Reply, asking: Asking) -> wire.Reply:
    """The answer without the secrets that the site may repeat: pages are kept, errors quote them (law 13)."""
    key = asking.key
    said = [*([key, key.removeprefix("Bearer ")] if key else []), *asking.unheard]
    headers = {name: mask(value, said) for name, value in reply.headers.items()}
    return replace(reply, headers=headers, body=mask_bytes(reply.body, said))
