"""The store of the whole register as the configuration has it: opened, and with what goes past it."""

from __future__ import annotations

import contextlib
import sqlite3
from collections.abc import Iterator

from tmwatch.config import Config
from tmwatch.importing.registered import Keeping, News
from tmwatch.store import Database, books
from tmwatch.store.register import Register
from tmwatch.watches import commonness
from tmwatch.watches.concern import Numbers
from tmwatch.watches.portfolio import Portfolio


@contextlib.contextmanager
def keeping(config: Config | None, database: Database, news: News | None = None) -> Iterator[Keeping | None]:
    """What `import_files` takes as `keep`; None where no store of a register is wanted.

    Raises `StoreError` where the file cannot be used.
    """
    if config is None or config.store.register is None:
        yield None
        return
    numbers = Numbers(config.watches)

    def always(register: Register) -> set[str]:
        return (
            books.ever_hit(database)
            | numbers.st13
            | register.by_number("registration", numbers.registration)
            | register.by_number("international", numbers.international)
        )

    with Register(config.store.register) as register:
        yield Keeping(register, Portfolio(config.watches).concerning, always, news)
        # A full disk, a register in use: what was stored stands, and the next one tries again.
        with contextlib.suppress(OSError, sqlite3.Error):
            commonness.learn(register)
