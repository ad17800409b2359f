"""The Open Data Portal's own page, which it sends with status 200 in place of a file that is not there.

Seen twice, under the names of zips (`apc260205.zip`, 16.8 kB of HTML)."""

from __future__ import annotations

import re

from tmwatch.errors import NotFound

_PORTAL = re.compile(rb"data-beasties-container|Open Data Portal \(ODP\)", re.IGNORECASE)


def is_portal(body: bytes) -> bool:
    """Whether these bytes are that page: by the first of them, not by the file's name."""
    head = body[:20_000]
    return head.lstrip()[:9].lower() in (b"<!doctype", b"<html lan") and _PORTAL.search(head) is not None


def no_such_file(where: str) -> NotFound:
    """What to tell of it."""
    return NotFound(
        "this is the portal's own page, not a zip (the first bytes say so): it has no file of that name",
        where=where,
        do="Look up the file's name on the Open Data Portal; no file is made for some days.",
    )
