"""Strings as arrays, and what is asked of them by the million: groups, parts. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]
Codes = NDArray[np.uint64]

_HASH = np.uint64(0x9E3779B97F4A7C15)
# Texts are gone through sign by sign, all of them at once; beyond this they are few, and taken one by one.
_LONG = 64


@dataclass(slots=True, frozen=True)
class Strings:
    """Many short texts in one array of bytes (ASCII, or UTF-8 for `raw` texts)."""

    sign: NDArray[np.uint8]
    start: NDArray[np.int32]  # one more than there are texts

    @classmethod
    def of(cls, texts: Sequence[str]) -> Strings:
        parts = [text.encode("utf-8", "surrogatepass") for text in texts]
        start = np.zeros(len(parts) + 1, np.int32)
        np.cumsum([len(part) for part in parts], out=start[1:])
        return cls(np.frombuffer(b"".join(parts), np.uint8), start)

    def __len__(self) -> int:
        return len(self.start) - 1

    def __getitem__(self, at: int) -> str:
        part = self.sign[self.start[at] : self.start[at + 1]]
        return part.tobytes().decode("utf-8", "surrogatepass")

    def of_rows(self, rows: Ints) -> list[str]:
        start = self.start.take(rows)
        size = (self.start.take(rows + 1) - start).astype(np.int64)
        held = self.sign.take(spread(start.astype(np.int64), size)).tobytes()
        end = np.cumsum(size)
        edges = zip((end - size).tolist(), end.tolist(), strict=True)
        if held.isascii():
            text = held.decode("ascii")
            return [text[a:b] for a, b in edges]
        return [held[a:b].decode("utf-8", "surrogatepass") for a, b in edges]


def spread(start: Ints, count: Ints) -> Ints:
    """start[0], start[0] + 1, … (count[0] of them), start[1], …"""
    before: Ints = np.cumsum(count) - count
    out: Ints = np.arange(int(count.sum())) + np.repeat(start - before, count)
    return out


def lengths(texts: Sequence[str]) -> Ints:
    return np.array([len(text) for text in texts], np.int64)


def codes(texts: Sequence[str], before: str = "", after: str = "\n") -> tuple[Codes, Ints]:
    """(the characters of all texts in one array, where each text starts)."""
    text = "".join(f"{before}{one}{after}" for one in texts)
    signs = np.frombuffer(text.encode("utf-32-le", "surrogatepass"), np.uint32).astype(np.uint64)
    start = np.zeros(len(texts) + 1, np.int64)
    np.cumsum(lengths(texts) + (len(before) + len(after)), out=start[1:])
    return signs, start


def groups(texts: Sequence[str]) -> tuple[Ints, Codes]:
    """(text, group): the different groups of three letters, with two spaces before a text and one after.

    A group is one number: three characters of 21 bits. A text without letters has its one group of spaces.
    """
    signs, start = codes(texts, "  ", " \n")
    if not len(texts):
        return np.zeros(0, np.int64), np.zeros(0, np.uint64)
    group = signs[:-2] << np.uint64(42) | signs[1:-1] << np.uint64(21) | signs[2:]
    row = np.repeat(np.arange(len(texts)), np.diff(start))[: len(group)]
    inside_text = np.arange(3, len(group) + 3) < start[1:][row]  # what reaches over the end of a text is none
    group, row = group[inside_text], row[inside_text]
    order = np.lexsort((group, row))
    group, row = group[order], row[order]
    new = np.ones(len(group), bool)
    new[1:] = (group[1:] != group[:-1]) | (row[1:] != row[:-1])
    return row[new], group[new]


def hashes(texts: Sequence[str]) -> Codes:
    """A number of 64 bits for each text; by chance two texts of a million have the same once in 10⁷ times."""
    signs, start = codes(texts, after="")
    out = np.zeros(len(texts), np.uint64)
    size = np.diff(start)
    for at in range(min(int(size.max(initial=0)), _LONG)):
        longer = np.flatnonzero(size > at)
        out[longer] = out[longer] * _HASH + signs[start[longer] + at] + np.uint64(1)
    for row in np.flatnonzero(size > _LONG).tolist():  # the same, all signs of a long text at once
        rest = signs[start[row] + _LONG : start[row + 1]]
        powers = np.cumprod(np.append(np.uint64(1), np.full(len(rest), _HASH)))
        one = out[row : row + 1]  # an array: numpy says of a single number that it ran over
        one *= powers[-1:]
        one += ((rest + np.uint64(1)) * powers[-2::-1]).sum()
    return out


def windows(texts: Sequence[str], sizes: range) -> tuple[Ints, Codes]:
    """(text, hash), by text: whatever of some sizes stands in a text."""
    signs, start = codes(texts)
    row = np.repeat(np.arange(len(texts)), np.diff(start))
    left = start[1:][row] - 1 - np.arange(len(signs))  # signs up to the end of the text
    place = np.flatnonzero(left > 0)
    rolled = np.zeros(len(place), np.uint64)
    rows, found = [np.zeros(0, np.int64)], [np.zeros(0, np.uint64)]
    for size in range(1, sizes.stop):
        longer = left[place] >= size
        place, rolled = place[longer], rolled[longer]
        rolled = rolled * _HASH + signs[place + size - 1] + np.uint64(1)
        if size in sizes:
            rows.append(row[place])
            found.append(rolled)
    at = np.concatenate(rows)
    order = np.argsort(at, kind="stable")
    return at[order], np.concatenate(found)[order]
