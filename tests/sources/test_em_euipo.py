"""`em.euipo`: rows and records are read whole, and what is asked says exactly what was meant."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tmwatch.errors import Incomplete, LayoutChanged, UsageError
from tmwatch.numbers import parse_number
from tmwatch.sources.base import Page, RecordQuery, SearchQuery
from tmwatch.sources.em.euipo import SOURCE, rsql
from tmwatch.sources.registry import tell_source

FIXTURES = Path(__file__).parents[2] / "fixtures/em.euipo"


LISTED = "search-page"


def page(case: str) -> dict[str, Any]:
    loaded: dict[str, Any] = json.loads((FIXTURES / case / "page.json").read_bytes())
    return loaded


def read(answer: dict[str, Any], query: SearchQuery | RecordQuery | None = None) -> Any:
    return SOURCE.read(Page(json.dumps(answer).encode(), name="answer.json", query=query))


# -- what is asked --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("query", "asked"),
    [
        (SearchQuery(mark="JD Auto"), 'wordMarkSpecification.verbalElement=="*JD Auto*"'),
        (SearchQuery(owner='The "Sample" \\ Co'), r'applicants.name=="*The*\"Sample\"*\\*Co*"'),
        (
            SearchQuery(mark="a or b; status==REGISTERED"),
            'wordMarkSpecification.verbalElement=="*a or b; status==REGISTERED*"',
        ),
        (
            SearchQuery(agent="Firm", classes=(9, 12), filed_since=dt.date(2025, 1, 2)),
            'representatives.name=="*Firm*" and niceClasses=in=(9,12)'
            " and (applicationDate>=2025-01-02 or designationDate>=2025-01-02)",
        ),
        (SearchQuery(changed_since=dt.date(2026, 11, 1)), "updateDate>=2026-11-01"),
    ],
)
def test_a_search_is_put_in_the_office_s_language_and_a_name_stays_a_name(
    query: SearchQuery, asked: str
) -> None:
    assert rsql(query) == asked
    (request,) = SOURCE.requests(query)
    assert request.params["query"] == asked
    assert int(request.params["size"]) >= 10  # below, the API answers HTTP 400


@pytest.mark.parametrize(
    "query",
    [
        SearchQuery(mark="*"),
        SearchQuery(owner="**"),
        SearchQuery(),
        SearchQuery(classes=(9,)),
        RecordQuery(("12345678901",)),
        RecordQuery(("1266721",), "international"),
    ],
)
def test_what_it_cannot_answer_is_refused_before_it_is_asked(query: SearchQuery | RecordQuery) -> None:
    with pytest.raises(UsageError):
        SOURCE.requests(query)


@pytest.mark.parametrize(
    ("written", "st13"),
    [
        ("EM 018228224", "EM500000018228224"),
        ("EM W00928475", "EM500000W00928475"),
        ("EM W00999001A", "EM500000W0999001A"),
    ],
)
def test_numbers_of_applications_and_of_designations_are_understood(written: str, st13: str) -> None:
    number = parse_number(written)
    assert number.st13 == st13
    (request,) = SOURCE.requests(RecordQuery((number.number,)))
    assert request.path.endswith(number.number)
    assert request.headers["Accept-Language"] == "en"


# -- what is read ---------------------------------------------------------------------------------------


def test_the_opposition_period_is_that_of_the_office() -> None:
    (reading,) = read(page("published-for-opposition")).readings
    period = reading.record.opposition_period
    assert (period.start, period.end, period.source) == (dt.date(2026, 10, 3), dt.date(2027, 1, 4), "office")


@pytest.mark.parametrize(("filed_in", "shown"), [("it", "scarpe"), ("pl", "Schuhe")])
def test_goods_without_english_do_not_hang_on_the_order_of_the_answer(filed_in: str, shown: str) -> None:
    texts = [{"language": "fr", "terms": ["chaussures"]}, {"language": "it", "terms": ["scarpe"]}]
    texts.append({"language": "de", "terms": ["Schuhe"]})
    answer = page("record-with-everything") | {"applicationLanguage": filed_in, "niceClasses": [25]}
    told = [
        read(answer | {"goodsAndServices": [{"classNumber": 25, "description": order}]}).readings[0].record
        for order in (texts, texts[::-1])
    ]
    assert [one.classes[0].text for one in told] == [shown, shown]
    assert told[0].classes == told[1].classes


def test_a_language_that_stands_twice_in_a_class_loses_no_text() -> None:
    texts = [{"language": "en", "terms": ["shoes", "boots"]}, {"language": "en", "terms": ["boots", "hats"]}]
    goods = [{"classNumber": 25, "description": texts}]
    answer = page("record-with-everything") | {"niceClasses": [25], "goodsAndServices": goods}
    assert read(answer).readings[0].record.classes[0].text == "shoes; boots; hats"


@pytest.mark.parametrize("number", [None, "", "W12", "0182282341234"])
def test_a_row_whose_number_nobody_can_read_costs_itself_only(number: str | None) -> None:
    answer = page(LISTED)
    names = [one["applicationNumber"] for one in answer["trademarks"]]
    answer["trademarks"][0]["applicationNumber"] = number
    found = read(answer)
    assert [one.record.application_number for one in found.readings] == names[1:]
    assert found.unread[0].startswith("row 1: `applicationNumber` is no EUIPO number")


def test_two_rows_of_one_filing_that_contradict_each_other_are_both_left_out() -> None:
    answer = page(LISTED)
    rows = answer["trademarks"]
    rows[1] = {
        **rows[0],
        "status": "APPLICATION_PUBLISHED" if rows[0]["status"] == "REGISTERED" else "REGISTERED",
    }
    found = read(answer)
    assert rows[0]["applicationNumber"] not in {one.record.application_number for one in found.readings}
    assert "contradict each other" in found.unread[0]


@pytest.mark.parametrize(
    ("key", "value", "field"),
    [
        ("niceClasses", [9, None], "classes"),
        ("applicants", [{"name": "Sample Harbour Ltd"}, {"name": None}], "owners"),
        ("representatives", [{"name": "Sample Firm"}, {"name": ""}], "representatives"),
    ],
)
def test_a_list_with_a_gap_takes_nothing_from_what_is_known(key: str, value: Any, field: str) -> None:
    answer = page(LISTED)
    answer["trademarks"][0][key] = value
    first = read(answer).readings[0]
    assert not first.record.gives(field)
    assert f"{field} = (an entry is empty)" in first.unclaimed


@pytest.mark.parametrize("word", ["nine", 99, 0])
def test_what_is_no_nice_class_is_refused(word: Any) -> None:
    answer = page(LISTED)
    answer["trademarks"][0]["niceClasses"] = [9, word]
    with pytest.raises(LayoutChanged, match="no Nice class"):
        read(answer)


def test_a_row_of_a_search_takes_nothing_from_what_a_record_said() -> None:
    row = read(page("search-page")).readings[0].record
    for field in ("opposition_period", "proceedings", "disclaimer", "priorities", "status_date"):
        assert not row.gives(field)
    assert row.gives("representatives")
    assert row.representatives == ()


def test_an_answer_cut_to_chosen_keys_covers_those_only() -> None:
    record = read(page("record-cut-to-some-keys")).readings[0].record
    assert not record.gives("opposition_period")
    assert not record.gives("representatives")
    assert record.owners[0].name == "SAMPLE GRIP LTD"


@pytest.mark.parametrize("key", ["goodsAndServices", "statusDate", "status", "applicationNumber"])
def test_a_record_without_what_every_record_has_is_refused(key: str) -> None:
    answer = page("record-with-everything")
    del answer[key]
    with pytest.raises(LayoutChanged):
        read(answer)


def test_every_page_of_a_search_is_asked_for_until_the_office_s_own_total() -> None:
    query = SearchQuery(mark="sample")
    answer = read(page("search-first-of-two"), query)
    assert (answer.total, answer.rows) == (13, 10)
    assert answer.more is not None
    assert answer.more.params["page"] == "1"


@pytest.mark.parametrize(
    "change",
    [{"totalElements": 3}, {"page": 1}, {"size": 2}, {"totalElements": 5}],
    ids=["more rows than counted", "another page", "more rows than fit", "fewer rows than counted"],
)
def test_rows_that_do_not_fit_the_office_s_counting_are_not_believed(change: dict[str, int]) -> None:
    with pytest.raises((Incomplete, LayoutChanged)):
        read({**page("search-page"), **change}, SearchQuery(mark="sample"))


def test_a_record_of_another_number_is_no_answer() -> None:
    assert read(page("other-record"), RecordQuery(("099900105",))).missing == ("099900105",)


def test_entries_and_decisions_stand_among_the_proceedings_with_their_state() -> None:
    (reading,) = read(page("record-with-everything")).readings
    found = {one.number: one for one in reading.record.proceedings}
    assert found["R9990/2021-5"].status == "OPPOSITION"
    assert found["R9990/2021-5"].status_date == dt.date(2022, 5, 25)
    docket = found["009990003"].docket
    assert docket is not None
    (entry,) = docket
    assert entry.text == "Change of name and professional address of representative"


def test_an_unknown_kind_of_mark_is_reported() -> None:
    answer = page("search-page")
    answer["trademarks"][0]["markFeature"] = "TASTE"
    reading = read(answer).readings[0]
    assert "markFeature = TASTE" in reading.unclaimed
    assert reading.record.mark_feature is None
    assert reading.record.mark_feature_code == "TASTE"


# -- real recordings ------------------------------------------------------------------------------------


def values(value: Any) -> Iterator[str]:
    if isinstance(value, dict):
        for one in value.values():
            yield from values(one)
    elif isinstance(value, list):
        for one in value:
            yield from values(one)
    elif value is not None:
        yield " ".join(str(value).split())


# Left out of rows: who keeps a person's number (the rest of LEFT_OUT stands in records only).
ROW_LEFT_OUT = {"EM", "WO"}


@pytest.mark.recorded
@pytest.mark.parametrize("name", ["search-apple-size10.json", "detail-018228224-trimmed.json"])
def test_each_value_of_a_real_answer_stands_in_its_record(recorded: Path, name: str) -> None:
    body = (recorded / "eu" / name).read_bytes()
    told = tell_source(Page(body, name=name))
    assert told.declaration.id == "em.euipo"
    answer = SOURCE.read(Page(body, name=name))
    raw = json.loads(body)
    rows = raw.get("trademarks", [raw])
    assert len(answer.readings) == len(rows)
    for row, reading in zip(rows, answer.readings, strict=True):
        assert reading.unclaimed == ()
        assert reading.unknown_words == ()
        held = set(values(reading.record.model_dump(mode="json")))
        lost = {one for one in values(row) if one not in held} - ROW_LEFT_OUT
        # Said in our words: kind of mark and basis, by the tables.
        assert lost <= {"INDIVIDUAL", "EU_TRADEMARK", "INTERNATIONAL_TRADEMARK"}
        assert reading.record.status_phase != "unknown"


@pytest.mark.recorded
def test_every_word_of_the_office_s_own_document_is_in_our_tables(recorded: Path) -> None:
    schemas = json.loads((recorded / "eu/openapi-1.1.0.json").read_bytes())["components"]["schemas"]
    rows = page("search-page")
    for key, schema in (("status", "Status"), ("markFeature", "MarkFeature"), ("markKind", "MarkKind")):
        for word in schemas[schema]["enum"]:
            rows["trademarks"][0] = {**rows["trademarks"][0], key: word}
            reading = read(rows).readings[0]
            assert reading.unclaimed == ()
            assert reading.unknown_words == ()


@pytest.mark.recorded
def test_every_key_of_the_office_s_own_document_is_read_or_left_out_on_purpose(recorded: Path) -> None:
    schemas = json.loads((recorded / "eu/openapi-1.1.0.json").read_bytes())["components"]["schemas"]
    known = {
        *page("record-with-everything"),
        *page("designation-of-the-eu"),
        "markSound",
        "markVideo",
        "markModel",
    }
    assert set(schemas["Trademark"]["properties"]) <= known
