"""The table of traps in tests/faults/README.md names tests that exist."""

from __future__ import annotations

import re

from tests.conftest import ROOT

FOLDER = ROOT / "tests" / "faults"


def test_each_trap_names_tests_that_exist() -> None:
    text = (FOLDER / "README.md").read_text(encoding="utf-8")
    rows = [line for line in text.partition("## Traps")[2].splitlines() if line.startswith("|")][2:]
    assert rows
    for row in rows:
        files = re.findall(r"`((?:\.\./)*[\w/]*test_\w+\.py)`", row)
        assert files, f"no test for: {row}"
        for name in files:
            path = (FOLDER / name).resolve()
            assert path.is_file(), f"{name} of: {row}"
            assert "def test_" in path.read_text(encoding="utf-8"), name
