"""The readers under fuzz: no exception outside the tree of errors, no hang, memory within 20 times the page.

`make test` runs a short while with the same examples each time; `make soak` runs long and with new ones.
"""

from __future__ import annotations

import contextlib
import functools
import json
import random
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis import strategies as st

from tests.conftest import ROOT, examples
from tests.faults.mutations import production
from tests.faults.mutations.table import fixture_pages
from tmwatch.errors import LookError
from tmwatch.sources.base import Answer, Page
from tmwatch.sources.registry import all_sources, tell_source

SOURCES = sorted(all_sources())
QUIET: dict[str, Any] = {
    "deadline": 20_000,
    "database": None,
    "suppress_health_check": list(HealthCheck),
    "phases": (Phase.generate,),
}
# What breaks parsers: zeros, surrogates, numbers without end, half tags, references, depth.
POISON = (
    *(b"\0", b"\xff\xfe", b"\xed\xa0\x80", b"\\ud83d", b"9" * 400, b"-1", b"1e999", b"NaN", b"<", b"</"),
    *(b"<![CDATA[", b"&#x110000;", b"&#0;", b"<!--", b"<script>", b"<table>", b"<div>" * 300, b"[" * 300),
    *(b'{"a":' * 300, b"]]>", b"2999-99-99", b"0000-00-00", b"Feb. 30, 2021", b"\r\n", b"\x1b[31m"),
    *("\u202e".encode(), b"null", b'""', b"{}"),
)


@functools.cache
def good_pages() -> tuple[tuple[str, bytes], ...]:
    return tuple((source.declaration.id, page.body) for source, _, page in fixture_pages())


@st.composite
def broken_pages(draw: st.DrawFn) -> tuple[str, bytes]:
    """A good page after some flips, cuts, splices, repetitions and poison."""
    name, body = draw(st.sampled_from(good_pages()))
    chance = random.Random(draw(st.integers(0, 2**32)))
    page = bytearray(body)
    for _ in range(draw(st.integers(1, 12))):
        at = chance.randrange(len(page) or 1)
        act = chance.randrange(6)
        if act == 0 and page:
            page[at] ^= 1 << chance.randrange(8)
        elif act == 1:
            del page[at : at + chance.randrange(1, 400)]
        elif act == 2:
            page[at:at] = chance.choice(POISON)
        elif act == 3:
            page[at : at + chance.randrange(40)] = chance.choice(POISON)
        elif act == 4:
            page[at:at] = page[chance.randrange(len(page) or 1) :][: chance.randrange(2000)]
        else:
            other = chance.choice(good_pages())[1]
            page[at:at] = other[chance.randrange(len(other)) :][: chance.randrange(2000)]
    return name, bytes(page)


def read_by_all(body: bytes) -> None:
    """Every reader, and the one that feels responsible, ends in an answer or a `LookError`."""
    page = Page(body, name="page")
    for source in all_sources().values():
        assert 0 <= source.sniff(page) <= 100
        assert isinstance(production(source, page), Answer | LookError)
        with contextlib.suppress(LookError):  # the reader's own promise, without the net under it
            source.read(page)


def read_by(name: str, body: bytes) -> None:
    source = all_sources()[name]
    with contextlib.suppress(LookError):
        source.read(Page(body, name="page"))
    with contextlib.suppress(LookError):
        tell_source(Page(body))


@seed(20261125)
@settings(max_examples=examples(60), **QUIET)
@given(st.binary(max_size=600))
def test_random_bytes_end_in_the_tree_of_errors(body: bytes) -> None:
    read_by_all(body)


@seed(20261125)
@settings(max_examples=examples(150), **QUIET)
@given(broken_pages())
def test_broken_pages_end_in_a_record_or_in_the_tree_of_errors(page: tuple[str, bytes]) -> None:
    read_by(*page)


@pytest.mark.soak
@settings(max_examples=6000, **QUIET)
@given(broken_pages())
def test_thousands_of_broken_pages_end_in_a_record_or_in_the_tree_of_errors(page: tuple[str, bytes]) -> None:
    read_by(*page)


@pytest.mark.soak
@settings(max_examples=3000, **QUIET)
@given(st.binary(max_size=4000))
def test_thousands_of_random_bytes_end_in_the_tree_of_errors(body: bytes) -> None:
    read_by_all(body)


# -- memory ----------------------------------------------------------------------------------------------

_MEASURE = """
import json, os, sys, time
from pathlib import Path
from tmwatch.errors import LookError
from tmwatch.sources.base import Page
from tmwatch.sources.registry import get_source
def peak():
    return int(Path("/proc/self/status").read_text().split("VmHWM:")[1].split()[0])
def read(source, body):
    try:
        source.read(Page(body))
        return "record"
    except LookError as error:
        return error.outcome.value
def measure(folder, name):
    source = get_source(name)
    read(source, (folder / "small").read_bytes())  # tables and parsers are loaded by this
    body = (folder / "large").read_bytes()
    Path("/proc/self/clear_refs").write_text("5")  # the peak begins anew
    before, started = peak(), time.process_time()
    end = read(source, body)
    times, seconds = (peak() - before) * 1024 / len(body), time.process_time() - started
    (folder / "found").write_text(json.dumps({"times": times, "seconds": seconds, "end": end}))
read(get_source("us.tsdr"), b"")  # the parser that most share
for line in sys.stdin:
    name, folder = json.loads(line)
    child = os.fork()  # what one page leaves behind is no part of the next one's memory
    if not child:
        measure(Path(folder), name)
        os._exit(0)
    print(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]), flush=True)
"""

Measured = Callable[[str, bytes, bytes], dict[str, Any]]


@pytest.fixture(scope="module")
def measured(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Measured]:
    """`measured(source, small, large)`: peak memory of a process that reads the large page, above what it had
    before, in sizes of the page. One process is started and forks for each: starting Python takes longer."""
    with subprocess.Popen(
        [sys.executable, "-c", _MEASURE], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, cwd=ROOT
    ) as process:

        def measure(source: str, small: bytes, large: bytes) -> dict[str, Any]:
            folder = tmp_path_factory.mktemp("memory")
            (folder / "small").write_bytes(small)
            (folder / "large").write_bytes(large)
            assert process.stdin is not None
            assert process.stdout is not None
            process.stdin.write(json.dumps([source, str(folder)]) + "\n")
            process.stdin.flush()
            assert process.stdout.readline() == "0\n", f"reading {source} died"
            found: dict[str, Any] = json.loads((folder / "found").read_text())
            return found

        yield measure


def page_of(source: str) -> bytes:
    return max((body for name, body in good_pages() if name == source), key=len)


def grown(source: str) -> bytes:
    """A good page made large in the way that registers make it large: a longer text, a longer history."""
    body = page_of(source)
    words = b"sample goods, namely ropes; " * 40_000
    marks = (b'"value">\nSample', b'description": "', b"DescriptionText>", b'tmName": "', b"<text>")
    for mark in marks:
        if mark in body:
            return body.replace(mark, mark + words, 1)
    return body + b" " * len(words)


linux = pytest.mark.skipif(
    not Path("/proc/self/clear_refs").exists(), reason="peak memory is read from /proc"
)


@linux
@pytest.mark.parametrize("source", SOURCES)
def test_a_large_page_takes_no_more_than_twenty_times_its_size(measured: Measured, source: str) -> None:
    found = measured(source, page_of(source), grown(source))
    print(f"\n{source}: {found}")
    assert found["times"] <= 20, found


@linux
@pytest.mark.parametrize(
    ("source", "body"),
    [
        ("us.tsdr", b"<html><body id=statusTab><div id=summary>" + b"<div>" * 380_000),
        ("us.tsdr-api", b'<TrademarkTransaction xmlns="urn:us:gov:doc:uspto:trademark">' + b"<a>" * 600_000),
        ("us.tsdr-api", b'{"trademarks":[{"serialNumber":' + b"[" * 2_000_000),
        ("cn.tianyancha", b'{"error_code":0,"reason":"","result":' + b'{"a":' * 400_000),
    ],
    ids=["html", "xml", "json", "json-objects"],
)
def test_depth_without_end_takes_no_more_than_twenty_times_the_page(
    measured: Measured, source: str, body: bytes
) -> None:
    found = measured(source, page_of(source), body)
    print(f"\n{source}: {found}")
    assert found["end"] != "record"
    assert found["times"] <= 20, found
