"""What is behind an error of `requests`, `urllib3` and the socket below, each of which wraps the next."""

from __future__ import annotations

_MOST = 20


def causes(error: BaseException) -> list[BaseException]:
    """The error, and what it came of, wherever that hangs: cause, context, reason, arguments; at most 20."""
    found: list[BaseException] = []
    todo: list[object] = [error]
    while todo and len(found) < _MOST:
        one = todo.pop()
        if isinstance(one, BaseException) and all(one is not other for other in found):
            found.append(one)
            todo += [one.__cause__, one.__context__, getattr(one, "reason", None), *one.args]
    return found
