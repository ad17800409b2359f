"""The command line: one module per group of commands. It prints, it never decides.

Take it away and everything still works from Python: what a command does stands in the packages below.
"""

from __future__ import annotations

import gc
from collections.abc import Sequence


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command and return its exit code. No error a user can cause shows a traceback."""
    if argv is None:
        # The process is ours. What it imports stays until its end: to look for garbage meanwhile is a sixth
        # of the start. `app.Command` begins with it.
        gc.disable()
    from tmwatch.cli.running import run

    return run(argv)


__all__ = ["main"]
