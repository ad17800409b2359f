"""Connections that stay open between two questions to the same server.

A sweep asks one server a thousand times, and to connect costs as much as to ask. Kept is only a connection
whose last answer was whole and said what was hoped for, for a few seconds, and without its cookies: what
one filing's page sets is nothing that the next one's should see.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from urllib.parse import urlsplit

import requests

from tmwatch.http import wire

# Seconds. Apache closes what has been idle for five; what was closed a moment ago costs a turn of the pace.
_IDLE = 4.0


@dataclass
class Line:
    """A session to one server; `well` is for its user to say, who knows what came of it."""

    session: requests.Session
    well: bool = False
    since: float = 0.0


class Connections:
    """At most one idle session to each server, and only while somebody keeps them."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._idle: dict[tuple[str, str], Line] = {}
        self._keepers = 0

    @contextmanager
    def kept(self) -> Iterator[None]:
        """Keep what is idle until the block ends."""
        with self._lock:
            self._keepers += 1
        try:
            yield
        finally:
            with self._lock:
                self._keepers -= 1
                over = list(self._idle.values()) if not self._keepers else []
                if over:
                    self._idle.clear()
            for line in over:
                line.session.close()

    @contextmanager
    def to(self, url: str) -> Iterator[Line]:
        """A session for one question there and what it leads to, nobody else's until the block ends."""
        parts = urlsplit(url)
        server = (parts.scheme, parts.netloc)
        with self._lock:
            line = self._idle.pop(server, None)
        if line is not None and time.monotonic() - line.since > _IDLE:
            line.session.close()
            line = None
        line = line or Line(wire.new_session())
        line.well = False
        try:
            yield line
        finally:
            self._back(server, line)

    def _back(self, server: tuple[str, str], line: Line) -> None:
        with self._lock:
            keep = line.well and self._keepers > 0 and server not in self._idle
            if keep:
                if line.session.cookies:
                    line.session.cookies.clear()
                line.since = time.monotonic()
                self._idle[server] = line
        if not keep:
            line.session.close()
