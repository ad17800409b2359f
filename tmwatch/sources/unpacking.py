"""What one file of a zip holds, unpacked in half the time that `zipfile` takes: by ISA-L, where there is one.

What `ZipFile.open` refuses is refused before, by `ZipFile.open`. Here are the checks of what it reads: that
the bytes are packed as they must be, reach their end, and have the CRC-32 that the zip says. Both lengths are
held to as well, of which `zipfile` lets some pass that are not so.
"""

from __future__ import annotations

import io
import struct
import zipfile
import zlib
from typing import IO, Any, cast

quickly: Any
try:
    from isal import isal_zlib as quickly
except ImportError:  # not made for every machine: `zipfile` reads the same
    quickly = None

_PACKED = 1 << 16  # bytes of the zip that are read at once
_LENGTHS = struct.Struct("<26xHH")  # of name and more, in a local header


def member(archive: zipfile.ZipFile, file: IO[bytes], one: zipfile.ZipInfo) -> IO[bytes]:
    """A stream of what `one` holds; `archive` was opened from `file`, of which nobody else reads meanwhile.

    Raises what `ZipFile.open` raises. Reading raises `zipfile.BadZipFile`, `EOFError` or `zlib.error`.
    """
    opened = archive.open(one)
    if quickly is None or one.compress_type != zipfile.ZIP_DEFLATED:
        return opened
    opened.close()
    return cast(IO[bytes], Unpacked(file, one))  # it is read only, which is all that RawIOBase has of it


class Unpacked(io.RawIOBase):
    """The stream, for files packed by deflate."""

    def __init__(self, file: IO[bytes], one: zipfile.ZipInfo) -> None:
        self._file = file
        self._one = one
        file.seek(one.header_offset)
        name, more = _LENGTHS.unpack(file.read(_LENGTHS.size))
        file.seek(name + more, io.SEEK_CUR)
        self._packed = one.compress_size  # bytes of it that were not read yet
        self._waiting = b""  # read, and not unpacked yet
        self._unpack = quickly.decompressobj(-zlib.MAX_WBITS)
        self._size = self._crc = 0
        self._ended = False
        self._wrong: Exception | None = None

    def readable(self) -> bool:
        """It is."""
        return True

    def read(self, size: int = -1) -> bytes:
        """The next bytes, `size` at most; empty at the end, which is reached only where all is as it was.

        What was found wrong once is said again: no end is taken for a whole one.
        """
        if self._wrong is not None:
            raise self._wrong
        try:
            return self.readall() if size < 0 else self._next(size) if size else b""
        except (zipfile.BadZipFile, EOFError, zlib.error) as error:
            self._wrong = error
            raise

    def readall(self) -> bytes:
        """All that is left."""
        return b"".join(iter(lambda: self.read(_PACKED), b""))

    def _next(self, most: int) -> bytes:
        while not self._ended:
            if not self._waiting and self._packed:
                self._waiting = self._file.read(min(_PACKED, self._packed))
                if not self._waiting:
                    raise EOFError("the zip breaks off")
                self._packed -= len(self._waiting)
            try:
                found: bytes = self._unpack.decompress(self._waiting, most)
            except quickly.error as error:
                raise zlib.error(str(error)) from None
            self._waiting = self._unpack.unconsumed_tail
            self._size += len(found)
            self._crc = quickly.crc32(found, self._crc)
            self._ended = self._unpack.eof or not (found or self._waiting or self._packed)
            if self._ended or self._size > self._one.file_size:
                self._compare()
            if found:
                return found
        return b""

    def _compare(self) -> None:
        whole = self._unpack.eof and not (self._packed or self._waiting or self._unpack.unused_data)
        if not whole or self._size != self._one.file_size or self._crc != self._one.CRC:
            raise zipfile.BadZipFile(f"Bad CRC-32 or length of file {self._one.filename!r}")
