"""A gap in a row is no news: what every filing has stays as it is known where a row leaves it empty."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import ROOT
from tmwatch.changes import diff, merge
from tmwatch.sources.base import Page
from tmwatch.sources.registry import get_source

ROWS = {"em.euipo": ("search-page", "trademarks"), "fi.prh": ("three-marks", "results")}
ROWS["se.prv"] = ("three-marks", "trademarks")
EMPTY = [
    ("em.euipo", "applicants", None),
    ("em.euipo", "applicants", []),
    ("em.euipo", "niceClasses", None),
    ("em.euipo", "niceClasses", []),
    ("em.euipo", "status", None),
    ("em.euipo", "wordMarkSpecification", None),
    ("fi.prh", "applicants", None),
    ("fi.prh", "applicants", []),
    ("fi.prh", "goodsAndServices", []),
    ("fi.prh", "dossierStatus", None),
    ("fi.prh", "applicationDate", None),
    ("se.prv", "applicants", None),
    ("se.prv", "applicants", []),
    ("se.prv", "applicants", [{"name": None, "address": None}]),
    ("se.prv", "classes", None),
    ("se.prv", "classes", []),
    ("se.prv", "filingDate", None),
]


def rows(source: str) -> tuple[dict[str, Any], str]:
    case, key = ROWS[source]
    path: Path = ROOT / "fixtures" / source / case / "page.json"
    return json.loads(path.read_bytes()), key


@pytest.mark.parametrize(("source", "key", "value"), EMPTY)
def test_an_empty_cell_takes_nothing_from_a_filing_and_is_reported(
    source: str, key: str, value: object
) -> None:
    answer, name = rows(source)
    before = get_source(source).read(Page(json.dumps(answer).encode())).readings[0]
    answer[name][0][key] = value
    after = get_source(source).read(Page(json.dumps(answer).encode())).readings[0]
    assert after.record.st13 == before.record.st13
    assert diff(before.record, after.record, merge(before.record, after.record)) == []
    assert any("(empty)" in one for one in after.unclaimed)
    assert len(get_source(source).read(Page(json.dumps(answer).encode())).readings) == len(answer[name])
