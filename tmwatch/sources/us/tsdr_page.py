"""The TSDR status page as sections of label/value pairs, each of which is claimed or reported.

What the page looks like (a recording of 2013; scrapers of 2018 to 2026 look for the same names): rows of
`div.key` and `div.value` under `#summary`, then `#data_container` with one `div.expand_wrapper` a section.
Readers take what they understand; `leftovers` names the rest, so that a new label is never passed over.
"""

from __future__ import annotations

import codecs
import re
import warnings
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Literal

from bs4 import BeautifulSoup, Tag
from bs4.element import NavigableString, PreformattedString

from tmwatch.errors import LayoutChanged
from tmwatch.sources.us.common import squeeze

# Words that the page's scripts put beside facts; they say nothing.
_DECORATION = re.compile(
    r"^(summary|note:?|trademark image|(expand|collapse) all|\W{0,3}|(assignment|proceeding) \d+ of \d+)$",
    re.IGNORECASE,
)
# Captions with a meaning for readers; ` - None` and ` - Not Found` behind them say that nothing follows.
_CAPTIONS = re.compile(
    r"^(attorney of record|correspondent|domestic representative|tm staff information|file location"
    r"|assignors?|assignees?|(defendant|plaintiff|petitioner|respondent|applicant|opposer|appellant"
    r"|potential opposer|registrant)s?(\(s\))?"
    r"|associated marks?|prosecution history)(\s*-\s*(none|not found))?$",
    re.IGNORECASE,
)
_CLICK_TO_LOAD = re.compile(r"click\s+to\s+load|loading\s*(\.\.\.|…)", re.IGNORECASE)
_SILENT_TAGS = frozenset(
    ("script", "style", "template", "noscript", "input", "link", "meta", "img", "svg", "button")
)
_MULTIBYTE = re.compile(rb"[\xc2-\xdf][\x80-\xbf]|[\xe0-\xef][\x80-\xbf]{2}|[\xf0-\xf4][\x80-\xbf]{3}")
_SWALLOWED = ", ".join(
    f"{outer} .key" for outer in (".value", ".key", ".note", ".caption", ".separator", "table", "h2")
)
_DECLARED = re.compile(rb"""<meta[^>]+charset\s*=\s*["']?\s*([A-Za-z0-9_:.-]{2,40})""", re.IGNORECASE)


def encoding_of(body: bytes, content_type: str = "") -> str:
    """The character set of a page that declares none: UTF-8 where the bytes allow it, else windows-1252.

    Decided here and handed to the parser, because its own guess rests on statistics of the text.
    A page cut in the middle of a character is still UTF-8.
    """
    if body.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return "utf-16"
    try:
        codecs.getincrementaldecoder("utf-8")().decode(body)
        return "utf-8"
    except UnicodeDecodeError:
        pass
    # A damaged byte or two in a UTF-8 page must not garble every name on it.
    if len(_MULTIBYTE.findall(body)) > body.decode("utf-8", "replace").count("\ufffd"):
        return "utf-8"
    header = re.search(r"charset\s*=\s*[\"']?([A-Za-z0-9_:.-]{2,40})", content_type)
    meta = _DECLARED.search(body[:4096])
    for name in (header[1] if header else "", meta[1].decode("ascii") if meta else ""):
        try:
            # A page that says utf-8 and is not was written by the old single-byte template.
            if name and codecs.lookup(name).name not in ("utf-8", "ascii", "iso8859-1"):
                body.decode(name)
                return name
        except (LookupError, UnicodeDecodeError, ValueError):
            continue
    return "windows-1252"


def parse(body: bytes, content_type: str = "") -> BeautifulSoup:
    """The tree of the raw bytes. That bytes of something else look odd is no news worth a warning."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)
        return BeautifulSoup(body, "lxml", from_encoding=encoding_of(body, content_type))


def text_of(tag: Tag) -> str:
    """All text inside, one line, single blanks."""
    return squeeze(tag.get_text(" "))


def lines_of(tag: Tag) -> tuple[tuple[str, ...], ...]:
    """The rows of an address: one per inner block, each with the lines in which it is written.

    `<div>PO Box 1</div><div>Town,⏎STATE⏎1234</div>` → (("PO Box 1",), ("Town,", "STATE", "1234")).
    """
    rows = (tuple(filter(None, map(squeeze, text.splitlines()))) for text in _blocks(tag))
    return tuple(row for row in rows if row)


def _blocks(tag: Tag) -> Iterator[str]:
    written = ""
    for child in tag.children:
        if isinstance(child, Tag) and child.name in ("div", "p", "br"):
            yield written
            written = ""
            yield from _blocks(child)
        elif isinstance(child, Tag):
            written += child.get_text()
        elif not isinstance(child, PreformattedString):
            written += str(child)
    yield written


def label_key(label: str) -> str:
    """A label without its punctuation: `U.S Class(es):` and `U.S. Class(es)` are one label."""
    return re.sub(r"[^a-z0-9]+", " ", label.lower()).strip()


@dataclass
class Item:
    """One thing that stands in a section, in the order of the page."""

    kind: Literal["pair", "caption", "separator", "table", "text", "group"]
    text: str = ""  # the label of a pair
    value: Tag | None = None
    extras: list[Tag] = field(default_factory=list)  # further values of the same label
    claimed: bool = False


def _value_after(row: list[Item], child: Tag) -> None:
    """Give a `div.value` to the label before it. A padding pair has an empty label and no value."""
    if row and row[-1].kind == "pair" and row[-1].value is None:
        row[-1].value = child
    elif row and row[-1].kind == "pair":
        row[-1].extras.append(child)
    elif text_of(child):
        row.append(Item("text", text_of(child)))


def items_of(tag: Tag) -> Iterator[Item]:
    """Everything inside `tag`, in the order of the page. Notes, scripts and comments say no facts."""
    row: list[Item] = []
    for child in tag.children:
        if isinstance(child, PreformattedString):
            continue
        if isinstance(child, NavigableString):
            text = squeeze(child)
            if text:
                row.append(Item("text", text))
            continue
        if not isinstance(child, Tag) or child.name in _SILENT_TAGS:
            continue
        classes = set(child.get_attribute_list("class"))
        if "key" in classes:
            row.append(Item("pair", text_of(child)))
        elif "value" in classes:
            _value_after(row, child)
        elif "caption" in classes:
            row.append(Item("caption", text_of(child)))
        elif "separator" in classes:
            row.append(Item("separator"))
        elif "note" in classes or _is_section(child):
            continue  # a section inside a section is read as its own
        elif "assignmentsContainer" in classes or "proceedingsContainer" in classes:
            row.append(Item("group", value=child))
        elif child.name == "table":
            row.append(Item("table", value=child))
        else:
            yield from row
            row = []
            yield from items_of(child)
    yield from row


class Section:
    """Pairs, captions, tables and loose text of one section; what nobody takes is left over."""

    def __init__(self, title: str, items: list[Item]) -> None:
        self.title = title
        self.items = [item for item in items if not _is_padding(item)]

    def part(self, items: list[Item]) -> Section:
        """Some of the items as a section of their own; claims are shared with this one."""
        part = Section.__new__(Section)
        part.title, part.items = self.title, items
        return part

    def split(self, *starts: str, separators: bool = False) -> list[Section]:
        """The blocks that begin with one of these labels (or behind a separator)."""
        keys = {label_key(start) for start in starts}

        def begins(item: Item) -> bool:
            return item.kind == "pair" and label_key(item.text) in keys

        blocks: list[list[Item]] = [[]]
        for item in self.items:
            if (begins(item) and any(map(begins, blocks[-1]))) or (separators and item.kind == "separator"):
                blocks.append([])
            blocks[-1].append(item)
        return [self.part(block) for block in blocks if any(i.kind == "pair" for i in block)]

    def split_on_repeat(self) -> list[Section]:
        """The blocks of a section whose entries begin with no label of their own: one repeats a label."""
        blocks: list[list[Item]] = [[]]
        for item in self.items:
            seen = {label_key(each.text) for each in blocks[-1] if each.kind == "pair"}
            if item.kind == "separator" or (item.kind == "pair" and label_key(item.text) in seen):
                blocks.append([])
            blocks[-1].append(item)
        return [self.part(block) for block in blocks if any(i.kind == "pair" for i in block)]

    def under_captions(self) -> list[tuple[str, Section]]:
        """The items under each caption; those before the first under ""."""
        parts: list[tuple[str, list[Item]]] = [("", [])]
        for item in self.items:
            if item.kind == "caption":
                parts.append((item.text, []))
            else:
                parts[-1][1].append(item)
        return [(caption, self.part(items)) for caption, items in parts]

    def _find(self, labels: tuple[str, ...]) -> Item | None:
        keys = {label_key(label) for label in labels}
        for item in self.items:
            if item.kind == "pair" and not item.claimed and label_key(item.text) in keys:
                return item
        return None

    def has(self, *labels: str) -> bool:
        """Whether one of these labels is still there to be taken."""
        return self._find(labels) is not None

    def tag(self, *labels: str) -> Tag | None:
        """The value of the first of these labels that is here, claimed."""
        item = self._find(labels)
        return None if item is None else self._claim(item)

    def _claim(self, item: Item) -> Tag:
        item.claimed = True
        if item.value is None:
            raise LayoutChanged(f"label `{item.text}` has no value", where=f"section `{self.title}`")
        return item.value

    def disown(self, *labels: str) -> None:
        """Give labels back whose value turned out to be unreadable, so that they are reported."""
        keys = {label_key(label) for label in labels}
        for item in self.items:
            if item.kind == "pair" and label_key(item.text) in keys:
                item.claimed = False

    def tags(self, *labels: str) -> list[Tag]:
        """Every value of these labels, the further values of a label included, claimed."""
        found: list[Tag] = []
        while item := self._find(labels):
            found += [self._claim(item), *item.extras]
            item.extras = []
        return found

    def text(self, *labels: str) -> str | None:
        """The text of the label's value; None where the label is missing or its value empty."""
        tag = self.tag(*labels)
        return (text_of(tag) or None) if tag is not None else None

    def texts(self, *labels: str) -> str | None:
        """The text of a label that may stand several times, one entry a line."""
        return "\n".join(filter(None, (text_of(tag) for tag in self.tags(*labels)))) or None

    def drop(self, *labels: str, starting: tuple[str, ...] = ()) -> None:
        """Claim labels that are understood and have no place in the record."""
        keys = {label_key(label) for label in labels}
        for item in self.items:
            key = label_key(item.text)
            if item.kind == "pair" and (key in keys or key.startswith(starting or ("\0",))):
                item.claimed = True
                item.extras = []

    def groups(self) -> list[Tag]:
        """The containers inside (one per assignment or proceeding), claimed."""
        found = [item for item in self.items if item.kind == "group"]
        for item in found:
            item.claimed = True
        return [item.value for item in found if item.value is not None]

    def tables(self) -> list[Tag]:
        """The tables inside, claimed."""
        found = [item for item in self.items if item.kind == "table"]
        for item in found:
            item.claimed = True
        return [item.value for item in found if item.value is not None]

    @property
    def lazy(self) -> bool:
        """Whether the page would fetch this section only when somebody opens it."""
        if not self.items or _CLICK_TO_LOAD.search(self.title):
            return True
        loose = (item.text for item in self.items if item.kind in ("text", "caption"))
        return any(_CLICK_TO_LOAD.search(text) for text in loose)

    def leftovers(self) -> list[str]:
        """What nobody took, in words for a person."""
        return [line for item in self.items for line in self._left(item)]

    def _left(self, item: Item) -> Iterator[str]:
        where = f"section `{self.title}`: "
        if item.kind == "pair":
            said = [] if item.claimed else [text_of(item.value) if item.value is not None else "(no value)"]
            said += [text for text in map(text_of, item.extras) if text]
            for text in said:
                yield f"{where}label `{item.text}` = {text}"
            return
        known = item.kind == "separator" or (item.kind == "caption" and bool(_CAPTIONS.match(item.text)))
        if item.claimed or known:
            return
        if item.kind in ("table", "group") and item.value is not None:
            yield f"{where}{item.kind} = {text_of(item.value)[:200]}"
        elif item.text and not _DECORATION.match(item.text) and not _CLICK_TO_LOAD.search(item.text):
            yield f"{where}{item.kind} = {item.text}"


def _is_padding(item: Item) -> bool:
    return item.kind == "pair" and not item.text and not (item.value is not None and text_of(item.value))


def _is_section(tag: Tag) -> bool:
    return "expand_wrapper" in tag.get_attribute_list("class") and (
        tag.select_one("h2 [data-sectiontitle]") is not None
        or tag.find_parent("div", class_="expand_wrapper") is None
    )


def sections_of(root: Tag) -> dict[str, Section]:
    """The sections below `root` by their key (`label_key` of the title), in the order of the page.

    Raises `LayoutChanged` when a section has no title, or a value has swallowed labels: an end tag is
    missing, and what follows would be taken for one long text.
    """
    if lost := root.select_one(_SWALLOWED):
        raise LayoutChanged(f"label `{text_of(lost)}` stands inside another value", where="status page")
    found: dict[str, Section] = {}
    for wrapper in filter(_is_section, root.select("div.expand_wrapper")):
        heading = wrapper.find("h2")
        if not isinstance(heading, Tag):
            raise LayoutChanged("a section has no heading", where="status page")
        span = heading.select_one("[data-sectiontitle]")
        title = squeeze(str(span["data-sectiontitle"])) if isinstance(span, Tag) else ""
        title = title if title and title != "markInformation" else text_of(heading)
        heading.extract()
        section = Section(title, list(items_of(wrapper)))
        key = label_key(title)
        if key in found:
            raise LayoutChanged(f"section `{title}` stands twice", where="status page")
        found[key] = section
    return found


def outside_of_sections(root: Tag) -> list[str]:
    """Labels that stand neither in the summary nor in a section: nobody reads those."""
    return [
        f"outside of all sections: label `{text_of(key)}`"
        for key in root.select("div.key")
        if text_of(key)
        and not key.find_parent(id="summary")
        and not key.find_parent("div", class_="expand_wrapper")
    ]


def is_closed(body: bytes, soup: BeautifulSoup) -> bool:
    """Whether the page goes on to its end: `</html>`, or the element around the status is closed.

    The parser closes what a cut page left open, so only the raw bytes can tell.
    """
    raw = re.sub(rb"<!--.*?-->|<script\b.*?</script\s*>", b"", body, flags=re.DOTALL | re.IGNORECASE)
    if raw.rstrip().lower().endswith(b"</html>"):
        return True
    root = soup.find(id="statusTab") or soup.find(id="data_container")
    if not isinstance(root, Tag):
        return False
    name = re.escape(root.name.encode("ascii", "ignore"))
    start = raw.find(b'id="%s"' % str(root["id"]).encode())
    start = max(0, raw.rfind(b"<", 0, start))
    opened = len(re.findall(rb"<%s\b" % name, raw[start:], re.IGNORECASE))
    closed = len(re.findall(rb"</%s\s*>" % name, raw[start:], re.IGNORECASE))
    return 0 < opened <= closed
