"""People and recorded assignments as ST.96 spells them; the ST.66 files borrow the same spelling for titles.

A name stands in one of three places (organisation, person, entity), sometimes in two at once; an address
is structured or free text. Inside an address that is given, a missing city, region or postcode is empty.
"""

from __future__ import annotations

from typing import Any

from tmwatch.errors import Incomplete, LayoutChanged
from tmwatch.model import Assignment, Party
from tmwatch.sources.us.common import country_code, state_name
from tmwatch.sources.us.xml import Node

_NAMES = "Name/OrganizationName/OrganizationStandardName|OrganizationName"


def party(node: Node, *, role: str | None = None, owner: bool = False, **more: Any) -> Party | None:
    """The party below `node` (its `Contact` and legal entity); None when it carries no name. `more` are
    fields of the party that stand elsewhere.

    An owner's legal form, country and aliases are part of the record: absent means empty there, while a
    correspondent has none by nature.
    """
    contact = node.at("Contact")
    if contact is None:
        return None
    person = contact.texts("Name/PersonName/PersonFullName")
    organisation = _distinct(contact.texts(_NAMES))
    entity, aliases = _entity_names(contact)
    names = [*person, *organisation, *entity] if not owner else [*organisation, *entity, *person]
    address = _address(contact)
    if not names:
        return None
    given = {**address, **more}
    if owner:
        given["aliases"] = aliases
    elif person and organisation:
        given["organisation"] = organisation[0]
    if owner and len(set(names)) > 1:  # the same name stands twice in files of 2014-2016
        given["aliases"] = (*aliases, *(name for name in _distinct(tuple(names)) if name != names[0]))
    contact.skip("FaxNumberBag")  # a fax number is no part of the record
    if contact.has("PhoneNumberBag"):
        given["phones"] = contact.texts("PhoneNumberBag/PhoneNumber")
    if contact.has("EmailAddressBag"):
        given["emails"] = _emails(contact)
    return Party(name=names[0], role=role, **given, **_legal_entity(node, owner))


def _distinct(values: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(values))


def _entity_names(contact: Node) -> tuple[tuple[str, ...], tuple[str, ...]]:
    names: list[str] = []
    aliases: list[str] = []
    for entity in contact.every("Name/EntityName"):
        # "DBA TA AKA or FKA" marks another name of the same party, not a second party.
        category = entity.attribute("entityNameCategory")
        if text := entity.own():
            (aliases if category else names).append(text)
    return _distinct(tuple(names)), tuple(aliases)


def _emails(contact: Node) -> tuple[str, ...]:
    found = []
    for node in contact.every("EmailAddressBag/EmailAddressText"):
        main = (node.attribute("emailAddressPurposeCategory") or "").lower() == "main"
        if text := node.own():
            found.append((not main, text))
    return _distinct(tuple(text for _, text in sorted(found, key=lambda pair: pair[0])))


def _address(contact: Node) -> dict[str, object]:
    node = contact.at("PostalAddressBag/PostalAddress")
    if node is None:
        return {}
    where = node.at("PostalStructuredAddress")
    if where is None:
        return {"address_lines": node.texts("PostalAddressText")}
    country = where.text("CountryCode") or where.text("CountryName") or ""
    where.skip("CountryName")
    city, region, postcode = where.many("CityName", "GeographicRegionName", "PostalCode")
    return {
        "address_lines": where.texts("AddressLineText"),
        "city": city or "",
        "state": state_name(region) or "",
        "postcode": postcode or "",
        "country": country_code(country) or country,
    }


def _legal_entity(node: Node, owner: bool) -> dict[str, str | None]:
    # Owners and sides of an assignment in ST.96 carry it directly, those of an assignment in ST.66 in a box.
    box = node.at("LegalEntity") or node
    box.skip("NationalLegalEntityCode", "IncorporationCountryName", "IncorporationGeographicRegionCode")
    form = box.text("LegalEntityName|LegalEntityCategory")
    country = box.text("IncorporationCountryCode") or box.text("NationalityCode")
    state = box.text("IncorporationState|IncorporationGeographicRegionName")
    region = box.at("IncorporationGeographicRegionName")
    if region is not None:
        region.attribute("geographicRegionCategory")
    if not owner and form is None and country is None:
        return {}
    return {
        "legal_form": form or "",
        "organised_in_country": (country_code(country) or country) if country else "",
        "organised_in_state": state_name(state) or "",
    }


# -- recorded assignments ---------------------------------------------------------------------------


def reel_frame(identifier: str) -> str:
    """`28490875` → `2849/0875`: the last four digits are the frame."""
    digits = identifier.replace("/", "").strip()
    if not digits.isdigit() or len(digits) < 5:
        raise LayoutChanged(f"no reel and frame: {identifier[:40]!r}")
    return f"{digits[:-4].lstrip('0').zfill(4)}/{digits[-4:]}"


def assignments(bag: Node) -> tuple[Assignment, ...] | None:
    """The recorded assignments in `bag`, or None where they were not loaded.

    None, not empty: the office fills this part on demand. The ST.66 of 76044902 carries an assignment of
    2003, the ST.96 of the same case, a year younger, says "0 assignments". An assignment never leaves the
    register, so nothing is lost by not believing the zero.

    Raises `Incomplete` when the office's own count is not what stands there.
    """
    found = tuple(dict.fromkeys(_assignment(node) for node in bag.kids("Assignment")))
    total = bag.number("NationalAssignmentTotalQuantity|AssignmentTotalQuantity")
    if total is not None and total > len(found):
        raise Incomplete(f"the record speaks of {total} assignments and shows {len(found)}")
    return found or None


def _assignment(node: Node) -> Assignment:
    assignors = [*node.every("AssignorBag/Assignor"), *node.kids("Assignor")]
    assignees = [*node.every("AssigneeBag/Assignee"), *node.kids("Assignee")]
    executed = node.date("AssignmentExecutedDate|AssignmentExecutionDate")
    dates = [day for one in assignors if (day := one.date("AssignmentExecutionDate|AssignmentExecutedDate"))]
    correspondent = node.at("NationalCorrespondent")
    document = _document(node)
    # Known, without a place in the record: when the notice was mailed, and the registrant at the top.
    node.skip("AssignmentMailedDate", "Registrant", "NationalCorrespondent/CommentText")
    return Assignment(
        reel_frame=reel_frame(node.text("AssignmentIdentifier") or ""),
        conveyance=node.text("AssignmentConveyanceCategory"),
        executed=executed or min(dates, default=None),
        recorded=node.date("AssignmentRecordedDate"),
        received=node.date("AssignmentReceivedDate"),
        pages=node.number("PageTotalQuantity|PageTotalNumber"),
        assignors=tuple(one for side in assignors if (one := party(side))),
        assignees=tuple(one for side in assignees if (one := party(side))),
        correspondent=party(correspondent) if correspondent is not None else None,
        group=node.value("AssignmentGroupCategory"),
        document=document,
    )


def _document(node: Node) -> str | None:
    bag = node.at("AssignmentDocumentBag")
    if bag is None:
        return None
    found = bag.value("TrademarkDocument/DocumentIdentifier") or bag.own() or None
    bag.skip("TrademarkDocument")
    return found
