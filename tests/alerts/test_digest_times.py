"""When a digest comes, and which alerts may wait for it: nothing that has a date waits too long."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest

from tests.alerts import samples
from tmwatch.alerts.digest_times import is_due, next_digest, slot_after
from tmwatch.alerts.urgency import Urgency
from tmwatch.alerts.waiting import Patience, Wait, Waiting, waiting_since
from tmwatch.config import Config, Recipient, Watch
from tmwatch.model import Significance

CRITICAL, HIGH, MEDIUM = Significance.CRITICAL, Significance.HIGH, Significance.MEDIUM


def at(text: str) -> dt.datetime:
    return dt.datetime.fromisoformat(f"{text}+00:00")


def recipient(digest: str = "weekly", **more: Any) -> Recipient:
    given = {"name": "legal", "email": ["a@example.com"], "timezone": "Europe/Berlin", "digest": digest}
    return Recipient.model_validate(given | more)


@pytest.mark.parametrize(
    ("settings", "now", "slot"),
    [
        ({"digest": "daily"}, "2026-11-26 06:29", "2026-11-26 06:30"),
        ({"digest": "daily"}, "2026-11-26 06:30", "2026-11-27 06:30"),
        ({"digest": "daily", "timezone": "Asia/Shanghai"}, "2026-11-26 06:29", "2026-11-26 23:30"),
        ({"digest": "daily"}, "2026-07-01 06:00", "2026-07-02 05:30"),  # in summer an hour earlier by UTC
        ({}, "2026-11-26 06:00", "2026-11-30 06:30"),  # Monday, 07:30 in Berlin
        ({"digest_day": "sunday", "digest_at": "23:45"}, "2026-11-26 06:00", "2026-11-29 22:45"),
        # 02:30 is skipped on the night of spring (an hour later by the new clock), and comes twice in autumn.
        ({"digest": "daily", "digest_at": "02:30"}, "2026-03-28 12:00", "2026-03-29 01:30"),
        ({"digest": "daily", "digest_at": "02:30"}, "2026-03-29 01:30", "2026-03-30 00:30"),
        ({"digest": "daily", "digest_at": "02:30"}, "2026-10-24 12:00", "2026-10-25 00:30"),
        ({"digest": "daily", "digest_at": "02:30"}, "2026-10-25 00:30", "2026-10-26 01:30"),
        ({"digest": "daily", "digest_at": "00:00"}, "2026-10-24 22:00", "2026-10-25 23:00"),
    ],
)
def test_a_digest_comes_by_the_recipients_clock(settings: dict[str, str], now: str, slot: str) -> None:
    assert slot_after(recipient(**settings), at(now)) == at(slot)


def test_over_a_year_a_daily_one_comes_once_a_day_whatever_the_clocks_do() -> None:
    for zone in ("Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "Asia/Shanghai"):
        for time in ("00:00", "02:15", "02:45", "23:59"):
            one = recipient("daily", timezone=zone, digest_at=time)
            slot, days = at("2025-12-31 12:00"), []
            while (slot := slot_after(one, slot)) < at("2026-12-31 12:00"):
                days.append(slot)
            assert len(days) == 365, (zone, time)


def test_a_time_that_was_missed_is_one_digest() -> None:
    told = at("2026-11-23 06:30")
    for digest, missed in (("daily", "2026-11-26 05:15"), ("weekly", "2026-12-09 05:15")):
        one = recipient(digest)
        assert is_due(one, told, at(missed))
        assert not is_due(one, at(missed), at(missed) + dt.timedelta(minutes=1))


def test_a_clock_that_was_set_back_repeats_nothing_and_one_that_was_wrong_loses_nothing() -> None:
    one = recipient("daily")
    assert not is_due(one, at("2026-11-26 06:30"), at("2026-11-26 06:29"))
    assert not is_due(one, at("2026-11-26 06:31"), at("2026-11-26 06:30"))
    ahead = at("2027-11-26 06:30")
    assert next_digest(one, ahead, at("2026-11-26 06:00")) == at("2026-11-26 06:30")


@pytest.mark.parametrize(
    ("quiet", "told", "lands"),
    [
        ({"quiet": ["22:00-09:00"]}, "2026-11-25 09:00", "2026-11-26 08:00"),
        # A weekend off ends at midnight: Monday's own digest is near enough to tell it all.
        ({"quiet": ["Sat-Sun 00:00-00:00"]}, "2026-11-27 06:30", "2026-11-30 06:30"),
        ({"quiet_days": ["2026-11-26"]}, "2026-11-25 06:30", "2026-11-27 06:30"),
        ({"quiet_days": ["2026-11-26"], "digest_at": "23:00"}, "2026-11-25 22:00", "2026-11-26 23:00"),
    ],
)
def test_in_the_quiet_none_is_made(quiet: dict[str, Any], told: str, lands: str) -> None:
    one = recipient("daily", **quiet)
    assert next_digest(one, at(told), at(told) + dt.timedelta(minutes=5)) == at(lands)
    assert not is_due(one, at(told), at(lands) - dt.timedelta(minutes=1))
    assert is_due(one, at(told), at(lands))


def test_one_that_was_slept_through_until_the_quiet_comes_after_it() -> None:
    one, told, night = (
        recipient("daily", quiet=["22:00-07:00"]),
        at("2026-11-25 06:30"),
        at("2026-11-26 21:30"),
    )
    assert not is_due(one, told, night)
    assert next_digest(one, told, night) == at("2026-11-27 06:00")
    assert is_due(one, told, at("2026-11-27 06:00"))
    assert not is_due(one, at("2026-11-27 06:00"), at("2026-11-27 06:29"))


def test_a_quiet_that_never_ends_is_no_endless_search() -> None:
    one = recipient("daily", quiet=["00:00-00:00"])
    assert not is_due(one, at("2026-11-20 06:30"), at("2026-11-26 06:30"))
    assert next_digest(one, at("2026-11-20 06:30"), at("2026-11-26 06:30")) > at("2026-11-26 06:30")


# -- which alerts wait -------------------------------------------------------------------------------------


def config(one: Recipient, role: str = "observed") -> Config:
    watch = Watch.model_validate({"name": "marks", "role": role, "notify": ("legal",)})
    base = samples.config()
    return base.model_copy(update={"recipients": (one,), "watches": (watch,)})


def wait(
    found: Config,
    kind: str = "filing.changed",
    significance: Significance = MEDIUM,
    now: str = "2026-11-26",
    *,
    watch: str = "marks",
    due: str | None = None,
    to: tuple[str, str] = ("email", "a@example.com"),
    begun: bool = False,
) -> Wait | None:
    alert = Urgency(kind, watch, significance, dt.date.fromisoformat(due) if due else None)
    one = Waiting(1, "legal", *to, alert, at(f"{now} 06:00"), begun)
    return Patience(found, {}, at(f"{now} 06:00")).with_(one)


MONDAY = Wait("digest", at("2026-11-30 06:30"), dt.date(2026, 12, 14))


@pytest.mark.parametrize(
    ("role", "alert", "waits"),
    [
        ("observed", {"significance": MEDIUM}, True),
        ("observed", {"significance": HIGH}, True),
        ("adverse", {"significance": HIGH, "kind": "filing.new"}, True),
        ("observed", {"significance": CRITICAL}, False),
        ("own", {"significance": HIGH}, False),
        ("own", {"significance": MEDIUM}, True),
        ("observed", {"significance": HIGH, "watch": "taken out"}, False),  # whose it was is not known
        ("observed", {"significance": HIGH, "kind": "source.health"}, False),
        ("observed", {"significance": MEDIUM, "kind": "source.health"}, True),  # it is well again
        ("observed", {"significance": HIGH, "kind": "delivery.health"}, False),
        ("observed", {"kind": "test"}, False),
        ("observed", {"kind": "digest"}, False),
        ("observed", {"begun": True}, False),
        ("observed", {"to": ("email", "gone@example.com")}, False),
        # The next digest is of 30 November, and a fortnight later is 14 December.
        ("observed", {"due": "2026-12-14"}, False),
        ("observed", {"due": "2026-12-15"}, True),
        ("observed", {"due": "2026-11-20"}, False),
        ("adverse", {"kind": "deadline.due", "due": "2026-12-10"}, False),
        ("adverse", {"kind": "deadline.due", "due": "2027-02-24"}, True),
        ("adverse", {"kind": "deadline.due", "significance": HIGH, "due": "2026-12-20"}, True),
        ("own", {"kind": "deadline.due", "significance": HIGH, "due": "2026-12-20"}, False),
    ],
)
def test_what_cannot_wait_goes_at_once(role: str, alert: dict[str, Any], waits: bool) -> None:
    assert wait(config(recipient(), role), **alert) == (MONDAY if waits else None)
    assert wait(config(recipient("off"), role), **alert) is None


@pytest.mark.parametrize("day", [dt.date(2026, 11, 1) + dt.timedelta(days=n) for n in range(31)])
@pytest.mark.parametrize("digest", ["daily", "weekly"])
def test_an_opposition_window_of_thirty_days_is_never_eaten(day: dt.date, digest: str) -> None:
    """Whenever it is published and looked at, somebody knows of it a fortnight before its end, or at once."""
    found = config(recipient(digest))
    for seen_after in range(30):
        today, last = day + dt.timedelta(days=seen_after), day + dt.timedelta(days=30)
        waits = wait(found, significance=HIGH, now=today.isoformat(), due=last.isoformat())
        if waits is not None:
            assert (last - waits.until.date()).days > 14
        else:
            assert (last - today).days <= 14 + (7 if digest == "weekly" else 1)


def test_the_settings_are_looked_at_anew_each_time_so_that_a_later_digest_lets_a_date_go() -> None:
    def due(one: Recipient) -> Wait | None:
        return wait(config(one), significance=HIGH, due="2026-12-15")

    assert due(recipient()) == MONDAY
    assert due(recipient(digest_day="wednesday")) is None
    assert due(recipient(quiet_days=["2026-11-30", "2026-12-01"])) is None
    assert due(recipient("daily")) == Wait("digest", at("2026-11-26 06:30"), dt.date(2026, 12, 10))


def test_what_waits_for_a_digest_is_no_trouble_before_its_time() -> None:
    alert = Urgency("filing.changed", "marks", MEDIUM)
    thursday = at("2026-11-26 06:00")
    waiting = [Waiting(1, "legal", "email", "a@example.com", alert, thursday)]
    assert waiting_since(waiting, config(recipient())) == at("2026-11-30 06:30")
    assert waiting_since(waiting, config(recipient("off"))) == thursday
    assert waiting_since(waiting, None) == thursday
