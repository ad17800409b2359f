"""What a watch sees and what it does not: live, import only or not watched, and why (design law 17).

For each office that the watch is about and each kind of trigger it has there is exactly one line, so
that nothing it asks for goes unmentioned.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING

from tmwatch.alerts.payload import CoverageLine
from tmwatch.numbers import MarkNumber, show_number
from tmwatch.offices import office_label
from tmwatch.sources.base import Source
from tmwatch.watches.feeds import can_find
from tmwatch.watches.live import IMPORT_PAGES, live_state
from tmwatch.watches.newly import by_likeness, can_list, listed_for, reach
from tmwatch.watches.plan import Trigger, answers, by_authority, can_ask, known_sources, search_names
from tmwatch.watches.rules import triggers_of

if TYPE_CHECKING:
    from tmwatch.config import Config
    from tmwatch.config.models import Watch

_WORDS: dict[Trigger, str] = {
    "numbers": "by number",
    "owners": "for owners",
    "agents": "for representatives",
    "marks": "for mark names",
    "filings": "for all that is filed",
}


def coverage(
    watch: Watch, config: Config, env: Mapping[str, str], sources: Mapping[str, Source] | None = None
) -> tuple[CoverageLine, ...]:
    """One line for each office and kind of trigger, by office."""
    known = list(known_sources(sources).values())
    lines: list[CoverageLine] = []
    for office in _offices(watch, known):
        here = by_authority(source for source in known if source.declaration.speaks_for(office))
        numbers = [number for number in watch.numbers if number.office == office]
        if numbers:
            lines.append(_number_line(office, numbers, here, config, env))
        searches: tuple[Trigger, ...] = ("owners", "agents", "marks")
        if watch.offices and office not in watch.offices:
            continue
        lines += [
            _search_line(office, one, watch, here, config, env) for one in searches if getattr(watch, one)
        ]
        if not triggers_of(watch):
            lines.append(_search_line(office, "filings", watch, here, config, env))
    return tuple(lines)


def _offices(watch: Watch, known: Iterable[Source]) -> list[str]:
    """Those of the filter, those of the numbers; for a search without filter all that have a source."""
    found = [*watch.offices, *(number.office for number in watch.numbers)]
    if not watch.offices and (watch.owners or watch.agents or watch.marks or not triggers_of(watch)):
        found += sorted({one.declaration.office for one in known if not one.declaration.offices})
    return list(dict.fromkeys(found))


def _number_line(
    office: str, numbers: list[MarkNumber], here: list[Source], config: Config, env: Mapping[str, str]
) -> CoverageLine:
    able = [source for source in here if answers(source, "numbers")]
    live = _live(able, config, env)
    if not live:
        return _not_live(office, "numbers", able, here, config, env)
    left = [number for number in numbers if not any(can_ask(source, number) for source in live)]
    some = ", ".join(show_number(number) for number in left[:3])
    if len(left) == len(numbers):
        return _line(office, "numbers", "not watched", live[0], f"it cannot be asked for {some}")
    asked = [source for source in live if any(can_ask(source, number) for number in numbers)]
    why = live_state(asked[0].declaration, config, env)[1]
    if left:
        why += f"; not watched: {len(left)} of {len(numbers)} numbers that it cannot be asked for ({some})"
    return _line(office, "numbers", "live", asked[0], why)


def _live(sources: Iterable[Source], config: Config, env: Mapping[str, str]) -> list[Source]:
    return [source for source in sources if live_state(source.declaration, config, env)[0]]


def _search_line(
    office: str, trigger: Trigger, watch: Watch, here: list[Source], config: Config, env: Mapping[str, str]
) -> CoverageLine:
    able = [source for source in here if answers(source, trigger)]
    live = _live(able, config, env)
    fed = _live((source for source in here if can_find(source, trigger)), config, env)
    if fed:
        return _line(office, trigger, "live", fed[0], _said_of_feed(fed[0], live, config, env))
    listed = [source for source in _live(here, config, env) if trigger in listed_for(watch, source, config)]
    if listed and not live:
        why = live_state(listed[0].declaration, config, env)[1]
        return _line(office, trigger, "live", listed[0], why + _said_of_list(watch, listed[0], config))
    if not live:
        lists = [source for source in here if trigger in can_list(watch, source)]
        return _not_live(office, trigger, able, here, config, env, lists)
    source = live[0]
    why = live_state(source.declaration, config, env)[1]
    if len(live) > 1:
        why += f"; also {', '.join(one.declaration.id for one in live[1:])}"
    if listed:
        why += _said_of_list(watch, listed[0], config)
    elif by_likeness(watch, trigger):
        why += "; it is asked for the very name: a similar one is seen in what is imported or found otherwise"
    names = getattr(watch, trigger)
    asked = search_names(watch, trigger, office)
    if len(asked) < len(names):
        why += f"; asked for {', '.join(asked)} only, the other names are compared with what it finds"
    return _line(office, trigger, "live", source, why)


def _said_of_list(watch: Watch, source: Source, config: Config) -> str:
    """What is compared, whatever its name: without the names of other sources, which may not read so."""
    declaration = source.declaration
    lists = " and ".join(
        f"{one.of} of the last {reach(one, declaration.id, config).days} days"
        for one in declaration.new_since
    )
    goods = "; it lists no goods, which are not checked" if watch.goods and not _lists_goods(source) else ""
    return f"; {declaration.id} is read for all that is new: {lists}, each time anew{goods}"


def _lists_goods(source: Source) -> bool:
    return all(one.goods for one in source.declaration.new_since)


def _said_of_feed(source: Source, live: list[Source], config: Config, env: Mapping[str, str]) -> str:
    why = f"each record of its files is compared; {live_state(source.declaration, config, env)[1]}"
    return why + (f"; also {', '.join(one.declaration.id for one in live)}" if live else "")


def _not_live(
    office: str,
    trigger: Trigger,
    able: list[Source],
    here: list[Source],
    config: Config,
    env: Mapping[str, str],
    lists: Iterable[Source] = (),
) -> CoverageLine:
    """Import only where pages can be read, else not watched; with every reason and what helps."""
    fed = [source for source in here if can_find(source, trigger)]
    reasons = [live_state(source.declaration, config, env)[1] for source in (*fed, *able)]
    importable = [source for source in here if "import" in source.declaration.channels]
    if not here:
        return _line(office, trigger, "not watched", None, f"no source for {office_label(office)} yet")
    reasons += [_why_not_listed(source, config, env) for source in lists]
    if not reasons:
        reasons = [f"no source of this version answers look-ups {_WORDS[trigger]} at {office_label(office)}"]
    if importable:
        savable = [source for source in importable if source.declaration.by_hand]
        files = [source for source in importable if source.declaration.file_from]
        roads = savable or files or importable
        best = next((source for source in able if source in roads), roads[0])
        if not savable:
            reasons += [f"import {source.declaration.file_from}" for source in files] or [
                f"files and answers ({', '.join(one.declaration.id for one in importable)}) can be imported, "
                "no page saved from a browser"
            ]
        elif not any(reason.endswith(IMPORT_PAGES) for reason in reasons):
            reasons.append("pages saved by hand can be imported")
        return _line(office, trigger, "import only", best, "; ".join(dict.fromkeys(reasons)))
    return _line(office, trigger, "not watched", None, "; ".join(dict.fromkeys(reasons)))


def _why_not_listed(source: Source, config: Config, env: Mapping[str, str]) -> str:
    """Why it is not read for all that is new."""
    live, why = live_state(source.declaration, config, env)
    return f'new_filings = false in [source."{source.declaration.id}"]' if live else why


def _line(office: str, trigger: Trigger, state: str, source: Source | None, why: str) -> CoverageLine:
    return CoverageLine.model_validate(
        {
            "office": office,
            "trigger": trigger,
            "state": state,
            "source": source.declaration.id if source else None,
            "why": why,
        }
    )
