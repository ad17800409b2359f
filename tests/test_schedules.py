"""Schedules keep their times on nights of change, and closed hours are closed."""

from __future__ import annotations

import datetime as dt
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.conftest import examples
from tmwatch.schedules import Cron, closed_until, missed, parse_closed, parse_schedule

BERLIN, NEW_YORK, LORD_HOWE = (
    ZoneInfo("Europe/Berlin"),
    ZoneInfo("America/New_York"),
    ZoneInfo("Australia/Lord_Howe"),
)


def at(text: str) -> dt.datetime:
    return dt.datetime.fromisoformat(text).replace(tzinfo=dt.UTC)


def times(text: str, start: str, count: int, zone: ZoneInfo = BERLIN) -> list[str]:
    """The next times, as the wall clock shows them."""
    schedule, found, now = parse_schedule(text, zone), [], at(start)
    for _ in range(count):
        following = schedule.after(now)
        assert following is not None
        now = following
        found.append(now.astimezone(zone).strftime("%a %d %H:%M%z"))
    return found


def test_a_time_that_the_night_of_spring_skips_is_kept_once_an_hour_later_by_the_clock() -> None:
    assert times("30 2 * * *", "2026-03-28T12:00", 2) == ["Sun 29 03:30+0200", "Mon 30 02:30+0200"]


def test_a_time_that_comes_twice_in_autumn_is_done_once() -> None:
    assert times("30 2 * * *", "2026-10-24T12:00", 2) == ["Sun 25 02:30+0200", "Mon 26 02:30+0100"]


def test_each_half_hour_goes_on_through_the_hour_that_comes_twice() -> None:
    found = times("*/30 * * * *", "2026-10-25T00:00", 5)
    assert [time.removeprefix("Sun 25 ") for time in found] == [
        "02:30+0200", "02:00+0100", "02:30+0100", "03:00+0100", "03:30+0100",
    ]  # fmt: skip


def test_weekdays_are_cron_s_and_of_day_and_weekday_one_is_enough() -> None:
    assert times("0 6 * * 1-5", "2026-11-27T12:00", 2) == ["Mon 30 06:00+0100", "Tue 01 06:00+0100"]
    assert times("0 6 * * 0", "2026-11-27T12:00", 1) == times("0 6 * * 7", "2026-11-27T12:00", 1)
    assert times("0 6 * * sat-mon", "2026-11-27T12:00", 3) == [
        "Sat 28 06:00+0100", "Sun 29 06:00+0100", "Mon 30 06:00+0100",
    ]  # fmt: skip
    assert times("0 6 1 * sun", "2026-11-27T12:00", 2) == ["Sun 29 06:00+0100", "Tue 01 06:00+0100"]


@settings(max_examples=examples(25), deadline=None)
@given(
    st.integers(0, 23),
    st.integers(0, 59),
    st.sampled_from([BERLIN, NEW_YORK, LORD_HOWE]),
    st.integers(0, 330),
)
def test_a_daily_time_comes_exactly_once_on_each_day_of_the_zone(
    hour: int, minute: int, zone: ZoneInfo, start: int
) -> None:
    schedule = parse_schedule(f"{minute} {hour} * * *", zone)
    now = dt.datetime(2026, 1, 1, 12, tzinfo=zone).astimezone(dt.UTC) + dt.timedelta(days=start)
    days = []
    for _ in range(40):
        following = schedule.after(now)
        assert following is not None
        assert following > now
        now = following
        days.append(now.astimezone(zone).date())
    assert days == [days[0] + dt.timedelta(days=number) for number in range(40)]


def test_what_was_missed_is_known_by_number() -> None:
    schedule = parse_schedule("every 6 hours", BERLIN)
    assert missed(schedule, at("2026-11-26T00:00"), at("2026-11-26T05:59")) == []
    assert len(missed(schedule, at("2026-11-26T00:00"), at("2026-11-27T01:00"))) == 4


@pytest.mark.parametrize(
    "text", ["", "daily", "every 0 days", "every 400 days", "61 * * * *", "0 6 * * 9", "0 6 * *",
             "30 2 30 2 *", "0 6 * * 1/0", "* * * * * *"]
)  # fmt: skip
def test_what_is_no_schedule_is_refused_in_words(text: str) -> None:
    with pytest.raises(ValueError, match="such as|a day that comes|every minute's distance"):
        parse_schedule(text, BERLIN)


def test_a_leap_day_is_a_day_that_comes() -> None:
    schedule = parse_schedule("0 0 29 2 *", ZoneInfo("UTC"))
    assert isinstance(schedule, Cron)
    assert schedule.after(at("2026-11-26T00:00")) == at("2028-02-29T00:00")


@pytest.mark.parametrize(
    ("hours", "instant", "until"),
    [
        ("Mon-Fri 08:00-18:00", "2026-11-26T12:00", "2026-11-26T17:00"),
        ("Mon-Fri 08:00-18:00", "2026-11-28T12:00", None),
        ("22:00-04:30", "2026-11-26T01:00", "2026-11-26T03:30"),
        ("Sun 22:00-04:30", "2026-11-30T01:00", "2026-11-30T03:30"),  # Monday, of Sunday's hours
        ("Sun 22:00-04:30", "2026-11-29T01:00", None),
        ("01:00-05:00 America/New_York", "2026-11-26T08:00", "2026-11-26T10:00"),
    ],
)
def test_closed_hours_end_when_they_say(hours: str, instant: str, until: str | None) -> None:
    found = parse_closed(hours, BERLIN).until(at(instant))
    assert found == (at(until) if until else None)


def test_hours_that_follow_on_are_over_with_the_last() -> None:
    hours = [parse_closed(text, ZoneInfo("UTC")) for text in ("08:00-12:00", "12:00-14:00", "20:00-21:00")]
    assert closed_until(hours, at("2026-11-26T09:00")) == at("2026-11-26T14:00")
    assert closed_until(hours, at("2026-11-26T15:00")) is None


@pytest.mark.parametrize("text", ["8-18", "Mon 25:00-26:00", "Xyz 08:00-09:00", "08:00-09:00 Nowhere/Land"])
def test_what_are_no_hours_is_refused_in_words(text: str) -> None:
    with pytest.raises(ValueError, match="hours such as"):
        parse_closed(text, BERLIN)
