"""Fifteen working days of daily files through the real commands: what is told is what was planted in them.

What each filing is under was written down when it was made up (`oracle/stories.py`), what is told of that
follows from the documents alone (`oracle/promises.py`).
"""

from __future__ import annotations

import tomllib
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from tests.loopback import text_of
from tests.oracle.files import files, zip_of
from tests.oracle.filings import Filing
from tests.oracle.promises import Book
from tests.oracle.stage import LATE, RENAMED, Stage, play, rows, staged
from tests.oracle.stories import ABOUT, LATER, WATCHES, stories
from tmwatch.similarity import WatchedMark, nearest

A_DAY = 104  # strangers a day


@pytest.fixture(scope="module")
def stage(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    with staged(tmp_path_factory.mktemp("planted")) as made:
        play(made, A_DAY)
        yield made


def test_each_watch_is_told_what_was_planted_and_nothing_else(stage: Stage) -> None:
    assert not stage.wrong, "\n".join(stage.wrong)


def test_mail_and_webhook_hold_the_facts_of_the_file(stage: Stage) -> None:
    for message in stage.messages:
        assert message.mail is not None, message.data["headline"]
        text = " ".join(text_of(message.mail).split())
        assert not any(message.data["cut"].values())
        for card in message.data["cards"]:
            states = [one for _, one in stage.moves[card["st13"]]]
            assert [one for one in states if facts(one) == {name: card[name] for name in facts(one)}], card
            for told in (card["mark"], f"US {card['application_number']}", *card["owners"], *card["classes"]):
                assert told in text, (told, text)
            changed = {change["field"]: change for change in card["changes"]}
            assert not changed or any(
                before is not None and all(_is_told(before, after, one) for one in changed.values())
                for before, after in stage.moves[card["st13"]]
            ), changed
            assert all(one["new"] is None or one["new"].split()[0] in text for one in changed.values())


def facts(one: Filing) -> dict[str, object]:
    """What a webhook has to say of a filing."""
    return {
        "mark": one.mark,
        "owners": [one.owner],
        "classes": list(one.classes),
        "application_number": str(one.serial),
        "registration_number": str(one.registration) if one.registration else None,
        "registration_date": str(one.registered) if one.registered else None,
        "application_date": str(one.filed),
        "status_code": one.status,
        "status_date": str(one.status_day),
    }


def _is_told(before: Filing, after: Filing, change: dict[str, Any]) -> bool:
    """Whether the change says what was and what is."""
    values = {
        "verbal_element": (before.mark, after.mark),
        "owners": (before.owner, after.owner),
        "status": (f"({before.status})", f"({after.status})"),
        "representatives": (before.attorney, after.attorney),
        "registration_number": (None, str(after.registration)),
        "owners.address": (before.address, after.address),
        "docket_number": (before.docket or None, after.docket),
    }
    if change["field"] not in values:
        return True
    old, new = values[change["field"]]
    return (old is None or old in (change["old"] or "")) and new is not None and new in change["new"]


def test_nobody_gets_more_than_two_messages_a_day_of_what_is_new_to_a_watch(stage: Stage) -> None:
    sent = Counter((one.data["watch"], one.day) for one in stage.messages if one.data["kind"] == "filing.new")
    assert max(sent.values()) == 2
    assert stage.at(15, LATE, "alerts", "list", "--undelivered", "--json").json == []


def test_watch_test_finds_what_is_under_each_watch_now(stage: Stage) -> None:
    for name in stage.book.rules:
        found = stage.at(15, LATE, "watch", "test", name, "--json").json["hits"]
        under = [
            st13
            for st13, (_, _, watches) in stage.book.stands.items()
            if name in {one.watch for one in watches}
        ]
        assert sorted(one["st13"] for one in found) == sorted(under), name


def test_a_campaign_is_one_card_that_counts_what_the_owner_filed_before(stage: Stage) -> None:
    found = [
        (one.day, campaign)
        for one in stage.messages
        for campaign in one.data["campaigns"]
        if campaign["filings"] > 2
    ]
    assert [day for day, _ in found] == [10, 11, 12]
    for place, (_, campaign) in enumerate(found):
        assert campaign["owners"] == ["Beispiel Licht KG"]
        assert (campaign["filings"], campaign["earlier"]["stored"]) == (5, 2 + 5 * place)
        assert [line["number"] for line in campaign["classes"]] == ["9", "12", "35", "37", "39"]
        assert campaign["earlier"]["new_classes"] == ([] if place else ["9", "12", "35", "37", "39"])
        assert len(campaign["earlier"]["new_names"]) == 5


def test_what_was_marked_says_so_and_a_publication_says_until_when_it_may_be_opposed(stage: Stage) -> None:
    told = [
        (one, card) for one in stage.messages for card in one.data["cards"] if one.data["watch"] == "names"
    ]
    relevant = [(one, card) for one, card in told if card["st13"] == ABOUT["marked relevant"].st13]
    assert [one.day for one, _ in relevant] == [2, 4, 8, 14]
    assert all("marked relevant on 2026-11-04" in card["why"] for _, card in relevant[1:])
    message, published = relevant[2]
    assert [due["day"] for due in published["dues"] if due["what"] == "opposition"] == ["2026-12-11"]
    assert message.mail is not None
    assert "2026-12-11" in text_of(message.mail)
    noise = [(one.day, card["why"]) for one, card in told if card["st13"] == ABOUT["marked noise"].st13]
    assert [day for day, _ in noise] == [2, 6, 10]
    assert "told once more: its goods changed" in noise[1][1]
    assert "told once more: its owner changed" in noise[2][1]
    by_hand = stage.at(15, LATE, "worklist", "--all", "--json").out
    assert str(ABOUT["marked relevant"].serial) in by_hand


WHY_NOT = [
    ("names", "moves into a class next door, and out of it", "class 25 is not watched"),
    ("names", "an excepted owner", "is excepted (except_owners)"),
    ("same", "the very name under an excepted number", "is excepted (except_numbers)"),
    ("same", "near the name, which is not asked", "the same name only"),
    ("since", "filed before the day", "filed 2026-10-19, before 2026-10-20"),
    ("both", "both, in another class", "class 25 is not watched"),
    ("our rival", "of a namesake", '"Beispiel Lichtung KG" is not watched'),
    ("goods", "words of the goods in two terms", "goods"),
    ("mid-way", "in the first file after it", "with its first look, which is summed up"),
    ("names", "there before the watch looked", "with its first look, which is summed up"),
    ("far", "marked noise", "comes near no watched one"),
    ("grave", "what is critical only", "told in alert"),
]


@pytest.mark.parametrize(("watch", "about", "reason"), WHY_NOT)
def test_why_not_says_what_is_true(stage: Stage, watch: str, about: str, reason: str) -> None:
    (said,) = stage.at(15, LATE, "alerts", "why-not", ABOUT[about].number, "--watch", watch, "--json").json
    assert any(reason in one for one in said["reasons"]), said["reasons"]
    told = {one["id"] for one in said["alerts"]}
    sent = [one for one in stage.messages if one.data["watch"] in (watch, *RENAMED)]
    cards = [card["st13"] for one in sent for card in one.data["cards"]]
    assert bool(told) == (ABOUT[about].st13 in cards)


def test_a_register_made_anew_from_the_same_files_is_the_same(stage: Stage, tmp_path: Path) -> None:
    other = replace(stage, folder=tmp_path, book=Book({}), wrong=[])
    other.configure({**WATCHES, **LATER})
    for one in files(A_DAY):
        (tmp_path / one.name).write_bytes(zip_of(one))
        other.at(one.on, one.at, "import", one.name)
    assert list(rows(tmp_path / "register.db")) == list(rows(stage.folder / "register.db"))


def test_the_oracle_calls_near_what_the_rule_of_likeness_does_and_no_stranger(stage: Stage) -> None:
    strangers = [[one.mark] for file in files(A_DAY) for one, _ in file.cases if one.st13 in file.strangers]
    steps = [step for story in stories() for step in story.steps]
    for watch, (text, _) in {**WATCHES, **LATER}.items():
        rule = tomllib.loads(text)
        twins = tuple(map(tuple, rule.get("twins", ())))
        marks = [WatchedMark(one, twins) for one in rule.get("marks", ())]
        level = rule.get("level", 2) or 1
        under = [
            [one.filing.mark, one.filing.pseudo]
            for one in steps
            if watch in {each.watch for each in one.under}
        ]
        assert len({one.candidate for one in nearest(marks, under, level)}) == (len(under) if marks else 0), (
            watch
        )
        assert nearest(marks, strangers, level) == []
