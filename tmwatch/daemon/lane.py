"""A thread with a connection of its own, for all jobs of one register: they wait for each other only."""

from __future__ import annotations

import datetime as dt
import threading
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from tmwatch.daemon.jobs import DELIVER, INBOX, Job
from tmwatch.errors import TmwatchError
from tmwatch.store import Database, timetable

# What a job does: None where it was done to its end, else why it was not.
Work = Callable[[Job, dt.datetime, Database], "str | None"]
Tell = Callable[[str], None]


@dataclass
class Due:
    """A run that waits for its turn; `times` are the planned times it stands for."""

    job: Job
    times: list[dt.datetime]


class Lane(threading.Thread):
    """Does one job after another. What falls due again while it waits is the same run."""

    def __init__(self, name: str, path: Path, work: Work, tell: Tell) -> None:
        super().__init__(name=f"tmwatch-{name}", daemon=True)
        self.lane = name
        self._path, self._work, self._tell = path, work, tell
        self._waiting: dict[str, Due] = {}
        self._change = threading.Condition()
        self._ended = False
        self.at_work = False

    def put(self, job: Job, times: list[dt.datetime]) -> None:
        """Hand over what is due."""
        with self._change:
            waiting = self._waiting.get(job.id)
            if waiting is not None:
                waiting.job, waiting.times = job, [*waiting.times, *times]
            else:
                self._waiting[job.id] = Due(job, times)
            self._change.notify()

    def end(self) -> None:
        """Begin nothing more."""
        with self._change:
            self._ended = True
            self._change.notify()

    def run(self) -> None:
        """Until `end`."""
        database: Database | None = None
        try:
            while (due := self._next()) is not None:
                try:
                    database = database or Database(self._path, create=False)
                    do(due, self._work, self._tell, database)
                except TmwatchError as error:  # a full disk, a database that was moved away
                    self._tell(f"{due.job.id} was not done: {error}")
                    if database is not None:
                        database.close()
                        database = None
                finally:
                    self.at_work = False
        finally:
            if database is not None:
                database.close()

    def _next(self) -> Due | None:
        with self._change:
            while not self._waiting and not self._ended:
                self._change.wait()
            if self._ended:
                return None
            self.at_work = True
            return self._waiting.pop(next(iter(self._waiting)))


def do(due: Due, work: Work, tell: Tell, database: Database) -> None:
    """One run, with its row in the journal."""
    job, planned = due.job, due.times[-1]
    silent = job.id in (DELIVER, INBOX) and len(due.times) == 1  # each minute's delivery fills no journal
    entry = 0 if silent else timetable.begin(database, job.id, planned, len(due.times) - 1, _merged(due))
    try:
        left = work(job, planned, database)
    except TmwatchError as error:
        tell(f"{job.id} failed: {error}")
        left = f"failed: {error.message}"
    except Exception as fault:  # noqa: BLE001 - one job's fault is not the end of all others
        tell(f"{job.id} failed: {type(fault).__name__}: {fault}. Please report this.")
        left = f"failed: {type(fault).__name__}"
    outcome, note = _ended(left)
    if entry or left is not None:
        timetable.end(database, entry, job.id, planned, outcome, note or _merged(due))


def _merged(due: Due) -> str:
    if len(due.times) == 1:
        return ""
    return f"one run for {len(due.times)} planned times since {due.times[0]:%Y-%m-%d %H:%M} UTC"


def _ended(left: str | None) -> tuple[str, str]:
    if left is None:
        return timetable.DONE, ""
    if left.startswith("failed: "):
        return timetable.FAILED, left.removeprefix("failed: ")
    return timetable.STOPPED, left
