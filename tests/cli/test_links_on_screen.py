"""An address on a screen of 80 columns is whole, and nothing but an address is wider than the screen."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from rich.cells import cell_len

from tests.cli.conftest import FIXTURES, PAGE, SERIAL, Run
from tmwatch.sources.expectation import load_case

CASES = {
    path.parent.parent.name: path.parent
    for path in sorted(FIXTURES.glob("*/*/meta.toml"))
    if load_case(path.parent).outcome.value == "ok"
}


def too_wide(out: str) -> list[str]:
    return [line for line in out.splitlines() if cell_len(line.rstrip()) > 80]


@pytest.mark.parametrize("source", CASES)
def test_show_breaks_no_address_and_lets_only_an_address_be_wider(
    run: Run, folder: Path, source: str
) -> None:
    case = CASES[source]
    ran = run("import", "--json", "--source", source, str(case / load_case(case).page))
    st13 = next(found["st13"] for line in ran.out.splitlines() if (found := json.loads(line))["st13"])
    for terminal in (True, False):
        shown = run("show", st13, "--events", "--goods", terminal=terminal)
        assert shown.code == 0, shown.err
        assert all(line.startswith("https://") and " " not in line for line in too_wide(shown.out))


def test_a_long_address_stands_on_a_line_of_its_own_and_a_short_one_beside_its_label(
    run: Run, folder: Path
) -> None:
    run("import", str(PAGE))
    shown = [line.rstrip() for line in run("show", f"US {SERIAL}", terminal=True).out.splitlines()]
    place = shown.index("Register")
    assert shown[place + 1].startswith(f"https://tsdr.uspto.gov/#caseNumber={SERIAL}&")
    assert shown[place + 1].endswith("&searchType=statusSearch")
    run("import", str(next((FIXTURES / "us.ttab/opposition-sustained").glob("*.xml"))))
    shown = [line.rstrip() for line in run("show", "US 99990403").out.splitlines()]
    assert "Register         https://ttabvue.uspto.gov/ttabvue/v?qs=99990403" in shown


def test_the_worklist_does_the_same(run: Run, folder: Path) -> None:
    run("init")
    run("watch", "add", "own", "--number", f"US {SERIAL}", "--number", "WO 1266721")
    out = run("worklist", terminal=True).out
    (wide,) = too_wide(out)
    assert wide.startswith("https://tsdr.uspto.gov/#caseNumber=")
    lines = [line.rstrip() for line in out.splitlines()]
    assert lines[lines.index(wide) - 1] == f"US {SERIAL}"
