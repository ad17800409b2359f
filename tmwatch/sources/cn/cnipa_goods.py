"""Classes and goods of a saved page of the CNIPA's register: a label, and the rows of `#list_box`."""

from __future__ import annotations

import re
from collections.abc import Iterator

from lxml.html import HtmlElement as Element

from tmwatch.errors import LayoutChanged
from tmwatch.model import GoodsServices
from tmwatch.sources.cn.cnipa_page import REPORT, Fields, label_means, names_of, rows_of, text_of
from tmwatch.text import clean_line

_GROUP = re.compile(r"\d{4}")
_CLASS = re.compile(r"第?\s*0?(\d{1,2})\s*类?")


def classes_of(fields: Fields, goods: Element | None, unread: list[str]) -> tuple[GoodsServices, ...]:
    """The classes, with the goods of each where the page has its box of goods. Raises `LayoutChanged`."""
    one = fields.one("classes")
    said = [
        part.strip()
        for part in re.split(r"[,，;；、\s]+", one.text if one is not None else "")
        if part.strip()
    ]
    found = [_CLASS.fullmatch(part) for part in said]
    numbers = list(dict.fromkeys(int(match[1]) for match in found if match))
    if not numbers or not all(found) or not all(1 <= number <= 45 for number in numbers):
        label = names_of("classes")[0]
        raise LayoutChanged(f"`{label}` holds no Nice class: {clean_line(' '.join(said), 60)}")
    if goods is None:
        if (
            next((one for one in fields.fields if one.means in ("goods", "group") and one.text), None)
            is not None
        ):
            raise LayoutChanged("goods stand outside of `#list_box`", do=REPORT)
        return tuple(GoodsServices(class_number=str(number)) for number in sorted(numbers))
    items: dict[int, list[tuple[str, str]]] = {number: [] for number in numbers}
    for group, item in _goods(goods, unread):
        number = int(group[:2]) if group else numbers[0]
        if number not in items or (not group and len(numbers) > 1):
            raise LayoutChanged(
                f"goods of group {group or '?'} in none of the classes {numbers}: {clean_line(item, 60)}"
            )
        items[number].append((group, item))
    for listed in items.values():
        listed.sort()  # the order of rows says nothing
    return tuple(
        GoodsServices(
            class_number=str(number),
            text="；".join(dict.fromkeys(item for _, item in items[number])),
            national_classes=tuple(dict.fromkeys(group for group, _ in items[number] if group)),
        )
        for number in sorted(items)
    )


def _goods(box: Element, unread: list[str]) -> Iterator[tuple[str, str]]:
    """(similar group, name) of each row, by the headings where there are some, else by the group's look."""
    rows = rows_of(box)
    places: dict[str, int] | None = None
    for row in filter(any, rows):
        means = [label_means(cell) for cell in row]
        if "group" in means or "item" in means:
            if not {"group", "item"} <= set(means):
                raise LayoutChanged(f"unknown headings of the goods: {clean_line(' '.join(row), 60)}")
            places = {name: place for place, name in enumerate(means) if name}
            unread += [
                f"#list_box: column `{clean_line(cell, 40)}`"
                for cell, name in zip(row, means, strict=True)
                if not name
            ]
            continue
        if places is not None:
            if len(row) != len(means) or max(places.values()) >= len(row):
                raise LayoutChanged(
                    f"a row of the goods that cannot be read: {clean_line(' '.join(row), 60)}"
                )
            group, item = row[places["group"]], row[places["item"]]
        else:
            groups = [cell for cell in row if _GROUP.fullmatch(cell)]
            items = [cell for cell in row if cell and not _GROUP.fullmatch(cell)]
            if len(groups) > 1 or len(items) != 1:
                raise LayoutChanged(
                    f"a row of the goods that cannot be read: {clean_line(' '.join(row), 60)}"
                )
            group, item = next(iter(groups), ""), items[0]
        if not item or (group and not _GROUP.fullmatch(group)):
            raise LayoutChanged(f"a row of the goods that cannot be read: {clean_line(' '.join(row), 60)}")
        yield group, item
    if not rows and text_of(box):
        raise LayoutChanged("`#list_box` holds goods, but no rows", do=REPORT)
