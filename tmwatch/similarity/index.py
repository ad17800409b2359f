"""A register's names made ready once and kept: built at ingest, added to, saved, searched by mark.

Pure but for the folder that it is saved in.

    index = Index.build(names)            names by their place: 0, 1, 2 …
    index.append(more)                    places go on where they stood
    index.save(folder)                    writes what the folder does not hold yet
    index = Index.load(folder)
    index.search("SEIKO", level=2)        [Hit], nearest first; `candidate` is the place of the name

The hits are those of `hits`: none is lost.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Sequence
from itertools import islice
from pathlib import Path

from tmwatch.similarity.hits import Hit, hits
from tmwatch.similarity.score import Scorer, scorer

# Names in one part of an index.
_PART = 250_000


class Index:
    """Names of a register, by their place, ready to be searched. Not for two writers at a time."""

    def __init__(self, using: Scorer | None = None) -> None:
        self._scorer = using or scorer()
        self._parts: list[list[str]] = []
        self._saved = 0

    @classmethod
    def build(cls, names: Iterable[str], using: Scorer | None = None) -> Index:
        """An index of `names`, by their place."""
        made = cls(using)
        made.append(names)
        return made

    def __len__(self) -> int:
        return sum(map(len, self._parts))

    def append(self, names: Iterable[str]) -> range:
        """Adds names; gives the places that they have."""
        start = len(self)
        these = iter(names)
        while part := list(islice(these, _PART)):
            self._parts.append(part)
        return range(start, len(self))

    def save(self, folder: Path) -> None:
        """Writes the parts that the folder does not hold yet. OSError where it cannot be written."""
        folder.mkdir(parents=True, exist_ok=True)
        for number, part in enumerate(self._parts):
            path = folder / f"{number:06}.json"
            if not path.exists():
                beside = path.with_suffix(".part")
                beside.write_text(json.dumps(part), encoding="utf-8")
                beside.replace(path)

    @classmethod
    def load(cls, folder: Path, using: Scorer | None = None) -> Index:
        """The index that was saved in a folder. FileNotFoundError where there is none."""
        paths = sorted(folder.glob("[0-9]*.json"))
        if not paths:
            raise FileNotFoundError(f"no index in {folder}")
        made = cls(using)
        made._parts = [json.loads(path.read_text(encoding="utf-8")) for path in paths]
        return made

    def search(self, mark: str, level: int = 3) -> list[Hit]:
        """The names that are near a mark at `level` or nearer, nearest first. ValueError for no level."""
        return sorted(self.search_many([mark], level), key=lambda hit: (hit.level, -hit.score, hit.candidate))

    def search_many(self, marks: Sequence[str], level: int = 3) -> Iterator[Hit]:
        """The same for many marks, part by part of the index, in each by mark and place."""
        start = 0
        for part in self._parts:
            for hit in hits(marks, part, level, using=self._scorer):
                yield Hit(hit.watched, hit.candidate + start, hit.level, hit.score, hit.reasons)
            start += len(part)
