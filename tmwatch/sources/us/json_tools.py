"""Taking a JSON answer apart key by key, so that what nobody took can be shown at the end."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from tmwatch.errors import LayoutChanged
from tmwatch.sources.renamed import Kind, Missed, Stranger, refuse
from tmwatch.sources.us import common


class Taken:
    """A JSON object whose keys are taken out one by one.

    With a list of `witnesses` (in a second reading, where something was left over in the first) each
    object remembers what was asked for and not there.
    """

    def __init__(self, data: object, where: str, witnesses: list[Taken] | None = None) -> None:
        if not isinstance(data, dict):
            raise LayoutChanged(f"`{where}` is no JSON object")
        self.data: dict[str, Any] = data
        self.where = where
        self._had = frozenset(data) if witnesses is not None else frozenset()
        self._witnesses = witnesses
        self._asked: set[str] = set()
        self._missed: list[Missed] = []
        if witnesses is not None:
            witnesses.append(self)

    def asks(self, kind: Kind, *keys: str) -> None:
        """Note that one of these keys was asked for."""
        if self._witnesses is not None:
            self._asked.update(keys)
            if not self._had.intersection(keys):
                self._missed.append(Missed(keys, kind))

    def refuse_renamed(self, where: str) -> None:
        """Raise `LayoutChanged` when a key that nobody asked for could be one that was missing."""
        strangers = [
            Stranger(key, common.squeeze(str(value)).lower(), isinstance(value, (dict, list)))
            for key, value in self.data.items()
            if key not in self._asked and key != "serialNumber" and any(_walk(value, key))
        ]
        refuse(self._missed, strangers, where)

    def take(self, key: str) -> Any:
        """The value at this key, whatever it is; nothing is missed where there is none."""
        self._asked.add(key)
        return self.data.pop(key, None)

    def text(self, *keys: str, kind: Kind = "text") -> str:
        """The text or number at the first of these keys that says something, in one line.

        An object or list where a text is expected stays where it is, to be shown as not understood.
        """
        self.asks(kind, *keys)
        found = ""
        for key in keys:
            if isinstance(self.data.get(key), (dict, list)):
                continue
            value = self.take(key)
            if value is not None and value is not False and not found:
                found = common.squeeze(str(value))
        return found

    def texts(self, key: str) -> tuple[str, ...]:
        """The texts of a list; anything else stays where it is."""
        self.asks("box", key)
        value = self.data.get(key)
        if value is None or not isinstance(value, list) or not all(isinstance(one, str) for one in value):
            return ()
        return tuple(text for one in self.take(key) if (text := common.squeeze(one)))

    def day(self, *keys: str) -> dt.date | None:
        return office_day(self.text(*keys, kind="date"), f"{self.where}.{keys[0]}")

    def flag(self, key: str) -> bool:
        self.asks("flag", key)
        value = self.take(key)
        if value is not None and not isinstance(value, bool):
            raise LayoutChanged(f"`{self.where}.{key}` is neither true nor false")
        return bool(value)

    def known(self, key: str) -> bool | None:
        """A flag of the record: None where the answer does not carry it."""
        self.asks("flag", key)
        return self.flag(key) if self.data.get(key) is not None else None

    def flags(self, pairs: Sequence[tuple[str, str]]) -> tuple[str, ...] | None:
        """The words of those flags that are set; None where the answer has none of the flags."""
        if not any(key in self.data for _, key in pairs):
            self.asks("flag", *(key for _, key in pairs))
            return None
        return tuple([word for word, key in pairs if self.flag(key)])

    def inner(self, key: str) -> Taken:
        self.asks("box", key)
        return Taken(self.data.get(key) or {}, f"{self.where}.{key}", self._witnesses)

    def items(self, key: str) -> list[Taken]:
        self.asks("box", key)
        value = self.data.get(key) or []
        if not isinstance(value, list):
            raise LayoutChanged(f"`{self.where}.{key}` is no list")
        return [Taken(item, f"{self.where}.{key}", self._witnesses) for item in value]


def office_day(text: str | None, where: str) -> dt.date | None:
    try:
        return common.office_day(text)
    except ValueError as error:
        raise LayoutChanged(f"`{where}` is no date: {str(text)[:40]!r}") from error


def leftovers(value: object) -> tuple[str, ...]:
    """What was not taken, as "path = value"."""
    return tuple(dict.fromkeys(_walk(value, "")))[: common.MOST_UNCLAIMED]


def _walk(value: object, path: str) -> Iterator[str]:
    """What was not taken. An empty value, and a flag that is not set, say nothing that could be missed."""
    if isinstance(value, Mapping):
        for key, inner in value.items():
            if key != "serialNumber":  # repeated in every part of the answer
                yield from _walk(inner, f"{path}.{key}".lstrip("."))
    elif isinstance(value, list):
        for inner in value:
            yield from _walk(inner, path)
    elif value not in (None, "", False):
        yield f"{path} = {common.squeeze(str(value))[:80]}"
