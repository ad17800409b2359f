"""XML from strangers, read safely, and an audit of what no reader understood.

No document type, no entities, no network, no huge trees. Elements are matched by local name, because
the office has moved them between namespaces from one version of ST.96 to the next.

The elements stand on a `Sheet` (see there); a `Node` is a place on it, and claims what is read through it.
"""

from __future__ import annotations

import datetime as dt
import functools
from collections.abc import Callable, Sequence
from operator import itemgetter

from lxml import etree

from tmwatch.errors import LayoutChanged
from tmwatch.sources.safe_xml import parse as parse
from tmwatch.sources.safe_xml import true_encoding
from tmwatch.sources.us.common import cut_date, squeeze
from tmwatch.sources.us.xml_sheet import Sheet

_SHORT = 80


class Node:
    """An element: its place in the sheet, and the habit of claiming what is read."""

    __slots__ = ("_index", "place", "sheet")

    def __init__(self, sheet: Sheet, place: int = 0) -> None:
        self.sheet = sheet
        self.place = place
        self._index = sheet.kids[place]

    @property
    def name(self) -> str:
        """Its local name."""
        return self.sheet.names[self.place]

    def kids(self, *names: str) -> list[Node]:
        """The children, of those names if any are given, in document order."""
        if names:
            return self.every("|".join(names))
        sheet = self.sheet
        return [type(self)(sheet, child) for child in sheet.children(self.place) if sheet.names[child]]

    def every(self, path: str) -> list[Node]:
        """All descendants at `A/B/C`; each step may offer several names: `A/B|C`."""
        found = self._places(path)
        if not found:
            return []
        sheet, kind = self.sheet, type(self)
        return [kind(sheet, place) for place in found]

    def _places(self, path: str) -> Sequence[int]:
        held = self._index.get(path)
        if held is None:
            # A plain name that is not among the children is nowhere.
            if path.isalnum() or not self._index:
                return ()
            held = self.sheet.below(self.place, path)
        place = self.place
        if type(held) is int:
            return (place + held,)
        return [place + one for one in held]  # type: ignore[union-attr]

    def at(self, path: str) -> Node | None:
        """The first descendant at `path`."""
        held = self._index.get(path)
        if type(held) is int:
            return type(self)(self.sheet, self.place + held)
        if held is None and path.isalnum():
            return None
        found = self._places(path)
        return type(self)(self.sheet, found[0]) if found else None

    def has(self, path: str) -> bool:
        """Whether there is anything at `path`."""
        return bool(self._places(path))

    def many(self, *names: str) -> list[str | None]:
        """The first texts of these children, as `text` gives them: one call where a box is read whole."""
        index, texts, still_open, base = self._index, self.sheet.texts, self.sheet.open, self.place
        found: list[str | None] = []
        for name in names:
            held = index.get(name)
            if held is None:
                found.append(None)
                continue
            place = base + (held if isinstance(held, int) else held[0])
            still_open[place] = 0
            text = texts[place]
            found.append(" ".join(text.split()) if text else "")
        return found

    def flags(self, pairs: Sequence[tuple[str, str]]) -> tuple[str, ...]:
        """The words of those children that say true; (word, name of the child)."""
        said = []
        for (word, name), text in zip(pairs, self.many(*[name for _, name in pairs]), strict=True):
            if text != "false" and text is not None and flag_of(text, name):
                said.append(word)
        return tuple(said)

    def own(self) -> str:
        """This element's own text in one line; claims it."""
        return self.sheet.take(self.place)

    def peek(self) -> str:
        """This element's own text, without claiming it."""
        return squeeze(self.sheet.texts[self.place])

    def text(self, path: str) -> str | None:
        """The first text at `path`: "" for an empty element, None where there is no such element."""
        held = self._index.get(path)
        if type(held) is int:
            sheet, place = self.sheet, self.place + held
            sheet.open[place] = 0
            text = sheet.texts[place]
            return " ".join(text.split()) if text else ""
        if held is None and path.isalnum():
            return None
        found = self._places(path)
        return self.sheet.take(found[0]) if found else None

    def texts(self, path: str) -> tuple[str, ...]:
        """All texts at `path` that are not empty."""
        held = self._index.get(path)
        if type(held) is int:
            text = self.sheet.take(self.place + held)
            return (text,) if text else ()
        found = self._places(path)
        return tuple(filter(None, map(self.sheet.take, found))) if found else ()

    def value(self, path: str) -> str | None:
        """The first text at `path`, None where there is none: a field shown empty."""
        return self.text(path) or None

    def date(self, path: str) -> dt.date | None:
        """The first date at `path`, cut from an xs:date. Raises `LayoutChanged` on what is no date."""
        found = self._places(path)
        if not found:
            return None
        return day_of(self.sheet.take(found[0]), self.sheet.names[found[0]])

    def own_date(self) -> dt.date | None:
        """This element's own date; claims it."""
        return day_of(self.own(), self.name)

    def flag(self, path: str) -> bool | None:
        """true or false at `path`; None where it is absent or empty. Anything else is refused."""
        return flag_of(self.text(path), path)

    def number(self, path: str) -> int | None:
        """The whole number at `path`; None where it is absent or empty. Anything else is refused."""
        return number_of(self.text(path), path)

    def attribute(self, name: str) -> str | None:
        """An attribute by local name; claims it."""
        return self.sheet.attribute(self.place, name)

    def skip(self, *paths: str) -> None:
        """Claim what stands at these paths and below: understood, but the record has no place for it."""
        index = self._index
        for path in paths:
            if path in index or not path.isalnum():
                for place in self._places(path):
                    self.sheet.skip(place)

    def rows(
        self, path: str, layout: Callable[[Node], tuple[Sequence[Node | None], Sequence[Node]]]
    ) -> list[tuple[str | None, ...]]:
        """The elements at `path`, built alike, as rows of a table: of each the texts of the same columns.

        `layout` says for one element which nodes are its columns and which are skipped. Asked once for all
        that have the same names in the same nesting (a history of fifty events has one or two such forms).
        Texts are as written; None where the element is absent, "" where it is empty.
        """
        known: dict[int, tuple[bytes, bytes, Callable[[list[str | None]], tuple[str | None, ...]]]] = {}
        found = []
        sheet = self.sheet
        for start in self._places(path):
            end = start + sheet.sizes[start]
            # Boxes of one form share the very same children; a leaf has none.
            form = id(sheet.kids[start]) if end > start + 1 else -1
            if form not in known:
                columns, skipped = layout(type(self)(sheet, start))
                for one in skipped:
                    sheet.skip(one.place)
                for column in columns:
                    if column is not None:
                        sheet.open[column.place] = 0
                taken = [column.place - start if column is not None else -1 for column in columns]
                known[form] = (
                    bytes(sheet.open[start:end]),
                    bytes(sheet.skipped[start:end]),
                    itemgetter(*taken),
                )
            still_open, skips, pick = known[form]
            sheet.open[start:end] = still_open
            sheet.skipped[start:end] = skips
            found.append(pick([*sheet.texts[start:end], None]))
        return found

    def leftovers(self) -> tuple[str, ...]:
        """What nobody took of this element and all below it."""
        return self.sheet.leftovers(self.place)


_day = functools.lru_cache(maxsize=16_384)(cut_date)  # the days of forty years


def named(root: etree._Element, *names: str, body: bytes = b"") -> list[Node]:
    """All elements of these names that have children, in document order, on one sheet.

    `body` are the bytes of which the root was made; with them it goes faster, and gives the same.
    """
    text = body.decode("utf-8") if body and true_encoding(body) else None
    sheet = Sheet(root, text)
    kids = sheet.kids
    return [Node(sheet, place) for place, name in enumerate(sheet.names) if name in names and kids[place]]


def day_of(text: str, name: str) -> dt.date | None:
    """The day of an xs:date in one line; None for nothing. Raises `LayoutChanged` on what is no date."""
    try:
        return _day(text[:10]) if text else None
    except ValueError as error:
        raise LayoutChanged(f"`{name}` is no date: {text[:_SHORT]!r}") from error


_FLAGS = {"true": True, "1": True, "y": True, "false": False, "0": False, "n": False, "": None}


def flag_of(text: str | None, name: str) -> bool | None:
    """true or false in a text; None for nothing. Raises `LayoutChanged` on anything else."""
    word = (text or "").lower()
    try:
        return _FLAGS[word]
    except KeyError:
        raise LayoutChanged(f"`{name}` is neither true nor false: {word[:_SHORT]!r}") from None


def number_of(text: str | None, name: str) -> int | None:
    """The whole number in a text; None for nothing. Raises `LayoutChanged` on anything else."""
    if not text:
        return None
    if not (text.isascii() and text.isdigit()):
        raise LayoutChanged(f"`{name}` is no number: {text[:_SHORT]!r}")
    return int(text[:18])
