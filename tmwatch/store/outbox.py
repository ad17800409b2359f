"""The outbox in SQLite: alerts and their deliveries, one row per alert, recipient and address."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from typing import Any

from pydantic import ValidationError

from tmwatch.alerts.delivery import Delivery
from tmwatch.alerts.endpoint import Endpoint, Key
from tmwatch.alerts.payload import AlertPayload, HeldNote
from tmwatch.alerts.urgency import Urgency
from tmwatch.alerts.waiting import Waiting
from tmwatch.model import Significance
from tmwatch.store import endpoints, held, mass, passes
from tmwatch.store.database import Database, iso, now
from tmwatch.store.writing import DEAD, DIGESTED, DROPPED, HELD, PENDING, SENT, write_alert

# What is known of a delivery without reading its message, which may be long.
LIGHT = (
    "select d.id, d.alert, d.recipient, d.channel, d.address, d.tries, d.asked_at, d.first_due,"
    " d.gathers_until, a.kind, a.watch, a.significance, a.created_at"
    " from delivery d join alert a on a.id = d.alert"
)

# No wait and no lease is longer than this. One that seems to be was written by a clock that ran ahead and
# has been set right: it is over, or the alert would lie there until that day.
_LONGEST = dt.timedelta(days=2)
_DUE = (
    "state = :pending and pass is null and (next_try_at <= :at or next_try_at > :far)"
    " and (lease_until is null or lease_until <= :at or lease_until > :far)"
)

# What a digest took in is sent when the digest is.
_NOT_SENT = (
    f"(d.state not in ('{SENT}', '{DIGESTED}') or d.state = '{DIGESTED}' and not exists"
    f" (select 1 from delivery g where g.id = d.digest and g.state = '{SENT}'))"
)


def _instants(at: dt.datetime) -> dict[str, str]:
    return {"pending": PENDING, "at": iso(at), "far": iso(at + _LONGEST)}


def told_at(database: Database) -> dict[str, dt.datetime]:
    """When each recipient's last digest was made; of one who has had none, since when there is to be one."""
    rows = database.conn.execute("select recipient, told_at from digest")
    return {row["recipient"]: dt.datetime.fromisoformat(row["told_at"]) for row in rows}


class Outbox:
    """`alerts.outbox.OutboxStore` over the database."""

    def __init__(self, database: Database) -> None:
        self.database = database
        # (id, recipient, channel, error) of what was given up because the stored alert cannot be read
        self.unreadable: list[tuple[int, str, str, str]] = []

    def due_deliveries(
        self, at: dt.datetime, leave: Callable[[Waiting], bool] = lambda one: False
    ) -> list[Delivery]:
        """Pending, due and not in another process's hands, oldest first; without those to `leave`, whose
        messages are not even read. What is over of a pass or a mass is let go before (`store.passes`)."""
        passes.settle(self.database, at)
        lights = [light(row) for row in self.database.conn.execute(f"{LIGHT} where {_DUE}", _instants(at))]
        wanted = {"ids": json.dumps([one.id for one in lights if not leave(one)])}
        which = "d.id in (select value from json_each(:ids))"
        rows = self.database.conn.execute(
            "select d.*, a.payload, a.created_at, a.joined from delivery d join alert a on a.id = d.alert"
            f" where {which} order by d.id",
            wanted,
        )
        found = []
        due = rows.fetchall()
        threads = self._threads(which, wanted) if any(row["channel"] == "email" for row in due) else {}
        for row in due:
            try:
                found.append(_delivery(row, tuple(threads.get(row["id"], ()))))
            except ValidationError as error:
                # Written by another version or by hand: it must not hold up all the others.
                said = f"the stored alert {row['alert']} cannot be read: {error.error_count()} mistakes"
                self.mark_failed(row["id"], at, said, None, asked=False)
                self.unreadable.append((row["id"], row["recipient"], row["channel"], said))
        return found

    def _threads(self, which: str, values: dict[str, Any]) -> dict[int, list[str]]:
        """For each of these mails, the ids of the first mails about its filings to the same address."""
        rows = self.database.conn.execute(
            "with due as materialized (select d.id, d.recipient, d.address, m.st13 from delivery d"
            f" join alert_mark m on m.alert = d.alert where d.channel = 'email' and {which}),"
            # Cross joins, so that SQLite keeps this order: else it goes through all that was ever sent.
            # The id is that of the row with the least number: SQLite takes bare columns from there.
            " first as materialized (select d.recipient, d.address, m.st13, min(d.id) as number, d.message_id"
            " from alert_mark m cross join delivery d on d.alert = m.alert where d.channel = 'email'"
            " and m.st13 in (select st13 from due) group by d.recipient, d.address, m.st13)"
            " select distinct due.id, first.number, first.message_id from due"
            " join first using (recipient, address, st13) where first.number < due.id order by 1, 2",
            values,
        )
        found: dict[int, list[str]] = {}
        for row in rows.fetchall():
            found.setdefault(row[0], []).append(row[2])
        return found

    def digests_told(self) -> dict[str, dt.datetime]:
        """When each recipient's last digest was made."""
        return told_at(self.database)

    def claim(self, delivery_id: int, at: dt.datetime, lease_seconds: float) -> bool:
        """Take it for `lease_seconds`; False if somebody else has it. A crash lets the lease run out."""
        with self.database.write():
            until = iso(at + dt.timedelta(seconds=lease_seconds))
            cursor = self.database.conn.execute(
                f"update delivery set lease_until = :until, tries = tries + 1 where id = :id and {_DUE}",
                {"until": until, "id": delivery_id, **_instants(at)},
            )
            taken = cursor.rowcount == 1
            if taken:  # from now on nothing joins the alert
                self.database.conn.execute(
                    "update alert set open = 0 where open = 1"
                    " and id = (select alert from delivery where id = ?)",
                    (delivery_id,),
                )
            return taken

    def fresh(self, delivery: Delivery) -> Delivery:
        """The delivery as it stands: more may have joined its alert between reading it and taking it."""
        row = self.database.conn.execute(
            "select d.*, a.payload, a.created_at, a.joined from delivery d join alert a on a.id = d.alert"
            " where d.id = ? and a.joined <> ?",
            (delivery.id, delivery.joined),
        ).fetchone()
        if row is None:
            return delivery
        threads = self._threads("d.id = :id", {"id": delivery.id})
        return _delivery(row, tuple(threads.get(delivery.id, ())))

    def mark_sent(self, delivery_id: int, at: dt.datetime, answer: str) -> None:
        """The receiver has taken it."""
        self._set(delivery_id, state=SENT, sent_at=iso(at), answer=answer, error=None, lease_until=None)

    def mark_failed(
        self,
        delivery_id: int,
        at: dt.datetime,
        error: str,
        next_try: dt.datetime | None,
        *,
        asked: bool = True,
        counted: bool = True,
    ) -> None:
        """Not taken: try again at `next_try`, or None for a dead letter. `asked`: the receiver was, now;
        not `counted`: the try that `claim` counted is given back."""
        with self.database.write():
            self.database.conn.execute(
                "update delivery set state = ?, error = ?, next_try_at = ?, lease_until = null,"
                " asked_at = coalesce(?, asked_at), tries = max(0, tries - ?) where id = ?",
                (
                    DEAD if next_try is None else PENDING,
                    error,
                    iso(next_try) if next_try else None,
                    iso(at) if asked else None,
                    0 if counted else 1,
                    delivery_id,
                ),
            )

    # -- receivers (`alerts.receivers.EndpointStore`) --------------------------------------------------

    def together(self) -> AbstractContextManager[object]:
        """One transaction."""
        return self.database.write()

    def endpoints(self) -> dict[Key, Endpoint]:
        """Every receiver that fails or is switched off."""
        return endpoints.endpoints(self.database)

    def put_endpoint(self, endpoint: Endpoint) -> None:
        """Write it down, in place of what was known."""
        endpoints.put(self.database, endpoint)

    def drop_endpoint(self, key: Key) -> None:
        """It is as it should be."""
        endpoints.drop(self.database, key)

    def waiting_for(self, key: Key) -> int:
        """How many deliveries wait for a receiver."""
        return endpoints.waiting(self.database, key)

    def tell(self, payload: AlertPayload, to: tuple[Key, ...], about: tuple[str, str]) -> None:
        """Write an alert about a receiver, to be delivered like any other."""
        write_alert(self.database, payload, (), to, "", about=about)

    def retry(self, alert: int | None = None, recipient: str | None = None) -> int:
        """Bring dead letters (of one alert, of one recipient, or all) back, due at once; ids stay. Who was
        switched off among their receivers is switched on. Of an alert that a digest took in, the digest comes
        back. One alert that is named waits no longer for the end of its day. Returns how many.

        What is held is not retried but released: somebody has to say that it is to be sent."""
        with self.database.write():
            endpoints.switch_on(self.database, alert, recipient)
            cursor = self.database.conn.execute(
                f"update delivery set state = '{PENDING}', tries = 0, next_try_at = :at, lease_until = null,"
                " gathers_until = iif(:alert is null, gathers_until, null)"
                f" where state in ('{PENDING}', '{DEAD}') and (:alert is null or alert = :alert or id in"
                f" (select digest from delivery where alert = :alert and state = '{DIGESTED}'))"
                " and (:recipient is null or recipient = :recipient)",
                {"at": iso(now()), "alert": alert, "recipient": recipient},
            )
            return cursor.rowcount

    def release(self, alerts: Sequence[int] = (), *, reason: str | None = None) -> int:
        """Let go what is held (of these alerts, for that reason, or all): due at once, ids stay. Returns how
        many."""
        return self._unhold(alerts, reason, PENDING, iso(now()))

    def drop(self, alerts: Sequence[int] = (), *, reason: str | None = None) -> int:
        """Never send what is held (likewise); it stays in the books. Returns how many."""
        return self._unhold(alerts, reason, DROPPED, None)

    def drop_given_up(self) -> int:
        """What was given up will never be sent; it stays in the books. Returns how many."""
        with self.database.write():
            return self.database.conn.execute(
                f"update delivery set state = '{DROPPED}' where state = '{DEAD}'"
            ).rowcount

    def reasons(self) -> dict[str, int]:
        """Why deliveries are held, and how many: `held.RESTORE`, or `mass.MASS` and a source."""
        rows = self.database.conn.execute(
            f"select held_for, count(*) as n from delivery where state = '{HELD}' group by 1 order by 1"
        )
        return {row["held_for"] or held.RESTORE: row["n"] for row in rows}

    def _unhold(self, alerts: Sequence[int], reason: str | None, state: str, due: str | None) -> int:
        wanted: list[int | None] = [*alerts] or [None]
        count = 0
        with self.database.write():
            for alert in wanted:
                cursor = self.database.conn.execute(
                    "update delivery set state = :state, held_for = null, tries = 0, lease_until = null,"
                    f" gathers_until = null, next_try_at = :due where state = '{HELD}'"
                    " and (:alert is null or alert = :alert) and (:reason is null or held_for = :reason)",
                    {"state": state, "due": due, "alert": alert, "reason": reason},
                )
                count += cursor.rowcount
            if count:
                mass.left(self.database, "released" if state == PENDING else "dropped")
        return count

    def _set(self, delivery_id: int, **values: Any) -> None:
        with self.database.write() as db:
            db.table("delivery").update(delivery_id, values)

    def alerts(self, limit: int = 50, *, undelivered: bool = False) -> list[dict[str, Any]]:
        """The latest alerts with their deliveries, newest first; or of those only with one not sent."""
        which = f"id in (select alert from delivery d where {_NOT_SENT})" if undelivered else "1"
        rows = self.database.conn.execute(
            f"select * from alert where {which} order by id desc limit ?", (limit,)
        )
        off = {one.key: one for one in self.endpoints().values() if one.state == "disabled"}
        return [self._alert(row, off) for row in rows.fetchall()]

    def alert(self, number: int) -> dict[str, Any] | None:
        """One alert by its number."""
        row = self.database.conn.execute("select * from alert where id = ?", (number,)).fetchone()
        off = {one.key: one for one in self.endpoints().values() if one.state == "disabled"}
        return self._alert(row, off) if row else None

    def _alert(self, row: Any, off: dict[Key, Endpoint]) -> dict[str, Any]:
        deliveries = self.database.conn.execute(
            "select d.*, g.alert as in_digest, g.state as digest_state from delivery d"
            " left join delivery g on g.id = d.digest where d.alert = ? order by d.id",
            (row["id"],),
        )
        marks = self.database.conn.execute("select st13 from alert_mark where alert = ?", (row["id"],))
        return {
            **{
                key: row[key]
                for key in ("id", "uid", "kind", "watch", "significance", "headline", "created_at")
            },
            "sample": bool(row["sample"]),
            "st13": [mark["st13"] for mark in marks],
            "payload": json.loads(row["payload"]),
            "deliveries": [
                {
                    key: delivery[key]
                    for key in (
                        "id",
                        "id",
                        "recipient",
                        "channel",
                        "address",
                        "state",
                        "tries",
                        "next_try_at",
                        "sent_at",
                        "answer",
                        "error",
                        "held_for",
                        "message_id",
                        "gathers_until",
                    )
                }
                | {
                    "held_until": self._until(delivery),
                    "switched_off": _why_off(delivery, off),
                    "digest": {"alert": delivery["in_digest"], "state": delivery["digest_state"]}
                    if delivery["state"] == DIGESTED
                    else None,
                }
                for delivery in deliveries
            ],
        }

    def _until(self, delivery: Any) -> str | None:
        """When what is held for a mass goes by itself."""
        if delivery["state"] != HELD or delivery["mass"] is None:
            return None
        row = self.database.conn.execute(
            "select until from mass where id = ?", (delivery["mass"],)
        ).fetchone()
        return row["until"] if row is not None else None


def stored_payload(row: Any) -> AlertPayload:
    """What is told; with a word on why it comes late, where it was held."""
    payload = AlertPayload.model_validate_json(row["payload"])
    if not row["held_note"]:
        return payload
    return payload.model_copy(update={"held": HeldNote.model_validate_json(row["held_note"])})


def light(row: Any) -> Waiting:
    """A row of `LIGHT`."""
    due = row["first_due"]
    return Waiting(
        row["id"],
        row["recipient"],
        row["channel"],
        row["address"],
        Urgency(
            row["kind"],
            row["watch"],
            Significance(row["significance"]),
            dt.date.fromisoformat(due) if due else None,
        ),
        dt.datetime.fromisoformat(row["created_at"]),
        begun=bool(row["tries"]) or row["asked_at"] is not None,
        gathers_until=dt.datetime.fromisoformat(row["gathers_until"]) if row["gathers_until"] else None,
    )


def _why_off(row: Any, off: dict[Key, Endpoint]) -> str | None:
    """Why nothing is sent to the receiver of what waits; None where it is not switched off."""
    found = off.get((row["recipient"], row["channel"], row["address"]))
    return found.why if found is not None and row["state"] == PENDING else None


def _delivery(row: Any, threads: tuple[str, ...] = ()) -> Delivery:
    return Delivery(
        id=row["id"],
        alert_id=row["alert"],
        recipient=row["recipient"],
        channel=row["channel"],
        address=row["address"],
        tries=row["tries"],
        message_id=row["message_id"],
        payload=stored_payload(row),
        created_at=dt.datetime.fromisoformat(row["created_at"]),
        state=row["state"],
        joined=row["joined"],
        asked_at=dt.datetime.fromisoformat(row["asked_at"]) if row["asked_at"] else None,
        threads=threads,
    )
