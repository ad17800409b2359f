"""Does a record concern a watch? Pure: record and watch in, answer with its reasons out.

Triggers (`numbers`, `owners`, `agents`, `marks`): any of them fires, or with `require = "all"` every
kind that the watch gives. Filters (`classes`, `offices`, `since`): all must hold.

Three decisions, each with its reason:

* **A former owner does not fire.** Whoever sold a mark has no more to do with what becomes of it. That
  a watched company sells or buys one is seen all the same if the caller asks `match` for the record
  before and after the change, and treats either hit as a hit.
* **What a source does not give cannot fail a filter.** A list page without classes would else hide a
  filing for ever (design law 17); `why` says that the filter could not be checked. What the source
  shows as empty does fail it.
* **Marks are compared for the same name** after folding (case, width, blanks, signs), nothing more.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from tmwatch.model import Party, TradeMark
from tmwatch.numbers import MarkNumber, show_number
from tmwatch.text import clean_line, fold, fold_space, same_party
from tmwatch.watches.docket import bare

if TYPE_CHECKING:
    from tmwatch.config.models import Watch


@dataclass(frozen=True)
class Match:
    """The answer. `why` is one English sentence for a hit, "" otherwise; `failed` says what did not hold."""

    hit: bool
    why: str = ""
    triggers: tuple[str, ...] = ()  # which fired, of "numbers", "owners", "agents", "marks"
    failed: tuple[str, ...] = ()  # also filled for a hit: with `any`, the triggers that did not fire


def match(watch: Watch, record: TradeMark) -> Match:
    """Whether the record as it stands is one this watch is about, and why (or why not)."""
    fired: dict[str, str] = {}
    failed: list[str] = []
    for trigger, test in _TRIGGERS.items():
        if not getattr(watch, trigger):
            continue
        reason = test(watch, record)
        if reason:
            fired[trigger] = reason
        else:
            failed.append(_not_fired(trigger, watch, record))
    enough = bool(fired) and (watch.require == "any" or not failed)
    held: list[str] = []
    filters_hold = True
    for holds, sentence in _filters(watch, record):
        if holds:
            held.append(sentence)
        else:
            filters_hold = False
            failed.append(sentence)
    hit = enough and filters_hold
    why = "; ".join([*fired.values(), *held]) if hit else ""
    return Match(hit, why, tuple(fired), tuple(failed))


# -- triggers: the reason why it fires, or None ----------------------------------------------------


def _by_number(watch: Watch, record: TradeMark) -> str | None:
    for number in watch.numbers:
        if _is_number(number, record):
            return f"number {show_number(number)} is watched"
    return None


def _is_number(number: MarkNumber, record: TradeMark) -> bool:
    """By ST.13; else by the number of its kind, as the record carries it."""
    if number.st13 is not None and number.st13 == record.st13:
        return True
    wanted = bare(number.number)
    if number.kind == "international":  # it names the designations in every office too
        return bare(record.international_registration_number or "") == wanted
    if number.office != record.office:
        return False
    if number.kind == "registration":
        return bare(record.registration_number or "") == wanted
    return number.st13 is None and bare(record.application_number or "") == wanted


def _by_owner(watch: Watch, record: TradeMark) -> str | None:
    return _by_party("owner", watch.owners, record.owners)


def _by_agent(watch: Watch, record: TradeMark) -> str | None:
    people = [*record.representatives, *filter(None, [record.domestic_representative])]
    return _by_party("representative", watch.agents, people)


def _by_party(what: str, watched: Iterable[str], parties: Iterable[Party]) -> str | None:
    everyone = list(parties)
    for alias in watched:
        for party in everyone:
            for name in filter(
                None, (party.name, party.name_local, party.organisation, *(party.aliases or ()))
            ):
                if same_party(alias, name):
                    return _same_name(what, name, alias)
    return None


def _same_name(what: str, name: str, alias: str) -> str:
    shown = clean_line(name)
    if fold_space(name) == fold_space(alias):
        return f'{what} "{shown}" is watched'
    folded = "spelling folded" if fold(name) == fold(alias) else "company form folded"
    return f'{what} "{shown}" is the watched "{clean_line(alias)}" ({folded})'


def _by_mark(watch: Watch, record: TradeMark) -> str | None:
    name = record.verbal_element or ""
    for wanted in watch.marks:
        if fold(wanted) and fold(wanted) == fold(name):
            return f'mark "{clean_line(name)}" is the watched name "{clean_line(wanted)}"'
    return None


_TRIGGERS: dict[str, Callable[[Watch, TradeMark], str | None]] = {
    "numbers": _by_number,
    "owners": _by_owner,
    "agents": _by_agent,
    "marks": _by_mark,
}
# trigger → the field it needs, what the watch asks for
_NEEDS = {
    "owners": ("owners", "owner"),
    "agents": ("representatives", "representative"),
    "marks": ("verbal_element", "mark name"),
}


def _not_fired(trigger: str, watch: Watch, record: TradeMark) -> str:
    if trigger == "numbers":
        return f"{show_number(record)} is not among the watched numbers"
    field, word = _NEEDS[trigger]
    if not record.gives(field):
        return f"this source does not give the {word}"
    if trigger == "marks":
        has = [record.verbal_element] if record.verbal_element else []
    else:
        has = [party.name for party in getattr(record, field)]
    if not has:
        return f"the record shows no {word}"
    names = ", ".join(f'"{clean_line(name)}"' for name in has[:3])
    end = "is not the same name as any watched" if trigger == "marks" else "is not watched"
    return f"{word} {names} {end}"


# -- filters: (holds, sentence) --------------------------------------------------------------------


def _filters(watch: Watch, record: TradeMark) -> Iterable[tuple[bool, str]]:
    if watch.classes:
        yield _class_filter(watch, record)
    if watch.offices:
        inside = record.office in watch.offices
        yield inside, f"office {record.office} is {'' if inside else 'not '}watched"
    if watch.since:
        yield _since_filter(watch, record)


def _class_filter(watch: Watch, record: TradeMark) -> tuple[bool, str]:
    if not record.gives("classes"):
        return True, "classes could not be checked (this source does not give them)"
    stands_in: list[int] = []
    for item in record.classes:
        texts = (item.class_number, *(item.other_classes or ()))
        stands_in += [int(text) for text in texts if text.isdigit()]
    watched = sorted(set(stands_in) & set(watch.classes))
    if watched:
        return True, _classes(watched, "is watched", "are watched")
    if not record.classes:
        return False, "the record shows no class"
    if not stands_in:  # US certification and collective marks: classes A, B, 200
        return False, f"class {', '.join(record.class_numbers)} is no Nice class that is watched"
    return False, _classes(sorted(set(stands_in)), "is not watched", "are not watched")


def _classes(numbers: list[int], one: str, many: str) -> str:
    if len(numbers) == 1:
        return f"class {numbers[0]} {one}"
    return f"classes {', '.join(str(number) for number in numbers[:-1])} and {numbers[-1]} {many}"


def _since_filter(watch: Watch, record: TradeMark) -> tuple[bool, str]:
    if not record.gives("application_date"):
        return True, "the filing date could not be checked (this source does not give it)"
    if record.application_date is None:
        return False, f"the record shows no filing date, and the watch asks for filings since {watch.since}"
    assert watch.since is not None
    late = record.application_date >= watch.since
    return late, f"filed {record.application_date}, {'not ' if late else ''}before {watch.since}"
