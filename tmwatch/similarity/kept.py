"""Columns of names on disk: one file for a part of an index, read where it lies as it is needed.

A file is a line of JSON (what it was made with, and of each array its name, kind, length and place), the
arrays one after the other, each at a multiple of 64 bytes, and the CRC-32 of all that. It is written beside
and then put in its place, whole and on the disk, and never changed after: whoever changes it while it is
searched changes what is searched.
"""

from __future__ import annotations

import itertools
import json
import mmap
import os
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tmwatch.similarity.arrays import HELD, NAME_LISTS, WORD_LISTS, Columns, Holders, Lists, Words
from tmwatch.similarity.name import Name
from tmwatch.similarity.strings import Strings

# The first letters of a file; of another form another one.
_FORM = b"tmwatch names 8 "
_STEP = 64  # bytes: what any processor reads at once
_SUM = 4  # bytes of the CRC-32
_NUMBERS = (
    "bits", "most", "inside", "plain", "full", "foreign", "phrased", "group_count", "key_group_count",
    "reading_count",
)  # fmt: skip
_TEXTS = ("raw", "compact", "key", "bones", "reading")
_WORDS = ("bits", "inside", "text_code", "key_code")


class OtherTables(ValueError):
    """The file was made with other tables."""


def save(columns: Columns, path: Path, tables: str) -> None:
    """Writes the columns into a file, in the place of one that may be there. OSError where it cannot.

    `tables`: the fingerprint of what the names were made ready with (`Scorer.fingerprint`).
    """
    arrays = {what: np.ascontiguousarray(array) for what, array in _arrays(columns).items()}
    described, place = [], 0
    for what, array in arrays.items():
        described.append((what, array.dtype.str, len(array), place))
        place += _whole(array.nbytes)
    head = _FORM + json.dumps({"tables": tables, "arrays": described}).encode() + b"\n"
    beside = path.with_name(f"{path.name}.part")
    told = 0
    with beside.open("wb") as file:
        for data in itertools.chain([head], (array.tobytes() for array in arrays.values())):
            for piece in (data, bytes(_whole(len(data)) - len(data))):
                file.write(piece)
                told = zlib.crc32(piece, told)
        file.write(told.to_bytes(_SUM, "little"))
        file.flush()
        os.fsync(file.fileno())
    beside.replace(path)


def _whole(size: int) -> int:
    return -(-size // _STEP) * _STEP


def _arrays(columns: Columns) -> dict[str, NDArray[Any]]:
    """The arrays by name."""
    words = columns.words
    arrays: dict[str, NDArray[Any]] = {what: getattr(columns, what) for what in _NUMBERS}
    arrays |= {f"words.{what}": getattr(words, what) for what in _WORDS}
    texts = {what: getattr(columns, what) for what in _TEXTS}
    texts |= {"words.text": words.text, "words.key": words.key}
    for what, strings in texts.items():
        arrays |= {f"{what}.sign": strings.sign, f"{what}.start": strings.start}
    arrays |= {"word.start": columns.word.start, "word.item": columns.word.item}
    arrays |= {f"lists.{what}": columns.lists[what] for what in NAME_LISTS}
    arrays |= {f"words.lists.{what}": words.lists[what] for what in WORD_LISTS}
    for what, held in columns.by.items():
        arrays |= {f"{what}.{one}": getattr(held, one) for one in ("code", "start", "row")}
    return arrays


def _mapped(path: Path, tables: str) -> tuple[mmap.mmap, dict[str, NDArray[Any]]]:
    """The file in memory as far as it is asked for, and its arrays."""
    with path.open("rb") as file:
        if os.fstat(file.fileno()).st_size <= _SUM:
            raise ValueError(f"{path} is damaged: it is empty")
        mapped = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
    end = len(mapped) - _SUM
    with memoryview(mapped) as whole, whole[:end] as body:
        if zlib.crc32(body) != int.from_bytes(whole[end:], "little"):
            raise ValueError(f"{path} is damaged: it is not what was written")
    if mapped[: len(_FORM)] != _FORM:
        raise OtherTables(f"{path} is of another form")
    line = mapped.find(b"\n")
    head = json.loads(mapped[len(_FORM) : line])
    if head["tables"] != tables:
        raise OtherTables(f"{path} was made with other tables")
    start = _whole(line + 1)
    arrays = {
        what: np.frombuffer(mapped, np.dtype(kind), size, start + place)
        for what, kind, size, place in head["arrays"]
    }
    if not all(array.dtype.isnative for array in arrays.values()):
        raise OtherTables(f"{path} was made on another kind of machine")
    return mapped, arrays


def load(path: Path, tables: str, make: Callable[[str], Name]) -> Columns:
    """Columns that were saved.

    OSError where there is no such file, `OtherTables` where it was made with others than `tables`, ValueError
    where it is damaged. All of it is read once, to know that it is whole.
    """
    columns, words = Columns.__new__(Columns), Words.__new__(Words)
    columns.mapped, arrays = _mapped(path, tables)
    columns._names, columns._make, columns._known = (), make, {}
    try:
        _take(columns, words, arrays)
    except KeyError as missing:  # another tmwatch wrote it, whose columns were others
        raise OtherTables(f"{path} is of another form: it holds no {missing}") from None
    return columns


def _take(columns: Columns, words: Words, arrays: dict[str, NDArray[Any]]) -> None:
    """Puts the arrays in their places. KeyError where one is missing."""

    def strings(what: str) -> Strings:
        return Strings(arrays[f"{what}.sign"], arrays[f"{what}.start"])

    words.text, words.key = strings("words.text"), strings("words.key")
    for what in _WORDS:
        setattr(words, what, arrays[f"words.{what}"])
    words.lists = {what: arrays[f"words.lists.{what}"] for what in WORD_LISTS}
    columns.lists = {what: arrays[f"lists.{what}"] for what in NAME_LISTS}
    columns.words, columns.word = words, Lists(arrays["word.start"], arrays["word.item"])
    for what in _NUMBERS:
        setattr(columns, what, arrays[what])
    for what in _TEXTS:
        setattr(columns, what, strings(what))
    columns.by = {
        what: Holders(arrays[f"{what}.code"], arrays[f"{what}.start"], arrays[f"{what}.row"]) for what in HELD
    }


def let_go(columns: Columns) -> None:
    """Gives back the memory that what was read of a file takes; what is asked for again is read again."""
    columns.__dict__.pop("side", None)
    columns._known.clear()
    if columns.mapped is not None and hasattr(mmap, "MADV_DONTNEED"):
        columns.mapped.madvise(mmap.MADV_DONTNEED)
