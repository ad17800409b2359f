"""Whatever a server does, a look ends in exactly one typed outcome, in bounded time."""

from __future__ import annotations

import datetime as dt
import os
import threading
import time
import tracemalloc
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.doors import CONTACT, KEY, FakeTime, ask_for, declaration, door, look_at
from tests.faults.hostile import PAGE, HostileServer
from tmwatch.errors import ConfigError, Outcome, Throttled
from tmwatch.http import Door, Limits, Timeouts
from tmwatch.http.headers import retry_after_seconds
from tmwatch.sources.base import Pace


@pytest.fixture
def server() -> Iterator[HostileServer]:
    with HostileServer() as running:
        yield running


@pytest.fixture
def times() -> FakeTime:
    return FakeTime()


@pytest.mark.parametrize(
    ("path", "outcome"),
    [
        ("/page", Outcome.OK),
        ("/gzip", Outcome.OK),
        ("/gzip-twice", Outcome.OK),
        ("/deflate", Outcome.OK),
        ("/deflate-bare", Outcome.OK),
        ("/cookie-gate", Outcome.OK),
        ("/chain/5", Outcome.OK),
        ("/slow", Outcome.UNREACHABLE),
        ("/drip", Outcome.UNREACHABLE),
        ("/drip-head", Outcome.UNREACHABLE),
        ("/reset", Outcome.UNREACHABLE),
        ("/truncate", Outcome.UNREACHABLE),
        ("/chunk-cut", Outcome.UNREACHABLE),
        ("/garbage", Outcome.UNREACHABLE),
        ("/many-headers", Outcome.UNREACHABLE),
        ("/gzip-cut", Outcome.UNREACHABLE),
        ("/gzip-not", Outcome.UNREACHABLE),
        ("/empty", Outcome.INCOMPLETE),
        ("/blank", Outcome.INCOMPLETE),
        ("/no-content", Outcome.INCOMPLETE),
        ("/429", Outcome.THROTTLED),
        ("/429-garbage", Outcome.THROTTLED),
        ("/429-six-hours", Outcome.THROTTLED),
        ("/503-later", Outcome.THROTTLED),
        ("/503", Outcome.SERVER_ERROR),
        ("/500", Outcome.SERVER_ERROR),
        ("/521", Outcome.SERVER_ERROR),
        ("/304", Outcome.SERVER_ERROR),
        ("/404", Outcome.NOT_FOUND),
        ("/410", Outcome.NOT_FOUND),
        ("/400", Outcome.LAYOUT_CHANGED),
        ("/401", Outcome.LOGIN_REQUIRED),
        ("/403", Outcome.DECLINED),
        ("/405", Outcome.DECLINED),
        ("/406", Outcome.DECLINED),
        ("/412", Outcome.DECLINED),
        ("/circle", Outcome.SERVER_ERROR),
        ("/round", Outcome.SERVER_ERROR),
        ("/chain/6", Outcome.SERVER_ERROR),
        ("/to-nowhere", Outcome.SERVER_ERROR),
        ("/to-file", Outcome.SERVER_ERROR),
        ("/other-host", Outcome.DECLINED),
        ("/other-port", Outcome.DECLINED),
        ("/members-only", Outcome.LOGIN_REQUIRED),
        ("/to-sso", Outcome.LOGIN_REQUIRED),
        ("/proof", Outcome.BLOCKED),
        ("/bomb", Outcome.LAYOUT_CHANGED),
        ("/brotli", Outcome.LAYOUT_CHANGED),
        ("/cloudflare", Outcome.BLOCKED),
        ("/cloudflare-200", Outcome.BLOCKED),
        ("/waf-202", Outcome.BLOCKED),
        ("/waf-405", Outcome.BLOCKED),
        ("/login", Outcome.LOGIN_REQUIRED),
    ],
)
def test_each_behaviour_of_a_server_has_its_one_outcome(
    server: HostileServer, path: str, outcome: Outcome, tmp_path: Path, times: FakeTime
) -> None:
    look = look_at(server, path, tmp_path, times)
    assert look.outcome is outcome
    assert (look.page is not None) == (outcome is Outcome.OK)
    assert (look.error is None) == (outcome is Outcome.OK)
    if look.error is not None:
        assert look.error.outcome is outcome
        assert "xx.test" in look.error.where
        assert look.error.do, "an error says what to do next"
        assert look.error.kept, "an error says what was left untouched"
    assert look.started_at.utcoffset() == dt.timedelta(0)


@pytest.mark.parametrize("path", ["/gzip", "/gzip-twice", "/deflate", "/deflate-bare", "/page"])
def test_a_page_arrives_byte_for_byte_however_it_was_packed(
    server: HostileServer, path: str, tmp_path: Path, times: FakeTime
) -> None:
    look = look_at(server, path, tmp_path, times)
    assert look.page is not None
    assert look.page.body == PAGE


@pytest.mark.parametrize("path", ["/drip", "/drip-head", "/slow"])
def test_a_server_that_never_finishes_is_left_when_the_time_is_over(
    server: HostileServer, path: str, tmp_path: Path, times: FakeTime
) -> None:
    started = time.monotonic()
    # Silence between two bytes is short, so only the total bound can end a drip.
    asker = door(tmp_path, times, timeouts=Timeouts(connect=1, read=5, total=0.5))
    look = asker.fetch(declaration(), ask_for(path), base_url=server.url, min_interval=0)
    assert look.outcome is Outcome.UNREACHABLE
    assert time.monotonic() - started < 4
    assert len(server.asked) == 1, "a server that is too slow is not asked twice"


@pytest.mark.parametrize(
    ("path", "outcome"), [("/bomb", Outcome.LAYOUT_CHANGED), ("/redirect-bomb", Outcome.OK)]
)
def test_a_bomb_never_stands_in_memory(
    path: str, outcome: Outcome, server: HostileServer, tmp_path: Path, times: FakeTime
) -> None:
    asker = door(tmp_path, times, limits=Limits(raw=32 << 20, decoded=4 << 20))
    tracemalloc.start()
    look = asker.fetch(declaration(), ask_for(path), base_url=server.url, min_interval=0)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert look.outcome is outcome
    assert peak < 16 << 20, "200 MB of zeros were packed into that answer"


def test_an_endless_page_is_cut_off_at_the_limit(
    server: HostileServer, tmp_path: Path, times: FakeTime
) -> None:
    look = look_at(server, "/flood", tmp_path, times, limits=Limits(raw=1 << 20), timeouts=Timeouts())
    assert look.outcome is Outcome.LAYOUT_CHANGED
    assert "larger than 1 MiB" in str(look.error)


def test_one_passing_failure_is_tried_again_and_no_faster(
    server: HostileServer, tmp_path: Path, times: FakeTime
) -> None:
    server.plan("/sn1", "reset", "page")
    look = door(tmp_path, times).fetch(declaration(Pace(2.0)), ask_for("/sn1"), base_url=server.url)
    assert look.outcome is Outcome.OK
    assert len(server.asked) == 2
    assert times.slept == [4.0], "an error doubles the distance of two seconds"


def test_a_lasting_failure_is_tried_twice_and_no_more(
    server: HostileServer, tmp_path: Path, times: FakeTime
) -> None:
    look_at(server, "/reset", tmp_path, times)
    assert len(server.asked) == 2


def test_nobody_at_the_other_end_is_unreachable(tmp_path: Path, times: FakeTime) -> None:
    with HostileServer() as gone:
        pass
    assert look_at(gone, "/page", tmp_path, times).outcome is Outcome.UNREACHABLE


def test_a_redirect_to_another_server_is_never_followed(
    server: HostileServer, tmp_path: Path, times: FakeTime
) -> None:
    with HostileServer() as other:
        server.plan("/record", "to-other")
        from tests.faults import hostile

        hostile.BEHAVIOURS["to-other"] = hostile._to(other.url + "/page")
        try:
            asker = door(tmp_path, times)
            look = asker.fetch(
                declaration(), ask_for("/record", credential_header="X-Key"), base_url=server.url, key=KEY
            )
        finally:
            del hostile.BEHAVIOURS["to-other"]
        assert look.outcome is Outcome.DECLINED
        assert other.asked == [], "the key would have gone to a stranger"


def test_each_hop_of_a_redirect_waits_for_its_turn(
    server: HostileServer, tmp_path: Path, times: FakeTime
) -> None:
    look = door(tmp_path, times).fetch(declaration(Pace(2.0)), ask_for("/chain/3"), base_url=server.url)
    assert look.outcome is Outcome.OK
    assert times.slept == [2.0, 2.0, 2.0]


@pytest.mark.parametrize("path", ["/429-six-hours", "/429-2099"])
def test_a_retry_after_of_hours_or_decades_holds_a_host_for_fifteen_minutes_at_most(
    server: HostileServer, path: str, tmp_path: Path, times: FakeTime
) -> None:
    look = look_at(server, path, tmp_path, times)
    assert isinstance(look.error, Throttled)
    assert look.error.retry_after == 900
    times.pass_by(800)
    assert not look_at(server, "/page", tmp_path, times).asked
    times.pass_by(101)
    assert look_at(server, "/page", tmp_path, times).outcome is Outcome.OK
    assert times.slept == [], "nothing sleeps for a quarter of an hour"


def test_the_next_process_waits_too_and_is_told_until_when(
    server: HostileServer, tmp_path: Path, times: FakeTime
) -> None:
    look_at(server, "/503-later", tmp_path, times)
    times.pass_by(10)
    later = look_at(server, "/page", tmp_path, times)  # another Door on the same folder
    assert later.outcome is Outcome.THROTTLED
    assert not later.asked
    assert "2026-11-24 12:02:00 UTC" in str(later.error)
    assert len(server.asked) == 1


@pytest.mark.parametrize(
    ("value", "seconds"),
    [
        ("120", 120.0),
        ("21600", 900.0),
        ("9" * 5000, 900.0),
        ("Tue, 24 Nov 2026 12:00:30 GMT", 30.0),
        ("Thu, 01 Jan 2099 00:00:00 GMT", 900.0),
        ("Tue, 24 Nov 2026 11:00:00 GMT", None),
        ("0", None),
        ("-5", None),
        ("soon", None),
        ("1e9", None),
        ("٣٠", None),
        ("Thu, 99 Foo 99999 99:99:99 GMT", None),
        ("", None),
        (None, None),
    ],
)
def test_retry_after_is_read_as_written_and_garbage_is_ignored(
    value: str | None, seconds: float | None
) -> None:
    assert retry_after_seconds(value, dt.datetime(2026, 11, 24, 12, tzinfo=dt.UTC)) == seconds


def test_a_page_that_did_not_change_is_not_sent_again(
    server: HostileServer, tmp_path: Path, times: FakeTime
) -> None:
    asker = door(tmp_path, times)
    first = asker.fetch(declaration(), ask_for("/etag"), base_url=server.url, min_interval=0)
    assert first.validators == {"etag": '"v1"', "last_modified": "Tue, 24 Nov 2026 10:00:00 GMT"}
    second = asker.fetch(
        declaration(), ask_for("/etag"), base_url=server.url, min_interval=0, validators=first.validators
    )
    assert second.outcome is Outcome.NOT_MODIFIED
    assert second.page is None
    assert second.error is None
    assert second.validators == first.validators
    assert server.asked[1].headers["if-modified-since"] == "Tue, 24 Nov 2026 10:00:00 GMT"


def test_html_where_data_was_asked_for_is_not_taken_for_data(
    server: HostileServer, tmp_path: Path, times: FakeTime
) -> None:
    asker = door(tmp_path, times)
    look = asker.fetch(
        declaration(), ask_for("/page", accept="application/json"), base_url=server.url, min_interval=0
    )
    assert look.outcome is Outcome.LAYOUT_CHANGED


def test_many_looks_leave_no_socket_and_no_thread_behind(
    server: HostileServer, tmp_path: Path, times: FakeTime
) -> None:
    def opened() -> int:
        return len(list(Path("/proc/self/fd").iterdir())) if Path("/proc/self/fd").is_dir() else 0

    def a_round() -> None:
        for path in ("/page", "/reset", "/404", "/truncate", "/gzip-cut", "/circle"):
            look_at(server, path, tmp_path / str(len(server.asked)), times)

    def settled(count: int) -> bool:
        until = time.monotonic() + 3
        while opened() > count and time.monotonic() < until:
            time.sleep(0.02)
        return opened() <= count

    a_round()
    time.sleep(0.2)
    files, threads = opened(), threading.active_count()
    for _ in range(5):
        a_round()
    assert settled(files)
    assert threading.active_count() <= threads + 2


def test_a_folder_that_cannot_be_written_is_a_clear_error(server: HostileServer, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(ConfigError) as caught:
        Door(CONTACT, state_dir=tmp_path / "file" / "pace").fetch(
            declaration(), ask_for("/page"), base_url=server.url
        )
    assert "TMWATCH_STATE_DIR" in str(caught.value)
    assert server.asked == []


def test_the_folder_of_the_pace_can_be_named_in_the_environment(
    server: HostileServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TMWATCH_STATE_DIR", str(tmp_path / "here"))
    Door(CONTACT).fetch(declaration(), ask_for("/page"), base_url=server.url)
    assert any(name.endswith(".json") for name in os.listdir(tmp_path / "here"))  # noqa: PTH208
