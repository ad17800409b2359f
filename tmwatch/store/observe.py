"""`observe()`: the only way a fact gets into the store.

One transaction holds the look, the raw page, the new version, its changes, the alerts they raise and
the deliveries of those alerts (design law 5). Whatever fails, all of it is gone together.
"""

from __future__ import annotations

import contextlib
import datetime as dt
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace

from tmwatch.errors import LookError, Outcome
from tmwatch.garbage import one_sweep
from tmwatch.model import Change, TradeMark
from tmwatch.store import firsts, held, hits, marks, muted, repeats, versions
from tmwatch.store.database import Database, iso, now
from tmwatch.store.looks import Looks, keep_page
from tmwatch.store.repeats import Repeat
from tmwatch.store.sights import (
    AlertDraft,
    AtHand,
    BulkFile,
    HitDraft,
    MutedDraft,
    Observed,
    React,
    Reaction,
    Reread,
    Sight,
    What,
    as_of_for,
)
from tmwatch.store.timeline import Sighting, Step, beginnings, canonical, fold, order_key

# So many days behind the last look at a filing a feed may tell of it and be news: what was moved on one day
# stands in the file of that day, which is out a few days later, and waits for somebody to import it.
_FEED_LAG = dt.timedelta(days=14)


def observe(
    database: Database,
    sights: Sequence[Sight],
    *,
    run: str = "",
    react: React | None = None,
    reread: Reread | None = None,
    also: Callable[[Database], None] | None = None,
    bulk: BulkFile | None = None,
) -> list[Observed]:
    """Store a batch of looks in one transaction and let the watches react.

    Each look takes its place by the register's order, so that one batch of old and new pages of a
    filing is one history. `reread` reads an archived page again when the reader has been upgraded
    since. `also` runs in the same transaction (the watch's own books). `bulk` names the file that the
    looks come from: those of them that say nothing new are one row among the looks. Returns one
    `Observed` per filing touched by an `ok` look. Raises `StoreError` when nothing could be kept.
    """
    with one_sweep() if len(sights) >= _MANY else contextlib.nullcontext():
        return _observe(database, sights, run, react, reread, also, bulk)


def _observe(
    database: Database,
    sights: Sequence[Sight],
    run: str,
    react: React | None,
    reread: Reread | None,
    also: Callable[[Database], None] | None,
    bulk: BulkFile | None,
) -> list[Observed]:
    ready, same, seen = _glance_over(database, sights)
    with database.write():
        if _state(database) != seen:  # somebody else has written since
            same = _repeats(database, ready)
        moved = {one.st13 for one in same.values() if one.sight.live and _dated_ahead(database, one)}
        if moved:
            same = {place: one for place, one in same.items() if one.st13 not in moved}
        batch = _Batch(database, run, reread, moved)
        again = list(same.values())
        read = {place: _read(sight) for place, sight in enumerate(ready) if place not in same}
        new = firsts.pick(database, read, (one.st13 for one in again))
        found = firsts.write(database, batch.looks, new.values(), batch.instant)
        for place, sight in read.items():
            if place not in new:
                batch.look(sight)
        places = _places(read)
        told = sorted([*found, *batch.refold()], key=lambda one: places[one.st13])
        observed = [*repeats.write(database, batch.looks, again, bulk), *told]
        if react is not None:
            reaction = react(observed, database)
            if bulk is not None:
                _own_looks(database, batch.looks, again, reaction)
            _write_reaction(database, reaction, run)
        if also is not None:
            also(database)
        held.settle_marks(database, _looked_at(batch, again, new))
        return observed


_MANY = 100  # looks: fewer make no garbage worth a thought


def _places(read: Mapping[int, Sight]) -> dict[str, int]:
    """Where in the batch each filing is first looked at: it is told of in that order."""
    places: dict[str, int] = {}
    for place, sight in read.items():
        if sight.reading is not None:
            places.setdefault(sight.reading.record.st13, place)
    return places


def _looked_at(
    batch: _Batch, same: Sequence[Repeat], new: Mapping[int, Sight]
) -> Iterator[tuple[str, bool, str]]:
    for one in same:
        yield one.st13, one.sight.live, one.as_of.day.isoformat()
    for sight in new.values():
        if sight.reading is not None:
            yield sight.reading.record.st13, sight.live, as_of_for(sight).day.isoformat()
    yield from batch.looked_at


# -- what need not be read -------------------------------------------------------------------------------


def _glance_over(
    database: Database, sights: Sequence[Sight]
) -> tuple[list[Sight], dict[int, Repeat], tuple[int, int]]:
    """Before the transaction, so that nobody waits for us meanwhile: which looks repeat the last word of
    their filing (by place), the others read, and the state of the file in which that was so."""
    ready = list(sights)
    if not any(_lazy(sight) for sight in ready):
        return ready, {}, _state(database)
    seen = _state(database)
    same = _find(database, ready)
    for place, sight in enumerate(ready):
        if place not in same:
            ready[place] = _read(sight)
    # The readings say which filings the others are: two looks at one are a history, to be folded.
    return ready, _alone(ready, same), seen


def _state(database: Database) -> tuple[int, int]:
    """Differs if anybody, we included, has written to the file in between."""
    return database.conn.execute("pragma data_version").fetchone()[0], database.conn.total_changes


def _lazy(sight: Sight) -> bool:
    return sight.read is not None and sight.reading is None and sight.outcome is Outcome.OK


def _read(sight: Sight) -> Sight:
    """The look with its reading, or with the outcome of a page that cannot be read."""
    if not _lazy(sight) or sight.read is None:
        return sight
    try:
        return sight.with_reading(sight.read())
    except LookError as error:
        return replace(sight, outcome=error.outcome, error=str(error), glance=None)


def _repeats(database: Database, sights: Sequence[Sight]) -> dict[int, Repeat]:
    return _alone(sights, _find(database, sights))


def _find(database: Database, sights: Sequence[Sight]) -> dict[int, Repeat]:
    lazy = {place: sight for place, sight in enumerate(sights) if _lazy(sight)}
    return repeats.find(database, lazy) if lazy else {}


def _alone(sights: Sequence[Sight], same: dict[int, Repeat]) -> dict[int, Repeat]:
    filings = Counter([one.run.st13 for one in same.values()])
    if len(same) == len(sights) == len(filings):
        return same  # as nearly all batches of a file read before
    filings.update(sight.reading.record.st13 for sight in sights if sight.reading is not None)
    return {place: one for place, one in same.items() if filings[one.run.st13] == 1}


def _dated_ahead(database: Database, one: Repeat) -> bool:
    """A look of a clock that ran ahead has to be moved first, and the history folded again."""
    return marks.pull_back(database, one.st13, one.sight.looked_at)


def _own_looks(database: Database, looks: Looks, same: Sequence[Repeat], reaction: Reaction) -> None:
    """A look that an alert comes from has a row of its own: `alerts why` shows it for ever."""
    told = {st13 for draft in reaction.alerts for st13 in draft.st13s}
    told |= {hit.st13 for hit in reaction.hits} | {one.st13 for one in reaction.muted}
    for one in same:
        if one.st13 in told:
            number = repeats.look_of(database, looks, one)
            database.conn.execute(
                "update sighting set last_observation = ? where id = ? and last_order = ?",
                (number, one.run.id, one.order),
            )


# -- what was read ---------------------------------------------------------------------------------------


class _Batch:
    """The looks of one transaction that are read, and the filings that they touch."""

    def __init__(self, database: Database, run: str, reread: Reread | None, moved: set[str]) -> None:
        self.looks = Looks(database, run)
        self._database = database
        self._reread = reread
        self._moved = moved  # filings of which a run was moved, so that all has to be folded again
        self._records: marks.Records = {}
        self._touched: dict[str, list[Sighting]] = {}
        self._before: dict[str, marks.Head | None] = {}
        self._began: dict[str, list[tuple[object, ...]]] = {}
        self._first: dict[str, dt.datetime] = {}
        self._live: set[str] = set()
        self.instant = iso(now())
        self.looked_at: list[tuple[str, bool, str]] = []  # (ST.13, live, day it speaks for)

    def look(self, sight: Sight) -> None:
        """Write the look down and give what it says its place in the filing's history."""
        database, reading = self._database, sight.reading
        snapshot = keep_page(database, sight)
        if sight.outcome is not Outcome.OK or reading is None:
            st13 = reading.record.st13 if reading else sight.st13
            said = canonical(reading.record)[1] if reading else None
            self.looks.write(sight, st13=st13, record_hash=said, snapshot=snapshot)
            return
        record = reading.record
        if record.provenance is not None:
            record = record.model_copy(update={"provenance": None})
        st13, as_of = record.st13, as_of_for(sight)
        text, said = canonical(record)
        number = self.looks.write(sight, st13=st13, record_hash=said, as_of=as_of, snapshot=snapshot)
        self.looked_at.append((st13, sight.live, as_of.day.isoformat()))
        if sight.live:
            self._live.add(st13)
            if marks.pull_back(database, st13, sight.looked_at):
                self._moved.add(st13)
        if st13 not in self._touched:
            rows = marks.sightings(database, st13, self._records)
            self._touched[st13] = rows
            self._before[st13] = marks.head(database, st13, rows, self._records) if rows else None
            self._began[st13] = beginnings(rows)
            self._first[st13] = sight.looked_at
        self._first[st13] = min(self._first[st13], sight.looked_at)
        if self._touched[st13]:
            _upgrade(database, sight, self._touched[st13], self._reread)
        marks.keep_records(database, [(said, st13, text)])
        self._records[said] = record
        order = order_key(as_of, sight.as_of.day if sight.as_of is not None else None)
        word = marks.Word(order, as_of, number, snapshot, *repeats.glance_of(sight, reading))
        _place(database, sight, record, said, word)
        self._touched[st13] = marks.sightings(database, st13, self._records)

    def refold(self) -> list[Observed]:
        """Fold the history of each filing again, write what is new in it, say what it did to the present."""
        return [self._refold(st13, rows) for st13, rows in self._touched.items()]

    def _refold(self, st13: str, rows: list[Sighting]) -> Observed:
        database, before = self._database, self._before[st13]
        what: What = "unchanged"
        changes: tuple[Change, ...] = ()
        same = st13 not in self._moved and beginnings(rows) == self._began[st13]
        if before is not None and same:
            # What is known follows from the beginnings of runs alone: nobody has said anything new.
            stands = before.record
            written = versions.standing(database, st13, before.content_hash)
        else:
            steps = fold(rows)
            stands = steps[-1].record
            written = versions.write_steps(database, st13, steps, self.instant)
            what, changes = _what(steps, rows, before)
        first_seen = self._first[st13]
        if before is not None:
            first_seen = min(first_seen, dt.datetime.fromisoformat(before.first_seen_at))
        provenance = versions.write_current(
            database,
            stands,
            rows,
            written=written,
            before=before.content_hash if before else None,
            first_seen=first_seen,
            instant=self.instant,
        )
        known = AtHand(stands, before.record if before else None, provenance, first_seen)
        return Observed(st13, what, changes, st13 in self._live, known)


def _what(
    steps: Sequence[Step], rows: Sequence[Sighting], before: marks.Head | None
) -> tuple[What, tuple[Change, ...]]:
    if before is None:
        return "new", ()
    news = [step for step in steps if _is_news(step.sighting, before)]
    fresh = [step for step in news if not step.sighting.technical]
    if not fresh:
        return ("past" if marks.grew(rows, before) else "unchanged"), ()
    changes = tuple(change for step in fresh for change in step.changes)
    if any(change.significance.rank for change in changes):
        return "changed", changes
    return "unchanged", ()


def _is_news(sighting: Sighting, before: marks.Head) -> bool:
    if not sighting.record.adds:
        return sighting.place > before.place
    # Of two statements of one issue neither is the later: both count, each once, though they be stored in
    # two transactions.
    if (sighting.source, sighting.record_hash, sighting.first_order) in before.told:
        return False
    spoken = max(before.spoke.get(name, "") for name in sighting.record.adds)
    if spoken:
        return sighting.first_order >= spoken
    # Nobody ever gave the list. The feed runs some days behind the looks at the filing itself.
    last = dt.date.fromisoformat(before.place[0][:10])
    return dt.date.fromisoformat(sighting.first_order[:10]) >= last - _FEED_LAG


def _place(database: Database, sight: Sight, record: TradeMark, said: str, word: marks.Word) -> None:
    """Into the run-length list of what each source said when."""
    for row in marks.neighbours(database, record.st13, word.order):
        if row["source"] != sight.source or row["record"] != said:
            continue
        if row["parser_version"] != sight.parser_version:
            continue
        marks.extend_sighting(database, row, word)
        return
    marks.split_at(database, record.st13, word.order)
    run = firsts.opened(marks.next_number(database, "sighting"), sight, said, word, record)
    marks.open_sightings(database, [marks.sighting_row(record.st13, run, word)])


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


# -- alerts ----------------------------------------------------------------------------------------------


def _write_reaction(database: Database, reaction: Reaction, run: str) -> None:
    from tmwatch.store.joining import write_draft

    hits.write(database, reaction.hits, reaction.judged)
    muted.write(database, reaction.muted, run)
    for draft in reaction.alerts:
        write_draft(database, draft, run)


__all__ = [
    "AlertDraft",
    "BulkFile",
    "HitDraft",
    "MutedDraft",
    "Observed",
    "React",
    "Reaction",
    "Sight",
    "as_of_for",
    "observe",
]
