"""`tmwatch` in processes of their own that need not load it: each is forked from one that has loaded all.

    with Preloaded(["check"], folder, surroundings) as process: ...  # as subprocess.Popen, with text pipes
    with script("import sys; …", "word") as process: ...             # as `python -c`, with a pipe to stdin
    run_script("import sys; …", "word").stderr                       # to its end, as subprocess.run

To start an interpreter and import the program is nine tenths of the work of a short command. What is forked
is a process like any other, with its own id, locks, signals and death; that `python -m tmwatch` itself does
the same is for `test_sudden_death`, `test_daemon_dies` and the tests of the wheel and the demonstration.
"""

from __future__ import annotations

import atexit
import contextlib
import functools
import json
import os
import selectors
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import IO, Any

from tests.conftest import ROOT

PATIENCE = 240  # seconds; what hangs for longer is ended, and that is a failure


@functools.cache
def _parent() -> socket.socket:
    """One a session: the line to the process that forks the others."""
    ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    surroundings = {key: value for key, value in os.environ.items() if not key.startswith("TMWATCH_")}
    with theirs:
        process = subprocess.Popen(
            [sys.executable, "-m", "tests.faults.preloaded", str(theirs.fileno())],
            cwd=ROOT,
            env=surroundings,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,  # what loading prints is nobody's answer
            pass_fds=[theirs.fileno()],
        )

    def end() -> None:
        ours.close()
        process.communicate(timeout=30)

    atexit.register(end)
    return ours


class Preloaded:
    """A command line at work. What is asked of it has the names and meanings that `subprocess.Popen` has."""

    def __init__(self, words: Sequence[str], cwd: Path, env: Mapping[str, str]) -> None:
        """`words`: a command line of `tmwatch`, or "-c", a script and its words."""
        self.args = list(words)
        self.returncode: int | None = None
        self._line, theirs = socket.socketpair()
        (given, asked), (out, said), (err, complained) = os.pipe(), os.pipe(), os.pipe()
        order = json.dumps({"words": self.args, "cwd": str(cwd), "env": dict(env)}).encode()
        with theirs:
            socket.send_fds(_parent(), [order], [theirs.fileno(), given, said, complained])
        for end in (given, said, complained):
            os.close(end)
        self._said = self._line.makefile("r", encoding="ascii")
        self.stdin = open(asked, "w", encoding="utf-8")  # noqa: PTH123, SIM115 - pipes, held open
        self.stdout, self.stderr = (open(end, encoding="utf-8") for end in (out, err))  # noqa: PTH123, SIM115
        self.pid = int(self._said.readline())

    def poll(self) -> int | None:
        return self._ended(0)

    def wait(self, timeout: float | None = None) -> int:
        code = self._ended(timeout)
        if code is None:
            raise subprocess.TimeoutExpired(self.args, timeout or 0)
        return code

    def _ended(self, timeout: float | None) -> int | None:
        if self.returncode is None:
            with selectors.DefaultSelector() as selector:
                selector.register(self._line, selectors.EVENT_READ)
                if selector.select(timeout):
                    self.returncode = int(self._said.readline())
        return self.returncode

    def communicate(self, timeout: float | None = None) -> tuple[str, str]:
        """All that it said, when it has ended; as `Popen` does, "" of a pipe that was read to its end."""
        until = None if timeout is None else time.monotonic() + timeout
        self.stdin.close()
        found = ["", ""]

        def read(place: int, pipe: IO[str]) -> None:
            found[place] = "" if pipe.closed else pipe.read()
            pipe.close()

        readers = [
            threading.Thread(target=read, args=one, daemon=True)
            for one in enumerate((self.stdout, self.stderr))
        ]
        for reader in readers:
            reader.start()
        for reader in readers:
            reader.join(None if until is None else max(0, until - time.monotonic()))
            if reader.is_alive():
                raise subprocess.TimeoutExpired(self.args, timeout or 0)
        self.wait(None if until is None else max(0, until - time.monotonic()))
        return found[0], found[1]

    def send_signal(self, number: int) -> None:
        if self.poll() is None:
            os.kill(self.pid, number)

    def kill(self) -> None:
        self.send_signal(signal.SIGKILL)

    def __enter__(self) -> Preloaded:
        return self

    def __exit__(self, *ended: object) -> None:
        self.kill()
        self.communicate()
        self._said.close()
        self._line.close()


def script(text: str, *words: str, cwd: Path = ROOT) -> Preloaded:
    """`python -c` with the program loaded."""
    return Preloaded(["-c", text, *words], cwd, os.environ)


def run_script(text: str, *words: str, cwd: Path = ROOT) -> subprocess.CompletedProcess[str]:
    """The same to its end."""
    with script(text, *words, cwd=cwd) as process:
        out, err = process.communicate(timeout=PATIENCE)
        return subprocess.CompletedProcess(process.args, process.wait(), out, err)


# -- in the process that forks ------------------------------------------------------------------------------


def _become(order: dict[str, Any], streams: Sequence[int]) -> int:
    """In the child: become the command that was ordered."""
    os.setsid()
    signal.alarm(PATIENCE)
    for number, stream in enumerate(streams):
        os.dup2(stream, number)
    os.closerange(3, 256)
    os.chdir(order["cwd"])
    os.environ.clear()
    os.environ.update(order["env"])
    tempfile.tempdir = None
    code = _do(order["words"])
    threading._shutdown()  # type: ignore[attr-defined]  # as an interpreter ends: its threads, then the rest
    atexit._run_exitfuncs()
    for kept in (sys.stdout, sys.stderr):
        with contextlib.suppress(OSError):
            kept.flush()
    return code


def _do(words: list[str]) -> int:
    if words[0] != "-c":
        from tmwatch.cli import main

        return main(words)
    sys.argv = ["-c", *words[2:]]
    try:
        exec(compile(words[1], "<string>", "exec"), {"__name__": "__main__"})
    except SystemExit as ended:
        if isinstance(ended.code, str):
            print(ended.code, file=sys.stderr)
        return ended.code if isinstance(ended.code, int) else int(ended.code is not None)
    return 0


def _child(order: dict[str, Any], streams: Sequence[int]) -> int:
    """The id of a child that does it and says nothing to anybody else."""
    child = os.fork()
    if child == 0:
        code = 70
        try:
            code = _become(order, streams)
        except BaseException:  # noqa: BLE001 - what escapes `main` must be seen by the test
            sys.excepthook(*sys.exc_info())
            sys.stderr.flush()
        finally:
            os._exit(code)
    for stream in streams:
        os.close(stream)
    return child


def serve(orders: socket.socket) -> None:
    """Beside each command somebody waits who says its id, and how it ended."""
    while True:
        raw, fds, _, _ = socket.recv_fds(orders, 1 << 20, 4)
        if not raw:
            return
        if os.fork() == 0:
            line, *streams = fds
            child = _child(json.loads(raw), streams)
            os.write(line, f"{child}\n".encode())
            _, status = os.waitpid(child, 0)
            os.write(line, f"{os.waitstatus_to_exitcode(status)}\n".encode())
            os._exit(0)
        for fd in fds:
            os.close(fd)
        with contextlib.suppress(ChildProcessError):
            while os.waitpid(-1, os.WNOHANG)[0]:
                pass


if __name__ == "__main__":
    from tests.faults.nursery import load

    load()
    serve(socket.socket(fileno=int(sys.argv[1])))
