"""A limit on the whole time of a connection. Time-outs of sockets count silence only: whoever sends a byte
every few seconds holds a reader for days. Used for registers and for receivers alike.
"""

from __future__ import annotations

import os
import queue
import socket
import threading
import time
from collections.abc import Callable
from types import TracebackType

_current = threading.local()


class _Alarms:
    """One thread that calls whoever has not put their alarm off in time: a thread for each question would
    cost more than all else that is done to ask it."""

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._set: dict[object, tuple[float, Callable[[], None]]] = {}
        self._wakes = 0.0  # when the thread looks again by itself; 0.0 while there is none

    def set(self, key: object, seconds: float, call: Callable[[], None]) -> None:
        """Call `call`, from another thread, in so many seconds; one for each key."""
        when = time.monotonic() + seconds
        with self._changed:
            self._set[key] = when, call
            if not self._wakes:
                self._wakes = when
                threading.Thread(target=self._run, daemon=True, name="tmwatch-watchdog").start()
            elif when < self._wakes:
                self._changed.notify()

    def put_off(self, key: object) -> None:
        """Nobody is called."""
        with self._changed:
            self._set.pop(key, None)

    def _run(self) -> None:
        while True:
            with self._changed:
                at = time.monotonic()
                due = [key for key, (when, _) in self._set.items() if when <= at]
                calls = [self._set.pop(key)[1] for key in due]
                if not calls:
                    # What is put off does not wake it: it looks again when the earliest would have been due.
                    self._wakes = min((when for when, _ in self._set.values()), default=at + 3600)
                    self._changed.wait(self._wakes - at)
            for call in calls:
                call()


_alarms = _Alarms()


class Watchdog:
    """Shuts every connection opened or used by this thread down when the time is over.

    It works on a duplicate of the socket, because TLS takes the original away from whoever held it;
    shutting down either ends both.
    """

    def __init__(self, seconds: float) -> None:
        self.fired = False
        self.reused = False  # the question went out on a connection that had served before
        self.seconds = seconds
        self._lock = threading.Lock()
        self._sockets: list[socket.socket] = []

    def restart(self, seconds: float) -> None:
        """The time left is now this."""
        _alarms.set(self, seconds, self._fire)

    def watch(self, sock: socket.socket) -> None:
        """Shut this one down too."""
        # Not `sock.dup()`, which a connection under TLS has not.
        double = socket.socket(fileno=os.dup(sock.fileno()))
        with self._lock:
            self._sockets.append(double)
        if self.fired:
            self._fire()

    @property
    def watches(self) -> bool:
        """Whether it has a connection to watch."""
        return bool(self._sockets)

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
        _alarms.set(self, self.seconds, self._fire)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        _alarms.put_off(self)
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


def used_again(sock: socket.socket | None) -> None:
    """A connection that is open already serves this thread's question: its watchdog watches that one too."""
    watchdog: Watchdog | None = getattr(_current, "watchdog", None)
    if sock is not None and watchdog is not None and not watchdog.watches:
        watchdog.reused = True
        watchdog.watch(sock)


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
