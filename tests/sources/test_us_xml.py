"""The columns in which the USPTO's XML is read say the same as the tree itself, and lose nothing."""

from __future__ import annotations

import copy
import random
from collections.abc import Iterator
from pathlib import Path

import pytest
from lxml import etree

from tests.conftest import ROOT
from tmwatch.errors import LayoutChanged
from tmwatch.sources.us.xml import Node, flag_of, named, number_of, parse
from tmwatch.sources.us.xml_sheet import _NAMES, Sheet, local
from tmwatch.sources.us.xml_text import _FORMS, _MOST_FORMS, _MOST_TAGS, _TAGS, Columns, Kids, cut, of_tree

FILES = sorted((ROOT / "fixtures/us.tsdr-api").glob("st*/*.xml"))
WHOLE = [path for path in FILES if "cut-off" not in path.parent.name]

MARKUP = ("sequenceNumber", "type", "languageCode", "schemaLocation", "schemaVersion")


def trees(path: Path) -> Iterator[etree._Element]:
    """The record, and records with elements lost, doubled, moved, renamed and given loose text."""
    yield parse(path.read_bytes(), "")
    chance = random.Random(3)
    for _ in range(6):
        root = parse(path.read_bytes(), "")
        for _ in range(8):
            elements = [one for one in root.iter() if one.getparent() is not None]
            one, other = chance.choice(elements), chance.choice(elements)
            match chance.randrange(5):
                case 0:
                    parent = one.getparent()
                    assert parent is not None
                    parent.remove(one)
                case 1:
                    other.append(copy.deepcopy(one))
                case 2:
                    one.tag = other.tag
                case 3:
                    one.tail, other.text = " loose  words ", None
                case _:
                    one.set(chance.choice(("odd", "{urn:x}type", "sequenceNumber")), "value")
        yield parse(etree.tostring(root), "")


def found_in_tree(element: etree._Element, path: str) -> list[etree._Element]:
    found = [element]
    for step in path.split("/"):
        found = [kid for one in found for kid in one if local(kid.tag) in step.split("|")]
    return found


def paths_in(root: etree._Element) -> list[str]:
    """Paths of one, two and three steps that exist, some with alternatives, and some that do not exist."""
    paths = {"Nothing", "Nothing/At/All"}
    for element in root.iter():
        line = [local(one.tag) for one in (element, *element.iterancestors())]
        for length in (1, 2, 3):
            if len(line) > length:
                paths.add("/".join(reversed(line[:length])))
    names = sorted({path.split("/")[-1] for path in paths})
    chance = random.Random(1)
    paths |= {f"{path}|{chance.choice(names)}" for path in sorted(paths)}
    return sorted(paths)


@pytest.mark.parametrize("path", WHOLE, ids=lambda path: path.parent.name)
def test_a_path_finds_what_it_finds_in_the_tree(path: Path) -> None:
    for root in trees(path):
        sheet = Sheet(root)
        assert [sheet.elements[node.place] for node in named(root, "TradeMark", "Trademark")] == [
            one for one in root.iter() if local(one.tag) in ("TradeMark", "Trademark") and len(one)
        ]
        for place in [0, *random.Random(2).sample(sheet.boxes, 12)]:
            node, element = Node(sheet, place), sheet.elements[place]
            assert [kid.name for kid in node.kids()] == [local(kid.tag) for kid in element]
            for wanted in paths_in(element):
                assert [sheet.elements[one.place] for one in node.every(wanted)] == found_in_tree(
                    element, wanted
                )
                assert node.has(wanted) is bool(found_in_tree(element, wanted))


@pytest.mark.parametrize("path", WHOLE, ids=lambda path: path.parent.name)
def test_what_nobody_took_is_named_and_nothing_else(path: Path) -> None:
    for root in trees(path):
        sheet, chance = Sheet(root), random.Random(4)
        taken = set(chance.sample(range(len(sheet.elements)), len(sheet.elements) - 12))
        for place in taken:
            sheet.take(place)
        skipped = chance.choice(sheet.boxes)
        sheet.skip(skipped)
        quiet = set(sheet.elements[skipped].iter())
        wanted: dict[str, None] = {}
        for place, element in enumerate(sheet.elements):
            names = [local(one.tag) for one in (element, *element.iterancestors())]
            where = "/".join(reversed(names[:5]))
            said = " ".join([element.text or "", *(kid.tail or "" for kid in element)]).split()
            if said and place not in taken and element not in quiet:
                wanted[f"{where} = {' '.join(said)[:80]}"] = None
            for name, value in element.items():
                if local(name) not in MARKUP and value and element not in quiet:
                    wanted[f"{where}@{local(name)} = {value!s}"] = None
        assert sheet.leftovers(0) == tuple(wanted)[:40]


def test_rows_are_what_reading_each_element_gives() -> None:
    xml = (
        b"<Bag><E><D>2001-01-01</D><N><T> a  b </T><X odd='1'/></N></E><E><D>2002-02-02</D><N><T>c</T>"
        b"<X odd='2'/></N></E>"
        b"<E><N><T/><X>1</X></N></E><E><D>2003-03-03</D><T>no box</T><New>left</New></E></Bag>"
    )
    sheet = Sheet(parse(xml, ""))

    def layout(node: Node) -> tuple[list[Node | None], list[Node]]:
        inner = node.at("N") or node
        return [node.at("D"), inner.at("T")], inner.every("X")

    assert Node(sheet).rows("E", layout) == [
        ("2001-01-01", " a  b "),
        ("2002-02-02", "c"),
        (None, ""),
        ("2003-03-03", "no box"),
    ]
    assert sheet.leftovers(0) == ("Bag/E/New = left",)


def test_words_between_elements_are_left_over_even_where_all_else_is_taken() -> None:
    sheet = Sheet(parse(b"<A><B>b</B> loose <C/></A>", ""))
    sheet.take(1)
    assert sheet.leftovers(0) == ("A = loose",)


def test_an_attribute_is_left_over_until_somebody_reads_it() -> None:
    sheet = Sheet(parse(b'<A><B kind="x" type="markup"/><C kind="y"/><D kind="z"><E kind="z"/></D></A>', ""))
    node = Node(sheet)
    assert node.every("B")[0].attribute("kind") == "x"
    node.skip("D")
    assert node.leftovers() == ("A/C@kind = y",)


@pytest.mark.parametrize("text", ["yes", "tr", "2", "truefalse"])
def test_what_is_neither_true_nor_false_is_refused(text: str) -> None:
    with pytest.raises(LayoutChanged, match="neither true nor false"):
        flag_of(text, "Indicator")


@pytest.mark.parametrize("text", ["1.5", "-1", "x", "\u0661"])
def test_what_is_no_number_is_refused(text: str) -> None:
    with pytest.raises(LayoutChanged, match="no number"):
        number_of(text, "Quantity")


def columns_by_tree(body: bytes) -> Columns:
    return of_tree(parse(body, ""), _NAMES)


def names_only(kids: Kids) -> dict[str, object]:
    """Without the answers to paths, which boxes of one form share."""
    return {name: held for name, held in kids.items() if "/" not in name and "|" not in name}


def same_columns(one: Columns, other: Columns) -> bool:
    """Blanks between elements are no text in a tree, and harmless where the columns are cut."""
    return (
        one.names == other.names
        and [" ".join(text.split()) for text in one.texts] == [" ".join(text.split()) for text in other.texts]
        and [names_only(kids) for kids in one.kids] == [names_only(kids) for kids in other.kids]
        and one.sizes == other.sizes
        and one.attributes == other.attributes
        and (one.loose or not other.loose)  # it may say so for nothing: the tree is asked then
    )


@pytest.mark.parametrize("path", WHOLE, ids=lambda path: path.parent.name)
def test_columns_cut_from_the_text_are_those_of_the_tree(path: Path) -> None:
    for root in trees(path):
        body = etree.tostring(root, encoding="utf-8", xml_declaration=True)
        for _ in range(2):  # the second time its boxes are known
            columns = cut(body.decode("utf-8"))
            assert columns is not None
            assert same_columns(columns, columns_by_tree(body))


@pytest.mark.parametrize(
    "text",
    [
        "<A>a &amp; b &lt;&#65;&#x42;&gt;<B k='1' k2=\"it's\"/><C/> &#32; </A>",
        "\ufeff<?xml version='1.0'?>\r\n<A>\r\n<B>1\r2</B>\r\n</A>\r\n",
        "<x:A xmlns:x='u' xmlns='v'><B x:k='1' y = ' a  b '/><B>2</B><C><B>3</B></C></x:A>",
        "<A><MarkEvent><MarkEvent><T>1</T></MarkEvent></MarkEvent><MarkEvent><T>2</T></MarkEvent></A>",
        "<A><Staff k='1'><T>1</T></Staff><Staff k='2'><T>2</T></Staff><Staff k='1'/><Staff></Staff></A>",
    ],
)
def test_plain_text_is_cut_as_the_tree_says(text: str) -> None:
    for _ in range(2):
        columns = cut(text)
        assert columns is not None
        assert same_columns(columns, columns_by_tree(text.encode()))


@pytest.mark.parametrize(
    "text",
    [
        "<A><B>a>b/>c</B></A>",
        "<A><B>a>b>c</B></A>",
        "<A><B k='1>2'/></A>",
        "<A><B k='&lt;'/></A>",
        "<A><!-- a > b --><B/></A>",
        "<A><![CDATA[<B>1</B>]]></A>",
        "<A><?pi <B> ?></A>",
        "<A><é/></A>",
    ],
)
def test_what_is_not_plain_is_left_to_the_tree(text: str) -> None:
    assert cut(text) is None
    body = text.encode()
    assert len(Sheet(parse(body, ""), text).names) == len(list(parse(body, "").iter()))


def test_a_stranger_cannot_fill_the_memory_of_forms() -> None:
    for number in range(3 * _MOST_FORMS):
        cut(f"<A><Staff><T{number}>1</T{number}></Staff></A>")
    assert len(_FORMS) <= _MOST_FORMS
    assert len(_TAGS) <= _MOST_TAGS + 2
