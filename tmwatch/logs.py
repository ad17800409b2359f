"""The log of a run: structured, one JSON object a line with the run's id; quiet unless somebody wants it.

What writes the lines (structlog) is loaded with the first line that is wanted: most runs write none, and to
load it is a fifth of the start of a check.
"""

from __future__ import annotations

import contextlib
import contextvars
import functools
import json
import logging
import sys
from typing import Any

_run: contextvars.ContextVar[str] = contextvars.ContextVar("tmwatch_run", default="")
_level = [logging.WARNING]


class Log:
    """What modules write to."""

    def info(self, event: str, **values: Any) -> None:
        """For whoever follows a run (`-v`)."""
        if _level[0] <= logging.INFO:
            _logger().info(event, **values)


class _Stderr:
    """Today's stderr. A log that lies on a full disk must not end the run that writes it."""

    def write(self, text: str) -> None:
        with contextlib.suppress(OSError):
            sys.stderr.write(text)

    def flush(self) -> None:
        with contextlib.suppress(OSError):
            sys.stderr.flush()


def set_up(verbose: int) -> None:
    """From `warning` up; `-v` from `info`, `-vv` everything."""
    _level[0] = (logging.WARNING, logging.INFO, logging.DEBUG)[min(verbose, 2)]
    _run.set("")


def set_run(run: str) -> None:
    """Every line from now on carries this run id."""
    _run.set(run)


@functools.cache
def _logger() -> Any:
    import structlog

    return structlog.wrap_logger(
        structlog.PrintLogger(_Stderr()),  # type: ignore[arg-type]
        processors=[
            _with_run,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.format_exc_info,
            structlog.processors.JSONRenderer(serializer=_dump),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(logging.DEBUG),
    )


def _with_run(_: Any, __: str, said: Any) -> Any:
    if run := _run.get():
        said["run"] = run
    return said


def _dump(value: Any, **_: Any) -> str:
    # ASCII only: nothing that a page says can move the cursor of whoever reads the log.
    return json.dumps(value, ensure_ascii=True, default=str)
