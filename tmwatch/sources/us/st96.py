"""TSDR's ST.96 XML (from 2014 on; USPTO versions D3, 1_D3, 2.2.1): bytes → readings.

What stands for "empty" and what for "not given" was decided on files of 2014-2021, some of which exist
as ST.66 and as the office's HTML page too:

* A leaf that is absent inside its box is empty (no `RenewalDate`: not renewed). A box that is absent is
  "not given", except the number and date of registration, the priority and the publication box, which
  the office writes only when there is something to write (eight of ten files have no `PriorityBag`).
* `CurrentBasis` of a class is always all false, also where ST.66 and the page of the same case say 1(a).
  It is not filled, so the class basis is not given unless a flag is set.
* "0 assignments" and an empty `LegalProceedings` mean "not loaded" (see `contact.assignments`).
"""

from __future__ import annotations

from collections import Counter
from typing import Any

from tmwatch.errors import Incomplete, LayoutChanged, NotThisSource
from tmwatch.model import (
    DesignCode,
    GoodsServices,
    MaintenanceFiling,
    MarkEvent,
    Party,
    Publication,
    make_record,
)
from tmwatch.sources.base import Reading
from tmwatch.sources.us import common, contact, st96_links
from tmwatch.sources.us.xml import Node, day_of, number_of

_NATIONAL = "NationalTrademarkInformation"


def read(trademark: Node) -> Reading:
    """One `Trademark` element. Raises `LayoutChanged` or `Incomplete` for what is no whole record."""
    office = trademark.text("RegistrationOfficeCode") or trademark.text("ApplicationNumber/IPOfficeCode")
    if office not in (None, "", "US"):
        raise NotThisSource(f"this is a record of office {office}, not of the USPTO")
    serial = trademark.text("ApplicationNumber/ApplicationNumberText") or ""
    code = trademark.text("MarkCurrentStatusCode") or ""
    if not (serial.isascii() and serial.isdigit() and 7 <= len(serial) <= 8):
        raise LayoutChanged("the record has no serial number")
    if not code:
        raise LayoutChanged("the record has no status code", where=f"US {serial}")
    meaning = common.status_from_code(code)
    route = _basis(trademark, "NationalFilingBasis/FilingBasis")
    madrid = serial.startswith("79") or "66(a)" in (route or ())
    given: dict[str, Any] = {
        "application_number": serial,
        "registration_number": common.registration(trademark.text("RegistrationNumber")),
        "application_date": trademark.date("ApplicationDate"),
        "registration_date": trademark.date("RegistrationDate"),
        "filing_route": "madrid_designation" if madrid else "direct",
        "status_code": code,
        "status_text": trademark.value(f"{_NATIONAL}/MarkCurrentStatusExternalDescriptionText"),
        "status_date": trademark.date("MarkCurrentStatusDate"),
        "status_phase": meaning.phase,
        "status_live": meaning.live,
        "tm5_csd": meaning.tm5,
        "tm5_source": "computed" if meaning.tm5 else None,
        "publications": _publications(trademark),
        "mark_category": common.mark_categories(trademark.texts("MarkCategory")),
        "priorities": tuple(st96_links.priority(node) for node in trademark.every("PriorityBag/Priority")),
        **_mark(trademark),
        **_classes(trademark, serial),
        **common.owner_fields(_owners(trademark)),
        **_people(trademark),
        **_national(trademark),
        **st96_links.related(trademark, madrid=madrid),
        **st96_links.proceedings(trademark),
    }
    for field, path in (
        ("filing_basis", "FilingBasis"),
        ("current_basis", "CurrentBasis"),
        ("amended_basis", "AmendedBasis"),
    ):
        if (basis := _basis(trademark, f"NationalFilingBasis/{path}")) is not None:
            given[field] = basis
    if trademark.has("MarkEventBag"):
        given["events"] = _events(trademark)
    bag = trademark.at("AssignmentBag")
    if bag is not None and (found := contact.assignments(bag)) is not None:
        given["assignments"] = found
    # Known, without a place in the record: they repeat what is said elsewhere, or are the office's own.
    trademark.skip("RegistrationOfficeCode", "ApplicationNumber/IPOfficeCode", "FilingPlace")
    record = make_record("US", common.st13_of(serial), **given)
    return Reading(
        record=record,
        as_of=common.latest_fact(record),
        unclaimed=(*trademark.leftovers(), *common.odd_codes(record)),
        unknown_words=() if meaning.known else (f"status code {code}",),
    )


# -- the mark ----------------------------------------------------------------------------------------


def _mark(trademark: Node) -> dict[str, Any]:
    given: dict[str, Any] = {}
    box = trademark.at("MarkRepresentation")
    if box is None:
        return given
    word = box.at("MarkReproduction/WordMarkSpecification")
    if word is not None:
        given["verbal_element"] = word.value("MarkVerbalElementText")
        given["standard_characters"] = word.flag("MarkStandardCharacterIndicator")
        given["translation"] = _joined(word, "MarkTranslationText")
        given["transliteration"] = _joined(word, "MarkTransliteration|MarkTransliterationText")
        significant = word.at("MarkSignificantVerbalElementText")
        # It repeats the text; where it does not, it is shown as not understood.
        if significant is not None and significant.peek() == (given["verbal_element"] or ""):
            significant.own()
    given["description"] = _joined(box, "MarkDescriptionBag/MarkDescriptionText")
    national = "MarkDescriptionBag/NationalMarkDescription"
    given["lining_stippling"] = box.value(f"{national}/LiningStipplingStatementText")
    words = box.text("MarkFeatureCategory")
    code = box.value(f"{national}/MarkFeatureCode") or common.drawing_code(words)
    if code is not None:
        given["mark_feature_code"] = common.drawing(code)
        given["mark_feature"] = common.mark_feature(code)
    if trademark.has("MarkDisclaimerBag"):
        given["disclaimer"] = _joined(trademark, "MarkDisclaimerBag/MarkDisclaimerText")
    image = box.at("MarkReproduction/MarkImageBag/MarkImage")
    if image is not None:
        name = image.value("FileName")
        given["image"] = None if name and name.lower() == "no image available" else name
        # One sentence in two elements: what is claimed, and where in the mark it stands.
        given["colour_claim"] = _joined(image, "MarkImageColourClaimedText|MarkImageColourPartClaimedText")
        codes = [
            DesignCode(
                code=node.text("NationalDesignCode") or "",
                descriptions=node.texts("NationalDesignCodeDescriptionText"),
            )
            for node in image.every("NationalDesignSearchCodeBag/NationalDesignSearchCode")
        ]
        given["design_codes"] = tuple(dict.fromkeys(codes))
        image.skip("ColourIndicator")
    return given


def _joined(node: Node, path: str) -> str | None:
    return " ".join(dict.fromkeys(node.texts(path))) or None


def _publications(trademark: Node) -> tuple[Publication, ...]:
    found = []
    for node in trademark.every("PublicationBag/Publication"):
        day, gazette = node.date("PublicationDate"), node.value("PublicationIdentifier")
        if day is not None:  # the gazette's name stands there before anything was published
            found.append(Publication(date=day, gazette=gazette))
    return tuple(found)


# -- goods and services ------------------------------------------------------------------------------


def _classes(trademark: Node, serial: str) -> dict[str, Any]:
    bag = trademark.at("GoodsServicesBag")
    active = trademark.number("NationalGoodsServices/ActiveClassTotalQuantity")
    # Sometimes the number of international, sometimes of national classes: says nothing reliable.
    trademark.skip("NationalGoodsServices/NationalClassTotalQuantity")
    found = [_class(node) for node in bag.kids("GoodsServices")] if bag is not None else []
    classes = tuple(dict.fromkeys(found))
    shown = sum(1 + len(one.other_classes or ()) for one in classes)
    if active is not None and active > shown:
        raise Incomplete(
            f"the record speaks of {active} classes in force and shows {shown}",
            where=f"US {serial}",
            do="Nothing to do: the next look asks again.",
        )
    return {"classes": classes} if bag is not None else {}


def _class(node: Node) -> GoodsServices:
    # The box around the classifications came with a later version; the elements inside are the same.
    boxes = [*node.every("GoodsServicesClassificationBag/GoodsServicesClassification")]
    boxes += node.kids("GoodsServicesClassification")
    kinds: dict[str, list[str]] = {"primary": [], "nice": [], "domestic": []}
    for box in boxes:
        kind = (box.text("ClassificationKindCode") or "").lower()
        number = box.text("ClassNumber") or box.text("NationalClassNumber") or ""
        if kind not in kinds:
            continue  # e.g. "Coordinated": the numbers stay visible as not understood
        kinds[kind].append(number)
    described = node.every("ClassDescriptionBag/ClassDescription") or node.kids("ClassDescription")
    prime = next(iter([*kinds["primary"], *kinds["nice"]]), "") or _first(described, "ClassNumber")
    if not prime:
        raise LayoutChanged("goods or services without a class number")
    for description in described:
        description.text("ClassNumber")
        description.skip("NationalStatusBag/NationalStatus/NationalStatusCategory")
    status = "NationalStatusBag/NationalStatus"
    basis = node.at("NationalFilingBasis")
    others = dict.fromkeys(common.class_number(nice) for nice in kinds["nice"])
    number = common.own_class(prime, list(others), kinds["domestic"])
    return GoodsServices(
        class_number=number,
        text=" ".join(
            dict.fromkeys(text for one in described for text in one.texts("GoodsServicesDescriptionText"))
        ),
        status_code=_first(described, f"{status}/NationalStatusCode") or None,
        status_text=_first(described, f"{status}/NationalStatusExternalDescriptionText") or None,
        status_date=max(
            (day for one in described if (day := one.date(f"{status}/NationalStatusDate"))), default=None
        ),
        first_use=_use(basis, "FirstUsedDate"),
        first_use_in_commerce=_use(basis, "FirstUsedCommerceDate"),
        basis=(_basis(node, "NationalFilingBasis/CurrentBasis") or None),
        national_classes=tuple(dict.fromkeys(kinds["domestic"])),
        other_classes=tuple(nice for nice in others if nice != number),
    )


def _first(nodes: list[Node], path: str) -> str:
    return next((text for node in nodes if (text := node.text(path))), "")


def _use(basis: Node | None, path: str) -> str | None:
    if basis is None:
        return None
    text = basis.text(path)
    try:
        return common.partial_date(text) or ""
    except ValueError as error:
        raise LayoutChanged(f"`{path}` is no date: {text!r}") from error


_FLAGS = (
    ("1(a)", "BasisUseIndicator"),
    ("1(b)", "BasisIntentToUseIndicator"),
    ("44(d)", "BasisForeignApplicationIndicator"),
    ("44(e)", "BasisForeignRegistrationIndicator"),
    ("66(a)", "BasisInternationalRegistrationIndicator"),
    ("no basis", "NoBasisIndicator"),
)


def _basis(node: Node, path: str) -> tuple[str, ...] | None:
    box = node.at(path)
    return None if box is None else box.flags(_FLAGS)


# -- people ------------------------------------------------------------------------------------------


def _owners(trademark: Node) -> list[Party]:
    found = []
    places: Counter[str | None] = Counter()
    for node in trademark.every("ApplicantBag/Applicant"):
        role = node.text("CommentText") or node.text("Version/CommentText")
        # The attribute is the party type (10, 20, 30 …), whatever its name says.
        code = node.attribute("sequenceNumber")
        places[code] += 1
        one = contact.party(node, role=role, owner=True, role_code=code, sequence=places[code])
        if one is None:
            raise LayoutChanged("an owner without a name")
        found.append(one)
    return found


def _people(trademark: Node) -> dict[str, Any]:
    given: dict[str, Any] = {}
    attorney = trademark.at("RecordAttorney")
    # Without an attorney the box is empty or absent; where the correspondent is absent too, nothing is said.
    if attorney is not None or trademark.has("NationalCorrespondent"):
        one = contact.party(attorney, role="Attorney of Record") if attorney is not None else None
        given["representatives"] = (one,) if one else ()
        given["docket_number"] = attorney.value("DocketText") if attorney is not None else None
    trademark.skip("RecordAttorney/CommentText", "NationalCorrespondent/CommentText")
    trademark.skip("NationalRepresentative/CommentText")
    for field, name in (
        ("correspondence", "NationalCorrespondent"),
        ("domestic_representative", "NationalRepresentative"),
    ):
        node = trademark.at(name)
        if node is not None:
            given[field] = contact.party(node)
    if trademark.has("StaffBag"):
        staff = trademark.every("StaffBag/Staff")
        titled = [(node.text("OfficialTitleText") or "", node.value("StaffName")) for node in staff]
        given |= common.examiner(titled)
        trademark.skip("StaffBag/Staff/PartyIdentifier")
    return given


# -- the office's own data -----------------------------------------------------------------------------


def _national(trademark: Node) -> dict[str, Any]:
    box = trademark.at(_NATIONAL)
    if box is None:
        return {}
    abandoned, cancelled = box.date("ApplicationAbandonedDate"), box.date("RegistrationCancelledDate")
    renewed = tuple(day for node in box.kids("RenewalDate") if (day := node.own_date()))
    place = box.at("NationalCaseLocation")
    given: dict[str, Any] = {
        "register_kind": common.register_kind(box.text("RegisterCategory")),
        "register_amended_date": box.date("RegisterAmendedDate"),
        "allowance_date": box.date("AllowanceNoticeDate"),
        "renewal_dates": renewed,
        "termination_date": cancelled or abandoned,
        "termination_kind": "cancelled" if cancelled else "abandoned" if abandoned else None,
        "acquired_distinctiveness": common.acquired_distinctiveness(
            box.text("TradeDistinctivenessScopeText")
        ),
        "registration_changed": box.flag("RegistrationChangeIndicator"),
        "registration_correction": _joined(box, "CertificateCorrectingRegistrationText"),
        # The office's own element name has lost a letter.
        "registration_amendment": _joined(
            box, "RegistationCertificateAmendmentText|RegistrationCertificateAmendmentText"
        ),
    }
    if box.has("MaintenanceFilingBag"):
        filings = [
            MaintenanceFiling(
                section=node.text("SectionText") or "",
                text=node.text("SectionDescriptionText"),
                decision=node.text("DecisionStatusCategory"),
            )
            for node in box.every("MaintenanceFilingBag/MaintenanceFiling")
        ]
        given["maintenance_filings"] = tuple(dict.fromkeys(filings))
    if place is not None:
        given["law_office"] = place.value("LawOfficeAssignedText")
        given["location"] = place.value("CurrentLocationText")
        given["location_date"] = place.date("CurrentLocationDate")
        place.skip("LawOfficeAssignedDescriptionCode", "CurrentLocationCode", "ChargeToLocation")
        place.skip("PhysicalLocation", "PhysicalLocationDate")
    # How the fee was paid and through which form: no fact about the mark.
    for what in ("Plus", "ReducedFee", "Base"):
        box.skip(f"FiledAs{what}ApplicationIndicator", f"Currently{what}ApplicationIndicator")
    box.skip("AmendedPrincipalRegisterIndicator", "AmendedSupplementalRegisterIndicator")
    box.skip("PreviouslyRegisteredMarkPublicationIndicator")
    return given


def _events(trademark: Node) -> tuple[MarkEvent, ...]:
    rows = trademark.rows("MarkEventBag/MarkEvent", _event_layout)
    return common.events_in_order(_event(*row) for row in dict.fromkeys(rows))


def _event_layout(node: Node) -> tuple[list[Node | None], list[Node]]:
    national = node.at("NationalMarkEvent") or node
    columns = (
        node.at("MarkEventDate"),
        national.at("MarkEventDescriptionText"),
        national.at("MarkEventCode"),
        national.at("MarkEventEntryNumber"),
        national.at("MarkEventAdditionalText"),
    )
    return list(columns), node.every("MarkEventCategory")


_line = common.short(common.squeeze)
_day = common.short(lambda text: day_of(common.squeeze(text), "MarkEventDate"))
_number = common.short(lambda text: number_of(common.squeeze(text), "MarkEventEntryNumber"))
_code = common.short(lambda text: common.split_event_code(common.squeeze(text)))


def _event(
    date: str | None, text: str | None, code: str | None, number: str | None, proceeding: str | None
) -> dict[str, Any]:
    day = _day(date)
    if day is None:
        raise LayoutChanged("an event without a date")
    stem, kind = _code(code)
    return {
        "date": day,
        "text": _line(text),
        "code": stem or None,
        "type": kind,
        "number": _number(number),
        "proceeding": common.proceeding_number(proceeding),
    }
