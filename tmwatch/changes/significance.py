"""How much a change matters: domain table 7 as data and a few rules."""

from __future__ import annotations

import csv
import functools
import re
from importlib.resources import files

from tmwatch.model import Live, MarkEvent, Phase, Significance

CRITICAL, HIGH, MEDIUM, LOW, COSMETIC = (
    Significance.CRITICAL,
    Significance.HIGH,
    Significance.MEDIUM,
    Significance.LOW,
    Significance.COSMETIC,
)

# Fields with one significance whatever happens to them. Those not named here have rules in `diff`.
BY_FIELD: dict[str, Significance] = {
    "registration_number": HIGH,
    "registration_date": HIGH,
    "international_registration_number": HIGH,
    "application_number": HIGH,
    "application_date": HIGH,
    "filing_route": HIGH,
    "opposition_period": CRITICAL,
    "allowance_date": HIGH,
    "expiry_date": HIGH,
    "renewal_dates": MEDIUM,
    "termination_date": HIGH,
    "termination_kind": HIGH,
    "verbal_element": HIGH,
    "disclaimer": MEDIUM,
    "description": MEDIUM,
    "colour_claim": MEDIUM,
    "translation": MEDIUM,
    "transliteration": MEDIUM,
    "acquired_distinctiveness": MEDIUM,
    "standard_characters": MEDIUM,
    "register_kind": HIGH,
    "register_amended_date": HIGH,
    "filing_basis": MEDIUM,
    "current_basis": MEDIUM,
    "amended_basis": MEDIUM,
    "representatives": MEDIUM,
    "domestic_representative": MEDIUM,
    "correspondence": MEDIUM,
    "priorities": MEDIUM,
    "related_marks": MEDIUM,
    "maintenance_filings": MEDIUM,
    "mark_feature": MEDIUM,
    "mark_category": MEDIUM,
    "latest_step": MEDIUM,
    "image": MEDIUM,
    "registration_correction": MEDIUM,
    "registration_amendment": MEDIUM,
}
# Everything else (examiner, law office, location, docket number, pseudo mark, dates of steps): low.

# Phases that start a clock or end a right: entering one is critical.
_ALARM = frozenset(
    {
        Phase.PUBLISHED,
        Phase.REGISTERED_OPPOSABLE,
        Phase.OPPOSED,
        Phase.REGISTERED_OPPOSED,
        Phase.CANCELLATION_PENDING,
        Phase.REFUSED,
        Phase.CANCELLED,
        Phase.INVALIDATED,
        Phase.EXPIRED,
        Phase.SURRENDERED,
        Phase.RENEWAL_DUE,
    }
)


def of_status(old_phase: Phase, new_phase: Phase, old_live: Live, new_live: Live) -> Significance:
    """Critical: alive ↔ dead, or a phase that starts a clock; high: any other change of phase.

    Within one phase (Section 8 accepted, renewed …) it is medium. A status we cannot read is high:
    somebody must look.
    """
    if {old_live, new_live} == {Live.LIVE, Live.DEAD}:
        return CRITICAL
    if new_phase is not old_phase:
        return CRITICAL if new_phase in _ALARM else HIGH
    return MEDIUM


@functools.cache
def _rules(table: str, part: str = "") -> tuple[tuple[str, re.Pattern[str], Significance], ...]:
    text = files("tmwatch.data").joinpath(f"{table}.csv").read_text(encoding="utf-8")
    return tuple(
        (row["office"], re.compile(row["pattern"], re.IGNORECASE), Significance(row["significance"]))
        for row in csv.DictReader(text.splitlines())
        if row.get("part", "") == part
    )


def _first(
    rules: tuple[tuple[str, re.Pattern[str], Significance], ...], office: str, text: str
) -> Significance:
    for rule_office, pattern, significance in rules:
        if rule_office in (office, "*") and pattern.search(text):
            return significance
    return MEDIUM


def of_event(office: str, event: MarkEvent) -> Significance:
    """By the words of the entry, first matching row of `data/event_significance.csv`; else medium."""
    return _first(_rules("event_significance"), office, event.text)


def of_proceeding(office: str, part: str, text: str) -> Significance:
    """By the words of its kind, its status or a docket entry (`part`: kind, status, docket), first matching
    row of `data/proceeding_significance.csv`; else medium."""
    return _first(_rules("proceeding_significance", part), office, text)
