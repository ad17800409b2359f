"""Alerts as a feed needs them: the latest of a watch, or of all, and by what a change of them is seen."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from pydantic import ValidationError

from tmwatch.alerts.payload import AlertPayload
from tmwatch.store.database import Database


@dataclass(frozen=True)
class Fed:
    """One alert. `updated` is when it was made, or when the latest filing joined it; UTC."""

    number: int
    uid: str
    updated: dt.datetime
    payload: AlertPayload


def latest(database: Database, most: int) -> dict[str, list[tuple[int, int]]]:
    """For each watch, and under "" for all, (number, times something joined) of the latest alerts."""
    rows = database.conn.execute(
        "select id, watch, joined, row_number() over (partition by watch order by id desc) as place,"
        " row_number() over (order by id desc) as among_all from alert order by id desc"
    )
    found: dict[str, list[tuple[int, int]]] = {"": []}
    for row in rows:
        if row["among_all"] <= most:
            found[""].append((row["id"], row["joined"]))
        if row["place"] <= most and row["watch"]:
            found.setdefault(row["watch"], []).append((row["id"], row["joined"]))
    return found


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
