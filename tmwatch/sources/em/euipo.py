"""`em.euipo`: the trade mark search API of the EUIPO (JSON), by number and by search.

    GET /trademarks/{applicationNumber}                      a whole record
    GET /trademarks?query=<RSQL>&page=0&size=100&sort=…      rows of a search, ten to a hundred a page
    {"trademarks": [{row}, …], "totalElements": 739, "totalPages": 74, "size": 10, "page": 0}

Both want a client id and a token (`base.Grant`). Seen: ten rows of a search in the sandbox, one shortened
record, and the office's OpenAPI document 1.1.0, which names every key and word. So whole records are read
after the document: see README.md beside this file.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Sequence
from dataclasses import replace
from functools import partial
from typing import Any
from urllib.parse import urlsplit

from tmwatch.errors import Incomplete, LayoutChanged, UsageError
from tmwatch.numbers import st13
from tmwatch.sources.base import (
    Answer,
    Automation,
    Declaration,
    Grant,
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
from tmwatch.sources.em.euipo_rows import reading
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

PAGE_SIZE = 100  # the most the API gives; below ten it answers HTTP 400
_PATH = "/trademarks"
_SERVICE = "the EUIPO's trade mark search"

DECLARATION = Declaration(
    id="em.euipo",
    title="EUIPO trade mark search API: EU trade marks and designations of the EU",
    office="EM",
    channels=frozenset({"record", "search", "import"}),
    base_url="https://api.euipo.europa.eu/trademark-search",
    terms=Terms(
        Automation.WITH_KEY,
        "Made for programs. A free account gives a client id and secret for the sandbox at once, for the "
        "register itself after the office has seen an identity document. How many requests are allowed "
        "stands in the answers (X-RateLimit-Limit).",
        "https://dev.euipo.europa.eu",
        dt.date(2026, 11, 25),
    ),
    pace=Pace(min_interval=1.0, per_minute=30, per_day=5000),
    parser_version="3",
    covers=frozenset(
        {
            *("application_number", "registration_number", "international_registration_number"),
            *("filing_route", "application_date", "registration_date", "expiry_date", "publications"),
            *("opposition_period", "status_text", "status_date", "status_phase", "status_live", "tm5_csd"),
            *("tm5_source", "verbal_element", "mark_feature", "mark_feature_code", "mark_category"),
            *("description", "disclaimer", "colour_claim", "acquired_distinctiveness", "design_codes"),
            *("classes", "owners", "representatives", "docket_number", "priorities", "seniorities"),
            *("related_marks", "proceedings", "maintenance_filings"),
        }
    ),
    authority=90,
    by_hand=False,
    known_query=KnownQuery("record", "018228224"),
    credential_env="EUIPO_CLIENT_SECRET",
    grant=Grant(
        "https://euipo.europa.eu/cas-server-webapp/oidc/accessToken",
        id_env="EUIPO_CLIENT_ID",
        scope="uid",
        id_header="X-IBM-Client-Id",
    ),
    live_default="with key",
    landmarks=(
        "a search: `trademarks`, `totalElements`, `page`; each row and each record: `applicationNumber` "
        "and `status`",
    ),
    answers=frozenset({"numbers", "owners", "agents", "marks"}),
    search={
        "mark": "itself",
        # Asked for their words in this order, with anything between them; narrowed to the name afterwards.
        "owner": "afterwards",
        "agent": "afterwards",
        "classes": "itself",
        "filed_since": "itself",
        "changed_since": "itself",
    },
    new_since=(
        NewSince(
            of="filings",
            by="day of filing",
            reach=dt.timedelta(days=45),
            why="a filing has its day once the fee is paid, for which there is a month",
            page=PAGE_SIZE,
            classes=True,
        ),
        NewSince(
            of="designations",
            by="day of designation",
            reach=dt.timedelta(days=300),
            why="the WIPO notifies a designation of the EU months after the day that it bears",
            every=dt.timedelta(days=7),
            page=PAGE_SIZE,
            classes=True,
        ),
    ),
    record_url="https://euipo.europa.eu/eSearch/#details/trademarks/{number}",
    volatile=("the order of rows",),
)


class Euipo:
    """See the top of this module."""

    declaration = DECLARATION

    def requests(self, query: Query) -> Sequence[Request]:
        """One request a number; the first page of a search."""
        if isinstance(query, RecordQuery):
            if query.kind != "application":
                raise UsageError(
                    "the EUIPO is asked for the number of the application, which is that of the registration "
                    "too; for a designation of the EU it is W and eight digits",
                    where=DECLARATION.id,
                    do="Ask for EM 018228224, or EM W00928475.",
                )
            return [_record(query, number) for number in query.numbers]
        return [_search(query, 0)]

    def sniff(self, page: Page) -> int:
        """By host, else by the names that only this JSON has together."""
        if (urlsplit(page.url).hostname or "").endswith(".euipo.europa.eu"):
            return 100
        if not looks_like_object(page) or b'"applicationNumber"' not in page.body:
            return 50 if looks_like_object(page) and b'"totalElements"' in page.body else 0
        own = (
            b'"totalElements"',
            b'"markFeature"',
            b'"markBasis"',
            b'"applicationLanguage"',
            b'"niceClasses"',
        )
        return 90 if sum(name in page.body for name in own) > 1 else 0

    def read(self, page: Page) -> Answer:
        """Rows of a search, or one record."""
        answer = load_object(page, _SERVICE)
        if "trademarks" in answer or "totalElements" in answer:
            return _rows(answer, page)
        if "applicationNumber" not in answer or "status" not in answer:
            raise stated_error(answer, page, _SERVICE) or no_answer(
                page, _SERVICE, "no `applicationNumber` with a `status`"
            )
        found = reading(answer, where_of(page), listed=False)
        missing: tuple[str, ...] = ()
        if isinstance(page.query, RecordQuery):
            missing = tuple(one for one in page.query.numbers if st13("EM", one) != found.record.st13)
        return Answer((found,), missing)


def _rows(answer: dict[str, Any], page: Page) -> Answer:
    total, number = count(answer, "totalElements", page), count(answer, "page", page)
    found, size = rows(answer, "trademarks", page), count(answer, "size", page)
    if len(found) > size:
        raise LayoutChanged(f"{len(found)} rows on a page of {size}", where=where_of(page), do=NEW_LAYOUT)
    held = number * size + len(found)
    # A page that is not the last must be full: rows that are missing in the middle are not on the next one.
    if held > total or (len(found) < size and held < total):
        raise Incomplete(
            f"the EUIPO counts {total} trade marks, and page {number + 1} ends with the {held}th",
            where=where_of(page),
            kept="Nothing was stored of this look; no filing counts as gone.",
            do="The next run asks again.",
        )
    asked = page.query.page - 1 if isinstance(page.query, SearchQuery) else None
    if asked is not None and asked != number:
        raise Incomplete(
            f"page {asked + 1} was asked for and page {number + 1} came",
            where=where_of(page),
            do="The next run asks again.",
        )
    readings, unread = readable(found, partial(reading, listed=True), page, total)
    more = None
    if isinstance(page.query, SearchQuery) and held < total:
        more = _search(replace(page.query, page=page.query.page + 1), number + 1)
    # A saved page of a search is a part of an answer: who imports it is not told that the rest is gone.
    told = total if page.query is not None else None
    return Answer(readings, total=told, rows=len(found), more=more, unread=unread)


def _record(query: RecordQuery, number: str) -> Request:
    st13("EM", number)  # raises for what is no number of the EUIPO, before it is asked
    return Request(
        f"{_PATH}/{number}",
        # One language: the API then gives English, or the language of filing where there is none.
        headers={"Accept-Language": "en"},
        credential_header="Authorization",
        accept="application/json",
        query=RecordQuery((number,), query.kind),
    )


def _search(query: SearchQuery, page: int) -> Request:
    return Request(
        _PATH,
        {"query": rsql(query), "page": str(page), "size": str(PAGE_SIZE), "sort": "applicationNumber:asc"},
        credential_header="Authorization",
        accept="application/json",
        query=query,
    )


def rsql(query: SearchQuery) -> str:
    """The question in RSQL. Raises `UsageError` where nothing is asked by which the office can search."""
    if query.new:
        return _new(query)
    parts = [
        f"{field}=={_quoted(f'*{between.join(name.split())}*')}"
        for field, name, between in (
            ("wordMarkSpecification.verbalElement", query.mark, " "),
            # Names of holders from the WIPO have line breaks in them where others have blanks (W00895170).
            ("applicants.name", query.owner, "*"),
            ("representatives.name", query.agent, "*"),
        )
        if name
    ]
    # A name of wildcards only would be answered with the whole register.
    if any(name and not re.search(r"\w", name) for name in (query.mark, query.owner, query.agent)):
        raise UsageError(
            "the name to search for has no letter and no digit",
            where=DECLARATION.id,
            kept="Nothing was asked.",
        )
    if query.changed_since:
        parts.append(f"updateDate>={query.changed_since.isoformat()}")
    if not parts:
        raise UsageError(
            "the EUIPO is asked for a mark, an owner, an agent or a day of change", where=DECLARATION.id
        )
    if query.classes:
        parts.append(f"niceClasses=in=({','.join(map(str, query.classes))})")
    if query.filed_since:
        day = query.filed_since.isoformat()
        parts.append(f"(applicationDate>={day} or designationDate>={day})")
    return " and ".join(parts)


# Which day a list of new filings goes by; a designation of the EU has no day of filing there.
_DAYS = {"filings": "applicationDate", "designations": "designationDate"}


def _new(query: SearchQuery) -> str:
    """All filings of a span of days."""
    if query.new not in _DAYS or not query.filed_since or not query.filed_until:
        raise UsageError("the EUIPO is asked for what is new by days", where=DECLARATION.id)
    day = _DAYS[query.new]
    parts = [f"{day}>={query.filed_since.isoformat()}", f"{day}<={query.filed_until.isoformat()}"]
    if query.classes:
        parts.append(f"niceClasses=in=({','.join(map(str, query.classes))})")
    return " and ".join(parts)


def _quoted(text: str) -> str:
    """A value of RSQL: in double quotes, in which a backslash takes the meaning from the sign behind it.

    A `*` in a name stays: RSQL has no way to say that it is none of its wildcards, and one finds itself too;
    what it finds besides is narrowed afterwards (`narrowing.filtered`).
    """
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'


SOURCE: Source = Euipo()
