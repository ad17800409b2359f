"""Webhooks by HTTP: one signed POST, and only 2xx counts.

Redirects are refused, since they would carry the alert to somewhere nobody configured, and so is what
leads into a private network, unless the configuration allows it (`road.py`). An address of a webhook
often holds a token in its path, so no error shows more of it than the host.
"""

from __future__ import annotations

import datetime as dt
import html
import os
import re
import socket
import ssl
import time
from collections.abc import Callable, Mapping
from email.utils import parsedate_to_datetime
from urllib.parse import unquote, urlsplit

import requests
import urllib3

from tmwatch.alerts.channels.base import (
    KEPT,
    EndpointDown,
    EndpointGone,
    OperatorNeeded,
    TryLater,
    answer_line,
)
from tmwatch.alerts.channels.road import AddressRefused, Answer, Broken, Timeouts, post
from tmwatch.alerts.delivery import Delivery
from tmwatch.alerts.webhook import SecretError, build_body, headers
from tmwatch.config import Config, Recipient, Webhook, is_loopback
from tmwatch.errors import ConfigError, DeliveryError, PermanentDeliveryError

# The specification's advice is 15 to 30 seconds. A 2xx that comes later is not seen: the alert may be in the
# receiver's books, and comes again under the same webhook-id.
TIMEOUTS = Timeouts(connect=10.0, answer=20.0)
# The receiver is overloaded or behind something that is: the rest of the run spares it.
_BUSY = frozenset({429, 502, 503, 504})


class WebhookChannel:
    """Posts to the webhook of the recipient, as the configuration names it now."""

    def __init__(
        self,
        config: Config,
        *,
        env: Mapping[str, str] | None = None,
        clock: Callable[[], float] = time.time,
        timeouts: Timeouts | None = None,
        verify: bool | str = True,
    ) -> None:
        """`verify` may be a file of certificates to trust instead."""
        self._config = config
        self._env = os.environ if env is None else env
        self._clock = clock
        self._timeouts = timeouts or TIMEOUTS
        self._verify = verify

    def endpoint(self, delivery: Delivery, recipient: Recipient) -> str:
        """The address itself: other endpoints go their own way."""
        return recipient.webhook.url if recipient.webhook else ""

    def send(self, delivery: Delivery, recipient: Recipient) -> str:
        """Post once; the answer is "HTTP 204" and the beginning of what the receiver says."""
        hook = recipient.webhook
        if hook is None:
            raise PermanentDeliveryError(f'recipient "{recipient.name}" has no webhook any more')
        parts = urlsplit(hook.url)
        where = f'webhook of "{recipient.name}" at {parts.hostname}'
        if parts.scheme != "https" and not is_loopback(parts.hostname):
            raise OperatorNeeded(
                "plain http is for this machine only", where=where, kept=KEPT, do="Use https."
            )
        body = build_body(
            delivery.payload, created_at=delivery.created_at, personal_addresses=hook.personal_addresses
        )
        signed = headers(self._secret(recipient, where), delivery.message_id, body, clock=self._clock)
        return self._post(hook, body, signed, where, recipient)

    def _post(
        self, hook: Webhook, body: bytes, signed: Mapping[str, str], where: str, recipient: Recipient
    ) -> str:
        try:
            answer = post(
                hook.url,
                body,
                # What is compressed could not be shown, and a bomb need not be asked for.
                {
                    "Content-Type": "application/json",
                    "User-Agent": "tmwatch",
                    "Accept-Encoding": "identity",
                    **signed,
                },
                allow_private=hook.allow_private,
                timeouts=self._timeouts,
                verify=self._verify,
                env=self._env,
            )
        except AddressRefused as error:
            raise _refused(error, where, recipient) from None
        # Texts of these errors hold the whole address: they are not repeated, nor chained.
        except Broken as error:
            raise _broken(error, where, self._timeouts) from None
        return _judge(answer, _excerpt(answer.excerpt, hook.url), where)

    def _secret(self, recipient: Recipient, where: str) -> str:
        try:
            secret = self._config.webhook_secret(recipient, self._env)
        except ConfigError as error:
            raise OperatorNeeded(error.message, where=error.where or where, kept=KEPT, do=error.do) from None
        if not secret:
            raise OperatorNeeded(
                "it has no signing secret", where=where, kept=KEPT, do="Set secret_env or secret_file."
            )
        try:
            headers(secret, "", b"")
        except SecretError as error:
            hook = recipient.webhook
            named = (hook.secret_env or hook.secret_file) if hook else ""
            raise OperatorNeeded(
                f"{error} (in {named})",
                where=where,
                kept=KEPT,
                do="Put the secret there as the receiver shows it.",
            ) from None
        return secret


def _refused(error: AddressRefused, where: str, recipient: Recipient) -> OperatorNeeded:
    do = "Correct the address, or ask who runs that name."
    if error.special.opens:
        do = f'If that is meant, set allow_private = true in the webhook of recipient "{recipient.name}".'
    return OperatorNeeded(
        f"nothing was sent: its name leads to {error.address} ({error.special.what})",
        where=where,
        kept=KEPT,
        do=do,
    )


def _broken(error: Broken, where: str, timeouts: Timeouts) -> DeliveryError:
    """In our own words, by what went wrong below."""
    if unsafe := error.of(ssl.SSLCertVerificationError):
        reason = answer_line(getattr(unsafe, "verify_message", "") or "it is not trusted")
        return OperatorNeeded(
            f"its certificate could not be verified ({reason})",
            where=where,
            kept=KEPT,
            do="Check the address and this machine's clock; for a certificate authority of your own set "
            "REQUESTS_CA_BUNDLE.",
        )
    if error.of(requests.exceptions.ProxyError, urllib3.exceptions.ProxyError):
        return EndpointDown(
            "the proxy did not let the connection through",
            where=where,
            kept=KEPT,
            do="Check HTTPS_PROXY and NO_PROXY.",
        )
    if error.of(requests.exceptions.ConnectTimeout):
        return EndpointDown(f"no connection within {timeouts.connect:g} seconds", where=where, kept=KEPT)
    if error.late or error.of(requests.exceptions.ReadTimeout, TimeoutError):
        return EndpointDown(f"no answer within {timeouts.answer:g} seconds", where=where, kept=KEPT)
    if error.of(requests.exceptions.SSLError, ssl.SSLError):
        return EndpointDown("the TLS connection broke off", where=where, kept=KEPT)
    if error.of(socket.gaierror):
        return EndpointDown("its name could not be resolved", where=where, kept=KEPT)
    if error.of(urllib3.exceptions.NewConnectionError):
        return EndpointDown("no connection", where=where, kept=KEPT)
    return EndpointDown("the connection broke off before an answer came", where=where, kept=KEPT)


def _excerpt(beginning: bytes, url: str) -> str:
    """The beginning of the answer's text without our own address.

    Servers repeat it ("Cannot POST /services/T0/…"), and it may hold a token (law 13).
    """
    text = beginning.decode("utf-8", "replace")
    for piece in _telling(url):
        text = text.replace(piece, "…")
    return answer_line(text)


_TOKEN = 6  # letters; shorter pieces of an address are words such as "api"


def _telling(url: str) -> list[str]:
    """The parts of an address that may be secret, as written and decoded, longest first."""
    parts = urlsplit(url)
    pieces = {parts.path, parts.query, *parts.path.split("/"), *re.split("[&=]", parts.query)}
    spelled = pieces | {unquote(piece) for piece in pieces} | {html.escape(piece) for piece in pieces}
    return sorted((piece for piece in spelled if len(piece) >= _TOKEN), key=len, reverse=True)


def _judge(answer: Answer, excerpt: str, where: str) -> str:
    """2xx is delivered, whatever follows the status line; all else is an error of the right kind."""
    status = answer.status
    said = f"HTTP {status} {excerpt}".rstrip()
    if 200 <= status < 300:
        return said
    if 300 <= status < 400:
        raise DeliveryError(
            f"it answered with a redirect (HTTP {status}), which is refused",
            where=where,
            kept=KEPT,
            do="Put the final address into the configuration.",
        )
    if status == 410:
        raise EndpointGone("it answered HTTP 410: it is gone for good", where=where, kept=KEPT)
    if status in (429, 503) and (after := _retry_after(answer.retry_after)):
        raise TryLater(f"it answered {said}", after=after, where=where, kept=KEPT)
    if status in _BUSY:
        raise EndpointDown(f"it answered {said}", where=where, kept=KEPT)
    raise DeliveryError(f"it answered {said}", where=where, kept=KEPT)


def _retry_after(value: str) -> float:
    """Seconds from a number or an HTTP date; 0 for neither."""
    text = value.strip()
    if text.isascii() and text.isdigit():
        return float(min(int(text[:9]), 10**8))
    try:
        moment = parsedate_to_datetime(text)
    except (ValueError, TypeError):
        return 0.0
    aware = moment if moment.tzinfo else moment.replace(tzinfo=dt.UTC)
    return max(0.0, (aware - dt.datetime.now(dt.UTC)).total_seconds())
