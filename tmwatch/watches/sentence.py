"""The rule of a watch as one English sentence, for `watch test` and `watch list`."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from typing import TYPE_CHECKING

from tmwatch.numbers import show_number
from tmwatch.text import clean_line

if TYPE_CHECKING:
    from tmwatch.config.models import Watch

_ROLES = {
    "own": "your own filings",
    "adverse": "filings of others that may be in your way",
    "observed": "filings that are observed",
}
_MOST = 5  # names or numbers spelled out


def sentence(watch: Watch) -> str:
    """What fires, what narrows it, who is told of what and how often; always one sentence."""
    joint = " or " if watch.require == "any" else " and at the same time "
    rule = f"A filing that {joint.join(_triggers(watch))}"
    filters = _filters(watch)
    if filters:
        rule += f", if it {' and '.join(filters)}"
    quiet = watch.first_look == "quiet"
    notes = [
        _ROLES[watch.role],
        f"looked at every {interval(watch.every)}" if watch.every else "looked at with every check",
        f"the first look {'is summed up, not alerted' if quiet else 'alerts too'}",
    ]
    if watch.marks:
        notes.append("mark names: the same name only, but for case, width, blanks and signs")
    return f"{rule}: {_told(watch)} ({'; '.join(notes)})."


def _told(watch: Watch) -> str:
    least = "any significance" if watch.least.rank <= 1 else f"{watch.least} significance or more"
    if not watch.notify:
        return f"nobody is told, changes of {least} are only listed"
    names = _listed([f'"{clean_line(name)}"' for name in watch.notify], "and")
    return f"{names} {'is' if len(watch.notify) == 1 else 'are'} told of changes of {least}"


def interval(span: dt.timedelta) -> str:
    """ "day", "6 hours": what stands after "every"."""
    seconds = int(span.total_seconds())
    for unit, size in (("day", 86400), ("hour", 3600), ("minute", 60), ("second", 1)):
        if seconds % size == 0 and seconds >= size:
            count = seconds // size
            return unit if count == 1 else f"{count} {unit}s"
    return f"{span.total_seconds()} seconds"


def _triggers(watch: Watch) -> list[str]:
    found = []
    if watch.numbers:
        shown = [show_number(number) for number in watch.numbers]
        found.append(f"has the number {_listed(shown, 'or')}")
    if watch.owners:
        found.append(f"belongs to {_listed(_quoted(watch.owners), 'or')} (company forms folded)")
    if watch.agents:
        found.append(f"is represented by {_listed(_quoted(watch.agents), 'or')}")
    if watch.marks:
        found.append(f"bears the same name as {_listed(_quoted(watch.marks), 'or')}")
    return found or ["has a number of the docket file (which names none that can be read)"]


def _filters(watch: Watch) -> list[str]:
    found = []
    if watch.classes:
        word = "class" if len(watch.classes) == 1 else "classes"
        found.append(f"stands in {word} {_listed([str(one) for one in watch.classes], 'or', most=45)}")
    if watch.offices:
        word = "office" if len(watch.offices) == 1 else "offices"
        found.append(f"is at {word} {_listed(watch.offices, 'or', most=99)}")
    if watch.since:
        found.append(f"was filed on or after {watch.since}")
    return found


def _quoted(names: Sequence[str]) -> list[str]:
    return [f'"{clean_line(name)}"' for name in names]


def _listed(words: Sequence[str], joint: str, most: int = _MOST) -> str:
    """ "a, b or c"; a long list is cut and says how many more there are."""
    if len(words) > most:
        return f"{', '.join(words[:most])} {joint} {len(words) - most} more"
    if len(words) < 2:
        return "".join(words)
    return f"{', '.join(words[:-1])} {joint} {words[-1]}"
