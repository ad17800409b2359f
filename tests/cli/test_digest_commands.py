"""What the commands say of a digest: what waits for it and until when, what it will say, what it took in."""

from __future__ import annotations

import datetime as dt

import pytest
import time_machine

from tests.cli.conftest import PAGE, SERIAL, House, Ran, Run, folder, house, run
from tests.faults.registers import status_page

__all__ = ["folder", "house", "run"]  # fixtures of the command line
RENAMED = status_page(SERIAL).replace(b"SAMPLE HARBOUR", b"SAMPLE HARBOR")  # high, and no more
THURSDAY, SUNDAY, MONDAY = "2026-11-26 06:15", "2026-11-29 06:15", "2026-11-30 07:45"


@pytest.fixture
def desk(house: House) -> House:
    text = house.path.read_text().replace('name = "legal"\n', 'name = "legal"\ndigest = "weekly"\n', 1)
    house.path.write_text(text.replace('role = "own"', 'role = "adverse"'))
    house.serve(status_page(SERIAL))
    return house


@pytest.fixture
def at(run: Run) -> Run:
    """A command at a time: `at(THURSDAY, "check")`."""

    def ran(text: str, *words: str, terminal: bool = False) -> Ran:
        with time_machine.travel(dt.datetime.fromisoformat(f"{text}+00:00"), tick=False):
            return run(*words, terminal=terminal)

    return ran


def changed(desk: House, at: Run) -> None:
    """On Sunday a change is found that can wait."""
    at(THURSDAY, "check")
    desk.serve(RENAMED)
    at(SUNDAY, "check", "--all")


def test_check_says_what_waits_for_which_digest_and_is_silent_in_cron(desk: House, at: Run) -> None:
    assert at(THURSDAY, "check").silent
    desk.serve(RENAMED)
    ran = at(SUNDAY, "check", "--all", terminal=True)
    assert ran.code == 0
    assert "nothing waits but for a digest" in ran.out
    assert "2 deliveries to legal for the digest of 2026-11-30 07:30" in ran.out
    told = at(SUNDAY, "check", "--json").json["deliveries"]
    assert told["digests"] == {"legal": {"at": "2026-11-30T07:30:00+00:00", "waiting": 2}}
    assert (desk.mailbox.mails, desk.hook.posts) == ([], [])
    assert at(MONDAY, "check").silent
    assert len(desk.mailbox.mails) == len(desk.hook.posts) == 1


def test_list_and_why_say_until_when_it_waits_and_then_which_digest_has_it(desk: House, at: Run) -> None:
    changed(desk, at)
    listed = at(SUNDAY, "alerts", "list")
    assert "legal: waits for the digest, 2026-11-30 07:30" in listed.out
    (alert,) = at(SUNDAY, "alerts", "list", "--json").json
    waits = {"for": "digest", "until": "2026-11-30T07:30:00+00:00", "no_date_until": "2026-12-14"}
    assert [one["waits"] for one in alert["deliveries"]] == [waits, waits]
    why = at(SUNDAY, "alerts", "why", "1")
    assert "waiting, waits for the digest, 2026-11-30 07:30" in why.out
    assert "It can wait: not critical" in why.out
    assert "no date until 2026-12-14" in " ".join(why.out.split())
    assert "Digest     legal: 2 deliveries wait until 2026-11-30 07:30 UTC" in at(SUNDAY, "status").out
    at(MONDAY, "check")
    digest, alert = at(MONDAY, "alerts", "list", "--json").json
    assert digest["kind"] == "digest"
    assert [one["digest"] for one in alert["deliveries"]] == [{"alert": 2, "state": "sent"}] * 2
    assert "legal: in digest 2 (sent)" in at(MONDAY, "alerts", "list").out
    assert "in a digest, 2, which is sent" in at(MONDAY, "alerts", "why", "1").out
    assert "1  " in at(MONDAY, "alerts", "why", "2").out
    assert "Nothing waits" in at(MONDAY, "alerts", "list", "--undelivered").out


def test_the_preview_is_what_the_next_one_would_be_and_sends_and_keeps_nothing(desk: House, at: Run) -> None:
    changed(desk, at)
    seen = at(SUNDAY, "alerts", "preview", "--digest", "--recipient", "legal")
    subject = "Subject: tmwatch digest, week to 29 Nov: 1 change in 1 filing"
    assert subject in seen.out
    assert "; 1 of 1 filing looked at" in seen.out
    assert "new: SAMPLE HARBOR" in seen.out
    body = at(SUNDAY, "alerts", "preview", "--digest", "--channel", "slack", "--json").json
    assert (body["channel"], body["lines_left_out"]) == ("slack", 0)
    assert (desk.mailbox.mails, desk.hook.posts) == ([], [])
    assert len(at(SUNDAY, "alerts", "list", "--json").json) == 1
    at(MONDAY, "check", "--no-look")
    preview, sent = (
        "".join(text.partition("WHAT CHANGED")[2].partition("WHAT WAS CHECKED")[0].split())
        for text in (seen.out, desk.mailbox.texts()[0])
    )
    assert preview.replace("2026-12-14", "2026-12-21") == sent


def test_a_preview_of_nothing_that_could_be_meant_is_refused(desk: House, at: Run) -> None:
    at(THURSDAY, "check")
    both = at(THURSDAY, "alerts", "preview", "--digest", "--test")
    assert (both.code, "three things" in both.err) == (2, True)
    unknown = at(THURSDAY, "alerts", "preview", "--digest", "--recipient", "nobody")
    assert (unknown.code, 'no recipient "nobody"' in unknown.err) == (2, True)
    desk.path.write_text(desk.path.read_text().replace('digest = "weekly"\n', ""))
    none = at(THURSDAY, "alerts", "preview", "--digest", "--recipient", "legal")
    assert none.code == 2
    assert 'recipient "legal" has no digest' in none.err


def test_a_dry_run_makes_none(desk: House, at: Run) -> None:
    changed(desk, at)
    assert at(MONDAY, "check", "--dry-run").code == 0
    assert at(MONDAY, "check", "--no-deliver").code == 0
    assert desk.mailbox.mails == []
    at(MONDAY, "check")
    assert len(desk.mailbox.mails) == 1


def test_retry_says_what_it_leaves_to_the_digest(desk: House, at: Run) -> None:
    changed(desk, at)
    ran = at(SUNDAY, "alerts", "retry", "--all", terminal=True)
    assert "2 deliveries not begun yet: left to the next digest." in ran.err + ran.out


def test_a_feed_has_what_the_digest_tells_and_not_the_digest(desk: House, at: Run) -> None:
    text = desk.path.read_text()
    desk.path.write_text(text.replace("[smtp]", '[store]\nfeeds = "feeds"\n[smtp]', 1))
    changed(desk, at)
    at(MONDAY, "check")
    feed = (desk.folder / "feeds/all.atom").read_text(encoding="utf-8")
    assert feed.count("<entry>") == 1
    assert "tmwatch digest" not in feed


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ('digest = "monthly"', ["key digest", "off, daily, weekly"]),
        ('digest = "daily"\ndigest_at = "25:00"', ["key digest_at", 'a time of day such as "07:30"']),
        ('digest = "daily"\ndigest_at = 7', ["key digest_at"]),
        ('digest = "weekly"\ndigest_day = "funday"', ["key digest_day", "monday", "sunday"]),
    ],
)
def test_a_setting_that_cannot_be_meant_is_named(desk: House, run: Run, line: str, said: list[str]) -> None:
    desk.path.write_text(desk.path.read_text().replace('digest = "weekly"', line))
    ran = run("check")
    assert ran.code == 2
    for part in said:
        assert part in ran.err
    assert PAGE.exists()


def test_settings_without_a_digest_are_noted(desk: House, run: Run) -> None:
    desk.path.write_text(desk.path.read_text().replace('digest = "weekly"', 'digest_at = "7:05"'))
    assert 'digest_at means nothing with digest = "off"' in run("doctor").out


def test_what_waited_for_who_is_gone_is_given_up_and_can_be_dropped(desk: House, at: Run) -> None:
    changed(desk, at)
    desk.path.write_text(desk.path.read_text().replace('"legal"', '"counsel"'))
    gone = at(SUNDAY, "check", "--no-look")
    assert gone.code == 1
    assert "or `tmwatch alerts drop --given-up`" in gone.err
    assert at(SUNDAY, "status").code == 1
    assert "--given-up` never" in at(SUNDAY, "doctor").out
    assert at(SUNDAY, "alerts", "drop", "--given-up", "--all").code == 2
    assert at(SUNDAY, "alerts", "drop", "--given-up", "--json").json == {"dropped": 2, "held": 0}
    assert at(SUNDAY, "alerts", "drop", "--given-up", terminal=True).out.strip() == "Nothing was given up."
    assert at(SUNDAY, "status").code == 0
    assert at(SUNDAY, "check", "--no-look").code == 0
    assert desk.mailbox.mails == []
