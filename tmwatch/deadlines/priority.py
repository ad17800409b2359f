"""The right of priority of a first filing, six months, and where it has been used (Paris Convention 4C)."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterable, Sequence
from dataclasses import replace

from tmwatch.deadlines.engine import Deadline, _of_trigger
from tmwatch.deadlines.rules import RuleBook, shipped
from tmwatch.deadlines.triggers import Trigger, is_madrid
from tmwatch.model import TradeMark

_SIGNS = re.compile(r"[^0-9A-Z]")


def priority_deadline(
    record: TradeMark,
    *,
    today: dt.date,
    as_of: dt.date | None = None,
    elsewhere: Iterable[TradeMark] = (),
    offices: Sequence[str] = (),
    rules: RuleBook | None = None,
) -> Deadline | None:
    """When the priority of this filing ends, and at which of `offices` no later filing was seen.

    None for a filing that claims priority itself, came by Madrid, or has no filing date. `elsewhere` are
    the stored records of other offices; those that claim this filing's number use it. The day is met when
    every office asked for has such a filing.
    """
    rule = (rules or shipped()).get("PARIS", "priority")
    if rule is None or record.application_date is None or record.office == "WO":
        return None
    if record.priorities or is_madrid(record):
        return None  # not a first filing
    trigger = Trigger(record.application_date, f"first filing, {record.office}")
    one = next(iter(_of_trigger(rule, trigger, record, rules or shipped(), today, as_of)), None)
    if one is None:
        return None
    used = sorted({other.office for other in elsewhere if _claims(other, record)} - {record.office})
    missing = [office for office in offices if office not in used and office != record.office]
    number = f"{record.office} {record.application_number or record.st13}"
    said = [f"claimed in {', '.join(used)}"] if used else []
    if missing:
        said.append(f"no {' or '.join(missing)} filing seen")
    if not offices and not used:
        said.append("no later filing that claims it seen")
    if not record.gives("priorities"):
        one = replace(one, notes=(*one.notes, "whether it claims an older priority itself is not given"))
    what = f"priority of {number}"
    if used and not missing and one.status != "moot":
        return replace(one, what=what, status="met", status_words=said[0])
    if one.status in ("passed", "unverified"):
        said.insert(0, f"date passed; record of {as_of}" if as_of else "date passed")
    words = one.status_words if one.status == "moot" else "; ".join(said)
    return replace(one, what=what, status_words=words)


def _claims(other: TradeMark, first: TradeMark) -> bool:
    numbers = {
        _bare(number)
        for number in (first.application_number, first.registration_number, first.st13)
        if number
    }
    return any(
        claim.country in (first.office, None)
        and _bare(claim.number or claim.registration_number or "") in numbers
        and claim.date in (first.application_date, None)
        for claim in other.priorities
    )


def _bare(number: str) -> str:
    return _SIGNS.sub("", number.upper()).lstrip("0")
