"""A command that cannot be meant: exit code 2, what is wrong, how it is written, and where more stands."""

from __future__ import annotations

import sys
from pathlib import Path

import click
import pytest

from tests.cli.conftest import PAGE, House, Run
from tests.conftest import ROOT
from tests.test_docs import ALL


@pytest.fixture
def stocked(house: House, run: Run) -> House:
    """A configuration with a watch and a recipient, and one filing."""
    run("import", str(PAGE))
    return house


@pytest.mark.parametrize(
    "words",
    [
        "show US 76044902",
        "history US 76044902",
        "source compare US76044902",
        "alerts why 99",
        "alerts preview 99",
        "alerts preview --recipient nope",
        "alerts retry 99",
        "alerts retry --recipient nope",
        "alerts release 99",
        "alerts drop 99",
        "alerts why-not US76044902 --watch nope",
        "hits mark 99 noise",
        "hits list --watch nope",
        "watch test nope",
        "watch replay nope --since 2026-01-01",
        "watch add --to-watch nope --number US76044902",
        "watch mute nope --until 2099-01-01",
        "watch unmute nope",
        "watch rename nope other",
        "check --watch nope",
        "worklist --watch nope",
        "worklist --office QQ",
        "deadlines --watch nope",
        "deadlines --rule nope --on 2026-01-01",
        "source list nope",
        "source check nope",
        "feed list nope",
        "feed take us.tsdr",
        "notify test nope",
        "export --atom --watch nope",
        "import nope.html",
        "restore nope.bak",
        "name X --watch nope",
    ],
)
def test_what_a_command_names_and_does_not_exist_is_exit_code_2_and_nothing_is_printed(
    stocked: House, run: Run, words: str
) -> None:
    ran = run(*words.split())
    assert (ran.code, ran.out) == (2, ""), ran.err
    assert ran.err.startswith("Error: ")
    assert len(ran.err.splitlines()) > 1, "what to do next is missing"


def test_the_readme_says_so() -> None:
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    (row,) = [line for line in readme.splitlines() if line.startswith("| 2 |")]
    for what in ("watch", "recipient", "alert", "hit", "filing", "source", "rule", "file"):
        assert what in row


def test_a_recipient_for_whom_nothing_waits_is_no_mistake(stocked: House, run: Run) -> None:
    ran = run("alerts", "retry", "--recipient", "legal", terminal=True)
    assert (ran.code, ran.out.strip()) == (0, "Nothing waits, and nothing was given up.")
    assert "Known: legal." in run("alerts", "retry", "--recipient", "legl").err


def test_of_several_files_the_one_that_is_not_there_stops_itself_only(stocked: House, run: Run) -> None:
    ran = run("import", str(PAGE), "nope.html")
    assert ran.code == 1
    assert "nope.html" in ran.err


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ("changes --nope", "there is no option --nope"),
        ("changes --leest low", "there is no option --leest\nDid you mean --least?"),
        ("changes --least huge", '--least: "huge" is none of its values\nGive cosmetic, low, medium'),
        ("export --what", "--what needs a value\nGive marks, changes or events."),
        ("check --watch", "--watch needs a value\nLike this: --watch 'my marks'"),
        ("watch replay own", "--since is missing\nLike this: --since 2026-06-01"),
        ("alerts why", "ID is missing\nLike this: tmwatch alerts why 12"),
        ("show", "NUMBER is missing\nLike this: tmwatch show 'US 76044902'"),
        ("import", "FILES is missing\nLike this: tmwatch import page.html"),
        ("hits mark", "ID is missing\nUsage: "),
        ("watch add w --level 9 --mark x", '--level: "9" is not a whole number from 0 to 4'),
        ("alerts list --limit many", '--limit: "many" is not a whole number of at least 1'),
        ("run --stop-seconds x", '--stop-seconds: "x" is not a number from 0 to 600'),
        ("watch replay own --since banana", '--since: "banana" is no day\nWrite a day like 2026-06-01.'),
        ("deadlines --on banana", '--on: "banana" is no day\nWrite a day like 2026-06-01.'),
        ("lookup x --since banana", '--since: "banana" is no day\nWrite a day like 2026-06-01.'),
        ("check extra", "got unexpected extra argument (extra)"),
    ],
)  # fmt: skip
def test_what_click_finds_reads_like_every_other_error(folder: Path, run: Run, words: str, said: str) -> None:
    ran = run(*words.split())
    assert ran.code == 2
    assert ran.err.startswith(f"Error: {said}")
    command = " ".join(
        one for one in words.split()[:2] if one.isalpha() and " ".join(words.split()[:2]) in ALL
    )
    command = command or words.split()[0]
    lines = ran.err.splitlines()
    assert lines[-2].startswith(f"Usage: tmwatch {command} ")
    assert lines[-1] == f"Try `tmwatch {command} --help`."


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ("lokup x", 'there is no command "tmwatch lokup"\nDid you mean lookup?\nTry `tmwatch --help`.'),
        ("xyz", 'there is no command "tmwatch xyz"\nTry `tmwatch --help`.'),
        (
            "hits xyz",
            'there is no command "tmwatch hits xyz"\nThere are list, mark.\nTry `tmwatch hits --help`.',
        ),
        ("--nope", "there is no option --nope\nTry `tmwatch --help`."),
    ],
)
def test_a_command_that_there_is_none_of_names_those_that_there_are(
    folder: Path, run: Run, words: str, said: str
) -> None:
    assert run(*words.split()).err == f"Error: {said}\n"


def test_a_span_or_a_day_is_shown_where_either_will_do(stocked: House, run: Run) -> None:
    ran = run("changes", "--since", "banana")
    assert ran.code == 2
    assert 'Write a day like 2026-06-01, a span like "7 days", or last-run.' in ran.err


@pytest.mark.parametrize("name", [name for name, one in ALL.items() if not isinstance(one, click.Group)])
def test_no_command_says_more_than_a_terminal_is_wide(
    folder: Path, run: Run, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys.stderr, "isatty", lambda: True)
    choices = [
        param.opts[0]
        for param in ALL[name].params
        if isinstance(param, click.Option) and isinstance(param.type, click.Choice | click.IntRange)
    ]
    for words in (["--nope"], *([flag, "nope"] for flag in choices)):
        ran = run(*name.split(), *words)
        assert ran.code == 2
        assert max(len(line) for line in ran.err.splitlines()) <= 80, ran.err
