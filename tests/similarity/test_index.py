"""An index of a register: what is searched there is what comparing each name would find."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from tests.similarity.test_engine import generated
from tmwatch.similarity import Hit, Scorer, hits, kept
from tmwatch.similarity.freq import learned
from tmwatch.similarity.index import Index, StaleIndex

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
    assert [loaded.name(place) for place in range(len(loaded))] == NAMES
    assert by_place(list(loaded.search_many(MARKS))) == list(hits(MARKS, NAMES))
    assert list(loaded.append(["SEIKA"])) == [len(NAMES)]
    assert len(NAMES) in [hit.candidate for hit in loaded.search("SEIKO")]


def test_thousands_of_names_on_disk_give_the_hits_of_the_same_names_in_memory(tmp_path: Path) -> None:
    marks, names = generated(60, seed=4)
    index = Index.build(names, folder=tmp_path / "index")
    expected = list(hits(marks, names, 4))
    assert len(expected) > 900
    assert by_place(list(index.search_many(marks, 4))) == expected


def test_many_small_additions_are_put_together_and_keep_their_places(tmp_path: Path) -> None:
    index = Index.build([])
    for at in range(12):
        index.append([f"SEIKO {at}"])
        index.save(tmp_path)
    assert len(list(tmp_path.iterdir())) < 9
    loaded = Index.load(tmp_path)
    assert [loaded.name(at) for at in range(12)] == [f"SEIKO {at}" for at in range(12)]
    assert {hit.candidate for hit in loaded.search("SEIKO")} == set(range(12))


def test_a_part_that_is_still_there_after_it_was_put_together_is_not_read_twice(tmp_path: Path) -> None:
    index = Index.build(NAMES)
    index.save(tmp_path)
    (part,) = tmp_path.iterdir()
    for place in ("000000000000-1", "000000000003-2"):
        shutil.copy(part, tmp_path / f"{place}.names")
    loaded = Index.load(tmp_path)
    assert [loaded.name(at) for at in range(len(loaded))] == NAMES


def test_an_index_that_is_built_into_the_folder_of_another_is_that_one_alone(tmp_path: Path) -> None:
    """Of as many names, of other tables, of a form before: nothing of what was there is taken for its own."""
    own = Scorer(counts=learned([f"NIMBUS {number}" for number in range(50)]))
    Index.build(["AURORA", "ZEPHYR"], using=own, folder=tmp_path)
    (tmp_path / "000000000002-9").mkdir()
    (tmp_path / "000000000002-9/bits.npy").write_bytes(b"")
    (tmp_path / "index.json").write_text("{}", encoding="utf-8")
    Index.build(["SEIKO", "MOON"], folder=tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["000000000000-2.names"]
    loaded = Index.load(tmp_path)
    assert [loaded.name(at) for at in range(len(loaded))] == ["SEIKO", "MOON"]
    with pytest.raises(StaleIndex):
        Index.load(tmp_path, own)


@pytest.mark.parametrize("where", [0, 9, 100, 4_000, -30, -1])
def test_a_file_with_one_letter_changed_is_not_read(where: int, tmp_path: Path) -> None:
    Index.build(NAMES, folder=tmp_path)
    (file,) = tmp_path.iterdir()
    body = bytearray(file.read_bytes())
    body[where] ^= 2
    file.write_bytes(body)
    with pytest.raises(ValueError, match="damaged"):
        Index.load(tmp_path)


@pytest.mark.parametrize("size", [0, 3, 4, 500])
def test_a_file_that_broke_off_is_not_read(size: int, tmp_path: Path) -> None:
    Index.build(NAMES, folder=tmp_path)
    (file,) = tmp_path.iterdir()
    file.write_bytes(file.read_bytes()[:size])
    with pytest.raises(ValueError, match="damaged"):
        Index.load(tmp_path)


@pytest.mark.skipif(not Path("/proc/self/fd").is_dir(), reason="asks Linux which files are open")
def test_an_index_keeps_one_file_open_for_a_part(tmp_path: Path) -> None:
    index = Index.build(NAMES[:4])
    index.append(NAMES[4:])
    index.save(tmp_path)
    before = len(list(Path("/proc/self/fd").iterdir()))
    loaded = Index.load(tmp_path)
    assert len(list(Path("/proc/self/fd").iterdir())) == before + len(loaded._parts) == before + 2


def test_only_as_many_as_are_asked_for_the_nearest() -> None:
    index = Index.build(NAMES)
    assert index.search("SEIKO", limit=2) == index.search("SEIKO")[:2]


@pytest.mark.parametrize(("times", "part"), [(0.01, 40), (3, 40), (3, 1000)])
def test_the_nearest_are_those_that_a_search_of_all_finds_first(
    times: float, part: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """However near the search begins to look, and however many parts the index has."""
    monkeypatch.setattr("tmwatch.similarity.floor._TIMES", times)
    monkeypatch.setattr("tmwatch.similarity.index._PART", part)
    marks, names = generated(24, seed=11)
    index = Index.build(names)
    assert (len(index._parts) > 1) == (part < 1000)
    some = 0
    for mark in marks[::3]:
        found = index.search(mark, level=4)
        some += len(found) > 3
        for limit in (1, 7):
            assert index.search(mark, level=4, limit=limit) == found[:limit], mark
    assert some > 8


@pytest.mark.parametrize("cores", [1, 2, 3, 8])
def test_however_the_threads_share_marks_and_parts_the_hits_are_those_of_all_names_at_once(
    cores: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tmwatch.similarity.index._PART", 40)
    marks, names = generated(24, seed=12)
    names = (names * 4)[:320]
    index = Index.build(names)
    index._cores = cores
    assert len(index._parts) == 8
    found = by_place(list(index.search_many(marks)))
    assert found == by_place(list(hits(marks, names)))
    first = next(index.search_many(marks))  # and who asks for one only is not kept waiting for ever
    assert first in found


def test_a_large_index_that_lets_its_pages_go_finds_the_same_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    Index.build(NAMES, folder=tmp_path)
    monkeypatch.setattr("tmwatch.similarity.index._WARM", 0)
    loaded = Index.load(tmp_path)
    expected = list(hits(MARKS, NAMES))
    assert by_place(list(loaded.search_many(MARKS))) == by_place(list(loaded.search_many(MARKS))) == expected
    loaded.search("京东")
    assert "side" not in loaded._parts[0].columns.__dict__
    assert not loaded._parts[0].columns._known


def test_a_folder_without_an_index_is_named(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match="no index"):
        Index.load(tmp_path)


def test_an_index_of_other_tables_has_to_be_built_anew(tmp_path: Path) -> None:
    Index.build(NAMES).save(tmp_path)
    own = Scorer(counts=learned([f"NIMBUS {number}" for number in range(50)]))
    with pytest.raises(StaleIndex, match="build it anew"):
        Index.load(tmp_path, own)


def test_an_index_with_other_columns_has_to_be_built_anew(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The one that an earlier tmwatch left beside the register: whole, and of other columns."""
    with monkeypatch.context() as earlier:
        earlier.setattr(kept, "_NUMBERS", kept._NUMBERS[1:])
        Index.build(NAMES).save(tmp_path)
    with pytest.raises(StaleIndex, match="build it anew"):
        Index.load(tmp_path)


def test_an_index_with_a_part_missing_is_refused(tmp_path: Path) -> None:
    index = Index.build(NAMES[:3])
    index.append(NAMES[3:])
    index.save(tmp_path)
    next(tmp_path.glob("000000000000-*")).unlink()
    with pytest.raises(ValueError, match="gap"):
        Index.load(tmp_path)


def test_a_place_or_a_level_that_does_not_exist_is_refused() -> None:
    index = Index.build(NAMES)
    with pytest.raises(IndexError, match="no name at place 8"):
        index.name(8)
    with pytest.raises(ValueError, match="a level is 1 to 4"):
        index.search("SEIKO", level=5)
    with pytest.raises(ValueError, match="a limit one name or more"):
        index.search("SEIKO", limit=0)
    assert Index.build([]).search("SEIKO") == []
