"""The TSDR status page as sections of label/value pairs, each of which is claimed or reported.

What the page looks like (a recording of 2013; scrapers of 2018 to 2026 look for the same names): rows of
`div.key` and `div.value` under `#summary`, then `#data_container` with one `div.expand_wrapper` a section.
Readers take what they understand; `leftovers` names the rest, so that a new label is never passed over.
"""

from __future__ import annotations

import functools
import re
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from typing import Literal

from bs4 import Tag
from bs4.element import PreformattedString

from tmwatch.errors import LayoutChanged
from tmwatch.sources.renamed import Kind, Missed, Stranger, refuse
from tmwatch.sources.us.common import squeeze
from tmwatch.sources.us.tsdr_outline import Outline, classes_of, tags_in
from tmwatch.sources.us.tsdr_tree import text_of

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


def label_key(label: str) -> str:
    """A label without its punctuation: `U.S Class(es):` and `U.S. Class(es)` are one label."""
    # The page has some hundred labels, each asked for several times; no stranger's long text is kept.
    return _known_key(label) if len(label) < 100 else _label_key(label)


def _label_key(label: str) -> str:
    return re.sub(r"[^a-z0-9]+", " ", label.lower()).strip()


_known_key = functools.lru_cache(maxsize=4096)(_label_key)


@dataclass(slots=True)
class Item:
    """One thing that stands in a section, in the order of the page."""

    kind: Literal["pair", "caption", "separator", "table", "text", "group", "value", "nothing"]
    text: str = ""  # the label of a pair
    value: Tag | None = None
    extras: list[Tag] = field(default_factory=list)  # further values of the same label
    claimed: bool = False
    key: str = ""  # the label as labels are compared
    dropped: bool = False  # claimed only by how its label begins, or as without a place in the record
    disowned: bool = False  # a known label, given back because its value cannot be read

    @property
    def unread(self) -> str:
        """The value of a label that nobody read, "" for anything else."""
        known = self.claimed or self.disowned or self.kind != "pair" or self.value is None
        return "" if known or self.value is None else text_of(self.value)


# Read by what stands before it; and not read at all. Neither ever stands in a section.
_VALUE, _NOTHING = Item("value"), Item("nothing")


def items_of(tag: Tag) -> list[Item]:
    """Everything inside `tag`, in the order of the page. Notes, scripts and comments say no facts."""
    found: list[Item] = []
    _gather(tag, found)
    return found


def _gather(tag: Tag, found: list[Item]) -> None:
    row = len(found)  # where the items of the current row begin: a value belongs to a label of its row only
    for child in tag.contents:
        if not isinstance(child, Tag):
            if not isinstance(child, PreformattedString) and (text := squeeze(str(child))):
                found.append(Item("text", text))
        elif child.name not in _SILENT_TAGS:
            item = _item(child, classes_of(child))
            if item is None:
                _gather(child, found)
                row = len(found)
            elif item.kind == "value":
                _value_after(found, row, child)
            elif item.kind != "nothing":
                found.append(item)


def _item(tag: Tag, classes: list[str]) -> Item | None:
    """What a tag is in its row; None where it is only a box around other things."""
    if classes:
        if "key" in classes:
            label = text_of(tag)
            return Item("pair", label, key=label_key(label))
        if "value" in classes:
            return _VALUE
        if "caption" in classes:
            return Item("caption", text_of(tag))
        if "separator" in classes:
            return Item("separator")
        if "note" in classes or ("expand_wrapper" in classes and _is_section(tag)):
            return _NOTHING  # a section inside a section is read as its own
        if "assignmentsContainer" in classes or "proceedingsContainer" in classes:
            return Item("group", value=tag)
    return Item("table", value=tag) if tag.name == "table" else None


def _value_after(found: list[Item], row: int, tag: Tag) -> None:
    """Give a `div.value` to the label before it. A padding pair has an empty label and no value."""
    last = found[-1] if len(found) > row else None
    if last is not None and last.kind == "pair":
        if last.value is None:
            last.value = tag
        else:
            last.extras.append(tag)
    elif text := text_of(tag):
        found.append(Item("text", text))


class Section:
    """Pairs, captions, tables and loose text of one section; what nobody takes is left over."""

    def __init__(self, title: str, items: list[Item]) -> None:
        self.title = title
        self.items = _without_twins([item for item in items if not _is_padding(item)])
        # What was asked for and is not there, with the items among which it was looked for.
        self.missed: list[tuple[Missed, list[Item]]] = []

    def part(self, items: list[Item]) -> Section:
        """Some of the items as a section of their own; claims are shared with this one."""
        part = Section.__new__(Section)
        part.title, part.items, part.missed = self.title, items, self.missed
        return part

    def expect(self, *labels: str, kind: Kind = "text") -> None:
        """Note that one of these labels is looked for; `text` and its like do so themselves."""
        keys = {label_key(label) for label in labels}
        if not any(item.kind == "pair" and item.key in keys for item in self.items):
            self.missed.append((Missed(labels, kind), self.items))

    def refuse_renamed(self) -> None:
        """Raise `LayoutChanged` when a label that nobody read could be one that was missing beside it.

        Also where a known label that was read once says another thing further down, and where labels
        stand unread under a caption that nobody knows.
        """
        where = f"section `{self.title}`"
        left = {id(item): text for item in self.items if (text := item.unread)}
        if not left:
            return
        for missed, among in self.missed:
            refuse([missed], [Stranger(i.text, left[id(i)]) for i in among if id(i) in left], where)
        caption = ""
        said: dict[str, str] = {}
        for item in self.items:
            if item.kind == "caption":
                caption = "" if _CAPTIONS.match(item.text) or _DECORATION.match(item.text) else item.text
            key = item.key
            if item.kind == "pair" and item.claimed and item.value is not None:
                said.setdefault(key, text_of(item.value))
            elif id(item) in left and (caption or said.get(key, left[id(item)]) != left[id(item)]):
                under = f" under `{caption}`" if caption else ", a second time"
                raise LayoutChanged(f"label `{item.text}`{under} is not understood", where=where)

    def split(self, *starts: str, separators: bool = False) -> list[Section]:
        """The blocks that begin with one of these labels (or behind a separator)."""
        keys = {label_key(start) for start in starts}

        def begins(item: Item) -> bool:
            return item.kind == "pair" and item.key in keys

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
            seen = {each.key for each in blocks[-1] if each.kind == "pair"}
            if item.kind == "separator" or (item.kind == "pair" and item.key in seen):
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
            if item.kind == "pair" and not item.claimed and item.key in keys:
                return item
        return None

    def has(self, *labels: str) -> bool:
        """Whether one of these labels is still there to be taken."""
        return self._find(labels) is not None

    def tag(self, *labels: str, kind: Kind = "text") -> Tag | None:
        """The value of the first of these labels that is here, claimed."""
        item = self._find(labels)
        if item is None:
            self.expect(*labels, kind=kind)
            return None
        return self._claim(item)

    def _claim(self, item: Item) -> Tag:
        item.claimed = True
        if item.value is None:
            raise LayoutChanged(f"label `{item.text}` has no value", where=f"section `{self.title}`")
        return item.value

    def disown(self, *labels: str) -> None:
        """Give labels back whose value turned out to be unreadable, so that they are reported."""
        keys = {label_key(label) for label in labels}
        for item in self.items:
            if item.kind == "pair" and item.key in keys:
                item.claimed, item.disowned = False, True

    def tags(self, *labels: str) -> list[Tag]:
        """Every value of these labels, the further values of a label included, claimed."""
        self.expect(*labels)
        found: list[Tag] = []
        while item := self._find(labels):
            found += [self._claim(item), *item.extras]
            item.extras = []
        return found

    def text(self, *labels: str, kind: Kind = "text") -> str | None:
        """The text of the label's value; None where the label is missing or its value empty."""
        tag = self.tag(*labels, kind=kind)
        return (text_of(tag) or None) if tag is not None else None

    def texts(self, *labels: str) -> str | None:
        """The text of a label that may stand several times, one entry a line."""
        return "\n".join(filter(None, dict.fromkeys(text_of(tag) for tag in self.tags(*labels)))) or None

    def quiet(self) -> Section:
        """The same items; what is asked of it is not missed (see `expect`)."""
        part = self.part(self.items)
        part.missed = []
        return part

    def drop(self, *labels: str, starting: tuple[str, ...] = ()) -> None:
        """Claim labels that are understood and have no place in the record."""
        keys = {label_key(label) for label in labels}
        for item in self.items:
            key = item.key
            if item.kind == "pair" and (key in keys or key.startswith(starting or ("\0",))):
                item.claimed = item.dropped = True
                item.extras = []

    def set_aside(self, *starting: str) -> None:
        """Labels known to be printed by the office that no field is read from: reported as unclaimed, and
        no sign that another label was renamed."""
        for item in self.items:
            if item.kind == "pair" and not item.claimed and item.key.startswith(starting):
                item.disowned = True

    @property
    def says_something(self) -> bool:
        """Whether anything of value stands in it that nobody has read."""
        boxes = ("table", "group")
        return any(item.unread or (item.kind in boxes and not item.claimed) for item in self.items)

    def copy(self) -> Section:
        """The section as if nobody had read it, to try a reader on."""
        fresh = [replace(item, extras=list(item.extras)) for item in self.items]
        for item in fresh:
            item.claimed = item.dropped = item.disowned = False
        return Section(self.title, fresh)

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


def _without_twins(items: list[Item]) -> list[Item]:
    """The items without a row that stands twice in succession, label and value: it says nothing new."""
    return [item for before, item in zip([None, *items], items, strict=False) if not _is_twin(before, item)]


def _is_twin(before: Item | None, item: Item) -> bool:
    if before is None or item.kind != "pair" or before.kind != "pair" or before.text != item.text:
        return False
    return (
        before.value is not None
        and item.value is not None
        and not (before.extras or item.extras)
        and text_of(before.value) == text_of(item.value)
    )


def is_known_caption(text: str) -> bool:
    """Whether readers know what stands under this caption."""
    return _CAPTIONS.match(text) is not None


def _is_padding(item: Item) -> bool:
    return item.kind == "pair" and not item.text and not (item.value is not None and text_of(item.value))


def _is_section(tag: Tag) -> bool:
    return "expand_wrapper" in classes_of(tag) and (
        any("data-sectiontitle" in one.attrs and one.find_parent("h2") is not None for one in tags_in(tag))
        or not any("expand_wrapper" in classes_of(box) for box in tag.parents if box.name == "div")
    )


def sections_of(outline: Outline, root: Tag) -> dict[str, Section]:
    """The sections below `root` by their key (`label_key` of the title), in the order of the page.

    Raises `LayoutChanged` when a section has no title, or a value has swallowed labels: an end tag is
    missing, and what follows would be taken for one long text.
    """
    if lost := outline.swallowed_in(root):
        raise LayoutChanged(f"label `{text_of(lost)}` stands inside another value", where="status page")
    found: dict[str, Section] = {}
    for wrapper in filter(_is_section, outline.sections_in(root)):
        heading = next((tag for tag in tags_in(wrapper) if tag.name == "h2"), None)
        if heading is None:
            raise LayoutChanged("a section has no heading", where="status page")
        span = next((tag for tag in tags_in(heading) if "data-sectiontitle" in tag.attrs), None)
        title = squeeze(str(span["data-sectiontitle"])) if span is not None else ""
        title = title if title and title != "markInformation" else text_of(heading)
        heading.extract()
        section = Section(title, items_of(wrapper))
        key = label_key(title)
        if key in found:
            raise LayoutChanged(f"section `{title}` stands twice", where="status page")
        found[key] = section
    return found


def outside_of_sections(outline: Outline, root: Tag) -> list[str]:
    """Labels that stand neither in the summary nor in a section: nobody reads those."""
    outside = map(text_of, outline.labels_outside_sections(root))
    return [f"outside of all sections: label `{text}`" for text in outside if text]
