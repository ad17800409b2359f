"""What is stored of an owner's earlier filings is found however it writes itself, and in bounded time."""

from __future__ import annotations

import datetime as dt
import time
from pathlib import Path

from tests.records import goods, owner, record, sight
from tmwatch.store import Database, observe
from tmwatch.store import owners as of_owners
from tmwatch.store.owners import earlier_filings

DAY = dt.date(2025, 6, 5)


def stored(folder: Path, *given: dict[str, object]) -> Database:
    base = Database(folder / "tmwatch.db")
    looks = [
        sight(record(f"US5{place:014}", **one), "2026-01-01")  # type: ignore[arg-type]
        for place, one in enumerate(given, 1)
    ]
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
