"""`tmwatch run`: a real process, real registers and receivers on loopback, real signals."""

from __future__ import annotations

import datetime as dt
import json
import os
import signal
import sqlite3
import threading
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
import time_machine

from tests.faults.company import Shop
from tests.faults.preloaded import Preloaded
from tests.faults.registers import status_page, wait_until
from tests.faults.test_company import settings
from tests.loopback import Loopback, Mailbox
from tests.test_whole_way import ENV, PAGE, SERIAL, House, house
from tmwatch.daemon import Daemon
from tmwatch.daemon.jobs import Job
from tmwatch.import_reaction import ImportReaction
from tmwatch.importing import import_files
from tmwatch.schedules import Every
from tmwatch.store import Database, hits

__all__ = ["house"]  # the fixture

FIRST, SECOND, LATER = "99990101", "99990102", "99990103"
VIETNAM = "4202512345"


def watch(name: str, number: str, every: str = "1 second") -> str:
    return f'[[watch]]\nname = "{name}"\nnumbers = ["{number}"]\nevery = "{every}"\nnotify = ["legal"]\n'


class Place(Shop):
    """A folder, a register whose answers can be held back, a mailbox."""

    def __init__(self, folder: Path, register: Loopback, hook: Loopback, mailbox: Mailbox) -> None:
        self.register, self.mailbox = register, mailbox
        self.go = threading.Event()
        self.go.set()
        for serial in (FIRST, SECOND, LATER):
            register.pages[f"/statusview/sn{serial}"] = status_page(serial)
        self.settings = settings(register.url, hook, mailbox)
        super().__init__(folder, self.settings + watch("first", f"US {FIRST}"))

    def configure(self, *watches: str) -> None:
        (self.folder / "tmwatch.toml").write_text(self.settings + "".join(watches), encoding="utf-8")

    def hold(self, serial: str) -> None:
        """The register answers about that number only when it is let go."""
        self.go.clear()

        def answer(_: dict[str, str]) -> bytes:
            self.go.wait(60)
            return status_page(serial)

        self.register.pages[f"/statusview/sn{serial}"] = answer

    def asked(self, serial: str) -> int:
        return self.register.asked.count(f"/statusview/sn{serial}")

    def journal(self) -> list[dict[str, Any]]:
        with closing(sqlite3.connect(self.folder / "tmwatch.db", timeout=20)) as base:
            base.row_factory = sqlite3.Row
            return [dict(row) for row in base.execute("select * from schedule_run order by id")]

    def outcomes(self, job: str) -> list[str | None]:
        return [row["outcome"] for row in self.journal() if row["job"].startswith(job)]


@pytest.fixture
def place(tmp_path: Path) -> Iterator[Place]:
    with Loopback() as register, Loopback() as hook, Mailbox() as mailbox:
        made = Place(tmp_path, register, hook, mailbox)
        yield made
        made.go.set()


def stop(process: Preloaded, by: int = signal.SIGTERM) -> tuple[float, str]:
    """Seconds until it had ended, and what it said."""
    begun = time.monotonic()
    os.kill(process.pid, by)
    out, err = process.communicate(timeout=30)
    assert out == ""
    return time.monotonic() - begun, err


def test_it_looks_tells_reloads_and_stops(place: Place) -> None:
    with place.start("run") as process:
        wait_until(lambda: place.asked(FIRST) >= 2, 60)
        assert place.mailbox.mails == [], "the first look is a baseline"

        second = place.run("run")
        assert second.code == 1
        assert f"another `tmwatch run` serves this database (process {process.pid})" in second.err

        place.register.pages[f"/statusview/sn{FIRST}"] = status_page(FIRST, owner="ANOTHER OWNER, INC.")
        wait_until(lambda: len(place.mailbox.mails) == 1, 60)
        assert "owner" in place.mailbox.mails[0]["Subject"].lower()

        (place.folder / "tmwatch.toml").write_text("[operator]\ncontact = 7\n", encoding="utf-8")
        os.kill(process.pid, signal.SIGHUP)
        wait_until(lambda: "failed" in place.outcomes("daemon"), 30)
        before = place.asked(FIRST)
        wait_until(lambda: place.asked(FIRST) > before, 30)  # the old configuration holds

        place.configure(watch("first", f"US {FIRST}"), watch("second", f"US {SECOND}"))
        os.kill(process.pid, signal.SIGHUP)
        wait_until(lambda: place.asked(SECOND) >= 1, 30)

        took, said = stop(process)
    assert process.returncode == 0, said
    assert took < 10
    assert "was not taken over, the old one holds" in said
    assert "The configuration was read anew: 2 watches." in said
    assert None not in place.outcomes(""), "every run has an end"
    assert len(place.mailbox.mails) == 1, "told once"


def test_a_register_that_never_answers_holds_up_no_other_and_no_stop(place: Place) -> None:
    place.hold(SECOND)
    place.settings += f'[source."vn.ipvn"]\nbase_url = "{place.register.url}/vn"\nmin_interval = 0\n'
    place.configure(watch("slow", f"US {SECOND}"), watch("quick", f"VN {VIETNAM}"))
    with place.start("run", "--stop-seconds", "1") as process:
        wait_until(lambda: place.asked(SECOND) == 1, 60)
        wait_until(lambda: sum("/vn" in path for path in place.register.asked) >= 2, 60)
        assert place.asked(SECOND) == 1
        took, said = stop(process)
    assert (process.returncode, took < 5) == (0, True), said
    assert "us.tsdr waited for an answer" in said
    assert place.outcomes("look us.tsdr") == ["stopped"]


def test_what_a_kill_broke_off_is_done_again_by_the_next_and_the_lock_is_free(place: Place) -> None:
    place.hold(FIRST)
    with place.start("run") as process:
        wait_until(lambda: place.asked(FIRST) == 1, 60)
        os.kill(process.pid, signal.SIGKILL)
        process.wait(30)
    place.go.set()
    with place.start("run") as process:
        wait_until(lambda: place.outcomes("look")[1:2] == ["done"], 60)
        took, said = stop(process, signal.SIGINT)
    assert process.returncode == 0, said
    assert place.outcomes("look")[0] == "broken off"
    assert "did not come to their end" in said


def test_in_closed_hours_a_register_is_not_asked_and_check_says_until_when(place: Place) -> None:
    place.settings = place.settings.replace("min_interval = 0", 'min_interval = 0\nclosed = ["00:00-00:00"]')
    place.configure(watch("first", f"US {FIRST}"))
    ended = place.run("check", "--json")
    assert ended.code == 0
    closed = json.loads(ended.out)["closed"]["us.tsdr"]
    assert closed["questions"] == 1
    assert dt.datetime.fromisoformat(closed["until"]) > dt.datetime.now(UTC)
    assert place.asked(FIRST) == 0


UTC = dt.UTC
NOON = dt.datetime(2026, 11, 26, 12, tzinfo=UTC)


def job(done: dt.datetime | None) -> Job:
    return Job("look", "lane", Every("every 6 hours", dt.timedelta(hours=6)), ("first",), done=done)


def test_what_was_missed_while_it_did_not_run_is_one_run_that_knows_how_many_it_stands_for() -> None:
    late = job(NOON - dt.timedelta(days=2))
    assert late.next(NOON) == NOON
    assert len(late.due(NOON)) == 8
    assert late.due(NOON) == []
    assert late.next(NOON) == NOON + dt.timedelta(hours=6)


def test_a_clock_that_is_set_back_an_hour_repeats_nothing_and_one_that_was_a_year_wrong_loses_nothing() -> (
    None
):
    again = job(NOON)
    assert again.due(NOON - dt.timedelta(hours=1)) == []
    assert again.next(NOON - dt.timedelta(hours=1)) == NOON + dt.timedelta(hours=6)
    wrong = job(NOON + dt.timedelta(days=365))
    assert wrong.next(NOON) is not None
    wrong.due(NOON)
    assert wrong.next(NOON) == NOON + dt.timedelta(hours=6)


def test_a_job_that_was_never_done_is_due_now() -> None:
    assert job(None).due(NOON) == [NOON]


def test_what_is_marked_relevant_while_it_runs_is_looked_at_within_the_hour(house: House) -> None:
    config = house.configure(
        '[[watch]]\nname = "names"\nmarks = ["SAMPLE HARBOUR"]\noffices = ["US"]\nnotify = []\n'
    )
    path = house.folder / "page.html"
    path.write_bytes(PAGE)
    database = Database(config.store.path)
    import_files(database, [path], config=config, react=ImportReaction(config, database, ENV))
    daemon = Daemon(lambda: config, database.path, ENV, lambda text: None)
    daemon.step(database)
    hits.mark(database, "relevant", {1: {}})
    assert house.register.asked == []
    with time_machine.travel(dt.datetime.now(UTC) + dt.timedelta(minutes=61)):
        daemon.step(database)
        daemon.step(database)
    database.close()
    assert house.register.asked == [f"/statusview/sn{SERIAL}"]
