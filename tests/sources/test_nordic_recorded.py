"""Finland and Sweden on what their registers really sent: no value is lost, and we ask as it was asked."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.sources.cassettes import Exchange, exchanges
from tmwatch.sources.base import Page, Query, Reading, RecordQuery, Request, SearchQuery, Source
from tmwatch.sources.expectation import record_facts
from tmwatch.sources.fi.prh import SOURCE as PRH
from tmwatch.sources.registry import tell_source
from tmwatch.sources.se.prv import SOURCE as PRV

pytestmark = pytest.mark.recorded

# What the readers declare that they leave out, by the name of the key (see the top of prh_rows, prv_rows).
LEFT_OUT = {
    "fi.prh": {"dossierId", "ordinal", "thumbnailUrl", "largeThumbnailUrl", "trademarkHasImage"},
    "se.prv": {"idTrademark", "dossierTypeSv"},
}
ROWS = {"fi.prh": "results", "se.prv": "trademarks"}
TOTAL = {"fi.prh": "totalResults", "se.prv": "totalHits"}


def searches(recorded: Path, office: str) -> list[Exchange]:
    found = [one for path in sorted(recorded.glob(f"{office}/*.yaml")) for one in exchanges(path)]
    assert found, f"{recorded}/{office} holds no search: nothing was tried"
    return found


def values(row: Any, key: str, left_out: set[str]) -> Iterator[tuple[str, str]]:
    if key in left_out or row in (None, "", [], False):
        return
    if isinstance(row, dict):
        for name, inner in row.items():
            yield from values(inner, name, left_out)
    elif isinstance(row, list):
        for inner in row:
            yield from values(inner, key, left_out)
    else:
        yield key, " ".join(str(row).split())


def texts(value: Any) -> Iterator[str]:
    if isinstance(value, dict):
        for inner in value.values():
            yield from texts(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from texts(inner)
    elif value is not None:
        yield str(value)


def lost(row: dict[str, Any], reading: Reading, left_out: set[str]) -> list[tuple[str, str]]:
    """What stands in the row and in no field: a field holds it whole, or in parts that make it up again."""
    said = {one.casefold() for one in texts(record_facts(reading.record))}
    return [
        (key, value)
        for key, value in values(row, "", left_out)
        if value.casefold() not in said
        and not (key == "targetGroup" and f"known among: {value.casefold()}" in said)
        and not all(part.casefold() in said for part in value.split(", "))
    ]


@pytest.mark.parametrize(("office", "source"), [("fi", PRH), ("se", PRV)], ids=["fi", "se"])
def test_every_value_of_every_recorded_row_is_in_its_record(
    recorded: Path, office: str, source: Source
) -> None:
    name = source.declaration.id
    for one in searches(recorded, office):
        answer = json.loads(one.body)
        readings = source.read(Page(one.body, url=one.url)).readings
        assert len(readings) == len(answer[ROWS[name]])
        for row, reading in zip(answer[ROWS[name]], readings, strict=True):
            assert lost(row, reading, LEFT_OUT[name]) == []
            assert reading.unclaimed == ()
            assert reading.unknown_words == ()
            assert reading.record.owners
            assert reading.record.covers <= source.declaration.covers


@pytest.mark.parametrize(("office", "source"), [("fi", PRH), ("se", PRV)], ids=["fi", "se"])
def test_a_recorded_answer_is_known_by_its_bytes(recorded: Path, office: str, source: Source) -> None:
    for one in searches(recorded, office):
        assert tell_source(Page(one.body)) is source


def asked_like(
    recorded: Path, office: str, source: Source, query: Query
) -> tuple[Any, Any, Request, Exchange]:
    (one,) = searches(recorded, office)
    (request,) = source.requests(query)
    assert request.body is not None
    return one.asked, json.loads(request.body), request, one


def test_prh_is_asked_with_the_form_that_its_own_page_sends(recorded: Path) -> None:
    theirs, ours, request, one = asked_like(recorded, "fi", PRH, SearchQuery(mark="AUDI"))
    assert ours == theirs
    assert list(ours) == list(theirs), "in the same order"
    assert (one.method, one.url) == ("POST", PRH.declaration.base_url + request.path)
    assert len(ours) == 21


def test_prv_is_asked_with_the_keys_that_its_own_page_sends(recorded: Path) -> None:
    theirs, ours, request, one = asked_like(recorded, "se", PRV, SearchQuery(owner="IKEA"))
    assert list(ours) == list(theirs)
    assert {key: type(value) for key, value in ours.items()} == {k: type(v) for k, v in theirs.items()}
    assert (ours["simpleSearchText"], ours["page"]) == (theirs["simpleSearchText"], theirs["page"])
    assert (one.method, one.url) == ("POST", PRV.declaration.base_url + request.path)


def test_the_recorded_page_of_two_goes_on_in_pages_of_two(recorded: Path) -> None:
    """89 hits, two on the page, "totalPages" 44: rounded down, so it is not what says when to stop."""
    (one,) = searches(recorded, "se")
    answer = PRV.read(Page(one.body, query=SearchQuery(owner="IKEA")))
    assert (answer.total, answer.rows) == (89, 2)
    assert answer.more is not None
    assert answer.more.body is not None
    following = json.loads(answer.more.body)
    assert (following["page"], following["pageSize"]) == (1, 2)


def test_a_recorded_filing_is_found_by_its_number(recorded: Path) -> None:
    (one,) = searches(recorded, "fi")
    (by_number,) = PRH.read(Page(one.body, query=RecordQuery(("T199401652",)))).readings
    assert by_number.record.verbal_element == "Audi-Bank"
    (by_registration,) = PRH.read(Page(one.body, query=RecordQuery(("773197",), "registration"))).readings
    assert by_registration.record.international_registration_number == "773197"
