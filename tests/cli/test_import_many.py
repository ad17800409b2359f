"""A file of thousands of records on a screen: what is watched, a few of the others, the counts; no flood."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from tests.cli.conftest import FIXTURES, Run

OPPOSITION = next((FIXTURES / "us.ttab/opposition-sustained").glob("*.xml")).read_bytes()
GAZETTE = next((FIXTURES / "br.inpi/a-week").glob("*.xml")).read_bytes()


def a_day(count: int) -> bytes:
    """Proceedings with three marks each: US 970001…, a number after the other."""
    head, _, rest = OPPOSITION.partition(b"<proceeding-entry>")
    entry, _, foot = rest.partition(b"</proceeding-entry>")
    each = (
        b"<proceeding-entry>"
        + entry.replace(b"99910001", b"9992%04d" % place).replace(b"999904", b"97%04d" % place)
        + b"</proceeding-entry>"
        for place in range(1, count + 1)
    )
    return head + b"\n".join(each) + foot


def a_gazette(count: int, status: bytes = b"") -> bytes:
    """A week of processes, 900000000 and so on, each published for opposition."""
    found = re.search(rb"<processo .*?</processo>", GAZETTE, re.DOTALL)
    assert found is not None
    one = found[0]
    head, foot = GAZETTE[: found.start()], b"</revista>"
    number = re.compile(rb'(<processo numero=")\d{9}')

    def process(place: int) -> bytes:
        numbered = number.sub(rb"\g<1>90%07d" % place, one)
        return numbered.replace(
            b'<despacho codigo="', b'<despacho codigo="' + (status % place if status else b"")
        )

    return head + b"\n".join(map(process, range(count))) + foot


@pytest.fixture
def watched(run: Run, folder: Path) -> Path:
    run("init")
    run("watch", "add", "own", "--number", "US 97005001", "--number", "BR 900000120")
    run("watch", "add", "also", "--number", "US 97005001")
    return folder


def test_a_day_of_hundreds_says_first_what_is_watched_then_few_others_and_how_many(
    run: Run, watched: Path
) -> None:
    (watched / "tt991015.xml").write_bytes(a_day(60))
    ran = run("import", "tt991015.xml", terminal=True)
    assert ran.code == 0
    shown = [line.strip() for line in ran.out.splitlines()]
    assert len(shown) < 30
    assert shown[0] == "Under a watch: 1 filing"
    assert "(US 97005001), as of 2025-10-15 (us.ttab)" in " ".join(shown[1:3])
    assert "watch “also”, “own”" in " ".join(shown[1:4])
    assert all(len(line) <= 80 for line in ran.out.splitlines())
    many = int(shown[-1].split()[0])
    assert many > 100
    assert any(line.startswith(f"and {many - 11} more (with --json") for line in shown)
    assert not run("import", "tt991015.xml").out, "off a terminal a good import says nothing"


def test_a_gazette_of_brazil_likewise_and_without_a_watch_there_is_no_such_heading(
    run: Run, watched: Path
) -> None:
    (watched / "RM9902.xml").write_bytes(a_gazette(150))
    shown = run("import", "RM9902.xml", terminal=True).out
    assert "(BR 900000120)" in shown.split("The first of the others")[0]
    assert len(shown.splitlines()) < 30
    (watched / "tmwatch.toml").unlink()
    (watched / "RM9903.xml").write_bytes(a_gazette(150).replace(b"9902", b"9903"))
    shown = run("import", "RM9903.xml", terminal=True).out
    assert "Under a watch" not in shown
    assert len(shown.splitlines()) < 30


def test_where_nothing_in_it_is_watched_that_is_said(run: Run, watched: Path) -> None:
    (watched / "RM9902.xml").write_bytes(a_gazette(100))
    shown = run("import", "RM9902.xml", terminal=True).out
    assert [line.strip() for line in shown.splitlines()[:2]] == [
        "Under a watch: none",
        "The first of the records",
    ]


def test_json_has_each_record(run: Run, watched: Path) -> None:
    (watched / "RM9902.xml").write_bytes(a_gazette(300))
    told = [json.loads(line) for line in run("import", "RM9902.xml", "--json").out.splitlines()]
    assert len({one["st13"] for one in told}) == 300


def test_a_short_import_lists_everything_in_its_order(run: Run, watched: Path) -> None:
    (watched / "tt991015.xml").write_bytes(a_day(5))
    shown = run("import", "tt991015.xml", terminal=True).out
    assert "Under a watch" not in shown
    assert shown.index("US 97000101") < shown.index("US 97000201") < shown.index("US 97000501")


def test_hundreds_of_errors_are_twenty_lines_and_a_count(run: Run, watched: Path) -> None:
    broken = re.sub(rb"<despachos>.*?</despachos>", b"", a_gazette(200), flags=re.DOTALL)
    good = a_gazette(1)
    (watched / "RM9902.xml").write_bytes(
        broken.replace(b"</revista>", b"") + good[good.index(b"<processo ") :]
    )
    ran = run("import", "RM9902.xml")
    assert ran.code == 1
    assert ran.err.count("Error: ") == 20
    assert "And 180 more errors: `tmwatch import --json` has them all." in ran.err
    assert sum("error" in line for line in run("import", "RM9902.xml", "--json").out.splitlines()) >= 200
