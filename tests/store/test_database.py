"""The file is opened, upgraded or refused, never recreated."""

from __future__ import annotations

import multiprocessing
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from tests.faults import preloaded
from tests.records import record, sight
from tmwatch.errors import StoreError
from tmwatch.store import Database, backup, observe, queries
from tmwatch.store.register import Register
from tmwatch.store.schema import APPLICATION_ID, SCHEMA_VERSION


def test_a_database_of_a_newer_tmwatch_is_refused_and_left_untouched(tmp_path: Path) -> None:
    path = tmp_path / "tmwatch.db"
    base = Database(path)
    base.conn.execute(f"pragma user_version = {SCHEMA_VERSION + 1}")
    base.close()
    before = path.read_bytes()
    with pytest.raises(StoreError, match="schema") as caught:
        Database(path)
    assert "left untouched" in str(caught.value)
    assert path.read_bytes() == before


def test_a_corrupt_database_is_refused_and_points_to_the_backup(tmp_path: Path) -> None:
    path = tmp_path / "tmwatch.db"
    base = Database(path)
    observe(base, [sight(record(), "2020-01-01")])
    base.close()
    backup(path, tmp_path / "tmwatch.db.before-1.bak")
    data = bytearray(path.read_bytes())
    data[100:4000] = b"\x00" * 3900
    path.write_bytes(data)
    with pytest.raises(StoreError, match="damaged|no SQLite") as caught:
        Database(path)
    assert "tmwatch.db.before-1.bak" in str(caught.value)
    assert path.read_bytes() == bytes(data)


def test_a_file_that_is_no_database_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "notes.txt"
    path.write_text("shopping list\n" * 100)
    with pytest.raises(StoreError, match="damaged|no SQLite"):
        Database(path)
    assert path.read_text().startswith("shopping list")


def test_somebody_elses_sqlite_file_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "photos.db"
    with sqlite3.connect(path) as other:
        other.execute("create table photo (id integer)")
    with pytest.raises(StoreError, match="not made by tmwatch"):
        Database(path)


def test_reading_without_a_database_says_how_to_get_one(tmp_path: Path) -> None:
    with pytest.raises(StoreError, match="there is no database yet") as caught:
        Database(tmp_path / "tmwatch.db", create=False)
    assert "tmwatch import" in str(caught.value)
    assert not (tmp_path / "tmwatch.db").exists()


def test_a_backup_is_whole_and_holds_everything(tmp_path: Path) -> None:
    base = Database(tmp_path / "tmwatch.db")
    observe(base, [sight(record(), "2020-01-01")])
    copy = Database(backup(base.path, tmp_path / "copy.db"))
    assert queries.counts(copy) == queries.counts(base)


def test_a_backup_to_nowhere_says_so_and_leaves_nothing_behind(tmp_path: Path) -> None:
    base = Database(tmp_path / "tmwatch.db")
    with pytest.raises(StoreError, match="could not be written"):
        backup(base.path, tmp_path / "missing" / "copy.db")


def _count_up(path: Path, times: int) -> None:
    base = Database(path)
    for _ in range(times):
        with base.write() as db:
            row = base.conn.execute("select failures from source_state where source = 'x'").fetchone()
            db.table("source_state").upsert({"source": "x", "failures": row["failures"] + 1}, pk="source")
    base.close()


def test_four_processes_that_read_and_write_lose_no_update_and_meet_no_lock(tmp_path: Path) -> None:
    path = tmp_path / "tmwatch.db"
    base = Database(path)
    with base.write() as db:
        db.table("source_state").insert({"source": "x", "failures": 0})
    crowd = [multiprocessing.Process(target=_count_up, args=(path, 100)) for _ in range(4)]
    for one in crowd:
        one.start()
    for one in crowd:
        one.join()
    assert [one.exitcode for one in crowd] == [0, 0, 0, 0]
    assert base.conn.execute("select failures from source_state").fetchone()["failures"] == 400


def test_a_folder_in_place_of_the_file_is_no_damage_and_asks_for_no_backup(tmp_path: Path) -> None:
    (tmp_path / "tmwatch.db").mkdir()
    with pytest.raises(StoreError, match="cannot be used now") as refused:
        Database(tmp_path / "tmwatch.db")
    assert "Restore" not in str(refused.value)


def test_a_file_for_reading_only_is_no_want_of_space_and_no_damage(tmp_path: Path) -> None:
    """The right to write goes while the file is open, as where a disk is mounted anew for reading only."""
    register = Register(tmp_path / "register.db")
    base = Database(tmp_path / "tmwatch.db")
    for one in (register, base):
        one.conn.execute("pragma query_only = on")
        with pytest.raises(StoreError, match="readonly") as refused, one.write():
            one.conn.execute("create table mine (id integer)")
        assert "check their rights" in str(refused.value)
        assert not any(word in str(refused.value) for word in ("Free space", "move the file away"))


def test_a_full_disk_is_no_damage_and_leaves_what_is_stored_whole(tmp_path: Path) -> None:
    observe(Database(tmp_path / "tmwatch.db"), [sight(record(), "2026-01-01")])
    script = (
        "import resource, sys; from pathlib import Path; from tests.records import record, sight\n"
        "from tmwatch.errors import StoreError; from tmwatch.store import Database, observe\n"
        "base = Database(Path(sys.argv[1]))\n"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (4096, 4096))\n"
        "try: observe(base, [sight(record(status_text='x' * 90_000), '2026-01-02')])\n"
        "except StoreError as error: sys.exit(str(error))\n"
    )
    ran = preloaded.run_script(script, str(tmp_path / "tmwatch.db"))
    assert "Nothing of this step was kept" in ran.stderr
    assert "Free space" in ran.stderr
    base = Database(tmp_path / "tmwatch.db")
    assert base.conn.execute("select count(*) from observation").fetchone()[0] == 1


def test_tables_of_a_half_made_database_are_damage(tmp_path: Path) -> None:
    path = tmp_path / "tmwatch.db"
    with closing(sqlite3.connect(path)) as half:
        half.execute("create table run (id)")
        half.execute(f"pragma application_id = {APPLICATION_ID}")
        half.commit()
    with pytest.raises(StoreError, match="damaged"):
        Database(path)
