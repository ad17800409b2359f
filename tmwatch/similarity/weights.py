"""The learned weights of the joined score, and from which score a level holds (`data/name_weights.csv`)."""

from __future__ import annotations

import csv
import functools
from dataclasses import dataclass
from importlib.resources import files

from tmwatch.similarity.features import ALL_NAMES


@dataclass(frozen=True)
class Weights:
    """The learned weights by number of `features.ALL_NAMES`, and the scores from which a level holds."""

    by_name: tuple[float, ...]
    constant: float
    noise: float
    levels: tuple[float, float, float]


@functools.cache
def shipped_weights() -> Weights:
    """The weights that come with tmwatch."""
    text = files("tmwatch").joinpath("data/name_weights.csv").read_text(encoding="utf-8")
    table = {row["name"]: float(row["weight"]) for row in csv.DictReader(text.splitlines())}
    return Weights(
        tuple(table[name] for name in ALL_NAMES),
        table["constant"],
        table["noise"],
        (table["level 1"], table["level 2"], table["level 3"]),
    )
