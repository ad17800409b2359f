"""br.inpi: the weekly gazette of the Brazilian INPI, its section of marks (`RM{n}.zip`), saved by hand.

History. XSD of 2014; `lista-classe-nice` and `dados-de-madri` since Madrid (2019). Each Tuesday; the zip
is 9 MB, the XML in it 48 to 65 MB with some 36,000 processes. It is known to hold character references that
no XML may hold (`&#2;`): they stand for nothing and are left out.
"""

from __future__ import annotations

import datetime as dt
import io
import re
from collections.abc import Iterator, Sequence
from typing import IO

from lxml import etree
from pydantic import ValidationError

from tmwatch.changes import merge
from tmwatch.errors import Incomplete, LayoutChanged, LookError, NotThisSource, UsageError
from tmwatch.sources import safe_xml, streamed
from tmwatch.sources.base import (
    Answer,
    Automation,
    Declaration,
    KnownQuery,
    Pace,
    Page,
    Piece,
    Query,
    Reading,
    Request,
    Terms,
)
from tmwatch.sources.br import processo
from tmwatch.sources.br.part import Part

DECLARATION = Declaration(
    id="br.inpi",
    title="INPI Brazil, weekly gazette of marks (RPI)",
    office="BR",
    channels=frozenset({"import"}),
    base_url="https://revistas.inpi.gov.br",
    terms=Terms(
        automation=Automation.ALLOWED,
        note="Open data of the federal government (Decreto 8.777/2016), no key. This version downloads none: "
        "save the week's zip and import it.",
        link="https://revistas.inpi.gov.br/rpi/",
        read_on=dt.date(2026, 11, 22),
    ),
    pace=Pace(min_interval=10.0, per_minute=4),
    parser_version="1",
    covers=frozenset(
        {
            *("application_number", "application_date", "registration_date", "expiry_date", "filing_route"),
            *("status_code", "status_text", "status_date", "status_phase", "status_live", "tm5_csd"),
            *("tm5_source", "verbal_element", "mark_feature", "mark_feature_code", "mark_category"),
            *("design_codes", "disclaimer", "classes", "owners", "representatives", "priorities", "events"),
            *("related_marks", "publications", "latest_step", "latest_step_date"),
            "international_registration_number",
        }
    ),
    authority=70,
    by_hand=False,
    known_query=KnownQuery("record", "945455720"),
    live_default="off",
    landmarks=(
        "a zip with one XML file, or that file: root `revista` with its number and day",
        "each `processo` with its number and at least one `despacho` with code and name",
    ),
    record_url="https://busca.inpi.gov.br/pePI/jsp/marcas/Pesquisa_num_processo.jsp",
)

FORM = streamed.Form(
    file="gazette of marks",
    record="process",
    root="revista",
    item="processo",
    inside="revista",
    number=re.compile(rb"""<processo\b[^>]*?\bnumero\s*=\s*["'](\d{9})["']"""),
    name=re.compile(rb"\bRM\d{4}\.xml", re.IGNORECASE),
    frame=frozenset({("", "revista")}),
    whole=True,
)
_ZIP_NAME = re.compile(r"RM\d{4}.*\.zip$", re.IGNORECASE)
# Characters that no XML 1.0 may hold, as such or as a reference.
_REFERENCE = re.compile(rb"&#(?:x([0-9A-Fa-f]{1,6})|(\d{1,7}));")
_CONTROLS = re.compile(rb"[\x00-\x08\x0b\x0c\x0e-\x1f]")


class Inpi:
    """The source object."""

    declaration = DECLARATION

    def requests(self, query: Query) -> Sequence[Request]:
        """Raises `UsageError`: this version reads saved files."""
        raise UsageError(
            "the gazette is imported, not asked for",
            where=DECLARATION.id,
            do=f"Save RMnnnn.zip from {DECLARATION.base_url}/rpi/ and `tmwatch import` it.",
        )

    def sniff(self, page: Page) -> int:
        """By the root element, inside the zip too; a web page under such a name is told as well."""
        if streamed.looks_like(FORM, page.body):
            return 90
        return 50 if streamed.is_web_page(page.body) and _ZIP_NAME.match(page.name) else 0

    def pieces(self, file: IO[bytes], where: str) -> Iterator[Piece]:
        """One process after the other, each as an issue of one; see `base.Bulk`."""
        head = streamed.head_of(file, streamed.SNIFFED)
        file.seek(0)
        _refuse(Page(head, name=where), where)
        for piece in streamed.records(FORM, file, where):
            yield Piece(piece.number, without_what_no_xml_holds(piece.body))

    def read(self, page: Page) -> Answer:
        """Every process of the issue."""
        where = page.name or page.url or DECLARATION.id
        try:
            _refuse(page, where)
            return _answer(page, where)
        except LookError as error:
            error.where = error.where or where
            error.do = error.do or "Save the file again; if this stays so, please report it."
            raise
        except (ValidationError, ValueError, TypeError, KeyError, AttributeError, RecursionError) as error:
            raise LayoutChanged(
                f"the process is not built as expected ({type(error).__name__}: {str(error)[:200]})",
                where=where,
                do="If this stays so, the office has changed its format: please report it with the file.",
            ) from error


def _refuse(page: Page, where: str) -> None:
    if not page.body.strip():
        raise Incomplete("the file is empty", where=where, do="Save it again.")
    if streamed.looks_like(FORM, page.body):
        return
    if streamed.is_web_page(page.body):
        raise NotThisSource(
            "this is a web page, not a zip of the gazette (the first bytes say so)",
            where=where,
            do="Look up the number of the issue: the file may not be out yet.",
        )
    raise NotThisSource(
        "this is no gazette of marks of the INPI", where=where, do="It is RMnnnn.zip with one XML file in it."
    )


def without_what_no_xml_holds(body: bytes) -> bytes:
    """The bytes without control characters and references to them, which stand for nothing."""

    def kept(found: re.Match[bytes]) -> bytes:
        code = int(found[1], 16) if found[1] else int(found[2])
        allowed = code in (9, 10, 13) or 0x20 <= code < 0xD800 or 0xE000 <= code < 0xFFFE or code > 0xFFFF
        return found[0] if allowed and code < 0x110000 else b""

    if _CONTROLS.search(body):
        body = _CONTROLS.sub(b"", body)
    return _REFERENCE.sub(kept, body) if b"&#" in body else body


def _answer(page: Page, where: str) -> Answer:
    found: dict[str, Reading] = {}
    rows = 0
    for piece in streamed.records(FORM, io.BytesIO(page.body), where):
        reading = read_piece(piece.body, f"{where}, BR {piece.number}" if piece.number else where)
        rows += 1
        before = found.get(reading.record.st13)
        found[reading.record.st13] = reading if before is None else _both(before, reading)
    return Answer(readings=tuple(found.values()), rows=rows)


def _both(one: Reading, other: Reading) -> Reading:
    """A process that stands twice in an issue."""
    return Reading(
        merge(one.record, other.record),
        other.as_of,
        (*one.unclaimed, *other.unclaimed),
        tuple(dict.fromkeys((*one.unknown_words, *other.unknown_words))),
    )


def read_piece(body: bytes, where: str) -> Reading:
    """One process with its issue around it."""
    root = safe_xml.parse(without_what_no_xml_holds(body), where)
    element = root.find(FORM.item)
    if str(root.tag) != FORM.root or element is None:
        raise LayoutChanged("there is no process where a gazette has it", where=where)
    head = Part(_alone(root), FORM.root)
    number, day = head.must("numero"), head.day("data")
    if day is None:
        raise LayoutChanged("`revista` has no `data`", where=where)
    reading = processo.read(element, processo.Issue(number, day))
    head.refuse_renamed(where)
    around = tuple(head.leftovers())
    return Reading(reading.record, reading.as_of, (*around, *reading.unclaimed), reading.unknown_words)


def _alone(root: etree._Element) -> etree._Element:
    """The element without what is in it."""
    made = etree.Element(root.tag)
    for key, value in root.items():
        made.set(key, value)
    return made


SOURCE = Inpi()
