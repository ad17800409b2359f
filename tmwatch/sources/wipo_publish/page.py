"""A WIPO Publish page as labels with values, tables with headings, and what is left over.

What the page looks like (a record page and a failure page of IP Viet Nam, 2026): `div.product-form-label`
followed by `div.product-form-details` (the picture's ends in `-detail`), a table of documents, a table of
steps, empty boxes for texts of patents. The program writes it from templates: a page on which `${sta}` stands
in place of a value came with its templates not filled in, and all values are then missing, with status 200.
"""

from __future__ import annotations

import functools
import re
from collections.abc import Iterator
from dataclasses import dataclass, field

from lxml import etree, html
from lxml.html import HtmlElement as Element

from tmwatch.errors import LayoutChanged, ServerFault
from tmwatch.sources.base import Page
from tmwatch.sources.us.tsdr_tree import encoding_of
from tmwatch.sources.wipo_publish.tables import label_means
from tmwatch.text import clean_line, fold_space

LABEL, VALUE = "product-form-label", "product-form-detail"
_MOST_TAGS = 400_000  # a record has some four hundred; a tree of millions takes gigabytes
_SILENT = frozenset({"script", "style", "template", "noscript", "svg", "input", "button", "head", "footer"})
_TEMPLATE = re.compile(r"\$\{[\w.-]{1,80}\}")
_CODE = re.compile(rb"<script\b.*?</script\s*>", re.DOTALL | re.IGNORECASE)


def parse(page: Page) -> Element:
    """The tree of the raw bytes. Raises `LayoutChanged` for what is no page."""
    if page.body.count(b"<") > _MOST_TAGS:
        raise LayoutChanged(f"more than {_MOST_TAGS} tags are no page of one record")
    encoding = encoding_of(page.body, page.content_type)
    try:
        return html.document_fromstring(page.body, parser=html.HTMLParser(encoding=encoding))
    except (etree.LxmlError, ValueError, AssertionError, LookupError) as error:
        raise LayoutChanged("the page cannot be read as HTML", do="Save it again.") from error


def is_closed(body: bytes) -> bool:
    """Whether the page goes on to its end; the parser closes what a cut page left open."""
    return body.rstrip().lower().endswith(b"</html>") or b"</html>" in _CODE.sub(b"", body).lower()[-4000:]


def text_of(element: Element) -> str:
    """All text inside, one line, single blanks."""
    if not len(element) and element.tag not in _SILENT:  # a label or a cell, as nearly all are
        return fold_space(element.text or "")
    return fold_space(" ".join(_texts(element)))


def pieces(element: Element) -> list[str]:
    """The texts inside, one for each run between two tags, without the empty ones."""
    return [text for text in map(fold_space, _texts(element)) if text]


def walk(element: Element) -> Iterator[tuple[str, Element]]:
    """("start" or "end", element) in the order of the page, without what shows no text; the texts before a
    start are done. Comments come as an end."""
    walker = etree.iterwalk(element, events=("start", "end", "comment", "pi"))
    for event, node in walker:
        if event == "start" and node.tag in _SILENT:
            walker.skip_subtree()
        else:
            yield ("start" if event == "start" else "end"), node


def _texts(element: Element) -> Iterator[str]:
    for event, node in walk(element):
        if event == "start":
            if node.text:
                yield node.text
        elif node is not element and node.tail:
            yield node.tail


def classes(element: Element) -> list[str]:
    """The classes of an element."""
    return str(element.get("class") or "").split()


def _has(element: Element, name: str) -> bool:
    return name in classes(element)


@dataclass
class Field:
    """One label with its value."""

    label: str
    means: str
    value: Element
    left: list[str] = field(default_factory=list)  # what of the value nobody understands

    @functools.cached_property
    def text(self) -> str:
        """All of its text."""
        return text_of(self.value)


@dataclass
class Table:
    """A table with headings: what each column means ("" unknown), and the rows as texts of their cells."""

    heads: list[str]
    means: list[str]
    rows: list[list[str]]


class Form:
    """Fields, tables and leftovers of one page."""

    def __init__(self, tree: Element, package: str) -> None:
        self._package = package
        body = tree.find("body")
        self._root: Element = body if body is not None else tree
        self._read: set[Element] = set()
        self.fields = list(self._fields())
        self.tables = list(self._tables())

    def _fields(self) -> Iterator[Field]:
        for label in self._root.iter("div"):
            if not _has(label, LABEL):
                continue
            value = label.getnext()
            name = text_of(label)
            if value is None or not any(one.startswith(VALUE) for one in classes(value)):
                raise LayoutChanged(f"label `{clean_line(name, 80)}` has no value")
            if any(_has(inner, LABEL) for inner in value.iterdescendants("div")):
                raise LayoutChanged(f"a label stands inside the value of `{clean_line(name, 80)}`")
            self._read |= {label, value}
            yield Field(name, label_means(self._package, name), value)

    def _tables(self) -> Iterator[Table]:
        for table in self._root.iter("table"):
            heads = [text_of(cell) for cell in table.iter("th")]
            rows = [
                [text_of(cell) for cell in row.iterchildren("td", "th")]
                for row in table.iter("tr")
                if row.find("td") is not None
            ]
            if heads or rows:
                self._read.add(table)
                yield Table(heads, [label_means(self._package, head) for head in heads], rows)

    def all_of(self, means: str) -> list[Field]:
        """The fields of that meaning, in the order of the page; of equal ones the first."""
        found: dict[tuple[str, str], Field] = {}
        for one in self.fields:
            if one.means == means:
                found.setdefault((one.label, one.text), one)
        return list(found.values())

    def refuse_unfilled(self, title: str) -> None:
        """Raise `ServerFault` where a value is a template that the program did not fill in."""
        shown = [(one.label, one.text) for one in self.fields]
        shown += [("steps", " ".join(cell)) for table in self.tables for cell in table.rows]
        shown += [("text", text) for text in self.outside]
        for label, text in shown:
            if found := _TEMPLATE.search(text):
                raise ServerFault(
                    f"{title} sent a page whose values were not filled in (`{clean_line(label, 60)}` = "
                    f"`{found[0]}`)",
                    do="The next look asks again: this comes and goes. If it stays so, open the page in a "
                    "browser, save it and `tmwatch import` the file.",
                )

    @functools.cached_property
    def outside(self) -> list[str]:
        """Texts that a reader of the page sees and that stand in no field, table or heading."""
        return list(self._outside())

    def _outside(self) -> Iterator[str]:
        stack = [self._root]
        while stack:
            element = stack.pop()
            if element is not self._root and element.tail and element.getparent() is not None:
                yield from _said(element.tail)
            if not isinstance(element.tag, str) or element in self._read or _is_silent(element):
                continue
            if element.text:
                yield from _said(element.text)
            stack += reversed(list(element))


def _said(text: str) -> Iterator[str]:
    plain = fold_space(text)
    if any(char.isalnum() for char in plain):
        yield plain


def _is_silent(element: Element) -> bool:
    if element.tag in _SILENT:
        return True
    named = classes(element)
    if "section-label" in named or "hidden" in named:
        return True
    # Sections are folded up and down by the page's script, and are saved as they were at that moment.
    style = element.get("style")
    hidden = bool(style) and "display:none" in str(style).replace(" ", "").lower()
    return hidden and "accordion-section-content" not in named
