"""Ten thousand looks, measured: a register in a process of its own, the real sweep in this one.

Each page carries a new stamp; apart from it, one look in a hundred finds a true change. Used by
`test_soak.py`; `Figures` are what leaks would show in.
"""

from __future__ import annotations

import datetime as dt
import gc
import os
import subprocess
import sys
import time
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

from tests.conftest import ROOT
from tmwatch.config import Config
from tmwatch.config.reading import parse_config
from tmwatch.http import Door
from tmwatch.logs import set_up
from tmwatch.store import Database
from tmwatch.store.growth import used
from tmwatch.sweep import sweep

PAGE = ROOT / "fixtures/us.tsdr/registered-word-mark/page.html"
FIRST = 99990000
RENEWED = b"The registration has been renewed."
CANCELLED = (
    b"Registration cancelled because registrant did not file an acceptable declaration under Section 8."
)


def serve(numbers: int, filling: int) -> None:
    """The register: `python -m tests.faults.soak NUMBERS FILLING`. Prints its port, serves until killed.

    In each round another one of a hundred numbers is found in the other state.
    """
    page = PAGE.read_bytes()
    # As large as a status page with a long history; what it is filled with says nothing.
    page = page.replace(b"</body>", b"<!-- " + os.urandom(filling // 2).hex().encode() + b" --></body>")
    assert b"99990101" in page
    assert RENEWED in page
    asked = [0] * numbers
    cancelled = [False] * numbers

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            number = int(self.path.rpartition("sn")[2]) - FIRST
            asked[number] += 1
            if asked[number] > 1 and (7 * number + 31 * asked[number]) % 100 == 0:
                cancelled[number] = not cancelled[number]
            stamp = dt.datetime.now(dt.timezone(-dt.timedelta(hours=5))).strftime("%Y-%m-%d %H:%M:%S EST")
            body = page.replace(b"99990101", str(FIRST + number).encode())
            body = body.replace(b"2021-01-05 09:30:00 EST", stamp.encode())
            if cancelled[number]:
                body = body.replace(RENEWED, CANCELLED)
            self.send_response(200)
            self.send_header("Content-Type", "text/html; charset=utf-8")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            """Quiet."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    print(server.server_port, flush=True)
    server.serve_forever()


@dataclass
class Figures:
    """One entry a round, taken after it."""

    looks: list[int] = field(default_factory=list)
    rss: list[int] = field(default_factory=list)  # bytes
    files: list[int] = field(default_factory=list)  # open handles
    wal: list[int] = field(default_factory=list)  # bytes of the -wal file
    used: list[int] = field(default_factory=list)  # bytes of the database that hold something
    changes: int = 0
    alerts: int = 0
    seconds: float = 0.0

    def per_look(self, what: list[int], skip: int) -> float:
        """How much `what` grew for each look, after the first `skip` rounds."""
        return (what[-1] - what[skip]) / (self.looks[-1] - self.looks[skip])

    def __str__(self) -> str:
        half = len(self.rss) // 2
        return (
            f"{self.looks[-1]} looks in {self.seconds:.0f} s, {self.changes} changes; "
            f"RSS {self.rss[half] / 2**20:.1f} -> {self.rss[-1] / 2**20:.1f} MiB over the second half "
            f"({self.per_look(self.rss, half):.0f} bytes a look); open files {min(self.files)}-"
            f"{max(self.files)}; WAL at most {max(self.wal) / 2**20:.1f} MiB; "
            f"database {self.used[-1] / 2**20:.1f} MiB, {self.per_look(self.used, half):.0f} bytes a look"
        )


def soak(folder: Path, numbers: int, rounds: int, filling: int = 60_000) -> Figures:
    """So many rounds of the real sweep over so many numbers, in one process, as a daemon would."""
    register = subprocess.Popen(
        [sys.executable, "-m", "tests.faults.soak", str(numbers), str(filling)],
        stdout=subprocess.PIPE,
        cwd=ROOT,
    )
    try:
        assert register.stdout is not None
        port = int(register.stdout.readline())
        config = parse_config(
            f"""
[operator]
contact = "ip-watch@example.com"
[source."us.tsdr"]
enabled = true
base_url = "http://127.0.0.1:{port}"
min_interval = 0
[[recipient]]
name = "legal"
email = ["legal@example.com"]
[smtp]
host = "127.0.0.1"
sender = "tmwatch@example.com"
[[watch]]
name = "own"
numbers = [{", ".join(f'"US {FIRST + number}"' for number in range(numbers))}]
role = "own"
notify = ["legal"]
""",
            folder / "tmwatch.toml",
        )
        return _rounds(config, folder, numbers, rounds)
    finally:
        register.kill()
        register.wait()


def _rounds(config: Config, folder: Path, numbers: int, rounds: int) -> Figures:
    set_up(0)  # logs of single looks are not what is measured
    figures, start = Figures(), time.monotonic()
    base = Database(folder / "tmwatch.db")
    wal = folder / "tmwatch.db-wal"
    for number in range(1, rounds + 1):
        door = Door("ip-watch@example.com")
        report = sweep(config, base, door, {})
        assert len(report.asked) == numbers, "every number was asked"
        assert not report.failures, report.failures[0]
        figures.changes += len(report.changed)
        del report, door
        gc.collect()
        figures.looks.append(number * numbers)
        figures.rss.append(int(Path("/proc/self/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE"))
        figures.files.append(sum(1 for _ in Path("/proc/self/fd").iterdir()))
        figures.wal.append(wal.stat().st_size)
        figures.used.append(used(base))
    # What befell several filings alike on one day is one alert: each filing is counted.
    figures.alerts = base.conn.execute("select count(*) from alert_mark").fetchone()[0]
    figures.seconds = time.monotonic() - start
    base.close()
    return figures


if __name__ == "__main__":
    serve(int(sys.argv[1]), int(sys.argv[2]))
