"""Tianyancha is asked, pages become one answer, and what is none is refused."""

from __future__ import annotations

import datetime as dt
import json
from dataclasses import replace
from typing import Any

import pytest

from tests.sources.tianyancha_answers import BY_OWNER, OWNER, only, page, read, row
from tmwatch.errors import Incomplete, LayoutChanged, LookError, NotFound, NotThisSource, Outcome, UsageError
from tmwatch.model import FactKind
from tmwatch.sources.base import Answer, Page, RecordQuery, SearchQuery
from tmwatch.sources.cn.tianyancha import SOURCE

# -- asking --------------------------------------------------------------------------------------------


def test_a_company_is_asked_for_by_name_and_the_token_stays_out_of_the_address() -> None:
    (request,) = SOURCE.requests(replace(BY_OWNER, filed_since=dt.date(2025, 6, 1), classes=(9, 12)))
    assert request.path == "/services/open/ipr/tm/2.0"
    assert request.params == {
        "keyword": OWNER,
        "pageNum": "1",
        "pageSize": "20",
        "appDateBegin": "2025-06-01",
    }
    assert request.credential_header == "Authorization"


def test_a_class_filter_is_never_sent_because_other_classes_of_a_number_would_look_removed() -> None:
    (request,) = SOURCE.requests(SearchQuery(mark="JD Auto", classes=(12,)))
    assert "tmClass" not in request.params
    assert request.path == "/services/open/ipr/tm/search"


def test_each_number_is_asked_for_by_itself() -> None:
    requests = SOURCE.requests(RecordQuery(("12345678", "G1266721")))
    assert [request.params["keyword"] for request in requests] == ["12345678", "G1266721"]
    assert [request.query for request in requests] == [RecordQuery(("12345678",)), RecordQuery(("G1266721",))]


@pytest.mark.parametrize(
    "query",
    [
        SearchQuery(agent="someone"),
        SearchQuery(),
        SearchQuery(owner="a", mark="b"),
        RecordQuery(("US",)),
        RecordQuery(("1266721",), "international"),
    ],
)
def test_what_it_cannot_answer_is_refused_before_it_costs_a_call(query: SearchQuery | RecordQuery) -> None:
    with pytest.raises(UsageError):
        SOURCE.requests(query)


def test_it_is_declared_as_an_aggregator() -> None:
    assert SOURCE.declaration.facts is FactKind.AGGREGATOR


# -- pages -----------------------------------------------------------------------------------------------


def rows(count: int, start: int = 1) -> list[dict[str, Any]]:
    return [row(f"{number:08d}") for number in range(start, start + count)]


def test_more_is_asked_for_until_the_total_is_reached() -> None:
    first = read(rows(20), total="25")
    assert first.total == 25
    assert first.rows == 20
    assert first.more is not None
    assert first.more.params["pageNum"] == "2"
    assert first.more.query == replace(BY_OWNER, page=2)
    second = read(rows(5, 21), total="25", query=first.more.query)
    assert second.more is None


def test_a_full_page_beyond_the_total_is_not_believed_to_be_the_last() -> None:
    assert read(rows(20), total=12).more is not None
    assert read(rows(20), total=20).more is None
    assert read(rows(5), total=3).more is None


def test_a_total_with_no_rows_is_incomplete() -> None:
    with pytest.raises(Incomplete):
        read([], total=3)
    with pytest.raises(Incomplete):
        read([], total=25, query=replace(BY_OWNER, page=2))


def test_no_data_is_an_empty_answer_to_a_search_and_not_found_for_a_number() -> None:
    assert SOURCE.read(page([], code=300000)) == Answer((), total=0, rows=0)
    with pytest.raises(NotFound):
        SOURCE.read(page([], code=300000, query=RecordQuery(("12345678",))))


def test_no_data_on_a_page_that_was_announced_is_incomplete() -> None:
    with pytest.raises(Incomplete):
        SOURCE.read(page([], code=300000, query=replace(BY_OWNER, page=2)))


def test_only_the_number_asked_for_is_taken() -> None:
    asked = RecordQuery(("00000001",))
    assert only(read([row("00000001"), row("00000010")], query=asked)).application_number == "00000001"
    with pytest.raises(NotFound):
        read([row("00000010")], query=asked)


# -- refusals of the service -----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("code", "outcome"),
    [
        (300001, Outcome.SERVER_ERROR),
        (300002, Outcome.LOGIN_REQUIRED),
        (300003, Outcome.LOGIN_REQUIRED),
        (300004, Outcome.THROTTLED),
        ("300004", Outcome.THROTTLED),
        (300005, Outcome.LOGIN_REQUIRED),
        (300006, Outcome.LOGIN_REQUIRED),
        (300007, Outcome.LOGIN_REQUIRED),
        (399999, Outcome.SERVER_ERROR),
    ],
)
def test_each_stated_error_has_its_outcome_and_says_what_to_do(code: Any, outcome: Outcome) -> None:
    with pytest.raises(LookError) as caught:
        SOURCE.read(page([], code=code))
    assert caught.value.outcome is outcome
    assert str(code) in caught.value.message
    assert caught.value.do


def test_a_hostile_reason_is_made_harmless() -> None:
    body = json.dumps({"error_code": 399999, "reason": "\x1b[2J\r\nBcc: x" * 100, "result": None}).encode()
    with pytest.raises(LookError) as caught:
        SOURCE.read(Page(body))
    assert "\x1b" not in caught.value.message
    assert "\n" not in caught.value.message
    assert len(caught.value.message) < 250


# -- bytes -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("charset", "content_type"),
    [
        ("utf-8", ""),
        ("utf-8-sig", ""),
        ("utf-8", "application/json;charset=ISO-8859-1"),  # a header that lies
        ("gb18030", "application/json;charset=GB18030"),
        ("gb18030", ""),
        ("gb18030", "application/json;charset=no-such-charset"),
    ],
)
def test_chinese_text_reads_right_in_every_charset(charset: str, content_type: str) -> None:
    body = page([row(tmName="京东汽车")]).body.decode().encode(charset)
    record = only(SOURCE.read(Page(body, content_type=content_type, query=BY_OWNER)))
    assert record.verbal_element == "京东汽车"


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"<html>",
        b"[]",
        b"{}",
        b"null",
        b'{"error_code": null}',
        b"{" * 100_000,
        b"[" * 100_000,
        b"\xff\xfe\x00",
    ],
)
def test_other_bytes_are_not_taken_for_an_answer(body: bytes) -> None:
    with pytest.raises(NotThisSource):
        SOURCE.read(Page(body))


@pytest.mark.parametrize(
    "result",
    [None, [], {"items": []}, {"total": "many", "items": []}, {"total": 1}, {"total": -1, "items": []}],
)
def test_an_answer_of_another_shape_is_refused(result: Any) -> None:
    body = json.dumps({"error_code": 0, "reason": "ok", "result": result}).encode()
    with pytest.raises(LayoutChanged):
        SOURCE.read(Page(body, query=BY_OWNER))


def test_an_answer_is_recognised_without_its_address() -> None:
    assert SOURCE.sniff(replace(page([row()]), url="")) >= 90
    assert SOURCE.sniff(Page(b'{"error_code": 300004, "reason": "slow"}')) > 0
    assert SOURCE.sniff(Page(b"<html>error_code</html>")) == 0
    assert SOURCE.sniff(Page(b'{"trademarks": []}')) == 0
