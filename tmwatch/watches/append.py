"""`watch add`: a watch or a number more in the TOML file, the rest of the file left as it is.

The text is only added to, never written anew, so comments, order and spacing stay. The result is
checked as a whole before it takes the place of the old file in one step; if it does not hold, the old
file stays untouched and the error says why.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Collection, Mapping
from pathlib import Path
from typing import Any

from tmwatch.config import Config, ConfigMistakes
from tmwatch.config.reading import parse_config
from tmwatch.errors import ConfigError, TmwatchError, UsageError
from tmwatch.files import is_full, whole
from tmwatch.numbers import parse_number, show_number

_HEADER = re.compile(r"^\s*\[\[\s*(?:watch|\"watch\")\s*\]\]\s*(?:#.*)?$")
_ANY_HEADER = re.compile(r"^\s*\[")
UNTOUCHED = "The file was left as it was."


def add_watch(path: Path, settings: Mapping[str, Any], sources: Collection[str] | None = None) -> Config:
    """Append a `[[watch]]` with these settings (as in the file: text, numbers, lists of them).

    Returns the new configuration. Raises `ConfigError` when the file or the result has a mistake.
    """
    text = text_of(path)
    old = checked(text, path, sources)
    name = str(settings.get("name", ""))
    if any(watch.name.casefold() == name.strip().casefold() for watch in old.watches):
        raise UsageError(
            f'there is a watch "{name}" already', where=str(path), kept=UNTOUCHED, do="Choose another name."
        )
    return replaced(path, text, append_table(text, "watch", settings), sources)


def add_number(
    path: Path,
    watch_name: str,
    number: str,
    office: str | None = None,
    sources: Collection[str] | None = None,
) -> Config:
    """Add a number to a watch of the file. A number that is watched there already changes nothing."""
    text = text_of(path)
    old = checked(text, path, sources)
    place = next((at for at, watch in enumerate(old.watches) if watch.name == watch_name), None)
    if place is None:
        known = ", ".join(watch.name for watch in old.watches) or "none"
        raise UsageError(
            f'there is no watch "{watch_name}"', where=str(path), kept=UNTOUCHED, do=f"Watches: {known}."
        )
    parsed = parse_number(number, office)
    if parsed in old.watches[place].numbers:
        return old
    new = _with_number(text, place, toml_value(show_number(parsed)))
    if new is None:
        raise ConfigError(
            f'the numbers of watch "{watch_name}" are written in a way that cannot be added to safely',
            where=str(path),
            kept=UNTOUCHED,
            do=f"Add {toml_value(show_number(parsed))} to `numbers` in your editor.",
        )
    return replaced(path, text, new, sources)


def append_table(text: str, name: str, settings: Mapping[str, Any]) -> str:
    """The text with one more `[[name]]`; settings that are None are left out."""
    lines = [f"{key} = {toml_value(value)}" for key, value in settings.items() if value is not None]
    end = _line_end(text)
    gap = "" if not text else end if text.endswith("\n") else end * 2
    return text + gap + end.join([f"[[{name}]]", *lines, ""])


def toml_value(value: Any) -> str:
    """A value as TOML. Text is escaped, so no name can end its quotes and add settings of its own."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int | float):
        return repr(value)
    if isinstance(value, list | tuple):
        return f"[{', '.join(toml_value(one) for one in value)}]"
    if isinstance(value, dict):
        inner = ", ".join(f"{toml_value(str(key))} = {toml_value(one)}" for key, one in value.items())
        return f"{{ {inner} }}"
    if isinstance(value, dt.date):
        return value.isoformat()
    return '"' + "".join(_escaped(char) for char in str(value)) + '"'


def _escaped(char: str) -> str:
    if char in '"\\':
        return "\\" + char
    return char if char.isprintable() else f"\\U{ord(char):08x}"


def _with_number(text: str, place: int, value: str) -> str | None:
    """The text with the number in the `numbers` of the watch at that place, or as a line of its own."""
    lines = text.splitlines(keepends=True)
    headers = [at for at, line in enumerate(lines) if _HEADER.match(line)]
    if place >= len(headers):
        return None
    start = headers[place] + 1
    end = next((at for at in range(start, len(lines)) if _ANY_HEADER.match(lines[at])), len(lines))
    key = next((at for at in range(start, end) if re.match(r"^\s*numbers\s*=\s*\[", lines[at])), None)
    if key is None:
        lines.insert(start, f"numbers = [{value}]{_line_end(text)}")
        if not lines[start - 1].endswith("\n"):
            lines[start - 1] += _line_end(text)
        return "".join(lines)
    before = "".join(lines[:key])
    opening = len(before) + lines[key].index("[")
    closing, last = _closing_bracket(text, opening)
    if closing is None:
        return None
    joint = "" if last in "[," else ","
    # Right behind the last entry, in front of its comment, if it has one.
    at = _last_entry_end(text, opening, closing)
    blank = " " if text[at - 1] != "[" else ""
    return f"{text[:at]}{joint}{blank}{value}{text[at:]}"


def _tokens(text: str, start: int) -> list[tuple[int, str]]:
    """(position, character) of what counts from `start` on to the closing bracket: strings as `"`."""
    found: list[tuple[int, str]] = []
    at = start
    while at < len(text):
        char = text[at]
        if char == "#":
            at = text.find("\n", at)
            if at < 0:
                break
        elif char in "\"'":
            close = at + 1
            while close < len(text) and text[close] != char:
                close += 2 if text[close] == "\\" and char == '"' else 1
            at = close
            found.append((at, '"'))
        elif not char.isspace():
            found.append((at, char))
            if char == "]":
                break
        at += 1
    return found


def _closing_bracket(text: str, opening: int) -> tuple[int | None, str]:
    """Where the list ends, and the last thing that stands before that."""
    tokens = _tokens(text, opening)
    if len(tokens) < 2 or tokens[-1][1] != "]":
        return None, ""
    return tokens[-1][0], tokens[-2][1]


def _last_entry_end(text: str, opening: int, closing: int) -> int:
    """Behind the last entry, its comma included."""
    return max(at for at, char in _tokens(text, opening) if at < closing and char in '[",') + 1


def _line_end(text: str) -> str:
    return "\r\n" if "\r\n" in text else "\n"


def text_of(path: Path) -> str:
    """The file as it stands. Raises `ConfigError`."""
    try:
        return path.read_bytes().decode("utf-8-sig")
    except FileNotFoundError:
        raise ConfigError(
            "there is no such configuration file", where=str(path), do="`tmwatch init` writes one."
        ) from None
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(
            f"the file cannot be read: {error}",
            where=str(path),
            kept="Nothing was written.",
            do="Check its rights, and that it is UTF-8 text.",
        ) from None


def checked(text: str, path: Path, sources: Collection[str] | None) -> Config:
    """What a text says. Raises `ConfigMistakes`."""
    return parse_config(text, path, sources)


def replaced(path: Path, old: str, new: str, sources: Collection[str] | None) -> Config:
    """The new text in the place of the old one, in one step, if it holds. Raises `ConfigError`."""
    try:
        config = parse_config(new, path, sources)
    except ConfigMistakes as error:
        error.kept = UNTOUCHED
        error.do = "The addition does not fit: give it other values and try again."
        raise
    target = path.resolve()  # a link stays a link: what it points at is replaced
    if text_of(path) != old:
        raise ConfigError(
            "the file was changed by someone else meanwhile",
            where=str(path),
            kept=UNTOUCHED,
            do="Try again.",
        )
    try:
        with whole(target) as part:
            part.write_bytes(new.encode("utf-8"))
    except OSError as error:
        said = f"the file cannot be written: {error.strerror}"
        if is_full(error):
            do = "Free space, then try again."
            raise TmwatchError(said, where=str(path), kept=UNTOUCHED, do=do) from None
        do = "May you write to the file and to its folder?"
        raise ConfigError(said, where=str(path), kept=UNTOUCHED, do=do) from None
    return config
