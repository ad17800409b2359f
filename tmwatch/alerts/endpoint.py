"""A receiver apart from its deliveries: since when it fails, whether it is switched off.

Shared by the outbox and its store. A receiver about which nothing is known has no `Endpoint`.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import Literal

from tmwatch.alerts.delivery import Delivery
from tmwatch.config import SERVICES

Key = tuple[str, str, str]  # recipient, channel, address; of a mail server: "", "email", "host:port"
EndpointState = Literal["failing", "disabled"]


@dataclass(frozen=True)
class Endpoint:
    """One receiver in trouble. Instants in UTC."""

    recipient: str
    channel: str
    address: str  # as `Delivery.address`: never a URL
    state: EndpointState
    since: dt.datetime  # the first failure after the last success
    failures: int = 0  # times it was asked in vain since
    error: str = ""  # the latest
    told_at: dt.datetime | None = None  # when somebody was told that it fails
    gave_up_at: dt.datetime | None = None  # … that alerts to it were given up
    disabled_at: dt.datetime | None = None
    why: str = ""  # it was switched off
    fingerprint: str = ""  # of the URL it had then, salted and slow; a change of it is noticed

    @property
    def key(self) -> Key:
        """What it goes by."""
        return self.recipient, self.channel, self.address

    @property
    def name(self) -> str:
        """As a person calls it."""
        return name_of(self.key)


def key_of(delivery: Delivery) -> Key:
    """The receiver of a delivery."""
    return delivery.recipient, delivery.channel, delivery.address


def name_of(key: Key) -> str:
    """'the webhook of "legal"', 'Slack of "legal"', "a@firm.test", "the mail server smtp.firm.test:587"."""
    recipient, channel, address = key
    if channel in SERVICES:
        return f'{SERVICES[channel]} of "{recipient}"'
    if channel == "webhook":
        return f'the webhook of "{recipient}"'
    return address if recipient else f"the mail server {address}"
