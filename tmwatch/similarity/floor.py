"""How near a name has to be to count among the nearest of a mark: known better with each part that was
searched. Pure."""

from __future__ import annotations

import heapq
import math
from threading import Lock
from typing import NamedTuple

from tmwatch.similarity.strings import Floats, Ints

# A floor is set where so many times as many names as are wanted are expected above it.
_TIMES = 3
# Scores are ranked by three places.
_ROUNDED = 0.001


class Floor(NamedTuple):
    """A level, and minus the score that a name of that level has to have: the nearer the less."""

    level: int
    less: float = math.inf

    def score(self, levels: tuple[float, float, float]) -> float:
        """The score that a pair has to have, where levels begin at these scores. Names of the same letters
        are of level 1 whatever their score."""
        thresholds = (math.inf, *levels, -math.inf)
        return max(thresholds[self.level], min(-self.less - _ROUNDED, thresholds[self.level - 1]))


class Nearest:
    """The floor of the `limit` nearest names among so many, for whoever searches these in parts. Threads may
    share it."""

    def __init__(self, level: int, limit: int, names: int) -> None:
        self._limit, self._names = limit, names
        self._kept = max(limit, math.ceil(_TIMES * limit))
        self._lowest = Floor(level)
        self._seen = 0
        self._found: list[Floor] = []
        self._lock = Lock()

    def learn(self, names: int, level: Ints, score: Floats) -> None:
        """So many names were searched, and these were found."""
        found = map(Floor, level.tolist(), (-score).tolist())
        with self._lock:
            self._seen += names
            self._found = heapq.nsmallest(self._kept, [*self._found, *found])

    def expected(self) -> Floor:
        """What will do, if the names still to come are like those that were seen."""
        with self._lock:
            sure = self._at(self._limit)
            return min(sure, self._at(math.ceil(_TIMES * self._limit * self._seen / self._names)))

    def sure(self) -> Floor:
        """What no name that is wanted lies below."""
        return self._at(self._limit)

    def _at(self, place: int) -> Floor:
        return self._found[place - 1] if 0 < place <= len(self._found) else self._lowest
