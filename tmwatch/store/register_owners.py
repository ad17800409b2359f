"""Under which keys an owner's filings are found in the store of a whole register: its table `filing_owner`.

A row is a key (`text.party_keys`) of one owner's name, and the filing (by its row). Two names with a key in
common are one owner's, as for a watch. When the keys are made: `register_keys`.
"""

from __future__ import annotations

import functools
import hashlib
import json
import sqlite3
from collections.abc import Iterable, Iterator, Sequence
from importlib.resources import files

from tmwatch.store.register_keys import KeyTable
from tmwatch.text import party_keys

_TABLE = KeyTable("filing_owner", "keyed")
_VERSION = 1  # of what `party_keys` does, but for the table of company forms; raise it when keys differ


@functools.cache
def rule() -> str:
    """The name of the rule by which this tmwatch makes keys."""
    forms = files("tmwatch").joinpath("data/company_forms.csv").read_bytes()
    return f"{_VERSION}-{hashlib.blake2b(forms, digest_size=8).hexdigest()}"


def keys(names: Iterable[str]) -> set[str]:
    """All that is in common with an owner of these names."""
    return {key for name in names for key in party_keys(name)}


def keyed(conn: sqlite3.Connection) -> int:
    """Up to which row the filings have their keys; -1 where they have those of another rule."""
    return _TABLE.done(conn, rule())


def catch_up(conn: sqlite3.Connection) -> None:
    """Make the keys that are not made yet, in the transaction that is open."""
    conn.create_function("tmwatch_owner_keys", 1, _keys_of_json)
    _TABLE.catch_up(
        conn,
        rule(),
        "select k.value, f.id from filing f, json_each(tmwatch_owner_keys(f.owners)) k"
        " where f.id > ?1 and f.owners <> '[]'",
    )


def _keys_of_json(owners: str) -> str:
    return json.dumps(sorted(keys(json.loads(owners))))


def move(conn: sqlite3.Connection, moved: Iterable[tuple[int, str, Sequence[str]]]) -> None:
    """Filings whose owners became others: the row, the owners before (JSON, as stored) and now."""
    _TABLE.move(conn, rule(), ((filing, json.loads(before), now) for filing, before, now in moved), keys)


def of_owner(
    conn: sqlite3.Connection, names: Sequence[str], before: str | None, most: int
) -> Iterator[sqlite3.Row]:
    """The rows of the filings of an owner with one of these names, the latest filed first, at most so many;
    filed before that day (ISO 8601), where one is given. One without a filing date counts as earlier."""
    wanted = sorted(keys(names))
    yield from conn.execute(
        "select f.* from filing f where f.id in (select filing from filing_owner where key in"
        " (select value from json_each(?1)))"
        " and (?2 is null or f.filing_date is null or f.filing_date < ?2)"
        " order by f.filing_date desc, f.st13 limit ?3",
        (json.dumps(wanted), before, most),
    )
