"""The Ukrainian open data: what may be asked, pages without following addresses, the colour as the status.

All answers here are made after the office's JSON Schema and server source; no recording has been seen.
"""

from __future__ import annotations

import copy
import datetime as dt
import json
from collections.abc import Callable
from typing import Any

import pytest

from tests.conftest import ROOT, recorded_folder
from tmwatch.errors import Incomplete, LayoutChanged, LookError, NotThisSource, Outcome, UsageError
from tmwatch.model import Live, Phase, TradeMark
from tmwatch.sources.base import Answer, Page, Query, RecordQuery, SearchQuery
from tmwatch.sources.narrowing import filtered
from tmwatch.sources.ua.nipo import SOURCE

FIXTURES = ROOT / "fixtures" / "ua.nipo"
SINCE = SearchQuery(changed_since=dt.date(2026, 11, 1))


def fixture(name: str) -> dict[str, Any]:
    return dict(json.loads((FIXTURES / name / "page.json").read_text(encoding="utf-8")))


def page(answer: Any, query: Query | None = None) -> Page:
    return Page(json.dumps(answer, ensure_ascii=False).encode(), query=query)


def read(answer: Any, query: Query | None = None) -> Answer:
    return SOURCE.read(page(answer, query))


def record(answer: Any) -> TradeMark:
    (one,) = read(answer).readings
    return one.record


# -- asking ------------------------------------------------------------------------------------------------


def test_a_number_is_asked_for_with_its_small_letter_and_a_registration_by_its_own() -> None:
    (request,) = SOURCE.requests(RecordQuery(("M202399901",)))
    assert (request.path, request.params) == ("/api/v1/open-data/m202399901/", {"obj_type": "4"})
    (request,) = SOURCE.requests(RecordQuery(("999902",), "registration"))
    assert request.path == "/api/v1/open-data/999902/"


def test_owner_and_dates_are_asked_for_in_the_offices_own_form() -> None:
    query = SearchQuery(
        owner="Приклад Гавань",
        filed_since=dt.date(2026, 1, 2),
        changed_since=dt.date(2026, 11, 3),
        classes=(9,),
    )
    (request,) = SOURCE.requests(query)
    assert request.params == {
        "obj_type": "4",
        "subject_name": "Приклад Гавань",
        "app_date_from": "02.01.2026",
        "last_update_from": "03.11.2026",
    }
    assert filtered(SOURCE.declaration, query) == ("classes",)


def test_a_mark_is_looked_for_within_dates_and_without_them_refused_with_the_reason() -> None:
    assert filtered(SOURCE.declaration, SearchQuery(mark="ГАВАНЬ", changed_since=dt.date(2026, 11, 3))) == (
        "mark",
    )
    with pytest.raises(UsageError) as caught:
        SOURCE.requests(SearchQuery(mark="ГАВАНЬ"))
    assert "whole register" in str(caught.value)
    assert "date" in caught.value.do


@pytest.mark.parametrize(
    "query", [SearchQuery(), RecordQuery(("1266721",), "international"), RecordQuery(("../x?y",))]
)
def test_what_it_cannot_be_asked_is_refused(query: Query) -> None:
    with pytest.raises(UsageError):
        SOURCE.requests(query)


# -- pages -------------------------------------------------------------------------------------------------


def listed(count: int, rows: list[Any], following: Any = None, previous: Any = None) -> dict[str, Any]:
    return {"count": count, "next": following, "previous": previous, "results": rows}


def test_of_the_next_address_only_the_page_number_is_taken() -> None:
    evil = "https://elsewhere.example/steal?obj_type=1&page=2&subject_name=x"
    answer = read(listed(11, [fixture("application")] * 10, evil), SINCE)
    assert answer.more is not None
    assert answer.more.path == "/api/v1/open-data/"
    assert answer.more.params == {"obj_type": "4", "last_update_from": "01.11.2026", "page": "2"}
    assert (answer.total, answer.rows) == (11, 10)


@pytest.mark.parametrize(
    "following", ["https://sis.nipo.gov.ua/?page=7", "https://sis.nipo.gov.ua/", "page two", 2, {"page": 2}]
)
def test_a_next_page_that_is_not_the_next_one_is_refused(following: Any) -> None:
    with pytest.raises(LayoutChanged):
        read(listed(11, [fixture("application")], following), SINCE)


@pytest.mark.parametrize(
    "answer",
    [listed(3, []), listed(3, [1]), listed(0, [1])],
    ids=["none of three", "one of three and no next page", "one of none"],
)
def test_fewer_or_more_rows_than_counted_are_incomplete(answer: dict[str, Any]) -> None:
    answer["results"] = [fixture("application") for _ in answer["results"]]
    with pytest.raises(Incomplete):
        read(answer, SINCE)


def test_nothing_changed_is_an_answer() -> None:
    answer = read(listed(0, []), SINCE)
    assert (answer.readings, answer.total, answer.rows, answer.more) == ((), 0, 0, None)


def test_the_answer_to_a_number_that_is_another_filing_is_called_missing() -> None:
    answer = read(fixture("application"), RecordQuery(("M202399999",)))
    assert answer.missing == ("M202399999",)
    assert read(fixture("registration-renewed"), RecordQuery(("999902",), "registration")).missing == ()


# -- status ------------------------------------------------------------------------------------------------


def test_a_number_of_a_form_never_seen_is_nobody_else_s_and_costs_its_own_row_only() -> None:
    plain = {**fixture("application"), "app_number": "98072341"}
    plain["data"] = {**plain["data"], "ApplicationNumber": "98072341"}
    odd = {**plain, "app_number": "9807234-1", "data": {**plain["data"], "ApplicationNumber": "9807234-1"}}
    answer = read(listed(3, [fixture("application"), odd, plain]), SearchQuery(owner="x"))
    assert [one.record.st13 for one in answer.readings][1:] == ["UA500000098072341"]
    assert answer.unread == ("row 2: `app_number` is no Ukrainian number: 9807234-1",)


def test_goods_that_an_answer_left_empty_take_no_class_away() -> None:
    answer = changed("application", lambda one: one["data"].update(GoodsServicesDetails=None))
    assert not record(answer).gives("classes")


def changed(name: str, change: Callable[[dict[str, Any]], object]) -> dict[str, Any]:
    answer = copy.deepcopy(fixture(name))
    change(answer)
    return answer


def test_the_colour_of_a_registration_counts_and_active_says_nothing() -> None:
    assert (record(fixture("registration-renewed")).status_live, Live.LIVE) == (Live.LIVE, Live.LIVE)
    red = changed("registration-renewed", lambda one: one["data"].update(registration_status_color="red"))
    assert red["data"]["application_status"] == "active"
    found = record(red)
    assert (found.status_live, found.status_text) == (Live.DEAD, "red")


def test_a_red_registration_whose_term_is_over_expired() -> None:
    red = changed("registration-renewed", lambda one: one["data"].update(registration_status_color="red"))
    assert record(red).expiry_date == dt.date(2026, 3, 1)
    assert record(red).status_phase is Phase.EXPIRED


def test_a_red_registration_that_ended_before_its_term_has_no_known_cause() -> None:
    found = record(fixture("registration-ended"))
    assert found.termination_date is not None
    assert found.expiry_date is not None
    assert found.termination_date < found.expiry_date
    assert (found.status_phase, found.status_live) == (Phase.UNKNOWN, Live.DEAD)


@pytest.mark.parametrize(
    ("kind", "phase"),
    [
        ("TerminationNoRenewalFee", Phase.EXPIRED),
        ("TotalTerminationByOwner", Phase.SURRENDERED),
        ("TotalInvalidationByCourt", Phase.INVALIDATED),
        ("TotalTerminationByCourt", Phase.CANCELLED),
        ("TotalInvalidationByAppeal", Phase.INVALIDATED),
    ],
)
@pytest.mark.parametrize("alone", [True, False])
def test_where_the_last_transaction_is_shown_it_says_why(kind: str, phase: Phase, alone: bool) -> None:
    last = {"@type": kind}
    transactions = {"Transaction": last if alone else [{"@type": "Prolongation"}, last]}
    found = record(changed("registration-ended", lambda one: one["data"].update(Transactions=transactions)))
    assert (found.status_phase, found.termination_kind) == (phase, kind)


def test_an_unknown_colour_is_unknown_and_reported() -> None:
    answer = changed(
        "registration-renewed", lambda one: one["data"].update(registration_status_color="yellow")
    )
    (one,) = read(answer).readings
    assert (one.record.status_phase, one.record.status_live) == (Phase.UNKNOWN, Live.UNKNOWN)
    assert one.unknown_words == ("yellow",)


def test_a_stopped_application_is_dead_and_nobody_says_why() -> None:
    found = record(changed("application", lambda one: one["data"].update(application_status="stopped")))
    assert (found.status_phase, found.status_live) == (Phase.UNKNOWN, Live.DEAD)


# -- dates and shapes --------------------------------------------------------------------------------------


def test_the_end_after_a_renewal_counts_and_not_the_first_one() -> None:
    answer = fixture("registration-renewed")
    assert answer["data"]["ExpiryDate"] == "2016-03-01"
    assert record(answer).expiry_date == dt.date(2026, 3, 1)
    assert record(answer).renewal_dates == (dt.date(2016, 2, 10),)


@pytest.mark.parametrize(
    "written", ["2023-01-05T00:00:00+02:00", "2023-01-04T22:00:00Z", "2023-01-05T00:00:00", "2023-01-05"]
)
def test_midnight_in_kyiv_is_that_day_also_where_it_is_written_in_utc(written: str) -> None:
    def change(answer: dict[str, Any]) -> None:
        answer["app_date"] = written
        del answer["data"]["ApplicationDate"]

    assert record(changed("application", change)).application_date == dt.date(2023, 1, 5)


def _singles(value: Any) -> Any:
    """Every list of one object as that object, as XML made JSON has it."""
    if isinstance(value, dict):
        return {key: _singles(inner) for key, inner in value.items()}
    if isinstance(value, list):
        return (
            _singles(value[0])
            if len(value) == 1 and isinstance(value[0], dict)
            else [_singles(v) for v in value]
        )
    return value


@pytest.mark.parametrize("name", ["application", "registration-renewed"])
def test_a_value_may_stand_alone_or_in_a_list_of_one(name: str) -> None:
    answer = fixture(name)
    assert record(_singles(answer)) == record(answer)


@pytest.mark.parametrize("key", ["GoodsServicesDetails", "WordMarkSpecification"])
def test_what_the_schema_lets_be_null_is_given_and_empty(key: str) -> None:
    found = record(changed("application", lambda one: one["data"].update({key: None})))
    assert (found.classes if key == "GoodsServicesDetails" else found.verbal_element) in ((), None)


def test_documents_become_events_and_one_without_a_date_is_reported() -> None:
    def change(answer: dict[str, Any]) -> None:
        answer["data_docs"].append({"DocRecord": {"DocType": "Лист", "DocRegDate": None}})

    (one,) = read(changed("application", change)).readings
    assert [event.text for event in one.record.events] == [
        "Заява про реєстрацію",
        "Повідомлення про публікацію",
    ]
    assert one.unclaimed == ("data_docs: Лист, without a date",)


def test_a_number_within_that_differs_from_the_one_outside_is_reported() -> None:
    (one,) = read(changed("application", lambda a: a["data"].update(ApplicationNumber="m202300000"))).readings
    assert any("data.ApplicationNumber" in line for line in one.unclaimed)


def test_a_patent_is_not_taken_for_a_trade_mark() -> None:
    with pytest.raises(NotThisSource):
        read(changed("application", lambda one: one.update(obj_type_id=1)))


@pytest.mark.parametrize(
    "change",
    [
        lambda one: one.update(app_number="number unknown"),
        lambda one: one.update(obj_state=3),
        lambda one: one.update(data=None),
        lambda one: one.pop("data_docs"),
        lambda one: one["data"].pop("ApplicantDetails"),
        lambda one: one["data"].pop("application_status"),
        lambda one: one["data"].update(ProlongationDate="2033-01-05"),
        lambda one: one["data"].update(TrademarkNews="a text where something known is missing"),
    ],
)
def test_a_record_that_cannot_be_read_without_guessing_is_refused(
    change: Callable[[dict[str, Any]], object],
) -> None:
    with pytest.raises(LayoutChanged):
        read(changed("application", change))


@pytest.mark.parametrize(
    ("body", "outcome"),
    [
        (b"<html><body>Cloudflare</body></html>", Outcome.LAYOUT_CHANGED),
        (b'{"detail":"Request was throttled. Expected available in 1 second."}', Outcome.THROTTLED),
        (b'{"detail":"Invalid value of last_update_from"}', Outcome.SERVER_ERROR),
        (b'{"error":"database"}', Outcome.SERVER_ERROR),
        (b'{"count":7,"next":null,"previous":null,"results":[]}', Outcome.INCOMPLETE),
        (b'{"count":7,"previous":null,"results":[]}', Outcome.LAYOUT_CHANGED),
    ],
)
def test_what_stands_in_the_place_of_an_answer_has_its_own_outcome(body: bytes, outcome: Outcome) -> None:
    with pytest.raises(LookError) as caught:
        SOURCE.read(Page(body, query=SINCE))
    assert caught.value.outcome is outcome


# -- the office's own schema -------------------------------------------------------------------------------


@pytest.mark.parametrize("key", ["$schema", "openapi", "swagger"])
def test_a_document_that_describes_answers_is_no_answer_and_no_error_of_the_office(key: str) -> None:
    names = {name: {"type": "string"} for name in ("app_number", "obj_state", "data")}
    schema = {key: "https://sample.test/draft-07", "title": "Trademark", "properties": names}
    assert SOURCE.sniff(page(schema)) == 0
    with pytest.raises(NotThisSource) as refused:
        read(schema)
    assert "report" not in str(refused.value)


def test_a_title_is_an_error_of_the_office_only_beside_an_http_status() -> None:
    with pytest.raises(NotThisSource, match="no `app_number`"):
        read({"title": "Trademark"})
    with pytest.raises(LookError, match="states an error instead of an answer: Bad gateway") as stated:
        read({"title": "Bad gateway", "status": 502})
    assert stated.value.outcome is Outcome.SERVER_ERROR


def test_an_object_that_the_office_itself_sent_may_be_a_new_layout_and_is_to_be_reported() -> None:
    with pytest.raises(NotThisSource, match="Please report it"):
        SOURCE.read(Page(b'{"rows": []}', url="https://sis.nipo.gov.ua/api/v1/open-data/"))


def _sample(schema: dict[str, Any], key: str = "") -> Any:
    """A value for every property that the schema names, each once."""
    kinds = schema.get("type", "object")
    kind = kinds[0] if isinstance(kinds, list) else kinds
    if kind == "object" or "properties" in schema:
        return {name: _sample(inner, name) for name, inner in schema.get("properties", {}).items()}
    if kind == "array":
        items = schema.get("items", {})
        if "type" not in items and "properties" not in items:
            items = {"type": "object", "properties": items}
        return [_sample(items, key)]
    if "date" in schema.get("format", "") or key.endswith("Date"):
        return "2020-02-03"
    if key.lower().endswith("sequencenumber"):
        return "1"
    if key in {"ClassNumber", "obj_type_id"}:
        return {"ClassNumber": 9, "obj_type_id": 4}[key]
    return {"integer": 1, "boolean": True, "number": 1}.get(kind, f"sample {key}")


@pytest.mark.recorded
def test_everything_that_the_offices_schema_names_is_read_or_left_out_on_purpose() -> None:
    folder = recorded_folder()
    if folder is None:
        pytest.skip("no recordings here: the reader was NOT held against the office's schema")
    schema = json.loads((folder / "ua" / "trademark-json-schema.json").read_text(encoding="utf-8"))
    answer = _sample(schema)
    answer |= {"app_number": "m202099901", "obj_state": 2, "registration_number": "sample RegistrationNumber"}
    answer["data"] |= {"ApplicationNumber": "m202099901", "registration_status_color": "green"}
    (one,) = read(answer).readings
    # Words of a sample are in no table; nothing else may be left.
    assert sorted(one.unclaimed) == [
        "MarkFeature = sample MarkFeature",
        "stages: sample title is sample status",
    ]
    assert one.unknown_words == ()
    said = json.dumps(one.record.model_dump(mode="json"), ensure_ascii=False)
    for name in ("FreeFormatNameLine", "EDRPOU", "ClassificationTermText", "#text", "DocType", "Declamation"):
        assert f"sample {name}" in said, name


def test_a_renewal_that_is_null_takes_no_term_away() -> None:
    answer = fixture("registration-renewed")
    answer["data"] |= {"ProlonagationExpiryDate": None, "ProlongationDate": None, "ExpiryDate": "2030-01-01"}
    assert record(answer).expiry_date == dt.date(2030, 1, 1)
