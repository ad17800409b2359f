"""The register sees who asks, at its own address; a key reaches its header and no other place."""

from __future__ import annotations

import ssl
from collections.abc import Iterator
from pathlib import Path

import pytest
import trustme

from tests.doors import CONTACT, KEY, FakeTime, ask_for, declaration, door, look_at
from tests.faults.hostile import HostileServer
from tmwatch.errors import ConfigError, Outcome
from tmwatch.http import Door, is_loopback
from tmwatch.sources.base import RecordQuery


@pytest.fixture
def server() -> Iterator[HostileServer]:
    with HostileServer() as running:
        yield running


@pytest.fixture
def times() -> FakeTime:
    return FakeTime()


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
