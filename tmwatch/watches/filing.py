"""A filing as far as the rules of a watch go by it: what whole registers can be searched by. Pure."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from typing import NamedTuple

from tmwatch.changes.goods import effective
from tmwatch.model import Party, TradeMark
from tmwatch.text import firm_in
from tmwatch.watches.docket import bare


class Filing(NamedTuple):
    """One filing of a register. What its source does not give is None, and can fail no filter.

    `names`: the mark's text, its transliteration, translation, pseudo mark; `owners` and `agents`: every
    name of each in every script; `classes`: Nice numbers; `goods`: the lists of all classes, each a text.
    """

    st13: str
    office: str
    names: tuple[str, ...] = ()
    owners: tuple[str, ...] = ()
    agents: tuple[str, ...] = ()
    classes: tuple[int, ...] | None = None
    filed: dt.date | None = None
    goods: tuple[str, ...] | None = None
    application_number: str | None = None
    registration_number: str | None = None
    international_number: str | None = None


def filing_of(record: TradeMark) -> Filing:
    """The record as a `Filing`."""
    return Filing(
        record.st13,
        record.office,
        mark_names(record),
        party_names(record.owners),
        agent_names(record),
        nice_classes(record) if record.gives("classes") else None,
        record.application_date,
        goods_texts(record),
        record.application_number,
        record.registration_number,
        record.international_registration_number,
    )


def mark_names(record: TradeMark) -> tuple[str, ...]:
    """Every name that the mark is known by, its own text first."""
    names = (record.verbal_element, record.transliteration, record.translation, record.pseudo_mark)
    return tuple(dict.fromkeys(name for name in names if name and name.strip()))


def party_names(parties: Iterable[Party]) -> tuple[str, ...]:
    """Every name of each party: its own, in its own script, its firm, other names."""
    return tuple(
        dict.fromkeys(
            name
            for party in parties
            for name in (party.name, party.name_local, party.organisation, *(party.aliases or ()))
            if name
        )
    )


def agent_names(record: TradeMark) -> tuple[str, ...]:
    """Every name of its representatives; of an attorney also the firm that the address for letters has."""
    people = [*record.representatives, *filter(None, [record.domestic_representative])]
    letters = record.correspondence
    lines = [letters.name, *(letters.address_lines or ())] if letters is not None and letters.name else []
    firms = [firm_in(one.name, lines) for one in record.representatives if one.name]
    return tuple(dict.fromkeys([*party_names(people), *filter(None, firms)]))


def nice_classes(record: TradeMark) -> tuple[int, ...]:
    """The Nice numbers in which the filing stands; US classes A, B and 200 are none."""
    texts = [text for item in record.classes for text in (item.class_number, *(item.other_classes or ()))]
    return tuple(dict.fromkeys(int(text) for text in texts if text.isdigit() and 1 <= int(text) <= 45))


def goods_texts(record: TradeMark) -> tuple[str, ...] | None:
    """The goods as they stand in force, a text for each class and language; None where any is not given."""
    if not record.gives("classes") or any(item.text is None for item in record.classes):
        return None
    return tuple(
        effective(text)
        for item in record.classes
        for text in (item.text or "", *(other.text for other in item.other_texts or ()))
        if text
    )


def number_keys(filing: Filing) -> tuple[str, ...]:
    """Every key by which a watched number may mean this filing (`key_of`)."""
    keys = [filing.st13]
    if filing.registration_number:
        keys.append(f"{filing.office}:registration:{bare(filing.registration_number)}")
    if filing.application_number:
        keys.append(f"{filing.office}:application:{bare(filing.application_number)}")
    if filing.international_number:
        keys.append(f"international:{bare(filing.international_number)}")
    return tuple(keys)
