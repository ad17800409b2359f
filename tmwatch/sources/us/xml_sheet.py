"""A tree as columns, and an audit of what no reader took of it.

A record of ST.66 or ST.96 has some 500 elements, and what each costs is counted in tenths of a microsecond.
So the tree is turned once into columns (name, text, number of children, in document order), all by calls
that loop in C; a path is a walk over numbers, and what nobody took is told by running over two columns.
"""

from __future__ import annotations

import functools
from collections.abc import Iterator, Sequence
from itertools import compress

from lxml import etree

from tmwatch.sources.us.common import MOST_UNCLAIMED, squeeze
from tmwatch.sources.us.xml_text import cut, of_tree

_SHORT = 80
# Order, language and schema type of an element are markup, not facts about the mark.
_MARKUP = frozenset({"sequenceNumber", "type", "languageCode", "schemaLocation", "schemaVersion"})


def local(tag: object) -> str:
    """The name of an element or attribute without its namespace."""
    return str(tag).rpartition("}")[2]


class _Names(dict[object, str]):
    """Local names by tag: a record repeats some hundred. Emptied before a stranger can fill it."""

    def __missing__(self, tag: object) -> str:
        name = local(tag) if isinstance(tag, str) else ""
        if len(name) < 100:
            if len(self) > 4096:
                self.clear()
            self[tag] = name
        return name


class _Paths(dict[str, tuple[tuple[str, ...], ...]]):
    """`A/B|C` → (("A",), ("B", "C")). The paths are those of our readers, so they are few."""

    def __missing__(self, path: str) -> tuple[tuple[str, ...], ...]:
        steps = self[path] = tuple(tuple(dict.fromkeys(step.split("|"))) for step in path.split("/"))
        return steps


_NAMES = _Names()
_PATHS = _Paths()


class Sheet:
    """A tree as columns, one row an element in document order, and which rows some reader has understood.

    `kids[place]` are the children of an element by name: how many rows below it the one stands, or each of
    several. `sizes[place]` is the number of rows of an element and all below it. `open[place]` is 1 until
    the text of that element is taken, `skipped[place]` is 1 where its attributes say nothing either.

    With `text`, the very text of which lxml made the tree, the columns are cut from it (see `xml_text`):
    the tree has then said that the text is well-formed, and is asked again only for what is left over.
    """

    def __init__(self, root: etree._Element, text: str | None = None) -> None:
        self.root = root
        columns = cut(text) if text is not None else None
        if columns is None:
            columns = of_tree(root, _NAMES)
        self.names, self.texts, self.kids, self.sizes, self.attributes, self.loose = columns
        self.open = bytearray(b"\1") * len(self.names)
        self.skipped = bytearray(len(self.names))
        self._taken: set[tuple[int, str]] = set()

    @functools.cached_property
    def elements(self) -> list[etree._Element]:
        """The elements of the tree themselves, which cost a microsecond each."""
        return list(self.root.iter())

    @property
    def boxes(self) -> list[int]:
        """The places of the elements that have children."""
        return [place for place, kids in enumerate(self.kids) if kids]

    def children(self, place: int) -> Iterator[int]:
        """The places of the children of an element, in document order."""
        child, end, sizes = place + 1, place + self.sizes[place], self.sizes
        while child < end:
            yield child
            child += sizes[child]

    def below(self, start: int, path: str) -> int | Sequence[int]:
        """How many rows below `start` the one descendant at `A/B|C` stands, or each of several, in order."""
        kids = self.kids
        index = kids[start]
        known = index.get(path)
        if known is not None:
            return known
        if not index or ("/" not in path and "|" not in path):
            return ()
        found = [start]
        for step in _PATHS[path]:
            inner: list[int] = []
            for place in found:
                here: list[int] = []
                for name in step:
                    held = kids[place].get(name)
                    if held is None:
                        continue
                    here += [place + held] if isinstance(held, int) else [place + one for one in held]
                inner += sorted(here) if len(step) > 1 else here
            found = inner
        answer = [place - start for place in found]
        # Kept for all boxes of this form: the paths are those of our readers, so they are few.
        index[path] = answer[0] if len(answer) == 1 else answer
        return index[path]

    def take(self, place: int) -> str:
        """The own text of an element in one line; it counts as understood."""
        self.open[place] = 0
        text = self.texts[place]
        return " ".join(text.split()) if text else ""

    def skip(self, place: int) -> None:
        """An element and all below it count as understood, attributes included."""
        size = self.sizes[place]
        if size == 1:
            self.open[place] = 0
            self.skipped[place] = 1
            return
        self.open[place : place + size] = bytes(size)
        self.skipped[place : place + size] = b"\1" * size

    def attribute(self, place: int, name: str) -> str | None:
        """An attribute by local name, understood."""
        for key, value in self.attributes.get(place, ()):
            if key == name:
                self._taken.add((place, name))
                return value
        return None

    # -- what is left --------------------------------------------------------------------------------

    def leftovers(self, start: int) -> tuple[str, ...]:
        """Everything at and below a place that says something and that nobody took, as "path = text"."""
        end = start + self.sizes[start]
        left = "".join(compress(self.texts[start:end], self.open[start:end]))
        if not left.strip():
            odd = [
                place
                for place, given in self.attributes.items()
                if given[0][0] not in _MARKUP or len(given) > 1
                if start <= place < end and any(self._odd_attributes(place))
            ]
            if not odd and not (self.loose and self._loose_words(start, end)):
                return ()
        return tuple(dict.fromkeys(self._left(start, end)))[:MOST_UNCLAIMED]

    def _left(self, start: int, end: int) -> Iterator[str]:
        for place, element in enumerate(self.elements[start:end], start):
            if self.open[place]:
                text = squeeze(self.texts[place] + " ".join(child.tail or "" for child in element))
                if text:
                    yield f"{self._path(place)} = {text[:_SHORT]}"
            for name, text in self._odd_attributes(place):
                yield f"{self._path(place)}@{name} = {text[:_SHORT]}"

    def _loose_words(self, start: int, end: int) -> bool:
        """Whether words stand between the elements below a place."""
        return any((one.tail or "").strip() for one in self.elements[start + 1 : end])

    def _odd_attributes(self, place: int) -> Iterator[tuple[str, str]]:
        if self.skipped[place]:
            return
        for name, text in self.attributes.get(place, ()):
            if text and name not in _MARKUP and (place, name) not in self._taken:
                yield name, text

    def _path(self, place: int) -> str:
        element = self.elements[place]
        names = [_NAMES[element.tag], *(_NAMES[parent.tag] for parent in element.iterancestors())]
        return "/".join(reversed(names[:5]))
