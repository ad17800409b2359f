"""An owner's filings are found in the store of a whole register, however its name is written."""

from __future__ import annotations

import datetime as dt
import os
import signal
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import ROOT
from tests.store.test_register import take, told
from tmwatch.errors import StoreError
from tmwatch.sources.slim import Essence
from tmwatch.store import register_owners
from tmwatch.store.register import Register, Told


def filing(
    number: int,
    *owners: str,
    office: str = "US",
    day: str = "2026-04-20",
    state: bytes = b"a",
    **more: Any,
) -> Told:
    st13 = f"{office}50000{number:010}"
    one = told(day, state, st13=st13, owners=owners, **more)
    return Told(Essence(st13, day, state), one.slim)


def owned(register: Register, *names: str, before: dt.date | None = None, most: int = 100) -> list[int]:
    return [int(one["st13"][7:]) for one in register.of_owner(names, before, most)]


@pytest.fixture
def register(tmp_path: Path) -> Register:
    return Register(tmp_path / "register.db")


@pytest.mark.parametrize(
    ("stored", "asked"),
    [
        ("JINGDONG TECHNOLOGY CO., LTD.", "Jingdong Technology"),
        ("北京京東叁佰陸拾度電子商務有限公司", "北京京东叁佰陆拾度电子商务"),
        ("ＪＤ．ＣＯＭ, Inc.", "jd com"),
        ("Société Sample S.A.", "SOCIETE SAMPLE"),
        ("\u0412eijing Sample", "Beijing Sample"),
    ],
)
def test_an_owner_is_the_same_as_for_a_watch(register: Register, stored: str, asked: str) -> None:
    take(register, filing(1, stored), filing(2, f"{asked} Group"), filing(3))
    assert owned(register, asked) == owned(register, stored) == [1]
    assert owned(register, "") == owned(register) == []


def test_each_of_several_owners_has_the_filing_and_has_it_once(register: Register) -> None:
    take(register, filing(1, "Sample One LLC", "Sample Two", "SAMPLE ONE, INC."))
    assert owned(register, "Sample One") == owned(register, "Sample Two", "sample one") == [1]


def test_the_latest_filed_come_first_and_what_bears_no_date_counts_as_earlier(register: Register) -> None:
    days = (dt.date(2020, 1, 1), dt.date(2024, 1, 1), None, dt.date(2022, 1, 1))
    take(register, *(filing(n, "Sample", filing_date=day) for n, day in enumerate(days, 1)))
    assert owned(register, "Sample") == [2, 4, 1, 3]
    assert owned(register, "Sample", before=dt.date(2024, 1, 1)) == [4, 1, 3]
    assert owned(register, "Sample", most=2) == [2, 4]


def test_a_filing_that_is_sold_is_the_new_owner_s_alone(register: Register) -> None:
    take(register, filing(1, "Seller, Inc.", "Partner"), filing(2, "Seller"))
    sold = filing(1, "Buyer GmbH", "PARTNER LLC", day="2026-04-21", state=b"b")
    assert take(register, sold) == ["changed"]
    assert [owned(register, name) for name in ("Seller", "Buyer", "Partner")] == [[2], [1], [1]]
    # A page of the day before brings nothing back.
    assert take(register, filing(1, "Seller", day="2026-04-19", state=b"c")) == ["past"]
    assert owned(register, "Seller") == [2]
    # So does what a better reader makes of the same bytes, which is no change.
    assert take(register, filing(1, "Reread", day="2026-04-21", state=b"b"), version=2) == ["unchanged"]
    assert [owned(register, name) for name in ("Buyer", "Partner", "Reread")] == [[], [], [1]]


def test_what_a_failed_step_stored_is_found_under_nobody(register: Register) -> None:
    def fail() -> None:
        with register.write():
            register.take([filing(1, "Nobody")], source="us.daily", slim_version=1, file="x")
            raise ZeroDivisionError

    take(register, filing(2, "Sample"))
    with pytest.raises(ZeroDivisionError):
        fail()
    take(register, filing(3, "Sample"))
    assert [owned(register, name) for name in ("Nobody", "Sample")] == [[], [2, 3]]


def test_a_file_whose_import_was_killed_is_found_when_the_store_is_opened_next(register: Register) -> None:
    take(register, filing(1, "Sample"))
    with register.write():
        more = [filing(2, "Sample"), filing(3, "Seller")]
        register.take(more, source="us.daily", slim_version=1, file="x")
    with register.write():
        sold = [filing(3, "Buyer", day="2026-04-21", state=b"b")]
        register.take(sold, source="us.daily", slim_version=1, file="y")
    with closing(Register(register.path, reading=True)) as reading:
        assert (owned(reading, "Sample"), reading.holds().filings) == ([1], 1)
    with closing(Register(register.path)) as again:
        assert (owned(again, "Sample"), again.holds().filings) == ([1, 2], 3)
        assert [owned(again, name) for name in ("Seller", "Buyer")] == [[], [3]]


def test_how_many_filings_of_which_offices_it_holds_and_since_when(register: Register) -> None:
    assert register.holds() == (0, (), None)
    take(register, filing(1, "Sample"), filing(2, "Sample"), filing(3, "Sample", office="FI"))
    today = dt.datetime.now(dt.UTC).date()
    count, offices, since = register.holds()
    assert (count, offices) == (3, ("FI", "US"))
    assert since is not None
    assert abs((since - today).days) <= 1
    assert register.holds(["FI500000000000003", "US500000000000009"])[:2] == (2, ("US",))


# -- stores of older versions ------------------------------------------------------------------------------


def aged(path: Path, *many: Told) -> None:
    """A store as it was before owners had keys."""
    with closing(Register(path)) as register:
        take(register, *many)
        for table in ("filing_owner", "keyed", "filing_name", "named"):
            register.conn.execute(f"drop table {table}")
        register.conn.execute("pragma user_version = 2")


def test_an_older_store_is_brought_up_to_date_with_all_that_is_in_it(tmp_path: Path) -> None:
    path = tmp_path / "register.db"
    aged(path, filing(1, "Sample, Inc."), filing(2), filing(3, "北京京東有限公司", "Sample"))
    with closing(Register(path)) as register:
        assert owned(register, "SAMPLE") == [1, 3]
        assert owned(register, "北京京东") == [3]
        take(register, filing(4, "Sample GmbH"))
        assert owned(register, "SAMPLE") == [1, 3, 4]


KILLED = """
import os, signal, sys
from pathlib import Path
from tmwatch.store import register_owners
from tmwatch.store.register import Register
make, left = register_owners._keys_of_json, [40]
def deadly(owners):
    left[0] -= 1
    if left[0] == 0:
        os.kill(os.getpid(), signal.SIGKILL)
    return make(owners)
register_owners._keys_of_json = deadly
Register(Path(sys.argv[1]))
"""


def test_killed_while_it_is_brought_up_to_date_it_is_as_it_was_and_goes_on_the_next_time(
    tmp_path: Path,
) -> None:
    path = tmp_path / "register.db"
    aged(path, *(filing(n, f"Sample {n % 10}") for n in range(60)))
    command = [sys.executable, "-c", KILLED, str(path)]
    killed = subprocess.run(command, env={**os.environ, "PYTHONPATH": str(ROOT)})
    assert killed.returncode == -signal.SIGKILL
    with closing(sqlite3.connect(path)) as conn:
        assert conn.execute("pragma user_version").fetchone()[0] == 2
        assert conn.execute("select count(*) from filing").fetchone()[0] == 60
    with closing(Register(path)) as register:
        assert owned(register, "Sample 7, Inc.") == [7, 17, 27, 37, 47, 57]
        assert register.conn.execute("pragma integrity_check").fetchone()[0] == "ok"


def test_keys_of_another_rule_are_made_anew(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "register.db"
    with monkeypatch.context() as patch:
        patch.setattr(register_owners, "party_keys", lambda name: frozenset({f"old {name}"}))
        patch.setattr(register_owners, "rule", lambda: "0-old")
        with closing(Register(path)) as register:
            take(register, filing(1, "Sample, Inc."))
    with closing(Register(path)) as register:
        assert owned(register, "Sample") == [1]
        assert register.conn.execute("select count(*) from filing_owner").fetchone()[0] == 1


def test_whoever_only_reads_brings_nothing_up_to_date_and_writes_nothing(tmp_path: Path) -> None:
    path = tmp_path / "register.db"
    aged(path, filing(1, "Sample"))
    with pytest.raises(StoreError, match="older tmwatch"):
        Register(path, reading=True)
    Register(path).close()
    with closing(Register(path, reading=True)) as register:
        assert owned(register, "Sample") == [1]
        with pytest.raises(StoreError):
            take(register, filing(2, "Sample"))
    with pytest.raises(StoreError, match="no store of the register yet"):
        Register(tmp_path / "none.db", reading=True)
