"""A file as the page of a source, and what it says. Raises `LookError`s only, written for a saved file."""

from __future__ import annotations

from pathlib import Path

from tmwatch.errors import Incomplete, LookError, NotThisSource, Outcome
from tmwatch.http.challenge import detect
from tmwatch.importing.finding import File, as_file
from tmwatch.looking import read_page
from tmwatch.saved import unwrap
from tmwatch.sources.base import Answer, Page, Source
from tmwatch.sources.registry import get_source, tell_source

LARGEST = 64 * 1024 * 1024


def read_file(what: Path | File, source_id: str | None = None) -> tuple[Source, Page, Answer]:
    """Tell the source from the bytes and read them.

    Raises `LookError`s only; a file that cannot be opened is `NotThisSource` too, because for the
    reader of the report it is the same: this file gave nothing, and the others go on.
    """
    file = as_file(what)
    source, page = open_page(file, source_id)
    return source, page, _read(source, page, file.path)


def open_page(file: File, source_id: str | None) -> tuple[Source, Page]:
    """The bytes of the file, as they were saved, and whose page they are. Raises `LookError`s only."""
    path = file.path
    if file.trouble is not None:
        raise file.trouble
    try:
        if file.size() > LARGEST:
            raise NotThisSource(
                f"the file is larger than {LARGEST // 2**20} MiB",
                where=str(path),
                kept="Nothing of it was stored.",
                do="A page is never so large: save it again as HTML only.",
            )
        with file.open() as stream:
            body = stream.read(LARGEST + 1)
    except OSError as error:
        raise NotThisSource(
            f"the file cannot be read: {error.strerror or error}",
            where=str(path),
            kept="Nothing of it was stored.",
            do="Check its name and rights.",
        ) from None
    page = Page(body=body, name=path.name)
    if not body.strip():
        raise Incomplete(
            "the file is empty",
            where=str(path),
            kept="Nothing of it was stored.",
            do="Save the page again, then import it again.",
        )
    try:
        return (get_source(source_id) if source_id else tell_source(unwrap(page))), page
    except LookError as error:
        raise _better_reason(page, path) or at(error, path) from None


def _read(source: Source, page: Page, path: Path) -> Answer:
    try:
        return read_page(source, page)
    except LookError as error:
        raise at(error, path) from None


def _better_reason(page: Page, path: Path) -> LookError | None:
    """A challenge, login or refusal page says more than "no page of a register"."""
    try:
        found = detect(unwrap(page))
    except LookError:
        return None
    return at(found, path) if found is not None else None


def at(error: LookError, path: Path) -> LookError:
    """The error as it is told of a file that somebody saved: nobody asks again by himself."""
    error.where = str(path)
    error.kept = "Nothing of it was stored."
    if error.outcome is Outcome.THROTTLED:
        error.do = "Wait a while, open the page again in your browser, save it and import that."
    elif "asks again" in error.do:  # written for a look; nobody asks again for a saved page
        error.do = "Fetch or save it again, and import that."
    return error
