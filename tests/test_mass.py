"""Much at once: a register that redesigns its pages is told once, and the single alerts wait for a person."""

from __future__ import annotations

from typing import Any

from tests.cli.conftest import Run
from tests.masses import HOUR, TOLD, House, clock, few, folder, house, run

__all__ = ["clock", "folder", "house", "run"]  # fixtures


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
