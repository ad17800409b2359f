"""A thread beside the one that writes has a connection of its own, and holds nobody up.

A check of two registers hung once in thousands of runs under the killer: two threads on one connection wait
for each other where SQLite calls Python while it holds the connection (a trace, a progress handler).
"""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TypeVar

import pytest

from tmwatch.store import Database

T = TypeVar("T")


def elsewhere(work: Callable[[], T]) -> T:
    """What `work` returns, or raises, in another thread."""
    with ThreadPoolExecutor(1) as pool:
        return pool.submit(work).result(20)


def runs_seen(database: Database) -> int:
    with database.reading() as conn:
        count: int = conn.execute("select count(*) from run").fetchone()[0]
        return count


def add_run(database: Database, name: str) -> None:
    database.conn.execute(
        "insert into run (id, command, started_at) values (?, 'check', '2026-01-01T00:00:00+00:00')", (name,)
    )


@pytest.fixture
def database(tmp_path: Path) -> Database:
    return Database(tmp_path / "tmwatch.db")


def test_the_connection_that_writes_is_used_by_no_other_thread(database: Database) -> None:
    with pytest.raises(sqlite3.ProgrammingError, match="thread"):
        elsewhere(lambda: database.conn.execute("select 1"))


def test_another_thread_reads_what_was_committed_and_never_the_half_of_a_transaction(
    database: Database,
) -> None:
    with database.write():
        add_run(database, "one")
        assert elsewhere(lambda: runs_seen(database)) == 0, "within a transaction it sees what was before"
    assert elsewhere(lambda: runs_seen(database)) == 1


def test_another_thread_can_write_nothing(database: Database) -> None:
    def work() -> None:
        with database.reading() as conn:
            conn.execute("delete from run")

    with pytest.raises(sqlite3.OperationalError, match="readonly"):
        elsewhere(work)


def test_both_go_on_where_sqlite_calls_python_for_each_statement(database: Database) -> None:
    opened = threading.Event()

    def read() -> int:
        with database.reading() as conn:
            conn.set_trace_callback(lambda _: None)
        opened.set()
        return sum(runs_seen(database) >= 0 for _ in range(3000))

    database.conn.set_trace_callback(lambda _: None)
    with ThreadPoolExecutor(1) as pool:
        reading = pool.submit(read)
        opened.wait(20)
        for number in range(3000):
            database.conn.execute("select * from run where id = ?", (str(number),)).fetchone()
        assert reading.result(20) == 3000


def test_closing_closes_both(database: Database) -> None:
    elsewhere(lambda: runs_seen(database))
    database.close()
    assert not database.path.with_name("tmwatch.db-wal").exists()
