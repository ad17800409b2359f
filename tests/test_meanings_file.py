"""`meanings_file`: words that the user says mean the same, and what is told of a bad file."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from tmwatch.config import load_config
from tmwatch.config.meanings import read_meanings
from tmwatch.deadlines.rules import with_own
from tmwatch.errors import ConfigError
from tmwatch.watches.filing import Filing
from tmwatch.watches.portfolio import Portfolio

CONFIG = """
meanings_file = "meanings.csv"
[operator]
contact = "sample@example.com"
[[watch]]
name = "seals"
marks = ["ZORBEL"]
level = 3
notify = []
"""


@pytest.mark.parametrize("divider", [",", ";", "\t"])
def test_a_row_holds_the_words_of_one_meaning(tmp_path: Path, divider: str) -> None:
    text = divider.join(("\ufeffseal", " Robbe ", "海豹")) + "\n# a note\n\n" + divider.join(("a", "b", "a"))
    (tmp_path / "m.csv").write_text(text, encoding="utf-8")
    assert read_meanings(tmp_path / "m.csv") == (("seal", "Robbe", "海豹"), ("a", "b"))


@pytest.mark.parametrize(
    ("raw", "said"),
    [
        (None, "there is no file of meanings"),
        (b"seal\n", "line 1: one word alone means the same as nothing"),
        ("seal,Löwe\n".encode("cp1252"), "is not in UTF-8"),
        (b"a,b\n" * 1_300_000, "is larger than 5 MB"),
    ],
)
def test_a_bad_file_is_a_mistake_of_the_configuration(tmp_path: Path, raw: bytes | None, said: str) -> None:
    if raw is not None:
        (tmp_path / "meanings.csv").write_bytes(raw)
    (tmp_path / "tmwatch.toml").write_text(CONFIG, encoding="utf-8")
    with pytest.raises(ConfigError) as caught:
        load_config(tmp_path / "tmwatch.toml")
    assert "meanings_file" in str(caught.value)
    assert said in str(caught.value)


@pytest.mark.parametrize("read", [read_meanings, with_own])
def test_a_pipe_or_a_device_is_refused_before_it_is_read(
    tmp_path: Path, read: Callable[[Path], object]
) -> None:
    os.mkfifo(tmp_path / "own.csv")
    for path in (tmp_path / "own.csv", Path("/dev/null")):
        with pytest.raises(ConfigError, match="is a device or a pipe, not a file"):
            read(path)


def test_a_watch_finds_by_the_meanings_of_the_file(tmp_path: Path) -> None:
    (tmp_path / "meanings.csv").write_text("zorbel,plinta\n", encoding="utf-8")
    (tmp_path / "tmwatch.toml").write_text(CONFIG, encoding="utf-8")
    config = load_config(tmp_path / "tmwatch.toml")
    assert config.watches[0].meanings == (("zorbel", "plinta"),)
    ((_place, near),) = Portfolio(config.watches).asked([Filing("US500000000000001", "US", ("PLINTA",))])
    assert near is not None
    assert near.likeness.reasons == ("same meaning: ZORBEL / PLINTA",)
