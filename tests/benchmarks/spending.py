"""What a whole process costs: CPU (user and system) and peak memory, from the operating system.

Between us and the command stands a small process that waits for it: the peak that the system counts for a
child begins at what its parent held when it was started, and we hold more than what is measured. What is
measured is compiled already, as pip leaves it: `PYTHONDONTWRITEBYTECODE` of ours is not handed on.
"""

from __future__ import annotations

import contextlib
import json
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


_WAITER = """
import json, os, sys
child = os.posix_spawnp(sys.argv[2], sys.argv[2:], os.environ)
_, status, usage = os.wait4(child, 0)
with open(sys.argv[1], "w") as file:
    json.dump([usage.ru_utime + usage.ru_stime, usage.ru_maxrss, os.waitstatus_to_exitcode(status)], file)
"""


def spent(command: Sequence[str], folder: Path, env: dict[str, str] | None = None) -> Spent:
    """Run it to its end; what it prints goes to `out.txt` and `err.txt` in `folder`."""
    whole = {**os.environ, "PYTHONPATH": str(ROOT), **(env or {})}
    whole.pop("PYTHONDONTWRITEBYTECODE", None)
    told = folder / "spent.json"
    with (folder / "out.txt").open("wb") as out, (folder / "err.txt").open("wb") as err:
        waiter = [sys.executable, "-I", "-S", "-c", _WAITER, str(told), *command]
        subprocess.run(waiter, cwd=folder, env=whole, stdout=out, stderr=err, check=True)
    cpu, kilobytes, code = json.loads(told.read_text())
    return Spent(cpu, kilobytes / 1024, code)


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
