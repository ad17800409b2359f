"""A database of schema 1 with data in it upgrades, and reads as it read before."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.records import ST13, record, sight
from tmwatch.store import Database, database, observe, queries, schema
from tmwatch.store.marks import dump_record


@pytest.fixture
def of_schema_1(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """What the first version wrote: each version and each current row with the record's JSON in itself."""
    path = tmp_path / "tmwatch.db"
    base = Database(path)
    observe(base, [sight(record(disclaimer=None), "2020-01-01")])
    observe(base, [sight(record(disclaimer="WIDGETS"), "2022-01-01")])
    observe(base, [sight(record(disclaimer="GADGETS"), "2021-01-01")])
    base.close()
    old_path = tmp_path / "old.db"
    with monkeypatch.context() as past:
        past.setattr(database, "MIGRATIONS", schema.MIGRATIONS[:1])
        past.setattr(database, "SCHEMA_VERSION", 1)
        old = Database(old_path)
    old.conn.execute("attach ? as new", (str(path),))
    for table in ("observation", "snapshot", "sighting", "change", "event", "goods", "party", "mark_version"):
        names = [row[1] for row in old.conn.execute(f"pragma main.table_info({table})")]
        columns = ", ".join(f'"{name}"' for name in names)
        old.conn.execute("pragma foreign_keys = off")
        old.conn.execute(f"insert into {table} ({columns}) select {columns} from new.{table}")
    names = [row[1] for row in old.conn.execute("pragma main.table_info(mark)")]
    columns = ", ".join(f'"{name}"' for name in names)
    old.conn.execute(f"insert into mark ({columns}) select {columns} from new.mark")
    # A record that nobody sighted as it stands (merged of two sources) was kept in the version only.
    old.conn.execute(
        "insert into record select r.hash, r.st13, r.json from new.record r where r.hash in"
        " (select record from sighting)"
    )
    old.conn.execute(
        "update mark_version set record = (select json from new.record where hash = content_hash)"
    )
    old.conn.execute(
        "update mark set record = (select v.record from mark_version v where v.st13 = mark.st13"
        " and superseded_at is null order by position desc limit 1)"
    )
    old.conn.execute(
        "delete from record where hash <> (select min(hash) from record) and hash not in"
        " (select record from sighting)"
    )
    old.close()
    return old_path


def test_history_and_present_are_the_same_after_the_upgrade(of_schema_1: Path) -> None:
    base = Database(of_schema_1)
    assert [one["as_of"] for one in queries.history(base, ST13)["versions"]] == [
        "2020-01-01",
        "2021-01-01",
        "2022-01-01",
    ]
    stands = queries.get(base, ST13)
    assert stands is not None
    assert stands.disclaimer == "WIDGETS"
    told = [(one["old"], one["new"]) for one in queries.history(base, ST13)["changes"]]
    assert told == [(None, "GADGETS"), ("GADGETS", "WIDGETS")]
    row = base.conn.execute("select record from current_records where st13 = ?", (ST13,)).fetchone()
    assert json.loads(row["record"]) == json.loads(dump_record(stands))
    assert len(base.conn.execute("select * from versions").fetchall()) == 3


def test_the_next_look_at_an_upgraded_file_goes_on_where_the_old_one_ended(of_schema_1: Path) -> None:
    base = Database(of_schema_1)
    (same,) = observe(base, [sight(record(disclaimer="WIDGETS"), "2022-02-01")])
    (moved,) = observe(base, [sight(record(disclaimer="SPROCKETS"), "2022-03-01")])
    assert (same.what, moved.what) == ("unchanged", "changed")
    assert [(one.old, one.new) for one in moved.changes] == [("WIDGETS", "SPROCKETS")]


def test_the_file_as_it_was_lies_beside_it(of_schema_1: Path) -> None:
    Database(of_schema_1).close()
    assert list(of_schema_1.parent.glob("old.db.before-upgrade-to-schema-*.bak"))


def test_the_json_of_a_record_is_kept_once(tmp_path: Path) -> None:
    base = Database(tmp_path / "tmwatch.db")
    for day in range(1, 9):
        observe(base, [sight(record(), f"2022-01-0{day}")])
    kept = base.conn.execute("select count(*) from record").fetchone()[0]
    copies = base.conn.execute(
        "select (select count(*) from mark where record is not null)"
        " + (select count(*) from mark_version where record is not null)"
    ).fetchone()[0]
    assert (kept, copies) == (1, 0)
