"""The tree of a status page, and the texts that stand in it."""

from __future__ import annotations

import re
from collections.abc import Iterator

from bs4 import BeautifulSoup, Tag
from bs4.element import NavigableString, PreformattedString

from tmwatch.sources.markup import encoding_of as encoding_of
from tmwatch.sources.markup import parse as parse
from tmwatch.sources.us.common import squeeze
from tmwatch.sources.us.tsdr_outline import tags_in


def text_of(tag: Tag) -> str:
    """All text inside, one line, single blanks."""
    contents = tag.contents
    # A label or a cell: one text and nothing else. A script or a comment is of another type than this.
    if len(contents) == 1 and type(contents[0]) is NavigableString:
        return squeeze(str(contents[0]))
    return squeeze(tag.get_text(" "))


def rows_of(table: Tag) -> list[list[str]]:
    """The rows of a table as the texts of their cells."""
    rows: list[list[str]] = []
    waiting = [table]
    while waiting:
        tag = waiting.pop()
        if tag.name == "tr":
            plain = _plain_cells(tag)
            if plain is not None:
                rows.append(plain)
                continue
            rows.append([text_of(cell) for cell in tags_in(tag) if cell.name in ("td", "th")])
        waiting += [child for child in reversed(tag.contents) if isinstance(child, Tag)]
    return rows


def _plain_cells(row: Tag) -> list[str] | None:
    """The cells of a row in which each cell is one text, as nearly all are; else None."""
    cells: list[str] = []
    for cell in row.contents:
        if isinstance(cell, Tag):
            contents = cell.contents
            if cell.name not in ("td", "th") or len(contents) > 1:
                return None
            if contents and type(contents[0]) is not NavigableString:
                return None
            cells.append(squeeze(str(contents[0])) if contents else "")
    return cells


def lines_of(tag: Tag) -> tuple[tuple[str, ...], ...]:
    """The rows of an address: one per inner block, each with the lines in which it is written.

    `<div>PO Box 1</div><div>Town,⏎STATE⏎1234</div>` → (("PO Box 1",), ("Town,", "STATE", "1234")).
    """
    rows = (tuple(filter(None, map(squeeze, text.splitlines()))) for text in _blocks(tag))
    return tuple(row for row in rows if row)


def _blocks(tag: Tag) -> Iterator[str]:
    written = ""
    for child in tag.children:
        if isinstance(child, Tag) and child.name in ("div", "p", "br"):
            yield written
            written = ""
            yield from _blocks(child)
        elif isinstance(child, Tag):
            written += child.get_text()
        elif not isinstance(child, PreformattedString):
            written += str(child)
    yield written


def is_closed(body: bytes, soup: BeautifulSoup) -> bool:
    """Whether the page goes on to its end: `</html>`, or the element around the status is closed.

    The parser closes what a cut page left open, so only the raw bytes can tell.
    """
    # No comment and no script can end in `</html>`: a whole page, nearly always, is seen to be one here.
    if body[-2000:].rstrip().lower().endswith(b"</html>"):
        return True
    raw = re.sub(rb"<!--.*?-->|<script\b.*?</script\s*>", b"", body, flags=re.DOTALL | re.IGNORECASE)
    if raw.rstrip().lower().endswith(b"</html>"):
        return True
    root = soup.find(id="statusTab") or soup.find(id="data_container")
    if not isinstance(root, Tag):
        return False
    name = re.escape(root.name.encode("ascii", "ignore"))
    start = raw.find(b'id="%s"' % str(root["id"]).encode())
    start = max(0, raw.rfind(b"<", 0, start))
    opened = len(re.findall(rb"<%s\b" % name, raw[start:], re.IGNORECASE))
    closed = len(re.findall(rb"</%s\s*>" % name, raw[start:], re.IGNORECASE))
    return 0 < opened <= closed
