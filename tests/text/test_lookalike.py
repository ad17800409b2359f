"""What a name looks like and how it may be read, for finding names that come near."""

from __future__ import annotations

import subprocess
import sys
import time
import unicodedata

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from tmwatch.text import fold, folding
from tmwatch.text.lookalike import (
    MOST,
    compact,
    normal,
    normal_owner,
    readings,
    shape,
    steps,
    twin_forms,
    variants,
)

JD = [["JD", "京东"]]
NAMES = st.text(max_size=40) | st.text(
    alphabet="JDjdАаОоСсΑαΟοΝνШш京東东汽车叁佰陆拾度カガんーっャヴ각갉힣08R4!@$ÀÖøß.'-&™\u0301\u0308\u200bＪ٣ǅİ",
    max_size=20,
)


@pytest.mark.parametrize(
    "name",
    [
        "JDАUTO",
        "ЈDAUTO",
        "JD-AUTO",
        "J.D. AUTO",
        "JDAUTO",
        "jd auto",
        "ＪＤ　ＡＵＴＯ",
        "JD ÀUTÖ",
        "JD AUTO™",
        "J\u200bDAUTO",
    ],
)
def test_however_jd_auto_is_written_it_is_one_name(name: str) -> None:
    assert compact(name) == "jdauto"


@pytest.mark.parametrize(
    ("written", "looks"),
    [
        ("СОСА", "coca"),  # Cyrillic throughout
        ("ΝΙΚΕ", "nike"),  # Greek throughout
        ("Νίκε", "nike"),
        ("MØLLER", "moller"),
        ("Łódź", "lodz"),
        ("ŒUVRE", "oeuvre"),
        ("JDШа", "jdшa"),  # Ш looks like nothing Latin, the rest of a mixed word does
        ("ⒿⓄⓎ 🄹🄾🅈 🅙🅞🅨 🅹🅾🆈", "joy joy joy joy"),  # drawn around, in either colour
    ],
)
def test_letters_that_look_latin_are_latin(written: str, looks: str) -> None:
    assert normal(written) == looks


def test_a_word_of_another_script_that_does_not_look_latin_stays_what_it_is() -> None:
    assert normal("ШКОДА") == "шкода"
    assert normal("ШКОДА OCTAVIA") == "шкода octavia"  # word by word
    assert normal("ガ") != normal("カ")


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("京東汽車", "京东汽车"),
        ("達麗雅", "达丽雅"),
        ("広島", "广岛"),
        ("臺灣", "台湾"),
        ("京东·汽车", "京東 汽車"),
    ],
)
def test_traditional_and_simplified_characters_are_one(one: str, other: str) -> None:
    assert normal(one) == normal(other)


@pytest.mark.parametrize(
    ("name", "meant"),
    [
        ("L8R", "later"),
        ("4EVER", "forever"),
        ("4 EVER", "for ever"),
        ("GR8", "great"),
        ("4U", "foryou"),
        ("2DAY", "today"),
        ("JD0", "jdo"),
        ("G00GLE", "google"),
        ("JD1", "jdi"),
        ("JD1", "jdl"),
        ("5TAR", "star"),
        ("7-ELEVEN", "seven eleven"),
        ("P!NK", "pink"),
        ("C@FE", "cafe"),
        ("Müller", "mueller"),
        ("七喜", "7喜"),
    ],
)
def test_what_stands_in_a_letter_s_place_is_also_taken_for_the_letter(name: str, meant: str) -> None:
    assert meant in variants(name)


def test_a_number_is_no_word_and_a_year_stays_a_year() -> None:
    for name in ("360", "8", "4 2", "京东 8", "JD 2024", "JD2024"):
        assert variants(name) == ()


@pytest.mark.parametrize(
    ("one", "other"), [("JDO", "JD0"), ("JDI", "JDL"), ("JDI", "jd1"), ("5TAR", "STAR"), ("burn", "bum")]
)
def test_what_cannot_be_told_apart_at_a_glance_has_one_shape(one: str, other: str) -> None:
    assert shape(one) == shape(other)


@pytest.mark.parametrize(
    ("name", "read"),
    [
        ("京东", "jing dong"),
        ("京东", "jingdong"),
        ("京東", "jingdong"),
        ("JD京东", "jd jingdong"),
        ("重庆", "chongqing"),
        ("行乐", "xing le"),  # 行 is xing and hang, 乐 le and yue
        ("行乐", "hang yue"),
        ("绿", "lu"),
        ("绿", "lv"),
        ("女", "nu"),
        ("女", "nv"),
        ("女", "nyu"),
        ("乾隆", "qian long"),  # 乾 is 干 in simplified writing, where it is read gan
        ("北京京东叁佰陆拾度", "bei jing jing dong 360 du"),
        ("北京京东叁佰陆拾度", "bei jing jing dong san bai liu shi du"),
        ("トヨタ", "toyota"),
        ("とうきょう", "tokyo"),
        ("とうきょう", "toukyou"),
        ("コーヒー", "kohi"),
        ("シンブン", "shimbun"),
        ("ニッポン", "nippon"),
        ("マッチ", "matchi"),
        ("ジャパン", "japan"),
        ("ﾄﾖﾀ", "toyota"),
        ("삼성", "samseong"),
        ("종로", "jongno"),
        ("신라", "silla"),
        ("한국어", "hangugeo"),
        ("같이", "gachi"),
        ("독립문", "dongnimmun"),
        ("좋고", "joko"),
        ("РОМАШКА", "romashka"),
        ("Хата", "khata"),
        ("Хата", "hata"),
        ("СОСА", "sosa"),  # as it is read; it looks like coca
        ("Νίκη", "niki"),
        ("Νίκη", "nike"),
        ("별내", "byeollae"),
    ],
)
def test_a_name_is_read_in_latin_letters(name: str, read: str) -> None:
    assert read in readings(name)


def test_kanji_beside_kana_are_not_guessed_and_latin_names_need_no_reading() -> None:
    assert readings("小僧寿し") == readings("JD AUTO") == readings("Müller") == ()


@pytest.mark.parametrize(
    ("numeral", "number"),
    [
        ("叁佰陆拾", "360"),
        ("三百六十", "360"),
        ("三六零", "360"),
        ("貳拾", "20"),
        ("一千零一", "1001"),
        ("十二", "12"),
    ],
)
def test_a_chinese_numeral_is_also_read_as_its_number(numeral: str, number: str) -> None:
    assert number in variants(numeral)
    assert number in readings(numeral)


def test_what_is_no_number_is_not_read_as_one() -> None:
    for name in ("千万", "十十", "万达", "三三百", "三百五百", "三十五百", "一亿二亿"):
        assert variants(name) == ()


def test_declared_twins_are_one_name() -> None:
    assert twin_forms("JD", JD) == (normal("京东"),)
    assert twin_forms("京東", JD) == ("jd",)
    assert twin_forms("JD AUTO", JD) == ("京东 auto",)


@pytest.mark.parametrize(
    ("name", "bare"),
    [
        ("北京京東叁佰陸拾度電子商務有限公司", "北京京东叁佰陆拾度电子商务"),
        ("JD.com, Inc.", "jd com"),
        ("JD АUTO Со., Ltd", "jd auto"),  # the С and о of the company form are Cyrillic
        ("株式会社トヨタ", "トヨタ"),
        ("Co", "co"),
    ],
)
def test_an_owner_is_compared_without_its_company_form(name: str, bare: str) -> None:
    assert normal_owner(name) == bare


def test_undeclared_nothing_has_initials() -> None:
    for name in ("京东", "吉大", "京东汽车"):
        assert twin_forms(name, []) == ()
        assert "jd" not in {normal(name), compact(name), *readings(name), *variants(name)}


def test_a_declared_twin_speaks_for_no_other_company_of_the_same_initials() -> None:
    assert twin_forms("吉大", JD) == ()  # Ji Da
    assert twin_forms("JDEX", JD) == twin_forms("XJD", JD) == ()  # JD is no word in it
    assert twin_forms("南京东路", JD) == ()  # holds the characters by accident


@given(NAMES)
@example("d'Шара")
@example("Ў")
def test_a_normal_form_is_its_own_normal_form(name: str) -> None:
    assert normal(normal(name)) == normal(name)


@given(st.text(st.characters(max_codepoint=127)))
def test_the_short_way_of_ascii_says_what_the_long_way_says(name: str) -> None:
    bare = folding._plain(name)
    assert fold(name) == (folding.words_of(bare) or folding.fold_space(bare))


@pytest.mark.parametrize("code", range(128))
def test_each_sign_of_ascii_joins_or_parts_as_in_the_long_way(code: int) -> None:
    for name in (f"A{chr(code)}b", f"a.{chr(code)}.b", chr(code) * 2):
        bare = folding._plain(name)
        assert fold(name) == (folding.words_of(bare) or folding.fold_space(bare))


@given(NAMES)
def test_every_text_has_forms_and_none_has_too_many(name: str) -> None:
    assert len(readings(name)) <= MOST
    assert len(variants(name)) <= MOST
    assert len(twin_forms(name, [["a", "京"], ["0", "東", "Ο"]])) <= MOST
    assert normal(name) not in variants(name)
    for one in readings("京" + name):
        assert not any("一" <= char <= "龥" for char in one if unicodedata.category(char) == "Lo")


@given(NAMES)
def test_the_steps_that_are_shown_end_in_the_form_that_is_compared(name: str) -> None:
    seen = [one for one in steps(name, JD) if one.name not in ("without spaces", "read in Latin letters")]
    seen = [one for one in seen if one.name not in ("other spellings", "declared twins")]
    assert (seen[-1].made[0] if seen else name) == normal(name)


@pytest.mark.parametrize(
    "name",
    [
        "a" * 1_000_000,
        "京" * 1_000_000,
        "行" * 1_000,
        "8" * 1_000 + "a",
        "8a" * 500,
        "8 a " * 250,
        "a.b." * 50_000,
        "А\u0301" * 100_000,
        "三" * 200_000,
        "ー" * 1_000,
        "각" * 1_000,
        "행 行 カ " * 160,
        "行 a " * 240,
    ],
    ids=lambda name: f"{name[:4]} {len(name)}",
)
def test_a_hostile_name_takes_no_longer_than_its_length_and_has_no_more_forms(name: str) -> None:
    readings("京东")  # the tables are loaded once
    began = time.perf_counter()
    found = len(readings(name)) + len(variants(name)) + len(twin_forms(name, JD))
    assert len(normal(name)) <= 2 * len(name) + 1
    assert found <= 3 * MOST
    assert time.perf_counter() - began < 8


def test_twenty_thousand_names_are_normal_in_two_seconds() -> None:
    names = [f"Brand {one} É" if one % 3 == 0 else f"BRAND-{one}" for one in range(20_000)]
    began = time.process_time()
    assert len({normal(name) for name in names}) == 20_000
    assert time.process_time() - began < 2


def test_the_tables_of_chinese_are_loaded_with_the_first_chinese_name() -> None:
    said = subprocess.run(
        [sys.executable, "-c", "import sys; from tmwatch.text.lookalike import *; n = 'JD АUTO 4U Ö';"
         "normal(n), readings(n), variants(n), steps(n); print(*sorted(sys.modules))"],
        capture_output=True, text=True, check=True,
    )  # fmt: skip
    assert not {"pypinyin", "opencc"} & set(said.stdout.split())
