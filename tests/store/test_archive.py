"""What the register sent comes out as it went in, whoever packed it and whenever."""

from __future__ import annotations

import zlib

import pytest

from tmwatch import archive
from tmwatch.errors import StoreError

SMALL, LARGE = b"<case-file>" * 40, bytes(range(256)) * 400


@pytest.mark.parametrize("body", [b"", b"\0", SMALL, LARGE], ids=["empty", "a byte", "small", "large"])
@pytest.mark.parametrize("quick", [False, True])
def test_a_page_packed_today_is_read_by_any_zlib(body: bytes, quick: bool) -> None:
    assert zlib.decompress(archive.pack(body, quick=quick)) == body


@pytest.mark.parametrize("level", range(10))
def test_a_page_packed_by_any_earlier_version_is_read_today(level: int) -> None:
    assert archive.unpack(zlib.compress(LARGE, level), archive.digest(LARGE)) == LARGE


def test_without_the_quick_packer_the_standard_library_packs(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(archive, "quickly", zlib)
    assert archive.unpack(archive.pack(SMALL), archive.digest(SMALL)) == SMALL


def test_a_damaged_page_is_told_and_not_used() -> None:
    packed = archive.pack(SMALL)
    for bad in (packed[:-3], packed[:10], archive.pack(SMALL + b"x")):
        with pytest.raises(StoreError):
            archive.unpack(bad, archive.digest(SMALL))
