"""br.inpi: the weekly gazette of the Brazilian INPI, its section of marks (`RM{n}.zip`), saved by hand.

History. XSD of 2014; `lista-classe-nice` and `dados-de-madri` since Madrid (2019). Each Tuesday; the zip
is 9 MB, the XML in it 48 to 65 MB with some 36,000 processes. It is known to hold character references that
no XML may hold (`&#2;`): they stand for nothing and are left out.
"""

from __future__ import annotations

import contextlib
import datetime as dt
import io
import re
from collections import Counter
from collections.abc import Iterator, Sequence
from typing import IO

from lxml import etree

from tmwatch.errors import Incomplete, LayoutChanged, LookError, NotThisSource, UsageError
from tmwatch.sources import recoding, safe_xml, streamed
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
from tmwatch.sources.unlike import told

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
    parser_version="3",
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
    file_from="this week's RM….zip from https://revistas.inpi.gov.br/rpi/",
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
        """One process after the other, each as an issue of one; see `base.Bulk`.

        A process that stands in several elements is one piece, at the place of its last: what one of them
        says by itself may be a status that never stood.
        """
        head = recoding.head_of(file, streamed.SNIFFED)
        file.seek(0)
        _refuse(Page(head, name=where), where)
        left = _several(file, where)
        held: dict[str, list[bytes]] = {}
        size = 0
        for piece in streamed.records(FORM, file, where):
            body = without_what_no_xml_holds(piece.body)
            if piece.number not in left:
                yield Piece(piece.number, body)
                continue
            left[piece.number] -= 1
            held.setdefault(piece.number, []).append(body)
            size += len(body)
            if size > streamed.LONGEST_RECORD:
                raise LayoutChanged(
                    "more processes stand in several elements than a gazette has",
                    where=where,
                    do="Do not trust this file. Save it again from the register.",
                )
            if not left[piece.number]:
                bodies = held.pop(piece.number)
                size -= sum(map(len, bodies))
                yield Piece(piece.number, _one_of(bodies))

    def read(self, page: Page) -> Answer:
        """Every process of the issue."""
        where = page.name or page.url or DECLARATION.id
        try:
            _refuse(page, where)
            return _answer(page, where)
        except Exception as error:  # noqa: BLE001 - `told` lets our own faults through as they are
            told(error, where, "the process")


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


def _several(file: IO[bytes], where: str) -> dict[str, int]:
    """The numbers that stand in several elements of the file, with in how many. Cheap: nothing is parsed."""
    counts: Counter[str] = Counter()
    # What is wrong with the file is raised when its records are handed out, after those before it.
    with contextlib.suppress(LookError):
        counts.update(piece.number for piece in streamed.records(FORM, file, where) if piece.number)
    return {number: count for number, count in counts.items() if count > 1}


def _one_of(bodies: Sequence[bytes]) -> bytes:
    """Issues of one process each as one issue."""
    last = [found.end() for found in FORM.end.finditer(bodies[0])][-1]
    more = []
    for body in dict.fromkeys(bodies[1:]):
        start = FORM.start.search(body)
        assert start is not None  # it was cut there
        more.append(body[start.start() : [found.end() for found in FORM.end.finditer(body)][-1]])
    return b"".join((bodies[0][:last], *more, bodies[0][last:]))


def _answer(page: Page, where: str) -> Answer:
    found: dict[str, Reading] = {}
    # Joined by what stands in the number, not by a glance at it.
    together: dict[str, list[etree._Element]] = {}
    heads: dict[str, etree._Element] = {}
    rows = 0
    for piece in streamed.records(FORM, io.BytesIO(page.body), where):
        root = safe_xml.parse(without_what_no_xml_holds(piece.body), where)
        rows += 1
        for element in _processes(root, where):
            number = processo.number_of(element)
            heads.setdefault(number, root)
            together.setdefault(number, []).append(element)
    for number, elements in together.items():
        try:
            found[number] = _reading(heads[number], elements)
        except LookError as error:
            error.where = error.where or f"{where}, BR {number}"
            raise
    return Answer(readings=tuple(found.values()), rows=rows)


def _processes(root: etree._Element, where: str) -> list[etree._Element]:
    elements = root.findall(FORM.item)
    if str(root.tag) != FORM.root or not elements:
        raise LayoutChanged("there is no process where a gazette has it", where=where)
    return elements


def _reading(root: etree._Element, elements: Sequence[etree._Element]) -> Reading:
    """One process with its issue around it."""
    head = Part(_alone(root), FORM.root)
    number, day = head.must("numero"), head.day("data")
    if day is None:
        raise LayoutChanged("`revista` has no `data`")
    reading = processo.read(elements, processo.Issue(number, day))
    head.refuse_renamed(f"RPI {number}")
    around = tuple(head.leftovers())
    return Reading(reading.record, reading.as_of, (*around, *reading.unclaimed), reading.unknown_words)


def _alone(root: etree._Element) -> etree._Element:
    """The element without what is in it."""
    made = etree.Element(root.tag)
    for key, value in root.items():
        made.set(key, value)
    return made


SOURCE = Inpi()
