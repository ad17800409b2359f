"""A clock that ran ahead and was set right, and a page from the future: nothing is blind until then."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import pytest

from tests.records import ST13, record, sight
from tmwatch.alerts.payload import AlertPayload
from tmwatch.config.reading import parse_config
from tmwatch.http import Door
from tmwatch.model import Significance
from tmwatch.store import Database, Outbox, observe, queries
from tmwatch.store.writing import write_alert
from tmwatch.sweep import sweep

RENEWED = {"status_code": "800", "status_text": "Renewed."}


@pytest.fixture
def database(tmp_path: Path) -> Database:
    return Database(tmp_path / "tmwatch.db")


def day(year: int, number: int) -> dt.datetime:
    return dt.datetime(year, 3, number, tzinfo=dt.UTC)


def test_a_look_dated_by_a_wrong_clock_does_not_make_later_looks_the_past(database: Database) -> None:
    observe(database, [sight(record(), live=True, looked_at=day(2036, 1))])
    seen = []
    for number, state in ((2, RENEWED), (3, RENEWED), (4, {})):
        (one,) = observe(database, [sight(record(**state), live=True, looked_at=day(2026, number))])
        seen.append(one.what)
    assert seen == ["changed", "unchanged", "changed"]
    assert [one["as_of"] for one in queries.history(database, ST13)["versions"]][-1] == "2026-03-04"


def test_two_looks_at_once_stored_in_the_wrong_order_do_not_flap(database: Database) -> None:
    observe(database, [sight(record(), live=True, looked_at=day(2026, 1))])
    late = day(2026, 2) + dt.timedelta(seconds=5)
    observe(database, [sight(record(**RENEWED), live=True, looked_at=late)])
    (one,) = observe(database, [sight(record(), live=True, looked_at=day(2026, 2))])
    assert one.changes == ()


def test_a_page_that_claims_a_day_to_come_is_not_the_last_word_until_then(database: Database) -> None:
    observe(database, [sight(record(), "2999-01-01")])
    (one,) = observe(database, [sight(record(**RENEWED), live=True, looked_at=dt.datetime.now(dt.UTC))])
    assert [change.new for change in one.changes] == ["Renewed. (800)"]


def test_an_alert_of_a_wrong_clock_leaves_now_and_not_in_ten_years(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    payload = AlertPayload(kind="source.health", watch="own", significance=Significance.HIGH)
    with monkeypatch.context() as patch:
        patch.setattr("tmwatch.store.writing.now", lambda: day(2036, 1))
        write_alert(database, payload, (), [("legal", "email", "legal@example.com")], "")
    outbox = Outbox(database)
    (delivery,) = outbox.due_deliveries(day(2026, 1))
    assert outbox.claim(delivery.id, day(2026, 1), 900.0)
    assert outbox.due_deliveries(day(2026, 1)) == []  # a true lease holds
    assert outbox.claim(delivery.id, day(2026, 1), 900.0) is False


def test_a_watch_that_was_looked_at_in_the_future_is_due(
    database: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TMWATCH_STATE_DIR", str(tmp_path / "state"))
    config = parse_config(
        """
[operator]
contact = "ip-watch@example.com"
[source."us.tsdr"]
enabled = true
base_url = "http://127.0.0.1:9"
min_interval = 0
[[watch]]
name = "own"
numbers = ["US 99000001"]
every = "1 day"
notify = []
""",
        tmp_path / "tmwatch.toml",
    )
    row = {"watch": "own", "ask": "us.tsdr|record|application|99000001", "failures": 0}
    when = "2999-01-01T00:00:00.000000+00:00"
    with database.write() as db:
        db.table("watch").insert({**row, "baseline_at": when, "last_ok_at": when})
    assert len(sweep(config, database, Door("ip-watch@example.com"), {}).asked) == 1
