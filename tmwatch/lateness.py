"""A watch turns late, or is looked at in full again: each told once, when it turns, like every health alert.

A source that fails is told of by itself (`source_health`). A watch is late also where nothing fails: the cap
of a day never gets round to it, closed hours leave no time, cron stopped for a week and runs again.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence

from tmwatch.alerts.compose import addresses
from tmwatch.alerts.payload import AlertPayload, CoverageLine
from tmwatch.config import Config, Watch
from tmwatch.model import Significance
from tmwatch.store import Database, books
from tmwatch.store.database import now
from tmwatch.store.writing import write_alert
from tmwatch.watches import asks
from tmwatch.watches.feeds import feed_key, feeds_of

# A watch without `every` is meant to be looked at daily at least: that is what cron lines do.
USUAL = dt.timedelta(days=1)
SLACK = 2  # times its interval; then a look is no longer fresh


def target(watch: Watch) -> dt.timedelta:
    """How old the last full look of a watch may be."""
    return watch.fresh or (watch.every or USUAL) * SLACK


def overdue(watch: Watch, look: dt.datetime, every: dt.timedelta | None = None) -> bool:
    """Whether a question that was last answered then is late; `every`: its source is asked no oftener."""
    return now() - look > max(target(watch), (every or dt.timedelta()) * SLACK)


def _looks(
    watch: Watch, config: Config, database: Database, env: Mapping[str, str]
) -> list[tuple[dt.datetime, bool]]:
    """(when it was last answered, is that late) of each question; none where one never was."""
    states = books.ask_states(database, watch.name)
    keys = {one.key: one.every for one in asks(watch, config, env)}
    keys |= {feed_key(one.declaration.id): None for one in feeds_of(watch, config, env)}
    looks = {key: states[key].last_ok_at if key in states else None for key in keys}
    known = {key: look for key, look in looks.items() if look is not None}
    if len(known) < len(looks):
        return []
    return [(look, overdue(watch, look, keys[key])) for key, look in known.items()]


def tell_late(
    config: Config,
    database: Database,
    env: Mapping[str, str],
    lines: Mapping[str, Sequence[CoverageLine]],
    run: str,
) -> None:
    """After a pass: one alert for each watch that has turned. Raises what the store raises."""
    for watch in config.watches:
        looks = _looks(watch, config, database, env)
        if not looks:
            continue
        late = any(is_late for _, is_late in looks)
        looked = min(look for look, is_late in looks if is_late is late)
        if late == books.is_late(database, watch.name):
            continue
        with database.write():
            books.book_late(database, watch.name, late)
            _tell(config, database, watch, looked, late, tuple(lines.get(watch.name, ())), run)


def _tell(
    config: Config,
    database: Database,
    watch: Watch,
    looked: dt.datetime,
    late: bool,
    lines: tuple[CoverageLine, ...],
    run: str,
) -> None:
    what = "was not looked at in full in time" if late else "is looked at in full again"
    detail = (
        f"Some question of this watch was last answered on {looked:%Y-%m-%d %H:%M} UTC. What changed since "
        "may be unseen. `tmwatch status` shows which registers are behind, `tmwatch check --all` asks now."
        if late
        else f"Every question was answered since {looked:%Y-%m-%d %H:%M} UTC; what was found is told as ever."
    )
    payload = AlertPayload(
        kind="source.health",
        watch=watch.name,
        significance=Significance.HIGH if late else Significance.MEDIUM,
        headline=f"Watch {watch.name} {what}",
        why=f"its last full look is of {looked:%Y-%m-%d %H:%M} UTC",
        detail=detail,
        coverage=lines,
    )
    to = addresses(config, watch.notify)
    write_alert(database, payload, (), to, run, about=(f"watch {watch.name}", "late" if late else "fresh"))
