"""Much at once: a register that redesigns its pages is told once, and the single alerts wait for a person."""

from __future__ import annotations

import datetime as dt
import os
import re
import signal
import sqlite3
import threading
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
import time_machine

from tests.cli.conftest import SECRET, Run, folder, run
from tests.cli.conftest import House as OneHouse
from tests.faults.company import Shop
from tests.faults.registers import status_page, wait_until
from tests.faults.test_company import settings
from tests.loopback import Loopback, Mailbox
from tests.test_whole_way import OWNER, answer, row
from tmwatch.config import load_config
from tmwatch.http import Door
from tmwatch.store import Database
from tmwatch.sweep import sweep

__all__ = ["folder", "run"]  # fixtures of the command line
START = dt.datetime(2026, 12, 1, 6, tzinfo=dt.UTC)
HOUR = dt.timedelta(hours=1)
MANY = 30
SERIALS = [f"999901{number:02}" for number in range(1, MANY + 1)]


class House(OneHouse):
    """Thirty filings of one watch at a register on loopback, and what each page says."""

    def __init__(self, folder: Path, register: Loopback, hook: Loopback, mailbox: Mailbox) -> None:
        super().__init__(folder, register, hook, mailbox)
        self.serve_all()

    def configure(self, more: str = "", *, hook: str | None = None, recipient: str = "") -> None:
        super().configure(more, hook=hook)
        numbers = ", ".join(f'"US {serial}"' for serial in SERIALS)
        text = self.path.read_text(encoding="utf-8").replace(
            'numbers = ["US 99990101"]', f"numbers = [{numbers}]"
        )
        text = text.replace('name = "legal"\n', f'name = "legal"\n{recipient}\n', 1)
        self.path.write_text(text, encoding="utf-8")

    def serve_all(self, *, attorney: str = "", owner: str = "", serials: list[str] = SERIALS) -> None:
        """The pages as they are, or with something else in them; each attorney is another."""
        for serial in serials:
            page = status_page(serial, owner=owner)
            if attorney:
                page = page.replace(b"Sample Attorney", f"{attorney} {serial}".encode())
            self.register.pages[f"/statusview/sn{serial}"] = page

    def vanish(self, serials: list[str] = SERIALS) -> None:
        for serial in serials:
            self.register.pages[f"/statusview/sn{serial}"] = 404, b"not found"

    def subjects(self) -> list[str]:
        """Of the mails since it was last asked."""
        found = [str(mail["Subject"]) for mail in self.mailbox.mails]
        self.mailbox.mails.clear()
        return found

    def rows(self, query: str) -> list[dict[str, Any]]:
        with closing(sqlite3.connect(self.folder / "tmwatch.db", timeout=20)) as base:
            base.row_factory = sqlite3.Row
            return [dict(row) for row in base.execute(query)]

    def states(self) -> dict[str, int]:
        found = self.rows("select state, count(*) as n from delivery group by 1")
        return {row["state"]: row["n"] for row in found}


@pytest.fixture
def clock() -> Iterator[time_machine.Traveller]:
    with time_machine.travel(START, tick=True) as traveller:
        yield traveller


@pytest.fixture
def house(folder: Path, clock: object, monkeypatch: pytest.MonkeyPatch) -> Iterator[House]:
    monkeypatch.setenv("HOOK_SECRET", SECRET)
    with Loopback() as register, Loopback() as hook, Mailbox() as mailbox:
        house = House(folder, register, hook, mailbox)
        house.configure()
        yield house


def few(house: House, more: str = "", *, recipient: str = "") -> list[str]:
    """Six filings are enough to be a mass: the same rule with a smaller number."""
    house.configure("[health]\nmass_least = 5\n", recipient=recipient)
    text = house.path.read_text(encoding="utf-8")
    for serial in SERIALS[6:]:
        text = text.replace(f', "US {serial}"', "")
    house.path.write_text(text + more, encoding="utf-8")
    return SERIALS[:6]


TOLD = "own · {} of {} filings of us.tsdr changed in one pass; most likely the register"


def test_a_mass_is_told_once_and_its_alerts_wait_for_somebody(house: House, run: Run, clock: Any) -> None:
    run("check")
    house.serve_all(attorney="Garbled")
    clock.shift(HOUR)
    ran = run("check")
    assert ran.code == 1
    assert (
        "us.tsdr: of 30 filings 30 changed at once; 30 alerts are held until 2026-12-02 07:00 UTC" in ran.err
    )
    assert "tmwatch alerts release --source us.tsdr" in ran.err
    (text,) = house.mailbox.texts()
    assert house.subjects() == [TOLD.format(30, 30)]
    assert "most likely the register, not the filings" in text
    assert "Representative in 30 of 30" in text
    assert text.count("Representative: Sample Attorney → Garbled 999901") == 3
    assert "30 alerts about it are held, and go by themselves at 2026-12-02 07:00 (UTC)" in text
    assert "High · watch “own”\n" in text.replace("\r", ""), "it is nobody's filing"
    assert "Nothing is recorded" not in text
    for command in ("release", "drop"):
        assert f"`tmwatch alerts {command} --source us.tsdr`" in text
    assert (
        "Held             much changed at us.tsdr at once; until 2026-12-02 07:00"
        in run("alerts", "why", "1").out
    )
    assert house.states() == {"held": 60, "sent": 2}
    clock.shift(HOUR)
    again = run("check")
    assert (again.code, house.subjects()) == (1, []), "it stands, and is told no more"


def test_released_they_go_with_the_ids_they_have_and_say_why_they_are_late(
    house: House, run: Run, clock: Any
) -> None:
    six = few(house)
    run("check")
    house.serve_all(attorney="Garbled", serials=six)
    clock.shift(HOUR)
    run("check")
    house.subjects()
    ids = {row["message_id"] for row in house.rows("select message_id from delivery where state = 'held'")}
    posted = len(house.hook.posts)
    ran = run("alerts", "release", "--json")
    assert (ran.code, ran.json) == (0, {"released": 12, "sent": 14, "held": 0})
    mails = {str(mail["Message-ID"]).strip("<>").split("@")[0] for mail in house.mailbox.mails}
    hooks = {headers["webhook-id"] for headers, _ in house.hook.posts[posted:]}
    assert ids <= mails | hooks, "with the ids they had"
    assert len(mails | hooks) == 14
    texts = house.mailbox.texts()
    assert sum("This message was held, since 6 of 6 filings of us.tsdr" in text for text in texts) == 6
    subjects = house.subjects()
    assert subjects.count("own · what was held for us.tsdr was released") == 1
    clock.shift(HOUR)
    assert (run("check").code, house.subjects()) == (0, [])


def test_after_a_day_they_go_by_themselves_and_say_why_they_are_late(
    house: House, run: Run, clock: Any
) -> None:
    six = few(house)
    run("check")
    house.serve_all(attorney="Garbled", serials=six)
    clock.shift(HOUR)
    run("check")
    house.subjects()
    clock.shift(23 * HOUR)
    run("check")
    assert house.subjects() == []
    clock.shift(HOUR)
    assert run("check", "--no-look").code == 0
    late = [text for text in house.mailbox.texts() if "This message was held" in text]
    assert len(late) == 6
    subjects = house.subjects()
    assert subjects.count("own · what was held for us.tsdr is sent now, its time is over") == 1
    assert len(subjects) == 7
    house.serve_all(attorney="Worse", serials=six)  # another mass is told anew
    clock.shift(HOUR)
    run("check")
    assert house.subjects() == [TOLD.format(6, 6)]


def test_nothing_critical_waits(house: House, run: Run, clock: Any) -> None:
    six = few(house)
    run("check")
    house.serve_all(attorney="Garbled", serials=six[:5])
    house.serve_all(owner="ANOTHER OWNER INC.", serials=six[5:])
    clock.shift(HOUR)
    run("check")
    assert house.subjects() == ["SAMPLE HARBOUR (US 99990106) · owner changed + 1 more", TOLD.format(6, 6)]
    assert house.states()["held"] == 10


def test_there_and_back_again_is_told_once_and_dropped_by_a_person_only(
    house: House, run: Run, clock: Any
) -> None:
    """A -> B -> A: both steps are changes (design law 7), and nothing is dropped by itself."""
    six = few(house)
    run("check")
    house.serve_all(attorney="Garbled", serials=six)
    clock.shift(HOUR)
    run("check")
    house.subjects()
    house.serve_all(serials=six)
    clock.shift(HOUR)
    run("check")
    (text,) = house.mailbox.texts()
    assert house.subjects() == ["own · 6 of 6 filings of us.tsdr are again as they were"]
    assert "12 alerts are still held" in text
    assert "`tmwatch alerts drop --source us.tsdr` discards them" in text
    assert "6 of them are again as they were" in run("doctor").out.replace("\n", " ").replace("    ", "")
    clock.shift(HOUR)
    run("check")
    assert house.subjects() == []
    assert run("alerts", "drop", "--source", "us.tsdr", "--json").json == {"dropped": 24, "held": 0}
    clock.shift(30 * HOUR)
    assert (run("check").code, house.subjects()) == (0, []), "its end was told when it went back"
    assert house.states()["dropped"] == 24
    steps = "select count(*) as n from change where superseded_at is null and field like 'representatives%'"
    assert house.rows(steps)[0]["n"] == 12


def test_a_digest_does_not_say_that_something_is_still_held_that_was_dropped_since(
    house: House, run: Run, clock: Any
) -> None:
    six = few(house, recipient='digest = "daily"\ndigest_at = "12:00"')
    run("check")
    house.serve_all(attorney="Garbled", serials=six)
    clock.shift(HOUR)
    run("check")
    house.serve_all(serials=six)
    clock.shift(HOUR)
    run("check")
    run("alerts", "drop", "--source", "us.tsdr")
    house.subjects()
    clock.shift(5 * HOUR)
    run("check", "--no-look")
    (text,) = house.mailbox.texts()
    assert "6 of 6 filings of us.tsdr are again as they were" in text
    assert "held" not in text


def test_what_comes_again_after_it_went_back_is_told_again(house: House, run: Run, clock: Any) -> None:
    six = few(house)
    run("check")
    for attorney in ("Garbled", "", "Garbled"):
        house.serve_all(attorney=attorney, serials=six)
        clock.shift(HOUR)
        run("check")
    assert house.subjects() == [
        TOLD.format(6, 6),
        "own · 6 of 6 filings of us.tsdr are again as they were",
        TOLD.format(6, 6),
    ]


def test_a_change_back_of_one_filing_does_not_overtake_the_change(house: House, run: Run, clock: Any) -> None:
    """One of the held is as it was, while its alert waits: what is told of it waits with it."""
    six = few(house)
    run("check")
    house.serve_all(attorney="Garbled", serials=six)
    clock.shift(HOUR)
    run("check")
    house.subjects()
    house.serve_all(serials=six[:1])
    clock.shift(HOUR)
    run("check")
    assert house.subjects() == []
    assert house.states()["held"] == 14


def test_filings_that_are_not_found_all_at_once_are_told_at_once(house: House, run: Run, clock: Any) -> None:
    six = few(house)
    run("check")
    house.vanish(six)
    clock.shift(HOUR)
    run("check")
    (text,) = house.mailbox.texts()
    lead = "own · 6 of 6 filings of us.tsdr were not found in one pass; most likely the register"
    assert house.subjects() == [lead]
    assert "SAMPLE HARBOUR (US 99990101): not found" in text
    assert "Nothing is held" in text
    clock.shift(HOUR)
    run("check")
    assert house.subjects() == [], "on transitions only"
    house.serve_all(serials=six)
    clock.shift(HOUR)
    assert run("check").code == 0
    assert house.subjects() == ["own · 6 of 6 filings of us.tsdr are again as they were"]


def test_that_they_are_listed_no_more_is_held_too(house: House, run: Run, clock: Any) -> None:
    """Three looks over two days later each would have an alert of its own; that these are held is told."""
    six = few(house)
    run("check")
    house.vanish(six)
    for _ in range(3):
        clock.shift(25 * HOUR)
        run("check")
    told = house.subjects()
    lead = "own · 6 of 6 filings of us.tsdr were not found in one pass; most likely the register"
    assert told == [lead, "own · Watch own was not looked at in full in time", lead]
    gone = house.rows("select count(*) as n from alert where headline like '%no longer listed%'")
    assert gone[0]["n"] == 6
    assert house.states()["held"] == 12
    run("alerts", "release")
    assert sum("no longer listed" in subject for subject in house.subjects()) == 6


def test_a_source_seen_in_parts_is_one_mass_told_again_when_it_doubles(
    house: House, run: Run, clock: Any
) -> None:
    """The cap of a day ends a pass; the next one sees the rest."""
    parts = [SERIALS[:6], SERIALS[6:11], SERIALS[11:17]]
    watches = "".join(
        f'[[watch]]\nname = "w{number}"\nnumbers = {[f"US {one}" for one in part]}\nrole = "own"\n'
        'notify = ["legal"]\n'.replace("'", '"')
        for number, part in enumerate(parts)
    )
    few(house, watches)
    run("check")
    house.serve_all(attorney="Garbled", serials=SERIALS[:17])
    told = []
    for number in range(3):
        clock.shift(HOUR)
        run("check", "--watch", f"w{number}")
        told.append(house.subjects())
    first = "own, w0 · 6 of 6 filings of us.tsdr changed in one pass; most likely the register"
    assert told[0] == [first]
    assert told[1] == []
    (again,) = told[2]
    assert "17 of 17 filings" in again
    assert {row["mass"] for row in house.rows("select mass from delivery where state = 'held'")} == {1}


def test_what_is_imported_is_never_held(house: House, run: Run, clock: Any, tmp_path: Path) -> None:
    """Somebody chose those pages, and they may be months younger than what is stored."""
    six = few(house)
    run("check")
    pages = tmp_path / "pages"
    pages.mkdir()
    house.serve_all(attorney="Other", serials=six)
    for serial in six:
        page = house.register.pages[f"/statusview/sn{serial}"]
        assert isinstance(page, bytes)
        stamped = re.sub(rb"generated by TSDR on 2021-01-05", b"generated by TSDR on 2026-12-01", page)
        (pages / f"{serial}.html").write_bytes(stamped.replace(b"09:30:00", b"23:30:00"))
    clock.shift(24 * HOUR)
    run("import", str(pages))
    assert run("check", "--no-look").code == 0
    assert len(house.subjects()) == 6


def test_a_pass_that_is_broken_off_is_judged_by_what_it_saw(house: House, run: Run, clock: Any) -> None:
    """Ctrl-C after the fifth answer: five are a mass already, and it is told; two were not."""
    six = few(house)
    run("check")
    config = load_config(house.path)
    for attorney, most, states in (("One", 2, {"pending": 4}), ("Two", 5, {"pending": 6, "held": 10})):
        house.serve_all(attorney=attorney, serials=six)
        clock.shift(HOUR)
        base = Database(config.store.path)

        def interrupt(done: int, total: int, text: str, most: int = most) -> None:
            if done == most:
                raise KeyboardInterrupt

        with pytest.raises(KeyboardInterrupt):
            sweep(config, base, Door(config.operator.contact), {}, progress=interrupt)
        base.close()
        assert house.states() == states
        assert house.rows("select count(*) as n from delivery where pass is not null") == [{"n": 0}]


def test_each_reads_it_in_his_language_and_zone(house: House, run: Run, clock: Any) -> None:
    six = few(house, recipient='language = "zh"\ntimezone = "Asia/Shanghai"')
    run("check")
    house.serve_all(attorney="Garbled", serials=six)
    clock.shift(HOUR)
    run("check")
    (text,) = house.mailbox.texts()
    assert house.subjects() == [
        "own · us.tsdr 的 6 件中有 6 件在一次查看中发生变化；很可能是登记簿本身的原因"
    ]
    assert "代理人（6 件中的 6 件）" in text
    assert "2026-12-02 15:00 (Asia/Shanghai)" in text
    run("alerts", "release", "--source", "us.tsdr")
    assert any("此通知曾暂不发送" in text for text in house.mailbox.texts())


def test_scripts_see_it_too(house: House, run: Run, clock: Any) -> None:
    six = few(house)
    run("check")
    house.serve_all(attorney="Garbled", serials=six)
    clock.shift(HOUR)
    dry = run("check", "--dry-run", terminal=True)
    assert dry.out.count("Would be held to legal") == 6
    ran = run("check", "--json")
    (mass,) = ran.json["deliveries"]["masses"]
    assert mass == {
        "source": "us.tsdr",
        "state": "open",
        "changed": 6,
        "gone": 0,
        "looked": 6,
        "back": 0,
        "alerts_held": 6,
        "deliveries_held": 12,
        "until": mass["until"],
    }
    assert mass["until"].startswith("2026-12-02T07:00")
    assert run("status", "--json").json["outbox"]["masses"] == [mass]
    assert "6 changed at once" in run("status").out
    held = [one for one in run("alerts", "list", "--json").json if one["deliveries"][0]["state"] == "held"]
    assert {one["deliveries"][0]["held_for"] for one in held} == {"mass us.tsdr"}
    assert {one["deliveries"][0]["held_until"] for one in held} == {mass["until"]}
    assert "much changed at us.tsdr at once; until 2026-12-02 07:00" in run("alerts", "list").out
    (posted,) = house.hook.events()
    assert posted["data"]["mass"]["fields"][0] == {"field": "correspondence", "filings": 6}


def test_after_a_restore_too_it_has_to_be_said_which_are_meant(house: House, run: Run, clock: Any) -> None:
    """What is held since a restore may have gone out before it; to release a mass must not send that too."""
    six = few(house)
    run("check")
    house.hook.post_status = 500
    house.serve_all(owner="ANOTHER OWNER INC.", serials=six[:1])
    clock.shift(HOUR)
    run("check")
    run("backup", "kept.db")
    run("restore", "kept.db", "--yes")
    house.hook.post_status = 204
    house.serve_all(attorney="Garbled", serials=six)
    clock.shift(HOUR)
    ran = run("check")
    assert "1 delivery is held since a restore" in ran.err
    assert "5 alerts are held until" in ran.err  # that its owner is the old one again is critical
    house.subjects()
    which = run("alerts", "release")
    assert which.code == 2
    assert "--source us.tsdr, --restore, or --all" in which.err.replace("\n", " ")
    assert run("alerts", "drop", "--source", "us.tsdr", "--all").code == 2
    assert run("alerts", "drop", "--source", "no.such").code == 2
    assert run("alerts", "release", "--source", "us.tsdr", "--json").json["held"] == 1
    assert (
        "Nothing is held for em.euipo." in run("alerts", "release", "--source", "em.euipo", terminal=True).out
    )
    clock.shift(48 * HOUR)
    run("check", "--no-look")
    assert house.rows("select held_for from delivery where state = 'held'") == [{"held_for": "restore"}]
    assert run("alerts", "drop", "--restore", "--json").json == {"dropped": 1, "held": 0}


COMPANY = "/services/open/ipr/tm/2.0"
SEARCH = f"""
[[watch]]
name = "JD cars"
owners = ["{OWNER}"]
offices = ["CN"]
notify = ["legal"]
"""


def test_new_filings_of_a_search_are_no_mass_and_changes_of_them_are(
    house: House, run: Run, clock: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TIANYANCHA_TOKEN", "sample-token")
    few(house, SEARCH)

    def listed(status: str, count: int) -> None:
        rows = [row(number, f"JD Auto {number}", 12, status) for number in range(1, count + 1)]
        house.register.pages[COMPANY] = answer(rows)

    listed("等待实质审查", 8)
    run("check")
    listed("等待实质审查", 28)
    clock.shift(HOUR)
    run("check")
    (news,) = house.subjects()
    assert "20 filings" in news
    listed("驳回复审中", 28)  # a refusal under review: not critical
    clock.shift(HOUR)
    run("check")
    assert house.subjects() == [
        "JD cars · 28 of 28 filings of cn.tianyancha changed in one pass; most likely the register"
    ]


def test_filings_that_a_search_gives_no_more_are_told_once(
    house: House, run: Run, clock: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Their alerts would never come: a name that finds less is no failure."""
    monkeypatch.setenv("TIANYANCHA_TOKEN", "sample-token")
    few(house, SEARCH)

    def listed(*numbers: int) -> None:
        rows = [row(number, f"JD Auto {number}", 12) for number in numbers]
        house.register.pages[COMPANY] = answer(rows)

    told = []
    for numbers in (range(1, 21), range(1, 21), range(1, 17), range(1, 11), range(1, 11), range(1, 21)):
        listed(*numbers)
        clock.shift(HOUR)
        run("check")
        told.append(house.subjects())
    lead = "JD cars · 6 of 16 filings of cn.tianyancha were not found in one pass; most likely the register"
    assert told[:3] == [[], [], []], "four of twenty are few"
    assert told[3:5] == [[lead], []]
    assert told[5] == ["JD cars · 6 of 6 filings of cn.tianyancha are again as they were"]


def test_what_is_held_stands_in_no_feed_either(house: House, run: Run, clock: Any) -> None:
    six = few(house)
    text = house.path.read_text(encoding="utf-8")
    house.path.write_text(f'{text}[store]\nfeeds = "feeds"\n', encoding="utf-8")
    run("check")
    house.serve_all(attorney="Garbled", serials=six)
    clock.shift(HOUR)
    run("check")
    feed = house.folder / "feeds/all.atom"
    assert feed.read_text(encoding="utf-8").count("<entry") == 1
    run("alerts", "release", str(house.rows("select alert from delivery where state = 'held'")[0]["alert"]))
    run("alerts", "drop", "--source", "us.tsdr")
    clock.shift(HOUR)
    run("check")
    assert feed.read_text(encoding="utf-8").count("<entry") == 3


class Daemon(Shop):
    """A real daemon over six filings; who asks for the last of them waits until the test lets him go."""

    def __init__(self, folder: Path, register: Loopback, hook: Loopback, mailbox: Mailbox) -> None:
        self.register, self.last = register, f"/statusview/sn{SERIALS[5]}"
        self.go = threading.Semaphore(0)
        self.serve("A")
        numbers = ", ".join(f'"US {serial}"' for serial in SERIALS[:6])
        super().__init__(
            folder,
            f"{settings(register.url, hook, mailbox)}[health]\nmass_least = 5\n"
            '[[watch]]\nname = "own"\n'
            f'numbers = [{numbers}]\nrole = "own"\nnotify = ["legal"]\n',
        )

    def serve(self, attorney: str) -> None:
        """From now on, each another attorney of that name."""
        for serial in SERIALS[:6]:
            page = status_page(serial).replace(b"Sample Attorney", f"{attorney} {serial}".encode())
            self.register.pages[f"/statusview/sn{serial}"] = page

        def slow(_: dict[str, str]) -> bytes:
            self.go.acquire(timeout=60)
            return page

        self.register.pages[self.last] = slow

    def waits_for(self, time: int) -> bool:
        """Whether the last is being asked for that time."""
        return self.register.asked.count(self.last) >= time


def test_beside_a_daemon_at_work_nobody_delivers_half_a_mass(
    folder: Path, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Who delivers does not wait for the pass: a delivery of its own each minute, a check beside it; nor does
    it matter that the daemon is killed in the midst of it."""
    with Loopback() as register, Loopback() as hook, Mailbox() as mailbox:
        monkeypatch.setenv("HOOK_SECRET", SECRET)
        daemon = Daemon(folder, register, hook, mailbox)
        daemon.go.release()
        assert run("check").code == 0
        daemon.serve("Garbled")
        with daemon.start("run") as process:
            wait_until(lambda: daemon.waits_for(2), 60)
            beside = run("check", "--no-look")
            assert (beside.code, mailbox.mails) == (0, []), beside
            os.kill(process.pid, signal.SIGKILL)
            process.wait(30)
        beside = run("check", "--no-look")
        assert (beside.code, mailbox.mails) == (0, []), beside
        daemon.go.release(100)
        with daemon.start("run") as process:
            wait_until(lambda: len(mailbox.mails) > 0, 60)
            os.kill(process.pid, signal.SIGTERM)
            process.wait(30)
        assert [str(mail["Subject"]) for mail in mailbox.mails] == [TOLD.format(6, 6)]
