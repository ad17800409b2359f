"""How a filing stands in the store of a whole register: a row of `filing`, its lists as JSON."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Mapping, Sequence
from typing import Any

from tmwatch.sources.slim import Slim

# What is compared, and shown where it changed; lists stand in the file as JSON.
FIELDS = (
    *("name", "other_names", "classes", "owners", "agents"),
    *("status_code", "filing_date", "registration_number", "international_number"),
)
OWNERS = FIELDS.index("owners")
NAMES = 2  # fields that names stand in: the first
_LISTS = frozenset({"other_names", "classes", "owners", "agents"})
_GROUNDS = _LISTS | {"name"}
_COLUMNS = ("st13", "office", "application_number", *FIELDS, "status_live", "as_of", "source")
_ALL = (*_COLUMNS, "slim_version", "hash", "first_seen", "last_moved")
INSERT = f"insert into filing ({', '.join(_ALL)}) values ({', '.join('?' * len(_ALL))})"
_SET = (*FIELDS, "status_live", "as_of", "slim_version", "hash", "last_moved")
UPDATE = f"update filing set {', '.join(f'{name} = ?' for name in _SET)} where id = ?"


def stored_values(slim: Slim) -> tuple[str | None, ...]:
    """The fields as they stand in the file, in the order of `FIELDS`."""
    return (
        slim.name,
        _json(slim.other_names),
        _listed(slim.classes),
        _listed(slim.owners),
        _listed(slim.agents),
        slim.status_code,
        slim.filing_date.isoformat() if slim.filing_date else None,
        slim.registration_number,
        slim.international_number,
    )


def row_after(before: Mapping[str, Any], slim: Slim) -> dict[str, Any]:
    """How a row (as `readable` gives it) will stand when the filing is stored as told now."""
    return {**before, **_told(slim)}


def grounds_differ(before: Mapping[str, Any], slim: Slim) -> bool:
    """Whether names, classes, owners or agents differ: what watches go by and the store keeps."""
    return any(before[name] != value for name, value in _told(slim).items() if name in _GROUNDS)


def saw_fewer(before: sqlite3.Row, slim: Slim) -> bool:
    """Whether all the agents of a row are there still, beside others: by another reader that is no change."""
    return set(_read_list(before["agents"])) < set(slim.agents)


def _told(slim: Slim) -> dict[str, Any]:
    told = dict(zip(FIELDS, stored_values(slim), strict=True))
    lists = {name: _read_list(told[name] or "[]") for name in _LISTS}
    return {**told, **lists, "status_live": slim.status_live}


_ENCODE = json.JSONEncoder(ensure_ascii=False, separators=(",", ":")).encode  # made once: it costs as much


def _json(values: Sequence[Any]) -> str:
    return _ENCODE(values) if values else "[]"


def _listed(values: Sequence[str]) -> str:
    """The same of texts; where nothing in them is spelled otherwise in JSON, in a tenth of the time."""
    if not values:
        return "[]"
    joined = '","'.join(values)
    if joined.isprintable() and "\\" not in joined and joined.count('"') == 2 * len(values) - 2:
        return f'["{joined}"]'
    return _ENCODE(values)


def _read_list(text: str) -> list[Any]:
    """What `_listed` or `_json` wrote; in half the time where it is texts in which nothing is spelled
    otherwise."""
    if text == "[]":
        return []
    held = text[2:-2].split('","')
    plain = text[:2] == '["' and "\\" not in text and text.count('"') == 2 * len(held)
    return held if plain else list(json.loads(text))


def readable(row: sqlite3.Row) -> dict[str, Any]:
    """A row of `filing`, its lists as lists."""
    found = dict(zip(row.keys(), row, strict=True))  # `dict(row)` looks for each column by its name
    for name in _LISTS:
        found[name] = _read_list(found[name])
    return found


def readable_change(row: sqlite3.Row) -> dict[str, Any]:
    """A row of `filing_change`, likewise."""
    found = dict(row)
    if found["field"] in _LISTS:
        found["old"], found["new"] = json.loads(found["old"]), json.loads(found["new"])
    return found
