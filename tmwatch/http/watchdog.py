"""A limit on the whole time of a connection. Time-outs of sockets count silence only: whoever sends a byte
every few seconds holds a reader for days. Used for registers and for receivers alike.
"""

from __future__ import annotations

import queue
import socket
import threading
from collections.abc import Callable
from types import TracebackType

_current = threading.local()


class Watchdog:
    """Shuts every connection opened by this thread down when the time is over.

    It works on a duplicate of the socket, because TLS takes the original away from whoever held it;
    shutting down either ends both.
    """

    def __init__(self, seconds: float) -> None:
        self.fired = False
        self.seconds = seconds
        self._lock = threading.Lock()
        self._sockets: list[socket.socket] = []
        self._timer = self._timed(seconds)

    def _timed(self, seconds: float) -> threading.Timer:
        timer = threading.Timer(seconds, self._fire)
        timer.daemon = True
        return timer

    def restart(self, seconds: float) -> None:
        """The time left is now this."""
        self._timer.cancel()
        self._timer = self._timed(seconds)
        self._timer.start()

    def watch(self, sock: socket.socket) -> None:
        """Shut this one down too."""
        with self._lock:
            self._sockets.append(sock.dup())
        if self.fired:
            self._fire()

    def _fire(self) -> None:
        with self._lock:
            self.fired = True
            for sock in self._sockets:
                try:
                    sock.shutdown(socket.SHUT_RDWR)
                except OSError:
                    continue  # already gone

    def __enter__(self) -> Watchdog:
        _current.watchdog = self
        self._timer.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._timer.cancel()
        _current.watchdog = None
        with self._lock:
            for sock in self._sockets:
                sock.close()
            self._sockets.clear()


def watched(sock: socket.socket) -> socket.socket:
    """The socket, under the watchdog of this thread where there is one."""
    watchdog: Watchdog | None = getattr(_current, "watchdog", None)
    if watchdog is not None:
        watchdog.watch(sock)
    return sock


def opened(connect: Callable[[], socket.socket]) -> socket.socket:
    """What `connect` opens, under the watchdog of this thread; raises `TimeoutError` when the time is over.

    No time-out of a socket holds while a name is looked up, and a name server that does not answer keeps
    its caller for as long as the system likes. So it is done in a thread that can be left behind.
    """
    watchdog: Watchdog | None = getattr(_current, "watchdog", None)
    if watchdog is None:
        return connect()
    done: queue.SimpleQueue[socket.socket | BaseException] = queue.SimpleQueue()
    left = threading.Event()

    def work() -> None:
        try:
            sock = connect()
        except BaseException as error:  # noqa: BLE001 - raised again where it is waited for
            done.put(error)
            return
        done.put(sock)
        if left.is_set():
            sock.close()

    threading.Thread(target=work, daemon=True, name="tmwatch-connect").start()
    try:
        found = done.get(timeout=watchdog.seconds)
    except queue.Empty:
        left.set()
        watchdog.fired = True
        raise TimeoutError("the time is over") from None
    if isinstance(found, BaseException):
        raise found
    return watched(found)
