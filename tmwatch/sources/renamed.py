"""A fact under a name that nobody knows, where the name that is known is missing: a renamed label.

Registers rename labels and elements. A reader that goes by names would then find nothing under the old
one and call the field empty: a poorer record, and a false change. But a page may lawfully lack a label
(no disclaimer, not renewed), and may lawfully grow a new one. So a page is refused only on evidence: in
one and the same block something known was asked for and is missing, something unknown stands there, and
the unknown thing *could be* the missing one, by its shape: a date for a date, yes or no for a flag, a box
with parts for a box.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Literal, NamedTuple

from tmwatch.errors import LayoutChanged
from tmwatch.sources.base import Answer, Page
from tmwatch.text import clean_line

Kind = Literal["text", "date", "flag", "number", "box"]

_DATE = re.compile(
    r"\d{4}(-\d{2}){1,2}([T ].*|[-+]\d{2}:\d{2}|Z)?|[12]\d{7}|[12]\d{3}|\d{13}|\d{1,2}[-/.]\d{1,2}[-/.]\d{4}"
    r"|[A-Za-z]{3,9}\.? (\d{1,2},? )?\d{4}"
)
_FLAG = re.compile(r"(yes|no|true|false|y|n|0|1)([.,; ].*)?", re.IGNORECASE)
# "No. 1 Sample Road" is an address.
_FLAG_ALONE = re.compile(r"(yes|no|true|false|[yn])([.,;](?!\s*\d).*)?", re.IGNORECASE)


class Missed(NamedTuple):
    """Something known that was asked for and is not there; several names mean "one of these"."""

    names: tuple[str, ...]
    kind: Kind


class Stranger(NamedTuple):
    """Something unknown that stands there. `text` is its value; `box` whether it has parts."""

    name: str
    text: str
    box: bool = False


def could_be(stranger: Stranger, kind: Kind) -> bool:
    """Whether the unknown thing could be a missing one of this kind."""
    if stranger.box or kind == "box":
        return stranger.box and kind == "box"
    if kind == "date":
        return _DATE.fullmatch(stranger.text) is not None
    if kind == "flag":
        return _FLAG.fullmatch(stranger.text) is not None
    if kind == "number":
        return stranger.text.isdigit()
    return _FLAG_ALONE.fullmatch(stranger.text) is None and _DATE.fullmatch(stranger.text) is None


def refuse(missed: Iterable[Missed], strangers: Iterable[Stranger], where: str) -> None:
    """Raise `LayoutChanged` when one of the strangers could be one of the missing things."""
    known = list(missed)
    for stranger in strangers:
        for one in known:
            if could_be(stranger, one.kind):
                raise LayoutChanged(
                    f"`{clean_line(stranger.name, 80)}` is unknown and `{' / '.join(one.names)}` is missing: "
                    "a renamed label, perhaps",
                    where=where,
                    do="tmwatch believes nothing of a page whose labels it does not know. Please report it.",
                )


# -- templates that were not filled in --------------------------------------------------------------------

# `${record.owner}`, `{{ owner.name }}`, `<%= owner %>`: names in a program, never words of a register. A
# mark may be called ${CASH}, so a name without a dot, and in capitals, proves nothing.
_TEMPLATE = re.compile(
    r"\$\{\s*(?=[^{}]*[a-z.])[\w.$\[\]()'\"? :|-]{1,120}\}|\{\{\s*[a-z_$][\w.$]*[^{}]{0,80}\}\}"
)
_OPENINGS = (b"${", b"{{")


def refuse_templates(page: Page, answer: Answer) -> None:
    """Raise `LayoutChanged` when a field of the answer is a template that its register did not fill in.

    The record page of WIPO Publish offices comes so with status 200 (a recording of VN4202448776).
    """
    if not any(opening in page.body for opening in _OPENINGS):
        return
    if page.body.lstrip(b"\xef\xbb\xbf \t\r\n")[:1] == b"{" or page.body.lstrip()[:5] == b"<?xml":
        # Data, not a page: no script stands in it that might hold a template of its own.
        if found := _TEMPLATE.search(page.body.decode("utf-8", "replace")):
            raise _not_filled_in(found[0], page)
        return
    shown = _without_code(page.body.decode("utf-8", "replace"))
    if found := re.search(r">[^<>]*?(\$\{[\w.$]{1,80}\})", shown):
        raise _not_filled_in(found[1], page)
    for reading in answer.readings:
        text = reading.record.model_dump_json(exclude={"covers", "provenance"})
        if found := _TEMPLATE.search(text):
            raise _not_filled_in(found[0], page)


def _without_code(markup: str) -> str:
    """The page without its scripts, styles and templates, which may hold `${…}` of their own."""
    kept: list[str] = []
    place, low = 0, markup.lower() if len(markup.lower()) == len(markup) else markup
    for opening in re.finditer(r"<(script|style|template|!--)", low):
        if opening.start() >= place:
            kept.append(markup[place : opening.start()])
            end = "-->" if opening[1] == "!--" else f"</{opening[1]}"
            closing = low.find(end, opening.end())
            place = closing if closing >= 0 else len(markup)
    return "".join((*kept, markup[place:]))


def _not_filled_in(template: str, page: Page) -> LayoutChanged:
    return LayoutChanged(
        f"the page came with a template that was not filled in: `{clean_line(template, 60)}`",
        where=page.name or page.url,
        do="The next look asks again. If it stays so, save the page from a browser and import it.",
    )
