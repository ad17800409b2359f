"""`history` of filings that the store of the register has, before the database had them or instead."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from tests.cli.conftest import Run
from tests.cli.test_import_daily import THREE, zipped
from tests.cli.test_register import NAMED, configured, watch
from tmwatch.sources.base import Page
from tmwatch.sources.us.daily import SOURCE


def test_history_says_what_the_store_of_the_register_saw_change(run: Run, folder: Path) -> None:
    (record,) = (one.record for one in SOURCE.read(Page(THREE)).readings if one.record.st13 == NAMED)
    configured(folder)
    owner = record.owners[0].name
    days = [
        THREE,
        THREE.replace(b"20260420", b"20260421").replace(b"<status-code>630", b"<status-code>638"),
        THREE.replace(b"20260420", b"20260422").replace(b"<status-code>630", b"<status-code>686"),
        THREE.replace(b"20260420", b"20260423").replace(b"<status-code>630", b"<status-code>700"),
    ]
    for day, text in enumerate(days, 20):
        (folder / f"apc9904{day}.xml").write_bytes(text)
        if day == 22:  # from here on the database has it too
            alone = run("history", "US 99990512", "--json").json
            shown = run("history", "US 99990512").out
            configured(folder, watch("theirs", owners=[owner]))
        run("import", f"apc9904{day}.xml")
    first = {"as_of": "2026-04-21", "file": "apc990421.xml", "old": "filed (630)", "new": "examination (638)"}
    then = {"as_of": "2026-04-22", "file": "apc990422.xml", "old": first["new"], "new": "published (686)"}

    def moved(told: dict[str, Any]) -> list[dict[str, str]]:
        return [{key: one[key] for key in first} for one in told["register_changes"]]

    assert (alone["versions"], moved(alone)) == ([], [first])
    assert "2026-04-21 apc990421.xml Status: filed (630) → examination (638)" in " ".join(shown.split())
    both = run("history", "US 99990512", "--json").json
    assert moved(both) == [first, then]
    assert [(one["field"], one["old"]) for one in both["changes"]] == [("status", "published (686)")]
    assert "nothing changed since" in run("history", "US 72990513").out
    assert run("history", "US 72990599").code == 2


def test_history_shows_what_the_database_has_though_the_store_of_the_register_is_damaged(
    run: Run, folder: Path
) -> None:
    configured(folder, watch("mine", numbers=["US 79990511"]))
    run("import", str(zipped(folder / "apc990420.zip", THREE)))
    (folder / "register.db").write_bytes(b"SQLite format 3\0" + b"\xff" * 9000)
    ran = run("history", "US 79990511")
    assert (ran.code, "version 1" in ran.out) == (0, True)
    assert "the store of the register cannot be used" in ran.err
    assert run("history", "US 72990513").code == 1
