"""What is not sent, or not yet: after a restore, what went out in the time that was lost.

Monday's backup is restored on Thursday. The next look finds again what was found and told on Tuesday.
Until a filing has been looked at once since the restore it is *unsettled*, and of an alert about it (each
filing of a draft is judged by itself: `store.joining`):

1. **The replaced file could be read.** `restore` carried over which deliveries had left (`sent_before`)
   and the last word each address had on each field of each filing (`told_before`). A delivery is born
   `sent` ("sent before the restore") where everything in it is the last word that address had already,
   or where it is the very step that left then (same id) and a later word followed. Everything else is
   news and goes out. Where a step and its opposite were told on one and the same day and the step is
   found again, nobody can know whether it is the old one: it is held.
2. **It could not (disk lost).** A delivery is born `held`, unless a date that the register gives to a
   change in it (or, of a new filing, its filing date) lies after the day of the restore: then it cannot
   have gone out. `tmwatch alerts release` sends what is held; nothing is dropped.

A live look, or a page that speaks for the day of the restore or a later one, settles a filing: what it
does from then on is news and goes out, under ids that never meet those of the lost time. "New" filings
of a watch are settled question by question; that a filing was told as new is remembered for good.
Health alerts are settled by the first complete check.
"""

from __future__ import annotations

import datetime as dt
import json
import sqlite3
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from tmwatch.alerts.payload import AlertPayload
from tmwatch.model import Change
from tmwatch.store.ids import alert_facts, alert_uid, delivery_id

if TYPE_CHECKING:
    from tmwatch.store.database import Database

RESTORE = "restore"  # why a delivery is held; other reasons get names of their own
SENT_BEFORE = "sent before the restore"
HEALTH = "health"
To = tuple[str, str, str]  # recipient, channel, address


@dataclass(frozen=True)
class Word:
    """One thing an alert says of one subject: the unit by which "told already" is decided."""

    what: str  # ST.13, or what a health alert is about
    field: str
    key: str
    word: str
    as_of: str  # ISO day, "" where the alert has none


def words(payload: AlertPayload, about: str = "") -> list[Word]:
    """Everything an alert says, piece by piece."""
    found = []
    for card in payload.cards:
        day = card.as_of.isoformat() if card.as_of else ""
        if payload.kind == "filing.new":
            found.append(Word(card.st13, "filing", "", "new", day))
        found += [Word(card.st13, one.field, one.key, _word(one), day) for one in card.changes]
    if not payload.cards and payload.digest is None:
        what, _, state = (about or f"{payload.headline}: told").rpartition(": ")
        found.append(Word(what, "state", "", state, ""))
    return found


def _word(change: Change) -> str:
    """What a field says after the change; of goods, what came and went."""
    after: list[object] = [change.new]
    if change.terms_added or change.terms_removed:
        after += [change.terms_added, change.terms_removed]
    return json.dumps(after, ensure_ascii=False)


@dataclass(frozen=True)
class Standing:
    """Where an alert stands towards the restores: its salt, and the restore it may be an echo of."""

    salt: str
    echo_of: sqlite3.Row | None  # a row of `restored`


def ever_restored(database: Database) -> bool:
    """Whether this database has ever taken the place of another."""
    return _last_restore(database) is not None


def standing(database: Database, payload: AlertPayload, st13s: Sequence[str]) -> Standing:
    """Whether all that the alert is about is unsettled. One settled filing makes the whole alert news."""
    last = _last_restore(database)
    if last is None:
        return Standing("", None)
    if payload.kind in ("deadline.due", "digest"):
        # Told by day and distance, whatever the filing does meanwhile; and a digest tells what waits, each
        # piece of which has been judged by itself.
        return Standing("", None)
    if payload.kind == "filing.new":
        # A filing is new to a watch once in all its history: no salt, or its id would not be found again.
        asks = database.conn.execute(
            "select * from unsettled where what >= ? and what < ?",
            (f"ask {payload.watch}|", f"ask {payload.watch}|\uffff"),
        ).fetchall()
        blind = [row["restore"] for row in asks]
        return Standing("", _restore(database, blind[0]) if blind else None)
    subjects = [f"mark {st13}" for st13 in dict.fromkeys(st13s)] or [HEALTH]
    rows = [
        database.conn.execute("select * from unsettled where what = ?", (one,)).fetchone() for one in subjects
    ]
    salts = sorted({row["salt"] if row else last["id"] for row in rows})
    echo = None
    if all(rows):
        restores = [_restore(database, row["restore"]) for row in rows]
        echo = min(restores, key=lambda row: row["known"])  # one that knew nothing decides
    return Standing(" ".join(salts).strip(), echo)


def is_taken(database: Database, message_id: str) -> bool:
    """Whether a delivery of the lost time left under this id."""
    row = database.conn.execute("select 1 from sent_before where message_id = ?", (message_id,)).fetchone()
    return row is not None


def ids_alone(payload: AlertPayload, to: To) -> list[str]:
    """The ids under which the filings of an alert would have left, had each been told by itself: one may be
    found again without the others."""
    if len(payload.cards) < 2 or payload.kind != "filing.changed":
        return []
    alone = [payload.model_copy(update={"cards": (card,)}) for card in payload.cards]
    facts = [alert_facts(one.model_dump(mode="json"), [one.cards[0].st13]) for one in alone]
    return [delivery_id(alert_uid(one, "", 1), *to) for one in facts]


def fate(database: Database, payload: AlertPayload, about: str, uid: str, to: To, where: Standing) -> str:
    """`pending`, `sent` or `held`: what a new delivery is born as, by the rules above."""
    if payload.kind in ("filing.new", "deadline.due") and _told(database, payload, about, uid, to) == "sent":
        return "sent"
    restore = where.echo_of
    if restore is None:
        return "pending"
    if restore["known"]:
        return _told(database, payload, about, uid, to)
    return "pending" if _after(payload, restore["restored_at"][:10]) else "held"


def _told(database: Database, payload: AlertPayload, about: str, uid: str, to: To) -> str:
    said = words(payload, about)
    same_step = is_taken(database, delivery_id(uid, *to))
    verdicts = set()
    for one in said:
        row = database.conn.execute(
            "select word, as_of from told_before where recipient = ? and channel = ? and address = ?"
            " and watch = ? and what = ? and field = ? and key = ?",
            (*to, payload.watch, one.what, one.field, one.key),
        ).fetchone()
        if row is None:
            return "pending"
        if row["word"] == one.word:
            verdicts.add("sent")
        elif same_step and one.as_of and one.as_of <= row["as_of"]:
            verdicts.add("sent" if one.as_of < row["as_of"] else "held")
        else:
            return "pending"
    return "held" if "held" in verdicts else "sent" if verdicts else "pending"


def _after(payload: AlertPayload, day: str) -> bool:
    """Whether the register dates any of it after that day."""
    dates: list[dt.date | None] = [change.date for card in payload.cards for change in card.changes]
    if payload.kind == "filing.new":
        dates += [card.application_date for card in payload.cards]
    return any(one is not None and one.isoformat() > day for one in dates)


def _last_restore(database: Database) -> sqlite3.Row | None:
    row: sqlite3.Row | None = database.conn.execute(
        "select * from restored order by restored_at desc, id desc limit 1"
    ).fetchone()
    return row


def _restore(database: Database, restore: str) -> sqlite3.Row:
    row: sqlite3.Row = database.conn.execute("select * from restored where id = ?", (restore,)).fetchone()
    return row


# -- settling: called in the transaction of the look ---------------------------------------------------------


def settle_marks(database: Database, looks: Iterable[tuple[str, bool, str]]) -> None:
    """Filings looked at: (ST.13, live, as-of day). An old page imported settles nothing."""
    if not _any_unsettled(database):
        return
    for st13, live, day in looks:
        row = database.conn.execute(
            "select r.restored_at from unsettled u join restored r on r.id = u.restore where u.what = ?",
            (f"mark {st13}",),
        ).fetchone()
        if row is not None and (live or day >= row["restored_at"][:10]):
            database.conn.execute("delete from unsettled where what = ?", (f"mark {st13}",))
            database.conn.execute(
                "delete from told_before where what = ? and field not in ('filing', 'deadline')", (st13,)
            )


def settle_ask(database: Database, watch: str, ask: str) -> None:
    """A standing question was answered in full."""
    database.conn.execute("delete from unsettled where what = ?", (f"ask {watch}|{ask}",))


def settle_health(database: Database) -> None:
    """A check has come to its end."""
    database.conn.execute("delete from unsettled where what = ?", (HEALTH,))
    database.conn.execute("delete from told_before where field = 'state'")


def _any_unsettled(database: Database) -> bool:
    return database.conn.execute("select 1 from unsettled limit 1").fetchone() is not None
