"""What one pass did: each question and how it ended, and what follows from that."""

from __future__ import annotations

import datetime as dt
import functools
from dataclasses import dataclass, field, replace
from typing import Any

from tmwatch.alerts.payload import CoverageLine
from tmwatch.errors import PASSING, Outcome, TmwatchError
from tmwatch.model import Frozen, GoodsServices, Party, TradeMark
from tmwatch.store import Observed
from tmwatch.store.sights import AtHand

# This many failed looks of a passing kind in a row are no longer passing: somebody should know.
PATIENCE = 3


def lightly(one: Observed) -> Observed:
    """With no more of its record than a report of a pass says: its numbers, its mark, dates and status, the
    names of its owners, its classes.

    The histories and specifications of a thousand filings are a hundred megabytes; the store has them. What
    is not at hand is read from the file when somebody asks, as before.
    """
    if one.what not in ("new", "changed") and not isinstance(one.known, AtHand):
        return one
    previous = _bare(one.previous) if one.previous is not None else None
    return replace(one, known=AtHand(_bare(one.record), previous, one.provenance, one.first_seen))


def _bare(record: TradeMark) -> TradeMark:
    less: dict[str, object] = {"covers": _shared(record.covers)}
    for name, value in record:
        if isinstance(value, tuple) and value:
            less[name] = ()
        elif isinstance(value, Frozen):
            less[name] = None
    less["owners"] = tuple(Party(name=party.name) for party in record.owners)
    less["classes"] = tuple(_one_class(number) for number in record.class_numbers)
    return record.model_copy(update=less)


@functools.lru_cache(maxsize=64)
def _shared(covers: frozenset[str]) -> frozenset[str]:
    """One for all filings of a source, and not one for each."""
    return covers


@functools.lru_cache(maxsize=256)
def _one_class(number: str) -> GoodsServices:
    return GoodsServices(class_number=number)


@dataclass(frozen=True)
class Asked:
    """One question of the sweep and how it ended. Of the records of `observed` there is only what a
    report says (`lightly`): the store has them."""

    watches: tuple[str, ...]
    source: str
    query: str
    outcome: Outcome
    observed: tuple[Observed, ...] = ()
    error: str = ""
    passing: bool = False  # a failure that the next run may well mend
    baseline: bool = False

    @property
    def failed(self) -> bool:
        """It did not end well."""
        return self.outcome not in (Outcome.OK, Outcome.NOT_MODIFIED)

    def as_json(self) -> dict[str, Any]:
        """For `check --json` and the log."""
        return {
            "watches": list(self.watches),
            "source": self.source,
            "asked": self.query,
            "outcome": self.outcome.value,
            "error": self.error or None,
            "baseline": self.baseline,
            "filings": [{"st13": one.st13, "what": one.what} for one in self.observed],
        }


@dataclass(frozen=True)
class Left:
    """A question that was not put: its host is let rest until then. No look, and so no failed one."""

    watches: tuple[str, ...]
    source: str
    query: str
    outcome: Outcome  # the trouble that is the cause of it
    why: str
    until: dt.datetime  # UTC

    def as_json(self) -> dict[str, Any]:
        """For `check --json` and the log."""
        return {
            "watches": list(self.watches),
            "source": self.source,
            "asked": self.query,
            "outcome": self.outcome.value,
            "why": self.why,
            "until": self.until.isoformat(),
        }


@dataclass(frozen=True)
class Closed:
    """A source that the operator has closed for these hours, and how many questions wait for their end."""

    until: dt.datetime  # UTC
    questions: int


@dataclass
class SweepReport:
    """What one pass did."""

    asked: list[Asked] = field(default_factory=list)
    left: list[Left] = field(default_factory=list)
    not_due: int = 0
    closed: dict[str, Closed] = field(default_factory=dict)  # by source
    stopped: int = 0  # questions that were not put, since the pass was told to stop
    coverage: dict[str, tuple[CoverageLine, ...]] = field(default_factory=dict)
    problems: dict[str, TmwatchError] = field(
        default_factory=dict
    )  # what is to be mended besides, by its text

    @property
    def changed(self) -> list[Observed]:
        """Filings whose record changed in this pass."""
        return [one for item in self.asked for one in item.observed if one.what == "changed"]

    @property
    def appeared(self) -> list[Observed]:
        """Filings new to the store that were not part of a first look."""
        return [one for item in self.asked if not item.baseline for one in item.observed if one.what == "new"]

    @property
    def baseline(self) -> list[Observed]:
        """Filings of first looks."""
        return [one for item in self.asked if item.baseline for one in item.observed if one.what == "new"]

    @property
    def failures(self) -> list[Asked]:
        """Questions that did not end well."""
        return [item for item in self.asked if item.failed]

    @property
    def operator_must_act(self) -> bool:
        """Some failure will not pass by itself."""
        lasting = any(not item.passing for item in self.failures)
        return lasting or any(item.outcome not in PASSING for item in self.left)
