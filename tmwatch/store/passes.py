"""A pass over one source, as it is judged: what its known filings did, and what waits for its end.

Whether much came at once nobody knows before the end. So a delivery is written with the number of its pass
(`delivery.pass`) and is not due until the pass is judged (`store.mass`), in the transaction that ends it:

* it ends, or is broken off: the process that makes it judges it (`end`);
* its process was killed: the next pass over the same watches at the source goes on with it (`begin`), what
  it had seen included. Where none comes, whoever delivers judges it (`settle`) when it gave no sign of life
  for `ALIVE`;
* it takes longer than `LONGEST`: whoever delivers judges it by what was seen so far, again and again.

A source of which fewer than `mass_least` filings are asked, or known, has no such pass, and nothing waits.
"""

from __future__ import annotations

import datetime as dt
import json
import sqlite3
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from tmwatch.store import mass
from tmwatch.store.database import Database, iso, now
from tmwatch.store.held import To

ALIVE = dt.timedelta(minutes=30)  # longer than any one question takes, with the pause a register may ask for
LONGEST = dt.timedelta(hours=1)
# A mass with nothing to hold (filings not found) is over when they are found again, or so long after.
_FORGET = dt.timedelta(days=7)
_AHEAD = dt.timedelta(days=1)  # an instant further ahead was written by a clock that was wrong

# "gone": it turns so in this pass; "missing": it was not found before either.
Outcome = Literal["same", "changed", "gone", "missing"]


@dataclass(frozen=True)
class Rule:
    """When it is a mass, and how long it is held."""

    share: int  # percent
    least: int
    hold: dt.timedelta


@dataclass(frozen=True)
class PassLook:
    """What a known filing did in a pass. `what`: ST.13, or what was asked for where that is not known."""

    what: str
    outcome: Outcome
    changes: tuple[tuple[str, str, str], ...] = ()  # field, old, new
    before: str = ""  # hash of the record as it stood


def known(database: Database, source: str, most: int) -> int:
    """How many filings the source has given so far, counted up to `most`."""
    row = database.conn.execute(
        "select count(*) from (select distinct st13 from sighting where source = ? limit ?)", (source, most)
    ).fetchone()
    return int(row[0])


def begin(
    database: Database,
    source: str,
    run: str,
    watches: Sequence[str],
    to: Mapping[str, Sequence[To]],
    rule: Rule,
    *,
    sample: bool = False,
) -> int:
    """A pass over these watches at the source begins; `to` says whom each watch tells. Its number.

    Whoever begins holds the locks of the watches: an earlier pass over some of the same that did not come to
    its end has lost its process, and this one goes on with it.
    """
    with database.write():
        conn, at = database.conn, now()
        row = (
            *(
                source,
                run,
                json.dumps(list(watches)),
                json.dumps({name: list(one) for name, one in to.items()}),
            ),
            *(rule.share, rule.least, round(rule.hold.total_seconds()), int(sample)),
            *(iso(at), iso(at), iso(at + ALIVE)),
        )
        number = conn.execute(
            'insert into source_pass (source, run, watches, "to", share, least, hold, sample, since,'
            " judged_at, alive_until) values (?,?,?,?,?,?,?,?,?,?,?)",
            row,
        ).lastrowid
        for dead in conn.execute(
            "select * from source_pass where source = ? and id <> ?", (source, number)
        ).fetchall():
            if set(json.loads(dead["watches"])) & set(watches):
                _take_over(conn, dead["id"], int(number or 0))
    return int(number or 0)


def _take_over(conn: sqlite3.Connection, dead: int, number: int) -> None:
    conn.execute("update or ignore pass_look set pass = ? where pass = ?", (number, dead))
    conn.execute("delete from pass_look where pass = ?", (dead,))
    conn.execute("update delivery set pass = ? where pass = ?", (number, dead))
    conn.execute("delete from source_pass where id = ?", (dead,))


def vanished(database: Database, ask: str, found: Collection[str]) -> list[str]:
    """Which filings a question by name gave the last time and does not give now; each once, until it is
    given again. What it gives now is kept for the next time."""
    conn = database.conn
    before = {row["st13"] for row in conn.execute("select st13 from answered_by_name where ask = ?", (ask,))}
    lost, fresh = sorted(before.difference(found)), sorted(set(found) - before)
    conn.executemany("delete from answered_by_name where ask = ? and st13 = ?", ((ask, one) for one in lost))
    conn.executemany("insert into answered_by_name values (?, ?)", ((ask, one) for one in fresh))
    return lost


def note(database: Database, number: int, looks: Iterable[PassLook]) -> bool:
    """What the pass has seen, in the transaction of the look. False where it was judged meanwhile, because
    it gave no sign of life for so long: what follows waits no more."""
    conn = database.conn
    alive = conn.execute(
        "update source_pass set alive_until = ? where id = ?", (iso(now() + ALIVE), number)
    ).rowcount
    if alive:
        conn.executemany(
            "insert into pass_look (pass, what, outcome, changes, before) values (?,?,?,?,?)"
            " on conflict (pass, what) do update set outcome = excluded.outcome, changes = excluded.changes,"
            " before = iif(pass_look.before = '', excluded.before, pass_look.before)"
            " where excluded.outcome in ('changed', 'gone')"
            " or (pass_look.outcome in ('gone', 'missing') and excluded.outcome = 'same')",
            ((number, one.what, one.outcome, json.dumps(one.changes), one.before) for one in looks),
        )
    return bool(alive)


def end(database: Database, number: int) -> None:
    """The pass has come to its end, or was broken off."""
    with database.write():
        row = database.conn.execute("select * from source_pass where id = ?", (number,)).fetchone()
        if row is not None:
            mass.judge(database, row)
            _close_pass(database, number)


def _close_pass(database: Database, number: int) -> None:
    database.conn.execute("delete from pass_look where pass = ?", (number,))
    database.conn.execute("delete from source_pass where id = ?", (number,))


def settle(database: Database, at: dt.datetime) -> None:
    """What time brings: passes without a process, or that take long, are judged; masses whose time is over
    are let go. Whoever delivers asks for it first."""
    if not _anything(database, at):
        return
    with database.write():
        for row in database.conn.execute("select * from source_pass").fetchall():
            if _over(row["alive_until"], at):
                mass.judge(database, row)
                _close_pass(database, row["id"])
            elif _over(row["judged_at"], at - LONGEST, LONGEST + _AHEAD):
                mass.judge(database, row)
                database.conn.execute(
                    "update source_pass set judged_at = ? where id = ?", (iso(at), row["id"])
                )
        for row in database.conn.execute("select * from mass where closed_at is null").fetchall():
            if _over(row["until"], at, dt.timedelta(days=366)) and mass.holds(database, row["id"]):
                database.conn.execute(
                    "update delivery set state = 'pending', held_for = null, tries = 0, lease_until = null,"
                    " next_try_at = ? where state = 'held' and mass = ?",
                    (iso(at), row["id"]),
                )
                mass.over(database, row, "time")
            elif _over(row["since"], at - _FORGET, _FORGET + _AHEAD) and not mass.holds(database, row["id"]):
                mass.close(database, row["id"])


def _anything(database: Database, at: dt.datetime) -> bool:
    """Nearly always nothing: asked before anybody takes the lock of the file."""
    return (
        database.conn.execute(
            "select 1 from source_pass where alive_until <= :at or alive_until > :far or judged_at <= :long"
            " or judged_at > :far union all select 1 from mass where closed_at is null"
            " and (until <= :at or since <= :old or since > :far) limit 1",
            {
                "at": iso(at),
                "far": iso(at + _AHEAD),
                "long": iso(at - LONGEST),
                "old": iso(at - _FORGET),
            },
        ).fetchone()
        is not None
    )


def _over(instant: str, at: dt.datetime, ahead: dt.timedelta = _AHEAD) -> bool:
    moment = dt.datetime.fromisoformat(instant)
    return moment <= at or moment > at + ahead
