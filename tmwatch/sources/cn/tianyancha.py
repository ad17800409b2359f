"""`cn.tianyancha`: the Tianyancha Open API, a paid aggregator of the Chinese register (JSON).

Nobody who wrote this has seen a recording: the shape is that of public client code of 2018–2026.
So the reader is strict: what it does not know it reports, what it cannot read it refuses.

    GET /services/open/ipr/tm/2.0      filings of a company (keyword: its full name, id or credit code)
    GET /services/open/ipr/tm/search   filings by mark name, or by trade mark number
    {"error_code": 0, "reason": "ok", "result": {"total": 2, "items": [{row}, …]}}

A row is one class of one filing (`regNo`). Rows of one number are one record: see `sources.combine`.
In China the application number is the registration number, from the day of filing.

Never narrowed by class, although the API can (`tmClass`): the other classes of a number would be left
out of its record, and so look removed.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import replace
from urllib.parse import parse_qs, urlsplit

from tmwatch.errors import (
    Incomplete,
    LoginRequired,
    LookError,
    NotFound,
    ServerFault,
    Throttled,
    UsageError,
)
from tmwatch.model import FactKind
from tmwatch.numbers import st13
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
from tmwatch.sources.cn import tianyancha_rows as rows
from tmwatch.sources.combine import combine
from tmwatch.text import clean_line

PAGE_SIZE = 20  # the most the API gives at once
_COMPANY = "/services/open/ipr/tm/2.0"
_SEARCH = "/services/open/ipr/tm/search"
_BY_MARK_NAME = "1"  # searchType

DECLARATION = Declaration(
    id="cn.tianyancha",
    title="Tianyancha Open API (天眼查开放平台): Chinese filings by company, mark or number",
    office="CN",
    channels=frozenset({"record", "search", "import"}),
    base_url="http://open.api.tianyancha.com",
    terms=Terms(
        Automation.WITH_KEY,
        "A paid interface made for programs; each call costs the holder of the token. Tianyancha's web "
        "pages may not be read by programs. It is an aggregator, not the register.",
        "https://open.tianyancha.com",
        dt.date(2026, 11, 22),
    ),
    pace=Pace(min_interval=1.0, per_minute=30, per_day=500),
    parser_version="2",
    covers=frozenset(
        {
            *("application_number", "registration_number", "application_date", "verbal_element", "image"),
            *("classes", "owners", "latest_step", "latest_step_date", "tm5_csd", "tm5_source"),
            *("status_code", "status_text", "status_phase", "status_live"),
        }
    ),
    authority=40,
    by_hand=False,
    known_query=KnownQuery("search", "北京京东叁佰陆拾度电子商务有限公司"),
    facts=FactKind.AGGREGATOR,
    credential_env="TIANYANCHA_TOKEN",
    live_default="with key",
    landmarks=("`error_code`, and with it 0 `result.total` and `result.items`",),
    answers=frozenset({"owners", "marks", "numbers"}),
    search={"owner": "itself", "mark": "itself", "filed_since": "itself", "classes": "afterwards"},
    plain_http=True,
    volatile=("the order of rows", "`id` and `uni` of a row", "`connList`"),
)

_NOT_FOUND = (
    "Check the number or name; a filing takes weeks to reach the register, and Tianyancha copies it later."
)

# What each error code asks of whom. 300000 (no data) is an answer, not an error.
_ACCOUNT = "Look at the account on https://open.tianyancha.com; the token stands in TIANYANCHA_TOKEN."
_ERRORS: Mapping[str, tuple[type[LookError], str, str]] = {
    "300001": (ServerFault, "the request failed at Tianyancha", "The next run asks again."),
    "300002": (LoginRequired, "the account is not valid", _ACCOUNT),
    "300003": (LoginRequired, "the account has expired", f"Renew it. {_ACCOUNT}"),
    "300004": (
        Throttled,
        "Tianyancha was asked too fast",
        "Nothing need be done now: the next run asks again. If it goes on, ask more slowly (min_interval = 5 "
        'in [source."cn.tianyancha"]) or less often (`every` of the watch), and see whether something else '
        "uses the same token.",
    ),
    "300005": (
        LoginRequired,
        "the account has no permission for this interface",
        f"Order 企业商标信息 and 商标信息垂搜 for it. {_ACCOUNT}",
    ),
    # Not `throttled` or `declined`: these pass only when somebody pays, so somebody must be told.
    "300006": (LoginRequired, "the account is out of money", f"Top it up. {_ACCOUNT}"),
    "300007": (LoginRequired, "the account has no calls left", f"Buy more calls. {_ACCOUNT}"),
}


class Tianyancha:
    """See the top of this module."""

    declaration = DECLARATION

    def requests(self, query: Query) -> Sequence[Request]:
        """One request for a search, one for each number."""
        if isinstance(query, RecordQuery):
            if query.kind == "international":
                raise UsageError("Tianyancha knows international registrations by their Chinese number (G…)")
            return [_request(RecordQuery((number,), query.kind), 1) for number in query.numbers]
        return [_request(query, query.page)]

    def sniff(self, page: Page) -> int:
        """By host, else by the names that only this JSON has together."""
        if (urlsplit(page.url).hostname or "").endswith("tianyancha.com"):
            return 100
        if not page.body.lstrip(b"\xef\xbb\xbf \t\r\n").startswith(b"{") or b'"error_code"' not in page.body:
            return 0
        if b'"regNo"' in page.body and b'"items"' in page.body:
            return 90
        # Errors and empty answers carry no row to know them by.
        return 40 if b'"reason"' in page.body else 0

    def read(self, page: Page) -> Answer:
        """One page of rows, or the error that the API states."""
        answer = rows.load(page)
        code = str(answer["error_code"])
        number = _page_number(page)
        if code == "300000":
            return _no_data(page, number)
        if code != "0":
            raise _stated_error(code, answer.get("reason"), page)
        total, items = rows.result(answer, page)
        so_far = (number - 1) * PAGE_SIZE + len(items) if number else None
        if not items and total > (so_far or 0):
            raise Incomplete(
                f"Tianyancha counts {total} rows and gave none on page {number or 'one'}",
                where=_where(page),
                do="The next run asks again.",
            )
        readings = [rows.reading(item, place, _where(page)) for place, item in enumerate(items, 1)]
        return _answer(page.query, number, combine(readings), total, len(items))


def _request(query: Query, page: int) -> Request:
    params = {"pageNum": str(page), "pageSize": str(PAGE_SIZE)}
    if isinstance(query, RecordQuery):
        # The company query takes a *company's* registration number; a mark's number is searched for.
        st13("CN", query.numbers[0])  # raises for what is no Chinese number, before it costs a call
        path, params["keyword"] = _SEARCH, query.numbers[0]
    elif query.agent or bool(query.owner) == bool(query.mark):
        raise UsageError(
            "Tianyancha answers a company name or a mark name, one at a time, and no agents",
            where="cn.tianyancha",
        )
    else:
        path = _COMPANY if query.owner else _SEARCH
        params["keyword"] = query.owner or query.mark or ""
        if query.mark:
            params["searchType"] = _BY_MARK_NAME
        if query.filed_since:
            params["appDateBegin"] = query.filed_since.isoformat()
    return Request(
        path,
        params,
        credential_header="Authorization",
        accept="application/json",
        query=query,
    )


def _answer(
    query: Query | None, number: int | None, readings: Sequence[Reading], total: int, held: int
) -> Answer:
    more = None
    if query is not None and number is not None:
        so_far = (number - 1) * PAGE_SIZE + held
        # A full page beyond the total: `total` then counts something else than rows (filings, say),
        # and stopping there would leave rows unseen. One call more is cheaper than a blind spot.
        if so_far < total or (so_far > total and held == PAGE_SIZE):
            more = _next(query, number + 1)
    if not isinstance(query, RecordQuery):
        return Answer(tuple(readings), total=total, rows=held, more=more)
    # A search for a number may find its neighbours too; they were not asked for.
    asked = st13("CN", query.numbers[0])
    own = tuple(reading for reading in readings if reading.record.st13 == asked)
    if not own and number == 1 and more is None:
        raise NotFound(f"Tianyancha has no filing {query.numbers[0]}", where=DECLARATION.id, do=_NOT_FOUND)
    return Answer(own, total=total, rows=held, more=more)


def _next(query: Query, page: int) -> Request:
    if isinstance(query, SearchQuery):
        query = replace(query, page=page)
    return _request(query, page)


def _page_number(page: Page) -> int | None:
    """Which page of the answer this is; None for a file of which nobody knows."""
    if isinstance(page.query, SearchQuery):
        return page.query.page
    said = parse_qs(urlsplit(page.url).query).get("pageNum", [""])[0]
    if said.isdigit() and int(said) > 0:
        return int(said)
    return 1 if page.query is not None else None


def _no_data(page: Page, number: int | None) -> Answer:
    if number is not None and number > 1:
        raise Incomplete(
            f"Tianyancha announced a page {number} and has no data on it",
            where=_where(page),
            do="The next run asks again.",
        )
    if isinstance(page.query, SearchQuery):
        return Answer((), total=0, rows=0)  # whether that can be true, the asker has to judge (law 3)
    raise NotFound("Tianyancha has no data for this question", where=_where(page), do=_NOT_FOUND)


def _stated_error(code: str, reason: object, page: Page) -> LookError:
    said = clean_line(str(reason or ""), 100)
    kind, what, do = _ERRORS.get(
        code,
        (ServerFault, "Tianyancha answered with an error that tmwatch does not know", "Look at its manual."),
    )
    told = f"error {clean_line(code, 20)}: {said}".rstrip(": ")
    return kind(f"{what} ({told})", where=_where(page), do=do)


def _where(page: Page) -> str:
    # Never the whole address: it holds what was asked, which may be confidential in a shared log.
    return page.name or urlsplit(page.url).path or DECLARATION.id


SOURCE: Source = Tianyancha()
