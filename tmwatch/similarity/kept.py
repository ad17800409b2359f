"""Columns of names on disk: a file for each array, read where it lies as it is needed."""

from __future__ import annotations

import mmap
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tmwatch.similarity.arrays import HELD, NAME_LISTS, WORD_LISTS, Columns, Holders, Lists, Words
from tmwatch.similarity.name import Name
from tmwatch.similarity.strings import Bags, Strings

_NUMBERS = (
    "bits", "most", "inside", "plain", "full", "foreign", "group_count", "key_group_count", "reading_count",
)  # fmt: skip
_TEXTS = ("raw", "compact", "key", "bones")
_WORDS = ("bits", "inside", "text_code", "key_code")
_BAGS = ("size", "held", "again")


def save(columns: Columns, folder: Path) -> None:
    """Writes the columns into a folder. OSError where that cannot be done."""
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
    for what, side in (("names", columns), ("words", words)):
        for bag in side.BAGS:
            arrays |= {f"{what}.{bag}.{one}": getattr(getattr(side, bag), one) for one in _BAGS}
    for what, array in arrays.items():
        np.save(folder / f"{what}.npy", array)


def load(folder: Path, make: Callable[[str], Name]) -> Columns:
    """Columns that were saved. OSError where a file is not there, ValueError where it is damaged."""
    columns = Columns.__new__(Columns)
    columns.mapped, columns._known = [], {}

    def array(what: str) -> Any:
        path = folder / f"{what}.npy"
        try:
            mapped = np.load(path, mmap_mode="r")
        except ValueError:  # an empty array cannot be mapped
            return np.load(path)
        columns.mapped.append(mapped)
        return mapped.view(np.ndarray)

    def holders(what: str) -> Holders:
        return Holders(array(f"{what}.code"), array(f"{what}.start"), array(f"{what}.row"))

    def strings(what: str) -> Strings:
        return Strings(array(f"{what}.sign"), array(f"{what}.start"))

    words = Words.__new__(Words)
    columns._names, columns._make = (), make
    words.text, words.key = strings("words.text"), strings("words.key")
    for what in _WORDS:
        setattr(words, what, array(f"words.{what}"))
    for what, side in (("names", columns), ("words", words)):
        for bag in side.BAGS:
            setattr(side, bag, Bags(*(array(f"{what}.{bag}.{one}") for one in _BAGS)))
    words.lists = {what: array(f"words.lists.{what}") for what in WORD_LISTS}
    columns.lists = {what: array(f"lists.{what}") for what in NAME_LISTS}
    columns.words, columns.word = words, Lists(array("word.start"), array("word.item"))
    for what in _NUMBERS:
        setattr(columns, what, array(what))
    for what in _TEXTS:
        setattr(columns, what, strings(what))
    columns.by = {what: holders(what) for what in HELD}
    return columns


def let_pages_go(columns: Columns) -> None:
    """Gives back the memory that what was read of the files takes; what is asked for again is read again."""
    columns.__dict__.pop("side", None)
    for mapped in columns.mapped:
        held = mapped.base
        if isinstance(held, mmap.mmap) and hasattr(mmap, "MADV_DONTNEED"):
            held.madvise(mmap.MADV_DONTNEED)
