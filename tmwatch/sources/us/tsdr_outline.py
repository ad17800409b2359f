"""The status page in one walk: where its landmarks, sections and labels stand.

An 80 kB page has some 3,000 tags, and a selector asked of the whole tree visits them all: half a dozen
of them cost more than building the tree. So the tree is walked once, and what is asked afterwards is asked
of the dozen boxes and the sixty labels that were noted on the way.
"""

from __future__ import annotations

from collections.abc import Iterator

from bs4 import BeautifulSoup, Tag

_IDS = frozenset({"summary", "data_container", "statusTab", "statusServerError"})
_SECTION = "expand_wrapper"
# What stands in one of these is text: a label in there means that an end tag is missing before it.
_TEXT_CLASSES = frozenset({"value", "key", "note", "caption", "separator"})
_TEXT_NAMES = frozenset({"table", "h2"})
_NOTED = _TEXT_CLASSES | {_SECTION}

# What a tag stands in, as bits.
_IN_TEXT, _IN_SECTION, _IN_SUMMARY = 1, 2, 4


def classes_of(tag: Tag) -> list[str]:
    """The classes of a tag, [] where it has none."""
    found = tag.attrs.get("class")
    return str(found).split() if found else []


def is_inside(tag: Tag, root: Tag) -> bool:
    """Whether `tag` stands below `root`; by identity, for `==` compares what two tags say."""
    parent = tag.parent
    while parent is not None:
        if parent is root:
            return True
        parent = parent.parent
    return False


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


class Outline:
    """The boxes and labels of a page, in its order."""

    def __init__(self, soup: BeautifulSoup) -> None:
        self._ids: dict[str, Tag] = {}
        self._sections: list[Tag] = []
        self._labels: list[tuple[Tag, int]] = []
        self._walk(soup)

    def _walk(self, soup: BeautifulSoup) -> None:
        stack = [(iter(soup.contents), 0)]
        while stack:
            children, inside = stack[-1]
            for child in children:
                if not isinstance(child, Tag):
                    continue
                within = inside
                attrs = child.attrs
                if attrs:
                    if "class" in attrs and not _NOTED.isdisjoint(classes := classes_of(child)):
                        within |= self._note_classes(child, classes, inside)
                    if "id" in attrs:
                        within |= self._note_id(child, str(attrs["id"]))
                contents = child.contents
                # Most tags are the cells of the history, with one text inside.
                if contents and (len(contents) > 1 or isinstance(contents[0], Tag)):
                    if child.name in _TEXT_NAMES:
                        within |= _IN_TEXT
                    stack.append((iter(contents), within))
                    break
            else:
                stack.pop()

    def _note_id(self, tag: Tag, name: str) -> int:
        if name in _IDS:
            self._ids.setdefault(name, tag)
        return _IN_SUMMARY if name == "summary" else 0

    def _note_classes(self, tag: Tag, classes: list[str], inside: int) -> int:
        within = 0
        if "key" in classes:
            self._labels.append((tag, inside))
        if _SECTION in classes and tag.name == "div":
            self._sections.append(tag)
            within = _IN_SECTION
        return within if _TEXT_CLASSES.isdisjoint(classes) else within | _IN_TEXT

    def by_id(self, name: str) -> Tag | None:
        """The first tag of that id, of the four that the page is known by."""
        return self._ids.get(name)

    def root_of(self, container: Tag) -> Tag:
        """The box around the whole status: `#statusTab` around `container`, else `container`."""
        parent = container.parent
        while parent is not None:
            if parent.attrs.get("id") == "statusTab":
                return parent
            parent = parent.parent
        return container

    def sections_in(self, root: Tag) -> list[Tag]:
        """The `div.expand_wrapper`s below `root`."""
        return [tag for tag in self._sections if is_inside(tag, root)]

    def swallowed_in(self, root: Tag) -> Tag | None:
        """The first label below `root` that stands inside another value, heading or table."""
        return next((tag for tag, inside in self._labels if inside & _IN_TEXT and is_inside(tag, root)), None)

    def labels_outside_sections(self, root: Tag) -> list[Tag]:
        """The `div.key`s below `root` that stand neither in the summary nor in a section."""
        return [
            tag
            for tag, inside in self._labels
            if tag.name == "div" and not inside & (_IN_SECTION | _IN_SUMMARY) and is_inside(tag, root)
        ]
