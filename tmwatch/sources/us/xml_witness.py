"""A second reading of a record in which something was not understood: new, or known under another name?

The reader runs again over `Witness` nodes, which remember what was asked for where and what of it was
missing. See `sources.renamed` for what then counts as evidence.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from tmwatch.sources.renamed import Kind, Missed, Stranger, refuse
from tmwatch.sources.us.common import squeeze
from tmwatch.sources.us.xml import Node
from tmwatch.sources.us.xml_sheet import Sheet

# The last word of a name in ST.66 and ST.96 says what the element holds.
_BY_ENDING: tuple[tuple[tuple[str, ...], Kind], ...] = (
    (("Date", "DateNumber"), "date"),
    (("Indicator",), "flag"),
    (("Text", "Code", "Name", "Number", "Identifier", "Category", "Quantity", "Scope"), "text"),
    (("AssignmentDocumentBag",), "text"),  # a bag in some years, a name of a file in others
)


def _kind(name: str, otherwise: Kind) -> Kind:
    return next((kind for endings, kind in _BY_ENDING if name.endswith(endings)), otherwise)


class WitnessSheet(Sheet):
    """A sheet that remembers the questions."""

    def __init__(self, root: object) -> None:
        super().__init__(root)  # type: ignore[arg-type]
        self.asked: dict[int, set[str]] = {}
        self.missed: dict[int, list[Missed]] = {}

    def ask(self, place: int, names: tuple[str, ...], kind: Kind, found: bool) -> None:
        """Note that one of these names was asked of this element."""
        self.asked.setdefault(place, set()).update(names)
        if not found:
            self.missed.setdefault(place, []).append(Missed(names, kind))

    def strangers(self, place: int) -> list[Stranger]:
        """What stands in this element, says something, was not asked for by name and is not read."""
        asked = self.asked.get(place, set())
        found = []
        for child in self.children(place):
            name, end = self.names[child], child + self.sizes[child]
            unread = any(self.open[one] and self.texts[one].strip() for one in range(child, end))
            if name and name not in asked and unread:
                text = squeeze(" ".join(self.texts[child:end]))
                found.append(Stranger(name, text, box=bool(self.kids[child])))
        odd = self._odd_attributes(place)
        return [*found, *(Stranger(f"@{name}", text) for name, text in odd if f"@{name}" not in asked)]


class Witness(Node):
    """A node whose questions are remembered by its sheet."""

    __slots__ = ()
    sheet: WitnessSheet

    def refuse_renamed(self, where: str) -> None:
        """Raise `LayoutChanged` when something that nobody read could be something that was missing."""
        for place, missed in self.sheet.missed.items():
            refuse(missed, self.sheet.strangers(place), where)

    def _places(self, path: str) -> Sequence[int]:
        self._asked(path, "box", always=True)  # `NationalDesignSearchCode` is a box, whatever its name says
        return self._asked(path, "box")

    def _asked(
        self, path: str, otherwise: Kind, *, missed: bool = True, always: bool = False
    ) -> Sequence[int]:
        here: list[int] = [self.place]
        steps = path.split("/")
        for number, step in enumerate(steps, 1):
            names = tuple(step.split("|"))
            last = number == len(steps) and not always
            kind = _kind(names[0], otherwise) if last else "box"
            below: list[int] = []
            for place in here:
                children = [one for one in self.sheet.children(place) if self.sheet.names[one] in names]
                self.sheet.ask(place, names, kind, bool(children) or not missed)
                below += children
            here = below
        return here

    def at(self, path: str) -> Node | None:
        found = self._places(path)
        return type(self)(self.sheet, found[0]) if found else None

    def text(self, path: str) -> str | None:
        found = self._asked(path, "text")
        return self.sheet.take(found[0]) if found else None

    def texts(self, path: str) -> tuple[str, ...]:
        # All of these names are wanted, not one of them: each that is not there is missed.
        *above, names = path.split("/")
        for name in names.split("|"):
            self._asked("/".join([*above, name]), "text")
        return tuple(filter(None, map(self.sheet.take, self._asked(path, "text"))))

    def many(self, *names: str) -> list[str | None]:
        return [self.text(name) for name in names]

    def attribute(self, name: str) -> str | None:
        found = self.sheet.attribute(self.place, name)
        self.sheet.ask(self.place, (f"@{name}",), "text", found is not None)
        return found

    def skip(self, *paths: str) -> None:
        for path in paths:  # what is only skipped is not missed
            for place in self._asked(path, "text", missed=False):
                self.sheet.skip(place)

    def rows(
        self, path: str, layout: Callable[[Node], tuple[Sequence[Node | None], Sequence[Node]]]
    ) -> list[tuple[str | None, ...]]:
        found: list[tuple[str | None, ...]] = []
        for node in self.every(path):
            columns, skipped = layout(node)
            for one in skipped:
                self.sheet.skip(one.place)
            for column in columns:
                if column is not None:
                    self.sheet.open[column.place] = 0
            found.append(tuple(self.sheet.texts[one.place] if one is not None else None for one in columns))
        return found


def witness_of(node: Node) -> Witness:
    """The same element on a sheet that remembers."""
    return Witness(WitnessSheet(node.sheet.elements[node.place]))
