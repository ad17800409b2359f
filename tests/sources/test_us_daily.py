"""The cases of the USPTO's daily file: what changed in one, and what is none."""

from __future__ import annotations

import zipfile
from pathlib import Path

import pytest

from tests.conftest import ROOT
from tmwatch.changes import diff, merge
from tmwatch.errors import Incomplete, LayoutChanged, LookError, NotFound
from tmwatch.model import Change, TradeMark
from tmwatch.sources.base import Page
from tmwatch.sources.us.daily import SOURCE, read_case

FIXTURES = ROOT / "fixtures" / "us.daily"
THREE = (FIXTURES / "three-cases" / "apc990420.xml").read_bytes()
ONE = (FIXTURES / "before-revival" / "99990501-before.xml").read_bytes()


def read(body: bytes, name: str = "apc990420.xml") -> list[TradeMark]:
    return [reading.record for reading in SOURCE.read(Page(body, name=name)).readings]


def changed(old: TradeMark, new: TradeMark) -> list[Change]:
    known = merge(None, old)
    return diff(known, new, merge(known, new))


# -- what a revival is ---------------------------------------------------------------------------------

REVIVED = {
    ("status", "changed", ""),
    ("termination_date", "removed", ""),
    ("termination_kind", "removed", ""),
    ("current_basis", "changed", ""),
    ("disclaimer", "added", ""),
    ("location", "changed", ""),
    ("location_date", "changed", ""),
}


def test_a_revived_case_shows_exactly_what_changed_though_its_events_stand_in_another_order() -> None:
    (before,) = read(ONE)
    (after,) = read((FIXTURES / "after-revival" / "99990501-after.xml").read_bytes())
    found = {(one.field, one.kind, one.key) for one in changed(before, after)}
    events = {("events", "added", f"#{number}") for number in range(10, 14)}
    assert found == REVIVED | events | {("classes", "removed", "9")}


@pytest.mark.recorded
def test_a_real_revived_case_shows_exactly_what_changed(recorded: Path) -> None:
    before, after = (
        read((recorded / "us/daily_xml" / f"revival-{when}-98186103.xml").read_bytes())[0]
        for when in ("before", "after")
    )
    assert (len(before.events), len(after.events)) == (16, 22)
    found = {(one.field, one.kind, one.key) for one in changed(before, after)}
    events = {("events", "added", f"#{number}") for number in range(17, 23)}
    assert found == REVIVED | events | {("classes", "removed", "25")}


@pytest.mark.recorded
def test_a_missing_file_is_named_as_the_portals_page_by_its_first_bytes(recorded: Path) -> None:
    page = Page((recorded / "us/daily_xml/apc260205.zip.is-html").read_bytes(), name="apc260205.zip")
    assert SOURCE.sniff(page) > 0
    with pytest.raises(NotFound, match="portal's own page"):
        SOURCE.read(page)


@pytest.mark.recorded
def test_the_real_document_type_is_read_past(recorded: Path) -> None:
    head = (recorded / "us/daily_xml/doctype.xml").read_bytes()
    with zipfile.ZipFile(recorded / "us/daily_xml/apc260420-sample.zip") as archive:
        body = archive.read("apc260420.xml")
    whole = head + body.partition(b"?>")[2]
    assert read(whole) == read(body)


# -- strict about cases ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "gone",
    [
        "serial-number", "registration-number", "transaction-date", "status-code", "status-date",
        "mark-drawing-code", "trademark-in", "filed-as-use-application-in", "primary-code", "number",
        "description-text", "party-name", "party-type", "type-code",
    ],
)  # fmt: skip
def test_a_case_without_what_every_case_has_is_refused(gone: str) -> None:
    start = ONE.index(f"<{gone}>".encode())
    end = ONE.index(f"</{gone}>".encode()) + len(gone) + 3
    with pytest.raises(LookError):
        read(ONE[:start] + ONE[end:])
    renamed = ONE.replace(f"<{gone}>".encode(), b"<new>").replace(f"</{gone}>".encode(), b"</new>")
    with pytest.raises(LookError):
        read(renamed)


def test_an_unknown_element_is_shown_and_empties_nothing() -> None:
    (before,) = read(ONE)
    newer = ONE.replace(b"</status-date>", b"</status-date><fee-paid-in>F</fee-paid-in>", 1)
    (reading,) = SOURCE.read(Page(newer)).readings
    assert any("fee-paid-in = F" in line for line in reading.unclaimed)
    assert not reading.record.gives("registration_date")  # absent, and no longer surely empty
    assert changed(before, reading.record) == []


@pytest.mark.parametrize("name", ["abandonment-date", "attorney-docket-number", "design-searches", "city"])
def test_an_element_that_could_be_a_missing_one_renamed_is_refused(name: str) -> None:
    with pytest.raises(LayoutChanged, match="renamed"):
        read(ONE.replace(f"<{name}>".encode(), b"<renamed>").replace(f"</{name}>".encode(), b"</renamed>"))


def test_an_active_class_without_goods_is_incomplete() -> None:
    start = ONE.index(b"<case-file-statement>", ONE.index(b"GS0391") - 80)
    end = ONE.index(b"</case-file-statement>", start) + len(b"</case-file-statement>")
    with pytest.raises(Incomplete, match="shows no goods"):
        read(ONE[:start] + ONE[end:])


def test_an_unknown_statement_is_shown_and_empties_nothing() -> None:
    (before,) = read(ONE)
    (reading,) = SOURCE.read(Page(ONE.replace(b">DM0000<", b">XX0000<"))).readings
    assert any("XX0000" in line for line in reading.unclaimed)
    assert changed(before, reading.record) == []


def test_rows_that_stand_twice_or_in_another_order_are_the_same_record() -> None:
    record = read(ONE)
    for row in ("case-file-event-statement", "classification", "case-file-statement", "design-search"):
        start = ONE.index(f"<{row}>".encode())
        end = ONE.index(f"</{row}>".encode()) + len(row) + 3
        if row != "classification":
            assert read(ONE[:end] + ONE[start:end] + ONE[end:]) == record
        following = ONE.index(f"</{row}>".encode(), end) + len(row) + 3
        turned = ONE[:start] + ONE[end:following] + ONE[start:end] + ONE[following:]
        assert changed(record[0], read(turned)[0]) == []


def test_a_class_that_shows_fewer_numbers_than_it_counts_is_incomplete() -> None:
    with pytest.raises(Incomplete):
        read(ONE.replace(b"<us-code>021</us-code>", b"", 1))


def test_an_unknown_status_code_is_unknown_and_told() -> None:
    reading = read_case(ONE.replace(b">602<", b">999<"), "here")
    assert (reading.record.status_phase, reading.record.status_live) == ("unknown", "unknown")
    assert reading.unknown_words == ("status code 999",)


def test_of_a_case_that_stands_twice_the_latest_transaction_counts() -> None:
    older, newer = ONE, ONE.replace(b">20250104<", b">20250301<").replace(b">602<", b">616<")
    start = THREE.index(b"        <case-file>")
    end = THREE.index(b"      </action-keys>")
    for both in (older + newer, newer + older):
        (record,) = (one for one in read(THREE[:start] + both + THREE[end:]) if "99990501" in one.st13)
        assert record.status_code == "616"
