"""The USPTO's daily file: cut into cases without a tree of the whole, and never half believed."""

from __future__ import annotations

import io
import random
import resource
import sys
import threading
import zipfile
import zlib
from collections.abc import Generator, Iterator
from typing import IO, cast

import pytest

from tests.sources.test_us_daily import ONE, THREE, read
from tmwatch.errors import Incomplete, LayoutChanged, LookError, NotThisSource
from tmwatch.sources import streamed, unpacking
from tmwatch.sources.base import Bulk
from tmwatch.sources.us.daily import SOURCE
from tmwatch.sources.us.daily_file import FORM

# -- pieces --------------------------------------------------------------------------------------------


def test_each_case_comes_as_bytes_that_can_be_read_by_themselves() -> None:
    assert isinstance(SOURCE, Bulk)
    pieces = list(SOURCE.pieces(io.BytesIO(THREE), "apc990420.xml"))
    assert [piece.number for piece in pieces] == ["79990511", "99990512", "72990513"]
    assert all(piece.body in THREE for piece in pieces)
    assert [read(piece.body)[0] for piece in pieces] == read(THREE)


@pytest.mark.parametrize("size", [1, 7, 64, 1000])
def test_it_does_not_matter_how_the_bytes_arrive(size: int) -> None:
    class Dripping(io.BytesIO):
        def read(self, count: int | None = -1) -> bytes:
            return super().read(min(size, count) if count and count > 0 else size)

    small = THREE.replace(b"    ", b"")
    assert list(SOURCE.pieces(Dripping(small), "x")) == list(SOURCE.pieces(io.BytesIO(small), "x"))


@pytest.mark.parametrize("chunk", [50, 333, 1 << 20])
def test_cases_are_cut_alike_whatever_blanks_stand_in_and_between_their_tags(
    chunk: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(streamed, "CHUNK", chunk)
    head, *cases = THREE.replace(b"    ", b"").split(b"<case-file>")
    one, two, three = (b"<case-file>" + case[: case.index(b"</case-file>") + 12] for case in cases)
    foot = cases[-1][cases[-1].index(b"</case-file>") + 12 :]
    wide = two.replace(b"<case-file>", b"<case-file\n>").replace(b"</case-file>", b"</case-file \n>")
    late = three.replace(b"</case-file>", b"</case-file\t>")
    same = [one, two, three, one, wide, two, late, one, three]
    for between in (b"", b"\n", b"\n\n  ", b"\n" + b" " * 60):
        body = head + between.join([*same, *same]) + foot
        assert [piece.body for piece in SOURCE.pieces(io.BytesIO(body), "x")] == [*same, *same]
    mixed = head + b"".join(case + b"\n" * (place % 3) for place, case in enumerate(same)) + foot
    assert [piece.body for piece in SOURCE.pieces(io.BytesIO(mixed), "x")] == same


@pytest.mark.parametrize("odd", [b"<odd/>", b"<!-- %b -->", b"<!--\n" + b" " * 29 + b"%b -->"])
def test_between_two_cases_in_the_midst_of_a_run_nothing_unknown_is_passed_over(
    odd: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    case = b"<case-file><serial-number>79990511</serial-number></case-file>"
    head, foot = THREE[: THREE.index(b"<case-file>")].rstrip(), THREE[THREE.rindex(b"</case-file>") + 12 :]
    gap = b"\n" + b" " * 29
    run = gap + gap.join([case] * 3)
    monkeypatch.setattr(streamed, "CHUNK", 64)
    for shift in range(64):  # wherever a chunk ends
        body = head + run + b" " * shift + odd.replace(b"%b", case) + run + foot
        with pytest.raises(LayoutChanged):
            list(streamed.records(FORM, io.BytesIO(body), "x"))


def packed(body: bytes, method: int = zipfile.ZIP_DEFLATED) -> bytes:
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w", method) as archive:
        archive.writestr("apc990420.xml", body)
    return made.getvalue()


def threads() -> list[str]:
    return [one.name for one in threading.enumerate() if one.name == "reading-ahead"]


@pytest.fixture
def without_isal(monkeypatch: pytest.MonkeyPatch) -> None:
    """As on a machine for which it is not made: `zipfile` unpacks, in a thread of its own."""
    monkeypatch.setattr(unpacking, "quickly", None)


@pytest.mark.parametrize("chunk", [100, 1 << 20])
@pytest.mark.usefixtures("without_isal")
def test_a_zip_is_unpacked_ahead_and_gives_the_same_cases(
    chunk: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(streamed, "_UNPACKED", chunk)
    found = list(SOURCE.pieces(io.BytesIO(packed(THREE)), "x"))
    assert found == list(SOURCE.pieces(io.BytesIO(THREE), "x"))
    assert threads() == []


@pytest.mark.usefixtures("without_isal")
def test_whoever_stops_in_the_middle_of_a_zip_leaves_nobody_unpacking(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(streamed, "_UNPACKED", 100)
    with io.BytesIO(packed(THREE)) as file:
        pieces = SOURCE.pieces(file, "x")
        assert isinstance(pieces, Generator), "or nobody could stop it"
        next(pieces)
        assert threads() != []
        pieces.close()
        assert threads() == []


def test_a_zip_whose_sum_is_wrong_is_incomplete_though_every_case_came_out(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(streamed, "_UNPACKED", 100)
    body = THREE + b"\n" * 10_000  # the sum is held against what came out with the last of it
    wrong = packed(body, zipfile.ZIP_STORED).replace(b"SAMPLE LANTERN", b"SAMPLE LANTERM")
    cases = SOURCE.pieces(io.BytesIO(wrong), "x")
    assert [next(cases).number for _ in range(3)] == ["79990511", "99990512", "72990513"]
    with pytest.raises(Incomplete):
        next(cases)
    assert threads() == []


def unpacked(body: bytes, size: int) -> bytes | None:
    """What stands in a zip, read in pieces; None where it is refused."""
    file = io.BytesIO(body)
    try:
        archive = zipfile.ZipFile(file)
        stream = unpacking.member(archive, file, archive.infolist()[0])
        return b"".join(iter(lambda: stream.read(size), b""))
    except (zipfile.BadZipFile, EOFError, NotImplementedError, RuntimeError, zlib.error):
        return None


@pytest.mark.skipif(unpacking.quickly is None, reason="isal is not made for this machine")
@pytest.mark.parametrize("size", [61, 4096, 1 << 20])
def test_whoever_unpacks_a_damaged_zip_gives_the_same_bytes_or_refuses_it(
    size: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Of bytes of which one bit has turned: what `zipfile` refuses we refuse too."""
    by, whole = random.Random(size), packed(THREE)
    same = 0
    for _ in range(400):
        damaged = bytearray(whole)
        damaged[by.randrange(len(damaged))] ^= 1 << by.randrange(8)
        ours = unpacked(bytes(damaged), size)
        with monkeypatch.context() as patch:
            patch.setattr(unpacking, "quickly", None)
            theirs = unpacked(bytes(damaged), size)
        assert ours in (theirs, None)
        same += ours == theirs
    assert same > 350
    assert unpacked(whole, size) == THREE


@pytest.mark.skipif(unpacking.quickly is None, reason="isal is not made for this machine")
def test_what_is_wrong_with_a_zip_is_said_as_often_as_it_is_read_and_all_is_all() -> None:
    def stream(body: bytes) -> IO[bytes]:
        file = io.BytesIO(body)
        archive = zipfile.ZipFile(file)
        return unpacking.member(archive, file, archive.infolist()[0])

    body = THREE + random.Random(1).randbytes(300_000)
    whole = stream(packed(body))
    assert whole.read(0) == b""
    assert whole.read() == body
    wrong = bytearray(packed(body))
    wrong[wrong.rindex(b"PK\x01\x02") + 16] ^= 1  # the CRC-32 of the directory
    reader = stream(bytes(wrong))
    for _ in range(3):
        with pytest.raises(zipfile.BadZipFile):
            reader.read()


@pytest.mark.skipif(unpacking.quickly is None, reason="isal is not made for this machine")
@pytest.mark.parametrize("place", [16, 20, 24])  # CRC-32, packed and unpacked length, in the directory
@pytest.mark.parametrize("more", [1, -1])
def test_a_zip_that_says_another_length_or_sum_than_it_has_is_incomplete(place: int, more: int) -> None:
    body = bytearray(packed(THREE))
    at = body.rindex(b"PK\x01\x02") + place
    said = int.from_bytes(body[at : at + 4], "little")
    body[at : at + 4] = (said + more).to_bytes(4, "little")
    with pytest.raises(Incomplete):
        list(SOURCE.pieces(io.BytesIO(bytes(body)), "x"))


class Endless(io.RawIOBase):
    """A daily file of many cases that is never in memory as a whole."""

    def __init__(self, count: int) -> None:
        self._parts = self._all(count)
        self._ready = b""

    @staticmethod
    def _all(count: int) -> Iterator[bytes]:
        head, _, rest = THREE.partition(b"        <case-file>")
        yield head
        for number in range(count):
            yield ONE.replace(b"99990501", b"9%07d" % number)
        yield rest[rest.rindex(b"</case-file>") + len(b"</case-file>") :]

    def readable(self) -> bool:
        return True

    def seek(self, offset: int, whence: int = 0) -> int:
        return 0  # the head is looked at before the file is read

    def read(self, size: int = -1) -> bytes:
        while len(self._ready) < size and (part := next(self._parts, b"")):
            self._ready += part
        found, self._ready = self._ready[:size], self._ready[size:]
        return found


class Whole(Endless):
    """The same, whose head may be read twice."""

    def __init__(self, count: int) -> None:
        super().__init__(count)
        self._count, self._fresh = count, True

    def seek(self, offset: int, whence: int = 0) -> int:
        self.__init__(self._count)  # type: ignore[misc]  # from its beginning again
        return 0


def test_memory_does_not_grow_with_the_file() -> None:
    list(SOURCE.pieces(cast(IO[bytes], Whole(100)), "warm"))
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    count = sum(1 for _ in SOURCE.pieces(cast(IO[bytes], Whole(8_000)), "long"))
    grown = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before
    assert count == 8_000  # 75 MB
    assert grown < 16 * 1024 * (1 if sys.platform == "linux" else 1024)


# -- never half, never hostile ---------------------------------------------------------------------------


@pytest.mark.parametrize("tenth", range(1, 10))
def test_a_file_cut_anywhere_is_incomplete(tenth: int) -> None:
    with pytest.raises(LookError) as caught:
        read(THREE[: len(THREE) * tenth // 10])
    assert isinstance(caught.value, (Incomplete, NotThisSource))
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("apc990420.xml", THREE)
    whole = packed.getvalue()
    with pytest.raises(Incomplete):
        read(whole[: len(whole) * tenth // 10], "apc990420.zip")


@pytest.mark.parametrize(
    "declaration",
    [
        b'<!ENTITY mark "x">',
        b'<!ENTITY % more SYSTEM "http://127.0.0.1/more.dtd"> %more;',
        b"%more;",
        b'<!NOTATION gif SYSTEM "gif">',
        b"<?php echo 1 ?>",
        b'<!ATTLIST case-file kind CDATA "&mark;">',
        b"<![INCLUDE[<!ELEMENT x (y)>]]>",
    ],
)
def test_a_document_type_may_declare_elements_and_nothing_else(declaration: bytes) -> None:
    hostile = THREE.replace(b"<!ELEMENT version (", declaration + b"\n<!ELEMENT version (")
    assert hostile != THREE
    with pytest.raises(LayoutChanged, match="document type"):
        read(hostile)
    with pytest.raises(LayoutChanged):  # before anything was handed out
        next(iter(SOURCE.pieces(io.BytesIO(hostile), "hostile")))


def test_an_external_document_type_is_passed_over_and_never_fetched() -> None:
    start, end = THREE.index(b" ["), THREE.index(b"]>")
    external = THREE[:start] + b' PUBLIC "-//USPTO//DTD" "http://127.0.0.1:9/daily.dtd"' + THREE[end + 1 :]
    assert read(external) == read(THREE)


def test_a_reference_that_nobody_declared_is_no_text() -> None:
    with pytest.raises(Incomplete):
        read(ONE.replace(b">S SAMPLE FERRY<", b">&mark;<"))


@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-le", "gb18030", "windows-1252", "iso-8859-1"])
def test_other_character_sets_give_the_same_record(encoding: str) -> None:
    text = THREE.decode().replace('encoding="utf-8"', f'encoding="{encoding}"')
    bom = b"\xff\xfe" if encoding == "utf-16-le" else b""
    assert read(bom + text.encode(encoding)) == read(THREE)


def test_a_zip_of_nothing_but_blanks_ends_early() -> None:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("apc990420.xml", b"<trademark-applications-daily>" + b" " * (64 << 20))
    assert len(packed.getvalue()) < 100_000
    with pytest.raises(LayoutChanged, match="more around the cases"):
        read(packed.getvalue(), "apc990420.zip")


@pytest.mark.parametrize("files", [{}, {"a.xml": b"<a/>", "b.xml": b"<b/>"}, {"a.txt": b"x"}])
def test_a_zip_of_something_else_is_refused(files: dict[str, bytes]) -> None:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        for name, body in files.items():
            archive.writestr(name, body)
    with pytest.raises(LookError):
        read(packed.getvalue(), "other.zip")
