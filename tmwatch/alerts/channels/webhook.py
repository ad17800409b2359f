"""Webhooks by HTTP: one signed POST, and only 2xx counts.

Redirects are refused, since they would carry the alert to somewhere nobody configured. An address of
a webhook often holds a token in its path, so no error shows more of it than the host.
"""

from __future__ import annotations

import datetime as dt
import html
import os
import re
import time
from collections.abc import Callable, Mapping
from email.utils import parsedate_to_datetime
from urllib.parse import unquote, urlsplit

import requests
from requests.auth import AuthBase

from tmwatch.alerts.channels.base import (
    KEPT,
    EndpointDown,
    EndpointGone,
    OperatorNeeded,
    TryLater,
    answer_line,
)
from tmwatch.alerts.delivery import Delivery
from tmwatch.alerts.webhook import SecretError, build_body, headers
from tmwatch.config import Config, Recipient, is_loopback
from tmwatch.errors import ConfigError, DeliveryError, PermanentDeliveryError

CONNECT_SECONDS = 10.0
ANSWER_SECONDS = 15.0  # the specification: 15 to 30
EXCERPT_BYTES = 1000


class _NoLogin(AuthBase):
    """Keeps `requests` from adding a login it finds in ~/.netrc."""

    def __call__(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        return request


class WebhookChannel:
    """Posts to the webhook of the recipient, as the configuration names it now."""

    def __init__(
        self,
        config: Config,
        *,
        env: Mapping[str, str] | None = None,
        clock: Callable[[], float] = time.time,
        timeout: tuple[float, float] = (CONNECT_SECONDS, ANSWER_SECONDS),
        verify: bool | str = True,
    ) -> None:
        """`timeout` is (connect, answer) in seconds; `verify` a file of certificates to trust instead."""
        self._config = config
        self._env = os.environ if env is None else env
        self._clock = clock
        self._timeout = timeout
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
        return self._post(hook.url, body, signed, where)

    def _post(self, url: str, body: bytes, signed: Mapping[str, str], where: str) -> str:
        with requests.Session() as session:
            # A proxy of the environment is right for the world, never for this machine.
            session.trust_env = not is_loopback(urlsplit(url).hostname)
            try:
                with session.post(
                    url,
                    data=body,
                    headers={"Content-Type": "application/json", "User-Agent": "tmwatch", **signed},
                    timeout=self._timeout,
                    allow_redirects=False,
                    stream=True,
                    auth=_NoLogin(),
                    verify=self._verify,
                ) as answer:
                    excerpt = _excerpt(answer, url)
                    return _judge(answer, excerpt, where)
            # Texts of these errors hold the whole address: they are not repeated, nor chained.
            except requests.exceptions.SSLError as error:
                if "CERTIFICATE_VERIFY_FAILED" not in str(error):
                    raise EndpointDown("the TLS connection broke off", where=where, kept=KEPT) from None
                raise OperatorNeeded(
                    "its certificate could not be verified",
                    where=where,
                    kept=KEPT,
                    do="Check the address; for a certificate authority of your own set REQUESTS_CA_BUNDLE.",
                ) from None
            except requests.exceptions.Timeout:
                raise EndpointDown(
                    f"no answer within {self._timeout[1]:g} seconds", where=where, kept=KEPT
                ) from None
            except requests.exceptions.RequestException as error:
                raise EndpointDown(
                    f"no connection ({type(error).__name__})", where=where, kept=KEPT
                ) from None

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


def _excerpt(answer: requests.Response, url: str) -> str:
    """The beginning of the answer's text, never more than one read and without our own address.

    Servers repeat it ("Cannot POST /services/T0/…"), and it may hold a token (law 13).
    """
    try:
        chunk = next(answer.iter_content(EXCERPT_BYTES), b"")
    except requests.exceptions.RequestException:
        return ""  # the status line said it all
    text = bytes(chunk).decode("utf-8", "replace")
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


def _judge(answer: requests.Response, excerpt: str, where: str) -> str:
    """2xx is delivered; all else is an error of the right kind."""
    status = answer.status_code
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
        raise EndpointGone(
            "it answered HTTP 410: it is gone for good",
            where=where,
            do="Take this webhook out of the configuration.",
        )
    if status in (429, 503) and (after := _retry_after(answer.headers.get("Retry-After", ""))):
        raise TryLater(f"it answered {said}", after=after, where=where, kept=KEPT)
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
