"""By what it is known whether an alert can wait: little enough to be read without the alert itself."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

from tmwatch.alerts.payload import AlertPayload
from tmwatch.model import Significance


@dataclass(frozen=True)
class Urgency:
    """Of one alert. `first_due` is the first date that stands in it, whoever has to act."""

    kind: str
    watch: str
    significance: Significance
    first_due: dt.date | None = None


def urgency(payload: AlertPayload) -> Urgency:
    """Of an alert that is at hand."""
    return Urgency(payload.kind, payload.watch, payload.significance, first_due(payload))


def first_due(payload: AlertPayload) -> dt.date | None:
    """The first date in it; None where it has none."""
    return min((due.day for card in payload.cards for due in card.dues), default=None)
