"""Strings as arrays, and what is asked of them by the million: letters in common, groups, parts. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]
Codes = NDArray[np.uint64]

_HASH = np.uint64(0x9E3779B97F4A7C15)
_LETTERS = 128


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
        start, end = self.start[rows].tolist(), self.start[rows + 1].tolist()
        if len(rows) * 20 > len(self):
            text = self.sign.tobytes().decode("latin-1")  # one letter a byte, so that places stay
            if text.isascii():
                return [text[a:b] for a, b in zip(start, end, strict=True)]
        return [
            self.sign[a:b].tobytes().decode("utf-8", "surrogatepass") for a, b in zip(start, end, strict=True)
        ]


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
    for at in range(int(size.max(initial=0))):
        longer = np.flatnonzero(size > at)
        out[longer] = out[longer] * _HASH + signs[start[longer] + at] + np.uint64(1)
    return out


def windows(texts: Sequence[str], sizes: range, among: Codes) -> tuple[Ints, Codes]:
    """(text, hash): whatever of some sizes stands in a text and is among known hashes, which ascend."""
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
        if size in sizes and len(among):
            at = np.searchsorted(among, rolled)
            at[at == len(among)] = 0
            known = np.flatnonzero(among[at] == rolled)
            rows.append(row[place[known]])
            found.append(rolled[known])
    return np.concatenate(rows), np.concatenate(found)


def inside(parts: Sequence[str], texts: Sequence[str]) -> tuple[Ints, Ints]:
    """(which part, which text) wherever a part stands in a text, each pair once."""
    if not len(parts) or not len(texts):
        return np.zeros(0, np.int64), np.zeros(0, np.int64)
    size = lengths(parts)
    wanted = hashes(parts)
    signs, start = codes(texts)
    row = np.repeat(np.arange(len(texts)), np.diff(start))
    rolled = np.zeros(len(signs), np.uint64)
    found: list[Ints] = []
    for length in range(1, min(int(size.max()), len(signs)) + 1):
        rolled = rolled[: len(signs) - length + 1] * _HASH + signs[length - 1 :] + np.uint64(1)
        own = np.flatnonzero(size == length)
        if not len(own):
            continue
        own = own[np.argsort(wanted[own], kind="stable")]
        among = wanted[own]
        at = np.searchsorted(among, rolled)
        at[at == len(among)] = 0
        # A window over the end of a text holds the sign of its end, and no part does.
        place = np.flatnonzero(among[at] == rolled)
        # Parts of one text follow each other.
        last = np.searchsorted(among, rolled[place], side="right")
        for step in range(int((last - at[place]).max(initial=0))):
            more = at[place] + step < last
            found.append(own[at[place][more] + step] * len(texts) + row[place][more])
    both = np.unique(np.concatenate(found)) if found else np.zeros(0, np.int64)
    return both // len(texts), both % len(texts)


class Letters:
    """Which letters and digits each text holds, to tell at once that two texts cannot have much in common."""

    def __init__(self, strings: Strings) -> None:
        self.size = np.diff(strings.start).astype(np.int16)
        bit = np.left_shift(np.uint64(1), (strings.sign % 64).astype(np.uint64))
        self.held = np.zeros(len(strings), np.uint64)
        full = np.flatnonzero(self.size)
        if len(full):
            self.held[full] = np.bitwise_or.reduceat(bit, strings.start[:-1][full])
        # How many stand there more than once.
        self.again = self.size - np.bitwise_count(self.held).astype(np.int16)


def may_share(one: Letters, row: Ints, other: Letters, column: Ints) -> Bools:
    """Whether two texts could be more than 0.6 alike or one stand in the other; False only if neither."""
    mine, theirs = one.held[row], other.held[column]
    size, other_size = one.size[row], other.size[column]
    most = np.bitwise_count(mine & theirs) + np.minimum(one.again[row], other.again[column])
    small = np.minimum(size, other_size)
    inside = np.where(size <= other_size, mine & ~theirs, theirs & ~mine) == 0
    out: Bools = inside | (10 * np.minimum(most, small) > 3 * (size + other_size))
    return out


class Patterns:
    """ASCII texts of at most 64 letters, each ready to be laid beside many others."""

    def __init__(self, texts: Sequence[str]) -> None:
        longest = max(map(len, texts), default=0)
        self.kind: Any = np.uint16 if longest <= 16 else np.uint32 if longest <= 32 else np.uint64
        self.size = lengths(texts)
        self._table = np.zeros(len(texts) * _LETTERS, self.kind)
        letters = np.frombuffer("".join(texts).encode("ascii"), np.uint8)
        row = np.repeat(np.arange(len(texts)), self.size)
        at = np.arange(len(letters)) - (np.cumsum(self.size) - self.size)[row]
        bit = np.left_shift(self.kind(1), at.astype(self.kind))
        np.bitwise_or.at(self._table, row * _LETTERS + letters, bit)

    def common(self, row: Ints, others: Strings, other: Ints) -> Ints:
        """The length of the longest common subsequence of text `row` and text `other` of `others`, for all.

        Hyyrö's bit-parallel algorithm over all pairs at once, letter by letter of the others.
        """
        start = others.start[other]
        size = (others.start[other + 1] - start).astype(np.uint8)
        order = np.argsort(size, kind="stable")
        size, start, base = size[order], start[order], row[order] * _LETTERS
        state: NDArray[np.uint64] = np.full(len(row), np.iinfo(self.kind).max, self.kind)
        cuts = np.searchsorted(size, np.arange(int(size[-1]) if len(size) else 0), side="right").tolist()
        for at, cut in enumerate(cuts):
            letter = others.sign.take(start[cut:] + at)
            seen: Any = self._table.take(base[cut:] + letter)
            now = state[cut:]
            seen &= now
            plus = now + seen
            now -= seen
            now |= plus
        out = np.empty(len(row), np.int64)
        out[order] = np.bitwise_count(~state)
        return out


def alike(distance: NDArray[Any], total: NDArray[Any]) -> Floats:
    """The likeness of texts from their distance and the sum of their lengths, as rapidfuzz has it."""
    out: Floats = 1.0 - distance / np.maximum(total, 1)
    return out
