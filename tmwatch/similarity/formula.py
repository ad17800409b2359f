"""The joined score of many pairs in columns, and the highest that it could be. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tmwatch.similarity.features import NAMES, TOGETHER
from tmwatch.similarity.strings import Bools, Floats, Ints

AT = {name: at for at, name in enumerate((*NAMES, "strongest"))}
_PAIRS = tuple((AT[one], AT[other]) for one, other in TOGETHER)
Bounds = dict[str, NDArray[np.float32]]
_STRONGEST_OF = ("cover_both", "letters", "key_letters", "reading")


@dataclass(frozen=True, slots=True)
class Scores:
    """Pairs by the places of mark and name, and their scores before the noise of the mark is taken off."""

    mark: Ints
    name: Ints
    raw: Floats
    same: Bools  # the same letters
    identical: Bools  # near identical, as level 1 asks

    @classmethod
    def together(cls, parts: list[Scores]) -> Scores:
        """All parts as one, by mark and name."""
        if not parts:
            nothing = np.zeros(0, np.int64)
            return cls(nothing, nothing, np.zeros(0), nothing > 0, nothing > 0)
        whole = [np.concatenate([getattr(part, what) for part in parts]) for what in cls.__slots__]
        order = np.lexsort((whole[1], whole[0]))
        return cls(*(column[order] for column in whole))


class Formula:
    """The joined score, and the highest that it could be. `numbers`: a row for each of `features.NAMES`."""

    def __init__(self, by_name: tuple[float, ...], constant: float) -> None:
        self.single = by_name[: len(NAMES) + 1]
        self.pairs = list(zip(_PAIRS, by_name[len(NAMES) + 1 :], strict=True))
        self.constant = constant
        self.products = [
            (one, other, np.float32(weight))
            for (one, other), weight in zip(TOGETHER, by_name[len(NAMES) + 1 :], strict=True)
        ]

    def joined(self, numbers: Floats) -> Floats:
        """The score of each pair, before the noise of the mark is taken off."""
        strongest = numbers[AT[_STRONGEST_OF[0]]]
        for name in _STRONGEST_OF[1:]:
            strongest = np.maximum(strongest, numbers[AT[name]])
        rows = [*numbers, strongest]
        total = np.full(numbers.shape[1], self.constant)
        for row, weight in zip(rows, self.single, strict=True):
            total += row * weight
        for (one, other), weight in self.pairs:
            total += rows[one] * rows[other] * weight
        return total

    def at_most(self, numbers: Floats, later: tuple[str, ...]) -> Floats:
        """A bound of `joined` where the numbers named in `later`, 0 in the rows, may be anything from 0 to 1.

        Exact in each of them alone; where two of them meet, their product is taken as it helps most.
        """
        total = self.joined(numbers)
        unknown = {AT[name] for name in later}
        for at in unknown:
            slope: Any = self.single[at]
            square = 0.0
            for (one, other), weight in self.pairs:
                if one == other == at:
                    square += weight
                elif at in (one, other):
                    partner = other if one == at else one
                    if partner in unknown or partner == AT["strongest"]:
                        total += max(0.0, weight)
                    else:
                        slope = slope + weight * numbers[partner]
            best = np.maximum(0.0, slope + square)
            if square < 0.0:
                top = np.clip(-slope / (2 * square), 0.0, 1.0)
                best = np.maximum(best, slope * top + square * top * top)
            total += best
        return total

    def reach(self, low: Bounds, high: Bounds) -> NDArray[np.float32]:
        """A bound of `joined` where each number is known from below and above, by name; 0 if not given.

        Each is taken where it helps most, by itself, and the products as they help most. Rounded up.
        """
        exact = {name for name in AT if low.get(name, 0.0) is high.get(name, 0.0)}
        slope: dict[str, Any] = dict(zip(AT, map(np.float32, self.single), strict=True))
        square: dict[str, Any] = {}
        for one, other, weight in self.products:
            if one == other:
                square[one] = weight
            elif high.get(one) is not None and high.get(other) is not None:
                name, partner = (one, other) if other in exact else (other, one)
                slope[name] = slope[name] + weight * (high if weight > 0 else low).get(partner, 0.0)
        total: Any = np.float32(self.constant + 1e-3)
        for name, top in high.items():
            bent = square.get(name, np.float32(0.0))
            best = (slope[name] + bent * top) * top
            if name not in exact:
                bottom: Any = low.get(name)
                if bottom is None:
                    best = np.maximum(best, np.float32(0.0))
                else:
                    best = np.maximum(best, (slope[name] + bent * bottom) * bottom)
                if bent < 0:
                    turn = np.maximum(slope[name] / (-2 * bent), 0.0 if bottom is None else bottom)
                    turn = np.minimum(turn, top)
                    best = np.maximum(best, (slope[name] + bent * turn) * turn)
            total = total + best
        out: NDArray[np.float32] = total
        return out
