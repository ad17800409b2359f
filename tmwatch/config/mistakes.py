"""What is wrong with a configuration, said so that its writer can mend it.

Each mistake names the file, the table, the key, what was given, what is expected and what to do. All
mistakes of a file are gathered and raised together as `ConfigMistakes`, because finding them one run
at a time is what makes people give up. Values of keys that may hold a secret are never repeated
(design law 13).
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, get_args

from pydantic import BaseModel, ValidationError

from tmwatch.config.services import SERVICES
from tmwatch.errors import ConfigError

# Keys whose value may be, or hold, a secret, whether they belong into the file or were put there by error.
_SECRET_WORDS = (
    *("secret", "password", "passwd", "token", "key", "url", "credential", "username", "webhook"),
    *SERVICES,  # `slack = "https://hooks.slack.com/…"`
)


class ConfigMistakes(ConfigError):
    """Every mistake of one file at once; `mistakes` holds them one by one."""

    def __init__(self, path: Path, mistakes: Sequence[ConfigError]) -> None:
        self.mistakes = tuple(mistakes)
        count = "1 mistake" if len(self.mistakes) == 1 else f"{len(self.mistakes)} mistakes"
        super().__init__(
            f"{count} in the configuration",
            where=str(path),
            kept="Nothing was run and nothing was changed.",
            do="Correct the file and run `tmwatch doctor` to see that all is well.",
        )

    def __str__(self) -> str:
        lines = [f"{self.where}: {self.message}"]
        for number, mistake in enumerate(self.mistakes, start=1):
            place = mistake.where.removeprefix(self.where).lstrip(", ")  # the file stands above
            lines += [f"{number}. {place}: {mistake.message}" if place else f"{number}. {mistake.message}"]
            lines += [f"   {mistake.do}"] if mistake.do else []
        return "\n".join([*lines, self.kept, self.do])


class Expected(ValueError):
    """Raised by a validator: what was expected, and what to do. `hide` keeps the value out of the text."""

    def __init__(self, expected: str, *, do: str = "", hide: bool = False) -> None:
        super().__init__(expected)
        self.expected = expected
        self.do = do
        self.hide = hide


class Gatherer:
    """Collects the mistakes of one file. `table` is the place as a person would say it."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.mistakes: list[ConfigError] = []

    def add(self, table: str, key: str, message: str, do: str = "") -> None:
        """One mistake, with its place put together."""
        place = ", ".join(part for part in (str(self.path), table, f"key {key}" if key else "") if part)
        self.mistakes.append(ConfigError(message, where=place, do=do))

    def add_validation(self, table: str, model: type[BaseModel], error: ValidationError) -> None:
        """What pydantic found in one table, in our words."""
        for detail in error.errors(include_url=False):
            if detail["type"] == "default_factory_not_called":
                continue  # a default that hangs on another setting, which is named by itself
            self.add(table, *_in_words(model, detail["type"], detail["loc"], detail))

    def unknown_key(self, table: str, key: str, allowed: Iterable[str]) -> None:
        """A key that the table does not have; its value is never shown (it may be a password)."""
        self.add(table, *_unknown(key, key, allowed))

    def stop(self) -> None:
        """Raise everything found, if anything was."""
        if self.mistakes:
            raise ConfigMistakes(self.path, self.mistakes)


def ordinal(number: int) -> str:
    """1 → "1st", 2 → "2nd", 11 → "11th"."""
    ending = "th" if 10 <= number % 100 <= 20 else {1: "st", 2: "nd", 3: "rd"}.get(number % 10, "th")
    return f"{number}{ending}"


def name_of(kind: str, place: int, table: Mapping[str, Any]) -> str:
    """How a person finds the table: `watch "JD cars" (2nd [[watch]])`."""
    name = table.get("name")
    where = f"({ordinal(place + 1)} [[{kind}]])"
    return f"{kind} {shown(name)} {where}" if isinstance(name, str) and name.strip() else f"{kind} {where}"


def shown(value: Any) -> str:
    """A value as it may stand in an error text: short, on one line, without control characters."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, Mapping):
        return "a table"
    if isinstance(value, list | tuple):
        return "a list" if value else "an empty list"
    if isinstance(value, str):
        text = "".join(char if char.isprintable() else "\N{REPLACEMENT CHARACTER}" for char in value)
        return f'"{text[:60]}…"' if len(text) > 60 else f'"{text}"'
    return str(value)


def did_you_mean(given: str, known: Iterable[str]) -> str:
    """ "did you mean `owners`?" or ""."""
    names = {one.lower(): one for one in known}
    close = difflib.get_close_matches(given.lower(), list(names), n=1, cutoff=0.6)
    return f"did you mean `{names[close[0]]}`?" if close else ""


def key_path(loc: Sequence[int | str]) -> str:
    """("classes", 1) → "classes[1] (2nd entry)", ("webhook", "url") → "webhook.url"."""
    text, place = "", ""
    for part in loc:
        if isinstance(part, int):
            text += f"[{part}]"
            place = f" ({ordinal(part + 1)} entry)"
        else:
            text += f".{part}" if text else part
    return text + place


def _unknown(path: str, key: str, allowed: Iterable[str]) -> tuple[str, str, str]:
    known = sorted(allowed)
    meant = did_you_mean(key, known)
    message = f"`{shown(key)[1:-1]}` is not a setting" + (f"; {meant}" if meant else "")
    do = f"Known here: {', '.join(known)}."
    if key == "url" or any(word in key.lower() for word in ("password", "secret", "token", "key")):
        do += " A secret never stands in this file: name an environment variable or a file that holds it."
    return path, message, do


def _keys_at(model: type[BaseModel], loc: Sequence[int | str]) -> list[str]:
    """The settings of the table in which `loc` lies."""
    for part in loc[:-1]:
        field = model.model_fields.get(str(part))
        inner = list(_models_in(field.annotation)) if field else []
        model = inner[0] if inner else model
    return list(model.model_fields)


def _models_in(annotation: Any) -> Iterator[type[BaseModel]]:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        yield annotation
    for part in get_args(annotation):
        yield from _models_in(part)


_TYPES = {
    "string_type": "text in quotes",
    "bool_type": "true or false, without quotes",
    "int_type": "a whole number without quotes",
    "int_from_float": "a whole number",
    "float_type": "a number without quotes",
    "finite_number": "a finite number",
    "tuple_type": 'a list in square brackets, e.g. ["one", "two"]',
    "dict_type": "a table",
    "model_type": "a table",
    "model_attributes_type": "a table",
}


def _in_words(
    model: type[BaseModel], kind: str, loc: Sequence[int | str], detail: Mapping[str, Any]
) -> tuple[str, str, str]:
    """(key, message, what to do) of one finding of pydantic."""
    path = key_path(loc)
    given, context = detail["input"], detail.get("ctx", {})
    if kind == "missing":
        return path, "is missing; this setting is required", f"Add a line `{loc[-1]} = …`."
    if kind == "extra_forbidden":
        return _unknown(path, str(loc[-1]), _keys_at(model, loc))
    problem = context.get("error")
    do, hide = "", any(word in str(loc).lower() for word in _SECRET_WORDS)
    if isinstance(problem, Expected):
        expected, do, hide = problem.expected, problem.do, hide or problem.hide
    elif kind in _TYPES:
        expected = _TYPES[kind]
    elif kind in ("enum", "literal_error"):
        words = re.findall(r"'([^']+)'", context["expected"])
        expected = f"one of {', '.join(words)}"
        do = did_you_mean(str(given), words).capitalize()
    elif kind.startswith("date"):
        expected = "a date as year-month-day, e.g. 2024-05-31"
    elif "than" in kind:
        signs = {"ge": "at least", "gt": "more than", "le": "at most", "lt": "less than"}
        limits = [f"{words} {context[sign]}" for sign, words in signs.items() if sign in context]
        expected = f"a number of {' and '.join(limits)}"
    else:
        expected = str(detail["msg"])
    value = "a value is given that cannot be used" if hide else f"{shown(given)} is given"
    return path, f"{value}; expected {expected}", do
