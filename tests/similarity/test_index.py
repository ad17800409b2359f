"""An index of a register: what is searched there is what comparing each name would find."""

from __future__ import annotations

from pathlib import Path

import pytest

from tmwatch.similarity import Hit, hits
from tmwatch.similarity.index import Index

NAMES = ["SEYKO", "SEIKO WATCHES", "GORRILA", "", "京东派", "MOON", "SEIKO", "JDEX"]
MARKS = ["SEIKO", "GORILLA", "京东", "JD"]


def by_place(found: list[Hit]) -> list[Hit]:
    return sorted(found, key=lambda hit: (hit.watched, hit.candidate))


def test_a_search_finds_the_hits_of_each_name_nearest_first() -> None:
    index = Index.build(NAMES)
    for mark in MARKS:
        found = index.search(mark)
        assert by_place(found) == list(hits([mark], NAMES))
        assert found == sorted(found, key=lambda hit: (hit.level, -hit.score))


def test_what_is_added_is_found_with_the_places_that_append_gave() -> None:
    index = Index.build(NAMES[:3])
    assert list(index.append(NAMES[3:])) == [3, 4, 5, 6, 7]
    assert by_place(list(index.search_many(MARKS))) == list(hits(MARKS, NAMES))


def test_an_index_that_was_saved_finds_the_same(tmp_path: Path) -> None:
    index = Index.build(NAMES[:4])
    index.save(tmp_path / "index")
    index.append(NAMES[4:])
    index.save(tmp_path / "index")
    loaded = Index.load(tmp_path / "index")
    assert len(loaded) == len(NAMES)
    assert by_place(list(loaded.search_many(MARKS))) == list(hits(MARKS, NAMES))


def test_a_folder_without_an_index_is_named(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match="no index"):
        Index.load(tmp_path)
