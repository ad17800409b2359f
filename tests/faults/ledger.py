"""Receivers that go by id: a mail server and a webhook receiver whose books can be read and set back."""

from __future__ import annotations

import copy
import http.client
import smtplib
import threading
import time
from typing import Any, Self

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP

from tests.loopback import Loopback, Mailbox

# (recipient's address or path, id) → what was said under that id, once for each arrival
Books = dict[tuple[str, str], list[str]]


class _Counted:
    """How many connections are open now."""

    def __init__(self) -> None:
        self.open = 0
        self.lock = threading.Lock()

    def add(self, much: int) -> None:
        with self.lock:
            self.open += much


class LedgerMailbox(Mailbox):
    """A real SMTP server; knows when it has heard everything that was sent to it."""

    def __init__(self) -> None:
        super().__init__()
        self.counted = counted = _Counted()
        self.books: Books = {}

        class Server(SMTP):
            def connection_made(self, transport: Any) -> None:
                counted.add(1)
                super().connection_made(transport)

            def connection_lost(self, error: Exception | None) -> None:
                super().connection_lost(error)
                counted.add(-1)

        class House(Controller):
            def factory(self) -> SMTP:
                return Server(self.handler, **self.SMTP_kwargs)

        self.controller = House(self, hostname="127.0.0.1", port=self.port)

    async def handle_DATA(self, server: Any, session: Any, envelope: Any) -> str:
        answer = await super().handle_DATA(server, session, envelope)
        mail = self.mails[-1]
        subject = str(mail["Subject"])  # before the entry: it may be read while it is made
        for to in envelope.rcpt_tos:
            self.books.setdefault((to, str(mail["Message-ID"])), []).append(subject)
        return answer


class LedgerHook(Loopback):
    """A real HTTP server; the same for webhooks."""

    def __init__(self) -> None:
        super().__init__()
        self.counted = counted = _Counted()
        process, finish = self.server.process_request, self.server.shutdown_request

        def begin(request: Any, client: Any) -> None:
            counted.add(1)
            process(request, client)

        def end(request: Any) -> None:
            finish(request)
            counted.add(-1)

        # A sender that is dead when it is answered is what these tests are about.
        self.server.handle_error = lambda request, client: None  # type: ignore[method-assign, assignment]  # the server's own hooks
        self.server.process_request = begin  # type: ignore[method-assign, assignment]  # as above
        self.server.shutdown_request = end  # type: ignore[method-assign]  # as above

    @property
    def books(self) -> Books:
        found: Books = {}
        for headers, body in self.posts:
            if len(body) != int(headers["content-length"]):
                continue  # half a body, from a sender that died: no receiver takes that
            found.setdefault((self.url, headers["webhook-id"]), []).append(body.decode())
        return found


class Ledgers:
    """A mail server and two webhook receivers, and what stands in their books."""

    def __init__(self) -> None:
        self.mailbox = LedgerMailbox()
        self.hooks = (LedgerHook(), LedgerHook())

    def __enter__(self) -> Self:
        self.mailbox.__enter__()
        for hook in self.hooks:
            hook.__enter__()
        return self

    def __exit__(self, *ended: object) -> None:
        for hook in self.hooks:
            hook.__exit__()
        self.mailbox.__exit__()

    def quiet(self) -> None:
        """Wait until everything that a dead process still sent has been heard.

        Connections are taken in the order they came: once ours has been served, all before it were taken.
        """
        with smtplib.SMTP("127.0.0.1", self.mailbox.port, timeout=20) as server:
            server.noop()
        for hook in self.hooks:
            connection = http.client.HTTPConnection("127.0.0.1", hook.server.server_port, timeout=20)
            connection.request("GET", "/quiet")
            connection.getresponse().read()
            connection.close()
        until = time.monotonic() + 20
        while any(one.counted.open for one in (self.mailbox, *self.hooks)):
            assert time.monotonic() < until, "a receiver still holds a connection"
            time.sleep(0.001)

    def books(self) -> Books:
        """Everything that was received, by address and id."""
        found = copy.deepcopy(self.mailbox.books)
        for hook in self.hooks:
            found |= copy.deepcopy(hook.books)
        return found

    def kept(self) -> Any:
        """The books as they stand, to be given back to `restore`."""
        return (
            list(self.mailbox.mails),
            list(self.mailbox.to),
            copy.deepcopy(self.mailbox.books),
            [list(hook.posts) for hook in self.hooks],
        )

    def restore(self, kept: Any) -> None:
        """Set the books back to where they stood."""
        mails, to, books, posts = kept
        self.mailbox.mails[:], self.mailbox.to[:] = mails, to
        self.mailbox.books = copy.deepcopy(books)
        for hook, these in zip(self.hooks, posts, strict=True):
            hook.posts[:] = these
