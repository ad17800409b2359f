"""Worked examples by name: which rule, which part of it. Shared by our own facts and the files beside us."""

from __future__ import annotations

import csv
import datetime as dt
import os
import re
import warnings
from dataclasses import dataclass
from pathlib import Path

from tmwatch.deadlines.rules import ALIASES, Rule, shipped
from tmwatch.deadlines.span import Span, span_of

ROOT = Path(__file__).resolve().parents[2]


def shared_examples() -> Path | None:
    """`facts/deadline_examples.csv` beside the project (TMWATCH_SHARED), never in it; None if absent."""
    given = os.environ.get("TMWATCH_SHARED")
    for folder in [Path(given)] if given else [ROOT.parent / "shared", ROOT.parent.parent / "shared"]:
        if (path := folder / "facts" / "deadline_examples.csv").is_file():
            return path
    warnings.warn("no facts beside the project (TMWATCH_SHARED): the examples were NOT tried", stacklevel=1)
    return None


@dataclass(frozen=True)
class Example:
    office: str
    name: str
    trigger: dt.date
    opens: dt.date | None
    closes: dt.date | None

    def __str__(self) -> str:
        return f"{self.office} {self.name} {self.trigger}"


def read_examples(path: Path) -> list[Example]:
    with path.open(encoding="utf-8", newline="") as file:
        return [
            Example(
                row["office"],
                row["rule"],
                dt.date.fromisoformat(row["trigger_date"]),
                _day(row["expected_open"]),
                _day(row["expected_close"]),
            )
            for row in csv.DictReader(file)
        ]


def _day(text: str) -> dt.date | None:
    return dt.date.fromisoformat(text) if text else None


# What the names of examples say beside the rule's own name: a length, an age, a step.
_LENGTH = re.compile(r"_\d+[dmy](?=_|$)")
_ALSO_CALLED = {
    "sou_due": "statement_of_use",
    "opposition_notice": "opposition_intent",
    "refusal_time_limit": "refusal_limit",
    "refusal_reply_domestic": "refusal_reply",
    "opposition_with_tm7a": "opposition",
    "opposition_extended_max": "opposition",
    "oa_response_plus_ext": "oa_response",
    "sec8_9_second_renewal": "sec8_9_renewal",
    "sou_due_first": "statement_of_use",
    "sou_due_max": "statement_of_use",
    "sec8_first_grace": "sec8_first",
}


def found(example: Example) -> tuple[dt.date | None, dt.date | None]:
    """(opens, last safe day) as our rules compute the example."""
    base = _LENGTH.sub("", example.name)
    step = re.search(r"_ext(\d)$", base)
    if step:
        base = base.removesuffix(step[0])
    name = _ALSO_CALLED.get(base, base)
    if name == "refusal_limit" and "_18m" in example.name:
        name = "refusal_limit_18"
    office = ALIASES.get(example.office, example.office)
    rule = (
        shipped().get(office, name) if name.endswith("_old") else shipped().at(office, name, example.trigger)
    )
    assert rule is not None, f"no rule for {example}"
    span = span_of(rule, example.trigger)
    if "second" in example.name:
        span = span_of(rule, example.trigger, term=1)
    elif rule.repeats and example.opens:
        span = _term_that_opens(rule, example)
    if example.name.endswith("_grace"):
        return span.grace_opens, span.grace.last_safe if span.grace else None
    if step:
        return span.opens, span.extensions[int(step[1]) - 1].last_safe
    if any(word in example.name for word in ("_max", "_plus_ext", "_with_tm7a")):
        return span.opens, span.extensions[-1].last_safe
    return span.opens, span.end.last_safe if span.end else None


def _term_that_opens(rule: Rule, example: Example) -> Span:
    """Of a rule that repeats: the term that opens on the example's day, else the first."""
    spans = [span_of(rule, example.trigger, term=term) for term in range(10)]
    return next((one for one in spans if one.opens == example.opens), spans[0])
