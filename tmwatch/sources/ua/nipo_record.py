"""One record of the Ukrainian open data: the outer fields, `data` (ST.66 names made JSON), the documents.

What XML holds once or many times may come as an object or as a list of them; both are read.

Left out: `last_update` (it dates the statement, see `AsOf`), `data_payments` (fees), `files`, the sizes and
format of the picture, languages of terms, the partial goods of priorities, `NameKind`, of a document its
number and direction, and the first term of a registration that was renewed (`ExpiryDate`).
"""

from __future__ import annotations

import datetime as dt
import re
from typing import Any
from zoneinfo import ZoneInfo

from tmwatch.errors import NotThisSource
from tmwatch.model import (
    DesignCode,
    GoodsServices,
    Live,
    MarkEvent,
    Phase,
    Priority,
    Publication,
    RelatedMark,
    make_record,
)
from tmwatch.numbers import st13_or_none
from tmwatch.sources.base import AsOf, Reading
from tmwatch.sources.json_rows import NEW_LAYOUT, Row, said_only
from tmwatch.sources.ua import nipo_people
from tmwatch.sources.word_tables import UNKNOWN, Meaning, status_fields, statuses, words
from tmwatch.text import clean_line

_KYIV = ZoneInfo("Europe/Kyiv")
_STAGE_NOW = frozenset({"current", "active", "stopped"})
_STAGES = _STAGE_NOW | {"done", "not-active"}
_RED = "red"


def reading(item: object, where: str) -> Reading:
    """Raises `LayoutChanged` naming the row and what is wrong with it."""
    row = Row(item, where)
    kind = row.number("obj_type_id", optional=True)
    if kind not in (None, 4):
        raise NotThisSource("this is a record of another kind than trade marks", where=where, do=NEW_LAYOUT)
    row.leave("obj_type", "id", "data_payments", "files")
    number, state = row.text("app_number"), row.number("obj_state")
    if state not in (1, 2):
        raise row.refuse(f"`obj_state` is neither application nor registration: {state}")
    registered = row.text("registration_number", optional=True)
    registered = None if registered == "0" else registered
    identity = _identity(number)
    if identity is None:
        raise row.no_number("app_number", "Ukrainian", number)
    filed = _day(row, "app_date", optional=False)
    entered = _day(row, "registration_date")
    updated = _day(row, "last_update")
    data = row.inner("data")
    if data is None:
        raise row.refuse("`data` is empty")
    given: dict[str, Any] = {
        "application_number": number,
        "registration_number": registered,
        "application_date": _same(data, "ApplicationDate", filed) or filed,
        "registration_date": _same(data, "RegistrationDate", entered) or entered,
    }
    odd = [*_differs(data, "ApplicationNumber", number), *_differs(data, "RegistrationNumber", registered)]
    data.leave("RegistrationOfficeCode", "ExpiryDate" if data.peek("ProlonagationExpiryDate") else "")
    _mark(data, given)
    _dates(data, given)
    given["classes"] = _classes(data)
    given.update(nipo_people.people(data, registered=state == 2))
    _links(data, given)
    types = [*_transactions(data), *_transactions(row)]
    meaning, word, unknown = _status(data, registered=state == 2, types=types, updated=updated, given=given)
    given |= {"status_text": word or None, **status_fields(meaning)}
    odd += _stages(data, given)
    events, undated = _events(row)
    given["events"] = events
    row.refuse_renamed()
    odd += said_only(given)
    if given.get("mark_feature_code") and "mark_feature" not in given:
        odd.append(f"MarkFeature = {clean_line(given['mark_feature_code'], 60)}")
    days = [day for day in (updated, given.get("application_date"), given["registration_date"]) if day]
    return Reading(
        make_record("UA", identity, **given),
        AsOf(max(days), "not_earlier_than") if days else None,
        (*row.unclaimed(), *odd, *undated),
        unknown,
    )


def _identity(number: str | None) -> str | None:
    if number is None:
        return None
    plain = number.upper().replace(" ", "")  # no other sign: 9807234-1 is not 98072341
    known = st13_or_none("UA", plain)
    return known or (f"UA500000{plain:0>9}" if re.fullmatch(r"(?=.*\d)[0-9A-Z]{1,9}", plain) else None)


def _day(row: Row, key: str, *, optional: bool = True) -> dt.date | None:
    """The day in Kyiv of an instant with a zone, or of a written date: midnight there is yesterday in UTC."""
    said = row.text(key, optional=optional, kind="date")
    if said is None:
        return None
    try:
        instant = dt.datetime.fromisoformat(said)
    except ValueError:
        raise row.refuse(f"`{key}` is no date: {clean_line(said, 40)}") from None
    return instant.astimezone(_KYIV).date() if instant.tzinfo else instant.date()


def _same(data: Row, key: str, outer: dt.date | None) -> dt.date | None:
    """The date within `data`, a plain day: what it says counts."""
    return data.day(key, optional=True) if data.has(key) else outer


def _differs(data: Row, key: str, outer: str | None) -> list[str]:
    said = data.text(key, optional=True)
    same = said in (None, "0") or (said or "").upper() == (outer or "").upper()
    return [] if same else [f"data.{key} = {clean_line(str(said), 60)}, not {clean_line(str(outer), 40)}"]


# -- the mark, its dates, its classes ----------------------------------------------------------------------


def _mark(data: Row, given: dict[str, Any]) -> None:
    word = data.inner("WordMarkSpecification", optional=True)
    elements = word.items("MarkSignificantVerbalElement", one=True) if word else []
    parts = [(one.number("@sequenceNumber", optional=True) or 0, one.text("#text")) for one in elements]
    ordered = [text for _, text in sorted(parts, key=lambda part: part[0]) if text]
    given["verbal_element"] = ", ".join(dict.fromkeys(ordered)) or None
    data_kind = data.text("MarkFeature", optional=True)
    if data_kind:
        given["mark_feature_code"] = data_kind
        if data_kind in words(__package__, "mark_features.csv"):
            given["mark_feature"] = words(__package__, "mark_features.csv")[data_kind]
    data.give(given, "mark_category", "KindMark", lambda key: tuple(filter(None, (data.text(key),))))
    data.give(given, "disclaimer", "Declamation", data.text)
    details = data.inner("MarkImageDetails", optional=True)
    image = details.inner("MarkImage", optional=True) if details else None
    if image is None:
        return
    image.leave("MarkImageFileFormat", "MarkImageRepresentationSize", "MarkImageColourIndicator")
    image.leave("MarkImageTypeNotice")
    image.give(given, "image", "MarkImageFilename", image.text)
    if claimed := image.items("MarkImageColourClaimedText", optional=True, one=True):
        said = [(one.number("@sequenceNumber", optional=True) or 0, one.text("#text")) for one in claimed]
        texts = [text for _, text in sorted(said, key=lambda part: part[0]) if text]
        given["colour_claim"] = "; ".join(dict.fromkeys(texts)) or None
    category = image.inner("MarkImageCategory", optional=True)
    codes = category.inner("CategoryCodeDetails", optional=True) if category else None
    if codes is not None:
        found = dict.fromkeys(codes.words("CategoryCode", one=True))
        given["design_codes"] = tuple(DesignCode(code=code) for code in sorted(found))


def _dates(data: Row, given: dict[str, Any]) -> None:
    renewed = data.day("ProlonagationExpiryDate", optional=True)  # the office's own spelling
    first = data.day("ExpiryDate", optional=True)
    if data.peek("ProlongationDate") and renewed is None:
        raise data.refuse("it was renewed (`ProlongationDate`), but until when is missing")
    if renewed or first:
        given["expiry_date"] = renewed or first
    data.give(
        given, "renewal_dates", "ProlongationDate", lambda key: tuple(filter(None, (data.day(key),))), "date"
    )
    data.give(given, "termination_date", "TerminationDate", data.day, "date")
    published: dict[Publication, None] = {}
    for one in data.items("PublicationDetails", optional=True, one=True):
        inner = one.items("Publication", one=True) if one.has("Publication") else [one]
        for part in inner:
            published.setdefault(
                Publication(
                    date=part.day("PublicationDate"),
                    issue=part.text("PublicationIdentifier", optional=True),
                    section=part.text("PublicationSection", optional=True),
                )
            )
    if data.has("Code_441"):  # INID 441: the application was published
        day, issue = data.day("Code_441"), data.text("Code_441_BulNumber", optional=True)
        if day:
            published.setdefault(Publication(date=day, issue=issue, section="441"))
    given["publications"] = tuple(sorted(published, key=lambda one: (str(one.date), one.section or "")))


def _classes(data: Row) -> tuple[GoodsServices, ...]:
    details = data.inner("GoodsServicesDetails")
    goods = details.inner("GoodsServices") if details else None
    holder = goods.inner("ClassDescriptionDetails") if goods else None
    found: dict[int, dict[str, None]] = {}
    for one in holder.items("ClassDescription", one=True) if holder else []:
        number = one.number("ClassNumber")
        if number is None or not 1 <= number <= 45:
            raise one.refuse(f"`ClassNumber` is no Nice class: {number}")
        terms = one.inner("ClassificationTermDetails", optional=True)
        texts = found.setdefault(number, {})
        for term in terms.items("ClassificationTerm", one=True) if terms else []:
            term.leave("ClassificationTermLanguageCode")
            if text := term.text("ClassificationTermText"):
                texts.setdefault(text)  # in an order of ours: that of the rows says nothing
    return tuple(
        GoodsServices(class_number=str(number), text="; ".join(sorted(found[number])) or None)
        for number in sorted(found)
    )


# -- status -------------------------------------------------------------------------------------------------


def _status(
    data: Row, *, registered: bool, types: list[str], updated: dt.date | None, given: dict[str, Any]
) -> tuple[Meaning, str, tuple[str, ...]]:
    """(meaning, the office's word, unknown words).

    Of a registration the colour counts: `application_status` says "active" on a hundred thousand dead ones.
    Why a red one ended says its last transaction; without it, only one whose term is over has a known cause.
    """
    table = statuses(__package__)
    application = data.text("application_status", optional=registered) or ""
    colour = data.text("registration_status_color", optional=not registered) or ""
    word = colour if registered else application
    meaning = table.get(word, UNKNOWN)
    unknown = (word,) if word and word not in table else ()
    if not registered or meaning.live is not Live.DEAD:
        return meaning, word, unknown
    last = types[-1] if types else ""
    if last in table and table[last].live is Live.DEAD:
        given["termination_kind"] = last
        return table[last], word, ()
    ended, term = given.get("termination_date") or updated, given.get("expiry_date")
    if ended and term and ended >= term:
        return meaning, word, ()
    return Meaning(Phase.UNKNOWN, Live.DEAD, True), word, ()


def _transactions(row: Row) -> list[str]:
    """The types of what was entered in the register, in its order; only the last decides anything."""
    if not row.has("Transactions"):
        return []
    holder = row.inner("Transactions")
    found = holder.items("Transaction", one=True) if holder else []
    return [kind for one in found if (kind := one.text("@type"))]


def _stages(data: Row, given: dict[str, Any]) -> list[str]:
    """The stage that an application stands at, where just one says so; stages have no dates."""
    odd, now = [], []
    for one in data.items("stages", optional=True, one=True):
        title = one.text("title")
        status = (one.text("status") or "").replace(";", "").strip()
        if status not in _STAGES:
            odd.append(f"stages: {clean_line(str(title), 40)} is {clean_line(status, 40)}")
        elif title and status in _STAGE_NOW:
            now.append(title)
    if len(set(now)) == 1:
        given["latest_step"] = now[0]
    return odd


def _events(row: Row) -> tuple[tuple[MarkEvent, ...], list[str]]:
    """Documents of the file, oldest first; and those without a date, which are no events."""
    events: list[MarkEvent] = []
    undated: list[str] = []
    seen = set()
    for one in row.items("data_docs", one=True):
        record = one.inner("DocRecord")
        if record is None:
            continue
        reference = (record.text("DocRegNumber", optional=True), record.text("DocIdDocCEAD", optional=True))
        record.leave("DocDirection", "DocBarCode")
        text, day = record.text("DocType"), record.day("DocRegDate")
        if not text or (text, day, reference) in seen:
            continue
        seen.add((text, day, reference))
        if day is None:
            undated.append(f"data_docs: {clean_line(text, 60)}, without a date")
        else:
            events.append(MarkEvent(date=day, text=text))
    return tuple(sorted(events, key=lambda event: event.date)), undated


# -- links --------------------------------------------------------------------------------------------------


def _links(data: Row, given: dict[str, Any]) -> None:
    priorities: dict[Priority, None] = {}
    holder = data.inner("PriorityDetails", optional=True)
    for one in holder.items("Priority", one=True) if holder else []:
        one.leave("PriorityPartialGoodsServices", "PriorityPartialIndicator")
        priorities.setdefault(
            Priority(
                country=one.text("PriorityCountryCode", optional=True),
                number=one.text("PriorityNumber", optional=True),
                date=one.day("PriorityDate"),
            )
        )
    for one in data.items("ExhibitionPriorityDetails", optional=True, one=True):
        one.leave("ExhibitionPartialGoodsServices", "ExhibitionPartialIndicator")
        country, day = one.text("ExhibitionCountryCode", optional=True), one.day("ExhibitionDate")
        priorities.setdefault(Priority(country=country, date=day, status="Exhibition"))
    given["priorities"] = tuple(sorted(priorities, key=lambda one: (str(one.date), one.number or "")))
    related: dict[RelatedMark, None] = {}
    if number := data.text("UssrRegistrationNumber", optional=True):
        related.setdefault(RelatedMark(kind="Registration in the USSR", number=number, office="SU"))
    ussr = data.inner("UssrApplicationDetails", optional=True)
    for one in ussr.items("UssrApplication", one=True) if ussr else []:
        one.leave("UssrApplicationDate")
        if number := one.text("UssrApplicationNumber"):
            related.setdefault(RelatedMark(kind="Application in the USSR", number=number, office="SU"))
    for mark in _associated(data):
        related.setdefault(mark)
    given["related_marks"] = tuple(sorted(related, key=lambda one: (one.kind, one.number)))


def _associated(data: Row) -> list[RelatedMark]:
    details = data.inner("AssociatedRegistrationApplicationDetails", optional=True)
    holder = details.inner("AssociatedRegistrationApplication", optional=True) if details else None
    if holder is None:
        return []
    found = []
    marks = holder.inner("AssociatedMarkDetails", optional=True)
    for one in marks.items("AssociatedMark", one=True) if marks else []:
        one.leave("AssociatedApplicationDate")
        found.append(("Associated application", one.text("AssociatedApplicationNumber")))
    parents = holder.inner("DivisionalApplicationDetails", optional=True)
    for one in parents.items("DivisionalApplication", one=True) if parents else []:
        one.leave("InitialApplicationDate")
        found.append(("Parent of division", one.text("InitialApplicationNumber")))
    registrations = holder.inner("AssociatedRegistrationDetails", optional=True)
    for one in registrations.items("DivisionalApplication", one=True) if registrations else []:
        inner = one.inner("AssociatedRegistration", optional=True)
        if inner is not None:
            inner.leave("AssociatedRegistrationDate")
            found.append(("Associated registration", inner.text("AssociatedRegistrationNumber")))
    return [RelatedMark(kind=kind, number=number, office="UA") for kind, number in found if number]
