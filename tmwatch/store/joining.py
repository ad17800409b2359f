"""An alert takes in what the same run, or the same day, finds later, as long as nobody has begun to send it.

A file of many records is stored in many transactions, a check asks many questions: what they bring a watch
is one message all the same. The first transaction writes the alert with its deliveries; a later one *joins*
it in its own transaction: more filings, the headline anew, the ids as they are. So each transaction is whole
by itself (design law 5), and one that is killed takes nothing back and leaves nothing behind.

An alert is open from its birth until a process takes one of its deliveries (`Outbox.claim`), or the database
is restored. Whoever takes one reads the alert again then (`Outbox.fresh`): what joined until that moment is
in it, and nothing joins later. So an id under which something was sent never comes to tell anything else.

What is new under a watch after that is one message too, when the day is over: the first hits of a day (UTC)
go at once, and to whoever that message is on its way (`_begun`) the next are written to wait for the end of
the day (`delivery.gathers_until`), open for whatever else the day brings. It stays so beyond midnight, until
somebody takes it: what the next day finds before joins it, and leaves with it. Who has a digest that takes in
such alerts, or asks for each at once (`gather = "off"`), is told as ever (`AlertDraft.gathers`); so several
alerts may tell the receivers of one draft, each receiver being told by one.

What waits for the end of a pass (`store.passes`) joins only what waits for the same: it may come to be held.

After a restore the filings of an alert may have different fates (`held`): what left before it, what may have,
what is news. Then each fate is an alert of its own, and only news is open.
"""

from __future__ import annotations

import datetime as dt
import sqlite3
from collections.abc import Sequence

from pydantic import ValidationError

from tmwatch.alerts.payload import AlertPayload, MarkCard
from tmwatch.alerts.urgency import first_due
from tmwatch.store import held
from tmwatch.store.database import Database, iso, now
from tmwatch.store.sights import AlertDraft
from tmwatch.store.writing import DEAD, PENDING, SENT, fates_of, write_alert

# Filings in one alert; the next ones begin another. A message of more helps nobody, and each time that some
# join, the whole alert is written anew.
MOST = 1000


def write_draft(database: Database, draft: AlertDraft, run: str) -> None:
    """Write what is to be told: into the open alert that it belongs to, or as a new one."""
    for cards, fates in _by_fate(database, draft):
        opened = draft.joins if set(fates.values()) <= {PENDING} else ""
        at = now()
        left = _join(database, draft, cards, run, at) if opened else draft.to
        if left is None:
            continue
        payload = draft.make(cards)
        for to, until in _by_day(database, draft, left, at) if opened else ((left, None),):
            write_alert(
                database,
                payload,
                _st13s(cards),
                to,
                run,
                fates={one: fates[one] for one in to},
                joins=opened,
                waits=draft.waits,
                gathers_until=until,
            )


def _by_day(
    database: Database, draft: AlertDraft, left: Sequence[held.To], at: dt.datetime
) -> list[tuple[Sequence[held.To], dt.datetime | None]]:
    """Who is told at once, and who when the day is over."""
    begun = _begun(database, draft, at) & draft.gathers if draft.gathers else frozenset()
    midnight = at.replace(hour=0, minute=0, second=0, microsecond=0) + dt.timedelta(days=1)
    first, late = [one for one in left if one not in begun], [one for one in left if one in begun]
    if not late:
        return [(first, None)]
    return [(late, midnight), *([(first, None)] if first else [])]


def _begun(database: Database, draft: AlertDraft, at: dt.datetime) -> frozenset[held.To]:
    """To whom a message of what the watch found today is on its way already, or has arrived: nothing can join
    it any more. What is held or dropped told nobody."""
    day = at.replace(hour=0, minute=0, second=0, microsecond=0)
    rows = database.conn.execute(
        "select distinct d.recipient, d.channel, d.address from alert a join delivery d on d.alert = a.id"
        " where a.kind = 'filing.new' and a.watch = :watch and a.created_at >= :before"
        f" and a.open = 0 and a.joins = :joins and d.state in ('{PENDING}', '{SENT}', '{DEAD}')"
        " and (a.created_at >= :day"
        " or exists (select 1 from alert_mark where alert = a.id and joined_at >= :day))",
        {
            "watch": draft.watch,
            "joins": draft.joins,
            "day": iso(day),
            "before": iso(day - dt.timedelta(days=1)),
        },
    )
    return frozenset((row["recipient"], row["channel"], row["address"]) for row in rows)


def _st13s(cards: Sequence[MarkCard]) -> list[str]:
    return [card.st13 for card in cards]


def _by_fate(database: Database, draft: AlertDraft) -> list[tuple[Sequence[MarkCard], dict[held.To, str]]]:
    """The filings of the draft, parted where a restore has given them different fates."""
    to = tuple(dict.fromkeys(draft.to))
    if not held.ever_restored(database):
        return [(draft.cards, dict.fromkeys(to, PENDING))]
    groups: dict[tuple[str, ...], list[MarkCard]] = {}
    for card in draft.cards:
        salt, fates = fates_of(database, draft.make((card,)), (card.st13,), to)
        groups.setdefault((salt, *(fates[one] for one in to)), []).append(card)
    return [(group, dict(zip(to, said, strict=True))) for (_, *said), group in groups.items()]


def _join(
    database: Database, draft: AlertDraft, cards: Sequence[MarkCard], run: str, at: dt.datetime
) -> Sequence[held.To] | None:
    """Add these filings to the open alerts; whom none of them tells, or None where all are told."""
    left = set(draft.to)
    for row, to in _open(database, draft, run, at):
        if not to <= left or (left and not to):
            continue  # it tells somebody else, or it tells nobody
        try:
            before = AlertPayload.model_validate_json(row["payload"])
        except ValidationError:
            continue  # written by another version: the outbox tells of it
        there = set(_st13s(before.cards))
        if len(there) + len(cards) > MOST or any(card.st13 in there for card in cards):
            continue
        whole = draft.make((*before.cards, *cards), before.campaigns)
        _extend(database, row["id"], whole, cards, run, at)
        left -= to
        if not left:
            return None
    return tuple(one for one in dict.fromkeys(draft.to) if one in left)


def _open(
    database: Database, draft: AlertDraft, run: str, at: dt.datetime
) -> list[tuple[sqlite3.Row, set[held.To]]]:
    """The open alerts of the watch that the draft may join, with their receivers: of this run or this day
    (UTC), or of the day before where they waited for its end. First what tells the very same, then the
    latest."""
    rows = database.conn.execute(
        "select a.id, a.payload from alert a where a.open = 1 and a.watch = :watch and a.kind = :kind"
        " and a.joins = :joins and (substr(a.created_at, 1, 10) = :day"
        " or exists (select 1 from delivery where alert = a.id and gathers_until >= :day)"
        " or (:run <> '' and (a.run = :run"
        " or exists (select 1 from alert_mark where alert = a.id and run = :run))))"
        " and not exists (select 1 from delivery where alert = a.id"
        f" and (state <> '{PENDING}' or tries > 0 or lease_until is not null or pass is not :waits))"
        " order by a.id desc",
        {
            "watch": draft.watch,
            "kind": draft.kind,
            "joins": draft.joins,
            "waits": draft.waits,
            "run": run,
            "day": iso(at)[:10],
        },
    ).fetchall()
    found = [(row, _receivers(database, row["id"])) for row in rows]
    return sorted(found, key=lambda one: one[1] != set(draft.to))


def _receivers(database: Database, alert: int) -> set[held.To]:
    rows = database.conn.execute("select recipient, channel, address from delivery where alert = ?", (alert,))
    return {(row["recipient"], row["channel"], row["address"]) for row in rows}


def _extend(
    database: Database, alert: int, whole: AlertPayload, more: Sequence[MarkCard], run: str, at: dt.datetime
) -> None:
    database.conn.execute(
        "update alert set payload = ?, headline = ?, significance = ?, sample = ?, joined = joined + 1"
        " where id = ?",
        (whole.model_dump_json(), whole.headline, whole.significance.value, int(whole.sample), alert),
    )
    due = first_due(whole)
    database.conn.execute(
        "update delivery set first_due = ? where alert = ?", (due.isoformat() if due else None, alert)
    )
    database.conn.executemany(
        "insert into alert_mark (alert, st13, run, joined_at) values (?,?,?,?)",
        ((alert, card.st13, run, iso(at)) for card in more),
    )
