"""What names are worth comparing as, and that nothing hostile leaves through text."""

from __future__ import annotations

import sys
import time
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tmwatch.text import (
    clean_line,
    clean_text,
    csv_safe,
    firm_in,
    fold,
    fold_party,
    fold_space,
    same_party,
)

SAME_NAMES = [
    ("ＭＴＪ", "MTJ"),
    ("ＭＴＪグループ", "mtjグループ"),
    ("ＧＬＯＢＡＬ　ＡＤＶＡＮＣＥＤ", "Global Advanced"),
    ("Aspectra AG", "aspectra  AG"),
    ("L'Oréal", "LOREAL"),
    ("SOCIÉTÉ", "Societe"),
    ("Straße", "STRASSE"),
    ("JD™", "JD"),
    ("JD AUTO®", "jd auto"),
    ("Johnson & Johnson", "JOHNSON AND JOHNSON"),
    ("CAR.JD.COM", "car jd com"),
    ("京东 汽车", "京东汽车"),
    ("京东·汽车", "京东汽车"),
    ("zero\u200bwidth", "ZEROWIDTH"),
    ("٣٦٠", "360"),
]
DIFFERENT_NAMES = [
    ("Disney", "Disney+"),
    ("ガ", "カ"),
    ("мой", "мои"),
    ("JD", "JDAUTO"),
    ("!!", "??"),
    ("!!", ""),
]

SAME_PARTIES = [
    ("Beijing Jingdong 360 Du E-Commerce", "Beijing Jingdong 360 Du E-Commerce Ltd."),
    ("Beijing Jingdong 360 Du E-Commerce", "BEIJING JINGDONG 360 DU E-COMMERCE CO., LTD."),
    ("Beijing Jingdong 360 Du E-Commerce", "Beijing Jingdong 360 Du E-Commerce Co.,Ltd"),
    ("Beijing Jingdong 360 Du E-Commerce", "ＢＥＩＪＩＮＧ Jingdong ３６０ Du Ｅ－Commerce"),
    ("北京京东叁佰陆拾度电子商务有限公司", "北京京东叁佰陆拾度电子商务"),
    ("北京京东叁佰陆拾度电子商务 有限公司", "北京京东叁佰陆拾度电子商务有限责任公司"),
    ("Aramsco, Inc.", "ARAMSCO"),
    ("Acme L.L.C.", "Acme LLC"),
    ("Acme S.p.A.", "ACME SPA"),
    ("Acme B. V.", "Acme BV"),
    ("Müller GmbH & Co. KG", "MULLER"),
    ("Tiffany & Co.", "Tiffany and Company"),
    ("The Coca-Cola Company", "Coca-Cola Co"),
    ("株式会社ユニクロ", "ユニクロ㈱"),
    ("(주)삼성", "삼성 주식회사"),
    ("ООО «Ромашка»", "Ромашка"),
    ("Acme (Pty) Ltd", "Acme"),
    ("Novartis AG", "novartis"),
    ("Nokia Oyj", "NOKIA OY"),
    ("Petrobras Ltda.", "PETROBRAS"),
    ("Acme™ Ltd", "Acme"),
]
DIFFERENT_PARTIES = [
    ("Beijing Jingdong 360", "Beijing Jingdong 360 Du E-Commerce Ltd."),
    ("北京京东叁佰陆拾度", "北京京东叁佰陆拾度电子商务有限公司"),
    ("京东", "京东集团股份有限公司"),  # the group is another owner
    ("Jingdong", "Jingdong Group"),
    ("北京京东有限公司", "北京京东有限公司上海分公司"),  # so is the branch
    ("Co Ltd", ""),
    ("", ""),
    ("Inc.", ""),
    ("Incubator", "ubator"),  # forms go as whole words
    ("Cosmo", "smo"),
    ("Ag Leader", "Leader"),  # and at the end only
]


@pytest.mark.parametrize(("one", "other"), SAME_NAMES)
def test_names_that_differ_only_in_writing_fold_alike(one: str, other: str) -> None:
    assert fold(one) == fold(other)


@pytest.mark.parametrize(("one", "other"), DIFFERENT_NAMES)
def test_names_that_differ_in_substance_stay_apart(one: str, other: str) -> None:
    assert fold(one) != fold(other)


@pytest.mark.parametrize(("one", "other"), SAME_PARTIES)
def test_company_form_width_and_case_do_not_hide_an_owner(one: str, other: str) -> None:
    assert same_party(one, other)
    assert same_party(other, one)


@pytest.mark.parametrize(("one", "other"), DIFFERENT_PARTIES)
def test_another_company_is_not_taken_for_the_owner(one: str, other: str) -> None:
    assert not same_party(one, other)


@pytest.mark.parametrize("name", ["Co", "Co.", "Ltd", "有限公司", "株式会社", "公司", "The", "SE", "Co Ltd"])
def test_a_name_that_is_only_a_company_form_is_never_emptied(name: str) -> None:
    assert fold_party(name)


@given(st.text())
def test_folding_twice_changes_nothing(text: str) -> None:
    assert fold(fold(text)) == fold(text)


@given(st.text())
def test_folding_a_party_never_empties_a_name(text: str) -> None:
    assert bool(fold_party(text)) == bool(fold(text))
    assert fold_party(fold_party(text)) == fold_party(text)


def test_a_megabyte_of_company_forms_does_not_hold_the_reader_up() -> None:
    started = time.perf_counter()
    fold_party("ltd " * 100_000)
    clean_line("\x1b]\x90" * 100_000)
    assert time.perf_counter() - started < 10


def test_white_space_of_all_kinds_becomes_one_space() -> None:
    assert fold_space(" a\u3000b\n\tc ") == "a b c"
    for sign in filter(str.isspace, map(chr, range(sys.maxunicode + 1))):
        assert fold_space(f"a{sign}b") == "a b", hex(ord(sign))


@given(st.text(st.sampled_from(" ab\t\u3000\u200b京\xa0")))
def test_one_line_is_one_line_whatever_stands_in_it(text: str) -> None:
    assert fold_space(text) == " ".join(text.split())


HOSTILE = [
    ("JD\r\nBcc: everyone@example.com", "JD Bcc: everyone@example.com"),
    ("\x1b[31mred\x1b[0m", "red"),
    ("\x1b]0;title\x07name", "name"),
    ("\x1b]8;;http://evil.example\x1b\\link\x1b]8;;\x1b\\", "link"),
    ("\x9b2Jgone", "gone"),
    ("a\u200b\x1b\u200b[2Jb", "ab"),  # a sequence hidden by zero-width characters
    ("abc\u202ecba", "abccba"),
    ("\u2066JD\u2069", "JD"),
    ("bell\x07 null\x00", "bell null"),
    ("line\u2028end", "line end"),
    ("half\ud800", "half\ufffd"),
    ("京东汽车", "京东汽车"),
    ("<img src=x onerror=alert(1)>", "<img src=x onerror=alert(1)>"),  # escaping is the renderer's part
]


@pytest.mark.parametrize(("hostile", "safe"), HOSTILE)
def test_what_a_page_says_cannot_move_the_terminal_or_forge_a_header(hostile: str, safe: str) -> None:
    assert clean_line(hostile) == safe


@given(st.text(st.characters(exclude_categories=())))
def test_a_clean_line_is_one_line_that_can_be_encoded(text: str) -> None:
    line = clean_line(text)
    assert not {"Cc", "Cf", "Cs", "Zl", "Zp"} & {unicodedata.category(char) for char in line}
    line.encode("utf-8")
    assert len(line.splitlines()) <= 1


def test_a_clean_line_is_cut_where_asked() -> None:
    assert clean_line("x" * 50, limit=10) == "x" * 9 + "…"
    assert clean_line("short", limit=10) == "short"


def test_no_sign_that_is_shown_unlooked_at_is_one_that_would_be_taken_out() -> None:
    kept = "".join(filter(str.isprintable, map(chr, range(sys.maxunicode + 1))))
    assert len(kept) > 100_000
    assert not {"Cc", "Cf", "Cs", "Zl", "Zp"} & set(map(unicodedata.category, kept))
    assert clean_text(kept) == kept
    for hidden in ("\x07", "\x1b[31m", "\u200b", "\u202e"):
        assert (
            clean_text(f"a{hidden}b\nc")
            == clean_text(f"{hidden}ab\nc")
            == clean_text(f"ab\nc{hidden}")
            == "ab\nc"
        )
    assert clean_text("a\tb\r\nc\x0bd\u2028e\ud83d") == "a b\nc\nd\ne\ufffd"


def test_clean_text_keeps_its_lines() -> None:
    assert clean_text("one\r\ntwo\rthree\x1b[2J\u2028four\tfive") == "one\ntwo\nthree\nfour five"


@pytest.mark.parametrize(
    "cell", ["=HYPERLINK(1)", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", " =1", "\u200b=1", "＝1", "\x1b[0m=1"]
)
def test_no_cell_is_taken_for_a_formula(cell: str) -> None:
    assert csv_safe(cell).startswith("'")


@pytest.mark.parametrize("cell", ["JD AUTO", "京东", "", "9-10", "a=b"])
def test_an_ordinary_cell_stays_as_it_is(cell: str) -> None:
    assert csv_safe(cell) == cell


@pytest.mark.parametrize(
    ("lawyer", "lines", "firm"),
    [
        ("Pat Specimen, Esq.", ["Pat Specimen, Esq. Sample Law", "1 Example Road"], "Sample Law"),
        ("Pat Specimen", ["Pat Specimen, Esq. Sample Law"], "Sample Law"),
        ("Pat Specimen", ["PAT SPECIMEN SPECIMEN & SAMPLE LLP"], "SPECIMEN & SAMPLE LLP"),
        ("Pat Specimen", ["Pat Specimen", "Sample Law PC", "1 Example Road"], "Sample Law PC"),
        ("Pat Specimen", ["SPECIMEN & SAMPLE LLP", "9 EXAMPLE ROAD"], "SPECIMEN & SAMPLE LLP"),
        ("Pat Specimen", ["Pat Specimen", "1 Example Road"], None),
        ("Pat Specimen", ["Pat Specimens Bakery"], None),
        ("Pat Specimen", ["Kim Other", "1 Example Road"], None),
        ("Pat Specimen", [], None),
    ],
)
def test_the_firm_of_a_lawyer_is_told_from_the_address_for_letters(
    lawyer: str, lines: list[str], firm: str | None
) -> None:
    assert firm_in(lawyer, lines) == firm


def test_a_lawyer_is_the_same_with_esq_behind_the_name() -> None:
    assert same_party("Pat Specimen, Esq.", "PAT SPECIMEN")
