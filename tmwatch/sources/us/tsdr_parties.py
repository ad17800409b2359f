"""People on the TSDR status page: addresses in blocks, places of incorporation, recorded assignments."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from typing import Any

from bs4 import Tag

from tmwatch.errors import Incomplete, LayoutChanged
from tmwatch.model import Assignment, Party, Proceeding, ProceedingParty
from tmwatch.sources.us import common
from tmwatch.sources.us.common import squeeze
from tmwatch.sources.us.tsdr_page import Item, Section, is_known_caption, items_of, label_key
from tmwatch.sources.us.tsdr_tree import lines_of, text_of

_EMAIL = re.compile(r"[^\s<>,;:()\"]+@[^\s<>,;:()\"]+\.[^\s<>,;:()\"]+")
# The page gives a correspondent's firm as one more line; these words tell it from a street.
_FIRM = re.compile(
    r"\b(LLP|LLC|L\.L\.[PC]\.?|P\.?L\.?L\.?C|P\.?C|P\.?A|INC|LTD|CORP\w*|COMPANY|CO|GMBH|LAW|LEGAL|ATTORNEYS?|FIRM|"
    r"GROUP|PARTNERS|ASSOCIATES|OFFICES?)\b|&",
    re.IGNORECASE,
)


ALIASES = (
    "DBA, AKA, Formerly",
    "DBA, AKA, TA, Formerly",
    "DBA, AKA, TA, Statement",
    "DBA/AKA/TA/Formerly",
    "Formerly",
)


def emails(values: Sequence[Tag]) -> tuple[str, ...]:
    """The addresses in these values, each once."""
    return tuple(dict.fromkeys(mail for value in values for mail in _EMAIL.findall(text_of(value))))


def place_of_law(text: str | None) -> tuple[str, str]:
    """Country and state where a party is organised or a citizen; a region of elsewhere as written."""
    if text and common.is_us_state(text) and len(text) > 2:
        return common.OFFICE, common.state_name(text) or ""
    country = common.country_code(text)
    return (country, "") if country else ("", (text or "").upper())


def party_at(address: Tag | None, name: str | None = None, *, free: bool = False, **given: Any) -> Party:
    """A party whose address is a value of the page; without a name the first line is the name.

    A `free` address (of an assignment) stays in its lines, as in the office's XML.
    Raises `LayoutChanged` when there is neither name nor address.
    """
    rows = list(lines_of(address)) if address is not None else []
    if name is None:
        if not rows:
            raise LayoutChanged("a party without a name", where="status page")
        name = " ".join(rows.pop(0))
        firm = " ".join(rows[0]) if len(rows) > 1 else ""
        if _FIRM.search(firm) and not re.search(r"\d", firm):
            given["organisation"] = firm
            rows.pop(0)
    where: dict[str, Any] = {}
    if address is not None:
        where = {"address_lines": tuple(" ".join(row) for row in rows)} if free else _address(rows)
    return Party(name=name, **where, **given)


def _address(rows: list[tuple[str, ...]]) -> dict[str, Any]:
    """Street lines, town, state, postcode and country.

    Two forms are known: town, state and postcode in one block with the country in the next (2013), and
    all of them in one block (`Palo Alto, CALIFORNIA UNITED STATES 94304`, later pages).
    """
    country = None
    if len(rows) > 1 and (country := common.country_code(" ".join(rows[-1]))):
        rows = rows[:-1]
    place = _place(rows[-1], country) if rows else {}
    # A last line in which nothing is a place name or a postcode is the town only if a country follows;
    # `80331 München` stays a line: whether the number is a postcode is not said.
    if rows and not place and country and not re.search(r"\d", " ".join(rows[-1])):
        place = {"city": " ".join(rows[-1]).rstrip(",")}
    if not place:  # everything stands in the lines
        return {"address_lines": tuple(" ".join(row) for row in rows), "country": country}
    found: dict[str, Any] = {"city": "", "state": "", "postcode": "", "country": country or "", **place}
    return {"address_lines": tuple(" ".join(row) for row in rows[:-1]), **found}


def _place(lines: tuple[str, ...], country: str | None) -> dict[str, Any]:
    """Town, state, postcode (and country) of the block that ends an address; {} if it is no such block."""
    found: dict[str, Any] = {}
    if len(lines) > 1:
        found["city"] = lines[0].rstrip(",")
        for line in lines[1:]:
            in_us = country in (None, common.OFFICE)
            if "state" not in found and in_us and common.is_us_state(line):
                found["state"] = common.state_name(line)
            elif country is None and "country" not in found and common.country_code(line):
                found["country"] = common.country_code(line)
            elif re.search(r"\d", line) and "postcode" not in found:
                found["postcode"] = line
            elif "state" not in found:
                found["state"] = common.state_name(line)
            else:
                return {}
        return found
    words = lines[0].split()
    code: list[str] = []
    while len(words) > 1 and len(code) < 2 and re.search(r"\d", words[-1]):
        code.insert(0, words.pop())
    if code:
        found["postcode"] = " ".join(code)
    if country is None:
        taken = _tail(words, lambda text: bool(common.country_code(text)) and not _is_state_here(text, words))
        if taken:
            found["country"], words = common.country_code(" ".join(words[-taken:])), words[:-taken]
    if found.get("country", country) in (None, common.OFFICE):
        taken = _tail(words, common.is_us_state)
        if taken:
            found["state"], words = common.state_name(" ".join(words[-taken:])), words[:-taken]
    if not found:
        return {}
    found["city"] = " ".join(words).rstrip(",")
    return found


def _is_state_here(text: str, words: list[str]) -> bool:
    """`Atlanta, GEORGIA 30301` names the state, not the country: it stands right behind a comma."""
    before = words[: len(words) - len(text.split())]
    return common.is_us_state(text) and bool(before) and before[-1].endswith(",")


def _tail(words: list[str], known: Callable[[str], bool]) -> int:
    """How many words at the end form a known name: the longest wins, and something must stand before it."""
    return next((size for size in range(min(6, len(words) - 1), 0, -1) if known(" ".join(words[-size:]))), 0)


# -- assignments -----------------------------------------------------------------------------------------


def assignments(section: Section, day: Any) -> tuple[Assignment, ...] | None:
    """Recorded conveyances; None when there are none or the page would fetch them only on a click.

    Raises `Incomplete` when the page counts more of them than it holds.
    """
    containers = section.groups()
    total_text = section.text("Total Assignments") or ""
    section.drop("Registrant", "Applicant", "Owner")
    if section.lazy and not containers:
        return None
    if total_text.isdigit() and int(total_text) > len(containers):
        raise Incomplete(
            f"the page counts {total_text} assignments and holds {len(containers)}",
            where=f"section `{section.title}`",
        )
    found: list[Assignment] = []
    for container in containers:
        part = Section(section.title, items_of(container))
        found.append(_assignment(part, container, day))
        section.items += part.items
        section.missed += part.missed
    # The office fills this part on demand and has said "0" of cases that have some: zero is not believed.
    return tuple(dict.fromkeys(found)) or None


def _assignment(part: Section, container: Tag, day: Any) -> Assignment:
    fields: dict[str, Any] = {}
    for caption, inner in part.under_captions():
        key = label_key(caption)
        if key.startswith("assignor"):
            fields["assignors"] = _sides(inner)
            fields["executed"] = min(filter(None, _executions(inner, day)), default=None)
        elif key.startswith("assignee"):
            fields["assignees"] = _sides(inner)
        elif key.startswith("correspondent"):
            name = inner.text("Correspondent Name")
            address = inner.tag("Correspondent Address") if name else None  # its first line is no name
            if name:
                fields["correspondent"] = party_at(address, name=name, free=True)
        elif key.startswith("domestic representative"):
            inner.drop(starting=("domestic representative", "name", "address", "phone", "fax"))
    reel = (part.text("Reel/Frame") or "").replace(" ", "")
    if not re.fullmatch(r"\d+/\d+", reel):
        raise LayoutChanged(
            f"an assignment without reel and frame: {reel!r}", where=f"section `{part.title}`"
        )
    pages = part.text("Pages") or ""
    recorded, received = day(part, "Date Recorded"), day(part, "Date Received", "Received")
    return Assignment(
        reel_frame=reel,
        conveyance=part.text("Conveyance"),
        recorded=recorded,
        received=received,
        pages=int(pages) if pages.isdigit() else None,
        group=squeeze(str(container.get("data-assign-type") or "")) or None,
        document=_document(part.tag("Supporting Documents")),
        **fields,
    )


def _document(value: Tag | None) -> str | None:
    """The address of the recorded document, or its file name where the link leads nowhere outside."""
    if value is None:
        return None
    link = value.find("a")
    target = str(link.get("href") or "") if isinstance(link, Tag) else ""
    return target if target.startswith(("http://", "https://")) else text_of(value) or None


def _executions(inner: Section, day: Any) -> list[Any]:
    found = []
    while inner.has("Execution Date", "Date Executed"):
        found.append(day(inner, "Execution Date", "Date Executed"))
    return found


def _sides(inner: Section) -> tuple[Party, ...]:
    """The parties of one side; each begins with its name."""
    found = []
    for block in inner.split("Name"):
        name = block.text("Name")
        if not name:
            continue
        aliases = block.texts(*ALIASES)
        extra: dict[str, Any] = {"note": block.texts("Composed of")}
        if aliases:
            extra["aliases"] = tuple(aliases.splitlines())
        if form := block.text("Legal Entity Type"):
            country, state = place_of_law(block.text("State or Country Where Organized", "Citizenship"))
            extra |= {"legal_form": form, "organised_in_country": country, "organised_in_state": state}
        found.append(party_at(block.tag("Address"), name=name, free=True, **extra))
    return tuple(found)


# -- proceedings -----------------------------------------------------------------------------------------


def proceedings(section: Section, day: Any) -> tuple[Proceeding, ...] | None:
    """Oppositions, cancellations and appeals at the board; None when the page would fetch them on a click."""
    section.items = [inner for item in section.items for inner in _opened(item)]
    count = section.text("Number of Proceedings", "Total Proceedings") or ""
    blocks = section.split("Type of Proceeding")
    if section.lazy and not any(block.has("Type of Proceeding") for block in blocks):
        return None
    found: list[Proceeding] = []
    for block in blocks:
        kind = block.text("Type of Proceeding")
        number = block.text("Proceeding Number")
        if not kind or not number:
            continue
        filed, status_day = day(block, "Filing Date"), day(block, "Status Date")
        status = block.text("Status")
        block.drop("Interlocutory Attorney")
        found.append(
            Proceeding(
                kind=kind,
                number=number,
                filed=filed,
                status=status,
                status_date=status_day,
                parties=tuple(_parties(block)),
            )
        )
        block.tables()  # marks pleaded and the board's own history: the source for those is `us.ttab`
    if count.isdigit() and int(count) > len(found):
        raise Incomplete(
            f"the page counts {count} proceedings and holds {len(found)}", where=f"section `{section.title}`"
        )
    return tuple(found)


def _opened(item: Item) -> list[Item]:
    if item.kind != "group" or item.value is None:
        return [item]
    return Section("Proceedings", items_of(item.value)).items


def _parties(block: Section) -> list[ProceedingParty]:
    found = []
    for caption, inner in block.under_captions():
        if caption and not is_known_caption(caption):
            continue  # a side that nobody knows stays unread, and is reported or refused
        while name := inner.text("Name"):
            found.append(ProceedingParty(role=re.sub(r"\(s\)$", "", caption) or "party", name=name))
        inner.drop(starting=("correspondent ", "address", "serial number", "registration number"))
    return found
