"""What people think of a hit: relevant is followed, noise is silent until it is something else."""

from __future__ import annotations

import csv
import io
import json
from pathlib import Path
from typing import Any

import pytest

from tests.cli.conftest import Run
from tests.test_whole_way import answer, row
from tmwatch.config import load_config
from tmwatch.following import with_relevant
from tmwatch.store import Database
from tmwatch.watches import asks

CONFIG = """
[operator]
contact = "ip-watch@firm.test"
[source."cn.tianyancha"]
base_url = "http://127.0.0.1:9"
[[watch]]
name = "names"
marks = ["Joyrobotaxi"]
offices = ["CN"]
least = "low"
first_look = "alert"
notify = []
"""
THEIRS = "另一家科技有限公司"
DAYS = iter(range(1, 29))


class Shelf:
    """The answers of an aggregator, one after the other, each imported as of the next day."""

    def __init__(self, run: Run, folder: Path) -> None:
        self.run, self.folder, self.day = run, folder, 0
        (folder / "tmwatch.toml").write_text(CONFIG, encoding="utf-8")

    def imports(self, *rows: dict[str, Any]) -> list[dict[str, Any]]:
        """The alerts that this brought, oldest first."""
        self.day += 1
        before = len(self.alerts())
        file = self.folder / f"answer-{self.day}.json"
        file.write_bytes(answer(list(rows))({}))
        ran = self.run("import", file.name, "--as-of", f"2026-11-{self.day:02}")
        assert ran.code == 0, ran.err
        return self.alerts()[before:]

    def alerts(self) -> list[dict[str, Any]]:
        listed = self.run("alerts", "list", "--json", "--limit", "100")
        found = listed.json if listed.code == 0 else []
        numbers = [str(one["id"]) for one in reversed(found)]
        return [self.run("alerts", "why", number, "--json").json["payload"] for number in numbers]

    def hits(self, *words: str) -> list[dict[str, Any]]:
        return list(self.run("hits", "list", "--json", *words).json["hits"])


@pytest.fixture
def shelf(run: Run, folder: Path) -> Shelf:
    return Shelf(run, folder)


def near(status: str = "等待实质审查", owner: str = THEIRS, nice: int = 12, **more: Any) -> dict[str, Any]:
    return row(1, "Joy Robo Taxi", nice, status, applicantCn=owner, **more)


def test_a_name_that_comes_near_is_a_hit_with_its_level_and_its_reasons(shelf: Shelf) -> None:
    (alert,) = shelf.imports(near(), row(2, "茶叶", 30, applicantCn=THEIRS))
    assert [card["mark"] for card in alert["cards"]] == ["Joy Robo Taxi"]
    (hit,) = shelf.hits()
    assert (hit["watch"], hit["level"], hit["triage"]) == ("names", 1, None)
    assert hit["reasons"]
    assert 'is near the watched "Joyrobotaxi" (level 1)' in hit["why"]
    assert shelf.hits("--level", "1") == [hit]
    (again,) = csv.DictReader(io.StringIO(shelf.run("hits", "list", "--csv").out))
    assert again["mark"] == "Joy Robo Taxi"


@pytest.mark.parametrize(
    ("rule", "owner"),
    [
        ("classes = [12]\n", "第三公司"),
        (f'marks = ["Joyrobotaxi"]\nowners = ["{THEIRS}"]\nrequire = "all"\n', THEIRS),
    ],
    ids=["filters alone", "every kind of trigger"],
)
def test_what_is_marked_relevant_is_followed_beside_what_the_watch_goes_by(
    shelf: Shelf, rule: str, owner: str
) -> None:
    """Its number is no trigger of the watch, beside which filters alone or the other triggers say nothing."""
    text = CONFIG.replace('marks = ["Joyrobotaxi"]\n', rule)
    (shelf.folder / "tmwatch.toml").write_text(text, encoding="utf-8")
    assert len(shelf.imports(near())) == 1
    before = shelf.run("watch", "test", "names", "--json").json["rule"]
    shelf.run("hits", "mark", "1", "relevant")
    shelf.imports(near(), row(2, "Joy Robo Taxi", 12, applicantCn=owner))
    assert [card["st13"][-1] for alert in shelf.alerts() for card in alert["cards"]] == ["1", "2"]
    found = shelf.run("watch", "test", "names", "--json").json
    assert len(found["hits"]) == 2
    assert found["rule"].startswith(before.split(":")[0])
    assert "marked relevant, and followed by number: CN 1" in found["rule"]
    (moved,) = shelf.imports(near(nice=25))
    assert "marked relevant on" in moved["why"]


def test_a_likeness_that_has_left_the_watch_is_told_of_as_one_and_not_as_a_named_filing(shelf: Shelf) -> None:
    text = CONFIG.replace("notify = []", "classes = [12]\nnotify = []")
    (shelf.folder / "tmwatch.toml").write_text(text, encoding="utf-8")
    shelf.imports(near())
    (told,) = shelf.imports(near(nice=25))
    assert {change["significance"] for change in told["cards"][0]["changes"]} <= {"critical", "high"}
    assert shelf.imports(near(nice=25, category="商标注册申请---等待受理通知书发文")) == []
    said = shelf.run("alerts", "why-not", "CN 00000001", "--watch", "names", "--json").json[0]["reasons"]
    assert any("less than high, which is told of a hit by likeness" in one for one in said)


def test_a_likeness_under_a_watch_that_is_new_beside_another_is_told_as_one(shelf: Shelf) -> None:
    shelf.imports(near())
    again = (
        '[[watch]]\nname = "again"\nmarks = ["Joyrobotaxi"]\noffices = ["CN"]\nleast = "low"\nnotify = []\n'
    )
    (shelf.folder / "tmwatch.toml").write_text(CONFIG + again, encoding="utf-8")
    assert shelf.imports(near(category="商标注册申请---等待受理通知书发文")) == []
    assert {one["watch"] for one in shelf.imports(near("初审公告"))} == {"names", "again"}


def test_noise_is_silent_until_its_owner_changes_and_is_told_once_more(shelf: Shelf) -> None:
    shelf.imports(near())
    ran = shelf.run("hits", "mark", "1", "noise")
    assert "names, level 1: 0 relevant, 1 noise, 0 open" in ran.out
    assert shelf.imports(near("初审公告")) == []
    (told,) = shelf.imports(near("初审公告", owner="北京京东叁佰陆拾度电子商务有限公司"))
    assert "marked noise on" in told["why"]
    assert "told once more: its owner changed" in told["why"]
    assert [change["field"] for change in told["cards"][0]["changes"]] == ["owners"]
    assert shelf.imports(near("已注册", owner="北京京东叁佰陆拾度电子商务有限公司")) == []
    (hit,) = shelf.hits()
    assert hit["triage"] == "noise"


def test_noise_is_judged_by_what_it_was_when_it_was_told_last(shelf: Shelf) -> None:
    shelf.imports(near())
    shelf.run("hits", "mark", "1", "noise")
    assert len(shelf.imports(near(owner="第三公司"))) == 1
    assert len(shelf.imports(near())) == 1
    # Another company form is no other owner.
    assert shelf.imports(near(owner=THEIRS.replace("有限公司", "股份有限公司"))) == []


def test_noise_is_told_once_more_where_its_classes_change(shelf: Shelf) -> None:
    shelf.imports(near())
    shelf.run("hits", "mark", "1", "noise")
    (told,) = shelf.imports(near(), near(nice=39))
    assert "its classes" in told["why"]


def test_what_is_relevant_is_told_in_full_and_its_publication_with_the_opposition_date(shelf: Shelf) -> None:
    shelf.imports(near())
    ran = shelf.run("hits", "mark", "1", "relevant")
    assert "1 relevant, 0 noise, 0 open" in ran.out
    (told,) = shelf.imports(near("初审公告"))
    assert "marked relevant on" in told["why"]
    assert "published" in told["why"]
    assert "oppos" in told["why"]
    assert told["significance"] == "critical"


def test_of_what_nobody_has_marked_only_what_is_critical_or_high_is_told(shelf: Shelf) -> None:
    shelf.imports(near())
    step, later = "商标注册申请---等待受理通知书发文", "商标注册申请---打印受理通知"
    assert shelf.imports(near(category=step)) == []
    assert len(shelf.imports(near("初审公告", category=step))) == 1
    shelf.run("hits", "mark", "1", "relevant")
    assert len(shelf.imports(near("初审公告", category=later))) == 1


def test_what_is_relevant_is_asked_for_by_its_number_wherever_a_source_can_be(
    shelf: Shelf, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TIANYANCHA_TOKEN", "t")
    shelf.imports(near())
    config = load_config(shelf.folder / "tmwatch.toml")
    env = {"TIANYANCHA_TOKEN": "t"}
    assert "Its number is asked for (cn.tianyancha)" in shelf.run("hits", "mark", "1", "relevant").out

    def numbers() -> list[str | None]:
        base = Database(config.store.path)
        try:
            found = asks(with_relevant(config, base).watches[0], config, env)
            return [one.number.st13 for one in found if one.number is not None]
        finally:
            base.close()

    assert numbers() == ["CN500000000000001"]
    shelf.run("hits", "mark", "1", "open")
    assert numbers() == []
    assert shelf.hits("--untriaged") == shelf.hits()


def test_a_hit_that_there_is_not_is_named_and_nothing_is_marked(shelf: Shelf) -> None:
    shelf.imports(near())
    ran = shelf.run("hits", "mark", "1", "7", "9", "noise")
    assert ran.code == 2
    assert "there is no hit 7, 9" in ran.err
    assert "Nothing was marked" in ran.err
    assert shelf.hits()[0]["triage"] is None
    assert "is not the number of a hit" in shelf.run("hits", "mark", "one", "noise").err
    assert "neither relevant, noise nor open" in shelf.run("hits", "mark", "1", "nosie").err
    assert 'there is no watch "nmes"' in shelf.run("hits", "list", "--watch", "nmes").err


def test_own_marks_and_allowed_owners_are_no_hits_by_likeness(shelf: Shelf) -> None:
    path = shelf.folder / "tmwatch.toml"
    but = f'except_owners = ["{THEIRS}"]\nexcept_numbers = ["CN 00000003"]\n'
    path.write_text(CONFIG + but, encoding="utf-8")
    mine = row(3, "Joy Robo Taxi", 12, applicantCn="我公司")
    (alert,) = shelf.imports(near(), mine, row(4, "Joy Robo Taxi", 9, applicantCn="第三公司"))
    assert [card["st13"] for card in alert["cards"]] == ["CN500000000000004"]


def test_what_came_near_before_the_watch_looked_for_it_comes_under_it_quietly(shelf: Shelf) -> None:
    path = shelf.folder / "tmwatch.toml"
    quiet = CONFIG.replace('first_look = "alert"\n', "")
    path.write_text(quiet + "level = 0\n", encoding="utf-8")
    shelf.imports(near(), row(5, "JOYROBOTAXI", 12, applicantCn=THEIRS))
    assert [hit["mark"] for hit in shelf.hits()] == ["JOYROBOTAXI"]
    path.write_text(quiet, encoding="utf-8")
    assert shelf.imports(near(), row(5, "JOYROBOTAXI", 12, applicantCn=THEIRS)) == []
    assert {hit["mark"]: hit["baseline"] for hit in shelf.hits()} == {
        "Joy Robo Taxi": True,
        "JOYROBOTAXI": True,
    }
    (alert,) = shelf.imports(near(), row(6, "Joyrobotaxy", 12, applicantCn=THEIRS))
    assert [card["mark"] for card in alert["cards"]] == ["Joyrobotaxy"]


def test_every_new_filing_in_a_class_is_a_hit_of_a_watch_of_filters_alone(shelf: Shelf) -> None:
    path = shelf.folder / "tmwatch.toml"
    path.write_text(CONFIG.replace('marks = ["Joyrobotaxi"]', "classes = [12]"), encoding="utf-8")
    (alert,) = shelf.imports(near(), row(2, "茶叶", 30, applicantCn=THEIRS))
    assert [card["st13"] for card in alert["cards"]] == ["CN500000000000001"]
    assert shelf.hits()[0]["level"] is None
    assert "by number, owner, agent or filters: 0 relevant, 0 noise, 1 open" in shelf.run("hits", "list").out
    assert json.loads(shelf.run("watch", "list", "--json").out)[0]["coverage"][0]["trigger"] == "filings"


def test_several_reasons_stand_under_each_other_and_each_filing_has_its_own(shelf: Shelf) -> None:
    shelf.imports(near(), row(2, "Joyrobotaxi", 12, applicantCn=THEIRS))
    lines = [line.rstrip() for line in shelf.run("alerts", "why", "1").out.splitlines()]
    why = next(place for place, line in enumerate(lines) if line.startswith("Why "))
    assert lines[why].count(";") == lines[why + 1].count(";") == 0
    assert lines[why + 1].startswith(" " * 17), "the second reason stands below the first"
    payload = shelf.alerts()[0]
    for reason in payload["why"].split("; "):
        assert any(reason[:40] in line for line in lines)
