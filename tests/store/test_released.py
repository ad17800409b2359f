"""Whoever upgrades loses nothing: every released file, with data in it, says the same afterwards."""

from __future__ import annotations

import re
import shutil
import signal
import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import ROOT
from tests.faults import preloaded
from tests.store.freeze import COMPANY, ODD, stamped
from tests.test_whole_way import CANCELLED, JD, OWN, SERIAL, House, answer, house, row
from tmwatch.errors import StoreError
from tmwatch.model import TradeMark
from tmwatch.store import Database, Outbox, backup, hits, queries
from tmwatch.store import schema as of_schema
from tmwatch.store.schema import SCHEMA_VERSION

__all__ = ["house"]  # the fixture
RELEASED = sorted((ROOT / "tests/store/released").glob("*.sql"))


def load(sql: Path, path: Path) -> Path:
    with closing(sqlite3.connect(path)) as base:
        base.executescript(sql.read_text(encoding="utf-8"))
        base.execute("pragma journal_mode = wal")
    return path


def rows(path: Path, query: str) -> list[dict[str, Any]]:
    with closing(sqlite3.connect(path)) as base:
        base.row_factory = sqlite3.Row
        return [dict(row) for row in base.execute(query)]


@pytest.fixture(params=RELEASED, ids=lambda sql: sql.stem)
def old(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    """A file of a released version."""
    return load(request.param, tmp_path / "tmwatch.db")


@pytest.fixture
def as_it_was(old: Path, tmp_path: Path) -> Path:
    """The same file, kept apart."""
    kept = tmp_path / "as-it-was.db"
    shutil.copy(old, kept)
    return kept


def test_every_released_version_has_its_file() -> None:
    changelog = (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")
    released = re.findall(r"^## (\d+\.\d+\.\d+)", changelog, re.MULTILINE)
    assert released
    missing = set(released) - {sql.stem for sql in RELEASED}
    assert not missing, "run `python -m tests.store.freeze VERSION` with the code that is released"


def test_the_schema_rises_past_the_last_released_file_only_while_unreleased(tmp_path: Path) -> None:
    latest = max(
        rows(load(sql, tmp_path / f"{sql.stem}.db"), "pragma user_version")[0]["user_version"]
        for sql in RELEASED
    )
    changelog = (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")
    assert latest <= SCHEMA_VERSION
    assert latest == SCHEMA_VERSION or re.search("^## Unreleased", changelog, re.MULTILINE), (
        f"schema {SCHEMA_VERSION} is released without a file of it: python -m tests.store.freeze VERSION"
    )


def test_a_released_step_is_never_edited(as_it_was: Path, tmp_path: Path, monkeypatch: Any) -> None:
    """What the steps up to that version make today is what they made then."""
    version = rows(as_it_was, "pragma user_version")[0]["user_version"]
    for name in ("tmwatch.store.database", "tmwatch.store.opening"):
        monkeypatch.setattr(f"{name}.SCHEMA_VERSION", version)
    monkeypatch.setattr("tmwatch.store.database.MIGRATIONS", of_schema.MIGRATIONS[:version])
    Database(tmp_path / "made-today.db").close()
    tables = "select type, name, sql from sqlite_master where name not like 'sqlite_%' order by name"
    assert rows(tmp_path / "made-today.db", tables) == rows(as_it_was, tables)


TABLES = (
    *("mark", "mark_version", "change", "event", "goods", "party", "alert", "alert_mark", "delivery"),
    *("watch", "hit", "source_state", "unknown_word", "run", "observation", "sighting", "snapshot"),
)
# Columns whose content moved elsewhere; what they said is compared through the records below.
MOVED = {("mark", "record"), ("mark_version", "record")}


@pytest.mark.parametrize("table", TABLES)
def test_no_row_is_lost_and_none_says_anything_else(old: Path, as_it_was: Path, table: str) -> None:
    Database(old).close()
    before, after = rows(as_it_was, f"select * from {table}"), rows(old, f"select * from {table}")
    assert before, f"the released file has no {table}: it proves nothing"
    assert len(after) == len(before)
    for was, now in zip(before, after, strict=True):
        for column, value in was.items():
            if (table, column) not in MOVED:
                assert now[column] == value, (table, column)


def test_every_hit_of_before_has_a_number_and_came_by_no_likeness(old: Path, as_it_was: Path) -> None:
    base = Database(old)
    was = [(row["watch"], row["st13"]) for row in rows(as_it_was, "select * from hit order by rowid")]
    found = list(reversed(hits.listed(base)))
    assert [(one["watch"], one["st13"]) for one in found] == was
    assert [one["id"] for one in found] == list(range(1, len(was) + 1))
    assert all(one["sure"] and one["level"] is None and one["triage"] is None for one in found)
    hits.mark(base, "relevant", {1: {"owner": "x"}})
    assert hits.relevant(base) == {was[0][0]: [was[0][1]]}
    with base.write(), pytest.raises(sqlite3.IntegrityError):
        base.conn.execute("insert into hit (watch, st13) values (?, ?)", was[0])
    base.close()


def test_every_record_and_every_version_reads_as_before(old: Path, as_it_was: Path) -> None:
    base = Database(old)
    for was in rows(as_it_was, "select * from mark"):
        record = queries.get(base, was["st13"])
        assert record is not None
        if was["record"]:
            bare = record.model_copy(update={"provenance": None})
            assert bare == TradeMark.model_validate_json(was["record"])
        told = queries.history(base, was["st13"])
        versions = rows(
            as_it_was,
            f"select * from mark_version where st13 = '{was['st13']}' and superseded_at is null"
            " order by position",
        )
        assert [one["as_of"] for one in told["versions"]] == [one["as_of"] for one in versions]
        for shown, stored in zip(told["versions"], versions, strict=True):
            if stored["record"]:
                true = TradeMark.model_validate_json(stored["record"])
                assert shown["status_text"] == true.status_text
                assert shown["owners"] == [party.name for party in true.owners]
        changes = rows(
            as_it_was, f"select * from change where st13 = '{was['st13']}' and superseded_at is null"
        )
        assert sorted((one["field"], one["old"], one["new"]) for one in told["changes"]) == sorted(
            (one["field"], one["old"], one["new"]) for one in changes
        )
    base.close()


def test_alerts_list_shows_each_alert_with_the_ids_it_had(old: Path, as_it_was: Path) -> None:
    base = Database(old)
    shown = [one for alert in Outbox(base).alerts(1000) for one in alert["deliveries"]]
    stored = rows(as_it_was, "select * from delivery")
    assert {(one["message_id"], one["state"]) for one in shown} == {
        (one["message_id"], one["state"]) for one in stored
    }
    assert {one["state"] for one in stored} == {"pending", "sent", "dead"}
    base.close()


def test_a_check_afterwards_alerts_nobody_for_what_was_known_and_sends_what_waited(
    old: Path, house: House
) -> None:
    waiting = {one["message_id"] for one in rows(old, "select * from delivery where state = 'pending'")}
    config = house.configure(OWN + JD)
    house.register.pages[COMPANY] = answer(
        [row(1, "JD Auto", 12), row(2, "JD Auto", 9), row(3, "Joyrobotaxi", 39), row(4, "Joyrobotaxi", 12)]
    )
    house.register.pages[f"/statusview/sn{SERIAL}"] = stamped(ODD, 6, 20)
    known = rows(old, "select count(*) as n from alert")[0]["n"]
    report = house.check(config)
    assert (report.changed, report.appeared) == ([], [])
    assert rows(old, "select count(*) as n from alert")[0]["n"] == known
    sent = {str(mail["Message-ID"]).strip("<>").partition("@")[0] for mail in house.mailbox.mails}
    assert sent == waiting
    house.register.pages[f"/statusview/sn{SERIAL}"] = stamped(CANCELLED, 6, 25)
    assert len(house.check(config).changed) == 1


def test_the_file_as_it_was_lies_beside_it_and_the_user_is_told(old: Path, as_it_was: Path) -> None:
    base = Database(old)
    assert base.upgraded is not None
    kept = base.upgraded.backup
    base.close()
    assert re.fullmatch(
        rf"tmwatch\.db\.before-upgrade-to-schema-{SCHEMA_VERSION}\.\d{{8}}T\d{{6}}Z\.bak", kept.name
    )
    assert kept.stat().st_mode & 0o777 == 0o600
    assert str(kept) in str(base.upgraded)
    for table in TABLES:
        assert rows(kept, f"select * from {table}") == rows(as_it_was, f"select * from {table}")
    kept.write_bytes(b"kept")
    shutil.copy(as_it_was, old)
    again = Database(old)
    again.close()
    assert kept.read_bytes() == b"kept", "a backup made before is never written over"
    assert len(list(old.parent.glob("tmwatch.db.*.bak"))) == 2


def test_an_upgrade_that_fails_half_way_leaves_the_file_as_it_was(
    old: Path, as_it_was: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(_: Any) -> None:
        raise sqlite3.OperationalError("database or disk is full")

    monkeypatch.setattr("tmwatch.store.database.MIGRATIONS", (*of_schema.MIGRATIONS[:-1], full))
    with pytest.raises(StoreError, match="could not be upgraded.*full") as failed:
        Database(old)
    assert "as it was before" in str(failed.value)
    assert rows(old, "pragma user_version") == rows(as_it_was, "pragma user_version")
    with closing(sqlite3.connect(old)) as one, closing(sqlite3.connect(as_it_was)) as other:
        assert list(one.iterdump()) == list(other.iterdump())


@pytest.fixture
def killed() -> Any:
    """Runs a script that is expected to be killed, with the path of the database."""

    def run(script: str, path: Path) -> int:
        return preloaded.run_script(script, str(path)).returncode

    return run


@pytest.mark.parametrize("step", [1, SCHEMA_VERSION - 1])
def test_killed_in_any_step_of_the_upgrade_the_next_run_does_it_whole(
    tmp_path: Path, killed: Any, step: int
) -> None:
    old = load(RELEASED[0], tmp_path / "tmwatch.db")
    before = rows(old, "select * from delivery")
    script = (
        "import os, signal, sys; from pathlib import Path\n"
        "from tmwatch.store import database\n"
        f"steps = list(database.MIGRATIONS); true = steps[{step}]\n"
        "def dies(db):\n    true(db); os.kill(os.getpid(), signal.SIGKILL)\n"
        f"steps[{step}] = dies; database.MIGRATIONS = tuple(steps)\n"
        "database.Database(Path(sys.argv[1]))\n"
    )
    assert killed(script, old) == -signal.SIGKILL
    assert rows(old, "pragma user_version") == [{"user_version": 1}]
    base = Database(old)
    assert base.conn.execute("pragma integrity_check").fetchone()[0] == "ok"
    base.close()
    after = rows(old, "select * from delivery")
    assert [one["message_id"] for one in after] == [one["message_id"] for one in before]


def test_no_room_for_the_backup_refuses_the_upgrade_and_touches_nothing(
    old: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = old.read_bytes()
    usage = type("Usage", (), {"free": old.stat().st_size})
    monkeypatch.setattr("tmwatch.store.copies.shutil.disk_usage", lambda folder: usage)
    with pytest.raises(StoreError, match="no room") as refused:
        Database(old)
    assert "Free space" in str(refused.value)
    assert old.read_bytes() == before
    assert [one.name for one in old.parent.iterdir() if one.name.startswith("tmwatch")] == ["tmwatch.db"]


def test_a_disk_that_is_full_in_the_middle_of_the_backup_leaves_no_half_of_one(old: Path) -> None:
    before = old.read_bytes()
    script = (
        "import resource, signal, sys; from pathlib import Path; from tmwatch.store import Database\n"
        "from tmwatch.errors import StoreError\n"
        "signal.signal(signal.SIGXFSZ, signal.SIG_IGN)\n"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (65536, 65536))\n"
        "try: Database(Path(sys.argv[1]))\n"
        "except StoreError as error: sys.exit(str(error))\n"
    )
    ran = preloaded.run_script(script, str(old))
    assert "backup could not be written" in ran.stderr, ran.stderr
    assert old.read_bytes() == before
    assert not list(old.parent.glob("*.bak*"))
    assert not list(old.parent.glob("*-wal"))


def test_a_backup_restored_by_hand_is_upgraded_again(old: Path) -> None:
    base = Database(old)
    assert base.upgraded is not None
    kept = base.upgraded.backup
    base.close()
    for end in ("", "-wal", "-shm"):
        old.with_name(f"{old.name}{end}").unlink(missing_ok=True)
    backup(kept, old)
    again = Database(old)
    assert again.upgraded is not None
    assert Outbox(again).alerts(1)[0]["payload"]["headline"]
    again.close()
