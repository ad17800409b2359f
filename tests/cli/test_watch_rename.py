"""A watch is known by its name: under another one it goes on, or says that it does not."""

from __future__ import annotations

import tomllib
from contextlib import closing
from pathlib import Path

import pytest

from tests.cli.conftest import Run
from tests.cli.test_hits import CONFIG, Shelf, near
from tests.test_whole_way import row
from tmwatch.store import Database

MUTE = '\n[[mute]]\nwatch = "names" # for a while\nfield = "goods"\nuntil = 2099-12-31\n'


@pytest.fixture
def shelf(run: Run, folder: Path) -> Shelf:
    """Two hits under the watch "names": the first is noise, the second relevant."""
    made = Shelf(run, folder)
    made.imports(near(), row(5, "JOYROBOTAXI", 12, applicantCn="另一家公司"))
    run("hits", "mark", "1", "noise")
    run("hits", "mark", "2", "relevant")
    return made


def edit(shelf: Shelf, old: str, new: str) -> None:
    path = shelf.folder / "tmwatch.toml"
    path.write_text(path.read_text(encoding="utf-8").replace(old, new), encoding="utf-8")


def marked(shelf: Shelf) -> dict[str, tuple[str, str]]:
    return {hit["mark"]: (hit["watch"], hit["triage"]) for hit in shelf.hits()}


def test_a_renamed_watch_keeps_its_hits_its_mutes_and_what_was_marked(shelf: Shelf) -> None:
    edit(shelf, CONFIG, CONFIG.replace('"names"', "'names'  # ours") + MUTE)
    ran = shelf.run("watch", "rename", "names", 'our "names"')
    assert ran.code == 0, ran.err
    assert "2 hits of it go on under the new name" in ran.out
    text = (shelf.folder / "tmwatch.toml").read_text(encoding="utf-8")
    assert '"our \\"names\\""  # ours\n' in text
    said = tomllib.loads(text)
    assert (said["watch"][0]["name"], said["mute"][0]["watch"]) == ('our "names"', 'our "names"')
    assert marked(shelf) == {
        "Joy Robo Taxi": ('our "names"', "noise"),
        "JOYROBOTAXI": ('our "names"', "relevant"),
    }
    assert shelf.imports(near("初审公告")) == []
    with closing(Database(shelf.folder / "tmwatch.db")) as base:
        assert not base.conn.execute("select 1 from watch where watch = 'names'").fetchall()


def test_a_watch_that_was_renamed_in_an_editor_goes_on_with_the_same_command(shelf: Shelf) -> None:
    edit(shelf, '"names"', '"ours"')
    shelf.imports(near())  # it has begun anew, and finds the filing once more
    said = shelf.run("doctor").out
    assert 'watch "names": it is not in the configuration' in " ".join(said.split())
    assert "watch rename" in said
    ran = shelf.run("watch", "rename", "names", "ours")
    assert ran.code == 0, ran.err
    assert marked(shelf) == {"Joy Robo Taxi": ("ours", "noise"), "JOYROBOTAXI": ("ours", "relevant")}
    assert shelf.imports(near("初审公告")) == []
    assert "is not in the configuration" not in " ".join(shelf.run("doctor").out.split())


def test_what_was_marked_under_the_new_name_holds(shelf: Shelf) -> None:
    edit(shelf, '"names"', '"ours"')
    shelf.imports(near("初审公告"))
    (again,) = [hit for hit in shelf.hits() if hit["watch"] == "ours"]
    shelf.run("hits", "mark", str(again["id"]), "relevant")
    shelf.run("watch", "rename", "names", "ours")
    assert marked(shelf)["Joy Robo Taxi"] == ("ours", "relevant")
    assert min(hit["id"] for hit in shelf.hits()) == 1  # it is the older hit: since when, and how it came


def test_the_older_of_two_hits_stays_whichever_name_it_bears(shelf: Shelf) -> None:
    edit(shelf, '"names"', '"ours"')
    shelf.imports(near("初审公告"))
    edit(shelf, '"ours"', '"names"')
    assert shelf.run("watch", "rename", "ours", "names").code == 0
    assert marked(shelf)["Joy Robo Taxi"] == ("names", "noise")
    assert sorted(hit["id"] for hit in shelf.hits()) == [1, 2]


@pytest.mark.parametrize(
    ("old", "new", "says"),
    [("nope", "ours", 'no watch "nope"'), ("names", " ", "empty"), ("names", "NAMES2", "already")],
)
def test_a_name_that_cannot_be_given_changes_nothing(shelf: Shelf, old: str, new: str, says: str) -> None:
    edit(shelf, CONFIG, CONFIG + '[[watch]]\nname = "names2"\nmarks = ["Tea"]\nnotify = []\n')
    before = (shelf.folder / "tmwatch.toml").read_bytes()
    ran = shelf.run("watch", "rename", old, new)
    assert ran.code == 2
    assert says in ran.err
    assert (shelf.folder / "tmwatch.toml").read_bytes() == before
    assert {hit["watch"] for hit in shelf.hits()} == {"names"}


def test_a_name_written_in_a_way_that_cannot_be_changed_safely_leaves_file_and_database(
    shelf: Shelf,
) -> None:
    edit(shelf, 'name = "names"', 'name = """names"""')
    ran = shelf.run("watch", "rename", "names", "ours")
    assert ran.code == 2
    assert "in your editor" in ran.err
    assert {hit["watch"] for hit in shelf.hits()} == {"names"}
