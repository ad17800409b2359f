"""A saved page of the CNIPA's register: its bytes, its labels with values, its tables.

Documented (public client code of 2016–2020), not seen: `#tmContent`, a table whose cells are label and value
in turn; `#list_box`, the goods, with the similar group (类似群) of each; `.lcbg table`, the steps, one a row.
"""

from __future__ import annotations

import codecs
import datetime as dt
import functools
import re
from collections.abc import Iterator
from dataclasses import dataclass, field

from lxml import etree, html
from lxml.html import HtmlElement as Element

from tmwatch.errors import LayoutChanged
from tmwatch.sources.base import Page
from tmwatch.sources.cn.status import table
from tmwatch.text import clean_line, fold_space

_MOST_TAGS = 400_000
_SILENT = frozenset({"script", "style", "template", "noscript", "svg", "head"})
_MULTIBYTE = re.compile(rb"[\xc2-\xdf][\x80-\xbf]|[\xe0-\xef][\x80-\xbf]{2}|[\xf0-\xf4][\x80-\xbf]{3}")
_DAY = re.compile(r"(\d{4})\s*[-/.年]\s*(\d{1,2})\s*[-/.月]\s*(\d{1,2})\s*日?")
_STAMP = re.compile(rf"当前数据截至\s*[:：]?\s*({_DAY.pattern})")
# What is to be done where a page is not as the reader knows it.
REPORT = "If a browser shows the record there, the layout of the page has changed: please report it."


def encoding_of(body: bytes) -> str:
    """UTF-8 where the bytes allow it, else GB18030, which holds GB2312 and GBK: this office knows no other.

    What the page or a header declares decides nothing: both are often wrong. Raises `LayoutChanged`.
    """
    if body.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return "utf-16"
    try:
        codecs.getincrementaldecoder("utf-8")().decode(body)
        return "utf-8"
    except UnicodeDecodeError:
        pass
    try:
        codecs.getincrementaldecoder("gb18030")().decode(body)
        return "gb18030"
    except UnicodeDecodeError:
        pass
    # A damaged byte or two must not garble every name.
    if len(_MULTIBYTE.findall(body)) > body.decode("utf-8", "replace").count("\ufffd"):
        return "utf-8"
    raise LayoutChanged("the character set of the page cannot be told", do="Save the page again, as UTF-8.")


def parse(page: Page) -> Element:
    """The tree of the raw bytes. Raises `LayoutChanged` for what is no page."""
    if page.body.count(b"<") > _MOST_TAGS:
        raise LayoutChanged(f"more than {_MOST_TAGS} tags are no page of one record")
    try:
        return html.document_fromstring(page.body, parser=html.HTMLParser(encoding=encoding_of(page.body)))
    except (etree.LxmlError, ValueError, AssertionError, LookupError) as error:
        raise LayoutChanged("the page cannot be read as HTML", do="Save it again.") from error


def text_of(element: Element) -> str:
    """All text inside, one line, single blanks."""
    if not len(element) and element.tag not in _SILENT:  # a label or a cell, as nearly all are
        return fold_space(element.text or "")
    return fold_space(" ".join(pieces(element)))


def pieces(element: Element) -> list[str]:
    """The texts inside, one for each run between two tags, without the empty ones."""
    found: list[str] = []
    walker = etree.iterwalk(element, events=("start", "end", "comment", "pi"))
    for event, node in walker:
        if event == "start":
            if node.tag in _SILENT:
                walker.skip_subtree()
            else:
                found.append(node.text or "")
        elif node is not element:
            found.append(node.tail or "")
    return [text for text in map(fold_space, found) if text]


def day(text: str) -> dt.date | None:
    """`2018年01月21日`, `2018-01-21`, `2018/1/21`; None for what is no date."""
    found = _DAY.fullmatch(text.strip())
    try:
        return dt.date(int(found[1]), int(found[2]), int(found[3])) if found else None
    except ValueError:
        return None


def days_in(text: str) -> list[dt.date]:
    """The dates that stand in a text, in its order."""
    return [found for found in (day(one[0]) for one in _DAY.finditer(text)) if found is not None]


def stamp(tree: Element) -> dt.date | None:
    """The day of 当前数据截至; None where the page does not print it."""
    found = _STAMP.search(text_of(tree))
    return day(found[1]) if found else None


@functools.cache
def _labels() -> dict[str, str]:
    return {fold_label(row["label"]): row["means"] for row in table("cnipa_labels")}


@functools.cache
def names_of(means: str) -> tuple[str, ...]:
    """The labels that something stands under."""
    return tuple(row["label"] for row in table("cnipa_labels") if row["means"] == means)


def fold_label(text: str) -> str:
    """A label as labels are compared: without blanks and colon, brackets half or full width alike."""
    return re.sub(r"[\s:：]", "", text).replace("(", "（").replace(")", "）")


def label_means(text: str) -> str:
    """What a label stands for, "" for an unknown one."""
    return _labels().get(fold_label(text), "")


def word_means(label: str, word: str) -> str | None:
    """The value of a set phrase; None where it is in no table."""
    return next(
        (row["value"] for row in table("cnipa_words") if (row["label"], row["word"]) == (label, word)), None
    )


@dataclass
class Field:
    """One label with its value."""

    label: str
    means: str
    value: Element
    left: list[str] = field(default_factory=list)  # what of it nobody understands

    @functools.cached_property
    def text(self) -> str:
        """All of its text; of a picture its title."""
        said = text_of(self.value)
        if said:
            return said
        pictures = [str(one.get("title") or one.get("alt") or "") for one in self.value.iter("img")]
        return fold_space(" ".join(pictures))

    @property
    def picture(self) -> str:
        """The address of a picture that says nothing in words."""
        return next((str(one.get("src") or "") for one in self.value.iter("img")), "")


class Fields:
    """The labels of `#tmContent`; what nobody takes is left over."""

    def __init__(self, box: Element, goods: Element | None) -> None:
        self._goods = goods
        self.fields: list[Field] = []
        self.loose: list[str] = []
        tables = [one for one in (box, *box.iter("table")) if one.tag == "table"]
        rows = [row for one in tables for row in one.iter("tr") if self._innermost(row, one)]
        if not rows:
            raise LayoutChanged("`#tmContent` holds no table")
        for row in rows:
            self._row(list(row.iterchildren("td", "th")))
        self.loose += list(self._outside(box))

    def _innermost(self, row: Element, one: Element) -> bool:
        inside_goods = self._goods is not None and self._goods in row.iterancestors()
        return not inside_goods and next(row.iterancestors("table"), None) is one

    def _holds_goods(self, cell: Element) -> bool:
        return self._goods is not None and (cell is self._goods or self._goods in cell.iterdescendants())

    def _row(self, cells: list[Element]) -> None:
        if len(cells) == 1:
            holds = self._holds_goods(cells[0]) or next(cells[0].iter("table"), None) is not None
            if not holds and text_of(cells[0]):
                self.loose.append(text_of(cells[0]))
            return
        for place in range(0, len(cells), 2):
            label = text_of(cells[place])
            if place + 1 == len(cells):
                if label:
                    raise LayoutChanged(f"label `{clean_line(label, 60)}` has no value")
                continue
            one = Field(label, label_means(label), cells[place + 1])
            if label or one.text:
                self.fields.append(one)

    def _outside(self, box: Element) -> Iterator[str]:
        stack = [box]
        while stack:
            element = stack.pop()
            if element is not box:
                yield from _said(element.tail or "")
            if (
                not isinstance(element.tag, str)
                or element.tag in ("table", *_SILENT)
                or element is self._goods
            ):
                continue
            yield from _said(element.text or "")
            stack += reversed(list(element))

    def all_of(self, means: str) -> list[Field]:
        """The fields of that meaning; one that stands twice, to the letter, once. Raises if they differ."""
        found: dict[str, Field] = {}
        for one in self.fields:
            if one.means == means:
                found.setdefault(one.text, one)
        if len(found) > 1:
            raise LayoutChanged(f"`{names_of(means)[0]}` stands twice, with differing values")
        return list(found.values())

    def one(self, means: str) -> Field | None:
        """The field of that meaning, None where the page has no such label."""
        return next(iter(self.all_of(means)), None)

    def leftovers(self) -> Iterator[str]:
        """What nobody took, in words for a person."""
        for one in self.fields:
            if not one.means and (one.text or one.picture):
                yield f"label `{clean_line(one.label, 60)}` = {clean_line(one.text or one.picture, 200)}"
            for text in one.left:
                yield f"label `{clean_line(one.label, 60)}` = {clean_line(text, 200)}"
        for text in self.loose:
            yield f"#tmContent: {clean_line(text, 200)}"


def _said(text: str) -> Iterator[str]:
    plain = fold_space(text)
    # The stamp is read; a title of the box says nothing.
    if (
        any(char.isalnum() for char in plain)
        and "当前数据截至" not in plain
        and plain not in ("商标详情", "商标详细信息")
    ):
        yield plain


def rows_of(box: Element) -> list[list[str]]:
    """The rows of the tables in a box, as the texts of their cells."""
    return [
        [text_of(cell) for cell in row.iterchildren("td", "th")]
        for row in box.iter("tr")
        if next(row.iter("table"), None) is None
    ]
