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
from tmwatch.store.outbox import write_alert
from tmwatch.watches import asks
from tmwatch.watches.feeds import feed_key, feeds_of

# A watch without `every` is meant to be looked at daily at least: that is what cron lines do.
USUAL = dt.timedelta(days=1)
SLACK = 2  # times its interval; then a look is no longer fresh


def target(watch: Watch) -> dt.timedelta:
    """How old the last full look of a watch may be."""
    return watch.fresh or (watch.every or USUAL) * SLACK


def oldest_look(
    watch: Watch, config: Config, database: Database, env: Mapping[str, str]
) -> dt.datetime | None:
    """When that question was answered that was answered longest ago; None where one never was, or none is."""
    states = books.ask_states(database, watch.name)
    keys = [one.key for one in asks(watch, config, env)]
    keys += [feed_key(one.declaration.id) for one in feeds_of(watch, config, env)]
    looks = [states[key].last_ok_at if key in states else None for key in keys]
    known = [one for one in looks if one is not None]
    return min(known) if known and len(known) == len(looks) else None


def tell_late(
    config: Config,
    database: Database,
    env: Mapping[str, str],
    lines: Mapping[str, Sequence[CoverageLine]],
    run: str,
) -> None:
    """After a pass: one alert for each watch that has turned. Raises what the store raises."""
    for watch in config.watches:
        looked = oldest_look(watch, config, database, env)
        if looked is None:
            continue
        late = now() - looked > target(watch)
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
