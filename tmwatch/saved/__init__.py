"""The forms in which people save a page, each taken back to the page itself.

    unwrap(page)    -> the page as its source reads it; the very same object where there is nothing to undo
    saved_at(page)  -> when the browser says that it saved it, where the form tells

What is archived is the file as it was saved; it is unwrapped each time it is read. So a page is known again
in whatever form it comes: complete, single-file HTML or MHTML.

"Webpage, complete" and "HTML only" need nothing: they are HTML, and readers go by ids and labels, not by how
a browser writes attributes and line ends. Undone are

    MHTML            Chrome, Edge, Opera and the old Internet Explorer          mhtml.py
    webarchive       Safari                                                     webarchive.py
    SingleFile       the extension: end tags that HTML lets one leave out       singlefile.py
    UTF-16, UTF-32, a byte order mark: the same text as UTF-8                   encoding.py
"""

from __future__ import annotations

import datetime as dt

from tmwatch.saved import encoding, mhtml, singlefile, webarchive
from tmwatch.sources.base import Page


def unwrap(page: Page) -> Page:
    """The page inside of what was saved. Raises `LookError`s only: a file that is cut off, or holds none."""
    if mhtml.is_one(page.body):
        page = mhtml.main_part(page)
    elif webarchive.is_one(page.body):
        page = webarchive.main_part(page)
    page = encoding.plain(page)
    return singlefile.closed(page) if singlefile.is_one(page.body) else page


def saved_at(page: Page) -> dt.datetime | None:
    """The instant of saving, by the clock of the machine that saved it. None where the form does not say.

    A hint for people (`--as-of`), never the day a record speaks for: it is neither printed by the register
    nor the time of a look of ours (design: as-of date).
    """
    if mhtml.is_one(page.body):
        return mhtml.saved_at(page.body)
    return singlefile.saved_at(page.body) if singlefile.is_one(page.body) else None


__all__ = ["saved_at", "unwrap"]
