"""One question, asked to the end: what counts as a complete answer."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pytest

from tests.doors import declaration
from tests.loopback import Loopback
from tests.records import goods, record
from tmwatch.config import Config
from tmwatch.config.reading import parse_config
from tmwatch.errors import Outcome
from tmwatch.http import Door
from tmwatch.looking import Looked, ask, prove
from tmwatch.sources.base import Answer, KnownQuery, Page, Query, Reading, RecordQuery, Request, SearchQuery


class Shelf:
    """A made-up source that answers what the test puts on the shelf."""

    def __init__(self, *answers: Answer) -> None:
        known = KnownQuery("search", "everything", least=2)
        self.declaration = replace(declaration(), id="xx.shelf", credential_env=None, known_query=known)
        self.answers = list(answers)

    def requests(self, query: Query) -> Sequence[Request]:
        return [Request("/list", query=query)]

    def sniff(self, page: Page) -> int:
        return 0

    def read(self, page: Page) -> Answer:
        return self.answers.pop(0)


def looked(tmp_path: Path, shelf: Shelf, query: Query | None = None) -> Looked:
    with Loopback() as register:
        register.pages["/list"] = b"{}" * 50
        config = configured(tmp_path, register)
        door = Door("ip-watch@example.com", state_dir=tmp_path)
        if query is None:
            return prove(shelf, door, config, {})
        return ask(shelf, query, door, config, {})


def configured(tmp_path: Path, register: Loopback) -> Config:
    text = f"""
[operator]
contact = "ip-watch@example.com"
[source."xx.shelf"]
base_url = "{register.url}"
min_interval = 0
"""
    return parse_config(text, tmp_path / "tmwatch.toml", sources=["xx.shelf"])


ROWS = tuple(Reading(record(f"US5000000990000{n:02}")) for n in range(12))


def test_the_site_says_52_and_12_were_read_the_answer_is_incomplete(tmp_path: Path) -> None:
    shelf = Shelf(Answer(ROWS, total=52, rows=12))
    found = looked(tmp_path, shelf, SearchQuery(owner="Sample Widgets"))
    assert (found.outcome, found.readings) == (Outcome.INCOMPLETE, ())


def test_pages_are_read_to_the_last_one(tmp_path: Path) -> None:
    shelf = Shelf(
        Answer(ROWS[:7], total=12, rows=7, more=Request("/list")), Answer(ROWS[7:], total=12, rows=5)
    )
    found = looked(tmp_path, shelf, SearchQuery(owner="Sample Widgets"))
    assert (found.outcome, len(found.readings)) == (Outcome.OK, 12)


@pytest.mark.parametrize(
    ("second", "total", "said"),
    [
        (ROWS[6:11], 12, "gave 12, 1 of them twice"),  # two rows changed places over the border
        (ROWS[7:11], 11, "the source said 12 filings, and 11 on a later page"),  # one of page 1 left the list
        (ROWS[6:], 13, "the source said 12 filings, and 13 on a later page"),  # one came in before them
    ],
)
def test_a_list_that_moves_while_it_is_read_is_incomplete(
    tmp_path: Path, second: tuple[Reading, ...], total: int, said: str
) -> None:
    def shelf() -> Shelf:
        first = Answer(ROWS[:7], total=12, rows=7, more=Request("/list"))
        return Shelf(first, Answer(second, total=total, rows=len(second)))

    found = looked(tmp_path, shelf(), SearchQuery(owner="Sample Widgets"))
    assert (found.outcome, found.readings) == (Outcome.INCOMPLETE, ())
    assert found.error is not None
    assert said in found.error.message


def test_a_row_for_each_class_may_stand_on_two_pages(tmp_path: Path) -> None:
    one = ROWS[0].record
    other = Reading(one.model_copy(update={"classes": (goods("12", "Cars"),)}))
    first = Answer(ROWS[:1], total=2, rows=1, more=Request("/list"))
    found = looked(tmp_path, Shelf(first, Answer((other,), total=2, rows=1)), SearchQuery(owner="Sample"))
    assert (found.outcome, len(found.readings)) == (Outcome.OK, 1)


def test_a_page_without_the_record_that_was_asked_for_is_not_found_and_not_ok(tmp_path: Path) -> None:
    found = looked(tmp_path, Shelf(Answer(())), RecordQuery(("99000001",)))
    assert found.outcome is Outcome.NOT_FOUND


@pytest.mark.parametrize(("rows", "outcome"), [(1, Outcome.LAYOUT_CHANGED), (2, Outcome.OK)])
def test_a_source_that_answers_its_known_query_with_too_few_is_not_believed(
    tmp_path: Path, rows: int, outcome: Outcome
) -> None:
    shelf = Shelf(Answer(ROWS[:rows], total=rows, rows=rows))
    assert looked(tmp_path, shelf).outcome is outcome
