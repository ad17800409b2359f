"""Feeds tell of single items: one proceeding, a week's movements. What they say adds up, in any order."""

from __future__ import annotations

import datetime as dt
import itertools
import random
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import pytest

from tests.records import ST13, event, record, sight
from tmwatch.changes import diff, merge
from tmwatch.model import (
    MarkEvent,
    Phase,
    Proceeding,
    ProceedingEntry,
    ProceedingParty,
    Significance,
    TradeMark,
    make_record,
)
from tmwatch.store import Database, Observed, Sight, observe
from tmwatch.store.timeline import canonical

DAYS = ["2025-10-13", "2025-10-14", "2025-10-15", "2025-10-16"]


def opposition(number: str, *entries: str, status: str = "Pending", **more: Any) -> Proceeding:
    docket = tuple(
        ProceedingEntry(number=place, date=dt.date(2025, 1, place), text=text)
        for place, text in enumerate(entries, 1)
    )
    sides = (ProceedingParty(role="Plaintiff", name="Sample Opposers, Inc."),)
    given = {"filed": dt.date(2025, 1, 1), "status": status, "docket": docket, "parties": sides, **more}
    return Proceeding(kind="Opposition", number=number, **given)


def board(*proceedings: Proceeding) -> TradeMark:
    return make_record("US", ST13, adds=["proceedings"], proceedings=proceedings)


def gazette(day: str, *texts: str, **more: Any) -> TradeMark:
    events = tuple(MarkEvent(date=dt.date.fromisoformat(day), text=text) for text in texts)
    return make_record("BR", "BR500000900000001", adds=["events"], events=events, **more)


def feed(what: TradeMark, day: str) -> Sight:
    return sight(what, day, source="us.ttab", authority=60)


def told(observed: Iterable[Observed]) -> list[tuple[str, str, str]]:
    return [(one.field, one.key, one.significance.value) for seen in observed for one in seen.changes]


@pytest.fixture
def books(tmp_path: Path) -> Database:
    return Database(tmp_path / "feeds.db")


def present(database: Database, st13: str = ST13) -> str:
    row = database.conn.execute(
        "select r.json from mark m join record r on r.hash = m.content_hash where m.st13 = ?", (st13,)
    ).fetchone()
    return str(row["json"])


def changes(database: Database) -> list[tuple[str, ...]]:
    rows = database.conn.execute(
        "select v.as_of, c.field, c.kind, c.key, c.old, c.new, c.significance from change c"
        " join mark_version v on v.id = c.version where c.superseded_at is null"
    )
    return sorted(tuple(str(one) for one in row) for row in rows)


# -- the record ----------------------------------------------------------------------------------------


def test_one_proceeding_takes_no_other_away() -> None:
    known = merge(None, board(opposition("91000001")))
    found = merge(known, board(opposition("91000002")))
    assert [one.number for one in found.proceedings] == ["91000001", "91000002"]
    (change,) = diff(known, board(opposition("91000002")), found)
    assert (change.field, change.kind, change.significance) == (
        *("proceedings", "added"),
        Significance.CRITICAL,
    )


def test_a_list_that_is_whole_takes_nothing_from_a_list_that_was_added_to() -> None:
    known = merge(record(), board(opposition("91000001", "FILED AND FEE")))
    page = record(proceedings=(Proceeding(kind="Opposition", number="91000003"),))
    assert {one.number for one in merge(known, page).proceedings} == {"91000001", "91000003"}
    same = record(proceedings=(Proceeding(kind="Opposition", number="91000001"),))
    (kept,) = merge(known, same).proceedings
    assert kept.docket is not None
    assert len(kept.docket) == 1
    assert kept.parties[0].name == "Sample Opposers, Inc."


def test_an_extension_and_an_appeal_under_the_number_of_their_application_are_two() -> None:
    found = merge(
        board(Proceeding(kind="Extension of Time", number="79348533")),
        board(Proceeding(kind="Ex Parte Appeal", number="79348533")),
    )
    assert len(found.proceedings) == 2


def test_a_new_entry_of_a_docket_is_told_by_itself_and_a_decision_is_critical() -> None:
    known = merge(None, board(opposition("91000001", "FILED AND FEE", "ANSWER")))
    given = board(
        opposition("91000001", "FILED AND FEE", "ANSWER", "BD DECISION: OPP SUSTAINED", status="Terminated")
    )
    found = [(one.field, one.key, one.significance.value) for one in diff(known, given, merge(known, given))]
    assert found == [
        ("proceedings.status", "91000001", "critical"),
        ("proceedings.docket", "91000001#3", "critical"),
    ]


def test_a_record_of_before_has_the_hash_that_it_always_had() -> None:
    text, _ = canonical(record(proceedings=(Proceeding(kind="Opposition", number="91000001"),)))
    assert '"adds"' not in text
    assert '{"filed":null,"kind":"Opposition","number":"91000001","parties":[],"status":null,' in text
    assert '"status_date":null}' in text


def test_only_a_list_that_is_given_can_be_added_to() -> None:
    with pytest.raises(ValueError, match="added to"):
        make_record("US", ST13, adds=["owners"], owners=())
    with pytest.raises(ValueError, match="added to"):
        make_record("US", ST13, adds=["events"], proceedings=())


# -- any order -----------------------------------------------------------------------------------------


def _days() -> list[list[Sight]]:
    one, two = "91000001", "91000002"
    return [
        [feed(board(opposition(one, "FILED AND FEE")), DAYS[0])],
        [
            feed(board(opposition(one, "FILED AND FEE", "ANSWER")), DAYS[1]),
            feed(board(opposition(two, "FILED AND FEE")), DAYS[1]),
        ],
        [
            feed(board(opposition(two, "FILED AND FEE")), DAYS[2]),
            feed(record(status_code="800", status_text="Renewed."), DAYS[2]),
        ],
        [
            feed(
                board(opposition(one, "FILED AND FEE", "ANSWER", "TERMINATED", status="Terminated")), DAYS[3]
            ),
            feed(board(opposition(two, "FILED AND FEE", "SUSPENDED")), DAYS[3]),
        ],
    ]


def _issues() -> list[list[Sight]]:
    return [
        [sight(gazette(DAYS[0], "PUBLISHED", status_text="PUBLISHED", verbal_element="SAMPLE"), DAYS[0])],
        [sight(gazette(DAYS[1], "OPPOSED", "PETITION", status_text="OPPOSED"), DAYS[1])],
        [sight(gazette(DAYS[2], "PETITION", "PETITION", status_text="PETITION"), DAYS[2])],
        [sight(gazette(DAYS[3], "GRANTED", status_text="GRANTED", status_phase=Phase.REGISTERED), DAYS[3])],
    ]


@pytest.mark.parametrize("days", [_days(), _issues()], ids=["proceedings", "movements"])
def test_the_files_in_any_order_give_the_same_record_and_the_same_changes(
    days: Sequence[Sequence[Sight]], tmp_path: Path
) -> None:
    first = days[0][0].reading
    assert first is not None
    st13 = first.record.st13
    found = set()
    for number, order in enumerate(itertools.permutations(range(len(days)))):
        database = Database(tmp_path / f"{number}.db")
        dice = random.Random(number)
        for place in order:
            sights = list(days[place])
            dice.shuffle(sights)
            if dice.random() < 0.5:
                for one in sights:
                    observe(database, [one])
            else:
                observe(database, sights)
        before = changes(database)
        for place in order:  # and all of them again
            again = observe(database, days[place])
            assert not told(again)
            assert {one.what for one in again} <= {"unchanged", "past"}
        assert changes(database) == before
        found.add((present(database, st13), tuple(before)))
        database.close()
    assert len(found) == 1


def test_an_older_file_fills_the_past_and_alerts_nobody(books: Database) -> None:
    newer, older = (feed(board(opposition("91000001", *said)), day) for said, day in OLDER)
    observe(books, [newer])
    before = present(books)
    (one,) = observe(books, [older])
    assert (one.what, one.changes) == ("past", ())
    assert present(books) == before


OLDER = [(("FILED AND FEE", "ANSWER"), DAYS[2]), (("FILED AND FEE",), DAYS[0])]


def test_two_proceedings_of_one_day_are_both_told_though_stored_apart(books: Database) -> None:
    observe(books, [feed(board(opposition("91000001", "FILED AND FEE")), DAYS[0])])
    both = [feed(board(opposition(number, "FILED AND FEE")), DAYS[1]) for number in ("91000002", "91000003")]
    apart = [told(observe(books, [one])) for one in both]
    assert [[key for _, key, _ in one] for one in apart] == [["91000002"], ["91000003"]]


def test_two_proceedings_on_the_day_a_filing_is_first_met_are_no_news_to_each_other(books: Database) -> None:
    for number in ("91000002", "91000003"):
        seen = observe(books, [feed(board(opposition(number, "FILED AND FEE")), DAYS[1])])
        assert not told(seen)
    assert changes(books) == []


def test_the_first_opposition_against_a_mark_that_is_looked_at_daily_is_told(books: Database) -> None:
    for day in ("2025-10-10", "2025-10-16"):
        observe(books, [sight(record(), day)])  # the status page, which shows no proceedings
    (one,) = observe(books, [feed(board(opposition("91000001", "FILED AND FEE")), "2025-10-15")])
    assert [(change.field, change.significance.value) for change in one.changes] == [
        ("proceedings", "critical")
    ]
    (old,) = observe(books, [feed(board(opposition("91000009", "FILED AND FEE")), "2025-01-15")])
    assert (old.what, old.changes) == ("past", ())


def test_a_weaker_feed_does_not_turn_the_registers_own_word_back(books: Database) -> None:
    pending = opposition("91000001", "FILED AND FEE")
    observe(books, [feed(board(pending), DAYS[0])])
    page = record(proceedings=(Proceeding(kind="Opposition", number="91000001", status="Terminated"),))
    observe(books, [sight(page, DAYS[1])])
    again = observe(books, [feed(board(pending, opposition("91000002")), DAYS[2])])
    assert [key for _, key, _ in told(again)] == ["91000002"]
    assert '"status":"Terminated"' in present(books)


def test_the_same_movement_in_two_issues_is_two_movements() -> None:
    known = merge(gazette(DAYS[0], "PETITION"), gazette(DAYS[1], "PETITION"))
    assert len(known.events) == 2
    assert len(merge(known, gazette(DAYS[1], "PETITION")).events) == 2
    assert known.events[0] == event(None, DAYS[0], "PETITION")


def test_a_file_of_proceedings_names_a_filing_and_never_renames_it(books: Database) -> None:
    def named(words: str, *proceedings: Proceeding) -> TradeMark:
        return make_record(
            "US",
            ST13,
            adds=["proceedings"],
            proceedings=proceedings,
            verbal_element=words,
            application_number="",
        )

    first, second = opposition("91000001"), opposition("91000002")
    observe(books, [feed(named("JD", first), DAYS[0])])
    assert '"verbal_element":"JD"' in present(books), (
        "where nobody has named it, the board's word is better than none"
    )
    again = observe(books, [feed(named("JD AND DESIGN", second), DAYS[1])])
    assert [field for field, *_ in told(again)] == ["proceedings"]
    assert '"verbal_element":"JD"' in present(books)
    observe(books, [sight(record(), DAYS[2])])
    last = observe(books, [feed(named("SAMPLEMARK AND DESIGN", opposition("91000003")), DAYS[3])])
    assert [field for field, *_ in told(last)] == ["proceedings"]
    assert '"verbal_element":"SAMPLEMARK"' in present(books)
