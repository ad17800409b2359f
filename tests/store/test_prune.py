"""`prune` takes what nobody could ask for; the forecast says how long the disk lasts."""

from __future__ import annotations

import datetime as dt
import json
import shutil
from pathlib import Path
from typing import Any

import pytest
import time_machine

from tests.records import ST13, record, sight
from tmwatch.store import Database, Observed, books, observe, queries
from tmwatch.store.growth import growth
from tmwatch.store.prune import broken_links, prune

START = dt.datetime(2024, 1, 1, 6, tzinfo=dt.UTC)
DEAD = {"status_code": "710", "status_text": "Cancelled."}
OTHER = "US500000099000002"
YEAR = dt.timedelta(days=365)


def daily(base: Database, days: int, start: int = 0) -> list[Observed]:
    """A look a day at two filings, whose pages differ in a stamp; one is cancelled on day 100."""
    found = []
    for day in range(start, start + days):
        at = START + dt.timedelta(days=day)
        with time_machine.travel(at, tick=False):
            run = books.start_run(base, "check")
            for st13 in (ST13, OTHER):
                what = DEAD if st13 == ST13 and day >= 100 else {}
                page = f"{st13} generated on day {day} {what}".encode() * 20
                found += observe(
                    base, [sight(record(st13, **what), live=True, looked_at=at, body=page)], run=run
                )
            books.end_run(base, run, {"asked": 2})
    return found


@pytest.fixture(scope="module")
def two_hundred_days(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("prune") / "tmwatch.db"
    base = Database(path)
    daily(base, 200)
    base.close()
    return path


@pytest.fixture
def base(two_hundred_days: Path, tmp_path: Path) -> Database:
    shutil.copy(two_hundred_days, tmp_path / "tmwatch.db")
    return Database(tmp_path / "tmwatch.db")


def facts(base: Database) -> dict[str, Any]:
    """All that a user can ask of the file."""
    return {
        "records": [queries.get(base, st13) for st13 in (ST13, OTHER)],
        "histories": [queries.history(base, st13) for st13 in (ST13, OTHER)],
        "changes": queries.changes_since(base, START),
        "pages": [row[0] for row in base.conn.execute("select sha256 from snapshot order by 1")],
        "live": [books.answered_live(base, st13, "us.tsdr-api") for st13 in (ST13, OTHER)],
    }


LATER = START + dt.timedelta(days=300)


def test_old_looks_go_and_nothing_that_can_be_asked_for_changes(base: Database) -> None:
    before = facts(base)
    with time_machine.travel(LATER, tick=False):
        done = prune(base, dt.timedelta(days=150))
    assert done.looks > 290
    assert facts(base) == before
    assert base.conn.execute("pragma integrity_check").fetchone()[0] == "ok"
    # The two first, the two latest before the cancellation and after it, and what came later than the day.
    assert queries.counts(base)["observation"] == 400 - done.looks


def test_a_dry_run_says_the_same_and_removes_nothing(base: Database) -> None:
    looks = queries.counts(base)["observation"]
    with time_machine.travel(LATER, tick=False):
        would = prune(base, dt.timedelta(days=150), dry=True)
        assert queries.counts(base)["observation"] == looks
        did = prune(base, dt.timedelta(days=150))
    assert (would.looks, would.stretches, would.pages, would.runs) == (
        did.looks,
        did.stretches,
        did.pages,
        did.runs,
    )


def test_the_chain_can_be_followed_across_what_went_also_after_a_second_time(base: Database) -> None:
    whole = [tuple(row) for row in base.conn.execute("select id, hash from observation order by id")]
    with time_machine.travel(LATER, tick=False):
        prune(base, dt.timedelta(days=230))
        assert broken_links(base.conn) == []
        first = base.conn.execute("select sum(looks) from pruned_looks").fetchone()[0]
        prune(base, dt.timedelta(days=150))
    assert broken_links(base.conn) == []
    gone = base.conn.execute("select sum(looks), count(*) from pruned_looks").fetchone()
    assert gone[0] > first
    left = queries.counts(base)["observation"]
    assert gone[0] + left == len(whole), "every look is a row, or counted in a stretch"
    for row in base.conn.execute("select * from pruned_looks"):
        assert (row["last_look"], row["hash"]) in whole, "a backup from before can be held against it"
        assert json.loads(row["kinds"]) == {"us.tsdr-api ok": row["looks"]}
    base.close()
    Database(base.path).close()  # opens: the gaps are known


def test_a_look_that_was_taken_out_by_hand_is_noticed(base: Database) -> None:
    base.conn.execute("delete from observation where id = 395")
    assert broken_links(base.conn) == [396]


def test_looks_go_on_after_it_and_the_filing_is_no_news(base: Database) -> None:
    with time_machine.travel(LATER, tick=False):
        prune(base, dt.timedelta(days=150))
    assert {one.what for one in daily(base, 3, start=301)} == {"unchanged"}
    assert broken_links(base.conn) == []


def test_the_last_thirty_days_are_never_touched(base: Database) -> None:
    with time_machine.travel(START + dt.timedelta(days=200), tick=False):
        prune(base, dt.timedelta(0))
        since = (START + dt.timedelta(days=171)).isoformat()
        left = base.conn.execute("select count(*) from observation where looked_at > ?", (since,)).fetchone()
    assert left[0] == 2 * 29


def test_that_a_record_is_not_found_is_remembered_since_the_last_good_look(base: Database) -> None:
    from dataclasses import replace

    from tmwatch.errors import Outcome

    for day in range(200, 260):
        at = START + dt.timedelta(days=day)
        gone = replace(
            sight(record(), live=True, looked_at=at), outcome=Outcome.NOT_FOUND, reading=None, page=None
        )
        observe(base, [replace(gone, asked="99000001")])
    since = START + dt.timedelta(days=199)
    before = books.not_found_since(base, "us.tsdr-api", "99000001", since)
    assert len(before) == 60
    with time_machine.travel(START + 3 * YEAR, tick=False):
        prune(base, dt.timedelta(days=30))
    assert books.not_found_since(base, "us.tsdr-api", "99000001", since) == before


def test_the_space_is_given_back(tmp_path: Path) -> None:
    base = Database(tmp_path / "tmwatch.db")
    with base.write():
        base.conn.execute("insert into snapshot values ('x', zeroblob(3000000), 1, '2020-01-01')")
    base.conn.execute("pragma wal_checkpoint(truncate)")
    done = prune(base, YEAR)
    assert (done.pages, done.page_bytes, done.note) == (1, 3_000_000, "")
    assert done.file_before - done.file_after > 2_900_000


def test_the_forecast_is_what_was_measured_between_two_checks(tmp_path: Path) -> None:
    base = Database(tmp_path / "tmwatch.db")
    assert growth(base).basis == ""
    with time_machine.travel(START, tick=False):
        run = books.start_run(base, "check")
        books.end_run(base, run, {"bytes": growth(base).used})
    with base.write():
        base.conn.execute("insert into snapshot values ('x', zeroblob(5000000), 1, '2020-01-01')")
    with time_machine.travel(START + dt.timedelta(days=10), tick=False):
        found = growth(base)
    assert (found.basis, found.measured_days) == ("checks", 10)
    assert found.per_day == pytest.approx(500_000, rel=0.01)
    assert found.in_a_year == pytest.approx(365 * 500_000, rel=0.01)
    assert found.days_left == pytest.approx((found.free_on_disk or 0) / found.per_day)


def test_without_two_checks_what_was_written_lately_gives_the_rate(base: Database) -> None:
    base.conn.execute("update run set summary = null")
    with time_machine.travel(START + dt.timedelta(days=200), tick=False):
        found = growth(base)
    assert found.basis == "rows"
    assert found.per_day > 0
