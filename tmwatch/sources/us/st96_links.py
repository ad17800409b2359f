"""What a ST.96 record points at: priorities, related marks, proceedings at the Trial and Appeal Board."""

from __future__ import annotations

import re
from typing import Any

from tmwatch.errors import LayoutChanged
from tmwatch.model import Priority, Proceeding, ProceedingParty, RelatedMark
from tmwatch.sources.us import common, contact
from tmwatch.sources.us.xml import Node

INTERNATIONAL = "International application or registration"


def priority(node: Node) -> Priority:
    country = node.text("PriorityCountryCode") or node.text("CommentText") or ""
    node.skip("CommentText", "ApplicationNumber/IPOfficeCode")  # the country's name
    return Priority(
        country=common.country_code(country) or country,
        number=node.text("ApplicationNumber/ApplicationNumberText") or "",
        date=node.date("PriorityApplicationFilingDate"),
        registration_number=node.text("PriorityRegistrationNumber") or "",
        registration_date=node.date("PriorityRegistrationDate"),
        expiry_date=node.date("PriorityRegistrationExpiredDate"),
        status=node.text("PriorityStatusCategory"),
    )


def related(trademark: Node, *, madrid: bool) -> dict[str, Any]:
    if not trademark.at("AssociatedMarkBag"):
        return {}
    international: str | None = None
    found: list[RelatedMark] = []
    for node in trademark.every("AssociatedMarkBag/AssociatedMark"):
        kind = node.text("AssociationCategory")
        if not kind:
            raise LayoutChanged("a related mark that does not say how it is related")
        # The 2.2.1 files keep the international *registration* number under this name.
        number = node.value("InternationalApplicationNumber/ApplicationNumberText|ST13ApplicationNumber")
        number = common.international(number or node.value("InternationalRegistrationNumber"))
        node.skip("InternationalApplicationNumber/IPOfficeCode")
        if number and madrid and kind == INTERNATIONAL and international in (None, number):
            international = number
        elif number:
            found.append(RelatedMark(kind=kind, number=number, office="WO"))
        for path, office in (
            ("NationalRegistrationNumber|RegistrationNumber", "US"),
            ("NationalApplicationNumber/ApplicationNumberText", "US"),
            ("ApplicationNumber/ApplicationNumberText", node.value("ApplicationNumber/IPOfficeCode")),
        ):
            numbers = [common.related(text) if office == "US" else text for text in node.texts(path)]
            found += [RelatedMark(kind=kind, number=one, office=office) for one in numbers]
        node.skip("NationalApplicationNumber/IPOfficeCode")
    return {
        "international_registration_number": international,
        "related_marks": tuple(dict.fromkeys(found)),
    }


def proceedings(trademark: Node) -> dict[str, Any]:
    """Empty boxes mean "not loaded", as for assignments: a proceeding never leaves the record again."""
    found = []
    for case in trademark.every("LegalProceedingsBag/LegalProceedings"):
        for bag in case.kids():
            inner = bag.kids(bag.name.removesuffix("Bag")) if bag.name.endswith("Bag") else []
            found += [one for node in inner or [bag] if (one := _proceeding(node, bag.name))]
    return {"proceedings": tuple(found)} if found else {}


# The two sides of each kind of proceeding at the Board, as ST.96 calls them.
_SIDES = frozenset(
    {
        *("plaintiff", "defendant", "petitioner", "respondent", "opposer", "potentialopposer"),
        *("applicant", "appellant", "registrant"),
    }
)
_KINDS = re.compile(
    r"opposition|cancellation|appeal|extension|concurrentuse|interference|expungement|petition",
    re.IGNORECASE,
)


def _proceeding(node: Node, name: str) -> Proceeding | None:
    number = next((kid.own() for kid in node.kids() if kid.name.endswith("Identifier")), "")
    if not number:
        return None
    if not _KINDS.match(name) and not name.startswith(("ExParte", "Legal", "Other")):
        raise LayoutChanged(f"a proceeding of a kind that nobody knows: `{name[:60]}`")
    parties = []
    for side in node.kids():
        one = contact.party(side)
        if one is not None and side.name.lower() not in _SIDES:
            raise LayoutChanged(f"a side of a proceeding that nobody knows: `{side.name[:60]}`")
        if one is not None:
            parties.append(ProceedingParty(role=side.name.lower(), name=one.name))
        # Counsel and the marks relied on belong to the proceeding's own file.
        side.skip("Correspondent", "AssociatedMarkBag")
    stem = name
    for ending in ("Bag", "Proceeding", "Proceedings"):
        stem = stem.removesuffix(ending)
    dates = [kid for kid in node.kids() if kid.name.endswith("Date")]
    filed = next((kid for kid in dates if kid.name == f"{stem}Date"), dates[0] if dates else None)
    found = Proceeding(
        kind=re.sub(r"(?<=[a-z])(?=[A-Z])", " ", stem or name).lower(),  # OppositionExtensionRequest
        number=number,
        filed=filed.own_date() if filed is not None else None,
        status=node.value("ProceedingStatus/NationalStatusExternalDescriptionText"),
        status_date=node.date("ProceedingStatus/NationalStatusDate"),
        parties=tuple(parties),
    )
    node.skip("ProceedingStatus/NationalStatusCategory", "ProceedingStatus/NationalStatusCode")
    node.skip("ProceedingEventBag", "ProceedingDocumentBag", "StaffBag")
    return found
