"""Pages saved by hand: what a newcomer does in the first five minutes, with nothing but a database."""

from __future__ import annotations

import datetime as dt
import json
from pathlib import Path
from typing import Any

import pytest

from tests.cli.conftest import CANCELLED, FIXTURES, PAGE, SERIAL, Run
from tmwatch.sources.base import Page
from tmwatch.sources.registry import get_source

TIANYANCHA = FIXTURES / "cn.tianyancha"
OWNER_WATCH = """
[operator]
contact = "ip-watch@firm.test"
[[watch]]
name = "theirs"
owners = ["{owner}"]
notify = []
"""


def lines(text: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in text.splitlines()]


def test_import_needs_no_configuration_and_prints_nothing_off_a_terminal(run: Run, folder: Path) -> None:
    ran = run("import", str(PAGE))
    assert (ran.code, ran.silent) == (0, True)
    assert (folder / "tmwatch.db").exists()
    assert "Verify with the office" in run("show", f"US {SERIAL}").out


def test_import_json_is_one_object_a_file(run: Run) -> None:
    (one,) = lines(run("import", "--json", str(PAGE)).out)
    assert (one["source"], one["st13"], one["outcome"]) == ("us.tsdr", f"US5000000{SERIAL}", "ok")
    assert one["file"] == str(PAGE)


def test_a_bad_file_stops_itself_only(run: Run, folder: Path) -> None:
    (folder / "empty.html").write_bytes(b"")
    (folder / "letter.txt").write_text("Dear Sirs, no page at all.")
    (folder / "other.html").write_text("<html><title>Some shop</title><body>Buy now</body></html>")
    ran = run("import", "--json", "empty.html", "letter.txt", "other.html", "missing.html", str(PAGE))
    assert ran.code == 1
    outcomes = {Path(one["file"]).name: one["outcome"] for one in lines(ran.out)}
    assert outcomes["page.html"] == "ok"
    assert all(outcomes[name] != "ok" for name in ("empty.html", "letter.txt", "other.html", "missing.html"))
    assert ran.err.count("Error: ") == 4
    assert "Traceback" not in ran.err
    assert run("show", f"US {SERIAL}").code == 0


def test_a_page_of_another_office_under_a_named_source_is_refused(run: Run) -> None:
    page = next(TIANYANCHA.glob("*/*.json"))
    ran = run("import", "--source", "us.tsdr", str(page))
    assert ran.code == 1
    assert "Error: " in ran.err
    assert run("import", "--source", "zz.nothing", str(PAGE)).code == 2


def test_numbers_are_taken_as_people_write_them(run: Run) -> None:
    run("import", str(PAGE))
    record = run("show", f"US {SERIAL}", "--json").json
    registration = record["registration_number"]
    ways = (
        [f"US {SERIAL}"],
        [f"US5000000{SERIAL}"],
        ["99/990,101", "--office", "US"],
        [SERIAL, "--office", "US"],
        ["reg", registration],
        [f"reg {registration}"],
    )
    for words in ways:
        ran = run("show", *words, "--json")
        assert ran.code == 0, (words, ran.err)
        assert ran.json["st13"] == f"US5000000{SERIAL}"


def test_history_shows_versions_and_changes_oldest_first(run: Run, folder: Path) -> None:
    (folder / "later.html").write_bytes(CANCELLED)
    run("import", "later.html", "--as-of", "2026-05-01")
    run("import", str(PAGE), "--as-of", "2026-04-01")
    told = run("history", f"US {SERIAL}", "--json").json
    assert [(one["version"], one["as_of"]) for one in told["versions"]] == [
        (1, "2021-01-05"),  # both print this day; --as-of only says which of the two is the later
        (2, "2021-01-05"),
    ]
    (status,) = [change for change in told["changes"] if change["field"] == "status"]
    assert status["version"] == 2
    assert "renewed" in status["old"]
    assert "→ Registration cancelled" in " ".join(run("history", f"US {SERIAL}").out.split())


def test_what_is_not_stored_says_what_to_do(run: Run) -> None:
    ran = run("show", "US 76044902")
    assert ran.code == 1
    assert "tmwatch import" in ran.err
    run("import", str(PAGE))
    ran = run("show", "US 76044902")
    assert (ran.code, ran.out) == (2, "")
    assert "US 76044902" in ran.err


def test_the_first_import_is_the_baseline_of_an_owner_watch_and_the_next_is_news(
    run: Run, folder: Path
) -> None:
    run("import", "--db", "other.db", str(PAGE))
    record = run("--db", "other.db", "show", f"US {SERIAL}", "--json").json
    owner = record["owners"][0]["name"]
    (folder / "tmwatch.toml").write_text(OWNER_WATCH.format(owner=owner), encoding="utf-8")
    assert run("import", str(PAGE)).code == 0
    assert run("alerts", "list", "--json").json == []
    second = PAGE.read_bytes().replace(SERIAL.encode(), b"99990199").replace(b"99/990,101", b"99/990,199")
    (folder / "second.html").write_bytes(second)
    ran = run("import", "second.html", terminal=True)
    assert ran.code == 0
    (alert,) = run("alerts", "list", "--json").json
    assert alert["kind"] == "filing.new"
    assert "1 alert made" in ran.out


def test_an_archive_of_one_filing_is_a_first_look_however_many_batches_it_takes(
    run: Run, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tmwatch.importing.run.BATCH", 1)
    (folder / "tmwatch.toml").write_text(
        f'[operator]\ncontact = "x@firm.test"\n[[watch]]\nname = "own"\nnumbers = ["US {SERIAL}"]\n'
        'role = "own"\nnotify = []\n',
        encoding="utf-8",
    )
    (folder / "archive").mkdir()
    (folder / "archive" / "1.html").write_bytes(PAGE.read_bytes())
    stamp = PAGE.read_bytes().split(b"generated by TSDR on ")[1][:10]
    (folder / "archive" / "2.html").write_bytes(CANCELLED.replace(stamp, b"2026-11-20"))
    assert run("import", "archive").code == 0
    assert run("alerts", "list", "--json").json == []
    assert "status" in {change["field"] for change in run("changes", "--since", "1 day", "--json").json}
    (folder / "third.html").write_bytes(PAGE.read_bytes().replace(stamp, b"2026-11-21"))
    assert run("import", "third.html").code == 0
    assert [one["kind"] for one in run("alerts", "list", "--json").json] == ["filing.changed"]


def test_a_changed_page_of_a_watched_number_makes_an_alert_that_check_sends_later(
    run: Run, folder: Path
) -> None:
    (folder / "tmwatch.toml").write_text(
        f'[operator]\ncontact = "x@firm.test"\n[[watch]]\nname = "own"\nnumbers = ["US {SERIAL}"]\n'
        'role = "own"\nnotify = []\n',
        encoding="utf-8",
    )
    run("import", str(PAGE))
    (folder / "later.html").write_bytes(CANCELLED)
    ran = run("import", "later.html", "--as-of", "2026-11-20", terminal=True)
    assert "CHANGED" in ran.out
    assert "1 alert made; nobody is told (notify is empty)" in ran.out
    (alert,) = run("alerts", "list", "--json").json
    assert alert["kind"] == "filing.changed"
    assert "status" in {change["field"] for change in run("changes", "--since", "1 day", "--json").json}
    (folder / "older.html").write_bytes(PAGE.read_bytes().replace(b"renewed", b"published"))
    assert run("import", "older.html", "--as-of", "2001-01-01").code in (0, 1)
    assert len(run("alerts", "list", "--json").json) == 1  # the past alerts nobody


def test_source_check_reads_the_fixtures_and_ends_with_a_verdict(run: Run) -> None:
    ran = run("source", "check", str(FIXTURES))
    assert ran.code == 0, ran.out
    assert ran.out.splitlines()[-1].startswith("Verdict: good")


def test_source_check_names_what_no_reader_claims(run: Run, folder: Path) -> None:
    page = PAGE.read_bytes().replace(b"Application Filing Date:", b"Lunar Phase:", 1)
    (folder / "odd.html").write_bytes(page)
    ran = run("source", "check", "odd.html", "--json")
    (one,) = ran.json
    assert ran.code == 1
    assert not one["good"]


def test_a_hostile_page_is_inert_on_screen_and_in_csv(run: Run, folder: Path) -> None:
    run("import", "--db", "good.db", str(PAGE))
    mark = run("show", "--db", "good.db", f"US {SERIAL}", "--json").json["verbal_element"]
    evil = "[red]=HYPERLINK(1)\x9b31m\u202e"
    page = PAGE.read_text(encoding="utf-8").replace(mark, evil)
    (folder / "evil.html").write_text(page, encoding="utf-8")
    assert run("import", "evil.html").code == 0
    for words in (["show"], ["show", "--json"], ["history"]):
        shown = run(words[0], f"US {SERIAL}", *words[1:]).out
        assert not set(shown) & {"\x1b", "\x9b", "\u202e"}
    assert "[red]=HYPERLINK(1)" in run("show", f"US {SERIAL}").out  # rich reads no markup in it


def test_a_cell_is_no_formula(run: Run, folder: Path) -> None:
    run("import", "--db", "good.db", str(PAGE))
    mark = run("show", "--db", "good.db", f"US {SERIAL}", "--json").json["verbal_element"]
    page = PAGE.read_text(encoding="utf-8").replace(mark, "=HYPERLINK(1)")
    (folder / "evil.html").write_text(page, encoding="utf-8")
    run("import", "evil.html")
    assert ",'=HYPERLINK(1)," in run("export").out


def test_a_day_to_come_is_refused_because_everything_before_it_would_pass_for_the_past(run: Run) -> None:
    ran = run("import", str(PAGE), "--as-of", "2099-01-01")
    assert ran.code == 2
    assert "lies in the future" in ran.err


def test_what_the_page_prints_beats_what_somebody_says_of_it(run: Run) -> None:
    ran = run("import", str(PAGE), "--as-of", "2026-04-01")
    assert "prints 2021-01-05; --as-of was not used" in ran.err
    assert run("show", f"US {SERIAL}", "--json").json["provenance"]["as_of"] == "2021-01-05"


def test_a_folder_gives_its_pages_and_says_how_many_other_files_it_passed_over(
    run: Run, folder: Path
) -> None:
    pages = folder / "saved"
    (pages / "page_files").mkdir(parents=True)
    (pages / "page.html").write_bytes(PAGE.read_bytes())
    (pages / "page_files" / "style.css").write_text("body {}")
    (pages / "page_files" / "frame.html").write_text("<html></html>")
    ran = run("import", "saved", terminal=True)
    assert (ran.code, ran.err) == (0, "")
    assert "2 other files passed over" in " ".join(ran.out.split())


def test_a_status_word_nobody_knows_is_named_and_never_guessed(run: Run, folder: Path) -> None:
    page = PAGE.read_bytes().replace(b"The registration has been renewed.", b"It has been frobnicated.")
    (folder / "page.html").write_bytes(page)
    ran = run("import", "page.html", "--json")
    assert ran.code == 0
    assert ran.json["unknown_words"]
    assert "It has been frobnicated." in ran.err
    assert run("show", f"US {SERIAL}", "--json").json["status_phase"] == "unknown"
    assert "frobnicated" in run("doctor").out


def test_a_name_of_two_characters_is_found(run: Run) -> None:
    run("import", str(FIXTURES / "cn.tianyancha/jd-auto-day-one/page.json"), "--as-of", "2026-11-20")
    for name in ("京东", "JD"):
        assert len(run("lookup", "--stored", name, "--json").json["filings"]) == 9


def test_of_several_pages_of_a_filing_only_the_latest_is_said_to_have_changed_it(
    run: Run, folder: Path
) -> None:
    first = PAGE.read_bytes()
    (folder / "old.html").write_bytes(first)
    run("import", "old.html")
    day = get_source("us.tsdr").read(Page(first)).readings[0].as_of
    assert day is not None
    stamp = day.day.strftime("%Y-%m-%d").encode()
    assert stamp in first
    later = (day.day + dt.timedelta(days=400)).strftime("%Y-%m-%d").encode()
    (folder / "new.html").write_bytes(CANCELLED.replace(stamp, later))
    told = [json.loads(line) for line in run("import", ".", "--json").out.splitlines()]
    found = {Path(one["file"]).name: one["what"] for one in told}
    assert found == {"old.html": "past", "new.html": "changed"}
