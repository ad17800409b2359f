"""`tmwatch run`, the real process, killed (SIGKILL) at its steps from fetch to the receiver's answer.

What `test_sudden_death` does to a check: here the looks, the deliveries and the timetable are threads of one
process, and who comes after the dead is another daemon, an hour later.
"""

from __future__ import annotations

import datetime as dt
import signal
import sqlite3
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager
from pathlib import Path

import pytest

from tests.faults.conftest import Undisturbed
from tests.faults.killer import KILLED, Started, Step, read_log, sample
from tests.faults.victim import HOUR, Victim
from tmwatch.store.database import iso, now
from tmwatch.store.timetable import DAEMON

PATIENCE = 30  # seconds
SCHEDULE = """
[schedule]
jitter = "1 second"
"""


class Daemons:
    """Daemons in the house of the victim, one after another."""

    def __init__(self, victim: Victim, beside: Path) -> None:
        self.victim, self.beside = victim, beside
        self.expected: dict[str, list[str]] = {}

    @contextmanager
    def start(self, mode: str, step: int = -1, clock: int = 0) -> Iterator[Started]:
        log = self.beside / "log" if mode == "watch" else None
        process = self.victim.killer.start(
            "run", mode=mode, step=step, clock=clock, log=log, said=self.beside / "said"
        )
        try:
            yield process
        finally:
            process.send_signal(signal.SIGKILL)
            process.wait(PATIENCE)

    def reset(self) -> None:
        self.victim.reset()
        file = self.victim.folder / "tmwatch.toml"
        file.write_text(file.read_text(encoding="utf-8") + SCHEDULE, encoding="utf-8")

    def all_told(self) -> bool:
        return self.victim.told() == self.expected

    def is_done(self, begun: dt.datetime) -> bool:
        """A daemon has begun since, nothing is under way or due, and nothing waits to be sent."""
        with closing(sqlite3.connect(self.victim.folder / "tmwatch.db", timeout=20)) as base:
            rows = base.execute("select job, started_at, ended_at from schedule_run").fetchall()
            looks = base.execute("select next_at from schedule where job like 'look %'").fetchall()
            (waiting,) = base.execute("select count(*) from delivery where state = 'pending'").fetchone()
        return (
            any(job == DAEMON and at >= iso(begun) for job, at, _ in rows)
            and all(ended for *_, ended in rows)
            and all(at > iso(begun) for (at,) in looks)
            and not waiting
        )

    def steps(self) -> Sequence[Step]:
        """Of a daemon that nobody kills, until all are told and it has stopped."""
        self.reset()
        (self.beside / "log").unlink(missing_ok=True)
        self.lives("watch")
        return tuple(read_log((self.beside / "log").read_bytes(), self.victim.folder))

    def lives(self, mode: str, clock: int = 0) -> None:
        """A daemon that does what is to be done, and is told to stop when it is."""
        begun = now() + dt.timedelta(seconds=clock)
        with self.start(mode, clock=clock) as process:
            self.wait(process, lambda: self.all_told() and self.is_done(begun))
            process.send_signal(signal.SIGTERM)
            assert process.wait(PATIENCE) == 0, self.said()

    def dies(self, step: int, *, tear: bool = False) -> bool:
        """Whether it died of that; where it came to its end before, it is stopped as people stop it."""
        self.reset()
        with self.start("tear" if tear else "kill", step) as process:
            self.wait(process, lambda: process.poll() is not None or self.all_told())
            if process.poll() is None:
                process.send_signal(signal.SIGTERM)
            code = process.wait(PATIENCE)
        self.victim.ledgers.quiet()
        assert code in (KILLED, 0), self.said()
        return code == KILLED

    def wait(self, process: Started, done: Callable[[], bool]) -> None:
        until = time.monotonic() + PATIENCE
        while not done():
            assert time.monotonic() < until, f"told {self.victim.told()}, said {self.said()}"
            assert process.poll() in (None, KILLED), self.said()
            time.sleep(0.02)

    def said(self) -> str:
        return (self.beside / "said").read_text(encoding="utf-8", errors="replace")


@pytest.fixture
def daemons(victim: Victim, undisturbed: Undisturbed, tmp_path: Path) -> Daemons:
    made = Daemons(victim, tmp_path)
    made.expected = undisturbed[2]
    return made


def dies_and_is_followed(daemons: Daemons, facts: object, deaths: Sequence[tuple[int, bool]]) -> int:
    """Each time the next daemon leaves everything as if nobody had died. Returns how many did."""
    count = 0
    for step, tear in deaths:
        died = daemons.dies(step, tear=tear)
        count += died
        where = f"killed {'in the middle of' if tear else 'before'} step {step}"
        daemons.lives("off", clock=HOUR)
        daemons.victim.ledgers.quiet()
        assert daemons.victim.told() == daemons.expected, where
        assert daemons.victim.facts() == facts, where
        assert daemons.victim.left_behind() == set(), where
    return count


def test_a_daemon_that_is_killed_anywhere_is_followed_by_one_that_tells_everybody_once(
    daemons: Daemons, undisturbed: Undisturbed
) -> None:
    """The sample is two places: before a mail is sent, and before its receiver's answer is heard. `make soak`
    kills at each kind of step."""
    steps = daemons.steps()
    facts = daemons.victim.facts()
    assert facts == undisturbed[1], "a daemon finds and tells what a check does"
    mail = [
        next(one for one in steps if (one.kind, one.statement) == (kind, "From"))
        for kind in ("send", "receive")
    ]
    assert dies_and_is_followed(daemons, facts, [(step.number, False) for step in mail]) == 2


@pytest.mark.soak
def test_at_each_kind_of_step_and_in_the_middle_of_each_message(
    daemons: Daemons, undisturbed: Undisturbed
) -> None:
    steps = daemons.steps()
    deaths = [(step, False) for step in sample(steps)]
    deaths += [(one.number, True) for one in steps if one.number and one.kind == "send"]
    died = dies_and_is_followed(daemons, undisturbed[1], deaths)
    print(f"\nkilled {died} daemons at {len(deaths)} of {len(steps)} steps")
    assert died >= len(deaths) * 0.8
