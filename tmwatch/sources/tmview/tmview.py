"""`tmview`: the search of the offices' network EUIPN over the registers of some seventy offices (JSON).

    POST /tmview/api/search/results             a search, a hundred hits a page
    {"tradeMarks": [{hit}, …], "page": 1, "totalPages": 1, "totalResults": 9}
    GET  /tmview/api/trademark/detail/{ST13}    one trade mark, after a visit to the site's first page

No interface for programs: it serves the site itself, and a wall stands before it. So it is opt-in, asked
seldom, by nobody but tmwatch under its own name; a challenge or a refusal ends the run (`guarded`). Seen
in answers and client code of 2026: README.md beside this file says how much of it.
"""

from __future__ import annotations

import csv
import datetime as dt
import functools
import json
import re
from collections.abc import Sequence
from dataclasses import replace
from importlib.resources import files
from typing import Any
from urllib.parse import urlsplit

from tmwatch.errors import Incomplete, LayoutChanged, UsageError
from tmwatch.model import FactKind
from tmwatch.sources.base import (
    Answer,
    Automation,
    Declaration,
    KnownQuery,
    Opening,
    Pace,
    Page,
    Personal,
    Query,
    RecordQuery,
    Request,
    SearchQuery,
    Source,
    Terms,
)
from tmwatch.sources.combine import combine
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
from tmwatch.sources.tmview.tmview_rows import detail, hit
from tmwatch.text import clean_line

PAGE_SIZE = 100
MOST_HITS = 10_000  # TMview gives no more of one search, whatever it counts (client code of 2026)
_SEARCH = "/tmview/api/search/results"
_DETAIL = "/tmview/api/trademark/detail/"
_SERVICE = "TMview"
_ST13 = re.compile(r"([A-Z]{2})50\d{4}[0-9A-Z]{9}")


@functools.cache
def _spoken_for() -> frozenset[str]:
    """The offices whose part in TMview somebody has seen or reported (`offices.csv`, with the source)."""
    text = (files(__package__) / "offices.csv").read_text(encoding="utf-8")
    return frozenset(row["office"] for row in csv.DictReader(text.splitlines()) if row["checked"] == "yes")


DECLARATION = Declaration(
    id="tmview",
    title="TMview (EUIPN): marks of many offices, China among them, by name or number",
    office="EM",
    offices=_spoken_for(),
    channels=frozenset({"record", "search", "import"}),
    base_url="https://www.tmdn.org",
    terms=Terms(
        Automation.NOT_STATED,
        "Offered for people to consult; nothing is said for or against programs, and a wall turns away who "
        "asks much. Copies of the offices' data, not the registers themselves.",
        "https://www.tmdn.org/tmview/",
        dt.date(2026, 11, 25),
    ),
    pace=Pace(min_interval=3.0, per_minute=10, per_day=50),
    parser_version="3",
    covers=frozenset(
        {
            *("application_number", "registration_number", "international_registration_number"),
            *("application_date", "registration_date", "expiry_date", "renewal_dates", "publications"),
            *("opposition_period", "status_text", "status_date", "status_phase", "status_live", "tm5_csd"),
            *("tm5_source", "verbal_element", "mark_feature", "mark_feature_code", "mark_category"),
            *("description", "design_codes", "image", "classes", "owners", "representatives"),
            *("priorities", "proceedings"),
        }
    ),
    authority=10,  # below every register, and below the aggregators that somebody is paid for
    by_hand=False,
    known_query=KnownQuery("search", "FUORICORSO", least=1, part="mark"),  # README.md says why so few
    facts=FactKind.AGGREGATOR,
    live_default="opt-in",
    landmarks=(
        "a search: `tradeMarks` and `totalResults`, in each hit `applicationNumber` and `tradeMarkStatus`; "
        "a detail: `tradeMark` with `applicationNumber` and `markCurrentStatusCode`",
    ),
    answers=frozenset({"numbers", "marks"}),
    search={
        "mark": "itself",
        "classes": "itself",
        "offices": "itself",
        "owner": "afterwards",
        "filed_since": "afterwards",
    },
    record_url="https://www.tmdn.org/tmview/",
    volatile=("the order of hits", "`officeNumberOfTradeMark`, how many marks the office has"),
    personal=Personal(individuals=frozenset({"PHYSICAL PERSON", "INDIVIDUAL", "NATURAL PERSON"})),
    guarded=True,
)


class Tmview:
    """See the top of this module."""

    declaration = DECLARATION

    def requests(self, query: Query) -> Sequence[Request]:
        """One detail a number, which is a ST.13 identifier here; the first page of a search."""
        if isinstance(query, RecordQuery):
            return [_record(number) for number in query.numbers]
        return [_search(query)]

    def sniff(self, page: Page) -> int:
        """By host, else by the names that only this JSON has together."""
        if (urlsplit(page.url).hostname or "") == urlsplit(DECLARATION.base_url).hostname:
            return 100
        if not looks_like_object(page):
            return 0
        if b'"tradeMarks"' in page.body:
            return 90 if b'"tradeMarkStatus"' in page.body or b'"totalResults"' in page.body else 0
        own = (b'"tradeMark"', b'"ST13"', b'"markCurrentStatusCode"', b'"officeLastUpdateDate"')
        return 90 if sum(name in page.body for name in own) > 1 else 0

    def read(self, page: Page) -> Answer:
        """Hits of a search, or one detail."""
        answer = load_object(page, _SERVICE)
        if "tradeMarks" in answer:
            return _hits(answer, page)
        if "tradeMark" not in answer:
            raise stated_error(answer, page, _SERVICE) or no_answer(
                page, _SERVICE, "neither `tradeMarks` nor `tradeMark`"
            )
        found = detail(answer, where_of(page), live=page.fetched_at is not None)
        missing: tuple[str, ...] = ()
        if isinstance(page.query, RecordQuery):
            missing = tuple(one for one in page.query.numbers if one != found.record.st13)
        return Answer((found,), missing)


def _hits(answer: dict[str, Any], page: Page) -> Answer:
    found, counted = rows(answer, "tradeMarks", page), answer.get("totalResults")
    readings, unread = readable(found, hit, page, counted if isinstance(counted, int) else None)
    readings = combine(readings)  # a hit that stands twice says nothing twice
    if not isinstance(page.query, SearchQuery):
        # A saved page, or hits cut out of one: what else the search found is not gone for that.
        if answer.keys() & {"totalResults", "totalPages", "page"}:
            count(answer, "totalResults", page)
        return Answer(readings, unread=unread)
    total, number = count(answer, "totalResults", page), count(answer, "page", page)
    asked = page.query.page
    if number != asked:
        raise Incomplete(
            f"page {asked} was asked for and page {number} came",
            where=where_of(page),
            do="The next run asks again.",
        )
    if total > MOST_HITS:
        raise Incomplete(
            f"TMview counts {total} hits and gives {MOST_HITS} at most",
            where=where_of(page),
            kept="Nothing was stored of this look; no filing counts as gone.",
            do="Ask more narrowly: a longer name, classes, offices.",
        )
    held = (number - 1) * PAGE_SIZE + len(found)
    if len(found) > PAGE_SIZE or (held > total and number == 1):
        raise LayoutChanged(
            f"TMview counts {total} hits, and page {number} ends with the {held}th",
            where=where_of(page),
            do=NEW_LAYOUT,
        )
    if held > total or (len(found) < PAGE_SIZE and held < total):
        raise Incomplete(
            f"TMview counts {total} hits, and page {number} ends with the {held}th",
            where=where_of(page),
            kept="Nothing was stored of this look; no filing counts as gone.",
            do="The next run asks again.",
        )
    more = _search(replace(page.query, page=number + 1)) if held < total else None
    return Answer(readings, total=total, rows=len(found), more=more, unread=unread)


def _record(number: str) -> Request:
    found = _ST13.fullmatch(number)
    if found is None or found[1] not in DECLARATION.offices:
        raise UsageError(
            f"TMview is asked by ST.13 identifier, and `{clean_line(number, 40)}` is none of an office that "
            "is known to be there",
            where=DECLARATION.id,
            do="Write the number with its office (EM 018228224), or whole: EM500000018228224.",
        )
    return Request(
        f"{_DETAIL}{number}",
        {"translate": "false"},
        accept="application/json",
        query=RecordQuery((number,)),
        # The site hands out a session on its first page and answers 403 to whoever has none.
        opening=Opening("/tmview/", cookie="XSRF-TOKEN", header="X-XSRF-TOKEN"),
    )


def _search(query: SearchQuery) -> Request:
    """The form of the site. Raises `UsageError` for what it was never seen to be asked."""
    if not query.mark:
        raise UsageError(
            "TMview is asked for a mark; owners can only narrow its answer", where=DECLARATION.id
        )
    if query.agent or query.changed_since:
        raise UsageError("TMview's hits name no agents and no day of change", where=DECLARATION.id)
    if outside := sorted(set(query.offices) - DECLARATION.offices):
        raise UsageError(f"that TMview has {', '.join(outside)} was seen nowhere", where=DECLARATION.id)
    form: dict[str, Any] = {
        "page": str(query.page),
        "pageSize": str(PAGE_SIZE),
        "criteria": "C",  # contains
        "basicSearch": " ".join(query.mark.split()),
        "sortColumn": "applicationDate",
        "desc": True,
    }
    if query.offices:
        form["fOffices"] = sorted(query.offices)
    if query.classes:
        form["fNiceClass"] = [str(one) for one in query.classes]
    body = json.dumps(form, ensure_ascii=False, separators=(",", ":")).encode()
    return Request(_SEARCH, accept="application/json", body=body, query=query)


SOURCE: Source = Tmview()
