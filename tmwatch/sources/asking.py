"""A filing's number as the question that a source understands."""

from __future__ import annotations

from tmwatch.errors import UsageError
from tmwatch.numbers import MarkNumber, show_number
from tmwatch.sources.base import Declaration, RecordQuery


def record_query(declaration: Declaration, number: MarkNumber) -> RecordQuery:
    """A register knows its own numbers; a source of many needs the office too, so it gets the ST.13 form.

    Raises `UsageError` for a number of which that cannot be told.
    """
    if not declaration.offices:
        return RecordQuery((number.number,), number.kind)
    if number.st13 is None:
        raise UsageError(
            f"it is asked by ST.13 identifier, which cannot be told from {show_number(number)}",
            where=declaration.id,
            do="Write the application number, or the ST.13 identifier itself.",
        )
    return RecordQuery((number.st13,))
