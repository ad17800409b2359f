"""`watch mute` and `watch unmute`: a `[[mute]]` more or less in the TOML file, the rest left as it is."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Mapping
from pathlib import Path
from typing import Any

from tmwatch.config import Config, Mute
from tmwatch.errors import ConfigError
from tmwatch.watches.append import UNTOUCHED, append_table, checked, replaced, text_of

_HEADER = re.compile(r"^\s*\[\[\s*(?:mute|\"mute\")\s*\]\]\s*(?:#.*)?$")
_ANY_HEADER = re.compile(r"^\s*\[\[?\s*[\w\"']")
_EMPTY = re.compile(r"^\s*(?:#.*)?$")


def add_mute(path: Path, settings: Mapping[str, Any], sources: Collection[str] | None = None) -> Config:
    """Append a `[[mute]]` with these settings (as in the file). Returns the new configuration.

    Raises `ConfigError` when the file or the result has a mistake.
    """
    text = text_of(path)
    checked(text, path, sources)
    return replaced(path, text, append_table(text, "mute", settings), sources)


def remove_mutes(
    path: Path, these: Callable[[Mute], bool], sources: Collection[str] | None = None
) -> tuple[Config, list[Mute]]:
    """Take those mutes out of the file; comments stay. Returns the new configuration and what went.

    Raises `ConfigError` when the file has a mistake, or they are written in a way that cannot be taken out
    safely.
    """
    text = text_of(path)
    old = checked(text, path, sources)
    gone = [mute for mute in old.mutes if these(mute)]
    if not gone:
        return old, []
    new = _without(text, [place for place, mute in enumerate(old.mutes) if these(mute)])
    left = tuple(mute for mute in old.mutes if not these(mute))
    if new is None or not _same_but(old, left, new, path, sources):
        raise ConfigError(
            "the mutes are written in a way that cannot be taken out safely",
            where=str(path),
            kept=UNTOUCHED,
            do=f"Take out the [[mute]] of {gone[0].scope} in your editor.",
        )
    return replaced(path, text, new, sources), gone


def _without(text: str, places: Collection[int]) -> str | None:
    """The text without the tables at those places; None where they cannot be found."""
    lines = text.splitlines(keepends=True)
    headers = [at for at, line in enumerate(lines) if _HEADER.match(line)]
    if not places or max(places) >= len(headers):
        return None
    for place in sorted(places, reverse=True):
        start = headers[place]
        after = (at for at in range(start + 1, len(lines)) if _ANY_HEADER.match(lines[at]))
        end = next(after, len(lines))
        # What follows the last setting, comments mostly, belongs to what comes next.
        while end > start + 1 and _EMPTY.match(lines[end - 1]):
            end -= 1
        if start and not lines[start - 1].strip() and (end == len(lines) or not lines[end].strip()):
            start -= 1
        del lines[start:end]
    return "".join(lines)


def _same_but(
    old: Config, left: tuple[Mute, ...], new: str, path: Path, sources: Collection[str] | None
) -> bool:
    """Whether the new text says what the old one did, but for the mutes."""
    try:
        found = checked(new, path, sources)
    except ConfigError:
        return False
    return found.mutes == left and found.model_copy(update={"mutes": old.mutes}) == old
