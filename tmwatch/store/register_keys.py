"""Under which keys the filings of the store of a whole register are found: tables that are alike.

A row is a key and the filing (by its row). Keys come in no order, so that each of a thousand new ones stands
on another page: they are made when a file is through, all at once and sorted. Beside each table stands one of
one row, that says up to which filing that is done, and by which rule; what is not done, or was by another
rule, is when the store is opened next.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterable
from typing import Any, NamedTuple


class KeyTable(NamedTuple):
    """A table of keys, and the one beside it; `rule` names the way in which its keys are made now."""

    name: str
    progress: str

    def done(self, conn: sqlite3.Connection, rule: str) -> int:
        """Up to which row the filings have their keys; -1 where they have those of another rule."""
        row = conn.execute(f"select rule, filing from {self.progress}").fetchone()
        return int(row["filing"]) if row["rule"] == rule else -1

    def catch_up(self, conn: sqlite3.Connection, rule: str, select: str) -> None:
        """Make the keys that are not made yet, in the transaction that is open: `select` gives (key, filing)
        of the filings whose row is greater than ?1."""
        done = self.done(conn, rule)
        last = int(conn.execute("select coalesce(max(id), 0) from filing").fetchone()[0])
        if done == last:
            return
        if done < 0:
            conn.execute(f"delete from {self.name}")
        # In the order of the table, which SQLite sorts on disk: each page is written once, whatever the size.
        conn.execute(f"insert into {self.name} {select} order by 1, 2", (done,))
        conn.execute(f"update {self.progress} set rule = ?, filing = ?", (rule, last))

    def move(
        self,
        conn: sqlite3.Connection,
        rule: str,
        moved: Iterable[tuple[int, Iterable[str], Iterable[str]]],
        keys: Callable[[Iterable[str]], set[Any]],
    ) -> None:
        """Filings whose names became others: the row, the names before and now."""
        done = self.done(conn, rule)
        for filing, before, names in moved:
            if filing > done:
                continue
            old, new = keys(before), keys(names)
            conn.executemany(
                f"delete from {self.name} where key = ? and filing = ?", ((key, filing) for key in old - new)
            )
            conn.executemany(
                f"insert or ignore into {self.name} values (?, ?)", ((key, filing) for key in new - old)
            )
