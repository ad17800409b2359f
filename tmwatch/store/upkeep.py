"""What can be asked of the file and of the books, for `doctor`, `check` and `alerts why`. Reads only."""

from __future__ import annotations

import datetime as dt
from typing import Any

from tmwatch.alerts.payload import Mass
from tmwatch.alerts.waiting import Waiting
from tmwatch.store import mass
from tmwatch.store.database import Database, iso, now
from tmwatch.store.outbox import LIGHT, light
from tmwatch.store.writing import PENDING

_MONTH = dt.timedelta(days=30)


def integrity(database: Database) -> list[str]:
    """What SQLite finds wrong with the file; empty when it is whole."""
    found = [str(row[0]) for row in database.conn.execute("pragma integrity_check(20)")]
    damage = [] if found == ["ok"] else found
    broken = database.conn.execute("pragma foreign_key_check").fetchall()
    return damage + [f"a row of `{row[0]}` points at nothing" for row in broken[:20]]


def size(database: Database) -> dict[str, int]:
    """Bytes of the file, of the raw pages in it, and of the pages that came in the last 30 days."""
    since = iso(now() - _MONTH)
    row = database.conn.execute(
        "select coalesce(sum(length(body)), 0) as pages, coalesce(sum(case when stored_at >= ?"
        " then length(body) end), 0) as recent from snapshot",
        (since,),
    ).fetchone()
    beside = database.path.with_name(f"{database.path.name}-wal")
    return {
        "file": database.path.stat().st_size,
        "wal": beside.stat().st_size if beside.exists() else 0,
        "pages": row["pages"],
        "pages_last_30_days": row["recent"],
    }


def outbox_standing(database: Database) -> dict[str, Any]:
    """How many deliveries wait, were sent, or were given up; since when the oldest waits, and why."""
    rows = database.conn.execute("select state, count(*) as n from delivery group by state")
    counts = {row["state"]: row["n"] for row in rows}
    oldest = database.conn.execute(
        "select a.created_at, d.error from delivery d join alert a on a.id = d.alert"
        " where d.state = 'pending' order by d.id limit 1"
    ).fetchone()
    return {
        "waiting": counts.get("pending", 0),
        "sent": counts.get("sent", 0),
        "dead": counts.get("dead", 0),
        "held": counts.get("held", 0),
        "masses": [_mass(one, deliveries) for one, deliveries in mass.standing(database)],
        "oldest_waiting_since": oldest["created_at"] if oldest else None,
        "oldest_waiting_error": oldest["error"] if oldest else None,
    }


def _mass(one: Mass, deliveries: int) -> dict[str, Any]:
    said = one.model_dump(mode="json", include={"source", "state", "changed", "gone", "looked", "back"})
    until = one.until.isoformat() if one.until else None
    return {**said, "alerts_held": one.held, "deliveries_held": deliveries, "until": until}


def waiting(database: Database) -> list[Waiting]:
    """Everything that waits, oldest first, without what it says."""
    rows = database.conn.execute(f"{LIGHT} where d.state = '{PENDING}' order by d.id")
    return [light(row) for row in rows.fetchall()]


def alerts_of_run(database: Database, run: str) -> list[int]:
    """The numbers of the alerts that a run made or added to, oldest first; other processes make theirs
    meanwhile."""
    rows = database.conn.execute(
        "select id from alert where run = :run"
        " or id in (select alert from alert_mark where run = :run) order by id",
        {"run": run},
    )
    return [row["id"] for row in rows]


def looks_behind(database: Database, alert: int) -> list[dict[str, Any]]:
    """The looks that an alert came from: same run, same filings; where the page is kept, by its hash."""
    rows = database.conn.execute(
        "select o.st13, o.source, o.url, o.looked_at, o.live, o.as_of, o.as_of_kind, o.snapshot as sha256,"
        " o.parser_version, o.run from alert a join alert_mark m on m.alert = a.id"
        " join observation o on o.st13 = m.st13 and o.run = coalesce(m.run, a.run)"
        " where a.id = ? and o.outcome = 'ok' and o.looked_at <= coalesce(m.joined_at, a.created_at)"
        " order by o.id",
        (alert,),
    )
    return [{**dict(row), "live": bool(row["live"])} for row in rows]


def recipients(database: Database) -> set[str]:
    """Everybody to whom something was to be delivered."""
    rows = database.conn.execute("select distinct recipient from delivery")
    return {row["recipient"] for row in rows.fetchall()}
