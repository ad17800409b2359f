from collections.abc import Mapping, Sequence
from typing import Any

def side(arrays: Mapping[str, Any], /) -> object: ...
def rule(
    numbers: Mapping[str, float],
    weights: Sequence[float],
    products: Sequence[tuple[float, float, float]],
    known: Any,
    /,
) -> object: ...
def near(
    rule: object,
    marks: object,
    names: object,
    held: tuple[tuple[Any, ...], ...],
    rows: Any,
    least: Any,
    level: int,
    /,
) -> tuple[bytes, bytes, bytes, bytes, bytes, bytes]: ...
def measured(
    rule: object, marks: object, names: object, mark: Any, name: Any, /
) -> tuple[bytes, bytes, bytes, bytes, bytes, bytes, bytes]: ...
def parts(names: object, wanted: Any, codes: Any, shortest: int, longest: int, /) -> tuple[bytes, bytes]: ...
def standing(names: object, word: bytes, groups: Any, starts: Any, rows: Any, /) -> bytes: ...
