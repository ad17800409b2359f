"""`source compare`: on files, on what is stored, and asked now; and clear words where it cannot."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.cli.conftest import FIXTURES, PAGE, SERIAL, House, Run

DAILY = FIXTURES / "us.daily"
BEFORE = DAILY / "before-revival/99990501-before.xml"
AFTER = DAILY / "after-revival/99990501-after.xml"
THREE = DAILY / "three-cases/apc990420.xml"
ZIP = DAILY / "zip-of-one/apc990421.zip"
TIANYANCHA = FIXTURES / "cn.tianyancha/jd-auto-day-one/page.json"


@pytest.fixture
def daily(folder: Path) -> Path:
    """The sample page's case as the daily file has it: few of its facts, one of them another."""
    path = folder / "apc-one.xml"
    text = BEFORE.read_bytes().replace(b"99990501", SERIAL.encode())
    path.write_bytes(text)
    return path


def test_two_files_need_neither_database_nor_configuration(run: Run, folder: Path) -> None:
    ran = run("source", "compare", str(BEFORE), str(AFTER))
    assert (ran.code, ran.err) == (0, "")
    assert not (folder / "tmwatch.db").exists()
    assert "Moved between 2025-01-04 and 2025-01-21 (4 newer events; B is younger)" in ran.out
    said = " ".join(ran.out.split())
    assert "Status A abandoned (602) B examination (616)" in said
    assert "0 differ, 0 given by one only, 10 explained by time (newer events: 4)." in said


def test_it_reads_well_in_eighty_columns(run: Run) -> None:
    ran = run("source", "compare", str(BEFORE), str(AFTER))
    assert max(len(line) for line in ran.out.splitlines()) <= 80


def test_of_a_file_of_many_the_case_is_found_that_the_other_file_has(run: Run) -> None:
    for files in ((ZIP, THREE), (THREE, ZIP)):
        ran = run("source", "compare", *map(str, files), "US 99990512")
        assert ran.code == 0
        assert "0 differ" in ran.out
    assert run("source", "compare", str(THREE), str(ZIP)).code == 0  # one case in the zip: it is meant
    ran = run("source", "compare", str(THREE), str(THREE))
    assert "both files hold many records" in ran.err
    assert "FILE FILE NUMBER" in ran.err


def test_two_that_differ_end_with_ten(run: Run, daily: Path) -> None:
    ran = run("source", "compare", "--json", str(PAGE), str(daily))
    assert ran.code == 10
    assert (ran.json["a"]["source"], ran.json["b"]["source"]) == ("us.tsdr", "us.daily")
    verdicts = {one["field"]: one["verdict"] for one in ran.json["fields"]}
    assert verdicts["application_date"] == "differs"
    assert ran.json["differ"] == sum(one == "differs" for one in verdicts.values())
    assert run("source", "compare", str(PAGE), str(daily)).code == 10


def test_what_is_stored_of_two_sources_is_compared_by_number(run: Run, daily: Path) -> None:
    assert run("import", str(PAGE), str(daily)).code == 0
    ran = run("source", "compare", "--json", "US", SERIAL)
    assert ran.code == 10
    assert {ran.json[side]["source"] for side in "ab"} == {"us.tsdr", "us.daily"}
    assert {ran.json[side]["found"] for side in "ab"} == {"stored"}
    chosen = run("source", "compare", "--json", "--source", "us.tsdr", f"US {SERIAL}").json
    assert (chosen["a"]["source"], chosen["b"]["source"]) == ("us.tsdr", "us.daily")


def test_a_file_is_compared_with_what_is_stored(run: Run, daily: Path) -> None:
    run("import", str(PAGE))
    ran = run("source", "compare", "--json", str(daily))
    assert [ran.json[side]["found"] for side in "ab"] == ["apc-one.xml", "stored"]


def test_a_source_that_may_be_asked_is_asked_once_and_nothing_is_stored(
    run: Run, house: House, daily: Path
) -> None:
    run("import", str(daily))
    ran = run("source", "compare", "--live", "--json", f"US {SERIAL}")
    assert ran.code == 10
    assert {ran.json[side]["found"] for side in "ab"} == {"stored", "asked now"}
    assert len(house.register.asked) == 1
    assert "Not asked: us.tsdr-api" in ran.err
    again = run("source", "compare", f"US {SERIAL}")
    assert again.code == 2
    assert "only us.daily has said anything" in again.err


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["US 99990199"], "no filing US 99990199 is stored"),
        ([str(PAGE)], "only us.tsdr has said anything of US 99990101"),
        ([str(PAGE), str(BEFORE)], "two filings"),
        ([str(PAGE), str(TIANYANCHA)], "CNIPA"),
        ([str(PAGE), str(THREE)], "does not hold US 99990101"),
        ([str(PAGE), str(BEFORE), str(AFTER)], "two sources are compared, not more"),
        (["nothing.xml", str(PAGE)], "there is no file `nothing.xml`"),
        ([str(PAGE), "README.md"], "README.md"),
        (["--source", "us.nothing", "US 99990101"], "there is no source `us.nothing`"),
        (["--source", "us.daily", "US 99990101"], "us.daily has said nothing of US 99990101"),
        (["--live", str(PAGE)], "--live asks for a number"),
        (["99990101"], "office"),
    ],
)
def test_what_cannot_be_compared_is_said_with_the_way_out(
    run: Run, folder: Path, words: list[str], said: str
) -> None:
    run("import", str(PAGE))
    (folder / "README.md").write_text("Dear Sirs, no page at all.")
    ran = run("source", "compare", *words)
    assert ran.code in (1, 2)
    assert said in ran.err
    assert "Traceback" not in ran.err


def test_a_cut_off_daily_file_is_never_half_compared(run: Run) -> None:
    cut = DAILY / "cut-off/apc990424.xml"
    ran = run("source", "compare", str(cut), str(THREE), "US 79990511")
    assert ran.code == 1
    assert "breaks off" in ran.err
