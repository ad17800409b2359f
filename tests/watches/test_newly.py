"""For which watches the lists of new filings of which source are asked."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import pytest

from tests.conftest import ROOT
from tmwatch.config import Config
from tmwatch.config.reading import parse_config
from tmwatch.errors import UsageError
from tmwatch.sources.base import SearchQuery
from tmwatch.sources.registry import all_sources, get_source
from tmwatch.watches import asks, coverage
from tmwatch.watches.newly import listed_for

ABLE = sorted(name for name, one in all_sources().items() if one.declaration.new_since)
MARKS, OWNERS = 'marks = ["Sample"]', 'owners = ["Sample Ltd"]'


def configured(tmp_path: Path, watch: str, tables: str = "") -> Config:
    text = (
        f'[operator]\ncontact = "watch@firm.example"\n{tables}\n[[watch]]\nname = "w"\nnotify = []\n{watch}\n'
    )
    return parse_config(text, tmp_path / "tmwatch.toml", all_sources())


@pytest.mark.parametrize(
    ("watch", "source", "triggers"),
    [
        (MARKS, "fi.prh", ("marks",)),
        (f"{MARKS}\nlevel = 0", "fi.prh", ()),
        (f"{MARKS}\nlevel = 0", "ua.nipo", ("marks",)),
        (OWNERS, "ua.nipo", ()),
        (f"{OWNERS}\nowners_like = true", "ua.nipo", ("owners",)),
        ('agents = ["Firm"]', "ua.nipo", ("agents",)),
        ('agents = ["Firm"]', "em.euipo", ()),
        ("classes = [9]", "em.euipo", ("filings",)),
        ('goods = ["vehicle"]\nclasses = [12]', "em.euipo", ()),
        ('goods = ["vehicle"]\nclasses = [12]', "ua.nipo", ("filings",)),
        (f'{MARKS}\ngoods = ["vehicle"]', "em.euipo", ("marks",)),
        ('numbers = ["FI T202600001"]', "fi.prh", ()),
        (f'{MARKS}\noffices = ["US"]', "fi.prh", ()),
        (MARKS, "se.prv", ()),
        (MARKS, "tmview", ()),
        (MARKS, "cn.tianyancha", ()),
    ],
)
def test_what_no_search_finds_is_looked_for_in_the_list_where_its_rows_tell_it(
    tmp_path: Path, watch: str, source: str, triggers: tuple[str, ...]
) -> None:
    config = configured(tmp_path, watch)
    assert listed_for(config.watches[0], get_source(source), config) == triggers


def test_a_list_can_be_switched_off_and_is_not_asked_without_a_key(tmp_path: Path) -> None:
    def asked(config: Config) -> list[str]:
        return [one.key for one in asks(config.watches[0], config, {}) if one.every]

    watch = f'{MARKS}\noffices = ["EM", "FI"]'
    assert asked(configured(tmp_path, watch)) == ["fi.prh|new|filings|classes=|since=|level=2"]
    assert asked(configured(tmp_path, watch, '[source."fi.prh"]\nnew_filings = false')) == []


def test_a_list_that_is_not_read_is_no_blind_spot_that_is_silent(tmp_path: Path) -> None:
    def said(watch: str, tables: str = "") -> dict[str, tuple[str, str]]:
        config = configured(tmp_path, f'{watch}\noffices = ["EM", "UA"]', tables)
        return {one.office: (one.state, one.why) for one in coverage(config.watches[0], config, {})}

    filters = said("classes = [9]")
    assert filters["EM"][0] == "import only"
    assert "EUIPO_CLIENT_ID" in filters["EM"][1]
    assert filters["UA"][0] == "live"
    assert "filings of the last 30 days" in filters["UA"][1]
    off = said(MARKS, '[source."ua.nipo"]\nnew_filings = false')
    assert off["UA"][0] == "import only"
    assert 'new_filings = false in [source."ua.nipo"]' in off["UA"][1]
    far = said(MARKS, '[source."ua.nipo"]\nreach_back = "90 days"')
    assert "filings of the last 90 days" in far["UA"][1]


def test_another_rule_has_a_first_look_of_its_own_and_another_name_has_not(tmp_path: Path) -> None:
    def key(watch: str) -> str:
        config = configured(tmp_path, f'{watch}\noffices = ["FI"]')
        return next(one.key for one in asks(config.watches[0], config, {}) if one.every)

    assert key(MARKS) == key('marks = ["Sample", "Other"]')
    for more in ("level = 3", "classes = [9]", 'goods = ["vehicle"]', "since = 2026-01-01"):
        assert key(MARKS) != key(f"{MARKS}\n{more}")
    assert key(f"{MARKS}\nclasses = [12]") != key(f"{MARKS}\nclasses = [12]\nrelated = true")


@pytest.mark.parametrize("source_id", ABLE)
def test_whoever_declares_a_list_asks_for_it_by_days_and_refuses_it_without(source_id: str) -> None:
    source = get_source(source_id)
    for one in source.declaration.new_since:
        query = SearchQuery(
            new=one.of, filed_since=dt.date(2026, 3, 4), filed_until=dt.date(2026, 5, 6), classes=(9,)
        )
        (request,) = source.requests(query)
        asked = f"{request.params} {(request.body or b'').decode()}"
        assert all(
            day in asked or "{2}.{1}.{0}".format(*day.split("-")) in asked
            for day in ("2026-03-04", "2026-05-06")
        )
        assert "application_date" in source.declaration.covers
        assert one.why
        with pytest.raises(UsageError):
            source.requests(SearchQuery(new=one.of))


def test_the_table_of_lists_in_the_readme_is_what_the_sources_declare() -> None:
    text = (ROOT / "config/README.md").read_text(encoding="utf-8").split("**All that is new.**")[1]
    rows = [
        [cell.strip() for cell in line.split("|")[1:-1]] for line in text.splitlines() if "| day of" in line
    ]
    said = {(row[0], row[1], row[2], row[3], row[5].split(" requests")[0]) for row in rows}
    assert said == {
        (
            name,
            one.by,
            f"{one.reach.days} days",
            "a day" if one.every.days == 1 else f"{one.every.days} days",
            str(one.requests),
        )
        for name in ABLE
        for one in get_source(name).declaration.new_since
    }
