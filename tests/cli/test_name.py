"""`name`: every step of what a name is compared as can be shown."""

from __future__ import annotations

from pathlib import Path

import pytest
from rich.cells import cell_len

from tests.cli.conftest import Run

CONFIG = """
twins = [["MTJ", "麦特杰"]]
[operator]
contact = "ip-watch@firm.test"
[[watch]]
name = "JD cars"
marks = ["JD Auto"]
twins = [["JD", "京东"]]
notify = []
[[watch]]
name = "other"
marks = ["Other"]
notify = []
"""


def test_each_step_is_shown_with_what_it_made(run: Run) -> None:
    ran = run("name", "J.D.-ÀUTO™ 4X")
    lines = [line.split("  ") for line in ran.out.splitlines()]
    assert ran.code == 0
    assert [(line[0], line[-1].strip()) for line in lines[1:]] == [
        ("as given", "J.D.-ÀUTO™ 4X"),
        ("no ™, nothing hidden", "J.D.-ÀUTO 4X"),
        ("lower case", "j.d.-àuto 4x"),
        ("no accents", "j.d.-auto 4x"),
        ("no punctuation", "jd auto 4x"),
        ("without spaces", "jdauto4x"),
        ("other spellings", "jd auto ax; jd auto forx; jd auto fourx; jd auto forex"),
        ("Compared as: jd auto 4x", "Compared as: jd auto 4x"),
    ]


def test_a_letter_that_only_looks_latin_is_named(run: Run) -> None:
    assert "(Cyrillic capital letter a (U+0410))" in run("name", "JDАUTO").out
    assert "Zero width space (U+200B)" in run("name", "JD\u200bAUTO").out


def test_a_chinese_name_is_read_and_only_the_likeliest_readings_stand_on_the_screen(run: Run) -> None:
    ran = run("name", "长城行乐")
    assert "chang cheng xing le; changchengxingle" in ran.out
    assert "more (--json has all)" in ran.out
    assert "zhang cheng xing yue" in run("name", "长城行乐", "--json").json["readings"]


def test_json_has_every_form(run: Run) -> None:
    told = run("name", "L8R", "--json").json
    assert told == {
        "name": "L8R",
        "steps": [
            {"step": "lower case", "made": ["l8r"], "note": None},
            {"step": "other spellings", "made": ["lbr", "later", "leatr", "leightr"], "note": None},
        ],
        "normal": "l8r",
        "compact": "l8r",
        "shape": "lbr",
        "readings": [],
        "variants": ["lbr", "later", "leatr", "leightr"],
        "twins": [],
        "beside": None,
    }


def test_an_owner_is_shown_without_its_company_form(run: Run) -> None:
    ran = run("name", "--owner", "北京京东叁佰陆拾度电子商务有限公司")
    assert "without company form     北京京东叁佰陆拾度电子商务\n" in ran.out
    assert "北京京东360度电子商务" in ran.out
    assert "gong si" not in ran.out


def test_twins_count_where_they_are_declared(run: Run, folder: Path) -> None:
    assert run("name", "JD", "--json").json["twins"] == []
    assert run("name", "JD", "--twin", "JD=京东", "--json").json["twins"] == ["京东"]
    (folder / "tmwatch.toml").write_text(CONFIG, encoding="utf-8")
    assert run("name", "JD", "--json").json["twins"] == ["京东"]
    assert run("name", "JD", "--watch", "other", "--json").json["twins"] == []
    assert run("name", "麦特杰", "--watch", "other", "--json").json["twins"] == ["mtj"]
    (folder / "tmwatch.toml").write_text(CONFIG.partition("[[watch]]")[0], encoding="utf-8")
    assert run("name", "麦特杰", "--json").json["twins"] == ["mtj"]


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("name",), "there is no name to show"),
        (("name", " "), "there is no name to show"),
        (("name", "JD", "--twin", "JD"), "--twin JD is no pair of names"),
        (("name", "JD", "--watch", "none"), 'there is no watch "none"'),
    ],
)
def test_what_cannot_be_shown_is_refused_with_what_to_do(
    run: Run, folder: Path, words: tuple[str, ...], said: str
) -> None:
    (folder / "tmwatch.toml").write_text(CONFIG, encoding="utf-8")
    ran = run(*words)
    assert (ran.code, ran.out) == (2, "")
    assert said in ran.err
    assert len(ran.err.splitlines()) >= 2


@pytest.mark.parametrize(
    "name", ["京" * 3000, "\x1b[31mJD\u202e行" + "乐" * 60, "8a" * 400, "[bold]JD[/bold]"], ids=len
)
def test_nothing_that_a_name_holds_breaks_the_screen(run: Run, name: str) -> None:
    ran = run("name", name, terminal=True)
    assert ran.code == 0
    assert "\x1b[31m" not in ran.out
    assert "\u202e" not in ran.out
    assert all(cell_len(line) <= 80 for line in ran.out.splitlines())


def test_another_name_beside_it_has_a_level_and_the_reasons(run: Run) -> None:
    ran = run("name", "京东", "--beside", "JINGDONG")
    assert ran.code == 0
    assert "Beside JINGDONG: level 2 of 4 (near)" in ran.out
    assert "京东 is read Jingdong" in ran.out
    told = run("name", "SEIKO", "--beside", "MOONLIGHT", "--json").json["beside"]
    assert (told["name"], told["level"], told["reasons"]) == ("MOONLIGHT", 4, [])
    assert run("name", "SEIKO", "--json").json["beside"] is None
    assert run("name", "SEIKO", "--beside", " ").code == 2


def test_a_declared_twin_counts_beside_another_name_as_it_does_for_a_watch(run: Run, folder: Path) -> None:
    told = run("name", "JD Auto", "--beside", "京东 Auto", "--twin", "JD=京东", "--json").json["beside"]
    assert told["level"] == 1
    assert told["reasons"][0] == "by the declared twin 京东 AUTO"
    assert run("name", "JD Auto", "--beside", "京东 Auto", "--json").json["beside"]["level"] == 4
