"""`watch test` and `watch replay`: what a watch would find, before it is switched on."""

from __future__ import annotations

import datetime as dt
import shutil
from pathlib import Path
from typing import Any

import pytest
import time_machine

from tests.cli.conftest import Run
from tests.cli.test_import_daily import THREE, zipped
from tests.test_whole_way import answer, row
from tmwatch.config import load_config

CONFIG = """
[operator]
contact = "ip-watch@firm.test"
[store]
register = "register.db"
[[watch]]
name = "names"
marks = ["Joyrobotaxi", "京东汽车"]
offices = ["CN", "US"]
classes = [12]
related = true
notify = []
"""


def filed(number: int, name: str, day: str, nice: int = 12, **more: Any) -> dict[str, Any]:
    beijing = dt.timezone(dt.timedelta(hours=8))
    at = int(dt.datetime.fromisoformat(day).replace(tzinfo=beijing).timestamp() * 1000)
    return row(number, name, nice, applicantCn="另一家科技有限公司", appDate=at, **more)


ROWS = (
    filed(1, "Joy Robo Taxi", "2026-10-05"),
    filed(2, "JOYROBOTAXI", "2026-10-07", 39),
    filed(3, "Joyrobotaxi", "2026-10-14", 30),  # tea: no class that touches
    filed(4, "茶叶", "2026-10-21", 30),
    filed(5, "京东汽车", "2026-10-14"),
)


@pytest.fixture
def stored(run: Run, folder: Path) -> Run:
    (folder / "tmwatch.toml").write_text(CONFIG, encoding="utf-8")
    (folder / "a.json").write_bytes(answer(list(ROWS))({}))
    assert run("import", "a.json", "--as-of", "2026-11-01").code == 0
    return run


def test_what_a_watch_would_find_comes_nearest_first_with_how_the_goods_touch(stored: Run) -> None:
    tried = stored("watch", "test", "names", "--json").json
    assert tried["looked_through"] == 5
    assert [(one["st13"][-1], one["level"]) for one in tried["hits"]] == [("5", 1), ("2", 1), ("1", 1)]
    assert tried["hits"][1]["goods"] == "related classes: 12 and 39"
    assert all(one["reasons"] for one in tried["hits"])
    (miss,) = tried["near_misses"]
    assert (miss["mark"], miss["failed"]) == ("Joyrobotaxi", ["class 30 is not watched, nor related"])
    shown = stored("watch", "test", "names").out
    assert "3 of 5 stored filings come under it." in shown
    assert "Of US nothing is stored." in " ".join(shown.split())
    assert "no whole register" in " ".join(shown.split())


def test_what_falls_short_of_a_level_is_a_miss_and_another_level_can_be_tried(stored: Run) -> None:
    tried = stored("watch", "test", "names", "--level", "0", "--json").json
    assert {one["mark"] for one in tried["hits"]} == {"JOYROBOTAXI", "京东汽车"}
    said = [one["failed"][0] for one in tried["near_misses"] if one["mark"] == "Joy Robo Taxi"]
    assert said == [
        'mark "Joy Robo Taxi" is near the watched "Joyrobotaxi" (level 1), '
        "and the watch asks for the same name only"
    ]
    assert stored("watch", "test", "names", "--level", "5").code == 2


def test_the_store_of_a_whole_register_is_looked_through_too(stored: Run, folder: Path) -> None:
    assert stored("import", str(zipped(folder / "apc990420.zip", THREE))).code == 0
    tried = stored("watch", "test", "names", "--json").json
    assert tried["kept_in"] == {"database": 5, "register": 3}
    assert tried["offices"] == {"CN": 5, "US": 3}
    text = (folder / "tmwatch.toml").read_text(encoding="utf-8")
    lantern = text + '[[watch]]\nname = "lantern"\nmarks = ["SAMPLE LANTERNS"]\nclasses = [1]\nnotify = []\n'
    (folder / "tmwatch.toml").write_text(lantern, encoding="utf-8")
    (first, *_) = stored("watch", "test", "lantern", "--json").json["near_misses"]
    assert (first["kept_in"], first["mark"]) == ("register", "SAMPLE LANTERN")
    assert first["failed"]


def test_the_names_of_the_register_are_made_ready_once_which_is_announced(
    stored: Run, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    stored("import", str(zipped(folder / "apc990420.zip", THREE)))
    monkeypatch.setattr("tmwatch.cli.nearby._MANY", 2)
    first = stored("watch", "test", "names", "--json")
    assert "the names of 3 filings of the register are made ready" in first.err
    again = stored("watch", "replay", "names", "--since", "2026-04-01", "--json")
    assert (again.err, again.json["looked_through"]) == ("", 8)
    # Where the index cannot be kept all names are compared, and that is said.
    shutil.rmtree(folder / "register.db.index")
    (folder / "register.db.index").write_text("in the way")
    without = stored("watch", "test", "names", "--json")
    assert (without.code, without.json) == (0, first.json)
    assert "the index of the register's names cannot be kept" in without.err
    assert "Every name of the register is compared instead" in without.err
    assert (folder / "register.db.index").read_text() == "in the way"


def test_that_the_store_of_the_register_is_damaged_is_said_once(stored: Run, folder: Path) -> None:
    stored("import", str(zipped(folder / "apc990420.zip", THREE)))
    path = folder / "register.db"
    whole = path.read_bytes()
    path.write_bytes(whole[:4096] + b"\xff" * (len(whole) - 4096))
    ran = stored("watch", "test", "names")
    assert ran.code == 1
    assert ran.err.count("the store of the register cannot be used") == 1


def test_a_replay_counts_by_level_and_week_and_says_what_it_looked_through(stored: Run) -> None:
    with time_machine.travel(dt.datetime(2026, 11, 26, 12, tzinfo=dt.UTC), tick=True):
        told = stored("watch", "replay", "names", "--since", "2026-09-28", "--json").json
        shown = " ".join(stored("watch", "replay", "names", "--since", "2026-09-28").out.split())
    weeks = {week["monday"]: week for week in told["weeks"]}
    assert len(weeks) == 9
    assert (weeks["2026-10-05"]["level_1"], weeks["2026-10-12"]["level_1"]) == (2, 1)
    assert (weeks["2026-09-28"]["filings"], weeks["2026-10-19"]["filings"]) == (0, 1)
    assert told["weeks_with_data"] == 3
    assert told["levels"]["2"] == {"hits": 3, "hits_a_week": 1.0, "alerts_a_week": 1.0}
    assert (
        "About 1 filing a week, in about 1 alert a week, at level 2, the level of this watch: 3 in all."
        in shown
    )
    assert "3 of 9 weeks since 2026-09-28 have filings that are stored" in shown
    assert "offices: CN 5" in shown


MARKS = 'marks = ["Joyrobotaxi", "京东汽车"]'
GOODS = CONFIG.replace(MARKS, 'goods = ["ferries"]').replace("related", "# related")


def test_what_the_store_of_a_register_does_not_tell_is_said_and_not_taken_for_no_hit(
    run: Run, folder: Path
) -> None:
    (folder / "tmwatch.toml").write_text(CONFIG, encoding="utf-8")
    run("import", str(zipped(folder / "apc990420.zip", THREE)))  # one of the three is of class 12
    (folder / "tmwatch.toml").write_text(GOODS, encoding="utf-8")
    tried = run("watch", "test", "names", "--json").json
    assert (tried["hits"], tried["goods_not_kept"]) == ([], 1)
    said = "Of 1 filing that passes the other filters the goods are not stored"
    assert said in " ".join(run("watch", "test", "names").out.split())
    replayed = " ".join(run("watch", "replay", "names", "--since", "2026-04-01").out.split())
    assert "Nothing can be said: of 1 filing" in replayed
    assert "No filing" not in replayed


def test_hits_whose_goods_are_not_stored_are_counted_and_named(run: Run, folder: Path) -> None:
    text = GOODS.replace("classes = [12]", 'owners = ["Muster Boats"]\nclasses = [12]')
    (folder / "tmwatch.toml").write_text(text.replace("Muster Boats", "Nobody"), encoding="utf-8")
    run("import", str(zipped(folder / "apc990420.zip", THREE)))
    (folder / "tmwatch.toml").write_text(text, encoding="utf-8")
    said = "1 of these hits is counted without its goods, which are not stored"
    assert said in " ".join(run("watch", "test", "names").out.split())
    assert said in " ".join(run("watch", "replay", "names", "--since", "2026-04-01").out.split())


def test_a_replay_without_levels_says_how_many_there_were(stored: Run, folder: Path) -> None:
    text = CONFIG.replace(MARKS, 'owners = ["另一家科技有限公司"]')
    (folder / "tmwatch.toml").write_text(text, encoding="utf-8")
    shown = " ".join(stored("watch", "replay", "names", "--since", "2026-10-01").out.split())
    assert "About 1 filing a week, in about 1 alert a week: 3 in all." in shown


def test_a_replay_of_nothing_says_that_nothing_can_be_said(stored: Run) -> None:
    with time_machine.travel(dt.datetime(2026, 11, 26, 12, tzinfo=dt.UTC), tick=True):
        ran = stored("watch", "replay", "names", "--since", "2026-11-16")
    assert "nothing can be said" in ran.out
    assert stored("watch", "replay", "names", "--since", "last week").code == 2
    assert stored("watch", "replay", "other", "--since", "2026-01-01").code == 2


def test_everything_that_likeness_knows_can_be_added_from_the_command_line(run: Run, folder: Path) -> None:
    run("init")
    words = (
        *("--mark", "JD Auto", "--level", "3", "--twin", "JD=京东", "--owner", "Zebra Ltd.", "--owners-like"),
        *("--except-owner", "Our Firm", "--except-number", "76/044,902", "--goods", "autonomous vehicle"),
        *("--class", "12", "--related"),
    )
    ran = run("watch", "add", "new", *words)
    assert ran.code == 0, ran.err
    watch = load_config(folder / "tmwatch.toml").watch("new")
    assert watch is not None
    assert (watch.level, watch.twins, watch.owners_like, watch.related) == (3, (("JD", "京东"),), True, True)
    assert (watch.except_owners, watch.goods) == (("Our Firm",), ("autonomous vehicle",))
    assert [number.number for number in watch.except_numbers] == ["76044902"]
    said = " ".join(ran.out.split())
    assert 'bears a name near "JD Auto" (level 3 or nearer)' in said
    assert "or to an owner whose name looks like that" in said
    assert "stands in class 12 or in a related one and has goods that hold" in said
    assert 'never by likeness: "Our Firm" and US 76044902' in said


@pytest.mark.parametrize(("flag", "value"), [("--level", "2"), ("--twin", "JD=京东")])
def test_what_is_about_marks_says_so_where_there_are_none(
    run: Run, folder: Path, flag: str, value: str
) -> None:
    run("init")
    said = f"{flag} does nothing here: it is about names of marks, and --mark gives none."
    assert said in " ".join(run("watch", "add", "theirs", "--owner", "X", flag, value).out.split())
    assert said not in " ".join(run("watch", "add", "ours", "--mark", "X", flag, value).out.split())
