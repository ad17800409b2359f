"""What a look costs, as ratios within one run: machines differ, ratios hold. `make bench` prints them."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path

import pytest
from bs4 import BeautifulSoup

from tests.conftest import ROOT
from tmwatch.importing import import_files
from tmwatch.sources.base import Page
from tmwatch.sources.us.tsdr import SOURCE
from tmwatch.store import Database

pytestmark = pytest.mark.bench
PAGE = ROOT / "fixtures/us.tsdr/registered-word-mark/page.html"


def median(work: Callable[[], object], rounds: int = 15) -> float:
    """Seconds of the median round."""
    spent = []
    for _ in range(rounds):
        start = time.perf_counter()
        work()
        spent.append(time.perf_counter() - start)
    return sorted(spent)[rounds // 2]


def test_reading_a_page_costs_little_more_than_parsing_its_html() -> None:
    body = PAGE.read_bytes()
    bare = median(lambda: BeautifulSoup(body, "lxml"))
    read = median(lambda: SOURCE.read(Page(body=body)))
    print(f"\nread / parse html: {read / bare:.2f}  (page of {len(body)} bytes)")
    assert read / bare < 6


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
