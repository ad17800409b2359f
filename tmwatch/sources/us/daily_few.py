"""The few fields of a case of the daily file as texts, from a tree of it or cut from its text.

Both give the same of the same bytes, which tests hold against each other: the text is read only where a
pattern has shown that it is well-formed XML without attributes, comments, sections and instructions, and with
no other references than the five of XML. All else is left to lxml. To build a tree, and to touch its elements
from Python, costs half as much again as the pattern and what is cut by it.

The events, half of the bytes, are left out before anything is parsed.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import NamedTuple

from lxml import etree

from tmwatch.errors import LayoutChanged
from tmwatch.sources import safe_xml
from tmwatch.sources.us import common
from tmwatch.text import fold_space

AGENTS = ("attorney-name", "domestic-representative-name")
_EVENTS = b"<case-file-event-statements>"
_EVENTS_END = b"</case-file-event-statements>"
_HEAD_NAMES = ("serial-number", "registration-number", "transaction-date")
_HEADER = (
    *("filing-date", "status-code", "mark-identification", "filing-basis-filed-as-66a-in"),
    *AGENTS,
)
_INTERNATIONAL = ("international-registration-number",)
LETTERS = ("address-1", "address-2")
_STATEMENT = ("type-code", "text")
_OWNER = ("party-type", "entry-number", "party-name")
_CLASS = ("international-code", "primary-code", "us-code")
_NEEDED = frozenset({"case-file-header", "case-file-statements", "classifications", "case-file-owners"})
_FLAT = ("international-registration", "correspondent")  # of these the children are read, if they are there
_BOXES = _NEEDED | {*_FLAT}

Leaves = dict[str, str]
_Class = tuple[str, list[str], list[str]]  # primary code, international codes, US codes


class Case(NamedTuple):
    """What is taken from a case, as texts. Of a class the international and the US codes are many."""

    head: Leaves
    header: Leaves
    international: Leaves
    statements: list[Leaves]
    classes: list[_Class]
    owners: list[Leaves]
    letters: Leaves  # the first lines of the address for them


def case_of(body: bytes, where: str) -> Case:
    """What is taken from one case. Raises `LayoutChanged` or `Incomplete` for what is no whole record."""
    short = without_events(body)
    return of_text(short) or of_tree(short, where)


def without_events(body: bytes) -> bytes:
    start = body.find(_EVENTS)
    end = body.find(_EVENTS_END, start)
    # A comment or an instruction may hold a tag: then all of it is parsed.
    if start < 0 or end < 0 or (b"!" in body and b"<!" in body) or (b"?" in body and b"<?" in body):
        return body
    return body[:start] + body[end + len(_EVENTS_END) :]


# -- from its text -------------------------------------------------------------------------------------------

_LONGEST = 1 << 20  # a longer one is left to lxml, which knows what is too long
# Words: no tag, no `]]>`, no character that XML forbids (but two: these and references are looked for apart).
_WORDS = r"[^<>\x00-\x08\x0b\x0c\x0e-\x1f]*+"
_FORBIDDEN = ("\ufffe", "\uffff")
_NO_REFERENCE = re.compile("&(?!(?:amp|lt|gt|quot|apos);)")


def _element(depth: int, at: int = 0) -> str:
    """A pattern of an element with so many levels below it, and words anywhere; its name is group `n{at}`."""
    name, end = f"<(?P<n{at}>[a-z][a-z0-9-]{{0,99}}+)", f"</(?P=n{at})>"
    if not depth:
        return f"{name}(?:>{_WORDS}{end}|/>)"
    return f"{name}(?:>{_WORDS}(?:{end}|(?:{_element(depth - 1, at + 1)}{_WORDS})++{end})|/>)"


def _flat(name: str) -> str:
    """The same of one element that has leaves only."""
    return f"<{name}>{_WORDS}(?:{_element(0, 9)}{_WORDS})*+</{name}>"


def _tokens(*names: str) -> re.Pattern[str]:
    """Where such an element begins: its name, and the words before the next tag."""
    return re.compile(rf"<({'|'.join(names)})(?:/>|>([^<]*+))")


# Of header, international registration and correspondent the children are read, of the others all that is
# below them.
_OPENED = re.compile(f"<case-file>{_WORDS}")
_CHILD = re.compile(f"(?:(?P<header>{_flat('case-file-header')})|{_element(4)}){_WORDS}")
_OWN_FLAT = re.compile(_flat("international-registration") + _WORDS)
# As it nearly always stands: what is otherwise is left to lxml.
_ENVELOPE = re.compile(
    r"<correspondent>\s*(?:<address-1>([^<]*+)</address-1>\s*+)?(?:<address-2>([^<]*+)</address-2>\s*+)?"
    rf"(?:<address-([345])>[^<]*+</address-\3>\s*+)*+</correspondent>{_WORDS}"
)
_HEAD_TOKEN, _HEADER_TOKEN = _tokens(*_HEAD_NAMES), _tokens(*_HEADER)
_OWN_TOKEN = _tokens(*_INTERNATIONAL)
_STATEMENT_TOKEN = _tokens("case-file-statement", *_STATEMENT)
_OWNER_TOKEN = _tokens("case-file-owner", *_OWNER)
_CLASS_TOKEN = _tokens("classification", *_CLASS)
_Span = tuple[int, int]


def of_text(body: bytes) -> Case | None:
    """The same as `of_tree` of these bytes; None where that must say."""
    text = _text(body)
    opened = _OPENED.match(text)
    if opened is None:
        return None
    boxes: dict[str, _Span] = {}
    head: Leaves = {}
    place = opened.end()
    while found := _CHILD.match(text, place):
        header, name = found.group(1, 3)
        if header is not None:
            name = "case-file-header"
        elif name == "case-file-header":
            return None
        if name in _BOXES:
            if name in boxes:
                return None
            boxes[name] = found.span()
        elif name in _HEAD_NAMES and (token := _HEAD_TOKEN.match(text, place)) is not None:
            _put(head, name, token.group(2) or "")
        place = found.end()
    if text[place:].rstrip(" \t\r\n") != "</case-file>" or not boxes.keys() >= _NEEDED:
        return None
    own, envelope = map(boxes.get, _FLAT)
    if own is not None and not _OWN_FLAT.fullmatch(text, *own):
        return None
    letters: Leaves = {}
    if envelope is not None:
        lines = _ENVELOPE.fullmatch(text, *envelope)
        if lines is None:
            return None
        for name, line in zip(LETTERS, lines.groups("")[:2], strict=True):
            _put(letters, name, line)
    return Case(
        head,
        _leaves_in(text, boxes["case-file-header"], _HEADER_TOKEN),
        _leaves_in(text, own, _OWN_TOKEN) if own is not None else {},
        _items_in(text, boxes["case-file-statements"], _STATEMENT_TOKEN, "case-file-statement"),
        _classes_in(text, boxes["classifications"]),
        _items_in(text, boxes["case-file-owners"], _OWNER_TOKEN, "case-file-owner"),
        letters,
    )


def _text(body: bytes) -> str:
    """The characters; "" where they are not UTF-8, too many, some that XML forbids, or a reference to others
    than its five."""
    if len(body) > _LONGEST:
        return ""
    try:
        text = body.decode("utf-8")
    except UnicodeDecodeError:
        return ""
    if not text.isascii() and any(one in text for one in _FORBIDDEN):
        return ""
    return "" if "&" in text and _NO_REFERENCE.search(text) else text


def _put(leaves: Leaves, name: str, words: str) -> None:
    """As `_add` does it; an entity is never white space."""
    if line := fold_space(words):
        if "&" in line:
            line = _spelled(line)
        leaves[name] = f"{leaves[name]} {line}" if name in leaves else line


def _spelled(words: str) -> str:
    for name, one in (("&lt;", "<"), ("&gt;", ">"), ("&quot;", '"'), ("&apos;", "'"), ("&amp;", "&")):
        words = words.replace(name, one)
    return words


def _leaves_in(text: str, span: _Span, token: re.Pattern[str]) -> Leaves:
    found: Leaves = {}
    for name, words in token.findall(text, *span):  # some three hundred thousand a file
        line = fold_space(words)
        if name in found or "&" in line:
            _put(found, name, line)
        elif line:
            found[name] = line
    return found


def _items_in(text: str, span: _Span, token: re.Pattern[str], item: str) -> list[Leaves]:
    found: list[Leaves] = []
    one: Leaves = {}
    for name, words in token.findall(text, *span):
        if name == item:
            one = {}
            found.append(one)
        elif words:
            line = fold_space(words)
            if name in one or "&" in line:
                _put(one, name, line)
            elif line:
                one[name] = line
    return found


def _classes_in(text: str, span: _Span) -> list[_Class]:
    found: list[dict[str, list[str]]] = []
    one: dict[str, list[str]] = {}
    for name, words in _CLASS_TOKEN.findall(text, *span):
        if name == "classification":
            one = {name: [] for name in _CLASS}
            found.append(one)
        elif one and (said := " ".join(words.split())):
            one[name].append(_spelled(said) if "&" in said else said)
    return [(" ".join(one["primary-code"]), one["international-code"], one["us-code"]) for one in found]


# -- from a tree ---------------------------------------------------------------------------------------------

# For what has no comments, instructions and document type: those are `safe_xml`'s to refuse or to take out.
_FAST = etree.XMLParser(
    encoding="utf-8",
    resolve_entities=False,
    load_dtd=False,
    no_network=True,
    huge_tree=False,
    recover=False,
    collect_ids=False,
    remove_blank_text=True,
)


def _parsed(body: bytes, where: str) -> etree._Element:
    if (b"!" in body and b"<!" in body) or (b"?" in body and b"<?" in body):
        return safe_xml.parse(body, where)
    try:
        return etree.fromstring(body, _FAST)
    except (etree.XMLSyntaxError, ValueError):
        return safe_xml.parse(body, where)  # says what is wrong, or knows better


def of_tree(body: bytes, where: str) -> Case:
    """By lxml. Raises `LayoutChanged` or `Incomplete`."""
    root = _parsed(body, where)
    boxes: dict[str, etree._Element] = {}
    head: Leaves = {}
    for child in root:
        tag = child.tag
        if tag in _BOXES:
            if tag in boxes:
                raise LayoutChanged(f"the case has more than one `{tag}`")
            boxes[tag] = child
        elif tag in _HEAD_NAMES:
            _add(head, tag, child.text)
    if missing := _NEEDED - boxes.keys():
        raise LayoutChanged(f"the case has no `{min(missing)}`")
    own, letters = map(boxes.get, _FLAT)
    return Case(
        head,
        _leaves(boxes["case-file-header"], _HEADER),
        _leaves(own, _INTERNATIONAL) if own is not None else {},
        _items(boxes["case-file-statements"], "case-file-statement", _STATEMENT),
        _classifications(boxes["classifications"]),
        _items(boxes["case-file-owners"], "case-file-owner", _OWNER),
        _leaves(letters, LETTERS) if letters is not None else {},
    )


def _leaves(box: etree._Element, wanted: Sequence[str]) -> Leaves:
    """The texts of those children that are wanted and have one; of a name that stands twice all of them."""
    found: Leaves = {}
    for child in box.iterchildren(*wanted):
        _add(found, child.tag, child.text)
    return found


def _items(box: etree._Element, item: str, wanted: Sequence[str]) -> list[Leaves]:
    """The same of each item in the box; in one walk, which lxml makes in C."""
    found: list[Leaves] = []
    one: Leaves = {}
    for element in box.iterdescendants(item, *wanted):
        tag = element.tag
        if tag == item:
            one = {}
            found.append(one)
        else:
            _add(one, tag, element.text)
    return found


def _classifications(box: etree._Element) -> list[_Class]:
    """Of each class its primary code, its international codes, its US codes."""
    found: list[dict[str, list[str]]] = []
    one: dict[str, list[str]] = {}
    for element in box.iterdescendants("classification", *_CLASS):
        tag = element.tag
        if tag == "classification":
            one = {name: [] for name in _CLASS}
            found.append(one)
        elif one and (text := common.squeeze(element.text)):
            one[tag].append(text)
    return [(" ".join(one["primary-code"]), one["international-code"], one["us-code"]) for one in found]


def _add(leaves: Leaves, name: str, text: str | None) -> None:
    """In one line, as `common.squeeze` makes it: half a million times a file."""
    if text and (line := " ".join(text.split())):
        leaves[name] = f"{leaves[name]} {line}" if name in leaves else line
