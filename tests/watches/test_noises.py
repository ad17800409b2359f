"""How noisy a watched name is, is found once and kept beside the database."""

from __future__ import annotations

import json
import stat
from pathlib import Path

import pytest

from tests.cli.conftest import Run, folder, run
from tests.cli.test_import_daily import THREE, zipped
from tmwatch.similarity import Scorer
from tmwatch.watches.noises import NoiseFile, unkept

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
def test_a_damaged_file_is_as_none(tmp_path: Path, damage: str) -> None:
    file = tmp_path / "x.noise.json"
    file.write_text(damage, encoding="utf-8")
    assert NoiseFile(file).known("x") == {}
    NoiseFile(file).learn("x", {"seiko": -2.5})
    assert NoiseFile(file).known("x") == {"seiko": -2.5}


def test_what_other_tables_made_is_not_taken_and_the_eight_latest_are_kept(tmp_path: Path) -> None:
    file = NoiseFile(tmp_path / "x.noise.json")
    for number in range(10):
        file.learn(f"tables {number}", {"seiko": float(number)})
    assert len(kept(tmp_path / "x.noise.json")) == 8
    assert file.known("tables 9") == {"seiko": 9.0}
    assert NoiseFile(tmp_path / "x.noise.json").known("tables 0") == {}


def test_a_folder_that_cannot_be_written_is_no_trouble(tmp_path: Path) -> None:
    file = NoiseFile(tmp_path / "missing" / "x.noise.json")
    file.learn("x", {"seiko": 1.0})
    assert file.known("x") == {"seiko": 1.0}


def test_a_dry_run_writes_none(tmp_path: Path) -> None:
    with unkept():
        NoiseFile(tmp_path / "x.noise.json").learn("x", {"seiko": 1.0})
    assert list(tmp_path.iterdir()) == []


def test_what_is_known_needs_no_background(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    memory = NoiseFile(tmp_path / "x.noise.json")
    first = Scorer()
    first.remember(memory)
    found = first.noise(first.name("SEIKO"))

    def none(*_: object) -> None:
        raise AssertionError("the background was made")

    monkeypatch.setattr(Scorer, "_beside_of", none)
    again = Scorer()
    again.remember(memory)
    assert again.noise(again.name("SEIKO")) == found
