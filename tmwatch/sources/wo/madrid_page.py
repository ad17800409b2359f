"""The page as labelled values, each of which is claimed or reported.

What it looks like (two recordings of 2026): `#romarinDetails` holds a summary table, today's record in
`#fragment-detail` and one `div.transaction` an entry in `#fragment-history`. A value stands in a `div.text`
behind a `div.inid` with its INID code and its words; a box `div.p[tag]` around them names the element of the
register's own XML (MAXML), by which `tables.kind_of` knows it. A label may stand in an outer box and its
value in an inner one (511), and may lack its box (833 of a continuation of effect).
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field

from bs4 import Tag
from bs4.element import NavigableString, PreformattedString

from tmwatch.errors import LayoutChanged
from tmwatch.sources.wo.tables import kind_of, squeeze

MOST_UNCLAIMED = 40
_SILENT_TAGS = frozenset(
    ("script", "style", "template", "noscript", "input", "link", "meta", "img", "svg", "button", "hr", "br")
)
_UNSEEN = frozenset(("script", "style", "template"))  # whose text is none of the page's
# Boxes of the page that say nothing of the filing: tabs, headings, the date of printing (2011 on pages of
# 2026), the word that stands while it loads.
_FURNITURE = frozenset(
    ("currentDate", "romarinLoadingStatus", "transactionHistoryHeader", "dataStatusAndVersion")
)
DATE = re.compile(r"(\d{2})\.(\d{2})\.(\d{4})")


@dataclass(slots=True)
class Value:
    """One labelled value. `box` is the tag of the box around it, `value` the element that holds it."""

    kind: str  # our word for the label, "" for an unknown one
    tag: str
    inid: str
    label: str
    value: Tag
    box: str = ""

    @property
    def text(self) -> str:
        """The value on one line."""
        return text_of(self.value)


@dataclass(slots=True)
class Claims:
    """Which elements were read; what stands in no read element is left over."""

    taken: set[int] = field(default_factory=set)
    lines: list[str] = field(default_factory=list)

    def take(self, *tags: Tag) -> None:
        """These are read, with all that stands in them."""
        self.taken.update(id(tag) for tag in tags)

    def odd(self, line: str) -> None:
        """Something was read that does not fit where it stands."""
        self.lines.append(line)

    def left(self, root: Tag) -> tuple[str, ...]:
        """What nobody read below `root`, and what was odd."""
        found = list(self.lines)
        for text in _unread(root, self.taken):
            found.append(f"text = {text[:200]}")
            if len(found) >= MOST_UNCLAIMED:
                break
        return tuple(found[:MOST_UNCLAIMED])


def _unread(tag: Tag, taken: set[int]) -> Iterator[str]:
    for child in tag.contents:
        if isinstance(child, Tag):
            if (
                child.name not in _SILENT_TAGS
                and id(child) not in taken
                and child.attrs.get("id") not in _FURNITURE
                and "romarinTabs" not in classes_of(child)
            ):
                yield from _unread(child, taken)
        elif not isinstance(child, PreformattedString) and (text := squeeze(str(child)).strip(" -:,;")):
            yield text


def classes_of(tag: Tag) -> list[str]:
    """The classes of a tag, [] where it has none."""
    found = tag.attrs.get("class")
    return str(found).split() if found else []


def attr(tag: Tag | None, name: str) -> str:
    """An attribute on one line, "" where there is none. Names are lower case: the parser makes them so."""
    return squeeze(str(tag.attrs.get(name) or "")) if tag is not None else ""


# Tags that part words where no blank does; all others (`span`, `b`) may stand in the middle of one.
_LINES = frozenset(("br", "div", "p", "li", "ul", "ol", "dl", "dt", "dd", "tr", "td", "th", "table", "hr"))


def text_of(tag: Tag) -> str:
    """All text inside, one line, single blanks; what stands on two lines of the page is two words."""
    contents = tag.contents
    if len(contents) == 1 and type(contents[0]) is NavigableString:
        return squeeze(str(contents[0]))
    return squeeze("".join(_pieces(tag)))


def _pieces(tag: Tag) -> Iterator[str]:
    for child in tag.contents:
        if isinstance(child, Tag):
            around = " " if child.name in _LINES else ""
            if child.name not in _UNSEEN:
                yield around
                yield from _pieces(child)
                yield around
        elif not isinstance(child, PreformattedString):
            yield str(child)


def tags_in(root: Tag) -> Iterator[Tag]:
    """Every tag below `root` in the order of the page."""
    stack = [iter(root.contents)]
    while stack:
        for child in stack[-1]:
            if isinstance(child, Tag):
                yield child
                if child.contents:
                    stack.append(iter(child.contents))
                    break
        else:
            stack.pop()


# Labels that say all there is to say: the register's own elements for them may be empty.
_FLAGS = frozenset(
    (
        "kind of mark",
        "standard characters",
        "three-dimensional",
        "sound",
        "colour mark",
        "acquired distinctiveness",
    )
)


def values_in(container: Tag, claims: Claims) -> list[Value]:
    """The labelled values of a box, in the order of the page; their labels and values are claimed.

    A label such as 551 that stands without a value has the empty one.

    Not those of a `div.skip`, which repeats 151 and 180 in every entry. Raises `LayoutChanged` where a value
    holds labels: an end tag is missing, and what follows would be taken for one long text.
    """
    found: list[Value] = []
    _gather(container, "", ("", ""), found, claims)
    once = {(one.kind, one.tag, one.inid, one.label, one.box, one.text): one for one in found}
    return list(once.values())  # a row that stands twice says nothing new


def _gather(box: Tag, tag: str, label: tuple[str, str], found: list[Value], claims: Claims) -> None:
    for child in box.contents:
        if not isinstance(child, Tag):
            continue
        classes = classes_of(child)
        if "inid" in classes:
            label = _label(child)
            claims.take(child)
        elif "skip" in classes:
            continue
        elif "text" in classes:
            found.append(_value(child, tag, label, attr(box, "tag")))
            claims.take(child)
            label = ("", "")
        elif "p" in classes or "mrsDetails" in classes:
            _gather(child, attr(child, "tag") or tag, label, found, claims)
            _flag(child, attr(child, "tag") or tag, found)
            if not any("inid" in classes_of(one) for one in child.contents if isinstance(one, Tag)):
                label = ("", "") if any(_is_value(one) for one in tags_in(child)) else label


def _flag(box: Tag, tag: str, found: list[Value]) -> None:
    label = next((one for one in box.contents if isinstance(one, Tag) and "inid" in classes_of(one)), None)
    if label is not None and not any(_is_value(one) for one in tags_in(box)):
        value = _value(Tag(name="div"), tag, _label(label), tag)
        if value.kind in _FLAGS:
            found.append(value)


def _is_value(tag: Tag) -> bool:
    return "text" in classes_of(tag)


def _label(tag: Tag) -> tuple[str, str]:
    code = words = ""
    for part in tags_in(tag):
        if "inidCode" in classes_of(part):
            code = text_of(part)
        elif "inidText" in classes_of(part):
            words = text_of(part)
    return code, words


def _value(value: Tag, tag: str, label: tuple[str, str], box: str) -> Value:
    if any("inid" in classes_of(part) or "transaction" in classes_of(part) for part in tags_in(value)):
        raise LayoutChanged(f"a label stands inside the value of `{label[1] or tag}`")
    code, words = label
    tag = attr(value, "tag") or tag
    # The edition stands behind the words of the label: "… (Nice Classification) - NCL(10-2015)".
    return Value(kind_of(tag, code, re.sub(r"\s*-\s*[NV]CL.*", "", words)), tag, code, words, value, box)


def places(value: Tag) -> tuple[str, ...]:
    """The offices of a list "IN - PH - SG", each once."""
    return tuple(dict.fromkeys(re.findall(r"(?<![A-Za-z])[A-Z]{2}(?![A-Za-z])", text_of(value))))
