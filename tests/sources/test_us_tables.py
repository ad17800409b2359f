"""The US code tables: complete, consistent with each other, and never a default for a word they lack."""

from __future__ import annotations

import datetime as dt

import pytest

from tmwatch.model import Live, Phase
from tmwatch.sources.us import common


def test_every_status_code_has_a_phase_and_a_life() -> None:
    rows = common.table("status_codes")
    assert len(rows) == 169
    for row in rows:
        meaning = common.status_from_code(row["code"])
        assert meaning.known
        assert (meaning.phase is Phase.UNKNOWN) == (meaning.live is Live.UNKNOWN)


def test_what_the_office_calls_dead_or_live_its_own_descriptor_calls_so_too() -> None:
    for row in common.table("status_codes"):
        if row["tm5"]:
            life = common.status_from_tm5(row["tm5"])
            assert life.known, row
            assert life.live in (common.status_from_code(row["code"]).live, Live.UNKNOWN), row


def test_every_sentence_leads_to_a_code_of_the_table_or_to_a_phase() -> None:
    for row in common.table("status_sentences"):
        meaning = common.status_from_sentence(row["sentence"])
        assert meaning.known
        assert meaning.code == (row["code"] or None)
        assert meaning.phase is not Phase.UNKNOWN or row["code"] == "973"


def test_every_row_names_its_reference() -> None:
    for name in ("status_codes", "status_sentences", "tm5", "drawing_codes", "party_types", "entity_codes"):
        assert all(row["reference"] for row in common.table(name)), name


@pytest.mark.parametrize("word", ["498", "9999", "", None, "ABC"])
def test_an_unknown_code_is_unknown_and_never_dead(word: str | None) -> None:
    meaning = common.status_from_code(word)
    assert meaning == (Phase.UNKNOWN, Live.UNKNOWN, None, False)


def test_a_sentence_is_known_by_what_it_says_not_by_its_blanks_its_pointer_or_its_waiting_time() -> None:
    waiting = (
        "New application will be assigned to an examining attorney approximately {} months after filing date."
    )
    tail = "  To view all documents in this file, click on the Trademark Document Retrieval link."
    for text, code in (
        ("A  Section 8 declaration has been accepted." + tail, "701"),
        (waiting.format(11), "630"),
        ("SUSPENDED PENDING ADMINISTRATIVE REVIEW", "973"),
    ):
        assert common.status_from_sentence(text).code == code
    assert not common.status_from_sentence("A Section 99 declaration has been accepted.").known
    assert not common.status_from_sentence("").known


def test_a_descriptor_is_found_before_the_office_s_explanation_of_it() -> None:
    text = "DEAD/REGISTRATION/Cancelled/Invalidated The trademark application was registered, but"
    assert common.tm5_label(text) == "DEAD/REGISTRATION/Cancelled/Invalidated"
    assert common.status_from_tm5(text) == (Phase.CANCELLED, Live.DEAD, True)
    assert common.status_from_tm5("DEAD/REGISTRATION/Cancelledish").known is False


@pytest.mark.parametrize(
    ("word", "code"),
    [
        ("GERMANY", "DE"),
        ("DE", "DE"),
        ("DEX", "DE"),
        ("united states", "US"),
        ("Atlantis", None),
        ("", None),
        ("EUROPEAN (EU) OFFICE FOR HARMONIZATION IN THE INTERNAL MARKET (TRADEMARKS AND DESIGNS)", "EM"),
    ],
)
def test_a_country_is_known_by_code_and_by_name(word: str, code: str | None) -> None:
    assert common.country_code(word) == code


def test_a_state_has_one_name() -> None:
    assert common.state_name("dc") == common.state_name("District of Columbia") == "DISTRICT OF COLUMBIA"
    assert common.state_name("Bavaria") == "BAVARIA"
    assert common.state_name("") is None


@pytest.mark.parametrize(
    ("text", "day"),
    [("Sep. 08, 2010", dt.date(2010, 9, 8)), ("May 09, 2000", dt.date(2000, 5, 9)), (" ", None)],
)
def test_a_printed_date_is_a_day(text: str, day: dt.date | None) -> None:
    assert common.parse_tsdr_date(text) == day


@pytest.mark.parametrize("text", ["2010-09-08", "Foo. 08, 2010", "Feb. 30, 2010", "soon"])
def test_what_is_no_printed_date_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="date|day"):
        common.parse_tsdr_date(text)


@pytest.mark.parametrize(
    ("text", "part"),
    [
        ("19960100", "1996-01"),
        ("19960000", "1996"),
        ("19951013", "1995-10-13"),
        ("2013-05-01", "2013-05-01"),
        ("Jan. 1996", "1996-01"),
        ("Jan. 05, 1996", "1996-01-05"),
        ("1995", "1995"),
        ("00000000", None),
        ("", None),
    ],
)
def test_a_first_use_keeps_as_much_of_its_date_as_is_known(text: str, part: str | None) -> None:
    assert common.partial_date(text) == part


def test_a_date_with_a_zone_is_cut_never_converted() -> None:
    assert common.cut_date("2009-01-28-05:00") == dt.date(2009, 1, 28)
    assert common.office_day("2023-03-22T04:00:00.000+0000") == dt.date(2023, 3, 22)
    assert common.office_day("2023-03-22T03:59:00.000+0000") == dt.date(2023, 3, 21)


@pytest.mark.parametrize(
    ("code", "feature"),
    [("1", "word"), ("2", "figurative"), ("3", "combined"), ("4000", "word"), ("5", "stylized"), ("9", None)],
)
def test_a_drawing_code_says_what_kind_of_mark_it_is(code: str, feature: str | None) -> None:
    assert common.mark_feature(code) == feature


def test_the_office_s_words_for_a_drawing_lead_to_its_code() -> None:
    words = {
        "TYPESET WORD(S) /LETTER(S) /NUMBER(S)": "1",
        "AN ILLUSTRATION DRAWING WITHOUT ANY WORDS(S)/ LETTER(S)/NUMBER(S)": "2",
        "AN ILLUSTRATION DRAWING WHICH INCLUDES WORD(S)/ LETTER(S)/NUMBER(S)": "3",
        "STANDARD CHARACTER MARK": "4",
        "SMELL": None,
    }
    assert {text: common.drawing_code(text) for text in words} == words
