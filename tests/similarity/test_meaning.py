"""The tables of meanings, of names known in other scripts and of characters that look alike."""

from __future__ import annotations

import csv
import subprocess
import sys
from importlib.resources import files

import pytest

from tmwatch.similarity import compare, hits, scorer
from tmwatch.similarity.features import match_words
from tmwatch.similarity.han import look
from tmwatch.similarity.keys import mandarin
from tmwatch.similarity.meaning import Meanings, extended, rows, shipped
from tmwatch.text.lookalike import normal


def test_every_row_is_one_meaning_of_two_words_at_least_written_in_the_normal_form() -> None:
    found = rows()
    names = [sense for sense, _words in found]
    assert len(set(names)) == len(names) > 3000
    for sense, words in found:
        assert len(set(words)) == len(words) >= 2, sense
        assert [word for word in words if normal(word) != word] == [], sense


def test_the_tables_are_read_without_the_tables_of_chinese() -> None:
    told = """
import sys
from tmwatch.similarity.meaning import shipped
assert shipped().senses("狮子") and "opencc" not in sys.modules
"""
    subprocess.run([sys.executable, "-c", told], check=True)  # noqa: S603


def test_a_character_stands_in_one_group_of_those_that_look_alike() -> None:
    text = files("tmwatch").joinpath("data/han_alike.csv").read_text(encoding="utf-8")
    groups = [row["characters"] for row in csv.DictReader(text.splitlines())]
    every = "".join(groups)
    assert len(set(every)) == len(every)
    assert all(len(group) > 1 and normal(group) == group for group in groups)


@pytest.mark.parametrize(
    ("mark", "other"), [("未来", "末来"), ("金士顿", "金土顿"), ("公牛", "公午"), ("七匹狼", "七匹狠")]
)
def test_characters_that_look_alike_are_near_and_it_is_said(mark: str, other: str) -> None:
    assert look(mark) == look(other)
    found = compare(mark, other)
    assert found.level <= 2
    assert f"characters that look alike: {mark} / {other}" in found.reasons


# Words in two languages that offices and courts have held to be equivalents, or that stand for many such.
EQUIVALENTS = """
WOLF | LUPO
EL GALLO | ROOSTER
TIA MARIA | AUNT MARY'S
MARCHE NOIR | BLACK MARKET
BUENOS DIAS | GOOD MORNING
CHAT NOIR | BLACK CAT
PALOMA | DOVE
PERRITO | LITTLE DOG
LECHERA | MILKMAID
HUNTER | CHASSEUR
TOTENKOPF | SKULL
LOEWENHERZ | LIONHEART
LUNE DE MIEL | HONEYMOON
PARFUM D'AMOUR | FRAGRANCE OF LOVE
GOUTTE D'OR | GOLDEN DROP
L'ÉTOILE | STAR
JARDIN DES ROSES | ROSENGARTEN
TRAILBLAZER | PATHFINDER
BEACON | LIGHTHOUSE
HELLIM | HALLOUMI
HIMAWARI | SUNFLOWER
きつね | FOX
ひまわり | SUNFLOWER
GOLONDRINA | ЛАСТОЧКА
BOERDERIJ | FARM
小美人鱼 | LITTLE MERMAID
"""


@pytest.mark.parametrize(
    ("mark", "other"),
    [tuple(part.strip() for part in row.split("|")) for row in EQUIVALENTS.strip().splitlines()],
)
def test_a_word_and_its_equivalent_in_another_language_are_near_and_it_is_said(mark: str, other: str) -> None:
    for found in (compare(mark, other), compare(other, mark)):
        assert found.level <= 3
        assert any(reason.startswith("same meaning") for reason in found.reasons), found.reasons


@pytest.mark.parametrize(("word", "known"), [("pacsports", ["sports"]), ("dunkelman", ["dunkel"])])
def test_a_short_name_or_a_plural_in_n_is_no_part_of_a_compound(word: str, known: list[str]) -> None:
    assert shipped().senses("ports")
    assert shipped().senses("elma")
    assert [part for part, _senses, _rest in shipped().split(word, {})] == known


@pytest.mark.parametrize(("word", "rest"), [("dalton", "alto"), ("lange", "ange")])
def test_a_word_that_begins_as_with_an_article_is_a_word_of_its_own(word: str, rest: str) -> None:
    assert shipped().senses(rest)
    assert shipped().senses(word).isdisjoint(shipped().senses(rest))


@pytest.mark.parametrize(
    ("mark", "other"),
    [
        ("MONCLER", "盟可睐"),
        ("HÄAGEN-DAZS", "哈根达斯"),
        ("VEUVE CLICQUOT", "凯歌"),
        ("YONEX", "ヨネックス"),
        ("AEROFLOT", "АЭРОФЛОТ"),
        ("HYNIX", "하이닉스"),
    ],
)
def test_a_name_is_found_by_what_others_call_it(mark: str, other: str) -> None:
    assert compare(mark, other).level <= 2
    assert compare(other, mark).level <= 2


@pytest.mark.parametrize(
    ("mark", "other"), [("四川", "是川"), ("林兰", "宁南"), ("金星", "京鑫"), ("彩乐", "采乐")]
)
def test_syllables_that_many_say_alike_are_one(mark: str, other: str) -> None:
    assert mandarin(mark) == mandarin(other)


@pytest.mark.parametrize(("mark", "other"), [("四川", "广东"), ("飞鹤", "灰鹤")])
def test_other_syllables_are_not(mark: str, other: str) -> None:
    assert mandarin(mark) != mandarin(other)


@pytest.mark.parametrize(
    ("mark", "other", "why"),
    [
        ("GOOD MORNING SPAIN", "BUENOS DÍAS", "same meaning: GOOD MORNING / BUENOS DIAS"),
        ("LAND ROVER", "路虎", "known by both names: LAND ROVER / 路虎"),
        ("施华洛世奇", "SWAROVSKI", "known by both names: 施华洛世奇 / SWAROVSKI"),
        ("SNOW WHITE", "SCHNEEWITTCHEN", "same meaning: SNOW WHITE / SCHNEEWITTCHEN"),
    ],
)
def test_several_words_may_have_one_meaning(mark: str, other: str, why: str) -> None:
    assert why in compare(mark, other).reasons
    assert compare(mark, other).level <= 3
    assert compare(other, mark).level <= 3


def test_a_phrase_is_found_among_many_names_as_beside_one() -> None:
    names = ["BUENOS DIAS", "GUTEN MORGEN", "MOON", "路虎", "LAND OF MILK"]
    for mark in ("GOOD MORNING", "LAND ROVER"):
        one_by_one = [at for at, name in enumerate(names) if compare(mark, name).level <= 3]
        assert [hit.candidate for hit in hits([mark], names, 3)] == one_by_one != []


def test_a_phrase_of_the_users_own_is_one_meaning_too() -> None:
    own = extended([("quern", ["zorbel mift", "plinta"])])
    assert own.phrases(("old", "zorbel", "mift", "inn")) == ((1, 3, frozenset({"quern"})),)
    assert own.senses("plinta") == {"quern"}
    assert own.senses("lion") == shipped().senses("lion") != frozenset()
    assert Meanings([]).phrases(("zorbel", "mift")) == ()


def test_one_meaning_is_as_much_beside_a_common_word_as_beside_a_rare_one() -> None:
    common, rare = (scorer().name(name).words[0] for name in ("CENTURY", "SECOLO"))
    assert common.bits < rare.bits
    for one, other in ((common, rare), (rare, common)):
        found = match_words(one, other, scorer().counts)
        assert found is not None
        assert 0.75 * common.bits < found.bits < 0.75 * rare.bits


@pytest.mark.parametrize(
    ("mark", "other"),
    [("箱根", "ハコネ"), ("HAKONE", "ハコネ"), ("高島屋", "タカシマヤ"), ("長崎", "NAGASAKI")],
)
def test_a_japanese_name_is_known_in_characters_kana_and_latin_letters(mark: str, other: str) -> None:
    found = compare(mark, other)
    assert found.level <= 2, found


def test_a_known_name_inside_a_run_of_kana_is_a_part_of_it() -> None:
    assert compare("横浜", "サンヨコハマ").level <= 3
    assert compare("横浜", "サンヨコスカ").level == 4
