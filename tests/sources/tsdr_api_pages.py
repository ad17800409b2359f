"""Shared by the tests of `us.tsdr-api`: its fixtures, whole, changed or read."""

from __future__ import annotations

import json
from typing import Any

from tests.conftest import ROOT
from tmwatch.sources.base import Answer, Page, Reading
from tmwatch.sources.us.tsdr_api import SOURCE

FIXTURES = ROOT / "fixtures" / "us.tsdr-api"


def fixture(case: str) -> bytes:
    return next(path for path in (FIXTURES / case).iterdir() if "-" in path.name).read_bytes()


def read(body: bytes, **page: Any) -> Answer:
    return SOURCE.read(Page(body, **page))


def one(body: bytes, **page: Any) -> Reading:
    (reading,) = read(body, **page).readings
    return reading


def registered() -> dict[str, Any]:
    data: dict[str, Any] = json.loads(fixture("json-registered"))
    return data


def changed(**status: Any) -> Reading:
    data = registered()
    data["trademarks"][0]["status"].update(status)
    return one(json.dumps(data).encode())


def xml(case: str, *pairs: tuple[str, str]) -> bytes:
    text = fixture(case).decode()
    for old, new in pairs:
        assert old in text, f"{old} is not in the fixture"
        text = text.replace(old, new)
    return text.encode()
