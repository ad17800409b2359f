"""Streams of bytes in the character set that they declare, read as UTF-8."""

from __future__ import annotations

import codecs
import io
import re
import zlib
from typing import IO

from tmwatch.errors import LayoutChanged

CHUNK = 1 << 17  # what is cut from it is still near the processor when it is hashed
AGAIN = "Fetch or save the file again."
_DECLARED = re.compile(rb"""^<\?xml[^>]*?\bencoding\s*=\s*["']([A-Za-z][A-Za-z0-9._-]*)["']""")
# Codecs of Python that are no character sets of files.
_NOT_OF_FILES = frozenset({"idna", "punycode", "unicode-escape", "raw-unicode-escape", "utf-7", "undefined"})


def head_of(file: IO[bytes], size: int) -> bytes:
    """The first bytes; a stream may hand them out in small pieces."""
    found = b""
    while len(found) < size and (piece := file.read(size - len(found))):
        found += piece
    return found


class _Recoded(io.RawIOBase):
    """A stream in another character set, read as UTF-8."""

    def __init__(self, stream: IO[bytes], encoding: str) -> None:
        self._stream = stream
        self._decode = codecs.getincrementaldecoder(encoding)()
        self._ready = b""

    def readable(self) -> bool:
        return True

    def read(self, size: int = -1) -> bytes:
        while not self._ready:
            piece = self._stream.read(CHUNK)
            # The declaration of the old character set would be false of the new bytes.
            text = self._decode.decode(piece, final=not piece)
            self._ready = text.encode("utf-8")
            if not piece:
                break
        found, self._ready = (self._ready, b"") if size < 0 else (self._ready[:size], self._ready[size:])
        return found


class _Again(io.RawIOBase):
    """A stream with some bytes put back before it."""

    def __init__(self, head: bytes, stream: IO[bytes]) -> None:
        self._head, self._stream = head, stream

    def readable(self) -> bool:
        return True

    def read(self, size: int = -1) -> bytes:
        if self._head:
            found, self._head = (self._head, b"") if size < 0 else (self._head[:size], self._head[size:])
            return found
        return self._stream.read(size)


def is_utf8(stream: IO[bytes]) -> bool:
    """Whether a file that declares another character set is UTF-8 from its first byte to its last."""
    head = head_of(stream, 4096)
    found = _DECLARED.match(head.lstrip())
    if found is None or found[1].lower() in (b"utf-8", b"utf8") or b"\0" in head:
        return False  # it declares none, or the right one: nothing to decide
    decode = codecs.getincrementaldecoder("utf-8")()
    try:
        piece = head
        while piece:
            decode.decode(piece)
            piece = stream.read(CHUNK)
        decode.decode(b"", final=True)
    except UnicodeDecodeError:
        return False
    return True


def as_utf8(stream: IO[bytes], where: str, *, plain: bool = False) -> IO[bytes]:
    """The stream in UTF-8, whatever set it declares; `plain`: it is UTF-8 in any case. Raises `LayoutChanged`
    for a set that is none."""
    head = head_of(stream, 4096)
    again: IO[bytes] = _Again(head, stream)  # type: ignore[assignment]
    if plain:
        return again
    if head.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        name = "utf-16"
    else:
        found = _DECLARED.match(head.removeprefix(codecs.BOM_UTF8).lstrip())
        name = found[1].decode("ascii") if found else "utf-8"
    try:
        known = codecs.lookup(name).name
        codecs.getincrementaldecoder(name)().decode(b"", final=True).encode("utf-8")
    except (LookupError, AttributeError, UnicodeError, ValueError, zlib.error):
        known = ""
    if not known or known in _NOT_OF_FILES:
        raise LayoutChanged(f"the file names a character set that is none: {name}", where=where, do=AGAIN)
    if known in {"utf-8", "ascii"}:
        return again
    return _Recoded(again, known)  # type: ignore[return-value]
