"""The filings of a register's file as the watches see them, told from the few fields of `sources.slim`.

What `Portfolio.concerning` lets through is read whole, and `match` decides.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from tmwatch.changes.goods import effective
from tmwatch.sources.slim import Slim
from tmwatch.watches.docket import bare
from tmwatch.watches.filing import Filing

if TYPE_CHECKING:
    from tmwatch.config.models import Watch


def filing_of_slim(one: Slim) -> Filing:
    """As it stands in a file that is being read."""
    return Filing(
        one.st13,
        one.st13[:2],
        one.names,
        one.owners,
        one.agents,
        _nice(one.classes),
        one.filing_date,
        tuple(map(effective, one.goods)) or None,
        one.application_number,
        one.registration_number,
        one.international_number,
    )


def filing_of_row(row: Mapping[str, Any]) -> Filing:
    """As it stands in the store of the register (`Register.rows`), which keeps no goods."""
    others = [text for _, text in row["other_names"]]
    return Filing(
        row["st13"],
        row["office"],
        tuple(dict.fromkeys(filter(None, [row["name"], *others]))),
        tuple(row["owners"]),
        tuple(row["agents"]),
        _nice(row["classes"]),
        dt.date.fromisoformat(row["filing_date"]) if row["filing_date"] else None,
        None,
        row["application_number"],
        row["registration_number"],
        row["international_number"],
    )


def _nice(classes: Iterable[str]) -> tuple[int, ...]:
    return tuple(int(one) for one in classes if one.isdigit() and 1 <= int(one) <= 45)


class Numbers:
    """The numbers of all watches: ST.13, and those by which a filing has to be looked up first."""

    def __init__(self, watches: Sequence[Watch]) -> None:
        numbers = [number for watch in watches for number in watch.numbers]
        self.st13 = {number.st13 for number in numbers if number.st13 is not None}
        self.registration = {bare(number.number) for number in numbers if number.kind == "registration"}
        self.international = {bare(number.number) for number in numbers if number.kind == "international"}
