"""What a whole process costs: CPU (user and system) and peak memory, from the operating system."""

from __future__ import annotations

import contextlib
import os
import subprocess
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from tests.conftest import ROOT


@dataclass(frozen=True)
class Spent:
    """CPU in seconds, peak resident memory in MB, exit code."""

    cpu: float
    rss: float
    code: int


def spent(command: Sequence[str], folder: Path, env: dict[str, str] | None = None) -> Spent:
    """Run it to its end; what it prints goes to `out.txt` and `err.txt` in `folder`."""
    whole = {**os.environ, "PYTHONPATH": str(ROOT), **(env or {})}
    with (folder / "out.txt").open("wb") as out, (folder / "err.txt").open("wb") as err:
        child = subprocess.Popen(command, cwd=folder, env=whole, stdout=out, stderr=err)
        _, status, usage = os.wait4(child.pid, 0)
        child.returncode = os.waitstatus_to_exitcode(status)
    return Spent(usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024, child.returncode)


@contextlib.contextmanager
def serving(count: int, size: int) -> Iterator[str]:
    """The address of a register on loopback, in a process of its own."""
    command = [sys.executable, "-m", "tests.benchmarks.serving", str(count), str(size)]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE) as child:
        try:
            assert child.stdout is not None
            yield f"http://127.0.0.1:{int(child.stdout.readline())}"
        finally:
            child.kill()
