"""PRV: one text for everything, pages from 0, two words for each status."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tmwatch.errors import Incomplete, LayoutChanged, LookError, Outcome, UsageError
from tmwatch.model import Live, Phase
from tmwatch.sources.base import Answer, Page, Query, RecordQuery, Request, SearchQuery
from tmwatch.sources.narrowing import filtered
from tmwatch.sources.se.prv import PAGE_SIZE, SOURCE

BY_OWNER = SearchQuery(owner="Exempel Hamn")


def row(number: str = "2025-99901", **other: Any) -> dict[str, Any]:
    return {
        "idTrademark": 1,
        "applicants": [{"name": "Exempel Hamn AB", "address": "Hamngatan 1 211 19 Malmö, SE, 559900-5058"}],
        "applicationNumber": number,
        "classes": ["39"],
        "dossierTypeEn": "National trademark",
        "dossierTypeSv": "Nationellt varumärke",
        "expiryDate": None,
        "filingDate": "2025-10-01",
        "markFeatureEn": "Word",
        "markFeatureSv": "Ord",
        "markSpecification": "EXEMPELHAMN",
        "registrationNumber": None,
        "representatives": ["Byrån Exempel AB, Box 1 203 13 Malmö, SE, 559900-5319"],
        "statusEn": "Registered",
        "statusSv": "Registrerad",
        **other,
    }


def rows(first: int, last: int) -> list[dict[str, Any]]:
    return [row(f"2020-{number:05}") for number in range(first, last + 1)]


def page(found: list[Any], total: int | None = None, query: Query | None = BY_OWNER, **other: Any) -> Page:
    answer = {
        "totalHits": len(found) if total is None else total,
        "totalPages": 0,
        "hits": len(found),
        "page": query.page - 1 if isinstance(query, SearchQuery) else 0,
        "trademarks": found,
        **other,
    }
    return Page(json.dumps(answer, ensure_ascii=False).encode(), query=query)


def read(found: list[Any], total: int | None = None, query: Query | None = BY_OWNER) -> Answer:
    return SOURCE.read(page(found, total, query))


def sent(request: Request | None) -> dict[str, Any]:
    assert request is not None
    assert request.body is not None
    return dict(json.loads(request.body))


def test_one_text_is_searched_for_and_the_rest_is_narrowed_afterwards() -> None:
    query = SearchQuery(mark="EXEMPELHAMN", owner="Exempel Hamn AB", classes=(39,))
    (request,) = SOURCE.requests(query)
    assert sent(request)["simpleSearchText"] == "EXEMPELHAMN"
    assert filtered(SOURCE.declaration, query) == ("mark", "owner", "classes")


@pytest.mark.parametrize(
    "query", [SearchQuery(), SearchQuery(classes=(9,)), RecordQuery(("1",), "international")]
)
def test_what_it_cannot_be_asked_is_refused(query: Query) -> None:
    with pytest.raises(UsageError):
        SOURCE.requests(query)


def test_pages_are_turned_until_every_hit_was_read() -> None:
    asked: list[tuple[int, int]] = []
    total = 2 * PAGE_SIZE + 1
    every = rows(1, total)
    (request,) = SOURCE.requests(BY_OWNER)
    got: list[str] = []
    waiting: Request | None = request
    while waiting is not None:
        body = sent(waiting)
        asked.append((body["page"], body["pageSize"]))
        start = body["page"] * body["pageSize"]
        answer = SOURCE.read(page(every[start : start + body["pageSize"]], total, waiting.query))
        got += [one.record.application_number or "" for one in answer.readings]
        waiting = answer.more
    assert asked == [(0, PAGE_SIZE), (1, PAGE_SIZE), (2, PAGE_SIZE)]
    assert len(set(got)) == total


def test_a_server_that_gives_less_at_once_is_asked_on_in_its_own_size() -> None:
    every, got = rows(1, 45), []
    answer = SOURCE.read(page(every[:20], 45))
    got += list(answer.readings)
    while answer.more is not None:
        body = sent(answer.more)
        assert body["pageSize"] == 20
        start = body["page"] * 20
        answer = SOURCE.read(page(every[start : start + 20], 45, answer.more.query))
        got += list(answer.readings)
    assert len({one.record.st13 for one in got}) == 45


def test_a_page_that_lacks_rows_is_incomplete() -> None:
    more = read(rows(1, PAGE_SIZE), 3 * PAGE_SIZE).more
    assert more is not None
    with pytest.raises(Incomplete):
        read(rows(1, PAGE_SIZE - 3), 3 * PAGE_SIZE, more.query)
    with pytest.raises(Incomplete):
        read([], 7)
    with pytest.raises(Incomplete):
        SOURCE.read(page(rows(1, 2), 3, hits=3))
    with pytest.raises(LayoutChanged):
        read(rows(1, 3), 2)


def test_a_number_is_looked_for_and_only_its_own_row_taken() -> None:
    found = read([row("2025-99901"), row("2025-99902")], query=RecordQuery(("2025-99902",)))
    assert [one.record.application_number for one in found.readings] == ["2025-99902"]


def test_a_number_that_the_text_search_does_not_show_proves_nothing() -> None:
    with pytest.raises(Incomplete) as caught:
        read([], query=RecordQuery(("2025-99909",)))
    assert "never seen" in caught.value.do


@pytest.mark.parametrize(
    ("swedish", "english", "phase", "live", "unknown"),
    [
        ("Registrerad", "Registered", Phase.REGISTERED, Live.LIVE, ()),
        ("Avskriven", "Dismissed", Phase.ABANDONED, Live.DEAD, ()),
        ("Återkallad", "Withdrawn", Phase.WITHDRAWN, Live.DEAD, ()),
        ("Registrerad", "Sunk", Phase.UNKNOWN, Live.UNKNOWN, ("Sunk",)),
        ("Sjunken", "Registered", Phase.UNKNOWN, Live.UNKNOWN, ("Sjunken",)),
        ("Registrerad", "Withdrawn", Phase.UNKNOWN, Live.UNKNOWN, ("Registrerad / Withdrawn",)),
        (None, None, Phase.UNKNOWN, Live.UNKNOWN, ()),
        (None, "Withdrawn", Phase.UNKNOWN, Live.UNKNOWN, ()),
    ],
)
def test_both_words_of_a_status_must_be_known_and_mean_the_same(
    swedish: str | None, english: str | None, phase: Phase, live: Live, unknown: tuple[str, ...]
) -> None:
    (one,) = read([row(statusSv=swedish, statusEn=english)]).readings
    assert (one.record.status_phase, one.record.status_live, one.unknown_words) == (phase, live, unknown)
    assert (one.record.status_code, one.record.status_text) == (swedish, english)


def test_an_address_ends_in_country_and_company_number_and_a_personal_number_is_nobodys_business() -> None:
    people = [
        {"name": "Exempel Hamn AB", "address": "Hamngatan 1 211 19 Malmö, SE, 559900-5058"},
        {"name": "Sample Centres A/S", "address": "Eksempelvej 390, DK"},
        {"name": "Sample Ltd", "address": "1 Harbour Road, London"},
        {"name": "Sole Trader", "address": "Hamngatan 2, SE, 700101-0000"},
    ]
    (one,) = read([row(applicants=people)]).readings
    assert [(p.address_lines, p.country, p.identifier) for p in one.record.owners] == [
        (("Hamngatan 1 211 19 Malmö",), "SE", "559900-5058"),
        (("Eksempelvej 390",), "DK", None),
        (("1 Harbour Road, London",), None, None),
        (("Hamngatan 2",), "SE", None),
    ]
    assert [agent.name for agent in one.record.representatives] == ["Byrån Exempel AB"]


def test_a_representative_given_as_an_object_is_read_and_what_it_holds_besides_reported() -> None:
    agent = {"name": "Byrån Exempel AB", "address": None, "fax": "none"}
    (one,) = read([row(representatives=[agent])]).readings
    assert [party.name for party in one.record.representatives] == ["Byrån Exempel AB"]
    assert any("fax = none" in line for line in one.unclaimed)


@pytest.mark.parametrize(
    "change",
    [
        {"classes": ["nine"]},
        {"filingDate": "1/10/2025"},
        {"representatives": "Byrån"},
    ],
)
def test_a_row_that_cannot_be_read_without_guessing_refuses_the_page(change: dict[str, Any]) -> None:
    with pytest.raises(LayoutChanged):
        read([row("2025-99902"), row(**change)])


@pytest.mark.parametrize(
    ("body", "outcome"),
    [
        (b"<html>Driftstopp</html>", Outcome.LAYOUT_CHANGED),
        (b'{"message":"page must not be null"}', Outcome.SERVER_ERROR),
        (b'{"totalHits":1,"trademarks":null}', Outcome.LAYOUT_CHANGED),
        (b'{"totalHits":-1,"trademarks":[]}', Outcome.LAYOUT_CHANGED),
        (b"[]", Outcome.LAYOUT_CHANGED),
    ],
)
def test_what_stands_in_the_place_of_an_answer_has_its_own_outcome(body: bytes, outcome: Outcome) -> None:
    with pytest.raises(LookError) as caught:
        SOURCE.read(Page(body, query=BY_OWNER))
    assert caught.value.outcome is outcome


@pytest.mark.parametrize("born", ["19640101-1234", "640101+1234", "640101-1234"])
def test_no_personal_number_is_kept(born: str) -> None:
    people = [{"name": "Exempel AB", "address": f"Gatan 1, SE, {born}"}, {"name": "Prov", "address": born}]
    (one,) = read([row(applicants=people)]).readings
    assert "1234" not in one.record.model_dump_json()
    assert one.record.owners[0].country == "SE"


# -- odd rows ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("number", ["2025-99901/A", "2025-99901-1", "2025-99901 A", "about 2025", ""])
def test_a_number_of_a_form_never_seen_costs_its_own_row_only(number: str) -> None:
    answer = read([row("2025-99901"), row(number, markSpecification="ANOTHER"), row("2025-99902")])
    assert [one.record.st13 for one in answer.readings] == ["SE502025000099901", "SE502025000099902"]
    (said,) = answer.unread
    assert said.startswith("row 2: `applicationNumber` is no Swedish number")
    assert answer.rows == 3


def test_where_most_numbers_have_a_form_never_seen_it_is_another_layout() -> None:
    with pytest.raises(LayoutChanged):
        read([row("2025-99901/A"), row("2025-99902/A"), row("2025-99903")])


def test_a_number_that_may_stand_in_such_a_row_is_looked_up_without_a_word_on_its_end() -> None:
    with pytest.raises(Incomplete, match="2025-99901/A"):
        read([row("2025-99902"), row("2025-99901/A")], query=RecordQuery(("2025-99901",)))


def test_a_server_that_gives_the_first_page_twice_has_not_given_all() -> None:
    more = read(rows(1, PAGE_SIZE), 2 * PAGE_SIZE).more
    assert more is not None
    with pytest.raises(Incomplete):
        SOURCE.read(page(rows(1, PAGE_SIZE), 2 * PAGE_SIZE, more.query, page=0))


@pytest.mark.parametrize(
    ("change", "field"),
    [
        (
            {"applicants": [{"name": "Exempel AB", "address": None}, {"name": None, "address": "SE"}]},
            "owners",
        ),
        ({"classes": ["39", None]}, "classes"),
    ],
)
def test_a_list_with_a_gap_takes_nothing_away(change: dict[str, Any], field: str) -> None:
    (one,) = read([row(**change)]).readings
    assert not one.record.gives(field)
    assert any(line.startswith(field) for line in one.unclaimed)


def test_rows_of_one_filing_that_contradict_each_other_are_not_believed() -> None:
    other = row("2025-99901", statusSv="Avskriven", statusEn="Dismissed")
    answer = read([row("2025-99901"), row("2025-99902"), other])
    assert [one.record.application_number for one in answer.readings] == ["2025-99902"]
    assert "rows 1 and 3" in answer.unread[0]


def test_a_list_that_has_shrunk_since_its_first_page_is_incomplete_and_no_new_layout() -> None:
    more = read(rows(1, PAGE_SIZE), 3 * PAGE_SIZE).more
    assert more is not None
    with pytest.raises(Incomplete):
        read(rows(1, PAGE_SIZE), PAGE_SIZE + 2, more.query)
