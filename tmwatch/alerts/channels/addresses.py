"""Which addresses a webhook may be posted to: public ones, unless the configuration allows more.

Whoever can put a webhook into a configuration, or can move the name it points at, could otherwise reach
services behind the firewall through this machine (server-side request forgery). The table
`special_addresses.csv` beside this file is IANA's registries of special-purpose addresses, with what we
call each and whether `allow_private` opens it.
"""

from __future__ import annotations

import csv
import functools
import ipaddress
from collections.abc import Sequence
from dataclasses import dataclass
from importlib import resources

Address = ipaddress.IPv4Address | ipaddress.IPv6Address
Network = ipaddress.IPv4Network | ipaddress.IPv6Network

_PUBLIC_V6 = ipaddress.IPv6Network("2000::/3")  # global unicast, RFC 4291 2.4; nothing else is given out
# IPv6 addresses that only carry an IPv4 one: (network, bits right of it). They are judged by that one.
_CARRIERS = (
    (ipaddress.IPv6Network("::ffff:0:0/96"), 0),  # IPv4-mapped, RFC 4291 2.5.5.2
    (ipaddress.IPv6Network("::/96"), 0),  # IPv4-compatible, withdrawn, RFC 4291 2.5.5.1
    (ipaddress.IPv6Network("64:ff9b::/96"), 0),  # NAT64, RFC 6052
    (ipaddress.IPv6Network("2002::/16"), 80),  # 6to4, RFC 3056
)


@dataclass(frozen=True)
class Special:
    """Why an address is not public, and whether `allow_private` opens it."""

    what: str
    opens: bool


@functools.cache
def _table() -> tuple[tuple[Network, Special], ...]:
    text = resources.files("tmwatch.alerts.channels").joinpath("special_addresses.csv").read_text("utf-8")
    return tuple(
        (ipaddress.ip_network(row["network"]), Special(row["what"], row["allow_private"] == "opens"))
        for row in csv.DictReader(text.splitlines())
    )


def special(text: str) -> Special | None:
    """What is special about an address in its usual form ("10.0.0.1", "fe80::1%eth0"); None if it is public.

    Raises `ValueError` for what is no address.
    """
    return _special(ipaddress.ip_address(text.partition("%")[0]))


def _special(address: Address) -> Special | None:
    for network, found in _table():
        if address.version == network.version and address in network:
            return found
    if isinstance(address, ipaddress.IPv4Address):
        return None
    for carrier, right in _CARRIERS:
        if address in carrier:
            return _special(ipaddress.IPv4Address(int(address) >> right & 0xFFFFFFFF))
    return None if address in _PUBLIC_V6 else Special("not given out to anybody", opens=False)


def refused(addresses: Sequence[str], *, allow_private: bool) -> tuple[str, Special] | None:
    """The first address that may not be posted to, and why; None when all may be.

    One bad address among good ones is enough: whoever answers for the name chooses the order.
    """
    for text in addresses:
        found = special(text)
        if found is not None and not (allow_private and found.opens):
            return text, found
    return None
