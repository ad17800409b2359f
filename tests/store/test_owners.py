"""What is stored of an owner's earlier filings is found however it writes itself, and in bounded time."""

from __future__ import annotations

import datetime as dt
import time
from pathlib import Path
from typing import Any

import pytest
import time_machine

from tests.records import goods, owner, record, sight
from tests.store.test_register import take
from tests.store.test_register_owners import aged, filing
from tmwatch.alerts.payload import LookedInto
from tmwatch.store import Database, observe
from tmwatch.store import owners as of_owners
from tmwatch.store.owners import earlier_filings, make_ready
from tmwatch.store.register import Register

DAY = dt.date(2025, 6, 5)


def stored(folder: Path, *given: dict[str, Any]) -> Database:
    base = Database(folder / "tmwatch.db")
    looks = [sight(record(f"US5{place:014}", **one), "2026-01-01") for place, one in enumerate(given, 1)]
    observe(base, looks)
    return base


def test_an_owner_is_found_with_another_company_form_and_only_before_the_day(tmp_path: Path) -> None:
    base = stored(
        tmp_path,
        {"application_date": dt.date(2019, 3, 1), "classes": (goods("9", "x"), goods("35", "y"))},
        {"application_date": DAY, "owners": (owner("SAMPLE WIDGETS GmbH"),)},
        {"application_date": None, "owners": (owner("Sample Widgets"),), "verbal_element": "UNDATED"},
        {"application_date": dt.date(2019, 3, 1), "owners": (owner("Other Widgets, Inc."),)},
    )
    found = earlier_filings(base, ["Sample Widgets LLC"], DAY)
    assert {(one.mark, one.filed, one.classes) for one in found.filings} == {
        ("SAMPLEMARK", dt.date(2019, 3, 1), ("9", "35")),
        ("UNDATED", None, ("9",)),
    }
    assert found.complete
    assert len(earlier_filings(base, ["Sample Widgets LLC"], None).filings) == 3
    without = frozenset({f"US5{1:014}"})
    assert [one.mark for one in earlier_filings(base, ["Sample Widgets"], DAY, without).filings] == [
        "UNDATED"
    ]
    assert earlier_filings(base, ["", "Nobody"], None).filings == ()


def test_an_owner_that_sold_a_mark_has_it_no_more(tmp_path: Path) -> None:
    base = stored(tmp_path, {})
    other = record(f"US5{1:014}", owners=(owner("Other Gadgets, Inc."),))
    observe(base, [sight(other, "2026-02-01")])
    assert earlier_filings(base, ["Sample Widgets"], None).filings == ()
    assert len(earlier_filings(base, ["Other Gadgets"], None).filings) == 1


def test_of_an_owner_with_very_many_the_newest_are_read_and_that_is_said(tmp_path: Path) -> None:
    base = stored(tmp_path, {})
    with base.write():
        base.conn.executemany(
            "insert into mark (st13, office, mark, classes, application_date) values (?, 'CN', 'X', '9', ?)",
            ((f"CN5{n:014}", f"{1990 + n % 30}-01-01") for n in range(12_000)),
        )
        base.conn.executemany(
            """insert into party (st13, "as", name, "key") values (?, 'owner', 'Big', 'big')""",
            ((f"CN5{n:014}",) for n in range(12_000)),
        )
    started = time.perf_counter()
    found = earlier_filings(base, ["BIG, Inc."], DAY)
    assert time.perf_counter() - started < 1
    assert (len(found.filings), found.complete) == (of_owners.MOST, False)
    assert found.filings[0].filed == dt.date(2019, 1, 1)


# -- with a store of the whole register ----------------------------------------------------------------------


@pytest.fixture
def register(tmp_path: Path) -> Register:
    return Register(tmp_path / "register.db")


def test_the_store_of_the_register_knows_what_the_database_does_not(
    tmp_path: Path, register: Register
) -> None:
    base = stored(tmp_path, {"application_date": dt.date(2019, 3, 1)}, {"owners": (owner("Other"),)})
    many = (
        filing(101, "SAMPLE WIDGETS CO., LTD.", filing_date=dt.date(2021, 1, 1), classes=("12",), name="NEW"),
        filing(102, "Sample Widgets", filing_date=DAY),
        filing(103, "Somebody Else"),
        filing(104, "Sample Widgets", filing_date=None, name=None),
    )
    with time_machine.travel(dt.datetime(2026, 3, 4, tzinfo=dt.UTC), tick=False):
        take(register, *many)
    without = frozenset({"US500000000000104"})
    found = earlier_filings(base, ["Sample Widgets LLC"], DAY, without, register=register.path)
    assert [(one.mark, one.filed, one.classes) for one in found.filings] == [
        ("NEW", dt.date(2021, 1, 1), ("12",)),
        ("SAMPLEMARK", dt.date(2019, 3, 1), ("9",)),
    ]
    assert found.looked == (
        LookedInto(store="database", filings=2, offices=("US",), since=dt.date(2026, 1, 1), found=1),
        LookedInto(store="register", filings=3, offices=("US",), since=dt.date(2026, 3, 4), found=1),
    )


def test_a_filing_in_both_stores_counts_once_and_is_whose_the_database_says(
    tmp_path: Path, register: Register
) -> None:
    base = stored(tmp_path, {}, {"owners": (owner("Buyer GmbH"),)})
    take(register, *(filing(n, "Sample Widgets") for n in (1, 2)))
    take(register, filing(3, "Sample Widgets"))
    found = earlier_filings(base, ["Sample Widgets"], None, register=register.path)
    assert [one.found for one in found.looked] == [1, 1]
    assert len(found.filings) == 2


@pytest.mark.parametrize("harm", ["older", "damaged"])
def test_a_store_of_the_register_that_cannot_be_asked_is_named_and_stops_nothing(
    tmp_path: Path, harm: str
) -> None:
    base, path = stored(tmp_path, {}), tmp_path / "register.db"
    aged(path, filing(101, "Sample Widgets"))
    if harm == "damaged":
        path.write_bytes(b"no database")
    found = earlier_filings(base, ["Sample Widgets"], None, register=path)
    assert len(found.filings) == 1
    assert found.looked[1:] == (LookedInto(store="register", readable=False),)
    make_ready(path)
    again = earlier_filings(base, ["Sample Widgets"], None, register=path)
    assert len(again.filings) == (2 if harm == "older" else 1)


def test_a_store_of_the_register_that_is_not_there_yet_is_not_made(tmp_path: Path) -> None:
    base, path = stored(tmp_path, {}), tmp_path / "register.db"
    make_ready(path)
    assert [one.store for one in earlier_filings(base, ["X"], None, register=path).looked] == ["database"]
    assert not path.exists()


def test_of_an_owner_with_very_many_in_the_register_the_newest_are_read(
    tmp_path: Path, register: Register, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(of_owners, "MOST", 3)
    base = stored(tmp_path, {"application_date": dt.date(2024, 3, 1)})
    take(
        register,
        *(filing(n, "Sample Widgets", filing_date=dt.date(2000 + n, 1, 1)) for n in range(20, 27)),
    )
    found = earlier_filings(base, ["Sample Widgets"], None, register=register.path)
    assert [one.filed and one.filed.year for one in found.filings] == [2026, 2025, 2024]
    assert (found.complete, [one.found for one in found.looked]) == (False, [1, 2])
