"""Marks and registers of any size, always the same, with look-alikes of the marks strewn in."""

from __future__ import annotations

import random

import numpy as np

from tests.similarity.test_engine import variant
from tmwatch.similarity import scorer
from tmwatch.similarity.background import made_names


def names(number: int, seed: int) -> list[str]:
    """Names of one to four words: words as often as names hold them, and coined ones."""
    rng = np.random.default_rng(seed)
    counts = scorer().counts
    words = np.array(list(counts.words), object)
    often = np.array(list(counts.words.values()), float)
    coined = np.array([name for name in made_names(counts) if " " not in name], object)
    # Two syllables of different coined words make very many more.
    half = [name[: len(name) // 2] for name in coined], [name[len(name) // 2 :] for name in coined]
    size = rng.choice((1, 2, 3, 4), number, p=(0.42, 0.32, 0.16, 0.10))
    total = int(size.sum())
    common = words[rng.choice(len(words), total, p=often / often.sum())]
    first, second = (np.array(part, object)[rng.integers(0, len(coined), total)] for part in half)
    each = np.where(rng.random(total) < 0.45, first + second, common)
    ends = np.cumsum(size)
    return [
        " ".join(each[end - many : end]).upper()
        for end, many in zip(ends.tolist(), size.tolist(), strict=True)
    ]


def with_lookalikes(register: list[str], marks: list[str], share: float, seed: int) -> list[str]:
    rng = random.Random(seed)
    out = list(register)
    for at in rng.sample(range(len(out)), int(len(out) * share)):
        out[at] = variant(rng.choice(marks).casefold() or "x", rng).upper()
    return out
