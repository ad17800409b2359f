"""Record + rules + calendar → deadlines. Pure: the same record, look and day give the same answer.

Nothing is called missed. A day that has passed is `passed` only when the record was looked at later than the
day and the time the office takes to enter what it received, and its history was read; until then it is
`unverified`.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Literal

from tmwatch.deadlines.evidence import Evidence, evidence_of, extensions_seen, moot_by, opposition_seen
from tmwatch.deadlines.rules import ANY, Rule, RuleBook, shipped
from tmwatch.deadlines.span import AS_PRINTED, End, Span, printed_end, span_of
from tmwatch.deadlines.triggers import Trigger, applies, triggers_of
from tmwatch.model import Live, TradeMark

DISCLAIMER = "computed; verify with the office; not legal advice"
Status = Literal["open", "met", "passed", "moot", "unverified"]
_PRINTED = "the period as the office prints it"
_DAY = dt.timedelta(days=1)
_MOST_TERMS = 30  # ten-year terms: three centuries


@dataclass(frozen=True, slots=True)
class Deadline:
    """One thing to do, or that others can do, by a day.

    `key` stays the same while dates move. `statutory` is None where a window opens and does not close.
    `source`: "office" where the office prints the date. `extendable` are the ends of the extensions, each
    with who gets it. `others` are ends under another row that may be the law (text not verified).
    """

    key: str
    office: str
    st13: str
    rule: str
    what: str
    act: str
    roles: frozenset[str]
    trigger: str
    trigger_day: dt.date
    opens: dt.date | None
    statutory: dt.date | None
    last_safe: dt.date | None
    extendable: tuple[End, ...]
    extension_words: tuple[str, ...]
    grace: End | None
    others: tuple[tuple[str, End], ...]
    source: Literal["computed", "office"]
    mismatch: str
    status: Status
    status_words: str
    notes: tuple[str, ...]
    follows: str
    basis: str
    link: str
    confidence: str

    @property
    def day(self) -> dt.date | None:
        """The day to work to: the earliest last safe day where two laws may hold; the opening of a window."""
        days = [one for one in (self.last_safe, *(end.last_safe for _, end in self.others)) if one]
        return min(days, default=self.opens)


def deadlines(
    record: TradeMark,
    *,
    today: dt.date,
    as_of: dt.date | None = None,
    rules: RuleBook | None = None,
    role: str | None = None,
) -> list[Deadline]:
    """The deadlines of one filing, soonest first.

    `as_of` is the day the record speaks for (its last good look), `today` the day at the office. `role` keeps
    those that matter to a watch of that role. Deterministic; raises nothing for a well-formed record.
    """
    book = rules or shipped()
    rows = [rule for rule in book.of(record.office) if applies(rule, record)]
    acts = {rule.act for rule in rows}
    rows += [rule for rule in book.of(ANY) if rule.act not in acts and applies(rule, record)]
    found = [
        one
        for rule in rows
        if role is None or role in rule.roles
        for trigger in _triggers(rule, record, book)
        if rule.holds_on(trigger.day)
        for one in _of_trigger(rule, trigger, record, book, today, as_of)
    ]
    return sorted(found, key=lambda one: (one.day or dt.date.max, one.key))


def _triggers(rule: Rule, record: TradeMark, book: RuleBook) -> Sequence[Trigger]:
    found = triggers_of(rule, record)
    if found or rule.trigger != "opposition_end":
        return found or _from_printed(rule, record)
    # The office prints no end of the opposition period: ours is computed from its own rule.
    for other in book.of(record.office):
        if other.act == "opposition" and applies(other, record):
            for trigger in triggers_of(other, record):
                end = span_of(other, trigger.day).end if other.holds_on(trigger.day) else None
                if end:
                    return [Trigger(end.statutory, "end of the opposition period, computed")]
    return []


def _from_printed(rule: Rule, record: TradeMark) -> list[Trigger]:
    """The trigger of a period whose end the office prints, where the record lacks the day it began."""
    if rule.printed == "opposition_end" and record.opposition_period and record.opposition_period.start:
        return [Trigger(record.opposition_period.start, _PRINTED)]
    end = _printed(rule, Trigger(dt.date.min, ""), record)
    if end is None or rule.closes is None:
        return []
    try:
        return [Trigger(rule.closes.before(end + _DAY if rule.counts == "with" else end), _PRINTED)]
    except OverflowError:
        return []


def _of_trigger(
    rule: Rule, trigger: Trigger, record: TradeMark, book: RuleBook, today: dt.date, as_of: dt.date | None
) -> Iterable[Deadline]:
    try:
        spans = list(_spans(rule, trigger, record, today, as_of))
    except OverflowError:
        return  # a register's year 9999 has no tenth anniversary
    for span in spans:
        one = _deadline(rule, trigger, span, record, book, today, as_of)
        yield one
        if span.grace and one.status in ("passed", "unverified"):
            yield _grace(one, span, rule, record, today, as_of)


def _spans(
    rule: Rule, trigger: Trigger, record: TradeMark, today: dt.date, as_of: dt.date | None
) -> Iterable[Span]:
    """The terms that still matter: those the record is too old to tell of, the running one, and the next
    where the running one is met."""
    if not rule.repeats:
        yield span_of(rule, trigger.day)
        return
    printed = _printed(rule, trigger, record)
    for term in range(_MOST_TERMS):
        span = span_of(rule, trigger.day, term=term)
        if span.end is None:
            return
        if printed:
            # The office prints the end of the running term: whatever came before has been renewed.
            if abs(span.end.statutory - printed) <= dt.timedelta(days=1700) or span.end.statutory > printed:
                yield span
                return
            continue
        last = (span.grace or span.end).last_safe + dt.timedelta(days=rule.lag_days)
        dead = record.status_live is Live.DEAD
        if last < (as_of or today) and not dead:
            continue  # the record says that the mark outlived this term
        yield span
        if (last >= today or dead) and evidence_of(rule, trigger, span, record) is None:
            return


def _printed(rule: Rule, trigger: Trigger, record: TradeMark) -> dt.date | None:
    match rule.printed:
        case "expiry_date":
            return record.expiry_date
        case "opposition_end":
            period = record.opposition_period
            return period.end if period and period.source == "office" else None
        case "docket_due":
            return trigger.printed
    return None


def _deadline(
    rule: Rule,
    trigger: Trigger,
    span: Span,
    record: TradeMark,
    book: RuleBook,
    today: dt.date,
    as_of: dt.date | None,
) -> Deadline:
    end, extensions, notes = span.end, span.extensions, []
    seen_times, last_seen = extensions_seen(rule, trigger, record)
    granted = min(seen_times, len(extensions))
    if granted:
        end, extensions = extensions[granted - 1], extensions[granted:]
        notes.append(f"after {granted} extension{'s' if granted > 1 else ''} in the record")
    elif last_seen:
        notes.append(f"the date may have been moved: {last_seen}")
    source: Literal["computed", "office"] = "computed"
    mismatch, opens, grace = "", span.opens, span.grace
    if (printed := _printed(rule, trigger, record)) and end and not granted:
        source = "office"
        if printed not in (end.statutory, end.last_safe) and trigger.words != _PRINTED:
            mismatch = f"the office prints {printed}, our rule gives {end.statutory}"
        # An office that prints the rolled day (EUIPO) leaves the statutory one to us.
        rolled = printed == end.last_safe
        end = replace(end, words=AS_PRINTED) if rolled else printed_end(rule, printed)
        if rule.grace:
            grace = replace(printed_end(rule, rule.grace.after(printed)), words="with a surcharge")
        if rule.before and rule.opens:
            opens = rule.opens.before(printed)
    if end and end.note:
        notes.append(end.note)
    others = () if source == "office" else tuple(_others(rule, trigger, book))
    if others:
        notes.append("which text is law for this day is not verified: work to the earlier date")
    elif rule.confidence == "low" and source == "computed":
        notes.append("this rule is not verified")
    if rule.act == "opposition" and (seen := opposition_seen(record)):
        notes.append(seen)
    evidence = evidence_of(rule, trigger, span, record)
    status, words = _status(rule, trigger, end, opens, evidence, record, today, as_of)
    if status == "passed" and last_seen and not granted:
        status, words = "unverified", "date passed, unless it was moved"
    return Deadline(
        key="/".join(
            filter(None, (record.st13, rule.name, trigger.mark, str(span.term) if rule.repeats else ""))
        ),
        office=record.office,
        st13=record.st13,
        rule=rule.key,
        what=f"{rule.what}: {trigger.designation.office}" if trigger.designation else rule.what,
        act=rule.act,
        roles=rule.roles,
        trigger=trigger.words,
        trigger_day=trigger.day,
        opens=opens,
        statutory=end.statutory if end else None,
        last_safe=end.last_safe if end else None,
        extendable=extensions,
        extension_words=tuple(one.words for one in rule.extensions if one.period is None),
        grace=grace,
        others=others,
        source=source,
        mismatch=mismatch,
        status=status,
        status_words=words,
        notes=tuple(notes),
        follows=rule.follows,
        basis=rule.basis,
        link=rule.link,
        confidence=rule.confidence,
    )


def _grace(
    one: Deadline, span: Span, rule: Rule, record: TradeMark, today: dt.date, as_of: dt.date | None
) -> Deadline:
    """The period of grace as a deadline of its own, once the day before it has passed."""
    assert one.grace is not None
    assert one.statutory is not None
    trigger = Trigger(one.trigger_day, one.trigger)
    opens = one.statutory + _DAY
    status, words = _status(rule, trigger, one.grace, opens, None, record, today, as_of)
    return replace(
        one,
        key=f"{one.key}/grace",
        what=f"{one.what}, in the period of grace",
        opens=opens,
        statutory=one.grace.statutory,
        last_safe=one.grace.last_safe,
        extendable=(),
        extension_words=(),
        grace=None,
        source="computed",
        mismatch="",
        status=status,
        status_words=words,
        notes=("with a surcharge", *filter(None, (one.grace.note,))),
    )


def _others(rule: Rule, trigger: Trigger, book: RuleBook) -> Iterable[tuple[str, End]]:
    """The end under the row that may be the law instead, from the day on which that is in doubt."""
    if not rule.alternative or (rule.alternative_from and trigger.day < rule.alternative_from):
        return
    other = book.get(rule.office, rule.alternative)
    end = span_of(other, trigger.day).end if other else None
    if other and end:
        yield other.key, replace(end, words=other.basis)


def _status(
    rule: Rule,
    trigger: Trigger,
    end: End | None,
    opens: dt.date | None,
    evidence: Evidence | None,
    record: TradeMark,
    today: dt.date,
    as_of: dt.date | None,
) -> tuple[Status, str]:
    if evidence:
        return "met", evidence.words
    if moot := moot_by(rule, trigger, record):
        return "moot", moot.words
    if end is None:
        return "open", f"from {opens} on" if opens and opens > today else f"possible since {opens}"
    if today <= end.last_safe:
        return "open", f"opens {opens}" if opens and opens > today else ""
    seen_from = end.last_safe + dt.timedelta(days=rule.lag_days)
    if as_of is None or as_of <= seen_from:
        looked = f"the record of {as_of}" if as_of else "the record"
        return (
            "unverified",
            f"date passed; {looked} is too old to show what was filed (look again after {seen_from})",
        )
    if rule.printed == "expiry_date" and end.words == AS_PRINTED:
        return "passed", f"date passed; the record of {as_of} still prints it"
    if rule.act in ("attack", "term") or (rule.act == "opposition" and record.registration_date):
        return "passed", f"date passed; record of {as_of}"
    if not (record.events or record.gives("events") or record.gives("proceedings")):
        return (
            "unverified",
            f"date passed; the record of {as_of} shows no history, so a filing cannot be seen in it",
        )
    if rule.act == "opposition" and (seen := opposition_seen(record)):
        return "passed", f"date passed; {seen} of {as_of}" if seen.endswith(
            "record"
        ) else f"date passed; {seen}"
    return "passed", f"date passed; no filing seen in the record of {as_of}"
