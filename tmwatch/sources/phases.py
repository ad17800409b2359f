"""From our phase to the TM5 common status descriptor, for sources that print none (`phases.csv`).

TM5 descriptors: the fifteen LIVE/DEAD labels agreed by the USPTO, EUIPO, JPO, KIPO and CNIPA
(tmfive.org). A descriptor that the office prints itself is always better: see `TradeMark.tm5_source`.
"""

from __future__ import annotations

import csv
import functools
from importlib.resources import files

from tmwatch.model import Phase


@functools.cache
def _descriptors() -> dict[Phase, str | None]:
    text = (files(__package__) / "phases.csv").read_text(encoding="utf-8")
    return {Phase(row["phase"]): row["tm5"] or None for row in csv.DictReader(text.splitlines())}


def tm5_for(phase: Phase) -> str | None:
    """The descriptor of a phase, or None where there is none (unknown, merged, transformation)."""
    return _descriptors()[phase]
