"""`watch test`: what a watch would hit among the stored filings, why, and what it only just misses."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from tmwatch.model import TradeMark
from tmwatch.watches.rules import Match, match

if TYPE_CHECKING:
    from tmwatch.config.models import Watch


@dataclass
class Trial:
    """The outcome. `misses` are filings for which a trigger fired and something else did not hold."""

    looked_through: int = 0
    hits: list[tuple[TradeMark, Match]] = field(default_factory=list)
    misses: list[tuple[TradeMark, Match]] = field(default_factory=list)


def trial(watch: Watch, records: Iterable[TradeMark]) -> Trial:
    """Hold the rule against each record; near misses come with the fewest reasons first."""
    found = Trial()
    for record in records:
        found.looked_through += 1
        answer = match(watch, record)
        if answer.hit:
            found.hits.append((record, answer))
        elif answer.triggers:
            found.misses.append((record, answer))
    found.misses.sort(key=lambda item: (len(item[1].failed), item[0].st13))
    return found
