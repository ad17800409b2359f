"""How far a file of many records is stored: written with each part of it, gone with the last."""

from __future__ import annotations

from dataclasses import dataclass

from tmwatch.store.database import Database


@dataclass(frozen=True)
class Half:
    """A file that is being stored, told by its hash, its reader and the day that was given for it.

    Another reader, or another day, begins anew: what it says of the first half may differ.
    """

    file: str  # SHA-256
    source: str
    parser_version: str
    as_of: str = ""

    @property
    def _key(self) -> tuple[str, str, str, str]:
        return self.file, self.source, self.parser_version, self.as_of

    def stored(self, database: Database) -> tuple[int, str]:
        """How many of its records are stored, and what was remembered with them; (0, "") for none."""
        row = database.conn.execute(
            "select done, memory from half_stored where file = ? and source = ? and parser_version = ?"
            " and as_of = ?",
            self._key,
        ).fetchone()
        return (row["done"], row["memory"]) if row is not None else (0, "")

    def keep(self, database: Database, done: int, memory: str) -> None:
        """So many are stored. Within the transaction that stores them."""
        database.conn.execute(
            "insert or replace into half_stored (file, source, parser_version, as_of, done, memory)"
            " values (?,?,?,?,?,?)",
            (*self._key, done, memory),
        )

    def close(self, database: Database) -> None:
        """All are stored."""
        database.conn.execute(
            "delete from half_stored where file = ? and source = ? and parser_version = ? and as_of = ?",
            self._key,
        )


def any_half(database: Database, source: str) -> bool:
    """Whether any file of this source is stored in part."""
    found = database.conn.execute("select 1 from half_stored where source = ? limit 1", (source,)).fetchone()
    return found is not None
