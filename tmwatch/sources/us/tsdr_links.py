"""What a TSDR status page points at: foreign applications, the international registration, other filings."""

from __future__ import annotations

import re

from tmwatch.model import Priority, RelatedMark
from tmwatch.sources.us import common
from tmwatch.sources.us.tsdr_page import Section
from tmwatch.sources.us.tsdr_sections import day, yes
from tmwatch.sources.us.tsdr_tree import text_of


def foreign(section: Section | None) -> tuple[Priority, ...]:
    """Foreign applications and registrations relied on; one block each."""
    if section is None:
        return ()
    found: list[Priority] = []
    for block in section.split_on_repeat():
        claimed = block.text("Priority Claimed", kind="flag")
        country = block.text("Foreign Application/Registration Country", "Foreign Application Country")
        entry = Priority(
            country=common.country_code(country) or country or "",
            number=block.text("Foreign Application Number") or "",
            date=day(block, "Foreign Application Filing Date"),
            registration_number=block.text("Foreign Registration Number") or "",
            registration_date=day(block, "Foreign Registration Date"),
            expiry_date=day(block, "Foreign Expiration Date", "Foreign Registration Expiration Date"),
            status="Claimed" if yes(claimed, "Priority Claimed") else None,
        )
        block.drop("Foreign Registration Renewal Date", "Foreign Renewal Date")
        if entry.number or entry.registration_number or entry.country or entry.date:
            found.append(entry)
    return tuple(found)


def international(section: Section | None) -> str | None:
    """The international registration behind a request under section 66(a)."""
    if section is None:
        return None
    number = common.international(section.text("International Registration Number"))
    # Dates and stages of the international registration: Madrid Monitor is the register for those.
    section.drop(
        "Priority Claimed Flag",
        "First Refusal Flag",
        starting=("international registration ", "intl registration ", "date of ", "notification "),
    )
    return number


_NATIONAL = (  # label, kind in the words of ST.96 where it has some
    ("Claimed Ownership of US Registrations", "Claimed prior registration"),
    ("Previously Registered", "Claimed prior registration"),
    ("Parent Of", "Parent of"),
    ("Child Of", "Child of"),
    ("Substituted In", "Substituted in"),
    ("Substituted For", "Substituted for"),
)
_BASED_ON_THIS = "International Application(s) /Registration(s) Based on this Property"
_INTERNATIONAL = "International application or registration"


def related(section: Section | None) -> tuple[RelatedMark, ...]:
    """The other filings this one points at, and international registrations based on it."""
    if section is None:
        return ()
    found: list[RelatedMark] = []
    for label, kind in _NATIONAL:
        for tag in section.tags(label):
            numbers = re.findall(r"\d{2,8}", text_of(tag))
            if text_of(tag) and not numbers:
                section.disown(label)
            found += [RelatedMark(kind=kind, number=common.related(each), office="US") for each in numbers]
    # `A0063731/1336169`: the international application, then the registration made of it.
    based = [text_of(tag) for tag in section.tags("International Registration Number", _BASED_ON_THIS)]
    for text in " ".join(based).replace(",", " ").split():
        number = common.international(text.rpartition("/")[2]) or text
        found.append(RelatedMark(kind=_INTERNATIONAL, number=number, office="WO"))
    return tuple(dict.fromkeys(found))
