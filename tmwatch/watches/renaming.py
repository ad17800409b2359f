"""`watch rename`: another name for a watch in the TOML file, its mutes with it, the rest left as it is."""

from __future__ import annotations

import re
from collections.abc import Collection
from pathlib import Path

from tmwatch.config import Config
from tmwatch.errors import ConfigError, UsageError
from tmwatch.watches.append import UNTOUCHED, checked, replaced, text_of, toml_value

_TABLE = re.compile(r"^\s*\[\[\s*\"?(watch|mute)\"?\s*\]\]\s*(?:#.*)?$")
_ANY_TABLE = re.compile(r"^\s*\[\[?\s*[\w\"']")
_SETTING = r"^(\s*{key}\s*=\s*)(\"(?:[^\"\\]|\\.)*\"|'[^']*')(\s*(?:#.*)?)$"


def rename_watch(path: Path, old: str, new: str, sources: Collection[str] | None = None) -> Config:
    """Give the watch `old` the name `new`. Returns the new configuration.

    Raises `UsageError` where there is a watch of the new name, and `ConfigError` where the file has a mistake
    or is written in a way that cannot be changed safely.
    """
    text = text_of(path)
    before = checked(text, path, sources)
    if any(one.name.casefold() == new.casefold() and one.name != old for one in before.watches):
        raise UsageError(
            f'there is a watch "{new}" already', where=str(path), kept=UNTOUCHED, do="Choose another name."
        )
    after = _renamed(text, before, old, new)
    if not _same_but(before, after, old, new, path, sources):
        raise ConfigError(
            f'the name of watch "{old}" is written in a way that cannot be changed safely',
            where=str(path),
            kept=UNTOUCHED,
            do="Change it in your editor (in its [[mute]] too), and give this command once more.",
        )
    return replaced(path, text, after, sources)


def _renamed(text: str, config: Config, old: str, new: str) -> str:
    names: dict[str, list[str | None]] = {
        "watch": [watch.name for watch in config.watches],
        "mute": [mute.watch for mute in config.mutes],
    }
    settings = {
        "watch": re.compile(_SETTING.format(key="name")),
        "mute": re.compile(_SETTING.format(key="watch")),
    }
    lines = text.split("\n")
    table, place = "", {"watch": -1, "mute": -1}
    for at, line in enumerate(lines):
        if found := _TABLE.match(line):
            table = found[1]
            place[table] += 1
        elif _ANY_TABLE.match(line):
            table = ""
        elif table and place[table] < len(names[table]) and names[table][place[table]] == old:
            bare = line.rstrip("\r")
            if said := settings[table].match(bare):
                lines[at] = f"{said[1]}{toml_value(new)}{said[3]}{line[len(bare) :]}"
    return "\n".join(lines)


def _same_but(
    before: Config, text: str, old: str, new: str, path: Path, sources: Collection[str] | None
) -> bool:
    """Whether the new text says what the old one did, but for the name."""
    try:
        found = checked(text, path, sources)
    except ConfigError:
        return False
    watches = tuple(
        one.model_copy(update={"name": new}) if one.name == old else one for one in before.watches
    )
    mutes = tuple(one.model_copy(update={"watch": new}) if one.watch == old else one for one in before.mutes)
    return found == before.model_copy(update={"watches": watches, "mutes": mutes})
