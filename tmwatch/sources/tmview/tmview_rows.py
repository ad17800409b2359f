"""One trade mark of TMview as a record: a hit of a search, or a detail.

Seen: three hits and one further one, and one shortened detail, all of 2026; more keys stand in client code
of 2026. What was never seen with a content (`oppositions`, `cancellations`, `renewals`, `priority`) is read
where its keys bear the names that TMview uses elsewhere, and is unclaimed where they do not.

`LEFT_OUT` is what is understood and has no place in the record; everything else is read or unclaimed.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from tmwatch.model import (
    DesignCode,
    GoodsServices,
    GoodsText,
    Party,
    Period,
    Priority,
    Proceeding,
    Publication,
    make_record,
)
from tmwatch.numbers import st13_or_none
from tmwatch.offices import offices
from tmwatch.sources.base import AsOf, Reading
from tmwatch.sources.json_rows import Row, filled, said_only, whole_only
from tmwatch.sources.word_tables import UNKNOWN, Meaning, status_fields, statuses, words
from tmwatch.text import clean_line

LEFT_OUT = (
    "tmOfficeURL",  # addresses of the office's own page, and of the same picture in another size
    "officeUrl",
    "detailImageURI",
    "markImageURI",  # of a hit; of a detail it is the picture
    "officeNumberOfTradeMark",  # how many marks the office has in TMview
    "tProtection",  # where it is protected: the countries of the office
    "designatedCountries",
    "seniorityClaimed",
    "applicationLanguageCode",  # of the proceedings, not of the mark
    "tmOffice",  # the office stands in ST13
    "registrationOfficeCode",
    "iprKind",  # always "Trade mark"
)
_ST13 = re.compile(r"[A-Z]{2}50\d{4}[0-9A-Z]{9}")
_ADDRESSES = ("tmOfficeURL", "markImageURI", "detailImageURI")
_TRADE_MARK = "Trade mark"


def hit(item: object, where: str) -> Reading:
    """A hit of a search. Raises `LayoutChanged` naming the row and what is wrong."""
    row = Row(item, where)
    identity = _identity(row)
    keys = (("owners", "applicantName"), ("classes", "niceClass"), ("design_codes", "viennaCodes"))
    held = {field: filled(row, key) for field, key in keys}
    fields = _numbers(row, identity, "registrationDate")
    unknown = _status(row, fields, "tradeMarkStatus")
    _feature(row, fields, "tradeMarkType")
    row.give(fields, "verbal_element", "tmName", row.text)
    row.give(fields, "expiry_date", "expirationDate", row.day, "date")
    # As in a detail: the other address is that of the thumbnail, and the two by turns would be changes.
    row.give(fields, "image", "detailImageURI", row.text)
    row.give(fields, "owners", "applicantName", lambda key: _named(row.words(key)), "box")
    row.give(fields, "classes", "niceClass", lambda key: _classes(_checked(row, row.words(key))), "box")
    row.give(fields, "design_codes", "viennaCodes", lambda key: _design(row.words(key)), "box")
    # `oppositionDeadLine` is the end of the period once more, or where only the end is known.
    _period(row, fields, "oppositionPeriodStart", ("oppositionPeriodEnd", "oppositionDeadLine"))
    return _made(row, identity, fields, unknown, _latest(fields), held)


def detail(answer: dict[str, Any], where: str, *, live: bool) -> Reading:
    """A detail. Of a saved one the day is that of the office's last delivery; a live look has its own."""
    row = Row(answer, where)
    identity = _identity(row)
    mark = row.inner("tradeMark")
    if mark is None:
        raise row.refuse("`tradeMark` is empty")
    fields = _numbers(mark, identity, "codeRegistrationDate")
    unknown = _status(mark, fields, "markCurrentStatusCode")
    _feature(mark, fields, "markFeature")
    mark.give(fields, "verbal_element", "tmName", mark.text)
    mark.give(fields, "status_date", "markCurrentStatusDate", mark.day, "date")
    mark.give(fields, "expiry_date", "expiryDate", mark.day, "date")
    mark.give(fields, "image", "markImageURI", mark.text)
    mark.give(fields, "description", "imageDescription", mark.text)
    mark.give(fields, "mark_category", "kindMark", lambda key: _kinds(mark.text(key)))
    _period(mark, fields, "oppositionPeriodStartDate", ("oppositionPeriodEndDate",))
    held = {"design_codes": filled(mark, "viennaCodes") and filled(row, "viennaCodes")}
    held["classes"] = filled(mark, "goodAndServices", "niceClass")
    mark.give(fields, "design_codes", "viennaCodes", lambda key: _design(mark.words(key)), "box")
    if row.has("viennaCodes"):  # client code of 2026 finds them there
        fields["design_codes"] = _design(row.words("viennaCodes"))
    if (kind := mark.text("iprKind", optional=True)) not in (None, _TRADE_MARK):
        raise mark.refuse(f"this is no trade mark: {clean_line(str(kind), 40)}")
    _goods(row, mark, fields)
    _around(row, fields)
    mark.leave(*LEFT_OUT)
    updated = row.day("officeLastUpdateDate", optional=True)
    as_of = None if live else AsOf(updated, "printed") if updated else _latest(fields)
    return _made(row, identity, fields, unknown, as_of, held)


def _made(
    row: Row,
    identity: str,
    fields: dict[str, Any],
    unknown: Sequence[str],
    as_of: AsOf | None,
    held: Mapping[str, bool],
) -> Reading:
    row.leave(*LEFT_OUT)
    row.refuse_renamed()
    odd = [*whole_only(fields, held), *said_only(fields)]
    if fields.get("mark_feature_code") and not fields.get("mark_feature"):
        odd.append(f"kind of mark = {clean_line(fields['mark_feature_code'], 60)}")
    known = set(words(__package__, "kinds.csv").values())
    odd += [
        f"kindMark = {clean_line(one, 60)}" for one in fields.get("mark_category", ()) if one not in known
    ]
    return Reading(
        make_record(identity[:2], identity, **fields), as_of, (*row.unclaimed(), *odd), tuple(unknown)
    )


def _identity(row: Row) -> str:
    """ST.13 as TMview gives it; where a hit was cut down, as it stands in its addresses or follows from
    office and number. Raises `LayoutChanged` where it cannot be told."""
    said = row.text("ST13", optional=True)
    if said is None:
        for key in _ADDRESSES:
            tail = str(row.peek(key) or "").rpartition("/")[2]
            if _ST13.fullmatch(tail):
                said = tail
                break
        else:
            office, number = row.peek("tmOffice"), row.peek("applicationNumber")
            if isinstance(office, str) and office in offices() and isinstance(number, str):
                said = st13_or_none(office, number)
    if said is None or not _ST13.fullmatch(said) or said[:2] not in offices():
        raise row.no_number("ST13", "ST.13", said)
    return said


def _numbers(row: Row, identity: str, registered: str) -> dict[str, Any]:
    number = row.text("applicationNumber")
    if not number:
        raise row.refuse("`applicationNumber` is empty")
    fields: dict[str, Any] = {"application_number": number}
    row.give(fields, "registration_number", "registrationNumber", row.text, "number")
    row.give(fields, "application_date", "applicationDate", row.day, "date")
    row.give(fields, "registration_date", registered, row.day, "date")
    if identity[:2] == "WO":
        fields["international_registration_number"] = identity[8:].lstrip("0")
    return fields


# -- status and kind -----------------------------------------------------------------------------------


def _meanings() -> dict[str, Meaning]:
    return {word.casefold(): meaning for word, meaning in statuses(__package__).items()}


def _status(row: Row, fields: dict[str, Any], key: str) -> tuple[str, ...]:
    word = row.text(key) or ""
    fields["status_text"] = word or None
    meaning = _meanings().get(word.casefold(), UNKNOWN)
    fields |= status_fields(meaning)
    return (word,) if word and not meaning.known else ()


def _feature(row: Row, fields: dict[str, Any], key: str) -> None:
    if not row.has(key):
        row.take(key, optional=True)
        return
    fields["mark_feature_code"] = row.text(key)
    fields["mark_feature"] = words(__package__, "mark_features.csv").get(fields["mark_feature_code"] or "")


def _kinds(said: str | None) -> tuple[str, ...]:
    return (words(__package__, "kinds.csv").get(said, said),) if said else ()


def _period(row: Row, fields: dict[str, Any], start: str, ends: tuple[str, ...]) -> None:
    there = [key for key in (start, *ends) if row.has(key)]
    begins = row.day(start, optional=True)
    said = [row.day(key, optional=True) for key in ends]
    end = next((day for day in said if day is not None), None)
    if there:
        fields["opposition_period"] = Period(start=begins, end=end) if begins or end else None


# -- goods ---------------------------------------------------------------------------------------------


def _number(row: Row, said: str | None) -> str:
    plain = (said or "").lstrip("0")
    if not (plain.isascii() and plain.isalnum() and len(plain) <= 4):
        raise row.refuse(f"`niceClass` is no class: {clean_line(str(said), 40)}")
    return plain


def _order(item: GoodsServices) -> tuple[int, str]:
    return (item.nice_class or 99, item.class_number)


def _checked(row: Row, said: Iterable[str]) -> Iterable[str]:
    """Classes as they are. A word among them would be kept for one: Nice classes are numbers."""
    for one in said:
        for part in re.split(r"[,;]", one):
            if part.strip() and not part.strip().isdecimal():
                raise row.refuse(f"`niceClass` is no class: {clean_line(part, 40)}")
        yield one


def _classes(said: Iterable[str]) -> tuple[GoodsServices, ...]:
    """Numbers as 9, "09" or "25, 43"."""
    found = [part.strip().lstrip("0") for one in said for part in re.split(r"[,;]", one)]
    plain = {number: GoodsServices(class_number=number) for number in found if number}
    return tuple(sorted(plain.values(), key=_order))


def _goods(row: Row, mark: Row, fields: dict[str, Any]) -> None:
    """The goods of the detail: with their texts, where it has them; further languages beside them."""
    given = any(one for one in (mark.has("goodAndServices"), mark.has("niceClass")))
    texts: dict[str, dict[str, str]] = {}
    for one in mark.items("goodAndServices", optional=True):
        number = _number(one, one.text("niceClass"))
        texts.setdefault(number, {})[""] = _join(one, "goodsAndServices")
    # Seen in client code of 2026 only: a list a language, each with its classes and their terms.
    if row.has("goodsAndServicesList"):
        given = True
        for listed in row.items("goodsAndServicesList"):
            inside = listed.inner("goodAndServices")
            if inside is None:
                continue
            language = (inside.text("language", optional=True) or "").lower()
            for one in inside.items("goodAndServiceList", optional=True):
                number = _number(one, one.text("niceClass"))
                texts.setdefault(number, {})[language] = _join(one, "goodsAndServices")
    else:
        row.take("goodsAndServicesList", "box", optional=True)
    numbers = _classes([mark.text("niceClass", optional=True) or ""])
    if not given:
        return
    found = {one.class_number: one for one in numbers}
    for number, told in texts.items():
        found[number] = _class(number, told)
    fields["classes"] = tuple(sorted(found.values(), key=_order))


def _join(one: Row, key: str) -> str:
    """A text, or terms. Terms come as rows, whose order means nothing and may differ from look to look."""
    value = one.peek(key)
    if isinstance(value, list) and any(isinstance(item, dict) for item in value):
        terms = {term for item in one.items(key) if (term := item.text("term"))}
        return "; ".join(sorted(terms, key=lambda term: (term.casefold(), term)))
    return "; ".join(one.words(key, one=True))


def _class(number: str, told: dict[str, str]) -> GoodsServices:
    """English where there is English, as everywhere in tmwatch; the text without a language comes last."""
    order = sorted(told, key=lambda one: (one != "en", one == "", one))
    others = tuple(
        GoodsText(language=language, text=told[language])
        for language in order[1:]
        if language and told[language]
    )
    return GoodsServices(
        class_number=number, text=told[order[0]], language=order[0] or None, other_texts=others or None
    )


def _design(codes: Iterable[str]) -> tuple[DesignCode, ...]:
    return tuple(DesignCode(code=code) for code in sorted(set(codes)))


# -- people and what happened ----------------------------------------------------------------------------


def _named(names: Iterable[str]) -> tuple[Party, ...]:
    return tuple(Party(name=name) for name in dict.fromkeys(names))


def _parties(found: Iterable[Row]) -> tuple[Party, ...] | None:
    """The people of a list; None where one of them has no name, since the others are not all of them."""
    people: dict[Party, None] = {}
    for one in found:
        name = one.text("fullName", optional=True) or one.text("organizationName", optional=True)
        identifier = one.text("identifier", optional=True, kind="number")
        form = one.text("legalEntity", optional=True)
        place: dict[str, Any] = {}
        address = one.inner("addressDetails", optional=True)
        if address is not None:
            place["country"] = address.text("countryCode", optional=True)
            place["city"] = address.text("city", optional=True)
            place["postcode"] = address.text("postcode", optional=True, kind="number")
            street = address.text("street", optional=True)
            place["address_lines"] = (street,) if street else None
        if name is None:
            return None
        people.setdefault(Party(name=name, identifier=identifier, legal_form=form, **place))
    return tuple(people)


def _around(row: Row, fields: dict[str, Any]) -> None:
    for field, key in (("owners", "applicants"), ("representatives", "representatives")):
        row.give(fields, field, key, lambda key: _parties(row.items(key)), "box")
        if field in fields and fields[field] is None:
            del fields[field]  # not given: what is known stays
    row.give(fields, "publications", "publication", lambda key: _publications(row.items(key)), "box")
    row.give(fields, "priorities", "priority", lambda key: _priorities(row.items(key)), "box")
    row.give(fields, "renewal_dates", "renewals", lambda key: _renewals(row.items(key)), "box")
    there = [row.has(key) for key in ("oppositions", "cancellations")]
    found = [
        *(_proceeding(one, "Opposition") for one in row.items("oppositions", optional=True)),
        *(_proceeding(one, "Cancellation") for one in row.items("cancellations", optional=True)),
    ]
    if any(there) and not all(there):
        raise row.refuse("of `oppositions` and `cancellations` one is missing; they come together")
    if all(there):
        fields["proceedings"] = tuple(dict.fromkeys(one for one in found if one is not None))


def _publications(found: Iterable[Row]) -> tuple[Publication, ...]:
    return tuple(
        dict.fromkeys(
            Publication(
                date=one.day("date"),
                issue=one.text("identifier", optional=True),
                section=one.text("section", optional=True),
            )
            for one in found
        )
    )


def _priorities(found: Iterable[Row]) -> tuple[Priority, ...]:
    return tuple(
        dict.fromkeys(
            Priority(
                country=one.text("countryCode", optional=True),
                number=one.text("number", optional=True, kind="number"),
                date=one.day("date", optional=True),
                status=one.text("status", optional=True),
            )
            for one in found
        )
    )


def _renewals(found: Iterable[Row]) -> tuple[dt.date, ...]:
    days = {day for one in found if (day := one.day("date", optional=True)) is not None}
    return tuple(sorted(days))


def _proceeding(one: Row, kind: str) -> Proceeding | None:
    number = one.text("identifier", optional=True)
    filed, status = one.day("date", optional=True), one.text("status", optional=True)
    if number is None and filed is None:
        return None  # under names that were never seen: unclaimed, and shown so
    return Proceeding(kind=kind, number=number or "", filed=filed, status=status)


def _latest(fields: dict[str, Any]) -> AsOf | None:
    """A hit prints no day: at the earliest, that of the latest past fact."""
    days = [fields.get(key) for key in ("application_date", "registration_date", "status_date")]
    days += [one.date for one in fields.get("publications") or ()]
    known = [day for day in days if day is not None]
    return AsOf(max(known), "not_earlier_than") if known else None
