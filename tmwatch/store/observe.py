"""`observe()`: the only way a fact gets into the store.

One transaction holds the look, the raw page, the new version, its changes, the alerts they raise and
the deliveries of those alerts (design law 5). Whatever fails, all of it is gone together.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Literal, Protocol

from tmwatch import archive
from tmwatch.alerts.payload import AlertPayload
from tmwatch.errors import LookError, Outcome
from tmwatch.model import Change, FactKind, Provenance, TradeMark
from tmwatch.sources.base import AsOf, Page, Reading
from tmwatch.store import held, marks
from tmwatch.store.database import Database, iso, now
from tmwatch.store.timeline import Sighting, Step, content_hash, fold, order_key


@dataclass(frozen=True)
class Sight:
    """One look at one filing (or one failed look), ready to be stored."""

    source: str
    authority: int
    facts: FactKind
    parser_version: str
    outcome: Outcome
    page: Page | None = None
    reading: Reading | None = None
    asked: str = ""  # what was asked for, in words
    st13: str | None = None
    error: str = ""
    live: bool = False
    looked_at: dt.datetime = field(default_factory=now)
    as_of: AsOf | None = None  # overrides the reading's (`import --as-of`)


What = Literal["new", "changed", "unchanged", "past", "technical"]


@dataclass(frozen=True)
class Observed:
    """What a batch of looks did to one filing.

    `changes` are only those that move the present, in the register's order; a page that fills the
    past has none (law 18), nor has a mere upgrade of a reader (law 6).
    """

    st13: str
    what: What
    record: TradeMark
    previous: TradeMark | None
    changes: tuple[Change, ...]
    provenance: Provenance
    first_seen: dt.datetime
    live: bool


@dataclass(frozen=True)
class AlertDraft:
    """An alert to be written with the change it tells of, and whom it goes to."""

    payload: AlertPayload
    st13s: tuple[str, ...]
    to: tuple[tuple[str, str, str], ...]  # (recipient, channel, address)


@dataclass(frozen=True)
class HitDraft:
    """A filing has come under a watch."""

    watch: str
    st13: str
    why: str
    baseline: bool


@dataclass(frozen=True)
class Reaction:
    """What the watches make of a batch."""

    alerts: tuple[AlertDraft, ...] = ()
    hits: tuple[HitDraft, ...] = ()


class React(Protocol):
    """Called inside the transaction with what changed; pure but for reads through `database`."""

    def __call__(self, observed: Sequence[Observed], database: Database) -> Reaction: ...


Reread = Callable[[str, Page], Sequence[Reading]]


def observe(
    database: Database,
    sights: Sequence[Sight],
    *,
    run: str = "",
    react: React | None = None,
    reread: Reread | None = None,
    also: Callable[[Database], None] | None = None,
) -> list[Observed]:
    """Store a batch of looks in one transaction and let the watches react.

    `sights` are put in the register's order first, so that one batch of old and new pages of a
    filing is one history. `reread` reads an archived page again when the reader has been upgraded
    since. `also` runs in the same transaction (the watch's own books). Returns one `Observed` per
    filing touched by an `ok` look. Raises `StoreError` when nothing could be kept.
    """
    with database.write():
        touched: dict[str, list[Sighting]] = {}
        before = {}
        live = set()
        for sight in sights:
            number = _record_look(database, sight, run)
            if sight.outcome is not Outcome.OK or sight.reading is None:
                continue
            st13 = sight.reading.record.st13
            if sight.live:
                marks.pull_back(database, st13, sight.looked_at)
            if st13 not in before:
                before[st13] = marks.head(database, st13)
                touched[st13] = marks.sightings(database, st13)
            if sight.live:
                live.add(st13)
            _upgrade(database, sight, touched[st13], reread)
            _place(database, sight, number, st13)
            touched[st13] = marks.sightings(database, st13)
        observed = [
            _refold(database, st13, rows, before[st13], st13 in live) for st13, rows in touched.items()
        ]
        if react is not None:
            _write_reaction(database, react(observed, database), run)
        if also is not None:
            also(database)
        held.settle_marks(database, _looks(sights))
        return observed


def _looks(sights: Sequence[Sight]) -> Iterator[tuple[str, bool, str]]:
    for sight in sights:
        if sight.outcome is Outcome.OK and sight.reading is not None:
            yield sight.reading.record.st13, sight.live, as_of_for(sight).day.isoformat()


# -- the look itself -------------------------------------------------------------------------------------


def _record_look(database: Database, sight: Sight, run: str) -> int:
    """The row of the look, chained by hash to the one before it; the raw page by its own hash."""
    snapshot = None
    if sight.page is not None and sight.page.body:
        snapshot = archive.digest(sight.page.body)
        if sight.outcome is Outcome.OK:
            database.db.table("snapshot").insert(
                {
                    "sha256": snapshot,
                    "body": archive.pack(sight.page.body),
                    "size": len(sight.page.body),
                    "stored_at": iso(sight.looked_at),
                },
                ignore=True,
            )
    reading = sight.reading
    as_of = as_of_for(sight) if sight.outcome is Outcome.OK and reading else None
    last = database.conn.execute("select hash from observation order by id desc limit 1").fetchone()
    row = {
        "run": run,
        "source": sight.source,
        "st13": reading.record.st13 if reading else sight.st13,
        "asked": sight.asked,
        "url": (sight.page.url or sight.page.name) if sight.page else "",
        "looked_at": iso(sight.looked_at),
        "live": int(sight.live),
        "outcome": sight.outcome.value,
        "error": sight.error,
        "snapshot": snapshot,
        "parser_version": sight.parser_version,
        "record": content_hash(reading.record) if reading else None,
        "as_of": as_of.day.isoformat() if as_of else None,
        "as_of_kind": as_of.kind if as_of else None,
        "previous_hash": last["hash"] if last else "",
    }
    text = json.dumps(row, ensure_ascii=False, sort_keys=True)
    row["hash"] = hashlib.sha256(text.encode()).hexdigest()
    cursor = database.conn.execute(
        f"insert into observation ({', '.join(row)}) values ({', '.join('?' for _ in row)})",
        tuple(row.values()),
    )
    return int(cursor.lastrowid or 0)


def as_of_for(sight: Sight) -> AsOf:
    """Which day the look speaks for: as given, as printed, the instant of a live look, or at least
    the latest fact in the record (design: as-of date).

    No page speaks for a day to come: one that claims it would be the last word until that day, and
    every change in between would pass for the past. It counts for the instant of the look.
    """
    as_of = _as_of_said(sight)
    latest = max(now(), sight.looked_at).astimezone(dt.UTC)
    if as_of.day > latest.date() + _AHEAD:
        instant = sight.looked_at.astimezone(dt.UTC)
        return AsOf(instant.date(), "looked", instant.time())
    return as_of


# Somewhere it is tomorrow already.
_AHEAD = dt.timedelta(days=1)


def _as_of_said(sight: Sight) -> AsOf:
    reading = sight.reading
    printed = reading.as_of if reading is not None else None
    if printed is not None and printed.kind == "printed":
        return printed  # the office's own word beats what somebody says of the page
    if sight.as_of is not None:
        return sight.as_of
    if sight.live or printed is None:
        # Nothing dated stands in the record at all: the day of the import is all that is known.
        instant = sight.looked_at.astimezone(dt.UTC)
        return AsOf(instant.date(), "looked", instant.time())
    return printed


# -- its place in history --------------------------------------------------------------------------------


def _place(database: Database, sight: Sight, observation: int, st13: str) -> None:
    """Into the run-length list of what each source said when."""
    reading = sight.reading
    assert reading is not None
    record = reading.record.model_copy(update={"provenance": None})
    record_hash = content_hash(record)
    as_of = as_of_for(sight)
    order = order_key(as_of, sight.as_of.day if sight.as_of is not None else None)
    snapshot = archive.digest(sight.page.body) if sight.page and sight.page.body else None
    marks.keep_record(database, record, record_hash)
    around = marks.neighbours(database, st13, order)
    for row in around:
        if row["source"] != sight.source or row["record"] != record_hash:
            continue
        if row["parser_version"] != sight.parser_version:
            continue
        marks.extend_sighting(database, row, order, as_of, observation, snapshot)
        return
    marks.split_at(database, st13, order)
    database.db.table("sighting").insert(
        {
            "st13": st13,
            "source": sight.source,
            "authority": sight.authority,
            "facts": sight.facts.value,
            "record": record_hash,
            "parser_version": sight.parser_version,
            "first_order": order,
            "last_order": order,
            "as_of": as_of.day.isoformat(),
            "last_as_of": as_of.day.isoformat(),
            "as_of_kind": as_of.kind,
            "observation": observation,
            "last_observation": observation,
            "first_snapshot": snapshot,
            "last_snapshot": snapshot,
            "technical": 0,
            "live": observation if sight.live else 0,
        }
    )


def _upgrade(database: Database, sight: Sight, rows: Sequence[Sighting], reread: Reread | None) -> None:
    """If the reader was upgraded since this source's last word, read the archived page again first.

    What the new reader sees more (or differently) in the *old* bytes is technical; only what differs
    between the old bytes and the new ones, both read by the new reader, is a change (law 6).
    """
    mine = [row for row in rows if row.source == sight.source]
    if reread is None or not mine:
        return
    last = max(mine, key=lambda row: row.place)
    if last.parser_version == sight.parser_version:
        return
    page = marks.archived_page(database, last.id)
    if page is None:
        return
    try:
        readings = reread(sight.source, page)
    except LookError:
        return  # the old bytes no longer read: the look in hand still counts as it is
    for reading in readings:
        if reading.record.st13 == last.record.st13:
            marks.replace_record(database, last.id, reading.record, sight.parser_version)


def _refold(
    database: Database, st13: str, rows: list[Sighting], before: marks.Head | None, live: bool
) -> Observed:
    """Fold the history again, write what is new in it, and say what it did to the present."""
    steps = fold(rows)
    marks.write_steps(database, st13, steps)
    last = steps[-1]
    news = [step for step in steps if before is None or step.sighting.place > before.place]
    fresh = [step for step in news if not step.sighting.technical]
    changes: tuple[Change, ...] = ()
    what: What
    if before is None:
        what = "new"
    elif fresh:
        changes = tuple(change for step in fresh for change in step.changes)
        what = "changed" if any(change.significance.rank for change in changes) else "unchanged"
    else:
        what = "past" if marks.grew(rows, before) else "unchanged"
    provenance = marks.write_current(database, st13, last, rows)
    first_seen = marks.first_seen(database, st13)
    return Observed(
        st13,
        what,
        last.record.model_copy(update={"provenance": provenance}),
        before.record if before else None,
        changes if what == "changed" else (),
        provenance,
        first_seen,
        live,
    )


# -- alerts ----------------------------------------------------------------------------------------------


def _write_reaction(database: Database, reaction: Reaction, run: str) -> None:
    from tmwatch.store.outbox import write_alert

    for hit in reaction.hits:
        database.db.table("hit").insert(
            {
                "watch": hit.watch,
                "st13": hit.st13,
                "first_at": iso(now()),
                "why": hit.why,
                "baseline": int(hit.baseline),
            },
            ignore=True,
        )
    for draft in reaction.alerts:
        write_alert(database, draft.payload, draft.st13s, draft.to, run)


__all__ = ["AlertDraft", "HitDraft", "Observed", "React", "Reaction", "Sight", "Step", "observe"]
