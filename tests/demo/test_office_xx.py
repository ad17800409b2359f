"""The smallest source: it reads its page to the last key, or refuses it."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tmwatch.demo import story
from tmwatch.demo.office_xx import OfficeXX
from tmwatch.errors import LayoutChanged, NotThisSource, UsageError
from tmwatch.model import FactKind, Phase
from tmwatch.sources.base import Page, Reading, RecordQuery, SearchQuery, Source
from tmwatch.sources.registry import all_sources, extra_sources

SOURCE = OfficeXX()


def read(**changed: Any) -> Reading:
    page = {**json.loads(story.xx_page("one")), **changed}
    return SOURCE.read(Page(json.dumps(page).encode())).readings[0]


def test_it_is_a_source_whose_facts_are_sample() -> None:
    assert isinstance(SOURCE, Source)
    assert SOURCE.declaration.facts is FactKind.SAMPLE


def test_its_record_covers_what_it_declares_and_leaves_nothing_unread() -> None:
    found = read()
    assert found.record.covers == SOURCE.declaration.covers
    assert found.record.st13 == "XX500000000000001"
    assert (found.unclaimed, found.unknown_words) == ((), ())


def test_a_status_it_does_not_know_is_unknown_and_reported() -> None:
    found = read(status="slumbering")
    assert found.record.status_phase is Phase.UNKNOWN
    assert found.unknown_words == ("slumbering",)


def test_what_it_does_not_read_it_reports() -> None:
    assert read(colour="amber").unclaimed == ("colour = amber",)


@pytest.mark.parametrize("changed", [{"filed": "soon"}, {"number": "x"}, {"goods": None}, {"mark": 7}])
def test_a_page_that_cannot_be_read_is_refused(changed: dict[str, Any]) -> None:
    with pytest.raises(LayoutChanged):
        read(**changed)


def test_another_page_is_not_its_own() -> None:
    assert SOURCE.sniff(Page(b"<html>")) == 0
    with pytest.raises(NotThisSource):
        SOURCE.read(Page(b"[]"))


def test_it_is_asked_by_number_only() -> None:
    assert [request.path for request in SOURCE.requests(RecordQuery(("00000001",)))] == ["/marks/00000001"]
    with pytest.raises(UsageError):
        SOURCE.requests(SearchQuery(owner="Sample Company One Ltd."))


def test_an_extra_source_is_known_as_long_as_it_is_wanted_and_no_longer() -> None:
    with extra_sources(SOURCE):
        assert all_sources()["xx.sample"] is SOURCE
    assert "xx.sample" not in all_sources()
