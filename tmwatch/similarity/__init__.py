"""How near two names are, with the reason in words. Pure: knows the normal forms of `text` and nobody above.

    score("SEIKO", "SEYCOS")       a number, higher is nearer, comparable over marks
    compare("SEIKO", "SEYCOS")     Likeness: score, level 1 (near identical) to 4 (distant), reasons
    hits(marks, names)             all hits of batches, the same however they are parted
    index.Index                    a register's names, kept on disk and searched
    nearest(marks, filings)        marks with their twins and other forms against filings of several names
    touch({12}, {9, 39})           whether the goods touch; never mixed into the score of the names

What it does, how good it is and what it misses stands in README.md of this folder.
"""

from __future__ import annotations

from tmwatch.similarity.freq import ClassCounts, count_classes
from tmwatch.similarity.goods import Touch, touch
from tmwatch.similarity.hits import Hit, hits, hits_on_cores
from tmwatch.similarity.score import NOTHING, Likeness, NoiseMemory, Scorer, score, score_many, scorer
from tmwatch.similarity.watched import Near, WatchedMark, nearest


def compare(watched: str, candidate: str) -> Likeness:
    """How near `candidate` is to the watched mark, by everything that comes with tmwatch."""
    return scorer().compare(watched, candidate)


__all__ = [
    "NOTHING",
    "ClassCounts",
    "Hit",
    "Likeness",
    "Near",
    "NoiseMemory",
    "Scorer",
    "Touch",
    "WatchedMark",
    "compare",
    "count_classes",
    "hits",
    "hits_on_cores",
    "nearest",
    "score",
    "score_many",
    "scorer",
    "touch",
]
