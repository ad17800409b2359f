"""Thousands of strangers a day, and filings that live at random: what is told is what the promises say."""

from __future__ import annotations

import random
from pathlib import Path

import pytest

from tests.cli.test_feed import KEY, Portal
from tests.oracle.files import NOON, Imported, Strangers
from tests.oracle.lives import days
from tests.oracle.stage import EARLY, Stage, play, staged
from tests.oracle.stories import DAYS, LATER_ON


def live(stage: Stage, lives: int, seed: int, a_day: int) -> None:
    """So many lives at random among strangers; on each day somebody marks four hits at random."""
    stage.configure()
    stage.book.register = stage.register
    by = random.Random(seed)
    others = Strangers(by, a_day)
    for day, mine in enumerate(days(lives, by)):
        theirs = others.of_a_day()
        cases = [*mine, *((one, ()) for one, _ in theirs.values())]
        by.shuffle(cases)
        if day:
            stage.midnight(day)
        if day == LATER_ON:
            stage.add_watches()
        known = sorted(stage.hits.keys() & stage.book.hits.keys())
        for watch, st13 in by.sample(known, min(4, len(known))):
            triage = by.choice(("relevant", "noise", "noise", "open"))
            stage.at(day, EARLY, "hits", "mark", str(stage.hits[watch, st13]), triage)
            stage.book.mark(watch, st13, triage)
        strangers = {st13: what for st13, (_, what) in theirs.items()}
        name = f"apc{DAYS[day]:%y%m%d}.zip"
        stage.imports(Imported(day, NOON, name, day, tuple(cases), strangers=strangers))


@pytest.mark.soak
@pytest.mark.parametrize("register", [True, False], ids=["register", "no-register"])
def test_among_thousands_of_strangers_a_day_what_was_planted_is_told(tmp_path: Path, register: bool) -> None:
    with staged(tmp_path) as stage:
        stage.register = register
        # In the database alone two cases of one file may be one card.
        alone = ("twice in one file, the last word counts",)
        play(stage, 3000, () if register else alone)
        assert not stage.wrong, "\n".join(stage.wrong)


@pytest.mark.soak
def test_of_files_that_check_takes_from_the_portal_what_was_planted_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with staged(tmp_path) as stage, Portal() as stage.portal:
        monkeypatch.setenv("USPTO_ODP_API_KEY", KEY)
        play(stage, 104)
        assert not stage.wrong, "\n".join(stage.wrong)


@pytest.mark.soak
@pytest.mark.parametrize("register", [True, False], ids=["register", "no-register"])
@pytest.mark.parametrize("seed", range(5))
def test_of_filings_that_live_at_random_each_watch_is_told_what_is_promised(
    tmp_path: Path, seed: int, register: bool
) -> None:
    with staged(tmp_path) as stage:
        stage.register = register
        live(stage, 150, seed, 120)
        assert not stage.wrong, "\n".join(stage.wrong)
