"""Telling, without reading it, that a page says what an earlier one said.

A register prints a new stamp on each page, and nothing else is new on nearly all of them. A source that can
take the stamp out (`base.Glances`) spares the reader; what is compared is a digest of the rest *and* of the
reader itself: its code, its tables, the version of tmwatch. A status that a new table knows is therefore
never hidden behind an old digest.
"""

from __future__ import annotations

import functools
import hashlib
import sys
from pathlib import Path

from tmwatch import __version__
from tmwatch.sources.base import Answer, Glance, Glances, Page, Source
from tmwatch.sources.combine import lone

_OURS = Path(__file__).resolve().parents[1]
# The normal forms that readers and comparisons use; those of the look-alike search
# decide nothing of a record.
_TEXT = ("text/folding.py", "text/parties.py", "text/showing.py")
# What decides how bytes become a record, and how two records are compared.
_SHARED = ("sources", "changes", "data", "model", "numbers.py", *_TEXT)


def glance(source: Source, page: Page) -> Glance | None:
    """The glance at a page, or None where its source has to read it."""
    if not isinstance(source, Glances):
        return None
    try:
        found = source.glance(page)
        if found is None:
            return None
        rest, as_of = found
        return Glance(_digest(source, page.content_type, rest), as_of)
    except Exception:  # noqa: BLE001
        return None  # what the page is, its reader says: a glance that fails must not end the run


def whole(source: Source, body: bytes) -> Glance:
    """The glance at a record of a bulk file: equal only to the very same bytes."""
    return Glance(_digest(source, "", body))


def stands_alone(answer: Answer) -> bool:
    """Whether a glance at the page may stand for the answer: one whole filing, and nothing missing."""
    if len(answer.readings) != 1 or answer.missing or answer.unread or answer.more is not None:
        return False
    return lone(answer)[0] is answer.readings[0]


def _digest(source: Source, content_type: str, rest: bytes) -> str:
    # The header can decide the character set of a page that declares none.
    made = _start(source.declaration.id, source.declaration.parser_version, type(source).__module__).copy()
    made.update(content_type.encode("utf-8", "replace") + b"\0")
    made.update(rest)
    return made.hexdigest()


@functools.cache
def _start(source_id: str, parser_version: str, module: str) -> hashlib._Hash:
    """A hash that has taken in the reader: it is the same only for the same source, code and tables."""
    made = hashlib.sha256("\0".join((source_id, parser_version, __version__, module)).encode() + b"\0")
    made.update(_reader(module))
    return made


@functools.cache
def _reader(module: str) -> bytes:
    found = {path for name in _SHARED for path in _files(_OURS / name)}
    file = getattr(sys.modules.get(module), "__file__", None)
    if file:  # a source of somebody else: its package is its reader
        found |= set(_files(Path(file).resolve().parent if "." in module else Path(file).resolve()))
    made = hashlib.sha256()
    for path in sorted(found):
        made.update(path.name.encode() + b"\0" + path.read_bytes())
    return made.digest()


def _files(path: Path) -> list[Path]:
    if path.is_file():
        return [path]
    return [
        one for one in path.rglob("*") if one.suffix in (".py", ".csv", ".json", ".toml") and one.is_file()
    ]


__all__ = ["glance", "stands_alone", "whole"]
