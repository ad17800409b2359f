"""How noisy a watched name is, is found once and kept beside the database."""

from __future__ import annotations

import json
import stat
from pathlib import Path

import pytest

from tests.cli.conftest import Run, folder, run
from tests.cli.test_import_daily import THREE, zipped
from tmwatch.similarity import Scorer
from tmwatch.watches.noises import NoiseFile, file_of, unkept

__all__ = ["folder", "run"]  # the fixtures

CONFIG = """
[operator]
contact = "ip-watch@example.com"
[[watch]]
name = "ours"
marks = ["HARBOR LIGHTS", "京东汽车"]
level = 3
notify = []
"""


@pytest.fixture
def database(tmp_path: Path) -> Path:
    """Only where there is one, anything is kept beside it."""
    file = tmp_path / "x.db"
    file.touch()
    return file


def kept(file: Path) -> dict[str, dict[str, float]]:
    return dict(json.loads(file.read_text(encoding="utf-8"))["noise"])


def test_the_next_run_knows_it_and_only_the_owner_can_read_it(run: Run, folder: Path) -> None:
    (folder / "tmwatch.toml").write_text(CONFIG, encoding="utf-8")
    run("import", str(zipped(folder / "apc990420.zip", THREE)))
    first = run("watch", "test", "ours", "--level", "4", "--json").out
    file = folder / "tmwatch.db.noise.json"
    ((_, noises),) = kept(file).items()
    assert noises
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    file.write_text(json.dumps({"noise": {key: {} for key in kept(file)}}), encoding="utf-8")
    assert run("watch", "test", "ours", "--level", "4", "--json").out == first


@pytest.mark.parametrize("damage", ["", "{", '{"noise": 3}', '{"noise": {"x": {"seiko": "loud"}}}'])
def test_a_damaged_file_is_as_none(database: Path, damage: str) -> None:
    file_of(database).write_text(damage, encoding="utf-8")
    assert NoiseFile(database).known("x") == {}
    NoiseFile(database).learn("x", {"seiko": -2.5})
    assert NoiseFile(database).known("x") == {"seiko": -2.5}


def test_what_other_tables_made_is_not_taken_and_the_eight_latest_are_kept(database: Path) -> None:
    file = NoiseFile(database)
    for number in range(10):
        file.learn(f"tables {number}", {"seiko": float(number)})
    assert len(kept(file_of(database))) == 8
    assert file.known("tables 9") == {"seiko": 9.0}
    assert NoiseFile(database).known("tables 0") == {}


def test_where_there_is_no_database_nothing_is_left_lying(tmp_path: Path) -> None:
    file = NoiseFile(tmp_path / "x.db")
    file.learn("x", {"seiko": 1.0})
    assert file.known("x") == {"seiko": 1.0}
    assert list(tmp_path.iterdir()) == []


def test_a_file_that_cannot_be_written_is_no_trouble(database: Path) -> None:
    file_of(database).mkdir()
    file = NoiseFile(database)
    file.learn("x", {"seiko": 1.0})
    assert file.known("x") == {"seiko": 1.0}


def test_a_dry_run_writes_none(database: Path) -> None:
    with unkept():
        NoiseFile(database).learn("x", {"seiko": 1.0})
    assert not file_of(database).exists()


def test_what_is_known_needs_no_background(database: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    memory = NoiseFile(database)
    first = Scorer()
    first.remember(memory)
    found = first.noise(first.name("SEIKO"))

    def none(*_: object) -> None:
        raise AssertionError("the background was made")

    monkeypatch.setattr(Scorer, "_beside_of", none)
    again = Scorer()
    again.remember(memory)
    assert again.noise(again.name("SEIKO")) == found
