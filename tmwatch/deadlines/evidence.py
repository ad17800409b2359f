"""What the record itself says of a period: met, moot, or extended. Nothing is concluded from silence."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterable
from dataclasses import dataclass

from tmwatch.deadlines.rules import Rule
from tmwatch.deadlines.span import Span
from tmwatch.deadlines.triggers import Trigger
from tmwatch.model import Live, Phase, TradeMark

# The statement of acceptance comes months after the filing, which a source may not show.
_DECIDED_WITHIN = dt.timedelta(days=730)


@dataclass(frozen=True, slots=True)
class Evidence:
    """What was found, in words, and its day."""

    words: str
    day: dt.date | None = None


def _history(trigger: Trigger, record: TradeMark) -> Iterable[tuple[dt.date, str]]:
    if trigger.proceeding:
        return ((one.date, one.text) for one in trigger.proceeding.docket or () if one.date)
    return ((one.date, one.text) for one in record.events)


def evidence_of(rule: Rule, trigger: Trigger, span: Span, record: TradeMark) -> Evidence | None:
    """What in the record meets this period, the earliest such entry; None where there is none."""
    if trigger.designation:
        standing = trigger.designation.standing
        if standing in ("unknown", "pending", "notified"):
            return None
        return Evidence(f"in the record: {standing.replace('_', ' ')}", trigger.designation.standing_date)
    if rule.met_by is None:
        return None
    first = span.opens if rule.repeats or rule.grace else trigger.day
    last = _last_day(span) if rule.repeats or rule.grace else None
    found = [
        (day, text)
        for day, text in _history(trigger, record)
        if rule.met_by.search(text) and (first is None or day >= first) and (last is None or day <= last)
    ]
    if found:
        day, text = min(found)
        return Evidence(f"{text}, {day}", day)
    if rule.grace and not rule.repeats and rule.met_by:
        # Undated: which term it was for cannot be told, but the first one is met by any.
        for filing in record.maintenance_filings:
            if filing.decision and rule.met_by.search(f"TEAS SECTION {filing.section}"):
                return Evidence(f"section {filing.section}: {filing.decision}")
    if rule.act == "renewal" and span.end and last and first:
        for renewed in sorted(record.renewal_dates):
            if first <= renewed <= last:
                return Evidence(f"renewed, {renewed}", renewed)
    return None


def _last_day(span: Span) -> dt.date | None:
    end = span.grace or span.end
    return end.last_safe + _DECIDED_WITHIN if end else None


def moot_by(rule: Rule, trigger: Trigger, record: TradeMark) -> Evidence | None:
    """Why the period no longer matters: a later entry, a later stage, or the end of the filing."""
    later: list[tuple[dt.date, str]] = []
    if rule.moot_by:
        later = [
            (day, text)
            for day, text in _history(trigger, record)
            if day >= trigger.day and rule.moot_by.search(text)
        ]
    if later:
        first, text = min(later)
        return Evidence(f"{text}, {first}", first)
    dead = record.status_live is Live.DEAD
    if dead and "dead" not in rule.when and not trigger.proceeding:
        words = record.status_text or record.status_phase.value
        since = f", {record.status_date}" if record.status_date else ""
        return Evidence(f"the filing has ended: {words}{since}", record.status_date)
    return None


_OPPOSED = re.compile(r"opposition\b.*(filed|instituted|pending)|异议申请", re.IGNORECASE)
_EXTENDED = re.compile(r"extension of time to oppose|ext(ension)? (of )?time to oppose", re.IGNORECASE)


def opposition_seen(record: TradeMark) -> str:
    """What the record says of an opposition: filed, or time asked for; "" where it says nothing."""
    kinds = {one.kind.lower() for one in record.proceedings}
    texts = [one.text for one in record.events]
    if (
        record.status_phase in (Phase.OPPOSED, Phase.REGISTERED_OPPOSED)
        or any("oppos" in one and "ext" not in one for one in kinds)
        or any(_OPPOSED.search(one) for one in texts)
    ):
        return "an opposition is in the record"
    if any("ext" in one for one in kinds) or any(_EXTENDED.search(one) for one in texts):
        return "somebody has asked for more time to oppose; that extends the time for them only"
    return ""


def extensions_seen(rule: Rule, trigger: Trigger, record: TradeMark) -> tuple[int, str]:
    """How many extensions of this period the record shows (the highest number where they are numbered), and
    the latest of them in words."""
    if rule.extended_by is None:
        return 0, ""
    highest, latest = 0, ("", dt.date.min)
    for day, text in _history(trigger, record):
        found = rule.extended_by.search(text) if day >= trigger.day else None
        if found:
            number = next((int(one) for one in found.groups() if one and one.isdigit()), 1)
            highest = max(highest, number)
            latest = max(latest, (text, day), key=lambda one: one[1])
    return highest, f"{latest[0]}, {latest[1]}" if highest else ""
