"""Every source keeps its promises on every page we have of it: the fixtures and the real recordings."""

from __future__ import annotations

import re
import warnings
from pathlib import Path

import pytest

from tests.conftest import ROOT, recorded_folder
from tmwatch.errors import LookError, Outcome, UsageError
from tmwatch.model import FIELDS
from tmwatch.sources.base import Answer, Page, RecordQuery, SearchQuery
from tmwatch.sources.expectation import (
    Case,
    dump,
    facts,
    load_case,
    load_expectation,
    record_facts,
    record_from,
)
from tmwatch.sources.registry import all_sources, get_source, tell_source

CASES = [load_case(path.parent) for path in sorted((ROOT / "fixtures").glob("*/*/meta.toml"))]
GOOD = [case for case in CASES if case.outcome is Outcome.OK]
FAILING = [case for case in CASES if case.outcome is not Outcome.OK]
SOURCES = sorted(all_sources())

# Real status pages of the USPTO in its forms; the other recordings beside them are no such pages.
STATUS_PAGES = ("us/tsdr_html/*", "us/tsdr_xml/*", "us/tsdr_json/casestatus-*")
# Daily files, and single cases of them.
DAILY = ("us/daily_xml/apc*.zip", "us/daily_xml/re*.xml")
MADRID = ("wo/madrid-*.html",)
# The answer for several numbers at once, feeds of single items, and the pages of other offices are tried
# beside their sources.
SEVERAL = (
    "us/tsdr_json/caseMultiStatus-*",
    "us/ttab/*.zip",
    "br/RM*.xml",
    "eu/search-*.json",
    "eu/detail-*.json",
    "vn/VN4202600774.html",
    "tmview/*.json",
)


def named(case: Case) -> str:
    return f"{case.source}/{case.folder.name}"


_answers: dict[str, Answer] = {}


def answer_of(case: Case) -> Answer:
    """What its source reads from the page, once for all the promises about it; answers are frozen."""
    if named(case) not in _answers:
        _answers[named(case)] = get_source(case.source).read(case.as_page())
    return _answers[named(case)]


# -- fixtures ------------------------------------------------------------------------------------------


def test_there_are_fixtures_to_speak_of() -> None:
    assert GOOD
    assert FAILING


@pytest.mark.parametrize("case", GOOD, ids=named)
def test_a_page_gives_the_expected_record(case: Case) -> None:
    answer = answer_of(case)
    if not case.expect_path.exists():
        case.expect_path.write_text(dump(answer), encoding="utf-8")
        pytest.fail(f"{case.expect_path} was missing and has been written: review it beside the page")
    assert facts(answer) == load_expectation(case.expect_path)


@pytest.mark.parametrize("case", FAILING, ids=named)
def test_a_failed_answer_ends_in_its_own_outcome(case: Case) -> None:
    assert not case.expect_path.exists(), "a failure has no record to expect"
    with pytest.raises(LookError) as caught:
        get_source(case.source).read(case.as_page())
    assert caught.value.outcome is case.outcome
    assert caught.value.do or case.outcome is Outcome.NOT_FOUND, "an error says what to do next"


@pytest.mark.parametrize("case", GOOD, ids=named)
def test_nothing_on_a_page_is_passed_over(case: Case) -> None:
    for reading in answer_of(case).readings:
        assert [line for line in reading.unclaimed if line not in case.unclaimed_ok] == []


@pytest.mark.parametrize("case", GOOD, ids=named)
def test_the_same_bytes_give_the_same_answer(case: Case) -> None:
    assert facts(get_source(case.source).read(case.as_page())) == facts(answer_of(case))


@pytest.mark.parametrize("case", GOOD, ids=named)
def test_a_record_covers_no_more_than_its_source_declares(case: Case) -> None:
    for reading in answer_of(case).readings:
        assert reading.record.covers <= get_source(case.source).declaration.covers


@pytest.mark.parametrize("case", GOOD, ids=named)
def test_a_record_survives_being_written_down(case: Case) -> None:
    for reading in answer_of(case).readings:
        assert record_facts(record_from(record_facts(reading.record))) == record_facts(reading.record)


@pytest.mark.parametrize("case", CASES, ids=named)
def test_every_page_is_known_for_its_source(case: Case) -> None:
    assert tell_source(case.as_page()).declaration.id == case.source
    assert case.folder.parent.name == case.source


@pytest.mark.parametrize("case", CASES, ids=named)
def test_what_was_captured_has_been_reviewed(case: Case) -> None:
    assert case.reviewed, f"{case.folder}: read page and expectation, then set reviewed = true in meta.toml"


@pytest.mark.parametrize("case", CASES, ids=named)
def test_a_fixture_says_after_what_it_was_made_and_never_that_it_is_recorded(case: Case) -> None:
    captured = re.fullmatch(r"recorded \d{4}-\d{2}-\d{2} by `tmwatch source capture`.*", case.origin)
    if not captured:
        assert case.origin.startswith(f"made after {case.source}, ")
        assert "recorded" not in case.origin


# -- declarations --------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", SOURCES)
def test_a_source_declares_itself_completely(name: str) -> None:
    declaration = get_source(name).declaration
    assert declaration.id == name
    assert re.fullmatch(r"[A-Z]{2}", declaration.office)
    assert declaration.channels <= {"record", "search", "feed", "import"}
    assert declaration.covers <= set(FIELDS)
    assert declaration.landmarks
    assert declaration.parser_version
    assert declaration.terms.note
    assert re.match(r"https?://", declaration.terms.link)
    assert declaration.pace.min_interval >= 0
    assert declaration.base_url.startswith("https://") or declaration.plain_http
    assert not declaration.base_url.endswith("/")


@pytest.mark.parametrize("name", SOURCES)
def test_requests_go_below_the_base_address_and_carry_no_secret(name: str) -> None:
    source = get_source(name)
    queries = [
        source.declaration.known_query.query,
        RecordQuery(("99990101",)),
        RecordQuery(("9990101",), "registration"),
        RecordQuery(("1234567",), "international"),
        SearchQuery(owner="Example Harbour Works"),
        SearchQuery(mark="SAMPLE HARBOUR", classes=(9,)),
        SearchQuery(agent="Example & Sample"),
    ]
    asked = 0
    for query in queries:
        try:
            requests = source.requests(query)
        except UsageError:
            continue
        asked += len(requests)
        for request in requests:
            assert request.path.startswith("/")
            assert "://" not in request.path
    if source.declaration.channels & {"record", "search"}:
        assert asked, "a live source answers some question"


@pytest.mark.parametrize("name", SOURCES)
@pytest.mark.parametrize(
    "body", [b"", b"\x00\xff\xfe", b"PK\x03\x04 no page", b"plain words", b"<html></html>", b"{}"]
)
def test_bytes_that_say_nothing_are_refused_with_a_typed_error(name: str, body: bytes) -> None:
    source = get_source(name)
    assert 0 <= source.sniff(Page(body)) <= 100
    with pytest.raises(LookError):
        source.read(Page(body))


# -- real recordings -------------------------------------------------------------------------------------


def recordings(wanted: bool) -> list[Path]:
    """Real status pages (`wanted`), or everything else that lies beside them."""
    folder = recorded_folder()
    if folder is None:
        warnings.warn("no real recordings here: readers were NOT tried on real pages", stacklevel=1)
        return []
    pages = {
        path
        for pattern in (*STATUS_PAGES, *DAILY, *MADRID)
        for path in folder.glob(pattern)
        if path.is_file()
    }
    several = {path for pattern in SEVERAL for path in folder.glob(pattern)}
    others = {path for path in folder.glob("*/**/*") if path.is_file()} - pages - several
    return sorted(pages if wanted else others)


def as_import(path: Path) -> Page:
    return Page(path.read_bytes(), name=path.name)


def short(path: Path) -> str:
    return "/".join(path.parts[-3:])


@pytest.mark.recorded
@pytest.mark.parametrize("path", recordings(wanted=True), ids=short)
def test_a_real_status_page_gives_a_full_record(recorded: Path, path: Path) -> None:
    page = as_import(path)
    answer = tell_source(page).read(page)
    assert answer.readings
    for reading in answer.readings:
        record = reading.record
        assert record.application_number
        assert record.application_number in path.name or path.suffix == ".zip" or record.registration_number
        assert record.status_code
        assert record.status_text or not record.gives("status_text")
        assert record.status_live != "unknown"
        assert record.owners
        assert record.owners[0].name
        assert record.classes
        assert record.events
        assert list(reading.unclaimed) == []
        assert list(reading.unknown_words) == []
        assert reading.as_of is not None


@pytest.mark.recorded
@pytest.mark.parametrize("path", recordings(wanted=False), ids=short)
def test_a_real_answer_that_is_no_status_page_is_refused_and_never_read_as_a_record(
    recorded: Path, path: Path
) -> None:
    page = as_import(path)

    def read() -> None:
        tell_source(page).read(page)

    with pytest.raises(LookError):
        read()


@pytest.mark.recorded
def test_the_real_recordings_were_tried(recorded: Path) -> None:
    assert recordings(wanted=True), f"{recorded} holds no status page: nothing was tried"
