"""A file of many records on its way into the store: whole or not at all, and one bad record stops itself."""

from __future__ import annotations

import datetime as dt
import io
import json
import zipfile
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
import time_machine

from tests.cli.conftest import FIXTURES, House, Run
from tmwatch import importing
from tmwatch.store import Database, marks

DAILY = FIXTURES / "us.daily"
THREE = (DAILY / "three-cases" / "apc990420.xml").read_bytes()


def lines(text: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in text.splitlines()]


def zipped(path: Path, body: bytes) -> Path:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(f"{path.stem}.xml", body)
    path.write_bytes(packed.getvalue())
    return path


def test_every_case_of_a_zip_is_stored_with_its_own_bytes(run: Run, folder: Path) -> None:
    path = zipped(folder / "apc990420.zip", THREE)
    found = lines(run("import", "--json", str(path)).out)
    assert [(one["st13"], one["what"], one["as_of"]) for one in found] == [
        (f"US5000000{serial}", "new", "2026-04-20") for serial in ("79990511", "99990512", "72990513")
    ]
    with closing(Database(folder / "tmwatch.db")) as base:
        (sighting,) = marks.sightings(base, "US500000099990512")
        page = marks.archived_page(base, sighting.id)
    assert page is not None
    assert page.body.startswith(b"<case-file>")
    assert b"79990511" not in page.body
    assert [one["what"] for one in lines(run("import", "--json", str(path)).out)] == ["unchanged"] * 3


def test_a_zip_in_a_folder_is_taken_and_one_without_pages_is_passed_over(run: Run, folder: Path) -> None:
    (folder / "in").mkdir()
    zipped(folder / "in" / "apc990420.zip", THREE)
    with zipfile.ZipFile(folder / "in" / "photos.zip", "w") as archive:
        archive.writestr("one.jpg", THREE)
    assert len(lines(run("import", "--json", str(folder / "in")).out)) == 3


@pytest.mark.parametrize(
    "case", ["cut-off", "cut-off-between-cases", "entity-in-document-type", "portal-page"]
)
def test_of_a_file_that_is_cut_off_or_hostile_nothing_is_stored(run: Run, folder: Path, case: str) -> None:
    page = next(path for path in (DAILY / case).iterdir() if path.name != "meta.toml")
    ran = run("import", "--json", str(page))
    assert ran.code == 1
    assert [one["st13"] for one in lines(ran.out)] == [None]
    assert "Nothing of it was stored" in ran.err
    assert run("show", "US 79990511").code != 0


def test_a_bad_case_stops_itself_only(run: Run, folder: Path) -> None:
    bad = THREE.replace(b"<status-code>630</status-code>", b"<status-code>new</status-code>")
    (folder / "apc990420.xml").write_bytes(bad)
    ran = run("import", "--json", "apc990420.xml")
    assert ran.code == 1
    assert {one["st13"]: one["outcome"] for one in lines(ran.out)} == {
        "US500000079990511": "ok",
        None: "layout_changed",
        "US500000072990513": "ok",
    }
    assert "99990512" in ran.err


def test_a_long_file_is_stored_batch_by_batch(
    run: Run, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tmwatch.importing.run.BATCH", 2)
    with closing(Database(folder / "tmwatch.db")) as base:
        told: list[int] = []
        path = zipped(folder / "apc990420.zip", THREE)
        results, _ = importing.import_files(base, [path], more=told.append)
        assert [one.what for one in results] == ["new"] * 3
        assert told == [2]


def test_a_later_file_alerts_and_an_earlier_one_fills_the_past(run: Run) -> None:
    after, before = DAILY / "after-revival/99990501-after.xml", DAILY / "before-revival/99990501-before.xml"
    run("import", str(after))
    (one,) = lines(run("import", "--json", str(before)).out)
    assert one["what"] == "past"
    said = run("history", "US 99990501").out
    assert "Status: code 602" in said
    assert "abandoned (602) → examination (616)" in said
    assert "class 9 removed" in " ".join(said.split())


def test_what_changed_is_told_though_the_clock_was_ahead_at_the_first_sight(run: Run, folder: Path) -> None:
    """What was first seen in days to come was taken for what this very import had brought."""
    (folder / "tmwatch.toml").write_text(
        '[operator]\ncontact = "x@firm.test"\n'
        '[[watch]]\nname = "own"\nnumbers = ["US 99990501"]\nnotify = []\n'
    )
    before, after = DAILY / "before-revival/99990501-before.xml", DAILY / "after-revival/99990501-after.xml"
    with time_machine.travel(dt.datetime.now(dt.UTC) + dt.timedelta(days=2)):
        assert run("import", str(before)).code == 0
    (one,) = lines(run("import", "--json", str(after)).out)
    assert one["what"] == "changed"
    (alert,) = run("alerts", "list", "--json").json
    assert "99990501" in alert["headline"]


def test_a_daily_file_is_checked_as_a_source(run: Run, folder: Path) -> None:
    for path in (DAILY / "three-cases/apc990420.xml", zipped(folder / "apc990420.zip", THREE)):
        ran = run("source", "check", "--json", str(path))
        (one,) = json.loads(ran.out)
        assert (ran.code, one["source"], one["good"], len(one["records"])) == (0, "us.daily", True, 3)


def test_a_check_names_the_case_that_cannot_be_read_and_what_nobody_claims(run: Run, folder: Path) -> None:
    bad = THREE.replace(b"<status-code>630</status-code>", b"<status-code>new</status-code>")
    (folder / "bad.xml").write_bytes(bad)
    (folder / "new.xml").write_bytes(THREE.replace(b"<cancellation-pending-in>F<", b"<new-in>F<", 1)
                                     .replace(b"</cancellation-pending-in>", b"</new-in>", 1))  # fmt: skip
    ran = run("source", "check", "--json", "bad.xml", "new.xml")
    assert ran.code == 1
    broken, newer = json.loads(ran.out)
    assert (broken["outcome"], len(broken["records"])) == ("layout_changed", 2)
    assert "99990512" in broken["error"]
    assert any("new-in" in line for line in newer["unclaimed"])


WATCHED = """
[[watch]]
name = "lantern"
marks = ["SAMPLE LANTERN"]
level = 0
first_look = "alert"
notify = ["legal"]
"""


@pytest.mark.parametrize(
    "known", [False, True], ids=["never seen before", "known, and unchanged in this file"]
)
def test_why_an_alert_was_sent_shows_the_look_at_a_filing_of_a_file_of_many(
    house: House, run: Run, folder: Path, known: bool
) -> None:
    path = zipped(folder / "apc990420.zip", THREE)
    if known:
        run("import", str(path))
    house.configure(WATCHED)
    found = lines(run("import", "--json", str(path)).out)
    assert {one["what"] for one in found} == {"unchanged" if known else "new"}
    told = run("alerts", "why", "1", "--json").json
    (look,) = told["looks"]
    assert (look["st13"], look["source"], look["as_of"]) == ("US500000079990511", "us.daily", "2026-04-20")
    assert look["sha256"]
    assert "2026-04-20" in run("alerts", "why", "1").out


@pytest.mark.parametrize("name", ["tt251015.zip", "RM2909.zip"])
def test_a_web_page_under_the_name_of_a_feeds_zip_is_named_as_such(run: Run, folder: Path, name: str) -> None:
    (folder / name).write_bytes(b"<!DOCTYPE html><html><body>The page is gone</body></html>")
    done = run("import", str(folder / name))
    assert done.code == 1
    assert "this is a web page, not a zip" in done.err
    assert "Nothing of it was stored" in done.err


def test_a_first_look_that_is_quiet_about_filings_says_so(run: Run, folder: Path) -> None:
    """Who sets up a watch and imports the day's file would else wait for an alert of the very filing."""
    config = '[operator]\ncontact = "ip-watch@firm.test"\n' + "".join(
        f'[[watch]]\nname = "{name}"\nmarks = ["SAMPLE LANTERN"]\nnotify = []\n{more}'
        for name, more in (("quiet", ""), ("loud", 'first_look = "alert"\n'))
    )
    (folder / "tmwatch.toml").write_text(config, encoding="utf-8")
    path = zipped(folder / "apc990420.zip", THREE)
    said = " ".join(run("import", str(path), terminal=True).out.split())
    assert (
        "The first look of watch “quiet”: 2 filings, told to nobody; `tmwatch hits list` shows them." in said
    )
    assert "“loud”:" not in said
    assert "first look" not in run("import", str(path), terminal=True).out


QUIET = (
    '[operator]\ncontact = "ip-watch@firm.test"\n[store]\ninbox = "inbox"\n'
    '[[watch]]\nname = "quiet"\nmarks = ["SAMPLE LANTERN"]\nnotify = []\n'
)
NEXT_DAY = THREE.replace(b"20260420", b"20260421").replace(b"79990511", b"79990519")


def test_two_days_in_one_first_import_are_a_first_look_and_cron_hears_of_it(run: Run, folder: Path) -> None:
    (folder / "tmwatch.toml").write_text(QUIET, encoding="utf-8")
    paths = [
        str(zipped(folder / f"apc{day}.zip", body)) for day, body in (("990420", THREE), ("990421", NEXT_DAY))
    ]
    ran = run("import", *paths)
    assert (ran.code, ran.out) == (0, "")
    (line,) = ran.err.splitlines()
    assert line.startswith("Note: The first look of watch “quiet”: 3 filings, told to nobody; ")
    assert 'first_look = "alert"' in line
    assert run("alerts", "list", "--json").json == []
    assert run("import", *paths).silent


def test_with_json_each_record_names_the_watches_whose_first_look_is_quiet_about_it(
    run: Run, folder: Path
) -> None:
    (folder / "tmwatch.toml").write_text(QUIET, encoding="utf-8")
    path = str(zipped(folder / "apc990420.zip", THREE))
    ran = run("import", "--json", path)
    told = {one["st13"]: one["first_look"] for one in lines(ran.out)}
    assert sorted(told.values()) == [[], ["quiet"], ["quiet"]]
    assert ran.err == ""
    assert {tuple(one["first_look"]) for one in lines(run("import", "--json", path).out)} == {()}


def test_a_first_look_in_the_inbox_is_told_by_the_check_that_reads_it(run: Run, folder: Path) -> None:
    (folder / "tmwatch.toml").write_text(QUIET, encoding="utf-8")
    (folder / "inbox").mkdir()
    zipped(folder / "inbox/apc990420.zip", THREE)
    with time_machine.travel("2036-01-01T00:00:00Z", tick=True):  # whole for long
        ran = run("check", "--no-look", "--json")
    assert ran.json["inbox"]["first_look"] == {"quiet": 2}
    assert "Note: inbox: The first look of watch “quiet”: 2 filings, told to nobody" in ran.err
    zipped(folder / "inbox/apc990421.zip", NEXT_DAY)
    with time_machine.travel("2036-01-02T00:00:00Z", tick=True):
        assert run("check", "--no-look").silent
