"""Several `tmwatch` processes on one database: real command lines, one file, one register.

Nobody is told of a lock, every true change is found and told exactly once, and the register is asked no
faster by four than by one. Two checks of one watch: one works, the other says so and leaves.
"""

from __future__ import annotations

import datetime as dt
import json
import os
import signal
import sqlite3
import stat
import threading
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import closing
from pathlib import Path

import pytest

from tests.faults.company import Colleagues, Shop, unhappy
from tests.faults.hostile import Asked
from tests.faults.preloaded import Preloaded
from tests.faults.registers import Register, status_page, wait_until
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


def at_work(register: SlowRegister, process: Preloaded) -> None:
    """Wait until the first check waits for its answer."""
    wait_until(lambda: register.asked_for("own") or process.poll() is not None, 120)
    assert process.poll() is None, process.communicate()


def test_of_two_checks_of_one_watch_one_works_and_the_other_says_so_and_leaves(
    shop: Shop, register: SlowRegister
) -> None:
    with shop.start("check", "--watch", "own", "--json") as first:
        at_work(register, first)
        second = shop.run("check", "--json")
        assert second.code == 0, second
        (line,) = second.err.splitlines()
        assert f'watch "own" is being checked by process {first.pid} since 20' in line
        assert "if that process hangs, end it and run the check again" in line
        found = json.loads(second.out)
        (busy,) = found["being_checked"]
        assert (busy["watch"], busy["pid"]) == ("own", first.pid)
        since = dt.datetime.fromisoformat(busy["since"])
        assert abs(since - dt.datetime.now(dt.UTC)) < dt.timedelta(minutes=5)
        assert register.asked_for("own") == 1, "the register was asked twice"
        assert [one["watches"] for one in found["asked"]] == [["other"]], (
            "the others are checked all the same"
        )
        # A dry run keeps nothing: it needs no lock and heeds none.
        with shop.start("check", "--dry-run", "--json") as dry:
            wait_until(lambda: register.asked_for("own") == 2, 120)
            register.go.set()
            out, err = dry.communicate(timeout=120)
        assert (dry.returncode, err, json.loads(out)["being_checked"]) == (0, "", [])
        out, err = first.communicate(timeout=120)
        assert (first.returncode, err) == (0, "")
        assert [one["outcome"] for one in json.loads(out)["asked"]] == ["ok"]


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


# -- four at once -------------------------------------------------------------------------------------------

WATCHED = ("99990101", "99990102", "99990103")
LOOKED_UP, IMPORTED = "99990199", "99990150"
DISTANCE = 0.4  # seconds


class MovingRegister(Register):
    """Each time that it has shown a watched filing, that filing has another owner the next time."""

    def __init__(self) -> None:
        super().__init__()
        self.shown: dict[str, list[str]] = {}
        self._turn = threading.Lock()

    def page(self, asked: Asked) -> bytes:
        serial = asked.path.rsplit("/sn", 1)[-1][:8]
        with self._turn:
            shown = self.shown.setdefault(serial, [])
            shown.append(owner_of(serial, len(shown) if serial in WATCHED else 0))
            return status_page(serial, owner=shown[-1], at=minute(len(shown)))


def owner_of(serial: str, number: int) -> str:
    return f"OWNER {number} OF {serial}, INC."


def minute(number: int) -> dt.datetime:
    """The stamp of the `number`th page of a filing: the past, in order."""
    return dt.datetime(2026, 11, 1, 12) + dt.timedelta(minutes=number)


def true_changes(owners: Sequence[str]) -> list[tuple[str, str]]:
    return list(zip(owners, owners[1:], strict=False))


def four_at_work(folder: Path, seconds: float) -> None:
    desk = folder / "desk"
    desk.mkdir()
    with MovingRegister() as register, Loopback() as hook, Mailbox() as mailbox:
        numbers = ", ".join(f'"US {serial}"' for serial in WATCHED)
        shop = Shop(
            folder,
            settings(register.url, hook, mailbox, DISTANCE)
            + f'[[watch]]\nname = "own"\nnumbers = [{numbers}]\nnotify = ["legal"]\n'
            + f'[[watch]]\nname = "desk"\nnumbers = ["US {IMPORTED}"]\nnotify = ["legal"]\n',
        )
        saved: list[str] = []

        def save_page(number: int) -> list[str]:
            """The filing as somebody saved it; each third page is an old one that was lying about."""
            old = number % 3 == 2
            if not old:
                saved.append(owner_of(IMPORTED, number))
            file = desk / f"{number}.html"
            of, at = (saved[0], minute(1)) if old else (saved[-1], minute(number + 1))
            file.write_bytes(status_page(IMPORTED, owner=of, at=at))
            return ["import", str(file)]

        def look_up(number: int) -> list[str]:
            words = (
                ["lookup", f"US {LOOKED_UP}"], ["show", f"US {WATCHED[0]}"], ["changes", "--json"],
                ["history", f"US {WATCHED[1]}"], ["alerts", "list", "--json"],
            )  # fmt: skip
            return words[number % len(words)]

        first = [shop.run("check", "--watch", "own"), shop.run(*save_page(0))]
        assert unhappy(first) == []
        colleagues = Colleagues(shop, seconds)
        colleagues.does(lambda _: ["check", "--watch", "own"])
        colleagues.does(lambda number: save_page(number + 1))
        colleagues.does(lambda _: ["check", "--no-look"], least=1)
        colleagues.does(look_up, least=1)
        ended = colleagues.wait()
        assert unhappy(ended) == []
        assert unhappy([shop.run("check", "--no-look")]) == []

        owners = {serial: register.shown[serial] for serial in WATCHED} | {IMPORTED: saved}
        truth = {(serial, *change) for serial in owners for change in true_changes(owners[serial])}
        assert len(truth) > len(WATCHED), "too little happened"
        with closing(sqlite3.connect(folder / "tmwatch.db")) as base:
            assert base.execute("pragma integrity_check").fetchall() == [("ok",)]
            assert base.execute("select count(*) from delivery where state <> 'sent'").fetchone() == (0,)
            found = base.execute(
                "select st13, old, new from change where superseded_at is null and field = 'owners'"
            ).fetchall()
            alerts = base.execute("select count(*) from alert").fetchone()[0]
        assert len(found) == len(truth), "a change is missing in the store, or there twice"
        ids = [headers["webhook-id"] for headers, _ in hook.posts]
        mails = [str(mail["Message-ID"]) for mail in mailbox.mails]
        assert (len(ids), len(set(ids))) == (alerts, alerts)
        assert (len(mails), len(set(mails))) == (alerts, alerts)
        told = Counter(
            (serial, old, new)
            for event in hook.events()
            for serial, old, new in truth
            if old in json.dumps(event) and new in json.dumps(event)
        )
        assert told == Counter(truth), "a change was told twice, or to nobody"

        instants = register.instants()
        assert LOOKED_UP in register.shown, "nobody looked anything up at the register"
        # In sum over all processes; a second of grace, because a request may be late but never early.
        for start in range(len(instants)):
            for end in range(start + 5, len(instants)):
                assert instants[end] - instants[start] > (end - start) * DISTANCE - 1.0
        print(
            f"\n{len(ended)} command lines, {len(truth)} changes, {len(instants)} questions to the register"
        )


def test_four_processes_check_import_deliver_and_look_up(tmp_path: Path) -> None:
    """For two seconds, and two command lines at least of who checks and who imports; `make soak` for two
    minutes."""
    four_at_work(tmp_path, 2)


@pytest.mark.soak
def test_four_processes_check_import_deliver_and_look_up_for_two_minutes(tmp_path: Path) -> None:
    four_at_work(tmp_path, 120)
