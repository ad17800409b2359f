"""How a registration stands, and how it stands at each designated office: from the entries of its history.

The page prints one word for the whole ("Active") and none for an office: its own tab of standings is loaded
by a browser. What is computed here says what the record shows, not what the law concludes.
"""

from __future__ import annotations

import calendar
import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from tmwatch.errors import LayoutChanged
from tmwatch.model import Designation, Live, Phase
from tmwatch.sources.wo.madrid_events import Entry
from tmwatch.sources.wo.tables import refusal_months, standings

_GRACE_MONTHS = 6  # Article 7(4) of the Protocol
_LONGEST_MONTHS = 18  # no office has more to refuse of its own motion


def add_months(day: dt.date, months: int) -> dt.date:
    """The same day of a later month, or its last one."""
    year, month = divmod(day.year * 12 + day.month - 1 + months, 12)
    return dt.date(year, month + 1, min(day.day, calendar.monthrange(year, month + 1)[1]))


@dataclass(frozen=True)
class Whole:
    """Phase and life of the registration, and the entry that decides them (None: its term)."""

    phase: Phase
    live: Live
    entry: Entry | None = None


def of_whole(
    entries: Sequence[Entry], expires: dt.date | None, as_of: dt.date, word: tuple[Phase, Live] | None
) -> Whole:
    """By the last entry that makes, renews or ends the whole registration, then by its term.

    `word` is what the page's own word says; a word that says dead is believed, one that says live does not
    outlive an end in the history, or the term with its months of grace.
    """
    last = next((one for one in reversed(entries) if one.does.whole and _is_whole(one)), None)
    state = last.does.whole if last is not None else ""
    if state in ("cancelled", "expired"):
        return Whole(Phase.CANCELLED if state == "cancelled" else Phase.EXPIRED, Live.DEAD, last)
    if word is not None and word[1] is Live.DEAD:
        return Whole(*word)
    if expires is not None and as_of > add_months(expires, _GRACE_MONTHS):
        return Whole(Phase.EXPIRED, Live.DEAD)
    if expires is not None and as_of > expires:
        return Whole(Phase.RENEWAL_DUE, Live.LIVE)
    unknown = any(
        not one.does.known and one.does.standing == "unknown" and not one.offices for one in entries
    )
    if state != "registered" or expires is None or (unknown and word is None):
        return Whole(*(word or (Phase.UNKNOWN, Live.UNKNOWN)))
    return Whole(Phase.REGISTERED, Live.LIVE, last)


def _is_whole(entry: Entry) -> bool:
    """A cancellation that names offices ends it there only; a registration or renewal names them always."""
    return entry.does.whole == "registered" or not entry.offices


# What takes a part away leaves a refusal, or a time limit that still runs, as it was.
_IN_PART = frozenset({"invalidated_in_part", "cancelled_in_part", "ceased_in_part"})


@dataclass
class _State:
    began: Entry
    standing: str = "pending"
    entry: Entry | None = None


def of_offices(
    entries: Sequence[Entry],
    today: Mapping[str, str],
    use_declared: frozenset[str],
    as_of: dt.date,
    whole: Whole,
) -> tuple[Designation, ...]:
    """Every office that is or was designated. `today`: office → treaty, of the lists 831, 832 and 834.

    Raises `LayoutChanged` where the lists of today lack an office that the history designates or renews
    last, and no entry afterwards can have taken it off: a part of the list is missing.
    """
    states: dict[str, _State] = {}
    sure: dict[str, Entry] = {}  # named by the last registration, designation or renewal
    for entry in entries:
        if entry.does.designates:
            for office in entry.offices:
                states[office] = _State(entry, entry.does.standing, entry)
                sure[office] = entry
        elif entry.does.whole == "registered":
            sure = dict.fromkeys(entry.offices, entry)
        elif entry.does.standing:
            named = entry.offices or (tuple(states) if entry.does.whole else ())
            for office in named:
                state = states.setdefault(office, _State(entry))
                if entry.does.standing not in _IN_PART or _protected(office, state, entry.event.date):
                    state.standing, state.entry = entry.does.standing, entry
        if entry.does.takes:
            named = entry.offices
            sure = {office: one for office, one in sure.items() if named and office not in named}
    if lost := sorted(sure.keys() - today.keys()):
        raise LayoutChanged(f"the lists of today lack {', '.join(lost)}, which the history designates last")
    found = (
        _designation(office, states.get(office), today.get(office), use_declared, as_of)
        for office in sorted({*states, *today})
    )
    return tuple(_ended_with(whole, one) for one in found)


_WITH_THE_WHOLE = {Phase.EXPIRED: "not_renewed", Phase.CANCELLED: "cancelled"}


def _ended_with(whole: Whole, one: Designation) -> Designation:
    """No designation outlives its registration."""
    if whole.live is not Live.DEAD or one.live is Live.DEAD:
        return one
    standing = _WITH_THE_WHOLE.get(whole.phase, "no_longer_listed")
    phase, live = standings()[standing]
    entry = whole.entry
    return one.model_copy(
        update={
            "standing": standing,
            "phase": phase,
            "live": live,
            "standing_event": entry.event.text if entry else None,
            "standing_date": entry.event.date if entry else None,
        }
    )


def _protected(office: str, state: _State, day: dt.date) -> bool:
    phase = standings()[state.standing][0]
    return phase is Phase.REGISTERED or (state.standing == "pending" and day > _limit(office, state.began))


def _limit(office: str, began: Entry) -> dt.date:
    """The last day for a refusal; of an office without a known period, or a notification, a safe one."""
    notified, months = began.day("notified to the offices"), _months(office, began)
    if notified and months:
        return add_months(notified, months)
    return add_months(notified or began.event.date, _LONGEST_MONTHS)


def _months(office: str, began: Entry) -> int | None:
    treaty = began.treaty_of(office)
    return refusal_months(office, agreement=treaty != "protocol") if treaty else None


def _designation(
    office: str, state: _State | None, treaty: str | None, use_declared: frozenset[str], as_of: dt.date
) -> Designation:
    given: dict[str, Any] = {
        "office": office,
        "listed": treaty is not None,
        "treaty": treaty,
        "use_declared": True if office in use_declared else None,
    }
    if state is None:
        return _stands(given, "no_entry", None, None)
    began = state.began
    if began.does.designates:
        day = began.day("designated on") or began.day("registered") or began.day("recorded")
        notified = began.day("notified to the offices")
        asked = began.treaty_of(office)
        months = _months(office, began)
        given |= {"date": day, "notified": notified, "treaty": treaty or asked}
        if began.does.standing == "pending":
            given["refusal_months"] = months
            if notified and months:
                given["refusal_deadline"] = add_months(notified, months)
    standing, entry = state.standing, state.entry
    live = standings()[standing][1]
    if treaty is None and live is Live.LIVE:
        return _stands(given, "no_longer_listed", None, None)
    if treaty is not None and standing == "moved":
        # A change of ownership without effect here leaves the office where it was.
        standing = "unknown"
    if standing == "pending" and entry is not None and as_of > _limit(office, began):
        return _stands(given, "no_refusal_in_time", entry, given.get("refusal_deadline"))
    return _stands(given, standing, entry, entry.event.date if entry else None)


def _stands(given: dict[str, Any], standing: str, entry: Entry | None, day: dt.date | None) -> Designation:
    phase, live = standings()[standing]
    event = entry.event.text if entry else None
    return Designation(
        **given, standing=standing, phase=phase, live=live, standing_event=event, standing_date=day
    )
