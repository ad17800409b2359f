"""What is known of receivers that are in trouble, one row each; a row goes when the receiver takes again."""

from __future__ import annotations

import datetime as dt
from dataclasses import asdict
from typing import Any

from tmwatch.alerts.endpoint import Endpoint, Key
from tmwatch.store.database import Database, iso

_INSTANTS = ("since", "told_at", "gave_up_at", "disabled_at")
_ONE = "recipient = ? and channel = ? and address = ?"


def endpoints(database: Database) -> dict[Key, Endpoint]:
    """Every receiver that fails or is switched off."""
    rows = database.conn.execute("select * from endpoint order by recipient, channel, address")
    found = [_endpoint(dict(row)) for row in rows]
    return {one.key: one for one in found}


def put(database: Database, endpoint: Endpoint) -> None:
    """Write it down, in place of what was known."""
    row: dict[str, Any] = asdict(endpoint)
    for name in _INSTANTS:
        row[name] = iso(row[name]) if row[name] else None
    with database.write() as db:
        db.table("endpoint").upsert(row, pk=("recipient", "channel", "address"))


def drop(database: Database, key: Key) -> None:
    """It is as it should be."""
    with database.write():
        database.conn.execute(f"delete from endpoint where {_ONE}", key)


def switch_on(database: Database, alert: int | None = None, recipient: str | None = None) -> list[Endpoint]:
    """Forget that receivers were switched off: those of an alert, of a recipient, or all. Returns which."""
    with database.write():
        rows = database.conn.execute(
            "select recipient, channel, address from delivery where alert = ? and state <> 'sent'", (alert,)
        )
        wanted = {tuple(row) for row in rows}
        found = [
            one
            for one in endpoints(database).values()
            if one.state == "disabled"
            and (alert is None or one.key in wanted)
            and (recipient is None or one.recipient == recipient)
        ]
        for one in found:
            drop(database, one.key)
    return found


def waiting(database: Database, key: Key) -> int:
    """How many deliveries wait for a receiver; for a mail server, all that go by mail."""
    recipient, channel, address = key
    where, values = (_ONE, key) if recipient else ("channel = ?", (channel,))
    row = database.conn.execute(
        f"select count(*) as n from delivery where state = 'pending' and {where}", values
    ).fetchone()
    return int(row["n"])


def _endpoint(row: dict[str, Any]) -> Endpoint:
    for name in _INSTANTS:
        row[name] = dt.datetime.fromisoformat(row[name]) if row[name] else None
    return Endpoint(**{**row, "failures": row["failures"] or 0})
