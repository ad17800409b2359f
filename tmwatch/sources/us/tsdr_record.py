"""The record of a page of `us.tsdr`, or the error that says what the page is instead."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Callable
from typing import Any

from bs4 import BeautifulSoup, Tag
from bs4.builder import ParserRejectedMarkup

from tmwatch.errors import (
    Blocked,
    Declined,
    Incomplete,
    LayoutChanged,
    LoginRequired,
    LookError,
    NotFound,
    NotThisSource,
    ServerFault,
    Throttled,
)
from tmwatch.model import Live, Phase, TradeMark, make_record
from tmwatch.sources.base import (
    Answer,
    AsOf,
    Page,
    Reading,
    RecordQuery,
)
from tmwatch.sources.us import common, tsdr_links, tsdr_parties, tsdr_sections
from tmwatch.sources.us.tsdr import OURS, STATUS_URL
from tmwatch.sources.us.tsdr_outline import Outline
from tmwatch.sources.us.tsdr_page import Section, items_of, outside_of_sections, sections_of
from tmwatch.sources.us.tsdr_tree import is_closed, parse, text_of

_SHELL_BYTES = 2048  # a page of one record never gets this small; the throttled shell has about 474
_MOST_TAGS = 400_000  # the longest record has some ten thousand; a tree of millions takes gigabytes
# A tag takes some 700 bytes of memory and 40 of a real page. Tags alone, without end, would take 130 times
# the page; the longest histories stay below this number of tags.
_MANY_TAGS, _LEAST_A_TAG = 10_000, 33
_USPTO = re.compile(rb"tsdr\.uspto\.gov|United States Patent (?:&amp;|&|and) Trademark Office", re.IGNORECASE)
_CHALLENGE = re.compile(
    r"captcha|cf-chl|challenge-platform|awswaf|gokuprops|_incapsula_|verify (?:that )?you are (?:a )?human|"
    r"checking your browser|just a moment|are you a robot|pardon our interruption",
    re.IGNORECASE,
)
_REFUSAL = re.compile(r"access denied|request rejected|forbidden", re.IGNORECASE)
_NO_RECORD = re.compile(
    r"no (?:trademark |matching )?(?:records?|cases?|results?) (?:was |were |has been |have been )?found|"
    r"(?:serial|registration|case) number\b.{0,40}\b"
    r"(?:does not exist|(?:was |is )?not found|is (?:not valid|invalid))|"
    r"invalid (?:serial|registration|case) number",
    re.IGNORECASE,
)
_STAMP = re.compile(r"\b(\d{4}-\d{2}-\d{2})(?:[ T](\d{2}:\d{2}:\d{2}))?")
_GOODS, _OWNERS, _HISTORY = "goods and services", "current owner s information", "prosecution history"


def read(page: Page) -> Answer:
    """The one record of the page. Raises `LookError`s only."""
    try:
        if page.body.count(b"<") > _MOST_TAGS:
            raise LayoutChanged(f"more than {_MOST_TAGS} tags are no page of one record")
        tags = page.body.count(b"<") - page.body.count(b"</")
        if tags > _MANY_TAGS and len(page.body) < _LEAST_A_TAG * tags:
            raise LayoutChanged(f"{tags} tags with next to nothing in them are no page of one record")
        soup = parse(page.body, page.content_type)
        outline = Outline(soup)
        box = outline.by_id("summary")
        if box is None:
            raise _no_record(page, soup)
        return _answer(page, soup, outline, box)
    except LookError as error:
        error.where = ", ".join(part for part in (page.name or page.url, error.where) if part)
        raise
    except (ValueError, TypeError, KeyError, IndexError, RecursionError, ParserRejectedMarkup) as error:
        raise LayoutChanged(
            f"the page cannot be read ({type(error).__name__})",
            where=page.name or page.url,
            do="Save it again. If a browser shows it whole, its layout has changed: please report it.",
        ) from error


# -- pages that hold no record -----------------------------------------------------------------------


def _no_record(page: Page, soup: BeautifulSoup) -> LookError:
    """What a page without `#summary` is."""
    raw = page.body
    text = text_of(soup.body) if soup.body else text_of(soup)
    title = text_of(soup.title) if soup.title else ""
    fault = soup.find(id="statusServerError")
    said = str(fault.get("value") or "").strip() if isinstance(fault, Tag) else ""
    ours = bool(OURS.search(raw) or STATUS_URL.match(page.url) or _USPTO.search(raw))
    if (ours or page.query is not None) and _NO_RECORD.search(f"{said} {text}"):
        return NotFound("TSDR says that it has no such record", do="Check the number.")
    if said:
        return ServerFault(f"TSDR reports an error of its own: {said[:200]}", do="tmwatch asks again later.")
    if _CHALLENGE.search(raw[:200_000].decode("latin-1")):
        return Blocked(
            "the answer is a challenge for a browser, not a record",
            do="tmwatch solves no captchas. Save the page in a browser and `tmwatch import` the file.",
        )
    if soup.find("input", attrs={"type": re.compile("^password$", re.IGNORECASE)}) is not None:
        return LoginRequired(
            "the answer is a login page", do="Status pages need no login: check the address."
        )
    if page.status >= 500:
        return ServerFault(f"TSDR answered with status {page.status}", do="tmwatch asks again later.")
    if _REFUSAL.search(title) or (page.status == 403 and STATUS_URL.match(page.url)):
        return Declined(
            "the site refuses programs", do="Save the page in a browser and `tmwatch import` the file."
        )
    looks_html = not raw.strip() or raw.lstrip()[:1] == b"<" and not raw.lstrip().startswith(b"<?xml")
    shell = page.status == 200 and len(raw) < _SHELL_BYTES and looks_html
    if page.status == 429 or (shell and (ours or page.query or not text)):
        return Throttled(
            f"an empty page of {len(raw)} bytes: TSDR answers so when it is asked too often",
            do="tmwatch asks again later, more slowly.",
        )
    if ours:
        return LayoutChanged(
            "the page has no summary (`#summary`)",
            do="If a browser shows the record there, the layout of the page has changed: please report it.",
        )
    return NotThisSource("this is no TSDR status page", do="`tmwatch source list` shows what can be read.")


# -- the page with a record --------------------------------------------------------------------------


def _answer(page: Page, soup: BeautifulSoup, outline: Outline, box: Tag) -> Answer:
    fault = outline.by_id("statusServerError")
    if fault is not None and str(fault.get("value") or "").strip():
        raise ServerFault(
            f"TSDR reports an error of its own: {str(fault['value']).strip()[:200]}",
            do="tmwatch asks again later.",
        )
    if not is_closed(page.body, soup):
        raise Incomplete("the page is cut off before its end", do="Load or save the page again.")
    container = outline.by_id("data_container")
    if container is None:
        raise LayoutChanged("the page has no sections (`#data_container`)", where="status page")
    summary = Section("summary", items_of(box))
    root = outline.root_of(container)
    sections = sections_of(outline, root)
    for key in (_GOODS, _OWNERS, _HISTORY):
        if key not in sections:
            raise LayoutChanged(f"the page has no section `{key}`", where="status page")
    reading = _reading(box, summary, sections, outside_of_sections(outline, root))
    return Answer(readings=(reading,), missing=_missing(page, reading.record), rows=1)


def _missing(page: Page, record: TradeMark) -> tuple[str, ...]:
    """The number that was asked for, when the page is about another filing."""
    if not isinstance(page.query, RecordQuery):
        return ()
    given = record.registration_number if page.query.kind == "registration" else record.application_number
    return tuple(number for number in page.query.numbers if number.lstrip("0") != (given or "").lstrip("0"))


def _reading(box: Tag, summary: Section, sections: dict[str, Section], outside: list[str]) -> Reading:
    stamp = _STAMP.search(summary.text("Generated on") or "")
    shown = summary.text("Mark")
    for item in summary.items:  # the picture, or the words that there is none, stand behind the mark
        item.extras = [tag for tag in item.extras if not _is_picture(tag)]
    serial = _serial(box, summary)
    fields = {"application_number": serial, **tsdr_sections.summary(summary)}
    _same_number(box, serial, fields["registration_number"])
    status, unknown = _status(summary)
    fields |= status
    fields |= _sections(sections, filed=fields.get("application_date"))
    if fields.get("verbal_element") is None and "verbal_element" in fields:
        fields["verbal_element"] = shown
    madrid = serial.startswith("79") or "66(a)" in fields.get("filing_basis", ())
    fields["filing_route"] = "madrid_designation" if madrid else "direct"
    record = make_record(common.OFFICE, common.st13_of(serial), **fields)
    for part in (summary, *sections.values()):
        part.refuse_renamed()
    _refuse_renamed_sections(sections)
    unclaimed = [line for part in (summary, *sections.values()) for line in part.leftovers()]
    return Reading(record, _as_of(stamp, record), (*unclaimed, *outside), unknown)


def _serial(box: Tag, summary: Section) -> str:
    serial = re.sub(r"\D", "", summary.text("US Serial Number") or "")
    if len(serial) != 8:
        raise LayoutChanged("the page shows no US serial number", where="section `summary`")
    return serial


def _same_number(box: Tag, serial: str, registration: str | None) -> None:
    """Two numbers on one page are two answers mixed up: a false record."""
    framed = re.sub(r"\D", "", str(box.get("number") or ""))
    if framed and framed not in (serial, registration):
        raise LayoutChanged(
            f"the page is about {serial} and calls itself {framed}", where="section `summary`"
        )


def _is_picture(tag: Tag) -> bool:
    return not text_of(tag) or re.fullmatch(r"(?i)no image exists for this case\.?", text_of(tag)) is not None


def _status(summary: Section) -> tuple[dict[str, Any], tuple[str, ...]]:
    """The sentence, the TM5 descriptor and what they mean. The sentence decides where it is known."""
    text = summary.text("Status")
    if not text:
        raise LayoutChanged("the page shows no status", where="section `summary`")
    tag = summary.tag("TM5 Common Status Descriptor")
    printed = text_of(tag) if tag is not None else ""
    meaning = common.status_from_sentence(text)
    described = common.status_from_tm5(printed)
    label = common.tm5_label(printed)
    unknown = [] if meaning.known else [text]
    if printed and not described.known:
        unknown.append(printed)
        paragraph = tag.find("p") if tag is not None else None
        label = text_of(paragraph) if isinstance(paragraph, Tag) else printed
    phase, live = meaning.phase, meaning.live
    if phase is Phase.UNKNOWN and live is Live.UNKNOWN and described.known:
        phase, live = described.phase, described.live
    fields = {
        "status_text": text,
        "status_code": meaning.code,
        "status_date": tsdr_sections.day(summary, "Status Date"),
        "status_phase": phase,
        "status_live": live,
        "tm5_csd": label or meaning.tm5,
        "tm5_source": "office" if label else "computed" if meaning.tm5 else None,
    }
    return fields, tuple(unknown)


def _sections(sections: dict[str, Section], filed: dt.date | None) -> dict[str, Any]:
    """The fields of all sections. A section that the page prints only when it has something gives
    "nothing" where it is missing; one that may merely not be loaded gives no field."""
    fields: dict[str, Any] = {}
    if (part := _named(sections, "mark information")) is not None:
        fields |= tsdr_sections.mark(part)
    fields["classes"] = tsdr_sections.goods(sections[_GOODS], filed)
    if (part := _named(sections, "basis information")) is not None:
        fields |= tsdr_sections.basis(part)
    fields["owners"] = tsdr_sections.owners(sections[_OWNERS])
    if (part := _named(sections, "attorney correspondence")) is not None:
        fields |= tsdr_sections.attorney(part)
    fields["events"] = tsdr_sections.events(sections[_HISTORY])
    for field, what in (("classes", "goods"), ("owners", "owner"), ("events", "history")):
        if not fields[field]:
            raise LayoutChanged(f"the page shows no {what}", where="status page")
    fields |= tsdr_sections.maintenance(_named(sections, "maintenance filings"))
    fields |= tsdr_sections.staff(_named(sections, "tm staff"))
    fields["priorities"] = tsdr_links.foreign(_named(sections, "foreign"))
    fields["related_marks"] = tsdr_links.related(_named(sections, "related properties"))
    international = tsdr_links.international(_named(sections, "international registration"))
    fields["international_registration_number"] = international
    if (part := _named(sections, "assignment")) is not None:
        found = tsdr_parties.assignments(part, tsdr_sections.day)
        fields |= {} if found is None else {"assignments": found}
    if (part := _named(sections, "proceedings")) is not None:
        held = tsdr_parties.proceedings(part, tsdr_sections.day)
        fields |= {} if held is None else {"proceedings": held}
    return fields


# The sections that a page may lack, by the beginning of their titles, with their readers.
_OPTIONAL: dict[str, Callable[[Section], Any]] = {
    "mark information": tsdr_sections.mark,
    "basis information": tsdr_sections.basis,
    "attorney correspondence": tsdr_sections.attorney,
    "maintenance filings": tsdr_sections.maintenance,
    "tm staff": tsdr_sections.staff,
    "foreign": tsdr_links.foreign,
    "related properties": tsdr_links.related,
    "international registration": tsdr_links.international,
    "assignment": lambda part: tsdr_parties.assignments(part, tsdr_sections.day),
    "proceedings": lambda part: tsdr_parties.proceedings(part, tsdr_sections.day),
}


def _refuse_renamed_sections(sections: dict[str, Section]) -> None:
    """Raise `LayoutChanged` when a section that nobody knows reads like one that is missing."""
    known = (*_OPTIONAL, _GOODS, _OWNERS, _HISTORY)
    missing = [start for start in _OPTIONAL if _named(sections, start) is None]
    for key, section in sections.items():
        if key.startswith(known) or not section.says_something:
            continue
        for start in missing:
            if _reads(_OPTIONAL[start], section.copy()):
                raise LayoutChanged(
                    f"section `{section.title}` is unknown and reads like `{start}`, which is missing",
                    where="status page",
                    do="tmwatch believes nothing of a page whose labels it does not know. Please report it.",
                )


def _reads(reader: Callable[[Section], Any], section: Section) -> bool:
    """Whether this reader finds a fact in the section: "Date of …" alone is in many."""
    try:
        reader(section)
    except LookError:
        return True
    return any(item.claimed and not item.dropped for item in section.items)


def _named(sections: dict[str, Section], start: str) -> Section | None:
    """The section whose title begins so; offices add words to titles ("… (Section 66a)")."""
    return next((part for key, part in sections.items() if key.startswith(start)), None)


def _as_of(stamp: re.Match[str] | None, record: TradeMark) -> AsOf | None:
    """The printed stamp, on the office's clock as printed; else the latest past fact."""
    if stamp:
        time = dt.time.fromisoformat(stamp[2]) if stamp[2] else None
        return AsOf(dt.date.fromisoformat(stamp[1]), "printed", time)
    return common.latest_fact(record)
