"""Structured logs on stderr, one JSON object a line with the run's id; quiet unless something is wrong."""

from __future__ import annotations

import contextlib
import json
import logging
import sys
from typing import Any

import structlog


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
    level = (logging.WARNING, logging.INFO, logging.DEBUG)[min(verbose, 2)]
    structlog.reset_defaults()
    structlog.contextvars.clear_contextvars()
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.JSONRenderer(serializer=_dump),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(level),
        logger_factory=structlog.PrintLoggerFactory(_Stderr()),  # type: ignore[arg-type]
        cache_logger_on_first_use=False,
    )


def set_run(run: str) -> None:
    """Every line from now on carries this run id."""
    structlog.contextvars.bind_contextvars(run=run)


def _dump(value: Any, **_: Any) -> str:
    # ASCII only: nothing that a page says can move the cursor of whoever reads the log.
    return json.dumps(value, ensure_ascii=True, default=str)
