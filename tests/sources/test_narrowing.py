"""What a register cannot narrow its answer by is filtered afterwards, and what it does not say is kept."""

import datetime as dt

import pytest

from tmwatch.model import GoodsServices, Party, TradeMark, make_record
from tmwatch.sources.base import SearchQuery
from tmwatch.sources.narrowing import filtered, keeps
from tmwatch.sources.registry import get_source

LOCAL = "北京京东叁佰陆拾度电子商务有限公司"
CAR = make_record(
    "CN",
    "CN500000012345678",
    verbal_element="JD-Auto",
    owners=(
        Party(
            name="Beijing Jingdong 360 Du E-Commerce Co., Ltd.",
            name_local="北京京东叁佰陆拾度电子商务有限公司",
        ),
    ),
    representatives=(Party(name="Sample & Partners"),),
    classes=(GoodsServices(class_number="12"), GoodsServices(class_number="39")),
    application_date=dt.date(2025, 5, 1),
)
BARE = make_record("CN", "CN500000012345678", application_number="12345678")


@pytest.mark.parametrize(
    ("query", "kept"),
    [
        (SearchQuery(mark="jd auto"), True),
        (SearchQuery(mark="JD"), True),
        (SearchQuery(mark="Joyrobotaxi"), False),
        (SearchQuery(owner="beijing jingdong 360 du e-commerce"), True),
        (SearchQuery(owner=LOCAL), True),
        (SearchQuery(owner="Sample & Partners"), False),
        (SearchQuery(agent="sample & partners"), True),
        (SearchQuery(agent="Jingdong"), False),
        (SearchQuery(classes=(9, 12)), True),
        (SearchQuery(classes=(9, 35)), False),
        (SearchQuery(filed_since=dt.date(2025, 5, 1)), True),
        (SearchQuery(filed_since=dt.date(2025, 5, 2)), False),
        (SearchQuery(offices=("CN", "US")), True),
        (SearchQuery(offices=("US",)), False),
    ],
)
def test_a_filing_is_kept_where_it_answers_the_part_that_was_not_asked_for(
    query: SearchQuery, kept: bool
) -> None:
    assert keeps(CAR, query, query.parts) is kept


@pytest.mark.parametrize(
    "query",
    [SearchQuery(mark="X"), SearchQuery(owner="X"), SearchQuery(agent="X"), SearchQuery(classes=(1,))],
)
def test_what_a_source_does_not_give_cannot_fail_a_filter(query: SearchQuery) -> None:
    assert keeps(BARE, query, query.parts)


def test_a_filing_with_national_classes_only_is_not_thrown_out() -> None:
    record: TradeMark = make_record("US", "US500000076044902", classes=(GoodsServices(class_number="A"),))
    assert keeps(record, SearchQuery(classes=(9,)), ("classes",))


def test_each_source_says_which_parts_it_leaves_to_be_filtered() -> None:
    declaration = get_source("cn.tianyancha").declaration
    query = SearchQuery(owner="X", classes=(9,), filed_since=dt.date(2025, 1, 1))
    assert filtered(declaration, query) == ("classes",)


def test_a_name_with_a_sign_that_stands_for_any_text_finds_itself_and_no_other() -> None:
    euipo = get_source("em.euipo").declaration
    query = SearchQuery(mark="M*A*S*H")
    assert filtered(euipo, query) == ("mark",)
    found = [
        make_record("EM", f"EM50000000000000{n}", verbal_element=name)
        for n, name in enumerate(("M*A*S*H", "MASH", "MATHS HUB"))
    ]
    assert [keeps(one, query, ("mark",)) for one in found] == [True, True, False]
    assert filtered(euipo, SearchQuery(mark="MASH")) == ()
