"""What people would say of two names, as a table; weak words are weak, in a class more than elsewhere."""

from __future__ import annotations

import dataclasses
import importlib

import pytest

from tmwatch.similarity import Scorer, WatchedMark, compare, nearest, score
from tmwatch.similarity.background import made_han_names, made_names
from tmwatch.similarity.compiled import arrays
from tmwatch.similarity.freq import class_words, count_classes, shipped
from tmwatch.similarity.name import Name

scoring = importlib.import_module("tmwatch.similarity.score")  # the package names a function so

# mark | other | the nearest and the farthest level that people would agree with
PEOPLE = """
JD AUTO | JD-AUTO | 1 1
JD AUTO | JDAUTO | 1 1
JD AUTO | J.D. Auto | 1 1
JDАUTO | JD AUTO | 1 1
JD Auto | JD AUTO CAR.JD.COM | 1 2
JD AUTO | AUTO JD | 1 1
JD AUTO | JD MOTORS | 2 3
JD AUTO | JDEX AUTO | 2 4
JD AUTO | UOQJD | 3 4
JD AI | JDAIRO | 1 2
JD AUTO | JDKJAEUG | 3 4
JD AUTO | JDEX | 3 4
JD AUTO | AUTO | 4 4
JD AUTO | AUTO PARTS | 4 4
JD | JD AUTO | 1 1
JD | JD SPORTS | 1 2
JD | JDEX | 2 3
JD | AUTO | 4 4
京东 | 京东派 | 1 1
京东 | 京东之家 | 1 1
京东 | 京东汽车 | 1 1
京东 | 北京京东 | 1 1
京东 | JINGDONG | 1 2
京东 | 京东方 | 4 4
京东 | 北京东方 | 4 4
京东 | 南京东路 | 4 4
京东 | 东京 | 3 4
北京西门子 | 西门子 | 1 2
华为科技 | 科技 | 4 4
BMW | BMN | 1 2
BMW | BWM | 1 2
VW | VYW | 1 2
3M | 3N | 1 2
BMW | BMW MOTORS | 1 1
BMW | KIA | 4 4
JOYROBOTAXI | JOY ROBO TAXI | 1 1
JOYROBOTAXI | Joy-Robotaxi | 1 1
JOYROBOTAXI | JOYROBOTAX | 1 1
JOYROBOTAXI | TOYROBOTAXI | 1 1
JOYROBOTAXI | JOI ROBOTAXI | 1 1
JOYROBOTAXI | TOY ROBOTAXI | 1 1
FACEBOOK | FAKE BOOK | 1 1
BLUEBIRD | BLUE BYRD | 1 1
KIDZ WORLD | KIDSWORLD | 1 2
FACE BOOK | FACEBOOC | 1 2
FACE BOOK | FAKEBOOK | 2 3
JOYROBOTAXI | JOY ROBOTAXI SERVICE | 1 2
JOYROBOTAXI | ROBOTAXI | 3 4
JOYROBOTAXI | TAXI | 4 4
KORVA | KORVA TECH | 1 1
KORVA TECH | KORVA | 1 2
KORVA TECH | KORVA SOFT | 1 2
KORVA TECH | TECH | 4 4
KORVA TECH | ZOLMET TECH | 4 4
GREEN TECH | BLUE TECH | 3 4
SEIKO | SEYKO | 1 2
SEIKO | SEYCOS | 2 3
SEIKO | SENIOR | 3 4
KRAFTSMAN | CRAFTSMAN | 1 1
KRAFTSMAN | SPORTSMAN | 3 4
COCA-COLA | KOKA KOLA | 1 2
COCA-COLA | COCA COLA ZERO | 1 1
NIKE | NYKE | 1 2
NIKE | MIKE | 2 3
LION | LÖWE | 2 2
LION | LIONS | 1 2
APPLE | POMME | 2 3
BLUE HORSE | CHEVAL BLEU | 2 2
THE BLUE HORSE | BLUE HORSE | 1 1
WATERPIK | HYDROPIK | 2 3
WOLF | LOBO | 2 2
THE WOLF | EL LOBO | 2 3
BUTTERFLY | PAPILLON | 2 2
HUMMINGBIRD | COLIBRÍ | 2 2
SUNFLOWER | GIRASOL | 2 2
GUARDIAN ANGEL | ANGE GARDIEN | 2 2
SWEET LIFE | DOLCE VITA | 2 2
SNOW WHITE | BLANCHE NEIGE | 2 2
GOOD MORNING | BUENOS DÍAS | 2 3
FOUR SEASONS | 四季 | 2 2
LION | 狮子 | 2 2
STAR | ЗВЕЗДА | 2 2
ZVEZDA | ЗВЕЗДА | 2 2
TIGER | 호랑이 | 2 2
VENEZIA | VENICE | 2 2
MICHELIN | 米其林 | 2 2
LAND ROVER | 路虎 | 2 2
LAND ROVER | 路虎汽车 | 2 2
WOLF | LUPE | 3 4
LION | TIGER | 4 4
BĄCZEK | BACHEK | 1 2
金士顿 | 金土顿 | 1 2
康师傅 | 康帅傅 | 1 2
明珠 | 珠明 | 1 3
舒肤佳 | 舒夫佳 | 1 2
雪碧 | 雷碧 | 1 3
茅台 | MAOTAI | 1 2
西门子 | SIEMENS | 2 2
九牧王 | JOEONE 九牧王 | 1 2
拉菲 | 拉菲庄园 | 1 2
西门子 | 西安 | 4 4
明珠 | 明天 | 4 4
"""


@pytest.mark.parametrize("line", PEOPLE.strip().splitlines())
def test_what_people_would_say(line: str) -> None:
    mark, other, levels = (part.strip() for part in line.split("|"))
    least, most = map(int, levels.split())
    found = compare(mark, other)
    assert least <= found.level <= most, found
    assert found.reasons or found.level == 4


def near(mark: str, name: str, *classes: int) -> tuple[int, float, str]:
    (found,) = nearest([WatchedMark(mark, classes=frozenset(classes))], [[name]], 4)
    return found.likeness.level, found.likeness.score, "; ".join(found.likeness.reasons)


@pytest.mark.parametrize(
    ("word", "classes"),
    [("auto", {12, 39}), ("taxi", {12, 39}), ("motor", {12}), ("汽车", {12}), ("出租车", {12, 39})]
    + [("tech", {9, 42}), ("soft", {9, 42}), ("data", {9, 42}), ("科技", {9, 42}), ("pizza", {30, 43})],
)  # fmt: skip
def test_a_word_that_names_goods_of_a_class_says_little_there(word: str, classes: set[int]) -> None:
    assert classes <= class_words()[word]
    for one in classes:
        assert shipped().in_classes({one}).bits(word) <= 5.0
    assert shipped().in_classes({34}).bits(word) == shipped().bits(word) > 5.0


def test_the_least_of_the_classes_of_a_watch_counts() -> None:
    assert shipped().in_classes({25, 12}).bits("auto") == shipped().in_classes({12}).bits("auto")


def test_a_mark_beside_its_weak_word_is_farther_in_the_class_that_the_word_names() -> None:
    assert near("BLUE CLOUD", "RED CLOUD", 42)[1] < near("BLUE CLOUD", "RED CLOUD", 25)[1] - 1
    level, _score, said = near("JD AUTO", "JD", 12)
    assert level <= 2
    assert "the rest is weak in class 12: AUTO" in said


def test_classes_without_a_weak_word_change_nothing() -> None:
    assert near("SEIKO", "SEYKO", 12, 25) == near("SEIKO", "SEYKO")


def owned(word: str, class_number: int, owners: int, each: int = 1) -> list[tuple[str, str, set[int]]]:
    return [
        (f"owner {word} {number}", f"{word} {number}{again}", {class_number})
        for number in range(owners)
        for again in range(each)
    ]


def test_the_users_own_register_says_what_is_common_in_a_class() -> None:
    rows = [
        *owned("ZORVAK", 7, 60),
        *owned("PLINTO", 7, 3),
        *owned("MARK", 9, 60),
        ("nobody", "NO CLASS", ()),
    ]
    counts = count_classes(rows)
    own = shipped().with_classes(counts)
    assert own.in_classes({7}).bits("zorvak") < 2 < own.in_classes({9}).bits("zorvak") == own.bits("zorvak")
    assert own.in_classes({7}).bits("plinto") == own.bits("plinto")  # three owners are no habit of a class
    assert own.telling(["zorvak", "house"], {7, 9}) == {7}
    mark = WatchedMark("KORVA ZORVAK", classes=frozenset({7}), counts=counts)
    (found,) = nearest([mark], [["KORVA"]], 4, Scorer(background=()))
    assert "the rest is weak in class 7: ZORVAK" in "; ".join(found.likeness.reasons)


@pytest.mark.parametrize("count", [1500, pytest.param(10_000, marks=pytest.mark.soak)])
@pytest.mark.parametrize("han", [False, True])
def test_in_a_class_the_background_weighs_as_if_it_were_made_for_that_class(
    han: bool, count: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is taken from the scorer without classes, but for the names in which a word weighs otherwise. The
    sample is its first names; `make soak` has all of them."""
    names = (made_han_names if han else made_names)(shipped())[:count]
    assert len(names) >= 1500
    monkeypatch.setattr(scoring, "made_han_names" if han else "made_names", lambda counts: names)
    common = made_names(shipped())[0].split()[0]
    plain = Scorer()
    one = plain.with_class_counts(count_classes(owned(common, 12, 60))).in_classes({12, 42})
    beside = one._beside_of(han)
    anew = one.batch(names)
    parts = [field.name for field in dataclasses.fields(Name)]
    for at in range(len(anew)):
        mine, theirs = beside.name(at), anew.name(at)
        assert all(getattr(mine, part) == getattr(theirs, part) for part in parts), mine.raw
    kept, made = arrays(beside), arrays(anew)
    assert kept.keys() == made.keys()
    assert [what for what in kept if kept[what].tobytes() != made[what].tobytes()] == []
    assert beside.bits.tolist() != plain._beside_of(han).bits.tolist()


def test_an_owner_who_files_a_mark_fifty_times_makes_no_common_word_of_it() -> None:
    counts = count_classes([*owned("ZORVAK", 7, 4, each=50), *owned("PLINTO", 7, 20)])
    own = shipped().with_classes(counts).in_classes({7})
    assert own.bits("zorvak") == shipped().bits("zorvak")
    assert own.bits("plinto") < 2


def test_a_well_known_longer_name_wins() -> None:
    assert score("京东", "京东方科技") < score("京东", "京东派科技") - 5
    assert compare("京东", "京东方").reasons == (
        "holds the characters 京东, but as a part of another word: 京东方",
    )
