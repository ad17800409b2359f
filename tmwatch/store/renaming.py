"""What the books hold of a watch, under another name: its hits and what people think of them above all."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from tmwatch.store.database import Database

# Every table with a watch in it but for the hits. Of what stands there under both names the new one holds.
_TABLES = ("alert", "watch", "new_list", "late_watch", "deadline_told", "muted", "told_before")


def rename(database: Database, old: str, new: str) -> int:
    """Everything of `old` is of `new` from now on, in the open transaction or one of its own. Returns how
    many hits went over.

    A filing that came under both is one hit: the older one, with what was said of it last.
    """
    with database.write():
        conn = database.conn
        conn.execute(
            "update hit set (triage, triaged_at, basis) ="
            " (select n.triage, n.triaged_at, n.basis from hit n where n.watch = ? and n.st13 = hit.st13)"
            " where watch = ? and exists (select 1 from hit n where n.watch = ? and n.st13 = hit.st13"
            " and n.triage is not null)",
            (new, old, new),
        )
        conn.execute(
            "delete from hit where watch = ? and st13 in (select st13 from hit where watch = ?)", (new, old)
        )
        count = conn.execute("update hit set watch = ? where watch = ?", (new, old)).rowcount
        for table in _TABLES:
            conn.execute(f"update or ignore {table} set watch = ? where watch = ?", (new, old))
            conn.execute(f"delete from {table} where watch = ?", (old,))
        return int(count)


def left_behind(database: Database, names: Collection[str]) -> list[dict[str, Any]]:
    """Watches that have hits which somebody judged and are none of these: watch, relevant, noise."""
    rows = database.conn.execute(
        "select watch, sum(triage = 'relevant') as relevant, sum(triage = 'noise') as noise from hit"
        " where triage is not null group by watch order by watch"
    )
    return [dict(row) for row in rows if row["watch"] not in names]


def has(database: Database, name: str) -> bool:
    """Whether anything ever came under a watch of that name."""
    return database.conn.execute("select 1 from hit where watch = ? limit 1", (name,)).fetchone() is not None
