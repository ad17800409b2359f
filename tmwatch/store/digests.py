"""Digests in the database: when each recipient's last one was made, what one takes in, what stands beside it.

An alert that a digest takes in is told to that address by it alone: its delivery is "digested" and names the
digest's own. Both are one transaction, so whoever is killed has made the digest or has not.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass

from pydantic import ValidationError

from tmwatch.alerts.digest_times import was_ahead
from tmwatch.alerts.payload import AlertPayload
from tmwatch.alerts.waiting import Waiting
from tmwatch.store.database import Database, iso
from tmwatch.store.held import SENT_BEFORE
from tmwatch.store.outbox import LIGHT, light, stored_payload, told_at
from tmwatch.store.writing import DIGESTED, HELD, PENDING, SENT

Address = tuple[str, str]  # channel, address


@dataclass(frozen=True)
class Candidate:
    """A delivery that waits, with the number of its alert."""

    delivery: Waiting
    alert: int


def settle(database: Database, wanted: Collection[str], at: dt.datetime) -> dict[str, dt.datetime]:
    """Begin the books of those who want a digest from now on, and close those of the others. A last digest
    that a wrong clock made counts as made now: its day would else have to come before the next."""
    known = told_at(database)
    wrong = [name for name, told in known.items() if was_ahead(told, at)]
    if known.keys() == set(wanted) and not wrong:
        return known
    with database.write():
        for name in wanted:
            database.conn.execute("insert or ignore into digest values (?, ?)", (name, iso(at)))
        for name in wrong:
            note_told(database, name, at)
        for name in known.keys() - set(wanted):
            database.conn.execute("delete from digest where recipient = ?", (name,))
        return told_at(database)


def note_told(database: Database, recipient: str, at: dt.datetime) -> None:
    """In the open transaction of the digest: it is made."""
    database.conn.execute("update digest set told_at = ? where recipient = ?", (iso(at), recipient))


def candidates(database: Database, recipient: str) -> list[Candidate]:
    """Everything that waits for a recipient, oldest first."""
    rows = database.conn.execute(
        f"{LIGHT} where d.state = '{PENDING}' and d.pass is null and d.recipient = ? order by d.alert, d.id",
        (recipient,),
    )
    return [Candidate(light(row), row["alert"]) for row in rows.fetchall()]


def wait_for_pass(database: Database, recipient: str) -> bool:
    """Whether something for a recipient waits for the end of a pass (`store.passes`)."""
    row = database.conn.execute(
        f"select 1 from delivery where state = '{PENDING}' and pass is not null and recipient = ? limit 1",
        (recipient,),
    ).fetchone()
    return row is not None


def addressed(database: Database, recipient: str, alerts: Iterable[int]) -> dict[int, set[Address]]:
    """To which of a recipient's addresses each of these alerts has a delivery, whatever became of it."""
    found: dict[int, set[Address]] = {}
    for alert in alerts:
        rows = database.conn.execute(
            "select channel, address from delivery where alert = ? and recipient = ?", (alert, recipient)
        )
        found[alert] = {(row["channel"], row["address"]) for row in rows}
    return found


def payloads(
    database: Database, recipient: str, alerts: Iterable[int]
) -> dict[int, tuple[AlertPayload, dt.datetime]]:
    """What these alerts say to a recipient, and when they were made; without those that this version cannot
    read."""
    found = {}
    for alert in alerts:
        row = database.conn.execute(
            "select payload, created_at, (select max(held_note) from delivery where alert = a.id"
            " and recipient = ?) as held_note from alert a where id = ?",
            (recipient, alert),
        ).fetchone()
        try:
            said = stored_payload(row)
        except ValidationError:
            continue
        found[alert] = said, dt.datetime.fromisoformat(row["created_at"])
    return found


def take_in(database: Database, digest: int, deliveries: Iterable[Waiting]) -> None:
    """In the transaction that wrote the digest (its number): these deliveries are told by it."""
    rows = database.conn.execute("select id, channel, address from delivery where alert = ?", (digest,))
    own: Mapping[Address, int] = {(row["channel"], row["address"]): row["id"] for row in rows}
    for one in deliveries:
        database.conn.execute(
            f"update delivery set state = '{DIGESTED}', digest = ?, next_try_at = null where id = ?",
            (own[one.channel, one.address], one.id),
        )
        database.conn.execute(
            "update alert set open = 0 where open = 1 and id = (select alert from delivery where id = ?)",
            (one.id,),
        )


def not_to_wait(database: Database, deliveries: Iterable[Waiting]) -> None:
    """In the open transaction: of an alert that cannot be read it cannot be known whether it may wait. The
    next delivery tries it, and tells of it."""
    for one in deliveries:
        database.conn.execute(
            "update delivery set first_due = ? where id = ?", (dt.date.min.isoformat(), one.id)
        )


def sent_at_once(database: Database, recipient: str, since: dt.datetime) -> int:
    """How many alerts left for a recipient by themselves since then. What left in a time that a restore has
    undone is not among them: a digest that was lost with it may have told it."""
    row = database.conn.execute(
        "select count(distinct d.alert) as n from delivery d join alert a on a.id = d.alert"
        f" where d.state = '{SENT}' and d.sent_at > ? and d.recipient = ? and a.kind <> 'digest'"
        " and coalesce(d.answer, '') <> ?",
        (iso(since), recipient, SENT_BEFORE),
    ).fetchone()
    return int(row["n"])


def held_for(database: Database, recipient: str) -> int:
    """How many alerts for a recipient are held until somebody releases them."""
    row = database.conn.execute(
        f"select count(distinct alert) as n from delivery where state = '{HELD}' and recipient = ?",
        (recipient,),
    ).fetchone()
    return int(row["n"])


__all__ = [
    "Candidate",
    "addressed",
    "candidates",
    "held_for",
    "not_to_wait",
    "note_told",
    "payloads",
    "sent_at_once",
    "settle",
    "take_in",
    "told_at",
    "wait_for_pass",
]
