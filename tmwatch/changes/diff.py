"""Old state against new state, field by field, in words."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from typing import Any, Literal

from tmwatch.changes import proceedings
from tmwatch.changes import significance as weight
from tmwatch.changes.compare import (
    align,
    bare,
    folded,
    owner_key,
    same,
    same_address,
    same_contact,
    show,
    show_party,
    squeeze,
    verbatim,
)
from tmwatch.changes.designations import designations
from tmwatch.changes.events import keys, numbered, pair
from tmwatch.changes.goods import compare_terms
from tmwatch.changes.merge import STATUS, status_changed
from tmwatch.model import FIELDS, Change, GoodsServices, MarkEvent, Party, Phase, Significance, TradeMark

_Kind = Literal["added", "removed", "changed", "reworded"]

# Told by another change, or ours rather than the office's: never a change of their own.
_SILENT = frozenset({"status_phase", "status_live", "tm5_source", "mark_feature_code"})


def diff(known: TradeMark, given: TradeMark, merged: TradeMark) -> list[Change]:
    """The changes from `known` to `merged` in the fields that `given` covers and that were known before. An
    item that `given` adds to a list (`TradeMark.adds`) is news though nobody gave the list before.

    Most significant first. Never raises for two states of one filing.
    """
    changes: list[Change] = []
    if given.covers & set(STATUS) and known.covers & set(STATUS):
        changes += _status(known, given, merged)
    for name in FIELDS:
        if name in STATUS or name in _SILENT or not given.gives(name):
            continue
        if not known.gives(name) and name not in given.adds:  # of single items the first is news too
            continue
        compare = _RULES.get(name, _scalar)
        changes += compare(name, getattr(known, name), getattr(merged, name), known.office)
    # The status first among equals: it is what a reader looks for.
    return sorted(changes, key=lambda change: (-change.significance.rank, change.field != "status"))


def _change(
    field: str, kind: _Kind, significance: Significance, old: Any = None, new: Any = None, **more: Any
) -> Change:
    return Change(field=field, kind=kind, significance=significance, old=show(old), new=show(new), **more)


def _kind_of(old: Any, new: Any) -> _Kind:
    if show(old) is None:
        return "added"
    return "removed" if show(new) is None else "changed"


# -- status ------------------------------------------------------------------------------------------


def show_status(record: TradeMark) -> str | None:
    """ "Registered and renewed. (800)": the office's words, its code behind them.

    Where the source gives the code alone (the US daily file), our word for the phase stands before it.
    """
    phase = "" if record.status_phase is Phase.UNKNOWN else record.status_phase.value.replace("_", " ")
    text = squeeze(record.status_text or "") or (phase if record.status_code else "")
    code = f"({record.status_code})" if record.status_code and record.status_code != text else ""
    return " ".join(part for part in (text, code) if part) or None


def _status(known: TradeMark, given: TradeMark, merged: TradeMark) -> Iterable[Change]:
    if status_changed(known, given):
        matter = weight.of_status(
            known.status_phase, merged.status_phase, known.status_live, merged.status_live
        )
        yield _change(
            "status", "changed", matter, show_status(known), show_status(merged), date=merged.status_date
        )
        return
    if not verbatim(known.status_text, given.status_text):
        yield _change("status", "reworded", weight.COSMETIC, show_status(known), show_status(merged))
    if not same(known.status_date, given.status_date):
        yield _change("status_date", "changed", weight.LOW, known.status_date, merged.status_date)
    elif known.status_phase is not merged.status_phase and Phase.UNKNOWN not in (
        known.status_phase,
        merged.status_phase,
    ):
        # Same code and words, another phase (an opposition flag): the flag is the news.
        matter = weight.of_status(
            known.status_phase, merged.status_phase, known.status_live, merged.status_live
        )
        yield _change("status_phase", "changed", matter, known.status_phase, merged.status_phase)
    if known.tm5_source == merged.tm5_source == "office" and not same(known.tm5_csd, given.tm5_csd):
        yield _change("tm5_csd", "changed", weight.MEDIUM, known.tm5_csd, merged.tm5_csd)


# -- plain values --------------------------------------------------------------------------------------


def _scalar(name: str, old: Any, new: Any, office: str) -> Iterable[Change]:
    empty_old, empty_new = show(old) is None, show(new) is None
    if empty_old and empty_new:
        return
    if not empty_old and not empty_new and same(old, new):
        if not verbatim(old, new):
            yield _change(name, "reworded", weight.COSMETIC, old, new)
        return
    yield _change(name, _kind_of(old, new), weight.BY_FIELD.get(name, weight.LOW), old, new)


def _as_set(name: str, old: Any, new: Any, office: str) -> Iterable[Change]:
    """Lists whose order says nothing: bases, categories, renewal dates, maintenance filings."""
    before = {folded(show(item) or ""): item for item in old or ()}
    after = {folded(show(item) or ""): item for item in new or ()}
    if before.keys() == after.keys():
        return
    yield _change(name, _kind_of(old, new), weight.BY_FIELD.get(name, weight.LOW), old, new)


def _items(key: Callable[[Any], str], added: Significance, changed: Significance) -> Any:
    """A rule for lists of things with an identity of their own (assignments, proceedings …)."""

    def rule(name: str, old: Sequence[Any], new: Sequence[Any], office: str) -> Iterable[Change]:
        before = {key(item): item for item in old}
        after = {key(item): item for item in new}
        for item_key, item in after.items():
            if item_key not in before:
                yield _change(name, "added", added, None, item, key=item_key)
            elif not same(before[item_key], item):
                yield _change(name, "changed", changed, before[item_key], item, key=item_key)
        for item_key, item in before.items():
            if item_key not in after:
                yield _change(name, "removed", changed, item, None, key=item_key)

    return rule


# -- goods and services --------------------------------------------------------------------------------


def _class_keys(classes: Sequence[GoodsServices]) -> list[str]:
    """Class numbers; a second block of one class gets "9/2" (a US file may have one)."""
    seen: Counter[str] = Counter()
    found = []
    for item in classes:
        seen[item.class_number] += 1
        place = seen[item.class_number]
        found.append(item.class_number if place == 1 else f"{item.class_number}/{place}")
    return found


def _classes(
    name: str, old: Sequence[GoodsServices], new: Sequence[GoodsServices], office: str
) -> Iterable[Change]:
    before, after = _class_keys(old), _class_keys(new)
    # Of several blocks of one class those with the same goods belong together, wherever they stand.
    alike = align(
        old, new, lambda item: (item.class_number, folded(item.text or "")), lambda item: item.class_number
    )
    twins = {now: was for was, now in alike}
    kept = set(twins.values())
    for place, (key, item) in enumerate(zip(after, new, strict=True)):
        if place not in twins:
            yield _change("classes", "added", weight.HIGH, None, item.text or f"class {key}", key=key)
        else:
            yield from _one_class(key, old[twins[place]], item)
    for place, (key, item) in enumerate(zip(before, old, strict=True)):
        if place not in kept:
            yield _change("classes", "removed", weight.HIGH, item.text or f"class {key}", None, key=key)


def _one_class(key: str, old: GoodsServices, new: GoodsServices) -> Iterable[Change]:
    if old.text is not None and new.text is not None and squeeze(old.text) != squeeze(new.text):
        terms = compare_terms(old.text, new.text)
        if terms.added or terms.removed:
            yield _change(
                "classes.text",
                "changed",
                weight.HIGH,
                old.text,
                new.text,
                key=key,
                terms_added=terms.added,
                terms_removed=terms.removed,
            )
        elif terms.marks_only:
            yield _change("classes.text", "changed", weight.MEDIUM, old.text, new.text, key=key)
        else:
            yield _change("classes.text", "reworded", weight.COSMETIC, old.text, new.text, key=key)
    if not same(old.status_code, new.status_code) or (
        None in (old.status_code, new.status_code) and not same(old.status_text, new.status_text)
    ):
        yield _change(
            "classes.status",
            "changed",
            weight.HIGH,
            old.status_text or old.status_code,
            new.status_text or new.status_code,
            key=key,
            date=new.status_date,
        )
    for language, told, tells in _translations(old, new):
        # The goods are told in one language; that a translation was corrected moves no right.
        kind: _Kind = "reworded" if folded(told) == folded(tells) else "changed"
        matter = weight.COSMETIC if kind == "reworded" else weight.LOW
        yield _change("classes.other_texts", kind, matter, told, tells, key=f"{key} {language}")
    for part, matter in (
        ("first_use", weight.MEDIUM),
        ("first_use_in_commerce", weight.MEDIUM),
        ("basis", weight.MEDIUM),
        ("national_classes", weight.LOW),
        ("other_classes", weight.HIGH),
        ("edition", weight.LOW),
    ):
        was: Any = getattr(old, part)
        now: Any = getattr(new, part)
        if was is None or now is None:
            continue
        if isinstance(was, tuple):
            was, now = tuple(sorted(was)), tuple(sorted(now))
        if not same(was, now):
            yield _change(f"classes.{part}", _kind_of(was, now), matter, was, now, key=key)


def _translations(old: GoodsServices, new: GoodsServices) -> Iterable[tuple[str, str, str]]:
    """(language, text before, text now) where both sides give that language and it is not the same."""
    before = {one.language: squeeze(one.text) for one in old.other_texts or ()}
    for one in new.other_texts or ():
        if before.get(one.language, squeeze(one.text)) != squeeze(one.text):
            yield one.language, before[one.language], squeeze(one.text)


# -- events --------------------------------------------------------------------------------------------


def show_event(event: MarkEvent) -> str:
    """ "2014-02-10 REGISTERED AND RENEWED [RNL1]"."""
    code = f" [{event.code}]" if event.code else ""
    return f"{event.date.isoformat()} {squeeze(event.text)}{code}"


def _events(name: str, old: Sequence[MarkEvent], new: Sequence[MarkEvent], office: str) -> Iterable[Change]:
    both, added, gone = pair(old, new)
    for before, now in both:
        if before.date != now.date:
            yield _change(
                "events",
                "changed",
                weight.MEDIUM,
                show_event(before),
                show_event(now),
                date=now.date,
                key=_event_key(now, new),
            )
        elif not verbatim(before.text, now.text):
            yield _change(
                "events",
                "reworded",
                weight.COSMETIC,
                show_event(before),
                show_event(now),
                date=now.date,
                key=_event_key(now, new),
            )
    for event in added:
        yield _change(
            "events",
            "added",
            weight.of_event(office, event),
            None,
            show_event(event),
            date=event.date,
            key=_event_key(event, new),
        )
    for event in gone:
        yield _change(
            "events",
            "removed",
            weight.MEDIUM,
            show_event(event),
            None,
            date=event.date,
            key=_event_key(event, old),
        )


def _event_key(event: MarkEvent, events: Sequence[MarkEvent]) -> str:
    by_number = numbered(events)
    for key, candidate in zip(keys(events, by_number=by_number), events, strict=True):
        if candidate is event or candidate == event:
            return key
    return event.date.isoformat()


# -- people --------------------------------------------------------------------------------------------


def _owners(name: str, old: Sequence[Party], new: Sequence[Party], office: str) -> Iterable[Change]:
    before = {owner_key(party): party for party in old}
    after = {owner_key(party): party for party in new}
    if before.keys() != after.keys():
        names = [tuple(party.name for party in side) for side in (old, new)]
        yield _change(name, _kind_of(old, new), weight.CRITICAL, names[0], names[1])
    for key in before.keys() & after.keys():
        was, now = before[key], after[key]
        if not same(was.name, now.name):
            # "Inc." that becomes "LLC" is another legal person, perhaps; "Co.,Ltd" a spelling.
            matter = weight.MEDIUM if bare([was.name]) == bare([now.name]) else weight.HIGH
            yield _change("owners.name", "changed", matter, was.name, now.name)
        elif not verbatim(was.name, now.name):
            yield _change("owners.name", "reworded", weight.COSMETIC, was.name, now.name)
        if not same_address(was, now):
            yield _change("owners.address", "changed", weight.MEDIUM, show_party(was), show_party(now))
        for part in ("legal_form", "organised_in_country", "organised_in_state", "aliases"):
            if not same(getattr(was, part), getattr(now, part)):
                yield _change(
                    f"owners.{part}", "changed", weight.MEDIUM, getattr(was, part), getattr(now, part)
                )


def _owner_history(name: str, old: Sequence[Party], new: Sequence[Party], office: str) -> Iterable[Change]:
    def place(party: Party) -> str:
        return f"{party.role_code or party.role}/{party.sequence}"

    # The same owner in the same group comes before the place: two who own it together have no order.
    pairs = align(old, new, lambda one: (one.role_code or one.role, owner_key(one)), place)
    was = {now: before for before, now in pairs}
    for number, party in enumerate(new):
        if number not in was:
            text = " — ".join(part for part in (party.role, show_party(party), party.note) if part)
            yield _change(name, "added", weight.MEDIUM, None, text, key=place(party))
        elif owner_key(old[was[number]]) != owner_key(party):
            before = show_party(old[was[number]])
            yield _change(name, "changed", weight.HIGH, before, show_party(party), key=place(party))
    for number, party in enumerate(old):
        if number not in was.values():
            yield _change(name, "removed", weight.MEDIUM, show_party(party), None, key=place(party))


def _digits(phone: str) -> str:
    """(203) 327-4500 is 2033274500: the channels of one office punctuate numbers in their own ways."""
    return "".join(char for char in phone if char.isdigit()) or folded(phone)


def _contact(name: str, old: Any, new: Any, office: str) -> Iterable[Change]:
    """Correspondent or domestic representative: compared as the lines of an envelope."""
    if show(old) is None and show(new) is None:
        return
    if old is None or new is None or not same_contact(old, new):
        yield _change(name, _kind_of(old, new), weight.MEDIUM, old, new)
        return
    for part in ("phones", "emails"):
        was, now = getattr(old, part), getattr(new, part)
        alike = _digits if part == "phones" else folded
        if was is not None and now is not None and {*map(alike, was)} != {*map(alike, now)}:
            yield _change(name, "changed", weight.LOW, was, now, key=part)


def _representatives(name: str, old: Sequence[Party], new: Sequence[Party], office: str) -> Iterable[Change]:
    if [folded(party.name) for party in old] != [folded(party.name) for party in new]:
        yield _change(name, _kind_of(old, new), weight.MEDIUM, old, new)


_RULES: dict[str, Any] = {
    "classes": _classes,
    "events": _events,
    "owners": _owners,
    "owner_history": _owner_history,
    "representatives": _representatives,
    "correspondence": _contact,
    "domestic_representative": _contact,
    "filing_basis": _as_set,
    "current_basis": _as_set,
    "amended_basis": _as_set,
    "mark_category": _as_set,
    "renewal_dates": _as_set,
    "maintenance_filings": _as_set,
    # Two dialects word a relation differently; the other filing's number is what counts.
    "related_marks": _items(lambda item: item.number, weight.MEDIUM, weight.COSMETIC),
    "designations": designations,
    "seniorities": _items(
        lambda item: f"{item.country or ''} {item.registration_number or item.number or ''}".strip(),
        weight.MEDIUM,
        weight.MEDIUM,
    ),
    "basic_marks": _items(
        lambda item: f"{item.kind} {item.office or ''} {item.number or ''}".strip(),
        weight.MEDIUM,
        weight.MEDIUM,
    ),
    "design_codes": _items(lambda item: item.code, weight.MEDIUM, weight.COSMETIC),
    "publications": _items(lambda item: str(item.date), weight.CRITICAL, weight.LOW),
    "assignments": _items(lambda item: item.reel_frame, weight.HIGH, weight.MEDIUM),
    "proceedings": proceedings.changes,
    "priorities": _items(
        lambda item: f"{item.country or ''} {item.registration_number or item.number or ''}".strip(),
        weight.MEDIUM,
        weight.MEDIUM,
    ),
}
