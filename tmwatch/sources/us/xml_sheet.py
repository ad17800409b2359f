"""A tree as columns, and an audit of what no reader took of it.

A record of ST.66 or ST.96 has some 500 elements, and what each costs is counted in tenths of a microsecond.
So the tree is turned once into columns (name, text, number of children, in document order), all by calls
that loop in C; a path is a walk over numbers, and what nobody took is told by running over two columns.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import compress

from lxml import etree

from tmwatch.sources.us.common import MOST_UNCLAIMED, squeeze

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


class _Paths(dict[str, "tuple[str | tuple[str, ...], ...]"]):
    """`A/B|C` → ("A", ("B", "C")). The paths are those of our readers, so they are few."""

    def __missing__(self, path: str) -> tuple[str | tuple[str, ...], ...]:
        split = (tuple(dict.fromkeys(step.split("|"))) for step in path.split("/"))
        steps = self[path] = tuple(step if len(step) > 1 else step[0] for step in split)
        return steps


_NAMES = _Names()
_PATHS = _Paths()
_Index = dict[str, "int | list[int]"]
_LEAF: _Index = {}


class Sheet:
    """A tree as columns, one row an element in document order, and which rows some reader has understood.

    `ends[place]` is the row behind the last one below `place`. `open[place]` is 1 until the text of that
    element is taken, `skipped[place]` is 1 where its attributes say nothing either.
    """

    def __init__(self, root: etree._Element) -> None:
        self.elements = elements = list(root.iter())
        self.names = [_NAMES[element.tag] for element in elements]
        self.texts = [element.text or "" for element in elements]
        self.counts = counts = list(map(len, elements))
        self.open = bytearray(b"\1") * len(elements)
        self.boxes = list(compress(range(len(elements)), counts))  # those that have children
        self.ends = list(range(1, len(elements) + 1))
        self._indexes: dict[int, _Index] = {}
        self._attributes: set[tuple[int, str]] = set()
        self.skipped = bytearray(len(elements))
        self._measure()

    def _measure(self) -> None:
        """From the number of children to where each element ends, the innermost first."""
        ends, counts = self.ends, self.counts
        following = len(ends)
        for box in reversed(self.boxes):
            last = box + counts[box]
            if following > last:  # only leaves in it
                ends[box] = last + 1
            else:
                place = box + 1
                for _ in range(counts[box]):
                    place = ends[place]
                ends[box] = place
            following = box

    def index(self, place: int) -> _Index:
        """The children of an element by name: the place of the one, or the places of several."""
        found = self._indexes.get(place)
        if found is not None:
            return found
        count = self.counts[place]
        if not count:
            return _LEAF
        found = self._indexes[place] = {}
        names, ends = self.names, self.ends
        child, end = place + 1, ends[place]
        while child < end:
            name = names[child]
            if name not in found:
                found[name] = child
            else:
                held = found[name]
                if isinstance(held, list):
                    held.append(child)
                else:
                    found[name] = [held, child]
            child = ends[child]
        return found

    def children(self, place: int) -> Iterator[int]:
        """The places of the children of an element, in document order."""
        child, end, ends = place + 1, self.ends[place], self.ends
        while child < end:
            yield child
            child = ends[child]

    def places(self, start: int, path: str) -> Sequence[int]:
        """The places of all descendants at `A/B|C`, in document order."""
        place, steps = start, _PATHS[path]
        for number, step in enumerate(steps):
            # Nearly always one name that stands there once, or not at all.
            held = self.index(place).get(step) if type(step) is str else ()
            if type(held) is int:
                place = held
            elif held is None:
                return ()
            else:
                return self._several(place, steps[number:])
        return (place,)

    def _several(self, start: int, steps: Sequence[str | tuple[str, ...]]) -> Sequence[int]:
        found = [start]
        for step in steps:
            names = (step,) if isinstance(step, str) else step
            inner: list[int] = []
            for place in found:
                index = self.index(place)
                here: list[int] = []
                for name in names:
                    held = index.get(name)
                    if held is not None:
                        here += held if isinstance(held, list) else (held,)
                inner += sorted(here) if len(names) > 1 else here
            found = inner
        return found

    def take(self, place: int) -> str:
        """The own text of an element in one line; it counts as understood."""
        self.open[place] = 0
        text = self.texts[place]
        return " ".join(text.split()) if text else ""

    def skip(self, place: int) -> None:
        """An element and all below it count as understood, attributes included."""
        end = self.ends[place]
        self.open[place:end] = bytes(end - place)
        self.skipped[place:end] = b"\1" * (end - place)

    def attribute(self, place: int, name: str) -> str | None:
        """An attribute by local name, understood."""
        for key, value in self.elements[place].attrib.items():
            if _NAMES[key] == name:
                self._attributes.add((place, name))
                return squeeze(str(value))
        return None

    # -- what is left --------------------------------------------------------------------------------

    def leftovers(self, start: int) -> tuple[str, ...]:
        """Everything at and below a place that says something and that nobody took, as "path = text"."""
        end = self.ends[start]
        left = "".join(compress(self.texts[start:end], self.open[start:end]))
        if not left.strip():
            odd = [
                place
                for place, element in enumerate(self.elements[start:end], start)
                if (element.keys() and any(self._odd_attributes(place)))
                or ((tail := element.tail) and place != start and tail.strip())
            ]
            if not odd:
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

    def _odd_attributes(self, place: int) -> Iterator[tuple[str, str]]:
        if self.skipped[place]:
            return
        for key, value in self.elements[place].items():
            name = _NAMES[key]
            if name in _MARKUP or (place, name) in self._attributes:
                continue
            if text := squeeze(str(value)):
                yield name, text

    def _path(self, place: int) -> str:
        element = self.elements[place]
        names = [_NAMES[element.tag], *(_NAMES[parent.tag] for parent in element.iterancestors())]
        return "/".join(reversed(names[:5]))
