"""After a restore nothing goes out twice and nothing is lost. Real register, mail server and webhook."""

from __future__ import annotations

import datetime as dt
import json
import signal
import time
from pathlib import Path
from typing import Any

import pytest

from tests.faults import preloaded
from tests.store.freeze import COMPANY, stamped
from tests.store.test_refused import KINDS, filled, snapshot
from tests.test_whole_way import CANCELLED, JD, OWN, PAGE, SERIAL, House, answer, house, row
from tmwatch.alerts.outbox import deliver_due
from tmwatch.config import Config
from tmwatch.errors import StoreError
from tmwatch.store import Database, Outbox, backup, upkeep
from tmwatch.store import restore as of_restore
from tmwatch.store.restore import Restored, restore

__all__ = ["house"]  # the fixture
PENDING = PAGE.replace(b"The registration has been renewed.", b"Sleeping beauty of a status.")


class Home:
    """A house with a clock: pages carry the day on which the register makes them."""

    def __init__(self, house: House) -> None:
        self.house = house
        self.rows = [row(1, "JD Auto", 12)]
        house.register.pages[COMPANY] = answer(self.rows)
        self.day = 1
        self.config = self.configured()
        self.look(PAGE)

    def configured(self) -> Config:
        return self.house.configure(OWN + JD)

    def look(self, page: bytes) -> None:
        """A day later, the register says this; `tmwatch check` runs."""
        self.day += 1
        self.house.register.pages[f"/statusview/sn{SERIAL}"] = stamped(page, 10, self.day)
        self.house.check(self.config)

    def told(self) -> list[str]:
        """What the webhook's books hold, in order; once an id, as a receiver that goes by id."""
        books: dict[str, str] = {}
        for headers, body in self.house.hook.posts:
            event = json.loads(body)
            books.setdefault(headers["webhook-id"], str(event["data"]["headline"]))
        return list(books.values())

    @property
    def posts(self) -> int:
        return len(self.house.hook.posts) + len(self.house.mailbox.mails)

    @property
    def path(self) -> Path:
        return self.config.store.path

    def backup(self) -> Path:
        return backup(self.path, self.path.with_name("yesterday.bak"))

    def lose(self) -> None:
        for end in ("", "-wal", "-shm"):
            self.path.with_name(f"{self.path.name}{end}").unlink(missing_ok=True)

    def states(self) -> list[str]:
        base = Database(self.path)
        found = [one["state"] for alert in Outbox(base).alerts() for one in alert["deliveries"]]
        base.close()
        return found

    def release(self) -> int:
        base = Database(self.path)
        count = Outbox(base).release()
        deliver_due(Outbox(base), self.config, dt.datetime.now(dt.UTC))
        base.close()
        return count


@pytest.fixture
def home(house: House) -> Home:
    return Home(house)


def test_what_was_found_and_sent_since_the_backup_is_found_again_and_not_sent_again(home: Home) -> None:
    kept = home.backup()
    home.rows.append(row(2, "Joyrobotaxi", 39))
    home.look(CANCELLED)
    sent = home.posts
    assert sent == 6  # two alerts, two mails and a webhook each
    done = restore(home.path, kept)
    assert (done.known, done.sent_before, done.held) == (True, 6, 0)
    home.look(CANCELLED)
    assert home.posts == sent
    assert set(home.states()) == {"sent"}
    base = Database(home.path)
    answers = {one["answer"] for alert in Outbox(base).alerts() for one in alert["deliveries"]}
    assert answers == {"sent before the restore"}
    base.close()
    home.look(PAGE)
    assert home.posts == sent + 3, "what is news afterwards goes out"


def test_the_ids_are_those_that_left_then(home: Home) -> None:
    kept = home.backup()
    home.look(CANCELLED)
    ids = {headers["webhook-id"] for headers, _ in home.house.hook.posts}
    restore(home.path, kept)
    home.look(CANCELLED)
    base = Database(home.path)
    assert ids <= {one["message_id"] for alert in Outbox(base).alerts() for one in alert["deliveries"]}
    base.close()


def test_several_steps_of_the_lost_time_that_one_look_finds_as_one_are_no_news(home: Home) -> None:
    kept = home.backup()
    home.look(CANCELLED)
    home.look(PENDING)
    sent = home.posts
    restore(home.path, kept)
    home.look(PENDING)
    assert home.posts == sent + 0


def test_there_and_back_in_the_lost_time_and_there_again_is_news(home: Home) -> None:
    kept = home.backup()
    home.look(CANCELLED)
    home.look(PAGE)
    told = home.told()
    restore(home.path, kept)
    home.look(PAGE)
    assert home.told() == told
    home.look(CANCELLED)
    assert len(home.told()) == len(told) + 1, "under an id that the receiver has not seen"


def test_and_so_it_is_where_the_first_look_already_finds_it(home: Home) -> None:
    kept = home.backup()
    home.look(CANCELLED)
    home.look(PAGE)
    told = home.told()
    restore(home.path, kept)
    home.look(CANCELLED)
    assert len(home.told()) == len(told) + 1


def test_what_was_found_but_had_not_left_when_the_database_was_replaced_still_leaves(home: Home) -> None:
    kept = home.backup()
    home.house.hook.post_status = 500
    home.look(CANCELLED)
    assert (len(home.house.mailbox.mails), home.states().count("pending")) == (2, 1)
    home.house.hook.post_status = 204
    home.house.hook.posts.clear()
    restore(home.path, kept)
    home.look(CANCELLED)
    assert len(home.house.mailbox.mails) == 2
    assert len(home.told()) == 1


def test_what_waits_in_the_backup_is_held_until_it_is_released(home: Home) -> None:
    home.house.hook.post_status = 500
    home.look(CANCELLED)
    kept = home.backup()
    home.house.hook.post_status = 204
    home.house.hook.posts.clear()
    done = restore(home.path, kept)
    assert done.held == 1
    home.look(CANCELLED)
    assert home.house.hook.posts == []
    base = Database(home.path)
    assert upkeep.outbox_standing(base)["held"] == 1
    assert Outbox(base).retry() == 0, "to retry is not to release"
    base.close()
    assert home.release() == 1
    assert len(home.house.hook.posts) == 1
    assert home.states().count("sent") == 3


def test_what_waits_in_the_backup_and_left_since_is_not_held_but_sent(home: Home) -> None:
    home.house.hook.post_status = 500
    home.look(CANCELLED)
    kept = home.backup()
    home.house.hook.post_status = 204
    base = Database(home.path)
    Outbox(base).retry()
    deliver_due(Outbox(base), home.config, dt.datetime.now(dt.UTC))
    base.close()
    posts = home.posts
    assert restore(home.path, kept).held == 0
    home.look(CANCELLED)
    assert home.posts == posts


def test_after_a_lost_disk_what_the_first_look_finds_is_held_and_the_second_look_is_news(home: Home) -> None:
    kept = home.backup()
    home.rows.append(row(2, "Joyrobotaxi", 39))
    home.look(CANCELLED)
    sent = home.posts
    home.lose()
    done = restore(home.path, kept)
    assert (done.known, done.kept_aside) == (False, None)
    home.look(CANCELLED)
    assert home.posts == sent
    assert home.states().count("held") == 6
    home.look(PAGE)
    assert home.posts == sent + 3
    assert home.release() == 6
    assert len(home.told()) == 3, "released under the old ids: a receiver that goes by id takes none twice"


def test_after_a_lost_disk_what_the_register_dates_after_the_restore_is_not_held(home: Home) -> None:
    kept = home.backup()
    home.lose()
    restore(home.path, kept)
    tomorrow = dt.datetime.now(dt.UTC) + dt.timedelta(days=2)
    home.rows.append(row(2, "Joyrobotaxi", 39, appDate=int(tomorrow.timestamp() * 1000)))
    home.look(PAGE)
    assert set(home.states()) == {"sent"}


def test_a_database_made_anew_after_the_loss_knows_nothing_of_what_went_out(home: Home) -> None:
    kept = home.backup()
    home.look(CANCELLED)
    sent = home.posts
    home.lose()
    home.look(CANCELLED)  # cron did not wait for the restore
    assert home.posts == sent
    assert not restore(home.path, kept).known
    home.look(CANCELLED)
    assert home.posts == sent
    assert set(home.states()) == {"held"}


def test_a_restore_that_is_undone_sends_nothing_again_either(home: Home) -> None:
    kept = home.backup()
    home.look(CANCELLED)
    done = restore(home.path, kept)
    home.look(PENDING)
    sent = home.posts
    assert done.kept_aside is not None
    restore(home.path, done.kept_aside)
    home.look(PENDING)
    assert home.posts == sent


def test_a_source_that_failed_in_the_lost_time_is_not_reported_again(home: Home) -> None:
    kept = home.backup()
    home.house.register.pages[COMPANY] = b"<html>no JSON at all</html>"
    home.look(PAGE)
    sent = home.posts
    assert sent == 3
    restore(home.path, kept)
    home.look(PAGE)
    assert home.posts == sent


# -- the file ----------------------------------------------------------------------------------------------


@pytest.fixture
def two(tmp_path: Path) -> tuple[Path, Path]:
    """A database with more in it than its backup."""
    path = filled(tmp_path / "tmwatch.db", marks=3)
    kept = backup(path, tmp_path / "tmwatch.db.20260601T000000Z.bak")
    filled(path, marks=9)
    return path, kept


def marks(path: Path) -> int:
    base = Database(path)
    count = base.conn.execute("select count(*) as n from mark").fetchone()["n"]
    base.close()
    return int(count)


def test_the_replaced_database_lies_beside_it_whole_and_for_its_owner_alone(two: tuple[Path, Path]) -> None:
    path, kept = two
    before = kept.read_bytes()
    done = restore(path, kept)
    assert marks(path) == 3
    assert done.kept_aside is not None
    assert marks(done.kept_aside) == 9
    assert {one.stat().st_mode & 0o777 for one in (path, done.kept_aside)} == {0o600}
    assert kept.read_bytes() == before
    names = {one.name for one in path.parent.iterdir() if not one.name.endswith(("-wal", "-shm"))}
    assert names == {path.name, kept.name, done.kept_aside.name}


REFUSED = (
    "truncated",
    "bytes flipped in a page",
    "an empty file",
    "a newer schema",
    "another program's file",
)


@pytest.mark.parametrize("kind", REFUSED)
def test_what_is_no_whole_database_is_refused_with_the_way_out_and_nothing_is_touched(
    two: tuple[Path, Path], kind: str
) -> None:
    path, kept = two
    other = filled(path.with_name("other-copy.bak"))
    KINDS[kind][0](other)
    before = snapshot(path.parent)
    with pytest.raises(StoreError) as refused:
        restore(path, other)
    assert "was touched" in str(refused.value)
    assert kept.name in str(refused.value)
    assert snapshot(path.parent) == before


@pytest.mark.parametrize("kind", ["truncated", "a newer schema", "a -wal of another file"])
def test_a_database_that_cannot_be_used_is_replaced_and_kept_as_it_is(
    two: tuple[Path, Path], kind: str
) -> None:
    path, kept = two
    KINDS[kind][0](path)
    spoilt = path.read_bytes()
    done = restore(path, kept)
    assert not done.known
    assert done.kept_aside is not None
    assert done.kept_aside.read_bytes() == spoilt
    assert marks(path) == 3


def test_while_another_process_has_the_database_open_it_is_refused(two: tuple[Path, Path]) -> None:
    path, kept = two
    script = (
        "import sys; from pathlib import Path; from tmwatch.store import Database\n"
        "base = Database(Path(sys.argv[1])); print('open', flush=True); sys.stdin.read(); base.close()\n"
    )
    with preloaded.script(script, str(path)) as other:
        other.stdout.readline()
        with pytest.raises(StoreError, match="another process has the database open"):
            restore(path, kept)
        other.stdin.close()
        other.wait()
    assert marks(path) == 9
    restore(path, kept)
    assert marks(path) == 3


def test_who_opens_it_during_the_restore_finds_the_restored_one(
    two: tuple[Path, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    path, kept = two
    found = []
    prepare = of_restore._prepare
    script = "import sys; from pathlib import Path; from tests.store.test_restore import marks\n"
    script += "print('begins', flush=True); print(marks(Path(sys.argv[1])))\n"

    def slow(*given: Any) -> Any:
        opener = preloaded.script(script, str(path))
        found.append(opener)
        assert opener.stdout.readline() == "begins\n"
        time.sleep(0.3)  # it waits for the lock
        return prepare(*given)

    monkeypatch.setattr(of_restore, "_prepare", slow)
    restore(path, kept)
    with found[0] as opener:
        out, _ = opener.communicate(timeout=60)
    assert out == "3\n"


def test_killed_in_the_middle_it_is_the_old_database_or_the_new_one(two: tuple[Path, Path]) -> None:
    path, kept = two
    for moment in ("_prepare", "_keep_aside"):
        script = (
            "import os, signal, sys; from pathlib import Path; from tmwatch.store import restore\n"
            f"true = restore.{moment}\n"
            "def dies(*given):\n    true(*given); os.kill(os.getpid(), signal.SIGKILL)\n"
            f"restore.{moment} = dies\n"
            "restore.restore(Path(sys.argv[1]), Path(sys.argv[2]))\n"
        )
        assert preloaded.run_script(script, str(path), str(kept)).returncode == -signal.SIGKILL
        assert marks(path) == 9
    done: Restored = restore(path, kept)
    assert done.known
    assert marks(path) == 3


def test_a_full_disk_leaves_the_database_as_it_was(
    two: tuple[Path, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    path, kept = two
    before = path.read_bytes()
    usage = type("Usage", (), {"free": 1000})
    monkeypatch.setattr("tmwatch.store.copies.shutil.disk_usage", lambda folder: usage)
    with pytest.raises(StoreError, match="no room"):
        restore(path, kept)
    assert path.read_bytes() == before
