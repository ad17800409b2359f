"""MHTML (RFC 2557, `.mhtml`, `.mht`): a page with its pictures and styles as one multipart message.

As Chromium writes it (seen with version 150; Edge is built on it): `From: <Saved by Blink>`,
`Snapshot-Content-Location:` with the page's address, `Date:`, `multipart/related`, the page itself as the
part with that `Content-Location`, quoted-printable, without a charset in its header but with a `meta` in the
page. Chromium leaves out scripts, hidden inputs and `javascript:` links, and names the character set in which
it showed the page, with entities for what that set lacks. Internet Explorer and Word write `Content-Type`
with a charset, and base64.

Cut by hand and not by `email`, whose tree of a message takes several times its size: only the headers of the
parts are parsed, and only the page is decoded.
"""

from __future__ import annotations

import binascii
import datetime as dt
import quopri
import re
from collections.abc import Iterator
from dataclasses import replace
from email.message import Message
from email.parser import BytesHeaderParser
from email.utils import parsedate_to_datetime
from typing import NamedTuple

from tmwatch.errors import Incomplete, LookError, NotThisSource
from tmwatch.sources.base import Page

_HEAD = 16_384  # bytes in which the head of the message must end
_HEADER = re.compile(rb"[A-Za-z][A-Za-z0-9-]{0,60}:")
_END_OF_HEAD = re.compile(rb"\r?\n\r?\n")
_OURS = re.compile(rb"^content-type:\s*(?:multipart/related|text/html)\b", re.IGNORECASE | re.MULTILINE)
_SNAPSHOT = re.compile(rb"^(?:mime-version|snapshot-content-location):", re.IGNORECASE | re.MULTILINE)
_PAGES = frozenset({"text/html", "application/xhtml+xml"})
_AGAIN = "Save the page again and import that."


class _Part(NamedTuple):
    head: Message
    start: int
    end: int


def is_one(body: bytes) -> bool:
    """Whether these bytes are MHTML: told by its head, cheaply."""
    if body[:1] in b"<{[" or _HEADER.match(body.lstrip()[:64]) is None:
        return False
    head = _head_of(body.lstrip()[:_HEAD])
    return _OURS.search(head) is not None and _SNAPSHOT.search(head) is not None


def saved_at(body: bytes) -> dt.datetime | None:
    """The `Date:` of the message, UTC."""
    said = _parsed(_head_of(body.lstrip()[:_HEAD])).get("Date")
    try:
        found = parsedate_to_datetime(str(said))
    except (TypeError, ValueError):
        return None
    try:
        return found.astimezone(dt.UTC) if found.tzinfo else found.replace(tzinfo=dt.UTC)
    except OverflowError:
        return None


def main_part(page: Page) -> Page:
    """The page itself. Raises `Incomplete` for a file that is cut off, `NotThisSource` for one without it."""
    body = page.body.lstrip()
    head = _parsed(_head_of(body[:_HEAD]))
    where = page.name or page.url
    if head.get_content_maintype() != "multipart":
        return _decoded(page, head, body[len(_head_of(body[:_HEAD])) :])
    boundary = head.get_boundary()
    if not boundary:
        raise NotThisSource("the MHTML file does not say where its parts begin", where=where, do=_AGAIN)
    parts = list(_parts(body, boundary.encode("latin-1", "replace"), where))
    found = _main(parts, head)
    if found is None:
        raise NotThisSource(
            "the MHTML file holds no page, only what belongs to one",
            where=where,
            do="Save the page itself, not a picture or a frame of it.",
        )
    return _decoded(page, found.head, body[found.start : found.end])


def _main(parts: list[_Part], head: Message) -> _Part | None:
    """The part that the message says it is about: by its address, by its id, else the first page in it."""
    pages = [one for one in parts if one.head.get_content_type() in _PAGES]
    address = _unfolded(head.get("Snapshot-Content-Location") or head.get("Content-Location"))
    start = _unfolded(str(head.get_param("start") or ""))
    for wanted, name in ((address, "Content-Location"), (start, "Content-ID")):
        for one in pages:
            if wanted and _unfolded(one.head.get(name)) == wanted:
                return one
    return pages[0] if pages else None


def _parts(body: bytes, boundary: bytes, where: str) -> Iterator[_Part]:
    """The parts up to the closing line; without it the file is cut off, and who knows in which part."""
    line = re.compile(rb"(?:^|\r?\n)--" + re.escape(boundary) + rb"(--)?[ \t]*(?=\r?\n|$)")
    begin = -1
    for found in line.finditer(body):
        if begin >= 0:
            while body[begin : begin + 1] in (b"\r", b"\n"):
                begin += 1
            head = _head_of(body[begin : min(found.start(), begin + _HEAD)])
            yield _Part(_parsed(head), begin + len(head), found.start())
        if found[1]:
            return
        begin = found.end()
    raise Incomplete("the MHTML file is cut off before its end", where=where, do=_AGAIN)


def _decoded(page: Page, head: Message, content: bytes) -> Page:
    way = _unfolded(head.get("Content-Transfer-Encoding") or "8bit").lower()
    try:
        if way == "quoted-printable":
            content = quopri.decodestring(content)
        elif way == "base64":
            content = binascii.a2b_base64(content)
        elif way not in ("7bit", "8bit", "binary"):
            raise _broken(page, f"it is packed in a way that nobody knows ({way[:40]})")
    except (binascii.Error, ValueError) as error:
        raise _broken(page, str(error)) from None
    charset = head.get_param("charset")
    named = f"; charset={charset}" if isinstance(charset, str) and charset.isascii() else ""
    return replace(page, body=content, content_type=f"{head.get_content_type()}{named}")


def _broken(page: Page, why: str) -> LookError:
    return Incomplete(
        f"the page in the MHTML file cannot be read: {why}", where=page.name or page.url, do=_AGAIN
    )


def _head_of(body: bytes) -> bytes:
    found = _END_OF_HEAD.search(body)
    return body[: found.end()] if found else body


def _parsed(head: bytes) -> Message:
    return BytesHeaderParser().parsebytes(head)


def _unfolded(text: object) -> str:
    return re.sub(r"\s+", "", str(text)) if text else ""
