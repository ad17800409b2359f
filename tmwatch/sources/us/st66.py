"""TSDR's ST.66 XML (to about 2021): bytes → readings.

Older files of the same cases as the ST.96 ones; both must tell the same story. What this dialect does
not show is not given: assignments where the file has no `AssignmentBagExt`, related marks and priorities
where it has no box for them (no recording has one, so an absent box proves nothing), the file name of
the image, proceedings.
"""

from __future__ import annotations

from collections import Counter
from typing import Any

from tmwatch.errors import LayoutChanged, NotThisSource
from tmwatch.model import (
    DesignCode,
    GoodsServices,
    MaintenanceFiling,
    MarkEvent,
    Party,
    Priority,
    Publication,
    RelatedMark,
    make_record,
)
from tmwatch.sources.base import Reading
from tmwatch.sources.us import common, contact
from tmwatch.sources.us.xml import Node, day_of, number_of

_FLAGS = (
    ("1(a)", "BasisUseIndicator"),
    ("1(b)", "BasisIntentToUseIndicator"),
    ("44(d)", "BasisForeignApplicationIndicator"),
    ("44(e)", "BasisForeignRegistrationIndicator"),
    ("66(a)", "BasisRequestforExtentionOfProtectionIndicator"),  # the office's spelling
    ("no basis", "BasisNoIndicator"),
)
_NAME = "FormattedNameAddress/Name/FreeFormatName/FreeFormatNameDetails/FreeFormatNameLine"


def read(data: Node) -> Reading:
    """One `TransactionData`. Raises `LayoutChanged` for what is no whole record."""
    mark = data.at("TradeMarkDetails/TradeMark")
    if mark is None:
        raise LayoutChanged("the file has no `TradeMark`")
    office = mark.text("RegistrationOfficeCode")
    if office not in (None, "", "US"):
        raise NotThisSource(f"this is a record of office {office}, not of the USPTO")
    serial, code = mark.text("ApplicationNumber") or "", mark.text("MarkCurrentStatusCode") or ""
    if not (serial.isascii() and serial.isdigit() and 7 <= len(serial) <= 8):
        raise LayoutChanged("the record has no serial number")
    if not code:
        raise LayoutChanged("the record has no status code", where=f"US {serial}")
    meaning = common.status_from_code(code)
    filed = _basis(mark, "TradeMarkExt/FilingBasisDetails/BasisWhenFiled")
    madrid = serial.startswith("79") or "66(a)" in (filed or ())
    given: dict[str, Any] = {
        "application_number": serial,
        "registration_number": common.registration(mark.text("RegistrationNumber")),
        "application_date": mark.date("ApplicationDate"),
        "registration_date": mark.date("RegistrationDate"),
        "filing_route": "madrid_designation" if madrid else "direct",
        "status_code": code,
        "status_text": mark.value("TradeMarkExt/MarkCurrentStatusExternalDescriptionText"),
        "status_date": mark.date("MarkCurrentStatusDate"),
        "status_phase": meaning.phase,
        "status_live": meaning.live,
        "tm5_csd": meaning.tm5,
        "tm5_source": "computed" if meaning.tm5 else None,
        "publications": _publications(mark),
        "allowance_date": mark.date("PublicationDetails/Publication/PublicationExt/NoticeOfAllowanceDate"),
        "mark_category": common.mark_categories(mark.texts("KindMark")),
        **_mark(mark),
        **common.owner_fields(_owners(data)),
        **_people(mark),
        **_national(mark),
        **_links(mark, madrid=madrid),
    }
    for field, path in (
        ("filing_basis", "BasisWhenFiled"),
        ("current_basis", "BasisCurrently"),
        ("amended_basis", "BasisAmended"),
    ):
        if (basis := _basis(mark, f"TradeMarkExt/FilingBasisDetails/{path}")) is not None:
            given[field] = basis
    if mark.has("GoodsServicesDetails"):
        found = mark.every("GoodsServicesDetails/GoodsServices/ClassDescriptionDetails/ClassDescription")
        given["classes"] = tuple(dict.fromkeys(_class(node) for node in found))
        mark.skip("GoodsServicesDetails/NationalGoodsServicesExt/NationalClassTotalNumber")
    if mark.has("MarkEventDetails"):
        given["events"] = _events(mark)
    bag = mark.at("AssignmentBagExt")
    if bag is not None and (assignments := contact.assignments(bag)) is not None:
        given["assignments"] = assignments
    mark.skip("RegistrationOfficeCode", "FilingPlace")
    record = make_record("US", common.st13_of(serial), **given)
    return Reading(
        record=record,
        as_of=common.latest_fact(record),
        unclaimed=(*data.leftovers(), *common.odd_codes(record)),
        unknown_words=() if meaning.known else (f"status code {code}",),
    )


def _basis(node: Node, path: str) -> tuple[str, ...] | None:
    box = node.at(path)
    return None if box is None else box.flags(_FLAGS)


def _joined(node: Node, path: str) -> str | None:
    return " ".join(dict.fromkeys(node.texts(path))) or None


# -- the mark ----------------------------------------------------------------------------------------


def _mark(mark: Node) -> dict[str, Any]:
    given: dict[str, Any] = {}
    word = mark.at("WordMarkSpecification")
    if word is not None:
        given["verbal_element"] = word.value("MarkVerbalElementText")
        given["standard_characters"] = word.flag("MarkStandardCharacterIndicator")
        given["translation"] = _joined(word, "MarkTranslation")
        given["transliteration"] = _joined(word, "MarkTransliteration")
        significant = word.at("MarkSignificantVerbalElementText")
        if significant is not None and significant.peek() == (given["verbal_element"] or ""):
            significant.own()
    words = mark.text("MarkFeature")
    if code := mark.value("TradeMarkExt/MarkFeatureCode") or common.drawing_code(words):
        given["mark_feature_code"] = common.drawing(code)
        given["mark_feature"] = common.mark_feature(code)
    given["description"] = _joined(mark, "MarkDescriptionDetails/MarkDescription")
    if mark.has("MarkDisclaimerDetails"):
        given["disclaimer"] = _joined(mark, "MarkDisclaimerDetails/MarkDisclaimer")
    image = mark.at("MarkImageDetails/MarkImage")
    if image is not None:
        given["colour_claim"] = _joined(image, "MarkImageColourClaimedText|MarkImageColourPartClaimedText")
        image.skip("MarkImageColourIndicator")
        details = "MarkImageCategory/CategoryCodeDetailsExt/DesignSearchDetails"
        codes = [
            DesignCode(
                code=node.text("DesignSearchCode") or "",
                descriptions=node.texts("DesignSearchDescriptionText"),
            )
            for node in image.every(details)
        ]
        given["design_codes"] = tuple(dict.fromkeys(codes))
    # 2(f): the scope stands in the office's own part; the standard's own element has always been empty.
    scope = mark.text("TradeMarkExt/TradeDistinctivenessScope")
    given["acquired_distinctiveness"] = common.acquired_distinctiveness(scope)
    given["lining_stippling"] = mark.value("TradeMarkExt/LiningStipplingStatementText")
    return given


def _publications(mark: Node) -> tuple[Publication, ...]:
    found = []
    for node in mark.every("PublicationDetails/Publication"):
        day, gazette = node.date("PublicationDate"), node.value("PublicationIdentifier")
        if day is not None:
            found.append(Publication(date=day, gazette=gazette))
    return tuple(found)


def _class(node: Node) -> GoodsServices:
    ext = node.at("ClassDescriptionExt") or node
    prime = common.class_number(ext.text("PrimeClassText") or node.text("ClassNumber"))
    if not prime:
        raise LayoutChanged("goods or services without a class number")
    node.text("ClassNumber")
    # "009: Electrical …": one title for each international class of the text.
    titles = [title.partition(":")[0] for title in ext.texts("NiceClassTitleText")]
    others = dict.fromkeys(common.class_number(title) for title in titles)
    national = tuple(dict.fromkeys(ext.texts("DomesticClassNumbers")))
    number = common.own_class(prime, list(others), national)
    basis = ext.at("FilingBasisDetails")
    ext.skip("ActiveClassQuantity", "NationalClassTitleText")
    return GoodsServices(
        class_number=number,
        text=" ".join(dict.fromkeys(node.texts("GoodsServicesDescription"))),
        status_code=node.value("ClassNumberStatusCode"),
        status_text=ext.value("ClassNumberStatusDescriptionText"),
        status_date=ext.date("ClassNumberStatusDate"),
        first_use=_use(basis, "FirstUseDateNumber|FirstUseDate"),
        first_use_in_commerce=_use(basis, "FirstUseInCommerceDate"),
        basis=_basis(ext, "FilingBasisDetails/BasisCurrently") or None,
        national_classes=national,
        other_classes=tuple(nice for nice in others if nice and nice != number),
    )


def _use(basis: Node | None, path: str) -> str | None:
    if basis is None:
        return None
    text = basis.text(path)
    try:
        return common.partial_date(text) or ""
    except ValueError as error:
        raise LayoutChanged(f"`{path}` is no date: {text!r}") from error


def _events(mark: Node) -> tuple[MarkEvent, ...]:
    rows = mark.rows("MarkEventDetails/MarkEvent", _event_layout)
    return common.events_in_order(_event(*row) for row in dict.fromkeys(rows))


def _event_layout(node: Node) -> tuple[list[Node | None], list[Node]]:
    ext = node.at("MarkEventExt") or node
    columns = (
        node.at("MarkEventDate"),
        ext.at("MarkEventInternalDescriptionText"),
        node.at("MarkEventCode"),
        ext.at("MarkEventEntryNumber"),
        ext.at("MarkEventProceedingNumber"),
    )
    return list(columns), node.every("Comment")


_line = common.short(common.squeeze)
_day = common.short(lambda text: day_of(common.squeeze(text), "MarkEventDate"))
_number = common.short(lambda text: number_of(common.squeeze(text), "MarkEventEntryNumber"))


def _event(
    date: str | None, text: str | None, code: str | None, number: str | None, proceeding: str | None
) -> dict[str, Any]:
    day = _day(date)
    if day is None:
        raise LayoutChanged("an event without a date")
    return {
        "date": day,
        "text": _line(text),
        "code": _line(code) or None,
        "number": _number(number),
        "proceeding": common.proceeding_number(proceeding),
    }


# -- people ------------------------------------------------------------------------------------------


def _owners(data: Node) -> list[Party]:
    found = []
    places: Counter[str | None] = Counter()
    for node in [
        *data.every("ApplicantDetails/Applicant"),
        *data.every("TradeMarkDetails/ApplicantDetails/Applicant"),
        *data.every("TradeMarkDetails/TradeMark/ApplicantDetails/Applicant"),
    ]:
        book = node.at("ApplicantAddressBook") or node
        names = book.texts(_NAME)
        if not names:
            raise LayoutChanged("an owner without a name")
        ext = node.at("ApplicantExt") or node
        country = node.text("ApplicantIncorporationCountryCode") or node.text("ApplicantNationalityCode")
        state = ext.text("IncorporationGeographicRegionName")
        region = ext.at("IncorporationGeographicRegionName")
        if region is not None:
            region.attribute("geographicRegionCategory")
        country = country or ext.text("IncorporationCountryName") or ext.text("CitizenshipCountryName") or ""
        ext.skip("ApplicantLegalEntityCode", "IncorporationCountryName", "IncorporationGeographicRegionCode")
        code = ext.text("PartyTypeCode")
        places[code] += 1
        found.append(
            Party(
                name=names[0],
                aliases=names[1:],
                role=ext.text("PartyTypeDescriptionText"),
                role_code=code,
                sequence=places[code],
                legal_form=node.text("ApplicantLegalEntity") or "",
                organised_in_country=common.country_code(country) or country,
                organised_in_state=common.state_name(state) or "",
                note=ext.text("ConveyenceKindText") or "",
                **_address(book),
            )
        )
    return found


def _address(book: Node) -> dict[str, Any]:
    where = book.at("FormattedNameAddress/Address/FormattedAddress")
    if where is None:
        return {}
    country = where.text("FormattedAddressCountryCode") or where.text("FormattedAddressExt/CountryName") or ""
    where.skip("FormattedAddressExt/CountryName")
    # Owners use Room and Street, correspondents Building and Street, in this order on the page.
    lines = where.many("AddressRoom", "AddressBuilding", "AddressStreet")
    city, state, postcode = where.many("AddressCity", "AddressState", "AddressPostcode")
    return {
        "address_lines": (*filter(None, lines), *where.texts("AddressLine")),
        "city": city or "",
        "state": common.state_name(state) or "",
        "postcode": postcode or "",
        "country": common.country_code(country) or country,
    }


def _people(mark: Node) -> dict[str, Any]:
    given: dict[str, Any] = {}
    for node in mark.every("RepresentativeDetails/Representative"):
        kind = node.text("Comment")
        book = node.at("RepresentativeAddressBook") or node
        names = book.texts(_NAME)
        box = book.at("ContactInformationDetails")
        one = None
        if names:
            reach: dict[str, Any] = {}
            if box is not None and box.at("Phone|Email"):
                reach = {"phones": box.texts("Phone"), "emails": tuple(dict.fromkeys(box.texts("Email")))}
            firm = {"organisation": names[1]} if len(names) > 1 else {}
            one = Party(name=names[0], **firm, **reach, **_address(book))
        if box is not None:
            box.skip("Fax", "ContactInformationDetailsExt/EmailAuthorizedIndicator")
        if kind == "Attorney of Record":
            given["representatives"] = (one.model_copy(update={"role": kind}),) if one else ()
            given["docket_number"] = node.value("RepresentativeExt/RepresentativeDocketText")
        elif kind in {"Domestic Correspondent", "Correspondent"}:
            given["correspondence"] = one
        elif kind == "Domestic Representative":
            given["domestic_representative"] = one
    if mark.has("RepresentativeDetails"):
        given.setdefault("representatives", ())
        given.setdefault("docket_number", None)
    if mark.has("StaffDetails"):
        staff = [
            (node.text("OfficialTitle|OfficialTitleText") or "", node.value("StaffName"))
            for node in mark.every("StaffDetails/Staff")
        ]
        given |= common.examiner(staff)
    return given


# -- the office's own data -----------------------------------------------------------------------------


def _national(mark: Node) -> dict[str, Any]:
    box = mark.at("TradeMarkExt")
    if box is None:
        return {}
    details = "AdditionalMarkDetails"
    abandoned = box.date(f"{details}/ApplicationAbandonedDate|AbandonedDate")
    cancelled = box.date(f"{details}/RegistrationCancelledDate|CancelledDate")
    renewed = box.date(f"{details}/RenewalDate")
    filings = box.every(f"{details}/MaintenanceFilingDetails")
    filings = [node for node in filings if node.at("SectionText")]
    given: dict[str, Any] = {
        "register_kind": common.register_kind(box.text("RegisterCategory")),
        "register_amended_date": box.date(f"{details}/RegisterAmendedDate"),
        "renewal_dates": (renewed,) if renewed else (),
        "termination_date": cancelled or abandoned,
        "termination_kind": "cancelled" if cancelled else "abandoned" if abandoned else None,
        "registration_changed": box.flag(f"{details}/ChangeInRegistrationIndicator"),
        "registration_correction": _joined(box, "CertificateCorrectingRegistrationText"),
        # The office's own element name, with its two slips.
        "registration_amendment": _joined(
            box, "AmentmentToRegistationCertificateText|AmendmentToRegistrationCertificateText"
        ),
        "maintenance_filings": tuple(
            dict.fromkeys(
                MaintenanceFiling(
                    section=node.text("SectionText") or "",
                    text=node.text("SectionDescriptionText"),
                    decision=node.text("DecisionStatusText"),
                )
                for node in filings
            )
        ),
    }
    place = box.at("OfficeDetails")
    if place is not None:
        given["law_office"] = place.value("LawOfficeAssignedText")
        given["location"] = place.value("CurrentLocationText")
        given["location_date"] = place.date("CurrentLocationDate")
        place.skip("CurrentLocationCode", "LawOfficeAssignedDescriptionCode", "ChargeToLocation")
        place.skip("PhysicalLocation", "PhysicalLocationDate")
    for what in ("Plus", "Rf", "ReducedFee"):
        box.skip(f"AdditionalInformation/FiledAs{what}ApplicationIndicator")
        box.skip(f"AdditionalInformation/Currently{what}ApplicationIndicator")
    for register in ("Principal", "Supplemental"):
        box.skip(f"{details}/AmendedTo{register}RegisterIndicator")
    box.skip(f"{details}/PublishPreviouslyRegisteredMarkIndicator")
    return given


def _links(mark: Node, *, madrid: bool) -> dict[str, Any]:
    given: dict[str, Any] = {}
    box = mark.at("TradeMarkExt/RelatedMarkDetails")
    if box is not None:
        number = common.international(box.value("InternationalRegistrationNumber"))
        prior = [
            common.related(one) for one in box.texts("PriorRegistrationNumber|NationalRegistrationNumber")
        ]
        related = [RelatedMark(kind="Claimed prior registration", number=one, office="US") for one in prior]
        if number and not madrid:
            kind = "International application or registration"
            related.append(RelatedMark(kind=kind, number=number, office="WO"))
        given["international_registration_number"] = number if madrid else None
        given["related_marks"] = tuple(related)
    if mark.has("PriorityDetails"):
        given["priorities"] = tuple(_priority(node) for node in mark.every("PriorityDetails/Priority"))
    return given


def _priority(node: Node) -> Priority:
    country = node.text("PriorityCountryCode") or ""
    return Priority(
        country=common.country_code(country) or country,
        number=node.text("PriorityNumber") or "",
        date=node.date("PriorityDate"),
        status=node.text("PriorityStatusCode"),
    )
