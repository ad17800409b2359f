"""Oppositions, cancellations, appeals: what of one has changed, in words."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from tmwatch.changes import significance as weight
from tmwatch.changes.compare import align, folded, proceeding_key, same, show, squeeze, verbatim
from tmwatch.model import Change, Proceeding, ProceedingEntry, ProceedingParty


def show_proceeding(one: Proceeding) -> str:
    """ "Opposition 91291978, filed 2024-06-10; A (Plaintiff); B (Defendant); Terminated since 2025-10-15"."""
    filed = f", filed {one.filed}" if one.filed else ""
    sides = "; ".join(show_side(party) for party in one.parties)
    status = " since ".join(part for part in (squeeze(one.status or ""), show(one.status_date)) if part)
    return "; ".join(part for part in (f"{show_kind(one)} {one.number}{filed}", sides, status) if part)


def show_kind(one: Proceeding) -> str:
    """Its kind, "Proceeding" where the office's file does not say it."""
    return one.kind or "Proceeding"


def show_side(one: ProceedingParty) -> str:
    """ "A (Plaintiff)", as far as the office's file says who and on which side."""
    name = squeeze(one.name) or "no name"
    return f"{name} ({one.role})" if one.role else name


def show_entry(one: ProceedingEntry) -> str:
    """ "2024-06-10 NOTICE AND TRIAL DATES SENT; ANSWER DUE: due 2024-07-20 [707]"."""
    return " ".join(part for part in (show(one.date), show_words(one)) if part)


def show_words(one: ProceedingEntry) -> str:
    """An entry without its day."""
    due = f"due {one.due}" if one.due else ""
    code = f"[{one.code}]" if one.code else ""
    return " ".join(part for part in (squeeze(one.text), due, code) if part)


def changes(name: str, old: Sequence[Proceeding], new: Sequence[Proceeding], office: str) -> Iterable[Change]:
    """What came, what became of those known, what is gone from a list that is whole."""
    before = {proceeding_key(one): one for one in old}
    after = {proceeding_key(one): one for one in new}
    for key, one in after.items():
        if key not in before:
            matter = weight.of_proceeding(office, "kind", one.kind)
            yield _change(name, "added", matter, key, None, show_proceeding(one), date=one.filed)
        else:
            yield from _one(office, key, before[key], one)
    for key, one in before.items():
        if key not in after:
            yield _change(name, "removed", weight.HIGH, key, show_proceeding(one), None)


def _change(field: str, kind: Any, matter: Any, key: str, old: Any, new: Any, **more: Any) -> Change:
    return Change(field=field, kind=kind, significance=matter, key=key, old=show(old), new=show(new), **more)


def _one(office: str, key: str, old: Proceeding, new: Proceeding) -> Iterable[Change]:
    if not same(old.status, new.status):
        matter = weight.of_proceeding(office, "status", new.status or "")
        yield _change(
            "proceedings.status", "changed", matter, key, old.status, new.status, date=new.status_date
        )
    elif not same(old.status_date, new.status_date):
        yield _change("proceedings.status_date", "changed", weight.LOW, key, old.status_date, new.status_date)
    yield from _sides(key, old.parties, new.parties)
    for part, matter in (("filed", weight.HIGH), ("attorney", weight.LOW), ("location", weight.LOW)):
        was, now = getattr(old, part), getattr(new, part)
        if was and now and not same(was, now):
            yield _change(f"proceedings.{part}", "changed", matter, key, was, now)
    if old.docket is not None and new.docket is not None:
        yield from _docket(office, key, old.docket, new.docket)


def _sides(key: str, old: Sequence[ProceedingParty], new: Sequence[ProceedingParty]) -> Iterable[Change]:
    pairs = align(old, new, lambda one: folded(one.name))
    if len(pairs) < max(len(old), len(new)) and old and new:
        names = [tuple(show_side(one) for one in side) for side in (old, new)]
        yield _change("proceedings.parties", "changed", weight.HIGH, key, *names)
    for was, now in pairs:
        before, after = old[was].marks, new[now].marks
        if before is None or after is None:
            continue
        marks = [sorted({_mark_line(one) for one in side}) for side in (before, after)]
        if [folded(one) for one in marks[0]] != [folded(one) for one in marks[1]]:
            shown = [tuple(side) for side in marks]
            yield _change("proceedings.marks", "changed", weight.HIGH, key, *shown)


def _mark_line(one: Any) -> str:
    registration = f"reg. {one.registration_number}" if one.registration_number else None
    return " ".join(part for part in (one.mark, one.application_number, registration) if part)


def _docket(
    office: str, key: str, old: Sequence[ProceedingEntry], new: Sequence[ProceedingEntry]
) -> Iterable[Change]:
    pairs = align(
        old,
        new,
        lambda one: (one.number, one.date, folded(one.text)),
        lambda one: (one.date, folded(one.text)),
        lambda one: one.number if one.number is not None else object(),
    )
    twins = {now: was for was, now in pairs}
    for place, one in enumerate(new):
        where = f"{key}#{one.number or place + 1}"
        matter = weight.of_proceeding(office, "docket", one.text)
        if place not in twins:
            yield _change("proceedings.docket", "added", matter, where, None, show_entry(one), date=one.date)
            continue
        before = old[twins[place]]
        if before.date != one.date or not same(before.due, one.due) or not same(before.text, one.text):
            shown = show_entry(before), show_entry(one)
            yield _change("proceedings.docket", "changed", weight.MEDIUM, where, *shown, date=one.date)
        elif not verbatim(before.text, one.text):
            yield _change("proceedings.docket", "reworded", weight.COSMETIC, where, before.text, one.text)
    for place, one in enumerate(old):
        if place not in twins.values():
            where = f"{key}#{one.number or place + 1}"
            yield _change("proceedings.docket", "removed", weight.MEDIUM, where, show_entry(one), None)
