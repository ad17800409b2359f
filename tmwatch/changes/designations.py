"""What changed at the designated offices of an international registration.

One designation an office. A designation that came or went, or stands otherwise than it did, is news; the
same standing in other words, or in another order, is none.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, Literal

from tmwatch.changes import significance as weight
from tmwatch.changes.compare import same, show, verbatim
from tmwatch.model import Change, Designation, Live, Significance

FIELD = "designations"


def show_standing(one: Designation, *, event: bool = True) -> str:
    """ "SG: protected in part, 2016-10-20 (Statement indicating the goods …)"."""
    parts = [one.standing.replace("_", " "), str(one.standing_date or "")]
    said = ", ".join(part for part in parts if part)
    return f"{one.office}: {said}{f' ({one.standing_event})' if event and one.standing_event else ''}"


def designations(
    name: str, old: Sequence[Designation], new: Sequence[Designation], office: str
) -> Iterable[Change]:
    """A rule of `diff`. An office that leaves the list of today is removed, though its history stays."""
    before, after = {one.office: one for one in old}, {one.office: one for one in new}
    for key, now in after.items():
        was = before.get(key)
        if was is None or (now.listed and not was.listed):
            matter = weight.HIGH if now.listed else weight.LOW
            yield _change(FIELD, "added", matter, key, None, show_standing(now), now)
        elif was.listed and not now.listed:
            yield _gone(was, now)
        else:
            yield from _same_office(key, was, now)
    for key, was in before.items():
        if key not in after:
            yield _gone(was, None)


def _gone(was: Designation, now: Designation | None) -> Change:
    ended = was.live is Live.LIVE and was.listed
    matter = weight.CRITICAL if ended else weight.MEDIUM
    return _change(FIELD, "removed", matter, was.office, show_standing(was), None, now)


def _same_office(key: str, was: Designation, now: Designation) -> Iterable[Change]:
    if was.standing != now.standing:
        matter = weight.of_status(was.phase, now.phase, was.live, now.live)
        if matter is weight.MEDIUM:
            matter = weight.HIGH  # protected, then in part only: one phase, another scope
        yield _change(
            f"{FIELD}.standing", "changed", matter, key, show_standing(was), show_standing(now), now
        )
    elif not same(was.standing_date, now.standing_date):
        yield _change(
            f"{FIELD}.standing", "changed", weight.LOW, key, show_standing(was), show_standing(now), now
        )
    elif not verbatim(was.standing_event, now.standing_event):
        yield _change(
            f"{FIELD}.standing", "reworded", weight.COSMETIC, key, show_standing(was), show_standing(now), now
        )
    for part, matter in (
        ("date", weight.HIGH),
        ("notified", weight.MEDIUM),
        ("refusal_deadline", weight.MEDIUM),
        ("treaty", weight.LOW),
        ("use_declared", weight.LOW),
    ):
        old, new = getattr(was, part), getattr(now, part)
        if not same(old, new):
            texts = f"{key}: {show(old)}", f"{key}: {show(new)}"
            yield _change(f"{FIELD}.{part}", "changed", matter, key, *texts, None)


def _change(
    field: str,
    kind: Literal["added", "removed", "changed", "reworded"],
    significance: Significance,
    key: str,
    old: Any,
    new: Any,
    now: Designation | None,
) -> Change:
    date = now.standing_date if now else None
    return Change(field=field, kind=kind, significance=significance, key=key, old=old, new=new, date=date)
