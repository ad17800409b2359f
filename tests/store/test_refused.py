"""A file that is not a whole database of ours is refused, left byte for byte, and the way out is named."""

from __future__ import annotations

import os
import shutil
import signal
import sqlite3
import tempfile
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import pytest

from tests.faults import preloaded
from tests.records import record, sight
from tmwatch.errors import StoreError
from tmwatch.store import Database, backup, observe
from tmwatch.store.schema import SCHEMA_VERSION


def filled(path: Path, marks: int = 12, first: int = 0) -> Path:
    looked(path, marks, first).close()
    return path


def looked(path: Path, marks: int, first: int, day: str = "2020-01-01", **more: str) -> Database:
    """A database that has looked at so many sample filings."""
    base = Database(path)
    observe(base, [sight(record(f"US5000000990{first + n:05}", **more), day) for n in range(marks)])
    return base


def snapshot(folder: Path) -> dict[str, bytes]:
    """Every file of the folder, whole."""
    return {one.name: one.read_bytes() for one in folder.iterdir() if one.is_file()}


def truncated(path: Path) -> None:
    data = path.read_bytes()
    path.write_bytes(data[: len(data) // 2])


def cut_in_a_page(path: Path) -> None:
    data = path.read_bytes()
    path.write_bytes(data[: len(data) - 1000])


def flipped(at: float, count: int = 64) -> Callable[[Path], None]:
    def flip(path: Path) -> None:
        data = bytearray(path.read_bytes())
        start = int(len(data) * at) // 4096 * 4096
        data[start : start + count] = bytes(255 - one for one in data[start : start + count])
        path.write_bytes(data)

    return flip


def flipped_header(path: Path) -> None:
    data = bytearray(path.read_bytes())
    data[16:18] = b"\x00\x03"  # a page size that cannot be
    path.write_bytes(data)


def emptied(path: Path) -> None:
    path.write_bytes(b"")


def text(path: Path) -> None:
    path.write_text("shopping list\n" * 300)


def folder(path: Path) -> None:
    path.unlink()
    path.mkdir()


def newer(path: Path) -> None:
    with closing(sqlite3.connect(path)) as base:
        base.execute(f"pragma user_version = {SCHEMA_VERSION + 1}")
        base.commit()
        base.execute("pragma wal_checkpoint(truncate)")


def newer_in_the_wal(path: Path) -> None:
    """A newer tmwatch was killed before its upgrade was folded into the file."""
    left_open(path, f"pragma user_version = {SCHEMA_VERSION + 1}")


def foreign(path: Path) -> None:
    path.unlink()
    with closing(sqlite3.connect(path)) as other:
        other.execute("pragma journal_mode = wal")
        other.execute("create table photo (id integer)")
        other.execute("pragma application_id = 42")
        other.commit()


def foreign_left_open(path: Path) -> None:
    foreign(path)
    left_open(path, "insert into photo values (1)")


def wal_of_another_file(path: Path) -> None:
    """Somebody put one database in the place of another, and its -wal stayed."""
    other = filled(path.with_name("other.db"), marks=40, first=50)
    script = (
        "import os, signal, sys; from pathlib import Path\n"
        "from tests.store.test_refused import looked\n"
        "base = looked(Path(sys.argv[1]), 40, 50, '2020-02-01', status_text='Cancelled.')\n"
        "os.kill(os.getpid(), signal.SIGKILL)\n"
    )
    preloaded.run_script(script, str(other))
    other.with_name("other.db-wal").rename(path.with_name(f"{path.name}-wal"))
    for end in ("", "-shm"):
        other.with_name(f"other.db{end}").unlink(missing_ok=True)


def left_open(path: Path, *statements: str) -> None:
    """Written by a process that was killed: what it wrote lies in the -wal."""
    script = (
        "import os, signal, sqlite3, sys\n"
        "base = sqlite3.connect(sys.argv[1], isolation_level=None)\n"
        "for one in sys.argv[2:]: base.execute(one)\n"
        "os.kill(os.getpid(), signal.SIGKILL)\n"
    )
    preloaded.run_script(script, str(path), *statements)
    assert path.with_name(f"{path.name}-wal").stat().st_size


KINDS: dict[str, tuple[Callable[[Path], None], str]] = {
    "truncated": (truncated, "damaged"),
    "cut in a page": (cut_in_a_page, "damaged"),
    "bytes flipped in the first page": (flipped(0), "damaged"),
    "bytes flipped in a page": (flipped(0.1, 4096), "damaged"),
    "bytes flipped in the last page": (flipped(0.99, 4096), "damaged"),
    "an impossible page size": (flipped_header, "damaged"),
    "an empty file": (emptied, "empty"),
    "a text file": (text, "no SQLite file"),
    "a folder": (folder, "folder"),
    "a newer schema": (newer, "schema"),
    "a newer schema in the -wal": (newer_in_the_wal, "schema"),
    "another program's file": (foreign, "not made by tmwatch"),
    "another program's file with a -wal": (foreign_left_open, "not made by tmwatch"),
    "a -wal of another file": (wal_of_another_file, "does not belong"),
}


@pytest.mark.parametrize("kind", KINDS)
def test_it_is_refused_untouched_with_nothing_left_beside_it_and_the_latest_backup_is_named(
    tmp_path: Path, kind: str
) -> None:
    spoil, why = KINDS[kind]
    path = filled(tmp_path / "tmwatch.db")
    backup(path, tmp_path / "tmwatch.db.20260601T000000Z.bak")
    os.utime(tmp_path / "tmwatch.db.20260601T000000Z.bak", (1, 1))
    backup(path, tmp_path / "tmwatch.db.20260602T000000Z.bak")
    spoil(path)
    before = snapshot(tmp_path)
    with pytest.raises(StoreError, match=why) as refused:
        Database(path)
    assert "ntouched" in str(refused.value)
    assert snapshot(tmp_path) == before
    if kind not in ("a folder", "another program's file", "another program's file with a -wal"):
        assert "tmwatch.db.20260602T000000Z.bak" in str(refused.value)
        assert "tmwatch restore" in str(refused.value)


@pytest.fixture
def open_folder() -> Iterator[Path]:
    """A folder that others may enter, as those of pytest may not."""
    with tempfile.TemporaryDirectory(prefix="tmwatch-test-") as folder:
        Path(folder).chmod(0o755)
        yield Path(folder)


def test_without_rights_to_read_it_is_refused_and_nothing_is_left(open_folder: Path) -> None:
    path = filled(open_folder / "tmwatch.db")
    path.chmod(0)
    before = path.stat()
    script = (
        "import os, sys; from pathlib import Path; from tmwatch.store import Database\n"
        "from tmwatch.errors import StoreError\n"
        "if os.geteuid() == 0: os.seteuid(65534)\n"
        "try: Database(Path(sys.argv[1]))\n"
        "except StoreError as error: sys.exit(str(error))\n"
    )
    ran = preloaded.run_script(script, str(path))
    assert "cannot be used now" in ran.stderr
    assert "rights" in ran.stderr
    assert path.stat().st_mtime_ns == before.st_mtime_ns
    assert [one.name for one in open_folder.iterdir()] == ["tmwatch.db"]
    open_folder.chmod(0o700)
    ran = preloaded.run_script(script, str(path))
    assert "cannot be used now" in ran.stderr, "nor a folder that may not be entered"


def test_what_a_killed_process_left_in_the_wal_is_no_damage(tmp_path: Path) -> None:
    path = filled(tmp_path / "tmwatch.db")
    left_open(path, "update mark set mark = 'kept'")
    base = Database(path)
    assert base.conn.execute("select distinct mark from mark").fetchone()[0] == "kept"
    base.close()


def test_another_process_that_works_on_it_is_no_reason_to_refuse(tmp_path: Path) -> None:
    path = filled(tmp_path / "tmwatch.db")
    script = (
        "import sys; from pathlib import Path; from tmwatch.store import Database\n"
        "base = Database(Path(sys.argv[1])); base.conn.execute('update mark set mark = 1')\n"
        "print('open', flush=True); sys.stdin.read(); base.close()\n"
    )
    with preloaded.script(script, str(path)) as other:
        other.stdout.readline()
        base = Database(path)
        assert base.conn.execute("select distinct mark from mark").fetchone()[0] == "1"
        base.close()
        other.stdin.close()
        assert other.wait() == 0


def test_a_database_that_is_gone_is_not_made_anew_where_its_backup_lies(tmp_path: Path) -> None:
    path = filled(tmp_path / "tmwatch.db")
    backup(path, tmp_path / "tmwatch.db.20260601T000000Z.bak")
    path.unlink()
    with pytest.raises(StoreError, match="is gone") as refused:
        Database(path)
    assert "tmwatch restore" in str(refused.value)
    assert not path.exists()


def test_a_process_killed_while_it_makes_the_database_leaves_none(tmp_path: Path) -> None:
    script = (
        "import os, signal, sys; from pathlib import Path; from tmwatch.store import database\n"
        "def dies(db): os.kill(os.getpid(), signal.SIGKILL)\n"
        "database.MIGRATIONS = (*database.MIGRATIONS[:1], dies)\n"
        "database.Database(Path(sys.argv[1]))\n"
    )
    path = tmp_path / "tmwatch.db"
    assert preloaded.run_script(script, str(path)).returncode == -signal.SIGKILL
    assert not path.exists()
    Database(path).close()


def test_files_are_the_owners_alone_whatever_the_umask_and_those_made_before_are_mended(
    tmp_path: Path,
) -> None:
    before = os.umask(0o022)
    try:
        path = filled(tmp_path / "tmwatch.db")
        base = Database(path)
        observe(base, [sight(record(status_text="Cancelled."), "2020-02-01")])
        backup(path, tmp_path / "copy.bak")
        made = [path, *tmp_path.glob("tmwatch.db-*"), tmp_path / "copy.bak"]
        assert len(made) == 4
        assert {one.stat().st_mode & 0o777 for one in made} == {0o600}
        base.close()
        shutil.copyfile(path, tmp_path / "old.db")
        (tmp_path / "old.db").chmod(0o644)
        old = Database(tmp_path / "old.db")
        assert (tmp_path / "old.db").stat().st_mode & 0o777 == 0o600
        old.close()
    finally:
        os.umask(before)
