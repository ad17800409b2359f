"""The status page is walked once. What that walk sees is what selectors asked of the whole tree would see."""

from __future__ import annotations

import random
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from bs4 import Tag

from tests.conftest import ROOT
from tmwatch.sources.us.tsdr_outline import Outline
from tmwatch.sources.us.tsdr_tree import is_closed, parse, rows_of, text_of

PAGES = sorted((ROOT / "fixtures/us.tsdr").glob("*/page.html"))
IN_TEXT = ", ".join(
    f"{outer} .key" for outer in (".value", ".key", ".note", ".caption", ".separator", "table", "h2")
)


# How many damaged pages `make test` makes of each page, and `make soak`.
SOME = [3, pytest.param(60, marks=pytest.mark.soak)]


def damaged(body: bytes, times: int) -> Iterator[bytes]:
    """The page, and pages with a few tags lost, doubled or put elsewhere."""
    yield body
    yield body + body  # the first of two counts
    chance = random.Random(7)
    pieces = re.split(rb"(<[^>]*>)", body)
    for _ in range(times):
        spoilt = list(pieces)
        for _ in range(3):
            place = chance.randrange(len(spoilt))
            taken = spoilt[place : place + chance.choice((1, 1, 9))]
            if chance.random() < 0.6:
                del spoilt[place : place + len(taken)]
            if chance.random() < 0.6:
                there = chance.randrange(len(spoilt))
                spoilt[there:there] = taken
        yield b"".join(spoilt)


def same(found: list[Tag], wanted: list[Tag]) -> bool:
    return [id(tag) for tag in found] == [id(tag) for tag in wanted]


@pytest.mark.parametrize("times", SOME)
@pytest.mark.parametrize("path", PAGES, ids=lambda path: path.parent.name)
def test_one_walk_sees_what_selectors_see(path: Path, times: int) -> None:
    for body in damaged(path.read_bytes(), times):
        soup = parse(body)
        outline = Outline(soup)
        for name in ("summary", "data_container", "statusTab", "statusServerError"):
            assert outline.by_id(name) is soup.find(id=name)
        for root in filter(None, (outline.by_id("data_container"), outline.by_id("summary"), soup.body)):
            assert same(outline.sections_in(root), root.select("div.expand_wrapper"))
            assert outline.swallowed_in(root) is root.select_one(IN_TEXT)
            boxes = {id(box) for box in soup.select("div.expand_wrapper, #summary")}
            outside = [
                key for key in root.select("div.key") if not any(id(box) in boxes for box in key.parents)
            ]
            assert same(outline.labels_outside_sections(root), outside)
            assert outline.root_of(root) is (root.find_parent(id="statusTab") or root)


@pytest.mark.parametrize("times", SOME)
@pytest.mark.parametrize("path", PAGES, ids=lambda path: path.parent.name)
def test_tables_and_texts_are_read_as_beautifulsoup_reads_them(path: Path, times: int) -> None:
    for body in damaged(path.read_bytes(), times):
        soup = parse(body)
        for tag in soup.find_all(True):
            assert text_of(tag) == " ".join(tag.get_text(" ").split())
        for table in soup.find_all("table"):
            rows = [
                [" ".join(cell.get_text(" ").split()) for cell in row.find_all(["td", "th"])]
                for row in table.find_all("tr")
            ]
            assert rows_of(table) == rows


def test_a_table_inside_a_cell_loses_no_row() -> None:
    table = parse(
        b"<table><tr><td>a</td><td><table><tr><td>b</td><th></th></tr></table></td></tr>"
        b"<tr><td>c<b>d</b></td><td><!-- e --></td></tr></table>"
    ).table
    assert isinstance(table, Tag)
    assert rows_of(table) == [["a", "b", "b", ""], ["b", ""], ["c d", ""]]


@pytest.mark.parametrize(
    ("page", "closed"),
    [
        (b"<html><body>x</body></html>", True),
        (b"<html><body>x</body></HTML>\n" + b" " * 5000, True),
        (b"<html><body>x<!-- </html>", True),  # a comment that never ends hides nothing that was cut off
        (b"<html><body>x<!-- </html> -->", False),
        (b"<html><body>x<script>'</html>'</script>", False),
        (b"<html><body>x", False),
    ],
)
def test_a_page_is_whole_when_its_own_end_is_there(page: bytes, closed: bool) -> None:
    assert is_closed(page, parse(page)) is closed
