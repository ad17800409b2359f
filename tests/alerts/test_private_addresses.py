"""A webhook reaches public addresses only, unless the configuration says otherwise; and never by a trick."""

from __future__ import annotations

import ipaddress
import socket
import ssl
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import trustme
from hypothesis import given
from hypothesis import strategies as st

from tests.alerts import samples
from tests.cli.conftest import CANCELLED, House, Run, folder, house, run
from tests.loopback import Loopback
from tmwatch.alerts.channels.addresses import refused, special
from tmwatch.alerts.channels.base import EndpointDown, OperatorNeeded
from tmwatch.alerts.channels.road import Timeouts
from tmwatch.alerts.channels.webhook import WebhookChannel
from tmwatch.config import Recipient, Webhook

__all__ = ["folder", "house", "run"]  # fixtures of the command line

PUBLIC = ("93.184.216.34", "8.8.8.8", "2606:2800:220:1:248:1893:25c8:1946", "64:ff9b::808:808")
INSIDE = (
    *("127.0.0.1", "127.8.8.8", "10.1.2.3", "172.31.255.1", "192.168.0.1", "169.254.169.254", "100.64.0.1"),
    *("::1", "fe80::1", "fe80::1%eth0", "fd00::1", "fec0::1", "::ffff:10.0.0.1", "::ffff:169.254.169.254"),
    *("::ffff:7f00:1", "64:ff9b::a00:1", "64:ff9b::a9fe:a9fe", "64:ff9b:1::1", "2002:7f00:1::", "::7f00:1"),
)
NEVER = (
    *("0.0.0.0", "0.1.2.3", "::", "224.0.0.1", "239.255.255.250", "255.255.255.255", "240.0.0.1", "ff02::1"),
    *("203.0.113.5", "2001:db8::1", "2001::1", "2002:e000:1::", "::ffff:0.0.0.0", "4000::1"),
)
METADATA = "169.254.169.254"


@pytest.mark.parametrize("address", PUBLIC)
def test_public_addresses_are_reached(address: str) -> None:
    assert refused([address], allow_private=False) is None


@pytest.mark.parametrize("address", INSIDE)
def test_what_lies_inside_is_refused_until_it_is_allowed(address: str) -> None:
    assert refused([address], allow_private=False) is not None
    assert refused([address], allow_private=True) is None


@pytest.mark.parametrize("address", NEVER)
def test_what_no_machine_has_is_refused_always(address: str) -> None:
    assert refused([address], allow_private=True) is not None


def test_one_bad_address_among_good_ones_is_enough() -> None:
    assert refused([*PUBLIC, "10.0.0.1"], allow_private=False) is not None
    assert refused(["10.0.0.1", *PUBLIC], allow_private=False) is not None


V4 = st.integers(0, 2**32 - 1).map(ipaddress.IPv4Address)
V6 = st.integers(0, 2**128 - 1).map(ipaddress.IPv6Address)


def inside(*networks: str) -> st.SearchStrategy[Any]:
    """Addresses of these networks, so that small ones are met too."""

    def of(text: str) -> st.SearchStrategy[Any]:
        net = ipaddress.ip_network(text)
        first, last = int(net.network_address), int(net.broadcast_address)
        return st.integers(first, last).map(type(net.network_address))

    return st.one_of([of(text) for text in networks])


@given(V4 | inside("10.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8", "169.254.0.0/16", "192.168.0.0/16"))
def test_whatever_python_calls_not_global_is_refused_and_so_is_all_multicast(address: Any) -> None:
    if not address.is_global or address.is_multicast or address.is_reserved or address.is_unspecified:
        assert special(str(address)) is not None


@given(V6 | inside("fc00::/7", "fe80::/10", "fec0::/10", "ff00::/8", "2001:db8::/32", "2001::/32"))
def test_the_same_of_ipv6(address: Any) -> None:
    known_carrier = address.ipv4_mapped or address.sixtofour
    if known_carrier is None and not (address.is_global and address in ipaddress.ip_network("2000::/3")):
        carried = ipaddress.IPv4Address(int(address) & 0xFFFFFFFF)
        nat64 = address in ipaddress.ip_network("64:ff9b::/96") or address in ipaddress.ip_network("::/96")
        assert special(str(address)) is not None or (nat64 and carried.is_global)


@given(V4)
def test_no_dress_of_ipv6_makes_an_ipv4_address_better(address: ipaddress.IPv4Address) -> None:
    number, plain = int(address), special(str(address))
    for base, left in (("::ffff:0:0", 0), ("64:ff9b::", 0), ("2002::", 80)):
        dressed = ipaddress.IPv6Address(int(ipaddress.IPv6Address(base)) | number << left)
        assert special(str(dressed)) == plain


# -- through the channel ---------------------------------------------------------------------------------

Names = dict[str, list[list[str]]]


@pytest.fixture
def names(monkeypatch: pytest.MonkeyPatch) -> Names:
    """A name service of the test's own: each name gives its answers in turn, the last one stays."""
    known: Names = {}
    real = socket.getaddrinfo

    def ask(host: Any, port: Any, *args: Any, **options: Any) -> list[Any]:
        if host not in known:
            return real(host, port, *args, **{**options, "flags": socket.AI_NUMERICHOST})
        answers = known[host]
        found = answers.pop(0) if len(answers) > 1 else answers[0]
        return [
            (socket.AF_INET6 if ":" in one else socket.AF_INET, socket.SOCK_STREAM, 6, "", (one, port))
            for one in found
        ]

    monkeypatch.setattr(socket, "getaddrinfo", ask)
    return known


Tried = list[tuple[str, int]]


@pytest.fixture
def tried(monkeypatch: pytest.MonkeyPatch) -> Tried:
    """Where a connection was tried; none is made, so that no test leaves this machine."""
    seen: Tried = []

    def connect(address: tuple[str, int], *args: Any, **options: Any) -> socket.socket:
        seen.append(address[:2])
        raise ConnectionRefusedError

    monkeypatch.setattr("urllib3.util.connection.create_connection", connect)
    return seen


def send(url: str, *, allow: bool = False, verify: bool | str = True) -> str:
    hook = Webhook(url=url, secret_env="HOOK_SECRET", allow_private=allow)
    config = samples.config().model_copy(
        update={"recipients": (Recipient(name="legal", email=("a@example.com",), webhook=hook),)}
    )
    channel = WebhookChannel(config, env=samples.ENV, timeouts=Timeouts(2.0, 3.0), verify=verify)
    return channel.send(samples.delivery(channel="webhook", address="legal"), config.recipients[0])


@pytest.fixture
def hook() -> Iterator[Loopback]:
    with Loopback() as hook:
        yield hook


def test_this_machine_is_refused_with_the_way_out_and_reached_once_allowed(hook: Loopback) -> None:
    with pytest.raises(OperatorNeeded, match=r"127\.0\.0\.1 \(this machine\)") as caught:
        send(f"{hook.url}/tm")
    assert 'allow_private = true in the webhook of recipient "legal"' in str(caught.value)
    assert hook.posts == []
    assert send(f"{hook.url}/tm", allow=True) == "HTTP 204"


@pytest.mark.parametrize("host", ["2130706433", "0177.0.0.1", "0x7f.1", "127.1", "0", "[::ffff:127.0.0.1]"])
def test_other_spellings_of_this_machine_are_this_machine(host: str, hook: Loopback) -> None:
    port = hook.url.rsplit(":", 1)[1]
    with pytest.raises(OperatorNeeded, match="nothing was sent"):
        send(f"https://{host}:{port}/tm")
    assert hook.posts == []


LEADS_INSIDE = (["10.0.0.7"], [METADATA], ["93.184.216.34", "::1"], ["64:ff9b::a00:1"], ["fe80::1%1"])


@pytest.mark.parametrize("answer", LEADS_INSIDE)
def test_a_name_that_leads_inside_is_refused(answer: list[str], names: Names, tried: Tried) -> None:
    names["hooks.example.com"] = [answer]
    with pytest.raises(OperatorNeeded, match="nothing was sent: its name leads to"):
        send("https://hooks.example.com/tm")
    assert tried == []


def test_a_name_that_moves_between_look_and_connection_gains_nothing(names: Names, tried: Tried) -> None:
    names["hooks.example.com"] = [["93.184.216.34", "93.184.216.35"], ["127.0.0.1"]]
    with pytest.raises(EndpointDown):
        send("https://hooks.example.com/tm")
    assert tried == [("93.184.216.34", 443), ("93.184.216.35", 443)]
    with pytest.raises(OperatorNeeded):
        send("https://hooks.example.com/tm")
    assert len(tried) == 2


def test_the_checked_address_is_connected_to_with_the_name_in_tls_and_host(
    names: Names, tmp_path: Path
) -> None:
    authority, seen = trustme.CA(), []
    authority.cert_pem.write_to_path(str(tmp_path / "ca.pem"))
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    authority.issue_cert("hooks.firm.test").configure_cert(context)
    context.sni_callback = lambda sock, name, inner: seen.append(name)
    names["hooks.firm.test"] = [["127.0.0.1"], ["93.184.216.34"]]
    with Loopback() as hook:
        hook.server.socket = context.wrap_socket(hook.server.socket, server_side=True)
        port = hook.server.server_port
        url = f"https://hooks.firm.test:{port}/tm"
        assert send(url, allow=True, verify=str(tmp_path / "ca.pem")) == "HTTP 204"
    assert seen == ["hooks.firm.test"]
    assert hook.posts[0][0]["host"] == f"hooks.firm.test:{port}"


def test_plain_http_goes_to_this_machine_even_if_localhost_is_made_to_mean_another(
    names: Names, tried: Tried
) -> None:
    names["localhost"] = [["10.0.0.7"]]
    with pytest.raises(OperatorNeeded, match="another machine, by plain http"):
        send("http://localhost:8080/tm", allow=True)
    assert tried == []


def test_a_redirect_leads_nowhere_however_private(hook: Loopback) -> None:
    hook.post_status = 307
    with pytest.raises(Exception, match="redirect"):
        send(f"{hook.url}/tm", allow=True)
    assert len(hook.posts) == 1


def test_behind_a_proxy_a_name_that_leads_inside_is_refused_and_one_unknown_here_is_the_proxys(
    names: Names, hook: Loopback, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HTTPS_PROXY", hook.url)
    monkeypatch.delenv("NO_PROXY", raising=False)
    monkeypatch.delenv("no_proxy", raising=False)
    names["intern.firm.test"] = [["10.0.0.7"]]
    with pytest.raises(OperatorNeeded, match=r"10\.0\.0\.7 \(private network\)"):
        send("https://intern.firm.test/tm")
    with pytest.raises(EndpointDown, match="the proxy did not let the connection through"):
        send("https://unknown-here.example.com/tm")  # the proxy was asked: it knows no CONNECT
    # This machine is never asked through it.
    with pytest.raises(OperatorNeeded, match="this machine"):
        send(f"{hook.url}/tm")


def _refuse(house: House) -> None:
    text = house.path.read_text(encoding="utf-8")
    house.path.write_text(text.replace(", allow_private = true", ""), encoding="utf-8")


def test_what_was_refused_waits_and_goes_out_with_the_same_id_once_allowed(house: House, run: Run) -> None:
    _refuse(house)
    run("check")
    house.serve(CANCELLED)
    ran = run("check")
    assert ran.code == 1
    assert "allow_private = true" in ran.err
    assert run("doctor").code == 1
    (alert,) = run("alerts", "list", "--json").json
    (waits,) = [one for one in alert["deliveries"] if one["channel"] == "webhook"]
    assert (waits["state"], house.hook.posts) == ("pending", [])
    house.configure()
    run("alerts", "retry", "--all")
    assert run("check").code == 0
    assert [post["webhook-id"] for post, _ in house.hook.posts] == [waits["message_id"]]
