"""What is common in a class is learned from the user's own register, and weighs little from then on."""

from __future__ import annotations

import datetime as dt
import sqlite3
from collections.abc import Iterable, Iterator
from contextlib import closing
from pathlib import Path

import pytest

from tests.cli.conftest import Run, folder, run
from tests.cli.test_import_daily import THREE, zipped
from tmwatch.sources.slim import Essence, Slim
from tmwatch.store.register import Register, Told
from tmwatch.watches import commonness

__all__ = ["folder", "run"]  # the fixtures

CONFIG = """
[operator]
contact = "ip-watch@example.com"
[store]
register = "register.db"
[[watch]]
name = "ours"
marks = ["KORVA ZORVAK"]
classes = [7]
level = 3
notify = []
"""
DAY = dt.date(2026, 11, 1)


@pytest.fixture
def register(folder: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Register]:
    """A register of 60 owners whose machines are all called ZORVAK something."""
    monkeypatch.setattr(commonness, "LEAST", 50)
    with closing(Register(folder / "register.db")) as made:
        store(made, (f"ZORVAK {number}" for number in range(60)))
        yield made


def store(register: Register, names: Iterable[str]) -> None:
    first = register.rows_so_far()
    told = [
        Told(
            Essence(f"US5000000{first + at:08}", DAY.isoformat(), at.to_bytes(16, "big")),
            Slim(
                *(f"US5000000{first + at:08}", f"{first + at:08}", name, ("7",), (f"OWNER {first + at}",)),
                *((), "630", "live", DAY, DAY),
            ),
        )
        for at, name in enumerate(names)
    ]
    register.take(told, source="us.daily", slim_version=1, file="apc261101.zip")


def test_a_word_of_many_owners_of_the_class_says_little_beside_a_mark_of_that_class(
    register: Register, run: Run, folder: Path
) -> None:
    (folder / "tmwatch.toml").write_text(CONFIG, encoding="utf-8")

    def said() -> str:
        return run("name", "KORVA ZORVAK", "--beside", "KORVA", "--watch", "ours").out

    assert "in class 7" not in said()
    assert commonness.learn(register)
    assert "the rest is weak in class 7: ZORVAK" in " ".join(said().split())


def test_it_is_learned_when_filings_are_stored(
    run: Run, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(commonness, "LEAST", 1)
    (folder / "tmwatch.toml").write_text(CONFIG, encoding="utf-8")
    assert run("import", str(zipped(folder / "apc990420.zip", THREE))).code == 0
    assert commonness.counts_of(folder / "register.db") is not None


def test_counting_that_fails_costs_no_import(run: Run, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object) -> None:
        raise sqlite3.OperationalError("database or disk is full")

    monkeypatch.setattr(commonness, "learn", full)
    (folder / "tmwatch.toml").write_text(CONFIG, encoding="utf-8")
    assert run("import", str(zipped(folder / "apc990420.zip", THREE))).code == 0


def test_it_is_counted_anew_when_the_register_has_grown_by_a_tenth(register: Register) -> None:
    assert commonness.learn(register)
    assert not commonness.learn(register)
    store(register, ["PLINTO"] * 3)
    assert not commonness.learn(register)
    store(register, [f"PLINTO {number}" for number in range(9)])
    assert commonness.learn(register)
    counts = commonness.counts_of(register.path)
    assert counts is not None
    owners, words = counts.by_class[7]
    assert (owners, words["zorvak"], words["plinto"]) == (72, 60, 12)


def test_of_a_small_register_nothing_is_learned(register: Register, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(commonness, "LEAST", 61)
    assert not commonness.learn(register)
    assert commonness.counts_of(register.path) is None


@pytest.mark.parametrize("damage", ["", "{", '{"form": 2, "filings": 1, "classes": {}}', '{"form": 1}'])
def test_a_file_that_cannot_be_used_is_as_none_and_written_anew(register: Register, damage: str) -> None:
    commonness.file_of(register.path).write_text(damage, encoding="utf-8")
    assert commonness.counts_of(register.path) is None
    assert commonness.learn(register)
    assert commonness.counts_of(register.path) is not None


def test_a_sample_of_a_large_register_is_spread_evenly_and_has_each_owner_in_a_row(
    register: Register,
) -> None:
    some = list(register.by_owner(20))
    assert len(some) == 20
    owners = [owner for owner, _, _ in some]
    assert owners == sorted(owners)
    assert len(list(register.by_owner(1000))) == 60
