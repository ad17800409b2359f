"""Hours and days on which a recipient is left alone: what comes meanwhile waits for their end.

Nothing urgent waits: what is critical, a deadline that comes near, and whatever has a date until a fortnight
after the quiet ends goes at once. What waits is looked at again by each run, uses up no try, and takes in
what joins it; so a change of the configuration, or a critical change that joins, counts at once.
"""

from __future__ import annotations

import datetime as dt
from zoneinfo import ZoneInfo

from tmwatch.alerts.payload import AlertPayload
from tmwatch.alerts.urgency import Urgency, urgency
from tmwatch.config import Recipient
from tmwatch.model import Significance
from tmwatch.schedules.closed import closed_until, parse_closed

_DATES = dt.timedelta(days=14)


def quiet_until(recipient: Recipient, instant: dt.datetime) -> dt.datetime | None:
    """When the quiet that holds `instant`, and what follows without a gap, is over (UTC), if there is one."""
    if not recipient.quiet and not recipient.quiet_days:
        return None
    zone = ZoneInfo(recipient.timezone)
    hours = [parse_closed(text, zone) for text in recipient.quiet]
    at, found = instant, None
    for _ in range(len(recipient.quiet_days) + 1 + 8 * len(hours)):
        ends = [end for end in (closed_until(hours, at), _day_over(recipient, at, zone)) if end is not None]
        if not ends:
            break
        found = at = max(ends)
    return found


def _day_over(recipient: Recipient, at: dt.datetime, zone: ZoneInfo) -> dt.datetime | None:
    day = at.astimezone(zone).date()
    if day not in recipient.quiet_days:
        return None
    return dt.datetime.combine(day + dt.timedelta(days=1), dt.time(), zone).astimezone(dt.UTC)


def waits_until(
    recipient: Recipient, alert: AlertPayload | Urgency, instant: dt.datetime
) -> dt.datetime | None:
    """Until when an alert waits for the end of a recipient's quiet; None: it does not."""
    until = quiet_until(recipient, instant)
    if until is None:
        return None
    one = alert if isinstance(alert, Urgency) else urgency(alert)
    if one.significance is Significance.CRITICAL or one.kind == "deadline.due":
        return None
    return None if one.first_due is not None and one.first_due <= (until + _DATES).date() else until
