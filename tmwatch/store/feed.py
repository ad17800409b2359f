"""Alerts as a feed needs them: the latest of a watch, or of all, and by what a change of them is seen."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from pydantic import ValidationError

from tmwatch.alerts.payload import AlertPayload
from tmwatch.store.database import Database

# What waits for the end of a pass, is held for a mass or was dropped then is told nowhere (`store.mass`).
_WITHHELD = (
    "select alert from delivery where pass is not null"
    " union select alert from delivery where mass is not null and state in ('held', 'dropped')"
)


@dataclass(frozen=True)
class Fed:
    """One alert. `updated` is when it was made, or when the latest filing joined it; UTC."""

    number: int
    uid: str
    updated: dt.datetime
    payload: AlertPayload


def newest(database: Database, most: int) -> list[tuple[int, int]]:
    """What `latest` gives for all, without going through the alerts of each watch."""
    rows = database.conn.execute(
        f"select id, joined from alert where kind <> 'digest' and id not in ({_WITHHELD})"
        " order by id desc limit ?",
        (most,),
    )
    return [(row["id"], row["joined"]) for row in rows]


def latest(database: Database, most: int) -> dict[str, list[tuple[int, int]]]:
    """For each watch, and under "" for all, (number, times something joined) of the latest alerts."""
    found: dict[str, list[int]] = {"": []}
    # Number and watch stand before the alert itself in its row, which is long: all else is read of few.
    # A digest is news of no watch, and all that it tells is there by itself.
    every = f"select id, watch from alert where kind <> 'digest' and id not in ({_WITHHELD}) order by id desc"
    for number, watch in database.conn.execute(every):
        for name in {"", watch or ""}:
            chosen = found.setdefault(name, [])
            if len(chosen) < most:
                chosen.append(number)
    wanted = {number for numbers in found.values() for number in numbers}
    joined = {number: _joined(database, number) for number in wanted}
    return {name: [(number, joined[number]) for number in numbers] for name, numbers in found.items()}


def _joined(database: Database, number: int) -> int:
    return int(database.conn.execute("select joined from alert where id = ?", (number,)).fetchone()[0])


def alerts(database: Database, numbers: Sequence[int]) -> Iterator[Fed]:
    """These alerts, in this order; one that cannot be read (written by another version) is left out."""
    for number in numbers:
        row = database.conn.execute(
            "select a.uid, a.payload, coalesce((select max(m.joined_at) from alert_mark m"
            " where m.alert = a.id), a.created_at) as updated from alert a where a.id = ?",
            (number,),
        ).fetchone()
        try:
            payload = AlertPayload.model_validate_json(row["payload"])
        except ValidationError:
            continue
        yield Fed(number, row["uid"], dt.datetime.fromisoformat(row["updated"]), payload)
