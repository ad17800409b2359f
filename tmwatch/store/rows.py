"""Many rows of one table.

One statement for a few dozen of them takes half the time of one for each.
"""

from __future__ import annotations

import functools
import itertools
import json
import sqlite3
from collections.abc import Iterable, Sequence

_AT_ONCE = 32  # rows; SQLite once allowed 999 values a statement


def insert(
    conn: sqlite3.Connection,
    table: str,
    columns: Sequence[str],
    rows: Iterable[Sequence[object]],
) -> None:
    """Insert the rows, each as long as `columns`, in their order."""
    names = tuple(columns)
    every = iter(rows)
    width, whole = len(names), _statement(table, names, _AT_ONCE)
    rest: list[object] = []

    def chunks() -> Iterable[tuple[object, ...]]:
        while True:
            chunk = tuple(itertools.chain.from_iterable(itertools.islice(every, _AT_ONCE)))
            if len(chunk) < width * _AT_ONCE:
                rest.extend(chunk)
                return
            yield chunk

    conn.executemany(whole, chunks())
    if rest:
        conn.execute(_statement(table, names, len(rest) // width), rest)


@functools.lru_cache(maxsize=512)
def _statement(table: str, names: tuple[str, ...], rows: int) -> str:
    row = f"({', '.join('?' for _ in names)})"
    columns = ", ".join(f'"{name}"' for name in names)
    return f"insert into {table} ({columns}) values {', '.join(itertools.repeat(row, rows))}"


def offices(conn: sqlite3.Connection, table: str, without: Iterable[str] = ()) -> tuple[str, ...]:
    """Of which offices a table has filings other than these (ST.13): by their numbers, which begin with the
    office's code, so that of millions a step of the index is read for each office."""
    found: list[str] = []
    others = json.dumps(list(without))
    while True:
        after = f"{found[-1]}\U0010ffff" if found else ""
        (first,) = conn.execute(
            f"select min(st13) from {table} where st13 > ? and st13 not in (select value from json_each(?))",
            (after, others),
        ).fetchone()
        if first is None:
            return tuple(found)
        found.append(first[:2])
