"""What is told of a mass: that it began, and how it ended. Pure; `store.mass` says when. The words are in
`wording_en.toml` and `wording_zh.toml`: each reader gets his own (`view_mass`), the payload has the
English."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

from tmwatch.alerts.payload import AlertPayload, Mass
from tmwatch.alerts.summary import mass_line
from tmwatch.alerts.view_mass import mass_lines
from tmwatch.alerts.wording import wording
from tmwatch.model import Significance

MassState = Literal["open", "released", "dropped", "time", "back"]


def announcement(mass: Mass, watches: Sequence[str], share: int, *, sample: bool) -> AlertPayload:
    """So many filings of a source at once."""
    why = f"more than {share} % of the known filings of {mass.source} that one pass looked at"
    return _payload(mass, ", ".join(watches), Significance.HIGH, why, sample)


def recovery(mass: Mass, watch: str, *, sample: bool) -> AlertPayload:
    """It is over, or what was held for it has left."""
    why = "you were told that so many filings changed at once"
    return _payload(mass, watch, Significance.MEDIUM, why, sample)


def _payload(mass: Mass, watch: str, weight: Significance, why: str, sample: bool) -> AlertPayload:
    words = wording("en")
    return AlertPayload(
        kind="source.health",
        watch=watch,
        significance=weight,
        sample=sample,
        headline=mass_line(mass, words),
        why=why,
        detail="\n".join(mass_lines(mass, words, "UTC")),
        mass=mass,
    )
