"""`source capture`: a page of the register becomes a case, without the persons on it."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from tests.cli.conftest import FIXTURES, PAGE, SERIAL, House, Run
from tmwatch.errors import LookError
from tmwatch.sources.expectation import facts, load_case, load_expectation
from tmwatch.sources.registry import get_source

PERSON = "Jordan Q. Exampleman"


def with_person(page: bytes) -> bytes:
    """The page with an attorney and addresses that look like a private person's."""
    record = get_source("us.tsdr").read(load_case(PAGE.parent).as_page()).readings[0].record
    attorney = record.representatives[0].name
    return page.replace(attorney.encode(), PERSON.encode())


@pytest.fixture
def cases(folder: Path) -> Path:
    (folder / "fixtures").mkdir()
    return folder / "fixtures" / "us.tsdr"


def test_a_live_page_becomes_a_case_with_address_instant_and_headers(
    house: House, run: Run, cases: Path
) -> None:
    ran = run("source", "capture", "us.tsdr", SERIAL, "--case", "live", "--json")
    assert ran.code == 0
    case = load_case(cases / "live")
    assert case.origin.startswith("recorded 20")
    assert case.url.endswith(f"/statusview/sn{SERIAL}")
    assert case.fetched_at.endswith("+00:00")
    assert case.asked == (SERIAL,)
    assert not case.reviewed  # a first answer is a claim, not an expectation
    assert facts(get_source("us.tsdr").read(case.as_page())) == load_expectation(case.expect_path)


def test_no_person_on_the_page_stands_in_the_case(house: House, run: Run, cases: Path) -> None:
    page = with_person(PAGE.read_bytes())
    assert PERSON.encode() in page
    house.serve(page.replace(PERSON.encode(), b"Jordan&nbsp;Q. Exampleman <!-- jordan@exampleman.test -->"))
    assert run("source", "capture", "us.tsdr", SERIAL, "--case", "clean").code == 0
    for path in (cases / "clean").iterdir():
        written = path.read_bytes().lower()
        assert b"exampleman" not in written
        assert b"jordan" not in written
    expected = load_expectation(cases / "clean/expect.json")["readings"][0]["record"]
    assert expected["representatives"][0]["name"].startswith("Sample Person")
    assert len(expected["events"]) > 3


def test_where_a_person_cannot_be_taken_out_nothing_is_written(
    house: House, run: Run, cases: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tmwatch.capturing.scrubbed", lambda body, declaration, records: (body, 0))
    house.serve(with_person(PAGE.read_bytes()))
    ran = run("source", "capture", "us.tsdr", SERIAL)
    assert ran.code == 2
    assert "could not be taken out" in ran.err
    assert "Nothing was written" in ran.err
    assert not cases.exists()


def test_a_saved_page_is_captured_without_asking_anybody(run: Run, cases: Path) -> None:
    ran = run("source", "capture", "us.tsdr", str(PAGE), "--case", "saved")
    assert ran.code == 0
    assert "from a saved page" in load_case(cases / "saved").origin
    assert "set reviewed = true" in " ".join(ran.out.split())


def test_a_broken_page_becomes_a_case_that_fails_until_the_reader_is_mended(
    house: House, run: Run, cases: Path
) -> None:
    run("check")
    good = run("show", f"US {SERIAL}", "--json").json
    house.serve(PAGE.read_bytes().replace(b"Status:", b"Standing:"))
    ran = run("source", "capture", "us.tsdr", SERIAL, "--broken", "--case", "renamed", "--json")
    assert ran.code == 0, ran.err
    assert ran.json["outcome"] == "layout_changed"
    assert 'label "Standing:"' in ran.json["difference"]["new"]
    assert 'label "Status:"' in ran.json["difference"]["gone"]
    case = load_case(cases / "renamed")
    assert case.outcome.value == "ok"  # it must be read, and is not
    with pytest.raises(LookError):
        get_source("us.tsdr").read(case.as_page())
    wanted = load_expectation(case.expect_path)["readings"][0]["record"]
    assert wanted["status_text"] == good["status_text"]


def test_the_structural_difference_is_shown_on_the_screen(run: Run, folder: Path, cases: Path) -> None:
    shutil.copytree(FIXTURES / "us.tsdr/registered-word-mark", cases / "registered-word-mark")
    (folder / "odd.html").write_bytes(PAGE.read_bytes().replace(b"Status:", b"Standing:"))
    ran = run(
        "source",
        "capture",
        "us.tsdr",
        "odd.html",
        "--broken",
        "--number",
        SERIAL,
        "--no-persons",
        terminal=True,
    )
    assert ran.code == 0, ran.err
    assert '- label "Status:"' in ran.out
    assert '+ label "Standing:"' in ran.out
    assert "the case registered-word-mark" in ran.out
    assert all(len(line) <= 80 for line in ran.out.splitlines())


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        (["us.tsdr", str(PAGE), "--broken"], 2, "it is not broken"),
        (["us.tsdr", str(FIXTURES / "us.tsdr/challenge/page.html")], 1, ""),
        (["us.tsdr", "nowhere.html"], 2, "there is no such file"),
        (["us.tsdr", "US 76044902"], 2, "with a configuration only"),
        (["us.tsdr", str(PAGE), "--case", "../up"], 2, "is no name for a case"),
        (["us.nothing", str(PAGE)], 2, "there is no source"),
    ],
)
def test_what_cannot_be_captured_is_said_and_nothing_written(
    run: Run, cases: Path, words: list[str], code: int, said: str
) -> None:
    ran = run("source", "capture", *words)
    assert ran.code == code
    assert said in ran.err
    assert not cases.exists()


def test_a_case_is_never_overwritten(run: Run, cases: Path) -> None:
    assert run("source", "capture", "us.tsdr", str(PAGE), "--case", "one").code == 0
    before = (cases / "one/page.html").read_bytes()
    ran = run("source", "capture", "us.tsdr", str(PAGE), "--case", "one")
    assert ran.code == 2
    assert "there is a case of this name already" in ran.err
    assert (cases / "one/page.html").read_bytes() == before


def test_a_source_that_may_not_be_asked_is_not_asked(house: House, run: Run, cases: Path) -> None:
    house.path.write_text(house.path.read_text().replace("enabled = true", "enabled = false"))
    asked = len(house.register.asked)
    ran = run("source", "capture", "us.tsdr", SERIAL)
    assert ran.code == 2
    assert "switched off" in ran.err
    assert len(house.register.asked) == asked


@pytest.mark.parametrize(
    "path", sorted(FIXTURES.glob("us.tsdr-api/*/page.*")) + sorted(FIXTURES.glob("cn.tianyancha/*/page.json"))
)
def test_every_page_that_is_read_can_be_captured(run: Run, cases: Path, path: Path) -> None:
    case = load_case(path.parent)
    if case.outcome.value != "ok":
        pytest.skip("a page that is not read")
    ran = run("source", "capture", case.source, str(path), "--case", "one", "--json")
    assert ran.code == 0, ran.err
    json.loads((cases.parent / case.source / "one/expect.json").read_text())
