"""The daemon itself: scheduler, lock, signals, reload, stop."""

from __future__ import annotations

import contextlib
import datetime as dt
import os
import select
import signal
import socket
import time
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from types import FrameType
from typing import Any

from apscheduler.schedulers.background import BackgroundScheduler
from apscheduler.triggers.base import BaseTrigger

from tmwatch.alerts.outbox import DeliveryReport, deliver_due
from tmwatch.checking import CheckReport, check, gather
from tmwatch.config import Config
from tmwatch.daemon.jobs import DATES, DELIVER, FEED, INBOX, Job, jobs_of
from tmwatch.daemon.lane import Due, Lane, Tell, do
from tmwatch.due_alerts import tell_due
from tmwatch.errors import ConfigError, StoreError
from tmwatch.following import with_relevant
from tmwatch.http import Door
from tmwatch.lateness import tell_late
from tmwatch.logs import Log
from tmwatch.status import DAEMON_LOCK, report_out
from tmwatch.store import Database, Outbox, books, timetable, upkeep
from tmwatch.store.database import now
from tmwatch.store.locks import Shared, checking

log = Log()

STOP_SECONDS = 6.0  # what is under way has so long to end; ten are promised
_LOOK_SECONDS = 5.0  # how often the clock is looked at
_MOVED = 30.0  # seconds by which the clock and the time that passed may differ
_SIGNALS = (signal.SIGTERM, signal.SIGINT)

# What became of a run, for whoever reads along: the job, and the report of what it did.
Report = Callable[[str, "CheckReport | DeliveryReport"], None]


class _At(BaseTrigger):  # type: ignore[misc]
    """APScheduler asks when the job is due; the job knows."""

    def __init__(self, job: Job) -> None:
        self.job = job

    def get_next_fire_time(self, previous: dt.datetime | None, instant: dt.datetime) -> dt.datetime | None:
        instant = instant.astimezone(dt.UTC)
        due = self.job.next(instant)
        if previous is None or due is None or due > instant:
            return due
        # It is being handed over at this moment; the next time is a later one.
        return self.job.following(instant)


class Daemon:
    """One for a database. `load` reads the configuration anew; `tell` takes lines for whoever minds it."""

    def __init__(
        self,
        load: Callable[[], Config],
        database: Path,
        env: Mapping[str, str],
        tell: Tell,
        report: Report = lambda job, report: None,
        door: Callable[[Config], Door] = lambda config: Door(config.operator.contact),
        stop_seconds: float = STOP_SECONDS,
    ) -> None:
        self._load, self._path, self._env, self._tell, self._report = load, database, env, tell, report
        self._door, self._stop_seconds = door, stop_seconds
        self.config = load()
        self._jobs: dict[str, Job] = {}
        self._lanes: dict[str, Lane] = {}
        self._shared = Shared()
        # A signal's handler may interrupt whoever holds the lock of an Event: it writes into a pipe instead.
        self._stop = self._reload = self._replan = False
        self._woken, self._wake = socket.socketpair()
        self._wake.setblocking(False)
        self._inbox: frozenset[tuple[str, int, int]] | None = None  # as the last look left it
        # No job is ever dropped for being late; what is late is one run, and the journal says so.
        self._scheduler = BackgroundScheduler(
            timezone=dt.UTC, job_defaults={"misfire_grace_time": None, "coalesce": True, "max_instances": 10}
        )

    def run(self) -> None:
        """Until a signal says stop. Raises `StoreError` where another daemon serves the database, or it
        cannot be used."""
        database = Database(self._path)
        try:
            with checking(self._path, [DAEMON_LOCK]) as busy:
                if busy:
                    by = f" (process {busy[0].pid})" if busy[0].pid else ""
                    raise StoreError(
                        f"another `tmwatch run` serves this database{by}",
                        where=str(self._path),
                        kept="Nothing was begun.",
                        do="Stop that one first. `tmwatch check` may be run beside it at any time.",
                    )
                with self._signals():
                    self._serve(database)
        finally:
            database.close()

    def step(self, database: Database) -> int:
        """Do what is due now, here and one after the other, without scheduler, lock and signals: for whoever
        has a clock of his own. How many jobs were done."""
        if not self._jobs:
            timetable.settle(database, timetable.BROKEN_OFF, "the process ended in the middle of it")
            self._take_up(database)
        elif self._replan:
            self._replan = False
            self._take_up(database)
        done = 0
        for job in [*self._jobs.values(), *self._jobs.values()]:  # a look makes a delivery due
            if times := job.due(now()):
                do(Due(job, times), self._work, self._tell, database)
                done += 1
        return done

    def stop(self) -> None:
        """From any thread, or a signal: end as at SIGTERM."""
        self._stop = True
        self._rouse()

    def _rouse(self) -> None:
        with contextlib.suppress(OSError):  # full: it wakes anyway
            self._wake.send(b".")

    def _stopping(self) -> bool:
        return self._stop

    # -- the life of it --------------------------------------------------------------------------------------

    def _serve(self, database: Database) -> None:
        broken = timetable.settle(database, timetable.BROKEN_OFF, "the process ended in the middle of it")
        timetable.say(database, f"started, process {os.getpid()}")
        if broken:
            self._tell(f"{broken} run(s) of the last process did not come to their end: they are done again.")
        self._plan(database)
        self._scheduler.start()
        looks = sum(bool(job.watches) for job in self._jobs.values())
        watched = len({name for job in self._jobs.values() for name in job.watches})
        said = f"{_watches(watched)} at {looks} register(s)" if looks else "no register is asked live"
        self._tell(f"Serving {self._path.name}: {said}; {_watches(len(self.config.watches))} in all.")
        notify("READY=1")
        try:
            self._mind(database)
        finally:
            self._end(database)

    def _mind(self, database: Database) -> None:
        offset = time.time() - time.monotonic()
        while not self._stop:
            if select.select([self._woken], [], [], _LOOK_SECONDS)[0]:
                self._woken.recv(4096)
            notify("WATCHDOG=1")
            if self._reload and not self._stop:
                self._reload = False
                self._read_anew(database)
            if self._replan and not self._stop:
                self._replan = False
                self._plan(database)
            moved = time.time() - time.monotonic() - offset
            if abs(moved) > _MOVED:
                # Set by hand, or the machine slept: the scheduler waits by the time that passed.
                offset += moved
                text = f"the clock moved by {dt.timedelta(seconds=round(abs(moved)))} {_way(moved)}"
                self._tell(f"Note: {text}; what is overdue is done now, once.")
                timetable.say(database, text)
                self._plan(database)

    def _end(self, database: Database) -> None:
        notify("STOPPING=1")
        until = time.monotonic() + self._stop_seconds
        with contextlib.suppress(Exception):
            self._scheduler.shutdown(wait=False)
        for lane in self._lanes.values():
            lane.end()
        for lane in self._lanes.values():
            lane.join(max(0.0, until - time.monotonic()))
        left = [lane.lane for lane in self._lanes.values() if lane.is_alive()]
        # What they wait for is an answer; what they store is a transaction, which is whole or not there.
        note = f"stopped while {', '.join(left)} waited for an answer" if left else "stopped"
        timetable.settle(database, timetable.STOPPED, "the daemon was stopped in the middle of it")
        timetable.say(database, note, timetable.STOPPED)
        self._tell(
            f"{note[0].upper()}{note[1:]}. Nothing is half done; what was due is due at the next start."
        )

    # -- what is planned -------------------------------------------------------------------------------------

    def _plan(self, database: Database) -> None:
        """Put the jobs of the configuration into the scheduler, each where it was."""
        before = self._take_up(database)
        for job in self._jobs.values():
            lane = self._lanes.get(job.lane)
            if lane is None:
                lane = self._lanes[job.lane] = Lane(job.lane, self._path, self._work, self._tell)
                lane.start()
            timetable.planned(database, job.id, job.schedule.text, job.next(now()))
            # Replaced, it is asked anew when it is due: a job that is overdue at once.
            self._scheduler.add_job(self._fire, _At(job), args=(job,), id=job.id, replace_existing=True)
        for gone in before.keys() - self._jobs.keys():
            with contextlib.suppress(LookupError):
                self._scheduler.remove_job(gone)
        timetable.forget(database, set(self._jobs))

    def _take_up(self, database: Database) -> dict[str, Job]:
        """The jobs of the configuration, each where it was left; those there were before."""
        before, self._jobs = self._jobs, jobs_of(with_relevant(self.config, database), self._env)
        for job in self._jobs.values():
            known = before.get(job.id)
            job.done = known.done if known is not None else timetable.done_until(database, job.id)
        return before

    def _fire(self, job: Job) -> None:
        """In a thread of the scheduler: hand over what is due. It may be called for nothing."""
        if self._stop or self._jobs.get(job.id) is not job:
            return
        if times := job.due(now()):
            self._lanes[job.lane].put(job, times)

    def _read_anew(self, database: Database) -> None:
        notify("RELOADING=1")
        try:
            config = self._load()
            if config.store.path != self.config.store.path:
                raise ConfigError(
                    "[store] path names another database",
                    do="Stop the daemon and start it with the new file.",
                )
        except ConfigError as error:
            self._tell(f"The configuration was not taken over, the old one holds:\n{error}")
            timetable.say(database, f"reload refused: {error.message.splitlines()[0]}", timetable.FAILED)
        else:
            self.config = config
            self._plan(database)
            self._tell(f"The configuration was read anew: {_watches(len(config.watches))}.")
            timetable.say(database, "reloaded")
        notify("READY=1")

    # -- what is done, in the threads of the lanes -----------------------------------------------------------

    def _work(self, job: Job, planned: dt.datetime, database: Database) -> str | None:
        config = self.config
        if job.id == DELIVER:
            for text in gather(config, database, self._env):
                self._tell(f"Note: {text}")
            report = deliver_due(Outbox(database), config, now())
            self._report(job.id, report)
            for text in report_out(config, database, self._env):
                self._tell(f"Note: {text}")
        elif job.id == INBOX:
            self._take(config, database)
        elif job.id == DATES:
            self._dates(config, database)
        elif job.id.startswith(FEED):
            return self._feed(job, config, database)
        else:
            done = self._look(job, planned, config, database)
            timetable.planned(database, job.id, job.schedule.text, job.next(now()))
            return done
        return None

    def _take(self, config: Config, database: Database) -> None:
        from tmwatch.inbox import standing, take

        there = standing(config)
        if there == self._inbox:
            return  # as it was left: nothing came, nothing changed
        run = books.start_run(database, "inbox")
        report = take(config, database, self._env, run=run)
        books.end_run(database, run, {"imported": len(report.imported) if report else 0})
        if report is None:
            return
        self._inbox = standing(config) if not report.waiting and report.busy is None else None
        if fresh := [name for name, _ in report.unread if name not in report.again]:
            self._tell(f"In the inbox could not be read: {', '.join(fresh)}. Why lies beside each.")

    def _dates(self, config: Config, database: Database) -> None:
        run = books.start_run(database, "dates")
        tell_late(config, database, self._env, {}, run)
        tell_due(config, database, run)
        self._replan = True  # what was marked relevant meanwhile may have to be asked of a register anew
        self._rouse()
        books.end_run(database, run, {"alerts": len(upkeep.alerts_of_run(database, run))})

    def _feed(self, job: Job, config: Config, database: Database) -> str | None:
        from tmwatch.feeding import feed_of, take

        source_id = job.lane
        if (until := config.closed_until(source_id, now())) is not None:
            self._again(job, until)
            return f"{source_id} is closed until {until:%Y-%m-%d %H:%M} UTC"
        run = books.start_run(database, "feed")
        door = self._door(config)
        report = take(feed_of(source_id), config, database, door, self._env, run=run, stop=self._stopping)
        books.end_run(database, run, {"files": len(report.files), "alerts": report.alerts})
        if report.error and report.operator_must_act:
            self._tell(f"{source_id}: {report.error}")
        if report.alerts:
            self._deliver_now()
        if report.due and not report.error:
            return f"stopped; {report.due} files are left for the next start"
        return None

    def _deliver_now(self) -> None:
        self._jobs[DELIVER].done = None  # not at the next minute
        if self._scheduler.running:
            self._scheduler.modify_job(DELIVER, next_run_time=now())

    def _look(self, job: Job, planned: dt.datetime, config: Config, database: Database) -> str | None:
        names = [name for name in job.watches if config.watch(name) is not None]
        if not names:
            return None
        report = check(
            config,
            database,
            self._door(config),
            self._env,
            only=names,
            deliver=False,
            inbox=False,
            sources=(job.lane,),
            planned=planned,
            stop=self._stopping,
            shared=self._shared,
        )
        log.info("looked", job=job.id, asked=len(report.sweep.asked), failed=len(report.sweep.failures))
        self._report(job.id, report)
        if report.alerts:
            self._deliver_now()
        for source, closed in report.sweep.closed.items():
            self._again(job, closed.until)
            return f"{source} is closed until {closed.until:%Y-%m-%d %H:%M} UTC: the rest is asked then"
        if report.sweep.stopped:
            return f"stopped; {report.sweep.stopped} questions are left for the next start"
        if report.being_checked:
            self._again(job, now() + dt.timedelta(minutes=5))
            return "another process checked " + ", ".join(one.watch for one in report.being_checked)
        return None

    def _again(self, job: Job, at: dt.datetime) -> None:
        """The same run once more, at that time, unless the next comes before it."""

        def fire() -> None:
            current = self._jobs.get(job.id)  # planned anew meanwhile, or gone
            if not self._stop and current is not None:
                self._lanes[current.lane].put(current, [at])

        following = job.next(now())
        if not self._scheduler.running:
            return
        if following is None or at < following:
            self._scheduler.add_job(fire, "date", run_date=at, id=f"{job.id} again", replace_existing=True)

    @contextlib.contextmanager
    def _signals(self) -> Iterator[None]:
        def stop(*_: Any) -> None:
            self.stop()

        def reload(_: int, __: FrameType | None) -> None:
            self._reload = True
            self._rouse()

        wanted: list[tuple[int, Any]] = [(one, stop) for one in _SIGNALS]
        if hasattr(signal, "SIGHUP"):
            wanted.append((signal.SIGHUP, reload))
        before = [(one, signal.signal(one, handler)) for one, handler in wanted]
        try:
            yield
        finally:
            for one, handler in before:
                signal.signal(one, handler)


def _watches(count: int) -> str:
    return f"{count} watch" + "es" * (count != 1)


def _way(seconds: float) -> str:
    return "ahead" if seconds > 0 else "back"


def notify(said: str) -> None:
    """Tell systemd (`Type=notify`), where it listens; nothing elsewhere. See sd_notify(3)."""
    address = os.environ.get("NOTIFY_SOCKET", "")
    if not address:
        return
    if said == "RELOADING=1":
        said += f"\nMONOTONIC_USEC={time.monotonic_ns() // 1000}"
    with contextlib.suppress(OSError), socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as door:
        door.sendto(said.encode(), f"\0{address[1:]}" if address.startswith("@") else address)
