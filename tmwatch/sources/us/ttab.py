"""us.ttab: the Trademark Trial and Appeal Board's daily file (`ttYYMMDD.zip`), saved by hand.

History. DTD 1.0 of 2004-02-13; since 2022-01-03 a mark may name expungements. Open until 2026-06-18, since
then behind the portal's login and key. A file that does not exist is answered with status 200 and the
portal's own page, under the zip's name.

The file holds each proceeding that moved, whole: sides, the marks they rely on, docket. What a store keeps
as the raw page is the proceeding with the head of its file around it, so that it prints its day.
"""

from __future__ import annotations

import datetime as dt
import io
import re
from collections.abc import Iterator
from dataclasses import replace
from typing import IO

from tmwatch.changes import merge
from tmwatch.errors import Incomplete, LayoutChanged, NotFound, NotThisSource
from tmwatch.sources import recoding, safe_xml, streamed
from tmwatch.sources.base import (
    Answer,
    AsOf,
    Automation,
    Declaration,
    KnownQuery,
    Pace,
    Page,
    Piece,
    Reading,
    Terms,
)
from tmwatch.sources.unlike import told
from tmwatch.sources.us import odp, portal, ttab_case
from tmwatch.sources.us.daily_box import Box

DECLARATION = Declaration(
    id="us.ttab",
    title="USPTO daily file of the Trademark Trial and Appeal Board",
    office="US",
    channels=frozenset({"import", "feed"}),
    base_url="https://api.uspto.gov",
    terms=Terms(
        automation=Automation.WITH_KEY,
        note="Public domain. The Open Data Portal gives the files to accounts with a key, 20 downloads of a "
        "file a year. `tmwatch feed take` downloads them; a zip saved by hand is imported.",
        link="https://data.uspto.gov/bulkdata/datasets/ttabtdxf",
        read_on=dt.date(2026, 11, 22),
    ),
    pace=Pace(min_interval=5.0, per_minute=12),
    parser_version="2",
    covers=frozenset({"application_number", "registration_number", "verbal_element", "proceedings"}),
    authority=60,
    by_hand=False,
    known_query=KnownQuery("record", "87499213"),
    live_default="opt-in",
    credential_env=odp.KEY,
    landmarks=(
        "a zip with one XML file, or that file: root `ttab-proceedings` with the transaction date",
        "each proceeding with its number, and its type or its parties",
    ),
    file_from="the day's ttYYMMDD.zip from https://data.uspto.gov/bulkdata/datasets/ttabtdxf",
    record_url="https://ttabvue.uspto.gov/ttabvue/v?qs={number}",
    volatile=("transaction date",),
)

_ZIP_NAME = re.compile(r"tt\d{6}.*\.zip$", re.IGNORECASE)
FORM = streamed.Form(
    file="TTAB daily file",
    record="proceeding",
    root="ttab-proceedings",
    item="proceeding-entry",
    inside="proceeding-information",
    number=re.compile(rb"<number>\s*([0-9A-Za-z]{4,20})\s*</number>"),
    name=re.compile(rb"\btt\d{6}(?:-\d+)?\.xml"),
    frame=frozenset(
        {
            ("", "ttab-proceedings"),
            ("ttab-proceedings", "version"),
            ("version", "version-no"),
            ("version", "version-date"),
            ("ttab-proceedings", "action-key-code"),
            ("ttab-proceedings", "transaction-date"),
            ("ttab-proceedings", "proceeding-information"),
            ("proceeding-information", "data-available-code"),
        }
    ),
    nothing="proceeding-information/data-available-code",
    whole=True,
)


_FEED_NAME = re.compile(r"tt\d{6}(?:-\d+)?\.zip", re.IGNORECASE)


class Ttab(odp.PublishesFiles):
    """The source object."""

    declaration = DECLARATION
    file_names = _FEED_NAME
    feed = odp.feed("TTABTDXF", "daily files of the board", filings=False)

    def sniff(self, page: Page) -> int:
        """By the root element, inside the zip too; the portal's page in place of a file named so as well."""
        if streamed.looks_like(FORM, page.body):
            return 95
        if not _ZIP_NAME.match(page.name):
            return 0
        return 61 if portal.is_portal(page.body) else 50 if streamed.is_web_page(page.body) else 0

    def pieces(self, file: IO[bytes], where: str) -> Iterator[Piece]:
        """One proceeding after the other, each as a daily file of one; see `base.Bulk`."""
        head = recoding.head_of(file, streamed.SNIFFED)
        file.seek(0)
        _refuse(Page(head, name=where), where)
        yield from streamed.records(FORM, file, where)

    def read(self, page: Page) -> Answer:
        """Every proceeding of the file, by the marks in it. One that names no serial number is `missing`."""
        where = page.name or page.url or DECLARATION.id
        try:
            _refuse(page, where)
            return _answer(page, where)
        except Exception as error:  # noqa: BLE001 - `told` lets our own faults through as they are
            told(error, where, "the proceeding")


def _refuse(page: Page, where: str) -> None:
    if not page.body.strip():
        raise Incomplete("the file is empty", where=where, do="Save it again.")
    if streamed.looks_like(FORM, page.body):
        return
    if portal.is_portal(page.body):
        raise portal.no_such_file(where)
    if streamed.is_web_page(page.body):
        raise NotThisSource(
            "this is a web page, not a zip (the first bytes say so)",
            where=where,
            do="Look up the file's name on the Open Data Portal and save it again.",
        )
    raise NotThisSource(
        "this is no daily file of the Trademark Trial and Appeal Board",
        where=where,
        do="Take ttYYMMDD.zip from the Open Data Portal (it holds one XML file), and import that.",
    )


def _answer(page: Page, where: str) -> Answer:
    found: dict[str, Reading] = {}
    missing: list[str] = []
    rows = 0
    for piece in streamed.records(FORM, io.BytesIO(page.body), where):
        said, readings = read_piece(piece.body, f"{where}, proceeding {piece.number}")
        rows += 1
        if not readings:
            missing.append(f"{said} (it names no serial number)")
        for reading in readings:
            before = found.get(reading.record.st13)
            found[reading.record.st13] = reading if before is None else _both(before, reading)
    if not rows:
        raise NotFound("the file says that it holds no proceeding", where=where, do="Nothing moved that day.")
    return Answer(readings=tuple(found.values()), missing=tuple(missing), rows=rows)


def _both(one: Reading, other: Reading) -> Reading:
    """A mark of which two proceedings moved on one day."""
    return Reading(
        merge(one.record, other.record),
        one.as_of,
        (*one.unclaimed, *other.unclaimed),
        tuple(dict.fromkeys((*one.unknown_words, *other.unknown_words))),
    )


def read_piece(body: bytes, where: str) -> tuple[str, list[Reading]]:
    """One proceeding with the head of its file around it."""
    root = safe_xml.parse(body, where)
    element = root.find(f"{FORM.inside}/{FORM.item}")
    if str(root.tag) != FORM.root or element is None:
        raise LayoutChanged("there is no proceeding where a file of the board has it", where=where)
    element.getparent().remove(element)  # type: ignore[union-attr]
    head = Box(root, FORM.root)
    told = head.must_day("transaction-date")
    head.pass_over("action-key-code")  # DA: daily
    head.inner("version").pass_over("version-no", "version-date")
    head.inner(FORM.inside)
    said, readings = ttab_case.read(element, AsOf(told, "printed"))
    around = tuple(head.leftovers())
    return said, [
        replace(one, unclaimed=(*around, *one.unclaimed)) for one in readings
    ] if around else readings


SOURCE = Ttab()
