"""Which feeds look for a watch: the files of a register that hold each new filing whole.

Whoever is not looked for by number is found there without being asked for by name: owners, agents and mark
names of every watch are held against each record of the file.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING

from tmwatch.sources.base import Source
from tmwatch.sources.feeds import Feeds
from tmwatch.watches.live import live_state
from tmwatch.watches.plan import known_sources
from tmwatch.watches.rules import triggers_of

if TYPE_CHECKING:
    from tmwatch.config import Config
    from tmwatch.config.models import Watch

# What a file must give for the trigger to be held against it.
_FIELDS = {"owners": "owners", "agents": "representatives", "marks": "verbal_element", "filings": "classes"}


def can_find(source: Source, trigger: str) -> bool:
    """Whether the files of that source tell of new filings what the trigger goes by."""
    return (
        isinstance(source, Feeds)
        and source.feed.filings
        and _FIELDS.get(trigger, "") in source.declaration.covers
    )


def feeds_of(
    watch: Watch, config: Config, env: Mapping[str, str], sources: Mapping[str, Source] | None = None
) -> tuple[Source, ...]:
    """The feeds, switched on, that look for this watch."""
    triggers = [one for one in triggers_of(watch) if one != "numbers"]
    if not triggers and triggers_of(watch):
        return ()
    return tuple(
        source
        for source in _live(known_sources(sources).values(), config, env)
        if any(can_find(source, one) for one in triggers or ("filings",))
        and (not watch.offices or any(map(source.declaration.speaks_for, watch.offices)))
    )


def _live(sources: Iterable[Source], config: Config, env: Mapping[str, str]) -> Iterable[Source]:
    return (one for one in sources if isinstance(one, Feeds) and live_state(one.declaration, config, env)[0])


def feed_key(source_id: str) -> str:
    """What the question "what is new in its files" is called in the books of a watch."""
    return f"{source_id}|feed"
