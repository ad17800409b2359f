"""The timetable of `tmwatch run`: what was done when, what was missed, and what stood for more than itself.

`schedule` holds for each job the last planned time that was done to its end; from there it is told after a
stop, a crash or a night of sleep what is overdue. `schedule_run` is the journal: a row for each run, and for
each start, stop and reload of the daemon.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import Any

from tmwatch.store.database import Database, iso, now

# The journal of the daemon itself, among the jobs.
DAEMON = "daemon"
_KEPT = dt.timedelta(days=90)
DONE, BROKEN_OFF, STOPPED, FAILED = "done", "broken off", "stopped", "failed"


@dataclass(frozen=True)
class Entry:
    """A row of the journal. Instants in UTC; `merged`: planned times beside its own that it stands for."""

    job: str
    planned_at: dt.datetime
    started_at: dt.datetime
    ended_at: dt.datetime | None
    outcome: str | None
    merged: int
    note: str

    def as_json(self) -> dict[str, Any]:
        """One object."""
        return {
            "job": self.job,
            "planned_at": self.planned_at.isoformat(),
            "started_at": self.started_at.isoformat(),
            "ended_at": self.ended_at.isoformat() if self.ended_at else None,
            "outcome": self.outcome,
            "merged": self.merged,
            "note": self.note,
        }


def done_until(database: Database, job: str) -> dt.datetime | None:
    """The last planned time of the job that was done to its end; None for a job that never was."""
    row = database.conn.execute("select done_until from schedule where job = ?", (job,)).fetchone()
    return dt.datetime.fromisoformat(row["done_until"]) if row is not None and row["done_until"] else None


def planned(database: Database, job: str, text: str, next_at: dt.datetime | None) -> None:
    """When the job is done next, for `tmwatch status`."""
    with database.write():
        database.conn.execute(
            "insert into schedule (job, schedule, next_at) values (?, ?, ?)"
            " on conflict (job) do update set schedule = excluded.schedule, next_at = excluded.next_at",
            (job, text, iso(next_at) if next_at else None),
        )


def begin(database: Database, job: str, planned_at: dt.datetime, merged: int, note: str = "") -> int:
    """A row for a run that begins now; its id."""
    with database.write():
        row = database.conn.execute(
            "insert into schedule_run (job, planned_at, started_at, merged, note) values (?, ?, ?, ?, ?)",
            (job, iso(planned_at), iso(now()), merged, note),
        )
        return int(row.lastrowid or 0)


def end(database: Database, entry: int, job: str, planned_at: dt.datetime, outcome: str, note: str) -> None:
    """How it ended. Only what was done to its end is not overdue after a stop."""
    with database.write():
        database.conn.execute(
            "update schedule_run set ended_at = ?, outcome = ?, note = ? where id = ? and ended_at is null",
            (iso(now()), outcome, note, entry),
        )
        if outcome == DONE:
            database.conn.execute(
                "insert into schedule (job, done_until) values (?, ?)"
                " on conflict (job) do update set done_until = excluded.done_until",
                (job, iso(planned_at)),
            )


def say(database: Database, note: str, outcome: str = DONE) -> None:
    """A line of the journal on the daemon itself."""
    with database.write():
        instant = iso(now())
        database.conn.execute(
            "insert into schedule_run (job, planned_at, started_at, ended_at, outcome, merged, note)"
            " values (?, ?, ?, ?, ?, 0, ?)",
            (DAEMON, instant, instant, instant, outcome, note),
        )


def settle(database: Database, outcome: str, note: str) -> int:
    """What has no end yet belongs to a process that is gone, or that is going; how many these are. Old rows
    of the journal go."""
    with database.write():
        open_rows = database.conn.execute(
            "update schedule_run set ended_at = ?, outcome = ?, note = ? where ended_at is null",
            (iso(now()), outcome, note),
        ).rowcount
        database.conn.execute("delete from schedule_run where started_at < ?", (iso(now() - _KEPT),))
    return int(open_rows)


def journal(database: Database, limit: int = 50) -> list[Entry]:
    """The latest rows, newest first."""
    rows = database.conn.execute("select * from schedule_run order by id desc limit ?", (limit,))
    return [
        Entry(
            row["job"],
            dt.datetime.fromisoformat(row["planned_at"]),
            dt.datetime.fromisoformat(row["started_at"]),
            dt.datetime.fromisoformat(row["ended_at"]) if row["ended_at"] else None,
            row["outcome"],
            row["merged"],
            row["note"] or "",
        )
        for row in rows
    ]


def next_times(database: Database) -> dict[str, tuple[str, dt.datetime | None]]:
    """For each job its schedule as it was written, and when it is done next."""
    rows = database.conn.execute("select * from schedule where schedule is not null order by job")
    return {
        row["job"]: (
            row["schedule"],
            dt.datetime.fromisoformat(row["next_at"]) if row["next_at"] else None,
        )
        for row in rows
    }


def forget(database: Database, jobs: set[str]) -> None:
    """Jobs that are no longer in the configuration are planned no more; what they did stays."""
    marks = ",".join("?" * len(jobs))
    with database.write():
        database.conn.execute(
            f"update schedule set schedule = null, next_at = null where job not in ({marks})", tuple(jobs)
        )
