"""Cells of a CSV table: text is no formula, and a number stays a number."""

from __future__ import annotations

from tmwatch.exporting import cell


def test_a_number_below_nothing_is_a_number_and_such_a_text_is_text() -> None:
    """The score of a distant name is below nothing, and a column with apostrophes is not sorted."""
    assert [cell(value) for value in (-0.466, -3, 2)] == ["-0.466", "-3", "2"]
    assert [cell(value) for value in ("-0.466", "-1+1", "=1", ["=1", "-2"])] == [
        "'-0.466",
        "'-1+1",
        "'=1",
        "'=1; -2",
    ]
