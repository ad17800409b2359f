"""The people of a case in the daily file: owner entries by party type, attorney, correspondent."""

from __future__ import annotations

import functools
import re
from typing import Any

from tmwatch.errors import LayoutChanged
from tmwatch.model import Party
from tmwatch.sources.us import common
from tmwatch.sources.us.daily_box import Box

_OTHER = "99"  # "other": the entity statement says what, and the other channels show it as the legal form
# "Birmingham, MI 48009", "MINNEAPOLIS, MN 55402-0910"; in old cases without the comma.
_ZIP = re.compile(r"^(?P<before>.*\S)[\s,]+(?P<zip>\d{5}(?:-?\d{4})?)$")


def people(case: Box, header: Box) -> dict[str, Any]:
    """Owners, attorney of record, domestic representative and correspondent."""
    owners = dict.fromkeys(_owner(box) for box in case.must_box("case-file-owners").boxes("case-file-owner"))
    if not owners:
        raise LayoutChanged("the case shows no owner")
    # By party type and number: the order in which they stand in the file means nothing.
    found = sorted(owners, key=lambda one: (int(one.role_code or 0), one.sequence or 0))
    attorney = header.text("attorney-name")
    domestic = header.text("domestic-representative-name")
    given: dict[str, Any] = {
        **common.owner_fields(found),
        "representatives": (Party(name=attorney, role="Attorney of Record"),) if attorney else (),
        "docket_number": header.text("attorney-docket-number"),
        "domestic_representative": Party(name=domestic) if domestic else None,
    }
    box = case.inner("correspondent")
    numbers = [n for n in range(1, 6) if box.has(f"address-{n}")]
    if numbers != list(range(1, len(numbers) + 1)):
        raise LayoutChanged("the correspondent's lines are not whole")
    lines = [text for n in range(1, 6) if (text := box.text(f"address-{n}"))]
    if lines:
        given["correspondence"] = _correspondent(lines)
    return given


def _number(box: Box, name: str) -> int:
    text = box.must(name)
    if not (text.isascii() and text.isdigit() and len(text) < 6):
        raise LayoutChanged(f"`{name}` is no number: {text[:20]!r}")
    return int(text)


@functools.cache
def _forms() -> dict[str, str]:
    return {row["code"]: row["description"] for row in common.table("entity_codes")}


def _role(kind: int) -> str | None:
    """The words of the other channels for a party type (10, 11-19, 20, 21-29, 30, 31 and up)."""
    first = {10: "ORIGINAL APPLICANT", 20: "OWNER AT PUBLICATION", 30: "ORIGINAL REGISTRANT"}
    if kind in first:
        return first[kind]
    when = {1: "BEFORE PUBLICATION", 2: "AFTER PUBLICATION"}.get(kind // 10, "AFTER REGISTRATION")
    return f"SUBSEQUENT OWNER {when}" if 10 < kind < 70 else None


def _owner(box: Box) -> Party:
    kind, place = _number(box, "party-type"), _number(box, "entry-number")
    name = box.must("party-name")
    home = box.inner("nationality")
    home_state, home_country = _land(home)
    form = _legal_form(box)
    lines = [text for n in (1, 2) if (text := box.text(f"address-{n}"))]
    city, postcode, alias = box.text("city"), box.text("postcode"), box.text("dba-aka-text")
    state, country = _land(box)
    notes = [box.text("composed-of-statement") or "", *box.texts("name-change-explanation")]
    doubtful = box.unknown()  # an optional element may have been renamed: absent is then not empty
    return Party(
        name=name,
        aliases=(alias,) if alias else None if doubtful else (),
        role=_role(kind),
        role_code=str(kind),
        sequence=place,
        legal_form=None if doubtful and not form else form,
        organised_in_country=home_country,
        organised_in_state=home_state,
        note="; ".join(note for note in notes if note),
        **(
            {}
            if doubtful
            else {
                "address_lines": tuple(lines),
                "city": city or "",
                "state": state,
                "postcode": postcode or "",
                "country": country,
            }
        ),
    )


def _legal_form(box: Box) -> str | None:
    """The words of the code; of "other" the entity statement, which the other channels show in its place.

    None (not given) for a code that is in no table.
    """
    code, said = box.text("legal-entity-type-code"), box.text("entity-statement")
    if said and (code in (None, _OTHER) or code not in _forms()):
        return said
    if code is None:
        return ""
    return _forms().get(code.zfill(2)) if code != _OTHER else ""


def _land(box: Box) -> tuple[str, str]:
    """(state, country) of a box that has `state`, `country`, `other`. A state of the US needs no country."""
    state, country = box.text("state"), box.text("country")
    other = box.text("other") if box.has("other") else None
    land = common.country_code(country or other) or country or other or ""
    if not land and state and common.is_us_state(state):
        land = common.OFFICE
    return common.state_name(state) or "", land


# -- correspondent -------------------------------------------------------------------------------------


def _correspondent(lines: list[str]) -> Party:
    """Up to five lines of an envelope: name and firm (in one line in later files), street, town, country."""
    name, *rest = lines
    given: dict[str, Any] = {}
    country = common.country_code(rest[-1]) if rest else None
    if country:
        rest.pop()
    place = _us_place(rest[-1]) if rest and country in (None, common.OFFICE) else None
    if place:
        rest.pop()
        given |= place
        country = common.OFFICE
    if country:
        given["country"] = country
    # The firm is a part of the first line or a line of its own: given, and never to be added from elsewhere.
    return Party(name=name, organisation="", address_lines=tuple(rest), **given)


def _us_place(line: str) -> dict[str, str] | None:
    found = _ZIP.match(line)
    words = found["before"].replace(",", " ").split() if found else []
    for size in (3, 2, 1):
        state = " ".join(words[-size:])
        if found and len(words) > size and common.is_us_state(state):
            city = " ".join(found["before"].split()[:-size]).rstrip(" ,")
            return {"city": city, "state": common.state_name(state) or "", "postcode": found["zip"]}
    return None
