"""`watch add` adds to the file and to nothing else."""

from __future__ import annotations

import stat
import tomllib
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tmwatch.errors import ConfigError, TmwatchError, UsageError
from tmwatch.watches.append import add_number, add_watch, toml_value

FILE = """# ours
[operator]
contact = "a@firm.example"   # who

[[watch]]     # the first
name = "one"
marks = ["[[watch]]"]
notify = []

[[watch]]
name = "two"
numbers = [
    "US 76044902",   # the old one, "quoted]"
    "US 87499213"    # no comma
]
notify = []

[store]
path = "x.db"
"""


@pytest.fixture
def path(tmp_path: Path) -> Path:
    file = tmp_path / "tmwatch.toml"
    file.write_text(FILE, encoding="utf-8")
    return file


def test_a_watch_is_appended_and_the_rest_stays_to_the_letter(path: Path) -> None:
    config = add_watch(
        path, {"name": "three", "owners": ['A "B" Ltd.', "京东"], "classes": [9], "notify": []}, ()
    )
    assert path.read_text(encoding="utf-8").startswith(FILE)
    assert config.watches[2].owners == ('A "B" Ltd.', "京东")
    assert [watch.name for watch in config.watches] == ["one", "two", "three"]


def test_a_number_goes_into_the_right_watch_and_comments_stay(path: Path) -> None:
    config = add_number(path, "two", "US reg 2824281", None, ())
    assert [number.number for number in config.watches[1].numbers] == ["76044902", "87499213", "2824281"]
    assert path.read_text(encoding="utf-8").replace(', "US reg 2824281"', "") == FILE


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("numbers = []", 1),
        ('numbers = ["US 76044902"]', 2),
        ('numbers = ["US 76044902",]', 2),
        ("numbers = ['US 76044902']", 2),
        ('numbers = [ # ] "\n  "US 76044902", # last\n]', 2),
        ("", 1),
    ],
)
def test_a_number_is_added_however_the_list_is_written(tmp_path: Path, line: str, expected: int) -> None:
    path = tmp_path / "t.toml"
    head = '[operator]\ncontact = "a@b.example"\n[[watch]]\nname = "w"\nmarks = ["X"]\nnotify = []\n'
    path.write_text(f"{head}{line}\n[store]\n")
    config = add_number(path, "w", "US 87499213", None, ())
    assert len(config.watches[0].numbers) == expected
    assert len(tomllib.loads(path.read_text())["watch"][0]["numbers"]) == expected


def test_windows_line_ends_stay(tmp_path: Path) -> None:
    path = tmp_path / "t.toml"
    path.write_bytes(FILE.replace("\n", "\r\n").encode())
    add_watch(path, {"name": "three", "marks": ["X"], "notify": []}, ())
    assert b"\n" not in path.read_bytes().replace(b"\r\n", b"")


def test_a_number_that_is_watched_already_changes_nothing(path: Path) -> None:
    add_number(path, "two", "76/044,902", None, ())
    assert path.read_text(encoding="utf-8") == FILE


BAD: list[tuple[dict[str, Any], str]] = [
    ({"name": "one", "marks": ["X"], "notify": []}, "already"),
    ({"name": "x", "marks": ["X"], "notify": ["nobody"]}, "there is no recipient"),
    ({"name": "x", "numbers": ["US 1"], "notify": []}, "US 1"),
    ({"name": "x", "classes": [99], "marks": ["X"], "notify": []}, "99"),
]


@pytest.mark.parametrize(("settings", "said"), BAD)
def test_what_does_not_fit_leaves_the_file_untouched_and_says_so(
    path: Path, settings: dict[str, Any], said: str
) -> None:
    with pytest.raises(TmwatchError) as caught:
        add_watch(path, settings, ())
    assert said in str(caught.value)
    assert "left as it was" in str(caught.value)
    assert path.read_text(encoding="utf-8") == FILE
    assert list(path.parent.iterdir()) == [path]


def test_a_watch_or_number_that_does_not_exist_is_named(path: Path) -> None:
    with pytest.raises(UsageError, match="no watch") as caught:
        add_number(path, "tow", "US 76044902", None, ())
    assert "one, two" in caught.value.do
    with pytest.raises(UsageError, match="nonsense"):
        add_number(path, "two", "nonsense", None, ())
    with pytest.raises(ConfigError, match="no such configuration file"):
        add_watch(path.with_name("other.toml"), {"name": "x"}, ())


def test_a_file_that_is_wrong_already_is_not_added_to(path: Path) -> None:
    path.write_text(FILE + "colour = 1\n", encoding="utf-8")
    with pytest.raises(ConfigError, match="configuration"):
        add_watch(path, {"name": "x", "marks": ["X"], "notify": []}, ())
    assert path.read_text(encoding="utf-8") == FILE + "colour = 1\n"


def test_rights_and_links_of_the_file_stay(path: Path) -> None:
    path.chmod(0o640)
    link = path.with_name("link.toml")
    link.symlink_to(path)
    add_watch(link, {"name": "three", "marks": ["X"], "notify": []}, ())
    assert link.is_symlink()
    assert stat.S_IMODE(path.stat().st_mode) == 0o640
    assert "three" in path.read_text(encoding="utf-8")


@given(st.text(st.characters(exclude_categories=["Cs"])))
def test_no_name_can_break_out_of_its_quotes(name: str) -> None:
    assert tomllib.loads(f"name = {toml_value(name)}") == {"name": name}
