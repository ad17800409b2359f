"""The columns of a sheet, from a tree, or cut from the text of which the tree was made.

To touch each of 500 elements of a tree from Python costs three times the parse. In a text that lxml has
accepted as XML, and that holds no comment, section or instruction, a `<` begins a tag and nothing else. So
two calls that loop in C cut the text into tags and what follows them: each `>` is marked (with a NUL, which
XML cannot hold), and where a mark stands elsewhere than at the end of a tag, the text is not so plain. What
a tag says is remembered, because a record repeats some hundred.

A box such as an event or a party stands many times in a file, and in every file, with the same tags in the
same order. How such a box is built (its *form*) is remembered too, so that the next one like it is a copy of
a few lists. Both memories are of bounded size.

What is not as plain as the register's own files is left to the tree: `cut` gives None.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from itertools import compress
from typing import NamedTuple

from lxml import etree

# Children by name: how many rows below the box the one stands, or each of several. The answers to paths
# (`A/B|C`) are kept beside the names, so that boxes of one form are asked once.
Kids = dict[str, "int | Sequence[int]"]
Attributes = tuple[tuple[str, str], ...]
LEAF: Kids = {}  # never written to
_MOST_TAGS, _MOST_FORMS, _LONGEST = 4096, 1024, 400

_TAG = re.compile(
    r"""(/?)((?:[A-Za-z_][\w.-]*:)?([A-Za-z_][\w.-]*))"""
    r"""((?:\s+[A-Za-z_][\w.:-]*\s*=\s*(?:"[^"&]*"|'[^'&]*'))*)\s*(/?)\0""",
    re.ASCII,
)
_ATTRIBUTE = re.compile(r"""([\w.:-]+)\s*=\s*(?:"([^"]*)"|'([^']*)')""")
_REFERENCE = re.compile(r"&(?:#x([0-9A-Fa-f]+)|#([0-9]+)|([a-z]+));")
_NAMED = {"lt": "<", "gt": ">", "amp": "&", "quot": '"', "apos": "'"}

# The boxes that recur, of both dialects: a form is kept of each.
_RECURRING = frozenset(
    {
        *("MarkEvent", "Applicant", "Staff", "Assignment", "Assignor", "Assignee", "Publication"),
        *("GoodsServices", "ClassDescription", "ApplicationNumber", "AssociatedMark", "Priority"),
        *("NationalCorrespondent", "NationalRepresentative", "RecordAttorney", "Representative"),
        *("MarkRepresentation", "MarkReproduction", "MarkDescriptionBag", "NationalFilingBasis"),
        *("GoodsServicesClassificationBag", "ClassDescriptionBag", "ClassDescriptionExt", "Contact"),
        *("NationalCaseLocation", "MaintenanceFilingBag", "FilingBasisDetails", "OfficeDetails"),
        *("AdditionalMarkDetails", "AdditionalInformation", "WordMarkSpecification", "MarkImage"),
        *("NationalDesignSearchCode", "DesignSearchDetails", "ClassificationBag"),
    }
)


class Columns(NamedTuple):
    """One row an element in document order; see `Sheet`. `attributes` are those of the few places that have
    any, by local name; `loose` is whether words may stand between elements."""

    names: list[str]
    texts: list[str]
    kids: list[Kids]
    sizes: list[int]
    attributes: dict[int, Attributes]
    loose: bool


class _Odd(Exception):
    """A tag that is not as plain as those of the register."""


class _Tag:
    """What stands between `<` and `>`."""

    __slots__ = ("attributes", "ends", "name", "opens", "partner", "recurs")

    def __init__(self, text: str) -> None:
        found = _TAG.fullmatch(text)
        if not found:
            raise _Odd
        self.name = found[3]
        self.opens = not found[1]  # it begins an element
        self.ends = bool(found[1] or found[5])  # it ends one; `<A/>` does both
        self.partner = f"/{found[2]}\0"
        self.recurs = self.opens and not self.ends and self.name in _RECURRING
        self.attributes: Attributes = tuple(
            (key.rpartition(":")[2], " ".join((one or other).split()))
            for key, one, other in _ATTRIBUTE.findall(found[4])
            if key != "xmlns" and not key.startswith("xmlns:")
        )


class _Form(NamedTuple):
    """A box as it is built, with all below it: slices of the columns, its own row first."""

    names: list[str]
    kids: list[Kids]
    sizes: list[int]
    attributes: tuple[tuple[int, Attributes], ...]


class _Tags(dict[str, _Tag]):
    """Tags by their text. Emptied, with the forms made of them, before a stranger can fill it."""

    def __missing__(self, text: str) -> _Tag:
        tag = _Tag(text)
        if len(text) < 200:
            if len(self) > _MOST_TAGS:
                self.clear()
                _FORMS.clear()
            self[text] = tag
        return tag


_TAGS = _Tags()
_FORMS: dict[tuple[_Tag, ...], _Form] = {}


def cut(text: str) -> Columns | None:
    """The columns of a text that lxml has accepted as XML; None where that takes the tree."""
    if "\r" in text:
        text = text.replace("\r\n", "\n").replace("\r", "\n")
    references = text.count("&")
    if references and references == text.count("&amp;"):  # in attributes they are odd, either way
        text, references = text.replace("&amp;", "&"), 0
    pieces = text.replace(">", "\0<").split("<")
    first = 3 if text.startswith(("<?", "\ufeff<?")) else 1
    words = pieces[first + 1 :: 2]
    if "\0" in "".join(words):
        return None
    try:
        tags = list(map(_TAGS.__getitem__, pieces[first::2]))
        names, kids, sizes, attributes = _built(tags)
    except _Odd:
        return None
    texts = ["" if tag.ends else word for tag, word in zip(tags, words, strict=True) if tag.opens]
    between = "".join(compress(words, [tag.ends for tag in tags]))
    if references:
        texts = [_REFERENCE.sub(_spelled, one) if "&" in one else one for one in texts]
    return Columns(names, texts, kids, sizes, attributes, bool(between.strip()))


def _built(
    tags: list[_Tag],
) -> tuple[list[str], list[Kids], list[int], dict[int, Attributes]]:
    names: list[str] = []
    kids: list[Kids] = []
    sizes: list[int] = []
    attributes: dict[int, Attributes] = {}
    outer: list[tuple[int, Kids]] = []  # the boxes around, innermost last
    new: list[tuple[int, int, tuple[_Tag, ...]]] = []  # boxes whose form is unknown: row, tag, form
    box, index = 0, dict[str, "int | Sequence[int]"]()
    row = at = 0
    while at < len(tags):
        tag = tags[at]
        if not tag.opens:
            sizes[box] = row - box
            at += 1
            if new and new[-1][0] == box:
                _remember(*new.pop(), at, (names, kids, sizes), attributes)
            box, index = outer.pop()
            continue
        name = tag.name
        held = index.get(name)
        if held is None:
            index[name] = row - box
        elif type(held) is int:
            index[name] = [held, row - box]
        else:
            held.append(row - box)  # type: ignore[union-attr]
        if tag.recurs:
            built = tuple(tags[at : _end(tags, at)])
            form = _FORMS.get(built)
            if form is not None:
                names += form.names
                kids += form.kids
                sizes += form.sizes
                for place, given in form.attributes:
                    attributes[row + place] = given
                row += len(form.names)
                at += len(built)
                continue
        names.append(name)
        sizes.append(1)
        if tag.attributes:
            attributes[row] = tag.attributes
        if tag.ends:
            kids.append(LEAF)
            at += 1
        elif not tags[at + 1].opens:
            kids.append(LEAF)
            at += 2
        else:
            if tag.recurs:
                new.append((row, at, built))
            outer.append((box, index))
            box, index = row, {}
            kids.append(index)
            at += 1
        row += 1
    return names, kids, sizes, attributes


def _end(tags: list[_Tag], at: int) -> int:
    """Behind the end of the box that begins here; of another box of this name inside it, if there is one."""
    partner = _TAGS.get(tags[at].partner)
    try:
        return tags.index(partner, at, at + _LONGEST) + 1  # type: ignore[arg-type]
    except ValueError:
        return at


def _remember(
    row: int,
    start: int,
    built: tuple[_Tag, ...],
    end: int,
    columns: tuple[list[str], list[Kids], list[int]],
    attributes: dict[int, Attributes],
) -> None:
    if len(built) != end - start:  # too long, or one of its kind stands in it
        return
    if len(_FORMS) >= _MOST_FORMS:
        _FORMS.clear()
    names, kids, sizes = columns
    given = tuple((place - row, said) for place, said in attributes.items() if place >= row)
    _FORMS[built] = _Form(names[row:], kids[row:], sizes[row:], given)


def _spelled(found: re.Match[str]) -> str:
    if found[3]:
        return _NAMED[found[3]]
    return chr(int(found[1], 16) if found[1] else int(found[2]))


def of_tree(root: etree._Element, local: Mapping[object, str]) -> Columns:
    """The columns of a tree without comments and instructions. `local` gives the local name of a tag."""
    elements = list(root.iter())
    names = [local[element.tag] for element in elements]
    kids = [LEAF] * len(elements)
    sizes = [1] * len(elements)
    attributes: dict[int, Attributes] = {}
    outer: list[int] = []  # the boxes around, innermost last, and how many of their children are to come
    left: list[int] = []
    for place, element in enumerate(elements):
        if outer:
            index, name, below = kids[outer[-1]], names[place], place - outer[-1]
            held = index.get(name)
            if held is None:
                index[name] = below
            elif isinstance(held, list):
                held.append(below)
            else:
                index[name] = [held, below]  # type: ignore[list-item]
            left[-1] -= 1
        if count := len(element):
            kids[place] = {}
            outer.append(place)
            left.append(count)
        while outer and not left[-1]:
            box = outer.pop()
            sizes[box] = place + 1 - box
            left.pop()
        if found := element.items():
            attributes[place] = tuple((local[key], " ".join(str(value).split())) for key, value in found)
    return Columns(
        names=names,
        texts=[element.text or "" for element in elements],
        kids=kids,
        sizes=sizes,
        attributes=attributes,
        loose=any((element.tail or "").strip() for element in elements[1:]),
    )
