"""Which live source is asked which question for a watch.

Each filing number is one `Ask` to one source: the live one of its office that is believed most
(`authority`), so the USPTO's API is asked instead of its pages wherever there is a key. Each owner,
agent or mark name is one `Ask` to every live source that can search for it. Chinese sources are asked
for the Chinese ones among an owner's aliases where there are any: the register knows no other. What no
search finds is looked for in the list of new filings, where the source gives one (`newly.py`).

`Ask.key` never changes as long as the question is the same, so it can stand in the database.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from tmwatch.errors import UsageError
from tmwatch.numbers import MarkNumber
from tmwatch.sources.asking import record_query
from tmwatch.sources.base import Query, SearchQuery, Source
from tmwatch.text import fold
from tmwatch.watches.live import live_state
from tmwatch.watches.newly import new_asks

if TYPE_CHECKING:
    from tmwatch.config import Config
    from tmwatch.config.models import Watch

# "filings": all that is filed, of a watch that has filters alone; no search asks for that.
Trigger = Literal["numbers", "owners", "agents", "marks", "filings"]
_HAN = re.compile(r"[\u3400-\u9fff\uf900-\ufaff]")
_CHINESE_OFFICES = frozenset({"CN"})


@dataclass(frozen=True)
class Ask:
    """One question to one source. `key` names it in the database; `number` is set for record queries, `every`
    (no oftener than that) where the source gives all that is new."""

    source_id: str
    query: Query
    trigger: Trigger
    key: str
    number: MarkNumber | None = None
    every: dt.timedelta | None = None


def asks(
    watch: Watch, config: Config, env: Mapping[str, str], sources: Mapping[str, Source] | None = None
) -> tuple[Ask, ...]:
    """Everything that is to be asked live for this watch, each question once, in a stable order."""
    live = [
        source for source in known_sources(sources).values() if live_state(source.declaration, config, env)[0]
    ]
    found: dict[str, Ask] = {}
    for number in watch.numbers:
        source = source_for_number(number, live)
        if source is not None:
            ask = _record_ask(number, source)
            found.setdefault(ask.key, ask)
    searches: tuple[Trigger, ...] = ("owners", "agents", "marks")
    for trigger in searches:
        for source in live:
            wanted = not watch.offices or any(map(source.declaration.speaks_for, watch.offices))
            if answers(source, trigger) and wanted:
                for ask in _search_asks(watch, trigger, source):
                    found.setdefault(ask.key, ask)
    for source in live:
        for one, query, key in new_asks(watch, source, config):
            found[key] = Ask(source.declaration.id, query, "filings", key, every=one.every)
    return tuple(found.values())


def known_sources(sources: Mapping[str, Source] | None = None) -> Mapping[str, Source]:
    """The given sources, else those of the registry."""
    if sources is not None:
        return sources
    from tmwatch.sources.registry import all_sources  # late: it imports every source

    return all_sources()


def answers(source: Source, trigger: str) -> bool:
    """Whether the source can answer such questions live."""
    return trigger in source.declaration.answers


def by_authority(sources: Iterable[Source]) -> list[Source]:
    """The most believed first; on a tie the one with a key, then by id."""
    return sorted(
        sources,
        key=lambda one: (
            -one.declaration.authority,
            one.declaration.live_default != "with key",
            one.declaration.id,
        ),
    )


def source_for_number(number: MarkNumber, sources: Iterable[Source]) -> Source | None:
    """The source that is asked for this number: of its office, able to ask for this kind of number."""
    for source in by_authority(sources):
        if (
            source.declaration.speaks_for(number.office)
            and answers(source, "numbers")
            and can_ask(source, number)
        ):
            return source
    return None


def can_ask(source: Source, number: MarkNumber) -> bool:
    """Whether the source can put this number into a request (it says so without any network)."""
    try:
        return bool(source.requests(record_query(source.declaration, number)))
    except UsageError:
        return False


def _record_ask(number: MarkNumber, source: Source) -> Ask:
    source_id = source.declaration.id
    query = record_query(source.declaration, number)
    key = f"{source_id}|record|{number.kind}|{query.numbers[0]}"
    return Ask(source_id, query, "numbers", key, number)


def search_names(watch: Watch, trigger: Trigger, office: str) -> list[str]:
    """The names to ask an office for, each once.

    Owners and agents are given by aliases, of which a register in Chinese knows the Chinese ones only;
    marks are each a name of its own and all asked for (Joyrobotaxi is filed in China as it stands).
    """
    names: Sequence[str] = getattr(watch, trigger)
    if office in _CHINESE_OFFICES and trigger != "marks":
        names = [name for name in names if _HAN.search(name)] or names
    once: dict[str, str] = {}
    for name in names:
        once.setdefault(fold(name), name)
    return list(once.values())


def _search_asks(watch: Watch, trigger: Trigger, source: Source) -> Iterable[Ask]:
    source_id = source.declaration.id
    narrowed = f"classes={','.join(map(str, sorted(watch.classes)))}|since={watch.since or ''}"
    declaration = source.declaration
    # A source of many registers reads many scripts; one of a Chinese register knows the Chinese names only.
    office = "" if declaration.offices else declaration.office
    offices = (
        tuple(one for one in watch.offices if declaration.speaks_for(one)) if declaration.offices else ()
    )
    if offices:
        narrowed += f"|offices={','.join(offices)}"
    for name in search_names(watch, trigger, office):
        query = SearchQuery(
            owner=name if trigger == "owners" else None,
            agent=name if trigger == "agents" else None,
            mark=name if trigger == "marks" else None,
            classes=tuple(sorted(watch.classes)),
            filed_since=watch.since,
            offices=offices,
        )
        try:
            possible = bool(source.requests(query))
        except UsageError:
            continue
        if possible:
            yield Ask(source_id, query, trigger, f"{source_id}|search|{trigger}|{fold(name)}|{narrowed}")
