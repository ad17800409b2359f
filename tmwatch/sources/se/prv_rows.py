"""One row of a PRV answer as a record.

Left out: `idTrademark` (PRV's own counting), `dossierTypeSv` (`dossierTypeEn` in Swedish), and the last part
of an address where it is a personal identity number (the third digit of a company's is never below 2).
"""

from __future__ import annotations

import re
from typing import Any

from tmwatch.model import GoodsServices, Party, make_record
from tmwatch.numbers import st13_or_none
from tmwatch.sources.base import AsOf, Reading
from tmwatch.sources.json_rows import Row, filled, said_only, whole_only
from tmwatch.sources.word_tables import UNKNOWN, Meaning, status_fields, statuses, words
from tmwatch.text import clean_line

# "Amager Strandvej 390 DK-2770 Kastrup, DK", "… 211 19 Malmö, SE, 916629-0834"
_TAIL = re.compile(r"(?P<lines>.*?)(?:, |^)(?P<country>[A-Z]{2})(?:, (?P<identifier>\d{6}-\d{4}))?")
# A personal number begins with a birth date (third digit 0 or 1); a company's has 2 or more there.
_BORN = re.compile(r"(?:, ?| |^)(?:\d{2})?\d{2}[01]\d{3}[-+]\d{4}(?!\d)")
_NATIONAL = "National trademark"


def reading(item: object, where: str) -> Reading:
    """Raises `LayoutChanged` naming the row and what is wrong with it."""
    row = Row(item, where)
    row.leave("idTrademark", "dossierTypeSv")
    number = row.text("applicationNumber")
    identity = _identity(number)
    if identity is None:
        raise row.no_number("applicationNumber", "Swedish", number)
    held = {"owners": filled(row, "applicants"), "classes": filled(row, "classes")}
    swedish, english = row.text("statusSv") or "", row.text("statusEn") or ""
    meaning, unknown = _status(swedish, english)
    given: dict[str, Any] = {
        "application_number": number,
        "registration_number": row.text("registrationNumber"),
        "application_date": row.day("filingDate"),
        "verbal_element": row.text("markSpecification"),
        "classes": _classes(row),
        "owners": tuple(dict.fromkeys(filter(None, map(_applicant, row.items("applicants"))))),
        "status_code": swedish or None,
        "status_text": english or None,
        **status_fields(meaning),
    }
    row.give(given, "expiry_date", "expiryDate", row.day, "date")
    row.give(given, "representatives", "representatives", lambda key: _agents(row, key), "box")
    row.give(given, "register_kind", "dossierTypeEn", row.text)
    row.give(given, "mark_feature_code", "markFeatureSv", row.text)
    kind = row.text("markFeatureEn", optional=True)
    features = words(__package__, "mark_features.csv")
    if kind in features:
        given["mark_feature"] = features[kind]
    if given.get("register_kind") == _NATIONAL:
        given["filing_route"] = "direct"
    row.refuse_renamed()
    unclaimed = row.unclaimed()
    if kind and kind not in features:
        unclaimed = (*unclaimed, f"markFeatureEn = {clean_line(kind, 60)}")
    filed = given["application_date"]
    gaps = (*whole_only(given, held), *said_only(given))
    return Reading(
        make_record("SE", identity, **given),
        AsOf(filed, "not_earlier_than") if filed else None,
        (*unclaimed, *gaps),
        unknown,
    )


def _status(swedish: str, english: str) -> tuple[Meaning, tuple[str, ...]]:
    """Both words must be known and mean the same; the reading says what is unknown."""
    table = statuses(__package__)
    unknown = tuple(word for word in (swedish, english) if word and word not in table)
    meanings = {table[word] for word in (swedish, english) if word in table}
    if unknown or len(meanings) != 1 or not swedish:
        told = unknown or ((f"{swedish} / {english}",) if len(meanings) > 1 else ())
        return UNKNOWN, told
    return meanings.pop(), ()


def _identity(number: str | None) -> str | None:
    """ST.13. Numbers of international registrations were never seen: plain ones are taken as they are."""
    if number is None:
        return None
    known = st13_or_none("SE", number)
    if known is None and re.fullmatch(r"(?=.*\d)[0-9A-Z]{1,9}", number):
        known = f"SE500000{number:0>9}"
    return known


def _classes(row: Row) -> tuple[GoodsServices, ...]:
    numbers = []
    for word in dict.fromkeys(row.words("classes")):
        if not re.fullmatch(r"\d{1,3}", word):
            raise row.refuse(f"`classes` holds no class number: {clean_line(word, 40)}")
        numbers.append(int(word))
    return tuple(GoodsServices(class_number=str(number)) for number in sorted(dict.fromkeys(numbers)))


def _applicant(one: Row) -> Party | None:
    name = one.text("name")
    if not name:
        one.leave("address")  # of nobody
        return None
    return Party(name=name, **_address(one.text("address", optional=True)))


def _agents(row: Row, key: str) -> tuple[Party, ...]:
    """A representative is one text: the name up to the first comma, then the address.

    Nothing in the text says where the name ends; one with a comma in it goes on in the address. An object
    with name and address, as applicants have, is read as such.
    """
    value = row.take(key, "box")
    if value is None:
        return ()
    if not isinstance(value, list):
        raise row.refuse(f"`{key}` is no list")
    found: dict[Party, None] = {}
    for place, item in enumerate(value, 1):
        if isinstance(item, dict):
            if (party := _applicant(row.child(item, f"{key} {place}"))) is not None:
                found.setdefault(party)
        elif isinstance(item, str) and item.strip():
            name, _, address = " ".join(item.split()).partition(", ")
            found.setdefault(Party(name=name, **_address(address or None)))
        elif item not in (None, ""):
            raise row.refuse(f"`{key}` holds no text: {clean_line(str(item), 40)}")
    return tuple(found)


def _address(text: str | None) -> dict[str, Any]:
    if not text:
        return {}
    text = _BORN.sub("", text)
    found = _TAIL.fullmatch(text)
    if found is None:
        return {"address_lines": (text,)}
    identifier = found["identifier"]
    return {
        "address_lines": (found["lines"],) if found["lines"] else (),
        "country": found["country"],
        # A birth date is nobody's business here.
        "identifier": identifier if identifier and identifier[2] >= "2" else None,
    }
