"""Many pages are read on all cores: the same answers, in order, whatever becomes of those who read."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import textwrap
import time
from collections.abc import Callable, Generator, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import ROOT
from tmwatch.errors import LookError, Outcome
from tmwatch.reading import Said, read_here, read_in_order
from tmwatch.sources import registry
from tmwatch.sources.base import Answer, Page

PAGES = sorted((ROOT / "fixtures/us.tsdr").glob("*/page.html"))
GOOD = (ROOT / "fixtures/us.tsdr/registered-word-mark/page.html").read_bytes()

# A source of somebody else's, found by its entry point in every process. Words on its page say what it does.
STRANGE = """
import os, signal, sys, time
from dataclasses import replace
from pathlib import Path
from typing import Any
from tmwatch.sources.us.tsdr import SOURCE as TSDR
class Strange:
    declaration = replace(TSDR.declaration, id="xx.strange")
    requests = TSDR.requests
    def sniff(self, page): return 0
    def read(self, page):
        print("noise that is no answer")
        words = page.body[:200].decode("latin-1").split()
        if words[0] == "DIE":
            with Path(words[1]).open("a") as tries:
                tries.write("x")
            os.kill(os.getpid(), signal.SIGKILL)
        if words[0] == "DIE-ONCE" and not Path(words[1]).exists():
            Path(words[1]).touch()
            os._exit(3)
        if words[0] == "SLEEP":
            Path(words[1], str(os.getpid())).touch()
            time.sleep(60)
        return replace(TSDR.read(replace(page, body=page.body.partition(b"\\n")[2])), total=os.getpid())
SOURCE = Strange()
"""


@pytest.fixture
def strange(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """The strange source, installed."""
    folder = tmp_path / "site"
    (folder / "strange-1.0.dist-info").mkdir(parents=True)
    (folder / "strange.py").write_text(STRANGE)
    about = folder / "strange-1.0.dist-info"
    (about / "METADATA").write_text("Metadata-Version: 2.1\nName: strange\nVersion: 1.0\n")
    (about / "entry_points.txt").write_text("[tmwatch.sources]\nxx.strange = strange:SOURCE\n")
    monkeypatch.syspath_prepend(str(folder))
    registry._installed.cache_clear()
    yield tmp_path
    registry._installed.cache_clear()
    sys.modules.pop("strange", None)


def read(source: str, bodies: list[bytes], **how: Any) -> list[Said]:
    pages = [Page(body, name=f"{number}.html") for number, body in enumerate(bodies)]
    found = list(read_in_order(pages, lambda page: (source, page), alone=0, **how))
    assert [page.name for page, _ in found] == [page.name for page in pages]
    assert all(said is not None for _, said in found)
    return [said for _, said in found if said is not None]


def same(one: Said, other: Said) -> bool:
    if isinstance(one, LookError) or isinstance(other, LookError):
        return type(one) is type(other) and str(one) == str(other)
    return one == other


def test_others_give_the_same_answers_and_errors_in_the_same_order() -> None:
    bodies = [path.read_bytes() for path in PAGES] * 2 + [b"", b"\xff\xfe<", GOOD[:5000]]
    alone = [read_here("us.tsdr", Page(body)) for body in bodies]
    assert len({type(said) for said in alone}) > 3
    pages: list[Page | None] = [None, *map(Page, bodies), None, None]

    def job(page: Page | None) -> tuple[str, Page] | None:
        return None if page is None else ("us.tsdr", page)

    found = [said for _, said in read_in_order(pages, job, processes=2, alone=0)]
    assert found[0] is None
    assert found[-2:] == [None, None]
    for one, other in zip(found[1:-2], alone, strict=True):
        assert one is not None
        assert same(one, other)


def test_few_pages_are_read_without_starting_anything(strange: Path) -> None:
    (said,) = [said for _, said in read_in_order([Page(b"-\n" + GOOD)], lambda page: ("xx.strange", page))]
    assert isinstance(said, Answer)
    assert said.total == os.getpid()


def test_a_page_that_kills_its_reader_is_tried_twice_named_and_costs_no_other_page(strange: Path) -> None:
    tries = strange / "tries"
    bodies = [b"-\n" + GOOD] * 9
    bodies[4] = f"DIE {tries}\n".encode() + GOOD
    bodies[6] = f"DIE-ONCE {strange / 'once'}\n".encode() + GOOD  # died of something else: read by the next
    found = read("xx.strange", bodies, processes=2)
    assert [isinstance(said, Answer) for said in found] == [number != 4 for number in range(9)]
    by = [said.total for said in found if isinstance(said, Answer)]
    assert by[0] == os.getpid()  # the first tells how long reading takes
    assert os.getpid() not in by[1:]  # and the noise that the source prints there was no answer
    error = found[4]
    assert isinstance(error, LookError)
    assert error.outcome is Outcome.LAYOUT_CHANGED
    assert "4.html" in str(error)
    assert "signal 9" in str(error)
    assert tries.read_text() == "xx"


def test_where_no_process_can_be_started_all_is_read_here(
    strange: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "executable", "/nowhere/python")
    found = read("xx.strange", [b"-\n" + GOOD] * 4, processes=2)
    assert [said.total for said in found if isinstance(said, Answer)] == [os.getpid()] * 4


def test_a_source_that_only_this_process_knows_is_read_here(strange: Path) -> None:
    with registry.extra_sources(registry.get_source("xx.strange")):
        found = read("xx.strange", [b"-\n" + GOOD] * 4, processes=2)
    assert [said.total for said in found if isinstance(said, Answer)] == [os.getpid()] * 4


def test_no_more_pages_are_taken_than_are_read_soon() -> None:
    taken = 0

    def pages() -> Iterator[Page]:
        nonlocal taken
        for _ in range(100):
            taken += 1
            yield Page(GOOD)

    reading = read_in_order(pages(), lambda page: ("us.tsdr", page), processes=2, alone=0)
    for _ in range(3):
        next(reading)
    assert taken <= 3 + 2 * 4
    assert isinstance(reading, Generator), "or nobody could stop it"
    reading.close()


def gone(process: int) -> bool:
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return True
    # A process that has ended and whom nobody has asked for yet.
    state = Path(f"/proc/{process}/stat")
    return state.exists() and state.read_text().rpartition(")")[2].split()[0] == "Z"


@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGKILL])
def test_no_process_is_left_behind_however_we_end(how: signal.Signals, strange: Path) -> None:
    readers = strange / "readers"
    readers.mkdir()
    program = textwrap.dedent(f"""
        import signal
        from tmwatch.reading import read_in_order
        from tmwatch.sources.base import Page
        signal.signal(signal.SIGINT, signal.default_int_handler)  # whoever started the tests may ignore it
        good = open({str(ROOT / "fixtures/us.tsdr/registered-word-mark/page.html")!r}, "rb").read()
        pages = [Page(b"-\\n" + good)] + [Page(b"SLEEP {readers}\\n" + good)] * 6
        for _ in read_in_order(pages, lambda page: ("xx.strange", page), processes=2, alone=0): pass
    """)
    env = {**os.environ, "PYTHONPATH": os.pathsep.join([str(strange / "site"), str(ROOT)])}
    with subprocess.Popen([sys.executable, "-c", program], env=env, stderr=subprocess.DEVNULL) as ours:
        until(lambda: len(list(readers.iterdir())) == 2)
        ours.send_signal(how)
        assert ours.wait(30) != 0
    until(lambda: all(gone(int(path.name)) for path in readers.iterdir()))


def until(true: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 60
    while not true():
        assert time.monotonic() < deadline
        time.sleep(0.05)


def test_what_is_read_here_and_cannot_be_is_an_error_of_the_tree() -> None:
    assert isinstance(read_here("us.tsdr", Page(b"nothing")), LookError)
