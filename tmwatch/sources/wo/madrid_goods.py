"""Goods in up to three languages, people, and the marks a registration points at."""

from __future__ import annotations

import datetime as dt
import re
from dataclasses import dataclass

from bs4 import Tag
from bs4.element import PreformattedString

from tmwatch.errors import LayoutChanged
from tmwatch.model import BasicMark, EventFact, GoodsServices, GoodsText, Party, Priority
from tmwatch.sources.wo.madrid_page import DATE, Value, attr, classes_of, tags_in, text_of
from tmwatch.sources.wo.tables import squeeze

_COUNTRY = re.compile(r"\(\s*([A-Z]{2})\s*\)")
_EDITION = re.compile(r"\bNCL\s*\(([^()]+)\)")


def day_of(text: str) -> dt.date | None:
    """ "26.06.2015" as a day; None for anything else. Raises `LayoutChanged` for a day that cannot be."""
    found = DATE.fullmatch(text)
    if found is None:
        return None
    try:
        return dt.date(int(found[3]), int(found[2]), int(found[1]))
    except ValueError as error:
        raise LayoutChanged(f"`{text}` is no day") from error


# -- goods -----------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class _Term:
    class_number: str
    language: str
    text: str
    original: bool


def class_number(text: str) -> str:
    """ "09" → "9"."""
    return text.lstrip("0") or text


def _terms(value: Tag) -> list[_Term]:
    """`dl > dd[nice] > p.gsterm[nice][lang]`, a paragraph a language."""
    found = []
    for tag in tags_in(value):
        if "gsterm" in classes_of(tag) and attr(tag, "nice"):
            found.append(
                _Term(
                    class_number(attr(tag, "nice")),
                    attr(tag, "lang").lower(),
                    text_of(tag),
                    "originalLanguage" in classes_of(tag),
                )
            )
    return found


def classes_in(value: Value) -> tuple[GoodsServices, ...]:
    """The classes of 511: the English text, or the original where there is none; the others beside it."""
    edition = _EDITION.search(value.label)
    by_class: dict[str, list[_Term]] = {}
    for tag in tags_in(value.value):
        if tag.name == "dt" and text_of(tag):
            by_class.setdefault(class_number(text_of(tag)), [])
    for term in _terms(value.value):
        if term.class_number not in by_class:
            raise LayoutChanged(f"goods of class {term.class_number} stand under no heading of that class")
        by_class[term.class_number].append(term)
    found = []
    for number, terms in by_class.items():
        terms.sort(key=lambda one: (one.language != "en", not one.original, one.language))
        first = terms[0] if terms else None
        others = tuple(
            GoodsText(language=one.language, text=one.text, original=one.original) for one in terms[1:]
        )
        found.append(
            GoodsServices(
                class_number=number,
                edition=edition[1].strip() if edition else None,
                text=first.text if first else None,
                language=first.language if first else None,
                other_texts=others,
            )
        )
    return tuple(found)


def goods_facts(value: Value, kind: str) -> list[EventFact]:
    """The goods of an entry, one fact a class and language. An empty text names the whole class."""
    return [
        EventFact(
            kind=kind,
            inid=value.inid or None,
            class_number=term.class_number,
            language=term.language or None,
            text=term.text,
        )
        for term in _terms(value.value)
    ]


def holds_goods(value: Value) -> bool:
    """Whether a list of classes stands in this value."""
    return any("gsterm" in classes_of(tag) for tag in tags_in(value.value))


# -- people ----------------------------------------------------------------------------------------------


def parties_in(value: Value, role: str | None = None) -> tuple[Party, ...]:
    """The people of 732, 740, 750 and their like: a name (`div.client`), then the lines of the address.

    The country stands in brackets behind the last line. Text that stands in no line of its own is a line.
    """
    blocks: list[tuple[str, str, list[str], list[str]]] = []
    for child in value.value.contents:
        if isinstance(child, PreformattedString):
            continue
        if not isinstance(child, Tag):
            if text := squeeze(str(child)):
                _line(blocks, text)
            continue
        if "client" in classes_of(child):
            blocks.append((text_of(child), attr(child, "clid"), [], []))
        elif text := text_of(child):
            _line(blocks, text)
    return tuple(
        Party(
            name=name,
            identifier=number or None,
            role=role,
            address_lines=tuple(lines),
            country=countries[-1] if countries else None,
        )
        for name, number, lines, countries in blocks
    )


def _line(blocks: list[tuple[str, str, list[str], list[str]]], text: str) -> None:
    country = _COUNTRY.search(text)
    if not blocks:
        blocks.append((_COUNTRY.sub("", text).strip(), "", [], []))
        text = ""
    if country is not None and squeeze(text).endswith(country[0]):
        blocks[-1][3].append(country[1])
        text = text[: text.rindex(country[0])]
    if squeeze(text):
        blocks[-1][2].append(squeeze(text))


# -- marks -----------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class _Reference:
    office: str | None
    date: dt.date | None
    number: str | None


def _references(value: Value) -> list[_Reference]:
    """ "KR, 23.03.2015, 4010954840000": office, day and number of a filing; several in a row.

    A text that is not made so is kept whole, as a number.
    """
    found = []
    for text in re.split(r"(?<![A-Za-z])(?=[A-Z]{2}\s*,\s*\d{2}\.\d{2}\.\d{4})", value.text):
        if not (text := text.strip(" -;,")):
            continue
        parts = [part.strip() for part in text.split(",", 2)]
        office = parts[0] if re.fullmatch(r"[A-Z]{2}", parts[0]) else None
        if office is None:
            found.append(_Reference(None, None, text))
            continue
        date = day_of(parts[1]) if len(parts) > 1 else None
        rest = parts[2:] if date else parts[1:]
        found.append(_Reference(office, date, ", ".join(part for part in rest if part) or None))
    return found


def basic_marks(value: Value) -> list[BasicMark]:
    """821 and 822."""
    return [
        BasicMark(
            kind="application" if value.kind == "basic application" else "registration",
            office=one.office,
            number=one.number,
            date=one.date,
        )
        for one in _references(value)
    ]


def priorities(value: Value) -> list[Priority]:
    """300."""
    return [Priority(country=one.office, number=one.number, date=one.date) for one in _references(value)]
