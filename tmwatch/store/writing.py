"""How an alert comes into the outbox: its row, one for each delivery, and what each of these is born as."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence

from tmwatch.alerts.payload import AlertPayload
from tmwatch.alerts.urgency import first_due
from tmwatch.store import held
from tmwatch.store.database import Database, iso, now
from tmwatch.store.ids import alert_facts, alert_uid, delivery_id

PENDING, SENT, DEAD, HELD, DROPPED = "pending", "sent", "dead", "held", "dropped"
DIGESTED = "digested"  # its alert is told by a digest, whose own delivery says what became of it


def write_alert(
    database: Database,
    payload: AlertPayload,
    st13s: Sequence[str],
    to: Sequence[tuple[str, str, str]],
    run: str,
    *,
    about: tuple[str, str] | None = None,
    fates: Mapping[held.To, str] | None = None,
    joins: str = "",
    waits: int | None = None,
    gathers_until: dt.datetime | None = None,
) -> int:
    """An alert with one delivery per (recipient, channel, address). Returns the alert's number.

    Ids are drawn here, from what is told (`store.ids`), and never change between tries: the same facts
    give the same ids again after a lost commit or a restore. What went out before a restore is born
    `sent`, what may have is `held` (`store.held`). `about` is what a health alert is about and the state
    it tells, `("source us.tsdr", "failing")`: its wording may differ from one telling to the next. `fates`:
    what its deliveries are born as, where that is known already; `joins`: the alert is open for what may
    join it under that word (`store.joining`); `waits`: its deliveries wait for the end of that pass
    (`store.passes`); `gathers_until`: until then they wait for what else joins it.
    """
    at = now()
    instant, to, due = iso(at), tuple(dict.fromkeys(to)), first_due(payload)
    told = f"{about[0]}: {about[1]}" if about else ""
    with database.write() as db:
        where = held.standing(database, payload, st13s)
        facts = alert_facts(payload.model_dump(mode="json"), st13s, told, at.date())
        uid, drawn = _draw(database, payload, told, facts, to, where, fates)
        cursor = database.conn.execute(
            "insert into alert (uid, kind, watch, significance, sample, headline, payload, created_at, run,"
            " facts, about, open, joins, joined) values (?,?,?,?,?,?,?,?,?,?,?,?,?,0)",
            (
                uid,
                payload.kind,
                payload.watch,
                payload.significance.value,
                int(payload.sample),
                payload.headline,
                payload.model_dump_json(),
                instant,
                run,
                facts,
                told or None,
                int(bool(joins)),
                joins or None,
            ),
        )
        alert = int(cursor.lastrowid or 0)
        db.table("alert_mark").insert_all({"alert": alert, "st13": st13} for st13 in dict.fromkeys(st13s))
        for one in to:
            recipient, channel, address = one
            db.table("delivery").insert(
                {
                    "alert": alert,
                    "recipient": recipient,
                    "channel": channel,
                    "address": address,
                    "message_id": delivery_id(uid, *one),
                    "state": drawn[one],
                    "tries": 0,
                    "next_try_at": instant if drawn[one] == PENDING else None,
                    "lease_until": None,
                    "sent_at": None,
                    "answer": held.SENT_BEFORE if drawn[one] == SENT else None,
                    "error": None,
                    "held_for": held.RESTORE if drawn[one] == HELD else None,
                    "pass": waits if drawn[one] == PENDING else None,
                    "first_due": due.isoformat() if due else None,
                    "gathers_until": iso(gathers_until) if gathers_until and drawn[one] == PENDING else None,
                }
            )
    return alert


def _draw(
    database: Database,
    payload: AlertPayload,
    about: str,
    facts: str,
    to: Sequence[held.To],
    where: held.Standing,
    given: Mapping[held.To, str] | None = None,
) -> tuple[str, dict[held.To, str]]:
    """The alert's id, and what each of its deliveries is born as (`given`: that is known already).

    The occurrence counts the alerts that told the same before. An id that is not free, or under which
    something else left in a time that a restore has undone, is passed over: a receiver would drop it.
    """
    before = database.conn.execute("select count(*) from alert where facts = ?", (facts,)).fetchone()[0]
    occurrence = int(before)
    while True:
        occurrence += 1
        uid = alert_uid(facts, where.salt, occurrence)
        if database.conn.execute("select 1 from alert where uid = ?", (uid,)).fetchone():
            continue
        fates = dict(given or {one: held.fate(database, payload, about, uid, one, where) for one in to})
        if any(fates[one] == PENDING and held.is_taken(database, delivery_id(uid, *one)) for one in to):
            continue
        return uid, fates


def fates_of(
    database: Database, payload: AlertPayload, st13s: Sequence[str], to: Sequence[held.To]
) -> tuple[str, dict[held.To, str]]:
    """What the deliveries of an alert with these facts would be born as, and the salt of its id."""
    where = held.standing(database, payload, st13s)
    facts = alert_facts(payload.model_dump(mode="json"), st13s)
    return where.salt, _draw(database, payload, "", facts, to, where)[1]
