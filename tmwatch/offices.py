"""Offices and countries by their WIPO ST.3 code, from `data/offices.csv`.

Codes: WIPO Standard ST.3, Annex A, without the bodies that keep no trade marks. `XX` is ST.3's code for
"unknown"; tmwatch uses it for the fictional filings of the demonstration.
"""

from __future__ import annotations

import csv
import functools
from dataclasses import dataclass
from importlib.resources import files


@dataclass(frozen=True)
class Office:
    """One row of the table: "US", "United States of America", "USPTO", ("USA",)."""

    code: str
    name: str
    office: str  # the office's usual short name; "" where none is in common use
    often_written: tuple[str, ...]  # what people write instead of the code: EU for EM, UK for GB

    @property
    def label(self) -> str:
        """For sentences: "the USPTO", "IP Australia", "WIPO"; without a short name "VU (Vanuatu)"."""
        if not self.office:
            return f"{self.code} ({self.name})"
        bare = " " in self.office or self.office == "WIPO"
        return self.office if bare else f"the {self.office}"


@functools.cache
def offices() -> dict[str, Office]:
    """Every office by its ST.3 code."""
    text = files("tmwatch").joinpath("data/offices.csv").read_text(encoding="utf-8")
    return {
        row["code"]: Office(row["code"], row["name"], row["office"], tuple(row["often_written"].split()))
        for row in csv.DictReader(text.splitlines())
    }


def office_label(code: str) -> str:
    """`office_label("US")` is "the USPTO"; a code that is not in the table is shown as it is."""
    known = offices().get(code)
    return known.label if known else code
