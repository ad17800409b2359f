"""The table of traps in tests/faults/README.md names tests that exist."""

from __future__ import annotations

import re

from tests.conftest import ROOT

FOLDER = ROOT / "tests" / "faults"


def test_each_trap_names_tests_that_exist() -> None:
    text = (FOLDER / "README.md").read_text(encoding="utf-8")
    table = text.partition("## Traps")[2].partition("not built yet")[0]
    rows = [line for line in table.splitlines() if line.startswith("|")][2:]
    assert rows
    for row in rows:
        files = re.findall(r"`((?:\.\./)*[\w/]*test_\w+\.py)`", row)
        assert files, f"no test for: {row}"
        for name in files:
            path = (FOLDER / name).resolve()
            assert path.is_file(), f"{name} of: {row}"
            assert "def test_" in path.read_text(encoding="utf-8"), name
        # A word in brackets is part of the name of one test, or of one row of its table.
        texts = "".join((FOLDER / name).resolve().read_text(encoding="utf-8") for name in files)
        for words in re.findall(r"\(`([\w-]+)`\)", row):
            assert words in texts, f"{words} of: {row}"
