"""The filters of a watch: classes, goods, offices, since. Pure. All must hold.

What a source does not give cannot fail a filter: a list page without classes would else hide a filing for
ever (design law 17). What it shows as empty does fail it.
"""

from __future__ import annotations

import datetime as dt
import functools
import re
from collections.abc import Collection, Iterable
from typing import TYPE_CHECKING, NamedTuple

from tmwatch.changes.goods import terms
from tmwatch.model import TradeMark
from tmwatch.text import clean_line, fold
from tmwatch.watches.filing import Filing, nice_classes

if TYPE_CHECKING:
    from tmwatch.config.models import Watch

_HAN = re.compile(r"[\u3040-\u30ff\u3400-\u9fff\uf900-\ufaff]")


# How a filter speaks of what the source does not give: it then holds, unless it is the only ground.
UNCHECKED = "could not be checked"


def filters(watch: Watch, record: TradeMark) -> Iterable[tuple[bool, str]]:
    """(does it hold, the sentence that says so) for each filter that the watch has."""
    if watch.classes:
        yield _classes(watch, record)
    if watch.goods:
        yield _goods(watch, record)
    if watch.offices:
        inside = record.office in watch.offices
        yield inside, f"office {record.office} is {'' if inside else 'not '}watched"
    if watch.since:
        yield _since(watch.since, record)


class Gate(NamedTuple):
    """The filters of a watch but for the goods: what many watches have in common."""

    offices: frozenset[str]  # none: all
    classes: frozenset[int]  # with the related ones, where the watch wants them; none: all
    since: dt.date | None

    def lets(self, filing: Filing) -> bool:
        """Whether the filing passes, as far as what is given of it tells."""
        if self.offices and filing.office not in self.offices:
            return False
        if self.since and filing.filed is not None and filing.filed < self.since:
            return False
        return not self.classes or filing.classes is None or not self.classes.isdisjoint(filing.classes)


def gate_of(watch: Watch) -> Gate:
    """The gate of a watch."""
    classes = _with_related(watch.classes) if watch.related else frozenset(watch.classes)
    return Gate(frozenset(watch.offices), classes, watch.since)


def may_pass(watch: Watch, filing: Filing) -> bool:
    """Whether all filters hold, as far as what is given of the filing tells."""
    if not gate_of(watch).lets(filing):
        return False
    return not watch.goods or filing.goods is None or _found(watch.goods, filing.goods) is not None


def related_to(classes: Collection[int]) -> dict[int, int]:
    """The classes that touch these and are none of them, each with the one that it is related to."""
    from tmwatch.similarity.goods import related_classes  # late: only where somebody asks for them

    table = related_classes()
    found = {other: one for one in sorted(classes, reverse=True) for other in table.get(one, ())}
    return {other: one for other, one in found.items() if other not in classes}


@functools.lru_cache(4096)
def _with_related(classes: tuple[int, ...]) -> frozenset[int]:
    return frozenset((*classes, *related_to(classes)))


def _classes(watch: Watch, record: TradeMark) -> tuple[bool, str]:
    if not record.gives("classes"):
        return True, "classes could not be checked (this source does not give them)"
    stands_in = nice_classes(record)
    watched = sorted(set(stands_in) & set(watch.classes))
    if watched:
        return True, _listed(watched, "is watched", "are watched")
    if not record.classes:
        return False, "the record shows no class"
    if not stands_in:  # US certification and collective marks: classes A, B, 200
        return False, f"class {', '.join(record.class_numbers)} is no Nice class that is watched"
    if watch.related:
        related = related_to(watch.classes)
        touching = sorted(set(stands_in) & related.keys())
        if touching:
            near = ", ".join(f"{one} (to {related[one]})" for one in touching[:4])
            return True, f"related {'class' if len(touching) == 1 else 'classes'} {near}"
        return False, _listed(sorted(set(stands_in)), "is not watched", "are not watched") + ", nor related"
    return False, _listed(sorted(set(stands_in)), "is not watched", "are not watched")


def _listed(numbers: list[int], one: str, many: str) -> str:
    if len(numbers) == 1:
        return f"class {numbers[0]} {one}"
    return f"classes {', '.join(str(number) for number in numbers[:-1])} and {numbers[-1]} {many}"


def _since(since: dt.date, record: TradeMark) -> tuple[bool, str]:
    if not record.gives("application_date"):
        return True, "the filing date could not be checked (this source does not give it)"
    if record.application_date is None:
        return False, f"the record shows no filing date, and the watch asks for filings since {since}"
    late = record.application_date >= since
    return late, f"filed {record.application_date}, {'not ' if late else ''}before {since}"


# -- words in the goods ------------------------------------------------------------------------------------


def _goods(watch: Watch, record: TradeMark) -> tuple[bool, str]:
    if not record.gives("classes"):
        return True, "the goods could not be checked (this source does not give them)"
    texts = [
        text
        for item in record.classes
        for text in (item.text or "", *(other.text for other in item.other_texts or ()))
        if text
    ]
    found = _found(watch.goods, texts)
    if found is not None:
        words, term = found
        return True, f'goods "{clean_line(term, 120)}" hold the watched "{clean_line(words)}"'
    untold = [item.class_number for item in record.classes if item.text is None]
    if untold:
        return (
            True,
            f"the goods of class {', '.join(untold)} could not be checked (this source does not give them)",
        )
    return False, "no goods hold " + " or ".join(f'"{clean_line(words)}"' for words in watch.goods)


def _found(watched: Iterable[str], texts: Iterable[str]) -> tuple[str, str] | None:
    """(what was watched for, the term that holds it): all its words in one term, in any order."""
    lists = [(text, _words(text)) for text in texts]
    for words in watched:
        wanted, han = _words(words), _HAN.search(words) is not None
        for text, there in lists:
            if not (_held(words, text) if han else wanted <= there):
                continue
            for term in terms(text):
                if _held(words, term) if han else wanted <= _words(term):
                    return words, term
    return None


def _held(words: str, text: str) -> bool:
    """Chinese and Japanese have no spaces between words: the characters themselves, simplified."""
    from tmwatch.text.lookalike import compact  # late: its tables are large

    return compact(words) in compact(text)


@functools.lru_cache(8192)
def _words(text: str) -> frozenset[str]:
    return frozenset(_singular(word) for word in fold(text).split())


def _singular(word: str) -> str:
    """One form for both numbers, no grammar: vehicles = vehicle, batteries = battery, taxis = taxi."""
    if len(word) > 4 and word.endswith("ies"):
        return word[:-3] + "y"
    if len(word) > 4 and word.endswith(("ches", "shes", "sses", "xes")):
        return word[:-2]
    return word[:-1] if len(word) > 3 and word.endswith("s") and not word.endswith("ss") else word
