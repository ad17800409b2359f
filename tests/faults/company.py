"""Several `tmwatch` processes on one database: real ones, forked from one that has loaded the program.

shop = Shop(folder, register, hook, mailbox); shop.configure(...)
shop.run("check")                      # one command line to its end: exit code, stdout, stderr
with shop.start("check") as process:   # … or while it runs
shop.keep_doing(commands, until)       # one command line after another, in a thread of the test
"""

from __future__ import annotations

import os
import re
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from tests.faults.preloaded import Preloaded
from tests.test_whole_way import SECRET

# Runs of cron have no terminal, no colours and no settings of a person.
_CLEAN = {name: value for name, value in os.environ.items() if not name.startswith(("TMWATCH_", "USPTO_"))}


@dataclass(frozen=True)
class Ended:
    """One command line and how it ended."""

    words: tuple[str, ...]
    code: int
    out: str
    err: str


class Shop:
    """A folder with a configuration, in which command lines are run as their users run them."""

    def __init__(self, folder: Path, settings: str) -> None:
        self.folder = folder
        (folder / "tmwatch.toml").write_text(settings, encoding="utf-8")

    def start(self, *words: str) -> Preloaded:
        """A command line that runs until it ends, or the block does."""
        state = {"HOOK_SECRET": SECRET, "TMWATCH_STATE_DIR": str(self.folder / "state")}
        return Preloaded(words, self.folder, {**_CLEAN, **state})

    def run(self, *words: str) -> Ended:
        """A command line to its end."""
        with self.start(*words) as process:
            out, err = process.communicate(timeout=180)
            return Ended(words, process.wait(), out, err)


class Colleagues:
    """Each does one command line after another at the same time as all the others, until the time is over."""

    def __init__(self, shop: Shop, seconds: float) -> None:
        self.ended: list[Ended] = []
        self._shop = shop
        self._until = time.monotonic() + seconds
        self._threads: list[threading.Thread] = []
        self._faults: list[BaseException] = []

    def does(self, commands: Callable[[int], Sequence[str]], least: int = 2) -> None:
        """One more of them, whose `n`th command line is `commands(n)`; `least` of them at least."""

        def work() -> None:
            try:
                number = 0
                while number < least or time.monotonic() < self._until:
                    self.ended.append(self._shop.run(*commands(number)))
                    number += 1
            except BaseException as fault:  # noqa: BLE001 - raised where the test waits
                self._faults.append(fault)

        self._threads.append(threading.Thread(target=work, daemon=True))
        self._threads[-1].start()

    def wait(self) -> list[Ended]:
        """Until all have gone home."""
        for thread in self._threads:
            thread.join()
        if self._faults:
            raise self._faults[0]
        return self.ended


def unhappy(ended: Sequence[Ended]) -> list[Ended]:
    """Those that told their user of any trouble, or left with an exit code.

    That a source has no key, or is none to be asked, `lookup` says each time: that is no trouble.
    """
    return [
        one
        for one in ended
        if one.code
        or any(not line.startswith("Not asked: ") for line in one.err.splitlines())
        or re.search("locked|Traceback", one.out + one.err)
    ]
