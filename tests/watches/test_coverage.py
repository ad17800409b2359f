"""No blind spot is silent: what is looked at live, what only by import, what not at all, and why."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from tmwatch.config import Config
from tmwatch.config.reading import read_config
from tmwatch.sources.base import Source
from tmwatch.watches import coverage, live_state

Configured = Callable[[str], Config]
Sources = dict[str, Source]
KEYS = {"USPTO_API_KEY": "k", "TIANYANCHA_TOKEN": "t"}


def lines(
    config: Config, env: dict[str, str], sources: Sources
) -> dict[tuple[str, str], tuple[str, str | None, str]]:
    found = coverage(config.watches[0], config, env, sources)
    assert len({(line.office, line.trigger) for line in found}) == len(found), "each office and trigger once"
    return {(line.office, line.trigger): (line.state, line.source, line.why) for line in found}


def test_the_jd_watch_tells_of_every_office_and_trigger_it_names(sources: Sources) -> None:
    root = Path(__file__).parent.parent.parent
    found = lines(read_config(root / "config/example.toml", sources), KEYS, sources)
    assert set(found) == {
        (office, trigger) for office in ("CN", "US", "EM", "WO") for trigger in ("owners", "marks")
    }
    assert found["CN", "owners"][:2] == ("live", "cn.tianyancha")
    assert "key present" in found["CN", "owners"][2]
    assert found["US", "owners"][0] == "import only"
    assert "no source of this version answers look-ups for owners at the USPTO" in found["US", "owners"][2]
    assert found["EM", "owners"] == ("not watched", None, "no source for the EUIPO yet")
    assert found["WO", "owners"][0] == "import only"


def test_without_a_key_it_says_which_variable_to_set(configured: Configured, sources: Sources) -> None:
    config = configured('[[watch]]\nname="W"\nnumbers=["US 76044902"]\nowners=["京东"]\nnotify=[]')
    found = lines(config, {}, sources)
    state, source, why = found["US", "numbers"]
    assert (state, source) == ("import only", "us.tsdr-api")
    assert "no key: set USPTO_API_KEY" in why
    assert 'us.tsdr is opt-in: set enabled = true in [source."us.tsdr"]' in why
    assert "no key: set TIANYANCHA_TOKEN" in found["CN", "owners"][2]


def test_without_an_offices_filter_a_search_names_every_office_there_is_a_source_for(
    configured: Configured, sources: Sources
) -> None:
    config = configured('[[watch]]\nname="W"\nmarks=["JD"]\nnotify=[]')
    assert {office for office, _ in lines(config, {}, sources)} == {"CN", "US", "WO"}


def test_numbers_are_covered_at_their_own_offices(configured: Configured, sources: Sources) -> None:
    config = configured(
        '[[watch]]\nname="W"\nnumbers=["US 76044902", "WO 1266721", "JP 2020-123456"]\nnotify=[]'
    )
    found = lines(config, KEYS, sources)
    assert found["US", "numbers"][:2] == ("live", "us.tsdr-api")
    assert found["WO", "numbers"][0] == "import only"
    assert "forbid" in found["WO", "numbers"][2]
    assert found["JP", "numbers"] == ("not watched", None, "no source for the JPO yet")


def test_a_number_that_the_live_source_cannot_be_asked_for_is_not_called_live(
    configured: Configured, sources: Sources
) -> None:
    for source_id in ("us.tsdr", "us.tsdr-api"):
        object.__setattr__(sources[source_id], "refuses", ("registration",))
    both = configured('[[watch]]\nname="W"\nnumbers=["US 76044902", "US reg 2824281"]\nnotify=[]')
    assert "not watched: 1 of 2 numbers" in lines(both, KEYS, sources)["US", "numbers"][2]
    one = configured('[[watch]]\nname="W"\nnumbers=["US reg 2824281"]\nnotify=[]')
    state, _, why = lines(one, KEYS, sources)["US", "numbers"]
    assert state == "not watched"
    assert "cannot be asked for US reg 2824281" in why


@pytest.mark.parametrize(
    ("table", "env", "live", "said"),
    [
        ("", {}, False, "opt-in"),
        ('[source."us.tsdr"]\nenabled = true', {}, True, "opted in"),
        ('[source."us.tsdr"]\nenabled = false', {}, False, "switched off"),
    ],
)
def test_an_opt_in_source_is_asked_only_when_switched_on(
    configured: Configured, sources: Sources, table: str, env: dict[str, str], live: bool, said: str
) -> None:
    state, why = live_state(sources["us.tsdr"].declaration, configured(table), env)
    assert state is live
    assert said in why


def test_a_source_with_a_key_can_be_switched_off(configured: Configured, sources: Sources) -> None:
    config = configured('[source."us.tsdr-api"]\nenabled = false')
    assert live_state(sources["us.tsdr-api"].declaration, config, KEYS)[0] is False


def test_a_key_file_that_cannot_be_read_is_no_key(configured: Configured, sources: Sources) -> None:
    config = configured('[source."us.tsdr-api"]\nkey_file = "nowhere"')
    state, why = live_state(sources["us.tsdr-api"].declaration, config, KEYS)
    assert state is False
    assert "cannot be read" in why


def test_what_its_terms_forbid_stays_off(configured: Configured, sources: Sources) -> None:
    config = configured('[source."wo.madrid"]\nenabled = true')
    state, why = live_state(sources["wo.madrid"].declaration, config, {})
    assert state is False
    assert "its terms forbid automated queries" in why


def test_a_stand_in_on_this_machine_may_be_asked(configured: Configured, sources: Sources) -> None:
    config = configured('[source."wo.madrid"]\nenabled = true\nbase_url = "http://127.0.0.1:8000"')
    assert live_state(sources["wo.madrid"].declaration, config, {})[0] is True
