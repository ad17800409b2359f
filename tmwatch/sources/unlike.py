"""What is wrong with the bytes of a page, as an error of the family of `Source.read`."""

from __future__ import annotations

from typing import NoReturn

from pydantic import ValidationError

from tmwatch.errors import LayoutChanged, LookError

# What a reader meets where something is of another kind than its format has there; anything else would be a
# fault of ours, and must be seen.
_OF_BYTES = (
    ValidationError,
    ValueError,
    TypeError,
    KeyError,
    AttributeError,
    RecursionError,
    OverflowError,
)


def told(error: Exception, where: str, what: str, *, again: str = "Save the file again") -> NoReturn:
    """Raise it as an error of the readers: `LayoutChanged` for whatever is odd in `what` ("the case"); one of
    theirs with the place and the advice that it lacks; any fault of ours as it is."""
    if isinstance(error, LookError):
        error.where = error.where or where
        error.do = error.do or f"{again}; if this stays so, please report it."
    elif isinstance(error, _OF_BYTES):
        raise LayoutChanged(
            f"{what} is not built as expected ({type(error).__name__}: {str(error)[:200]})",
            where=where,
            do="If this stays so, the office has changed its format: please report it with the file.",
        ) from error
    raise error
