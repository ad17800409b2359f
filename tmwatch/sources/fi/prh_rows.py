"""One row of a PRH answer as a record.

Left out, as said elsewhere in the row or without meaning for anybody else: `dossierId` and `ordinal` (PRH's
own counting), `thumbnailUrl` and `largeThumbnailUrl` (the picture of `imageUrl` in other sizes),
`trademarkHasImage` (said by `imageUrl`).
"""

from __future__ import annotations

import re
from typing import Any

from tmwatch.errors import NotThisSource
from tmwatch.model import GoodsServices, Party, Priority, make_record
from tmwatch.numbers import st13_or_none
from tmwatch.sources.base import AsOf, Reading
from tmwatch.sources.json_rows import Row, filled, said_only, whole_only
from tmwatch.sources.word_tables import UNKNOWN, status_fields, statuses, words
from tmwatch.text import clean_line

_LEFT_OUT = ("ordinal", "thumbnailUrl", "largeThumbnailUrl", "trademarkHasImage")
# How the list of marks with a reputation numbers its entries was never seen; what stands between the parts of
# a number is passed over, what stands behind it is not: 12-1 is not 121.
_ENTRY = re.compile(r"(?:([A-Z]{1,4})[ /-]?)?(?:((?:18|19|20)\d\d)[ /-]?)?(\d{1,9})")
_DESIGNATION = re.compile(r"W(\d{6,7}[A-Z]?)")  # W and the international number, perhaps with its letter
_REPUTATION = "TMR"  # how the statuses of the list of marks with a reputation begin


def reading(item: object, where: str) -> Reading:
    """Raises `LayoutChanged` naming the row and what is wrong with it."""
    row = Row(item, where)
    if row.has("locarnos") and (row.take("locarnos") or row.take("designs", optional=True)):
        raise NotThisSource("this is an answer of PRH's design search, not of its trade mark search")
    dossier = row.text("dossierId", optional=True, kind="number")
    row.leave("designs", *_LEFT_OUT)
    number, registered = row.text("applicationNumber"), row.text("registrationNumber")
    word = row.text("dossierStatus") or ""
    public = row.text("targetGroup", optional=True)
    listed = word.startswith(_REPUTATION) or public is not None
    identity = _identity(number, (registered, dossier), listed)
    if identity is None:
        raise row.no_number("applicationNumber", "Finnish", number)
    kind = row.text("dossierSubType", optional=True)
    held = {
        "owners": filled(row, "applicants", "name"),
        "representatives": filled(row, "representatives", "name"),
        "classes": filled(row, "goodsAndServices", "classNumber"),
    }
    given: dict[str, Any] = {
        "application_number": number,
        "registration_number": registered,
        "application_date": row.day("applicationDate"),
        "verbal_element": row.text("trademarkWord"),
        "owners": _people(row, "applicants"),
        "classes": _classes(row),
        "status_text": word or None,
        **status_fields(statuses(__package__).get(word, UNKNOWN)),
    }
    row.give(given, "registration_date", "registrationDate", row.day, "date")
    row.give(given, "expiry_date", "expirationDate", row.day, "date")
    row.give(given, "image", "imageUrl", row.text)
    row.give(given, "representatives", "representatives", lambda key: _people(row, key), "box")
    row.give(given, "priorities", "priorities", lambda _: _priorities(row), "box")
    if kind:
        given["mark_feature_code"] = kind
        if kind in words(__package__, "mark_features.csv"):
            given["mark_feature"] = words(__package__, "mark_features.csv")[kind]
    if number and number.startswith("W"):
        given["filing_route"] = "madrid_designation"
        own = _DESIGNATION.fullmatch(number)
        given["international_registration_number"] = own[1] if own and not registered else registered
    if listed or public or (number or "").startswith(_REPUTATION):
        # An entry in that list is no registration: it says among whom a mark is known.
        given["register_kind"] = "List of marks with a reputation (TMR)"
        given["description"] = f"Known among: {public}" if public else None
    row.refuse_renamed()
    unclaimed = [*row.unclaimed(), *whole_only(given, held)]
    if kind and "mark_feature" not in given:
        unclaimed.append(f"dossierSubType = {clean_line(kind, 60)}")
    days = [day for day in (given["application_date"], given.get("registration_date")) if day is not None]
    # The list of marks with a reputation is no register of filings: an entry may have no classes.
    unclaimed += said_only(given, may_lack=("classes", "application_date") if listed else ())
    return Reading(
        make_record("FI", identity, **given),
        AsOf(max(days), "not_earlier_than") if days else None,
        tuple(unclaimed),
        (word,) if word and word not in statuses(__package__) else (),
    )


def _identity(number: str | None, others: tuple[str | None, ...], listed: bool) -> str | None:
    """ST.13; None where the number has a form that was never seen, which might be another filing's.

    An entry in the list of marks with a reputation never takes that of a filing (T…, W…). Where it has no
    number of its own, the first of `others` that can be read stands in.
    """
    if not listed:
        return st13_or_none("FI", number) if number else None
    if number:
        return _entry(number)
    return next((identity for said in others if said and (identity := _entry(said))), None)


def _entry(number: str) -> str | None:
    """Letters, year and serial of an entry in their places; that of a filing gets TMR for its letter."""
    parts = _ENTRY.fullmatch(number.upper())
    if parts is None:
        return None
    letters, year, serial = parts.groups()
    tail = f"{_REPUTATION if letters in (None, 'T', 'W') else letters}{serial}"
    return f"FI50{year or '0000'}{tail:0>9}" if len(tail) <= 9 else None


def _people(row: Row, key: str) -> tuple[Party, ...]:
    found: dict[Party, None] = {}
    for one in row.items(key):
        place = one.number("ordinal", optional=True)
        name = one.text("name")
        if name:
            found.setdefault(Party(name=name, sequence=place))
    return tuple(sorted(found, key=lambda party: (party.sequence or 0, party.name)))


def _classes(row: Row) -> tuple[GoodsServices, ...]:
    numbers: dict[int, None] = {}
    for one in row.items("goodsAndServices"):
        one.leave("ordinal")
        number = one.number("classNumber")
        if number is not None:
            numbers.setdefault(number)
    return tuple(GoodsServices(class_number=str(number)) for number in sorted(numbers))


def _priorities(row: Row) -> tuple[Priority, ...]:
    found: dict[Priority, None] = {}
    for one in row.items("priorities"):
        one.leave("ordinal")
        found.setdefault(Priority(date=one.day("priorityDate")))
    return tuple(sorted(found, key=lambda priority: str(priority.date)))
