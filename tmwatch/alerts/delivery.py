"""One delivery: an alert on its way to one address. Shared by the outbox, its store and the channels."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import Literal

from tmwatch.alerts.payload import AlertPayload

State = Literal["pending", "sent", "dead", "held", "dropped", "digested"]
ChannelName = Literal["email", "webhook", "slack", "teams", "feishu", "dingtalk", "wecom", "ntfy", "apprise"]


@dataclass(frozen=True)
class Delivery:
    """One alert to one address. `message_id` is stable: Message-ID of the mail, webhook-id of the hook."""

    id: int
    alert_id: int
    recipient: str  # the name in the configuration
    channel: ChannelName
    address: str
    tries: int  # tries made before this one
    message_id: str
    payload: AlertPayload
    created_at: dt.datetime  # UTC
    state: State = "pending"
    asked_at: dt.datetime | None = None  # when the receiver was last asked to take it, in vain
    joined: int = 0  # how often more filings have joined the alert
    # Of a mail: the ids of the first mails about its filings to the same address, whose thread it joins.
    threads: tuple[str, ...] = ()
