"""Feeds of whole days: how fast they are read beside a parser that does nothing, and in how much memory.

On the real recording where it lies beside the project (`TMWATCH_RECORDED`), else on our own page, grown.
"""

from __future__ import annotations

import io
import re
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest
from lxml import etree

from tests.benchmarks.test_readers import cheapest
from tests.conftest import ROOT, recorded_folder
from tmwatch.sources.base import Page
from tmwatch.sources.us.ttab import SOURCE

OURS = ROOT / "fixtures" / "us.ttab" / "four-kinds" / "tt991016.xml"
BOUND = 150  # MB, whatever the size of the file


def _day() -> bytes:
    folder = recorded_folder()
    path = folder / "us/ttab/tt251015.zip" if folder is not None else None
    if path is None or not path.is_file():
        return grown(OURS.read_bytes(), 170)
    with zipfile.ZipFile(path) as archive:
        return archive.read(archive.namelist()[0])


def grown(day: bytes, times: int) -> bytes:
    """The proceedings of a day so many times, each time under other numbers."""
    start = day.index(b"<proceeding-entry>")
    end = day.rindex(b"</proceeding-entry>") + len(b"</proceeding-entry>")

    def renumbered(step: int) -> bytes:
        def other(found: re.Match[bytes]) -> bytes:
            return b"<%s>%08d<" % (
                found[1],
                (int(found[2]) + step * 7919 - 70_000_000) % 29_999_999 + 70_000_000,
            )

        return re.sub(rb"<(serial-number|number)>(\d{8})<", other, day[start:end])

    return day[:start] + b"\n".join(renumbered(step) for step in range(times)) + day[end:]


def _iterparse(body: bytes) -> int:
    count = 0
    for _, element in etree.iterparse(io.BytesIO(body), tag="proceeding-entry", load_dtd=False):
        element.clear()
        count += 1
    return count


def _read(body: bytes) -> int:
    pieces = SOURCE.pieces(io.BytesIO(body), "tt251015.xml")
    return sum(1 for piece in pieces if SOURCE.read(Page(piece.body)).readings)


@pytest.mark.bench
def test_a_day_of_the_board_is_read_at_a_known_share_of_the_parsers_own_speed() -> None:
    body = _day()
    proceedings = _read(body)
    assert proceedings == _iterparse(body)
    ways = {
        "tmwatch, cut": lambda: sum(1 for _ in SOURCE.pieces(io.BytesIO(body), "day")),
        "tmwatch, cut and read": lambda: _read(body),
        "lxml.iterparse, nothing done": lambda: _iterparse(body),
    }
    spent = cheapest(ways, 3)
    print(f"\na day of the board: {proceedings} proceedings, {len(body) / 1e6:.1f} MB of XML")
    for name, seconds in spent.items():
        print(f"  {name:30} {seconds:7.2f} s {len(body) / 1e6 / seconds:8.1f} MB/s")
    ratio = spent["tmwatch, cut and read"] / spent["lxml.iterparse, nothing done"]
    print(f"  read / iterparse: {ratio:.0f}")


@pytest.mark.soak
def test_memory_is_bounded_while_a_file_of_two_hundred_megabytes_is_stored(tmp_path: Path) -> None:
    day = _day()
    file = tmp_path / "tt251015.xml"
    file.write_bytes(grown(day, 200_000_000 // len(day) + 1))
    # What getrusage says begins with what this process has, which has just held the whole file.
    script = (
        "import sys\n"
        "from pathlib import Path\n"
        "from tmwatch.__main__ import main\n"
        "try:\n    main()\n"
        "finally:\n"
        "    held = Path('/proc/self/status').read_text().split('VmHWM:')[1].split()[0]\n"
        "    print(int(held) // 1024, file=sys.stderr)\n"
    )
    command = [sys.executable, "-c", script, "--db", str(tmp_path / "soak.db"), "import", str(file)]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=True)
    most = int(done.stderr.split()[-1])
    print(f"\n{file.stat().st_size / 1e6:.0f} MB imported in {most} MB")
    assert most < BOUND
