"""The tree of a status page, and the texts that stand in it."""

from __future__ import annotations

import codecs
import re
import warnings
from collections.abc import Iterator

from bs4 import BeautifulSoup, Tag
from bs4.element import NavigableString, PreformattedString

from tmwatch.errors import LayoutChanged
from tmwatch.sources.us.common import squeeze
from tmwatch.sources.us.tsdr_outline import tags_in

_MULTIBYTE = re.compile(rb"[\xc2-\xdf][\x80-\xbf]|[\xe0-\xef][\x80-\xbf]{2}|[\xf0-\xf4][\x80-\xbf]{3}")
_DECLARED = re.compile(rb"""<meta[^>]+charset\s*=\s*["']?\s*([A-Za-z0-9_:.-]{2,40})""", re.IGNORECASE)


def encoding_of(body: bytes, content_type: str = "") -> str:
    """The character set of a page that declares none: UTF-8 where the bytes allow it, else windows-1252.

    Decided here and handed to the parser, because its own guess rests on statistics of the text.
    A page cut in the middle of a character is still UTF-8.
    """
    if body.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return "utf-16"
    try:
        codecs.getincrementaldecoder("utf-8")().decode(body)
        return "utf-8"
    except UnicodeDecodeError:
        pass
    # A damaged byte or two in a UTF-8 page must not garble every name on it.
    if len(_MULTIBYTE.findall(body)) > body.decode("utf-8", "replace").count("\ufffd"):
        return "utf-8"
    header = re.search(r"charset\s*=\s*[\"']?([A-Za-z0-9_:.-]{2,40})", content_type)
    meta = _DECLARED.search(body[:4096])
    for name in (header[1] if header else "", meta[1].decode("ascii") if meta else ""):
        try:
            # A page that says utf-8 and is not was written by the old single-byte template.
            if name and codecs.lookup(name).name not in ("utf-8", "ascii", "iso8859-1"):
                body.decode(name)
                return name
        except (LookupError, UnicodeDecodeError, ValueError):
            continue
    if _RUN.search(body):
        raise LayoutChanged(
            "the character set of the page cannot be told", do="Save the page again, as UTF-8 if you can."
        )
    return "windows-1252"


# Letters of the upper half, four in a row: no language that windows-1252 was made for writes so. It is
# Chinese or Cyrillic in a set of its own, and to guess which would be to guess a name.
_RUN = re.compile(rb"[\xc0-\xff][\xa1-\xff]{3}")


def parse(body: bytes, content_type: str = "") -> BeautifulSoup:
    """The tree of the raw bytes. That bytes of something else look odd is no news worth a warning."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)
        return BeautifulSoup(
            body,
            "lxml",
            from_encoding=encoding_of(body, content_type),
            multi_valued_attributes=None,  # a tenth of the time goes into splitting classes nobody asks for
        )


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
