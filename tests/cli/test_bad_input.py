"""Whatever is wrong: a clear error that names what, where and what to do; no traceback; nothing lost."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from tests.cli.conftest import PAGE, SERIAL, Run

GOOD = """
[operator]
contact = "ip-watch@firm.test"
[[recipient]]
name = "legal"
email = ["legal@firm.test"]
[[watch]]
name = "own"
numbers = ["US 76044902"]
notify = []
"""

MISTAKES = {
    "a wrong type": (GOOD.replace("notify = []", 'notify = []\nclasses = ["9"]'), "classes"),
    "an unknown key": (GOOD.replace("notify = []", 'notify = []\nnumber = "x"'), "number"),
    "an unknown zone": (GOOD.replace("email =", 'timezone = "Mars/Olympus"\nemail ='), "Mars/Olympus"),
    "a number no office has": (GOOD.replace("US 76044902", "US 123"), "US 123"),
    "a duplicate name": (GOOD + '[[watch]]\nname = "own"\nnumbers = ["US 76044903"]\nnotify = []\n', "own"),
    "no TOML": ("[operator\n", "TOML"),
}


@pytest.mark.parametrize("what", MISTAKES)
@pytest.mark.parametrize("command", [["check"], ["watch", "list"], ["doctor"], ["import", str(PAGE)]])
def test_a_mistake_in_the_configuration_is_exit_2_and_named(
    run: Run, folder: Path, what: str, command: list[str]
) -> None:
    text, named = MISTAKES[what]
    (folder / "tmwatch.toml").write_text(text, encoding="utf-8")
    ran = run(*command)
    assert ran.code == 2
    said = ran.out + ran.err
    assert named in said
    assert "tmwatch.toml" in said.replace("\n", "")
    assert "Traceback" not in said


def test_a_broken_configuration_does_not_keep_anybody_from_reading_what_is_stored(
    run: Run, folder: Path
) -> None:
    run("import", str(PAGE))
    (folder / "tmwatch.toml").write_text(MISTAKES["an unknown zone"][0], encoding="utf-8")
    for words in (["show", f"US {SERIAL}"], ["history", f"US {SERIAL}"], ["changes"], ["export"], ["backup"]):
        assert run(*words).code == 0, words


@pytest.mark.parametrize(
    "words",
    [
        ["frobnicate"],
        ["show"],
        ["show", "blah"],
        ["show", "US 123"],
        ["show", "76044902"],
        ["show", "US 76044902", "--office", "CN"],
        ["changes", "--since", "yesteryear"],
        ["changes", "--least", "huge"],
        ["import", "--as-of", "11/01/2026", str(PAGE)],
        ["import"],
        ["check"],
        ["watch", "test", "x"],
        ["lookup", "x", "--live"],
        ["lookup", ""],
        ["source", "check"],
        ["source", "check", "zz.nothing"],
        ["alerts", "why", "one"],
        ["export", "--what", "secrets"],
        ["--config", "nowhere.toml", "check"],
        ["--config", "nowhere.toml", "show", "US 76044902"],
    ],
)
def test_what_cannot_be_meant_is_exit_2_without_a_traceback(run: Run, words: list[str]) -> None:
    if words[:1] == ["changes"]:
        run("import", str(PAGE))
    ran = run(*words)
    assert ran.code == 2
    assert ran.out == ""
    assert "Error: " in ran.err
    assert "Traceback" not in ran.err
    assert len(ran.err.splitlines()) < 12


def test_a_file_that_is_no_database_is_refused_and_left_untouched(run: Run, folder: Path) -> None:
    (folder / "tmwatch.db").write_bytes(b"this is no database" * 100)
    before = (folder / "tmwatch.db").read_bytes()
    for words in (["show", "US 76044902"], ["import", str(PAGE)], ["backup"], ["doctor"], ["export"]):
        ran = run(*words)
        assert ran.code == 1, words
        assert "tmwatch.db" in ran.out + ran.err
    assert (folder / "tmwatch.db").read_bytes() == before


def test_a_fault_of_our_own_is_one_line_and_a_trace_only_on_demand(
    run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    run("import", str(PAGE))

    def broken(*_: object) -> None:
        raise RuntimeError("a wheel came off")

    monkeypatch.setattr("tmwatch.store.queries.get", broken)
    ran = run("show", f"US {SERIAL}")
    assert ran.code == 1
    assert "this is a bug in tmwatch" in ran.err
    assert "Traceback" not in ran.err
    assert "Traceback" in run("--debug", "show", f"US {SERIAL}").err


def test_a_reader_who_leaves_early_is_no_error(run: Run, folder: Path) -> None:
    run("import", str(PAGE))
    for words in (["export", "--what", "events"], ["show", f"US {SERIAL}"]):
        running = subprocess.Popen(
            [sys.executable, "-m", "tmwatch", *words], stdout=subprocess.PIPE, stderr=subprocess.PIPE
        )
        assert running.stdout is not None
        running.stdout.close()  # `tmwatch … | head`, which has seen enough
        assert running.stderr is not None
        assert running.stderr.read() == b""
        running.stderr.close()
        assert running.wait() == 0


def test_a_folder_without_files_is_said(run: Run, folder: Path) -> None:
    (folder / "pages").mkdir()
    ran = run("import", "pages")
    assert ran.code == 2
    assert "no page is in this folder" in ran.err
    assert "Nothing was stored" in ran.err


def test_json_is_utf_8_even_where_the_locale_is_not(run: Run, folder: Path) -> None:
    page = next((Path(PAGE).parents[2] / "cn.tianyancha").glob("*/*.json"))
    done = subprocess.run(
        [sys.executable, "-m", "tmwatch", "import", "--json", str(page)],
        capture_output=True,
        check=False,
        env={"PATH": "/usr/bin:/bin", "LC_ALL": "POSIX", "PYTHONIOENCODING": "ascii", "PYTHONUTF8": "0"},
    )
    done.stdout.decode("utf-8")
    assert b"Traceback" not in done.stderr
