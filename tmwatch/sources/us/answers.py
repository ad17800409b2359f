"""What kind of answer the TSDR API gave, before anyone reads it as a record."""

from __future__ import annotations

import json
import re
from typing import Any, Literal

from tmwatch.errors import (
    Blocked,
    Incomplete,
    LayoutChanged,
    LoginRequired,
    LookError,
    NotFound,
    NotThisSource,
    ServerFault,
    Throttled,
)
from tmwatch.sources.base import Page
from tmwatch.text import clean_line, mended

_ROOT = re.compile(rb"<(?:[\w.-]+:)?(TrademarkTransaction|Transaction)[\s>]")
# The USPTO's own namespace: ST.66 files of other offices have the same root.
_OFFICE = b"urn:us:gov:doc:uspto:trademark"
_US = re.compile(rb"RegistrationOfficeCode>\s*US\s*<|IPOfficeCode>\s*US\s*<")
_LOGIN_DO = "Check the key in USPTO_API_KEY; a new key may take some minutes to work."

# (words of an error answer, the error it is). The first that fits counts.
_WORDS: tuple[tuple[str, type[LookError], str], ...] = (
    (r"captcha|challenge|request rejected|access denied", Blocked, "Stop asking for today."),
    (r"rate limit|too many|quota|throttl|over ?limit", Throttled, "The next run tries again, more slowly."),
    (r"api.?key|unauthori[sz]ed|forbidden|not authori[sz]ed|log ?in|sign ?in", LoginRequired, _LOGIN_DO),
    (r"not found|no (?:case|record|data)|does not exist|invalid case", NotFound, "Check the number."),
)


def _plain(body: bytes) -> bytes:
    return body.replace(b"\0", b"").lstrip(b"\xef\xbb\xbf\xff\xfe \t\r\n")


def looks_like(body: bytes) -> Literal["json", "xml"] | None:
    """Whether these bytes are a TSDR record, and in which spelling. Cheap, never raises."""
    head = _plain(body[:8_000])
    if head.startswith(b"{"):
        whole = body if len(body) < 5_000_000 else body[:5_000_000]
        if b'"transactionList"' in whole:
            return "json"
        if b'"trademarks"' in whole and (b'"serialNumber"' in whole or len(body) < 500):
            return "json"
        return None
    if head.startswith(b"<") and _ROOT.search(head) and (_OFFICE in head or _US.search(head)):
        return "xml"
    return None


def load_json(body: bytes, where: str) -> dict[str, Any]:
    """The answer as an object. Raises `Incomplete` for a cut-off file."""
    try:
        data = mended(json.loads(body.decode("utf-8-sig")))
    except (ValueError, RecursionError) as error:
        raise Incomplete(
            f"the JSON cannot be read to its end ({str(error)[:120]})",
            where=where,
            do="Fetch or save the record again.",
        ) from error
    if not isinstance(data, dict):
        raise LayoutChanged("the JSON is no object", where=where)
    return data


def refuse_failures(page: Page, where: str) -> Literal["json", "xml"]:
    """The spelling of what may be a record (see `looks_like`). Raises the error that any other answer stands
    for."""
    by_status: dict[int, tuple[type[LookError], str]] = {
        401: (LoginRequired, _LOGIN_DO),
        403: (LoginRequired, _LOGIN_DO),
        404: (NotFound, "Check the number."),
        429: (Throttled, "The next run tries again, more slowly."),
    }
    if page.status in by_status:
        kind, advice = by_status[page.status]
        raise kind(f"the TSDR API answered {page.status}", where=where, do=advice)
    if page.status >= 500:
        raise ServerFault(f"the TSDR API answered {page.status}", where=where)
    if spelling := looks_like(page.body):
        return spelling
    body = _plain(page.body)
    if not body:
        raise Incomplete("the answer is empty", where=where, do="Nothing to do: the next look asks again.")
    text = body[:20_000].decode("utf-8", "replace")
    if text.startswith("<") and re.match(r"<(!doctype html|html|head|body)", text, re.IGNORECASE):
        # A page is no word of the interface: never "not found", and only a short one is read for its reason.
        if len(body) < 10_000:
            _by_words(text, where, "an HTML page instead of data", but=NotFound)
        raise LayoutChanged("the answer is an HTML page instead of data", where=where)
    if text.startswith("{") and re.search(r'"(error|errors|message|errorMessage|fault)"', text):
        _by_words(text, where, "an error message")
        raise ServerFault("the TSDR API answered with an error message", where=where)
    if text.startswith("{") and len(text) < 500 and not text.rstrip().endswith("}"):
        raise Incomplete("the answer breaks off", where=where)
    raise NotThisSource(
        "this is not a case status of the TSDR API",
        where=where,
        do="Save `casestatus/sn…/info.xml` or `info.json`; document lists and update dates hold no record.",
    )


def _by_words(text: str, where: str, what: str, *, but: type[LookError] | None = None) -> None:
    for words, kind, advice in _WORDS:
        if kind is not but and re.search(words, text, re.IGNORECASE):
            raise kind(f"the answer is {what}: {clean_line(text[:400])[:120]}", where=where, do=advice)
