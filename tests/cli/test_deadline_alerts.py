"""Deadlines that come near are told: at set distances, once each, again only when the day has moved."""

from __future__ import annotations

import contextlib
import datetime as dt
import json
import os
import signal
import sqlite3
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import time_machine

from tests.cli.conftest import FIXTURES, Run
from tests.conftest import registers_off
from tests.loopback import Mailbox
from tests.records import owner, record, sight
from tmwatch.alerts.compose import reactor
from tmwatch.alerts.payload import AlertPayload
from tmwatch.alerts.view import build
from tmwatch.alerts.wording import wording
from tmwatch.config import load_config
from tmwatch.due_alerts import tell_due
from tmwatch.model import Phase, Publication, TradeMark
from tmwatch.store import Database, deadlines, observe

OURS, RIVAL = "US500000099000001", "US500000099000002"
CONFIG = """
[operator]
contact = "ip-watch@firm.test"
[smtp]
host = "127.0.0.1"
port = {port}
security = "none"
sender = "tmwatch@firm.test"
{more}
[[recipient]]
name = "legal"
email = ["legal@firm.test"]
[[watch]]
name = "ours"
numbers_file = "docket.csv"
role = "own"
notify = ["legal"]
[[watch]]
name = "rivals"
numbers = ["US 99000002"]
role = "adverse"
notify = ["legal"]
"""


@contextlib.contextmanager
def on(day: str) -> Iterator[None]:
    with time_machine.travel(dt.datetime.fromisoformat(f"{day}T12:00:00+00:00"), tick=False):
        yield


def keep(folder: Path, mark: TradeMark, day: str) -> None:
    with contextlib.closing(Database(folder / "tmwatch.db")) as database:
        observe(database, [sight(mark, day, looked_at=dt.datetime.now(dt.UTC))])


def published(day: str = "2026-11-17", **more: Any) -> TradeMark:
    publication = Publication(date=dt.date.fromisoformat(day))
    return record(RIVAL, status_phase=Phase.PUBLISHED, publications=(publication,), **more)


def configure(folder: Path, more: str = "", port: int = 1) -> None:
    text = CONFIG.format(more=registers_off() + more, port=port)
    (folder / "tmwatch.toml").write_text(text, encoding="utf-8")


@pytest.fixture
def house(folder: Path) -> Path:
    configure(folder)
    (folder / "docket.csv").write_text("number,office,docket_ref\n99000001,US,M-7\n", encoding="utf-8")
    with on("2026-11-26"):
        keep(folder, record(OURS, registration_date=dt.date(2017, 1, 3), filing_route="direct"), "2026-11-25")
        keep(folder, published(), "2026-11-25")
    return folder


def told(folder: Path) -> list[dict[str, Any]]:
    with contextlib.closing(sqlite3.connect(folder / "tmwatch.db")) as base:
        rows = base.execute(
            "select uid, payload from alert where kind = 'deadline.due' order by id"
        ).fetchall()
    return [{"uid": uid, **json.loads(payload)} for uid, payload in rows]


def said(folder: Path) -> list[tuple[str, str]]:
    return [
        (one["watch"], change["new"])
        for one in told(folder)
        for card in one["cards"]
        for change in card["changes"]
    ]


def check(run: Run, day: str) -> None:
    with on(day):
        assert run("check", "--no-deliver").code == 0


def test_each_distance_is_told_once_and_the_next_one_again(house: Path, run: Run) -> None:
    check(run, "2026-11-26")
    assert said(house) == [
        ("ours", "declaration of use and renewal (sections 8 and 9) by 2027-01-04, 90 days or less"),
        ("rivals", "opposition by 2026-12-17, 30 days or less"),
    ]
    for day in ("2026-11-26", "2026-12-01"):
        check(run, day)
    assert len(told(house)) == 2
    for day in ("2026-12-10", "2026-12-11", "2026-12-16", "2026-12-18"):
        check(run, day)
    assert [text for watch, text in said(house) if watch == "rivals"] == [
        "opposition by 2026-12-17, 30 days or less",
        "opposition by 2026-12-17, 7 days or less",
        "opposition by 2026-12-17, 1 day or less",
    ]
    levels = [one["significance"] for one in told(house) if one["watch"] == "rivals"]
    assert levels == ["high", "critical", "critical"]


def test_a_day_that_moved_is_told_again_from_the_same_distance(house: Path, run: Run) -> None:
    check(run, "2026-11-26")
    with on("2026-11-27"):
        keep(house, published("2026-11-24"), "2026-11-26")
    check(run, "2026-11-27")
    assert [text for watch, text in said(house) if watch == "rivals"] == [
        "opposition by 2026-12-17, 30 days or less",
        "opposition by 2026-12-24, 30 days or less",
    ]


def test_what_is_met_or_moot_by_then_is_not_told(house: Path, run: Run) -> None:
    with on("2026-11-26"):
        keep(house, published(status_live="dead", status_code="602", status_text="Abandoned."), "2026-11-26")
    check(run, "2026-11-26")
    assert {watch for watch, _ in said(house)} == {"ours"}


def test_the_distances_are_ones_own_and_none_tells_nothing(house: Path, run: Run) -> None:
    configure(house, "[deadlines]\nremind = [21]\n")
    check(run, "2026-11-25")
    assert said(house) == []
    check(run, "2026-11-26")
    assert said(house) == [("rivals", "opposition by 2026-12-17, 21 days or less")]
    configure(house, "[deadlines]\nremind = []\n")
    check(run, "2026-12-10")
    assert len(told(house)) == 1


def test_the_mail_has_the_date_the_rule_and_the_reference(house: Path, run: Run) -> None:
    with Mailbox() as mailbox:
        configure(house, port=mailbox.port)
        with on("2026-11-26"):
            assert run("check").code == 0
    texts = dict(zip((str(one["Subject"]) for one in mailbox.mails), mailbox.texts(), strict=True))
    (subject,) = [one for one in texts if "opposition" in one]
    assert subject.startswith("SAMPLEMARK (US 99000002) · opposition by 2026-12-17, 30 days or less")
    text = " ".join(texts[subject].split())
    assert "US opposition: 15 USC 1063(a)" in text
    assert "extendable to 2027-01-19 30 days of right" in text
    assert "computed; verify with the office; not legal advice" in text
    assert any(one.endswith("ref M-7") for one in texts)


def test_a_check_that_is_killed_before_it_commits_tells_it_once_with_the_same_id(
    house: Path, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Once with the run cut off in the transaction, once whole; the ids are those of an undisturbed run."""
    child = os.fork()
    if child == 0:
        monkeypatch.setattr(deadlines, "note_gone_through", lambda *_: os.kill(os.getpid(), signal.SIGKILL))
        check(run, "2026-11-26")
        os._exit(0)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == -signal.SIGKILL
    assert told(house) == []
    check(run, "2026-11-27")
    assert len(told(house)) == 2
    ids = {one["uid"] for one in told(house)}
    with contextlib.closing(sqlite3.connect(house / "tmwatch.db")) as base, base:
        for table in ("delivery", "alert_mark", "alert", "deadline_told"):
            base.execute(f"delete from {table}")
    check(run, "2026-11-28")
    assert {one["uid"] for one in told(house)} == ids


def test_two_checks_at_once_tell_it_once(house: Path) -> None:
    """Each has gone through the list before the other commits; what was told is read in the transaction."""
    with on("2026-11-26"), contextlib.closing(Database(house / "tmwatch.db")) as database:
        config = load_config(house / "tmwatch.toml")
        assert [tell_due(config, database, "", again=True) for _ in range(2)] == [2, 0]


def test_a_dry_run_tells_nobody_and_keeps_nothing(house: Path, run: Run) -> None:
    with on("2026-11-26"):
        shown = run("check", "--dry-run", "--json").json
    assert {one["kind"] for one in shown["alerts"]} == {"deadline.due"}
    assert told(house) == []
    check(run, "2026-11-26")
    assert len(told(house)) == 2


def test_a_bad_file_of_rules_stops_the_check_before_anything_is_done(house: Path, run: Run) -> None:
    configure(house, '[deadlines]\nrules = "rules.csv"\n')
    (house / "rules.csv").write_text("office,rule\nUS,x\n", encoding="utf-8")
    with on("2026-11-26"):
        ran = run("check", "--no-look")
    assert ran.code == 2
    assert "rules.csv, line 1: the columns what, act" in " ".join(ran.err.split())
    assert told(house) == []


def hit(folder: Path, **columns: object) -> None:
    """What came under the rivals' watch by likeness, and what somebody thought of it."""
    with contextlib.closing(sqlite3.connect(folder / "tmwatch.db")) as base, base:
        row = {"watch": "rivals", "st13": RIVAL, "first_at": "2026-11-25", "why": "alike", **columns}
        names, marks = ", ".join(row), ", ".join("?" * len(row))
        base.execute(f"insert into hit ({names}) values ({marks})", tuple(row.values()))


@pytest.mark.parametrize(
    ("columns", "listed", "is_told"),
    [
        ({"sure": 0, "level": 2}, True, True),
        ({"sure": 0, "level": 3}, True, False),
        ({"sure": 0, "level": 3, "triage": "relevant"}, True, True),
        ({"sure": 1, "triage": "noise"}, False, False),
    ],
)
def test_a_distant_likeness_that_nobody_judged_is_listed_and_not_told_and_noise_is_neither(
    house: Path, run: Run, columns: dict[str, object], listed: bool, is_told: bool
) -> None:
    hit(house, **columns)
    with on("2026-11-26"):
        found = run("deadlines", "--watch", "rivals", "--json").json["deadlines"]
    assert bool(found) is listed
    check(run, "2026-11-26")
    assert ("rivals" in {watch for watch, _ in said(house)}) is is_told


def test_a_watch_that_asks_for_what_is_critical_hears_of_the_last_week_alone(house: Path, run: Run) -> None:
    text = (house / "tmwatch.toml").read_text(encoding="utf-8")
    (house / "tmwatch.toml").write_text(
        text.replace('role = "adverse"', 'role = "adverse"\nleast = "critical"')
    )
    for day in ("2026-11-26", "2026-12-10"):
        check(run, day)
    assert [text for watch, text in said(house) if watch == "rivals"] == [
        "opposition by 2026-12-17, 7 days or less"
    ]


def test_what_was_told_before_a_restore_is_not_told_again(house: Path, run: Run) -> None:
    with Mailbox() as mailbox:
        configure(house, port=mailbox.port)
        with on("2026-11-25"):
            assert run("backup", "monday.db").code == 0
        with on("2026-11-26"):
            assert run("check").code == 0
        assert len(mailbox.mails) == 2
        with on("2026-11-28"):
            assert run("restore", "monday.db", "--yes").code == 0
            keep(house, published(examiner="X"), "2026-11-28")
            run("check")
        assert len(mailbox.mails) == 2
        with on("2026-12-10"):
            run("check")
        new = [str(one["Subject"]).partition(" · ")[2] for one in mailbox.mails[2:]]
    assert new == [
        "declaration of use and renewal (sections 8 and 9) by 2027-01-04, 30 days or less · ref M-7",
        "opposition by 2026-12-17, 7 days or less",
    ]


def test_an_alert_about_a_new_examiner_carries_no_date(house: Path) -> None:
    config = load_config(house / "tmwatch.toml")
    react = reactor(config, {}, lambda *_: True)
    dues = {}
    with on("2026-11-28"), contextlib.closing(Database(house / "tmwatch.db")) as database:
        for at, mark in (
            ("2026-11-26", published()),
            ("2026-11-27", published(owners=(owner("Other Sample, Inc."),))),
            ("2026-11-28", published("2026-11-24", owners=(owner("Other Sample, Inc."),))),
        ):
            observe(database, [sight(mark, at, looked_at=dt.datetime.now(dt.UTC))], react=react)
    with contextlib.closing(sqlite3.connect(house / "tmwatch.db")) as base:
        for (payload,) in base.execute("select payload from alert where kind = 'filing.changed'"):
            for card in json.loads(payload)["cards"]:
                dues[card["changes"][0]["field"]] = [one["day"] for one in card["dues"]]
    assert dues == {"owners": [], "publications": ["2026-12-24"]}


WATCHING = """
[[watch]]
name = "rival"
numbers = ["EM 099900105"]
role = "{role}"
first_look = "alert"
notify = ["legal"]
"""


@pytest.mark.parametrize(("role", "what"), [("adverse", "opposition"), ("own", "opposition (of others)")])
def test_an_alert_about_a_publication_says_until_when_it_can_be_opposed(
    folder: Path, run: Run, role: str, what: str
) -> None:
    head = CONFIG.format(more=registers_off(), port=1).partition("[[watch]]")[0]
    (folder / "tmwatch.toml").write_text(head + WATCHING.format(role=role), encoding="utf-8")
    with on("2026-11-26"):
        page = FIXTURES / "em.euipo/published-for-opposition/page.json"
        assert run("import", "--as-of", "2026-11-25", str(page)).code == 0
    with contextlib.closing(sqlite3.connect(folder / "tmwatch.db")) as base:
        (payload,) = base.execute("select payload from alert where kind = 'filing.new'").fetchone()
    (card,) = json.loads(payload)["cards"]
    assert [(one["day"], one["what"]) for one in card["dues"]] == [("2027-01-04", what)]
    view = build(AlertPayload.model_validate_json(payload), wording("en"))
    lines = [fact.value for fact in view.facts if fact.label == "Deadline"]
    (line,) = lines
    assert line.startswith(f"2027-01-04 {what} (EM opposition: EUTMR 46(1)")
    assert "as printed by the office; verify with the office" in line
    assert line.endswith("not legal advice")
