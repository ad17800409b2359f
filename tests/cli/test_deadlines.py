"""`tmwatch deadlines`: the list, the table, the calendar, and one rule counted by itself."""

from __future__ import annotations

import contextlib
import csv
import datetime as dt
import io
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import time_machine
import vobject

from tests.cli.conftest import FIXTURES, Run
from tests.records import event, record, sight
from tmwatch.due_calendar import REMINDERS
from tmwatch.model import Phase, Publication, TradeMark
from tmwatch.store import Database, observe

RENEWAL, PUBLISHED = "US500000099000001", "US500000099000002"
CONFIG = """
[operator]
contact = "ip-watch@firm.test"
[[watch]]
name = "ours"
numbers_file = "docket.csv"
role = "own"
notify = []
[[watch]]
name = "rivals"
numbers = ["US 99000002"]
role = "adverse"
notify = []
"""


@pytest.fixture(autouse=True)
def _today() -> Iterator[None]:
    with time_machine.travel(dt.datetime(2026, 11, 26, 12, tzinfo=dt.UTC), tick=False):
        yield


def keep(folder: Path, mark: TradeMark, day: str = "2026-11-25") -> None:
    with contextlib.closing(Database(folder / "tmwatch.db")) as database:
        observe(database, [sight(mark, day, looked_at=dt.datetime.now(dt.UTC))])


def published(st13: str = PUBLISHED, day: str = "2026-11-17", **more: Any) -> TradeMark:
    return record(
        st13,
        status_phase=Phase.PUBLISHED,
        publications=(Publication(date=dt.date.fromisoformat(day)),),
        verbal_element="=HYPERLINK(1)\x1b[31m",
        **more,
    )


@pytest.fixture
def house(folder: Path) -> Path:
    """One mark of ours whose renewal is near, one of a rival that is published."""
    (folder / "tmwatch.toml").write_text(CONFIG, encoding="utf-8")
    (folder / "docket.csv").write_text("number,office,docket_ref\n99000001,US,M-7\n", encoding="utf-8")
    keep(folder, record(RENEWAL, registration_date=dt.date(2017, 1, 3), filing_route="direct"))
    keep(folder, published())
    return folder


def test_the_list_shows_each_date_with_its_rule_and_basis_in_80_columns(house: Path, run: Run) -> None:
    ran = run("deadlines")
    assert ran.code == 0
    assert "2026-12-17 Thu, in 21 days: US 99000002" in ran.out
    assert "2027-01-04 Mon, in 39 days: US 99000001 SAMPLEMARK: declaration of use and" in ran.out
    assert "US opposition: 15 USC 1063(a); 37 CFR 2.101(c), 2.102(c), 2.196; computed" in ran.out
    assert "statutory date 2027-01-03, a closed day: last safe day 2027-01-04" in ran.out
    assert "(ref M-7)" in ran.out.replace("\n", " ")
    assert "computed; verify with the office; not legal advice" in ran.out.replace("\n", " ")
    assert max(map(len, ran.out.splitlines())) <= 80
    assert "\x1b" not in ran.out


def test_the_role_decides_and_the_span_and_the_watch_narrow_it(house: Path, run: Run) -> None:
    found = {one["rule"]: one for one in run("deadlines", "--json").json["deadlines"]}
    assert set(found) == {"US opposition", "US sec8_9_renewal"}
    assert found["US opposition"]["watches"] == ["rivals"]
    assert found["US sec8_9_renewal"]["watches"] == ["ours"]
    near = run("deadlines", "--within", "30d", "--json").json["deadlines"]
    assert [one["rule"] for one in near] == ["US opposition"]
    ours = run("deadlines", "--watch", "ours", "--json").json["deadlines"]
    assert [one["rule"] for one in ours] == ["US sec8_9_renewal"]
    everything = run("deadlines", "--all", "--json").json["deadlines"]
    assert "US sec8_first" in {one["rule"] for one in everything}
    one = found["US opposition"]
    assert (one["day"], one["days_left"], one["status"], one["source"]) == (
        "2026-12-17",
        21,
        "open",
        "computed",
    )
    assert [end["last_safe_day"] for end in one["extendable_to"]] == [
        "2027-01-19",
        "2027-03-17",
        "2027-05-17",
    ]


def test_a_table_for_spreadsheets_holds_no_formula(house: Path, run: Run) -> None:
    rows = list(csv.DictReader(io.StringIO(run("deadlines", "--csv").out)))
    assert [row["day"] for row in rows] == ["2026-12-17", "2027-01-04"]
    assert rows[0]["mark"].startswith("'=")
    assert rows[0]["legal_basis"].startswith("15 USC 1063(a)")
    assert rows[1]["docket_ref"] == "M-7"
    assert {row["disclaimer"] for row in rows} == {"computed; verify with the office; not legal advice"}


def test_what_passed_stays_on_the_list_and_is_never_called_missed(house: Path, run: Run) -> None:
    with time_machine.travel(dt.datetime(2027, 2, 1, 12, tzinfo=dt.UTC), tick=False):
        text = " ".join(run("deadlines").out.split())
        assert "28 days ago: US 99000001" in text
        assert "unverified: date passed; the record of 2026-11-25 is too old" in text
    with time_machine.travel(dt.datetime(2027, 3, 21, 12, tzinfo=dt.UTC), tick=False):
        keep(house, record(RENEWAL, registration_date=dt.date(2017, 1, 3), examiner="X"), "2027-03-20")
        text = " ".join(run("deadlines", "--within", "200d").out.split())
    assert "date passed; no filing seen in the record of 2027-03-20" in text
    assert "in the period of grace" in text
    assert "missed" not in text


def calendar(path: Path) -> dict[str, Any]:
    """The entries by their title's number, as another library reads and validates them."""
    text = path.read_bytes().decode("utf-8")
    assert text.endswith("END:VCALENDAR\r\n")
    assert max(len(line.encode()) for line in text.split("\r\n")) <= 75
    read = vobject.readOne(text)
    assert read.validate(raiseException=True)
    for one in read.vevent_list:
        assert one.validate(raiseException=True)
    return {one.uid.value: one for one in read.vevent_list}


def test_the_calendar_is_read_and_validated_by_another_library(house: Path, run: Run) -> None:
    assert run("deadlines", "--ics", "due.ics").code == 0
    entries = calendar(house / "due.ics")
    by_day = {one.dtstart.value: one for one in entries.values()}
    opposition = by_day[dt.date(2026, 12, 17)]
    assert opposition.status.value == "CONFIRMED"
    assert opposition.sequence.value == "0"
    assert "15 USC 1063(a)" in opposition.description.value
    assert "not legal advice" in opposition.description.value
    assert [alarm.trigger.value.days for alarm in opposition.valarm_list] == [-days for days in REMINDERS]
    assert "Docket: M-7" in by_day[dt.date(2027, 1, 4)].description.value
    assert all(type(one.dtstart.value) is dt.date for one in entries.values())


def test_two_renders_are_the_same_bytes(house: Path, run: Run) -> None:
    run("deadlines", "--ics", "a.ics")
    with time_machine.travel(dt.datetime(2026, 11, 26, 18, tzinfo=dt.UTC), tick=False):
        run("deadlines", "--ics", "b.ics")
    assert (house / "a.ics").read_bytes() == (house / "b.ics").read_bytes()
    assert run("deadlines", "--ics", "-").out.encode() == (house / "a.ics").read_bytes()


def test_a_day_that_moved_raises_the_sequence_under_the_same_uid(house: Path, run: Run) -> None:
    run("deadlines", "--ics", "due.ics")
    (before,) = [
        one for one in calendar(house / "due.ics").values() if one.dtstart.value == dt.date(2026, 12, 17)
    ]
    keep(house, published(day="2026-11-24"), "2026-11-26")
    run("deadlines", "--ics", "due.ics")
    after = calendar(house / "due.ics")[before.uid.value]
    assert after.dtstart.value == dt.date(2026, 12, 24)
    assert (after.sequence.value, after.status.value) == ("1", "CONFIRMED")


def test_what_has_become_moot_is_cancelled_and_what_is_met_reminds_nobody(house: Path, run: Run) -> None:
    run("deadlines", "--ics", "due.ics")
    dead = published(status_live="dead", status_code="602", status_text="Abandoned.")
    keep(house, dead, "2026-11-26")
    renewed = event(2, "2026-11-20", "REGISTERED - SEC. 8 (10-YR) ACCEPTED/SEC. 9 GRANTED")
    keep(
        house,
        record(RENEWAL, registration_date=dt.date(2017, 1, 3), filing_route="direct", events=(renewed,)),
        "2026-11-26",
    )
    run("deadlines", "--ics", "due.ics")
    by_day = {one.dtstart.value: one for one in calendar(house / "due.ics").values()}
    moot, met = by_day[dt.date(2026, 12, 17)], by_day[dt.date(2027, 1, 4)]
    assert (moot.status.value, moot.sequence.value) == ("CANCELLED", "1")
    assert (met.status.value, met.sequence.value) == ("CONFIRMED", "1")
    assert met.summary.value.startswith("met: ")
    assert "valarm" not in moot.contents
    assert "valarm" not in met.contents


def test_a_watch_that_is_gone_takes_its_entries_out_of_the_calendar(house: Path, run: Run) -> None:
    run("deadlines", "--ics", "due.ics")
    text = (house / "tmwatch.toml").read_text(encoding="utf-8").replace("99000002", "99000009")
    (house / "tmwatch.toml").write_text(text, encoding="utf-8")
    run("deadlines", "--ics", "due.ics")
    states = {one.dtstart.value: one.status.value for one in calendar(house / "due.ics").values()}
    assert states[dt.date(2026, 12, 17)] == "CANCELLED"
    assert states[dt.date(2027, 1, 4)] == "CONFIRMED"


def test_a_narrower_calendar_cancels_nothing(house: Path, run: Run) -> None:
    run("deadlines", "--ics", "due.ics")
    run("deadlines", "--watch", "ours", "--ics", "ours.ics")
    run("deadlines", "--ics", "due.ics")
    assert {one.status.value for one in calendar(house / "due.ics").values()} == {"CONFIRMED"}
    assert dt.date(2026, 12, 17) not in {one.dtstart.value for one in calendar(house / "ours.ics").values()}


def test_one_rule_is_counted_for_a_day_that_no_record_holds(folder: Path, run: Run) -> None:
    ran = run("deadlines", "--rule", "CN refusal_review", "--on", "2026-03-02", "--json")
    assert ran.json["ends"][0]["last_safe_day"] == "2026-03-17"
    ran = run("deadlines", "--rule", "EU opposition", "--on", "2026-11-30")
    assert "2027-03-01 Mon  last safe day (statutory date 2027-02-28, a closed day)" in ran.out
    assert "not legal advice" in ran.out.replace("\n    ", " ")


def test_a_rule_of_ones_own_is_used_and_a_bad_one_is_refused_with_its_line(house: Path, run: Run) -> None:
    heads = "office,rule,what,act,roles,trigger,closes,counts,rolls,lag_days,legal_basis\n"
    row = "US,opposition,early look,opposition,adverse,publication,{},after,yes,14,house rule\n"
    with (house / "tmwatch.toml").open("a", encoding="utf-8") as file:
        file.write('[deadlines]\nrules = "rules.csv"\n')
    (house / "rules.csv").write_text(heads + row.format("20 days"), encoding="utf-8")
    (one,) = run("deadlines", "--watch", "rivals", "--json").json["deadlines"]
    assert (one["day"], one["legal_basis"]) == ("2026-12-07", "house rule")
    (house / "rules.csv").write_text(heads + row.format("soon"), encoding="utf-8")
    ran = run("deadlines")
    assert ran.code == 2
    assert "rules.csv, line 2: `closes`: `soon` is no period" in ran.err


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--within", "soon"], "`soon` is no span of time"),
        (["--within", "9999999999y"], "is no span of time"),
        (["--watch", "nobody"], 'there is no watch "nobody"'),
        (["--csv", "--json"], "are forms of one answer"),
        (["--rule", "US opposition"], "--rule and --on belong together"),
        (["--rule", "US nothing", "--on", "2026-01-01"], "no rule `US nothing`"),
        (["--rule", "US sec8_first", "--on", "9999-12-31"], "leads out of the calendar"),
        (["--ics", "tmwatch.db"], "would replace the database itself"),
    ],
)
def test_what_cannot_be_meant_is_said_with_what_to_do(
    house: Path, run: Run, words: list[str], said: str
) -> None:
    ran = run("deadlines", *words)
    assert ran.code == 2
    assert said in ran.err
    assert "Traceback" not in ran.err


def test_without_a_configuration_the_dates_of_all_stored_filings_are_listed(folder: Path, run: Run) -> None:
    assert run("import", str(FIXTURES / "us.tsdr/registered-word-mark/page.html")).code == 0
    found = run("deadlines", "--all", "--json").json["deadlines"]
    assert {"US opposition", "US sec8_9_renewal"} <= {one["rule"] for one in found}


def test_where_nothing_is_watched_yet_the_dates_of_all_stored_filings_are_listed(
    folder: Path, run: Run
) -> None:
    (folder / "tmwatch.toml").write_text('[operator]\ncontact = "ip-watch@firm.test"\n', encoding="utf-8")
    assert run("import", str(FIXTURES / "us.tsdr/registered-word-mark/page.html")).code == 0
    assert run("deadlines", "--all", "--json").json["deadlines"]


def test_what_is_open_comes_first_and_what_nobody_can_tell_stands_below_in_short(
    house: Path, run: Run
) -> None:
    for number in range(12):  # oppositions of long ago that nobody looked at since
        keep(house, published(f"US5000000990001{number:02}", f"2026-09-{number + 1:02}"), "2026-09-15")
    with (house / "tmwatch.toml").open("a", encoding="utf-8") as file:
        numbers = ", ".join(f'"US 990001{number:02}"' for number in range(12))
        file.write(f'[[watch]]\nname = "old"\nnumbers = [{numbers}]\nrole = "adverse"\nnotify = []\n')
    out = run("deadlines").out
    lines = out.splitlines()
    assert lines[0].startswith("2026-12-17")
    heading = next(place for place, line in enumerate(lines) if line.startswith("The day is over"))
    assert "too old to tell" in " ".join(lines[heading : heading + 2])
    assert lines.index(next(line for line in lines if line.startswith("2027-01-04"))) < heading
    assert sum("days ago: US 990001" in line for line in lines[heading:]) == 10
    assert "and 2 more (--all lists them with their rules)" in out
    everything = run("deadlines", "--all").out
    assert sum("days ago: US 990001" in line for line in everything.splitlines()) == 12
    days = [one["day"] for one in run("deadlines", "--json").json["deadlines"]]
    assert days == sorted(days)


def test_where_all_is_over_the_list_begins_with_its_heading(house: Path, run: Run) -> None:
    with time_machine.travel(dt.datetime(2027, 2, 1, 12, tzinfo=dt.UTC), tick=False):
        assert run("deadlines").out.startswith("The day is over")
