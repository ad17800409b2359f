"""PRH: a form of 21 texts, an answer without pages, rows of few fields."""

from __future__ import annotations

import datetime as dt
import json
from typing import Any

import pytest

from tmwatch.errors import Incomplete, LayoutChanged, LookError, NotFound, NotThisSource, Outcome, UsageError
from tmwatch.model import Live, Phase
from tmwatch.numbers import parse_number
from tmwatch.sources.base import Answer, Page, Query, RecordQuery, SearchQuery
from tmwatch.sources.fi import prh
from tmwatch.sources.fi.prh import SOURCE
from tmwatch.sources.narrowing import filtered

BY_OWNER = SearchQuery(owner="Esimerkki Satama")


def row(number: str | None = "T202099901", **other: Any) -> dict[str, Any]:
    return {
        "dossierId": 1,
        "applicationNumber": number,
        "registrationNumber": None,
        "dossierStatus": "Registered",
        "dossierSubType": "Word",
        "applicationDate": "2020-05-04",
        "registrationDate": None,
        "expirationDate": None,
        "applicants": [{"name": "Esimerkki Satama Oy", "ordinal": 1}],
        "representatives": [],
        "priorities": [],
        "trademarkWord": "SAMPLE HARBOUR",
        "trademarkHasImage": False,
        "goodsAndServices": [{"classNumber": 39, "ordinal": 1}],
        "targetGroup": None,
        "locarnos": [],
        "designs": [],
        "imageUrl": None,
        "thumbnailUrl": None,
        "largeThumbnailUrl": None,
        "ordinal": 1,
        **other,
    }


def page(rows: list[Any], total: Any = None, query: Query | None = BY_OWNER) -> Page:
    answer = {"totalResults": len(rows) if total is None else total, "results": rows}
    return Page(json.dumps(answer, ensure_ascii=False).encode(), query=query)


def read(rows: list[Any], total: Any = None, query: Query | None = BY_OWNER) -> Answer:
    return SOURCE.read(page(rows, total, query))


def form(query: Query) -> dict[str, str]:
    (request,) = SOURCE.requests(query)
    assert request.body is not None
    sent = json.loads(request.body)
    assert len(sent) == 21
    return {key: value for key, value in sent.items() if value}


def test_every_part_that_it_can_ask_for_goes_into_the_form_and_the_classes_do_not() -> None:
    query = SearchQuery(
        mark="SÄILIÖ", owner="Satama", agent="Malli", filed_since=dt.date(2026, 1, 2), classes=(12,)
    )
    assert form(query) == {
        "trademarkWord": "SÄILIÖ",
        "applicantName": "Satama",
        "representativeName": "Malli",
        "applicationStartDate": "2026-01-02",
    }
    assert filtered(SOURCE.declaration, query) == ("classes",)


def test_a_number_is_asked_for_as_what_it_is() -> None:
    assert form(RecordQuery(("T202099901",))) == {"applicationNumber": "T202099901"}
    assert form(RecordQuery(("999901",), "registration")) == {"registrationNumber": "999901"}
    assert len(SOURCE.requests(RecordQuery(("T202099901", "T202099902")))) == 2


@pytest.mark.parametrize(
    "query", [SearchQuery(), SearchQuery(classes=(9,)), RecordQuery(("1",), "international")]
)
def test_what_it_cannot_be_asked_is_refused_with_what_to_ask(query: Query) -> None:
    with pytest.raises(UsageError):
        SOURCE.requests(query)


def test_an_answer_at_the_limit_may_lack_others_and_is_incomplete(monkeypatch: pytest.MonkeyPatch) -> None:
    assert prh.MOST_ROWS == 3000
    monkeypatch.setattr(prh, "MOST_ROWS", 300)
    many = [row(f"T2020{n:05}") for n in range(1, 301)]
    with pytest.raises(Incomplete) as caught:
        read(many)
    assert "it never gives more than 300" in str(caught.value)
    assert "narrower" in caught.value.do
    assert len(read(many[:-1]).readings) == 299


@pytest.mark.parametrize(("total", "error"), [(3, Incomplete), (1, LayoutChanged), ("many", LayoutChanged)])
def test_the_offices_own_count_must_be_what_came(total: Any, error: type[LookError]) -> None:
    with pytest.raises(error):
        read([row("T202099901"), row("T202099902")], total)


def test_no_filing_is_an_answer_to_a_search_and_not_found_for_a_number() -> None:
    empty = read([])
    assert (empty.readings, empty.total, empty.rows) == ((), 0, 0)
    with pytest.raises(NotFound):
        read([], query=RecordQuery(("T202099901",)))


def test_a_neighbour_that_the_form_finds_too_is_not_the_filing_asked_for() -> None:
    rows = [row("T202099901"), row("T202099902")]
    assert [
        one.record.application_number for one in read(rows, query=RecordQuery(("T202099902",))).readings
    ] == ["T202099902"]
    with pytest.raises(NotFound):
        read(rows, query=RecordQuery(("T202099903",)))


def test_a_figurative_mark_has_no_text_and_an_application_no_registration() -> None:
    (one,) = read([row(trademarkWord=None, dossierSubType="Figurative")]).readings
    assert one.record.verbal_element is None
    assert one.record.gives("verbal_element"), "shown, and empty"
    assert one.record.registration_number is None
    assert not one.record.gives("events"), "a list shows no history, so it removes none"


def test_a_madrid_designation_keeps_its_number_and_the_international_one() -> None:
    (one,) = read([row("W200299903", registrationNumber="9999003")]).readings
    assert one.record.st13 == "FI502002000W99903"
    assert one.record.international_registration_number == "9999003"
    assert one.record.filing_route == "madrid_designation"


def test_an_entry_in_the_list_of_marks_with_a_reputation_is_never_the_filing_of_that_number() -> None:
    (filing,) = read([row()]).readings
    (entry,) = read([row(dossierStatus="TMR_Admitted", targetGroup="satamien asiakkaat")]).readings
    assert filing.record.st13 != entry.record.st13
    assert entry.record.description == "Known among: satamien asiakkaat"
    (by_registration,) = read(
        [row(None, registrationNumber="91", dossierStatus="TMR_Removed_not_renewed")]
    ).readings
    assert (by_registration.record.status_phase, by_registration.record.status_live) == (
        Phase.EXPIRED,
        Live.DEAD,
    )


@pytest.mark.parametrize(
    ("number", "registered", "identity"),
    [
        ("TMR200700012", None, "FI5020070TMR00012"),
        ("TMR 2007/12", "91", "FI5020070000TMR12"),
        ("12", "91", "FI5000000000TMR12"),
        (None, "91", "FI5000000000TMR91"),
        (None, None, "FI50000000000TMR1"),
    ],
)
def test_an_entry_has_an_identity_however_that_list_numbers_it(
    number: str | None, registered: str | None, identity: str
) -> None:
    entry = row(number, registrationNumber=registered, dossierStatus="TMR_Admitted")
    assert read([entry]).readings[0].record.st13 == identity


def test_an_unknown_status_or_kind_is_reported_and_never_guessed() -> None:
    (one,) = read([row(dossierStatus="Sunk", dossierSubType="Smell")]).readings
    assert (one.record.status_phase, one.record.status_live) == (Phase.UNKNOWN, Live.UNKNOWN)
    assert one.record.status_text == "Sunk"
    assert one.unknown_words == ("Sunk",)
    assert one.unclaimed == ("dossierSubType = Smell",)
    assert one.record.mark_feature_code == "Smell"
    assert not one.record.gives("mark_feature")


def test_rows_and_people_in_another_order_are_the_same_records() -> None:
    rows = [
        row(applicants=[{"name": n, "ordinal": k} for n, k in (("A Oy", 1), ("B Oy", 2))]),
        row("T202099902"),
    ]
    other = [rows[1], row(applicants=[{"name": n, "ordinal": k} for n, k in (("B Oy", 2), ("A Oy", 1))])]
    assert {one.record for one in read(rows).readings} == {one.record for one in read(other).readings}


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"applicationDate": "4.5.2020"}, "applicationDate"),
        ({"goodsAndServices": [{"classNumber": "nine"}]}, "classNumber"),
        ({"applicants": {"name": "x"}}, "applicants"),
        ({"trademarkWord": ["x"]}, "trademarkWord"),
    ],
)
def test_a_row_that_cannot_be_read_without_guessing_refuses_the_page_and_names_itself(
    change: dict[str, Any], said: str
) -> None:
    with pytest.raises(LayoutChanged) as caught:
        read([row("T202099902"), row(**change)])
    assert said in str(caught.value)
    assert "row 2" in str(caught.value)


@pytest.mark.parametrize(
    ("body", "outcome"),
    [
        (b"<html><body>Huoltokatko</body></html>", Outcome.LAYOUT_CHANGED),
        (b'{"error":"Bad Request","status":400}', Outcome.SERVER_ERROR),
        (b'{"totalResults":2}', Outcome.LAYOUT_CHANGED),
        ('{"totalResults":1,"results":[]}'.encode("utf-16"), Outcome.LAYOUT_CHANGED),
        (b'{"totalResults":5,"results":[]}', Outcome.INCOMPLETE),
    ],
)
def test_what_stands_in_the_place_of_an_answer_has_its_own_outcome(body: bytes, outcome: Outcome) -> None:
    with pytest.raises(LookError) as caught:
        SOURCE.read(Page(body, query=BY_OWNER))
    assert caught.value.outcome is outcome
    assert caught.value.do


def test_the_design_search_beside_it_is_not_taken_for_it() -> None:
    with pytest.raises(NotThisSource):
        read([row(locarnos=[{"classNumber": "06-01", "ordinal": 1}])])


# -- odd rows ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "number", ["2025-05038-1", "T202099901-1", "T2020/99901/A", "T2020999011", "2020/1 and more", None]
)
def test_a_number_of_a_form_never_seen_is_nobody_else_s_and_costs_its_own_row_only(
    number: str | None,
) -> None:
    answer = read([row("T202099901"), row(number, trademarkWord="ANOTHER"), row("T202099902")])
    assert [one.record.st13 for one in answer.readings] == ["FI502020000T99901", "FI502020000T99902"]
    (said,) = answer.unread
    assert said.startswith("row 2: `applicationNumber` is no Finnish number")
    assert (answer.rows, answer.total) == (3, 3)


def test_where_most_numbers_have_a_form_never_seen_it_is_another_layout() -> None:
    with pytest.raises(LayoutChanged, match="row 1"):
        read([row("2025-05038-1")])
    with pytest.raises(LayoutChanged):
        read([row("2020-1-1"), row("2020-1-2"), row("T202099901")])


def test_a_filing_that_may_stand_in_a_row_nobody_can_read_is_not_called_gone() -> None:
    rows = [row("T202099902"), row("T202099901-1")]
    with pytest.raises(Incomplete) as caught:
        read(rows, query=RecordQuery(("T202099901",)))
    assert "T202099901-1" in str(caught.value)
    answer = read(rows, query=RecordQuery(("T202099902",)))
    assert len(answer.readings) == 1
    assert not answer.unread, "a neighbour that was not asked for"


def test_a_designation_with_a_letter_for_its_part_is_a_filing_of_its_own() -> None:
    rows = [row("W9999003"), row("W9999003A", registrationNumber="9999003A"), row("W200299903")]
    found = [one.record for one in read(rows).readings]
    assert [one.st13 for one in found] == ["FI5000000W9999003", "FI500000W9999003A", "FI502002000W99903"]
    assert [one.international_registration_number for one in found] == ["9999003", "9999003A", None]
    assert {one.filing_route for one in found} == {"madrid_designation"}
    assert parse_number("FI W9999003A").st13 == found[1].st13, "so it can be watched"
    assert parse_number(found[1].st13).number == "W9999003A"


@pytest.mark.parametrize("number", ["12-1", "TMR 2007/12-1", "TMR12A"])
def test_an_entry_of_the_list_with_a_number_that_cannot_be_read_takes_no_other_number(number: str) -> None:
    entry = row(number, registrationNumber="91", dossierStatus="TMR_Admitted")
    answer = read([row("12", dossierStatus="TMR_Admitted"), entry])
    assert [one.record.st13 for one in answer.readings] == ["FI5000000000TMR12"]
    assert len(answer.unread) == 1


def test_an_entry_of_the_list_is_typed_in_as_it_is_shown() -> None:
    assert parse_number("FI5000000000TMR12").number == "TMR12"


def test_rows_of_one_filing_that_contradict_each_other_are_not_believed_and_equal_ones_are_one() -> None:
    answer = read([row("T202099901"), row("T202099902"), row("T202099901", dossierStatus="Expired")])
    assert [one.record.application_number for one in answer.readings] == ["T202099902"]
    assert answer.unread == ("rows 1 and 3: all are FI502020000T99901, and they contradict each other",)
    assert read([row(), row(ordinal=2)]).unread == ()


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"applicants": [{"name": "A Oy", "ordinal": 1}, {"name": None, "ordinal": 2}]}, "owners"),
        ({"goodsAndServices": [{"classNumber": 9}, {"classNumber": None}]}, "classes"),
        ({"representatives": [{"name": "B Oy"}, {"name": ""}]}, "representatives"),
    ],
)
def test_a_list_with_a_gap_takes_nothing_away(change: dict[str, Any], field: str) -> None:
    (one,) = read([row(**change)]).readings
    assert not one.record.gives(field), "the one that is not shown would read as gone"
    assert any(line.startswith(field) for line in one.unclaimed)


def test_a_number_written_as_a_fraction_is_the_number_and_one_that_is_none_is_refused() -> None:
    (one,) = read([row(registrationNumber=49497.0)]).readings
    assert one.record.registration_number == "49497"
    with pytest.raises(LayoutChanged):
        read([row(registrationNumber=float("nan"))])
