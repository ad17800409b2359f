"""Who saw a filing when, and what was told of it: for saying why nothing was told."""

from __future__ import annotations

from typing import Any

from tmwatch.model import Significance
from tmwatch.store.database import Database
from tmwatch.store.writing import DIGESTED


def looks_at(database: Database, st13: str) -> list[dict[str, Any]]:
    """For each source: how often it was looked at the filing, how often in vain, first, last, and the last
    error. A look at a whole file that said nothing new of the filing is not counted, but is the last."""
    rows = database.conn.execute(
        "select source, sum(looks) as looks, sum(failed) as failed, min(first_at) as first_at,"
        " max(last_at) as last_at, max(error) as last_error from ("
        " select source, count(*) as looks, sum(outcome not in ('ok', 'not_modified')) as failed,"
        " min(looked_at) as first_at, max(looked_at) as last_at,"
        " max(case when outcome not in ('ok', 'not_modified') then error end) as error"
        " from observation where st13 = :st13 group by source"
        " union all select s.source, 0, 0, min(o.looked_at), max(o.looked_at), null from sighting s"
        " join observation o on o.id = s.last_observation where s.st13 = :st13 group by s.source"
        ") group by source order by first_at",
        {"st13": st13},
    )
    return [dict(row) for row in rows]


def alerts_of(database: Database, st13: str, watch: str) -> list[dict[str, Any]]:
    """The alerts of that watch in which the filing stands, oldest first: id, kind, headline, created_at, and
    `deliveries`: how many by their state (one that went out in a digest as that stands)."""
    found = {}
    for row in database.conn.execute(
        "select a.id, a.kind, a.headline, a.created_at, a.significance from alert a"
        " join alert_mark m on m.alert = a.id where m.st13 = ? and a.watch = ? order by a.id",
        (st13, watch),
    ):
        found[row["id"]] = {**dict(row), "deliveries": {}}
    for row in database.conn.execute(
        "select d.alert, coalesce(g.state, d.state) as state, count(*) as n from delivery d"
        f" left join delivery g on g.id = d.digest and d.state = '{DIGESTED}'"
        " where d.alert in (select a.id from alert a join alert_mark m on m.alert = a.id"
        " where m.st13 = ? and a.watch = ?) group by 1, 2 order by 1, 2",
        (st13, watch),
    ):
        found[row["alert"]]["deliveries"][row["state"]] = row["n"]
    return list(found.values())


def changes_below(database: Database, st13: str, since: str, least: Significance) -> list[dict[str, Any]]:
    """What changed in a filing since that instant and weighs less than `least`, oldest first."""
    light = [one.value for one in Significance if 0 < one.rank < least.rank]
    marks = ", ".join("?" * len(light))
    rows = database.conn.execute(
        "select field, significance, seen_at, old, new from change where st13 = ? and superseded_at is null"
        f" and seen_at >= ? and significance in ({marks}) order by id",
        (st13, since, *light),
    )
    return [dict(row) for row in rows]
