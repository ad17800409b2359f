"""A mark is found in the store of a whole register by its exact name, however that is written."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from tests.store.test_register import take
from tests.store.test_register_owners import aged, filing
from tmwatch.store import register_names
from tmwatch.store.register import Register
from tmwatch.text import fold


def named(register: Register, name: str) -> list[int]:
    return [int(one["st13"][7:]) for one in register.of_name(name)]


@pytest.fixture
def register(tmp_path: Path) -> Register:
    return Register(tmp_path / "register.db")


@pytest.mark.parametrize(
    ("stored", "asked"),
    [
        ("JOY-ROBO  TAXI", "Joy Robo Taxi"),
        ("ＪＯＹ", "joy"),
        ("CAFÉ SAMPLE", "Cafe Sample"),
        ("J.O.Y.", "JOY"),
        ("京东汽车", "京东汽车"),
        ("!!", "!!"),
    ],
)
def test_the_same_is_what_is_the_same_for_a_watch(register: Register, stored: str, asked: str) -> None:
    assert fold(stored) == fold(asked)
    take(register, filing(1, name=stored), filing(2, name=f"{stored} TWO"), filing(3, name=""))
    assert named(register, asked) == named(register, stored) == [1]
    assert named(register, "") == named(register, " ") == []


def test_pseudo_marks_and_transliterations_are_names_and_translations_are_none(register: Register) -> None:
    others = (("pseudo", "JOY TAXI"), ("transliteration", "JOI"), ("translation", "PLEASURE"))
    take(register, filing(1, name="JOI TAKSI", other_names=others))
    assert [named(register, one) for one in ("JOI TAKSI", "joy taxi", "JOI", "PLEASURE")] == [
        [1],
        [1],
        [1],
        [],
    ]


def test_a_filing_that_is_named_anew_is_found_by_its_new_name_alone(register: Register) -> None:
    take(register, filing(1, name="BEFORE", other_names=(("pseudo", "STAYS"),)), filing(2, name="BEFORE"))
    anew = filing(1, name="AFTER", other_names=(("pseudo", "STAYS"),), day="2026-04-21", state=b"b")
    assert take(register, anew) == ["changed"]
    assert [named(register, one) for one in ("BEFORE", "AFTER", "STAYS")] == [[2], [1], [1]]
    assert take(register, filing(1, name="BEFORE", day="2026-04-19", state=b"c")) == ["past"]
    assert named(register, "BEFORE") == [2]
    reread = filing(1, name="REREAD", day="2026-04-21", state=b"b")
    assert take(register, reread, version=2) == ["unchanged"]
    assert [named(register, one) for one in ("AFTER", "STAYS", "REREAD")] == [[], [], [1]]


def test_names_that_share_a_key_are_told_apart(register: Register, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(register_names, "key", lambda name: 7)
    take(register, filing(1, name="ONE"), filing(2, name="TWO"))
    assert [named(register, one) for one in ("one", "two", "three")] == [[1], [2], []]


def test_a_file_whose_import_was_killed_is_found_when_the_store_is_opened_next(register: Register) -> None:
    take(register, filing(1, name="SAMPLE"))
    with register.write():
        register.take([filing(2, name="SAMPLE")], source="us.daily", slim_version=1, file="x")
    with register.write():
        again = [filing(2, name="OTHER", day="2026-04-21", state=b"b")]
        register.take(again, source="us.daily", slim_version=1, file="y")
    assert [named(register, one) for one in ("SAMPLE", "OTHER")] == [[1], []]
    with closing(Register(register.path)) as again_open:
        assert [named(again_open, one) for one in ("SAMPLE", "OTHER")] == [[1], [2]]


def test_a_store_of_an_older_version_is_brought_up_to_date(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "register.db"
    aged(path, filing(1, name="SAMPLE"), filing(2, name="OTHER", other_names=(("pseudo", "SAMPLE"),)))
    with closing(Register(path)) as register:
        assert named(register, "sample") == [1, 2]
        assert register.conn.execute("pragma integrity_check").fetchone()[0] == "ok"
    monkeypatch.setattr(register_names, "_RULE", "another")
    monkeypatch.setattr(register_names, "key", lambda name: len(name))
    with closing(Register(path)) as register:
        assert named(register, "SAMPLE") == [1, 2]
        rows = register.conn.execute("select key from filing_name").fetchall()
        assert sorted(row["key"] for row in rows) == [5, 6, 6]


def test_it_is_found_by_an_index_and_not_by_going_through_all(register: Register) -> None:
    take(register, filing(1, name="SAMPLE"))
    said: list[str] = []
    with closing(sqlite3.connect(register.path)) as conn:
        conn.row_factory = sqlite3.Row
        conn.set_trace_callback(said.append)
        assert len(list(register_names.of_name(conn, "Sample"))) == 1
        conn.set_trace_callback(None)
        (query,) = (one for one in said if one.startswith("select f.*"))
        plan = " ".join(row["detail"] for row in conn.execute(f"explain query plan {query}"))
    assert "SCAN" not in plan.upper().replace("SCAN CONSTANT ROW", "")
