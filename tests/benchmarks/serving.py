"""python -m tests.benchmarks.serving COUNT BYTES: status pages on loopback, a new stamp in each answer.

A process of its own, so that what it costs is not counted with those who ask. Prints its port.
/statusview/snN the page · /changed/K from now on one page in a hundred has one event more, of kind K.
"""

from __future__ import annotations

import asyncio
import re
import sys

from tests.benchmarks.grown import _ROW, STAMP, page


class Pages:
    """What is served, and in which state."""

    def __init__(self, count: int, size: int) -> None:
        self.parts = []
        for number in range(count):
            start, end = re.split(STAMP, page(number, size), maxsplit=1)
            self.parts.append((start, end))
        self.asked = 0
        self.generation = 0

    def answer(self, path: str) -> bytes:
        """The body for a path."""
        if path.startswith("/changed/"):
            self.generation = int(path.rpartition("/")[2])
            return b"ok"
        number = int(path.rpartition("sn")[2]) - 90_000_000
        start, end = self.parts[number]
        self.asked += 1
        if self.generation and number % 100 == 7:
            found = _ROW.search(end)
            assert found is not None
            row = re.sub(
                rb"[A-Z][a-z]{2}\.? \d\d, \d{4}", b"Dec. %02d, 2020" % self.generation, found[0], count=1
            )
            end = end[: found.start()] + row + end[found.start() :]
        seconds = self.asked % 86_400
        stamp = b"2021-02-%02d %02d:%02d:%02d EST" % (
            *(1 + self.asked // 86_400 % 28, seconds // 3600, seconds // 60 % 60, seconds % 60),
        )
        return start + stamp + end


class Speaker(asyncio.Protocol):
    """As much HTTP/1.1 as is needed."""

    def __init__(self, pages: Pages) -> None:
        self.pages = pages
        self.waiting = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Somebody calls."""
        assert isinstance(transport, asyncio.Transport)
        self.transport = transport

    def data_received(self, data: bytes) -> None:
        """One question after another."""
        self.waiting += data
        while (end := self.waiting.find(b"\r\n\r\n")) >= 0:
            head, self.waiting = self.waiting[:end], self.waiting[end + 4 :]
            body = self.pages.answer(head.split(b" ", 2)[1].decode())
            kind = b"Content-Type: text/html; charset=utf-8\r\n"
            self.transport.write(
                b"HTTP/1.1 200 OK\r\n%sContent-Length: %d\r\n\r\n" % (kind, len(body)) + body
            )
            if b"connection: close" in head.lower():
                self.transport.close()


async def serve(count: int, size: int) -> None:
    """Until the process is ended."""
    pages = Pages(count, size)
    server = await asyncio.get_running_loop().create_server(lambda: Speaker(pages), "127.0.0.1", 0)
    print(server.sockets[0].getsockname()[1], flush=True)
    await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(serve(int(sys.argv[1]), int(sys.argv[2])))
