"""What is installed from a wheel is whole: tables, templates, schemas and the demonstration's data."""

from __future__ import annotations

import os
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from tests.conftest import ROOT


@pytest.fixture(scope="module")
def unpacked(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel, built as where there is no C compiler, unpacked where nothing else lies."""
    folder = tmp_path_factory.mktemp("wheel")
    # What pip and `python -m build` call, without what they start around it.
    build = "import sys; from setuptools import build_meta; build_meta.build_wheel(sys.argv[1])"
    copy = folder / "source"
    tracked = subprocess.run(
        [
            "git",
            "ls-files",
            "-z",
            "--cached",
            "--others",
            "--exclude-standard",
            "tmwatch",
            "pyproject.toml",
            "README.md",
        ],
        cwd=ROOT,
        check=True,
        capture_output=True,
        text=True,
    ).stdout.split("\0")
    for name in filter(None, tracked):
        target = copy / name
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes((ROOT / name).read_bytes())
    command = [sys.executable, "-c", build, str(folder)]
    env = {**os.environ, "CC": "false"}
    subprocess.run(command, cwd=copy, check=True, timeout=120, capture_output=True, env=env)
    (wheel,) = folder.glob("*.whl")
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(folder / "installed")
    return folder / "installed"


def run(unpacked: Path, folder: Path, *words: str) -> subprocess.CompletedProcess[str]:
    env = {**os.environ, "PYTHONPATH": str(unpacked), "TMWATCH_STATE_DIR": str(folder / "state")}
    return subprocess.run(
        [sys.executable, "-m", "tmwatch", *words],
        cwd=folder,
        env=env,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


def test_every_table_template_and_schema_is_in_the_wheel(unpacked: Path) -> None:
    kinds = {".csv", ".toml", ".j2", ".json", ".typed"}
    wanted = {
        path.relative_to(ROOT).as_posix()
        for path in (ROOT / "tmwatch").rglob("*")
        if path.suffix in kinds or path.name == "py.typed"
    }
    there = {path.relative_to(unpacked).as_posix() for path in unpacked.rglob("*") if path.is_file()}
    assert wanted - there == set()


def test_the_demonstration_works_from_an_installed_wheel(unpacked: Path, tmp_path: Path) -> None:
    ran = run(unpacked, tmp_path, "demo")
    assert ran.returncode == 0, ran.stderr
    assert "[SAMPLE] Joyrobotaxi (CN, 9 filings)" in ran.stdout
    assert (tmp_path / "tmwatch-demo/tmwatch.db").is_file()


def test_a_saved_page_is_imported_and_shown_by_an_installed_wheel(unpacked: Path, tmp_path: Path) -> None:
    page = ROOT / "fixtures/us.tsdr/registered-word-mark/page.html"
    assert run(unpacked, tmp_path, "import", str(page)).returncode == 0
    shown = run(unpacked, tmp_path, "show", "US 99990101")
    assert "SAMPLE HARBOUR" in shown.stdout, shown.stderr
