"""The process killer: runs a real `tmwatch` command under a shim that knows every step it takes to the
outside, and at a chosen one kills it (SIGKILL), or says that the disk is full.

    with Killer(folder) as killer:
        steps = killer.run("check").steps                  # a dry run tells which steps there are
        killer.run("check", kill=steps[40].number)          # it dies before its 40th step
        killer.run("check", kill=40, tear=True)             # … in the middle of it: half is written or sent
        killer.run("check", full=7)                         # no space from the 7th write on
        killer.run("check", clock=3600)                     # an hour later

`shim.c` says what a step is. The numbers are found by running, never written by hand; `power.py` makes of
the same log what a power loss would have left.
"""

from __future__ import annotations

import atexit
import functools
import json
import os
import re
import shutil
import struct
import subprocess
import sys
import tempfile
import time
import warnings
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

import pytest

from tests.conftest import ROOT

KILLED = -9
_HEAD = struct.Struct("@Ii12sqqIII0q")  # as `struct head` of shim.c


@dataclass(frozen=True)
class Step:
    """One step with an outside effect. `number` counts from 1; 0: it was let through uncounted."""

    number: int
    kind: str  # create, cut, write, sync, truncate, rename, link, unlink, mkdir, rmdir, connect, send …
    path: str  # below the root; "network" for sockets
    other: str  # rename, link: the new name
    at: int  # offset of a write, length of a truncation, port of a connection
    result: int  # as the call returned it; -1: it failed
    data: bytes  # of a write: all; of what was sent or received: the beginning
    statement: str  # the SQL statement at work then; of a network step the first word of what was sent last

    @property
    def place(self) -> str:
        """The same for the same place in the program: kind, file without its random part, statement; of a
        network step what was said last."""
        if self.path == "network":
            return " ".join(word for word in (self.kind, self.statement) if word)
        name = re.sub(r"[0-9a-z_]{8}(?=\.part$|$)", "*", Path(self.path).name)
        statement = " ".join(re.sub(r"[^a-z_ ]+", "", self.statement.lower()).split()[:5])
        return " ".join(word for word in (self.kind, name, statement) if word)

    def __str__(self) -> str:
        return f"{self.number} {self.place}"


@dataclass(frozen=True)
class Ended:
    """How a command ended: its exit code, or minus the signal."""

    code: int
    stdout: str
    stderr: str
    steps: tuple[Step, ...]

    @property
    def killed(self) -> bool:
        return self.code == KILLED


@functools.cache
def shim() -> Path:
    """The shim, compiled once. Skips, loudly, where there is no C compiler or the system is not Linux."""
    compiler = next((found for name in ("cc", "gcc", "clang") if (found := shutil.which(name))), None)
    if compiler is None or not sys.platform.startswith("linux"):
        reason = "no C compiler (or no Linux) here: sudden death, full disks and power loss were NOT tried"
        warnings.warn(reason, stacklevel=1)
        pytest.skip(reason)
    folder = Path(tempfile.mkdtemp(prefix="tmwatch-shim-"))
    atexit.register(shutil.rmtree, folder, True)
    target = folder / "shim.so"
    source = Path(__file__).with_name("shim.c")
    command = [compiler, "-shared", "-fPIC", "-O1", "-o", str(target), str(source), "-ldl", "-lpthread"]
    subprocess.run(command, check=True)
    return target


class Nursery:
    """The process of `nursery.py`: it takes seconds of work to start, so there is one a session."""

    def __init__(self) -> None:
        surroundings = {key: value for key, value in os.environ.items() if not key.startswith("TMWATCH_")}
        self._process = subprocess.Popen(
            [sys.executable, "-m", "tests.faults.nursery"],
            cwd=ROOT,
            env={**surroundings, "LD_PRELOAD": str(shim())},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        hello = self._hear()
        assert hello == {"threads": 1}, f"the nursery must have one thread when it forks: {hello}"
        atexit.register(self.close)

    def ask(self, order: Mapping[str, Any]) -> Any:
        """One order, one answer."""
        assert self._process.stdin is not None
        self._process.stdin.write(json.dumps(order) + "\n")
        self._process.stdin.flush()
        return self._hear()

    def _hear(self) -> Any:
        assert self._process.stdout is not None
        line = self._process.stdout.readline()
        assert line, f"the nursery is gone ({self._process.poll()})"
        return json.loads(line)

    def close(self) -> None:
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.close()
        self._process.wait(30)
        self._process.stdout.close()


nursery = functools.cache(Nursery)


class Killer:
    """Runs commands in `root`, whose files are the ones watched. Output and logs lie elsewhere."""

    def __init__(self, root: Path, env: Mapping[str, str] | None = None) -> None:
        self.root = root.resolve()
        self.env = dict(env or {})
        self._beside = Path(tempfile.mkdtemp(prefix="tmwatch-killer-"))
        self._nursery: Nursery | None = None

    def __enter__(self) -> Self:
        self._nursery = nursery()
        return self

    def __exit__(self, *ended: object) -> None:
        shutil.rmtree(self._beside, ignore_errors=True)

    def run(
        self,
        *argv: str,
        kill: int | None = None,
        tear: bool = False,
        full: int | None = None,
        once: bool = False,
        short: bool = False,
        clock: int = 0,
        log: bool = True,
        stdout: Path | None = None,
        stderr: Path | None = None,
        largest: int | None = None,
    ) -> Ended:
        """Run `tmwatch ARGV` until it ends or dies.

        `kill`: it dies before that step; with `tear` in the middle of it. `full`: from that write on there is
        no space; with `once` only there; with `short` half of that write still found room. Counted are then
        only steps that need space. `clock`: seconds by which its clock is ahead. `stdout` and `stderr`: where
        they go (/dev/full). `largest`: the bytes that a file may have (RLIMIT_FSIZE).
        """
        assert self._nursery is not None
        mode, step = "watch", -1
        if kill is not None:
            mode, step = "tear" if tear else "kill", kill
        elif full is not None:
            mode, step = "full-once" if once else "short" if short else "full", full
        files = {name: self._beside / name for name in ("stdout", "stderr", "log")}
        for file in files.values():
            file.unlink(missing_ok=True)
        order = self._order(argv, mode, step, clock, files["log"] if log else None, largest)
        order |= {"stdout": str(stdout or files["stdout"]), "stderr": str(stderr or files["stderr"])}
        code = self._nursery.ask(order)["code"]
        steps = tuple(read_log(files["log"].read_bytes(), self.root)) if log and files["log"].exists() else ()
        said = [files[name].read_text() if files[name].exists() else "" for name in ("stdout", "stderr")]
        return Ended(code, said[0], said[1], steps)

    def start(self, *argv: str, mode: str, step: int, clock: int, log: Path | None, said: Path) -> Started:
        """Run `tmwatch ARGV` until it ends, dies or is stopped; what it says goes to `said`."""
        assert self._nursery is not None
        said.unlink(missing_ok=True)
        order = self._order(argv, mode, step, clock, log) | {"stdout": str(said), "stderr": str(said)}
        return Started(self._nursery, self._nursery.ask(order | {"start": True})["pid"])

    def _order(
        self,
        argv: Sequence[str],
        mode: str,
        step: int,
        clock: int,
        log: Path | None,
        largest: int | None = None,
    ) -> dict[str, Any]:
        return {
            "argv": argv,
            "cwd": str(self.root),
            "env": self.env,
            "mode": mode,
            "step": step,
            "root": str(self.root),
            "log": str(log or ""),
            "clock": clock,
            "largest": largest,
            "start": False,
        }


class Started:
    """A command at work. What is asked of it has the names and meanings that `subprocess.Popen` has."""

    def __init__(self, nursery: Nursery, pid: int) -> None:
        self.pid = pid
        self.returncode: int | None = None
        self._nursery = nursery

    def poll(self) -> int | None:
        if self.returncode is None:
            self.returncode = self._nursery.ask({"ended": self.pid})["code"]
        return self.returncode

    def send_signal(self, number: int) -> None:
        if self.poll() is None:
            os.kill(self.pid, number)

    def wait(self, seconds: float) -> int:
        until = time.monotonic() + seconds
        while (code := self.poll()) is None:
            assert time.monotonic() < until, f"it has not ended within {seconds} seconds"
            time.sleep(0.01)
        return code


def read_log(raw: bytes, root: Path) -> Iterator[Step]:
    """The steps of a shim's log, each with the SQL statement that was at work. A commit is named after
    the first that its transaction wrote."""
    at, statement, work, said = 0, "", "", ""
    while at + _HEAD.size <= len(raw):
        size, step, kind, place, result, path, other, data = _HEAD.unpack_from(raw, at)
        body = raw[at + _HEAD.size : at + size]
        at += size
        text = body[:path].decode(errors="replace")
        name = kind.rstrip(b"\0").decode()
        if name == "note":
            if re.match(r"(release )?savepoint|pragma (?!application)", text, re.I):
                continue
            if text.lower().startswith("begin"):
                work = ""
            elif not work and re.match(r"insert|update|delete|replace|create|alter", text, re.I):
                work = text
            statement = f"commit {work}" if text.lower() == "commit" else text
            continue
        other_text = body[path : path + other].decode()
        content = body[path + other : path + other + data]
        if name in ("connect", "send"):
            first = re.match(r"[A-Za-z]{3,}", content.decode("latin-1"))
            said = first[0] if first else ""
        below = (_below(text, root), _below(other_text, root))
        yield Step(step, name, *below, place, result, content, said if text == "network" else statement)


def _below(path: str, root: Path) -> str:
    return str(Path(path).relative_to(root)) if path.startswith(str(root)) else path


def places(steps: Sequence[Step]) -> dict[str, list[Step]]:
    """The steps by their place in the program."""
    found: dict[str, list[Step]] = {}
    for step in steps:
        found.setdefault(step.place, []).append(step)
    return found


# The talk around a mail; nothing stands in anybody's books before the mail itself has been sent.
_SMALL_TALK = frozenset({"ehlo", "mail", "rcpt", "data", "quit"})


def sample(steps: Sequence[Step]) -> list[int]:
    """Numbers of steps that stand for all: the first of each place in the program, of a sync what follows it
    (a commit that is safe and has had no consequence yet), and the last.

    Left out are the small talk with a mail server and the index of the WAL, which is memory and made anew.
    """
    chosen = {steps[-1].number}
    for these in places(steps).values():
        first = these[0]
        if first.path.endswith("-shm") or (first.path == "network" and first.statement in _SMALL_TALK):
            continue
        chosen.add(first.number + (first.kind == "sync"))
    return sorted(chosen)
