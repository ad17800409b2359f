"""One trade mark of the EUIPO's API as a record: a row of a search, or a whole record by number.

`LEFT_OUT` is what is understood and has no place in the record. Everything else is read or shown as
unclaimed. Source of all keys and words: the office's OpenAPI document 1.1.0 of the trade mark search API; ten
rows of a search and one shortened record were seen.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterable
from typing import Any

from tmwatch.model import (
    DesignCode,
    GoodsServices,
    GoodsText,
    MaintenanceFiling,
    Party,
    Period,
    Publication,
    make_record,
)
from tmwatch.numbers import st13_or_none
from tmwatch.sources.base import AsOf, Reading
from tmwatch.sources.em.euipo_related import (
    PROCEEDINGS,
    once,
    priorities,
    proceedings,
    related_marks,
    seniorities,
)
from tmwatch.sources.json_rows import Row, filled, said_only, whole_only
from tmwatch.sources.renamed import Kind
from tmwatch.sources.word_tables import UNKNOWN, status_fields, statuses, words
from tmwatch.text import clean_line

LEFT_OUT = (
    "applicationLanguage",  # says only which of several texts is the original
    "secondLanguage",
    "receiptDate",  # when it reached the office; the filing date is what counts
    "fastTrackIndicator",  # how the office works on it
    "fastTrackOnReceptionIndicator",
    "inspectionRequests",  # who looked into the file
)
_MEDIA = {
    "markImage": "imageFormat",
    "markSound": "soundFormat",
    "markVideo": "videoFormat",
    "markModel": "modelFormat",
}
# What a whole record always has; an answer without any of them was cut to chosen fields.
_ALWAYS = ("applicationLanguage", "goodsAndServices", "statusDate")
# Until the fee is paid the office shows neither applicants nor, maybe, a date (its document, ApplicantsList).
_NOT_PAID = ("RECEIVED",)
_DESIGNATION = re.compile(r"W(\d{8})([A-Z]?)")


class _Given:
    """The fields of the record. What a key that is not there says depends on the answer: nothing, where it
    was cut to chosen fields; else that there is none."""

    def __init__(self, row: Row, *, whole: bool) -> None:
        self.row, self.whole = row, whole
        self.fields: dict[str, Any] = {}
        self.filed_in = ""  # the language of filing, where the answer says it

    def has(self, key: str, kind: Kind = "text") -> bool:
        """Whether the answer says anything of this key."""
        if not self.whole and not self.row.has(key):
            self.row.take(key, kind, optional=True)  # missed: an unknown key may be this one
            return False
        return True


def reading(item: object, where: str, *, listed: bool) -> Reading:
    """A row of a search (`listed`) or a record. Raises `UnknownNumber` where nobody can tell whose it is,
    else `LayoutChanged` naming the row and what is wrong."""
    row = Row(item, where)
    whole = listed or any(row.has(key) for key in _ALWAYS)
    given = _Given(row, whole=whole)
    if isinstance(item, dict) and isinstance(item.get("applicationLanguage"), str):
        given.filed_in = item["applicationLanguage"]
    number = row.text("applicationNumber") or ""
    identity = st13_or_none("EM", number)
    if identity is None:
        raise row.no_number("applicationNumber", "EUIPO", number)
    held = {
        "owners": filled(row, "applicants"),
        "representatives": filled(row, "representatives"),
        "classes": filled(row, "niceClasses") and filled(row, "goodsAndServices", "classNumber"),
    }
    fields = given.fields
    fields["application_number"] = number
    unknown = _status(given, listed=listed)
    _mark(given, listed=listed)
    _dates(given, number, listed=listed)
    _people(given)
    _classes(given, listed=listed)
    if not listed:
        _texts(given)
        _rights(given)
        _proceedings(given)
        _terms(given)
    _publications(given, listed=listed)
    row.leave(*(key for key in LEFT_OUT if not listed))
    row.refuse_renamed()
    unpaid = fields.get("status_text") in _NOT_PAID
    gaps = whole_only(fields, held)
    gaps += said_only(fields, may_lack=("owners", "application_date") if unpaid else ())
    return Reading(
        make_record("EM", identity, **fields),
        _as_of(fields),
        (*row.unclaimed(), *_odd_words(fields), *gaps),
        unknown,
    )


def _status(given: _Given, *, listed: bool) -> tuple[str, ...]:
    row, fields = given.row, given.fields
    word = row.text("status") or ""
    fields["status_text"] = word or None
    fields |= status_fields(statuses(__package__).get(word, UNKNOWN))
    if not listed and given.has("statusDate", "date"):
        fields["status_date"] = row.day("statusDate")
    return (word,) if word and word not in statuses(__package__) else ()


def _mark(given: _Given, *, listed: bool) -> None:
    row, fields = given.row, given.fields
    feature = row.text("markFeature", optional=not listed)
    if feature or given.whole:
        fields["mark_feature_code"] = feature
        fields["mark_feature"] = words(__package__, "mark_features.csv").get(feature or "")
    if given.has("markKind"):
        kind = row.text("markKind", optional=True)
        fields["mark_category"] = (words(__package__, "kinds.csv").get(kind, kind),) if kind else ()
    if given.has("wordMarkSpecification", "box"):
        spec = row.inner("wordMarkSpecification", optional=True)
        fields["verbal_element"] = spec.text("verbalElement") if spec else None
    if given.has("applicantReference"):
        fields["docket_number"] = row.text("applicantReference", optional=True)


def _dates(given: _Given, number: str, *, listed: bool) -> None:
    row, fields = given.row, given.fields
    found = _DESIGNATION.fullmatch(number)
    if given.has("markBasis"):
        basis = row.text("markBasis", optional=True)
        route = "madrid_designation" if found else "direct"
        fields["filing_route"] = words(__package__, "kinds.csv").get(basis, basis) if basis else route
    filed = row.day("applicationDate", optional=True)
    designated = row.day("designationDate", optional=True)
    if not filed and not designated and given.whole and fields["status_text"] not in _NOT_PAID:
        raise row.refuse("neither `applicationDate` nor `designationDate` is there")
    if filed or designated or given.whole:
        # A designation has no filing date of its own: it counts from its day, as a filing here would.
        fields["application_date"] = filed or designated
    registered = row.day("registrationDate", optional=True)
    if registered or given.whole:
        fields["registration_date"] = registered
    if given.has("expiryDate", "date"):
        fields["expiry_date"] = row.day("expiryDate", optional=True)
    if found:
        fields["international_registration_number"] = found[1].lstrip("0") + found[2]
    elif registered or given.whole:
        fields["registration_number"] = number if registered else None


def _people(given: _Given) -> None:
    if not given.row.has("applicants") and given.fields["status_text"] not in _NOT_PAID:
        raise given.row.refuse("`applicants` is missing")
    for field, key in (("owners", "applicants"), ("representatives", "representatives")):
        if given.has(key, "box"):
            given.fields[field] = _parties(given.row.items(key, optional=True))


def _parties(found: Iterable[Row]) -> tuple[Party, ...]:
    people: dict[Party, None] = {}
    for one in found:
        one.leave("office")  # who keeps the person's number: EUIPO or WIPO
        name = one.text("name")
        identifier = one.text("identifier", optional=True, kind="number")
        if name:
            people.setdefault(Party(name=name, identifier=identifier))
    return tuple(people)


def _classes(given: _Given, *, listed: bool) -> None:
    row = given.row
    numbers = row.words("niceClasses", optional=not listed and given.whole)
    for number in numbers:
        if not re.fullmatch(r"0?[1-9]|[1-3]\d|4[0-5]", number):
            raise row.refuse(f"`niceClasses` holds no Nice class: {clean_line(number, 40)}")
    numbers = tuple(number.lstrip("0") for number in numbers)
    if not listed and given.has("goodsAndServices", "box"):
        goods = once(_goods(one, given.filed_in) for one in row.items("goodsAndServices"))
        for number in numbers:
            if number not in {one.class_number for one in goods}:
                goods.append(GoodsServices(class_number=number))
        given.fields["classes"] = tuple(sorted(goods, key=_class_order))
    elif numbers or listed:
        plain = {number: GoodsServices(class_number=number) for number in numbers}
        given.fields["classes"] = tuple(sorted(plain.values(), key=_class_order))


def _class_order(item: GoodsServices) -> tuple[int, str]:
    return (item.nice_class or 99, item.class_number)


def _goods(one: Row, filed_in: str) -> GoodsServices:
    number = one.number("classNumber")
    terms: dict[str, list[str]] = {}
    for text in one.items("description"):
        if language := text.text("language"):
            # A language that stands twice adds its terms; a term that stands twice says it once.
            terms.setdefault(language, []).extend(text.words("terms"))
    told = {language: "; ".join(dict.fromkeys(said)) for language, said in terms.items()}
    first = _preferred(told, filed_in)
    others = tuple(
        GoodsText(language=language, text=text)
        for language, text in sorted(told.items())
        if language != first
    )
    return GoodsServices(
        class_number=str(number), text=told.get(first), language=first or None, other_texts=others or None
    )


def _preferred(told: dict[str, str], filed_in: str) -> str:
    """English, which the API is asked for; else the language of filing, the original; else the first by
    its code: never by the order of the answer, which says nothing."""
    return next((one for one in ("en", filed_in) if one in told), min(told, default=""))


def _told(row: Row, key: str, filed_in: str) -> str | None:
    told: dict[str, list[str]] = {}
    for one in row.items(key, optional=True):
        told.setdefault(one.text("language") or "", []).append(one.text("text") or "")
    joined = {language: "\n".join(dict.fromkeys(filter(None, said))) for language, said in told.items()}
    return joined.get(_preferred(joined, filed_in)) or None


def _texts(given: _Given) -> None:
    row, fields = given.row, given.fields
    for field, key in (("description", "description"), ("disclaimer", "disclaimer")):
        if given.has(key, "box"):
            fields[field] = _told(row, key, given.filed_in)
    codes: dict[str, None] = {}
    colours: str | None = None
    for key, form in _MEDIA.items():
        media = row.inner(key, optional=True)
        if media is None:
            continue
        media.leave(form)
        codes |= dict.fromkeys(media.words("viennaClasses", optional=True))
        if key == "markImage":
            colours = _told(media, "colourClaim", given.filed_in)
    if codes or given.whole:
        fields["design_codes"] = tuple(DesignCode(code=code) for code in sorted(codes))
    if colours or given.whole:
        fields["colour_claim"] = colours
    if given.has("tradeDistinctivenessIndicator", "flag"):
        acquired = row.take("tradeDistinctivenessIndicator", "flag", optional=True)
        if acquired not in (None, True, False):
            raise row.refuse("`tradeDistinctivenessIndicator` is neither true nor false")
        fields["acquired_distinctiveness"] = "claimed (Art. 7(3) EUTMR)" if acquired else ""


def _rights(given: _Given) -> None:
    row, fields = given.row, given.fields
    if given.has("priorities", "box") or given.has("exhibitionPriorities", "box"):
        fields["priorities"] = priorities(row)
    if given.has("seniorities", "box"):
        fields["seniorities"] = seniorities(row)
    if given.has("irTransformations", "box") or given.has("internationalApplications", "box"):
        fields["related_marks"] = related_marks(row)


def _proceedings(given: _Given) -> None:
    # Each is asked after, so that a missing one is noted.
    said = [given.has(key, "box") for key in PROCEEDINGS]
    if any(said):
        given.fields["proceedings"] = proceedings(given.row)


def _terms(given: _Given) -> None:
    row, fields = given.row, given.fields
    if given.has("renewalStatus"):
        renewal = row.text("renewalStatus", optional=True)
        fields["maintenance_filings"] = (
            (MaintenanceFiling(section="renewal", text=renewal),) if renewal else ()
        )
    if given.has("oppositionPeriodStartDate", "date") or given.has("oppositionPeriodEndDate", "date"):
        start = row.day("oppositionPeriodStartDate", optional=True)
        end = row.day("oppositionPeriodEndDate", optional=True)
        fields["opposition_period"] = Period(start=start, end=end) if start or end else None


def _publications(given: _Given, *, listed: bool) -> None:
    row = given.row
    first = row.day("publicationDate", optional=True) if not listed else None
    if not given.has("publications", "box"):
        return
    found: dict[Publication, None] = {}
    for one in row.items("publications", optional=True):
        found[
            Publication(
                date=one.day("publicationDate"),
                gazette="European Union Trade Marks Bulletin",
                issue=one.text("bulletinNumber"),
                section=one.text("publicationSection"),
            )
        ] = None
    if first is not None and first not in {one.date for one in found}:
        found[Publication(date=first)] = None
    given.fields["publications"] = tuple(found)


def _as_of(fields: dict[str, Any]) -> AsOf | None:
    """The API prints no day: at the earliest, that of the latest past fact."""
    days: list[dt.date | None] = [
        fields.get("application_date"),
        fields.get("registration_date"),
        fields.get("status_date"),
        *(one.date for one in fields.get("publications") or ()),
        *(day for one in fields.get("proceedings") or () for day in (one.filed, one.status_date)),
    ]
    known = [day for day in days if day is not None]
    return AsOf(max(known), "not_earlier_than") if known else None


def _odd_words(fields: dict[str, Any]) -> list[str]:
    """Kinds of mark that are in no table of ours."""
    odd = []
    if fields.get("mark_feature_code") and not fields.get("mark_feature"):
        odd.append(f"markFeature = {clean_line(fields['mark_feature_code'], 60)}")
    known = set(words(__package__, "kinds.csv").values())
    for kind in (*fields.get("mark_category", ()), fields.get("filing_route")):
        if kind and kind not in known:
            odd.append(f"kind of mark = {clean_line(kind, 60)}")
    return odd
