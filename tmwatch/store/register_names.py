"""Under which keys a filing's names are found in the store of a whole register: its table `filing_name`.

A row is the hash of a name as names are compared (`text.fold`), and the filing (by its row): of eight bytes,
so that the table is small; whoever asks compares the names themselves. Which names: a mark's words, pseudo
marks and transliterations, as in the index of names that are near (`nearby`); a translation is a sentence.
When the keys are made: `register_keys`.
"""

from __future__ import annotations

import hashlib
import json
import sqlite3
from collections.abc import Iterable, Iterator

from tmwatch.store.register_keys import KeyTable
from tmwatch.text import fold

_TABLE = KeyTable("filing_name", "named")
_RULE = "1"  # of what `fold` does, and of which names there are; raise it when keys differ


def names_of(name: str | None, other_names: str) -> list[str]:
    """The names that a filing goes by; `other_names` is JSON, as it stands in the file."""
    return names_among(name, json.loads(other_names))


def names_among(name: str | None, others: Iterable[tuple[str, str]]) -> list[str]:
    """The same of other names as (kind, text)."""
    texts = [text for kind, text in others if kind != "translation"]
    return list(dict.fromkeys(filter(None, [name, *texts])))


def key(name: str) -> int:
    """By which a name is found; names that are the same have the same."""
    return int.from_bytes(hashlib.blake2b(fold(name).encode(), digest_size=8).digest(), signed=True)


def _keys(names: Iterable[str]) -> set[int]:
    return set(map(key, names))


def keyed(conn: sqlite3.Connection) -> int:
    """Up to which row the filings have their keys; -1 where they have those of another rule."""
    return _TABLE.done(conn, _RULE)


def catch_up(conn: sqlite3.Connection) -> None:
    """Make the keys that are not made yet, in the transaction that is open."""
    conn.create_function("tmwatch_name_key", 1, key)
    conn.create_function("tmwatch_name_keys", 2, _keys_of_json)
    # Nearly all have one name or none: no list is made of it.
    _TABLE.catch_up(
        conn,
        _RULE,
        "select tmwatch_name_key(name), id from filing where id > ?1 and name <> '' and other_names = '[]'"
        " union all select k.value, f.id from filing f, json_each(tmwatch_name_keys(f.name, f.other_names)) k"
        " where f.id > ?1 and f.other_names <> '[]'",
    )


def _keys_of_json(name: str | None, other_names: str) -> str:
    return json.dumps(sorted(_keys(names_of(name, other_names))))


def move(conn: sqlite3.Connection, moved: Iterable[tuple[int, Iterable[str], Iterable[str]]]) -> None:
    """Filings whose names became others: the row, the names before and now."""
    _TABLE.move(conn, _RULE, moved, _keys)


def of_name(conn: sqlite3.Connection, name: str) -> Iterator[sqlite3.Row]:
    """The rows of the filings that go by this name, the latest filed first."""
    wanted = fold(name)
    if not wanted:
        return
    for row in conn.execute(
        "select f.* from filing f where f.id in (select filing from filing_name where key = ?)"
        " order by f.filing_date desc, f.st13",
        (key(name),),
    ):
        if any(fold(one) == wanted for one in names_of(row["name"], row["other_names"])):
            yield row
