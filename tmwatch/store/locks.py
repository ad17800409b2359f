"""Who checks which watch: one process at a time for each watch of a database.

Two runs of cron that overlap would ask the register everything twice. A lock of the operating system for
each watch lies beside the database, in `NAME.db.locks/`, so that whoever shares the file shares the locks,
whatever their home and state folder. The system lets go of a lock when its process ends, however it
ends: nothing has to be cleaned up after a crash. What stands in the small file beside a lock is for
people only: which process holds it, and since when.
"""

from __future__ import annotations

import contextlib
import datetime as dt
import hashlib
import json
import os
import socket
import threading
import time
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import filelock

from tmwatch.errors import StoreError
from tmwatch.store.database import now

_FOR_THE_OWNER = 0o700, 0o600  # folder, files


@dataclass(frozen=True)
class BeingChecked:
    """A watch that another process is checking. `pid`, `since` (UTC) and `host` as far as they are known;
    `host` only where it is another machine."""

    watch: str
    pid: int | None = None
    since: dt.datetime | None = None
    host: str = ""

    def __str__(self) -> str:
        by = f"process {self.pid}" if self.pid else "another process"
        where = f" on {self.host}" if self.host else ""
        since = f" since {self.since:%Y-%m-%d %H:%M:%S} UTC" if self.since else ""
        return (
            f'watch "{self.watch}" is being checked by {by}{where}{since}, and was left to it. '
            "Nothing need be done; if that process hangs, end it and run the check again."
        )

    def as_json(self) -> dict[str, Any]:
        """For `check --json`."""
        since = self.since.isoformat() if self.since else None
        return {"watch": self.watch, "pid": self.pid, "since": since, "host": self.host or None}


class Shared:
    """Locks that several threads of one process hold together: each checks the same watches at a source of
    its own. The lock is taken with the first and let go with the last."""

    def __init__(self) -> None:
        self._guard = threading.Lock()
        self._held: dict[Path, tuple[int, contextlib.ExitStack]] = {}

    @contextlib.contextmanager
    def hold(self, path: Path, watch: str) -> Iterator[None]:
        """Raises `filelock.Timeout` where another process holds it."""
        with self._guard:
            count, stack = self._held.get(path, (0, contextlib.ExitStack()))
            if not count:
                stack.enter_context(_alone(path, watch))
            self._held[path] = count + 1, stack
        try:
            yield
        finally:
            with self._guard:
                count, stack = self._held.pop(path)
                if count > 1:
                    self._held[path] = count - 1, stack
                else:
                    stack.close()


@contextlib.contextmanager
def _alone(path: Path, watch: str) -> Iterator[None]:
    lock = filelock.FileLock(path.with_suffix(".lock"), timeout=0, mode=_FOR_THE_OWNER[1], thread_local=False)
    with lock, _signed(path.with_suffix(".json"), watch):
        yield


@contextlib.contextmanager
def checking(
    database: Path, watches: Iterable[str], shared: Shared | None = None
) -> Iterator[list[BeingChecked]]:
    """Hold the locks of all the watches that nobody else holds; gives those that somebody does. The threads
    of a process that name the same `shared` hold them together.

    It waits for none. Raises `StoreError` where the locks cannot be kept.
    """
    watches, busy = list(watches), list[BeingChecked]()
    folder = _folder(database) if watches else database
    with contextlib.ExitStack() as held:
        for watch in watches:
            path = folder / hashlib.sha256(watch.encode()).hexdigest()[:16]
            try:
                held.enter_context(shared.hold(path, watch) if shared is not None else _alone(path, watch))
            except filelock.Timeout:
                busy.append(_holder(path.with_suffix(".json"), watch))
            except OSError as error:
                raise _unusable(folder, error) from None
        yield busy


def who_holds(database: Path, name: str) -> BeingChecked | None:
    """Who holds a lock of that name, without waiting for it or keeping it; None where nobody does."""
    real = database.resolve()
    folder = real.with_name(f"{real.name}.locks")
    path = folder / hashlib.sha256(name.encode()).hexdigest()[:16]
    if not path.with_suffix(".json").exists():
        return None  # who takes a lock signs it
    try:
        with filelock.FileLock(path.with_suffix(".lock"), timeout=0, mode=_FOR_THE_OWNER[1]):
            return None
    except filelock.Timeout:
        return _holder(path.with_suffix(".json"), name)
    except OSError:
        return None


def _folder(database: Path) -> Path:
    # By its real path: two names of one file are one database.
    real = database.resolve()
    folder = real.with_name(f"{real.name}.locks")
    try:
        folder.mkdir(mode=_FOR_THE_OWNER[0], exist_ok=True)
    except OSError as error:
        raise _unusable(folder, error) from None
    return folder


def _unusable(folder: Path, error: OSError) -> StoreError:
    return StoreError(
        f"the locks of the watches cannot be kept ({error.strerror or type(error).__name__})",
        where=str(folder),
        kept="No register was asked.",
        do="tmwatch needs to write to the folder of the database: check its rights, and run the command as "
        "the user whose database it is.",
    )


@contextlib.contextmanager
def _signed(path: Path, watch: str) -> Iterator[None]:
    """Say beside the lock who holds it."""
    said = {"watch": watch, "pid": os.getpid(), "host": socket.gethostname(), "since": now().isoformat()}
    # Not beside it and renamed: who reads it half written has only to look again, and a kill leaves nothing.
    handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, _FOR_THE_OWNER[1])
    with os.fdopen(handle, "w", encoding="utf-8") as file:
        json.dump(said, file, ensure_ascii=False)
    try:
        yield
    finally:
        path.unlink(missing_ok=True)


def _holder(path: Path, watch: str) -> BeingChecked:
    """Who says to hold the lock. It may have been taken this very moment, and not signed yet."""
    for _ in range(5):
        try:
            said = json.loads(path.read_bytes())
            here = said["host"] == socket.gethostname()
            if not here or _alive(said["pid"]):  # else it is the name of one who died with the lock
                since = dt.datetime.fromisoformat(said["since"])
                return BeingChecked(watch, said["pid"], since, "" if here else str(said["host"])[:60])
        except (OSError, ValueError, TypeError, KeyError):
            pass
        time.sleep(0.02)
    return BeingChecked(watch)


def _alive(pid: int) -> bool:
    if os.name == "nt":
        return True  # there, signal 0 is no question
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except OSError:
        return True  # somebody else's
    return True
