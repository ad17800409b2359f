"""Names of the whole register that are near a name: the index beside its store, and the search in it.

The index is a folder beside the store (`register.db.index`), brought up to date when somebody searches; it
can be deleted. It holds each mark's words, pseudo marks and transliterations; a translation is a sentence,
and is not in it.
"""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any

from tmwatch.errors import StoreError
from tmwatch.similarity import WatchedMark
from tmwatch.similarity.index import Index
from tmwatch.similarity.watched import relations
from tmwatch.store.register import Register
from tmwatch.store.register_names import names_among

_AT_ONCE = 100_000  # names that are made ready at a time


@dataclass(frozen=True)
class Near:
    """A filing of the register, and how near its name is: level 1 (near identical) to 4 (distant)."""

    filing: dict[str, Any]  # as `Register.rows` gives it
    level: int
    score: float
    reasons: tuple[str, ...]

    def as_json(self) -> dict[str, Any]:
        """How near it is, for `--json`; the filing itself is shown as any other."""
        return {"level": self.level, "score": round(self.score, 4), "reasons": list(self.reasons)}


def folder_of(register: Register) -> Path:
    """Where its index lies."""
    return register.path.with_name(f"{register.path.name}.index")


Progress = Callable[[int, int], None]  # (filings whose names are made ready, of how many)


def _nobody(done: int, total: int) -> None:
    return


def up_to_date(register: Register, progress: Progress = _nobody) -> Index:
    """The index with all that came since it was made. Raises `StoreError` where it cannot be written.

    What it made is kept, however it ends: who is broken off goes on there.
    """
    folder = folder_of(register)
    try:
        return _grown(register, folder, progress)
    except OSError as error:
        raise StoreError(
            f"the index of the register's names cannot be kept: {error.strerror or error}",
            where=str(folder),
            kept="The store of the register is untouched.",
            do="Free space, or check the rights of the folder; the index can be deleted.",
        ) from None


def _grown(register: Register, folder: Path, progress: Progress) -> Index:
    try:
        index = Index.load(folder)
    except (FileNotFoundError, ValueError):  # none, of other tables, or damaged: made anew
        index = Index()
    if len(index) != register.indexed():  # one of the two was deleted, or a process died between them
        shutil.rmtree(folder, ignore_errors=True)
        register.forget_index()
        index = Index()
    total = register.filings_to_index()
    progress(0, total)
    names = register.names_to_index()
    grown, ready = False, 0
    while more := list(islice(names, _AT_ONCE)):
        index.append([name for _, name in more])
        index.save(folder)
        register.index_these(filing for filing, _ in more)
        grown, ready = True, ready + len({filing for filing, _ in more})
        progress(min(ready, total), total)
    if grown:
        register.index_done()
    return index


def far_from(
    register: Register, index: Index, marks: Sequence[WatchedMark]
) -> Callable[[Mapping[str, Any]], tuple[str, ...]]:
    """Tells which names of a filing, as `Register.filings` gives it, the index shows to be near none of the
    marks at any level as they are written. Of others nothing is known.

    To be asked for and used in one `Register.still` block: others may write meanwhile.
    """
    asked = relations(marks)
    if asked is None or len(index) != register.indexed():
        return lambda _row: ()
    near = {filing for filing, _name in register.names_to_index()}
    for places in index.related(asked):
        near |= register.filings_at(places.tolist())

    def far(row: Mapping[str, Any]) -> tuple[str, ...]:
        return () if row["id"] in near else tuple(names_among(row["name"], row["other_names"]))

    return far


def nearest(
    register: Register, index: Index, text: str, level: int, classes: tuple[int, ...] = ()
) -> Iterator[Near]:
    """The filings whose names are as near as `level`, each once, the nearest first. `index`: that of the
    register's names (`up_to_date`)."""
    found = index.search(text, level)
    filings = register.at_places([hit.candidate for hit in found])
    seen: set[str] = set()
    for hit in found:
        filing = filings.get(hit.candidate)
        if filing is None or filing["st13"] in seen:
            continue
        if classes and not {str(number) for number in classes} & set(filing["classes"]):
            continue
        seen.add(filing["st13"])
        yield Near(filing, hit.level, hit.score, hit.reasons)
