"""The TSDR API's JSON (`casestatus/…/info.json`, `caseMultiStatus`): one `trademarks[]` entry → a reading.

Seen in recordings of 2020 and 2026. The office leaves some keys out where there is nothing to say
(`disclaimer`, `descOfMark`, `datePublished`), so an absent key is an empty field. The answer for several
numbers also leaves out every null and **all** people: `parties` and `correspondence` come as `{}` although
the case has an owner. There, owners and correspondence are not given, which is not the same as empty.

Every key that is read is taken out; what is left over at the end was not understood and is reported.
"""

from __future__ import annotations

import copy
from collections.abc import Iterator, Mapping
from typing import Any

from tmwatch.errors import LayoutChanged
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
from tmwatch.sources.base import Reading
from tmwatch.sources.us import common, json_people
from tmwatch.sources.us.json_tools import Taken, leftovers, office_day

# Understood, without a place in the record: the office's own bookkeeping, or said elsewhere in the answer.
_KNOWN_STATUS = (
    "amendPrincipal amendSupplemental chargeToLocation clsTotal colorDrawingCurr currLocationCd "
    "currentlyAsBaseApp currentlyAsTeasPlusApp currentlyAsTeasRfApp filedAsBaseApp filedAsTeasPlusApp "
    "filedAsTeasRfApp intStatusDesc lawOffAsgnCd newLawOffAsgnCd phyLocation phyLocationDt "
    "physicalLocationHistory publishedPrevRegMark renewalFiled tm5Status tm5StatusDef others"
)
_FILED = (
    ("1(a)", "filedUse"),
    ("1(b)", "filedItu"),
    ("44(d)", "filed44d"),
    ("44(e)", "filed44e"),
    ("66(a)", "filed66a"),
    ("no basis", "filedNoBasis"),
)
_CURRENT = (
    ("1(a)", "useCurr"),
    ("1(b)", "ituCurr"),
    ("44(d)", "sect44dCurr"),
    ("44(e)", "sect44eCurr"),
    ("66(a)", "sect66aCurr"),
    ("no basis", "noBasisCurr"),
)
_AMENDED = (
    ("1(a)", "useAmended"),
    ("1(b)", "ituAmended"),
    ("44(d)", "sect44dAmended"),
    ("44(e)", "sect44eAmended"),
)
_CATEGORIES = (
    ("Trademark", "trademark"),
    ("Service mark", "serviceMark"),
    ("Collective trademark", "collectiveTradeMark"),
    ("Collective service mark", "collectiveServiceMark"),
    ("Collective membership mark", "collectiveMembershipMark"),
    ("Certification mark", "certificationMark"),
)
# (section, the office's words in its XML, flag, decision); the first flag of a section that is set counts.
_MAINTENANCE = (
    (
        "8",
        "Affidavit of Continued Use",
        (("sect8Acpt", "Accepted"), ("sect8PartialAcpt", "Partially accepted")),
    ),
    ("15", "Affidavit of Incontestability", (("sect15Ack", "Accepted"),)),
    (
        "71",
        "Affidavit of Continued Use",
        (("sect71Acpt", "Accepted"), ("sect71PartialAcpt", "Partially accepted")),
    ),
)


def read(trademark: object, *, whole: bool = True) -> Reading:
    """One entry of `trademarks`. Raises `LayoutChanged` for what is no whole record.

    `whole`: this is the answer for one number, which shows the people too.
    """
    reading = _read(Taken(copy.deepcopy(trademark), "trademarks"))
    common.refuse_unless_whole(reading.record, people=whole)
    if reading.unclaimed:  # something new, or something known under another name?
        witnesses: list[Taken] = []
        _read(Taken(copy.deepcopy(trademark), "trademarks", witnesses))
        for witness in witnesses:
            witness.refuse_renamed(f"US {reading.record.application_number}: `{witness.where}`")
    return reading


def _read(data: Taken) -> Reading:
    status = data.inner("status")
    serial, code = status.text("serialNumber"), status.text("status")
    if not (serial.isascii() and serial.isdigit() and 7 <= len(serial) <= 8):
        raise LayoutChanged("the record has no serial number")
    if not (code.isascii() and code.isdigit()):
        raise LayoutChanged("the record has no status code", where=f"US {serial}")
    for name in ("gsList", "prosecutionHistory"):
        if name not in data.data:
            raise LayoutChanged(f"the record has no `{name}`", where=f"US {serial}")
    code = code.zfill(3)
    meaning = common.status_from_code(code)
    tm5 = status.text("tm5StatusDesc")
    unknown = [] if meaning.known else [f"status code {code}"]
    if tm5 and not common.status_from_tm5(tm5).known:
        unknown.append(f"TM5 descriptor {tm5}")
    filed = status.flags(_FILED)
    madrid = serial.startswith("79") or "66(a)" in (filed or ())
    given: dict[str, Any] = {
        "application_number": serial,
        "registration_number": common.registration(status.text("usRegistrationNumber")),
        "application_date": status.day("filingDate"),
        "registration_date": status.day("usRegistrationDate"),
        "filing_route": "madrid_designation" if madrid else "direct",
        "status_code": code,
        "status_text": status.text("extStatusDesc") or None,
        "status_date": status.day("statusDate"),
        "status_phase": meaning.phase,
        "status_live": meaning.live,
        "tm5_csd": tm5 or meaning.tm5,
        "tm5_source": "office" if tm5 else "computed" if meaning.tm5 else None,
        "classes": tuple(dict.fromkeys(_class(item) for item in data.items("gsList"))),
        "events": common.in_order(_event(item) for item in data.items("prosecutionHistory")),
        **_mark(status),
        **_office(status, data.inner("publication")),
        **_links(data, status, serial, madrid=madrid),
        **json_people.people(data, status),
    }
    for field, basis in (
        ("filing_basis", filed),
        ("current_basis", status.flags(_CURRENT)),
        ("amended_basis", status.flags(_AMENDED)),
    ):
        if basis is not None:
            given[field] = basis
    for field, key in (("standard_characters", "standardChar"), ("registration_changed", "changeInReg")):
        if (flag := status.known(key)) is not None:
            given[field] = flag
    # Always there, and nearly always false: renamed, it would leave no trace.
    if (supplemental := status.known("supplementalRegister")) is None:
        raise LayoutChanged("the record does not say on which register it stands", where=f"US {serial}")
    given["register_kind"] = "Supplemental" if supplemental else "Principal"
    if isinstance(data.data.get("foreignInfoList"), list):
        given["priorities"] = tuple(dict.fromkeys(_priority(item) for item in data.items("foreignInfoList")))
    for key in _KNOWN_STATUS.split():
        status.take(key)
    data.take("internationalData")
    record = make_record("US", common.st13_of(serial), **given)
    return Reading(
        record=record,
        as_of=common.latest_fact(record),
        unclaimed=(*leftovers(data.data), *common.odd_codes(record)),
        unknown_words=tuple(unknown),
    )


def _mark(status: Taken) -> dict[str, Any]:
    code = status.text("markDrawingCd") or common.drawing_code(status.text("markDrawDesc"))
    status.take("markDrawDesc")
    whole, part = status.flag("section2f"), status.flag("section2fPartial")
    return {
        "verbal_element": status.text("markElement") or None,
        "mark_feature": common.mark_feature(code),
        "mark_feature_code": common.drawing(code),
        "mark_category": tuple([word for word, key in _CATEGORIES if status.flag(key)]),
        "translation": status.text("translation") or None,
        "pseudo_mark": status.text("pseudoMark") or None,
        "description": status.text("descOfMark") or None,
        "disclaimer": status.text("disclaimer") or None,
        "colour_claim": status.text("colorClaimed") or None,
        "acquired_distinctiveness": "in whole" if whole else "in part" if part else None,
        "design_codes": tuple(
            dict.fromkeys(
                DesignCode(code=item.text("code"), descriptions=item.texts("descriptions"))
                for item in status.items("designSearchList")
            )
        ),
    }


def _office(status: Taken, publication: Taken) -> dict[str, Any]:
    abandoned, cancelled = status.day("dateAbandoned"), status.day("dateCancelled")
    published = publication.day("datePublished")
    staff = status.inner("staff")
    given: dict[str, Any] = {
        "publications": (Publication(date=published),) if published else (),
        "allowance_date": publication.day("noticeOfAllowanceDate"),
        "termination_date": cancelled or abandoned,
        "termination_kind": "cancelled" if cancelled else "abandoned" if abandoned else None,
        "registration_correction": status.text("correction") or None,
        "law_office": status.text("lawOffAssigned") or None,
        "location": status.text("currentLoc") or None,
        "location_date": status.day("currLocationDt"),
        **common.examiner([("examiner", staff.inner("examiner").text("name") or None)]),
        "docket_number": status.text("attrnyDktNumber") or None,
        "maintenance_filings": tuple(_maintenance(status)),
    }
    for key in ("renewalDate", "dateRenewed"):  # no recording shows a renewed case: not given until one does
        if key in status.data:
            renewed = status.day(key)
            given["renewal_dates"] = (renewed,) if renewed else ()
    return given


def _maintenance(status: Taken) -> Iterator[MaintenanceFiling]:
    for section, words, decisions in _MAINTENANCE:
        status.take(f"sect{section}Filed")
        decided = [decision for key, decision in decisions if status.flag(key)]
        if decided:
            yield MaintenanceFiling(section=section, text=words, decision=decided[0])


# -- goods, events, links ------------------------------------------------------------------------------


def _class(item: Taken) -> GoodsServices:
    nice = [common.class_number(one.text("code")) for one in item.items("internationalClasses")]
    national = [one.text("code") for one in item.items("usClasses")]
    for one in [*item.items("internationalClasses"), *item.items("usClasses"), *item.items("pseudoClasses")]:
        one.take("description")
    for one in item.items("pseudoClasses"):
        one.take("code")  # classes the office adds for its own searches
    number = common.own_class(item.text("primeClassCode"), nice, national)
    if not number:
        raise LayoutChanged("goods or services without a class number")
    item.take("internationalClassPrime")
    return GoodsServices(
        class_number=number,
        text=item.text("description"),
        status_code=item.text("statusCode") or None,
        status_text=item.text("statusDescription") or None,
        status_date=item.day("statusDate"),
        first_use=_use(item, "firstUseDate"),
        first_use_in_commerce=_use(item, "firstUseInCommerceDate"),
        basis=common.basis_words(item.text("classBasis")) or None,
        national_classes=tuple(dict.fromkeys(national)),
        other_classes=tuple(dict.fromkeys(one for one in nice if one and one != number)),
    )


def _use(item: Taken, key: str) -> str:
    text = item.text(key, kind="date")
    try:
        return common.partial_date(text) or ""
    except ValueError as error:
        raise LayoutChanged(f"`{key}` is no date: {text[:40]!r}") from error


def _event(item: Taken) -> MarkEvent:
    day = item.day("entryDate")
    if day is None:
        raise LayoutChanged("an event without a date")
    number = item.text("entryNumber")
    if number and not (number.isascii() and number.isdigit() and len(number) < 9):
        raise LayoutChanged(f"no entry number: {number[:40]!r}")
    return MarkEvent(
        date=day,
        text=item.text("entryDesc"),
        code=item.text("entryCode") or None,
        type=item.text("entryType") or None,
        number=int(number) if number else None,
        proceeding=common.proceeding_number(item.text("proceedingNum")),
    )


def _priority(item: Taken) -> Priority:
    """A foreign application or registration.

    No recording has one. Client code of 2020 names `frgnCountryCd`, `frgnApplNum` and `frgnApplFilingDt`;
    the keys of the registration are told by what their names speak of.
    """
    found: dict[str, str] = {}
    for key in list(item.data):
        if (part := _priority_part(key.lower())) and not isinstance(item.data[key], (dict, list, bool)):
            found[part] = item.text(key) or found.get(part, "")
    days = {part: office_day(found.get(part), part) for part in ("date", "registration_date", "expiry_date")}
    country = found.get("country", "")
    return Priority(
        country=common.country_code(country) or country,
        number=found.get("number", ""),
        registration_number=found.get("registration_number", ""),
        **days,
    )


def _priority_part(key: str) -> str | None:
    is_date = key.endswith(("dt", "date"))
    if "country" in key:
        return None if key.endswith(("nm", "name", "desc", "description")) else "country"
    if "renew" in key:
        return None
    if "exp" in key and is_date:
        return "expiry_date"
    if "reg" in key:
        return "registration_date" if is_date else "registration_number" if "num" in key else None
    if "appl" in key:
        return "date" if is_date else "number" if "num" in key else None
    return None


def _numbers(value: object) -> list[str]:
    """The case numbers in a value whose shape no recording shows: a number, a text, or an object of them."""
    if isinstance(value, Mapping):
        return [number for key, inner in value.items() if key != "serialNumber" for number in _numbers(inner)]
    if isinstance(value, list):
        return [number for inner in value for number in _numbers(inner)]
    text = "" if isinstance(value, bool) else common.squeeze(str(value if value is not None else ""))
    return [text] if text.isascii() and text.isdigit() and 5 <= len(text) <= 8 else []


def _links(data: Taken, status: Taken, serial: str, *, madrid: bool) -> dict[str, Any]:
    related: list[RelatedMark] = []
    family = data.inner("divisional")
    for kind, part, key in (
        ("Claimed prior registration", status, "prevRegNumList"),
        ("Parent of division", status, "parentOf"),
        ("Parent of division", family, "parentOfList"),
        ("Child of division", family, "childOf"),
    ):
        part.asks("text", key)
        part.asks("box", key)
        numbers = _numbers(part.data.get(key))
        if numbers:
            part.take(key)
        related += [
            RelatedMark(kind=kind, number=common.related(one), office="US")
            for one in numbers
            if one != serial
        ]
    found = [data.inner("usReference").text("intlRegistrationNum")]
    for item in data.items("intlRegistrationList"):
        found.append(item.text("registrationNum"))
        item.take("registrationDate")
    international = list(dict.fromkeys(number for one in found if (number := common.international(one))))
    own = international[0] if madrid and international else None
    kind = "International application or registration"
    related += [RelatedMark(kind=kind, number=one, office="WO") for one in international if one != own]
    return {"international_registration_number": own, "related_marks": tuple(dict.fromkeys(related))}
