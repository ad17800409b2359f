"""How near two names are: what is nearer than what, at which level, and for which reasons."""

from __future__ import annotations

import csv
import itertools
from pathlib import Path

import pytest

from tmwatch.similarity import NOTHING, Scorer, compare, score, score_many, scorer
from tmwatch.similarity.batch import may_be_near
from tmwatch.similarity.features import ALL_NAMES, expand, measure, short_near
from tmwatch.similarity.freq import learned, shipped
from tmwatch.similarity.meaning import extended

NAMES = [
    "BMW", "BMN", "VW", "VYW", "3M", "3N", "JDEX", "JD AUTO", "JD-AUTO", "SEYCOS", "AUTOMATIC",
    "京东派", "北京东方", "南京东路", "JINGDONG", "ПРАВДА", "!!", "", "S & W", "LOWE & CO", "BLUE HORSE",
    "カフェ", "SEIKO WATCHES", "HYDROPIK", "ELITE TEST 360", "Société du Lion",
]  # fmt: skip
MARKS = ["BMW", "VW", "3M", "JD", "京东", "SEIKO", "WATERPIK", "360 TEST", "LION", "BLUE", "café", "правда"]


def reasons(one: str, other: str) -> str:
    return "; ".join(compare(one, other).reasons)


@pytest.mark.parametrize(
    ("mark", "near", "far"),
    [
        ("BMW", "BMN", "BAU"),
        ("VW", "VYW", "VOX"),
        ("3M", "3N", "5K"),
        ("SEIKO", "SEYCOS", "SENIOR"),
        ("KRAFTSMAN", "CRAFTSMAN", "SPORTSMAN"),
        ("GORILLA", "GORILLA BOARD", "VANILLA BOARD"),
        ("JD", "JD AUTO", "JDEX"),
        ("LION ROCK", "LION ROCK TECHNOLOGY", "LION TECHNOLOGY"),
        ("WATERPIK", "HYDROPIK", "WATERFALL"),
        ("京东", "京东之家", "北京东方"),
        ("京东", "京东派", "南京东路"),
        ("西门子", "上海西门子", "上海电子"),
    ],
)
def test_one_name_is_nearer_to_a_mark_than_another(mark: str, near: str, far: str) -> None:
    assert score(mark, near) > score(mark, far)


def test_the_same_letters_are_level_1_however_they_are_written() -> None:
    for other in ("JD-AUTO", "J.D. Auto", "jdauto", "JDАUTO", "ＪＤ ＡＵＴＯ"):
        assert compare("JD AUTO", other).level == 1


def test_names_that_share_nothing_are_distant_and_have_no_reason() -> None:
    found = compare("SEIKO", "MOUNTAIN GREEN")
    assert (found.level, found.score, found.reasons) == (4, NOTHING, ())


@pytest.mark.parametrize(
    ("mark", "other", "level"),
    [("SEIKO", "SEYKO", 2), ("BMW", "BMN", 3), ("EARNIFY", "EARNIFY REWARDS", 1), ("VAGISIL", "VAGISAN", 3)],
)
def test_what_is_alike_enough_is_at_least_of_its_level(mark: str, other: str, level: int) -> None:
    assert compare(mark, other).level <= level


@pytest.mark.parametrize(
    ("mark", "other", "said"),
    [
        ("GLAD", "Glad", "same name: GLAD / Glad"),
        ("ACTIVE CARE", "ACTIVECARE", "same letters, written apart otherwise: ACTIVE CARE / ACTIVECARE"),
        ("CUADRA", "QUADRA", "same sound: CUADRA / QUADRA"),
        ("SLEEPEASE", "SLEEPEEZ", "same sound: SLEEPEASE / SLEEPEEZ"),
        ("SEIKO", "SEYCOS", "near in sound: SEIKO / SEYCOS"),
        ("TALIYA", "TALIKA", "near in letters: TALIYA / TALIKA"),
        ("JOYROBOTAXI", "JOYROBOTAXI GROUP", "contains your whole mark, the rest is weak: GROUP"),
        ("INSIGNIA", "ALEC BRADLEY STAR INSIGNIA", "contains your whole mark, beside ALEC BRADLEY STAR"),
        ("PARKER-KNOLL", "KNOLL", "is a part of your mark: KNOLL"),
        ("京东", "京东之家", "contains your whole mark, the rest is weak: 之家"),
        ("京东", "京东派", "contains your whole mark: 京东 in 京东派"),
        ("京东", "北京东方", "holds the characters 京东, but across the border of two words: 北京东方"),
        ("JINGDONG", "京东", "京东 is read Jingdong"),
        ("PILGRIM", "LA PEREGRINA", "same meaning: PILGRIM / PEREGRINA"),
        ("LION", "狮子", "same meaning: LION / 狮子"),
        ("FLEX", "CONFORFLEX", "FLEX stands in CONFORFLEX"),
        ("COMPHY", "COMFY SLEEP", "a word of same sound: COMPHY / COMFY"),
        ("ZANTROPA RED", "ZANTROPA BLUE", "the same word ZANTROPA, which few names hold"),
        ("ZANTROPA LIFE", "QUIMBOLT LIFE", "the same word LIFE, which many names hold"),
        ("KORVANTIS BLUE", "KORVANTES PLUS", "a word near in letters: KORVANTIS / KORVANTES"),
        ("KORVHOUSE", "HOUSELUMP", "a part in common: KORVHOUSE / HOUSELUMP"),
        ("BMW", "BMN", "one letter differs: BMW / BMN"),
        ("SEIKO", "SEYCOS", "a word of near sound: SEIKO / SEYCOS"),
        ("SEIKO", "SENIOR", "letters or sounds in common: SEIKO / SENIOR"),
        ("京东", "京东方", "holds the characters 京东, but as a part of another word: 京东方"),
        ("京东", "京西", "one character differs: 京东 / 京西"),
    ],
)
def test_each_reason_is_said_in_words(mark: str, other: str, said: str) -> None:
    assert said in compare(mark, other).reasons, reasons(mark, other)


def test_no_reason_speaks_of_infringement() -> None:
    for one, other in itertools.product(MARKS, NAMES):
        assert not {"infring", "confus", "illegal"} & set(reasons(one, other).casefold().split())


def test_sight_sound_and_sense_are_told_apart() -> None:
    heard, meant = compare("CUADRA", "QUADRA"), compare("LION", "LÖWE")
    assert heard.sound == 1.0
    assert heard.sight < 1.0
    assert meant.sense > 0.5
    assert meant.sight <= 0.5


def test_many_at_once_score_as_one_by_one() -> None:
    for mark in MARKS:
        assert score_many(mark, NAMES) == pytest.approx([score(mark, name) for name in NAMES])


def test_the_look_up_loses_no_name_that_the_rule_lets_through() -> None:
    one = scorer()
    names = [*NAMES, *MARKS]
    batch = one.batch(names)
    for mark in names:
        expected = [at for at, name in enumerate(names) if may_be_near(one.name(mark), one.name(name))]
        assert sorted(one.many(mark, batch)) == expected, mark


def test_a_word_that_the_own_register_is_full_of_weighs_less() -> None:
    own = learned([f"NIMBUS {number}" for number in range(5000)])
    assert own.bits("nimbus") < shipped().bits("nimbus") - 4
    busy, plain = Scorer(counts=own, background=()), Scorer(background=())
    assert busy.score("NIMBUS STAR", "NIMBUS ROAD") < plain.score("NIMBUS STAR", "NIMBUS ROAD")


def test_a_mark_that_many_names_come_near_to_needs_more_nearness() -> None:
    crowd = [f"KORVA {number}" for number in range(400)]
    quiet = ["SOMETHING ELSE"] * 400
    noisy, alone = Scorer(background=crowd), Scorer(background=quiet)
    assert noisy.score("KORVA", "KORVAX") < alone.score("KORVA", "KORVAX")


def test_a_user_adds_meanings_of_their_own() -> None:
    own = Scorer(meanings=extended([("quern", ["zorbel", "plinta"])]), background=())
    assert own.compare("ZORBEL", "PLINTA").reasons == ("same meaning: ZORBEL / PLINTA",)
    assert own.score("ZORBEL", "PLINTA") > Scorer(background=()).score("ZORBEL", "PLINTA")


def test_hostile_names_neither_raise_nor_take_long() -> None:
    for name in ("", " ", "!!", "a" * 3000, "京" * 500, "\ud83d", "()[]*+?\\", "\x00"):
        assert isinstance(score(name, "JD AUTO"), float)
        assert isinstance(score("JD AUTO", name), float)


def pinned() -> list[tuple[str, str, int, float]]:
    text = (Path(__file__).parent / "pinned_scores.csv").read_text(encoding="utf-8")
    return [
        (row["watched"], row["candidate"], int(row["level"]), float(row["score"]))
        for row in csv.DictReader(text.splitlines())
    ]


def test_scores_and_levels_stay_what_they_were() -> None:
    """After a wanted change: `python -m tests.quality.pin`, and read the difference."""
    for watched, candidate, level, expected in pinned():
        found = compare(watched, candidate)
        assert found.level == level, (watched, candidate)
        assert found.score == pytest.approx(expected, abs=0.002), (watched, candidate)


def test_every_weight_is_held_by_a_pinned_score() -> None:
    one = scorer()
    seen = []
    for watched, candidate, _level, _score in pinned():
        left, right = one.name(watched), one.name(candidate)
        if may_be_near(left, right):
            seen.append(expand(measure(left, right, one.counts)[0]))
    for at, name in enumerate(ALL_NAMES):
        tenth = abs(one.weights.by_name[at]) * 0.1
        if tenth < 0.0025:
            continue  # so small that a tenth of it moves no score
        assert max(abs(numbers[at]) for numbers in seen) * tenth > 0.0021, name


def test_the_noise_and_the_levels_are_what_was_learned() -> None:
    """After a wanted change of `tests.quality.fit`, the numbers that it wrote."""
    weights = scorer().weights
    assert weights.levels == pytest.approx((0.3695, -1.7919, -3.5058), abs=0.02)
    assert weights.noise == 0.5


@pytest.mark.parametrize("other", ["北京东方", "南京东路"])
def test_characters_that_meet_by_accident_are_distant(other: str) -> None:
    assert compare("京东", other).level == 4


@pytest.mark.parametrize("other", ["京东派", "京东之家", "北京京东"])
def test_characters_that_are_meant_are_near(other: str) -> None:
    assert compare("京东", other).level == 1


@pytest.mark.parametrize(("mark", "other"), [("BMW", "BMN"), ("VW", "VYW"), ("3M", "3N")])
def test_a_short_mark_with_one_letter_changed_is_found(mark: str, other: str) -> None:
    found = compare(mark, other)
    assert found.level <= 2
    assert found.reasons


@pytest.mark.parametrize("other", ["BWM", "WBM", "BMWX", "XBMW", "BM", "BXW"])
def test_a_short_mark_is_near_but_for_one_letter_or_their_order(other: str) -> None:
    assert short_near("bmw", other.lower())


@pytest.mark.parametrize("other", ["BMW", "BXX", "BMWXY", "B", "KIA", ""])
def test_a_short_mark_is_near_to_nothing_else(other: str) -> None:
    assert not short_near("bmw", other.lower())


def test_two_letters_inside_a_word_are_weak() -> None:
    assert compare("JD", "JDEX").level > compare("JD", "JD AUTO").level


def test_a_translation_is_near_and_never_near_identical() -> None:
    assert compare("LION", "LÖWE").level == 2


def test_two_words_of_one_name_are_one_word_of_the_other() -> None:
    said = "a word of same sound: VAPORUB / VAPOURRUB"
    assert said in compare("VAPORUB", "KARSOTE VAPOUR RUB").reasons
    assert "a word of same sound: VAPOURRUB / VAPORUB" in compare("VAPOUR RUB", "VAPORUB KARSOTE").reasons


def test_a_foreign_name_is_heard_in_its_chinese_transliteration() -> None:
    assert score("SIEMENS", "西门子") > score("SIEMENS", "西山") + 2
    assert compare("SIEMENS", "西门子").sound > 0.8


def test_what_is_common_in_one_class_counts_in_no_other() -> None:
    """Whether a scorer comes from one without classes or from one that was made with some."""
    counts, names = shipped(), ("JOY AUTO", "LION SOFTWARE", "SUN CAR")
    bits = Scorer(counts.in_classes({9}), background=names)._beside_of(False).bits.tolist()
    for made in (Scorer(counts, background=names), Scorer(counts.in_classes({12}), background=names)):
        assert made.in_classes({9})._beside_of(False).bits.tolist() == bits
    assert Scorer(counts.in_classes({12}), background=names)._beside_of(False).bits.tolist() != bits


@pytest.mark.parametrize(
    ("mark", "other", "left"),
    [
        ("JOYROBOTAXI", "JOYROBOTAXI", (False, False, 1.0)),
        ("JOYROBOTAXI", "JOYROBOTAXI SERVICES", (True, True, 1.0)),
        ("JOYROBOTAXI", "JOYROBOTAXI KORVANTIS", (True, True, 0.0)),
        ("VAPORUB", "VAPOUR RUB", (False, False, 1.0)),  # written as one, nothing is left
        ("KORVANTIS", "BMW SERVICES", (True, True, 0.0)),  # beside no word of the mark
    ],
)
def test_what_a_name_has_beside_the_mark_is_weighed(
    mark: str, other: str, left: tuple[bool, bool, float]
) -> None:
    numbers, _matches = measure(scorer().name(mark), scorer().name(other), scorer().counts)
    bits, most, trade = (numbers[ALL_NAMES.index(name)] for name in ("left_bits", "left_most", "left_trade"))
    assert (bits > 0, most > 0, trade) == left


def test_a_mark_with_words_that_say_little_is_nearer_than_beside_another_mark() -> None:
    assert score("JOYROBOTAXI", "JOYROBOTAXI SERVICES") > score("JOYROBOTAXI", "JOYROBOTAXI KORVANTIS")
