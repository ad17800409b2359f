"""The books of runs, watches and sources: what was asked when, and how it ended."""

from __future__ import annotations

import contextlib
import datetime as dt
import json
import sqlite3
import uuid
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tmwatch import __version__
from tmwatch.errors import Outcome
from tmwatch.store import held
from tmwatch.store.database import Database, connect, iso, now
from tmwatch.store.schema import SCHEMA_VERSION

_FEW = 50  # filings: more are sooner found among all


@dataclass(frozen=True)
class AskState:
    """How the standing question of a watch to a source went so far. Instants in UTC."""

    baseline_at: dt.datetime | None = None
    last_ok_at: dt.datetime | None = None
    last_try_at: dt.datetime | None = None
    last_outcome: str | None = None
    last_error: str | None = None
    failures: int = 0
    validators: Mapping[str, str] | None = None


def start_run(database: Database, command: str) -> str:
    """A run id for the logs and the books."""
    run = uuid.uuid4().hex[:12]
    with database.write() as db:
        db.table("run").insert(
            {
                "id": run,
                "command": command,
                "tmwatch": __version__,
                "started_at": iso(now()),
                "ended_at": None,
                "summary": None,
            }
        )
    return run


def end_run(database: Database, run: str, summary: Mapping[str, Any]) -> None:
    """The run's summary, kept for `doctor` and for "since the last run"."""
    with database.write() as db:
        db.table("run").update(
            run, {"ended_at": iso(now()), "summary": json.dumps(summary, ensure_ascii=False)}
        )
        row = database.conn.execute("select command from run where id = ?", (run,)).fetchone()
        if row is not None and row["command"] == "check":
            held.settle_health(database)


def note_backup(path: Path) -> None:
    """Book that a backup was made, for `tmwatch status`. Not in a file of another schema: who makes a backup
    before an upgrade wants no upgrade. Where it cannot be booked the backup is good all the same."""
    at = iso(now())
    with contextlib.suppress(sqlite3.Error), contextlib.closing(connect(path)) as conn:
        if conn.execute("pragma user_version").fetchone()[0] == SCHEMA_VERSION:
            conn.execute(
                "insert into run (id, command, tmwatch, started_at, ended_at) values (?, 'backup', ?, ?, ?)",
                (uuid.uuid4().hex[:12], __version__, at, at),
            )


def last_run(database: Database, command: str) -> dt.datetime | None:
    """When a run of that command last came to its end; None where none did."""
    row = database.conn.execute(
        "select max(ended_at) as at from run where command = ?", (command,)
    ).fetchone()
    return dt.datetime.fromisoformat(row["at"]) if row["at"] else None


def ask_state(database: Database, watch: str, ask: str) -> AskState:
    """The books of one standing question; empty if it was never asked."""
    row = database.conn.execute("select * from watch where watch = ? and ask = ?", (watch, ask)).fetchone()
    return _ask_state(row) if row is not None else AskState()


def ask_states(database: Database, watch: str) -> dict[str, AskState]:
    """The same of all questions of a watch that were ever asked, by their key."""
    rows = database.conn.execute("select * from watch where watch = ?", (watch,))
    return {row["ask"]: _ask_state(row) for row in rows}


def _ask_state(row: sqlite3.Row) -> AskState:
    def instant(name: str) -> dt.datetime | None:
        return dt.datetime.fromisoformat(row[name]) if row[name] else None

    return AskState(
        baseline_at=instant("baseline_at"),
        last_ok_at=instant("last_ok_at"),
        last_try_at=instant("last_try_at"),
        last_outcome=row["last_outcome"],
        last_error=row["last_error"],
        failures=row["failures"] or 0,
        validators=json.loads(row["validators"] or "{}"),
    )


def book_ask(
    database: Database,
    watch: str,
    ask: str,
    outcome: Outcome,
    error: str = "",
    validators: Mapping[str, str] | None = None,
    *,
    partly: bool = False,
) -> None:
    """Write down how asking ended. Only a complete answer counts as looked at (laws 3 and 17).

    One that was stored `partly` (all but rows that nobody can read) is a failed look, and yet a first one:
    where such a row stays, what is filed later would else be taken for the baseline for ever.
    """
    good = outcome in (Outcome.OK, Outcome.NOT_MODIFIED)
    instant = iso(now())
    kept = json.dumps(dict(validators)) if validators is not None else None
    with database.write():
        # In plain SQL: this is written at each look, and sqlite-utils asks for the table's shape first.
        database.conn.execute(
            _ANSWERED if good else _FAILED,
            {
                "watch": watch,
                "ask": ask,
                "at": instant,
                "outcome": outcome.value,
                "error": error or None,
                "validators": kept,
                "baseline": instant if partly else None,
            },
        )
        if good:
            held.settle_ask(database, watch, ask)


_ANSWERED = (
    "insert into watch (watch, ask, last_try_at, last_outcome, last_error, failures, last_ok_at, baseline_at,"
    " validators) values (:watch, :ask, :at, :outcome, :error, 0, :at, :at, :validators)"
    " on conflict (watch, ask) do update set last_try_at = excluded.last_try_at,"
    " last_outcome = excluded.last_outcome, last_error = excluded.last_error, failures = 0,"
    " last_ok_at = excluded.last_ok_at, baseline_at = coalesce(baseline_at, excluded.baseline_at),"
    " validators = coalesce(excluded.validators, validators)"
)
_FAILED = (
    "insert into watch (watch, ask, last_try_at, last_outcome, last_error, failures, baseline_at)"
    " values (:watch, :ask, :at, :outcome, :error, 1, :baseline)"
    " on conflict (watch, ask) do update set last_try_at = excluded.last_try_at,"
    " last_outcome = excluded.last_outcome, last_error = excluded.last_error,"
    " failures = coalesce(failures, 0) + 1, baseline_at = coalesce(baseline_at, excluded.baseline_at)"
)


def baselined(database: Database, watch: str, ask: str) -> bool:
    """Whether the first complete look of that question lies behind us."""
    return ask_state(database, watch, ask).baseline_at is not None


def hits(database: Database, watch: str, among: Collection[str] | None = None) -> frozenset[str]:
    """ST.13 of every filing that ever came under the watch; of these few, where it is about few."""
    if among is not None and len(among) <= _FEW:
        marks = ", ".join("?" * len(among))
        found = database.conn.execute(
            f"select st13 from hit where watch = ? and st13 in ({marks})", (watch, *among)
        )
        return frozenset(row["st13"] for row in found)
    rows = database.conn.execute("select st13 from hit where watch = ?", (watch,))
    return frozenset(row["st13"] for row in rows)


def ever_hit(database: Database) -> set[str]:
    """ST.13 of every filing that ever came under a watch."""
    return {row["st13"] for row in database.conn.execute("select distinct st13 from hit")}


def under_watch(database: Database, st13: str) -> bool:
    """Whether the filing has come under any watch yet, be it one that has another name now."""
    return database.conn.execute("select 1 from hit where st13 = ? limit 1", (st13,)).fetchone() is not None


def watches_of(database: Database, st13: str, among: Collection[str]) -> list[str]:
    """Those of these watches that the filing has come under."""
    names = ", ".join("?" * len(among))
    rows = database.conn.execute(
        f"select watch from hit where watch in ({names}) and st13 = ? order by watch", (*among, st13)
    )
    return [row["watch"] for row in rows]


def answered_live(database: Database, st13: str, source: str) -> bool:
    """Whether that source has given the filing to a live look before."""
    row = database.conn.execute(
        "select 1 from observation where st13 = :st13 and source = :source and live = 1 and outcome = :ok"
        " union all select 1 from sighting s join observation o on o.id = s.last_observation"
        " where s.st13 = :st13 and s.source = :source and o.live = 1 limit 1",
        {"st13": st13, "source": source, "ok": Outcome.OK.value},
    ).fetchone()
    return row is not None


def not_found_since(database: Database, source: str, asked: str, since: dt.datetime) -> list[dt.datetime]:
    """When the source said, after that instant and since anybody last found it, that it has no such record;
    oldest first."""
    lost = database.conn.execute(
        f"select id, looked_at from observation where outcome = '{Outcome.NOT_FOUND.value}' and source = ?"
        " and asked = ? and looked_at > ? order by id",
        (source, asked, iso(since)),
    ).fetchall()
    if not lost:
        return []
    (found,) = database.conn.execute(
        "select coalesce(max(id), 0) from observation where id > ? and source = ? and asked = ?"
        " and outcome in (?, ?)",
        (lost[0]["id"], source, asked, Outcome.OK.value, Outcome.NOT_MODIFIED.value),
    ).fetchone()
    return [dt.datetime.fromisoformat(row["looked_at"]) for row in lost if row["id"] > found]


@dataclass(frozen=True)
class Turn:
    """A source's state went from good to bad or back: worth one health alert, not one per run."""

    source: str
    was: str
    now: str
    error: str
    since: dt.datetime | None


# A source that failed is well again after this many good passes in a row: one that fails at every second
# look (two layouts in turn, one of two servers broken) would else alert at each of them.
GOOD_PASSES = 2
# One that fails again so soon after it recovered is unsteady, and has to be good for that long first.
STEADY = dt.timedelta(days=1)


def book_source(database: Database, source: str, outcome: Outcome, error: str = "") -> Turn | None:
    """Note how a pass over the source ended; returns a `Turn` when its state changed.

    It is failing from the first bad pass on (who calls decides what is bad), whatever the kind of the
    trouble, and well again after `GOOD_PASSES` or, where it is unsteady, after `STEADY` without a bad one.
    A missing record is an answer, not a failure of the source.
    """
    good = outcome in (Outcome.OK, Outcome.NOT_MODIFIED, Outcome.NOT_FOUND)
    at = now()
    with database.write() as db:
        row = database.conn.execute("select * from source_state where source = ?", (source,)).fetchone()
        was = row["state"] if row and row["state"] else "ok"
        passes = (row["good"] or 0) + 1 if good and row else int(good)
        good_since = row["good_since"] if row and passes > 1 and row["good_since"] else iso(at)
        well = good and (was == "ok" or _well_again(row, passes, dt.datetime.fromisoformat(good_since), at))
        state = "ok" if well else "failing"
        since = row["since"] if row and was == state else iso(at)
        db.table("source_state").upsert(
            {
                "source": source,
                "state": state,
                "since": since,
                "last_try_at": iso(at),
                "last_outcome": outcome.value,
                "failures": 0 if good else (row["failures"] if row and row["failures"] else 0) + 1,
                "good": passes,
                "good_since": good_since if good else None,
                **({"last_ok_at": iso(at)} if good else {}),
                **({"last_error": error} if not good else {"last_error": None} if well else {}),
                **({"recovered_at": iso(at)} if was == "failing" and well else {}),
            },
            pk="source",
        )
    if was == state:
        return None
    return Turn(source, was, state, error, dt.datetime.fromisoformat(row["since"]) if row else None)


def is_failing(database: Database, source: str) -> bool:
    """Whether the source has turned bad and not recovered yet."""
    row = database.conn.execute("select state from source_state where source = ?", (source,)).fetchone()
    return row is not None and row["state"] == "failing"


def failing_since(database: Database, source: str) -> dt.datetime | None:
    """When the source turned bad; None where it is well."""
    row = database.conn.execute(
        "select since from source_state where source = ? and state = 'failing'", (source,)
    ).fetchone()
    return dt.datetime.fromisoformat(row["since"]) if row is not None and row["since"] else None


def told_failing(database: Database, source: str, since: dt.datetime) -> Callable[[str], bool]:
    """Whether, since that instant, an alert has said of a watch that the source fails for it."""
    rows = database.conn.execute(
        "select watch from alert where about = ? and created_at >= ?",
        (f"source {source}: failing", iso(since)),
    )
    told = [f", {row['watch']}, " for row in rows]  # as the names of several are joined
    return lambda name: any(f", {name}, " in names for names in told)


def _well_again(row: sqlite3.Row, passes: int, good_since: dt.datetime, at: dt.datetime) -> bool:
    """Whether a failing source has been good often, and where it is unsteady long, enough."""
    recovered = dt.datetime.fromisoformat(row["recovered_at"]) if row["recovered_at"] else None
    unsteady = recovered is not None and dt.datetime.fromisoformat(row["since"]) - recovered < STEADY
    return passes >= GOOD_PASSES and (not unsteady or at - good_since >= STEADY)


def is_late(database: Database, watch: str) -> bool:
    """Whether it has been told that the watch is not looked at in time, and nothing better since."""
    row = database.conn.execute("select 1 from late_watch where watch = ?", (watch,)).fetchone()
    return row is not None


def book_late(database: Database, watch: str, late: bool) -> None:
    """Write down which it is now."""
    with database.write():
        if late:
            database.conn.execute("insert into late_watch (watch, since) values (?, ?)", (watch, iso(now())))
        else:
            database.conn.execute("delete from late_watch where watch = ?", (watch,))


def source_states(database: Database) -> list[dict[str, Any]]:
    """State of every source ever asked."""
    return [dict(row) for row in database.conn.execute("select * from source_state order by source")]


def note_words(database: Database, source: str, words: Sequence[str]) -> list[str]:
    """Write down words of a source that are in none of our tables; returns those not met before."""
    new = []
    with database.write() as db:
        for word in dict.fromkeys(words):
            row = database.conn.execute(
                "select 1 from unknown_word where source = ? and word = ?", (source, word)
            ).fetchone()
            if row is None:
                db.table("unknown_word").insert({"source": source, "word": word, "first_at": iso(now())})
                new.append(word)
    return new


def unknown_words(database: Database) -> list[dict[str, Any]]:
    """Words met and not known, oldest first; for `doctor`."""
    return [dict(row) for row in database.conn.execute("select * from unknown_word order by first_at")]
