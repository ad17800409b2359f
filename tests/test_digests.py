"""Digests: what can wait is told by one message, which says as well what was looked at and what was not."""

from __future__ import annotations

import datetime as dt
import json

from tests.alerts import samples
from tests.digesting import (
    FRIDAY,
    MONDAY,
    SUNDAY,
    THURSDAY,
    TUESDAY,
    WATCHES,
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
from tmwatch.config import load_config
from tmwatch.store import Outbox
from tmwatch.store.joining import write_draft
from tmwatch.store.sights import AlertDraft

__all__ = ["desk"]  # the fixture
CRITICAL, HIGH, LOW, MEDIUM = samples.CRITICAL, samples.HIGH, samples.LOW, samples.MEDIUM
MADRID = '[[watch]]\nname = "madrid"\nnumbers = ["WO 1266721"]\nnotify = ["legal"]\n'


def test_what_is_urgent_goes_at_once_and_the_rest_on_the_day_in_one_message(desk: Desk) -> None:
    told_thursday(
        desk,
        changed(significance=CRITICAL),
        changed("US500000099000003", "ours"),
        changed("US500000099000002", significance=MEDIUM),
        changed("US500000099000004", due="2027-01-15"),
        changed("US500000099000005", due="2026-12-14"),
    )
    report = desk.check(THURSDAY)
    assert report.delivery is not None
    assert report.delivery.digests == {"legal": (instant("2026-11-30 06:30"), 4)}
    assert not report.operator_must_act
    assert desk.states() == {
        1: ["sent"] * 2,
        2: ["sent"] * 2,
        3: ["pending"] * 2,
        4: ["pending"] * 2,
        5: ["sent"] * 2,
    }
    for day in (FRIDAY, SUNDAY, "2026-11-30 06:29"):
        assert desk.sent(day) == 0
    assert desk.sent(MONDAY) == 2
    assert desk.sent(TUESDAY) == 0
    assert [len(desk.subjects(to)) for to in ("a@firm.test", "b@firm.test")] == [4, 4]
    (digest,) = desk.digests()
    assert [card.st13[-8:] for card in cards_of(digest)] == ["99000004", "99000002"]
    assert desk.states()[3] == desk.states()[4] == ["digested"] * 2
    text = text_of(desk.mails[-1])
    assert "3 alerts sent at once since the last digest" in text
    assert desk.subjects()[-1].startswith("tmwatch digest, week to 30 Nov: 10 changes in 2 filings, ")


def test_a_date_that_a_later_digest_would_eat_goes_at_once_before_it(desk: Desk) -> None:
    """A window of thirty days may wait for Monday; when Monday is taken away it does not."""
    told_thursday(desk, changed(due="2026-12-26"), changed("US500000099000002", due="2026-12-15"))
    desk.check(FRIDAY)
    assert desk.mails == []
    desk.configure('digest = "weekly"\ndigest_day = "wednesday"')
    desk.check("2026-11-28 06:15")
    assert len(desk.subjects()) == 1
    assert desk.states() == {1: ["pending"] * 2, 2: ["sent"] * 2}
    desk.check("2026-12-02 06:45")
    assert "1 alert sent at once" in text_of(desk.mails[-1])
    (digest,) = desk.digests()
    assert [card.dues[0].day.isoformat() for card in cards_of(digest)] == ["2026-12-26"]


def test_each_alert_is_told_to_each_address_by_exactly_one_message(desk: Desk) -> None:
    """One address has begun to get it, one comes in later, one has the webhook."""
    first, second = told_thursday(desk, changed(), changed("US500000099000002"))
    with desk.database.write():
        desk.database.conn.execute(
            "update delivery set tries = 1, asked_at = ? where alert = ? and address = 'b@firm.test'",
            (instant(THURSDAY).isoformat(), first),
        )
    desk.configure(hook=True)
    desk.check(FRIDAY)
    assert desk.states()[first] == ["pending", "sent"]
    desk.check(MONDAY)
    told: dict[str, list[str]] = {}
    for mail in desk.mails:
        for st13 in ("76044902", "99000002"):
            if f"(US {st13})" in text_of(mail):
                told.setdefault(str(mail["To"]), []).append(st13)
    assert {to: sorted(them) for to, them in told.items()} == {
        "legal <a@firm.test>": ["76044902", "99000002"],
        "legal <b@firm.test>": ["76044902", "99000002"],
    }
    (post,) = desk.hook.posts
    items = json.loads(post[1])["data"]["digest"]["items"]
    assert sorted(item["alert"] for item in items) == [first, second]
    ids = [str(mail["Message-ID"]) for mail in desk.mails]
    assert len(set(ids)) == len(ids) == 3


def test_with_nothing_new_it_comes_all_the_same_with_the_proof(desk: Desk) -> None:
    desk.looked("2026-11-29 05:00")
    desk.check(MONDAY)
    (subject,) = desk.subjects()
    assert subject == "tmwatch digest, week to 30 Nov: checked, nothing new; 3 of 3 filings looked at"
    text = text_of(desk.mails[0])
    assert "Checked, nothing new: 3 of 3 filings looked at." in text
    assert "“rivals”, us.tsdr: looked at in time 2/2 · looked at 2026-11-29 06:00 (Europe/Berlin)" in text
    assert "WHAT COULD NOT BE LOOKED AT" not in text


def test_what_was_not_looked_at_is_never_called_checked(desk: Desk) -> None:
    desk.check(MONDAY)
    assert desk.subjects() == [
        "tmwatch digest, week to 30 Nov: nothing new came; 0 of 3 filings looked at, 3 could not be "
        "(us.tsdr not answered yet)"
    ]
    desk.looked("2026-12-01 05:00")
    desk.check("2026-12-07 06:45")  # six days ago: late
    assert desk.subjects()[-1].endswith(
        "nothing new came; 0 of 3 filings looked at, 3 could not be (us.tsdr late)"
    )
    assert "last answered 2026-12-01 05:00 UTC" in text_of(desk.mails[-1])


def test_a_broken_register_is_named_with_the_day_since_when_and_each_filing_it_hides(desk: Desk) -> None:
    desk.looked("2026-11-29 05:00", failing=["99000002"])
    with desk.database.write():
        desk.database.conn.execute(
            "insert into source_state (source, state, since, last_outcome) values"
            " ('us.tsdr', 'failing', '2026-11-24T05:00:00+00:00', 'declined')"
        )
    desk.check(MONDAY)
    (subject,) = desk.subjects()
    assert subject == (
        "tmwatch digest, week to 30 Nov: nothing new in what was looked at; 2 of 3 filings looked at, "
        "1 could not be (us.tsdr failing since 24 Nov)"
    )
    text = " ".join(text_of(desk.mails[0]).split())
    assert (
        "“rivals”, us.tsdr: 1 not looked at, failing since 2026-11-24: 99000002: declined, once: the site"
        in text
    )
    assert "hecked, nothing new" not in text
    (digest,) = desk.digests()
    assert digest.significance is MEDIUM
    assert digest.digest is not None
    assert [look.state for look in digest.digest.looks] == ["failing", "fresh"]


def test_what_a_person_has_to_do_stands_in_it_with_how_much(desk: Desk) -> None:
    desk.configure(watches=MADRID)
    desk.check(MONDAY)
    assert desk.subjects() == [
        "tmwatch digest, week to 30 Nov: nothing new came; no register was asked; by hand only: WO"
    ]
    text = text_of(desk.mails[0])
    assert "“madrid”: WO, by number: import only" in text
    assert "To save by hand: 1 page(s), 1 never read: `tmwatch worklist`" in text


def test_what_is_due_until_a_fortnight_after_the_next_one_stands_in_it(desk: Desk) -> None:
    desk.configure(more="[deadlines]\nremind = []")
    published(desk, ("US500000099000002", "2026-11-17"), ("US500000076044902", "2026-11-24"))
    desk.check(MONDAY)
    (digest,) = desk.digests()
    assert digest.digest is not None
    assert digest.digest.dues_until == dt.date(2026, 12, 21)
    days = [(due.line.day.isoformat(), due.number, due.days_left) for due in digest.digest.dues]
    assert days == [("2026-12-17", "US 99000002", 17)]
    assert "2026-12-17 (in 17 days)  US 99000002 SAMPLEMARK: opposition" in text_of(desk.mails[-1])


def test_a_date_that_is_told_for_the_first_time_stands_among_what_is_due_however_far(desk: Desk) -> None:
    desk.configure(more="[deadlines]\nremind = [60]")
    published(desk, ("US500000076044902", "2026-11-27"))
    desk.check("2026-11-28 06:15")  # 29 days are left, 13 more than a fortnight after Monday
    assert desk.mails == []
    desk.check(MONDAY)
    (digest,) = desk.digests()
    assert digest.digest is not None
    assert [item.kind for item in digest.digest.items] == ["deadline.due"]
    assert [due.line.day.isoformat() for due in digest.digest.dues] == ["2026-12-28"]
    assert "2026-12-28 (in 28 days)  US 76044902 SAMPLEMARK: opposition" in text_of(desk.mails[-1])


def test_times_that_were_slept_through_are_one_digest(desk: Desk) -> None:
    told_thursday(desk, changed())
    assert desk.sent("2026-12-16 09:00") == 2
    assert desk.sent("2026-12-16 09:01") == 0
    (subject,) = desk.subjects()
    assert subject.startswith("tmwatch digest, 26 Nov to 16 Dec: 5 changes in 1 filing; ")
    assert desk.states()[1] == ["digested"] * 2
    (digest,) = desk.digests()
    assert len(cards_of(digest)) == 1


def test_a_digest_waits_for_a_pass_that_has_found_something_an_hour_at_most(desk: Desk) -> None:
    (number,) = told_thursday(desk, changed())
    with desk.database.write():
        desk.database.conn.execute("update delivery set pass = 7")
    desk.check(MONDAY)
    assert desk.mails == [], "it would say that nothing is new"
    with desk.database.write():
        desk.database.conn.execute("update delivery set pass = null")
    desk.check("2026-11-30 06:50")
    assert desk.states()[number] == ["digested"] * 2
    with on(TUESDAY), desk.database.write():
        desk.tell(changed())
        desk.database.conn.execute("update delivery set pass = 8 where state = 'pending'")
    desk.check("2026-12-07 07:29")
    assert len(desk.subjects()) == 1
    desk.check("2026-12-07 07:30")
    assert len(desk.subjects()) == 2


def test_a_digest_made_by_a_clock_that_ran_a_year_ahead_does_not_silence_the_year(desk: Desk) -> None:
    desk.check("2027-11-26 06:15")
    told_thursday(desk, changed())
    desk.check(FRIDAY)
    desk.check(MONDAY)
    assert [subject for subject in desk.subjects() if ": 5 changes in 1 filing; " in subject]
    assert desk.states()[2] == ["digested"] * 2


def test_each_recipient_has_its_own_day_and_zone(desk: Desk) -> None:
    more = """
[[recipient]]
name = "shanghai"
email = ["s@firm.test"]
timezone = "Asia/Shanghai"
language = "zh"
digest = "daily"
"""
    desk.configure(more=more, watches=WATCHES.replace('["legal"]', '["legal", "shanghai"]'))
    desk.check(THURSDAY)
    with on(THURSDAY):
        desk.tell(changed(), ("legal", "shanghai"))
    desk.check("2026-11-26 23:29")
    assert desk.mails == []
    desk.check("2026-11-26 23:31")  # half past seven on Friday in Shanghai
    (subject,) = desk.subjects("s@firm.test")
    assert subject.startswith("tmwatch 摘要（11月27日止一日）：1 件商标有 5 项变化")
    assert desk.states()[1] == ["pending", "pending", "digested"]
    desk.check(MONDAY)
    assert len(desk.subjects("a@firm.test")) == 1
    assert desk.states()[1] == ["digested"] * 3


def test_who_has_a_digest_no_more_gets_at_once_what_waited(desk: Desk) -> None:
    told_thursday(desk, changed())
    desk.check(FRIDAY)
    desk.configure('digest = "off"')
    assert desk.sent("2026-11-27 07:00") == 2
    assert desk.subjects()[0].startswith("PYTHON (US 76044902)")
    desk.configure()
    desk.check("2026-12-09 06:15")
    assert desk.digests() == [], "it begins anew: nothing was missed"


def test_of_who_is_taken_out_of_the_configuration_it_is_told_as_ever(desk: Desk) -> None:
    told_thursday(desk, changed())
    desk.path.write_text(desk.path.read_text().replace('"legal"', '"other"'))
    desk.config = load_config(desk.path)
    report = desk.check(MONDAY)
    assert report.delivery is not None
    assert report.delivery.dead == 2
    assert desk.digests() == []


def test_what_is_held_is_in_no_digest_until_it_is_released_and_is_counted(desk: Desk) -> None:
    (number,) = told_thursday(desk, changed())
    with desk.database.write():
        desk.database.conn.execute("update delivery set state = 'held', held_for = 'restore'")
    desk.looked("2026-11-29 05:00")
    desk.check(MONDAY)
    (subject,) = desk.subjects()
    assert ": checked, nothing else new, 1 alert held; " in subject
    assert "1 alert held: `tmwatch alerts list` says why and until when" in text_of(desk.mails[0])
    Outbox(desk.database).release([number])
    desk.check("2026-12-07 06:45")
    assert desk.states()[number] == ["digested"] * 2


def test_an_alert_that_waits_takes_in_filings_of_the_day_until_a_digest_takes_it(desk: Desk) -> None:
    def draft(st13: str, due: str | None = None) -> AlertDraft:
        payload = changed(st13, due=due)
        to = tuple(("legal", "email", f"{one}@firm.test") for one in "ab")
        return AlertDraft(
            "filing.changed",
            "rivals",
            payload.cards,
            lambda cards, before=(), /: payload.model_copy(update={"cards": tuple(cards)}),
            to,
            "x",
        )

    with on("2026-11-30 01:00"), desk.database.write():
        write_draft(desk.database, draft("US500000099000002"), "r1")
    with on("2026-11-30 02:00"), desk.database.write():
        write_draft(desk.database, draft("US500000099000004", "2027-03-01"), "r2")
    row = desk.database.conn.execute("select count(*), min(first_due) from delivery").fetchone()
    assert tuple(row) == (2, "2027-03-01")
    desk.check(MONDAY)
    with on("2026-11-30 07:00"), desk.database.write():
        write_draft(desk.database, draft("US500000099000005"), "r3")
    (digest,) = desk.digests()
    assert len(cards_of(digest)) == 2
    assert len(desk.states()) == 3
