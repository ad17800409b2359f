"""Applicants, holders, representatives and the address for letters of a Ukrainian record."""

from __future__ import annotations

from typing import Any

from tmwatch.model import Party
from tmwatch.sources.json_rows import Row


def people(data: Row, *, registered: bool) -> dict[str, Any]:
    """The owners are the holders of a registration, before it the applicants; both are kept as history."""
    given: dict[str, Any] = {}
    applicants = _parties(data, "Applicant")
    holders = _parties(data, "Holder")
    # A registration without a holder, an application without an applicant: nobody owns nothing.
    given["owners"] = holders if registered else applicants
    if not given["owners"]:
        raise data.refuse(f"it has no {'holder' if registered else 'applicant'}")
    if holders and applicants:
        given["owner_history"] = (*applicants, *holders)
    given["representatives"] = _parties(data, "Representative")
    letters = data.inner("CorrespondenceAddress", optional=True)
    book = letters.inner("CorrespondenceAddressBook", optional=True) if letters else None
    if book is not None:
        name, address = book.inner("Name", optional=True), book.inner("Address", optional=True)
        said = name.text("FreeFormatNameLine", optional=True) if name else None
        lines = address.text("FreeFormatAddressLine", optional=True) if address else None
        if said or lines:
            given["correspondence"] = Party(
                name=said or "",
                address_lines=(lines,) if lines else (),
                postcode=address.text("AddressPostcode", optional=True) if address else None,
                country=address.text("AddressCountryCode", optional=True) if address else None,
            )
    return given


def _parties(data: Row, kind: str) -> tuple[Party, ...]:
    details = data.inner(f"{kind}Details", optional=True)
    found: dict[Party, None] = {}
    for one in details.items(kind, one=True) if details else []:
        found.setdefault(_party(one, kind))
    return tuple(sorted(found, key=lambda party: (party.sequence or 0, party.name)))


def _party(one: Row, kind: str) -> Party:
    place = one.number(f"{kind}SequenceNumber", optional=True)
    book = one.inner(f"{kind}AddressBook")
    formatted = book.inner("FormattedNameAddress") if book else None
    free = _down(formatted, "Name", "FreeFormatName")
    if formatted is None or free is None:
        raise one.refuse("it has no name")
    free.leave("NameKind")
    identifier = free.text("EDRPOU", optional=True)  # the number of a legal entity
    lines = _down(free, "FreeFormatNameDetails")
    if lines is not None and lines.has("FreeFormatNameDetails"):  # so of representatives
        lines = lines.inner("FreeFormatNameDetails")
    name = lines.text("FreeFormatNameLine") if lines else None
    if lines is None or not name:
        raise one.refuse("its name is empty")
    local = lines.text("FreeFormatNameLineOriginal", optional=True)
    address = formatted.inner("Address", optional=True)
    country = address.text("AddressCountryCode", optional=True) if address else None
    free_address = address.inner("FreeFormatAddress", optional=True) if address else None
    written: list[str | None] = []
    if free_address is not None:
        # Seen in the office's schema: names again, beside the address.
        again = free_address.text("FreeFormatNameLineOriginal", optional=True)
        free_address.leave("FreeFormatNameLine")
        local = local or again
        written = [
            free_address.text("FreeFormatAddressLine", optional=True),
            free_address.text("FreeFormatAddressLineOriginal", optional=True),
        ]
    return Party(
        name=name,
        name_local=local,
        sequence=place,
        identifier=identifier,
        address_lines=tuple(dict.fromkeys(line for line in written if line)),
        country=country,
    )


def _down(row: Row | None, *keys: str) -> Row | None:
    for key in keys:
        row = row.inner(key) if row is not None else None
    return row
