"""`doctor` looks at the store of the whole register as it does at the database."""

from __future__ import annotations

import shutil
import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from tests.cli.conftest import Run, folder, run
from tests.cli.test_import_daily import THREE, zipped
from tests.cli.test_register import configured

__all__ = ["folder", "run"]  # fixtures of the command line


@pytest.fixture
def store(run: Run, folder: Path) -> Path:
    configured(folder)
    assert run("import", str(zipped(folder / "apc990420.zip", THREE))).code == 0
    return folder / "register.db"


def said(run: Run) -> dict[str, list[str]]:
    """What the doctor says of the register, by level."""
    found: dict[str, list[str]] = {}
    for one in run("doctor", "--json").json["findings"]:
        if one["about"] == "register":
            found.setdefault(one["level"], []).append(f"{one['what']} {one['do']}".strip())
    return found


def facts(run: Run) -> dict[str, Any]:
    return dict(run("doctor", "--json").json["register"])


def altered(store: Path, *statements: str) -> None:
    with closing(sqlite3.connect(store, isolation_level=None)) as conn:
        for one in statements:
            conn.execute(one)


def test_of_a_store_in_order_it_says_how_many_filings_and_as_of_which_day(run: Run, store: Path) -> None:
    assert said(run) == {"ok": [f"{store} is whole: 3 filings (us.daily as of 2026-04-20)"]}
    found = facts(run)
    assert (found["state"], found["filings"], found["as_of"]) == ("ok", 3, "2026-04-20")
    assert found["sources"] == {"us.daily": {"filings": 3, "as_of": "2026-04-20"}}
    assert found["bytes"] > 0
    assert found["disk_free"] > 0
    assert found["index"] == {
        "path": f"{store}.index",
        "state": "none",
        "names": 0,
        "filings_to_add": 3,
    }
    assert "is whole: 3 filings (us.daily as of 2026-04-20)" in " ".join(run("doctor").out.split())


def test_where_none_is_configured_or_there_it_is_no_trouble(run: Run, folder: Path) -> None:
    run("init")
    assert run("doctor", "--json").json["register"] is None
    configured(folder)
    assert facts(run) == {"path": str(folder / "register.db"), "state": "none"}
    assert list(said(run)) == ["note"]
    assert "The first `tmwatch import`" in said(run)["note"][0]


def test_a_damaged_one_is_to_be_made_again_and_all_else_is_looked_at(run: Run, store: Path) -> None:
    with store.open("r+b") as file:
        file.seek(4096)
        file.write(b"\xff" * 8192)
    ran = run("doctor", "--json")
    assert (ran.code, ran.json["register"]["state"]) == (1, "damaged")
    (first, *_) = said(run)["act"]
    assert "is damaged" in first
    assert "import the register's files once more" in first
    assert any(one["about"] == "configuration" for one in ran.json["findings"])


@pytest.mark.parametrize(
    ("statements", "words"),
    [
        (("pragma user_version = 99",), ["schema 99", "Install the tmwatch that wrote it"]),
        (("pragma application_id = 5",), ["is no store of a register", "Name another file"]),
    ],
)
def test_one_that_cannot_be_used_says_why_and_what_to_do(
    run: Run, store: Path, statements: tuple[str, ...], words: list[str]
) -> None:
    altered(store, *statements)
    assert facts(run)["state"] == "unusable"
    (told,) = said(run)["act"]
    assert all(word in told for word in words)


def test_so_does_what_is_no_database(run: Run, store: Path) -> None:
    store.write_text("no database")
    (told,) = said(run)["act"]
    assert "it is no SQLite file" in told


def test_one_of_an_older_version_is_brought_up_to_date_by_who_uses_it(run: Run, store: Path) -> None:
    tables = ("filing_owner", "keyed", "filing_name", "named")
    altered(store, *(f"drop table {one}" for one in tables), "pragma user_version = 2")
    found = facts(run)
    assert (found["state"], found["filings"], found["to_bring_up_to_date"]) == ("older", 3, 3)
    assert "of an older tmwatch: 3 filings" in said(run)["note"][0]
    run("lookup", "--stored", "--owner", "Nobody")
    assert "note" not in said(run)


def test_an_import_that_was_broken_off_leaves_owners_to_be_made_ready(run: Run, store: Path) -> None:
    altered(store, "update keyed set filing = 1")
    assert "2 filings are not found by owner or name yet" in said(run)["note"][0]


def test_the_index_of_names_is_looked_at_too(run: Run, store: Path) -> None:
    run("lookup", "anything", "--like")
    assert facts(run)["index"] | {"path": ""} == {"path": "", "state": "ok", "names": 5, "filings_to_add": 0}
    (part,) = Path(f"{store}.index").glob("*.names")
    whole = part.read_bytes()
    part.write_bytes(whole[: len(whole) // 2])
    assert facts(run)["index"]["state"] == "damaged"
    assert "is damaged The next `tmwatch lookup --like` or `watch test` makes it anew" in said(run)["note"][0]
    part.write_bytes(whole)
    altered(store, "delete from indexed_name where place = 4")
    assert facts(run)["index"]["state"] == "stale"
    assert "of another version or another store" in said(run)["note"][0]
    run("lookup", "anything", "--like")
    assert (facts(run)["index"]["state"], "note" in said(run)) == ("ok", False)


def test_a_disk_that_is_nearly_full_is_told(run: Run, store: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    usage = shutil.disk_usage(store)
    monkeypatch.setattr(shutil, "disk_usage", lambda _: usage._replace(free=5 * 2**20))
    assert "only 5 MiB are free" in said(run)["act"][0]
