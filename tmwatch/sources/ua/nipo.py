"""`ua.nipo`: the open-data interface of the Ukrainian office (JSON): a record, and lists by date or owner.

    GET /api/v1/open-data/{number}/?obj_type=4         one filing, by its own or its registration number
    GET /api/v1/open-data/?obj_type=4&last_update_from=dd.mm.yyyy&subject_name=…&page=2
    {"count": 12, "next": "https://…&page=3", "previous": …, "results": [{record}, …]}   10 a page

Nobody who wrote this has seen a recording. The shape is that of the office's JSON Schema, of the source of
its server, and of public client code up to 2026; so the reader is strict. `obj_type` 4 is a trade mark.

`next` is an address; only its page number is taken, so that no answer leads to another host. The server
orders by its own key, so pages do not shift when a filing changes.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Sequence
from dataclasses import replace
from typing import Any
from urllib.parse import parse_qs, urlsplit

from tmwatch.errors import Incomplete, LayoutChanged, ServerFault, Throttled, UsageError
from tmwatch.sources.base import (
    Answer,
    Automation,
    Declaration,
    KnownQuery,
    Pace,
    Page,
    Query,
    Reading,
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
from tmwatch.sources.since import NewSince
from tmwatch.sources.ua.nipo_record import reading
from tmwatch.text import clean_line

_PATH = "/api/v1/open-data/"
_TRADE_MARK = "4"  # obj_type
_SERVICE = "the open data of the Ukrainian office"
_AGAIN = "The next run asks again."
_THROTTLED = re.compile(r"throttl|too many", re.IGNORECASE)  # the words of Django REST framework

DECLARATION = Declaration(
    id="ua.nipo",
    title="Ukrainian office, open data: by number, owner, or date of change",
    office="UA",
    channels=frozenset({"record", "search", "feed", "import"}),
    base_url="https://sis.nipo.gov.ua",
    terms=Terms(
        Automation.ALLOWED,
        "An interface that the office documents for programs, without a key; about one question a second. "
        "No licence text was found: check before publishing what comes from it.",
        "https://sis.nipo.gov.ua/uk/services/api-description/",
        dt.date(2026, 11, 25),
    ),
    pace=Pace(min_interval=2.0, per_minute=30, per_day=5000),
    parser_version="3",
    covers=frozenset(
        {
            *("application_number", "registration_number", "application_date", "registration_date"),
            *("publications", "expiry_date", "renewal_dates", "termination_date", "termination_kind"),
            *("status_text", "status_phase", "status_live", "tm5_csd", "tm5_source", "verbal_element"),
            *("mark_feature", "mark_feature_code", "mark_category", "disclaimer", "colour_claim"),
            *("design_codes", "image", "classes", "owners", "owner_history", "representatives"),
            *("correspondence", "priorities", "related_marks", "events", "latest_step"),
        }
    ),
    authority=60,
    by_hand=False,
    known_query=KnownQuery("record", "m202011127"),
    live_default="on",
    landmarks=("a record: `app_number`, `obj_state` and `data`; a list: `count` and `results` of such",),
    answers=frozenset({"numbers", "owners"}),
    search={
        "owner": "itself",
        "filed_since": "itself",
        "changed_since": "itself",
        "mark": "afterwards",
        "agent": "afterwards",
        "classes": "afterwards",
    },
    new_since=(
        NewSince(
            of="filings",
            by="day of filing",
            reach=dt.timedelta(days=30),
            why="filings are hidden until they may be shown, for how long is written nowhere; "
            "ten come with a request, so more days cost much",
            page=10,
            at_once=300,
            requests=300,
            goods=True,
        ),
    ),
    volatile=("the order of rows", "`last_update` where nothing else differs", "`data_payments`"),
)


class Nipo:
    """See the top of this module."""

    declaration = DECLARATION

    def requests(self, query: Query) -> Sequence[Request]:
        """One request for each number, or the first page of a list."""
        if isinstance(query, RecordQuery):
            if query.kind == "international":
                raise UsageError("the Ukrainian open data hold national filings only", where=DECLARATION.id)
            return [_record_request(RecordQuery((one,), query.kind)) for one in query.numbers]
        return [_list_request(query)]

    def sniff(self, page: Page) -> int:
        """By host, else by the names that only this JSON has together."""
        if (urlsplit(page.url).hostname or "") == urlsplit(DECLARATION.base_url).hostname:
            return 100
        if not looks_like_object(page):
            return 0
        if b'"app_number"' in page.body and b'"obj_state"' in page.body:
            return 90
        listed = all(word in page.body for word in (b'"count"', b'"next"', b'"results"'))
        return 45 if listed else 0

    def read(self, page: Page) -> Answer:
        """A record, or one page of a list."""
        answer = load_object(page, _SERVICE)
        if "results" in answer or "count" in answer:
            return _list(answer, page)
        if "app_number" not in answer and "data" not in answer:
            raise _stated(answer, page)
        one = reading(answer, where_of(page))
        missing: tuple[str, ...] = ()
        if isinstance(page.query, RecordQuery):
            (asked,) = page.query.numbers
            own = page.query.kind == "application"
            number = one.record.application_number if own else one.record.registration_number
            missing = () if (number or "").upper() == asked.upper() else (asked,)
        return Answer((one,), missing=missing)


def _list(answer: dict[str, Any], page: Page) -> Answer:
    total, found = count(answer, "count", page), rows(answer, "results", page)
    if "next" not in answer:
        raise LayoutChanged("`next` is missing", where=where_of(page), do=NEW_LAYOUT)
    following = _next_page(answer["next"], page)
    if total > 0 and not found:
        raise Incomplete(
            f"the Ukrainian office counts {total} filings and gave none", where=where_of(page), do=_AGAIN
        )
    if len(found) > total or (following is None and answer.get("previous") is None and len(found) < total):
        raise Incomplete(
            f"the Ukrainian office counts {total} filings and gave {len(found)}",
            where=where_of(page),
            do=_AGAIN,
        )
    readings, unread = readable(found, reading, page, total)
    _heeded(readings, page)
    if not isinstance(page.query, SearchQuery):
        # A saved page stands for itself: each of its rows is a whole filing, whatever comes overleaf.
        return Answer(readings, rows=len(found), unread=unread)
    more = None
    if following is not None:
        if following != page.query.page + 1:
            raise LayoutChanged(
                f"after page {page.query.page} comes page {following}", where=where_of(page), do=NEW_LAYOUT
            )
        more = _list_request(replace(page.query, page=following))
    return Answer(readings, total=total, rows=len(found), more=more, unread=unread)


def _heeded(readings: Sequence[Reading], page: Page) -> None:
    """A server that does not know a parameter passes over it, and gives the whole list as what changed."""
    since = page.query.changed_since if isinstance(page.query, SearchQuery) else None
    for one in readings:
        # A day's grace: in which zone the day begins there is written nowhere.
        if since is not None and one.as_of is not None and one.as_of.day < since - dt.timedelta(days=1):
            raise LayoutChanged(
                f"what changed since {since} was asked for, and {one.record.application_number} came, last "
                f"updated {one.as_of.day}: the day was not heeded",
                where=where_of(page),
                do=NEW_LAYOUT,
            )


def _next_page(said: object, page: Page) -> int | None:
    """The page number in the address of the next page; nothing else of it is used."""
    if said is None:
        return None
    number = parse_qs(urlsplit(said).query).get("page", [""])[0] if isinstance(said, str) else ""
    if not re.fullmatch(r"[0-9]{1,6}", number):
        raise LayoutChanged(
            f"`next` names no page: {clean_line(str(said), 60)}", where=where_of(page), do=NEW_LAYOUT
        )
    return int(number)


def _stated(answer: dict[str, Any], page: Page) -> Exception:
    error = stated_error(answer, page, _SERVICE)
    if error is None:
        return no_answer(page, _SERVICE, "no `app_number`, no `results`")
    if isinstance(error, ServerFault) and _THROTTLED.search(error.message):
        return Throttled(error.message, where=error.where, do=_AGAIN)
    return error


def _record_request(query: RecordQuery) -> Request:
    number = query.numbers[0]
    if not re.fullmatch(r"[0-9A-Za-z]{1,15}", number):
        raise UsageError(f"`{clean_line(number, 40)}` is no Ukrainian number", where=DECLARATION.id)
    # The office writes the m of m202300001 small; a capital is how some people write it.
    written = f"m{number[1:]}" if number[:1] == "M" else number
    return Request(f"{_PATH}{written}/", {"obj_type": _TRADE_MARK}, accept="application/json", query=query)


def _list_request(query: SearchQuery) -> Request:
    dated = query.filed_since or query.changed_since
    if not query.owner and not dated:
        raise UsageError(
            "the Ukrainian open data can be asked for an owner or for dates; a mark or an agent is looked "
            "for within them, and without them that would be the whole register",
            where=DECLARATION.id,
            do="Name an owner too, or a date (`since`).",
        )
    params = {"obj_type": _TRADE_MARK}
    if query.owner:
        params["subject_name"] = query.owner
    if query.filed_since:
        params["app_date_from"] = query.filed_since.strftime("%d.%m.%Y")
    if query.filed_until:
        params["app_date_to"] = query.filed_until.strftime("%d.%m.%Y")
    if query.changed_since:
        params["last_update_from"] = query.changed_since.strftime("%d.%m.%Y")
    if query.page > 1:
        params["page"] = str(query.page)
    return Request(_PATH, params, accept="application/json", query=query)


SOURCE: Source = Nipo()
