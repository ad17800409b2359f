"""Mutes: what is stored as ever and not told for a while. Pure.

A mute is applied where an alert is made, in the transaction of the change, and not where it is delivered. So
what was silenced is decided once, by the mutes that held when the change was seen, and stands in the books
with it (`store.muted`); nothing that was silenced is sent when the mute is over, and an alert that was made
before the mute goes out.

Only news of filings is muted: changes, and filings that are new. What is critical passes unless the mute says
otherwise: an opposition period or a registration that dies is the kind of thing that people are liable for,
and whoever mutes has a nuisance in mind. Deadlines are never muted, by a mute of a whole watch neither: their
day is told at a few distances, and one that was silenced cannot be made up for (`[deadlines] remind` switches
them off on purpose). Nor is what is told of tmwatch itself, a source that fails or a watch that is late: who
mutes a watch relies on its being watched.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from tmwatch.changes.fields import FILING
from tmwatch.config import Config, Mute, Watch
from tmwatch.model import Change, Significance

SOON = dt.timedelta(days=7)
Silenced = tuple[Change, Mute]


@dataclass(frozen=True)
class Standing:
    """How a mute of the configuration stands now."""

    mute: Mute
    over: dt.datetime  # UTC
    state: Literal["active", "ends soon", "expired"]

    @property
    def holds(self) -> bool:
        """Whether it silences anything now."""
        return self.state != "expired"

    @property
    def words(self) -> str:
        """ "goods of watch "JD cars", until 2026-12-31 (class headings are being reworded)"."""
        until = "expired, it held until" if not self.holds else "until"
        critical = ", what is critical too" if self.mute.critical else ""
        soon = ", ends soon" if self.state == "ends soon" else ""
        reason = f" ({self.mute.reason})" if self.mute.reason else ""
        return f"{self.mute.scope}{critical}, {until} {self.mute.last}{soon}{reason}"

    def as_json(self) -> dict[str, Any]:
        """For `--json`."""
        mute = self.mute
        return {
            "watch": mute.watch,
            "fields": list(mute.field),
            "recipients": list(mute.recipients),
            "until": mute.last,
            "over": self.over.isoformat(),
            "state": self.state,
            "reason": mute.reason,
            "critical": mute.critical,
        }


def standings(config: Config, at: dt.datetime, watch: str | None = None) -> list[Standing]:
    """Every mute of the file and how it stands, the first to end first; those that concern a `watch`."""
    found = []
    for mute in config.mutes:
        if watch is not None and mute.watch not in (None, watch):
            continue
        over = mute.over(config.schedule.zone)
        state: Literal["active", "ends soon", "expired"] = "active"
        if over <= at:
            state = "expired"
        elif over <= at + SOON:
            state = "ends soon"
        found.append(Standing(mute, over, state))
    return sorted(found, key=lambda one: one.over)


@dataclass(frozen=True)
class Audience:
    """Recipients of a watch for whom the same mutes hold; of a watch that tells nobody it has no names."""

    names: tuple[str, ...]
    mutes: tuple[Mute, ...] = ()

    def of_new(self) -> Mute | None:
        """The mute that silences a filing that is new; None: it is told."""
        return self._silences(FILING, Significance.HIGH)

    def part(self, changes: Iterable[Change]) -> tuple[tuple[Change, ...], tuple[Silenced, ...]]:
        """What of these changes is told, and what is silenced by which mute."""
        told: list[Change] = []
        silenced: list[Silenced] = []
        for change in changes:
            mute = self._silences(change.field, change.significance)
            if mute is None:
                told.append(change)
            else:
                silenced.append((change, mute))
        return tuple(told), tuple(silenced)

    def _silences(self, field: str, matter: Significance) -> Mute | None:
        urgent = matter is Significance.CRITICAL
        return next((one for one in self.mutes if one.means(field) and (one.critical or not urgent)), None)


def audiences(watch: Watch, config: Config, at: dt.datetime) -> Sequence[Audience]:
    """The recipients of a watch, those together for whom the same mutes hold now."""
    names = tuple(dict.fromkeys(watch.notify))
    held = [one.mute for one in standings(config, at, watch.name) if one.holds] if config.mutes else []
    if not held:
        return [Audience(names)]
    if not names:
        return [Audience((), tuple(one for one in held if not one.recipients))]
    groups: dict[tuple[Mute, ...], list[str]] = {}
    for name in names:
        mine = tuple(one for one in held if not one.recipients or name in one.recipients)
        groups.setdefault(mine, []).append(name)
    return [Audience(tuple(them), mutes) for mutes, them in groups.items()]


__all__ = ["SOON", "Audience", "Silenced", "Standing", "audiences", "standings"]
