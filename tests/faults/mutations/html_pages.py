"""HTML pages: every label, every label/value row, every table and every section, one after the other.

A label is what stands before a value: a heading, a table head, or an element whose class or closing colon
says so. The page is parsed, changed and written again; that alone must change nothing (`written again`).
"""

from __future__ import annotations

import copy
import random
import re
from collections.abc import Callable, Iterator
from dataclasses import replace

from lxml import html
from lxml.html import HtmlElement

from tests.faults.mutations.judge import Judge, Mutation, gone, same, same_or_refused
from tmwatch.sources.base import Page

_LABEL_TAGS = frozenset({"th", "dt", "label", "h1", "h2", "h3", "h4", "h5", "h6", "caption", "legend"})
_LABEL_CLASS = re.compile(r"(^|[-_])(key|label|lbl|title|subtitle|caption|term|fieldname)$", re.IGNORECASE)
# WIPO's pages put the INID code and the words of a label into one box, behind which the value stands.
_BOXED_CLASS = re.compile(r"^inidText$")
_INLINE = frozenset({"a", "b", "strong", "span", "em", "i", "br", "small"})
_HEADINGS = ("h1", "h2", "h3", "h4")
TEMPLATE = "${record.field}"
Change = Callable[[HtmlElement], bool]


def mutations(page: Page) -> Iterator[Mutation]:
    """See the top of this module."""
    tree = _parsed(page.body)
    yield Mutation("written again", "the whole page", _written(page, tree), same)
    labels = _places(tree)
    for label, places in sorted(labels.items()):
        yield from _each(page, tree, "label renamed", f"`{label}`", _rename(places), same_or_refused)
        yield from _each(page, tree, "row dropped", f"`{label}`", _drop(places), gone)
        yield from _each(page, tree, "row doubled", f"`{label}`", _double(places), same_or_refused)
        yield from _each(page, tree, "unrendered template", f"`{label}`", _template(places), same_or_refused)
    every = sorted(place for places in labels.values() for place in places)
    yield from _each(page, tree, "unrendered template", "every value", _template(every), same_or_refused)
    for place, table in enumerate(tree.iter("table")):
        yield from _table(page, tree, place, table)
    yield from _each(page, tree, "rows reordered", "sections", _sections_reversed, same)


def _parsed(body: bytes) -> HtmlElement:
    try:
        body.decode("utf-8")
        encoding = "utf-8"
    except UnicodeDecodeError:
        encoding = "gb18030" if re.search(rb"charset=[\"']?gb", body, re.IGNORECASE) else "windows-1252"
    return html.document_fromstring(body, parser=html.HTMLParser(encoding=encoding))


def _written(page: Page, tree: HtmlElement) -> Page:
    body = html.tostring(tree, encoding="utf-8", doctype="<!DOCTYPE html>", include_meta_content_type=True)
    return replace(page, body=body)


def _each(
    page: Page, tree: HtmlElement, kind: str, what: str, change: Change, judge: Judge
) -> Iterator[Mutation]:
    mine = copy.deepcopy(tree)
    if change(mine):
        yield Mutation(kind, what, _written(page, mine), judge)


# -- labels and rows -------------------------------------------------------------------------------------


def _text(element: HtmlElement) -> str:
    return " ".join(str(element.text_content()).split())


def _is_label(element: HtmlElement) -> bool:
    if not isinstance(element.tag, str) or any(
        child.tag not in _INLINE for child in element.iterdescendants()
    ):
        return False
    said = _text(element)
    if not 1 < len(said) <= 90 or not re.search(r"[^\W\d_]", said):
        return False
    classes = (element.get("class") or "").split()
    named = any(_LABEL_CLASS.search(name) or _BOXED_CLASS.match(name) for name in classes)
    return (
        named
        or element.tag in _LABEL_TAGS
        or (said.endswith(":") and element.tag in ("td", "div", "span", "b"))
    )


def _labels(tree: HtmlElement) -> list[HtmlElement]:
    found = [one for one in tree.body.iter() if _is_label(one)]
    inside = {id(inner) for one in found for inner in one.iterdescendants()}
    return [one for one in found if id(one) not in inside]


def _whole(label: HtmlElement) -> HtmlElement:
    """The label with the box around it and its code, where it has one."""
    boxed = any(_BOXED_CLASS.match(name) for name in (label.get("class") or "").split())
    box = label.getparent()
    return box if boxed and box is not None else label


def _value(label: HtmlElement) -> HtmlElement | None:
    after = _whole(label).getnext()
    if after is None or not isinstance(after.tag, str) or label.tag in _HEADINGS or _is_label(after):
        return None
    return after


def _places(tree: HtmlElement) -> dict[str, list[int]]:
    """Where in the tree the labels stand, by their text. They stand at the same places in each copy: to look
    for them there again took longer than all the rest of a mutation."""
    place = {one: number for number, one in enumerate(tree.iter())}
    found: dict[str, list[int]] = {}
    for one in _labels(tree):
        found.setdefault(_text(one), []).append(place[one])
    return found


def _at(tree: HtmlElement, places: list[int]) -> list[HtmlElement]:
    every = list(tree.iter())
    return [every[place] for place in places]


def _rename(places: list[int]) -> Change:
    def change(tree: HtmlElement) -> bool:
        for one in _at(tree, places):
            for element in one.iter():
                # A title often stands in an attribute as well; who renames it renames both.
                for name, value in element.attrib.items():
                    if name.startswith("data-") and re.search(r"[^\W\d_]{3}", str(value)):
                        element.set(name, f"Xq {value}")
                if (element.text or "").strip():
                    element.text = f"Xq {(element.text or '').strip()}"
                    break
        return True

    return change


def _drop(places: list[int]) -> Change:
    def change(tree: HtmlElement) -> bool:
        done = False
        for one in _at(tree, places):
            value = _value(one)
            if value is not None and one.tag != "th":
                value.drop_tree()
                _whole(one).drop_tree()
                done = True
        return done

    return change


def _double(places: list[int]) -> Change:
    def change(tree: HtmlElement) -> bool:
        done = False
        for one in _at(tree, places):
            value = _value(one)
            if value is not None and one.tag != "th":
                value.addnext(twin := copy.deepcopy(value))
                twin.addprevious(copy.deepcopy(_whole(one)))
                done = True
        return done

    return change


def _template(places: list[int]) -> Change:
    def change(tree: HtmlElement) -> bool:
        done = False
        for one in _at(tree, places):
            value = _value(one)
            if value is not None and _text(value):
                for child in list(value):
                    child.drop_tree()
                value.text = TEMPLATE
                done = True
        return done

    return change


# -- tables and sections -----------------------------------------------------------------------------------


def _rows(table: HtmlElement) -> tuple[HtmlElement, list[HtmlElement]] | None:
    """(head, body rows) of a table of records; None for one that only lays out."""
    rows = [row for row in table.iter("tr") if len(row) > 1]
    if len(rows) < 2 or table.xpath(".//table") or any(len(row) != len(rows[0]) for row in rows):
        return None
    head = rows[0]
    return (head, rows[1:]) if all(_is_label(cell) for cell in head) else None


def _table(page: Page, tree: HtmlElement, place: int, table: HtmlElement) -> Iterator[Mutation]:
    found = _rows(table)
    if found is None:
        return
    head, body = found
    name = f"table {place + 1}"

    def on(change: Callable[[HtmlElement, list[HtmlElement]], None]) -> Change:
        def within(mine: HtmlElement) -> bool:
            mine_table = list(mine.iter("table"))[place]
            rows = _rows(mine_table)
            assert rows is not None
            change(*rows)
            return True

        return within

    for column, cell in enumerate(head):
        what = f"`{_text(cell)}` of {name}"

        def drop(top: HtmlElement, rows: list[HtmlElement], column: int = column) -> None:
            for row in (top, *rows):
                row[column].drop_tree()

        def empty(top: HtmlElement, rows: list[HtmlElement], column: int = column) -> None:
            row = rows[len(rows) // 2]
            row[column].drop_tree()

        yield from _each(page, tree, "column dropped", what, on(drop), gone)
        yield from _each(page, tree, "column dropped", f"{what}, in one row", on(empty), gone)

    def swap(top: HtmlElement, rows: list[HtmlElement]) -> None:
        for row in (top, *rows):
            row.append(row[0])

    def reverse(top: HtmlElement, rows: list[HtmlElement]) -> None:
        _put(rows, list(reversed(rows)))

    def shuffle(top: HtmlElement, rows: list[HtmlElement]) -> None:
        _put(rows, random.Random(7).sample(rows, len(rows)))

    def double(top: HtmlElement, rows: list[HtmlElement]) -> None:
        for row in rows:
            row.addnext(copy.deepcopy(row))

    def again(top: HtmlElement, rows: list[HtmlElement]) -> None:
        for row in reversed(rows):
            rows[-1].addnext(copy.deepcopy(row))

    yield from _each(page, tree, "columns reordered", name, on(swap), same_or_refused)
    yield from _each(page, tree, "rows reordered", f"{name} backwards", on(reverse), same)
    yield from _each(page, tree, "rows reordered", f"{name} shuffled", on(shuffle), same)
    yield from _each(page, tree, "rows doubled", f"each row of {name}", on(double), same_or_refused)
    yield from _each(page, tree, "rows doubled", f"{name} as a whole", on(again), same_or_refused)


def _put(places: list[HtmlElement], rows: list[HtmlElement]) -> None:
    """The rows in the places, in this order."""
    copies = [copy.deepcopy(row) for row in rows]
    for place, row in zip(places, copies, strict=True):
        place.getparent().replace(place, row)


def _sections_reversed(tree: HtmlElement) -> bool:
    """The longest run of brothers that each begin with a heading, turned round."""
    best: list[HtmlElement] = []
    for parent in tree.body.iter():
        if not isinstance(parent.tag, str):
            continue
        kids = [kid for kid in parent if isinstance(kid.tag, str) and any(True for _ in kid.iter(*_HEADINGS))]
        if len(kids) > max(2, len(best)):
            best = kids
    if not best:
        return False
    _put(best, list(reversed(best)))
    return True
