"""The rule of a watch, read aloud."""

from __future__ import annotations

import datetime as dt

from tmwatch.config import Watch
from tmwatch.numbers import parse_number
from tmwatch.watches import sentence
from tmwatch.watches.sentence import interval


def test_the_rule_is_one_sentence_with_everything_that_matters() -> None:
    said = sentence(
        Watch(
            name="JD",
            owners=("JD Ltd.",),
            marks=("JD Auto", "Joyrobotaxi"),
            classes=(9, 12),
            offices=("CN", "US"),
            since=dt.date(2024, 1, 1),
            notify=("legal", "desk"),
            every=dt.timedelta(hours=6),
        )
    )
    assert said == (
        'A filing that belongs to "JD Ltd." (company forms folded) or bears a name near "JD Auto" or '
        '"Joyrobotaxi" (level 2 or nearer), if it stands in classes 9 or 12 and is at offices CN or US and '
        'was filed on or after 2024-01-01: "legal" and "desk" are told of changes of medium significance or '
        "more (filings that are observed; looked at every 6 hours; the first look is summed up, not alerted)."
    )


def test_all_triggers_at_once_and_nobody_told_are_said() -> None:
    number = parse_number("US 76044902")
    said = sentence(Watch(name="W", numbers=(number,), agents=("Roe",), require="all", role="own"))
    assert 'has the number US 76044902 and at the same time is represented by "Roe"' in said
    assert "nobody is told, changes of any significance are only listed" in said


def test_a_long_docket_is_not_read_out() -> None:
    numbers = tuple(parse_number(f"US 760449{place:02}") for place in range(40))
    assert "or 35 more" in sentence(Watch(name="W", numbers=numbers))


def test_intervals_are_read_as_they_were_written() -> None:
    assert interval(dt.timedelta(days=1)) == "day"
    assert interval(dt.timedelta(minutes=90)) == "90 minutes"
    assert interval(dt.timedelta(days=14)) == "14 days"


def test_a_watch_for_the_same_name_only_says_so() -> None:
    said = sentence(Watch(name="W", marks=("JD",), level=0))
    assert said.startswith('A filing that bears the same name as "JD": nobody')
    assert "the same name only" in said


def test_a_watch_without_triggers_takes_every_filing_that_passes() -> None:
    assert sentence(Watch(name="W", classes=(12,))).startswith(
        "Every filing, if it stands in class 12: nobody"
    )
