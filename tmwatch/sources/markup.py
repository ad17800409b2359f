"""The bytes of an HTML page as a tree: the character set decided before the parser sees them."""

from __future__ import annotations

import codecs
import re
import warnings

from bs4 import BeautifulSoup

from tmwatch.errors import LayoutChanged

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
