"""us.daily: the USPTO's daily file of applications (`apcYYMMDD.zip`) and the annual back file, saved by hand.

History. DTD 2.0 of 2004-11-08 to this day; since 2024 at the latest the examiner stands in `employee-name`.
The files were open until 2026-06-18; since then the portal asks for a login and its own key. A file that
does not exist is answered with status 200 and the portal's own page, under the zip's name.

The file holds the whole record of each case that moved. `sources.streamed` hands out one case after the
other as bytes that `read` understands by themselves: what a store keeps as the raw page of a record is the
case, not the 200 MB around it.
"""

from __future__ import annotations

import datetime as dt
import io
import re
from collections.abc import Iterator
from typing import IO

from tmwatch.errors import Incomplete, NotFound, NotThisSource
from tmwatch.model import FIELDS, Phase
from tmwatch.sources import recoding, streamed
from tmwatch.sources.base import (
    Answer,
    Automation,
    Declaration,
    KnownQuery,
    Pace,
    Page,
    Piece,
    Reading,
    Terms,
)
from tmwatch.sources.slim import Slim
from tmwatch.sources.unlike import told
from tmwatch.sources.us import common, daily_case, daily_slim, odp, portal, xml
from tmwatch.sources.us.daily_file import FORM

# What the file has no place for, or says in words of its own (the law office as a code).
_NEVER = frozenset(
    [
        "opposition_period",
        "expiry_date",
        "latest_step",
        "latest_step_date",
        "status_text",
        "image",
        "law_office",
        "assignments",
        "proceedings",
    ]
)

DECLARATION = Declaration(
    id="us.daily",
    title="USPTO daily file of trademark applications",
    office="US",
    channels=frozenset({"import", "feed"}),
    base_url="https://api.uspto.gov",
    terms=Terms(
        automation=Automation.WITH_KEY,
        note="Public domain. The Open Data Portal gives the files to accounts with a key, 20 downloads of a "
        "file a year. `tmwatch feed take` downloads them; a zip saved by hand is imported.",
        link="https://data.uspto.gov/bulkdata/datasets/trtdxfap",
        read_on=dt.date(2026, 11, 22),
    ),
    pace=Pace(min_interval=5.0, per_minute=12),
    parser_version="1",
    covers=frozenset(FIELDS) - _NEVER,
    authority=85,
    by_hand=False,
    known_query=KnownQuery("record", "76044902"),
    live_default="opt-in",
    credential_env=odp.KEY,
    landmarks=(
        "a zip with one XML file, or that file: root `trademark-applications-daily`; or one `case-file`",
        "each case with serial number, transaction date, header, statements, classes, owners and history",
    ),
    file_from="the day's apcYYMMDD.zip from https://data.uspto.gov/bulkdata/datasets/trtdxfap",
    record_url="https://tsdr.uspto.gov/#caseNumber={number}&caseSearchType=US_APPLICATION"
    "&caseType=DEFAULT&searchType=statusSearch",
    volatile=("transaction date", "order of events and statements"),
)


_FEED_NAME = re.compile(r"apc\d{6,8}(?:-\d+){0,2}\.zip", re.IGNORECASE)


class Daily(odp.PublishesFiles):
    """The source object."""

    declaration = DECLARATION
    file_names = _FEED_NAME
    feed = odp.feed("TRTDXFAP", "daily applications", "TRTYRAP")
    slim_version = daily_slim.VERSION

    def sniff(self, page: Page) -> int:
        """By the root element, inside the zip too; the portal's page in place of a file is told as well."""
        if streamed.looks_like(FORM, page.body):
            return 95
        return 60 if portal.is_portal(page.body) else 0

    def pieces(self, file: IO[bytes], where: str) -> Iterator[Piece]:
        """One case after the other, as bytes that `read` understands; see `base.Bulk`."""
        head = recoding.head_of(file, 64_000)
        file.seek(0)
        _refuse(Page(head, name=where), where)
        yield from streamed.records(FORM, file, where)

    # For a store of the whole register; see `slim.Slims`.
    essence = staticmethod(daily_slim.essence)

    def st13(self, piece: Piece) -> str:
        """The same."""
        return common.st13_of(piece.number)

    def phase_of(self, status_code: str) -> Phase:
        """By the office's table; see `slim.TellsStatus`."""
        return common.status_from_code(status_code).phase

    def slim(self, piece: Piece, where: str) -> Slim:
        """Its few fields. Raises `LookError`s only."""
        try:
            return daily_slim.slim(piece.body, where)
        except Exception as error:  # noqa: BLE001 - not a `with`: a tenth of the time, a million times a file
            told(error, where, "the case")

    def read(self, page: Page) -> Answer:
        """Every case of the file. One that stands in it twice is taken as of its latest transaction."""
        where = page.name or page.url or DECLARATION.id
        try:
            _refuse(page, where)
            return _answer(page, where)
        except Exception as error:  # noqa: BLE001 - `told` lets our own faults through as they are
            told(error, where, "the case")


def _refuse(page: Page, where: str) -> None:
    if not page.body.strip():
        raise Incomplete("the file is empty", where=where, do="Save it again.")
    if streamed.looks_like(FORM, page.body) or page.body.startswith(streamed.ZIP):
        return
    if portal.is_portal(page.body):
        raise portal.no_such_file(where)
    raise NotThisSource(
        "this is no daily file of the USPTO",
        where=where,
        do="Take apcYYMMDD.zip from the Open Data Portal (it holds one XML file), and import that.",
    )


def _answer(page: Page, where: str) -> Answer:
    found: dict[str, Reading] = {}
    rows = 0
    for case in streamed.records(FORM, io.BytesIO(page.body), where):
        reading = read_case(case.body, f"{where}, US {case.number}" if case.number else where)
        rows += 1
        key = reading.record.st13
        before = found.get(key)
        if before is None or _told(reading) > _told(before):
            found[key] = reading
        elif _told(reading) == _told(before) and reading.record != before.record:
            raise Incomplete(f"US {case.number} stands twice and says different things", where=where)
    if not found:
        raise NotFound("the file says that it holds no case", where=where, do="Nothing moved on that day.")
    return Answer(readings=tuple(found.values()), rows=rows)


def _told(reading: Reading) -> dt.date:
    return reading.as_of.day if reading.as_of else dt.date.min


def read_case(body: bytes, where: str) -> Reading:
    """One case, cut out of its file."""
    root = xml.parse(body, where)
    if str(root.tag) != "case-file":
        raise NotThisSource("this is no case of the daily file", where=where)
    return daily_case.read(root)


SOURCE = Daily()
