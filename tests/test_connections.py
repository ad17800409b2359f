"""A connection serves many questions of a sweep, and what held for one of its own holds on it too."""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.doors import FakeTime, ask_for, declaration
from tests.doors import door as made_door
from tmwatch.errors import Outcome
from tmwatch.http import Door, Look, Timeouts, connections

Script = Callable[[socket.socket, int, int, bytes], bool]  # connection, its number, its question's, the head


def page(body: bytes = b"a page of a register", more: bytes = b"") -> bytes:
    return b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n%s\r\n%s" % (len(body), more, body)


def sent(conn: socket.socket, answer: bytes) -> bool:
    """Sends it; and the connection stays open."""
    conn.sendall(answer)
    return True


class Speaking:
    """A server that keeps its connections open as long as its script says so."""

    def __init__(self) -> None:
        self.script: Script = lambda conn, *_: sent(conn, page())
        self.connections = 0
        self.heads: list[bytes] = []
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self.listener.getsockname()[1]}"
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self) -> None:
        while True:
            try:
                conn, _ = self.listener.accept()
            except OSError:
                return
            self.connections += 1
            threading.Thread(target=self._serve, args=(conn, self.connections), daemon=True).start()

    def _serve(self, conn: socket.socket, number: int) -> None:
        with conn:
            asked = 0
            while True:
                head = b""
                while not head.endswith(b"\r\n\r\n"):
                    more = conn.recv(1)
                    if not more:
                        return
                    head += more
                asked += 1
                self.heads.append(head)
                if not self.script(conn, number, asked, head):
                    return


@pytest.fixture
def server() -> Iterator[Speaking]:
    speaking = Speaking()
    yield speaking
    speaking.listener.close()


@pytest.fixture
def times() -> FakeTime:
    return FakeTime()


def ask(door: Door, server: Speaking, path: str = "/sn1", **other: Any) -> Look:
    return door.fetch(declaration(), ask_for(path), base_url=server.url, **{"min_interval": 0, **other})


def test_a_sweep_asks_one_server_over_one_connection(
    tmp_path: Path, times: FakeTime, server: Speaking
) -> None:
    door = made_door(tmp_path, times)
    with door.keeping():
        looks = [ask(door, server, f"/sn{number}") for number in range(5)]
    assert [look.outcome for look in looks] == [Outcome.OK] * 5
    assert server.connections == 1
    assert ask(door, server).outcome is Outcome.OK
    assert server.connections == 2  # nothing was kept beyond the sweep
    assert ask(door, server).outcome is Outcome.OK
    assert server.connections == 3  # nor is it without one


def test_no_connection_is_used_again_after_a_failure(
    tmp_path: Path, times: FakeTime, server: Speaking
) -> None:
    def script(conn: socket.socket, number: int, asked: int, head: bytes) -> bool:
        status = b"HTTP/1.1 500 Oh\r\nContent-Length: 2\r\n\r\noh" if b"/sn2 " in head else page()
        return sent(conn, status)

    server.script = script
    door = made_door(tmp_path, times)
    with door.keeping():
        found = [ask(door, server, f"/sn{number}").outcome for number in (1, 2, 3)]
    assert found == [Outcome.OK, Outcome.SERVER_ERROR, Outcome.OK]
    assert server.connections == 2


def test_cookies_of_one_filing_are_not_shown_to_the_next(
    tmp_path: Path, times: FakeTime, server: Speaking
) -> None:
    server.script = lambda conn, *_: sent(conn, page(more=b"Set-Cookie: seen=one\r\n"))
    door = made_door(tmp_path, times)
    with door.keeping():
        ask(door, server)
        ask(door, server)
    assert server.connections == 1
    assert not any(b"cookie" in head.lower() for head in server.heads)


def test_a_connection_closed_under_our_question_is_no_failure_and_the_question_keeps_its_pace(
    tmp_path: Path, times: FakeTime, server: Speaking
) -> None:
    """It has read the second question and closes without a byte: what a server does that had had enough of
    an idle connection looks the same from here."""

    def script(conn: socket.socket, number: int, asked: int, head: bytes) -> bool:
        return asked == 1 and sent(conn, page())

    server.script = script
    door = made_door(tmp_path, times)
    with door.keeping():
        first = ask(door, server, min_interval=2)
        second = ask(door, server, min_interval=2)
    assert (first.outcome, second.outcome) == (Outcome.OK, Outcome.OK)
    assert len(server.heads) == 3
    assert times.slept == [2.0, 2.0]  # each question in a turn of its own, and no distance was doubled


def test_a_server_that_closes_fresh_connections_too_is_a_failure_after_the_tries_that_it_always_had(
    tmp_path: Path, times: FakeTime, server: Speaking
) -> None:
    server.script = lambda conn, number, asked, head: number == 1 and asked == 1 and sent(conn, page())
    door = made_door(tmp_path, times)
    with door.keeping():
        ask(door, server)
        second = ask(door, server)
    assert second.outcome is Outcome.UNREACHABLE
    # One on the connection that was kept, then two as for every question.
    assert len(server.heads) == 1 + 1 + 2


def test_the_whole_time_of_an_answer_is_bounded_on_a_connection_that_is_used_again(
    tmp_path: Path, times: FakeTime, server: Speaking
) -> None:
    over = threading.Event()

    def script(conn: socket.socket, number: int, asked: int, head: bytes) -> bool:
        if asked == 1:
            conn.sendall(page())
            return True
        try:
            for byte in b"HTTP/1.1 200 OK\r\nX-Slow: " + b"a" * 300:
                conn.sendall(bytes([byte]))
                if over.wait(0.05):
                    break
        except OSError:
            pass
        return False

    server.script = script
    door = made_door(tmp_path, times, timeouts=Timeouts(connect=5, read=60, total=1))
    try:
        with door.keeping():
            ask(door, server)
            slow = ask(door, server)
    finally:
        over.set()
    assert server.connections == 1
    assert slow.outcome is Outcome.UNREACHABLE
    assert "longer than 1 seconds in all" in str(slow.error)


def test_what_was_idle_for_long_is_closed_before_the_server_does(
    tmp_path: Path, times: FakeTime, server: Speaking, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(connections, "_IDLE", -1.0)
    door = made_door(tmp_path, times)
    with door.keeping():
        ask(door, server)
        ask(door, server)
    assert server.connections == 2


def test_what_a_server_sends_behind_its_answer_is_not_the_next_answer(
    tmp_path: Path, times: FakeTime, server: Speaking
) -> None:
    def script(conn: socket.socket, number: int, asked: int, head: bytes) -> bool:
        extra = page(b"the record of another filing") if number == 1 else b""
        return sent(conn, page(b"the right one") + extra)

    server.script = script
    door = made_door(tmp_path, times)
    with door.keeping():
        looks = [ask(door, server) for _ in range(2)]
    assert [look.page.body for look in looks if look.page] == [b"the right one"] * 2
