"""A register's names made ready once and kept: built at ingest, added to, saved, searched by mark.

Pure but for the folder that it is saved in.

    index = Index.build(names)            names by their place: 0, 1, 2 …
    index.append(more)                    places go on where they stood
    index.save(folder)                    writes what the folder does not hold yet
    index = Index.load(folder)
    index.search("SEIKO", level=2)        [Hit], nearest first; `candidate` is the place of the name

The hits are those of `hits`: none is lost. A saved index is read where it lies, as far as it is asked for.
"""

from __future__ import annotations

import os
import shutil
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

import numpy as np

from tmwatch.similarity import compiled, kept
from tmwatch.similarity.arrays import Columns
from tmwatch.similarity.floor import Floor, Nearest
from tmwatch.similarity.hits import Hit
from tmwatch.similarity.name import Name
from tmwatch.similarity.score import Scorer, scorer
from tmwatch.similarity.strings import Bools, Floats, Ints

# Names in one part of an index: what is made ready, or read, at a time (about 3 kB a name while it is made).
_PART = 100_000
# Parts that are small are put together when there are so many of them.
_SMALL, _MANY = 20_000, 8
# Of so many parts what was read is kept for the next search; of the others it is let go, and of all of them
# after a search for many marks: all of it may be too much for the machine.
_WARM = 20
# So many parts are searched side by side, 40 MB each; more for one lane than so many times its share of the
# names, and the others would wait.
_LANES, _UNEVEN = 4, 1.1
# How the file of a part ends, and a file that forms before this one had.
_END, _BEFORE = ".names", "index.json"


class StaleIndex(ValueError):
    """The index was made with other tables or by another version: it has to be built anew."""


@dataclass(frozen=True)
class Found:
    """Pairs of marks and names by their places, in columns, by mark and name. No reasons yet."""

    watched: Ints
    candidate: Ints
    level: Ints
    score: Floats

    def of(self, rows: Bools) -> Found:
        return Found(self.watched[rows], self.candidate[rows], self.level[rows], self.score[rows])


@dataclass(slots=True)
class _Part:
    start: int
    columns: Columns
    path: Path | None = None  # where it lies


def _places(path: Path) -> tuple[int, int, Path]:
    """(first place, names times -1, path) of a part: of those that begin alike the longest comes first."""
    start, size = map(int, path.name.removesuffix(_END).split("-"))
    return start, -size, path


class Index:
    """Names of a register, by their place, ready to be searched. Not for two writers at a time."""

    def __init__(self, using: Scorer | None = None, cores: int | None = None) -> None:
        self._scorer = using or scorer()
        self._cores = cores or os.cpu_count() or 1
        self._parts: list[_Part] = []

    @classmethod
    def build(cls, names: Iterable[str], using: Scorer | None = None, folder: Path | None = None) -> Index:
        """An index of `names`, by their place.

        With a folder each part is saved as soon as it is full, so that memory is bounded by a part. OSError
        where that cannot be written.
        """
        made = cls(using)
        these = iter(names)
        while some := list(islice(these, _PART)):
            made.append(some)
            if folder is not None:
                made.save(folder)
        return made

    def __len__(self) -> int:
        return self._parts[-1].start + len(self._parts[-1].columns) if self._parts else 0

    def append(self, names: Iterable[str]) -> range:
        """Adds names; gives the places that they have."""
        first = len(self)
        these = iter(names)
        while some := list(islice(these, _PART)):
            self._add(len(self), some)
        small = 0
        while small < len(self._parts) and len(self._parts[-small - 1].columns) < _SMALL:
            small += 1
        if small > _MANY:
            last = self._parts[-small:]
            del self._parts[-small:]
            self._add(
                last[0].start, [part.columns.raw[at] for part in last for at in range(len(part.columns))]
            )
        return range(first, len(self))

    def _add(self, start: int, names: Sequence[str]) -> None:
        columns = Columns([self._scorer.make(name) for name in names])
        columns.let_go(self._scorer.make)
        self._parts.append(_Part(start, columns))

    def save(self, folder: Path) -> None:
        """Writes the parts that do not lie in the folder yet, and removes what else it holds of an index.

        What was written is read where it lies from now on, so that memory is bounded by a part. OSError where
        it cannot be written.
        """
        folder.mkdir(parents=True, exist_ok=True)
        tables = self._scorer.fingerprint()
        for part in self._parts:
            path = folder / f"{part.start:012}-{len(part.columns)}{_END}"
            if part.path != path:
                kept.save(part.columns, path, tables)
                part.columns, part.path = kept.load(path, tables, self._scorer.make), path
        own = {part.path for part in self._parts}
        for path in (*folder.glob("[0-9]*"), folder / _BEFORE):
            if path.is_dir():  # of the forms before
                shutil.rmtree(path)
            elif path not in own:
                path.unlink(missing_ok=True)

    @classmethod
    def load(cls, folder: Path, using: Scorer | None = None) -> Index:
        """The index that was saved in a folder.

        FileNotFoundError where there is none, StaleIndex where it was made with other tables, ValueError
        where a file is damaged or missing, OSError where one cannot be read.
        """
        made = cls(using)
        tables = made._scorer.fingerprint()
        found = sorted(map(_places, folder.glob(f"[0-9]*-*[0-9]{_END}")))
        if not found:
            raise FileNotFoundError(f"no index in {folder}")
        for start, less, path in found:
            if start - less <= len(made):
                continue  # it was put together with others, and the part of before is still there
            if start != len(made):
                raise ValueError(f"the index in {folder} has a gap before name {start}: build it anew")
            try:
                columns = kept.load(path, tables, made._scorer.make)
            except kept.OtherTables:
                raise StaleIndex(f"the index in {folder} was made with other tables: build it anew") from None
            if compiled.READY:
                columns.side  # noqa: B018 – looked through, so that damage is told here
            if len(found) > _WARM:
                kept.let_go(columns)
            made._parts.append(_Part(start, columns, path))
        return made

    def search(self, mark: str, level: int = 3, limit: int | None = None) -> list[Hit]:
        """The names that are near a mark at `level` or nearer, nearest first, at most `limit`.

        Reasons are made for those alone, which is what takes long where there are thousands. ValueError for a
        level outside 1 to 4 or a limit below 1.
        """
        if not 1 <= level <= 4 or (limit is not None and limit < 1):
            raise ValueError(f"level {level}, limit {limit}: a level is 1 to 4, a limit one name or more")
        ready = self._ready([mark])
        found = self._nearest(ready, level, limit)
        columns = (
            zip(here.level.tolist(), here.score.tolist(), here.candidate.tolist(), strict=True)
            for _part, here in found
        )
        ranks = [
            (nearest, -round(score, 3), which, name)
            for which, pairs in enumerate(columns)
            for nearest, score, name in pairs
        ]
        best: dict[int, set[int]] = {}
        for *_, which, name in sorted(ranks)[:limit]:
            best.setdefault(which, set()).add(name)
        hits: list[Hit] = []
        for which, names in best.items():
            part, here = found[which]
            hits += self._hits(ready, part, here.of(np.isin(here.candidate, list(names))))
            self._let_go(part, 1)
        return sorted(hits, key=lambda hit: (hit.level, -hit.score, hit.candidate))

    def _nearest(self, mark: Columns, level: int, limit: int | None) -> list[tuple[_Part, Found]]:
        """What is near one mark, part by part: the `limit` nearest, and some more.

        How near those are is guessed from the parts that were searched before; a part of which that asked too
        much is searched again.
        """
        if limit is None:
            return list(self._found(mark, level, self._parts))
        wanted = Nearest(level, limit, len(self))
        asked: dict[int, Floor] = {}

        def floor(part: _Part) -> Floor:
            asked[part.start] = wanted.expected()
            return asked[part.start]

        found = list(self._of_one(mark, self._parts, floor, wanted.learn))
        sure = wanted.sure()
        again = [part for part in self._parts if asked[part.start] < sure]
        once_more = {part.start: here for part, here in self._of_one(mark, again, lambda _part: sure)}
        return [(part, once_more.get(part.start, here)) for part, here in found]

    def search_many(self, marks: Sequence[str], level: int = 3) -> Iterator[Hit]:
        """The hits of many marks with their reasons, part by part of the index, in each by mark and place."""
        ready = self._ready(marks)
        for part, found in self._found(ready, level, self._parts):
            yield from self._hits(ready, part, found)

    def find(self, marks: Sequence[str], level: int = 3) -> Iterator[Found]:
        """The same without reasons, in columns: part by part of the index."""
        for part, found in self._found(self._ready(marks), level, self._parts):
            yield Found(found.watched, found.candidate + part.start, found.level, found.score)

    def related(self, marks: Sequence[Name]) -> Iterator[Ints]:
        """The places of the names that have a score beside any of the marks, part by part, ascending.

        The others have none beside these, whatever their classes make a word weigh.
        """
        ready = Columns(marks)
        least = np.full(len(ready), -np.inf)
        for part in self._parts:
            found = self._scorer.near(ready, part.columns, least, self._cores)
            yield np.unique(found.name) + part.start
            kept.let_go(part.columns)

    def _ready(self, marks: Sequence[str]) -> Columns:
        return Columns([self._scorer.name(mark) for mark in marks])

    def _found(self, marks: Columns, level: int, parts: Sequence[_Part]) -> Iterator[tuple[_Part, Found]]:
        """The hits of each part, in their places in it."""
        if not 1 <= level <= 4:
            raise ValueError(f"level {level}: a level is 1 to 4")
        if len(marks) == 1:
            yield from self._of_one(marks, parts, lambda _part: Floor(level))
            return
        ready = [marks.name(at) for at in range(len(marks))]
        self._scorer.noises(ready, self._cores)
        for part, found in self._in_turn(
            parts,
            lambda part, cores: Found(*self._scorer.found(ready, part.columns, level, cores, marks)),
        ):
            yield part, found
            self._let_go(part, len(marks))

    def _in_turn(
        self, parts: Sequence[_Part], look: Callable[[_Part, int], Found]
    ) -> Iterator[tuple[_Part, Found]]:
        """Each part with what is found in it. The threads share the marks; where each has as many parts to do
        they share these too, and what one thread does alone (a file is read) is done beside the others."""
        lanes = min(self._cores, _LANES)
        names = [len(part.columns) for part in parts]
        longest = -(-len(parts) // lanes) * max(names, default=0)  # of a lane's share
        if lanes == 1 or longest > _UNEVEN * sum(names) / lanes:
            for part in parts:
                yield part, look(part, self._cores)
            return
        # No more than these at a time: memory is bounded.
        ahead: deque[tuple[_Part, Future[Found]]] = deque()
        with ThreadPoolExecutor(lanes) as pool:
            for part in parts:
                if len(ahead) > lanes:
                    first, found = ahead.popleft()
                    yield first, found.result()
                ahead.append((part, pool.submit(look, part, self._cores // lanes)))
            for part, found in ahead:
                yield part, found.result()

    def _of_one(
        self,
        mark: Columns,
        parts: Sequence[_Part],
        floor: Callable[[_Part], Floor],
        learn: Callable[[int, Ints, Floats], None] | None = None,
    ) -> Iterator[tuple[_Part, Found]]:
        """The hits of one mark above the floor of each part. The threads share the parts."""
        self._scorer.noises([mark.name(0)], self._cores)

        def look(part: _Part) -> tuple[_Part, Found]:
            found = Found(*self._scorer.found_above(mark, part.columns, floor(part)))
            if learn is not None:
                learn(len(part.columns), found.level, found.score)
            self._let_go(part, 1)
            return part, found

        if len(parts) < 2:
            yield from map(look, parts)
            return
        with ThreadPoolExecutor(self._cores) as pool:
            yield from pool.map(look, parts)

    def _let_go(self, part: _Part, marks: int) -> None:
        """Gives back the memory of a part that was searched, where all parts would take too much."""
        if len(self._parts) > _WARM and (marks > 1 or part.start >= self._parts[_WARM].start):
            kept.let_go(part.columns)

    def name(self, place: int) -> str:
        """The name at a place. IndexError where there is none."""
        part = self._part(place)
        return part.columns.raw[place - part.start]

    def _part(self, place: int) -> _Part:
        if not 0 <= place < len(self):
            raise IndexError(f"no name at place {place}: the index holds {len(self)}")
        return next(part for part in reversed(self._parts) if part.start <= place)

    def _hits(self, marks: Columns, part: _Part, found: Found) -> Iterator[Hit]:
        """With their reasons."""
        columns = found.watched, found.candidate, found.level, found.score
        told = self._scorer.likenesses(marks, part.columns, *columns)
        places = found.watched.tolist(), found.candidate.tolist()
        for mark, name, likeness in zip(*places, told, strict=True):
            yield Hit(mark, part.start + name, likeness.level, likeness.score, likeness.reasons)
