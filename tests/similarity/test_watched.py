"""The marks of a watch against filings of several names: nearest pair, which form, and why."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest

from tmwatch.similarity import Near, Scorer, WatchedMark, nearest, scorer
from tmwatch.similarity.arrays import Columns
from tmwatch.similarity.compiled import arrays
from tmwatch.similarity.watched import relations

JD = (("JD", "京东"),)


def only(mark: WatchedMark, *names: str, level: int = 3) -> Near | None:
    found = nearest([mark], [names], level)
    return found[0] if found else None


def test_a_filing_is_told_once_by_its_nearest_name() -> None:
    found = nearest([WatchedMark("SEIKO")], [["MOON", "SEIKA", "SEIKO", "Seyko"], ["MOON"], ["SEYKO"]])
    assert [(one.mark, one.candidate, one.name) for one in found] == [(0, 0, "SEIKO"), (0, 2, "SEYKO")]
    assert found[0].likeness.level == 1
    assert found[0].form == "SEIKO"


def test_marks_and_filings_keep_their_places() -> None:
    marks = [WatchedMark("SEIKO"), WatchedMark("GORILLA", classes=frozenset({9})), WatchedMark("SEIKO")]
    found = nearest(marks, [["GORRILA"], ["SEIKO"], ["Seiko!"]])
    assert [(one.mark, one.candidate) for one in found] == [(0, 1), (0, 2), (1, 0), (2, 1), (2, 2)]


def test_a_declared_twin_finds_what_the_mark_itself_does_not() -> None:
    found = only(WatchedMark("JD", JD), "京东之家")
    assert found is not None
    assert (found.form, found.likeness.level) == ("京东", 1)
    assert found.likeness.reasons[0] == "by the declared twin 京东"
    assert only(WatchedMark("JD"), "京东之家", level=4) is None


def test_initials_that_nobody_declared_are_no_form() -> None:
    for name in ("金鼎", "江东电子", "京东", "Jin Da Trading"):
        assert only(WatchedMark("JD"), name) is None, name


@pytest.mark.parametrize(
    ("mark", "name", "said"),
    [
        ("L8R", "LATER", "8 read as ATE"),
        ("LATER", "L8R", "8 read as ATE"),
        ("4EVER", "FOREVER", "4 read as FOR"),
        ("FOREVER", "4EVER", "4 read as FOR"),
        ("V0LTRA", "VOLTRA", "0 read as O"),
        ("VOLTRA", "V0LTRA", "0 read as O"),
    ],
)
def test_digits_are_read_as_letters_on_either_side(mark: str, name: str, said: str) -> None:
    found = only(WatchedMark(mark), name)
    assert found is not None
    assert found.likeness.level == 1
    assert found.likeness.reasons[0] == said
    assert found.name == name


def test_a_short_mark_is_not_read_as_shorter_words() -> None:
    assert only(WatchedMark("3M"), "EM", level=1) is None
    assert only(WatchedMark("JD0"), "JDO", level=1) is not None


def test_all_readings_of_chinese_characters_count_on_either_side() -> None:
    for mark, name in (("ZHANGCHENG", "长城"), ("长城", "ZHANGCHENG")):
        found = only(WatchedMark(mark), name)
        assert found is not None, mark
        assert found.likeness.level == 2
        assert found.likeness.reasons[0] == "长城 is also read Zhangcheng"


@pytest.mark.parametrize(
    ("mark", "name"),
    [("京东汽车", "JINGDONG QICHE"), ("JINGDONG QICHE", "京东汽车"), ("京东汽车", "Jingdongqiche")],
)
def test_what_is_read_as_the_very_name_is_not_said_to_be_read_otherwise(mark: str, name: str) -> None:
    """汽 may be read yi: "is also read Jingdongyiche, near in sound" of JINGDONG QICHE was no true reason."""
    found = only(WatchedMark(mark), name)
    assert found is not None
    assert (found.likeness.level, found.likeness.sound) == (2, 1.0)
    assert found.likeness.reasons[:2] == ("京东 is read Jingdong", "汽车 is read Qiche")


@pytest.mark.parametrize("name", ["北京东方", "北京东方汽车", "南京东路", "京西汽车", "东京汽车"])
def test_rare_readings_do_not_bring_two_chinese_names_near(name: str) -> None:
    """方 may be read feng and 汽 gai: two names read so share letters that nobody says."""
    assert only(WatchedMark("京东汽车"), name) is None
    assert only(WatchedMark("京东"), name) is None


def test_two_chinese_names_are_near_where_another_reading_makes_one_sound_of_them() -> None:
    for mark, name, said in (
        ("行知", "航知", "行知 is also read Hangzhi"),
        ("航知", "行知", "行知 is also read Hangzhi"),
        ("单雄", "缠熊居", "单雄 is also read Chanxiong"),
    ):
        found = only(WatchedMark(mark), name)
        assert found is not None, mark
        assert found.likeness.level == 2
        assert said in found.likeness.reasons


def test_nothing_comes_near_to_an_empty_name() -> None:
    assert nearest([WatchedMark(""), WatchedMark(" ")], [["", "JD"], []], 4) == []
    assert nearest([], []) == []


def test_a_level_that_does_not_exist_is_refused() -> None:
    with pytest.raises(ValueError, match="a level is 1 to 4"):
        nearest([WatchedMark("JD")], [["JD"]], 5)


def test_parts_give_the_same_as_the_whole() -> None:
    marks = [WatchedMark("JD", JD), WatchedMark("L8R"), WatchedMark("SEIKO")]
    filings = [["LATER"], ["京东派", "Jing Dong Pai"], ["SEIKKO"], ["JD AUTO"]]
    whole = nearest(marks, filings)
    parts = [
        (at, one.candidate, one.name, one.form, one.likeness)
        for at in range(3)
        for one in nearest(marks[at : at + 1], filings)
    ]
    assert [(one.mark, one.candidate, one.name, one.form, one.likeness) for one in whole] == parts


def test_words_that_the_user_says_mean_the_same_are_looked_for() -> None:
    own = (("zorbel", "Plinta", "石榴子"),)
    assert only(WatchedMark("ZORBEL", meanings=own), "石榴子") is not None
    found = only(WatchedMark("ZORBEL ROCK", meanings=own, classes=frozenset({12})), "PLINTA ROCK")
    assert found is not None
    assert "same meaning: ZORBEL / PLINTA" in found.likeness.reasons
    assert only(WatchedMark("ZORBEL"), "石榴子") is None
    assert only(WatchedMark("LION", meanings=own), "LÖWE") is not None  # the shipped table holds as before


def test_of_equals_the_filings_first_name_is_told_whatever_is_beside_it() -> None:
    filing = ["SEIKO", "Seiko!"]
    (alone,) = nearest([WatchedMark("SEIKO")], [filing])
    beside = nearest([WatchedMark("SEIKO")], [["Seiko!"], filing])
    assert alone.name == beside[1].name == "SEIKO"


def test_names_that_are_made_ready_for_several_scorers_weigh_in_each_what_they_weigh_in_it_alone() -> None:
    words = ("FRESH", "SHIRT", "DATA", "Seiko", "COFFEE", "京东", "汽车", "JD", "Auto", "SONDATA", "VAPOUR")
    names = [f"{one} {other}" for one in words for other in words] + ["DATAFRESH", "COFFEESHIRT", ""]
    made: dict[Scorer, Columns] = {}
    weights: set[tuple[float, ...]] = set()
    for classes in ((), (9,), (12, 30), (25, 30)):
        one = scorer().in_classes(classes)
        shared, alone = one.batch_of(names, made), one.batch(names)
        for at in range(len(names)):
            assert dataclasses.asdict(shared.name(at)) == dataclasses.asdict(alone.name(at))
        for what, array in arrays(alone).items():
            assert np.array_equal(arrays(shared)[what], array), what
        weights.add(tuple(alone.bits.tolist()))
    assert len(made) == 1
    assert len(weights) > 1  # else it says nothing


def test_of_a_name_that_is_known_to_be_far_the_other_forms_are_looked_at() -> None:
    names = [["L8R", "LATER"], ["L8R"], ["LATER"]]
    found = nearest([WatchedMark("LATER")], names, far=[("LATER",), ("L8R",), ("LATER",)])
    assert [(one.candidate, one.name) for one in found] == [(0, "L8R"), (1, "L8R")]
    assert found[1].likeness.reasons[0] == "8 read as ATE"


def test_what_own_meanings_may_change_is_looked_for_by_their_words_where_these_stand_inside_names() -> None:
    mark = WatchedMark("L8R", meanings=(("later", "后来"), ("soon", "short time")))
    found = relations([mark, WatchedMark("L8R"), mark])
    assert found is not None
    assert [name.raw for name in found[:2]] == ["L8R", "later"]
    assert {name.raw for name in found[2:]} >= {"later", "后来", "soon", "short time"}
    assert "own 0" in found[1].senses
    assert relations([WatchedMark("L8R", meanings=(("later", "x"),))]) is None
