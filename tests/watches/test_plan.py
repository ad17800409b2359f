"""Which source is asked which question."""

from __future__ import annotations

from collections.abc import Callable

from tmwatch.config import Config
from tmwatch.sources.base import RecordQuery, SearchQuery, Source
from tmwatch.watches import asks

Configured = Callable[[str], Config]
Sources = dict[str, Source]
KEYS = {"USPTO_API_KEY": "k", "TIANYANCHA_TOKEN": "t"}
TSDR_ON = '[source."us.tsdr"]\nenabled = true\n'
NUMBERS = '[[watch]]\nname="W"\nnumbers=["US 76044902", "US reg 2824281", "WO 1266721"]\nnotify=[]\n'
JD = '[[watch]]\nname="W"\nowners=["北京京东有限公司", "Beijing Jingdong"]\nclasses=[12, 9]\nnotify=[]\n'


def planned(config: Config, env: dict[str, str], sources: Sources) -> list[tuple[str, object]]:
    return [(ask.source_id, ask.query) for ask in asks(config.watches[0], config, env, sources)]


def test_with_a_key_the_api_is_asked_and_not_the_pages(configured: Configured, sources: Sources) -> None:
    assert planned(configured(TSDR_ON + NUMBERS), KEYS, sources) == [
        ("us.tsdr-api", RecordQuery(("76044902",))),
        ("us.tsdr-api", RecordQuery(("2824281",), "registration")),
    ]


def test_without_a_key_the_pages_are_asked_if_switched_on(configured: Configured, sources: Sources) -> None:
    assert {source for source, _ in planned(configured(TSDR_ON + NUMBERS), {}, sources)} == {"us.tsdr"}
    assert planned(configured(NUMBERS), {}, sources) == []


def test_a_number_the_api_cannot_be_asked_for_goes_to_the_pages(
    configured: Configured, sources: Sources
) -> None:
    object.__setattr__(sources["us.tsdr-api"], "refuses", ("registration",))
    assert planned(configured(TSDR_ON + NUMBERS), KEYS, sources)[1][0] == "us.tsdr"


def test_a_chinese_source_is_asked_for_the_chinese_name(configured: Configured, sources: Sources) -> None:
    query = SearchQuery(owner="北京京东有限公司", classes=(9, 12))
    assert planned(configured(JD), KEYS, sources) == [("cn.tianyancha", query)]


def test_it_is_asked_for_the_latin_name_if_there_is_no_other(
    configured: Configured, sources: Sources
) -> None:
    config = configured('[[watch]]\nname="W"\nowners=["Jingdong", "JINGDONG "]\nnotify=[]')
    assert len(planned(config, KEYS, sources)) == 1


def test_every_mark_name_is_asked_for_whatever_its_script(configured: Configured, sources: Sources) -> None:
    config = configured('[[watch]]\nname="W"\nmarks=["京东汽车", "Joyrobotaxi"]\nnotify=[]')
    assert [query for _, query in planned(config, KEYS, sources)] == [
        SearchQuery(mark="京东汽车"),
        SearchQuery(mark="Joyrobotaxi"),
    ]


def test_an_office_that_is_filtered_out_is_not_asked(configured: Configured, sources: Sources) -> None:
    config = configured('[[watch]]\nname="W"\nowners=["京东"]\noffices=["US"]\nnotify=[]')
    assert planned(config, KEYS, sources) == []


def test_keys_are_stable_and_change_only_with_the_question(configured: Configured, sources: Sources) -> None:
    def keys(text: str) -> list[str]:
        config = configured(text)
        return [ask.key for ask in asks(config.watches[0], config, KEYS, sources)]

    assert keys(NUMBERS)[0] == "us.tsdr-api|record|application|76044902"
    assert keys(JD) == keys(JD.replace('"W"', '"V"').replace("[12, 9]", "[9, 12]"))
    assert keys(JD) != keys(JD.replace("[12, 9]", "[9]")), "another question needs its own first look"
