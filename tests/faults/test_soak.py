"""Memory flat, -wal bounded, open files flat, disk growing only with what pages say: for months."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from tests.faults.soak import Figures, soak

pytestmark = pytest.mark.skipif(not sys.platform.startswith("linux"), reason="reads /proc")
MIB = 2**20
ROW = 2000  # bytes: what a look that finds nothing new may add: one row, with its place in two indexes
CHANGE = 20_000  # bytes: a version, its change, its alert, and one page of 65 kB, packed, more


def bounded(figures: Figures, warm: int) -> None:
    print(f"\n{figures}")
    assert max(figures.files[warm:]) <= min(figures.files[warm:]) + 2
    assert max(figures.wal) < 24 * MIB
    after_warming = figures.looks[-1] - figures.looks[warm]
    grown = figures.used[-1] - figures.used[warm]
    assert grown < after_warming * ROW + figures.changes * CHANGE * 4
    assert figures.alerts == figures.changes > 0


def test_ninety_looks_leave_no_handle_open_and_little_behind(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TMWATCH_STATE_DIR", str(tmp_path / "state"))
    figures = soak(tmp_path, 9, 10, filling=0)
    bounded(figures, 3)
    assert figures.rss[-1] - figures.rss[3] < 40 * MIB


@pytest.mark.soak
def test_ten_thousand_looks(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TMWATCH_STATE_DIR", str(tmp_path / "state"))
    figures = soak(tmp_path, 100, 100)
    bounded(figures, 20)
    assert figures.changes == pytest.approx(100, abs=5)
    assert figures.per_look(figures.rss, 50) < 500, "bytes of memory for each look"
    assert figures.rss[-1] < 200 * MIB
