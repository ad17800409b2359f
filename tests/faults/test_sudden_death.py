"""kill -9 at every step from fetch to the receiver's answer, by a machine that finds the steps itself.

urlwatch saves its state before it reports: one death between the two and the alert is lost for good.
changedetection.io marks as sent what was not. Here the register's change, the alert and its deliveries are
one transaction, and each delivery keeps its id until its receiver has answered.
"""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterable, Sequence

import pytest

from tests.faults.conftest import Undisturbed
from tests.faults.killer import KILLED, Step, places, sample, shim
from tests.faults.victim import Victim


def commits_a_look(step: Step) -> bool:
    """A write of the transaction that holds the look, its change and the alerts."""
    return step.kind == "write" and "snapshot" in step.statement and step.statement.startswith("commit")


def halves(steps: Sequence[Step]) -> list[int]:
    """Steps of which the half that was done before the death must do no harm: a commit, a mail, a webhook."""
    look = next(step.number for step in steps if commits_a_look(step))
    sent = {step.statement: step.number for step in steps if step.kind == "send"}
    return [look, sent["From"], sent["POST"], max(sent.values())]


def few(steps: Sequence[Step]) -> list[int]:
    """Of the places in the program those between the look and the last answer at which something is told or
    booked as told, where a death can do harm, and of the others each eighth."""
    look = next(step.number for step in steps if commits_a_look(step))
    telling = {
        step.number
        for step in steps
        if step.number > look and (step.path == "network" or "delivery" in step.statement)
    }
    places = sample(steps)
    others = [number for number in places if number not in telling]
    return sorted({*telling.intersection(places), *others[::8]})


def dies_and_recovers(victim: Victim, undisturbed: Undisturbed, deaths: Iterable[tuple[int, bool]]) -> int:
    """Kill at each of the steps (True: in the middle of it); after the next run all is as if nobody had died.
    Returns how many died: a run may have a step less than the one before it."""
    _, facts, told = undisturbed
    count = 0
    for step, tear in deaths:
        ended = victim.dies(step, tear=tear)
        count += ended.killed
        where = f"killed {'in the middle of' if tear else 'before'} step {step}, after {ended.steps[-1:]}"
        assert ended.killed or ended.code == 0, f"{where}: {ended}"
        after = victim.recover()
        assert after.code == 0, f"{where}: {after}"
        assert victim.told() == told, where
        assert victim.facts() == facts, where
        assert victim.left_behind() == set(), where
    return count


def test_killed_anywhere_between_fetch_and_answer_everybody_is_told_once(
    victim: Victim, undisturbed: Undisturbed
) -> None:
    """The sample is each place that tells somebody or books it, each eighth of the others, and the four
    halves; `make soak` dies at every step."""
    steps = undisturbed[0].steps
    kinds = {step.kind for step in steps}
    # No rename: the pace of a register on loopback is written in place. `test_restore_dies` dies at renames.
    assert {"connect", "send", "receive", "write", "sync", "create", "unlink"} <= kinds
    chosen = few(steps)
    deaths = [(step, False) for step in chosen] + [(step, True) for step in halves(steps)]
    assert dies_and_recovers(victim, undisturbed, deaths) >= len(deaths) - 2


@pytest.mark.soak
def test_killed_at_every_single_step_and_in_the_middle_of_each_write(
    victim: Victim, undisturbed: Undisturbed
) -> None:
    steps = [step for step in undisturbed[0].steps if step.number]
    deaths = [(step.number, False) for step in steps] + [(len(steps) + 1, False)]
    deaths += [(step.number, True) for step in steps if step.kind in ("write", "send")]
    died = dies_and_recovers(victim, undisturbed, deaths)
    print(f"\nkilled {died} times at {len(steps)} steps of {len(places(steps))} kinds")
    assert died >= len(deaths) * 0.95


def test_before_the_lease_of_the_dead_runs_out_nothing_goes_twice(
    victim: Victim, undisturbed: Undisturbed
) -> None:
    """Killed when its message is sent and not yet answered: the next run leaves it to the lease, sends the
    rest, and an hour later it goes again under the same id."""
    _, facts, told = undisturbed
    steps = undisturbed[0].steps
    # Two registers are asked at once: whose alert leaves first, and so what the step is, may differ.
    for _ in range(20):
        step = next(one for one in steps if one.kind == "receive" and one.statement == "From")
        victim.dies(step.number)
        sent = victim.ledgers.books()
        before = {key for key in sent if key[0] in victim.in_flight() and "@" in key[0]}
        if before:
            break
        victim.reset()
        steps = victim.killer.run("check").steps
        victim.ledgers.quiet()
    assert len(before) == 1
    victim.killer.run("check")
    victim.ledgers.quiet()
    at_once = victim.ledgers.books()
    assert {key: len(said) for key, said in at_once.items() if key in before} == dict.fromkeys(before, 1)
    victim.recover()
    after = victim.ledgers.books()
    assert set(after) == set(at_once)
    assert {key: len(said) for key, said in after.items()} == {key: 1 + (key in before) for key in after}
    assert (victim.told(), victim.facts()) == (told, facts)


def test_a_process_of_its_own_dies_the_same_death(victim: Victim, undisturbed: Undisturbed) -> None:
    """The nursery only saves the start of an interpreter: `python -m tmwatch check` itself is killed too."""
    _, facts, told = undisturbed
    surroundings = {
        **victim.killer.env,
        "PATH": os.environ["PATH"],
        "LD_PRELOAD": str(shim()),
        "FAULTS_MODE": "kill",
        "FAULTS_ROOT": str(victim.folder),
        "FAULTS_STEP": str(next(step.number for step in undisturbed[0].steps if commits_a_look(step))),
    }
    command = [sys.executable, "-m", "tmwatch", "check"]
    ended = subprocess.run(command, cwd=victim.folder, env=surroundings, timeout=60)
    assert ended.returncode == KILLED
    victim.recover()
    assert (victim.told(), victim.facts()) == (told, facts)
