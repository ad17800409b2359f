"""One pace per host for the whole machine, whatever happens to clocks, files and processes."""

from __future__ import annotations

import datetime as dt
import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.doors import FakeTime, ask_for, declaration, door
from tests.faults.hostile import HostileServer
from tmwatch.errors import Outcome, Throttled
from tmwatch.http import Look
from tmwatch.http.pace import Pacer, Rules, rules
from tmwatch.sources.base import Pace

HOST = "register.example.org"


@pytest.fixture
def times() -> FakeTime:
    return FakeTime()


@pytest.fixture
def server() -> Iterator[HostileServer]:
    with HostileServer() as running:
        yield running


def pacer(folder: Path, times: FakeTime, patience: float = 60.0) -> Pacer:
    return Pacer(folder, clock=times.clock, sleep=times.sleep, patience=patience)


def law(
    pace: Pace, *, loopback: bool = False, min_interval: float | None = None, max_per_day: int | None = None
) -> Rules:
    return rules(pace, loopback=loopback, min_interval=min_interval, max_per_day=max_per_day)


EVERY_TWO = law(Pace(2.0))


def test_questions_keep_their_distance(tmp_path: Path, times: FakeTime) -> None:
    asks = pacer(tmp_path, times)
    for _ in range(4):
        assert asks.wait_turn(HOST, EVERY_TWO) is None
    assert times.slept == [2.0, 2.0, 2.0]


def test_hosts_do_not_wait_for_each_other(tmp_path: Path, times: FakeTime) -> None:
    asks = pacer(tmp_path, times)
    asks.wait_turn(HOST, EVERY_TWO)
    asks.wait_turn("other.example.org", EVERY_TWO)
    assert times.slept == []


def test_the_next_process_keeps_the_distance_to_the_last_one(tmp_path: Path, times: FakeTime) -> None:
    pacer(tmp_path, times).wait_turn(HOST, EVERY_TWO)
    times.pass_by(0.5)
    pacer(tmp_path, times).wait_turn(HOST, EVERY_TWO)
    assert times.slept == [1.5]


def test_the_slowest_rule_wins(times: FakeTime) -> None:
    now = times.now.timestamp()

    def distance(pace: Pace, **other: Any) -> float:
        return law(pace, **other).distance_at(now)

    assert distance(Pace(0.2, per_minute=60)) == 1.0
    assert distance(Pace(3.0, per_minute=60)) == 3.0
    assert distance(Pace(3.0), min_interval=0.1) == 3.0, (
        "configuration cannot make a register be asked faster"
    )
    assert distance(Pace(3.0), min_interval=10.0) == 10.0
    assert distance(Pace(3.0), min_interval=0, loopback=True) == 0
    assert distance(Pace(3.0), loopback=True) == 3.0
    assert law(Pace(3.0, per_day=500), max_per_day=1000).per_day == 500
    assert law(Pace(3.0, per_day=500), max_per_day=20).per_day == 20


@pytest.mark.parametrize(
    ("utc", "distance"),
    [
        ("2026-11-25T02:59", 1.0),  # 21:59 in New York
        ("2026-11-25T03:00", 0.5),  # 22:00
        ("2026-11-25T09:59", 0.5),  # 04:59
        ("2026-11-25T10:00", 1.0),  # 05:00
        ("2026-07-01T02:00", 0.5),  # 22:00, summer time
    ],
)
def test_more_is_allowed_at_night_where_the_office_is(utc: str, distance: float) -> None:
    by_office = law(Pace(0.1, per_minute=60, night=("America/New_York", 22, 5, 120)))
    instant = dt.datetime.fromisoformat(utc).replace(tzinfo=dt.UTC).timestamp()
    assert by_office.distance_at(instant) == distance


def test_errors_double_the_distance_and_good_answers_bring_it_back_slowly(
    tmp_path: Path, times: FakeTime
) -> None:
    asks = pacer(tmp_path, times)
    asks.wait_turn(HOST, EVERY_TWO)
    for outcome in (Outcome.SERVER_ERROR, Outcome.UNREACHABLE, Outcome.THROTTLED):
        asks.note(HOST, outcome)
        asks.wait_turn(HOST, EVERY_TWO)
    assert times.slept == [4.0, 8.0, 16.0]
    times.slept.clear()
    for _ in range(12):
        asks.note(HOST, Outcome.OK)
        asks.wait_turn(HOST, EVERY_TWO)
    assert times.slept[:4] == [8.0, 4.0, 2.0, 2.0]
    assert set(times.slept[4:]) == {2.0}


def test_after_a_long_outage_the_first_good_answer_ends_the_holding(tmp_path: Path, times: FakeTime) -> None:
    """Else a docket of hundreds would be asked one number a run for weeks after an outage of a day."""
    asks = pacer(tmp_path, times)
    for _ in range(24):
        times.pass_by(3600)
        assert asks.wait_turn(HOST, EVERY_TWO) is None
        asks.note(HOST, Outcome.UNREACHABLE)
    assert asks.wait_turn(HOST, EVERY_TWO) is not None
    times.pass_by(3600)
    times.slept.clear()
    for _ in range(5):
        assert asks.wait_turn(HOST, EVERY_TWO) is None
        asks.note(HOST, Outcome.OK)
    assert times.slept == [16.0, 8.0, 4.0, 2.0]


@pytest.mark.parametrize("outcome", [Outcome.NOT_FOUND, Outcome.LAYOUT_CHANGED, Outcome.LOGIN_REQUIRED])
def test_other_failures_never_speed_us_up(outcome: Outcome, tmp_path: Path, times: FakeTime) -> None:
    asks = pacer(tmp_path, times)
    asks.wait_turn(HOST, EVERY_TWO)
    asks.note(HOST, Outcome.THROTTLED)
    asks.note(HOST, outcome)
    asks.wait_turn(HOST, EVERY_TWO)
    assert times.slept == [4.0]


def test_a_host_that_keeps_failing_is_left_alone_and_keeps_the_name_of_its_trouble(
    tmp_path: Path, times: FakeTime
) -> None:
    asks = pacer(tmp_path, times)
    for _ in range(30):
        asks.note(HOST, Outcome.BLOCKED)
    asks.wait_turn(HOST, EVERY_TWO)
    held = asks.wait_turn(HOST, EVERY_TWO)
    assert held is not None
    assert held.outcome is Outcome.BLOCKED
    assert held.until - times.now == dt.timedelta(minutes=15), "never longer than that"
    assert times.slept == []


def test_the_daily_cap_ends_the_day_without_a_question(
    server: HostileServer, tmp_path: Path, times: FakeTime
) -> None:
    def look() -> Look:
        return door(tmp_path, times).fetch(
            declaration(Pace(1.0)), ask_for("/page"), base_url=server.url, max_per_day=2, min_interval=0
        )

    assert [look().outcome for _ in range(2)] == [Outcome.OK, Outcome.OK]
    third = look()
    assert third.outcome is Outcome.THROTTLED
    assert isinstance(third.error, Throttled)
    assert third.error.retry_after == 12 * 3600
    assert "2026-11-25 00:00:00 UTC" in str(third.error)
    assert len(server.asked) == 2
    times.pass_by(12 * 3600)
    assert look().outcome is Outcome.OK


def test_what_the_reader_found_out_slows_the_host_too(
    server: HostileServer, tmp_path: Path, times: FakeTime
) -> None:
    asker = door(tmp_path, times)
    look = asker.fetch(declaration(Pace(2.0)), ask_for("/page"), base_url=server.url)
    asker.report(look, Outcome.THROTTLED)  # TSDR throttles with HTTP 200 and an empty shell
    asker.fetch(declaration(Pace(2.0)), ask_for("/page"), base_url=server.url)
    assert times.slept == [4.0]


def test_a_clock_set_back_neither_freezes_nor_speeds_us_up(tmp_path: Path, times: FakeTime) -> None:
    pacer(tmp_path, times).wait_turn(HOST, EVERY_TWO)
    times.pass_by(-86400 * 30)
    pacer(tmp_path, times).wait_turn(HOST, EVERY_TWO)
    assert times.slept == [2.0]


def test_a_clock_set_back_keeps_what_a_retry_after_had_left(tmp_path: Path, times: FakeTime) -> None:
    asks = pacer(tmp_path, times)
    asks.note(HOST, Outcome.THROTTLED, retry_after=30)
    times.pass_by(-86400)
    asks.wait_turn(HOST, EVERY_TWO)
    assert times.slept == [30.0]


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"{",
        b"null",
        b"[1, 2]",
        b'{"foreign": 1}',
        b'{"last": "soon"}',
        b'{"next_free": NaN}',
        b'{"not_before": 1e999}',
        b'{"days": [1]}',
        b'{"days": {"2026-11-24": "many"}}',
        b'{"trouble": 5}',
        b"\xff\xfe\x00",
        b"[" * 100_000,
    ],
)
def test_a_broken_state_file_costs_one_distance_and_is_written_anew(
    content: bytes, tmp_path: Path, times: FakeTime
) -> None:
    asks = pacer(tmp_path, times)
    asks.wait_turn(HOST, EVERY_TWO)
    (file,) = tmp_path.glob("*.json")
    file.write_bytes(content)
    times.pass_by(100)
    assert asks.wait_turn(HOST, EVERY_TWO) is None
    assert times.slept == [2.0]
    assert json.loads(file.read_bytes())["last"] == times.now.timestamp()


def test_a_state_file_from_the_far_future_cannot_freeze_us(tmp_path: Path, times: FakeTime) -> None:
    asks = pacer(tmp_path, times, patience=2000)
    asks.wait_turn(HOST, EVERY_TWO)
    (file,) = tmp_path.glob("*.json")
    file.write_text(json.dumps({**json.loads(file.read_text()), "next_free": 9e12, "not_before": 9e12}))
    asks.wait_turn(HOST, EVERY_TWO)
    assert times.slept == [900.0]


def test_who_was_told_to_wait_stops_those_who_already_had_their_turn(tmp_path: Path, times: FakeTime) -> None:
    asks = pacer(tmp_path, times)
    asks.wait_turn(HOST, EVERY_TWO)
    other = pacer(tmp_path, times)

    def sleep(seconds: float) -> None:
        times.sleep(seconds)
        if len(times.slept) == 1:
            other.note(HOST, Outcome.THROTTLED, retry_after=30)

    Pacer(tmp_path, clock=times.clock, sleep=sleep).wait_turn(HOST, EVERY_TWO)
    assert times.slept == [2.0, 30.0]


@pytest.mark.parametrize(
    "host", ["../../etc/passwd", "a" * 300, "ho st", "[::1]", "xn--fiqs8s.example", "名.cn"]
)
def test_no_host_name_leads_out_of_the_folder(host: str, tmp_path: Path, times: FakeTime) -> None:
    folder = tmp_path / "pace"
    pacer(folder, times).wait_turn(host, EVERY_TWO)
    assert [path.name for path in tmp_path.iterdir()] == ["pace"]
    assert len(list(folder.glob("host-*.json"))) == 1


_ASK = """
import sys
from pathlib import Path
from tests.doors import CONTACT, ask_for, declaration
from tmwatch.http import Door
from tmwatch.sources.base import Pace
door = Door(CONTACT, state_dir=Path(sys.argv[2]))
for _ in range(int(sys.argv[3])):
    look = door.fetch(declaration(Pace(0.25)), ask_for("/page"), base_url=sys.argv[1])
    assert look.outcome == "ok", look
"""

_HOLD = """
import sys, time
from pathlib import Path
import filelock
with filelock.FileLock(sys.argv[1]):
    print("held", flush=True)
    time.sleep(60)
"""


def _run(script: str, *words: str) -> subprocess.Popen[bytes]:
    root = str(Path(__file__).parents[1])
    return subprocess.Popen(
        [sys.executable, "-c", script, *words],
        cwd=root,
        env={**os.environ, "PYTHONPATH": root},
        stdout=subprocess.PIPE,
    )


def test_two_processes_together_keep_the_pace_of_one(server: HostileServer, tmp_path: Path) -> None:
    both = [_run(_ASK, server.url, str(tmp_path), "5") for _ in range(2)]
    assert [process.wait(60) for process in both] == [0, 0]
    for process in both:
        process.communicate()
    times = sorted(asked.at for asked in server.asked)
    assert len(times) == 10
    # Wall times of arrival jitter a little; the sum cannot.
    assert times[-1] - times[0] >= 9 * 0.25 - 0.15
    assert min(later - earlier for earlier, later in zip(times, times[1:], strict=False)) > 0.1


def test_no_booking_is_lost_when_many_book_at_once(tmp_path: Path, times: FakeTime) -> None:
    quick = Rules(0.001)

    def book() -> None:
        for _ in range(15):
            assert pacer(tmp_path, times).wait_turn(HOST, quick) is None

    together = [threading.Thread(target=book) for _ in range(6)]
    for thread in together:
        thread.start()
    for thread in together:
        thread.join()
    (file,) = tmp_path.glob("*.json")
    assert sum(json.loads(file.read_bytes())["days"].values()) == 90


def test_a_process_killed_with_the_lock_in_its_hand_stops_nobody(tmp_path: Path, times: FakeTime) -> None:
    asks = pacer(tmp_path, times)
    asks.wait_turn(HOST, EVERY_TWO)
    (file,) = tmp_path.glob("*.json")
    holder = _run(_HOLD, str(file.with_suffix(".lock")))
    assert holder.stdout is not None
    assert holder.stdout.readline() == b"held\n"
    holder.send_signal(signal.SIGKILL)
    holder.wait(10)
    holder.stdout.close()
    started = time.monotonic()
    assert asks.wait_turn(HOST, EVERY_TWO) is None
    assert time.monotonic() - started < 5
