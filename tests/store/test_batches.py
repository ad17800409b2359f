"""What is written for a whole batch at once is what would have been written look by look."""

from __future__ import annotations

import contextlib
import datetime as dt
import gc
import hashlib
import importlib
import json
import sqlite3
import tempfile
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from tests.conftest import examples
from tests.records import event, goods, owner, record, sight
from tests.store.test_glance import RECORDS, everything, heard
from tmwatch.errors import Outcome
from tmwatch.model import TradeMark
from tmwatch.sources.base import AsOf, Glance, Page, Reading
from tmwatch.store import BulkFile, Database, Sight, observe, rows, timeline
from tmwatch.store.books import answered_live
from tmwatch.store.queries import get
from tmwatch.store.timeline import canonical

observing = importlib.import_module("tmwatch.store.observe")  # the package names the function so


def plain(one: TradeMark) -> str:
    """Canonical JSON by pydantic and the standard library: what the hashes in every database are of."""
    data = one.model_dump(mode="json", exclude={"provenance"})
    data["covers"] = sorted(data["covers"])
    return json.dumps(data, ensure_ascii=False, sort_keys=True, separators=(",", ":"))


def st13(number: int) -> str:
    return f"US5000000990{number:05}"


# -- canonical JSON ----------------------------------------------------------------------------------------


def test_the_canonical_json_of_every_page_is_the_one_that_stored_hashes_are_of() -> None:
    assert len(RECORDS) > 5
    for one in RECORDS.values():
        assert canonical(one) == (plain(one), hashlib.sha256(plain(one).encode()).hexdigest())


@example("a", 2**70, dt.date(1, 2, 3), "\x7f\u2028</script>", frozenset())
@given(st.text(), st.integers(), st.dates(), st.text(), st.frozensets(st.sampled_from(["events", "owners"])))
def test_the_canonical_json_of_any_text_number_and_day_is_the_same(
    text: str, number: int, day: dt.date, more: str, covers: frozenset[str]
) -> None:
    one = record(
        verbal_element=text,
        owners=(owner(more, sequence=number, aliases=(text, more)),),
        classes=(goods("9", more, status_date=day), goods("A", text)),
        events=(event(number, day.isoformat(), text, code=more),),
        renewal_dates=(day,),
        standard_characters=True,
    ).model_copy(update={"covers": covers})
    assert canonical(one)[0] == plain(one)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(timeline, "orjson", None)
        assert canonical(one)[0] == plain(one)


# -- filings never seen before -----------------------------------------------------------------------------


def looks() -> list[Sight]:
    """New filings of every kind that the store treats apart, and looks that are none of them."""
    old = dt.datetime(2026, 2, 1, tzinfo=dt.UTC)
    unsorted = (event(2, "2019-02-05", "LATER"), event(1, "2019-01-05", "EARLIER"))
    unread = Sight("us.daily", 70, sight(record()).facts, "1", Outcome.LAYOUT_CHANGED, error="no landmark")
    return [
        sight(record(st13(1)), "2026-01-01"),
        sight(record(st13(2), events=unsorted), "2026-01-02", live=True),
        unread,
        sight(record(st13(3), classes=(), owners=(), events=()), None),
        # One page that holds two filings, and one filing that two pages tell of.
        sight(record(st13(4)), "2026-01-01", body=b"both"),
        sight(record(st13(5)), "2026-01-01", body=b"both"),
        sight(record(st13(6)), "2026-01-01"),
        sight(record(st13(6), status_code="710"), "2026-01-05", looked_at=old),
        sight(record(st13(7)), "2099-01-01", live=True),
        # Known before the batch.
        sight(record(st13(0), status_code="710"), "2026-01-05"),
    ]


def stored(folder: Path, batches: list[list[Sight]]) -> tuple[dict[str, Any], list[Any]]:
    folder.mkdir()
    base = Database(folder / "tmwatch.db")
    observe(base, [sight(record(st13(0)), "2026-01-01")])
    told = [one for batch in batches for one in observe(base, batch, run="r")]
    seen = [(one.st13, one.what, one.live, one.record, one.previous, one.first_seen) for one in told]
    found = everything(base)
    base.close()
    return found, sorted(seen)


def by_what_they_say(found: dict[str, Any]) -> dict[str, Any]:
    """Numbers of rows aside: a batch writes the new filings before the others."""
    kept = {}
    for table, lines in found.items():
        numbered = table in ("observation", "sighting", "mark_version", "change", "event", "goods", "party")
        kept[table] = sorted(str(line[1:] if numbered else line) for line in lines)
    return kept


def test_a_batch_of_new_filings_leaves_what_one_look_after_the_other_leaves(tmp_path: Path) -> None:
    new = [one for place, one in enumerate(looks()) if place not in (6, 7, 9)]
    at_once, told = stored(tmp_path / "a", [new])
    one_by_one, told_singly = stored(tmp_path / "b", [[one] for one in new])
    assert told == told_singly
    for table, lines in by_what_they_say(one_by_one).items():
        if table not in ("sighting", "mark_version", "mark"):  # they name rows by number
            assert by_what_they_say(at_once)[table] == lines, table
    for table in ("sighting", "mark_version", "mark", "record", "snapshot"):
        assert len(at_once[table]) == len(one_by_one[table]), table


def test_a_mixed_batch_keeps_its_order_and_every_row_finds_the_row_it_names(tmp_path: Path) -> None:
    base = Database(tmp_path / "tmwatch.db")
    observe(base, [sight(record(st13(0)), "2026-01-01")])
    told = observe(base, looks(), run="r")
    assert [(one.st13, one.what) for one in told] == [
        *((st13(number), "new") for number in range(1, 8)),
        (st13(0), "changed"),
    ]
    for wrong in (
        "select 1 from sighting s left join observation o on o.id = s.observation and o.st13 = s.st13"
        " and o.record = s.record and o.snapshot is s.first_snapshot where o.id is null",
        "select 1 from sighting where record not in (select hash from record)",
        "select 1 from sighting where last_snapshot not in (select sha256 from snapshot)",
        "select 1 from mark_version v left join observation o on o.id = v.observation and o.st13 = v.st13"
        " left join record r on r.hash = v.content_hash where o.id is null or r.hash is null",
        "select 1 from mark m left join mark_version v on v.id = m.version and v.st13 = m.st13"
        " and v.content_hash = m.content_hash where v.id is null",
    ):
        assert base.conn.execute(wrong).fetchall() == [], wrong
    earlier = get(base, st13(2))
    assert earlier is not None
    assert earlier.events[0].text == "EARLIER"


def test_the_chain_of_looks_is_the_hash_of_each_row_as_json(tmp_path: Path) -> None:
    base = Database(tmp_path / "tmwatch.db")
    odd = record(st13(8), verbal_element='"\\\x1f é 京东')
    observe(base, [*looks(), sight(odd, "2026-01-01", source='s"é\u2028')], run='a "run" \n')
    previous = ""
    for row in base.conn.execute("select * from observation order by id"):
        said = {name: row[name] for name in row.keys() if name not in ("id", "hash")}  # noqa: SIM118
        if said["records"] is None:
            del said["records"]
        assert said["previous_hash"] == previous
        text = json.dumps(said, ensure_ascii=False, sort_keys=True)
        previous = hashlib.sha256(text.encode()).hexdigest()
        assert row["hash"] == previous


@pytest.mark.parametrize("count", [0, 1, 31, 32, 33, 64, 100])
def test_many_rows_are_all_written_once_and_in_their_order(count: int) -> None:
    conn = sqlite3.connect(":memory:")
    conn.execute('create table t (id integer primary key, "as" text, n int)')
    rows.insert(conn, "t", ("as", "n"), ((str(n), n) for n in range(count)))
    found = conn.execute('select "as", n from t order by id').fetchall()
    assert found == [(str(n), n) for n in range(count)]


# -- a look that speaks for many filings -------------------------------------------------------------------


def bulk(number: int, day: str, **more: Any) -> Sight:
    one = record(st13(number))
    page = Page(one.st13.encode(), name=f"file.zip#{number}")
    said = AsOf(dt.date.fromisoformat(day), "printed")
    return Sight(
        *("us.daily", 70, sight(one).facts, "1", Outcome.OK),
        page=page,
        glance=Glance(f"{number:064}", said),
        read=lambda: Reading(one, said),
        **more,
    )


def test_a_filing_confirmed_by_a_whole_file_names_the_file_as_its_last_look(tmp_path: Path) -> None:
    base = Database(tmp_path / "tmwatch.db")
    for day in (1, 2):
        file = BulkFile(f"day-{day}.zip", url=f"https://register.example/day-{day}.zip", sha256=f"{day}" * 64)
        observe(base, [bulk(number, f"2026-01-0{day}") for number in range(20)], bulk=file)
    look = base.conn.execute("select * from observation where records is not null").fetchone()
    assert (look["records"], look["st13"]) == (20, None)
    for number in range(20):
        found = get(base, st13(number))
        assert found is not None
        assert found.provenance is not None
        assert found.provenance.as_of == dt.date(2026, 1, 2)
        assert found.provenance.url == "https://register.example/day-2.zip"
        assert found.provenance.sha256 == "2" * 64


def test_a_filing_that_a_live_bulk_look_has_given_counts_as_answered_live(tmp_path: Path) -> None:
    base = Database(tmp_path / "tmwatch.db")
    observe(base, [bulk(1, "2026-01-01"), bulk(2, "2026-01-01")], bulk=BulkFile("day-1.zip"))
    assert not answered_live(base, st13(1), "us.daily")
    at = dt.datetime(2026, 1, 2, tzinfo=dt.UTC)
    observe(base, [bulk(1, "2026-01-02", live=True, looked_at=at)], bulk=BulkFile("day-2.zip"))
    assert base.conn.execute("select 1 from observation where live = 1 and st13 is not null").fetchall() == []
    assert answered_live(base, st13(1), "us.daily")
    assert not answered_live(base, st13(2), "us.daily")
    assert not answered_live(base, st13(1), "us.tsdr")


# -- looks that say nothing new ------------------------------------------------------------------------------


@dataclass(frozen=True)
class Look:
    """A look at the one filing of a story."""

    state: str = "700"
    day: int = 1  # it speaks for, in March 2026
    live: bool = False
    source: str = "us.tsdr-api"
    known: bool = False  # comes with its digest
    printed: int = 0  # the day that the page names

    def sight(self) -> Sight:
        at = dt.datetime(2026, 3, self.day, 6, tzinfo=dt.UTC)
        day = self.printed or (0 if self.live else self.day)
        authority = {"us.tsdr-api": 90, "us.daily": 70}[self.source]
        made = sight(
            record(status_code=self.state),
            f"2026-03-{day:02}" if day else None,
            source=self.source,
            authority=authority,
            live=self.live,
            looked_at=at,
            body=f"{self.state}{self.source}".encode(),
        )
        if not self.known or made.reading is None:
            return made
        reading = made.reading
        seen = Glance(self.state + self.source, reading.as_of if self.printed else None)
        return replace(made, reading=None, read=lambda: reading, glance=seen)


LOOKS = st.builds(
    Look,
    state=st.sampled_from(["700", "700", "700", "710"]),
    day=st.integers(1, 20),
    live=st.booleans(),
    source=st.sampled_from(["us.tsdr-api", "us.tsdr-api", "us.daily"]),
    known=st.booleans(),
    printed=st.sampled_from([0, 0, 0, 9, 19]),
)


@settings(max_examples=examples(15), deadline=None)
@given(st.lists(st.lists(LOOKS, min_size=1, max_size=2), min_size=2, max_size=7))
@example([[Look(day=1)], [Look("710", 3)], [Look("710", 5)], [Look("710", 4)], [Look("710", 2)]])
@example([[Look(day=18, live=True)], [Look(day=3, live=True)], [Look("710", 4, live=True)]])
@example([[Look(day=18, live=True, known=True)], [Look(day=3, live=True, known=True)]])
@example([[Look(day=18, live=True, known=True)], [Look(day=3, live=True, known=True, printed=19)]])
@example([[Look(day=1)], [Look(day=2), Look("710", 3)], [Look("710", 4), Look("710", 5)]])
# A run that is split twice: both of its parts go by one observation, and stay two versions.
@example(
    [
        [Look(day=2, source="us.daily"), Look(day=12)],
        [Look(day=1), Look(day=10)],
        [Look("710", 1, printed=9), Look("710", 11)],
        [Look(day=1)],
    ]
)
def test_what_nobody_said_anew_is_not_folded_again_and_all_stands_as_if_it_had_been(
    story: list[list[Look]],
) -> None:
    found = []
    for shortly in (True, False):
        with tempfile.TemporaryDirectory() as name, pytest.MonkeyPatch.context() as patch:
            if not shortly:
                patch.setattr(observing, "beginnings", lambda rows: [object()])
            base = Database(Path(name) / "tmwatch.db")
            told = [
                [heard(one) for one in observe(base, [look.sight() for look in looks])] for looks in story
            ]
            found.append((told, everything(base)))
            base.close()
    assert found[0] == found[1]


def test_the_hundredth_look_at_a_long_history_that_says_nothing_new_folds_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    base = Database(tmp_path / "tmwatch.db")
    for day in range(1, 13):
        observe(base, [Look("700" if day % 2 else "710", day).sight()])
    monkeypatch.setattr(observing, "fold", None)  # would be called in vain
    (one,) = observe(base, [Look("710", 20).sight()])
    assert (one.what, one.changes, one.provenance.as_of) == ("unchanged", (), dt.date(2026, 3, 20))


# -- the search for waste ----------------------------------------------------------------------------------


@pytest.mark.parametrize("on", [True, False], ids=["on", "off"])
@pytest.mark.parametrize("fails", [False, True], ids=["stored", "failed"])
def test_a_large_batch_leaves_the_search_for_waste_as_it_was(tmp_path: Path, on: bool, fails: bool) -> None:
    base, seen = Database(tmp_path / "tmwatch.db"), []

    def also(_: Database) -> None:
        seen.append(gc.isenabled())
        if fails:
            raise KeyError("disk")

    batch = [sight(record(st13=st13(number)), "2020-01-01") for number in range(120)]
    before = gc.isenabled()
    (gc.enable if on else gc.disable)()
    try:
        with pytest.raises(KeyError, match="disk") if fails else contextlib.nullcontext():
            observe(base, batch, also=also)
        assert gc.isenabled() is on
    finally:
        (gc.enable if before else gc.disable)()
    assert seen == [False]  # it was off meanwhile
