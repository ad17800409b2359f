"""What every way out offers, and the errors that tell the outbox what to do next.

    DeliveryError               passing: tried again by the schedule
    ├── OperatorNeeded          waits for the operator: a secret, a certificate, a login. Never dropped
    ├── TryLater                passing, and the receiver says when
    ├── EndpointDown            passing, and nobody else need ask there in this run
    ├── BrokeOff                passing, in the middle of this message: it may be the message's fault
    ├── EndpointGone            the endpoint asks to be switched off: nothing more is sent, everything waits
    └── PermanentDeliveryError  no further tries of this message to this address

`endpoint_down` marks an error of the road rather than of the message (no connection, no secret): what
waits for the same endpoint in the same run need not knock again.
"""

from __future__ import annotations

from typing import Protocol

from tmwatch.alerts.delivery import Delivery
from tmwatch.config import Recipient
from tmwatch.errors import DeliveryError
from tmwatch.text import clean_line

ANSWER_LIMIT = 300
KEPT = "The message stays in the outbox."


class OperatorNeeded(DeliveryError):
    """Delivery waits for the operator; it stays in the outbox until it can be done."""

    endpoint_down = True


class EndpointDown(DeliveryError):
    """The receiver's machine cannot be reached or does not answer."""

    endpoint_down = True


class TryLater(DeliveryError):
    """The receiver says when to come back, in seconds."""

    endpoint_down = True

    def __init__(self, message: str, *, after: float, where: str = "", kept: str = "", do: str = "") -> None:
        super().__init__(message, where=where, kept=kept, do=do)
        self.after = after


class BrokeOff(DeliveryError):
    """The receiver left, or fell silent, in the middle of a message; it may have it in its books."""


class EndpointGone(DeliveryError):
    """The endpoint answered that it is gone for good (HTTP 410): it is switched off, what waits is kept."""

    endpoint_down = True


class Channel(Protocol):
    """One way out."""

    def endpoint(self, delivery: Delivery, recipient: Recipient) -> str:
        """What stands or falls together: the mail server, the webhook's address. Never shown."""
        ...

    def send(self, delivery: Delivery, recipient: Recipient) -> str:
        """Deliver once and return the receiver's answer, one clean line.

        Raises `DeliveryError` or one of its kinds, never with a secret in its text.
        """
        ...


def answer_line(answer: bytes | str) -> str:
    """A receiver's words as one clean line: hostile like any page."""
    text = answer.decode("utf-8", "replace") if isinstance(answer, bytes) else answer
    return clean_line(text, ANSWER_LIMIT)
