"""One `<case-file>` of the USPTO's daily file → a reading.

Seen in cases of 2024 and 2026. A file holds the whole record of a case, so that what is absent is empty:
no `abandonment-date`, not abandoned; no `design-searches`, no codes. Boxes, flags and columns that every
case has had so far are landmarks: a case without one is refused. Where an element or a statement is not
understood, the optional ones of the same box are "not given" instead of empty, because one of them may
have been renamed.

Statements and events stand in another order every day: statements are read by their type code, events by
their number. What the file does not say is not given: words of a status, assignments, proceedings, the
basis of a class, telephone numbers.

`opposition-pending-in` and `cancellation-pending-in` move no phase: serial 79366581 went from opposed (774)
back to published (686) with the flag still set. The code and the events (OPPOSITION INSTITUTED) tell it.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterable
from typing import Any

from lxml import etree

from tmwatch.errors import Incomplete, LayoutChanged
from tmwatch.model import (
    DesignCode,
    GoodsServices,
    MaintenanceFiling,
    MarkEvent,
    Priority,
    Publication,
    RelatedMark,
    make_record,
)
from tmwatch.sources.base import AsOf, Reading
from tmwatch.sources.us import common, daily_people
from tmwatch.sources.us.daily_box import Box

_FILED = (
    ("1(a)", "filed-as-use-application-in"),
    ("1(b)", "intent-to-use-in"),
    ("44(d)", "filing-basis-filed-as-44d-in"),
    ("44(e)", "filing-basis-filed-as-44e-in"),
    ("66(a)", "filing-basis-filed-as-66a-in"),
    # The two names are the wrong way round, as the office's own research data set (OCE) maps them.
    ("no basis", "without-basis-currently-in"),
)
_CURRENT = (
    ("1(a)", "use-application-currently-in"),
    ("1(b)", "intent-to-use-current-in"),
    ("44(d)", "filing-basis-current-44d-in"),
    ("44(e)", "filing-basis-current-44e-in"),
    ("66(a)", "filing-basis-current-66a-in"),
    ("no basis", "filing-current-no-basis-in"),
)
_AMENDED = (
    ("1(a)", "amended-to-use-application-in"),
    ("1(b)", "amended-to-itu-application-in"),
    ("44(d)", "amended-to-44d-application-in"),
    ("44(e)", "amended-to-44e-application-in"),
)
_CATEGORIES = (
    ("Trademark", "trademark-in"),
    ("Service mark", "service-mark-in"),
    ("Collective trademark", "collective-trademark-in"),
    ("Collective service mark", "collective-service-mark-in"),
    ("Collective membership mark", "collective-membership-mark-in"),
    ("Certification mark", "certification-mark-in"),
)
# Understood, without a place in the record: the office's bookkeeping, or said elsewhere in the case.
_KNOWN_FLAGS = [
    "principal-register-amended-in", "supplemental-register-amended-in", "cancellation-pending-in",
    "published-concurrent-in", "concurrent-use-in", "concurrent-use-proceeding-in", "interference-pending-in",
    "opposition-pending-in", "section-12c-in", "renewal-filed-in", "section-8-filed-in",
    "section-15-filed-in", "foreign-priority-in", "color-drawing-filed-in", "color-drawing-current-in",
    "drawing-3d-filed-in", "drawing-3d-current-in",
]  # fmt: skip
_KNOWN_LEAVES = (
    "cancellation-code",
    "republished-12c-date",
    "law-office-assigned-location-code",
    "employee-number",
)

# Statements by the first letters of their type code (facts of the DTD's documentation): field of the record.
_STATEMENTS = {
    "AF": None,
    "A0": "registration_amendment",
    "B0": "registration_correction",
    "CC": "colour_claim",
    "CD": "colour_claim",
    "CS": None,
    "CU": None,
    "DM": "description",
    "D0": "disclaimer",
    "D1": "disclaimer",
    "DS": "disclaimer",
    "FN": None,
    "IN": None,
    "LS": "lining_stippling",
    "MD": None,
    "MK": "verbal_element",
    "NR": None,
    "N0": None,
    "OR": None,
    "PM": "pseudo_mark",
    "TF": None,
    "TR": "translation",
    "TL": "transliteration",
    "TN": None,
    "LI": None,
}
_BY_MONTH = frozenset({"A0", "B0"})  # positions 3-6 of the code: year and month of the entry
_TEXTS = frozenset(field for field in _STATEMENTS.values() if field) - {"verbal_element"}
_AND = {"pseudo_mark": "; "}  # each is a spelling of its own; other statements go on in one text
_ACTIVE = "6"  # of a class; one that is abandoned or cancelled may have lost its goods
_ALLOWED = "NOAM"
_ALLOWANCE_LOST = re.compile(r"ALLOWANCE.*\b(CANCEL|WITHDRAW|RESCIND|VACAT)", re.IGNORECASE)
# Dates and stages of international registrations.
_OF_THE_IR = (
    *("international-registration-date", "international-publication-date", "international-renewal-date"),
    *("auto-protection-date", "international-death-date", "international-status-code"),
    *("international-status-date", "priority-claimed-in", "priority-claimed-date", "first-refusal-in"),
)
_OF_THE_FILING = (
    *("entry-number", "original-filing-date-uspto", "international-status-code"),
    *("international-status-date", "irregularity-reply-by-date", "international-renewal-date"),
)
INTERNATIONAL = "International application or registration"


def read(root: etree._Element) -> Reading:
    """One `case-file` element. Raises `LayoutChanged` or `Incomplete` for what is no whole record."""
    case = Box(root, "case-file")
    serial = case.must("serial-number")
    if not (serial.isascii() and serial.isdigit() and 7 <= len(serial) <= 8):
        raise LayoutChanged(f"no serial number: {serial[:40]!r}")
    serial = serial.zfill(8)
    try:
        return _read(case, serial)
    except (LayoutChanged, Incomplete) as error:
        error.where = error.where or f"US {serial}"
        raise


def _read(case: Box, serial: str) -> Reading:
    told = case.must_day("transaction-date")
    header = case.must_box("case-file-header")
    code = header.must("status-code").zfill(3)
    if not (code.isascii() and code.isdigit()):
        raise LayoutChanged(f"no status code: {code[:40]!r}")
    meaning = common.status_from_code(code)
    filed = header.flags(_FILED)
    madrid = serial.startswith("79") or "66(a)" in filed
    drawing = header.must("mark-drawing-code")
    texts, goods, odd = _statements(case)
    abandoned, cancelled = header.day("abandonment-date"), header.day("cancellation-date")
    published, renewed = header.day("published-for-opposition-date"), header.day("renewal-date")
    events = common.in_order(_events(case))
    whole, part = header.flag("section-2f-in"), header.flag("section-2f-in-part-in")
    words = header.text("mark-identification") or ""
    given: dict[str, Any] = {
        "application_number": serial,
        "registration_number": common.registration(case.must("registration-number")),
        "application_date": header.day_or_zeros("filing-date"),
        "registration_date": header.day("registration-date"),
        "filing_route": "madrid_designation" if madrid else "direct",
        "status_code": code,
        "status_date": header.day_or_zeros("status-date"),
        "status_phase": meaning.phase,
        "status_live": meaning.live,
        "tm5_csd": meaning.tm5,
        "tm5_source": "computed" if meaning.tm5 else None,
        "publications": (Publication(date=published),) if published else (),
        "allowance_date": _allowance(events),
        "renewal_dates": (renewed,) if renewed else (),
        "termination_date": cancelled or abandoned,
        "termination_kind": "cancelled" if cancelled else "abandoned" if abandoned else None,
        "register_amended_date": header.day("amend-to-register-date"),
        "verbal_element": common.squeeze(f"{words} {texts.pop('verbal_element', '')}") or None,
        "mark_feature": common.mark_feature(drawing),
        "mark_feature_code": common.drawing(drawing),
        "mark_category": header.flags(_CATEGORIES),
        "standard_characters": header.flag("standard-characters-claimed-in"),
        "acquired_distinctiveness": "in whole" if whole else "in part" if part else None,
        "register_kind": "Supplemental" if header.flag("supplemental-register-in") else "Principal",
        "registration_changed": header.flag("change-registration-in"),
        "filing_basis": filed,
        "current_basis": header.flags(_CURRENT),
        "amended_basis": header.flags(_AMENDED),
        **{field: texts.get(field) for field in _TEXTS},
        "design_codes": tuple(_design_codes(case)),
        "classes": tuple(dict.fromkeys(_classes(case, goods))),
        "events": events,
        **daily_people.people(case, header),
        **_links(case, madrid=madrid),
        "priorities": tuple(_priorities(case)),
    }
    filings = tuple(_maintenance(header))
    if not madrid:  # Section 71, the like of Section 8 for Madrid, has no flag in the file
        given["maintenance_filings"] = filings
    for field, found in (
        ("examiner", header.text("employee-name")),
        ("location", header.text("current-location")),
        ("location_date", header.day("location-date")),
    ):
        if found:  # shown at some stages only, as in the other channels
            given[field] = found
    header.pass_over(*_KNOWN_FLAGS, *_KNOWN_LEAVES)
    case.refuse_renamed(f"US {serial}")
    for field in _doubtful(header, case, odd):
        if not given.get(field):
            given.pop(field, None)
    record = make_record("US", common.st13_of(serial), **given)
    unclaimed = (*case.leftovers(), *odd, *common.odd_codes(record))
    return Reading(
        record=record,
        as_of=AsOf(told, "printed"),
        unclaimed=tuple(dict.fromkeys(unclaimed))[: common.MOST_UNCLAIMED],
        unknown_words=() if meaning.known else (f"status code {code}",),
    )


# What an element of these boxes that nobody knows may have been called before.
_OPTIONAL_HEADER = frozenset(
    [
        "registration_date",
        "publications",
        "renewal_dates",
        "termination_date",
        "termination_kind",
        "register_amended_date",
        "verbal_element",
        "representatives",
        "docket_number",
        "domestic_representative",
    ]
)
_OPTIONAL_BOXES = frozenset(
    ["design_codes", "priorities", "related_marks", "international_registration_number", "correspondence"]
)


def _doubtful(header: Box, case: Box, odd: list[str]) -> Iterable[str]:
    if header.unknown():
        yield from _OPTIONAL_HEADER
    if case.unknown():
        yield from _OPTIONAL_BOXES
    if odd:
        yield from _TEXTS


# -- statements ----------------------------------------------------------------------------------------


def _statements(case: Box) -> tuple[dict[str, str], dict[str, str], list[str]]:
    """(texts by field, goods by class, what is in no table)."""
    found: dict[str, dict[str, str]] = {}
    goods: dict[str, dict[str, str]] = {}
    odd: list[str] = []
    for box in case.must_box("case-file-statements").boxes("case-file-statement"):
        code, text = box.must("type-code").upper(), " ".join(box.must_texts("text"))
        if code.startswith("GS"):
            if not re.fullmatch(r"GS[0-9A-Z ]{3}\d", code):
                raise LayoutChanged(f"goods of no class: `{code[:20]}`")
            one = goods.setdefault(common.class_number(code[2:5]), {})
            key = code[5:]
        else:
            field = _STATEMENTS.get(code[:2], "")
            if field == "":
                odd.append(f"case-file-statement {code[:20]} = {text[:80]}")
                continue
            if field is None:
                continue
            one, key = found.setdefault(field, {}), _statement_order(code)
        if text and text not in one.values():
            one[f"{key}\0{len(one)}"] = text
    return (
        {field: _AND.get(field, " ").join(one[key] for key in sorted(one)) for field, one in found.items()},
        {number: " ".join(one[key] for key in sorted(one)) for number, one in goods.items()},
        odd,
    )


def _statement_order(code: str) -> str:
    """The file's order means nothing. Corrections and amendments stand by year and month of their entry."""
    if code[:2] in _BY_MONTH and code[2:6].isdigit() and code[2:6].strip("0"):
        return f"{'19' if code[2:4] > '60' else '20'}{code[2:6]}"
    return code


# -- classes -------------------------------------------------------------------------------------------


def _classes(case: Box, goods: dict[str, str]) -> Iterable[GoodsServices]:
    boxes = case.must_box("classifications").boxes("classification")
    if not boxes:
        raise LayoutChanged("the case shows no class")
    seen: list[str] = []
    for box in boxes:
        nice = [common.class_number(code) for code in box.texts("international-code")]
        national = box.texts("us-code")
        for name, shown in (("international-code-total-no", nice), ("us-code-total-no", national)):
            total = box.must(name)
            if total.isdigit() and int(total) > len(shown):
                raise Incomplete(f"a class speaks of {total} `{name[:-9]}` and shows {len(shown)}")
        primary = box.must("primary-code")
        number = common.own_class(primary, nice, national)
        text = goods.get(common.class_number(primary))
        seen.append(common.class_number(primary))
        first, commerce = box.use("first-use-anywhere-date"), box.use("first-use-in-commerce-date")
        status, since = box.must("status-code"), box.day("status-date")
        if text is None and status == _ACTIVE:
            raise Incomplete(f"class {number} shows no goods")
        doubtful = box.unknown()
        yield GoodsServices(
            class_number=number,
            text=text,
            status_code=status,
            status_date=since,
            first_use=None if doubtful and not first else first,
            first_use_in_commerce=None if doubtful and not commerce else commerce,
            national_classes=tuple(dict.fromkeys(national)),
            other_classes=tuple(dict.fromkeys(one for one in nice if one != number)),
        )
    if lost := [number for number in goods if number not in seen]:
        raise Incomplete(f"there are goods of class {lost[0]} and no such class")


# -- events --------------------------------------------------------------------------------------------


def _events(case: Box) -> list[MarkEvent]:
    found: dict[MarkEvent, None] = {}
    for box in case.must_box("case-file-event-statements").boxes("case-file-event-statement"):
        number = box.must("number")
        if not (number.isascii() and number.isdigit() and len(number) < 9):
            raise LayoutChanged(f"no number of an event: {number[:40]!r}")
        event = MarkEvent(
            date=box.must_day("date"),
            text=box.must("description-text"),
            code=box.must("code"),
            type=box.must("type", empty=True) or None,
            number=int(number),
        )
        found[event] = None
    if not found:
        raise LayoutChanged("the case shows no history")
    return list(found)


def _allowance(events: tuple[MarkEvent, ...]) -> dt.date | None:
    """The day of the last notice of allowance (event NOAM), unless it was taken back later.

    The file has no field for it. In ten records of the other channels that show one it is NOAM's day.
    """
    day = None
    for event in events:
        if event.code == _ALLOWED:
            day = event.date
        elif day and _ALLOWANCE_LOST.search(event.text):
            day = None
    return day


# -- the rest ------------------------------------------------------------------------------------------


def _maintenance(header: Box) -> Iterable[MaintenanceFiling]:
    partial, accepted = header.flag("section-8-partial-accept-in"), header.flag("section-8-accepted-in")
    if accepted or partial:
        decision = "Accepted" if accepted else "Partially accepted"
        yield MaintenanceFiling(section="8", text="Affidavit of Continued Use", decision=decision)
    if header.flag("section-15-acknowledged-in"):
        yield MaintenanceFiling(section="15", text="Affidavit of Incontestability", decision="Accepted")


def _design_codes(case: Box) -> Iterable[DesignCode]:
    seen: set[str] = set()
    for box in case.inner("design-searches").boxes("design-search"):
        code = box.must("code")
        if not re.fullmatch(r"\d{6}", code, re.ASCII):
            raise LayoutChanged(f"no design search code: {code[:40]!r}")
        dotted = f"{code[:2]}.{code[2:4]}.{code[4:]}"
        if dotted not in seen:
            seen.add(dotted)
            yield DesignCode(code=dotted)


def _priorities(case: Box) -> Iterable[Priority]:
    for box in case.inner("foreign-applications").boxes("foreign-application"):
        country = box.text("country") or (box.text("other") if box.has("other") else "") or ""
        box.pass_over("other")
        yield Priority(
            country=common.country_code(country) or country,
            number=box.text("application-number") or "",
            date=box.day("filing-date"),
            registration_number=box.text("registration-number") or "",
            registration_date=box.day("registration-date"),
            expiry_date=box.day("registration-expiration-date"),
            status="Claimed" if box.flag("foreign-priority-claim-in", must=False) else None,
        )
        box.pass_over(
            "entry-number",
            "renewal-number",
            "registration-renewal-date",
            "registration-renewal-expiration-date",
        )


def _links(case: Box, *, madrid: bool) -> dict[str, Any]:
    related: list[RelatedMark] = []
    prior = case.inner("prior-registration-applications")
    prior.pass_over("other-related-in")  # "and others"
    for box in prior.boxes("prior-registration-application"):
        number = common.registration(box.must("number"))
        box.pass_over("relationship-type")  # a digit of which we have no table; the number says what it is
        if number:
            kind = "Related application" if len(number) == 8 else "Claimed prior registration"
            related.append(RelatedMark(kind=kind, number=number, office="US"))
    own = case.inner("international-registration")
    international = common.international(own.text("international-registration-number"))
    own.pass_over(*_OF_THE_IR)  # Madrid Monitor is the register for those
    for box in case.inner("madrid-international-filing-requests").boxes("madrid-international-filing-record"):
        registered = box.day("international-registration-date")
        number = common.international(box.text("international-registration-number"))
        if registered and not number:
            raise LayoutChanged("an international registration without its number")
        reference = box.must("reference-number")
        related.append(RelatedMark(kind=INTERNATIONAL, number=number or reference, office="WO"))
        box.pass_over(*_OF_THE_FILING)
        box.inner("madrid-history-events").skip()
    if international and not madrid:
        related.append(RelatedMark(kind=INTERNATIONAL, number=international, office="WO"))
    return {
        "international_registration_number": international if madrid else None,
        "related_marks": tuple(dict.fromkeys(related)),
    }
