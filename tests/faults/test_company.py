"""Several `tmwatch` processes on one database: real command lines, one file, one register.

Nobody is told of a lock, every true change is found and told exactly once, and the register is asked no
faster by four than by one. Two checks of one watch: one works, the other says so and leaves.
"""

from __future__ import annotations

import datetime as dt
import json
import os
import signal
import stat
import subprocess
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.faults.company import Shop
from tests.faults.registers import status_page, wait_until
from tests.loopback import Loopback, Mailbox

SERIALS = {"own": "99990101", "other": "99990102"}


class SlowRegister(Loopback):
    """Answers about the first number only when it is let go."""

    def __init__(self) -> None:
        super().__init__()
        self.go = threading.Event()
        for serial in SERIALS.values():
            self.pages[f"/statusview/sn{serial}"] = status_page(serial)
        self.pages[f"/statusview/sn{SERIALS['own']}"] = self._held_back

    def _held_back(self, _: dict[str, str]) -> bytes:
        self.go.wait(120)
        return status_page(SERIALS["own"])

    def asked_for(self, watch: str) -> int:
        return self.asked.count(f"/statusview/sn{SERIALS[watch]}")


@pytest.fixture
def register() -> Iterator[SlowRegister]:
    with SlowRegister() as server:
        yield server
        server.go.set()


@pytest.fixture
def shop(tmp_path: Path, register: SlowRegister) -> Iterator[Shop]:
    with Loopback() as hook, Mailbox() as mailbox:
        watches = "".join(
            f'[[watch]]\nname = "{name}"\nnumbers = ["US {serial}"]\nnotify = ["legal"]\n'
            for name, serial in SERIALS.items()
        )
        yield Shop(tmp_path, settings(register.url, hook, mailbox) + watches)


def settings(register: str, hook: Loopback, mailbox: Mailbox, distance: float = 0) -> str:
    return f"""
[operator]
contact = "ip-watch@example.com"
[smtp]
host = "127.0.0.1"
port = {mailbox.port}
security = "none"
sender = "tmwatch@example.com"
[source."us.tsdr"]
enabled = true
base_url = "{register}"
min_interval = {distance}
[[recipient]]
name = "legal"
email = ["legal@example.com"]
webhook = {{ url = "{hook.url}/tm", secret_env = "HOOK_SECRET", allow_private = true }}
"""


def at_work(register: SlowRegister, process: subprocess.Popen[str]) -> None:
    """Wait until the first check waits for its answer."""
    wait_until(lambda: register.asked_for("own") or process.poll() is not None, 120)
    assert process.poll() is None, process.communicate()


def test_of_two_checks_of_one_watch_one_works_and_the_other_says_so_and_leaves(
    shop: Shop, register: SlowRegister
) -> None:
    with shop.start("check", "--watch", "own", "--json") as first:
        at_work(register, first)
        second = shop.run("check", "--watch", "own", "--json")
        assert second.code == 0, second
        (line,) = second.err.splitlines()
        assert f'watch "own" is being checked by process {first.pid} since 20' in line
        assert "if that process hangs, end it and run the check again" in line
        (busy,) = json.loads(second.out)["being_checked"]
        assert (busy["watch"], busy["pid"]) == ("own", first.pid)
        since = dt.datetime.fromisoformat(busy["since"])
        assert abs(since - dt.datetime.now(dt.UTC)) < dt.timedelta(minutes=5)
        assert register.asked_for("own") == 1, "the register was asked twice"
        register.go.set()
        out, err = first.communicate(timeout=120)
        assert (first.returncode, err) == (0, "")
        assert [one["outcome"] for one in json.loads(out)["asked"]] == ["ok"]
    third = shop.run("check", "--json")
    assert (third.code, third.err, json.loads(third.out)["being_checked"]) == (0, "", [])


def test_the_watches_that_nobody_checks_are_checked(shop: Shop, register: SlowRegister) -> None:
    with shop.start("check", "--watch", "own") as first:
        at_work(register, first)
        second = shop.run("check", "--json")
        found = json.loads(second.out)
        assert [one["watches"] for one in found["asked"]] == [["other"]]
        assert [one["watch"] for one in found["being_checked"]] == ["own"]
        assert second.err.count("\n") == 1


def test_a_lock_is_let_go_by_a_kill_and_is_for_its_owner_only(shop: Shop, register: SlowRegister) -> None:
    with shop.start("check") as first:
        at_work(register, first)
        folder = shop.folder / "tmwatch.db.locks"
        modes = {stat.S_IMODE(path.stat().st_mode) for path in folder.iterdir()}
        assert (modes, stat.S_IMODE(folder.stat().st_mode)) == ({0o600}, 0o700)
        os.kill(first.pid, signal.SIGKILL)
        first.wait(30)
        register.go.set()
    after = shop.run("check", "--json")
    assert (after.code, after.err, json.loads(after.out)["being_checked"]) == (0, "", [])
    assert [one["outcome"] for one in json.loads(after.out)["asked"]] == ["ok", "ok"]


def test_a_dry_run_needs_no_lock_and_heeds_none(shop: Shop, register: SlowRegister) -> None:
    with shop.start("check", "--watch", "own") as first:
        at_work(register, first)
        with shop.start("check", "--dry-run", "--json") as dry:
            wait_until(lambda: register.asked_for("own") == 2, 120)
            register.go.set()
            out, err = dry.communicate(timeout=120)
        assert (dry.returncode, err, json.loads(out)["being_checked"]) == (0, "", [])
