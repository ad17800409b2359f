"""A file of many records into the store of the whole register; what concerns a watch goes on to the database.

The file is run through to its end first, as always: of one that is cut off nothing is stored. In that pass
each record is hashed and compared with what is stored. The second reads the few fields of those that are new
or moved, and asks which of them concern a watch: these are read whole, and observed as any other page.

The database is written before the register. An import that is killed between the two finds those records
moved once more, and the database says that they are nothing new; what the watches made of the first part is
remembered with it (`half_stored`).
"""

from __future__ import annotations

from array import array
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import chain
from pathlib import Path
from typing import Any, Protocol

from tmwatch.errors import LookError, NotFound, Outcome
from tmwatch.garbage import one_sweep
from tmwatch.importing.finding import File
from tmwatch.importing.many import pieces_of
from tmwatch.importing.results import Found, Imported, One, failed
from tmwatch.sources.base import Piece, Source
from tmwatch.sources.slim import Essence, Slims
from tmwatch.store import Database
from tmwatch.store.marks import stored_among
from tmwatch.store.register import Register, Told
from tmwatch.store.register_rows import grounds_differ, row_after
from tmwatch.watches.concern import filing_of_row, filing_of_slim
from tmwatch.watches.filing import Filing

AT_ONCE = 1000  # records of which the hashes are looked up together, and written together
BYTES = 2 * 2**20  # … and so much of the file at most
_COMPARED = 2**19  # bytes of records that are compared at once: they are still near the processor
_AT_HAND = 4 * 2**20  # bytes of moved records kept from the first pass: of most days none is read twice


class News(Protocol):
    """What the reaction of the watches must know of filings that the database knows nothing of."""

    def known(self, moved: Iterable[tuple[Mapping[str, Any], Mapping[str, Any]]], same: set[str]) -> None:
        """The store of the register had these of what comes next: how they stand there (`Register.rows`), and
        how they will. Of those that are the `same` (ST.13) not a byte has changed: only their reader is a
        better one."""
        ...

    def saw_all(self, office: str) -> None:
        """Every watch has seen a whole file of this office: what the next one brings is news."""
        ...


@dataclass(frozen=True)
class Keeping:
    """The store of the whole register, and what decides which filings go on to the database.

    `concerning` gives the places of those that concern a watch. `always` are filings (ST.13) that are
    observed whenever a file tells of them: by number, and what came under a watch before.
    """

    register: Register
    concerning: Callable[[Sequence[Filing]], set[int]]
    always: Callable[[Register], set[str]] = field(default=lambda register: set())
    news: News | None = None


@dataclass(frozen=True)
class Step:
    """One step: records for the database (stored before the next step is taken), or what became of others."""

    found: Found = field(default_factory=list)
    told: list[Imported] = field(default_factory=list)


def steps(
    database: Database,
    file: File,
    source: Source,
    keep: Keeping,
    one_piece: Callable[[Piece], list[One]],
    more: Callable[[int], None],
    wanted: Callable[[], None],
) -> Iterator[Step]:
    """The steps of one file. `one_piece` reads a record whole, for the database; `wanted` is told as soon
    as it is known that there will be one."""
    with one_sweep():  # a case makes a hundred objects
        yield from _steps(database, file, source, keep, one_piece, more, wanted)


def _steps(
    database: Database,
    file: File,
    source: Source,
    keep: Keeping,
    one_piece: Callable[[Piece], list[One]],
    more: Callable[[int], None],
    wanted: Callable[[], None],
) -> Iterator[Step]:
    assert isinstance(source, Slims)
    path = file.path
    always = keep.always(keep.register)
    try:
        seen = _compare(file, source, keep.register, always, wanted)
    except LookError as error:
        yield Step([failed(path, source.declaration.id, error)])
        return
    if not seen.count:
        nothing = NotFound("the file says that it holds no record", where=str(path), do="Nothing to import.")
        yield Step([failed(path, source.declaration.id, nothing)])
        return
    more(seen.count - 1)
    reading = _Reading(database, path, source, keep, always, one_piece)
    for piece, told in _moved(file, source, seen):
        if reading.full_with(told):
            yield from reading.close()
        reading.add(piece, told)
    yield from reading.close()
    with keep.register.write():
        keep.register.told_again(seen.same)
        keep.register.keys_done()
    if keep.news is not None:
        keep.news.saw_all(source.declaration.office)
    yield from _unchanged(path, source, keep.register, seen)


# -- first pass: which have moved --------------------------------------------------------------------------


class _Rows:
    """A set of rows, a bit each: an annual back file may move a hundred thousand."""

    def __init__(self) -> None:
        self._bits = bytearray()

    def add(self, row: int) -> None:
        place = row >> 3
        if place >= len(self._bits):
            self._bits.extend(bytes(place + 1 - len(self._bits)))
        self._bits[place] |= 1 << (row & 7)

    def __contains__(self, row: int) -> bool:
        place = row >> 3
        return place < len(self._bits) and bool(self._bits[place] & 1 << (row & 7))


@dataclass
class _Seen:
    """Of a file: rows of unchanged filings by the day it tells, and the places of the other records."""

    count: int = 0
    same: dict[str, array[int]] = field(default_factory=dict)
    moved: array[int] = field(default_factory=lambda: array("q"))
    at_hand: list[Piece] | None = field(default_factory=list)  # the moved ones, as long as they are few
    digests: bytearray = field(default_factory=bytearray)  # of the moved ones, 16 bytes each
    days: list[str] = field(default_factory=list)  # the same; "" where it could not be told
    size: int = 0
    # Rows of filings that have moved: what the file says of one further on comes after, be it as stored.
    touched: _Rows = field(default_factory=_Rows)

    def add_moved(self, place: int, piece: Piece, told: Essence | None) -> None:
        self.moved.append(place)
        self.digests += told.digest if told is not None else bytes(16)
        self.days.append(told.day if told is not None else "")
        self.size += len(piece.body)
        if self.at_hand is not None:
            self.at_hand.append(piece)
        if self.size > _AT_HAND:
            self.at_hand = None


def _compare(
    file: File, source: Source, register: Register, always: set[str], wanted: Callable[[], None]
) -> _Seen:
    """Raises `LookError`s only."""
    assert isinstance(source, Slims)
    seen = _Seen()
    essence = source.essence
    waiting: list[tuple[int, Piece, Essence | None]] = []
    size = place = 0
    for place, piece in enumerate(pieces_of(file, source), 1):  # noqa: B007 - the last one is their count
        told = essence(piece)
        if told is not None and told.st13 in always:
            wanted()
        if seen.at_hand is None:
            piece = Piece(piece.number, b"")  # it is cut again: that many are not kept
        size += len(piece.body)
        waiting.append((place, piece, told))
        if size >= _COMPARED or len(waiting) >= AT_ONCE:
            _sort(waiting, seen, register, always, source.slim_version)
            waiting, size = [], 0
    _sort(waiting, seen, register, always, source.slim_version)
    seen.count = place
    return seen


def _sort(
    waiting: list[tuple[int, Piece, Essence | None]],
    seen: _Seen,
    register: Register,
    always: set[str],
    version: int,
) -> None:
    known = register.kept([told.st13 for _, _, told in waiting if told is not None])
    touched, same = seen.touched, seen.same
    for place, piece, told in waiting:
        kept = known.get(told.st13) if told is not None else None
        if told is None or kept is None:
            seen.add_moved(place, piece, told)
            continue
        st13, row, digest, by = kept
        if digest == told.digest and by == version and row not in touched and st13 not in always:
            if told.day not in same:
                same[told.day] = array("q")
            same[told.day].append(row)
        else:
            touched.add(row)
            seen.add_moved(place, piece, told)


def _moved(file: File, source: Source, seen: _Seen) -> Iterator[tuple[Piece, Essence | None]]:
    """The moved records, and what tells each as the first pass found it: no byte is hashed twice."""
    assert isinstance(source, Slims)
    for place, piece in enumerate(_pieces(file, source, seen)):
        day, digest = seen.days[place], bytes(seen.digests[16 * place : 16 * place + 16])
        yield piece, Essence(source.st13(piece), day, digest) if day else None


def _pieces(file: File, source: Source, seen: _Seen) -> Iterator[Piece]:
    if seen.at_hand is not None:
        yield from seen.at_hand
        return
    places = iter(seen.moved)
    wanted = next(places, 0)
    for place, piece in enumerate(pieces_of(file, source), 1):
        if place == wanted:
            yield piece
            wanted = next(places, 0)


def _unchanged(path: Path, source: Source, register: Register, seen: _Seen) -> Iterator[Step]:
    where, source_id = str(path), source.declaration.id
    for some in register.named(chain.from_iterable(seen.same.values())):
        yield Step(
            told=[_imported(where, source_id, st13, name, day, "unchanged") for st13, name, day in some]
        )


def _imported(where: str, source_id: str, st13: str, name: str | None, day: str, what: str) -> Imported:
    return Imported(where, source_id, st13, _OK, what, "", name, day, "printed", None, (), "register")


_OK = Outcome.OK


# -- second pass: what they say ------------------------------------------------------------------------------


class _Reading:
    """Moved records of which the fields are read, until so many are written together."""

    def __init__(
        self,
        database: Database,
        path: Path,
        source: Source,
        keep: Keeping,
        always: set[str],
        one_piece: Callable[[Piece], list[One]],
    ) -> None:
        assert isinstance(source, Slims)
        self._database = database
        self._path = path
        self._source = source
        self._slims: Slims = source
        self._keep = keep
        self._always = always
        self._one_piece = one_piece
        self._begin()

    def _begin(self) -> None:
        self._many: dict[str, tuple[Told, Piece]] = {}
        self._failed: Found = []
        self._size = 0

    def full_with(self, told: Essence | None) -> bool:
        """Whether this record must wait for the next transaction: a filing stands once in each."""
        if len(self._many) >= AT_ONCE or self._size >= BYTES:
            return True
        return told is not None and told.st13 in self._many

    def add(self, piece: Piece, told: Essence | None) -> None:
        """Read the few fields of a record; one that cannot be read stops itself only."""
        where = f"{self._path.name}, US {piece.number}" if piece.number else self._path.name
        try:
            slim = self._slims.slim(piece, where)
        except LookError as error:
            error.kept = "Nothing of it was stored; the other records of the file were."
            self._failed.append(failed(self._path, self._source.declaration.id, error, piece.number))
            return
        state = told or Essence(slim.st13, slim.as_of.isoformat(), b"")
        self._many[slim.st13] = Told(state, slim), piece
        self._size += len(piece.body)

    def close(self) -> Iterator[Step]:
        """What concerns a watch is for the database; when that is stored, all goes into the register."""
        many = list(self._many.values())
        chosen = self._chosen([told for told, _ in many])
        found = list(self._failed)
        for place in sorted(chosen):
            found += self._one_piece(many[place][1])
        # One that the database cannot read whole is told with its error, and not a second time.
        if found:
            yield Step(found)
        if many:
            with self._keep.register.write():
                became = self._keep.register.take(
                    [told for told, _ in many],
                    source=self._source.declaration.id,
                    slim_version=self._slims.slim_version,
                    file=self._path.name,
                )
            yield Step(
                told=[
                    self._told(told, what)
                    for place, ((told, _), what) in enumerate(zip(many, became, strict=True))
                    if place not in chosen
                ]
            )
        self._begin()

    def _told(self, told: Told, what: str) -> Imported:
        slim = told.slim
        source_id = self._source.declaration.id
        made = _imported(str(self._path), source_id, slim.st13, slim.name, told.essence.day, what)
        return made._replace(unknown_words=slim.unknown_words) if slim.unknown_words else made

    def _chosen(self, many: Sequence[Told]) -> set[int]:
        if not many:
            return set()
        numbers = [one.slim.st13 for one in many]
        stored = stored_among(self._database, numbers) | self._always
        known = self._keep.register.rows(numbers)
        # What is older than what is stored is no news: only the past of what the database has is filled.
        current = [
            place
            for place, one in enumerate(many)
            if one.slim.st13 not in known or known[one.slim.st13]["as_of"] <= one.essence.day
        ]
        hit = self._keep.concerning([filing_of_slim(many[place].slim) for place in current])
        chosen = {current[place] for place in hit} | self._left(many, known, current)
        if self._keep.news is not None:
            moved = [(known[numbers[place]], many[place]) for place in chosen if numbers[place] in known]
            same = {before["st13"] for before, now in moved if before["hash"] == now.essence.digest}
            self._keep.news.known([(before, row_after(before, now.slim)) for before, now in moved], same)
        return chosen | {place for place, number in enumerate(numbers) if number in stored}

    def _left(
        self, many: Sequence[Told], known: Mapping[str, Mapping[str, Any]], current: Sequence[int]
    ) -> set[int]:
        """The places of those that concerned a watch as they stood: a mark that a watched owner has sold."""
        moved = [
            place
            for place in current
            if (before := known.get(many[place].slim.st13)) and grounds_differ(before, many[place].slim)
        ]
        # Of its goods nothing is known: a watch that asks for some cannot be said to have had it.
        stood = [filing_of_row(known[many[place].slim.st13])._replace(goods=()) for place in moved]
        hit = self._keep.concerning(stood)
        return {moved[place] for place in hit}
