"""`source capture` of a file of many records: one of them is cut out, and a whole day is refused at once."""

from __future__ import annotations

import json
import time
import zipfile
from pathlib import Path

import pytest

from tests.cli.conftest import FIXTURES, PAGE, Run
from tmwatch.sources.base import Page
from tmwatch.sources.expectation import load_case
from tmwatch.sources.registry import get_source

OPPOSITION = next((FIXTURES / "us.ttab/opposition-sustained").glob("*.xml")).read_bytes()
API = next((FIXTURES / "us.tsdr-api/json-registered").glob("*.json"))
GAZETTE = next((FIXTURES / "br.inpi/a-week").glob("*.xml")).read_bytes()


def a_day(count: int) -> bytes:
    """A day of so many proceedings, each of its own number and its own marks and people, and two of one."""
    head, _, rest = OPPOSITION.partition(b"<proceeding-entry>")
    entry, _, foot = rest.partition(b"</proceeding-entry>")
    entries = []
    for place in range(1, count + 1):
        one = entry.replace(b"99910001", b"9992%04d" % place).replace(b"999904", b"97%04d" % place)
        one = one.replace(b"SAMPLE ATTORNEY", b"JORDAN EXAMPLEMAN%d" % place)
        entries.append(b"<proceeding-entry>" + one + b"</proceeding-entry>")
    entries.append(entries[1].replace(b"JORDAN", b"ROBIN"))
    return head + b"\n".join(entries) + foot


@pytest.fixture
def day(folder: Path) -> Path:
    (folder / "tt991015.xml").write_bytes(a_day(700))
    return folder / "tt991015.xml"


def test_a_whole_day_is_refused_at_once_and_says_how_to_name_one(run: Run, folder: Path, day: Path) -> None:
    start = time.process_time()
    ran = run("source", "capture", "us.ttab", day.name)
    assert time.process_time() - start < 5
    assert ran.code == 2
    assert "the file holds many records, more than 20" in ran.err
    assert "Nothing was written." in ran.err
    assert "--number, its own or that of a filing in it. It begins with 99920001, 99920002" in ran.err
    assert not (folder / "fixtures").exists()


@pytest.mark.parametrize("packed", [False, True], ids=["xml", "zip"])
@pytest.mark.parametrize("number", ["99920007", "US 97000701"], ids=["the proceeding's", "a filing's"])
def test_one_proceeding_is_cut_out_without_its_people(
    run: Run, folder: Path, day: Path, number: str, packed: bool
) -> None:
    day.write_bytes(a_day(60))
    if packed:
        with zipfile.ZipFile(folder / "tt991015.zip", "w", zipfile.ZIP_DEFLATED) as archive:
            archive.write(day, "tt991015.xml")
        day = folder / "tt991015.zip"
    ran = run("source", "capture", "us.ttab", day.name, "--number", number, "--case", "one", "--json")
    assert ran.code == 0, ran.err
    case = load_case(folder / "fixtures/us.ttab/one")
    page = (folder / "fixtures/us.ttab/one" / case.page).read_bytes()
    assert (case.page, page.count(b"<proceeding-entry>")) == ("page.xml", 1)
    assert b"<number>99920007</number>" in page
    assert b"<transaction-date>" in page, "the day that it prints stays"
    expected = json.loads((folder / "fixtures/us.ttab/one/expect.json").read_bytes())
    assert {one["record"]["proceedings"][0]["number"] for one in expected["readings"]} == {"99920007"}
    for written in (folder / "fixtures/us.ttab/one").iterdir():
        assert b"exampleman" not in written.read_bytes().lower()


def test_of_two_records_of_one_number_each_can_be_named(run: Run, folder: Path, day: Path) -> None:
    words = ("source", "capture", "us.ttab", day.name, "--case", "one", "--number")
    ran = run(*words, "99920002")
    assert ran.code == 2
    assert "Name one of them with --number: 99920002#1, 99920002#2." in ran.err
    assert run(*words, "99920002#3").code == 2
    assert run(*words, "99920002#2").code == 0
    assert (folder / "fixtures/us.ttab/one/page.xml").exists()


def test_a_number_that_the_file_does_not_hold_is_said(run: Run, folder: Path, day: Path) -> None:
    for number in ("98000000", "EXT", "\x1b[31m"):
        ran = run("source", "capture", "us.ttab", day.name, "--number", number)
        assert ran.code == 2
        assert "no record of the file has the number" in ran.err
        assert "\x1b" not in ran.err
    assert not (folder / "fixtures").exists()


def test_a_process_of_the_brazilian_gazette_is_cut_out_too(run: Run, folder: Path) -> None:
    (folder / "RM9902.xml").write_bytes(GAZETTE)
    ran = run("source", "capture", "br.inpi", "RM9902.xml", "--number", "999000103", "--case", "one")
    assert ran.code == 0, ran.err
    page = (folder / "fixtures/br.inpi/one/page.xml").read_bytes()
    assert page.count(b"<processo ") == 1
    assert b"999000103" in page


def test_a_handful_of_records_is_one_case_as_before(run: Run, folder: Path, day: Path) -> None:
    day.write_bytes(a_day(2))
    assert run("source", "capture", "us.ttab", day.name, "--case", "one").code == 0
    assert (folder / "fixtures/us.ttab/one/page.xml").read_bytes().count(b"<proceeding-entry>") == 3


def test_a_file_that_breaks_off_is_still_the_readers_to_refuse(run: Run, folder: Path, day: Path) -> None:
    day.write_bytes(a_day(2)[:-400])
    ran = run("source", "capture", "us.ttab", day.name)
    assert ran.code != 0
    assert "breaks off" in ran.err or "to its end" in ran.err
    assert not (folder / "fixtures").exists()


def test_a_role_in_the_place_of_a_name_is_nobody(run: Run, folder: Path) -> None:
    """An answer in which somebody put "Attorney of Record" where the attorney's name stood was refused: the
    words stood in the expectation, as the role."""
    answer = API.read_bytes()
    record = get_source("us.tsdr-api").read(Page(answer, name=API.name)).readings[0].record
    name = record.representatives[0].name
    assert record.representatives[0].role == "Attorney of Record"
    assert answer.count(name.encode()) > 1, "the lawyer stands where letters go, too, without a role"
    (folder / "answer.json").write_bytes(answer.replace(name.encode(), b"Attorney of Record"))
    ran = run("source", "capture", "us.tsdr-api", "answer.json", "--case", "one")
    assert ran.code == 0, ran.err


def test_outside_a_checkout_a_folder_is_made_and_said_so(run: Run, folder: Path) -> None:
    ran = run("source", "capture", "us.tsdr", str(PAGE), "--case", "one", terminal=True)
    assert ran.code == 0, ran.err
    assert (folder / "fixtures/us.tsdr/one/page.html").exists()
    said = " ".join(ran.out.split())
    assert "There was no folder fixtures here, so it was made; --into names another." in said
    assert "put it below `fixtures` in a checkout of tmwatch" in said
    assert "the tests fail" not in said
    again = " ".join(run("source", "capture", "us.tsdr", str(PAGE), "--case", "two").out.split())
    assert "was made" not in again


@pytest.mark.parametrize("count", [0, 2])
def test_a_zip_of_one_record_is_that_record_and_of_few_one_has_to_be_named(
    run: Run, folder: Path, count: int
) -> None:
    with zipfile.ZipFile(folder / "tt991015.zip", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("tt991015.xml", a_day(count) if count else OPPOSITION)
    ran = run("source", "capture", "us.ttab", "tt991015.zip", "--case", "one")
    if count:
        assert ran.code == 2
        assert "the zip holds 3 records" in ran.err
        assert "--number" in ran.err
        assert run("source", "capture", "us.ttab", "tt991015.zip", "--number", "99920001").code == 0
    else:
        assert ran.code == 0, ran.err
        assert b"<number>99910001</number>" in (folder / "fixtures/us.ttab/one/page.xml").read_bytes()
