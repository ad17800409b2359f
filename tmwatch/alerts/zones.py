"""Instants as a reader sees them."""

from __future__ import annotations

import datetime as dt
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError


def instant(moment: dt.datetime | None, timezone: str) -> str:
    """An instant in the reader's zone, which is named beside it."""
    if moment is None:
        return ""
    aware = moment if moment.tzinfo else moment.replace(tzinfo=dt.UTC)
    try:
        zone, name = ZoneInfo(timezone), timezone
    except (ZoneInfoNotFoundError, ValueError, OSError):
        zone, name = ZoneInfo("UTC"), "UTC"
    return f"{aware.astimezone(zone):%Y-%m-%d %H:%M} ({name})"
