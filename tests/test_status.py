"""`tmwatch status`, the metrics file and the heartbeat: from what was looked at, not from who is alive."""

from __future__ import annotations

import contextlib
import datetime as dt
import io
import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
import time_machine

from tests.loopback import Loopback
from tests.test_whole_way import OWN, PAGE, SERIAL, House, house
from tmwatch.cli import main

__all__ = ["house"]  # the fixture


@pytest.fixture
def beats(monkeypatch: pytest.MonkeyPatch) -> Iterator[Loopback]:
    with Loopback() as server:
        monkeypatch.setenv("BEAT", f"{server.url}/beat-with-a-token")
        yield server


HEALTH = """
[health]
metrics = "tmwatch.prom"
heartbeat_env = "BEAT"
allow_private = true
"""


@dataclass(frozen=True)
class Ran:
    exit_code: int
    stdout: str
    output: str  # what went to stderr too


def run(house: House, *words: str) -> Ran:
    out, err = io.StringIO(), io.StringIO()
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        code = main(["--config", str(house.folder / "tmwatch.toml"), *words])
    return Ran(code, out.getvalue(), out.getvalue() + err.getvalue())


def state(house: House) -> tuple[int, dict[str, str], dict[str, str]]:
    found = run(house, "status", "--json")
    said = json.loads(found.stdout)
    return (
        found.exit_code,
        {one["id"]: one["state"] for one in said["sources"]},
        {one["watch"]: one["state"] for one in said["watches"]},
    )


def test_it_is_fresh_when_looked_at_late_when_not_and_the_metrics_say_the_same(house: House) -> None:
    house.configure(OWN + 'fresh = "3 hours"\n', HEALTH.replace("heartbeat_env", "# heartbeat_env"))
    assert run(house, "check").exit_code == 0
    assert state(house) == (0, {"us.tsdr": "fresh"}, {"own": "fresh"})
    text = (house.folder / "tmwatch.prom").read_text(encoding="utf-8")
    assert "tmwatch_up 1\n" in text
    assert 'tmwatch_watch_late{watch="own"} 0\n' in text
    with time_machine.travel("2036-01-01T00:00:00Z"):
        code, sources, watches = state(house)
        assert (code, sources["us.tsdr"], watches["own"]) == (1, "late", "stale")
        assert 'watch "own" is late' in run(house, "status").output
        assert "tmwatch_up 0\n" in run(house, "status", "--prometheus").output


def test_the_heartbeat_is_heard_while_all_is_well_and_silent_when_a_register_fails(
    house: House, beats: Loopback
) -> None:
    house.configure(OWN, HEALTH)
    assert run(house, "check").exit_code == 0
    assert len(beats.posts) == 1
    house.register.pages[f"/statusview/sn{SERIAL}"] = PAGE.replace(b"Status:", b"Etat:")
    assert run(house, "check").exit_code == 1
    code, sources, _ = state(house)
    assert (code, sources["us.tsdr"]) == (1, "failing")
    assert len(beats.posts) == 1


def test_before_the_first_full_look_nothing_is_called_well(house: House, beats: Loopback) -> None:
    house.configure(OWN, HEALTH)
    assert run(house, "check", "--no-look").exit_code == 0
    assert beats.posts == []
    found = run(house, "status")
    assert (found.exit_code, "was not looked at in full yet" in found.output) == (0, True)
    assert "All is well" not in found.output


def test_where_nothing_is_watched_nothing_is_called_well(house: House, beats: Loopback) -> None:
    house.configure(HEALTH)
    assert run(house, "check", "--no-look").exit_code == 0
    found = run(house, "status")
    assert (found.exit_code, "nothing is watched yet" in found.output) == (0, True)
    assert "All is well" not in found.output


def test_a_heartbeat_that_fails_is_told_without_its_address(house: House, beats: Loopback) -> None:
    beats.post_status = 500
    house.configure(OWN, HEALTH)
    found = run(house, "check")
    assert "the heartbeat address answered HTTP 500" in found.output
    assert "token" not in found.output


def test_a_backup_that_is_due_is_asked_for_until_it_is_made(house: House) -> None:
    house.configure(OWN, '[health]\nbackup = "7 days"\n')
    run(house, "check")
    assert "the last backup is of never" in run(house, "status").output
    assert run(house, "backup").exit_code == 0
    assert run(house, "status").exit_code == 0


def test_a_disk_below_its_floor_and_what_excludes_each_other(house: House, tmp_path: Path) -> None:
    house.configure(OWN, "[health]\ndisk_floor = 1000000000\n")
    run(house, "check")
    assert "the floor is 1000000000 MiB" in run(house, "status").output
    assert run(house, "status", "--json", "--prometheus").exit_code != 0


def test_that_a_watch_is_late_is_told_once_and_that_it_is_not_any_more_too(house: House) -> None:
    house.configure(OWN + 'fresh = "3 hours"\n')
    start = dt.datetime.now(dt.UTC)
    run(house, "check")

    def after(hours: float) -> list[str]:
        with time_machine.travel(start + dt.timedelta(hours=hours)):
            run(house, "check")
        mails = zip(house.mailbox.to, house.mailbox.mails, strict=True)
        return [str(mail["Subject"]) for to, mail in mails if to == "legal@example.com"]

    page = house.register.pages[f"/statusview/sn{SERIAL}"]
    house.register.pages[f"/statusview/sn{SERIAL}"] = (503, b"busy")  # it may pass by itself: no failure yet
    assert after(2) == []
    assert len(after(4)) == 1
    assert "not looked at in full in time" in house.mailbox.mails[0]["Subject"]
    assert len(after(4.5)) <= 2
    house.register.pages[f"/statusview/sn{SERIAL}"] = page
    subjects = after(6)
    assert "is looked at in full again" in subjects[-1]
    assert sum("in time" in one for one in subjects) == 1
