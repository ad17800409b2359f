"""Text that says in its first bytes how it is written: taken to UTF-8 without a mark.

A byte order mark is a statement, not a guess (design law 10), and it beats what a `meta` says (WHATWG HTML
13.2.3.1). UTF-16 without a mark is told by the zeros in `<` and `!` or `h`: nothing else begins so.
"""

from __future__ import annotations

import codecs
import re
from dataclasses import replace

from tmwatch.errors import Incomplete
from tmwatch.sources.base import Page

# The longer marks first: that of UTF-16 is how that of UTF-32 begins.
_MARKS = (
    (codecs.BOM_UTF32_LE, "utf-32-le"),
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
_NO_MARK = (
    (re.compile(rb"(?:[\s]\0)*<\0[!?a-zA-Z]\0"), "utf-16-le"),
    (re.compile(rb"(?:\0[\s])*\0<\0[!?a-zA-Z]"), "utf-16-be"),
)
_META = re.compile(r"(<meta\b[^<>]*?charset\s*=\s*[\"']?\s*)[A-Za-z0-9_:.-]{2,40}", re.IGNORECASE)
_XML = re.compile(r"""^(\s*<\?xml\b[^<>]*?encoding\s*=\s*["'])[A-Za-z0-9_:.-]{2,40}""")


def plain(page: Page) -> Page:
    """The page as UTF-8 without a mark, if it says that it is written otherwise; else the page itself.

    Raises `Incomplete` for a text that breaks off in the middle of a character or is not what it says.
    """
    told = _told(page.body)
    if told is None:
        return page
    mark, name = told
    try:
        text = page.body[len(mark) :].decode(name)
    except UnicodeDecodeError as error:
        if name == "utf-8":
            return page  # a damaged byte or two: readers of UTF-8 have their own ways with those
        raise Incomplete(
            f"the text says that it is {name.upper()} and cannot be read as such ({error.reason})",
            where=page.name or page.url,
            do="Save the page again, as UTF-8 if you are asked.",
        ) from None
    head, rest = text[:8192], text[8192:]
    head = _XML.sub(r"\1utf-8", _META.sub(r"\1utf-8", head), count=1)
    content_type = re.sub(r"charset\s*=\s*[^;\s]+", "charset=utf-8", page.content_type)
    # A half character (a lone surrogate) is no text: it becomes the mark that says so.
    return replace(page, body=(head + rest).encode("utf-8", "replace"), content_type=content_type)


def _told(body: bytes) -> tuple[bytes, str] | None:
    for mark, name in _MARKS:
        if body.startswith(mark):
            return mark, name
    if b"\0" not in body[:2]:
        return None
    return next(((b"", name) for pattern, name in _NO_MARK if pattern.match(body)), None)
