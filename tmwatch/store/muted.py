"""What mutes kept from somebody: written with the change, listed, and counted when they end."""

from __future__ import annotations

import datetime as dt
import json
import sqlite3
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from tmwatch.changes.fields import FILING
from tmwatch.model import Significance
from tmwatch.store.database import Database, iso, now

if TYPE_CHECKING:
    from tmwatch.store.sights import MutedDraft


def write(database: Database, drafts: Iterable[MutedDraft], run: str) -> None:
    """In the open transaction."""
    instant = iso(now())
    database.conn.executemany(
        "insert into muted (watch, st13, field, significance, change, recipients, mute, until, over_at,"
        " reason, muted_at, run) values (?,?,?,?,?,?,?,?,?,?,?,?)",
        (
            (
                one.watch,
                one.st13,
                one.change.field if one.change is not None else FILING,
                (one.change.significance if one.change is not None else Significance.HIGH).value,
                one.change.model_dump_json() if one.change is not None else None,
                json.dumps(one.recipients, ensure_ascii=False),
                one.mute,
                one.until,
                iso(one.over),
                one.reason,
                instant,
                run,
            )
            for one in drafts
        ),
    )


def silenced(
    database: Database,
    since: dt.datetime | None = None,
    *,
    least: Significance = Significance.LOW,
    st13: str | None = None,
    watch: str | None = None,
) -> list[dict[str, Any]]:
    """What was silenced since that instant, newest last, in the shape of `queries.changes_since`; with
    `muted`: the watch, the recipients, and what the mute was."""
    wanted = [one.value for one in Significance if one.rank >= least.rank]
    rows = database.conn.execute(
        "select x.*, m.mark, m.application_number, m.office, m.application_date, m.source, m.facts,"
        " m.as_of, m.as_of_kind from muted x join mark m on m.st13 = x.st13"
        f" where x.significance in ({','.join('?' for _ in wanted)}) and x.muted_at >= ?"
        " and (? is null or x.st13 = ?) and (? is null or x.watch = ?) order by x.id",
        (*wanted, iso(since) if since is not None else "", st13, st13, watch, watch),
    )
    return [_as_change(row) for row in rows]


def _as_change(row: sqlite3.Row) -> dict[str, Any]:
    change: dict[str, Any] = {
        "field": FILING,
        "key": None,
        "kind": "added",
        "significance": row["significance"],
        "old": None,
        "new": row["mark"],
        "date": row["application_date"],
        "terms_added": [],
        "terms_removed": [],
    }
    if row["change"]:
        change = json.loads(row["change"])
    return {
        **{key: row[key] for key in ("st13", "office", "mark", "facts")},
        "number": row["application_number"],
        **change,
        **{key: row[key] for key in ("source", "as_of", "as_of_kind")},
        "technical": False,
        "seen_at": row["muted_at"],
        "muted": {
            "watch": row["watch"],
            "recipients": json.loads(row["recipients"]),
            "mute": row["mute"],
            "until": row["until"],
            "reason": row["reason"] or None,
        },
    }


def counts(database: Database, run: str | None = None) -> dict[str, int]:
    """How much each mute silenced (in that run), by what it silences in words."""
    rows = database.conn.execute(
        "select mute, count(*) as n from muted where ? is null or run = ? group by mute order by mute",
        (run, run),
    )
    return {row["mute"]: int(row["n"]) for row in rows}


@dataclass(frozen=True)
class Ended:
    """A mute that is over: how many changes it silenced, and since when (UTC, ISO 8601)."""

    mute: str
    until: str
    reason: str
    count: int
    first_at: str

    def as_json(self) -> dict[str, Any]:
        """For `check --json`."""
        return vars(self) | {"reason": self.reason or None}


def ended(database: Database, holding: Collection[str]) -> list[Ended]:
    """The mutes that silenced something and hold no more, each told once: by its time, or because it was
    taken out of the configuration. `holding`: what those silence that hold now, in words."""
    over = _over(database, holding)
    if over:
        with database.write():
            over = _over(database, holding)  # another process may have told some meanwhile
            database.conn.executemany(
                "update muted set told_at = ? where mute = ? and told_at is null",
                ((iso(now()), row["mute"]) for row in over),
            )
    return [Ended(row["mute"], row["until"], row["reason"], row["n"], row["first"]) for row in over]


def _over(database: Database, holding: Collection[str]) -> list[sqlite3.Row]:
    rows = database.conn.execute(
        "select mute, max(until) as until, max(reason) as reason, count(*) as n, min(muted_at) as first"
        " from muted where told_at is null group by mute order by mute"
    )
    return [row for row in rows.fetchall() if row["mute"] not in holding]
