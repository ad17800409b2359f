"""One HTTP POST to a receiver, and what its answer means where only the status says it.

Redirects are refused, since they would carry the alert to somewhere nobody configured, and so is what
leads into a private network, unless the configuration allows it (`road.py`). The address of a webhook or
bot often holds a token, so no error shows more of it than the host.
"""

from __future__ import annotations

import datetime as dt
import html
import re
import socket
import ssl
from collections.abc import Mapping
from dataclasses import dataclass
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
from tmwatch.alerts.channels.road import EXCERPT_BYTES, AddressRefused, Broken, Timeouts, post
from tmwatch.config import is_loopback
from tmwatch.errors import DeliveryError

# Advice of the Standard Webhooks specification: 15 to 30 seconds. A 2xx that comes later is not seen: the
# alert may be in the receiver's books, and comes again (a webhook under the same webhook-id).
TIMEOUTS = Timeouts(connect=10.0, answer=20.0)
# The receiver is overloaded or behind something that is: the rest of the run spares it.
_BUSY = frozenset({429, 502, 503, 504})


@dataclass(frozen=True)
class Said:
    """What a receiver answered."""

    status: int
    text: str  # the beginning of its body as one clean line, without our own address in it
    body: bytes  # the same as it came, for those who answer in a form of their own
    retry_after: float  # seconds; 0 where it does not say
    where: str

    @property
    def line(self) -> str:
        """ "HTTP 200 ok": for the books and for people."""
        return f"HTTP {self.status} {self.text}".rstrip()


def encrypted(url: str, where: str) -> None:
    """Raises `OperatorNeeded` where an address would be posted to in the clear."""
    parts = urlsplit(url)
    if parts.scheme != "https" and not is_loopback(parts.hostname):
        raise OperatorNeeded("plain http is for this machine only", where=where, kept=KEPT, do="Use https.")


def send_post(
    url: str,
    body: bytes,
    headers: Mapping[str, str],
    *,
    where: str,
    setting: str,
    allow_private: bool,
    timeouts: Timeouts,
    verify: bool | str,
    env: Mapping[str, str],
    most: int = EXCERPT_BYTES,
) -> Said:
    """Post once; `most` bytes of the answer's body are read. `where` names the receiver in errors,
    `setting` the place in the configuration ("the webhook of …").

    Raises a `DeliveryError` of the right kind where no answer came.
    """
    try:
        answer = post(
            url,
            body,
            # What is compressed could not be shown, and a bomb need not be asked for.
            {"User-Agent": "tmwatch", "Accept-Encoding": "identity", **headers},
            allow_private=allow_private,
            timeouts=timeouts,
            verify=verify,
            env=env,
            most=most,
        )
    except AddressRefused as error:
        raise refused_address(error, where, setting) from None
    # Texts of these errors hold the whole address: they are not repeated, nor chained.
    except Broken as error:
        raise _broken(error, where, timeouts) from None
    text = excerpt(answer.excerpt, url)
    return Said(answer.status, text, answer.excerpt, _retry_after(answer.retry_after), where)


def refused_address(error: AddressRefused, where: str, setting: str) -> OperatorNeeded:
    """Its name leads where nothing may be posted to."""
    do = "Correct the address, or ask who runs that name."
    if error.special.opens:
        do = f"If that is meant, set allow_private = true in {setting}."
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


def excerpt(beginning: bytes, url: str) -> str:
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


def taken(said: Said) -> str:
    """2xx is delivered, whatever follows the status line; all else raises an error of the right kind."""
    status, where = said.status, said.where
    if 200 <= status < 300:
        return said.line
    if 300 <= status < 400:
        raise DeliveryError(
            f"it answered with a redirect (HTTP {status}), which is refused",
            where=where,
            kept=KEPT,
            do="Put the final address into the configuration.",
        )
    if status == 410:
        raise EndpointGone("it answered HTTP 410: it is gone for good", where=where, kept=KEPT)
    if status in (429, 503) and said.retry_after:
        raise TryLater(f"it answered {said.line}", after=said.retry_after, where=where, kept=KEPT)
    if status in _BUSY:
        raise EndpointDown(f"it answered {said.line}", where=where, kept=KEPT)
    raise DeliveryError(f"it answered {said.line}", where=where, kept=KEPT)


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
