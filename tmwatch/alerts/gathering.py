"""Many filings in one alert: in which order, which make a campaign, what is said of all. Pure.

The new filings of a watch are one alert, the nearest first; changes that one cause brought to several filings
of one owner are one too (`compose` says which).
"""

from __future__ import annotations

import datetime as dt
import hashlib
import json
from collections import Counter
from collections.abc import Iterable, Sequence

from tmwatch.alerts.campaigns import Ask, campaign, identity, level, together
from tmwatch.alerts.payload import AlertPayload, Campaign, CoverageLine, MarkCard
from tmwatch.alerts.summary import lead
from tmwatch.alerts.wording import wording
from tmwatch.model import FactKind, Significance
from tmwatch.text import fold

_REASONS = 6  # parts of the reasons that are said for the whole alert; each filing has its own besides


def new_filings(
    watch: str,
    role: str,
    cards: Iterable[MarkCard],
    lines: tuple[CoverageLine, ...],
    ask: Ask,
    before: Sequence[Campaign] = (),
) -> AlertPayload:
    """The alert of a watch's new filings: the nearest first, then the latest filed. `before`: campaigns of
    some of these filings; those that got no more of them stand as they are."""
    ordered = sorted(cards, key=_nearest)
    known = {frozenset(one.st13): one for one in before}
    return _said(
        AlertPayload(
            kind="filing.new",
            watch=watch,
            role=role,
            significance=Significance.HIGH,
            why=_why(ordered),
            cards=tuple(ordered),
            campaigns=tuple(
                known.get(frozenset(card.st13 for card in group)) or campaign(group, ask)
                for group in together(ordered)
            ),
            coverage=lines,
        )
    )


def cause(card: MarkCard) -> str:
    """A word for what befell a filing, the same for all of one owner that it befell alike: one cause is told
    once, whatever the marks."""
    told = sorted((one.field, one.old or "", one.new or "") for one in card.changes)
    who = sorted(identity(card.owners)) or [card.st13]
    return hashlib.sha256(json.dumps([who, told]).encode()).hexdigest()[:32]


def changed(
    watch: str, role: str, cards: Sequence[MarkCard], lines: tuple[CoverageLine, ...]
) -> AlertPayload:
    """The alert of changes that befell these filings alike."""
    ranks = [change.significance for card in cards for change in card.changes]
    return _said(
        AlertPayload(
            kind="filing.changed",
            watch=watch,
            role=role,
            significance=max(ranks, key=lambda rank: rank.rank, default=Significance.HIGH),
            why=_why(cards),
            cards=tuple(cards),
            coverage=lines,
        )
    )


def _said(payload: AlertPayload) -> AlertPayload:
    sample = any(card.facts is FactKind.SAMPLE for card in payload.cards)
    payload = payload.model_copy(update={"sample": sample})
    return payload.model_copy(update={"headline": lead(payload, wording("en"))})


def _nearest(card: MarkCard) -> tuple[int, bool, float, int, str]:
    filed = (card.application_date or dt.date.min).toordinal()
    near = card.near
    other = near is not None and fold(card.mark) != fold(near.to)  # a twin scores as high as the very name
    return level(card), other, -near.score if near else 0.0, -filed, card.st13


def _why(cards: Sequence[MarkCard]) -> str:
    """What brought the filings under the watch: first what holds for most of them."""
    counts = Counter(part for card in cards for part in dict.fromkeys(card.why.split("; ")) if part)
    parts = [part for part, _ in counts.most_common()]
    if len(cards) > 1 and len(parts) > _REASONS + 1:  # a single one left over is said itself
        parts = [*parts[:_REASONS], f"and {len(parts) - _REASONS} more reasons, each beside its filing"]
    return "; ".join(parts)
