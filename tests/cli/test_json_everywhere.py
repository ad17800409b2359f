"""Whatever a command has to say, a program can read: `--json` at each, or the reason why there is none."""

from __future__ import annotations

import tomllib
from pathlib import Path

import click
import pytest

from tests.cli.conftest import CANCELLED, PAGE, SERIAL, House, Run
from tests.conftest import ROOT
from tests.test_docs import ALL
from tmwatch.cli.app import cli
from tmwatch.sources.registry import asked_unasked

WITHOUT = {
    "demo": "a story that is told to a person",
    "run": "a daemon: it runs until it is stopped, and what it does stands in its log, which is JSON",
}


def test_every_command_has_json_or_a_reason_to_have_none() -> None:
    have = {name for name, one in ALL.items() if any("--json" in option.opts for option in one.params)}
    assert set(ALL) - have == set(WITHOUT)
    groups = [cli, *(one for one in cli.commands.values() if isinstance(one, click.Group))]
    assert not [one.name for one in groups if one.invoke_without_command], "it says something by itself"
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    but = " and ".join(f"`{name}`" for name in WITHOUT)
    assert f"All commands but {but} take `--json`" in readme


def test_what_init_wrote(run: Run, folder: Path) -> None:
    written = run("init", "--json").json
    assert written["configuration"].endswith("tmwatch.toml")
    assert written["database"].endswith("tmwatch.db")
    assert written["asked_unasked"] == list(asked_unasked())


def test_what_a_watch_that_was_added_means(run: Run, folder: Path) -> None:
    run("init")
    run("watch", "add", "docket", "--number", f"US {SERIAL}")
    run("import", str(PAGE))
    numbers = ("--number", f"US {SERIAL}", "--number", "76/044,902")
    added = run("watch", "add", "my marks", *numbers, "--office", "US", "--level", "2", "--json").json
    assert added["configuration"].endswith("tmwatch.toml")
    assert added["watch"] == "my marks"
    assert added["rule"] == run("watch", "test", "my marks", "--json").json["rule"]
    assert added["added"] == [f"US {SERIAL}", "US 76044902"]
    assert (added["already_there"], added["asked"], added["notify"]) == ([], [], [])
    assert added["in_other_watches"] == [{"number": f"US {SERIAL}", "watch": "docket"}]
    (stored,) = added["stored"]
    assert (stored["st13"], stored["office"]) == (f"US5000000{SERIAL}", "US")
    assert (stored["application_number"], stored["as_of"]) == (SERIAL, "2021-01-05")
    assert any(one.startswith("--level does nothing here") for one in added["doubts"])
    more = run("watch", "add", "--to-watch", "docket", *numbers, "--office", "US", "--json").json
    assert set(more) == set(added)
    assert (more["added"], more["already_there"]) == (["US 76044902"], [f"US {SERIAL}"])
    assert more["in_other_watches"] == [{"number": "US 76044902", "watch": "my marks"}]
    assert more["stored"] == []
    free = run("watch", "add", "open", "--owner", "Sample", "--json").json
    assert "fi.prh" in free["asked"]


def test_what_was_muted_and_what_ends_with_it(house: House, run: Run) -> None:
    house.configure('[[mute]]\nfield = "owners"\nuntil = 2000-12-31\n')
    words = ("own", "--field", "status", "--until", "2099-12-31", "--reason", "no news", "--critical")
    made = run("watch", "mute", *words, "--json").json
    assert made["configuration"].endswith("tmwatch.toml")
    listed = run("watch", "list", "--json").json[0]["mutes"]
    assert made["mute"] in listed
    assert (made["mute"]["watch"], made["mute"]["fields"]) == ("own", ["status"])
    assert (made["mute"]["state"], made["mute"]["critical"]) == ("active", True)
    run("check")
    house.serve(CANCELLED)
    run("check", "--all")
    assert len(run("changes", "--muted", "--json").json) == 1
    gone = run("watch", "unmute", "own", "--json").json
    assert gone["taken_out"] == [made["mute"]]
    (ended,) = gone["mutes_ended"]
    assert (ended["mute"], ended["count"]) == ('status of watch "own"', 1)
    assert "own" not in [one.get("watch") for one in tomllib.loads(house.path.read_text())["mute"]]


@pytest.mark.parametrize("in_file", [True, False])
def test_what_was_renamed(run: Run, folder: Path, *, in_file: bool) -> None:
    run("init")
    run("watch", "add", "old", "--number", f"US {SERIAL}")
    run("import", str(PAGE))
    if not in_file:
        path = Path("tmwatch.toml")
        path.write_text(path.read_text(encoding="utf-8").replace('"old"', '"new"'), encoding="utf-8")
    said = run("watch", "rename", "old", "new", "--json").json
    assert said.pop("configuration").endswith("tmwatch.toml")
    assert said == {"old": "old", "new": "new", "renamed_in_file": in_file, "hits": 1}


def test_what_is_tried_again_and_what_waits_all_the_same(house: House, run: Run) -> None:
    nothing = {"due": 0, "switched_on": [], "waits": {"digest": 0, "quiet": 0, "day": 0}}
    run("check")
    assert run("alerts", "retry", "--all", "--json").json == nothing
    house.hook.post_status = 410
    house.serve(CANCELLED)
    run("check", "--all")
    off = run("alerts", "retry", "--all", "--json").json
    assert (off["due"], len(off["switched_on"])) == (1, 1)
    assert off["switched_on"] == ['the webhook of "legal"']
