"""Sound by more than English rules: as German, French, Spanish, English and Mandarin readers say it."""

from __future__ import annotations

import pytest

from tmwatch.similarity import compare

GERMAN = [
    ("VOGEL", "FOGEL"),
    ("SCHUHWERK", "SHUWERK"),
    ("FUCHS", "FUKS"),
    ("ZIMT", "SIMT"),
    ("MÜLLER", "MUELLER"),
]
FRENCH = [
    ("BOUTIQUE", "BUTIK"),
    ("CHIC", "SHIK"),
    ("PHARE", "FARE"),
    ("CADEAUX", "KADO"),
    ("BEAULIEU", "BOLIEU"),
]
SPANISH = [("QUESO", "KESO"), ("CEREZA", "SEREZA"), ("CABALLO", "KABALO"), ("ZAPATO", "SAPATO")]
ENGLISH = [("BRIGHT", "BRITE"), ("LIGHT", "LITE"), ("PHONETIX", "FONETIKS"), ("XENON", "ZENON")]
READ = [
    ("京东", "JINGDONG"),
    ("长城", "CHANGCHENG"),
    ("小米", "XIAOMI"),
    ("カフェ", "KAFE"),
    ("セイコ", "SEIKO"),
    ("РОМАШКА", "ROMASHKA"),
    ("서울", "SEOUL"),
]


@pytest.mark.parametrize(("mark", "other"), [*GERMAN, *FRENCH, *SPANISH, *ENGLISH])
def test_spellings_that_one_language_reads_alike_sound_alike(mark: str, other: str) -> None:
    found = compare(mark, other)
    assert found.sound > 0.9
    assert found.level <= 2
    assert any("sound" in one for one in found.reasons), found.reasons


@pytest.mark.parametrize(("mark", "other"), READ)
def test_characters_and_kana_sound_as_they_are_read(mark: str, other: str) -> None:
    for found in (compare(mark, other), compare(other, mark)):
        assert found.sound == 1.0
        assert found.level == 2
        assert any(" is read " in one or "of same sound" in one for one in found.reasons), found.reasons


@pytest.mark.parametrize(("mark", "other"), [("VOGEL", "KEGEL"), ("CHIC", "CHOC"), ("京东", "NANJING")])
def test_what_sounds_otherwise_is_not_called_the_same(mark: str, other: str) -> None:
    assert compare(mark, other).sound < 1.0


@pytest.mark.parametrize(
    ("mark", "other"),
    [
        ("NORTON", "诺顿"),
        ("SORBONNE", "索邦"),
        ("BARCLAY", "巴克莱"),
        ("GALAPAGOS", "加拉帕戈斯"),
        ("MADAGASCAR", "马达加斯加"),
    ],
)
def test_what_a_transliteration_leaves_out_or_writes_otherwise_makes_no_difference(
    mark: str, other: str
) -> None:
    for found in (compare(mark, other), compare(other, mark)):
        assert found.level == 2, found


def test_a_short_transliteration_is_near_from_either_side() -> None:
    assert compare("SHANNON", "香农").level == 2
    assert compare("香农", "SHANNON").level == 2


@pytest.mark.parametrize(
    ("mark", "other"), [("NORTON", "加拉帕戈斯"), ("BARCLAY", "诺顿"), ("SHANNON", "马达加斯加")]
)
def test_another_name_is_no_transliteration(mark: str, other: str) -> None:
    assert compare(mark, other).level == 4
