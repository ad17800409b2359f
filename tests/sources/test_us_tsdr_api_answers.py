"""TSDR's data interface: what is asked, what an answer lacks, and how each failure ends."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.conftest import examples
from tests.sources.tsdr_api_pages import fixture, one, read, registered, xml
from tmwatch.errors import (
    Incomplete,
    LayoutChanged,
    LoginRequired,
    LookError,
    NotFound,
    NotThisSource,
    ServerFault,
    Throttled,
    UsageError,
)
from tmwatch.sources.base import Page, RecordQuery, SearchQuery
from tmwatch.sources.us.tsdr_api import SOURCE

# -- question and answer -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "page",
    [
        {"query": RecordQuery(("99990101", "99990102"))},
        {"url": "https://tsdrapi.uspto.gov/ts/cd/caseMultiStatus/sn?ids=99990101,99990102"},
        {"name": "caseMultiStatus-99990101,99990102.json"},
    ],
)
def test_a_number_that_was_asked_for_and_not_answered_is_named(page: dict[str, Any]) -> None:
    answer = read(fixture("json-two-asked-one-missing"), **page)
    assert answer.missing == ("99990102",)
    assert len(answer.readings) == 1


def test_numbers_the_office_itself_names_as_missed_are_missing() -> None:
    data = json.loads(fixture("json-two-asked-one-missing"))
    data["missedElements"] = ["99990177"]
    assert read(json.dumps(data).encode()).missing == ("99990177",)


def test_a_registration_number_is_answered_by_the_record_that_carries_it() -> None:
    query = RecordQuery(("9990101", "9990102"), "registration")
    assert read(fixture("json-two-asked-one-missing"), query=query).missing == ("9990102",)


def test_too_much_asked_at_once_is_incomplete_unless_the_missing_are_known() -> None:
    data = json.loads(fixture("json-two-asked-one-missing"))
    data["oversized"] = True
    with pytest.raises(Incomplete):
        read(json.dumps(data).encode())
    assert read(json.dumps(data).encode(), query=RecordQuery(("99990101", "99990102"))).missing


def test_one_case_twice_in_an_answer_is_incomplete() -> None:
    data = registered()
    data["trademarks"] *= 2
    with pytest.raises(Incomplete):
        read(json.dumps(data).encode())


def test_each_number_is_asked_for_alone_because_the_office_leaves_owners_out_otherwise() -> None:
    requests = SOURCE.requests(RecordQuery(("99990101", "99990102")))
    assert [request.path for request in requests] == [
        "/ts/cd/casestatus/sn99990101/info.json",
        "/ts/cd/casestatus/sn99990102/info.json",
    ]
    assert {request.credential_header for request in requests} == {"USPTO-API-KEY"}
    (by_registration,) = SOURCE.requests(RecordQuery(("2,824,281",), "registration"))
    assert by_registration.path == "/ts/cd/casestatus/rn2824281/info.json"


@pytest.mark.parametrize(
    "number",
    [
        "123",
        "1234567890",
        "../../7604",
        "76044902?x=1",
        "\uff17\uff16\uff10\uff14\uff14\uff19\uff10\uff12",
        "",
    ],
)
def test_what_is_no_serial_number_is_never_sent(number: str) -> None:
    with pytest.raises(UsageError, match="8 digits"):
        SOURCE.requests(RecordQuery((number,)))


def test_a_search_is_refused_with_the_source_that_can_answer_it() -> None:
    with pytest.raises(UsageError, match=r"us\.daily"):
        SOURCE.requests(SearchQuery(owner="Sample Harbour Works"))


# -- failures ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("page", "error"),
    [
        (Page(b""), Incomplete),
        (Page(b" \r\n"), Incomplete),
        (Page(b"", status=404), NotFound),
        (Page(b"", status=401), LoginRequired),
        (Page(b"", status=429), Throttled),
        (Page(b"<html>", status=503), ServerFault),
        (Page(b'{"message":"API key required"}'), LoginRequired),
        (Page(b'{"message":"Rate limit exceeded"}'), Throttled),
        (Page(b'{"error":{"message":"No case found for sn 99990101"}}'), NotFound),
        (Page(b'{"errorMessage":"NullPointerException"}'), ServerFault),
        (Page(b"<!DOCTYPE html><html><body>Page not found</body></html>"), LayoutChanged),
        (Page(b"<html><body>Please sign in</body></html>"), LoginRequired),
        (Page(b'{"trademarks":[]}'), Incomplete),
        (Page(b'{"oversized":false,"size":0,"transactionList":[]}'), Incomplete),
        (Page(b'{"trademarks":[{"status":{"serialNumber":999'), Incomplete),
        (Page(b'{"caseUpdateInfo":[{"name":"Serial Number","value":"99990101"}]}'), NotThisSource),
        (Page(b'<DocumentList xmlns="urn:us:gov:doc:uspto:trademark"/>'), NotThisSource),
    ],
)
def test_each_failure_ends_in_its_own_outcome(page: Page, error: type[LookError]) -> None:
    with pytest.raises(error) as caught:
        SOURCE.read(page)
    assert type(caught.value) is error
    assert caught.value.do


def test_fewer_classes_than_the_office_counts_is_incomplete() -> None:
    with pytest.raises(Incomplete, match="5 classes"):
        one(fixture("st96-fewer-classes-than-it-says"))


@pytest.mark.parametrize("encoding", ["utf-8", "utf-16"])
def test_xml_that_brings_its_own_entities_is_refused(encoding: str) -> None:
    bomb = '<!DOCTYPE x [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;&a;"><!ENTITY c SYSTEM "file:///etc/passwd">]>'
    root = '<Transaction xmlns="urn:us:gov:doc:uspto:trademark"><a>&b;&c;</a></Transaction>'
    with pytest.raises(LayoutChanged):
        read((bomb + root).encode(encoding))


def test_a_record_of_another_office_is_not_ours() -> None:
    other = ("RegistrationOfficeCode>US<", "RegistrationOfficeCode>EM<")
    with pytest.raises(NotThisSource):
        read(xml("st96-madrid-with-opposition", other))


def ends_well(body: bytes) -> bool:
    """A record with its number, or an error that says what to do; any other error goes through."""
    try:
        answer = read(body)
    except LookError as error:
        return bool(error.do)
    return all(reading.record.application_number for reading in answer.readings)


@settings(max_examples=examples(120), deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(data=st.data())
def test_damaged_answers_end_in_a_typed_error_or_in_a_record_and_nothing_else(data: st.DataObject) -> None:
    case = data.draw(
        st.sampled_from(
            [
                "json-registered",
                "json-two-asked-one-missing",
                "st96-madrid-with-opposition",
                "st96-older-with-root-transaction",
                "st66-renewed-with-assignment",
            ]
        )
    )
    body = bytearray(fixture(case))
    for _ in range(data.draw(st.integers(1, 4))):
        start = data.draw(st.integers(0, max(len(body) - 1, 0)))
        length = data.draw(st.integers(0, 60))
        body[start : start + length] = data.draw(st.binary(max_size=12))
    assert ends_well(bytes(body))


@settings(max_examples=examples(120), deadline=None)
@given(
    value=st.recursive(
        st.none() | st.booleans() | st.integers() | st.text(max_size=8),
        lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4), inner, max_size=3),
        max_leaves=6,
    ),
    data=st.data(),
)
def test_a_value_of_any_shape_in_any_place_of_the_json_is_survived(
    value: object, data: st.DataObject
) -> None:
    answer = registered()
    places: list[tuple[Any, Any]] = []

    def walk(node: Any) -> None:
        for key, inner in node.items() if isinstance(node, dict) else enumerate(node):
            places.append((node, key))
            if isinstance(inner, (dict, list)):
                walk(inner)

    walk(answer)
    node, key = data.draw(st.sampled_from(places))
    node[key] = value
    assert ends_well(json.dumps(answer).encode())
