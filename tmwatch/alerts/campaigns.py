"""Filings of one owner within some weeks, as one card. Pure: filings in, campaigns out.

Who brings out a car files its name in nine classes, with three variants, on one day or in three weeks: nine
or thirty filings, one piece of news. What makes it news is what the owner never filed before, as far as the
stores know: the caller gives the earlier filings and where they were looked for (`store.owners`), and an
owner of whom none is stored is said to be one of whom none is *stored*.
"""

from __future__ import annotations

import csv
import datetime as dt
import functools
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from importlib.resources import files

from tmwatch.alerts.payload import Campaign, ClassLine, ClassMark, Earlier, LookedInto, MarkCard
from tmwatch.text import fold, fold_party

SPAN = dt.timedelta(days=30)  # from the first to the last filing date of a campaign
QUIET = 6  # months without a filing before one is worth a word
_DAYS_A_MONTH = 30.44


@dataclass(frozen=True)
class Filing:
    """An earlier filing of an owner, as far as it is compared."""

    office: str
    mark: str
    classes: tuple[str, ...]
    filed: dt.date | None


@dataclass(frozen=True)
class Known:
    """What is known of an owner's earlier filings."""

    filings: Sequence[Filing] = ()
    complete: bool = True  # False: the owner has more, and only the newest were read
    looked: tuple[LookedInto, ...] = ()  # where; empty if nobody says it, and then every office is known

    def of_office(self, office: str) -> bool:
        """Whether anything was stored by which to tell what is new at an office."""
        return not self.looked or any(office in one.offices for one in self.looked)


# The earlier filings of an owner with one of these names: filed before that day, and not these (ST.13).
Ask = Callable[[Sequence[str], dt.date | None, frozenset[str]], Known]


def identity(owners: Iterable[str]) -> frozenset[str]:
    """Who files, whatever the form and spelling of each name. Empty where nobody is named."""
    return frozenset(filter(None, map(_key, owners)))


@functools.lru_cache(maxsize=4096)
def _key(name: str) -> str:
    return fold_party(name).replace(" ", "")


_name = functools.lru_cache(maxsize=4096)(fold)  # a campaign has few names, and each alert has them anew


def together(cards: Sequence[MarkCard]) -> list[list[MarkCard]]:
    """The filings that make campaigns, each at least two of one owner filed within `SPAN`: those with the
    nearest filing first, then the largest. In each the order of `cards` stays.

    Filings that bear no date are a campaign of their own: nothing says when they were filed.
    """
    places = {card.st13: place for place, card in enumerate(cards)}
    of: dict[frozenset[str], list[MarkCard]] = {}
    for card in cards:
        if who := identity(card.owners):
            of.setdefault(who, []).append(card)
    found: list[list[MarkCard]] = []
    for mine in of.values():
        dated = sorted((card for card in mine if card.application_date), key=_filed)
        groups: list[list[MarkCard]] = [[card for card in mine if not card.application_date]]
        for card in dated:
            if groups[-1] and _filed(card) - _filed(groups[-1][0]) <= SPAN:
                groups[-1].append(card)
            else:
                groups.append([card])
        found += [sorted(group, key=lambda card: places[card.st13]) for group in groups if len(group) > 1]
    return sorted(found, key=lambda group: (level(group[0]), -len(group), places[group[0].st13]))


def level(card: MarkCard) -> int:
    """How near the filing comes to a watched name: 1 to 4; 0 where the watch names its owner, its agent or
    its number, so that nothing could be nearer."""
    return card.near.level if card.near is not None else 0


def _filed(card: MarkCard) -> dt.date:
    return card.application_date or dt.date.min


def campaign(cards: Sequence[MarkCard], ask: Ask) -> Campaign:
    """The card of these filings (of `together`)."""
    days = [card.application_date for card in cards if card.application_date]
    first, last = (min(days), max(days)) if days else (None, None)
    names = tuple(dict.fromkeys(name for card in cards for name in card.owners))
    known = ask(names, first, frozenset(card.st13 for card in cards))
    earlier = _earlier(cards, first, known)
    return Campaign(
        owners=_first_of_each(names),
        filings=len(cards),
        first_filed=first,
        last_filed=last,
        offices=tuple(dict.fromkeys(card.office for card in cards)),
        marks=_marks(cards),
        st13=tuple(card.st13 for card in cards),
        classes=_class_map(cards, set(earlier.new_classes)),
        earlier=earlier,
    )


def _first_of_each(names: Iterable[str]) -> tuple[str, ...]:
    """Each owner once, as the first filing writes it."""
    return tuple({_key(name): name for name in reversed(list(names))}.values())[::-1]


def _marks(cards: Iterable[MarkCard]) -> tuple[str, ...]:
    """Each name once, as the first filing writes it; "" stands for marks without words."""
    return tuple({_name(card.mark): card.mark for card in reversed(list(cards))}.values())[::-1]


def _class_map(cards: Sequence[MarkCard], new: set[str]) -> tuple[ClassLine, ...]:
    """For each class its marks with their numbers; filings that name no class stand under ""."""
    cells: dict[str, dict[str, list[MarkCard]]] = {}
    for card in cards:
        for number in _classes(card) or ("",):
            cells.setdefault(number, {}).setdefault(_name(card.mark), []).append(card)
    titles = class_titles()
    return tuple(
        ClassLine(
            number=number,
            name=titles.get(number, ("", ""))[0],
            name_zh=titles.get(number, ("", ""))[1],
            marks=tuple(
                ClassMark(mark=group[0].mark, numbers=tuple(number_of(card) for card in group))
                for group in cells[number].values()
            ),
            new=number in new,
        )
        for number in sorted(cells, key=class_order)
    )


def number_of(card: MarkCard) -> str:
    """ "CN 00000021"; where the source gives no number, the ST.13 identifier."""
    shown = card.application_number or ""
    if not shown or shown.upper().startswith(card.office):
        return shown or card.st13
    return f"{card.office} {shown}"


def _classes(card: MarkCard) -> tuple[str, ...]:
    return tuple(dict.fromkeys(map(_class, card.classes)))


def _class(number: str) -> str:
    """ "9" of "09" and "009"."""
    return number.lstrip("0") or number if number.isdecimal() else number


def class_order(number: str) -> tuple[int, str]:
    """Nice classes by number; what is none comes last."""
    return (int(number), "") if number.isdecimal() else (10**9, number)


@functools.cache
def class_titles() -> dict[str, tuple[str, str]]:
    """The Nice classes by number: a short title in English and the customary one in Chinese."""
    table = files("tmwatch").joinpath("data/nice_classes.csv").read_text(encoding="utf-8")
    return {row["class"]: (row["en"], row["zh"]) for row in csv.DictReader(table.splitlines())}


# -- what is new ---------------------------------------------------------------------------------------


def _earlier(cards: Sequence[MarkCard], first: dt.date | None, known: Known) -> Earlier:
    """What the owner never filed before, as far as its earlier filings are stored."""
    where = tuple(dict.fromkeys(card.office for card in cards))
    unknown = tuple(office for office in where if not known.of_office(office))
    if not known.filings:
        return Earlier(stored=0, looked=known.looked)
    days = [one.filed for one in known.filings if one.filed]
    last = max(days, default=None)
    quiet = int((first - last).days / _DAYS_A_MONTH) if first and last else 0
    told = {
        "stored": len(known.filings),
        "looked": known.looked,
        "complete": known.complete,
        "first": min(days, default=None),
        "last": last,
        "unknown_offices": unknown,
    }
    if unknown == where:
        return Earlier(**told)
    classes = {_class(number) for one in known.filings for number in one.classes}
    names = {_name(one.mark) for one in known.filings}
    words = {word for name in names for word in name.split()}
    offices = {one.office for one in known.filings}
    marks = [name for name in _marks(cards) if name and _name(name) not in names]
    return Earlier(
        **told,
        new_classes=tuple(
            sorted({one for card in cards for one in _classes(card)} - classes, key=class_order)
        ),
        new_names=tuple(marks),
        new_words=tuple(dict.fromkeys(word for name in marks for word in _words(name) if word not in words)),
        new_offices=tuple(one for one in where if one not in offices and one not in unknown),
        quiet_months=quiet if quiet >= QUIET else None,
    )


def _words(name: str) -> list[str]:
    """The words of a name that has several; one that is a word is named as a name already."""
    words = _name(name).split()
    return words if len(words) > 1 else []
