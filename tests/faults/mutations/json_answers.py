"""JSON answers: every key by its name, and every list of records."""

from __future__ import annotations

import copy
import json
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

from tests.faults.mutations.judge import Judge, Mutation, gone, same, same_or_refused
from tmwatch.sources.base import Page

TEMPLATE = "${record.field}"
Path = tuple[str, ...]  # keys from the top; positions in lists are left out


def mutations(page: Page) -> Iterator[Mutation]:
    """See the top of this module."""
    text = _text(page.body)
    if text is None:
        return
    data = json.loads(text)
    yield Mutation("written again", "the whole answer", _written(page, data), same)
    for path in _paths(data):
        name = f"`{'.'.join(path)}`"
        yield from _each(page, data, "label renamed", name, _rename(path), same_or_refused)
        yield from _each(page, data, "column dropped", name, _drop(path), gone)
        yield from _each(page, data, "unrendered template", name, _template(path), same_or_refused)
        yield from _each(page, data, "rows reordered", f"{name} backwards", _reverse(path), same)
        yield from _each(page, data, "rows doubled", name, _double(path), same_or_refused)
    yield from _each(page, data, "rows reordered", "the keys of every object", _keys_reversed, same)


def _text(body: bytes) -> str | None:
    for charset in ("utf-8-sig", "gb18030"):
        try:
            return body.decode(charset)
        except UnicodeDecodeError:
            continue
    return None


def _written(page: Page, data: Any) -> Page:
    return replace(page, body=json.dumps(data, ensure_ascii=False).encode())


def _each(
    page: Page, data: Any, kind: str, what: str, change: Callable[[Any], bool], judge: Judge
) -> Iterator[Mutation]:
    mine = copy.deepcopy(data)
    if change(mine):
        yield Mutation(kind, what, _written(page, mine), judge)


def _paths(data: Any) -> list[Path]:
    found: dict[Path, None] = {}

    def walk(value: Any, path: Path) -> None:
        if isinstance(value, dict):
            for key, inner in value.items():
                found.setdefault((*path, key))
                walk(inner, (*path, key))
        elif isinstance(value, list):
            for inner in value:
                walk(inner, path)

    walk(data, ())
    return list(found)


def _holders(data: Any, path: Path) -> list[dict[str, Any]]:
    """The objects that hold the last key of the path."""
    found = [data]
    for place, key in enumerate(path):
        flat: list[Any] = []
        for one in found:
            flat += one if isinstance(one, list) else [one]
        while any(isinstance(one, list) for one in flat):
            flat = [inner for one in flat for inner in (one if isinstance(one, list) else [one])]
        objects = [one for one in flat if isinstance(one, dict) and key in one]
        if place == len(path) - 1:
            return objects
        found = [one[key] for one in objects]
    return []


def _says(value: Any) -> bool:
    return value not in (None, "", [], {}, False)


def _rename(path: Path) -> Callable[[Any], bool]:
    def change(data: Any) -> bool:
        for one in _holders(data, path):
            items = [
                (f"xq{key[:1].upper()}{key[1:]}" if key == path[-1] else key, v) for key, v in one.items()
            ]
            one.clear()
            one.update(items)
        return True

    return change


def _drop(path: Path) -> Callable[[Any], bool]:
    def change(data: Any) -> bool:
        for one in _holders(data, path):
            del one[path[-1]]
        return True

    return change


def _template(path: Path) -> Callable[[Any], bool]:
    def change(data: Any) -> bool:
        done = False
        for one in _holders(data, path):
            if _says(one[path[-1]]) and not isinstance(one[path[-1]], (dict, list, bool)):
                one[path[-1]] = TEMPLATE
                done = True
        return done

    return change


def _records(value: Any) -> bool:
    return isinstance(value, list) and bool(value) and all(isinstance(one, dict) for one in value)


def _reverse(path: Path) -> Callable[[Any], bool]:
    def change(data: Any) -> bool:
        lists = [one[path[-1]] for one in _holders(data, path)]
        for one in lists:
            if _records(one):
                one.reverse()
        return any(_records(one) and len(one) > 1 for one in lists)

    return change


def _double(path: Path) -> Callable[[Any], bool]:
    def change(data: Any) -> bool:
        lists = [one[path[-1]] for one in _holders(data, path)]
        for one in lists:
            if _records(one):
                one[:] = [copy.deepcopy(row) for row in one for _ in (1, 2)]
        return any(_records(one) for one in lists)

    return change


def _keys_reversed(data: Any) -> bool:
    def walk(value: Any) -> None:
        if isinstance(value, dict):
            items = list(reversed(value.items()))
            value.clear()
            value.update(items)
            for _, inner in items:
                walk(inner)
        elif isinstance(value, list):
            for inner in value:
                walk(inner)

    walk(data)
    return True
