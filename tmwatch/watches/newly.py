"""Which lists of new filings are asked for a watch: where no search finds what it wants.

A search finds a name. What comes near one, an owner whose name looks alike, or all that passes filters can
only be found by looking at every filing that is new (`Declaration.new_since`): so does a feed with the files
of a register. All watches share the answer; each has books of its own (`store.new_books`).

`Ask.key` changes with what the rule lets through, not with its names: a name that is added is new to the
watch by itself, and what is near the others is news all the while (`names`).
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from typing import TYPE_CHECKING

from tmwatch.sources.base import SearchQuery, Source
from tmwatch.sources.since import NewSince
from tmwatch.text import fold
from tmwatch.watches.filters import gate_of
from tmwatch.watches.rules import triggers_of

if TYPE_CHECKING:
    from tmwatch.config import Config
    from tmwatch.config.models import Watch

# What a row must give for the trigger to be held against it.
FIELDS = {"owners": "owners", "agents": "representatives", "marks": "verbal_element", "filings": "classes"}
_NAMES = ("owners", "agents", "marks")


def by_likeness(watch: Watch, trigger: str) -> bool:
    """Whether the watch wants more of that trigger than a search by name can find."""
    if trigger == "marks":
        return watch.level > 0
    return watch.owners_like if trigger == "owners" else trigger == "filings"


def listed_for(watch: Watch, source: Source, config: Config) -> tuple[str, ...]:
    """The triggers of the watch for which the source's lists of new filings are looked through, where it is
    asked at all; "filings" where it has filters alone."""
    return can_list(watch, source) if config.source(source.declaration.id).new_filings else ()


def can_list(watch: Watch, source: Source) -> tuple[str, ...]:
    """The same whether or not the configuration wants the lists."""
    declaration = source.declaration
    if not declaration.new_since or (watch.offices and not any(map(declaration.speaks_for, watch.offices))):
        return ()
    if not triggers_of(watch):
        return ("filings",) if can_tell_filters(watch, source) else ()
    return tuple(
        one
        for one in _NAMES
        if getattr(watch, one)
        and FIELDS[one] in declaration.covers
        and (by_likeness(watch, one) or one not in declaration.answers)
    )


def can_tell_filters(watch: Watch, source: Source) -> bool:
    """Whether the rows give what the filters of a watch without triggers go by: what cannot be checked is no
    ground there."""
    goods = all(one.goods for one in source.declaration.new_since)
    return FIELDS["filings"] in source.declaration.covers and (goods or not watch.goods)


def new_asks(watch: Watch, source: Source, config: Config) -> Iterator[tuple[NewSince, SearchQuery, str]]:
    """(the list, the standing question, its key) for each that is asked for the watch."""
    declaration = source.declaration
    if not listed_for(watch, source, config):
        return
    gate = gate_of(watch)
    passes = [f"classes={','.join(map(str, sorted(gate.classes)))}", f"since={watch.since or ''}"]
    if watch.marks:
        passes.append(f"level={watch.level}")
    if watch.goods:
        passes.append(f"goods={','.join(sorted(map(fold, watch.goods)))}")
    passes += [f"{name}" for name in ("owners_like",) if getattr(watch, name)]
    if watch.require == "all":
        passes.append("all")
    for one in declaration.new_since:
        classes = tuple(sorted(gate.classes)) if one.classes else ()
        key = f"{declaration.id}|new|{one.of}|{'|'.join(passes)}"
        yield one, SearchQuery(classes=classes, new=one.of), key


def reach(one: NewSince, source_id: str, config: Config) -> dt.timedelta:
    """How far back from the last look the list is asked for again."""
    return config.source(source_id).reach_back or one.reach


def names(watch: Watch) -> tuple[str, ...]:
    """Everything by which a filing may come under the watch, in a form to be kept and compared."""
    found = [f"{kind} {fold(name)}" for kind in _NAMES for name in getattr(watch, kind)]
    found += [f"twins {'='.join(map(fold, group))}" for group in watch.twins]
    return tuple(sorted(set(found)))


def with_names(watch: Watch, known: frozenset[str]) -> Watch:
    """The watch as it was when it went by these names alone."""
    kept: dict[str, object] = {
        kind: tuple(name for name in getattr(watch, kind) if f"{kind} {fold(name)}" in known)
        for kind in _NAMES
    }
    kept["twins"] = tuple(group for group in watch.twins if f"twins {'='.join(map(fold, group))}" in known)
    return watch.model_copy(update=kept)
