"""Pictures in a name (★, an emoji, circles drawn over letters) hide no likeness."""

from __future__ import annotations

import pytest

from tmwatch.similarity import compare
from tmwatch.similarity.keys import pieces
from tmwatch.text import fold


@pytest.mark.parametrize(
    "name",
    [
        "JOY🚕ROBOTAXI",
        "JOY 🚕 ROBO TAXI",
        "JOY-ROBO★TAXI",
        "★JOY★ROBO★TAXI★",
        "JOYROBOTAXI \N{BLACK HEART SUIT}\N{VARIATION SELECTOR-16}",
        "".join(f"{letter}\N{COMBINING CYRILLIC MILLIONS SIGN}" for letter in "JOYROBOTAXI"),
    ],
)
def test_pictures_between_the_letters_hide_no_likeness(name: str) -> None:
    found = compare("Joyrobotaxi", name)
    assert found.level == 1
    assert found.sound > 0.9


def test_pictures_still_tell_the_same_name_from_another_and_are_all_that_a_mark_of_them_has() -> None:
    assert fold("★ JOY") != fold("JOY")
    assert pieces("★ ☆") == ("★", "☆")
    assert pieces("Disney+") == ("disney", "+")
