"""What an export or a backup may replace, and what it may not: a slip of the hand must not cost a file."""

from __future__ import annotations

import os
import sqlite3
from pathlib import Path

import pytest

from tests.cli.conftest import PAGE, SERIAL, Run
from tests.cli.test_newcomer import DOCKET, HEAD, configure


@pytest.mark.parametrize(
    ("name", "what"),
    [
        ("tmwatch.db", "the database itself"),
        ("./tmwatch.db", "the database itself"),
        ("link.csv", "the database itself"),
        ("hard.csv", "the database itself"),
        ("tmwatch.db-wal", "a part of the database itself"),
        ("tmwatch.db-shm", "a part of the database itself"),
        ("tmwatch.toml", "the configuration itself"),
        ("docket.csv", "a docket file of the configuration itself"),
    ],
)
def test_an_export_never_replaces_the_database_the_configuration_or_a_docket(
    run: Run, folder: Path, name: str, what: str
) -> None:
    configure(folder, f"{SERIAL},US,ref-1\n")
    run("import", str(PAGE))
    (folder / "link.csv").symlink_to("tmwatch.db")
    os.link(folder / "tmwatch.db", folder / "hard.csv")
    kept = {one: one.read_bytes() for one in folder.iterdir() if one.is_file()}
    ran = run("export", "-o", name)
    assert ran.code == 2
    assert f"the export would replace {what}" in ran.err
    assert "Nothing was written.\nName another file with -o." in ran.err
    assert {one: one.read_bytes() for one in kept} == kept
    assert run("show", f"US {SERIAL}").code == 0


def test_an_export_also_knows_the_dockets_of_a_broken_configuration(run: Run, folder: Path) -> None:
    run("import", str(PAGE))
    configure(folder, "not a number,US,ref-1\n")
    path = folder / "tmwatch.toml"
    path.write_text(path.read_text(encoding="utf-8") + "unknown = 1\n", encoding="utf-8")
    assert run("export", "-o", "docket.csv").code == 2
    assert (folder / "docket.csv").read_text(encoding="utf-8").startswith(DOCKET)


def test_an_export_that_breaks_off_leaves_the_old_file_and_nothing_beside_it(
    run: Run, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run("import", str(PAGE))
    (folder / "marks.csv").write_text("the old one", encoding="utf-8")
    before = set(folder.iterdir())

    def breaks(*_: object) -> int:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr("tmwatch.cli.exporting.write_csv", breaks)
        ran = run("export", "-o", "marks.csv")
    assert ran.code == 1
    assert "No space left" in ran.err
    assert (folder / "marks.csv").read_text(encoding="utf-8") == "the old one"
    assert set(folder.iterdir()) == before
    told = run("export", "-o", "marks.csv", terminal=True)
    assert told.out.strip() == "1 row in marks.csv, which replaced the file of that name"
    assert (folder / "marks.csv").read_text(encoding="utf-8").startswith("note,st13")


def test_a_backup_replaces_a_backup_and_nothing_else_unless_it_is_forced(run: Run, folder: Path) -> None:
    run("import", str(PAGE))
    letter, other = folder / "letter.doc", folder / "other.db"
    letter.write_text("Dear Sir", encoding="utf-8")
    with sqlite3.connect(other) as made:
        made.execute("create table mine (a)")
    made.close()
    for path in (letter, other):
        before = path.read_bytes()
        ran = run("backup", path.name)
        assert ran.code == 2
        assert "is no database of tmwatch" in ran.err
        assert "--force" in ran.err
        assert path.read_bytes() == before
    assert run("backup", "copy.db").silent
    assert run("backup", "copy.db").silent
    assert run("backup", "letter.doc", "--force").silent
    assert letter.read_bytes().startswith(b"SQLite format 3")


def test_not_even_a_forced_backup_replaces_the_configuration(run: Run, folder: Path) -> None:
    configure(folder, f"{SERIAL},US,ref-1\n")
    run("import", str(PAGE))
    for name in ("tmwatch.toml", "docket.csv", "tmwatch.db-wal"):
        assert run("backup", name, "--force").code == 2
    assert (folder / "tmwatch.toml").read_text(encoding="utf-8").startswith(HEAD)
