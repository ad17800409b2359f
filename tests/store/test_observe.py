"""The store keeps everything, orders it by the register's clock, and tells only what is news."""

from __future__ import annotations

import datetime as dt
import itertools
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from tests.records import ST13, event, owner, record, sight
from tmwatch.errors import Outcome
from tmwatch.model import Live, Phase, Significance, TradeMark
from tmwatch.sources.base import Reading
from tmwatch.store import Database, Observed, Reaction, Sight, observe, queries


@pytest.fixture
def database(tmp_path: Path) -> Database:
    return Database(tmp_path / "tmwatch.db")


RENEWED: dict[str, Any] = {"status_code": "800", "status_text": "Renewed."}
DEAD: dict[str, Any] = {
    "status_code": "900",
    "status_text": "Expired.",
    "status_phase": Phase.EXPIRED,
    "status_live": Live.DEAD,
}


def at(day: int, hour: int = 0) -> dt.datetime:
    return dt.datetime(2026, 3, day, hour, tzinfo=dt.UTC)


def stored(database: Database) -> TradeMark:
    record = queries.get(database, ST13)
    assert record is not None
    return record


def status_story(database: Database) -> list[tuple[str, str, str]]:
    found = queries.history(database, ST13)["changes"]
    return [(c["as_of"], c["old"], c["new"]) for c in found if c["field"] == "status"]


def test_the_first_look_is_new_and_has_no_changes(database: Database) -> None:
    (one,) = observe(database, [sight(record(), "2026-01-01")])
    assert (one.what, one.changes) == ("new", ())


def test_the_same_page_again_changes_nothing_and_is_still_written_down(database: Database) -> None:
    for day in (1, 2, 3):
        (one,) = observe(database, [sight(record(), live=True, looked_at=at(day))])
    assert one.what == "unchanged"
    assert len(queries.history(database, ST13)["versions"]) == 1
    assert queries.counts(database)["observation"] == 3


def test_a_to_b_to_a_is_two_changes(database: Database) -> None:
    seen = []
    for day, state in ((1, {}), (2, RENEWED), (3, {})):
        (one,) = observe(database, [sight(record(**state), live=True, looked_at=at(day))])
        seen += [change.new for change in one.changes if change.field == "status"]
    assert seen == ["Renewed. (800)", "Registered. (700)"]


@pytest.mark.parametrize("name", ["A", "B", "C", "D"])  # by the hash of the content one or the other is last
@pytest.mark.parametrize("later_first", [False, True])
def test_of_two_words_of_one_day_with_as_many_events_the_later_status_is_the_later_word(
    database: Database, name: str, later_first: bool
) -> None:
    given = {"verbal_element": name}
    words = [
        sight(record(status_date=dt.date(2026, 2, 27), **given), "2026-03-01"),
        sight(record(status_date=dt.date(2026, 3, 1), **RENEWED, **given), "2026-03-01"),
    ]
    for one in reversed(words) if later_first else words:
        observe(database, [one])
    assert status_story(database) == [("2026-03-01", "Registered. (700)", "Renewed. (800)")]


def test_a_to_b_to_a_within_one_printed_day_is_two_changes_too(database: Database) -> None:
    seen = []
    for hour, state in ((1, {}), (2, RENEWED), (3, {})):
        look = sight(record(**state), "2026-03-01", live=True, looked_at=at(1, hour))
        (one,) = observe(database, [look])
        seen += [change.new for change in one.changes]
    assert seen == ["Renewed. (800)", "Registered. (700)"]


def test_an_older_page_fills_the_past_and_moves_nothing_current(database: Database) -> None:
    observe(database, [sight(record(**DEAD), "2026-02-01")])
    (one,) = observe(database, [sight(record(), "2020-02-01")])
    assert (one.what, one.changes) == ("past", ())
    assert one.record.status_live is Live.DEAD
    assert status_story(database) == [("2026-02-01", "Registered. (700)", "Expired. (900)")]


@pytest.mark.parametrize("order", list(itertools.permutations(range(4))))
def test_history_is_the_same_in_whichever_order_pages_were_imported(
    database: Database, order: tuple[int, ...]
) -> None:
    looks = [
        sight(record(), "2020-01-01"),
        sight(record(**RENEWED), "2022-01-01"),
        sight(record(**RENEWED), "2023-01-01", source="us.tsdr", authority=80),
        sight(record(**DEAD, events=(*record().events, event(2, "2024-01-01", "EXPIRED"))), "2024-01-01"),
    ]
    for place in order:
        observe(database, [looks[place]])
    assert status_story(database) == [
        ("2022-01-01", "Registered. (700)", "Renewed. (800)"),
        ("2024-01-01", "Renewed. (800)", "Expired. (900)"),
    ]
    assert stored(database).status_code == "900"


def test_a_page_between_two_known_ones_moves_the_change_to_its_true_day(database: Database) -> None:
    observe(database, [sight(record(), "2020-01-01")])
    observe(database, [sight(record(**RENEWED), "2024-01-01")])
    observe(database, [sight(record(**RENEWED), "2022-01-01")])
    assert [day for day, _, _ in status_story(database)] == ["2022-01-01"]


def test_a_failed_look_changes_nothing_and_is_written_down(database: Database) -> None:
    observe(database, [sight(record(), "2026-01-01")])
    failed = Sight(
        "us.tsdr-api", 90, sight(record()).facts, "1", Outcome.THROTTLED, st13=ST13, error="too many requests"
    )
    assert observe(database, [failed]) == []
    assert queries.counts(database)["observation"] == 2
    assert queries.get(database, ST13) is not None


def test_an_upgraded_reader_never_alerts(database: Database) -> None:
    old_reading = record(disclaimer=None)
    new_reading = record(disclaimer="WIDGETS")  # what the better reader sees in the very same bytes
    observe(database, [sight(old_reading, live=True, looked_at=at(1), body=b"<page/>")])

    def reread(source: str, page: Any) -> list[Reading]:
        assert page.body == b"<page/>"
        return [Reading(new_reading)]

    look = sight(new_reading, live=True, looked_at=at(2), body=b"<page/>", parser="2")
    (one,) = observe(database, [look], reread=reread)
    assert (one.changes, one.record.disclaimer) == ((), "WIDGETS")
    truly = sight(record(disclaimer="GADGETS"), live=True, looked_at=at(3), body=b"<page2/>", parser="2")
    (one,) = observe(database, [truly], reread=reread)
    assert [change.new for change in one.changes] == ["GADGETS"]


def test_a_true_change_seen_first_by_an_upgraded_reader_is_still_a_change(database: Database) -> None:
    observe(database, [sight(record(disclaimer=None), live=True, looked_at=at(1), body=b"<old/>")])
    look = sight(record(disclaimer="WIDGETS", **DEAD), live=True, looked_at=at(2), body=b"<new/>", parser="2")
    reread = lambda source, page: [Reading(record(disclaimer="WIDGETS"))]  # noqa: E731
    (one,) = observe(database, [look], reread=reread)
    assert [change.field for change in one.changes] == ["status"]


def test_two_sources_that_lastingly_disagree_do_not_flap(database: Database) -> None:
    page, api = record(owners=(owner("Old Owner, Inc."),)), record()
    told = []
    for day in range(1, 9):
        what, source, authority = (api, "us.tsdr-api", 90) if day % 2 else (page, "us.tsdr", 80)
        look = sight(what, live=True, looked_at=at(day), source=source, authority=authority)
        (one,) = observe(database, [look])
        told += [c for c in one.changes if c.significance is Significance.CRITICAL]
    assert len(told) <= 2
    assert stored(database).owners[0].name == "Sample Widgets, Inc."
    assert {d["field"] for d in queries.history(database, ST13)["disagreements"]} == {"owners"}


def test_every_look_is_chained_to_the_one_before_it(database: Database) -> None:
    for day in (1, 2, 3):
        observe(database, [sight(record(), live=True, looked_at=at(day))])
    rows = database.conn.execute("select previous_hash, hash from observation order by id").fetchall()
    assert rows[0]["previous_hash"] == ""
    assert [row["previous_hash"] for row in rows[1:]] == [row["hash"] for row in rows[:-1]]


def test_raw_pages_with_only_a_new_stamp_do_not_fill_the_disk(database: Database) -> None:
    for day in range(1, 20):
        stamp = f"<page>generated {day}</page>".encode()
        observe(database, [sight(record(), live=True, looked_at=at(day), body=stamp)])
    assert queries.counts(database)["snapshot"] == 2


def test_the_views_have_plain_names_and_answer(database: Database) -> None:
    observe(database, [sight(record(), "2020-01-01")])
    observe(database, [sight(record(**RENEWED), "2022-01-01")])
    assert database.conn.execute("select mark, phase from current_marks").fetchone()["mark"] == "SAMPLEMARK"
    assert database.conn.execute("select new from recent_changes").fetchone()["new"] == "Renewed. (800)"
    assert len(database.conn.execute("select * from looks").fetchall()) == 2
    assert database.conn.execute("select * from outbox").fetchall() == []


def test_what_the_reaction_cannot_write_takes_the_version_with_it(database: Database) -> None:
    observe(database, [sight(record(), "2020-01-01")])

    def react(observed: Sequence[Observed], database: Database) -> Reaction:
        raise RuntimeError("power cut")

    with pytest.raises(RuntimeError):
        observe(database, [sight(record(**RENEWED), "2022-01-01")], react=react)
    assert status_story(database) == []
    assert queries.counts(database)["observation"] == 1


def words(text: str, phase: Phase, live: Live = Live.LIVE) -> dict[str, Any]:
    return {"status_code": None, "status_text": text, "status_phase": phase, "status_live": live}


OFFICE: dict[str, Any] = {"source": "em.euipo", "authority": 80}
COPY: dict[str, Any] = {"source": "tmview", "authority": 10}
EXAMINED = words("UNDER_EXAMINATION", Phase.EXAMINATION)


@pytest.mark.parametrize(
    ("office", "copy"),
    [
        (EXAMINED, words("Filed", Phase.FILED)),
        (words("APPLICATION_PUBLISHED", Phase.PUBLISHED), words("Application published", Phase.PUBLISHED)),
        (words("APPEALABLE", Phase.REFUSED), words("A word that nobody knows", Phase.UNKNOWN, Live.UNKNOWN)),
    ],
)
def test_the_same_status_in_the_words_of_a_weaker_source_is_no_change(
    database: Database, office: dict[str, Any], copy: dict[str, Any]
) -> None:
    for day, said, who in ((1, office, OFFICE), (2, copy, COPY), (3, office, OFFICE), (4, copy, COPY)):
        (one,) = observe(database, [sight(record(**said), live=True, looked_at=at(day), **who)])
        assert one.changes == ()
        assert one.record.status_text == office["status_text"]


def test_what_a_weaker_source_says_first_and_is_further_counts_at_once(database: Database) -> None:
    opposed = words("Application opposed", Phase.OPPOSED)
    observe(database, [sight(record(**EXAMINED), live=True, looked_at=at(1), **OFFICE)])
    (one,) = observe(database, [sight(record(**opposed), live=True, looked_at=at(2), **COPY)])
    assert [change.field for change in one.changes] == ["status"]


def test_a_step_back_that_a_weaker_source_has_not_always_told_of_counts(database: Database) -> None:
    published = words("APPLICATION_PUBLISHED", Phase.PUBLISHED)
    ours, filed = words("Application published", Phase.PUBLISHED), words("Filed", Phase.FILED)
    for day, said, who in ((1, published, OFFICE), (2, ours, COPY), (3, filed, COPY)):
        (one,) = observe(database, [sight(record(**said), live=True, looked_at=at(day), **who)])
    assert [change.new for change in one.changes] == ["Filed"]
