"""How the file grows, and how long the disk lasts at that rate.

Each check books how many bytes are in use (`run.summary`). Two such entries at least a day apart give the
rate; without them, what was written down in the last 30 days does, which leaves out what SQLite adds.
"""

from __future__ import annotations

import datetime as dt
import json
import shutil
from dataclasses import dataclass
from typing import Any

from tmwatch.store.database import Database, iso, now

_WINDOW = dt.timedelta(days=90)
_LEAST = dt.timedelta(days=1)
_MONTH, _YEAR = 30, 365


@dataclass(frozen=True)
class Growth:
    """Bytes. `measured_days` is 0 where nothing can be said yet."""

    used: int  # in the file, without the space that is free in it
    free_on_disk: int | None
    per_day: float = 0.0
    measured_days: float = 0.0
    basis: str = ""  # "checks" or "rows"

    @property
    def in_a_year(self) -> int:
        """How much larger the file will be."""
        return round(self.per_day * _YEAR)

    @property
    def days_left(self) -> float | None:
        """Until the disk is full; None where that cannot be said, or never comes."""
        if self.free_on_disk is None or self.per_day <= 0:
            return None
        return self.free_on_disk / self.per_day

    def as_json(self) -> dict[str, Any]:
        """For `doctor --json`."""
        return {
            "used": self.used,
            "free_on_disk": self.free_on_disk,
            "per_day": round(self.per_day),
            "per_month": round(self.per_day * _MONTH),
            "in_a_year": self.in_a_year,
            "days_left": round(self.days_left) if self.days_left is not None else None,
            "measured_days": round(self.measured_days, 1),
            "basis": self.basis or None,
        }


def used(database: Database) -> int:
    """Bytes of the file that hold something."""
    page, pages, free = (
        database.conn.execute(f"pragma {name}").fetchone()[0]
        for name in ("page_size", "page_count", "freelist_count")
    )
    return int(page * (pages - free))


def growth(database: Database) -> Growth:
    """What the books say of the last 90 days."""
    try:
        free: int | None = shutil.disk_usage(database.path.parent).free
    except OSError:
        free = None
    size = used(database)
    measured = _from_checks(database, size) or _from_rows(database)
    if measured is None:
        return Growth(size, free)
    per_day, days, basis = measured
    return Growth(size, free, max(per_day, 0.0), days, basis)


def _from_checks(database: Database, size: int) -> tuple[float, float, str] | None:
    for row in database.conn.execute(
        "select ended_at, summary from run where ended_at >= ? order by ended_at", (iso(now() - _WINDOW),)
    ):
        bytes_then = json.loads(row["summary"] or "{}").get("bytes")
        if isinstance(bytes_then, int):
            past = now() - dt.datetime.fromisoformat(row["ended_at"])
            if past < _LEAST:
                return None
            days = past / dt.timedelta(days=1)
            return (size - bytes_then) / days, days, "checks"
    return None


def _from_rows(database: Database) -> tuple[float, float, str] | None:
    since = now() - dt.timedelta(days=_MONTH)
    first = database.conn.execute("select min(looked_at) as at from observation").fetchone()["at"]
    if first is None:
        return None
    days = min(now() - dt.datetime.fromisoformat(first), now() - since) / dt.timedelta(days=1)
    if days < 1:
        return None
    written = 0
    for what in (
        "select coalesce(sum(length(body)), 0) as n from snapshot where stored_at >= ?",
        "select coalesce(sum(length(r.json)), 0) as n from mark_version v join record r"
        " on r.hash = v.content_hash where v.created_at >= ?",
        "select coalesce(sum(length(payload)), 0) as n from alert where created_at >= ?",
        "select count(*) * 600 as n from observation where looked_at >= ?",
    ):
        written += database.conn.execute(what, (iso(since),)).fetchone()["n"]
    return written / days, days, "rows"
