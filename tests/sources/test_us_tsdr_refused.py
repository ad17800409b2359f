"""TSDR pages saved, cut, empty, blocked or broken: the same record, or the error that says what it is."""

from __future__ import annotations

import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.conftest import examples
from tests.sources.tsdr_pages import MADRID, REGISTERED, body, changed, reading, record
from tmwatch.errors import (
    Blocked,
    Incomplete,
    LayoutChanged,
    LoginRequired,
    LookError,
    NotFound,
    NotThisSource,
    ServerFault,
    Throttled,
)
from tmwatch.sources.base import Page
from tmwatch.sources.expectation import facts
from tmwatch.sources.us.tsdr import SOURCE

# -- pages as people save them -----------------------------------------------------------------------


def test_the_bare_fragment_without_html_around_it_reads_the_same() -> None:
    fragment = REGISTERED[REGISTERED.index(b"<li xmlns") : REGISTERED.index(b"</li>\n</body>") + 5]
    assert record(fragment) == record(REGISTERED)


def test_a_page_saved_whole_by_a_browser_reads_the_same() -> None:
    start, end = REGISTERED.index(b"<li xmlns"), REGISTERED.index(b"</li>\n</body>") + 5
    inner = REGISTERED[start:end].replace(b"data-sectionTitle", b"data-sectiontitle")
    shell = (
        b"<!DOCTYPE html>\n<!-- saved from url=(0030)https://tsdr.uspto.gov/ -->\n<html><head>"
        b'<meta http-equiv="Content-Type" content="text/html; charset=UTF-8">'
        b'<script src="./page_files/app.js"></script>'
        b'<title>Trademark Status &amp; Document Retrieval</title></head><body><ul id="tabs"><li>Status</li>'
        b"<li>Documents</li></ul><ul>%s</ul><script>var a = '<li>';</script></body></html>\n"
    )
    assert record(shell.replace(b"%s", inner)) == record(REGISTERED)


def test_line_ends_of_windows_make_no_other_record() -> None:
    assert record(REGISTERED.replace(b"\n", b"\r\n")) == record(REGISTERED)


# -- pages that are no record ------------------------------------------------------------------------


@pytest.mark.parametrize("cut", [0.2, 0.5, 0.7, 0.9, 0.99])
def test_a_page_that_ends_early_is_refused(cut: float) -> None:
    with pytest.raises((Incomplete, LayoutChanged)):
        reading(REGISTERED[: int(len(REGISTERED) * cut)])


def test_a_cut_inside_the_history_is_incomplete_and_no_shorter_history() -> None:
    with pytest.raises(Incomplete):
        reading(REGISTERED[: REGISTERED.index(b"NEW APPLICATION ENTERED")])


@pytest.mark.parametrize(
    "raw", [b"", b"   \n", b"<html><head></head><body></body></html>", body("throttled-shell")]
)
def test_an_empty_page_is_throttling_and_never_no_such_case(raw: bytes) -> None:
    with pytest.raises(Throttled):
        reading(raw)


def test_an_error_that_the_page_reports_is_the_servers() -> None:
    with pytest.raises(ServerFault, match="broken"):
        reading(
            changed(REGISTERED, 'id="statusServerError" value=""', 'id="statusServerError" value="broken"')
        )


URL = "https://tsdr.uspto.gov/statusview/sn99990101"


@pytest.mark.parametrize(
    ("said", "error"),
    [
        ("<p>No records found for serial number 99990101.</p>", NotFound),
        ('<form><input name="u"><input type="password" name="p"></form>', LoginRequired),
        ('<div class="g-recaptcha"></div>', Blocked),
        ("<p>Just a moment...</p><script src='/cdn-cgi/challenge-platform/x.js'></script>", Blocked),
    ],
)
def test_other_answers_are_told_apart(said: str, error: type[LookError]) -> None:
    with pytest.raises(error):
        SOURCE.read(Page(f"<html><body>{said}</body></html>".encode(), url=URL))


def test_a_large_page_of_tsdr_without_a_summary_has_changed() -> None:
    with pytest.raises(LayoutChanged) as caught:
        reading(changed(REGISTERED, 'id="summary"', 'id="overview"'))
    assert not isinstance(caught.value, NotThisSource)


@pytest.mark.parametrize(
    "raw",
    [
        b"<html><body><h1>Another register</h1><p>Mark 1234567, owner Example AG.</p></body></html>",
        b"<html><body>" + b"<p>words of another office</p>" * 200 + b"</body></html>",
        b'{"trademarks": []}',
        b"%PDF-1.7 not a page",
    ],
)
def test_pages_of_others_are_not_this_source(raw: bytes) -> None:
    assert SOURCE.sniff(Page(raw)) == 0
    with pytest.raises(NotThisSource):
        reading(raw)


def test_an_error_names_the_file_and_what_to_do() -> None:
    with pytest.raises(LookError) as caught:
        SOURCE.read(Page(body("throttled-shell"), name="saved.html"))
    assert "saved.html" in str(caught.value)
    assert "left as it is" in str(caught.value)
    assert caught.value.do


# -- whatever the bytes, a typed error or a record ---------------------------------------------------


def survives(raw: bytes) -> None:
    assert 0 <= SOURCE.sniff(Page(raw)) <= 100
    try:
        answer = SOURCE.read(Page(raw))
    except LookError:
        return
    assert facts(answer)


@settings(max_examples=examples(60), deadline=None)
@given(st.integers(0, len(REGISTERED) - 20))
def test_a_page_cut_anywhere_is_refused(at: int) -> None:
    with pytest.raises(LookError):
        reading(REGISTERED[:at])


TAGS = [match.span() for match in re.finditer(rb"<[^>]+>", REGISTERED)]


@settings(max_examples=examples(60), deadline=None)
@given(st.sets(st.sampled_from(TAGS), min_size=1, max_size=4))
def test_a_page_that_lost_tags_raises_nothing_untyped(lost: set[tuple[int, int]]) -> None:
    raw = REGISTERED
    for start, end in sorted(lost, reverse=True):
        raw = raw[:start] + raw[end:]
    survives(raw)


@settings(max_examples=examples(60), deadline=None)
@given(st.integers(0, len(MADRID)), st.binary(min_size=1, max_size=40), st.integers(0, 200))
def test_a_page_with_foreign_bytes_in_it_raises_nothing_untyped(at: int, noise: bytes, lost: int) -> None:
    survives(MADRID[:at] + noise + MADRID[at + lost :])


@settings(max_examples=examples(40), deadline=None)
@given(st.binary(max_size=300))
def test_random_bytes_raise_nothing_untyped(raw: bytes) -> None:
    survives(raw)
