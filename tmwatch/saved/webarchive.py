"""Safari's `.webarchive`: a binary property list with the page as `WebMainResource`.

Apple documents the keys in the header WebKit/WebArchive.h and prints them with `plutil -p`; no recording of
ours, so anything else is refused.
"""

from __future__ import annotations

import plistlib
from dataclasses import replace

from tmwatch.errors import Incomplete, NotThisSource
from tmwatch.sources.base import Page

_MAGIC, _KEY = b"bplist00", b"WebMainResource"


def is_one(body: bytes) -> bool:
    """Whether these bytes are a web archive."""
    return body.startswith(_MAGIC) and _KEY in body


def main_part(page: Page) -> Page:
    """The page itself. Raises `Incomplete` for a file that cannot be read, `NotThisSource` for none in it."""
    where = page.name or page.url
    try:
        main = plistlib.loads(page.body, fmt=plistlib.FMT_BINARY)["WebMainResource"]
        body = main["WebResourceData"]
        kind, charset = main.get("WebResourceMIMEType", ""), main.get("WebResourceTextEncodingName", "")
    except Exception as error:  # noqa: BLE001  (plistlib raises whatever a damaged file leads it to)
        raise Incomplete(
            f"the web archive cannot be read ({type(error).__name__})",
            where=where,
            do="Save the page again (Safari: File, Save As, Format: Web Archive or Page Source).",
        ) from None
    if not isinstance(body, bytes) or kind not in ("text/html", "application/xhtml+xml"):
        raise NotThisSource(
            "the web archive holds no page of HTML", where=where, do="Save the register's page itself."
        )
    named = f"; charset={charset}" if isinstance(charset, str) and charset.isascii() and charset else ""
    return replace(page, body=body, content_type=f"{kind}{named}")
