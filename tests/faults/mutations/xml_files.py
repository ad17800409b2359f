"""XML files: every element and every attribute by its name, and every list of records."""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterator
from dataclasses import replace

from lxml import etree

from tests.faults.mutations.judge import Judge, Mutation, gone, same, same_or_refused
from tmwatch.sources.base import Page

TEMPLATE = "${record.field}"
Root = etree._Element


def mutations(page: Page) -> Iterator[Mutation]:
    """See the top of this module. Nothing for bytes that are no XML."""
    try:
        root = etree.fromstring(page.body, etree.XMLParser(resolve_entities=False, no_network=True))
    except (etree.XMLSyntaxError, ValueError):
        return
    elements = [one for one in root.iter() if isinstance(one.tag, str)]
    yield Mutation("written again", "the whole file", _written(page, root), same)
    for name in sorted({_local(one.tag) for one in elements}):
        yield from _each(page, root, "label renamed", f"`{name}`", _rename(name), same_or_refused)
        yield from _each(page, root, "column dropped", f"`{name}`", _drop(name), gone)
    for name in sorted({_local(key) for one in elements for key in one.attrib}):
        yield from _each(page, root, "label renamed", f"`@{name}`", _rename_attribute(name), same_or_refused)
        yield from _each(page, root, "column dropped", f"`@{name}`", _drop_attribute(name), gone)
    leaves = {_local(one.tag) for one in elements if not len(one) and (one.text or "").strip()}
    for name in sorted(leaves):
        yield from _each(page, root, "unrendered template", f"`{name}`", _template(name), same_or_refused)
    yield from _each(page, root, "unrendered template", "every value", _template(None), same_or_refused)
    for name in sorted(_lists(root)):
        yield from _each(page, root, "rows reordered", f"`{name}` backwards", _reverse(name), same)
        yield from _each(page, root, "rows doubled", f"`{name}`", _double(name), same_or_refused)


def _local(tag: object) -> str:
    return str(tag).rpartition("}")[2]


def _written(page: Page, root: Root) -> Page:
    said = page.body.lstrip(b"\xef\xbb\xbf \r\n").startswith(b"<?xml")  # one case of a bulk file does not
    return replace(page, body=etree.tostring(root, xml_declaration=said, encoding="utf-8"))


def _each(
    page: Page, root: Root, kind: str, what: str, change: Callable[[Root], bool], judge: Judge
) -> Iterator[Mutation]:
    mine = copy.deepcopy(root)
    if change(mine):
        yield Mutation(kind, what, _written(page, mine), judge)


def _named(root: Root, name: str | None) -> list[Root]:
    return [one for one in root.iter() if isinstance(one.tag, str) and name in (None, _local(one.tag))]


def _rename(name: str) -> Callable[[Root], bool]:
    def change(root: Root) -> bool:
        for one in _named(root, name):
            space, brace, plain = str(one.tag).rpartition("}")
            one.tag = f"{space}{brace}Xq{plain}"
        return True

    return change


def _drop(name: str) -> Callable[[Root], bool]:
    def change(root: Root) -> bool:
        done = False
        for one in _named(root, name):
            parent = one.getparent()
            if parent is not None:
                parent.remove(one)
                done = True
        return done

    return change


def _rename_attribute(name: str) -> Callable[[Root], bool]:
    def change(root: Root) -> bool:
        for one in _named(root, None):
            for key in [key for key in one.attrib if _local(key) == name]:
                space, brace, plain = str(key).rpartition("}")
                one.set(f"{space}{brace}Xq{plain}", one.attrib.pop(key))
        return True

    return change


def _drop_attribute(name: str) -> Callable[[Root], bool]:
    def change(root: Root) -> bool:
        for one in _named(root, None):
            for key in [key for key in one.attrib if _local(key) == name]:
                del one.attrib[key]
        return True

    return change


def _template(name: str | None) -> Callable[[Root], bool]:
    def change(root: Root) -> bool:
        for one in _named(root, name):
            if not len(one) and (one.text or "").strip():
                one.text = TEMPLATE
        return True

    return change


def _lists(root: Root) -> set[str]:
    """Names of elements that stand several times side by side and have parts of their own."""
    found = set()
    for parent in _named(root, None):
        names = [_local(kid.tag) for kid in parent if isinstance(kid.tag, str) and len(kid)]
        found |= {name for name in names if names.count(name) > 1}
    return found


def _reverse(name: str) -> Callable[[Root], bool]:
    def change(root: Root) -> bool:
        for parent in _named(root, None):
            kids = [kid for kid in parent if isinstance(kid.tag, str) and _local(kid.tag) == name]
            for place, kid in zip(kids, [copy.deepcopy(kid) for kid in reversed(kids)], strict=True):
                parent.replace(place, kid)
        return True

    return change


def _double(name: str) -> Callable[[Root], bool]:
    def change(root: Root) -> bool:
        for one in _named(root, name):
            one.addnext(copy.deepcopy(one))
        return True

    return change
