"""Digests: whoever is killed, given up, restored or kept quiet, nothing is lost and nothing told twice."""

from __future__ import annotations

import contextlib
import datetime as dt
import os
import signal
import sqlite3
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.alerts import samples
from tests.digesting import (
    ENV,
    FRIDAY,
    MONDAY,
    SUNDAY,
    THURSDAY,
    TUESDAY,
    Desk,
    cards_of,
    changed,
    desk,
    instant,
    on,
    published,
    told_thursday,
)
from tests.loopback import text_of
from tests.records import record, sight
from tmwatch.alerts.outbox import deliver_due
from tmwatch.alerts.payload import HeldNote
from tmwatch.daemon import Daemon
from tmwatch.digests import make_digests
from tmwatch.status import status
from tmwatch.store import Database, Outbox, digests, observe
from tmwatch.store import restore as restoring
from tmwatch.store.copies import backup

__all__ = ["desk"]  # the fixture
CRITICAL, HIGH, LOW, MEDIUM = samples.CRITICAL, samples.HIGH, samples.LOW, samples.MEDIUM
MADRID = '[[watch]]\nname = "madrid"\nnumbers = ["WO 1266721"]\nnotify = ["legal"]\n'


def killed(work: Callable[[], object]) -> None:
    """In a process of its own, which has to be killed by what it does."""
    child = os.fork()
    if child == 0:
        with contextlib.suppress(BaseException):
            work()
        os._exit(0)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == -signal.SIGKILL


def die(*_: object, **__: object) -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def fresh_check(desk: Desk, text: str) -> None:
    """As another process does it: with a connection of its own."""
    desk.database = Database(desk.folder / "tmwatch.db")
    desk.check(text)


@pytest.mark.parametrize("where", ["take_in", "note_told", "after it was written", "after it was sent"])
def test_who_is_killed_tells_it_once_or_again_with_the_same_id(
    desk: Desk, monkeypatch: pytest.MonkeyPatch, where: str
) -> None:
    told_thursday(desk, changed(), changed("US500000099000002"))
    desk.database.close()

    def work() -> None:
        if where in ("take_in", "note_told"):
            monkeypatch.setattr(digests, where, die)
        elif where == "after it was written":
            monkeypatch.setattr("tmwatch.checking.deliver_due", die)
        else:
            monkeypatch.setattr(Outbox, "mark_sent", die)
        fresh_check(desk, MONDAY)

    killed(work)
    fresh_check(desk, MONDAY)
    fresh_check(desk, "2026-11-30 07:30")
    ids = [str(mail["Message-ID"]) for mail in desk.mails if "a@firm.test" in str(mail["To"])]
    assert len(set(ids)) == 1, ids
    assert len(ids) <= 2
    assert len(desk.subjects("b@firm.test")) == 1
    (digest,) = desk.digests()
    assert len(cards_of(digest)) == 2
    assert set(map(tuple, desk.states().values())) == {("digested", "digested"), ("sent", "sent")}


def test_two_processes_at_once_make_one(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    told_thursday(desk, changed())
    other = Database(desk.folder / "tmwatch.db")
    made: list[int] = []
    real = digests.told_at

    def meanwhile(database: Database) -> dict[str, dt.datetime]:
        found = real(database)
        if not made:  # the first has seen that one is due, and the second makes it
            made.append(0)
            make_digests(desk.config, other, ENV)
        return found

    with on(MONDAY):
        monkeypatch.setattr(digests, "settle", lambda database, *_: meanwhile(database))
        make_digests(desk.config, desk.database, ENV)
    assert made == [0]
    assert len(desk.digests()) == 1
    other.close()


def test_a_digest_that_was_given_up_is_seen_and_comes_back_with_all_that_was_in_it(desk: Desk) -> None:
    (number,) = told_thursday(desk, changed())
    desk.mailbox.refuse = "550 no such user"
    report = desk.check(MONDAY)
    assert report.operator_must_act
    found = Outbox(desk.database).alert(number)
    assert found is not None
    assert [one["digest"]["state"] for one in found["deliveries"]] == ["dead", "dead"]
    assert number in [one["id"] for one in Outbox(desk.database).alerts(undelivered=True)]
    with on(TUESDAY):
        assert "deliveries were given up" in status(desk.config, desk.database, ENV).bad[0]
    desk.mailbox.refuse = ""
    with on(TUESDAY):
        assert Outbox(desk.database).retry(number) == 2
    desk.check(TUESDAY)
    assert [len(desk.subjects(to)) for to in ("a@firm.test", "b@firm.test")] == [1, 1]
    assert "PYTHON (US 76044902)" in text_of(desk.mails[0])
    assert number not in [one["id"] for one in Outbox(desk.database).alerts(undelivered=True)]


def test_what_this_version_cannot_read_is_told_of_and_not_swallowed(desk: Desk) -> None:
    told_thursday(desk, changed(), changed("US500000099000002"))
    with desk.database.write():
        desk.database.conn.execute('update alert set payload = \'{"kind": "of tomorrow"}\' where id = 1')
    report = desk.check(MONDAY)
    assert desk.states()[2] == ["digested"] * 2
    assert desk.states()[1] == ["dead"] * 2
    assert report.operator_must_act


def test_after_a_restore_nothing_that_a_digest_told_is_told_again(desk: Desk, tmp_path: Path) -> None:
    observe(desk.database, [sight(record("US500000076044902"), "2026-11-25", looked_at=instant(THURSDAY))])
    told_thursday(desk, changed())
    kept = tmp_path / "kept.db"
    backup(desk.folder / "tmwatch.db", kept)
    desk.check(MONDAY)
    assert len(desk.mails) == 2
    desk.database.close()
    with on(TUESDAY):
        restored = restoring.restore(desk.folder / "tmwatch.db", kept)
    assert (restored.held, restored.sent_before) == (0, 4)
    desk.database = Database(desk.folder / "tmwatch.db")
    desk.check(TUESDAY)
    with on(TUESDAY):
        desk.tell(changed())
    desk.check("2026-12-07 06:45")
    assert len(desk.mails) == 4
    assert "PYTHON" not in text_of(desk.mails[-1])
    told = desk.digests()[-1].digest
    assert told is not None
    assert told.at_once == 0, "what a lost digest told did not go by itself"


def test_in_quiet_days_none_is_made_and_it_comes_after_them(desk: Desk) -> None:
    desk.configure('digest = "weekly"\nquiet_days = [2026-11-30, 2026-12-01]')
    told_thursday(desk, changed())
    for text in (MONDAY, TUESDAY):
        desk.check(text)
        assert desk.mails == []
    desk.check("2026-12-02 00:05")
    assert len(desk.mails) == 2


def test_what_waits_for_a_digest_is_no_trouble_in_status(desk: Desk) -> None:
    told_thursday(desk, changed())
    desk.looked("2026-11-29 05:00")
    with on(SUNDAY):
        found = status(desk.config, desk.database, ENV)
    assert (found.bad, found.oldest_alert) == ((), dt.timedelta(0))
    assert found.as_json()["digests"] == {
        "legal": {"next": "2026-11-30T06:30:00+00:00", "last": "2026-11-26T06:15:00+00:00", "waiting": 2}
    }
    with on("2026-11-30 12:00"):
        assert "an alert has waited for 5.5 hours" in status(desk.config, desk.database, ENV).bad[0]


def test_the_daemon_sends_it_within_the_minute_and_once(desk: Desk) -> None:
    told_thursday(desk, changed(significance=MEDIUM))
    desk.configure(watches=MADRID)  # no register is asked
    daemon = Daemon(lambda: desk.config, desk.folder / "tmwatch.db", ENV, lambda text: None)
    for text, mails in (("2026-11-30 06:29", 0), ("2026-11-30 06:31", 2), ("2026-11-30 06:32", 2)):
        with on(text):
            daemon.step(desk.database)
        assert len(desk.mails) == mails, text


def test_a_digest_is_a_thread_and_a_list_of_its_own(desk: Desk) -> None:
    told_thursday(desk, changed(significance=CRITICAL), changed(significance=MEDIUM))
    desk.check(THURSDAY)
    desk.check(MONDAY)
    digest = next(mail for mail in desk.mails if "digest" in str(mail["Subject"]))
    assert (digest["References"], digest["In-Reply-To"]) == (None, None)
    assert str(digest["List-Id"]).startswith("<digest-of-legal-")
    assert digest["Auto-Submitted"] == "auto-generated"
    assert "ops@firm.test" in digest["List-Unsubscribe"]


def test_what_a_mute_kept_back_is_counted_and_named(desk: Desk) -> None:
    desk.configure(more='[[mute]]\nwatch = "rivals"\nuntil = 2026-12-31\nreason = "reworded headings"\n')
    published(desk, ("US500000099000002", "2026-09-01"))
    with desk.database.write():
        desk.database.conn.execute(
            "insert into muted (watch, st13, field, significance, recipients, mute, until, over_at, muted_at)"
            " values ('rivals', 'US500000099000002', 'filing', 'high', '[\"legal\"]', ?, '2026-12-31',"
            " '', ?)",
            (desk.config.mutes[0].scope, "2026-11-27T00:00:00+00:00"),
        )
    desk.looked("2026-11-29 05:00")
    desk.check(MONDAY)
    assert ": checked, nothing else new, 1 change muted; 3 of 3 filings looked at" in desk.subjects()[0]
    muted = text_of(desk.mails[0]).partition("WHAT IS MUTED")[2]
    assert "until 2026-12-31 (reworded headings): 1 kept back since the last digest" in muted


def test_what_was_held_says_so_in_the_digest_that_tells_it_at_last(desk: Desk) -> None:
    told_thursday(desk, changed())
    note = HeldNote(source="us.tsdr", since=instant(THURSDAY), changed=40, looked=120)
    with desk.database.write():
        desk.database.conn.execute("update delivery set held_note = ?", (note.model_dump_json(),))
    desk.check(MONDAY)
    assert "This message was held, since 40 of 120 filings of us.tsdr changed" in text_of(desk.mails[0])


def test_many_that_wait_are_not_read_each_minute(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    told_thursday(desk, *(changed(f"US5000000990{number:05}") for number in range(30)))
    read: list[str] = []
    desk.database.conn.set_trace_callback(lambda text: read.append(text) if "a.payload" in text else None)
    with on(FRIDAY):
        deliver_due(Outbox(desk.database), desk.config, instant(FRIDAY))
    desk.database.conn.set_trace_callback(None)
    assert all("'[]'" in text for text in read), read


def test_the_books_of_who_never_had_one_begin_with_the_first_check(desk: Desk) -> None:
    with contextlib.closing(sqlite3.connect(desk.folder / "tmwatch.db")) as base:
        assert base.execute("select recipient, substr(told_at, 1, 16) from digest").fetchall() == [
            ("legal", "2026-11-26T06:15")
        ]


def test_a_digest_that_cannot_be_made_stops_nothing_else_is_told_and_holds_nothing_for_ever(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    (waits, urgent) = told_thursday(desk, changed(), changed(significance=CRITICAL))

    def broken(*_: object) -> None:
        raise ZeroDivisionError("a fault of ours")

    monkeypatch.setattr("tmwatch.digest_survey.Survey.looked", broken)
    report = desk.check(MONDAY)
    assert report.operator_must_act
    said = str(report.problems[-1])
    assert 'the digest of "legal" could not be made: ZeroDivisionError: a fault of ours' in said
    assert desk.states() == {waits: ["pending"] * 2, urgent: ["sent"] * 2}
    desk.check("2026-12-02 06:15")
    assert desk.states()[waits] == ["pending"] * 2
    desk.check("2026-12-02 06:45")
    assert desk.states()[waits] == ["sent"] * 2
    monkeypatch.undo()
    desk.check("2026-12-02 07:00")
    (digest,) = desk.digests()
    assert digest.digest is not None
    assert (digest.digest.items, digest.digest.at_once) == ((), 2)
