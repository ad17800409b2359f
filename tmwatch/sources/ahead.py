"""A stream that is read ahead of whoever reads it, by a thread: unpacking runs beside what is done with it.

`zlib` lets go of Python while it unpacks, so that a second core does it; on one core nothing is lost.
"""

from __future__ import annotations

import threading
from queue import SimpleQueue
from types import TracebackType
from typing import IO

_AHEAD = 2  # pieces that wait at most: the memory is bounded, and neither side waits for long


class Ahead:
    """The same bytes in pieces of `size`. What goes wrong while reading is raised where it was read.

    A context manager: when it is left the thread has ended, and the stream may be closed.
    """

    def __init__(self, stream: IO[bytes], size: int) -> None:
        self._stream = stream
        self._size = size
        self._room = threading.Semaphore(_AHEAD)
        self._ready: SimpleQueue[bytes | Exception] = SimpleQueue()
        self._piece, self._at = b"", 0
        self._ended = self._left = False
        self._thread = threading.Thread(target=self._read, name="reading-ahead", daemon=True)

    def __enter__(self) -> Ahead:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._left = True
        self._room.release()
        self._thread.join()

    def _read(self) -> None:
        while True:
            self._room.acquire()
            if self._left:
                return
            try:
                piece = self._stream.read(self._size)
            except Exception as error:  # noqa: BLE001 - raised again where the piece is asked for
                self._ready.put(error)
                return
            self._ready.put(piece)
            if not piece:
                return

    def read(self, size: int = -1) -> bytes:
        """The next bytes, `size` at most (below 0: as many as are ready); empty at the end."""
        if self._at >= len(self._piece) and not self._ended:
            self._piece, self._at = self._next(), 0
            self._ended = not self._piece
        start = self._at
        self._at = start + size if size >= 0 else len(self._piece)
        return self._piece[start : self._at]

    def _next(self) -> bytes:
        found = self._ready.get()
        if isinstance(found, Exception):
            self._ready.put(found)  # whoever asks again is told again: this is no end of the file
            raise found
        self._room.release()
        return found
