"""Trying a recipient out: a marked test by each of its ways, and what the other side really says to it.

A test is made here and sent at once: it touches no database, so that it never stands among the alerts. It
has a kind of its own ("test"), by which a program behind a webhook knows it.
"""

from __future__ import annotations

import datetime as dt
import time
import uuid
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, cast

from tmwatch.alerts.channels.base import Channel
from tmwatch.alerts.channels.table import Channels
from tmwatch.alerts.delivery import ChannelName, Delivery
from tmwatch.alerts.payload import AlertPayload
from tmwatch.alerts.wording import wording
from tmwatch.config import Config, Recipient
from tmwatch.errors import DeliveryError
from tmwatch.masking import mask
from tmwatch.model import Significance
from tmwatch.text import clean_line


@dataclass(frozen=True)
class Trial:
    """How a test went by one way. `answer` is what the receiver said, secrets masked."""

    channel: str
    address: str  # the recipient's name, where the address is a secret
    took: bool
    answer: str = ""
    error: str = ""
    do: str = ""
    seconds: float = 0.0

    def as_json(self) -> dict[str, Any]:
        """For `notify test --json`."""
        return {
            "channel": self.channel,
            "address": self.address,
            "took": self.took,
            "answer": self.answer or None,
            "error": self.error or None,
            "do": self.do or None,
            "seconds": round(self.seconds, 2),
        }


def payload(language: str) -> AlertPayload:
    """What a test says: that it is one."""
    words = wording(language)
    return AlertPayload(
        kind="test",
        watch="tmwatch",
        significance=Significance.MEDIUM,
        headline=words.say("test_lead"),
        why=words.say("test_why"),
        detail=words.say("test_detail"),
        note="",
    )


def try_out(
    config: Config,
    recipient: Recipient,
    env: Mapping[str, str],
    *,
    only: Collection[str] = (),
    channels: Mapping[str, Channel] | None = None,
) -> Iterator[Trial]:
    """Send a test by each way (of the channels in `only`, if any are given); one trial each, as it ends."""
    channels = channels if channels is not None else Channels(config, env)
    secrets = config.secrets(env)
    for channel, address in recipient.ways:
        if only and channel not in only:
            continue
        started = time.monotonic()
        try:
            answer, failed = channels[channel].send(_test(recipient, channel, address), recipient), None
        except DeliveryError as error:
            answer, failed = "", error
        # As in the outbox: what cannot be made is said, and the other ways are tried.
        except Exception as error:  # noqa: BLE001 - whatever a channel raises is an answer here
            what = clean_line(f"{type(error).__name__}: {error}", 200)
            answer, failed = (
                "",
                DeliveryError(f"the message could not be made: {what}"),
            )
        seconds = time.monotonic() - started
        if failed is None:
            yield Trial(channel, address, took=True, answer=mask(answer, secrets), seconds=seconds)
            continue
        said = f"{failed.where}: {failed.message}" if failed.where else failed.message
        yield Trial(
            channel,
            address,
            took=False,
            error=mask(said, secrets),
            do=mask(failed.do, secrets),
            seconds=seconds,
        )


def _test(recipient: Recipient, channel: str, address: str) -> Delivery:
    return Delivery(
        id=0,
        alert_id=0,
        recipient=recipient.name,
        channel=cast("ChannelName", channel),
        address=address,
        tries=0,
        message_id=f"test-{uuid.uuid4().hex}",
        payload=payload(recipient.language),
        created_at=dt.datetime.now(dt.UTC),
    )
