"""Looks at filings never seen before: a register read for the first time is nothing but these.

There is nothing to compare them with and nobody can have said otherwise, so no filing is asked about by
itself: one question tells which are new, and their rows are written table by table for the whole batch.
What stands in the file afterwards is what `observe()` would have written look by look.
"""

from __future__ import annotations

import datetime as dt
import functools
import json
from collections import Counter
from collections.abc import Iterable, Mapping
from typing import NamedTuple

from tmwatch import archive
from tmwatch.model import FactKind, Provenance, TradeMark
from tmwatch.sources.base import AsOf
from tmwatch.store import marks, repeats, versions
from tmwatch.store.database import Database, iso
from tmwatch.store.looks import Looks, keep_pages
from tmwatch.store.sights import Observed, Sight, as_of_for
from tmwatch.store.timeline import Sighting, Step, canonical, fold, order_key


def pick(database: Database, read: Mapping[int, Sight], others: Iterable[str]) -> dict[int, Sight]:
    """Those of the good looks (by place) that are the only one at a filing of which nothing is stored.
    `others`: filings that the batch looks at besides."""
    if not read:
        return {}
    filings = Counter(others)
    filings.update(one.reading.record.st13 for one in read.values() if one.reading is not None)
    asked = json.dumps(
        [one.reading.record.st13 for one in read.values() if one.good and one.reading is not None]
    )
    rows = database.conn.execute(
        "select value from json_each(?) where not exists (select 1 from mark where st13 = value)"
        " and not exists (select 1 from sighting where st13 = value)",
        (asked,),
    )
    new = {row["value"] for row in rows if filings[row["value"]] == 1}
    return {
        place: one
        for place, one in read.items()
        if one.good and one.reading is not None and one.reading.record.st13 in new
    }


class _First(NamedTuple):
    """A look and what it leads to."""

    sight: Sight
    as_of: AsOf
    snapshot: str | None
    text: str  # the canonical JSON of what was said, and its hash
    said: str
    word: marks.Word
    step: Step


def write(database: Database, looks: Looks, sights: Iterable[Sight], instant: str) -> list[Observed]:
    """Store them; `instant` is that of the batch."""
    sights = list(sights)
    if not sights:
        return []
    run = marks.next_number(database, "sighting")
    firsts = [_first(looks, sight, number) for number, sight in enumerate(sights, run)]
    looks.flush()
    keep_pages(database, {one.snapshot: one.sight for one in firsts if one.snapshot is not None})
    version = marks.next_number(database, "mark_version")
    records, rows, present = [], [], []
    for number, one in enumerate(firsts, version):
        step, sighting = one.step, one.step.sighting
        text, content = versions.content_of(step)
        records.append((one.said, step.record.st13, one.text))
        if text:
            records.append((content, step.record.st13, text))
        rows.append(versions.version_row(number, step.record.st13, step, content, instant))
        standing = (sighting.source, sighting.facts, sighting.as_of, sighting.as_of_kind)
        seen = (iso(one.sight.looked_at), instant, instant, number, content)
        present.append(versions.mark_row(step.record, (*standing, *seen)))
    marks.keep_records(database, records)
    marks.open_sightings(
        database, [marks.sighting_row(one.step.record.st13, one.step.sighting, one.word) for one in firsts]
    )
    versions.insert_versions(database, rows)
    versions.insert_marks(database, present)
    versions.write_lists(database, [one.step.record for one in firsts], again=False)
    return [_observed(one) for one in firsts]


def _first(looks: Looks, sight: Sight, number: int) -> _First:
    reading, page = sight.reading, sight.page
    assert reading is not None
    record = reading.record
    if record.provenance is not None:
        record = record.model_copy(update={"provenance": None})
    as_of = as_of_for(sight)
    text, said = canonical(record)
    snapshot = archive.digest(page.body) if page is not None and page.body else None
    look = looks.add(sight, st13=record.st13, record_hash=said, as_of=as_of, snapshot=snapshot)
    order = order_key(as_of, sight.as_of.day if sight.as_of is not None else None)
    word = marks.Word(order, as_of, look, snapshot, *repeats.glance_of(sight, reading))
    (step,) = fold([opened(number, sight, said, word, record)])
    return _First(sight, as_of, snapshot, text, said, word, step)


def opened(number: int, sight: Sight, said: str, word: marks.Word, record: TradeMark) -> Sighting:
    """The run that a look opens, as it would be read from the file."""
    return Sighting(
        id=number,
        source=sight.source,
        authority=sight.authority,
        record=record,
        record_hash=said,
        parser_version=sight.parser_version,
        first_order=word.order,
        last_order=word.order,
        as_of=word.as_of.day.isoformat(),
        as_of_kind=word.as_of.kind,
        observation=word.observation,
        live=word.observation if sight.live else 0,
        facts=sight.facts.value,
    )


def _observed(one: _First) -> Observed:
    return Observed(one.step.record.st13, "new", (), one.sight.live, _Known(one))


class _Known:
    """`Known` of a filing that was not known before; made where somebody asks."""

    previous: TradeMark | None = None

    def __init__(self, first: _First) -> None:
        self._first = first

    @functools.cached_property
    def provenance(self) -> Provenance:
        """Whose word the record is, and of what day."""
        one, page = self._first, self._first.sight.page
        return Provenance(
            source=one.sight.source,
            kind=FactKind(one.sight.facts),
            url=((page.url or page.name) if page is not None else "") or None,
            as_of=one.as_of.day,
            as_of_kind=one.as_of.kind,
            fetched_at=iso(one.sight.looked_at),
            sha256=one.snapshot,
            parser_version=one.sight.parser_version,
        )

    @functools.cached_property
    def record(self) -> TradeMark:
        """As it stands, with its provenance."""
        return self._first.step.record.model_copy(update={"provenance": self.provenance})

    @property
    def first_seen(self) -> dt.datetime:
        """When tmwatch first read the filing (UTC)."""
        return self._first.sight.looked_at
