"""The store of a whole register: what it refuses, how it opens, and the register's clock."""

from __future__ import annotations

import datetime as dt
import json
import sqlite3
from array import array
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from tmwatch.errors import StoreError
from tmwatch.sources.slim import Essence, Slim
from tmwatch.store import Database
from tmwatch.store.owners import earlier_filings
from tmwatch.store.register import Register, Told
from tmwatch.store.register_file import SCHEMA_VERSION
from tmwatch.store.register_rows import _json, _read_list

ONE = "US500000099990501"


def told(day: str, state: bytes, **fields: Any) -> Told:
    known: dict[str, Any] = {
        "st13": ONE,
        "application_number": "99990501",
        "name": "SAMPLE NAME",
        "classes": ("9", "25"),
        "owners": ("Sample Company, Inc.",),
        "agents": (),
        "status_code": "602",
        "status_live": "dead",
        "filing_date": dt.date(2023, 9, 1),
        "as_of": dt.date.fromisoformat(day),
    }
    return Told(Essence(ONE, day, state), Slim(**{**known, **fields}))


def take(register: Register, *many: Told, version: int = 1, file: str = "apc260420.zip") -> list[str]:
    with register.write():
        became = register.take(many, source="us.daily", slim_version=version, file=file)
        register.keys_done()
    return list(became)


@pytest.fixture
def register(tmp_path: Path) -> Register:
    return Register(tmp_path / "register.db")


def test_what_differs_is_kept_with_old_and_new_and_the_day_the_file_speaks_for(register: Register) -> None:
    assert take(register, told("2026-04-20", b"a")) == ["new"]
    assert take(register, told("2026-04-21", b"b", status_code="616", classes=("9",))) == ["changed"]
    assert [(one["as_of"], one["field"], one["old"], one["new"]) for one in register.changes(ONE)] == [
        ("2026-04-21", "classes", ["9", "25"], ["9"]),
        ("2026-04-21", "status_code", "602", "616"),
    ]
    assert register.rows([ONE])[ONE]["classes"] == ["9"]


def test_other_bytes_that_say_the_same_are_no_change(register: Register) -> None:
    take(register, told("2026-04-20", b"a"))
    assert take(register, told("2026-04-21", b"b")) == ["unchanged"]
    assert (register.changes(ONE), register.rows([ONE])[ONE]["as_of"]) == ([], "2026-04-21")


def test_an_older_file_imported_today_moves_nothing(register: Register) -> None:
    take(register, told("2026-04-20", b"a"))
    with register.write():
        register.told_again({"2026-04-23": array("q", [1])})
    assert take(register, told("2026-04-22", b"b", status_code="616")) == ["past"]
    assert (register.rows([ONE])[ONE]["status_code"], register.changes(ONE)) == ("602", [])


def test_there_and_back_again_is_two_changes(register: Register) -> None:
    for day, code in (("2026-04-20", "602"), ("2026-04-21", "616"), ("2026-04-22", "602")):
        take(register, told(day, code.encode(), status_code=code))
    assert [(one["old"], one["new"]) for one in register.changes(ONE)] == [("602", "616"), ("616", "602")]


def test_a_better_reader_of_the_same_bytes_makes_no_news(register: Register) -> None:
    take(register, told("2026-04-20", b"a"))
    assert take(register, told("2026-04-20", b"a", agents=("Sample Attorney LLP",)), version=2) == [
        "unchanged"
    ]
    assert register.changes(ONE) == []
    assert register.rows([ONE])[ONE]["agents"] == ["Sample Attorney LLP"]


def test_a_filing_is_found_by_its_registration_and_international_number(register: Register) -> None:
    take(register, told("2026-04-20", b"a", registration_number="2824281", international_number="1266721"))
    assert register.by_number("registration", ["2824281"]) == {ONE}
    assert register.by_number("international", ["1266721"]) == {ONE}
    assert register.by_number("registration", ["1"]) == set()


def test_a_file_of_another_kind_is_refused_and_left_as_it_is(tmp_path: Path) -> None:
    text, other, database = tmp_path / "text.db", tmp_path / "other.db", tmp_path / "tmwatch.db"
    text.write_bytes(b"no database at all")
    with closing(sqlite3.connect(other)) as conn:
        conn.execute("create table mine (id integer)")
    Database(database).close()
    for path, why in ((text, "no SQLite file"), (other, "no store of a register"), (database, "no store")):
        before = path.read_bytes()
        with pytest.raises(StoreError, match=why) as refused:
            Register(path)
        assert str(path) in str(refused.value)
        assert path.read_bytes() == before


def test_a_newer_file_is_refused_and_left_as_it_is(tmp_path: Path, register: Register) -> None:
    register.conn.execute(f"pragma user_version = {SCHEMA_VERSION + 1}")
    register.close()
    with pytest.raises(StoreError, match="newer"):
        Register(tmp_path / "register.db")


def damage(path: Path, table: str) -> None:
    """The first page of a table is overwritten; what is looked at when the file is opened is whole."""
    with closing(sqlite3.connect(path)) as conn:
        conn.execute("pragma journal_mode = delete")
        size = conn.execute("pragma page_size").fetchone()[0]
        page = conn.execute("select rootpage from sqlite_master where name = ?", (table,)).fetchone()[0]
    with path.open("r+b") as file:
        file.seek((page - 1) * size)
        file.write(b"X" * size)


def test_damage_that_is_met_while_it_is_read_is_told_as_damage_of_this_file(register: Register) -> None:
    take(register, told("2026-04-20", b"a"))
    register.close()
    damage(register.path, "filing_owner")
    for reading in (True, False):
        with (
            pytest.raises(StoreError, match="cannot be used.*malformed") as refused,
            Register(register.path, reading=reading) as damaged,
        ):
            damaged.of_owner(["Sample Company, Inc."], None, 10)
        assert str(register.path) in str(refused.value)
        assert "import the register's files once more" in str(refused.value)


def test_damage_that_is_met_while_it_is_written_is_no_want_of_space(register: Register) -> None:
    take(register, told("2026-04-20", b"a"))
    register.close()
    damage(register.path, "filing_owner")
    with pytest.raises(StoreError, match="cannot be used.*malformed") as refused:
        take(Register(register.path), told("2026-04-21", b"b", owners=("Another Company",)))
    assert "Free space" not in str(refused.value)


def test_a_fault_of_something_else_is_not_taken_for_damage(register: Register) -> None:
    with pytest.raises(sqlite3.DatabaseError, match="somewhere else"), register:
        raise sqlite3.DatabaseError("somewhere else")


def test_an_alert_is_made_although_the_store_of_the_register_is_damaged(
    tmp_path: Path, register: Register
) -> None:
    take(register, told("2026-04-20", b"a"))
    register.close()
    damage(register.path, "filing_owner")
    with closing(Database(tmp_path / "tmwatch.db")) as database:
        known = earlier_filings(database, ["Sample Company, Inc."], None, register=register.path)
    assert [(one.store, one.readable) for one in known.looked] == [("database", True), ("register", False)]


def test_the_file_is_for_its_owner_alone_and_nothing_of_a_failed_step_is_kept(register: Register) -> None:
    assert register.path.stat().st_mode & 0o077 == 0

    def broken() -> None:
        with register.write():
            register.take([told("2026-04-20", b"a")], source="us.daily", slim_version=1, file="x")
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        broken()
    assert register.count() == 0


@pytest.mark.parametrize(
    "owners",
    [
        ("Sample Company, Inc.", 'The "Best" \\ Co', "", "北京京东", "\x7f\u2028\u00a0\ud7ff", "a\nb\x1fc"),
        *((one,) for one in ("plain", '"', "\\", '","', "é", "\u00a0", "\x00", "\U0001f600")),
        (),
    ],
)
def test_a_list_stands_in_the_file_as_json_whatever_is_in_it(
    register: Register, owners: tuple[str, ...]
) -> None:
    take(register, told("2026-04-20", b"a", owners=owners))
    ((stored,),) = register.conn.execute("select owners from filing").fetchall()
    assert stored == json.dumps(owners, ensure_ascii=False, separators=(",", ":"))


@pytest.mark.parametrize(
    "values",
    [
        [],
        [""],
        ["", ""],
        ["a"],
        ["a", "b, c"],
        ['"'],
        ["\\"],
        ['","'],
        ["]"],
        ["京东", "é"],
        ["a\tb"],
        [["pseudo", "A"]],
    ],
)
def test_lists_are_read_as_they_were_written(register: Register, values: list[Any]) -> None:
    for text in (_json(values), json.dumps(values)):
        assert _read_list(text) == values
