"""A watch that can find nothing is refused where that is sure, and told of where it holds for now."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.cli.conftest import Run, folder, run

__all__ = ["folder", "run"]  # fixtures of the command line


@pytest.fixture(autouse=True)
def _configured(run: Run) -> None:
    assert run("init").code == 0


@pytest.mark.parametrize(
    ("given", "key"),
    [
        (("--goods", "!!"), "goods[0] (1st entry)"),
        (("--owner", "Sample Co", "--owner", "..."), "owners[1] (2nd entry)"),
        (("--agent", "&"), "agents[0] (1st entry)"),
        (("--mark", "A", "--except-owner", "-"), "except_owners[0] (1st entry)"),
    ],
)
def test_what_has_no_letter_can_never_be_met_and_nothing_is_written(
    run: Run, given: tuple[str, ...], key: str
) -> None:
    ran = run("watch", "add", "odd", *given)
    assert ran.code == 2
    assert f"key {key}" in ran.err
    assert "no letter or digit: it can never be met" in ran.err
    assert run("watch", "list", "--json").json == []


def test_twins_of_signs_are_refused_and_a_mark_of_signs_is_not(run: Run) -> None:
    assert "names that have a letter" in run("watch", "add", "odd", "--mark", "A", "--twin", "A=!!").err
    ran = run("watch", "add", "odd", "--mark", "!!")
    assert ran.code == 0
    assert "only a mark of these very signs is found" in " ".join(ran.out.split())
    same = run("watch", "add", "same", "--mark", "!!", "--level", "0")
    assert "very signs" not in same.out


@pytest.mark.parametrize(
    ("given", "said"),
    [
        (("--mark", "A", "--office", "AO"), "it can find nothing now: no source for AO (Angola) yet"),
        (("--mark", "A", "--office", "AO,US"), "nothing is found at AO"),
        (("--owner", "GmbH"), '"GmbH" in `owners` is a company form alone'),
        (("--agent", "有限公司"), "is a company form alone"),
    ],
)
def test_what_finds_nothing_now_is_said_when_it_is_written_tried_and_examined(
    run: Run, given: tuple[str, ...], said: str
) -> None:
    added = run("watch", "add", "odd", *given)
    assert added.code == 0
    tried, health = run("watch", "test", "odd", terminal=True), run("doctor", terminal=True)
    for ran in (added, tried, health):
        assert said in " ".join(ran.out.split())
    (doubt,) = run("watch", "test", "odd", "--json").json["doubts"]
    assert doubt.startswith(said) or said in doubt
    found = [one for one in run("doctor", "--json").json["findings"] if one["about"] == 'watch "odd"']
    assert {"level": "note", "about": 'watch "odd"', "what": doubt, "do": ""} in found


def test_a_day_that_is_to_come_is_told(run: Run, folder: Path) -> None:
    run("watch", "add", "odd", "--mark", "A")
    file = folder / "tmwatch.toml"
    file.write_text(file.read_text().replace('marks = ["A"]', 'marks = ["A"]\nsince = 2999-01-01'))
    assert "`since` is 2999-01-01" in run("watch", "test", "odd", "--json").json["doubts"][0]


def test_nothing_is_said_of_a_watch_that_is_in_order(run: Run) -> None:
    run("watch", "add", "fine", "--mark", "JD Auto", "--owner", "Sample GmbH", "--goods", "汽车")
    assert run("watch", "test", "fine", "--json").json["doubts"] == []
