"""XML from strangers, read safely, and an audit of what no reader understood.

No document type, no entities, no network, no huge trees. Elements are matched by local name, because
the office has moved them between namespaces from one version of ST.96 to the next.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator

from lxml import etree

from tmwatch.errors import Incomplete, LayoutChanged
from tmwatch.sources.us.common import MOST_UNCLAIMED, cut_date, squeeze

_SHORT = 80


def local(tag: object) -> str:
    """The name of an element or attribute without its namespace."""
    return str(tag).rpartition("}")[2]


def parse(body: bytes, where: str) -> etree._Element:
    """The root element. Raises `LayoutChanged` for a document type, `Incomplete` for a cut-off file."""
    # UTF-16 spells the same characters with zero bytes between them.
    head = body[:20_000].replace(b"\0", b"").upper()
    if b"<!DOCTYPE" in head or b"<!ENTITY" in head:
        raise LayoutChanged(
            "the XML carries a document type; the register's own files never do",
            where=where,
            do="Do not trust this file. Fetch the record again from the register.",
        )
    parser = etree.XMLParser(
        resolve_entities=False,
        load_dtd=False,
        no_network=True,
        huge_tree=False,
        recover=False,
        remove_comments=True,
        remove_pis=True,
    )
    try:
        root = etree.fromstring(body, parser)
    except (etree.XMLSyntaxError, ValueError) as error:
        raise Incomplete(
            f"the XML cannot be read to its end ({str(error)[:120]})",
            where=where,
            do="Fetch or save the record again.",
        ) from error
    if root.getroottree().docinfo.internalDTD is not None:
        raise LayoutChanged("the XML carries a document type", where=where)
    return root


class Audit:
    """Which elements and attributes some reader has understood."""

    def __init__(self) -> None:
        # The elements themselves are kept: lxml hands out the same object only while one is alive.
        self._elements: set[etree._Element] = set()
        self._attributes: set[tuple[etree._Element, str]] = set()

    def claim(self, element: etree._Element) -> None:
        self._elements.add(element)

    def claim_attribute(self, element: etree._Element, name: str) -> None:
        self._attributes.add((element, name))

    def leftovers(self, root: etree._Element) -> tuple[str, ...]:
        """Everything below `root` that carries text and that nobody claimed, as "path = text"."""
        return tuple(dict.fromkeys(self._walk(root)))[:MOST_UNCLAIMED]

    def _walk(self, root: etree._Element) -> Iterator[str]:
        for element in root.iter():
            if not isinstance(element.tag, str):
                continue
            text = squeeze((element.text or "") + " ".join(child.tail or "" for child in element))
            if text and element not in self._elements:
                yield f"{self._path(element)} = {text[:_SHORT]}"
            for name, value in element.attrib.items():
                # Order, language and schema type of an element are markup, not facts about the mark.
                plain = local(name)
                if plain in {"sequenceNumber", "type", "languageCode", "schemaLocation", "schemaVersion"}:
                    continue
                if squeeze(str(value)) and (element, plain) not in self._attributes:
                    yield f"{self._path(element)}@{plain} = {squeeze(str(value))[:_SHORT]}"

    @staticmethod
    def _path(element: etree._Element) -> str:
        names = [local(element.tag), *(local(parent.tag) for parent in element.iterancestors())]
        return "/".join(reversed(names[:5]))


class Node:
    """An element, its children by local name, and the habit of claiming what is read."""

    __slots__ = ("audit", "element")

    def __init__(self, element: etree._Element, audit: Audit) -> None:
        self.element = element
        self.audit = audit

    @property
    def name(self) -> str:
        return local(self.element.tag)

    def kids(self, *names: str) -> list[Node]:
        """The children, of those names if any are given, in document order."""
        return [
            Node(child, self.audit)
            for child in self.element
            if isinstance(child.tag, str) and (not names or local(child.tag) in names)
        ]

    def every(self, path: str) -> list[Node]:
        """All descendants at `A/B/C`; each step may offer several names: `A/B|C`."""
        found = [self]
        for step in path.split("/"):
            found = [kid for node in found for kid in node.kids(*step.split("|"))]
        return found

    def at(self, path: str) -> Node | None:
        """The first descendant at `path`."""
        return next(iter(self.every(path)), None)

    def own(self) -> str:
        """This element's own text in one line; claims it."""
        self.audit.claim(self.element)
        return squeeze(self.element.text)

    def peek(self) -> str:
        """This element's own text, without claiming it."""
        return squeeze(self.element.text)

    def text(self, path: str) -> str | None:
        """The first text at `path`: "" for an empty element, None where there is no such element."""
        found = self.at(path)
        return found.own() if found is not None else None

    def texts(self, path: str) -> tuple[str, ...]:
        """All texts at `path` that are not empty."""
        return tuple(text for node in self.every(path) if (text := node.own()))

    def value(self, path: str) -> str | None:
        """The first text at `path`, None where there is none: a field shown empty."""
        return self.text(path) or None

    def date(self, path: str) -> dt.date | None:
        """The first date at `path`, cut from an xs:date. Raises `LayoutChanged` on what is no date."""
        found = self.at(path)
        return found.own_date() if found is not None else None

    def own_date(self) -> dt.date | None:
        """This element's own date; claims it."""
        text = self.own()
        try:
            return cut_date(text)
        except ValueError as error:
            raise LayoutChanged(f"`{self.name}` is no date: {text[:_SHORT]!r}") from error

    def flag(self, path: str) -> bool | None:
        """true or false at `path`; None where it is absent or empty. Anything else is refused."""
        text = (self.text(path) or "").lower()
        if text in {"true", "1", "y"}:
            return True
        if text in {"false", "0", "n"}:
            return False
        if text:
            raise LayoutChanged(f"`{path}` is neither true nor false: {text[:_SHORT]!r}")
        return None

    def number(self, path: str) -> int | None:
        """The whole number at `path`; None where it is absent or empty. Anything else is refused."""
        text = self.text(path)
        if not text:
            return None
        if not (text.isascii() and text.isdigit()):
            raise LayoutChanged(f"`{path}` is no number: {text[:_SHORT]!r}")
        return int(text[:18])

    def attribute(self, name: str) -> str | None:
        """An attribute by local name; claims it."""
        for key, value in self.element.attrib.items():
            if local(key) == name:
                self.audit.claim_attribute(self.element, name)
                return squeeze(str(value))
        return None

    def skip(self, *paths: str) -> None:
        """Claim what stands at these paths and below: understood, but the record has no place for it."""
        for path in paths:
            for node in self.every(path):
                for element in node.element.iter():
                    if isinstance(element.tag, str):
                        self.audit.claim(element)
                        for key in element.attrib:
                            self.audit.claim_attribute(element, local(key))

    def holds_text(self) -> bool:
        """Whether there is any text in this element or below."""
        return any(squeeze(str(text)) for text in self.element.itertext())
