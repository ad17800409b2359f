"""`fi.prh`: the trade mark search of the Finnish office PRH (JSON), lists only.

    POST /nis-api-gateway/trademark    a form of 21 texts, all present, "" where nothing is asked
    {"totalResults": 2, "results": [{row}, …]}

Seen in recordings of 2026-05. There are no pages: an answer holds everything, but never more than 3,000
rows, so an answer of that size is `incomplete`. `/nis-api-gateway/tmr`, the list of marks with a
reputation, answers in the same rows; its answers can be imported, it is not asked live.

The form can be narrowed by one class. It is not: whether the rows of such an answer still show the other
classes of a filing was never seen, and a class that is not shown would look removed.
"""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Sequence
from urllib.parse import urlsplit

from tmwatch.errors import Incomplete, LayoutChanged, NotFound, TooMany, UsageError
from tmwatch.sources.base import (
    Answer,
    Automation,
    Declaration,
    KnownQuery,
    Pace,
    Page,
    Query,
    RecordQuery,
    Request,
    SearchQuery,
    Source,
    Terms,
)
from tmwatch.sources.fi.prh_rows import reading
from tmwatch.sources.json_rows import (
    NEW_LAYOUT,
    count,
    load_object,
    looks_like_object,
    no_answer,
    readable,
    rows,
    stated_error,
    where_of,
)
from tmwatch.sources.since import NewSince
from tmwatch.text import clean_line

MOST_ROWS = 3000  # the office's own limit; an answer of so many rows may lack others
_PATH = "/nis-api-gateway/trademark"
# The form in its own order (recorded request of 2026-05).
_FORM = (
    *("trademarkWord", "applicationNumber", "registrationNumber", "dossierStatus", "trademarkKind"),
    *("applicantName", "representativeName", "businessID", "applicationStartDate", "applicationEndDate"),
    *("oppositionPeriodStartStartDate", "oppositionPeriodStartEndDate", "registrationStartDate"),
    *("registrationEndDate", "expirationStartDate", "expirationEndDate", "goodsAndServicesTerm"),
    *("goodsAndServicesClassNumber", "viennaClass", "filingNumber", "basicSearch"),
)
_SERVICE = "the trade mark search of PRH"

DECLARATION = Declaration(
    id="fi.prh",
    title="PRH trade mark search (Finland): lists by mark, owner, agent or number",
    office="FI",
    channels=frozenset({"record", "search", "import"}),
    base_url="https://tavaramerkkitietopalvelu.prh.fi",
    terms=Terms(
        Automation.NOT_STATED,
        "Open without a key; no terms were found for this service and it is not documented. PRH's open "
        "data beside it is CC BY 4.0. PRH likes to know its users: avoindata@prh.fi.",
        "https://tavaramerkkitietopalvelu.prh.fi",
        dt.date(2026, 11, 25),
    ),
    pace=Pace(min_interval=2.0, per_minute=20, per_day=2000),
    parser_version="2",
    covers=frozenset(
        {
            *("application_number", "registration_number", "international_registration_number"),
            *("filing_route", "application_date", "registration_date", "expiry_date", "verbal_element"),
            *("mark_feature", "mark_feature_code", "image", "classes", "owners", "representatives"),
            *("priorities", "register_kind", "description", "status_text", "status_phase", "status_live"),
            *("tm5_csd", "tm5_source"),
        }
    ),
    authority=60,
    by_hand=False,
    known_query=KnownQuery("search", "AUDI", least=5, part="mark"),
    live_default="on",
    landmarks=("`totalResults` and `results`; in each row `applicationNumber`, `dossierStatus`",),
    answers=frozenset({"numbers", "owners", "agents", "marks"}),
    search={
        "mark": "itself",
        "owner": "itself",
        "agent": "itself",
        "filed_since": "itself",
        "classes": "afterwards",
    },
    new_since=(
        NewSince(
            of="filings",
            by="day of filing",
            reach=dt.timedelta(days=120),
            why="designations of the WIPO, which are listed too, come months after the day that they bear",
            most=MOST_ROWS - 1,
            at_once=MOST_ROWS - 1,
            requests=40,
        ),
    ),
    volatile=("the order of rows, and `ordinal`, their place in the answer",),
)


class Prh:
    """See the top of this module."""

    declaration = DECLARATION

    def requests(self, query: Query) -> Sequence[Request]:
        """One form for a search, one for each number."""
        if isinstance(query, RecordQuery):
            if query.kind == "international":
                raise UsageError(
                    "PRH lists a Madrid designation under its own number (W…); its international number "
                    "is its registration number there",
                    where=DECLARATION.id,
                    do="Ask for FI reg NUMBER, or for the number that begins with W.",
                )
            field = "applicationNumber" if query.kind == "application" else "registrationNumber"
            return [_request(RecordQuery((one,), query.kind), {field: one}) for one in query.numbers]
        asked = {
            "trademarkWord": query.mark,
            "applicantName": query.owner,
            "representativeName": query.agent,
            "applicationStartDate": query.filed_since.isoformat() if query.filed_since else None,
            "applicationEndDate": query.filed_until.isoformat() if query.filed_until else None,
        }
        by_days = query.new and query.filed_since and query.filed_until
        if not (query.mark or query.owner or query.agent or by_days):
            raise UsageError("PRH is asked for a mark, an owner or an agent", where=DECLARATION.id)
        return [_request(query, {key: value for key, value in asked.items() if value})]

    def sniff(self, page: Page) -> int:
        """By host, else by the names that only this JSON has together."""
        if (urlsplit(page.url).hostname or "") == urlsplit(DECLARATION.base_url).hostname:
            return 100
        if not looks_like_object(page) or b'"totalResults"' not in page.body:
            return 0
        if b'"dossierStatus"' in page.body and b'"results"' in page.body:
            return 90
        return 40 if b'"results"' in page.body else 0

    def read(self, page: Page) -> Answer:
        """All rows of the answer, or a refusal: it has no pages, so fewer rows than it counts are too few."""
        answer = load_object(page, _SERVICE)
        if "totalResults" not in answer and "results" not in answer:
            raise stated_error(answer, page, _SERVICE) or no_answer(page, _SERVICE, "no `totalResults`")
        total, found = count(answer, "totalResults", page), rows(answer, "results", page)
        if len(found) >= MOST_ROWS or len(found) < total:
            kind = TooMany if max(total, len(found)) >= MOST_ROWS else Incomplete
            raise kind(
                f"PRH counts {total} filings and gives {len(found)}; it never gives more than {MOST_ROWS}",
                where=where_of(page),
                kept="Nothing was stored of this look; no filing counts as gone.",
                do="Ask for something narrower: a longer name, or a date (`since`).",
            )
        if len(found) > total:
            raise LayoutChanged(
                f"PRH counts {total} filings and gives {len(found)}", where=where_of(page), do=NEW_LAYOUT
            )
        readings, unread = readable(found, reading, page, total)
        if not isinstance(page.query, RecordQuery):
            return Answer(readings, total=total, rows=len(found), unread=unread)
        # A form may match a part of a number: its neighbours were not asked for.
        (asked,) = page.query.numbers
        field = "application_number" if page.query.kind == "application" else "registration_number"
        own = tuple(one for one in readings if getattr(one.record, field) == asked)
        if not own and unread:
            # The filing may stand in such a row: that is no word on whether it is still listed.
            raise Incomplete(
                f"PRH's answer about {clean_line(asked, 40)} holds rows that cannot be read: {unread[0]}",
                where=where_of(page),
                do="Look the number up at the register. If it stays so, please report it.",
            )
        if not own:
            raise NotFound(
                f"PRH lists no filing with the number {clean_line(asked, 40)}",
                where=DECLARATION.id,
                do="Check the number; a new filing takes some days to be listed.",
            )
        return Answer(own, total=total, rows=len(found))


def _request(query: RecordQuery | SearchQuery, asked: dict[str, str]) -> Request:
    body = json.dumps({key: asked.get(key, "") for key in _FORM}, ensure_ascii=False, separators=(",", ":"))
    return Request(_PATH, accept="application/json", body=body.encode(), query=query)


SOURCE: Source = Prh()
