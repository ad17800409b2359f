"""What came under a watch, and what its owner thinks of it: relevant, noise, or not looked at yet."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

from tmwatch.store.database import Database, iso, now

if TYPE_CHECKING:
    from tmwatch.store.sights import HitDraft

Triage = Literal["relevant", "noise"]
_AT_ONCE = 500  # values in a question; SQLite takes 999 at least


@dataclass(frozen=True)
class HitState:
    """What is known of a filing under a watch.

    `basis` is what noise was judged by (`watches.triage.basis`); `sure` whether a trigger named the filing
    itself when it came under the watch, and not its likeness or a filter alone.
    """

    id: int
    sure: bool = True
    level: int | None = None
    triage: Triage | None = None
    triaged_at: str | None = None  # UTC, ISO 8601
    basis: Mapping[str, str] | None = None


_STOOD = 2  # in the column `baseline`: stored before the watch asked for it; 1: found by a first look


def _baseline(hit: HitDraft) -> int:
    return _STOOD if hit.baseline and hit.stood else int(hit.baseline)


def states(database: Database, st13s: Collection[str]) -> dict[str, dict[str, HitState]]:
    """ST.13 → name of a watch → the state, of those of these filings that came under any watch."""
    found: dict[str, dict[str, HitState]] = {}
    wanted = list(dict.fromkeys(st13s))
    for start in range(0, len(wanted), _AT_ONCE):
        some = wanted[start : start + _AT_ONCE]
        marks = ", ".join("?" * len(some))
        for row in database.conn.execute(
            "select id, watch, st13, level, sure, triage, triaged_at, basis from hit"
            f" where st13 in ({marks})",
            some,
        ):
            found.setdefault(row["st13"], {})[row["watch"]] = _state(row)
    return found


def _state(row: sqlite3.Row) -> HitState:
    return HitState(
        row["id"],
        row["sure"] != 0,
        row["level"],
        row["triage"],
        row["triaged_at"],
        json.loads(row["basis"]) if row["basis"] else None,
    )


def write(
    database: Database, drafts: Iterable[HitDraft], judged: Iterable[tuple[int, Mapping[str, str]]]
) -> None:
    """What has come under a watch, and by what noise is judged from now on, in the open transaction."""
    instant = iso(now())
    database.conn.executemany(
        "insert or ignore into hit (watch, st13, first_at, why, baseline, level, score, reasons, sure)"
        " values (?,?,?,?,?,?,?,?,?)",
        (
            (
                *(hit.watch, hit.st13, instant, hit.why, _baseline(hit)),
                *(hit.level, hit.score, _json(hit.reasons), int(hit.sure)),
            )
            for hit in drafts
        ),
    )
    database.conn.executemany(
        "update hit set basis = ? where id = ?", ((_json(basis), number) for number, basis in judged)
    )


def _json(value: Any) -> str | None:
    return json.dumps(value, ensure_ascii=False) if value else None


def mark(database: Database, triage: Triage | None, hits: Mapping[int, Mapping[str, str]]) -> None:
    """Write down what somebody thinks of these hits (by id, each with what noise is judged by); None takes
    an earlier word back."""
    instant = iso(now()) if triage is not None else None
    with database.write():
        database.conn.executemany(
            "update hit set triage = ?, triaged_at = ?, basis = ? where id = ?",
            [(triage, instant, _json(basis) if triage else None, number) for number, basis in hits.items()],
        )


def relevant(database: Database) -> dict[str, list[str]]:
    """Name of a watch → ST.13 of the filings that were marked relevant under it, oldest hit first."""
    found: dict[str, list[str]] = {}
    for row in database.conn.execute("select watch, st13 from hit where triage = 'relevant' order by id"):
        found.setdefault(row["watch"], []).append(row["st13"])
    return found


def by_id(database: Database, numbers: Sequence[int]) -> dict[int, dict[str, Any]]:
    """The hits with these numbers, each with its filing, as `listed` gives them."""
    return {number: row for number in numbers for row in listed(database, number=number)}


def listed(
    database: Database,
    watch: str | None = None,
    level: int | None = None,
    *,
    untriaged: bool = False,
    number: int | None = None,
) -> list[dict[str, Any]]:
    """Hits with their filings, the latest first; `level`: as near as that or nearer."""
    rows = database.conn.execute(
        "select h.*, m.office, m.application_number, m.mark, m.owners, m.classes, m.status,"
        " m.application_date, m.facts, m.source from hit h left join mark m on m.st13 = h.st13"
        " where (:watch is null or h.watch = :watch) and (:level is null or h.level <= :level)"
        " and (:untriaged = 0 or h.triage is null) and (:number is null or h.id = :number)"
        " order by h.id desc",
        {"watch": watch, "level": level, "untriaged": int(untriaged), "number": number},
    )
    return [
        {
            **{key: value for key, value in dict(row).items() if key != "basis"},
            "reasons": json.loads(row["reasons"] or "[]"),
            "baseline": bool(row["baseline"]),
            "stood": row["baseline"] == _STOOD,
            "sure": row["sure"] != 0,
        }
        for row in rows
    ]


def tally(database: Database, watch: str | None = None) -> list[dict[str, Any]]:
    """For each watch and level how many hits are relevant, noise and open; by watch and level.

    `level` is None for what came by its number, owner or agent, or by filters alone.
    """
    rows = database.conn.execute(
        "select watch, level, sum(triage is 'relevant') as relevant, sum(triage is 'noise') as noise,"
        " sum(triage is null) as open from hit where :watch is null or watch = :watch"
        " group by watch, level order by watch, level is null, level",
        {"watch": watch},
    )
    return [dict(row) for row in rows]
