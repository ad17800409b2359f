"""Deadlines as an iCalendar file (RFC 5545): days of the office's own calendar, without any zone.

Two renders of the same books are the same bytes: the stamp of an entry is the instant at which it changed
last. A calendar that subscribes or imports again finds each entry by its UID; SEQUENCE has risen where its
day moved, and what is moot or gone is CANCELLED.
"""

from __future__ import annotations

import datetime as dt
import hashlib
from collections.abc import Iterable, Mapping

from icalendar import Alarm, Calendar, Event

from tmwatch import __version__
from tmwatch.deadlines import DISCLAIMER
from tmwatch.due import Due
from tmwatch.store.deadlines import Shown

REMINDERS = (90, 30, 7, 1)  # days before


def calendar_of_due(dues: Iterable[Due], books: Mapping[str, Shown]) -> bytes:
    """The file. `books` is what `store.deadlines.book` returned for these: entries of it that are cancelled
    are cancelled in the calendar too, whether the deadline is still computed or not."""
    calendar = Calendar()
    calendar.add("prodid", f"-//tmwatch//tmwatch {__version__}//EN")
    calendar.add("version", "2.0")
    calendar.add("calscale", "GREGORIAN")
    calendar.add("method", "PUBLISH")
    calendar.add("x-wr-calname", "Trade mark deadlines")
    calendar.add("x-wr-caldesc", DISCLAIMER)
    entries = {one.key: one for one in dues}
    for key, shown in sorted(books.items()):
        due = entries.get(key)
        if due is not None or shown.state == "cancelled":
            calendar.add_component(_event(shown, due))
    return bytes(calendar.to_ical())


def uid(key: str) -> str:
    """The UID of a deadline: from what it is, never from its day."""
    return f"{hashlib.sha256(key.encode()).hexdigest()[:32]}@deadlines.tmwatch"


def _event(shown: Shown, due: Due | None) -> Event:
    cancelled = shown.state == "cancelled"
    changed = dt.datetime.fromisoformat(shown.changed_at).replace(microsecond=0)
    event = Event()
    event.add("uid", uid(shown.key))
    event.add("dtstamp", changed)
    event.add("last-modified", changed)
    event.add("sequence", shown.sequence)
    event.add("dtstart", shown.day)
    event.add("dtend", shown.day + dt.timedelta(days=1))
    event.add("summary", f"{'met: ' if shown.state == 'met' else ''}{shown.what}")
    event.add("status", "CANCELLED" if cancelled else "CONFIRMED")
    event.add("transp", "TRANSPARENT")
    lines = [DISCLAIMER]
    if due is not None:
        ref = [f"Docket: {due.docket_ref}"] if due.docket_ref else []
        lines = [*ref, *due.details(), *_looked(due), DISCLAIMER]
        event.add("categories", [due.deadline.act])
        if due.deadline.link:
            event.add("url", due.deadline.link)
    elif cancelled:
        lines.insert(0, "The record no longer gives a reason for this date.")
    event.add("description", "\n".join(lines))
    if shown.state == "live" and (due is None or due.days_left >= 0):
        for days in REMINDERS:
            event.add_component(_reminder(shown, days))
    return event


def _reminder(shown: Shown, days: int) -> Alarm:
    alarm = Alarm()
    alarm.add("action", "DISPLAY")
    alarm.add("description", f"{shown.what}: {days} day{'s' if days > 1 else ''} left")
    alarm.add("trigger", dt.timedelta(days=-days))
    return alarm


def _looked(due: Due) -> list[str]:
    return [f"Record of {due.as_of}"] if due.as_of else []
