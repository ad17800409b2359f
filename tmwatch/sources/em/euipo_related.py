"""What a record of the EUIPO names beside the mark: rights claimed, filings elsewhere, proceedings."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from tmwatch.model import Priority, Proceeding, ProceedingEntry, RelatedMark, Seniority
from tmwatch.sources.json_rows import Row
from tmwatch.sources.renamed import Kind

# All that has a number and a state of its own: also the entries in the register and the decisions.
PROCEEDINGS = ("oppositions", "cancellations", "appeals", "records", "decisions")


def once(found: Iterable[Any]) -> list[Any]:
    """Each once: a row that stands twice says it once."""
    return list(dict.fromkeys(found))


def priorities(row: Row) -> tuple[Priority, ...]:
    """Those of earlier filings, and of exhibitions."""
    claimed = [_priority(one) for one in row.items("priorities", optional=True)]
    claimed += [_exhibition(one) for one in row.items("exhibitionPriorities", optional=True)]
    return tuple(once(claimed))


def seniorities(row: Row) -> tuple[Seniority, ...]:
    """Those of national marks."""
    return tuple(once(_seniority(one) for one in row.items("seniorities", optional=True)))


def related_marks(row: Row) -> tuple[RelatedMark, ...]:
    """International registrations that this mark came from, and applications that rest on it."""
    related = [_transformation(one) for one in row.items("irTransformations", optional=True)]
    for one in row.items("internationalApplications", optional=True):
        related += _international(one)
    return tuple(once(related))


def proceedings(row: Row) -> tuple[Proceeding, ...]:
    """All of `PROCEEDINGS`."""
    found: list[Proceeding] = []
    for one in row.items("oppositions", optional=True):
        found.append(_proceeding(one, "opposition", "Opposition"))
    for one in row.items("cancellations", optional=True):
        kind = (one.text("cancellationKind") or "").replace("_", " ").lower()
        found.append(_proceeding(one, "cancellation", f"Cancellation ({kind})"))
    for one in row.items("appeals", optional=True):
        against = one.inner("contestedEntity")
        of = (
            f"{against.text('contestedEntityKind')} {against.text('contestedEntityIdentifier')}"
            if against
            else ""
        )
        found.append(_proceeding(one, "appeal", f"Appeal ({of.replace('_', ' ').lower()})"))
    found += [_entry(one) for one in row.items("records", optional=True)]
    found += [_decision(one) for one in row.items("decisions", optional=True)]
    return tuple(once(found))


def _part(one: Row, *, optional: bool = False) -> bool | None:
    part = one.take("partialIndicator", "flag", optional=optional)
    if part not in (None, True, False):
        raise one.refuse("`partialIndicator` is neither true nor false")
    return part if part is None else bool(part)


_ANY: tuple[Kind, ...] = ("text", "number", "date")


def _number(one: Row, key: str) -> str | None:
    """A number of another office, which may be digits only, or a day's digits, or neither."""
    if not one.has(key):
        for kind in _ANY:
            one.take(key, kind, optional=True)
        return None
    return one.text(key)


def _priority(one: Row) -> Priority:
    return Priority(
        country=one.text("country", optional=True),
        number=_number(one, "applicationNumber"),
        date=one.day("applicationDate", optional=True),
        status=one.text("status", optional=True),
        partial=_part(one, optional=True),
    )


def _exhibition(one: Row) -> Priority:
    name, status = one.text("name"), one.text("status")
    return Priority(number=f"exhibition {name}", date=one.day("firstDisplayDate"), status=status)


def _seniority(one: Row) -> Seniority:
    return Seniority(
        country=one.text("country"),
        kind=one.text("seniorityKind"),
        number=_number(one, "applicationNumber"),
        date=one.day("applicationDate", optional=True),
        registration_number=_number(one, "registrationNumber"),
        registration_date=one.day("registrationDate", optional=True),
        priority_date=one.day("priorityDate", optional=True),
        status=one.text("status"),
        partial=_part(one),
    )


def _transformation(one: Row) -> RelatedMark:
    one.leave("registrationDate", "cancellationDate", "priorityDate")  # they stand with the WIPO
    return RelatedMark(
        kind="transformed international registration",
        number=one.text("registrationNumber", optional=True) or "",
        office="WO",
    )


def _international(one: Row) -> list[RelatedMark]:
    """An application to the WIPO on the basis of this mark, and what was designated later."""
    one.leave("registrationDate")
    kind = f"international application: {one.text('status')}"
    found = [RelatedMark(kind=kind, number=one.text("applicationNumber") or "")]
    number = _number(one, "internationalRegistrationNumber")
    if number:
        found.append(RelatedMark(kind="international registration", number=number, office="WO"))
    for sub in one.items("subsequentDesignations", optional=True):
        kind = f"subsequent designation: {sub.text('status')}"
        found.append(RelatedMark(kind=kind, number=sub.text("applicationNumber") or ""))
    return found


def _proceeding(one: Row, name: str, kind: str) -> Proceeding:
    return Proceeding(
        kind=kind,
        number=one.text(f"{name}Number") or "",
        filed=one.day(f"{name}Date"),
        status=one.text("status"),
    )


def _entry(one: Row) -> Proceeding:
    """An entry in the register that somebody asked for: a transfer, a licence, another representative."""
    one.leave("bulletinNumber")  # its day and section say the same
    section, number = one.text("publicationSection"), one.text("recordNumber")
    kind = one.text("recordKind", optional=True)
    published = one.day("publicationDate", optional=True)
    return Proceeding(
        kind="Entry in the register",
        number=number or "",
        filed=one.day("applicationDate", optional=True),
        status=one.text("status", optional=True),
        docket=(ProceedingEntry(date=published, text=kind, code=section),) if kind else (),
    )


def _decision(one: Row) -> Proceeding:
    return Proceeding(
        kind="Decision",
        number=_number(one, "caseNumber") or "",
        status=one.text("decisionKind", optional=True),
        status_date=one.day("decisionDate", optional=True),
    )
