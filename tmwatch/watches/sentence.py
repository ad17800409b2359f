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
_LEVELS = {
    1: "level 1: near identical",
    2: "level 2 or nearer",
    3: "level 3 or nearer",
    4: "level 4: however distant",
}
_MOST = 5  # names or numbers spelled out


def sentence(watch: Watch) -> str:
    """What fires, what narrows it, who is told of what and how often; always one sentence."""
    joint = " or " if watch.require == "any" else " and at the same time "
    triggers = _triggers(watch)
    rule = f"A filing that {joint.join(triggers)}" if triggers else "Every filing"
    filters = _filters(watch)
    if filters:
        rule += f", if it {' and '.join(filters)}"
    quiet = watch.first_look == "quiet"
    notes = [
        _ROLES[watch.role],
        f"looked at every {interval(watch.every)}" if watch.every else "looked at with every check",
        f"the first look {'is summed up, not alerted' if quiet else 'alerts too'}",
    ]
    if watch.marks and not watch.level:
        notes.append("mark names: the same name only, but for case, width, blanks and signs")
    if watch.followed:
        numbers = [show_number(number) for number in watch.numbers if number.st13 in watch.followed]
        notes.append(f"marked relevant, and followed by number: {_listed(numbers, 'and')}")
    excepted = [*_quoted(watch.except_owners), *map(show_number, watch.except_numbers)]
    if excepted:
        notes.append(f"never by likeness: {_listed(excepted, 'and')}")
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
    shown = [show_number(number) for number in watch.numbers if number.st13 not in watch.followed]
    if shown:
        found.append(f"has the number {_listed(shown, 'or')}")
    if watch.owners:
        like = " or to an owner whose name looks like that" if watch.owners_like else ""
        found.append(f"belongs to {_listed(_quoted(watch.owners), 'or')}{like} (company forms folded)")
    if watch.agents:
        found.append(f"is represented by {_listed(_quoted(watch.agents), 'or')}")
    if watch.marks:
        names = _listed(_quoted(watch.marks), "or")
        near = f"bears a name near {names} ({_LEVELS.get(watch.level)})"
        found.append(near if watch.level else f"bears the same name as {names}")
    if not found and watch.numbers_file is not None:
        return ["has a number of the docket file (which names none that can be read)"]
    return found


def _filters(watch: Watch) -> list[str]:
    found = []
    if watch.classes:
        word = "class" if len(watch.classes) == 1 else "classes"
        related = " or in a related one" if watch.related else ""
        listed = _listed([str(one) for one in watch.classes], "or", most=45)
        found.append(f"stands in {word} {listed}{related}")
    if watch.goods:
        found.append(f"has goods that hold {_listed(_quoted(watch.goods), 'or')}")
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
