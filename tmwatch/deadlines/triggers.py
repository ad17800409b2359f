"""From a record to the days that start a period: a field, an entry of the history, a docket, a designation.

What a record does not hold (the day a notice was received) starts nothing here; `tmwatch deadlines --rule`
counts it for a day that the user gives.
"""

from __future__ import annotations

import datetime as dt
import functools
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from tmwatch.deadlines.rules import Rule
from tmwatch.model import Designation, Live, Phase, Proceeding, Publication, TradeMark

# Publications of the registration, as the registers call them; all others are of the application.
_REGISTRATION = re.compile(
    r"注册|registration|eintragung|enregistrement|^B\.|^[CDM]\.[23]|45\d", re.IGNORECASE
)
_REGISTERED = frozenset(
    {
        Phase.REGISTERED,
        Phase.REGISTERED_OPPOSABLE,
        Phase.REGISTERED_OPPOSED,
        Phase.CANCELLATION_PENDING,
        Phase.RENEWAL_DUE,
    }
)


@dataclass(frozen=True, slots=True)
class Trigger:
    """`words` name what happened; `mark` tells triggers of one rule apart, whatever becomes of their days."""

    day: dt.date
    words: str
    mark: str = ""
    proceeding: Proceeding | None = None
    designation: Designation | None = None
    printed: dt.date | None = None  # the end that the office prints with it


def is_madrid(record: TradeMark) -> bool:
    """Whether the filing came by an international registration."""
    bases = (*record.filing_basis, *record.current_basis)
    return record.office != "WO" and (
        record.filing_route == "madrid_designation"
        or bool(record.international_registration_number and record.filing_route != "direct")
        or any("66" in one for one in bases)
    )


def is_registered(record: TradeMark) -> bool:
    """Whether the register has entered the mark; a mark that has ended counts by its registration date."""
    return record.status_phase in _REGISTERED or (
        record.registration_date is not None and record.status_phase not in (Phase.FILED, Phase.EXAMINATION)
    )


def applies(rule: Rule, record: TradeMark) -> bool:
    """Whether the row speaks of filings like this one. A dead mark keeps its rows: they are moot."""
    madrid, registered = is_madrid(record), is_registered(record)
    facts = {
        "madrid": madrid,
        "direct": not madrid,
        "registered": registered,
        "unregistered": not registered,
        "dead": record.status_live is Live.DEAD,
    }
    return all(facts[one] for one in rule.when)


def triggers_of(rule: Rule, record: TradeMark) -> Sequence[Trigger]:
    """What in the record starts the rule's period; of publications and events the latest only."""
    match rule.trigger:
        case "publication" | "registration_publication":
            return _publications(rule, record)
        case "event":
            return _events(rule, record)
        case "docket":
            return list(_dockets(rule, record))
        case "designation":
            return list(_designations(rule, record))
        case "given":
            return []
        case "opposition_end":
            period = record.opposition_period
            return [Trigger(period.end, "end of the opposition period")] if period and period.end else []
    day = getattr(record, rule.trigger)
    return [Trigger(day, rule.trigger.replace("_", " "))] if day else []


def _publications(rule: Rule, record: TradeMark) -> list[Trigger]:
    of_registration = rule.trigger == "registration_publication"
    pattern = _compiled(rule.argument)
    days = [
        one.date
        for one in record.publications
        if one.date
        and _is_of_registration(one, of_registration)
        and (pattern is None or pattern.search(one.section or ""))
    ]
    return (
        [Trigger(max(days), "publication of the registration" if of_registration else "publication")]
        if days
        else []
    )


def _is_of_registration(one: Publication, wanted: bool) -> bool:
    if not one.section:
        return True  # the source does not say of what: the rule of the office decides
    return bool(_REGISTRATION.search(one.section)) is wanted


def _events(rule: Rule, record: TradeMark) -> list[Trigger]:
    pattern = _compiled(rule.argument)
    found = [one for one in record.events if pattern and pattern.search(one.text)]
    if not found:
        return []
    last = max(found, key=lambda one: (one.date, one.number or 0))
    return [Trigger(last.date, last.text, mark=str(last.number or last.date))]


def _dockets(rule: Rule, record: TradeMark) -> Iterable[Trigger]:
    pattern = _compiled(rule.argument)
    for one in record.proceedings:
        entries = [
            entry for entry in one.docket or () if entry.date and pattern and pattern.search(entry.text)
        ]
        if not entries or not _defends(one, record):
            continue
        entry = next((entry for entry in entries if entry.due), entries[0])
        assert entry.date is not None
        words = f"{entry.text.strip(' :;')} ({one.kind} {one.number})"
        yield Trigger(entry.date, words, mark=one.number, proceeding=one, printed=entry.due)


def _defends(proceeding: Proceeding, record: TradeMark) -> bool:
    """Whether this filing is the one attacked. A side that relies on it has nothing to answer."""
    own = {number for number in (record.application_number, record.registration_number) if number}
    sides = [
        party.role_code == "D" or "defendant" in party.role.lower()
        for party in proceeding.parties
        for mark in party.marks or ()
        if {mark.application_number, mark.registration_number} & own
    ]
    return not sides or any(sides)


def _designations(rule: Rule, record: TradeMark) -> Iterable[Trigger]:
    for one in record.designations:
        if one.listed and one.notified and str(one.refusal_months or 12) == rule.argument:
            yield Trigger(one.notified, f"notification to {one.office}", mark=one.office, designation=one)


@functools.lru_cache(maxsize=256)
def _compiled(pattern: str) -> re.Pattern[str] | None:
    return re.compile(pattern, re.IGNORECASE) if pattern else None
