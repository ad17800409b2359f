"""The page mutator: what a hostile or careless register can make of a good page, and what must come of it.

    for mutation in mutations(page, source):          # page: a good one, source: whose page it is
        verdict = mutation.judge(before, production(source, mutation.page))

Nothing here knows a source: labels, columns, elements and keys are found in the page itself, landmarks in
the source's declaration, status words and event codes in the record that the good page gives. A source
added later is mutated without a line of code, as soon as it has a fixture.

| module | what it mutates |
|---|---|
| `html_pages` | labels, label/value rows, tables, sections of an HTML page |
| `xml_files` | elements and attributes of an XML file |
| `json_answers` | keys and lists of a JSON answer |
| `raw_bytes` | any page: truncation, character sets, pages that stand in its place |
| `facts` | any page: the status word, the status cell, event codes, landmarks |
| `judge` | what is right: the very same record, a typed refusal, or what the page now says |
| `table` | the walk over fixtures and recordings, and the table kept in the sources' README |
"""

from __future__ import annotations

from collections.abc import Iterator

from tests.faults.mutations import facts, html_pages, json_answers, raw_bytes, xml_files
from tests.faults.mutations.judge import Mutation, Verdict, production
from tmwatch.errors import LookError
from tmwatch.sources.base import Page, Source

__all__ = ["Mutation", "Verdict", "family", "mutations", "production"]

_BY_FAMILY = {
    "html": html_pages.mutations,
    "xml": xml_files.mutations,
    "json": json_answers.mutations,
}


def family(body: bytes) -> str:
    """ "html", "xml", "json" or "" by the first bytes."""
    head = body[:3000].lstrip(b"\xef\xbb\xbf \t\r\n")
    if head[:1] in (b"{", b"["):
        return "json"
    if b"<html" in head.lower() or head[:9].lower() == b"<!doctype" and b"html" in head[:60].lower():
        return "html"
    return "xml" if head[:1] == b"<" else ""


def mutations(page: Page, source: Source) -> Iterator[Mutation]:
    """Every mutation of a page. Of one that gives no record, only those that cannot make it give one."""
    before = production(source, page)
    yield from raw_bytes.mutations(page, source, before)
    if isinstance(before, LookError):
        return
    structure = _BY_FAMILY.get(family(page.body))
    if structure is not None:
        yield from structure(page)
    yield from facts.mutations(page, source, before)
