"""One demonstration for all tests that only look at what it left behind."""

from __future__ import annotations

import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest

# A user's own keys: with them the real registers would be asked, if the demonstration looked at them.
KEYS = {"USPTO_API_KEY": "real-key", "TIANYANCHA_TOKEN": "real-token"}


@dataclass(frozen=True)
class Shown:
    """What the command printed, and where it left its files."""

    code: int
    screen: str
    errors: str
    folder: Path


def show(folder: Path, cwd: Path) -> Shown:
    """`tmwatch demo` as a user calls it, somewhere on a disk; off a terminal, in a small locale."""
    done = subprocess.run(
        [sys.executable, "-m", "tmwatch", "demo", "--folder", str(folder)],
        cwd=cwd,
        env={**os.environ, **KEYS, "LC_ALL": "C", "PYTHONPATH": str(Path(__file__).parents[2])},
        capture_output=True,
        timeout=60,
        check=False,
    )
    return Shown(done.returncode, done.stdout.decode(), done.stderr.decode(), cwd / folder)


@pytest.fixture(scope="session")
def shown(tmp_path_factory: pytest.TempPathFactory) -> Shown:
    return show(Path("tmwatch-demo"), tmp_path_factory.mktemp("demo"))
