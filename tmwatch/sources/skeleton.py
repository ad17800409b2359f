"""The structure of a page without what it says, and how it differs from that of another page.

For whoever mends a reader: the page that failed beside the last one that was read. Of HTML the elements with
their ids and classes, and the labels; of XML the elements; of JSON the keys. How often each stands there says
little (rows come and go), so only what is new and what is gone counts.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from bs4 import BeautifulSoup, Tag
from lxml import etree

_LABEL_TAGS = {"th", "dt", "label", "legend", "h1", "h2", "h3", "h4"}
_LONGEST_LABEL = 60  # characters; longer texts are what the page says
_NUMBERED = re.compile(r"\d+")


@dataclass(frozen=True)
class Difference:
    """What the page has that the good one had not, and the other way round, in the order of the pages."""

    form: str  # "HTML", "XML", "JSON", "text"
    good_form: str
    new: tuple[str, ...] = ()
    gone: tuple[str, ...] = ()

    @property
    def none(self) -> bool:
        """Whether both are built alike."""
        return self.form == self.good_form and not self.new and not self.gone


def difference(broken: bytes, good: bytes) -> Difference:
    """How the broken page is built otherwise than the good one."""
    form, here = skeleton(broken)
    good_form, there = skeleton(good)
    return Difference(
        form,
        good_form,
        tuple(one for one in here if one not in there),
        tuple(one for one in there if one not in here),
    )


def skeleton(body: bytes) -> tuple[str, tuple[str, ...]]:
    """(form, each part of its structure once, in order)."""
    start = body.lstrip(b"\xef\xbb\xbf \t\r\n")[:1000]
    if start[:1] in (b"{", b"["):
        try:
            return "JSON", tuple(dict.fromkeys(_keys(json.loads(body), "")))
        except ValueError:
            return "JSON", ("(cut off or not JSON)",)
    if b"<html" in start.lower() or b"<!doctype html" in start.lower():
        return "HTML", tuple(dict.fromkeys(_elements(body)))
    if start[:1] == b"<":
        found = _xml(body)
        return ("XML", found) if found else ("HTML", tuple(dict.fromkeys(_elements(body))))
    return "text", ()


def _keys(value: Any, path: str) -> Iterator[str]:
    if isinstance(value, dict):
        for key, one in value.items():
            name = _NUMBERED.sub("0", str(key)) if str(key).isdigit() else str(key)
            yield f"{path}.{name}".lstrip(".")
            yield from _keys(one, f"{path}.{name}")
    elif isinstance(value, list):
        for one in value:
            yield from _keys(one, f"{path}[]")


def _xml(body: bytes) -> tuple[str, ...]:
    parser = etree.XMLParser(resolve_entities=False, no_network=True, recover=False, huge_tree=False)
    try:
        root = etree.fromstring(body, parser)
    except etree.XMLSyntaxError:
        return ()
    found: dict[str, None] = {}
    for element in root.iter(etree.Element):
        path = [etree.QName(element).localname]
        path += [etree.QName(one).localname for one in element.iterancestors()]
        name = "/".join(reversed(path))
        found[name] = None
        found |= dict.fromkeys(f"{name}/@{etree.QName(key).localname}" for key in element.attrib)
    return tuple(found)


def _elements(body: bytes) -> Iterator[str]:
    for tag in BeautifulSoup(body, "lxml").find_all(True):
        yield f"{_named(tag.parent)} > {_named(tag)}" if tag.parent is not None else _named(tag)
        text = " ".join(tag.get_text(" ", strip=True).split()) if not tag.find(True) else ""
        if text and len(text) <= _LONGEST_LABEL and (text.endswith((":", "：")) or tag.name in _LABEL_TAGS):
            yield f'label "{text}"'


def _named(tag: Tag) -> str:
    """ "div#summary.single": digits in ids are counters."""
    given: str | list[str] = tag.get("class") or []
    classes = [given] if isinstance(given, str) else list(given)
    name = _NUMBERED.sub("0", str(tag.get("id") or ""))
    return tag.name + (f"#{name}" if name else "") + "".join(f".{one}" for one in sorted(classes))
