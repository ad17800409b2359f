"""Batches of watched marks against batches of candidates: the hits, with score, level and reasons. Pure.

The result of a whole is the result of its parts put together, however it is parted, because a score depends
on the two names and on the scorer alone. So the work can be spread over processes, or over machines.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from itertools import islice

from tmwatch.similarity.arrays import Columns
from tmwatch.similarity.score import Likeness, Scorer, scorer

_BATCH = 5_000


@dataclass(frozen=True, order=True)
class Hit:
    """A candidate near a watched mark; both by their place in the sequences given."""

    watched: int
    candidate: int
    level: int
    score: float
    reasons: tuple[str, ...]


def hits(
    watched: Sequence[str],
    candidates: Iterable[str],
    level: int = 3,
    using: Scorer | None = None,
    batch: int = _BATCH,
    cores: int | None = None,
) -> Iterator[Hit]:
    """The hits of `level` or nearer, by candidates batch by batch, in each by watched mark and candidate.

    Memory is bounded by `batch` candidates and the watched marks. `cores`: how many threads compare, all of
    the machine by default. ValueError for a level outside 1 to 4 or an empty batch.
    """
    for watched_at, candidate, found in likenesses(watched, candidates, level, using, batch, cores):
        yield Hit(watched_at, candidate, found.level, found.score, found.reasons)


def likenesses(
    watched: Sequence[str],
    candidates: Iterable[str],
    level: int = 3,
    using: Scorer | None = None,
    batch: int = _BATCH,
    cores: int | None = None,
) -> Iterator[tuple[int, int, Likeness]]:
    """The same with sight, sound and sense apart: (watched, candidate, likeness)."""
    if not 1 <= level <= 4 or batch < 1:
        raise ValueError(f"level {level} or batch {batch}: a level is 1 to 4, a batch one name or more")
    one = using or scorer()
    threads = cores or os.cpu_count() or 1
    columns = Columns([one.name(raw) for raw in watched])
    start = 0
    names = iter(candidates)
    while part := [one.make(raw) for raw in islice(names, batch)]:
        for at, beside, likeness in compared(one, columns, Columns(part), level, threads):
            yield at, start + beside, likeness
        start += len(part)


def compared(
    one: Scorer, marks: Columns, names: Columns, level: int, cores: int | None = None
) -> Iterator[tuple[int, int, Likeness]]:
    """The same of marks and names that the scorer made ready."""
    ready = [marks.name(at) for at in range(len(marks))]
    found = one.found(ready, names, level, cores or os.cpu_count() or 1, marks)
    told = one.likenesses(marks, names, *found)
    yield from zip(found[0].tolist(), found[1].tolist(), told, strict=True)


def hits_on_cores(
    watched: Sequence[str], candidates: Sequence[str], level: int = 3, cores: int = 2
) -> list[Hit]:
    """The same hits as `hits` with the shipped scorer, sorted, found by `cores` processes."""
    size = -(-len(watched) // max(1, cores)) or 1
    parts = [(start, list(watched[start : start + size])) for start in range(0, len(watched), size)]
    with ProcessPoolExecutor(max(1, cores)) as pool:
        found = pool.map(_part, [(start, part, list(candidates), level) for start, part in parts])
        return sorted(hit for some in found for hit in some)


def _part(task: tuple[int, list[str], list[str], int]) -> list[Hit]:
    start, watched, candidates, level = task
    return [
        Hit(hit.watched + start, hit.candidate, hit.level, hit.score, hit.reasons)
        for hit in hits(watched, candidates, level, cores=1)
    ]
