"""One record that cannot be read or kept stops itself only: not the run, nor the other watches."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pytest

from tests.test_whole_way import CANCELLED, JD, OWN, SERIAL, House, answer, house, row
from tmwatch.errors import LayoutChanged
from tmwatch.importing import import_files
from tmwatch.looking import read_page
from tmwatch.sources.base import Page
from tmwatch.sources.registry import get_source
from tmwatch.store import Database, queries

__all__ = ["house"]  # the fixture
COMPANY = "/services/open/ipr/tm/2.0"


def test_a_name_cut_in_the_middle_of_an_emoji_is_stored_and_blinds_nobody(house: House) -> None:
    rows = [row(1, "JD Auto", 12)]
    house.register.pages[COMPANY] = answer(rows)
    config = house.configure(JD)
    house.check(config)
    cut = answer([*rows, row(2, "cut X", 9)])({}).replace(b"cut X", b"cut \\ud83d")
    house.register.pages[COMPANY] = cut
    assert [one.record.verbal_element for one in house.check(config).appeared] == ["cut \ufffd"]


def test_an_answer_that_cannot_be_stored_leaves_the_other_looks_alone(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    rows = [row(1, "JD Auto", 12)]
    house.register.pages[COMPANY] = answer(rows)
    config = house.configure(JD + OWN)
    house.check(config)
    rows.append(row(2, "poison", 9))
    house.register.pages[f"/statusview/sn{SERIAL}"] = CANCELLED
    from tmwatch.store import marks

    true = marks.keep_records

    def fails(database: Database, rows: Iterable[tuple[str, str, str]]) -> None:
        rows = list(rows)
        if any('"poison"' in text for _, _, text in rows):
            raise OverflowError("int too large to convert to SQLite INTEGER")
        true(database, rows)

    monkeypatch.setattr(marks, "keep_records", fails)
    report = house.check(config)
    assert sorted(one.outcome.value for one in report.asked) == ["layout_changed", "ok"]
    assert report.operator_must_act
    assert [one.record.application_number for one in report.changed] == [SERIAL]


def test_a_reader_that_breaks_its_word_fails_one_look(tmp_path: Path) -> None:
    class Careless:
        declaration = get_source("us.tsdr").declaration

        def read(self, page: Page) -> Any:
            raise ZeroDivisionError("division by zero")

    with pytest.raises(LayoutChanged, match="ZeroDivisionError"):
        read_page(Careless(), Page(b"x"))  # type: ignore[arg-type]  # it has no more of a source than is used


def test_an_absurd_count_is_refused() -> None:
    page = Page(b'{"error_code":0,"reason":"","result":{"total":"%s","items":[]}}' % (b"9" * 5000))
    with pytest.raises(LayoutChanged, match="no count"):
        get_source("cn.tianyancha").read(page)


def test_millions_of_tags_are_refused_before_they_take_the_memory() -> None:
    page = Page(b"<html><body id=statusTab><div id=summary>" + b"<p>a</p>" * 300_000)
    with pytest.raises(LayoutChanged, match="tags"):
        get_source("us.tsdr").read(page)


def test_a_file_that_cannot_be_kept_does_not_take_its_batch_with_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from tests.conftest import ROOT
    from tmwatch.store import marks

    pages = tmp_path / "pages"
    pages.mkdir()
    for case in ("registered-word-mark", "abandoned-figurative-mark"):
        body = (ROOT / f"fixtures/us.tsdr/{case}/page.html").read_bytes()
        (pages / f"{case}.html").write_bytes(body)
    true = marks.keep_records

    def fails(database: Database, rows: Iterable[tuple[str, str, str]]) -> None:
        rows = list(rows)
        if any(SERIAL not in st13 for _, st13, _ in rows):
            raise OverflowError("int too large to convert to SQLite INTEGER")
        true(database, rows)

    monkeypatch.setattr(marks, "keep_records", fails)
    base = Database(tmp_path / "tmwatch.db")
    results, _ = import_files(base, [pages])
    assert sorted(one.outcome.value for one in results) == ["layout_changed", "ok"]
    assert queries.counts(base)["mark"] == 1
