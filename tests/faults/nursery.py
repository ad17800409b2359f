"""A process that has tmwatch loaded and forks a child for each command: no interpreter start for each death.

Started by `killer.Killer` with the shim preloaded; one JSON object a line comes in, one goes out. It has no
thread and no database of its own when it forks, so a child starts as clean as a process of its own.
"""

from __future__ import annotations

import contextlib
import ctypes
import faulthandler
import gc
import importlib
import json
import os
import pkgutil
import resource
import signal
import sqlite3
import sys
import tempfile
from pathlib import Path
from typing import Any, TextIO

PATIENCE = 60  # seconds; a child that hangs is a failure too, and is told apart from a death


def load() -> None:
    """Everything a command may import late, so that a child imports nothing."""
    # rapidfuzz loads numpy, and its algebra would start a thread.
    os.environ["OPENBLAS_NUM_THREADS"] = "1"
    import tmwatch
    from tmwatch.alerts import mail
    from tmwatch.cli import main
    from tmwatch.sources.registry import all_sources

    for module in pkgutil.walk_packages(tmwatch.__path__, "tmwatch."):
        if module.name != "tmwatch.__main__" and not module.name.startswith("tmwatch.demo"):
            importlib.import_module(module.name)
    all_sources()
    # Read a page, as every child will: selectors and models are compiled once, here.
    with tempfile.TemporaryDirectory() as folder:
        page = Path(__file__).parents[2] / "fixtures/us.tsdr/registered-word-mark/page.html"
        assert main(["--db", f"{folder}/warm.db", "import", str(page)]) == 0
    templates = mail._environment()
    for name in templates.list_templates(extensions=["j2"]):
        templates.get_template(name)
    gc.collect()
    gc.freeze()  # or each child's first collection copies every page of memory


def label_statements(shim: Any) -> None:
    """Let each SQL statement leave a note in the log: a step is then known by the statement it belongs to."""

    def note(statement: str) -> None:
        shim.shim_note(" ".join(statement.split())[:160].encode())

    connect = sqlite3.connect

    def labelled(*args: Any, **options: Any) -> sqlite3.Connection:
        connection: sqlite3.Connection = connect(*args, **options)
        connection.set_trace_callback(note)
        return connection

    sqlite3.connect = labelled  # type: ignore[assignment]


def live(order: dict[str, Any]) -> int:
    """In the child: become the command that was ordered."""
    from tmwatch.cli import main

    os.setsid()
    signal.alarm(PATIENCE)
    for number, name in ((1, order["stdout"]), (2, order["stderr"])):
        os.dup2(os.open(name, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), number)
    faulthandler.dump_traceback_later(PATIENCE - 5, file=2)  # where it hangs, before it is ended
    os.chdir(order["cwd"])
    os.environ.update(order["env"])
    tempfile.tempdir = None
    if order["largest"]:
        resource.setrlimit(resource.RLIMIT_FSIZE, (order["largest"], order["largest"]))
    shim = ctypes.CDLL(None)
    if order["log"]:
        label_statements(shim)
    shim.shim_arm(
        order["mode"].encode(),
        ctypes.c_long(order["step"]),
        order["root"].encode(),
        order["log"].encode(),
        ctypes.c_long(order["clock"]),
    )
    code = main(order["argv"])
    shim.shim_arm(b"off", ctypes.c_long(-1), b"", b"", ctypes.c_long(0))
    for stream in (sys.stdout, sys.stderr):
        with contextlib.suppress(OSError):
            stream.flush()
    return code


def serve(orders: TextIO, answers: TextIO) -> None:
    """One child an order, one answer a child: its exit code, or the signal that killed it."""
    for line in orders:
        child = os.fork()
        if child == 0:
            code = 70
            try:
                code = live(json.loads(line))
            except BaseException:  # noqa: BLE001 - what escapes `main` must be seen by the test
                sys.excepthook(*sys.exc_info())
                sys.stderr.flush()
            finally:
                os._exit(code)
        _, status = os.waitpid(child, 0)
        answers.write(json.dumps({"code": os.waitstatus_to_exitcode(status)}) + "\n")
        answers.flush()


if __name__ == "__main__":
    kept = os.dup(1)
    os.dup2(2, 1)  # what loading prints is no answer
    load()
    with open(kept, "w") as said:  # noqa: PTH123 - a descriptor, not a path
        said.write(json.dumps({"threads": len(list(Path("/proc/self/task").iterdir()))}) + "\n")
        said.flush()
        serve(sys.stdin, said)
