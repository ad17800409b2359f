"""Other ways to read the status page, as somebody would write them: each label with its value, each row.

None of them tells a challenge from a record, audits what it did not understand, or makes a record of it.
"""

from __future__ import annotations

from typing import Any

from bs4 import BeautifulSoup, Tag
from lxml import html

Fields = tuple[list[tuple[str, str]], list[list[str]]]


def tree_alone(body: bytes) -> object:
    """BeautifulSoup's tree over lxml, and nothing asked of it."""
    return BeautifulSoup(body, "lxml")


def with_find_calls(body: bytes) -> Fields:
    """BeautifulSoup as its tutorial shows it."""
    soup = BeautifulSoup(body, "lxml")
    pairs = []
    for key in soup.find_all("div", class_="key"):
        value = key.find_next_sibling("div", class_="value")
        pairs.append((key.get_text(" ", strip=True), value.get_text(" ", strip=True) if value else ""))
    rows = [
        [cell.get_text(" ", strip=True) for cell in row.find_all(["td", "th"])]
        for table in soup.find_all("table")
        if isinstance(table, Tag)
        for row in table.find_all("tr")
    ]
    return pairs, rows


def with_xpath(body: bytes) -> Fields:
    """lxml's own tree and XPath."""
    tree: Any = html.document_fromstring(body)
    pairs = [
        (" ".join(key.text_content().split()), " ".join(value[0].text_content().split()) if value else "")
        for key in tree.xpath("//div[@class='key']")
        for value in [key.xpath("following-sibling::div[@class='value'][1]")]
    ]
    rows = [
        [" ".join(cell.text_content().split()) for cell in row.xpath("./td|./th")]
        for row in tree.xpath("//table//tr")
    ]
    return pairs, rows


def with_selectolax(body: bytes) -> Fields:
    """selectolax (Lexbor), in C throughout. Raises `ImportError` where it is not installed."""
    from selectolax.lexbor import LexborHTMLParser

    tree = LexborHTMLParser(body)
    pairs = []
    for key in tree.css("div.key"):
        value = key.next
        while value is not None and "value" not in (value.attributes.get("class") or ""):
            value = value.next
        pairs.append(
            (" ".join(key.text().split()), " ".join(value.text().split()) if value is not None else "")
        )
    rows = [[" ".join(cell.text().split()) for cell in row.css("td,th")] for row in tree.css("table tr")]
    return pairs, rows
