"""`se.prv`: the trade mark search of the Swedish office PRV (JSON), lists only.

    POST /searchtrademark/tmsimplesearch/   {"page": 0, "pageSize": 50, …, "simpleSearchText": "IKEA"}
    {"totalHits": 89, "totalPages": …, "hits": 50, "page": 0, "trademarks": [{row}, …]}

Seen in a recording of 2026-05. One text is searched for in everything (mark, applicant, representative),
so whose filing and which mark is narrowed afterwards. `totalPages` is rounded down (89 hits by two a page:
44), so what is left is counted in hits. Pages begin at 0. A first page with fewer rows than were asked for
and counted is a server that gives less at once: the others are asked for in its size.
"""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from typing import Any
from urllib.parse import urlsplit

from tmwatch.errors import Incomplete, LayoutChanged, UsageError
from tmwatch.sources.base import (
    Answer,
    Automation,
    Declaration,
    KnownQuery,
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
from tmwatch.sources.se.prv_rows import reading
from tmwatch.text import clean_line

PAGE_SIZE = 50
_PATH = "/searchtrademark/tmsimplesearch/"
_SERVICE = "the trade mark search of PRV"
_AGAIN = "The next run asks again."

DECLARATION = Declaration(
    id="se.prv",
    title="PRV trade mark search (Sweden): lists by a text in mark, owner or agent",
    office="SE",
    channels=frozenset({"record", "search", "import"}),
    base_url="https://dv-search-api.prv.se",
    terms=Terms(
        Automation.NOT_STATED,
        "Open without a key; no terms were found for this service and it is not documented. PRV's open "
        "data of the same register are CC0 or CC BY 4.0. PRV likes to know its users: data@prv.se.",
        "https://data.prv.se",
        dt.date(2026, 11, 25),
    ),
    pace=Pace(min_interval=2.0, per_minute=20, per_day=2000),
    parser_version="2",
    covers=frozenset(
        {
            *("application_number", "registration_number", "filing_route", "application_date"),
            *("expiry_date", "verbal_element", "mark_feature", "mark_feature_code", "register_kind"),
            *("classes", "owners", "representatives", "status_code", "status_text", "status_phase"),
            *("status_live", "tm5_csd", "tm5_source"),
        }
    ),
    authority=60,
    by_hand=False,
    known_query=KnownQuery("search", "IKEA", least=10, part="owner"),
    live_default="on",
    landmarks=("`totalHits` and `trademarks`; in each row `applicationNumber`, `statusSv`, `statusEn`",),
    answers=frozenset({"numbers", "owners", "agents", "marks"}),
    search={"mark": "afterwards", "owner": "afterwards", "agent": "afterwards", "classes": "afterwards"},
    # Company numbers stay; a personal identity number begins with a birth date, whose third digit is 0 or 1.
    personal=Personal(patterns=(r"\b\d{2}[01]\d{3}-\d{4}\b",)),
    volatile=("the order of rows filed on one day", "`totalPages`"),
)


@dataclass(frozen=True)
class _Paged(SearchQuery):
    """A search that goes on in pages of a size that the server has shown."""

    size: int = PAGE_SIZE


class Prv:
    """See the top of this module."""

    declaration = DECLARATION

    def requests(self, query: Query) -> Sequence[Request]:
        """One text to search for: a mark, an owner, an agent, or each number."""
        if isinstance(query, RecordQuery):
            if query.kind == "international":
                raise UsageError(
                    "how PRV lists international registrations was never seen", where=DECLARATION.id
                )
            return [_request(RecordQuery((one,), query.kind), one, 1) for one in query.numbers]
        text = query.mark or query.owner or query.agent
        if not text:
            raise UsageError("PRV is asked for a mark, an owner or an agent", where=DECLARATION.id)
        return [_request(query, text, query.page)]

    def sniff(self, page: Page) -> int:
        """By host, else by the names that only this JSON has together."""
        if (urlsplit(page.url).hostname or "") == urlsplit(DECLARATION.base_url).hostname:
            return 100
        if not looks_like_object(page) or b'"trademarks"' not in page.body:
            return 0
        if b'"statusSv"' in page.body:
            return 90
        return 50 if b'"totalHits"' in page.body else 0

    def read(self, page: Page) -> Answer:
        """One page of rows, or a refusal."""
        answer = load_object(page, _SERVICE)
        if "trademarks" not in answer and "totalHits" not in answer:
            raise stated_error(answer, page, _SERVICE) or no_answer(page, _SERVICE, "no `totalHits`")
        total, found = count(answer, "totalHits", page), rows(answer, "trademarks", page)
        if "hits" in answer and count(answer, "hits", page) != len(found):
            raise Incomplete(
                f"the page says {answer['hits']} rows and holds {len(found)}", where=where_of(page), do=_AGAIN
            )
        _turned(answer, page)
        readings, unread = readable(found, reading, page, total)
        more = _more(page, total, len(found))
        if not isinstance(page.query, RecordQuery):
            # A saved page stands for itself: each of its rows is a whole filing, whatever comes overleaf.
            counted = total if page.query is not None else None
            return Answer(readings, total=counted, rows=len(found), more=more, unread=unread)
        (asked,) = page.query.numbers
        field = "application_number" if page.query.kind == "application" else "registration_number"
        own = tuple(one for one in readings if getattr(one.record, field) == asked)
        if own:
            return Answer(own, total=len(own), rows=len(own))
        # Whether the text search knows numbers was never seen, so finding none proves nothing.
        raise Incomplete(
            f"PRV's text search shows no filing with the number {clean_line(asked, 40)}"
            + (f", and a row that cannot be read: {unread[0]}" if unread else ""),
            where=DECLARATION.id,
            do="Check the number. If it is right, watch its owner or mark instead: whether this search "
            "finds numbers was never seen.",
        )


def _turned(answer: Mapping[str, Any], page: Page) -> None:
    """A server that gives the first page again has as many rows in the end, and not all filings."""
    if not isinstance(page.query, SearchQuery) or "page" not in answer:
        return
    asked = page.query.page - 1
    if count(answer, "page", page) != asked:
        raise Incomplete(
            f"page {asked} was asked for and page {answer['page']} came", where=where_of(page), do=_AGAIN
        )


def _more(page: Page, total: int, held: int) -> Request | None:
    """The request for the next page, None after the last; raises where a page is missing rows."""
    query = page.query
    if not isinstance(query, SearchQuery):
        return None
    size = query.size if isinstance(query, _Paged) else PAGE_SIZE
    so_far = (query.page - 1) * size + held
    if so_far > total and query.page > 1:  # the list has shrunk since its first page
        raise Incomplete(f"PRV counts {total} filings and gave {so_far}", where=where_of(page), do=_AGAIN)
    if so_far > total:
        raise LayoutChanged(
            f"PRV counts {total} filings and gave {so_far}", where=where_of(page), do=NEW_LAYOUT
        )
    if so_far == total:
        return None
    if held < size and (query.page > 1 or held == 0):
        raise Incomplete(f"PRV counts {total} filings and gave {so_far}", where=where_of(page), do=_AGAIN)
    asked = {one.name: getattr(query, one.name) for one in fields(SearchQuery)}
    following = _Paged(**{**asked, "page": query.page + 1}, size=min(size, held))
    return _request(following, query.mark or query.owner or query.agent or "", following.page, following.size)


def _request(query: Query, text: str, page: int, size: int = PAGE_SIZE) -> Request:
    # Oldest first: what is filed while we turn the pages then comes at the end, and moves no row to
    # another page.
    asked = {
        "page": page - 1,
        "pageSize": size,
        "sortColumn": "filingDate",
        "sortOrder": "ASC",
        "simpleSearchText": text,
    }
    body = json.dumps(asked, ensure_ascii=False, separators=(",", ":")).encode()
    return Request(_PATH, accept="application/json", body=body, query=query)


SOURCE: Source = Prv()
