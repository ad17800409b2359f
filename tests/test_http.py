"""Whatever a server does, a look ends in exactly one typed outcome, in bounded time, and tells no secret."""

from __future__ import annotations

import datetime as dt
import os
import ssl
import threading
import time
import tracemalloc
from collections.abc import Iterator
from pathlib import Path

import pytest
import trustme

from tests.doors import CONTACT, KEY, FakeTime, ask_for, declaration, door
from tests.faults.hostile import PAGE, HostileServer
from tmwatch.errors import ConfigError, Outcome, Throttled
from tmwatch.http import Door, Limits, Look, Timeouts, is_loopback
from tmwatch.http.headers import retry_after_seconds
from tmwatch.sources.base import Pace, RecordQuery


@pytest.fixture
def server() -> Iterator[HostileServer]:
    with HostileServer() as running:
        yield running


@pytest.fixture
def times() -> FakeTime:
    return FakeTime()


def look_at(server: HostileServer, path: str, folder: Path, times: FakeTime, **other: object) -> Look:
    # Only where the server stalls is the time short; elsewhere a busy machine shall not matter.
    stalls = path in {"/slow", "/drip", "/drip-head"}
    settings = {"timeouts": Timeouts(2, 0.6, 0.9) if stalls else Timeouts(5, 10, 30), **other}
    asker = door(folder, times, **settings)
    return asker.fetch(declaration(), ask_for(path), base_url=server.url, min_interval=0)


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


def test_the_register_sees_who_asks_and_no_disguise(
    server: HostileServer, tmp_path: Path, times: FakeTime
) -> None:
    look_at(server, "/page", tmp_path, times)
    headers = server.asked[0].headers
    assert headers["user-agent"].startswith("tmwatch/")
    assert headers["user-agent"].endswith(f"(+{CONTACT})")
    assert headers["accept-encoding"] == "gzip, deflate"
    with pytest.raises(ConfigError, match="User-Agent"):
        door(tmp_path, times).fetch(
            declaration(), ask_for("/page", headers={"User-Agent": "Mozilla/5.0"}), base_url=server.url
        )


@pytest.mark.parametrize(
    "contact", ["", "   ", "a@b\r\nX-Evil: 1", "a@b\x1b[2J", "ip) Mozilla (x", "法务@example.com"]
)
def test_no_register_is_asked_without_a_usable_contact(contact: str, tmp_path: Path) -> None:
    with pytest.raises(ConfigError) as caught:
        Door(contact, state_dir=tmp_path)
    assert "[operator] contact" in str(caught.value)


@pytest.mark.parametrize(
    ("base", "says"),
    [
        ("http://register.example.org", "plain http"),
        ("http://127.0.0.1.example.org", "plain http"),
        ("http://localhost.example.org", "plain http"),
        ("register.example.org", "no address"),
        ("ftp://register.example.org", "no address"),
        ("https://", "no address"),
        ("https://register.example.org:99999", "no address"),
        ("https://me:word@register.example.org", "login"),
        ("https://register.example.org/?key=1", "query"),
        ("http://127.0.0.1\\@example.org", "no address"),
        ("https://register.example.org/\r\nX: 1", "no address"),
    ],
)
def test_a_base_address_that_may_not_be_used_is_named_with_what_to_do(
    base: str, says: str, tmp_path: Path, times: FakeTime
) -> None:
    with pytest.raises(ConfigError) as caught:
        door(tmp_path, times).fetch(declaration(), ask_for("/page"), base_url=base)
    assert says in caught.value.message
    assert caught.value.where == '[source."xx.test"] base_url'
    assert caught.value.do
    assert "word" not in str(caught.value)


@pytest.mark.parametrize(
    ("url", "loop"),
    [
        ("http://127.0.0.1:80", True),
        ("http://127.9.9.9", True),
        ("http://[::1]:8080/x", True),
        ("http://localhost/x", True),
        ("http://0.0.0.0", False),
        ("http://127.0.0.1@example.org", False),
        ("http://example.org", False),
        ("nonsense", False),
        ("http://[bad", False),
    ],
)
def test_loopback_is_this_machine_and_nothing_else(url: str, loop: bool) -> None:
    assert is_loopback(url) is loop


@pytest.mark.parametrize(
    "path", ["@example.org/x", "//example.org/x", "https://example.org/x", "\\\\example.org"]
)
def test_a_path_from_a_page_cannot_lead_to_another_host(
    server: HostileServer, path: str, tmp_path: Path, times: FakeTime
) -> None:
    look = look_at(server, path, tmp_path, times)
    assert look.asked
    assert len(server.asked) == 1


def test_a_source_without_its_key_is_login_required_and_nothing_goes_out(
    server: HostileServer, tmp_path: Path, times: FakeTime
) -> None:
    look = door(tmp_path, times).fetch(
        declaration(), ask_for("/page", credential_header="X-Key"), base_url=server.url
    )
    assert look.outcome is Outcome.LOGIN_REQUIRED
    assert "XX_KEY" in str(look.error)
    assert server.asked == []


@pytest.mark.parametrize("key", [KEY + "\n", "one\r\nX-Evil: 1", "schlüssel", "‘quoted’"])
def test_a_key_that_cannot_stand_in_a_header_is_refused_unshown(
    key: str, server: HostileServer, tmp_path: Path, times: FakeTime
) -> None:
    with pytest.raises(ConfigError) as caught:
        door(tmp_path, times).fetch(
            declaration(), ask_for("/page", credential_header="X-Key"), base_url=server.url, key=key
        )
    assert caught.value.where == "XX_KEY"
    assert key.strip() not in str(caught.value)


@pytest.mark.parametrize("path", ["/page", "/401", "/403", "/500", "/reset", "/to-sso", "/429", "/bomb"])
def test_the_key_reaches_its_header_and_no_other_place(
    path: str, server: HostileServer, tmp_path: Path, times: FakeTime
) -> None:
    asked = ask_for(path, credential_header="X-Key", params={"q": f"oops {KEY}"})
    look = door(tmp_path, times).fetch(declaration(), asked, base_url=server.url, key=KEY, min_interval=0)
    assert server.asked[0].headers["x-key"] == KEY
    assert KEY not in f"{look!r}{look.error}{getattr(look.error, '__dict__', '')}"
    assert all(KEY.encode() not in file.read_bytes() for file in tmp_path.iterdir())


def test_a_refused_key_is_login_required_not_declined(
    server: HostileServer, tmp_path: Path, times: FakeTime
) -> None:
    asked = ask_for("/403", credential_header="X-Key")
    look = door(tmp_path, times).fetch(declaration(), asked, base_url=server.url, key=KEY)
    assert look.outcome is Outcome.LOGIN_REQUIRED


def test_cookies_of_a_site_are_not_kept(server: HostileServer, tmp_path: Path, times: FakeTime) -> None:
    look = look_at(server, "/page", tmp_path, times)
    look_at(server, "/page", tmp_path, times)
    assert look.page is not None
    assert set(look.page.headers) == {"content-type"}
    assert "cookie" not in server.asked[1].headers


def test_a_page_knows_what_was_asked_and_when(server: HostileServer, tmp_path: Path, times: FakeTime) -> None:
    query = RecordQuery(("76044902",))
    look = door(tmp_path, times).fetch(
        declaration(), ask_for("/page", params={"ids": "1,2"}, query=query), base_url=server.url
    )
    assert look.page is not None
    assert look.page.query == query
    assert look.page.fetched_at == look.started_at
    assert look.page.url == look.url == f"{server.url}/page?ids=1%2C2"


def test_passwords_and_proxies_of_the_environment_stay_out_of_loopback(
    server: HostileServer, tmp_path: Path, times: FakeTime, monkeypatch: pytest.MonkeyPatch
) -> None:
    netrc = tmp_path / "netrc"
    netrc.write_text("machine 127.0.0.1 login me password word\n")
    netrc.chmod(0o600)
    monkeypatch.setenv("NETRC", str(netrc))
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:9")
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:9")
    asked = ask_for("/page", credential_header="Authorization")
    look = door(tmp_path / "pace", times).fetch(declaration(), asked, base_url=server.url, key=KEY)
    assert look.outcome is Outcome.OK
    assert server.asked[0].headers["authorization"] == KEY


def test_an_unknown_certificate_is_refused_and_a_known_one_accepted(
    tmp_path: Path, times: FakeTime, monkeypatch: pytest.MonkeyPatch
) -> None:
    authority = trustme.CA()
    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("127.0.0.1").configure_cert(tls)
    monkeypatch.delenv("REQUESTS_CA_BUNDLE", raising=False)
    monkeypatch.delenv("CURL_CA_BUNDLE", raising=False)
    with HostileServer(tls) as server:
        stranger = look_at(server, "/page", tmp_path, times)
        assert stranger.outcome is Outcome.UNREACHABLE
        assert "certificate" in str(stranger.error)
        assert server.asked == []
        bundle = tmp_path / "ca.pem"
        authority.cert_pem.write_to_path(str(bundle))
        monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(bundle))
        assert look_at(server, "/page", tmp_path, times).outcome is Outcome.OK
        slow = look_at(server, "/drip", tmp_path, times)
        assert slow.outcome is Outcome.UNREACHABLE
        assert "in all" in str(slow.error), "the total bound holds under TLS too"


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
