"""The board's daily file: every proceeding of it, at the marks of both sides, and nothing half believed."""

from __future__ import annotations

import datetime as dt
import io
import zipfile
from pathlib import Path

import pytest
from lxml import etree

from tests.conftest import ROOT
from tmwatch.changes import diff, merge
from tmwatch.cli.proceedings import details
from tmwatch.errors import Incomplete, LayoutChanged, LookError, NotFound, NotThisSource
from tmwatch.model import Proceeding, TradeMark
from tmwatch.sources.base import Bulk, Page
from tmwatch.sources.us.ttab import SOURCE

FIXTURES = ROOT / "fixtures" / "us.ttab"
DAY = (FIXTURES / "four-kinds" / "tt991016.xml").read_bytes()
ONE = (FIXTURES / "opposition-sustained" / "tt991015.xml").read_bytes()


def read(body: bytes, name: str = "tt991016.xml") -> dict[str, TradeMark]:
    records = [reading.record for reading in SOURCE.read(Page(body, name=name)).readings]
    return {one.application_number or "": one for one in records}


def zipped(name: str, body: bytes) -> bytes:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(name, body)
    return packed.getvalue()


@pytest.mark.recorded
def test_every_proceeding_of_a_real_day_is_read_and_nothing_is_passed_over(recorded: Path) -> None:
    with (recorded / "us/ttab/tt251015.zip").open("rb") as file:
        pieces = list(SOURCE.pieces(file, "tt251015.zip"))
    assert len(pieces) == 680
    readings = [one for piece in pieces for one in SOURCE.read(Page(piece.body)).readings]
    assert {text for one in readings for text in (*one.unclaimed, *one.unknown_words)} == set()
    said: dict[tuple[str, str], Proceeding] = {}
    for one in readings:
        (proceeding,) = one.record.proceedings
        said[str(proceeding.kind_code), proceeding.number] = proceeding
        assert one.as_of is not None
        assert (one.as_of.day, one.as_of.kind) == (dt.date(2025, 10, 15), "printed")
    assert len(said) == 680
    assert sum(len(one.docket or ()) for one in said.values()) == 6269
    assert sum(len(side.marks or ()) for one in said.values() for side in one.parties) == 3123
    assert len({one.record.st13 for one in readings}) == 2570

    opposition = said["OPP", "91291978"]
    assert [(side.role, side.name) for side in opposition.parties] == [
        ("Plaintiff", "Beijing Jingdong 360 Du E-Commerce Ltd."),
        ("Defendant", "Aramsco, Inc."),
    ]
    assert [
        (mark.mark, mark.application_number) for side in opposition.parties for mark in side.marks or ()
    ] == [
        ("JD", "87499213"),
        ("JD PROSUPPLY", "98046638"),
    ]
    assert (opposition.status, opposition.status_date) == ("Terminated", dt.date(2025, 10, 15))
    docket = opposition.docket or ()
    assert [entry.number for entry in docket] == list(range(1, 28))
    assert (docket[0].text, docket[1].due) == ("FILED AND FEE", dt.date(2024, 7, 20))
    assert [(entry.date, entry.text) for entry in docket[-2:]] == [
        (dt.date(2025, 10, 15), "BD DECISION: OPP SUSTAINED"),
        (dt.date(2025, 10, 15), "TERMINATED"),
    ]
    both = {one.record.application_number for one in readings if one.record.proceedings == (opposition,)}
    assert both == {"87499213", "98046638"}


def test_a_mark_of_two_proceedings_has_both_and_one_number_may_be_an_appeal_and_an_extension() -> None:
    found = read(DAY)
    assert [one.number for one in found["99990401"].proceedings] == ["99910001", "99920002"]
    kinds = [one.kind for one in found["99990404"].proceedings]
    assert kinds == ["Ex Parte Appeal", "Extension of Time to Oppose"]
    assert {one.adds for one in found.values()} == {frozenset({"proceedings"})}


def test_a_mark_without_numbers_stands_in_the_proceeding_and_is_no_filing() -> None:
    found = read(ONE)
    assert set(found) == {"99990401", "99990402", "99990403"}
    marks = found["99990403"].proceedings[0].parties[0].marks or ()
    assert [(one.mark, one.application_number, one.registration_number) for one in marks[1:3]] == [
        ("SAMPLE PIER", None, None),
        ("SAMPLE MOLE; SAMPLE DOCK", None, None),
    ]


def test_each_piece_is_a_file_of_one_proceeding_that_prints_its_day() -> None:
    assert isinstance(SOURCE, Bulk)
    pieces = list(SOURCE.pieces(io.BytesIO(zipped("tt991016.xml", DAY)), "tt991016.zip"))
    assert [one.number for one in pieces] == ["99910001", "99920002", "99990404", "99990404"]
    for one in pieces:
        assert one.body.count(b"<proceeding-entry>") == 1
        (said,) = {reading.as_of for reading in SOURCE.read(Page(one.body)).readings}
        assert said is not None
        assert said.day == dt.date(2025, 10, 15)


def test_a_proceeding_that_names_no_serial_number_is_missing_and_not_lost() -> None:
    body = ONE
    for serial in (b"99990401", b"99990402", b"99990403"):
        body = body.replace(b"<serial-number>" + serial + b"</serial-number>", b"")
    answer = SOURCE.read(Page(body))
    assert answer.readings == ()
    assert answer.missing == ("OPP 99910001 (it names no serial number)",)


@pytest.mark.parametrize(
    ("what", "error", "says"),
    [
        (zipped("photo.xml", b"<svg></svg>"), NotThisSource, "no daily file"),
        (zipped("tt991016.xml", b"<html></html>"), NotThisSource, "its root is `html`"),
        (zipped("tt991016.xml", DAY)[:-2000], Incomplete, "cannot be read to its end"),
        (b"<html><body>Gone</body></html>", NotThisSource, "a web page, not a zip"),
        (DAY.replace(b"</ttab-proceedings>", b""), Incomplete, "cannot be read to its end"),
        (
            DAY.replace(b"<proceeding-entry>", b"<!-- <proceeding-entry>", 1),
            Incomplete,
            "Comment not terminated",
        ),
        (ONE.replace(b"status-code>", b"state-code>"), LayoutChanged, "status-code"),
        (ONE.replace(b"filing-date>", b"filed-on>"), LayoutChanged, "renamed"),
        (ONE.replace(b"history-text>", b"words>"), LayoutChanged, "history-text"),
        (ONE.replace(b"20240720", b"20241320"), LayoutChanged, "no date"),
    ],
)
def test_what_is_no_whole_file_of_the_board_is_refused_by_name(
    what: bytes, error: type[LookError], says: str
) -> None:
    with pytest.raises(error, match=says):
        SOURCE.read(Page(what, name="tt991016.zip"))


@pytest.mark.recorded
def test_the_portals_page_under_the_zips_name_is_named_as_such(recorded: Path) -> None:
    body = (recorded / "us/daily_xml/apc260205.zip.is-html").read_bytes()
    with pytest.raises(NotFound, match="portal's own page, not a zip"):
        list(SOURCE.pieces(io.BytesIO(body), "tt260205.zip"))


def test_a_code_that_nobody_knows_is_reported_and_never_guessed() -> None:
    body = ONE.replace(b"<status-code>9", b"<status-code>Z").replace(b"<type-code>OPP", b"<type-code>XYZ")
    (first, *_) = SOURCE.read(Page(body)).readings
    assert first.unknown_words == ("type of proceeding XYZ", "status of a proceeding Z")
    (one,) = first.record.proceedings
    assert (one.kind, one.status, one.status_code) == ("XYZ", None, "Z")


# -- what the office's document type calls optional -------------------------------------------------------


def without(*names: bytes, body: bytes = ONE, where: bytes = b"proceeding-entry") -> bytes:
    """The file without those elements, directly in `where`."""
    root = etree.fromstring(body)
    for name in names:
        for one in list(root.iter(name.decode())):
            parent = one.getparent()
            if parent is not None and str(parent.tag) == where.decode():
                parent.remove(one)
    return etree.tostring(root)


def only(body: bytes) -> Proceeding:
    readings = SOURCE.read(Page(body, name="tt991015.xml")).readings
    assert {text for one in readings for text in (*one.unclaimed, *one.unknown_words)} == set()
    assert len(readings) == 3
    (found,) = {one.record.proceedings for one in readings}
    return found[0]


def test_a_proceeding_without_kind_status_or_docket_is_read_and_they_are_not_given() -> None:
    one = only(without(b"type-code", b"status-code", b"status-update-date", b"prosecution-history"))
    assert (one.number, one.kind, one.kind_code) == ("99910001", "", None)
    assert (one.status, one.status_code, one.status_date, one.docket) == (None, None, None, None)
    assert len(one.parties) == 2
    assert only(ONE.replace(b"<status-update-date>20251015", b"<status-update-date>0")).status_date is None


def test_a_docket_entry_without_day_words_or_number_costs_the_proceeding_nothing() -> None:
    first = b"<identifier>1</identifier>"
    body = ONE.replace(b"<date>20241018</date>", b"").replace(b"<history-text>INSTITUTED</history-text>", b"")
    docket = only(body.replace(first, b"")).docket or ()
    assert [(entry.number, entry.date, entry.text) for entry in docket[:4]] == [
        (None, dt.date(2024, 6, 10), "FILED AND FEE"),
        (2, dt.date(2024, 6, 10), "NOTICE AND TRIAL DATES SENT; ANSWER DUE:"),
        (3, dt.date(2024, 6, 10), ""),
        (4, None, "SUSPENDED"),
    ]
    assert len(docket) == 7


def test_a_side_without_name_or_role_still_has_its_marks() -> None:
    one = only(without(b"name", b"role-code", where=b"party"))
    assert [(side.name, side.role, side.role_code, len(side.marks or ())) for side in one.parties] == [
        ("", "", None, 4),
        ("", "", None, 1),
    ]


def test_a_serial_number_of_six_digits_is_one() -> None:
    found = read(ONE.replace(b"<serial-number>99990402", b"<serial-number>990402"))
    assert found["00990402"].st13 == "US500000000990402"


def test_a_proceeding_that_names_no_party_is_called_missing() -> None:
    answer = SOURCE.read(Page(without(b"party-information")))
    assert answer.missing == ("OPP 99910001 (it names no serial number)",)


@pytest.mark.parametrize(
    ("body", "says"),
    [
        (without(b"type-code", b"party-information"), "neither `type-code` nor a party"),
        (without(b"number"), "number"),
        # An appeal and an extension of time under one serial number are told by their kind alone.
        (without(b"type-code", body=DAY), "its number is that of a filing"),
    ],
)
def test_which_proceeding_it_is_must_be_told(body: bytes, says: str) -> None:
    with pytest.raises(LayoutChanged, match=says):
        SOURCE.read(Page(body))


def test_what_a_later_file_leaves_out_takes_nothing_from_what_is_known_and_is_no_news() -> None:
    known = read(ONE)["99990401"]
    gaps = [
        without(b"type-code", b"status-code", b"status-update-date", b"prosecution-history"),
        without(b"name", b"role-code", where=b"party"),
        without(b"date", b"history-text", where=b"prosecution-entry"),
    ]
    for body in gaps:
        given = read(body)["99990401"]
        after = merge(known, given)
        assert after.proceedings == known.proceedings
        assert list(diff(known, given, after)) == []


def test_a_new_status_without_its_day_never_has_the_day_of_the_old_one() -> None:
    known = read(ONE.replace(b"<status-code>9", b"<status-code>2"))["99990401"]
    (after,) = merge(known, read(without(b"status-update-date"))["99990401"]).proceedings
    assert (after.status, after.status_code, after.status_date) == ("Terminated", "9", None)


def test_the_screen_shows_a_docket_line_without_its_day_whole(capsys: pytest.CaptureFixture[str]) -> None:
    body = without(b"date", where=b"prosecution-entry", body=without(b"type-code"))
    details(read(body)["99990401"], whole=True)
    shown = capsys.readouterr().out
    assert "Proceeding 99910001, newest first" in shown
    assert "BD DECISION: OPP SUSTAINED" in shown
    assert "None" not in shown
