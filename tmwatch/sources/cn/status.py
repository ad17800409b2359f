"""What a Chinese status word means, for every source of Chinese filings (`status_cnipa.csv`)."""

from __future__ import annotations

import csv
import functools
from importlib.resources import files
from typing import NamedTuple

from tmwatch.model import Live, Phase
from tmwatch.text import fold_space

# Phases in which the number is a registration number as well.
REGISTERED = frozenset(
    {
        *(Phase.REGISTERED, Phase.REGISTERED_OPPOSABLE, Phase.REGISTERED_OPPOSED, Phase.RENEWAL_DUE),
        *(Phase.CANCELLATION_PENDING, Phase.SURRENDERED, Phase.CANCELLED, Phase.INVALIDATED, Phase.EXPIRED),
    }
)


class Meaning(NamedTuple):
    """What a status word means; `known` is False for a word that is not in the table."""

    phase: Phase
    live: Live
    word: str
    known: bool


@functools.cache
def table(name: str) -> tuple[dict[str, str], ...]:
    """The rows of one of the tables beside this module."""
    text = (files(__package__) / f"{name}.csv").read_text(encoding="utf-8")
    return tuple(csv.DictReader(text.splitlines()))


@functools.cache
def _status_words() -> dict[str, Meaning]:
    found = {}
    for row in table("status_cnipa"):
        # Tianyancha's numbers for statuses stand in the table with the word they mean.
        word = row["means"] if row["word"].isdigit() else row["word"]
        found[row["word"]] = Meaning(Phase(row["phase"]), Live(row["live"]), word, True)
    return found


def meaning(word: str) -> Meaning:
    """Phase and liveness of a status word or number; unknown for any other, never a default."""
    return _status_words().get(fold_space(word), Meaning(Phase.UNKNOWN, Live.UNKNOWN, word, False))
