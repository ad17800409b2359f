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

    A filing that came under both is one hit: the older one, as it was marked under the new name, or else
    under the old one.
    """
    with database.write():
        conn = database.conn
        both = conn.execute(
            "select o.id, n.id, o.triage, n.triage from hit o join hit n on n.st13 = o.st13"
            " where o.watch = ? and n.watch = ?",
            (old, new),
        ).fetchall()
        for there, here, was, marked in both:
            said = there if marked is None and was is not None else here
            conn.execute(
                "update hit set (triage, triaged_at, basis) ="
                " (select h.triage, h.triaged_at, h.basis from hit h where h.id = ?) where id = ?",
                (said, min(there, here)),
            )
            conn.execute("delete from hit where id = ?", (max(there, here),))
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
