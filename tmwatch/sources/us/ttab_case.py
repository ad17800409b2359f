"""One `<proceeding-entry>` of the TTAB's daily file → a reading for each mark of its sides.

Seen: the whole day of 2025-10-15 (680 proceedings, 1,230 parties, 3,123 marks, 6,269 docket entries). An
entry is the whole proceeding as it stands, docket and all; what it says of a mark is that one proceeding
and no other, so that the records *add* to the mark's proceedings (`TradeMark.adds`).

Extensions of time, appeals and the rest that has no number of its own bear the application's serial
number. A mark relied on at common law has neither serial nor registration number (written as nothing or
as 0): it stands in the proceeding and is no filing of its own. One entry's `mark-text` may hold several
marks, "JD; JD.COM": then it names no filing.

The DTD asks for the number alone, all else is optional: what is absent is not given (`None`, "" for a word
that the record must have), and the store fills it from what it knew. Which proceeding it is must be told.
"""

from __future__ import annotations

import functools
from collections.abc import Iterable
from typing import Any

from lxml import etree

from tmwatch.errors import LayoutChanged
from tmwatch.model import Party, Proceeding, ProceedingEntry, ProceedingMark, ProceedingParty, make_record
from tmwatch.sources.base import AsOf, Reading
from tmwatch.sources.us import common
from tmwatch.sources.us.daily_box import Box

_ROLES = {"P": "Plaintiff", "D": "Defendant"}
_CORRESPONDENCE = "C"


@functools.cache
def _kinds() -> dict[str, str]:
    return {row["code"]: row["kind"] for row in common.table("ttab_types")}


@functools.cache
def _statuses() -> dict[str, str]:
    return {row["code"]: row["text"] for row in common.table("ttab_statuses")}


def read(element: etree._Element, as_of: AsOf | None) -> tuple[str, list[Reading]]:
    """The proceeding in words ("OPP 91291978") and a reading for each serial number in it; none where no
    side names one. Raises `LayoutChanged` where a part that every proceeding has is missing or renamed."""
    box = Box(element, "proceeding")
    odd: list[str] = []
    unknown: list[str] = []
    one = _proceeding(box, odd, unknown)
    where = f"{one.kind_code or 'proceeding'} {one.number}"
    box.refuse_renamed(where)
    by_serial = _by_serial(one)
    if not one.kind and one.number.zfill(8) in by_serial:
        # An appeal and an extension of time bear one number, that of the application.
        raise LayoutChanged("the proceeding has no `type-code`, and its number is that of a filing")
    said = (*box.leftovers(), *odd)
    unclaimed = tuple(dict.fromkeys(f"{where}: {text}" for text in said))[: common.MOST_UNCLAIMED]
    readings = []
    for serial, marks in by_serial.items():
        record = make_record(
            common.OFFICE,
            common.st13_of(serial),
            adds=("proceedings",),
            application_number=serial,
            proceedings=(one,),
            **_of_mark(marks),
        )
        readings.append(Reading(record, as_of, unclaimed, tuple(unknown)))
    return where, readings


def _by_serial(one: Proceeding) -> dict[str, list[ProceedingMark]]:
    found: dict[str, list[ProceedingMark]] = {}
    for side in one.parties:
        for mark in side.marks or ():
            if mark.application_number:
                found.setdefault(mark.application_number, []).append(mark)
    return found


def _of_mark(marks: list[ProceedingMark]) -> dict[str, Any]:
    """What the entries of one serial number say of the filing itself, where they agree."""
    given: dict[str, Any] = {}
    registrations = {one.registration_number for one in marks if one.registration_number}
    words = {one.mark for one in marks if one.mark and ";" not in one.mark}
    if len(registrations) == 1:
        given["registration_number"] = registrations.pop()
    if len(words) == 1:
        given["verbal_element"] = words.pop()
    return given


def _proceeding(box: Box, odd: list[str], unknown: list[str]) -> Proceeding:
    number, code, status = box.must("number"), box.text("type-code"), box.text("status-code")
    if not (number.isascii() and number.isalnum()):
        raise LayoutChanged(f"`number` is no number of a proceeding: {number[:20]!r}")
    if code is not None and code not in _kinds():
        unknown.append(f"type of proceeding {code[:20]}")
    if status is not None and status not in _statuses():
        unknown.append(f"status of a proceeding {status[:20]}")
    # What stands twice to the letter says nothing twice.
    sides = [_party(one, odd, unknown) for one in box.inner("party-information").boxes("party")]
    parties = dict.fromkeys(one for one in sides if one is not None)
    if code is None and not parties:
        raise LayoutChanged("the proceeding has neither `type-code` nor a party")
    has_docket = box.has("prosecution-history")
    entries = [_entry(one) for one in box.inner("prosecution-history").boxes("prosecution-entry")]
    docket = dict.fromkeys(one for one in entries if one is not None)
    numbers = [one.number for one in docket if one.number is not None]
    if len(set(numbers)) != len(numbers):
        odd.append("docket entries of one number")
    charged = [
        text for name in ("charge-to-location-code", "charge-to-employee-name") if (text := box.text(name))
    ]
    return Proceeding(
        kind=_kinds().get(code, code) if code else "",
        kind_code=code,
        number=number,
        filed=box.day("filing-date"),
        status=_statuses().get(status) if status else None,
        status_code=status,
        status_date=box.day("status-update-date"),
        parties=tuple(parties),
        attorney=box.text("interlocutory-attorney-name"),
        attorney_number=box.text("employee-number"),
        location=box.text("location-code"),
        location_date=box.day("day-in-location"),
        charged_to=" ".join(charged) or None,
        docket=_in_order(docket) if has_docket else None,
    )


def _in_order(docket: Iterable[ProceedingEntry]) -> tuple[ProceedingEntry, ...]:
    """By the number that the file gives; dates need not rise with it. One without stays where it stands."""
    placed: list[tuple[int, ProceedingEntry]] = []
    for one in docket:
        before = placed[-1][0] if placed else 0
        placed.append((one.number if one.number is not None else before, one))
    return tuple(one for _, one in sorted(placed, key=lambda pair: pair[0]))


def _entry(box: Box) -> ProceedingEntry | None:
    """None for one that says nothing."""
    number = box.text("identifier")
    if number is not None and (not (number.isascii() and number.isdigit()) or len(number) > 6):
        raise LayoutChanged(f"`identifier` of a docket entry is no number: {number[:20]!r}")
    code, kind, day = box.text("code"), box.text("type-code"), box.day("date")
    text, due = box.text("history-text"), box.day("due-date")
    if not (code or kind or day or text or due):
        return None
    return ProceedingEntry(
        number=int(number) if number else None, code=code, type=kind, date=day, text=text or "", due=due
    )


def _party(box: Box, odd: list[str], unknown: list[str]) -> ProceedingParty | None:
    """None for one that says nothing of anybody."""
    code = box.text("role-code")
    if code is not None and code not in _ROLES:
        unknown.append(f"role of a party {code[:20]}")
    name, firm, identifier = box.text("name"), box.text("orgname"), box.text("identifier")
    inner = box.inner("property-information")
    addresses = box.inner("address-information").boxes("proceeding-address")
    marks = tuple(dict.fromkeys([_mark(one) for one in inner.boxes("property")]))
    correspondents = tuple([_address(one, odd) for one in addresses])
    if not (name or firm or identifier or marks or correspondents):
        return None
    return ProceedingParty(
        role=_ROLES.get(code, code) if code else "",
        role_code=code,
        name=name or firm or "",
        organisation=firm if name else None,
        identifier=identifier,
        marks=marks,
        correspondents=correspondents,
    )


def _mark(box: Box) -> ProceedingMark:
    serial = box.text("serial-number")
    if serial is not None and not serial.strip("0"):
        serial = None
    if serial is not None and not (serial.isascii() and serial.isdigit() and len(serial) in (6, 7, 8)):
        raise LayoutChanged(f"`serial-number` is none: {serial[:20]!r}")
    related = tuple(dict.fromkeys(_related(one) for one in box.boxes("tma-proceeding")))
    return ProceedingMark(
        identifier=box.text("identifier"),
        application_number=serial.zfill(8) if serial else None,
        registration_number=common.registration(box.text("registration-number")),
        mark=box.text("mark-text"),
        related=related or None,
    )


def _related(box: Box) -> str:
    return f"{box.must('proceeding-number')} {box.must('proceeding-type-code')}"


def _address(box: Box, odd: list[str]) -> Party:
    kind = box.text("type-code")
    if kind not in (None, _CORRESPONDENCE):
        odd.append(f"an address of type {kind}")
    box.pass_over("identifier")  # of the row in the office's table
    name, firm = box.text("name"), box.text("orgname")
    state, country = box.text("state"), box.text("country")
    return Party(
        name=name or firm or "",
        organisation=(firm or "") if name else "",
        role="Correspondent" if kind == _CORRESPONDENCE else kind,
        address_lines=tuple(_lines(box)),
        city=box.text("city") or "",
        state=common.state_name(state) or "",
        postcode=box.text("postcode") or "",
        country=common.country_code(country) or country or "",
    )


def _lines(box: Box) -> Iterable[str]:
    for name in ("address-1", "address-2"):
        if box.has(name) and (text := box.text(name)):
            yield text
