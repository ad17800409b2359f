"""A saved answer with a row whose number nobody can read: the others are kept, the row is named."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.cli.conftest import Run
from tests.conftest import ROOT


@pytest.fixture
def answer(folder: Path) -> Path:
    page = json.loads((ROOT / "fixtures/se.prv/three-marks/page.json").read_text(encoding="utf-8"))
    page["trademarks"][1]["applicationNumber"] = "2019-99902/A"
    path = folder / "answer.json"
    path.write_text(json.dumps(page, ensure_ascii=False), encoding="utf-8")
    return path


def test_an_import_keeps_the_rows_it_can_read_and_names_the_other(run: Run, answer: Path) -> None:
    run("init")
    ran = run("import", answer.name)
    assert "row 2: `applicationNumber` is no Swedish number: 2019-99902/A" in ran.err
    assert "the other rows of the page were read" in " ".join(ran.err.split())
    assert "Traceback" not in ran.err
    assert run("show", "SE 2025-99903").code == 0
    assert run("show", "SE 2019-99902").code != 0, "nobody's number is made of it"


def test_a_source_check_says_that_not_all_was_read(run: Run, answer: Path) -> None:
    ran = run("source", "check", "se.prv", answer.name)
    assert ran.code != 0
    assert "2019-99902/A" in ran.out + ran.err


def test_a_ukrainian_number_is_shown_as_the_office_writes_it(run: Run, folder: Path) -> None:
    run("init")
    page = ROOT / "fixtures/ua.nipo/application/page.json"
    (folder / "ua.json").write_bytes(page.read_bytes())
    run("import", "ua.json")
    ran = run("show", "UA M202399901")
    assert "UA m202399901" in ran.out
    run("watch", "add", "own", "--number", "UA M202399901")
    listed = run("watch", "list", "--json")
    assert "M2023999" not in listed.out
    assert "m2023999" in (folder / "tmwatch.toml").read_text(encoding="utf-8") + listed.out
