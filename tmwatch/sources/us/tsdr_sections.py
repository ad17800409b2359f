"""What each section of the TSDR status page says, in the words of the record.

Each reader takes the pairs it understands out of its section and returns fields of `TradeMark`.
A label that is missing says that the register shows nothing there: the page leaves out empty rows.
"""

from __future__ import annotations

import datetime as dt
import re
from collections import Counter
from typing import Any

from tmwatch.errors import LayoutChanged
from tmwatch.model import (
    DesignCode,
    GoodsServices,
    MaintenanceFiling,
    MarkEvent,
    Party,
    Publication,
)
from tmwatch.sources.us import common
from tmwatch.sources.us.common import squeeze
from tmwatch.sources.us.tsdr_page import Item, Section, label_key
from tmwatch.sources.us.tsdr_parties import ALIASES, emails, party_at, place_of_law
from tmwatch.sources.us.tsdr_tree import rows_of, text_of

Fields = dict[str, Any]

_BASES = {
    "1(a)": "1(a)",
    "1(b)": "1(b)",
    "44(d)": "44(d)",
    "44(e)": "44(e)",
    "66(a)": "66(a)",
    "1a": "1(a)",
    "1b": "1(b)",
    "44d": "44(d)",
    "44e": "44(e)",
    "66a": "66(a)",
    "use": "1(a)",
    "itu": "1(b)",
    "no basis": "no basis",
    "none": "no basis",
}
_CASE_BASES = ("Use", "ITU", "44D", "44E", "66A", "No Basis")
_CLASS = re.compile(r"\b(\d{1,3}|A|B)\b(\s*-\s*Primary Class)?", re.IGNORECASE)
_DESIGN = re.compile(r"(?<!\d)(\d{2}\.\d{2}\.\d{2})(?!\d)")
_DECISION = re.compile(r"^(?P<section>.+?)\s+-\s+(?P<decision>[^-]+)$")


def day(section: Section, *labels: str) -> dt.date | None:
    """The date behind a label. Raises `LayoutChanged` naming the label where it cannot be read."""
    text = section.text(*labels, kind="date")
    try:
        return common.parse_tsdr_date(text)
    except ValueError:
        raise LayoutChanged(
            f"`{labels[0]}:` is no date: {text!r}", where=f"section `{section.title}`"
        ) from None


def _partial(section: Section, label: str) -> str | None:
    """A first-use date, "" where there is none; one that cannot be read is reported and not given."""
    try:
        return common.partial_date(section.text(label, kind="date")) or ""
    except ValueError:
        section.disown(label)
        return None


def yes(text: str | None, where: str) -> bool | None:
    """`Yes`, `No`, or nothing; a sentence may follow. Raises `LayoutChanged` for any other word."""
    word = (text or "").split(" ")[0].strip(".,;").casefold()
    if word in ("yes", "no"):
        return word == "yes"
    if not word:
        return None
    raise LayoutChanged(f"neither yes nor no: {text!r}", where=where)


# -- summary -------------------------------------------------------------------------------------------


def summary(section: Section) -> Fields:
    """Numbers, dates and the register; the status rows are read by the caller."""
    published = day(section, "Publication Date")
    abandoned = day(section, "Date Abandoned", "Abandonment Date")
    cancelled = day(section, "Date Cancelled", "Cancellation Date")
    expired = day(section, "Date Expired", "Expiration Date")
    ended = cancelled or expired or abandoned
    kinds = ((cancelled, "cancelled"), (expired, "expired"), (abandoned, "abandoned"))
    # How the application was filed and at what fee says nothing about the right.
    section.drop(starting=("filed as ", "currently teas", "currently base", "currently as "))
    # Printed beside the serial number, with or without a day: a page without the label does not say.
    filed = {"application_date": day(section, "Application Filing Date")}
    if not any(item.key == "application filing date" for item in section.items):
        filed = {}
    return {
        **filed,
        "registration_number": common.registration(
            re.sub(r"\D", "", section.text("US Registration Number") or "")
        ),
        "registration_date": day(section, "Registration Date"),
        "register_kind": common.register_kind(section.text("Register")),
        "mark_category": common.mark_categories([section.text("Mark Type") or ""]),
        "register_amended_date": day(section, "Date Amended to Current Register"),
        "publications": (Publication(date=published),) if published else (),
        "allowance_date": day(section, "Notice of Allowance Date"),
        "termination_date": ended,
        "termination_kind": next((kind for date, kind in kinds if date and date == ended), None),
    }


# Statements that a case may have by the office's own list (the type codes CS, CU, IN, OR, N0, MD, NR, TNSF of
# its daily file): a certification mark has one always.
_STATEMENTS = (
    "certification ",
    "concurrent use",
    "interference ",
    "order restricting ",
    "name portrait ",
    "miscellaneous ",
    "non registration ",
    "transformation",
)


# -- the mark ------------------------------------------------------------------------------------------


def mark(section: Section) -> Fields:
    """Mark Information: words, drawing, description, claims."""
    drawing = section.text("Mark Drawing Type") or ""
    code = re.match(r"(\d{1,4})\b", drawing)
    # "2(f)": TSDR prints "In whole", "In part", and for part the words it is claimed for.
    distinctive = section.texts("Acquired Distinctiveness Claim") or ""
    part = re.match(r"in (whole|part)", distinctive, re.IGNORECASE)
    # Understood, without a place in the record.
    section.drop(
        "Color Drawing",
        "Name Portrait Consent",
        "Name/Portrait Consent",
        "Acquired Distinctiveness Statement",
        "Acquired Distinctiveness Limitation Statement",
        "Distinctiveness Limitation Statement",
    )
    section.set_aside(*_STATEMENTS)
    return {
        "verbal_element": section.text("Mark Literal Elements"),
        "standard_characters": yes(
            section.text("Standard Character Claim", kind="flag"), "Standard Character Claim"
        ),
        "mark_feature": common.mark_feature(code[1]) if code else None,
        "mark_feature_code": common.drawing(code[1]) if code else None,
        "description": section.texts("Description of Mark"),
        "colour_claim": section.texts("Color(s) Claimed", "Colors Claimed"),
        "disclaimer": section.texts("Disclaimer"),
        "translation": section.texts("Translation", "Translation(s)", "Mark Translation"),
        "transliteration": section.texts("Transliteration", "Transliteration(s)", "Mark Transliteration"),
        "lining_stippling": section.texts(
            "Lining/Stippling", "Lining/Stippling Statement", "Lining and Stippling", "Lining Stippling"
        ),
        "acquired_distinctiveness": f"in {part[1].lower()}" if part else distinctive or None,
        **_design_codes(section),
    }


def _design_codes(section: Section) -> Fields:
    """`26.17.09 - Bands, curved; Bars, curved` … one after the other; reported where it is anything else."""
    found: list[DesignCode] = []
    for value in section.tags("Design Search Code(s)"):
        before, *parts = _DESIGN.split(text_of(value))
        if before.strip(" -;,") or not parts:
            section.disown("Design Search Code(s)")
            return {}
        for code, words in zip(parts[::2], parts[1::2], strict=True):
            said = tuple(filter(None, (squeeze(word) for word in words.strip(" -;,").split(";"))))
            found.append(DesignCode(code=code, descriptions=said))
    return {"design_codes": tuple(dict.fromkeys(found))}


# -- goods and basis -----------------------------------------------------------------------------------


_CLASSES, _US_CLASSES = "International Class(es)", "U.S Class(es)"


# Then the USPTO took to the international classes; what was registered before may have none to this day.
_INTERNATIONAL_SINCE = dt.date(1973, 9, 1)


def goods(section: Section, filed: dt.date | None = None) -> tuple[GoodsServices, ...]:
    """One entry a block; a block that names several classes keeps the further ones beside the primary one."""
    blocks = section.split("For", separators=True)
    found = [_goods_block(block, filed) for block in blocks if block.has("For", _CLASSES, _US_CLASSES)]
    return tuple(dict.fromkeys(found))


def _goods_block(block: Section, filed: dt.date | None) -> GoodsServices:
    where = f"section `{block.title}`"
    if not block.has("For"):
        raise LayoutChanged("a class without its goods or services (`For:`)", where=where)
    stated = block.has(_CLASSES)
    classes, national = block.text(_CLASSES) or "", block.text(_US_CLASSES) or ""
    found = [(common.class_number(number), bool(primary)) for number, primary in _CLASS.findall(classes)]
    ours = [number for number, _ in _CLASS.findall(national)]
    if (
        not found and not classes
    ):  # registered before 1973 and never reclassified: the US class is all there is
        found = [(f"US {number.zfill(3)}", True) for number in ours[:1]]
        if not stated and "primary" not in national.lower() and filed and filed >= _INTERNATIONAL_SINCE:
            raise LayoutChanged(f"a class without its international number (`{_CLASSES}:`)", where=where)
    if not found or _CLASS.sub("", classes).strip(" ,;") or _CLASS.sub("", national).strip(" ,;"):
        raise LayoutChanged(f"classes that cannot be read: {classes!r}, {national!r}", where=where)
    first = next((number for number, primary in found if primary), found[0][0])
    return GoodsServices(
        class_number=first,
        other_classes=tuple(dict.fromkeys(number for number, _ in found if number != first)),
        text=block.text("For"),
        national_classes=tuple(ours),
        status_text=block.text("Class Status"),
        basis=_class_basis(block),
        first_use=_partial(block, "First Use"),
        first_use_in_commerce=_partial(block, "Use in Commerce"),
    )


def _class_basis(block: Section) -> tuple[str, ...] | None:
    """The bases of a class; None, and the row reported, where a word is none of them."""
    text = block.text("Basis") or ""
    words = [squeeze(word).casefold() for word in re.split(r"[,;]|\band\b|(?<=\)) ", text)]
    if any(word and word not in _BASES for word in words):
        block.disown("Basis")
        return None
    return tuple(dict.fromkeys(_BASES[word] for word in words if word))


def basis(section: Section) -> Fields:
    """Case level: filed, current and amended basis, each a row of yes and no."""
    fields: dict[str, list[str]] = {"filing_basis": [], "current_basis": [], "amended_basis": []}
    columns = (("Filed", "filing_basis"), ("Currently", "current_basis"), ("Amended", "amended_basis"))
    amended = False
    for name in _CASE_BASES:
        for word, field in columns:
            label = f"{word} {name}"
            amended = amended or (word == "Amended" and section.has(label))
            if yes(section.text(label, kind="flag"), label):
                fields[field].append(_BASES[name.casefold()])
    found: Fields = {field: tuple(values) for field, values in fields.items()}
    if not amended:  # later pages print no such column
        del found["amended_basis"]
    return found


# -- people --------------------------------------------------------------------------------------------

_OWNER_NAME = ("Owner Name", "Holder Name", "Applicant Name", "Registrant Name")


def owners(section: Section) -> tuple[Party, ...]:
    """Every owner of today, in the order of the page."""
    section.expect(*_OWNER_NAME)
    blocks = [block for block in section.split(*_OWNER_NAME) if block.has(*_OWNER_NAME)]
    found = dict.fromkeys(map(_owner, blocks))  # an owner who stands twice, to the letter, is one owner
    if len({party.name for party in found}) < len(found):
        raise LayoutChanged(
            "one owner stands twice, with differing details", where=f"section `{section.title}`"
        )
    return tuple(party.model_copy(update={"sequence": place}) for place, party in enumerate(found, 1))


def _owner(block: Section) -> Party:
    name = block.text(*_OWNER_NAME)
    if not name:
        raise LayoutChanged("an owner without a name", where=f"section `{block.title}`")
    form = block.text("Legal Entity Type")
    country, state = place_of_law(block.text("State or Country Where Organized", "Citizenship"))
    aliases = block.texts(*ALIASES)
    composed = block.texts("Composed of", "Composed of Statement")
    return party_at(
        block.tag("Owner Address", "Holder Address", "Applicant Address", "Registrant Address"),
        name=name,
        aliases=tuple((aliases or "").splitlines()),
        note=block.texts("Name Change Explanation", "Name Change") or composed,
        legal_form=form or "",
        organised_in_country=country,
        organised_in_state=state,
    )


def attorney(section: Section) -> Fields:
    """Attorney of record, correspondent and domestic representative, each under its caption."""
    found: Fields = {
        "representatives": (),
        "docket_number": None,
        "correspondence": None,
        "domestic_representative": None,
    }
    for caption, under in section.under_captions():
        _expect_people(caption, under)
        part = under.quiet()
        authorised = ("Attorney Email", "Correspondent e-mail", "Domestic Representative e-mail")
        part.drop(*(f"{label} Authorized" for label in authorised))
        found["docket_number"] = part.text("Docket Number") or found["docket_number"]
        if name := part.text("Attorney Name"):
            mail = emails(part.tags("Attorney Primary Email Address", "Attorney Email Address"))
            found["representatives"] += (
                Party(
                    name=name, role="Attorney of Record", emails=mail, organisation=part.text("Attorney Firm")
                ),
            )
        elif part.has("Attorney Primary Email Address"):
            part.drop("Attorney Primary Email Address")
        correspondent = part.tag("Correspondent Name/Address", "Correspondent Name and Address")
        if correspondent is not None:
            found["correspondence"] = party_at(
                correspondent,
                phones=_phones(part),
                emails=emails(part.tags("Correspondent e-mail", "Correspondent email", "Secondary e-mail")),
            )
        elif name := part.text("Domestic Representative Name", "Domestic Representative"):
            found["domestic_representative"] = Party(
                name=name, phones=_phones(part), emails=emails(part.tags("Domestic Representative e-mail"))
            )
    return found


def _expect_people(caption: str, part: Section) -> None:
    """What stands under each caption; a correspondent's part lacks no attorney."""
    key = label_key(caption)
    if key.endswith((" none", " not found")):
        return
    if key.startswith("attorney"):
        for label in ("Attorney Name", "Attorney Primary Email Address", "Docket Number"):
            part.expect(label)
    elif key.startswith("correspondent"):
        part.expect("Correspondent Name/Address", "Correspondent Name and Address")
        part.expect("Correspondent e-mail", "Correspondent email", "Secondary e-mail")
        part.expect("Phone")
    elif key.startswith("domestic representative"):
        for label in ("Domestic Representative Name", "Phone", "Domestic Representative e-mail"):
            part.expect(label)


def _phones(part: Section) -> tuple[str, ...]:
    """The telephone number; a fax number is no part of the record."""
    part.drop("Fax")
    return tuple(filter(None, (part.text("Phone"),)))


# -- history -------------------------------------------------------------------------------------------


def events(section: Section) -> tuple[MarkEvent, ...]:
    """The rows of the prosecution history, turned round: the page lists the newest entry first.

    Raises `LayoutChanged` for a row that is not date, description and proceeding number.
    """
    where = f"section `{section.title}`"
    columns = ["date", "description", "proceeding number"]
    tables = section.tables()
    if not tables:
        raise LayoutChanged("the prosecution history has no table", where=where)
    found: list[MarkEvent] = []
    for table in tables:
        rows = rows_of(table)
        if not rows or [label_key(cell) for cell in rows[0][:3]] != columns:
            raise LayoutChanged(f"unknown columns of the history: {rows[:1]}", where=where)
        further = [cell for cells in rows for cell in cells[3:] if cell]
        if further:  # a column that nobody knows yet
            section.items.append(Item("text", f"further column: {' | '.join(further)[:200]}"))
        found += [_event(cells[:3], where) for cells in rows[1:] if any(cells)]
    times = Counter(found)
    # One entry may stand twice on a day; a whole history does not.
    if len(times) > 1 and all(count % 2 == 0 for count in times.values()):
        raise LayoutChanged("each row of the history stands twice", where=where)
    return tuple(reversed(found))


def _event(cells: list[str], where: str) -> MarkEvent:
    if len(cells) < 3 or not cells[1]:
        raise LayoutChanged(f"a row of the history that cannot be read: {cells}", where=where)
    try:
        date = common.parse_tsdr_date(cells[0])
    except ValueError:
        date = None
    if date is None:
        raise LayoutChanged(f"a row of the history without a readable date: {cells}", where=where)
    return MarkEvent(date=date, text=cells[1], proceeding=common.proceeding_number(cells[2]))


# -- after registration, staff, links ------------------------------------------------------------------


def maintenance(section: Section | None) -> Fields:
    """Declarations of use and renewals; without the section there are none."""
    found: Fields = {
        "maintenance_filings": (),
        "renewal_dates": (),
        "registration_changed": False,  # the row is printed only where it says yes
        "registration_correction": None,
        "registration_amendment": None,
    }
    if section is None:
        return found
    renewed = day(section, "Renewal Date")
    found["maintenance_filings"] = tuple(
        _filing(label, text_of(tag))
        for label in ("Affidavit of Continued Use", "Affidavit of Incontestability")
        for tag in section.tags(label)
        if text_of(tag)
    )
    found["renewal_dates"] = (renewed,) if renewed else ()
    changed = yes(section.text("Change in Registration", kind="flag"), "Change in Registration")
    found["registration_changed"] = bool(changed)
    found["registration_correction"] = section.texts("Correction made to Registration")
    found["registration_amendment"] = section.texts(
        "Amendment to a Registration/Renewal Certificate",
        "Amendment to a Registration",
        "Amendment made to Registration",
    )
    return found


def _filing(label: str, text: str) -> MaintenanceFiling:
    """`Affidavit of Continued Use: Section 8 - Accepted`, as ST.96 gives it: section 8, words, decision."""
    parts = _DECISION.match(text)
    section = re.sub(r"^sections? ", "", parts["section"] if parts else text, flags=re.IGNORECASE)
    return MaintenanceFiling(
        section=section, text=label, decision=parts["decision"].strip() if parts else None
    )


def staff(section: Section | None) -> Fields:
    """Examining attorney, law office and where the file lies."""
    if section is None:
        return {}
    found: Fields = {
        **common.examiner([("examiner", section.text("TM Attorney"))]),
        "location": section.text("Current Location"),
        "location_date": day(section, "Date in Location"),
    }
    # Without an examiner the page leaves out the law office too, though the case still has one (ST.96).
    if law_office := section.text("Law Office Assigned"):
        found["law_office"] = law_office
    return found
