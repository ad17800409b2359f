"""What a watch found after its first message of a day: the commands say that it waits, and until when."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
import time_machine

from tests.cli.conftest import Run, folder, run
from tests.cli.test_import_daily import THREE, zipped
from tests.loopback import Mailbox
from tests.records import record, sight
from tmwatch.alerts.compose import reactor
from tmwatch.config import load_config
from tmwatch.store import Database, observe

__all__ = ["folder", "run"]  # fixtures of the command line
NOON, NIGHT = dt.datetime(2026, 11, 26, 12, tzinfo=dt.UTC), "2026-11-27T00:00:00+00:00"


@pytest.fixture
def clock() -> Iterator[time_machine.Traveller]:
    with time_machine.travel(NOON, tick=False) as clock:
        yield clock


@pytest.fixture
def mailbox(folder: Path, run: Run, clock: object) -> Iterator[Mailbox]:
    """A filing was found and told; a second one is found, and a check has left it to the evening."""
    with Mailbox() as mailbox:
        (folder / "tmwatch.toml").write_text(
            '[operator]\ncontact = "x@example.com"\n[store]\npath = "tmwatch.db"\n'
            f'[smtp]\nhost = "127.0.0.1"\nport = {mailbox.port}\nsecurity = "none"\n'
            'sender = "x@example.com"\n'
            '[[recipient]]\nname = "legal"\nemail = ["legal@example.com"]\n'
            '[[watch]]\nname = "widgets"\nowners = ["Sample Widgets"]\noffices = ["US"]\n'
            'notify = ["legal"]\n'
        )
        for number in (1, 2):
            react = reactor(load_config(folder / "tmwatch.toml"), {}, lambda watch, one, found, held: False)
            with closing(Database(folder / "tmwatch.db")) as base:
                filing = record(f"US5{number:014}", verbal_element=f"MARK {number}")
                observe(base, [sight(filing, f"2026-01-0{number}")], run=f"{number}", react=react)
            assert run("check", "--no-look").silent
        assert len(mailbox.mails) == 1
        yield mailbox


def test_check_says_what_waits_for_the_end_of_the_day(mailbox: Mailbox, run: Run) -> None:
    said = " ".join(run("check", "--no-look", terminal=True).out.split())
    assert "nothing waits but for the end of the day" in said
    assert "1 delivery to legal with what else is new today, at 2026-11-27 00:00" in said
    told = run("check", "--no-look", "--json").json["deliveries"]
    assert told["gathered"] == {"legal": {"until": NIGHT, "waiting": 1}}


def test_list_why_and_status_say_why_it_waits_and_until_when(mailbox: Mailbox, run: Run) -> None:
    listed = " ".join(run("alerts", "list").out.split())
    assert (
        "legal: waits for what else the watch finds until the day (UTC) is over, 2026-11-27 00:00" in listed
    )
    waits = {"for": "day", "until": NIGHT, "no_date_until": None}
    found = [one["deliveries"][0]["waits"] for one in run("alerts", "list", "--json").json]
    assert found == [waits, None]
    why = " ".join(run("alerts", "why", "2").out.split())
    assert "waiting, waits for what else the watch finds" in why
    assert "`tmwatch alerts retry 2` sends it at the next check" in why
    assert run("alerts", "why", "2", "--json").json["deliveries"][0]["waits"] == waits
    status = " ".join(run("status").out.split())
    assert "Gathered widgets: 1 delivery waits for the end of the day, 2026-11-27 00:00 UTC" in status
    gathered = [{"watch": "widgets", "until": NIGHT, "waiting": 1}]
    assert run("status", "--json").json["gathered"] == gathered


def test_it_is_not_overdue_until_the_day_is_long_over(
    mailbox: Mailbox, run: Run, clock: time_machine.Traveller
) -> None:
    clock.move_to(NOON + dt.timedelta(hours=12, minutes=30))
    document = run("status", "--json").json
    assert document["oldest_undelivered_seconds"] == 30 * 60
    assert run("check", "--no-look").silent
    assert len(mailbox.mails) == 2


def test_retry_leaves_it_and_sends_the_one_that_is_named(mailbox: Mailbox, run: Run) -> None:
    ran = run("alerts", "retry", "--all", terminal=True)
    assert "1 delivery not begun yet: left to the end of the day (UTC)." in ran.err + ran.out
    assert run("check", "--no-look").silent
    assert len(mailbox.mails) == 1
    assert run("alerts", "retry", "2").code == 0
    run("check", "--no-look")
    assert len(mailbox.mails) == 2


def test_a_dry_run_says_that_it_would_wait(
    mailbox: Mailbox, run: Run, folder: Path, clock: time_machine.Traveller
) -> None:
    file = folder / "tmwatch.toml"
    text = file.read_text().replace('path = "tmwatch.db"\n', 'path = "tmwatch.db"\ninbox = "inbox"\n')
    lantern = '[[watch]]\nname = "lantern"\nmarks = ["SAMPLE LANTERN"]\noffices = ["US"]\n'
    lantern += 'first_look = "alert"\nnotify = ["legal"]\n'
    file.write_text(text + lantern)
    (folder / "inbox").mkdir()
    clock.move_to(dt.datetime(2036, 1, 1, 12, tzinfo=dt.UTC))  # what lies in the inbox is whole for long
    zipped(folder / "inbox/apc990420.zip", THREE)
    first = " ".join(run("check", "--dry-run").out.split())
    assert "Would be sent to legal (email)" in first
    run("check", "--no-look")
    body = THREE.replace(b"20260420", b"20260421").replace(b"79990511", b"79990519")
    zipped(folder / "inbox/apc990421.zip", body)
    again = " ".join(run("check", "--dry-run").out.split())
    assert "Would be sent when the day is over, 2036-01-02 00:00" in again
