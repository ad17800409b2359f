"""A page saved by the SingleFile extension: HTML with everything in it, written as short as HTML allows.

As its version 1.5 writes (`html-serializer.js`; seen): a comment after `<html>` that begins with
`Page saved with SingleFile` and gives address and date, `<meta charset=utf-8>`, attributes without quotes,
and the end tags of body and html, and of list items, table cells and the like, left out where HTML lets one.

So its last line does not show that the file is whole. What does: every element whose end tag may not be left
out (above all `div`, in which registers put their rows) is closed. Then the end is written as it was left
out, because readers go by it.
"""

from __future__ import annotations

import datetime as dt
import re
from dataclasses import replace

from tmwatch.errors import Incomplete
from tmwatch.sources.base import Page

_SIGN = re.compile(rb"<!--\s*Page saved with SingleFile\s", re.IGNORECASE)
_HEAD = 4096
_DATE = re.compile(rb"saved date:\s*\w{3} (\w{3} \d{1,2} \d{4} \d\d:\d\d:\d\d GMT[+-]\d{4})", re.IGNORECASE)
# https://html.spec.whatwg.org/multipage/syntax.html#optional-tags, #void-elements and #raw-text-elements
_MAY_STAY_OPEN = frozenset(
    b"html head body li dt dd p rt rp optgroup option colgroup caption thead tbody tfoot tr td th".split()
)
_VOID = frozenset(
    b"area base basefont bgsound br col command embed frame hr img input keygen link meta param source track "
    b"wbr".split()
)
_RAW = frozenset(b"script style title textarea xmp iframe noembed noframes noscript".split())
_TAG = re.compile(rb"""<(/?)([a-z][^\s/>]*)(?:"[^"]*"|'[^']*'|[^"'>])*+>""", re.IGNORECASE)
_MOST_STEPS = 5_000_000  # of end tags that look for what they end; an honest page takes thousands
_END = b"</html>"


def is_one(body: bytes) -> bool:
    """Whether the page says that SingleFile saved it."""
    return _SIGN.search(body[:_HEAD]) is not None


def saved_at(body: bytes) -> dt.datetime | None:
    """The date in its comment, UTC."""
    found = _DATE.search(body[:_HEAD])
    if found is None:
        return None
    try:
        return dt.datetime.strptime(found[1].decode(), "%b %d %Y %H:%M:%S GMT%z").astimezone(dt.UTC)
    except (ValueError, OverflowError):
        return None


def closed(page: Page) -> Page:
    """The page with the end it left out. Raises `Incomplete` where it breaks off."""
    if page.body[-200:].rstrip().lower().endswith(_END):
        return page
    left = _left_open(page.body.lower())
    if left:
        raise Incomplete(
            f"the page that SingleFile saved is cut off before its end ({left})",
            where=page.name or page.url,
            do="Save the page again and import that.",
        )
    return replace(page, body=page.body + b"</body></html>")


def _left_open(body: bytes) -> str:
    """What is open at the end and may not be, in words; "" for a page that is whole. Forwards only."""
    stack: list[bytes] = []
    place, steps = 0, 0
    while (start := body.find(b"<", place)) >= 0:
        place = start + 1
        if body.startswith(b"<!--", start):
            place = body.find(b"-->", start + 4) + 3
            if place < 3:
                return "it ends within a comment"
            continue
        if not body[place : place + 2].lstrip(b"/").isalpha():
            continue  # a declaration, or a sign that somebody has typed
        found = _TAG.match(body, start)
        if found is None:
            return "it ends within a tag"
        place, name = found.end(), found[2]
        if found[1]:
            for depth in range(len(stack) - 1, -1, -1):
                steps += 1
                if stack[depth] == name:
                    del stack[depth:]
                    break
                if stack[depth] not in _MAY_STAY_OPEN:
                    break
            if steps > _MOST_STEPS:
                return "its end tags do not fit"
        elif name in _RAW:
            place = body.find(b"</" + name, place)
            if place < 0:
                return f"<{name.decode()}> is not closed"
            place += 2
        elif name not in _VOID and body[place - 2 : place] != b"/>":
            stack.append(name)
    wrong = [name for name in stack if name not in _MAY_STAY_OPEN]
    return f"<{wrong[-1].decode('latin-1')}> is not closed" if wrong else ""
