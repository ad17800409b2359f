"""The status pages that the tests of `us.tsdr` bend and break, and how they read one."""

from __future__ import annotations

from tests.conftest import ROOT
from tmwatch.model import TradeMark
from tmwatch.sources.base import Page, Reading
from tmwatch.sources.us.tsdr import SOURCE

FIXTURES = ROOT / "fixtures" / "us.tsdr"


def body(case: str) -> bytes:
    """The bytes of a fixture, with plain line ends so that a test can name a piece of it."""
    return (FIXTURES / case / "page.html").read_bytes().replace(b"\r\n", b"\n")


REGISTERED, PENDING = body("registered-word-mark"), body("pending-design-mark")
ABANDONED, MADRID = body("abandoned-figurative-mark"), body("madrid-registration")


def reading(raw: bytes) -> Reading:
    return SOURCE.read(Page(raw)).readings[0]


def record(raw: bytes) -> TradeMark:
    return reading(raw).record


def changed(raw: bytes, old: str, new: str) -> bytes:
    assert old.encode() in raw, f"the fixture has no {old!r}"
    return raw.replace(old.encode(), new.encode())
