"""One value each of a WIPO Publish page. What of a value nobody understands goes to `Field.left`."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterable

from lxml.html import HtmlElement as Element

from tmwatch.errors import LayoutChanged
from tmwatch.model import DesignCode, GoodsServices, Party, Priority, Publication
from tmwatch.sources.wipo_publish.page import Field, classes, pieces, text_of, walk
from tmwatch.text import clean_line, fold_space

_DATE = re.compile(r"(\d{1,2})[./](\d{1,2})[./](\d{4})")
_LANGUAGE = re.compile(r"\(([A-Z]{2})\)")
_VIENNA = re.compile(r"(\d{1,2}\.\d{1,2}(?:\.\d{1,2})?)(?:\s*\((\d{1,2})\))?")
_COUNTRY = re.compile(r"[A-Z]{2}")
_COUNTRY_BEHIND = re.compile(r"\(([A-Z]{2})\)$")
_NAME_IN_SCRIPT = re.compile(r"getOtherApplicants\(\s*'(.*)'\s*\)", re.DOTALL)
# The program writes three blanks and a colon between a name and its address.
_BEFORE_ADDRESS = re.compile(r"\s{2,}:\s|\s:\s")


def day(text: str) -> dt.date | None:
    """`08.01.2026`; None for what is no date."""
    found = _DATE.fullmatch(text.strip())
    try:
        return dt.date(int(found[3]), int(found[2]), int(found[1])) if found else None
    except ValueError:
        return None


def number_and_date(fields: Iterable[Field]) -> tuple[str | None, dt.date | None]:
    """The number and the date that stand in one value, or in one value each; None for what is empty.

    Raises `LayoutChanged` where there are several, or a date that cannot be read.
    """
    numbers: dict[str, None] = {}
    days: dict[dt.date, None] = {}
    label = ""
    for one in fields:
        label = one.label
        for piece in pieces(one.value):
            date = day(piece)
            if date is not None:
                days.setdefault(date)
            else:
                numbers.setdefault(piece)
    if len(numbers) > 1 or len(days) > 1 or any(_DATE.search(number) for number in numbers):
        raise LayoutChanged(
            f"`{label}` is not one number and one date: {clean_line(str([*numbers, *days]), 80)}"
        )
    return next(iter(numbers), None), next(iter(days), None)


def publications(one: Field) -> tuple[Publication, ...]:
    """A row each: issue, date, section."""
    found = []
    for row in _rows(one.value):
        said = pieces(row)
        dates = [date for date in map(day, said) if date is not None]
        others = [piece for piece in said if day(piece) is None]
        if len(dates) > 1 or len(others) > 2 or (others and not dates):
            raise LayoutChanged(f"`{one.label}` has a row that cannot be read: {clean_line(str(said), 80)}")
        if said:
            section = others[1] if len(others) > 1 else None
            found.append(Publication(date=dates[0], issue=next(iter(others), None), section=section))
    return tuple(dict.fromkeys(found))


def in_languages(element: Element) -> list[tuple[str, str]]:
    """(language, text) pairs of `<b>(VI)</b> text <b>(EN)</b> text`; "" where no language is named."""
    found: list[tuple[str, str]] = []
    language, said = "", ""
    for event, node in walk(element):
        if event == "start":
            text = fold_space(node.text or "")
            mark = _LANGUAGE.fullmatch(text) if node.tag == "b" else None
            if node.tag == "b" and (mark or not text) and not len(node):
                found.append((language, said))
                language, said = (mark[1] if mark else ""), ""
            else:
                said += node.text or ""
        elif node is not element:
            said += node.tail or ""
    found.append((language, said))
    return [(one, text) for one, text in found if text.strip()]


def words(one: Field) -> str | None:
    """The text of a value, one line for each language; None where it is empty."""
    return "\n".join(dict.fromkeys(fold_space(text) for _, text in in_languages(one.value))) or None


def goods(one: Field) -> tuple[GoodsServices, ...]:
    """A row each: the class, then the goods. Raises `LayoutChanged` for a row without either."""
    found = []
    for row in _rows(one.value):
        said = pieces(row)
        if not said:
            continue
        number = said[0].lstrip("0")
        if not number.isascii() or not number.isdigit() or not 1 <= int(number) <= 45:
            raise LayoutChanged(f"`{one.label}` has a row without a class: {clean_line(str(said), 80)}")
        named = {str(link.get("rel")).strip().lstrip("0") for link in row.iter("a") if link.get("rel")}
        if any(name.isdigit() and name != number for name in named):
            raise LayoutChanged(
                f"`{one.label}`: the link of class {number} leads to class {', '.join(named)}"
            )
        found.append(GoodsServices(class_number=number, text=" ".join(said[1:])))
    return tuple(sorted(dict.fromkeys(found), key=lambda item: item.nice_class or 99))


def figures(one: Field) -> tuple[DesignCode, ...] | None:
    """Vienna classes with their edition: `03.07.07 (7)`. None, and the value left, where one is none."""
    found: dict[DesignCode, None] = {}
    for row in _rows(one.value):
        for said in pieces(row):
            code = _VIENNA.fullmatch(said)
            if code is None:
                one.left.append(said)
            else:
                edition = (f"edition {code[2]}",) if code[2] else None
                found.setdefault(DesignCode(code=code[1], descriptions=edition))
    return None if one.left else tuple(found)


def people(one: Field) -> tuple[Party, ...]:
    """A box each: `(VI) name   : address`, then the same in a second language where there is one."""
    boxes = [box for box in one.value.iterchildren("div") if "row" not in classes(box)]
    if not boxes or text_of(one.value) != " ".join(filter(None, map(text_of, boxes))):
        boxes = [one.value]
    found = dict.fromkeys(party for party in (_party(box, one) for box in boxes) if party is not None)
    return tuple(party.model_copy(update={"sequence": place}) for place, party in enumerate(found, 1))


def _party(box: Element, one: Field) -> Party | None:
    said = [(name, address) for _, text in in_languages(box) for name, address in [_name(text, box)]]
    if not said:
        return None
    name = said[0][0]
    if not name:
        raise LayoutChanged(f"`{one.label}` has somebody without a name: {clean_line(text_of(box), 80)}")
    others = dict.fromkeys(other for other, _ in said[1:] if other and other != name)
    lines = tuple(dict.fromkeys(line for _, line in said if line))
    country = next((found for found in map(_COUNTRY_BEHIND.search, lines) if found), None)
    return Party(
        name=name,
        aliases=tuple(others) or None,
        address_lines=lines,
        country=country[1] if country else None,
    )


def _name(text: str, box: Element) -> tuple[str, str]:
    """(name, address): the page's script names the owner too, which tells where a name with a colon ends."""
    plain = fold_space(text)
    scripted = _NAME_IN_SCRIPT.search(str(box.get("onclick") or ""))
    if scripted:
        name = fold_space(scripted[1].replace("\\'", "'"))
        rest = plain[len(name) :]
        if name and plain.startswith(name) and (not rest or rest.startswith((" :", ":"))):
            return name, rest.lstrip(" :")
    found = _BEFORE_ADDRESS.search(f"{text} ")
    if found is None:
        return plain.rstrip(" :"), ""
    return fold_space(text[: found.start()]), fold_space(text[found.end() :])


def priorities(one: Field) -> tuple[Priority, ...] | None:
    """A table each: number, date, country. None, and the value left, for anything else."""
    tables = [box for box in one.value.iterchildren("div") if "priority-table" in classes(box)]
    found = []
    for table in tables or [one.value]:
        said = pieces(table)
        if not said:
            continue
        dates = [date for date in map(day, said) if date is not None]
        countries = [piece for piece in said if _COUNTRY.fullmatch(piece)]
        numbers = [piece for piece in said if day(piece) is None and not _COUNTRY.fullmatch(piece)]
        if len(dates) > 1 or len(countries) > 1 or len(numbers) > 1:
            one.left.append(text_of(table))
            continue
        found.append(
            Priority(
                country=next(iter(countries), None),
                number=next(iter(numbers), None),
                date=next(iter(dates), None),
            )
        )
    return None if one.left else tuple(dict.fromkeys(found))


def _rows(value: Element) -> list[Element]:
    """The rows directly inside; the value itself where it has none. Raises where text stands beside them."""
    rows = [row for row in value.iterchildren("div") if "row" in classes(row)]
    if not rows:
        return [value]
    if text_of(value) != " ".join(filter(None, map(text_of, rows))):
        raise LayoutChanged(f"text beside the rows of a value: {clean_line(text_of(value), 80)}")
    return rows
