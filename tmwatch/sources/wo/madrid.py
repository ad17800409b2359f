"""`wo.madrid`: the page of one international registration in WIPO's Madrid Monitor, by number.

History. Madrid Monitor replaced ROMARIN in 2015 and still carries its names (`romarinDetails`); its values
stand in the elements of the register's own XML (MAXML), whose names the page keeps in `tag`. Two recordings
of 2026-06 were seen, and working clients ask for the same address. Its terms of July 2025 forbid automated
queries and allow ten searches a minute by hand: so it is off, and pages saved from a browser are imported.
WIPO says that it will be replaced by eMadrid "Find & Monitor". A number that does not exist is answered
with status 200 and the empty form of the page.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Sequence

from tmwatch.errors import UsageError
from tmwatch.sources.base import (
    Answer,
    AsOf,
    Automation,
    Declaration,
    KnownQuery,
    Pace,
    Page,
    Query,
    RecordQuery,
    Request,
    Terms,
)

OFFICE = "WO"

DECLARATION = Declaration(
    id="wo.madrid",
    title="WIPO Madrid Monitor page",
    office=OFFICE,
    channels=frozenset({"record", "import"}),
    base_url="https://www3.wipo.int",
    terms=Terms(
        automation=Automation.FORBIDDEN,
        note="The terms of July 2025 (sections 5 and 6) forbid automated queries and bulk acquisition, and "
        "allow ten search actions a minute by hand. Pages saved from a browser can be imported.",
        link="https://www3.wipo.int/madrid/monitor/en/terms.jsp",
        read_on=dt.date(2026, 11, 25),
    ),
    pace=Pace(min_interval=30.0, per_minute=2, per_day=100),
    parser_version="2",
    covers=frozenset(
        (
            *("application_number", "registration_number", "international_registration_number"),
            *("application_date", "registration_date", "expiry_date", "publications"),
            *("termination_date", "termination_kind", "status_code", "status_text", "status_date"),
            *("status_phase", "status_live", "tm5_csd", "tm5_source", "verbal_element", "mark_feature"),
            *("mark_category", "standard_characters", "transliteration", "translation", "description"),
            *("disclaimer", "colour_claim", "acquired_distinctiveness", "design_codes", "classes"),
            *("owners", "owner_history", "representatives", "correspondence", "priorities"),
            *("related_marks", "basic_marks", "designations", "events"),
        )
    ),
    authority=80,
    known_query=KnownQuery("record", "1266721"),
    live_default="off",
    landmarks=(
        "`#romarinDetails` with the number and the mark in `#headerStatusTable`",
        "`#markInformationHeader`, `#fragment-detail` with 732 and 511, `#fragment-history` with its entries",
    ),
    answers=frozenset({"numbers"}),
    stamp_of_change=True,
    search_url="https://www3.wipo.int/madrid/monitor/en/",
    record_url="https://www3.wipo.int/madrid/monitor/en/showData.jsp?ID=ROM.{number}",
    volatile=(
        "the token `qk` and `qi=` in addresses",
        "`Printed :` and the version of the scripts",
        "which language of the goods is shown",
        "`#dataStatusAndVersion`, which is the stamp of the record",
        "ids of entries (`d10e50`)",
    ),
)

_NUMBER = re.compile(r"0*(\d{1,7})([A-Z]?)")
# What only this register's pages hold.
MONITOR = re.compile(rb"ROM_ACT\.|romarinDetails|WIPO(?:&nbsp;|\xc2\xa0| )Madrid Monitor|/madrid/monitor/")
_RECORD_URL = re.compile(r"^https?://[^/]+/madrid/monitor/\w\w/showData\.jsp\?ID=ROM\.", re.IGNORECASE)
# Attributes and scripts that differ between two looks without meaning; see `Declaration.volatile`.
_TOKENS = (
    re.compile(rb'var qk = "[^"]*";'),
    re.compile(rb"(?<=qi=)[A-Za-z0-9+/=%]+"),
)
_STAMPS = (
    re.compile(rb'<div id="dataStatusAndVersion">(\d{4}-\d{2}-\d{2})</div>'),
    re.compile(rb'var lastModified = "(\d{4}-\d{2}-\d{2})";'),
)


def bare_number(text: str) -> str:
    """ "0295028A" → "295028A". Raises `UsageError` for what is no international registration number."""
    found = _NUMBER.fullmatch(text.strip().upper())
    if found is None or not int(found[1]):
        raise UsageError(
            f"`{text[:40]}` is no international registration number",
            do="Write up to 7 digits, with the letter of a part that was split off: 1266721, 1266721A.",
        )
    return found[1].lstrip("0") + found[2]


def st13_of(number: str) -> str:
    """ "1266721" → "WO500000001266721"; the letter of a part stands last: "WO50000001266721A"."""
    return f"{OFFICE}500000{bare_number(number):0>9}"


class Madrid:
    """The page of one registration as a source."""

    declaration = DECLARATION

    def requests(self, query: Query) -> Sequence[Request]:
        """One page a number. Raises `UsageError` for a search or what is no such number."""
        if not isinstance(query, RecordQuery) or query.kind == "registration":
            raise UsageError(
                "Madrid Monitor can only be asked for international registration numbers",
                do="Watch owners and marks through a source that can search: `tmwatch source list`.",
            )
        return [
            Request(
                path="/madrid/monitor/en/showData.jsp",
                params={"ID": f"ROM.{padded(number)}"},
                accept="text/html",
                query=RecordQuery((bare_number(number),), query.kind),
            )
            for number in query.numbers
        ]

    def sniff(self, page: Page) -> int:
        """By the names of the page; a page without its record by the address it came from."""
        body = page.body
        if b"<" not in body[:4096] or not MONITOR.search(body):
            return 60 if _RECORD_URL.match(page.url) else 0
        if re.search(rb"""id\s*=\s*["']?romarinDetails\b""", body):
            return 95
        return 70 if re.search(rb"<title>\s*WIPO(?:&nbsp;|\xc2\xa0|\s)Madrid Monitor", body) else 40

    def glance(self, page: Page) -> tuple[bytes, AsOf | None] | None:
        """The page without its tokens and its stamp, which is the day on which the record last moved."""
        body = page.body
        if b'id="romarinDetails"' not in body:
            return None
        days: set[bytes] = set()
        for stamp in _STAMPS:
            found = stamp.findall(body)
            if len(found) != 1:
                return None
            days.add(found[0])
        if len(days) != 1:
            return None
        try:
            as_of = AsOf(dt.date.fromisoformat(days.pop().decode()), "printed")
        except ValueError:
            return None
        for token in _TOKENS:
            body = token.sub(b"\0", body)
        return body, as_of

    def read(self, page: Page) -> Answer:
        """The one record of the page, or the error that says what the page is instead."""
        from tmwatch.sources.wo.madrid_record import read

        return read(page)


def padded(number: str) -> str:
    """As the page writes it in its own address: seven digits, then the letter ("0295028A")."""
    bare = bare_number(number)
    letter = bare[-1] if bare[-1].isalpha() else ""
    return f"{bare.removesuffix(letter):0>7}{letter}"


SOURCE = Madrid()
