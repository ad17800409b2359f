"""Looks that say what the filing's last word says, known by their glance: nothing is read, nothing folded.

What such a look writes is what reading the page would have led to: its row in the books, the end of the
run, and the day and instant up to which the filing is known to stand. Everything else stays as it is,
because no run begins, ends or moves (`timeline.fold` goes by the beginnings of runs). Where any of that
is not sure, the look is no repeat, and the page is read.
"""

from __future__ import annotations

import datetime as dt
import functools
import json
import sqlite3
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from tmwatch import archive
from tmwatch.model import FactKind, Provenance, TradeMark
from tmwatch.sources.base import AsOf, Glance, Reading
from tmwatch.store import marks
from tmwatch.store.database import Database, iso, now
from tmwatch.store.looks import Looks, keep_page
from tmwatch.store.sights import BulkFile, Observed, Sight, as_of_for
from tmwatch.store.timeline import order_key

# The run must be the last to begin, and end last: then the look belongs to it and to no other.
_IS_LAST = (
    " not exists (select 1 from sighting o where o.st13 = s.st13 and o.id <> s.id"
    " and (o.first_order > s.first_order or o.last_order > s.last_order"
    " or (o.first_order = s.first_order and o.live >= s.live)))"
)


class Run(NamedTuple):
    """The run that is a filing's last word, and whether the filing is said to stand as the run has it.

    Only what nearly every look needs: a bulk file asks for thousands of them.
    """

    id: int
    st13: str
    facts: str
    parser_version: str
    last_order: str
    as_of_kind: str
    glance_as_of: str | None
    first_seen_at: str
    stands: int
    row: int  # of the filing in `mark`, as long as nobody else writes
    place: int  # of the look that asked for it


_run: Callable[[Iterable[object]], Run] = functools.partial(tuple.__new__, Run)
_RUN = (
    "s.id, s.st13, s.facts, s.parser_version, s.last_order, s.as_of_kind, s.glance_as_of, m.first_seen_at,"
    " m.source is s.source and m.facts is s.facts and m.as_of is substr(s.last_order, 1, 10)"
    " and m.as_of_kind is s.as_of_kind, m.rowid"
)
_LAST_WORD = (
    f"select {_RUN}, 0 from sighting s join mark m on m.st13 = s.st13"
    f" where s.glance = ? and s.source = ? and {_IS_LAST}"
)
# "cross join": the few that are asked for lead, not the whole of what is stored.
_LAST_WORDS = (
    f"select {_RUN}, g.key from json_each(?) g cross join sighting s on s.glance = g.value"
    f" and s.source = ? join mark m on m.st13 = s.st13 where {_IS_LAST}"
)
_ANSWERED = (
    "select s.st13, o.asked from sighting s join observation o on o.id = s.last_observation"
    f" where s.glance = ? and s.source = ? and {_IS_LAST}"
)
_FEW = 8  # looks: below that a question for each is quicker


class Repeat(NamedTuple):
    """A look and the run that it goes on with."""

    sight: Sight
    run: Run
    as_of: AsOf
    order: str
    longer: bool  # speaks for a later instant than the run did

    @property
    def st13(self) -> str:
        """The filing."""
        return self.run.st13


_repeat: Callable[[Iterable[object]], Repeat] = functools.partial(tuple.__new__, Repeat)


@functools.lru_cache(maxsize=4096)
def dump_as_of(as_of: AsOf | None) -> str:
    """What a page says of its day, as the store keeps it."""
    if as_of is None:
        return "null"
    return json.dumps([as_of.day.isoformat(), as_of.kind, as_of.time.isoformat() if as_of.time else None])


@functools.lru_cache(maxsize=16384)
def _load_as_of(text: str) -> AsOf | None:
    found = json.loads(text)
    if found is None:
        return None
    day, kind, time = found
    return AsOf(dt.date.fromisoformat(day), kind, dt.time.fromisoformat(time) if time else None)


def glance_of(sight: Sight, reading: Reading) -> tuple[str | None, str | None]:
    """(glance, glance_as_of) as the run keeps them, for a page that was read."""
    glance = sight.glance
    if glance is None or reading.unknown_words or (glance.as_of and glance.as_of != reading.as_of):
        # A word that nobody knows is reported from each page that has it; and where reader and glance do
        # not see the same day, what the glance took out is not what the reader goes by.
        return None, None
    return glance.digest, None if glance.as_of else dump_as_of(reading.as_of)


@dataclass(frozen=True)
class OnFile:
    """What is known of a page by its glance, as the page itself says it."""

    st13: str
    as_of: AsOf | None
    mark: str | None  # its verbal element


def answered(conn: sqlite3.Connection, source: str, glance: Glance, asked: str) -> str | None:
    """ST.13 of the filing whose last word, by this source, has that glance, if it was the answer to that
    very question: another question may leave a number unanswered by the same page."""
    row = conn.execute(_ANSWERED, (glance.digest, source)).fetchone()
    return row["st13"] if row is not None and row["asked"] == asked else None


def on_file(database: Database, source: str, glance: Glance) -> OnFile | None:
    """The filing whose last word, by this source, has that glance."""
    run = _last_word(database, glance.digest, source)
    if run is None:
        return None
    said = database.conn.execute(
        "select json_extract(r.json, '$.verbal_element') as mark from sighting s"
        " join record r on r.hash = s.record where s.id = ?",
        (run.id,),
    ).fetchone()
    as_of = glance.as_of or _load_as_of(run.glance_as_of or "null")
    return OnFile(run.st13, as_of, said["mark"])


def _last_word(database: Database, digest: str, source: str) -> Run | None:
    row = database.conn.execute(_LAST_WORD, (digest, source)).fetchone()
    return Run(*row) if row is not None else None


def find(database: Database, sights: Mapping[int, Sight]) -> dict[int, Repeat]:
    """The looks (by place) that go on with the last word of their filing; the pages of the others have
    to be read."""
    found = {}
    today = now().date()
    for place, run in _runs(database, sights):
        sight = sights[place]
        glance = sight.glance
        _, _, _, parser_version, last, _, day, _, _, _, _ = run
        if glance is None or parser_version != sight.parser_version:
            continue
        if glance.as_of is None and day is None:
            continue
        as_of, order = _when(sight, glance, day, today)
        if order >= last:  # else a page from the past
            found[place] = _repeat((sight, run, as_of, order, order > last))
    return found


def _when(sight: Sight, glance: Glance, day: str | None, today: dt.date) -> tuple[AsOf, str]:
    """For which day the look speaks, and its place in the register's time. `day`: what the run's last page
    said of it (`glance_as_of`)."""
    if day is not None and glance.as_of is None and sight.as_of is None and not sight.live:
        said = _said(day)  # as nearly all records of a file
        if said is not None and said[0].day <= today:
            return said
    as_of = as_of_for(sight, glance.as_of or _load_as_of(day or "null"))
    return as_of, order_key(as_of, sight.as_of.day if sight.as_of is not None else None)


@functools.lru_cache(maxsize=16384)
def _said(text: str) -> tuple[AsOf, str] | None:
    as_of = _load_as_of(text)
    return (as_of, order_key(as_of)) if as_of is not None else None


def _runs(database: Database, sights: Mapping[int, Sight]) -> Iterator[tuple[int, Run]]:
    asked = [
        (place, one.glance.digest, one.source) for place, one in sights.items() if one.glance is not None
    ]
    if len(asked) <= _FEW:
        for place, digest, source in asked:
            run = _last_word(database, digest, source)
            if run is not None:
                yield place, run
        return
    for source in {source for _, _, source in asked}:
        places = [place for place, _, its in asked if its == source]
        digests = json.dumps([digest for _, digest, its in asked if its == source])
        cursor = database.conn.cursor()
        cursor.row_factory = None  # plain tuples
        for row in cursor.execute(_LAST_WORDS, (digests, source)).fetchall():
            yield places[row[-1]], _run(row)


def write(
    database: Database, looks: Looks, repeats: Sequence[Repeat], bulk: BulkFile | None
) -> list[Observed]:
    """Store them. With `bulk`, one row among the looks stands for all of them."""
    if not repeats:
        return []
    shared = None
    if bulk is not None:
        latest = max(repeats, key=lambda one: one.order)
        shared = looks.write_bulk(bulk, latest.sight, latest.as_of, len(repeats))
    ends, pages, present, steady = [], [], [], []
    instant = iso(now())
    instant_of = dt.datetime.fromisoformat
    for one in repeats:
        sight, run, as_of, _, longer = one
        page = _hash_of_page(one) if shared is None else None
        number = shared if shared is not None else look_of(database, looks, one, page)
        _, _, _, _, _, _, _, first, stands, row, _ = run
        earlier = sight.looked_at < instant_of(first)
        if stands and not longer and not earlier:
            steady.append(row)  # nothing is known but that it stands
            continue
        day, kind = as_of.day.isoformat(), str(as_of.kind)
        if longer:
            ends.append((one.order, day, kind, number, run.id))
            if sight.glance is not None and sight.glance.as_of is not None:  # another stamp: another page
                pages.append((keep_page(database, sight, page, quick=True), run.id))
        else:
            day, kind = run.last_order[:10], run.as_of_kind
        if earlier:
            first = iso(sight.looked_at)
        present.append((sight.source, run.facts, day, kind, first, instant, run.st13))
    database.conn.executemany(
        "update sighting set last_order = ?, last_as_of = ?, as_of_kind = ?, last_observation = ?"
        " where id = ?",
        ends,
    )
    for snapshot, number in pages:
        _turn_page(database, number, snapshot)
    database.conn.executemany(
        "update mark set source = ?, facts = ?, as_of = ?, as_of_kind = ?, first_seen_at = ?,"
        " last_ok_at = ? where st13 = ?",
        present,
    )
    if steady:
        database.conn.execute(
            "update mark set last_ok_at = ? where rowid in (select value from json_each(?))",
            (instant, json.dumps(steady)),
        )
    return [
        Observed.unchanged(run.st13, sight.live, _OnFile(database, run.st13)) for sight, run, *_ in repeats
    ]


def _turn_page(database: Database, run: int, snapshot: str | None) -> None:
    """The run's last raw page makes room for this one."""
    conn = database.conn
    before = conn.execute("select last_snapshot from sighting where id = ?", (run,)).fetchone()
    conn.execute("update sighting set last_snapshot = ?, glance_as_of = null where id = ?", (snapshot, run))
    marks.drop_unused(database, before["last_snapshot"])


def look_of(database: Database, looks: Looks, one: Repeat, page: str | None = None) -> int:
    """The look's own row among the looks; `page`: the hash of its page, where it is at hand."""
    said = database.conn.execute("select record from sighting where id = ?", (one.run.id,)).fetchone()
    return looks.write(
        one.sight,
        st13=one.st13,
        record_hash=said["record"],
        as_of=one.as_of,
        snapshot=page or _hash_of_page(one),
    )


def _hash_of_page(one: Repeat) -> str | None:
    page = one.sight.page
    if page is None or not page.body:
        return None
    return archive.digest(page.body)


class _OnFile:
    """`Known` of a filing that a look left as it was; read from the file when somebody asks."""

    def __init__(self, database: Database, st13: str) -> None:
        self._database = database
        self._st13 = st13

    @functools.cached_property
    def _row(self) -> sqlite3.Row:
        row: sqlite3.Row = self._database.conn.execute(
            "select m.source, m.facts, m.as_of, m.as_of_kind, m.first_seen_at, r.json, o.url, o.looked_at,"
            " o.snapshot, s.parser_version from mark m join record r on r.hash = m.content_hash"
            " join sighting s on s.id = (select id from sighting where st13 = m.st13"
            " order by last_order desc, first_order desc, live desc, id desc limit 1)"
            " join observation o on o.id = s.last_observation where m.st13 = ?",
            (self._st13,),
        ).fetchone()
        return row

    @functools.cached_property
    def provenance(self) -> Provenance:
        """Whose word the record is, and of what day."""
        row = self._row
        return Provenance(
            source=row["source"],
            kind=FactKind(row["facts"]),
            url=row["url"] or None,
            as_of=dt.date.fromisoformat(row["as_of"]),
            as_of_kind=row["as_of_kind"],
            fetched_at=row["looked_at"],
            sha256=row["snapshot"],
            parser_version=row["parser_version"],
        )

    @functools.cached_property
    def previous(self) -> TradeMark:
        """As it stood and stands."""
        return marks.load_record(self._row["json"])

    @functools.cached_property
    def record(self) -> TradeMark:
        """As it stands, with its provenance."""
        return self.previous.model_copy(update={"provenance": self.provenance})

    @property
    def first_seen(self) -> dt.datetime:
        """When tmwatch first read the filing (UTC)."""
        return dt.datetime.fromisoformat(self._row["first_seen_at"])
