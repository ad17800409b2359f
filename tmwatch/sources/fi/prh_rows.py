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
from tmwatch.sources.json_rows import Row, said_only
from tmwatch.sources.word_tables import UNKNOWN, status_fields, statuses, words
from tmwatch.text import clean_line

_LEFT_OUT = ("ordinal", "thumbnailUrl", "largeThumbnailUrl", "trademarkHasImage")
_NUMBER = re.compile(r"([A-Z]{0,4})((?:18|19|20)\d\d)?(\d{1,9})")
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
        said = clean_line(str(number), 40)
        raise row.refuse(f"`applicationNumber` is no Finnish number: {said}")
    kind = row.text("dossierSubType", optional=True)
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
        given["international_registration_number"] = registered
    if listed or public or (number or "").startswith(_REPUTATION):
        # An entry in that list is no registration: it says among whom a mark is known.
        given["register_kind"] = "List of marks with a reputation (TMR)"
        given["description"] = f"Known among: {public}" if public else None
    row.refuse_renamed()
    unclaimed = list(row.unclaimed())
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
    """ST.13. An entry in the list of marks with a reputation never takes that of a filing (T…, W…).

    How that list numbers its entries was never seen: the first of `others` that can be read stands in.
    """
    if listed:
        found = (_tail(said, _REPUTATION) for said in (number, *others) if said)
        return next((identity for identity in found if identity), None)
    if number is None:
        return None
    return st13_or_none("FI", number) or _tail(number, "")


def _tail(number: str, mark: str) -> str | None:
    """Letters, year and serial of a number in their places. A filing's number gets `mark` for its letter."""
    parts = _NUMBER.fullmatch(re.sub(r"[^0-9A-Z]", "", number.upper()))
    if parts is None:
        return None
    letters, year, serial = parts.groups()
    if mark and letters in ("", "T", "W"):
        letters = mark
    tail = f"{letters}{serial}"
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
