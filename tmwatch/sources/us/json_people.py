"""The people of a TSDR JSON record: owners by party type, attorney, correspondent."""

from __future__ import annotations

from typing import Any

from tmwatch.errors import LayoutChanged
from tmwatch.model import Party
from tmwatch.sources.us import common
from tmwatch.sources.us.json_tools import Taken


def people(data: Taken, status: Taken) -> dict[str, Any]:
    """Owners and correspondence as far as this answer shows them (see `tsdr_json`)."""
    given: dict[str, Any] = {}
    groups = data.inner("parties").inner("ownerGroups")
    found = [_owner(item, group) for group in list(groups.data) for item in groups.items(group)]
    given |= common.owner_fields(found)
    box = status.inner("correspondence")
    if not box.data:
        return given
    attorney, firm, person = box.text("attorneyName"), box.text("firmName"), box.text("individualFullName")
    lawyer = Party(name=attorney, role="Attorney of Record", emails=_emails(box, "attorneyEmail"))
    given["representatives"] = (lawyer,) if attorney else ()
    phone = box.text("correspondantPhone")  # the office's spelling
    address = _correspondence_address(box)
    box.take("correspondantFax")
    if person or firm:
        extra = {"organisation": firm} if person and firm else {}
        given["correspondence"] = Party(
            name=person or firm,
            phones=(phone,) if phone else (),
            emails=_emails(box, "correspondantEmail"),
            **extra,
            **address,
        )
    else:
        given["correspondence"] = None
    return given


def _emails(box: Taken, key: str) -> tuple[str, ...]:
    emails = box.inner(key)
    emails.take("authIndicator")
    return tuple(dict.fromkeys(emails.texts("addresses")))


def _correspondence_address(box: Taken) -> dict[str, Any]:
    free = box.texts("freeFormAddress")
    where = box.inner("address")
    if not where.data:
        return {"address_lines": free}
    lines = [where.text(f"line{n}") for n in range(1, 6)]
    country, name = where.text("countryCode"), where.text("countryName")
    return {
        "address_lines": (*(line for line in lines if line), *free),
        "city": where.text("city"),
        "state": _place(where, "region")[0],
        "postcode": where.text("postalCode"),
        "country": common.country_code(country or name) or country or name,
    }


def _place(box: Taken, key: str) -> tuple[str, str]:
    """(state, country) of a place. `iso.name` has held the state's name at times; the code is right."""
    place = box.inner(key)
    region, land = place.inner("isoRegion"), place.inner("iso")
    usual, wipo = place.inner("stateCountry"), place.inner("wipo")
    code, name = land.text("code"), land.text("name")
    state = region.text("name") or common.state_name(region.text("code")) or ""
    fallback, fallback_name = usual.text("code"), usual.text("name")
    for part in (region, wipo):
        part.take("code")
        part.take("name")
    if not code and common.is_us_state(fallback_name):
        return fallback_name.upper(), "US"
    country = common.country_code(code or fallback) or common.country_code(name or fallback_name) or code
    return state.upper(), country


def _owner(item: Taken, group: str) -> Party:
    name = item.text("name")
    if not name:
        raise LayoutChanged("an owner without a name")
    state, country = _place(item, "addressStateCountry")
    home_state, home = _place(item, "citizenship")
    form = item.inner("entityType")
    form.take("code")
    alias, composed, change = item.text("dbaAkaFormerly"), item.text("composedOf"), item.text("assignment")
    lines = [item.text(f"address{n}") for n in range(1, 5)]
    emails = _emails(item, "emailList")
    item.take("entityNum")
    item.take("reelFrame")
    return Party(
        name=name,
        aliases=(alias,) if alias else (),
        role=item.text("partyTypeDescription") or None,
        role_code=item.text("partyType") or group,
        legal_form=form.text("description"),
        organised_in_country=home,
        organised_in_state=home_state,
        address_lines=tuple(line for line in lines if line),
        city=item.text("city"),
        state=state,
        postcode=item.text("zip"),
        country=country,
        note="; ".join(part for part in (composed, change) if part),
        **({"emails": emails} if emails else {}),
    )
