"""How near a name has to be to count among the nearest of a mark."""

from __future__ import annotations

import numpy as np
import pytest

from tmwatch.similarity.floor import Floor, Nearest

LEVELS = (0.4, -1.8, -3.5)


@pytest.mark.parametrize(
    ("floor", "score"),
    [
        (Floor(1), 0.4),
        (Floor(3), -3.5),
        (Floor(4), -np.inf),
        (Floor(1, -5.0), 4.999),  # scores are ranked by three places
        (Floor(2, 1.0), -1.001),
        (Floor(2, -3.0), 0.4),  # whatever is of level 1 is nearer than a name of level 2
        (Floor(4, 2.0), -3.5),
    ],
)
def test_a_name_nearer_than_the_floor_has_at_least_its_score(floor: Floor, score: float) -> None:
    assert floor.score(LEVELS) == pytest.approx(score, abs=1e-12)


def learn(wanted: Nearest, names: int, found: list[tuple[int, float]]) -> None:
    wanted.learn(names, np.array([level for level, _ in found]), np.array([score for _, score in found]))


def test_until_enough_are_found_every_name_of_the_level_is_wanted() -> None:
    wanted = Nearest(3, 2, 1000)
    learn(wanted, 100, [(1, 4.0)])
    assert wanted.sure() == Floor(3)


def test_no_name_below_the_last_of_those_that_were_found_is_wanted() -> None:
    wanted = Nearest(3, 2, 1000)
    learn(wanted, 100, [(3, -2.0), (1, 4.0), (2, 5.0)])
    assert wanted.sure() == Floor(2, -5.0)
    learn(wanted, 100, [(1, 1.0)])
    assert wanted.sure() == Floor(1, -1.0)


def test_more_is_asked_of_the_rest_where_much_was_found_in_a_part() -> None:
    wanted = Nearest(3, 10, 1000)
    learn(wanted, 100, [(1, float(score)) for score in range(9, 0, -1)])
    assert wanted.sure() == Floor(3)
    assert wanted.expected() == Floor(1, -7.0)  # three in a tenth of the names: thirty in all
