"""Which records a watch hits, and that it can always say why or why not."""

from __future__ import annotations

import datetime as dt
from pathlib import Path
from typing import Any

import pytest

from tmwatch.config import Watch
from tmwatch.config.reading import read_config
from tmwatch.following import followed
from tmwatch.model import GoodsServices, Party, TradeMark, make_record
from tmwatch.numbers import parse_number
from tmwatch.watches import Portfolio, match
from tmwatch.watches.owners import same_name
from tmwatch.watches.rules import triggers_of

JD_US = "Beijing Jingdong 360 Du E-Commerce Ltd."
JD_CN = "北京京东叁佰陆拾度电子商务有限公司"
ROOT = Path(__file__).parent.parent.parent


def record(office: str = "US", st13: str = "US500000087499213", **given: Any) -> TradeMark:
    given = {
        "owners": (Party(name=JD_US),),
        "classes": (GoodsServices(class_number="012"),),
        "application_date": dt.date(2017, 6, 21),
        "verbal_element": "JD",
        **given,
    }
    return make_record(office, st13, **{name: value for name, value in given.items() if value is not ...})


def watch(**settings: Any) -> Watch:
    return Watch(name="W", **settings)


def jd_watch() -> Watch:
    found = read_config(ROOT / "config/example.toml", ("us.tsdr", "cn.tianyancha")).watch("JD cars")
    assert found is not None
    return found


# -- the watch of the example ----------------------------------------------------------------------


def test_the_jd_watch_of_the_example_matches_the_party_as_the_uspto_writes_it() -> None:
    found = match(jd_watch(), record())
    assert found.hit
    assert found.triggers == ("owners",)
    assert found.why == (
        f'owner "{JD_US}" is the watched "Beijing Jingdong 360 Du E-Commerce" (company form folded); '
        "class 12 is watched; office US is watched"
    )


@pytest.mark.parametrize(
    "name", [JD_CN, JD_CN.removesuffix("有限公司"), f" {JD_CN} ", "ＢＥＩＪＩＮＧ jingdong 360 du e-commerce"]
)
def test_it_matches_the_company_in_either_script_and_any_width(name: str) -> None:
    assert match(jd_watch(), record("CN", "CN500000000000001", owners=(Party(name=name),))).hit


def test_it_matches_a_name_given_beside_the_main_one() -> None:
    parties = (Party(name="Jingdong Sanbai", name_local=JD_CN),)
    assert match(jd_watch(), record(owners=parties)).hit
    parties = (Party(name="Somebody", aliases=(JD_US,)),)
    assert match(jd_watch(), record(owners=parties)).hit


@pytest.mark.parametrize("name", ["Beijing Jingdong 361 Du E-Commerce Ltd.", "Beijing Jingdong", "Ltd."])
def test_another_company_is_not_it(name: str) -> None:
    found = match(jd_watch(), record(owners=(Party(name=name),)))
    assert not found.hit
    assert found.why == ""
    assert f'owner "{name}" is not watched' in found.failed


def test_a_former_owner_does_not_fire() -> None:
    sold = record(
        owners=(Party(name="Buyer Inc."),), owner_history=(Party(name=JD_US), Party(name="Buyer Inc."))
    )
    assert not match(jd_watch(), sold).hit


# -- numbers ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("text", ["US 87499213", "US500000087499213", "US reg 5760247", "87/499,213"])
def test_a_number_matches_however_it_was_written(text: str) -> None:
    found = match(watch(numbers=(parse_number(text),)), record(registration_number="5,760,247"))
    assert found.hit
    assert found.why.startswith("number US ")


def test_an_international_number_matches_its_designations_too() -> None:
    wanted = watch(numbers=(parse_number("WO 1266721"),))
    assert match(wanted, record(international_registration_number="1266721")).hit
    assert match(wanted, record("WO", "WO500000001266721")).hit
    assert not match(wanted, record(international_registration_number="1266722")).hit


def test_the_same_digits_of_another_kind_or_office_do_not_match() -> None:
    wanted = watch(numbers=(parse_number("US reg 5760247"),))
    assert not match(wanted, record(application_number="5760247")).hit
    assert not match(wanted, record("CN", "CN500000005760247", registration_number="5760247")).hit
    assert match(wanted, record(registration_number="1")).failed == (
        "US 87499213 is not among the watched numbers",
    )


# -- triggers and filters ----------------------------------------------------------------------------


def test_any_trigger_fires_unless_all_are_asked_for() -> None:
    one_of_two = {"owners": (JD_US,), "marks": ("Joyrobotaxi",)}
    assert match(watch(**one_of_two), record()).hit
    found = match(watch(**one_of_two, require="all"), record())
    assert not found.hit
    assert found.failed == ('mark name "JD" comes near no watched one',)
    both = match(watch(**one_of_two, require="all"), record(verbal_element="JOY ROBOTAXI".replace(" ", "")))
    assert both.hit
    assert both.triggers == ("owners", "marks")


@pytest.mark.parametrize(
    ("name", "hit"), [("JD AUTO", True), ("ｊｄ　auto", True), ("JD AUTOS", False), ("", False)]
)
def test_a_mark_name_is_compared_for_the_same_name_only(name: str, hit: bool) -> None:
    assert match(watch(marks=("JD Auto",)), record(verbal_element=name)).hit is hit


def test_a_representative_is_found_by_name_or_firm() -> None:
    people = (Party(name="Jane Roe", organisation="Roe & Doe LLP"),)
    for name in ("JANE ROE", "Roe and Doe"):
        assert match(watch(agents=(name,)), record(representatives=people)).hit


@pytest.mark.parametrize(
    ("filters", "said"),
    [
        ({"classes": (9,)}, "class 12 is not watched"),
        ({"offices": ("CN",)}, "office US is not watched"),
        ({"since": dt.date(2020, 1, 1)}, "filed 2017-06-21, before 2020-01-01"),
    ],
)
def test_every_filter_must_hold_and_the_failed_one_is_named(filters: dict[str, Any], said: str) -> None:
    found = match(watch(owners=(JD_US,), **filters), record())
    assert not found.hit
    assert found.triggers == ("owners",)
    assert found.failed == (said,)


def test_one_watched_class_among_several_is_enough() -> None:
    several = (GoodsServices(class_number="3"), GoodsServices(class_number="9", other_classes=("035",)))
    assert (
        "classes 9 and 35 are watched"
        in match(watch(owners=(JD_US,), classes=(35, 9)), record(classes=several)).why
    )


def test_what_a_source_does_not_give_cannot_hide_a_filing_and_is_said() -> None:
    found = match(
        watch(owners=(JD_US,), classes=(9,), since=dt.date(2020, 1, 1)),
        record(classes=..., application_date=...),
    )
    assert found.hit
    assert "classes could not be checked" in found.why
    assert "filing date could not be checked" in found.why


def test_what_a_source_shows_as_empty_fails_the_filter() -> None:
    found = match(watch(owners=(JD_US,), classes=(9,)), record(classes=()))
    assert found.failed == ("the record shows no class",)
    assert not match(watch(owners=(JD_US,), since=dt.date(2020, 1, 1)), record(application_date=None)).hit


def test_a_national_class_is_no_nice_class() -> None:
    found = match(watch(owners=(JD_US,), classes=(45,)), record(classes=(GoodsServices(class_number="A"),)))
    assert found.failed == ("class A is no Nice class that is watched",)


def test_a_trigger_that_the_source_cannot_answer_says_so() -> None:
    assert match(watch(owners=(JD_US,)), record(owners=...)).failed == (
        "this source does not give the owner",
    )
    assert match(watch(owners=(JD_US,)), record(owners=())).failed == ("the record shows no owner",)


def test_reasons_carry_no_line_breaks_or_terminal_escapes_of_a_page() -> None:
    nasty = f"{JD_US}\r\nBcc: x\x1b[31m"
    found = match(watch(owners=("x",)), record(owners=(Party(name=nasty),)))
    assert "Bcc" in found.failed[0]
    assert found.failed[0].isprintable()
    found = match(watch(marks=("JD Auto",)), record(verbal_element="JD\nAUTO\x1b[31m"))
    assert found.why.isprintable()


# -- likeness --------------------------------------------------------------------------------------


def hit(one: Watch, what: TradeMark) -> bool:
    return bool(Portfolio([one]).matches([what]))


def test_the_level_says_how_near_a_name_must_come() -> None:
    far = record(verbal_element="Golden Tea")
    assert not hit(watch(marks=("Kodak",)), far)
    assert hit(watch(marks=("Kodak",)), record(verbal_element="Codack"))
    assert not hit(watch(marks=("Kodak",), level=0), record(verbal_element="Codack"))
    assert hit(watch(marks=("Kodak",), level=0), record(verbal_element="kodak."))


@pytest.mark.parametrize("name", ["transliteration", "translation", "pseudo_mark"])
def test_every_name_of_a_filing_is_compared(name: str) -> None:
    assert hit(watch(marks=("Kodak",)), record(verbal_element="Something", **{name: "Codack"}))


def test_an_excepted_owner_is_no_hit_by_a_name_and_stays_one_by_number() -> None:
    mine = {"except_owners": (JD_US,), "marks": ("JD",)}
    assert not hit(watch(**mine), record())
    assert match(watch(**mine), record()).failed == (
        f'mark "JD" is the watched name "JD", but owner "{JD_US}" is excepted (except_owners)',
    )
    assert hit(watch(**mine), record(owners=(Party(name="Someone Else"),)))
    assert hit(watch(**mine, numbers=(parse_number("US 87499213"),)), record())
    assert not hit(watch(classes=(12,), except_owners=(JD_US,)), record())


def test_an_excepted_number_is_no_hit_by_a_name() -> None:
    other = watch(marks=("JD",), except_numbers=(parse_number("US reg 5760247"),))
    assert not hit(other, record(registration_number="5760247"))
    assert hit(other, record(registration_number="5760248"))


@pytest.mark.parametrize(
    ("text", "holds"),
    [
        ("Vehicles, namely, self-driving autonomous vehicles; tea", True),
        ("AUTONOMOUS VEHICLE", True),
        ("Autonomous robots; land vehicles", False),  # the words stand in two terms
        ("[Autonomous vehicles;] tea", False),  # deleted
        ("", False),
        (None, True),  # not told: cannot fail
    ],
)
def test_words_of_the_goods_stand_in_one_term_in_any_order_and_number(text: str | None, holds: bool) -> None:
    found = match(
        watch(owners=(JD_US,), goods=("vehicle autonomous",)),
        record(classes=(GoodsServices(class_number="12", text=text),)),
    )
    assert found.hit is holds
    assert ("could not be checked" in found.why) is (text is None)


def test_chinese_goods_are_found_traditional_or_simplified() -> None:
    goods = (GoodsServices(class_number="12", text="無人駕駛汽車；輪胎"),)
    assert match(watch(owners=(JD_US,), goods=("无人驾驶汽车",)), record(classes=goods)).hit


def test_related_classes_pass_where_the_watch_wants_them() -> None:
    other = record(classes=(GoodsServices(class_number="39"),))
    assert not match(watch(owners=(JD_US,), classes=(12,)), other).hit
    found = match(watch(owners=(JD_US,), classes=(12,), related=True), other)
    assert found.why.endswith("related class 39 (to 12)")


@pytest.mark.parametrize(
    ("alias", "name", "how"),
    [
        ("Zebra Holdings", "Zabro Holdings Ltd", ""),
        ("Soil Works Ltd", "5oil Works", "letters that pass for each other"),
        ("Zebra Holdings", "Zebra Holding", "one letter differs"),
        ("BYD", "BYE", ""),  # too short for one letter
        ("京东", "Jingdong Co., Ltd.", "the same in Latin letters"),
        ("Jingdong", "京东有限公司", "the same in Latin letters"),
        ("京东", "南京东路", ""),
    ],
)
def test_an_owner_who_looks_like_the_watched_one_is_found_and_says_how(
    alias: str, name: str, how: str
) -> None:
    what = record(owners=(Party(name=name),))
    assert not hit(watch(owners=(alias,)), what)
    found = Portfolio([watch(owners=(alias,), owners_like=True)]).matches([what])
    assert bool(found) is bool(how)
    if how:
        (answer,) = found.values()
        assert "looks like the watched" in answer.why
        assert how in answer.why
        assert not answer.sure


def test_a_watch_whose_docket_holds_nothing_takes_nothing_for_its_own() -> None:
    empty = watch(numbers_file=Path("docket.csv"), classes=(12,))
    assert not match(empty, record()).hit
    assert not hit(empty, record())


def test_without_a_trigger_what_could_not_be_checked_is_no_ground() -> None:
    untold = make_record("US", "US500000087499213", owners=(Party(name=JD_US),))
    alone = match(watch(classes=(12,)), untold)
    assert (alone.hit, "could not be checked" in alone.failed[0]) == (False, True)
    assert hit(watch(owners=(JD_US,), classes=(12,)), untold)


def test_a_name_of_other_blanks_is_not_said_to_differ_in_its_company_form() -> None:
    assert same_name("owner", "EVILOWNER", "Evil Owner").endswith("(spelling folded)")
    assert same_name("owner", "EVILOWNER Ltd.", "Evil Owner").endswith("(company form folded)")


# -- what was marked relevant ----------------------------------------------------------------------------


def test_what_is_followed_is_a_hit_by_its_number_and_no_trigger_for_others() -> None:
    filters = followed(watch(classes=(12,)), [record().st13])
    other = record(st13="US500000087499214")
    assert triggers_of(filters) == ()
    assert match(filters, record()).triggers == ("numbers",)
    assert match(filters, other).hit
    assert Portfolio([filters]).matches([other]).keys() == {("W", other.st13)}
    every = followed(watch(owners=(JD_US,), marks=("Zebra",), require="all"), [record().st13])
    assert match(every, record()).hit
    assert not match(every, other).hit
    assert match(every, record(st13="US500000087499214", verbal_element="ZEBRA")).hit
