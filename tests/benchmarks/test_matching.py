"""Marks against names: the full score beside what rapidfuzz alone takes for the same pairs, in one run.

    make bench ARGS='tests/benchmarks/test_matching.py'
    TMWATCH_BENCH_NAMES=5000000 make bench …        # the register of the second row; 200,000 by default

Names are made up (`names.py`), and one in fifty is a look-alike of a watched mark. The peers get strings in
lower case.
"""

from __future__ import annotations

import os
import resource
import statistics
import time
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from rapidfuzz import fuzz, process

from tests.benchmarks.names import names, with_lookalikes
from tmwatch.similarity import Scorer
from tmwatch.similarity.arrays import Columns
from tmwatch.similarity.index import Index

pytestmark = pytest.mark.bench
CORES = os.cpu_count() or 1
SIZE = int(os.environ.get("TMWATCH_BENCH_NAMES", "200000"))


class Took(float):
    """Seconds by the clock; `cpu` those of all cores, which a busy machine changes less."""

    cpu: float = 0.0


def clock(what: Any) -> tuple[Took, Any]:
    start, cpu = time.perf_counter(), time.process_time()
    found = what()
    took = Took(time.perf_counter() - start)
    took.cpu = time.process_time() - cpu
    return took, found


def cdist(marks: list[str], register: list[str], ratio: Any) -> Took:
    return clock(lambda: process.cdist(marks, register, scorer=ratio, dtype=np.uint8, workers=CORES))[0]


def test_ten_thousand_marks_against_the_filings_of_a_day() -> None:
    """At level 2, which a watch has if it says nothing, and at level 3. Marks are made ready once."""
    marks = names(10_000, 101)
    day = with_lookalikes(names(5_000, 202), marks[:100], 0.02, 1)
    one = Scorer()
    ready = [one.make(mark) for mark in marks]
    noise, _ = clock(lambda: one.noises(ready, CORES))
    lower = [mark.casefold() for mark in marks], [name.casefold() for name in day]
    ratio = cdist(*lower, fuzz.ratio)
    some = cdist(lower[0][:500], lower[1], fuzz.WRatio) * 20
    own, mine = clock(lambda: Columns(ready))
    prepared, columns = clock(lambda: Columns([one.make(name) for name in day]))
    print(f"\n10,000 marks x 5,000 names, {CORES} cores")
    print(f"  rapidfuzz cdist ratio               {ratio:7.2f} s, {ratio.cpu:.2f} s of the cores")
    print(f"  rapidfuzz cdist WRatio              {some:7.2f} s (500 marks, times 20)")
    print(f"  the names made ready, each day      {prepared:7.2f} s")
    print(f"  the marks in columns, once          {own:7.2f} s; their noise, once {noise:.2f} s")
    for level in (2, 3):
        scored, found = clock(lambda level=level: one.found(ready, columns, level, CORES, mine))
        said, told = clock(
            lambda found=found: sum(
                likeness.reasons != () for likeness in one.likenesses(mine, columns, *found)
            )
        )
        print(f"level {level}, {len(found[0]):,} hits")
        print(f"  ours, full score                    {scored:7.2f} s, {scored.cpu:.2f} s of the cores")
        print(
            f"    beside ratio                      {scored / ratio:7.2f} x, {scored.cpu / ratio.cpu:.1f} x"
        )
        print(f"  the reasons of all hits             {said:7.2f} s")
        print(f"    with the score, beside ratio      {(scored + said) / ratio:7.2f} x")
        assert told == len(found[0]) > 1000


def searched(folder: str, marks: list[str]) -> tuple[float, float, int, float]:
    """(seconds, seconds of the cores, hits, MB at most) of a process that does nothing else."""
    index = Index.load(Path(folder))
    index._scorer.noises([index._scorer.name(mark) for mark in marks], CORES)
    took, hits = clock(lambda: sum(len(found.score) for found in index.find(marks, 2)))
    status = Path("/proc/self/status")
    if status.exists():  # what getrusage says begins with what the process that started this one had
        return took, took.cpu, hits, int(status.read_text().split("VmHWM:")[1].split()[0]) / 1024
    return took, took.cpu, hits, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def tiled(marks: list[str], register: list[str]) -> Took:
    """cdist over tiles of names of like length, without keeping what it finds."""
    marks, register = sorted(marks, key=len), sorted(register, key=len)
    tiles = [register[at : at + 20_000] for at in range(0, len(register), 20_000)]
    return clock(lambda: [cdist(marks, tile, fuzz.ratio) for tile in tiles])[0]


def test_a_register_searched_for_many_marks_and_for_one(tmp_path: Path) -> None:
    marks = names(1_000, 101)
    register = with_lookalikes(names(SIZE, 303), marks[:100], 0.02, 2)
    built, index = clock(lambda: Index.build(register, folder=tmp_path))
    size = sum(path.stat().st_size for path in tmp_path.rglob("*.names")) / 1e6
    peer = tiled([mark.casefold() for mark in marks], [name.casefold() for name in register])
    with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as pool:
        took, cpu, hits, most = pool.submit(searched, str(tmp_path), marks).result()
    print(f"\n1,000 marks x {SIZE:,} names, level 2, {hits:,} hits, {CORES} cores")
    print(f"  rapidfuzz cdist ratio in tiles      {peer:7.2f} s, {peer.cpu:.2f} s of the cores")
    print(f"  ours, full score, noise known       {took:7.2f} s, {cpu:.2f} s of the cores")
    print(f"    beside the tiles                  {took / peer:7.2f} x, {cpu / peer.cpu:.1f} x")
    print(f"    memory at most                    {most:7.0f} MB")
    print(f"  the index built, once               {built:7.2f} s, {size:.0f} MB on disk")
    one = index._scorer
    one.noises([one.name(mark) for mark in marks[:40]], CORES)
    index.search(marks[0], limit=20)
    alone = [clock(lambda mark=mark: index.search(mark, level=3, limit=20))[0] for mark in marks[1:31]]
    single = [
        clock(lambda mark=mark: process.cdist([mark], register, scorer=fuzz.ratio, dtype=np.uint8))[0]
        for mark in marks[1:6]
    ]
    print(f"one mark in {SIZE:,} names, level 3, the 20 nearest with reasons, warm")
    print(f"  rapidfuzz cdist ratio               {statistics.median(single) * 1000:7.1f} ms")
    print(
        f"  ours, full score                    {statistics.median(alone) * 1000:7.1f} ms "
        f"(longest {max(alone) * 1000:.0f} ms)"
    )
    assert hits > 100
