"""An element of the gazette: attributes and children are taken one by one; what nobody took is left over."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator

from lxml import etree

from tmwatch.errors import LayoutChanged
from tmwatch.sources.renamed import Kind, Missed, Stranger, refuse
from tmwatch.text import fold_space

_SHORT = 80


def squeeze(text: str | None) -> str:
    """One line with single blanks."""
    return fold_space(text or "")


class Part:
    """An element. `attribute`, `own`, `text` and `kids` take what they read."""

    __slots__ = ("_attributes", "_inner", "_kids", "_missed", "_own", "_where")

    def __init__(self, element: etree._Element, where: str) -> None:
        self._where = where
        self._attributes = {str(key): squeeze(str(value)) for key, value in element.items()}
        self._kids: dict[str, list[etree._Element]] = {}
        self._inner: list[Part] = []
        self._missed: list[Missed] = []
        own = [element.text or ""]
        for child in element:
            self._kids.setdefault(str(child.tag), []).append(child)
            own.append(child.tail or "")
        self._own = squeeze(" ".join(own))

    def own(self) -> str:
        """The text in it; taken."""
        text, self._own = self._own, ""
        return text

    def attribute(self, name: str, kind: Kind = "text") -> str | None:
        """The attribute, None where it is absent or empty."""
        if name not in self._attributes:
            self._missed.append(Missed((name,), kind))
            return None
        return self._attributes.pop(name) or None

    def must(self, name: str) -> str:
        """The attribute that every such element has. Raises `LayoutChanged` where it is missing or empty."""
        text = self.attribute(name)
        if text is None:
            raise LayoutChanged(f"`{self._where}` has no `{name}`")
        return text

    def may_be_empty(self, name: str) -> str | None:
        """The attribute that every such element has, None where it is empty. Raises where it is missing."""
        if name not in self._attributes:
            raise LayoutChanged(f"`{self._where}` has no `{name}`")
        return self.attribute(name)

    def day(self, name: str) -> dt.date | None:
        """The day (dd/mm/yyyy) of an attribute, None where it is absent. Raises `LayoutChanged`."""
        return day_of(self.attribute(name, "date"), name)

    def kids(self, name: str, kind: Kind = "box") -> list[Part]:
        """The children of that name."""
        if name not in self._kids:
            self._missed.append(Missed((name,), kind))
        found = [Part(child, f"{self._where}/{name}") for child in self._kids.pop(name, ())]
        self._inner += found
        return found

    def kid(self, name: str, kind: Kind = "box") -> Part | None:
        """The one child of that name. Raises `LayoutChanged` where it stands several times."""
        found = self.kids(name, kind)
        if len(found) > 1:
            raise LayoutChanged(f"`{name}` stands {len(found)} times")
        return found[0] if found else None

    def text(self, name: str) -> str | None:
        """The text of the one child of that name: "" where it is empty, None where it is absent."""
        found = self.kid(name, "text")
        return found.own() if found is not None else None

    def has(self, name: str) -> bool:
        """Whether such a child is there and not taken yet."""
        return name in self._kids

    def texts(self, name: str) -> list[str]:
        """The texts of all children of that name, each once; "" for one that is empty."""
        return list(dict.fromkeys([one.own() for one in self.kids(name, "text")]))

    def grandkids(self, name: str, kind: str) -> list[Part] | None:
        """What the boxes of one name hold; None where there is no such box.

        Nine parts may stand in any order and number beside the despachos, so the XSD: what two boxes of
        one name hold belongs together.
        """
        boxes = self.kids(name)
        return [one for box in boxes for one in box.kids(kind)] if boxes else None

    def refuse_renamed(self, where: str) -> None:
        """Raise `LayoutChanged` where something unknown could be something that is missing beside it."""
        strangers = [Stranger(name, value) for name, value in self._attributes.items()]
        strangers += [
            Stranger(name, squeeze(child.text), box=len(child) > 0 or len(child.keys()) > 0)
            for name, children in self._kids.items()
            for child in children
        ]
        if strangers:
            refuse(self._missed, strangers, where)
        for inner in self._inner:
            inner.refuse_renamed(where)

    def leftovers(self) -> Iterator[str]:
        """What nobody took, in words."""
        if self._own:
            yield f"{self._where} = {self._own[:_SHORT]}"
        for name, value in self._attributes.items():
            yield f"{self._where}@{name} = {value[:_SHORT]}"
        for name, children in self._kids.items():
            for child in children:
                said = [*map(str, child.itertext()), *map(str, child.values())]
                yield f"{self._where}/{name} = {squeeze(' '.join(said))[:_SHORT]}"
        for inner in self._inner:
            yield from inner.leftovers()


def day_of(text: str | None, name: str) -> dt.date | None:
    """The day of dd/mm/yyyy; None for nothing. Raises `LayoutChanged` on what is no day."""
    if not text:
        return None
    try:
        return dt.datetime.strptime(text, "%d/%m/%Y").date()  # noqa: DTZ007
    except ValueError:
        raise LayoutChanged(f"`{name}` is no date: {text[:_SHORT]!r}") from None
