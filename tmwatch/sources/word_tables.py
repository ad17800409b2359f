"""Tables of a register's own words beside its reader (CSV): statuses, kinds of mark."""

from __future__ import annotations

import csv
import functools
from importlib.resources import files
from typing import Any, NamedTuple

from tmwatch.model import Live, Phase
from tmwatch.sources.phases import tm5_for


class Meaning(NamedTuple):
    """What a status word means; `known` is False for a word that is not in the table."""

    phase: Phase
    live: Live
    known: bool


UNKNOWN = Meaning(Phase.UNKNOWN, Live.UNKNOWN, False)


@functools.cache
def _rows(package: str, name: str) -> tuple[dict[str, str], ...]:
    text = (files(package) / name).read_text(encoding="utf-8")
    return tuple(csv.DictReader(text.splitlines()))


@functools.cache
def statuses(package: str, name: str = "status.csv") -> dict[str, Meaning]:
    """The table `word,phase,live,…` beside a reader, by word."""
    return {
        row["word"]: Meaning(Phase(row["phase"]), Live(row["live"]), True) for row in _rows(package, name)
    }


@functools.cache
def words(package: str, name: str) -> dict[str, str]:
    """The table `word,means,…` beside a reader."""
    return {row["word"]: row["means"] for row in _rows(package, name)}


def status_fields(meaning: Meaning) -> dict[str, Any]:
    """The fields of a record that follow from a status; the office's own words are the reader's to add."""
    tm5 = tm5_for(meaning.phase)
    return {
        "status_phase": meaning.phase,
        "status_live": meaning.live,
        "tm5_csd": tm5,
        "tm5_source": "computed" if tm5 else None,
    }
