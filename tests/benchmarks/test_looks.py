"""What a look costs, as ratios within one run: machines differ, ratios hold. `make bench` prints them."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from tests.conftest import ROOT
from tmwatch.importing import import_files
from tmwatch.store import Database

pytestmark = pytest.mark.bench
PAGE = ROOT / "fixtures/us.tsdr/registered-word-mark/page.html"


def test_an_unchanged_page_is_cheaper_to_store_than_a_new_one(tmp_path: Path) -> None:
    fresh, known = [], []
    for number in range(15):
        base = Database(tmp_path / f"{number}.db")
        start = time.perf_counter()
        import_files(base, [PAGE])
        fresh.append(time.perf_counter() - start)
        start = time.perf_counter()
        import_files(base, [PAGE])
        known.append(time.perf_counter() - start)
        base.close()
    ratio = sorted(known)[7] / sorted(fresh)[7]
    print(f"\nunchanged / new: {ratio:.2f}")
    assert ratio < 1.1
