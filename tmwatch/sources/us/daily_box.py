"""A box of the daily file: its children by name, taken one by one; what nobody took is left over."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Sequence

from lxml import etree

from tmwatch.errors import LayoutChanged
from tmwatch.sources.renamed import Kind, Missed, Stranger, refuse
from tmwatch.sources.us import common

_SHORT = 80
_WORDS = {"T": "true", "F": "false"}


class Box:
    """An element and its children. Every `text`, `day`, `flag` … takes the child it reads."""

    __slots__ = ("_inner", "_kids", "_missed", "_odd", "name")

    def __init__(self, element: etree._Element | None, name: str) -> None:
        self.name = name
        self._kids: dict[str, list[etree._Element]] = {}
        self._inner: list[Box] = []
        self._odd: list[str] = []
        self._missed: list[Missed] = []
        if element is None:
            return
        loose = [element.text] if element.text and not element.text.isspace() else []
        for child in element:
            self._kids.setdefault(child.tag, []).append(child)
            if (tail := child.tail) and not tail.isspace():
                loose.append(tail)
        if loose:
            self._odd.append(f"{name} = {common.squeeze(' '.join(loose))[:_SHORT]}")
        for key, value in element.items():
            self._odd.append(f"{name}@{key!s} = {str(value)[:_SHORT]}")

    # -- leaves ------------------------------------------------------------------------------------

    def texts(self, name: str, kind: Kind = "text") -> list[str]:
        """The texts of all children of that name that are not empty, each in one line."""
        found = []
        if name not in self._kids:
            self._missed.append(Missed((name,), kind))
        for child in self._kids.pop(name, ()):
            if len(child) or child.keys():
                self._odd += Box(child, f"{self.name}/{name}").leftovers()
            if text := common.squeeze(child.text):
                found.append(text)
        return found

    def pass_over(self, *names: str) -> None:
        """Take what is understood and has no place in the record; it is not missed where it is absent."""
        for name in names:
            if name in self._kids:
                self.text(name)

    def text(self, name: str, kind: Kind = "text") -> str | None:
        """The text of the child, None where there is none or it is empty.

        Raises `LayoutChanged` where it stands several times and says different things.
        """
        kids = self._kids.get(name)
        if kids is None:
            self._missed.append(Missed((name,), kind))
            return None
        if len(kids) == 1 and not len(kids[0]) and not kids[0].keys():  # nearly always
            del self._kids[name]
            return common.squeeze(kids[0].text) or None
        found = self.texts(name)
        if len(set(found)) > 1:
            raise LayoutChanged(f"`{name}` stands {len(found)} times and says different things")
        return found[0] if found else None

    def has(self, name: str) -> bool:
        """Whether such a child is there and not taken yet."""
        return name in self._kids

    def must_texts(self, name: str) -> list[str]:
        """The texts of children of which at least one must stand there, be it empty."""
        if name not in self._kids:
            raise LayoutChanged(f"`{self.name}` has no `{name}`")
        return self.texts(name)

    def must(self, name: str, *, empty: bool = False) -> str:
        """The text of a child that every box of this kind has. Raises `LayoutChanged` where it is missing."""
        there = name in self._kids
        text = self.text(name)
        if not there or (text is None and not empty):
            raise LayoutChanged(f"`{self.name}` has no `{name}`")
        return text or ""

    def day(self, name: str) -> dt.date | None:
        """The day (yyyymmdd), None for nothing and for zeros. A day that lacks its month is reported."""
        text = self.text(name, "date")
        if text is None or not text.strip("0"):
            return None
        if len(text) == 8 and text.isascii() and text.isdigit():
            try:
                return dt.date(int(text[:4]), int(text[4:6]), int(text[6:]))
            except ValueError:
                if "00" in (text[4:6], text[6:]):  # 19870000 in cases of the paper age
                    self._odd.append(f"{self.name}/{name} = {text}, which is no whole date")
                    return None
        raise LayoutChanged(f"`{name}` is no date: {text[:_SHORT]!r}")

    def day_or_zeros(self, name: str) -> dt.date | None:
        """The day of a child that every box has, though the office may write zeros there."""
        if name not in self._kids:
            raise LayoutChanged(f"`{self.name}` has no `{name}`")
        return self.day(name)

    def must_day(self, name: str) -> dt.date:
        """The day of a child that every box has. Raises `LayoutChanged` where it is missing."""
        day = self.day_or_zeros(name)
        if day is None:
            raise LayoutChanged(f"`{self.name}` has no `{name}`")
        return day

    def use(self, name: str) -> str:
        """A first-use date of which day or month may be zeros; "" for none."""
        text = self.text(name, "date")
        try:
            return common.partial_date(text) or ""
        except ValueError:
            raise LayoutChanged(f"`{name}` is no date: {(text or '')[:_SHORT]!r}") from None

    def flag(self, name: str, *, must: bool = True) -> bool | None:
        """T or F. Raises `LayoutChanged` for anything else, and where a flag that must stand does not."""
        text = self.must(name) if must else self.text(name, "flag")
        if text not in ("T", "F", None):
            raise LayoutChanged(f"`{name}` is neither T nor F: {text[:_SHORT]!r}")
        return None if text is None else text == "T"

    def flags(self, pairs: Sequence[tuple[str, str]]) -> tuple[str, ...]:
        """The words of those flags that are set."""
        return tuple([word for word, name in pairs if self.flag(name)])

    # -- boxes -------------------------------------------------------------------------------------

    def boxes(self, name: str) -> list[Box]:
        """The children of that name as boxes, in the order of the file."""
        if name not in self._kids:
            self._missed.append(Missed((name,), "box"))
        found = [Box(child, f"{self.name}/{name}") for child in self._kids.pop(name, ())]
        self._inner += found
        return found

    def inner(self, name: str) -> Box:
        """The one box of that name; an empty one where there is none."""
        found = self.boxes(name)
        if len(found) > 1:
            raise LayoutChanged(f"`{name}` stands {len(found)} times")
        return found[0] if found else Box(None, name)

    def must_box(self, name: str) -> Box:
        """The one box of that name. Raises `LayoutChanged` where there is none."""
        if name not in self._kids:
            raise LayoutChanged(f"the case has no `{name}`")
        return self.inner(name)

    # -- what is left --------------------------------------------------------------------------------

    def skip(self) -> None:
        """All that is left in this box is understood, and the record has no place for it."""
        self._kids = {}
        self._odd = []

    def unknown(self) -> bool:
        """Whether something in this very box was not understood (call it when all was taken)."""
        return bool(self._kids or self._odd)

    def refuse_renamed(self, where: str) -> None:
        """Raise `LayoutChanged` where something unknown could be something that is missing in its box."""
        strangers = [
            Stranger(tag, _WORDS.get(text := common.squeeze(child.text), text), box=len(child) > 0)
            for tag, children in self._kids.items()
            for child in children
        ]
        if strangers:
            refuse(self._missed, strangers, where)
        for box in self._inner:
            box.refuse_renamed(where)

    def leftovers(self) -> Iterator[str]:
        """What nobody took, in words."""
        yield from self._odd
        for name, children in self._kids.items():
            for child in children:
                text = common.squeeze(" ".join(str(one) for one in child.itertext()))
                # An empty element says nothing that could be missed, but its name may be new.
                yield f"{self.name}/{name} = {text[:_SHORT]}"
        for box in self._inner:
            yield from box.leftovers()
