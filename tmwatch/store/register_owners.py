"""Under which keys an owner's filings are found in the store of a whole register: its table `filing_owner`.

A row is a key (`text.party_keys`) of one owner's name, and the filing (by its row). Two names with a key in
common are one owner's, as for a watch. Keys come in no order, so that each of a thousand new ones stands on
another page: they are made when a file is through, all at once and sorted. `keyed` says up to which row that
is done, and by which rule; what is not done, or was by another rule, is when the store is opened next.
"""

from __future__ import annotations

import functools
import hashlib
import json
import sqlite3
from collections.abc import Iterable, Iterator, Sequence
from importlib.resources import files

from tmwatch.text import party_keys

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
    row = conn.execute("select rule, filing from keyed").fetchone()
    return int(row["filing"]) if row["rule"] == rule() else -1


def catch_up(conn: sqlite3.Connection) -> None:
    """Make the keys that are not made yet, in the transaction that is open."""
    done = keyed(conn)
    last = int(conn.execute("select coalesce(max(id), 0) from filing").fetchone()[0])
    if done == last:
        return
    if done < 0:
        conn.execute("delete from filing_owner")
    conn.create_function("tmwatch_owner_keys", 1, _keys_of_json)
    # In the order of the table, which SQLite sorts on disk: each page is written once, whatever the size.
    conn.execute(
        "insert into filing_owner select k.value, f.id"
        " from filing f, json_each(tmwatch_owner_keys(f.owners)) k where f.id > ? and f.owners <> '[]'"
        " order by k.value, f.id",
        (done,),
    )
    conn.execute("update keyed set rule = ?, filing = ?", (rule(), last))


def _keys_of_json(owners: str) -> str:
    return json.dumps(sorted(keys(json.loads(owners))))


def move(conn: sqlite3.Connection, moved: Iterable[tuple[int, str, Sequence[str]]]) -> None:
    """Filings whose owners became others: the row, the owners before (JSON, as stored) and now."""
    done = keyed(conn)
    for filing, before, names in moved:
        if filing > done:
            continue
        old, new = keys(json.loads(before)), keys(names)
        conn.executemany(
            "delete from filing_owner where key = ? and filing = ?", ((key, filing) for key in old - new)
        )
        conn.executemany(
            "insert or ignore into filing_owner values (?, ?)", ((key, filing) for key in new - old)
        )


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
