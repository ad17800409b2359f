"""What is known after a source has spoken: its fields replace ours, everything else stays."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from tmwatch.changes.compare import align, filled, folded, owner_key, proceeding_key, same
from tmwatch.changes.events import added_to, in_order, pair
from tmwatch.model import FIELDS, GoodsServices, MarkEvent, Phase, Proceeding, ProceedingEntry, TradeMark

# The status is one statement: its parts are taken together, so that a sentence never keeps the code
# of the status before it.
STATUS = ("status_code", "status_text", "status_date", "status_phase", "status_live", "tm5_csd", "tm5_source")

_KEYS: dict[str, Callable[[Any], str]] = {
    "classes": lambda item: item.class_number,
    "owners": owner_key,
    "owner_history": lambda item: f"{item.role_code or item.role}/{item.sequence}/{owner_key(item)}",
    "representatives": lambda item: folded(item.name),
    "assignments": lambda item: item.reel_frame,
    "priorities": lambda item: f"{item.country}/{item.registration_number or item.number}",
    "proceedings": proceeding_key,
    "design_codes": lambda item: item.code,
    "publications": lambda item: str(item.date),
    "designations": lambda item: item.office,
    "seniorities": lambda item: f"{item.country}/{item.registration_number or item.number}",
    "basic_marks": lambda item: f"{item.kind}/{item.office}/{item.number}",
}


def merge(known: TradeMark | None, given: TradeMark) -> TradeMark:
    """The record after `given` was said about what was `known` before (None: nothing).

    Raises `ValueError` when the two are not the same filing.
    """
    if known is None:
        events = in_order(given.events)
        if given.provenance is None and events == given.events:
            return given  # as it is: its JSON and its hash are known already
        return given.model_copy(update={"provenance": None, "events": events})
    if known.st13 != given.st13:
        raise ValueError(f"{given.st13} is not {known.st13}")
    values: dict[str, Any] = {name: getattr(known, name) for name in FIELDS}
    for name in given.covers:
        # Where single items were ever told of, nobody's list is the whole: it takes nothing away.
        combine = _add if name in given.adds or name in known.adds else _combine
        values[name] = combine(name, getattr(known, name), getattr(given, name))
    values.update(merge_status(known, given))
    return TradeMark.model_construct(
        office=known.office,
        st13=known.st13,
        covers=known.covers | given.covers,
        adds=known.adds | given.adds,
        provenance=None,
        **values,
    )


def status_changed(known: TradeMark, given: TradeMark) -> bool:
    """Another status: by the office's code where both give one, else by its words."""
    if not given.gives("status_code") and not given.gives("status_text"):
        return False
    if known.status_code and given.status_code:
        return folded(known.status_code) != folded(given.status_code)
    if known.status_text and given.status_text:
        return folded(known.status_text) != folded(given.status_text)
    # No word in common: one gives a code, the other a sentence that stands in no table.
    if Phase.UNKNOWN in (known.status_phase, given.status_phase) and known.status_date and given.status_date:
        return known.status_date != given.status_date
    return known.status_phase != given.status_phase


def merge_status(known: TradeMark, given: TradeMark) -> dict[str, Any]:
    """The status fields after `given`: replaced as one; gaps filled only if the status is the same."""
    if not (given.covers & set(STATUS)):
        return {}
    taken = {name: getattr(given, name) for name in STATUS if given.gives(name)}
    if status_changed(known, given):
        # Nothing of the old status may stand beside the new one.
        empty = TradeMark.model_fields
        return {name: taken.get(name, empty[name].default) for name in STATUS}
    merged = {name: taken[name] if taken.get(name) is not None else getattr(known, name) for name in STATUS}
    if known.tm5_source == "office" and given.tm5_source != "office":
        # The office's own descriptor is better than ours computed from the phase.
        merged["tm5_csd"], merged["tm5_source"] = known.tm5_csd, known.tm5_source
    return merged


def _combine(name: str, old: Any, new: Any) -> Any:
    if name == "events":
        both, _, _ = pair(old, new)
        earlier = {id(now): before for before, now in both}
        return tuple(filled(event, earlier.get(id(event))) for event in in_order(new))
    if name in _KEYS:
        return _combine_items(old, new, _KEYS[name])
    return filled(new, old)


def _add(name: str, old: Sequence[Any], new: Sequence[Any]) -> tuple[Any, ...]:
    """All of `old`, with the items of `new` in the place of their twins or behind, in an order of its own
    that does not depend on who spoke first."""
    if name == "events":
        return added_to(old, new)
    key = _KEYS[name]
    items = {key(item): item for item in old}
    for item in new:
        twin = items.get(key(item))
        items[key(item)] = item if twin is None else _filled(item, twin)
    if name == "proceedings":
        return tuple(sorted(items.values(), key=lambda one: (str(one.filed or ""), key(one))))
    return tuple(items[found] for found in sorted(items))


def _combine_items(old: Sequence[Any], new: Sequence[Any], key: Callable[[Any], str]) -> tuple[Any, ...]:
    """Items of `new`, gaps filled from the item of the same key in `old`: of several, the one alike."""
    twins = {now: was for was, now in align(old, new, lambda item: (key(item), _words(item)), key)}
    return tuple(_filled(item, old[twins[now]]) if now in twins else item for now, item in enumerate(new))


def _filled(new: Any, old: Any) -> Any:
    """`filled`; the sides and the docket of a proceeding one by one, and nothing of a status that has passed.

    A board's file may lack nearly any word: kind, role, name and text are "" there, and taken from `old`.
    """
    found = filled(new, old)
    if not isinstance(new, Proceeding) or not isinstance(old, Proceeding):
        return found
    twins = {
        now: was
        for was, now in align(
            old.parties,
            new.parties,
            lambda one: folded(one.name) or object(),
            lambda one: object() if one.identifier is None else one.identifier,
        )
        # A number of the office's tells who it is only where a name is missing: else it is somebody else.
        if not (old.parties[was].name and new.parties[now].name)
        or folded(old.parties[was].name) == folded(new.parties[now].name)
    }
    parties = tuple(
        _worded(one, old.parties[twins[now]], "name", "role") if now in twins else one
        for now, one in enumerate(new.parties)
    )
    update: dict[str, Any] = {"parties": parties or old.parties, "kind": new.kind or old.kind}
    if folded(found.status or "") != folded(old.status or ""):
        update |= {"status_code": new.status_code, "status_date": new.status_date}
    if new.docket and old.docket:
        update["docket"] = _filled_docket(new.docket, old.docket)
    return found.model_copy(update=update)


def _worded(new: Any, old: Any, *words: str) -> Any:
    """`filled`, and words that the record must have, where they are empty."""
    gaps = {name: getattr(old, name) for name in words if not getattr(new, name)}
    made = filled(new, old)
    return made.model_copy(update=gaps) if gaps else made


def _filled_docket(
    new: Sequence[ProceedingEntry], old: Sequence[ProceedingEntry]
) -> tuple[ProceedingEntry, ...]:
    """The entries of `new`; one without its day or words has those that were known under its number."""
    known = {one.number: one for one in old if one.number is not None}
    made = []
    for one in new:
        was = known.get(one.number) if one.number is not None else None
        if was is not None and (one.date is None or not one.text) and one.code in (None, was.code):
            one = one.model_copy(update={"date": one.date or was.date, "text": one.text or was.text})
        made.append(one)
    return tuple(made)


def news_of(
    name: str, given: TradeMark, known: TradeMark, before: TradeMark | None, *, older: bool
) -> tuple[Any, ...]:
    """Of the single items that a weaker source tells of, those that count against a stronger one: what the
    stronger never told of, and what is news from itself (other than in `before`) unless `older`."""
    key = _KEYS.get(name, _event_key)
    held = {key(item) for item in getattr(known, name)}
    said = {key(item): item for item in getattr(before, name)} if before is not None else {}
    return tuple(
        item
        for item in getattr(given, name)
        if key(item) not in held or not (older or (key(item) in said and same(said[key(item)], item)))
    )


def _event_key(event: MarkEvent) -> str:
    return f"{event.date} {event.code or ''} {folded(event.text)}"


def _words(item: Any) -> str:
    """Of two blocks of one class, the goods say which is which."""
    return folded(item.text or "") if isinstance(item, GoodsServices) else ""
