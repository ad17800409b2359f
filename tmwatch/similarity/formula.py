"""The joined score of many pairs in columns. Pure."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from tmwatch.similarity import compiled
from tmwatch.similarity.features import NAMES, TOGETHER
from tmwatch.similarity.freq import Frequencies
from tmwatch.similarity.strings import Bools, Floats, Ints

AT = {name: at for at, name in enumerate((*NAMES, "strongest"))}
_PAIRS = tuple((AT[one], AT[other]) for one, other in TOGETHER)
_STRONGEST_OF = ("cover_both", "letters", "key_letters", "reading")


@dataclass(frozen=True, slots=True)
class Scores:
    """Pairs by the places of mark and name, and their scores before the noise of the mark is taken off."""

    mark: Ints
    name: Ints
    raw: Floats
    same: Bools  # the same letters
    nearest: Ints  # the nearest level that they may have (`levels.nearest`)

    @classmethod
    def together(cls, parts: list[Scores]) -> Scores:
        """All parts as one, by mark and name."""
        if not parts:
            nothing = np.zeros(0, np.int64)
            return cls(nothing, nothing, np.zeros(0), nothing > 0, nothing)
        whole = [np.concatenate([getattr(part, what) for part in parts]) for what in cls.__slots__]
        order = np.lexsort((whole[1], whole[0]))
        return cls(*(column[order] for column in whole))


class Formula:
    """The joined score. `numbers`: a row for each of `features.NAMES`."""

    def __init__(self, by_name: tuple[float, ...], constant: float) -> None:
        self.single = by_name[: len(NAMES) + 1]
        self.pairs = list(zip(_PAIRS, by_name[len(NAMES) + 1 :], strict=True))
        self.constant = constant
        self._one, self._other = ([pair[at] for pair, _weight in self.pairs] for at in (0, 1))
        self._product = np.array([weight for _pair, weight in self.pairs])[:, None]
        self._compiled: tuple[Frequencies, object] | None = None

    def joined(self, numbers: Floats) -> Floats:
        """The score of each pair, before the noise of the mark is taken off."""
        strongest = numbers[[AT[name] for name in _STRONGEST_OF]].max(axis=0)
        rows = np.concatenate([numbers, strongest[None]])
        products = rows[self._one] * rows[self._other] * self._product
        single = rows * np.array(self.single)[:, None]
        start = np.full((1, numbers.shape[1]), self.constant)
        # One after the other, as for one pair: other orders round otherwise.
        total: Floats = np.cumsum(np.concatenate([start, single, products]), axis=0)[-1]
        return total

    def compiled(self, counts: Frequencies) -> object:
        """The rule with these weights, for `compiled.near` and `compiled.measured`."""
        if self._compiled is None or self._compiled[0] is not counts:
            products = [(one, other, weight) for (one, other), weight in self.pairs]
            self._compiled = counts, compiled.rule(counts, self.single, products, self.constant)
        return self._compiled[1]
