"""The rule of `features.py`, `batch.py` and `formula.py` in C (`c/`), for millions of pairs. Pure.

It is built where a C compiler and Python's headers are there when tmwatch is installed; elsewhere `READY` is
False and pairs are measured one by one in Python, with the same results, some twenty times slower.

Pairs of plain names alone (`arrays.Columns.plain`: Latin letters and digits, of an ordinary length). Every
number that the rule is made of is handed over from where it stands in Python, and stands nowhere twice.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from tmwatch.similarity import batch, features, freq, levels
from tmwatch.similarity.features import Match
from tmwatch.similarity.strings import Bools, Codes, Floats, Ints, hashes

if TYPE_CHECKING:
    from tmwatch.similarity.arrays import Columns
    from tmwatch.similarity.name import Name, Word

try:
    from tmwatch.similarity import _pairs
except ImportError:  # no compiler where tmwatch was installed
    READY = False
else:
    READY = not os.environ.get("TMWATCH_PLAIN_PYTHON")

# What two names have in common, and how it is handed over: counted, or as a bit of what they share.
COUNTED = {"groups": 0, "key_groups": 1, "reading_groups": 2}
RELATED = 3
SHARED, MEANT, JOINED, PHRASED = 1, 2, 4, 8
# The ways of `features.Match.how` by their numbers.
_HOW = (features.SIGHT, features.SOUND, features.SENSE, features.PART)
_NUMBERS = len(features.NAMES) + 1
# Pairs that are measured in one go: what is made of them is small, and soon let go.
_AT_ONCE = 1_000

_TEXTS = ("compact", "key", "bones")
_OF_NAMES = (
    "bits", "most", "inside", "plain", "full", "foreign", "group_count", "key_group_count", "reading_count",
)  # fmt: skip
_OF_WORDS = ("text_code", "key_code", "bits", "inside")


def side(columns: Columns) -> object:
    """Names in columns as the compiled rule takes them. ValueError where an array is damaged."""
    return _pairs.side(arrays(columns))


def arrays(columns: Columns) -> dict[str, NDArray[Any]]:
    """The arrays of names in columns, by the names that `c/module.c` has for them."""
    words = columns.words
    found: dict[str, Any] = {what: getattr(columns, what) for what in _OF_NAMES} | columns.lists
    found |= {f"words.{what}": getattr(words, what) for what in _OF_WORDS}
    found |= {f"words.{what}": array for what, array in words.lists.items()}
    texts = [(what, getattr(columns, what)) for what in _TEXTS]
    for what, strings in (*texts, ("words.text", words.text), ("words.key", words.key)):
        found |= {f"{what}.start": strings.start, f"{what}.sign": strings.sign}
    found |= {"word.start": columns.word.start, "word.item": columns.word.item}
    return {what: np.ascontiguousarray(array) for what, array in found.items()}


def rule(
    counts: freq.Frequencies,
    single: Sequence[float],
    products: Sequence[tuple[int, int, float]],
    constant: float,
) -> object:
    """The rule with the weights of `formula.Formula`, and the words of these counts that make compounds."""
    if "known" not in counts.kept:
        often = [word for word, names in counts.words.items() if names >= freq.COMPOUND_NAMES]
        counts.kept["known"] = np.sort(hashes(often))
    numbers = {
        "share": batch.SHARE + 1,
        "least_letters": batch.LETTERS,
        "least_sound": batch.SOUND,
        "sight": batch.SIGHT,
        "hearing": batch.HEARING,
        "alike_from": features.ALIKE_FROM,
        "shape_line": features.SHAPE_LINE,
        "heard": features.HEARD,
        "sense_worth": features.SENSE_WORTH,
        "part_sense_worth": features.PART_SENSE_WORTH,
        "parts_worth": features.PARTS_WORTH,
        "part_only": features.INSIDE_WORTH,
        "edge_worth": features.EDGE_WORTH,
        "compound_worth": freq.COMPOUND_WORTH,
        "little_alike": features.JOINED_BELOW,
        "weak_inside": features.WEAK_INSIDE,
        "most_bits": freq.MOST_BITS,
        "many_bits": features.MANY_BITS,
        "longest": features.LONGEST,
        "shortest_mark": features.SHORT,
        "constant": constant,
        "little": features.LITTLE,
        "weak": levels.WEAK,
        "covered": levels.COVERED,
        "lost": levels.LOST,
        "changed": levels.CHANGED,
        "letters_in_spite": levels.LETTERS_IN_SPITE,
        "letters_beside_part": levels.LETTERS_BESIDE_PART,
        "letters_alone": levels.LETTERS_ALONE,
        "few_letters": levels.FEW_LETTERS,
    }
    return _pairs.rule(numbers, [float(weight) for weight in single], list(products), counts.kept["known"])


Held = tuple[int, int, Ints, Codes, Codes, Ints, NDArray[np.int32]]


def near(
    one: object,
    marks: Columns,
    names: Columns,
    held: tuple[Held, ...],
    rows: Ints,
    least: Floats,
    level: int,
) -> tuple[Ints, Ints, Floats, NDArray[np.uint8], Ints, Ints]:
    """(mark, name, score, flags) of the pairs that reach `least` of their mark and may be of `level` or
    nearer, and the pairs that the rule itself has to be asked about: whose names are not plain, or may mean
    in several words what the other says. Flags: 1 the same letters, and twice the nearest level
    (`levels.nearest`).

    `held`: (kind, bit, edges by mark, codes of what the marks hold; codes of what the names hold, ascending,
    edges, rows of names). `rows`: the marks asked for, plain ones.
    """
    found = _pairs.near(one, marks.side, names.side, held, rows, least, level)
    kinds = (np.int64, np.int64, np.float64, np.uint8, np.int64, np.int64)
    mark, name, score, flags, apart, beside = (
        np.frombuffer(column, kind) for column, kind in zip(found, kinds, strict=True)
    )
    return mark, name, score, flags, apart, beside


def parts(names: Columns, wanted: Bools, code: Codes, sizes: range) -> tuple[Ints, Codes]:
    """(row, code) by row wherever a word of one of these hashes stands in the letters of a wanted name.

    The hashes ascend and are of words of so many letters; wanted names are in ASCII letters.
    """
    found = _pairs.parts(names.side, wanted, code, sizes.start, sizes.stop - 1)
    row, which = (np.frombuffer(held, np.int64) for held in found)
    return row, code[which]


def standing(names: Columns, part: str) -> Ints:
    """The rows of names in whose letters a word of two ASCII letters or more stands, ascending."""
    groups = names.by["groups"]
    found = _pairs.standing(names.side, part.encode("ascii"), groups.code, groups.start, groups.row)
    return np.frombuffer(found, np.int64)


# Of a match: the places of the two words, how they are alike, and how much.
Told = tuple[int, int, int, float, float]


def measured(
    one: object,
    marks: Columns,
    names: Columns,
    mark: Ints,
    name: Ints,
    wanted: Sequence[str] = features.NAMES,
) -> Iterator[tuple[dict[str, float], list[Told]]]:
    """`features.measure` of pairs of plain names, by their places: of each the numbers that are wanted, by
    name, and its matches, for `match`."""
    rows = [features.NAMES.index(what) for what in wanted]
    for at in range(0, len(mark), _AT_ONCE):
        found = _pairs.measured(
            one, marks.side, names.side, mark[at : at + _AT_ONCE], name[at : at + _AT_ONCE]
        )
        kinds = (np.float64, np.int64, np.int32, np.int32, np.int32, np.float64, np.float64)
        number, end, *columns = (np.frombuffer(held, kind) for held, kind in zip(found, kinds, strict=True))
        matches = list(zip(*(column.tolist() for column in columns), strict=True))
        start = 0
        for numbers, last in zip(number.reshape(-1, _NUMBERS)[:, rows].tolist(), end.tolist(), strict=True):
            yield dict(zip(wanted, numbers, strict=True)), matches[start:last]
            start = last


def match(one: Name, other: Name, told: Told) -> Match:
    """A match as `features.match_all` gives it."""
    first, second, how, alike, bits = told
    mine = one.words[first] if first >= 0 else _joined(one, first)
    theirs = other.words[second] if second >= 0 else _joined(other, second)
    return Match(mine, theirs, alike, bits, _HOW[how])


def _joined(name: Name, at: int) -> Word:
    return list(name.joined.values())[-1 - at]
