"""The portfolio that tmwatch hands out, held against filings as its story tells them. All of them made up."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.watches.test_rules import record
from tmwatch.config.reading import read_config
from tmwatch.model import GoodsServices, Party, TradeMark
from tmwatch.watches import Match, Portfolio

ROOT = Path(__file__).parent.parent.parent
JD_CN, JD_US = "北京京东叁佰陆拾度电子商务有限公司", "Beijing Jingdong 360 Du E-Commerce Ltd."
STRANGER = "某某科技有限公司"


@pytest.fixture(scope="module")
def portfolio() -> Portfolio:
    return Portfolio(read_config(ROOT / "config/jd.toml", ("us.tsdr", "cn.tianyancha")).watches)


def filed(mark: str, owner: str, nice: int = 12, office: str = "CN", number: int = 1) -> TradeMark:
    return record(
        office,
        f"{office}50{number:013}",
        verbal_element=mark,
        owners=(Party(name=owner),),
        classes=(GoodsServices(class_number=str(nice)),),
    )


def watches(portfolio: Portfolio, what: TradeMark) -> dict[str, Match]:
    return {name: answer for (name, _), answer in portfolio.matches([what]).items()}


@pytest.mark.parametrize("mark", ["JD Auto", "JD Auto JD AUTO", "JD Auto CAR.JD.COM", "Joyrobotaxi"])
def test_each_filing_of_the_story_is_the_company_s_and_no_look_alike_of_its_own(
    portfolio: Portfolio, mark: str
) -> None:
    assert set(watches(portfolio, filed(mark, JD_CN))) == {"JD cars", "all that JD files"}
    assert set(watches(portfolio, filed(mark, STRANGER))) == {"JD car names"}


def test_all_that_the_company_files_is_in_no_class_and_at_no_office_alone(portfolio: Portfolio) -> None:
    for owner in (JD_CN, JD_US, "BEIJING JINGDONG 360 DU E-COMMERCE CO., LTD."):
        assert set(watches(portfolio, filed("Tea House", owner, 30, "FI"))) == {"all that JD files"}


@pytest.mark.parametrize(
    ("owner", "how"),
    [
        ("Beijing Jingdong 36O Du E-Commerce", "letters that pass for each other"),
        ("Beijing Jingdonq 360 Du E-Commerce Ltd", "one letter differs"),
        ("Вeijing Jingdong 360 Du E-Commerce", "in letters that look the same"),
        ("北京京東叁佰陸拾度電子商務有限公司", "in letters that look the same"),
    ],
)
def test_an_owner_whose_name_only_looks_like_the_company_s_is_shown_with_how(
    portfolio: Portfolio, owner: str, how: str
) -> None:
    found = watches(portfolio, filed("Tea House", owner, 30))["all that JD files"]
    assert how in found.why
    assert found.sure is (how == "in letters that look the same")


@pytest.mark.parametrize(
    ("mark", "watched"),
    [
        ("JD Autos", "JD Auto"),
        ("Joy Robo-Taxi", "Joyrobotaxi"),
        ("JOYROBOTAXY", "Joyrobotaxi"),
        ("京东 Auto", "JD Auto"),
        ("JD汽车", "京东汽车"),
    ],
)
def test_what_comes_near_from_a_stranger_is_found_and_says_why(
    portfolio: Portfolio, mark: str, watched: str
) -> None:
    found = watches(portfolio, filed(mark, STRANGER))
    assert set(found) == {"JD car names"}
    answer = found["JD car names"]
    assert not answer.sure
    assert f'is near the watched "{watched}"' in answer.why
    assert answer.reasons


def test_related_classes_count_and_others_do_not(portfolio: Portfolio) -> None:
    assert set(watches(portfolio, filed("JOYROBOTAXY", STRANGER, 37))) == {"JD car names"}
    assert watches(portfolio, filed("JOYROBOTAXY", STRANGER, 31)) == {}


@pytest.mark.parametrize("mark", ["Zebra", "茶叶", "Golden Dragon Tea"])
def test_what_is_far_off_is_left_alone(portfolio: Portfolio, mark: str) -> None:
    assert watches(portfolio, filed(mark, STRANGER)) == {}
