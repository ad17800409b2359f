"""What the answer to a question amounts to: a page, or the one error that says what to do (design law 2)."""

from __future__ import annotations

import datetime as dt
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from urllib.parse import urlsplit

from tmwatch.errors import (
    Blocked,
    Declined,
    Incomplete,
    LayoutChanged,
    LoginRequired,
    LookError,
    NotFound,
    Outcome,
    ServerFault,
    Throttled,
    Unreachable,
)
from tmwatch.http import challenge, pace, wire
from tmwatch.sources.base import Declaration, Page, Request

ERRORS: dict[Outcome, type[LookError]] = {
    kind.outcome: kind
    for kind in (
        NotFound, Throttled, Blocked, Declined, LoginRequired,
        Unreachable, LayoutChanged, Incomplete, ServerFault,
    )
}  # fmt: skip
LATER = "Nothing need be done now: the next run asks again."
NO_MORE = "In this run nobody asks there again; ask less often if it goes on."
BY_HAND = "Open the page in a browser, save it and give the file to `tmwatch import`."


@dataclass
class Asking:
    """One call of `fetch` and what its errors need to say."""

    declaration: Declaration
    request: Request
    key: str | None
    validators: Mapping[str, str]
    url: str  # without secrets
    familiar: Callable[[Page], bool] | None = None
    unheard: tuple[str, ...] = ()  # secrets besides the key
    started_at: dt.datetime | None = None
    tick: float = 0.0

    def started(self) -> None:
        """The question goes out now."""
        self.tick = time.monotonic()

    @property
    def where(self) -> str:
        """Source and address, for errors."""
        return f"{self.declaration.id}: {self.url}"

    def error(self, kind: type[LookError], message: str, do: str = "") -> LookError:
        """An error of this kind about this question."""
        return kind(message, where=self.where, do=do)


def walled(asking: Asking, reply: wire.Reply) -> LookError | None:
    """What the wall before a guarded site answers in the site's place: a web page where data was asked for,
    whatever it says; or 499, "closed by the client", which the client did not."""
    if not asking.declaration.guarded or "html" in asking.request.accept.lower():
        return None
    if reply.status == 200 and challenge.is_html(reply.body):
        return asking.error(
            Blocked, "the site answered with a web page, a challenge, instead of data", BY_HAND
        )
    if reply.status == 499:
        return asking.error(Declined, "the site refuses the question (HTTP 499)", BY_HAND)
    return None


def by_status(asking: Asking, reply: wire.Reply) -> LookError | None:
    """The error that status and form of the answer amount to; None for a page or a 304."""
    status, say = reply.status, asking.error
    if status == 200:
        return _by_form(asking, reply)
    if status == 304:
        if asking.validators:
            return None
        return say(ServerFault, "the site says `not modified` to a question without a condition", LATER)
    if status in {404, 410}:
        return say(
            NotFound,
            f"the office answers that there is no such record (HTTP {status})",
            "Check the number. If the record was there before, it is not taken for gone at once.",
        )
    if status in {425, 429} or (status == 503 and "retry-after" in reply.headers):
        return say(Throttled, f"the site asks for fewer questions (HTTP {status})", LATER)
    if status == 401 or (status == 403 and asking.request.credential_header):
        if not asking.request.credential_header:
            return say(LoginRequired, "the site asks for a login (HTTP 401)", BY_HAND)
        name = asking.declaration.credential_env or "the configured key"
        return say(
            LoginRequired,
            f"the site does not accept the key (HTTP {status})",
            f"Check that {name} is set, not expired and allowed for this service.",
        )
    if status in {403, 405, 406, 412, 451}:
        return say(Declined, f"the site refuses the question (HTTP {status})", BY_HAND)
    if status == 408:
        return say(Unreachable, "the site gave up waiting for the question (HTTP 408)", LATER)
    if status >= 500:
        return say(ServerFault, f"the site has an error of its own (HTTP {status})", LATER)
    if status >= 400:
        return say(
            LayoutChanged,
            f"the site does not understand the question any more (HTTP {status})",
            "Look for a newer version of tmwatch, or report it with this address.",
        )
    return say(Incomplete, f"the site gave no page (HTTP {status})", LATER)


def _by_form(asking: Asking, reply: wire.Reply) -> LookError | None:
    if isinstance(reply.flaw, wire.TooMuch):
        return asking.error(LayoutChanged, f"{reply.flaw.what}; that is no page of a register", BY_HAND)
    if not reply.body.strip():
        return asking.error(Incomplete, "the site answered with an empty page", LATER)
    accept = asking.request.accept.lower()
    wants_data = any(word in accept for word in ("json", "xml", "zip", "pdf", "csv"))
    if wants_data and "html" not in accept and "*/*" not in accept and challenge.is_html(reply.body):
        return asking.error(
            LayoutChanged,
            "the site answered with a web page where data was asked for",
            "Open the address in a browser: the service may have moved, or the file may not exist.",
        )
    return None


def no_key(asking: Asking) -> LookError:
    """Nothing was asked: the source needs a key, and there is none."""
    grant, name = asking.declaration.grant, asking.declaration.credential_env
    if grant is not None:
        return asking.error(
            LoginRequired,
            "this source needs a client id and a secret, and one of them is not set",
            f"Set the environment variables {grant.id_env} and {name}.",
        )
    return asking.error(
        LoginRequired,
        "this source needs a key, and none is set",
        f'Set the environment variable {name}, or `key_file` in [source."{asking.declaration.id}"].'
        if name
        else f'Set `key_env` or `key_file` in [source."{asking.declaration.id}"].',
    )


def held_back(asking: Asking, held: pace.Held, now: dt.datetime) -> LookError:
    """Nothing was asked: the pace keeps the host at rest."""
    until = held.until.replace(microsecond=0).isoformat(sep=" ").replace("+00:00", " UTC")
    host = urlsplit(asking.url).hostname or ""
    error = asking.error(
        ERRORS.get(held.outcome, Throttled),
        f"{host} was not asked: {held.why}",
        f"It is asked again from {until} on.",
    )
    if isinstance(error, Throttled):
        error.retry_after = max((held.until - now).total_seconds(), 0.0)
    return error
